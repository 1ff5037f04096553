/* The linked column and, beside or below it, the inspector. */
#include "allocate.h"
#include "layout_parts.h"
#include "words.h"

#include <string.h>

/* In units. */
static const double row_pad = 10, row_space = 7, field_gap = 6, inspector_least = 300,
                    inspector_most = 460, cell_most = 44, cell_least = 12.5, cell_height = 30,
                    index_height = 13, large_cell = 21, large_height = 38,
                    row_text = 824; /* a row's words and figures in one line */

/* What a window that is taller than the rows gives to each: taller cells first, then air. */
static const double air_most = 8, space_most = 18;

/* How the bits of all rows lie: in one line with the radix points under each other, or, where that
 * would make them too small, each row in lines of its own. */
struct grid {
    bool aligned;
    int cell;                         /* pixels */
    int per_line;                     /* bits in a line where they are not aligned */
    int exponent_bits, trailing_bits; /* the most of any row */
    int x, width;                     /* the rows' panels */
    int title;                        /* width of the widest name */
    int beside;                       /* width of the inspector beside them; 0: it is below */
    int height, air, space;           /* of a cell; within a row, thrice; between rows */
};

static void measure_rows(const struct layout *l, struct grid *g)
{
    const struct model *m = l->model;
    g->title = px(l, 64);
    for (int i = 0; i < m->count; i++) {
        const struct hu_format *f = m->rows[i].format;
        g->title = greater(g->title, width_with(l, FACE_BOLD, m->rows[i].label, 12));
        g->exponent_bits = greater(g->exponent_bits, f->exponent_bits);
        g->trailing_bits = greater(g->trailing_bits, f->trailing_bits);
    }
}

static int cells_of(const struct grid *g)
{
    return 1 + g->exponent_bits + g->trailing_bits;
}

/* What a row has beside its cells. */
static int beside_cells(const struct layout *l)
{
    return 2 * px(l, row_pad) + 2 * px(l, field_gap);
}

static int cell_for(const struct layout *l, const struct grid *g, int width)
{
    return lesser((width - beside_cells(l)) / cells_of(g), px(l, cell_most));
}

static void fold(const struct layout *l, struct grid *g)
{
    int room = g->width - 2 * px(l, row_pad);
    g->aligned = false;
    for (g->per_line = 32; g->per_line > 4; g->per_line /= 2)
        if (room / g->per_line >= px(l, cell_least + 2))
            break;
    g->cell = within(room / g->per_line, 1, px(l, cell_most));
}

static struct grid plan(const struct layout *l)
{
    struct grid g = {.aligned = true, .x = px(l, 16)};
    int room = l->view.width - 2 * g.x, gap = px(l, 12);
    measure_rows(l, &g);
    g.width = room - px(l, inspector_least) - gap;
    g.cell = cell_for(l, &g, g.width);
    if (g.cell >= px(l, cell_least) && g.width >= px(l, row_text)) {
        /* What whole pixels of the cells leave over is the inspector's. */
        int used = cells_of(&g) * g.cell + beside_cells(l);
        g.width = greater(used, room - gap - px(l, inspector_most));
        g.width = greater(g.width, px(l, row_text));
        g.beside = room - g.width - gap;
        return g;
    }
    g.width = room;
    g.cell = cell_for(l, &g, g.width);
    if (g.cell < px(l, cell_least))
        fold(l, &g);
    return g;
}

/* --- One row --- */

static struct rect bit_rect(const struct layout *l, const struct grid *g, const struct row *r,
                            int bit, int x, int y)
{
    int height = px(l, index_height) + g->height;
    if (!g->aligned) {
        int lines = (r->format->width + g->per_line - 1) / g->per_line;
        int line = lines - 1 - bit / g->per_line, column = g->per_line - 1 - bit % g->per_line;
        return box(x + column * g->cell, y + line * (height + px(l, 2)), g->cell, height);
    }
    /* Columns right of the radix point count from 0; the exponent ends just before it. */
    int t = r->format->trailing_bits, gap = px(l, field_gap);
    int column = 1 + g->exponent_bits + t - 1 - bit;
    int gaps = bit < t ? 2 : bit < t + r->format->exponent_bits ? 1 : 0;
    return box(x + column * g->cell + gaps * gap, y, g->cell, height);
}

