/* The memory page's answer: what a model weighs in each dtype. The numbers are the memory room's.
 */
#ifndef VISUAL_MEMORY_PAGE_H
#define VISUAL_MEMORY_PAGE_H

#include "format.h"

enum { WEIGHTS_MAX = 48 };

struct weights_bar {
    const struct hu_format *format; /* NULL: no float format */
    char dtype[40];
    double bytes;   /* for the bar's length only */
    char exact[40]; /* "14,001,119,232 bytes" */
    char gb[32], gib[32];
    bool stored; /* as the file itself holds it */
};

struct hu_model;

struct weights {
    struct hu_model *model; /* NULL: nothing was read yet */
    char title[160];        /* "7,000,559,616 parameters" */
    struct weights_bar bars[WEIGHTS_MAX];
    int count;
};

/* Whether TEXT is a parameter count, and no path that would have to be opened. */
bool weights_is_count(const char *text);

/* Takes the model from a parameter count or a path. False: message says why, *W is untouched. */
bool weights_read(struct weights *w, const char *text, char *message, size_t size);

/* A bar for each of the formats, then for the usual dtypes that are not among them. */
void weights_arrange(struct weights *w, const struct hu_format *const *formats, int count);

void weights_clear(struct weights *w);

#endif
