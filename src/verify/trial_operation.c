#include "verify/trial_operation.h"
#include "verify/judge.h"
#include "verify/layout.h"
#include "verify/random.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_BITS = 32,       /* of all operands together */
    FEW_INPUTS_BITS = 20, /* so many have their flags asked for one by one */
    INPUTS_A_TASK = 1 << 18,
    FLAG_CALLS = 256, /* one in so many has its elements' flags asked for one by one */
    REPEATS = 64,     /* a call for one element's flags: enough for any kernel's lanes */
};

/* Classes. */

static enum hu_fault_class class_of(const struct hu_question *q, const struct hu_operation_fault *f)
{
    const struct hu_format *to = q->result;
    if (f->flags)
        return HU_FAULT_FLAGS;
    if (hu_is_comparison(q->operation))
        return HU_FAULT_ROUNDING;
    if (hu_code_is_nan(to, f->expected) || hu_code_is_nan(to, f->got))
        return HU_FAULT_NAN;
    if (f->expected_flags & HU_OVERFLOW)
        return HU_FAULT_OVERFLOW;
    if (hu_code_is_infinite(to, f->expected) || hu_code_is_infinite(to, f->got))
        return HU_FAULT_INFINITY;
    bool zeros = hu_code_is_zero(to, f->expected) && hu_code_is_zero(to, f->got);
    if (zeros)
        return HU_FAULT_ZERO_SIGN;
    bool subnormal = hu_code_is_subnormal(to, f->expected) || hu_code_is_subnormal(to, f->got);
    for (int i = 0; i < q->operands; i++)
        subnormal |= hu_code_is_subnormal(q->from[i], f->x[i]);
    return subnormal ? HU_FAULT_SUBNORMAL : HU_FAULT_ROUNDING;
}

static int compare_faults(const struct hu_operation_fault *a, const struct hu_operation_fault *b)
{
    for (int i = 0; i < HU_OPERANDS; i++)
        if (a->x[i] != b->x[i])
            return a->x[i] < b->x[i] ? -1 : 1;
    return 0;
}

/* In order of operands, the first of them. */
static void insert(struct hu_operation_faults *faults, const struct hu_operation_fault *fault)
{
    size_t at = faults->count;
    while (at > 0 && compare_faults(fault, &faults->at[at - 1]) < 0)
        at--;
    if (at == HU_OPERATION_FAULTS)
        return;
    if (faults->count < HU_OPERATION_FAULTS)
        faults->count++;
    memmove(&faults->at[at + 1], &faults->at[at], (faults->count - at - 1) * sizeof *faults->at);
    faults->at[at] = *fault;
}

void hu_operation_faults_add(struct hu_operation_faults *faults, const struct hu_question *q,
                             struct hu_operation_fault fault)
{
    fault.class = class_of(q, &fault);
    faults->inputs[fault.class]++;
    insert(faults, &fault);
}

static void take_faults(struct hu_operation_faults *to, const struct hu_operation_faults *more)
{
    for (size_t i = 0; i < more->count; i++)
        insert(to, &more->at[i]);
    for (int i = 0; i < HU_FAULT_CLASSES; i++)
        to->inputs[i] += more->inputs[i];
}

bool hu_operation_verdict_passed(const struct hu_operation_verdict *v)
{
    return !v->mismatches && !v->calls && !v->stopped && !v->partial;
}

/* What is covered. */

static int operand_bits(const struct hu_question *q)
{
    int bits = 0;
    for (int i = 0; i < q->operands; i++)
        bits += q->from[i]->width;
    return bits;
}

bool hu_operation_is_exhaustive(const struct hu_question *q, const struct hu_scan_options *options)
{
    return operand_bits(q) <= MOST_BITS && !options->boundaries;
}

uint64_t hu_operation_inputs(const struct hu_question *q, const struct hu_scan_options *options)
{
    if (hu_operation_is_exhaustive(q, options))
        return UINT64_C(1) << operand_bits(q);
    return options->draws;
}

/* Trying. */

/* What a worker has of its own. */
struct desk {
    struct hu_reference *reference;
    void *src[HU_OPERANDS], *dst;
    struct hu_judged *due;
    uint64_t *code; /* that is due, where there is no judge */
    struct hu_operation_verdict *verdict;
};

