/*
 * Expressions of operations on values, as text: read into nodes, an operand before what uses it.
 * The grammar is the manual's; literals are those of hu_value_read, but that 1/3 divides.
 * Thread-safe on different expressions.
 */
#pragma once

#include "arithmetic.h"
#include "text.h"

#include <stddef.h>

enum { COMPUTE_NODES_MAX = 1000, COMPUTE_DEPTH_MAX = 100 };

struct compute_node {
    bool literal;
    enum hu_operation operation;    /* of what is no literal */
    const struct hu_format *format; /* a conversion's target; else NULL */
    size_t operand[HU_OPERANDS];    /* nodes before this one */
    size_t operands;
    size_t at, length;     /* its text */
    struct hu_value value; /* of a literal */
};

struct compute_expression {
    const char *text; /* the caller's; it must live as long */
    struct compute_node *nodes;
    size_t count; /* the last node is the whole */
};

/* False: message says why and where. compute_clear in either case. */
bool compute_read(struct compute_expression *e, const char *text, size_t length,
                  char message[HU_MESSAGE]);
void compute_clear(struct compute_expression *e);
