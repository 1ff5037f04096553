#include "pass_sets.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { BYTES = 64 };

/* The biased exponents of 64 values, in whatever order. */
INLINE __m512i exponents_of(const char *at)
{
    const __m512i first = _mm512_set1_epi32(0xff);
    __m512i a = _mm512_srli_epi32(_mm512_loadu_si512(at), 23);
    __m512i b = _mm512_srli_epi32(_mm512_loadu_si512(at + BYTES), 15);
    __m512i c = _mm512_srli_epi32(_mm512_loadu_si512(at + 2 * BYTES), 7);
    __m512i d = _mm512_slli_epi32(_mm512_loadu_si512(at + 3 * BYTES), 1);
    enum { A_WHERE_MASK_ELSE_B = 0xca }; /* vpternlogd's imm8, the mask its first operand */
    __m512i low = _mm512_ternarylogic_epi32(first, a, b, A_WHERE_MASK_ELSE_B);
    __m512i high =
        _mm512_ternarylogic_epi32(_mm512_set1_epi32(0xff0000), c, d, A_WHERE_MASK_ELSE_B);
    return _mm512_ternarylogic_epi32(_mm512_set1_epi32(0xffff), low, high, A_WHERE_MASK_ELSE_B);
}

/* How many of the chunk's biased exponents are E, and how many E + 1. */
INLINE void count_two(const char *exponents, int e, uint32_t counts[2])
{
    __m512i one = _mm512_set1_epi8((char)e), other = _mm512_set1_epi8((char)(e + 1));
    int64_t ones = 0, others = 0;
    for (size_t i = 0; i < HU_CHUNK; i += BYTES) {
        __m512i some = _mm512_load_si512(exponents + i);
        ones += _mm_popcnt_u64(_mm512_cmpeq_epi8_mask(some, one));
        others += _mm_popcnt_u64(_mm512_cmpeq_epi8_mask(some, other));
    }
    counts[0] += (uint32_t)ones;
    counts[1] += (uint32_t)others;
}

/* How many of X have the biased exponent 0. */
INLINE uint32_t zero_exponents(const char *x, bool is_fp32)
{
    const __m512i field = is_fp32 ? _mm512_set1_epi32(0xff << 23)
                                  : _mm512_set1_epi64((int64_t)(UINT64_C(0x7ff) << 52));
    int64_t n = 0;
    for (size_t i = 0; i < HU_CHUNK * (is_fp32 ? 4 : 8); i += BYTES) {
        __m512i some = _mm512_loadu_si512(x + i);
        n += is_fp32 ? _mm_popcnt_u64(_mm512_testn_epi32_mask(some, field))
                     : _mm_popcnt_u64(_mm512_testn_epi64_mask(some, field));
    }
    return (uint32_t)n;
}

/* The biased exponents of 8 values of fp64 in the low halves of 64 bits, of another 8 in the high
 * ones, less BELOW. */
INLINE __m512i sixteen_of(const char *at, __m512i below)
{
    __m512i low = _mm512_srli_epi64(_mm512_loadu_si512(at), 32);
    __m512i words = _mm512_mask_blend_epi32(0xaaaa, low, _mm512_loadu_si512(at + BYTES));
    __m512i exponents = _mm512_srli_epi32(_mm512_slli_epi32(words, 1), 21);
    return _mm512_sub_epi32(exponents, below);
}

/* The biased exponents of 64 values of fp64 less BELOW, in whatever order; what is less than 0 is
 * 0, and what is more than a byte holds its greatest. */
INLINE __m512i near_exponents_of(const char *at, __m512i below)
{
    __m512i a = sixteen_of(at, below), b = sixteen_of(at + 2 * BYTES, below);
    __m512i c = sixteen_of(at + 4 * BYTES, below), d = sixteen_of(at + 6 * BYTES, below);
    return _mm512_packus_epi16(_mm512_packus_epi32(a, b), _mm512_packus_epi32(c, d));
}

/* Counts the exponents from FIRST to LAST, where EXPONENTS are less BELOW. Where there are
 * subnormals, the least normal is not known: whether all were met is seen then. */
INLINE bool count_all(const char *exponents, const void *x, bool is_fp32, int first, int last,
                      int below, bool subnormals, struct hu_pass_exponents *out)
{
    out->first = first;
    out->number = last - first + 1;
    memset(out->counts, 0, sizeof out->counts);
    for (int e = first; e <= last; e += 2)
        count_two(exponents, e - below, out->counts + (e - first));
    if (!subnormals)
        return true;
    uint32_t met = 0;
    for (int e = 0; e < out->number; e++)
        met += out->counts[e];
    return met + zero_exponents(x, is_fp32) == HU_CHUNK;
}

/* The exponents that are to be counted. False: too many. */
static bool exponents_to_count(const struct hu_pass_range *range, int fraction, int *first,
                               int *last, bool *subnormals)
{
    *first = (int)((range->least_nonzero + 1) >> fraction);
    *last = (int)(range->greatest >> fraction);
    *subnormals = !*first;
    if (*subnormals)
        *first = *last < HU_FEW ? 1 : *last - HU_FEW + 1;
    return *last - *first < HU_FEW;
}

TARGET static bool count_fp32(const void *x, const struct hu_pass_range *range,
                              struct hu_pass_exponents *out)
{
    int first, last;
    bool subnormals;
    if (!exponents_to_count(range, 23, &first, &last, &subnormals))
        return false;
    _Alignas(64) char exponents[HU_CHUNK];
    for (size_t i = 0; i < HU_CHUNK; i += BYTES)
        _mm512_store_si512(exponents + i, exponents_of((const char *)x + 4 * i));
    return count_all(exponents, x, true, first, last, 0, subnormals, out);
}

TARGET static bool count_fp64(const void *x, const struct hu_pass_range *range,
                              struct hu_pass_exponents *out)
{
    int first, last;
    bool subnormals;
    if (!exponents_to_count(range, 52, &first, &last, &subnormals))
        return false;
    _Alignas(64) char exponents[HU_CHUNK];
    __m512i below = _mm512_set1_epi32(first - 1);
    for (size_t i = 0; i < HU_CHUNK; i += BYTES)
        _mm512_store_si512(exponents + i, near_exponents_of((const char *)x + 8 * i, below));
    return count_all(exponents, x, false, first, last, first - 1, subnormals, out);
}

#undef TARGET
#undef INLINE

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
#define ROUND_TO_FP32(v) _mm512_cvtps_pd(_mm512_cvtpd_ps((__m512d)(v)))
#define LESSER_WORD(a, b) _mm512_min_epu32((__m512i)(a), (__m512i)(b))
#define ANY(w) _mm512_test_epi32_mask((__m512i)(w), (__m512i)(w))
#define COUNT count_fp32
#define PASSES hu_passes_fp32_avx512
#include "pass_fp32.h"
#define COUNT count_fp64
#define PASSES hu_passes_fp64_avx512
#include "pass_fp64.h"

#endif
