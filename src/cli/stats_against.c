#include "stats_against.h"
#include "folding.h"
#include "progress.h"
#include "report.h"
#include "file/kind.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A file's tensors as they are listed, and how they are read. */
struct side {
    struct tensor_source *source;
    const struct hu_tensor **tensors;
    struct hu_stream_tensor *data;
    struct hu_tensor *decoded;
    struct hu_recode *recodes;
    uint64_t *strides;
    size_t count;
    size_t *by_name; /* their numbers */
};

static bool read_side(struct side *s, const char *command)
{
    size_t n = s->source->set.tensor_count, ranks = 0;
    for (size_t i = 0; i < n; i++)
        ranks += s->source->set.tensors[i]->rank;
    s->tensors = check_memory(calloc(n + 1, sizeof *s->tensors));
    s->data = check_memory(calloc(n + 1, sizeof *s->data));
    s->decoded = check_memory(calloc(n + 1, sizeof *s->decoded));
    s->recodes = check_memory(calloc(n + 1, sizeof *s->recodes));
    s->strides = check_memory(calloc(ranks + 1, sizeof *s->strides));
    uint64_t *strides = s->strides;
    for (size_t i = 0; i < n; i++) {
        const struct hu_tensor *t = tensor_source_at(s->source, i);
        if (!tensor_source_chooses(s->source, t) || (t->part_of && t->part_of->codes != t))
            continue;
        struct hu_stream_tensor *data = &s->data[s->count];
        if (!stats_take(s->source, command, &t, &s->decoded[s->count], &s->recodes[s->count], data))
            return false;
        if (t->fortran_order && t->rank > 1 && data->unit) {
            hu_stream_reorder(data, t, strides);
            strides += t->rank;
        }
        s->tensors[s->count++] = t;
    }
    return true;
}

static void clear_side(struct side *s)
{
    free(s->tensors);
    free(s->data);
    free(s->decoded);
    free(s->recodes);
    free(s->strides);
    free(s->by_name);
}

static int compare_names(const void *a, const void *b, void *context)
{
    const struct side *s = context;
    return strcmp(s->tensors[*(const size_t *)a]->name, s->tensors[*(const size_t *)b]->name);
}

static void sort(struct side *s)
{
    s->by_name = check_memory(calloc(s->count + 1, sizeof *s->by_name));
    for (size_t i = 0; i < s->count; i++)
        s->by_name[i] = i;
    qsort_r(s->by_name, s->count, sizeof *s->by_name, compare_names, s);
}

/* The number of the tensor of that NAME; -1: there is none. */
static ptrdiff_t find(const struct side *s, const char *name)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, s->tensors[s->by_name[middle]]->name);
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

static enum against_status status_of(const struct side *first, size_t a, const struct side *second,
                                     size_t b)
{
    const struct hu_tensor *t = first->tensors[a], *u = second->tensors[b];
    bool numbers = first->data[a].data.format, others = second->data[b].data.format;
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
static size_t match(struct against *a, struct side sides[2], struct hu_pair *pairs)
{
    struct side *first = &sides[0], *second = &sides[1];
    bool *met = check_memory(calloc(second->count + 1, sizeof *met));
    bool alone = first->count == 1 && second->count == 1;
    size_t n = 0;
    sort(second);
    for (size_t i = 0; i < first->count; i++) {
        struct against_row *row = &a->rows[a->count++];
        ptrdiff_t at = alone ? 0 : find(second, first->tensors[i]->name);
        *row = (struct against_row){.status = AGAINST_MISSING, .first = first->tensors[i]};
        if (at < 0)
            continue;
        met[at] = true;
        row->second = second->tensors[at];
        row->status = status_of(first, i, second, (size_t)at);
        if (row->status != AGAINST_COMPARED)
            continue;
        pairs[n] = (struct hu_pair){.first = first->data[i], .second = second->data[at]};
        if (pairs[n].first.data.format)
            settle_ulp(&pairs[n], row);
        row->pair = &pairs[n++];
    }
    for (size_t i = 0; i < second->count; i++)
        if (!met[i])
            a->rows[a->count++] =
                (struct against_row){.status = AGAINST_EXTRA, .second = second->tensors[i]};
    free(met);
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

static int compare(struct against *a, struct hu_pair *pairs, size_t n, const char *command,
                   unsigned jobs)
{
    struct hu_stream_error error;
    bool second;
    progress_begin("stats", "B", hu_compare_bytes(pairs, n));
    bool fine = hu_compare_run(pairs, n, jobs, progress_add, &error, &second);
    progress_end();
    for (size_t i = 0; !fine && i < a->count; i++)
        if (a->rows[i].pair == &pairs[error.tensor])
            return tensor_source_fail(a->sources[second], command,
                                      second ? a->rows[i].second : a->rows[i].first, &error, NULL);
    for (size_t i = 0; i < n; i++)
        if (pairs[i].first.data.format)
            hu_difference_merge(&a->total, &pairs[i].difference);
    return tensor_source_unchanged(a->sources[0], command) &&
                   tensor_source_unchanged(a->sources[1], command)
               ? EXIT_DONE
               : EXIT_BAD;
}

static int run_sides(struct against *a, struct side sides[2], const char *command, unsigned jobs,
                     bool json, const struct palette *p)
{
    size_t n = sides[0].count + sides[1].count;
    struct hu_pair *pairs = check_memory(calloc(sides[0].count + 1, sizeof *pairs));
    a->rows = check_memory(calloc(n + 1, sizeof *a->rows));
    size_t count = match(a, sides, pairs);
    int status = n ? compare(a, pairs, count, command, jobs)
                   : fail(command, "neither file has a tensor that is chosen");
    if (status == EXIT_DONE) {
        if (json) {
            against_json(a);
        } else {
            folding_begin();
            against_text(a, p);
        }
        status = against_is_same(a) ? EXIT_DONE : EXIT_NO;
    }
    free(a->rows);
    free(pairs);
    return status;
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

int against_run(const char *command, struct tensor_source *first, const char *path,
                const char *other, unsigned jobs, bool json, const double *min_sqnr,
                const struct palette *p)
{
    struct tensor_source second = *first;
    struct against a = {.sources = {first, &second}, .has_min_sqnr = min_sqnr};
    struct side sides[2] = {{.source = first}, {.source = &second}};
    a.min_sqnr = min_sqnr ? *min_sqnr : 0;
    first->decodes = second.decodes = true;
    settle_format(first, path, &second, other);
    if (!tensor_source_open(first, command, path))
        return EXIT_BAD;
    int status = EXIT_BAD;
    if (tensor_source_open(&second, command, other)) {
        if (read_side(&sides[0], command) && read_side(&sides[1], command))
            status = run_sides(&a, sides, command, jobs, json, p);
        clear_side(&sides[0]);
        clear_side(&sides[1]);
        tensor_source_close(&second);
    }
    tensor_source_close(first);
    return status;
}
