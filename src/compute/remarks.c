/* What a reader should know of an expression's rounding: each remark is one function. */
#include "mpz64.h"
#include "steps.h"
#include "operation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct remarks {
    char **list;
    size_t count;
};

static void say(struct remarks *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct remarks *r, const char *format, ...)
{
    va_list arguments;
    if (r->count == COMPUTE_REMARKS)
        return;
    va_start(arguments, format);
    if (vasprintf(&r->list[r->count], format, arguments) < 0)
        abort();
    va_end(arguments);
    r->count++;
}

/* Text that lives until free_texts. */
struct texts {
    char *at[8];
    size_t count;
};

static const char *keep(struct texts *t, char *text)
{
    return t->at[t->count++] = text;
}

static void free_texts(struct texts *t)
{
    while (t->count)
        free(t->at[--t->count]);
}

static const char *datum(struct texts *t, const struct hu_format *f, uint64_t bits)
{
    char *text = malloc(HU_SHORTEST_TEXT);
    if (!text)
        abort();
    hu_shown_print(text, f, bits);
    return keep(t, text);
}

static const char *number(struct texts *t, const mpq_t q)
{
    bool exact;
    char *text = hu_ratio_shown(q, 8, &exact);
    if (exact || strlen(text) <= 12)
        return keep(t, text);
    free(text);
    return keep(t, hu_ratio_scientific(q, 3, false));
}

/* The operands of an addition, the second with the sign that it is added with. */
struct addition {
    const struct hu_format *f, *g;
    uint64_t x, y;
    struct hu_datum dx, dy;
};

/* False: S adds nothing finite, or a zero. */
static bool addition_of(struct addition *a, const struct compute *c, const struct compute_step *s)
{
    enum hu_operation operation = compute_operation_of(c, s);
    if (compute_is_literal(c, s) || (operation != HU_OP_ADD && operation != HU_OP_SUB))
        return false;
    *a = (struct addition){.f = s->from[0], .g = s->from[1], .x = s->x[0], .y = s->x[1]};
    a->dx = hu_decode(a->f, a->x);
    a->dy = hu_decode(a->g, a->y);
    a->dy.sign ^= operation == HU_OP_SUB;
    return hu_is_finite(a->dx) && hu_is_finite(a->dy) && a->dx.class != HU_ZERO &&
           a->dy.class != HU_ZERO;
}

static bool is_same(struct hu_datum x, struct hu_datum y)
{
    return x.class == y.class && x.sign == y.sign && x.significand == y.significand &&
           x.quantum == y.quantum;
}

/* 256 + 1 is 256 in bf16; what overflows is lost to no operand. */
static void of_absorption(struct remarks *r, const struct compute *c, const struct compute_step *s)
{
    struct addition a;
    if (!addition_of(&a, c, s) || a.f != s->format || a.g != s->format ||
        s->flags & (HU_OVERFLOW | HU_INVALID))
        return;
    struct hu_datum sum = hu_decode(s->format, s->bits);
    bool second = is_same(sum, a.dx), first = is_same(sum, a.dy);
    if (!second && !first)
        return;
    struct texts t = {0};
    uint64_t kept = second ? a.x : a.y, lost = second ? a.y : a.x;
    mpq_t apart;
    mpq_init(apart);
    mpq_set_ui(apart, 1, 1);
    int ulp = hu_ulp_exponent(s->format, kept);
    hu_mpq_scale(apart, apart, ulp);
    say(r, "%s is lost: at %s the numbers of %s are %s apart", datum(&t, s->format, lost),
        datum(&t, s->format, kept), s->format->name, number(&t, apart));
    mpq_clear(apart);
    free_texts(&t);
}

