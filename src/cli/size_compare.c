/* Several models side by side. */
#include "columns.h"
#include "size.h"

#include <stdio.h>
#include <string.h>

enum { LABEL = 22, CELL = 20 };

/* The end of a path that is too long says more than its beginning. */
static void print_source(const char *source)
{
    int columns = text_columns(source);
    if (columns < CELL) {
        print_right(source, CELL);
        return;
    }
    const char *at = source;
    for (; columns > CELL - 2; columns--)
        do
            at++;
        while ((*at & 0xc0) == 0x80);
    printf(" …%s", at);
}

/* One row: a label and VALUE of each model. KNOWN false prints a dash. */
static void compare_row(const char *label, const struct size_result *results, size_t count,
                        void (*value)(const struct size_result *, size_t, char *), size_t index)
{
    char text[64];
    printf("  ");
    print_left(label, LABEL);
    for (size_t i = 0; i < count; i++) {
        value(&results[i], index, text);
        print_right(text, CELL);
    }
    putchar('\n');
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

void size_compare(const struct size_options *options, const struct size_result *results,
                  size_t count, const struct palette *p)
{
    const struct hu_sizing *first = &results[0].sizing;
    printf("  %*s%s", LABEL, "", p->bold);
    for (size_t i = 0; i < count; i++)
        print_source(results[i].source);
    printf("%s\n", p->off);
    compare_row("parameters", results, count, parameters_cell, 0);
    compare_row("active", results, count, active_cell, 0);
    for (size_t i = 0; i < first->weight_count; i++)
        compare_row(first->weights[i].name, results, count, weights_cell, i);
    compare_row("KV cache, a token", results, count, token_cell, 0);
    if (options->request.context)
        compare_row("KV cache", results, count, kv_cell, 0);
    if (options->request.train)
        compare_row("training, per device", results, count, training_cell, 0);
    if (options->request.fit) {
        compare_row("needed", results, count, needed_cell, 0);
        compare_row("fits", results, count, fits_cell, 0);
    }
}
