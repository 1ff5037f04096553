#include "memory_page.h"
#include "allocate.h"
#include "memory/sizing.h"
#include "memory/source.h"
#include "scope.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What `halfulp size` would print, in the memory room's own numbers. */

enum { GROUPED = 27 };
static const double gib = 1 << 30;

static struct weights_bar *fill_bar(struct weights_bar *bar, const char *name, uint64_t bytes)
{
    char exact[GROUPED];
    *bar = (struct weights_bar){.bytes = (double)bytes};
    snprintf(bar->name, sizeof bar->name, "%s", name);
    snprintf(bar->exact, sizeof bar->exact, "%s bytes", hu_grouped(bytes, exact));
    snprintf(bar->gb, sizeof bar->gb, "%.2f GB", bar->bytes / 1e9);
    snprintf(bar->gib, sizeof bar->gib, "%.2f GiB", bar->bytes / gib);
    return bar;
}

static void fill_title(struct weights *w)
{
    const struct hu_model *model = w->model;
    char count[GROUPED], active[GROUPED];
    bool sparse = model->has_active && model->active_parameters != model->parameters;
    snprintf(w->title, sizeof w->title, "%s parameters%s%s%s%s%s",
             hu_grouped(model->parameters, count), sparse ? ", " : "",
             sparse ? hu_grouped(model->active_parameters, active) : "", sparse ? " active" : "",
             *model->architecture ? "  " : "", model->architecture);
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

/* A request for the formats, and what is answered; freed together. */
struct sizing {
    struct hu_sizing_request request;
    struct hu_sizing made;
    char error[HU_SIZING_ERROR];
};

static struct sizing *sizing_of(const struct hu_format *const *formats, int count)
{
    struct sizing *s = need(calloc(1, sizeof *s));
    choose_dtypes(&s->request, formats, count);
    return s;
}

void weights_arrange(struct weights *w, const struct hu_format *const *formats, int count)
{
    w->chosen = NULL;
    if (!w->model)
        return;
    OWNED struct sizing *s = sizing_of(formats, count);
    w->count = 0;
    if (w->model->has_stored)
        fill_bar(&w->bars[w->count++], "as stored", w->model->stored_bytes)->stored = true;
    /* Only a sum over 64 bits fails; the model then has no bars. */
    if (!hu_sizing_make(w->model, &s->request, &s->made, s->error))
        s->made.weight_count = 0;
    for (size_t i = 0; i < s->made.weight_count && w->count < WEIGHTS_MAX; i++) {
        const struct hu_weights_row *of = &s->made.weights[i];
        fill_bar(&w->bars[w->count++], hu_dtype_name(of->dtype), of->bytes)->format =
            of->dtype.format;
    }
}

/* --- What is asked beside the weights --- */

const struct memory_field_words memory_fields[MEMORY_FIELDS] = {
    [MEMORY_CONTEXT] = {"context", "tokens of a request, such as 32k"},
    [MEMORY_BATCH] = {"batch", "requests at a time, such as 8"},
    [MEMORY_KV] = {"kv", "the KV cache's dtype, such as fp8_e4m3; bf16 where it is empty"},
    [MEMORY_TRAIN] = {"train", "a training recipe, such as mixed"},
    [MEMORY_DEVICE] = {"device", "a device or its bytes, such as H100-80GB or 24GiB"},
};

int memory_field_find(const char *name)
{
    static const char prefix[] = "memory.";
    int i = strncmp(name, prefix, strlen(prefix)) ? -1 : MEMORY_FIELDS - 1;
    while (i >= 0 && strcmp(name + strlen(prefix), memory_fields[i].name))
        i--;
    return i;
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

/* What TEXT in FIELD asks for. False: it is nothing that goes there. */
static bool ask(struct hu_sizing_request *r, enum memory_field field, const char *text)
{
    if (!*text)
        return true;
    switch (field) {
    case MEMORY_CONTEXT:
        return read_tokens(text, &r->context);
    case MEMORY_BATCH:
        return read_tokens(text, &r->batch);
    case MEMORY_KV:
        return hu_dtype_find(text, &r->kv_dtype);
    case MEMORY_TRAIN:
        r->plan.recipe = hu_recipe_find(text);
        return r->train = r->plan.recipe != NULL;
    case MEMORY_DEVICE:
        return r->fit = read_device(text, &r->memory);
    }
    return false;
}

bool memory_check(enum memory_field field, const char *text, char *message, size_t size)
{
    OWNED struct hu_sizing_request *request = need(calloc(1, sizeof *request));
    const struct hu_recipe *recipe = NULL;
    if (ask(request, field, text))
        return true;
    int used = snprintf(message, size, "\"%s\" is not it: %s", text, memory_fields[field].words);
    for (size_t i = 0; field == MEMORY_TRAIN && (recipe = hu_recipe_at(i)); i++)
        used += snprintf(message + used, used < (int)size ? size - (size_t)used : 0, "%s%s",
                         i ? ", " : "; there are ", recipe->name);
    return false;
}

/* --- The answer --- */

static void add_share(struct memory_answer *a, const char *name, uint64_t bytes)
{
    if (bytes && a->share_count < MEMORY_SHARES)
        a->needed += fill_bar(&a->shares[a->share_count++], name, bytes)->bytes;
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
    OWNED struct sizing *s = sizing_of(order, n);
    s->request.dtypes_given = true;
    /* What stands in the fields was checked when it came there. */
    for (int field = 0; field < MEMORY_FIELDS; field++)
        ask(&s->request, (enum memory_field)field, question->text[field]);
    if (!hu_sizing_make(w->model, &s->request, &s->made, s->error)) {
        add_line(&w->answer, "%s", s->error);
    } else {
        tell_shares(&w->answer, w->model, &s->request, &s->made,
                    s->made.weight_count ? s->made.weights[0].bytes : 0);
        if (s->request.fit && s->made.has_fit)
            tell_fit(&w->answer, &s->request, &s->made, question->text[MEMORY_DEVICE]);
    }
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
