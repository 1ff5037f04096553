/* What tensors a checkpoint has, and what a model's list says against it. */
#pragma once

#include "model.h"

struct hu_checkpoint_tensor {
    const char *name;
    bool has_shape; /* an index without its shards names tensors alone */
    uint64_t shape[HU_RANK_MAX];
    unsigned rank;
    struct hu_dtype dtype; /* none: not said */
    bool met;              /* by a tensor of the model */
};

enum { HU_CHECKPOINT_ERROR = 1024 };

struct hu_checkpoint {
    struct hu_checkpoint_tensor *tensors; /* by name */
    size_t count;
    bool has_total_size;
    uint64_t total_size;
    bool ggml; /* a GGUF file's, whose names are not those of a config's checkpoint */
    struct arena arena;
    char error[HU_CHECKPOINT_ERROR]; /* why it could not be read */
};

/*
 * Reads the tensors' names and shapes: a .safetensors, .gguf or PyTorch file, an index with its
 * shards beside it or, for the names alone, without them, a folder with either, or a list as `size
 * --tensors` prints it and fixtures/tensor-lists has it folded: a line a tensor, NAME [SHAPE]
 * DTYPE, where {A-B,C} in a name stands for each of these numbers; head lines "# total_size: N", "#
 * dtype: D" and
 * "# ignore: NAME". False: checkpoint->error says why. hu_checkpoint_free releases it either way.
 */
bool hu_checkpoint_read(const char *path, struct hu_checkpoint *checkpoint);
/* Makes CHECKPOINT's tensors the rows of MODEL, which has none: roles and loops are not known. The
 * names stay CHECKPOINT's. False: out of memory, or too many. */
bool hu_checkpoint_list(const struct hu_checkpoint *checkpoint, struct hu_model *model);
void hu_checkpoint_free(struct hu_checkpoint *checkpoint);

enum hu_difference_kind { HU_MISSING, HU_EXTRA, HU_SHAPE, HU_DIFFERENCES };

struct hu_difference {
    enum hu_difference_kind kind;
    const char *name;
    const struct hu_tensor_row *row;           /* as the model has it; HU_EXTRA: NULL */
    const struct hu_checkpoint_tensor *tensor; /* HU_MISSING: NULL */
};

struct hu_comparison {
    uint64_t compared;  /* tensors of the same name */
    uint64_t shapeless; /* of these, those whose shape the checkpoint leaves out */
    uint64_t buffers;   /* extra ones that are no parameters, not among the differences */
    struct hu_difference *differences; /* the caller frees them */
    size_t count;
};

/* The names in COMPARISON are CHECKPOINT's. False: the model has more tensors than can be compared
 * one by one. */
bool hu_checkpoint_compare(const struct hu_model *model, struct hu_checkpoint *checkpoint,
                           struct hu_comparison *comparison);
