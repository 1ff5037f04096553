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

/* For each vector i of a step, or each first of two: written out, so that they are registers at
 * every level of optimization. */
#define STEP_PART(number, ...)                                                                     \
    {                                                                                              \
        enum { i = number };                                                                       \
        __VA_ARGS__                                                                                \
    }
#define PAIRS(...)                                                                                 \
    do {                                                                                           \
        STEP_PART(0, __VA_ARGS__)                                                                  \
        STEP_PART(2, __VA_ARGS__)                                                                  \
    } while (0)
#define VECTORS(...)                                                                               \
    do {                                                                                           \
        STEP_PART(0, __VA_ARGS__)                                                                  \
        STEP_PART(1, __VA_ARGS__)                                                                  \
        STEP_PART(2, __VA_ARGS__)                                                                  \
        STEP_PART(3, __VA_ARGS__)                                                                  \
    } while (0)

/* Bytes ahead of the loads that are asked for, towards the second-level cache: enough for the
 * latency of memory, and within reach of what is there already. */
enum { AHEAD = 1024 };

INLINE void fetch_ahead(bool direct, const void *at, size_t bytes)
{
    if (direct)
        for (size_t i = 0; i < bytes; i += 64)
            __builtin_prefetch((const void *)((uintptr_t)at + AHEAD + i), 0, 2);
}

/*
 * Where a row that goes past the caches takes its elements, GRANULE of them at I in the order of
 * time: from WAYS stretches in turn, so that as many pages of memory are open at once (the order of
 * glibc's memcpy of large blocks; a third faster than one after the other on Sapphire Rapids).
 */
enum { WAYS = 4, STRETCH = 1 << 14 };

INLINE size_t turn(size_t i, size_t n, size_t granule)
{
    const size_t round = WAYS * STRETCH;
    if (i >= n / round * round)
        return i;
    size_t number = i % round / granule;
    return i / round * round + number % WAYS * STRETCH + number / WAYS * granule;
}

/* A whole number of vectors, past the caches. */
INLINE void stream_out(void *dst, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += sizeof(vec))
        stream((char *)dst + i, load((const char *)from + i));
}

#define SIGN UINT32_C(0x80000000)
#define INFINITE UINT32_C(0x7f800000)
#define QUIET UINT32_C(0x00400000)

/*
 * What the elements so far have shown; read by raised(). A step of zeros and of magnitudes from
 * SMALL to LARGE raises nothing but inexact, which is looked for until it is found; and SMALL and
 * LARGE move out of the way once there is no more to learn beyond them.
 */
struct seen {
    vec inexact; /* discarded bits */
    vec tiny;    /* those of tiny elements */
    vec code;    /* the greatest */
    unsigned flags;
    uint32_t small, large;
};

/* The values that stay the same for a row, in vectors. */
struct row {
    vec keys, keys_high; /* hu_random_keys, by halves, as random_lanes adds them */
    uint32_t low_index;  /* of the step's first element */
};

INLINE struct row random_row(uint64_t seed, uint64_t first)
{
    uint64_t keys = hu_random_keys(seed, first);
    uint32_t low = (uint32_t)keys, high = (uint32_t)(keys >> 32);
    return (struct row){splat(low ^ low >> 16), splat(high ^ high >> 15), (uint32_t)first};
}

/*
 * hu_random_mix in lanes, but for its last step: random = y ^ y >> 15. A shift distributes over
 * exclusive or, so that what comes from the keys is computed once for the row.
 */
INLINE void random_lanes(vec random[4], struct row *r)
{
    if (r->low_index % STEP == 0) { /* the index's high half is one number */
        vec keys = splat(r->low_index ^ r->low_index >> 16) ^ r->keys;
        VECTORS(random[i] = keys ^ (lane_numbers() + splat(i * LANES)););
    } else {
        vec first = splat(r->low_index) + lane_numbers();
        VECTORS(vec low = first + splat(i * LANES); random[i] = low ^ low >> 16 ^ r->keys;);
    }
    r->low_index += STEP;
    VECTORS(vec x = random[i] * splat(UINT32_C(0x21f0aaad));
            random[i] = (x ^ x >> 15 ^ r->keys_high) * splat(UINT32_C(0xd35a2d97)););
}

