/* A sheet of facts: lines of a label and up to three cells in columns, which fold where the
 * terminal is too narrow for them. */
#pragma once

#include "terminal.h"

/* Where the first, second and third cell begin. */
enum { SHEET_LEFT = 16, SHEET_MIDDLE = 30, SHEET_RIGHT = 66 };

/* Pieces of text in lines of at most COLUMNS (0: any number); what does not fit goes on in a new
 * line after INDENT spaces, and breaks within a piece only where that is longer than a whole one.
 */
struct fold {
    int columns, indent;
    int at; /* the column reached */
};
/* One that has the terminal's columns. */
struct fold fold_begin(int indent);
/* The same with LABEL in COLOR put first; in less than WIDE columns it goes on after four spaces.
 */
struct fold fold_label(int indent, int wide, const char *color, const char *label);

/* TEXT after GAP spaces, in COLOR, which is of a palette or "". */
void fold_put(struct fold *f, int gap, const char *color, const char *text);
void fold_format(struct fold *f, int gap, const char *color, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* At COLUMN, or two spaces further where that is passed. */
void fold_at(struct fold *f, int column, const char *color, const char *text);
/* The same, or nearer where that does not fit; TEXT may break at its spaces. */
void fold_cell(struct fold *f, int column, const char *color, const char *text);
/* The same for TEXT that may break at its spaces, where it does not fit into a line of its own. */
void fold_words(struct fold *f, int gap, const char *color, const char *text);
/* A new line, unless the last one is empty. */
void fold_break(struct fold *f);
/* The end of the last line. */
void fold_end(struct fold *f);

/* A line of LABEL, in its COLOR, and its cells; "" leaves one out. */
void sheet_line(const char *label, const char *color, const char *left, const char *middle,
                const char *right);
/* The same with the last cell in bold, and AFTER plainly behind it. */
void sheet_line_bold(const char *label, const char *left, const char *right, const char *after);

/* Prints TEXT, padded to COLUMNS on its right or left; longer text is printed whole. */
void print_left(const char *text, int columns);
void print_right(const char *text, int columns);

/* Prints TEXT in lines of at most COLUMNS, broken at spaces, each after INDENT spaces. */
void print_wrapped(const char *text, int indent, int columns);

/* A bar of so many eighths of a column. */
void print_bar(int eighths);
