#include "room.h"
#include "stats.h"

/* Units of the drawing: of many binades, each is narrower than STEP. Runs of EMPTY_LEAST or more
 * empty binades become one column FOLD times as wide. */
enum {
    LEFT = 150,
    TOP = 70,
    STEP = 18,
    PLOT = 220,
    PLOT_WIDTH = 1980,
    BAND = 22,
    RIGHT = 30,
    LEAST_WIDTH = 690, /* of the line below the name, and of the figures */
    LEGEND = 40,
    EMPTY_LEAST = 6,
    FOLD = 3,
    LABEL = 34
};

struct drawing {
    FILE *out;
    const struct stats *stats;
    const struct hu_format *ranges[HU_TARGETS_MAX]; /* of the bands */
    struct stats_binade columns[HU_BINADES + 2];    /* rising; the first and last are margins */
    size_t count;
    double step;
    uint64_t most;
};

static bool is_fold(const struct drawing *d, size_t index)
{
    return index && index + 1 < d->count && d->columns[index].empty;
}

/* Binades that a column stands for, and its width. */
static int binades_of(const struct stats_binade *c)
{
    return c->empty ? c->empty : 1;
}

static double width_of(const struct drawing *d, size_t index)
{
    return d->step * (is_fold(d, index) ? FOLD : binades_of(&d->columns[index]));
}

/* The data's binades, and what of the targets' ranges lies near them. */
static void find_edges(const struct drawing *d, int low, int high, int *first, int *last)
{
    enum { NEAR = 24 };
    *first = low - 2;
    *last = high + 2;
    for (size_t i = 0; i < d->stats->targets.count; i++) {
        const struct hu_format *f = d->stats->targets.at[i].format;
        if (!f)
            continue;
        int top = hu_emax(f), bottom = hu_quantum_min(f);
        if (top > *last && top < high + NEAR)
            *last = top + 1;
        if (bottom < *first && bottom > low - NEAR)
            *first = bottom - 1;
    }
}

static void find_columns(struct drawing *d)
{
    const struct hu_spread *spread = &d->stats->total->spread;
    struct stats_binade *c = d->columns;
    size_t n = stats_binades(spread, EMPTY_LEAST, c + 1);
    if (!n)
        c[++n] = (struct stats_binade){0};
    int low = c[1].exponent, high = c[n].exponent, first, last;
    find_edges(d, low, high, &first, &last);
    c[0] = (struct stats_binade){.exponent = first, .empty = low - first};
    c[n + 1] = (struct stats_binade){.exponent = high + 1, .empty = last - high};
    d->count = n + 2;
    d->step = 1;
    double columns = 0;
    for (size_t i = 0; i < d->count; i++) {
        columns += width_of(d, i);
        d->most = c[i].count > d->most ? c[i].count : d->most;
    }
    d->step = columns * STEP > PLOT_WIDTH ? PLOT_WIDTH / columns : STEP;
}

/* Exponents stand at multiples of 4 and beside a fold, where they do not run into one another. */
static void draw_exponents(const struct drawing *d, size_t index, double x, double *labelled)
{
    const struct stats_binade *c = &d->columns[index];
    double y = TOP + PLOT + 16;
    if (is_fold(d, index)) {
        fprintf(d->out,
                "<text x=\"%.2f\" y=\"%.0f\" text-anchor=\"middle\" class=\"small\">…"
                "<title>%d empty binades</title></text>\n",
                x + d->step * FOLD / 2, y, c->empty);
        return;
    }
    for (int i = 0; i < binades_of(c); i++) {
        int exponent = c->exponent + i;
        double middle = x + d->step * (i + 0.5);
        bool wanted =
            exponent % 4 == 0 || (index && is_fold(d, index - 1)) || is_fold(d, index + 1);
        if (!wanted || middle - *labelled < LABEL)
            continue;
        fprintf(d->out,
                "<text x=\"%.2f\" y=\"%.0f\" text-anchor=\"middle\" class=\"small\">2<tspan "
                "dy=\"-4\" font-size=\"8\">%d</tspan></text>\n",
                middle, y, exponent);
        *labelled = middle;
    }
}

static void draw_bars(const struct drawing *d)
{
    double x = LEFT, labelled = 0;
    double inset = d->step > 4 ? 1 : 0;
    for (size_t i = 0; i < d->count; x += width_of(d, i), i++) {
        const struct stats_binade *c = &d->columns[i];
        double height = c->count ? PLOT * (double)c->count / (double)d->most : 0;
        if (c->count)
            fprintf(d->out,
                    "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"#7a8fb8\">"
                    "<title>2^%d: %llu element%s</title></rect>\n",
                    x + inset, TOP + PLOT - height, d->step - 2 * inset, height, c->exponent,
                    (unsigned long long)c->count, plural(c->count));
        draw_exponents(d, i, x, &labelled);
    }
}

