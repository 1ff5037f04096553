/*
 * Operations on whole arrays. hu_operate_array of halfulp.h runs the kernel that suits the machine;
 * here one of them can be run. Thread-safe.
 */
#pragma once

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

/* Not a flag: some element may be beyond the range in which lanes are exact. */
enum { HU_LANES_BEYOND = 1 << 8 };

/* N elements of fp32 or fp64; exact: results are to be rounded once more, see operate_lanes.h.
 * Returns invalid and division by zero; the others are the environment's. guards: at an element
 * that may be beyond the range returns HU_LANES_BEYOND, and R is of no use. */
typedef unsigned hu_lanes_function(const struct hu_array_operation *a, bool exact, bool guards,
                                   void *r, const void *const src[], size_t n);

/* A comparison or an extremum of codes of one width that have IEEE 754's order; masks are all ones
 * or zero. */
struct hu_choice {
    bool compares;                            /* gives 1 where a relation holds, else 0 */
    uint64_t less, equal, greater, unordered; /* masks: whether that relation holds */
    uint64_t maximum, number, magnitude;      /* masks: what kind of extremum */
    uint64_t last;                            /* mask: of two NaNs the second */
    uint64_t magnitudes, infinity, quiet;     /* all but the sign; infinity's code; the quiet bit */
    uint64_t raise_not, raise;                /* a NaN raises invalid that has the second bit set
                                                 and the first, if any, clear */
};

/* N elements, truths as bytes. Returns HU_INVALID or 0. */
typedef unsigned hu_codes_function(const struct hu_choice *c, void *dst, const void *const src[],
                                   size_t n);

/* The lanes of an instruction set. */
struct hu_operation_lanes {
    hu_lanes_function *fp32, *fp64;
    hu_codes_function *codes[4]; /* of 8, 16, 32 and 64 bits */
    bool roots;                  /* it has square roots, … */
    bool fused;                  /* … and a fused multiply-add */
};

extern const struct hu_operation_lanes hu_operation_lanes_portable;
extern const struct hu_operation_lanes hu_operation_lanes_avx2;
