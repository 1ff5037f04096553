/* From a path to what the tensor file there says, by the parser of its kind. */
#pragma once

#include "tensor_file.h"

#include <sys/types.h>

/*
 * Reads and checks the header of the safetensors, GGUF, .npy, .npz or PyTorch file at PATH; the
 * first bytes say which. False: *error says why; *file is empty. hu_tensor_file_close releases it
 * either way.
 */
bool hu_tensor_file_open(const char *path, struct hu_tensor_file *file,
                         struct hu_file_error *error);

/* What is wrong with reading tensors from what MODE (stat's) describes; NULL: nothing. */
const char *hu_file_kind_trouble(mode_t mode);

/*
 * A file that is nothing but an array, of SIZE bytes without a header, as one tensor of FORMAT,
 * called "arr". Packed formats fill bytes as hu_convert_array says. False: SIZE is no whole number
 * of elements, or of bytes that whole elements fill; *error says so.
 */
bool hu_raw_describe(const struct hu_format *format, uint64_t size, struct hu_tensor_file *file,
                     struct hu_file_error *error);

/* The same of the file at PATH. hu_tensor_file_close releases it either way. */
bool hu_raw_open(const char *path, const struct hu_format *format, struct hu_tensor_file *file,
                 struct hu_file_error *error);
