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
/* Why PATH cannot be read, of which the system says ERROR. */
const char *hu_file_open_trouble(const char *path, int error);
