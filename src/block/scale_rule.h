/* How scales follow from the greatest magnitude of their elements. Pure. */
#pragma once

#include "block.h"

/* What a rule asks of an element's format. */
struct hu_scale_element {
    int emax;      /* exponent of the largest value */
    int precision; /* bits of a significand */
    double max;    /* the largest value */
};

struct hu_scale_element hu_scale_element_of(const struct hu_block *b);

/* The exponent of the power of two that RULE, one of the four, gives for AMAX above 0, within what
 * e8m0 has. */
int hu_scale_exponent(enum hu_scale_rule rule, double amax, const struct hu_scale_element *element);

/* The least mantissa of amax, from 1 up to 2, for which it is one more than floor's; 2: none. */
double hu_scale_next_from(enum hu_scale_rule rule, const struct hu_scale_element *element);

/* X / Y for finite X and Y above 0, rounded to odd, so that one more rounding to at most 51 bits is
 * as one (Boldo and Melquiond, 2008). Exact quotients are themselves. */
double hu_scale_quotient(double x, double y);

/* The same of powers of two: X · 2^-EXPONENT. */
static inline double hu_scale_power(int exponent)
{
    union {
        uint64_t bits;
        double value;
    } power = {.bits = (uint64_t)(1023 + exponent) << 52};
    return power.value;
}
