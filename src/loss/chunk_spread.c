#include "scratch.h"

/* The chunk where it can be written to. */
static void own(struct chunk *b)
{
    if (b->x != b->a->x)
        memcpy(b->a->x, b->x, HU_CHUNK * b->passes->size);
    b->x = b->a->x;
}

/* Takes NaNs and infinities out of the chunk: zeros stand in their places. */
static void take_specials(struct chunk *b, uint64_t infinite)
{
    uint64_t nans = 0;
    b->bad = b->passes->find(b->a->x, infinite, b->range.greatest, b->a->bad);
    for (size_t i = 0; i < b->bad; i++) {
        nans += isnan(element(b, b->a->x, b->a->bad[i]));
        set_element(b, b->a->x, b->a->bad[i], 0);
    }
    b->g->spread.nans += nans;
    b->g->spread.infinities += b->bad - nans;
}

/* How often each sign and biased exponent occurs, in tables that do not wait for each other. */
#define COUNT_EXPONENTS(word, shift)                                                               \
    for (size_t i = 0; i < b->n; i++)                                                              \
    b->a->exponents[i % 4][((const word *)b->x)[i] >> (shift)]++
static void count_exponents(const struct chunk *b)
{
    if (b->is_bf16)
        COUNT_EXPONENTS(uint16_t, 7);
    else if (b->is_fp32)
        COUNT_EXPONENTS(uint32_t, 23);
    else
        COUNT_EXPONENTS(uint64_t, 52);
}

/* The counts so far into the spread. Those of exponent 0 are the zeros, those that stand for NaNs
 * and infinities, and subnormals, which hu_chunk_see has counted. */
void hu_chunk_settle(const struct chunk *b)
{
    struct hu_spread *s = &b->g->spread;
    int bias = b->is_fp32 ? 127 : 1023, all = 2 * bias + 2;
    for (int e = 0; e < all - 1; e++) {
        uint64_t count = 0;
        for (int i = 0; i < 4; i++)
            count += (uint64_t)b->a->exponents[i][e] + b->a->exponents[i][all + e];
        if (e)
            s->binades[e - bias - HU_BINADE_LEAST] += count;
        else
            s->zeros += count - b->not_zero;
    }
    for (int i = 0; i < 4; i++)
        memset(b->a->exponents[i], 0, 2 * (size_t)all * sizeof **b->a->exponents);
}

static void see_subnormals(struct chunk *b, uint64_t least_normal)
{
    uint16_t at[HU_CHUNK + 1];
    size_t n = b->passes->find(b->x, 1, least_normal - 1, at);
    for (size_t i = 0; i < n; i++)
        b->g->spread.binades[ilogb(element(b, b->x, at[i])) - HU_BINADE_LEAST]++;
    b->not_zero += n;
}

/* The lanes' count where they can; what it leaves, of exponent 0, are zeros. */
static void count(const struct chunk *b)
{
    struct hu_pass_exponents few;
    if (!b->passes->count || !b->passes->count(b->x, &b->range, &few)) {
        count_exponents(b);
        return;
    }
    uint32_t nonzero = 0;
    for (int e = 0; e < few.number; e++) {
        b->a->exponents[0][few.first + e] += few.counts[e];
        nonzero += few.counts[e];
    }
    b->a->exponents[0][0] += (uint32_t)b->n - nonzero;
}

void hu_chunk_see(struct chunk *b)
{
    struct hu_spread *s = &b->g->spread;
    const int fraction = b->is_bf16 ? 7 : b->is_fp32 ? 23 : 52;
    uint64_t infinite = UINT64_C(0x7ff) >> (b->is_fp32 ? 3 : 0) << fraction;
    uint64_t normal = UINT64_C(1) << fraction;
    b->range = range_of(b, b->x);
    if (b->range.greatest >= infinite) {
        own(b);
        take_specials(b, infinite);
        b->range = range_of(b, b->x);
    }
    count(b);
    b->not_zero += b->bad;
    s->finite += b->n - b->bad;
    if (!b->range.greatest)
        return;
    double greatest = from_bits(b, b->range.greatest);
    double least = from_bits(b, b->range.least_nonzero + 1);
    if (b->range.least_nonzero + 1 < normal)
        see_subnormals(b, normal);
    s->greatest = greatest > s->greatest ? greatest : s->greatest;
    s->least = s->least == 0 || least < s->least ? least : s->least;
}
