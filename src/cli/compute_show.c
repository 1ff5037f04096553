/* An operation as a textbook shows it. */
#include "room.h"
#include "anatomy.h"
#include "compute.h"

/* Places that are drawn; operands farther apart than that stand by themselves. */
enum { FARTHEST = 56, CUT_DIGITS = 12, MOST_DIGITS = 256, LABEL = 12 };

void compute_value(char out[COMPUTE_VALUE], const struct compute_step *s)
{
    if (s->format)
        hu_shown_print(out, s->format, s->bits);
    else
        strcpy(out, s->bits ? "true" : "false");
}

/* A number in few digits: "0.3", "+1.23e-05", "0.33333333". */
static char *few(const mpq_t q, bool plus)
{
    bool exact;
    OWNED char *text = hu_ratio_shown(q, 8, &exact);
    if ((plus && !exact) || strlen(text) > 14)
        return hu_ratio_scientific(q, 3, plus);
    return text_new("%s%s", plus && mpq_sgn(q) > 0 ? "+" : "", text);
}

/* An error that is not zero, in the unit that S's result has: a zero has none that says much. */
static char *error_words(const struct compute_step *s, const mpq_t error, const mpq_t ulps)
{
    OWNED char *own = few(error, true);
    if (hu_classify(s->format, s->bits) == HU_ZERO)
        return text_new("error %s, all of it", own);
    OWNED char *units = shown_ulps(ulps, 3);
    return text_new("error %s, %s", own, units);
}

char *compute_verdict(const struct compute_step *s, const mpq_t against, bool known, bool about)
{
    bool exact;
    RATIO(error);
    RATIO(ulps);
    if (!known || !compute_error(error, ulps, s, against))
        return text_new("%s", "");
    if (!mpq_sgn(error))
        return text_new("exact");
    OWNED char *own = error_words(s, error, ulps);
    OWNED char *shown = hu_ratio_shown(against, HU_SHOWN_DIGITS, &exact);
    return text_new("exact %s%s, %s", exact && !about ? "" : "≈ ", shown, own);
}

char *compute_source(const struct compute *c, const struct compute_step *s)
{
    const struct compute_node *node = compute_node_of(c, s);
    return node ? check_memory(strndup(c->expression->text + node->at, node->length)) : NULL;
}

const char *compute_noun(enum hu_operation operation)
{
    static const char *const nouns[HU_OPERATIONS] = {
        [HU_OP_ADD] = "sum",      [HU_OP_SUB] = "difference",   [HU_OP_MUL] = "product",
        [HU_OP_DIV] = "quotient", [HU_OP_SQRT] = "square root", [HU_OP_REM] = "remainder"};
    return nouns[operation] ? nouns[operation] : "result";
}

/* Digits of an exact value from 2^TOP down to 2^LOWEST, with a point behind 2^POINT; at most LIMIT
 * of them, and "…" where more follow. */
static void digits_of(char out[MOST_DIGITS], const struct hu_exact *e, int top, int point,
                      int lowest, int limit)
{
    int at = 0, count = 0;
    for (int place = top; place >= lowest; place--) {
        if (count++ == limit || at > MOST_DIGITS - 8) {
            strcpy(out + at, "…");
            return;
        }
        out[at++] = hu_exact_digit(e, place) ? '1' : '0';
        if (place == point && place > lowest)
            out[at++] = '.';
    }
    out[at] = 0;
}

bool compute_is_cut(const struct compute_step *s)
{
    return s->format && s->exact.kind == HU_EXACT_FINITE;
}

struct compute_reason compute_reason_of(const struct compute *c, const struct compute_step *s)
{
    static const char *const rests[] = {"exact", "below half", "a tie", "above half"};
    struct compute_reason r = {"", NULL};
    enum hu_direction direction = c->options.rounding.direction;
    struct hu_anatomy a = hu_anatomy_of(s->format, &s->exact);
    snprintf(r.rest, sizeof r.rest, "guard %d, round %d, sticky %d: %s", a.guard, a.round, a.sticky,
             rests[a.rest]);
    static const char *const ways[] = {
        [HU_TIES_TO_EVEN] = "to the even one", [HU_TIES_TO_AWAY] = "away from zero",
        [HU_TOWARD_ZERO] = "toward zero",      [HU_TOWARD_POSITIVE] = "upward",
        [HU_TOWARD_NEGATIVE] = "downward",     [HU_TO_ODD] = "to the odd one"};
    bool nearest = direction <= HU_TIES_TO_AWAY && a.rest != HU_REST_HALF;
    bool up = direction == HU_TIES_TO_EVEN && hu_exact_digit(&s->exact, a.quantum);
    r.way = s->flags & HU_OVERFLOW   ? "overflow"
            : a.rest == HU_REST_NONE ? "as it is"
            : nearest                ? "to the nearer one"
            : up                     ? "up, to the even one"
                                     : ways[direction];
    return r;
}

