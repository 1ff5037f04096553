/* AVX-512 VBMI: tables of 256 bytes in registers. */
#include "array/x86.h"

#define LANES_ALL_BYTES
#include "array/lanes_avx512.h"
#include "array/part_table.h"

/* AVX-512's rows, whose steps are as many elements. */
row_function hu_avx512_row, hu_avx512_few;

static bool can(struct plan *p)
{
    p->table.direct = true;
    p->table.last = hu_table_last(p);
    p->table.draws = hu_table_draws(p);
    bool wide = !p->table.last && p->to->storage_bits > 16;
    if (!(p->table.draws || hu_table_can(p)) ||
        (wide && (hu_table_is_slower(p) || p->to->storage_bits > 32)))
        return false;
    static const struct abilities abilities = {
        .row = hu_avx512_row, .few = hu_avx512_few, .table = PART(table), .settle = PART(settle)};
    hu_plan_table(p, &abilities);
    return true;
}

const struct hu_kernel hu_kernel_avx512vbmi = {"avx512vbmi", hu_x86_has_avx512_vbmi, can};
