#include "room.h"
#include "show.h"

enum { ERROR_DIGITS = 3 };

static void pad(int n)
{
    printf("%*s", n > 0 ? n : 0, "");
}

/* TEXT with a minus sign for each '-'; for figures that no program reads. New memory. */
static char *with_minus(const char *text)
{
    char *out = check_memory(malloc(3 * strlen(text) + 1)), *to = out;
    for (; *text; text++)
        to += sprintf(to, *text == '-' ? "%.0s−" : "%.1s", text);
    *to = 0;
    return out;
}

/* |error| in ulps with two digits, never rounded to more than it is: 0.5 means half exactly. */
static void ulps_text(char out[48], const mpq_t ulps)
{
    char text[32];
    double value = fabs(mpq_get_d(ulps));
    if (!isnormal(value)) {
        OWNED char *ascii = shown_ulps(ulps, 2), *far = with_minus(ascii);
        snprintf(out, 48, "%s", far);
        return;
    }
    snprintf(text, sizeof text, value < 1e6 && value >= 0.005 ? "%.2f" : "%.1e", value);
    bool half = mpq_cmp_si(ulps, 1, 2) == 0 || mpq_cmp_si(ulps, -1, 2) == 0;
    bool claims_half = !strcmp(text, "0.50") && !half;
    snprintf(out, 48, "%s%s ulp", claims_half ? (value < 0.5 ? "<" : ">") : "", text);
}

enum { ERROR_TEXT = 160 };

static void error_text(char out[ERROR_TEXT], const struct show_row *row)
{
    char ulps[48], flags[HU_FLAGS_TEXT];
    *out = 0;
    if (!row->has_error) {
        if (row->flags)
            hu_flags_print(out, row->flags);
        return;
    }
    if (!mpq_sgn(row->error)) {
        strcpy(out, "exact");
        return;
    }
    OWNED char *text = hu_ratio_scientific(row->error, ERROR_DIGITS, true),
               *shown = with_minus(text);
    ulps_text(ulps, row->error_ulp);
    int room = 9 - (int)strlen(text);
    int n = snprintf(out, ERROR_TEXT, "%s%*s  %s", shown, room > 0 ? room : 0, "", ulps);
    if (row->flags & (HU_OVERFLOW | HU_UNDERFLOW | HU_INVALID)) {
        hu_flags_print(flags, row->flags & ~(unsigned)HU_INEXACT);
        snprintf(out + n, (size_t)(ERROR_TEXT - n), "  %s", flags);
    }
}

/* "in memory 0x3dccc000" where the encoding does not say how the datum lies there; else empty. */
static void memory_text(char out[40], const struct show_row *row)
{
    const struct hu_format *f = row->format;
    *out = 0;
    if (f->storage_shift)
        snprintf(out, 40, "in memory 0x%0*llx", (f->storage_bits + 3) / 4,
                 (unsigned long long)row->bits << f->storage_shift);
}

/* A row's texts, ready to be put into columns. */
struct texts {
    char code[HU_BITS_TEXT], value[HU_SHORTEST_TEXT], error[ERROR_TEXT], memory[40];
    struct hu_fields_text fields;
};

static void make_texts(struct texts *t, const struct show_row *row)
{
    hu_bits_print(t->code, row->format, row->bits);
    hu_shown_print(t->value, row->format, row->bits);
    error_text(t->error, row);
    memory_text(t->memory, row);
    hu_fields_print(&t->fields, row->format, row->bits);
}

struct widths {
    int name, exponent, significand, code, value, error, memory;
};

static struct widths measure(const struct show *s)
{
    struct widths w = {0};
    for (size_t i = 0; i < s->count; i++) {
        const struct show_row *row = &s->rows[i];
        struct texts t;
        make_texts(&t, row);
        widen(&w.name, (int)strlen(row->format->name));
        widen(&w.exponent, row->format->exponent_bits);
        widen(&w.significand, row->format->trailing_bits);
        widen(&w.code, (int)strlen(t.code));
        widen(&w.value, (int)strlen(t.value));
        widen(&w.error, text_columns(t.error));
        widen(&w.memory, *t.memory ? text_columns(t.error) + 2 + (int)strlen(t.memory) : 0);
    }
    return w;
}

