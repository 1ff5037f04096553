#include "codec.h"

enum { QUIET_BIT = 63 };

static bool is_nan_code(const struct hu_format *f, uint64_t bits)
{
    uint64_t magnitude = bits & ~hu_sign_mask(f);
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return magnitude > hu_infinity_code(f);
    case HU_SPECIALS_FN:
    case HU_SPECIALS_SCALE:
        return magnitude == hu_default_nan_code(f);
    case HU_SPECIALS_FNUZ:
    case HU_SPECIALS_P3109:
    case HU_SPECIALS_P3109_FINITE:
        return bits == hu_lone_nan_code(f);
    case HU_SPECIALS_NONE:
    case HU_SPECIALS_INTEGER:
        break;
    }
    return false;
}

static struct hu_datum decode_nan(const struct hu_format *f, bool sign, uint64_t bits)
{
    struct hu_datum d = {HU_QUIET_NAN, sign, UINT64_C(1) << QUIET_BIT, 0};
    if (f->specials == HU_SPECIALS_IEEE) {
        d.significand = hu_trailing_significand(f, bits) << (64 - f->trailing_bits);
        if (!(d.significand >> QUIET_BIT))
            d.class = HU_SIGNALING_NAN;
    }
    return d;
}

/* Two's complement: the magnitude of a negative code is what it lacks to 2^w. */
static struct hu_datum decode_integer(const struct hu_format *f, bool sign, uint64_t bits)
{
    uint64_t magnitude = sign ? -bits & hu_width_mask(f) : bits;
    return (struct hu_datum){magnitude ? HU_NORMAL : HU_ZERO, sign, magnitude, 0};
}

/*
 *   63      w-1   t+k-1     t  t-1            0
 *   +--------+---+-----------+----------------+
 *   | unused | S | E, k bits |   T, t bits    |   IEEE 754-2019 figure 3.1
 *   +--------+---+-----------+----------------+
 *   value = (-1)^S * 2^(max(E,1) - bias - t) * (T + (E > 0) * 2^t)
 */
struct hu_datum hu_decode(const struct hu_format *f, uint64_t bits)
{
    bits &= hu_width_mask(f);
    bool sign = hu_sign_of(f, bits);
    if (hu_is_integer(f))
        return decode_integer(f, sign, bits);
    /* Between the least and the greatest exponent field nothing is special, but with P3109's
     * one-bit significands. */
    uint64_t field = bits >> f->trailing_bits & hu_exponent_mask(f);
    if (field - 1 < hu_exponent_mask(f) - 1 && f->specials != HU_SPECIALS_P3109)
        return (struct hu_datum){HU_NORMAL, sign,
                                 (bits & hu_trailing_mask(f)) | (hu_trailing_mask(f) + 1),
                                 (int)field - f->bias - f->trailing_bits};
    if (is_nan_code(f, bits))
        return decode_nan(f, sign, bits);
    if (hu_has_infinity(f) && (bits & ~hu_sign_mask(f)) == hu_infinity_code(f))
        return (struct hu_datum){HU_INFINITE, sign, 0, 0};
    int exponent = (int)hu_biased_exponent(f, bits);
    uint64_t trailing = hu_trailing_significand(f, bits);
    if (f->specials == HU_SPECIALS_SCALE)
        return (struct hu_datum){HU_NORMAL, false, 1, exponent - f->bias};
    if (exponent == 0)
        return (struct hu_datum){trailing ? HU_SUBNORMAL : HU_ZERO, sign, trailing,
                                 hu_quantum_min(f)};
    return (struct hu_datum){HU_NORMAL, sign, trailing | (hu_trailing_mask(f) + 1),
                             exponent - f->bias - f->trailing_bits};
}

static uint64_t encode_magnitude(const struct hu_format *f, struct hu_datum d)
{
    switch (d.class) {
    case HU_INFINITE:
        return hu_infinity_code(f);
    case HU_QUIET_NAN:
    case HU_SIGNALING_NAN:
        if (f->specials != HU_SPECIALS_IEEE)
            return hu_default_nan_code(f) & ~hu_sign_mask(f);
        return hu_infinity_code(f) | d.significand >> (64 - f->trailing_bits);
    default:
        break;
    }
    /* The implicit bit adds the one that E has above its place. A scale has no zero below. */
    uint64_t above = (uint64_t)(d.quantum - hu_quantum_min(f)) << f->trailing_bits;
    return above + d.significand - (f->specials == HU_SPECIALS_SCALE);
}

uint64_t hu_encode(const struct hu_format *f, struct hu_datum d)
{
    if (hu_is_nan(d) && hu_has_lone_nan(f))
        return hu_lone_nan_code(f);
    if (hu_is_integer(f))
        return (d.sign ? -d.significand : d.significand) & hu_width_mask(f);
    return encode_magnitude(f, d) | (d.sign ? hu_sign_mask(f) : 0);
}

uint64_t hu_payload(const struct hu_format *f, struct hu_datum nan)
{
    if (f->specials != HU_SPECIALS_IEEE)
        return 0;
    return nan.significand >> (64 - f->trailing_bits) & hu_trailing_mask(f) >> 1;
}

enum hu_class hu_classify(const struct hu_format *f, uint64_t bits)
{
    return hu_decode(f, bits).class;
}

bool hu_split(const struct hu_format *f, uint64_t bits, bool *negative, uint64_t *significand,
              int *exponent)
{
    struct hu_datum d = hu_decode(f, bits);
    if (!hu_is_finite(d))
        return false;
    *negative = d.sign;
    *significand = d.significand;
    *exponent = d.quantum;
    return true;
}

const char *hu_class_name(enum hu_class which)
{
    static const char *const names[] = {"zero",     "subnormal", "normal",
                                        "infinite", "quiet_nan", "signaling_nan"};
    return names[which];
}
