/*
 * What the parts of the analysis share: a thread's memory, and a chunk of elements on its way
 * through it. Private to the statistics.
 */
#pragma once

#include "array/array.h"
#include "array/layout.h"
#include "float_bits.h"
#include "pass.h"
#include "statistics.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Who has no target's number. */
enum { NO_TARGET = HU_TARGETS_MAX };

/* Elements before a packed one's byte begins. */
enum { SPARE = 8 };

_Static_assert((int)HU_SCALED == (int)HU_SCALE_ELEMENTS,
               "passes and plans have the same block scales");

/* Most of 65,536 codes do not occur: they are passed over by so many. Every count is a multiple. */
enum { GROUP = 32 };

/* That of all its targets. */
static inline enum hu_direction hu_plan_direction(const struct hu_statistics_plan *plan)
{
    return plan->count ? plan->targets[0].options.direction : HU_TIES_TO_EVEN;
}

/* Whether all targets are block formats. */
bool hu_plan_is_of_blocks(const struct hu_statistics_plan *plan);
/* Whether elements of F are counted by code, and what becomes of codes is found when all are in. */
bool hu_counts_codes(const struct hu_statistics_plan *plan, const struct hu_format *f);
/* Counts N codes. False: out of memory. */
bool hu_gathered_count(struct hu_gathered *g, const struct hu_format *f, const unsigned char *bytes,
                       size_t n);

struct hu_scratch {
    _Alignas(64) double x[HU_CHUNK + SPARE];
    _Alignas(64) double scaled[HU_CHUNK], code[HU_CHUNK], result[HU_CHUNK];
    _Alignas(64) double error[HU_CHUNK], relative[HU_CHUNK], wide[HU_CHUNK];
    _Alignas(64) unsigned char codes[HU_CHUNK * 8];
    int scales[HU_CHUNK];        /* exponents of block scales, one an element */
    uint16_t bad[HU_CHUNK + 1];  /* where the chunk has NaNs and infinities */
    uint32_t exponents[4][4096]; /* of a piece's elements, by biased exponent */
    uint64_t weights[HU_CHUNK];  /* how often a code occurs */
    const struct hu_format *fp32, *fp64;
    /* Of each target's conversions, its codes and back; the last is of the data's own. */
    struct plan *into[HU_TARGETS_MAX + 1], *back[HU_TARGETS_MAX + 1];
    struct hu_block_memory *blocks; /* NULL: none was asked for yet */
};

/* A chunk on its way. */
struct chunk {
    struct hu_scratch *a;
    const struct hu_statistics_plan *plan;
    const struct hu_statistics_data *data;
    struct hu_gathered *g;
    const struct hu_passes *passes;
    const struct hu_format *real; /* fp32, fp64 or bf16: what the values are held in */
    bool is_fp32;
    bool is_bf16;      /* which are like the upper halves of fp32: is_fp32 is set too */
    bool in_fp32;      /* relative errors are fp32's */
    const void *x;     /* the elements: where they lie, or in the scratch's x, zeros behind them */
    const void *ahead; /* what is read next */
    size_t n;
    size_t bad;
    uint64_t first; /* the number of its first element */
    struct hu_pass_range range;
    uint64_t not_zero; /* of the piece: elements counted under exponent 0 that are no zeros */
    /* Whose turn it is: */
    const struct hu_statistics_target *t;
    struct hu_loss *loss;
    const void *codes;         /* what the only target makes of them, or NULL */
    size_t measured;           /* of the elements; the others are bad, or left out */
    struct hu_pass_sum signal; /* of those that are measured, once it is known */
    bool signal_known;
    struct chunk *wide; /* the same in fp64, where its x is not NULL */
};

static inline double from_bits(const struct chunk *b, uint64_t bits)
{
    bits <<= b->is_bf16 ? 16 : 0;
    return b->is_fp32 ? (double)hu_float_of_bits((uint32_t)bits) : hu_double_of_bits(bits);
}

/* The bits of the least magnitude that is X or greater. */
static inline uint64_t bits_from(const struct chunk *b, double x)
{
    float f = (float)x;
    return b->is_fp32 ? (uint64_t)hu_bits_of_float(f) + ((double)f < x) : hu_bits_of_double(x);
}

static inline double element(const struct chunk *b, const void *values, size_t i)
{
    if (b->is_bf16)
        return from_bits(b, ((const uint16_t *)values)[i]);
    return b->is_fp32 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

static inline void set_element(const struct chunk *b, void *values, size_t i, double x)
{
    if (b->is_bf16)
        ((uint16_t *)values)[i] = (uint16_t)(hu_bits_of_float((float)x) >> 16);
    else if (b->is_fp32)
        ((float *)values)[i] = (float)x;
    else
        ((double *)values)[i] = x;
}

/* Chunks hold numbers of this machine, and hu_convert_array's arrays are little-endian: these are
 * it from and to such numbers of format REAL, at most HU_CHUNK of them. TARGET: its number, whose
 * plans the scratch keeps. */
static inline void convert_numbers(struct hu_scratch *a, size_t target, const struct hu_format *to,
                                   void *codes, const struct hu_format *real, const void *numbers,
                                   size_t n, uint64_t first, const struct hu_options *options)
{
    double turned[HU_BIG_ENDIAN ? HU_CHUNK : 1];
    if (HU_BIG_ENDIAN) {
        size_t size = real->storage_bits / 8;
        memcpy(turned, numbers, n * size);
        layout_turn(turned, n, size);
        numbers = turned;
    }
    hu_convert_array_kept(&a->into[target], to, codes, real, numbers, n, first, options);
}

static inline void convert_to_numbers(struct hu_scratch *a, size_t target,
                                      const struct hu_format *real, void *numbers,
                                      const struct hu_format *from, const void *codes, size_t n)
{
    hu_convert_array_kept(&a->back[target], real, numbers, from, codes, n, 0, NULL);
    layout_turn(numbers, n, real->storage_bits / 8);
}

/* What a target's tensor scale is, where GREATEST is the largest finite magnitude. */
static inline double tensor_scale(const struct hu_statistics_target *t, double greatest)
{
    double scale = (double)(float)(greatest / t->max_finite);
    if (greatest == 0)
        return 1;
    return fmin(fmax(scale, FLT_TRUE_MIN), FLT_MAX);
}

/* What X became in another scale: not 0 unless X is, so that every direction sees it. */
static inline double kept_from_zero(double scaled, double x)
{
    return scaled == 0 && x != 0 ? copysign(DBL_MIN, x) : scaled;
}

/* Adds the chunk's spread, and takes NaNs and infinities out of it. */
void hu_chunk_see(struct chunk *b);
/* The exponents that were counted in a piece into the spread. */
void hu_chunk_settle(const struct chunk *b);

/* Adds what each target makes of the chunk, which has been seen. */
void hu_chunk_lose(struct chunk *b);

/* The greatest and least magnitudes in VALUES. */
static inline struct hu_pass_range range_of(const struct chunk *b, const void *values)
{
    struct hu_pass_range range;
    b->passes->range(values, &range);
    return range;
}
