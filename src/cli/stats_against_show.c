#include "grid.h"
#include "json.h"
#include "memory/figure.h"
#include "report.h"
#include "stats.h"
#include "stats_against.h"
#include "file/printable.h"

#include <math.h>
#include <stdio.h>

enum { COUNT = 40 };

static json_t *figures_json(const struct hu_difference *d)
{
    struct hu_difference_figures f = hu_difference_figures(d);
    return JSON({"equal", json_count(d->equal)}, {"unlike", json_count(d->unlike)},
                {"measured", json_count(d->measured)}, {"max_abs_error", json_finite(f.max_error)},
                {"rms_error", json_finite(f.rms_error)}, {"max_ulp_error", json_finite(f.max_ulps)},
                {"sqnr_db", json_finite(f.sqnr)});
}

static bool has_bits(const struct hu_pair *p)
{
    return p->first.data.format == p->second.data.format && !p->first.decoded && !p->second.decoded;
}

static json_t *dtype_json(const struct hu_tensor *t)
{
    return t ? json_string(hu_dtype_name(t->dtype)) : json_null();
}

static json_t *shape_json(const struct hu_tensor *t)
{
    return t ? json_shape(t->shape, t->rank) : json_null();
}

static json_t *row_json(const void *context, size_t index)
{
    const struct against *a = context;
    const struct against_row *r = &a->rows[index];
    bool numbers = r->pair && r->pair->first.data.format;
    json_t *row = numbers ? figures_json(&r->pair->difference) : check_memory(json_object());
    const struct hu_tensor *t = r->first ? r->first : r->second;
    JSON_PUT(
        row, {"name", json_text(t->name)}, {"status", json_string(against_status_name(r->status))},
        {"elements", json_count(t->elements)}, {"dtype", dtype_json(r->first)},
        {"against_dtype", dtype_json(r->second)}, {"shape", shape_json(r->first)},
        {"against_shape", shape_json(r->second)},
        {"bit_equal", JSON_IF(r->pair && has_bits(r->pair), json_boolean(!r->pair->bits_differ))});
    bool ulps = numbers && r->pair->ulp;
    JSON_PUT(
        row, {"ulp_format", JSON_IF(ulps, json_string(r->pair->ulp->name))},
        {"ulp_of", ulps ? json_string(r->pair->ulp_of_first ? "first" : "second") : json_null()});
    if (numbers && !ulps)
        json_put(row, "max_ulp_error", json_null());
    json_put(row, "same", json_boolean(against_row_is_same(a, r)));
    return row;
}

static size_t count_of(const struct against *a, enum against_status status)
{
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++)
        n += a->rows[i].status == status;
    return n;
}

int against_json(const struct against *a)
{
    struct json_rows rows = {"tensors", a->count, row_json, a};
    json_t *root = check_memory(json_object()), *total = figures_json(&a->total);
    /* Ulps of several formats have no greatest. */
    json_put(total, "max_ulp_error", json_null());
    JSON_PUT(root, {"file", json_text(a->sources[0]->path)},
             {"against", json_text(a->sources[1]->path)}, {"tensors", json_null()},
             {"total", total});
    for (int s = AGAINST_COMPARED; s <= AGAINST_DTYPE; s++)
        json_put(root, against_status_name((enum against_status)s),
                 json_count(count_of(a, (enum against_status)s)));
    json_put(root, "same", json_boolean(against_is_same(a)));
    return json_print_with(root, &rows);
}

/* What stands in place of figures. */
static void reason_text(char out[160], const struct against_row *r)
{
    char first[75], second[75];
    switch (r->status) {
    case AGAINST_MISSING:
        snprintf(out, 160, "only in the first");
        return;
    case AGAINST_EXTRA:
        snprintf(out, 160, "only in the second");
        return;
    case AGAINST_SHAPE:
        text_shape(first, sizeof first, r->first->shape, r->first->rank, ", ");
        text_shape(second, sizeof second, r->second->shape, r->second->rank, ", ");
        snprintf(out, 160, "%s against %s", first, second);
        return;
    default:
        snprintf(out, 160, "not comparable");
    }
}

static const char *ratio_text(char out[STATS_DECIBELS], const struct hu_difference *d, double sqnr)
{
    return d->measured ? stats_sqnr(out, sqnr) : "–";
}

