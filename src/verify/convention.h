/*
 * What others promise: under which options a conversion or an operation that failed would pass.
 * Tried on boundaries and a sample first; what holds there is only proposed, and proved by whoever
 * asks.
 */
#pragma once

#include "verify/scan.h"
#include "verify/trial_operation.h"

/* Sources and what was got for them. */
struct hu_asked {
    uint64_t x[HU_OPERANDS], got;
    unsigned flags;
    bool has_flags;
};

struct hu_sample {
    struct hu_asked *at;
    size_t count;
};

/* Adds one; false: out of memory. */
bool hu_sample_add(struct hu_sample *sample, const struct hu_asked *asked);
void hu_sample_free(struct hu_sample *sample);

enum { HU_CONVENTION_OPTIONS = 4, HU_CONVENTION_TEXT = 40 };

/* A question, and the command-line options by which it differs from another. */
struct hu_convention {
    struct hu_question question;
    char option[HU_CONVENTION_OPTIONS][HU_CONVENTION_TEXT];
    size_t options;
    bool directed; /* what proved it were directed operands, not all */
};

/*
 * The conventions near QUESTION that SAMPLE does not contradict, those with the fewest options
 * first: other directions, saturation, flushing, tininess, rules about NaNs, an fma that rounds its
 * product, roundings on the way, and inputs that may give anything; up to three together. Writes at
 * most MOST, returns how many.
 */
size_t hu_conventions_find(const struct hu_sample *sample, const struct hu_question *question,
                           struct hu_convention *found, size_t most);

/* Conventions that are tried on all inputs, at most. */
enum { HU_CONVENTIONS_PROVED = 4 };

/*
 * The convention under which SUBJECT, which failed by RUNS with VERDICT, passes on all that OPTIONS
 * cover: the first of hu_conventions_find's, on the faults, boundaries and draws, for which a scan
 * shows it; what refutes one is taken into the sample. proving, which may be NULL, is told before
 * each scan how many inputs it will cover. False: none, or VERDICT is one that no convention
 * explains: it is partial, stopped, or calls go wrong by their length or alignment.
 */
bool hu_convention_explain(struct hu_convention *convention, const struct hu_runs *runs,
                           const struct hu_subject *subject, const struct hu_verdict *verdict,
                           const struct hu_scan_options *options, void (*proving)(uint64_t inputs));

/* The same of an operation, on as many directed operands where MPFR would have to answer for
 * billions. */
bool hu_operation_explain(struct hu_convention *convention, const struct hu_question *question,
                          const struct hu_subject *subject,
                          const struct hu_operation_verdict *verdict,
                          const struct hu_scan_options *options, void (*proving)(uint64_t inputs));
