#include "verify/expectation.h"

bool hu_code_is_nan(const struct hu_format *f, uint64_t bits)
{
    if (!hu_has_nan(f))
        return false;
    if (hu_has_lone_nan(f))
        return bits == hu_default_nan_code(f);
    uint64_t magnitude = bits & hu_width_mask(f) & ~hu_sign_mask(f);
    if (hu_has_infinity(f))
        return magnitude > hu_infinity_code(f);
    return magnitude == hu_default_nan_code(f);
}

static bool is_subnormal(const struct hu_format *f, uint64_t bits)
{
    uint64_t magnitude = bits & hu_width_mask(f) & ~hu_sign_mask(f);
    return hu_has_subnormals(f) && magnitude && magnitude <= hu_trailing_mask(f);
}

static uint64_t flushed(const struct hu_format *f, uint64_t bits)
{
    return hu_has_negative_zero(f) ? bits & hu_sign_mask(f) : 0;
}

uint64_t hu_expect(struct hu_reference *r, const struct hu_format *to, const struct hu_format *from,
                   uint64_t bits, const struct hu_promise *promise, unsigned *flags)
{
    if ((promise->flush & HU_FLUSH_IN) && is_subnormal(from, bits))
        bits = flushed(from, bits);
    unsigned raised = 0;
    uint64_t code = hu_reference_convert(r, to, from, bits, &promise->options, &raised);
    bool tiny = promise->options.tininess_before && (raised & HU_UNDERFLOW) &&
                to->specials != HU_SPECIALS_SCALE;
    if ((promise->flush & HU_FLUSH_OUT) && (tiny || is_subnormal(to, code))) {
        code = flushed(to, code);
        raised |= HU_UNDERFLOW | HU_INEXACT;
    }
    *flags = raised;
    return code;
}
