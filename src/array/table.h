/* Sources of at most 8 bits by table: each code converted once, by the scalar path. */
#ifndef HALFULP_TABLE_H
#define HALFULP_TABLE_H

#include "array/kernel.h"

enum { TABLE_CODES = 256 };

struct table {
    uint64_t words[TABLE_CODES]; /* as the target stores them */
    unsigned char flags[TABLE_CODES];
    unsigned all_flags; /* or-ed */
};

bool hu_table_can(const struct conversion *c);
void hu_table_fill(struct table *t, const struct conversion *c);
unsigned hu_table_row(const struct conversion *c, void *dst, const void *src, size_t n,
                      uint64_t first);
/* The flags that N codes, a byte each, raise. */
unsigned hu_table_flags(const struct table *t, const unsigned char *codes, size_t n);

#endif