static int fields_width(const struct widths *w)
{
    return 2 + w->exponent + 1 + w->significand;
}

/* What stands right of the fields, or of the name where the fields are below; what lies in memory
 * comes last in either line. */
static int figures_width(const struct widths *w, bool with_memory)
{
    int error = with_memory && w->memory > w->error ? w->memory : w->error;
    return w->code + 2 + w->value + 2 + error;
}

static void print_fields(const struct texts *t, const struct widths *w)
{
    printf("%s%1s%s ", ink->sign, t->fields.sign, ink->off);
    printf("%s%s%s", ink->exponent, t->fields.exponent, ink->off);
    pad(w->exponent - (int)strlen(t->fields.exponent) + 1);
    printf("%s%s%s", ink->significand, t->fields.significand, ink->off);
}

static void print_figures(const struct texts *t, const struct widths *w)
{
    printf("%-*s  %-*s", w->code, t->code, *t->error ? w->value : 0, t->value);
    if (*t->error)
        printf("  %s", t->error);
}

static void print_memory(const struct texts *t)
{
    if (*t->memory)
        printf("  %s", t->memory);
    putchar('\n');
}

/* How the rows of a table lie in the terminal's columns. */
enum table {
    TABLE_WIDE,  /* a line a row */
    TABLE_TWO,   /* the fields in a line of their own, columns as ever */
    TABLE_PIECES /* one piece after the other, in lines of their own where they do not fit */
};

static enum table choose_table(const struct widths *w)
{
    int columns = terminal_columns(stdout);
    int name = 2 + w->name + 2;
    if (!columns || name + fields_width(w) + 2 + figures_width(w, true) <= columns)
        return TABLE_WIDE;
    bool two = name + figures_width(w, false) <= columns && 4 + fields_width(w) <= columns;
    return two ? TABLE_TWO : TABLE_PIECES;
}

static void print_pieces(const struct show_row *row, const struct texts *t)
{
    struct fold f = fold_begin(0);
    fold_put(&f, 2, ink->bold, row->format->name);
    f.indent = 4;
    fold_put(&f, 2, "", t->code);
    fold_put(&f, 2, "", t->value);
    fold_put(&f, 2, "", t->error);
    fold_put(&f, 2, "", t->memory);
    fold_break(&f);
    fold_put(&f, 0, ink->sign, t->fields.sign);
    fold_put(&f, *t->fields.sign != 0, ink->exponent, t->fields.exponent);
    fold_put(&f, 1, ink->significand, t->fields.significand);
    fold_end(&f);
}

static void print_row(const struct show_row *row, const struct widths *w, enum table table)
{
    struct texts t;
    make_texts(&t, row);
    if (table == TABLE_PIECES) {
        print_pieces(row, &t);
        return;
    }
    printf("  %-*s  ", w->name, row->format->name);
    if (table == TABLE_TWO) {
        print_figures(&t, w);
        printf("\n    ");
        print_fields(&t, w);
        print_memory(&t);
        return;
    }
    print_fields(&t, w);
    pad(w->significand - (int)strlen(t.fields.significand) + 2);
    print_figures(&t, w);
    print_memory(&t);
}

void show_table(const struct show *s)
{
    struct widths w = measure(s);
    enum table table = choose_table(&w);
    OWNED char *input = text_printable(s->input);
    struct fold f = fold_begin(0);
    fold_put(&f, 0, ink->bold, input);
    fold_end(&f);
    for (size_t i = 0; i < s->count; i++)
        print_row(&s->rows[i], &w, table);
}

/* --- The detailed view --- */

