/* Stages, and which a plan takes; included by lanes.h. */

/* What a stage is made for. STORE_8 stands for less, too, and STORE_16 of ROUND_TOP for 32. */
struct way {
    enum load load;
    enum round round;
    enum store store;
    enum care care;
};

/* A step with specials, or with what may raise flags: codes, but of ROUND_TOP words with their
 * codes at the top. Out of line, for it is seldom. */
TARGET static __attribute__((noinline)) void careful_step(const struct narrow *k, vec v[4],
                                                          const vec random[4], enum round round,
                                                          bool at_random, struct seen *seen)
{
    struct found found = {splat(0), splat(0), splat(0)};
    if (round == ROUND_TOP)
        VECTORS(v[i] = narrow_top(k, v[i], random[i], at_random, seen, &found););
    else if (round == ROUND_SCALE)
        VECTORS(v[i] = narrow_scale(k, v[i], random[i], at_random, seen, &found););
    else
        VECTORS(v[i] = narrow_any(k, v[i], random[i], at_random, seen, &found););
    take_stock(seen, k, &found, at_random);
}

/* What a call has seen the address of does not stay in registers: it gets copies, and the plan's
 * own constants. */
INLINE void take_care(const struct plan *p, vec v[4], const vec random[4], enum round round,
                      bool at_random, struct seen *seen)
{
    vec copy[4], draws[4];
    struct seen copied = *seen;
    VECTORS(copy[i] = v[i]; draws[i] = random[i];);
    careful_step(&p->k, copy, draws, round, at_random, &copied);
    VECTORS(v[i] = copy[i];);
    *seen = copied;
}

INLINE void find_inexact(struct seen *seen, vec discarded)
{
    if (any(unequal(discarded, splat(0))))
        seen->flags |= HU_INEXACT;
}

/* FLAGS, AT_RANDOM: false in stages that do not watch. */
INLINE void top_step(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                     const vec random[4], bool outside, struct way w, bool flags, bool at_random,
                     struct seen *seen)
{
    if (__builtin_expect(outside, 0)) {
        take_care(p, x, random, ROUND_TOP, at_random, seen);
    } else {
        if (flags && !(seen->flags & HU_INEXACT))
            find_inexact(seen, (x[0] | x[1] | x[2] | x[3]) & splat(k->low));
        if (at_random)
            VECTORS(x[i] = round_top(k, x[i], random[i], true););
        else if (w.care == NEAREST)
            VECTORS(x[i] = round_top(k, x[i], random[i], false););
        else
            round_tops(k, x);
    }
    store_top(k, dst, x, w.store);
}

INLINE void random_step_of(const struct narrow *k, void *dst, const vec x[4],
                           const vec magnitude[4], const vec random[4], bool outside,
                           enum store store)
{
    vec codes[4];
    if (outside)
        VECTORS(codes[i] = narrow_at_random(k, magnitude[i], random[i]););
    else
        VECTORS(codes[i] = narrow_normal(k, magnitude[i], random[i]););
    store_magnitudes(k, dst, codes, x, store);
}

INLINE void magic_step(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                       const vec magnitude[4], const vec random[4], bool outside, struct way w,
                       bool flags, bool at_random, struct seen *seen)
{
    bool special = outside;
    if (at_random && outside && !flags) {
        vec all = magnitude[0];
        VECTORS(all = larger(all, magnitude[i]););
        special = any(above(all, splat(INFINITE - 1)));
    }
    if (__builtin_expect(special || (at_random && flags && !(seen->flags & HU_INEXACT)), 0)) {
        take_care(p, x, random, ROUND_MAGIC, at_random, seen);
        store_codes(k, dst, x, w.store);
        return;
    }
    if (at_random) {
        random_step_of(k, dst, x, magnitude, random, outside, w.store);
        return;
    }
    struct magic m[4];
    vec finite[4];
    const bool joins = w.store <= STORE_8 || k->join, directed = w.care != NEAREST && k->signs;
    VECTORS(finite[i] = joins ? magnitude[i] : smaller_float(magnitude[i], splat(k->clamp)););
    if (directed)
        VECTORS(vec sign = x[i] & splat(SIGN);
                m[i] = add_magic(k, finite[i], sign, joins ? x[i] : finite[i] | sign););
    else if (w.care != NEAREST)
        VECTORS(vec value = finite[i] | splat(k->last);
                m[i] = add_magic(k, value, splat(0), value););
    else
        VECTORS(m[i] = add_magic(k, finite[i], splat(0), finite[i]););
    if (flags && !(seen->flags & HU_INEXACT)) {
        vec inexact = splat(0);
        VECTORS(inexact |= (sub_float(m[i].sum, m[i].power) & splat(~SIGN)) ^ finite[i];);
        find_inexact(seen, inexact);
    }
    if (w.care != NEAREST && k->odd)
        VECTORS(m[i].sum |=
                keep(unequal(sub_float(m[i].sum, m[i].power), finite[i]), splat(k->odd)););
    store_sums(k, dst, m, x, w.store, directed);
}

