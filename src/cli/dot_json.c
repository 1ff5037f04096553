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

static json_t *shape_json(const struct dot *d)
{
    return d->matrix ? json_pack("[i, i]", (int)d->rows, (int)d->columns) : json_null();
}

json_t *dot_json(const struct dot *d)
{
    json_t *results = JSON_LIST(i, i < d->count, result_json(d, &d->results[i]));
    const struct hu_format *single = hu_format_find("fp32");
    return JSON({"format", json_string(d->name)}, {"accumulate", json_string(d->accumulate->name)},
                {"products", json_count(d->n)}, {"shape", shape_json(d)},
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
