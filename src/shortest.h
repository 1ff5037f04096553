/* Shortest decimals. Pure and thread-safe. */
#pragma once

#include "codec.h"

/* digits * 10^exponent, without zeros at the end of the digits. */
struct hu_decimal {
    char digits[24];
    int count;
    int exponent;
};

/* digits * 10^exponent, without the zeros at the end of DIGITS, which is positive. */
void hu_decimal_set(struct hu_decimal *out, uint64_t digits, int exponent);

/* As text; numbers from 1e-4 up to 1e16 are written without an exponent, as by Python's repr.
 * Returns the length. */
size_t hu_decimal_print(char *out, const struct hu_decimal *d);

/* "-snan(0x12)"; the payload where it is not 0. */
size_t hu_nan_print(char *out, bool sign, bool signaling, uint64_t payload);

/*
 * The shortest decimal in the interval of reals that round to nearest, ties to even, to the
 * positive finite nonzero datum BITS of F as if its neighbours had no bounds of range, and of the
 * shortest the closest.
 */
void hu_shortest(struct hu_decimal *out, const struct hu_format *f, uint64_t bits);

/* The same by rational arithmetic, for every format; slow. */
void hu_shortest_exact(struct hu_decimal *out, const struct hu_format *f, uint64_t bits);
