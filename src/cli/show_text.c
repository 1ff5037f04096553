#include "room.h"
#include "show.h"

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
static char *ulps_text(const mpq_t ulps)
{
    double value = fabs(mpq_get_d(ulps));
    if (!isnormal(value)) {
        OWNED char *ascii = shown_ulps(ulps, 2);
        return with_minus(ascii);
    }
    OWNED char *text = text_new(value < 1e6 && value >= 0.005 ? "%.2f" : "%.1e", value);
    bool half = mpq_cmp_si(ulps, 1, 2) == 0 || mpq_cmp_si(ulps, -1, 2) == 0;
    bool claims_half = !strcmp(text, "0.50") && !half;
    return text_new("%s%s ulp", claims_half ? (value < 0.5 ? "<" : ">") : "", text);
}

static char *error_text(const struct show_row *row)
{
    enum { ERROR_DIGITS = 3 };
    const unsigned told = HU_OVERFLOW | HU_UNDERFLOW | HU_INVALID;
    if (!row->has_error)
        return text_new("%s", row->flags ? FLAGS_OF(row->flags) : "");
    if (!mpq_sgn(row->error))
        return text_new("exact");
    OWNED char *ascii = hu_ratio_scientific(row->error, ERROR_DIGITS, true);
    OWNED char *own = with_minus(ascii), *ulps = ulps_text(row->error_ulp);
    int room = 9 - (int)strlen(ascii);
    char *text = text_new("%s%*s  %s", own, room > 0 ? room : 0, "", ulps);
    if (row->flags & told)
        text_add(&text, "  %s", FLAGS_OF(row->flags & ~(unsigned)HU_INEXACT));
    return text;
}

/* "0x3dccc000" where the encoding does not say how the datum lies in memory; else empty. */
static char *memory_text(const struct show_row *row)
{
    const struct hu_format *f = row->format;
    return f->storage_shift ? text_new("0x%0*llx", (f->storage_bits + 3) / 4,
                                       (unsigned long long)row->bits << f->storage_shift)
                            : text_new("%s", "");
}

/* A row's texts, ready to be put into columns. */
struct texts {
    const char *name;
    char code[HU_BITS_TEXT], value[HU_SHORTEST_TEXT];
    char *error, *memory;
    struct hu_fields_text fields;
};

static void make_texts(struct texts *t, const struct show_row *row)
{
    OWNED char *memory = memory_text(row);
    t->name = row->format->name;
    hu_bits_print(t->code, row->format, row->bits);
    hu_shown_print(t->value, row->format, row->bits);
    hu_fields_print(&t->fields, row->format, row->bits);
    t->error = error_text(row);
    t->memory = text_new("%s%s", *memory ? "in memory " : "", memory);
}

struct widths {
    int name, exponent, significand, code, value, error, memory;
};