static int put_bits(struct layout *l, const struct grid *g, const struct row *r, int x, int y)
{
    bool large = g->cell >= px(l, large_cell) && g->height >= px(l, large_height);
    int bottom = y;
    for (int bit = r->format->width - 1; bit >= 0; bit--) {
        struct rect at = bit_rect(l, g, r, bit, x, y);
        put_bit(l, at, r, bit, px(l, index_height))->face = large ? FACE_BIT_LARGE : FACE_BIT;
        bottom = at.y + at.h;
    }
    return bottom;
}

static struct flow row_flow(struct layout *l, const struct grid *g, const struct row *r, int x,
                            int y)
{
    struct rect line = {x, y, g->width - 2 * px(l, row_pad), 0};
    return flow_in(l, line, r->name, px(l, 24), px(l, 4));
}

static int put_title(struct layout *l, const struct grid *g, const struct row *r, int x, int y)
{
    bool quiet = !strcmp(r->flag_names, "-");
    struct flow f = row_flow(l, g, r, x, y);
    struct item *i = flow_choice(&f, ROLE_BUTTON, g->title, r->label,
                                 r->format == l->model->selected, "select this row", "name");
    i->face = FACE_BOLD;
    i->align = ALIGN_LEFT;
    i = flow_label(&f, width_with(l, FACE_SMALL, "source", 10), FACE_SMALL, TINT_ACCENT,
                   r->is_source ? "source" : "", "source");
    i->align = ALIGN_CENTER;
    i->state |= r->is_source ? STATE_TINTED : 0;
    f.x += px(l, 4);
    flow_label(&f, width_with(l, FACE_WORDS, "signaling NaN", 2), FACE_WORDS, TINT_INK, r->class,
               "class");
    flow_label(&f, width_with(l, FACE_WORDS, "underflow,inexact", 6), FACE_WORDS,
               quiet ? TINT_DIM : TINT_INK, quiet ? "no flags" : r->flag_names, "flags");
    int hex = digits(l, (r->format->width + 3) / 4) + px(l, 14), prefix = digits(l, 2) + px(l, 3);
    int label = width_with(l, FACE_SMALL, "in memory", 8), bytes = digits(l, 23) + px(l, 12);
    int field = digits(l, 16) + px(l, 14);
    flow_push_right(&f, label + bytes + f.gap + prefix + field);
    struct rect pair = flow_next(&f, label + bytes);
    put_label(l, box(pair.x, pair.y, label, pair.h), FACE_SMALL, TINT_DIM, "in memory", "%s.memory",
              r->name);
    put_label(l, box(pair.x + label, pair.y, pair.w - label, pair.h), FACE_MONO, TINT_DIM, r->bytes,
              "%s.bytes", r->name)
        ->full = "bytes in memory, lowest address first (little-endian)";
    pair = flow_next(&f, prefix + field);
    hex = lesser(hex, pair.w - prefix);
    /* At the right of the title, or at the left of a line of its own. */
    int left = pair.x + (pair.x == f.left ? prefix : pair.w - hex);
    put_label(l, box(left - prefix, pair.y, prefix, pair.h), FACE_MONO, TINT_DIM, "0x", "%s.prefix",
              r->name);
    put_field(l, box(left, pair.y, hex, pair.h), FACE_MONO, ALIGN_RIGHT, "%s.hex", r->name);
    return flow_end(&f);
}

/* A term of the sum, or a sign between two. */
static void put_term(struct flow *f, int width, enum tint tint, const char *text, const char *name)
{
    struct item *i = flow_label(f, width + px(f->l, 12), FACE_MONO, tint, text, name);
    i->align = ALIGN_CENTER;
    i->state |= tint != TINT_DIM && *text ? STATE_TINTED : 0;
}

