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
        const struct function *function;
    };
};

enum { ARGUMENTS_MAX = 8 };

struct function {
    const char *name;
    unsigned least, most; /* arguments */
    /* Arguments are neither missing nor null; behind the last one is what is missing. NULL: pick,
     * whose arguments are not all evaluated. */
    struct value (*call)(struct evaluation *, const struct value *);
    double (*rounds)(double); /* in its place */
};

/* The function called NAME, N bytes; NULL: none. */
const struct function *function_find(const char *name, size_t n);
struct value function_call(const struct function *f, struct evaluation *e,
                           const struct value *arguments);

static const struct value missing = {.kind = VALUE_MISSING};

static inline struct value integer(int64_t n)
{
    return (struct value){.kind = VALUE_INTEGER, .integer = n};
}

static inline struct value lacking(const char *key)
{
    return (struct value){.kind = VALUE_MISSING, .key = key};
}

static inline bool is_array(struct value v)
{
    return v.kind == VALUE_JSON && json_is_array(v.json);
}

static inline bool is_object(struct value v)
{
    return v.kind == VALUE_JSON && json_is_object(v.json);
}

static inline bool is_number(struct value v)
{
    return v.kind == VALUE_INTEGER || v.kind == VALUE_REAL;
}

static inline double as_real(struct value v)
{
    return v.kind == VALUE_REAL ? v.real : (double)v.integer;
}

/* "KEY" WHY, as the evaluation's error. */
struct value value_fail(struct evaluation *e, const char *why, struct value v);
/* Sums, products and the like, checked. */
struct value value_compute(struct evaluation *e, enum node_kind kind, struct value a,
                           struct value b);
bool value_same(struct value a, struct value b);
/* Elements of LIST that are V. */
int64_t value_count(json_t *list, struct value v);
