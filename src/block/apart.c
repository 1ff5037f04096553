#include "decode.h"
#include "unpack.h"

/* Blocks that files alone have, no row of the table: codes that lie apart, zero points that are
 * floats. */

void hu_block_gather(const struct hu_block_apart *p, uint64_t first, size_t n,
                     const unsigned char *units, unsigned char *codes)
{
    const unsigned mask = (1u << p->bits) - 1;
    uint64_t plane = first / p->units, left = p->units - first % p->units;
    for (size_t i = 0; i < n; plane++, left = p->units) {
        unsigned shift = p->bits * (unsigned)(p->descends ? p->planes - 1 - plane : plane);
        for (; left && i < n; left--, i++, units += p->bytes)
            codes[i] =
                (unsigned char)((p->bytes == 1 ? *units : unpack_word(units)) >> shift & mask);
    }
}

struct hu_block_spot hu_block_place_down(const struct hu_block_order *o, size_t row, size_t column)
{
    return (struct hu_block_spot){0, row * o->each + column};
}

struct hu_block_spot hu_block_place_swapped(const struct hu_block_order *o, size_t row,
                                            size_t column)
{
    return hu_block_place_down(o, row, column ^ 1);
}

struct hu_block_spot hu_block_place_blocked(const struct hu_block_order *o, size_t row,
                                            size_t column)
{
    return (struct hu_block_spot){0, row / 128 * 128 * o->each + column / 4 * 512 + row % 32 * 16 +
                                         row % 128 / 32 * 4 + column % 4};
}

struct hu_block_spot hu_block_place_across(const struct hu_block_order *o, size_t row,
                                           size_t column)
{
    return (struct hu_block_spot){column, row * o->each + o->first};
}

struct hu_block_spot hu_block_place_pairs(const struct hu_block_order *o, size_t row, size_t column)
{
    return (struct hu_block_spot){0, row / 2 * 2 * o->each + column * 2 + row % 2};
}

/* Of 32 columns those eight apart beside each other, the even ones first (awq/modules/linear/
 * gemv_fast.py, pack_intweight), and of four rows 64 columns of each in turn. */
struct hu_block_spot hu_block_place_awq_fast(const struct hu_block_order *o, size_t row,
                                             size_t column)
{
    size_t within = column % 8 / 2 * 8 + column % 2 * 4 + column % 32 / 8;
    return (struct hu_block_spot){0, row / 4 * 4 * o->each + column / 64 * 256 + row % 4 * 64 +
                                         column % 64 / 32 * 32 + within};
}

/* Tiles of 16 × 16, four of which a warp has at a time: thread 4 · (column of eight) + (pair of
 * rows), of each tile eight codes in a word (IST-DASLab/marlin, marlin/__init__.py, _get_perms).
 * What is a column there is a row here. */
struct hu_block_spot hu_block_place_marlin(const struct hu_block_order *o, size_t row,
                                           size_t column)
{
    (void)o;
    size_t k = column % 16, n = row % 64, thread = n % 8 * 4 + k % 8 / 2;
    return (struct hu_block_spot){column / 16, row / 64 * 1024 + thread * 32 + n / 16 * 8 +
                                                   k % 2 * 4 + n % 16 / 8 * 2 + k / 8};
}

/* Eight rows that are eight apart beside each other. */
struct hu_block_spot hu_block_place_marlin_scales(const struct hu_block_order *o, size_t row,
                                                  size_t column)
{
    (void)o;
    return (struct hu_block_spot){column, row / 64 * 64 + row % 8 * 8 + row % 64 / 8};
}

/* Pairs of rows that are eight apart. */
struct hu_block_spot hu_block_place_marlin_rows(const struct hu_block_order *o, size_t row,
                                                size_t column)
{
    (void)o;
    return (struct hu_block_spot){column,
                                  row / 32 * 32 + row % 8 / 2 * 8 + row % 32 / 8 * 2 + row % 2};
}

/* [rows / 8][columns / 128][32 threads][four words], where a word has of two tiles of 16 columns
 * those of a thread, the even ones first (pytorch/pytorch, aten/src/ATen/native/cuda/int4mm.cu,
 * matrix_to_m16n8k16_Bint4_layout). */
struct hu_block_spot hu_block_place_tinygemm(const struct hu_block_order *o, size_t row,
                                             size_t column)
{
    size_t thread = row % 8 * 4 + column % 8 / 2, word = column % 128 / 32;
    return (struct hu_block_spot){0, row / 8 * 8 * o->each +
                                         ((column / 128 * 32 + thread) * 4 + word) * 8 +
                                         column % 2 * 4 + column % 32 / 16 * 2 + column % 16 / 8};
}

void hu_block_arrange(const struct hu_block_order *o, const unsigned char *strip, size_t length,
                      size_t rows, unsigned char *out)
{
    const size_t width = o->bits / 8u;
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < o->columns; column++) {
            const struct hu_block_spot spot = o->place(o, row, column);
            const unsigned char *from = strip + spot.line * length + spot.at * o->bits / 8;
            if (width)
                memcpy(out, from, width);
            else
                *out = *from >> spot.at % 2 * 4 & 15;
            out += width ? width : 1;
        }
}

/* A − B, exact products of two fp32 at most. What fp64 does not hold is rounded to odd, unless it
 * is what is wanted: so much wider than the rest, it may then be rounded again (Boldo and Melquiond
 * 2008). What is lacking is Knuth's of two sums. */
static double difference(const struct hu_block_job *j, double a, double b)
{
    const bool last = !j->parts->odd && (!j->to || j->to->width == 64);
    double d = a - b, back = d - a, lacks = (a - (d - back)) - (b + back);
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    if (lacks != lacks || lacks == 0 || bits & 1 || last)
        return d;
    bits += (lacks > 0) == (d > 0) ? 1 : UINT64_MAX;
    memcpy(&d, &bits, sizeof bits);
    return d;
}

static double float_at(const struct hu_block_job *j, size_t tile)
{
    return unpack_fp32((const unsigned char *)j->parts->more + 4 * tile);
}

double hu_block_less_zero(const struct hu_block_job *j, size_t tile, double code, double scale)
{
    double zero = float_at(j, tile), less = zero * scale;
    double value = less - less == 0 ? difference(j, code * scale, less) : 0;
    /* Zeros and what is infinite have the signs of the steps. */
    return value != 0 ? value : (code - zero) * scale;
}

double hu_block_less_byte(const struct hu_block_job *j, size_t tile, double code, double scale)
{
    return (code - ((const signed char *)j->parts->more)[tile]) * scale;
}

double hu_block_plus_shift(const struct hu_block_job *j, size_t tile, double code, double scale)
{
    return difference(j, code * scale, -float_at(j, tile));
}

double hu_block_less_shift(const struct hu_block_job *j, size_t tile, double code, double scale)
{
    return difference(j, code * scale, float_at(j, tile));
}

/* A quotient of an exact product by so small a divisor is too far from the middles of narrower
 * formats to be rounded wrongly again. */
double hu_block_shared(const struct hu_block_job *j, size_t tile, double code, double scale)
{
    (void)tile;
    return code * scale / j->b->divisor;
}

/* A quotient of so small a code by an fp32 is too far from the middles of narrower formats to be
 * rounded wrongly again. */
double hu_block_divided(const struct hu_block_job *j, size_t tile, double code, double scale)
{
    (void)j, (void)tile;
    return code / scale;
}
