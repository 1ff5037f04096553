#include "verify/boundary.h"
#include "file/tensor_file.h"
#include "pool.h"
#include "verify/random.h"

#include <pthread.h>
#include <stdlib.h>

/* Consecutive magnitudes of the source over which both quanta keep their exponents. */
struct region {
    uint64_t low, high;
    int shift;     /* log2 of the target's quantum over the source's */
    bool negative; /* of a signed integer's regions, which hold for one sign */
    enum { WHOLE, GRID, PAYLOADS, SINGLES } kind;
};

enum { LEAST_LADDER = 64 };

struct list {
    struct hu_run *run;
    size_t count;
};

struct builder {
    struct hu_runs *runs;
    struct region *region;
    size_t regions;
    bool explicit;                   /* few enough units to ask MPFR about each */
    bool failed;                     /* out of memory */
    struct list *list;               /* one a region and sign */
    struct hu_reference **reference; /* one a worker */
    pthread_mutex_t lock;
};

/* A region being turned into runs. */
struct work {
    struct builder *b;
    struct hu_reference *reference;
    struct list *list;
    uint64_t sign; /* the source's sign bit, or 0 */
    bool failed;
};

struct answer {
    uint64_t code;
    unsigned flags;
};

static bool same(struct answer a, struct answer b)
{
    return a.code == b.code && a.flags == b.flags;
}

static struct answer ask(struct work *w, uint64_t magnitude)
{
    const struct hu_runs *runs = w->b->runs;
    struct answer a;
    a.code = hu_expect(w->reference, runs->to, runs->from, w->sign | magnitude, &runs->promise,
                       &a.flags);
    if (a.flags & HU_ANYTHING)
        return (struct answer){0, HU_ANYTHING};
    /* Codes are monotone through any number of roundings; the flags of all together are not. */
    if (runs->promise.step[0])
        a.flags = 0;
    return a;
}

static void append(struct list *list, struct hu_run run, bool *failed)
{
    struct hu_run *row = list->count ? &list->run[list->count - 1] : NULL;
    if (row && row->kind == HU_CONSTANT && run.kind == HU_CONSTANT && row->code == run.code &&
        row->flags == run.flags)
        return;
    row = hu_file_append(&list->run, &list->count, sizeof *row);
    if (row)
        *row = run;
    *failed |= !row;
}

static void add_constant(struct work *w, uint64_t magnitude, struct answer a)
{
    struct hu_run run = {w->sign | magnitude, a.code, (unsigned char)a.flags, HU_CONSTANT, 0};
    append(w->list, run, &w->failed);
}

/* The runs from LOW to HIGH, whose answers are known; by bisection. */
static void bisect(struct work *w, uint64_t low, struct answer at_low, uint64_t high,
                   struct answer at_high)
{
    add_constant(w, low, at_low);
    if (same(at_low, at_high))
        return;
    if (high - low == 1) {
        add_constant(w, high, at_high);
        return;
    }
    uint64_t middle = low + (high - low) / 2;
    struct answer at_middle = ask(w, middle);
    bisect(w, low, at_low, middle, at_middle);
    bisect(w, middle, at_middle, high, at_high);
}

/* As bisect, with a first guess: a boundary of rounding to nearest is the middle of its unit. */
static void split(struct work *w, uint64_t low, uint64_t high)
{
    struct answer at_low = ask(w, low);
    if (low == high) {
        add_constant(w, low, at_low);
        return;
    }
    struct answer at_high = ask(w, high);
    uint64_t middle = low + (high - low) / 2;
    if (same(at_low, at_high) || middle == low) {
        bisect(w, low, at_low, high, at_high);
        return;
    }
    struct answer before = ask(w, middle - 1), at_middle = ask(w, middle),
                  after = ask(w, middle + 1);
    bisect(w, low, at_low, middle - 1, before);
    bisect(w, middle - 1, before, middle, at_middle);
    bisect(w, middle, at_middle, middle + 1, after);
    bisect(w, middle + 1, after, high, at_high);
}

/* Every unit from FIRST to LAST of a grid: its exact point by itself, then what lies inside. */
static void split_units(struct work *w, const struct region *g, uint64_t first, uint64_t last)
{
    int shift = g->shift > 0 ? g->shift : 0;
    for (uint64_t unit = first; unit <= last; unit++) {
        uint64_t point = g->low + (unit << shift);
        uint64_t end = point + (UINT64_C(1) << shift) - 1;
        if (g->kind == PAYLOADS) {
            split(w, point, end);
            continue;
        }
        add_constant(w, point, ask(w, point));
        if (point < end)
            split(w, point + 1, end);
    }
}