#ifdef LANES_SHUFFLE

/* How halves are taken for words without a conversion: those of FP16's range as 2^-112 of them. */
struct halves {
    struct narrow k; /* in that unit */
    uint32_t shift, special;
    bool fp16;
};

enum {
    FP16_LESS = 112 << 23,
    FP16_LIMIT = 143 << 23, /* 2^16 */
    FP16_QUANTUM = -12,     /* of less than half of which 2^-14 is, and subnormals are less */
    LEAST_NORMAL = 1 << 23
};

/* False where the target's range asks for more, or the source's subnormals count: as words those
 * are subnormals too, for each of which Intel's processors take hundreds of cycles. */
INLINE bool take_halves(struct halves *h, const struct plan *p, enum load load)
{
    h->k = p->k;
    h->fp16 = load != LOAD_TOP;
    h->shift = h->fp16 ? p->w.shift : p->w.sign_shift - 16;
    h->special = (h->fp16 ? 0x7c00 : INFINITE >> 16) + p->k.plain_infinity;
    if (!h->fp16)
        return true;
    h->k.least_normal -= FP16_LESS;
    h->k.join_base -= FP16_LESS >> 16;
    int quantum = (int)(p->k.least_normal >> 23) - 127 - (23 - (int)p->k.drop);
    return p->k.least_normal > FP16_LESS && p->k.limit <= FP16_LIMIT && quantum >= FP16_QUANTUM;
}

/* To bytes: signs stay in halves where no direction asks for them, and words come in an order that
 * packing undoes. False: some are special. */
INLINE bool halves_step(const struct halves *h, void *dst, const void *src, struct way w)
{
    const bool directed = w.care != NEAREST && h->k.signs;
    half_lanes x[2], magnitudes[2];
    for (int i = 0; i < 2; i++) {
        x[i] = (half_lanes)load_bytes((const char *)src + sizeof *x * (size_t)i);
        if (h->shift)
            x[i] <<= h->shift;
        magnitudes[i] = x[i] & splat_16(0x7fff);
    }
    const half_mask last = (half_mask)splat_16(h->special - 1);
    const half_mask special = ((half_mask)magnitudes[0] > last) | ((half_mask)magnitudes[1] > last);
    if (__builtin_expect(any(unequal((vec)special, splat(0))), 0))
        return false;
    vec words[4];
    struct magic m[4];
    zip_top(words, magnitudes[0]);
    zip_top(words + 2, magnitudes[1]);
    if (h->fp16)
        VECTORS(words[i] >>= 3;);
    VECTORS(vec normal = larger(words[i], splat(LEAST_NORMAL));
            words[i] = w.care == NEAREST ? normal : keep(unequal(words[i], splat(0)), normal););
    if (directed) {
        vec sign[4];
        zip_top(sign, x[0] & splat_16(0x8000));
        zip_top(sign + 2, x[1] & splat_16(0x8000));
        VECTORS(m[i] = add_magic(&h->k, words[i], sign[i], words[i] | sign[i]););
    } else if (w.care != NEAREST) {
        VECTORS(vec value = words[i] | splat(h->k.last);
                m[i] = add_magic(&h->k, value, splat(0), value););
    } else {
        VECTORS(m[i] = add_magic(&h->k, words[i], splat(0), words[i]););
    }
    if (w.care != NEAREST && h->k.odd)
        VECTORS(m[i].sum |=
                keep(unequal(sub_float(m[i].sum, m[i].power), words[i]), splat(h->k.odd)););
    half_lanes codes[2] = {join_sums(&h->k, m, directed), join_sums(&h->k, m + 2, directed)};
    half_lanes signs[2] = {x[0] >> 8, x[1] >> 8};
    byte_lanes done = finish_8(&h->k, pack_half_bytes(codes), pack_half_bytes(signs));
    store_byte_codes(dst, (byte_lanes)order_halves((half_lanes)done), w.store);
    return true;
}

