#include "limits.h"
#include "operation.h"
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 18, MIDDLE = 30, RIGHT = 66 };

static void line(const char *label, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *label, const char *format, ...)
{
    va_list arguments;
    printf("  %-*s", LABEL, label);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* In full where that is short, else the shortest decimal that reads back. */
static void value_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t code)
{
    enum { SHORT_EXACT = 22 };
    char *exact = hu_datum_exact(f, code);
    if (strlen(exact) <= SHORT_EXACT)
        strcpy(out, exact);
    else
        hu_shortest_print(out, f, code);
    free(exact);
}

static void datum_line(const char *label, const struct hu_format *f, uint64_t code)
{
    char shortest[HU_SHORTEST_TEXT], hexadecimal[HU_HEX_TEXT], bits[HU_BITS_TEXT];
    value_print(shortest, f, code);
    hu_hex_print(hexadecimal, f, code);
    hu_bits_print(bits, f, code);
    line(label, "%-24s %-22s %s", shortest, hexadecimal, bits);
}

static double log10_of(const struct hu_format *f, uint64_t code)
{
    struct hu_datum d = hu_decode(f, code);
    return log10((double)d.significand) + d.quantum * log10(2);
}

static void memory_line(const struct hu_format *f)
{
    if (f->storage_bits < 8)
        line("in memory", "%d bits packed, 1 byte unpacked", f->storage_bits);
    else
        line("in memory", "%d byte%s", f->storage_bits / 8, f->storage_bits == 8 ? "" : "s");
}

void limits_print(const struct hu_format *f, const struct palette *p)
{
    uint64_t max = hu_max_finite_code(f), least = hu_min_normal_code(f), subnormal;
    printf("%s%s%s  %d bits: %d sign, %s%d exponent%s, %s%d significand%s; %s\n", p->bold, f->name,
           p->off, f->width, hu_is_signed(f), p->exponent, f->exponent_bits, p->off, p->significand,
           f->trailing_bits, p->off, hu_specials_name(f));
    datum_line("max", f, max);
    datum_line("min normal", f, least);
    if (hu_min_subnormal_code(f, &subnormal)) {
        datum_line("min subnormal", f, subnormal);
        least = subnormal;
    } else {
        line("min subnormal", "none");
    }
    datum_line("epsilon", f, hu_epsilon_code(f));
    line("unit roundoff", "2^−%d", hu_precision(f));
    line("precision", "%d bit%s", hu_precision(f), hu_precision(f) == 1 ? "" : "s");
    line("exponents", "%d to %d, bias %d", hu_emin(f), hu_emax(f), f->bias);
    line("decimal digits", "%d kept, %d needed", hu_digits10(f), hu_max_digits10(f));
    line("integers", "all exact up to %llu", (unsigned long long)hu_max_consecutive_integer(f));
    double decades = log10_of(f, max) - log10_of(f, least);
    line("dynamic range", "%.1f decades, %.1f binades, %.0f dB", decades, decades / log10(2),
         20 * decades);
    unsigned long long infinite = !hu_has_infinity(f) ? 0 : 1 + hu_is_signed(f);
    uint64_t finite = hu_finite_codes(f), nan = hu_nan_codes(f);
    if (f->width < 64)
        line("codes", "%llu: %llu finite, %llu infinite, %llu NaN", 1ULL << f->width,
             (unsigned long long)finite, infinite, (unsigned long long)nan);
    else if (!finite)
        line("codes", "2^64, all finite");
    else
        line("codes", "2^64: %llu finite, %llu infinite, %llu NaN", (unsigned long long)finite,
             infinite, (unsigned long long)nan);
    memory_line(f);
}

static void integer_range(const struct hu_integer *n, long long *min, unsigned long long *max)
{
    *max = UINT64_MAX >> (64 - (n->width - n->is_signed));
    *min = n->is_signed ? -1 - (long long)*max : 0;
}

void limits_integer_print(const struct hu_integer *n, const struct palette *p)
{
    long long min;
    unsigned long long max;
    integer_range(n, &min, &max);
    printf("%s%s%s  %d bits, %s\n", p->bold, n->name, p->off, n->width,
           n->is_signed ? "two's complement" : "unsigned");
    line("max", "%llu", max);
    line("min", "%lld", min);
    line("decimal digits", "%d kept", (n->width - n->is_signed) * 1233 >> 12);
    if (n->storage_bits < 8)
        line("in memory", "%d bits packed", n->storage_bits);
    else
        line("in memory", "%d byte%s", n->storage_bits / 8, n->storage_bits == 8 ? "" : "s");
}

