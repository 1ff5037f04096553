/* Models side by side, and the models themselves. */
#include "room.h"
#include "dot_job.h"
#include "format.h"
#include "grid.h"

enum { LABEL = 10 };

static void line_begin(struct fold *f, const char *label)
{
    *f = fold_begin(2);
    fold_put(f, 2, "", label);
    f->indent = LABEL + 2;
}

/* "1.0009765625", or "≈ 0.33333333333333333" where it is longer than that. */
static void put_ratio(struct fold *f, const mpq_t ratio)
{
    bool exact;
    OWNED char *text = hu_ratio_shown(ratio, HU_SHOWN_DIGITS, &exact);
    OWNED char *all = text_new("%s%s", exact ? "" : "≈ ", text);
    fold_at(f, LABEL + 2, ink->bold, all);
}

static void print_head(const struct dot *d)
{
    struct fold f = fold_begin(0);
    fold_put(&f, 0, ink->bold, d->name);
    fold_format(&f, 1, "", "products summed in %s, %zu of them", d->accumulate->name, d->n);
    if (d->matrix)
        fold_format(&f, 1, "", "for each of %zu × %zu", d->rows, d->columns);
    if (d->segment)
        fold_format(&f, 3, ink->dim, "scales in fp32 after each %zu", d->segment);
    if (d->scaled) {
        const struct hu_format *single = hu_format_find("fp32");
        fold_format(&f, 3, ink->dim, "scales %s and %s", VALUE_OF(single, d->a.scale),
                    VALUE_OF(single, d->b.scale));
    }
    fold_end(&f);
}

static bool is_rounded(const struct dot *d)
{
    return d->a.rounded || d->b.rounded || d->c_rounded;
}

static void print_sums(const struct dot *d)
{
    struct fold f;
    if (d->has_exact) {
        line_begin(&f, "exact");
        put_ratio(&f, d->exact[0]);
        fold_put(&f, 2, ink->dim, is_rounded(d) ? "of the operands as they are rounded" : "");
        fold_end(&f);
    }
    if (d->has_given && is_rounded(d)) {
        line_begin(&f, "given");
        put_ratio(&f, d->given[0]);
        fold_put(&f, 2, ink->dim, "of the operands as they are given");
        fold_end(&f);
    }
    if (d->has_bound) {
        OWNED char *bound = hu_ratio_scientific(d->bound[0], 3, false);
        line_begin(&f, "bound");
        fold_at(&f, LABEL + 2, "", bound);
        OWNED char *formula =
            text_new("n·u / (1 − n·u) · Σ|a·b| for sums rounded to nearest, n = %zu, u = 2^−%d",
                     d->roundings, hu_precision(d->accumulate));
        fold_words(&f, 2, ink->dim, formula);
        fold_end(&f);
    }
}

/* An error's cells: of its own size, and in units in the last place. */
static void put_errors(struct grid *g, const struct dot *d, const struct dot_result *r, size_t sum)
{
    RATIO(error);
    RATIO(ulps);
    RATIO(magnitude);
    if (!dot_error(error, ulps, d, (const mpq_t *)d->exact, r, sum)) {
        grid_cell(g, "–", ink->dim);
        grid_cell(g, "", "");
    } else if (!mpq_sgn(error)) {
        grid_cell(g, "exact", ink->good);
        grid_cell(g, "", "");
    } else {
        OWNED char *own = hu_ratio_scientific(error, 3, true);
        mpq_abs(magnitude, error);
        bool beyond = d->has_bound && mpq_cmp(magnitude, d->bound[sum]) > 0;
        grid_cell(g, own, beyond ? ink->warn : "");
        OWNED char *units = shown_ulps(ulps, 3);
        grid_cell(g, units, "");
    }
}

/* The sum that is farthest from the exact one, in units in the last place. */
static size_t worst_of(const struct dot *d, const struct dot_result *r)
{
    size_t worst = 0;
    RATIO(error);
    RATIO(ulps);
    RATIO(most);
    for (size_t i = 0; i < d->rows * d->columns; i++) {
        if (!dot_error(error, ulps, d, (const mpq_t *)d->exact, r, i))
            continue;
        mpq_abs(ulps, ulps);
        if (mpq_cmp(ulps, most) > 0) {
            mpq_set(most, ulps);
            worst = i;
        }
    }
    return worst;
}

