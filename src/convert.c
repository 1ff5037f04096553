#include "convert.h"
#include "float_bits.h"

#include <string.h>

uint64_t hu_round(const struct hu_format *to, struct hu_real r, uint64_t index,
                  const struct hu_options *options, unsigned *flags)
{
    struct hu_target target = hu_target_of(to);
    return hu_round_into(&target, r, index, options->direction, options, flags);
}

uint64_t hu_round_integer(const struct hu_format *to, bool sign, uint64_t whole, uint64_t fraction,
                          bool tail, uint64_t index, const struct hu_options *options,
                          unsigned *flags)
{
    struct hu_cut cut = {whole, fraction, !fraction && !tail, whole & 1};
    uint32_t random = options->direction == HU_STOCHASTIC ? hu_random(options->seed, index) : 0;
    bool up = hu_goes_up(cut, tail, sign, options->direction, random);
    uint64_t magnitude = whole + up;
    uint64_t greatest =
        hu_decode(to, sign ? hu_lowest_code(to) : hu_max_finite_code(to)).significand;
    if (magnitude > greatest || (up && !magnitude))
        return hu_round_overflow(to, sign, options, flags);
    if (!cut.exact)
        *flags |= HU_INEXACT;
    return (sign ? -magnitude : magnitude) & hu_width_mask(to);
}

/* R, normalized, in the unit 2^0. */
static uint64_t round_to_integer(const struct hu_format *to, struct hu_real r, uint64_t index,
                                 const struct hu_options *options, unsigned *flags)
{
    if (r.exponent > 0)
        return hu_round_overflow(to, r.sign, options, flags);
    struct hu_cut cut = {r.significand, 0, !r.sticky, false};
    if (r.exponent < 0)
        cut = hu_cut_at(r.significand, r.sticky, -r.exponent);
    bool tail = r.sticky || r.exponent < -64;
    return hu_round_integer(to, r.sign, cut.kept, cut.fraction, tail, index, options, flags);
}

/* Below zero there is nothing, and only what rounds to zero has a result. */
static uint64_t round_below_zero(const struct hu_format *to, struct hu_real r, uint64_t index,
                                 const struct hu_options *options, unsigned *flags)
{
    int shift = hu_quantum_min(to) - r.exponent;
    if (to->specials == HU_SPECIALS_SCALE || shift < 64)
        return hu_round_unsigned(to, options, flags);
    struct hu_cut cut = hu_cut_at(r.significand, r.sticky, shift);
    uint32_t random = options->direction == HU_STOCHASTIC ? hu_random(options->seed, index) : 0;
    if (hu_goes_up(cut, r.sticky || shift > 64, true, options->direction, random))
        return hu_round_unsigned(to, options, flags);
    *flags |= HU_UNDERFLOW | HU_INEXACT;
    return 0;
}

uint64_t hu_round_apart(const struct hu_format *to, struct hu_real r, uint64_t index,
                        const struct hu_options *options, unsigned *flags)
{
    int lead = __builtin_clzll(r.significand);
    r.significand <<= lead;
    r.exponent -= lead;
    return (hu_is_integer(to) ? round_to_integer : round_below_zero)(to, r, index, options, flags);
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

double hu_to_double(const struct hu_format *f, uint64_t bits)
{
    return hu_double_of_bits(hu_convert(hu_format_find("fp64"), f, bits, NULL, NULL));
}

uint64_t hu_from_double(const struct hu_format *f, double value, const struct hu_options *options)
{
    return hu_convert(f, hu_format_find("fp64"), hu_bits_of_double(value), options, NULL);
}
