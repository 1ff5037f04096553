/* Rows whose products the processor rounds to bf16; all such but one (Cooper Lake) have VBMI. */
#define HAS_BF16 1
#define TARGET                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,f16c,fma,avx512bf16,avx512vbmi")))

#include "fast_avx512.h"

#define NAMED(name) name##_avx512bf16
#include "fast_rows.h"
