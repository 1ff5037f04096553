/* Exact widening to FP32 in lanes; included after lanes.h. */

enum widen_kind { WIDEN_FP16, WIDEN_BF16, WIDEN_TF32 };

/* The FP32 words of the elements at AT, NaNs of bf16 and tf32 as they are. */
INLINE vec widened(const void *at, enum widen_kind kind)
{
    switch (kind) {
    case WIDEN_FP16:
        return from_fp16(at);
    case WIDEN_BF16:
        return load_halves(at) << 16;
    case WIDEN_TF32:
        break;
    }
    return load(at) & splat(~UINT32_C(0x1fff));
}

/* Nonzero in lanes that hold a signaling NaN. Widening makes FP16's quiet, so its halves tell. */
INLINE vec signaling_lanes(const void *at, vec x, enum widen_kind kind)
{
    if (kind != WIDEN_FP16)
        return keep(is_nan(x), ~x & splat(QUIET));
    vec code = load_halves(at);
    return keep(above(code & splat(0x7fff), splat(0x7c00)), ~code & splat(0x200));
}

INLINE void widen_step(void *dst, const void *src, enum widen_kind kind, bool flags, vec *signaling)
{
    const size_t width = kind == WIDEN_TF32 ? 4 : 2;
    vec x[4];
    vec seen = splat(0);
    VECTORS(const void *at = (const char *)src + i * LANES * width; x[i] = widened(at, kind);
            if (flags) *signaling |= signaling_lanes(at, x[i], kind);
            seen |= keep(is_nan(x[i]), splat(1)););
    if (kind != WIDEN_FP16 && any(unequal(seen, splat(0))))
        VECTORS(x[i] |= keep(is_nan(x[i]), splat(QUIET)););
    VECTORS(store((char *)dst + i * sizeof(vec), x[i]););
}

INLINE unsigned widen_row(void *dst, const void *src, size_t n, bool direct, enum widen_kind kind,
                          bool flags)
{
    const size_t width = kind == WIDEN_TF32 ? 4 : 2;
    const char *in = src;
    char *out = dst;
    vec signaling = splat(0);
    size_t whole = n / STEP * STEP;
    for (size_t i = 0; i < whole; i += STEP) {
        uint32_t words[STEP] __attribute__((aligned(sizeof(vec))));
        size_t at = direct ? turn(i, n, STEP) : i;
        fetch_ahead(direct, in + at * width, STEP * width);
        widen_step(direct ? (char *)words : out + at * 4, in + at * width, kind, flags, &signaling);
        if (direct)
            stream_out(out + at * 4, words, sizeof words);
    }
    if (n > whole) {
        uint32_t rest[STEP] = {0}, words[STEP];
        memcpy(rest, in + whole * width, (n - whole) * width);
        widen_step(words, rest, kind, flags, &signaling);
        memcpy(out + whole * 4, words, (n - whole) * 4);
    }
    return any(unequal(signaling, splat(0))) ? HU_INVALID : 0;
}

/* A function for each way to memory, so that neither pays for the other. */
#define WIDEN_ROW(name, kind, flags)                                                               \
    TARGET static unsigned name##_direct(void *dst, const void *src, size_t n)                     \
    {                                                                                              \
        return widen_row(dst, src, n, true, kind, flags);                                          \
    }                                                                                              \
    TARGET static unsigned name(void *dst, const void *src, size_t n, bool direct)                 \
    {                                                                                              \
        return direct ? name##_direct(dst, src, n) : widen_row(dst, src, n, false, kind, flags);   \
    }

WIDEN_ROW(widen_fp16, WIDEN_FP16, false)
WIDEN_ROW(widen_fp16_flags, WIDEN_FP16, true)
WIDEN_ROW(widen_bf16, WIDEN_BF16, false)
WIDEN_ROW(widen_bf16_flags, WIDEN_BF16, true)
WIDEN_ROW(widen_tf32, WIDEN_TF32, false)
WIDEN_ROW(widen_tf32_flags, WIDEN_TF32, true)

static widen_function *widen_find(const struct hu_format *from, bool flags)
{
#ifdef LANES_FP64
    if (is_fp64(from))
        return widen_fp64;
#endif
    if (is_fp16(from))
        return flags ? widen_fp16_flags : widen_fp16;
    if (is_bf16(from))
        return flags ? widen_bf16_flags : widen_bf16;
    if (is_tf32(from))
        return flags ? widen_tf32_flags : widen_tf32;
    return NULL;
}
