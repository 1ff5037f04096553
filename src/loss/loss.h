/*
 * What a conversion loses: counts, largest errors and sums of squares over elements, of which each
 * figure is defined below. Sums are exact or carry 90 bits and more, and adding two losses is
 * commutative: pieces of data, threads and their order give the same figures.
 */
#pragma once

#include "exact_sum.h"
#include "relative.h"
#include "convert.h"

/* Of the finite elements of the data: */
struct hu_loss {
    uint64_t measured;   /* those whose result is finite: errors are taken over them */
    uint64_t overflow;   /* rounded with an unbounded exponent they lie beyond the target's largest;
                            into an integer, outside its range */
    uint64_t invalid;    /* became NaN without overflow: negative ones in e8m0 */
    uint64_t underflow;  /* nonzero, became zero, and none of those that overflow */
    uint64_t subnormal;  /* became subnormal */
    uint64_t inexact;    /* result is finite and another value */
    uint64_t zeros;      /* are 0; hu_gathered_finish counts them: all are measured */
    double max_error;    /* |result - x|: exact where the direction is to nearest, none overflows
                            and no tensor scale is used, else rounded once to fp64 */
    double max_relative; /* |result - x| / |x| over x that are not 0: see relative.h; those beyond
                            its type's range are left out */
    double max_ulps;     /* |result - x| / ulp of the result */
    struct hu_exact_sum noise;    /* of (result - x)^2 */
    struct hu_exact_sum signal;   /* of x^2 */
    struct hu_exact_sum relative; /* of the squares of relative errors, within 2^-43 of it */
};

/* One value that COUNT elements have. x, result: in the data's scale. scaled, code: in the
 * target's; without a scale the same two. */
struct hu_loss_point {
    double x, result, scaled, code;
    uint64_t count;
    bool overflow;
};

/* What a loss needs to know of the target, once. */
struct hu_loss_target {
    const struct hu_format *format;
    int emin, emax, trailing_bits;
    double min_normal;
};
struct hu_loss_target hu_loss_target_of(const struct hu_format *format);

/* The least magnitude of fp64 that raises some of FLAGS on its way into F, whatever is drawn;
 * HUGE_VAL: none does. NEGATIVE: below zero. */
double hu_loss_overflow_from(const struct hu_format *f, const struct hu_options *options,
                             bool negative, unsigned flags);

/* DIFFERENCE in units of the last place that CODE, finite, has in the target. */
double hu_loss_in_ulps(const struct hu_loss_target *target, double difference, double code);

/* Adds a point by its definition, one value at a time. in_fp32: see relative.h. */
void hu_loss_add(struct hu_loss *loss, const struct hu_loss_target *target,
                 const struct hu_loss_point *point, bool in_fp32);
void hu_loss_merge(struct hu_loss *loss, const struct hu_loss *other);

/* What is reported. Means are over the measured elements, those of relative errors over the ones
 * that are not 0; square roots and logarithms of the exact
 * sums, right to 2 units of fp64's last place. */
struct hu_loss_figures {
    uint64_t measured, overflow, invalid, underflow, subnormal, exact;
    double max_error, rms_error, max_relative, rms_relative, max_ulps;
    double sqnr; /* 10 log10(signal / noise), dB; HUGE_VAL without noise, -HUGE_VAL when no signal
                    is left */
};
struct hu_loss_figures hu_loss_figures(const struct hu_loss *loss);
