/* What is known of the selected row, line by line. */
#include "allocate.h"
#include "layout_parts.h"
#include "mpz64.h"
#include "operation.h"
#include "scope.h"
#include "words.h"

#include <inttypes.h>
#include <string.h>

/* What is left to be filled. */
struct facts {
    struct layout *l;
    struct rect area;
    int label; /* width of the labels */
    int more;  /* lines that a fact may take beyond those that are kept for it */
};

/* Figures, or prose; or figures below the label, in the whole width. */
enum kind { FIGURES, WORDS, BELOW };

/* LINES are kept for TEXT, which is taken, whatever the value. The item is inspector.NAME. */
static void put_fact(struct facts *p, enum kind kind, const char *name, const char *label,
                     int lines, char *text)
{
    struct layout *l = p->l;
    enum face face = kind == WORDS ? FACE_SMALL : FACE_MONO;
    int height = line_of(l, FACE_MONO), most = lines + p->more, used;
    struct rect r = p->area;
    put_label(l, box(r.x, r.y, kind == BELOW ? r.w : p->label, height), FACE_SMALL, TINT_DIM, label,
              "inspector.%s.label", name);
    if (kind == BELOW)
        r.y += height;
    else
        r = box(r.x + p->label, r.y, r.w - p->label, 0);
    const char *whole = keep_taken(l, text);
    if (kind != WORDS)
        whole = shorten(l, whole, power_of_ten(whole), most * (r.w / digits(l, 1)));
    const char *shown = wrap(l, face, whole, r.w, most, kind == WORDS, &used);
    r.h = greater(used, lines) * line_of(l, face);
    struct item *i = put_label(l, r, face, TINT_INK, shown, "inspector.%s", name);
    i->top = true;
    i->full = text;
    p->area.y = r.y + greater(r.h, height) + px(l, 3);
}

/* Wider formats have code and value in a line each. */
enum { SHORT_WIDTH = 32 };

static int code_lines(const struct hu_format *f)
{
    return f->width > SHORT_WIDTH ? 2 : 1;
}

/* VALUE is freed. */
static char *code_and_value(const struct hu_format *f, uint64_t bits, char *value)
{
    OWNED char *taken = value;
    char hex[HU_BITS_TEXT];
    hu_bits_print(hex, f, bits);
    return text_of("%s%s%s", hex, f->width > SHORT_WIDTH ? "\n" : " ", taken);
}

static char *power_of_two(int exponent)
{
    return text_of("2%s", superscript(exponent).text);
}

/* --- The datum --- */

static char *exponent_sum(const struct row *r)
{
    const struct hu_format *f = r->format;
    if (hu_is_integer(f))
        return need(strdup("none: an integer's unit is 1"));
    uint64_t field = hu_biased_exponent(f, r->bits);
    char digits[HU_MAX_WIDTH + 1];
    for (int i = 0; i < f->exponent_bits; i++)
        digits[i] = field >> (f->exponent_bits - 1 - i) & 1 ? '1' : '0';
    digits[f->exponent_bits] = 0;
    int exponent = r->datum.quantum + f->trailing_bits;
    struct number_text result = signed_text(exponent);
    if (!hu_is_finite(r->datum))
        return text_of("%s = %" PRIu64 ": special", digits, field);
    if (!field && f->specials != HU_SPECIALS_SCALE)
        return text_of("0: %s\n1 − %d = %s", r->datum.significand ? "subnormal" : "zero", f->bias,
                       result.text);
    return text_of("%s = %" PRIu64 "\n%" PRIu64 " − %d = %s", digits, field, field, f->bias,
                   result.text);
}

static char *significand_sum(const struct row *r)
{
    const struct hu_format *f = r->format;
    if (hu_is_integer(f))
        return text_of("%s%" PRIu64, r->datum.sign ? "−" : "", r->datum.significand);
    if (!hu_is_finite(r->datum)) {
        if (!hu_is_nan(r->datum))
            return need(
                strdup(f->specials == HU_SPECIALS_IEEE ? "all zero: infinity" : "infinity"));
        return text_of("payload 0x%" PRIx64, hu_payload(f, r->datum));
    }
    return text_of("%" PRIu64 " / 2%s\n%s", r->datum.significand,
                   superscript(f->trailing_bits).text, r->sum_significand);
}

static char *exact_decimal(const struct row *r)
{
    if (!hu_is_finite(r->datum))
        return need(strdup(r->decimal));
    return with_minus_taken(without_zeros(hu_datum_exact(r->format, r->bits)));
}

static char *hexadecimal(const struct row *r)
{
    char hex[HU_HEX_TEXT];
    if (hu_is_nan(r->datum))
        return text_of("nan");
    hu_hex_print(hex, r->format, r->bits);
    return with_minus(hex);
}

static char *neighbour(const struct row *r, int direction)
{
    uint64_t next = r->bits;
    bool there = direction > 0 ? hu_next_up(r->format, r->bits, &next)
                               : hu_next_down(r->format, r->bits, &next);
    return there && next != r->bits ? code_and_value(r->format, next, shown_value(r->format, next))
                                    : text_of("none");
}

static char *unit(const struct row *r)
{
    if (!hu_is_finite(r->datum))
        return text_of("none");
    int exponent = hu_ulp_exponent(r->format, r->bits);
    bool exact;
    RATIO(ulp);
    mpq_set_ui(ulp, 1, 1);
    hu_mpq_scale(ulp, ulp, exponent);
    OWNED char *near = with_minus_taken(hu_ratio_shown(ulp, 4, &exact));
    return text_of("2%s %s %s", superscript(exponent).text, exact ? "=" : "≈", near);
}

