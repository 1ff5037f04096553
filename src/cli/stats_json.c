#include "stats.h"
#include "json.h"
#include "report.h"

static json_t *worst_json(const struct stats *s, const struct hu_worst_block *w)
{
    return JSON({"tensor", json_text(s->tensors[w->tensor].tensor->name)},
                {"index", json_count(w->index)}, {"sqnr_db", json_finite(hu_worst_block_sqnr(w))},
                {"max_abs", json_finite(w->greatest)});
}

static json_t *share(uint64_t part, uint64_t all)
{
    return all ? json_real((double)part / (double)all) : json_null();
}

static json_t *blocks_json(const struct stats *s, const struct stats_target *t,
                           const struct stats_blocks *b)
{
    json_t *row =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)b->blocks, "saturated",
                  (json_int_t)b->saturated, "nan", (json_int_t)b->nan, "lost_to_outlier",
                  (json_int_t)b->lost, "unfit_elements", (json_int_t)b->unfit);
    json_put(row, "saturated_share", share(b->saturated, b->blocks));
    json_t *rules = hu_block_has_rules(t->block) ? check_memory(json_object()) : json_null();
    for (int i = 0; json_is_object(rules) && i < HU_SCALE_RULES; i++)
        json_put(rules, hu_scale_rule_name((enum hu_scale_rule)(HU_SCALE_FLOOR + i)),
                 json_finite(b->sqnr_by_rule[i]));
    json_put(row, "sqnr_db_by_rule", rules);
    json_t *worst = JSON_LIST(i, i < b->worst_count, worst_json(s, &b->worst[i]));
    json_put(row, "worst", worst);
    return row;
}

/* What block formats have, and what they do not have. */
static void put_blocks(json_t *row, const struct stats *s, const struct stats_target *t,
                       const struct stats_blocks *b)
{
    static const char *const none[] = {"subnormal", "max_rel_error", "rms_rel_error",
                                       "max_ulp_error"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        json_put(row, none[i], json_null());
    enum hu_scale_rule rule = hu_block_has_rules(t->block) && s->rule ? s->rule : t->block->rule;
    JSON_PUT(row, {"rule", json_string(hu_scale_rule_name(rule))},
             {"bits_per_element", json_real(stats_target_bits(t))},
             {"blocks", blocks_json(s, t, b)});
}

static json_t *target_json(const struct stats *s, size_t index, const struct hu_loss_figures *f,
                           uint64_t finite, uint64_t nans, uint64_t infinities)
{
    json_t *row =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "format", s->targets.at[index].name,
                  "overflow", (json_int_t)f->overflow, "underflow", (json_int_t)f->underflow,
                  "subnormal", (json_int_t)f->subnormal, "exact", (json_int_t)f->exact, "nan",
                  (json_int_t)nans, "infinite", (json_int_t)infinities);
    JSON_PUT(row, {"max_abs_error", json_finite(f->max_error)},
             {"rms_error", json_finite(f->rms_error)},
             {"max_rel_error", json_finite(f->max_relative)},
             {"rms_rel_error", json_finite(f->rms_relative)},
             {"max_ulp_error", json_finite(f->max_ulps)}, {"sqnr_db", json_finite(f->sqnr)},
             {"invalid", json_count(f->invalid)}, {"measured", json_count(f->measured)},
             {"safe", json_boolean(stats_is_safe(s, index, f, finite))});
    return row;
}

static json_t *narrowest_json(const struct stats *s, int index)
{
    return index < 0 ? json_null() : json_string(s->targets.at[index].name);
}

static json_t *tensor_json(const struct stats *s, const struct stats_tensor *t)
{
    json_t *targets = json_list();
    for (size_t i = 0; i < s->targets.count; i++) {
        json_t *target = target_json(s, i, &t->figures[i], t->finite, t->nans, t->infinities);
        if (s->targets.at[i].block)
            put_blocks(target, s, &s->targets.at[i], &t->blocks[i]);
        json_add(targets, target);
    }
    json_t *row = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I}", "name", json_text(t->tensor->name),
                            "dtype", hu_dtype_name(t->tensor->dtype), "elements",
                            (json_int_t)t->tensor->elements, "zeros", (json_int_t)t->zeros, "nan",
                            (json_int_t)t->nans, "infinite", (json_int_t)t->infinities);
    JSON_PUT(row, {"max_abs", json_finite(t->greatest)},
             {"min_abs_nonzero", JSON_IF(t->least > 0, json_finite(t->least))},
             {"targets", targets}, {"narrowest_safe", narrowest_json(s, stats_narrowest(s, t))});
    return row;
}

static json_t *histogram_json(const struct hu_spread *spread)
{
    json_t *binades = json_list();
    for (int i = 0; i < HU_BINADES; i++)
        if (spread->binades[i])
            json_add(binades, json_pack("{s:i, s:I}", "exponent", i + HU_BINADE_LEAST, "count",
                                        (json_int_t)spread->binades[i]));
    return json_pack("{s:I, s:o}", "zeros", (json_int_t)spread->zeros, "binades", binades);
}

static json_t *limits_json(const struct stats *s)
{
    json_t *most = s->limits.any_overflow ? json_null()
                   : s->limits.is_share   ? json_sprintf("%.17g%%", s->limits.max_overflow * 100)
                                          : json_count(s->limits.max_overflow);
    return json_pack("{s:o, s:o}", "max_overflow", most, "min_sqnr_db",
                     json_finite(s->limits.min_sqnr));
}

json_t *stats_json(const struct stats *s)
{
    json_t *total = json_list();
    const struct hu_spread *spread = &s->total->spread;
    for (size_t i = 0; i < s->targets.count; i++) {
        struct hu_loss_figures f = hu_loss_figures(&s->total->losses[i]);
        json_t *target = target_json(s, i, &f, spread->finite, spread->nans, spread->infinities);
        struct stats_blocks blocks = {0};
        if (s->targets.at[i].block) {
            blocks = stats_blocks_in_all(s, i);
            put_blocks(target, s, &s->targets.at[i], &blocks);
        }
        json_add(total, target);
    }
    json_t *root = json_pack("{s:o, s:n, s:o, s:o}", "file", json_text(s->file), "tensors", "total",
                             total, "narrowest_safe", narrowest_json(s, stats_narrowest_of_all(s)));
    JSON_PUT(root, {"scale", json_string(stats_scaling_name(s->scaling))},
             {"limits", limits_json(s)}, {"skipped_tensors", json_count(s->skipped)},
             {"histogram", histogram_json(spread)});
    return root;
}

static json_t *row_of(const void *context, size_t index)
{
    const struct stats *s = context;
    return tensor_json(s, &s->tensors[index]);
}

void stats_print_json(const struct stats *s, json_t *document)
{
    struct json_rows rows = {"tensors", s->count, row_of, s};
    json_print_with(document, &rows);
}