/* "quiet NaN" */
static void class_words(char out[24], enum hu_class class)
{
    snprintf(out, 24, "%s",
             class == HU_QUIET_NAN       ? "quiet NaN"
             : class == HU_SIGNALING_NAN ? "signaling NaN"
                                         : hu_class_name(class));
}

static void describe_sign(const struct show_row *row)
{
    bool negative = hu_sign_of(row->format, row->bits);
    if (hu_is_signed(row->format))
        sheet_line("sign", ink->sign, negative ? "1" : "0", "", negative ? "−" : "+");
}

/* An integer has no fields behind its sign. */
static void describe_integer(const struct show_row *row)
{
    struct hu_fields_text fields;
    hu_fields_print(&fields, row->format, row->bits);
    sheet_line(hu_is_signed(row->format) ? "other bits" : "bits", ink->significand,
               fields.significand, hu_is_signed(row->format) ? "two's complement" : "", "");
}

static void describe_exponent(const struct show_row *row)
{
    const struct hu_format *f = row->format;
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, row->bits);
    int field = (int)hu_biased_exponent(f, row->bits);
    char text[96], power[32] = "", number[24];
    text_signed(number, row->datum.quantum + f->trailing_bits);
    if (!hu_is_finite(row->datum)) {
        char class[24];
        class_words(class, row->datum.class);
        snprintf(text, sizeof text, "%d: %s", field, class);
    } else {
        bool subnormal = field == 0 && f->specials != HU_SPECIALS_SCALE;
        snprintf(text, sizeof text, "%s%d − %d = %s", subnormal ? "0 is subnormal: " : "",
                 subnormal ? 1 : field, f->bias, number);
        snprintf(power, sizeof power, "2^%s", number);
    }
    sheet_line("exponent", ink->exponent, fields.exponent, text, power);
}

static void describe_significand(const struct show_row *row)
{
    const struct hu_format *f = row->format;
    struct hu_fields_text fields;
    hu_fields_print(&fields, f, row->bits);
    char bits[80], parts[80] = "", payload[40] = "";
    if (!hu_is_finite(row->datum)) {
        if (hu_is_nan(row->datum) && f->specials == HU_SPECIALS_IEEE)
            snprintf(payload, sizeof payload, "payload 0x%llx",
                     (unsigned long long)hu_payload(f, row->datum));
        sheet_line("significand", ink->significand, fields.significand, "", payload);
        return;
    }
    int lead = (int)(row->datum.significand >> f->trailing_bits);
    snprintf(bits, sizeof bits, "%d%s%s", lead, *fields.significand ? "." : "", fields.significand);
    if (f->trailing_bits)
        snprintf(parts, sizeof parts, "%d + %llu/%llu", lead,
                 (unsigned long long)hu_trailing_significand(f, row->bits),
                 1ULL << f->trailing_bits);
    else
        snprintf(parts, sizeof parts, "%d", lead);
    OWNED char *exact = show_significand(row);
    sheet_line("significand", ink->significand, bits, parts, exact);
}

static void describe_value(const struct show_row *row)
{
    const struct hu_format *f = row->format;
    char shortest[HU_SHORTEST_TEXT], hexadecimal[HU_HEX_TEXT + 16] = "C hexadecimal ", power[24];
    hu_shortest_print(shortest, f, row->bits);
    if (!hu_is_finite(row->datum)) {
        sheet_line("shortest", "", shortest, "", "");
        return;
    }
    hu_hex_print(hexadecimal + strlen(hexadecimal), f, row->bits);
    OWNED char *exact = hu_datum_exact(f, row->bits), *significand = show_significand(row);
    OWNED char *product = check_memory(malloc(strlen(significand) + 48));
    text_signed(power, row->datum.quantum + f->trailing_bits);
    const char *sign = row->datum.sign ? "−" : "";
    if (hu_is_integer(f))
        sprintf(product, "%s%s", sign, significand);
    else
        sprintf(product, "%s%s × 2^%s", sign, significand, power);
    sheet_line_bold("value", product, exact, "exactly");
    sheet_line("shortest", "", shortest, "", hexadecimal);
}

