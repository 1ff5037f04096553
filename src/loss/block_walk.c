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
typedef float fours __attribute__((vector_size(16)));
typedef int64_t masks __attribute__((vector_size(32)));
typedef uint16_t halves __attribute__((vector_size(16)));

enum { EIGHTS = WALK_BLOCK / 8 };
/* Of fp32's bits: the exponent's field, 1, and what doubles a number. */
enum { FIELD = 0x7f800000, ONE = 0x3f800000, DOUBLE = 1 << 23 };

struct hu_block_steps hu_block_steps_of(const struct hu_block *b, enum hu_scale_rule rule,
                                        const double reach[2])
{
    const struct hu_format *f = b->element ? hu_format_find(b->element) : NULL;
    struct hu_block_steps s = {.trailing_bits = 0};
    if (!hu_block_has_rules(b) || hu_is_integer(f) || b->tile_rows != 1 ||
        b->tile_columns != WALK_BLOCK || b->keeps_nan)
        return s;
    struct hu_scale_element element = hu_scale_element_of(b);
    const int32_t top = (127 + element.emax) << 23;
    float cut = (float)reach[0];
    s.trailing_bits = f->trailing_bits;
    s.below = (element.emax - hu_emin(f)) << 23;
    s.most = (int32_t)hu_bits_of_float((float)element.max) - top;
    s.held = (int32_t)hu_bits_of_float(cut) - ((double)cut >= reach[0]) - top;
    s.first = s.below + DOUBLE;
    s.last = ((254 - 23 + f->trailing_bits) << 23) - 1;
    s.rule = (int)(rule - HU_SCALE_FLOOR);
    for (int i = 0; i < HU_SCALE_RULES; i++) {
        double from = hu_scale_next_from((enum hu_scale_rule)(HU_SCALE_FLOOR + i), &element);
        s.next_from[i] = (int32_t)ceil((from - 1) * 0x1p23);
    }
    return s;
}

/* Of eight blocks: magnitudes, and errors under their own scale and the other one; what elements
 * are rounded with, as bits; the greatest that does not overflow; the greatest there is, its
 * fraction, and whether the scale is ceil's. */
struct eight {
    floats size[8][EIGHTS], own[8][EIGHTS], other[8][EIGHTS];
    words least[2], most[2], held, fraction, up;
    floats amax;
};

/* What is found in all blocks. */
struct counted {
    words inexact, zeros, overflows, saturated, max_error;
    reals noise; /* by rule */
    double signal;
};

static void found(struct hu_block_walk *w, const struct counted *c)
{
    floats errors = (floats)c->max_error;
    memcpy(w->noise_by_rule, &c->noise, sizeof w->noise_by_rule);
    w->signal = c->signal;
    for (int k = 0; k < 8; k++) {
        w->all.inexact += (uint32_t)c->inexact[k];
        w->all.zeros += (uint32_t)c->zeros[k];
        w->overflows += (uint32_t)c->overflows[k];
        w->saturated += (uint32_t)c->saturated[k];
        if ((double)errors[k] > w->all.max_error)
            w->all.max_error = (double)errors[k];
    }
}

#define NAME(x) plain_##x
#define TARGET
#include "block_walk_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma,popcnt")))
#include "block_walk_e2m1.h"
#undef TARGET

#define NAME(x) avx2_##x
#define TARGET __attribute__((target("avx2,fma")))
#define LARGER(a, b) ((words)_mm256_max_epi32((__m256i)(a), (__m256i)(b)))
#define LESSER(a, b) ((floats)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define WIDE_AT(p) ((reals)_mm256_cvtps_pd(_mm_load_ps(p)))
#define WORDS_OF(h) ((words)_mm256_cvtepu16_epi32((__m128i)(h)))
#define SQUARE(a, sum) ((reals)_mm256_fmadd_pd((__m256d)(a), (__m256d)(a), (__m256d)(sum)))
#define SIXTEEN(w, x, runs, c) ((w)->sixteen && e2m1_walk(&(w)->steps, x, runs, c))
#include "block_walk_lanes.h"

static bool avx512bf16_walk(struct hu_block_walk *w)
{
    w->sixteen = w->is_bf16 && is_e2m1(&w->steps);
    return avx2_walk(w);
}
#endif

hu_block_walker *hu_block_walker_of(const char *kernel)
{
#if defined(__x86_64__)
    if (!strcmp(kernel, "avx512bf16"))
        return avx512bf16_walk;
    if (!strncmp(kernel, "avx", 3))
        return avx2_walk;
#endif
    (void)kernel;
    return plain_walk;
}
