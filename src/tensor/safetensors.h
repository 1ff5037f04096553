/* safetensors: eight bytes of length, a JSON header, the data. */
#ifndef HALFULP_TENSOR_SAFETENSORS_H
#define HALFULP_TENSOR_SAFETENSORS_H

#include "tensor_file.h"

/* What the reference implementation allows a header to be. */
enum { HU_SAFETENSORS_HEADER_MAX = 100 * 1000 * 1000 };

/*
 * Parses the first N bytes of a file of SIZE bytes; they must hold the header. Beyond the
 * reference's checks (holes, overlaps, sizes, duplicates) the keys of a tensor are fixed.
 * Nothing in *file points into BYTES. False: *error says why.
 */
bool hu_safetensors_parse(const unsigned char *bytes, size_t n, uint64_t size,
                          struct hu_tensor_file *file, struct hu_file_error *error);

#endif
