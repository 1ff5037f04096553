/*
 * What others promise of an operation: under which options one that failed would pass. As
 * convention.h has it of conversions: found on a sample, then proved.
 */
#ifndef HALFULP_VERIFY_OPERATION_CONVENTION_H
#define HALFULP_VERIFY_OPERATION_CONVENTION_H

#include "verify/convention.h"
#include "verify/trial_operation.h"

/* Operands and what was got for them. */
struct hu_asked {
    uint64_t x[HU_OPERANDS], got;
    unsigned flags;
    bool has_flags;
};

struct hu_operation_sample {
    struct hu_asked *at;
    size_t count, room;
};

/* Adds one; false: out of memory. */
bool hu_operation_sample_add(struct hu_operation_sample *sample, const struct hu_asked *asked);
void hu_operation_sample_free(struct hu_operation_sample *sample);

struct hu_operation_convention {
    struct hu_question question;
    char option[HU_CONVENTION_OPTIONS][HU_CONVENTION_TEXT];
    size_t options;
    bool directed; /* what proved it were directed operands, not all */
};

/*
 * The questions near QUESTION that SAMPLE does not contradict, those with the fewest options first:
 * other directions, tininess, saturation, flushing, rules about NaNs, an fma that rounds its
 * product, a wider format on the way, inputs that may give anything; up to three together. Writes
 * at most MOST, returns how many.
 */
size_t hu_operation_conventions_find(const struct hu_operation_sample *sample,
                                     const struct hu_question *question,
                                     struct hu_operation_convention *found, size_t most);

/*
 * The convention under which SUBJECT, which failed with VERDICT, passes: found on the faults and on
 * operands that tell conventions apart, and tried on all that OPTIONS cover, or on as many directed
 * operands where MPFR would have to answer for billions. proving may be NULL. False: none, or
 * VERDICT is partial or stopped.
 */
bool hu_operation_explain(struct hu_operation_convention *convention,
                          const struct hu_question *question,
                          const struct hu_operation_subject *subject,
                          const struct hu_operation_verdict *verdict,
                          const struct hu_scan_options *options, void (*proving)(uint64_t inputs));

#endif
