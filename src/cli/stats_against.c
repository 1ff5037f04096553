#include "stats_against.h"
#include "progress.h"
#include "report.h"
#include "file/kind.h"

#include <stdlib.h>
#include <string.h>

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

static bool same_dtype(struct hu_dtype a, struct hu_dtype b)
{
    return a.format == b.format && a.integer == b.integer && a.block == b.block;
}

static enum against_status status_of(const struct against_side *first, size_t a,
                                     const struct against_side *second, size_t b)
{
    const struct hu_tensor *t = first->of.tensors[a], *u = second->of.tensors[b];
    bool numbers = first->of.data[a].data.format, others = second->of.data[b].data.format;
    if (!same_shape(t, u))
        return AGAINST_SHAPE;
    if (numbers != others || (!numbers && !same_dtype(t->dtype, u->dtype)))
        return AGAINST_DTYPE;
    return AGAINST_COMPARED;
}

/* Ulps are those of the second in its format, or of the first in its own where the second is
 * quantized. */
static void settle_ulp(struct hu_pair *p, const struct against_row *row)
{
    p->ulp_of_first = !row->second->dtype.format;
    p->ulp = p->ulp_of_first ? row->first->dtype.format : row->second->dtype.format;
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
        pairs[n] = (struct hu_pair){.first = first->of.data[i], .second = second->of.data[at]};
        if (pairs[n].first.data.format)
            settle_ulp(&pairs[n], row);
        row->pair = &pairs[n++];
    }
    for (size_t i = 0; i < second->of.count; i++)
        if (!met[i])
            a->rows[a->count++] =
                (struct against_row){.status = AGAINST_EXTRA, .second = second->of.tensors[i]};
    return n;
}

bool against_row_is_same(const struct against *a, const struct against_row *row)
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

const char *against_status_name(enum against_status status)
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
