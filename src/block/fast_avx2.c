/* AVX2 and F16C: Intel SDM volume 2. */
#include <immintrin.h>
#include <stdint.h>

#define LANES 8
#define TARGET __attribute__((target("avx2,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE __m256 half_floats(uint16_t __attribute__((vector_size(16))) x)
{
    return _mm256_cvtph_ps((__m128i)x);
}

INLINE __m256 table_floats(const float *table, uint32_t __attribute__((vector_size(32))) index)
{
    __m256i i = (__m256i)index;
    __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), i);
    __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), i);
    return _mm256_blendv_ps(low, high, (__m256)_mm256_slli_epi32(i, 28));
}

INLINE _Bool any_bit(uint32_t __attribute__((vector_size(32))) x)
{
    return !_mm256_testz_si256((__m256i)x, (__m256i)x);
}

#include "fast_rows.h"

hu_block_row *hu_block_row_avx2(const struct hu_block_job *j, bool narrow)
{
    return find_row(j, narrow);
}
