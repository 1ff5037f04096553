/* Lanes of AVX-512 F, BW, DQ and VL: Intel SDM volume 2. */
#include <immintrin.h>

#define LANES 16
#define LANES_EACH
#define LANES_JOIN
#define LANES_SMALLER_8
#define LANES_SMALLER_16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef uint32_t vec __attribute__((vector_size(64)));
typedef __mmask16 mask;
typedef uint16_t half_lanes __attribute__((vector_size(64)));
typedef uint8_t byte_lanes __attribute__((vector_size(64)));

INLINE vec splat(uint32_t x)
{
    return (vec)_mm512_set1_epi32((int)x);
}

INLINE vec lane_numbers(void)
{
    return (vec){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
}

INLINE vec load(const void *at)
{
    return (vec)_mm512_loadu_si512(at);
}

INLINE void store(void *at, vec v)
{
    _mm512_storeu_si512(at, (__m512i)v);
}

/* Past the caches; AT is aligned. */
INLINE void stream(void *at, vec v)
{
    _mm512_stream_si512(at, (__m512i)v);
}

INLINE mask above(vec a, vec b)
{
    return _mm512_cmpgt_epi32_mask((__m512i)a, (__m512i)b);
}

INLINE mask equal(vec a, vec b)
{
    return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b);
}

INLINE mask unequal(vec a, vec b)
{
    return _mm512_cmpneq_epi32_mask((__m512i)a, (__m512i)b);
}

INLINE mask below_zero(vec x)
{
    return _mm512_movepi32_mask((__m512i)x);
}

INLINE mask is_nan(vec x)
{
    return _mm512_cmp_ps_mask((__m512)x, (__m512)x, _CMP_UNORD_Q);
}

INLINE mask either_is_nan(vec a, vec b)
{
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_UNORD_Q);
}

INLINE mask both(mask a, mask b)
{
    return a & b;
}

INLINE vec pick(mask m, vec yes, vec no)
{
    return (vec)_mm512_mask_blend_epi32(m, (__m512i)no, (__m512i)yes);
}

INLINE vec keep(mask m, vec x)
{
    return (vec)_mm512_maskz_mov_epi32(m, (__m512i)x);
}

INLINE bool any(mask m)
{
    return m;
}

INLINE vec smaller(vec a, vec b)
{
    return (vec)_mm512_min_epu32((__m512i)a, (__m512i)b);
}

INLINE vec larger(vec a, vec b)
{
    return (vec)_mm512_max_epu32((__m512i)a, (__m512i)b);
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
    return (vec)_mm512_srlv_epi32((__m512i)x, _mm512_set1_epi32((int)count));
}

INLINE vec shift_left(vec x, uint32_t count)
{
    return (vec)_mm512_sllv_epi32((__m512i)x, _mm512_set1_epi32((int)count));
}

/* Counts of 32 and more give 0. */
INLINE vec shift_right_each(vec x, vec counts)
{
    return (vec)_mm512_srlv_epi32((__m512i)x, (__m512i)counts);
}

INLINE vec shift_left_each(vec x, vec counts)
{
    return (vec)_mm512_sllv_epi32((__m512i)x, (__m512i)counts);
}

INLINE vec add_float(vec a, vec b)
{
    return (vec)_mm512_add_ps((__m512)a, (__m512)b);
}

INLINE vec sub_float(vec a, vec b)
{
    return (vec)_mm512_sub_ps((__m512)a, (__m512)b);
}

/* sum + 1 where x has the bit set */
INLINE vec add_bit(vec sum, vec x, uint32_t bit)
{
    mask set = _mm512_test_epi32_mask((__m512i)x, _mm512_set1_epi32((int)(1u << bit)));
    return (vec)_mm512_mask_add_epi32((__m512i)sum, set, (__m512i)sum, _mm512_set1_epi32(1));
}

INLINE vec add_where(mask m, vec x, vec addend)
{
    return (vec)_mm512_mask_add_epi32((__m512i)x, m, (__m512i)x, (__m512i)addend);
}

INLINE mask at_least_zero(vec x)
{
    return _mm512_testn_epi32_mask((__m512i)x, _mm512_set1_epi32(INT32_MIN));
}

