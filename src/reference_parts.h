/* What the reference's files share. Private to them. */
#pragma once

#include "reference.h"

#define MPFR_USE_INTMAX_T
#include <mpfr.h>

enum {
    /* Holds any datum, and read text rounded to odd: more than two bits wider than any target, so
     * that rounding again is innocuous (Boldo and Melquiond, 2008, theorem 1). */
    EXACT_BITS = 160,
};

struct hu_reference {
    mpfr_t value;   /* the exact source */
    mpfr_t scaled;  /* in units of the target's quantum */
    mpfr_t rounded; /* an integer of those units */
    mpfr_t half;
    mpfr_t operand[3];
    mpfr_t limit; /* the largest finite value of limited */
    const struct hu_format *limited;
};

/* What a code is besides its value. */
struct hu_reference_datum {
    const struct hu_format *format;
    bool nan, signaling, sign;
    uint64_t trailing; /* a NaN's */
};

/* The datum of BITS; VALUE becomes its value, of either zero and infinity too, or NaN. */
struct hu_reference_datum hu_reference_decode(mpfr_t value, const struct hu_format *f,
                                              uint64_t bits);

/* r->value, which is not NaN, rounded into TO. */
uint64_t hu_reference_round(struct hu_reference *r, const struct hu_format *to,
                            const struct hu_options *o, unsigned *flags);

/* r->scaled to an integer in r->rounded. Returns whether that changed it. */
bool hu_reference_round_scaled(struct hu_reference *r, enum hu_direction direction);

/* A NaN of another format in TO, and one of no operand. */
uint64_t hu_reference_round_nan(const struct hu_format *to, const struct hu_reference_datum *nan,
                                unsigned *flags);
uint64_t hu_reference_new_nan(const struct hu_format *to, bool sign, bool full, unsigned *flags);

/* From rounding toward zero to rounding to odd, of a value that was not exact. */
void hu_reference_to_odd(mpfr_t value);

bool hu_reference_has_infinity(const struct hu_format *f);
bool hu_reference_has_sign(const struct hu_format *f);
