#include "verify/convention.h"
#include "file/tensor_file.h"
#include "text.h"
#include "verify/judge.h"
#include "verify/layout.h"
#include "verify/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Samples. */

enum {
    FAULTS_SAMPLED = 300, /* of each class, the largest */
    RUNS_SAMPLED = 6000,
    DRAWN = 4096,
    COMBINATIONS = 6000, /* of an operation's edges, */
    DIRECTED = 6000      /* and its draws */
};

bool hu_sample_add(struct hu_sample *s, const struct hu_asked *asked)
{
    struct hu_asked *row = hu_file_append(&s->at, &s->count, sizeof *row);
    if (row)
        *row = *asked;
    return row;
}

void hu_sample_free(struct hu_sample *s)
{
    free(s->at);
    *s = (struct hu_sample){0};
}

static bool add_source(struct hu_sample *s, uint64_t source)
{
    return hu_sample_add(s, &(struct hu_asked){.x = {source}});
}

/* The ends and the middle. */
static bool add_range(struct hu_sample *s, uint64_t first, uint64_t last)
{
    return add_source(s, first) && add_source(s, last) && add_source(s, first + (last - first) / 2);
}

static bool choose(struct hu_sample *s, const struct hu_runs *runs, const struct hu_faults *faults,
                   uint64_t seed)
{
    bool good = true;
    size_t taken[HU_FAULT_CLASSES] = {0};
    for (size_t i = 0; i < faults->count; i++)
        if (taken[faults->at[i].class]++ < FAULTS_SAMPLED)
            good &= add_range(s, faults->at[i].first, faults->at[i].last);
    for (size_t i = 0; i < runs->count; i += runs->count / RUNS_SAMPLED + 1)
        good &= add_range(s, runs->run[i].first, hu_run_last(runs, i));
    for (uint64_t i = 0; i < DRAWN; i++)
        good &= add_source(s, hu_draw(seed, i) & hu_width_mask(runs->from));
    return good;
}

static bool add_operands(struct hu_sample *s, const uint64_t x[HU_OPERANDS], uint64_t got)
{
    struct hu_asked asked = {.got = got};
    memcpy(asked.x, x, sizeof asked.x);
    return hu_sample_add(s, &asked);
}

/* The operands of faults, and of edges and directed draws. */
static bool choose_operands(struct hu_sample *s, const struct hu_question *q,
                            const struct hu_operation_faults *faults, uint64_t seed)
{
    struct hu_operands operands;
    bool good = hu_operands_init(&operands, q, 2, seed);
    uint64_t edges = 1, x[HU_OPERANDS] = {0};
    for (int k = 0; good && k < q->operands; k++)
        edges *= operands.edges[k];
    for (size_t i = 0; i < faults->count && good; i++)
        good = add_operands(s, faults->at[i].x, 0);
    for (uint64_t i = 0; i < COMBINATIONS + DIRECTED && good; i++) {
        uint64_t step = edges / COMBINATIONS + 1;
        hu_operands_at(&operands, i < COMBINATIONS ? i * step % edges : edges + i, x);
        good = add_operands(s, x, 0);
    }
    hu_operands_clear(&operands);
    return good;
}

/* What SUBJECT gives for the sample, in calls as long as the trial's, so that nothing depends on
 * their length. */
static bool ask(struct hu_sample *s, const struct hu_question *q, const struct hu_subject *subject)
{
    size_t block = subject->block;
    void *src[HU_OPERANDS] = {NULL}, *dst = hu_layout_new(q->result, block);
    bool good = dst;
    for (int k = 0; k < q->operands; k++)
        good &= (src[k] = hu_layout_new(q->from[k], block)) != NULL;
    for (size_t first = 0; good && first < s->count; first += block) {
        size_t n = s->count - first < block ? s->count - first : block;
        for (int k = 0; k < q->operands; k++)
            for (size_t i = 0; i < block; i++)
                hu_layout_store(q->from[k], src[k], i, s->at[first + i % n].x[k]);
        const void *const all[] = {src[0], src[1], src[2]};
        good = subject->give(subject->context, 0, dst, all, block, NULL);
        for (size_t i = 0; good && i < n; i++)
            s->at[first + i].got = hu_layout_load(q->result, dst, i);
    }
    for (int k = 0; k < q->operands; k++)
        free(src[k]);
    free(dst);
    return good;
}