/* The word and its two figures stay together. */
static void put_error(struct layout *l, const struct row *r, struct flow *f)
{
    int label = width_with(l, FACE_SMALL, "error", 4);
    int error = digits(l, 11), ulp = digits(l, 13), wide = label + error + ulp + 2 * f->gap;
    flow_push_right(f, wide);
    struct flow own = flow_in(l, flow_next(f, wide), r->name, f->line, f->gap);
    flow_label(&own, label, FACE_SMALL, TINT_DIM, "error", "off");
    struct item *i = flow_label(&own, error, FACE_MONO, TINT_DIM, r->error, "error");
    i->align = ALIGN_RIGHT;
    i->full = r->error_exact;
    i = flow_label(&own, ulp, FACE_MONO, TINT_DIM, r->error_ulp, "error_ulp");
    i->align = ALIGN_RIGHT;
    i->full = r->ulps_exact;
}

static int put_sum(struct layout *l, const struct grid *g, const struct row *r, int x, int y)
{
    struct flow f = row_flow(l, g, r, x, y);
    put_term(&f, digits(l, 5), TINT_SIGN, r->sum_sign, "sum_sign");
    put_term(&f, 0, TINT_DIM, *r->sum_sign ? "×" : "", "times");
    put_term(&f, digits(l, 7), TINT_EXPONENT, r->sum_exponent, "sum_exponent");
    const char *sign = hu_is_integer(r->format) ? "+" : "×";
    put_term(&f, 0, TINT_DIM, *r->sum_exponent ? sign : "", "times2");
    put_term(&f, digits(l, 20), TINT_SIGNIFICAND, r->sum_significand, "sum_significand");
    put_term(&f, 0, TINT_DIM, r->sum_is_exact ? "=" : "≈", "equals");
    put_field(l, flow_next(&f, shown_width(l) + px(l, 14)), FACE_MONO, ALIGN_LEFT, "%s.decimal",
              r->name);
    put_error(l, r, &f);
    return flow_end(&f);
}

static int put_row(struct layout *l, const struct grid *g, const struct row *r, int y)
{
    int x = g->x + px(l, row_pad);
    size_t at = l->count;
    struct item *i = put(l, ROLE_PANEL, box(g->x, y, g->width, 0), NULL, "%s.row", r->name);
    i->state |= r->is_source ? STATE_SOURCE : 0;
    i->state |= r->format == l->model->selected ? STATE_SELECTED : 0;
    int bottom = put_title(l, g, r, x, y + px(l, 6) + g->air / 2);
    bottom = put_bits(l, g, r, x, bottom + px(l, 1) + g->air / 2);
    bottom = put_sum(l, g, r, x, bottom + px(l, 5) + g->air) + px(l, 7) + g->air;
    l->items[at].rect.h = bottom - y;
    return bottom;
}

/* Shares what the window leaves below rows of which each is NATURAL high. */
static void grow(const struct layout *l, struct grid *g, int natural)
{
    int count = l->model->count, spare = l->body.h / count - natural - g->space;
    if (!g->aligned || !g->beside || spare <= 0)
        return;
    /* Cells stay upright, and less than twice as high as they are wide. */
    int most = 2 * g->cell - px(l, 2), taller = greater(lesser(spare * 2 / 3, most - g->height), 0);
    g->height += taller;
    spare -= taller;
    g->air = lesser(spare / 4, px(l, air_most));
    g->space += lesser(spare - 3 * g->air, px(l, space_most) - g->space);
}

/* The height of a row whose bits stand in one line. */
static int natural_height(const struct layout *l, const struct grid *g)
{
    return px(l, 6) + px(l, 24) + px(l, 1) + px(l, index_height) + g->height + px(l, 5) +
           px(l, 24) + px(l, 7);
}

int page_bits(struct layout *l, int y)
{
    struct grid g = plan(l);
    g.height = px(l, cell_height);
    g.space = px(l, row_space);
    grow(l, &g, natural_height(l, &g));
    int top = y, space = g.space;
    for (int i = 0; i < l->model->count; i++)
        y = put_row(l, &g, &l->model->rows[i], y) + space;
    if (!g.beside) {
        struct rect below = {g.x, y, g.width, 0};
        return put_inspector(l, below, 0) + space;
    }
    struct rect beside = {g.x + g.width + px(l, 12), top, g.beside, 0};
    return greater(put_inspector(l, beside, y - space) + space, y);
}