#endif

/* Scales of normal numbers: those below zero have none. */
INLINE bool plain_scales(const struct narrow *k, vec x[4], const vec magnitude[4])
{
    vec least = magnitude[0], greatest = magnitude[0];
    VECTORS(least = smaller(least, magnitude[i]); greatest = larger(greatest, magnitude[i]););
    if (any(above(splat(SCALE_LEAST_FP32_NORMAL), least) |
            above(greatest, splat((k->max_code << 23) - 1))))
        return false;
    VECTORS(x[i] = pick_by_sign(x[i], splat(k->nan[0]),
                                shift_right(magnitude[i] + splat(k->add[0]), k->drop)););
    return true;
}

INLINE void narrow_step(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                        struct random *r, struct way w, bool flags, bool at_random,
                        struct seen *seen)
{
    vec magnitude[4], random[4];
    struct noted noted = nothing_noted();
    bool outside = false;
    VECTORS(magnitude[i] = x[i] & splat(~SIGN); random[i] = splat(0););
    if (at_random)
        random_lanes(random, r);
    if (w.round == ROUND_SCALE) {
        if (flags)
            take_care(p, x, random, ROUND_SCALE, at_random, seen);
        else if (at_random || !plain_scales(k, x, magnitude))
            VECTORS(x[i] = narrow_scale(k, x[i], random[i], at_random, NULL, NULL););
        store_codes(k, dst, x, STORE_8);
        return;
    }
    if (w.care < WATCHING && (w.round == ROUND_TOP || k->plain_infinity)) {
        outside = any(either_is_nan(x[0], x[1]) | either_is_nan(x[2], x[3]));
    } else {
        VECTORS(note_large(&noted, magnitude[i], splat(seen->large)););
        if (flags || (w.round == ROUND_MAGIC && at_random))
            VECTORS(note_small(&noted, magnitude[i], splat(seen->small)););
        outside = is_outside(&noted, splat(seen->small), splat(seen->large));
    }
    if (w.round == ROUND_TOP)
        top_step(p, k, dst, x, random, outside, w, flags, at_random, seen);
    else
        magic_step(p, k, dst, x, magnitude, random, outside, w, flags, at_random, seen);
}

/* FP32's values themselves: NaNs become quiet, and infinities the greatest number where asked. */
TARGET static __attribute__((noinline)) void special_words(vec x[4], bool saturate, unsigned *flags)
{
    VECTORS(vec magnitude = x[i] & splat(~SIGN); mask nan = above(magnitude, splat(INFINITE)),
                                                 infinite = equal(magnitude, splat(INFINITE));
            if (any(both(nan, unequal(x[i] & splat(QUIET), splat(QUIET))))) *flags |= HU_INVALID;
            if (saturate && any(infinite)) *flags |= HU_OVERFLOW | HU_INEXACT;
            x[i] |= keep(nan, splat(QUIET)); if (saturate) x[i] -= keep(infinite, splat(1)););
}

INLINE void quiet_words(vec x[4], bool saturate, unsigned *flags)
{
    mask special;
    if (saturate) {
        special = above(x[0] & splat(~SIGN), splat(INFINITE - 1));
        VECTORS(special |= above(x[i] & splat(~SIGN), splat(INFINITE - 1)););
    } else {
        special = either_is_nan(x[0], x[1]) | either_is_nan(x[2], x[3]);
    }
    if (__builtin_expect(any(special), 0)) {
        vec copy[4];
        VECTORS(copy[i] = x[i];);
        special_words(copy, saturate, flags);
        VECTORS(x[i] = copy[i];);
    }
}

