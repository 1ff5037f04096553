/* Lanes in GCC's vectors of 16 bytes: SSE2, NEON, or whatever the compiler makes of them. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#define LANES_SMALLER_8
#define MM(name) _mm_##name
#define MM_SI(name) _mm_##name##_si128
typedef __m128i words_x86;
typedef __m128 floats_x86;
#endif

#ifndef PART
#define PART(name) hu_portable_##name
#endif
#define LANES 4
#define LANE_NUMBERS 0, 1, 2, 3
#ifndef HOLD
#define HOLD(v) (void)(v)
#endif
#define TARGET
#define INLINE static inline __attribute__((always_inline))

typedef double doubles __attribute__((vector_size(16)));

#include "array/lanes_any.h"

INLINE vec pick(mask m, vec yes, vec no)
{
    return ((vec)m & yes) | (~(vec)m & no);
}

INLINE vec smaller(vec a, vec b)
{
    return pick((mask)(a < b), a, b);
}

INLINE vec larger(vec a, vec b)
{
    return pick((mask)(a > b), a, b);
}

INLINE vec shift_right(vec x, uint32_t count)
{
    return x >> count;
}

INLINE vec shift_left(vec x, uint32_t count)
{
    return x << count;
}

/* Counts of 32 and more give 0. */
INLINE vec shift_right_by(vec x, vec counts)
{
    return (x >> (counts & 31)) & (vec)(counts < 32);
}

INLINE vec shift_left_by(vec x, vec counts)
{
    return (x << (counts & 31)) & (vec)(counts < 32);
}

INLINE vec pick_by_sign(vec x, vec yes, vec no)
{
    return pick(below_zero(x), yes, no);
}

/* A bit for each byte. */
INLINE uint64_t mark_bits(marks x)
{
    uint64_t bits = 0;
    for (int i = 0; i < 16; i++)
        bits |= (uint64_t)(x[i] & 1) << i;
    return bits;
}

#if defined(__SSE2__)
#include "array/lanes_x86.h"

/* Of magnitudes of FP32 without NaNs; B where A is one. */
#define smaller_float at_most_float
#define larger_float at_least_float

INLINE bool any(mask m)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8((__m128i)m, _mm_setzero_si128())) != 0xffff;
}

/* Sign extension makes packssdw's saturation idle. */
INLINE half_lanes pack_halves(const vec *v)
{
    return (half_lanes)_mm_packs_epi32((__m128i)((mask)(v[0] << 16) >> 16),
                                       (__m128i)((mask)(v[1] << 16) >> 16));
}

INLINE half_lanes pack_top_halves(const vec *v)
{
    return (half_lanes)_mm_packs_epi32((__m128i)((mask)v[0] >> 16), (__m128i)((mask)v[1] >> 16));
}

INLINE mask either_is_nan(vec a, vec b)
{
    return (mask)_mm_cmpunord_ps((__m128)a, (__m128)b);
}

/* Saturation keeps signs. */
INLINE half_lanes pack_half_signs(const vec *x)
{
    return (half_lanes)_mm_packs_epi32((__m128i)x[0], (__m128i)x[1]);
}

INLINE byte_lanes pack_bytes(const vec *v)
{
    __m128i low = _mm_packs_epi32((__m128i)v[0], (__m128i)v[1]);
    __m128i high = _mm_packs_epi32((__m128i)v[2], (__m128i)v[3]);
    return (byte_lanes)_mm_packus_epi16(low, high);
}

#else
#define smaller_float smaller
#define larger_float larger

INLINE void stream(void *at, vec v)
{
    store_vec(at, v);
}

INLINE bool any(mask m)
{
    uint64_t words[2];
    memcpy(words, &m, sizeof m);
    return words[0] | words[1];
}

INLINE vec at_most_float(vec x, vec most)
{
    return pick((mask)((floats)x > (floats)most), most, x);
}

INLINE vec at_least_float(vec x, vec least)
{
    return pick((mask)((floats)x < (floats)least), least, x);
}

INLINE vec round_integer(vec x)
{
    floats f = (floats)x;
    vec integers;
    for (int i = 0; i < LANES; i++) {
        bool inside = f[i] >= -0x1p31f && f[i] < 0x1p31f;
        integers[i] = inside ? (uint32_t)(int32_t)__builtin_rintf(f[i]) : UINT32_C(0x80000000);
    }
    return integers;
}

INLINE half_lanes pack_halves(const vec *v)
{
    typedef uint16_t four_halves __attribute__((vector_size(8)));
    four_halves part[2] = {__builtin_convertvector(v[0], four_halves),
                           __builtin_convertvector(v[1], four_halves)};
    half_lanes packed;
    memcpy(&packed, part, sizeof packed);
    return packed;
}

INLINE half_lanes pack_top_halves(const vec *v)
{
    vec top[2] = {v[0] >> 16, v[1] >> 16};
    return pack_halves(top);
}

INLINE mask either_is_nan(vec a, vec b)
{
    return above(a & splat(INT32_MAX), splat(0x7f800000)) |
           above(b & splat(INT32_MAX), splat(0x7f800000));
}

INLINE half_lanes pack_half_signs(const vec *x)
{
    return pack_top_halves(x);
}

