/*
 * Operations on whole arrays. hu_operate_array of halfulp.h runs the kernel that suits the machine;
 * here one of them can be run. Thread-safe.
 */
#ifndef HALFULP_OPERATE_H
#define HALFULP_OPERATE_H

#include "arithmetic.h"
#include "array/array.h"

/*
 * hu_operate_array by KERNEL, whose conversions it uses; "scalar": every element by hu_operate. The
 * first element of SRC is element FIRST of an array, for HU_STOCHASTIC. All kernels give the same
 * codes and the same flags.
 */
int hu_operate_array_with(const struct hu_kernel *kernel, enum hu_operation operation,
                          const struct hu_format *to, void *dst,
                          const struct hu_format *const from[], const void *const src[], size_t n,
                          uint64_t first, const struct hu_operation_options *options,
                          unsigned *flags);

/* Private to the array room from here on. */

/* One call's operation. */
struct hu_array_operation {
    enum hu_operation operation;
    const struct hu_format *to, *from[HU_OPERANDS];
    struct hu_operation_options options;
    bool flags; /* whether anyone will look at them */
};

/* Comparisons, whose lanes give 1 or 0, and extrema. */
static inline bool hu_only_chooses(enum hu_operation operation)
{
    return hu_is_comparison(operation) || hu_is_extremum(operation);
}

/* Not a flag: some element may be beyond the range in which lanes are exact. */
enum { HU_LANES_BEYOND = 1 << 8 };

/* N elements of fp32 or fp64; exact: results are to be rounded once more, see operate_lanes.h.
 * Returns invalid and division by zero; the others are the environment's. guards: at an element
 * that may be beyond the range returns HU_LANES_BEYOND, and R is of no use. */
typedef unsigned hu_lanes_function(const struct hu_array_operation *a, bool exact, bool guards,
                                   void *r, const void *const src[], size_t n);

/* The lanes of an instruction set. */
struct hu_operation_lanes {
    hu_lanes_function *fp32, *fp64;
    bool roots; /* it has square roots, … */
    bool fused; /* … and a fused multiply-add */
};

extern const struct hu_operation_lanes hu_operation_lanes_portable;
extern const struct hu_operation_lanes hu_operation_lanes_avx2;

#endif
