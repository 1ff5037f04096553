#include "array/chain.h"
#include "array/layout.h"

/* The words of a block and its codes take half of a first-level cache. */
enum { BLOCK = 2048 };

/* Rounding to odd on the way hides how far a random number reaches. */
static bool is_at_random(const struct conversion *c)
{
    return is_fp64(c->from) && c->options.direction == HU_STOCHASTIC;
}

/* What rounds to the words that stages.at_random gives: to nearest, which overflows alike. */
static struct conversion after_random(const struct conversion *c)
{
    struct conversion next = *c;
    next.options.direction = HU_TIES_TO_EVEN;
    next.options.tininess_before = false;
    return next;
}

static bool can_at_random(const struct stages *s, const struct conversion *c)
{
    if (!s->at_random)
        return false;
    if (is_fp32(c->to))
        return !c->options.saturate;
    struct conversion next = after_random(c);
    return c->to->specials != HU_SPECIALS_SCALE && s->narrow(&next) != NULL;
}

bool hu_chain_can(const struct stages *s, const struct conversion *c)
{
    if (is_at_random(c))
        return can_at_random(s, c);
    bool from_fp32 = is_fp32(c->from);
    if (!from_fp32 && !s->widen(c->from, c->flags))
        return false;
    if (is_fp64(c->to))
        return s->to_fp64 && !is_fp64(c->from) && !c->options.saturate;
    if (is_fp32(c->to))
        return !from_fp32 && !is_fp64(c->from) && !c->options.saturate;
    return s->narrow(c) != NULL;
}

static void pack(const struct hu_format *to, void *dst, const unsigned char *codes, size_t n)
{
    unsigned char *out = dst;
    size_t i = 0;
    if (to->storage_bits == 4) {
        for (; i + 2 <= n; i += 2)
            out[i / 2] = (unsigned char)(codes[i] | codes[i + 1] << 4);
    } else {
        for (; i + 4 <= n; i += 4) {
            uint32_t four = codes[i] | (uint32_t)codes[i + 1] << 6 | (uint32_t)codes[i + 2] << 12 |
                            (uint32_t)codes[i + 3] << 18;
            for (int b = 0; b < 3; b++)
                out[i / 4 * 3 + (size_t)b] = (unsigned char)(four >> 8 * b);
        }
    }
    for (; i < n; i++)
        layout_set_packed(out, to->width, i, codes[i]);
}

static unsigned narrow_block(const struct stages *s, const struct conversion *c,
                             const struct narrow *k, void *dst, const void *words, size_t n,
                             uint64_t first)
{
    if (is_fp64(c->to))
        return s->to_fp64(dst, words, n);
    narrow_function *narrow = s->narrow(c);
    if (!layout_is_packed(c->to))
        return narrow(k, dst, words, n, first);
    unsigned char codes[BLOCK];
    unsigned flags = narrow(k, codes, words, n, first);
    pack(c->to, dst, codes, n);
    return flags;
}

static unsigned run_at_random(const struct stages *s, const struct conversion *c, void *dst,
                              const void *src, size_t n, uint64_t first)
{
    if (is_fp32(c->to))
        return s->at_random(c, dst, src, n, first);
    struct conversion next = after_random(c);
    struct narrow k = hu_narrow_for(c->to, &next.options);
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t count = n - done < BLOCK ? n - done : BLOCK;
        uint32_t words[BLOCK] __attribute__((aligned(64)));
        const char *in = (const char *)src + hu_array_bytes(c->from, done);
        flags |= s->at_random(c, words, in, count, first + done);
        char *out = (char *)dst + hu_array_bytes(c->to, done);
        flags |= narrow_block(s, &next, &k, out, words, count, first + done);
    }
    return flags;
}

/* Values below zero are invalid in a scale and never overflow, which the way from FP64 to FP32 says
 * of those beyond FP32. */
static unsigned scale_flags(const void *src, size_t n, unsigned flags)
{
    const uint64_t beyond = UINT64_C(0x47f0000000000000), infinite = UINT64_C(0x7ff0000000000000);
    if (!(flags & HU_OVERFLOW))
        return flags;
    flags &= HU_INVALID;
    for (size_t i = 0; i < n; i++)
        if (layout_word((const unsigned char *)src + 8 * i, 64) - beyond < infinite - beyond)
            return flags | HU_OVERFLOW | HU_INEXACT;
    return flags;
}

unsigned hu_chain_run(const struct stages *s, const struct conversion *c, void *dst,
                      const void *src, size_t n, uint64_t first)
{
    if (is_at_random(c))
        return run_at_random(s, c, dst, src, n, first);
    widen_function *widen = is_fp32(c->from) ? NULL : s->widen(c->from, c->flags);
    if (is_fp32(c->to))
        return widen(dst, src, n, c->direct);
    struct narrow k = {0};
    if (!is_fp64(c->to))
        k = hu_narrow_for(c->to, &c->options);
    k.direct = c->direct && !widen;
    if (!widen && !layout_is_packed(c->to))
        return narrow_block(s, c, &k, dst, src, n, first);
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t count = n - done < BLOCK ? n - done : BLOCK;
        const void *words = (const char *)src + hu_array_bytes(c->from, done);
        uint32_t block[BLOCK] __attribute__((aligned(64)));
        if (widen) {
            unsigned raised = widen(block, words, count, false);
            bool scale = is_fp64(c->from) && c->to->specials == HU_SPECIALS_SCALE;
            flags |= scale && c->flags ? scale_flags(words, count, raised) : raised;
            words = block;
        }
        char *out = (char *)dst + hu_array_bytes(c->to, done);
        flags |= narrow_block(s, c, &k, out, words, count, first + done);
    }
    return flags;
}
