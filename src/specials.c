#include "specials.h"

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

static uint64_t largest_of(const struct hu_format *to, bool sign)
{
    return sign ? hu_lowest_code(to) : hu_max_finite_code(to);
}

/* IEEE 754-2019 section 5.8: invalid where the integer has no such value, and nothing else. */
static uint64_t integer_end(const struct hu_format *to, bool sign, unsigned *flags)
{
    *flags |= HU_INVALID;
    return largest_of(to, sign);
}

uint64_t hu_round_overflow(const struct hu_format *to, bool sign, const struct hu_options *options,
                           unsigned *flags)
{
    if (hu_is_integer(to))
        return integer_end(to, sign, flags);
    *flags |= HU_OVERFLOW | HU_INEXACT;
    bool infinity = !options->saturate && overflows_to_infinity(options->direction, sign);
    if (infinity && hu_has_infinity(to))
        return with_sign(to, sign, hu_infinity_code(to));
    if (infinity && hu_has_nan(to))
        return nan_code(to, sign);
    return largest_of(to, sign);
}

uint64_t hu_round_unsigned(const struct hu_format *to, const struct hu_options *options,
                           unsigned *flags)
{
    *flags |= HU_INVALID;
    bool has_zero = to->specials != HU_SPECIALS_SCALE;
    return has_zero && (options->saturate || !hu_has_nan(to)) ? 0 : hu_default_nan_code(to);
}

uint64_t hu_round_infinity(const struct hu_format *to, bool sign, const struct hu_options *options,
                           unsigned *flags)
{
    if (hu_is_integer(to))
        return integer_end(to, sign, flags);
    if (sign && !hu_is_signed(to))
        return hu_round_unsigned(to, options, flags);
    if (hu_has_infinity(to) && !options->saturate)
        return with_sign(to, sign, hu_infinity_code(to));
    *flags |= HU_OVERFLOW | HU_INEXACT;
    if (hu_has_nan(to) && !options->saturate)
        return nan_code(to, sign);
    return largest_of(to, sign);
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
        return hu_is_integer(to) ? 0 : hu_max_finite_code(to);
    }
    uint64_t code = hu_default_nan_code(to);
    if (to->specials == HU_SPECIALS_IEEE)
        code |= nan.significand >> (64 - to->trailing_bits);
    return with_sign(to, nan.sign, code);
}
