#include "encode_ggml.h"
#include "unpack.h"

/*
 * ggml's reference encoders (ggml-quants.c: quantize_row_q4_0_ref and its kin), operation for
 * operation in fp32, to the bit. To nearest is what they do: halves go up, to the greater code. The
 * other directions round the same fp32 quotient to an integer. A block with an infinity or a NaN,
 * of which ggml says nothing, has NaN as its scale; so has no block else. Where scales have no NaN
 * the elements are ggml's zeros.
 */
enum { LENGTH = GGML_LENGTH };

/* The codes from LOW to HIGH of (x − minimum) / d plus BIAS. */
static void fill_codes(struct ggml_encoding *k, float minimum, float bias, int high)
{
    bool own = k->e->options.elements.direction == HU_TIES_TO_EVEN;
    for (int i = 0; i < LENGTH; i++) {
        float v = (k->x[i] - minimum) * k->inverse;
        int q = own ? (int)(v + (bias + 0.5f)) : ggml_directed(k, v, i) + (int)bias;
        k->q[i] = ggml_within(q, 0, high);
    }
}

static void set_scale(struct ggml_encoding *k, float d)
{
    k->d = d;
    k->inverse = ggml_inverse(d);
}

static float ends(const struct ggml_encoding *k, float *minimum)
{
    float max = k->x[0];
    *minimum = k->x[0];
    for (int i = 1; i < LENGTH; i++) {
        *minimum = k->x[i] < *minimum ? k->x[i] : *minimum;
        max = k->x[i] > max ? k->x[i] : max;
    }
    return max;
}

static void put_fifths(const int *q, unsigned char *to)
{
    uint32_t high = 0;
    for (int i = 0; i < LENGTH; i++)
        high |= (uint32_t)(q[i] >> 4 & 1) << i;
    layout_set_word(to, 32, high);
}

/* q4_0, q4_1, q5_0 and q5_1: the greatest magnitude becomes the least code, or the range, of which
 * the least is taken away, all codes; fifth bits stand before the others. */
static void pack_linear(struct ggml_encoding *k, unsigned char *to)
{
    const bool five = k->type == 6 || k->type == 7, minima = k->e->b->minima;
    const int high = five ? 31 : 15, half = (high + 1) / 2;
    float minimum = 0, max = minima ? ends(k, &minimum) : ggml_farthest(k->x, LENGTH);
    set_scale(k, minima ? (max - minimum) / (float)high : max / (float)-half);
    ggml_put_fp16(k->e, to, k->d);
    to += 2;
    if (minima) {
        ggml_put_fp16(k->e, to, minimum);
        to += 2;
    }
    fill_codes(k, minimum, minima ? 0 : (float)half, high);
    if (five) {
        put_fifths(k->q, to);
        to += 4;
    }
    ggml_put_nibbles(k->q, to);
}

static void pack_q8_0(struct ggml_encoding *k, unsigned char *to)
{
    set_scale(k, __builtin_fabsf(ggml_farthest(k->x, LENGTH)) / 127);
    ggml_put_fp16(k->e, to, k->d);
    for (int i = 0; i < LENGTH; i++)
        to[2 + i] =
            (unsigned char)ggml_within(ggml_round_away(k, k->x[i] * k->inverse, i), -127, 127);
}

/* The encoder of a type, and where its blocks have the scale that can be a NaN: an e8m0, an fp16,
 * an fp32. */
static const struct encoder {
    hu_ggml_pack *pack;
    unsigned char scale_at, scale_bits;
} encoders[] = {
    [2] = {pack_linear, 0, 16},
    [3] = {pack_linear, 0, 16},
    [6] = {pack_linear, 0, 16},
    [7] = {pack_linear, 0, 16},
    [8] = {pack_q8_0, 0, 16},
    [10] = {hu_ggml_pack_minima, 80, 16},
    [11] = {hu_ggml_pack_q3_k, 108, 16},
    [12] = {hu_ggml_pack_minima, 0, 16},
    [13] = {hu_ggml_pack_minima, 0, 16},
    [14] = {hu_ggml_pack_q6_k, 208, 16},
    [15] = {hu_ggml_pack_q8_k, 0, 32},
    [20] = {hu_ggml_pack_iq4_nl, 0, 16},
    [23] = {hu_ggml_pack_iq4_xs, 0, 16},
    [34] = {hu_ggml_pack_tq1_0, 52, 16},
    [35] = {hu_ggml_pack_tq2_0, 64, 16},
    [HU_GGML_MXFP4] = {hu_ggml_pack_mxfp4, 0, 8},
    [HU_GGML_NVFP4] = {hu_ggml_pack_nvfp4, 0, 0},
    [41] = {hu_ggml_pack_q1_0, 0, 16},
    [42] = {hu_ggml_pack_q2_0, 0, 16},
};

static void encode(struct ggml_encoding *k, unsigned char *to)
{
    const struct encoder *by = &encoders[k->type];
    memset(to, 0, k->e->b->bytes);
    bool finite = ggml_greatest_bits(k->x, k->e->b->elements) < INFINITE;
    k->e->special |= !finite;
    if (finite || !by->scale_bits)
        by->pack(k, to);
    else
        layout_set_word(to + by->scale_at, by->scale_bits,
                        by->scale_bits == 8    ? 0xff
                        : by->scale_bits == 16 ? 0x7e00
                                               : 0x7fc00000);
}

void hu_block_encode_blocks(struct hu_block_encoding *e, size_t row, size_t column, size_t end)
{
    const size_t length = e->b->elements;
    for (; column < end; column += length) {
        struct ggml_encoding k = {
            .e = e, .type = e->b->ggml_type, .index = e->first + row * e->columns + column};
        size_t left = e->columns - column;
        unsigned char *to =
            e->codes + row * parts_row_bytes(e->b, e->columns) + column / length * e->b->bytes;
        hu_block_read_source(e->fp32, k.x, e->from, e->src, row * e->columns + column,
                             left < length ? left : length);
        encode(&k, to);
    }
}
