/* Whether it fits, and what would. */
#ifndef HALFULP_MEMORY_FIT_H
#define HALFULP_MEMORY_FIT_H

#include "kv_cache.h"

struct hu_fit_question {
    const struct hu_model *model;
    uint64_t memory;  /* of one device */
    uint64_t weights; /* bytes of the weights */
    struct hu_kv_question kv;      /* context 0: no KV cache is asked for */
    const struct hu_dtype *dtypes; /* to choose the widest from, ties to the first */
    size_t dtype_count;
    bool training; /* needed is TRAINING_BYTES, and only the verdict is answered */
    uint64_t training_bytes;
};

struct hu_fit {
    uint64_t needed;
    bool fits;
    bool negative; /* headroom is below zero */
    uint64_t headroom;
    uint64_t devices;            /* that together hold NEEDED, split evenly */
    bool has_context, has_batch; /* the next two are answers */
    uint64_t max_context, max_batch;
    bool endless_context; /* no context is too long: every layer has a window */
    bool has_dtype;
    struct hu_dtype widest;
};

/* What a runtime takes beside the model on every device: context, workspaces, fragmentation. */
extern const uint64_t hu_runtime_low, hu_runtime_high;

/* False: a sum is over 64 bits. */
bool hu_fit_answer(const struct hu_fit_question *question, struct hu_fit *fit);

#endif
