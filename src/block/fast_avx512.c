#define HAS_BF16 0
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,f16c,fma")))

#include "fast_avx512.h"

#define NAMED(name) name##_avx512
#include "fast_rows.h"
/* And back. */
#include "fast_encode.h"
