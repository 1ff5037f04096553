/* What C's vectors give on any machine: SSE2 on x86-64, NEON on aarch64. */
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include "array/lanes_portable.h"
#include "array/lanes.h"
#include "array/lanes_widen.h"
#include "array/table.h"

static const struct stages stages = {widen_find, narrow_find, NULL};

static unsigned chain_row(const struct conversion *c, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    return chain_run(&stages, c, dst, src, n, first);
}

/* The lanes read and write memory in the machine's byte order. */
static bool runs(void)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

static row_function *find(const struct conversion *c)
{
    if (table_can(c))
        return table_row;
    return chain_can(&stages, c) ? chain_row : NULL;
}

const struct hu_kernel hu_kernel_portable = {"portable", runs, find};
