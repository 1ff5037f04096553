#include "fit.h"

/* A CUDA context with its kernels takes 0.3 to 0.6 GiB; matrix libraries' workspaces and what the
 * allocator cannot use come on top. */
const uint64_t hu_runtime_low = UINT64_C(512) << 20, hu_runtime_high = UINT64_C(1536) << 20;

/* Beyond this a context is endless. */
#define CONTEXT_MAX (UINT64_C(1) << 40)

/* Weights, cache and states; no context, no requests. False: over 64 bits. */
static bool add_cache(uint64_t weights, const struct hu_kv_cache *cache, uint64_t context,
                      uint64_t *sum)
{
    return !__builtin_add_overflow(weights, cache->bytes, sum) &&
           !__builtin_add_overflow(*sum, context ? cache->state_bytes : 0, sum);
}

/* Whether WEIGHTS and the KV cache of so much fit. A sum over 64 bits does not. */
static bool holds(const struct hu_fit_question *q, uint64_t weights, uint64_t context,
                  uint64_t batch)
{
    struct hu_kv_cache cache;
    struct hu_kv_question kv = q->kv;
    uint64_t sum;
    kv.context = context;
    kv.batch = batch;
    return hu_kv_cache_size(q->model, &kv, &cache) && add_cache(weights, &cache, context, &sum) &&
           sum <= q->memory;
}

/* The greatest n up to CONTEXT_MAX for which it fits, as the context or as the batch. */
static uint64_t greatest(const struct hu_fit_question *q, bool batch)
{
    uint64_t low = 0, high = CONTEXT_MAX;
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        if (holds(q, q->weights, batch ? q->kv.context : middle, batch ? middle : q->kv.batch))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static void find_widest(const struct hu_fit_question *q, struct hu_fit *fit)
{
    double widest = 0;
    for (size_t i = 0; i < q->dtype_count; i++) {
        uint64_t weights;
        double bits = hu_dtype_bits(q->dtypes[i]);
        if (bits <= widest || !hu_dtype_size(q->dtypes[i], q->model->parameters, &weights) ||
            !holds(q, weights, hu_model_keeps(q->model) ? q->kv.context : 0, q->kv.batch))
            continue;
        widest = bits;
        fit->widest = q->dtypes[i];
        fit->has_dtype = true;
    }
}

static bool verdict(const struct hu_fit_question *q, struct hu_fit *fit)
{
    struct hu_kv_cache cache = {0};
    if (q->training)
        fit->needed = q->training_bytes;
    else if (!hu_kv_cache_size(q->model, &q->kv, &cache) ||
             !add_cache(q->weights, &cache, q->kv.context, &fit->needed))
        return false;
    fit->fits = fit->needed <= q->memory;
    fit->negative = !fit->fits;
    fit->headroom = fit->fits ? q->memory - fit->needed : fit->needed - q->memory;
    fit->devices = q->memory ? fit->needed / q->memory + (fit->needed % q->memory != 0) : 0;
    if (q->memory && !fit->devices)
        fit->devices = 1;
    return true;
}

bool hu_fit_answer(const struct hu_fit_question *q, struct hu_fit *fit)
{
    *fit = (struct hu_fit){0};
    if (!verdict(q, fit))
        return false;
    if (q->training)
        return true;
    find_widest(q, fit);
    if (!hu_model_keeps(q->model))
        return true;
    fit->max_context = greatest(q, false);
    fit->endless_context = fit->max_context == CONTEXT_MAX;
    fit->has_context = !fit->endless_context;
    fit->has_batch = q->kv.context > 0;
    if (fit->has_batch)
        fit->max_batch = greatest(q, true);
    return true;
}
