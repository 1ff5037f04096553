/* Where a tensor's codes and scales lie. Pure. */
#pragma once

#include "array/layout.h"
#include "block.h"
#include "convert.h"

/* The same of sizes in memory, which may be narrower. */
static inline size_t parts_up(size_t n, size_t by)
{
    return (size_t)hu_parts_over(n, by);
}

/* Bytes that a row of codes takes in HU_BLOCK_PARTS, or of blocks in HU_BLOCK_WHOLE. */
static inline size_t parts_row_bytes(const struct hu_block *b, size_t columns)
{
    if (b->layout == HU_BLOCK_WHOLE)
        return parts_up(columns, b->elements) * b->bytes;
    return columns / 8 * b->code_bits + (columns % 8 * b->code_bits + 7) / 8;
}

static inline size_t parts_tiles_across(const struct hu_block *b, size_t columns)
{
    return b->tile_columns ? parts_up(columns, b->tile_columns) : columns > 0;
}

static inline size_t parts_tiles_down(const struct hu_block *b, size_t rows)
{
    return b->tile_rows ? parts_up(rows, b->tile_rows) : rows > 0;
}

/* The number of the scale that stands over an element in HU_BLOCK_PARTS. */
static inline size_t parts_tile(const struct hu_block *b, size_t columns, size_t row, size_t column)
{
    size_t down = b->tile_rows ? row / b->tile_rows : 0;
    size_t across = b->tile_columns ? column / b->tile_columns : 0;
    return down * parts_tiles_across(b, columns) + across;
}

/* Code I of a run of them that begins with a byte. */
static inline unsigned parts_code(const struct hu_block *b, const unsigned char *codes, size_t i)
{
    if (b->layout == HU_BLOCK_FLAT)
        return codes[i / 2] >> (i % 2 ? 0 : 4) & 15;
    return b->code_bits == 8 ? codes[i] : (unsigned)layout_packed(codes, b->code_bits, i);
}

/* Every value of every scale and element is an fp64. */
static inline double parts_value(const struct hu_format *fp64, const struct hu_format *f,
                                 uint64_t bits)
{
    uint64_t word = hu_convert(fp64, f, bits, NULL, NULL);
    double value;
    memcpy(&value, &word, sizeof value);
    return value;
}
