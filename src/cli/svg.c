/* Bit layouts, and operations, as SVG: cells of digits. */
#include "room.h"
#include "anatomy.h"
#include "compute.h"
#include "show.h"

static void svg_begin(FILE *out, int width, int height, int name, int title)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\">\n"
            "<style>text{font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#222}"
            ".b{font-size:%dpx;text-anchor:middle}.i{font-size:9px;text-anchor:middle;fill:#555}"
            ".n{font-size:%dpx;font-weight:bold}.v{font-size:12px}.t{font-size:%dpx}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            width, height, width, height, name, name, title);
}

struct svg_cell {
    int width, height, baseline;
    const char *stroke;
};

/* Until "</svg>". Classes of text: b a cell's digit and n a name, of size NAME; t a title, v a
 * figure, i a small one. */
static void svg_label(FILE *out, int x, int y, const char *class, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    OWNED char *text = text_formatted(format, arguments);
    va_end(arguments);
    fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
    print_xml(out, text);
    fputs("</text>\n", out);
}

static void svg_put_cell(FILE *out, const struct svg_cell *cell, int x, int y, const char *fill,
                         int digit)
{
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"%s\"/>\n",
            x, y, cell->width, cell->height, fill, cell->stroke);
    svg_label(out, x + cell->width / 2, y + cell->baseline, "b", "%d", digit);
}

/* Geometry in SVG user units. */
enum {
    CELL_W = 20,
    CELL_H = 26,
    MARGIN = 16,
    NAME_W = 132, /* at least */
    ROW_H = 84,
    TITLE_H = 34
};

static const struct svg_cell cell = {CELL_W, CELL_H, 18, "#333"};
static const char *const fills[] = {"#bbccff", "#bbeebb", "#ffbbbb"};
static const char *const field_names[] = {"sign", "exponent", "significand"};
static const char *const field_letters[] = {"S", "E", "M"};

static int field_of(const struct hu_format *f, int bit)
{
    if (bit < f->trailing_bits)
        return 2;
    return bit < f->trailing_bits + f->exponent_bits ? 1 : 0;
}

/* The row's value, and whether it is the one that was given. */
static void figures_print(char out[96], const struct show_row *row)
{
    bool exact = !row->has_error || !mpq_sgn(row->error);
    snprintf(out, 96, "%s %s", exact ? "=" : "≈", VALUE_OF(row->format, row->bits));
}

/* What the names and figures left of the cells take, by the advance of a monospaced font. */
static int name_width(const struct show *values, size_t count)
{
    const double advance = 0.61, figures = 12, name = 15, gap = 12;
    double width = NAME_W;
    for (size_t v = 0; v < count; v++)
        for (size_t i = 0; i < values[v].count; i++) {
            const struct show_row *row = &values[v].rows[i];
            char text[96];
            figures_print(text, row);
            double long_figures = text_columns(text) * figures * advance + gap;
            double long_name = (double)strlen(row->format->name) * name * advance + gap;
            width = width > long_figures ? width : long_figures;
            width = width > long_name ? width : long_name;
        }
    return (int)(width + 0.5);
}

static void put_cells(FILE *out, const struct show_row *row, int left, int y)
{
    const struct hu_format *f = row->format;
    for (int bit = f->width - 1; bit >= 0; bit--) {
        int x = left + (f->width - 1 - bit) * CELL_W;
        svg_put_cell(out, &cell, x, y, fills[field_of(f, bit)], (int)(row->bits >> bit & 1));
        bool edge = bit == f->width - 1 || bit == 0 || field_of(f, bit) != field_of(f, bit - 1) ||
                    field_of(f, bit) != field_of(f, bit + 1);
        if (edge)
            svg_label(out, x + CELL_W / 2, y - 4, "i", "%d", bit);
    }
}

/* The three names, each below the middle of its field. */
static void put_field_names(FILE *out, const struct hu_format *f, int x, int y)
{
    int widths[] = {hu_is_signed(f), f->exponent_bits, f->trailing_bits};
    for (int i = 0; i < 3; i++) {
        int middle = x + widths[i] * CELL_W / 2;
        if (widths[i] > 4)
            svg_label(out, middle, y, "i", "%s %d", field_names[i], widths[i]);
        else if (widths[i])
            svg_label(out, middle, y, "i", "%s", field_letters[i]);
        x += widths[i] * CELL_W;
    }
}

