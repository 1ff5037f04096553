#include "array/narrow.h"
#include "convert.h"

enum { FP32_TRAILING = 23, FP32_BIAS = 127 };

enum hu_narrow_kind hu_narrow_kind(const struct hu_format *to)
{
    if (to->specials == HU_SPECIALS_SCALE)
        return to->exponent_bits == 8 && to->bias == FP32_BIAS && to->storage_bits == 8
                   ? NARROW_SCALE
                   : NARROW_NONE;
    if (!hu_is_signed(to) || hu_is_integer(to))
        return NARROW_NONE;
    bool room = to->trailing_bits >= 1 && to->trailing_bits <= FP32_TRAILING - 2;
    if (!room || to->storage_bits > 32)
        return NARROW_NONE;
    if (to->exponent_bits == 8 && to->bias == FP32_BIAS && to->specials == HU_SPECIALS_IEEE)
        return NARROW_TOP;
    /* Below emin - 1 FP32 must still be normal, and the power of two to add finite. */
    bool inside = hu_emin(to) - 1 > -FP32_BIAS &&
                  hu_emax(to) + 1 + FP32_TRAILING - to->trailing_bits <= FP32_BIAS;
    return inside && to->storage_bits <= 16 ? NARROW_MAGIC : NARROW_NONE;
}

/*
 * With the exponent unbounded, magnitudes in the binade below emin have a unit in the last place
 * of 2^(emin - 1 - t). The least that rounds up to 2^emin is half of it below, or where the
 * direction leads away from zero anything above one below (IEEE 754-2019 section 7.5).
 */
static uint32_t tiny_below(const struct narrow *k, const struct hu_options *options, bool sign,
                           uint32_t unit)
{
    if (options->tininess_before)
        return k->least_normal;
    switch (options->direction) {
    case HU_TIES_TO_EVEN:
    case HU_TIES_TO_AWAY:
        return k->least_normal - unit / 2;
    case HU_TOWARD_POSITIVE:
        return sign ? k->least_normal : k->least_normal - unit + 1;
    case HU_TOWARD_NEGATIVE:
        return sign ? k->least_normal - unit + 1 : k->least_normal;
    default:
        return k->least_normal;
    }
}

static void set_specials(struct narrow *k, const struct hu_format *to,
                         const struct hu_options *options)
{
    static const struct hu_datum quiet = {HU_QUIET_NAN, false, UINT64_C(1) << 63, 0};
    for (int sign = 0; sign < 2; sign++) {
        struct hu_datum nan = quiet;
        nan.sign = sign;
        unsigned flags = 0;
        /* The sign of a NaN of fnuz formats is no sign; overflow[] is or-ed with one. */
        uint64_t overflow = hu_round_overflow(to, sign, options, &flags);
        k->overflow[sign] = (uint32_t)(overflow & ~hu_sign_mask(to));
        if (overflow == hu_sign_mask(to))
            k->overflow[sign] = (uint32_t)overflow;
        k->infinity_flags = k->nan_flags = 0;
        k->infinity[sign] = (uint32_t)hu_round_infinity(to, sign, options, &k->infinity_flags);
        k->nan[sign] = (uint32_t)hu_round_nan(to, nan, &k->nan_flags);
    }
    k->payload = to->specials == HU_SPECIALS_IEEE ? (uint32_t)hu_trailing_mask(to) : 0;
}

struct narrow hu_narrow_for(const struct hu_format *to, const struct hu_options *options)
{
    uint32_t drop = (uint32_t)(FP32_TRAILING - to->trailing_bits);
    struct narrow k = {
        .drop = drop,
        .low = (1u << drop) - 1,
        .storage_shift = to->storage_shift,
        .least_normal = (uint32_t)(hu_emin(to) + FP32_BIAS) << FP32_TRAILING,
        .limit = (uint32_t)(hu_emax(to) + 1 + FP32_BIAS) << FP32_TRAILING,
        .magic = drop << FP32_TRAILING,
        .max_code = (uint32_t)hu_max_finite_code(to),
        .sign_shift = 32u - to->width,
        .sign = (uint32_t)hu_sign_mask(to),
        .negative_zero = hu_has_negative_zero(to),
        .saturate = options->saturate,
        .seed = options->seed,
    };
    k.rebias = (k.least_normal >> drop) - (1u << to->trailing_bits);
    if (to->trailing_bits <= 7) {
        k.join_shift = 7u - to->trailing_bits;
        k.join = 1u << 16 | 1u << k.join_shift;
        k.join_base = (k.least_normal + k.magic) >> 16;
    }
    k.greatest = (k.max_code + k.rebias) << drop;
    /* FP32's own subnormals have twice the unit of the binade below its emin. */
    uint32_t tiny_drop = hu_narrow_kind(to) == NARROW_TOP ? drop - 1 : drop;
    k.tiny_drop = options->tininess_before ? 0 : tiny_drop;
    for (int sign = 0; sign < 2; sign++)
        k.tiny[sign] = tiny_below(&k, options, sign, 1u << tiny_drop);
    set_specials(&k, to, options);
    return k;
}
