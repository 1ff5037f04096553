#include "verify/random.h"
#include "verify/recorded.h"
#include "verify/vectors.h"
#include "wide.h"

enum {
    EDGE = 2,        /* encodings taken at either end of a constant run */
    MOST_PLACES = 6, /* of a ladder's unit */
    BUFFER = 1 << 16,
    LONGEST_LINE = 48, /* 16 + 16 + 2 digits, separators, what is scribbled over */
};

struct writer {
    const struct hu_runs *runs;
    const struct hu_vectors_options *options;
    hu_vectors_sink *sink;
    void *context;
    uint64_t written;
    bool stopped;
    size_t used;
    int source_digits, code_digits;
    char buffer[BUFFER];
};

/* The points of one run: how many there are and which. */
struct points {
    size_t run;
    uint64_t first, last;
    uint64_t count;
    uint64_t places[MOST_PLACES]; /* inside a unit; of a ladder or of steps down */
    unsigned each;                /* places in a unit; 0: a constant run or exact steps */
};

static bool is_edge_code(const struct hu_format *to, uint64_t code)
{
    uint64_t mask = hu_trailing_mask(to), trailing = code & mask;
    return trailing <= 1 || trailing >= mask - 1;
}

static void unit_places(struct points *p, const struct hu_run *r)
{
    uint64_t last = (UINT64_C(1) << r->shift) - 1, half = (last + 1) / 2;
    const uint64_t all[MOST_PLACES] = {0, 1, half - 1, half, half + 1, last};
    for (int i = 0; i < MOST_PLACES; i++)
        if (all[i] <= last && (!p->each || all[i] > p->places[p->each - 1]))
            p->places[p->each++] = all[i];
}

/* Exact steps have no boundary: the encodings next to each power of two above the first do. */
static uint64_t exact_points(uint64_t length)
{
    uint64_t n = length < 2 ? length + 1 : 2;
    for (int i = 2; i < 64 && UINT64_C(1) << i <= length; i++)
        n += 2;
    return n;
}

static uint64_t exact_point(uint64_t j)
{
    return j < 2 ? j : (UINT64_C(1) << (j / 2 + 1)) - 1 + j % 2;
}

static struct points points_of(const struct hu_runs *runs, size_t run, int level)
{
    const struct hu_run *r = &runs->run[run];
    struct points p = {.run = run, .first = r->first, .last = hu_run_last(runs, run)};
    uint64_t length = p.last - p.first;
    if (r->kind == HU_CONSTANT) {
        bool wanted =
            level > 1 || is_edge_code(runs->to, r->code) || hu_code_is_nan(runs->to, r->code);
        p.count = !wanted ? 0 : length < 2 * EDGE ? length + 1 : 2 * EDGE;
    } else if (r->shift <= 0)
        p.count = exact_points(length);
    else {
        unit_places(&p, r);
        p.count = level > 1 ? ((length >> r->shift) + 1) * p.each : p.each;
    }
    return p;
}

/* Point J of P, below its count. */
static uint64_t point_at(const struct hu_runs *runs, const struct points *p, uint64_t j)
{
    const struct hu_run *r = &runs->run[p->run];
    if (p->each)
        return p->first + (j / p->each << hu_run_up(r)) + p->places[j % p->each];
    if (r->kind != HU_CONSTANT)
        return p->first + exact_point(j);
    return p->count < 2 * EDGE || j < EDGE ? p->first + j : p->last - (p->count - 1 - j);
}

uint64_t hu_vectors_set(const struct hu_runs *runs, int level)
{
    uint64_t n = 0;
    for (size_t i = 0; i < runs->count; i++)
        n += points_of(runs, i, level).count;
    return n;
}

static void flush(struct writer *w)
{
    if (w->used && !w->stopped)
        w->stopped = !w->sink(w->context, w->buffer, w->used);
    w->used = 0;
}

