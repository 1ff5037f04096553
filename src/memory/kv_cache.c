#include "kv_cache.h"
#include "capped.h"
#include "wide.h"

#include <stdlib.h>

/* How many tokens' room a layer has, and for how many sequences. */
struct room {
    uint64_t tokens, times;
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t times(uint64_t a, uint64_t b, uint64_t c)
{
    return capped_times(capped_times(a, b), c);
}

/* --- What one layer keeps on a device --- */

/* What a device keeps of N elements of the heads that KEPT has. */
static uint64_t split(const struct hu_kept *kept, const struct hu_kv_question *q, uint64_t n)
{
    if (!kept->heads || q->spread.tensor <= 1 || n % kept->heads)
        return n;
    return n / kept->heads * parts(kept->heads, q->spread.tensor);
}

static uint64_t size_in(struct hu_dtype dtype, uint64_t elements)
{
    uint64_t bytes;
    return hu_dtype_size(dtype, elements, &bytes) ? bytes : UINT64_MAX;
}

static uint64_t token_bytes(const struct hu_kept *kept, const struct hu_kv_question *q)
{
    return capped_plus(size_in(q->k, split(kept, q, kept->k)),
                       size_in(q->v, split(kept, q, kept->v)));
}

/*
 * Bytes of a state's element. llama.cpp has all in fp32 (llama-memory-recurrent.cpp). vLLM has them
 * in the model's dtype, recurrent ones in what the config says instead (mamba_utils.py,
 * MambaStateDtypeCalculator; models/config.py). transformers computes recurrent ones in fp32 and
 * keeps them so.
 */
static uint64_t state_element(const struct hu_kept *kept, const struct hu_kv_question *q)
{
    bool recurrent = kept->kind == HU_KEEP_RECURRENT, vllm = q->runtime.engine == HU_ENGINE_VLLM;
    uint64_t computed = hu_dtype_bits(q->k) > 16 ? 4 : 2, said = kept->bytes;
    if (q->runtime.engine == HU_ENGINE_LLAMA_CPP)
        return 4;
    if (vllm)
        said = !recurrent ? 0 : kept->served ? kept->served : said;
    return said ? said : recurrent && !vllm ? 4 : computed;
}

/* A convolution K wide needs its last K − 1 inputs, which vLLM (mamba_utils.py,
 * MambaStateShapeCalculator) and llama.cpp (llama_hparams::n_embd_r) keep; transformers keeps K of
 * them (cache_utils.py, LinearAttentionLayer.update_conv_state). */
static uint64_t state_bytes(const struct hu_kept *kept, const struct hu_kv_question *q)
{
    bool whole = !kept->width || q->runtime.engine == HU_ENGINE_TRANSFORMERS;
    uint64_t inputs = kept->width ? kept->width - !whole : 1;
    return times(state_element(kept, q), split(kept, q, kept->k), inputs);
}

/* llama.cpp counts cells by 256. */
static uint64_t cells(uint64_t tokens)
{
    return parts(tokens, 256) * 256;
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
    uint64_t ubatch = r->ubatch ? r->ubatch : 512;
    struct room room = {cells(q->context), r->unified ? 1 : sequences(q)};
    if (kept->kind != HU_KEEP_WINDOW || r->swa_full || !kept->tokens)
        return room;
    uint64_t windows =
        capped_plus(capped_times(kept->tokens, r->unified ? sequences(q) : 1), ubatch);
    if (windows < room.tokens)
        room.tokens = least(room.tokens, cells(windows));
    return room;
}

static struct room room_of(const struct hu_kept *kept, const struct hu_kv_question *q)
{
    struct room room = {q->context, q->batch};
    bool llama = q->runtime.engine == HU_ENGINE_LLAMA_CPP;
    if (!q->context)
        return room;
    if (kept->kind == HU_KEEP_CROSS && kept->tokens)
        room.tokens = llama ? cells(kept->tokens) : kept->tokens;
    else if (llama)
        room = room_in_llama_cpp(kept, q);
    else if (kept->kind == HU_KEEP_WINDOW && kept->tokens)
        room.tokens = least(kept->tokens, q->context);
    return room;
}

/* --- The sums of a stage --- */

/* Some more states are llama.cpp's for tokens of speculation. */
static void add_state(const struct hu_kept *kept, const struct hu_kv_question *q,
                      struct hu_kv_cache *cache)
{
    bool llama = q->runtime.engine == HU_ENGINE_LLAMA_CPP;
    uint64_t count = llama ? sequences(q) + q->runtime.draft : q->batch;
    cache->state_bytes = capped_plus(cache->state_bytes, capped_times(state_bytes(kept, q), count));
}

static void add_layer(const struct hu_kept *kept, const struct hu_kv_question *q,
                      struct hu_kv_cache *cache)
{
    struct room room = room_of(kept, q);
    bool fixed = kept->kind == HU_KEEP_CROSS && kept->tokens;
    uint64_t token = token_bytes(kept, q), here = times(token, room.tokens, room.times);
    uint64_t all = times(token, fixed ? room.tokens : q->context, q->batch);
    cache->bytes_per_token = capped_plus(cache->bytes_per_token, fixed ? 0 : token);
    cache->bytes = capped_plus(cache->bytes, here);
    cache->capacity = capped_plus(cache->capacity, all);
    cache->window_layers += kept->kind == HU_KEEP_WINDOW;
    cache->window_bytes += kept->kind == HU_KEEP_WINDOW ? here : 0;
    cache->cross_bytes += kept->kind == HU_KEEP_CROSS ? here : 0;
}

/*
 * vLLM's cache: one pool of pages of equal size, handed out to groups of layers. Where all layers
 * are attention a page is a block of tokens in every layer, windows or not. Where some keep states,
 * an attention layer's block is made as large as a state, and layers fall into groups of equal
 * size, each of which takes pages of its own (vllm/v1/core/kv_cache_utils.py).
 */
struct layers {
    uint64_t full, window, states;     /* how many of a stage are of the kind */
    uint64_t token_bytes, state_bytes; /* of the largest of them */
    bool latent;
};

static struct layers sort_layers(const struct hu_kept *const *kept, size_t n,
                                 const struct hu_kv_question *q)
{
    struct layers l = {0};
    uint64_t state = 0; /* of one layer, whose states lie in one page */
    for (size_t i = 0; i < n; i++) {
        if (!hu_keep_is_state(kept[i]->kind)) {
            l.token_bytes = greater(l.token_bytes, token_bytes(kept[i], q));
            l.latent |= kept[i]->kind == HU_KEEP_LATENT;
            *(kept[i]->kind == HU_KEEP_WINDOW ? &l.window : &l.full) += 1;
            continue;
        }
        bool same = i && hu_keep_is_state(kept[i - 1]->kind) &&
                    kept[i - 1]->layer == kept[i]->layer && kept[i - 1]->stack == kept[i]->stack;
        l.states += !same;
        state = capped_plus(same ? state : 0, state_bytes(kept[i], q));
        l.state_bytes = greater(l.state_bytes, state);
    }
    return l;
}

/* Every layer keeps whole blocks of all tokens. */
static void lay_out_blocks(const struct hu_kv_question *q, const struct layers *l,
                           struct hu_kv_cache *cache)
{
    uint64_t block = q->runtime.block ? q->runtime.block : l->latent ? 64 : 16;
    cache->page_tokens = block;
    cache->request_pages = parts(q->context, block);
    cache->page_bytes = capped_times(block, cache->bytes_per_token);
    cache->bytes =
        capped_plus(times(cache->page_bytes, cache->request_pages, q->batch), cache->cross_bytes);
    cache->has_tokens = q->runtime.available && cache->page_bytes;
    if (cache->has_tokens)
        cache->tokens = q->runtime.available / cache->page_bytes * block;
}

/* Layers of a kind are parted by the least number of them that a kind has; where the numbers are
 * nearly equal, by the greatest. */
static uint64_t group_size(const struct layers *l)
{
    const uint64_t counts[] = {l->full, l->window, l->states};
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < 3; i++) {
        low = counts[i] ? least(low, counts[i]) : low;
        high = greater(high, counts[i]);
    }
    return high * 4 < low * 5 ? high : low;
}