/* A stretch of a band: WIDTH from X, or more of the one before. */
struct stretch {
    const struct hu_format *format;
    enum stats_reach reach;
    double x, width;
    int y;
};

static void draw_stretch(const struct drawing *d, const struct stretch *s)
{
    static const char *const fills[] = {"#e9a59a", "#9fc7a2", "#e8dda0", "#dddddd"};
    static const char *const words[] = {"overflows", "normal", "subnormal", "rounds to zero"};
    if (s->width > 0)
        fprintf(d->out,
                "<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" fill=\"%s\"><title>%s: "
                "%s</title></rect>\n",
                s->x, s->y, s->width, BAND - 6, fills[s->reach], s->format->name, words[s->reach]);
}

static void add_stretch(const struct drawing *d, struct stretch *s, enum stats_reach reach,
                        double width)
{
    if (reach != s->reach) {
        draw_stretch(d, s);
        s->x += s->width;
        s->width = 0;
        s->reach = reach;
    }
    s->width += width;
}

/* Within a fold every reach that occurs there gets as much. */
static double fold_share(const struct drawing *d, size_t index, const struct hu_format *f)
{
    const struct stats_binade *c = &d->columns[index];
    int parts = 1;
    for (int i = 1; i < c->empty; i++)
        parts += stats_reach(f, c->exponent + i) != stats_reach(f, c->exponent + i - 1);
    return width_of(d, index) / parts;
}

static void draw_band(const struct drawing *d, size_t index)
{
    const struct hu_format *f = d->ranges[index];
    struct stretch s = {f, stats_reach(f, d->columns[0].exponent), LEFT, 0,
                        TOP + PLOT + LEGEND + (int)index * BAND};
    fprintf(d->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LEFT - 10, s.y + 14,
            f->name);
    for (size_t i = 0; i < d->count; i++) {
        const struct stats_binade *c = &d->columns[i];
        double share = is_fold(d, i) ? fold_share(d, i, f) : d->step;
        for (int k = 0; k < binades_of(c); k++) {
            enum stats_reach reach = stats_reach(f, c->exponent + k);
            bool again = is_fold(d, i) && k && reach == stats_reach(f, c->exponent + k - 1);
            add_stretch(d, &s, reach, again ? 0 : share);
        }
    }
    draw_stretch(d, &s);
}

static void draw_figures(const struct drawing *d, int y)
{
    const struct stats *s = d->stats;
    static const int columns[] = {LEFT - 10, LEFT + 100, LEFT + 200, LEFT + 310, LEFT + 420};
    static const char *const heads[] = {"target", "overflow", "to zero", "rms error", "SQNR"};
    for (int i = 0; i < 5; i++)
        fprintf(d->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" class=\"head\">%s</text>\n",
                columns[i], y, heads[i]);
    for (size_t i = 0; i < s->targets.count; i++) {
        struct hu_loss_figures f = hu_loss_figures(&s->total->losses[i]);
        char cells[5][40];
        snprintf(cells[0], 40, "%s", s->targets.at[i].name);
        snprintf(cells[1], 40, "%llu", (unsigned long long)f.overflow);
        snprintf(cells[2], 40, "%llu", (unsigned long long)f.underflow);
        snprintf(cells[3], 40, "%.4e", f.rms_error);
        snprintf(cells[4], 40, "%s", DECIBELS(&f, s->limits.min_sqnr));
        for (int k = 0; k < 5; k++)
            fprintf(d->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", columns[k],
                    y + 20 * ((int)i + 1), cells[k]);
    }
}

void stats_svg(FILE *out, const void *stats)
{
    const struct stats *s = stats;
    OWNED struct drawing *d = check_memory(calloc(1, sizeof *d));
    d->out = out;
    d->stats = s;
    find_columns(d);
    double plot = 0;
    for (size_t i = 0; i < d->count; i++)
        plot += width_of(d, i);
    int bands = (int)stats_ranges(s, d->ranges);
    int width = LEFT + (int)ceil(plot) + RIGHT, table = TOP + PLOT + LEGEND + bands * BAND + 40;
    int height = table + 20 * ((int)s->targets.count + 1) + 20;
    width = width < LEAST_WIDTH ? LEAST_WIDTH : width;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">\n"
            "<style>.small{font-size:11px;fill:#555}.head{fill:#555}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text x=\"20\" y=\"30\" "
            "font-size=\"16\">",
            width, height, width, height);
    print_xml(out, s->file);
    fprintf(out, "</text>\n<text x=\"20\" y=\"50\" class=\"small\">elements by binade");
    if (bands)
        fprintf(out, ", and what each target makes of them: green normal, yellow subnormal, red "
                     "overflow, grey zero");
    fprintf(out, "</text>\n");
    draw_bars(d);
    for (int i = 0; i < bands; i++)
        draw_band(d, (size_t)i);
    draw_figures(d, table);
    fputs("</svg>\n", out);
}
