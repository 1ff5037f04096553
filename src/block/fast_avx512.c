/* AVX-512 F, BW, DQ and VL: Intel SDM volume 2. */
#include "decode.h"

#include <immintrin.h>
#include <stdint.h>

#define LANES 16
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET

#ifdef __clang__
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 8")
#endif

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef uint16_t halves __attribute__((vector_size(2 * LANES)));

INLINE floats int8_floats(const void *at)
{
    return (floats)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(at)));
}

INLINE halves byte_halves(const void *at)
{
    return (halves)_mm256_cvtepu8_epi16(_mm_loadu_si128(at));
}

INLINE words byte_words(const void *at)
{
    return (words)_mm512_cvtepu8_epi32(_mm_loadu_si128(at));
}

INLINE floats half_floats(halves x)
{
    return (floats)_mm512_cvtph_ps((__m256i)x);
}

INLINE floats table_floats(const float *table, words index)
{
    return (floats)_mm512_permutexvar_ps((__m512i)index, _mm512_loadu_ps(table));
}

INLINE void store_halves(void *at, words x)
{
    _mm256_storeu_si256(at, _mm512_cvtepi32_epi16((__m512i)x));
}

INLINE _Bool any_bit(words x)
{
    return _mm512_test_epi32_mask((__m512i)x, (__m512i)x) != 0;
}

INLINE _Bool any_half(halves x)
{
    return !_mm256_testz_si256((__m256i)x, (__m256i)x);
}

INLINE words larger(words a, words b)
{
    return (words)_mm512_max_epu32((__m512i)a, (__m512i)b);
}

INLINE words float_words(floats x)
{
    return (words)_mm512_cvttps_epi32((__m512)x);
}

INLINE void store_bytes(void *at, words x)
{
    _mm_storeu_si128(at, _mm512_cvtepi32_epi8((__m512i)x));
}

#include "fast_rows.h"
/* And back. */
#include "fast_encode.h"

hu_block_row *hu_block_row_avx512(const struct hu_block_job *j, bool narrow)
{
    return find_row(j, narrow);
}

hu_block_encode_row *hu_block_encode_avx512(const struct hu_block_encoding *e)
{
    return find_encode(e);
}
