/* To codes of up to 16 bits within FP32's range, and to scales. */
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_store.h"
#include "array/lanes_load.h"
#include "array/lanes_stage.h"
#include "array/lanes_random.h"
/* clang-format on */

/* The sums of SIGN and FINITE, which are VALUE; directions look at signs or set a last bit. */
INLINE struct magic sum_of(const struct narrow *k, vec finite, vec sign, vec value, enum care care)
{
    if (care == NEAREST)
        return add_magic(k, finite, splat(0), finite);
    if (k->signs)
        return add_magic(k, finite, sign, value);
    value = finite | splat(k->last);
    return add_magic(k, value, splat(0), value);
}

INLINE void make_odd(const struct narrow *k, struct magic m[4], const vec finite[4])
{
    VECTORS(m[i].sum |= keep(unequal(sub_float(m[i].sum, m[i].power), finite[i]), splat(k->odd)););
}

/* Sums of finite numbers and of infinities that become what other overflows do. */
INLINE void magic_sums(const struct narrow *k, struct magic m[4], vec finite[4], const vec x[4],
                       enum store store, enum care care)
{
    const bool joins = store <= STORE_8 || k->join;
    VECTORS(vec magnitude = x[i] & splat(~SIGN), sign = x[i] & splat(SIGN);
            finite[i] = joins ? magnitude : smaller_float(magnitude, splat(k->clamp));
            m[i] = sum_of(k, finite[i], sign, joins ? x[i] : finite[i] | sign, care););
}

INLINE void magic_step(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                       enum store store, enum care care, struct seen *seen)
{
    const bool special = k->plain_infinity ? any_nan(x) : any_outside(seen, x, false);
    if (__builtin_expect(special, 0)) {
        take_care(p, x, NULL, ROUND_MAGIC, seen);
        store_codes(k, dst, x, store);
        return;
    }
    struct magic m[4];
    vec finite[4];
    magic_sums(k, m, finite, x, store, care);
    if (care != NEAREST && k->odd)
        make_odd(k, m, finite);
    store_sums(k, dst, m, x, store, care != NEAREST && k->signs);
}

INLINE void magic_watching(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                           enum store store, struct seen *seen)
{
    if (__builtin_expect(any_outside(seen, x, true), 0)) {
        take_care(p, x, NULL, ROUND_MAGIC, seen);
        store_codes(k, dst, x, store);
        return;
    }
    struct magic m[4];
    vec finite[4];
    magic_sums(k, m, finite, x, store, DIRECTED);
    if (!(seen->flags & HU_INEXACT)) {
        vec inexact = splat(0);
        VECTORS(inexact |= (sub_float(m[i].sum, m[i].power) & splat(~SIGN)) ^ finite[i];);
        find_inexact(seen, inexact);
    }
    if (k->odd)
        make_odd(k, m, finite);
    store_sums(k, dst, m, x, store, k->signs);
}

/* Every finite magnitude by the whole of its draw. */
TARGET static __attribute__((noinline)) void codes_at_random(const struct narrow *k, vec codes[4],
                                                             const vec x[4], const vec random[4])
{
    VECTORS(codes[i] = narrow_at_random(k, x[i] & splat(~SIGN), random[i]););
}

/* To bytes, where the top byte of a draw decides; false: where it is a fraction's, of which there
 * is more. X: finite. */
INLINE bool bytes_by_tops(const struct narrow *k, void *dst, const vec x[4], vec words,
                          enum store store)
{
    const byte_lanes draws = order_32((byte_lanes)words);
    half_lanes fixed[2], parts[2];
    vec sums[4];
    VECTORS(sums[i] = finer_sum(k, x[i] & splat(~SIGN)););
    PAIRS(fixed[i / 2] = pack_joined(sums + i, k->finer_join);
          parts[i / 2] = fixed[i / 2] & splat_16(255); fixed[i / 2] >>= 8;);
    const byte_lanes part = pack_half_bytes(parts);
    if (__builtin_expect(any_bit((vec)(part == draws)), 0))
        return false;
    byte_lanes code = pack_half_bytes(fixed) - (byte_lanes)(part > draws);
    code = finish_8(k, code, pack_byte_signs(x));
    store_byte_codes(dst, order_bytes(code), store);
    return true;
}

