#include "array/array.h"
#include "arguments.h"
#include "kernels.h"
#include "lists.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "text.h"
#include "verify/foreign.h"
#include "verify/own.h"
#include "verify/pool.h"
#include "verify/recorded.h"
#include "verify_row.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    KEY_KERNEL = KEY_OWN,
    KEY_SHARD,
    KEY_AGAINST,
    KEY_VECTORS,
    KEY_TININESS,
    KEY_NAN,
    KEY_SUBNORMALS,
    KEY_NO_FLAGS,
    KEY_EVERY_FLAG,
    KEY_COUNT,
    KEY_SEED,
    KEY_TIMEOUT
};

static const struct command_option rows[] = {
    {"from", 'f', "LIST", "source formats; all: every named one (the default)", "@formats"},
    {"to", 't', "LIST", "target formats; all: every named one (the default)", "@formats"},
    {"round", 'r', "LIST", "rounding directions: rne (default), rna, rtz, rup, rdn, rto, all",
     "@rounds"},
    {"kernel", KEY_KERNEL, "LIST",
     "kernels; all: each that the machine can run (default: the best)", NULL},
    {"jobs", 'j', "N", "threads (default: one a processor)", NULL},
    {"shard", KEY_SHARD, "K/N", "only the K-th of N shares of the work", NULL},
    {"against", KEY_AGAINST, "LIB.so:SYMBOL",
     "try void SYMBOL(const void *src, void *dst, size_t n) instead", "@file"},
    {"vectors", KEY_VECTORS, "FILE", "check lines of source, result and flags instead; -: stdin",
     "@file"},
    OPTION_SATURATE,
    {"tininess", KEY_TININESS, "WHEN", "tininess is detected after (default) or before rounding",
     "after before"},
    {"nan", KEY_NAN, "WHICH", "any NaN will do, or exactly this one (the default for ours)",
     "any exact"},
    {"subnormals", KEY_SUBNORMALS, "HOW", "keep (default), flush-in, flush-out or flush to zero",
     "keep flush-in flush-out flush"},
    {"no-flags", KEY_NO_FLAGS, NULL, "do not look at flags", NULL},
    {"every-flag", KEY_EVERY_FLAG, NULL,
     "ask for the flags of every input, not of boundaries and an eighth of the rest", NULL},
    {"count", KEY_COUNT, "N", "seeded draws from sources wider than 32 bits (default: 1000000)",
     NULL},
    {"seed", KEY_SEED, "N", "the seed of the draws (default: 1)", NULL},
    {"timeout", KEY_TIMEOUT, "SECONDS", "what one call of --against may take (default: 10)", NULL},
    OPTION_JSON,
    OPTION_HELP,
    OPTION_END,
};

enum { STANDARD_WIDTH = 16, STANDARD_DRAWS = 100000, USUAL_DRAWS = 1000000 };
#define UNSET UINT64_MAX

struct request {
    const char *command;
    struct format_list from, to;
    struct direction_list direction;
    bool standard; /* nothing was asked for: the standard set */
    const struct hu_kernel **kernel;
    size_t kernels;
    bool all_kernels;
    struct hu_promise promise;
    bool nan_given;
    uint64_t jobs, shard, shards, count, seed, timeout;
    char *against; /* LIB.so:SYMBOL */
    const char *vectors;
    bool every_flag, json;
};

