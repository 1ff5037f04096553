/* Readers of GGUF's blocks that are a scale and codes (ggml-common.h: block_q4_0 to block_nvfp4).
 */
#pragma once

#include "unpack_vectors.h"

UNPACK void unpack_q4_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->a[0] = 1;
    nibbles(block + 2, to->q, 8);
}

/* What is taken away is the minimum, negated: x − (−m). */
UNPACK void unpack_q4_1(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->m = UNPACK_FP16(block + 2);
    to->a[0] = 1;
    to->b[0] = -1;
    nibbles(block + 4, to->q, 0);
}

/* The fifth bits stand in a word of their own, element i's at bit i. */
UNPACK void unpack_fives(const unsigned char *at, int8_t *q, int by)
{
    bytes32 high;
    bytes16 x, low, upper;
    spread_bits(at, &high);
    GET(x, at + 4);
    low = x & 15;
    upper = x >> 4;
    bytes32 all = SHUFFLED(low, upper, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
                           18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    all = (all | (high & 16)) - (uint8_t)by;
    PUT(q, all);
}

UNPACK void unpack_q5_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->a[0] = 1;
    unpack_fives(block + 2, to->q, 16);
}

UNPACK void unpack_q5_1(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->m = UNPACK_FP16(block + 2);
    to->a[0] = 1;
    to->b[0] = -1;
    unpack_fives(block + 4, to->q, 0);
}

UNPACK void unpack_q8_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->a[0] = 1;
    memcpy(to->q, block + 2, 32);
}

/* Behind the scale stands d times the sum of the codes, which dot products want. */
UNPACK void unpack_q8_1(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->a[0] = 1;
    memcpy(to->q, block + 4, 32);
}

UNPACK void unpack_q1_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->a[0] = 1;
    UNROLLED
    for (int i = 0; i < 4; i++) {
        bytes32 x;
        spread_bits(block + 2 + 4 * i, &x);
        x = (x & 2) - 1;
        PUT(to->q + 32 * i, x);
    }
}

UNPACK void unpack_q2_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->a[0] = 1;
    UNROLLED
    for (int i = 0; i < 2; i++) {
        bytes32 x;
        spread_pairs(block + 2 + 8 * i, &x);
        x -= 1;
        PUT(to->q + 32 * i, x);
    }
}

/*
 * Five ternary digits a byte, as the fraction digits / 3^5 in units of 2^−8 rounded up: the next
 * digit is the whole part of three times it (ggml-quants.c, dequantize_row_tq1_0), 0, 1 from 86 and
 * 2 from 171 on. 16 bytes' digits go STRIDE apart.
 */
UNPACK void ternary(const unsigned char *from, int digits, int stride, int8_t *to)
{
    bytes16 x;
    GET(x, from);
    for (int n = 0; n < digits; n++, x *= 3) {
        bytes16 q = (bytes16){0} - (bytes16)(x > 85) - (bytes16)(x > 170) - 1;
        PUT(to + n * stride, q);
    }
}

UNPACK void unpack_tq1_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    static const unsigned char powers[] = {1, 3, 9, 27};
    to->d = UNPACK_FP16(block + 52);
    to->a[0] = 1;
    ternary(block, 5, 32, to->q);
    ternary(block + 16, 5, 32, to->q + 16);
    ternary(block + 32, 5, 16, to->q + 160);
    for (int i = 0; i < 16; i++)
        to->q[240 + i] =
            (int8_t)(((unsigned char)(block[48 + i % 4] * powers[i / 4]) * 3 >> 8) - 1);
}

UNPACK void unpack_tq2_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block + 64);
    to->a[0] = 1;
    pairs(block, to->q, 1);
    pairs(block + 32, to->q + 128, 1);
}

static const int8_t twice_fp4_values[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                            0, -1, -2, -3, -4, -6, -8, -12};

/* Codes of fp4_e2m1 as twice their values. */
UNPACK void twice_fp4(int8_t *q, int n)
{
    for (int i = 0; i < n; i += 16) {
        bytes16 x;
        GET(x, q + i);
        x = LOOK_UP(twice_fp4_values, x);
        PUT(q + i, x);
    }
}

UNPACK void unpack_mxfp4(const unsigned char *block, struct hu_block_unpacked *to)
{
    uint32_t bits = block[0] == 0xff ? 0x7fc00000 : block[0] ? (uint32_t)block[0] << 23 : 0x400000;
    memcpy(&to->d, &bits, sizeof to->d);
    to->a[0] = 1;
    nibbles(block + 1, to->q, 0);
    twice_fp4(to->q, 32);
}

/* ggml reads a scale's seven lower bits, in units of 2^−9, and a byte of 0x7f as zero. */
UNPACK void unsigned_e4m3(uint32_t four, int32_t *to)
{
    typedef int32_t numbers4 __attribute__((vector_size(16)));
    const numbers4 places = {0, 8, 16, 24};
    numbers4 code = ((numbers4){0} + (int32_t)four) >> places & 255, exponent = code >> 3 & 15,
             normal = -(exponent != 0);
    code = (code != 0x7f) & ((8 * normal + (code & 7)) << (exponent - normal));
    PUT(to, code);
}

UNPACK void unpack_nvfp4(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = 1;
    unsigned_e4m3(unpack_word(block), to->a);
    for (int s = 0; s < 4; s += 2) {
        bytes16 x;
        GET(x, block + 4 + 8 * s);
        bytes16 low = x & 15, high = x >> 4;
        bytes16 first = SHUFFLED(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
                last = SHUFFLED(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30,
                                31);
        first = LOOK_UP(twice_fp4_values, first);
        last = LOOK_UP(twice_fp4_values, last);
        PUT(to->q + 16 * s, first);
        PUT(to->q + 16 * s + 16, last);
    }
}
