/* The memory page's answer: what a model weighs in each dtype. The numbers are the memory room's.
 */
#pragma once

#include "format.h"

#include <stddef.h>

enum { WEIGHTS_MAX = 48, MEMORY_SHARES = 8, MEMORY_LINES = 6, MEMORY_LINE = 240 };

/* What takes so many bytes: weights in a dtype, or a part of the sum. */
struct weights_bar {
    const struct hu_format *format; /* NULL: no float format */
    char name[40];                  /* the dtype's, or "KV cache" */
    double bytes;                   /* for the bar's length only */
    char exact[40];                 /* "14,001,119,232 bytes" */
    char gb[32], gib[32];
    bool stored; /* as the file itself holds it */
};

struct hu_model;

/* What is asked beside the weights, as it was typed; empty: not asked. Undo brings it back. */
enum memory_field { MEMORY_CONTEXT, MEMORY_BATCH, MEMORY_KV, MEMORY_TRAIN, MEMORY_DEVICE };
enum { MEMORY_FIELDS = MEMORY_DEVICE + 1, MEMORY_TEXT = 48 };
struct memory_question {
    char text[MEMORY_FIELDS][MEMORY_TEXT];
};

/* "context": the field is "memory.context" on screen; and what may be typed there, in a few words.
 */
extern const struct memory_field_words {
    const char *name, *words;
} memory_fields[MEMORY_FIELDS];
/* The field whose name on screen is NAME; -1: none is. */
int memory_field_find(const char *name);

/* False: TEXT is nothing that FIELD takes, and message says what it takes. */
bool memory_check(enum memory_field field, const char *text, char *message, size_t size);

struct memory_answer {
    struct weights_bar shares[MEMORY_SHARES];
    int share_count;
    const char *recipe;    /* NULL: nothing is trained */
    double needed, device; /* device 0: none was named */
    bool has_verdict, fits;
    char verdict[MEMORY_LINE];
    char lines[MEMORY_LINES][MEMORY_LINE]; /* the sum and what would fit, in words */
    int line_count;
};

struct weights {
    struct hu_model *model; /* NULL: nothing was read yet */
    char title[160];        /* "7,000,559,616 parameters" */
    struct weights_bar bars[WEIGHTS_MAX];
    int count;
    struct memory_answer answer;
    /* What the answer is to; chosen NULL: it is stale. */
    struct memory_question asked;
    const struct hu_format *chosen;
};

/* Whether TEXT is a parameter count, and no path that would have to be opened. */
bool weights_is_count(const char *text);

/* Takes the model from a parameter count or a path. False: message says why, *W is untouched. */
bool weights_read(struct weights *w, const char *text, char *message, size_t size);

/* A bar for each of the formats, then for the usual dtypes that are not among them. */
void weights_arrange(struct weights *w, const struct hu_format *const *formats, int count);

/* The answer to QUESTION with the weights in CHOSEN, made anew where either has changed; of the
 * COUNT formats and the usual dtypes the widest that fits is named. */
void weights_answer(struct weights *w, const struct memory_question *question,
                    const struct hu_format *chosen, const struct hu_format *const *formats,
                    int count);

void weights_clear(struct weights *w);