/* Exactly, or where that is longer than MOST, with DIGITS. */
static char *ratio_text(const mpq_t ratio, size_t most, int digits, bool *is_long)
{
    OWNED char *exact = hu_ratio_exact(ratio);
    *is_long = strlen(exact) > most;
    return *is_long ? hu_ratio_scientific(ratio, digits, false) : check_memory(strdup(exact));
}

static void describe_error(const struct show_row *row)
{
    enum { LONG = 100, LONG_ULPS = 12 };
    if (!row->has_error)
        return;
    if (!mpq_sgn(row->error)) {
        sheet_line("error", "", "none: the value is exact", "", "");
        return;
    }
    bool is_long, is_long_ulps;
    OWNED char *exact = ratio_text(row->error, LONG, 10, &is_long);
    OWNED char *ulps = ratio_text(row->error_ulp, LONG_ULPS, 3, &is_long_ulps);
    char error[LONG + 16], unit[64], power[24];
    snprintf(error, sizeof error, "%s%s%s", mpq_sgn(row->error) > 0 ? "+" : "−",
             exact + (*exact == '-'), is_long ? " …" : "");
    snprintf(unit, sizeof unit, "%s ulp of 2^%s", ulps + (*ulps == '-'),
             text_signed(power, hu_ulp_exponent(row->format, row->bits)));
    sheet_line("error", "", error, "", unit);
}

enum { NEIGHBOUR_TEXT = HU_BITS_TEXT + HU_SHORTEST_TEXT };

static void neighbour_text(char out[NEIGHBOUR_TEXT], const struct hu_format *f, bool there,
                           uint64_t bits)
{
    strcpy(out, "none");
    if (!there)
        return;
    size_t n = hu_bits_print(out, f, bits);
    out[n++] = ' ';
    hu_shown_print(out + n, f, bits);
}

static void describe_neighbours(const struct show_row *row)
{
    if (hu_is_nan(row->datum))
        return;
    uint64_t up = 0, down = 0;
    bool has_up = hu_next_up(row->format, row->bits, &up);
    bool has_down = hu_next_down(row->format, row->bits, &down);
    char above[NEIGHBOUR_TEXT], below[NEIGHBOUR_TEXT];
    neighbour_text(below, row->format, has_down, down);
    neighbour_text(above, row->format, has_up, up);
    sheet_line("neighbours", "", below, "", above);
}

static void describe_memory(const struct show_row *row)
{
    char text[40], low[48];
    memory_text(text, row);
    if (!*text)
        return;
    snprintf(low, sizeof low, "%d bytes, the low %d bits zero", row->format->storage_bits / 8,
             row->format->storage_shift);
    sheet_line("in memory", "", text + strlen("in memory "), low, "");
}

/* The neighbours that the value lies between. False: it is none between two finite ones. */
static bool find_between(const struct show *s, const struct show_row *row, uint64_t *low,
                         uint64_t *high)
{
    const struct hu_format *f = row->format;
    if (s->value.kind != HU_VALUE_FINITE || !row->has_error || !mpq_sgn(row->error))
        return false;
    struct hu_options o = {.direction = HU_TOWARD_NEGATIVE};
    *low = hu_value_round(&s->value, f, &o, NULL);
    o.direction = HU_TOWARD_POSITIVE;
    *high = hu_value_round(&s->value, f, &o, NULL);
    return hu_is_finite(hu_decode(f, *low)) && hu_is_finite(hu_decode(f, *high)) && *low != *high;
}

/* Where the value lies from LOW to HIGH, of LENGTH. */
static int place_between(const struct show *s, const struct hu_format *f, uint64_t low,
                         uint64_t high, int length)
{
    RATIO(below);
    RATIO(above);
    hu_value_error(below, &s->value, f, low);
    hu_value_error(above, &s->value, f, high);
    mpq_sub(above, above, below);
    mpq_div(below, below, above);
    return (int)(-mpq_get_d(below) * length + 0.5);
}

