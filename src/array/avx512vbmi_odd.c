/*
 * Elements of 32 and 64 bits as FP16 rounded to odd, so that one more rounding to few bits, which
 * is by cells, is as one (Boldo and Melquiond, 2008).
 */
#define LANES_ALL_BYTES
#include "array/lanes_avx512.h"
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_load.h"
/* clang-format on */

/* FP32's words toward zero, with the bit LAST set where any BELOW it are; of FP64, from what that
 * has below. KEPT: what is not rubbish. */
struct odd {
    vec last, below, kept;
    longs below_64;
};

INLINE struct odd hold_odd(const struct plan *p)
{
    const uint32_t last = p->cells.odd;
    return (struct odd){splat(last), splat(last - 1), splat(UINT32_MAX << p->from->storage_shift),
                        longs_of(((uint64_t)last << FP64_DROP) - 1)};
}

INLINE vec set_last(vec x, mask inexact, const struct odd *odd)
{
    return (vec)_mm512_mask_or_epi32((__m512i)x, inexact, (__m512i)x, (__m512i)odd->last);
}

INLINE vec odd_of_word(vec x, const struct odd *odd)
{
    return set_last(x, _mm512_test_epi32_mask((__m512i)x, (__m512i)odd->below), odd);
}

INLINE vec odd_of_doubles(const char *at, const struct odd *odd)
{
    const longs low = load_longs(at), high = load_longs(at + sizeof(longs));
    const __m512i below = (__m512i)odd->below_64;
    const mask inexact = _mm512_kunpackb(_mm512_test_epi64_mask((__m512i)high, below),
                                         _mm512_test_epi64_mask((__m512i)low, below));
    return set_last(narrow_toward_zero(low, high), inexact, odd);
}

/* Where a signaling NaN is to raise what it does, a comparison does it. */
INLINE vec odd_neighbours(const char *at, bool raises)
{
    const longs low = load_longs(at), high = load_longs(at + sizeof(longs));
    if (raises)
        __asm__ volatile("" : : "k"(_mm512_cmp_pd_mask((doubles)low, (doubles)high, _CMP_UNORD_Q)));
    return odd_neighbour(low, high);
}

/* All finite numbers to odd. */
INLINE fp16s exactly_odd(vec x)
{
    return fp16_to_odd(x, cvt_fp16(x, FP16_TOWARD_ZERO));
}

/* Stages of elements of SIZE bytes. What has not FP16's exponents overflows, as it does in any
 * target, of which to odd leaves no trace but the hardware's. */
#define TO_FP16(name, size, ...)                                                                   \
    TARGET static __attribute__((noinline)) void name(const struct plan *p, struct carried *c,     \
                                                      void *dst, const void *src, size_t steps)    \
    {                                                                                              \
        UNUSED const struct odd odd = hold_odd(p);                                                 \
        const char *from = src;                                                                    \
        for (char *to = dst; steps; steps--, to += 2 * STEP, from += (size)*STEP)                  \
            VECTORS(const char *at = from + i * (size)*LANES;                                      \
                    store_fp16(to + i * sizeof(fp16s), __VA_ARGS__););                             \
        if (p->flags && environment_raised() & HU_OVERFLOW)                                        \
            c->raised |= HU_OVERFLOW | HU_INEXACT;                                                 \
    }

/* To odd: as exactly as the nearest needs it, by FP32 to odd, and wholly. In the direction of the
 * environment, in which the next rounding goes on: what overflows does as infinity does there. */
#define NEAR(word) cvt_fp16(word, FP16_TOWARD_ZERO)
#define EXACT(word) exactly_odd(word)
#define ALONG(word) cvt_fp16(word, FP16_AROUND)
TO_FP16(fp32_near, 4, NEAR(odd_of_word(load(at), &odd)))
TO_FP16(fp32_exact, 4, EXACT(load(at)))
TO_FP16(fp32_along, 4, ALONG(load(at)))
TO_FP16(tf32_near, 4, NEAR(odd_of_word(load(at) & odd.kept, &odd)))
TO_FP16(tf32_exact, 4, EXACT(load(at) & odd.kept))
TO_FP16(tf32_along, 4, ALONG(load(at) & odd.kept))
TO_FP16(fp64_near, 8, NEAR(odd_of_doubles(at, &odd)))
TO_FP16(fp64_twice, 8, EXACT(odd_of_doubles(at, &odd)))
TO_FP16(fp64_exact, 8, EXACT(odd_neighbours(at, false)))
TO_FP16(fp64_watching, 8, EXACT(odd_neighbours(at, true)))
TO_FP16(fp64_along, 8, ALONG(narrow_doubles(load_longs(at), load_longs(at + sizeof(longs)))))
TO_FP16(int32_near, 4, NEAR(odd_of_word(from_integer(load(at)), &odd)))
TO_FP16(int32_exact, 4, EXACT(from_integer(load(at))))
TO_FP16(uint32_near, 4, NEAR(odd_of_word((vec)_mm512_cvtepu32_ps((__m512i)load(at)), &odd)))
TO_FP16(uint32_exact, 4, EXACT((vec)_mm512_cvtepu32_ps((__m512i)load(at))))

stage_function *PART(odd_look)(const struct plan *p)
{
    enum { OF_NEAR, OF_TWICE, OF_EXACT, OF_ALONG, OF_ALL };
    static stage_function *const stages[][OF_ALL] = {
        {fp32_near, fp32_exact, fp32_exact, fp32_along},
        {tf32_near, tf32_exact, tf32_exact, tf32_along},
        {fp64_near, fp64_twice, fp64_exact, fp64_along},
        {int32_near, int32_exact, int32_exact, int32_exact},
        {uint32_near, uint32_exact, uint32_exact, uint32_exact}};
    const struct hu_format *from = p->from;
    const int row = hu_is_integer(from)        ? 4 - hu_is_signed(from)
                    : from->storage_bits == 64 ? 2
                                               : from->storage_shift > 0;
    const enum hu_direction direction = p->options.direction;
    const int way = p->cells.odd > 1                     ? OF_NEAR
                    : p->flags || direction == HU_TO_ODD ? OF_EXACT
                    : direction <= HU_TIES_TO_AWAY       ? OF_TWICE
                                                         : OF_ALONG;
    return p->flags && row == 2 ? fp64_watching : stages[row][way];
}
