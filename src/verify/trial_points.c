/* Chosen encodings: the ends of runs, the units of ladders, draws, and calls of every length. */
#include "verify/layout.h"
#include "verify/lengths.h"
#include "verify/random.h"
#include "verify/trial.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_UNITS = 1 << 25, /* of a run of which a sample must do: all ladders of fp64 to fp32 fit */
    SAMPLED_UNITS = 1 << 16,
    EXACT_STRIDE = 17, /* odd, so that each lane of a vector gets its share */
};

/* Element INDEX in ROUND: the second is a call that wants flags, and what was wrong in the first is
 * known. */
static void check_point(struct bench *b, size_t index, uint64_t source, uint64_t code,
                        unsigned flags, int round)
{
    if (round && b->wrong[index])
        return;
    b->only_with_flags = round;
    b->wrong[index] = !trial_check(b, source, code, flags, index);
    b->only_with_flags = false;
}

/* The flags of a call of N chosen inputs, of which the first and the last are given. */
static void check_flags(struct bench *b, size_t n, uint64_t first, uint64_t last, unsigned due,
                        unsigned got)
{
    if (got == due)
        return;
    for (size_t i = 0; i < n; i++)
        if (b->wrong[i])
            return;
    struct hu_mismatch m = {.kind = HU_WRONG_FLAGS,
                            .source = first,
                            .last = last,
                            .expected_flags = due,
                            .got_flags = got,
                            .length = n};
    trial_apart(b->trial, &m);
}

/* The last of N elements again, up to a whole number of vectors: what depends on a call's length is
 * for the short calls to find. Returns how many there are then. */
static size_t pad(struct bench *b, size_t n)
{
    const struct hu_format *from = b->trial->runs->from;
    size_t whole = (n + LONE_COPIES - 1) / LONE_COPIES * LONE_COPIES;
    uint64_t last = hu_layout_load(from, b->src, n - 1) & hu_width_mask(from);
    for (size_t i = n; i < whole; i++) {
        hu_layout_store(from, b->src, i, last);
        b->source[i] = last;
    }
    return whole;
}

/* Converts the N sources that src and b->source hold, checks them against b->code, and the flags
 * against their union. rising: nothing that is tried lies between one and the next. */
static bool check_points(struct bench *b, size_t n, unsigned flags_due, bool rising)
{
    struct trial *t = b->trial;
    unsigned flags = 0;
    size_t whole = pad(b, n);
    memset(b->wrong, 0, n * sizeof *b->wrong);
    for (int round = 0; round < (t->wants_flags ? 2 : 1); round++) {
        if (trial_is_over(t) || !trial_convert(b, whole, 0, b->source, round ? &flags : NULL))
            return false;
        for (size_t i = 0; i < n; i++) {
            if (hu_layout_load(t->runs->to, b->dst, i) == b->code[i])
                continue;
            check_point(b, i, b->source[i], b->code[i], b->flags[i], round);
            if (!rising)
                trial_break(b);
        }
    }
    if (t->wants_flags)
        check_flags(b, n, b->source[0], b->source[n - 1], flags_due, flags);
    b->position += n;
    trial_progress(b, n);
    return true;
}

/* Points gathered for one call. */
struct gathered {
    size_t n;
    unsigned flags;
};

static void gather(struct bench *b, struct gathered *g, uint64_t source, uint64_t code,
                   unsigned flags)
{
    hu_layout_store(b->trial->runs->from, b->src, g->n, source);
    b->source[g->n] = source;
    b->flags[g->n] = (unsigned char)flags;
    b->code[g->n++] = code;
    g->flags |= flags;
}

/* The ends of a run, what is next to them, and its middle. */
static void gather_run(struct bench *b, struct gathered *g, size_t run)
{
    const struct hu_runs *runs = b->trial->runs;
    const struct hu_run *r = &runs->run[run];
    uint64_t first = r->first, last = hu_run_last(runs, run), length = last - first;
    const uint64_t points[] = {first, first + 1, first + length / 2, last - 1, last};
    for (size_t i = 0; i < 5; i++)
        if (length >= 4 || i <= length)
            gather(b, g, length >= 4 ? points[i] : first + i, r->code, r->flags);
}

