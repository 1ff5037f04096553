/* The rounding of the source into one format, taken apart. Not thread-safe. */
#pragma once

#include "document.h"

enum scope_kind {
    SCOPE_SPECIAL, /* nothing to round: the source is infinite or NaN, or the format lacks it */
    SCOPE_EXACT,   /* the format has the source */
    SCOPE_BETWEEN, /* it lies between two neighbours */
    SCOPE_BEYOND,  /* its magnitude exceeds the largest finite value */
};

enum { DIRECTIONS = 6, SCOPE_REASON = 160, SCOPE_KEPT = 72, SCOPE_DROPPED = 12 };

struct way {
    enum hu_direction direction;
    uint64_t bits; /* where it goes */
    int step;      /* -1: to the lower neighbour, 0: neither, 1: to the upper */
    char reason[SCOPE_REASON];
};

struct microscope {
    enum scope_kind kind;
    const struct hu_format *format;
    /* The neighbours; where kind is SCOPE_BEYOND one of them is the value that a wider exponent
     * range would have there, and is_virtual says which: -1 the lower, 1 the upper. */
    char lower[64], upper[64];         /* as values are shown to people */
    char lower_hex[24], upper_hex[24]; /* as encodings; empty for a virtual one */
    int is_virtual;
    double position;       /* of the source: 0 at the lower, 1 at the upper, beyond it greater */
    char near[24];         /* how far the nearer neighbour is, in gaps between the two */
    int side;              /* of the midpoint that the source lies on: -1, 0 (a tie), 1 */
    char kept[SCOPE_KEPT]; /* the bits of the magnitude's significand that fit: 1.0110; 110 */
    char guard, round, sticky;       /* '0' or '1' */
    int unit;                        /* the kept part counts in 2^unit */
    char dropped[SCOPE_DROPPED + 1]; /* the first bits that do not fit, guard first */
    bool more;                       /* others beyond these are not all 0 */
    char share[48], worth[48];       /* what is dropped: of 2^unit, and in all */
    char summary[200];
    struct way ways[DIRECTIONS];
};

void microscope_look(struct microscope *s, const struct document *d, const struct hu_format *f);
