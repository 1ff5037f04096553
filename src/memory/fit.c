#include "fit.h"
#include "capped.h"

/* Beyond this a context is endless. */
#define CONTEXT_MAX (UINT64_C(1) << 40)

enum { DEVICES_MAX = 1024 };

/* How the question's devices share the model: as it says, or by splitting the tensors. */
static struct hu_spread spread_over(const struct hu_fit_question *q, uint64_t devices)
{
    struct hu_spread s = q->kv.spread;
    if (s.tensor * s.pipeline == 1)
        s.tensor = devices;
    return s;
}

/* The weights' bytes on a device. */
static uint64_t weights_on(const struct hu_fit_question *q, const struct hu_weights_row *w,
                           const struct hu_spread *spread)
{
    static const struct hu_dtype own;
    uint64_t devices = spread->tensor * spread->pipeline;
    bool listed = q->model->tensors.count && !w->mixture && !(w->own && q->model->has_stored);
    if (devices == 1 || !listed)
        return parts(w->bytes, devices);
    return hu_weights_size(q->model, w->own ? own : w->dtype, spread).bytes;
}

static struct hu_load load_of(const struct hu_fit_question *q, const struct hu_weights_row *w,
                              uint64_t devices, uint64_t context, uint64_t batch)
{
    struct hu_kv_question kv = q->kv;
    struct hu_kv_cache cache;
    kv.spread = spread_over(q, devices);
    kv.context = context;
    kv.batch = batch;
    struct hu_load load = {.weights = weights_on(q, w, &kv.spread), .cache = UINT64_MAX};
    if (hu_kv_cache_size(q->model, &kv, &cache))
        load.cache = capped_plus(cache.bytes, context ? cache.state_bytes : 0);
    load.sum = capped_plus(load.weights, load.cache);
    return load;
}

struct hu_load hu_fit_load(const struct hu_fit_question *q)
{
    return load_of(q, &q->weights, q->devices, q->kv.context, q->kv.batch);
}

static bool holds(const struct hu_fit_question *q, const struct hu_weights_row *w, uint64_t devices,
                  uint64_t context, uint64_t batch)
{
    uint64_t sum = load_of(q, w, devices, context, batch).sum;
    return sum != UINT64_MAX && sum <= q->memory;
}

/* The greatest n up to CONTEXT_MAX for which it fits, as the context or as the batch. */
static uint64_t greatest(const struct hu_fit_question *q, uint64_t devices, bool batch)
{
    uint64_t low = 0, high = CONTEXT_MAX;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (holds(q, &q->weights, devices, batch ? q->kv.context : middle,
                  batch ? middle : q->kv.batch))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static void find_widest(const struct hu_fit_question *q, struct hu_fit *fit)
{
    uint64_t widest = 0;
    uint64_t context = hu_model_keeps(q->model) ? q->kv.context : 0;
    for (size_t i = 0; i < q->choice_count; i++) {
        const struct hu_weights_row *c = &q->choices[i];
        if (c->bytes <= widest || !holds(q, c, q->devices, context, q->kv.batch))
            continue;
        widest = c->bytes;
        fit->widest = c->dtype;
        fit->widest_name = c->name;
        fit->has_dtype = true;
    }
}

static bool verdict(const struct hu_fit_question *q, struct hu_fit *fit)
{
    struct hu_load load = {.sum = q->training_bytes};
    if (!q->training)
        load = hu_fit_load(q);
    fit->needed = capped_times(load.sum, q->devices);
    fit->memory = capped_times(q->memory, q->devices);
    if (fit->needed == UINT64_MAX || fit->memory == UINT64_MAX)
        return false;
    fit->fits = load.sum <= q->memory;
    fit->headroom = fit->fits ? fit->memory - fit->needed : fit->needed - fit->memory;
    return true;
}

/* The fewest that do; a model that is but a count is split evenly over any number. */
static void find_devices(const struct hu_fit_question *q, struct hu_fit *fit)
{
    bool even = q->training || !q->model->tensors.count;
    if (fit->fits || even) {
        fit->devices = fit->fits ? q->devices : parts(fit->needed, q->memory);
        return;
    }
    for (uint64_t n = 1; n <= DEVICES_MAX; n *= 2)
        if (n > q->devices && holds(q, &q->weights, n, q->kv.context, q->kv.batch)) {
            fit->devices = n;
            if (hu_model_keeps(q->model))
                fit->devices_context = greatest(q, n, false);
            if (fit->devices_context == CONTEXT_MAX)
                fit->devices_context = 0;
            return;
        }
}

bool hu_fit_answer(const struct hu_fit_question *q, struct hu_fit *fit)
{
    *fit = (struct hu_fit){0};
    if (!verdict(q, fit))
        return false;
    find_devices(q, fit);
    if (q->training)
        return true;
    find_widest(q, fit);
    if (!hu_model_keeps(q->model))
        return true;
    fit->max_context = greatest(q, q->devices, false);
    fit->endless_context = fit->max_context == CONTEXT_MAX;
    fit->has_context = !fit->endless_context;
    fit->has_batch = q->kv.context > 0;
    if (fit->has_batch)
        fit->max_batch = greatest(q, q->devices, true);
    return true;
}
