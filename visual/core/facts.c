/* The rows, derived from the document. */
#include "allocate.h"
#include "arithmetic.h"
#include "model.h"
#include "mpz64.h"
#include "operation.h"
#include "scope.h"
#include "words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void name_row(struct row *r)
{
    snprintf(r->label, sizeof r->label, "%s", r->format->name);
    for (char *c = r->label; *c; c++)
        *c = *c == '_' ? ' ' : (char)toupper((unsigned char)*c);
}

static const char *class_words(enum hu_class class)
{
    static const char *const words[] = {"zero",     "subnormal", "normal",
                                        "infinite", "quiet NaN", "signaling NaN"};
    return words[class];
}

/* Places of the significand that a row has room for. */
enum { SUM_DIGITS = 16 };

/* An integer in two's complement: its sign bit is worth -2^t, the others what they are. */
static void add_up(struct row *r)
{
    const struct hu_format *f = r->format;
    bool integer = hu_is_integer(f);
    strcpy(r->sum_sign, !hu_is_signed(f) ? ""
                        : integer        ? r->datum.sign ? "−1" : "0"
                        : r->datum.sign  ? "(−1)¹"
                                         : "(−1)⁰");
    r->sum_is_exact = true;
    if (!hu_is_finite(r->datum)) {
        strcpy(r->sum_exponent, "special");
        strcpy(r->sum_significand, r->datum.class == HU_INFINITE ? "∞" : "NaN");
        return;
    }
    snprintf(r->sum_exponent, sizeof r->sum_exponent, "2%s",
             superscript(r->datum.quantum + f->trailing_bits).text);
    if (integer) {
        uint64_t sign = (uint64_t)r->datum.sign << (f->width - 1);
        if (!hu_is_signed(f))
            *r->sum_exponent = 0;
        snprintf(r->sum_significand, sizeof r->sum_significand, "%" PRIu64, r->bits ^ sign);
        return;
    }
    bool whole =
        significand_text(r->sum_significand, sizeof r->sum_significand, f, r->bits, SUM_DIGITS);
    r->sum_is_exact = whole && hu_is_shown_exactly(f, r->bits);
}

static void lay_bytes(struct row *r)
{
    const struct hu_format *f = r->format;
    uint64_t word = r->bits << f->storage_shift;
    if (f->storage_bits < 8) {
        snprintf(r->bytes, sizeof r->bytes, "%d bits of a byte", f->storage_bits);
        return;
    }
    r->bytes[0] = 0;
    for (int i = 0; i < f->storage_bits / 8; i++)
        snprintf(r->bytes + 3 * i, sizeof r->bytes - 3 * (size_t)i, "%02x ",
                 (unsigned)(word >> 8 * i & 0xff));
    r->bytes[3 * (f->storage_bits / 8) - 1] = 0;
}

/* Error over the unit in the last place, for people: "0.40 ulp", "<0.01 ulp", "3.2e+05 ulp". Half
 * is said where it is half exactly. */
static void ulp_text(char *out, size_t size, const mpq_t share)
{
    RATIO(ulps);
    mpq_abs(ulps, share);
    int half = mpq_cmp_ui(ulps, 1, 2);
    OWNED char *many = hu_ratio_scientific(ulps, 2, false);
    if (mpq_cmp_ui(ulps, 1, 200) < 0) {
        snprintf(out, size, "<0.01 ulp");
    } else if (mpq_cmp_ui(ulps, 1000, 1) >= 0) {
        snprintf(out, size, "%s ulp", many);
    } else {
        snprintf(out, size, "%.2f ulp", mpq_get_d(ulps));
        if (half && !strcmp(out, "0.50 ulp"))
            snprintf(out, size, "%s0.50 ulp", half < 0 ? "<" : ">");
    }
}

enum { SHOWN_EXACTLY = 11 };

static void tell_error(struct row *r, const mpq_t error)
{
    RATIO(share);
    mpq_set(share, error);
    hu_mpq_scale(share, share, -hu_ulp_exponent(r->format, r->bits));
    ulp_text(r->error_ulp, sizeof r->error_ulp, share);
    char *exact = hu_ratio_exact(error);
    bool brief = strlen(exact) < SHOWN_EXACTLY;
    OWNED char *near = hu_ratio_scientific(error, 3, true);
    OWNED char *shown = with_minus(brief ? exact : near);
    snprintf(r->error, sizeof r->error, "%s%s", brief && mpq_sgn(error) > 0 ? "+" : "", shown);
    r->error_exact = without_zeros(exact);
    r->ulps_exact = without_zeros(hu_ratio_exact(share));
}

static void measure_error(struct row *r, const struct hu_value *v)
{
    RATIO(error);
    free(r->error_exact);
    free(r->ulps_exact);
    r->error_exact = r->ulps_exact = NULL;
    r->error_ulp[0] = 0;
    if (!hu_value_error(error, v, r->format, r->bits)) {
        bool both = v->kind != HU_VALUE_FINITE && !hu_is_finite(r->datum);
        snprintf(r->error, sizeof r->error, "%s", both ? "none" : "not finite");
    } else if (!mpq_sgn(error)) {
        snprintf(r->error, sizeof r->error, "exact");
        r->error_exact = need(strdup("0"));
        r->ulps_exact = need(strdup("0"));
    } else {
        tell_error(r, error);
    }
}

