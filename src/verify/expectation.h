/*
 * What a conversion ought to give: MPFR's answer, bent to what a chip or a library promises. All
 * functions are thread-safe as long as each thread has a reference of its own.
 */
#pragma once

#include "format.h"
#include "reference.h"

/* Which subnormals count as zeros of their sign; the two are or-ed. */
enum hu_flush {
    HU_KEEP = 0,
    HU_FLUSH_IN = 1,  /* a subnormal source is a zero; no flag tells */
    HU_FLUSH_OUT = 2, /* a subnormal result becomes a zero, with underflow and inexact; where
                         tininess is detected before rounding, so does whatever was tiny then */
    HU_FLUSH_TINY = 4 /* with HU_FLUSH_OUT: so does whatever is tiny after rounding, which x86's FTZ
                         goes by (Intel SDM volume 1, section 10.2.3.3) */
};

/* What --subnormals calls them, and each name's flushes. */
enum { HU_FLUSHES = 6 };
extern const char *const hu_flush_names[HU_FLUSHES];
extern const unsigned hu_flush_values[HU_FLUSHES];

/* Sources that may give anything, and zeros that may have either sign; or-ed. */
enum hu_ignore {
    HU_IGNORE_NAN = 1,
    HU_IGNORE_INFINITY = 2,
    HU_IGNORE_ZERO_SIGN = 4,
    HU_IGNORE_ZERO_SCALE = 8, /* of a block of zeros any scale will do */
};

enum { HU_STEPS_MAX = 2 };

struct hu_promise {
    struct hu_options options; /* no HU_STOCHASTIC */
    unsigned flush;            /* enum hu_flush */
    unsigned ignore;           /* enum hu_ignore */
    bool any_nan;              /* any NaN code will do where a NaN is due */
    bool no_flags;             /* flags are not looked at */
    bool saturate_finite;      /* finite values saturate, infinities do not */
    bool has_nan_code;         /* a NaN becomes nan_code in a target without a NaN */
    uint64_t nan_code;
    /* Formats that a value is rounded into before the target, in their order: --via's, and the
     * format that results have where they come as wider data. NULL from the first absent one on. */
    const struct hu_format *step[HU_STEPS_MAX];
    bool last_step_is_result; /* the last step's codes are the result; the target only holds them */
};

/* Besides the exceptions, in what hu_expect raises: whatever is given will do. */
enum { HU_ANYTHING = 128 };

/* What chips that flush make of CODE, a result in TO with those FLAGS. */
uint64_t hu_promise_flush(const struct hu_promise *promise, const struct hu_format *to,
                          uint64_t code, unsigned *flags);

/* The code in TO of the source BITS, and in *flags all the flags that it raises, those of every
 * step together; or HU_ANYTHING. */
uint64_t hu_expect(struct hu_reference *r, const struct hu_format *to, const struct hu_format *from,
                   uint64_t bits, const struct hu_promise *promise, unsigned *flags);

/* The format whose units a result is measured in: TO, or what the wider TO holds. */
const struct hu_format *hu_promised_format(const struct hu_format *to,
                                           const struct hu_promise *promise);

/* Whether BITS is a NaN of F, an infinity, a zero, a subnormal. */
bool hu_code_is_nan(const struct hu_format *f, uint64_t bits);
bool hu_code_is_infinite(const struct hu_format *f, uint64_t bits);
bool hu_code_is_zero(const struct hu_format *f, uint64_t bits);
bool hu_code_is_subnormal(const struct hu_format *f, uint64_t bits);
/* The zero that a subnormal counts as. */
uint64_t hu_code_flushed(const struct hu_format *f, uint64_t bits);

/* Whether GOT, which is not EXPECTED, keeps the promise all the same. */
bool hu_satisfies_otherwise(const struct hu_format *to, const struct hu_promise *promise,
                            uint64_t expected, uint64_t got);

/* Whether GOT keeps the promise where EXPECTED is due. */
static inline bool hu_satisfies(const struct hu_format *to, const struct hu_promise *promise,
                                uint64_t expected, uint64_t got)
{
    return got == expected || hu_satisfies_otherwise(to, promise, expected, got);
}
