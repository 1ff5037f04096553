/* Conversions on trial: the project's own kernels, and what all subjects share. */
#include "folding.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "text.h"
#include "verify.h"
#include "verify_blocks.h"
#include "verify/own.h"
#include "pool.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STANDARD_WIDTH = 16 };

double verify_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Ctrl-C: the first ends the work and has the report of what was done, the second the process. */

static atomic_bool interrupted;

const atomic_bool *verify_interrupted(void)
{
    return &interrupted;
}

static void interrupt(int number)
{
    (void)number;
    atomic_store(&interrupted, true);
}

static void watch_interruption(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESETHAND | SA_RESTART}, old;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, NULL, &old);
    if (old.sa_handler != SIG_IGN)
        sigaction(SIGINT, &action, NULL);
}

/* STATUS, or the end that a shell expects of what was interrupted. */
static int end_interrupted(int status)
{
    if (!atomic_load(&interrupted))
        return status;
    fflush(stdout);
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
    return status;
}

/* Showing. */

void verify_progress(void *context, uint64_t inputs)
{
    (void)context;
    progress_add(inputs);
}

void verify_head(struct verify_tally *tally, const char *subject)
{
    progress_hide();
    if (!tally->headed)
        verify_print_heading(subject);
    tally->headed = true;
}

void verify_take_row(const struct verify_request *q, struct verify_tally *tally,
                     struct verify_row *row, bool quiet)
{
    tally->combinations++;
    tally->inputs += row->verdict.inputs;
    tally->mismatches += row->verdict.mismatches;
    tally->crashed |= row->verdict.stopped;
    bool passed = verify_row_passed(row);
    /* What Ctrl-C cut short is no proof, and no failure either. */
    bool cut = row->verdict.partial && !row->verdict.mismatches && !row->verdict.calls;
    tally->cut += cut;
    tally->failed += !passed && !cut;
    if (q->json)
        json_array_append_new(tally->rows, verify_row_json(row));
    else if (!(quiet && passed)) {
        verify_head(tally, row->subject);
        verify_print_row(row);
        verify_print_faults(row);
        fflush(stdout);
    }
    verify_row_free(row);
}

static void print_total(const struct verify_request *q, const struct verify_tally *tally)
{
    char inputs[GROUPED_TEXT], wrong[GROUPED_TEXT], combinations[GROUPED_TEXT];
    char failed[GROUPED_TEXT];
    printf("\n%s combination%s, %s%s failed, %s inputs, %s mismatch%s, %.2f s, %" PRIu64 " job%s\n",
           grouped(combinations, tally->combinations), tally->combinations == 1 ? "" : "s",
           tally->cut ? "the last cut short, " : "",
           tally->failed ? grouped(failed, tally->failed) : "none", grouped(inputs, tally->inputs),
           tally->mismatches ? grouped(wrong, tally->mismatches) : "no",
           tally->mismatches == 1 ? "" : "es", verify_now() - tally->began, q->jobs,
           q->jobs == 1 ? "" : "s");
    if (q->standard)
        puts(
            "Covered: sources of at most 16 bits to every format in every direction; fp64, fp32 "
            "and\n"
            "tf32 to the narrower of fp32, tf32, bf16, fp16, fp8_e5m2 and fp8_e4m3 in rne; by the\n"
            "best kernel. -f, -t, -r all and --kernel all cover the rest.");
}

