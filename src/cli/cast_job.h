/* The files that `cast` writes: one, or an index and its shards. */
#pragma once

#include "room.h"
#include "block/block.h"
#include "cast_layout.h"
#include "stats_partial.h"

/* What becomes of a tensor. */
enum cast_how {
    CAST_COPIED,
    CAST_CONVERTED, /* element by element */
    CAST_RECODED,   /* out of a block format, or into one */
    CAST_DROPPED,   /* a part of what is recoded */
};

struct cast_job {
    struct tensor_source source;
    const struct hu_format *to; /* NULL: block is the target */
    const struct hu_block *block;
    enum hu_scale_rule rule;
    enum cast_layout layout;
    const char *keeps[GLOBS_MAX]; /* tensors that are copied; none: the usual ones of a block */
    size_t keep_count;
    bool keeps_nothing;
    size_t recoded; /* tensors, so far */
    bool special;   /* a NaN or an infinity was encoded */
    const char *output;
    uint64_t threads;
    bool force;
    struct stats stats; /* what is lost, in the one target; rows for all tensors, in the order of
                           the files and their headers */
    struct hu_statistics_target target;
    uint64_t first;     /* number of the next converted element, for stochastic rounding */
    uint64_t after;     /* bytes of the tensors of all that is written */
    uint64_t elsewhere; /* of them, those that other shards write */
    struct shard shard; /* count 0: all files are written; else every one of so many, and the index
                           by the first */
};

/* Whether file INDEX of the source is cast in this run. */
bool cast_job_has(const struct cast_job *job, size_t index);

enum cast_how cast_job_how(const struct cast_job *job, const struct hu_tensor *t);

/* Of an archive that becomes a .npy, all but the one chosen tensor is left out. */
void cast_job_choose(struct cast_job *job);
bool cast_job_writes_npy(const struct cast_job *job);

/* Writes all files, which appear together once all are complete, the index last. What goes wrong
 * ends the process: what was there before is whole, or the message says which files are new. */
void cast_job_write(struct cast_job *job);

/* The config.json beside a cast: what it says of quantization follows what was written. */
struct cast_config {
    char *path;   /* where it is written; NULL: none is */
    json_t *root; /* what is written */
};

/* Reads the config beside the source and makes the one beside OUT. What cannot be written there is
 * said in a note. */
void cast_config_make(const struct cast_job *job, struct cast_config *config);
void cast_config_clear(struct cast_config *config);
