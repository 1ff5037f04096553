/* NEON: the portable lanes, and its conversions to and from FP16. */
#include "array/chain.h"

#include <arm_neon.h>
#include <string.h>

#define LANES_OWN_FP16
#include "array/lanes_portable.h"
#include "array/lanes.h"

typedef uint16x4_t fp16s;

#define cvt_fp16(x, rounding) vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)(x)))

INLINE fp16s fp16_to_odd(vec x, fp16s toward_zero)
{
    floats back = (floats)vcvt_f32_f16(vreinterpret_f16_u16(toward_zero));
    /* False for NaNs, which differ from themselves. */
    mask inexact = (back != (floats)x) & (back == back);
    return vorr_u16(toward_zero, vmovn_u32((uint32x4_t)((vec)inexact & splat(1))));
}

INLINE void store_fp16(void *at, fp16s codes)
{
    memcpy(at, &codes, sizeof codes);
}

#define stream_fp16 store_fp16

INLINE vec from_fp16(const void *at)
{
    uint16x4_t codes;
    memcpy(&codes, at, sizeof codes);
    return (vec)vcvt_f32_f16(vreinterpret_f16_u16(codes));
}

#include "array/lanes_fp16.h"
#include "array/lanes_widen.h"

static const struct stages stages = {widen_find, narrow_find_fp16, NULL, NULL};

static unsigned chain_row(const struct conversion *c, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    return hu_chain_run(&stages, c, dst, src, n, first);
}

/* Every aarch64 processor that runs this has Advanced SIMD. */
static bool runs(void)
{
    return true;
}

static row_function *find(const struct conversion *c)
{
    if (is_fp32(c->from) && fp16_can(c))
        return fp32_fp16_row;
    return hu_chain_can(&stages, c) ? chain_row : NULL;
}

const struct hu_kernel hu_kernel_neon = {"neon", runs, find, lanes_stream};
