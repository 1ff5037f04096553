/*
 * From FP64, in vectors of DOUBLES; included after lanes.h and lanes_fp16.h with the operations on
 * doubles of the instruction set. Conversions round in the direction of the environment, which
 * environment_enter has set, to FP32: in the direction asked for where FP32 is the target, toward
 * zero on the way to narrower formats.
 */
#include "array/environment.h"

#define FP64_INFINITE UINT64_C(0x7ff0000000000000)
#define FP64_QUIET UINT64_C(0x0008000000000000)
#define FP64_LEAST_NORMAL_FP32 UINT64_C(0x3810000000000000) /* 2^-126 */
#define FP64_ABOVE_FP32 UINT64_C(0x47f0000000000000)        /* 2^128 */

enum { FP64_DROP = 52 - 23 };

/* Lanes that raised each flag so far. */
struct seen_fp64 {
    unsigned invalid, overflow, underflow, inexact;
};

static inline unsigned raised_fp64(const struct seen_fp64 *seen)
{
    return (seen->invalid ? HU_INVALID : 0u) | (seen->overflow ? HU_OVERFLOW | HU_INEXACT : 0u) |
           (seen->underflow ? HU_UNDERFLOW : 0u) | (seen->inexact ? HU_INEXACT : 0u);
}

/* Least magnitudes that are not tiny, as in narrow.c. */
struct tiny_fp64 {
    uint64_t below[2];
};

static inline struct tiny_fp64 tiny_fp64(const struct hu_options *options)
{
    const uint64_t least = FP64_LEAST_NORMAL_FP32, unit = UINT64_C(1) << FP64_DROP;
    struct tiny_fp64 tiny = {{least, least}};
    if (options->tininess_before)
        return tiny;
    switch (options->direction) {
    case HU_TIES_TO_EVEN:
    case HU_TIES_TO_AWAY:
        tiny.below[0] = tiny.below[1] = least - unit / 2;
        break;
    case HU_TOWARD_POSITIVE:
        tiny.below[0] = least - unit + 1;
        break;
    case HU_TOWARD_NEGATIVE:
        tiny.below[1] = least - unit + 1;
        break;
    default:
        break;
    }
    return tiny;
}

/* Invalid and, where the magnitude alone says it, overflow. */
INLINE void see_fp64(struct seen_fp64 *seen, doubles x)
{
    longs magnitude = bits_of(x) & longs_of(~(UINT64_C(1) << 63));
    unsigned special = lanes_above(magnitude, longs_of(FP64_INFINITE - 1));
    seen->overflow |= lanes_above(magnitude, longs_of(FP64_ABOVE_FP32 - 1)) & ~special;
    if (special) {
        unsigned quiet = lanes_above(bits_of(x) & longs_of(FP64_QUIET), longs_of(0));
        seen->invalid |= lanes_above(magnitude, longs_of(FP64_INFINITE)) & ~quiet;
    }
}

INLINE void see_rounded(struct seen_fp64 *seen, doubles x, singles rounded,
                        const struct tiny_fp64 *tiny)
{
    longs magnitude = bits_of(x) & longs_of(~(UINT64_C(1) << 63));
    doubles back = widen_singles(rounded);
    unsigned inexact = lanes_of(differ(back, x));
    longs infinite = bits_of(back) & longs_of(~(UINT64_C(1) << 63));
    unsigned negative = lanes_negative(x);
    unsigned below = (~negative & lanes_above(longs_of(tiny->below[0]), magnitude)) |
                     (negative & lanes_above(longs_of(tiny->below[1]), magnitude));
    see_fp64(seen, x);
    seen->inexact |= inexact;
    seen->underflow |= inexact & below;
    seen->overflow |= inexact & lanes_above(infinite, longs_of(FP64_INFINITE - 1));
}

/* FP64 to FP32, toward zero and the last bit set where that was inexact. */
INLINE singles round_to_odd(doubles x)
{
    singles rounded = narrow_doubles(x);
    return set_last(rounded, differ(widen_singles(rounded), x));
}