static uint64_t units_of(const struct region *g)
{
    if (g->kind == WHOLE)
        return 1;
    return (g->high - g->low + 1) >> (g->shift > 0 ? g->shift : 0);
}

static void add_steps(struct work *w, const struct region *g, uint64_t unit)
{
    uint64_t magnitude = g->low + (unit << (g->shift > 0 ? g->shift : 0));
    struct answer a = ask(w, magnitude);
    bool ladder = g->kind == GRID && g->shift > 0;
    unsigned flags = ladder ? ask(w, magnitude + 1).flags : a.flags;
    struct hu_run run = {w->sign | magnitude, a.code, (unsigned char)flags,
                         ladder ? HU_LADDER : HU_STEPS, (signed char)g->shift};
    append(w->list, run, &w->failed);
}

/* The two outermost units at either end are asked for: carries into the next binade, overflow and
 * the last tiny value all happen there. */
static void run_region(struct work *w, const struct region *g)
{
    uint64_t units = units_of(g);
    bool lost = w->sign && !hu_is_signed(w->b->runs->to); /* nothing but what rounds to zero */
    if (g->kind == WHOLE || (lost && g->kind != SINGLES))
        split(w, g->low, g->high);
    else if (g->kind == SINGLES)
        for (uint64_t m = g->low; m <= g->high; m++)
            add_constant(w, m, ask(w, m));
    else if (w->b->explicit || units < LEAST_LADDER)
        split_units(w, g, 0, units - 1);
    else {
        split_units(w, g, 0, 1);
        add_steps(w, g, 2);
        split_units(w, g, units - 2, units - 1);
    }
}

static struct hu_reference *reference_for(struct builder *b, unsigned worker)
{
    if (!b->reference[worker])
        b->reference[worker] = hu_reference_new();
    if (!b->reference[worker])
        b->failed = true;
    return b->reference[worker];
}

static void build_task(void *context, size_t task, unsigned worker)
{
    struct builder *b = context;
    struct work w = {.b = b, .list = &b->list[task]};
    w.reference = reference_for(b, worker);
    if (!w.reference)
        return;
    const struct region *g = &b->region[task % b->regions];
    w.sign = task >= b->regions || g->negative ? hu_sign_mask(b->runs->from) : 0;
    run_region(&w, g);
    if (w.failed)
        b->failed = true;
}

static void add_region(struct builder *b, uint64_t low, uint64_t high, int kind, int shift)
{
    if (low > high)
        return;
    struct region *g = &b->region[b->regions++];
    *g = (struct region){.low = low, .high = high, .shift = shift, .kind = WHOLE};
    /* A unit wider than the region has no exact point inside. */
    bool grid = shift <= 0 || (shift < 64 && (high - low + 1) >> shift);
    if (kind == SINGLES)
        g->kind = SINGLES;
    else if (kind != WHOLE && grid)
        g->kind = kind == GRID ? GRID : PAYLOADS;
}

/* Magnitudes LOW to HIGH, inside one binade of EXPONENT whose quantum is 2^QUANTUM. */
static void add_binade(struct builder *b, uint64_t low, uint64_t high, int exponent, int quantum)
{
    const struct hu_format *to = b->runs->to;
    unsigned flush = b->runs->promise.flush;
    if (b->runs->promise.step[0]) {
        add_region(b, low, high, WHOLE, 0);
        return;
    }
    bool subnormal_source = low <= hu_trailing_mask(b->runs->from) && !hu_is_integer(b->runs->from);
    bool flushed = ((flush & HU_FLUSH_OUT) && exponent < hu_emin(to) && !hu_is_integer(to)) ||
                   ((flush & HU_FLUSH_IN) && subnormal_source);
    int target = exponent < hu_emin(to) ? hu_emin(to) : exponent;
    bool grid = exponent <= hu_emax(to) && !flushed;
    int shift = target - to->trailing_bits - quantum;
    /* Where the last code of the top binade is a NaN its last unit is not whole. */
    uint64_t unit = shift > 0 && shift <= exponent - quantum ? UINT64_C(1) << shift : 1;
    uint64_t rest = (high - low + 1) % unit;
    if (!grid || !rest) {
        add_region(b, low, high, grid ? GRID : WHOLE, shift);
        return;
    }
    uint64_t point = high - rest + 1;
    if (point > low)
        add_region(b, low, point - 1, GRID, shift);
    add_region(b, point, point, WHOLE, 0);
    add_region(b, point + 1, high, WHOLE, 0);
}

