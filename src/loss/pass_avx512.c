#include "pass.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define LANE_BYTES 64
#define FUSED(a, b, c) ((__typeof__(c))_mm512_fmadd_pd(a, b, c))
#define FUSES 1
#define FUSED_FP32(a, b, c) _mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c))
#define MAX_FP32(a, b) _mm512_max_epi32((__m512i)(a), (__m512i)(b))
#define MIN_FP32(a, b) _mm512_min_epi32((__m512i)(a), (__m512i)(b))
#define MAX_FP64(a, b) _mm512_max_epi64((__m512i)(a), (__m512i)(b))
#define MIN_FP64(a, b) _mm512_min_epi64((__m512i)(a), (__m512i)(b))
#define WIDE_AT(p) _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define TO_ZERO (_MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
#define TO_POSITIVE (_MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)
#define SUM_DOWN_FP32(a, b) _mm512_add_round_ps((__m512)(a), (__m512)(b), TO_ZERO)
#define SUM_DOWN_FP64(a, b) _mm512_add_round_pd((__m512d)(a), (__m512d)(b), TO_ZERO)
#define SUM_UP_FP32(a, b) _mm512_add_round_ps((__m512)(a), (__m512)(b), TO_POSITIVE)
#define SUM_UP_FP64(a, b) _mm512_add_round_pd((__m512d)(a), (__m512d)(b), TO_POSITIVE)
#define BY_SIGN_FP32(sign, yes, no)                                                                \
    _mm512_mask_mov_ps(no, _mm512_movepi32_mask((__m512i)(sign)), (__m512)(yes))
#define BY_SIGN_FP64(sign, yes, no)                                                                \
    _mm512_mask_mov_pd(no, _mm512_movepi64_mask((__m512i)(sign)), (__m512d)(yes))
#define LESSER_WORD(a, b) _mm512_min_epu32((__m512i)(a), (__m512i)(b))
#define ANY(w) _mm512_test_epi32_mask((__m512i)(w), (__m512i)(w))
#define PASSES hu_passes_avx512
#include "pass_types.h"

#endif
