/* Sums and products that stay at UINT64_MAX once they are over it: one check is enough. */
#pragma once

#include <stdint.h>

static inline uint64_t capped_times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline uint64_t capped_plus(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* How many parts of SIZE hold N; 0 where SIZE is. */
static inline uint64_t parts(uint64_t n, uint64_t size)
{
    return size ? n / size + (n % size != 0) : 0;
}
