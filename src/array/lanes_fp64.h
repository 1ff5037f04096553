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
                      const struct tiny_fp64 *tiny, struct seen_fp64 *seen)
{
    doubles x = load_doubles(src);
    singles rounded = round_fp64(x, direction);
    if (flags)
        see_rounded(seen, x, rounded, tiny);
    store_singles(dst, rounded);
}

INLINE unsigned fp64_to_fp32(const struct conversion *c, void *dst, const void *src, size_t n,
                             enum hu_direction direction, bool flags)
{
    struct tiny_fp64 tiny = tiny_fp64(&c->options);
    struct seen_fp64 seen = {0, 0, 0, 0};
    const char *in = src;
    char *out = dst;
    size_t whole = n / (2 * DOUBLES) * (2 * DOUBLES);
    for (size_t i = 0; i < whole; i += 2 * DOUBLES) {
        fetch_ahead(c->streams, in + 8 * i, 2 * sizeof(doubles));
        fp64_step(out + 4 * i, in + 8 * i, direction, flags, &tiny, &seen);
        fp64_step(out + 4 * (i + DOUBLES), in + 8 * (i + DOUBLES), direction, flags, &tiny, &seen);
    }
    for (size_t i = whole; i < n; i += DOUBLES) {
        size_t count = n - i < DOUBLES ? n - i : DOUBLES;
        double rest[DOUBLES] = {0};
        float words[DOUBLES];
        memcpy(rest, in + 8 * i, 8 * count);
        fp64_step(words, rest, direction, flags, &tiny, &seen);
        memcpy(out + 4 * i, words, 4 * count);
    }
    return raised_fp64(&seen);
}

#define FP64_ROW(name, direction, flags)                                                           \
    TARGET static unsigned name(const struct conversion *c, void *dst, const void *src, size_t n,  \
                                uint64_t first)                                                    \
    {                                                                                              \
        (void)first;                                                                               \
        return fp64_to_fp32(c, dst, src, n, direction, flags);                                     \
    }

FP64_ROW(fp64_fp32_plain, HU_TIES_TO_EVEN, false) /* whichever the environment says */
FP64_ROW(fp64_fp32_plain_flags, HU_TIES_TO_EVEN, true)
FP64_ROW(fp64_fp32_rna, HU_TIES_TO_AWAY, false)
FP64_ROW(fp64_fp32_rna_flags, HU_TIES_TO_AWAY, true)
FP64_ROW(fp64_fp32_rto, HU_TO_ODD, false)
FP64_ROW(fp64_fp32_rto_flags, HU_TO_ODD, true)

static row_function *fp64_fp32_find(const struct conversion *c)
{
    switch (c->options.direction) {
    case HU_STOCHASTIC:
        return NULL;
    case HU_TIES_TO_AWAY:
        return c->flags ? fp64_fp32_rna_flags : fp64_fp32_rna;
    case HU_TO_ODD:
        return c->flags ? fp64_fp32_rto_flags : fp64_fp32_rto;
    default:
        return c->flags ? fp64_fp32_plain_flags : fp64_fp32_plain;
    }
}

/* The first step to narrower formats: see widen_function. */
INLINE unsigned to_odd(void *dst, const void *src, size_t n, bool flags)
{
    struct seen_fp64 seen = {0, 0, 0, 0};
    for (size_t i = 0; i < n; i += DOUBLES) {
        size_t count = n - i < DOUBLES ? n - i : DOUBLES;
        const void *at = (const char *)src + 8 * i;
        double rest[DOUBLES] = {0};
        if (count < DOUBLES)
            at = memcpy(rest, at, 8 * count);
        doubles x = load_doubles(at);
        float words[DOUBLES];
        char *out = (char *)dst + 4 * i;
        store_singles(count < DOUBLES ? (void *)words : out, round_to_odd(x));
        if (count < DOUBLES)
            memcpy(out, words, 4 * count);
        if (flags)
            see_fp64(&seen, x);
    }
    return raised_fp64(&seen);
}

