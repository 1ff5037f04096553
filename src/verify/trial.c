#include "verify/layout.h"
#include "verify/random.h"
#include "verify/trial.h"

#include <stdlib.h>
#include <string.h>

void trial_stopped(struct trial *t, size_t n, uint64_t first, const uint64_t *source)
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

bool trial_convert_at(struct bench *b, void *dst, const void *src, size_t n, uint64_t first,
                      const uint64_t *source, unsigned *flags)
{
    const struct hu_subject *s = b->trial->subject;
    if (s->give(s->context, b->worker, dst, &src, n, flags))
        return true;
    trial_stopped(b->trial, n, first, source);
    return false;
}

bool trial_convert(struct bench *b, size_t n, uint64_t first, const uint64_t *source,
                   unsigned *flags)
{
    return trial_convert_at(b, b->dst, b->src, n, first, source, flags);
}

bool trial_is_over(struct trial *t)
{
    const struct hu_scan_options *o = t->options;
    if (atomic_load_explicit(&t->stop, memory_order_relaxed))
        return true;
    bool enough = o->stop_after &&
                  atomic_load_explicit(&t->mismatches, memory_order_relaxed) >= o->stop_after;
    if (!enough && !(o->cancel && atomic_load_explicit(o->cancel, memory_order_relaxed)))
        return false;
    pthread_mutex_lock(&t->lock);
    t->verdict.partial = true;
    pthread_mutex_unlock(&t->lock);
    atomic_store(&t->stop, true);
    return true;
}

enum { PROGRESS_STEP = 1 << 16 };

void trial_progress(struct bench *b, uint64_t n)
{
    const struct hu_scan_options *o = b->trial->options;
    if (b->mismatches)
        atomic_fetch_add_explicit(&b->trial->mismatches, b->mismatches, memory_order_relaxed);
    b->mismatches = 0;
    b->unreported += n;
    if (b->unreported < (n ? PROGRESS_STEP : 1))
        return;
    if (o->progress)
        o->progress(b->unreported);
    b->unreported = 0;
}

/* Faults of inputs. */

void trial_break(struct bench *b)
{
    if (b->has_open)
        hu_faults_add(&b->faults, &b->open);
    b->has_open = false;
}

static void wrong_with_flags(struct bench *b, uint64_t source, uint64_t n, uint64_t expected,
                             uint64_t got)
{
    for (uint64_t i = 0; i < n && trial_wants_blame(b->trial); i++) {
        struct hu_mismatch m = {.kind = HU_WRONG_CODE,
                                .source = source + i,
                                .last = source + i,
                                .expected = expected,
                                .got = got};
        trial_apart(b->trial, &m);
    }
}

/* Whether an input of the same run of numbers is wrong as the open fault's last was: the common
 * case of hu_fault_judge and hu_fault_same_way, at little cost. */
static bool plainly_goes_on(const struct bench *b, uint64_t position, uint64_t source,
                            uint64_t expected, uint64_t got)
{
    const struct trial *t = b->trial;
    const struct hu_runs *runs = t->runs;
    uint64_t x = source & ~hu_sign_mask(runs->from), e = expected & ~hu_sign_mask(runs->to),
             g = got & ~hu_sign_mask(runs->to);
    const struct plain_range *from = &t->plain_from, *to = &t->plain_to;
    if (!b->has_open || position != b->open_position + 1 || b->open.class != HU_FAULT_ROUNDING ||
        b->open.ties)
        return false;
    return x - from->least <= from->span && e - to->least <= to->span &&
           g - to->least <= to->span && (g > e) - (g < e) == b->open.side;
}

void trial_wrong(struct bench *b, uint64_t position, uint64_t source, uint64_t n, uint64_t expected,
                 unsigned expected_flags, uint64_t got)
{
    if (b->only_with_flags) {
        wrong_with_flags(b, source, n, expected, got);
        return;
    }
    b->mismatches += n;
    if (plainly_goes_on(b, position, source, expected, got)) {
        b->open.last = source + n - 1;
        b->open.count += n;
        b->open_position = position + n - 1;
        return;
    }
    struct hu_fault f = {.first = source,
                         .last = source + n - 1,
                         .count = n,
                         .expected = expected,
                         .got = got,
                         .expected_flags = expected_flags,
                         .class = HU_FAULT_ROUNDING,
                         .part = b->part};
    hu_fault_judge(b->trial->runs->to, b->trial->runs->from, &f);
    f.ties &= n == 1;
    if (b->has_open && position == b->open_position + 1 && hu_fault_same_way(&b->open, &f)) {
        b->open.last = f.last;
        b->open.count += n;
        b->open.ties &= f.ties;
    } else {
        trial_break(b);
        f.at_start = position == b->first_position;
        b->open = f;
        b->has_open = true;
    }
    b->open_position = position + n - 1;
}

