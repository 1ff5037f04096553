#include "kv_cache.h"

/* False: over 64 bits. */
static bool add_tokens(uint64_t *sum, uint64_t bytes, uint64_t tokens, uint64_t batch)
{
    return !__builtin_mul_overflow(bytes, tokens, &bytes) &&
           !__builtin_mul_overflow(bytes, batch, &bytes) &&
           !__builtin_add_overflow(*sum, bytes, sum);
}

bool hu_kv_cache_size(const struct hu_model *model, struct hu_dtype dtype, uint64_t context,
                      uint64_t batch, struct hu_kv_cache *cache)
{
    *cache = (struct hu_kv_cache){0};
    for (size_t i = 0; i < model->kv_count; i++) {
        const struct hu_kv_layer *layer = &model->kv[i];
        uint64_t k, v, token;
        uint64_t kept = layer->window && layer->window < context ? layer->window : context;
        if (!hu_dtype_size(dtype, layer->k, &k) || !hu_dtype_size(dtype, layer->v, &v) ||
            __builtin_add_overflow(k, v, &token) ||
            !add_tokens(&cache->bytes_per_token, token, 1, 1) ||
            !add_tokens(&cache->bytes, token, kept, batch) ||
            !add_tokens(&cache->capacity, token, context, batch))
            return false;
        cache->window_layers += layer->window != 0;
    }
    return true;
}
