/* AVX2 and F16C. */
#include "array/chain.h"

#include <string.h>

#include "array/lanes_avx2.h"
#include "array/lanes.h"
#include "array/lanes_fp16.h"
#include "array/lanes_fp64.h"
#include "array/lanes_widen.h"
#include "array/x86.h"

static const struct stages stages = {widen_find, narrow_find_fp16, fp32_to_fp64, fp64_at_random};

static unsigned chain_row(const struct conversion *c, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    return hu_chain_run(&stages, c, dst, src, n, first);
}

static row_function *find(const struct conversion *c)
{
    if (is_fp32(c->from) && fp16_can(c))
        return fp32_fp16_row;
    row_function *row = fp64_find(c);
    return row ? row : hu_chain_can(&stages, c) ? chain_row : NULL;
}

const struct hu_kernel hu_kernel_avx2 = {"avx2", hu_x86_has_avx2, find, lanes_stream};
