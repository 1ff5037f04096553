/* Halves to codes of up to 16 bits, of which no words are made. */
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_store.h"
#include "array/lanes_load.h"
#include "array/lanes_stage.h"
#include "array/lanes_random.h"
/* clang-format on */

/* Of struct halves, in vectors, HELD as well. */
struct pieces {
    half_lanes add, rest, counts;
    half_lanes top, magnitude, floor, reach, trailing, last, less, flip, signs;
    half_lanes large, small;     /* above and at or below which elements are special */
    half_lanes even, even_bytes; /* all bits but the last */
    half_lanes tops_add, tops_more, bit;
};

/* For both vectors of a step of halves. */
#define BOTH_HALVES(...)                                                                           \
    do {                                                                                           \
        STEP_PART(0, __VA_ARGS__)                                                                  \
        STEP_PART(1, __VA_ARGS__)                                                                  \
    } while (0)

/* Where flags are looked for, what may raise others than inexact is special, too. */
INLINE void set_special(struct pieces *t, const struct halves *h, const struct seen *seen,
                        enum care care)
{
    t->large = held_16(h->common);
    t->small = held_16(seen->small && h->small ? h->small - 1 : 0);
    if (care == WATCHING)
        t->large = held_16(seen->large == INFINITE - 1 ? h->finite : h->large);
}

INLINE struct pieces pieces_of(const struct halves *h)
{
    return (struct pieces){
        .add = repeat_16(h->add),
        .rest = repeat_16(h->rest),
        .counts = repeat_16(h->counts),
        .top = held_16(1u << h->shift),
        .magnitude = held_16(0x7fff),
        .floor = held_16(h->floor),
        .reach = held_16(h->reach),
        .trailing = held_16(h->trailing),
        .last = held_16(h->last),
        .less = held_16(h->less),
        .flip = held_16(h->flip),
        .signs = held_16(h->signs),
        .even = held_16(0xfffe),
        .even_bytes = held_16(0xfefe),
        .tops_add = held_16(h->tops_add),
        .tops_more = held_16(h->tops_more),
        .bit = held_16(h->bit),
    };
}

INLINE bool is_special(const struct pieces *t, const half_lanes magnitude[2], enum care care)
{
    half_lanes outside = minus_16(larger_16(magnitude[0], magnitude[1]), t->large);
    const half_lanes one = splat_16(1);
    if (care == WATCHING)
        outside |= minus_16(t->small, smaller_16(magnitude[0] - one, magnitude[1] - one));
    return any_bit((vec)outside);
}

INLINE half_lanes shift_16(half_lanes x, uint32_t count)
{
    return shift_each_16(x, splat_16(shift_16_entry(count)));
}

INLINE half_lanes index_of(const struct pieces *t, half_lanes magnitude)
{
    half_lanes piece = shift_each_16(minus_16(t->reach, magnitude), t->trailing);
    return index_16(smaller_16(piece, t->last));
}

/* -1 where a direction leads from zero. */
INLINE half_lanes leads_up(const struct pieces *t, half_lanes x)
{
    return (half_lanes)((half_mask)((x ^ t->flip) & t->signs) > 0);
}

/* AT: magnitudes, or the floor. */
INLINE void see_inexact(const struct pieces *t, const half_lanes magnitude[2],
                        const half_lanes at[2], struct seen *seen)
{
    half_lanes inexact = splat_16(0);
    BOTH_HALVES(half_lanes index = index_of(t, at[i]), count = look_up_16(t->counts, index);
                half_lanes exact = at[i] + look_up_16(t->rest, index);
                half_lanes up = shift_each_16(exact - splat_16(1), count) + splat_16(1);
                inexact |= keep_nonzero_16(magnitude[i], shift_each_16(exact, count) ^ up););
    find_inexact(seen, (vec)inexact);
}

/* Of two neighbours or one code twice, those rounded upward where UP, and otherwise the even. */
#define CHOOSE(width, type)                                                                        \
    INLINE type choose_##width(type even, bool up, bool odd, type down, type other)                \
    {                                                                                              \
        if (!up)                                                                                   \
            return down & (other | even);                                                          \
        return odd ? down | ((down ^ other) & ~even) : other;                                      \
    }

CHOOSE(8, byte_lanes)
CHOOSE(16, half_lanes)

/*
 * The sum of a magnitude and its piece's ADD, and the same less 1, rounded down: to the nearest
 * that is a tie once upward and once downward, of which the even code is taken; otherwise what is
 * less by 1 and then made more by 1 is rounded up. False: some are special.
 */
