/*
 * The same answers by rationals, the judge of block formats. Shares the table of blocks, their code
 * tables and codebooks, and nothing else.
 */
#pragma once

#include "block/block.h"
#include "reference.h"

/* Element [row, column] as hu_block_decode_rows gives it, rounded into TO. */
uint64_t hu_reference_block_value(struct hu_reference *r, const struct hu_format *to,
                                  const struct hu_block *b, const struct hu_block_parts *parts,
                                  size_t rows, size_t columns, size_t row, size_t column);

/* hu_block_encode of fp32, for every direction but HU_STOCHASTIC. */
void hu_reference_block_encode(struct hu_reference *r, const struct hu_block *b,
                               unsigned char *codes, unsigned char *scales, float *tensor_scale,
                               const float *src, size_t rows, size_t columns,
                               const struct hu_block_options *options);
