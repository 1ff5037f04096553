#include "verify/expectation.h"

static uint64_t magnitude_of(const struct hu_format *f, uint64_t bits)
{
    return bits & hu_width_mask(f) & ~hu_sign_mask(f);
}

bool hu_code_is_nan(const struct hu_format *f, uint64_t bits)
{
    if (!hu_has_nan(f))
        return false;
    if (hu_has_lone_nan(f))
        return bits == hu_default_nan_code(f);
    uint64_t magnitude = magnitude_of(f, bits);
    if (hu_has_infinity(f))
        return magnitude > hu_infinity_code(f);
    return magnitude == hu_default_nan_code(f);
}

bool hu_code_is_infinite(const struct hu_format *f, uint64_t bits)
{
    return hu_has_infinity(f) && magnitude_of(f, bits) == hu_infinity_code(f);
}

bool hu_code_is_zero(const struct hu_format *f, uint64_t bits)
{
    return f->specials != HU_SPECIALS_SCALE && !magnitude_of(f, bits) && !hu_code_is_nan(f, bits);
}

bool hu_code_is_subnormal(const struct hu_format *f, uint64_t bits)
{
    uint64_t magnitude = magnitude_of(f, bits);
    return hu_has_subnormals(f) && magnitude && magnitude <= hu_trailing_mask(f);
}

uint64_t hu_code_flushed(const struct hu_format *f, uint64_t bits)
{
    return hu_has_negative_zero(f) ? bits & hu_sign_mask(f) : 0;
}

const struct hu_format *hu_promised_format(const struct hu_format *to,
                                           const struct hu_promise *promise)
{
    if (!promise->last_step_is_result)
        return to;
    return promise->step[1] ? promise->step[1] : promise->step[0];
}

bool hu_satisfies_otherwise(const struct hu_format *to, const struct hu_promise *promise,
                            uint64_t expected, uint64_t got)
{
    if (promise->any_nan && hu_code_is_nan(to, expected) && hu_code_is_nan(to, got))
        return true;
    return (promise->ignore & HU_IGNORE_ZERO_SIGN) && hu_code_is_zero(to, expected) &&
           hu_code_is_zero(to, got) && !(got & ~hu_width_mask(to));
}

const char *const hu_flush_names[HU_FLUSHES] = {"keep",  "flush-in", "flush-out",
                                                "flush", "ftz",      "ftz-daz"};
const unsigned hu_flush_values[HU_FLUSHES] = {
    HU_KEEP,
    HU_FLUSH_IN,
    HU_FLUSH_OUT,
    HU_FLUSH_IN | HU_FLUSH_OUT,
    HU_FLUSH_OUT | HU_FLUSH_TINY,
    HU_FLUSH_IN | HU_FLUSH_OUT | HU_FLUSH_TINY,
};

uint64_t hu_promise_flush(const struct hu_promise *promise, const struct hu_format *to,
                          uint64_t code, unsigned *flags)
{
    bool by_underflow = promise->options.tininess_before || (promise->flush & HU_FLUSH_TINY);
    bool tiny = by_underflow && (*flags & HU_UNDERFLOW);
    if (!(promise->flush & HU_FLUSH_OUT) || !(tiny || hu_code_is_subnormal(to, code)))
        return code;
    *flags |= HU_UNDERFLOW | HU_INEXACT;
    return hu_code_flushed(to, code);
}

/* One rounding, from FROM into TO, as promised. */
static uint64_t round_once(struct hu_reference *r, const struct hu_format *to,
                           const struct hu_format *from, uint64_t bits,
                           const struct hu_promise *promise, unsigned *flags)
{
    struct hu_options options = promise->options;
    unsigned raised = 0;
    if (promise->saturate_finite)
        options.saturate = !hu_code_is_infinite(from, bits);
    uint64_t code = hu_reference_convert(r, to, from, bits, &options, &raised);
    if (promise->has_nan_code && hu_code_is_nan(from, bits) && !hu_has_nan(to))
        code = promise->nan_code;
    if (to->specials != HU_SPECIALS_SCALE)
        code = hu_promise_flush(promise, to, code, &raised);
    *flags |= raised;
    return code;
}

uint64_t hu_expect(struct hu_reference *r, const struct hu_format *to, const struct hu_format *from,
                   uint64_t bits, const struct hu_promise *promise, unsigned *flags)
{
    static const struct hu_promise exactly = {0};
    *flags = 0;
    if (((promise->ignore & HU_IGNORE_NAN) && hu_code_is_nan(from, bits)) ||
        ((promise->ignore & HU_IGNORE_INFINITY) && hu_code_is_infinite(from, bits)))
        *flags = HU_ANYTHING;
    if ((promise->flush & HU_FLUSH_IN) && hu_code_is_subnormal(from, bits))
        bits = hu_code_flushed(from, bits);
    for (int i = 0; i < HU_STEPS_MAX && promise->step[i]; i++) {
        bits = round_once(r, promise->step[i], from, bits, promise, flags);
        from = promise->step[i];
    }
    /* Wider data hold a result as it is. */
    return round_once(r, to, from, bits, promise->last_step_is_result ? &exactly : promise, flags);
}
