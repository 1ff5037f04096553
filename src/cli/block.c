#include "room.h"
#include "block.h"
#include "float_bits.h"

/* One block of a report: elements FIRST to END. */
struct block_span {
    size_t first, end;
    size_t greatest; /* the element that made the scale: of the greatest magnitude, or, where that
                        makes it NaN, no number; END: none did, or the codes were given */
};

/* Elements that the scale stands over. */
static size_t length_of(const struct block_report *r)
{
    const struct hu_block *b = r->block;
    size_t length = b->layout == HU_BLOCK_WHOLE ? b->elements : b->tile_columns;
    return length ? length : r->count ? r->count : 1;
}

static size_t block_count(const struct block_report *r)
{
    size_t length = length_of(r);
    return (r->count + length - 1) / length;
}

static struct block_span block_span(const struct block_report *r, size_t index)
{
    size_t length = length_of(r);
    struct block_span s = {.first = index * length, .end = (index + 1) * length};
    s.end = s.end < r->count ? s.end : r->count;
    s.greatest = s.end;
    float amax = 0;
    for (size_t i = s.first; r->values && i < s.end; i++) {
        float size = fabsf(r->values[i]);
        if (!isfinite(size) && !r->block->keeps_nan) {
            s.greatest = i;
            break;
        }
        if (isfinite(size) && size > amax) {
            amax = size;
            s.greatest = i;
        }
    }
    return s;
}

static char *hex_put(char *out, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out += sprintf(out, "%02x", bytes[i]);
    return out;
}

/* Bytes of block INDEX into OUT as hexadecimal, the scale's first: what --decode takes. */
static char *block_hex(const struct block_report *r, size_t index)
{
    const struct hu_block *b = r->block;
    struct block_span s = block_span(r, index);
    if (b->layout == HU_BLOCK_WHOLE) {
        char *out = check_memory(malloc(2 * b->bytes + 1));
        hex_put(out, r->codes + index * b->bytes, b->bytes);
        return out;
    }
    size_t scale = hu_block_scale_bytes(b, 1, 1), codes = hu_block_bytes(b, 1, s.end - s.first);
    char *out = check_memory(malloc(2 * (scale + codes) + 1));
    char *at = hex_put(out, r->scales + index * scale, scale);
    hex_put(at, r->codes + hu_block_bytes(b, 1, s.first), codes);
    return out;
}

bool block_encode(struct block_report *r)
{
    size_t codes = hu_block_bytes(r->block, 1, r->count);
    size_t scales = hu_block_scale_bytes(r->block, 1, r->count);
    if (!r->codes) {
        r->codes = check_memory(calloc(1, codes + 1));
        r->scales = check_memory(calloc(1, scales + 1));
    }
    return !hu_block_encode(r->block, r->codes, r->scales, &r->tensor_scale, hu_format_find("fp32"),
                            r->values, 1, r->count, &r->options);
}

bool block_look_all(struct block_report *r)
{
    struct hu_block_parts parts = {
        .codes = r->codes, .scales = r->scales, .tensor_scale = r->tensor_scale};
    if (!r->data)
        r->data = check_memory(calloc(r->count + 1, sizeof *r->data));
    for (size_t i = 0; i < r->count; i++)
        if (hu_block_look(r->block, &parts, 1, r->count, 0, i, &r->data[i]))
            return false;
    return true;
}

void block_free(struct block_report *r)
{
    free(r->values);
    free(r->codes);
    free(r->scales);
    free(r->data);
}

static enum hu_scale_rule block_rule(const struct block_report *r)
{
    return r->options.rule ? r->options.rule : r->block->rule;
}

/* The rule that its scales go by, and the greatest finite magnitude of its values. */
static double block_amax(const struct block_report *r)
{
    double amax = 0;
    for (size_t i = 0; r->values && i < r->count; i++)
        if (isfinite(r->values[i]))
            amax = fmax(amax, (double)fabsf(r->values[i]));
    return amax;
}

/* What its values come to under another rule: the errors, and the first block's scale, NaN where
 * they have none. */
static struct hu_block_errors block_errors_by(const struct block_report *r, enum hu_scale_rule rule,
                                              double *scale)
{
    struct block_report other = {
        .block = r->block, .options = r->options, .count = r->count, .values = r->values};
    struct hu_block_errors e = {NAN, NAN};
    other.options.rule = rule;
    *scale = NAN;
    if (block_encode(&other) && block_look_all(&other)) {
        e = hu_block_errors(other.values, other.data, other.count);
        *scale = other.data[0].scale;
    }
    other.values = NULL;
    block_free(&other);
    return e;
}

