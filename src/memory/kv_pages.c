/*
 * vLLM's cache: one pool of pages of equal size, handed out to groups of layers. Where all layers
 * are attention a page is a block of tokens in every layer, windows or not. Where some keep states,
 * an attention layer's block is made as large as a state, and layers fall into groups of equal
 * size, each of which takes pages of its own (vllm/v1/core/kv_cache_utils.py).
 */
#include "capped.h"
#include "kv_cache.h"

/* The layers of a stage by kind. */
struct layers {
    uint64_t full, window, states;     /* how many */
    uint64_t token_bytes, state_bytes; /* of the largest of them */
    bool latent;
};

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The states of one layer lie in one page. */
static void add_state(struct layers *l, const struct hu_kept *const *kept, size_t i,
                      const struct hu_kv_question *q, uint64_t *layer_bytes)
{
    bool same = i && hu_keep_is_state(kept[i - 1]->kind) && kept[i - 1]->layer == kept[i]->layer &&
                kept[i - 1]->stack == kept[i]->stack;
    if (!same) {
        *layer_bytes = 0;
        l->states++;
    }
    *layer_bytes += hu_kept_state_bytes(kept[i], q, kept[i]->kind == HU_KEEP_RECURRENT ? 4 : 2);
    l->state_bytes = greater(l->state_bytes, *layer_bytes);
}

static bool sort_layers(struct layers *l, const struct hu_kept *const *kept, size_t n,
                        const struct hu_kv_question *q)
{
    uint64_t token, state = 0;
    *l = (struct layers){0};
    for (size_t i = 0; i < n; i++) {
        if (hu_keep_is_state(kept[i]->kind)) {
            add_state(l, kept, i, q, &state);
            continue;
        }
        if (!hu_kept_token_bytes(kept[i], q, &token))
            return false;
        l->token_bytes = greater(l->token_bytes, token);
        l->latent |= kept[i]->kind == HU_KEEP_LATENT;
        if (kept[i]->kind == HU_KEEP_WINDOW)
            l->window++;
        else
            l->full++;
    }
    return true;
}

static bool times(uint64_t a, uint64_t b, uint64_t c, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product) && !__builtin_mul_overflow(*product, c, product);
}

/* Every layer keeps whole blocks of all tokens. */
static bool lay_out_blocks(const struct hu_kv_question *q, const struct layers *l,
                           struct hu_kv_cache *cache)
{
    uint64_t block = q->runtime.block ? q->runtime.block : l->latent ? 64 : 16;
    cache->page_tokens = block;
    cache->request_pages = parts(q->context, block);
    if (!times(block, cache->bytes_per_token, 1, &cache->page_bytes) ||
        !times(cache->page_bytes, cache->request_pages, q->batch, &cache->bytes) ||
        __builtin_add_overflow(cache->bytes, cache->cross_bytes, &cache->bytes))
        return false;
    cache->has_tokens = q->runtime.available && cache->page_bytes;
    if (cache->has_tokens)
        cache->tokens = q->runtime.available / cache->page_bytes * block;
    return true;
}

/* Layers of a kind are parted by the least number of them that a kind has; where the numbers are
 * nearly equal, by the greatest. */
static uint64_t group_size(const struct layers *l)
{
    const uint64_t counts[] = {l->full, l->window, l->states};
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < 3; i++) {
        if (counts[i] && counts[i] < low)
            low = counts[i];
        high = greater(high, counts[i]);
    }
    return high * 4 < low * 5 ? high : low;
}

static bool lay_out_groups(const struct hu_kv_question *q, const struct layers *l,
                           struct hu_kv_cache *cache)
{
    uint64_t multiple = l->latent ? 64 : 16, size = group_size(l);
    uint64_t least = parts(l->state_bytes, l->token_bytes);
    uint64_t block = parts(greater(least, q->runtime.block), multiple) * multiple;
    uint64_t attention = parts(l->full, size) + parts(l->window, size);
    uint64_t states = parts(l->states, size) * (q->runtime.prefix_caching ? 2 : 1);
    uint64_t tokens = parts(q->context, block) * attention, product;
    if (!times(block, l->token_bytes, size, &cache->page_bytes) ||
        !times(cache->page_bytes, tokens, q->batch, &cache->bytes) ||
        !times(cache->page_bytes, states, q->batch, &cache->state_bytes))
        return false;
    cache->page_tokens = block;
    cache->request_pages = q->context ? tokens + states : 0;
    uint64_t pages = q->runtime.available / greater(cache->page_bytes, 1);
    cache->has_tokens = q->runtime.available && cache->page_bytes;
    if (!cache->has_tokens)
        return true;
    cache->tokens = pages / (attention + parts(l->states, size)) * block;
    if (!q->context)
        return true;
    if (__builtin_mul_overflow(pages, q->context, &product))
        return false;
    cache->tokens = product / cache->request_pages;
    return true;
}

bool hu_kv_pages(const struct hu_kept *const *kept, size_t n, const struct hu_kv_question *q,
                 struct hu_kv_cache *cache)
{
    struct layers l;
    if (!sort_layers(&l, kept, n, q))
        return false;
    if (!l.full && !l.window)
        return true;
    return l.states ? lay_out_groups(q, &l, cache) : lay_out_blocks(q, &l, cache);
}
