/*
 * The block page's state: values under the scale that they share, as the block room encodes them,
 * and every bit of what came out. The bytes are the library's; where each bit lies in them is found
 * by what it changes.
 */
#pragma once

#include "block/explain.h"

enum { BLOCK_ELEMENTS = 32, BLOCK_CODE_BYTES = 36, BLOCK_SCALE_BYTES = 3 };

/* The parts whose bits are shown: what stands over the scale or beside it, the scale, elements. */
enum { BLOCK_SECOND, BLOCK_SCALE, BLOCK_FIRST, BLOCK_PARTS = BLOCK_FIRST + BLOCK_ELEMENTS };

/* Without padding: states are compared as bytes. */
struct block_state {
    const struct hu_block *block;
    enum hu_scale_rule rule; /* HU_SCALE_DEFAULT: the format's own */
    float tensor_scale;
    float given[BLOCK_ELEMENTS];
    unsigned char codes[BLOCK_CODE_BYTES], scales[BLOCK_SCALE_BYTES];
    unsigned char by_hand; /* bits were changed since the values were encoded */
};

/* The block formats that the page shows, by number: one scale over at most 32 elements in a row,
 * encoded here. NULL from the count on. */
const struct hu_block *block_shown_at(size_t index);
bool block_is_shown(const struct hu_block *b);

void block_begin(struct block_state *s);
int block_elements(const struct block_state *s);
/* Codes and scale anew from the values. */
void block_page_encode(struct block_state *s, enum hu_direction direction);

/* A part's bits, which are a code of its format; NULL: this block has no such part. */
const struct hu_format *block_part_format(const struct block_state *s, int part);
const char *block_part_name(int part); /* of its items: "scale", "e31" */
uint64_t block_bits(const struct block_state *s, int part);
void block_set_bits(struct block_state *s, int part, uint64_t bits);

/* The block's bytes as `halfulp block --decode` takes them, in new memory. */
char *block_page_hex(const struct block_state *s);

/* What became of each value. */
void block_look(const struct block_state *s, struct hu_block_datum data[BLOCK_ELEMENTS]);
/* The element that makes the scale: of the greatest magnitude, or no number; -1: all are zero. */
int block_greatest(const struct block_state *s);

/* Every value, by spaces; and back: those that TEXT leaves out are zero. False: message. */
char *block_values(const struct block_state *s);
bool block_read_values(struct block_state *s, const char *text, char message[HU_MESSAGE]);
