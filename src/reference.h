/*
 * The same answers by MPFR, the judge of the conversions. Shares the format table with them and
 * nothing else. MPFR's global exponent range is not touched: each thread may use a reference of
 * its own.
 */
#pragma once

#include "format.h"

struct hu_reference;

/* NULL: out of memory. */
struct hu_reference *hu_reference_new(void);
void hu_reference_free(struct hu_reference *r);

/* As hu_convert, for every direction but HU_STOCHASTIC. options and flags may be NULL. */
uint64_t hu_reference_convert(struct hu_reference *r, const struct hu_format *to,
                              const struct hu_format *from, uint64_t bits,
                              const struct hu_options *options, unsigned *flags);

/* As hu_operate, for every direction but HU_STOCHASTIC; no format and no pointer may be NULL. */
uint64_t hu_reference_operate(struct hu_reference *r, enum hu_operation operation,
                              const struct hu_format *to, const struct hu_format *const from[],
                              const uint64_t x[], const struct hu_operation_options *options,
                              unsigned *flags);

/* The finite decimal, C hexadecimal or binary number in TEXT, as mpfr_strtofr reads it, rounded
 * into TO. False: TEXT is not all number. */
bool hu_reference_read(struct hu_reference *r, const struct hu_format *to, const char *text,
                       const struct hu_options *options, uint64_t *bits, unsigned *flags);

/* An exact number rounded into TO: a fraction of two GMP integers, whose zero has SIGN, or an
 * infinity of SIGN, or a NaN, which becomes the default one. */
enum hu_reference_kind { HU_REFERENCE_FINITE, HU_REFERENCE_INFINITE, HU_REFERENCE_NAN };
uint64_t hu_reference_round_fraction(struct hu_reference *r, const struct hu_format *to,
                                     enum hu_reference_kind kind, bool sign, const void *numerator,
                                     const void *denominator, const struct hu_options *options);