struct tally {
    size_t combinations, failed;
    uint64_t inputs, mismatches;
    double began;
    uint64_t expected; /* the total that progress shows */
    json_t *rows;
    bool headed;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Reading the command line. */

static bool add_kernel(struct request *q, const char *name)
{
    const struct hu_kernel *kernel = kernel_named(q->command, name);
    if (!kernel)
        return false;
    q->kernel = check_memory(realloc(q->kernel, (q->kernels + 1) * sizeof *q->kernel));
    q->kernel[q->kernels++] = kernel;
    return true;
}

static bool read_kernels(struct request *q, const char *text)
{
    q->kernels = 0;
    q->all_kernels = !strcasecmp(text, "all");
    bool good = true;
    if (q->all_kernels)
        for (size_t i = 0; i < hu_kernel_count(); i++)
            good &= add_kernel(q, hu_kernel_name(hu_kernel_at(i)));
    else {
        char *copy = check_memory(strdup(text)), *rest = copy;
        while (good && rest)
            good = add_kernel(q, strsep(&rest, ","));
        free(copy);
    }
    return good;
}

static bool read_shard(struct request *q, const char *text)
{
    char k[32] = "", n[32] = "";
    if (sscanf(text, "%31[0-9]/%31[0-9]", k, n) != 2 || strlen(k) + strlen(n) + 1 != strlen(text)) {
        fail(q->command, "--shard: '%s' is not of the form K/N, such as 3/8", text);
        return false;
    }
    return count_read(&q->shards, n, 1, 1 << 20, "shard", q->command) &&
           count_read(&q->shard, k, 1, q->shards, "shard", q->command);
}

/* Which of WORDS, separated by spaces, TEXT is; -1: none, which is reported. */
static int read_word(const struct request *q, const char *name, const char *words, const char *text)
{
    int i = 0;
    size_t length = strlen(text);
    for (const char *at = words; *at; i++) {
        size_t word = strcspn(at, " ");
        if (word == length && !strncmp(at, text, length))
            return i;
        at += word + (at[word] == ' ');
    }
    fail(q->command, "--%s: '%s' is none of: %s", name, text, words);
    return -1;
}

static bool read_promise(struct request *q, int key, const char *text)
{
    static const unsigned flush[] = {HU_KEEP, HU_FLUSH_IN, HU_FLUSH_OUT,
                                     HU_FLUSH_IN | HU_FLUSH_OUT};
    int word;
    switch (key) {
    case KEY_TININESS:
        word = read_word(q, "tininess", "after before", text);
        q->promise.options.tininess_before = word == 1;
        return word >= 0;
    case KEY_NAN:
        word = read_word(q, "nan", "any exact", text);
        q->promise.any_nan = word == 0;
        q->nan_given = true;
        return word >= 0;
    default:
        word = read_word(q, "subnormals", "keep flush-in flush-out flush", text);
        if (word >= 0)
            q->promise.flush = flush[word];
        return word >= 0;
    }
}

static bool read_option(struct request *q, int key, const char *value)
{
    const char *command = q->command;
    switch (key) {
    case 'f':
        return formats_read(command, value, &q->from);
    case 't':
        return formats_read(command, value, &q->to);
    case 'r':
        return direction_list_read(&q->direction, value, command);
    case KEY_KERNEL:
        return read_kernels(q, value);
    case 'j':
        return count_read(&q->jobs, value, 1, 1024, "jobs", command);
    case KEY_SHARD:
        return read_shard(q, value);
    case KEY_AGAINST:
        free(q->against);
        q->against = check_memory(strdup(value));
        return true;
    case KEY_VECTORS:
        q->vectors = value;
        return true;
    case KEY_SATURATE:
        return q->promise.options.saturate = true;
    case KEY_NO_FLAGS:
        return q->promise.no_flags = true;
    case KEY_EVERY_FLAG:
        return q->every_flag = true;
    case KEY_COUNT:
        return count_read(&q->count, value, 0, UINT64_C(1) << 40, "count", command);
    case KEY_SEED:
        return count_read(&q->seed, value, 0, UINT64_MAX, "seed", command);
    case KEY_TIMEOUT:
        return count_read(&q->timeout, value, 1, 1000000, "timeout", command);
    case KEY_JSON:
        return q->json = true;
    default:
        return read_promise(q, key, value);
    }
}

static bool one_pair(const struct request *q, const char *option)
{
    if (q->from.count == 1 && q->to.count == 1 && q->direction.count <= 1)
        return true;
    fail(q->command, "%s needs one format for -f, one for -t, and at most one direction", option);
    return false;
}

static bool complete(struct request *q)
{
    bool other = q->against || q->vectors;
    if (q->against && q->vectors) {
        fail(q->command, "--against and --vectors exclude each other");
        return false;
    }
    if (other && q->kernels) {
        fail(q->command, "--kernel picks kernels of ours; it does not go with %s",
             q->against ? "--against" : "--vectors");
        return false;
    }
    if (q->vectors && q->shards) {
        fail(q->command, "--shard does not go with --vectors: split the file instead");
        return false;
    }
    if (other && !one_pair(q, q->against ? "--against" : "--vectors"))
        return false;
    if (other && !q->nan_given)
        q->promise.any_nan = true;
    q->standard = !other && !q->from.count && !q->to.count && !q->direction.count && !q->kernels;
    if (q->count == UNSET)
        q->count = q->standard ? STANDARD_DRAWS : USUAL_DRAWS;
    bool good = true;
    if (!q->from.count)
        good &= formats_read(q->command, "all", &q->from);
    if (!q->to.count)
        good &= formats_read(q->command, "all", &q->to);
    if (!q->direction.count)
        good &= direction_list_read(&q->direction, q->standard ? "all" : "rne", q->command);
    if (!q->kernels && !other)
        good &= add_kernel(q, hu_kernel_name(hu_kernel_chosen()));
    return good;
}

/* Showing. */

static void progress_step(void *context, uint64_t inputs)
{
    (void)context;
    progress_add(inputs);
}

static void head(struct tally *tally, const char *subject)
{
    progress_hide();
    if (!tally->headed)
        verify_print_heading(subject);
    tally->headed = true;
}

/* Takes ROW, and prints it unless it is one of many that passed. */
static void take_row(const struct request *q, struct tally *tally, struct verify_row *row,
                     bool quiet)
{
    tally->combinations++;
    tally->inputs += row->verdict.inputs;
    tally->mismatches += row->verdict.mismatches;
    bool passed = verify_row_passed(row);
    tally->failed += !passed;
    if (q->json)
        json_array_append_new(tally->rows, verify_row_json(row));
    else if (!(quiet && passed)) {
        head(tally, row->subject);
        verify_print_row(row);
        verify_print_mismatches(row);
        fflush(stdout);
    }
    verify_row_free(row);
}

static void print_total(const struct request *q, const struct tally *tally)
{
    char inputs[GROUPED_TEXT], wrong[GROUPED_TEXT], combinations[GROUPED_TEXT];
    char failed[GROUPED_TEXT];
    printf("\n%s combination%s, %s failed, %s inputs, %s mismatch%s, %.2f s, %" PRIu64 " job%s\n",
           grouped(combinations, tally->combinations), tally->combinations == 1 ? "" : "s",
           tally->failed ? grouped(failed, tally->failed) : "none", grouped(inputs, tally->inputs),
           tally->mismatches ? grouped(wrong, tally->mismatches) : "no",
           tally->mismatches == 1 ? "" : "es", now() - tally->began, q->jobs,
           q->jobs == 1 ? "" : "s");
    if (q->standard)
        puts(
            "Covered: sources of at most 16 bits to every format in every direction; fp64, fp32 "
            "and\n"
            "tf32 to the narrower of fp32, tf32, bf16, fp16, fp8_e5m2 and fp8_e4m3 in rne; by the\n"
            "best kernel. -f, -t, -r all and --kernel all cover the rest.");
}

static int finish(const struct request *q, struct tally *tally)
{
    progress_end();
    if (q->json)
        json_print(json_pack("{s:o, s:I, s:I, s:I, s:f, s:I, s:o, s:o, s:b}", "combinations",
                             tally->rows, "count", (json_int_t)tally->combinations, "inputs",
                             (json_int_t)tally->inputs, "mismatches", (json_int_t)tally->mismatches,
                             "seconds", now() - tally->began, "jobs", (json_int_t)q->jobs, "shard",
                             q->shards ? json_integer((json_int_t)q->shard) : json_null(), "shards",
                             q->shards ? json_integer((json_int_t)q->shards) : json_null(),
                             "passed", !tally->failed));
    else
        print_total(q, tally);
    return tally->failed ? EXIT_NO : EXIT_DONE;
}

/* The project's own kernels. */

/* One conversion: a table that several kernels are tried by. */
struct combination {
    const struct hu_format *to, *from;
    enum hu_direction direction;
};

/* What takes some ten seconds on two processors and touches every kernel. */
static bool in_standard_set(const struct combination *c)
{
    static const char *const common[] = {"fp32", "tf32", "bf16", "fp16", "fp8_e5m2", "fp8_e4m3"};
    if (c->from->width <= STANDARD_WIDTH)
        return true;
    bool good = c->direction == HU_TIES_TO_EVEN && c->to->width < c->from->width, found = false;
    for (size_t i = 0; good && i < sizeof common / sizeof *common; i++)
        found |= c->to == hu_format_find(common[i]);
    return found;
}

static bool wanted(const struct request *q, const struct combination *c)
{
    return !q->standard || in_standard_set(c);
}

/* What a scan will cover, before its table is there. */
static uint64_t guess_inputs(const struct request *q, const struct combination *c)
{
    if (hu_scans_all(c->from))
        return hu_width_mask(c->from) + 1;
    bool many = c->to->width > HU_NARROW_WIDTH && c->to->width < c->from->width;
    return q->count + (many ? UINT64_C(4) << c->to->width : UINT64_C(1) << 20);
}

static bool kernel_has(const struct hu_kernel *kernel, const struct combination *c,
                       const struct hu_promise *promise)
{
    return hu_kernel_has(kernel, c->to, c->from, &promise->options, false) ||
           (!promise->no_flags && hu_kernel_has(kernel, c->to, c->from, &promise->options, true));
}

/* The kernel whose code KERNEL runs here. */
static const struct hu_kernel *runs_as(const struct hu_kernel *kernel, const struct combination *c,
                                       const struct hu_promise *promise)
{
    size_t i = 0;
    while (hu_kernel_at(i) != kernel)
        i++;
    while (i > 0 && !kernel_has(hu_kernel_at(i), c, promise))
        i--;
    return hu_kernel_at(i);
}

static size_t kernels_for(const struct request *q, const struct combination *c)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = c->direction;
    size_t n = 0;
    for (size_t i = 0; i < q->kernels; i++)
        n += !q->all_kernels || kernel_has(q->kernel[i], c, &promise);
    return n;
}