INLINE bool halves_step(const struct narrow *k, const struct pieces *t, void *dst, const void *src,
                        bool shifted, bool floor, enum store store, enum care care, bool up,
                        bool odd, struct seen *seen)
{
    half_lanes x[2], magnitude[2], at[2], down[2], other[2];
    BOTH_HALVES(x[i] = (half_lanes)load_bytes((const char *)src + sizeof *x * i);
                if (shifted) x[i] *= t->top; magnitude[i] = x[i] & t->magnitude;);
    if (__builtin_expect(is_special(t, magnitude, care), 0))
        return false;
    BOTH_HALVES(at[i] = floor ? larger_16(magnitude[i], t->floor) : magnitude[i];
                half_lanes less = up ? leads_up(t, x[i]) : t->less;
                half_lanes index = index_of(t, at[i]), count = look_up_16(t->counts, index);
                half_lanes sum = at[i] + look_up_16(t->add, index);
                down[i] = shift_each_16(sum, count); other[i] = shift_each_16(sum + less, count);
                if (up) other[i] -= less;);
    if (care == WATCHING && !(seen->flags & HU_INEXACT))
        see_inexact(t, magnitude, at, seen);
    if (store == STORE_16) {
        BOTH_HALVES(half_lanes code = choose_16(t->even, up, odd, down[i], other[i]);
                    code = finish_16(k, code, x[i]);
                    memcpy((char *)dst + sizeof code * i, &code, sizeof code););
        return true;
    }
    byte_lanes codes =
        choose_8((byte_lanes)t->even_bytes, up, odd, pack_half_bytes(down), pack_half_bytes(other));
    codes = finish_8(k, codes, pack_byte_tops(x));
    store_byte_codes(dst, (byte_lanes)order_halves((half_lanes)codes), store);
    return true;
}

/* Of codes that are the tops of halves, rounded as words are. */
INLINE bool tops_step(const struct halves *h, const struct pieces *t, void *dst, const void *src,
                      bool shifted, enum store store, enum care care, struct seen *seen)
{
    half_lanes x[2], magnitude[2], code[2];
    BOTH_HALVES(x[i] = (half_lanes)load_bytes((const char *)src + sizeof *x * i);
                if (shifted) x[i] *= t->top; magnitude[i] = x[i] & t->magnitude;);
    if (__builtin_expect(is_special(t, magnitude, care), 0))
        return false;
    if (care == WATCHING && !(seen->flags & HU_INEXACT))
        find_inexact(seen, (vec)((x[0] | x[1]) & splat_16((1u << h->drop) - 1)));
    BOTH_HALVES(code[i] = add_by_bit_16(x[i], t->bit, h->bit_shift, t->tops_add, t->tops_more);
                code[i] = shift_right_16(code[i], h->drop); if (store == STORE_16)
                    store_bytes((char *)dst + sizeof *x * i, (byte_lanes)code[i]););
    if (store != STORE_16)
        store_byte_codes(dst, (byte_lanes)order_halves((half_lanes)pack_half_bytes(code)), store);
    return true;
}

/* A step as words; R: where it is at random, or NULL. */
TARGET static __attribute__((noinline)) struct seen
special_halves(const struct plan *p, void *dst, const void *src, struct seen seen, struct random *r)
{
    vec x[4], random[4];
    if (r)
        random_lanes(random, r);
    if (p->load == LOAD_TOP)
        load_top(&p->w, x, src);
    else if (p->load == LOAD_HALF)
        load_any_half(&p->w, x, src);
#ifdef LANES_FP16
    else
        load_short(&p->w, x, src);
#endif
    take_care(p, x, r ? random : NULL, p->round, &seen);
    if (p->round == ROUND_TOP)
        store_top(&p->k, dst, x, p->store);
    else
        store_codes(&p->k, dst, x, p->store);
    return seen;
}

INLINE void from_halves(const struct plan *p, struct carried *c, void *dst, const void *src,
                        size_t steps, bool tops, enum care care, bool up)
{
    const struct halves *h = &p->halves;
    const struct narrow k = p->k;
    const enum store store = p->store;
    const size_t out = bytes_of_step(p->to);
    const bool shifted = h->shift, floor = h->floor;
    const bool odd = h->odd;
    struct seen seen = c->seen;
    struct pieces t = pieces_of(h);
    set_special(&t, h, &seen, care);
    const char *from = src;
    for (char *to = dst; steps; steps--, to += out, from += 2 * STEP)
        if (!(tops ? tops_step(h, &t, to, from, shifted, store, care, &seen)
                   : halves_step(&k, &t, to, from, shifted, floor, store, care, up, odd, &seen))) {
            seen = special_halves(p, to, from, seen, NULL);
            set_special(&t, h, &seen, care);
        }
    c->seen = seen;
}

#ifdef LANES_FIELDS

struct held_fields {
    half_lanes rest, factor, deep, top, magnitude, finite, exponent;
    byte_lanes shares[2]; /* the upper halves of the draws of a block of ordered words */
    half_lanes drop, least, unit, limit;
};

