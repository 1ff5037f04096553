/* Several models side by side. */
#include "grid.h"
#include "size.h"

#include <stdio.h>
#include <string.h>

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

/* One row: a label and VALUE of each model. */
static void compare_row(struct grid *g, const char *label, const struct size_result *results,
                        size_t count, void (*value)(const struct size_result *, size_t, char *),
                        size_t index)
{
    char text[64];
    grid_cell(g, label, "");
    for (size_t i = 0; i < count; i++) {
        value(&results[i], index, text);
        grid_cell(g, text, "");
    }
}

static void parameters_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    hu_grouped(r->model.parameters, out);
}

static void active_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    if (r->model.has_active)
        hu_grouped(r->model.active_parameters, out);
    else
        strcpy(out, "–");
}

static void gib_cell(bool known, uint64_t bytes, char *out)
{
    char text[27];
    if (known)
        sprintf(out, "%s GiB", size_gib(bytes, text));
    else
        strcpy(out, "–");
}

static void weights_cell(const struct size_result *r, size_t i, char *out)
{
    gib_cell(true, r->sizing.weights[i].bytes, out);
}

static void token_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    char text[27];
    if (r->sizing.has_kv)
        sprintf(out, "%s B", hu_grouped(r->sizing.kv.bytes_per_token, text));
    else
        strcpy(out, "–");
}

static void kv_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    gib_cell(r->sizing.has_kv, r->sizing.kv.bytes, out);
}

static void training_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    gib_cell(r->sizing.has_training, r->sizing.training.per_device, out);
}

static void needed_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    gib_cell(true, r->sizing.fit.needed, out);
}

static void fits_cell(const struct size_result *r, size_t i, char *out)
{
    (void)i;
    strcpy(out, r->sizing.fit.fits ? "yes" : "no");
}

/* The first COUNT models, of which a grid holds so many. */
static void compare(const struct size_options *options, const struct size_result *results,
                    size_t count)
{
    const struct hu_sizing *first = &results[0].sizing;
    char sources[GRID_COLUMNS_MAX][SOURCE_TEXT];
    struct grid g = {.column_count = 0};
    grid_column(&g, "", LABEL, true);
    for (size_t i = 0; i < count; i++)
        grid_column(&g, source_text(results[i].source, sources[i]), CELL, false);
    compare_row(&g, "parameters", results, count, parameters_cell, 0);
    compare_row(&g, "active", results, count, active_cell, 0);
    for (size_t i = 0; i < first->weight_count; i++)
        compare_row(&g, first->weights[i].name, results, count, weights_cell, i);
    compare_row(&g, "KV cache, a token", results, count, token_cell, 0);
    if (options->request.context)
        compare_row(&g, "KV cache", results, count, kv_cell, 0);
    if (options->request.train)
        compare_row(&g, "training, per device", results, count, training_cell, 0);
    if (options->request.fit) {
        compare_row(&g, "needed", results, count, needed_cell, 0);
        compare_row(&g, "fits", results, count, fits_cell, 0);
    }
    grid_print(&g);
    grid_clear(&g);
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
