#include "rounding.h"

static bool overflows_to_infinity(enum hu_direction direction, bool sign)
{
    switch (direction) {
    case HU_TOWARD_ZERO:
    case HU_TO_ODD:
        return false;
    case HU_TOWARD_POSITIVE:
        return !sign;
    case HU_TOWARD_NEGATIVE:
        return sign;
    default:
        return true;
    }
}

static uint64_t with_sign(const struct hu_format *to, bool sign, uint64_t magnitude)
{
    return sign ? magnitude | hu_sign_mask(to) : magnitude;
}

static uint64_t nan_code(const struct hu_format *to, bool sign)
{
    return with_sign(to, sign, hu_default_nan_code(to));
}

uint64_t hu_round_overflow(const struct hu_format *to, bool sign, const struct hu_options *options,
                           unsigned *flags)
{
    *flags |= HU_OVERFLOW | HU_INEXACT;
    bool infinity = !options->saturate && overflows_to_infinity(options->direction, sign);
    if (infinity && hu_has_infinity(to))
        return with_sign(to, sign, hu_infinity_code(to));
    if (infinity && hu_has_nan(to))
        return nan_code(to, sign);
    return with_sign(to, sign, hu_max_finite_code(to));
}

uint64_t hu_round(const struct hu_format *to, struct hu_real r, uint64_t index,
                  const struct hu_options *options, unsigned *flags)
{
    struct hu_target target = hu_target_of(to);
    return hu_round_into(&target, r, index, options->direction, options, flags);
}

uint64_t hu_round_infinity(const struct hu_format *to, bool sign, const struct hu_options *options,
                           unsigned *flags)
{
    if (to->specials == HU_SPECIALS_SCALE && sign)
        return hu_scale_of_negative(to, flags);
    if (hu_has_infinity(to) && !options->saturate)
        return with_sign(to, sign, hu_infinity_code(to));
    return hu_round_overflow(to, sign, options, flags);
}

uint64_t hu_round_zero(const struct hu_format *to, bool sign, unsigned *flags)
{
    if (to->specials == HU_SPECIALS_SCALE)
        *flags |= HU_UNDERFLOW | HU_INEXACT;
    return hu_has_negative_zero(to) ? with_sign(to, sign, 0) : 0;
}

uint64_t hu_round_nan(const struct hu_format *to, struct hu_datum nan, unsigned *flags)
{
    if (nan.class == HU_SIGNALING_NAN)
        *flags |= HU_INVALID;
    if (!hu_has_nan(to)) {
        *flags |= HU_INVALID;
        return hu_max_finite_code(to);
    }
    uint64_t code = hu_default_nan_code(to);
    if (to->specials == HU_SPECIALS_IEEE)
        code |= nan.significand >> (64 - to->trailing_bits);
    return with_sign(to, nan.sign, code);
}

uint64_t hu_convert_at(const struct hu_format *to, const struct hu_format *from, uint64_t bits,
                       uint64_t index, const struct hu_options *options, unsigned *flags)
{
    struct hu_datum d = hu_decode(from, bits);
    switch (d.class) {
    case HU_ZERO:
        return hu_round_zero(to, d.sign, flags);
    case HU_INFINITE:
        return hu_round_infinity(to, d.sign, options, flags);
    case HU_QUIET_NAN:
    case HU_SIGNALING_NAN:
        return hu_round_nan(to, d, flags);
    case HU_SUBNORMAL:
    case HU_NORMAL:
        break;
    }
    struct hu_real real = {d.significand, d.quantum, d.sign, false};
    return hu_round(to, real, index, options, flags);
}

uint64_t hu_convert(const struct hu_format *to, const struct hu_format *from, uint64_t bits,
                    const struct hu_options *options, unsigned *flags)
{
    static const struct hu_options defaults;
    unsigned raised = 0;
    uint64_t code = hu_convert_at(to, from, bits, 0, options ? options : &defaults, &raised);
    if (flags)
        *flags |= raised;
    return code;
}
