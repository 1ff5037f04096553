/* The one rounding step. Pure, thread-safe, no allocation. */
#ifndef HALFULP_CONVERT_H
#define HALFULP_CONVERT_H

#include "codec.h"

/*
 * An exact nonzero real: (-1)^sign * (significand + fraction) * 2^exponent with the significand
 * at least 1, and the fraction 0, or somewhere strictly between 0 and 1 where sticky is set. A
 * sticky one must have bit 63 of its significand set.
 */
struct hu_real {
    uint64_t significand;
    int exponent;
    bool sign;
    bool sticky;
};

/* REAL rounded into TO: the code. index is the element that a stochastic rounding draws for.
 * options and flags must not be NULL; flags are or-ed in. */
uint64_t hu_round(const struct hu_format *to, struct hu_real real, uint64_t index,
                  const struct hu_options *options, unsigned *flags);

/* What a finite magnitude beyond the largest becomes (IEEE 754-2019 section 7.4). */
uint64_t hu_round_overflow(const struct hu_format *to, bool sign, const struct hu_options *options,
                           unsigned *flags);

/* What an infinity, an exact zero or a NaN becomes in TO. The NaN's significand is as in hu_datum.
 */
uint64_t hu_round_infinity(const struct hu_format *to, bool sign, const struct hu_options *options,
                           unsigned *flags);
uint64_t hu_round_zero(const struct hu_format *to, bool sign, unsigned *flags);
uint64_t hu_round_nan(const struct hu_format *to, struct hu_datum nan, unsigned *flags);

/* hu_convert for element INDEX of an array. */
uint64_t hu_convert_at(const struct hu_format *to, const struct hu_format *from, uint64_t bits,
                       uint64_t index, const struct hu_options *options, unsigned *flags);

/* 32 random bits, a function of seed and index alone, so that threads and kernels agree. The seed
 * and the index's upper half go through splitmix64 (Steele, Lea and Flood, 2014) into two keys; the
 * lower half goes through a two-multiply mixer keyed by them. */
static inline uint64_t hu_random_keys(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + ((index >> 32) + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint32_t hu_random_mix(uint64_t keys, uint32_t low)
{
    uint32_t x = low ^ (uint32_t)keys;
    x = (x ^ x >> 16) * UINT32_C(0x21f0aaad);
    x ^= (uint32_t)(keys >> 32);
    x = (x ^ x >> 15) * UINT32_C(0xd35a2d97);
    return x ^ x >> 15;
}

static inline uint32_t hu_random(uint64_t seed, uint64_t index)
{
    return hu_random_mix(hu_random_keys(seed, index), (uint32_t)index);
}

#endif
