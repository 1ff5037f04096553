/*
 * Pairs of tensors from two files, compared piece by piece by several threads in bounded memory.
 * What comes out does not depend on the number of threads.
 */
#pragma once

#include "loss/difference.h"
#include "stream.h"

/* Of two tensors of one shape. Where neither has a format, both are bytes, as many. */
struct hu_pair {
    struct hu_stream_tensor first, second;
    const struct hu_format *ulp;     /* in whose ulps; NULL: none */
    bool ulp_of_first;               /* of the first number, and not of the second */
    struct hu_difference difference; /* found; of bytes equal and unlike alone */
    bool bits_differ;                /* found, where both have one format or none */
};

/* progress: as in hu_stream. False: *error says why; error.tensor is the pair, and *of_second
 * whether its second is at fault. */
bool hu_compare_run(struct hu_pair *pairs, size_t count, unsigned threads,
                    void (*progress)(uint64_t bytes), struct hu_stream_error *error,
                    bool *of_second);

/* Bytes that a run will read. */
uint64_t hu_compare_bytes(const struct hu_pair *pairs, size_t count);
