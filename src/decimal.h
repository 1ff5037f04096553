/* Decimal numbers into binary at the speed of common text. Pure and thread-safe. */
#pragma once

#include "convert.h"

/*
 * digits * 10^exponent (digits nonzero) as the leading 64 bits and a sticky bit, positive. False:
 * 128 bits of the power of ten do not settle it, or exponent is out of the table's range.
 */
bool hu_decimal_real(uint64_t digits, int exponent, struct hu_real *real);
