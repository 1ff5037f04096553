#include "gathered_bytes.h"
#include "float_bits.h"
#include "little.h"

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
    return bytes ? hu_little_read(bytes, 8) : 0;
}

/* Of magnitudes and sums of squares: none is negative or NaN. */
static double get_real(struct hu_bytes_in *in)
{
    double x = hu_double_of_bits(get_word(in));
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

/* Both ways by one walk: OUT is given what there is, or IN says what there is. */

struct walk {
    struct hu_bytes_out *out; /* NULL: it is read */
    struct hu_bytes_in *in;
};

static void pass_number(struct walk *w, uint64_t *number)
{
    if (w->out)
        hu_put_number(w->out, *number);
    else
        *number = hu_get_number(w->in);
}

static void pass_real(struct walk *w, double *x)
{
    if (w->out)
        put_word(w->out, hu_bits_of_double(*x));
    else
        *x = get_real(w->in);
}

static void pass_sum(struct walk *w, struct hu_exact_sum *sum)
{
    if (w->out)
        put_sum(w->out, sum);
    else
        get_sum(w->in, sum);
}

static void pass_sparse(struct walk *w, uint64_t *counts, size_t n)
{
    if (w->out)
        put_sparse(w->out, counts, n);
    else
        get_sparse(w->in, counts, n);
}

static void pass_loss(struct walk *w, struct hu_loss *l)
{
    uint64_t *const counts[] = {&l->measured,  &l->overflow, &l->invalid, &l->underflow,
                                &l->subnormal, &l->inexact,  &l->zeros};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        pass_number(w, counts[i]);
    pass_real(w, &l->max_error);
    pass_real(w, &l->max_relative);
    pass_real(w, &l->max_ulps);
    pass_sum(w, &l->noise);
    pass_sum(w, &l->signal);
    pass_sum(w, &l->relative);
}

static void pass_worst(struct walk *w, struct hu_worst_block *b)
{
    pass_number(w, &b->index);
    pass_real(w, &b->noise);
    pass_real(w, &b->signal);
    pass_real(w, &b->greatest);
    if (w->in)
        w->in->failed |= !(b->signal > 0) || !isfinite(b->noise) || !isfinite(b->signal);
}

static void pass_blocks(struct walk *w, struct hu_block_loss *b)
{
    uint64_t *const counts[] = {&b->blocks, &b->saturated, &b->nan, &b->lost, &b->unfit};
    uint64_t worst = b->worst_count;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        pass_number(w, counts[i]);
    for (int i = 0; i < HU_SCALE_RULES; i++)
        pass_sum(w, &b->noise_by_rule[i]);
    if (w->out)
        hu_put_number(w->out, worst);
    else
        worst = hu_get_number_below(w->in, HU_WORST_BLOCKS);
    b->worst_count = (size_t)worst;
    for (size_t i = 0; i < worst; i++)
        pass_worst(w, &b->worst[i]);
}

/* CODES: how many counts of codes there are. */
static void pass_gathered(struct walk *w, const struct hu_statistics_plan *plan,
                          struct hu_gathered *g, uint64_t codes)
{
    struct hu_spread *s = &g->spread;
    uint64_t *const counts[] = {&s->finite, &s->zeros, &s->nans, &s->infinities};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        pass_number(w, counts[i]);
    pass_real(w, &s->greatest);
    pass_real(w, &s->least);
    pass_sparse(w, s->binades, HU_BINADES);
    for (size_t i = 0; i < g->count; i++) {
        pass_loss(w, &g->losses[i]);
        if (plan->targets[i].block.block)
            pass_blocks(w, &g->blocks[i]);
    }
    uint64_t found = codes;
    pass_number(w, &found);
    if (w->in)
        w->in->failed |= found != codes;
    if (codes && !(w->in && w->in->failed))
        pass_sparse(w, g->codes, g->code_count);
}

void hu_put_gathered(struct hu_bytes_out *out, const struct hu_statistics_plan *plan,
                     struct hu_gathered *g, bool finished)
{
    struct walk w = {.out = out};
    hu_gathered_settle(g);
    pass_gathered(&w, plan, g, finished ? 0 : g->code_count);
}

void hu_get_gathered(struct hu_bytes_in *in, const struct hu_statistics_plan *plan,
                     struct hu_gathered *g, bool finished)
{
    struct walk w = {.in = in};
    pass_gathered(&w, plan, g, finished ? 0 : g->code_count);
    if (!finished)
        hu_gathered_meet(g);
}
