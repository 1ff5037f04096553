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
#if defined(__x86_64__)
#include <immintrin.h>
#define MAX_FP32(a, b) _mm_max_ps((__m128)(a), (__m128)(b))
#define MIN_FP32(a, b) _mm_min_ps((__m128)(a), (__m128)(b))
#define MAX_FP64(a, b) _mm_max_pd((__m128d)(a), (__m128d)(b))
#define MIN_FP64(a, b) _mm_min_pd((__m128d)(a), (__m128d)(b))
#define WIDE_AT(p) _mm_cvtps_pd(_mm_castpd_ps(_mm_load_sd((const double *)(const void *)(p))))
#define ROUND_TO_FP32(v) _mm_cvtps_pd(_mm_cvtpd_ps((__m128d)(v)))
#endif
#define NAME(x) plain_fp32_##x
#include "pass_fp32.h"
#undef NAME
#define NAME(x) plain_fp64_##x
#include "pass_fp64.h"
#undef NAME
#undef TARGET
#undef LANE_BYTES
#undef FUSED
#undef FUSES
#undef MAX_FP32
#undef MIN_FP32
#undef MAX_FP64
#undef MIN_FP64
#undef WIDE_AT
#undef ROUND_TO_FP32

#if defined(__x86_64__)

#define TARGET __attribute__((target("avx2,fma")))
#define LANE_BYTES 32
#define FUSED(a, b, c) ((__typeof__(c))_mm256_fmadd_pd(a, b, c))
#define FUSES 1
#define MAX_FP32(a, b) _mm256_max_ps((__m256)(a), (__m256)(b))
#define MIN_FP32(a, b) _mm256_min_ps((__m256)(a), (__m256)(b))
#define MAX_FP64(a, b) _mm256_max_pd((__m256d)(a), (__m256d)(b))
#define MIN_FP64(a, b) _mm256_min_pd((__m256d)(a), (__m256d)(b))
#define WIDE_AT(p) _mm256_cvtps_pd(_mm_loadu_ps(p))
#define ROUND_TO_FP32(v) _mm256_cvtps_pd(_mm256_cvtpd_ps((__m256d)(v)))
#define NAME(x) avx2_fp32_##x
#include "pass_fp32.h"
#undef NAME
#define NAME(x) avx2_fp64_##x
#include "pass_fp64.h"
#undef NAME
#undef TARGET
#undef LANE_BYTES
#undef FUSED
#undef FUSES
#undef MAX_FP32
#undef MIN_FP32
#undef MAX_FP64
#undef MIN_FP64
#undef WIDE_AT
#undef ROUND_TO_FP32

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define LANE_BYTES 64
#define FUSED(a, b, c) ((__typeof__(c))_mm512_fmadd_pd(a, b, c))
#define FUSES 1
#define MAX_FP32(a, b) _mm512_max_ps((__m512)(a), (__m512)(b))
#define MIN_FP32(a, b) _mm512_min_ps((__m512)(a), (__m512)(b))
#define MAX_FP64(a, b) _mm512_max_pd((__m512d)(a), (__m512d)(b))
#define MIN_FP64(a, b) _mm512_min_pd((__m512d)(a), (__m512d)(b))
#define WIDE_AT(p) _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define ROUND_TO_FP32(v) _mm512_cvtps_pd(_mm512_cvtpd_ps((__m512d)(v)))
#define COUNT pass_count_fp32_avx512
#define NAME(x) avx512_fp32_##x
#include "pass_fp32.h"
#undef NAME
#define COUNT pass_count_fp64_avx512
#define NAME(x) avx512_fp64_##x
#include "pass_fp64.h"
#undef NAME

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
