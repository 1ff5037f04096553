/* Lanes of AVX2: Intel SDM volume 2. */
#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PART(name) hu_avx2_##name
#define LANES 8
#define LANE_NUMBERS 0, 1, 2, 3, 4, 5, 6, 7
#define LANES_DOUBLES_INT32
#define LANES_SHUFFLE
#define LANES_WIDE
#define HOLD(v) __asm__("" : "+x"(v))
#define LANES_FP16
#define LANES_SIGN_NONZERO
#define sign_nonzero_8(codes, sign) (byte_lanes) _mm256_sign_epi8((__m256i)(sign), (__m256i)(codes))
#define sign_nonzero_16(codes, sign)                                                               \
    (half_lanes) _mm256_sign_epi16((__m256i)(sign), (__m256i)(codes))
#define LANES_SMALLER_8
#define LANES_SMALLER_16
#define TARGET __attribute__((target("avx2,f16c,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/* Of its own: GCC takes a comparison of C's apart, and fills more registers. */
#define EQUAL(a, b) _mm256_cmpeq_epi32((__m256i)(a), (__m256i)(b))

typedef __m256d doubles;
#define MM(name) _mm256_##name
#define MM_SI(name) _mm256_##name##_si256
typedef __m256i words_x86;
typedef __m256 floats_x86;
typedef __m128i half_words;
typedef __m128 half_floats;
#define LOWER(x) _mm256_castsi256_si128((__m256i)(x))
#define UPPER(x) _mm256_extracti128_si256((__m256i)(x), 1)
#define JOINED(low, high) _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1)
#define REPEATED(x) _mm256_broadcastsi128_si256(x)

#include "array/lanes_any.h"

INLINE mask either_is_nan(vec a, vec b)
{
    return (mask)_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_UNORD_Q);
}

INLINE vec pick(mask m, vec yes, vec no)
{
    return (vec)_mm256_blendv_epi8((__m256i)no, (__m256i)yes, (__m256i)m);
}

INLINE bool any(mask m)
{
    return !_mm256_testz_si256((__m256i)m, (__m256i)m);
}

#include "array/lanes_x86.h"

INLINE vec pick_by_sign(vec x, vec yes, vec no)
{
    return (vec)_mm256_blendv_ps((__m256)no, (__m256)yes, (__m256)x);
}

/* The packing instructions work within 128 bits, so that quads of lanes come out of order. */
INLINE half_lanes in_order_16(__m256i packed)
{
    return (half_lanes)_mm256_permute4x64_epi64(packed, 0xd8);
}

INLINE byte_lanes order_bytes(byte_lanes packed)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return (byte_lanes)_mm256_permutevar8x32_epi32((__m256i)packed, order);
}

INLINE half_lanes pack_halves(const vec *v)
{
    vec low[2] = {v[0] & splat(0xffff), v[1] & splat(0xffff)};
    return in_order_16(_mm256_packus_epi32((__m256i)low[0], (__m256i)low[1]));
}

INLINE half_lanes pack_top_halves(const vec *v)
{
    return in_order_16(_mm256_packus_epi32((__m256i)(v[0] >> 16), (__m256i)(v[1] >> 16)));
}

/* Saturation keeps signs. */
INLINE half_lanes pack_half_signs(const vec *x)
{
    return in_order_16(_mm256_packs_epi32((__m256i)x[0], (__m256i)x[1]));
}

INLINE half_lanes order_halves(half_lanes x)
{
    return in_order_16((__m256i)x);
}

INLINE fp16s fp16_to_odd(vec x, fp16s toward_zero)
{
    __m256 back = _mm256_cvtph_ps(toward_zero);
    __m256i inexact = (__m256i)_mm256_cmp_ps(back, (__m256)x, _CMP_NEQ_OQ);
    __m128i halves =
        _mm_packs_epi32(_mm256_castsi256_si128(inexact), _mm256_extracti128_si256(inexact, 1));
    return _mm_or_si128(toward_zero, _mm_srli_epi16(halves, 15));
}

/* The odd of two neighbours, or what both are. */
INLINE fp16s odd_of_fp16(fp16s down, fp16s up)
{
    return _mm_blendv_epi8(up, down, _mm_srai_epi16(_mm_slli_epi16(down, 15), 15));
}

/* Bytes. */

/* A bit for each byte. */
INLINE uint64_t mark_bits(marks x)
{
    return (uint32_t)_mm256_movemask_epi8((__m256i)x);
}

