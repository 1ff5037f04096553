/*
 * A·B + C as matrix hardware sums it, and in the orders in which software does. A model is a row
 * of data with its source. Pure, thread-safe, no allocation.
 */
#pragma once

#include "convert.h"
#include "wide.h"

#include <stddef.h>

enum hu_dot_method {
    /* In software, any formats. Each operation is rounded to nearest, ties to even. */
    HU_DOT_EXACT,      /* all products and C, rounded once */
    HU_DOT_SEQUENTIAL, /* C + a0·b0 + a1·b1 …: each product rounded, each sum rounded */
    HU_DOT_FMA,        /* the same with products unrounded */
    HU_DOT_PAIRWISE,   /* products rounded, halves summed apart and then together, C last */
    HU_DOT_BLOCKED,    /* blocks summed in sequence, each from its first product, then C + blocks */
    /* In hardware. */
    HU_DOT_ALIGNED,    /* a group's products and C cut at the greatest exponent less align_bits */
    HU_DOT_GROUP,      /* a group's products and C exactly, rounded once */
    HU_DOT_TREE,       /* a group's products rounded and summed pairwise, then C + group */
    HU_DOT_TWO_STAGE,  /* a group's products cut; then their sum and C cut downward, and rounded */
    HU_DOT_FMA_GROUPS, /* fused, the last product of a group first */
};

enum { HU_DOT_TAKES = 9, HU_DOT_GROUP_MAX = 32, HU_DOT_BLOCK = 32 };

struct hu_dot_model {
    const char *name;
    enum hu_dot_method method;
    const char *hardware;    /* or the order, in words */
    const char *instruction; /* NULL: software */
    struct {
        const char *format;
        unsigned char group;  /* products that are summed at once */
    } takes[HU_DOT_TAKES];    /* operands' formats; none: any */
    bool into_fp16;           /* as well as into fp32 */
    bool split;               /* of 2 groups that follow one another the first takes the products k
                                 with k mod 4 in {0, 1} and no C, the second those in {2, 3};
                                 C is added last, to nearest */
    bool halves;              /* even and odd products of formats of 8 bits are cut apart, and their
                                 sums downward then */
    bool scales;              /* takes blocks of 32 with a power of two each, which joins ea + eb */
    bool flushes;             /* subnormal operands and results are zero */
    unsigned char align_bits; /* kept below the greatest exponent ea + eb, of significands in
                                 [1, 4) */
    unsigned char trailing_bits; /* that an fp32 result keeps; 0: all */
    short least_exponent_fp32;   /* the greatest exponent counts as this at least; 0: no limit */
    short least_exponent_fp16;
    uint32_t nan_fp32;
    uint16_t nan_fp16;
    const char *source;
    const char *sure;   /* what was measured, and by whom */
    const char *unsure; /* where sources disagree or nobody measured; NULL: nothing known */
};

/* The models in the order of the manual; NULL from the count on. */
size_t hu_dot_model_count(void);
const struct hu_dot_model *hu_dot_model_at(size_t index);
/* NULL: none is called so. */
const struct hu_dot_model *hu_dot_model_find(const char *name);

/* Whether MODEL multiplies FORMAT's numbers into ACCUMULATE's. */
bool hu_dot_takes(const struct hu_dot_model *model, const struct hu_format *format,
                  const struct hu_format *accumulate);
/* Whether it takes operands whose blocks have powers of two. */
bool hu_dot_scales(const struct hu_dot_model *model);
/* Products that it sums at once; 1 in software. */
size_t hu_dot_group(const struct hu_dot_model *model, const struct hu_format *format);

enum hu_dot_part {
    HU_DOT_PRODUCT, /* a[index]·b[index] */
    HU_DOT_SUM,     /* C, or what stands in its place after the groups before */
    HU_DOT_PARTIAL, /* a sum of products of this group or block */
};

/* An addend of a step, zeros apart: (-1)^sign · significand · 2^unit. */
struct hu_dot_addend {
    enum hu_dot_part part;
    size_t index;
    bool sign;
    uint64_t significand;
    int unit;
    int exponent; /* that hardware aligns by */
    int64_t kept; /* what is left of it, in 2^unit of the step; signed */
};

/* One step of a model: addends that are aligned and cut, or added exactly; then, where it is
 * rounded, the result. */
struct hu_dot_step {
    const struct hu_dot_addend *addends; /* NULL where they are not cut: the products FIRST on */
    size_t count;
    size_t first, products; /* the operands that the step takes up */
    bool aligned;           /* at `exponent`; what lies below 2^unit is cut */
    bool down;              /* cut toward minus infinity; else toward zero */
    int exponent, unit;
    int64_t sum;  /* of what was kept, in 2^unit; where aligned */
    bool rounded; /* the step ends in bits, in direction */
    enum hu_direction direction;
    uint64_t before; /* the sum, or C, that the step adds to */
    uint64_t bits;
};

struct hu_dot {
    const struct hu_dot_model *model;
    const struct hu_format *format;     /* of a and b */
    const struct hu_format *accumulate; /* of c and of the result */
    const uint64_t *a, *b;              /* n codes each */
    size_t n;
    const int *a_powers, *b_powers; /* operand i is times 2^powers[i / HU_DOT_BLOCK], from -127 to
                                       127; NULL: it is not. The model must take scales */
    uint64_t c;
    size_t block; /* HU_DOT_BLOCKED: products in a block, at least 1 */
    /* Told of each step in turn; may be NULL. */
    void (*observe)(void *context, const struct hu_dot_step *step);
    void *context;
};

/* The result's code. The model must take the formats; products past n are zero. */
uint64_t hu_dot_run(const struct hu_dot *dot);
