#include "dot_job.h"
#include "json.h"
#include "report.h"
#include "text.h"

#include <string.h>

/* What a sum has: of one sum itself, of a matrix a list of rows. */
static json_t *of_sums(const struct dot *d, json_t *(*of)(const void *, size_t),
                       const void *context)
{
    if (!d->matrix)
        return of(context, 0);
    json_t *rows = check_memory(json_array());
    for (size_t i = 0; i < d->rows; i++) {
        json_t *row = check_memory(json_array());
        for (size_t j = 0; j < d->columns; j++)
            json_add(row, of(context, i * d->columns + j));
        json_add(rows, row);
    }
    return rows;
}

static json_t *ratio_at(const void *ratios, size_t index)
{
    return json_ratio(((const mpq_t *)ratios)[index]);
}

static json_t *ratios_json(const struct dot *d, bool known, const mpq_t *ratios)
{
    return known ? of_sums(d, ratio_at, ratios) : json_null();
}

struct one {
    const struct dot *d;
    const struct dot_result *r;
    const mpq_t *against;
    bool ulps;
};

static json_t *bits_at(const void *context, size_t index)
{
    const struct one *o = context;
    return json_code(o->d->accumulate, o->r->bits[index]);
}

static json_t *decimal_at(const void *context, size_t index)
{
    const struct one *o = context;
    return json_datum(o->d->accumulate, o->r->bits[index]);
}

static json_t *error_at(const void *context, size_t index)
{
    const struct one *o = context;
    RATIO(error);
    RATIO(ulps);
    return dot_error(error, ulps, o->d, o->against, o->r, index)
               ? json_ratio(o->ulps ? ulps : error)
               : json_null();
}

static json_t *within_at(const void *context, size_t index)
{
    const struct one *o = context;
    RATIO(error);
    RATIO(ulps);
    if (!dot_error(error, ulps, o->d, o->against, o->r, index) || !o->d->has_bound)
        return json_null();
    mpq_abs(error, error);
    return json_boolean(mpq_cmp(error, o->d->bound[index]) <= 0);
}

static json_t *result_json(const struct dot *d, const struct dot_result *r)
{
    struct one o = {d, r, (const mpq_t *)d->exact, false};
    json_t *out = check_memory(json_object());
    json_put(out, "model", json_string(r->choice->name));
    json_put(out, "bits", of_sums(d, bits_at, &o));
    json_put(out, "decimal", of_sums(d, decimal_at, &o));
    json_put(out, "error", of_sums(d, error_at, &o));
    o.ulps = true;
    json_put(out, "error_ulp", of_sums(d, error_at, &o));
    json_put(out, "within_bound", of_sums(d, within_at, &o));
    o = (struct one){d, r, (const mpq_t *)d->given, false};
    json_put(out, "error_given", of_sums(d, error_at, &o));
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
