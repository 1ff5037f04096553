/*
 * Passes over chunks of fp32 and fp64 for AVX-512, in which several of pass.h's are one:
 * members of hu_passes, whose comments say what they do.
 */
#ifndef HALFULP_LOSS_PASS_AVX512_H
#define HALFULP_LOSS_PASS_AVX512_H

#include "pass.h"

bool pass_count_fp32_avx512(const void *x, const struct hu_pass_range *range,
                            struct hu_pass_exponents *out);

bool pass_count_fp64_avx512(const void *x, const struct hu_pass_range *range,
                            struct hu_pass_exponents *out);

#endif