/* Ways to differ. Each dimension has choices from 1 on, and 0 for "as it is"; bending says what
 * C's question is then. False: that is no other question than Q. */

static bool say(struct hu_convention *c, const char *option, const char *value)
{
    snprintf(c->option[c->options++], HU_CONVENTION_TEXT, "%s%s", option, value);
    return true;
}

static bool bend_direction(struct hu_convention *c, const struct hu_question *q, int choice)
{
    enum hu_direction direction = (enum hu_direction)(choice - 1);
    c->question.promise.options.direction = direction;
    return direction != q->promise.options.direction && say(c, "-r ", hu_direction_name(direction));
}

static bool bend_tininess(struct hu_convention *c, const struct hu_question *q, int choice)
{
    bool before = !q->promise.options.tininess_before;
    (void)choice;
    c->question.promise.options.tininess_before = before;
    return say(c, "--tininess ", before ? "before" : "after");
}

static bool bend_saturation(struct hu_convention *c, const struct hu_question *q, int choice)
{
    static const char *const text[] = {"", "without --saturate", "--saturate", "--saturate=finite"};
    struct hu_promise *p = &c->question.promise;
    p->options.saturate = choice > 1;
    p->saturate_finite = choice == 3;
    return (p->options.saturate != q->promise.options.saturate ||
            p->saturate_finite != q->promise.saturate_finite) &&
           say(c, text[choice], "");
}

static bool bend_flushing(struct hu_convention *c, const struct hu_question *q, int choice)
{
    c->question.promise.flush = hu_flush_values[choice - 1];
    return c->question.promise.flush != q->promise.flush &&
           say(c, "--subnormals ", hu_flush_names[choice - 1]);
}

/* A step of its own, between what is on either side. */
static bool bend_via(struct hu_convention *c, const struct hu_question *q, int choice)
{
    static const char *const names[] = {"", "fp32", "fp16", "bf16", "fp64"};
    struct hu_promise *p = &c->question.promise;
    const struct hu_format *via = hu_format_find(names[choice]);
    const struct hu_format *target = hu_promised_format(q->to, p);
    if (via->width >= q->from[0]->width || via->width <= target->width || p->step[HU_STEPS_MAX - 1])
        return false;
    if (p->step[0])
        p->step[1] = p->step[0];
    p->step[0] = via;
    return say(c, "--via ", via->name);
}

static bool bend_operation_via(struct hu_convention *c, const struct hu_question *q, int choice)
{
    static const char *const names[] = {"", "fp32", "fp64", "fp16", "bf16"};
    const struct hu_format *via = hu_format_find(names[choice]);
    if (q->via || via->width <= q->to->width || hu_is_comparison(q->operation))
        return false;
    c->question.via = via;
    return say(c, "--via ", via->name);
}

static bool bend_ignored(struct hu_convention *c, const struct hu_question *q, int choice)
{
    char list[HU_CONVENTION_TEXT / 2];
    unsigned ignored = q->promise.ignore | (unsigned)choice;
    if ((unsigned)choice & q->promise.ignore)
        return false;
    c->question.promise.ignore = ignored;
    snprintf(list, sizeof list, "%s%s%s", ignored & HU_IGNORE_NAN ? ",nan" : "",
             ignored & HU_IGNORE_INFINITY ? ",inf" : "",
             ignored & HU_IGNORE_ZERO_SIGN ? ",zero-sign" : "");
    return say(c, "--ignore ", list + 1);
}

/* An operation ignores more, or its flags. */
static bool bend_operation_ignored(struct hu_convention *c, const struct hu_question *q, int choice)
{
    if (choice < 8)
        return !q->promise.ignore && bend_ignored(c, q, choice);
    c->question.promise.no_flags = true;
    return !q->promise.no_flags && say(c, "--no-flags", "");
}

