#include "verify/operands.h"
#include "verify/random.h"

#include <stdlib.h>

/* Edges. */

/* Signs, exponents near the ends, near 1 and near the precision, and the trailing significands that
 * carry, tie or cancel. */
static size_t list_edges(const struct hu_format *f, int level, uint64_t *edge)
{
    int t = f->trailing_bits, k = f->exponent_bits;
    uint64_t all = hu_exponent_mask(f), bias = (uint64_t)f->bias, trailing = hu_trailing_mask(f);
    uint64_t p = (uint64_t)t + 1;
    const uint64_t exponents[] = {
        0,        1, bias - 1,     bias,         bias + 1,     all - 1, all,      bias + p,
        bias - p, 2, bias + p - 1, bias + p + 1, bias - p - 1, all - 2, bias / 2, bias + bias / 2};
    const uint64_t halves[] = {0,
                               1,
                               trailing,
                               trailing - 1,
                               trailing / 2 + 1,
                               2,
                               trailing / 2,
                               trailing / 2 + 2,
                               trailing - 2,
                               trailing / 3,
                               3,
                               trailing / 3 * 2};
    size_t n = 0, e_count = level > 1 ? 16 : 9, t_count = level > 1 ? 12 : 5;
    if (!k)
        e_count = 1;
    for (size_t e = 0; e < e_count; e++)
        for (size_t i = 0; i < t_count; i++)
            for (int sign = 0; sign < (hu_is_signed(f) ? 2 : 1); sign++)
                edge[n++] = (k ? (exponents[e] & all) << t : 0) | (halves[i] & trailing) |
                            (sign ? hu_sign_mask(f) : 0);
    return n;
}