INLINE singles round_fp64(doubles x, enum hu_direction direction)
{
    if (direction == HU_TO_ODD)
        return round_to_odd(x);
    if (direction == HU_TIES_TO_AWAY) /* to even, but ties have their last bit set */
        return narrow_doubles(set_last_but_infinite(x));
    return narrow_doubles(x);
}

INLINE void fp64_step(void *dst, const void *src, enum hu_direction direction, bool flags,
                      bool saturate, const struct tiny_fp64 *tiny, struct seen_fp64 *seen)
{
    doubles x = load_doubles(src);
    singles rounded = round_fp64(x, direction);
    if (flags)
        see_rounded(seen, x, rounded, tiny);
    if (flags && saturate)
        seen->overflow |= lanes_infinite(x);
    store_singles(dst, saturate ? infinities_to_greatest(rounded) : rounded);
}

INLINE unsigned fp64_to_fp32(const struct conversion *c, void *dst, const void *src, size_t n,
                             bool direct, enum hu_direction direction, bool flags, bool saturate)
{
    struct tiny_fp64 tiny = tiny_fp64(&c->options);
    struct seen_fp64 seen = {0, 0, 0, 0};
    const char *in = src;
    char *out = dst;
    const size_t step = 2 * DOUBLES;
    size_t whole = n / step * step;
    for (size_t i = 0; i < whole; i += step) {
        float words[2 * DOUBLES] __attribute__((aligned(sizeof(vec))));
        size_t at = direct ? turn(i, n, step) : i;
        char *to = direct ? (char *)words : out + 4 * at;
        fetch_ahead(direct, in + 8 * at, 8 * step);
        for (size_t j = 0; j < step; j += DOUBLES)
            fp64_step(to + 4 * j, in + 8 * (at + j), direction, flags, saturate, &tiny, &seen);
        if (direct)
            stream_out(out + 4 * at, words, sizeof words);
    }
    for (size_t i = whole; i < n; i += DOUBLES) {
        size_t count = n - i < DOUBLES ? n - i : DOUBLES;
        double rest[DOUBLES] = {0};
        float words[DOUBLES];
        memcpy(rest, in + 8 * i, 8 * count);
        fp64_step(words, rest, direction, flags, saturate, &tiny, &seen);
        memcpy(out + 4 * i, words, 4 * count);
    }
    return raised_fp64(&seen);
}

/* A function for each way to memory, so that neither pays for the other. */
#define FP64_ROW(name, direction, flags, saturate)                                                 \
    TARGET static __attribute__((noinline)) unsigned name##_direct(                                \
        const struct conversion *c, void *dst, const void *src, size_t n)                          \
    {                                                                                              \
        return fp64_to_fp32(c, dst, src, n, true, direction, flags, saturate);                     \
    }                                                                                              \
    TARGET static __attribute__((noinline)) unsigned name(                                         \
        const struct conversion *c, void *dst, const void *src, size_t n, uint64_t first)          \
    {                                                                                              \
        (void)first;                                                                               \
        return c->direct ? name##_direct(c, dst, src, n)                                           \
                         : fp64_to_fp32(c, dst, src, n, false, direction, flags, saturate);        \
    }

/* Where the hardware raises the flags: as FP16_ROW_FLAGS. */
#define FP64_ROW_FLAGS(name)                                                                       \
    static unsigned name##_flags(const struct conversion *c, void *dst, const void *src, size_t n, \
                                 uint64_t first)                                                   \
    {                                                                                              \
        environment_clear();                                                                       \
        name(c, dst, src, n, first);                                                               \
        return environment_raised();                                                               \
    }

