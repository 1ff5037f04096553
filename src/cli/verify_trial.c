/* What all subjects of a trial share: its clock, its interruption, its rows and its tables. */
#include "progress.h"
#include "report.h"
#include "verify.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

double verify_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

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
