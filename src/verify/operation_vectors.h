/* Test vectors of operations: operands at which one is likely to be wrong. */
#pragma once

#include "verify/operands.h"
#include "verify/vectors.h"

/*
 * Writes vectors as TestFloat does: operands, result and flags, by JOBS threads, in an order that
 * does not depend on them: options->count of hu_operands_at's, picked evenly where they are fewer
 * than the level's set. Results are hu_operate's, which `verify --op` proves. Returns how many;
 * fewer than were wanted where the sink wants no more or memory ends.
 */
uint64_t hu_operation_vectors_write(const struct hu_question *q,
                                    const struct hu_vectors_options *options, unsigned jobs,
                                    hu_vectors_sink *sink, void *context);

/* The size of the level's set. */
uint64_t hu_operation_vectors_set(const struct hu_question *q, int level);
