/* The memory page's answer: what a model weighs in each dtype. The numbers are the memory room's.
 */
#ifndef VISUAL_MEMORY_PAGE_H
#define VISUAL_MEMORY_PAGE_H

#include <stdbool.h>
#include <stddef.h>

enum { WEIGHTS_MAX = 24 };

struct weights_bar {
    char dtype[24];
    int bits;       /* a parameter takes; 0: unknown */
    double bytes;   /* for the bar's length only */
    char exact[40]; /* "14,001,119,232 bytes" */
    char gb[32], gib[32];
    bool stored; /* the dtype that the file itself holds */
};

struct weights {
    char title[160]; /* "7,000,559,616 parameters"; empty: nothing was asked */
    struct weights_bar bars[WEIGHTS_MAX];
    int count;
};

/* Fills *W from a parameter count or the path of a model. False: message says why, W is untouched.
 */
bool weights_read(struct weights *w, const char *text, char *message, size_t size);

#endif