INLINE struct seen nothing_seen(const struct narrow *k, bool flags, enum hu_direction direction)
{
    struct seen seen = {splat(0), splat(0), splat(0), 0, 0, INFINITE - 1};
    if (direction == HU_STOCHASTIC) /* what narrow_normal cannot */
        seen.small = k->least_normal;
    else if (flags)
        seen.small = k->tiny[0] > k->tiny[1] ? k->tiny[0] : k->tiny[1];
    if (flags)
        seen.large = k->greatest;
    return seen;
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

/* After a step that was looked at. */
INLINE void take_stock(struct seen *seen, const struct narrow *k, enum hu_direction direction)
{
    seen->flags = raised(seen, k);
    if (seen->flags & HU_UNDERFLOW && direction != HU_STOCHASTIC)
        seen->small = 0;
    if (seen->flags & HU_OVERFLOW)
        seen->large = INFINITE - 1;
}

/* The top BITS of what random_lanes stands for. */
INLINE vec random_top(vec random, uint32_t bits)
{
#ifdef LANES_EACH /* where shifting everything out gives 0 */
    return shift_right(random, 32 - bits) ^ shift_right(random, 47 - bits);
#else
    return shift_right(random ^ random >> 15, 32 - bits);
#endif
}

INLINE bool is_directed(enum hu_direction direction)
{
    return direction == HU_TOWARD_POSITIVE || direction == HU_TOWARD_NEGATIVE;
}

/* The magnitudes that are not tiny. Stochastic rounding to unbounded exponents carries where the
 * rounding itself would, one unit of the binade below emin finer. */
INLINE mask is_tiny(const struct narrow *k, vec x, vec magnitude, vec random,
                    enum hu_direction direction)
{
    vec tiny = splat(k->tiny[0]);
    if (is_directed(direction))
        tiny = pick(below_zero(x), splat(k->tiny[1]), tiny);
    if (direction == HU_STOCHASTIC && k->tiny_drop)
        magnitude += splat((1u << k->tiny_drop) - 1) ^ random_top(random, k->tiny_drop);
    return above(tiny, magnitude);
}

INLINE void see(struct seen *seen, mask tiny, vec discarded, vec code)
{
    seen->inexact |= discarded;
    seen->tiny |= keep(tiny, discarded);
    seen->code = larger(seen->code, code);
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
        return add_bit(x + splat(k->low >> 1), x, k->drop);
    case HU_TIES_TO_AWAY:
        return x + splat((k->low >> 1) + 1);
    case HU_TOWARD_POSITIVE:
        return add_where(at_least_zero(x), x, low);
    case HU_TOWARD_NEGATIVE:
        return add_where(below_zero(x), x, low);
    case HU_TO_ODD:
        return x | ((x & low) + low);
    case HU_STOCHASTIC:
        return x + (low ^ random_top(random, k->drop));
    case HU_TOWARD_ZERO:
        break;
    }
    return x;
}

/* The code at the top of an FP32 word; what it discards is still below. SPECIAL: there may be
 * infinities and NaNs. */
INLINE vec narrow_top(const struct narrow *k, vec x, vec random, enum hu_direction direction,
                      bool special, bool flags, struct seen *seen)
{
    vec rounded = round_top(k, x, random, direction);
    if (flags) {
        vec magnitude = x & splat(~SIGN);
        vec code = rounded & splat(~SIGN), discarded = x & splat(k->low);
        if (special) {
            mask finite = above(splat(INFINITE), magnitude);
            see_specials(seen, k, magnitude);
            code = keep(finite, code);
            discarded = keep(finite, discarded);
        }
        see(seen, is_tiny(k, x, magnitude, random, direction), discarded,
            shift_right(code, k->drop));
    }
    if (k->saturate) {
        vec greatest = splat(k->max_code << k->drop);
        rounded = smaller(rounded & splat(~SIGN), greatest) | (x & splat(SIGN));
    }
    return special ? pick(is_nan(x), x | splat(QUIET), rounded) : rounded;
}

