#include "stats.h"

#include <math.h>

/* Units of the drawing. */
enum { LEFT = 150, TOP = 70, STEP = 18, PLOT = 220, BAND = 22, RIGHT = 30, LEGEND = 40 };

struct drawing {
    FILE *out;
    const struct stats *stats;
    int first, last; /* exponents at the edges */
    uint64_t most;
};

static int x_of(const struct drawing *d, int exponent)
{
    return LEFT + (exponent - d->first) * STEP;
}

static void print_escaped(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '<')
            fputs("&lt;", out);
        else if (*c == '&')
            fputs("&amp;", out);
        else if (*c == '"')
            fputs("&quot;", out);
        else
            fputc(*c < 0x20 ? '?' : *c, out);
    }
}

/* The data's binades, and what of the targets' ranges lies near them. */
static void find_edges(struct drawing *d)
{
    const struct hu_spread *spread = &d->stats->total->spread;
    int low = HU_BINADES, high = -1;
    for (int i = 0; i < HU_BINADES; i++)
        if (spread->binades[i]) {
            low = i < low ? i : low;
            high = i;
            d->most = spread->binades[i] > d->most ? spread->binades[i] : d->most;
        }
    if (high < 0)
        low = high = -HU_BINADE_LEAST;
    d->first = low + HU_BINADE_LEAST - 2;
    d->last = high + HU_BINADE_LEAST + 2;
    enum { NEAR = 24 };
    for (size_t i = 0; i < d->stats->targets.count; i++) {
        const struct hu_format *f = d->stats->targets.at[i];
        int top = hu_emax(f), bottom = hu_quantum_min(f);
        if (top > d->last && top < high + HU_BINADE_LEAST + NEAR)
            d->last = top + 1;
        if (bottom < d->first && bottom > low + HU_BINADE_LEAST - NEAR)
            d->first = bottom - 1;
    }
}

static void draw_bars(const struct drawing *d)
{
    const struct hu_spread *spread = &d->stats->total->spread;
    for (int e = d->first; e <= d->last; e++) {
        int i = e - HU_BINADE_LEAST;
        uint64_t count = i >= 0 && i < HU_BINADES ? spread->binades[i] : 0;
        double height = d->most ? PLOT * (double)count / (double)d->most : 0;
        if (count)
            fprintf(d->out,
                    "<rect x=\"%d\" y=\"%.2f\" width=\"%d\" height=\"%.2f\" fill=\"#7a8fb8\">"
                    "<title>2^%d: %llu elements</title></rect>\n",
                    x_of(d, e) + 1, TOP + PLOT - height, STEP - 2, height, e,
                    (unsigned long long)count);
        if (e % 4 == 0)
            fprintf(d->out,
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" class=\"small\">2<tspan "
                    "dy=\"-4\" font-size=\"8\">%d</tspan></text>\n",
                    x_of(d, e) + STEP / 2, TOP + PLOT + 16, e);
    }
}

static void draw_band(const struct drawing *d, size_t index)
{
    static const char *const fills[] = {"#e9a59a", "#9fc7a2", "#e8dda0", "#dddddd"};
    static const char *const words[] = {"overflows", "normal", "subnormal", "rounds to zero"};
    const struct hu_format *f = d->stats->targets.at[index];
    int y = TOP + PLOT + LEGEND + (int)index * BAND;
    fprintf(d->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LEFT - 10, y + 14,
            f->name);
    for (int e = d->first; e <= d->last;) {
        enum stats_reach reach = stats_reach(f, e);
        int start = e;
        while (e <= d->last && stats_reach(f, e) == reach)
            e++;
        fprintf(d->out,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"><title>%s: "
                "%s</title></rect>\n",
                x_of(d, start), y, (e - start) * STEP, BAND - 6, fills[reach], f->name,
                words[reach]);
    }
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
        snprintf(cells[0], 40, "%s", s->targets.at[i]->name);
        snprintf(cells[1], 40, "%llu", (unsigned long long)f.overflow);
        snprintf(cells[2], 40, "%llu", (unsigned long long)f.underflow);
        snprintf(cells[3], 40, "%.4e", f.rms_error);
        snprintf(cells[4], 40, isfinite(f.sqnr) ? "%.2f dB" : "no error", f.sqnr);
        for (int k = 0; k < 5; k++)
            fprintf(d->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", columns[k],
                    y + 20 * ((int)i + 1), cells[k]);
    }
}

void stats_svg(FILE *out, const struct stats *s)
{
    struct drawing d = {.out = out, .stats = s};
    find_edges(&d);
    int bands = s->scaling == HU_SCALE_NONE ? (int)s->targets.count : 0;
    int width = x_of(&d, d.last + 1) + RIGHT, table = TOP + PLOT + LEGEND + bands * BAND + 40;
    int height = table + 20 * ((int)s->targets.count + 1) + 20;
    width = width < LEFT + 460 ? LEFT + 460 : width;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" font-family=\"sans-serif\" font-size=\"13\">\n"
            "<style>.small{font-size:11px;fill:#555}.head{fill:#555}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n<text x=\"20\" y=\"30\" "
            "font-size=\"16\">",
            width, height, width, height);
    print_escaped(out, s->file);
    fprintf(out, "</text>\n<text x=\"20\" y=\"50\" class=\"small\">elements by binade");
    if (s->scaling == HU_SCALE_NONE)
        fprintf(out, ", and what each target makes of them: green normal, yellow subnormal, red "
                     "overflow, grey zero");
    fprintf(out, "</text>\n");
    draw_bars(&d);
    for (int i = 0; i < bands; i++)
        draw_band(&d, (size_t)i);
    draw_figures(&d, table);
    fputs("</svg>\n", out);
}
