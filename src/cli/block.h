/* What `halfulp block` says of values in a block format, and `halfulp limits` of one. */
#pragma once

#include "room.h"
#include "block/explain.h"

/* The values as one row, encoded, and what became of each. */
struct block_report {
    const struct hu_block *block;
    struct hu_block_options options; /* the rule is HU_SCALE_DEFAULT where none was asked for */
    size_t count;
    float *values; /* NULL: the codes were given */
    unsigned char *codes, *scales;
    float tensor_scale;
    struct hu_block_datum *data; /* of each element */
};

/* What r->codes are made of, from r->values; false and EINVAL's reason is the caller's. */
bool block_encode(struct block_report *r);
bool block_look_all(struct block_report *r);
void block_free(struct block_report *r);

/* An fp64 exactly, and as it is shown; new memory. */
char *block_exact(double x);
char *block_shown(double x);

void block_print_text(const struct block_report *r);
void block_print_json(const struct block_report *r);

/* Range and steps of a block format: its greatest and least values under the greatest and the least
 * scale, and the widest and narrowest step under one scale. */
json_t *limits_block_json(const struct hu_block *b);
void limits_block_print(const struct hu_block *b);
