/* Integers of 32 bits by way of FP64, in any direction and with flags; included by the parts. */

/* What a stage has seen, a mask in each lane. */
struct seen_whole {
    longs invalid, inexact;
};

/* X and LESS, which is below 1, in an environment toward zero: then its integer is that of the next
 * one from zero where LESS leads there. */
INLINE longs add_away(longs x, longs less)
{
    return (longs)((doubles)x + (doubles)(less | (x & longs_of(UINT64_C(1) << 63))));
}

/* What a draw of 32 bits leaves of 1, but for 2^-32: a fraction above the draw fills it. */
INLINE longs left_of(longs draw)
{
    const longs unit = longs_of(UINT64_C(0x4130000000000000)); /* 2^20, of that last bit */
    return (longs)((doubles)((draw ^ longs_of(UINT32_MAX)) | unit) - (doubles)unit);
}

#define FP64_HALF UINT64_C(0x3fe0000000000000)

/*
 * 2^52 with X's sign, and X: the sum's unit in the last place is 1, so that the addition rounds X
 * in the environment's direction, and its trailing bits are the integer's. Ties away and to odd as
 * in struct magic. What does not fit becomes the nearest end, a NaN 0.
 */
INLINE longs whole_of(const struct narrow *k, longs x, struct seen_whole *seen)
{
    const longs top = longs_of(UINT64_C(1) << 63), beyond = longs_of(UINT64_C(0x4200000000000000));
    longs sign = x & top, magnitude = x ^ sign,
          power = sign | longs_of(UINT64_C(0x4330000000000000));
    longs nan = longs_above(magnitude, longs_of(FP64_INFINITE));
    longs far = longs_above(magnitude, beyond); /* 2^33 */
    longs finite = (beyond & far) | (magnitude & ~far);
    doubles sum = (doubles)(finite | sign | longs_of(k->last)) + (doubles)power;
    longs inexact = (longs)((sum - (doubles)power) != (doubles)(finite | sign));
    longs whole = ((longs)sum & longs_of((UINT64_C(1) << 52) - 1)) | (inexact & longs_of(k->odd));
    longs negative = longs_above(longs_of(0), x);
    longs limit = (longs_of(k->limits[1]) & negative) | (longs_of(k->limits[0]) & ~negative);
    longs over = longs_above(whole, limit);
    whole = (limit & over) | (whole & ~over);
    seen->invalid |= over | nan;
    seen->inexact |= inexact & ~(over | nan);
    return ((whole ^ negative) - negative) & ~nan;
}

/* Vector I of a row's, in an environment toward zero; each fourth draws for as many. */
INLINE void add_draws(longs x[2], vec random[4], size_t i, struct random *r)
{
    if (i % 4 == 0)
        random_lanes(random, r);
    x[0] = add_away(x[0], left_of(random_half(random[i % 4], 0)));
    x[1] = add_away(x[1], left_of(random_half(random[i % 4], 1)));
}

/* FROM_WORDS: of FP32, otherwise of FP64 or integers. */
INLINE void wholes(const struct plan *p, struct carried *c, void *dst, const void *src,
                   size_t steps, bool from_words, bool at_random)
{
    const struct narrow k = p->k;
    const struct widen w = p->w;
    const size_t size = from_words || w.integer ? sizeof(vec) : 2 * sizeof(vec);
    struct seen_whole seen = {longs_of(0), longs_of(0)};
    vec random[4];
    for (size_t i = 0; i < 4 * steps; i++) {
        const char *at = (const char *)src + size * i;
        longs x[2];
        if (from_words) {
            store_doubles(x, load(at));
        } else {
            x[0] = load_half_longs(&w, at, 0);
            x[1] = load_half_longs(&w, at, 1);
        }
        if (at_random)
            add_draws(x, random, i, &c->random);
        longs low = whole_of(&k, x[0], &seen), high = whole_of(&k, x[1], &seen);
        store_vec((char *)dst + sizeof(vec) * i, narrow_longs(low, high) & splat(k.mask));
    }
    if (lanes_above(longs_of(0), seen.invalid))
        c->raised |= HU_INVALID;
    if (lanes_above(longs_of(0), seen.inexact))
        c->raised |= HU_INEXACT;
}

STEPS(to_whole, LOAD_FP32, ROUND_WHOLE, STORE_32, NEAREST,
      wholes(p, c, dst, src, steps, true, false);)
STEPS(fp64_whole, LOAD_FP64, ROUND_WHOLE, STORE_32, NEAREST,
      wholes(p, c, dst, src, steps, false, false);)
STEPS(fp64_whole_random, LOAD_FP64, ROUND_WHOLE, STORE_32, AT_RANDOM,
      wholes(p, c, dst, src, steps, false, true);)

