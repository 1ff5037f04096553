/* GGUF, version 2 and 3, little-endian, as ggml's docs/gguf.md describes it. */
#pragma once

#include "tensor_file.h"

/* No header read so far comes near: vocabularies take some ten MB. */
enum { HU_GGUF_HEADER_MAX = 256 << 20 };

/*
 * Parses the first N bytes of a file of SIZE bytes: all of it, or HU_GGUF_HEADER_MAX. Tensors must
 * follow each other with no more than the alignment between them. Metadata values point into
 * BYTES. False: *error says why.
 */
bool hu_gguf_parse(const unsigned char *bytes, size_t n, uint64_t size, struct hu_tensor_file *file,
                   struct hu_file_error *error);
