/* Lanes of whatever the compiler makes of vectors. */
#include "array/operate.h"

#define TARGET
#define VECTOR 16
#ifdef __SSE2__
#include <emmintrin.h>
#define ROOT32(x) (fp32_reals) _mm_sqrt_ps((__m128)(x))
#define ROOT64(x) (fp64_reals) _mm_sqrt_pd((__m128d)(x))
#endif
#define any(mask)                                                                                  \
    ({                                                                                             \
        uint64_t words_[2];                                                                        \
        __typeof__(mask) mask_ = (mask);                                                           \
        memcpy(words_, &mask_, sizeof words_);                                                     \
        (words_[0] | words_[1]) != 0;                                                              \
    })

#include "array/operate_both.h"

#ifdef ROOT32
enum { ROOTS = true };
#else
enum { ROOTS = false };
#endif

const struct hu_operation_lanes hu_operation_lanes_portable = {fp32_run, fp64_run, CODES, ROOTS,
                                                               false};
