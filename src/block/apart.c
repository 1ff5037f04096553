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