static struct widths measure(const struct texts *texts, size_t count)
{
    struct widths w = {0};
    for (const struct texts *t = texts; t < texts + count; t++) {
        int error = text_columns(t->error);
        widen(&w.name, (int)strlen(t->name));
        widen(&w.exponent, (int)strlen(t->fields.exponent));
        widen(&w.significand, (int)strlen(t->fields.significand));
        widen(&w.code, (int)strlen(t->code));
        widen(&w.value, (int)strlen(t->value));
        widen(&w.error, error);
        widen(&w.memory, *t->memory ? error + 2 + (int)strlen(t->memory) : 0);
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

static void print_pieces(const struct texts *t)
{
    struct fold f = fold_begin(0);
    fold_put(&f, 2, ink->bold, t->name);
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

static void print_row(const struct texts *t, const struct widths *w, enum table table)
{
    if (table == TABLE_PIECES) {
        print_pieces(t);
        return;
    }
    printf("  %-*s  ", w->name, t->name);
    if (table == TABLE_TWO) {
        print_figures(t, w);
        printf("\n    ");
        print_fields(t, w);
    } else {
        print_fields(t, w);
        pad(w->significand - (int)strlen(t->fields.significand) + 2);
        print_figures(t, w);
    }
    printf(*t->memory ? "  %s\n" : "\n", t->memory);
}

void show_table(const struct show *s)
{
    OWNED struct texts *texts = check_memory(calloc(s->count + 1, sizeof *texts));
    for (size_t i = 0; i < s->count; i++)
        make_texts(&texts[i], &s->rows[i]);
    struct widths w = measure(texts, s->count);
    OWNED char *input = text_printable(s->input);
    struct fold f = fold_begin(0);
    fold_put(&f, 0, ink->bold, input);
    fold_end(&f);
    for (size_t i = 0; i < s->count; i++) {
        print_row(&texts[i], &w, choose_table(&w));
        free(texts[i].error);
        free(texts[i].memory);
    }
}

/* --- The detailed view --- */

/* "quiet NaN" */
static const char *class_words(enum hu_class class)
{
    return class == HU_QUIET_NAN       ? "quiet NaN"
           : class == HU_SIGNALING_NAN ? "signaling NaN"
                                       : hu_class_name(class);
}

static void describe_sign(const struct show_row *row)
{
    bool negative = hu_sign_of(row->format, row->bits);
    if (hu_is_signed(row->format))
        sheet_line("sign", ink->sign, negative ? "1" : "0", "", negative ? "−" : "+");
}

/* An integer has no fields behind its sign. */
static void describe_integer(const struct show_row *row, const struct hu_fields_text *fields)
{
    bool is_signed = hu_is_signed(row->format);
    sheet_line(is_signed ? "other bits" : "bits", ink->significand, fields->significand,
               is_signed ? "two's complement" : "", "");
}

static void describe_exponent(const struct show_row *row, const struct hu_fields_text *fields)
{
    const struct hu_format *f = row->format;
    int field = (int)hu_biased_exponent(f, row->bits);
    const char *number = SIGNED(row->datum.quantum + f->trailing_bits);
    if (!hu_is_finite(row->datum)) {
        OWNED char *text = text_new("%d: %s", field, class_words(row->datum.class));
        sheet_line("exponent", ink->exponent, fields->exponent, text, "");
        return;
    }
    bool subnormal = field == 0 && f->specials != HU_SPECIALS_SCALE;
    OWNED char *text = text_new("%s%d − %d = %s", subnormal ? "0 is subnormal: " : "",
                                subnormal ? 1 : field, f->bias, number);
    OWNED char *power = text_new("2^%s", number);
    sheet_line("exponent", ink->exponent, fields->exponent, text, power);
}

static void describe_significand(const struct show_row *row, const struct hu_fields_text *fields)
{
    const struct hu_format *f = row->format;
    if (!hu_is_finite(row->datum)) {
        bool has_payload = hu_is_nan(row->datum) && f->specials == HU_SPECIALS_IEEE;
        OWNED char *payload =
            text_new("payload 0x%llx", (unsigned long long)hu_payload(f, row->datum));
        sheet_line("significand", ink->significand, fields->significand, "",
                   has_payload ? payload : "");
        return;
    }
    int lead = (int)(row->datum.significand >> f->trailing_bits);
    OWNED char *exact = show_significand(row), *parts = text_new("%d", lead);
    OWNED char *bits =
        text_new("%d%s%s", lead, *fields->significand ? "." : "", fields->significand);
    if (f->trailing_bits)
        text_add(&parts, " + %llu/%llu", (unsigned long long)hu_trailing_significand(f, row->bits),
                 1ULL << f->trailing_bits);
    sheet_line("significand", ink->significand, bits, parts, exact);
}

static void describe_value(const struct show_row *row)
{
    const struct hu_format *f = row->format;
    char shortest[HU_SHORTEST_TEXT];
    hu_shortest_print(shortest, f, row->bits);
    if (!hu_is_finite(row->datum)) {
        sheet_line("shortest", "", shortest, "", "");
        return;
    }
    OWNED char *hexadecimal = text_new("C hexadecimal %s", HEX_OF(f, row->bits));
    OWNED char *exact = hu_datum_exact(f, row->bits), *significand = show_significand(row);
    OWNED char *product = text_new("%s%s", row->datum.sign ? "−" : "", significand);
    if (!hu_is_integer(f))
        text_add(&product, " × 2^%s", SIGNED(row->datum.quantum + f->trailing_bits));
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
    OWNED char *error = text_new("%s%s%s", mpq_sgn(row->error) > 0 ? "+" : "−",
                                 exact + (*exact == '-'), is_long ? " …" : "");
    OWNED char *unit = text_new("%s ulp of 2^%s", ulps + (*ulps == '-'),
                                SIGNED(hu_ulp_exponent(row->format, row->bits)));
    sheet_line("error", "", error, "", unit);
}

static char *neighbour_text(const struct hu_format *f, bool there, uint64_t bits)
{
    return there ? text_new("%s %s", CODE_OF(f, bits), VALUE_OF(f, bits)) : text_new("none");
}

static void describe_neighbours(const struct show_row *row)
{
    uint64_t up = 0, down = 0;
    if (hu_is_nan(row->datum))
        return;
    bool has_up = hu_next_up(row->format, row->bits, &up);
    bool has_down = hu_next_down(row->format, row->bits, &down);
    OWNED char *below = neighbour_text(row->format, has_down, down);
    OWNED char *above = neighbour_text(row->format, has_up, up);
    sheet_line("neighbours", "", below, "", above);
}

static void describe_memory(const struct show_row *row)
{
    OWNED char *text = memory_text(row);
    OWNED char *low = text_new("%d bytes, the low %d bits zero", row->format->storage_bits / 8,
                               row->format->storage_shift);
    if (*text)
        sheet_line("in memory", "", text, low, "");
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
    OWNED char *line = text_new("%s ", low);
    for (int i = 0; i <= length; i++)
        text_add(&line, "%s", i == place ? "●" : i == length / 2 ? "┼" : "┄");
    text_add(&line, " %s", high);
    sheet_line("rounding", "", line, "", "");
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
    OWNED char *text = text_new("%s%s first would give %s%s", ink->warn, via->name,
                                CODE_OF(row->format, bits), ink->off);
    sheet_line("rounded twice", ink->warn, text, "", "");
}

static void describe_head(const struct show *s, const struct show_row *row)
{
    const char *code = CODE_OF(row->format, row->bits);
    OWNED char *words = text_new("%s%s%s", class_words(row->datum.class), row->flags ? ", " : "",
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
    struct hu_fields_text fields;
    hu_fields_print(&fields, row->format, row->bits);
    describe_head(s, row);
    describe_sign(row);
    if (hu_is_integer(row->format)) {
        describe_integer(row, &fields);
    } else {
        describe_exponent(row, &fields);
        describe_significand(row, &fields);
    }
    describe_value(row);
    describe_error(row);
    describe_neighbours(row);
    describe_memory(row);
    describe_rounding(s, row);
    describe_twice(s, row);
}
