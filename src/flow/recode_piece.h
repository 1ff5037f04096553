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

struct hu_recode_buffer {
    unsigned char *bytes;
    size_t room;
};

/* One at a time for each thread, whose memory it is. */
struct hu_recode_piece {
    const struct hu_recode *job;
    const int32_t *groups;
    bool linear;
    uint64_t matrix, first; /* first: element of all, or row of the matrix */
    size_t rows, columns;   /* linear: one row */
    uint64_t number;        /* of its first element among all */
    uint64_t read;          /* bytes so far */
    struct hu_recode_buffer elements, codes, scales, more,
        given; /* given: scales as they are read */
};

/* False: out of memory. */
bool hu_recode_room(struct hu_recode_buffer *b, size_t bytes);
void hu_recode_piece_free(struct hu_recode_piece *p);

/* These give 0, an errno, or -1: the input ends before. */

/* g_idx in new memory; NULL where there is none. */
int hu_recode_read_groups(const struct hu_recode *r, int32_t **groups);
/* The piece's elements as they are, into its elements. */
int hu_recode_read_plain(struct hu_recode_piece *p);
/* The piece's parts as they are, into its codes, scales and more. */
int hu_recode_read_parts(struct hu_recode_piece *p);
/* The piece's parts, decoded to TO, into its elements; odd: as in hu_block_parts. */
int hu_recode_decode(struct hu_recode_piece *p, const struct hu_format *to, bool odd);
/* Its codes and scales into their places. */
int hu_recode_write_parts(struct hu_recode_piece *p, size_t codes, size_t scales);
