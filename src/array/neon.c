/* NEON. */
#include "array/lanes_neon.h"
#include "array/part_roads.h"

/* Every aarch64 processor that runs this has Advanced SIMD. */
static bool runs(void)
{
    return true;
}

static bool can(struct plan *p)
{
    return plan_roads(p, &roads);
}

const struct hu_kernel hu_kernel_neon = {"neon", runs, can};
