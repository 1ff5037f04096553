/*
 * Rounding from FP32 in lanes of 32 bits, for any instruction set. The file that includes this
 * defines first
 *   LANES            lanes in a vector; LANES_EACH if lanes can shift by counts of their own
 *   INLINE, TARGET   how a function is always inlined, or compiled, for the instruction set
 *   vec, mask        vectors of uint32_t with C's operators; what a comparison gives
 * and the operations used below. Magnitudes are below 2^31, so that comparisons may be signed.
 */
#include "array/narrow.h"
#include "convert.h"

#include <string.h>

enum { STEP = 4 * LANES };

#define SIGN UINT32_C(0x80000000)
#define INFINITE UINT32_C(0x7f800000)
#define QUIET UINT32_C(0x00400000)

/* What the elements so far have shown; read by raised(). */
struct seen {
    vec inexact; /* discarded bits */
    vec tiny;    /* those of tiny elements */
    vec code;    /* the greatest */
    unsigned flags;
};

/* The values that stay the same for a row, in vectors. */
struct row {
    vec keys, keys_high; /* hu_random_keys, by halves */
    vec low_index;       /* of the step's first vector */
};

/* hu_random_mix in lanes. */
INLINE vec random_lanes(const struct row *r, vec low)
{
    vec x = low ^ r->keys;
    x = (x ^ x >> 16) * splat(UINT32_C(0x21f0aaad));
    x ^= r->keys_high;
    x = (x ^ x >> 15) * splat(UINT32_C(0xd35a2d97));
    return x ^ x >> 15;
}

INLINE vec sign_lanes(vec x)
{
    return pick(below_zero(x), splat(UINT32_MAX), splat(0));
}

INLINE void see(struct seen *seen, const struct narrow *k, vec x, vec magnitude, vec discarded,
                vec code)
{
    vec tiny = pick(below_zero(x), splat(k->tiny[1]), splat(k->tiny[0]));
    seen->inexact |= discarded;
    seen->tiny |= keep(above(tiny, magnitude), discarded);
    seen->code = larger(seen->code, code);
}

INLINE unsigned raised(const struct seen *seen, const struct narrow *k)
{
    unsigned flags = seen->flags;
    if (any(above(seen->code, splat(k->max_code))))
        flags |= HU_OVERFLOW | HU_INEXACT;
    if (any(unequal(seen->inexact, splat(0))))
        flags |= HU_INEXACT;
    if (any(unequal(seen->tiny, splat(0))))
        flags |= HU_UNDERFLOW;
    return flags;
}

INLINE void see_specials(struct seen *seen, const struct narrow *k, vec magnitude)
{
    mask nan = above(magnitude, splat(INFINITE));
    mask signaling = both(nan, unequal(magnitude & splat(QUIET), splat(QUIET)));
    if (any(nan))
        seen->flags |= k->nan_flags;
    if (any(signaling))
        seen->flags |= HU_INVALID;
    if (any(equal(magnitude, splat(INFINITE))))
        seen->flags |= k->infinity_flags;
}

/*
 *  31 30        23 22                   0
 *  +-+------------+----------------------+
 *  |S|     E      |          T           |   FP32
 *  +-+------------+---------+------------+
 *  |S|     E      |   T'    |    low     |   NARROW_TOP: a code and what it discards
 *  +-+------------+---------+------------+
 */
INLINE vec round_top(const struct narrow *k, vec x, vec random, enum hu_direction direction)
{
    vec low = splat(k->low);
    switch (direction) {
    case HU_TIES_TO_EVEN:
        return x + splat(k->low >> 1) + (shift_right(x, k->drop) & splat(1));
    case HU_TIES_TO_AWAY:
        return x + splat((k->low >> 1) + 1);
    case HU_TOWARD_POSITIVE:
        return x + (low & ~sign_lanes(x));
    case HU_TOWARD_NEGATIVE:
        return x + (low & sign_lanes(x));
    case HU_TO_ODD:
        return x | ((x & low) + low);
    case HU_STOCHASTIC:
        return x + (low ^ shift_right(random, 32 - k->drop));
    case HU_TOWARD_ZERO:
        break;
    }
    return x;
}

INLINE vec narrow_top(const struct narrow *k, vec x, vec random, enum hu_direction direction,
                      bool flags, struct seen *seen)
{
    vec magnitude = x & splat(~SIGN);
    mask nan = is_nan(x);
    vec code =
        shift_right(pick(nan, x | splat(QUIET), round_top(k, x, random, direction)), k->drop);
    if (k->saturate) {
        vec sign = code & splat(k->sign);
        code = pick(nan, code, smaller(code ^ sign, splat(k->max_code)) | sign);
    }
    if (flags) {
        mask special = above(magnitude, splat(INFINITE - 1));
        if (any(special))
            see_specials(seen, k, magnitude);
        vec finite = pick(special, splat(0), x);
        vec rounded = shift_right(round_top(k, finite, random, direction), k->drop);
        see(seen, k, x, magnitude, finite & splat(k->low), rounded & splat(k->sign - 1));
    }
    return code;
}

