/* A file that is nothing but an array: elements of one format, little-endian, without a header. */
#pragma once

#include "tensor_file.h"

/*
 * The file of SIZE bytes as one tensor of FORMAT, called "arr". Packed formats fill bytes as
 * hu_convert_array says. False: SIZE is no whole number of elements, or of bytes that whole
 * elements fill; *error says so.
 */
bool hu_raw_describe(const struct hu_format *format, uint64_t size, struct hu_tensor_file *file,
                     struct hu_file_error *error);

/* The same of the file at PATH. hu_tensor_file_close releases it either way. */
bool hu_raw_open(const char *path, const struct hu_format *format, struct hu_tensor_file *file,
                 struct hu_file_error *error);
