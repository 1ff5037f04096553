/* What a relative error is, for those who take it of one element and those who take it of lanes. */
#pragma once

#include "float_bits.h"

#include <stdbool.h>

static inline double hu_to_24_bits(double x)
{
    const uint64_t half = UINT64_C(1) << (52 - 24), bits = hu_bits_of_double(x);
    return hu_double_of_bits((bits + half - 1 + (bits / (2 * half) & 1)) & -(2 * half));
}

/* An error over the magnitude that has it; in_fp32, of a magnitude of fp32: error and quotient are
 * rounded to as many bits. */
static inline double hu_relative_error(double error, double size, bool in_fp32)
{
    return in_fp32 ? hu_to_24_bits(hu_to_24_bits(error) / size) : error / size;
}
