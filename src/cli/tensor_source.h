/* The tensors that a command reads: a container, its shards, or a raw array. */
#ifndef HALFULP_CLI_TENSOR_SOURCE_H
#define HALFULP_CLI_TENSOR_SOURCE_H

#include "tensor/stream.h"
#include "tensor/tensor_set.h"

enum { GLOBS_MAX = 64 };

struct tensor_source {
    const char *path;
    struct hu_tensor_set set;
    int *descriptors; /* of set.files */
    bool raw;
    const char *globs[GLOBS_MAX]; /* a tensor is chosen when its name matches one; none: all are */
    size_t glob_count;
};

/* Opens PATH. format: what a raw array's elements are, or opaque ones of .npy; NULL: the file says.
 * globs must be set before. False: reported; tensor_source_close is not needed. */
bool tensor_source_open(struct tensor_source *s, const char *command, const char *path,
                        const struct hu_format *format);
void tensor_source_close(struct tensor_source *s);

/* One more glob. False: reported. */
bool tensor_source_add_glob(struct tensor_source *s, const char *command, const char *glob);

/* The tensors in the order of the files and their headers. */
const struct hu_tensor *tensor_source_at(const struct tensor_source *s, size_t index);

bool tensor_source_chooses(const struct tensor_source *s, const struct hu_tensor *t);

/* Reports that no tensor is chosen, or why a chosen one cannot be converted. */
bool tensor_source_check(const struct tensor_source *s, const char *command);

/* Whether stats and cast can read T's elements as numbers. */
bool tensor_source_reads(const struct hu_tensor *t);

/* Reports what went wrong in a run over tensors of S: names[i] is tensor i of the run. Returns
 * EXIT_BAD. */
int tensor_source_fail(const struct tensor_source *s, const char *command,
                       const struct hu_tensor *tensor, const struct hu_stream_error *error,
                       const char *output);

#endif