/* The line between the neighbours, as long as the columns let it be. */
static void draw_line(const char *low, const char *high, const struct show *s,
                      const struct show_row *row, uint64_t from, uint64_t to)
{
    enum { LONGEST = 40, LEAST = 8 };
    int length = LONGEST, ends = SHEET_LEFT + (int)strlen(low) + (int)strlen(high) + 3;
    int columns = terminal_columns(stdout);
    if (columns && ends + length > columns)
        length = (columns - ends) / 2 * 2;
    length = length < LEAST ? LEAST : length;
    int place = place_between(s, row->format, from, to, length);
    char line[3 * (LONGEST + 1) + 1] = "";
    for (int i = 0; i <= length; i++)
        strcat(line, i == place ? "●" : i == length / 2 ? "┼" : "┄");
    char all[sizeof line + 2 * HU_SHORTEST_TEXT + 2];
    snprintf(all, sizeof all, "%s %s %s", low, line, high);
    sheet_line("rounding", "", all, "", "");
}

/* Where the value lies between its neighbours, and which of them each direction takes. */
static void describe_rounding(const struct show *s, const struct show_row *row)
{
    const struct hu_format *f = row->format;
    uint64_t low, high;
    if (!find_between(s, row, &low, &high))
        return;
    draw_line(VALUE_OF(f, low), VALUE_OF(f, high), s, row, low, high);
    struct fold ways = fold_begin(SHEET_LEFT);
    ways.at = SHEET_LEFT;
    pad(SHEET_LEFT);
    for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD; d++) {
        struct hu_options o = {.direction = (enum hu_direction)d};
        uint64_t code = hu_value_round(&s->value, f, &o, NULL);
        fold_format(&ways, d ? 3 : 0, "", "%s %s", hu_direction_name(o.direction),
                    code == high ? "up" : "down");
    }
    fold_end(&ways);
}

static void describe_twice(const struct show *s, const struct show_row *row)
{
    const struct hu_format *via;
    uint64_t bits;
    if (!show_double_rounding(s, row, &via, &bits))
        return;
    char text[96];
    snprintf(text, sizeof text, "%s%s first would give %s%s", ink->warn, via->name,
             CODE_OF(row->format, bits), ink->off);
    sheet_line("rounded twice", ink->warn, text, "", "");
}

static void describe_head(const struct show *s, const struct show_row *row)
{
    char code[HU_BITS_TEXT], class[24], words[96];
    hu_bits_print(code, row->format, row->bits);
    class_words(class, row->datum.class);
    snprintf(words, sizeof words, "%s%s%s", class, row->flags ? ", " : "",
             row->flags ? FLAGS_OF(row->flags) : "");
    OWNED char *input = text_printable(s->input);
    struct fold f = fold_begin(0);
    fold_put(&f, 0, ink->bold, input);
    fold_put(&f, 1, "", "in");
    fold_put(&f, 1, "", row->format->name);
    int gap = f.at < SHEET_RIGHT ? SHEET_RIGHT - f.at : 2;
    int needed = (int)strlen(code) + 2 + (int)strlen(words);
    if (f.columns && f.at + gap + needed > f.columns)
        gap = 2;
    f.indent = 2;
    fold_put(&f, gap, ink->bold, code);
    fold_put(&f, 2, "", words);
    fold_end(&f);
}

void show_details(const struct show *s, const struct show_row *row)
{
    describe_head(s, row);
    describe_sign(row);
    if (hu_is_integer(row->format)) {
        describe_integer(row);
    } else {
        describe_exponent(row);
        describe_significand(row);
    }
    describe_value(row);
    describe_error(row);
    describe_neighbours(row);
    describe_memory(row);
    describe_rounding(s, row);
    describe_twice(s, row);
}