/* What a row shows of its bits and flags; its error is against V. */
static void tell_row(struct row *r, const struct hu_value *v)
{
    r->datum = hu_decode(r->format, r->bits);
    name_row(r);
    char hex[HU_BITS_TEXT];
    hu_bits_print(hex, r->format, r->bits);
    strcpy(r->hex, hex + 2);
    hu_shown_print(r->decimal, r->format, r->bits);
    snprintf(r->class, sizeof r->class, "%s", class_words(r->datum.class));
    hu_flags_print(r->flag_names, r->flags);
    add_up(r);
    lay_bytes(r);
    measure_error(r, v);
}

static void refresh_row(struct row *r, const struct document *d, const struct hu_value *v)
{
    r->flags = 0;
    r->bits = hu_value_bits_in(v, r->format, &d->options, &r->flags);
    r->is_source = v->format == r->format;
    tell_row(r, v);
}

/* V := the operation on the operands as they are. False: it gives no number. */
static bool operate(struct hu_value *v, const struct document *d, const struct row *a,
                    const struct row *b)
{
    bool fine = hu_is_finite(a->datum) && hu_is_finite(b->datum) &&
                !(d->arithmetic == ARITHMETIC_DIV && b->datum.class == HU_ZERO);
    if (!fine)
        return false;
    RATIO(x);
    RATIO(y);
    hu_datum_ratio(x, a->format, a->bits);
    hu_datum_ratio(y, b->format, b->bits);
    static void (*const of[ARITHMETICS])(mpq_ptr, mpq_srcptr, mpq_srcptr) = {mpq_add, mpq_sub,
                                                                             mpq_mul, mpq_div};
    of[d->arithmetic](x, x, y);
    v->sign = mpq_sgn(x) < 0;
    mpq_abs(v->ratio, x);
    return true;
}

static void refresh_result(struct row *r, const struct document *d, const struct row *a,
                           const struct row *b)
{
    VALUE(v);
    const struct hu_format *const from[] = {a->format, b->format};
    const uint64_t x[] = {a->bits, b->bits};
    struct hu_operation_options o = {.rounding = d->options};
    r->flags = 0;
    struct hu_exact exact = hu_basic_exact(arithmetics[d->arithmetic].operation, from, x, &o);
    r->bits = hu_round_exact(r->format, &exact, 0, &d->options, &r->flags);
    if (!operate(&v, d, a, b))
        v.kind = HU_VALUE_NAN;
    tell_row(r, &v);
}

void model_refresh_operands(struct model *m)
{
    static const char *const names[] = {"a", "b", "result"};
    const struct document *d = model_now(m);
    VALUE(second);
    struct row *a = &m->rows[ROW_A];
    for (int i = 0; i < 3; i++) {
        a[i].format = m->selected;
        a[i].name = names[i];
    }
    hu_value_set_datum(&second, d->second_format, d->second_bits);
    refresh_row(&a[0], d, &d->value);
    refresh_row(&a[1], d, &second);
    refresh_result(&a[2], d, &a[0], &a[1]);
}

/* Those of the block page. */
static void refresh_block(struct model *m)
{
    const struct block_state *s = &model_now(m)->block;
    for (int part = 0; part < BLOCK_PARTS; part++) {
        struct row *r = &m->rows[ROW_BLOCK + part];
        char hex[HU_BITS_TEXT];
        r->format = block_part_format(s, part);
        r->name = r->format ? block_part_name(part) : NULL;
        if (!r->format)
            continue;
        r->bits = block_bits(s, part);
        r->datum = hu_decode(r->format, r->bits);
        snprintf(r->label, sizeof r->label, "%s",
                 part != BLOCK_SECOND               ? r->name
                 : s->block->over == HU_OVER_TENSOR ? "tensor"
                                                    : "least");
        hu_bits_print(hex, r->format, r->bits);
        strcpy(r->hex, hex + 2);
        if (part < BLOCK_FIRST)
            hu_shown_print(r->decimal, r->format, r->bits);
        else
            hu_block_shown(r->decimal, (double)s->given[part - BLOCK_FIRST]);
    }
}

void model_refresh(struct model *m)
{
    const struct document *d = model_now(m);
    bool same_rows = m->count == d->count;
    m->count = d->count;
    for (int i = 0; i < d->count; i++) {
        same_rows &= m->rows[i].format == d->rows[i];
        m->rows[i].format = d->rows[i];
        m->rows[i].name = d->rows[i]->name;
        refresh_row(&m->rows[i], d, &d->value);
    }
    m->selected = m->rows[model_selected(m)].format;
    model_refresh_operands(m);
    refresh_block(m);
    if (!same_rows)
        weights_arrange(&m->weights, d->rows, d->count);
    model_weigh(m);
}

void model_weigh(struct model *m)
{
    const struct document *d = model_now(m);
    weights_answer(&m->weights, &d->memory, m->selected, d->rows, d->count);
}
