#include "microscope.h"
#include "allocate.h"
#include "mpz64.h"
#include "operation.h"
#include "scope.h"
#include "text.h"
#include "words.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

static uint64_t rounded(const struct hu_value *v, const struct hu_format *f,
                        enum hu_direction direction, bool saturate)
{
    struct hu_options options = {.direction = direction, .saturate = saturate};
    return hu_value_round(v, f, &options, NULL);
}

/* --- Guard, round and sticky --- */

/* floor(log2 ratio) of a positive ratio. */
static int exponent_of(const mpq_t ratio)
{
    size_t above = mpz_sizeinbase(mpq_numref(ratio), 2),
           below = mpz_sizeinbase(mpq_denref(ratio), 2);
    int e = (int)above - (int)below;
    RATIO(lead);
    hu_mpq_scale(lead, ratio, -e);
    return e - (mpq_cmp_ui(lead, 1, 1) < 0);
}

/* An integer has no point, and no zeros before it. */
static void write_kept(struct microscope *s, const mpz_t kept)
{
    int t = s->format->trailing_bits;
    char *to = s->kept;
    if (hu_is_integer(s->format)) {
        mpz_get_str(s->kept, 2, kept);
        return;
    }
    for (int i = t; i >= 0; i--) {
        *to++ = mpz_tstbit(kept, (mp_bitcnt_t)i) ? '1' : '0';
        if (i == t && t)
            *to++ = '.';
    }
    *to = 0;
}

static void shown_ratio(char *out, size_t size, const mpq_t ratio)
{
    bool exact;
    OWNED char *text = with_minus_taken(hu_ratio_shown(ratio, 4, &exact));
    snprintf(out, size, "%s%s", exact ? "" : "≈ ", text);
}

/* What the numerator leaves of a division by the denominator is the fraction. */
static void split_bits(struct microscope *s, const struct hu_value *v)
{
    int unit = exponent_of(v->ratio) - s->format->trailing_bits, least = hu_quantum_min(s->format);
    RATIO(rest);
    RATIO(worth);
    mpz_t bits;
    s->unit = unit < least ? least : unit;
    mpz_init(bits);
    hu_mpq_scale(rest, v->ratio, -s->unit);
    mpz_fdiv_qr(bits, mpq_numref(rest), mpq_numref(rest), mpq_denref(rest));
    write_kept(s, bits);
    hu_mpq_scale(worth, rest, s->unit);
    shown_ratio(s->share, sizeof s->share, rest);
    shown_ratio(s->worth, sizeof s->worth, worth);
    mpz_mul_2exp(mpq_numref(rest), mpq_numref(rest), SCOPE_DROPPED);
    mpz_fdiv_qr(bits, mpq_numref(rest), mpq_numref(rest), mpq_denref(rest));
    for (int i = 0; i < SCOPE_DROPPED; i++)
        s->dropped[i] = mpz_tstbit(bits, (mp_bitcnt_t)(SCOPE_DROPPED - 1 - i)) ? '1' : '0';
    s->more = mpq_sgn(rest) != 0;
    s->guard = s->dropped[0];
    s->round = s->dropped[1];
    s->sticky = s->more || strchr(s->dropped + 2, '1') ? '1' : '0';
    mpz_clear(bits);
}

/* --- Neighbours --- */

enum { NEIGHBOUR_TEXT = 64 };

static void name_neighbour(char text[NEIGHBOUR_TEXT], char *hex, const struct hu_format *f,
                           uint64_t bits)
{
    OWNED char *shown = shown_value(f, bits);
    snprintf(text, NEIGHBOUR_TEXT, "%s", shown);
    hu_bits_print(hex, f, bits);
}

static void name_virtual(char text[NEIGHBOUR_TEXT], const struct hu_format *f, bool negative)
{
    /* Only where the largest value is 2^emax (2 - 2^-t) is the next one that power of two. */
    bool full = (hu_max_finite_code(f) & hu_trailing_mask(f)) == hu_trailing_mask(f);
    if (negative && hu_is_integer(f))
        snprintf(text, NEIGHBOUR_TEXT, "min − 1");
    else
        snprintf(text, NEIGHBOUR_TEXT, "%s%s%s", negative ? "−" : "", full ? "2" : "max + 1 ulp",
                 full ? superscript(hu_emax(f) + 1).text : "");
}

