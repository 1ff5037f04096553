/* Test vectors: the encodings at which a conversion, and the operands at which an operation, is
 * likely to be wrong. */
#pragma once

#include "verify/boundary.h"
#include "verify/operands.h"

struct hu_vectors_options {
    int level;      /* 1: where codes reach the ends of the target's binades; 2: every boundary */
    uint64_t count; /* how many; 0: the level's set. Fewer than that are picked from it evenly, more
                       add seeded draws between the boundaries. */
    uint64_t seed;
};

/* Takes LENGTH bytes of whole lines; false: no more are wanted. */
typedef bool hu_vectors_sink(void *context, const char *text, size_t length);

/*
 * Writes vectors in rising order of the source's encoding, each source once: source, result and
 * flags, in capital hexadecimal digits, the flags as TestFloat's two. Returns how many; fewer than
 * count where there are no more distinct ones.
 */
uint64_t hu_vectors_write(const struct hu_runs *runs, const struct hu_vectors_options *options,
                          hu_vectors_sink *sink, void *context);

/* The size of the level's set. */
uint64_t hu_vectors_set(const struct hu_runs *runs, int level);

/* Of operations. */

/*
 * Writes vectors as TestFloat does: operands, result and flags, by JOBS threads, in an order that
 * does not depend on them: options->count of hu_operands_at's, picked evenly where they are fewer
 * than the level's set. Results are hu_operate's, which `verify --op` proves. Returns how many;
 * fewer than were wanted where the sink wants no more or memory ends.
 */
uint64_t hu_operation_vectors_write(const struct hu_question *q,
                                    const struct hu_vectors_options *options, unsigned jobs,
                                    hu_vectors_sink *sink, void *context);

uint64_t hu_operation_vectors_set(const struct hu_question *q, int level);

/* The last DIGITS of VALUE's 16 in capitals, and a space; scribbles over 8 bytes and a space.
 * Returns what is behind them. */
char *hu_vectors_number(char *at, uint64_t value, int digits);
