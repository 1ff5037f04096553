/* Whether it fits, and what would. */
#pragma once

#include "kv_cache.h"
#include "mixture.h"

/* The weights in some dtype: stored in some way, mixed by llama.cpp, or as the file has them. */
struct hu_weights_row {
    const char *name;
    struct hu_dtype dtype;            /* none: a mixture, or as stored */
    const struct hu_mixture *mixture; /* NULL: none */
    bool own;                         /* as the config or the file has it */
    double bits;                      /* a parameter */
    uint64_t bytes, inference_bytes;
    uint64_t rest;       /* of these bytes, of weights that stay in 16 bits */
    bool towerless;      /* without the towers, which are files of their own */
    bool trains;         /* a float of 16 bits or more */
    uint64_t adam_bytes; /* 4·N·D, where it trains */
};

struct hu_fit_question {
    const struct hu_model *model;
    uint64_t memory;  /* of one device */
    uint64_t devices; /* of these, 1 or more */
    struct hu_weights_row weights;
    struct hu_kv_question kv;             /* context 0: no KV cache is asked for */
    const struct hu_weights_row *choices; /* to choose the widest from, ties to the first */
    size_t choice_count;
    bool training; /* needed is TRAINING_BYTES on each device, and only the verdict is answered */
    uint64_t training_bytes;
};

struct hu_fit {
    uint64_t needed; /* on all the devices */
    uint64_t memory; /* of all the devices */
    bool fits;
    uint64_t headroom; /* what is left, or lacking */
    uint64_t devices;  /* such that it fits: powers of two of them split the tensors; 0: none do */
    uint64_t devices_context;    /* the longest context on these; 0: not asked, or endless */
    bool has_context, has_batch; /* the next two are answers */
    uint64_t max_context, max_batch;
    bool endless_context; /* no context is too long: every layer has a window */
    bool has_dtype;
    struct hu_dtype widest;  /* none: a mixture, or as stored */
    const char *widest_name; /* where has_dtype */
};

/* Bytes on each of the devices: weights, cache and states; no context, no requests. UINT64_MAX:
 * over 64 bits, as the sum is where one of the two is. */
struct hu_load {
    uint64_t weights, cache, sum;
};
struct hu_load hu_fit_load(const struct hu_fit_question *question);

/* False: a sum is over 64 bits. */
bool hu_fit_answer(const struct hu_fit_question *question, struct hu_fit *fit);
