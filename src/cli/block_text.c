#include "block.h"
#include "report.h"
#include "sheet.h"
#include "text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *rule_of(const struct block_report *r)
{
    enum hu_scale_rule rule = r->options.rule ? r->options.rule : r->block->rule;
    return hu_scale_rule_name(rule);
}

/* "2^−3" for a power of two, else as it is shown; new memory. */
static char *power_text(double x)
{
    int exponent;
    if (!(x > 0) || !isfinite(x) || frexp(x, &exponent) != 0.5)
        return block_shown(x);
    char *text;
    if (asprintf(&text, "2^%s%d", exponent < 1 ? "−" : "", abs(exponent - 1)) < 0)
        text = NULL;
    return check_memory(text);
}

/* The scale that each of the four rules gives this block. */
static double scale_by(const struct block_report *r, const struct block_span *s,
                       enum hu_scale_rule rule)
{
    struct block_report one = {.block = r->block,
                               .options = r->options,
                               .count = s->end - s->first,
                               .values = r->values + s->first};
    one.options.rule = rule;
    double scale = NAN;
    if (block_encode(&one) && block_look_all(&one))
        scale = one.data[0].scale;
    one.values = NULL;
    block_free(&one);
    return scale;
}

static void print_scale(const struct block_report *r, const struct block_span *s)
{
    const struct hu_block *b = r->block;
    double amax = s->greatest < s->end ? (double)fabsf(r->values[s->greatest]) : 0;
    const struct hu_block_datum *d = &r->data[s->first];
    char bits[HU_BITS_TEXT] = "", how[HU_BLOCK_WORDS] = "", *value = power_text(d->scale);
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
    free(value);
}

/* "ceil would give 2^1 (max error 1, 20.1 dB)", of each rule that was not taken. */
static void print_rules(const struct block_report *r, const struct block_span *s)
{
    enum hu_scale_rule own = r->options.rule ? r->options.rule : r->block->rule;
    struct block_report one = *r;
    one.values = r->values + s->first;
    one.count = s->end - s->first;
    for (int rule = HU_SCALE_FLOOR; rule <= HU_SCALE_EVEN; rule++) {
        if (rule == (int)own)
            continue;
        struct hu_block_errors e = block_errors_by(&one, (enum hu_scale_rule)rule);
        char *value = power_text(scale_by(r, s, (enum hu_scale_rule)rule)), text[160];
        char *greatest = block_shown(e.greatest);
        if (isfinite(e.sqnr))
            snprintf(text, sizeof text, "%s would give %s: greatest error %s, SQNR %.2f dB",
                     hu_scale_rule_name((enum hu_scale_rule)rule), value, greatest, e.sqnr);
        else
            snprintf(text, sizeof text, "%s would give %s%s",
                     hu_scale_rule_name((enum hu_scale_rule)rule), value,
                     isnan(e.greatest) ? "" : ": exact");
        struct fold f = fold_begin(10);
        fold_words(&f, 10, ink->dim, text);
        fold_end(&f);
        free(value);
        free(greatest);
    }
}

static void print_element(const struct block_report *r, size_t i, bool made_scale)
{
    const struct hu_block *b = r->block;
    char number[24], code[24], *value = block_shown(r->data[i].value);
    snprintf(number, sizeof number, "%5zu", i);
    if (b->codes == HU_CODES_UNPACKED)
        snprintf(code, sizeof code, "%lld", (long long)r->data[i].code);
    else
        snprintf(code, sizeof code, "0x%0*llx", (b->code_bits + 3) / 4,
                 (unsigned long long)r->data[i].code);
    struct fold f = fold_begin(10);
    fold_put(&f, 0, ink->dim, number);
    int column = 8;
    if (r->values) {
        char *given = block_shown((double)r->values[i]);
        fold_put(&f, column - f.at > 2 ? column - f.at : 2, "", given);
        free(given);
        column = 24;
    }
    fold_put(&f, column - f.at > 2 ? column - f.at : 2, ink->significand, code);
    fold_put(&f, column + 6 - f.at > 2 ? column + 6 - f.at : 2, "", value);
    if (r->values) {
        bool exact;
        char *error = hu_block_error(r->values[i], &r->data[i], true, &exact);
        fold_put(&f, 46 - f.at > 2 ? 46 - f.at : 2, "",
                 exact   ? "exact"
                 : error ? error
                         : "no number");
        free(error);
        fold_put(&f, 62 - f.at > 2 ? 62 - f.at : 2, ink->dim,
                 hu_block_remark(b, r->options.elements.direction, r->values[i], &r->data[i]));
        if (made_scale)
            fold_put(&f, 62 - f.at > 2 ? 62 - f.at : 2, ink->dim, "made the scale");
    }
    fold_end(&f);
    free(value);
}

static void print_head(const struct block_report *r)
{
    struct fold f = fold_begin(2);
    char text[160];
    double amax = 0;
    for (size_t i = 0; r->values && i < r->count; i++)
        if (isfinite(r->values[i]))
            amax = fmax(amax, (double)fabsf(r->values[i]));
    snprintf(text, sizeof text, ", %zu value%s", r->count, r->count == 1 ? "" : "s");
    fold_put(&f, 0, ink->bold, r->block->name);
    fold_put(&f, 0, "", text);
    if (r->values) {
        char *shown = block_shown(amax);
        snprintf(text, sizeof text, ", amax %s, %s%s, %s", shown,
                 hu_block_has_rules(r->block) ? "rule " : "scale by ", rule_of(r),
                 hu_direction_name(r->options.elements.direction));
        free(shown);
        fold_words(&f, 0, "", text);
    }
    fold_end(&f);
    if (r->block->over != HU_OVER_TENSOR)
        return;
    char *second = block_shown((double)r->tensor_scale);
    snprintf(text, sizeof text, "tensor  %s%s", second,
             r->values ? "   amax / (448 · 6), rounded to fp32" : "");
    f = fold_begin(10);
    fold_words(&f, 2, "", text);
    fold_end(&f);
    free(second);
}

static void print_foot(const struct block_report *r, size_t bytes)
{
    char text[160];
    size_t n = (size_t)snprintf(text, sizeof text, "%zu byte%s", bytes, bytes == 1 ? "" : "s");
    if (r->values) {
        struct hu_block_errors e = hu_block_errors(r->values, r->data, r->count);
        char *greatest = block_shown(e.greatest);
        if (isfinite(e.sqnr))
            snprintf(text + n, sizeof text - n, "; greatest error %s, SQNR %.2f dB", greatest,
                     e.sqnr);
        else
            snprintf(text + n, sizeof text - n, "; %s",
                     isnan(e.greatest) ? "not all are numbers" : "all exact");
        free(greatest);
    }
    struct fold f = fold_begin(2);
    fold_words(&f, 2, "", text);
    fold_end(&f);
}

int block_print_text(const struct block_report *r)
{
    size_t blocks = block_count(r), bytes = 0;
    print_head(r);
    for (size_t k = 0; k < blocks; k++) {
        struct block_span s = block_span(r, k);
        char *hex = block_hex(r, k);
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
        free(hex);
    }
    print_foot(r, bytes);
    return EXIT_DONE;
}
