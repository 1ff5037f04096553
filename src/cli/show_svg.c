/* Bit layouts as SVG: cells by field, indices above, names and figures below. */
#include "shown.h"
#include "show.h"
#include "svg.h"

#include <string.h>

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

void show_svg(FILE *out, const struct show *values, size_t count)
{
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