/* Codes of 8 bits without sign are left to the whole of their draws. */
INLINE void bytes_random(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                         struct random *r, enum store store, bool flags, struct seen *seen)
{
    const struct seen specials = {0, 0, INFINITE - 1};
    const bool special =
        any_outside(flags ? seen : &specials, x, flags) || (flags && !(seen->flags & HU_INEXACT));
    vec copy[4], random[4], codes[4];
    if (__builtin_expect(special || r->share || k->max_code > INT8_MAX, 0)) {
        random_lanes(random, r);
        if (special) {
            take_care(p, x, random, ROUND_MAGIC, seen);
            store_codes(k, dst, x, store);
            return;
        }
    } else {
        const vec words = next_words(r);
        if (bytes_by_tops(k, dst, x, words, store))
            return;
        share_words(random, words);
    }
    VECTORS(copy[i] = x[i];);
    codes_at_random(k, codes, copy, random);
    store_magnitudes(k, dst, codes, x, store);
}

/* The whole of their draws, where X has not all of an element. */
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
    if (__builtin_expect(!c->random.share && !any_outside(&specials, x, false), 1)) {
        const vec words = next_words(&c->random);
        if (bytes_by_tops(k, dst, x, words, store))
            return;
        c->random.word -= LANES;
    }
    fp64_codes(p, c, dst, src);
}