/* The lines of a step: label, value, fields or none, digits, remark. */
struct line {
    char label[40], value[64], digits[MOST_DIGITS + 8], cut[MOST_DIGITS + 8];
    struct hu_fields_text fields;
    bool has_fields;
    char scale[24], remark[160];
};

enum { LINES_MAX = 8 };
struct block {
    struct line lines[LINES_MAX];
    size_t count;
};

static struct line *add_line(struct block *b, const char *label)
{
    struct line *l = &b->lines[b->count++];
    *l = (struct line){0};
    snprintf(l->label, sizeof l->label, "%s", label);
    return l;
}

static void put_datum(struct line *l, const struct hu_format *f, uint64_t bits)
{
    hu_shown_print(l->value, f, bits);
    hu_fields_print(&l->fields, f, bits);
    l->has_fields = true;
}

static void put_power(struct line *l, int exponent)
{
    snprintf(l->scale, sizeof l->scale, "× 2^%d", exponent);
}

static int top_of(const struct hu_exact *e)
{
    return e->exponent + 127;
}

/* The digits of E down to 2^LOWEST at least, at most LIMIT, where POINT is the scale's exponent. */
static void put_digits(struct line *l, const struct hu_exact *e, int point, int lowest, int limit)
{
    int top = top_of(e), from = top > point ? top : point, least = hu_exact_lowest(e);
    lowest = least < lowest ? least : lowest;
    if (e->kind != HU_EXACT_FINITE)
        return;
    if (point - top > FARTHEST) { /* by itself */
        from = point = top;
        snprintf(l->remark, sizeof l->remark, "far below the other");
    }
    digits_of(l->digits, e, from, point, lowest < point ? lowest : point, limit);
    if (e->sticky && !strstr(l->digits, "…"))
        strcpy(l->digits + strlen(l->digits), "…");
    put_power(l, point);
}

static bool aligns(enum hu_operation operation)
{
    return operation == HU_OP_ADD || operation == HU_OP_SUB;
}

/* The scale that the addends share: the greater exponent. */
static int shared_point(const struct compute_step *s, size_t operands)
{
    int point = INT32_MIN;
    for (size_t i = 0; i < operands; i++) {
        struct hu_exact e = hu_exact_of(hu_decode(s->from[i], s->x[i]));
        if (e.kind == HU_EXACT_FINITE && top_of(&e) > point)
            point = top_of(&e);
    }
    return point;
}

static void add_operands(struct block *b, const struct compute_step *s, enum hu_operation operation,
                         size_t operands)
{
    int point = shared_point(s, operands);
    for (size_t i = 0; i < operands; i++) {
        char label[2] = {(char)('a' + i), 0};
        struct line *l = add_line(b, label);
        struct hu_datum d = hu_decode(s->from[i], s->x[i]);
        struct hu_exact e = hu_exact_of(d);
        put_datum(l, s->from[i], s->x[i]);
        if (e.kind != HU_EXACT_FINITE)
            continue;
        put_digits(l, &e, aligns(operation) ? point : top_of(&e), d.quantum, 2 * FARTHEST);
        if (aligns(operation) && top_of(&e) < point)
            snprintf(l->remark, sizeof l->remark, "shifted right by %d", point - top_of(&e));
    }
}

/* The product inside a fused multiply-add, on the addend's scale. */
static void add_product(struct block *b, const struct compute_step *s)
{
    struct hu_datum x = hu_decode(s->from[0], s->x[0]), y = hu_decode(s->from[1], s->x[1]);
    if (!hu_is_finite(x) || !hu_is_finite(y))
        return;
    struct hu_exact product = hu_exact_product(x, y);
    struct hu_exact c = hu_exact_of(hu_decode(s->from[2], s->x[2]));
    if (product.kind != HU_EXACT_FINITE)
        return;
    int point = top_of(&product);
    if (c.kind == HU_EXACT_FINITE && top_of(&c) > point)
        point = top_of(&c);
    struct line *l = add_line(b, "a × b");
    put_digits(l, &product, point, top_of(&product), 2 * FARTHEST);
    if (point > top_of(&product) && !*l->remark)
        snprintf(l->remark, sizeof l->remark, "shifted right by %d", point - top_of(&product));
}