static void about_datum(struct facts *p, const struct row *r)
{
    int lines = code_lines(r->format);
    put_fact(p, FIGURES, "exponent", "exponent", 2, exponent_sum(r));
    put_fact(p, FIGURES, "significand", "significand", 2, significand_sum(r));
    put_fact(p, FIGURES, "hexadecimal", "C hexadecimal", 1, hexadecimal(r));
    put_fact(p, FIGURES, "ulp", "ulp", 1, unit(r));
    put_fact(p, FIGURES, "above", "next above", lines, neighbour(r, 1));
    put_fact(p, FIGURES, "below", "next below", lines, neighbour(r, -1));
}

/* --- The format --- */

/* "no infinity; NaN is S.1111.111; max 448" */
static char *special_words(const struct hu_format *f)
{
    char ones[HU_MAX_WIDTH + 1], trailing[HU_MAX_WIDTH + 1];
    memset(ones, '1', sizeof ones);
    memset(trailing, '1', sizeof trailing);
    ones[f->exponent_bits] = trailing[f->trailing_bits] = 0;
    OWNED char *max = bound_value(f, hu_max_finite_code(f));
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return text_of("exponent all ones is ±∞ with trailing bits 0, NaN otherwise; max %s", max);
    case HU_SPECIALS_FN:
        return text_of("no infinity; NaN is S.%s.%s; max %s", ones, trailing, max);
    case HU_SPECIALS_FNUZ:
        return text_of("no infinity, no −0; NaN is the code 0x%" PRIx64 " of −0; max %s",
                       hu_sign_mask(f), max);
    case HU_SPECIALS_NONE:
        return text_of("no infinity, no NaN: every code is finite; max %s", max);
    case HU_SPECIALS_P3109:
    case HU_SPECIALS_P3109_FINITE:
        return text_of("%s; NaN is the code 0x%" PRIx64 "%s; max %s",
                       !hu_has_infinity(f) ? "no infinity"
                       : hu_is_signed(f)   ? "±∞ are the greatest magnitudes"
                                           : "∞ is the greatest magnitude",
                       hu_lone_nan_code(f), hu_is_signed(f) ? " of −0" : "", max);
    case HU_SPECIALS_INTEGER:
        return text_of("no infinity, no NaN: every code is an integer; max %s", max);
    case HU_SPECIALS_SCALE:
        return text_of("unsigned powers of two, no zero; NaN is all ones; max %s", max);
    }
    return NULL;
}

/* The codes of a wide format's limits are too wide to stand beside the values. */
static char *limit(const struct hu_format *f, uint64_t bits)
{
    char *value = bits == hu_max_finite_code(f) ? bound_value(f, bits) : shown_value(f, bits);
    return f->width > SHORT_WIDTH ? value : code_and_value(f, bits, value);
}

static char *smallest_subnormal(const struct hu_format *f)
{
    uint64_t code;
    return hu_min_subnormal_code(f, &code) ? limit(f, code) : text_of("none");
}

static char *shape(const struct hu_format *f)
{
    if (hu_is_integer(f))
        return text_of("an integer of %d bits, %s", f->width,
                       hu_is_signed(f) ? "two's complement" : "without sign");
    return text_of("%s%d exponent + %d significand bits, bias %d",
                   hu_is_signed(f) ? "1 sign + " : "", f->exponent_bits, f->trailing_bits, f->bias);
}

static void about_format(struct facts *p, const struct hu_format *f)
{
    put_fact(p, WORDS, "shape", "format", 2, shape(f));
    put_fact(p, WORDS, "specials", "special codes", 3, special_words(f));
    put_fact(p, FIGURES, "max", "largest", 1, limit(f, hu_max_finite_code(f)));
    if (hu_is_integer(f)) {
        put_fact(p, FIGURES, "lowest", "lowest", 1, limit(f, hu_lowest_code(f)));
        put_fact(p, FIGURES, "digits", "decimal digits", 1, text_of("%d kept", hu_digits10(f)));
        return;
    }
    put_fact(p, FIGURES, "min_normal", "least normal", 1, limit(f, hu_min_normal_code(f)));
    put_fact(p, FIGURES, "min_subnormal", "smallest", 1, smallest_subnormal(f));
    put_fact(p, FIGURES, "epsilon", "epsilon", 1, power_of_two(-f->trailing_bits));
    put_fact(p, FIGURES, "digits", "decimal digits", 1,
             text_of("%d kept, %d needed", hu_digits10(f), hu_max_digits10(f)));
}

int put_inspector(struct layout *l, struct rect r, int bottom)
{
    const struct row *row = &l->model->rows[model_selected(l->model)];
    int pad = px(l, 12), line = line_of(l, FACE_MONO);
    size_t panel = l->count;
    struct facts p = {l, box(r.x + pad, r.y + pad, r.w - 2 * pad, 0),
                      width_with(l, FACE_SMALL, "C hexadecimal", 8), 0};
    put(l, ROLE_PANEL, r, NULL, "inspector");
    p.area.y = put_heading(l, p.area, row->label, "inspector.title");
    about_datum(&p, row);
    about_format(&p, row->format);
    put_fact(&p, BELOW, "error", "error", 1,
             with_minus(row->error_exact ? row->error_exact : row->error));
    put_fact(&p, BELOW, "error_ulp", "error in ulp", 1,
             with_minus(row->ulps_exact ? row->ulps_exact : "none"));
    /* The last, so that it may be long. */
    p.more = bottom ? greater((bottom - pad - p.area.y - line) / line - 3, 0) : 37;
    put_fact(&p, BELOW, "exact", "exactly", 3, exact_decimal(row));
    bottom = greater(bottom, p.area.y + pad - px(l, 3));
    l->items[panel].rect.h = bottom - r.y;
    return bottom;
}
