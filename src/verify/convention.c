#include "verify/convention.h"
#include "text.h"
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
};

bool hu_sample_add(struct hu_sample *s, uint64_t source, uint64_t got, unsigned flags)
{
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 1024;
        uint64_t *sources = realloc(s->source, room * sizeof *sources);
        if (sources)
            s->source = sources;
        uint64_t *results = realloc(s->got, room * sizeof *results);
        if (results)
            s->got = results;
        unsigned *raised = s->flags ? realloc(s->flags, room * sizeof *raised) : NULL;
        if (!sources || !results || (s->flags && !raised))
            return false;
        s->flags = raised;
        s->room = room;
    }
    if (s->flags)
        s->flags[s->count] = flags;
    s->source[s->count] = source;
    s->got[s->count++] = got;
    return true;
}

void hu_sample_free(struct hu_sample *s)
{
    free(s->source);
    free(s->got);
    free(s->flags);
    *s = (struct hu_sample){0};
}

static bool choose(struct hu_sample *s, const struct hu_runs *runs, const struct hu_faults *faults,
                   uint64_t seed)
{
    bool good = true;
    size_t taken[HU_FAULT_CLASSES] = {0};
    for (size_t i = 0; i < faults->count; i++) {
        const struct hu_fault *f = &faults->at[i];
        if (taken[f->class]++ >= FAULTS_SAMPLED)
            continue;
        good &= hu_sample_add(s, f->first, 0, 0) && hu_sample_add(s, f->last, 0, 0) &&
                hu_sample_add(s, f->first + (f->last - f->first) / 2, 0, 0);
    }
    size_t step = runs->count / RUNS_SAMPLED + 1;
    for (size_t i = 0; i < runs->count; i += step) {
        uint64_t first = runs->run[i].first, last = hu_run_last(runs, i);
        good &= hu_sample_add(s, first, 0, 0) && hu_sample_add(s, last, 0, 0) &&
                hu_sample_add(s, first + (last - first) / 2, 0, 0);
    }
    for (uint64_t i = 0; i < DRAWN; i++)
        good &= hu_sample_add(s, hu_draw(seed, i) & hu_width_mask(runs->from), 0, 0);
    return good;
}

bool hu_sample_take(struct hu_sample *s, const struct hu_runs *runs,
                    const struct hu_subject *subject, const struct hu_faults *faults, uint64_t seed)
{
    *s = (struct hu_sample){.to = runs->to, .from = runs->from};
    size_t block = subject->block;
    void *src = NULL, *dst = NULL;
    bool good = choose(s, runs, faults, seed) &&
                !posix_memalign(&src, 64, hu_layout_bytes(runs->from, block)) &&
                !posix_memalign(&dst, 64, hu_layout_bytes(runs->to, block));
    for (size_t first = 0; good && first < s->count; first += block) {
        size_t n = s->count - first < block ? s->count - first : block;
        memset(src, 0, hu_layout_bytes(runs->from, block));
        for (size_t i = 0; i < n; i++)
            hu_layout_store(runs->from, src, i, s->source[first + i]);
        /* As long a call as the scan's, so that nothing depends on its length. */
        good = subject->convert(subject->context, 0, dst, src, block, NULL);
        for (size_t i = 0; good && i < n; i++)
            s->got[first + i] = hu_layout_load(runs->to, dst, i);
    }
    free(src);
    free(dst);
    return good;
}

/* Ways to differ. Each dimension has a choice for "as it is", and its others. */

enum { DIRECTION, SATURATION, FLUSHING, VIA, IGNORING, DIMENSIONS };
enum { MOST_CHOICES = 8 };

struct way {
    int choice[DIMENSIONS]; /* 0: as it is */
};

static const struct hu_format *via_at(int choice)
{
    static const char *const names[] = {"", "fp32", "fp16", "bf16", "fp64"};
    return hu_format_find(names[choice]);
}

static int choices_of(int dimension)
{
    static const int most[] = {[DIRECTION] = HU_STOCHASTIC + 1,
                               [SATURATION] = 4,
                               [FLUSHING] = HU_FLUSHES + 1,
                               [VIA] = 5,
                               [IGNORING] = 8};
    return most[dimension];
}

/* A step of its own, between what is on either side. */
static bool set_via(struct hu_promise *p, const struct hu_format *via, const struct hu_format *to,
                    const struct hu_format *from)
{
    const struct hu_format *target = hu_promised_format(to, p);
    if (via->width >= from->width || via->width <= target->width || p->step[HU_STEPS_MAX - 1])
        return false;
    if (p->step[0])
        p->step[1] = p->step[0];
    p->step[0] = via;
    return true;
}

static void say(struct hu_convention *c, const char *format, const char *text)
{
    snprintf(c->option[c->options++], HU_CONVENTION_TEXT, format, text);
}

static void say_saturation(struct hu_convention *c, int choice)
{
    static const char *const text[] = {"", "without --saturate", "--saturate", "--saturate=finite"};
    say(c, "%s", text[choice]);
}

static void say_ignored(struct hu_convention *c, unsigned ignored)
{
    char list[HU_CONVENTION_TEXT / 2];
    snprintf(list, sizeof list, "%s%s%s", ignored & HU_IGNORE_NAN ? ",nan" : "",
             ignored & HU_IGNORE_INFINITY ? ",inf" : "",
             ignored & HU_IGNORE_ZERO_SIGN ? ",zero-sign" : "");
    say(c, "--ignore %s", list + 1);
}

