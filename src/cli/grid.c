#include "room.h"
#include "grid.h"
#include "file/tensor_file.h"

/* A name that is wider than the widest sticks out of its column. */
enum { INDENT = 2, WIDEST_NAME = 48 };

struct grid_cell {
    char *text;
    const char *color;
};

void grid_column(struct grid *g, const char *head, int width, bool left)
{
    if (g->column_count < GRID_COLUMNS_MAX)
        g->columns[g->column_count++] = (struct grid_column){head, width, left};
}

void grid_cell(struct grid *g, const char *text, const char *color)
{
    struct grid_cell *cell = check_memory(hu_file_append(&g->cells, &g->cell_count, sizeof *cell));
    *cell = (struct grid_cell){check_memory(strdup(text)), color};
}

void grid_format(struct grid *g, const char *color, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    OWNED char *text = text_formatted(format, arguments);
    va_end(arguments);
    for (char *rest = text; rest;)
        grid_cell(g, strsep(&rest, "\t"), color);
}

void grid_clear(struct grid *g)
{
    for (size_t i = 0; i < g->cell_count; i++)
        free(g->cells[i].text);
    free(g->cells);
    *g = (struct grid){0};
}

/* How the columns are laid out: their widths, and the spaces before each. */
struct lay_out {
    int widths[GRID_COLUMNS_MAX], gaps[GRID_COLUMNS_MAX];
    int columns; /* of the terminal; 0: any number */
};

/* Returns the columns that a line takes. */
static int lay_out(const struct grid *g, bool narrow, struct lay_out *l)
{
    int sum = INDENT;
    for (size_t c = 0; c < g->column_count; c++) {
        l->gaps[c] = !c ? 0 : narrow || g->columns[c].left ? 2 : 1;
        l->widths[c] = narrow ? 0 : g->columns[c].width;
        widen(&l->widths[c], text_columns(g->columns[c].head));
        for (size_t i = c; i < g->cell_count; i += g->column_count)
            widen(&l->widths[c], text_columns(g->cells[i].text));
        if (g->columns[c].left && l->widths[c] > WIDEST_NAME)
            l->widths[c] = WIDEST_NAME;
        sum += l->gaps[c] + l->widths[c];
    }
    return sum;
}

static void print_cell(const struct grid *g, const struct lay_out *l, size_t column,
                       const char *text, const char *color, bool last)
{
    if (last && !*text)
        return;
    int room = l->widths[column] - text_columns(text);
    room = room > 0 ? room : 0;
    /* Beside the first column alone it may still be too wide: it goes on below itself. */
    int at = INDENT + l->widths[0] + l->gaps[column];
    if (last && g->columns[column].left && l->columns && at + text_columns(text) > l->columns) {
        struct fold f = {l->columns, at, at};
        printf("%*s", l->gaps[column], "");
        fold_words(&f, 0, color, text);
        return;
    }
    printf("%*s%s%*s", l->gaps[column], "", color, g->columns[column].left ? 0 : room, "");
    printf("%s%s%*s", text, *color ? ink->off : "", g->columns[column].left && !last ? room : 0,
           "");
}

/* The first column and those from FROM up to TO. */
static void print_part(const struct grid *g, const struct lay_out *l, size_t from, size_t to)
{
    printf("%*s%s", INDENT, "", ink->bold);
    for (size_t c = 0; c < to; c = c ? c + 1 : from)
        print_cell(g, l, c, g->columns[c].head, "", c + 1 == to);
    printf("%s\n", ink->off);
    for (size_t row = 0; row < g->cell_count; row += g->column_count) {
        printf("%*s", INDENT, "");
        for (size_t c = 0; c < to; c = c ? c + 1 : from)
            print_cell(g, l, c, g->cells[row + c].text, g->cells[row + c].color, c + 1 == to);
        putchar('\n');
    }
}

void grid_print(const struct grid *g)
{
    int columns = terminal_columns(stdout);
    struct lay_out l = {.columns = columns};
    size_t from = 1;
    if (lay_out(g, false, &l) > columns && columns)
        lay_out(g, true, &l);
    while (from < g->column_count) {
        int at = INDENT + l.widths[0];
        size_t to = from;
        do
            at += l.gaps[to] + l.widths[to];
        while (++to < g->column_count && (!columns || at + l.gaps[to] + l.widths[to] <= columns));
        if (from > 1)
            putchar('\n');
        print_part(g, &l, from, to);
        from = to;
    }
}

void grid_end(struct grid *g)
{
    grid_print(g);
    grid_clear(g);
}