/* With three digits, also where a double has fewer or none. */
static void write_share(struct microscope *s, const mpq_t share)
{
    double value = mpq_get_d(share);
    snprintf(s->near, sizeof s->near, "%.3g", value);
    if (value >= DBL_MIN || !mpq_sgn(share))
        return;
    OWNED char *text = hu_ratio_scientific(share, 3, false);
    snprintf(s->near, sizeof s->near, "%s", text);
}

/* Where the source lies from LOW to HIGH. */
static void measure(struct microscope *s, const mpq_t source, const mpq_t low, const mpq_t high)
{
    RATIO(at);
    RATIO(gap);
    mpq_sub(at, source, low);
    mpq_sub(gap, high, low);
    mpq_div(at, at, gap);
    int side = mpq_cmp_ui(at, 1, 2);
    s->side = (side > 0) - (side < 0);
    s->position = mpq_get_d(at);
    mpq_set_ui(gap, 1, 1);
    mpq_sub(gap, gap, at);
    write_share(s, s->side > 0 ? gap : at);
}

static void look_between(struct microscope *s, const mpq_t source, uint64_t lower, uint64_t upper)
{
    RATIO(low);
    RATIO(high);
    hu_datum_ratio(low, s->format, lower);
    hu_datum_ratio(high, s->format, upper);
    measure(s, source, low, high);
    name_neighbour(s->lower, s->lower_hex, s->format, lower);
    name_neighbour(s->upper, s->upper_hex, s->format, upper);
}

static void look_beyond(struct microscope *s, const mpq_t source)
{
    const struct hu_format *f = s->format;
    bool negative = mpq_sgn(source) < 0;
    uint64_t last = negative ? hu_lowest_code(f) : hu_max_finite_code(f);
    RATIO(edge);
    RATIO(next);
    hu_datum_ratio(edge, f, last);
    mpq_set_si(next, negative ? -1 : 1, 1);
    hu_mpq_scale(next, next, hu_ulp_exponent(f, hu_max_finite_code(f)));
    mpq_add(next, edge, next);
    measure(s, source, negative ? next : edge, negative ? edge : next);
    s->is_virtual = negative ? -1 : 1;
    name_virtual(negative ? s->lower : s->upper, f, negative);
    name_neighbour(negative ? s->upper : s->lower, negative ? s->upper_hex : s->lower_hex, f, last);
}

/* --- Which way, and why --- */

static void reason_nearest(const struct microscope *s, struct way *w)
{
    const char *side = w->step > 0 ? "upper" : "lower";
    if (s->side)
        snprintf(w->reason, SCOPE_REASON, "the %s neighbour is nearer: %s of the gap away", side,
                 s->near);
    else if (w->direction == HU_TIES_TO_AWAY)
        snprintf(w->reason, SCOPE_REASON, "a tie: the %s neighbour has the larger magnitude", side);
    else if (hu_is_p3109(s->format) && !s->format->trailing_bits)
        snprintf(w->reason, SCOPE_REASON, "a tie: the %s neighbour's code is even", side);
    else if (s->format->trailing_bits)
        snprintf(w->reason, SCOPE_REASON, "a tie: the %s neighbour's last bit is 0, so even", side);
    else
        snprintf(w->reason, SCOPE_REASON, "a tie, and no neighbour is even: the larger magnitude");
}

static void reason_between(const struct microscope *s, struct way *w)
{
    static const char *const words[] = {
        [HU_TOWARD_ZERO] = "drops guard, round and sticky",
        [HU_TOWARD_POSITIVE] = "inexact, so the neighbour above, however near the lower",
        [HU_TOWARD_NEGATIVE] = "inexact, so the neighbour below, however near the upper",
        [HU_TO_ODD] = "inexact, so the neighbour whose last bit is 1"};
    if (words[w->direction])
        snprintf(w->reason, SCOPE_REASON, "%s", words[w->direction]);
    else
        reason_nearest(s, w);
}

static void reason_beyond(const struct microscope *s, struct way *w, bool saturate)
{
    struct hu_datum d = hu_decode(s->format, w->bits);
    const char *what = d.class == HU_INFINITE ? "infinity"
                       : hu_is_nan(d)         ? "NaN: the format has no infinity"
                                              : "the largest finite value";
    bool near = w->direction == HU_TIES_TO_EVEN || w->direction == HU_TIES_TO_AWAY;
    if (saturate)
        snprintf(w->reason, SCOPE_REASON, "saturating: the largest finite value");
    else if (near && !hu_is_finite(d))
        snprintf(w->reason, SCOPE_REASON, "half an ulp or more beyond the largest: %s", what);
    else if (near && (s->is_virtual > 0 ? s->position < 0.5 : s->position > 0.5))
        snprintf(w->reason, SCOPE_REASON, "less than half an ulp beyond the largest: back to it");
    else
        snprintf(w->reason, SCOPE_REASON, "overflow goes to %s", what);
}

