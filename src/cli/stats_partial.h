/*
 * What one run has gathered of a part of the data, in a file that other runs' are merged with:
 * `stats --partial` and `stats --merge`. The sums are exact, so that in whatever order they are
 * merged they are those of one run.
 *
 * The file is "HUSTATS1", the length of what follows but for the last eight bytes, as eight bytes,
 * and then, as gathered_bytes.h writes them: the path; the targets' names by commas, how formats
 * are scaled, the rule, the direction, whether results saturate; whether it is a sum of arrays;
 * what the tensors are recognised by; tensors left out; of how many shards it holds how many, and
 * their numbers; how many tensors there are, of each its name, dtype, elements and pieces; and how
 * many of them it has pieces of, of each its number, how many pieces, and what was gathered,
 * finished where these are all. The last eight bytes are the FNV-1a hash of all before.
 */
#pragma once

#include "partial_file.h"

/* Part NUMBER of COUNT; 0, 0: it was not asked for. */
struct shard {
    uint64_t number, count;
};

/* "K/N" into a struct shard. */
option_reader read_stats_shard;

/* What a run leaves. */
struct partial_run {
    struct stats *stats;
    const struct hu_stream *stream;
    struct shard shard;
    struct hu_bytes_out entries;
    size_t entry_count;
};

/* For hu_stream.done; context: struct partial_run. */
void partial_done(void *context, size_t index, struct hu_gathered *g);
/* Writes RUN's file. */
void partial_write(struct partial_run *run, const char *path, bool force);

/* Files that are merged. */
struct partial_merge {
    const char *const *paths;
    size_t count;
    bool joins; /* they are of parts of one array, and no shards */
    struct partial_file *files;
    struct hu_tensor *tensors; /* of the statistics */
    struct hu_statistics_target *targets;
    struct hu_bytes_out entries; /* of the sum */
    size_t entry_count;
};

/*
 * Sums up the files at paths into S, as stats has it of one run; for_report: nothing may be
 * missing. False: reported. partial_merge_clear in either case.
 */
bool partial_merge(struct partial_merge *m, struct stats *s, bool for_report);
/* Writes the sum, so that it can be merged with others. */
void partial_merge_write(const struct partial_merge *m, const char *path, bool force);
void partial_merge_clear(struct partial_merge *m);
