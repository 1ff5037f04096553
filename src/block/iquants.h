/* 256 elements as points of a codebook with signs apart, sub-blocks' scales odd multiples of a
 * fraction of one fp16 (ggml-common.h: block_iq1_s to block_iq4_xs). */
#pragma once

#include "grids.h"
#include "unpack_vectors.h"

/* Seven signs in each byte, and an eighth that makes their number even. */
UNPACK void make_even(unsigned char *signs)
{
    bytes32 x, odd;
    GET(x, signs);
    odd = x ^ MOVED(x, -4, 15);
    odd ^= MOVED(odd, -2, 63);
    odd ^= MOVED(odd, -1, 127);
    x |= MOVED(odd, 7, 128);
    PUT(signs, x);
}

/* Words of four times seven signs, STRIDE apart, as bytes of them. */
UNPACK void even_signs(const unsigned char *words, size_t stride, unsigned char *signs)
{
    for (int s = 0; s < 8; s++) {
        uint32_t w = unpack_word(words + stride * (size_t)s);
        w = (w & 0x7f) | (w & 0x3f80) << 1 | (w & 0x1fc000) << 2 | (w & 0xfe00000) << 3;
        w = HU_LITTLE(32, w);
        memcpy(signs + 4 * s, &w, sizeof w);
    }
}

/* Four times eight bytes, put together in registers: what is written by eights is slow to be read
 * by more. */
#define JOIN_FOUR(x, from)                                                                         \
    uint64_t x##_all                                                                               \
        __attribute__((vector_size(32))) = {HU_LITTLE(64, (from)[0]), HU_LITTLE(64, (from)[1]),    \
                                            HU_LITTLE(64, (from)[2]), HU_LITTLE(64, (from)[3])};   \
    bytes32 x = (bytes32)x##_all

/* Four points, negated where SIGNS have bits: −x is ~x + 1. */
UNPACK void put_signed(int8_t *q, const uint64_t *points, const unsigned char *signs)
{
    JOIN_FOUR(x, points);
    bytes32 s;
    spread_bits(signs, &s);
    x = (x ^ s) - s;
    PUT(q, x);
}

/* A word of four indices, then one of four times seven signs and a scale of four bits. */
UNPACK void unpack_iq2_xxs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    unsigned char signs[32];
    to->d = UNPACK_FP16(block);
    even_signs(block + 6, 8, signs);
    make_even(signs);
    for (int s = 0; s < 8; s++) {
        const unsigned char *at = block + 2 + 8 * s;
        to->a[s] = 2 * (at[7] >> 4) + 1;
        uint64_t points[4];
        UNROLLED
        for (int l = 0; l < 4; l++)
            points[l] = grids->iq2_xxs[at[l]];
        put_signed(to->q + 32 * s, points, signs + 4 * s);
    }
}

/* Nine bits of index and seven signs; a scale of four bits for each sixteen. */
UNPACK void unpack_iq2_xs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    to->d = UNPACK_FP16(block);
    put_odd(unpack_word(block + 66), to->a);
    put_odd(unpack_word(block + 70), to->a + 8);
    unsigned char signs[32];
    for (int l = 0; l < 32; l++)
        signs[l] = block[3 + 2 * l] >> 1;
    make_even(signs);
    for (int l = 0; l < 32; l += 4) {
        uint64_t points[4];
        UNROLLED
        for (int k = 0; k < 4; k++)
            points[k] = grids->iq2_xs[unpack_half(block + 2 + 2 * (l + k)) & 511];
        put_signed(to->q + 8 * l, points, signs + l);
    }
}

/* Ten bits of index, the upper two of four points in a byte; eight signs. */
UNPACK void unpack_iq2_s(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    const unsigned char *low = block + 2, *signs = block + 34, *high = block + 66;
    to->d = UNPACK_FP16(block);
    put_odd(unpack_word(block + 74), to->a);
    put_odd(unpack_word(block + 78), to->a + 8);
    for (int l = 0; l < 32; l += 4) {
        uint64_t points[4];
        UNROLLED
        for (int k = 0; k < 4; k++)
            points[k] = grids->iq2_s[low[l + k] | (high[l / 4] >> 2 * k & 3) << 8];
        put_signed(to->q + 8 * l, points, signs + l);
    }
}

/* Points of four; behind all indices, words of four times seven signs and a scale. */
UNPACK void unpack_iq3_xxs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    unsigned char signs[32];
    to->d = UNPACK_FP16(block);
    even_signs(block + 66, 4, signs);
    make_even(signs);
    for (int s = 0; s < 8; s++) {
        const unsigned char *at = block + 2 + 8 * s;
        to->a[s] = 2 * (block[69 + 4 * s] >> 4) + 1;
        uint64_t points[4];
        UNROLLED
        for (int l = 0; l < 4; l++)
            points[l] = grids->iq3_xxs[at[2 * l]] | (uint64_t)grids->iq3_xxs[at[2 * l + 1]] << 32;
        put_signed(to->q + 32 * s, points, signs + 4 * s);
    }
}

