/* Elements as FP32 words, by the kinds of array/plan.h; included by the parts. */

/* What codes of 9 to 16 bits are widened with, HELD as well. */
struct held_half {
    vec magnitude, rebias, one, least_normal, most, infinite;
};

INLINE struct held_half hold_half(const struct widen *w)
{
    const uint32_t least_normal = 1u << 23;
    return (struct held_half){
        held_vec(w->magnitude), held_vec(w->rebias),      held_vec(w->rebias + least_normal),
        held_vec(least_normal), held_vec(w->special - 1), held_vec(INFINITE)};
}

/*
 * Codes of 9 to 16 bits. A subnormal gains a unit of FP32's exponent and loses it again in a
 * subtraction, which normalizes it and is exact. PLAIN: with IEEE 754's specials, and a sign.
 */
INLINE vec widen_half(const struct widen *w, const struct held_half *h, bool plain, vec code)
{
    const vec x = shift_left(code & h->magnitude, w->shift);
    const mask special = above(x, h->most);
    vec y = sub_float_where(above(h->least_normal, x), x + h->rebias, x + h->one, h->one);
    if (plain)
        return with_sign_of(or_where(special, y, h->infinite), shift_left(code, w->sign_shift));
    vec other = splat(INFINITE | QUIET);
    if (w->payloads)
        other = x | splat(INFINITE);
    else if (w->infinity)
        other = pick(equal(x, splat(w->infinity)), splat(INFINITE), other);
    y = with_sign_of(pick(special, other, y), shift_left(code & splat(w->sign), w->sign_shift));
    if (w->lone_nan)
        y = pick(equal(code & splat(w->magnitude | w->sign), splat(w->lone_nan)),
                 splat(SIGN | INFINITE | QUIET), y);
    return y;
}

INLINE void load_half(const struct widen *w, const struct held_half *h, bool plain, vec x[4],
                      const void *src)
{
    VECTORS(const char *at = (const char *)src + sizeof(vec) / 2 * i;
            x[i] = widen_half(w, h, plain, load_halves(at)););
}

INLINE void load_any_half(const struct widen *w, vec x[4], const void *src)
{
    const struct held_half h = hold_half(w);
    load_half(w, &h, false, x, src);
}

INLINE vec widen_integer(const struct widen *w, vec code)
{
    vec x = shift_left(code, w->sign_shift);
    return from_integer(w->below_zero ? (vec)((ints)x >> w->sign_shift)
                                      : shift_right(x, w->sign_shift));
}

/* Those beyond 2^24 in a unit of 2^8, whose last bit is set where that drops any; ROUGH: anyhow. */
INLINE vec widen_whole(const struct widen *w, vec x)
{
    if (w->rough)
        return from_integer(w->below_zero ? x : pick_by_sign(x, splat(INT32_MAX), x));
    const uint32_t most = 1u << 24, least = w->below_zero ? SIGN + most : SIGN;
    mask wide = above(x + splat(least), splat(least + most));
    vec odd = x | ((x & splat(0xff)) + splat(0xff));
    odd = w->below_zero ? (vec)((ints)odd >> 8) : odd >> 8;
    return from_integer(pick(wide, odd, x)) + keep(wide, splat(8u << 23));
}

#define FP64_INFINITE UINT64_C(0x7ff0000000000000)
#define FP64_LEAST UINT64_C(0x3810000000000000)      /* 2^-126 */
#define FP64_ABOVE_FP32 UINT64_C(0x47f0000000000000) /* 2^128 */

enum { FP64_DROP = 52 - 23 };

/* Half a vector's elements as FP64. */
INLINE longs load_half_longs(const struct widen *w, const void *src, int half)
{
    const char *at = src;
    if (w->integer)
        return longs_of_integers(at + half * (sizeof(longs) / 2), w->below_zero);
    return load_longs(at + half * sizeof(longs));
}

#ifndef LANES_ROUNDS
INLINE vec narrow_toward_zero(longs low, longs high)
{
    return narrow_doubles(low, high);
}
#endif

/*
 * To odd in an environment toward zero, which conversions with a rounding of their own need only
 * where they are to raise flags: the last bit that FP32 keeps is set where it drops any.
 * That leaves what is below FP32's normal numbers, whose last bit is another, and NaNs, which stay
 * signaling for the next step to see, if only by a bit of payload that this will drop, unless
 * QUIET.
 */
INLINE vec odd_of(longs low, longs high, bool raises)
{
    const longs drop = longs_of((UINT64_C(1) << FP64_DROP) - 1);
    const longs last = longs_of(UINT64_C(1) << FP64_DROP);
    low |= (low + drop) & last, high |= (high + drop) & last;
    return raises ? narrow_doubles(low, high) : narrow_toward_zero(low, high);
}