INLINE vec special_codes(const struct narrow *k, vec x, vec magnitude)
{
    mask negative = below_zero(x);
    vec nan = pick(negative, splat(k->nan[1]), splat(k->nan[0]));
    vec payload = shift_right(magnitude, k->drop) & splat(k->payload);
    vec infinity = pick(negative, splat(k->infinity[1]), splat(k->infinity[0]));
    return pick(above(magnitude, splat(INFINITE)), nan | payload, infinity);
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
    random ^= random >> 15;
    return keep(above(fraction ^ splat(SIGN), random ^ splat(SIGN)), splat(1));
}
#endif

/*
 * 2^(e + 23 - t) + x, with e the exponent of x or emin: the sum's unit in the last place is the
 * target's, so the floating-point addition rounds x at it, and below the exponent field of the sum
 * stands x as an integer in that unit. The rounding direction is set (see environment.h); ties away
 * are ties to even after setting the last bit, which moves a tie up and nothing else.
 */
struct magic {
    vec at, power, sum;
};

INLINE struct magic add_magic(const struct narrow *k, vec x, vec finite,
                              enum hu_direction direction)
{
    struct magic m;
    vec sign = is_directed(direction) ? x & splat(SIGN) : splat(0);
    m.at = larger_float(finite, splat(k->least_normal)) & splat(INFINITE);
    m.power = (m.at + splat(k->magic)) | sign;
    m.sum = add_float(m.power, finite | (direction == HU_TIES_TO_AWAY ? splat(1) : sign));
    return m;
}

INLINE vec narrow_magic(const struct narrow *k, vec x, vec magnitude, vec random,
                        enum hu_direction direction, bool flags, struct seen *seen)
{
    vec finite = smaller_float(magnitude, splat(k->limit));
    struct magic m = add_magic(k, x, finite, direction);
    vec code = m.sum - m.power + shift_right(m.at - splat(k->least_normal), k->drop);
#ifdef LANES_EACH
    if (direction == HU_STOCHASTIC)
        code += goes_up_at_random(k, finite, m.at, random);
#endif
    if (flags || direction == HU_TO_ODD) {
        vec back = sub_float(m.sum, m.power) & splat(~SIGN);
        if (direction == HU_TO_ODD)
            code |= keep(unequal(back, finite), splat(1));
        if (flags)
            see(seen, is_tiny(k, x, finite, random, direction), back ^ finite, code);
    }
    return code;
}

#ifdef LANES_JOIN
/*
 *  31 30        23 22        16 15       t+1 0
 *  +-+------------+------------+----------+-+
 *  |S|     E      |      0     |    0     | |   narrow_magic's sum, t at most 7
 *  +-+------------+------------+----------+-+
 * The upper half and 2^(7 - t) times the lower are the code in a unit of 2^(7 - t), but for sign
 * and base: a half each, whose shift costs half as much.
 */
INLINE byte_lanes join_sums(const struct narrow *k, const vec sums[4])
{
    half_lanes joined[2];
    PAIRS(joined[i / 2] = pack_joined(sums + i, k->join);
          joined[i / 2] = (joined[i / 2] & splat_16(0x7fff)) - splat_16(k->join_base);
          joined[i / 2] = shift_right_16(joined[i / 2], k->join_shift););
    return pack_half_bytes(joined);
}
#endif

/* Stochastic rounding of zeros and of magnitudes that the target has as normal numbers, or that
 * are above it. */
INLINE vec narrow_normal(const struct narrow *k, vec magnitude, vec random, bool flags,
                         struct seen *seen)
{
    vec finite = smaller(magnitude, splat(k->limit));
    vec code = shift_right(round_top(k, finite, random, HU_STOCHASTIC), k->drop);
    code = larger(code, splat(k->rebias)) - splat(k->rebias);
    if (flags)
        see(seen, above(splat(0), splat(0)), finite & splat(k->low), code);
    return code;
}

