#include "convert.h"

/* A magnitude cut at a quantum: kept * 2^quantum plus a fraction of it. */
struct cut {
    uint64_t kept;
    uint64_t fraction; /* of a quantum, in units of 2^-64, rounded down */
    bool exact;
};

/* SIGNIFICAND, its leading one at bit 63, cut SHIFT bits up; SHIFT is at least 2. */
static struct cut cut_at(uint64_t significand, bool sticky, int shift)
{
    if (shift > 64) {
        int below = shift - 64;
        uint64_t fraction = below > 63 ? 0 : significand >> below;
        return (struct cut){0, fraction, false};
    }
    if (shift == 64)
        return (struct cut){0, significand, false};
    uint64_t fraction = significand << (64 - shift);
    return (struct cut){significand >> shift, fraction, !fraction && !sticky};
}

/* Whether the fraction is one half exactly is told apart from above it by tail: something below
 * fraction's last bit. */
static bool goes_up(struct cut cut, bool tail, bool sign, enum hu_direction direction,
                    uint32_t random)
{
    const uint64_t half = UINT64_C(1) << 63;
    if (cut.exact)
        return false;
    switch (direction) {
    case HU_TIES_TO_EVEN:
        return cut.fraction > half || (cut.fraction == half && (tail || (cut.kept & 1)));
    case HU_TIES_TO_AWAY:
        return cut.fraction >= half;
    case HU_TOWARD_POSITIVE:
        return !sign;
    case HU_TOWARD_NEGATIVE:
        return sign;
    case HU_TO_ODD:
        return !(cut.kept & 1);
    case HU_STOCHASTIC:
        return random < cut.fraction >> 32;
    case HU_TOWARD_ZERO:
        break;
    }
    return false;
}

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

/* IEEE 754-2019 section 7.4, and what formats without infinity do instead. */
static uint64_t overflow(const struct hu_format *to, bool sign, const struct hu_options *options,
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

static uint64_t scale_of_negative(const struct hu_format *to, unsigned *flags)
{
    *flags |= HU_INVALID;
    return hu_default_nan_code(to);
}

/* Tininess after rounding (IEEE 754-2019 section 7.5): with the exponent unbounded, a magnitude in
 * [2^(emin-1), 2^emin) still escapes when it rounds up to 2^emin. */
static bool is_tiny(const struct hu_format *to, struct hu_real r, int exponent, uint32_t random,
                    const struct hu_options *options)
{
    int emin = hu_emin(to);
    if (exponent >= emin)
        return false;
    if (options->tininess_before || exponent < emin - 1)
        return true;
    struct cut cut = cut_at(r.significand, r.sticky, 63 - to->trailing_bits);
    bool carries = cut.kept == (UINT64_C(2) << to->trailing_bits) - 1;
    return !(carries && goes_up(cut, r.sticky, r.sign, options->direction, random));
}

uint64_t hu_round(const struct hu_format *to, struct hu_real r, uint64_t index,
                  const struct hu_options *options, unsigned *flags)
{
    bool scale = to->specials == HU_SPECIALS_SCALE;
    if (scale && r.sign)
        return scale_of_negative(to, flags);

    int lead = __builtin_clzll(r.significand);
    r.significand <<= lead;
    r.exponent -= lead;
    int exponent = r.exponent + 63;
    if (exponent > hu_emax(to))
        return overflow(to, r.sign, options, flags);
    if (scale && exponent < hu_emin(to)) {
        *flags |= HU_UNDERFLOW | HU_INEXACT;
        return 0;
    }

    uint32_t random = options->direction == HU_STOCHASTIC ? hu_random(options->seed, index) : 0;
    int quantum = exponent - to->trailing_bits;
    if (quantum < hu_quantum_min(to))
        quantum = hu_quantum_min(to);
    int shift = quantum - r.exponent;
    struct cut cut = cut_at(r.significand, r.sticky, shift);
    bool tail = r.sticky || shift > 64;
    uint64_t kept = cut.kept + goes_up(cut, tail, r.sign, options->direction, random);

    /* A carry out of the significand moves into the exponent field by itself. */
    uint64_t code = ((uint64_t)(quantum - hu_quantum_min(to)) << to->trailing_bits) + kept - scale;
    if (code > hu_max_finite_code(to))
        return overflow(to, r.sign, options, flags);
    if (!cut.exact)
        *flags |= HU_INEXACT | (is_tiny(to, r, exponent, random, options) ? HU_UNDERFLOW : 0);
    if (code == 0 && !scale && !hu_has_negative_zero(to))
        return 0;
    return with_sign(to, r.sign, code);
}

uint64_t hu_round_infinity(const struct hu_format *to, bool sign, const struct hu_options *options,
                           unsigned *flags)
{
    if (to->specials == HU_SPECIALS_SCALE && sign)
        return scale_of_negative(to, flags);
    if (hu_has_infinity(to) && !options->saturate)
        return with_sign(to, sign, hu_infinity_code(to));
    return overflow(to, sign, options, flags);
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