#define FP64_ROWS(name, direction)                                                                 \
    FP64_ROW(name, direction, false, false)                                                        \
    FP64_ROW(name##_compared, direction, true, false)                                              \
    FP64_ROW(name##_saturate, direction, false, true)                                              \
    FP64_ROW(name##_saturate_compared, direction, true, true)

FP64_ROWS(fp64_fp32_plain, HU_TIES_TO_EVEN) /* whichever the environment says */
FP64_ROWS(fp64_fp32_rna, HU_TIES_TO_AWAY)
FP64_ROWS(fp64_fp32_rto, HU_TO_ODD)
FP64_ROW_FLAGS(fp64_fp32_plain)
FP64_ROW_FLAGS(fp64_fp32_rto)

/* Ties away are converted with a bit set that makes all of them inexact: the hardware's flags are
 * of no use. */
static row_function *fp64_fp32_find(const struct conversion *c)
{
    static row_function *const rows[][2][2] = {
        /* by saturate and flags */
        {{fp64_fp32_plain, fp64_fp32_plain_compared},
         {fp64_fp32_plain_saturate, fp64_fp32_plain_saturate_compared}},
        {{fp64_fp32_rna, fp64_fp32_rna_compared},
         {fp64_fp32_rna_saturate, fp64_fp32_rna_saturate_compared}},
        {{fp64_fp32_rto, fp64_fp32_rto_compared},
         {fp64_fp32_rto_saturate, fp64_fp32_rto_saturate_compared}},
    };
    bool away = c->options.direction == HU_TIES_TO_AWAY, odd = c->options.direction == HU_TO_ODD;
    if (c->options.direction == HU_STOCHASTIC)
        return NULL;
    if (c->flags && !away && !c->options.saturate && !c->options.tininess_before)
        return odd ? fp64_fp32_rto_flags : fp64_fp32_plain_flags;
    return rows[odd ? 2 : away][c->options.saturate][c->flags];
}

/* The first step to narrower formats: see widen_function. */
TARGET static __attribute__((noinline)) void to_odd(void *dst, const void *src, size_t n)
{
    for (size_t i = 0; i < n; i += DOUBLES) {
        size_t count = n - i < DOUBLES ? n - i : DOUBLES;
        const void *at = (const char *)src + 8 * i;
        double rest[DOUBLES] = {0};
        if (count < DOUBLES)
            at = memcpy(rest, at, 8 * count);
        float words[DOUBLES];
        char *out = (char *)dst + 4 * i;
        store_singles(count < DOUBLES ? (void *)words : out, round_to_odd(load_doubles(at)));
        if (count < DOUBLES)
            memcpy(out, words, 4 * count);
    }
}

/* What is inexact stays so, for the next step to see; what is tiny in FP32 need not be so in a
 * format that has its range and less precision. */
static unsigned widen_fp64(void *dst, const void *src, size_t n, bool direct)
{
    (void)direct; /* never a last step */
    environment saved = environment_enter(HU_TOWARD_ZERO);
    to_odd(dst, src, n);
    unsigned flags = environment_raised();
    environment_leave(saved);
    unsigned overflow = flags & HU_OVERFLOW ? HU_OVERFLOW | HU_INEXACT : 0u;
    return (flags & HU_INVALID) | overflow;
}

/* To FP16's normal numbers the last bit kept, set where any below is, says it all, as it stays
 * through both roundings toward zero; what else there is goes through FP32's last bit. */
INLINE fp16s fp16_to_odd_of(doubles low, doubles high)
{
    const uint64_t discarded = (UINT64_C(1) << (52 - 10)) - 1;
    vec odd = join_singles(narrow_doubles(with_sticky(low, discarded)),
                           narrow_doubles(with_sticky(high, discarded)));
    fp16s codes = fp16_of(odd, HU_TOWARD_ZERO);
    if (__builtin_expect(all_normal(codes), 1))
        return codes;
    return fp16_of(join_singles(round_to_odd(low), round_to_odd(high)), HU_TO_ODD);
}

INLINE doubles ready_for_fp16(doubles x, enum hu_direction direction, bool flags)
{
    const uint64_t discarded = (UINT64_C(1) << FP64_DROP) - 1;
    if (direction == HU_TIES_TO_EVEN || direction == HU_TIES_TO_AWAY)
        return with_sticky(x, discarded);
    if (flags)
        return (doubles)(bits_of(with_sticky(x, discarded)) & longs_of(~discarded));
    return x;
}

/*
 * FP64 to FP16, LANES of them. Toward zero, and in either direction for all signs, two roundings
 * are one but for their flags. Otherwise the first is toward zero with one bit that tells of those
 * that FP32 drops: what is below FP32's range is near enough to zero.
 */
INLINE void fp64_fp16_step(void *dst, const void *src, enum hu_direction direction, bool flags)
{
    doubles low = load_doubles(src), high = load_doubles((const char *)src + sizeof low);
    if (direction == HU_TO_ODD) {
        store_fp16(dst, fp16_to_odd_of(low, high));
        return;
    }
    vec x = join_singles(narrow_doubles(ready_for_fp16(low, direction, flags)),
                         narrow_doubles(ready_for_fp16(high, direction, flags)));
    store_fp16(dst, fp16_of(x, direction));
}

INLINE void fp64_to_fp16(void *dst, const void *src, size_t n, bool direct,
                         enum hu_direction direction, bool flags)
{
    const char *in = src;
    char *out = dst;
    const size_t step = direct ? 2 * LANES : LANES;
    size_t whole = n / step * step;
    for (size_t i = 0; i < whole; i += step) {
        uint16_t codes[2 * LANES] __attribute__((aligned(sizeof(vec))));
        size_t at = direct ? turn(i, n, step) : i;
        char *to = direct ? (char *)codes : out + 2 * at;
        fetch_ahead(direct, in + 8 * at, 8 * step);
        for (size_t j = 0; j < step; j += LANES)
            fp64_fp16_step(to + 2 * j, in + 8 * (at + j), direction, flags);
        if (direct)
            stream_out(out + 2 * at, codes, sizeof codes);
    }
    for (; direct && n - whole >= LANES; whole += LANES)
        fp64_fp16_step(out + 2 * whole, in + 8 * whole, direction, flags);
    if (n > whole) {
        double rest[LANES] = {0};
        uint16_t codes[LANES];
        memcpy(rest, in + 8 * whole, 8 * (n - whole));
        fp64_fp16_step(codes, rest, direction, flags);
        memcpy(out + 2 * whole, codes, 2 * (n - whole));
    }
}

/* AROUND: the environment's direction, in which FP32 is reached. */
#define FP64_FP16_ROW(name, direction, around, flags)                                              \
    TARGET static                                                                                  \
        __attribute__((noinline)) void name##_direct(void *dst, const void *src, size_t n)         \
    {                                                                                              \
        fp64_to_fp16(dst, src, n, true, direction, flags);                                         \
    }                                                                                              \
    TARGET static                                                                                  \
        __attribute__((noinline)) void name##_cached(void *dst, const void *src, size_t n)         \
    {                                                                                              \
        fp64_to_fp16(dst, src, n, false, direction, flags);                                        \
    }                                                                                              \
    static unsigned name(const struct conversion *c, void *dst, const void *src, size_t n,         \
                         uint64_t first)                                                           \
    {                                                                                              \
        (void)first;                                                                               \
        environment saved = environment_enter(around);                                             \
        (c->direct ? name##_direct : name##_cached)(dst, src, n);                                  \
        unsigned raised = environment_raised();                                                    \
        environment_leave(saved);                                                                  \
        return raised;                                                                             \
    }

FP64_FP16_ROW(fp64_fp16_rne, HU_TIES_TO_EVEN, HU_TOWARD_ZERO, true)
FP64_FP16_ROW(fp64_fp16_rna, HU_TIES_TO_AWAY, HU_TOWARD_ZERO, false)
FP64_FP16_ROW(fp64_fp16_rtz, HU_TOWARD_ZERO, HU_TOWARD_ZERO, false)
FP64_FP16_ROW(fp64_fp16_rup, HU_TOWARD_POSITIVE, HU_TOWARD_POSITIVE, false)
FP64_FP16_ROW(fp64_fp16_rdn, HU_TOWARD_NEGATIVE, HU_TOWARD_NEGATIVE, false)
FP64_FP16_ROW(fp64_fp16_rto, HU_TO_ODD, HU_TOWARD_ZERO, false)
FP64_FP16_ROW(fp64_fp16_rtz_flags, HU_TOWARD_ZERO, HU_TOWARD_ZERO, true)
FP64_FP16_ROW(fp64_fp16_rup_flags, HU_TOWARD_POSITIVE, HU_TOWARD_POSITIVE, true)
FP64_FP16_ROW(fp64_fp16_rdn_flags, HU_TOWARD_NEGATIVE, HU_TOWARD_NEGATIVE, true)

static row_function *fp64_fp16_find(const struct conversion *c)
{
    static row_function *const rows[2][HU_STOCHASTIC + 1] = {
        {
            [HU_TIES_TO_EVEN] = fp64_fp16_rne,
            [HU_TIES_TO_AWAY] = fp64_fp16_rna,
            [HU_TOWARD_ZERO] = fp64_fp16_rtz,
            [HU_TOWARD_POSITIVE] = fp64_fp16_rup,
            [HU_TOWARD_NEGATIVE] = fp64_fp16_rdn,
            [HU_TO_ODD] = fp64_fp16_rto,
        },
        {
            [HU_TIES_TO_EVEN] = fp64_fp16_rne,
            [HU_TOWARD_ZERO] = fp64_fp16_rtz_flags,
            [HU_TOWARD_POSITIVE] = fp64_fp16_rup_flags,
            [HU_TOWARD_NEGATIVE] = fp64_fp16_rdn_flags,
        },
    };
    if (c->options.saturate || (c->flags && c->options.tininess_before))
        return NULL;
    return rows[c->flags][c->options.direction];
}

/* NULL: not from FP64, or only by way of FP32. */
static row_function *fp64_find(const struct conversion *c)
{
    if (!is_fp64(c->from))
        return NULL;
    return is_fp32(c->to) ? fp64_fp32_find(c) : is_fp16(c->to) ? fp64_fp16_find(c) : NULL;
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

static inline struct stochastic stochastic_for(const struct conversion *c)
{
    uint32_t drop = 52u - c->to->trailing_bits;
    return (struct stochastic){
        .drop = drop,
        .low = (UINT64_C(1) << drop) - 1,
        .least_normal = (uint64_t)(hu_emin(c->to) + 1023) << 52,
        .seed = c->options.seed,
        .tininess_before = c->options.tininess_before,
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

/* FLAGS as see_fp64 and see_rounded; what the target's range cannot hold is seen later, where it is
 * within FP32's. */
INLINE void see_stochastic(const struct stochastic *k, struct seen_fp64 *seen, longs x,
                           longs rounded, longs carry)
{
    const longs low = longs_of(INT64_MAX);
    const longs magnitude = x & low;
    unsigned finite = lanes_above(longs_of(FP64_INFINITE), magnitude);
    unsigned inexact = finite & lanes_of(differ((doubles)x, (doubles)rounded));
    longs unbounded = k->tininess_before ? magnitude : magnitude + carry;
    see_fp64(seen, (doubles)x);
    seen->inexact |= inexact;
    seen->overflow |= finite & lanes_above(rounded & low, longs_of(FP64_ABOVE_FP32 - 1));
    seen->underflow |= inexact & lanes_above(longs_of(k->least_normal), unbounded);
}

INLINE void stochastic_step(const struct stochastic *k, void *dst, const void *src, vec random,
                            bool flags, struct seen_fp64 *seen)
{
    const longs top = longs_of(UINT64_C(1) << 63), none = longs_of(UINT64_C(1) << 63) - 1;
    random ^= random >> 15;
    for (int half = 0; half < 2; half++) {
        longs x = bits_of(load_doubles((const char *)src + half * sizeof(doubles)));
        longs magnitude = x & ~top, bits = random_half(random, half);
        longs carry = (~bits << 32) >> (64 - k->drop);
        unsigned outside = lanes_above(longs_of(k->least_normal) + none, magnitude + none) |
                           lanes_above(magnitude, longs_of(FP64_INFINITE - 1));
        longs rounded = (x + carry) & longs_of(~k->low);
        if (outside)
            rounded = stochastic_any(k, x, bits);
        if (flags)
            see_stochastic(k, seen, x, rounded, carry);
        store_singles((char *)dst + half * sizeof(singles), narrow_doubles((doubles)rounded));
    }
}

INLINE unsigned stochastic_row(const struct stochastic *k, void *dst, const void *src, size_t n,
                               uint64_t first, bool flags)
{
    struct seen_fp64 seen = {0, 0, 0, 0};
    struct row r = random_row(k->seed, first);
    for (size_t done = 0; done < n; done += STEP) {
        size_t count = n - done < STEP ? n - done : STEP;
        const char *in = (const char *)src + 8 * done;
        char *out = (char *)dst + 4 * done;
        double rest[STEP] = {0};
        float words[STEP];
        if (count < STEP) {
            in = memcpy(rest, in, 8 * count);
            out = (char *)words;
        }
        vec random[4];
        random_lanes(random, &r);
        VECTORS(
            stochastic_step(k, out + 4 * LANES * i, in + 8 * LANES * i, random[i], flags, &seen););
        if (count < STEP)
            memcpy((char *)dst + 4 * done, words, 4 * count);
    }
    return raised_fp64(&seen);
}

TARGET static __attribute__((noinline)) unsigned
stochastic_plain(const struct stochastic *k, void *dst, const void *src, size_t n, uint64_t first)
{
    return stochastic_row(k, dst, src, n, first, false);
}

TARGET static __attribute__((noinline)) unsigned
stochastic_flags(const struct stochastic *k, void *dst, const void *src, size_t n, uint64_t first)
{
    return stochastic_row(k, dst, src, n, first, true);
}

/* As round_at_random in chain.h. */
static unsigned fp64_at_random(const struct conversion *c, void *dst, const void *src, size_t n,
                               uint64_t first)
{
    struct stochastic k = stochastic_for(c);
    environment saved = environment_enter(HU_TIES_TO_EVEN); /* beyond FP32 is infinity */
    unsigned flags = c->flags ? stochastic_flags(&k, dst, src, n, first)
                              : stochastic_plain(&k, dst, src, n, first);
    environment_leave(saved);
    return flags;
}

/* FP32 to FP64: exact, NaNs made quiet. */
TARGET static unsigned fp32_to_fp64(void *dst, const void *src, size_t n)
{
    vec signaling = splat(0);
    const char *in = src;
    char *out = dst;
    for (size_t i = 0; i < n; i += LANES) {
        size_t count = n - i < LANES ? n - i : LANES;
        uint32_t rest[LANES] = {0};
        double wide[LANES];
        bool part = count < LANES;
        const void *at = part ? memcpy(rest, in + 4 * i, 4 * count) : in + 4 * i;
        void *to = part ? (void *)wide : out + 8 * i;
        vec x = load(at);
        signaling |= keep(is_nan(x), ~x & splat(QUIET));
        store_doubles(to, widen_singles(load_singles(at)));
        store_doubles((char *)to + 8 * DOUBLES,
                      widen_singles(load_singles((const char *)at + 4 * DOUBLES)));
        if (part)
            memcpy(out + 8 * i, wide, 8 * count);
    }
    return any(unequal(signaling, splat(0))) ? HU_INVALID : 0;
}