static int finish(const struct verify_request *q, struct verify_tally *tally)
{
    progress_end();
    if (q->json)
        json_print(json_pack(
            "{s:o, s:I, s:I, s:o, s:f, s:I, s:o, s:o, s:b}", "combinations", tally->rows, "count",
            (json_int_t)tally->combinations, "inputs", (json_int_t)tally->inputs, "mismatches",
            tally->crashed ? json_null() : json_integer((json_int_t)tally->mismatches), "seconds",
            verify_now() - tally->began, "jobs", (json_int_t)q->jobs, "shard",
            q->shards ? json_integer((json_int_t)q->shard) : json_null(), "shards",
            q->shards ? json_integer((json_int_t)q->shards) : json_null(), "passed",
            !tally->failed && !tally->cut));
    else
        print_total(q, tally);
    return tally->failed || tally->cut ? EXIT_NO : EXIT_DONE;
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

static bool wanted(const struct verify_request *q, const struct combination *c)
{
    return !q->standard || in_standard_set(c);
}

/* What a scan will cover, before its table is there. */
static uint64_t guess_inputs(const struct verify_request *q, const struct combination *c)
{
    struct hu_scan_options options = {.boundaries = q->boundaries};
    if (hu_scans_all(c->from, &options))
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

static size_t kernels_for(const struct verify_request *q, const struct combination *c)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = c->direction;
    size_t n = 0;
    for (size_t i = 0; i < q->kernels; i++)
        n += !q->all_kernels || kernel_has(q->kernel[i], c, &promise);
    return n;
}

typedef bool visitor(struct verify_request *q, struct verify_tally *tally,
                     const struct combination *c);

/* Calls VISIT for each combination until it says false. */
static bool each_combination(struct verify_request *q, struct verify_tally *tally,
                             const struct hu_format *from, visitor *visit)
{
    for (size_t t = 0; t < q->to.count; t++)
        for (size_t d = 0; d < q->direction.count; d++) {
            struct combination c = {q->to.at[t], from, q->direction.direction[d]};
            if (wanted(q, &c) && !visit(q, tally, &c))
                return false;
        }
    return true;
}

static bool count_inputs(struct verify_request *q, struct verify_tally *tally,
                         const struct combination *c)
{
    tally->expected += guess_inputs(q, c) * kernels_for(q, c);
    return true;
}

struct hu_scan_options verify_scan_options(const struct verify_request *q,
                                           const struct verify_tally *tally)
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
        .boundaries = q->boundaries,
        .stop_after = q->stop_after,
        .cancel = &interrupted,
        .progress = verify_progress,
    };
}

struct hu_runs *verify_runs(const struct verify_request *q, const struct hu_format *to,
                            const struct hu_format *from, enum hu_direction direction)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = direction;
    return check_memory(hu_runs_new(to, from, &promise, (unsigned)q->jobs));
}

struct verify_row verify_row_of(const struct verify_request *q, const struct hu_runs *runs,
                                const char *subject)
{
    struct hu_scan_options options = {.boundaries = q->boundaries};
    return (struct verify_row){
        .to = hu_promised_format(runs->to, &runs->promise),
        .result = runs->to,
        .from = runs->from,
        .direction = runs->promise.options.direction,
        .subject = subject,
        .covers = hu_scans_all(runs->from, &options) ? "all" : "boundaries",
        .shown = q->shown,
        .refuted = runs->refuted,
        .refuted_at = runs->refuted_at,
    };
}

void verify_begin_proof(uint64_t inputs)
{
    progress_begin("prove", "inputs", inputs);
}

void verify_explain(const struct verify_request *q, const struct hu_runs *runs,
                    const struct hu_subject *subject, struct verify_row *row)
{
    struct verify_tally none = {0};
    struct hu_scan_options options = verify_scan_options(q, &none);
    row->explained = !row->verdict.partial && !row->verdict.stopped;
    if (!hu_convention_explain(&row->explanation, runs, subject, &row->verdict, &options,
                               verify_begin_proof))
        row->explanation.options = 0;
}

static bool try_kernels(struct verify_request *q, struct verify_tally *tally,
                        const struct combination *c)
{
    double began = verify_now();
    if (atomic_load(&interrupted))
        return false;
    if (!kernels_for(q, c))
        return true;
    struct hu_runs *runs = verify_runs(q, c->to, c->from, c->direction);
    const struct hu_promise *promise = &runs->promise;
    for (size_t i = 0; i < q->kernels; i++) {
        if (q->all_kernels && !kernel_has(q->kernel[i], c, promise))
            continue;
        struct hu_own own = {q->kernel[i], c->to, c->from, promise->options};
        struct hu_subject subject = hu_own_subject(&own);
        struct hu_scan_options options = verify_scan_options(q, tally);
        tally->expected += hu_scan_inputs(runs, &options) - guess_inputs(q, c);
        progress_total(tally->expected / options.shards);
        const char *name = hu_kernel_name(runs_as(q->kernel[i], c, promise));
        struct verify_row row = verify_row_of(q, runs, name);
        row.verdict = hu_scan(runs, &subject, &options);
        check_memory(row.verdict.failed ? NULL : &row);
        row.seconds = verify_now() - began;
        if (!verify_row_passed(&row))
            verify_explain(q, runs, &subject, &row);
        began = verify_now();
        verify_take_row(q, tally, &row, q->standard && c->from->width <= STANDARD_WIDTH);
    }
    hu_runs_free(runs);
    return true;
}

