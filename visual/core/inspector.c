#include "inspector.h"
#include "allocate.h"
#include "mpz64.h"
#include "operation.h"
#include "words.h"

#include <inttypes.h>
#include <string.h>

static struct fact *add(struct facts *facts, const char *name, const char *label, int lines,
                        char *text)
{
    struct fact *fact = &facts->list[facts->count++];
    *fact = (struct fact){.name = name, .label = label, .text = text, .lines = lines};
    return fact;
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
    char hex[HU_BITS_TEXT];
    hu_bits_print(hex, f, bits);
    char *text = text_of("%s%s%s", hex, f->width > SHORT_WIDTH ? "\n" : " ", value);
    free(value);
    return text;
}

static char *power_of_two(int exponent)
{
    char power[32];
    superscript(power, sizeof power, exponent);
    return text_of("2%s", power);
}

/* --- The datum --- */

static char *exponent_sum(const struct row *r)
{
    const struct hu_format *f = r->format;
    if (hu_is_integer(f))
        return need(strdup("none: an integer's unit is 1"));
    uint64_t field = hu_biased_exponent(f, r->bits);
    char digits[HU_MAX_WIDTH + 1], result[16];
    for (int i = 0; i < f->exponent_bits; i++)
        digits[i] = field >> (f->exponent_bits - 1 - i) & 1 ? '1' : '0';
    digits[f->exponent_bits] = 0;
    int exponent = r->datum.quantum + f->trailing_bits;
    signed_text(result, sizeof result, exponent);
    if (!hu_is_finite(r->datum))
        return text_of("%s = %" PRIu64 ": special", digits, field);
    if (!field && f->specials != HU_SPECIALS_SCALE)
        return text_of("0: %s\n1 − %d = %s", r->datum.significand ? "subnormal" : "zero", f->bias,
                       result);
    return text_of("%s = %" PRIu64 "\n%" PRIu64 " − %d = %s", digits, field, field, f->bias,
                   result);
}

static char *significand_sum(const struct row *r)
{
    const struct hu_format *f = r->format;
    char power[32];
    if (hu_is_integer(f))
        return text_of("%s%" PRIu64, r->datum.sign ? "−" : "", r->datum.significand);
    superscript(power, sizeof power, f->trailing_bits);
    if (!hu_is_finite(r->datum)) {
        if (!hu_is_nan(r->datum))
            return need(
                strdup(f->specials == HU_SPECIALS_IEEE ? "all zero: infinity" : "infinity"));
        return text_of("payload 0x%" PRIx64, hu_payload(f, r->datum));
    }
    return text_of("%" PRIu64 " / 2%s\n%s", r->datum.significand, power, r->sum_significand);
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
        return need(strdup("nan"));
    hu_hex_print(hex, r->format, r->bits);
    return with_minus(hex);
}

static char *neighbour(const struct row *r, int direction)
{
    uint64_t next = r->bits;
    bool there = direction > 0 ? hu_next_up(r->format, r->bits, &next)
                               : hu_next_down(r->format, r->bits, &next);
    return there && next != r->bits ? code_and_value(r->format, next, shown_value(r->format, next))
                                    : need(strdup("none"));
}

static char *unit(const struct row *r)
{
    if (!hu_is_finite(r->datum))
        return need(strdup("none"));
    mpq_t ulp;
    int exponent = hu_ulp_exponent(r->format, r->bits);
    mpq_init(ulp);
    mpq_set_ui(ulp, 1, 1);
    hu_mpq_scale(ulp, ulp, exponent);
    bool exact;
    char *near = with_minus_taken(hu_ratio_shown(ulp, 4, &exact)), *power = power_of_two(exponent);
    char *text = text_of("%s %s %s", power, exact ? "=" : "≈", near);
    free(near);
    free(power);
    mpq_clear(ulp);
    return text;
}

static void about_datum(struct facts *facts, const struct row *r)
{
    add(facts, "exponent", "exponent", 2, exponent_sum(r));
    add(facts, "significand", "significand", 2, significand_sum(r));
    add(facts, "hexadecimal", "C hexadecimal", 1, hexadecimal(r));
    add(facts, "ulp", "ulp", 1, unit(r));
    add(facts, "above", "next above", code_lines(r->format), neighbour(r, 1));
    add(facts, "below", "next below", code_lines(r->format), neighbour(r, -1));
}

