/* What the judges of blocks share: extended rationals, rounded by the reference. Private to the
 * reference. */
#pragma once

#include "block/block.h"
#include "reference_block.h"

#include <gmp.h>

/* A rational, or an infinity, or a NaN; a zero has its sign beside it. */
struct exact {
    enum { EXACT_FINITE, EXACT_INFINITE, EXACT_NAN } kind;
    bool sign; /* of an infinity or a zero */
    mpq_t value;
};

void hu_exact_init(struct exact *x);
void hu_exact_clear(struct exact *x);
void hu_exact_set(struct exact *to, const struct exact *x);
void hu_exact_integer(struct exact *to, long n);
/* What the code BITS of F stands for; bit by bit. */
void hu_exact_datum(struct exact *to, const struct hu_format *f, uint64_t bits);
/* IEEE 754-2019's operations without rounding; TO may be an operand. */
void hu_exact_multiply(struct exact *to, const struct exact *a, const struct exact *b);
void hu_exact_subtract(struct exact *to, const struct exact *a, const struct exact *b);
void hu_exact_divide(struct exact *to, const struct exact *a, const struct exact *b);
void hu_exact_scale(struct exact *x, int power); /* times 2^power */

/* X rounded into F. */
uint64_t hu_exact_round(struct hu_reference *r, const struct hu_format *f, const struct exact *x,
                        const struct hu_options *options);

/* X becomes the datum of F that it is rounded into, to nearest even. */
void hu_exact_settle(struct hu_reference *r, const struct hu_format *f, struct exact *x);

/* COUNT bits from bit AT on, the lowest first. */
static inline uint64_t exact_bits(const unsigned char *bytes, size_t at, int count)
{
    uint64_t value = 0;
    for (int have = 0; have < count;) {
        size_t bit = (at + (size_t)have) % 8;
        value |= (uint64_t)(bytes[(at + (size_t)have) / 8] >> bit) << have;
        have += (int)(8 - bit);
    }
    return value & ~UINT64_C(0) >> (64 - count);
}

/* Element I of one of ggml's blocks is (d · a · q − m · b) · 2^power; d and m are formats' codes at
 * these bits of the block, or d is made of d_bits where it lies nowhere in one piece. */
struct exact_element {
    const char *d_format;
    uint64_t d_bits, m_bits; /* m: fp16 */
    long a, b, q;
    int power;
};

/* The points of iq4_nl and iq4_xs (ggml-common.h: kvalues_iq4nl). */
extern const signed char hu_reference_curve[16];

/* False: not one of ggml's. */
bool hu_exact_ggml(const struct hu_block *b, const unsigned char *block, unsigned i,
                   struct exact_element *e);
