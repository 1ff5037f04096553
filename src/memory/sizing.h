/* The whole answer about one model: what `halfulp size` prints and the viewer shows. */
#pragma once

#include "device.h"
#include "fit.h"
#include "kv_cache.h"
#include "mixture.h"
#include "model.h"
#include "figure.h"
#include "training.h"

enum { HU_SIZING_DTYPES = 96, HU_SIZING_ERROR = 480 };

struct hu_sizing_request {
    struct hu_dtype dtypes[HU_SIZING_DTYPES];
    const struct hu_mixture *mixtures[HU_SIZING_DTYPES]; /* not NULL: in place of that dtype */
    size_t dtype_count;
    bool dtypes_given; /* the first of them is what the verdict is about */
    bool dtypes_all;   /* … but where all were asked for: then as where none was */
    bool own;          /* the dtype that the file has is a row too, before the others */
    uint64_t overhead; /* the rule of thumb's factor on the weights, in millionths */
    struct hu_dtype kv_dtype,
        kv_dtype_v;            /* of keys, and of values; the second none: as the first */
    uint64_t context, batch;   /* context 0: not asked */
    struct hu_runtime runtime; /* none: what the model itself needs */
    bool train;
    struct hu_training_plan plan;
    bool fit;
    uint64_t memory;  /* of a device */
    uint64_t devices; /* of these, 1 or more */
};

struct hu_sizing {
    struct hu_weights_row weights[HU_SIZING_DTYPES];
    size_t weight_count;
    bool has_kv; /* bytes_per_token is known; the rest where a context was given */
    struct hu_kv_cache kv;
    bool has_training;
    struct hu_training training;
    bool has_fit;
    struct hu_fit fit;
    struct hu_weights_row chosen; /* what the verdict's and the sum's weights are; name NULL: as
                                     stored */
    /* The sum, where a context or a memory was given and nothing is trained: on a device. */
    struct hu_load load;
    bool spread;                 /* over several devices */
    struct hu_overhead overhead; /* of a runtime, on each device; in no sum */
    struct hu_figures terms;
};

/* A request for the table alone: the usual dtypes, the factor 1.2, one request at a time, a KV
 * cache in bf16, Adam on one device. The caller adds to it. */
void hu_sizing_begin(struct hu_sizing_request *request);

/* False: error says why. */
bool hu_sizing_make(const struct hu_model *model, const struct hu_sizing_request *request,
                    struct hu_sizing *sizing, char error[HU_SIZING_ERROR]);
