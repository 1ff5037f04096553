/* What C's vectors give on any machine: SSE2 on x86-64, NEON on aarch64. The lanes read and write
 * memory in the machine's byte order, and arrays are little-endian. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#include "array/lanes_portable.h"
#include "array/part_roads.h"

static bool runs(void)
{
    return true;
}

static bool can(struct plan *p)
{
    return plan_roads(p, &roads);
}

const struct hu_kernel hu_kernel_portable = {"portable", runs, can};

#endif
