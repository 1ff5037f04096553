/* From FP64 at random, as FP32 words; included by the parts. */

INLINE longs pick_longs(longs lanes, longs yes, longs no)
{
    return (yes & lanes) | (no & ~lanes);
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
    if (k->floor) {
        longs below = (longs)(at != field) & (longs)((x ^ sign) != 0);
        rounded = pick_longs(below, longs_of(k->floor) | sign, rounded);
    }
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

/* As FP32 words; RANDOM: 32 bits in each lane. Zeros and normal numbers of the target are within
 * what CARRY makes of them. The environment rounds to nearest or toward zero. */
INLINE vec stochastic_words(const struct plan *p, const void *src, vec random, bool any,
                            unsigned *raised, vec *upper)
{
    const struct stochastic *k = &p->stochastic;
    longs halves[2], in[2];
    for (int half = 0; half < 2; half++) {
        const longs x = load_half_longs(&p->w, src, half), bits = random_half(random, half);
        const longs carry = (~bits << 32) >> (64 - k->drop);
        halves[half] = (x + carry) & longs_of(~k->low);
        if (any)
            halves[half] = stochastic_any(k, x, bits);
        if (any && p->flags)
            see_stochastic(k, raised, x, halves[half], carry);
        in[half] = x >> 32;
        if (k->floor) /* of a scale, which what is less than zero has none of, however small */
            in[half] |= (longs)((x << 32) != 0) & 1;
    }
    *upper = narrow_longs(in[0], in[1]);
    return narrow_doubles(halves[0], halves[1]);
}

/* Some are special, or below the target's normal numbers; or flags are asked for. */
TARGET static __attribute__((noinline)) void load_random_any(const struct plan *p, vec x[4],
                                                             const char *src, const vec random[4],
                                                             unsigned *raised)
{
    const size_t size = p->w.integer ? sizeof(vec) : 2 * sizeof(vec);
    vec upper;
    VECTORS(x[i] = stochastic_words(p, src + size * i, random[i], true, raised, &upper););
}

INLINE void load_random(const struct plan *p, vec x[4], const void *src, struct random *r,
                        unsigned *raised)
{
    const size_t size = p->w.integer ? sizeof(vec) : 2 * sizeof(vec);
    const struct seen normal = {0, (uint32_t)(p->stochastic.least_normal >> 32),
                                (FP64_INFINITE >> 32) - 1};
    vec random[4], upper[4];
    random_lanes(random, r);
    VECTORS(x[i] = stochastic_words(p, (const char *)src + size * i, random[i], false, raised,
                                    &upper[i]););
    if (p->flags || any_outside(&normal, upper, true)) {
        vec copy[4], draws[4];
        VECTORS(draws[i] = random[i];);
        load_random_any(p, copy, src, draws, raised);
        VECTORS(x[i] = copy[i];);
    }
}
