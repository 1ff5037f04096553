#include "memory_page.h"
#include "allocate.h"
#include "memory/sizing.h"
#include "memory/source.h"

#include <stdio.h>
#include <string.h>

/* What `halfulp size` would print, in the memory room's own numbers. */

enum { GROUPED = 27 };

static void fill_bar(struct weights_bar *bar, const char *dtype, uint64_t bytes)
{
    char exact[GROUPED];
    hu_grouped(bytes, exact);
    bar->bytes = (double)bytes;
    snprintf(bar->dtype, sizeof bar->dtype, "%s", dtype);
    snprintf(bar->exact, sizeof bar->exact, "%s bytes", exact);
    snprintf(bar->gb, sizeof bar->gb, "%.2f GB", bar->bytes / 1e9);
    snprintf(bar->gib, sizeof bar->gib, "%.2f GiB", bar->bytes / (1 << 30));
}

static void fill_title(struct weights *w)
{
    const struct hu_model *model = w->model;
    char count[GROUPED], active[GROUPED];
    hu_grouped(model->parameters, count);
    hu_grouped(model->active_parameters, active);
    bool sparse = model->has_active && model->active_parameters != model->parameters;
    snprintf(w->title, sizeof w->title, "%s parameters%s%s%s%s%s", count, sparse ? ", " : "",
             sparse ? active : "", sparse ? " active" : "", *model->architecture ? "  " : "",
             model->architecture);
}

/* The formats go before the usual dtypes, each once. */
static void choose_dtypes(struct hu_sizing_request *r, const struct hu_format *const *formats,
                          int count)
{
    struct hu_sizing_request usual;
    hu_sizing_begin(r);
    usual = *r;
    r->dtype_count = 0;
    for (int i = 0; i < count; i++)
        r->dtypes[r->dtype_count++] = (struct hu_dtype){.format = formats[i]};
    for (size_t i = 0; i < usual.dtype_count && r->dtype_count < WEIGHTS_MAX - 1; i++) {
        bool known = false;
        for (int k = 0; k < count; k++)
            known |= usual.dtypes[i].format == formats[k];
        if (!known)
            r->dtypes[r->dtype_count++] = usual.dtypes[i];
    }
}

static void fill(struct weights *w, const struct hu_sizing *sizing)
{
    w->count = 0;
    memset(w->bars, 0, sizeof w->bars);
    if (w->model->has_stored) {
        fill_bar(&w->bars[0], "as stored", w->model->stored_bytes);
        w->bars[w->count++].stored = true;
    }
    for (size_t i = 0; i < sizing->weight_count && w->count < WEIGHTS_MAX; i++) {
        struct weights_bar *bar = &w->bars[w->count++];
        fill_bar(bar, hu_dtype_name(sizing->weights[i].dtype), sizing->weights[i].bytes);
        bar->format = sizing->weights[i].dtype.format;
    }
}

void weights_arrange(struct weights *w, const struct hu_format *const *formats, int count)
{
    if (!w->model)
        return;
    struct hu_sizing_request *request = need(calloc(1, sizeof *request));
    struct hu_sizing *sizing = need(calloc(1, sizeof *sizing));
    char error[HU_SIZING_ERROR];
    choose_dtypes(request, formats, count);
    /* Only a sum over 64 bits fails; the model then has no bars. */
    if (!hu_sizing_make(w->model, request, sizing, error))
        sizing->weight_count = 0;
    fill(w, sizing);
    free(request);
    free(sizing);
}

bool weights_is_count(const char *text)
{
    uint64_t count;
    return hu_count_read(text, &count);
}

void weights_clear(struct weights *w)
{
    if (w->model)
        hu_model_free(w->model);
    free(w->model);
    w->model = NULL;
}

bool weights_read(struct weights *w, const char *text, char *message, size_t size)
{
    struct hu_model *model = need(calloc(1, sizeof *model));
    char error[HU_SOURCE_ERROR] = "a parameter count or the path of a model is wanted";
    bool unknown, read = *text;
    if (weights_is_count(text))
        hu_count_read(text, &model->parameters);
    else if (*text)
        read = hu_model_open(text, model, &unknown, error);
    if (!read) {
        snprintf(message, size, "%.*s", (int)size - 1, error);
        hu_model_free(model);
        free(model);
        return false;
    }
    weights_clear(w);
    w->model = model;
    fill_title(w);
    return true;
}
