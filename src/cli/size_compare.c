/* Several models side by side. */
#include "shown.h"
#include "grid.h"
#include "size.h"

#include <stdio.h>

enum { LABEL = 22, CELL = 19, SOURCE_TEXT = 5 * CELL };

/* The end of a path that is too long says more than its beginning. */
static const char *source_text(const char *source, char out[SOURCE_TEXT])
{
    int columns = text_columns(source);
    const char *at = source;
    if (columns <= CELL) {
        snprintf(out, SOURCE_TEXT, "%s", source);
        return out;
    }
    for (; columns > CELL - 1; columns--)
        do
            at++;
        while ((*at & 0xc0) == 0x80);
    snprintf(out, SOURCE_TEXT, "…%s", at);
    return out;
}

enum row { PARAMETERS, ACTIVE, WEIGHTS, TOKEN, CACHE, TRAINING, NEEDED, FITS };

static void count_cell(struct grid *g, bool known, uint64_t count, const char *unit)
{
    grid_format(g, "", "%s%s", known ? GROUPED(count) : "–", known ? unit : "");
}

static void gib_cell(struct grid *g, bool known, uint64_t bytes)
{
    grid_format(g, "", "%s%s", known ? GIB(bytes) : "–", known ? " GiB" : "");
}

/* What R has in ROW, of its weights in dtype INDEX. */
static void put_cell(struct grid *g, enum row row, const struct size_result *r, size_t index)
{
    const struct hu_sizing *s = &r->sizing;
    switch (row) {
    case PARAMETERS:
        return count_cell(g, true, r->model.parameters, "");
    case ACTIVE:
        return count_cell(g, r->model.has_active, r->model.active_parameters, "");
    case WEIGHTS:
        return gib_cell(g, true, s->weights[index].bytes);
    case TOKEN:
        return count_cell(g, s->has_kv, s->kv.bytes_per_token, " B");
    case CACHE:
        return gib_cell(g, s->has_kv, s->kv.bytes);
    case TRAINING:
        return gib_cell(g, s->has_training, s->training.per_device);
    case NEEDED:
        return gib_cell(g, true, s->fit.needed);
    case FITS:
        return grid_cell(g, s->fit.fits ? "yes" : "no", "");
    }
}

/* A label, and the row of each model. */
static void compare_row(struct grid *g, const char *label, const struct size_result *results,
                        size_t count, enum row row, size_t index)
{
    grid_cell(g, label, "");
    for (size_t i = 0; i < count; i++)
        put_cell(g, row, &results[i], index);
}

/* The first COUNT models, of which a grid holds so many. */
static void compare(const struct size_options *options, const struct size_result *results,
                    size_t count)
{
    const struct hu_sizing *first = &results[0].sizing;
    char sources[GRID_COLUMNS_MAX][SOURCE_TEXT];
    struct grid g = GRID({"", LABEL, true});
    for (size_t i = 0; i < count; i++)
        grid_column(&g, source_text(results[i].source, sources[i]), CELL, false);
    compare_row(&g, "parameters", results, count, PARAMETERS, 0);
    compare_row(&g, "active", results, count, ACTIVE, 0);
    for (size_t i = 0; i < first->weight_count; i++)
        compare_row(&g, first->weights[i].name, results, count, WEIGHTS, i);
    compare_row(&g, "KV cache, a token", results, count, TOKEN, 0);
    if (options->request.context)
        compare_row(&g, "KV cache", results, count, CACHE, 0);
    if (options->request.train)
        compare_row(&g, "training, per device", results, count, TRAINING, 0);
    if (options->request.fit) {
        compare_row(&g, "needed", results, count, NEEDED, 0);
        compare_row(&g, "fits", results, count, FITS, 0);
    }
    grid_end(&g);
}

void size_compare(const struct size_options *options, const struct size_result *results,
                  size_t count)
{
    enum { MOST = GRID_COLUMNS_MAX - 1 };
    for (size_t done = 0; done < count; done += MOST) {
        if (done)
            putchar('\n');
        compare(options, results + done, count - done < MOST ? count - done : MOST);
    }
}