/* Tries what is gathered. False: the scan is over. */
static bool try_gathered(struct bench *b, struct gathered *g, uint64_t *inputs)
{
    bool goes_on = !g->n || check_points(b, g->n, g->flags, true);
    *inputs += goes_on ? g->n : 0;
    *g = (struct gathered){0};
    return goes_on;
}

uint64_t trial_points(struct bench *b, const struct part *part)
{
    struct gathered g = {0};
    uint64_t inputs = 0;
    for (uint64_t run = part->first; run <= part->last; run++) {
        bool constant = b->trial->runs->run[run].kind == HU_CONSTANT;
        if (constant)
            gather_run(b, &g, run);
        bool full = g.n + 5 > b->trial->subject->block;
        if ((full || !constant || run == part->last) && !try_gathered(b, &g, &inputs))
            break;
        if (!constant)
            trial_break(b);
    }
    return inputs;
}

uint64_t trial_units_of(const struct hu_runs *runs, size_t run, uint64_t *stride)
{
    const struct hu_run *r = &runs->run[run];
    uint64_t units = ((hu_run_last(runs, run) - r->first) >> hu_run_up(r)) + 1;
    *stride = units > MOST_UNITS ? units / SAMPLED_UNITS : 1;
    return units > MOST_UNITS ? SAMPLED_UNITS : units;
}

static size_t places_of(const struct hu_runs *runs, size_t run, uint64_t places[MOST_PLACES])
{
    const struct hu_run *r = &runs->run[run];
    uint64_t last = (UINT64_C(1) << hu_run_up(r)) - 1, half = (last + 1) / 2;
    bool sign = r->first & hu_sign_mask(runs->from);
    enum hu_magnitude_rounding mode = hu_magnitude_rounding(runs->promise.options.direction, sign);
    bool nearest = mode == HU_NEAREST_EVEN || mode == HU_NEAREST_AWAY;
    const uint64_t ends[] = {0, last}, edges[] = {0, 1, last},
                   middles[] = {0, half - 1, half, half + 1};
    const uint64_t *from = r->kind == HU_STEPS ? ends : nearest ? middles : edges;
    size_t n = r->kind == HU_STEPS ? 2 : nearest ? 4 : 3, kept = 0;
    for (size_t i = 0; i < n; i++)
        if (from[i] <= last && (!kept || from[i] > places[kept - 1]))
            places[kept++] = from[i];
    return kept;
}

/* What N units from UNIT on give at PLACE, as a progression. */
static struct hu_progression due_at(const struct hu_runs *runs, size_t run, uint64_t unit,
                                    uint64_t stride, uint64_t place, unsigned *flags)
{
    const struct hu_run *r = &runs->run[run];
    uint64_t source = r->first + (unit << hu_run_up(r)) + place;
    uint64_t step = r->shift < 0 ? stride << -r->shift : stride;
    bool sign = r->first & hu_sign_mask(runs->from);
    bool falls = hu_falls(runs->from, sign) != hu_falls(runs->to, sign);
    struct hu_progression due = {hu_run_expect(runs, run, source, flags), falls ? -step : step, 0,
                                 0};
    if (r->kind != HU_LADDER || !place)
        return due;
    enum hu_magnitude_rounding mode = hu_magnitude_rounding(runs->promise.options.direction, sign);
    uint64_t lower = falls ? r->code - unit - 1 : r->code + unit; /* of the two codes about it */
    if (mode == HU_ODD) {
        due.first = lower;
        due.set = 1;
    } else if (mode == HU_NEAREST_EVEN && place == UINT64_C(1) << (r->shift - 1)) {
        due.first = lower + 1;
        due.clear = 1;
    }
    return due;
}

/* Records what is not as due. */
static void check_units_each(struct bench *b, size_t run, size_t n, int round)
{
    const struct hu_runs *runs = b->trial->runs;
    for (size_t i = 0; i < n; i++) {
        unsigned flags;
        uint64_t source = hu_layout_load(runs->from, b->src, i);
        uint64_t code = hu_run_expect(runs, run, source, &flags);
        check_point(b, i, source, code, flags, round);
    }
}

