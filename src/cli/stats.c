#include "room.h"
#include "stats.h"
#include "format.h"

struct hu_statistics_target *stats_targets(const struct stats *s)
{
    struct hu_statistics_target *targets = check_memory(calloc(s->targets.count, sizeof *targets));
    for (size_t i = 0; i < s->targets.count; i++) {
        const struct stats_target *t = &s->targets.at[i];
        enum hu_scale_rule rule =
            t->block && hu_block_has_rules(t->block) ? s->rule : HU_SCALE_DEFAULT;
        targets[i] = t->format ? hu_statistics_target_of(t->format, &s->options, s->scaling)
                               : hu_statistics_block_target(t->block, rule, &s->options);
    }
    return targets;
}

bool stats_any_block(const struct stats *s)
{
    for (size_t i = 0; i < s->targets.count; i++)
        if (s->targets.at[i].block)
            return true;
    return false;
}

void stats_add(struct stats *s, const struct hu_tensor *tensor)
{
    struct stats_tensor *row = &s->tensors[s->count++];
    row->tensor = tensor;
    row->figures = check_memory(calloc(s->targets.count, sizeof *row->figures));
    if (stats_any_block(s))
        row->blocks = check_memory(calloc(s->targets.count, sizeof *row->blocks));
}

size_t stats_ranges(const struct stats *s, const struct hu_format *formats[HU_TARGETS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; s->scaling == HU_SCALE_NONE && i < s->targets.count; i++)
        if (s->targets.at[i].format)
            formats[n++] = s->targets.at[i].format;
    return n;
}

static struct stats_blocks blocks_of(const struct hu_gathered *g, size_t index)
{
    const struct hu_block_loss *b = &g->blocks[index];
    struct stats_blocks figures = {.blocks = b->blocks,
                                   .saturated = b->saturated,
                                   .nan = b->nan,
                                   .lost = b->lost,
                                   .unfit = b->unfit};
    struct hu_loss under = g->losses[index];
    for (int i = 0; i < HU_SCALE_RULES; i++) {
        under.noise = b->noise_by_rule[i];
        figures.sqnr_by_rule[i] = hu_loss_figures(&under).sqnr;
    }
    figures.worst_count = b->worst_count;
    memcpy(figures.worst, b->worst, sizeof figures.worst);
    return figures;
}

struct stats_blocks stats_blocks_in_all(const struct stats *s, size_t index)
{
    return blocks_of(s->total, index);
}

/* Where *T, a tensor of SOURCE, is read as elements, or as bytes where it has none that are read.
 * Of a quantized weight *t becomes DECODED, and the elements come by way of RECODE. */
static void take(struct tensor_source *source, const struct hu_tensor **t,
                 struct hu_tensor *decoded, struct hu_recode *recode, struct hu_stream_tensor *data)
{
    const struct hu_tensor *from = *t;
    if (!from->part_of) {
        bool reads = tensor_source_reads(from);
        *data = hu_stream_tensor_of(from, reads ? from->dtype.format : NULL, -1);
        if (!reads)
            hu_stream_turn(data, from);
        tensor_source_input(source, from, &data->input, &data->offset);
        return;
    }
    *decoded = logical_row(from);
    *t = decoded;
    *data = hu_stream_tensor_of(decoded, hu_format_find("fp64"), -1);
    data->bytes = decoded->elements * sizeof(double);
    data->decoded = recode;
    tensor_source_parts(source, from->part_of, recode);
}

void stats_read(struct stats_reading *r, struct tensor_source *source, bool only_numbers,
                bool in_rows)
{
    size_t n = source->set.tensor_count, ranks = 0;
    for (size_t i = 0; i < n; i++)
        ranks += source->set.tensors[i]->rank;
    r->tensors = check_memory(calloc(n + 1, sizeof *r->tensors));
    r->data = check_memory(calloc(n + 1, sizeof *r->data));
    r->decoded = check_memory(calloc(n + 1, sizeof *r->decoded));
    r->recodes = check_memory(calloc(n + 1, sizeof *r->recodes));
    uint64_t *strides = r->strides = check_memory(calloc(ranks + 1, sizeof *strides));
    for (size_t i = 0; i < n; i++) {
        const struct hu_tensor *t = hu_tensor_set_at(&source->set, i);
        struct hu_stream_tensor *data = &r->data[r->count];
        if (!tensor_source_chooses(source, t) || (t->part_of && t->part_of->codes != t))
            continue;
        if (only_numbers && !t->part_of && !tensor_source_reads(t)) {
            r->skipped++;
            continue;
        }
        take(source, &t, &r->decoded[r->count], &r->recodes[r->count], data);
        if (in_rows && t->fortran_order && t->rank > 1 && data->unit) {
            hu_stream_reorder(data, t, strides);
            strides += t->rank;
        }
        r->tensors[r->count++] = t;
    }
}