TARGET static __attribute__((noinline)) void odd_anyway(uint32_t words[LANES],
                                                        const uint64_t each[LANES], bool quiet)
{
    for (size_t i = 0; i < LANES; i++) {
        double x, back;
        float word;
        memcpy(&x, &each[i], sizeof x);
        memcpy(&word, &words[i], sizeof word);
        back = (double)word;
        bool nan = (each[i] & INT64_MAX) > FP64_INFINITE;
        uint32_t payload = (uint32_t)(each[i] >> FP64_DROP) & 0x007fffff;
        if (nan)
            words[i] = (words[i] & SIGN) | INFINITE | payload | (quiet ? QUIET : !payload);
        else if (back != x)
            words[i] |= 1;
    }
}

/* Whether one is not zero and below FP32's normal numbers, or a NaN. */
INLINE bool any_odd(longs x)
{
    const longs magnitude = x & longs_of(INT64_MAX);
    return (lanes_above(magnitude, longs_of(0)) & lanes_above(longs_of(FP64_LEAST), magnitude)) |
           lanes_above(magnitude, longs_of(FP64_INFINITE));
}

INLINE void load_fp64(const struct widen *w, vec x[4], const void *src)
{
    const size_t size = w->integer ? sizeof(vec) : 2 * sizeof(vec);
    vec least = splat(UINT32_MAX / 2), greatest = splat(0);
    VECTORS(const char *at = (const char *)src + size * i;
            x[i] = odd_of(load_half_longs(w, at, 0), load_half_longs(w, at, 1), w->quiet););
    if (w->rough)
        return;
    VECTORS(vec magnitude = x[i] & splat(~SIGN); least = smaller(least, magnitude);
            greatest = larger(greatest, magnitude););
    if (__builtin_expect(any(above(splat(1u << 23), least) | above(greatest, splat(INFINITE))), 0))
        VECTORS(const char *at = (const char *)src + size * i;
                longs in[2] = {load_half_longs(w, at, 0), load_half_longs(w, at, 1)};
                if (any_odd(in[0]) || any_odd(in[1])) {
                    uint32_t words[LANES];
                    uint64_t each[LANES];
                    memcpy(each, in, sizeof each);
                    store_vec(words, x[i]);
                    odd_anyway(words, each, w->quiet);
                    x[i] = load(words);
                });
}

INLINE void load_fp64_words(const struct widen *w, vec x[4], const void *src)
{
#ifdef LANES_ROUNDS
    const size_t size = w->integer ? sizeof(vec) : 2 * sizeof(vec);
    if (w->odd) {
        VECTORS(const char *at = (const char *)src + size * i;
                x[i] = odd_neighbour(load_half_longs(w, at, 0), load_half_longs(w, at, 1)););
        return;
    }
#endif
    load_fp64(w, x, src);
}

/* LAST: or-ed to all, which makes ties away of ties to even and NaNs of infinities; if SPARED, not
 * to those. */
INLINE vec near_of(const struct widen *w, const void *at, uint64_t last, bool spared)
{
    longs x[2] = {load_half_longs(w, at, 0), load_half_longs(w, at, 1)};
    for (int i = 0; i < 2; i++) {
        longs infinite = (longs)((x[i] & longs_of(INT64_MAX)) == longs_of(FP64_INFINITE));
        x[i] |= longs_of(last) & ~(spared ? infinite : longs_of(0));
    }
    return narrow_doubles(x[0], x[1]);
}

/* load_KIND: the words of a step, of elements of so many BITS. */
#define LOAD(kind, bits, ...)                                                                      \
    INLINE void load_##kind(const struct widen *w, vec x[4], const void *src)                      \
    {                                                                                              \
        VECTORS(const char *at = (const char *)src + i * (LANES * (bits) / 8);                     \
                x[i] = __VA_ARGS__;);                                                              \
        (void)w;                                                                                   \
    }

LOAD(fp32, 32, load(at))
LOAD(tf32, 32, load(at) & splat(w->magnitude))
LOAD(top, 16, load_tops(at, w->sign_shift - 16))
#ifdef LANES_FP16
LOAD(fp16, 16, from_fp16(at, 0))
LOAD(short, 16, from_fp16(at, w->shift))
#endif
LOAD(int8, 8, widen_integer(w, load_quarters(at)))
LOAD(int16, 16, widen_integer(w, load_halves(at)))
LOAD(int32, 32, widen_whole(w, load(at)))
LOAD(near, w->integer ? 32 : 64, near_of(w, at, 0, false))
LOAD(away_all, w->integer ? 32 : 64, near_of(w, at, 1, false))
LOAD(away_spared, w->integer ? 32 : 64, near_of(w, at, 1, true))

INLINE void load_away(const struct widen *w, vec x[4], const void *src)
{
    load_away_all(w, x, src);
    if (__builtin_expect(any(either_is_nan(x[0], x[1]) | either_is_nan(x[2], x[3])), 0))
        load_away_spared(w, x, src);
}
