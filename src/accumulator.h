/*
 * Sums of products without rounding: a fixed-point number as wide as two formats' products need
 * (Kulisch, 2013, chapter 8). Not thread-safe on one accumulator; no allocation.
 */
#pragma once

#include "convert.h"
#include "wide.h"

#include <stddef.h>

/* Products of the widest formats: exponents of 15 bits, from 2^-32862 to 2^32770, and room for 2^64
 * of them. */
enum { HU_ACCUMULATOR_LIMBS = (32770 + 32862 + 64) / 64 + 2 };

/* Two's complement; bit 0 of limb 0 is 2^unit. */
struct hu_accumulator {
    int unit;
    size_t limbs;
    uint64_t limb[HU_ACCUMULATOR_LIMBS];
};

/* Zero, for addends that are whole multiples of 2^LEAST and below 2^GREATEST. */
void hu_accumulator_begin(struct hu_accumulator *a, int least, int greatest);

/* += (-1)^SIGN * MAGNITUDE * 2^EXPONENT. */
void hu_accumulator_add(struct hu_accumulator *a, bool sign, struct hu_wide magnitude,
                        int exponent);

/* The sum, with its leading 64 bits and whether anything follows; the accumulator is spent. False:
 * it is zero. */
bool hu_accumulator_real(struct hu_accumulator *a, struct hu_real *real);
