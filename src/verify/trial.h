/* What the parts of a scan share. */
#pragma once

#include "verify/scan.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    LONE_COPIES = 64, /* of one source: more than any vector has lanes */
    FLAG_SHARE = 8,
    LONE_WIDTH = 16,     /* the widest source of which each encoding is also tried by itself */
    MOST_TAIL = 258,     /* short calls have fewer elements */
    BLOCK_MARGIN = 1024, /* elements that buffers hold beyond a block */
};

/* Codes of normal numbers, sign bit clear: least to least + span. */
struct plain_range {
    uint64_t least, span;
};

/* One worker's buffers. */
struct bench {
    struct trial *trial;
    unsigned worker;
    void *src, *dst, *expected;
    uint64_t *source;     /* the encodings in src where they are not consecutive */
    uint64_t *code;       /* and the codes due */
    unsigned char *flags; /* and the flags */
    bool *wrong;          /* which of them went wrong in the call that wants no flags */
    struct hu_reference *reference;
    bool only_with_flags; /* what goes wrong now did not in a call that wants no flags */
    /* The fault that the next input in the sequence of the part may go on with. */
    struct hu_faults faults;
    struct hu_fault open;
    bool has_open;
    uint64_t open_position, position; /* position: of the first element of the next call */
    uint64_t first_position;          /* of the part */
    uint32_t part;
    uint64_t unreported, mismatches; /* inputs done, and wrong, that the trial has not heard of */
};

struct trial {
    const struct hu_runs *runs;
    const struct hu_subject *subject;
    const struct hu_scan_options *options;
    struct hu_verdict verdict;
    pthread_mutex_t lock;
    atomic_bool stop;
    atomic_uint_fast64_t mismatches;
    bool wants_flags;
    /* Inputs that go wrong in some calls only; a set, by open addressing. */
    uint64_t *apart;
    size_t apart_count, apart_room;
    bool apart_has_top;
    struct plain_range plain_from, plain_to;
    struct bench *bench; /* one a worker */
    struct part *part;   /* the tasks */
    size_t parts;
};

/* Tasks, by what they cover: from first to last encodings, runs, units of a ladder, or draws. */
struct part {
    enum {
        PART_BLOCKS,
        PART_POINTS,
        PART_UNITS,
        PART_DRAWS,
        PART_LONE,
        PART_TAILS,
        PART_LENGTHS
    } kind;
    uint64_t first, last;
    size_t run;
};

/* Calls the subject; false: it gave up, which is recorded for the N sources. source NULL: they are
 * consecutive from FIRST. */
bool trial_convert(struct bench *b, size_t n, uint64_t first, const uint64_t *source,
                   unsigned *flags);

/* The same from and to other memory than src and dst. */
bool trial_convert_at(struct bench *b, void *dst, const void *src, size_t n, uint64_t first,
                      const uint64_t *source, unsigned *flags);

/* The subject gave up in a call of N sources; source NULL: consecutive ones from FIRST. */
void trial_stopped(struct trial *t, size_t n, uint64_t first, const uint64_t *source);

/* Whether the scan is to end: it was stopped, cancelled, or found enough. */
bool trial_is_over(struct trial *t);

/* N more inputs are done: counts them and what went wrong among them; 0: a part is. */
void trial_progress(struct bench *b, uint64_t n);

/* N inputs from SOURCE on, from POSITION of the part's sequence on, went wrong alike. */
void trial_wrong(struct bench *b, uint64_t position, uint64_t source, uint64_t n, uint64_t expected,
                 unsigned expected_flags, uint64_t got);
/* Faults of one sequence do not go on in the next. */
void trial_break(struct bench *b);

/* An input or a call goes wrong, though the input beside others in a call that wants no flags does
 * not. */
void trial_apart(struct trial *t, const struct hu_mismatch *mismatch);
/* Encodings of a block's task where a shard takes some of the tasks: a fair sample. */
enum { TRIAL_BLOCKS_A_SHARE = 1 << 16 };
/* Whether this shard has TASK. Tasks are dealt out by a hash, so that a share has something of
 * every binade. */
bool trial_deals(const struct trial *t, uint64_t task);
/* Whether SOURCE is tried by itself on this shard: on that which has its block, if there are any,
 * so that it goes wrong once. */
bool trial_owns(const struct trial *t, uint64_t source);
/* Whether flags that a call got wrong still need to be pinned to single inputs. */
bool trial_wants_blame(struct trial *t);

/* Whether block NUMBER is also converted by a call that wants flags: all are where the scan takes
 * every flag, the source is narrow or only its boundaries are tried, else one in FLAG_SHARE of
 * those that hold no boundary. */
bool trial_takes_flags(const struct trial *t, bool mixed, uint64_t number);

/* Converts LONE_COPIES copies of SOURCE. */
bool trial_convert_copies(struct bench *b, uint64_t source, unsigned *flags);

/* SOURCE by itself, in LONE_COPIES copies: its code, without flags and in a call that wants them,
 * and exactly its flags. What is wrong is recorded, but for codes that are so beside others too.
 * Returns whether all is right. */
bool trial_lone(struct bench *b, uint64_t source, uint64_t expected, unsigned expected_flags);

/* Whether element INDEX of dst satisfies; records it where it does not. Its position is INDEX after
 * the call's. */
bool trial_check(struct bench *b, uint64_t source, uint64_t expected, unsigned expected_flags,
                 size_t index);

/* The tasks themselves. Each returns the inputs it covered. */
uint64_t trial_blocks(struct bench *b, const struct part *part);
uint64_t trial_points(struct bench *b, const struct part *part);
uint64_t trial_units(struct bench *b, const struct part *part);
uint64_t trial_draws(struct bench *b, const struct part *part);
uint64_t trial_lones(struct bench *b, const struct part *part);
uint64_t trial_tails(struct bench *b, const struct part *part);
uint64_t trial_lengths(struct bench *b, const struct part *part);

/* The places inside a unit at which trial_units looks. Returns how many. */
enum { MOST_PLACES = 4 };

/* The units of a run of steps or of a ladder that are looked at, and how far apart they lie. */
uint64_t trial_units_of(const struct hu_runs *runs, size_t run, uint64_t *stride);

/* The inputs of a task that takes the units FIRST to LAST of a run. */
uint64_t trial_unit_inputs(const struct hu_runs *runs, size_t run, uint64_t first, uint64_t last);