static void add_exact(struct block *b, const struct compute_step *s, enum hu_operation operation,
                      size_t operands)
{
    char label[40];
    snprintf(label, sizeof label, "exact %s", compute_noun(operation));
    struct line *l = add_line(b, label);
    if (s->has_value) {
        OWNED char *text = few(s->value, false);
        snprintf(l->value, sizeof l->value, "%s", text);
    }
    int top = top_of(&s->exact), point = aligns(operation) ? shared_point(s, operands) : top;
    int kept = s->format->trailing_bits + 1 + CUT_DIGITS;
    put_digits(l, &s->exact, point < top - FARTHEST ? top : point, top,
               s->exact.sticky ? kept : 2 * FARTHEST);
    if (aligns(operation) && top < point)
        snprintf(l->remark, sizeof l->remark, "%d leading bit%s cancel%s", point - top,
                 point - top == 1 ? "" : "s", point - top == 1 ? "s" : "");
}

static void add_kept(struct block *b, const struct compute *c, const struct compute_step *s)
{
    struct hu_anatomy a = hu_anatomy_of(s->format, &s->exact);
    struct line *l = add_line(b, "kept");
    int point = a.quantum + s->format->trailing_bits;
    if (hu_is_integer(s->format))
        point = a.top > a.quantum ? a.top : a.quantum;
    digits_of(l->digits, &s->exact, point > a.quantum ? point : a.quantum, point, a.quantum,
              MOST_DIGITS);
    int lowest = hu_exact_lowest(&s->exact);
    *l->cut = '|';
    if (lowest < a.quantum)
        digits_of(l->cut + 1, &s->exact, a.quantum - 1, a.top + 1, lowest, CUT_DIGITS);
    if (s->exact.sticky && !strstr(l->cut, "…"))
        strcat(l->cut, "…");
    put_power(l, point);
    snprintf(l->remark, sizeof l->remark, "%s", compute_reason_of(c, s).rest);
}

static void add_result(struct block *b, const struct compute *c, const struct compute_step *s)
{
    struct line *l = add_line(b, hu_direction_name(c->options.rounding.direction));
    OWNED char *verdict = NULL;
    RATIO(error);
    RATIO(ulps);
    if (s->format)
        put_datum(l, s->format, s->bits);
    else
        compute_value(l->value, s);
    if (s->has_value && compute_error(error, ulps, s, s->value) && mpq_sgn(error))
        verdict = error_words(s, error, ulps);
    snprintf(l->digits, sizeof l->digits, "%s",
             compute_is_cut(s) ? compute_reason_of(c, s).way : "");
    snprintf(l->remark, sizeof l->remark, "%s%s%s", verdict ? verdict : "",
             verdict && s->flags ? "    " : "", s->flags ? FLAGS_OF(s->flags) : "");
}

static int width_of(const struct hu_fields_text *f)
{
    return (int)(strlen(f->sign) + strlen(f->exponent) + strlen(f->significand)) + 2;
}

static void measure(const struct block *b, int *label, int *value, int *fields, int *digits)
{
    *label = LABEL;
    *value = *fields = *digits = 0;
    for (size_t i = 0; i < b->count; i++) {
        const struct line *l = &b->lines[i];
        int v = text_columns(l->value), f = l->has_fields ? width_of(&l->fields) : 0;
        int d = text_columns(l->digits) + text_columns(l->cut);
        if (*l->scale)
            d += 2 + text_columns(l->scale);
        int n = text_columns(l->label) + 2;
        *label = n > *label ? n : *label;
        *value = v > *value ? v : *value;
        *fields = f > *fields ? f : *fields;
        *digits = d > *digits ? d : *digits;
    }
}

