/*
 * What goes wrong, told as faults: the longest ranges of consecutive inputs that go wrong in one
 * way. A list of them stays small whatever the number of mismatches.
 */
#pragma once

#include "verify/expectation.h"

enum hu_fault_class {
    HU_FAULT_NAN,       /* a NaN, or what ought to be one */
    HU_FAULT_INFINITY,  /* an infinite input */
    HU_FAULT_OVERFLOW,  /* beyond the largest finite value, as is due or as was given */
    HU_FAULT_TIE,       /* nothing but points halfway between two codes */
    HU_FAULT_ROUNDING,  /* the wrong code of a number */
    HU_FAULT_SUBNORMAL, /* input, result or what is due is subnormal, or one of the two zero */
    HU_FAULT_ZERO_SIGN, /* a zero with the other sign */
    HU_FAULT_FLAGS,     /* the right code with the wrong flags */
    HU_FAULT_CLASSES
};

/* "nan", "infinity", "overflow", "tie", "rounding", "subnormal", "zero_sign", "flags". */
const char *hu_fault_class_name(enum hu_fault_class class);

struct hu_fault {
    uint64_t first, last;   /* inputs, as encodings */
    uint64_t count;         /* of the inputs tried between these: all went wrong */
    uint64_t expected, got; /* at first; a got code has bits above the width where its word was not
                               clean */
    unsigned expected_flags, got_flags; /* at first, where class is HU_FAULT_FLAGS */
    enum hu_fault_class class;
    signed char side; /* got is larger in magnitude than expected: 1; smaller: -1; neither: 0 */
    bool ties;        /* so far each was halfway between two codes */
    bool at_start, at_end; /* the first and last input of its part of the work */
    uint32_t part;
    uint64_t line; /* of a recording, on which the first stands; 0: none */
};

/* Any number of faults, of which only the largest are kept where they are too many. Not
 * thread-safe. */
enum { HU_FAULTS_MAX = 1 << 17 };

struct hu_faults {
    struct hu_fault *at;
    size_t count;
    uint64_t dropped;                   /* faults that are in the next lines alone */
    uint64_t inputs[HU_FAULT_CLASSES];  /* inputs that go wrong, by class */
    uint64_t classes[HU_FAULT_CLASSES]; /* faults, by class; after hu_faults_finish */
    bool failed;                        /* out of memory */
};

void hu_faults_free(struct hu_faults *faults);

/* How a conversion of FAULT->first is wrong that gave got where expected was due: fills in class,
 * unless that is HU_FAULT_FLAGS, side and ties from the other fields. */
void hu_fault_judge(const struct hu_format *to, const struct hu_format *from,
                    struct hu_fault *fault);

/* Whether an input that goes wrong as NEXT does belongs to FAULT, if it follows it. */
bool hu_fault_same_way(const struct hu_fault *fault, const struct hu_fault *next);

/* Adds a fault; its count is taken into no sums yet. */
void hu_faults_add(struct hu_faults *faults, const struct hu_fault *fault);

/* Moves MORE's faults to the end of FAULTS. */
void hu_faults_take(struct hu_faults *faults, struct hu_faults *more);

/* Joins what belongs together, sums by class, and sorts: the largest first, then the least. */
void hu_faults_finish(struct hu_faults *faults);