/* A step with infinities or NaNs in it: overflow, sign and specials lane by lane. */
INLINE vec narrow_any(const struct narrow *k, vec x, vec random, enum hu_direction direction,
                      bool flags, struct seen *seen)
{
    vec magnitude = x & splat(~SIGN);
    mask special = above(magnitude, splat(INFINITE - 1));
    vec finite = pick(special, splat(0), magnitude);
    vec code = narrow_magic(k, x, finite, random, direction, flags, seen);
    mask negative = below_zero(x);
    code = smaller(code, pick(negative, splat(k->overflow[1]), splat(k->overflow[0])));
    vec sign = keep(negative, splat(k->sign));
    if (!k->negative_zero)
        sign = keep(unequal(code, splat(0)), sign);
    if (flags)
        see_specials(seen, k, magnitude);
    return pick(special, special_codes(k, x, magnitude), code | sign);
}

/*
 * A scale's codes are FP32's exponent field, but for FP32's subnormals: those from 2^-127 on are
 * shifted up to have theirs at the bit where the field begins, and what is below becomes code 0.
 * In bits that is 2x - 2^23, which at 2^-126 is x. The last bit kept is always odd, so that ties go
 * up and rounding to odd goes toward zero.
 */
enum { SCALE_LEAST = 0x00400000, SCALE_LEAST_FP32_NORMAL = 0x00800000 };

INLINE vec round_scale(const struct narrow *k, vec aligned, vec random, enum hu_direction direction)
{
    switch (direction) {
    case HU_TIES_TO_EVEN:
    case HU_TIES_TO_AWAY:
        return aligned + splat((k->low >> 1) + 1);
    case HU_TOWARD_POSITIVE:
        return aligned + splat(k->low);
    case HU_STOCHASTIC:
        return aligned + (splat(k->low) ^ random_top(random, k->drop));
    default:
        return aligned;
    }
}

/* Quiet NaNs are the only elements without a scale that raise nothing. */
INLINE void see_scale(struct seen *seen, const struct narrow *k, vec magnitude, mask unscaled,
                      vec finite, vec aligned, vec code)
{
    mask quiet =
        both(above(magnitude, splat(INFINITE)), equal(magnitude & splat(QUIET), splat(QUIET)));
    vec below = keep(above(splat(SCALE_LEAST), finite), splat(1));
    if (any(unscaled & ~quiet))
        seen->flags |= HU_INVALID;
    seen->inexact |= below | (aligned & splat(k->low));
    seen->tiny |= below;
    seen->code = larger(seen->code, code);
}

/* FP32 to a byte of e8m0: zeros of either sign are below every scale, infinity is above; NaNs and
 * what is less than zero have none. */
INLINE vec narrow_scale(const struct narrow *k, vec x, vec magnitude, vec random,
                        enum hu_direction direction, bool flags, struct seen *seen)
{
    mask unscaled =
        above(magnitude, splat(INFINITE)) | both(below_zero(x), unequal(magnitude, splat(0)));
    vec finite = pick(unscaled, splat(SCALE_LEAST_FP32_NORMAL), magnitude);
    vec least = splat(SCALE_LEAST_FP32_NORMAL);
    vec aligned = finite - keep(above(least, finite), least - finite);
    aligned = keep(above(finite, splat(SCALE_LEAST - 1)), aligned);
    vec code = shift_right(round_scale(k, aligned, random, direction), k->drop);
    if (flags)
        see_scale(seen, k, magnitude, unscaled, finite, aligned, code);
    code = pick(above(code, splat(k->max_code)), splat(k->overflow[0]), code);
    return pick(unscaled, splat(k->nan[0]), code);
}

/* Overflow and sign of finite codes, a byte or half each: what is left to do costs the less the
 * more codes a vector holds. signs: the source's sign in each element's top bit, rubbish below. */
