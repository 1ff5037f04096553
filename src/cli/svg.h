/* Cells of digits as SVG, in its user units. */
#pragma once

#include <stdio.h>

/* Until "</svg>". Classes of text: b a cell's digit and n a name, of size NAME; t a title, v a
 * figure, i a small one. */
void svg_begin(FILE *out, int width, int height, int name, int title);
void svg_label(FILE *out, int x, int y, const char *class, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

struct svg_cell {
    int width, height, baseline;
    const char *stroke;
};
void svg_put_cell(FILE *out, const struct svg_cell *cell, int x, int y, const char *fill,
                  int digit);
