/* Numbers from the bytes of blocks, whatever their alignment. Pure. */
#pragma once

#include "block.h"
#include "convert.h"
#include "little.h"

/* ggml-common.h: kvalues_iq4nl, the curve of iq4_nl and iq4_xs. */
extern const int8_t hu_block_curve[16];

static inline unsigned unpack_half(const unsigned char *at)
{
    return (unsigned)hu_little_read(at, 2);
}

static inline uint32_t unpack_word(const unsigned char *at)
{
    return (uint32_t)hu_little_read(at, 4);
}

/* Every fp16 is an fp32: the fields moved, a subnormal by its unit 2^−24 (IEEE 754-2019 3.4). */
static inline float unpack_fp16_bits(unsigned code)
{
    uint32_t sign = (code & 0x8000) << 16, magnitude = code & 0x7fff, bits;
    float value;
    if (magnitude < 0x0400) {
        value = (float)magnitude * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
    } else if (magnitude < 0x7c00) {
        bits = (magnitude << 13) + (112u << 23);
    } else {
        bits = (magnitude << 13) + (224u << 23);
    }
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float unpack_fp16(const unsigned char *at)
{
    return unpack_fp16_bits(unpack_half(at));
}

static inline float unpack_fp32(const unsigned char *at)
{
    uint32_t bits = unpack_word(at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
