#include "verify/operation_convention.h"
#include "text.h"
#include "verify/judge.h"
#include "verify/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Samples. */

enum { COMBINATIONS = 6000, DRAWN = 6000, ALIGNMENT = 64 };

bool hu_operation_sample_add(struct hu_operation_sample *s, const struct hu_asked *asked)
{
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 1024;
        struct hu_asked *grown = realloc(s->at, room * sizeof *grown);
        if (!grown)
            return false;
        s->at = grown;
        s->room = room;
    }
    s->at[s->count++] = *asked;
    return true;
}

void hu_operation_sample_free(struct hu_operation_sample *s)
{
    free(s->at);
    *s = (struct hu_operation_sample){0};
}

/* The operands of faults, and of edges and directed draws. */
static bool choose(struct hu_operation_sample *s, const struct hu_question *q,
                   const struct hu_operation_faults *faults, uint64_t seed)
{
    struct hu_operands operands;
    bool good = hu_operands_init(&operands, q, 2, seed);
    uint64_t edges = 1;
    for (int k = 0; good && k < q->operands; k++)
        edges *= operands.edges[k];
    for (size_t i = 0; i < faults->count && good; i++) {
        struct hu_asked asked = {.got = 0};
        memcpy(asked.x, faults->at[i].x, sizeof asked.x);
        good = hu_operation_sample_add(s, &asked);
    }
    for (uint64_t i = 0; i < COMBINATIONS + DRAWN && good; i++) {
        struct hu_asked asked = {.got = 0};
        uint64_t step = edges / COMBINATIONS + 1;
        hu_operands_at(&operands, i < COMBINATIONS ? i * step % edges : edges + i, asked.x);
        good = hu_operation_sample_add(s, &asked);
    }
    hu_operands_clear(&operands);
    return good;
}

/* What SUBJECT gives for the sample, in calls as long as the trial's. */
static bool ask(struct hu_operation_sample *s, const struct hu_question *q,
                const struct hu_operation_subject *subject)
{
    size_t block = subject->block;
    void *src[HU_OPERANDS] = {NULL}, *dst = NULL;
    bool good = !posix_memalign(&dst, ALIGNMENT, hu_layout_bytes(q->result, block) + ALIGNMENT);
    for (int k = 0; k < q->operands && good; k++)
        good = !posix_memalign(&src[k], ALIGNMENT, hu_layout_bytes(q->from[k], block) + ALIGNMENT);
    for (size_t first = 0; good && first < s->count; first += block) {
        size_t n = s->count - first < block ? s->count - first : block;
        for (int k = 0; k < q->operands; k++)
            for (size_t i = 0; i < block; i++)
                hu_layout_store(q->from[k], src[k], i, s->at[first + i % n].x[k]);
        const void *const all[] = {src[0], src[1], src[2]};
        good = subject->operate(subject->context, 0, dst, all, block, NULL);
        for (size_t i = 0; good && i < n; i++)
            s->at[first + i].got = hu_layout_load(q->result, dst, i);
    }
    for (int k = 0; k < q->operands; k++)
        free(src[k]);
    free(dst);
    return good;
}

/* Ways to differ. Each dimension has a choice for "as it is", and its others. */

enum { ROUNDING, TININESS, SATURATION, NAN_RULE, FLUSHING, FUSION, VIA, IGNORING, DIMENSIONS };

struct way {
    int choice[DIMENSIONS]; /* 0: as it is */
};

static const int choices[DIMENSIONS] = {
    [ROUNDING] = HU_STOCHASTIC + 1, [TININESS] = 2, [SATURATION] = 2, [NAN_RULE] = HU_NAN_RULES + 2,
    [FLUSHING] = HU_FLUSHES + 1,    [FUSION] = 2,   [VIA] = 5,        [IGNORING] = 9};

static void say(struct hu_operation_convention *c, const char *option, const char *value)
{
    snprintf(c->option[c->options++], HU_CONVENTION_TEXT, "%s%s", option, value);
}

