#include "unpack.h"

/* N bytes' low nibbles, then their high ones: elements i and i + N share a byte. */
static void nibbles(const unsigned char *from, int n, int8_t *to)
{
    for (int i = 0; i < n; i++) {
        to[i] = (int8_t)(from[i] & 15);
        to[i + n] = (int8_t)(from[i] >> 4);
    }
}

static void less(int8_t *q, int n, int by)
{
    for (int i = 0; i < n; i++)
        q[i] = (int8_t)(q[i] - by);
}

static void unpack_q4_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->a[0] = 1;
    nibbles(block + 2, 16, to->q);
    less(to->q, 32, 8);
}

/* What is taken away is the minimum, negated: x − (−m). */
static void unpack_q4_1(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->m = unpack_fp16(block + 2);
    to->a[0] = 1;
    to->b[0] = -1;
    nibbles(block + 4, 16, to->q);
}

/* The fifth bits stand in a word of their own, element i's at bit i. */
static void unpack_fives(const unsigned char *at, int8_t *q)
{
    uint32_t high = unpack_word(at);
    nibbles(at + 4, 16, q);
    for (int i = 0; i < 32; i++)
        q[i] = (int8_t)(q[i] | (high >> i & 1) << 4);
}

static void unpack_q5_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->a[0] = 1;
    unpack_fives(block + 2, to->q);
    less(to->q, 32, 16);
}

static void unpack_q5_1(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->m = unpack_fp16(block + 2);
    to->a[0] = 1;
    to->b[0] = -1;
    unpack_fives(block + 4, to->q);
}

static void unpack_q8_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->a[0] = 1;
    memcpy(to->q, block + 2, 32);
}

/* Behind the scale stands d times the sum of the codes, which dot products want. */
static void unpack_q8_1(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->a[0] = 1;
    memcpy(to->q, block + 4, 32);
}

static void unpack_q1_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->a[0] = 1;
    for (int i = 0; i < 128; i++)
        to->q[i] = (int8_t)((block[2 + i / 8] >> i % 8 & 1) * 2 - 1);
}

static void unpack_q2_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block);
    to->a[0] = 1;
    for (int i = 0; i < 64; i++)
        to->q[i] = (int8_t)((block[2 + i / 4] >> i % 4 * 2 & 3) - 1);
}

/*
 * Five ternary digits a byte, as the fraction digits3 / 3^5 in units of 2^−8 rounded up: the next
 * digit is the whole part of three times it (ggml-quants.c, dequantize_row_tq1_0). COUNT bytes give
 * their first digits, then their second ones.
 */
static int8_t *ternary(const unsigned char *from, int count, int digits, int8_t *to)
{
    static const unsigned char powers[] = {1, 3, 9, 27, 81};
    for (int n = 0; n < digits; n++)
        for (int i = 0; i < count; i++)
            *to++ = (int8_t)(((unsigned char)(from[i] * powers[n]) * 3 >> 8) - 1);
    return to;
}

static void unpack_tq1_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block + 52);
    to->a[0] = 1;
    int8_t *q = ternary(block, 32, 5, to->q);
    q = ternary(block + 32, 16, 5, q);
    ternary(block + 48, 4, 4, q);
}

static void unpack_tq2_0(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = unpack_fp16(block + 64);
    to->a[0] = 1;
    for (int i = 0; i < 256; i++)
        to->q[i] = (int8_t)((block[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3) - 1);
}

/* Twice the values of fp4_e2m1. */
static const int8_t twice_fp4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

static void look_up(int8_t *q, int n, const int8_t *table)
{
    for (int i = 0; i < n; i++)
        q[i] = table[q[i]];
}

static void unpack_mxfp4(const unsigned char *block, struct hu_block_unpacked *to)
{
    uint32_t bits = block[0] == 0xff ? 0x7fc00000 : block[0] ? block[0] << 23 : 0x00400000;
    memcpy(&to->d, &bits, sizeof to->d);
    to->a[0] = 1;
    nibbles(block + 1, 16, to->q);
    look_up(to->q, 32, twice_fp4);
}

/* ggml reads a scale's seven lower bits, in units of 2^−9, and 0x7f as zero. */
static int32_t unsigned_e4m3(unsigned code)
{
    unsigned exponent = code >> 3 & 15, trailing = code & 7;
    if (code == 0x7f)
        return 0;
    return (int32_t)(exponent ? (8 + trailing) << (exponent - 1) : trailing);
}

static void unpack_nvfp4(const unsigned char *block, struct hu_block_unpacked *to)
{
    to->d = 1;
    for (int s = 0; s < 4; s++) {
        to->a[s] = unsigned_e4m3(block[s]);
        nibbles(block + 4 + 8 * s, 8, to->q + 16 * s);
    }
    look_up(to->q, 64, twice_fp4);
}

/* By the number in a GGUF header. */
static unpack_function *const by_type[] = {
    [2] = unpack_q4_0,        [3] = unpack_q4_1,       [6] = unpack_q5_0,
    [7] = unpack_q5_1,        [8] = unpack_q8_0,       [9] = unpack_q8_1,
    [10] = hu_unpack_q2_k,    [11] = hu_unpack_q3_k,   [12] = hu_unpack_q4_k,
    [13] = hu_unpack_q5_k,    [14] = hu_unpack_q6_k,   [15] = hu_unpack_q8_k,
    [16] = hu_unpack_iq2_xxs, [17] = hu_unpack_iq2_xs, [18] = hu_unpack_iq3_xxs,
    [19] = hu_unpack_iq1_s,   [20] = hu_unpack_iq4_nl, [21] = hu_unpack_iq3_s,
    [22] = hu_unpack_iq2_s,   [23] = hu_unpack_iq4_xs, [29] = hu_unpack_iq1_m,
    [34] = unpack_tq1_0,      [35] = unpack_tq2_0,     [39] = unpack_mxfp4,
    [40] = unpack_nvfp4,      [41] = unpack_q1_0,      [42] = unpack_q2_0,
};

void hu_block_unpack(const struct hu_block *b, const unsigned char *block,
                     struct hu_block_unpacked *to)
{
    by_type[b->ggml_type](block, to);
}
