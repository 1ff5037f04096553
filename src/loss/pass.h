/*
 * The inner loops of the statistics: passes over a chunk of finite values, in the machine's widest
 * lanes, with results that do not depend on how wide those are. Thread-safe.
 */
#ifndef HALFULP_LOSS_PASS_H
#define HALFULP_LOSS_PASS_H

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
 * the same arrays. emin: the target's. in_fp32: relative errors are rounded to fp32. Out: error
 * and relative, the absolute ones of each. */
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

/* X, finite, is rounded to nearest, ties to even, to TRAILING_BITS behind the leading one, or to
 * the unit that EMIN has with as many. Without scales all of X are in the target's range. With them
 * elements are rounded as multiples of their 2^scale, and those that reach OVERFLOW become MOST:
 * both in the target's scale. With a divisor, in fp64, quotients are rounded to fp64 and then to
 * the target, in whose range they are, and multiplied by it again. */
struct hu_pass_near {
    const void *x;
    const void *ahead; /* the chunk that is read next, which may be brought near */
    struct hu_pass_range range;
    int emin, trailing_bits;
    double divisor;          /* or 0 */
    bool in_fp32;            /* with a divisor: relative errors are rounded to fp32 */
    const int *scales;       /* HU_SCALES exponents, or NULL */
    uint64_t most, overflow; /* as bits of the type; normal numbers */
    void *error, *relative;  /* room for HU_CHUNK each; what follows is found: */
    uint64_t inexact, zeros, subnormals, overflows;
    uint64_t max_error, max_relative, max_units;
    struct hu_pass_sum noise; /* these two where some are inexact */
    double squares_of_relative;
};

/* Whether a type of so many FRACTION bits and this BIAS holds what near adds to round, and the
 * least normal numbers of all scales are normal in it; with a divisor, whether its quotients are
 * far from the type's least and greatest. */
static inline bool hu_pass_has_room(const struct hu_pass_near *b, int fraction, int bias)
{
    int room = fraction - b->trailing_bits, top = (int)(b->range.greatest >> fraction) - bias;
    if (b->divisor != 0) {
        const int far = 400;
        int least = (int)((b->range.least_nonzero + 1) >> fraction) - bias;
        int exponent = ilogb(b->divisor);
        if (fraction != 52 || (b->range.greatest && least < -far) || top > far ||
            abs(exponent) > far)
            return false;
        top += 1 - exponent;
    }
    int low = b->emin, high = b->emin;
    for (int i = 0; b->scales && i < HU_SCALES; i++) {
        int emin = b->emin + b->scales[i];
        low = emin < low ? emin : low;
        high = emin > high ? emin : high;
    }
    return low >= 1 - bias && room >= 1 && top + room <= bias && high + room <= bias;
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
    /* False: this type has no room for it, and nothing is written. */
    bool (*near)(struct hu_pass_near *near);
    void (*errors)(struct hu_pass_errors *e);
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
    size_t size;       /* of a value: 4 or 8 */
    bool near_is_long; /* near calls for memory ahead, and has the time to */
};

/* The passes for fp32 or fp64 values, for the instruction set of hu_kernel_chosen. */
const struct hu_passes *hu_passes(bool is_fp32);

/* NAME is a kernel's: "avx512…", "avx2…", any other for plain C. For tests. */
const struct hu_passes *hu_passes_of(const char *name, bool is_fp32);

#endif