static bool bend_nan(struct hu_operation_convention *c, int choice)
{
    struct hu_question *q = &c->question;
    if (choice == HU_NAN_RULES + 1) {
        say(c, "--nan any", "");
        return !q->promise.any_nan && (q->promise.any_nan = true);
    }
    enum hu_nan_rule rule = (enum hu_nan_rule)(choice - 1);
    if (rule == q->nan || q->promise.any_nan)
        return false;
    q->nan = rule;
    say(c, "--nan-rule ", hu_nan_row(rule)->name);
    return true;
}

static bool bend_flush(struct hu_operation_convention *c, int choice)
{
    struct hu_promise *p = &c->question.promise;
    if (p->flush == hu_flush_values[choice - 1])
        return false;
    p->flush = hu_flush_values[choice - 1];
    say(c, "--subnormals ", hu_flush_names[choice - 1]);
    return true;
}

static bool bend_via(struct hu_operation_convention *c, int choice)
{
    static const char *const names[] = {"", "fp32", "fp64", "fp16", "bf16"};
    struct hu_question *q = &c->question;
    const struct hu_format *via = hu_format_find(names[choice]);
    if (q->via || via->width <= q->to->width || hu_is_comparison(q->operation))
        return false;
    q->via = via;
    say(c, "--via ", via->name);
    return true;
}

static bool bend_ignored(struct hu_operation_convention *c, int choice)
{
    static const char *const names[] = {
        "",          "nan",           "inf",           "nan,inf",
        "zero-sign", "nan,zero-sign", "inf,zero-sign", "nan,inf,zero-sign"};
    struct hu_promise *p = &c->question.promise;
    if (choice == 8) {
        say(c, "--no-flags", "");
        return !p->no_flags && (p->no_flags = true);
    }
    if (p->ignore)
        return false;
    p->ignore = (unsigned)choice;
    say(c, "--ignore ", names[choice]);
    return true;
}

/* C := Q bent by WAY. False: that is no other question. */
static bool bend(struct hu_operation_convention *c, const struct hu_question *q,
                 const struct way *way)
{
    *c = (struct hu_operation_convention){.question = *q};
    struct hu_question *to = &c->question;
    struct hu_options *o = &to->promise.options;
    if (way->choice[ROUNDING]) {
        o->direction = (enum hu_direction)(way->choice[ROUNDING] - 1);
        if (o->direction == q->promise.options.direction)
            return false;
        say(c, "-r ", hu_direction_name(o->direction));
    }
    if (way->choice[TININESS]) {
        o->tininess_before = !o->tininess_before;
        say(c, "--tininess ", o->tininess_before ? "before" : "after");
    }
    if (way->choice[SATURATION]) {
        o->saturate = !o->saturate;
        say(c, o->saturate ? "--saturate" : "without --saturate", "");
    }
    if (way->choice[FUSION]) {
        if (q->operation != HU_OP_FMA || q->unfused)
            return false;
        to->unfused = true;
        say(c, "--unfused", "");
    }
    return (!way->choice[NAN_RULE] || bend_nan(c, way->choice[NAN_RULE])) &&
           (!way->choice[FLUSHING] || bend_flush(c, way->choice[FLUSHING])) &&
           (!way->choice[VIA] || bend_via(c, way->choice[VIA])) &&
           (!way->choice[IGNORING] || bend_ignored(c, way->choice[IGNORING]));
}

static bool agrees(struct hu_reference *r, const struct hu_question *q, const struct hu_asked *a)
{
    unsigned flags;
    uint64_t expected = hu_question_expect(r, q, a->x, &flags);
    return (flags & HU_ANYTHING) || (hu_question_satisfies(q, expected, a->got, flags) &&
                                     (!a->has_flags || q->promise.no_flags || a->flags == flags));
}

struct search {
    const struct hu_operation_sample *sample;
    const struct hu_question *question;
    struct hu_reference *reference;
    struct hu_operation_convention *found;
    size_t count, most, refuting;
    double until;
};

