/* What `stats` and `cast` report: losses of tensors in targets, and three ways to present them. */
#ifndef HALFULP_CLI_STATS_H
#define HALFULP_CLI_STATS_H

#include "arguments.h"
#include "tensor_source.h"
#include "terminal.h"

#include <jansson.h>
#include <stdio.h>

/* When a target counts as safe for a tensor. */
struct stats_limits {
    bool any_overflow; /* overflow does not matter */
    bool is_share;     /* max_overflow is a share of the finite elements, and no count */
    double max_overflow;
    double min_sqnr; /* dB */
};

struct stats_tensor {
    const struct hu_tensor *tensor;
    uint64_t finite, zeros, nans, infinities;
    double greatest, least;
    struct hu_loss_figures *figures; /* of each target */
};

struct stats {
    const char *file;
    const struct tensor_source *source;
    struct format_list targets;
    struct hu_options options;
    enum hu_scaling scaling;
    struct stats_limits limits;
    struct stats_tensor *tensors; /* in the file's order */
    size_t count, skipped;        /* skipped: chosen and no floats */
    struct hu_gathered *total;
};

/* Prepares the plan and rows for COUNT tensors; targets point into the plan's memory. */
struct hu_statistics_target *stats_targets(const struct stats *s);

/* For hu_stream.done: keeps tensor INDEX's figures and adds to the total. context: struct stats. */
void stats_done(void *context, size_t index, struct hu_gathered *gathered);
void stats_clear(struct stats *s);

bool stats_is_safe(const struct stats *s, const struct hu_loss_figures *f, uint64_t finite);
/* For one tensor, or for all and their total: the index of the narrowest target that is safe; of
 * two as wide the one with the better ratio in all. -1: none. */
int stats_narrowest(const struct stats *s, const struct stats_tensor *t);
int stats_narrowest_of_all(const struct stats *s);

const char *stats_scaling_name(enum hu_scaling scaling);

/* The ratio in words, in OUT: decibels with as many decimals as tell it from LIMIT, at least two.
 */
enum { STATS_DECIBELS = 32 };
const char *stats_decibels(char out[STATS_DECIBELS], const struct hu_loss_figures *f, double limit);

/* A binade, or a run of EMPTY ones of which EXPONENT is the least. */
struct stats_binade {
    int exponent, empty;
    uint64_t count;
};
/* From the least binade that holds anything to the greatest; runs of EMPTY_LEAST or more that hold
 * nothing become one. Returns their number. */
size_t stats_binades(const struct hu_spread *spread, int empty_least,
                     struct stats_binade binades[HU_BINADES]);

/* What a target's range makes of the binade of EXPONENT. */
enum stats_reach { STATS_OVERFLOWS, STATS_NORMAL, STATS_SUBNORMAL, STATS_ZERO };
enum stats_reach stats_reach(const struct hu_format *f, int exponent);

void stats_text(const struct stats *s, const struct palette *p);
/* What a cast has lost; bytes: of the tensors, before and after. */
void stats_cast_text(const struct stats *s, const struct palette *p, const char *output,
                     uint64_t before, uint64_t after);
/* The document, but that "tensors" is null; stats_print_json takes it, and prints it with them. */
json_t *stats_json(const struct stats *s);
int stats_print_json(const struct stats *s, json_t *document);
void stats_svg(FILE *out, const struct stats *s);

#endif