INLINE struct held_fields hold_fields(const struct fields *f)
{
    static const unsigned char shares[2][TABLE_BLOCK] __attribute__((aligned(TABLE_BLOCK))) = {
        {3, 0, 0, 1, 1, 2, 2, 3, 7, 4, 4, 5, 5, 6, 6, 7},
        {11, 8, 8, 9, 9, 10, 10, 11, 15, 12, 12, 13, 13, 14, 14, 15}};
    return (struct held_fields){
        .rest = (half_lanes)load(f->rest),
        .factor = (half_lanes)load(f->factor),
        .deep = (half_lanes)load(f->deep),
        .top = held_16(1u << f->shift),
        .magnitude = held_16(0x7fff),
        .finite = held_16(f->finite),
        .exponent = held_16(shift_16_entry(10)),
        .shares = {repeat_block(shares[0]), repeat_block(shares[1])},
        .drop = held_16(f->drop),
        .least = held_16(f->least),
        .unit = held_16(f->unit),
        .limit = held_16(f->limit),
    };
}

/* A code of FP32's exponents by shifts: see struct fields. *TIED: what it loses would tell. */
INLINE half_lanes drawn_code(const struct held_fields *h, half_lanes magnitude, half_lanes draw,
                             bool *tied)
{
    const half_lanes sixteen = splat_16(16), within = smaller_16(magnitude, h->limit);
    const half_lanes field = within >> 7, at = larger_16(field, h->least);
    const half_lanes significand = within << 8 | splat_16(0x8000), count = at - field + h->drop;
    const half_lanes rest = shift_left_each_16(significand, sixteen - count) |
                            shift_each_16(significand, count - sixteen);
    *tied |= any_equal_16(rest, draw);
    return raise_above_16(shift_each_16(significand, count) + (at - h->least) * h->unit, rest,
                          draw);
}

/* TOPS: as many bits are dropped of all, or 0. False: some are special, or what DEEP loses would
 * tell. */
INLINE bool fields_step(const struct narrow *k, const struct held_fields *h, void *dst,
                        const void *src, struct random *r, bool shifted, uint32_t tops, bool deep,
                        bool shifts, enum store store)
{
    half_lanes x[2], magnitude[2], code[2];
    BOTH_HALVES(x[i] = (half_lanes)load_bytes((const char *)src + sizeof *x * i);
                if (shifted) x[i] *= h->top; magnitude[i] = x[i] & h->magnitude;);
    bool special = any_bit((vec)minus_16(larger_16(magnitude[0], magnitude[1]), h->finite));
    const byte_lanes words = order_16((byte_lanes)next_words(r));
    if (tops)
        BOTH_HALVES(const half_lanes draw = (half_lanes)look_up_block(words, h->shares[i]);
                    code[i] =
                        shift_right_16(magnitude[i] + shift_right_16(~draw, 16 - tops), tops););
    else if (shifts)
        BOTH_HALVES(const half_lanes draw = (half_lanes)look_up_block(words, h->shares[i]);
                    code[i] = drawn_code(h, magnitude[i], draw, &special););
    else
        BOTH_HALVES(const half_lanes draw = (half_lanes)look_up_block(words, h->shares[i]);
                    const half_lanes field = shift_each_16(x[i], h->exponent);
                    const half_lanes factor = look_up_field(h->factor, field);
                    half_lanes sum = magnitude[i] + look_up_field(h->rest, field);
                    if (deep) sum = shift_each_16(sum, look_up_field(h->deep, field));
                    const half_lanes rest = sum * factor;
                    if (deep) special |= any_equal_16(rest, draw);
                    code[i] = raise_above_16(multiply_high_16(sum, factor), rest, draw););
    if (__builtin_expect(special, 0))
        return false;
    if (store == STORE_16) {
        BOTH_HALVES(
            store_bytes((char *)dst + sizeof *x * i, (byte_lanes)finish_16(k, code[i], x[i])););
        return true;
    }
    const byte_lanes codes = finish_8(k, pack_half_bytes(code), pack_byte_tops(x));
    store_byte_codes(dst, (byte_lanes)order_halves((half_lanes)codes), store);
    return true;
}

INLINE void fields_steps(const struct plan *p, struct carried *c, char *to, const char *from,
                         size_t steps, bool tops, bool deep, bool shifts)
{
    const struct narrow k = p->k;
    const enum store store = p->store;
    const bool shifted = p->fields.shift;
    const size_t out = bytes_of_step(p->to);
    const struct held_fields h = hold_fields(&p->fields);
    const uint32_t drop = tops ? p->halves.drop : 0;
    struct random r = c->random;
    for (; steps; steps--, to += out, from += 2 * STEP) {
        const uint32_t word = r.word;
        if (!r.share && fields_step(&k, &h, to, from, &r, shifted, drop, deep, shifts, store))
            continue;
        struct random again = c->random;
        again.word = word;
        special_halves(p, to, from, c->seen, &again);
        r.word = again.word;
    }
}

