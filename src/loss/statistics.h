/*
 * What casts would do to data: the data's own spread, and its loss in each target. Pieces of a
 * tensor are analysed apart, by any thread and in any order, and give the same figures.
 */
#pragma once

#include "block_loss.h"

/*
 * What elements are divided by before they are rounded, and multiplied by after.
 * tensor: the greatest finite magnitude over the target's largest, rounded to fp32, of which it is
 * a positive finite number. block: a power of two for 32 in a row, floor(log2 of the greatest) -
 * the target's emax, kept in e8m0's range, and the target saturates (OCP MX 1.0 section 6.3). NaNs
 * and infinities do not count for the greatest. Blocks do not cross rows of the axis that is
 * contiguous in memory.
 */
enum hu_scaling { HU_SCALE_NONE, HU_SCALE_TENSOR, HU_SCALE_BLOCK };
enum { HU_SCALE_ELEMENTS = 32, HU_TARGETS_MAX = 64 };

/* Binade i is [2^(i + HU_BINADE_LEAST), 2^(i + 1 + HU_BINADE_LEAST)): all of fp64's. */
enum { HU_BINADE_LEAST = -1074, HU_BINADES = 1024 + 1074 };

struct hu_spread {
    uint64_t finite, zeros, nans, infinities;
    double greatest, least; /* magnitudes: of the finite, and of the nonzero; 0: there is none */
    uint64_t binades[HU_BINADES];
};

/* A target, looked up once: a format, or a block format. */
struct hu_statistics_target {
    struct hu_block_target block; /* with a block format the rest stays empty */
    struct hu_loss_target loss;
    struct hu_options options;
    double max_finite;
    double overflow_from[2]; /* least magnitude of each sign that overflows whatever is drawn;
                                HUGE_VAL: no fp64 does */
    bool alike;              /* both signs overflow from one magnitude on, into the same */
    bool saturates;          /* overflows give finite results; where they are alike */
    int emax;
    bool rounds_in_place; /* values in range are rounded to a multiple of a power of two, which
                             below 2^emin is its unit, and the direction draws nothing */
};

/* What is asked of the data. The targets are the caller's and stay. */
struct hu_statistics_plan {
    const struct hu_statistics_target *targets;
    size_t count;            /* at most HU_TARGETS_MAX */
    enum hu_scaling scaling; /* of formats; block formats have scales of their own */
};                           /* all targets have the same direction */
struct hu_statistics_target hu_statistics_target_of(const struct hu_format *format,
                                                    const struct hu_options *options,
                                                    enum hu_scaling scaling);

/* SATURATE of the options does not matter: the elements of blocks do. */
struct hu_statistics_target hu_statistics_block_target(const struct hu_block *block,
                                                       enum hu_scale_rule rule,
                                                       const struct hu_options *options);

/* Whether fp64 holds every value of F: what hu_statistics can analyse. */
bool hu_statistics_reads(const struct hu_format *f);

/* Whether PLAN must know the greatest magnitude of data in F before it can analyse them. */
bool hu_statistics_needs_greatest(const struct hu_statistics_plan *plan, const struct hu_format *f);

/* A tensor's elements, as the analysis sees them. */
struct hu_statistics_data {
    const struct hu_format *format;
    uint64_t elements;
    uint64_t row;    /* elements of the contiguous axis; for block scales */
    uint64_t rows;   /* of a matrix, of which the elements are one or more; 0: of the only one */
    uint64_t first;  /* the number of the tensor's first element, for stochastic rounding */
    double greatest; /* of the finite magnitudes, where hu_statistics_needs_greatest */
};

/* Where pieces may begin. PLAN NULL: of elements that are not analysed. */
struct hu_units hu_statistics_units(const struct hu_statistics_plan *plan,
                                    const struct hu_statistics_data *data);
uint64_t hu_units_count(struct hu_units u, uint64_t elements);
/* The first element of unit INDEX; of the unit after the last: the number of elements. */
uint64_t hu_units_first(struct hu_units u, uint64_t index);

/* What is gathered of one tensor. Adding is commutative. */
struct hu_gathered {
    struct hu_spread spread;
    uint64_t *codes; /* how often each code occurs, or NULL: the format is not counted by code */
    size_t code_count;
    unsigned char *met; /* of each 32 codes in a row, whether any may occur */
    uint32_t *recent;   /* counts that are not yet in codes, of `recent_elements` */
    uint64_t recent_elements;
    struct hu_block_loss *blocks; /* of each target; NULL: none has a block format */
    size_t count;
    struct hu_loss losses[];
};
/* NULL: out of memory. */
struct hu_gathered *hu_gathered_new(const struct hu_statistics_plan *plan,
                                    const struct hu_format *source);
void hu_gathered_clear(struct hu_gathered *g);
void hu_gathered_merge(struct hu_gathered *g, struct hu_gathered *other);
/* Counts that were not yet in codes are. */
void hu_gathered_settle(struct hu_gathered *g);
/* When codes were written to: any may occur. */
void hu_gathered_meet(struct hu_gathered *g);
void hu_gathered_free(struct hu_gathered *g);

/* One thread's memory, a megabyte, and what units of block formats need. NULL: out of memory. */
struct hu_scratch;
struct hu_scratch *hu_scratch_new(void);
void hu_scratch_free(struct hu_scratch *a);

/*
 * Adds the elements [from, to) to G: one or more whole units. bytes: those elements in the layout
 * of hu_convert_array, little-endian; for packed formats the first lies in the byte of element
 * from / 8 * 8. codes: what the only target makes of them, or NULL to have them converted here.
 * False: out of memory.
 */
bool hu_analyse(struct hu_scratch *a, const struct hu_statistics_plan *plan,
                const struct hu_statistics_data *data, struct hu_gathered *g, uint64_t from,
                uint64_t to, const void *bytes, const void *codes);

/* The greatest finite magnitude of N elements. */
double hu_greatest(struct hu_scratch *a, const struct hu_format *format, const void *bytes,
                   size_t n);

/* When all elements are in: what only then is known. */
void hu_gathered_finish(struct hu_scratch *a, const struct hu_statistics_plan *plan,
                        const struct hu_format *source, struct hu_gathered *g);