/* The even halves, then the odd ones. */
INLINE half_lanes unzip(__m512i zipped)
{
    const vec order = {0x00020000, 0x00060004, 0x000a0008, 0x000e000c, 0x00120010, 0x00160014,
                       0x001a0018, 0x001e001c, 0x00030001, 0x00070005, 0x000b0009, 0x000f000d,
                       0x00130011, 0x00170015, 0x001b0019, 0x001f001d};
    return (half_lanes)_mm512_permutexvar_epi16((__m512i)order, zipped);
}

INLINE half_lanes pack_halves(const vec *v)
{
    return unzip(_mm512_mask_blend_epi16(0xaaaaaaaa, (__m512i)v[0], (__m512i)(v[1] << 16)));
}

INLINE half_lanes pack_top_halves(const vec *v)
{
    return unzip(_mm512_mask_blend_epi16(0xaaaaaaaa, (__m512i)(v[0] >> 16), (__m512i)v[1]));
}

INLINE half_lanes pack_half_signs(const vec *x)
{
    return pack_top_halves(x);
}

/* The packing instructions work within 128 bits, so that quads of lanes come out of order. */
INLINE byte_lanes in_order_8(__m512i packed)
{
    const vec order = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    return (byte_lanes)_mm512_permutexvar_epi32((__m512i)order, packed);
}

INLINE byte_lanes pack_bytes(const vec *v)
{
    __m512i low = _mm512_packus_epi32((__m512i)v[0], (__m512i)v[1]);
    __m512i high = _mm512_packus_epi32((__m512i)v[2], (__m512i)v[3]);
    return in_order_8(_mm512_packus_epi16(low, high));
}

/* Saturation keeps signs. */
INLINE byte_lanes pack_byte_signs(const vec *x)
{
    __m512i low = _mm512_packs_epi32((__m512i)x[0], (__m512i)x[1]);
    __m512i high = _mm512_packs_epi32((__m512i)x[2], (__m512i)x[3]);
    return in_order_8(_mm512_packs_epi16(low, high));
}

/* Of each lane the sum of its halves by FACTORS', in halves in any order that pack_half_bytes
 * takes. */
INLINE half_lanes pack_joined(const vec *v, uint32_t factors)
{
    __m512i by = _mm512_set1_epi32((int)factors);
    return (half_lanes)_mm512_packs_epi32(_mm512_madd_epi16((__m512i)v[0], by),
                                          _mm512_madd_epi16((__m512i)v[1], by));
}

INLINE byte_lanes pack_half_bytes(const half_lanes *v)
{
    return in_order_8(_mm512_packus_epi16((__m512i)v[0], (__m512i)v[1]));
}

INLINE byte_lanes smaller_8(byte_lanes a, byte_lanes b)
{
    return (byte_lanes)_mm512_min_epu8((__m512i)a, (__m512i)b);
}

INLINE half_lanes smaller_16(half_lanes a, half_lanes b)
{
    return (half_lanes)_mm512_min_epu16((__m512i)a, (__m512i)b);
}

#include "array/lanes_packed.h"

INLINE vec load_halves(const void *at)
{
    return (vec)_mm512_cvtepu16_epi32(_mm256_loadu_si256(at));
}

INLINE vec from_fp16(const void *at)
{
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256(at));
}

typedef __m256i fp16s;

#define cvt_fp16(x, rounding) _mm512_cvtps_ph((__m512)(x), rounding)

INLINE fp16s fp16_to_odd(vec x, fp16s toward_zero)
{
    __m512 back = _mm512_cvtph_ps(toward_zero);
    mask inexact = _mm512_cmp_ps_mask(back, (__m512)x, _CMP_NEQ_OQ);
    return _mm256_or_si256(toward_zero, _mm256_maskz_set1_epi16(inexact, 1));
}

/* No zeros, subnormals, infinities and NaNs: the exponent field is none of its ends. */
INLINE bool all_normal(fp16s codes)
{
    __m256i x = _mm256_sub_epi16(_mm256_add_epi16(codes, codes), _mm256_set1_epi16(0x0800));
    return !_mm256_cmpge_epu16_mask(x, _mm256_set1_epi16((short)0xf000));
}

INLINE void stream_fp16(void *at, fp16s codes)
{
    _mm256_stream_si256(at, codes);
}

