#include "stats.h"
#include "json.h"
#include "report.h"

#include <math.h>

/* JSON has no infinity: null. */
static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *target_json(const struct stats *s, const struct hu_format *format,
                           const struct hu_loss_figures *f, uint64_t finite, uint64_t nans,
                           uint64_t infinities)
{
    json_t *row =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "format", format->name, "overflow",
                  (json_int_t)f->overflow, "underflow", (json_int_t)f->underflow, "subnormal",
                  (json_int_t)f->subnormal, "exact", (json_int_t)f->exact, "nan", (json_int_t)nans,
                  "infinite", (json_int_t)infinities);
    check_memory(row);
    json_object_set_new(row, "max_abs_error", real(f->max_error));
    json_object_set_new(row, "rms_error", real(f->rms_error));
    json_object_set_new(row, "max_rel_error", real(f->max_relative));
    json_object_set_new(row, "rms_rel_error", real(f->rms_relative));
    json_object_set_new(row, "max_ulp_error", real(f->max_ulps));
    json_object_set_new(row, "sqnr_db", real(f->sqnr));
    json_object_set_new(row, "invalid", json_integer((json_int_t)f->invalid));
    json_object_set_new(row, "measured", json_integer((json_int_t)f->measured));
    json_object_set_new(row, "safe", json_boolean(stats_is_safe(s, f, finite)));
    return row;
}

static json_t *narrowest_json(const struct stats *s, int index)
{
    return index < 0 ? json_null() : json_string(s->targets.at[index]->name);
}

static json_t *tensor_json(const struct stats *s, const struct stats_tensor *t)
{
    json_t *targets = check_memory(json_array());
    for (size_t i = 0; i < s->targets.count; i++)
        json_array_append_new(targets, target_json(s, s->targets.at[i], &t->figures[i], t->finite,
                                                   t->nans, t->infinities));
    json_t *row = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I}", "name", json_text(t->tensor->name),
                            "dtype", hu_dtype_name(t->tensor->dtype), "elements",
                            (json_int_t)t->tensor->elements, "zeros", (json_int_t)t->zeros, "nan",
                            (json_int_t)t->nans, "infinite", (json_int_t)t->infinities);
    check_memory(row);
    json_object_set_new(row, "max_abs", real(t->greatest));
    json_object_set_new(row, "min_abs_nonzero", t->least > 0 ? real(t->least) : json_null());
    json_object_set_new(row, "targets", targets);
    json_object_set_new(row, "narrowest_safe", narrowest_json(s, stats_narrowest(s, t)));
    return row;
}

static json_t *histogram_json(const struct hu_spread *spread)
{
    json_t *binades = check_memory(json_array());
    for (int i = 0; i < HU_BINADES; i++)
        if (spread->binades[i])
            json_array_append_new(binades, json_pack("{s:i, s:I}", "exponent", i + HU_BINADE_LEAST,
                                                     "count", (json_int_t)spread->binades[i]));
    return json_pack("{s:I, s:o}", "zeros", (json_int_t)spread->zeros, "binades", binades);
}

static json_t *limits_json(const struct stats *s)
{
    json_t *most = s->limits.any_overflow ? json_null()
                   : s->limits.is_share   ? json_sprintf("%.17g%%", s->limits.max_overflow * 100)
                                          : json_integer((json_int_t)s->limits.max_overflow);
    return json_pack("{s:o, s:o}", "max_overflow", most, "min_sqnr_db", real(s->limits.min_sqnr));
}

json_t *stats_json(const struct stats *s)
{
    json_t *total = check_memory(json_array());
    const struct hu_spread *spread = &s->total->spread;
    for (size_t i = 0; i < s->targets.count; i++) {
        struct hu_loss_figures f = hu_loss_figures(&s->total->losses[i]);
        json_array_append_new(total, target_json(s, s->targets.at[i], &f, spread->finite,
                                                 spread->nans, spread->infinities));
    }
    json_t *root = json_pack("{s:o, s:n, s:o, s:o}", "file", json_text(s->file), "tensors", "total",
                             total, "narrowest_safe", narrowest_json(s, stats_narrowest_of_all(s)));
    check_memory(root);
    json_object_set_new(root, "scale", json_string(stats_scaling_name(s->scaling)));
    json_object_set_new(root, "limits", limits_json(s));
    json_object_set_new(root, "skipped_tensors", json_integer((json_int_t)s->skipped));
    json_object_set_new(root, "histogram", histogram_json(spread));
    return root;
}

static json_t *row_of(const void *context, size_t index)
{
    const struct stats *s = context;
    return tensor_json(s, &s->tensors[index]);
}

int stats_print_json(const struct stats *s, json_t *document)
{
    struct json_rows rows = {"tensors", s->count, row_of, s};
    return json_print_with(document, &rows);
}
