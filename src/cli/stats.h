/* What `stats` and `cast` report: losses of tensors in targets, and three ways to present them. */
#pragma once

#include "room.h"
#include "arguments.h"
#include "tensor_source.h"

/* When a target counts as safe for a tensor. */
struct stats_limits {
    bool any_overflow; /* overflow does not matter */
    bool any_clamped;  /* it does not in block formats, where it is cut to what the scale allows */
    bool is_share;     /* max_overflow is a share of the finite elements, and no count */
    double max_overflow;
    double min_sqnr; /* dB */
};

/* A format or a block format that data might be cast to. */
struct stats_target {
    const char *name;
    const struct hu_format *format; /* NULL: block is what it is */
    const struct hu_block *block;
};

struct stats_targets {
    struct stats_target at[HU_TARGETS_MAX];
    size_t count;
};

/* Names by commas, or "all" named formats, added to TARGETS. False: reported. */
bool stats_targets_read(const char *text, struct stats_targets *targets);
/* Bits of an element, its share of a scale included. */
double stats_target_bits(const struct stats_target *t);

/* The formats among the targets whose ranges the histogram can show: none under a scale. */
struct stats;
size_t stats_ranges(const struct stats *s, const struct hu_format *formats[HU_TARGETS_MAX]);

/* What is reported of block formats beside hu_loss_figures. */
struct stats_blocks {
    uint64_t blocks, saturated, nan, lost, unfit;
    double sqnr_by_rule[HU_SCALE_RULES];
    size_t worst_count;
    struct hu_worst_block worst[HU_WORST_BLOCKS];
};

struct stats_tensor {
    const struct hu_tensor *tensor;
    uint64_t finite, zeros, nans, infinities;
    double greatest, least;
    struct hu_loss_figures *figures; /* of each target */
    struct stats_blocks *blocks;     /* the same; NULL: no target is a block format */
};

struct stats {
    const char *file;
    const struct tensor_source *source;
    struct stats_targets targets;
    enum hu_scale_rule rule; /* of block formats that have some */
    struct hu_options options;
    enum hu_scaling scaling;
    struct stats_limits limits;
    struct stats_tensor *tensors; /* in the file's order */
    size_t count, skipped;        /* skipped: chosen and no floats */
    struct hu_gathered *total;
};

/* The plan's. The caller frees them. */
struct hu_statistics_target *stats_targets(const struct stats *s);
/* Whether a target is a block format. */
bool stats_any_block(const struct stats *s);
/* A row for TENSOR behind the others, for which there is room. */
void stats_add(struct stats *s, const struct hu_tensor *tensor);

/* The chosen tensors of a source, in the file's order, and how they are read. */
struct stats_reading {
    const struct hu_tensor **tensors; /* as they are listed: of a quantized weight its row */
    struct hu_stream_tensor *data;
    struct hu_tensor *decoded;
    struct hu_recode *recodes;
    uint64_t *strides;
    size_t count, skipped; /* skipped: chosen, and no numbers */
};
/* only_numbers: others are skipped, and else read as bytes. in_rows: those whose first size varies
 * fastest are read in the order of rows. */
void stats_read(struct stats_reading *r, struct tensor_source *source, bool only_numbers,
                bool in_rows);
void stats_reading_clear(struct stats_reading *r);

/* For hu_stream.done: keeps tensor INDEX's figures and adds to the total. context: struct stats. */
void stats_done(void *context, size_t index, struct hu_gathered *gathered);
void stats_clear(struct stats *s);

/* Target INDEX, of which F are the figures. */
bool stats_is_safe(const struct stats *s, size_t index, const struct hu_loss_figures *f,
                   uint64_t finite);
/* Of all tensors together. */
struct stats_blocks stats_blocks_in_all(const struct stats *s, size_t index);
/* For one tensor, or for all and their total: the index of the narrowest target that is safe; of
 * two as wide the one with the better ratio in all. -1: none. */
int stats_narrowest(const struct stats *s, const struct stats_tensor *t);
int stats_narrowest_of_all(const struct stats *s);

/* The ratio in words, in OUT: decibels, of as many decimals as tell it from LIMIT, at least two. */
enum { STATS_DECIBELS = 32 };
const char *stats_sqnr(char out[STATS_DECIBELS], double sqnr);
const char *stats_decibels(char out[STATS_DECIBELS], const struct hu_loss_figures *f, double limit);
#define DECIBELS(figures, limit) stats_decibels((char[STATS_DECIBELS]){0}, figures, limit)

/* A binade, or a run of EMPTY ones of which EXPONENT is the least. */
struct stats_binade {
    int exponent, empty;
    uint64_t count;
};
/* From the least binade that holds anything to the greatest; runs of EMPTY_LEAST or more that hold
 * nothing become one. Returns their number. */
size_t stats_binades(const struct hu_spread *spread, int empty_least,
                     struct stats_binade binades[HU_BINADES]);

/* What a cast to F, which has no NaN, makes of NaNs, and what one makes of infinities: NULL, they
 * stay. */
const char *stats_fate_of_nan(const struct hu_format *f);
const char *stats_fate_of_infinity(const struct hu_format *f, bool saturate);

/* What a target's range makes of the binade of EXPONENT. */
enum stats_reach { STATS_OVERFLOWS, STATS_NORMAL, STATS_SUBNORMAL, STATS_ZERO };
enum stats_reach stats_reach(const struct hu_format *f, int exponent);

/* What block formats lose in all; prints nothing where there are none. */
void stats_text(const struct stats *s);
/* What a cast has lost; bytes: of the tensors, before and after. */
void stats_cast_text(const struct stats *s, const char *output, size_t decoded, uint64_t before,
                     uint64_t after);
/* The end of such a line: what was copied, and bytes. */
void stats_cast_sizes(size_t copied, uint64_t before, uint64_t after);
/* The document, but that "tensors" is null; stats_print_json takes it, and prints it with them. */
json_t *stats_json(const struct stats *s);
void stats_print_json(const struct stats *s, json_t *document);
void stats_svg(FILE *out, const void *stats);
