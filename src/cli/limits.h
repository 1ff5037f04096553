/* The limits of a block format. */
#pragma once

#include "room.h"
#include "block/block.h"
#include "format.h"

/* Range and steps of a block format: its greatest and least values under the greatest and the least
 * scale, and the widest and narrowest step under one scale. */
json_t *limits_block_json(const struct hu_block *b);
void limits_block_print(const struct hu_block *b);
