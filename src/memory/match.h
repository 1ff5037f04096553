/* What a file stores against what the model's parameters are: buffers, scales, packed weights. */
#pragma once

#include "model.h"
#include "file/tensor_set.h"

struct hu_match {
    uint64_t parameters; /* weights, packed ones unpacked */
    uint64_t buffers;    /* elements of masks, position ids, rotary tables */
    uint64_t scales;     /* elements of quantization scales, zeros, indices and the like */
    uint64_t packed;     /* stored elements that hold several weights each */
};

/* Tells SET's tensors apart by their names, dtypes and neighbours. False: over 64 bits. */
bool hu_match_count(const struct hu_tensor_set *set, struct hu_match *stored);

/* Whether a tensor of that name is a buffer: rotary tables, position ids, masks. */
bool hu_match_is_buffer(const char *name);
