/* AVX2, F16C and FMA. */
#include "array/plan.h"
#include "array/x86.h"

#include <string.h>

#include "array/lanes_avx2.h"
#include "array/lanes.h"

static bool can(struct plan *p)
{
    static const struct abilities abilities = {
        .row = lanes_row, .fp16 = true, .raises = true, .doubles = true};
    return plan_roads(p, &abilities);
}

const struct hu_kernel hu_kernel_avx2 = {"avx2", hu_x86_has_avx2, can};
