/*
 * Tensors whose elements share scales, from file to file, piece by piece, by several threads, in
 * bounded memory: parts of blocks into elements, elements into parts of blocks, or one block format
 * into another by way of fp64, which holds every element exactly; where both are the same row of
 * the table, and no rule is asked for, codes and scales stay as they are. What comes out does not
 * depend on the number of threads.
 */
#pragma once

#include "block/block.h"

struct hu_recode_input {
    int descriptor;
    uint64_t offset;
};

struct hu_recode {
    /* What is read: elements of FORMAT in a row, or else parts of FROM. */
    const struct hu_format *format;
    unsigned swap; /* bytes of which each so many are to be turned around; 0: none */
    const struct hu_block *from;
    const struct hu_format *scales_in; /* what the scales are in; NULL: what FROM says */
    struct hu_recode_input codes, scales, more, groups;
    bool has_groups;
    float tensor_scale;
    const float *nested;
    uint64_t batch, rows, columns; /* matrices, each with parts of its own */

    /* What is written: elements of TO, or else parts of BLOCK. */
    const struct hu_format *to;
    const struct hu_block *block;
    int output;
    uint64_t codes_at, scales_at;
    uint64_t second_at; /* of the scale over the tensor */
    uint64_t seconds;   /* so many times, each behind the other */
    bool reciprocal;    /* it is written as its reciprocal */
    unsigned whole;     /* as ggml has mxfp4 and nvfp4: so many scales before their codes, of each
                           scale's the first half low; 0: apart */
    struct hu_block_options options;
    uint64_t first; /* the number of its first element, for stochastic rounding */

    bool special; /* becomes true where a NaN or an infinity is encoded */
};

struct hu_recode_error {
    size_t index;
    bool writing;
    int error; /* errno; 0: the input ends before; EINVAL: a group that is none */
};

/* Elements FIRST to FIRST + N, in the order of all, of what R reads, as fp64 into OUT; R has a
 * FROM, and nothing is written. 0, an errno, or -1: the input ends before. */
int hu_recode_elements(const struct hu_recode *r, uint64_t first, size_t n, void *out);

/* progress: so many bytes more are read; called by any thread; may be NULL. False: *error says why.
 */
bool hu_recode_run(struct hu_recode *recodes, size_t count, unsigned threads,
                   void (*progress)(uint64_t bytes), struct hu_recode_error *error);
