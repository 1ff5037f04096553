#include "gathered_bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_bytes(struct hu_bytes_out *out, const void *bytes, size_t n)
{
    if (out->room - out->count < n) {
        size_t room = (out->count + n) * 2 + 64;
        unsigned char *at = realloc(out->at, room);
        if (!at) {
            out->failed = true;
            return;
        }
        out->at = at;
        out->room = room;
    }
    memcpy(out->at + out->count, bytes, n);
    out->count += n;
}

void hu_put_number(struct hu_bytes_out *out, uint64_t number)
{
    unsigned char bytes[10];
    size_t n = 0;
    for (; number >= 128; number >>= 7)
        bytes[n++] = (unsigned char)(number | 128);
    bytes[n++] = (unsigned char)number;
    put_bytes(out, bytes, n);
}

void hu_put_text(struct hu_bytes_out *out, const char *text)
{
    hu_put_number(out, strlen(text));
    put_bytes(out, text, strlen(text));
}

static void put_word(struct hu_bytes_out *out, uint64_t word)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> 8 * i);
    put_bytes(out, bytes, 8);
}

static void put_real(struct hu_bytes_out *out, double x)
{
    uint64_t word;
    memcpy(&word, &x, sizeof word);
    put_word(out, word);
}

/* The limbs between the zeros at both ends. */
static void put_sum(struct hu_bytes_out *out, const struct hu_exact_sum *sum)
{
    size_t first = 0, last = HU_EXACT_LIMBS;
    while (last && !sum->limbs[last - 1])
        last--;
    while (first < last && !sum->limbs[first])
        first++;
    hu_put_number(out, first);
    hu_put_number(out, last - first);
    for (size_t i = first; i < last; i++)
        put_word(out, sum->limbs[i]);
}

/* Counts of which most are zero: how many are not, and of each how many it lies behind the one
 * before, and what it is. */
static void put_sparse(struct hu_bytes_out *out, const uint64_t *counts, size_t n)
{
    size_t some = 0, before = 0;
    for (size_t i = 0; i < n; i++)
        some += counts[i] != 0;
    hu_put_number(out, some);
    for (size_t i = 0; i < n; i++) {
        if (!counts[i])
            continue;
        hu_put_number(out, i - before);
        hu_put_number(out, counts[i]);
        before = i;
    }
}

/* The counts of a loss and of its blocks, in the order in which they are written. */
enum { COUNTS = 7, BLOCK_COUNTS = 5 };

static void counts_of(struct hu_loss *l, uint64_t *at[COUNTS])
{
    uint64_t *counts[COUNTS] = {&l->measured,  &l->overflow, &l->invalid, &l->underflow,
                                &l->subnormal, &l->inexact,  &l->zeros};
    memcpy(at, counts, sizeof counts);
}

static void block_counts_of(struct hu_block_loss *b, uint64_t *at[BLOCK_COUNTS])
{
    uint64_t *counts[BLOCK_COUNTS] = {&b->blocks, &b->saturated, &b->nan, &b->lost, &b->unfit};
    memcpy(at, counts, sizeof counts);
}

static void put_loss(struct hu_bytes_out *out, struct hu_loss *l)
{
    uint64_t *counts[COUNTS];
    counts_of(l, counts);
    for (int i = 0; i < COUNTS; i++)
        hu_put_number(out, *counts[i]);
    put_real(out, l->max_error);
    put_real(out, l->max_relative);
    put_real(out, l->max_ulps);
    put_sum(out, &l->noise);
    put_sum(out, &l->signal);
    put_sum(out, &l->relative);
}

static void put_blocks(struct hu_bytes_out *out, struct hu_block_loss *b)
{
    uint64_t *counts[BLOCK_COUNTS];
    block_counts_of(b, counts);
    for (int i = 0; i < BLOCK_COUNTS; i++)
        hu_put_number(out, *counts[i]);
    for (int i = 0; i < HU_SCALE_RULES; i++)
        put_sum(out, &b->noise_by_rule[i]);
    hu_put_number(out, b->worst_count);
    for (size_t i = 0; i < b->worst_count; i++) {
        hu_put_number(out, b->worst[i].index);
        put_real(out, b->worst[i].noise);
        put_real(out, b->worst[i].signal);
        put_real(out, b->worst[i].greatest);
    }
}

void hu_put_gathered(struct hu_bytes_out *out, const struct hu_statistics_plan *plan,
                     struct hu_gathered *g, bool finished)
{
    const struct hu_spread *s = &g->spread;
    hu_gathered_settle(g);
    hu_put_number(out, s->finite);
    hu_put_number(out, s->zeros);
    hu_put_number(out, s->nans);
    hu_put_number(out, s->infinities);
    put_real(out, s->greatest);
    put_real(out, s->least);
    put_sparse(out, s->binades, HU_BINADES);
    for (size_t i = 0; i < g->count; i++) {
        put_loss(out, &g->losses[i]);
        if (plan->targets[i].block.block)
            put_blocks(out, &g->blocks[i]);
    }
    size_t codes = finished ? 0 : g->code_count;
    hu_put_number(out, codes);
    if (codes)
        put_sparse(out, g->codes, g->code_count);
}

