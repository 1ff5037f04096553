/*
 * Tensors as a model knows them. Checkpoints keep quantized weights in parts: codes, their scales,
 * zero points, tables, each a tensor of the file. Here the parts of one weight are found by their
 * names, checked against each other and against the config beside them, and become one tensor.
 * Thread-safe on different sets.
 */
#pragma once

#include "tensor_set.h"

enum { HU_LOGICAL_PARTS = 24, HU_LOGICAL_ERROR = 640 };

struct hu_logical {
    const char *name; /* as the checkpoint has it that is not quantized */
    const uint64_t *shape;
    unsigned rank;
    uint64_t elements, bytes; /* bytes: of all parts */
    const char *layout;       /* whose convention it is: "deepseek", "gpt-oss", "gguf" … */
    const struct hu_block *block;
    uint64_t batch, rows, columns; /* so many matrices, each with scales of its own */
    const struct hu_tensor *codes, *scales, *more, *groups; /* as in hu_block_parts; NULL: none */
    const struct hu_format *scales_in;                      /* what the file has the scales in */
    float tensor_scale;
    const float *nested;
    const struct hu_tensor *parts[HU_LOGICAL_PARTS]; /* all of them, the codes first */
    size_t part_count;
    struct hu_block own; /* where the table has no such row, block points here */
};

struct hu_logicals {
    struct hu_logical **at; /* in the order of the set's names */
    size_t count;
    const char *note; /* what was taken for granted, the end of a sentence; NULL: nothing */
    struct arena arena;
};

/*
 * Finds them in SET, which was opened at PATH, and sets its tensors' part_of. A config.json beside
 * PATH is read for what names and shapes leave open. False: parts do not fit each other, or a
 * tensor is the scale of none that is known; error says which and what would be right.
 * hu_logicals_clear in either case.
 */
bool hu_logicals_read(struct hu_tensor_set *set, const char *path, struct hu_logicals *logicals,
                      char error[HU_LOGICAL_ERROR]);
void hu_logicals_clear(struct hu_logicals *logicals);

/* How many scales B has over a ROWS × COLUMNS matrix. */
uint64_t hu_logical_scales(const struct hu_block *b, uint64_t rows, uint64_t columns);

/* Whether NAME is that of a quantized weight's scale, zero point, table or the like. */
bool hu_logical_is_aside(const char *name);
