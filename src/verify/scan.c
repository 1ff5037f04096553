#include "verify/layout.h"
#include "pool.h"
#include "verify/random.h"
#include "verify/trial.h"
#include "operation.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCKS_A_TASK = 1 << 22, /* encodings */
    RUNS_A_TASK = 1 << 12,
    UNITS_A_TASK = 1 << 22,
    DRAWS_A_TASK = 1 << 13,
};

void hu_verdict_free(struct hu_verdict *verdict)
{
    free(verdict->stopped_sources);
    verdict->stopped_sources = NULL;
    hu_faults_free(&verdict->faults);
}

bool hu_verdict_passed(const struct hu_verdict *v)
{
    return !v->mismatches && !v->calls && !v->stopped && !v->partial;
}

static void add_parts(struct trial *t, int kind, size_t run, uint64_t count, uint64_t share)
{
    for (uint64_t first = 0; first < count; first += share) {
        uint64_t last = count - first < share ? count - 1 : first + share - 1;
        if (t->part)
            t->part[t->parts] = (struct part){.first = first, .last = last, .run = run};
        if (t->part)
            t->part[t->parts].kind = kind;
        t->parts++;
    }
}

/* Counts the parts, and lists them where t->part is there. The long ones come first. */
static void find_parts(struct trial *t)
{
    const struct hu_runs *runs = t->runs;
    t->parts = 0;
    if (hu_scans_all(runs->from, t->options)) {
        uint64_t share = t->options->shards > 1 ? TRIAL_BLOCKS_A_SHARE : BLOCKS_A_TASK;
        add_parts(t, PART_BLOCKS, 0, hu_width_mask(runs->from) + 1, share);
    } else {
        uint64_t stride;
        for (size_t i = 0; runs->ladders && i < runs->count; i++)
            if (runs->run[i].kind != HU_CONSTANT)
                add_parts(t, PART_UNITS, i, trial_units_of(runs, i, &stride), UNITS_A_TASK);
        add_parts(t, PART_POINTS, 0, runs->count, RUNS_A_TASK);
        add_parts(t, PART_DRAWS, 0, t->options->draws, DRAWS_A_TASK);
    }
    add_parts(t, PART_LONE, 0, runs->count, RUNS_A_TASK);
    add_parts(t, PART_TAILS, 0, 1, 1);
    add_parts(t, PART_LENGTHS, 0, t->subject->longest ? 1 : 0, 1);
}

static bool on_shard(const struct trial *t, size_t task)
{
    bool has_some = t->part[task].kind == PART_LONE && hu_scans_all(t->runs->from, t->options);
    return has_some || trial_deals(t, task);
}

static bool set_up(struct bench *b)
{
    const struct hu_runs *runs = b->trial->runs;
    size_t n = b->trial->subject->block + BLOCK_MARGIN;
    b->src = hu_layout_new(runs->from, n);
    b->dst = hu_layout_new(runs->to, n);
    b->expected = hu_layout_new(runs->to, n);
    b->source = malloc(n * sizeof *b->source);
    b->code = malloc(n * sizeof *b->code);
    b->flags = malloc(n * sizeof *b->flags);
    b->wrong = malloc(n * sizeof *b->wrong);
    b->reference = hu_reference_new();
    return b->src && b->dst && b->expected && b->source && b->code && b->flags && b->wrong &&
           b->reference;
}

static void take_down(struct bench *b)
{
    free(b->src);
    free(b->dst);
    free(b->expected);
    free(b->source);
    free(b->code);
    free(b->flags);
    free(b->wrong);
    hu_reference_free(b->reference);
    hu_faults_free(&b->faults);
}

static struct plain_range plain_range(const struct hu_format *f)
{
    if (f->specials == HU_SPECIALS_SCALE)
        return (struct plain_range){1, 0};
    uint64_t least = hu_min_normal_code(f);
    return (struct plain_range){least, hu_max_finite_code(f) - least};
}

