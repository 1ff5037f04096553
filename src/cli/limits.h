/* The limits of a format, three ways. */
#pragma once

#include "block/block.h"
#include "format.h"
#include "terminal.h"

#include <jansson.h>

json_t *limits_json(const struct hu_format *f);
json_t *limits_integer_json(const struct hu_integer *n);

/* In lines of at most COLUMNS; 0: of any length. */
void limits_print(const struct hu_format *f);
void limits_integer_print(const struct hu_integer *n);

/* Range and steps of a block format: its greatest and least values under the greatest and the least
 * scale, and the widest and narrowest step under one scale. */
json_t *limits_block_json(const struct hu_block *b);
void limits_block_print(const struct hu_block *b);

/* All named formats and integer dtypes, a line each. */
void limits_print_all(void);

/* The derivation of the largest and the smallest values, step by step. */
void limits_explain(const struct hu_format *f);
void limits_integer_explain(const struct hu_integer *n);
