/* Lanes of AVX2: Intel SDM volume 2. */
#include <immintrin.h>

#define LANES 8
#define LANES_EACH
#define LANES_JOIN
#define LANES_SMALLER_8
#define LANES_SMALLER_16
#define TARGET __attribute__((target("avx2,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef uint32_t vec __attribute__((vector_size(32)));
typedef int32_t mask __attribute__((vector_size(32)));
typedef float floats __attribute__((vector_size(32)));
typedef uint16_t half_lanes __attribute__((vector_size(32)));
typedef uint8_t byte_lanes __attribute__((vector_size(32)));

INLINE vec splat(uint32_t x)
{
    return (vec)_mm256_set1_epi32((int)x);
}

INLINE vec lane_numbers(void)
{
    return (vec){0, 1, 2, 3, 4, 5, 6, 7};
}

INLINE vec load(const void *at)
{
    return (vec)_mm256_loadu_si256(at);
}

INLINE void store(void *at, vec v)
{
    _mm256_storeu_si256(at, (__m256i)v);
}

/* Past the caches; AT is aligned. */
INLINE void stream(void *at, vec v)
{
    _mm256_stream_si256(at, (__m256i)v);
}

INLINE mask above(vec a, vec b)
{
    return (mask)_mm256_cmpgt_epi32((__m256i)a, (__m256i)b);
}

INLINE mask equal(vec a, vec b)
{
    return (mask)_mm256_cmpeq_epi32((__m256i)a, (__m256i)b);
}

INLINE mask unequal(vec a, vec b)
{
    return ~equal(a, b);
}

/* Only the sign bits of a mask are looked at by pick, but all by keep and both. */
INLINE mask below_zero(vec x)
{
    return (mask)_mm256_srai_epi32((__m256i)x, 31);
}

INLINE mask is_nan(vec x)
{
    return (mask)_mm256_cmp_ps((__m256)x, (__m256)x, _CMP_UNORD_Q);
}

INLINE mask either_is_nan(vec a, vec b)
{
    return (mask)_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_UNORD_Q);
}

INLINE mask both(mask a, mask b)
{
    return a & b;
}

INLINE vec pick(mask m, vec yes, vec no)
{
    return (vec)_mm256_blendv_epi8((__m256i)no, (__m256i)yes, (__m256i)m);
}

INLINE vec keep(mask m, vec x)
{
    return (vec)m & x;
}

INLINE bool any(mask m)
{
    return !_mm256_testz_si256((__m256i)m, (__m256i)m);
}

INLINE vec smaller(vec a, vec b)
{
    return (vec)_mm256_min_epu32((__m256i)a, (__m256i)b);
}

INLINE vec larger(vec a, vec b)
{
    return (vec)_mm256_max_epu32((__m256i)a, (__m256i)b);
}

INLINE vec smaller_float(vec a, vec b)
{
    return smaller(a, b);
}

INLINE vec larger_float(vec a, vec b)
{
    return larger(a, b);
}

/* Of the magnitudes so far, the greatest, and the least that is not zero, less 1. */
struct noted {
    vec greatest, least;
};

INLINE struct noted nothing_noted(void)
{
    return (struct noted){splat(0), splat(0x7fffffff)};
}

INLINE void note_large(struct noted *noted, vec magnitude, vec large)
{
    (void)large;
    noted->greatest = larger(noted->greatest, magnitude);
}

INLINE void note_small(struct noted *noted, vec magnitude, vec small)
{
    (void)small;
    noted->least = smaller(noted->least, magnitude - splat(1));
}

/* Whether one was above LARGE, or below SMALL and not zero. */
INLINE bool is_outside(const struct noted *noted, vec small, vec large)
{
    mask below = above(small - splat(1), noted->least);
    return any(above(noted->greatest, large) | below);
}

INLINE vec shift_right(vec x, uint32_t count)
{
    return (vec)_mm256_srlv_epi32((__m256i)x, _mm256_set1_epi32((int)count));
}

INLINE vec shift_left(vec x, uint32_t count)
{
    return (vec)_mm256_sllv_epi32((__m256i)x, _mm256_set1_epi32((int)count));
}

/* Counts of 32 and more give 0. */
INLINE vec shift_right_each(vec x, vec counts)
{
    return (vec)_mm256_srlv_epi32((__m256i)x, (__m256i)counts);
}

