/*
 * How far one array is from another: counts, largest errors and sums of squares, which are added
 * exactly, so that pieces in any order give the same figures. Thread-safe.
 */
#pragma once

#include "loss.h"

struct hu_difference {
    uint64_t equal;    /* elements of one value; a NaN equals any, 0 equals -0 */
    uint64_t measured; /* both are finite: errors are over them */
    uint64_t unlike;   /* one is not finite, and the other is another datum */
    double max_error;
    double max_ulps;            /* of what hu_difference_add was told */
    struct hu_exact_sum noise;  /* of (second - first)^2, within 2^-43 of it */
    struct hu_exact_sum signal; /* of first^2 */
};

enum { HU_DIFFERENCE_CHUNK = 4096 };

/* In whose units of the last place errors are counted. */
struct hu_difference_ulp {
    struct hu_loss_target target;
    bool of_first; /* of the first number, and not of the second */
};

/* N elements, at most HU_DIFFERENCE_CHUNK, whose memory is used up. ulp NULL: they are not counted
 * so. The same cuts of an array give the same bits. */
void hu_difference_add(struct hu_difference *d, double *first, double *second, size_t n,
                       const struct hu_difference_ulp *ulp);
void hu_difference_merge(struct hu_difference *d, const struct hu_difference *other);

struct hu_difference_figures {
    double max_error, rms_error, max_ulps, sqnr; /* as in hu_loss_figures */
};
struct hu_difference_figures hu_difference_figures(const struct hu_difference *d);
