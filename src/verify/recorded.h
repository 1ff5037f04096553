/* Recorded conversions and operations: lines of sources, result and flags in hexadecimal, as
 * TestFloat writes. */
#pragma once

#include "verify/convention.h"

#include <stdio.h>

unsigned hu_to_testfloat(unsigned flags);

enum { HU_RECORDED_MESSAGE = 256 };

struct hu_recorded {
    uint64_t lines;          /* vectors read */
    uint64_t mismatches;     /* lines with a wrong code or wrong flags */
    struct hu_faults faults; /* whose flags are ours, not TestFloat's; freed by the caller */
    struct hu_operation_faults operation_faults; /* those of operations */
    bool bad; /* the text cannot be read; message says where and why */
    char message[HU_RECORDED_MESSAGE];
};

/* What else a check may do; all zero: nothing. */
struct hu_recorded_options {
    void (*progress)(uint64_t lines); /* lines just done */
    struct hu_sample *sample;         /* takes some of the lines, what is wrong above all */
    const atomic_bool *cancel;        /* once true, the check ends, */
    uint64_t stop_after;              /* or after so many mismatches; 0: never */
};

/*
 * Checks STREAM to its end or to its first bad line: as many columns of sources as QUESTION has
 * operands, results and flags. Empty lines and lines that start with '#' are passed over.
 */
void hu_recorded_check(struct hu_recorded *result, FILE *stream, const struct hu_question *question,
                       const struct hu_recorded_options *options);
