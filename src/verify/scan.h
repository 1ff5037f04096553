/*
 * A conversion of arrays on trial: every encoding of a source of at most 32 bits, and of a wider
 * one every boundary of the target with its neighbours and seeded draws.
 */
#pragma once

#include "verify/boundary.h"
#include "verify/fault.h"

#include <stdatomic.h>

/* What is on trial: a way to convert arrays from and to the formats of the table it is tried by, or
 * an operation, which has as many sources as operands. */
struct hu_subject {
    void *context;
    /*
     * Gives N elements, in arrays whose alignment modulo 64 bytes is DST's and SRC's; WORKER tells
     * which of the jobs asks, and only one asks at a time for each. flags: or-ed in; NULL where
     * none are wanted. False: it cannot go on; the trial stops.
     */
    bool (*give)(void *context, unsigned worker, void *dst, const void *const src[], size_t n,
                 unsigned *flags);
    bool has_flags;
    size_t block;   /* elements to ask for in one call: a power of two from 64 on */
    size_t longest; /* what is right in some calls may be wrong in others, of at most so many
                       elements, over block; 0: short ones do */
};

enum hu_mismatch_kind {
    HU_WRONG_CODE,
    HU_WRONG_FLAGS, /* of one source, or of source to last together */
    HU_WRONG_BYTES  /* an element beyond the last one was written */
};

/* What goes wrong in some calls and not in others. */
struct hu_mismatch {
    enum hu_mismatch_kind kind;
    uint64_t source, last;  /* encodings; the same but for flags of several */
    uint64_t expected, got; /* codes; a got code has bits above the width where its word was not
                               clean */
    unsigned expected_flags, got_flags;
    size_t index, length; /* element index of a call of length; length 0: in calls for flags */
    size_t offset;        /* of that call's arrays, in bytes after a 64-byte boundary */
};

enum { HU_SHOWN = 8 };

struct hu_verdict {
    uint64_t inputs;
    uint64_t mismatches;     /* inputs that go wrong, each counted once */
    struct hu_faults faults; /* all of them but those that only go wrong in some calls */
    uint64_t calls;          /* calls that went wrong where their inputs do not in others */
    struct hu_mismatch call[HU_SHOWN]; /* the first of these */
    unsigned calls_shown;
    bool partial;              /* cut short by stop_after or cancel */
    bool stopped;              /* convert gave up */
    uint64_t stopped_at;       /* the first source of that call … */
    size_t stopped_count;      /* … and how many there were */
    uint64_t *stopped_sources; /* the sources themselves; freed by hu_verdict_free */
    bool failed;               /* out of memory */
};

void hu_verdict_free(struct hu_verdict *verdict);

struct hu_scan_options {
    unsigned jobs;
    uint64_t shard, shards;    /* take a share of the work, spread over all of it; shards 0 is 1 */
    uint64_t stop_after;       /* inputs that went wrong; 0: never */
    bool boundaries;           /* of sources of 21 to 32 bits too: no longer every encoding */
    const atomic_bool *cancel; /* may be NULL; once true, the scan ends as soon as it can */
    uint64_t draws;            /* seeded draws where not every encoding is tried */
    uint64_t seed;
    bool every_flag; /* calls that want flags for every input, and of one of 21 to 32 bits not for
                        the boundaries and an eighth of the rest alone */
    void (*progress)(uint64_t inputs); /* may be NULL; inputs just done; from any thread */
};

/* Tries SUBJECT by RUNS. The verdict is released by hu_verdict_free. */
struct hu_verdict hu_scan(const struct hu_runs *runs, const struct hu_subject *subject,
                          const struct hu_scan_options *options);

/* The inputs that all shards together would cover. */
uint64_t hu_scan_inputs(const struct hu_runs *runs, const struct hu_scan_options *options);

/* Whether a scan takes every encoding of F. */
static inline bool hu_scans_all(const struct hu_format *f, const struct hu_scan_options *options)
{
    return f->width <= 32 && !(options->boundaries && f->width > HU_NARROW_WIDTH);
}

/* Whether all is well. */
bool hu_verdict_passed(const struct hu_verdict *verdict);