static void add_nans(struct builder *b)
{
    const struct hu_format *from = b->runs->from, *to = b->runs->to;
    uint64_t infinity = hu_infinity_code(from), quiet = hu_default_nan_code(from);
    int shift = from->trailing_bits - to->trailing_bits;
    const struct hu_promise *promise = &b->runs->promise;
    bool plain = !promise->step[0] && !(promise->ignore & HU_IGNORE_NAN);
    int kind = plain && to->specials == HU_SPECIALS_IEEE && to->trailing_bits ? PAYLOADS : WHOLE;
    add_region(b, infinity, infinity, WHOLE, 0);
    if (!from->trailing_bits)
        return;
    /* The signaling payload 0 would be infinity, so the first unit lacks its first encoding. */
    uint64_t unit = kind == PAYLOADS && shift > 0 ? UINT64_C(1) << shift : 1;
    uint64_t head = infinity + unit - 1 < quiet ? infinity + unit - 1 : quiet - 1;
    if (unit > 1)
        add_region(b, infinity + 1, head, WHOLE, 0);
    uint64_t start = unit > 1 ? head + 1 : infinity + 1;
    if (start < quiet)
        add_region(b, start, quiet - 1, kind, shift);
    add_region(b, quiet, infinity + hu_trailing_mask(from), kind, shift);
}

/* The negative half of two's complement: from the greatest magnitude down. Each region begins at a
 * power of two and ends before the next, so that it holds whole units of the binade below it. */
static void find_falling_regions(struct builder *b)
{
    const struct hu_format *from = b->runs->from;
    int t = from->trailing_bits;
    uint64_t least = UINT64_C(1) << t; /* the magnitude of the code 0 behind the sign */
    size_t positive = b->regions;
    for (int i = t - 1; i >= 0; i--)
        add_binade(b, least - (UINT64_C(2) << i), least - (UINT64_C(1) << i) - 1, i, 0);
    add_region(b, least - 1, least - 1, WHOLE, 0);
    for (size_t i = positive; i < b->regions; i++)
        b->region[i].negative = true;
}

static void find_regions(struct builder *b)
{
    const struct hu_format *from = b->runs->from;
    int t = from->trailing_bits, subnormal = hu_emin(from) - t;
    uint64_t top = hu_width_mask(from) & ~hu_sign_mask(from);
    uint64_t finite = hu_max_finite_code(from);
    add_region(b, 0, 0, WHOLE, 0);
    for (int i = 0; i < t; i++)
        add_binade(b, UINT64_C(1) << i, (UINT64_C(2) << i) - 1, subnormal + i, subnormal);
    if (hu_is_integer(from)) {
        if (hu_is_signed(from))
            find_falling_regions(b);
        return;
    }
    for (uint64_t e = 1; e << t <= finite; e++) {
        uint64_t high = (e << t) + hu_trailing_mask(from);
        int exponent = (int)e - from->bias;
        add_binade(b, e << t, high < finite ? high : finite, exponent, exponent - t);
    }
    if (from->specials == HU_SPECIALS_IEEE)
        add_nans(b);
    else if (finite < top)
        add_region(b, finite + 1, top, WHOLE, 0);
}

enum { SINGLES_A_REGION = 1 << 12 };

/* Every encoding of a narrow source is asked about. */
static void find_single_regions(struct builder *b)
{
    const struct hu_format *from = b->runs->from;
    uint64_t top = hu_width_mask(from) & ~hu_sign_mask(from);
    for (uint64_t m = 0; m <= top; m += SINGLES_A_REGION)
        add_region(b, m, m + SINGLES_A_REGION - 1 < top ? m + SINGLES_A_REGION - 1 : top, SINGLES,
                   0);
}

static bool join_lists(struct builder *b, size_t lists)
{
    struct list all = {0};
    bool failed = false;
    for (size_t i = 0; i < lists; i++)
        for (size_t j = 0; j < b->list[i].count; j++)
            append(&all, b->list[i].run[j], &failed);
    b->runs->run = all.run;
    b->runs->count = all.count;
    for (size_t i = 0; i < all.count; i++)
        b->runs->ladders += all.run[i].kind != HU_CONSTANT;
    return !failed;
}

uint64_t hu_run_last(const struct hu_runs *runs, size_t i)
{
    return i + 1 < runs->count ? runs->run[i + 1].first - 1 : hu_width_mask(runs->from);
}

