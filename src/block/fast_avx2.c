/* AVX2, F16C and FMA: Intel SDM volume 2. */
#define LANES 8
#define TARGET __attribute__((target("avx2,f16c,fma")))

#include "fast_lanes.h"

INLINE words int8_words(const void *at)
{
    return (words)_mm256_cvtepi8_epi32(_mm_loadl_epi64(at));
}

INLINE floats int8_floats(const void *at)
{
    return (floats)_mm256_cvtepi32_ps((__m256i)int8_words(at));
}

INLINE halves byte_tops(const void *at)
{
    return (halves)_mm_unpacklo_epi8(_mm_setzero_si128(), _mm_loadl_epi64(at));
}

INLINE floats half_floats(halves x)
{
    return (floats)_mm256_cvtph_ps((__m128i)x);
}

INLINE bool any_bit(words x)
{
    return any_byte((bytes32)x);
}

INLINE words larger(words a, words b)
{
    return (words)_mm256_max_epu32((__m256i)a, (__m256i)b);
}

INLINE uint32_t most_of(words x)
{
    __m128i most =
        _mm_max_epu32(_mm256_castsi256_si128((__m256i)x), _mm256_extracti128_si256((__m256i)x, 1));
    most = _mm_max_epu32(most, _mm_shuffle_epi32(most, 0x4e));
    return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(most, _mm_shuffle_epi32(most, 0xb1)));
}

INLINE words folded(words a, words b, int step)
{
    __m256i x = (__m256i)a, y = (__m256i)b;
    __m256 xf = (__m256)a, yf = (__m256)b;
    return step == 0 ? larger((words)_mm256_permute2x128_si256(x, y, 0x20),
                              (words)_mm256_permute2x128_si256(x, y, 0x31))
           : step == 1
               ? larger((words)_mm256_unpacklo_epi64(x, y), (words)_mm256_unpackhi_epi64(x, y))
               : larger((words)_mm256_shuffle_ps(xf, yf, 0x88),
                        (words)_mm256_shuffle_ps(xf, yf, 0xdd));
}

INLINE floats within(floats x, float low, float high)
{
    return (floats)_mm256_min_ps(_mm256_max_ps((__m256)x, (__m256)splat(low)), (__m256)splat(high));
}

INLINE uint32_t tops_of(words x)
{
    return (uint32_t)_mm256_movemask_ps((__m256)x);
}

INLINE words half_words(const void *at)
{
    return (words)_mm256_cvtepu16_epi32(_mm_loadu_si128(at));
}

INLINE floats picked(floats from, words which)
{
    return (floats)_mm256_permutevar8x32_ps((__m256)from, (__m256i)which);
}

INLINE words float_words(floats x)
{
    return (words)_mm256_cvttps_epi32((__m256)x);
}

INLINE bytes32 join_words(const words *x)
{
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i low = _mm256_packs_epi32((__m256i)x[0], (__m256i)x[1]),
            high = _mm256_packs_epi32((__m256i)x[2], (__m256i)x[3]);
    return (bytes32)_mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
}

INLINE void store_bytes(unsigned char *to, words x)
{
    __m256i fours = _mm256_shuffle_epi8((__m256i)x, _mm256_set1_epi32(0x0c080400));
    __m128i both =
        _mm_unpacklo_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
    _mm_storel_epi64((__m128i *)to, both);
}

#include "fast_looks_avx2.h"

#define NAMED(name) name##_avx2
#include "fast_rows.h"
/* And back. */
#include "fast_encode.h"

#define FIT_LANES 8
#define FIT static inline __attribute__((always_inline)) TARGET
#define FIT_WHOLE static TARGET
#include "kquants_fit.h"

const struct ggml_fits hu_ggml_fits_avx2 = {fit_subs, fit_again, fit_points, fit_multiples};
