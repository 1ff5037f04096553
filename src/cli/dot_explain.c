/* A model group by group: addends aligned, what was cut of each, the sum, the rounding. */
#include "room.h"
#include "dot_job.h"
#include "mpz64.h"

/* Where the values and the digits begin; how many cut digits are shown. */
enum { VALUE_AT = 14, DIGITS_AT = 30, CUT_DIGITS = 12, DIGITS_TEXT = 160 };

struct explanation {
    const struct dot *d;
    const struct dot_result *r;
    size_t step;
    size_t first; /* operand of the segment, where steps count from its own */
};

static void shown(char out[64], const mpq_t ratio)
{
    bool exact;
    OWNED char *text = hu_ratio_shown(ratio, HU_SHOWN_DIGITS, &exact);
    OWNED char *rounded = strlen(text) > 14 ? hu_ratio_scientific(ratio, 6, false) : NULL;
    snprintf(out, 64, "%s", rounded ? rounded : text);
}

static void ratio_of(mpq_t ratio, bool sign, uint64_t significand, int unit)
{
    mpz_import(mpq_numref(ratio), 1, -1, sizeof significand, 0, 0, &significand);
    mpz_set_ui(mpq_denref(ratio), 1);
    hu_mpq_scale(ratio, ratio, unit);
    if (sign)
        mpq_neg(ratio, ratio);
}

/* MAGNITUDE · 2^UNIT in binary, its point behind 2^EXPONENT. */
static void put_digits(char *out, uint64_t magnitude, int exponent, int unit)
{
    int fraction = exponent - unit, at = 0;
    int top = magnitude ? 63 - __builtin_clzll(magnitude) : 0;
    for (int bit = top > fraction ? top : fraction; bit >= 0; bit--) {
        out[at++] = bit < 64 && magnitude >> bit & 1 ? '1' : '0';
        if (bit == fraction && bit)
            out[at++] = '.';
    }
    out[at] = 0;
}

/* The bits of an addend that lie below 2^UNIT, as digits. */
static void put_cut(char *out, const struct hu_dot_addend *a, int unit)
{
    int below = unit - a->unit, at = 0;
    for (int bit = below - 1; bit >= 0; bit--) {
        if (at == CUT_DIGITS) {
            strcpy(out + at, "…");
            return;
        }
        out[at++] = bit < 64 && a->significand >> bit & 1 ? '1' : '0';
    }
    out[at] = 0;
}

static bool is_cut(const struct hu_dot_addend *a, int unit)
{
    int below = unit - a->unit;
    return below > 63 || (below > 0 && a->significand & ((UINT64_C(1) << below) - 1));
}

static void name_addend(char out[48], const struct explanation *e, const struct hu_dot_addend *a)
{
    size_t index = e->first + a->index;
    switch (a->part) {
    case HU_DOT_PRODUCT:
        snprintf(out, 48, "a%zu·b%zu", index, index);
        break;
    case HU_DOT_SUM:
        snprintf(out, 48, "%s", e->step ? "sum so far" : "C");
        break;
    case HU_DOT_PARTIAL:
        snprintf(out, 48, "products%s", a->index ? "′" : "");
        break;
    }
}

static void explain_addend(const struct explanation *e, const struct hu_dot_step *s,
                           const struct hu_dot_addend *a)
{
    char name[48], value[64], digits[DIGITS_TEXT], rest[DIGITS_TEXT];
    RATIO(ratio);
    RATIO(kept);
    ratio_of(ratio, a->sign, a->significand, a->unit);
    ratio_of(kept, a->kept < 0, a->kept < 0 ? -(uint64_t)a->kept : (uint64_t)a->kept, s->unit);
    name_addend(name, e, a);
    shown(value, ratio);
    put_digits(digits + 1, a->kept < 0 ? -(uint64_t)a->kept : (uint64_t)a->kept, s->exponent,
               s->unit);
    *digits = a->sign ? '-' : '+';
    struct fold f = fold_begin(4);
    fold_put(&f, 2, "", name);
    fold_at(&f, VALUE_AT, "", value);
    fold_at(&f, DIGITS_AT, ink->significand, digits);
    if (!mpq_equal(ratio, kept)) {
        put_cut(rest + 1, a, s->unit);
        *rest = '|';
        if (is_cut(a, s->unit))
            fold_put(&f, 0, ink->warn, rest);
        mpq_sub(ratio, ratio, kept);
        shown(value, ratio);
        fold_format(&f, 2, ink->warn, "%s cut", value);
    }
    fold_end(&f);
}

