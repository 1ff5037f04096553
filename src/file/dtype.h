/* What an array's elements are: a float format, an integer dtype or a block format. */
#pragma once

#include "block/block.h"
#include "format.h"

/* One of the three is set; none: no dtype. */
struct hu_dtype {
    const struct hu_format *format;
    const struct hu_integer *integer;
    const struct hu_block *block;
};

static inline bool hu_dtype_is_set(struct hu_dtype dtype)
{
    return dtype.format || dtype.integer || dtype.block;
}

/* Whether they are one, whatever it is called. */
static inline bool hu_dtype_same(struct hu_dtype a, struct hu_dtype b)
{
    return a.format == b.format && a.integer == b.integer && a.block == b.block;
}

/* NAME as format.h and block.h read it. False: no such dtype. */
bool hu_dtype_find(const char *name, struct hu_dtype *dtype);
/* What a GGUF header calls TYPE. False: removed from ggml, or unknown. */
bool hu_dtype_of_ggml(uint32_t type, struct hu_dtype *dtype);
/* And back. False: a GGUF header has no such type. */
bool hu_dtype_ggml(struct hu_dtype dtype, uint32_t *type);
const char *hu_dtype_name(struct hu_dtype dtype);

/* Elements that take a whole number of bytes together, and those bytes: 1 and 4 for tf32, 4 and 3
 * for a packed fp6, 32 and 18 for q4_0. */
uint32_t hu_dtype_elements(struct hu_dtype dtype);
uint32_t hu_dtype_bytes(struct hu_dtype dtype);

/* Bits that an element takes in memory, scales included: 32 for tf32, 4.25 for mxfp4. */
double hu_dtype_bits(struct hu_dtype dtype);

/* Bytes of ELEMENTS in a row: whole blocks of a block format, whole bytes of a packed one. False:
 * more than 64 bits hold. */
bool hu_dtype_size(struct hu_dtype dtype, uint64_t elements, uint64_t *bytes);
/* Of a matrix with all its parts: tiles at its edges, scales of rows and of the whole counted. */
bool hu_dtype_matrix_size(struct hu_dtype dtype, uint64_t rows, uint64_t columns, uint64_t *bytes);