/* N units from UNIT on at one place in each, in one call; twice where flags are wanted. */
static bool check_units(struct bench *b, size_t run, uint64_t unit, uint64_t stride, size_t n,
                        uint64_t place)
{
    struct trial *t = b->trial;
    const struct hu_runs *runs = t->runs;
    const struct hu_run *r = &runs->run[run];
    uint64_t first = r->first + (unit << hu_run_up(r)) + place;
    struct hu_progression sources = {first, stride << hu_run_up(r), 0, 0};
    unsigned flags_due, flags = 0;
    struct hu_progression due = due_at(runs, run, unit, stride, place, &flags_due);
    hu_layout_fill(runs->from, b->src, &sources, n);
    hu_layout_fill(runs->to, b->expected, &due, n);
    bool wants_flags = t->wants_flags && trial_takes_flags(t, false, unit / n);
    size_t whole = pad(b, n);
    memset(b->wrong, 0, n * sizeof *b->wrong);
    for (int round = 0; round < (wants_flags ? 2 : 1); round++) {
        if (!t->subject->give(t->subject->context, b->worker, b->dst, (const void *const[]){b->src},
                              whole, round ? &flags : NULL)) {
            for (size_t i = 0; i < n; i++)
                b->source[i] = first + i * sources.step;
            return trial_convert(b, whole, 0, b->source, NULL);
        }
        if (memcmp(b->dst, b->expected, hu_layout_bytes(runs->to, n)))
            check_units_each(b, run, n, round);
    }
    if (wants_flags)
        check_flags(b, n, first, first + (n - 1) * sources.step, flags_due, flags);
    b->position += n;
    trial_progress(b, n);
    return true;
}

/* How many units apart those at PLACE are taken. Where rounding is to nearest the exact points are
 * no boundaries, and a sample of them does. */
static uint64_t stride_at(const struct hu_runs *runs, size_t run, uint64_t place)
{
    const struct hu_run *r = &runs->run[run];
    bool sign = r->first & hu_sign_mask(runs->from);
    enum hu_magnitude_rounding mode = hu_magnitude_rounding(runs->promise.options.direction, sign);
    bool nearest = mode == HU_NEAREST_EVEN || mode == HU_NEAREST_AWAY;
    return r->kind == HU_LADDER && nearest && !place && r->shift > 1 ? EXACT_STRIDE : 1;
}

uint64_t trial_unit_inputs(const struct hu_runs *runs, size_t run, uint64_t first, uint64_t last)
{
    uint64_t places[MOST_PLACES], inputs = 0;
    size_t n = places_of(runs, run, places);
    for (size_t p = 0; p < n; p++)
        inputs += (last - first) / stride_at(runs, run, places[p]) + 1;
    return inputs;
}

/* One place in each of the units FIRST to LAST. */
static uint64_t units_at(struct bench *b, size_t run, uint64_t first, uint64_t last, uint64_t place)
{
    const struct hu_runs *runs = b->trial->runs;
    uint64_t stride, inputs = 0, step = stride_at(runs, run, place);
    uint64_t count = (last - first) / step + 1;
    size_t block = b->trial->subject->block;
    trial_units_of(runs, run, &stride);
    trial_break(b);
    while (inputs < count) {
        size_t n = count - inputs < block ? (size_t)(count - inputs) : block;
        uint64_t unit = (first + inputs * step) * stride;
        if (trial_is_over(b->trial) || !check_units(b, run, unit, step * stride, n, place))
            break;
        inputs += n;
    }
    return inputs;
}

uint64_t trial_units(struct bench *b, const struct part *part)
{
    uint64_t places[MOST_PLACES], inputs = 0;
    size_t n = places_of(b->trial->runs, part->run, places);
    for (size_t p = 0; p < n; p++)
        inputs += units_at(b, part->run, part->first, part->last, places[p]);
    return inputs;
}

/* Half the draws lie anywhere, half in a run drawn first, so that each code has a chance. */
static uint64_t draw_source(const struct hu_runs *runs, uint64_t seed, uint64_t draw)
{
    uint64_t random = hu_draw(seed, 3 * draw);
    if (draw & 1)
        return random & hu_width_mask(runs->from);
    size_t run = hu_draw(seed, 3 * draw + 1) % runs->count;
    uint64_t first = runs->run[run].first, length = hu_run_last(runs, run) - first + 1;
    return first + (length ? random % length : random);
}

