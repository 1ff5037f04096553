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

#define TO_BF16(name, kind, load, ...)                                                             \
    STAGE(name##_bf16, kind, load, ROUND_TOP, STORE_TOP16, NEAREST, __VA_ARGS__)
TO_BF16(fp32, fp32, LOAD_FP32, any_to_bf16(p, to, x))
TO_BF16(tf32, tf32, LOAD_TF32, any_to_bf16(p, to, x))
TO_BF16(fp16, fp16, LOAD_FP16, to_bf16(to, x))
TO_BF16(short, short, LOAD_SHORT, to_bf16(to, x))
TO_BF16(fp64, later, LOAD_FP64, load_fp64_twice(&k, &w, x, from); any_to_bf16(p, to, x))
TO_BF16(int32, later, LOAD_INT32, load_int32_twice(&k, &w, x, from); to_bf16(to, x))

static bool bf16_can(struct plan *p)
{
    static const struct stage *const stages[] = {&fp32_bf16,  &tf32_bf16, &fp16_bf16,
                                                 &short_bf16, &fp64_bf16, &int32_bf16};
    if (p->flags || p->options.saturate || p->options.direction != HU_TIES_TO_EVEN ||
        !is_ieee(p->to, 8, 7) || !hu_kernel_avx512.can(p))
        return false;
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (stages[i]->way.load == p->load) {
            p->first = stages[i]->run;
            p->second = NULL;
            return true;
        }
    return false;
}

const struct hu_kernel hu_kernel_avx512bf16 = {"avx512bf16", hu_x86_has_avx512_bf16, bf16_can};