INLINE byte_lanes pack_bytes(const vec *v)
{
    typedef uint8_t eight_bytes __attribute__((vector_size(8)));
    eight_bytes part[2] = {__builtin_convertvector(pack_halves(v), eight_bytes),
                           __builtin_convertvector(pack_halves(v + 2), eight_bytes)};
    byte_lanes packed;
    memcpy(&packed, part, sizeof packed);
    return packed;
}

/* Integers, or the nearest bytes. */
INLINE byte_lanes pack_integers(const vec *v, bool below_zero)
{
    const mask most = (mask)splat(below_zero ? INT8_MAX : UINT8_MAX);
    const mask least = below_zero ? ~most : most & 0;
    vec within[4];
    for (int i = 0; i < 4; i++) {
        vec x = pick(above(v[i], (vec)least), v[i], (vec)least);
        within[i] = pick(above((vec)most, x), x, (vec)most) & 0xff;
    }
    return pack_bytes(within);
}

INLINE byte_lanes pack_byte_signs(const vec *x)
{
    vec top[4] = {x[0] >> 24, x[1] >> 24, x[2] >> 24, x[3] >> 24};
    return pack_bytes(top);
}

/* Of each lane the sum of its halves by FACTORS', at most what has no sign. */
INLINE vec join_halves(vec x, uint32_t factors)
{
    return (x >> 16) * (factors >> 16) + (x & 0xffff) * (factors & 0xffff);
}

INLINE half_lanes pack_joined(const vec *v, uint32_t factors)
{
    vec joined[2];
    for (int i = 0; i < 2; i++)
        joined[i] = smaller(join_halves(v[i], factors), splat(INT16_MAX));
    return pack_halves(joined);
}

INLINE byte_lanes pack_half_bytes(const half_lanes *v)
{
    typedef uint8_t eight_bytes __attribute__((vector_size(8)));
    half_lanes most[2] = {v[0] | (half_lanes)(v[0] > 255), v[1] | (half_lanes)(v[1] > 255)};
    eight_bytes part[2] = {__builtin_convertvector(most[0], eight_bytes),
                           __builtin_convertvector(most[1], eight_bytes)};
    byte_lanes packed;
    memcpy(&packed, part, sizeof packed);
    return packed;
}

#endif

INLINE half_lanes order_halves(half_lanes x)
{
    return x;
}

INLINE byte_lanes order_bytes(byte_lanes x)
{
    return x;
}

INLINE byte_lanes order_32(byte_lanes x)
{
    return x;
}

INLINE vec load_halves(const void *at)
{
#if defined(__SSE2__)
    return (vec)_mm_unpacklo_epi16(_mm_loadl_epi64(at), _mm_setzero_si128());
#else
    typedef uint16_t four_halves __attribute__((vector_size(8)));
    four_halves h;
    memcpy(&h, at, sizeof h);
    return __builtin_convertvector(h, vec);
#endif
}

INLINE vec load_quarters(const void *at)
{
    uint8_t four[4];
    memcpy(four, at, sizeof four);
    return (vec){four[0], four[1], four[2], four[3]};
}

/* FP64, two lanes. */

/* Integers of 32 bits as FP64. */
INLINE longs longs_of_integers(const void *at, bool below_zero)
{
    uint32_t x[2];
    memcpy(x, at, sizeof x);
    doubles wide = {x[0], x[1]};
    if (below_zero)
        wide = (doubles){(int32_t)x[0], (int32_t)x[1]};
    return (longs)wide;
}

/* Counts of 64 and more give 0. */
INLINE longs shift_right_longs(longs x, longs counts)
{
    return (x >> (counts & 63)) & (longs)(counts < 64);
}

INLINE longs shift_left_longs(longs x, longs counts)
{
    return (x << (counts & 63)) & (longs)(counts < 64);
}

/* The low or high half of the lanes. */
INLINE longs random_half(vec random, int half)
{
    return half ? (longs){random[2], random[3]} : (longs){random[0], random[1]};
}

INLINE unsigned lanes_above(longs a, longs b)
{
    const longs m = longs_above(a, b);
    return (unsigned)((m[0] & 1) | (m[1] & 2));
}

/* In the direction of the environment. */
INLINE vec narrow_doubles(longs low, longs high)
{
#if defined(__SSE2__)
    return (vec)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)low), _mm_cvtpd_ps((__m128d)high));
#else
    doubles a = (doubles)low, b = (doubles)high;
    return (vec)(floats){(float)a[0], (float)a[1], (float)b[0], (float)b[1]};
#endif
}

/* The lower halves. */
INLINE vec narrow_longs(longs low, longs high)
{
    return (vec){(uint32_t)low[0], (uint32_t)low[1], (uint32_t)high[0], (uint32_t)high[1]};
}

INLINE void store_doubles(void *at, vec x)
{
    floats f = (floats)x;
#if defined(__SSE2__)
    doubles low = (doubles)_mm_cvtps_pd((__m128)f);
    doubles high = (doubles)_mm_cvtps_pd(_mm_movehl_ps((__m128)f, (__m128)f));
#else
    doubles low = {f[0], f[1]}, high = {f[2], f[3]};
#endif
    memcpy(at, &low, sizeof low);
    memcpy((char *)at + sizeof low, &high, sizeof high);
}