static void run_part(void *context, size_t task, unsigned worker)
{
    struct trial *t = context;
    struct bench *b = &t->bench[worker];
    if (!on_shard(t, task) || trial_is_over(t))
        return;
    if (!b->trial) {
        b->trial = t;
        b->worker = worker;
        if (!set_up(b)) {
            atomic_store(&t->stop, true);
            pthread_mutex_lock(&t->lock);
            t->verdict.failed = true;
            pthread_mutex_unlock(&t->lock);
            return;
        }
    }
    static uint64_t (*const run[])(struct bench *, const struct part *) = {
        [PART_BLOCKS] = trial_blocks,  [PART_POINTS] = trial_points, [PART_UNITS] = trial_units,
        [PART_DRAWS] = trial_draws,    [PART_LONE] = trial_lones,    [PART_TAILS] = trial_tails,
        [PART_LENGTHS] = trial_lengths};
    b->part = (uint32_t)task;
    b->first_position = b->position = 0;
    uint64_t inputs = run[t->part[task].kind](b, &t->part[task]);
    trial_progress(b, 0);
    if (b->has_open)
        b->open.at_end = b->open_position + 1 == b->position;
    trial_break(b);
    pthread_mutex_lock(&t->lock);
    t->verdict.inputs += inputs;
    hu_faults_take(&t->verdict.faults, &b->faults);
    pthread_mutex_unlock(&t->lock);
}

struct hu_verdict hu_scan(const struct hu_runs *runs, const struct hu_subject *subject,
                          const struct hu_scan_options *options)
{
    struct trial t = {.runs = runs, .subject = subject, .options = options};
    unsigned jobs = options->jobs ? options->jobs : 1;
    pthread_mutex_init(&t.lock, NULL);
    t.plain_from = plain_range(runs->from);
    t.plain_to = plain_range(runs->to);
    /* Flags of several steps, and of inputs that may give anything, are not foretold. */
    t.wants_flags = subject->has_flags && !runs->promise.no_flags && !runs->promise.step[0] &&
                    !(runs->promise.ignore & (HU_IGNORE_NAN | HU_IGNORE_INFINITY));
    find_parts(&t);
    t.part = malloc(t.parts * sizeof *t.part);
    t.bench = calloc(jobs, sizeof *t.bench);
    if (t.part && t.bench) {
        find_parts(&t);
        bool small = runs->from->width <= 12;
        hu_pool_run(small ? 1 : jobs, t.parts, run_part, &t);
        for (unsigned i = 0; i < jobs; i++)
            take_down(&t.bench[i]);
    } else
        t.verdict.failed = true;
    free(t.part);
    free(t.bench);
    pthread_mutex_destroy(&t.lock);
    free(t.apart);
    t.verdict.mismatches = atomic_load(&t.mismatches);
    hu_faults_finish(&t.verdict.faults);
    t.verdict.failed |= t.verdict.faults.failed;
    return t.verdict;
}

static uint64_t inputs_of_units(const struct hu_runs *runs, size_t run)
{
    uint64_t stride, inputs = 0, units = trial_units_of(runs, run, &stride);
    for (uint64_t first = 0; first < units; first += UNITS_A_TASK) {
        uint64_t left = units - first;
        uint64_t last = first + (left < UNITS_A_TASK ? left : UNITS_A_TASK) - 1;
        inputs += trial_unit_inputs(runs, run, first, last);
    }
    return inputs;
}

uint64_t hu_scan_inputs(const struct hu_runs *runs, const struct hu_scan_options *options)
{
    if (hu_scans_all(runs->from, options))
        return hu_width_mask(runs->from) + 1;
    uint64_t inputs = options->draws;
    for (size_t i = 0; i < runs->count; i++) {
        uint64_t length = hu_run_last(runs, i) - runs->run[i].first;
        if (runs->run[i].kind == HU_CONSTANT)
            inputs += length < 4 ? length + 1 : 5;
        else
            inputs += inputs_of_units(runs, i);
    }
    return inputs;
}
