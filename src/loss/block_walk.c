#include "block_walk.h"
#include "block/parts.h"
#include "float_bits.h"
#include "vectors.h"

#include <math.h>
#include <string.h>

/* Vectors are passed by value to functions of which all are inlined. */
#pragma GCC diagnostic ignored "-Wpsabi"

typedef int32_t words __attribute__((vector_size(32)));
typedef float floats __attribute__((vector_size(32)));
typedef double reals __attribute__((vector_size(32)));
typedef uint16_t halves __attribute__((vector_size(16)));

/* Of fp32's bits: the exponent's field, 1, and what doubles a number. */
enum { FIELD = 0x7f800000, ONE = 0x3f800000, DOUBLE = 1 << 23 };

struct hu_block_steps hu_block_steps_of(const struct hu_block *b, enum hu_scale_rule rule,
                                        const double reach[2])
{
    const struct hu_format *f = b->element ? hu_format_find(b->element) : NULL;
    if (!hu_block_has_rules(b) || hu_is_integer(f) || b->tile_rows != 1 ||
        b->tile_columns != WALK_BLOCK || b->keeps_nan)
        return (struct hu_block_steps){.trailing_bits = 0};
    struct hu_scale_element element = hu_scale_element_of(b);
    const int32_t top = (127 + element.emax) << 23, below = (element.emax - hu_emin(f)) << 23;
    float cut = (float)reach[0];
    return (struct hu_block_steps){
        .trailing_bits = f->trailing_bits,
        .below = below,
        .most = (int32_t)hu_bits_of_float((float)element.max) - top,
        .held = (int32_t)hu_bits_of_float(cut) - ((double)cut >= reach[0]) - top,
        .next_from = (int32_t)ceil((hu_scale_next_from(rule, &element) - 1) * 0x1p23),
        .first = below + DOUBLE,
        .last = ((254 - 23 + f->trailing_bits) << 23) - 1,
    };
}

#define NAME(x) plain_##x
#define TARGET
#include "block_walk_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME(x) avx2_##x
#define TARGET __attribute__((target("avx2,fma")))
#define LARGER(a, b) ((words)_mm256_max_epi32((__m256i)(a), (__m256i)(b)))
#define LESSER(a, b) ((floats)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define WIDEN(v) ((reals)_mm256_cvtps_pd((__m128)(v)))
#define WORDS_OF(h) ((words)_mm256_cvtepu16_epi32((__m128i)(h)))
#define SQUARE(a, sum) ((reals)_mm256_fmadd_pd((__m256d)(a), (__m256d)(a), (__m256d)(sum)))
#include "block_walk_lanes.h"
#endif

hu_block_walker *hu_block_walker_of(const char *kernel)
{
#if defined(__x86_64__)
    if (!strncmp(kernel, "avx", 3))
        return avx2_walk;
#endif
    (void)kernel;
    return plain_walk;
}
