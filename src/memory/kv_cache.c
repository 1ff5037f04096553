#include "kv_cache.h"

/* False: over 64 bits. */
static bool add_tokens(uint64_t *sum, uint64_t bytes, uint64_t tokens, uint64_t batch)
{
    return !__builtin_mul_overflow(bytes, tokens, &bytes) &&
           !__builtin_mul_overflow(bytes, batch, &bytes) &&
           !__builtin_add_overflow(*sum, bytes, sum);
}

/* States: the recurrent ones in fp32, as engines keep them, a convolution's in the model's 16 bits. */
static bool add_state(const struct hu_kept *kept, uint64_t batch, struct hu_kv_cache *cache)
{
    uint64_t bytes = kept->kind == HU_KEEP_RECURRENT ? 4 : 2;
    return add_tokens(&cache->state_bytes, bytes, kept->k, batch);
}

static bool add_layer(const struct hu_kept *kept, const struct hu_kv_question *q,
                      struct hu_kv_cache *cache)
{
    uint64_t k, v, token, context = q->context, tokens = context;
    bool windowed = kept->kind == HU_KEEP_WINDOW, fixed = kept->kind == HU_KEEP_CROSS && kept->tokens;
    if (windowed && kept->tokens && kept->tokens < context)
        tokens = kept->tokens;
    if (fixed)
        tokens = context = q->context ? kept->tokens : 0;
    cache->window_layers += windowed;
    return hu_dtype_size(q->k, kept->k, &k) && hu_dtype_size(q->v, kept->v, &v) &&
           !__builtin_add_overflow(k, v, &token) &&
           add_tokens(&cache->bytes_per_token, fixed ? 0 : token, 1, 1) &&
           add_tokens(&cache->bytes, token, tokens, q->batch) &&
           add_tokens(&cache->capacity, token, context, q->batch);
}

bool hu_kv_cache_size(const struct hu_model *model, const struct hu_kv_question *question,
                      struct hu_kv_cache *cache)
{
    *cache = (struct hu_kv_cache){0};
    for (size_t i = 0; i < model->tensors.kept_count; i++) {
        const struct hu_kept *kept = &model->tensors.kept[i];
        if (kept->tower == HU_ROLE_MTP || kept->kind == HU_KEEP_SHARED)
            continue;
        bool state = kept->kind == HU_KEEP_RECURRENT || kept->kind == HU_KEEP_CONV;
        if (state ? !add_state(kept, question->batch, cache) : !add_layer(kept, question, cache))
            return false;
    }
    return true;
}