static int compare_codes(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static size_t without_repeats(uint64_t *edge, size_t n)
{
    size_t kept = 0;
    qsort(edge, n, sizeof *edge, compare_codes);
    for (size_t i = 0; i < n; i++)
        if (!kept || edge[i] != edge[kept - 1])
            edge[kept++] = edge[i];
    return kept;
}

static const struct hu_format *halves_of(const struct hu_format *f)
{
    const struct hu_format *more =
        f->specials == HU_SPECIALS_IEEE && f->exponent_bits >= 2
            ? hu_format_exmy(f->exponent_bits, f->trailing_bits + 1, HU_SPECIALS_IEEE)
            : NULL;
    return more && more->bias == f->bias ? more : f;
}

bool hu_operands_init(struct hu_operands *o, const struct hu_question *q, int level, uint64_t seed)
{
    *o = (struct hu_operands){.q = q, .halves = halves_of(q->to), .seed = seed};
    /* Triples are many: of them the first level's edges. */
    if (q->operands > 2)
        level = 1;
    for (int i = 0; i < q->operands; i++) {
        o->edge[i] = malloc(HU_EDGES_MAX * sizeof *o->edge[i]);
        if (!o->edge[i])
            return false;
        o->edges[i] = without_repeats(o->edge[i], list_edges(q->from[i], level, o->edge[i]));
    }
    return true;
}

void hu_operands_clear(struct hu_operands *o)
{
    for (int i = 0; i < HU_OPERANDS; i++)
        free(o->edge[i]);
}

static uint64_t combinations(const struct hu_operands *o)
{
    uint64_t n = 1;
    for (int i = 0; i < o->q->operands; i++)
        n *= o->edges[i];
    return n;
}

uint64_t hu_operands_set(const struct hu_operands *o)
{
    return 2 * combinations(o);
}

/* Directed draws. */

/* A sequence of random bits, by the draw's number. */
struct draws {
    uint64_t seed, at;
};

static uint64_t draw(struct draws *d)
{
    return hu_draw(d->seed, d->at++);
}

/* A code of F: one of the edges, any, or any near the ends of its binade. */
static uint64_t drawn_code(const struct hu_operands *o, int i, struct draws *d)
{
    const struct hu_format *f = o->q->from[i];
    uint64_t how = draw(d), code = draw(d) & hu_width_mask(f);
    switch (how % 4) {
    case 0:
        return o->edge[i][(how >> 8) % o->edges[i]];
    case 1:
        return (code & ~hu_trailing_mask(f)) |
               ((code >> (how >> 8) % (f->trailing_bits + 1u)) & hu_trailing_mask(f));
    default:
        return code;
    }
}

/* A result: of the format with one bit more, odd ones, halfway, above all, and any binade. */
static uint64_t drawn_result(const struct hu_operands *o, struct draws *d)
{
    const struct hu_format *f = o->halves;
    uint64_t how = draw(d), code = draw(d) & hu_width_mask(f);
    if (how & 1) /* near the ends of the range */
        code = (code & (hu_sign_mask(f) | hu_trailing_mask(f))) |
               ((how & 2 ? (how >> 8) % 3 : hu_exponent_mask(f) - 1 - (how >> 8) % 3)
                << f->trailing_bits);
    if (how & 4)
        code |= 1;
    if (how & 8)
        code = (code & ~(hu_trailing_mask(f) >> 2)) | 1;
    return code & hu_width_mask(f);
}

/* X among the codes of operand I, or some next to it. */
static uint64_t near(const struct hu_operands *o, int i, uint64_t x, struct draws *d)
{
    static const int step[8] = {0, 0, 0, 1, -1, 2, -2, 0};
    return (x + (uint64_t)(int64_t)step[draw(d) % 8]) & hu_width_mask(o->q->from[i]);
}

/* The operand I that makes OPERATION's result what OTHERS, by the operation INVERSE, say. */
static uint64_t inverse(const struct hu_operands *o, int i, enum hu_operation inverse_operation,
                        const struct hu_format *const from[], const uint64_t others[],
                        struct draws *d)
{
    static const struct hu_operation_options plain;
    unsigned flags = 0;
    uint64_t x = hu_operate_at(inverse_operation, o->q->from[i], from, others, 0, &plain, &flags);
    return near(o, i, x, d);
}

static void direct(const struct hu_operands *o, uint64_t x[HU_OPERANDS], struct draws *d)
{
    const struct hu_question *q = o->q;
    const struct hu_format *halves = o->halves, *const two[] = {halves, q->from[1], halves};
    uint64_t result = drawn_result(o, d);
    const uint64_t given[] = {result, x[1], result};
    switch (q->operation) {
    case HU_OP_ADD:
        x[0] = inverse(o, 0, HU_OP_SUB, two, given, d);
        break;
    case HU_OP_SUB:
        x[0] = inverse(o, 0, HU_OP_ADD, two, given, d);
        break;
    case HU_OP_MUL:
        x[0] = inverse(o, 0, HU_OP_DIV, two, given, d);
        break;
    case HU_OP_DIV:
    case HU_OP_REM:
        x[0] = inverse(o, 0, HU_OP_MUL, two, given, d);
        break;
    case HU_OP_SQRT: {
        const struct hu_format *const squares[] = {halves, halves, halves};
        const uint64_t square[] = {result & ~hu_sign_mask(halves), result & ~hu_sign_mask(halves)};
        x[0] = inverse(o, 0, HU_OP_MUL, squares, square, d);
        break;
    }
    case HU_OP_FMA: {
        /* result - x * y, by the product's negative. */
        const struct hu_format *const three[] = {q->from[0], q->from[1], halves};
        const uint64_t operands[] = {x[0] ^ hu_sign_mask(q->from[0]), x[1], result};
        x[2] = inverse(o, 2, HU_OP_FMA, three, operands, d);
        break;
    }
    default:
        if (q->operands > 1)
            x[1] = near(o, 1, x[0], d);
    }
}

void hu_operands_at(const struct hu_operands *o, uint64_t i, uint64_t x[HU_OPERANDS])
{
    uint64_t all = combinations(o);
    x[0] = x[1] = x[2] = 0;
    if (i < all) {
        for (int k = o->q->operands - 1; k >= 0; k--) {
            x[k] = o->edge[k][i % o->edges[k]];
            i /= o->edges[k];
        }
        return;
    }
    struct draws d = {hu_draw(o->seed, i), 0};
    for (int k = 0; k < o->q->operands; k++)
        x[k] = drawn_code(o, k, &d);
    if (draw(&d) % 4)
        direct(o, x, &d);
}
