/* AVX-512 VBMI: tables of 256 bytes in registers. */
#include "array/environment.h"
#include "array/layout.h"
#include "array/table.h"
#include "array/x86.h"
#include "convert.h"

#include <string.h>

#define LANES_ALL_BYTES
/* clang-format off */
#include "array/lanes_avx512.h"
#include "array/lanes_step.h"
#include "array/lanes_seen.h"
#include "array/lanes_load.h"
#include "array/lanes_bytes.h"
#include "array/lanes_row.h"
/* clang-format on */

static bool can(struct plan *p)
{
    if (!hu_table_can(p) || p->to->storage_bits > 32)
        return false;
    plan_table(p);
    return true;
}

const struct hu_kernel hu_kernel_avx512vbmi = {"avx512vbmi", hu_x86_has_avx512_vbmi, can};