/* Halves looked up among PIECES_16, at an index made beforehand, and shifted right by as many bits
 * as entries say, from 1 on: by multiplying. */
INLINE half_lanes repeat_16(const uint16_t *at)
{
    return (half_lanes)_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)at));
}

INLINE half_lanes look_up_16(half_lanes pieces, half_lanes index)
{
    return (half_lanes)_mm256_shuffle_epi8((__m256i)pieces, (__m256i)index);
}

static inline uint16_t shift_16_entry(uint32_t count)
{
    return (uint16_t)(UINT32_C(0x10000) >> count);
}

INLINE half_lanes shift_each_16(half_lanes x, half_lanes entries)
{
    return (half_lanes)_mm256_mulhi_epu16((__m256i)x, (__m256i)entries);
}

/* Of each two elements in 16 bits, the first and the second are shifted by multiplying. */
INLINE byte_lanes load_sixes(const void *at)
{
    const __m256i firsts =
        _mm256_setr_epi8(-1, 0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 4, 5, 6, -1, 7,
                         8, 9, -1, 10, 11, 12, -1, 13, 14, 15);
    const __m256i seconds =
        _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, 4, 5, 6, -1, 7, 8, 9,
                         -1, 10, 11, 12, -1, 13, 14, 15, -1);
    __m256i x = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(at)),
                                        _mm_loadu_si128((const void *)((const char *)at + 8)), 1);
    __m256i first =
        _mm256_mulhi_epu16(_mm256_shuffle_epi8(x, firsts), _mm256_set1_epi32(1 << 28 | 1 << 8));
    __m256i second =
        _mm256_mullo_epi16(_mm256_shuffle_epi8(x, seconds), _mm256_set1_epi32(1 << 22 | 1 << 2));
    return (byte_lanes)_mm256_or_si256(_mm256_and_si256(first, _mm256_set1_epi16(0x003f)),
                                       _mm256_and_si256(second, _mm256_set1_epi16(0x3f00)));
}

INLINE void store_fours(void *at, byte_lanes codes)
{
    __m256i pairs = _mm256_maddubs_epi16((__m256i)codes, _mm256_set1_epi16(0x1001));
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(pairs, pairs), 0xd8);
    _mm_storeu_si128(at, _mm256_castsi256_si128(packed));
}

INLINE void store_sixes(void *at, byte_lanes codes)
{
    const __m256i threes = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    __m256i pairs = _mm256_maddubs_epi16((__m256i)codes, _mm256_set1_epi16(0x4001));
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x10000001));
    __m256i packed = _mm256_shuffle_epi8(fours, threes);
    __m128i high = _mm256_extracti128_si256(packed, 1);
    char *out = at;
    _mm_storeu_si128((void *)out, _mm256_castsi256_si128(packed));
    _mm_storel_epi64((void *)(out + 12), high);
    int last = _mm_extract_epi32(high, 2);
    memcpy(out + 20, &last, sizeof last);
}

#define order_16(codes) (byte_lanes) order_halves((half_lanes)(codes))

INLINE byte_lanes order_32(byte_lanes codes)
{
    const __m256i order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    return (byte_lanes)_mm256_permutevar8x32_epi32((__m256i)codes, order);
}

/* FP64, four lanes. */

/* Integers of 32 bits as FP64. */
INLINE longs longs_of_integers(const void *at, bool below_zero)
{
    __m128i x = _mm_loadu_si128(at);
    if (below_zero)
        return (longs)_mm256_cvtepi32_pd(x);
    __m128i less = _mm_xor_si128(x, _mm_set1_epi32(INT32_MIN)); /* by 2^31 */
    longs sum = (longs)_mm256_add_pd(_mm256_cvtepi32_pd(less), _mm256_set1_pd(0x1p31));
    return sum & longs_of(INT64_MAX); /* downward zero has a sign */
}

INLINE unsigned lanes_above(longs a, longs b)
{
    return (unsigned)_mm256_movemask_pd((__m256d)_mm256_cmpgt_epi64((__m256i)a, (__m256i)b));
}

INLINE bool any_nan_doubles(longs a, longs b)
{
    return _mm256_movemask_pd(_mm256_cmp_pd((__m256d)a, (__m256d)b, _CMP_UNORD_Q));
}

/* The lower halves. */
INLINE vec narrow_longs(longs low, longs high)
{
    __m256 halves = _mm256_shuffle_ps((__m256)low, (__m256)high, 0x88);
    return (vec)_mm256_permute4x64_epi64((__m256i)halves, 0xd8);
}
