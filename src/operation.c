#include "operation.h"

#include <string.h>

int64_t hu_order(const struct hu_format *f, uint64_t bits)
{
    bits &= hu_width_mask(f);
    if (hu_is_integer(f)) {
        /* uint64 alone has codes beyond int64_t's: its keys begin at the least one. */
        uint64_t below = f->width == 64 && !hu_is_signed(f) ? UINT64_C(1) << 63 : 0;
        return (int64_t)(hu_sign_of(f, bits) ? bits | ~hu_width_mask(f) : bits - below);
    }
    int64_t magnitude = (int64_t)(bits & ~hu_sign_mask(f));
    /* A scale's code 0 is a number above zero. */
    if (f->specials == HU_SPECIALS_SCALE)
        return magnitude + 1;
    return hu_sign_of(f, bits) ? -magnitude : magnitude;
}

static int64_t greatest_order(const struct hu_format *f)
{
    if (hu_has_infinity(f))
        return (int64_t)hu_infinity_code(f);
    return (int64_t)hu_max_finite_code(f) + (f->specials == HU_SPECIALS_SCALE);
}

static int64_t least_order(const struct hu_format *f)
{
    if (!hu_is_signed(f))
        return f->specials == HU_SPECIALS_SCALE;
    return -greatest_order(f);
}

static uint64_t code_at(const struct hu_format *f, int64_t order)
{
    if (f->specials == HU_SPECIALS_SCALE)
        return (uint64_t)(order - 1);
    return order < 0 ? (uint64_t)-order | hu_sign_mask(f) : (uint64_t)order;
}

static bool integer_neighbour(const struct hu_format *f, uint64_t bits, int step, uint64_t *next)
{
    bits &= hu_width_mask(f);
    if (bits == (step > 0 ? hu_max_finite_code(f) : hu_lowest_code(f)))
        return false;
    *next = (bits + (uint64_t)(int64_t)step) & hu_width_mask(f);
    return true;
}

/* step is 1 or -1. */
static bool neighbour(const struct hu_format *f, uint64_t bits, int step, uint64_t *next)
{
    if (hu_is_integer(f))
        return integer_neighbour(f, bits, step, next);
    struct hu_datum d = hu_decode(f, bits);
    if (hu_is_nan(d))
        return false;
    int64_t order = hu_order(f, bits);
    if (d.class == HU_INFINITE && (order > 0) == (step > 0)) {
        *next = bits;
        return true;
    }
    order += step;
    if (order < least_order(f) || order > greatest_order(f))
        return false;
    *next = code_at(f, order);
    /* nextUp of the least negative is -0, nextDown of the least positive +0 (section 5.3.1). */
    if (order == 0 && step > 0 && hu_has_negative_zero(f))
        *next = hu_sign_mask(f);
    return true;
}

bool hu_next_up(const struct hu_format *f, uint64_t bits, uint64_t *next)
{
    return neighbour(f, bits, 1, next);
}

bool hu_next_down(const struct hu_format *f, uint64_t bits, uint64_t *next)
{
    return neighbour(f, bits, -1, next);
}

bool hu_negate(const struct hu_format *f, uint64_t bits, uint64_t *negated)
{
    bool lone = !hu_has_negative_zero(f) && !(bits & ~hu_sign_mask(f) & hu_width_mask(f));
    if (!hu_is_signed(f) || lone)
        return false;
    if (hu_is_integer(f)) {
        *negated = -bits & hu_width_mask(f);
        return true;
    }
    *negated = bits ^ hu_sign_mask(f);
    return true;
}

int hu_ulp_exponent(const struct hu_format *f, uint64_t bits)
{
    return hu_decode(f, bits).quantum;
}

uint64_t hu_min_normal_code(const struct hu_format *f)
{
    if (hu_is_integer(f))
        return 1;
    return f->specials == HU_SPECIALS_SCALE ? 0 : UINT64_C(1) << f->trailing_bits;
}

bool hu_min_subnormal_code(const struct hu_format *f, uint64_t *code)
{
    if (!hu_has_subnormals(f))
        return false;
    *code = 1;
    return true;
}

/* Every float has 2^-t: its bias is at least 1, so that emin <= 0. */
uint64_t hu_epsilon_code(const struct hu_format *f)
{
    if (hu_is_integer(f))
        return 1;
    unsigned flags = 0;
    struct hu_options options = {.direction = HU_TOWARD_ZERO};
    struct hu_real epsilon = {.significand = 1, .exponent = -f->trailing_bits};
    return hu_round(f, epsilon, 0, &options, &flags);
}

bool hu_limit(const struct hu_format *f, const char *name, uint64_t *bits)
{
    const bool integer = hu_is_integer(f), subnormals = hu_has_subnormals(f);
    const struct {
        const char *name;
        bool there;
        uint64_t code;
    } limits[] = {
        {"max", true, hu_max_finite_code(f)},
        {"lowest", true, hu_lowest_code(f)},
        {"min", integer, hu_lowest_code(f)},
        {"min_normal", !integer, hu_min_normal_code(f)},
        {"max_subnormal", subnormals, hu_trailing_mask(f)},
        {"min_subnormal", subnormals, 1},
        {"epsilon", !integer, hu_epsilon_code(f)},
        {"inf", hu_has_infinity(f), hu_infinity_code(f)},
        {"nan", hu_has_nan(f), hu_default_nan_code(f)},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (!strcmp(limits[i].name, name)) {
            if (limits[i].there)
                *bits = limits[i].code;
            return limits[i].there;
        }
    return false;
}

int hu_digits10(const struct hu_format *f)
{
    /* 1233 / 4096 < log10(2) and agrees with it in the floor up to n = 2135. */
    return f->trailing_bits * 1233 >> 12;
}

int hu_max_digits10(const struct hu_format *f)
{
    /* ceil(1 + p log10(2)); p log10(2) is never an integer for p > 0. */
    return 2 + (hu_precision(f) * 1233 >> 12);
}

uint64_t hu_max_consecutive_integer(const struct hu_format *f)
{
    if (hu_is_integer(f))
        return hu_max_finite_code(f);
    struct hu_datum max = hu_decode(f, hu_max_finite_code(f));
    uint64_t by_precision = UINT64_C(1) << hu_precision(f);
    if (max.quantum > 0)
        return by_precision;
    uint64_t by_range = max.significand >> -max.quantum;
    return by_range < by_precision ? by_range : by_precision;
}
