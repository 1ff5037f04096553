/* Tables that fit the terminal: side by side where there is room, else below one another. */
#pragma once

#include "room.h"

struct grid_column {
    const char *head;
    int width; /* what it takes where there is room, unless a cell is wider */
    bool left; /* aligned so; else right */
};

/* Columns are set first, then cells are added row by row. */
enum { GRID_COLUMNS_MAX = 80 };
struct grid {
    struct grid_column columns[GRID_COLUMNS_MAX];
    size_t column_count;
    struct grid_cell *cells;
    size_t cell_count;
};

/* struct grid g = GRID({"format", 15, true}, …): the columns, to which others may be added. */
#define GRID(...)                                                                                  \
    {                                                                                              \
        .columns = {__VA_ARGS__},                                                                  \
        .column_count = sizeof((struct grid_column[]){__VA_ARGS__}) / sizeof(struct grid_column)   \
    }
void grid_column(struct grid *g, const char *head, int width, bool left);

/* TEXT is copied; COLOR is of a palette or "". */
void grid_cell(struct grid *g, const char *text, const char *color);
/* As many cells as there are tabs between them. */
void grid_format(struct grid *g, const char *color, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Prints the table in lines of at most the terminal's columns. Where the widths that were asked for
 * do not fit, columns are as narrow as their cells; where that does not suffice, those that are
 * left follow below, each time beside the first column.
 */
void grid_print(const struct grid *g);
void grid_clear(struct grid *g);
/* Both. */
void grid_end(struct grid *g);
