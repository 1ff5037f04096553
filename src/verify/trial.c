#include "verify/layout.h"
#include "verify/random.h"
#include "verify/trial.h"

#include <stdlib.h>
#include <string.h>

static void record_stop(struct trial *t, size_t n, uint64_t first, const uint64_t *source)
{
    atomic_store(&t->stop, true);
    pthread_mutex_lock(&t->lock);
    if (!t->verdict.stopped) {
        t->verdict.stopped = true;
        t->verdict.stopped_at = source ? source[0] : first;
        t->verdict.stopped_count = n;
        t->verdict.stopped_sources = malloc(n * sizeof *source);
        for (size_t i = 0; t->verdict.stopped_sources && i < n; i++)
            t->verdict.stopped_sources[i] = source ? source[i] : first + i;
    }
    pthread_mutex_unlock(&t->lock);
}

bool trial_convert(struct bench *b, size_t n, uint64_t first, const uint64_t *source,
                   unsigned *flags)
{
    const struct hu_subject *s = b->trial->subject;
    if (s->convert(s->context, b->worker, b->dst, b->src, n, flags))
        return true;
    record_stop(b->trial, n, first, source);
    return false;
}

static bool is_shown(const struct hu_verdict *v, const struct hu_mismatch *m)
{
    for (unsigned i = 0; i < v->shown; i++)
        if (v->first[i].source == m->source && v->first[i].kind == m->kind)
            return true;
    return false;
}

static void show(struct hu_verdict *v, const struct hu_mismatch *mismatch)
{
    unsigned at = v->shown;
    while (at > 0 && v->first[at - 1].source > mismatch->source)
        at--;
    if (at == HU_SHOWN)
        return;
    unsigned moved = (v->shown < HU_SHOWN ? v->shown : HU_SHOWN - 1) - at;
    memmove(&v->first[at + 1], &v->first[at], moved * sizeof *v->first);
    v->first[at] = *mismatch;
    v->shown += v->shown < HU_SHOWN;
}

void trial_mismatch(struct trial *t, const struct hu_mismatch *mismatch)
{
    if (mismatch->source >= atomic_load_explicit(&t->shown_below, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&t->mismatches, 1, memory_order_relaxed);
        return;
    }
    pthread_mutex_lock(&t->lock);
    struct hu_verdict *v = &t->verdict;
    if (!is_shown(v, mismatch)) {
        atomic_fetch_add(&t->mismatches, 1);
        show(v, mismatch);
        if (v->shown == HU_SHOWN)
            atomic_store(&t->shown_below, v->first[HU_SHOWN - 1].source + 1);
    }
    pthread_mutex_unlock(&t->lock);
}

bool trial_wants_blame(struct trial *t)
{
    return atomic_load(&t->shown_below) == UINT64_MAX;
}

bool trial_takes_flags(const struct trial *t, bool mixed, uint64_t number)
{
    if (t->options->every_flag || t->runs->from->width <= HU_NARROW_WIDTH ||
        !hu_scans_all(t->runs->from))
        return true;
    return !mixed && hu_draw(t->options->seed, number) % FLAG_SHARE == 0;
}

bool trial_check(struct bench *b, uint64_t source, uint64_t expected, size_t index)
{
    struct trial *t = b->trial;
    uint64_t got = hu_layout_load(t->runs->to, b->dst, index);
    if (hu_satisfies(t->runs->to, &t->runs->promise, expected, got))
        return true;
    struct hu_mismatch m = {
        .kind = HU_WRONG_CODE, .source = source, .last = source, .expected = expected, .got = got};
    trial_mismatch(t, &m);
    return false;
}

bool trial_lone(struct bench *b, uint64_t source, uint64_t expected, unsigned expected_flags)
{
    struct trial *t = b->trial;
    const struct hu_runs *runs = t->runs;
    struct hu_progression copies = {source, 0, 0, 0};
    uint64_t sources[LONE_COPIES];
    for (size_t i = 0; i < LONE_COPIES; i++)
        sources[i] = source;
    unsigned flags = 0;
    hu_layout_fill(runs->from, b->src, &copies, LONE_COPIES);
    if (!trial_convert(b, LONE_COPIES, 0, sources, &flags))
        return false;
    bool right = hu_layout_holds(runs->to, b->dst, 0, LONE_COPIES, expected);
    for (size_t i = 0; !right && i < LONE_COPIES; i++)
        if (!trial_check(b, source, expected, i))
            break;
    if (!t->wants_flags || flags == expected_flags)
        return true;
    struct hu_mismatch m = {.kind = HU_WRONG_FLAGS,
                            .source = source,
                            .last = source,
                            .expected = expected,
                            .got = hu_layout_load(runs->to, b->dst, 0),
                            .expected_flags = expected_flags,
                            .got_flags = flags,
                            .length = LONE_COPIES};
    trial_mismatch(t, &m);
    return false;
}
