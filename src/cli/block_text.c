#include "block.h"
#include "report.h"
#include "sheet.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A line of TEXT, in COLOR, after GAP spaces; what does not fit goes on after INDENT. */
static void print_words(int indent, int gap, const char *color, const char *text)
{
    struct fold f = fold_begin(indent);
    fold_words(&f, gap, color, text);
    fold_end(&f);
}

/* "2^−3" for a power of two, else as it is shown; new memory. */
static char *power_text(double x)
{
    int exponent;
    if (!(x > 0) || !isfinite(x) || frexp(x, &exponent) != 0.5)
        return block_shown(x);
    return text_new("2^%s%d", exponent < 1 ? "−" : "", abs(exponent - 1));
}

static void print_scale(const struct block_report *r, const struct block_span *s)
{
    const struct hu_block *b = r->block;
    double amax = s->greatest < s->end ? (double)fabsf(r->values[s->greatest]) : 0;
    const struct hu_block_datum *d = &r->data[s->first];
    char bits[HU_BITS_TEXT] = "", how[HU_BLOCK_WORDS] = "";
    OWNED char *value = power_text(d->scale);
    if (b->scale)
        hu_bits_print(bits, hu_format_find(b->scale), d->scale_bits);
    if (r->values && amax > 0)
        hu_block_derive(how, b, r->options.rule, amax, r->tensor_scale);
    else if (r->values)
        snprintf(how, sizeof how, "all are zero: the least scale");
    if (isnan(d->scale))
        snprintf(how, sizeof how, "not all values are numbers");
    struct fold f = fold_begin(10);
    fold_put(&f, 2, ink->bold, "scale");
    fold_put(&f, 3, ink->exponent, bits);
    fold_put(&f, *bits ? 2 : 3, "", value);
    fold_words(&f, 3, "", how);
    fold_end(&f);
}

/* "ceil would give 2^1 (max error 1, 20.1 dB)", of each rule that was not taken. */
static void print_rules(const struct block_report *r, const struct block_span *s)
{
    struct block_report one = *r;
    one.values = r->values + s->first;
    one.count = s->end - s->first;
    for (int rule = HU_SCALE_FLOOR; rule <= HU_SCALE_EVEN; rule++) {
        double scale;
        char text[160];
        if (rule == (int)block_rule(r))
            continue;
        struct hu_block_errors e = block_errors_by(&one, (enum hu_scale_rule)rule, &scale);
        OWNED char *value = power_text(scale), *greatest = block_shown(e.greatest);
        if (isfinite(e.sqnr))
            snprintf(text, sizeof text, "%s would give %s: greatest error %s, SQNR %.2f dB",
                     hu_scale_rule_name((enum hu_scale_rule)rule), value, greatest, e.sqnr);
        else
            snprintf(text, sizeof text, "%s would give %s%s",
                     hu_scale_rule_name((enum hu_scale_rule)rule), value,
                     isnan(e.greatest) ? "" : ": exact");
        print_words(10, 10, ink->dim, text);
    }
}

/* At COLUMN, and at least two spaces behind what stands before. */
static void put_apart(struct fold *f, int column, const char *color, const char *text)
{
    fold_put(f, column - f->at > 2 ? column - f->at : 2, color, text);
}

static void print_element(const struct block_report *r, size_t i, bool made_scale)
{
    char code[BLOCK_CODE_TEXT];
    OWNED char *value = block_shown(r->data[i].value);
    struct fold f = fold_begin(10);
    fold_format(&f, 0, ink->dim, "%5zu", i);
    if (r->values) {
        OWNED char *given = block_shown((double)r->values[i]);
        put_apart(&f, 8, "", given);
    }
    int column = r->values ? 24 : 8;
    put_apart(&f, column, ink->significand, block_code(r, i, code));
    put_apart(&f, column + 6, "", value);
    if (r->values) {
        bool exact;
        OWNED char *error = hu_block_error(r->values[i], &r->data[i], true, &exact);
        put_apart(&f, 46, "", exact ? "exact" : error ? error : "no number");
        put_apart(
            &f, 62, ink->dim,
            hu_block_remark(r->block, r->options.elements.direction, r->values[i], &r->data[i]));
        put_apart(&f, 62, ink->dim, made_scale ? "made the scale" : "");
    }
    fold_end(&f);
}

static void print_head(const struct block_report *r)
{
    struct fold f = fold_begin(2);
    char text[160];
    snprintf(text, sizeof text, ", %zu value%s", r->count, plural(r->count));
    fold_put(&f, 0, ink->bold, r->block->name);
    fold_put(&f, 0, "", text);
    if (r->values) {
        OWNED char *shown = block_shown(block_amax(r));
        snprintf(text, sizeof text, ", amax %s, %s%s, %s", shown,
                 hu_block_has_rules(r->block) ? "rule " : "scale by ",
                 hu_scale_rule_name(block_rule(r)),
                 hu_direction_name(r->options.elements.direction));
        fold_words(&f, 0, "", text);
    }
    fold_end(&f);
    if (r->block->over != HU_OVER_TENSOR)
        return;
    OWNED char *second = block_shown((double)r->tensor_scale);
    snprintf(text, sizeof text, "tensor  %s%s", second,
             r->values ? "   amax / (448 · 6), rounded to fp32" : "");
    print_words(10, 2, "", text);
}

static void print_foot(const struct block_report *r, size_t bytes)
{
    char text[160];
    size_t n = (size_t)snprintf(text, sizeof text, "%zu byte%s", bytes, plural(bytes));
    if (r->values) {
        struct hu_block_errors e = hu_block_errors(r->values, r->data, r->count);
        OWNED char *greatest = block_shown(e.greatest);
        if (isfinite(e.sqnr))
            snprintf(text + n, sizeof text - n, "; greatest error %s, SQNR %.2f dB", greatest,
                     e.sqnr);
        else
            snprintf(text + n, sizeof text - n, "; %s",
                     isnan(e.greatest) ? "not all are numbers" : "all exact");
    }
    print_words(2, 2, "", text);
}

int block_print_text(const struct block_report *r)
{
    size_t blocks = block_count(r), bytes = 0;
    print_head(r);
    for (size_t k = 0; k < blocks; k++) {
        struct block_span s = block_span(r, k);
        OWNED char *hex = block_hex(r, k);
        bytes += strlen(hex) / 2;
        if (blocks > 1)
            printf("%s  %zu to %zu%s\n", ink->bold, s.first, s.end - 1, ink->off);
        print_scale(r, &s);
        if (r->values && hu_block_has_rules(r->block))
            print_rules(r, &s);
        for (size_t i = s.first; i < s.end; i++)
            print_element(r, i, i == s.greatest);
        struct fold f = fold_begin(10);
        fold_put(&f, 2, "", "bytes");
        fold_put(&f, 3, ink->dim, hex);
        fold_end(&f);
    }
    print_foot(r, bytes);
    return EXIT_DONE;
}
