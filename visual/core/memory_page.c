#include "memory_page.h"
#include "allocate.h"
#include "memory/sizing.h"
#include "memory/source.h"

#include <stdarg.h>
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
    w->chosen = NULL;
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

/* --- What is asked beside the weights --- */

static const struct {
    const char *name, *words;
} fields[MEMORY_FIELDS] = {
    [MEMORY_CONTEXT] = {"context", "tokens of a request, such as 32k"},
    [MEMORY_BATCH] = {"batch", "requests at a time, such as 8"},
    [MEMORY_KV] = {"kv", "the KV cache's dtype, such as fp8_e4m3; bf16 where it is empty"},
    [MEMORY_TRAIN] = {"train", "a training recipe, such as mixed"},
    [MEMORY_DEVICE] = {"device", "a device or its bytes, such as H100-80GB or 24GiB"},
};

const char *memory_field_name(enum memory_field field)
{
    return fields[field].name;
}

const char *memory_field_words(enum memory_field field)
{
    return fields[field].words;
}

bool memory_field_find(const char *name, enum memory_field *field)
{
    static const char prefix[] = "memory.";
    size_t length = strlen(prefix);
    for (int i = 0; i < MEMORY_FIELDS && !strncmp(name, prefix, length); i++)
        if (!strcmp(name + length, fields[i].name)) {
            *field = (enum memory_field)i;
            return true;
        }
    return false;
}

static bool read_tokens(const char *text, uint64_t *n)
{
    return hu_tokens_read(text, n) && *n && *n <= UINT64_C(1) << 40;
}

static bool read_device(const char *text, uint64_t *bytes)
{
    const struct hu_device *device = hu_device_find(text);
    if (!device)
        return hu_bytes_read(text, bytes) && *bytes;
    *bytes = device->bytes;
    return true;
}

static bool read_kv(const char *text, struct hu_dtype *dtype)
{
    return hu_dtype_find(text, dtype);
}

bool memory_check(enum memory_field field, const char *text, char *message, size_t size)
{
    uint64_t n;
    struct hu_dtype dtype;
    bool good = !*text;
    switch (good ? MEMORY_FIELDS : (int)field) {
    case MEMORY_CONTEXT:
    case MEMORY_BATCH:
        good = read_tokens(text, &n);
        break;
    case MEMORY_KV:
        good = read_kv(text, &dtype);
        break;
    case MEMORY_TRAIN:
        good = hu_recipe_find(text) != NULL;
        break;
    case MEMORY_DEVICE:
        good = read_device(text, &n);
        break;
    default:
        break;
    }
    int used =
        good ? 0 : snprintf(message, size, "\"%s\" is not it: %s", text, fields[field].words);
    const struct hu_recipe *recipe = NULL;
    for (size_t i = 0; !good && field == MEMORY_TRAIN && (recipe = hu_recipe_at(i)); i++)
        used += snprintf(message + used, used < (int)size ? size - (size_t)used : 0, "%s%s",
                         i ? ", " : "; there are ", recipe->name);
    return good;
}

/* What stands in the fields was checked when it came there. */
static void ask(struct hu_sizing_request *r, const struct memory_question *q)
{
    uint64_t n;
    if (read_tokens(q->text[MEMORY_CONTEXT], &n))
        r->context = n;
    if (read_tokens(q->text[MEMORY_BATCH], &n))
        r->batch = n;
    if (*q->text[MEMORY_KV])
        read_kv(q->text[MEMORY_KV], &r->kv_dtype);
    const struct hu_recipe *recipe =
        *q->text[MEMORY_TRAIN] ? hu_recipe_find(q->text[MEMORY_TRAIN]) : NULL;
    if (recipe) {
        r->train = true;
        r->plan.recipe = recipe;
    }
    if (*q->text[MEMORY_DEVICE] && read_device(q->text[MEMORY_DEVICE], &n)) {
        r->fit = true;
        r->memory = n;
    }
}

/* --- The answer --- */

static const double gib = 1 << 30;

static void add_share(struct memory_answer *a, const char *name, uint64_t bytes)
{
    char exact[GROUPED];
    if (!bytes || a->share_count == MEMORY_SHARES)
        return;
    struct memory_share *s = &a->shares[a->share_count++];
    s->name = name;
    s->bytes = (double)bytes;
    a->needed += s->bytes;
    snprintf(s->gib, sizeof s->gib, "%.2f GiB", s->bytes / gib);
    snprintf(s->exact, sizeof s->exact, "%s bytes", hu_grouped(bytes, exact));
}