/* Nine bits of index, the ninth ones of eight points in a byte; eight signs; four bits of scale. */
UNPACK void unpack_iq3_s(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    const unsigned char *low = block + 2, *high = block + 66, *signs = block + 74;
    to->d = UNPACK_FP16(block);
    put_odd(unpack_word(block + 106), to->a);
    for (int l = 0; l < 32; l += 4) {
        uint64_t points[4];
        UNROLLED
        for (int k = 0; k < 4; k++) {
            const unsigned char *at = low + 2 * (l + k);
            unsigned ninths = high[l / 4] >> 2 * k;
            points[k] = grids->iq3_s[at[0] | (ninths & 1) << 8] |
                        (uint64_t)grids->iq3_s[at[1] | (ninths >> 1 & 1) << 8] << 32;
        }
        put_signed(to->q + 8 * l, points, signs + l);
    }
}

/* Eights of −1, 0 and 1, all moved by an eighth up, or down where DOWN has bytes of ones: in
 * eighths. */
UNPACK void put_moved(int8_t *q, const uint64_t *points, const bytes32 *down)
{
    JOIN_FOUR(x, points);
    x += *down | 1;
    PUT(q, x);
}

/* Eleven bits of index, the upper three of four points in a half word beside three bits of scale
 * and the direction of the move. */
UNPACK void unpack_iq1_s(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    to->d = UNPACK_FP16(block);
    for (int s = 0; s < 8; s++) {
        unsigned high = unpack_half(block + 34 + 2 * s);
        to->a[s] = (int32_t)(2 * (high >> 12 & 7) + 1);
        const unsigned char *low = block + 2 + 4 * s;
        uint64_t points[4];
        bytes32 down = (bytes32){0} - (uint8_t)(high >> 15);
        UNROLLED
        for (int l = 0; l < 4; l++)
            points[l] = grids->iq1[low[l] | (high >> 3 * l & 7) << 8];
        put_moved(to->q + 32 * s, points, &down);
    }
}

/* A scale of three bits for each sixteen, and the fp16 in the upper nibbles of the four half words
 * of them. */
UNPACK void iq1_m_scales(const unsigned char *at, struct hu_block_unpacked *to)
{
    const numbers8 places = {0, 3, 6, 9, 16, 19, 22, 25};
    uint32_t low = unpack_word(at), high = unpack_word(at + 4);
    numbers8 first = 2 * (((numbers8){0} + (int32_t)low) >> places & 7) + 1,
             last = 2 * (((numbers8){0} + (int32_t)high) >> places & 7) + 1;
    PUT(to->a, first);
    PUT(to->a + 8, last);
    to->d = unpack_fp16_bits((low >> 12 & 0xf) | (low >> 24 & 0xf0) | (high >> 4 & 0xf00) |
                             (high >> 16 & 0xf000));
}

/* The same with a nibble a point for the upper three bits and the move. */
UNPACK void unpack_iq1_m(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    iq1_m_scales(block + 48, to);
    for (int l = 0; l < 32; l += 4) {
        unsigned high = unpack_half(block + 32 + l / 2);
        uint64_t points[4];
        UNROLLED
        for (int k = 0; k < 4; k++)
            points[k] = grids->iq1[block[l + k] | (high >> 4 * k & 7) << 8];
        const bytes32 places = {8,    8,    8,    8,    8,    8,    8,    8,    0x80, 0x80, 0x80,
                                0x80, 0x80, 0x80, 0x80, 0x80, 8,    8,    8,    8,    8,    8,
                                8,    8,    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
        bytes16 first = (bytes16){0} + block[32 + l / 2], last = (bytes16){0} + block[33 + l / 2];
        bytes32 down = SHUFFLED(first, last, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                                16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
        down = (bytes32)((down & places) == places);
        put_moved(to->q + 8 * l, points, &down);
    }
}

/* 32 elements of the curve: low nibbles first. */
UNPACK void put_curve(const unsigned char *from, int8_t *q)
{
    nibbles(from, q, 0);
    for (int i = 0; i < 32; i += 16) {
        bytes16 x;
        GET(x, q + i);
        x = LOOK_UP(hu_block_curve, x);
        PUT(q + i, x);
    }
}

UNPACK void unpack_iq4_nl(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = UNPACK_FP16(block);
    to->a[0] = 1;
    put_curve(block + 2, to->q);
}

/* Scales of six bits less 32: the upper two of all eight in a half word, the lower four behind. */
UNPACK void unpack_iq4_xs_scales(const unsigned char *block, struct hu_block_unpacked *to)
{
    const numbers8 places = {0, 2, 4, 6, 8, 10, 12, 14};
    numbers8 high = ((numbers8){0} + (int32_t)unpack_half(block + 2)) >> places & 3;
    numbers8 scales;
    look_nibbles(unpack_word(block + 4), &scales);
    scales = (scales | high << 4) - 32;
    to->d = UNPACK_FP16(block);
    PUT(to->a, scales);
}

UNPACK void unpack_iq4_xs(const unsigned char *block, struct hu_block_unpacked *to)
{
    unpack_iq4_xs_scales(block, to);
    for (int s = 0; s < 8; s++)
        put_curve(block + 8 + 16 * s, to->q + 32 * s);
}
