/*
 * Sums of doubles and of squares of doubles without rounding: a fixed-point number wide enough for
 * every square that fp64's values have (Kulisch, 2013, chapter 8). Adding is commutative, so the
 * order of threads does not matter. Not thread-safe on one sum.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Bit 0 of limb 0 is 2^-HU_EXACT_POINT, below the square of fp64's least subnormal; the top leaves
 * room for 2^64 squares of the greatest. Two's complement. */
enum { HU_EXACT_POINT = 35 * 64, HU_EXACT_LIMBS = 72 };

struct hu_exact_sum {
    uint64_t limbs[HU_EXACT_LIMBS];
};

/* SUM += COUNT * VALUE^2, or -= with take. VALUE is finite. */
void hu_exact_add_square(struct hu_exact_sum *sum, double value, uint64_t count, bool take);

/* SUM += VALUE * 2^EXPONENT; VALUE is finite and the product no wider than the sum. */
void hu_exact_add(struct hu_exact_sum *sum, double value, int exponent);

void hu_exact_merge(struct hu_exact_sum *sum, const struct hu_exact_sum *other);

/* The sum, which must not be negative, as fraction * 2^*exponent, rounded once to nearest, ties to
 * even; the fraction is 0 or in [0.5, 1). */
double hu_exact_value(const struct hu_exact_sum *sum, int *exponent);
