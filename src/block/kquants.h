/* 256 elements in sub-blocks of 16 or 32, whose scales and minima are small integers under one or
 * two fp16 (ggml-common.h: block_q2_K to block_q8_K). */
#pragma once

#include "unpack_vectors.h"

UNPACK void unpack_q2_k(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block + 80);
    to->m = UNPACK_FP16(block + 82);
    bytes16 x, a, b;
    GET(x, block);
    a = x & 15;
    b = x >> 4;
    put_numbers(&a, false, to->a, to->a + 8);
    put_numbers(&b, false, to->b, to->b + 8);
    pairs(block + 16, to->q, 0);
    pairs(block + 48, to->q + 128, 0);
}

/* Sixteen scales of six bits less 32: the low nibbles of bytes 0 to 7, then their high ones; the
 * upper two bits of scale s in byte 8 + s % 4, pair s / 4. */
UNPACK void unpack_q3_k(const unsigned char *block, struct hu_block_unpacked *to)
{
    const unsigned char *high = block;
    to->d = UNPACK_FP16(block + 108);
    bytes16 all, low, upper;
    GET(all, block + 94); /* the last of them end the block but for the fp16 */
    low = SHUFFLED(all, all >> 4, 2, 3, 4, 5, 6, 7, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25);
    upper = SHUFFLED(all, all >> 2, 10, 11, 12, 13, 26, 27, 28, 29, 10, 11, 12, 13, 26, 27, 28, 29);
    upper = SHUFFLED(upper, upper >> 4, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31);
    low = ((low & 15) | (upper & 3) << 4) - 32;
    put_numbers(&low, true, to->a, to->a + 8);
    /* The third bit of element i is bit i / 32 of byte i % 32, and its weight 4 is taken away where
     * it is clear. */
    bytes32 x, bits;
    GET(bits, high);
    UNROLLED
    for (int k = 0; k < 8; k++) {
        GET(x, block + 32 + k / 4 * 32);
        x = (MOVED(x, -2 * (k % 4), 3) | MOVED(bits, 2 - k, 4)) - 4;
        PUT(to->q + 32 * k, x);
    }
}

/* Eight scales and eight minima of six bits in twelve bytes: the first four of each lie whole in
 * bytes 0 to 7, the nibbles of the last four in 8 to 11, their upper bits above the first ones. */
UNPACK void six_bits(const unsigned char *from, bytes16 *to)
{
    const bytes16 lower = {63, 63, 63, 63, 15, 15, 15, 15, 63, 63, 63, 63, 15, 15, 15, 15};
    const bytes16 upper = {0, 0, 0, 0, 48, 48, 48, 48, 0, 0, 0, 0, 48, 48, 48, 48};
    bytes16 x, low, high;
    GET(x, from); /* codes follow */
    low = SHUFFLED(x, x >> 4, 0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 24, 25, 26, 27);
    high = SHUFFLED(x, x, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7);
    *to = (low & lower) | (high >> 2 & upper);
}

UNPACK void unpack_q4_k_scales(const unsigned char *block, struct hu_block_unpacked *to)
{
    bytes16 scales;
    to->d = UNPACK_FP16(block);
    to->m = UNPACK_FP16(block + 2);
    six_bits(block + 4, &scales);
    put_numbers(&scales, false, to->a, to->b);
}

/* 32 bytes hold 64 elements: the low nibbles first. */
UNPACK void q4_k_codes(const unsigned char *block, int8_t *q)
{
    bytes32 x;
    UNROLLED
    for (int k = 0; k < 8; k++) {
        GET(x, block + 16 + k / 2 * 32);
        x = MOVED(x, k % 2 ? -4 : 0, 15);
        PUT(q + 32 * k, x);
    }
}

UNPACK void unpack_q4_k(const unsigned char *block, struct hu_block_unpacked *to)
{
    unpack_q4_k_scales(block, to);
    q4_k_codes(block, to->q);
}

UNPACK void q5_k_codes(const unsigned char *block, int8_t *q)
{
    const unsigned char *high = block + 16;
    bytes32 x, bits;
    GET(bits, high);
    UNROLLED
    for (int k = 0; k < 8; k++) {
        GET(x, block + 48 + k / 2 * 32);
        x = MOVED(x, k % 2 ? -4 : 0, 15) | MOVED(bits, 4 - k, 16);
        PUT(q + 32 * k, x);
    }
}

UNPACK void unpack_q5_k(const unsigned char *block, struct hu_block_unpacked *to)
{
    unpack_q4_k_scales(block, to);
    q5_k_codes(block, to->q);
}

/* In each half of 128, 64 bytes hold the lower nibbles: elements 0 to 63 low, 64 to 127 high; 32
 * bytes the upper pairs, the lowest pair that of elements 0 to 31. */
UNPACK void q6_k_codes(const unsigned char *block, int8_t *q)
{
    UNROLLED
    for (int half = 0; half < 2; half++, q += 128) {
        const unsigned char *low = block + 64 * half, *high = block + 128 + 32 * half;
        bytes32 bits;
        GET(bits, high);
        UNROLLED
        for (int i = 0; i < 4; i++) {
            bytes32 x;
            GET(x, low + i % 2 * 32);
            x = (MOVED(x, i < 2 ? 0 : -4, 15) | MOVED(bits, 4 - 2 * i, 48)) - 32;
            PUT(q + 32 * i, x);
        }
    }
}

UNPACK void unpack_q6_k(const unsigned char *block, struct hu_block_unpacked *to)
{
    bytes16 scales;
    to->d = UNPACK_FP16(block + 208);
    GET(scales, block + 192);
    put_numbers(&scales, true, to->a, to->a + 8);
    q6_k_codes(block, to->q);
}

/* Behind the codes stand their sums by sixteens, which dot products want. */
UNPACK void unpack_q8_k(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp32(block);
    to->a[0] = 1;
    memcpy(to->q, block + 4, 256);
}