uint64_t trial_draws(struct bench *b, const struct part *part)
{
    struct trial *t = b->trial;
    const struct hu_runs *runs = t->runs;
    struct gathered g = {0};
    uint64_t inputs = 0;
    for (uint64_t draw = part->first; draw <= part->last; draw++) {
        unsigned flags;
        uint64_t source = draw_source(runs, t->options->seed, draw);
        uint64_t code =
            hu_expect(b->reference, runs->to, runs->from, source, &runs->promise, &flags);
        gather(b, &g, source, code, flags);
        if (g.n < t->subject->block && draw < part->last)
            continue;
        if (!check_points(b, g.n, g.flags, false))
            return inputs;
        inputs += g.n;
        g = (struct gathered){0};
    }
    return inputs;
}

/* BITS, which RUN holds, by itself. False: the scan is over. */
static bool lone(struct bench *b, size_t run, uint64_t bits)
{
    unsigned flags;
    if (!trial_owns(b->trial, bits))
        return true;
    uint64_t code = hu_run_expect(b->trial->runs, run, bits, &flags);
    trial_lone(b, bits, code, flags);
    return !trial_is_over(b->trial);
}

/* Each encoding of a narrow source; of a wider one the ends of each run and what is next to them,
 * so that every boundary is tried with its neighbours. */
uint64_t trial_lones(struct bench *b, const struct part *part)
{
    const struct hu_runs *runs = b->trial->runs;
    bool every = runs->from->width <= LONE_WIDTH;
    for (uint64_t run = part->first; run <= part->last; run++) {
        uint64_t first = runs->run[run].first, length = hu_run_last(runs, run) - first;
        uint64_t count = every || length < 3 ? length + 1 : 4;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t offset = every || i < 2 ? i : length - (count - 1 - i);
            if (!lone(b, run, first + offset))
                return 0;
        }
    }
    return 0;
}

/* A short call: N elements from FIRST on, in arrays that begin OFFSET bytes after a 64-byte
 * boundary.
 */
struct tail {
    size_t n, offset;
    uint64_t first;
};

/* Into memory that holds none of the right answers and whose end is watched. */
static bool convert_tail(struct bench *b, const struct tail *k)
{
    struct trial *t = b->trial;
    const struct hu_runs *runs = t->runs;
    static const char watch[] = "ZZZZZZZZ";
    size_t n = k->n, bytes = hu_layout_bytes(runs->to, n);
    char *src = (char *)b->src + k->offset, *dst = (char *)b->dst + k->offset;
    memset(dst, 0, bytes + 8);
    for (size_t i = 0; i < n; i++) {
        unsigned flags;
        b->source[i] = (k->first + i) & hu_width_mask(runs->from);
        b->code[i] = hu_run_expect(runs, hu_runs_find(runs, b->source[i]), b->source[i], &flags);
        b->flags[i] = (unsigned char)flags;
        hu_layout_store(runs->from, src, i, b->source[i]);
        hu_layout_store(runs->to, dst, i, ~b->code[i] & hu_width_mask(runs->to));
    }
    memcpy(dst + bytes, watch, 8);
    if (!trial_convert_at(b, dst, src, n, 0, b->source, NULL))
        return false;
    if (memcmp(dst + bytes, watch, 8)) {
        struct hu_mismatch m = {.kind = HU_WRONG_BYTES,
                                .source = n ? b->source[n - 1] : 0,
                                .last = n ? b->source[n - 1] : 0,
                                .index = n,
                                .length = n,
                                .offset = k->offset};
        trial_apart(t, &m);
    }
    return true;
}

/* Whether SOURCE is as due by itself, in a long call. */
static bool is_right_alone(struct bench *b, uint64_t source, uint64_t expected, bool *over)
{
    const struct hu_runs *runs = b->trial->runs;
    *over = !trial_convert_copies(b, source, NULL);
    return !*over &&
           hu_satisfies(runs->to, &runs->promise, expected, hu_layout_load(runs->to, b->dst, 0));
}

/* An element that is wrong by itself too is counted where every input is; here only what depends on
 * the call does, of which the first is reported. Whether the call was right. */