typedef bool visitor(struct request *q, struct tally *tally, const struct combination *c);

/* Calls VISIT for each combination until it says false. */
static bool each_combination(struct request *q, struct tally *tally, const struct hu_format *from,
                             visitor *visit)
{
    for (size_t t = 0; t < q->to.count; t++)
        for (size_t d = 0; d < q->direction.count; d++) {
            struct combination c = {q->to.at[t], from, q->direction.direction[d]};
            if (wanted(q, &c) && !visit(q, tally, &c))
                return false;
        }
    return true;
}

static bool count_inputs(struct request *q, struct tally *tally, const struct combination *c)
{
    tally->expected += guess_inputs(q, c) * kernels_for(q, c);
    return true;
}

static struct hu_scan_options scan_options(const struct request *q, const struct tally *tally)
{
    /* Small scans have a few tasks each; the offset deals them out to all shards. */
    uint64_t shards = q->shards ? q->shards : 1;
    uint64_t shard = q->shards ? q->shard - 1 : 0;
    return (struct hu_scan_options){
        .jobs = (unsigned)q->jobs,
        .shard = (shard + shards - tally->combinations % shards) % shards,
        .shards = shards,
        .draws = q->count,
        .seed = q->seed,
        .every_flag = q->every_flag,
        .progress = progress_step,
    };
}

