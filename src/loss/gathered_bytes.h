/*
 * What is gathered of a tensor as bytes, the same on every machine: numbers of seven bits a byte,
 * the lowest first, of which the last is below 128; fp64 and the limbs of sums as eight bytes, the
 * lowest first. What is zero takes little room. Thread-safe on different buffers.
 */
#pragma once

#include "statistics.h"

/* Grows as it is written to. */
struct hu_bytes_out {
    unsigned char *at;
    size_t count, room;
    bool failed; /* out of memory */
};

void hu_put_number(struct hu_bytes_out *out, uint64_t number);
void hu_put_text(struct hu_bytes_out *out, const char *text);
/* finished: after hu_gathered_finish, when codes have been counted. */
void hu_put_gathered(struct hu_bytes_out *out, const struct hu_statistics_plan *plan,
                     struct hu_gathered *g, bool finished);

/* What is read. After the first thing that is not as it should be, all numbers are 0. */
struct hu_bytes_in {
    const unsigned char *at, *end;
    bool failed;
};

uint64_t hu_get_number(struct hu_bytes_in *in);
/* At most MOST; else it has failed. */
uint64_t hu_get_number_below(struct hu_bytes_in *in, uint64_t most);
/* In new memory, without a NUL in it. NULL: failed. */
char *hu_get_text(struct hu_bytes_in *in);
/* What hu_put_gathered wrote by the same plan into G, which is new. */
void hu_get_gathered(struct hu_bytes_in *in, const struct hu_statistics_plan *plan,
                     struct hu_gathered *g, bool finished);
