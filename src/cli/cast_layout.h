/* How a quantized tensor is laid out in a file: its parts, their names, dtypes and shapes. */
#pragma once

#include "room.h"
#include "arena.h"
#include "file/write.h"

enum cast_layout {
    CAST_LAYOUT_NONE, /* the block format's own */
    CAST_LAYOUT_MX,
    CAST_LAYOUT_GPT_OSS,
    CAST_LAYOUT_MODELOPT,
    CAST_LAYOUT_COMPRESSED,
    CAST_LAYOUT_DEEPSEEK,
    CAST_LAYOUT_BNB,
    CAST_LAYOUT_GGUF,
};

/* "mx", "gpt-oss" …; false: none of them. */
bool cast_layout_find(const char *name, enum cast_layout *layout);
const char *cast_layout_name(enum cast_layout layout);
extern const char cast_layout_names[]; /* separated by spaces */

/* What BLOCK is written in where nothing is said. */
enum cast_layout cast_layout_default(const struct hu_block *block);
bool cast_layout_takes(enum cast_layout layout, const struct hu_block *block);
/* Whether a matrix of so many COLUMNS can be laid out so. */
bool cast_layout_fits(enum cast_layout layout, const struct hu_block *block, uint64_t columns);

/* How many scales of BLOCK, whose scales are apart, stand before their codes; 0: they stay apart.
 */
unsigned cast_layout_whole(enum cast_layout layout, const struct hu_block *block);

/* A tensor's parts. */
enum { CAST_PARTS_MAX = 4 };
struct cast_parts {
    struct hu_written rows[CAST_PARTS_MAX];
    const void *fixed[CAST_PARTS_MAX]; /* what they hold; NULL: what comes out of the data */
    size_t count;
    int scales, second; /* which of rows; -1: none */
    bool reciprocal;    /* the second scale is written as its reciprocal */
};

/* The parts of NAME with a SHAPE of RANK, two at least, of elements that were of DTYPE. What rows
 * point to lives in ARENA. False: out of memory. */
bool cast_layout_parts(enum cast_layout layout, const struct hu_block *block, const char *name,
                       const uint64_t *shape, unsigned rank, struct hu_dtype dtype,
                       struct arena *arena, struct cast_parts *parts);

/* "quantization_config" as the layout's readers want it beside the file; IGNORED is a list of
 * modules that are not quantized, and taken. NULL: they want none. */
json_t *cast_layout_config(enum cast_layout layout, const struct hu_block *block, json_t *ignored);
