/* Lanes of AVX2 with its fused multiply-add: Intel SDM volume 2. */
#include "array/operate.h"

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
#define any(mask) (!_mm256_testz_si256((__m256i)(mask), (__m256i)(mask)))
#define VECTOR 32
#define ROOT32(x) (fp32_reals) _mm256_sqrt_ps((__m256)(x))
#define ROOT64(x) (fp64_reals) _mm256_sqrt_pd((__m256d)(x))
#define FUSED32(x, y, z) (fp32_reals) _mm256_fmadd_ps((__m256)(x), (__m256)(y), (__m256)(z))
#define FUSED64(x, y, z) (fp64_reals) _mm256_fmadd_pd((__m256d)(x), (__m256d)(y), (__m256d)(z))

#include "array/operate_both.h"

const struct hu_operation_lanes hu_operation_lanes_avx2 = {fp32_run, fp64_run, CODES, true, true};
