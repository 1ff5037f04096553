/*
 * The one rounding step, for inlining: convert.c gives it to every caller, and a loop over an array
 * keeps the target's facts in registers and the direction constant.
 */
#ifndef HALFULP_ROUNDING_H
#define HALFULP_ROUNDING_H

#include "convert.h"

/* What rounding asks of a target format, looked up once. */
struct hu_target {
    const struct hu_format *format;
    uint64_t max_finite;
    uint64_t sign_mask;
    int emin;
    int emax;
    int quantum_min;
    int trailing_bits;
    bool scale;
    bool negative_zero;
};

static inline struct hu_target hu_target_of(const struct hu_format *f)
{
    return (struct hu_target){
        .format = f,
        .max_finite = hu_max_finite_code(f),
        .sign_mask = hu_sign_mask(f),
        .emin = hu_emin(f),
        .emax = hu_emax(f),
        .quantum_min = hu_quantum_min(f),
        .trailing_bits = f->trailing_bits,
        .scale = f->specials == HU_SPECIALS_SCALE,
        .negative_zero = hu_has_negative_zero(f),
    };
}

/* A magnitude cut at a quantum: kept * 2^quantum plus a fraction of it. */
struct hu_cut {
    uint64_t kept;
    uint64_t fraction; /* of a quantum, in units of 2^-64, rounded down */
    bool exact;
};

/* SIGNIFICAND, its leading one at bit 63, cut SHIFT bits up; SHIFT is at least 2. */
static inline struct hu_cut hu_cut_at(uint64_t significand, bool sticky, int shift)
{
    if (shift > 64) {
        int below = shift - 64;
        uint64_t fraction = below > 63 ? 0 : significand >> below;
        return (struct hu_cut){0, fraction, false};
    }
    if (shift == 64)
        return (struct hu_cut){0, significand, false};
    uint64_t fraction = significand << (64 - shift);
    return (struct hu_cut){significand >> shift, fraction, !fraction && !sticky};
}

/* Whether the fraction is one half exactly is told apart from above it by tail: something below
 * fraction's last bit. */
static inline bool hu_goes_up(struct hu_cut cut, bool tail, bool sign, enum hu_direction direction,
                              uint32_t random)
{
    const uint64_t half = UINT64_C(1) << 63;
    if (cut.exact)
        return false;
    switch (direction) {
    case HU_TIES_TO_EVEN:
        /* No branches: which way is a coin's toss. */
        return (cut.fraction > half) | ((cut.fraction == half) & (tail | (cut.kept & 1)));
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

/* Tininess after rounding (IEEE 754-2019 section 7.5): with the exponent unbounded, a magnitude in
 * [2^(emin-1), 2^emin) still escapes when it rounds up to 2^emin. */
static inline bool hu_is_tiny(const struct hu_target *to, struct hu_real r, int exponent,
                              uint32_t random, enum hu_direction direction,
                              const struct hu_options *options)
{
    if (exponent >= to->emin)
        return false;
    if (options->tininess_before || exponent < to->emin - 1)
        return true;
    struct hu_cut cut = hu_cut_at(r.significand, r.sticky, 63 - to->trailing_bits);
    bool carries = cut.kept == (UINT64_C(2) << to->trailing_bits) - 1;
    return !(carries && hu_goes_up(cut, r.sticky, r.sign, direction, random));
}

/* What a value below zero becomes in a format of scales. */
static inline uint64_t hu_scale_of_negative(const struct hu_format *to, unsigned *flags)
{
    *flags |= HU_INVALID;
    return hu_default_nan_code(to);
}

/* hu_round; DIRECTION is options->direction, apart so that a caller can make it a constant. */
static inline __attribute__((always_inline)) uint64_t
hu_round_into(const struct hu_target *to, struct hu_real r, uint64_t index,
              enum hu_direction direction, const struct hu_options *options, unsigned *flags)
{
    if (to->scale && r.sign)
        return hu_scale_of_negative(to->format, flags);

    int lead = __builtin_clzll(r.significand);
    r.significand <<= lead;
    r.exponent -= lead;
    int exponent = r.exponent + 63;
    if (exponent > to->emax)
        return hu_round_overflow(to->format, r.sign, options, flags);
    if (to->scale && exponent < to->emin) {
        *flags |= HU_UNDERFLOW | HU_INEXACT;
        return 0;
    }

    uint32_t random = direction == HU_STOCHASTIC ? hu_random(options->seed, index) : 0;
    int quantum = exponent - to->trailing_bits;
    if (quantum < to->quantum_min)
        quantum = to->quantum_min;
    int shift = quantum - r.exponent;
    struct hu_cut cut = hu_cut_at(r.significand, r.sticky, shift);
    bool tail = r.sticky || shift > 64;
    uint64_t kept = cut.kept + hu_goes_up(cut, tail, r.sign, direction, random);

    /* A carry out of the significand moves into the exponent field by itself. */
    uint64_t code = ((uint64_t)(quantum - to->quantum_min) << to->trailing_bits) + kept - to->scale;
    if (code > to->max_finite)
        return hu_round_overflow(to->format, r.sign, options, flags);
    if (!cut.exact) {
        *flags |= HU_INEXACT;
        if (hu_is_tiny(to, r, exponent, random, direction, options))
            *flags |= HU_UNDERFLOW;
    }
    if (code == 0 && !to->scale && !to->negative_zero)
        return 0;
    return r.sign ? code | to->sign_mask : code;
}

#endif