struct trial_of {
    const struct hu_question *q;
    const struct hu_subject *subject;
    const struct hu_scan_options *options;
    struct hu_judge *judge; /* NULL: MPFR alone */
    struct hu_operands operands;
    uint64_t inputs;
    bool exhaustive;
    size_t block;
    struct desk *desk;
    atomic_uint_fast64_t mismatches;
    atomic_bool ended;
};

static bool is_over(const struct trial_of *t)
{
    const struct hu_scan_options *o = t->options;
    return atomic_load(&t->ended) ||
           (o->cancel && atomic_load_explicit(o->cancel, memory_order_relaxed));
}

static void operands_of(const struct trial_of *t, uint64_t i, uint64_t x[HU_OPERANDS])
{
    if (!t->exhaustive) {
        hu_operands_at(&t->operands, i, x);
        return;
    }
    x[0] = x[1] = x[2] = 0;
    for (int k = t->q->operands - 1; k >= 0; k--) {
        x[k] = i & hu_width_mask(t->q->from[k]);
        i >>= t->q->from[k]->width;
    }
}

static void fill_sources(const struct trial_of *t, struct desk *d, uint64_t first, size_t n)
{
    const struct hu_question *q = t->q;
    uint64_t x[HU_OPERANDS];
    if (t->exhaustive) {
        operands_of(t, first, x);
        for (int k = 0; k < q->operands; k++) {
            struct hu_progression p = {x[k], k == q->operands - 1, 0, 0};
            hu_layout_fill(q->from[k], d->src[k], &p, n);
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        operands_of(t, first + i, x);
        for (int k = 0; k < q->operands; k++)
            hu_layout_store(q->from[k], d->src[k], i, x[k]);
    }
}

/* What N elements from FIRST on ought to give, into d->due. */
static void judge(const struct trial_of *t, struct desk *d, uint64_t first, size_t n)
{
    uint64_t x[HU_OPERANDS];
    if (t->judge) {
        operands_of(t, first, x);
        hu_judge_row(t->judge, d->reference, x, n, d->due);
    }
    for (size_t i = 0; !t->judge && i < n; i++) {
        unsigned flags;
        operands_of(t, first + i, x);
        d->code[i] = hu_question_expect(d->reference, t->q, x, &flags);
        d->due[i].flags = flags;
    }
}

static uint64_t code_due(const struct trial_of *t, const struct desk *d, size_t i)
{
    return t->judge ? d->due[i].code : d->code[i];
}

static void take_mismatch(struct trial_of *t, struct desk *d, const uint64_t x[],
                          struct hu_operation_fault fault)
{
    memcpy(fault.x, x, sizeof fault.x);
    hu_operation_faults_add(&d->verdict->faults, t->q, fault);
    d->verdict->mismatches++;
    uint64_t so_far = atomic_fetch_add(&t->mismatches, 1) + 1;
    if (t->options->stop_after && so_far >= t->options->stop_after)
        atomic_store(&t->ended, true);
}

static void stop_at(struct trial_of *t, struct desk *d, const uint64_t x[], size_t n)
{
    if (!d->verdict->stopped)
        memcpy(d->verdict->stopped_at, x, sizeof d->verdict->stopped_at);
    d->verdict->stopped = true;
    d->verdict->stopped_count = n;
    atomic_store(&t->ended, true);
}

/* The flags of one element, in a call that repeats it. */
static bool flags_of(const struct trial_of *t, struct desk *d, unsigned worker, const uint64_t x[],
                     unsigned *flags)
{
    const struct hu_question *q = t->q;
    const void *src[HU_OPERANDS];
    for (int k = 0; k < q->operands; k++) {
        struct hu_progression p = {x[k], 0, 0, 0};
        hu_layout_fill(q->from[k], d->src[k], &p, REPEATS);
        src[k] = d->src[k];
    }
    *flags = 0;
    return t->subject->give(t->subject->context, worker, d->dst, src, REPEATS, flags);
}

static void try_flags(struct trial_of *t, struct desk *d, unsigned worker, const uint64_t x[],
                      uint64_t code, unsigned due)
{
    unsigned got = 0;
    if (!flags_of(t, d, worker, x, &got))
        stop_at(t, d, x, REPEATS);
    else if (got != due && !(due & HU_ANYTHING))
        take_mismatch(t, d, x,
                      (struct hu_operation_fault){.expected = code,
                                                  .got = code,
                                                  .expected_flags = due,
                                                  .got_flags = got,
                                                  .flags = true});
}

/* Whether all N are what is due; *all: their flags together. */
static bool is_due(const struct trial_of *t, const struct desk *d, size_t n, unsigned *all)
{
    const struct hu_format *f = t->q->result;
    uint64_t wrong = 0;
    unsigned flags = 0;
    if (f->storage_bits == 16 && t->judge)
        for (size_t i = 0; i < n; i++) {
            wrong |= d->due[i].code ^ hu_layout_word((unsigned char *)d->dst + 2 * i, 2);
            flags |= d->due[i].flags;
        }
    else
        for (size_t i = 0; i < n; i++) {
            wrong |= code_due(t, d, i) ^ hu_layout_load(f, d->dst, i);
            flags |= d->due[i].flags;
        }
    *all = flags;
    return !wrong;
}

/* Compares the codes of N elements from FIRST on. Returns all their flags together; those of a
 * wrong code are not asked for any more, so that an input is counted once. */
static unsigned compare_block(struct trial_of *t, struct desk *d, uint64_t first, size_t n)
{
    const struct hu_question *q = t->q;
    unsigned all;
    if (is_due(t, d, n, &all))
        return all;
    for (size_t i = 0; i < n; i++) {
        unsigned flags = d->due[i].flags;
        uint64_t code = code_due(t, d, i), got = hu_layout_load(q->result, d->dst, i);
        if (got == code || (flags & HU_ANYTHING) ||
            hu_question_satisfies_otherwise(q, code, got, flags))
            continue;
        uint64_t x[HU_OPERANDS];
        operands_of(t, first + i, x);
        take_mismatch(
            t, d, x,
            (struct hu_operation_fault){
                .expected = code, .got = got, .expected_flags = flags, .got_flags = flags});
        d->due[i].flags |= HU_ANYTHING;
    }
    return all;
}

static void try_each_flag(struct trial_of *t, struct desk *d, unsigned worker, uint64_t first,
                          size_t n)
{
    for (size_t i = 0; i < n && !is_over(t); i++) {
        uint64_t x[HU_OPERANDS];
        operands_of(t, first + i, x);
        try_flags(t, d, worker, x, code_due(t, d, i), d->due[i].flags);
    }
}

static void try_block(struct trial_of *t, struct desk *d, unsigned worker, uint64_t first, size_t n)
{
    const struct hu_subject *s = t->subject;
    const void *const src[] = {d->src[0], d->src[1], d->src[2]};
    bool wants_flags = s->has_flags && !t->q->promise.no_flags;
    unsigned flags = 0;
    fill_sources(t, d, first, n);
    if (!s->give(s->context, worker, d->dst, src, n, wants_flags ? &flags : NULL)) {
        uint64_t x[HU_OPERANDS];
        operands_of(t, first, x);
        stop_at(t, d, x, n);
        return;
    }
    judge(t, d, first, n);
    unsigned due = compare_block(t, d, first, n);
    bool each = t->inputs >> FEW_INPUTS_BITS == 0 || t->options->every_flag ||
                first / t->block % FLAG_CALLS == 0;
    if (wants_flags && (each || (flags != due && !(due & HU_ANYTHING))))
        try_each_flag(t, d, worker, first, n);
    d->verdict->inputs += n;
}

static void run_task(void *context, size_t task, unsigned worker)
{
    struct trial_of *t = context;
    struct desk *d = &t->desk[worker];
    uint64_t shards = t->options->shards;
    uint64_t first = (uint64_t)task * INPUTS_A_TASK, end = first + INPUTS_A_TASK;
    if (shards > 1 && task % shards != t->options->shard)
        return;
    if (end > t->inputs)
        end = t->inputs;
    for (; first < end && !is_over(t); first += t->block) {
        size_t n = end - first < t->block ? (size_t)(end - first) : t->block;
        try_block(t, d, worker, first, n);
    }
    if (t->options->progress)
        t->options->progress(end - (uint64_t)task * INPUTS_A_TASK);
}

static bool set_up(struct trial_of *t, struct desk *d)
{
    const struct hu_question *q = t->q;
    size_t n = t->block > REPEATS ? t->block : REPEATS;
    d->reference = hu_reference_new();
    d->verdict = calloc(1, sizeof *d->verdict);
    d->due = malloc(n * sizeof *d->due);
    d->code = malloc(n * sizeof *d->code);
    bool good = d->reference && d->verdict && d->due && d->code;
    for (int k = 0; k < q->operands; k++)
        good &= (d->src[k] = hu_layout_new(q->from[k], n)) != NULL;
    return (d->dst = hu_layout_new(q->result, n)) && good;
}

static void take_down(struct desk *d)
{
    for (int k = 0; k < HU_OPERANDS; k++)
        free(d->src[k]);
    free(d->due);
    free(d->code);
    free(d->dst);
    free(d->verdict);
    hu_reference_free(d->reference);
}

static void take_verdict(struct hu_operation_verdict *v, const struct hu_operation_verdict *more)
{
    v->inputs += more->inputs;
    v->mismatches += more->mismatches;
    take_faults(&v->faults, &more->faults);
    if (more->calls) { /* one desk has them */
        v->calls = more->calls;
        memcpy(v->call, more->call, sizeof v->call);
    }
    if (more->stopped && !v->stopped) {
        v->stopped = true;
        memcpy(v->stopped_at, more->stopped_at, sizeof v->stopped_at);
        v->stopped_count = more->stopped_count;
    }
}

static void draw_operands(void *context, uint64_t i, uint64_t x[HU_OPERANDS])
{
    const struct trial_of *t = context;
    operands_of(t, hu_draw(t->options->seed, i) % t->inputs, x);
}

static bool lengths_are_over(void *context)
{
    return is_over(context);
}

/* What follows is of the first desk. */
static void take_length(void *context, const struct hu_length_fault *fault)
{
    struct hu_operation_verdict *v = ((struct trial_of *)context)->desk->verdict;
    if (v->calls < HU_SHOWN)
        v->call[v->calls] = *fault;
    v->calls++;
}

static void take_stop(void *context, const uint64_t tile[][HU_OPERANDS], size_t start, size_t n)
{
    struct trial_of *t = context;
    stop_at(t, t->desk, tile[start % HU_LENGTHS_TILE], n);
}

/* Calls of all lengths, of a subject that another part of the program does not vouch for. */
static bool try_lengths(struct trial_of *t)
{
    struct hu_lengths lengths = {
        t->q,          t->subject,       0,           t->desk->reference, t->options->seed, t,
        draw_operands, lengths_are_over, take_length, take_stop};
    bool mine = t->options->shards < 2 || !t->options->shard;
    return !t->subject->longest || !t->inputs || !mine || is_over(t) || hu_lengths_try(&lengths);
}

/* Blocks are powers of two, and where all operands are tried within the last one's codes. */
static size_t block_of(const struct trial_of *t)
{
    size_t block = t->subject->block;
    int last = t->q->from[t->q->operands - 1]->width;
    while (t->exhaustive && last < 32 && block >> last > 1)
        block /= 2;
    return block;
}

void hu_operation_trial(struct hu_operation_verdict *verdict, const struct hu_question *q,
                        const struct hu_subject *subject, const struct hu_scan_options *options)
{
    struct trial_of t = {.q = q, .subject = subject, .options = options};
    t.exhaustive = hu_operation_is_exhaustive(q, options);
    t.inputs = hu_operation_inputs(q, options);
    t.block = block_of(&t);
    t.judge = t.exhaustive && t.inputs >> FEW_INPUTS_BITS ? hu_judge_new(q) : NULL;
    t.desk = calloc(options->jobs, sizeof *t.desk);
    memset(verdict, 0, sizeof *verdict);
    bool good = t.desk && hu_operands_init(&t.operands, q, 2, options->seed);
    for (unsigned i = 0; good && i < options->jobs; i++)
        good = set_up(&t, &t.desk[i]);
    verdict->failed = !good;
    size_t tasks = (size_t)((t.inputs + INPUTS_A_TASK - 1) / INPUTS_A_TASK);
    if (good)
        hu_pool_run(options->jobs, tasks, run_task, &t);
    verdict->failed |= good && !try_lengths(&t);
    for (unsigned i = 0; t.desk && i < options->jobs; i++) {
        if (good)
            take_verdict(verdict, t.desk[i].verdict);
        take_down(&t.desk[i]);
    }
    verdict->partial = is_over(&t) && !verdict->stopped;
    hu_operands_clear(&t.operands);
    hu_judge_free(t.judge);
    free(t.desk);
}
