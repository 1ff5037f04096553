/*
 * Operations: an exact result, or its leading bits and whether anything follows them, which the one
 * rounding step takes into a format. Pure, thread-safe, no allocation.
 */
#pragma once

#include "convert.h"
#include "wide.h"

enum { HU_OPERANDS = 3 };

/* Facts about an operation. */
struct hu_operation_row {
    const char *name;        /* "add", "round_to_integral" */
    const char *standard;    /* its name in IEEE 754-2019: "addition" */
    const char *testfloat;   /* what follows the format in TestFloat's name: "mulAdd"; or NULL */
    const char *spoken;      /* what it is called in short: "min"; or NULL */
    unsigned char operands;  /* 1 to HU_OPERANDS */
    unsigned char relations; /* of a comparison: enum hu_relation's that give 1; 0: none */
    bool signaling;          /* a comparison that a quiet NaN makes invalid */
};

const struct hu_operation_row *hu_operation_row(enum hu_operation operation);

/* The operation of that name, any of the row's, in any case; false: there is none. */
bool hu_operation_find(const char *name, enum hu_operation *operation);
/* "did you mean sqrt?" or "". */
const char *hu_operation_suggestion(char out[HU_SUGGESTION], const char *name);

static inline bool hu_is_comparison(enum hu_operation operation)
{
    return operation >= HU_OP_EQUAL;
}

/* The eight of section 9.6: of their number less HU_OP_MINIMUM the last bit is maximum, the next
 * number, the next magnitude. */
static inline bool hu_is_extremum(enum hu_operation operation)
{
    return operation >= HU_OP_MINIMUM && operation <= HU_OP_MAXIMUM_MAGNITUDE_NUMBER;
}

/* IEEE 754-2019 section 5.11: one of these holds of two data. */
enum hu_relation {
    HU_RELATION_LESS = 1,
    HU_RELATION_EQUAL = 2,
    HU_RELATION_GREATER = 4,
    HU_RELATION_UNORDERED = 8
};

/* A rule about NaNs, as data. */
struct hu_nan_row {
    const char *name;               /* "first", "x86" */
    const char *source;             /* whose habit, and where that is written */
    bool none;                      /* no operand's: always the NaN of an invalid operation */
    bool signaling_first;           /* a signaling NaN goes before every quiet one */
    bool greatest;                  /* the greatest significand goes before the order */
    bool negative;                  /* the NaN of an invalid operation has its sign set ... */
    bool full;                      /* ... has every bit of its significand set */
    bool quiet_product;             /* fma(infinity, 0, quiet NaN) is not invalid ... */
    bool default_product;           /* ... is, and gives the NaN of an invalid operation */
    unsigned char order[2];         /* of two operands */
    unsigned char fma[HU_OPERANDS]; /* of three */
    const struct hu_nan_row *fp64;  /* what fp64's operands have in its place; NULL: the same */
};

/* The rule for operands of format F; F NULL: for those of most formats. */
const struct hu_nan_row *hu_nan_row(enum hu_nan_rule rule, const struct hu_format *f);
/* False: no rule is called so. */
bool hu_nan_rule_find(const char *name, enum hu_nan_rule *rule);

enum hu_exact_kind {
    HU_EXACT_ZERO,
    HU_EXACT_FINITE,
    HU_EXACT_INFINITE,
    HU_EXACT_NAN,
    HU_EXACT_TRUTH /* a comparison's */
};

/*
 * An operation's result before it is rounded. Finite: (-1)^sign * (significand + fraction) *
 * 2^exponent, bit 127 of the significand set, and the fraction 0, or between 0 and 1 where sticky.
 */
struct hu_exact {
    enum hu_exact_kind kind;
    bool sign;
    bool sticky;
    bool truth;
    bool quiet; /* rounding it raises no inexact */
    int exponent;
    struct hu_wide significand;
    struct hu_datum nan; /* that is given, its sign and significand; quiet */
    unsigned flags;      /* raised so far: invalid, division by zero; inexact of an integral */
};

/* The parts of hu_operate: what is exact of it, and its rounding. index is the element that a
 * stochastic rounding draws for. options and flags must not be NULL, nor any of FROM. */
struct hu_exact hu_operate_exact(enum hu_operation operation, const struct hu_format *const from[],
                                 const uint64_t x[], uint64_t index,
                                 const struct hu_operation_options *options);
/* The same of addition, subtraction, multiplication or division, without what the other operations
 * bring along: for who knows no others, the page. */
struct hu_exact hu_basic_exact(enum hu_operation operation, const struct hu_format *const from[],
                               const uint64_t x[], const struct hu_operation_options *options);
uint64_t hu_round_exact(const struct hu_format *to, const struct hu_exact *exact, uint64_t index,
                        const struct hu_options *options, unsigned *flags);

/* hu_operate for element INDEX of an array; options, flags and FROM as above. */
uint64_t hu_operate_at(enum hu_operation operation, const struct hu_format *to,
                       const struct hu_format *const from[], const uint64_t x[], uint64_t index,
                       const struct hu_operation_options *options, unsigned *flags);

/* FROM, as many as OPERATION has operands, with the formats that its NULLs stand for, see
 * hu_operate. */
void hu_operation_formats(enum hu_operation operation, const struct hu_format *to,
                          const struct hu_format *const from[],
                          const struct hu_format *all[HU_OPERANDS]);

/* A datum as it is. */
struct hu_exact hu_exact_of(struct hu_datum d);

/* Of zeros and finite values alone; y of the quotient and the remainder is not zero, x of the root
 * not below. Addends have no sticky bit. Of addends that cancel out, or zeros of two signs, the sum
 * has the sign that DIRECTION says (IEEE 754-2019 section 6.3). */
struct hu_exact hu_exact_sum(const struct hu_exact *x, const struct hu_exact *y,
                             enum hu_direction direction);
struct hu_exact hu_exact_product(struct hu_datum x, struct hu_datum y);
struct hu_exact hu_exact_quotient(struct hu_datum x, struct hu_datum y);
struct hu_exact hu_exact_root(struct hu_datum x);
struct hu_exact hu_exact_remainder(struct hu_datum x, struct hu_datum y);

/* The order of two magnitudes, neither a NaN: below zero, zero, above. */
int hu_exact_compare(struct hu_exact x, struct hu_exact y);