/* "0x3" of element I, or "-5" of codes that are numbers. */
enum { BLOCK_CODE_TEXT = 24 };
static const char *block_code(const struct block_report *r, size_t i, char out[BLOCK_CODE_TEXT])
{
    if (r->block->codes == HU_CODES_UNPACKED)
        snprintf(out, BLOCK_CODE_TEXT, "%lld", (long long)r->data[i].code);
    else
        snprintf(out, BLOCK_CODE_TEXT, "0x%0*llx", (r->block->code_bits + 3) / 4,
                 (unsigned long long)r->data[i].code);
    return out;
}

char *block_exact(double x)
{
    char text[HU_SHORTEST_TEXT];
    const struct hu_format *fp64 = hu_format_find("fp64");
    if (isfinite(x))
        return hu_datum_exact(fp64, hu_bits_of_double(x));
    hu_shown_print(text, fp64, hu_bits_of_double(x));
    return check_memory(strdup(text));
}

char *block_shown(double x)
{
    char text[HU_SHORTEST_TEXT];
    hu_block_shown(text, x);
    return check_memory(strdup(text));
}

static json_t *exact_json(double x)
{
    return json_take(block_exact(x));
}

static json_t *exact_or_null(double x)
{
    return JSON_IF(!isnan(x), exact_json(x));
}

static json_t *element_json(const struct block_report *r, size_t i)
{
    const struct hu_block_datum *d = &r->data[i];
    char code[BLOCK_CODE_TEXT];
    bool exact;
    json_t *o = JSON(
        {"input", JSON_IF(r->values, exact_json((double)r->values[i]))},
        {"code", json_string(block_code(r, i, code))}, {"value", exact_json(d->value)},
        {"error", JSON_IF(r->values, json_take(hu_block_error(r->values[i], d, false, &exact)))});
    if (r->block->codes == HU_CODES_UNPACKED)
        JSON_PUT(o, {"scale", exact_json(d->scale)},
                 {"minimum", exact_json(d->offset ? -d->offset : 0)});
    return o;
}

static json_t *block_json(const struct block_report *r, size_t index)
{
    struct block_span s = block_span(r, index);
    const struct hu_block_datum *d = &r->data[s.first];
    const char *scale = r->block->scale;
    return JSON(
        {"scale", JSON({"bits", JSON_IF(scale, json_code(hu_format_find(scale), d->scale_bits))},
                       {"value", exact_json(d->scale)})},
        {"made_by", JSON_IF(s.greatest < s.end, json_count(s.greatest))},
        {"elements", JSON_LIST(i, s.first + i < s.end, element_json(r, s.first + i))},
        {"bytes", json_take(block_hex(r, index))});
}

static json_t *rule_json(const struct block_report *r, enum hu_scale_rule rule)
{
    double scale;
    struct hu_block_errors e = block_errors_by(r, rule, &scale);
    return JSON({"rule", json_string(hu_scale_rule_name(rule))},
                {"max_abs_error", exact_or_null(e.greatest)}, {"sqnr_db", json_finite(e.sqnr)});
}

void block_print_json(const struct block_report *r)
{
    const struct hu_block *b = r->block;
    struct hu_block_errors e = r->values ? hu_block_errors(r->values, r->data, r->count)
                                         : (struct hu_block_errors){NAN, NAN};
    size_t rules = r->values && hu_block_has_rules(b) ? HU_SCALE_EVEN : 0; /* from floor on */
    json_print(JSON(
        {"block", json_string(b->name)},
        {"rule", json_word(r->values ? hu_scale_rule_name(block_rule(r)) : NULL)},
        {"round", json_string(hu_direction_name(r->options.elements.direction))},
        {"amax", JSON_IF(r->values, exact_or_null(block_amax(r)))},
        {"tensor_scale", JSON_IF(b->over == HU_OVER_TENSOR, exact_json((double)r->tensor_scale))},
        {"blocks", JSON_LIST(k, k < block_count(r), block_json(r, k))},
        {"max_abs_error", exact_or_null(e.greatest)}, {"sqnr_db", json_finite(e.sqnr)},
        {"rules",
         JSON_LIST(i, i < rules, rule_json(r, (enum hu_scale_rule)(HU_SCALE_FLOOR + i)))}));
}

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

void block_print_text(const struct block_report *r)
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
}