static bool bend_nan(struct hu_convention *c, const struct hu_question *q, int choice)
{
    enum hu_nan_rule rule = (enum hu_nan_rule)(choice - 1);
    if (q->promise.any_nan || rule == q->nan)
        return false;
    if (choice == HU_NAN_RULES + 1) {
        c->question.promise.any_nan = true;
        return say(c, "--nan any", "");
    }
    c->question.nan = rule;
    return say(c, "--nan-rule ", hu_nan_row(rule, NULL)->name);
}

static bool bend_fusion(struct hu_convention *c, const struct hu_question *q, int choice)
{
    (void)choice;
    c->question.unfused = true;
    return q->operation == HU_OP_FMA && !q->unfused && say(c, "--unfused", "");
}

/* What is searched: dimensions in the order in which their options are said, for at most so many
 * seconds before anything is proved. */
static const struct ways {
    struct {
        int choices;
        bool (*bend)(struct hu_convention *c, const struct hu_question *q, int choice);
    } dimension[8];
    double seconds;
} of_conversions = {{{HU_STOCHASTIC, bend_direction},
                     {3, bend_saturation},
                     {HU_FLUSHES, bend_flushing},
                     {4, bend_via},
                     {7, bend_ignored}},
                    0.8},
  of_operations = {{{HU_STOCHASTIC, bend_direction},
                    {1, bend_tininess},
                    {2, bend_saturation},
                    {1, bend_fusion},
                    {HU_NAN_RULES + 1, bend_nan},
                    {HU_FLUSHES, bend_flushing},
                    {4, bend_operation_via},
                    {8, bend_operation_ignored}},
                   1.5};
enum { DIMENSIONS = sizeof of_operations.dimension / sizeof *of_operations.dimension };

struct search {
    const struct hu_sample *sample;
    const struct hu_question *question;
    const struct ways *ways;
    int choice[DIMENSIONS]; /* 0: as it is */
    struct hu_reference *reference;
    struct hu_convention *found;
    size_t count, most, refuting;
    double until;
};

/* C := the question bent by the choices. False: that is no other question. */
static bool bend(const struct search *s, struct hu_convention *c)
{
    const struct hu_question *q = s->question;
    *c = (struct hu_convention){.question = *q};
    for (int d = 0; d < DIMENSIONS; d++)
        if (s->choice[d] && !s->ways->dimension[d].bend(c, q, s->choice[d]))
            return false;
    return !hu_is_conversion(q) || hu_runs_can_list(q->to, q->from[0], &c->question.promise);
}

static bool agrees(const struct search *s, const struct hu_question *q, const struct hu_asked *a)
{
    unsigned flags;
    uint64_t expected = hu_question_expect(s->reference, q, a->x, &flags);
    return (flags & HU_ANYTHING) || (hu_question_satisfies(q, expected, a->got, flags) &&
                                     (!a->has_flags || q->promise.no_flags || a->flags == flags));
}

/* Whether Q agrees with the whole sample. What refuted one question often refutes the next, so it
 * is asked first. */
static bool holds(struct search *s, const struct hu_question *q)
{
    const struct hu_sample *all = s->sample;
    if (!agrees(s, q, &all->at[s->refuting]))
        return false;
    for (size_t i = 0; i < all->count; i++)
        if (!agrees(s, q, &all->at[i])) {
            s->refuting = i;
            return false;
        }
    return true;
}

/* Of this thread: a busy machine changes no answer. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* All ways that differ in LEFT more dimensions from DIMENSION on. */
static void search(struct search *s, int dimension, int left)
{
    struct hu_convention c;
    if (!left) {
        if (bend(s, &c) && holds(s, &c.question))
            s->found[s->count++] = c;
        return;
    }
    for (int d = dimension; d + left <= DIMENSIONS; d++) {
        for (int i = 1; i <= s->ways->dimension[d].choices; i++) {
            if (s->count == s->most || now() > s->until)
                break;
            s->choice[d] = i;
            search(s, d + 1, left - 1);
        }
        s->choice[d] = 0;
    }
}

