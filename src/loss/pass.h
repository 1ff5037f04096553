/*
 * The inner loops of the statistics: passes over a chunk of finite values, in the machine's widest
 * lanes, with results that do not depend on how wide those are. Thread-safe.
 */
#pragma once

#include "halfulp.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Elements of a chunk; the passes always run over all of them, so what lies behind the last is
 * filled with zeros. */
enum { HU_CHUNK = 2048 };

/* Magnitudes as bits of the type that the values have. */
struct hu_pass_range {
    uint64_t greatest;      /* of all elements, NaNs and infinities included */
    uint64_t least_nonzero; /* minus 1; a zero counts as UINT64_MAX, or as UINT32_MAX */
};

/* x: the data; result: what becomes of it; scaled and code: the same in the target's scale, or
 * the same arrays. emin: the target's. in_fp32: relative errors are fp32's (see relative.h). Out:
 * error and relative, the absolute ones of each. */
struct hu_pass_errors {
    const void *x, *result, *scaled, *code;
    int emin;
    bool in_fp32;
    void *error, *relative;
    uint64_t inexact;
    uint64_t max_error, max_relative; /* as bits of the type */
    uint64_t max_units;               /* |code - scaled| / 2^exponent of code, as bits */
};

/* A sum of squares: (high + low) * 2^exponent, where high is exact and low carries what is left of
 * each square, added in a fixed order: 90 bits in all at least. */
struct hu_pass_sum {
    double high, low;
    int exponent;
};

/* Elements in a row that share a scale. */
enum { HU_SCALED = 32, HU_SCALES = HU_CHUNK / HU_SCALED };

/* X, finite, is rounded in DIRECTION, which draws nothing, to TRAILING_BITS, one at least, behind
 * the leading one, or to the unit that EMIN has with as many. Without scales all of X are in the
 * target's range. With them, to nearest, elements are rounded as multiples of their 2^scale, and
 * those that reach OVERFLOW become MOST: both in the target's scale. With a divisor, quotients are
 * rounded to fp64 and then to the target, in whose range they are, and multiplied by it again; the
 * pass of fp32 finds the same by divisors from 1 to 2. Relative errors are fp32's where the
 * pass is of fp32 or IN_FP32 is set. */
struct hu_pass_near {
    const void *x;
    struct hu_pass_range range;
    enum hu_direction direction;
    int emin, trailing_bits;
    double divisor;          /* or 0 */
    const int *scales;       /* HU_SCALES exponents, or NULL */
    uint64_t most, overflow; /* as bits of the type; normal numbers */
    double units_known; /* units that some error has already: max_units may be 0 if none has more */
    bool in_fp32;
    /* What is found: */
    uint64_t inexact, zeros, subnormals, overflows;
    double max_error, max_relative, max_units;
    struct hu_pass_sum noise;
    double squares_of_relative;
};

/* The exponent of the greatest value that is rounded, or more. */
static inline int hu_pass_top(const struct hu_pass_near *b, int fraction, int bias)
{
    int top = (int)(b->range.greatest >> fraction) - bias;
    return b->divisor != 0 ? top + 1 - ilogb(b->divisor) : top;
}

/* Whether a type of so many FRACTION bits and this BIAS holds what near adds to round, and the
 * least normal numbers of all scales are normal in it; in fp64, whether values and quotients are so
 * far from the type's least and greatest that squares of errors are in its range. */