INLINE void magic_random(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                         struct random *r, enum store store, bool flags, struct seen *seen)
{
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

#ifdef LANES_SHUFFLE

/* Halves to bytes: signs stay in halves where no direction asks for them, and words come in an
 * order that packing undoes. FP16: they are words of FP16's range. False: some are special. */
INLINE bool halves_step(const struct halves *h, void *dst, const void *src, bool fp16,
                        enum store store, enum care care)
{
    half_lanes x[2], magnitude[2];
    for (int i = 0; i < 2; i++) {
        x[i] = (half_lanes)load_bytes((const char *)src + sizeof *x * (size_t)i);
        if (h->shift)
            x[i] <<= h->shift;
        magnitude[i] = x[i] & splat_16(0x7fff);
    }
    const half_lanes largest = larger_16(magnitude[0], magnitude[1]);
    if (__builtin_expect(any_bit((vec)minus_16(largest, splat_16(h->special - 1))), 0))
        return false;
    vec words[4], sign[4];
    struct magic m[4];
    for (int i = 0; i < 2; i++) {
        half_lanes normal = larger_16(magnitude[i], splat_16(h->least_normal));
        if (care != NEAREST)
            normal = keep_nonzero_16(magnitude[i], normal);
        zip_top(words + 2 * i, normal);
        if (care != NEAREST)
            zip_top(sign + 2 * i, x[i] & splat_16(0x8000));
    }
    if (fp16)
        VECTORS(words[i] >>= 3;);
    VECTORS(vec s = care == NEAREST ? splat(0) : sign[i];
            m[i] = sum_of(&h->k, words[i], s, words[i] | s, care););
    if (care != NEAREST && h->k.odd)
        make_odd(&h->k, m, words);
    const bool directed = care != NEAREST && h->k.signs;
    half_lanes codes[2] = {join_sums(&h->k, m, directed), join_sums(&h->k, m + 2, directed)};
    byte_lanes done = finish_8(&h->k, pack_half_bytes(codes), pack_byte_tops(x));
    store_byte_codes(dst, (byte_lanes)order_halves((half_lanes)done), store);
    return true;
}

#define HALVES(name, kind, load, fp16, care)                                                       \
    TARGET static void name##_steps(const struct plan *p, struct carried *c, void *dst,            \
                                    const void *src, size_t steps)                                 \
    {                                                                                              \
        const struct halves h = p->halves;                                                         \
        const enum store store = p->store;                                                         \
        const size_t out = bytes_of_step(p->to);                                                   \
        const char *from = src;                                                                    \
        for (char *to = dst; steps; steps--, to += out, from += 2 * STEP)                          \
            if (!halves_step(&h, to, from, fp16, store, care)) {                                   \
                vec x[4];                                                                          \
                load_##kind(&p->w, x, from);                                                       \
                take_care(p, x, NULL, ROUND_MAGIC, &c->seen);                                      \
                store_codes(&p->k, to, x, store);                                                  \
            }                                                                                      \
    }                                                                                              \
    static const struct stage name = {{load, ROUND_MAGIC, STORE_8, care}, name##_steps};

#endif

#define MAGIC(store, care) magic_step(p, &k, to, x, store, care, &seen);
#define BOTH(name, kind, load, store_way, store)                                                   \
    STAGE(name, kind, load, ROUND_MAGIC, store_way, NEAREST, MAGIC(store, NEAREST))                \
    STAGE(name##_directed, kind, load, ROUND_MAGIC, store_way, DIRECTED, MAGIC(store, DIRECTED))

/* Of bytes or less. */
#define BYTES (store <= STORE_8 ? store : (__builtin_unreachable(), STORE_8))

#define WATCHED(name, store_way, store, drawn)                                                     \
    BOTH(name, fp32, LOAD_FP32, store_way, store)                                                  \
    STAGE(name##_watching, fp32, LOAD_FP32, ROUND_MAGIC, store_way, WATCHING,                      \
          magic_watching(p, &k, to, x, store, &seen))                                              \
    STAGE(name##_random, fp32, LOAD_FP32, ROUND_MAGIC, store_way, AT_RANDOM,                       \
          drawn(p, &k, to, x, &c->random, store, flags, &seen))

WATCHED(to_halves, STORE_16, STORE_16, magic_random)
WATCHED(to_bytes, STORE_8, BYTES, bytes_random)
STAGE(fp64_bytes_random, fp64, LOAD_FP64, ROUND_MAGIC, STORE_8, AT_RANDOM,
      fp64_random(p, &k, to, from, x, c, BYTES))
BOTH(tf32_bytes, tf32, LOAD_TF32, STORE_8, BYTES)
BOTH(int32_bytes, int32, LOAD_INT32, STORE_8, BYTES)
#ifdef LANES_ROUNDS /* elsewhere FP64 has an environment of its own */
BOTH(fp64_bytes, fp64, LOAD_FP64, STORE_8, BYTES)
#endif
#ifdef LANES_SHUFFLE
BOTH(short_bytes, short, LOAD_SHORT, STORE_8, BYTES)
HALVES(top_halves, top, LOAD_TOP_HALVES, false, NEAREST)
HALVES(top_halves_directed, top, LOAD_TOP_HALVES, false, DIRECTED)
HALVES(short_halves, short, LOAD_SHORT_HALVES, true, NEAREST)
HALVES(short_halves_directed, short, LOAD_SHORT_HALVES, true, DIRECTED)
#else
BOTH(bf16_bytes, top, LOAD_TOP, STORE_8, BYTES)
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

const struct stage *const PART(bytes)[] = {&to_halves,
                                           &to_halves_directed,
                                           &to_halves_watching,
                                           &to_halves_random,
                                           &to_bytes,
                                           &to_bytes_directed,
                                           &to_bytes_watching,
                                           &to_bytes_random,
                                           &fp64_bytes_random,
                                           &tf32_bytes,
                                           &tf32_bytes_directed,
                                           &int32_bytes,
                                           &int32_bytes_directed,
#ifdef LANES_ROUNDS
                                           &fp64_bytes,
                                           &fp64_bytes_directed,
#endif
#ifdef LANES_SHUFFLE
                                           &short_bytes,
                                           &short_bytes_directed,
                                           &top_halves,
                                           &top_halves_directed,
                                           &short_halves,
                                           &short_halves_directed,
#else
                                           &bf16_bytes,
                                           &bf16_bytes_directed,
#endif
                                           &to_scale,
                                           &to_scale_watching,
                                           &to_scale_random,
                                           NULL};
