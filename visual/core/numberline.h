/*
 * The number line: a stretch of the reals, and where a format's values lie in it. Linear, about an
 * exact centre; or logarithmic, over the magnitudes of one sign. Not thread-safe.
 */
#pragma once

#include "value.h"

struct numberline {
    bool logarithmic;
    bool negative;      /* the sign of the logarithmic axis */
    bool free;          /* panned or zoomed away: the source no longer pulls the centre along */
    mpq_t center, half; /* linear: the stretch is center − half … center + half */
    double log_center, log_half; /* of the binary logarithm */
    unsigned version;            /* another number for another stretch */
};

void numberline_init(struct numberline *n);
void numberline_clear(struct numberline *n);

/* Centres on the source, with a width that shows some of the values about it. */
void numberline_center(struct numberline *n, const struct hu_value *source);
/* The source changed: moves along unless the user has taken over. */
void numberline_follow(struct numberline *n, const struct hu_value *source);

void numberline_set_logarithmic(struct numberline *n, bool logarithmic,
                                const struct hu_value *source);
/* Moves by SHARE of the visible width, to the right when positive. */
void numberline_pan(struct numberline *n, double share);
/* Divides the width by FACTOR, the point at SHARE (0 to 1) of it staying where it is. */
void numberline_zoom(struct numberline *n, double factor, double share);
/* Shows all finite values of F. */
void numberline_show_all(struct numberline *n, const struct hu_format *f);

/* Where a finite value lies: 0 is the left end and 1 the right; -2 or 3 where it is far off. */
double numberline_share(const struct numberline *n, const struct hu_value *v);
double numberline_share_of(const struct numberline *n, const struct hu_format *f, uint64_t bits);

/* The codes of F's least and greatest finite value in the share FROM to TO of the stretch, in
 * ascending order of value; returns how many there are, zeros counted once. */
uint64_t numberline_values(const struct numberline *n, const struct hu_format *f, double from,
                           double to, uint64_t *first, uint64_t *last);

enum { TICK_TEXT = 40, TICKS_MAX = 24 };
struct tick {
    double share;
    char text[TICK_TEXT];
};
/* Ticks at round numbers, no more than WANTED (at most TICKS_MAX). offset: the labels count from
 * the source, whose digits would not fit. Returns how many. */
int numberline_ticks(const struct numberline *n, const struct hu_value *source, int wanted,
                     struct tick *ticks, bool *offset);
