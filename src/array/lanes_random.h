/* From FP64 at random, as FP32 words; included by the parts. */

INLINE longs pick_longs(longs lanes, longs yes, longs no)
{
    return (yes & lanes) | (no & ~lanes);
}

/*
 * Stochastic rounding in FP64 itself, to values that the target has, or above its range; FP32 holds
 * them too.
 */
struct stochastic {
    uint32_t drop; /* trailing bits that FP64 has more */
    uint64_t low;  /* as a mask */
    uint64_t least_normal;
    uint64_t seed;
    bool tininess_before;
};

static inline struct stochastic stochastic_for(const struct plan *p)
{
    uint32_t drop = 52u - p->to->trailing_bits;
    return (struct stochastic){
        .drop = drop,
        .low = (UINT64_C(1) << drop) - 1,
        .least_normal = (uint64_t)(hu_emin(p->to) + 1023) << 52,
        .seed = p->options.seed,
        .tininess_before = p->options.tininess_before,
    };
}

/* X rounded where some are below emin; RANDOM: 32 bits in each lane. */
INLINE longs stochastic_any(const struct stochastic *k, longs x, longs random)
{
    const longs one = longs_of(UINT64_C(1) << 52), sign = x & longs_of(UINT64_C(1) << 63);
    longs field = (x ^ sign) >> 52;
    longs significand = (x & (one - 1)) | (one & (longs)(field != 0));
    field += (longs)(field == 0) & 1;
    longs least = longs_of(k->least_normal >> 52);
    longs at = pick_longs((longs)(field < least), least, field);
    longs shift = at - field + longs_of(k->drop);
    longs fraction = shift_right_longs(significand, shift - 32) |
                     shift_left_longs(significand, longs_of(32) - shift);
    longs up = (longs)(random < (fraction & longs_of(UINT32_MAX))) & 1;
    /* The integer part in the unit of AT, by way of 2^52. */
    const longs integer = longs_of(UINT64_C(0x4330000000000000));
    doubles kept = (doubles)((shift_right_longs(significand, shift) + up) | integer);
    doubles unit = (doubles)((at - longs_of(52 - k->drop)) << 52);
    longs rounded = (longs)((kept - (doubles)integer) * unit) | sign;
    return pick_longs((longs)(field == longs_of(0x7ff)), x, rounded);
}

/* What the target's range cannot hold is seen later, where it is
 * within FP32's. */
INLINE void see_stochastic(const struct stochastic *k, unsigned *raised, longs x, longs rounded,
                           longs carry)
{
    const longs low = longs_of(INT64_MAX), quiet = longs_of(UINT64_C(1) << 51);
    const longs magnitude = x & low;
    unsigned finite = lanes_above(longs_of(FP64_INFINITE), magnitude);
    unsigned inexact = finite & lanes_above(longs_of(0), (longs)(x != rounded));
    longs unbounded = k->tininess_before ? magnitude : magnitude + carry;
    if (lanes_above(magnitude, longs_of(FP64_INFINITE)) & ~lanes_above(x & quiet, longs_of(0)))
        *raised |= HU_INVALID;
    if (finite & (lanes_above(magnitude, longs_of(FP64_ABOVE_FP32 - 1)) |
                  lanes_above(rounded & low, longs_of(FP64_ABOVE_FP32 - 1))))
        *raised |= HU_OVERFLOW | HU_INEXACT;
    if (inexact)
        *raised |= HU_INEXACT;
    if (inexact & lanes_above(longs_of(k->least_normal), unbounded))
        *raised |= HU_UNDERFLOW;
}

/* The environment rounds to nearest, so that beyond FP32 is infinity. */
INLINE vec random_step(const struct stochastic *k, const struct widen *w, const void *src,
                       vec random, bool flags, unsigned *raised)
{
    const longs top = longs_of(UINT64_C(1) << 63), none = longs_of(UINT64_C(1) << 63) - 1;
    longs halves[2];
    for (int half = 0; half < 2; half++) {
        longs x = load_half_longs(w, src, half);
        longs magnitude = x & ~top, bits = random_half(random, half);
        longs carry = (~bits << 32) >> (64 - k->drop);
        unsigned outside = lanes_above(longs_of(k->least_normal) + none, magnitude + none) |
                           lanes_above(magnitude, longs_of(FP64_INFINITE - 1));
        halves[half] = (x + carry) & longs_of(~k->low);
        if (outside)
            halves[half] = stochastic_any(k, x, bits);
        if (flags)
            see_stochastic(k, raised, x, halves[half], carry);
    }
    return narrow_doubles(halves[0], halves[1]);
}

INLINE void load_random(const struct plan *p, vec x[4], const void *src, struct random *r,
                        unsigned *raised)
{
    struct stochastic k = stochastic_for(p);
    const size_t size = p->w.integer ? sizeof(vec) : 2 * sizeof(vec);
    vec random[4];
    random_lanes(random, r);
    VECTORS(x[i] =
                random_step(&k, &p->w, (const char *)src + size * i, random[i], p->flags, raised););
}
