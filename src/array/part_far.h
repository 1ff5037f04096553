/* From and to formats of at most 16 bits with exponents far beyond FP32's. */
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_store.h"
#include "array/lanes_load.h"
#include "array/lanes_stage.h"
/* clang-format on */

/* As struct far, HELD as well. */
struct held_far {
    vec magnitude, least, most, base, overflow, last_number, lift, normal, power;
};

INLINE struct held_far hold_far(const struct far *f)
{
    return (struct held_far){held_vec(f->magnitude),
                             held_vec(f->least),
                             held_vec(f->most),
                             held_vec(f->base),
                             held_vec(f->overflow[0]),
                             held_vec(f->special - 1),
                             held_vec((uint32_t)FAR_LIFT << FP32_TRAILING),
                             held_vec((FAR_LIFT + 1u) << (FP32_TRAILING - f->shift)),
                             held_vec((FAR_LIFT + 1u) << FP32_TRAILING)};
}

INLINE vec far_specials(const struct far *f, vec magnitude)
{
    if (f->payloads)
        return shift_left(magnitude, f->shift) | splat(INFINITE);
    const vec nan = splat(INFINITE | QUIET);
    return f->infinity ? pick(equal(magnitude, splat(f->infinity)), splat(INFINITE), nan) : nan;
}

/* What is subnormal in FP32, SCALED by 2^FAR_LIFT: the sum's unit in the last place is FP32's least
 * number. *INEXACT: or-ed. */
INLINE vec far_subnormals(const struct far *f, const struct held_far *h, vec scaled, vec signs,
                          mask is, vec *inexact)
{
    const vec sign = signs & splat(f->signs), power = h->power | sign;
    const vec value = scaled | sign | splat(f->last), sum = add_float(power, value);
    vec word = sum - power;
    if (f->odd || f->raises) {
        const vec lost = keep(is, (sub_float(sum, power) ^ scaled) & splat(~SIGN));
        *inexact |= lost;
        if (f->odd)
            word |= keep(unequal(lost, splat(0)), splat(1));
    }
    return word;
}

/* *INEXACT: or-ed, of what is tiny; *BEYOND: of what overflows. */
INLINE vec widen_far(const struct far *f, const struct held_far *h, vec code, vec *inexact,
                     vec *beyond)
{
    const vec magnitude = code & h->magnitude, signs = shift_left(code, f->sign_shift);
    const vec within = smaller(larger(magnitude, h->least), h->most) - h->base;
    const vec scaled = shift_left(within, f->shift);
    const mask zero = equal(magnitude, splat(0)), special = above(magnitude, h->last_number);
    const mask subnormal = above(h->normal, within), over = above(magnitude, h->most);
    vec x = pick(subnormal, far_subnormals(f, h, scaled, signs, subnormal & ~zero, inexact),
                 scaled - h->lift);
    vec overflow = h->overflow;
    if (f->signs)
        overflow = pick_by_sign(signs, splat(f->overflow[1]), overflow);
    if (f->raises)
        *beyond |= keep(over & ~special, splat(1));
    x = keep(~zero, pick(over, overflow, x));
    x = with_sign_of(pick(special, far_specials(f, magnitude), x), signs);
    if (f->lone_nan)
        x = pick(equal(code & splat(f->magnitude | f->sign), splat(f->lone_nan)),
                 splat(SIGN | INFINITE | QUIET), x);
    return x;
}

INLINE void words_of_far(const struct far *far, struct carried *c, char *to, const char *from,
                         size_t steps)
{
    const struct far f = *far;
    const struct held_far held = hold_far(&f);
    vec inexact = splat(0), beyond = splat(0);
    for (; steps; steps--, to += sizeof(uint32_t) * STEP, from += sizeof(uint16_t) * STEP)
        VECTORS(const vec code = load_halves(from + sizeof(vec) / 2 * i);
                store_vec(to + sizeof(vec) * i, widen_far(&f, &held, code, &inexact, &beyond)););
    if (any_bit(inexact))
        c->raised |= HU_UNDERFLOW | HU_INEXACT;
    if (any_bit(beyond))
        c->raised |= HU_OVERFLOW | HU_INEXACT;
}

STEPS(words_far, LOAD_FAR, ROUND_NONE, STORE_WORDS, NEAREST,
      words_of_far(&p->far, c, dst, src, steps);)

/* R: where it is at random, or NULL. */
INLINE void far_step(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                     struct random *r, bool flags, struct seen *seen)
{
    vec random[4], codes[4];
    if (r)
        random_lanes(random, r);
    if (__builtin_expect(any_outside(seen, x, true), 0)) {
        take_care(p, x, r ? random : NULL, ROUND_FAR, seen);
        store_codes(k, dst, x, STORE_16);
        return;
    }
    if (flags && !(seen->flags & HU_INEXACT))
        find_inexact(seen, (x[0] | x[1] | x[2] | x[3]) & splat(k->low));
    VECTORS(codes[i] = x[i];);
    if (r)
        VECTORS(codes[i] = round_top(k, x[i], random[i], true););
    else
        round_tops(k, codes);
    VECTORS(codes[i] = shift_right(codes[i] & splat(~SIGN), k->drop) - splat(k->far_rebias);
            codes[i] = keep(unequal(x[i] & splat(~SIGN), splat(0)), codes[i]););
    store_magnitudes(k, dst, codes, x, STORE_16);
}

STAGE(to_far, fp32, LOAD_FP32, ROUND_FAR, STORE_16, WATCHING,
      far_step(p, &k, to, x, NULL, flags, &seen))
STAGE(to_far_random, fp32, LOAD_FP32, ROUND_FAR, STORE_16, AT_RANDOM,
      far_step(p, &k, to, x, &c->random, flags, &seen))

STAGES(far, &words_far, &to_far, &to_far_random)
