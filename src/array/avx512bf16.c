/* AVX-512 BF16: its conversion takes FP32's subnormals for zeros, so vectors with any go another
 * way; none comes of FP16, or of integers. */
#include "array/x86.h"

#define LANES_BF16
#include "array/lanes_avx512.h"
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_store.h"
#include "array/lanes_load.h"
#include "array/lanes_stage.h"
#include "array/lanes_twice.h"
/* clang-format on */

INLINE bool any_subnormal(const vec x[4])
{
    enum { SUBNORMAL = 0x20 }; /* vfpclassps's imm8 */
    mask found = 0;
    VECTORS(found |= _mm512_fpclass_ps_mask((__m512)x[i], SUBNORMAL););
    return found;
}

TARGET static __attribute__((noinline)) void subnormal_step(const struct narrow *k, void *dst,
                                                            const vec words[4])
{
    vec x[4];
    VECTORS(x[i] = pick(is_nan(words[i]), words[i] | splat(QUIET),
                        round_top(k, words[i], splat(0), false)););
    store_top(k, dst, x, STORE_TOP16);
}

INLINE void to_bf16(void *dst, const vec x[4])
{
    PAIRS(half_lanes codes = (half_lanes)_mm512_cvtne2ps_pbh((__m512)x[i + 1], (__m512)x[i]);
          memcpy((char *)dst + sizeof codes * (i / 2), &codes, sizeof codes););
}

INLINE void any_to_bf16(const struct plan *p, void *dst, const vec x[4])
{
    if (__builtin_expect(any_subnormal(x), 0)) {
        vec copy[4];
        VECTORS(copy[i] = x[i];);
        subnormal_step(&p->k, dst, copy);
    } else {
        to_bf16(dst, x);
    }
}

INLINE void watched_to_bf16(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                            bool special, struct seen *seen)
{
    if (__builtin_expect(special, 0)) {
        take_care(p, x, NULL, ROUND_TOP, seen);
        store_top(k, dst, x, STORE_TOP16);
        return;
    }
    if (!(seen->flags & HU_INEXACT))
        find_inexact(seen, (x[0] | x[1] | x[2] | x[3]) & splat(k->low));
    any_to_bf16(p, dst, x);
}

#define TO_BF16(name, kind, load, care, ...)                                                       \
    STAGE(name##_bf16, kind, load, ROUND_TOP, STORE_TOP16, care, __VA_ARGS__)
TO_BF16(fp32, fp32, LOAD_FP32, NEAREST, any_to_bf16(p, to, x))
TO_BF16(tf32, tf32, LOAD_TF32, NEAREST, any_to_bf16(p, to, x))
TO_BF16(fp16, fp16, LOAD_FP16, NEAREST, to_bf16(to, x))
TO_BF16(short, short, LOAD_SHORT, NEAREST, to_bf16(to, x))
TO_BF16(fp64, later, LOAD_FP64, NEAREST, load_fp64_twice(&k, &w, x, from); any_to_bf16(p, to, x))
TO_BF16(int32, later, LOAD_INT32, NEAREST, load_int32_twice(&k, &w, x, from); to_bf16(to, x))
TO_BF16(watched_fp32, fp32, LOAD_FP32, WATCHING,
        watched_to_bf16(p, &k, to, x, any_outside(&seen, x, true), &seen))
TO_BF16(watched_tf32, tf32, LOAD_TF32, WATCHING,
        watched_to_bf16(p, &k, to, x, any_outside(&seen, x, true), &seen))
TO_BF16(watched_short, short, LOAD_SHORT, WATCHING,
        watched_to_bf16(p, &k, to, x, any_half_above(from, w.shift, 0x7bff), &seen))

static const struct stage *const stages[] = {
    &fp32_bf16,  &tf32_bf16,         &fp16_bf16,         &short_bf16,         &fp64_bf16,
    &int32_bf16, &watched_fp32_bf16, &watched_tf32_bf16, &watched_short_bf16, NULL};

/* Instead of the stage that AVX-512's plan ends with; bytes have tables. */
static bool bf16_can(struct plan *p)
{
    if (p->from->width <= 8 || p->options.saturate || p->options.direction != HU_TIES_TO_EVEN ||
        !is_ieee(p->to, 8, 7) || !hu_kernel_avx512.can(p) || p->round != ROUND_TOP)
        return false;
    enum load load = p->second ? LOAD_FP32 : p->load;
    if (load == LOAD_FP16 && p->care == WATCHING)
        load = LOAD_SHORT;
    for (const struct stage *const *s = stages; *s; s++)
        if ((*s)->way.load == load && (*s)->way.care == p->care) {
            *(p->second ? &p->second : &p->first) = (*s)->run;
            return true;
        }
    return false;
}

const struct hu_kernel hu_kernel_avx512bf16 = {"avx512bf16", hu_x86_has_avx512_bf16, bf16_can};
