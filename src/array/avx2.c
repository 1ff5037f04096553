/* AVX2, F16C and FMA. */
#include "array/x86.h"

#include "array/lanes_avx2.h"
#include "array/part_roads.h"

static bool can(struct plan *p)
{
    return plan_roads(p, &roads);
}

const struct hu_kernel hu_kernel_avx2 = {"avx2", hu_x86_has_avx2, can};
