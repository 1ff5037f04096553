/* The rows of `halfulp verify`, as text and as JSON. */
#pragma once

#include "room.h"
#include "verify/convention.h"

/* One combination, tried. */
struct verify_row {
    const struct hu_format *to, *from;
    const struct hu_format *result; /* what results come as: TO, or wider */
    enum hu_direction direction;
    const char *subject; /* a kernel, LIB.so:SYMBOL, or a file */
    const char *covers;  /* "all", "boundaries", "lines" */
    struct hu_verdict verdict;
    double seconds;
    uint64_t shown; /* faults to print */
    char *ending;   /* how a foreign function ended, "crashes (signal 11)"; NULL: it did not;
                       freed with the row */
    bool blamed;    /* a single source does that … */
    uint64_t blamed_source; /* … this one */
    bool refuted;           /* MPFR contradicted our own table of expectations */
    uint64_t refuted_at;
    bool explained;                   /* conventions were tried, … */
    struct hu_convention explanation; /* … and under this one all passes; no options: none */
};

bool verify_row_passed(const struct verify_row *row);

/* What explains a row that failed: the options under which it passes, on what is COVERed; none:
 * nothing does. */
void verify_print_explanation(const struct hu_convention *explanation, const char *covers);
/* Null where none was SOUGHT. */
json_t *verify_explanation_json(bool sought, const struct hu_convention *explanation);
/* How a call ended that came to no end of its own, in words; NULL: all did. */
json_t *verify_ending_json(const char *ending);

/* A row of what stands in its columns, for many combinations, or an operation's. */
void verify_print_summary(const char *from, const char *to, const char *round, const char *subject,
                          const char *covers, uint64_t inputs, const char *wrong, double seconds);