bool trial_check(struct bench *b, uint64_t source, uint64_t expected, unsigned expected_flags,
                 size_t index)
{
    const struct hu_runs *runs = b->trial->runs;
    uint64_t got = hu_layout_load(runs->to, b->dst, index);
    if ((expected_flags & HU_ANYTHING) || hu_satisfies(runs->to, &runs->promise, expected, got))
        return true;
    trial_wrong(b, b->position + index, source, 1, expected, expected_flags, got);
    return false;
}

/* Faults of calls. */

enum { APART_MAX = 1 << 20, BLAMED_MAX = 4096 };

/* Where SOURCE is in the set, or would be. */
static size_t place_of(const struct trial *t, uint64_t source)
{
    size_t at = hu_draw(0, source) & (t->apart_room - 1);
    while (t->apart[at] != UINT64_MAX && t->apart[at] != source)
        at = (at + 1) & (t->apart_room - 1);
    return at;
}

static bool grow(struct trial *t)
{
    struct trial bigger = {.apart_room = t->apart_room ? 2 * t->apart_room : 256};
    bigger.apart = malloc(bigger.apart_room * sizeof *bigger.apart);
    if (!bigger.apart)
        return false;
    memset(bigger.apart, 0xff, bigger.apart_room * sizeof *bigger.apart);
    for (size_t i = 0; i < t->apart_room; i++)
        if (t->apart[i] != UINT64_MAX)
            bigger.apart[place_of(&bigger, t->apart[i])] = t->apart[i];
    free(t->apart);
    t->apart = bigger.apart;
    t->apart_room = bigger.apart_room;
    return true;
}

/* Whether SOURCE was not in the set, which then has it. */
static bool is_new(struct trial *t, uint64_t source)
{
    if (t->apart_count >= APART_MAX)
        return true;
    if (source == UINT64_MAX) { /* marks free places */
        bool fresh = !t->apart_has_top;
        t->apart_has_top = true;
        return fresh;
    }
    if (2 * t->apart_count >= t->apart_room && !grow(t)) {
        t->verdict.failed = true;
        return false;
    }
    size_t at = place_of(t, source);
    if (t->apart[at] == source)
        return false;
    t->apart[at] = source;
    t->apart_count++;
    return true;
}

static void count_flags(struct trial *t, const struct hu_mismatch *m)
{
    struct hu_fault f = {.first = m->source,
                         .last = m->source,
                         .count = 1,
                         .expected = m->expected,
                         .got = m->got,
                         .expected_flags = m->expected_flags,
                         .got_flags = m->got_flags,
                         .class = HU_FAULT_FLAGS};
    hu_fault_judge(t->runs->to, t->runs->from, &f);
    hu_faults_add(&t->verdict.faults, &f);
}

void trial_apart(struct trial *t, const struct hu_mismatch *m)
{
    pthread_mutex_lock(&t->lock);
    struct hu_verdict *v = &t->verdict;
    bool input = m->kind != HU_WRONG_BYTES && m->source == m->last;
    bool fresh = !input || is_new(t, m->source);
    if (input && fresh)
        atomic_fetch_add_explicit(&t->mismatches, 1, memory_order_relaxed);
    if (input && m->kind == HU_WRONG_FLAGS) {
        if (fresh)
            count_flags(t, m);
    } else {
        v->calls++;
        if (fresh && v->calls_shown < HU_SHOWN)
            v->call[v->calls_shown++] = *m;
    }
    pthread_mutex_unlock(&t->lock);
}

bool trial_wants_blame(struct trial *t)
{
    pthread_mutex_lock(&t->lock);
    bool wants = t->apart_count < BLAMED_MAX;
    pthread_mutex_unlock(&t->lock);
    return wants;
}

