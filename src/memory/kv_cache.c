#include "kv_cache.h"

/* False: over 64 bits. */
static bool add_tokens(uint64_t *sum, uint64_t bytes, uint64_t tokens, uint64_t batch)
{
    return !__builtin_mul_overflow(bytes, tokens, &bytes) &&
           !__builtin_mul_overflow(bytes, batch, &bytes) &&
           !__builtin_add_overflow(*sum, bytes, sum);
}

/* What a device of TENSOR devices keeps of N elements of HEADS heads. */
static uint64_t split(uint64_t n, uint64_t heads, uint64_t tensor)
{
    if (!heads || tensor <= 1 || n % heads)
        return n;
    return n / heads * (heads / tensor + (heads % tensor != 0));
}

/* States: the recurrent ones in fp32, as engines keep them, a convolution's in the model's 16 bits.
 */
static bool add_state(const struct hu_kept *kept, const struct hu_kv_question *q,
                      struct hu_kv_cache *cache)
{
    uint64_t bytes = kept->kind == HU_KEEP_RECURRENT ? 4 : 2;
    return add_tokens(&cache->state_bytes, bytes, split(kept->k, kept->heads, q->spread.tensor),
                      q->batch);
}

static bool add_layer(const struct hu_kept *kept, const struct hu_kv_question *q,
                      struct hu_kv_cache *cache)
{
    uint64_t k, v, token, context = q->context, tokens = context;
    bool windowed = kept->kind == HU_KEEP_WINDOW,
         fixed = kept->kind == HU_KEEP_CROSS && kept->tokens;
    if (windowed && kept->tokens && kept->tokens < context)
        tokens = kept->tokens;
    if (fixed)
        tokens = context = q->context ? kept->tokens : 0;
    cache->window_layers += windowed;
    return hu_dtype_size(q->k, split(kept->k, kept->heads, q->spread.tensor), &k) &&
           hu_dtype_size(q->v, split(kept->v, kept->heads, q->spread.tensor), &v) &&
           !__builtin_add_overflow(k, v, &token) &&
           add_tokens(&cache->bytes_per_token, fixed ? 0 : token, 1, 1) &&
           add_tokens(&cache->bytes, token, tokens, q->batch) &&
           add_tokens(&cache->capacity, token, context, q->batch);
}

/* Whether KEPT is of the model's own layers, and something. */
static bool is_kept(const struct hu_kept *kept)
{
    return kept->tower != HU_ROLE_MTP && kept->kind != HU_KEEP_SHARED;
}

static bool add_kept(const struct hu_kept *kept, const struct hu_kv_question *q,
                     struct hu_kv_cache *cache)
{
    bool state = kept->kind == HU_KEEP_RECURRENT || kept->kind == HU_KEEP_CONV;
    return state ? add_state(kept, q, cache) : add_layer(kept, q, cache);
}

/* The layers from FIRST on that stand in pipeline stage STAGE. */
static bool add_stage(const struct hu_model *model, const struct hu_kv_question *q, uint64_t stage,
                      struct hu_kv_cache *cache)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t layers = model->layers ? model->layers : t->kept_count, at = 0;
    *cache = (struct hu_kv_cache){0};
    for (size_t i = 0; i < t->kept_count; i++) {
        const struct hu_kept *kept = &t->kept[i];
        at += i && (kept->layer != t->kept[i - 1].layer || kept->stack != t->kept[i - 1].stack);
        bool here = q->spread.pipeline <= 1 || hu_stage_of(at, layers, q->spread.pipeline) == stage;
        if (here && is_kept(kept) && !add_kept(kept, q, cache))
            return false;
    }
    return true;
}

bool hu_kv_cache_size(const struct hu_model *model, const struct hu_kv_question *question,
                      struct hu_kv_cache *cache)
{
    struct hu_kv_cache stage;
    uint64_t most = 0;
    uint64_t stages = question->spread.pipeline ? question->spread.pipeline : 1;
    if (stages > model->tensors.kept_count)
        stages = model->tensors.kept_count ? model->tensors.kept_count : 1;
    *cache = (struct hu_kv_cache){0};
    for (uint64_t i = 0; i < stages; i++) {
        if (!add_stage(model, question, i, &stage))
            return false;
        uint64_t bytes = stage.bytes + stage.state_bytes + stage.bytes_per_token;
        if (bytes >= most)
            *cache = stage;
        most = bytes > most ? bytes : most;
    }
    return true;
}
