/* What an operation ought to give: MPFR's answer, bent to what is promised. */
#pragma once

#include "arithmetic.h"
#include "verify/expectation.h"

struct hu_question {
    enum hu_operation operation; /* HU_OPERATIONS: none, it is a conversion */
    int operands;
    const struct hu_format *to, *from[HU_OPERANDS];
    const struct hu_format *result; /* what results come as: TO, or of a comparison uint8 */
    struct hu_promise promise; /* of which operations heed no steps, nan_code and saturate_finite */
    enum hu_nan_rule nan;
    const struct hu_format *via; /* that the result is rounded into first; NULL: none */
    bool unfused;                /* an fma whose product is rounded into TO, or via, first */
};

/* OPERATION on operands of FROM into TO; the addend of an fma that has two formats is of TO's. */
struct hu_question hu_question_of(enum hu_operation operation, const struct hu_format *to,
                                  const struct hu_format *from, const struct hu_promise *promise,
                                  enum hu_nan_rule nan);

/* FROM into TO as promised. */
struct hu_question hu_question_of_conversion(const struct hu_format *to,
                                             const struct hu_format *from,
                                             const struct hu_promise *promise);

static inline bool hu_is_conversion(const struct hu_question *q)
{
    return q->operation == HU_OPERATIONS;
}

struct hu_operation_options hu_question_options(const struct hu_question *q);

/* The code that X ought to give, and in *flags what it raises, or HU_ANYTHING. */
uint64_t hu_question_expect(struct hu_reference *r, const struct hu_question *q, const uint64_t x[],
                            unsigned *flags);

/* What chips that flush do to a result that is tiny, where the promise says so. */
uint64_t hu_question_flush_result(const struct hu_question *q, uint64_t code, unsigned *flags);

/* Whether GOT keeps the promise where EXPECTED is due, with those FLAGS. */
bool hu_question_satisfies_otherwise(const struct hu_question *q, uint64_t expected, uint64_t got,
                                     unsigned flags);

static inline bool hu_question_satisfies(const struct hu_question *q, uint64_t expected,
                                         uint64_t got, unsigned flags)
{
    return got == expected || hu_question_satisfies_otherwise(q, expected, got, flags);
}
