/* What the parts of a scan share. */
#ifndef HALFULP_VERIFY_TRIAL_H
#define HALFULP_VERIFY_TRIAL_H

#include "verify/scan.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    LONE_COPIES = 64, /* of one source: more than any vector has lanes */
    FLAG_SHARE = 8,
    LONE_WIDTH = 16,     /* the widest source of which each encoding is also tried by itself */
    MOST_TAIL = 257,     /* elements of a short call */
    BLOCK_MARGIN = 1024, /* elements that buffers hold beyond a block */
};

/* One worker's buffers. */
struct bench {
    struct trial *trial;
    unsigned worker;
    void *src, *dst, *expected;
    uint64_t *source; /* the encodings in src where they are not consecutive */
    uint64_t *code;   /* and the codes due */
    struct hu_reference *reference;
};

struct trial {
    const struct hu_runs *runs;
    const struct hu_subject *subject;
    const struct hu_scan_options *options;
    struct hu_verdict verdict;
    pthread_mutex_t lock;
    atomic_bool stop;
    atomic_uint_fast64_t mismatches;
    atomic_uint_fast64_t shown_below; /* a mismatch is kept only if its source is less */
    bool wants_flags;
    struct bench *bench; /* one a worker */
    struct part *part;   /* the tasks */
    size_t parts;
};

/* Tasks, by what they cover: from first to last encodings, runs, units of a ladder, or draws. */
struct part {
    enum { PART_BLOCKS, PART_POINTS, PART_UNITS, PART_DRAWS, PART_LONE, PART_TAILS } kind;
    uint64_t first, last;
    size_t run;
};

/* Calls the subject; false: it gave up, which is recorded for the N sources. source NULL: they are
 * consecutive from FIRST. */
bool trial_convert(struct bench *b, size_t n, uint64_t first, const uint64_t *source,
                   unsigned *flags);

/* Counts a mismatch, and keeps it if it is among the first. One of the same source and kind as one
 * that is kept is not counted again. */
void trial_mismatch(struct trial *t, const struct hu_mismatch *mismatch);
/* Whether mismatches still need to be pinned to single sources. */
bool trial_wants_blame(struct trial *t);

/* Whether block NUMBER is also converted by a call that wants flags: all are where the scan takes
 * every flag, the source is narrow or only its boundaries are tried, else one in FLAG_SHARE of
 * those that hold no boundary. */
bool trial_takes_flags(const struct trial *t, bool mixed, uint64_t number);

/* SOURCE by itself, in LONE_COPIES copies and a call that wants flags: its code, and exactly its
 * flags. What is wrong is recorded. Returns whether the flags are right. */
bool trial_lone(struct bench *b, uint64_t source, uint64_t expected, unsigned expected_flags);

/* Whether element INDEX of dst satisfies; counts and keeps it where it does not. */
bool trial_check(struct bench *b, uint64_t source, uint64_t expected, size_t index);

/* The tasks themselves. Each returns the inputs it covered. */
uint64_t trial_blocks(struct bench *b, const struct part *part);
uint64_t trial_points(struct bench *b, const struct part *part);
uint64_t trial_units(struct bench *b, const struct part *part);
uint64_t trial_draws(struct bench *b, const struct part *part);
uint64_t trial_lones(struct bench *b, const struct part *part);
uint64_t trial_tails(struct bench *b, const struct part *part);

/* The places inside a unit at which trial_units looks. Returns how many. */
enum { MOST_PLACES = 4 };
size_t trial_places(const struct hu_runs *runs, size_t run, uint64_t places[MOST_PLACES]);

/* The units of a run of steps or of a ladder that are looked at, and how far apart they lie. */
uint64_t trial_units_of(const struct hu_runs *runs, size_t run, uint64_t *stride);

/* The inputs of a task that takes the units FIRST to LAST of a run. */
uint64_t trial_unit_inputs(const struct hu_runs *runs, size_t run, uint64_t first, uint64_t last);

#endif