static void print_block(const struct block *b)
{
    int label, value, fields, digits;
    measure(b, &label, &value, &fields, &digits);
    int value_end = 2 + label + value, digits_at = value_end + 2 + fields + (fields ? 3 : 0);
    for (size_t i = 0; i < b->count; i++) {
        const struct line *l = &b->lines[i];
        struct fold f = fold_begin(4);
        fold_put(&f, 2, "", l->label);
        fold_at(&f, value_end - text_columns(l->value), ink->bold, l->value);
        if (l->has_fields) {
            fold_at(&f, value_end + 2, ink->sign, l->fields.sign);
            fold_put(&f, *l->fields.sign ? 1 : 2, ink->exponent, l->fields.exponent);
            fold_put(&f, 1, ink->significand, l->fields.significand);
        }
        fold_at(&f, digits_at, *l->scale ? ink->significand : "", l->digits);
        fold_put(&f, 0, ink->warn, l->cut);
        fold_put(&f, 2, ink->dim, l->scale);
        fold_at(&f, digits_at + digits + 2, ink->dim, l->remark);
        fold_end(&f);
    }
}

/* "rna, rup, rto 258    rtz, rdn 256": what the other directions give. */
static void print_others(const struct compute *c, const struct compute_step *s,
                         enum hu_operation operation)
{
    uint64_t seen[HU_STOCHASTIC];
    struct fold f = fold_begin(2 + LABEL);
    if (!s->format || !(s->flags & HU_INEXACT))
        return;
    for (int d = 0; d < HU_STOCHASTIC; d++) {
        struct hu_operation_options o = c->options;
        unsigned flags = 0;
        o.rounding.direction = (enum hu_direction)d;
        seen[d] = hu_operate(operation, s->format, s->from, s->x, &o, &flags);
    }
    fold_put(&f, 2 + LABEL, "", "");
    f.at = f.indent;
    printf("%*s", f.indent, "");
    for (int d = 0; d < HU_STOCHASTIC; d++) {
        char text[96] = "";
        bool first = true;
        for (int k = 0; k < d; k++)
            first &= seen[k] != seen[d];
        if (!first)
            continue;
        for (int k = d; k < HU_STOCHASTIC; k++)
            if (seen[k] == seen[d] && k != (int)c->options.rounding.direction) {
                strcat(text, *text ? ", " : "");
                strcat(text, hu_direction_name((enum hu_direction)k));
            }
        if (!*text)
            continue;
        fold_put(&f, f.at > f.indent ? 4 : 0, ink->dim, text);
        fold_put(&f, 1, "", VALUE_OF(s->format, seen[d]));
    }
    fold_end(&f);
}

static void print_literal(const struct compute *c, const struct compute_step *s)
{
    const struct compute_node *node = compute_node_of(c, s);
    OWNED char *verdict = compute_verdict(s, s->value, s->has_value, false);
    struct fold f = fold_begin(4);
    bool told = *verdict && strcmp(verdict, "exact") != 0;
    if (told || (node->value.format && node->value.format != s->format)) {
        OWNED char *text = compute_source(c, s), *printable = text_printable(text);
        fold_put(&f, 2, "", printable);
        fold_at(&f, 2 + LABEL, "", node->value.format ? "is converted to" : "is read as");
        fold_put(&f, 1, ink->bold, VALUE_OF(s->format, s->bits));
        fold_put(&f, 1, ink->dim, CODE_OF(s->format, s->bits));
        fold_put(&f, 2, ink->dim, verdict);
        fold_end(&f);
    }
}

static void print_head(const struct compute *c, const struct compute_step *s)
{
    OWNED char *text = compute_source(c, s),
               *printable = text_printable(text ? text : "the result");
    struct fold f = fold_begin(0);
    fold_put(&f, 0, ink->bold, printable);
    fold_put(&f, 1, "", s->format ? "in" : "");
    fold_put(&f, 1, "", s->format ? s->format->name : "");
    fold_end(&f);
}

static void print_step(const struct compute *c, const struct compute_step *s)
{
    struct block b = {.count = 0};
    enum hu_operation operation = compute_operation_of(c, s);
    size_t operands = hu_operation_row(operation)->operands;
    print_head(c, s);
    add_operands(&b, s, operation, operands);
    if (operation == HU_OP_FMA)
        add_product(&b, s);
    if (compute_is_cut(s)) {
        add_exact(&b, s, operation, operands);
        add_kept(&b, c, s);
    }
    add_result(&b, c, s);
    print_block(&b);
    print_others(c, s, operation);
}