static struct hu_runs *make_runs(const struct request *q, const struct combination *c)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = c->direction;
    return check_memory(hu_runs_new(c->to, c->from, &promise, (unsigned)q->jobs));
}

static struct verify_row new_row(const struct hu_runs *runs, const char *subject)
{
    return (struct verify_row){
        .to = runs->to,
        .from = runs->from,
        .direction = runs->promise.options.direction,
        .subject = subject,
        .covers = hu_scans_all(runs->from) ? "all" : "boundaries",
        .refuted = runs->refuted,
        .refuted_at = runs->refuted_at,
    };
}

static bool try_kernels(struct request *q, struct tally *tally, const struct combination *c)
{
    double began = now();
    if (!kernels_for(q, c))
        return true;
    struct hu_runs *runs = make_runs(q, c);
    const struct hu_promise *promise = &runs->promise;
    for (size_t i = 0; i < q->kernels; i++) {
        if (q->all_kernels && !kernel_has(q->kernel[i], c, promise))
            continue;
        struct hu_own own = {q->kernel[i], c->to, c->from, promise->options};
        struct hu_subject subject = hu_own_subject(&own);
        struct hu_scan_options options = scan_options(q, tally);
        tally->expected += hu_scan_inputs(runs, &options) - guess_inputs(q, c);
        progress_total(tally->expected / options.shards);
        struct verify_row row = new_row(runs, hu_kernel_name(runs_as(q->kernel[i], c, promise)));
        row.verdict = hu_scan(runs, &subject, &options);
        if (row.verdict.failed)
            check_memory(NULL);
        row.seconds = now() - began;
        began = now();
        take_row(q, tally, &row, q->standard && c->from->width <= STANDARD_WIDTH);
    }
    hu_runs_free(runs);
    return true;
}

