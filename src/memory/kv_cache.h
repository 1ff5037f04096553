/* What attention keeps of every token so far, and what other layers keep of all of them. */
#pragma once

#include "runtime.h"
#include "weights.h"

struct hu_kv_question {
    struct hu_dtype k, v;    /* dtypes of keys and of values */
    uint64_t context, batch; /* tokens of a request, requests */
    struct hu_spread spread;
    struct hu_runtime runtime; /* whose layout; none: what the model itself needs */
};

struct hu_kv_cache {
    uint64_t bytes_per_token; /* that a token adds while no window is full */
    uint64_t bytes;           /* of BATCH requests of CONTEXT tokens; windows keep no more */
    uint64_t window_bytes;    /* of these, of layers with a window */
    uint64_t cross_bytes;     /* of these, of cross attention */
    uint64_t capacity;        /* the same where the engine keeps all tokens in every layer */
    uint64_t window_layers;
    uint64_t state_bytes; /* of BATCH requests, whatever their length; not in `bytes` */
    /* Of an engine that hands out pages; 0: it does not. */
    uint64_t page_bytes, page_tokens;
    uint64_t request_pages; /* that one request takes; 0: no context */
    bool has_tokens;        /* what it says that it can hold is known: */
    uint64_t tokens;
};

/* Each layer's keys and its values take whole blocks of their dtype for a token. On the device with
 * most: heads are split, and one at least is on each; the largest pipeline stage counts. False:
 * over 64 bits. */
bool hu_kv_cache_size(const struct hu_model *model, const struct hu_kv_question *question,
                      struct hu_kv_cache *cache);
