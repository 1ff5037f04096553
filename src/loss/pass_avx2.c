#include "pass.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define LANE_BYTES 32
#define FUSED(a, b, c) ((__typeof__(c))_mm256_fmadd_pd(a, b, c))
#define FUSES 1
#define FUSED_FP32(a, b, c) _mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c))
#define MAX_FP32(a, b) _mm256_max_epi32((__m256i)(a), (__m256i)(b))
#define MIN_FP32(a, b) _mm256_min_epi32((__m256i)(a), (__m256i)(b))
#define MAX_FP64(a, b) _mm256_max_pd((__m256d)(a), (__m256d)(b))
#define MIN_FP64(a, b) _mm256_min_pd((__m256d)(a), (__m256d)(b))
#define WIDE_AT(p) _mm256_cvtps_pd(_mm_loadu_ps(p))
#define LESSER_WORD(a, b) _mm256_min_epu32((__m256i)(a), (__m256i)(b))
#define ANY(w) !_mm256_testz_si256((__m256i)(w), (__m256i)(w))
#define PASSES hu_passes_avx2
#include "pass_types.h"

#endif
