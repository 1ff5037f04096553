/*
 * Passes over blocks of fp32 and fp64 for AVX-512, in which several of block_pass.h's are one:
 * members of hu_block_passes, whose comments say what they do.
 */
#ifndef HALFULP_TENSOR_BLOCK_AVX512_H
#define HALFULP_TENSOR_BLOCK_AVX512_H

#include "block_pass.h"

bool block_count_avx512(const void *x, const struct hu_block_range *range,
                        struct hu_block_exponents *out);
bool block_near_avx512(struct hu_block_near *near);

bool block_count_double_avx512(const void *x, const struct hu_block_range *range,
                               struct hu_block_exponents *out);
bool block_near_double_avx512(struct hu_block_near *near);

#endif
