/* A model's tensors, in one file or in shards. */
#pragma once

#include "tensor_file.h"

struct hu_tensor_set {
    struct hu_tensor_file *files;
    char **paths; /* of files */
    size_t count;
    struct hu_tensor **tensors; /* of all files, by name */
    size_t tensor_count;
    uint64_t elements, bytes; /* what several tensors have together counts once */
    bool has_total_size;      /* an index was read, and it states the sum of bytes */
    uint64_t total_size;
};

enum { HU_SET_ERROR = 640 };

/*
 * Opens a file of tensors that hu_tensor_file_open reads, a GGUF shard's whole set, or an index (a
 * .safetensors.index.json) and the shards it names, which must lie beside it and hold what it says,
 * no more and no less. A total_size that differs from the sum is no error here: compare it with
 * bytes. False: error says which file, which byte and why, control characters made visible.
 */
bool hu_tensor_set_open(const char *path, struct hu_tensor_set *set, char error[HU_SET_ERROR]);
void hu_tensor_set_close(struct hu_tensor_set *set);

/* The tensor INDEX in the order of the files and their headers; tensors goes by name. */
const struct hu_tensor *hu_tensor_set_at(const struct hu_tensor_set *set, size_t index);

/* NULL: no tensor of that name. */
const struct hu_tensor *hu_tensor_set_find(const struct hu_tensor_set *set, const char *name);
/* The tensor whose name is T's with TAIL in place of its last N bytes; NULL: there is none. */
const struct hu_tensor *hu_tensor_set_beside(const struct hu_tensor_set *set,
                                             const struct hu_tensor *t, size_t n, const char *tail);
