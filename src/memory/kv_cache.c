#include "kv_cache.h"

#include <stdlib.h>

/* False: over 64 bits. */
static bool add_tokens(uint64_t *sum, uint64_t bytes, uint64_t tokens, uint64_t times)
{
    return !__builtin_mul_overflow(bytes, tokens, &bytes) &&
           !__builtin_mul_overflow(bytes, times, &bytes) &&
           !__builtin_add_overflow(*sum, bytes, sum);
}

/* How many tokens' room a layer has, and for how many sequences. */
struct room {
    uint64_t tokens, times;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* llama.cpp counts cells by 256. */
static uint64_t cells(uint64_t tokens)
{
    return (tokens + 255) / 256 * 256;
}

static uint64_t sequences(const struct hu_kv_question *q)
{
    return q->runtime.parallel ? q->runtime.parallel : q->batch;
}

/* llama-kv-cache-iswa.cpp: layers with a window have cells for it and for a physical batch, for
 * each stream, or once for all sequences where one cache serves them. */
static struct room room_in_llama_cpp(const struct hu_kept *kept, const struct hu_kv_question *q)
{
    const struct hu_runtime *r = &q->runtime;
    uint64_t ubatch = r->ubatch ? r->ubatch : 512, context = cells(q->context);
    struct room room = {context, r->unified ? 1 : sequences(q)};
    if (kept->kind != HU_KEEP_WINDOW || r->swa_full || !kept->tokens)
        return room;
    uint64_t windows, all = r->unified ? sequences(q) : 1;
    if (__builtin_mul_overflow(kept->tokens, all, &windows) ||
        __builtin_add_overflow(windows, ubatch, &windows))
        return room;
    room.tokens = least(context, cells(windows));
    return room;
}

static struct room room_of(const struct hu_kept *kept, const struct hu_kv_question *q)
{
    struct room room = {q->context, q->batch};
    if (kept->kind == HU_KEEP_CROSS && kept->tokens)
        room.tokens = !q->context                                ? 0
                      : q->runtime.engine == HU_ENGINE_LLAMA_CPP ? cells(kept->tokens)
                                                                 : kept->tokens;
    else if (q->context && q->runtime.engine == HU_ENGINE_LLAMA_CPP)
        room = room_in_llama_cpp(kept, q);
    else if (kept->kind == HU_KEEP_WINDOW && kept->tokens)
        room.tokens = least(kept->tokens, q->context);
    return room;
}

/* States: the recurrent ones in fp32, as engines keep them, a convolution's in the model's 16 bits;
 * llama.cpp has both in fp32, and some more of them for tokens of speculation. */
static bool add_state(const struct hu_kept *kept, const struct hu_kv_question *q,
                      struct hu_kv_cache *cache)
{
    bool llama = q->runtime.engine == HU_ENGINE_LLAMA_CPP;
    uint64_t element = llama || kept->kind == HU_KEEP_RECURRENT ? 4 : 2;
    uint64_t times = llama ? sequences(q) + q->runtime.draft : q->batch;
    return add_tokens(&cache->state_bytes, hu_kept_state_bytes(kept, q, element), times, 1);
}

static bool add_layer(const struct hu_kept *kept, const struct hu_kv_question *q,
                      struct hu_kv_cache *cache)
{
    struct room room = room_of(kept, q);
    bool fixed = kept->kind == HU_KEEP_CROSS && kept->tokens;
    uint64_t token, before = cache->bytes;
    cache->window_layers += kept->kind == HU_KEEP_WINDOW;
    if (!hu_kept_token_bytes(kept, q, &token) ||
        !add_tokens(&cache->bytes_per_token, fixed ? 0 : token, 1, 1) ||
        !add_tokens(&cache->bytes, token, room.tokens, room.times) ||
        !add_tokens(&cache->capacity, token, fixed ? room.tokens : q->context, q->batch))
        return false;
    if (kept->kind == HU_KEEP_WINDOW)
        cache->window_bytes += cache->bytes - before;
    if (kept->kind == HU_KEEP_CROSS)
        cache->cross_bytes += cache->bytes - before;
    return true;
}

/* Whether KEPT is of the model's own layers, and something. */
static bool is_kept(const struct hu_kept *kept)
{
    return kept->tower != HU_ROLE_MTP && kept->kind != HU_KEEP_SHARED;
}

static bool add_kept(const struct hu_kept *kept, const struct hu_kv_question *q,
                     struct hu_kv_cache *cache)
{
    bool state = hu_keep_is_state(kept->kind);
    return state ? add_state(kept, q, cache) : add_layer(kept, q, cache);
}

/* The layers that stand in pipeline stage STAGE; HERE has room for all. */
static size_t layers_of(const struct hu_model *model, const struct hu_kv_question *q,
                        uint64_t stage, const struct hu_kept **here)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t layers = model->layers ? model->layers : t->kept_count, at = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->kept_count; i++) {
        const struct hu_kept *kept = &t->kept[i];
        at += i && (kept->layer != t->kept[i - 1].layer || kept->stack != t->kept[i - 1].stack);
        bool mine = q->spread.pipeline <= 1 || hu_stage_of(at, layers, q->spread.pipeline) == stage;
        if (mine && is_kept(kept))
            here[n++] = kept;
    }
    return n;
}

static bool size_stage(const struct hu_kept *const *here, size_t n, const struct hu_kv_question *q,
                       struct hu_kv_cache *cache)
{
    *cache = (struct hu_kv_cache){0};
    for (size_t i = 0; i < n; i++)
        if (!add_kept(here[i], q, cache))
            return false;
    return q->runtime.engine != HU_ENGINE_VLLM || hu_kv_pages(here, n, q, cache);
}

bool hu_kv_cache_size(const struct hu_model *model, const struct hu_kv_question *question,
                      struct hu_kv_cache *cache)
{
    struct hu_kv_cache stage;
    size_t kept = model->tensors.kept_count;
    uint64_t most = 0, stages = question->spread.pipeline ? question->spread.pipeline : 1;
    const struct hu_kept **here = malloc((kept + 1) * sizeof *here);
    bool fine = here != NULL;
    if (stages > kept)
        stages = kept ? kept : 1;
    *cache = (struct hu_kv_cache){0};
    for (uint64_t i = 0; fine && i < stages; i++) {
        size_t n = layers_of(model, question, i, here);
        fine = size_stage(here, n, question, &stage);
        uint64_t bytes = stage.bytes + stage.state_bytes + stage.bytes_per_token;
        if (fine && bytes >= most)
            *cache = stage;
        most = bytes > most ? bytes : most;
    }
    free(here);
    return fine;
}
