#include "verify_row.h"
#include "sheet.h"
#include "terminal.h"
#include "shown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool verify_row_passed(const struct verify_row *row)
{
    return hu_verdict_passed(&row->verdict) && !row->refuted;
}

void verify_row_free(struct verify_row *row)
{
    hu_verdict_free(&row->verdict);
    free(row->ending);
    row->ending = NULL;
}

/* The subject's column is as wide as its name asks for. */
static int subject_columns = 10;

enum { CELLS = 9, NAMES = 5 };

/* Names on the left, then figures on the right. What the terminal has no room for goes on below,
 * in every line alike. */
static void print_line(const char *const text[NAMES], const char *inputs, const char *wrong,
                       const char *seconds, const char *rate)
{
    const char *const cells[CELLS] = {text[0], text[1], text[2], text[3], text[4],
                                      inputs,  wrong,   seconds, rate};
    const int widths[CELLS] = {16, 16, 5, subject_columns, 10, 20, 14, 9, 9};
    int columns = terminal_columns(stdout), at = 0;
    for (int i = 0; i < CELLS; i++) {
        int gap = !i ? 0 : i == 3 ? 2 : 1;
        int needs = text_columns(cells[i]);
        needs = needs > widths[i] ? needs : widths[i];
        if (at && columns && at + gap + needs > columns) {
            putchar('\n');
            gap = 4;
            at = 0;
        }
        printf("%*s", gap, "");
        (i < NAMES ? print_left : print_right)(cells[i], widths[i]);
        at += gap + needs;
    }
    putchar('\n');
}

/* 1.2e10 as "12.0 G". */
static const char *rate_text(char out[16], uint64_t inputs, double seconds)
{
    char prefix;
    int n = text_scaled(out, seconds > 0 ? (double)inputs / seconds : 0, &prefix);
    snprintf(out + n, (size_t)(16 - n), " %c", prefix);
    return out;
}

void verify_print_heading(const char *subject)
{
    static const char *const text[] = {"from", "to", "round", "kernel", "covers"};
    int columns = (int)strlen(subject);
    subject_columns = columns > 10 ? columns : 10;
    print_line(text, "inputs", "mismatches", "seconds", "inputs/s");
}

void verify_print_summary(const char *from, const char *to, const char *round, const char *subject,
                          const char *covers, uint64_t inputs, const char *wrong, double seconds)
{
    char rate[16], time[16];
    const char *const text[] = {from, to, round, subject, covers};
    snprintf(time, sizeof time, "%.2f", seconds);
    print_line(text, GROUPED(inputs), wrong, time, rate_text(rate, inputs, seconds));
}

void verify_print_row(const struct verify_row *row)
{
    const struct hu_verdict *v = &row->verdict;
    verify_print_summary(row->from->name, row->to->name, hu_direction_name(row->direction),
                         row->subject, row->covers, v->inputs,
                         v->stopped ? "?" : GROUPED(v->mismatches), row->seconds);
}
