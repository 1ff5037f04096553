/* AVX-512 BF16: its conversion takes FP32's subnormals for zeros, so vectors with any go another
 * way; none comes of FP16. */
#include "array/x86.h"

#include "array/lanes_avx512.h"
#include "array/lanes.h"
#include "array/lanes_round.h"

#define BF16 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,f16c,avx512bf16")))

BF16 static inline __attribute__((always_inline)) void bf16_step(const struct narrow *k, void *dst,
                                                                 const void *src)
{
    enum { SUBNORMAL = 0x20 }; /* vfpclassps's imm8 */
    vec x[2] = {load(src), load((const char *)src + sizeof(vec))};
    __mmask16 low = _mm512_fpclass_ps_mask((__m512)x[0], SUBNORMAL);
    __mmask16 high = _mm512_fpclass_ps_mask((__m512)x[1], SUBNORMAL);
    half_lanes codes = (half_lanes)_mm512_cvtne2ps_pbh((__m512)x[1], (__m512)x[0]);
    if (__builtin_expect(!_kortestz_mask16_u8(low, high), 0)) {
        for (int i = 0; i < 2; i++)
            x[i] = pick(is_nan(x[i]), x[i] | splat(QUIET), round_top(k, x[i], splat(0), false));
        codes = pack_top_halves(x);
    }
    memcpy(dst, &codes, sizeof codes);
}

BF16 static inline __attribute__((always_inline)) void fp16_step(const struct widen *w, void *dst,
                                                                 const void *src)
{
    vec low = from_fp16(src, w->shift);
    vec high = from_fp16((const char *)src + sizeof(vec) / 2, w->shift);
    half_lanes codes = (half_lanes)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    memcpy(dst, &codes, sizeof codes);
}

BF16 static inline __attribute__((always_inline)) void
step_of(bool words, const struct narrow *k, const struct widen *w, void *dst, const void *src)
{
    if (words)
        bf16_step(k, dst, src);
    else
        fp16_step(w, dst, src);
}

BF16 static unsigned bf16_row(const struct plan *p, void *dst, const void *src, size_t n,
                              uint64_t first)
{
    (void)first;
    const struct narrow k = p->k;
    const struct widen w = p->w;
    const bool words = p->load == LOAD_FP32;
    const size_t step = 2 * LANES, in = words ? 4 : 2;
    size_t whole = n / step * step;
    for (size_t i = 0; i < whole; i += step) {
        if (!p->direct) {
            step_of(words, &k, &w, (char *)dst + 2 * i, (const char *)src + in * i);
            continue;
        }
        uint16_t codes[2 * LANES] __attribute__((aligned(sizeof(vec))));
        size_t at = turn(i, n, step);
        fetch_ahead(true, (const char *)src + in * at, in * step);
        step_of(words, &k, &w, codes, (const char *)src + in * at);
        stream_out((char *)dst + 2 * at, codes, sizeof codes);
    }
    if (n > whole) {
        uint32_t rest[2 * LANES] = {0};
        uint16_t codes[2 * LANES];
        memcpy(rest, (const char *)src + in * whole, in * (n - whole));
        step_of(words, &k, &w, codes, rest);
        memcpy((char *)dst + 2 * whole, codes, 2 * (n - whole));
    }
    return 0;
}

static bool bf16_can(struct plan *p)
{
    static const struct abilities abilities = {.row = bf16_row, .fp16 = true};
    bool plain = !p->flags && !p->options.saturate && p->options.direction == HU_TIES_TO_EVEN;
    return plain && is_ieee(p->to, 8, 7) && hu_plan_lanes(p, &abilities) &&
           (p->load == LOAD_FP32 || p->load == LOAD_FP16 || p->load == LOAD_SHORT);
}

const struct hu_kernel hu_kernel_avx512bf16 = {"avx512bf16", hu_x86_has_avx512_bf16, bf16_can};