static void print_matrix(const struct dot *d, const struct dot_result *r)
{
    struct grid g = GRID({"", 4, false});
    char heads[MATRIX_COLUMNS][24];
    printf("%s%s%s\n", ink->bold, r->choice->name, ink->off);
    for (size_t j = 0; j < d->columns; j++) {
        snprintf(heads[j], sizeof heads[j], "%zu", j);
        grid_column(&g, heads[j], 10, false);
    }
    for (size_t i = 0; i < d->rows; i++) {
        grid_format(&g, ink->dim, "%zu", i);
        for (size_t j = 0; j < d->columns; j++)
            grid_cell(&g, VALUE_OF(d->accumulate, r->bits[i * d->columns + j]), "");
    }
    grid_end(&g);
}

/* Each model's sum, or of a matrix's the one with the greatest error, and where that is. */
static void print_models(const struct dot *d)
{
    struct grid sums = GRID({"model", 16, true}, {"result", 18, true}, {"bits", 10, true},
                            {"error", 10, false}, {"", 10, false}),
                worst = GRID({"model", 16, true}, {"worst at", 10, true}, {"result", 18, true},
                             {"error", 10, false}, {"", 10, false}),
                *g = d->matrix ? &worst : &sums;
    for (size_t i = 0; i < d->count; i++) {
        const struct dot_result *r = &d->results[i];
        size_t at = d->matrix ? worst_of(d, r) : 0;
        grid_cell(g, r->choice->name, "");
        if (d->matrix)
            grid_format(g, ink->dim, "%zu,%zu", at / d->columns, at % d->columns);
        grid_cell(g, VALUE_OF(d->accumulate, r->bits[at]), ink->bold);
        if (!d->matrix)
            grid_cell(g, CODE_OF(d->accumulate, r->bits[at]), ink->dim);
        put_errors(g, d, r, at);
    }
    grid_end(g);
}

void dot_print(const struct dot *d)
{
    print_head(d);
    if (!d->matrix)
        print_sums(d);
    for (size_t i = 0; d->matrix && i < d->count; i++)
        print_matrix(d, &d->results[i]);
    print_models(d);
}

static void put_takes(char *out, size_t size, const struct hu_dot_model *m)
{
    size_t at = 0;
    *out = 0;
    for (size_t i = 0; i < HU_DOT_TAKES && m->takes[i].format; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s by %d", i ? ", " : "", m->takes[i].format,
                               m->takes[i].group);
}

/* How a model sums, in words. */
static void put_rule(char *out, size_t size, const struct hu_dot_model *m)
{
    char kept[48] = "";
    if (m->trailing_bits)
        snprintf(kept, sizeof kept, " of which %d bits are kept", m->trailing_bits);
    switch (m->method) {
    case HU_DOT_ALIGNED:
        snprintf(out, size,
                 "products exact; they and C cut toward zero %d bits below the greatest exponent; "
                 "the sum exact; into fp32 toward zero%s, into fp16 to nearest%s",
                 m->align_bits, kept,
                 m->split ? "; every other pair of products in a group of its own, C last" : "");
        break;
    case HU_DOT_GROUP:
        snprintf(out, size, "a group's products and C exactly; rounded to nearest");
        break;
    case HU_DOT_TREE:
        snprintf(out, size, "products rounded to nearest and summed pairwise, then added to C%s",
                 m->flushes ? "; subnormals are zero" : "");
        break;
    case HU_DOT_TWO_STAGE:
        snprintf(out, size,
                 "products cut toward zero %d bits below the greatest exponent; their sum and C "
                 "cut downward 31 and 24 bits below the greater one; rounded to nearest",
                 m->align_bits);
        break;
    case HU_DOT_FMA_GROUPS:
        snprintf(out, size, "two fused multiply-adds, the second product first%s",
                 m->flushes ? "; subnormals are zero" : "");
        break;
    default:
        snprintf(out, size, "%s", m->hardware);
    }
}

static void put_fact(const char *label, const char *text)
{
    struct fold f;
    if (!text || !*text)
        return;
    line_begin(&f, label);
    fold_words(&f, f.at < LABEL + 2 ? LABEL + 2 - f.at : 2, "", text);
    fold_end(&f);
}

void dot_print_model(const struct hu_dot_model *m)
{
    char text[320];
    struct fold f = fold_begin(2);
    fold_put(&f, 0, ink->bold, m->name);
    if (m->instruction)
        fold_words(&f, 2, "", m->hardware);
    fold_end(&f);
    put_rule(text, sizeof text, m);
    put_fact("sums", text);
    put_takes(text, sizeof text, m);
    put_fact("takes", text);
    put_fact("by", m->instruction);
    put_fact("source", m->source);
    put_fact("sure", m->sure);
    put_fact("unsure", m->unsure);
}

void dot_print_models(void)
{
    for (size_t i = 0; i < hu_dot_model_count(); i++)
        dot_print_model(hu_dot_model_at(i));
}

