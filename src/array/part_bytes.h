/* To codes of up to 16 bits within FP32's range, and to scales. */
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_store.h"
#include "array/lanes_load.h"
#include "array/lanes_stage.h"
#include "array/lanes_random.h"
/* clang-format on */

/* Of a sum toward zero and the one upward an odd one is odd where they differ. */
INLINE vec odd_sum(struct magic m, vec finite)
{
#ifdef LANES_ROUNDS
    return m.sum | (add_upward(m.power, finite) & splat(1));
#else
    return m.sum | keep(unequal(sub_float(m.sum, m.power), finite), splat(1));
#endif
}

/* The sums of SIGN and FINITE, which are VALUE; directions look at signs or set a last bit. */
INLINE struct magic sum_of(const struct narrow *k, const struct held *h, vec finite, vec sign,
                           vec value, enum care care)
{
    if (care == NEAREST || k->odd) {
        struct magic m = add_magic(h, finite, splat(0), finite);
        if (care == DIRECTED)
            m.sum = odd_sum(m, finite);
        return m;
    }
    if (k->signs)
        return add_magic(h, finite, sign, value);
    value = finite | splat(k->last);
    return add_magic(h, value, splat(0), value);
}

/* Sums of finite numbers and of infinities that become what other overflows do. */
INLINE void magic_sums(const struct narrow *k, const struct held *h, struct magic m[4],
                       vec finite[4], const vec x[4], enum store store, enum care care)
{
    const bool clamps = store > STORE_8 && k->wraps;
    VECTORS(vec magnitude = x[i] & h->magnitude, sign = x[i] ^ magnitude;
            finite[i] = clamps ? smaller_float(magnitude, splat(k->clamp)) : magnitude;
            m[i] = sum_of(k, h, finite[i], sign, clamps ? finite[i] | sign : x[i], care););
}

INLINE void magic_step(const struct plan *p, const struct narrow *k, const struct held *h,
                       void *dst, vec x[4], enum store store, enum care care, struct seen *seen)
{
    const bool special = k->plain_infinity ? any_nan(x) : any_outside(seen, x, false);
    if (__builtin_expect(special, 0)) {
        take_care(p, x, NULL, ROUND_MAGIC, seen);
        store_codes(k, dst, x, store);
        return;
    }
    struct magic m[4];
    vec finite[4];
    magic_sums(k, h, m, finite, x, store, care);
    store_sums(k, dst, m, x, store, care != NEAREST && k->signs);
}

INLINE void magic_watching(const struct plan *p, const struct narrow *k, const struct held *h,
                           void *dst, vec x[4], enum store store, struct seen *seen)
{
    if (__builtin_expect(any_outside(seen, x, true), 0)) {
        take_care(p, x, NULL, ROUND_MAGIC, seen);
        store_codes(k, dst, x, store);
        return;
    }
    struct magic m[4];
    vec finite[4];
    magic_sums(k, h, m, finite, x, store, WATCHING);
    if (!(seen->flags & HU_INEXACT)) {
        vec inexact = splat(0);
        VECTORS(inexact |= (sub_float(m[i].sum, m[i].power) & splat(~SIGN)) ^ finite[i];);
        find_inexact(seen, inexact);
    }
    if (k->odd)
        VECTORS(m[i].sum = odd_sum(m[i], finite[i]););
    store_sums(k, dst, m, x, store, k->signs);
}

/* Whether FP64's X goes up from what it is toward zero, by the whole of its draw; what is beyond
 * the codes that sums have does. */
static inline bool goes_up(const struct plan *p, uint64_t x, uint32_t draw)
{
    const uint64_t beyond = (p->k.finer_most + UINT64_C(1)) << FP64_DROP;
    const uint64_t magnitude = x & INT64_MAX, one = UINT64_C(1) << 52;
    const uint64_t field = magnitude >> 52, least = p->stochastic.least_normal >> 52;
    if (magnitude >= beyond + (UINT64_C(896) << 52))
        return true;
    const uint64_t significand = (magnitude & (one - 1)) | (field ? one : 0);
    const uint64_t shift = (field < least ? least - field : 0) + p->stochastic.drop;
    if (shift < 64)
        return (uint32_t)(significand << (64 - shift) >> 32) > draw;
    return shift < 96 && (uint32_t)(significand >> (shift - 32)) > draw;
}

