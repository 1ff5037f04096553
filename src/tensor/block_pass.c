#include "block_pass.h"
#include "array/array.h"
#include "block_avx512.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__clang__)
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 8")
#endif

bool hu_block_has_room(const struct hu_block_near *b, int fraction, int bias)
{
    int room = fraction - b->trailing_bits, top = (int)(b->range.greatest >> fraction) - bias;
    if (b->divisor != 0) {
        const int far = 400;
        int least = (int)((b->range.least_nonzero + 1) >> fraction) - bias;
        int exponent = ilogb(b->divisor);
        if (fraction != 52 || (b->range.greatest && least < -far) || top > far ||
            abs(exponent) > far)
            return false;
        top += 1 - exponent;
    }
    int low = b->emin, high = b->emin;
    for (int i = 0; b->scales && i < HU_SCALES; i++) {
        int emin = b->emin + b->scales[i];
        low = emin < low ? emin : low;
        high = emin > high ? emin : high;
    }
    return low >= 1 - bias && room >= 1 && top + room <= bias && high + room <= bias;
}

#define TARGET
#define LANE_BYTES 16
#define FUSED(a, b, c) ((a) * (b) + (c))
#define FUSES 0
#define NAME(x) plain_single_##x
#include "block_single.h"
#undef NAME
#define NAME(x) plain_double_##x
#include "block_double.h"
#undef NAME
#undef TARGET

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#undef LANE_BYTES
#define LANE_BYTES 32
#undef FUSED
#undef FUSES
#define FUSES 1
#define FUSED(a, b, c) ((__typeof__(c))_mm256_fmadd_pd(a, b, c))
#define NAME(x) avx2_single_##x
#include "block_single.h"
#undef NAME
#define NAME(x) avx2_double_##x
#include "block_double.h"
#undef NAME
#undef TARGET

#undef LANE_BYTES
#define LANE_BYTES 64
#undef FUSED
#define FUSED(a, b, c) ((__typeof__(c))_mm512_fmadd_pd(a, b, c))
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define NEAR block_near_avx512
#define NEAR_IS_LONG true
#define COUNT block_count_avx512
#define NAME(x) avx512_single_##x
#include "block_single.h"
#undef NAME
#define NEAR block_near_double_avx512
#define NEAR_IS_LONG true
#define COUNT block_count_double_avx512
#define NAME(x) avx512_double_##x
#include "block_double.h"
#undef NAME
#undef TARGET

#endif

const struct hu_block_passes *hu_block_passes_of(const char *name, bool single)
{
#if defined(__x86_64__)
    /* Kernels of one set of registers begin with its name. */
    if (!strncmp(name, "avx512", 6))
        return single ? &avx512_single_passes : &avx512_double_passes;
    if (!strncmp(name, "avx2", 4) && __builtin_cpu_supports("fma"))
        return single ? &avx2_single_passes : &avx2_double_passes;
#endif
    (void)name;
    return single ? &plain_single_passes : &plain_double_passes;
}

const struct hu_block_passes *hu_block_passes(bool single)
{
    return hu_block_passes_of(hu_kernel_name(hu_kernel_chosen()), single);
}
