/* What C's vectors give on any machine: SSE2 on x86-64, NEON on aarch64. */
#include "array/chain.h"

#include <string.h>

/* The lanes read and write memory in the machine's byte order, and arrays are little-endian. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#include "array/lanes_portable.h"
#include "array/lanes.h"
#include "array/lanes_widen.h"
#include "array/table.h"

/*
 * IEEE formats of 16 bits, to nearest: what SSE2 can do fastest. 2^(emax + 1), where greater
 * magnitudes and infinities are clamped, has infinity's code. The sum's exponent field and its
 * integer part are added where they stand: see narrow_magic.
 */
INLINE vec half_code(const struct narrow *k, vec x, bool away)
{
    vec finite = smaller_float(x & splat(~SIGN), splat(k->limit));
    vec power = (larger_float(finite, splat(k->least_normal)) & splat(INFINITE)) + splat(k->magic);
    vec sum = add_float(power, away ? finite | splat(1) : finite);
    vec integer = sum & splat((4u << (23 - k->drop)) - 1);
    return shift_right(sum, k->drop) + integer - splat((k->least_normal + k->magic) >> k->drop);
}

INLINE void half_step(const struct narrow *k, void *dst, const void *src, bool away)
{
    vec x[4], codes[4];
    VECTORS(x[i] = load((const char *)src + sizeof(vec) * i); codes[i] = half_code(k, x[i], away););
    vec nans = splat(0);
    PAIRS(nans |= (vec)either_is_nan(x[i], x[i + 1]););
    if (any((mask)nans)) {
        struct seen seen = {.flags = 0};
        VECTORS(codes[i] = narrow_any(k, x[i], splat(0), away ? HU_TIES_TO_AWAY : HU_TIES_TO_EVEN,
                                      false, &seen););
        store_codes(k, dst, codes, 16);
        return;
    }
    const half_lanes sign = splat_16(0x8000);
    PAIRS(half_lanes done = pack_small_halves(codes + i) | (pack_half_signs(x + i) & sign);
          memcpy((char *)dst + sizeof done * (i / 2), &done, sizeof done););
}

INLINE unsigned half_steps(const struct narrow *k, void *dst, const void *src, size_t n, bool away)
{
    struct narrow local = *k;
    const char *in = src;
    char *out = dst;
    size_t whole = n / STEP * STEP;
    for (size_t i = 0; i < whole; i += STEP) {
        if (!local.direct) {
            half_step(&local, out + 2 * i, in + 4 * i, away);
            continue;
        }
        uint16_t codes[STEP] __attribute__((aligned(sizeof(vec))));
        size_t at = turn(i, n, STEP);
        half_step(&local, codes, in + 4 * at, away);
        stream_out(out + 2 * at, codes, sizeof codes);
    }
    if (n > whole) {
        uint32_t rest[STEP] = {0};
        uint16_t codes[STEP];
        memcpy(rest, in + 4 * whole, 4 * (n - whole));
        half_step(&local, codes, rest, away);
        memcpy(out + 2 * whole, codes, 2 * (n - whole));
    }
    return 0;
}

static unsigned half_rne(const struct narrow *k, void *dst, const void *src, size_t n,
                         uint64_t first)
{
    (void)first;
    return half_steps(k, dst, src, n, false);
}

static unsigned half_rna(const struct narrow *k, void *dst, const void *src, size_t n,
                         uint64_t first)
{
    (void)first;
    return half_steps(k, dst, src, n, true);
}

static narrow_function *find_narrow(const struct conversion *c)
{
    bool half = c->to->width == 16 && c->to->specials == HU_SPECIALS_IEEE &&
                hu_narrow_kind(c->to) == NARROW_MAGIC;
    if (half && !c->flags && !c->options.saturate) {
        if (c->options.direction == HU_TIES_TO_EVEN)
            return half_rne;
        if (c->options.direction == HU_TIES_TO_AWAY)
            return half_rna;
    }
    return narrow_find(c);
}

static const struct stages stages = {widen_find, find_narrow, NULL, NULL};

static unsigned chain_row(const struct conversion *c, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    return hu_chain_run(&stages, c, dst, src, n, first);
}

static bool runs(void)
{
    return true;
}

static row_function *find(const struct conversion *c)
{
    if (hu_table_can(c))
        return hu_table_row;
    return hu_chain_can(&stages, c) ? chain_row : NULL;
}

const struct hu_kernel hu_kernel_portable = {"portable", runs, find, lanes_stream};

#endif
