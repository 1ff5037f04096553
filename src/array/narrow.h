/* FP32 to a narrower format in 32-bit lanes: the facts that the lanes work with. */
#ifndef HALFULP_NARROW_H
#define HALFULP_NARROW_H

#include "array/kernel.h"

/* How a target's codes come from FP32's. */
enum hu_narrow_kind {
    NARROW_NONE,
    /* FP32's own exponent field, IEEE specials: a code is the top of an FP32 one. */
    NARROW_TOP,
    /* Range within FP32's: the unit in the last place is aligned by adding a power of two. */
    NARROW_MAGIC,
    /* e8m0: FP32's exponent field alone. */
    NARROW_SCALE
};

/* Codes here are without sign, FP32 encodings too unless said. [0] is for values above zero, [1]
 * for those below. */
struct narrow {
    uint32_t drop;          /* trailing bits that FP32 has more */
    uint32_t low;           /* as a mask */
    uint32_t storage_shift; /* of the target */
    uint32_t least_normal;  /* the target's, in FP32 */
    uint32_t limit;         /* 2^(emax + 1) in FP32: it and all above overflow */
    uint32_t magic;         /* adds 23 - t to an FP32 exponent field */
    uint32_t max_code;
    uint32_t greatest;    /* its value in FP32 */
    uint32_t rebias;      /* a normal number's FP32 magnitude without DROP bits, less its code */
    uint32_t overflow[2]; /* the code that an overflow gives */
    uint32_t infinity[2]; /* codes with their sign */
    uint32_t nan[2];
    uint32_t payload; /* mask of a NaN code's trailing bits that come from the source */
    uint32_t tiny[2]; /* FP32 magnitudes below are tiny where inexact */
    uint32_t join, join_base, join_shift; /* see join_sums */
    uint32_t tiny_drop;  /* as drop, in the binade below emin with the exponent unbounded; 0: before
                            rounding all below emin are tiny */
    uint32_t sign_shift; /* FP32's sign bit to the code's */
    uint32_t sign;       /* the code's sign bit */
    bool negative_zero;
    bool saturate;
    bool direct; /* as conversion.direct */
    unsigned infinity_flags;
    unsigned nan_flags;
    uint64_t seed;
};

enum hu_narrow_kind hu_narrow_kind(const struct hu_format *to);
/* For a target whose kind is not NARROW_NONE. */
struct narrow hu_narrow_for(const struct hu_format *to, const struct hu_options *options);

/* Rounds N FP32 words into codes in words of the target's, or a byte each if it is packed. */
typedef unsigned narrow_function(const struct narrow *k, void *dst, const void *src, size_t n,
                                 uint64_t first);

#endif