void limits_print_all(void)
{
    printf("%-16s %-23s %-24s %-22s %-22s %s\n", "format", "max", "min normal", "min subnormal",
           "epsilon", "digits");
    for (size_t i = 0; i < hu_format_count(); i++) {
        const struct hu_format *f = hu_format_at(i);
        char max[HU_SHORTEST_TEXT], normal[HU_SHORTEST_TEXT], subnormal[HU_SHORTEST_TEXT] = "none",
                                                              epsilon[HU_SHORTEST_TEXT];
        uint64_t code;
        value_print(max, f, hu_max_finite_code(f));
        value_print(normal, f, hu_min_normal_code(f));
        if (hu_min_subnormal_code(f, &code))
            value_print(subnormal, f, code);
        value_print(epsilon, f, hu_epsilon_code(f));
        printf("%-16s %-23s %-24s %-22s %-22s %d to %d\n", f->name, max, normal, subnormal, epsilon,
               hu_digits10(f), hu_max_digits10(f));
    }
    printf("\n%-16s %-23s %s\n", "integer", "max", "min");
    for (size_t i = 0; i < hu_integer_count(); i++) {
        long long min;
        unsigned long long max;
        integer_range(hu_integer_at(i), &min, &max);
        printf("%-16s %-23llu %lld\n", hu_integer_at(i)->name, max, min);
    }
    puts("\nLong values are given as the shortest decimals that read back; 'halfulp limits FORMAT' "
         "says more.");
}

/* Cells at columns 2, 16, 30 and 66, as in the detailed view of show. */
static void cells(const char *label, const char *color, const char *left, const char *middle,
                  const char *right, const struct palette *p)
{
    int at = 16;
    printf("  %s%-14s%s%s", color, label, *color ? p->off : "", left);
    at += text_columns(left);
    if (*middle) {
        printf("%*s%s", at < MIDDLE ? MIDDLE - at : 2, "", middle);
        at = (at < MIDDLE ? MIDDLE : at + 2) + text_columns(middle);
    }
    printf("%*s%s\n", at < RIGHT ? RIGHT - at : 2, "", right);
}

/* "−126" */
static const char *signed_text(char out[24], int n)
{
    snprintf(out, 24, "%s%d", n < 0 ? "−" : "", abs(n));
    return out;
}

/* What P3109's codes above the largest finite value's are. */
static const char *top_codes(const struct hu_format *f)
{
    if (hu_is_signed(f))
        return hu_has_infinity(f) ? "the last code is infinity" : "";
    return hu_has_infinity(f) ? "the last two codes are infinity and NaN" : "the last code is NaN";
}

/* Why the exponent field of the largest value is no greater. */
static void top_exponent_reason(const struct hu_format *f, char out[96], unsigned field)
{
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        snprintf(out, 96, "%u (%u is infinity%s)", field, field + 1,
                 hu_has_nan(f) ? " and NaN" : "");
        break;
    case HU_SPECIALS_SCALE:
        snprintf(out, 96, "%u (%u is NaN)", field, field + 1);
        break;
    case HU_SPECIALS_FN:
        if (field < hu_exponent_mask(f))
            snprintf(out, 96, "%u (%u is NaN)", field, field + 1);
        else
            snprintf(out, 96, "%u (no infinity takes it)", field);
        break;
    case HU_SPECIALS_P3109:
    case HU_SPECIALS_P3109_FINITE:
        if (field < hu_exponent_mask(f))
            snprintf(out, 96, "%u (%s)", field, top_codes(f));
        else
            snprintf(out, 96, "%u (no field is special)", field);
        break;
    default:
        snprintf(out, 96, "%u (no special code takes it)", field);
    }
}

static void explain_sign(const struct hu_format *f, const struct palette *p)
{
    if (hu_is_signed(f))
        cells("sign", p->sign, "0", "", "+", p);
}

static void explain_result(const struct hu_format *f, uint64_t code, const char *formula,
                           const struct palette *p)
{
    char shortest[HU_SHORTEST_TEXT], hexadecimal[HU_HEX_TEXT], bits[HU_BITS_TEXT], all[160];
    char *exact = hu_datum_exact(f, code);
    hu_shortest_print(shortest, f, code);
    hu_hex_print(hexadecimal, f, code);
    hu_bits_print(bits, f, code);
    cells("value", p->bold, formula, "", exact, p);
    snprintf(all, sizeof all, "%s, %s, %s", shortest, hexadecimal, bits);
    cells("", "", "", "", all, p);
    free(exact);
}