/* Ties away are ties to even, but for those that went toward zero; to odd is toward zero, and one
 * more where that cut something off an even number. */
INLINE vec integer_of(vec x, enum hu_direction direction)
{
    const uint32_t half = 0x3f000000, two_to_23 = 0x4b000000, two_to_31 = 0x4f000000;
    vec magnitude = x & splat(~SIGN), code = round_integer(x);
    if (direction == HU_TIES_TO_AWAY || direction == HU_TO_ODD) {
        /* What has a fraction, so that the difference is exact and raises nothing. */
        mask inside = above(splat(two_to_23), magnitude);
        vec back = keep(inside, from_integer(code) & splat(~SIGN));
        vec left = sub_float(keep(inside, magnitude), back);
        mask more = equal(left, splat(half));
        if (direction == HU_TO_ODD)
            more = both(unequal(left, splat(0)), equal(code & splat(1), splat(0)));
        code += keep(more, pick(below_zero(x), splat(UINT32_MAX), splat(1)));
    }
    code ^= keep(above(x, splat(two_to_31 - 1)), splat(UINT32_MAX));
    return pick(above(magnitude, splat(INFINITE)), splat(0), code);
}

#ifdef LANES_FP64
INLINE bool any_beyond(const vec x[4])
{
    mask beyond = equal(x[0] & splat(~SIGN), splat(INFINITE - 1));
    VECTORS(beyond |= equal(x[i] & splat(~SIGN), splat(INFINITE - 1)););
    return any(beyond);
}

/* Finite numbers of FP64 beyond FP32 overflow where the target's range is FP32's, which it cannot
 * be told from their words; below zero a scale has nothing that could. */
static __attribute__((noinline)) void see_beyond(const void *src, enum round round, unsigned *flags)
{
    for (size_t i = 0; i < STEP; i++) {
        uint64_t x;
        memcpy(&x, (const char *)src + 8 * i, sizeof x);
        uint64_t magnitude = round == ROUND_SCALE ? x : x & INT64_MAX;
        if (magnitude >= FP64_ABOVE_FP32 && magnitude < FP64_INFINITE)
            *flags |= HU_OVERFLOW | HU_INEXACT;
    }
}
#endif

INLINE void load_any(const struct plan *p, const struct widen *w, vec x[4], const void *src,
                     enum load load, struct carried *c)
{
#ifdef LANES_FP64
    if (load == LOAD_RANDOM) {
        load_random(p, x, src, &c->random, &c->raised);
        return;
    }
#endif
    load_step(w, x, src, load);
#ifdef LANES_FP64
    if (load == LOAD_FP64 && p->flags && !w->integer && p->round != ROUND_MAGIC && any_beyond(x))
        see_beyond(src, p->round, &c->raised);
#endif
}

