/* What undo brings back: the value, where it came from, the rows it is shown in, and what is asked
 * of the memory. */
#pragma once

#include "block_page.h"
#include "memory_page.h"
#include "value.h"

enum arithmetic { ARITHMETIC_ADD, ARITHMETIC_SUB, ARITHMETIC_MUL, ARITHMETIC_DIV, ARITHMETICS };

enum { DOCUMENT_ROWS = 24 };

extern const struct arithmetic_row {
    const char *name, *sign; /* "add", "+" */
    enum hu_operation operation;
} arithmetics[ARITHMETICS];
/* The one called NAME; -1: none. */
int arithmetic_find(const char *name);

struct document {
    struct hu_value value;
    char *text; /* as it was typed; NULL: the value came as the datum value.format, value.bits */
    const struct hu_format *rows[DOCUMENT_ROWS];
    int count; /* of rows, at least 1 */
    struct hu_options options;
    struct memory_question memory;
    /* Of the arithmetic page: what is done with the value and this datum. */
    enum arithmetic arithmetic;
    const struct hu_format *second_format;
    uint64_t second_bits;
    struct block_state block;
};

struct document *document_new(void);
struct document *document_copy(const struct document *d);
void document_free(struct document *d);
/* The rows' names, joined by commas; new memory. */
char *document_row_names(const struct document *d);

/* The states from the first to the newest; at is the one that is shown. */
struct history {
    struct document **states;
    size_t count, at, room;
    unsigned group; /* changes of one group are one step; 0: each is its own */
};

/* Takes D, the first state. */
void history_init(struct history *h, struct document *d);
void history_clear(struct history *h);
static inline const struct document *history_now(const struct history *h)
{
    return h->states[h->at];
}

/* Takes D, the state after a change. What could be redone is gone. Changes that share a nonzero
 * GROUP and follow each other are one step. A change to the same state is none. */
void history_push(struct history *h, struct document *d, unsigned group);

/* BY: -1 undoes, 1 redoes. False: there is nothing to. */
bool history_step(struct history *h, int by);
