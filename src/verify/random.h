/* Seeded draws: the same on every machine, whatever the number of threads. */
#pragma once

#include <stdint.h>

/* Draw INDEX of the sequence SEED, by splitmix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t hu_draw(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}
