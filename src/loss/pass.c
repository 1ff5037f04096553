#include "pass.h"
#include "array/array.h"

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
#endif
#define PASSES hu_passes_plain
#include "pass_types.h"

/* Kernels of one set of registers begin with its name. */
const struct hu_passes *hu_passes_of(const char *name, enum hu_pass_type type)
{
#if defined(__x86_64__)
    if (!strncmp(name, "avx512", 6))
        return hu_passes_avx512[type];
    if (!strncmp(name, "avx2", 4) && __builtin_cpu_supports("fma"))
        return hu_passes_avx2[type];
#endif
    (void)name;
    return hu_passes_plain[type];
}

const struct hu_passes *hu_passes(enum hu_pass_type type)
{
    return hu_passes_of(hu_kernel_name(hu_kernel_chosen()), type);
}