static bool report_tail(struct bench *b, const struct tail *k, bool *over)
{
    const struct hu_runs *runs = b->trial->runs;
    struct hu_mismatch wrong[MOST_TAIL];
    size_t count = 0;
    for (size_t i = 0; i < k->n && count < MOST_TAIL; i++) {
        uint64_t got = hu_layout_load(runs->to, (char *)b->dst + k->offset, i);
        if ((b->flags[i] & HU_ANYTHING) || hu_satisfies(runs->to, &runs->promise, b->code[i], got))
            continue;
        wrong[count++] = (struct hu_mismatch){.source = b->source[i],
                                              .last = b->source[i],
                                              .expected = b->code[i],
                                              .got = got,
                                              .index = i,
                                              .length = k->n,
                                              .offset = k->offset};
    }
    for (size_t i = 0; i < count && !*over; i++)
        if (is_right_alone(b, wrong[i].source, wrong[i].expected, over)) {
            trial_apart(b->trial, &wrong[i]);
            break;
        }
    return !count;
}

/* N elements around a boundary; where that is right, at another alignment too. False: the trial is
 * over. */
static bool try_tail(struct bench *b, size_t n)
{
    const struct hu_runs *runs = b->trial->runs;
    size_t in = hu_layout_bytes(runs->from, 1), out = hu_layout_bytes(runs->to, 1);
    size_t natural = in > out ? in : out;
    size_t run = hu_draw(b->trial->options->seed, n) % runs->count;
    struct tail k = {.n = n, .first = runs->run[run].first - n / 2};
    bool over = false;
    if (trial_is_over(b->trial) || !convert_tail(b, &k))
        return false;
    if (!report_tail(b, &k, &over) || over)
        return !over;
    k.offset = natural * (1 + n % (64 / natural - 1));
    if (!convert_tail(b, &k))
        return false;
    report_tail(b, &k, &over);
    return !over;
}

/* Every length from 0, and some that long calls may treat otherwise. */
uint64_t trial_tails(struct bench *b, const struct part *part)
{
    static const size_t longer[] = {511, 1027, 4097, 16391, 65521};
    (void)part;
    for (size_t n = 0; n < MOST_TAIL; n++)
        if (!try_tail(b, n))
            return 0;
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (longer[i] <= b->trial->subject->block && !try_tail(b, longer[i]))
            return 0;
    return 0;
}

/* Calls of all lengths, of a subject that another part of the program does not vouch for. */

static void draw_input(void *context, uint64_t i, uint64_t x[HU_OPERANDS])
{
    const struct trial *t = ((const struct bench *)context)->trial;
    x[0] = draw_source(t->runs, t->options->seed, i);
}

static bool lengths_are_over(void *context)
{
    return trial_is_over(((struct bench *)context)->trial);
}

static void take_length(void *context, const struct hu_length_fault *f)
{
    struct bench *b = context;
    struct hu_mismatch m = {.kind = f->beyond ? HU_WRONG_BYTES : HU_WRONG_CODE,
                            .source = f->x[0],
                            .last = f->x[0],
                            .expected = f->expected,
                            .got = f->got,
                            .index = f->index,
                            .length = f->length,
                            .offset = f->offset};
    trial_apart(b->trial, &m);
}

static void take_stop(void *context, const uint64_t tile[][HU_OPERANDS], size_t start, size_t n)
{
    struct bench *b = context;
    uint64_t *source = calloc(n + 1, sizeof *source);
    for (size_t i = 0; source && i < n; i++)
        source[i] = tile[(start + i) % HU_LENGTHS_TILE][0];
    trial_stopped(b->trial, source ? n : 0, 0, source);
    free(source);
}

uint64_t trial_lengths(struct bench *b, const struct part *part)
{
    const struct hu_runs *runs = b->trial->runs;
    struct hu_question q = hu_question_of_conversion(runs->to, runs->from, &runs->promise);
    struct hu_lengths lengths = {
        &q, b->trial->subject, b->worker,        b->reference, b->trial->options->seed,
        b,  draw_input,        lengths_are_over, take_length,  take_stop};
    (void)part;
    if (!hu_lengths_try(&lengths)) {
        pthread_mutex_lock(&b->trial->lock);
        b->trial->verdict.failed = true;
        pthread_mutex_unlock(&b->trial->lock);
    }
    return 0;
}