/* MPFR against the table at BITS of run I. */
static void confirm(struct builder *b, struct hu_reference *r, size_t i, uint64_t bits)
{
    struct hu_runs *runs = b->runs;
    unsigned flags, model_flags;
    uint64_t code = hu_expect(r, runs->to, runs->from, bits, &runs->promise, &flags);
    if (code == hu_run_expect(runs, i, bits, &model_flags) && flags == model_flags)
        return;
    pthread_mutex_lock(&b->lock);
    if (!runs->refuted || bits < runs->refuted_at)
        runs->refuted_at = bits;
    runs->refuted = true;
    pthread_mutex_unlock(&b->lock);
}

enum { PLACES = 7 };

/* A telling place inside a unit of 2^shift encodings; the last choice is anywhere. */
static uint64_t place(int shift, unsigned choice, uint64_t random)
{
    uint64_t half = shift > 0 ? UINT64_C(1) << shift >> 1 : 0;
    uint64_t last = shift > 0 ? (UINT64_C(1) << shift) - 1 : 0;
    const uint64_t places[PLACES] = {0, 1, half - 1, half, half + 1, last, random};
    return places[choice] & last;
}

static void confirm_edges(struct builder *b, struct hu_reference *r, size_t i)
{
    const struct hu_run *run = &b->runs->run[i];
    int up = hu_run_up(run);
    uint64_t units = (hu_run_last(b->runs, i) - run->first + 1) >> up;
    const uint64_t ends[] = {0, 1, units - 2, units - 1};
    for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
        for (unsigned p = 0; p + 1 < PLACES; p++)
            confirm(b, r, i, run->first + (ends[e] << up) + place(up, p, 0));
}

enum { DRAWS_A_TASK = 1 << 14 };

struct confirmation {
    struct builder *b;
    size_t *ladder; /* the indices of the steps and ladders */
};

static void confirm_task(void *context, size_t task, unsigned worker)
{
    struct confirmation *c = context;
    struct hu_runs *runs = c->b->runs;
    struct hu_reference *r = reference_for(c->b, worker);
    if (!r)
        return;
    for (size_t i = task; i < runs->ladders; i += HU_LADDER_DRAWS / DRAWS_A_TASK + 1)
        confirm_edges(c->b, r, c->ladder[i]);
    uint64_t first = task * DRAWS_A_TASK;
    for (uint64_t d = first; d < first + DRAWS_A_TASK && d < HU_LADDER_DRAWS; d++) {
        size_t i = c->ladder[hu_draw(0, 4 * d) % runs->ladders];
        const struct hu_run *run = &runs->run[i];
        int up = hu_run_up(run);
        uint64_t units = (hu_run_last(runs, i) - run->first + 1) >> up;
        uint64_t unit = hu_draw(0, 4 * d + 1) % units;
        unsigned choice = (unsigned)(hu_draw(0, 4 * d + 2) % PLACES);
        confirm(c->b, r, i, run->first + (unit << up) + place(up, choice, hu_draw(0, 4 * d + 3)));
    }
}

static bool confirm_ladders(struct builder *b, unsigned jobs)
{
    struct confirmation c = {b, malloc((b->runs->ladders + 1) * sizeof *c.ladder)};
    if (!c.ladder)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < b->runs->count; i++)
        if (b->runs->run[i].kind != HU_CONSTANT)
            c.ladder[n++] = i;
    if (n)
        hu_pool_run(jobs, HU_LADDER_DRAWS / DRAWS_A_TASK + 1, confirm_task, &c);
    free(c.ladder);
    return !b->failed;
}

static bool build(struct builder *b, unsigned jobs)
{
    const struct hu_format *from = b->runs->from;
    size_t most = from->width <= HU_NARROW_WIDTH
                      ? ((size_t)1 << from->width) / SINGLES_A_REGION + 1
                      : ((size_t)1 << from->exponent_bits) + 2 * (size_t)from->trailing_bits + 8;
    b->region = malloc(most * sizeof *b->region);
    b->reference = calloc(jobs, sizeof *b->reference);
    if (!b->region || !b->reference)
        return false;
    if (from->width <= HU_NARROW_WIDTH)
        find_single_regions(b);
    else
        find_regions(b);
    uint64_t units = 0; /* as far as it matters: all codes of 64 bits are more than 64 bits count */
    for (size_t i = 0; i < b->regions && units <= HU_EXPLICIT_UNITS; i++)
        units += units_of(&b->region[i]);
    b->explicit = units <= HU_EXPLICIT_UNITS;
    bool each_sign = hu_is_signed(from) && (!hu_is_integer(from) || from->width <= HU_NARROW_WIDTH);
    size_t lists = each_sign ? 2 * b->regions : b->regions;
    b->list = calloc(lists, sizeof *b->list);
    if (!b->list)
        return false;
    hu_pool_run(units < 4096 ? 1 : jobs, lists, build_task, b);
    bool done = !b->failed && join_lists(b, lists) && confirm_ladders(b, jobs);
    for (size_t i = 0; i < lists; i++)
        free(b->list[i].run);
    return done;
}