static void put_row(FILE *out, const struct show_row *row, int left, int y)
{
    char figures[96];
    figures_print(figures, row);
    svg_label(out, MARGIN, y + 12, "n", "%s", row->format->name);
    svg_label(out, MARGIN, y + 30, "v", "%s", CODE_OF(row->format, row->bits));
    svg_label(out, MARGIN, y + 48, "v", "%s", figures);
    put_cells(out, row, left, y);
    put_field_names(out, row->format, left, y + CELL_H + 14);
}

void show_svg(FILE *out, const void *shown)
{
    const struct show *values = ((const struct show_values *)shown)->at;
    size_t count = ((const struct show_values *)shown)->count;
    int bits = 1, height = MARGIN;
    for (size_t v = 0; v < count; v++) {
        height += TITLE_H + (int)values[v].count * ROW_H;
        for (size_t i = 0; i < values[v].count; i++)
            if (values[v].rows[i].format->width > bits)
                bits = values[v].rows[i].format->width;
    }
    int left = MARGIN + name_width(values, count), width = left + bits * CELL_W + MARGIN;
    svg_begin(out, width, height, 15, 17);
    int y = MARGIN;
    for (size_t v = 0; v < count; v++) {
        svg_label(out, MARGIN, y + 14, "t", "%s", values[v].input);
        y += TITLE_H;
        for (size_t i = 0; i < values[v].count; i++, y += ROW_H)
            put_row(out, &values[v].rows[i], left, y + 8);
    }
    fputs("</svg>\n", out);
}

/* Geometry in SVG user units; PLACES are drawn at most. */
enum { PLACE_W = 16, PLACE_H = 22, STRIP_H = 30, STRIP_NAME_W = 190, PLACES = 72 };

static const struct svg_cell place_cell = {PLACE_W, PLACE_H, 16, "#999"};

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
        int x = MARGIN + STRIP_NAME_W + (d->top - place) * PLACE_W;
        if (place > first || (place < last && place < 0 && place < d->anatomy.quantum))
            continue;
        svg_put_cell(out, &place_cell, x, y, fill_of(d, place), hu_exact_digit(&s->exact, place));
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
            svg_label(out, MARGIN + STRIP_NAME_W + (d.top - place) * PLACE_W + PLACE_W / 2, y - 4,
                      "i", "%d", place);
    }
    for (size_t i = 0; i < d.count; i++, y += STRIP_H)
        put_strip(out, &d, &d.strips[i], y);
    svg_label(out, MARGIN, y + 14, "v", "%s; %s: %s", r.rest,
              hu_direction_name(c->options.rounding.direction), r.way);
    return y + STRIP_H;
}

static bool is_drawn(const struct compute *c, const struct compute_step *s)
{
    return !compute_is_literal(c, s) && compute_is_cut(s) && !hu_is_integer(s->format);
}

void compute_svg(FILE *out, const void *list)
{
    struct compute *const *all = ((const struct compute_list *)list)->at;
    size_t count = ((const struct compute_list *)list)->count;
    int height = 2 * MARGIN, width = 2 * MARGIN + STRIP_NAME_W;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < all[k]->count; i++) {
            if (!is_drawn(all[k], &all[k]->steps[i]))
                continue;
            struct drawing d = draw(all[k], &all[k]->steps[i]);
            int wide = 2 * MARGIN + STRIP_NAME_W + (d.top - d.lowest + 1) * PLACE_W;
            width = wide > width ? wide : width;
            height += TITLE_H + ((int)d.count + 1) * STRIP_H;
        }
    svg_begin(out, width, height, 13, 16);
    int y = MARGIN;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < all[k]->count; i++)
            if (is_drawn(all[k], &all[k]->steps[i]))
                y = put_step(out, all[k], &all[k]->steps[i], y);
    fputs("</svg>\n", out);
}
