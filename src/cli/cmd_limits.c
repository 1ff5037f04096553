#include "room.h"
#include "block.h"
#include "file/tensor_file.h"
#include "arguments.h"
#include "grid.h"
#include "names.h"
#include "operation.h"
#include "option_values.h"

static void limits_of_integer(const struct hu_integer *n, long long *min, unsigned long long *max)
{
    *max = UINT64_MAX >> (64 - (n->width - n->is_signed));
    *min = n->is_signed ? -1 - (long long)*max : 0;
}

static json_t *datum_json(const struct hu_format *f, uint64_t code)
{
    return JSON({"decimal", json_datum(f, code)}, {"hex", json_string(HEX_OF(f, code))},
                {"bits", json_code(f, code)});
}

/* Null where F has no such value. */
static json_t *limit_json(const struct hu_format *f, const char *name)
{
    uint64_t code;
    return JSON_IF(hu_limit(f, name, &code), datum_json(f, code));
}

/* 2^-p, which narrow formats may lack. */
static json_t *unit_roundoff_json(const struct hu_format *f)
{
    struct hu_options o = {0};
    unsigned flags = 0;
    struct hu_real half = {.significand = 1, .exponent = -hu_precision(f)};
    uint64_t code = hu_round(f, half, 0, &o, &flags);
    if (!flags)
        return datum_json(f, code);
    RATIO(ratio);
    mpq_set_ui(ratio, 1, 1);
    mpq_div_2exp(ratio, ratio, (mp_bitcnt_t)hu_precision(f));
    return JSON({"decimal", json_ratio(ratio)}, {"hex", json_sprintf("0x1p-%d", hu_precision(f))},
                {"bits", json_null()});
}

static json_t *limits_json(const struct hu_format *f)
{
    /* Of 64 bits where every code is finite the count itself is 0. */
    uint64_t finite = hu_finite_codes(f);
    return JSON(
        {"format", json_string(f->name)}, {"kind", json_string("float")},
        {"width", json_integer(f->width)}, {"storage_bits", json_integer(f->storage_bits)},
        {"exponent_bits", json_integer(f->exponent_bits)},
        {"trailing_significand_bits", json_integer(f->trailing_bits)},
        {"precision", json_integer(hu_precision(f))}, {"bias", json_integer(f->bias)},
        {"emin", json_integer(hu_emin(f))}, {"emax", json_integer(hu_emax(f))},
        {"max", limit_json(f, "max")}, {"lowest", limit_json(f, "lowest")},
        {"min_normal", limit_json(f, "min_normal")},
        {"max_subnormal", limit_json(f, "max_subnormal")},
        {"min_subnormal", limit_json(f, "min_subnormal")}, {"epsilon", limit_json(f, "epsilon")},
        {"unit_roundoff", unit_roundoff_json(f)},
        {"max_consecutive_integer", json_count(hu_max_consecutive_integer(f))},
        {"digits10", json_integer(hu_digits10(f))},
        {"max_digits10", json_integer(hu_max_digits10(f))},
        {"has_infinity", json_boolean(hu_has_infinity(f))},
        {"has_negative_zero", json_boolean(hu_has_negative_zero(f))},
        {"nan_codes", json_count(hu_nan_codes(f))},
        {"finite_codes", finite ? json_count(finite) : json_string("18446744073709551616")});
}

/* An end of bool, which is no format, has its decimal alone. */
static json_t *end_json(const struct hu_integer *n, const char *which, json_t *decimal)
{
    const struct hu_format *f = hu_format_find(n->name);
    uint64_t code;
    if (!f || !hu_limit(f, which, &code))
        return JSON({"decimal", decimal});
    json_decref(decimal);
    return datum_json(f, code);
}

static json_t *limits_integer_json(const struct hu_integer *n)
{
    long long min;
    unsigned long long max;
    limits_of_integer(n, &min, &max);
    return JSON({"format", json_string(n->name)}, {"kind", json_string("integer")},
                {"width", json_integer(n->width)}, {"storage_bits", json_integer(n->storage_bits)},
                {"min", end_json(n, "min", json_sprintf("%lld", min))},
                {"max", end_json(n, "max", json_sprintf("%llu", max))},
                {"digits10", json_integer((n->width - n->is_signed) * 1233 >> 12)});
}

enum { LABEL = 20, HEXADECIMAL = 46, ENCODING = 72, NARROW = 60 };

__attribute__((format(printf, 2, 3))) static void line(const char *label, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    OWNED char *text = text_formatted(format, arguments);
    va_end(arguments);
    struct fold f = fold_label(LABEL, NARROW, "", label);
    fold_words(&f, f.at < LABEL ? LABEL - f.at : 2, "", text);
    fold_end(&f);
}