/* The standard set has over a thousand small combinations: a row for each of their sources. */
static void try_source(struct request *q, struct tally *tally, const struct hu_format *from)
{
    struct tally before = *tally;
    double began = now();
    each_combination(q, tally, from, try_kernels);
    bool narrow = from->width <= STANDARD_WIDTH;
    if (!q->standard || q->json || !narrow || tally->failed != before.failed)
        return;
    char targets[24];
    snprintf(targets, sizeof targets, "all %zu", q->to.count);
    head(tally, "");
    verify_print_summary(from->name, targets, "all 6", hu_kernel_name(hu_kernel_chosen()), "all",
                         tally->inputs - before.inputs, now() - began);
    fflush(stdout);
}

static void verify_own(struct request *q, struct tally *tally)
{
    for (size_t f = 0; f < q->from.count; f++)
        each_combination(q, tally, q->from.at[f], count_inputs);
    progress_begin("verify", "inputs", tally->expected / (q->shards ? q->shards : 1));
    for (size_t f = 0; f < q->from.count; f++)
        try_source(q, tally, q->from.at[f]);
}

/* Somebody else's library. */

/* How the function on trial came to its end, and on which source. */
static void explain_stop(const struct request *q, struct hu_foreign *f, struct verify_row *row)
{
    char text[256];
    int number;
    enum hu_foreign_end end = hu_foreign_ending(f, &number);
    const struct hu_verdict *v = &row->verdict;
    if (end == HU_HUNG)
        snprintf(text, sizeof text, "hangs (no answer in %" PRIu64 " s)", q->timeout);
    else if (end == HU_CRASHED)
        snprintf(text, sizeof text, "crashes (signal %d, %s)", number, strsignal(number));
    else
        snprintf(text, sizeof text, "ends its process (exit status %d)", number);
    row->ending = check_memory(strdup(text));
    row->blamed = v->stopped_sources &&
                  hu_foreign_blame(f, v->stopped_sources, v->stopped_count, &row->blamed_source);
}

/* A bare name of a file here is that file to the loader only with a slash. */
static char *library_path(const char *name)
{
    char *path = check_memory(malloc(strlen(name) + 3));
    FILE *here = strchr(name, '/') ? NULL : fopen(name, "r");
    sprintf(path, "%s%s", here ? "./" : "", name);
    if (here)
        fclose(here);
    return path;
}

static int verify_against(struct request *q, struct tally *tally)
{
    char message[HU_FOREIGN_MESSAGE];
    char *colon = strrchr(q->against, ':');
    if (!colon || colon == q->against || !colon[1])
        return fail(q->command, "--against: '%s' is not of the form LIB.so:SYMBOL", q->against);
    char *library = check_memory(strndup(q->against, (size_t)(colon - q->against)));
    char *path = library_path(library);
    struct combination c = {q->to.at[0], q->from.at[0], q->direction.direction[0]};
    struct hu_foreign *foreign = hu_foreign_open(path, colon + 1, c.to, c.from, (unsigned)q->jobs,
                                                 (int)q->timeout * 1000, message);
    if (foreign) {
        double began = now();
        struct hu_runs *runs = make_runs(q, &c);
        struct hu_subject subject = hu_foreign_subject(foreign);
        struct hu_scan_options options = scan_options(q, tally);
        progress_begin("verify", "inputs", hu_scan_inputs(runs, &options) / options.shards);
        struct verify_row row = new_row(runs, q->against);
        row.verdict = hu_scan(runs, &subject, &options);
        row.seconds = now() - began;
        if (row.verdict.stopped)
            explain_stop(q, foreign, &row);
        take_row(q, tally, &row, false);
        hu_runs_free(runs);
        hu_foreign_close(foreign);
    }
    free(path);
    free(library);
    return foreign ? EXIT_DONE : fail(q->command, "--against: %s", message);
}

