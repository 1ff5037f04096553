/*
 * Block formats: elements that share a scale, so that an element's cost is a fraction of a byte.
 * A table of its own beside the formats; every width of a lone float or integer is in format.h.
 */
#ifndef HALFULP_BLOCK_BLOCK_H
#define HALFULP_BLOCK_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HU_NO_GGML_TYPE = -1 };

struct hu_block {
    const char *name;
    const char *aliases;   /* separated by spaces; NULL: none */
    uint32_t elements;     /* in a block: the least number that fills whole bytes */
    uint32_t bytes;        /* of a block, scales included */
    int ggml_type;         /* the number in a GGUF header, or HU_NO_GGML_TYPE */
    const char *structure; /* what the bytes are */
};

/* NAME in any case, '-' read as '_'. NULL: no such block format. */
const struct hu_block *hu_block_find(const char *name);
/* NULL: INDEX is past the last. */
const struct hu_block *hu_block_at(size_t index);
/* A byte of which nobody knows what it is, but that it is a float. No name finds these. */
const struct hu_block *hu_block_opaque(bool is_float);
/* The block format that a GGUF header calls TYPE. NULL: none. */
const struct hu_block *hu_block_of_ggml(uint32_t type);

#endif