INLINE vec shift_left_each(vec x, vec counts)
{
    return (vec)_mm256_sllv_epi32((__m256i)x, (__m256i)counts);
}

INLINE vec add_float(vec a, vec b)
{
    return (vec)((floats)a + (floats)b);
}

INLINE vec sub_float(vec a, vec b)
{
    return (vec)((floats)a - (floats)b);
}

/* sum + 1 where x has the bit set */
INLINE vec add_bit(vec sum, vec x, uint32_t bit)
{
    return sum + (shift_right(x, bit) & splat(1));
}

INLINE vec add_where(mask m, vec x, vec addend)
{
    return x + ((vec)m & addend);
}

INLINE mask at_least_zero(vec x)
{
    return ~below_zero(x);
}

/* The packing instructions work within 128 bits, so that quads of lanes come out of order. */
INLINE half_lanes in_order_16(__m256i packed)
{
    return (half_lanes)_mm256_permute4x64_epi64(packed, 0xd8);
}

INLINE byte_lanes in_order_8(__m256i packed)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return (byte_lanes)_mm256_permutevar8x32_epi32(packed, order);
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

INLINE byte_lanes pack_bytes(const vec *v)
{
    __m256i low = _mm256_packus_epi32((__m256i)v[0], (__m256i)v[1]);
    __m256i high = _mm256_packus_epi32((__m256i)v[2], (__m256i)v[3]);
    return in_order_8(_mm256_packus_epi16(low, high));
}

INLINE byte_lanes pack_byte_signs(const vec *x)
{
    __m256i low = _mm256_packs_epi32((__m256i)x[0], (__m256i)x[1]);
    __m256i high = _mm256_packs_epi32((__m256i)x[2], (__m256i)x[3]);
    return in_order_8(_mm256_packs_epi16(low, high));
}

/* Of each lane the sum of its halves by FACTORS', in halves in any order that pack_half_bytes
 * takes. */
INLINE half_lanes pack_joined(const vec *v, uint32_t factors)
{
    __m256i by = _mm256_set1_epi32((int)factors);
    return (half_lanes)_mm256_packs_epi32(_mm256_madd_epi16((__m256i)v[0], by),
                                          _mm256_madd_epi16((__m256i)v[1], by));
}

INLINE byte_lanes pack_half_bytes(const half_lanes *v)
{
    return in_order_8(_mm256_packus_epi16((__m256i)v[0], (__m256i)v[1]));
}

INLINE byte_lanes smaller_8(byte_lanes a, byte_lanes b)
{
    return (byte_lanes)_mm256_min_epu8((__m256i)a, (__m256i)b);
}

INLINE half_lanes smaller_16(half_lanes a, half_lanes b)
{
    return (half_lanes)_mm256_min_epu16((__m256i)a, (__m256i)b);
}

#include "array/lanes_packed.h"

INLINE vec load_halves(const void *at)
{
    return (vec)_mm256_cvtepu16_epi32(_mm_loadu_si128(at));
}

INLINE vec from_fp16(const void *at)
{
    return (vec)_mm256_cvtph_ps(_mm_loadu_si128(at));
}

typedef __m128i fp16s;

#define cvt_fp16(x, rounding) _mm256_cvtps_ph((__m256)(x), rounding)

INLINE fp16s fp16_to_odd(vec x, fp16s toward_zero)
{
    __m256 back = _mm256_cvtph_ps(toward_zero);
    __m256i inexact = (__m256i)_mm256_cmp_ps(back, (__m256)x, _CMP_NEQ_OQ);
    __m128i halves =
        _mm_packs_epi32(_mm256_castsi256_si128(inexact), _mm256_extracti128_si256(inexact, 1));
    return _mm_or_si128(toward_zero, _mm_srli_epi16(halves, 15));
}

/* No zeros, subnormals, infinities and NaNs: the exponent field is none of its ends. */
INLINE bool all_normal(fp16s codes)
{
    __m128i x = _mm_sub_epi16(_mm_add_epi16(codes, codes), _mm_set1_epi16(0x0800));
    __m128i inside = _mm_cmpeq_epi16(_mm_min_epu16(x, _mm_set1_epi16((short)0xefff)), x);
    return _mm_movemask_epi8(inside) == 0xffff;
}

INLINE void stream_fp16(void *at, fp16s codes)
{
    _mm_stream_si128(at, codes);
}

INLINE void store_fp16(void *at, fp16s codes)
{
    _mm_storeu_si128(at, codes);
}

