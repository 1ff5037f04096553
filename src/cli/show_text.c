#include "operation.h"
#include "show.h"

#include <stdlib.h>
#include <string.h>

/* The detailed view's second and third column. */
enum { MIDDLE = 30, RIGHT = 66 };

enum { ERROR_DIGITS = 3, SHORT_EXACT = 24 };

/* The datum in decimal: in full where that is short, else the shortest that reads back. */
static int value_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits)
{
    if (hu_is_finite(hu_decode(f, bits))) {
        char *exact = hu_datum_exact(f, bits);
        size_t n = strlen(exact);
        if (n <= SHORT_EXACT)
            strcpy(out, exact);
        free(exact);
        if (n <= SHORT_EXACT)
            return (int)n;
    }
    return (int)hu_shortest_print(out, f, bits);
}

/* A row's figure: what the value is where it is exact, else the shortest decimal. */
static int figure_print(char out[HU_SHORTEST_TEXT], const struct show_row *row)
{
    if (row->has_error && !mpq_sgn(row->error))
        return value_print(out, row->format, row->bits);
    return (int)hu_shortest_print(out, row->format, row->bits);
}

static void pad(int n)
{
    printf("%*s", n > 0 ? n : 0, "");
}

/* "-" as a minus sign; for figures that no program reads. */
static void print_minus(const char *text)
{
    for (; *text; text++)
        if (*text == '-')
            fputs("−", stdout);
        else
            putchar(*text);
}

static void print_flags(unsigned flags)
{
    char text[HU_FLAGS_TEXT];
    hu_flags_print(text, flags);
    fputs(text, stdout);
}

/* |error| in ulps with two digits, never rounded to more than it is: 0.5 means half exactly. */
static void print_ulps(const mpq_t ulps)
{
    char text[32];
    double value = mpq_get_d(ulps);
    value = value < 0 ? -value : value;
    snprintf(text, sizeof text, value < 1e6 && value >= 0.005 ? "%.2f" : "%.1e", value);
    bool half = mpq_cmp_si(ulps, 1, 2) == 0 || mpq_cmp_si(ulps, -1, 2) == 0;
    bool claims_half = !strcmp(text, "0.50") && !half;
    printf("%s%s ulp", claims_half ? (value < 0.5 ? "<" : ">") : "", text);
}

static void print_error(const struct show_row *row)
{
    if (!row->has_error) {
        if (row->flags)
            print_flags(row->flags);
        return;
    }
    if (!mpq_sgn(row->error)) {
        fputs("exact", stdout);
        return;
    }
    char *text = hu_ratio_scientific(row->error, ERROR_DIGITS, true);
    print_minus(text);
    pad(9 - (int)strlen(text));
    fputs("  ", stdout);
    print_ulps(row->error_ulp);
    free(text);
    if (row->flags & (HU_OVERFLOW | HU_UNDERFLOW | HU_INVALID)) {
        fputs("  ", stdout);
        print_flags(row->flags & ~(unsigned)HU_INEXACT);
    }
}

struct widths {
    int name, exponent, significand, code, shortest;
};

static void widen(int *width, int n)
{
    if (n > *width)
        *width = n;
}

static struct widths measure(const struct show *s)
{
    struct widths w = {0};
    for (size_t i = 0; i < s->count; i++) {
        const struct show_row *row = &s->rows[i];
        char shortest[HU_SHORTEST_TEXT];
        widen(&w.name, (int)strlen(row->format->name));
        widen(&w.exponent, row->format->exponent_bits);
        widen(&w.significand, row->format->trailing_bits);
        widen(&w.code, 2 + (row->format->width + 3) / 4);
        widen(&w.shortest, figure_print(shortest, row));
    }
    return w;
}

static void print_fields(const struct show_row *row, const struct widths *w,
                         const struct palette *p)
{
    struct hu_fields_text fields;
    hu_fields_print(&fields, row->format, row->bits);
    printf("%s%1s%s ", p->sign, fields.sign, p->off);
    printf("%s%s%s", p->exponent, fields.exponent, p->off);
    pad(w->exponent - row->format->exponent_bits + 1);
    printf("%s%s%s", p->significand, fields.significand, p->off);
    pad(w->significand - row->format->trailing_bits);
}

static void print_figures(const struct show_row *row, const struct widths *w)
{
    char code[HU_BITS_TEXT], shortest[HU_SHORTEST_TEXT];
    hu_bits_print(code, row->format, row->bits);
    figure_print(shortest, row);
    printf("%-*s  %-*s  ", w->code, code, w->shortest, shortest);
    print_error(row);
    putchar('\n');
}

void show_table(const struct show *s, const struct palette *p, int columns)
{
    struct widths w = measure(s);
    int needed =
        2 + w.name + 2 + 2 + w.exponent + 1 + w.significand + 2 + w.code + 2 + w.shortest + 2 + 20;
    bool folded = columns && columns < needed;
    char *input = text_printable(s->input);
    printf("%s%s%s\n", p->bold, input, p->off);
    free(input);
    for (size_t i = 0; i < s->count; i++) {
        const struct show_row *row = &s->rows[i];
        printf("  %-*s  ", w.name, row->format->name);
        if (folded) {
            print_figures(row, &w);
            printf("    ");
            print_fields(row, &w, p);
            putchar('\n');
        } else {
            print_fields(row, &w, p);
            fputs("  ", stdout);
            print_figures(row, &w);
        }
    }
}

