/* AVX-512 F, BW, DQ and VL: Intel SDM volume 2. */
#include <immintrin.h>
#include <stdint.h>

#define LANES 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE __m512 half_floats(uint16_t __attribute__((vector_size(32))) x)
{
    return _mm512_cvtph_ps((__m256i)x);
}

INLINE __m512 table_floats(const float *table, uint32_t __attribute__((vector_size(64))) index)
{
    return _mm512_permutexvar_ps((__m512i)index, _mm512_loadu_ps(table));
}

INLINE _Bool any_bit(uint32_t __attribute__((vector_size(64))) x)
{
    return _mm512_test_epi32_mask((__m512i)x, (__m512i)x) != 0;
}

#include "fast_rows.h"

hu_block_row *hu_block_row_avx512(const struct hu_block_job *j, bool narrow)
{
    return find_row(j, narrow);
}