INLINE void store_fp16(void *at, fp16s codes)
{
    _mm256_storeu_si256(at, codes);
}

/* FP64, eight lanes. */
#define LANES_FP64
enum { DOUBLES = 8 };
typedef __m512d doubles;
typedef __m256 singles;
typedef uint64_t longs __attribute__((vector_size(64)));

INLINE doubles load_doubles(const void *at)
{
    return _mm512_loadu_pd(at);
}

INLINE void store_doubles(void *at, doubles x)
{
    _mm512_storeu_pd(at, x);
}

INLINE singles load_singles(const void *at)
{
    return _mm256_loadu_ps(at);
}

INLINE void store_singles(void *at, singles x)
{
    _mm256_storeu_ps(at, x);
}

INLINE longs longs_of(uint64_t x)
{
    return (longs)_mm512_set1_epi64((long long)x);
}

INLINE longs bits_of(doubles x)
{
    return (longs)x;
}

/* Counts of 64 and more give 0. */
INLINE longs shift_right_longs(longs x, longs counts)
{
    return (longs)_mm512_srlv_epi64((__m512i)x, (__m512i)counts);
}

INLINE longs shift_left_longs(longs x, longs counts)
{
    return (longs)_mm512_sllv_epi64((__m512i)x, (__m512i)counts);
}

/* The low or high half of the lanes. */
INLINE longs random_half(vec random, int half)
{
    __m256i words = half ? _mm512_extracti64x4_epi64((__m512i)random, 1)
                         : _mm512_castsi512_si256((__m512i)random);
    return (longs)_mm512_cvtepu32_epi64(words);
}

INLINE longs pick_longs(longs lanes, longs yes, longs no)
{
    return (yes & lanes) | (no & ~lanes);
}

INLINE unsigned lanes_above(longs a, longs b)
{
    return _mm512_cmpgt_epi64_mask((__m512i)a, (__m512i)b);
}

INLINE unsigned lanes_negative(doubles x)
{
    return _mm512_movepi64_mask((__m512i)x);
}

INLINE unsigned lanes_infinite(doubles x)
{
    return _mm512_fpclass_pd_mask(x, 0x08 | 0x10);
}

/* False for NaNs. */
INLINE __mmask8 differ(doubles a, doubles b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_NEQ_OQ);
}

INLINE unsigned lanes_of(__mmask8 m)
{
    return m;
}

INLINE singles narrow_doubles(doubles x)
{
    return _mm512_cvtpd_ps(x);
}

INLINE doubles widen_singles(singles x)
{
    return _mm512_cvtps_pd(x);
}

INLINE singles set_last(singles x, __mmask8 lanes)
{
    __m256i bits = _mm256_castps_si256(x);
    return _mm256_castsi256_ps(_mm256_mask_or_epi32(bits, lanes, bits, _mm256_set1_epi32(1)));
}

INLINE doubles set_last_but_infinite(doubles x)
{
    enum { INFINITIES = 0x08 | 0x10 }; /* vfpclasspd's imm8 */
    __mmask8 others = (__mmask8)~_mm512_fpclass_pd_mask(x, INFINITIES);
    __m512i bits = _mm512_castpd_si512(x);
    return _mm512_castsi512_pd(_mm512_mask_or_epi64(bits, others, bits, _mm512_set1_epi64(1)));
}

/* The bit above those of LOW, a mask, set where any of them is. */
INLINE doubles with_sticky(doubles x, uint64_t low)
{
    __m512i bits = _mm512_castpd_si512(x);
    __mmask8 some = _mm512_test_epi64_mask(bits, (__m512i)longs_of(low));
    return _mm512_castsi512_pd(_mm512_mask_or_epi64(bits, some, bits, (__m512i)longs_of(low + 1)));
}

INLINE singles infinities_to_greatest(singles x)
{
    __mmask8 infinite = _mm256_fpclass_ps_mask(x, 0x08 | 0x10);
    __m256i bits = _mm256_castps_si256(x);
    return _mm256_castsi256_ps(_mm256_mask_sub_epi32(bits, infinite, bits, _mm256_set1_epi32(1)));
}

INLINE vec join_singles(singles low, singles high)
{
    __m512 joined = _mm512_castps256_ps512(low);
    return (vec)_mm512_insertf32x8(joined, high, 1);
}
