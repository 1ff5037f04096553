/* Decoders that exist to be fast. Private to the block room. */
#ifndef HALFULP_BLOCK_DECODE_H
#define HALFULP_BLOCK_DECODE_H

#include "parts.h"

/* hu_block_decode_rows where this machine has code of its own for the pair. False: it has none, and
 * nothing is written. */
bool hu_block_decode_fast(const struct hu_format *to, void *dst, const struct hu_block *from,
                          const struct hu_block_parts *parts, size_t columns, size_t first,
                          size_t count);

#endif
