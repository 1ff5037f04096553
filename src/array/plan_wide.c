/* What lanes of 64 bits work with. */
#include "array/plan.h"
#include "rounding.h"
#include "specials.h"

bool hu_plan_wide(struct plan *p, const struct abilities *a)
{
    const struct hu_format *from = p->from, *to = p->to;
    if (!a->wide || from->specials == HU_SPECIALS_SCALE || to->specials == HU_SPECIALS_SCALE)
        return false;
    const uint64_t max_finite = hu_max_finite_code(from);
    p->wide = (struct wide){
        .width = hu_width_mask(from),
        .trailing = hu_trailing_mask(from),
        .sign = hu_sign_mask(from),
        .max_finite = max_finite,
        .nan = hu_has_lone_nan(from) ? hu_lone_nan_code(from) : UINT64_MAX,
        .trailing_bits = from->trailing_bits,
        .quantum_min = hu_is_integer(from) ? 0 : hu_quantum_min(from),
        .integer = hu_is_integer(from),
        .to_sign = hu_sign_mask(to),
        .to_width = hu_width_mask(to),
        .to_max = hu_max_finite_code(to),
        .to_normal = UINT64_C(1) << (to->trailing_bits % 64),
        .to_trailing_bits = to->trailing_bits,
        .to_emin = hu_emin(to),
        .to_emax = hu_emax(to) + (hu_is_integer(to) && hu_is_signed(to)), /* as its least has */
        .to_even_codes = hu_target_of(to).even_codes,
        .to_integer = hu_is_integer(to),
        .to_negative_zero = hu_has_negative_zero(to),
    };
    for (int below = 0; below < 2; below++)
        p->wide.overflow[below] =
            hu_round_overflow(to, below, &p->options, &p->wide.overflow_flags);
    p->round = ROUND_NONE;
    p->row = a->wide;
    p->few = NULL;
    p->settle = NULL;
    p->streams = p->environment = false;
    return true;
}
