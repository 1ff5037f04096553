/* An expression worked out: the ways to present it. */
#pragma once

#include "room.h"
#include "compute/steps.h"

/* The whole's value for people: a datum, or a comparison's truth. */
enum { COMPUTE_VALUE = HU_SHORTEST_TEXT };
void compute_value(char out[COMPUTE_VALUE], const struct compute_step *s);

/* "exact", or "exact 257, error −1, 0.5 ulp": S against AGAINST, which ABOUT says is cut short; ""
 * where there is no such number. The caller frees it. */
char *compute_verdict(const struct compute_step *s, const mpq_t against, bool known, bool about);

/* Operands aligned, the exact result, what is kept of it and why. */
void compute_explain(const struct compute *c);

json_t *compute_json(const struct compute *c);

/* Each operation's alignment and rounding as one SVG document; output_whole's put. */
struct compute_list {
    struct compute **at;
    size_t count;
};
void compute_svg(FILE *out, const void *list);

/* What of the expression a step is; new memory. NULL: nothing, it is the result's conversion. */
char *compute_source(const struct compute *c, const struct compute_step *s);

/* What a step is called: "sum", "square root". */
const char *compute_noun(enum hu_operation operation);

/* How the cut of a step ended, in words: "a tie", "to the even one". */
struct compute_reason {
    char rest[64];
    const char *way;
};
struct compute_reason compute_reason_of(const struct compute *c, const struct compute_step *s);

/* Whether S was rounded from something that has places: finite and not zero. */
bool compute_is_cut(const struct compute_step *s);