#define FINISH(width, type)                                                                        \
    INLINE type finish_##width(const struct narrow *k, type codes, type signs,                     \
                               enum hu_direction direction)                                        \
    {                                                                                              \
        type overflow = splat_##width(k->overflow[0]);                                             \
        signs &= splat_##width(1u << (width - 1));                                                 \
        if (is_directed(direction))                                                                \
            overflow = pick_##width(signs, splat_##width(k->overflow[1]), overflow);               \
        codes = smaller_##width(codes, overflow);                                                  \
        signs = shift_right_##width(signs, k->sign_shift - (32 - width));                          \
        if (!k->negative_zero)                                                                     \
            signs = keep_nonzero_##width(codes, signs);                                            \
        return codes | signs;                                                                      \
    }

FINISH(8, byte_lanes)
FINISH(16, half_lanes)

INLINE void store_finite_bytes(const struct narrow *k, void *dst, byte_lanes codes, const vec *x,
                               enum hu_direction direction)
{
    byte_lanes done = finish_8(k, codes, pack_byte_signs(x), direction);
    memcpy(dst, &done, sizeof done);
}

INLINE void store_finite(const struct narrow *k, void *dst, const vec *codes, const vec *x,
                         enum hu_direction direction, int size)
{
    if (size == 8) {
        store_finite_bytes(k, dst, pack_bytes(codes), x, direction);
        return;
    }
    PAIRS(half_lanes done = finish_16(k, pack_halves(codes + i), pack_half_signs(x + i), direction);
          memcpy((char *)dst + sizeof done * (i / 2), &done, sizeof done););
}

INLINE void store_codes(const struct narrow *k, void *dst, const vec *codes, int size)
{
    if (size == 8) {
        byte_lanes packed = pack_bytes(codes);
        memcpy(dst, &packed, sizeof packed);
    }
    if (size == 16) {
        PAIRS(half_lanes packed = pack_halves(codes + i);
              memcpy((char *)dst + sizeof packed * (i / 2), &packed, sizeof packed););
    }
    if (size == 32) {
        VECTORS(store((char *)dst + sizeof(vec) * i, shift_left(codes[i], k->storage_shift)););
    }
}

/* SIZE is that of a stored element, or TOP_HALF and TOP_WORD for codes that end at the top of
 * theirs: bf16 and tf32. */
enum { TOP_HALF = -16, TOP_WORD = -32 };

INLINE void store_top(const struct narrow *k, void *dst, vec *words, int size)
{
    if (size == TOP_HALF) {
        PAIRS(half_lanes packed = pack_top_halves(words + i);
              memcpy((char *)dst + sizeof packed * (i / 2), &packed, sizeof packed););
        return;
    }
    VECTORS(if (size == TOP_WORD) store((char *)dst + sizeof(vec) * i, words[i] & splat(~k->low));
            else words[i] = shift_right(words[i], k->drop););
    if (size != TOP_WORD)
        store_codes(k, dst, words, size);
}

/* OUTSIDE: there may be infinities and NaNs, and if flags are wanted what raises others than
 * inexact. */
INLINE void narrow_step_top(const struct narrow *k, void *dst, const vec x[4], const vec random[4],
                            bool outside, enum hu_direction direction, bool flags, int size,
                            struct seen *seen)
{
    vec words[4];
    if (outside) {
        VECTORS(words[i] = narrow_top(k, x[i], random[i], direction, true, flags, seen););
        if (flags)
            take_stock(seen, k, direction);
    } else {
        VECTORS(words[i] = narrow_top(k, x[i], random[i], direction, false, false, seen););
        if (flags)
            VECTORS(seen->inexact |= x[i] & splat(k->low););
    }
    store_top(k, dst, words, size);
}

INLINE void narrow_finite(const struct narrow *k, void *dst, const vec x[4], const vec magnitude[4],
                          enum hu_direction direction, int size)
{
    vec codes[4];
#ifdef LANES_JOIN
    if (size == 8 && direction != HU_TO_ODD) {
        VECTORS(vec finite = smaller_float(magnitude[i], splat(k->limit));
                codes[i] = add_magic(k, x[i], finite, direction).sum;);
        store_finite_bytes(k, dst, join_sums(k, codes), x, direction);
        return;
    }
#endif
    VECTORS(codes[i] = narrow_magic(k, x[i], magnitude[i], splat(0), direction, false, NULL););
    store_finite(k, dst, codes, x, direction, size);
}

