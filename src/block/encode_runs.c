#include "encode.h"

/*
 * bitsandbytes: the greatest magnitude is the scale, and what an element over it is nearest to in
 * the table is its code. To nearest it is bitsandbytes' own arithmetic to the bit (csrc/kernels.cu,
 * dQuantizeNF4): x times the fp32 nearest to 1 / scale, above the fp32 in the middle or not. In the
 * other directions it is the exact quotient between its neighbours.
 */
struct hu_block_sorted hu_block_sort(const float *table)
{
    struct hu_block_sorted s = {.has_sign = table[8] == table[0]};
    for (int code = 0; code < (s.has_sign ? 8 : 16); code++) {
        int at = 0;
        while (at < s.n && s.values[at] < (double)table[code])
            at++;
        for (int i = s.n++; i > at; i--) {
            s.values[i] = s.values[i - 1];
            s.codes[i] = s.codes[i - 1];
        }
        s.values[at] = (double)table[code];
        s.codes[at] = (unsigned char)code;
    }
    for (int i = 0; i < 15; i++)
        s.middles[i] =
            i + 1 < s.n ? ((float)s.values[i] + (float)s.values[i + 1]) / 2 : __builtin_inff();
    return s;
}

static int nearest(const struct hu_block_sorted *s, float x)
{
    int at = 0;
    while (at < s->n - 1 && x > s->middles[at])
        at++;
    return at;
}

/* The place of X over SCALE in the table. */
static int find(const struct hu_block_sorted *s, float x, float scale,
                const struct hu_options *options, uint64_t index)
{
    if (options->direction == HU_TIES_TO_EVEN)
        return nearest(s, x * (1 / scale));
    double quotient = hu_scale_quotient((double)x, (double)scale);
    int at = 0;
    while (at < s->n - 1 && s->values[at + 1] <= quotient)
        at++;
    return s->values[at] == quotient ? at
                                     : at + hu_block_goes_up(s->values[at], s->values[at + 1],
                                                             quotient, at, options, index);
}

/* Magnitudes are rounded the other way where the sign is taken off. */
static struct hu_options mirrored(struct hu_options options)
{
    if (options.direction == HU_TOWARD_POSITIVE)
        options.direction = HU_TOWARD_NEGATIVE;
    else if (options.direction == HU_TOWARD_NEGATIVE)
        options.direction = HU_TOWARD_POSITIVE;
    return options;
}

static unsigned code_of(const struct hu_block_sorted *s, float x, float scale,
                        const struct hu_options *options, uint64_t index)
{
    bool negative = s->has_sign && x < 0;
    struct hu_options turned = negative ? mirrored(*options) : *options;
    int at = scale > 0 ? find(s, negative ? -x : x, scale, &turned, index) : nearest(s, 0);
    return s->codes[at] | (negative ? 8u : 0u);
}

static void put(unsigned char *codes, size_t i, unsigned code)
{
    codes[i / 2] = (unsigned char)(i % 2 ? codes[i / 2] | code : code << 4);
}

/* A NaN where an element is not finite. */
static float scale_of(const float *x, size_t n, float amax)
{
    for (size_t i = 0; i < n; i++) {
        float magnitude = __builtin_fabsf(x[i]);
        if (!(magnitude < __builtin_inff()))
            amax = __builtin_nanf("");
        else if (magnitude > amax)
            amax = magnitude;
    }
    return amax;
}

static void encode_one(struct hu_block_encoding *e, const struct hu_block_sorted *s, size_t at,
                       size_t n)
{
    float x[ENCODE_CHUNK], scale = 0;
    for (size_t i = 0, here; i < n; i += here) {
        here = n - i < ENCODE_CHUNK ? n - i : ENCODE_CHUNK;
        hu_block_read_source(e->fp32, x, e->from, e->src, at + i, here);
        scale = scale_of(x, here, scale);
    }
    e->special |= scale != scale;
    uint32_t bits;
    memcpy(&bits, &scale, sizeof bits);
    layout_set_word(e->scales + at / e->b->tile_columns * 4, 32, bits);
    /* 1 / scale is infinite below 2^−128, where bitsandbytes' products are NaNs for zeros. */
    float by = 1 / scale == __builtin_inff() ? 0 : scale;
    for (size_t i = 0, here; i < n; i += here) {
        here = n - i < ENCODE_CHUNK ? n - i : ENCODE_CHUNK;
        hu_block_read_source(e->fp32, x, e->from, e->src, at + i, here);
        for (size_t k = 0; k < here; k++) {
            size_t number = at + i + k;
            put(e->codes, number, code_of(s, x[k], by, &e->options.elements, e->first + number));
        }
    }
}

void hu_block_encode_runs(struct hu_block_encoding *e, size_t column, size_t end)
{
    struct hu_block_sorted s = hu_block_sort(e->b->table);
    size_t length = e->b->tile_columns;
    for (; column < end; column += length)
        encode_one(e, &s, column, end - column < length ? end - column : length);
}
