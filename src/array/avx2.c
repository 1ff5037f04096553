/* AVX2 and F16C. */
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

#include "array/lanes_avx2.h"
#include "array/lanes.h"
#include "array/lanes_widen.h"
#include "array/x86.h"

static const struct stages stages = {widen_find, narrow_find, NULL};

static unsigned chain_row(const struct conversion *c, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    return chain_run(&stages, c, dst, src, n, first);
}

static row_function *find(const struct conversion *c)
{
    return chain_can(&stages, c) ? chain_row : NULL;
}

const struct hu_kernel hu_kernel_avx2 = {"avx2", x86_has_avx2, find};
