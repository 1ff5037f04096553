/*
 * Test vectors of a block format's encoder, a block a line, a tensor of its own: the sources as
 * encodings of fp32, the tensor's scale where the format has one (fp32's too), the block's scale
 * where it lies apart, and the bytes of its codes; in capital hexadecimal digits, between blanks.
 */
#pragma once

#include "reference_block.h"
#include "verify/block_trial.h"
#include "verify/vectors.h"

/* Sources in a line; 0: the format has no lines, since a block of it is too large, has parts that
 * lie apart, or is decoded only. */
size_t hu_block_vector_sources(const struct hu_block *b);

/* Writes COUNT of them, drawn by hu_block_draw. Returns how many; fewer where memory ends or the
 * sink wants no more. */
uint64_t hu_block_vectors_write(const struct hu_block_question *q, uint64_t count,
                                hu_vectors_sink *sink, void *context);

enum hu_block_line { HU_BLOCK_RIGHT, HU_BLOCK_WRONG, HU_BLOCK_MALFORMED };
enum { HU_BLOCK_LINE_MESSAGE = 160 };

/* Judges a line; message says what is wrong. */
enum hu_block_line hu_block_vector_judge(struct hu_reference *ref,
                                         const struct hu_block_question *q, const char *line,
                                         char message[HU_BLOCK_LINE_MESSAGE]);