static void value_line(const char *label, const char *value, const struct hu_format *f,
                       uint64_t code)
{
    struct fold l = fold_label(LABEL, NARROW, "", label);
    fold_at(&l, LABEL, "", value);
    fold_cell(&l, HEXADECIMAL, "", HEX_OF(f, code));
    fold_cell(&l, ENCODING, "", CODE_OF(f, code));
    fold_end(&l);
}

/* What bounds a range from above or, negated, from below; a scale's least number is above zero. */
static void bound_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t code)
{
    if (code == hu_lowest_code(f) && !hu_is_signed(f))
        hu_shown_print(out, f, code);
    else
        hu_bound_print(out, f, code);
}

/* An end of the range, with all digits below where they fit into a line. */
static void bound_line(const char *label, const struct hu_format *f, uint64_t code)
{
    enum { IN_FULL = 50 };
    char value[HU_SHORTEST_TEXT];
    bound_print(value, f, code);
    value_line(label, value, f, code);
    OWNED char *exact = hu_is_shown_exactly(f, code) ? NULL : hu_datum_exact(f, code);
    if (exact && strlen(exact) <= IN_FULL)
        line("", "%s exactly", exact);
}

static double log10_of(const struct hu_format *f, uint64_t code)
{
    struct hu_datum d = hu_decode(f, code);
    return log10((double)d.significand) + d.quantum * log10(2);
}

static void memory_line(int bits, const char *unpacked)
{
    if (bits < 8)
        line("in memory", "%d bits packed%s", bits, unpacked);
    else
        line("in memory", "%d byte%s", bits / 8, bits == 8 ? "" : "s");
}

/* "fp16  16 bits: 1 sign, 5 exponent, 10 significand; IEEE 754" */
static void head_line(const struct hu_format *f)
{
    struct fold l = fold_begin(0);
    fold_put(&l, 0, ink->bold, f->name);
    l.indent = 4;
    fold_format(&l, 2, "", "%d bits: %d sign,", f->width, hu_is_signed(f));
    fold_format(&l, 1, ink->exponent, "%d exponent", f->exponent_bits);
    fold_put(&l, 0, "", ",");
    fold_format(&l, 1, ink->significand, "%d significand", f->trailing_bits);
    fold_put(&l, 0, "", ";");
    fold_words(&l, 1, "", hu_specials_name(f));
    fold_end(&l);
}

static void limit_line(const char *label, const struct hu_format *f, const char *name)
{
    uint64_t code;
    if (hu_limit(f, name, &code))
        value_line(label, VALUE_OF(f, code), f, code);
    else
        line(label, "none");
}

static void limits_print(const struct hu_format *f)
{
    uint64_t max = hu_max_finite_code(f), least = hu_min_normal_code(f);
    head_line(f);
    bound_line("max", f, max);
    bound_line("lowest", f, hu_lowest_code(f));
    limit_line("min normal", f, "min_normal");
    limit_line("max subnormal", f, "max_subnormal");
    limit_line("min subnormal", f, "min_subnormal");
    limit_line("epsilon", f, "epsilon");
    hu_min_subnormal_code(f, &least);
    line("unit roundoff", "2^−%d", hu_precision(f));
    line("precision", "%d bit%s", hu_precision(f), plural(hu_precision(f)));
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
    memory_line(f->storage_bits, ", 1 byte unpacked");
}

/* In lines of at most COLUMNS; 0: of any length. */
static void limits_integer_print(const struct hu_integer *n)
{
    long long min;
    unsigned long long max;
    limits_of_integer(n, &min, &max);
    printf("%s%s%s  %d bit%s, %s\n", ink->bold, n->name, ink->off, n->width, plural(n->width),
           n->is_signed ? "two's complement" : "unsigned");
    line("max", "%llu", max);
    line("min", "%lld", min);
    line("decimal digits", "%d kept", (n->width - n->is_signed) * 1233 >> 12);
    memory_line(n->storage_bits, "");
}

/* The limits that have a column each: what bounds a range first. */
static const char *const in_columns[] = {"max",           "lowest",        "min_normal",
                                         "max_subnormal", "min_subnormal", "epsilon"};