/* From FP32 at random, in lanes of 32 bits. BEYOND: some are 2^24 or more, or special. */
INLINE vec whole_at_random(const struct narrow *k, vec x, vec random, bool beyond)
{
    const vec unit = splat(k->unit), fine = splat(k->unit - 32);
    const vec magnitude = x & splat(~SIGN), field = magnitude >> 23;
    const vec significand = (magnitude & splat(k->digits)) | splat(k->digit);
    const vec negative = (vec)((ints)x >> 31);
    vec fraction =
        shift_left_by(significand, field - fine) | shift_right_by(significand, fine - field);
    vec whole = shift_right_by(significand, unit - field);
    if (beyond)
        whole |= shift_left_by(significand, field - unit);
    whole += keep(above_unsigned(fraction, random), splat(1));
    const vec limit = pick_by_sign(x, splat((uint32_t)k->limits[1]), splat((uint32_t)k->limits[0]));
    if (beyond) {
        const uint32_t two_to_32 = 0x4f800000;
        whole |= keep(above(magnitude, splat(two_to_32 - 1)), splat(UINT32_MAX));
        whole = keep(above(splat(INFINITE + 1), magnitude), whole);
    }
    if (beyond || k->limits[1] < 1 << 24 || k->limits[0] < 1 << 24)
        whole = pick(above_unsigned(whole, limit), limit, whole);
    return ((whole ^ negative) - negative) & splat(k->mask);
}

INLINE void whole_random(const struct narrow *k, void *dst, vec x[4], struct random *r)
{
    const struct seen small = {0, 0, ((127 + 24) << 23) - 1};
    vec random[4];
    random_lanes(random, r);
    if (any_outside(&small, x, false))
        VECTORS(x[i] = whole_at_random(k, x[i], random[i], true););
    else
        VECTORS(x[i] = whole_at_random(k, x[i], random[i], false););
    store_words(dst, x);
}

STAGE(to_whole_random, fp32, LOAD_FP32, ROUND_WHOLE, STORE_32, AT_RANDOM,
      whole_random(&k, to, x, &c->random);)

/* Exact. */
STEPS(
    whole_fp64, LOAD_FP64, ROUND_NONE, STORE_64, NEAREST, const struct widen w = p->w; (void)c;
    for (size_t i = 0; i < 8 * steps; i++) {
        const char *at = (const char *)src + sizeof(vec) * (i / 2);
        longs x = load_half_longs(&w, at, (int)(i % 2));
        memcpy((char *)dst + sizeof x * i, &x, sizeof x);
    })

#ifdef LANES_DOUBLES_INT32
/* To 32 bits with sign by the hardware, which raises flags where it is not given the ends; for
 * directions see set_environment. */
INLINE void int32_of_doubles(const struct plan *p, struct carried *c, char *to, const char *at,
                             size_t steps, enum hu_direction direction)
{
    const struct widen w = p->w;
    const size_t size = w.integer ? sizeof(vec) : 2 * sizeof(vec);
    const longs top = longs_of(UINT64_C(1) << 63);
    vec random[4];
    for (size_t i = 0; i < 4 * steps; i++, at += size, to += sizeof(vec)) {
        longs x[2] = {load_half_longs(&w, at, 0), load_half_longs(&w, at, 1)};
        if (p->flags) {
            vec raises = round_doubles(x[0], x[1]);
            __asm__ volatile("" : : "m"(raises));
        }
        if (__builtin_expect(any_nan_doubles(x[0], x[1]), 0)) {
            x[0] &= (longs)((doubles)x[0] == (doubles)x[0]);
            x[1] &= (longs)((doubles)x[1] == (doubles)x[1]);
        }
        if (direction == HU_STOCHASTIC)
            add_draws(x, random, i, &c->random);
        if (direction == HU_TIES_TO_AWAY)
            x[0] = add_away(x[0], longs_of(FP64_HALF)), x[1] = add_away(x[1], longs_of(FP64_HALF));
        x[0] = within_int32(x[0]), x[1] = within_int32(x[1]);
        vec code = round_doubles(x[0], x[1]);
        if (direction == HU_TO_ODD) /* one of two neighbours is */
            code |= round_doubles(x[0] ^ top, x[1] ^ top) & splat(1);
        store_vec(to, code);
    }
}

STEPS(fp64_int32, LOAD_FP64, ROUND_INT32, STORE_32, NEAREST,
      if (p->options.direction == HU_TIES_TO_AWAY)
          int32_of_doubles(p, c, dst, src, steps, HU_TIES_TO_AWAY);
      else if (p->options.direction == HU_TO_ODD)
          int32_of_doubles(p, c, dst, src, steps, HU_TO_ODD);
      else int32_of_doubles(p, c, dst, src, steps, HU_TIES_TO_EVEN);)
STEPS(fp64_int32_random, LOAD_FP64, ROUND_INT32, STORE_32, AT_RANDOM,
      int32_of_doubles(p, c, dst, src, steps, HU_STOCHASTIC);)
#endif
