/* Operations on whole arrays: what the roads share. Private to the array room. */
#ifndef HALFULP_OPERATE_H
#define HALFULP_OPERATE_H

#include "arithmetic.h"
#include "array/array.h"

/* One call's operation. */
struct hu_array_operation {
    enum hu_operation operation;
    const struct hu_format *to, *from[HU_OPERANDS];
    struct hu_operation_options options;
    bool flags; /* whether anyone will look at them */
};

/* The truth: every element by hu_operate_at; the first is element FIRST of an array. Returns the
 * flags. */
unsigned hu_operate_plainly(const struct hu_array_operation *a, void *dst, const void *const src[],
                            size_t n, uint64_t first);

#endif
