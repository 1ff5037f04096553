/*
 * An operation of arrays on trial: all operands where they have at most 32 bits together, and
 * otherwise the combinations of edges and directed draws.
 */
#pragma once

#include "verify/lengths.h"
#include "verify/operands.h"
#include "verify/scan.h"

struct hu_operation_fault {
    uint64_t x[HU_OPERANDS];
    uint64_t expected, got;
    unsigned expected_flags, got_flags;
    bool flags; /* the code is right */
    enum hu_fault_class class;
    uint64_t line; /* of a recording; 0: none */
};

/* The first of them, by their operands; the others are counted. */
enum { HU_OPERATION_FAULTS = 256 };

struct hu_operation_faults {
    struct hu_operation_fault at[HU_OPERATION_FAULTS];
    size_t count;
    uint64_t inputs[HU_FAULT_CLASSES]; /* that go wrong, by class */
};

/* Judges the class of FAULT and takes it. */
void hu_operation_faults_add(struct hu_operation_faults *faults, const struct hu_question *q,
                             struct hu_operation_fault fault);

struct hu_operation_verdict {
    uint64_t inputs, mismatches;
    struct hu_operation_faults faults;
    uint64_t calls;                        /* that go wrong where their inputs do not in others */
    struct hu_length_fault call[HU_SHOWN]; /* the first of these */
    bool partial;                          /* cut short */
    bool stopped;                          /* the subject gave up */
    uint64_t stopped_at[HU_OPERANDS];
    size_t stopped_count;
    bool failed; /* out of memory */
};

bool hu_operation_verdict_passed(const struct hu_operation_verdict *v);

/* Whether all operands are tried. */
bool hu_operation_is_exhaustive(const struct hu_question *q, const struct hu_scan_options *options);
uint64_t hu_operation_inputs(const struct hu_question *q, const struct hu_scan_options *options);

/*
 * Tries SUBJECT. Flags are asked of each call, together for its elements, and for each element by
 * itself where inputs are at most 2^20, with options.every_flag, and otherwise in one call of 256.
 */
void hu_operation_trial(struct hu_operation_verdict *verdict, const struct hu_question *q,
                        const struct hu_subject *subject, const struct hu_scan_options *options);
