/*
 * What a conversion ought to give: MPFR's answer, bent to what a chip or a library promises. All
 * functions are thread-safe as long as each thread has a reference of its own.
 */
#ifndef HALFULP_VERIFY_EXPECTATION_H
#define HALFULP_VERIFY_EXPECTATION_H

#include "format.h"
#include "reference.h"

/* Which subnormals count as zeros of their sign; the two are or-ed. */
enum hu_flush {
    HU_KEEP = 0,
    HU_FLUSH_IN = 1, /* a subnormal source is a zero; no flag tells */
    HU_FLUSH_OUT = 2 /* a subnormal result becomes a zero, with underflow and inexact; where
                        tininess is detected before rounding, so does whatever was tiny then */
};

struct hu_promise {
    struct hu_options options; /* no HU_STOCHASTIC */
    unsigned flush;            /* enum hu_flush */
    bool any_nan;              /* any NaN code will do where a NaN is due */
    bool no_flags;             /* flags are not looked at */
};

/* The code in TO of the source BITS, and in *flags all the flags that it raises. */
uint64_t hu_expect(struct hu_reference *r, const struct hu_format *to, const struct hu_format *from,
                   uint64_t bits, const struct hu_promise *promise, unsigned *flags);

/* Whether BITS is a NaN of F. */
bool hu_code_is_nan(const struct hu_format *f, uint64_t bits);

/* Whether GOT keeps the promise where EXPECTED is due. */
static inline bool hu_satisfies(const struct hu_format *to, const struct hu_promise *promise,
                                uint64_t expected, uint64_t got)
{
    return got == expected ||
           (promise->any_nan && hu_code_is_nan(to, expected) && hu_code_is_nan(to, got));
}

#endif
