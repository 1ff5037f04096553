/*
 * The passes of each instruction set, for fp32, fp64 and bf16. Private to pass.h's.
 */
#pragma once

#include "pass.h"

extern const struct hu_passes hu_passes_fp32_plain, hu_passes_fp64_plain;
extern const struct hu_passes hu_passes_bf16_plain, hu_passes_bf16_avx2;
extern const struct hu_passes hu_passes_fp32_avx2, hu_passes_fp64_avx2;
extern const struct hu_passes hu_passes_fp32_avx512, hu_passes_fp64_avx512;