#endif

/* Halves whose codes are the top of FP32's as scales: narrow_scale in 16 bits. Where flags are
 * looked for, false: some may raise others than those of common numbers. */
INLINE bool scale_tops(const struct narrow *k, uint32_t shift, void *dst, const void *src,
                       struct seen *seen)
{
    half_lanes x[2], code[2], none[2], inexact = splat_16(0), outside = splat_16(0);
    const half_lanes small = splat_16(seen && seen->flags & HU_UNDERFLOW ? 0 : 0x0080);
    BOTH_HALVES(x[i] = (half_lanes)load_bytes((const char *)src + sizeof *x * i) << shift;
                half_lanes magnitude = x[i] & splat_16(0x7fff);
                half_lanes aligned =
                    smaller_16(magnitude, minus_16(magnitude + magnitude, splat_16(0x0080)));
                code[i] = shift_16(aligned + splat_16(k->add[0] >> 16), 7);
                none[i] = (half_lanes)(minus_16(x[i], splat_16(INFINITE >> 16)) != 0) &
                          (half_lanes)(x[i] != splat_16(SIGN >> 16));
                code[i] =
                    smaller_16(code[i], splat_16(k->infinity[0])) | (none[i] & splat_16(k->nan[0]));
                inexact |= x[i] & splat_16(k->low >> 16) & ~none[i];
                outside |= minus_16(magnitude, splat_16((k->max_code << 7) - 1)) |
                           minus_16(small, magnitude););
    if (seen && any_bit((vec)outside))
        return false;
    if (seen && !(seen->flags & HU_INEXACT))
        find_inexact(seen, (vec)inexact);
    if (seen && !(seen->flags & HU_INVALID) && any_bit((vec)(none[0] | none[1])))
        seen->flags |= HU_INVALID;
    store_bytes(dst, (byte_lanes)order_halves((half_lanes)pack_half_bytes(code)));
    return true;
}

INLINE void scales_of_tops(const struct plan *p, struct carried *c, char *to, const char *from,
                           size_t steps, bool watching)
{
    const struct narrow k = p->k;
    const uint32_t shift = p->w.sign_shift - 16;
    struct seen seen = c->seen;
    for (; steps; steps--, to += STEP, from += 2 * STEP)
        if (!scale_tops(&k, shift, to, from, watching ? &seen : NULL))
            seen = special_halves(p, to, from, seen, NULL);
    c->seen = seen;
}

STEPS(scales, LOAD_TOP, ROUND_SCALE, STORE_8, DIRECTED,
      scales_of_tops(p, c, dst, src, steps, false);)
STEPS(scales_watching, LOAD_TOP, ROUND_SCALE, STORE_8, WATCHING,
      scales_of_tops(p, c, dst, src, steps, true);)

#define HALVES(name, round, care, ...) STEPS(name, LOAD_HALVES, round, STORE_ANY, care, __VA_ARGS__)
HALVES(tops, ROUND_TOP, DIRECTED, from_halves(p, c, dst, src, steps, true, DIRECTED, false);)
HALVES(tops_watching, ROUND_TOP, WATCHING,
       from_halves(p, c, dst, src, steps, true, WATCHING, false);)
HALVES(halves, ROUND_MAGIC, NEAREST, from_halves(p, c, dst, src, steps, false, NEAREST, false);)
HALVES(halves_directed, ROUND_MAGIC, DIRECTED,
       from_halves(p, c, dst, src, steps, false, DIRECTED, true);)
HALVES(halves_watching, ROUND_MAGIC, WATCHING,
       if (p->halves.up) from_halves(p, c, dst, src, steps, false, WATCHING, true);
       else from_halves(p, c, dst, src, steps, false, WATCHING, false);)
#ifdef LANES_FIELDS
HALVES(tops_random, ROUND_TOP, AT_RANDOM, fields_steps(p, c, dst, src, steps, true, false, false);)
HALVES(halves_random, ROUND_MAGIC, AT_RANDOM,
       if (p->fields.shifts) fields_steps(p, c, dst, src, steps, false, false, true);
       else if (p->fields.any_deep) fields_steps(p, c, dst, src, steps, false, true, false);
       else fields_steps(p, c, dst, src, steps, false, false, false);)
#endif

#ifdef LANES_FIELDS
#define AT_RANDOM_BY_FIELDS &tops_random, &halves_random,
#else
#define AT_RANDOM_BY_FIELDS
#endif

STAGES(halves, &tops, &tops_watching, &halves, &halves_directed, &halves_watching,
       AT_RANDOM_BY_FIELDS &scales, &scales_watching)
