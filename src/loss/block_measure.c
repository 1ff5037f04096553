#include "block_measure.h"
#include "array/array.h"
#include "vectors.h"

#include <string.h>

#define NAME(x) plain_##x
#define TARGET
#define LANE_BYTES 16
#include "block_measure_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define NAME(x) avx2_##x
#define TARGET __attribute__((target("avx2")))
#define LANE_BYTES 32
#define GREATER(a, b) _mm256_max_pd((__m256d)(a), (__m256d)(b))
#define WIDEN(v) _mm256_cvtps_pd((__m128)(v))
#include "block_measure_lanes.h"

#define NAME(x) avx512_##x
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define LANE_BYTES 64
#define GREATER(a, b) _mm512_max_pd((__m512d)(a), (__m512d)(b))
#define WIDEN(v) _mm512_cvtps_pd((__m256)(v))
#include "block_measure_lanes.h"
#endif

hu_measure *hu_measure_of(const char *kernel)
{
#if defined(__x86_64__)
    if (!strncmp(kernel, "avx512", 6))
        return avx512_measure;
    if (!strncmp(kernel, "avx2", 4))
        return avx2_measure;
#endif
    (void)kernel;
    return plain_measure;
}