INLINE void narrow_step_magic(const struct narrow *k, void *dst, const vec x[4],
                              const vec magnitude[4], const vec random[4], bool outside,
                              enum hu_direction direction, bool flags, int size, struct seen *seen)
{
    vec codes[4];
    bool looks = flags && (outside || !(seen->flags & HU_INEXACT));
    if (outside) {
        VECTORS(codes[i] = narrow_any(k, x[i], random[i], direction, flags, seen););
        store_codes(k, dst, codes, size);
    } else if (direction == HU_STOCHASTIC) {
        VECTORS(codes[i] = narrow_normal(k, magnitude[i], random[i], flags, seen););
        store_finite(k, dst, codes, x, direction, size);
    } else if (looks) {
        VECTORS(codes[i] = narrow_magic(k, x[i], magnitude[i], random[i], direction, true, seen););
        store_finite(k, dst, codes, x, direction, size);
    } else {
        narrow_finite(k, dst, x, magnitude, direction, size);
    }
    if (looks)
        take_stock(seen, k, direction);
}

INLINE void narrow_step(const struct narrow *k, void *dst, const void *src, struct row *r,
                        enum narrow_kind kind, enum hu_direction direction, bool flags, int size,
                        struct seen *seen)
{
    vec x[4], magnitude[4], random[4];
    struct noted noted = nothing_noted();
    fetch_ahead(k->direct, src, sizeof x);
    VECTORS(const char *at = (const char *)src + sizeof(vec) * i; x[i] = load(at);
            magnitude[i] = x[i] & splat(~SIGN); random[i] = splat(0););
    VECTORS(note_large(&noted, magnitude[i], splat(seen->large)););
    if (flags || (kind == NARROW_MAGIC && direction == HU_STOCHASTIC))
        VECTORS(note_small(&noted, magnitude[i], splat(seen->small)););
    if (direction == HU_STOCHASTIC)
        random_lanes(random, r);
    if (kind == NARROW_SCALE) {
        vec codes[4];
        VECTORS(codes[i] = narrow_scale(k, x[i], magnitude[i], random[i], direction, flags, seen););
        store_codes(k, dst, codes, size);
    } else if (kind == NARROW_MAGIC) {
        bool outside = is_outside(&noted, splat(seen->small), splat(seen->large));
        narrow_step_magic(k, dst, x, magnitude, random, outside, direction, flags, size, seen);
    } else {
        bool outside = flags ? is_outside(&noted, splat(seen->small), splat(seen->large))
                             : any(either_is_nan(x[0], x[1])) || any(either_is_nan(x[2], x[3]));
        narrow_step_top(k, dst, x, random, outside, direction, flags, size, seen);
    }
}