static void put(struct writer *w, size_t run, uint64_t source)
{
    unsigned flags;
    uint64_t code = hu_run_expect(w->runs, run, source, &flags);
    char *at = w->buffer + w->used;
    at = hu_vectors_number(at, source, w->source_digits);
    at = hu_vectors_number(at, code, w->code_digits);
    at = hu_vectors_number(at, hu_to_testfloat(flags), 2);
    at[-1] = '\n';
    w->used = (size_t)(at - w->buffer);
    w->written++;
    if (w->used > BUFFER - LONGEST_LINE)
        flush(w);
}

/* COUNT of the TOTAL points, evenly: those numbered e * total / count, rounded down. */
static void write_set(struct writer *w, uint64_t count, uint64_t total)
{
    uint64_t step = total / count, rest = total % count, error = 0, next = 0, start = 0;
    for (size_t run = 0; run < w->runs->count && !w->stopped; run++) {
        struct points p = points_of(w->runs, run, w->options->level);
        while (next - start < p.count && w->written < count && !w->stopped) {
            put(w, run, point_at(w->runs, &p, next - start));
            next += step;
            error += rest;
            if (error >= count) {
                error -= count;
                next++;
            }
        }
        start += p.count;
    }
}

/* The encodings of a run that draws may hit: its inside, of constant runs alone. */
static uint64_t inside_of(const struct hu_runs *runs, const struct points *p)
{
    uint64_t length = p->last - p->first;
    bool constant = runs->run[p->run].kind == HU_CONSTANT;
    return constant && length >= 2 * EDGE ? length + 1 - 2 * EDGE : 0;
}

/* The least share that, given to each run as far as it has room, makes EXTRA in all. */
static uint64_t share_of(const struct writer *w, uint64_t extra)
{
    uint64_t low = 0, high = extra;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2, sum = 0;
        for (size_t run = 0; run < w->runs->count && sum < extra; run++) {
            struct points p = points_of(w->runs, run, w->options->level);
            uint64_t room = inside_of(w->runs, &p);
            sum += room < middle ? room : middle;
        }
        if (sum >= extra)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* DRAWS sources inside a constant run, one in each of as many equal parts. */
static void write_draws(struct writer *w, const struct points *p, uint64_t inside, uint64_t draws)
{
    uint64_t part = draws ? inside / draws : 0;
    uint64_t at = p->first + EDGE;
    for (uint64_t d = 0; d < draws && !w->stopped; d++, at += part) {
        uint64_t drawn = hu_draw(w->options->seed, w->written);
        put(w, p->run, at + hu_wide_product(drawn, part).high);
    }
}

/* The whole set and EXTRA draws besides. */
static void write_more(struct writer *w, uint64_t extra)
{
    uint64_t share = share_of(w, extra);
    for (size_t run = 0; run < w->runs->count && !w->stopped; run++) {
        struct points p = points_of(w->runs, run, w->options->level);
        uint64_t inside = inside_of(w->runs, &p);
        uint64_t draws = inside < share ? inside : share;
        if (draws > extra)
            draws = extra;
        extra -= draws;
        bool constant = w->runs->run[run].kind == HU_CONSTANT;
        uint64_t before = constant && p.count == 2 * EDGE ? EDGE : p.count;
        for (uint64_t j = 0; j < before && !w->stopped; j++)
            put(w, run, point_at(w->runs, &p, j));
        write_draws(w, &p, inside, draws);
        for (uint64_t j = before; j < p.count && !w->stopped; j++)
            put(w, run, point_at(w->runs, &p, j));
    }
}

uint64_t hu_vectors_write(const struct hu_runs *runs, const struct hu_vectors_options *options,
                          hu_vectors_sink *sink, void *context)
{
    static const int bits_a_digit = 4;
    struct writer w = {.runs = runs, .options = options, .sink = sink, .context = context};
    w.source_digits = (runs->from->width + bits_a_digit - 1) / bits_a_digit;
    w.code_digits = (runs->to->width + bits_a_digit - 1) / bits_a_digit;
    uint64_t total = hu_vectors_set(runs, options->level);
    if (options->count > total)
        write_more(&w, options->count - total);
    else
        write_set(&w, options->count ? options->count : total, total);
    flush(&w);
    return w.written;
}
