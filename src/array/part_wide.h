/* Any format of at most 64 bits, in lanes of 64: the road of what FP32 does not hold. */
#include "array/lanes.h"
#include "array/codes.h"

enum { WIDE_LANES = LANES / 2 };

/* Numbers: SIGNIFICAND, whose leading bit is the top one, times 2^(EXPONENT - 63); ZERO and
 * NEGATIVE are masks. */
struct numbers {
    longs significand, exponent, negative, zero;
};

INLINE bool any_long(longs x)
{
    return any_bit((vec)x);
}

/* How many zeros are in front of X's first one; 63 of zero. They are told by the exponent that X
 * has in FP64, without the last bits where those could carry into it. */
INLINE longs leading_zeros(longs x)
{
    const longs two_to_52 = longs_of(UINT64_C(0x4330000000000000));
    const longs two_to_84 = longs_of(UINT64_C(0x4530000000000000));
    const doubles both = (doubles)longs_of(UINT64_C(0x4530000000100000));
    x &= ~((longs)(x >> 53 != 0) & longs_of(2047));
    const longs low = (x & longs_of(UINT32_MAX)) | two_to_52, high = x >> 32 | two_to_84;
    const longs sum = (longs)(((doubles)high - both) + (doubles)low);
    const longs field = sum >> 52 & longs_of(0x7ff);
    return longs_of(1023 + 63) - (field | ((longs)(field == 0) & longs_of(1023)));
}

/* *SPECIAL: of what are no numbers. A leading bit is where the format has it but in subnormal
 * numbers and integers. */
INLINE struct numbers numbers_of(const struct wide *w, longs codes, longs *special)
{
    struct numbers r;
    longs significand, quantum = longs_of(0), adrift = longs_of(0);
    r.negative = (longs)((codes & longs_of(w->sign)) != 0);
    if (w->integer) {
        significand = ((codes ^ r.negative) - r.negative) & longs_of(w->width);
        adrift = significand;
    } else {
        const longs magnitude = codes & longs_of(~w->sign);
        const longs field = shift_right_longs(magnitude, longs_of(w->trailing_bits));
        const longs subnormal = (longs)(field == 0);
        *special =
            (longs)(magnitude > longs_of(w->max_finite)) | (longs)(codes == longs_of(w->nan));
        significand =
            (magnitude & longs_of(w->trailing)) | (longs_of(w->trailing + 1) & ~subnormal);
        quantum = longs_of((uint64_t)w->quantum_min) + field - (~subnormal & 1);
        adrift = significand & subnormal;
    }
    longs zeros = longs_of((uint64_t)(63 - w->trailing_bits));
    if (any_long(adrift))
        zeros = leading_zeros(significand);
    r.zero = (longs)(significand == 0);
    r.significand = shift_left_longs(significand, zeros);
    r.exponent = quantum + longs_of(63) - zeros;
    return r;
}

/* 1 where FRACTIONs of a unit, in 2^-64, go up; PARITY: the last bits are the results'. */
INLINE longs goes_up(enum hu_direction direction, longs fraction, longs parity, longs negative,
                     longs draws)
{
    const longs inexact = (longs)(fraction != 0) & 1;
    switch (direction) {
    case HU_TIES_TO_EVEN:
        return fraction >> 63 & (parity | ((longs)(fraction << 1 != 0) & 1));
    case HU_TIES_TO_AWAY:
        return fraction >> 63;
    case HU_TOWARD_ZERO:
        return longs_of(0);
    case HU_TOWARD_POSITIVE:
        return inexact & ~negative;
    case HU_TOWARD_NEGATIVE:
        return inexact & negative;
    case HU_TO_ODD:
        return inexact & ~parity;
    case HU_STOCHASTIC:
        break;
    }
    return longs_above(fraction >> 32, draws) & 1;
}

/* What has been met of a row: or-ed. */
struct met {
    longs inexact, over;
};

/* What fits of codes without sign, or the nearest end; *OVER: of what does not. */
INLINE longs whole_codes(const struct wide *w, const struct numbers *x, longs codes, longs *over)
{
    const longs ends = longs_of(w->to_max) + (x->negative & 1);
    const longs most = w->to_sign ? ends : ends & ~x->negative;
    *over |= (longs)(codes > most);
    codes = (most & *over) | (codes & ~*over);
    return ((codes ^ x->negative) - x->negative) & longs_of(w->to_width);
}

/* *LEFT: of what is left to the truth, as what raises more than inexact and overflow where flags
 * are asked for, and what an unsigned format lacks. */
INLINE longs signed_codes(const struct wide *w, bool flags, const struct numbers *x, longs codes,
                          longs lost, longs *over, longs *left)
{
    longs signs = x->negative & longs_of(w->to_sign);
    *over |= (longs)(codes > longs_of(w->to_max));
    if (flags)
        *left |= lost & ~*over & (longs)(codes <= longs_of(w->to_normal));
    if (!w->to_sign)
        *left |= x->negative & ~x->zero;
    if (!w->to_negative_zero)
        signs &= (longs)(codes != 0);
    const longs beyond =
        (longs_of(w->overflow[1]) & x->negative) | (longs_of(w->overflow[0]) & ~x->negative);
    return (beyond & *over) | ((codes | signs) & ~*over);
}

