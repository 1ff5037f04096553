#include "room.h"
#include "stats_against.h"
#include "grid.h"
#include "progress.h"
#include "stats.h"
#include "file/kind.h"

static int compare_names(const void *a, const void *b, void *context)
{
    const struct against_side *s = context;
    return strcmp(s->of.tensors[*(const size_t *)a]->name, s->of.tensors[*(const size_t *)b]->name);
}

static void sort(struct against_side *s)
{
    s->by_name = check_memory(calloc(s->of.count + 1, sizeof *s->by_name));
    for (size_t i = 0; i < s->of.count; i++)
        s->by_name[i] = i;
    qsort_r(s->by_name, s->of.count, sizeof *s->by_name, compare_names, s);
}

/* The number of the tensor of that NAME; -1: there is none. */
static ptrdiff_t find(const struct against_side *s, const char *name)
{
    size_t low = 0, high = s->of.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, s->of.tensors[s->by_name[middle]]->name);
        if (!order)
            return (ptrdiff_t)s->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

static bool same_shape(const struct hu_tensor *a, const struct hu_tensor *b)
{
    bool same = a->rank == b->rank;
    for (unsigned i = 0; same && i < a->rank; i++)
        same = a->shape[i] == b->shape[i];
    return same;
}

static enum against_status status_of(const struct against_side *first, size_t a,
                                     const struct against_side *second, size_t b)
{
    const struct hu_tensor *t = first->of.tensors[a], *u = second->of.tensors[b];
    bool numbers = first->of.data[a].data.format, others = second->of.data[b].data.format;
    if (!same_shape(t, u))
        return AGAINST_SHAPE;
    if (numbers != others || (!numbers && !hu_dtype_same(t->dtype, u->dtype)))
        return AGAINST_DTYPE;
    return AGAINST_COMPARED;
}

/* Rows and pairs. Two arrays that are alone in their files are each other's, whatever they are
 * called. */
static size_t match(struct against *a, struct hu_pair *pairs)
{
    struct against_side *first = &a->sides[0], *second = &a->sides[1];
    OWNED bool *met = check_memory(calloc(second->of.count + 1, sizeof *met));
    bool alone = first->of.count == 1 && second->of.count == 1;
    size_t n = 0;
    sort(second);
    for (size_t i = 0; i < first->of.count; i++) {
        struct against_row *row = &a->rows[a->count++];
        ptrdiff_t at = alone ? 0 : find(second, first->of.tensors[i]->name);
        *row = (struct against_row){.status = AGAINST_MISSING, .first = first->of.tensors[i]};
        if (at < 0)
            continue;
        met[at] = true;
        row->second = second->of.tensors[at];
        row->status = status_of(first, i, second, (size_t)at);
        if (row->status != AGAINST_COMPARED)
            continue;
        /* Ulps are those of the second in its format, or of the first in its own where the second
         * is quantized. */
        const struct hu_format *ulp = row->second->dtype.format;
        bool numbers = first->of.data[i].data.format;
        pairs[n] = (struct hu_pair){.first = first->of.data[i],
                                    .second = second->of.data[at],
                                    .ulp_of_first = numbers && !ulp,
                                    .ulp = !numbers ? NULL
                                           : ulp    ? ulp
                                                    : row->first->dtype.format};
        row->pair = &pairs[n++];
    }
    for (size_t i = 0; i < second->of.count; i++)
        if (!met[i])
            a->rows[a->count++] =
                (struct against_row){.status = AGAINST_EXTRA, .second = second->of.tensors[i]};
    return n;
}

static bool against_row_is_same(const struct against *a, const struct against_row *row)
{
    if (row->status != AGAINST_COMPARED)
        return false;
    const struct hu_difference *d = &row->pair->difference;
    if (d->unlike)
        return false;
    if (row->pair->first.data.format && a->has_min_sqnr)
        return hu_difference_figures(d).sqnr >= a->min_sqnr;
    return d->equal ==
           (row->pair->first.data.format ? row->first->elements : row->pair->first.bytes);
}

bool against_is_same(const struct against *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (!against_row_is_same(a, &a->rows[i]))
            return false;
    return true;
}

