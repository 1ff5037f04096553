/* AVX2 and F16C: Intel SDM volume 2. */
#define LANES 8
#define TARGET __attribute__((target("avx2,f16c")))

#include "fast_lanes.h"

INLINE floats int8_floats(const void *at)
{
    return (floats)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(at)));
}

INLINE halves byte_tops(const void *at)
{
    return (halves)_mm_unpacklo_epi8(_mm_setzero_si128(), _mm_loadl_epi64(at));
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

INLINE __m256i join_tops(words a, words b)
{
    __m256i both = _mm256_packus_epi32((__m256i)(a >> 16), (__m256i)(b >> 16));
    return _mm256_permute4x64_epi64(both, 0xd8);
}

INLINE void store_tops(void *at, words a, words b)
{
    _mm256_storeu_si256(at, join_tops(a, b));
}

INLINE bool any_bit(words x)
{
    return any_byte((bytes32)x);
}

/* The entries' two bytes apart; for the codes of each half a table of its own. */
struct entries {
    __m256i low, high;
};

INLINE __m256i bytes_apart(words a, words b)
{
    const __m128i apart = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    return _mm256_shuffle_epi8(join_tops(a, b), _mm256_broadcastsi128_si256(apart));
}

INLINE struct entries entries_of(const words *tops)
{
    __m256i x = bytes_apart(tops[0], tops[1]);
    return (struct entries){_mm256_permute4x64_epi64(x, 0x88), _mm256_permute4x64_epi64(x, 0xdd)};
}

INLINE struct entries signed_entries_of(words a, words b)
{
    const int64_t bits = (int64_t)0x8080808080808080;
    const __m256i signs = _mm256_setr_epi64x(0, bits, 0, bits);
    __m256i x = bytes_apart(a, b), high = _mm256_unpackhi_epi64(x, x);
    return (struct entries){_mm256_unpacklo_epi64(x, x), _mm256_xor_si256(high, signs)};
}

INLINE void store_entries(void *at, struct entries e, bytes32 codes)
{
    __m256i low = _mm256_shuffle_epi8(e.low, (__m256i)codes),
            high = _mm256_shuffle_epi8(e.high, (__m256i)codes),
            first = _mm256_unpacklo_epi8(low, high), last = _mm256_unpackhi_epi8(low, high);
    _mm256_storeu_si256(at, _mm256_permute2x128_si256(first, last, 0x20));
    _mm256_storeu_si256((__m256i *)at + 1, _mm256_permute2x128_si256(first, last, 0x31));
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

#define NAMED(name) name##_avx2
#include "fast_rows.h"
/* And back. */
#include "fast_encode.h"
