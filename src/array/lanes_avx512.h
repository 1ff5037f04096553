/* Lanes of AVX-512 F, BW, DQ and VL: Intel SDM volume 2. */
#include <immintrin.h>

#define LANES 16
#define LANES_EACH
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef uint32_t vec __attribute__((vector_size(64)));
typedef __mmask16 mask;

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

/* Lane 2i takes the low half of a's i-th lane, lane 2i + 1 that of b's. */
INLINE void store_two_halves(void *dst, vec a, vec b)
{
    const vec order = {0x00020000, 0x00060004, 0x000a0008, 0x000e000c, 0x00120010, 0x00160014,
                       0x001a0018, 0x001e001c, 0x00030001, 0x00070005, 0x000b0009, 0x000f000d,
                       0x00130011, 0x00170015, 0x001b0019, 0x001f001d};
    __m512i mixed = _mm512_mask_blend_epi16(0xaaaaaaaa, (__m512i)a, (__m512i)(b << 16));
    _mm512_storeu_si512(dst, _mm512_permutexvar_epi16((__m512i)order, mixed));
}

INLINE void store_halves(void *dst, const vec *v)
{
    store_two_halves(dst, v[0], v[1]);
    store_two_halves((char *)dst + sizeof(vec), v[2], v[3]);
}

/* vpackusdw and vpackuswb work within 128 bits, so that quads of lanes come out of order. */
INLINE void store_bytes(void *dst, const vec *v)
{
    const vec order = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    __m512i low = _mm512_packus_epi32((__m512i)v[0], (__m512i)v[1]);
    __m512i high = _mm512_packus_epi32((__m512i)v[2], (__m512i)v[3]);
    __m512i packed = _mm512_packus_epi16(low, high);
    _mm512_storeu_si512(dst, _mm512_permutexvar_epi32((__m512i)order, packed));
}

INLINE vec load_halves(const void *at)
{
    return (vec)_mm512_cvtepu16_epi32(_mm256_loadu_si256(at));
}

INLINE vec from_fp16(vec halves)
{
    return (vec)_mm512_cvtph_ps(_mm512_cvtepi32_epi16((__m512i)halves));
}
