/*
 * Files of torch.save, as torch/serialization.py reads them: a zip archive of a pickle and of
 * storages, since PyTorch 1.6; before, pickles and the storages behind them. Of the pickle only
 * what tensors are made of is read, and nothing is run.
 */
#pragma once

#include "tensor_file.h"

struct hu_zip;

/* What torch.save writes without zip, of which the first N bytes are given; they must hold the
 * pickles. False: *error says why. */
bool hu_torch_parse(const struct hu_input *in, const unsigned char *bytes, size_t n,
                    struct hu_tensor_file *file, struct hu_file_error *error);

/* The archive's member PICKLE is PREFIX/data.pkl. NAMES: of all members, sorted. */
struct hu_member_name {
    const char *name;
    size_t index;
};
int hu_member_names_compare(const void *a, const void *b);
bool hu_torch_read_zip(struct hu_zip *zip, size_t pickle, const struct hu_member_name *names,
                       size_t count, struct hu_tensor_file *file, struct hu_file_error *error);