static void explain_result(const struct explanation *e, const struct hu_dot_step *s,
                           const char *label)
{
    const struct hu_format *f = e->d->accumulate;
    struct fold line = fold_begin(4);
    fold_put(&line, 2, "", label);
    fold_at(&line, VALUE_AT, ink->bold, VALUE_OF(f, s->bits));
    fold_at(&line, DIGITS_AT, ink->dim, CODE_OF(f, s->bits));
    fold_end(&line);
}

static void explain_aligned(struct explanation *e, const struct hu_dot_step *s)
{
    char value[64], digits[DIGITS_TEXT];
    struct fold f = fold_begin(2);
    if (s->products) {
        fold_format(&f, 0, ink->bold, "products %zu to %zu", e->first + s->first,
                    e->first + s->first + s->products - 1);
    } else {
        fold_put(&f, 0, ink->bold, "sums");
    }
    if (s->count)
        fold_format(&f, 3, ink->dim, "greatest exponent %d, cut below 2^%d %s", s->exponent,
                    s->unit, s->down ? "downward" : "toward zero");
    fold_end(&f);
    for (size_t i = 0; i < s->count; i++)
        explain_addend(e, s, &s->addends[i]);
    uint64_t magnitude = s->sum < 0 ? -(uint64_t)s->sum : (uint64_t)s->sum;
    RATIO(sum);
    if (s->count)
        ratio_of(sum, s->sum < 0, magnitude, s->unit);
    shown(value, sum);
    f = fold_begin(4);
    fold_put(&f, 2, "", "sum");
    fold_at(&f, VALUE_AT, "", value);
    if (s->count) {
        put_digits(digits + 1, magnitude, s->exponent, s->unit);
        *digits = s->sum < 0 ? '-' : '+';
        fold_at(&f, DIGITS_AT, ink->significand, digits);
    }
    fold_end(&f);
    if (s->rounded)
        explain_result(e, s, hu_direction_name(s->direction));
}

/* A step whose addends are not cut: one line. */
static void explain_exact(struct explanation *e, const struct hu_dot_step *s)
{
    char text[64];
    if (!s->products)
        snprintf(text, sizeof text, "+ C");
    else if (s->products == 1)
        snprintf(text, sizeof text, "+ a%zu·b%zu", e->first + s->first, e->first + s->first);
    else
        snprintf(text, sizeof text, "+ %zu to %zu", e->first + s->first,
                 e->first + s->first + s->products - 1);
    explain_result(e, s, text);
}

static void explain_segment(void *context, size_t first, size_t products)
{
    struct explanation *e = context;
    printf("%sblock of products %zu to %zu%s\n", ink->bold, first, first + products - 1, ink->off);
    e->first = first;
}

static void explain_promotion(void *context, const struct dot_promotion *promotion)
{
    const struct explanation *e = context;
    const struct hu_dot_step last = {.bits = promotion->sum};
    char label[HU_SHORTEST_TEXT + 16];
    snprintf(label, sizeof label, "× %s +", VALUE_OF(e->d->accumulate, promotion->scale));
    explain_result(e, &last, label);
}

static void explain_step(void *context, const struct hu_dot_step *s)
{
    struct explanation *e = context;
    if (s->aligned)
        explain_aligned(e, s);
    else
        explain_exact(e, s);
    e->step += s->rounded;
}

/* The steps, and what follows those of scales: the epilogue; or all of them, rounded at once. */
static void explain_sum(const struct explanation *e, size_t sum,
                        const struct dot_observer *observer)
{
    const struct hu_dot_step last = {.bits = e->r->bits[sum]};
    bool once = e->d->segment && e->r->choice->model->method == HU_DOT_EXACT;
    if (!once)
        dot_observe(e->d, e->r, sum, observer);
    if (once || e->d->scaled)
        explain_result(e, &last, once ? "all, once" : "× scales + C");
}

void dot_explain(const struct dot *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct dot_result *r = &d->results[i];
        for (size_t sum = 0; sum < d->rows * d->columns; sum++) {
            struct explanation e = {.d = d, .r = r};
            const struct dot_observer observer = {explain_segment, explain_step, explain_promotion,
                                                  &e};
            putchar('\n');
            dot_print_model(r->choice->model);
            if (d->matrix)
                printf("C[%zu,%zu]\n", sum / d->columns, sum % d->columns);
            explain_sum(&e, sum, &observer);
        }
    }
}