/* The largest significand: 2 - 2^(1-p), or less the codes that infinity and NaN take. */
static void significand_formula(const struct hu_format *f, char out[64])
{
    uint64_t trailing = hu_trailing_significand(f, hu_max_finite_code(f));
    int taken = (int)(hu_trailing_mask(f) - trailing);
    if (!trailing)
        snprintf(out, 64, "1");
    else if (taken == 2)
        snprintf(out, 64, "2 − 3 × 2^−%d", f->trailing_bits);
    else
        snprintf(out, 64, "2 − 2^−%d", f->trailing_bits - taken);
}

/* Why the largest significand is not all ones. */
static const char *significand_reason(const struct hu_format *f)
{
    if (hu_trailing_significand(f, hu_max_finite_code(f)) == hu_trailing_mask(f))
        return "";
    return hu_is_p3109(f) ? top_codes(f) : "all ones are NaN, so the last is 0";
}

static void explain_max(const struct hu_format *f, const struct palette *p)
{
    uint64_t code = hu_max_finite_code(f);
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, code);
    unsigned field = (unsigned)hu_biased_exponent(f, code);
    char middle[96], right[96], formula[64], left[80], emax[24];
    printf("%s%s's largest finite value%s\n", p->bold, f->name, p->off);
    explain_sign(f, p);
    top_exponent_reason(f, middle, field);
    signed_text(emax, hu_emax(f));
    snprintf(right, sizeof right, "%u − %d = %s", field, f->bias, emax);
    cells("exponent", p->exponent, fields.exponent, middle, right, p);
    significand_formula(f, formula);
    snprintf(left, sizeof left, "1%s%s", f->trailing_bits ? "." : "", fields.significand);
    cells("significand", p->significand, left, significand_reason(f), formula, p);
    bool simple = !strcmp(formula, "1");
    snprintf(right, sizeof right, simple ? "%.0s2^%s" : "(%s) × 2^%s", formula, emax);
    explain_result(f, code, right, p);
}

static void explain_min_normal(const struct hu_format *f, const struct palette *p)
{
    uint64_t code = hu_min_normal_code(f);
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, code);
    bool scale = f->specials == HU_SPECIALS_SCALE;
    char right[96], left[80], emin[24];
    printf("%s%s's smallest%s value%s\n", p->bold, f->name, scale ? "" : " normal", p->off);
    explain_sign(f, p);
    signed_text(emin, hu_emin(f));
    snprintf(right, sizeof right, "%d − %d = %s", !scale, f->bias, emin);
    cells("exponent", p->exponent, fields.exponent,
          scale              ? "0 (a scale has no zero)"
          : f->trailing_bits ? "1 (0 is zero and the subnormals)"
                             : "1 (0 is zero)",
          right, p);
    snprintf(left, sizeof left, "1%s%s", f->trailing_bits ? "." : "", fields.significand);
    cells("significand", p->significand, left, "", "1", p);
    snprintf(right, sizeof right, "2^%s", emin);
    explain_result(f, code, right, p);
}

static void explain_min_subnormal(const struct hu_format *f, const struct palette *p)
{
    uint64_t code;
    if (!hu_min_subnormal_code(f, &code)) {
        printf("%s%s has no subnormals%s: %s\n", p->bold, f->name, p->off,
               "it has no trailing significand bits");
        return;
    }
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, code);
    char right[96], left[80], formula[96], emin[24], quantum[24];
    printf("%s%s's smallest subnormal value%s\n", p->bold, f->name, p->off);
    explain_sign(f, p);
    signed_text(emin, hu_emin(f));
    snprintf(right, sizeof right, "1 − %d = %s", f->bias, emin);
    cells("exponent", p->exponent, fields.exponent, "0 counts as 1, without the leading 1", right,
          p);
    snprintf(left, sizeof left, "0.%s", fields.significand);
    snprintf(right, sizeof right, "2^−%d", f->trailing_bits);
    cells("significand", p->significand, left, "", right, p);
    signed_text(quantum, hu_quantum_min(f));
    snprintf(formula, sizeof formula, "2^−%d × 2^%s = 2^%s", f->trailing_bits, emin, quantum);
    explain_result(f, code, formula, p);
}

void limits_explain(const struct hu_format *f, const struct palette *p)
{
    explain_max(f, p);
    putchar('\n');
    explain_min_normal(f, p);
    putchar('\n');
    explain_min_subnormal(f, p);
}

void limits_integer_explain(const struct hu_integer *n, const struct palette *p)
{
    long long min;
    unsigned long long max;
    integer_range(n, &min, &max);
    printf("%s%s's limits%s\n", p->bold, n->name, p->off);
    line("max", "2^%d − 1 = %llu", n->width - n->is_signed, max);
    if (n->is_signed)
        line("min", "−2^%d = %lld, in two's complement", n->width - 1, min);
    else
        line("min", "0");
}
