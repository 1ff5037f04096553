/*
 * What the fast rows are written with. The file that includes this defines first
 *   LANES            floats in a vector, 8 or 16
 *   TARGET           how a function is compiled for the instruction set, which has AVX2 and F16C
 */
#include "array/plan.h"
#include "decode.h"
#include "float_bits.h"
#include "unpack.h"
#include "vectors.h"

#include <immintrin.h>

/* UBSan's watch over code that is unrolled so far takes compilers minutes; ASan's does not. */
#define ROW TARGET __attribute__((no_sanitize("undefined")))
#define INLINE static inline __attribute__((always_inline)) ROW

INLINE float hardware_fp16(const unsigned char *at)
{
    return _cvtsh_ss((unsigned short)unpack_half(at));
}
#define UNPACK INLINE
#define UNPACK_FP16 hardware_fp16
#define LOOK_UP(table, index)                                                                      \
    ((bytes16)_mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(table)), (__m128i)(index)))
#define WIDEN(from, to)                                                                            \
    (*(to) = (numbers8)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(from))))

#include "readers.h"

typedef float floats __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));
typedef int32_t signed_words __attribute__((vector_size(4 * LANES)));
typedef uint16_t halves __attribute__((vector_size(2 * LANES)));
typedef int16_t signed_halves __attribute__((vector_size(2 * LANES)));
typedef uint32_t words8 __attribute__((vector_size(32)));
typedef uint16_t halves16 __attribute__((vector_size(32)));
typedef uint8_t bytes64 __attribute__((vector_size(64)));
/* A vector full of halves. */
typedef uint16_t full_halves __attribute__((vector_size(4 * LANES)));
typedef int16_t signed_full __attribute__((vector_size(4 * LANES)));

/* Elements that a step takes, and that fill a vector as halves. */
enum { STEP = 32, VECTORS = STEP / LANES, FULL = 2 * LANES };

/* Those as floats, in the order that the instruction set puts together best. */
struct full {
    floats a, b;
};

/* What is known of floats that become bf16: they are ones; were never rounded, and none is
 * subnormal; were never rounded; or were. */
enum exactness { IS_BF16, NORMAL, EXACT, ROUNDED };

/* How 32 codes of four bits lie in 16 bytes: two neighbours a byte, the first one in its lower or
 * upper half; or the first 16 in the lower halves. */
enum order { LOW_FIRST, HIGH_FIRST, PARTED };

/* What an element's code is times, and what is taken away then. */
struct under {
    float scale, less;
};

/* The scales of a block's parts of 16 or 32 elements, and what is taken away of these. */
struct over {
    float scale[HU_BLOCK_MAX / 16], less[HU_BLOCK_MAX / 16];
};

/* Of two times sixteen fp4_e2m1: what all codes stand for, and the numbers themselves; the second
 * is over both. */
struct fp4_scales {
    const struct hu_block_planes *planes[2];
    float value[2], second;
};

/* As a word: of the loads that repeat a number, a Zen 4's vpbroadcastd alone needs no shuffle. */
INLINE floats splat(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (floats)(bits - (words){0});
}

INLINE bool any_byte(bytes32 x)
{
    return !_mm256_testz_si256((__m256i)x, (__m256i)x);
}

INLINE floats load_floats(const float *at)
{
    floats v;
    GET(v, at);
    return v;
}

/* Where something is taken away, products are exact: FMA gives no other result. */
INLINE floats put_under(floats x, struct under of, bool minima)
{
#if LANES == 8
    return minima
               ? (floats)_mm256_fmsub_ps((__m256)x, (__m256)splat(of.scale), (__m256)splat(of.less))
               : x * splat(of.scale);
#else
    return minima
               ? (floats)_mm512_fmsub_ps((__m512)x, (__m512)splat(of.scale), (__m512)splat(of.less))
               : x * splat(of.scale);
#endif
}

/* Of numbers that nothing else is put under the same for: a multiplication repeats its scale. */
INLINE floats values_under(const float *values, struct under of, bool minima)
{
    floats x = load_floats(values);
    return minima ? put_under(x, of, minima) : x * of.scale;
}

/* To the sixteen bits above, to nearest even; the lower ones are no one's. */
INLINE words rounded_words(words x)
{
    return x + 0x7fff + (x >> 16 & 1);
}

INLINE bytes32 look_up(const int8_t *table, bytes32 codes)
{
    __m128i entries = _mm_loadu_si128((const __m128i *)table);
    return (bytes32)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), (__m256i)codes);
}
