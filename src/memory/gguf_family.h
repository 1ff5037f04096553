/* What the family of a GGUF file's architecture says of its layers. */
#pragma once

#include "file/tensor_file.h"

/* What a layer does, by its family. */
struct gguf_layer {
    bool attends, keeps_state;
    uint64_t window; /* 0: it sees all tokens */
};

/*
 * Fills LAYERS of FILE, whose general.architecture is ARCHITECTURE, by the family that names it,
 * over the config that the metadata makes. False: no family does, or the metadata does not say
 * enough.
 */
bool gguf_layers(const struct hu_tensor_file *file, const char *architecture,
                 struct gguf_layer *layers, uint64_t count);