static void figures_cells(struct grid *g, const struct hu_difference *d, bool ulps)
{
    struct hu_difference_figures f = hu_difference_figures(d);
    double errors[] = {f.max_error, f.rms_error, f.max_ulps};
    char text[COUNT];
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, i < 2 ? "%.4e" : "%.4g", errors[i]);
        grid_cell(g, d->measured && (i < 2 || ulps) ? text : "–", "");
    }
    grid_cell(g, ratio_text(text, d, f.sqnr), "");
}

static void verdict_cell(struct grid *g, const struct against *a, const struct against_row *r)
{
    char text[160], count[COUNT];
    bool same = against_row_is_same(a, r);
    if (r->status != AGAINST_COMPARED)
        reason_text(text, r);
    else if (has_bits(r->pair) && !r->pair->bits_differ)
        snprintf(text, sizeof text, "bit for bit");
    else if (r->pair->difference.unlike && r->pair->first.data.format)
        snprintf(text, sizeof text, "%s not alike", hu_grouped(r->pair->difference.unlike, count));
    else
        snprintf(text, sizeof text, "%s", same ? "same" : "differs");
    grid_cell(g, text, same ? ink->good : ink->warn);
}

static void row_cells(struct grid *g, const struct against *a, const struct against_row *r)
{
    const struct hu_tensor *t = r->first ? r->first : r->second;
    bool numbers = r->pair && r->pair->first.data.format;
    char name[512], text[COUNT + 64];
    grid_cell(g, hu_printable(t->name, name, sizeof name), "");
    const char *first = r->first ? hu_dtype_name(r->first->dtype) : "–";
    const char *second = r->second ? hu_dtype_name(r->second->dtype) : "–";
    grid_format(g, "", "%s, %s", first, second);
    grid_cell(g, hu_grouped(t->elements, text), "");
    if (numbers) {
        grid_cell(g, hu_grouped(r->pair->difference.equal, text), "");
        figures_cells(g, &r->pair->difference, r->pair->ulp);
    }
    for (int i = 0; !numbers && i < 5; i++)
        grid_cell(g, "–", "");
    verdict_cell(g, a, r);
}

static void print_head(const struct against *a)
{
    OWNED char *first = text_printable(a->sources[0]->path);
    OWNED char *second = text_printable(a->sources[1]->path);
    size_t n = count_of(a, AGAINST_COMPARED);
    printf("%s against %s: %zu tensor%s compared", first, second, n, plural(n));
    static const char *const words[] = {NULL, "only in the first", "only in the second",
                                        "of another shape", "not comparable"};
    for (int s = AGAINST_MISSING; s <= AGAINST_DTYPE; s++)
        if ((n = count_of(a, (enum against_status)s)))
            printf(", %zu %s", n, words[s]);
    printf("\nerrors are the second's; ulps are those of its numbers, or where it is quantized of "
           "the first's\n\n");
}

void against_text(const struct against *a)
{
    struct grid g = {0};
    char text[COUNT];
    print_head(a);
    grid_column(&g, "tensor", 0, true);
    grid_column(&g, "dtypes", 0, true);
    grid_column(&g, "elements", 13, false);
    grid_column(&g, "equal", 13, false);
    grid_column(&g, "max error", 11, false);
    grid_column(&g, "rms error", 11, false);
    grid_column(&g, "max ulp", 9, false);
    grid_column(&g, "SQNR", 11, false);
    grid_column(&g, "", 0, true);
    for (size_t i = 0; i < a->count; i++)
        row_cells(&g, a, &a->rows[i]);
    if (a->count > 1) {
        uint64_t all = 0;
        for (size_t i = 0; i < a->count; i++)
            all += a->rows[i].pair && a->rows[i].pair->first.data.format
                       ? a->rows[i].first->elements
                       : 0;
        grid_cell(&g, "all", ink->bold);
        grid_cell(&g, "", "");
        grid_cell(&g, hu_grouped(all, text), "");
        grid_cell(&g, hu_grouped(a->total.equal, text), "");
        figures_cells(&g, &a->total, false);
        grid_cell(&g, "", "");
    }
    grid_end(&g);
    bool same = against_is_same(a);
    printf("\n%s%s%s", same ? ink->good : ink->warn, same ? "the same" : "not the same", ink->off);
    if (a->has_min_sqnr)
        printf(" (to at least %g dB in every tensor)", a->min_sqnr);
    putchar('\n');
}
