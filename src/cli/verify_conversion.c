/* Conversions on trial: our own kernels, a library's function, recorded results. */
#include "room.h"
#include "progress.h"
#include "verify.h"
#include "verify/foreign.h"
#include "verify/own.h"

#include <signal.h>
#include <time.h>

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

void verify_watch_interruption(void)
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESETHAND | SA_RESTART}, old;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, NULL, &old);
    if (old.sa_handler != SIG_IGN)
        sigaction(SIGINT, &action, NULL);
}

int verify_end(int status)
{
    if (!atomic_load(&interrupted))
        return status;
    fflush(stdout);
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
    return status;
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
        .progress = progress_add,
    };
}

/* The table of FROM into TO in DIRECTION as promised. */
static struct hu_runs *verify_runs(const struct verify_request *q, const struct hu_format *to,
                                   const struct hu_format *from, enum hu_direction direction)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = direction;
    return check_memory(hu_runs_new(to, from, &promise, (unsigned)q->jobs));
}

/* A row for a trial by RUNS. */
static struct verify_row verify_row_of(const struct verify_request *q, const struct hu_runs *runs,
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

/* Names in ROW, which failed, the convention under which SUBJECT passes. */
static void verify_explain(const struct verify_request *q, const struct hu_runs *runs,
                           const struct hu_subject *subject, struct verify_row *row)
{
    struct verify_tally none = {0};
    struct hu_scan_options options = verify_scan_options(q, &none);
    row->explained = !row->verdict.partial && !row->verdict.stopped;
    if (!hu_convention_explain(&row->explanation, runs, subject, &row->verdict, &options,
                               verify_begin_proof))
        row->explanation.options = 0;
}

enum { STANDARD_WIDTH = 16 };

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
            if ((!q->standard || in_standard_set(&c)) && !visit(q, tally, &c))
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

static bool try_kernels(struct verify_request *q, struct verify_tally *tally,
                        const struct combination *c)
{
    double began = seconds_now();
    if (atomic_load(verify_interrupted()))
        return false;
    if (!kernels_for(q, c))
        return true;
    struct hu_runs *runs = verify_runs(q, c->to, c->from, c->direction);
    const struct hu_promise *promise = &runs->promise;
    for (size_t i = 0; i < q->kernels; i++) {
        if (q->all_kernels && !kernel_has(q->kernel[i], c, promise))
            continue;
        struct hu_own own = {q->kernel[i], hu_question_of_conversion(c->to, c->from, promise)};
        struct hu_subject subject = hu_own_subject(&own);
        struct hu_scan_options options = verify_scan_options(q, tally);
        tally->expected += hu_scan_inputs(runs, &options) - guess_inputs(q, c);
        progress_total(tally->expected / options.shards);
        const char *name = hu_kernel_name(runs_as(q->kernel[i], c, promise));
        struct verify_row row = verify_row_of(q, runs, name);
        row.verdict = hu_scan(runs, &subject, &options);
        check_memory(row.verdict.failed ? NULL : &row);
        row.seconds = seconds_now() - began;
        if (!verify_row_passed(&row))
            verify_explain(q, runs, &subject, &row);
        began = seconds_now();
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
    double began = seconds_now();
    each_combination(q, tally, from, try_kernels);
    bool narrow = from->width <= STANDARD_WIDTH;
    if (!q->standard || q->json || !narrow || tally->failed != before.failed)
        return;
    char targets[24];
    snprintf(targets, sizeof targets, "all %zu", q->to.count);
    verify_head(tally, "");
    verify_print_summary(from->name, targets, "all 6", hu_kernel_name(hu_kernel_chosen()), "all",
                         tally->inputs - before.inputs, "0", seconds_now() - began);
    fflush(stdout);
}

void verify_kernels(struct verify_request *q, struct verify_tally *tally)
{
    for (size_t f = 0; f < q->from.count; f++)
        each_combination(q, tally, q->from.at[f], count_inputs);
    progress_begin("verify", "inputs", tally->expected / (q->shards ? q->shards : 1));
    for (size_t f = 0; f < q->from.count && !atomic_load(verify_interrupted()); f++)
        try_source(q, tally, q->from.at[f]);
}

char *verify_ending(const struct verify_request *q, struct hu_foreign *f)
{
    char text[256];
    int number;
    enum hu_foreign_end end = hu_foreign_ending(f, &number);
    if (end == HU_HUNG)
        snprintf(text, sizeof text, "hangs (no answer in %" PRIu64 " s)", q->timeout);
    else if (end == HU_CRASHED)
        snprintf(text, sizeof text, "crashes (signal %d, %s)", number, strsignal(number));
    else
        snprintf(text, sizeof text, "ends its process (exit status %d)", number);
    return check_memory(strdup(text));
}

/* That, and on which source. */
static void explain_stop(const struct verify_request *q, struct hu_foreign *f,
                         struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    row->ending = verify_ending(q, f);
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

static void try_direction(struct verify_request *q, struct verify_tally *tally,
                          struct hu_foreign *foreign, enum hu_direction direction)
{
    double began = seconds_now();
    struct hu_runs *runs = verify_runs(q, q->to.at[0], q->from.at[0], direction);
    struct hu_subject subject = hu_foreign_subject(foreign);
    struct hu_scan_options options = verify_scan_options(q, tally);
    progress_begin("verify", "inputs", hu_scan_inputs(runs, &options) / options.shards);
    struct verify_row row = verify_row_of(q, runs, q->against);
    row.verdict = hu_scan(runs, &subject, &options);
    check_memory(row.verdict.failed ? NULL : &row);
    row.seconds = seconds_now() - began;
    if (row.verdict.stopped)
        explain_stop(q, foreign, &row);
    else if (!verify_row_passed(&row))
        verify_explain(q, runs, &subject, &row);
    verify_take_row(q, tally, &row, false);
    hu_runs_free(runs);
}

void verify_split_against(const struct verify_request *q, char **library, char **symbol)
{
    const char *colon = strrchr(q->against, ':');
    if (!colon || colon == q->against || !colon[1])
        die("--against: '%s' is not of the form LIB.so:SYMBOL", q->against);
    OWNED char *name = check_memory(strndup(q->against, (size_t)(colon - q->against)));
    *library = library_path(name);
    *symbol = check_memory(strdup(colon + 1));
}

struct hu_foreign *verify_open_foreign(const struct verify_request *q,
                                       struct hu_foreign_function *function)
{
    char message[HU_FOREIGN_MESSAGE];
    const struct hu_format *to = function->to, *from = function->from[0];
    if (q->in_place && to->storage_bits != from->storage_bits)
        die("--in-place: an element of %s has %d bits and one of %s %d", from->name,
            from->storage_bits, to->name, to->storage_bits);
    function->in_place = q->in_place;
    function->timeout_ms = (int)q->timeout * 1000;
    struct hu_foreign *foreign = hu_foreign_open(function, (unsigned)q->jobs, message);
    if (!foreign)
        die("--against: %s", message);
    return foreign;
}

void verify_against(struct verify_request *q, struct verify_tally *tally)
{
    OWNED char *library = NULL, *symbol = NULL;
    verify_split_against(q, &library, &symbol);
    struct hu_foreign_function function = {
        .path = library, .symbol = symbol, .to = q->to.at[0], .from = q->from.at, .sources = 1};
    /* Children are started anew for each direction: one may have ended the last. */
    for (size_t i = 0; i < q->direction.count && !atomic_load(verify_interrupted()); i++) {
        struct hu_foreign *foreign = verify_open_foreign(q, &function);
        try_direction(q, tally, foreign, q->direction.direction[i]);
        hu_foreign_close(foreign);
    }
}

/* Standard input is read more than once, so its lines are kept in a file that has no name. */
static FILE *spooled(FILE *stream)
{
    char buffer[1 << 16];
    size_t n;
    FILE *file = tmpfile();
    while (file && (n = fread(buffer, 1, sizeof buffer, stream)) > 0)
        if (fwrite(buffer, 1, n, file) != n)
            break;
    if (!file || ferror(file) || ferror(stream)) {
        if (file)
            fclose(file);
        return NULL;
    }
    rewind(file);
    return file;
}

static bool lines_pass(FILE *stream, const struct hu_question *question)
{
    OWNED struct hu_recorded *again = check_memory(malloc(sizeof *again));
    struct hu_recorded_options options = {.progress = progress_add, .cancel = verify_interrupted()};
    bool pass = !fseek(stream, 0, SEEK_SET);
    if (pass) {
        hu_recorded_check(again, stream, question, &options);
        pass = !again->bad && !again->mismatches && !atomic_load(verify_interrupted());
        hu_faults_free(&again->faults);
    }
    return pass;
}

/* EXPLANATION := the first convention near QUESTION that SAMPLE does not contradict and that all
 * lines keep, if there is one. */
static void explain(FILE *stream, const struct hu_question *question,
                    const struct hu_sample *sample, struct hu_convention *explanation)
{
    struct hu_convention found[HU_CONVENTIONS_PROVED];
    size_t n = hu_conventions_find(sample, question, found, HU_CONVENTIONS_PROVED);
    for (size_t i = 0; i < n && !explanation->options; i++)
        if (lines_pass(stream, &found[i].question))
            *explanation = found[i];
}

const char *verify_vectors_name(const struct verify_request *q)
{
    return strcmp(q->vectors, "-") ? q->vectors : "standard input";
}

FILE *verify_open_vectors(const struct verify_request *q)
{
    FILE *stream = strcmp(q->vectors, "-") ? fopen(q->vectors, "r") : spooled(stdin);
    if (!stream)
        die("%s: %s", verify_vectors_name(q), strerror(errno));
    return stream;
}

struct verify_lines *verify_check_lines(const struct verify_request *q,
                                        const struct hu_question *question)
{
    FILE *stream = verify_open_vectors(q);
    struct verify_lines *lines = check_memory(calloc(1, sizeof *lines));
    struct hu_recorded *recorded = &lines->recorded;
    struct hu_sample sample = {0};
    struct hu_recorded_options options = {.progress = progress_add,
                                          .sample = &sample,
                                          .cancel = verify_interrupted(),
                                          .stop_after = q->stop_after};
    double began = seconds_now();
    progress_begin("verify", "lines", 0);
    hu_recorded_check(recorded, stream, question, &options);
    lines->seconds = seconds_now() - began;
    lines->partial = atomic_load(verify_interrupted()) ||
                     (q->stop_after && recorded->mismatches >= q->stop_after);
    lines->explained = recorded->mismatches && !recorded->bad && !lines->partial;
    if (lines->explained)
        explain(stream, question, &sample, &lines->explanation);
    hu_sample_free(&sample);
    fclose(stream);
    if (!recorded->bad && recorded->lines)
        return lines;
    progress_end();
    die("%s: %s", verify_vectors_name(q),
        recorded->bad ? recorded->message : "there is no vector in it");
}

void verify_vectors(struct verify_request *q, struct verify_tally *tally)
{
    struct hu_promise promise = q->promise;
    promise.options.direction = q->direction.direction[0];
    struct hu_question question = hu_question_of_conversion(q->to.at[0], q->from.at[0], &promise);
    OWNED struct verify_lines *lines = verify_check_lines(q, &question);
    struct verify_row row = {.to = hu_promised_format(question.to, &promise),
                             .result = question.to,
                             .from = question.from[0],
                             .direction = promise.options.direction,
                             .subject = q->vectors,
                             .covers = "lines",
                             .shown = q->shown,
                             .seconds = lines->seconds,
                             .explained = lines->explained,
                             .explanation = lines->explanation};
    row.verdict.inputs = lines->recorded.lines;
    row.verdict.mismatches = lines->recorded.mismatches;
    row.verdict.faults = lines->recorded.faults;
    row.verdict.partial = lines->partial;
    verify_take_row(q, tally, &row, false);
}
