/* The machine's floats as their encodings, and back. Thread-safe. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline uint64_t hu_bits_of_double(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double hu_double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* 2^EXPONENT, which is a normal number. */
static inline double hu_power_of_two(int exponent)
{
    return hu_double_of_bits((uint64_t)(exponent + 1023) << 52);
}

static inline uint32_t hu_bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float hu_float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
