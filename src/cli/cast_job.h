/* The files that `cast` writes: one, or an index and its shards. */
#ifndef HALFULP_CLI_CAST_JOB_H
#define HALFULP_CLI_CAST_JOB_H

#include "stats.h"

struct cast_job {
    const char *command; /* for messages */
    struct tensor_source source;
    const struct hu_format *from, *to;
    const char *output;
    unsigned threads;
    bool force;
    struct stats stats; /* what is lost, in the one target; rows for all tensors, in the order of
                           the files and their headers */
    struct hu_statistics_target target;
    uint64_t first; /* number of the next converted element, for stochastic rounding */
    uint64_t after; /* bytes of the tensors that are written */
};

bool cast_job_converts(const struct cast_job *job, const struct hu_tensor *t);

/* Of an archive that becomes a .npy, all but the one chosen tensor is left out. False: reported. */
bool cast_job_choose(struct cast_job *job);
bool cast_job_writes_npy(const struct cast_job *job);

/* Writes all files, which appear together once all are complete, the index last. False: reported,
 * and what was there before is whole, or the message says which files are new. */
bool cast_job_write(struct cast_job *job);

#endif
