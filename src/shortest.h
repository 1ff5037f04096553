/* Shortest decimals. Pure and thread-safe. */
#ifndef HALFULP_SHORTEST_H
#define HALFULP_SHORTEST_H

#include "codec.h"

/* digits * 10^exponent, without zeros at the end of the digits. */
struct hu_decimal {
    char digits[24];
    int count;
    int exponent;
};

/*
 * The shortest decimal in the interval of reals that round to nearest, ties to even, to the
 * positive finite nonzero datum BITS of F as if its neighbours had no bounds of range, and of the
 * shortest the closest.
 */
void hu_shortest(struct hu_decimal *out, const struct hu_format *f, uint64_t bits);

/* The same by rational arithmetic, for every format; slow. */
void hu_shortest_exact(struct hu_decimal *out, const struct hu_format *f, uint64_t bits);

/* Whether hu_shortest needs no rational arithmetic for F: its precision and range are within
 * fp64's. */
bool hu_shortest_is_fast(const struct hu_format *f);

#endif