/* Sterbenz (1974): y / 2 <= x <= 2 y makes x - y exact, where the format has its sign. */
static void of_sterbenz(struct remarks *r, const struct compute *c, const struct compute_step *s)
{
    struct addition a;
    if (!addition_of(&a, c, s) || a.dx.sign == a.dy.sign || s->flags & (HU_INEXACT | HU_INVALID) ||
        a.f != s->format || a.g != s->format)
        return;
    mpq_t x, y;
    mpq_inits(x, y, NULL);
    hu_datum_ratio(x, a.f, a.x);
    hu_datum_ratio(y, a.g, a.y);
    mpq_abs(x, x);
    mpq_abs(y, y);
    mpq_div(x, x, y);
    struct texts t = {0};
    if (mpq_cmp_si(x, 1, 2) >= 0 && mpq_cmp_si(x, 2, 1) <= 0)
        say(r,
            "the difference of %s and %s is exact: they lie within a factor of two of each other "
            "(Sterbenz's lemma)",
            datum(&t, a.f, a.x), datum(&t, a.g, a.y));
    free_texts(&t);
    mpq_clears(x, y, NULL);
}

static int exponent_of(const struct hu_exact *e)
{
    return e->exponent + 127;
}

/* Per cent of the result that are error, from which on cancellation is called catastrophic. */
enum { CATASTROPHE = 1 };

/* Leading bits that cancel leave what the operands had been rounded by. */
static void of_cancellation(struct remarks *r, const struct compute *c,
                            const struct compute_step *s)
{
    struct addition a;
    if (!addition_of(&a, c, s) || a.dx.sign == a.dy.sign || !s->has_ideal || !s->has_value ||
        mpq_equal(s->value, s->ideal))
        return;
    struct hu_exact x = hu_exact_of(a.dx), y = hu_exact_of(a.dy);
    int top = exponent_of(&x) > exponent_of(&y) ? exponent_of(&x) : exponent_of(&y);
    bool nothing = s->exact.kind == HU_EXACT_ZERO;
    int lost = nothing ? 0 : top - exponent_of(&s->exact);
    if (!nothing && lost < 2)
        return;
    struct texts t = {0};
    mpq_t error;
    mpq_init(error);
    mpq_sub(error, s->value, s->ideal);
    if (nothing) {
        say(r, "every bit cancels: the exact difference is %s, and earlier roundings had taken it",
            number(&t, s->ideal));
    } else if (mpq_sgn(s->ideal)) {
        mpq_div(error, error, s->ideal);
        mpq_abs(error, error);
        double share = mpq_get_d(error) * 100;
        say(r,
            "the leading %d bit%s cancel%s: what the operands had been rounded by is now %.2g %% "
            "of the result%s",
            lost, lost == 1 ? "" : "s", lost == 1 ? "s" : "", share,
            share >= CATASTROPHE ? " (catastrophic cancellation)" : "");
    } else {
        say(r, "every digit of the result is the rounding of the operands: exactly it is 0");
    }
    mpq_clear(error);
    free_texts(&t);
}

static void of_overflow(struct remarks *r, const struct compute *c, const struct compute_step *s)
{
    (void)c;
    if (!s->format || !(s->flags & HU_OVERFLOW))
        return;
    struct texts t = {0};
    const bool infinite = s->exact.kind == HU_EXACT_INFINITE;
    bool below = s->has_value ? mpq_sgn(s->value) < 0 : infinite && s->exact.sign;
    bool kept = hu_is_finite(hu_decode(s->format, s->bits));
    uint64_t end = below ? hu_lowest_code(s->format) : hu_max_finite_code(s->format);
    const char *beyond = !infinite ? "it" : below ? "-infinity" : "infinity";
    say(r, "%s lies beyond %s's %s number, %s%s", s->has_value ? number(&t, s->value) : beyond,
        s->format->name, below ? "lowest" : "largest", datum(&t, s->format, end),
        kept ? ", which is kept" : "; --saturate would keep that");
    free_texts(&t);
}

