/* safetensors: eight bytes of length, a JSON header, the data. */
#pragma once

#include "tensor_file.h"

/* What the reference implementation allows a header to be. */
enum { HU_SAFETENSORS_HEADER_MAX = 100 * 1000 * 1000 };

/*
 * Parses the first N bytes of a file of SIZE bytes; they must hold the header. What the reference
 * (safetensors/src/tensor.rs) reads is read, and what it refuses is refused: holes, overlaps,
 * sizes, a key of a tensor that comes twice. What it reads and other readers may not becomes a
 * note: white space before the header's '{', a __metadata__ of null, keys of a tensor beyond the
 * three, a tensor as an array of the three's values. Two names alike, which the format forbids and
 * the reference does not see, are refused, and so is a NUL in a string. Nothing in *file points
 * into BYTES. False: *error says why.
 */
bool hu_safetensors_parse(const unsigned char *bytes, size_t n, uint64_t size,
                          struct hu_tensor_file *file, struct hu_file_error *error);

/* The same of BYTES that live as long as FILE; names and metadata are made there, in their places.
 */
bool hu_safetensors_parse_in_place(unsigned char *bytes, size_t n, uint64_t size,
                                   struct hu_tensor_file *file, struct hu_file_error *error);

/* safetensors' name of a dtype; NULL: it has none. And back; false: the name is none. */
const char *hu_safetensors_name(struct hu_dtype dtype);
bool hu_safetensors_dtype(const char *name, struct hu_dtype *dtype);
