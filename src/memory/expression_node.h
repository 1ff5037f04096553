/* What expressions are made of: for the files of expressions alone. */
#pragma once

#include "expression.h"

enum node_kind {
    NODE_CONSTANT,
    NODE_NAME,
    NODE_INDEX,
    NODE_MEMBER,
    NODE_CALL,     /* a: its arguments */
    NODE_ARGUMENT, /* a: the expression; b: the next */
    NODE_NEGATE,
    NODE_NOT,
    NODE_AND,
    NODE_OR,
    NODE_OTHERWISE,
    NODE_IN,
    NODE_EQUAL,
    NODE_UNEQUAL,
    NODE_LESS,
    NODE_GREATER,
    NODE_AT_MOST,
    NODE_AT_LEAST,
    NODE_PLUS,
    NODE_MINUS,
    NODE_TIMES,
    NODE_DIVIDE,
    NODE_FLOOR,
    NODE_REST,
};

struct node {
    enum node_kind kind;
    struct node *a, *b;
    union {
        struct value constant;
        struct symbol *symbol;
        const char *member;
        struct {
            int function;
            unsigned count;
        };
    };
};

enum { ARGUMENTS_MAX = 8 };

static const struct value missing = {.kind = VALUE_MISSING};

static inline struct value integer(int64_t n)
{
    return (struct value){.kind = VALUE_INTEGER, .integer = n};
}

static inline bool is_number(struct value v)
{
    return v.kind == VALUE_INTEGER || v.kind == VALUE_REAL;
}

static inline double as_real(struct value v)
{
    return v.kind == VALUE_REAL ? v.real : (double)v.integer;
}

/* The function called NAME, N bytes; -1: none. */
int function_find(const char *name, size_t n);
bool function_takes(int function, unsigned count);
/* pick: its arguments are not all evaluated. */
bool function_is_lazy(int function);
/* Behind the last of ARGUMENTS is one that is missing. */
struct value function_call(int function, struct evaluation *e, const struct value *arguments);

/* "KEY" WHY, as the evaluation's error. */
struct value value_fail(struct evaluation *e, const char *why, struct value v);
/* Sums, products and the like, checked. */
struct value value_compute(struct evaluation *e, enum node_kind kind, struct value a,
                           struct value b);
bool value_same(struct value a, struct value b);
/* Elements of LIST that are V. */
int64_t value_count(json_t *list, struct value v);