/* FP64, four lanes. */
#define LANES_FP64
enum { DOUBLES = 4 };
typedef __m256d doubles;
typedef __m128 singles;
typedef uint64_t longs __attribute__((vector_size(32)));

INLINE doubles load_doubles(const void *at)
{
    return _mm256_loadu_pd(at);
}

INLINE void store_doubles(void *at, doubles x)
{
    _mm256_storeu_pd(at, x);
}

INLINE singles load_singles(const void *at)
{
    return _mm_loadu_ps(at);
}

INLINE void store_singles(void *at, singles x)
{
    _mm_storeu_ps(at, x);
}

INLINE longs longs_of(uint64_t x)
{
    return (longs)_mm256_set1_epi64x((long long)x);
}

INLINE longs bits_of(doubles x)
{
    return (longs)x;
}

/* Counts of 64 and more give 0. */
INLINE longs shift_right_longs(longs x, longs counts)
{
    return (longs)_mm256_srlv_epi64((__m256i)x, (__m256i)counts);
}

INLINE longs shift_left_longs(longs x, longs counts)
{
    return (longs)_mm256_sllv_epi64((__m256i)x, (__m256i)counts);
}

/* The low or high half of the lanes. */
INLINE longs random_half(vec random, int half)
{
    __m128i words = half ? _mm256_extracti128_si256((__m256i)random, 1)
                         : _mm256_castsi256_si128((__m256i)random);
    return (longs)_mm256_cvtepu32_epi64(words);
}

INLINE longs pick_longs(longs lanes, longs yes, longs no)
{
    return (yes & lanes) | (no & ~lanes);
}

INLINE unsigned lanes_above(longs a, longs b)
{
    return (unsigned)_mm256_movemask_pd((__m256d)_mm256_cmpgt_epi64((__m256i)a, (__m256i)b));
}

INLINE unsigned lanes_negative(doubles x)
{
    return (unsigned)_mm256_movemask_pd(x);
}

INLINE unsigned lanes_infinite(doubles x)
{
    __m256d magnitude = (doubles)(bits_of(x) & longs_of(INT64_MAX));
    return (unsigned)_mm256_movemask_pd(
        _mm256_cmp_pd(magnitude, _mm256_set1_pd(__builtin_inf()), _CMP_EQ_OQ));
}

/* False for NaNs. */
INLINE __m256d differ(doubles a, doubles b)
{
    return _mm256_cmp_pd(a, b, _CMP_NEQ_OQ);
}

INLINE unsigned lanes_of(__m256d m)
{
    return (unsigned)_mm256_movemask_pd(m);
}

INLINE singles narrow_doubles(doubles x)
{
    return _mm256_cvtpd_ps(x);
}

INLINE doubles widen_singles(singles x)
{
    return _mm256_cvtps_pd(x);
}

INLINE singles set_last(singles x, __m256d lanes)
{
    __m128 low = _mm256_castps256_ps128(_mm256_castpd_ps(lanes));
    __m128 high = _mm256_extractf128_ps(_mm256_castpd_ps(lanes), 1);
    __m128i narrow = _mm_castps_si128(_mm_shuffle_ps(low, high, 0x88));
    return _mm_or_ps(x, _mm_castsi128_ps(_mm_srli_epi32(narrow, 31)));
}

INLINE doubles set_last_but_infinite(doubles x)
{
    longs magnitude = bits_of(x) & longs_of(INT64_MAX);
    longs infinite = (longs)(magnitude == longs_of(UINT64_C(0x7ff0000000000000)));
    return (doubles)(bits_of(x) | (longs_of(1) & ~infinite));
}

/* The bit above those of LOW, a mask, set where any of them is. */
INLINE doubles with_sticky(doubles x, uint64_t low)
{
    longs carried = (bits_of(x) & longs_of(low)) + longs_of(low);
    return (doubles)(bits_of(x) | (carried & longs_of(low + 1)));
}

INLINE singles infinities_to_greatest(singles x)
{
    __m128i bits = _mm_castps_si128(x);
    __m128i magnitude = _mm_and_si128(bits, _mm_set1_epi32(INT32_MAX));
    __m128i infinite = _mm_cmpeq_epi32(magnitude, _mm_set1_epi32(0x7f800000));
    return _mm_castsi128_ps(_mm_add_epi32(bits, infinite));
}

INLINE vec join_singles(singles low, singles high)
{
    return (vec)_mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1);
}
