/* Test vectors from a table of runs: the encodings at which a conversion is likely to be wrong. */
#pragma once

#include "verify/boundary.h"

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