static int print_label(const char *label, const char *color, const struct palette *p)
{
    printf("  %s%-14s%s", color, label, p->off);
    return 16;
}

/* Moves from column AT to the next column, or two spaces where the text ran over it. */
static int tab(int at, int column)
{
    pad(at < column ? column - at : 2);
    return at < column ? column : at + 2;
}

static int put(const char *text)
{
    fputs(text, stdout);
    return text_columns(text);
}

static void describe_sign(const struct show_row *row, const struct palette *p)
{
    if (!hu_is_signed(row->format))
        return;
    int at = print_label("sign", p->sign, p);
    at += put(hu_sign_of(row->format, row->bits) ? "1" : "0");
    tab(at, RIGHT);
    puts(hu_sign_of(row->format, row->bits) ? "−" : "+");
}

/* "quiet NaN" */
static void class_words(char out[24], enum hu_class class)
{
    snprintf(out, 24, "%s",
             class == HU_QUIET_NAN       ? "quiet NaN"
             : class == HU_SIGNALING_NAN ? "signaling NaN"
                                         : hu_class_name(class));
}

static void describe_exponent(const struct show_row *row, const struct palette *p)
{
    const struct hu_format *f = row->format;
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, row->bits);
    int at = print_label("exponent", p->exponent, p), field;
    at += put(fields.exponent);
    at = tab(at, MIDDLE);
    field = (int)hu_biased_exponent(f, row->bits);
    char text[96];
    int exponent = row->datum.quantum + f->trailing_bits;
    const char *sign = exponent < 0 ? "−" : "";
    if (!hu_is_finite(row->datum)) {
        class_words(text, row->datum.class);
        printf("%d: %s\n", field, text);
        return;
    }
    if (field == 0 && f->specials != HU_SPECIALS_SCALE)
        snprintf(text, sizeof text, "0 is subnormal: 1 − %d = %s%d", f->bias, sign, abs(exponent));
    else
        snprintf(text, sizeof text, "%d − %d = %s%d", field, f->bias, sign, abs(exponent));
    at += put(text);
    tab(at, RIGHT);
    printf("2^%s%d\n", sign, abs(exponent));
}

static void describe_significand(const struct show_row *row, const struct palette *p)
{
    const struct hu_format *f = row->format;
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, row->bits);
    int at = print_label("significand", p->significand, p);
    bool finite = hu_is_finite(row->datum);
    int lead = (int)(row->datum.significand >> f->trailing_bits);
    char text[160];
    snprintf(text, sizeof text, finite ? "%d%s%s" : "%.0d%.0s%s", lead,
             *fields.significand ? "." : "", fields.significand);
    at += put(text);
    if (!finite) {
        uint64_t payload = hu_is_nan(row->datum) ? hu_payload(f, row->datum) : 0;
        if (hu_is_nan(row->datum) && f->specials == HU_SPECIALS_IEEE) {
            tab(at, RIGHT);
            printf("payload 0x%llx", (unsigned long long)payload);
        }
        putchar('\n');
        return;
    }
    unsigned long long trailing = hu_trailing_significand(f, row->bits);
    at = tab(at, MIDDLE);
    if (f->trailing_bits)
        snprintf(text, sizeof text, "%d + %llu/%llu", lead, trailing, 1ULL << f->trailing_bits);
    else
        snprintf(text, sizeof text, "%d", lead);
    at += put(text);
    tab(at, RIGHT);
    char *exact = show_significand(row);
    puts(exact);
    free(exact);
}

static void describe_value(const struct show_row *row, const struct palette *p)
{
    const struct hu_format *f = row->format;
    char shortest[HU_SHORTEST_TEXT], hexadecimal[HU_HEX_TEXT];
    hu_shortest_print(shortest, f, row->bits);
    hu_hex_print(hexadecimal, f, row->bits);
    if (hu_is_finite(row->datum)) {
        char *exact = hu_datum_exact(f, row->bits), *significand = show_significand(row);
        int exponent = row->datum.quantum + f->trailing_bits;
        int at = print_label("value", "", p);
        at += put(row->datum.sign ? "−" : "") + put(significand) + put(" × 2^");
        at += put(exponent < 0 ? "−" : "") + printf("%d", abs(exponent));
        tab(at, RIGHT);
        printf("%s%s%s exactly\n", p->bold, exact, p->off);
        free(exact);
        free(significand);
    }
    int at = print_label("shortest", "", p);
    at += put(shortest);
    if (hu_is_finite(row->datum)) {
        tab(at, RIGHT);
        printf("C hexadecimal %s", hexadecimal);
    }
    putchar('\n');
}