/* --- The format --- */

/* "no infinity; NaN is S.1111.111; max 448" */
static char *special_words(const struct hu_format *f)
{
    char ones[HU_MAX_WIDTH + 1], trailing[HU_MAX_WIDTH + 1];
    memset(ones, '1', sizeof ones);
    memset(trailing, '1', sizeof trailing);
    ones[f->exponent_bits] = trailing[f->trailing_bits] = 0;
    char *max = bound_value(f, hu_max_finite_code(f)), *text = NULL;
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        text = text_of("exponent all ones is ±∞ with trailing bits 0, NaN otherwise; max %s", max);
        break;
    case HU_SPECIALS_FN:
        text = text_of("no infinity; NaN is S.%s.%s; max %s", ones, trailing, max);
        break;
    case HU_SPECIALS_FNUZ:
        text = text_of("no infinity, no −0; NaN is the code 0x%" PRIx64 " of −0; max %s",
                       hu_sign_mask(f), max);
        break;
    case HU_SPECIALS_NONE:
        text = text_of("no infinity, no NaN: every code is finite; max %s", max);
        break;
    case HU_SPECIALS_P3109:
    case HU_SPECIALS_P3109_FINITE:
        text = text_of("%s; NaN is the code 0x%" PRIx64 "%s; max %s",
                       !hu_has_infinity(f) ? "no infinity"
                       : hu_is_signed(f)   ? "±∞ are the greatest magnitudes"
                                           : "∞ is the greatest magnitude",
                       hu_lone_nan_code(f), hu_is_signed(f) ? " of −0" : "", max);
        break;
    case HU_SPECIALS_INTEGER:
        text = text_of("no infinity, no NaN: every code is an integer; max %s", max);
        break;
    case HU_SPECIALS_SCALE:
        text = text_of("unsigned powers of two, no zero; NaN is all ones; max %s", max);
        break;
    }
    free(max);
    return text;
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
    return hu_min_subnormal_code(f, &code) ? limit(f, code) : need(strdup("none"));
}

static char *shape(const struct hu_format *f)
{
    if (hu_is_integer(f))
        return text_of("an integer of %d bits, %s", f->width,
                       hu_is_signed(f) ? "two's complement" : "without sign");
    return text_of("%s%d exponent + %d significand bits, bias %d",
                   hu_is_signed(f) ? "1 sign + " : "", f->exponent_bits, f->trailing_bits, f->bias);
}

static void about_format(struct facts *facts, const struct hu_format *f)
{
    add(facts, "shape", "format", 2, shape(f))->words = true;
    add(facts, "specials", "special codes", 3, special_words(f))->words = true;
    add(facts, "max", "largest", 1, limit(f, hu_max_finite_code(f)));
    if (hu_is_integer(f)) {
        add(facts, "lowest", "lowest", 1, limit(f, hu_lowest_code(f)));
        add(facts, "digits", "decimal digits", 1, text_of("%d kept", hu_digits10(f)));
        return;
    }
    add(facts, "min_normal", "least normal", 1, limit(f, hu_min_normal_code(f)));
    add(facts, "min_subnormal", "smallest", 1, smallest_subnormal(f));
    add(facts, "epsilon", "epsilon", 1, power_of_two(-f->trailing_bits));
    add(facts, "digits", "decimal digits", 1,
        text_of("%d kept, %d needed", hu_digits10(f), hu_max_digits10(f)));
}

void facts_of(struct facts *facts, const struct model *m)
{
    const struct row *r = &m->rows[model_selected(m)];
    facts->count = 0;
    about_datum(facts, r);
    about_format(facts, r->format);
    char *error = with_minus(r->error_exact ? r->error_exact : r->error),
         *ulps = with_minus(r->ulps_exact ? r->ulps_exact : "none");
    add(facts, "error", "error", 1, error)->below = true;
    add(facts, "error_ulp", "error in ulp", 1, ulps)->below = true;
    /* The last, so that it may be long. */
    add(facts, "exact", "exactly", 3, exact_decimal(r))->below = true;
}

void facts_clear(struct facts *facts)
{
    for (int i = 0; i < facts->count; i++)
        free(facts->list[i].text);
    facts->count = 0;
}