/* Recorded results. */

static int verify_vectors(struct request *q, struct tally *tally)
{
    bool standard_input = !strcmp(q->vectors, "-");
    const char *name = standard_input ? "standard input" : q->vectors;
    FILE *stream = standard_input ? stdin : fopen(q->vectors, "r");
    if (!stream)
        return fail(q->command, "%s: %s", q->vectors, strerror(errno));
    struct hu_recorded recorded;
    struct hu_promise promise = q->promise;
    promise.options.direction = q->direction.direction[0];
    progress_begin("verify", "lines", 0);
    double began = now();
    hu_recorded_check(&recorded, stream, q->to.at[0], q->from.at[0], &promise, progress_step, NULL);
    if (!standard_input)
        fclose(stream);
    struct verify_row row = {.to = q->to.at[0],
                             .from = q->from.at[0],
                             .direction = promise.options.direction,
                             .subject = q->vectors,
                             .covers = "lines",
                             .lines = recorded.line,
                             .seconds = now() - began};
    row.verdict.inputs = recorded.lines;
    row.verdict.mismatches = recorded.mismatches;
    row.verdict.shown = recorded.shown;
    memcpy(row.verdict.first, recorded.first, sizeof recorded.first);
    if (recorded.bad) {
        progress_end();
        return fail(q->command, "%s: %s", name, recorded.message);
    }
    if (!recorded.lines) {
        progress_end();
        return fail(q->command, "%s: there is no vector in it", name);
    }
    take_row(q, tally, &row, false);
    return EXIT_DONE;
}

static int verify(struct request *q)
{
    struct tally tally = {.began = now()};
    int status = EXIT_DONE;
    if (!complete(q))
        return EXIT_BAD;
    if (q->json)
        tally.rows = check_memory(json_array());
    if (q->vectors)
        status = verify_vectors(q, &tally);
    else if (q->against)
        status = verify_against(q, &tally);
    else
        verify_own(q, &tally);
    if (status == EXIT_DONE)
        return finish(q, &tally);
    json_decref(tally.rows);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request q = {.command = self->name,
                        .jobs = hu_pool_processors(),
                        .count = UNSET,
                        .seed = 1,
                        .timeout = 10};
    struct options o;
    int key, status = EXIT_BAD;
    bool good = true;
    options_begin(&o, self, argc, argv);
    while (good && (key = option_next(&o)) >= 0)
        good = read_option(&q, key, o.value);
    if (good && key == OPTION_EXIT)
        status = o.status;
    else if (good && o.argc)
        status = fail(self->name, "takes no argument: '%s'", o.argv[0]);
    else if (good)
        status = verify(&q);
    free(q.kernel);
    free(q.against);
    return status;
}

const struct command cmd_verify = {
    .name = "verify",
    .usage = "[-f LIST] [-t LIST] [-r LIST|all] [--kernel LIST|all] [OPTION…]",
    .summary = "prove conversions against MPFR, ours or a library's or recorded ones",
    .details =
        "Every source of at most 32 bits is tried over all of its encodings; a wider one at every\n"
        "boundary of the target with its neighbours, and on seeded draws. Exit status 1: "
        "something\n"
        "did not match. Flags in --vectors are TestFloat's bits: inexact 1, underflow 2,\n"
        "overflow 4, invalid 16.\n\n"
        "  halfulp verify -f fp32 -t fp16 -r all --kernel all\n"
        "  halfulp verify -f fp32 -t bf16 --against ./cast.so:to_bf16\n"
        "  testfloat_gen … | my_conversion | halfulp verify -f fp32 -t fp16 --vectors -",
    .options = rows,
    .run = run,
};