static void choose(struct microscope *s, const struct document *d, int i)
{
    struct way *w = &s->ways[i];
    uint64_t high = rounded(&d->value, s->format, HU_TOWARD_POSITIVE, true);
    w->direction = (enum hu_direction)i;
    w->bits = rounded(&d->value, s->format, w->direction, d->options.saturate);
    w->step = 0;
    if (s->kind == SCOPE_BETWEEN) {
        w->step = w->bits == high ? 1 : -1;
        reason_between(s, w);
    } else if (s->kind == SCOPE_BEYOND) {
        bool back = hu_is_finite(hu_decode(s->format, w->bits));
        w->step = back ? -s->is_virtual : s->is_virtual;
        reason_beyond(s, w, d->options.saturate);
    } else {
        snprintf(w->reason, SCOPE_REASON, "%s",
                 s->kind == SCOPE_EXACT ? "exact: there is nothing to drop" : "nothing is rounded");
    }
}

static void summarize(struct microscope *s, const struct document *d)
{
    if (s->kind == SCOPE_BETWEEN)
        snprintf(s->summary, sizeof s->summary, "%s; neighbours lie 2%s apart.",
                 !s->side      ? "Exactly halfway: a tie"
                 : s->side < 0 ? "Below the midpoint"
                               : "Above the midpoint",
                 superscript(s->unit).text);
    else
        snprintf(s->summary, sizeof s->summary, "%s",
                 s->kind == SCOPE_EXACT
                     ? "The format has this value: guard, round and sticky are all 0."
                 : s->kind == SCOPE_BEYOND
                     ? "Beyond the largest finite value; overflow begins half an ulp past it."
                 : d->value.kind == HU_VALUE_NAN      ? "A NaN is carried over, not rounded."
                 : d->value.kind == HU_VALUE_INFINITE ? "An infinity is carried over, not rounded."
                 : hu_value_is_zero(&d->value)        ? "Zero is zero in every direction."
                 : hu_value_is_remote(&d->value)
                     ? "So far out that every format's range ends long before it."
                 : d->value.sign ? "The format is unsigned: a negative value is NaN."
                                 : "Below the smallest value, which it becomes.");
}

static enum scope_kind kind_of(const struct hu_value *v, const struct hu_format *f)
{
    RATIO(edge);
    RATIO(error);
    if (v->kind != HU_VALUE_FINITE || hu_value_is_remote(v) || hu_value_is_zero(v) ||
        (v->sign && !hu_is_signed(f)))
        return SCOPE_SPECIAL;
    hu_datum_ratio(edge, f, v->sign ? hu_lowest_code(f) : hu_max_finite_code(f));
    mpq_abs(edge, edge);
    bool known = hu_value_error(error, v, f, rounded(v, f, HU_TOWARD_NEGATIVE, true));
    int side = mpq_sgn(error);
    /* A scale has no zero for what lies below its range. */
    return mpq_cmp(v->ratio, edge) > 0 ? SCOPE_BEYOND
           : known && !side            ? SCOPE_EXACT
           : side > 0                  ? SCOPE_SPECIAL
                                       : SCOPE_BETWEEN;
}

void microscope_look(struct microscope *s, const struct document *d, const struct hu_format *f)
{
    memset(s, 0, sizeof *s);
    s->format = f;
    s->kind = kind_of(&d->value, f);
    RATIO(source);
    hu_value_ratio(source, &d->value);
    if (s->kind != SCOPE_SPECIAL)
        split_bits(s, &d->value);
    if (s->kind == SCOPE_BETWEEN)
        look_between(s, source, rounded(&d->value, f, HU_TOWARD_NEGATIVE, true),
                     rounded(&d->value, f, HU_TOWARD_POSITIVE, true));
    if (s->kind == SCOPE_BEYOND)
        look_beyond(s, source);
    if (s->kind == SCOPE_EXACT) {
        uint64_t bits = hu_value_round(&d->value, f, NULL, NULL);
        name_neighbour(s->lower, s->lower_hex, f, bits);
    }
    for (int i = 0; i < DIRECTIONS; i++)
        choose(s, d, i);
    summarize(s, d);
}