INLINE void steps_of(const struct plan *p, struct carried *c, void *dst, const void *src,
                     size_t steps, struct way w)
{
    const struct narrow k = p->k; /* that nothing stored to dst can change */
    const struct widen widen = p->w;
    const size_t in =
        w.load == LOAD_FP32 ? sizeof(uint32_t) * STEP : p->from->storage_bits * (size_t)LANES / 2;
    const bool words = w.round == ROUND_NONE && w.store == STORE_WORDS;
    const size_t out = words ? sizeof(uint32_t) * STEP : p->to->storage_bits * (size_t)LANES / 2;
    const bool flags = w.care == WATCHING && p->flags && !p->hardware;
    const bool at_random = w.care == WATCHING && p->round_in == HU_STOCHASTIC;
    const bool saturate = p->options.saturate;
    const enum hu_direction direction = p->options.direction;
    const bool quiet = w.load == LOAD_FP16; /* by the hardware */
    if (w.store == STORE_8 && p->store > STORE_8)
        __builtin_unreachable();
    if (w.store == STORE_8 || (w.round == ROUND_TOP && w.store == STORE_16))
        w.store = p->store;
    struct seen seen = c->seen;
    char *to = dst;
    const char *from = src;
#ifdef LANES_SHUFFLE
    struct halves halves;
    const bool bytes = w.round == ROUND_MAGIC && w.store <= STORE_8 && w.care != WATCHING;
    const bool short_cut =
        bytes && (w.load == LOAD_TOP || w.load == LOAD_SHORT) && take_halves(&halves, p, w.load);
#endif
    for (; steps; steps--, to += out, from += in) {
        vec x[4];
#ifdef LANES_SHUFFLE
        if (short_cut && halves_step(&halves, to, from, w))
            continue;
#endif
        load_any(p, &widen, x, from, w.load, c);
        if (w.round == ROUND_NONE) {
            if (!words && !(quiet && !saturate))
                quiet_words(x, saturate, &c->raised);
            store_words(to, x, w.store);
        } else if (w.round == ROUND_INT32) {
            VECTORS(store_vec(to + i * sizeof(vec), integer_of(x[i], direction)););
#ifdef FP16_NEAREST
        } else if (w.round == ROUND_FP16 && w.load == LOAD_FP64) {
            VECTORS(store_fp16(to + i * sizeof(fp16s), cvt_fp16(x[i], FP16_NEAREST)););
#endif
#ifdef LANES_FP16
        } else if (w.round == ROUND_FP16 && w.care == NEAREST) {
            VECTORS(store_fp16(to + i * sizeof(fp16s), cvt_fp16(x[i], FP16_AROUND)););
        } else if (w.round == ROUND_FP16) {
            VECTORS(store_fp16(to + i * sizeof(fp16s), fp16_of(x[i], direction)););
#endif
        } else {
            narrow_step(p, &k, to, x, &c->random, w, flags, at_random, &seen);
        }
    }
    c->seen = seen;
}

#define STAGE(name, load, round, store, care)                                                      \
    TARGET static __attribute__((noinline)) void name(const struct plan *p, struct carried *c,     \
                                                      void *dst, const void *src, size_t steps)    \
    {                                                                                              \
        steps_of(p, c, dst, src, steps, (struct way){load, round, store, care});                   \
    }

#define LOADER(name, load) STAGE(name, load, ROUND_NONE, STORE_WORDS, NEAREST)
LOADER(load_tf32, LOAD_TF32)
LOADER(load_top, LOAD_TOP)
LOADER(load_half, LOAD_HALF)
LOADER(load_int16, LOAD_INT16)
LOADER(load_int8, LOAD_INT8)
LOADER(load_int32, LOAD_INT32)
#ifdef LANES_FP16
LOADER(load_fp16, LOAD_FP16)
LOADER(load_short, LOAD_SHORT)
#else
#define load_fp16 NULL
#define load_short NULL
#endif
#ifdef LANES_FP64
LOADER(load_fp64, LOAD_FP64)
LOADER(load_fp64_near, LOAD_NEAR)
LOADER(load_fp64_away, LOAD_AWAY)
LOADER(load_fp64_random, LOAD_RANDOM)
#endif

