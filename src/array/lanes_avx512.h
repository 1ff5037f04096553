/* Lanes of AVX-512 F, BW, DQ and VL: Intel SDM volume 2. */
#include <immintrin.h>

#define LANES 16
#define LANES_EACH
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

#include "array/lanes_packed.h"

INLINE vec load_halves(const void *at)
{
    return (vec)_mm512_cvtepu16_epi32(_mm256_loadu_si256(at));
}

INLINE vec from_fp16(const void *at)
{
    return (vec)_mm512_cvtph_ps(_mm256_loadu_si256(at));
}