/* As hu_round_into of rounding.h: what is kept of a significand, and what of a unit is not; *LEFT
 * as above. */
INLINE longs codes_of_numbers(const struct wide *w, enum hu_direction direction, bool flags,
                              const struct numbers *x, longs draws, longs *left, struct met *met)
{
    longs base = longs_of(0), at = longs_of((uint64_t)w->to_trailing_bits);
    if (!w->to_integer) {
        const longs emin = longs_of((uint64_t)w->to_emin);
        const longs least = longs_above(emin, x->exponent) | x->zero;
        at = (emin & least) | (x->exponent & ~least);
        base = shift_left_longs(at - emin, longs_of((uint64_t)w->to_trailing_bits));
    }
    const longs shift = at - x->exponent + longs_of((uint64_t)(63 - w->to_trailing_bits));
    longs fraction = shift_left_longs(x->significand, longs_of(64) - shift);
    fraction |= shift_right_longs(x->significand, shift - longs_of(64));
    fraction |= longs_above(shift, longs_of(64)) & ~x->zero & 1;
    const longs kept = shift_right_longs(x->significand, shift);
    longs codes = kept + base;
    codes += goes_up(direction, fraction, w->to_even_codes ? codes : kept, x->negative, draws);
    const longs lost = (longs)(fraction != 0);
    longs over = longs_above(x->exponent, longs_of((uint64_t)w->to_emax)) & ~x->zero;
    if (w->to_integer)
        codes = whole_codes(w, x, codes, &over);
    else
        codes = signed_codes(w, flags, x, codes, lost, &over, left);
    met->over |= over & ~*left;
    met->inexact |= lost & ~over & ~*left;
    return codes;
}

/* A group on its way: codes of the source, and of the target; a mask for each that is SPECIAL. */
struct wide_group {
    uint64_t in[GROUP], out[GROUP], special[GROUP];
    uint32_t draws[GROUP];
};

/* N elements, in whole vectors. Whether any is special. */
INLINE bool run_group(const struct plan *p, enum hu_direction direction, struct wide_group *g,
                      size_t n, struct met *met)
{
    const struct wide w = p->wide;
    longs any = longs_of(0);
    struct met all = *met;
    for (size_t i = 0; i < n; i += WIDE_LANES) {
        longs left = longs_of(0), draws = longs_of(0);
        for (size_t k = 0; direction == HU_STOCHASTIC && k < WIDE_LANES; k++)
            draws[k] = g->draws[i + k];
        const struct numbers x = numbers_of(&w, load_longs(g->in + i), &left);
        const longs codes = codes_of_numbers(&w, direction, p->flags, &x, draws, &left, &all);
        store_vec(g->out + i, (vec)codes);
        store_vec(g->special + i, (vec)left);
        any |= left;
    }
    *met = all;
    return any_long(any);
}

TARGET static bool run_directed(const struct plan *p, struct wide_group *g, size_t n,
                                struct met *met)
{
    switch (p->options.direction) {
    case HU_TIES_TO_EVEN:
        return run_group(p, HU_TIES_TO_EVEN, g, n, met);
    case HU_STOCHASTIC:
        return run_group(p, HU_STOCHASTIC, g, n, met);
    default:
        return run_group(p, p->options.direction, g, n, met);
    }
}

/* From element FIRST on. */
INLINE void fill_draws(struct wide_group *g, struct random *r, uint64_t first, size_t n)
{
    random_at(r, first);
    for (size_t at = 0; at < n; at += STEP) {
        vec draws[4];
        random_lanes(draws, r);
        VECTORS(store_vec(g->draws + at + i * LANES, draws[i]););
    }
}

TARGET unsigned PART(wide)(const struct plan *p, void *dst, const void *src, size_t n,
                           uint64_t first)
{
    struct wide_group g;
    struct met met = {longs_of(0), longs_of(0)};
    unsigned flags = 0;
    struct random random;
    if (is_at_random(p))
        random = random_row(p->options.seed, first);
    for (size_t done = 0; done < n; done += GROUP) {
        const size_t now = n - done < GROUP ? n - done : GROUP;
        load_codes(g.in, p->from, (const char *)src + hu_array_bytes(p->from, done), now);
        for (size_t i = now; i % WIDE_LANES; i++)
            g.in[i] = 0;
        if (is_at_random(p))
            fill_draws(&g, &random, first + done, now);
        if (run_directed(p, &g, now, &met))
            for (size_t i = 0; i < now; i++)
                if (g.special[i])
                    g.out[i] = hu_convert_at(p->to, p->from, g.in[i], first + done + i, &p->options,
                                             &flags);
        store_codes(p->to, (char *)dst + hu_array_bytes(p->to, done), g.out, now);
    }
    if (any_long(met.over))
        flags |= p->wide.overflow_flags;
    return flags | (any_long(met.inexact) ? HU_INEXACT : 0);
}
