/* What the parts of `halfulp verify` share: what was asked, and what came of it so far. */
#pragma once

#include "room.h"
#include "options.h"
#include "arguments.h"
#include "verify/convention.h"
#include "verify/foreign.h"
#include "verify/question.h"
#include "verify/recorded.h"

/* One combination, tried. */
struct verify_row {
    const struct hu_format *to, *from;
    const struct hu_format *result; /* what results come as: TO, or wider */
    enum hu_direction direction;
    const char *subject; /* a kernel, LIB.so:SYMBOL, or a file */
    const char *covers;  /* "all", "boundaries", "lines" */
    struct hu_verdict verdict;
    double seconds;
    uint64_t shown; /* faults to print */
    char *ending;   /* how a foreign function ended, "crashes (signal 11)"; NULL: it did not;
                       freed with the row */
    bool blamed;    /* a single source does that … */
    uint64_t blamed_source; /* … this one */
    bool refuted;           /* MPFR contradicted our own table of expectations */
    uint64_t refuted_at;
    bool explained;                   /* conventions were tried, … */
    struct hu_convention explanation; /* … and under this one all passes; no options: none */
};

bool verify_row_passed(const struct verify_row *row);

/* What explains a row that failed: the options under which it passes, on what is COVERed; none:
 * nothing does. */
void verify_print_explanation(const struct hu_convention *explanation, const char *covers);
/* Null where none was SOUGHT. */
json_t *verify_explanation_json(bool sought, const struct hu_convention *explanation);
/* How a call ended that came to no end of its own, in words; NULL: all did. */
json_t *verify_ending_json(const char *ending);

/* What goes wrong in some calls and not in others: how many calls do, and where in one of LENGTH.
 */
void verify_print_calls_head(uint64_t calls);
void verify_print_call_place(bool beyond, size_t index, size_t length, size_t offset);

/* A row of what stands in its columns, for many combinations, or an operation's. */
void verify_print_summary(const char *from, const char *to, const char *round, const char *subject,
                          const char *covers, uint64_t inputs, const char *wrong, double seconds);

/* A count that was not given. */
#define VERIFY_UNSET UINT64_MAX

/* As the command line gives it; verify_request_complete fills in what it left out. */
struct verify_request {
    struct format_list from, to, via;
    struct direction_list direction;
    struct operation_list operations; /* none: conversions */
    enum hu_nan_rule nan_rule;
    const struct hu_format *result; /* --result-format; NULL: results are codes of the target */
    const char *nan_to;
    bool standard; /* nothing was asked for: the standard set */
    const struct hu_kernel *kernel[FORMATS_MAX];
    size_t kernels;
    bool all_kernels;
    struct hu_promise promise;
    uint64_t jobs, shard, shards, count, seed, timeout, stop_after, shown;
    const char *against; /* LIB.so:SYMBOL */
    const char *vectors;
    bool every_flag, boundaries, unfused, in_place, json, merges;
    /* Of block formats: */
    struct block_list blocks;
    unsigned rules; /* a bit for each enum hu_scale_rule asked for */
    bool decoder, which_rule, no_saturate;
};

extern const struct command_option verify_options[];

/* Fills in and checks. What is wrong, here and below, ends the process. */
void verify_request_complete(struct verify_request *q, const struct options *o);

/* Rows so far. */
struct verify_tally {
    size_t combinations, failed, cut;
    uint64_t inputs, mismatches;
    bool crashed;
    double began;
    uint64_t expected; /* the total that progress shows */
    json_t *rows;
    bool headed;
};

/* Progress of a proof, which begins: INPUTS are to come. */
void verify_begin_proof(uint64_t inputs);

/* The first Ctrl-C ends the work and has the report of what was done, the second the process. */
void verify_watch_interruption(void);
/* Whether Ctrl-C was pressed; points at what a scan watches. */
const atomic_bool *verify_interrupted(void);
/* STATUS, or the end that a shell expects of what was interrupted. */
int verify_end(int status);

/* How a scan is to go about it, where so many combinations are done. */
struct hu_scan_options verify_scan_options(const struct verify_request *q,
                                           const struct verify_tally *tally);

/* Shows ROW, unless it is one of many that passed, counts it and releases it. */
void verify_take_row(const struct verify_request *q, struct verify_tally *tally,
                     struct verify_row *row, bool quiet);
void verify_head(struct verify_tally *tally, const char *subject);
/* Counts a row. */
void verify_count(struct verify_tally *tally, uint64_t inputs, uint64_t mismatches, bool crashed,
                  bool failed);

/* The subjects: our kernels, a library's function, recorded results. */
void verify_kernels(struct verify_request *q, struct verify_tally *tally);
void verify_against(struct verify_request *q, struct verify_tally *tally);
void verify_vectors(struct verify_request *q, struct verify_tally *tally);

/* Block formats. */
void verify_blocks(struct verify_request *q, struct verify_tally *tally);

/* Operations, of whatever subject. */
void verify_operations(struct verify_request *q, struct verify_tally *tally);

/* How the foreign function of a trial that stopped came to its end, in new memory. */
char *verify_ending(const struct verify_request *q, struct hu_foreign *f);
/* FUNCTION, loaded as the options say, which fill in the rest of it. */
struct hu_foreign *verify_open_foreign(const struct verify_request *q,
                                       struct hu_foreign_function *function);
/* The two parts of --against in new memory. */
void verify_split_against(const struct verify_request *q, char **library, char **symbol);
/* What --vectors' lines came to, and what explains what went wrong; freed by the caller, who has
 * recorded.faults freed. */
struct verify_lines {
    struct hu_recorded recorded;
    double seconds;
    bool partial, explained;
    struct hu_convention explanation;
};
/* They against QUESTION. */
struct verify_lines *verify_check_lines(const struct verify_request *q,
                                        const struct hu_question *question);
/* --vectors' stream, to be read more than once. */
FILE *verify_open_vectors(const struct verify_request *q);
/* Its name in messages. */
const char *verify_vectors_name(const struct verify_request *q);

/* The COUNT documents at PATHS, which `verify --shard K/N --json` has printed, each shard once:
 * what one run would have found, but for its seconds. Returns an exit status. */
int verify_merge(char **paths, int count, bool json);