static void lay_out_groups(const struct hu_kv_question *q, const struct layers *l,
                           struct hu_kv_cache *cache)
{
    uint64_t multiple = l->latent ? 64 : 16, size = group_size(l);
    uint64_t smallest = greater(parts(l->state_bytes, l->token_bytes), q->runtime.block);
    uint64_t block = parts(smallest, multiple) * multiple;
    uint64_t attention = parts(l->full, size) + parts(l->window, size);
    uint64_t states = parts(l->states, size) * (q->runtime.prefix_caching ? 2 : 1);
    uint64_t tokens = parts(q->context, block) * attention;
    cache->page_bytes = times(block, l->token_bytes, size);
    cache->bytes = times(cache->page_bytes, tokens, q->batch);
    cache->state_bytes = times(cache->page_bytes, states, q->batch);
    cache->page_tokens = block;
    cache->request_pages = q->context ? tokens + states : 0;
    cache->has_tokens = q->runtime.available && cache->page_bytes;
    if (!cache->has_tokens)
        return;
    uint64_t pages = q->runtime.available / cache->page_bytes;
    cache->tokens = q->context ? hu_wide_share(pages, q->context, cache->request_pages)
                               : pages / (attention + parts(l->states, size)) * block;
}

static void lay_out_pages(const struct hu_kept *const *kept, size_t n,
                          const struct hu_kv_question *q, struct hu_kv_cache *cache)
{
    struct layers l = sort_layers(kept, n, q);
    if (l.full || l.window)
        (l.states ? lay_out_groups : lay_out_blocks)(q, &l, cache);
}