/* What is said of each sum: AGAINST's itself, a result's, and what that is off from AGAINST. */
enum key { ITSELF, BITS, DECIMAL, ERROR, ERROR_ULP, WITHIN_BOUND };

struct sums {
    const struct dot *d;
    const struct dot_result *r; /* NULL: AGAINST alone is asked about */
    const mpq_t *against;
};

static json_t *sum_json(const struct sums *s, enum key key, size_t index)
{
    RATIO(error);
    RATIO(ulps);
    if (key == ITSELF)
        return json_ratio(s->against[index]);
    if (key == BITS)
        return json_code(s->d->accumulate, s->r->bits[index]);
    if (key == DECIMAL)
        return json_datum(s->d->accumulate, s->r->bits[index]);
    if (!dot_error(error, ulps, s->d, s->against, s->r, index) ||
        (key == WITHIN_BOUND && !s->d->has_bound))
        return json_null();
    if (key != WITHIN_BOUND)
        return json_ratio(key == ERROR ? error : ulps);
    mpq_abs(error, error);
    return json_boolean(mpq_cmp(error, s->d->bound[index]) <= 0);
}

/* Of one sum itself, of a matrix a list of rows. */
static json_t *sums_json(const struct sums *s, enum key key)
{
    const struct dot *d = s->d;
    if (!d->matrix)
        return sum_json(s, key, 0);
    json_t *rows = json_list();
    for (size_t i = 0; i < d->rows; i++) {
        json_t *row = JSON_LIST(j, j < d->columns, sum_json(s, key, i * d->columns + j));
        json_add(rows, row);
    }
    return rows;
}

static json_t *ratios_json(const struct dot *d, bool known, const mpq_t *ratios)
{
    const struct sums s = {.d = d, .against = ratios};
    return known ? sums_json(&s, ITSELF) : json_null();
}

static json_t *result_json(const struct dot *d, const struct dot_result *r)
{
    const struct sums exact = {d, r, (const mpq_t *)d->exact},
                      given = {d, r, (const mpq_t *)d->given};
    return JSON({"model", json_string(r->choice->name)}, {"bits", sums_json(&exact, BITS)},
                {"decimal", sums_json(&exact, DECIMAL)}, {"error", sums_json(&exact, ERROR)},
                {"error_ulp", sums_json(&exact, ERROR_ULP)},
                {"within_bound", sums_json(&exact, WITHIN_BOUND)},
                {"error_given", sums_json(&given, ERROR)});
}

json_t *dot_json(const struct dot *d)
{
    json_t *results = JSON_LIST(i, i < d->count, result_json(d, &d->results[i]));
    const struct hu_format *single = hu_format_find("fp32");
    return JSON({"format", json_string(d->name)}, {"accumulate", json_string(d->accumulate->name)},
                {"products", json_count(d->n)},
                {"shape", JSON_IF(d->matrix, json_pack("[i, i]", (int)d->rows, (int)d->columns))},
                {"segment", JSON_IF(d->segment, json_count(d->segment))},
                {"scale_a", JSON_IF(d->scaled, json_datum(single, d->a.scale))},
                {"scale_b", JSON_IF(d->scaled, json_datum(single, d->b.scale))},
                {"exact", ratios_json(d, d->has_exact, (const mpq_t *)d->exact)},
                {"given", ratios_json(d, d->has_given, (const mpq_t *)d->given)},
                {"bound", ratios_json(d, d->has_bound, (const mpq_t *)d->bound)},
                {"results", results});
}

static json_t *model_json(const struct hu_dot_model *m)
{
    json_t *takes = json_list();
    for (size_t i = 0; i < HU_DOT_TAKES && m->takes[i].format; i++)
        json_add(takes,
                 json_pack("{s:s, s:i}", "format", m->takes[i].format, "group", m->takes[i].group));
    return JSON({"model", json_string(m->name)},
                {"hardware", JSON_IF(m->instruction, json_string(m->hardware))},
                {"instruction", json_word(m->instruction)}, {"takes", takes},
                {"align_bits", JSON_IF(m->align_bits, json_integer(m->align_bits))},
                {"trailing_bits", JSON_IF(m->trailing_bits, json_integer(m->trailing_bits))},
                {"into_fp16", json_boolean(!m->instruction || m->into_fp16)},
                {"flushes_subnormals", json_boolean(m->flushes)},
                {"source", json_string(m->source)}, {"sure", json_word(m->sure)},
                {"unsure", json_word(m->unsure)});
}

json_t *dot_models_json(void)
{
    json_t *models = JSON_LIST(i, i < hu_dot_model_count(), model_json(hu_dot_model_at(i)));
    return JSON({"models", models});
}