void stats_reading_clear(struct stats_reading *r)
{
    free(r->tensors);
    free(r->data);
    free(r->decoded);
    free(r->recodes);
    free(r->strides);
}

void stats_done(void *context, size_t index, struct hu_gathered *g)
{
    struct stats *s = context;
    struct stats_tensor *t = &s->tensors[index];
    t->finite = g->spread.finite;
    t->zeros = g->spread.zeros;
    t->nans = g->spread.nans;
    t->infinities = g->spread.infinities;
    t->greatest = g->spread.greatest;
    t->least = g->spread.least;
    for (size_t i = 0; i < s->targets.count; i++) {
        t->figures[i] = hu_loss_figures(&g->losses[i]);
        if (!t->blocks || !s->targets.at[i].block)
            continue;
        hu_block_loss_name(&g->blocks[i], index);
        t->blocks[i] = blocks_of(g, i);
    }
    hu_gathered_merge(s->total, g);
}

void stats_clear(struct stats *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->tensors[i].figures);
        free(s->tensors[i].blocks);
    }
    free(s->tensors);
    hu_gathered_free(s->total);
}

bool stats_is_safe(const struct stats *s, size_t index, const struct hu_loss_figures *f,
                   uint64_t finite)
{
    const struct stats_limits *l = &s->limits;
    double most = l->is_share ? l->max_overflow * (double)finite : l->max_overflow;
    bool clamped = s->targets.at[index].block && l->any_clamped;
    uint64_t over = f->invalid + (clamped ? 0 : f->overflow);
    bool fits = (l->any_overflow && !s->targets.at[index].block) || (double)over <= most;
    bool lost = finite && !f->measured; /* no result is a number to compare */
    return fits && !lost && f->sqnr >= l->min_sqnr;
}

double stats_target_bits(const struct stats_target *t)
{
    return t->format ? t->format->width : 8.0 * t->block->bytes / t->block->elements;
}

/* Whether A is to be preferred to B: narrower, or as wide and nearer to the data in all. */
static bool is_better(const struct stats *s, int a, int b)
{
    if (b < 0)
        return true;
    double wa = stats_target_bits(&s->targets.at[a]), wb = stats_target_bits(&s->targets.at[b]);
    if (wa != wb)
        return wa < wb;
    return hu_loss_figures(&s->total->losses[a]).sqnr > hu_loss_figures(&s->total->losses[b]).sqnr;
}

int stats_narrowest(const struct stats *s, const struct stats_tensor *t)
{
    int best = -1;
    for (int i = 0; i < (int)s->targets.count; i++)
        if (stats_is_safe(s, (size_t)i, &t->figures[i], t->finite) && is_better(s, i, best))
            best = i;
    return best;
}

static bool is_safe_for_all(const struct stats *s, size_t target)
{
    struct hu_loss_figures f = hu_loss_figures(&s->total->losses[target]);
    bool safe = stats_is_safe(s, target, &f, s->total->spread.finite);
    for (size_t i = 0; safe && i < s->count; i++) {
        const struct stats_tensor *t = &s->tensors[i];
        /* Rows that a block does not divide stay what they are, so they do not count. */
        safe = (t->blocks && t->blocks[target].unfit) ||
               stats_is_safe(s, target, &t->figures[target], t->finite);
    }
    return safe;
}

int stats_narrowest_of_all(const struct stats *s)
{
    int best = -1;
    for (int i = 0; i < (int)s->targets.count; i++)
        if (is_safe_for_all(s, (size_t)i) && is_better(s, i, best))
            best = i;
    return best;
}

static bool add_target(struct stats_targets *targets, struct stats_target t)
{
    for (size_t i = 0; i < targets->count; i++)
        if (targets->at[i].format == t.format && targets->at[i].block == t.block)
            return true;
    if (targets->count == HU_TARGETS_MAX)
        return refuse("more than %d targets", HU_TARGETS_MAX);
    targets->at[targets->count++] = t;
    return true;
}

static bool add_format(const char *name, struct stats_targets *targets)
{
    const struct hu_format *f = format_read(name);
    return f && add_target(targets, (struct stats_target){f->name, f, NULL});
}

