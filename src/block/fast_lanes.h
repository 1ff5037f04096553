/*
 * What the fast rows are written with. The file that includes this defines first
 *   LANES            floats in a vector, 8 or 16
 *   TARGET           how a function is compiled for the instruction set, which has AVX2 and F16C
 */
#include "array/plan.h"
#include "decode.h"
#include "float_bits.h"
#include "unpack.h"

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

INLINE floats splat(float x)
{
    return x - (floats){0};
}

INLINE bool any_byte(bytes32 x)
{
    return !_mm256_testz_si256((__m256i)x, (__m256i)x);
}