bool hu_runs_can_list(const struct hu_format *to, const struct hu_format *from,
                      const struct hu_promise *promise)
{
    int width = to->width < from->width ? to->width : from->width;
    if (!promise->step[0] || from->width <= HU_NARROW_WIDTH)
        return true;
    for (int i = 0; i < HU_STEPS_MAX && promise->step[i]; i++)
        width = promise->step[i]->width < width ? promise->step[i]->width : width;
    return width <= HU_NARROW_WIDTH;
}

struct hu_runs *hu_runs_new(const struct hu_format *to, const struct hu_format *from,
                            const struct hu_promise *promise, unsigned jobs)
{
    struct hu_runs *runs = calloc(1, sizeof *runs);
    if (!runs)
        return NULL;
    runs->to = to;
    runs->from = from;
    runs->promise = *promise;
    struct builder b = {.runs = runs, .lock = PTHREAD_MUTEX_INITIALIZER};
    bool done = build(&b, jobs ? jobs : 1);
    for (unsigned i = 0; b.reference && i < (jobs ? jobs : 1); i++)
        hu_reference_free(b.reference[i]);
    free(b.reference);
    free(b.list);
    free(b.region);
    if (done)
        return runs;
    hu_runs_free(runs);
    return NULL;
}

void hu_runs_free(struct hu_runs *runs)
{
    if (runs)
        free(runs->run);
    free(runs);
}

size_t hu_runs_find(const struct hu_runs *runs, uint64_t bits)
{
    size_t low = 0, high = runs->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (runs->run[middle].first <= bits)
            low = middle;
        else
            high = middle;
    }
    return low;
}

enum hu_magnitude_rounding hu_magnitude_rounding(enum hu_direction direction, bool sign)
{
    static const enum hu_magnitude_rounding of[][2] = {
        [HU_TIES_TO_EVEN] = {HU_NEAREST_EVEN, HU_NEAREST_EVEN},
        [HU_TIES_TO_AWAY] = {HU_NEAREST_AWAY, HU_NEAREST_AWAY},
        [HU_TOWARD_ZERO] = {HU_DOWN, HU_DOWN},
        [HU_TOWARD_POSITIVE] = {HU_UP, HU_DOWN},
        [HU_TOWARD_NEGATIVE] = {HU_DOWN, HU_UP},
        [HU_TO_ODD] = {HU_ODD, HU_ODD},
        [HU_STOCHASTIC] = {HU_DOWN, HU_DOWN}};
    return of[direction][sign];
}

static bool goes_up(enum hu_magnitude_rounding mode, uint64_t code, uint64_t rest, int shift)
{
    uint64_t half = UINT64_C(1) << (shift - 1);
    switch (mode) {
    case HU_UP:
        return rest;
    case HU_NEAREST_EVEN:
        return rest > half || (rest == half && (code & 1));
    case HU_NEAREST_AWAY:
        return rest >= half;
    case HU_ODD:
        return rest && !(code & 1);
    case HU_DOWN:
        break;
    }
    return false;
}

uint64_t hu_run_expect(const struct hu_runs *runs, size_t i, uint64_t bits, unsigned *flags)
{
    const struct hu_run *run = &runs->run[i];
    uint64_t offset = bits - run->first;
    *flags = run->flags;
    if (run->kind == HU_CONSTANT)
        return run->code;
    bool sign = bits & hu_sign_mask(runs->from);
    bool source_falls = hu_falls(runs->from, sign), target_falls = hu_falls(runs->to, sign);
    /* Magnitudes of the target, whose last bits are those of its codes. */
    uint64_t first = target_falls ? -run->code : run->code;
    uint64_t units = run->shift < 0 ? offset << -run->shift : offset >> run->shift;
    uint64_t magnitude = source_falls ? first - units : first + units;
    uint64_t rest = 0;
    if (run->kind == HU_LADDER)
        rest = offset & ((UINT64_C(1) << run->shift) - 1);
    if (rest) {
        enum hu_magnitude_rounding mode =
            hu_magnitude_rounding(runs->promise.options.direction, sign);
        if (source_falls) {
            magnitude--;
            rest = (UINT64_C(1) << run->shift) - rest;
        }
        magnitude += goes_up(mode, magnitude, rest, run->shift);
    } else if (run->kind == HU_LADDER)
        *flags = 0;
    return target_falls ? -magnitude & hu_width_mask(runs->to) : magnitude;
}
