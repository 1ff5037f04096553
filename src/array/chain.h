/* Conversions through FP32 in blocks that stay in the first-level cache. */
#ifndef HALFULP_CHAIN_H
#define HALFULP_CHAIN_H

#include "array/layout.h"
#include "array/narrow.h"

/*
 * N elements as FP32 words: exact, NaNs made quiet with their payload kept; from FP64 rounded to
 * odd, so that one more rounding to at most 22 bits of precision is as one (Boldo and Melquiond,
 * 2008). Returns the flags that the next step cannot see, invalid and overflow from FP64, if asked
 * to. DIRECT: as conversion.direct; for a last step only.
 */
typedef unsigned widen_function(void *dst, const void *src, size_t n, bool direct);

/* What an instruction set can do. */
struct stages {
    widen_function *(*widen)(const struct hu_format *from, bool flags); /* NULL: cannot */
    narrow_function *(*narrow)(const struct conversion *c);             /* NULL: cannot */
    unsigned (*to_fp64)(void *dst, const void *fp32s, size_t n);        /* may be NULL */
    /* From FP64, by stochastic rounding, as FP32 words that c->to has, or infinities where FP32
     * overflows, so that the next step only overflows; returns all flags but those of its
     * overflows. May be NULL. */
    row_function *at_random;
};

/* Whether F is the IEEE-style format of those widths with the standard's bias. */
static inline bool is_ieee(const struct hu_format *f, int exponent_bits, int trailing_bits)
{
    return f->exponent_bits == exponent_bits && f->trailing_bits == trailing_bits &&
           f->specials == HU_SPECIALS_IEEE && f->bias == (1 << (exponent_bits - 1)) - 1;
}

static inline bool is_fp64(const struct hu_format *f)
{
    return is_ieee(f, 11, 52);
}

static inline bool is_fp32(const struct hu_format *f)
{
    return is_ieee(f, 8, 23);
}

static inline bool is_tf32(const struct hu_format *f)
{
    return is_ieee(f, 8, 10) && f->storage_shift == 13;
}

static inline bool is_bf16(const struct hu_format *f)
{
    return is_ieee(f, 8, 7);
}

static inline bool is_fp16(const struct hu_format *f)
{
    return is_ieee(f, 5, 10);
}

/* hu_kernel.streams of kernels whose rows are array/lanes*.h's. */
static inline bool lanes_stream(const struct conversion *c)
{
    if (is_fp32(c->from))
        return !layout_is_packed(c->to) && c->to->storage_bits <= 32;
    bool to_fp32 = is_fp32(c->to), at_random = c->options.direction == HU_STOCHASTIC;
    if (is_fp64(c->from))
        return (to_fp32 || is_fp16(c->to)) && !at_random;
    return to_fp32 && (is_fp16(c->from) || is_bf16(c->from) || is_tf32(c->from));
}

bool hu_chain_can(const struct stages *s, const struct conversion *c);
unsigned hu_chain_run(const struct stages *s, const struct conversion *c, void *dst,
                      const void *src, size_t n, uint64_t first);

#endif
