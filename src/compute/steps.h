/* An expression worked out: each literal rounded into a format, each operation rounded once; and
 * what it is without any rounding. Thread-safe on different ones. */
#pragma once

#include "expression.h"

/* Formats of operands, products, sums and the result, which may all be one. */
struct compute_formats {
    const struct hu_format *operand, *product, *accumulator, *result;
};

/* What a node came to. A comparison has no format and its bits are 0 or 1. */
struct compute_step {
    size_t node;
    const struct hu_format *format;
    const struct hu_format *from[HU_OPERANDS];
    uint64_t x[HU_OPERANDS];
    uint64_t bits;
    unsigned flags;
    struct hu_exact exact; /* of an operation, before it is rounded */
    /* The same as a number: of a literal what was given, of an operation its result on the operands
     * as they are. False: not finite, or no rational. */
    bool has_value;
    mpq_t value;
    /* Without any rounding so far. about: rounded to some hundred digits, of a root. */
    bool has_ideal, about;
    mpq_t ideal;
};

struct compute {
    const struct compute_expression *expression;
    struct compute_formats formats;
    struct hu_operation_options options;
    struct compute_step
        *steps; /* one for each node, then a conversion of the result if it is due */
    size_t count;
    unsigned flags; /* of operations */
};

void compute_run(struct compute *c, const struct compute_expression *e,
                 const struct compute_formats *formats, const struct hu_operation_options *options);
void compute_free(struct compute *c);

static inline const struct compute_step *compute_last(const struct compute *c)
{
    return &c->steps[c->count - 1];
}

/* Node of a step; the conversion of the result has none. */
static inline const struct compute_node *compute_node_of(const struct compute *c,
                                                         const struct compute_step *s)
{
    return s->node < c->expression->count ? &c->expression->nodes[s->node] : NULL;
}

static inline bool compute_is_literal(const struct compute *c, const struct compute_step *s)
{
    const struct compute_node *node = compute_node_of(c, s);
    return node && node->literal;
}

static inline enum hu_operation compute_operation_of(const struct compute *c,
                                                     const struct compute_step *s)
{
    const struct compute_node *node = compute_node_of(c, s);
    return node ? node->operation : HU_OP_CONVERT;
}

/* The datum that the step came to, minus its exact value, and in units in the last place. False:
 * there is no such number. */
bool compute_error(mpq_t error, mpq_t ulps, const struct compute_step *s, const mpq_t against);

/* A remark about rounding that a reader should know of; the caller frees them. NULL ends them. */
enum { COMPUTE_REMARKS = 12 };
void compute_remarks(const struct compute *c, char *remarks[COMPUTE_REMARKS + 1]);
