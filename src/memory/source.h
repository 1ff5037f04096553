/* Where a model is read from: a parameter count, a config.json, a folder, a tensor file. */
#pragma once

#include "model.h"

/*
 * A count such as 7B, 7e9, 1.5T or 7_000_559_616, exactly. K, M, B or G, T are powers of 1000.
 * False: not one, not whole, or over 64 bits.
 */
bool hu_count_read(const char *text, uint64_t *count);

/* Tokens, 8192, 8k or 1M, whose K and M are powers of 1024 as models' contexts are counted. False:
 * none, or no whole number of them. */
bool hu_tokens_read(const char *text, uint64_t *tokens);

/* A factor such as 1.2 in millionths, exactly. False: none, or more than six decimals. */
bool hu_factor_read(const char *text, uint64_t *millionths);

/* A size: a count with an optional unit B, kB … TB of 1000 or KiB … TiB of 1024, of whose fractions
 * whole bytes are taken. False: none. */
bool hu_bytes_read(const char *text, uint64_t *bytes);

/*
 * Makes *model of PATH: a folder with a config.json (and its safetensors, whose totals are then
 * checked) or a model_index.json, whose components' tensors are called COMPONENT/NAME; a
 * config.json, a .safetensors file, a .safetensors.index.json or a .gguf file. False:
 * model->error says why. hu_model_free releases it either way.
 */
bool hu_model_open(const char *path, struct hu_model *model);

/* Fills MODEL's count, KV cache and shapes from the metadata and tensors of a GGUF file; for
 * hu_model_open. False: model->error says why. */
struct hu_tensor_set;
bool hu_model_read_gguf(const struct hu_tensor_set *set, struct hu_model *model);