static bool add_named(const char *name, void *targets)
{
    const struct hu_block *b = hu_format_find(name) ? NULL : hu_block_find(name);
    if (!strcasecmp(name, "all")) {
        for (size_t i = 0; i < hu_format_count(); i++)
            if (!add_format(hu_format_at(i)->name, targets))
                return false;
        return true;
    }
    if (!b)
        return add_format(name, targets);
    if (hu_block_encodes(b))
        return add_target(targets, (struct stats_target){b->name, NULL, b});
    return refuse("%s is decoded only: nothing here encodes it, so what it would lose is not known",
                  b->name);
}

bool stats_targets_read(const char *text, struct stats_targets *targets)
{
    return names_read(text, add_named, targets);
}

const char *stats_sqnr(char out[STATS_DECIBELS], double sqnr)
{
    if (!isfinite(sqnr))
        return sqnr > 0 ? "no error" : "no signal";
    /* No "-0.00". */
    snprintf(out, STATS_DECIBELS, "%.2f dB", fabs(sqnr) < 0.005 ? 0 : sqnr);
    return out;
}

const char *stats_decibels(char out[STATS_DECIBELS], const struct hu_loss_figures *f, double limit)
{
    int decimals = 2;
    if (!f->measured)
        return "nothing measured";
    if (!isfinite(f->sqnr))
        return f->sqnr > 0 ? "no error" : "no signal";
    do
        snprintf(out, STATS_DECIBELS, "%.*f", decimals, f->sqnr);
    while ((strtod(out, NULL) >= limit) != (f->sqnr >= limit) && ++decimals < 17);
    return strcat(out, " dB");
}

size_t stats_binades(const struct hu_spread *spread, int empty_least,
                     struct stats_binade binades[HU_BINADES])
{
    size_t n = 0;
    int empty = 0;
    for (int i = 0; i < HU_BINADES; i++) {
        int exponent = i + HU_BINADE_LEAST;
        if (!spread->binades[i]) {
            empty++;
            continue;
        }
        if (n && empty >= empty_least)
            binades[n++] = (struct stats_binade){.exponent = exponent - empty, .empty = empty};
        for (int k = empty; n && empty < empty_least && k > 0; k--)
            binades[n++] = (struct stats_binade){.exponent = exponent - k};
        binades[n++] = (struct stats_binade){.exponent = exponent, .count = spread->binades[i]};
        empty = 0;
    }
    return n;
}

const char *stats_fate_of_nan(const struct hu_format *f)
{
    return hu_is_integer(f) ? "0" : "the largest finite value";
}

const char *stats_fate_of_infinity(const struct hu_format *f, bool saturate)
{
    if (hu_is_integer(f))
        return "the nearest end of its range";
    if (!saturate && hu_has_infinity(f))
        return NULL;
    return saturate || !hu_has_nan(f) ? "the largest finite value" : "NaN";
}

enum stats_reach stats_reach(const struct hu_format *f, int exponent)
{
    if (exponent > hu_emax(f))
        return STATS_OVERFLOWS;
    if (exponent >= (hu_is_integer(f) ? 0 : hu_emin(f)))
        return STATS_NORMAL;
    /* What lies in the binade below the least subnormal rounds up to it, but for its edge. */
    return exponent >= hu_quantum_min(f) - 1 && hu_has_subnormals(f) ? STATS_SUBNORMAL : STATS_ZERO;
}

static json_t *worst_json(const struct stats *s, const struct hu_worst_block *w)
{
    return JSON({"tensor", json_text(s->tensors[w->tensor].tensor->name)},
                {"index", json_count(w->index)}, {"sqnr_db", json_finite(hu_worst_block_sqnr(w))},
                {"max_abs", json_finite(w->greatest)});
}

static json_t *blocks_json(const struct stats *s, const struct stats_target *t,
                           const struct stats_blocks *b)
{
    json_t *rules = hu_block_has_rules(t->block) ? check_memory(json_object()) : json_null();
    for (int i = 0; json_is_object(rules) && i < HU_SCALE_RULES; i++)
        json_put(rules, hu_scale_rule_name((enum hu_scale_rule)(HU_SCALE_FLOOR + i)),
                 json_finite(b->sqnr_by_rule[i]));
    return JSON({"count", json_count(b->blocks)}, {"saturated", json_count(b->saturated)},
                {"nan", json_count(b->nan)}, {"lost_to_outlier", json_count(b->lost)},
                {"unfit_elements", json_count(b->unfit)},
                {"saturated_share",
                 JSON_IF(b->blocks, json_real((double)b->saturated / (double)b->blocks))},
                {"sqnr_db_by_rule", rules},
                {"worst", JSON_LIST(i, i < b->worst_count, worst_json(s, &b->worst[i]))});
}

