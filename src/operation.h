/* Neighbours, order, ulp and limits. Pure and thread-safe. */
#ifndef HALFULP_OPERATION_H
#define HALFULP_OPERATION_H

#include "convert.h"

/*
 * IEEE 754-2019 section 5.3.1's nextUp and nextDown: the least datum above BITS, the greatest
 * below. Infinities stay at themselves from outside. False, and *next is untouched: a NaN, or a
 * format without infinities has nothing there. The zero between signs is met once, with the sign
 * that the standard gives it.
 */
bool hu_next_up(const struct hu_format *f, uint64_t bits, uint64_t *next);
bool hu_next_down(const struct hu_format *f, uint64_t bits, uint64_t *next);

/* A key by which the numbers of a format order as integers: both zeros at 0, but for uint64. Not
 * for NaNs. */
int64_t hu_order(const struct hu_format *f, uint64_t bits);

/* The code of the negative; false where the format has none (an unsigned format, the zero and the
 * NaN of one without -0, an integer's zero and its least). */
bool hu_negate(const struct hu_format *f, uint64_t bits, uint64_t *negated);

/* The exponent of the unit in the last place of a finite datum. */
int hu_ulp_exponent(const struct hu_format *f, uint64_t bits);

/* Codes of the positive data that users name. min_subnormal: false where there is none. An
 * integer's least normal number is 1. */
uint64_t hu_min_normal_code(const struct hu_format *f);
bool hu_min_subnormal_code(const struct hu_format *f, uint64_t *code);
bool hu_max_subnormal_code(const struct hu_format *f, uint64_t *code);
/* 2^(1-p), the distance from 1 to the next number up; 1 in an integer. */
uint64_t hu_epsilon_code(const struct hu_format *f);

/* Of f's numbers: C23 section 5.2.5.3.3's *_DIG and *_DECIMAL_DIG, and the largest n with every
 * integer from 1 to n in the format. */
int hu_digits10(const struct hu_format *f);
int hu_max_digits10(const struct hu_format *f);
uint64_t hu_max_consecutive_integer(const struct hu_format *f);

#endif