INLINE vec special_codes(const struct narrow *k, vec x, vec magnitude)
{
    mask negative = below_zero(x);
    vec nan = pick(negative, splat(k->nan[1]), splat(k->nan[0]));
    vec payload = shift_right(magnitude, k->drop) & splat(k->payload);
    vec infinity = pick(negative, splat(k->infinity[1]), splat(k->infinity[0]));
    return pick(above(magnitude, splat(INFINITE)), nan | payload, infinity);
}

INLINE bool is_directed(enum hu_direction direction)
{
    return direction == HU_TOWARD_POSITIVE || direction == HU_TOWARD_NEGATIVE;
}

#ifdef LANES_EACH
/* 1 in the lanes whose discarded fraction of the unit, in 2^-32, is above the random bits. AT: the
 * exponent that the unit is aligned to, in its field. */
INLINE vec goes_up_at_random(const struct narrow *k, vec magnitude, vec at, vec random)
{
    vec exponent = magnitude >> 23;
    mask normal = unequal(exponent, splat(0));
    vec significand = (magnitude & splat(0x007fffff)) | keep(normal, splat(0x00800000));
    exponent = larger(exponent, splat(1));
    vec shift = splat(k->drop) + (at >> 23) - exponent;
    vec fraction = shift_left_each(significand, splat(32) - shift) |
                   shift_right_each(significand, shift - splat(32));
    return keep(above(fraction ^ splat(SIGN), random ^ splat(SIGN)), splat(1));
}
#endif

/*
 * 2^(e + 23 - t) + x, with e the exponent of x or emin: the sum's unit in the last place is the
 * target's, so the floating-point addition rounds x at it, and below the exponent field of the sum
 * stands x as an integer in that unit. The rounding direction is set (see environment.h); ties away
 * are ties to even after setting the last bit, which moves a tie up and nothing else.
 */
INLINE vec narrow_magic(const struct narrow *k, vec x, vec random, enum hu_direction direction,
                        bool flags, struct seen *seen)
{
    vec magnitude = x & splat(~SIGN);
    mask special = above(magnitude, splat(INFINITE - 1));
    vec finite = flags ? pick(special, splat(0), magnitude) : magnitude;
    vec sign = is_directed(direction) ? x & splat(SIGN) : splat(0);
    finite = smaller(finite, splat(k->limit));
    vec at = larger(finite, splat(k->least_normal)) & splat(INFINITE);
    vec power = at + splat(k->magic);
    vec addend = direction == HU_TIES_TO_AWAY ? finite | splat(1) : finite | sign;
    vec sum = add_float(power | sign, addend);
    vec code = sum - (power | sign) + shift_right(power, k->drop) - splat(k->rebias);
    if (flags || direction == HU_TO_ODD) {
        vec back = sub_float(sum, power | sign) & splat(~SIGN);
        if (direction == HU_TO_ODD)
            code |= keep(unequal(back, finite), splat(1));
        if (flags)
            see(seen, k, x, finite, back ^ finite, code);
    }
#ifdef LANES_EACH
    if (direction == HU_STOCHASTIC)
        code += goes_up_at_random(k, finite, at, random);
#else
    (void)random;
#endif
    vec overflow = splat(k->overflow[0]);
    if (is_directed(direction))
        overflow = pick(below_zero(x), splat(k->overflow[1]), overflow);
    code = smaller(code, overflow);
    vec signs = shift_right(x, k->sign_shift) & splat(k->sign);
    if (!k->negative_zero)
        signs = keep(unequal(code, splat(0)), signs);
    code |= signs;
    if (any(special)) {
        code = pick(special, special_codes(k, x, magnitude), code);
        if (flags)
            see_specials(seen, k, magnitude);
    }
    return code;
}

INLINE void store_codes(void *dst, const vec *codes, uint32_t storage_shift, int size)
{
    if (size == 8) {
        store_bytes(dst, codes);
    } else if (size == 16) {
        store_halves(dst, codes);
    } else {
        for (int i = 0; i < 4; i++)
            store((char *)dst + sizeof(vec) * (size_t)i, shift_left(codes[i], storage_shift));
    }
}

INLINE void narrow_step(const struct narrow *k, void *dst, const void *src, struct row *r,
                        enum narrow_kind kind, enum hu_direction direction, bool flags, int size,
                        struct seen *seen)
{
    vec codes[4];
    for (int i = 0; i < 4; i++) {
        vec x = load((const char *)src + sizeof(vec) * (size_t)i);
        vec random = splat(0);
        if (direction == HU_STOCHASTIC) {
            random = random_lanes(r, r->low_index);
            r->low_index += splat(LANES);
        }
        codes[i] = kind == NARROW_TOP ? narrow_top(k, x, random, direction, flags, seen)
                                      : narrow_magic(k, x, random, direction, flags, seen);
    }
    store_codes(dst, codes, k->storage_shift, size);
}

