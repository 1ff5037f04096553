/* The keys and values that attention keeps for every token so far. */
#ifndef HALFULP_MEMORY_KV_CACHE_H
#define HALFULP_MEMORY_KV_CACHE_H

#include "model.h"
#include "tensor/dtype.h"

struct hu_kv_cache {
    uint64_t bytes_per_token; /* that a token adds while no window is full */
    uint64_t bytes;           /* of BATCH requests of CONTEXT tokens; windows keep no more */
    uint64_t capacity;        /* the same where the engine keeps all tokens in every layer */
    uint64_t window_layers;
};

/* Each layer's keys and its values take whole blocks of DTYPE for a token. False: over 64 bits. */
bool hu_kv_cache_size(const struct hu_model *model, struct hu_dtype dtype, uint64_t context,
                      uint64_t batch, struct hu_kv_cache *cache);

#endif