static void describe_error(const struct show_row *row, const struct palette *p)
{
    if (!row->has_error)
        return;
    int at = print_label("error", "", p);
    if (!mpq_sgn(row->error)) {
        puts("none: the value is exact");
        return;
    }
    char *exact = hu_ratio_exact(row->error);
    char *ulps = hu_ratio_exact(row->error_ulp);
    bool long_text = strlen(exact) > 100;
    if (long_text) {
        free(exact);
        exact = hu_ratio_scientific(row->error, 10, false);
    }
    at += put(mpq_sgn(row->error) > 0 ? "+" : "−");
    at += put(exact + (*exact == '-'));
    at += put(long_text ? " …" : "");
    tab(at, RIGHT);
    int exponent = hu_ulp_exponent(row->format, row->bits);
    if (strlen(ulps) > 12) {
        free(ulps);
        ulps = hu_ratio_scientific(row->error_ulp, 3, false);
    }
    printf("%s ulp of 2^%s%d\n", ulps + (*ulps == '-'), exponent < 0 ? "−" : "", abs(exponent));
    free(exact);
    free(ulps);
}

static int print_neighbour(const struct hu_format *f, bool there, uint64_t bits)
{
    if (!there)
        return put("none");
    char code[HU_BITS_TEXT], shortest[HU_SHORTEST_TEXT];
    hu_bits_print(code, f, bits);
    value_print(shortest, f, bits);
    return printf("%s %s", code, shortest);
}

static void describe_neighbours(const struct show_row *row, const struct palette *p)
{
    if (hu_is_nan(row->datum))
        return;
    uint64_t up = 0, down = 0;
    bool has_up = hu_next_up(row->format, row->bits, &up);
    bool has_down = hu_next_down(row->format, row->bits, &down);
    int at = print_label("neighbours", "", p);
    at += print_neighbour(row->format, has_down, down);
    tab(at, RIGHT);
    print_neighbour(row->format, has_up, up);
    putchar('\n');
}

/* Where the value lies between its neighbours, and which of them each direction takes. */
static void describe_rounding(const struct show *s, const struct show_row *row,
                              const struct palette *p)
{
    enum { LINE = 40 };
    const struct hu_format *f = row->format;
    if (s->value.kind != HU_VALUE_FINITE || !row->has_error || !mpq_sgn(row->error))
        return;
    struct hu_options o = {.direction = HU_TOWARD_NEGATIVE};
    uint64_t low = hu_value_round(&s->value, f, &o, NULL);
    o.direction = HU_TOWARD_POSITIVE;
    uint64_t high = hu_value_round(&s->value, f, &o, NULL);
    if (!hu_is_finite(hu_decode(f, low)) || !hu_is_finite(hu_decode(f, high)) || low == high)
        return;
    mpq_t below, above;
    mpq_inits(below, above, NULL);
    hu_value_error(below, &s->value, f, low);
    hu_value_error(above, &s->value, f, high);
    mpq_sub(above, above, below);
    mpq_div(below, below, above);
    int place = (int)(-mpq_get_d(below) * LINE + 0.5);
    mpq_clears(below, above, NULL);
    char low_text[HU_SHORTEST_TEXT], high_text[HU_SHORTEST_TEXT];
    value_print(low_text, f, low);
    value_print(high_text, f, high);
    print_label("rounding", "", p);
    printf("%s ", low_text);
    for (int i = 0; i <= LINE; i++)
        fputs(i == place ? "●" : i == LINE / 2 ? "┼" : "┄", stdout);
    printf(" %s\n", high_text);
    pad(16);
    for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD; d++) {
        o.direction = (enum hu_direction)d;
        uint64_t code = hu_value_round(&s->value, f, &o, NULL);
        printf("%s %s%s", hu_direction_name(o.direction), code == high ? "up" : "down",
               d == HU_TO_ODD ? "\n" : "   ");
    }
}

static void describe_twice(const struct show *s, const struct show_row *row,
                           const struct palette *p)
{
    const struct hu_format *via;
    uint64_t bits;
    if (!show_double_rounding(s, row, &via, &bits))
        return;
    char code[HU_BITS_TEXT];
    hu_bits_print(code, row->format, bits);
    print_label("rounded twice", p->warn, p);
    printf("%s%s first would give %s%s\n", p->warn, via->name, code, p->off);
}

void show_details(const struct show *s, const struct show_row *row, const struct palette *p)
{
    char code[HU_BITS_TEXT], flags[HU_FLAGS_TEXT], class[24];
    hu_bits_print(code, row->format, row->bits);
    hu_flags_print(flags, row->flags);
    class_words(class, row->datum.class);
    char *input = text_printable(s->input);
    printf("%s%s%s in %s", p->bold, input, p->off, row->format->name);
    tab(text_columns(input) + 4 + (int)strlen(row->format->name), RIGHT);
    free(input);
    printf("%s%s%s  %s%s%s\n", p->bold, code, p->off, class, row->flags ? ", " : "",
           row->flags ? flags : "");
    describe_sign(row, p);
    describe_exponent(row, p);
    describe_significand(row, p);
    describe_value(row, p);
    describe_error(row, p);
    describe_neighbours(row, p);
    describe_rounding(s, row, p);
    describe_twice(s, row, p);
}
