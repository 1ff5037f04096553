/*
 * What rows and encoders ask of AVX-512 F, BW, DQ and VL: Intel SDM volume 2. The file that
 * includes this defines first
 *   HAS_BF16  whether TARGET has AVX-512 BF16 too
 */
#define LANES 16

#include "fast_lanes.h"

INLINE words int8_words(const void *at)
{
    return (words)_mm512_cvtepi8_epi32(_mm_loadu_si128(at));
}

INLINE floats int8_floats(const void *at)
{
    return (floats)_mm512_cvtepi32_ps((__m512i)int8_words(at));
}

INLINE halves byte_tops(const void *at)
{
    return (halves)_mm256_cvtepu8_epi16(_mm_loadu_si128(at)) << 8;
}

INLINE floats half_floats(halves x)
{
    return (floats)_mm512_cvtph_ps((__m256i)x);
}

INLINE bool any_bit(words x)
{
    return _mm512_test_epi32_mask((__m512i)x, (__m512i)x) != 0;
}

INLINE words larger(words a, words b)
{
    return (words)_mm512_max_epu32((__m512i)a, (__m512i)b);
}

INLINE uint32_t most_of(words x)
{
    return _mm512_reduce_max_epu32((__m512i)x);
}

INLINE words folded(words a, words b, int step)
{
    __m512i x = (__m512i)a, y = (__m512i)b;
    __m512 xf = (__m512)a, yf = (__m512)b;
    return step == 0   ? larger((words)_mm512_shuffle_i64x2(x, y, 0x44),
                                (words)_mm512_shuffle_i64x2(x, y, 0xee))
           : step == 1 ? larger((words)_mm512_shuffle_i64x2(x, y, 0x88),
                                (words)_mm512_shuffle_i64x2(x, y, 0xdd))
           : step == 2
               ? larger((words)_mm512_unpacklo_epi64(x, y), (words)_mm512_unpackhi_epi64(x, y))
               : larger((words)_mm512_shuffle_ps(xf, yf, 0x88),
                        (words)_mm512_shuffle_ps(xf, yf, 0xdd));
}

INLINE floats within(floats x, float low, float high)
{
    return (floats)_mm512_min_ps(_mm512_max_ps((__m512)x, (__m512)splat(low)), (__m512)splat(high));
}

INLINE uint32_t tops_of(words x)
{
    return _mm512_movepi32_mask((__m512i)x);
}

INLINE words half_words(const void *at)
{
    return (words)_mm512_cvtepu16_epi32(_mm256_loadu_si256(at));
}

INLINE floats picked(floats from, words which)
{
    return (floats)_mm512_permutexvar_ps((__m512i)which, (__m512)from);
}

INLINE words float_words(floats x)
{
    return (words)_mm512_cvttps_epi32((__m512)x);
}

INLINE bytes32 join_words(const words *x)
{
    return (bytes32)_mm256_set_m128i(_mm512_cvtepi32_epi8((__m512i)x[1]),
                                     _mm512_cvtepi32_epi8((__m512i)x[0]));
}

INLINE void store_bytes(unsigned char *to, words x)
{
    _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8((__m512i)x));
}

#include "fast_looks_avx512.h"
