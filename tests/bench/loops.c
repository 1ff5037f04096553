/*
 * What one would write by hand for the big formats: the conversion instruction in a loop, and out
 * of cache with stores past the caches. NaNs and flags are left as the instruction has them.
 */
#include "loops.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>
#include <stdint.h>

#define LOOP(name, step, in, out, type, ...)                                                       \
    __attribute__((target("avx2,f16c"))) static void name(const void *src, void *dst, size_t n)    \
    {                                                                                              \
        for (size_t i = 0; i + (step) <= n; i += (step)) {                                         \
            const char *at = (const char *)src + i * (in);                                         \
            *(type *)(void *)((char *)dst + i * (out)) = (__VA_ARGS__);                            \
        }                                                                                          \
    }                                                                                              \
    __attribute__((target("avx2,f16c"))) static void name##_stream(const void *src, void *dst,     \
                                                                   size_t n)                       \
    {                                                                                              \
        for (size_t i = 0; i + (step) <= n; i += (step)) {                                         \
            const char *at = (const char *)src + i * (in);                                         \
            type codes = (__VA_ARGS__);                                                            \
            __m128i parts[sizeof codes / 16];                                                      \
            memcpy(parts, &codes, sizeof codes);                                                   \
            __builtin_prefetch(at + 1024, 0, 2);                                                   \
            for (size_t p = 0; p < sizeof codes / 16; p++)                                         \
                _mm_stream_si128((__m128i *)(void *)((char *)dst + i * (out)) + p, parts[p]);      \
        }                                                                                          \
        _mm_sfence();                                                                              \
    }

typedef __m128i half_vector __attribute__((aligned(1)));
typedef __m256i whole_vector __attribute__((aligned(1)));

#define SINGLES(offset) _mm256_loadu_ps((const float *)(const void *)(at + (offset)))
#define CODES(offset) _mm_loadu_si128((const __m128i *)(const void *)(at + (offset)))

__attribute__((target("avx2"))) static inline __m256i to_bf16(__m256i x)
{
    __m256i odd = _mm256_and_si256(_mm256_srli_epi32(x, 16), _mm256_set1_epi32(1));
    return _mm256_srli_epi32(_mm256_add_epi32(x, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))),
                             16);
}

LOOP(fp32_fp16, 8, 4, 2, half_vector, _mm256_cvtps_ph(SINGLES(0), 0))
LOOP(fp16_fp32, 8, 2, 4, whole_vector, _mm256_castps_si256(_mm256_cvtph_ps(CODES(0))))
LOOP(bf16_fp32, 8, 2, 4, whole_vector, _mm256_slli_epi32(_mm256_cvtepu16_epi32(CODES(0)), 16))
LOOP(fp64_fp32, 4, 8, 4, half_vector,
     _mm_castps_si128(_mm256_cvtpd_ps(_mm256_loadu_pd((const double *)(const void *)at))))
LOOP(fp32_bf16, 16, 4, 2, whole_vector,
     _mm256_permute4x64_epi64(_mm256_packus_epi32(to_bf16(_mm256_castps_si256(SINGLES(0))),
                                                  to_bf16(_mm256_castps_si256(SINGLES(32)))),
                              0xd8))

static const struct {
    const char *from, *to;
    array_function *cached, *stream;
} loops[] = {
    {"fp32", "fp16", fp32_fp16, fp32_fp16_stream}, {"fp16", "fp32", fp16_fp32, fp16_fp32_stream},
    {"fp32", "bf16", fp32_bf16, fp32_bf16_stream}, {"bf16", "fp32", bf16_fp32, bf16_fp32_stream},
    {"fp64", "fp32", fp64_fp32, fp64_fp32_stream},
};

array_function *bench_loop(const char *from, const char *to, bool out_of_cache)
{
    if (!__builtin_cpu_supports("avx2"))
        return NULL;
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++)
        if (!strcmp(loops[i].from, from) && !strcmp(loops[i].to, to))
            return out_of_cache ? loops[i].stream : loops[i].cached;
    return NULL;
}

#else

array_function *bench_loop(const char *from, const char *to, bool out_of_cache)
{
    (void)from, (void)to, (void)out_of_cache;
    return NULL;
}

#endif
