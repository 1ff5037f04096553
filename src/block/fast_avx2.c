/* AVX2 and F16C: Intel SDM volume 2. */
#include "decode.h"

#include <immintrin.h>
#include <stdint.h>

#define LANES 8
#define TARGET __attribute__((target("avx2,f16c")))
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
    return (floats)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(at)));
}

INLINE halves byte_halves(const void *at)
{
    return (halves)_mm_cvtepu8_epi16(_mm_loadl_epi64(at));
}

INLINE words byte_words(const void *at)
{
    return (words)_mm256_cvtepu8_epi32(_mm_loadl_epi64(at));
}

INLINE floats half_floats(halves x)
{
    return (floats)_mm256_cvtph_ps((__m128i)x);
}

INLINE floats table_floats(const float *table, words index)
{
    __m256i i = (__m256i)index;
    __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), i);
    __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), i);
    return (floats)_mm256_blendv_ps(low, high, (__m256)_mm256_slli_epi32(i, 28));
}

/* The upper halves are zero. */
INLINE void store_halves(void *at, words x)
{
    __m128i low = _mm256_castsi256_si128((__m256i)x);
    _mm_storeu_si128(at, _mm_packus_epi32(low, _mm256_extracti128_si256((__m256i)x, 1)));
}

INLINE _Bool any_bit(words x)
{
    return !_mm256_testz_si256((__m256i)x, (__m256i)x);
}

INLINE _Bool any_half(halves x)
{
    return !_mm_testz_si128((__m128i)x, (__m128i)x);
}

INLINE words larger(words a, words b)
{
    return (words)_mm256_max_epu32((__m256i)a, (__m256i)b);
}

INLINE words float_words(floats x)
{
    return (words)_mm256_cvttps_epi32((__m256)x);
}

INLINE void store_bytes(void *at, words x)
{
    const __m256i low =
        _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12,
                         -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    __m256i bytes = _mm256_shuffle_epi8((__m256i)x, low);
    _mm_storel_epi64(
        at, _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1)));
}

#include "fast_rows.h"
/* And back. */
#include "fast_encode.h"

hu_block_row *hu_block_row_avx2(const struct hu_block_job *j, bool narrow)
{
    return find_row(j, narrow);
}

hu_block_encode_row *hu_block_encode_avx2(const struct hu_block_encoding *e)
{
    return find_encode(e);
}