/* Element AT as FP64: of FP32's words, or if WIDE of the source's own. */
static inline uint64_t fp64_element(const struct plan *p, const void *src, bool wide, uint32_t at)
{
    uint64_t bits;
    uint32_t word;
    float single;
    if (wide && !p->w.integer) {
        memcpy(&bits, (const char *)src + sizeof bits * at, sizeof bits);
        return bits;
    }
    memcpy(&word, (const char *)src + sizeof word * at, sizeof word);
    memcpy(&single, &word, sizeof single);
    const double x = !wide             ? (double)single
                     : p->w.below_zero ? (double)(int32_t)word
                                       : (double)word;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* For TIED of a step, in order, a 1 where they go up; WORD: of R, theirs. */
TARGET static __attribute__((noinline)) void untie(const struct plan *p, const struct random *r,
                                                   uint32_t word, const void *src, bool wide,
                                                   uint64_t tied, unsigned char up[STEP])
{
    for (; tied; tied &= tied - 1) {
        const uint32_t at = (uint32_t)__builtin_ctzll(tied);
        up[at] = goes_up(p, fp64_element(p, src, wide, at), random_one(r, word, at));
    }
}

/* To bytes, where the top byte of a draw mostly decides. X: finite; if WIDE of FP64's elements at
 * SRC not all. */
INLINE void bytes_by_tops(const struct plan *p, const struct narrow *k, void *dst, const void *src,
                          bool wide, const vec x[4], struct random *r, enum store store)
{
    const uint32_t word = r->word;
    const byte_lanes draws = order_32((byte_lanes)next_words(r));
    half_lanes fixed[2], parts[2];
    vec sums[4];
    VECTORS(sums[i] = finer_sum(k, x[i] & splat(~SIGN)););
    PAIRS(fixed[i / 2] = pack_joined(sums + i, k->finer_join);
          parts[i / 2] = fixed[i / 2] & splat_16(255); fixed[i / 2] >>= 8;);
    const byte_lanes part = pack_half_bytes(parts);
    const marks tied = equal_8(part, draws);
    byte_lanes code = raise_8(pack_half_bytes(fixed), above_8(part, draws));
    byte_lanes signs = pack_byte_signs(x);
    if (any_mark(tied)) {
        unsigned char up[STEP] = {0};
        uint32_t words[STEP];
        if (!wide)
            store_words(words, x);
        const byte_lanes ordered = order_bytes(raise_8(splat_8(0), tied));
        untie(p, r, word, wide ? src : words, wide, mark_bits(equal_8(ordered, splat_8(1))), up);
        code = finish_8(k, order_bytes(code) + load_bytes(up), order_bytes(signs));
        store_byte_codes(dst, code, store);
        return;
    }
    store_byte_codes(dst, order_bytes(finish_8(k, code, signs)), store);
}

/* Every finite magnitude by the whole of its draw. */
TARGET static __attribute__((noinline)) void codes_at_random(const struct narrow *k, vec codes[4],
                                                             const vec x[4], const vec random[4])
{
    VECTORS(codes[i] = narrow_at_random(k, x[i] & splat(~SIGN), random[i]););
}

/* Codes of 8 bits without sign are left to the whole of their draws. */
INLINE void bytes_random(const struct plan *p, const struct narrow *k, void *dst, const void *src,
                         vec x[4], struct random *r, enum store store, bool flags,
                         struct seen *seen)
{
    const struct seen specials = {0, 0, INFINITE - 1};
    const bool special =
        any_outside(flags ? seen : &specials, x, flags) || (flags && !(seen->flags & HU_INEXACT));
    if (__builtin_expect(!special && !r->share && k->max_code <= INT8_MAX, 1)) {
        bytes_by_tops(p, k, dst, src, false, x, r, store);
        return;
    }
    vec copy[4], random[4], codes[4];
    random_lanes(random, r);
    if (special) {
        take_care(p, x, random, ROUND_MAGIC, seen);
        store_codes(k, dst, x, store);
        return;
    }
    VECTORS(copy[i] = x[i];);
    codes_at_random(k, codes, copy, random);
    store_magnitudes(k, dst, codes, x, store);
}

TARGET static __attribute__((noinline)) void fp64_codes(const struct plan *p, struct carried *c,
                                                        void *dst, const void *src)
{
    vec x[4];
    load_random(p, x, src, &c->random, &c->raised);
    take_care(p, x, NULL, ROUND_MAGIC, &c->seen);
    store_codes(&p->k, dst, x, p->store);
}

INLINE void fp64_random(const struct plan *p, const struct narrow *k, void *dst, const void *src,
                        const vec x[4], struct carried *c, enum store store)
{
    const struct seen specials = {0, 0, INFINITE - 1};
    if (__builtin_expect(c->random.share || any_outside(&specials, x, false), 0))
        fp64_codes(p, c, dst, src);
    else
        bytes_by_tops(p, k, dst, src, true, x, &c->random, store);
}

INLINE void magic_random(const struct plan *p, const struct narrow *k, void *dst, const void *src,
                         vec x[4], struct random *r, enum store store, bool flags,
                         struct seen *seen)
{
    (void)src;
    const bool outside = any_outside(seen, x, true);
    const struct seen specials = {0, 0, INFINITE - 1};
    vec random[4], codes[4];
    random_lanes(random, r);
    if ((flags && (outside || !(seen->flags & HU_INEXACT))) ||
        (outside && any_outside(&specials, x, false))) {
        take_care(p, x, random, ROUND_MAGIC, seen);
        store_codes(k, dst, x, store);
        return;
    }
    if (outside)
        VECTORS(codes[i] = narrow_at_random(k, x[i] & splat(~SIGN), random[i]););
#ifdef FP16_NEAREST
    else if (k->fp16) { /* which what is left of the words is */
        VECTORS(vec rounded = round_top(k, x[i], random[i], true) & splat(~k->low);
                store_fp16((char *)dst + i * sizeof(fp16s), cvt_fp16(rounded, FP16_NEAREST)););
        return;
    }
#endif
    else
        VECTORS(codes[i] = narrow_normal(k, x[i] & splat(~SIGN), random[i]););
    store_magnitudes(k, dst, codes, x, store);
}

/* Scales of normal numbers: those below zero have none. False: there are others. RANDOM: or NULL;
 * SEEN: what they raise is wanted, or NULL. */
INLINE bool plain_scales(const struct narrow *k, vec x[4], const vec *random, struct seen *seen)
{
    vec magnitude[4], least = splat(INFINITE), greatest = splat(0);
    VECTORS(magnitude[i] = x[i] & splat(~SIGN); least = smaller(least, magnitude[i]);
            greatest = larger(greatest, magnitude[i]););
    if (any(above(splat(SCALE_LEAST_FP32_NORMAL), least) |
            above(greatest, splat((k->max_code << 23) - 1))))
        return false;
    const unsigned all = HU_INVALID | HU_INEXACT;
    if (seen && (seen->flags & all) != all) {
        vec inexact = splat(0);
        VECTORS(inexact |= keep(below_zero(~x[i]), x[i] & splat(k->low)););
        find_inexact(seen, inexact);
        if (any(below_zero(x[0] | x[1] | x[2] | x[3])))
            seen->flags |= HU_INVALID;
    }
    VECTORS(vec add = splat(k->add[0]);
            if (random) add = splat(k->low) ^ shift_right(random[i], 32 - k->drop);
            x[i] = pick_by_sign(x[i], splat(k->nan[0]), shift_right(magnitude[i] + add, k->drop)););
    return true;
}

INLINE void scale_random(const struct plan *p, const struct narrow *k, vec x[4], struct random *r,
                         bool flags, struct seen *seen)
{
    vec random[4];
    random_lanes(random, r);
    if (flags)
        take_care(p, x, random, ROUND_SCALE, seen);
    else if (!plain_scales(k, x, random, NULL))
        VECTORS(x[i] = narrow_scale(k, x[i], random[i], true, NULL, NULL););
}

/* Ties away in an environment toward zero; to odd in one downward, with the last bit that upward
 * has, for one of two neighbours is odd. */
INLINE vec round_whole(const struct narrow *k, vec x, enum care care)
{
    const uint32_t half = 0x3f000000;
    if (care == NEAREST)
        return round_integer(x);
    if (k->last)
        x = add_float(x, (x & splat(SIGN)) | splat(half));
    vec whole = round_integer(x);
#ifdef LANES_ROUNDS
    const vec opposite = round_upward(x);
#else
    const vec opposite = round_integer(x ^ splat(SIGN));
#endif
    return k->odd ? whole | (opposite & splat(1)) : whole;
}

/* NaNs are zeros. */
INLINE void drop_nans(const struct narrow *k, vec x[4], struct seen *seen)
{
    if (__builtin_expect(any_nan(x), 0))
        VECTORS(see_specials(seen, k, keep(is_nan(x[i]), x[i] & splat(~SIGN)));
                x[i] = pick(is_nan(x[i]), splat(0), x[i]););
}

/* Integers beyond the target's become its ends, where bytes are packed if they have all 8 bits. */
INLINE void integer_step(const struct narrow *k, void *dst, vec x[4], enum store store,
                         enum care care)
{
    const vec greatest = splat(k->ends[0]), least = splat(k->ends[1]);
    if (store == STORE_8 && k->mask == UINT8_MAX) {
        VECTORS(x[i] = round_whole(k, at_most_float(x[i], greatest), care););
        store_bytes(dst, order_bytes(pack_integers(x, k->sign)));
        return;
    }
    VECTORS(x[i] = round_whole(k, at_least_float(at_most_float(x[i], greatest), least), care) &
                   splat(k->mask););
    store_codes(k, dst, x, store);
}

/* One that rounds to what is beyond the ends overflows, and else is inexact where it is no integer.
 */
INLINE void integers_outside(const struct narrow *k, vec x[4], struct seen *seen)
{
    const vec greatest = splat(k->ends[0]), least = splat(k->ends[1]), one = splat(0x3f800000);
    vec inexact = splat(0), over = splat(0);
    VECTORS(vec near = at_most_float(x[i], add_float(greatest, one));
            near = at_least_float(near, sub_float(least, one));
            vec whole = from_integer(round_whole(k, near, WATCHING));
            vec within = at_least_float(at_most_float(whole, greatest), least);
            vec beyond = whole ^ within; over |= beyond;
            inexact |= keep(equal(beyond, splat(0)), (whole ^ near) & splat(~SIGN));
            x[i] = round_integer(within) & splat(k->mask););
    find_inexact(seen, inexact);
    if (any_bit(over))
        seen->flags |= k->overflow_flags;
}

/* EXACT: of integers. */
INLINE void integer_watching(const struct narrow *k, void *dst, vec x[4], enum store store,
                             bool exact, struct seen *seen)
{
    const unsigned all = k->overflow_flags | (exact ? 0 : HU_INEXACT);
    drop_nans(k, x, seen);
    if ((seen->flags & all) != all) {
        if (any_outside(seen, x, false)) {
            integers_outside(k, x, seen);
            store_codes(k, dst, x, store);
            return;
        }
        vec inexact = splat(0);
        if (!exact && !(seen->flags & HU_INEXACT))
            VECTORS(inexact |= (from_integer(round_integer(x[i])) ^ x[i]) & splat(~SIGN););
        find_inexact(seen, inexact);
    }
    integer_step(k, dst, x, store, WATCHING);
}

#define INTEGERS_IN(name, kind, load, store_way, store, care)                                      \
    STAGE(name, kind, load, ROUND_INTEGER, store_way, care, drop_nans(&k, x, &seen);               \
          integer_step(&k, to, x, store, care))
#define INTEGERS(name, kind, load, store_way, store)                                               \
    INTEGERS_IN(name, kind, load, store_way, store, NEAREST)                                       \
    INTEGERS_IN(name##_directed, kind, load, store_way, store, DIRECTED)
#define INTEGERS_WATCHED(name, kind, load, store_way, store)                                       \
    INTEGERS(name, kind, load, store_way, store)                                                   \
    STAGE(name##_watching, kind, load, ROUND_INTEGER, store_way, WATCHING,                         \
          integer_watching(&k, to, x, store, w.integer, &seen))

#define MAGIC(store, care) magic_step(p, &k, &held, to, x, store, care, &seen);
#define BOTH(name, kind, load, store_way, store)                                                   \
    STAGE(name, kind, load, ROUND_MAGIC, store_way, NEAREST, MAGIC(store, NEAREST))                \
    STAGE(name##_directed, kind, load, ROUND_MAGIC, store_way, DIRECTED, MAGIC(store, DIRECTED))

/* Of bytes or less. */
#define BYTES (store <= STORE_8 ? store : (__builtin_unreachable(), STORE_8))

#define WATCHED(name, store_way, store, drawn)                                                     \
    BOTH(name, fp32, LOAD_FP32, store_way, store)                                                  \
    STAGE(name##_watching, fp32, LOAD_FP32, ROUND_MAGIC, store_way, WATCHING,                      \
          magic_watching(p, &k, &held, to, x, store, &seen))                                       \
    STAGE(name##_random, fp32, LOAD_FP32, ROUND_MAGIC, store_way, AT_RANDOM,                       \
          drawn(p, &k, to, from, x, &c->random, store, flags, &seen))

WATCHED(to_halves, STORE_16, STORE_16, magic_random)
WATCHED(to_bytes, STORE_8, BYTES, bytes_random)
STAGE(fp64_bytes_random, fp64, LOAD_FP64, ROUND_MAGIC, STORE_8, AT_RANDOM,
      fp64_random(p, &k, to, from, x, c, BYTES))
STAGE(top_bytes_random, top, LOAD_TOP, ROUND_MAGIC, STORE_8, AT_RANDOM,
      bytes_random(p, &k, to, from, x, &c->random, BYTES, flags, &seen))
BOTH(tf32_bytes, tf32, LOAD_TF32, STORE_8, BYTES)
INTEGERS_WATCHED(to_integers_16, fp32, LOAD_FP32, STORE_16, STORE_16)
INTEGERS_WATCHED(to_integers, fp32, LOAD_FP32, STORE_8, BYTES)
INTEGERS_WATCHED(tf32_integers, tf32, LOAD_TF32, STORE_8, BYTES)
INTEGERS(top_integers, top, LOAD_TOP, STORE_8, BYTES)
#ifdef LANES_FP16
INTEGERS(short_integers, short, LOAD_SHORT, STORE_8, BYTES)
#endif
BOTH(int32_bytes, int32, LOAD_INT32, STORE_8, BYTES)
#ifdef LANES_ROUNDS /* elsewhere FP64 has an environment of its own */
BOTH(fp64_bytes, fp64, LOAD_FP64, STORE_8, BYTES)
#endif
STAGE(to_scale, fp32, LOAD_FP32, ROUND_SCALE, STORE_8, DIRECTED,
      if (!plain_scales(&k, x, NULL, NULL))
          VECTORS(x[i] = narrow_scale(&k, x[i], splat(0), false, NULL, NULL););
      store_codes(&k, to, x, STORE_8))
STAGE(to_scale_watching, fp32, LOAD_FP32, ROUND_SCALE, STORE_8, WATCHING,
      if (!plain_scales(&k, x, NULL, &seen)) take_care(p, x, NULL, ROUND_SCALE, &seen);
      store_codes(&k, to, x, STORE_8))
STAGE(to_scale_random, fp32, LOAD_FP32, ROUND_SCALE, STORE_8, AT_RANDOM,
      scale_random(p, &k, x, &c->random, flags, &seen);
      store_codes(&k, to, x, STORE_8))

#ifdef LANES_FP16
#define OF_SHORT &short_integers, &short_integers_directed,
#else
#define OF_SHORT
#endif
#ifdef LANES_ROUNDS
#define OF_FP64 &fp64_bytes, &fp64_bytes_directed,
#else
#define OF_FP64
#endif

STAGES(bytes, &to_halves, &to_halves_directed, &to_halves_watching, &to_halves_random, &to_bytes,
       &to_bytes_directed, &to_bytes_watching, &to_bytes_random, &fp64_bytes_random,
       &top_bytes_random, &tf32_bytes, &tf32_bytes_directed, &to_integers_16,
       &to_integers_16_directed, &to_integers_16_watching, &to_integers, &to_integers_directed,
       &to_integers_watching, &tf32_integers, &tf32_integers_directed, &tf32_integers_watching,
       &top_integers, &top_integers_directed, OF_SHORT OF_FP64 &int32_bytes, &int32_bytes_directed,
       &to_scale, &to_scale_watching, &to_scale_random)
