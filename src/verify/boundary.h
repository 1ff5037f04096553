/*
 * Where a conversion's result changes, over all encodings of the source.
 *
 * Rounding is monotone, so a table of runs tells the result of every encoding: MPFR answers at the
 * ends of each run, and where both ends agree so does all between them. Nothing here asks the
 * conversions that are on trial.
 */
#pragma once

#include "verify/expectation.h"

enum hu_run_kind {
    HU_CONSTANT, /* one code and one set of flags for all */
    HU_STEPS,    /* code + (bits - first) / 2^shift, rounded down, or times 2^-shift; one set of
                    flags for all: exact widenings, and payloads of NaNs */
    HU_LADDER    /* in units of 2^shift encodings, shift at least 1: the first encoding of unit u is
                    exactly code + u and raises nothing; the others lie between that and
                    code + u + 1 and raise flags */
};

/* Encodings first to the next run's first - 1, the last run's to the greatest encoding. Steps and
 * ladders hold whole units, and a ladder's codes are all finite. */
struct hu_run {
    uint64_t first; /* flags HU_ANYTHING: whatever is given will do */
    uint64_t code;
    unsigned char flags;
    unsigned char kind;
    signed char shift;
};

/*
 * In two's complement below zero the greater code is the lesser magnitude: of a source's run the
 * magnitudes then fall as its encodings rise, of a target's the codes as magnitudes rise, and steps
 * and ladders count down once or twice.
 */
static inline bool hu_falls(const struct hu_format *f, bool sign)
{
    return sign && hu_is_integer(f) && hu_is_signed(f);
}

struct hu_runs {
    const struct hu_format *to, *from;
    struct hu_promise promise;
    struct hu_run *run;
    size_t count;
    size_t ladders;      /* how many of them are steps or ladders */
    bool refuted;        /* MPFR contradicted one of those: the table is wrong */
    uint64_t refuted_at; /* a source encoding that shows it */
};

enum {
    /* Above this many units a table holds ladders; below, MPFR is asked about each unit. */
    HU_EXPLICIT_UNITS = 1 << 20,
    /* Random draws from all steps and ladders of a table, on which MPFR is asked too. */
    HU_LADDER_DRAWS = 1000000,
    /* Sources at most this wide are asked about one by one. */
    HU_NARROW_WIDTH = 20,
};

/* Whether a table of PROMISE's runs stays small: where a value is rounded in several steps each
 * result is asked for, and they must not be more than a format of HU_NARROW_WIDTH bits has. */
bool hu_runs_can_list(const struct hu_format *to, const struct hu_format *from,
                      const struct hu_promise *promise);

/* The table of a conversion, by JOBS threads. NULL: out of memory. */
struct hu_runs *hu_runs_new(const struct hu_format *to, const struct hu_format *from,
                            const struct hu_promise *promise, unsigned jobs);
void hu_runs_free(struct hu_runs *runs);

/* The index of the run that holds BITS. */
size_t hu_runs_find(const struct hu_runs *runs, uint64_t bits);

/* The greatest encoding of run I. */
uint64_t hu_run_last(const struct hu_runs *runs, size_t i);

/* The code and flags that run I gives for BITS, which it holds. */
uint64_t hu_run_expect(const struct hu_runs *runs, size_t i, uint64_t bits, unsigned *flags);

/* log2 of a unit of steps or of a ladder. */
static inline int hu_run_up(const struct hu_run *run)
{
    return run->shift > 0 ? run->shift : 0;
}

/* How a direction rounds magnitudes of one sign. */
enum hu_magnitude_rounding { HU_DOWN, HU_UP, HU_NEAREST_EVEN, HU_NEAREST_AWAY, HU_ODD };
enum hu_magnitude_rounding hu_magnitude_rounding(enum hu_direction direction, bool sign);