/* Reading. */

static const unsigned char *get_bytes(struct hu_bytes_in *in, size_t n)
{
    const unsigned char *at = in->at;
    if (in->failed || (size_t)(in->end - in->at) < n) {
        in->failed = true;
        return NULL;
    }
    in->at += n;
    return at;
}

uint64_t hu_get_number(struct hu_bytes_in *in)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const unsigned char *byte = get_bytes(in, 1);
        if (!byte || (shift == 63 && *byte > 1))
            break;
        number |= (uint64_t)(*byte & 127) << shift;
        if (*byte < 128)
            return number;
    }
    in->failed = true;
    return 0;
}

uint64_t hu_get_number_below(struct hu_bytes_in *in, uint64_t most)
{
    uint64_t number = hu_get_number(in);
    in->failed |= number > most;
    return in->failed ? 0 : number;
}

char *hu_get_text(struct hu_bytes_in *in)
{
    size_t n = (size_t)hu_get_number_below(in, (uint64_t)(in->end - in->at));
    const unsigned char *bytes = get_bytes(in, n);
    char *text = bytes && !memchr(bytes, 0, n) ? malloc(n + 1) : NULL;
    if (!text) {
        in->failed = true;
        return NULL;
    }
    memcpy(text, bytes, n);
    text[n] = 0;
    return text;
}

static uint64_t get_word(struct hu_bytes_in *in)
{
    const unsigned char *bytes = get_bytes(in, 8);
    uint64_t word = 0;
    for (int i = 0; bytes && i < 8; i++)
        word |= (uint64_t)bytes[i] << 8 * i;
    return word;
}

/* Of magnitudes and sums of squares: none is negative or NaN. */
static double get_real(struct hu_bytes_in *in)
{
    uint64_t word = get_word(in);
    double x;
    memcpy(&x, &word, sizeof x);
    in->failed |= signbit(x) || isnan(x);
    return in->failed ? 0 : x;
}

/* Sums of squares: the sign is plus. */
static void get_sum(struct hu_bytes_in *in, struct hu_exact_sum *sum)
{
    *sum = (struct hu_exact_sum){{0}};
    size_t first = (size_t)hu_get_number_below(in, HU_EXACT_LIMBS);
    size_t n = (size_t)hu_get_number_below(in, HU_EXACT_LIMBS - first);
    for (size_t i = first; i < first + n; i++)
        sum->limbs[i] = get_word(in);
    in->failed |= sum->limbs[HU_EXACT_LIMBS - 1] >> 63;
}

static void get_sparse(struct hu_bytes_in *in, uint64_t *counts, size_t n)
{
    uint64_t some = hu_get_number_below(in, n), at = 0;
    for (uint64_t i = 0; !in->failed && i < some; i++) {
        at += hu_get_number_below(in, n - 1 - at);
        counts[at] = hu_get_number(in);
    }
}

static void get_loss(struct hu_bytes_in *in, struct hu_loss *l)
{
    uint64_t *counts[COUNTS];
    counts_of(l, counts);
    for (int i = 0; i < COUNTS; i++)
        *counts[i] = hu_get_number(in);
    l->max_error = get_real(in);
    l->max_relative = get_real(in);
    l->max_ulps = get_real(in);
    get_sum(in, &l->noise);
    get_sum(in, &l->signal);
    get_sum(in, &l->relative);
}

static void get_blocks(struct hu_bytes_in *in, struct hu_block_loss *b)
{
    uint64_t *counts[BLOCK_COUNTS];
    block_counts_of(b, counts);
    for (int i = 0; i < BLOCK_COUNTS; i++)
        *counts[i] = hu_get_number(in);
    for (int i = 0; i < HU_SCALE_RULES; i++)
        get_sum(in, &b->noise_by_rule[i]);
    b->worst_count = (size_t)hu_get_number_below(in, HU_WORST_BLOCKS);
    for (size_t i = 0; i < b->worst_count; i++) {
        struct hu_worst_block *w = &b->worst[i];
        *w = (struct hu_worst_block){.index = hu_get_number(in)};
        w->noise = get_real(in);
        w->signal = get_real(in);
        w->greatest = get_real(in);
        in->failed |= !(w->signal > 0) || !isfinite(w->noise) || !isfinite(w->signal);
    }
}

void hu_get_gathered(struct hu_bytes_in *in, const struct hu_statistics_plan *plan,
                     struct hu_gathered *g, bool finished)
{
    struct hu_spread *s = &g->spread;
    s->finite = hu_get_number(in);
    s->zeros = hu_get_number(in);
    s->nans = hu_get_number(in);
    s->infinities = hu_get_number(in);
    s->greatest = get_real(in);
    s->least = get_real(in);
    get_sparse(in, s->binades, HU_BINADES);
    for (size_t i = 0; i < g->count; i++) {
        get_loss(in, &g->losses[i]);
        if (plan->targets[i].block.block)
            get_blocks(in, &g->blocks[i]);
    }
    uint64_t codes = hu_get_number(in);
    in->failed |= codes != (finished ? 0 : g->code_count);
    if (codes && !in->failed) {
        get_sparse(in, g->codes, g->code_count);
        hu_gathered_meet(g);
    }
}