static void all_floats(void)
{
    struct grid g = GRID({"format", 15, true}, {"max", 22, true}, {"lowest", 23, true},
                         {"min normal", 23, true}, {"max subnormal", 22, true},
                         {"min subnormal", 22, true}, {"epsilon", 21, true}, {"digits", 8, true});
    for (size_t i = 0; i < hu_format_count(); i++) {
        const struct hu_format *f = hu_format_at(i);
        grid_cell(&g, f->name, "");
        for (size_t k = 0; k < sizeof in_columns / sizeof *in_columns; k++) {
            char text[HU_SHORTEST_TEXT] = "none";
            uint64_t code;
            if (hu_limit(f, in_columns[k], &code))
                k < 2 ? bound_print(text, f, code) : (void)hu_shown_print(text, f, code);
            grid_cell(&g, text, "");
        }
        grid_format(&g, "", "%d to %d", hu_digits10(f), hu_max_digits10(f));
    }
    grid_end(&g);
}

static void all_integers(void)
{
    struct grid g = GRID({"integer", 15, true}, {"max", 22, true}, {"min", 0, true});
    for (size_t i = 0; i < hu_integer_count(); i++) {
        long long min;
        unsigned long long max;
        limits_of_integer(hu_integer_at(i), &min, &max);
        grid_format(&g, "", "%s\t%llu\t%lld", hu_integer_at(i)->name, max, min);
    }
    grid_end(&g);
}

