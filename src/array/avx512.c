/* AVX-512 F, BW, DQ and VL. */
#include "array/x86.h"

#include "array/lanes_avx512.h"
#include "array/part_roads.h"

/* AVX2's stores of 32 bytes fill a line sooner than one of 64 where nothing else is to be done:
 * a tenth faster on Sapphire Rapids (make bench). */
static bool is_all_stores(const struct plan *p)
{
    return is_fp16(p->from) && is_fp32(p->to);
}

static bool can(struct plan *p)
{
    return !is_all_stores(p) && plan_roads(p, &roads);
}

const struct hu_kernel hu_kernel_avx512 = {"avx512", hu_x86_has_avx512, can};