size_t hu_conventions_find(const struct hu_sample *sample, const struct hu_question *question,
                           struct hu_convention *found, size_t most)
{
    enum { MOST_TOGETHER = 3 };
    struct search s = {.sample = sample,
                       .question = question,
                       .ways = hu_is_conversion(question) ? &of_conversions : &of_operations,
                       .reference = hu_reference_new(),
                       .found = found,
                       .most = most};
    s.until = now() + s.ways->seconds;
    for (int n = 1; n <= MOST_TOGETHER && sample->count && s.reference && !s.count; n++)
        search(&s, 0, n);
    hu_reference_free(s.reference);
    return s.count;
}

/* Whether SUBJECT keeps PROMISE on all that OPTIONS cover. What refutes that goes into SAMPLE. */
static bool is_proved(const struct hu_runs *runs, const struct hu_subject *subject,
                      const struct hu_promise *promise, const struct hu_scan_options *options,
                      struct hu_sample *sample)
{
    struct hu_scan_options all = *options;
    struct hu_runs *others = hu_runs_new(runs->to, runs->from, promise, options->jobs);
    if (!others)
        return false;
    all.stop_after = 1;
    struct hu_verdict v = hu_scan(others, subject, &all);
    bool proved = hu_verdict_passed(&v) && !v.failed && !others->refuted;
    for (size_t i = 0; i < v.faults.count && i < FAULTS_SAMPLED; i++) {
        const struct hu_fault *f = &v.faults.at[i];
        hu_sample_add(sample, &(struct hu_asked){.x = {f->first}, .got = f->got});
    }
    hu_verdict_free(&v);
    hu_runs_free(others);
    return proved;
}

bool hu_convention_explain(struct hu_convention *convention, const struct hu_runs *runs,
                           const struct hu_subject *subject, const struct hu_verdict *verdict,
                           const struct hu_scan_options *options, void (*proving)(uint64_t inputs))
{
    struct hu_sample sample = {0};
    struct hu_question q = hu_question_of_conversion(runs->to, runs->from, &runs->promise);
    bool proved = false;
    if (verdict->calls || verdict->partial || verdict->stopped || runs->refuted)
        return false;
    bool asked =
        choose(&sample, runs, &verdict->faults, options->seed) && ask(&sample, &q, subject);
    for (int i = 0; asked && !proved && i < HU_CONVENTIONS_PROVED; i++) {
        if (!hu_conventions_find(&sample, &q, convention, 1))
            break;
        if (proving)
            proving(hu_scan_inputs(runs, options));
        proved = is_proved(runs, subject, &convention->question.promise, options, &sample);
    }
    hu_sample_free(&sample);
    return proved;
}

static bool is_operation_proved(const struct hu_question *q, const struct hu_subject *subject,
                                const struct hu_scan_options *options, struct hu_sample *sample)
{
    struct hu_scan_options all = *options;
    struct hu_operation_verdict *v = malloc(sizeof *v);
    all.stop_after = 1;
    if (v)
        hu_operation_trial(v, q, subject, &all);
    bool proved = v && !v->failed && hu_operation_verdict_passed(v);
    for (size_t i = 0; v && i < v->faults.count && !v->faults.at[i].flags; i++)
        add_operands(sample, v->faults.at[i].x, v->faults.at[i].got);
    free(v);
    return proved;
}

bool hu_operation_explain(struct hu_convention *convention, const struct hu_question *q,
                          const struct hu_subject *subject,
                          const struct hu_operation_verdict *verdict,
                          const struct hu_scan_options *options, void (*proving)(uint64_t inputs))
{
    enum { FEW_BITS = 26 };
    struct hu_sample sample = {0};
    bool proved = false;
    if (verdict->partial || verdict->stopped)
        return false;
    bool asked =
        choose_operands(&sample, q, &verdict->faults, options->seed) && ask(&sample, q, subject);
    for (int i = 0; asked && !proved && i < HU_CONVENTIONS_PROVED; i++) {
        struct hu_scan_options all = *options;
        if (!hu_conventions_find(&sample, q, convention, 1))
            break;
        all.boundaries |=
            hu_operation_inputs(q, options) >> FEW_BITS && !hu_can_judge(&convention->question);
        if (proving)
            proving(hu_operation_inputs(&convention->question, &all));
        proved = is_operation_proved(&convention->question, subject, &all, &sample);
        convention->directed = !hu_operation_is_exhaustive(q, &all);
    }
    hu_sample_free(&sample);
    return proved;
}
