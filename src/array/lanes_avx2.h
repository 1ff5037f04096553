/* Lanes of AVX2: Intel SDM volume 2. */
#include <immintrin.h>

#define LANES 8
#define LANES_EACH
#define TARGET __attribute__((target("avx2,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef uint32_t vec __attribute__((vector_size(32)));
typedef int32_t mask __attribute__((vector_size(32)));
typedef float floats __attribute__((vector_size(32)));

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

/* vpackusdw and vpackuswb work within 128 bits, so that quads of lanes come out of order. */
INLINE void store_halves(void *dst, const vec *v)
{
    const __m256i low = _mm256_set1_epi32(0xffff);
    for (int i = 0; i < 2; i++) {
        __m256i packed = _mm256_packus_epi32(_mm256_and_si256((__m256i)v[2 * i], low),
                                             _mm256_and_si256((__m256i)v[2 * i + 1], low));
        _mm256_storeu_si256((__m256i *)dst + i, _mm256_permute4x64_epi64(packed, 0xd8));
    }
}

INLINE void store_bytes(void *dst, const vec *v)
{
    __m256i low = _mm256_packus_epi32((__m256i)v[0], (__m256i)v[1]);
    __m256i high = _mm256_packus_epi32((__m256i)v[2], (__m256i)v[3]);
    __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i packed = _mm256_packus_epi16(low, high);
    _mm256_storeu_si256(dst, _mm256_permutevar8x32_epi32(packed, order));
}

INLINE vec load_halves(const void *at)
{
    return (vec)_mm256_cvtepu16_epi32(_mm_loadu_si128(at));
}

INLINE vec from_fp16(vec halves)
{
    __m256i packed = _mm256_packus_epi32((__m256i)halves, (__m256i)halves);
    packed = _mm256_permute4x64_epi64(packed, 0x08);
    return (vec)_mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}
