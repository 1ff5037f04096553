/* Dot products and small matrix products: what `dot` has worked out, and the ways to present it. */
#pragma once

#include "room.h"
#include "dot.h"
#include "arguments.h"
#include "block/block.h"
#include "operand.h"

enum { DOT_MODELS_MAX = 64, MATRIX_COLUMNS = 64 };

struct dot_choice {
    const struct hu_dot_model *model;
    size_t block; /* of blocked:N */
    char name[32];
};

struct dot_choices {
    struct dot_choice at[DOT_MODELS_MAX];
    size_t count;
    bool all; /* those that do not take the formats are left out and not refused */
};

/* Names separated by commas, or "all". False: reported. */
bool dot_choices_read(struct dot_choices *choices, const char *text);

/* Operands in a format, scales apart. */
struct dot_side {
    uint64_t *codes;  /* vectors one after the other */
    int *powers;      /* of each block of 32 of each vector; NULL: there are none */
    uint64_t *scales; /* fp32's codes, of each segment of each vector; NULL: there are none */
    uint64_t scale;   /* fp32's code; what was given was divided by it */
    bool rounded;     /* one of them is not what was given */
};

/* A model's answers: one, or a matrix by rows. */
struct dot_result {
    const struct dot_choice *choice;
    uint64_t *bits;
};

/* C = A·B + C in one format of operands. */
struct dot {
    const char *name; /* of the format, or of the block format whose elements it is */
    const struct hu_format *format, *accumulate;
    const struct hu_block *block;                      /* NULL: operands have no scales of blocks */
    const struct operand *given_a, *given_b, *given_c; /* given_c NULL: zero */
    size_t rows, columns, n;                           /* n products in a sum */
    bool matrix;
    bool scaled;
    size_t segment;   /* products that share scales applied in fp32; 0: no scales of blocks are */
    size_t roundings; /* that an addend meets at most */
    struct dot_side a, b; /* a's rows and b's columns are the vectors */
    uint64_t *c;
    bool c_rounded;               /* one of C is not what was given */
    mpq_t *exact, *given, *bound; /* of each sum: of the codes, of what was given, n·u */
    bool has_exact, has_given, has_bound;
    struct dot_result results[DOT_MODELS_MAX];
    size_t count;
};

struct dot_request {
    const struct hu_format *format, *accumulate;
    const struct hu_block *block; /* format is its element; or NULL */
    struct hu_options rounding;   /* of operands */
    bool scaled, matrix;
    struct dot_choices choices;
};

/* Works out all. A is rows × n, B n × columns; or, without matrix, a row or a column each. What
 * goes wrong ends the process. */
void dot_make(struct dot *d, const struct dot_request *request, const struct operand *a,
              const struct operand *b, const struct operand *c);
void dot_clear(struct dot *d);

/* What becomes of a segment's sum: PARTIAL * SCALE joins what was there before, in fp32. */
struct dot_promotion {
    size_t first, products;
    uint64_t partial, scale, sum;
};

/* Who is told of a sum's steps, where an operand's number is that within its segment. */
struct dot_observer {
    void (*segment)(void *, size_t first, size_t products); /* one begins */
    void (*step)(void *, const struct hu_dot_step *);
    void (*promotion)(void *, const struct dot_promotion *);
    void *context;
};

/* Tells OBSERVER the steps of result's sum INDEX. */
void dot_observe(const struct dot *d, const struct dot_result *result, size_t index,
                 const struct dot_observer *observer);

/* Error of result's sum INDEX against EXACT or GIVEN, in its own unit, and in units in the last
 * place; false: there is none. */
bool dot_error(mpq_t error, mpq_t ulps, const struct dot *d, const mpq_t *against,
               const struct dot_result *result, size_t index);

void dot_explain(const struct dot *d);
void dot_print(const struct dot *d);
json_t *dot_json(const struct dot *d);
void dot_print_models(void);
json_t *dot_models_json(void);
void dot_print_model(const struct hu_dot_model *m);
