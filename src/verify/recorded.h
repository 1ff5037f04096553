/* Recorded conversions: lines of source, result and flags in hexadecimal, as TestFloat writes. */
#ifndef HALFULP_VERIFY_RECORDED_H
#define HALFULP_VERIFY_RECORDED_H

#include "verify/scan.h"

#include <stdio.h>

/* TestFloat's flag bits, which are SoftFloat's (softfloat.h of its release 3). */
enum {
    HU_TESTFLOAT_INEXACT = 1,
    HU_TESTFLOAT_UNDERFLOW = 2,
    HU_TESTFLOAT_OVERFLOW = 4,
    HU_TESTFLOAT_INFINITE = 8, /* division by zero: no conversion raises it */
    HU_TESTFLOAT_INVALID = 16
};

unsigned hu_to_testfloat(unsigned flags);

enum { HU_RECORDED_MESSAGE = 256 };

struct hu_recorded {
    uint64_t lines;                     /* vectors read */
    uint64_t mismatches;                /* lines with a wrong code or wrong flags */
    struct hu_mismatch first[HU_SHOWN]; /* the flags are ours, not TestFloat's */
    uint64_t line[HU_SHOWN];            /* on which each stands, from 1 */
    unsigned shown;
    bool bad; /* the text cannot be read; message says where and why */
    char message[HU_RECORDED_MESSAGE];
};

/*
 * Checks STREAM to its end or to its first bad line. Empty lines and lines that start with '#' are
 * passed over. progress: called with lines just done; may be NULL.
 */
void hu_recorded_check(struct hu_recorded *result, FILE *stream, const struct hu_format *to,
                       const struct hu_format *from, const struct hu_promise *promise,
                       void (*progress)(void *context, uint64_t lines), void *context);

#endif