/* C := PROMISE bent by WAY. False: that is no other promise. */
static bool bend(struct hu_convention *c, const struct hu_promise *promise, const struct way *way,
                 const struct hu_sample *s)
{
    struct hu_promise *p = &c->promise;
    *c = (struct hu_convention){.promise = *promise};
    if (way->choice[DIRECTION]) {
        p->options.direction = (enum hu_direction)(way->choice[DIRECTION] - 1);
        if (p->options.direction == promise->options.direction)
            return false;
        say(c, "-r %s", hu_direction_name(p->options.direction));
    }
    if (way->choice[SATURATION]) {
        p->options.saturate = way->choice[SATURATION] > 1;
        p->saturate_finite = way->choice[SATURATION] == 3;
        if (p->options.saturate == promise->options.saturate &&
            p->saturate_finite == promise->saturate_finite)
            return false;
        say_saturation(c, way->choice[SATURATION]);
    }
    if (way->choice[FLUSHING]) {
        p->flush = hu_flush_values[way->choice[FLUSHING] - 1];
        if (p->flush == promise->flush)
            return false;
        say(c, "--subnormals %s", hu_flush_names[way->choice[FLUSHING] - 1]);
    }
    if (way->choice[VIA]) {
        const struct hu_format *via = via_at(way->choice[VIA]);
        if (!set_via(p, via, s->to, s->from))
            return false;
        say(c, "--via %s", via->name);
    }
    if (way->choice[IGNORING]) {
        unsigned ignored = (unsigned)way->choice[IGNORING];
        if (ignored & promise->ignore)
            return false;
        p->ignore |= ignored;
        say_ignored(c, p->ignore);
    }
    return hu_runs_can_list(s->to, s->from, p);
}

static bool agrees(struct hu_reference *r, const struct hu_sample *s, const struct hu_promise *p,
                   size_t i)
{
    unsigned flags;
    uint64_t expected = hu_expect(r, s->to, s->from, s->source[i], p, &flags);
    if (flags & HU_ANYTHING)
        return true;
    return hu_satisfies(s->to, p, expected, s->got[i]) &&
           (!s->flags || p->no_flags || s->flags[i] == flags);
}

/* Whether P agrees with the whole sample. What refuted one promise often refutes the next, so it is
 * asked first. */
static bool holds(struct hu_reference *r, const struct hu_sample *s, const struct hu_promise *p,
                  size_t *refuting)
{
    if (!agrees(r, s, p, *refuting))
        return false;
    for (size_t i = 0; i < s->count; i++)
        if (!agrees(r, s, p, i)) {
            *refuting = i;
            return false;
        }
    return true;
}

struct search {
    const struct hu_sample *sample;
    const struct hu_promise *promise;
    struct hu_reference *reference;
    struct hu_convention *found;
    size_t count, most, refuting;
    double until;
};

/* Of this thread: a busy machine changes no answer. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool is_done(const struct search *q)
{
    return q->count == q->most || now() > q->until;
}

/* All ways that differ in LEFT more dimensions from DIMENSION on. */
static void search(struct search *q, struct way *way, int dimension, int left)
{
    struct hu_convention c;
    if (!left) {
        if (bend(&c, q->promise, way, q->sample) &&
            holds(q->reference, q->sample, &c.promise, &q->refuting))
            q->found[q->count++] = c;
        return;
    }
    for (int d = dimension; d + left <= DIMENSIONS; d++) {
        for (int i = 1; i < choices_of(d) && !is_done(q); i++) {
            way->choice[d] = i;
            search(q, way, d + 1, left - 1);
        }
        way->choice[d] = 0;
    }
}

size_t hu_conventions_find(const struct hu_sample *sample, const struct hu_promise *promise,
                           struct hu_convention *found, size_t most)
{
    /* The search costs at most this before anything is proved. */
    const double seconds = 0.8;
    enum { MOST_TOGETHER = 3 };
    struct search q = {.sample = sample,
                       .promise = promise,
                       .reference = hu_reference_new(),
                       .found = found,
                       .most = most,
                       .until = now() + seconds};
    struct way way = {{0}};
    for (int together = 1; together <= MOST_TOGETHER && sample->count && q.reference; together++) {
        search(&q, &way, 0, together);
        if (q.count)
            break;
    }
    hu_reference_free(q.reference);
    return q.count;
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
    for (size_t i = 0; i < v.faults.count && i < FAULTS_SAMPLED; i++)
        hu_sample_add(sample, v.faults.at[i].first, v.faults.at[i].got, 0);
    hu_verdict_free(&v);
    hu_runs_free(others);
    return proved;
}

bool hu_convention_explain(struct hu_convention *convention, const struct hu_runs *runs,
                           const struct hu_subject *subject, const struct hu_verdict *verdict,
                           const struct hu_scan_options *options, void (*proving)(uint64_t inputs))
{
    struct hu_sample sample = {0};
    bool proved = false;
    if (verdict->calls || verdict->partial || verdict->stopped || runs->refuted)
        return false;
    bool taken = hu_sample_take(&sample, runs, subject, &verdict->faults, options->seed);
    for (int i = 0; taken && !proved && i < HU_CONVENTIONS_PROVED; i++) {
        if (!hu_conventions_find(&sample, &runs->promise, convention, 1))
            break;
        if (proving)
            proving(hu_scan_inputs(runs, options));
        proved = is_proved(runs, subject, &convention->promise, options, &sample);
    }
    hu_sample_free(&sample);
    return proved;
}
