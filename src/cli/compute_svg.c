/* Operations as SVG: a row of cells for each operand, the exact result, and what is kept of it, one
 * place under the other. */
#include "anatomy.h"
#include "compute.h"
#include "shown.h"
#include "report.h"
#include "svg.h"

/* Geometry in SVG user units; PLACES are drawn at most. */
enum { CELL_W = 16, CELL_H = 22, ROW_H = 30, MARGIN = 16, NAME_W = 190, TITLE_H = 34, PLACES = 72 };

static const struct svg_cell cell = {CELL_W, CELL_H, 16, "#999"};

struct strip {
    const char *name;
    struct hu_exact exact;
    char value[64];
};

enum { STRIPS_MAX = 6 };
struct drawing {
    struct strip strips[STRIPS_MAX];
    size_t count;
    int top, lowest; /* places drawn */
    struct hu_anatomy anatomy;
};

static void add_strip(struct drawing *d, const char *name, struct hu_exact exact, const char *value)
{
    if (exact.kind != HU_EXACT_FINITE)
        return;
    struct strip *s = &d->strips[d->count++];
    *s = (struct strip){.name = name, .exact = exact};
    snprintf(s->value, sizeof s->value, "%s", value);
    int top = exact.exponent + 127, lowest = hu_exact_lowest(&exact);
    d->top = top > d->top ? top : d->top;
    d->lowest = lowest < d->lowest ? lowest : d->lowest;
}

static struct drawing draw(const struct compute *c, const struct compute_step *s)
{
    static const char *const names[] = {"a", "b", "c"};
    struct drawing d = {.anatomy = hu_anatomy_of(s->format, &s->exact)};
    enum hu_operation operation = compute_operation_of(c, s);
    d.top = d.anatomy.top;
    d.lowest = d.anatomy.quantum - 2;
    for (size_t i = 0; i < hu_operation_row(operation)->operands; i++) {
        add_strip(&d, names[i], hu_exact_of(hu_decode(s->from[i], s->x[i])),
                  VALUE_OF(s->from[i], s->x[i]));
    }
    add_strip(&d, "exact", s->exact, compute_noun(operation));
    add_strip(&d, "result", hu_exact_of(hu_decode(s->format, s->bits)),
              VALUE_OF(s->format, s->bits));
    if (d.top - d.lowest >= PLACES)
        d.lowest = d.top - PLACES + 1;
    return d;
}

/* Kept places, the guard, the round, what is sticky. */
static const char *fill_of(const struct drawing *d, int place)
{
    if (place >= d->anatomy.quantum)
        return "#ffbbbb";
    return place == d->anatomy.quantum - 1   ? "#ffdd88"
           : place == d->anatomy.quantum - 2 ? "#ffeebb"
                                             : "#f4f4f4";
}

static void put_strip(FILE *out, const struct drawing *d, const struct strip *s, int y)
{
    svg_label(out, MARGIN, y + 16, "n", "%s%s", s->exact.sign ? "−" : "", s->name);
    svg_label(out, MARGIN + 64, y + 16, "v", "%s", s->value);
    int first = s->exact.exponent + 127, last = hu_exact_lowest(&s->exact);
    for (int place = d->top; place >= d->lowest; place--) {
        int x = MARGIN + NAME_W + (d->top - place) * CELL_W;
        if (place > first || (place < last && place < 0 && place < d->anatomy.quantum))
            continue;
        svg_put_cell(out, &cell, x, y, fill_of(d, place), hu_exact_digit(&s->exact, place));
    }
}

static int put_step(FILE *out, const struct compute *c, const struct compute_step *s, int y)
{
    struct drawing d = draw(c, s);
    struct compute_reason r = compute_reason_of(c, s);
    OWNED char *title = compute_source(c, s);
    svg_label(out, MARGIN, y + 16, "t", "%s", title ? title : "the result");
    y += TITLE_H;
    for (int place = d.top; place >= d.lowest; place--) {
        if (place == d.top || place == d.anatomy.quantum || place == 0)
            svg_label(out, MARGIN + NAME_W + (d.top - place) * CELL_W + CELL_W / 2, y - 4, "i",
                      "%d", place);
    }
    for (size_t i = 0; i < d.count; i++, y += ROW_H)
        put_strip(out, &d, &d.strips[i], y);
    svg_label(out, MARGIN, y + 14, "v", "%s; %s: %s", r.rest,
              hu_direction_name(c->options.rounding.direction), r.way);
    return y + ROW_H;
}

static bool is_drawn(const struct compute *c, const struct compute_step *s)
{
    return !compute_is_literal(c, s) && compute_is_cut(s) && !hu_is_integer(s->format);
}

void compute_svg(FILE *out, const struct compute *const *all, size_t count)
{
    int height = 2 * MARGIN, width = 2 * MARGIN + NAME_W;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < all[k]->count; i++) {
            if (!is_drawn(all[k], &all[k]->steps[i]))
                continue;
            struct drawing d = draw(all[k], &all[k]->steps[i]);
            int wide = 2 * MARGIN + NAME_W + (d.top - d.lowest + 1) * CELL_W;
            width = wide > width ? wide : width;
            height += TITLE_H + ((int)d.count + 1) * ROW_H;
        }
    svg_begin(out, width, height, 13, 16);
    int y = MARGIN;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < all[k]->count; i++)
            if (is_drawn(all[k], &all[k]->steps[i]))
                y = put_step(out, all[k], &all[k]->steps[i], y);
    fputs("</svg>\n", out);
}