TARGET static __attribute__((noinline)) unsigned to_odd_plain(void *dst, const void *src, size_t n)
{
    return to_odd(dst, src, n, false);
}

TARGET static __attribute__((noinline)) unsigned to_odd_flags(void *dst, const void *src, size_t n)
{
    return to_odd(dst, src, n, true);
}

static unsigned widen_fp64(void *dst, const void *src, size_t n)
{
    environment saved = environment_enter(HU_TOWARD_ZERO);
    unsigned flags = to_odd_plain(dst, src, n);
    environment_leave(saved);
    return flags;
}

static unsigned widen_fp64_flags(void *dst, const void *src, size_t n)
{
    environment saved = environment_enter(HU_TOWARD_ZERO);
    unsigned flags = to_odd_flags(dst, src, n);
    environment_leave(saved);
    return flags;
}

/* FP64 to FP16 where what is far below FP16's range becomes zero: one bit that tells of those that
 * FP32 drops is enough. */
INLINE void fp64_fp16_step(void *dst, const void *src, enum hu_direction direction)
{
    store_quarter(dst, fp16_of_singles(narrow_doubles(with_sticky(load_doubles(src))), direction));
}

INLINE unsigned fp64_to_fp16(bool streams, void *dst, const void *src, size_t n,
                             enum hu_direction direction)
{
    const char *in = src;
    char *out = dst;
    size_t whole = n / (2 * DOUBLES) * (2 * DOUBLES);
    for (size_t i = 0; i < whole; i += 2 * DOUBLES) {
        fetch_ahead(streams, in + 8 * i, 2 * sizeof(doubles));
        fp64_fp16_step(out + 2 * i, in + 8 * i, direction);
        fp64_fp16_step(out + 2 * (i + DOUBLES), in + 8 * (i + DOUBLES), direction);
    }
    for (size_t i = whole; i < n; i += DOUBLES) {
        size_t count = n - i < DOUBLES ? n - i : DOUBLES;
        double rest[DOUBLES] = {0};
        uint16_t codes[DOUBLES];
        memcpy(rest, in + 8 * i, 8 * count);
        fp64_fp16_step(codes, rest, direction);
        memcpy(out + 2 * i, codes, 2 * count);
    }
    return 0;
}

#define FP64_FP16_ROW(name, direction)                                                             \
    TARGET static __attribute__((noinline)) unsigned name##_loop(bool streams, void *dst,          \
                                                                 const void *src, size_t n)        \
    {                                                                                              \
        return fp64_to_fp16(streams, dst, src, n, direction);                                      \
    }                                                                                              \
    static unsigned name(const struct conversion *c, void *dst, const void *src, size_t n,         \
                         uint64_t first)                                                           \
    {                                                                                              \
        (void)first;                                                                               \
        environment saved = environment_enter(HU_TOWARD_ZERO);                                     \
        unsigned flags = name##_loop(c->streams, dst, src, n);                                     \
        environment_leave(saved);                                                                  \
        return flags;                                                                              \
    }

FP64_FP16_ROW(fp64_fp16_rne, HU_TIES_TO_EVEN)
FP64_FP16_ROW(fp64_fp16_rna, HU_TIES_TO_AWAY)
FP64_FP16_ROW(fp64_fp16_rtz, HU_TOWARD_ZERO)

/* NULL: not from FP64, or only by way of FP32. */
static row_function *fp64_find(const struct conversion *c)
{
    if (!is_fp64(c->from) || c->options.saturate)
        return NULL;
    if (is_fp32(c->to))
        return fp64_fp32_find(c);
    if (!is_fp16(c->to) || c->flags)
        return NULL;
    switch (c->options.direction) {
    case HU_TIES_TO_EVEN:
        return fp64_fp16_rne;
    case HU_TIES_TO_AWAY:
        return fp64_fp16_rna;
    case HU_TOWARD_ZERO:
        return fp64_fp16_rtz;
    default:
        return NULL;
    }
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
