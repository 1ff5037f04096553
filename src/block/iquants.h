/* 256 elements as points of a codebook with signs apart, sub-blocks' scales odd multiples of a
 * fraction of one fp16 (ggml-common.h: block_iq1_s to block_iq4_xs). */
#ifndef HALFULP_BLOCK_IQUANTS_H
#define HALFULP_BLOCK_IQUANTS_H

#include "grids.h"
#include "unpack_vectors.h"

/* Seven signs, and an eighth that makes their number even. */
UNPACK unsigned even_signs(unsigned seven)
{
    return seven | (unsigned)__builtin_parity(seven) << 7;
}

/* Four times eight bytes, put together in registers: what is written by eights is slow to be read
 * by more. */
#define JOIN_FOUR(x, from)                                                                         \
    uint64_t x##_all                                                                               \
        __attribute__((vector_size(32))) = {HU_LITTLE(64, (from)[0]), HU_LITTLE(64, (from)[1]),    \
                                            HU_LITTLE(64, (from)[2]), HU_LITTLE(64, (from)[3])};   \
    bytes32 x = (bytes32)x##_all

/* Four points, negated where SIGNS have a byte of ones: −x is ~x + 1. */
UNPACK void put_signed(int8_t *q, const uint64_t *points, const uint64_t *signs)
{
    JOIN_FOUR(x, points);
    JOIN_FOUR(s, signs);
    x = (x ^ s) - s;
    PUT(q, x);
}

/* The signs of four points, seven bits each. */
UNPACK void even_four(const struct hu_block_grids *grids, uint32_t word, uint64_t *signs)
{
    UNROLLED
    for (int l = 0; l < 4; l++)
        signs[l] = grids->signs[even_signs(word >> 7 * l & 127)];
}

/* A word of four indices, then one of four times seven signs and a scale of four bits. */
UNPACK void unpack_iq2_xxs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    to->d = UNPACK_FP16(block);
    for (int s = 0; s < 8; s++) {
        const unsigned char *at = block + 2 + 8 * s;
        uint32_t word = unpack_word(at + 4);
        to->a[s] = (int32_t)(2 * (word >> 28) + 1);
        uint64_t points[4], signs[4];
        even_four(grids, word, signs);
        UNROLLED
        for (int l = 0; l < 4; l++)
            points[l] = grids->iq2_xxs[at[l]];
        put_signed(to->q + 32 * s, points, signs);
    }
}

/* Nine bits of index and seven signs; a scale of four bits for each sixteen. */
UNPACK void unpack_iq2_xs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    to->d = UNPACK_FP16(block);
    put_odd(unpack_word(block + 66), to->a);
    put_odd(unpack_word(block + 70), to->a + 8);
    for (int l = 0; l < 32; l += 4) {
        uint64_t points[4], signs[4];
        UNROLLED
        for (int k = 0; k < 4; k++) {
            unsigned code = unpack_half(block + 2 + 2 * (l + k));
            points[k] = grids->iq2_xs[code & 511];
            signs[k] = grids->signs[even_signs(code >> 9)];
        }
        put_signed(to->q + 8 * l, points, signs);
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
        uint64_t points[4], negative[4];
        UNROLLED
        for (int k = 0; k < 4; k++) {
            points[k] = grids->iq2_s[low[l + k] | (high[l / 4] >> 2 * k & 3) << 8];
            negative[k] = grids->signs[signs[l + k]];
        }
        put_signed(to->q + 8 * l, points, negative);
    }
}

/* Points of four; behind all indices, words of four times seven signs and a scale. */
UNPACK void unpack_iq3_xxs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    to->d = UNPACK_FP16(block);
    for (int s = 0; s < 8; s++) {
        const unsigned char *at = block + 2 + 8 * s;
        uint32_t word = unpack_word(block + 66 + 4 * s);
        to->a[s] = (int32_t)(2 * (word >> 28) + 1);
        uint64_t points[4], signs[4];
        even_four(grids, word, signs);
        UNROLLED
        for (int l = 0; l < 4; l++)
            points[l] = grids->iq3_xxs[at[2 * l]] | (uint64_t)grids->iq3_xxs[at[2 * l + 1]] << 32;
        put_signed(to->q + 32 * s, points, signs);
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
        uint64_t points[4], negative[4];
        UNROLLED
        for (int k = 0; k < 4; k++) {
            const unsigned char *at = low + 2 * (l + k);
            unsigned ninths = high[l / 4] >> 2 * k;
            points[k] = grids->iq3_s[at[0] | (ninths & 1) << 8] |
                        (uint64_t)grids->iq3_s[at[1] | (ninths >> 1 & 1) << 8] << 32;
            negative[k] = grids->signs[signs[l + k]];
        }
        put_signed(to->q + 8 * l, points, negative);
    }
}

/* Eights of −1, 0 and 1, all moved by an eighth up, or down where SIGNS have bytes of ones: in
 * eighths. */
UNPACK void put_moved(int8_t *q, const uint64_t *points, const uint64_t *signs)
{
    JOIN_FOUR(x, points);
    JOIN_FOUR(s, signs);
    x += s | 1;
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
        uint64_t points[4], all = high >> 15 ? ~UINT64_C(0) : 0, down[4] = {all, all, all, all};
        UNROLLED
        for (int l = 0; l < 4; l++)
            points[l] = grids->iq1[low[l] | (high >> 3 * l & 7) << 8];
        put_moved(to->q + 32 * s, points, down);
    }
}

/* The same with a nibble a point for the upper three bits and the move, a scale of three bits for
 * each sixteen, and the fp16 in the upper nibbles of the four words of scales. */
UNPACK void unpack_iq1_m(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    const unsigned char *scales = block + 48;
    unsigned d = 0;
    for (int k = 0; k < 4; k++)
        d |= unpack_half(scales + 2 * k) >> 12 << 4 * k;
    to->d = unpack_fp16_bits(d);
    for (int s = 0; s < 16; s++)
        to->a[s] = (int32_t)(2 * (unpack_half(scales + s / 4 * 2) >> s % 4 * 3 & 7) + 1);
    for (int l = 0; l < 32; l += 4) {
        uint64_t points[4], down[4];
        UNROLLED
        for (int k = 0; k < 4; k++) {
            unsigned high = block[32 + (l + k) / 2] >> k % 2 * 4 & 15;
            points[k] = grids->iq1[block[l + k] | (high & 7) << 8];
            down[k] = high >> 3 ? ~UINT64_C(0) : 0;
        }
        put_moved(to->q + 8 * l, points, down);
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
UNPACK void unpack_iq4_xs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const numbers8 places = {0, 2, 4, 6, 8, 10, 12, 14};
    numbers8 high = ((numbers8){0} + (int32_t)unpack_half(block + 2)) >> places & 3;
    numbers8 scales;
    look_nibbles(unpack_word(block + 4), &scales);
    scales = (scales | high << 4) - 32;
    to->d = UNPACK_FP16(block);
    PUT(to->a, scales);
    for (int s = 0; s < 8; s++)
        put_curve(block + 8 + 16 * s, to->q + 32 * s);
}

#endif
