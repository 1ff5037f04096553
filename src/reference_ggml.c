#include "block/grids.h"
#include "reference_exact.h"

/*
 * An element of ggml's blocks by its number, from the bits where they lie: ggml-common.h and
 * ggml-quants.c. Shares the codebooks with the decoders, and reads each element by itself.
 */

static unsigned bits(const unsigned char *bytes, unsigned byte, unsigned bit, int count)
{
    return (unsigned)exact_bits(bytes + byte, bit, count);
}

static void set_d(struct exact_element *e, const unsigned char *block, unsigned at)
{
    e->d_format = "fp16";
    e->d_bits = bits(block, at, 0, 16);
    e->a = 1;
    e->b = e->power = 0;
    e->m_bits = 0;
}

/* Where element I of a pair of halves has its nibble: HALF elements low, HALF high. */
static long nibble(const unsigned char *bytes, unsigned i, unsigned half)
{
    return bits(bytes, i % half, i / half % 2 * 4, 4);
}

static void simple(const unsigned char *b, unsigned i, int type, struct exact_element *e)
{
    set_d(e, b, 0);
    if (type == 3 || type == 7) {
        e->m_bits = bits(b, 2, 0, 16);
        e->b = -1;
    }
    switch (type) {
    case 2:
        e->q = nibble(b + 2, i, 16) - 8;
        break;
    case 3:
        e->q = nibble(b + 4, i, 16);
        break;
    case 6:
        e->q = nibble(b + 6, i, 16) + 16 * (long)bits(b, 2, i, 1) - 16;
        break;
    case 7:
        e->q = nibble(b + 8, i, 16) + 16 * (long)bits(b, 4, i, 1);
        break;
    case 8:
        e->q = (signed char)b[2 + i];
        break;
    default:
        e->q = (signed char)b[4 + i];
    }
}

/* Scale S or minimum S of q4_k and q5_k. */
static long six(const unsigned char *scales, unsigned s, bool minimum)
{
    if (s < 4)
        return bits(scales, s + 4 * minimum, 0, 6);
    return (long)bits(scales, s + 4, 4 * minimum, 4) +
           16 * (long)bits(scales, s - 4 + 4 * minimum, 6, 2);
}

static long pair(const unsigned char *bytes, unsigned i)
{
    return bits(bytes, i / 128 * 32 + i % 32, i / 32 % 4 * 2, 2);
}

static void k_quant(const unsigned char *b, unsigned i, int type, struct exact_element *e)
{
    unsigned s = i / 16, h = i / 32;
    switch (type) {
    case 10:
        set_d(e, b, 80);
        e->m_bits = bits(b, 82, 0, 16);
        e->a = bits(b, s, 0, 4);
        e->b = bits(b, s, 4, 4);
        e->q = pair(b + 16, i);
        break;
    case 11:
        set_d(e, b, 108);
        e->a = (long)bits(b, 96 + s % 8, s / 8 * 4, 4) +
               16 * (long)bits(b, 104 + s % 4, s / 4 * 2, 2) - 32;
        e->q = pair(b + 32, i) - 4 * !bits(b, i % 32, h, 1);
        break;
    case 12:
    case 13:
        set_d(e, b, 0);
        e->m_bits = bits(b, 2, 0, 16);
        e->a = six(b + 4, h, false);
        e->b = six(b + 4, h, true);
        e->q = bits(b, (type == 12 ? 16 : 48) + i / 64 * 32 + i % 32, h % 2 * 4, 4);
        e->q += type == 13 ? 16 * (long)bits(b, 16 + i % 32, h, 1) : 0;
        break;
    case 14:
        set_d(e, b, 208);
        e->a = (signed char)b[192 + s];
        e->q =
            (long)bits(b, i / 128 * 64 + i % 64, i % 128 / 64 * 4, 4) + 16 * pair(b + 128, i) - 32;
        break;
    default:
        set_d(e, b, 0);
        e->d_format = "fp32";
        e->d_bits = bits(b, 0, 0, 32);
        e->q = (signed char)b[4 + i];
    }
}

/* The sign of element I of eight: SEVEN are written, and their number with the eighth is even. */
static bool even_sign(unsigned seven, unsigned i)
{
    unsigned count = 0;
    for (unsigned k = 0; k < 7; k++)
        count += seven >> k & 1;
    return i < 7 ? seven >> i & 1 : count % 2;
}

static long point(uint64_t grid, unsigned i)
{
    return (signed char)(grid >> 8 * i & 255);
}

