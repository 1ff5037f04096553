/*
 * The one rounding step, for inlining: convert.c gives it to every caller, and a loop over an array
 * keeps the target's facts in registers and the direction constant. Random draws.
 */
#pragma once

#include "specials.h"

/*
 * An exact nonzero real: (-1)^sign * (significand + fraction) * 2^exponent with the significand
 * at least 1, and the fraction 0, or somewhere strictly between 0 and 1 where sticky is set. A
 * sticky one must have bit 63 of its significand set.
 */
struct hu_real {
    uint64_t significand;
    int exponent;
    bool sign;
    bool sticky;
};

/*
 * 32 random bits, a function of seed and index alone, so that threads and kernels agree. Four
 * elements in turn share a word, of which element i has byte i % 4 as its top byte and the rest
 * behind, the lower first: each draw is uniform by itself, and one hash makes four.
 *
 * Elements of one word go up together as often as independent ones would where fractions have at
 * most 8 bits, for then only the top bytes matter. Otherwise the rest matters where an element's
 * top byte is its fraction's, once in 256, and that rest begins with another's top byte: the
 * probability that both go up is at most 2^-8 / 4 from the product of theirs for each of the two
 * (1/4 is the greatest covariance of two events; one of the two needs two equal bytes more), and
 * 2^-16 where both do: 2^-10 + 2^-15 bounds the covariance, where a single decision's variance is
 * up to 2^-2. Instructions that round several numbers by one register of random bits share them in
 * the same way (cvt.rs of PTX).
 *
 * The seed and the word number's upper half go through splitmix64 (Steele, Lea and Flood, 2014)
 * into two keys; the lower half goes through a two-multiply mixer keyed by them.
 */
static inline uint64_t hu_random_keys(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + ((index >> 34) + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The word of so many words before it. */
static inline uint32_t hu_random_word(uint64_t keys, uint32_t number)
{
    uint32_t x = number ^ (uint32_t)keys;
    x = (x ^ x >> 16) * UINT32_C(0x21f0aaad);
    x ^= (uint32_t)(keys >> 32);
    x = (x ^ x >> 15) * UINT32_C(0xd35a2d97);
    return x ^ x >> 15;
}

/* What element INDEX has of WORD. */
static inline uint32_t hu_random_share(uint32_t word, uint64_t index)
{
    unsigned right = 8 * ((unsigned)index + 1) % 32;
    return word >> right | word << (32 - right) % 32;
}

static inline uint32_t hu_random(uint64_t seed, uint64_t index)
{
    uint64_t keys = hu_random_keys(seed, index);
    return hu_random_share(hu_random_word(keys, (uint32_t)(index >> 2)), index);
}

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
    bool integer;
    bool negative_zero;
    bool no_sign;
    bool even_codes; /* a code is even by its last bit, which is the exponent field's */
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
        .integer = hu_is_integer(f),
        .negative_zero = hu_has_negative_zero(f),
        .no_sign = !hu_is_signed(f),
        .even_codes = hu_is_p3109(f) && !f->trailing_bits,
    };
}

/* A magnitude cut at a quantum: kept * 2^quantum plus a fraction of it. */
struct hu_cut {
    uint64_t kept;
    uint64_t fraction; /* of a quantum, in units of 2^-64, rounded down */
    bool exact;
    bool odd; /* what ties and rounding to odd look at: kept's last bit, or see even_codes */
};

/* SIGNIFICAND, its leading one at bit 63, cut SHIFT bits up; SHIFT is at least 2. */
static inline struct hu_cut hu_cut_at(uint64_t significand, bool sticky, int shift)
{
    if (shift > 64) {
        int below = shift - 64;
        uint64_t fraction = below > 63 ? 0 : significand >> below;
        return (struct hu_cut){0, fraction, false, false};
    }
    if (shift == 64)
        return (struct hu_cut){0, significand, false, false};
    uint64_t fraction = significand << (64 - shift), kept = significand >> shift;
    return (struct hu_cut){kept, fraction, !fraction && !sticky, kept & 1};
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
        return (cut.fraction > half) | ((cut.fraction == half) & (tail | cut.odd));
    case HU_TIES_TO_AWAY:
        return cut.fraction >= half;
    case HU_TOWARD_POSITIVE:
        return !sign;
    case HU_TOWARD_NEGATIVE:
        return sign;
    case HU_TO_ODD:
        return !cut.odd;
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
    if (to->even_codes)
        cut.odd = false; /* of 2^(emin-1) the exponent field would be 0 */
    bool carries = cut.kept == (UINT64_C(2) << to->trailing_bits) - 1;
    return !(carries && hu_goes_up(cut, r.sticky, r.sign, direction, random));
}

/* hu_round where the target is an integer, or R below zero and the target without sign. */
uint64_t hu_round_apart(const struct hu_format *to, struct hu_real r, uint64_t index,
                        const struct hu_options *options, unsigned *flags);

/* hu_round; DIRECTION is options->direction, apart so that a caller can make it a constant. */
static inline __attribute__((always_inline)) uint64_t
hu_round_into(const struct hu_target *to, struct hu_real r, uint64_t index,
              enum hu_direction direction, const struct hu_options *options, unsigned *flags)
{
    if (to->integer || (to->no_sign && r.sign))
        return hu_round_apart(to->format, r, index, options, flags);

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
    if (to->even_codes)
        cut.odd ^= (quantum - to->quantum_min) & 1;
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
