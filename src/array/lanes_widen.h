/* Exact widening to FP32 in lanes; included after lanes.h, with load_halves and from_fp16 of the
 * instruction set defined. */
#include "array/chain.h"

/* QUIET set in the NaNs; *signaling collects those that lacked it. */
INLINE vec quieted(vec x, vec *signaling)
{
    mask nan = is_nan(x);
    vec lacks = keep(nan, ~x & splat(QUIET));
    *signaling |= lacks;
    return x | lacks;
}

INLINE vec widen_fp16(vec halves, vec *signaling)
{
    vec magnitude = halves & splat(0x7fff);
    *signaling |= keep(above(magnitude, splat(0x7c00)), ~halves & splat(0x200));
    return from_fp16(halves);
}

#define WIDEN_ROW(name, bytes, expression)                                                         \
    TARGET static unsigned name(void *dst, const void *src, size_t n)                              \
    {                                                                                              \
        const char *in = src;                                                                      \
        char *out = dst;                                                                           \
        vec signaling = splat(0);                                                                  \
        size_t whole = n / LANES * LANES;                                                          \
        for (size_t i = 0; i < whole; i += LANES) {                                                \
            const void *at = in + i * (bytes);                                                     \
            store(out + i * 4, (expression));                                                      \
        }                                                                                          \
        if (n > whole) {                                                                           \
            uint32_t rest[LANES] = {0}, words[LANES];                                              \
            const void *at = rest;                                                                 \
            memcpy(rest, in + whole * (bytes), (n - whole) * (bytes));                             \
            store(words, (expression));                                                            \
            memcpy(out + whole * 4, words, (n - whole) * 4);                                       \
        }                                                                                          \
        return any(unequal(signaling, splat(0))) ? HU_INVALID : 0;                                 \
    }

WIDEN_ROW(widen_fp16_row, 2, widen_fp16(load_halves(at), &signaling))
WIDEN_ROW(widen_bf16_row, 2, quieted(load_halves(at) << 16, &signaling))
WIDEN_ROW(widen_tf32_row, 4, quieted(load(at) & splat(~UINT32_C(0x1fff)), &signaling))

static widen_function *widen_find(const struct hu_format *from)
{
#ifdef LANES_FP64
    if (is_fp64(from))
        return widen_fp64_row;
#endif
    return is_fp16(from)   ? widen_fp16_row
           : is_bf16(from) ? widen_bf16_row
           : is_tf32(from) ? widen_tf32_row
                           : NULL;
}
