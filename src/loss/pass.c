#include "pass.h"
#include "array/array.h"
#include "pass_avx512.h"

#include <stdlib.h>
#include <string.h>

#if defined(__clang__)
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED _Pragma("GCC unroll 8")
#endif

#define TARGET
#define LANE_BYTES 16
#define FUSED(a, b, c) ((a) * (b) + (c))
#define FUSES 0
#define NAME(x) plain_fp32_##x
#include "pass_fp32.h"
#undef NAME
#define NAME(x) plain_fp64_##x
#include "pass_fp64.h"
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
#define NAME(x) avx2_fp32_##x
#include "pass_fp32.h"
#undef NAME
#define NAME(x) avx2_fp64_##x
#include "pass_fp64.h"
#undef NAME
#undef TARGET

#undef LANE_BYTES
#define LANE_BYTES 64
#undef FUSED
#define FUSED(a, b, c) ((__typeof__(c))_mm512_fmadd_pd(a, b, c))
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define NEAR pass_near_fp32_avx512
#define NEAR_IS_LONG true
#define COUNT pass_count_fp32_avx512
#define NAME(x) avx512_fp32_##x
#include "pass_fp32.h"
#undef NAME
#define NEAR pass_near_fp64_avx512
#define NEAR_IS_LONG true
#define COUNT pass_count_fp64_avx512
#define NAME(x) avx512_fp64_##x
#include "pass_fp64.h"
#undef NAME
#undef TARGET

#endif

const struct hu_passes *hu_passes_of(const char *name, bool is_fp32)
{
#if defined(__x86_64__)
    /* Kernels of one set of registers begin with its name. */
    if (!strncmp(name, "avx512", 6))
        return is_fp32 ? &avx512_fp32_passes : &avx512_fp64_passes;
    if (!strncmp(name, "avx2", 4) && __builtin_cpu_supports("fma"))
        return is_fp32 ? &avx2_fp32_passes : &avx2_fp64_passes;
#endif
    (void)name;
    return is_fp32 ? &plain_fp32_passes : &plain_fp64_passes;
}

const struct hu_passes *hu_passes(bool is_fp32)
{
    return hu_passes_of(hu_kernel_name(hu_kernel_chosen()), is_fp32);
}
