/* A piece of a tensor on its way from one file into another. Private to recode. */
#pragma once

#include "recode.h"

struct hu_recode_plan {
    bool linear;    /* pieces are runs of blocks; else rows of a matrix */
    uint64_t step;  /* pieces begin at multiples of this */
    uint64_t each;  /* elements, or rows */
    uint64_t total; /* elements */
    uint64_t pieces, pieces_of_matrix;
    const int32_t *groups;
};

struct hu_recode_piece {
    bool linear;
    uint64_t matrix, first; /* first: element of all, or row of the matrix */
    uint64_t rows, columns; /* linear: one row */
    uint64_t number;        /* of its first element among all */
};

struct hu_recode_buffer {
    unsigned char *bytes;
    size_t room;
};

/* One thread's. */
struct hu_recode_memory {
    struct hu_recode_buffer elements, codes, scales, more,
        given; /* given: scales as they are read */
    const int32_t *groups;
    uint64_t read; /* bytes, of this piece */
};

/* False: out of memory. */
bool hu_recode_room(struct hu_recode_buffer *b, size_t bytes);
void hu_recode_memory_free(struct hu_recode_memory *m);

/* These give 0, an errno, or -1: the input ends before. */

/* g_idx in new memory; NULL where there is none. */
int hu_recode_read_groups(const struct hu_recode *r, int32_t **groups);
/* The piece's elements as they are, into m->elements. */
int hu_recode_read_plain(const struct hu_recode *r, const struct hu_recode_piece *p,
                         struct hu_recode_memory *m);
/* The piece's parts as they are, into m->codes, m->scales and m->more. */
int hu_recode_read_parts(const struct hu_recode *r, const struct hu_recode_piece *p,
                         struct hu_recode_memory *m);
/* The piece's parts, decoded to TO, into m->elements; odd: as in hu_block_parts. */
int hu_recode_decode(const struct hu_recode *r, const struct hu_recode_piece *p,
                     struct hu_recode_memory *m, const struct hu_format *to, bool odd);
/* m->codes and m->scales into their places. */
int hu_recode_write_parts(const struct hu_recode *r, const struct hu_recode_piece *p,
                          struct hu_recode_memory *m, size_t codes, size_t scales);
