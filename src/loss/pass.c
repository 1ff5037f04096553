#include "pass.h"
#include "array/array.h"
#include "pass_sets.h"

#include <stdlib.h>
#include <string.h>

#define TARGET
#define LANE_BYTES 16
#define FUSED(a, b, c) ((a) * (b) + (c))
#define FUSES 0
#if defined(__x86_64__)
#include <immintrin.h>
#define MAX_FP32(a, b) _mm_max_ps((__m128)(a), (__m128)(b))
#define MIN_FP32(a, b) _mm_min_ps((__m128)(a), (__m128)(b))
#define MAX_FP64(a, b) _mm_max_pd((__m128d)(a), (__m128d)(b))
#define MIN_FP64(a, b) _mm_min_pd((__m128d)(a), (__m128d)(b))
#define WIDE_AT(p) _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64((const void *)(p))))
#define ROUND_TO_FP32(v) _mm_cvtps_pd(_mm_cvtpd_ps((__m128d)(v)))
#endif
#define PASSES hu_passes_fp32_plain
#include "pass_fp32.h"
#define PASSES hu_passes_fp64_plain
#include "pass_fp64.h"
#define PASSES hu_passes_bf16_plain
#include "pass_bf16.h"

const struct hu_passes *hu_passes_of(const char *name, bool is_fp32)
{
#if defined(__x86_64__)
    /* Kernels of one set of registers begin with its name. */
    if (!strncmp(name, "avx512", 6))
        return is_fp32 ? &hu_passes_fp32_avx512 : &hu_passes_fp64_avx512;
    if (!strncmp(name, "avx2", 4) && __builtin_cpu_supports("fma"))
        return is_fp32 ? &hu_passes_fp32_avx2 : &hu_passes_fp64_avx2;
#endif
    (void)name;
    return is_fp32 ? &hu_passes_fp32_plain : &hu_passes_fp64_plain;
}

const struct hu_passes *hu_passes(bool is_fp32)
{
    return hu_passes_of(hu_kernel_name(hu_kernel_chosen()), is_fp32);
}

const struct hu_passes *hu_passes_bf16(void)
{
#if defined(__x86_64__)
    if (!strncmp(hu_kernel_name(hu_kernel_chosen()), "avx", 3))
        return &hu_passes_bf16_avx2;
#endif
    return &hu_passes_bf16_plain;
}