static void i_quant(const unsigned char *b, unsigned i, int type, struct exact_element *e)
{
    const struct hu_block_grids *g = hu_block_grids();
    unsigned h = i / 32, o = i / 8, l = o % 4, code, signs;
    bool minus;
    set_d(e, b, 0);
    e->power = type == 18 ? -2 : type == 21 ? 0 : -3;
    switch (type) {
    case 16:
        code = bits(b, 2 + 8 * h + l, 0, 8);
        signs = bits(b, 2 + 8 * h + 4, 7 * l, 7);
        e->a = 2 * (long)bits(b, 2 + 8 * h + 4, 28, 4) + 1;
        e->q = point(g->iq2_xxs[code], i % 8);
        minus = even_sign(signs, i % 8);
        break;
    case 17:
        e->a = 2 * (long)bits(b, 66 + h, i / 16 % 2 * 4, 4) + 1;
        e->q = point(g->iq2_xs[bits(b, 2 + 2 * o, 0, 9)], i % 8);
        minus = even_sign(bits(b, 2 + 2 * o, 9, 7), i % 8);
        break;
    case 22:
        code = bits(b, 2 + o, 0, 8) + 256 * bits(b, 66 + h, 2 * l, 2);
        e->a = 2 * (long)bits(b, 74 + h, i / 16 % 2 * 4, 4) + 1;
        e->q = point(g->iq2_s[code], i % 8);
        minus = bits(b, 34 + o, i % 8, 1);
        break;
    case 18:
        e->a = 2 * (long)bits(b, 66 + 4 * h, 28, 4) + 1;
        e->q = point(g->iq3_xxs[b[2 + i / 4]], i % 4);
        minus = even_sign(bits(b, 66 + 4 * h, 7 * l, 7), i % 8);
        break;
    default:
        code = bits(b, 2 + i / 4, 0, 8) + 256 * bits(b, 66 + h, i / 4 % 8, 1);
        e->a = 2 * (long)bits(b, 106 + h / 2, h % 2 * 4, 4) + 1;
        e->q = point(g->iq3_s[code], i % 4);
        minus = bits(b, 74 + o, i % 8, 1);
    }
    e->q = minus ? -e->q : e->q;
}

static void one_bit(const unsigned char *b, unsigned i, int type, struct exact_element *e)
{
    const struct hu_block_grids *g = hu_block_grids();
    unsigned h = i / 32, o = i / 8, code;
    bool down;
    set_d(e, b, 0);
    e->power = -3;
    if (type == 19) {
        code = bits(b, 2 + o, 0, 8) + 256 * bits(b, 34 + 2 * h, 3 * (o % 4), 3);
        e->a = 2 * (long)bits(b, 34 + 2 * h, 12, 3) + 1;
        down = bits(b, 34 + 2 * h, 15, 1);
    } else {
        e->d_bits = 0;
        for (unsigned k = 0; k < 4; k++)
            e->d_bits += (uint64_t)bits(b, 48 + 2 * k, 12, 4) << 4 * k;
        code = bits(b, o, 0, 8) + 256 * bits(b, 32, 4 * o, 3);
        e->a = 2 * (long)bits(b, 48 + i / 64 * 2, i / 16 % 4 * 3, 3) + 1;
        down = bits(b, 32, 4 * o + 3, 1);
    }
    e->q = point(g->iq1[code], i % 8) + (down ? -1 : 1);
}

const signed char hu_reference_curve[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                            1,    13,   25,  38,  53,  69,  89,  113};

static void curved(const unsigned char *b, unsigned i, int type, struct exact_element *e)
{
    unsigned h = i / 32;
    set_d(e, b, 0);
    if (type == 20) {
        e->q = hu_reference_curve[nibble(b + 2, i, 16)];
        return;
    }
    e->a = (long)bits(b, 4, 4 * h, 4) + 16 * (long)bits(b, 2, 2 * h, 2) - 32;
    e->q = hu_reference_curve[nibble(b + 8 + 16 * h, i % 32, 16)];
}

/* The digit that comes after COUNT others of a byte that is digits / 3^5, rounded up, in 2^−8. */
static long ternary(unsigned byte, unsigned count)
{
    for (; count; count--)
        byte = byte * 3 & 255;
    return (long)(byte * 3 >> 8) - 1;
}

static void few(const unsigned char *b, unsigned i, int type, struct exact_element *e)
{
    switch (type) {
    case 34:
        set_d(e, b, 52);
        e->q = i < 160   ? ternary(b[i % 32], i / 32)
               : i < 240 ? ternary(b[32 + i % 16], (i - 160) / 16)
                         : ternary(b[48 + i % 4], (i - 240) / 4);
        break;
    case 35:
        set_d(e, b, 64);
        e->q = pair(b, i) - 1;
        break;
    case 41:
        set_d(e, b, 0);
        e->q = 2 * (long)bits(b, 2, i, 1) - 1;
        break;
    default:
        set_d(e, b, 0);
        e->q = (long)bits(b, 2, 2 * i, 2) - 1;
    }
}

static void four(const unsigned char *b, unsigned i, int type, struct exact_element *e)
{
    static const signed char twice[] = {0, 1, 2, 3, 4, 6, 8, 12};
    bool micro = type == 39;
    long code = micro ? nibble(b + 1, i, 16) : nibble(b + 4 + i / 16 * 8, i % 16, 8);
    set_d(e, b, 0);
    e->q = code & 8 ? -twice[code & 7] : twice[code];
    e->power = -1;
    /* ggml reads seven bits, all finite but for 0x7f, which is zero. */
    e->d_format = micro ? "e8m0" : "e4m3finite";
    e->d_bits = micro ? b[0] : b[i / 16] == 127 ? 0 : b[i / 16] & 127;
}

bool hu_exact_ggml(const struct hu_block *b, const unsigned char *block, unsigned i,
                   struct exact_element *e)
{
    int t = b->ggml_type;
    if (t < 0)
        return false;
    if (t <= 9)
        simple(block, i, t, e);
    else if (t <= 15)
        k_quant(block, i, t, e);
    else if (t == 20 || t == 23)
        curved(block, i, t, e);
    else if (t == 19 || t == 29)
        one_bit(block, i, t, e);
    else if (t <= 22)
        i_quant(block, i, t, e);
    else if (t == 39 || t == 40)
        four(block, i, t, e);
    else
        few(block, i, t, e);
    return true;
}
