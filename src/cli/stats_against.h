/* Two files compared tensor by tensor, whatever their formats: `stats --against`. */
#pragma once

#include "stats.h"
#include "flow/compare.h"

enum against_status {
    AGAINST_COMPARED,
    AGAINST_MISSING, /* in the second */
    AGAINST_EXTRA,   /* only in the second */
    AGAINST_SHAPE,   /* of another shape there */
    AGAINST_DTYPE,   /* elements of one are numbers here and those of the other are not */
};

struct against_row {
    enum against_status status;
    const struct hu_tensor *first, *second; /* as they are listed; NULL: there is none */
    const struct hu_pair *pair;             /* NULL: not compared */
};

/* A file's tensors. */
struct against_side {
    struct stats_reading of;
    size_t *by_name; /* their numbers */
};

struct against {
    struct tensor_source *sources[2], second;
    struct against_side sides[2];
    struct hu_pair *pairs;
    bool has_min_sqnr; /* the same to within so many dB is the same */
    double min_sqnr;
    struct against_row *rows; /* in the first's order, and then what only the second has */
    size_t count;
    struct hu_difference total; /* of the numbers */
};

/* Whether the answer is yes: no tensor is missing, extra, of another shape or dtype, and those that
 * were compared have the same values, or keep the ratio that was asked for. */
bool against_is_same(const struct against *a);

/* What FIRST's options say goes for the file at OTHER too. A is all zeros but for the ratio that is
 * asked for. */
void against_run(struct against *a, struct tensor_source *first, const char *path,
                 const char *other, unsigned jobs);
void against_clear(struct against *a);

void against_text(const struct against *a);
int against_json(const struct against *a);
