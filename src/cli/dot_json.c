#include "dot_job.h"
#include "json.h"
#include "report.h"

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
    json_t *rows = check_memory(json_array());
    for (size_t i = 0; i < d->rows; i++) {
        json_t *row = check_memory(json_array());
        for (size_t j = 0; j < d->columns; j++)
            json_add(row, sum_json(s, key, i * d->columns + j));
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
    json_t *out = check_memory(json_object());
    json_put(out, "model", json_string(r->choice->name));
    json_put(out, "bits", sums_json(&exact, BITS));
    json_put(out, "decimal", sums_json(&exact, DECIMAL));
    json_put(out, "error", sums_json(&exact, ERROR));
    json_put(out, "error_ulp", sums_json(&exact, ERROR_ULP));
    json_put(out, "within_bound", sums_json(&exact, WITHIN_BOUND));
    json_put(out, "error_given", sums_json(&given, ERROR));
    return out;
}

static json_t *shape_json(const struct dot *d)
{
    return d->matrix ? json_pack("[i, i]", (int)d->rows, (int)d->columns) : json_null();
}

json_t *dot_json(const struct dot *d)
{
    json_t *results = check_memory(json_array());
    for (size_t i = 0; i < d->count; i++)
        json_add(results, result_json(d, &d->results[i]));
    json_t *out = check_memory(json_object());
    const struct hu_format *single = hu_format_find("fp32");
    json_put(out, "format", json_string(d->name));
    json_put(out, "accumulate", json_string(d->accumulate->name));
    json_put(out, "products", json_count(d->n));
    json_put(out, "shape", shape_json(d));
    json_put(out, "segment", d->segment ? json_count(d->segment) : json_null());
    json_put(out, "scale_a", d->scaled ? json_datum(single, d->a.scale) : json_null());
    json_put(out, "scale_b", d->scaled ? json_datum(single, d->b.scale) : json_null());
    json_put(out, "exact", ratios_json(d, d->has_exact, (const mpq_t *)d->exact));
    json_put(out, "given", ratios_json(d, d->has_given, (const mpq_t *)d->given));
    json_put(out, "bound", ratios_json(d, d->has_bound, (const mpq_t *)d->bound));
    json_put(out, "results", results);
    return out;
}

static json_t *model_json(const struct hu_dot_model *m)
{
    json_t *takes = check_memory(json_array());
    for (size_t i = 0; i < HU_DOT_TAKES && m->takes[i].format; i++)
        json_add(takes,
                 json_pack("{s:s, s:i}", "format", m->takes[i].format, "group", m->takes[i].group));
    json_t *out = check_memory(json_object());
    json_put(out, "model", json_string(m->name));
    json_put(out, "hardware", m->instruction ? json_string(m->hardware) : json_null());
    json_put(out, "instruction", json_word(m->instruction));
    json_put(out, "takes", takes);
    json_put(out, "align_bits", m->align_bits ? json_integer(m->align_bits) : json_null());
    json_put(out, "trailing_bits", m->trailing_bits ? json_integer(m->trailing_bits) : json_null());
    json_put(out, "into_fp16", json_boolean(!m->instruction || m->into_fp16));
    json_put(out, "flushes_subnormals", json_boolean(m->flushes));
    json_put(out, "source", json_string(m->source));
    json_put(out, "sure", json_word(m->sure));
    json_put(out, "unsure", json_word(m->unsure));
    return out;
}

json_t *dot_models_json(void)
{
    json_t *models = check_memory(json_array());
    for (size_t i = 0; i < hu_dot_model_count(); i++)
        json_add(models, model_json(hu_dot_model_at(i)));
    return json_pack("{s:o}", "models", models);
}