static const char *against_status_name(enum against_status status)
{
    static const char *const names[] = {"compared", "missing", "extra", "shape", "dtype"};
    return names[status];
}

static void compare(struct against *a, struct hu_pair *pairs, size_t n, unsigned jobs)
{
    struct hu_stream_error error;
    bool second;
    progress_begin("stats", "B", hu_compare_bytes(pairs, n));
    bool fine = hu_compare_run(pairs, n, jobs, progress_add, &error, &second);
    progress_end();
    for (size_t i = 0; !fine && i < a->count; i++)
        if (a->rows[i].pair == &pairs[error.tensor])
            tensor_source_fail(a->sources[second], second ? a->rows[i].second : a->rows[i].first,
                               &error, NULL);
    for (size_t i = 0; i < n; i++)
        if (pairs[i].first.data.format)
            hu_difference_merge(&a->total, &pairs[i].difference);
    tensor_source_unchanged(a->sources[0]);
    tensor_source_unchanged(a->sources[1]);
}

static void compare_sides(struct against *a, unsigned jobs)
{
    size_t n = a->sides[0].of.count + a->sides[1].of.count;
    if (!n)
        die("neither file has a tensor that is chosen");
    a->pairs = check_memory(calloc(a->sides[0].of.count + 1, sizeof *a->pairs));
    a->rows = check_memory(calloc(n + 1, sizeof *a->rows));
    compare(a, a->pairs, match(a, a->pairs), jobs);
}

/* -f is for what does not say itself what it is, of either file. */
static void settle_format(struct tensor_source *first, const char *path,
                          struct tensor_source *second, const char *other)
{
    bool raw = hu_kind_of_file(path) == HU_FILE_OTHER;
    bool other_raw = hu_kind_of_file(other) == HU_FILE_OTHER;
    if (raw == other_raw)
        return;
    *(raw ? &second->format : &first->format) = NULL;
    *(raw ? &second->big_endian : &first->big_endian) = false;
}

void against_run(struct against *a, struct tensor_source *first, const char *path,
                 const char *other, unsigned jobs)
{
    a->second = *first;
    a->sources[0] = first;
    a->sources[1] = &a->second;
    settle_format(first, path, &a->second, other);
    for (int i = 0; i < 2; i++)
        tensor_source_open(a->sources[i], i ? other : path);
    for (int i = 0; i < 2; i++)
        stats_read(&a->sides[i].of, a->sources[i], false, true);
    compare_sides(a, jobs);
}

void against_clear(struct against *a)
{
    for (int i = 0; i < 2; i++) {
        stats_reading_clear(&a->sides[i].of);
        free(a->sides[i].by_name);
        tensor_source_close(a->sources[i]);
    }
    free(a->rows);
    free(a->pairs);
}

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
    return JSON_IF(t, json_string(hu_dtype_name(t->dtype)));
}

static json_t *shape_json(const struct hu_tensor *t)
{
    return JSON_IF(t, json_shape(t->shape, t->rank));
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

static void figures_cells(struct grid *g, const struct hu_difference *d, bool ulps)
{
    struct hu_difference_figures f = hu_difference_figures(d);
    double errors[] = {f.max_error, f.rms_error, f.max_ulps};
    char text[COUNT];
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, i < 2 ? "%.4e" : "%.4g", errors[i]);
        grid_cell(g, d->measured && (i < 2 || ulps) ? text : "–", "");
    }
    grid_cell(g, d->measured ? stats_sqnr(text, f.sqnr) : "–", "");
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
    char text[COUNT + 64];
    grid_cell(g, PRINTABLE(t->name, 512), "");
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
    struct grid g = GRID({"tensor", 0, true}, {"dtypes", 0, true}, {"elements", 13, false},
                         {"equal", 13, false}, {"max error", 11, false}, {"rms error", 11, false},
                         {"max ulp", 9, false}, {"SQNR", 11, false}, {"", 0, true});
    print_head(a);
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
        grid_format(&g, "", "%s\t%s", GROUPED(all), GROUPED(a->total.equal));
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