/* Whether Q agrees with the whole sample; what refuted one question often refutes the next. */
static bool holds(struct search *s, const struct hu_question *q)
{
    const struct hu_operation_sample *all = s->sample;
    if (!agrees(s->reference, q, &all->at[s->refuting]))
        return false;
    for (size_t i = 0; i < all->count; i++)
        if (!agrees(s->reference, q, &all->at[i])) {
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

static bool is_done(const struct search *s)
{
    return s->count == s->most || now() > s->until;
}

/* All ways that differ in LEFT more dimensions from DIMENSION on. */
static void search(struct search *s, struct way *way, int dimension, int left)
{
    struct hu_operation_convention c;
    if (!left) {
        if (bend(&c, s->question, way) && holds(s, &c.question))
            s->found[s->count++] = c;
        return;
    }
    for (int d = dimension; d + left <= DIMENSIONS; d++) {
        for (int i = 1; i < choices[d] && !is_done(s); i++) {
            way->choice[d] = i;
            search(s, way, d + 1, left - 1);
        }
        way->choice[d] = 0;
    }
}

size_t hu_operation_conventions_find(const struct hu_operation_sample *sample,
                                     const struct hu_question *question,
                                     struct hu_operation_convention *found, size_t most)
{
    const double seconds = 1.5; /* the search costs at most this before anything is proved */
    enum { MOST_TOGETHER = 3 };
    struct search s = {.sample = sample,
                       .question = question,
                       .reference = hu_reference_new(),
                       .found = found,
                       .most = most,
                       .until = now() + seconds};
    struct way way = {{0}};
    for (int n = 1; n <= MOST_TOGETHER && sample->count && s.reference && !s.count; n++)
        search(&s, &way, 0, n);
    hu_reference_free(s.reference);
    return s.count;
}

/* Whether SUBJECT keeps Q on all that OPTIONS cover. What refutes that goes into SAMPLE. */
static bool is_proved(const struct hu_question *q, const struct hu_operation_subject *subject,
                      const struct hu_scan_options *options, struct hu_operation_sample *sample)
{
    struct hu_scan_options all = *options;
    struct hu_operation_verdict *v = malloc(sizeof *v);
    all.stop_after = 1;
    if (v)
        hu_operation_trial(v, q, subject, &all);
    bool proved = v && !v->failed && hu_operation_verdict_passed(v);
    for (size_t i = 0; v && i < v->faults.count && !v->faults.at[i].flags; i++) {
        struct hu_asked asked = {.got = v->faults.at[i].got};
        memcpy(asked.x, v->faults.at[i].x, sizeof asked.x);
        hu_operation_sample_add(sample, &asked);
    }
    free(v);
    return proved;
}

bool hu_operation_explain(struct hu_operation_convention *convention, const struct hu_question *q,
                          const struct hu_operation_subject *subject,
                          const struct hu_operation_verdict *verdict,
                          const struct hu_scan_options *options, void (*proving)(uint64_t inputs))
{
    enum { FEW_BITS = 26 };
    struct hu_operation_sample sample = {0};
    bool proved = false;
    if (verdict->partial || verdict->stopped)
        return false;
    bool asked = choose(&sample, q, &verdict->faults, options->seed) && ask(&sample, q, subject);
    for (int i = 0; asked && !proved && i < HU_CONVENTIONS_PROVED; i++) {
        struct hu_scan_options all = *options;
        if (!hu_operation_conventions_find(&sample, q, convention, 1))
            break;
        all.boundaries |=
            hu_operation_inputs(q, options) >> FEW_BITS && !hu_can_judge(&convention->question);
        if (proving)
            proving(hu_operation_inputs(&convention->question, &all));
        proved = is_proved(&convention->question, subject, &all, &sample);
        convention->directed = !hu_operation_is_exhaustive(q, &all);
    }
    hu_operation_sample_free(&sample);
    return proved;
}