INLINE unsigned narrow_row(const struct narrow *k, void *dst, const void *src, size_t n,
                           uint64_t first, enum narrow_kind kind, enum hu_direction direction,
                           bool flags, int size)
{
    struct narrow local = *k; /* that nothing stored to dst can change */
    struct seen seen = nothing_seen(&local, flags, direction);
    struct row r = {splat(0), splat(0), 0};
    if (direction == HU_STOCHASTIC)
        r = random_row(local.seed, first);
    const char *in = src;
    char *out = dst;
    size_t width = (size_t)(size < 0 ? -size : size) / 8;
    size_t whole = n / STEP * STEP;
    for (size_t i = 0; i < whole; i += STEP) {
        if (!local.direct) {
            narrow_step(&local, out + i * width, in + i * 4, &r, kind, direction, flags, size,
                        &seen);
            continue;
        }
        uint32_t codes[STEP] __attribute__((aligned(sizeof(vec))));
        size_t at = turn(i, n, STEP);
        r.low_index = (uint32_t)(first + at);
        narrow_step(&local, codes, in + at * 4, &r, kind, direction, flags, size, &seen);
        stream_out(out + at * width, codes, STEP * width);
    }
    r.low_index = (uint32_t)(first + whole);
    if (n > whole) {
        uint32_t rest[STEP], codes[STEP];
        /* Beside the elements, what every format of the kind holds exactly: zero, or 2^-126. */
        for (size_t i = 0; i < STEP; i++)
            rest[i] = kind == NARROW_SCALE ? SCALE_LEAST_FP32_NORMAL : 0;
        memcpy(rest, in + whole * 4, (n - whole) * 4);
        narrow_step(&local, codes, rest, &r, kind, direction, flags, size, &seen);
        memcpy(out + whole * width, codes, (n - whole) * width);
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

NARROW_DIRECTIONS(bf16, NARROW_TOP, TOP_HALF)
NARROW_DIRECTIONS(tf32, NARROW_TOP, TOP_WORD)
NARROW_DIRECTIONS(top16, NARROW_TOP, 16)
NARROW_DIRECTIONS(top32, NARROW_TOP, 32)
NARROW_DIRECTIONS(magic8, NARROW_MAGIC, 8)
NARROW_DIRECTIONS(magic16, NARROW_MAGIC, 16)
NARROW_DIRECTIONS(scale8, NARROW_SCALE, 8)
NARROW_DIRECTION(bf16_sr, NARROW_TOP, HU_STOCHASTIC, TOP_HALF)
NARROW_DIRECTION(tf32_sr, NARROW_TOP, HU_STOCHASTIC, TOP_WORD)
NARROW_DIRECTION(top16_sr, NARROW_TOP, HU_STOCHASTIC, 16)
NARROW_DIRECTION(top32_sr, NARROW_TOP, HU_STOCHASTIC, 32)
NARROW_DIRECTION(scale8_sr, NARROW_SCALE, HU_STOCHASTIC, 8)
#ifdef LANES_EACH
NARROW_DIRECTION(magic8_sr, NARROW_MAGIC, HU_STOCHASTIC, 8)
NARROW_DIRECTION(magic16_sr, NARROW_MAGIC, HU_STOCHASTIC, 16)
#else
#define magic8_sr_0 NULL
#define magic8_sr_1 NULL
#define magic16_sr_0 NULL
#define magic16_sr_1 NULL
#endif

/* In enum hu_direction's order. */
#define NARROW_TABLE(name)                                                                         \
    {                                                                                              \
        {name##_rne_0, name##_rna_0, name##_rtz_0, name##_rup_0,                                   \
         name##_rdn_0, name##_rto_0, name##_sr_0},                                                 \
        {                                                                                          \
            name##_rne_1, name##_rna_1, name##_rtz_1, name##_rup_1, name##_rdn_1, name##_rto_1,    \
                name##_sr_1                                                                        \
        }                                                                                          \
    }

static narrow_function *narrow_find(const struct conversion *c)
{
    static narrow_function *const top[][2][HU_STOCHASTIC + 1] = {
        NARROW_TABLE(bf16), NARROW_TABLE(tf32), NARROW_TABLE(top16), NARROW_TABLE(top32)};
    static narrow_function *const magic[][2][HU_STOCHASTIC + 1] = {NARROW_TABLE(magic8),
                                                                   NARROW_TABLE(magic16)};
    static narrow_function *const scale[2][HU_STOCHASTIC + 1] = NARROW_TABLE(scale8);
    const struct hu_format *to = c->to;
    bool at_top = to->storage_bits == to->width + to->storage_shift;
    switch (narrow_kind(to)) {
    case NARROW_TOP:
        return top[(at_top ? 0 : 2) + (to->storage_bits > 16)][c->flags][c->options.direction];
    case NARROW_MAGIC:
        return magic[to->storage_bits > 8][c->flags][c->options.direction];
    case NARROW_SCALE:
        return scale[c->flags][c->options.direction];
    default:
        return NULL;
    }
}
