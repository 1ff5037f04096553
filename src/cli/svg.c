#include "report.h"
#include "svg.h"
#include "terminal.h"

#include <stdarg.h>

void svg_begin(FILE *out, int width, int height, int name, int title)
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

void svg_label(FILE *out, int x, int y, const char *class, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    OWNED char *text = text_formatted(format, arguments);
    va_end(arguments);
    fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
    print_xml(out, text);
    fputs("</text>\n", out);
}

void svg_put_cell(FILE *out, const struct svg_cell *cell, int x, int y, const char *fill, int digit)
{
    fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"%s\"/>\n",
            x, y, cell->width, cell->height, fill, cell->stroke);
    svg_label(out, x + cell->width / 2, y + cell->baseline, "b", "%d", digit);
}