static void print_whole(const struct compute *c)
{
    const struct compute_step *last = compute_last(c);
    char value[COMPUTE_VALUE];
    struct fold f = fold_begin(2);
    compute_value(value, last);
    OWNED char *verdict = compute_verdict(last, last->ideal, last->has_ideal, last->about);
    fold_put(&f, 0, ink->bold, value);
    fold_put(&f, 2, ink->dim, last->format ? CODE_OF(last->format, last->bits) : "");
    fold_put(&f, 2, "", verdict);
    fold_end(&f);
}

static void print_remarks(const struct compute *c)
{
    char *remarks[COMPUTE_REMARKS + 1];
    compute_remarks(c, remarks);
    for (char **r = remarks; *r; r++) {
        struct fold f = fold_begin(4);
        fold_put(&f, 2, ink->warn, "·");
        fold_words(&f, 1, "", *r);
        fold_end(&f);
        free(*r);
    }
}

void compute_explain(const struct compute *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (compute_is_literal(c, &c->steps[i]))
            print_literal(c, &c->steps[i]);
    for (size_t i = 0; i < c->count; i++)
        if (!compute_is_literal(c, &c->steps[i]))
            print_step(c, &c->steps[i]);
    print_whole(c);
    print_remarks(c);
}

static json_t *decimal_of(const struct compute_step *s)
{
    return JSON_IF(s->format, json_datum(s->format, s->bits));
}

static json_t *bits_of(const struct compute_step *s)
{
    return s->format ? json_code(s->format, s->bits) : json_boolean(s->bits);
}

/* Against AGAINST, where that is known. */
static json_t *error_of(const struct compute_step *s, const mpq_t against, bool known, bool in_ulps)
{
    RATIO(error);
    RATIO(ulps);
    return known && compute_error(error, ulps, s, against) ? json_ratio(in_ulps ? ulps : error)
                                                           : json_null();
}

static json_t *text_of(const struct compute *c, const struct compute_step *s)
{
    OWNED char *text = compute_source(c, s);
    return json_text(text);
}

static json_t *result_keys(json_t *o, const struct compute_step *s)
{
    JSON_PUT(o, {"exact", JSON_IF(s->has_value, json_ratio(s->value))},
             {"format", json_word(s->format ? s->format->name : NULL)}, {"bits", bits_of(s)},
             {"decimal", decimal_of(s)}, {"error", error_of(s, s->value, s->has_value, false)},
             {"error_ulp", error_of(s, s->value, s->has_value, true)},
             {"flags", json_flags(s->flags)});
    return o;
}

static json_t *step_json(const struct compute *c, const struct compute_step *s)
{
    json_t *o = JSON({"text", text_of(c, s)});
    if (compute_is_literal(c, s))
        return result_keys(o, s);
    const struct hu_operation_row *row = hu_operation_row(compute_operation_of(c, s));
    JSON_PUT(o, {"operation", json_string(row->name)},
             {"operands", JSON_LIST(i, i < row->operands, json_code(s->from[i], s->x[i]))},
             {"operand_formats", JSON_LIST(i, i < row->operands, json_string(s->from[i]->name))});
    result_keys(o, s);
    if (compute_is_cut(s)) {
        struct compute_reason r = compute_reason_of(c, s);
        JSON_PUT(o, {"cut", json_string(r.rest)}, {"rounded", json_string(r.way)});
    }
    return o;
}

static json_t *remarks_json(const struct compute *c)
{
    char *remarks[COMPUTE_REMARKS + 1];
    json_t *list = json_list();
    compute_remarks(c, remarks);
    for (char **r = remarks; *r; r++)
        json_add(list, json_take(*r));
    return list;
}

json_t *compute_json(const struct compute *c)
{
    const struct compute_step *last = compute_last(c);
    json_t *literals = json_list(), *steps = json_list();
    for (size_t i = 0; i < c->count; i++)
        json_add(compute_is_literal(c, &c->steps[i]) ? literals : steps,
                 step_json(c, &c->steps[i]));
    bool ideal = last->has_ideal && !last->about;
    return JSON({"expression", json_text(c->expression->text)},
                {"format", json_string(c->formats.result->name)},
                {"round", json_string(hu_direction_name(c->options.rounding.direction))},
                {"literals", literals}, {"steps", steps}, {"bits", bits_of(last)},
                {"decimal", decimal_of(last)}, {"exact", JSON_IF(ideal, json_ratio(last->ideal))},
                {"error", error_of(last, last->ideal, ideal, false)},
                {"error_ulp", error_of(last, last->ideal, ideal, true)},
                {"flags", json_flags(c->flags)}, {"remarks", remarks_json(c)});
}