/* In enum care's order. */
#define CARES(name, round, store)                                                                  \
    STAGE(name##_nearest, LOAD_FP32, round, store, NEAREST)                                        \
    STAGE(name##_directed, LOAD_FP32, round, store, DIRECTED)                                      \
    STAGE(name##_watching, LOAD_FP32, round, store, WATCHING)                                      \
    static stage_function *const name[] = {name##_nearest, name##_directed, name##_watching};
CARES(to_bf16, ROUND_TOP, STORE_TOP16)
CARES(to_tf32, ROUND_TOP, STORE_TOP32)
CARES(to_top, ROUND_TOP, STORE_16)
CARES(to_bytes, ROUND_MAGIC, STORE_8)
CARES(to_halves, ROUND_MAGIC, STORE_16)
STAGE(to_scale_plain, LOAD_FP32, ROUND_SCALE, STORE_8, NEAREST)
STAGE(to_scale_watching, LOAD_FP32, ROUND_SCALE, STORE_8, WATCHING)
static stage_function *const to_scale[] = {to_scale_plain, to_scale_plain, to_scale_watching};
STAGE(to_int32_any, LOAD_FP32, ROUND_INT32, STORE_32, NEAREST)
STAGE(to_fp32_any, LOAD_FP32, ROUND_NONE, STORE_32, NEAREST)
static stage_function *const to_int32[] = {to_int32_any}, *const to_fp32[] = {to_fp32_any};
#ifdef LANES_FP64
STAGE(to_fp64_any, LOAD_FP32, ROUND_NONE, STORE_64, NEAREST)
static stage_function *const to_fp64[] = {to_fp64_any};
#else
#define to_fp64 NULL
#endif

/* Both at once, where the way through memory is what costs. */
STAGE(bf16_fp32, LOAD_TOP, ROUND_NONE, STORE_32, NEAREST)
STAGE(bf16_bytes, LOAD_TOP, ROUND_MAGIC, STORE_8, NEAREST)
STAGE(bf16_bytes_directed, LOAD_TOP, ROUND_MAGIC, STORE_8, DIRECTED)
STAGE(tf32_bytes, LOAD_TF32, ROUND_MAGIC, STORE_8, NEAREST)
STAGE(tf32_bytes_directed, LOAD_TF32, ROUND_MAGIC, STORE_8, DIRECTED)
STAGE(tf32_bf16, LOAD_TF32, ROUND_TOP, STORE_TOP16, NEAREST)
STAGE(int32_bytes, LOAD_INT32, ROUND_MAGIC, STORE_8, NEAREST)
STAGE(int32_bytes_directed, LOAD_INT32, ROUND_MAGIC, STORE_8, DIRECTED)
#ifdef LANES_FP16
STAGE(to_fp16_plain, LOAD_FP32, ROUND_FP16, STORE_16, NEAREST)
STAGE(to_fp16_directed, LOAD_FP32, ROUND_FP16, STORE_16, DIRECTED)
static stage_function *const to_fp16[] = {to_fp16_plain, to_fp16_directed, to_fp16_directed};
STAGE(short_bytes, LOAD_SHORT, ROUND_MAGIC, STORE_8, NEAREST)
STAGE(short_bytes_directed, LOAD_SHORT, ROUND_MAGIC, STORE_8, DIRECTED)
STAGE(bf16_fp16, LOAD_TOP, ROUND_FP16, STORE_16, NEAREST)
STAGE(fp16_bf16, LOAD_FP16, ROUND_TOP, STORE_TOP16, NEAREST)
#ifdef FP16_NEAREST
STAGE(fp64_fp16, LOAD_FP64, ROUND_FP16, STORE_16, NEAREST)
#endif
#else
#define to_fp16 NULL
STAGE(half_fp32, LOAD_HALF, ROUND_NONE, STORE_32, NEAREST)
#endif
#ifdef LANES_FP64
STAGE(fp64_bf16, LOAD_FP64, ROUND_TOP, STORE_TOP16, NEAREST)
#endif

/* The stages of a plan of lanes. From codes to FP64 goes by FP32, whose conversion is exact. */
static void lanes_stages(struct plan *p)
{
    static stage_function *const loaders[] = {
        [LOAD_FP32] = NULL,           [LOAD_TF32] = load_tf32,
        [LOAD_TOP] = load_top,        [LOAD_FP16] = load_fp16,
        [LOAD_HALF] = load_half,      [LOAD_INT16] = load_int16,
        [LOAD_INT8] = load_int8,      [LOAD_SHORT] = load_short,
        [LOAD_INT32] = load_int32,
#ifdef LANES_FP64
        [LOAD_FP64] = load_fp64,      [LOAD_NEAR] = load_fp64_near,
        [LOAD_AWAY] = load_fp64_away, [LOAD_RANDOM] = load_fp64_random,
#endif
    };
    static stage_function *const *const enders[][STORES] = {
        [ROUND_NONE] = {[STORE_32] = to_fp32, [STORE_64] = to_fp64},
        [ROUND_TOP] = {[STORE_TOP16] = to_bf16,
                       [STORE_TOP32] = to_tf32,
                       [STORE_16] = to_top,
                       [STORE_32] = to_top},
        [ROUND_MAGIC] = {[STORE_8] = to_bytes, [STORE_16] = to_halves},
        [ROUND_SCALE] = {[STORE_8] = to_scale},
        [ROUND_FP16] = {[STORE_16] = to_fp16},
        [ROUND_INT32] = {[STORE_32] = to_int32},
#ifdef LANES_FP64
        [ROUND_WHOLE] = {[STORE_32] = to_whole},
#endif
    };
    static const struct {
        enum load load;
        enum round round;
        enum store store;
        stage_function *stage, *directed;
    } both[] = {
        {LOAD_TOP, ROUND_NONE, STORE_32, bf16_fp32, NULL},
        {LOAD_TOP, ROUND_MAGIC, STORE_8, bf16_bytes, bf16_bytes_directed},
        {LOAD_TF32, ROUND_MAGIC, STORE_8, tf32_bytes, tf32_bytes_directed},
        {LOAD_TF32, ROUND_TOP, STORE_TOP16, tf32_bf16, NULL},
        {LOAD_INT32, ROUND_MAGIC, STORE_8, int32_bytes, int32_bytes_directed},
#ifdef LANES_FP16
        {LOAD_TOP, ROUND_FP16, STORE_16, bf16_fp16, NULL},
        {LOAD_FP16, ROUND_TOP, STORE_TOP16, fp16_bf16, NULL},
        {LOAD_FP16, ROUND_MAGIC, STORE_8, short_bytes, short_bytes_directed},
        {LOAD_SHORT, ROUND_MAGIC, STORE_8, short_bytes, short_bytes_directed},
#else
        {LOAD_HALF, ROUND_NONE, STORE_32, half_fp32, NULL},
#endif
#ifdef LANES_FP64
        {LOAD_FP64, ROUND_TOP, STORE_TOP16, fp64_bf16, NULL},
        {LOAD_FP64, ROUND_WHOLE, STORE_32, fp64_whole, NULL},
        {LOAD_FP64, ROUND_NONE, STORE_64, whole_fp64, NULL},
#endif
    };
    const enum store store = p->store < STORE_8 ? STORE_8 : p->store;
    p->first = p->load == LOAD_CODES ? table_stage(32) : loaders[p->load];
    p->second = enders[p->round][store][p->care];
    bool whole = p->round == ROUND_NONE && store == STORE_32 && !p->options.saturate;
    if (!p->first)
        p->first = p->second, p->second = NULL;
    else if (whole && (p->load == LOAD_FP16 || p->load == LOAD_SHORT || p->load == LOAD_NEAR ||
                       p->load == LOAD_AWAY || p->load == LOAD_INT8 || p->load == LOAD_INT16))
        p->second = NULL;
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        stage_function *const stages[] = {both[i].stage, both[i].directed, NULL};
        if (p->load == both[i].load && p->round == both[i].round && store == both[i].store &&
            stages[p->care])
            p->first = stages[p->care], p->second = NULL;
    }
#if defined(LANES_FP64) && defined(FP16_NEAREST)
    if (p->load == LOAD_FP64 && p->round == ROUND_FP16 && p->options.direction == HU_TIES_TO_EVEN &&
        !p->flags)
        p->first = fp64_fp16, p->second = NULL;
#endif
}

/* The roads of a kernel of lanes. */
static bool plan_roads(struct plan *p, const struct abilities *a)
{
    bool wide = p->to->storage_bits == 64 && a->doubles && is_fp64(p->to) && !p->options.saturate;
#ifdef LANES_SHUFFLE
    p->table.draws = hu_table_draws(p);
#endif
    if ((p->table.draws || hu_table_can(p)) && !wide && !hu_table_is_slower(p)) {
        plan_table(p);
        return true;
    }
    if (!hu_plan_lanes(p, a))
        return false;
    lanes_stages(p);
    return true;
}
