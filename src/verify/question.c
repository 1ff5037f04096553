#include "verify/question.h"

struct hu_question hu_question_of(enum hu_operation operation, const struct hu_format *to,
                                  const struct hu_format *from, const struct hu_promise *promise,
                                  enum hu_nan_rule nan)
{
    struct hu_question q = {.operation = operation,
                            .operands = hu_operation_row(operation)->operands,
                            .to = to,
                            .from = {from, from, operation == HU_OP_FMA ? to : from},
                            .result = hu_is_comparison(operation) ? hu_format_find("uint8") : to,
                            .promise = *promise,
                            .nan = nan};
    return q;
}

struct hu_question hu_question_of_conversion(const struct hu_format *to,
                                             const struct hu_format *from,
                                             const struct hu_promise *promise)
{
    return (struct hu_question){.operation = HU_OPERATIONS,
                                .operands = 1,
                                .to = to,
                                .from = {from},
                                .result = to,
                                .promise = *promise};
}

struct hu_operation_options hu_question_options(const struct hu_question *q)
{
    return (struct hu_operation_options){.rounding = q->promise.options, .nan = q->nan};
}

static bool is_ignored(const struct hu_question *q, const uint64_t x[])
{
    for (int i = 0; i < q->operands; i++)
        if (((q->promise.ignore & HU_IGNORE_NAN) && hu_code_is_nan(q->from[i], x[i])) ||
            ((q->promise.ignore & HU_IGNORE_INFINITY) && hu_code_is_infinite(q->from[i], x[i])))
            return true;
    return false;
}

/* Comparisons' results are never tiny. */
uint64_t hu_question_flush_result(const struct hu_question *q, uint64_t code, unsigned *flags)
{
    return hu_is_comparison(q->operation) ? code
                                          : hu_promise_flush(&q->promise, q->to, code, flags);
}

/* The operation rounded once into TO; of an fma that is not fused, first the product. */
static uint64_t operate(struct hu_reference *r, const struct hu_question *q,
                        const struct hu_format *to, const uint64_t x[], unsigned *flags)
{
    struct hu_operation_options options = hu_question_options(q);
    if (!q->unfused)
        return hu_reference_operate(r, q->operation, to, q->from, x, &options, flags);
    const struct hu_format *const addends[HU_OPERANDS] = {to, q->from[2], to};
    uint64_t product = hu_reference_operate(r, HU_OP_MUL, to, q->from, x, &options, flags);
    return hu_reference_operate(r, HU_OP_ADD, to, addends, (const uint64_t[]){product, x[2], 0},
                                &options, flags);
}

uint64_t hu_question_expect(struct hu_reference *r, const struct hu_question *q, const uint64_t x[],
                            unsigned *flags)
{
    uint64_t operand[HU_OPERANDS] = {0};
    if (hu_is_conversion(q))
        return hu_expect(r, q->to, q->from[0], x[0], &q->promise, flags);
    *flags = 0;
    if (is_ignored(q, x))
        *flags = HU_ANYTHING;
    for (int i = 0; i < q->operands; i++) {
        bool flush = (q->promise.flush & HU_FLUSH_IN) && hu_code_is_subnormal(q->from[i], x[i]);
        operand[i] = flush ? hu_code_flushed(q->from[i], x[i]) : x[i];
    }
    uint64_t code = operate(r, q, q->via ? q->via : q->to, operand, flags);
    if (q->via)
        code = hu_reference_convert(r, q->to, q->via, code, &q->promise.options, flags);
    return hu_question_flush_result(q, code, flags);
}

/* IEEE 754-2019 section 5.8 leaves open what an integer is that is invalid. */
bool hu_question_satisfies_otherwise(const struct hu_question *q, uint64_t expected, uint64_t got,
                                     unsigned flags)
{
    if (hu_is_conversion(q))
        return hu_satisfies_otherwise(q->to, &q->promise, expected, got);
    if (hu_is_integer(q->to) && !hu_is_comparison(q->operation))
        return q->promise.any_nan && (flags & HU_INVALID);
    return !hu_is_comparison(q->operation) &&
           hu_satisfies_otherwise(q->to, &q->promise, expected, got);
}