/* The standard set has over a thousand small combinations: a row for each of their sources. */
static void try_source(struct verify_request *q, struct verify_tally *tally,
                       const struct hu_format *from)
{
    struct verify_tally before = *tally;
    double began = verify_now();
    each_combination(q, tally, from, try_kernels);
    bool narrow = from->width <= STANDARD_WIDTH;
    if (!q->standard || q->json || !narrow || tally->failed != before.failed)
        return;
    char targets[24];
    snprintf(targets, sizeof targets, "all %zu", q->to.count);
    verify_head(tally, "");
    verify_print_summary(from->name, targets, "all 6", hu_kernel_name(hu_kernel_chosen()), "all",
                         tally->inputs - before.inputs, "0", verify_now() - began);
    fflush(stdout);
}

static void verify_own(struct verify_request *q, struct verify_tally *tally)
{
    for (size_t f = 0; f < q->from.count; f++)
        each_combination(q, tally, q->from.at[f], count_inputs);
    progress_begin("verify", "inputs", tally->expected / (q->shards ? q->shards : 1));
    for (size_t f = 0; f < q->from.count && !atomic_load(&interrupted); f++)
        try_source(q, tally, q->from.at[f]);
}

static int verify(struct verify_request *q, const struct options *o)
{
    struct verify_tally tally = {.began = verify_now()};
    int status = EXIT_DONE;
    if (!verify_request_complete(q, o))
        return EXIT_BAD;
    watch_interruption();
    if (q->json)
        tally.rows = check_memory(json_array());
    else
        folding_begin();
    if (q->blocks.count)
        status = verify_blocks(q, &tally);
    else if (q->operations.count)
        status = verify_operations(q, &tally);
    else if (q->vectors)
        status = verify_vectors(q, &tally);
    else if (q->against)
        status = verify_against(q, &tally);
    else
        verify_own(q, &tally);
    if (status == EXIT_DONE)
        return end_interrupted(finish(q, &tally));
    json_decref(tally.rows);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct verify_request q = {.command = self->name,
                               .jobs = hu_pool_processors(),
                               .count = VERIFY_UNSET,
                               .seed = 1,
                               .timeout = 10,
                               .shown = 8};
    struct options o;
    int status = EXIT_BAD;
    if (!options_read(&o, self, argc, argv, &q))
        status = o.status;
    else if (o.argc)
        fail(self->name, "takes no argument: '%s'", o.argv[0]);
    else
        status = verify(&q, &o);
    verify_request_free(&q);
    return status;
}

const struct command cmd_verify = {
    .name = "verify",
    .usage = "[--op LIST|all] [-f LIST] [-t LIST] [-r LIST|all] [--kernel LIST|all] [OPTION…]",
    .summary = "prove conversions and operations against MPFR, ours, a library's or recorded ones",
    .details =
        "Every source of at most 32 bits is tried over all of its encodings; a wider one at every\n"
        "boundary of the target with its neighbours, and on seeded draws. What goes wrong is told "
        "as\n"
        "runs: the longest ranges of inputs that go wrong in one way. On failure the conventions "
        "of\n"
        "others are tried, and the one under which all inputs pass is named. Exit status 1: "
        "something\n"
        "did not match.\n\n"
        "With --op operations are tried: on all operands where they have at most 32 bits "
        "together,\n"
        "and otherwise on the combinations of edges and on directed draws, --count in all. "
        "--against\n"
        "calls as many arrays of operands as there are before the result; --vectors reads as many\n"
        "columns. -t is -f where it is left out.\n\n"
        "Arrays of --against are packed as everywhere: words of 1, 2, 4 or 8 bytes, tf32 at the "
        "top of\n"
        "4; codes of 6 and 4 bits fill bytes from the least significant bit, and take a byte each "
        "with\n"
        "the suffix _unpacked. Flags in --vectors are TestFloat's bits: inexact 1, underflow 2,\n"
        "overflow 4, division by zero 8, invalid 16.\n\n"
        "  halfulp verify -f fp32 -t fp16 -r all --kernel all\n"
        "  halfulp verify -f fp32 -t bf16 --against ./cast.so:to_bf16\n"
        "  halfulp verify -t mxfp4,nvfp4,q4_k -r all --rule all --count 100000\n"
        "  halfulp verify -t mxfp4 --against ./mx.so:quantize --which-rule\n"
        "  halfulp verify --op add,mul -f fp16\n"
        "  testfloat_gen f32_mulAdd | halfulp verify --op fma -f fp32 --vectors -\n"
        "  testfloat_gen … | my_conversion | halfulp verify -f fp32 -t fp16 --vectors -",
    .options = verify_options,
    .run = run,
};