static inline bool hu_pass_has_room(const struct hu_pass_near *b, int fraction, int bias)
{
    const int far = 400;
    int room = fraction - b->trailing_bits, top = hu_pass_top(b, fraction, bias);
    int least = (int)((b->range.least_nonzero + 1) >> fraction) - bias;
    int divisor = b->divisor != 0 ? ilogb(b->divisor) : 0;
    if (fraction == 52 && b->range.greatest &&
        (least < -far || top > far || b->emin > far || abs(divisor) > far))
        return false;
    int low = b->emin, high = b->emin;
    for (int i = 0; b->scales && i < HU_SCALES; i++) {
        int emin = b->emin + b->scales[i];
        low = emin < low ? emin : low;
        high = emin > high ? emin : high;
    }
    /* Blocks may have their least normal number below the type's, if nothing is near it. */
    bool normal = low >= 1 - bias || (b->scales && least >= 1 - bias);
    /* Ties away use one bit more (see rounded). */
    room -= b->direction == HU_TIES_TO_AWAY;
    return normal && room >= 1 && b->trailing_bits >= 1 && top + room < bias && high + room < bias;
}

/* Errors are below 2^(the result + 1), unless a scale is too small by more than its rule makes it:
 * that of a block leaves out what lies between most and the next power of two. */
static inline int hu_pass_error_bound(const struct hu_pass_near *b, int fraction, int bias)
{
    int top = hu_pass_top(b, fraction, bias), divisor = b->divisor != 0 ? ilogb(b->divisor) + 1 : 0;
    int below = b->trailing_bits + 1;
    if (b->scales) {
        uint64_t next = ((b->most >> fraction) + 1) << fraction;
        int left_out = fraction - ilogb((double)(next - b->most));
        below = left_out < below ? left_out : below;
    }
    return (top > b->emin ? top : b->emin) - below + divisor;
}

/* Binades that are told apart by comparing; beyond, tables are as fast. */
enum { HU_FEW = 64 };

/* How often each of NUMBER biased exponents from FIRST on occurs. */
struct hu_pass_exponents {
    int first, number;
    uint32_t counts[HU_FEW + 1];
};

struct hu_passes {
    void (*range)(const void *x, struct hu_pass_range *range);
    /* KEPT: X with zeros where its magnitude, as bits, is LIMIT or greater. Returns how many those
     * are; range: that of KEPT. */
    size_t (*clip)(const void *x, uint64_t limit, void *kept, struct hu_pass_range *range);
    /* Which magnitudes, as bits, are in [FIRST, LAST]: their places. Returns how many. */
    size_t (*find)(const void *x, uint64_t first, uint64_t last, uint16_t at[HU_CHUNK + 1]);
    /* The greatest magnitude of each HU_SCALED in a row, as bits. */
    void (*greatest)(const void *x, uint64_t greatest[HU_SCALES]);
    /* False: this type has no room for it. */
    bool (*near)(struct hu_pass_near *near);
    void (*errors)(struct hu_pass_errors *e); /* this, rough_squares and small: of fp64 alone */
    /* VALUES of which the greatest magnitude, as bits, is GREATEST. AHEAD: a chunk that may be
     * brought near meanwhile, or VALUES. */
    struct hu_pass_sum (*squares)(const void *values, uint64_t greatest, const void *ahead);
    /* The same in fp64, each addition rounded, in a fixed order; for values below 2^500. */
    double (*rough_squares)(const void *values);
    /* How many of CODE are zero where SCALED is not, and nonzero but below MIN_NORMAL. */
    void (*small)(const void *code, const void *scaled, double min_normal, uint64_t *zeros,
                  uint64_t *subnormals);
    /* How often each biased exponent but 0 occurs. False: they are too many. */
    bool (*count)(const void *x, const struct hu_pass_range *range, struct hu_pass_exponents *out);
    size_t size; /* of a value */
};

/* What values are: of bf16 there are range, find and count alone. */
enum hu_pass_type { HU_PASS_FP64, HU_PASS_FP32, HU_PASS_BF16 };

/* The passes for the instruction set of hu_kernel_chosen; and of a kernel's by name: "avx512…",
 * "avx2…", any other for plain C. */
const struct hu_passes *hu_passes(enum hu_pass_type type);
const struct hu_passes *hu_passes_of(const char *name, enum hu_pass_type type);

extern const struct hu_passes *const hu_passes_plain[], *const hu_passes_avx2[],
                                                            *const hu_passes_avx512[];
