/* The bytes of a model's weights: in a dtype, as its config quantizes them, and on one device of
 * many. */
#pragma once

#include "model.h"

/* How the model is spread; each 1 or more. */
struct hu_spread {
    uint64_t tensor, pipeline, expert;
};

/* Whether people store the linear layers' weights alone in DTYPE, as in block formats, fp8 and the
 * like: embeddings, head, norms and routers stay in 16 bits. Formats of 16 bits and more take all
 * weights, and so do ggml's. */
bool hu_dtype_is_narrow(struct hu_dtype dtype);

struct hu_weights_size {
    uint64_t bytes;
    uint64_t rest; /* of these, of weights that stay in 16 bits or more, or are not quantized */
};

/* Bytes of the model's weights in DTYPE, or, where it is none, as the config has them: quantized,
 * or in its dtype. The MTP module aside. A model without tensors has every one in the dtype.
 * SPREAD: on the device with most (NULL: on one). UINT64_MAX: over 64 bits. */
struct hu_weights_size hu_weights_size(const struct hu_model *model, struct hu_dtype dtype,
                                       const struct hu_spread *spread);

/* Bytes of the checkpoint that the config describes, its MTP module included. False: they are not
 * known, or over 64 bits. */
bool hu_weights_stored(const struct hu_model *model, uint64_t *bytes);

/* Elements of one copy of ROW that a device of TENSOR devices has; SHAPE gets its sizes. */
uint64_t hu_row_share(const struct hu_tensor_row *row, uint64_t tensor,
                      uint64_t shape[HU_RANK_MAX]);
/* The pipeline stage, from 0, of LAYER of a model of LAYERS, in the order of the list. */
uint64_t hu_stage_of(uint64_t layer, uint64_t layers, uint64_t stages);

/* The dtype of ROW where nothing is quantized: its own, or the model's, or bf16. */
struct hu_dtype hu_row_dtype(const struct hu_model *model, const struct hu_tensor_row *row);
