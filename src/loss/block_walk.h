/*
 * What becomes of blocks whose scales are powers of two, without their codes: each is read once,
 * its elements are rounded to nearest even where they lie, under floor's scale and under ceil's,
 * and measured as hu_measure does it, to the bit. Thread-safe. Private to the statistics.
 */
#pragma once

#include "block/scale_rule.h"
#include "block_measure.h"

enum { WALK_BLOCK = 32, HU_SCALE_RULES = HU_SCALE_EVEN - HU_SCALE_FLOOR + 1 };

/* What blocks of a format do under a rule, as bits of fp32. Under the scale that suits 2^e as
 * greatest magnitude, with E the bits of 2^e, the least normal number is E − below, the greatest
 * number E + most, and the greatest magnitude that does not overflow E + held. */
struct hu_block_steps {
    int trailing_bits; /* 0: they are not walked over */
    int32_t below, most, held;
    int32_t first, last; /* greatest magnitudes that are near enough to 1, or 0 */
    /* The fraction from which a rule's scale is ceil's, not floor's, from floor's own on. */
    int32_t next_from[HU_SCALE_RULES];
    int rule; /* which of them */
};
struct hu_block_steps hu_block_steps_of(const struct hu_block *b, enum hu_scale_rule rule,
                                        const double reach[2]);

struct hu_block_walk {
    struct hu_block_steps steps;
    const void *x; /* of this machine: bf16, or fp32 */
    bool is_bf16;
    size_t blocks;
    struct hu_measured *runs; /* of each block */
    bool sixteen;             /* the walker's own: whether it has a way for so many at once */
    float most;               /* errors that are not above it need not be found */
    /* What is found: */
    struct hu_measured_all all;
    double noise_by_rule[HU_SCALE_RULES], signal;
    uint64_t overflows, saturated;
};

/* False: a block's greatest magnitude is far from 1, infinite or a NaN, and nothing is found. */
typedef bool hu_block_walker(struct hu_block_walk *w);
/* KERNEL: as for hu_measure_of. */
hu_block_walker *hu_block_walker_of(const char *kernel);
