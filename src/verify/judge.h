/*
 * A fast judge of operations on all pairs of 16-bit operands, and of square roots of 32-bit ones:
 * the machine's fp64 gives the exact result, or one rounded to odd by its error, which is exact
 * too; MPFR has said beforehand what every interval of fp64 becomes. Nothing of it is ours.
 */
#pragma once

#include "verify/question.h"

struct hu_judge;

/* A code and its flags. */
struct hu_judged {
    uint32_t code;
    uint32_t flags;
};

/* Whether there is such a judge of Q. */
bool hu_can_judge(const struct hu_question *q);

/* NULL: it cannot judge Q, which hu_question_expect then does, or out of memory. */
struct hu_judge *hu_judge_new(const struct hu_question *q);
void hu_judge_free(struct hu_judge *j);

/*
 * What N operands give: X, whose last one then rises by one each time. As hu_question_expect; R is
 * asked about the few results that the tables do not hold. The environment must round to nearest.
 * Thread-safe but for R.
 */
void hu_judge_row(const struct hu_judge *j, struct hu_reference *r, const uint64_t x[], size_t n,
                  struct hu_judged *out);