/* a × b + c: one rounding in place of two. */
static void of_fusing(struct remarks *r, const struct compute *c, const struct compute_step *s)
{
    enum hu_operation operation = compute_operation_of(c, s);
    if (compute_is_literal(c, s) || (operation != HU_OP_ADD && operation != HU_OP_SUB))
        return;
    const struct compute_node *node = compute_node_of(c, s);
    for (int i = 0; i < 2; i++) {
        const struct compute_step *product = &c->steps[node->operand[i]];
        if (compute_is_literal(c, product) || compute_operation_of(c, product) != HU_OP_MUL)
            continue;
        uint64_t x[] = {product->x[0], product->x[1], s->x[1 - i]};
        const struct hu_format *from[] = {product->from[0], product->from[1], s->from[1 - i]};
        unsigned flags = 0;
        /* p - c is fma(a, b, -c), c - p is fma(-a, b, c). */
        if (operation == HU_OP_SUB) {
            int at = i ? 0 : 2;
            const struct hu_format *const own[HU_OPERANDS] = {from[at]};
            const uint64_t operand[HU_OPERANDS] = {x[at]};
            x[at] = hu_operate(HU_OP_NEGATE, from[at], own, operand, &c->options, &flags);
        }
        flags = 0;
        uint64_t fused = hu_operate(HU_OP_FMA, s->format, from, x, &c->options, &flags);
        if (fused == s->bits)
            continue;
        struct texts t = {0};
        say(r, "a fused multiply-add would give %s here, and not %s: it rounds once",
            datum(&t, s->format, fused), datum(&t, s->format, s->bits));
        free_texts(&t);
    }
}

/* Wider than F, and holding all of its numbers; NULL: none is at hand. */
static const struct hu_format *wider_than(const struct hu_format *f)
{
    static const char *const names[] = {"fp32", "fp64"};
    for (int i = 0; i < 2; i++) {
        const struct hu_format *wide = hu_format_find(names[i]);
        if (wide->trailing_bits > f->trailing_bits && hu_emax(wide) >= hu_emax(f) &&
            hu_quantum_min(wide) <= hu_quantum_min(f))
            return wide;
    }
    return NULL;
}

/* The same with wider operations and one rounding at the end. */
static void of_widening(struct remarks *r, const struct compute *c)
{
    const struct compute_step *last = compute_last(c);
    const struct hu_format *f = c->formats.result, *wide = wider_than(c->formats.accumulator);
    if (!last->format || !wide || c->formats.product != c->formats.accumulator)
        return;
    struct compute other;
    struct compute_formats formats = {c->formats.operand, wide, wide, f};
    compute_run(&other, c->expression, &formats, &c->options);
    uint64_t bits = compute_last(&other)->bits;
    struct texts t = {0};
    if (bits != last->bits)
        say(r, "with operations in %s and one rounding at the end it would be %s", wide->name,
            datum(&t, f, bits));
    free_texts(&t);
    compute_free(&other);
}

/* The rounding of literals, apart from that of the last operation. */
static void of_literals(struct remarks *r, const struct compute *c)
{
    const struct compute_step *last = compute_last(c);
    mpq_t error, ulps, before;
    if (compute_is_literal(c, last) || !last->has_ideal || !last->has_value)
        return;
    mpq_inits(error, ulps, before, NULL);
    mpq_sub(before, last->value, last->ideal);
    struct texts t = {0};
    if (mpq_sgn(before) && compute_error(error, ulps, last, last->value))
        say(r, "of the error, %s was there before the last operation, which added %s",
            number(&t, before), mpq_sgn(error) ? number(&t, error) : "nothing");
    free_texts(&t);
    mpq_clears(error, ulps, before, NULL);
}

void compute_remarks(const struct compute *c, char *remarks[COMPUTE_REMARKS + 1])
{
    static void (*const of_step[])(struct remarks *, const struct compute *,
                                   const struct compute_step *) = {
        of_absorption, of_sterbenz, of_cancellation, of_overflow, of_fusing};
    struct remarks r = {.list = remarks};
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < sizeof of_step / sizeof *of_step; k++)
            of_step[k](&r, c, &c->steps[i]);
    of_literals(&r, c);
    of_widening(&r, c);
    remarks[r.count] = NULL;
}