INLINE unsigned narrow_row(const struct narrow *k, void *dst, const void *src, size_t n,
                           uint64_t first, enum narrow_kind kind, enum hu_direction direction,
                           bool flags, int size)
{
    struct narrow local = *k; /* that nothing stored to dst can change */
    struct seen seen = {splat(0), splat(0), splat(0), 0};
    struct row r = {splat(0), splat(0), splat(0)};
    if (direction == HU_STOCHASTIC) {
        uint64_t keys = hu_random_keys(local.seed, first);
        r = (struct row){splat((uint32_t)keys), splat((uint32_t)(keys >> 32)),
                         splat((uint32_t)first) + lane_numbers()};
    }
    const char *in = src;
    char *out = dst;
    size_t bytes = (size_t)size / 8;
    size_t whole = n / STEP * STEP;
    for (size_t i = 0; i < whole; i += STEP)
        narrow_step(&local, out + i * bytes, in + i * 4, &r, kind, direction, flags, size, &seen);
    if (n > whole) {
        uint32_t rest[STEP] = {0}, codes[STEP];
        memcpy(rest, in + whole * 4, (n - whole) * 4);
        narrow_step(&local, codes, rest, &r, kind, direction, flags, size, &seen);
        memcpy(out + whole * bytes, codes, (n - whole) * bytes);
    }
    return flags ? raised(&seen, &local) : 0;
}

/* One function for each combination, and the table that finds it. */
#define NARROW_ROW(name, kind, direction, flags, size)                                             \
    TARGET static unsigned name##_##flags(const struct narrow *k, void *dst, const void *src,      \
                                          size_t n, uint64_t first)                                \
    {                                                                                              \
        return narrow_row(k, dst, src, n, first, kind, direction, flags, size);                    \
    }

#define NARROW_DIRECTION(name, kind, direction, size)                                              \
    NARROW_ROW(name, kind, direction, 0, size)                                                     \
    NARROW_ROW(name, kind, direction, 1, size)

#define NARROW_DIRECTIONS(name, kind, size)                                                        \
    NARROW_DIRECTION(name##_rne, kind, HU_TIES_TO_EVEN, size)                                      \
    NARROW_DIRECTION(name##_rna, kind, HU_TIES_TO_AWAY, size)                                      \
    NARROW_DIRECTION(name##_rtz, kind, HU_TOWARD_ZERO, size)                                       \
    NARROW_DIRECTION(name##_rup, kind, HU_TOWARD_POSITIVE, size)                                   \
    NARROW_DIRECTION(name##_rdn, kind, HU_TOWARD_NEGATIVE, size)                                   \
    NARROW_DIRECTION(name##_rto, kind, HU_TO_ODD, size)

NARROW_DIRECTIONS(top16, NARROW_TOP, 16)
NARROW_DIRECTIONS(top32, NARROW_TOP, 32)
NARROW_DIRECTIONS(magic8, NARROW_MAGIC, 8)
NARROW_DIRECTIONS(magic16, NARROW_MAGIC, 16)
NARROW_ROW(top16_sr, NARROW_TOP, HU_STOCHASTIC, 0, 16)
NARROW_ROW(top32_sr, NARROW_TOP, HU_STOCHASTIC, 0, 32)
#ifdef LANES_EACH
NARROW_ROW(magic8_sr, NARROW_MAGIC, HU_STOCHASTIC, 0, 8)
NARROW_ROW(magic16_sr, NARROW_MAGIC, HU_STOCHASTIC, 0, 16)
#else
#define magic8_sr_0 NULL
#define magic16_sr_0 NULL
#endif

/* In enum hu_direction's order. Stochastic rounding raises its flags in the scalar kernel. */
#define NARROW_TABLE(name)                                                                         \
    {                                                                                              \
        {name##_rne_0, name##_rna_0, name##_rtz_0, name##_rup_0,                                   \
         name##_rdn_0, name##_rto_0, name##_sr_0},                                                 \
        {                                                                                          \
            name##_rne_1, name##_rna_1, name##_rtz_1, name##_rup_1, name##_rdn_1, name##_rto_1,    \
                NULL                                                                               \
        }                                                                                          \
    }

static narrow_function *narrow_find(const struct conversion *c)
{
    static narrow_function *const table[][2][HU_STOCHASTIC + 1] = {
        NARROW_TABLE(top16), NARROW_TABLE(top32), NARROW_TABLE(magic8), NARROW_TABLE(magic16)};
    int row = c->to->storage_bits > 8;
    switch (narrow_kind(c->to)) {
    case NARROW_TOP:
        row = c->to->storage_bits > 16;
        break;
    case NARROW_MAGIC:
        row += 2;
        break;
    default:
        return NULL;
    }
    return table[row][c->flags][c->options.direction];
}