/* BLOCKS: of a block format, whose steps differ, so that some figures say nothing. */
static json_t *target_json(const struct stats *s, size_t index, const struct hu_loss_figures *f,
                           const struct hu_spread *spread, const struct stats_blocks *blocks)
{
    const struct stats_target *t = &s->targets.at[index];
    bool even = !t->block;
    json_t *row = JSON(
        {"format", json_string(t->name)}, {"overflow", json_count(f->overflow)},
        {"underflow", json_count(f->underflow)},
        {"subnormal", JSON_IF(even, json_count(f->subnormal))}, {"exact", json_count(f->exact)},
        {"nan", json_count(spread->nans)}, {"infinite", json_count(spread->infinities)},
        {"max_abs_error", json_finite(f->max_error)}, {"rms_error", json_finite(f->rms_error)},
        {"max_rel_error", JSON_IF(even, json_finite(f->max_relative))},
        {"rms_rel_error", JSON_IF(even, json_finite(f->rms_relative))},
        {"max_ulp_error", JSON_IF(even, json_finite(f->max_ulps))},
        {"sqnr_db", json_finite(f->sqnr)}, {"invalid", json_count(f->invalid)},
        {"measured", json_count(f->measured)},
        {"safe", json_boolean(stats_is_safe(s, index, f, spread->finite))});
    if (even)
        return row;
    enum hu_scale_rule rule = hu_block_has_rules(t->block) && s->rule ? s->rule : t->block->rule;
    return JSON_PUT(row, {"rule", json_string(hu_scale_rule_name(rule))},
                    {"bits_per_element", json_real(stats_target_bits(t))},
                    {"blocks", blocks_json(s, t, blocks)});
}

static json_t *narrowest_json(const struct stats *s, int index)
{
    return JSON_IF(index >= 0, json_string(s->targets.at[index].name));
}

static json_t *tensor_json(const struct stats *s, const struct stats_tensor *t)
{
    const struct hu_spread spread = {
        .finite = t->finite, .nans = t->nans, .infinities = t->infinities};
    return JSON({"name", json_text(t->tensor->name)},
                {"dtype", json_string(hu_dtype_name(t->tensor->dtype))},
                {"elements", json_count(t->tensor->elements)}, {"zeros", json_count(t->zeros)},
                {"nan", json_count(t->nans)}, {"infinite", json_count(t->infinities)},
                {"max_abs", json_finite(t->greatest)},
                {"min_abs_nonzero", JSON_IF(t->least > 0, json_finite(t->least))},
                {"targets", JSON_LIST(i, i < s->targets.count,
                                      target_json(s, i, &t->figures[i], &spread,
                                                  t->blocks ? &t->blocks[i] : NULL))},
                {"narrowest_safe", narrowest_json(s, stats_narrowest(s, t))});
}

static json_t *total_json(const struct stats *s, size_t index)
{
    struct hu_loss_figures f = hu_loss_figures(&s->total->losses[index]);
    struct stats_blocks blocks = {0};
    if (s->targets.at[index].block)
        blocks = stats_blocks_in_all(s, index);
    return target_json(s, index, &f, &s->total->spread, &blocks);
}

static json_t *histogram_json(const struct hu_spread *spread)
{
    json_t *binades = json_list();
    for (int i = 0; i < HU_BINADES; i++)
        if (spread->binades[i])
            json_add(binades, JSON({"exponent", json_integer(i + HU_BINADE_LEAST)},
                                   {"count", json_count(spread->binades[i])}));
    return JSON({"zeros", json_count(spread->zeros)}, {"binades", binades});
}

static json_t *limits_json(const struct stats_limits *l)
{
    json_t *most = l->any_overflow ? json_null()
                   : l->is_share   ? json_sprintf("%.17g%%", l->max_overflow * 100)
                                   : json_count(l->max_overflow);
    return JSON({"max_overflow", most}, {"min_sqnr_db", json_finite(l->min_sqnr)});
}

json_t *stats_json(const struct stats *s)
{
    static const char *const scalings[] = {"none", "tensor", "block"};
    return JSON({"file", json_text(s->file)}, {"tensors", json_null()},
                {"total", JSON_LIST(i, i < s->targets.count, total_json(s, i))},
                {"narrowest_safe", narrowest_json(s, stats_narrowest_of_all(s))},
                {"scale", json_string(scalings[s->scaling])}, {"limits", limits_json(&s->limits)},
                {"skipped_tensors", json_count(s->skipped)},
                {"histogram", histogram_json(&s->total->spread)});
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