/* All named formats and integer dtypes, a line each. */
static void limits_print_all(void)
{
    int columns = terminal_columns(stdout);
    all_floats();
    putchar('\n');
    all_integers();
    putchar('\n');
    print_wrapped(
        "Exact where at most 17 digits suffice, else the shortest decimals that read back "
        "and exceed nothing; 'halfulp limits FORMAT' says more.",
        0, columns ? columns : 120);
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

/* How a value comes about: what its fields hold, why, and what they say. */
struct derivation {
    const char *what; /* "largest finite value" */
    uint64_t code;
    char field[96], exponent[64];
    const char *lead, *reason; /* of the significand: "1" before its point */
    char significand[64], formula[160];
};

static void explain(const struct hu_format *f, const struct derivation *d)
{
    struct hu_fields_text fields;
    char value[HU_SHORTEST_TEXT], all[160];
    hu_fields_print(&fields, f, d->code);
    printf("%s%s's %s%s\n", ink->bold, f->name, d->what, ink->off);
    if (hu_is_signed(f))
        sheet_line("sign", ink->sign, "0", "", "+");
    sheet_line("exponent", ink->exponent, fields.exponent, d->field, d->exponent);
    snprintf(all, sizeof all, "%s%s%s", d->lead, f->trailing_bits ? "." : "", fields.significand);
    sheet_line("significand", ink->significand, all, d->reason, d->significand);
    OWNED char *exact = hu_datum_exact(f, d->code);
    (d->code == hu_max_finite_code(f) ? hu_bound_print : hu_shown_print)(value, f, d->code);
    sheet_line("value", ink->bold, d->formula, "", exact);
    snprintf(all, sizeof all, "%s, %s, %s", value, HEX_OF(f, d->code), CODE_OF(f, d->code));
    sheet_line("", "", "", "", all);
}

static void explain_max(const struct hu_format *f)
{
    struct derivation d = {"largest finite value", hu_max_finite_code(f), .lead = "1"};
    unsigned field = (unsigned)hu_biased_exponent(f, d.code);
    const char *emax = SIGNED(hu_emax(f));
    top_exponent_reason(f, d.field, field);
    snprintf(d.exponent, sizeof d.exponent, "%u − %d = %s", field, f->bias, emax);
    significand_formula(f, d.significand);
    d.reason = significand_reason(f);
    bool simple = !strcmp(d.significand, "1");
    snprintf(d.formula, sizeof d.formula, simple ? "%.0s2^%s" : "(%s) × 2^%s", d.significand, emax);
    explain(f, &d);
}

static void explain_min_normal(const struct hu_format *f)
{
    bool scale = f->specials == HU_SPECIALS_SCALE;
    struct derivation d = {scale ? "smallest value" : "smallest normal value",
                           hu_min_normal_code(f), .lead = "1", .reason = "", .significand = "1"};
    const char *emin = SIGNED(hu_emin(f));
    snprintf(d.field, sizeof d.field, "%s",
             scale              ? "0 (a scale has no zero)"
             : f->trailing_bits ? "1 (0 is zero and the subnormals)"
                                : "1 (0 is zero)");
    snprintf(d.exponent, sizeof d.exponent, "%d − %d = %s", !scale, f->bias, emin);
    snprintf(d.formula, sizeof d.formula, "2^%s", emin);
    explain(f, &d);
}

static void explain_min_subnormal(const struct hu_format *f)
{
    struct derivation d = {"smallest subnormal value", .lead = "0", .reason = "",
                           .field = "0 counts as 1, no leading 1"};
    if (!hu_min_subnormal_code(f, &d.code)) {
        printf("%s%s has no subnormals%s: %s\n", ink->bold, f->name, ink->off,
               "it has no trailing significand bits");
        return;
    }
    const char *emin = SIGNED(hu_emin(f)), *quantum = SIGNED(hu_quantum_min(f));
    snprintf(d.exponent, sizeof d.exponent, "1 − %d = %s", f->bias, emin);
    snprintf(d.significand, sizeof d.significand, "2^−%d", f->trailing_bits);
    snprintf(d.formula, sizeof d.formula, "2^−%d × 2^%s = 2^%s", f->trailing_bits, emin, quantum);
    explain(f, &d);
}

static void limits_explain(const struct hu_format *f)
{
    explain_max(f);
    putchar('\n');
    explain_min_normal(f);
    putchar('\n');
    explain_min_subnormal(f);
}

/* The derivation of the largest and the smallest values, step by step. */
static void limits_integer_explain(const struct hu_integer *n)
{
    long long min;
    unsigned long long max;
    limits_of_integer(n, &min, &max);
    printf("%s%s's limits%s\n", ink->bold, n->name, ink->off);
    line("max", "2^%d − 1 = %llu", n->width - n->is_signed, max);
    if (n->is_signed)
        line("min", "−2^%d = %lld, in two's complement", n->width - 1, min);
    else
        line("min", "0");
}

struct request {
    bool json, explain;
};

#define REQUEST struct request
static const struct command_option rows[] = {
    {"explain", 0, NULL, "derive the largest and smallest values step by step", NULL,
     FLAG(explain)},
    OPTION_JSON(json),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

/* One argument of the command line: a float format, an integer dtype or a block format. */
struct subject {
    const struct hu_format *format;
    const struct hu_integer *integer;
    const struct hu_block *block;
};

struct subjects {
    struct subject *at;
    size_t count;
};

static void add(struct subjects *s, struct subject subject)
{
    *(struct subject *)check_memory(hu_file_append(&s->at, &s->count, sizeof subject)) = subject;
}

static void add_all(struct subjects *s)
{
    for (size_t i = 0; i < hu_format_count(); i++)
        add(s, (struct subject){.format = hu_format_at(i)});
    for (size_t i = 0; i < hu_integer_count(); i++)
        add(s, (struct subject){.integer = hu_integer_at(i)});
}

/* False: reported. */
static bool add_name(const char *name, void *subjects)
{
    struct subject subject = {.integer = hu_integer_find(name)};
    const struct hu_block *block = hu_format_find(name) ? NULL : hu_block_find(name);
    if (!strcmp(name, "all")) {
        add_all(subjects);
        return true;
    }
    if (!subject.integer && block && hu_block_decodes(block))
        subject.block = block;
    else if (!subject.integer && !(subject.format = format_read(name)))
        return false;
    add(subjects, subject);
    return true;
}

static bool read_subjects(struct subjects *s, int argc, char **argv)
{
    bool good = true;
    for (int i = 0; i < argc && good; i++)
        good = names_read(argv[i], add_name, s);
    return good;
}

static int print_json(const struct subjects *s)
{
    json_t *list = JSON_LIST(i, i < s->count,
                             s->at[i].format  ? limits_json(s->at[i].format)
                             : s->at[i].block ? limits_block_json(s->at[i].block)
                                              : limits_integer_json(s->at[i].integer));
    return json_print(JSON({"formats", list}));
}

static void print_text(const struct subjects *s, bool explain)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct subject *one = &s->at[i];
        if (i)
            putchar('\n');
        if (one->format)
            (explain ? limits_explain : limits_print)(one->format);
        else if (one->block)
            limits_block_print(one->block);
        else
            (explain ? limits_integer_explain : limits_integer_print)(one->integer);
    }
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    struct subjects s = {0};
    int status = EXIT_DONE;
    if (!read_subjects(&s, o->argc, o->argv)) {
        status = EXIT_BAD;
    } else if (!o->argc && !r->json && !r->explain) {
        limits_print_all();
    } else {
        if (!o->argc)
            add_all(&s);
        if (r->json)
            status = print_json(&s);
        else
            print_text(&s, r->explain);
    }
    free(s.at);
    return status;
}

const struct command cmd_limits = {
    .name = "limits",
    .usage = "[FORMAT|BLOCK…] [--explain] [--json]",
    .summary = "largest and smallest values, precision, digits",
    .operands = "@dtypes",
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};