static void add_line(struct memory_answer *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_line(struct memory_answer *a, const char *format, ...)
{
    va_list arguments;
    if (a->line_count == MEMORY_LINES)
        return;
    va_start(arguments, format);
    vsnprintf(a->lines[a->line_count++], MEMORY_LINE, format, arguments);
    va_end(arguments);
}

static void tell_shares(struct memory_answer *a, const struct hu_model *model,
                        const struct hu_sizing_request *r, const struct hu_sizing *s,
                        uint64_t weights)
{
    const struct hu_training *t = &s->training;
    char tokens[GROUPED], requests[GROUPED], each[GROUPED];
    if (s->has_training) {
        add_share(a, "weights", t->weights);
        add_share(a, "gradients", t->gradients);
        add_share(a, "master weights", t->master_weights);
        add_share(a, "optimizer", t->optimizer);
        add_share(a, "activations", t->activations);
        add_share(a, "buffers", t->buffers);
        a->recipe = r->plan.recipe->name;
        add_line(a, "%s: %s", a->recipe, r->plan.recipe->summary);
        return;
    }
    add_share(a, "weights", weights);
    if (r->context && s->has_kv) {
        add_share(a, "KV cache", s->kv.bytes);
        add_line(a, "KV cache in %s: %s tokens × %s × %s bytes a token", hu_dtype_name(r->kv_dtype),
                 hu_grouped(r->context, tokens), hu_grouped(r->batch, requests),
                 hu_grouped(s->kv.bytes_per_token, each));
    } else if (r->context) {
        add_line(a, "KV cache: %s", model->no_kv ? model->no_kv : "the model's shape is not known");
    }
}

static void tell_fit(struct memory_answer *a, const struct hu_sizing_request *r,
                     const struct hu_sizing *s, const char *device)
{
    const struct hu_fit *f = &s->fit;
    char number[GROUPED];
    a->has_verdict = true;
    a->fits = f->fits;
    a->device = (double)r->memory;
    a->needed = (double)f->needed;
    snprintf(a->verdict, sizeof a->verdict, "%s %s (%.2f GiB): %.2f GiB %s",
             f->fits ? "fits" : "does not fit", device, a->device / gib, (double)f->headroom / gib,
             !f->fits ? "too much" : "to spare");
    if (s->has_training)
        return;
    if (f->endless_context)
        add_line(a, "no context is too long for it");
    else if (f->has_context && f->max_context)
        add_line(a, "longest context %s tokens", hu_grouped(f->max_context, number));
    if (f->has_batch && f->max_batch)
        add_line(a, "largest batch %s", hu_grouped(f->max_batch, number));
    if (f->has_dtype && hu_dtype_name(f->widest))
        add_line(a, "widest dtype that fits: %s", hu_dtype_name(f->widest));
    else
        add_line(a, "no dtype here fits");
}

void weights_answer(struct weights *w, const struct memory_question *question,
                    const struct hu_format *chosen, const struct hu_format *const *formats,
                    int count)
{
    if (w->chosen == chosen && !memcmp(&w->asked, question, sizeof *question))
        return;
    memset(&w->answer, 0, sizeof w->answer);
    w->asked = *question;
    w->chosen = chosen;
    if (!w->model)
        return;
    const struct hu_format *order[WEIGHTS_MAX] = {chosen};
    int n = 1;
    for (int i = 0; i < count && n < WEIGHTS_MAX; i++)
        if (formats[i] != chosen)
            order[n++] = formats[i];
    struct hu_sizing_request *request = need(calloc(1, sizeof *request));
    struct hu_sizing *sizing = need(calloc(1, sizeof *sizing));
    char error[HU_SIZING_ERROR];
    choose_dtypes(request, order, n);
    request->dtypes_given = true;
    ask(request, question);
    if (!hu_sizing_make(w->model, request, sizing, error)) {
        add_line(&w->answer, "%s", error);
    } else {
        uint64_t weights = sizing->weight_count ? sizing->weights[0].bytes : 0;
        tell_shares(&w->answer, w->model, request, sizing, weights);
        if (request->fit && sizing->has_fit)
            tell_fit(&w->answer, request, sizing, question->text[MEMORY_DEVICE]);
    }
    free(request);
    free(sizing);
}

/* --- The model --- */

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
    if (*text && (hu_count_read(text, &model->parameters) || hu_model_open(text, model))) {
        weights_clear(w);
        w->model = model;
        fill_title(w);
        return true;
    }
    snprintf(message, size, "%.*s", (int)size - 1,
             *text ? model->error : "a parameter count or the path of a model is wanted");
    hu_model_free(model);
    free(model);
    return false;
}