/* The layers that stand in pipeline stage STAGE and keep something; HERE has room for all. */
static size_t layers_of(const struct hu_model *model, const struct hu_kv_question *q,
                        uint64_t stage, const struct hu_kept **here)
{
    const struct hu_tensors *t = &model->tensors;
    uint64_t layers = model->layers ? model->layers : t->kept_count, at = 0;
    size_t n = 0;
    for (size_t i = 0; i < t->kept_count; i++) {
        const struct hu_kept *kept = &t->kept[i];
        at += i && (kept->layer != kept[-1].layer || kept->stack != kept[-1].stack);
        bool mine = q->spread.pipeline <= 1 || hu_stage_of(at, layers, q->spread.pipeline) == stage;
        if (mine && kept->tower != HU_ROLE_MTP && kept->kind != HU_KEEP_SHARED)
            here[n++] = kept;
    }
    return n;
}

static struct hu_kv_cache size_stage(const struct hu_kept *const *here, size_t n,
                                     const struct hu_kv_question *q)
{
    struct hu_kv_cache cache = {0};
    for (size_t i = 0; i < n; i++)
        (hu_keep_is_state(here[i]->kind) ? add_state : add_layer)(here[i], q, &cache);
    if (q->runtime.engine == HU_ENGINE_VLLM)
        lay_out_pages(here, n, q, &cache);
    return cache;
}

/* Whether its sums are within 64 bits. */
static bool is_whole(const struct hu_kv_cache *c)
{
    return c->bytes_per_token != UINT64_MAX && c->bytes != UINT64_MAX &&
           c->capacity != UINT64_MAX && c->state_bytes != UINT64_MAX && c->page_bytes != UINT64_MAX;
}

bool hu_kv_cache_size(const struct hu_model *model, const struct hu_kv_question *question,
                      struct hu_kv_cache *cache)
{
    size_t kept = model->tensors.kept_count;
    uint64_t most = 0, stages = greater(least(question->spread.pipeline, kept), 1);
    const struct hu_kept **here = malloc((kept + 1) * sizeof *here);
    bool fine = here != NULL;
    *cache = (struct hu_kv_cache){0};
    for (uint64_t i = 0; fine && i < stages; i++) {
        struct hu_kv_cache stage = size_stage(here, layers_of(model, question, i, here), question);
        fine = is_whole(&stage);
        uint64_t bytes =
            capped_plus(capped_plus(stage.bytes, stage.state_bytes), stage.bytes_per_token);
        if (bytes >= most)
            *cache = stage;
        most = greater(bytes, most);
    }
    free(here);
    return fine;
}
