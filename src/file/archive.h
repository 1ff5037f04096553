/* Zip archives of arrays: NumPy's .npz, and what torch.save writes. */
#pragma once

#include "tensor_file.h"

/*
 * The archive's tensors: PyTorch's where it has a data.pkl in a folder, else its members that end
 * in .npy, under their names without that ending. Members whose dtype is not read become notes.
 * False: *error says why.
 */
bool hu_archive_read(const struct hu_input *in, struct hu_tensor_file *file,
                     struct hu_file_error *error);