bool trial_deals(const struct trial *t, uint64_t task)
{
    uint64_t shards = t->options->shards;
    return shards < 2 || hu_draw(0, task) % shards == t->options->shard;
}

/* Blocks are the first of the tasks. */
bool trial_owns(const struct trial *t, uint64_t source)
{
    return !hu_scans_all(t->runs->from, t->options) ||
           trial_deals(t, source / TRIAL_BLOCKS_A_SHARE);
}

bool trial_takes_flags(const struct trial *t, bool mixed, uint64_t number)
{
    if (t->options->every_flag || t->runs->from->width <= HU_NARROW_WIDTH ||
        !hu_scans_all(t->runs->from, t->options))
        return true;
    return !mixed && hu_draw(t->options->seed, number) % FLAG_SHARE == 0;
}

/* The first of the copies in dst that is not as due; LONE_COPIES: all are. */
static size_t wrong_copy(const struct bench *b, uint64_t expected)
{
    const struct hu_runs *runs = b->trial->runs;
    size_t i = 0;
    if (hu_layout_holds(runs->to, b->dst, 0, LONE_COPIES, expected))
        return LONE_COPIES;
    while (i < LONE_COPIES &&
           hu_satisfies(runs->to, &runs->promise, expected, hu_layout_load(runs->to, b->dst, i)))
        i++;
    return i;
}

bool trial_convert_copies(struct bench *b, uint64_t source, unsigned *flags)
{
    const struct hu_progression copies = {source, 0, 0, 0};
    uint64_t sources[LONE_COPIES];
    for (size_t i = 0; i < LONE_COPIES; i++)
        sources[i] = source;
    hu_layout_fill(b->trial->runs->from, b->src, &copies, LONE_COPIES);
    return trial_convert(b, LONE_COPIES, 0, sources, flags);
}

/* Whether SOURCE is right among those next to it, in a call that wants no flags: then no call of
 * many inputs has told of it. */
static bool is_right_beside_others(struct bench *b, uint64_t source, uint64_t expected)
{
    const struct hu_runs *runs = b->trial->runs;
    const uint64_t others = hu_width_mask(runs->from) & (LONE_COPIES - 1), first = source & ~others;
    hu_layout_fill(runs->from, b->src, &(struct hu_progression){first, 1, 0, 0}, others + 1);
    return trial_convert(b, others + 1, first, NULL, NULL) &&
           hu_satisfies(runs->to, &runs->promise, expected,
                        hu_layout_load(runs->to, b->dst, source & others));
}

/* Tells of the first wrong of SOURCE's copies, if any are in a call that wants FLAGS, or none. */
static bool copies_hold(struct bench *b, uint64_t source, uint64_t expected, unsigned *flags)
{
    struct trial *t = b->trial;
    if (!trial_convert_copies(b, source, flags))
        return false;
    const size_t wrong = wrong_copy(b, expected);
    struct hu_mismatch m = {.kind = HU_WRONG_CODE,
                            .source = source,
                            .last = source,
                            .expected = expected,
                            .index = flags ? 0 : wrong,
                            .length = flags ? 0 : LONE_COPIES};
    if (wrong == LONE_COPIES)
        return true;
    m.got = hu_layout_load(t->runs->to, b->dst, wrong);
    if (flags || is_right_beside_others(b, source, expected))
        trial_apart(t, &m);
    return false;
}

bool trial_lone(struct bench *b, uint64_t source, uint64_t expected, unsigned expected_flags)
{
    struct trial *t = b->trial;
    unsigned flags = 0;
    if (expected_flags & HU_ANYTHING)
        return true;
    if (!copies_hold(b, source, expected, NULL) ||
        (t->wants_flags && !copies_hold(b, source, expected, &flags)))
        return false;
    if (!t->wants_flags || flags == expected_flags)
        return true;
    trial_apart(t, &(struct hu_mismatch){.kind = HU_WRONG_FLAGS,
                                         .source = source,
                                         .last = source,
                                         .expected = expected,
                                         .got = hu_layout_load(t->runs->to, b->dst, 0),
                                         .expected_flags = expected_flags,
                                         .got_flags = flags});
    return false;
}
