/* FP32 to FP16 by the hardware, which raises the flags too where ENVIRONMENT_RAISES; included after
 * lanes.h with cvt_fp16, fp16_to_odd, store_fp16 and stream_fp16 of the instruction set. The
 * hardware keeps NaNs' payloads. */
#include "array/environment.h"

/* vcvtps2ph's immediate: its own rounding direction, not MXCSR's. NEON's fcvtn takes the
 * environment's, which is the same or, ties away and to odd, the one that these start from. */
#define FP16_NEAREST 0
#define FP16_DOWN 1
#define FP16_UP 2
#define FP16_ZERO 3

/* Ties away are ties to even after setting the last bit, which moves a tie up and nothing else; to
 * odd is toward zero, the last bit then set where the way back differs. */
INLINE fp16s fp16_of(vec x, enum hu_direction direction)
{
    switch (direction) {
    case HU_TIES_TO_AWAY:
        return cvt_fp16(x | keep(unequal(x & splat(~SIGN), splat(INFINITE)), splat(1)),
                        FP16_NEAREST);
    case HU_TOWARD_ZERO:
        return cvt_fp16(x, FP16_ZERO);
    case HU_TOWARD_POSITIVE:
        return cvt_fp16(x, FP16_UP);
    case HU_TOWARD_NEGATIVE:
        return cvt_fp16(x, FP16_DOWN);
    case HU_TO_ODD:
        return fp16_to_odd(x, cvt_fp16(x, FP16_ZERO));
    default:
        return cvt_fp16(x, FP16_NEAREST);
    }
}

INLINE void fp16_row(void *dst, const void *src, size_t n, bool direct, enum hu_direction direction)
{
    const char *in = src;
    char *out = dst;
    size_t whole = n / (2 * LANES) * (2 * LANES);
    for (size_t i = 0; i < whole; i += 2 * LANES) {
        size_t at = direct ? turn(i, n, 2 * LANES) : i;
        fetch_ahead(direct, in + 4 * at, 2 * sizeof(vec));
        fp16s low = fp16_of(load(in + 4 * at), direction);
        fp16s high = fp16_of(load(in + 4 * (at + LANES)), direction);
        if (direct) {
            stream_fp16(out + 2 * at, low);
            stream_fp16(out + 2 * (at + LANES), high);
        } else {
            store_fp16(out + 2 * at, low);
            store_fp16(out + 2 * (at + LANES), high);
        }
    }
    for (size_t i = whole; i < n; i += LANES) {
        size_t count = n - i < LANES ? n - i : LANES;
        uint32_t rest[LANES] = {0};
        uint16_t codes[LANES];
        memcpy(rest, in + 4 * i, 4 * count);
        store_fp16(codes, fp16_of(load(rest), direction));
        memcpy(out + 2 * i, codes, 2 * count);
    }
}

/* Functions for either way to memory, so that neither pays for the other, and out of line, so that
 * nothing of them moves past the environment's words. */
#define FP16_ROW(name, direction)                                                                  \
    TARGET static                                                                                  \
        __attribute__((noinline)) void name##_direct(void *dst, const void *src, size_t n)         \
    {                                                                                              \
        fp16_row(dst, src, n, true, direction);                                                    \
    }                                                                                              \
    TARGET static                                                                                  \
        __attribute__((noinline)) void name##_cached(void *dst, const void *src, size_t n)         \
    {                                                                                              \
        fp16_row(dst, src, n, false, direction);                                                   \
    }                                                                                              \
    static unsigned name(const struct narrow *k, void *dst, const void *src, size_t n,             \
                         uint64_t first)                                                           \
    {                                                                                              \
        (void)k, (void)first;                                                                      \
        environment_clear();                                                                       \
        name##_cached(dst, src, n);                                                                \
        return environment_raised();                                                               \
    }

FP16_ROW(fp16_rne, HU_TIES_TO_EVEN)
FP16_ROW(fp16_rna, HU_TIES_TO_AWAY)
FP16_ROW(fp16_rtz, HU_TOWARD_ZERO)
FP16_ROW(fp16_rup, HU_TOWARD_POSITIVE)
FP16_ROW(fp16_rdn, HU_TOWARD_NEGATIVE)
FP16_ROW(fp16_rto, HU_TO_ODD)

#define FP16_WAYS(name)                                                                            \
    {                                                                                              \
        name##_cached, name##_direct, name                                                         \
    }

static const struct {
    void (*cached)(void *dst, const void *src, size_t n);
    void (*direct)(void *dst, const void *src, size_t n);
    narrow_function *step;
} fp16_ways[] = {
    [HU_TIES_TO_EVEN] = FP16_WAYS(fp16_rne),    [HU_TIES_TO_AWAY] = FP16_WAYS(fp16_rna),
    [HU_TOWARD_ZERO] = FP16_WAYS(fp16_rtz),     [HU_TOWARD_POSITIVE] = FP16_WAYS(fp16_rup),
    [HU_TOWARD_NEGATIVE] = FP16_WAYS(fp16_rdn), [HU_TO_ODD] = FP16_WAYS(fp16_rto),
};

/* Ties away are converted with a bit set that makes all of them inexact: the hardware's flags are
 * of no use. */
static bool fp16_can(const struct conversion *c)
{
    if (!is_fp16(c->to) || c->options.saturate || c->options.direction == HU_STOCHASTIC)
        return false;
    bool away = c->options.direction == HU_TIES_TO_AWAY;
    return !c->flags || (ENVIRONMENT_RAISES && !away && !c->options.tininess_before);
}

/* From FP32. The environment is as hu_convert_array enters it: nothing raised. */
static unsigned fp32_fp16_row(const struct conversion *c, void *dst, const void *src, size_t n,
                              uint64_t first)
{
    (void)first;
    enum hu_direction direction = c->options.direction;
    (c->direct ? fp16_ways[direction].direct : fp16_ways[direction].cached)(dst, src, n);
    return c->flags ? environment_raised() : 0;
}

/* The narrow_function that stages have: the hardware's where it does, the lanes' otherwise. */
static narrow_function *narrow_find_fp16(const struct conversion *c)
{
    return fp16_can(c) ? fp16_ways[c->options.direction].step : narrow_find(c);
}
