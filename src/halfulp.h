/*
 * halfulp: conversion among low-precision floating-point formats, rounded once and correctly.
 *
 * Every function here is thread-safe and keeps no state that a caller can see; the conversions
 * allocate nothing. Words are those of IEEE 754-2019, section 2 and 3. All is in libhalfulp, which
 * needs the C library alone, but for the section "Text", which is in libhalfulp-text and needs GMP.
 */
#ifndef HALFULP_H
#define HALFULP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__ && defined __ELF__
#pragma GCC visibility push(default)
#endif

/* What the codes of a format that are not ordinary numbers stand for. */
enum hu_specials {
    HU_SPECIALS_IEEE, /* top exponent: infinities and NaNs (IEEE 754-2019 section 3.4) */
    HU_SPECIALS_FN, /* no infinity; NaN where exponent and trailing bits are all ones (OCP OFP8) */
    HU_SPECIALS_FNUZ,  /* no infinity, no -0; NaN is the code of -0 */
    HU_SPECIALS_NONE,  /* every code is finite (OCP MX section 5.3) */
    HU_SPECIALS_SCALE, /* unsigned powers of two, no zero; NaN is all ones (OCP MX section 5.4.1) */
    /* IEEE P3109 (draft): no -0; NaN is the code of -0, or the last where unsigned; the greatest
     * magnitude is infinity. Without a trailing bit the code itself is even or odd. */
    HU_SPECIALS_P3109,
    HU_SPECIALS_P3109_FINITE, /* as before, without infinities */
    HU_SPECIALS_INTEGER       /* an integer, in two's complement where signed */
};

/*
 * A binary format, as data. Rows are constant and live as long as the program; two names of one
 * format give the same pointer. A format is signed where w is one more than k + t.
 * An integer is a format without exponent bits, whose codes all have the unit 2^0: k is 0, t the
 * bits of its magnitude, and the bias 1 - t.
 */
struct hu_format {
    const char *name;    /* canonical: "fp32", "fp8_e4m3", "e6m9fn", "binary8p4se", "int8" */
    unsigned char width; /* w, the bits of a code, 3 to 64 */
    unsigned char exponent_bits; /* k, 1 to 15; 0 for integers */
    unsigned char trailing_bits; /* t; the precision is p = t + 1, at most 62; integers: to 64 */
    unsigned char storage_bits;  /* what an array spends on an element: a power of two from 8 on,
                                    or the width where elements are packed */
    unsigned char storage_shift; /* zero bits below the code in its storage: 13 for tf32 */
    int bias;                    /* biased exponent - bias = exponent of a normal number */
    enum hu_specials specials;
};

/*
 * The format called NAME, in any case but for F4, safetensors' name of fp4_e2m1, where f4 is
 * NumPy's of fp32. A canonical name; one of IEEE 754, C, C++, NumPy, PyTorch, JAX, ml_dtypes,
 * safetensors, ONNX, MLIR, TensorFlow, CUDA, HIP, oneDNN or OCP, behind a module's prefix such as
 * "torch." too; eXmY with an optional suffix ieee, fn, fnuz or finite; P3109's binary{K}p{P}{s|u}
 * {e|f}; or an integer from int4 to uint64. A suffix _unpacked picks the one-byte layout of fp6 and
 * fp4. NULL: no such format.
 */
const struct hu_format *hu_format_find(const char *name);

/*
 * What to say to who typed NAME, which is no format: "did you mean float16 or bfloat16?", or an
 * empty string where no name is near. By the least number of letters to insert, delete, exchange or
 * swap with the next (Damerau, 1964). Returns OUT.
 */
enum { HU_SUGGESTION = 128 };
const char *hu_name_suggestion(char out[HU_SUGGESTION], const char *name);

/* The named floating-point formats in the order of the documentation; NULL from
 * hu_format_at(hu_format_count()) on. */
size_t hu_format_count(void);
const struct hu_format *hu_format_at(size_t index);

/* Rounding directions: IEEE 754-2019 section 4.3, round to odd (Boldo and Melquiond, 2008), and
 * stochastic, which goes up with the probability of the discarded fraction. */
enum hu_direction {
    HU_TIES_TO_EVEN,
    HU_TIES_TO_AWAY,
    HU_TOWARD_ZERO,
    HU_TOWARD_POSITIVE,
    HU_TOWARD_NEGATIVE,
    HU_TO_ODD,
    HU_STOCHASTIC
};

struct hu_options {
    enum hu_direction direction;
    bool saturate;        /* overflow and infinities become the largest finite value, and what is
                             below an unsigned format becomes its zero */
    bool tininess_before; /* detect tininess before rounding (IEEE 754-2019 section 7.5) */
    uint64_t seed;        /* HU_STOCHASTIC: element i of an array draws from (seed, i) */
};

/* Exceptions, or-ed into *flags (IEEE 754-2019 section 7). */
enum { HU_INVALID = 1, HU_OVERFLOW = 2, HU_UNDERFLOW = 4, HU_INEXACT = 8, HU_DIVIDE_BY_ZERO = 16 };

/*
 * The code in TO of the value that BITS encode in FROM, rounded once.
 * bits: the low FROM->width bits are read, the rest ignored. options: NULL is all zero.
 * flags: raised exceptions are or-ed in; may be NULL. Never fails.
 * A NaN keeps its sign and the top of its payload and becomes quiet (IEEE 754-2019 section 6.2.3);
 * a signaling one raises HU_INVALID. An infinity becomes NaN where TO has none, the largest finite
 * value where TO has no NaN either, and raises HU_OVERFLOW and HU_INEXACT there, whatever the
 * direction. A value below zero that does not round to an unsigned format's zero is NaN there and
 * raises HU_INVALID.
 * To an integer: what does not fit raises HU_INVALID and becomes the nearest end, a NaN 0 (IEEE
 * 754-2019 section 5.8 leaves both open).
 */
uint64_t hu_convert(const struct hu_format *to, const struct hu_format *from, uint64_t bits,
                    const struct hu_options *options, unsigned *flags);

/*
 * hu_convert on N elements. Layouts: little-endian words of storage_bits, the code shifted up by
 * storage_shift; packed formats (storage_bits 4 or 6) fill bytes from the least significant bit.
 * SRC and DST may have any alignment; they may be the same pointer when an element of TO takes no
 * more bits than one of FROM, and must not overlap otherwise.
 * Returns 0, or EINVAL for a null argument or an unknown direction; nothing is written then.
 */
int hu_convert_array(const struct hu_format *to, void *dst, const struct hu_format *from,
                     const void *src, size_t n, const struct hu_options *options, unsigned *flags);

/* ---- Data ---- */

enum hu_class { HU_ZERO, HU_SUBNORMAL, HU_NORMAL, HU_INFINITE, HU_QUIET_NAN, HU_SIGNALING_NAN };

/* What the code BITS stands for, and "zero", "subnormal", "normal", "infinite", "quiet_nan",
 * "signaling_nan". Bits above the format's width are ignored, here and below. */
enum hu_class hu_classify(const struct hu_format *f, uint64_t bits);
const char *hu_class_name(enum hu_class which);

/* A finite datum's exact value, (-1)^negative * significand * 2^exponent, the exponent that of its
 * unit in the last place. False, and nothing is written: an infinity or a NaN. */
bool hu_split(const struct hu_format *f, uint64_t bits, bool *negative, uint64_t *significand,
              int *exponent);

/* The value as an fp64, rounded to nearest where fp64 lacks it; and the code of an fp64, rounded
 * as OPTIONS say (NULL: to nearest). */
double hu_to_double(const struct hu_format *f, uint64_t bits);
uint64_t hu_from_double(const struct hu_format *f, double value, const struct hu_options *options);

/*
 * IEEE 754-2019 section 5.3.1's nextUp and nextDown: the least datum above BITS, the greatest
 * below. Infinities stay at themselves from outside. False, and *next is untouched: a NaN, or a
 * format without infinities has nothing there. The zero between signs is met once, with the sign
 * that the standard gives it.
 */
bool hu_next_up(const struct hu_format *f, uint64_t bits, uint64_t *next);
bool hu_next_down(const struct hu_format *f, uint64_t bits, uint64_t *next);

/* A key by which the numbers of a format order as integers: both zeros at 0, but for uint64. Not
 * for NaNs. The difference of two keys counts the data between, which is a distance in ulp. */
int64_t hu_order(const struct hu_format *f, uint64_t bits);

/* The code of the negative; false where the format has none (an unsigned format, the zero and the
 * NaN of one without -0, an integer's zero and its least). */
bool hu_negate(const struct hu_format *f, uint64_t bits, uint64_t *negated);

/* The exponent of the unit in the last place of a finite datum. */
int hu_ulp_exponent(const struct hu_format *f, uint64_t bits);

/*
 * A datum by what it is: "max", "lowest", "min_normal", "max_subnormal", "min_subnormal",
 * "epsilon" (2^(1-p), the distance from 1 to the next number up), "inf", "nan" (quiet, payload 0);
 * "min" is the lowest of an integer and refused elsewhere, since C's FLT_MIN and NumPy's finfo.min
 * are two things. False, and nothing is written: no such name, or the format has none.
 */
bool hu_limit(const struct hu_format *f, const char *name, uint64_t *bits);

/* Of f's numbers: C23 section 5.2.5.3.3's *_DIG and *_DECIMAL_DIG, and the largest n with every
 * integer from 1 to n in the format. */
int hu_digits10(const struct hu_format *f);
int hu_max_digits10(const struct hu_format *f);
uint64_t hu_max_consecutive_integer(const struct hu_format *f);

/*
 * Families of formats, made once, so that equal names give equal pointers; NULL: no such member.
 * eXmY: x exponent and y trailing bits, SPECIALS is IEEE, FN, FNUZ or NONE. P3109: K is the width
 * and P the precision. Neither gives the row of a named format.
 */
const struct hu_format *hu_format_exmy(int x, int y, enum hu_specials specials);
const struct hu_format *hu_format_p3109(int k, int p, bool is_signed, bool finite);

/* ---- Operations ---- */

/* Operations by IEEE 754-2019's sections 5 and 9.6; x, y and z are the operands in order. */
enum hu_operation {
    HU_OP_ADD,
    HU_OP_SUB,
    HU_OP_MUL,
    HU_OP_DIV,
    HU_OP_FMA, /* x * y + z */
    HU_OP_SQRT,
    HU_OP_REM,     /* x - n * y, n the integer nearest to x / y, even in a tie */
    HU_OP_MINIMUM, /* of these eight -0 lies below +0; a NaN operand gives a NaN ... */
    HU_OP_MAXIMUM,
    HU_OP_MINIMUM_NUMBER, /* ... or, here, the other operand */
    HU_OP_MAXIMUM_NUMBER,
    HU_OP_MINIMUM_MAGNITUDE,
    HU_OP_MAXIMUM_MAGNITUDE,
    HU_OP_MINIMUM_MAGNITUDE_NUMBER,
    HU_OP_MAXIMUM_MAGNITUDE_NUMBER,
    HU_OP_ROUND_TO_INTEGRAL,       /* in the direction of the options; inexact is not raised ... */
    HU_OP_ROUND_TO_INTEGRAL_EXACT, /* ... or, here, is */
    HU_OP_NEXT_UP,                 /* the greatest datum stays where it is */
    HU_OP_NEXT_DOWN,
    HU_OP_SCALE_B, /* x * 2^y, for an integral y */
    HU_OP_LOG_B,   /* floor(log2(|x|)) */
    HU_OP_NEGATE,  /* these three act on a NaN's sign too and raise nothing */
    HU_OP_ABS,
    HU_OP_COPY_SIGN,       /* x with the sign of y */
    HU_OP_CONVERT,         /* as hu_convert */
    HU_OP_CONVERT_QUIETLY, /* as hu_convert, without inexact: convertToInteger */
    /* Comparisons give 1 or 0. A quiet one raises invalid for signaling NaNs, a signaling one for
     * every NaN. */
    HU_OP_EQUAL,
    HU_OP_NOT_EQUAL,
    HU_OP_LESS,
    HU_OP_LESS_EQUAL,
    HU_OP_GREATER,
    HU_OP_GREATER_EQUAL,
    HU_OP_NOT_LESS,
    HU_OP_NOT_LESS_EQUAL,
    HU_OP_NOT_GREATER,
    HU_OP_NOT_GREATER_EQUAL,
    HU_OP_ORDERED,
    HU_OP_UNORDERED,
    HU_OP_SIGNALING_EQUAL,
    HU_OP_SIGNALING_NOT_EQUAL,
    HU_OP_SIGNALING_LESS,
    HU_OP_SIGNALING_LESS_EQUAL,
    HU_OP_SIGNALING_GREATER,
    HU_OP_SIGNALING_GREATER_EQUAL,
    HU_OP_SIGNALING_NOT_LESS,
    HU_OP_SIGNALING_NOT_LESS_EQUAL,
    HU_OP_SIGNALING_NOT_GREATER,
    HU_OP_SIGNALING_NOT_GREATER_EQUAL,
    HU_OPERATIONS
};

/* Which NaN an operation on NaNs gives, made quiet, and which an invalid one does: IEEE 754-2019
 * section 6.2.3 leaves it open, and hardware differs. */
enum hu_nan_rule {
    HU_NAN_FIRST,     /* the first NaN among the operands; invalid: positive, payload 0 */
    HU_NAN_LAST,      /* the last */
    HU_NAN_SIGNALING, /* the first signaling one, else the first */
    HU_NAN_GREATEST,  /* the one with the greatest significand, the positive one of two equals */
    HU_NAN_CANONICAL, /* none: positive with payload 0, as RISC-V */
    HU_NAN_X86,       /* the first; invalid: negative, payload 0, and fma(inf, 0, NaN) is not */
    HU_NAN_X87,       /* the greatest; invalid: negative, payload 0 */
    HU_NAN_ARM,       /* the first signaling one, else the first; fma: z, x, y */
    HU_NAN_PTX,       /* none: positive, every bit of the significand set; fp64: the last, of an fma
                         y, z, x; invalid: negative, payload 0 */
    HU_NAN_RULES
};

struct hu_operation_options {
    struct hu_options rounding;
    enum hu_nan_rule nan;
};

/*
 * OPERATION on operands whose codes lie in x[0], x[1] and x[2], as many as it has, of the formats
 * from[0] on; the exact result is rounded once, into TO, which comparisons do not look at. from[i]
 * NULL is the format of the operand before, from[0] NULL and FROM itself NULL are TO. options: NULL
 * is all zero; the rest is as in hu_convert. Never fails.
 * Where TO has no infinity a division by zero, besides HU_DIVIDE_BY_ZERO, raises and gives what
 * hu_convert of an infinity does; where it has no NaN, an invalid operation gives what a NaN does.
 */
uint64_t hu_operate(enum hu_operation operation, const struct hu_format *to,
                    const struct hu_format *const from[], const uint64_t x[],
                    const struct hu_operation_options *options, unsigned *flags);

/* hu_operate within one format. */
uint64_t hu_add(const struct hu_format *f, uint64_t x, uint64_t y,
                const struct hu_operation_options *options, unsigned *flags);
uint64_t hu_sub(const struct hu_format *f, uint64_t x, uint64_t y,
                const struct hu_operation_options *options, unsigned *flags);
uint64_t hu_mul(const struct hu_format *f, uint64_t x, uint64_t y,
                const struct hu_operation_options *options, unsigned *flags);
uint64_t hu_div(const struct hu_format *f, uint64_t x, uint64_t y,
                const struct hu_operation_options *options, unsigned *flags);
uint64_t hu_fma(const struct hu_format *f, uint64_t x, uint64_t y, uint64_t z,
                const struct hu_operation_options *options, unsigned *flags);
uint64_t hu_sqrt(const struct hu_format *f, uint64_t x, const struct hu_operation_options *options,
                 unsigned *flags);
uint64_t hu_rem(const struct hu_format *f, uint64_t x, uint64_t y,
                const struct hu_operation_options *options, unsigned *flags);

/*
 * hu_operate on N elements of each of the arrays src[0], src[1] and src[2], as many as OPERATION
 * has operands, in the layouts of hu_convert_array; of a comparison, one byte of DST is a result.
 * DST may be one of the sources when its elements take no more bits, and must not overlap them
 * otherwise. Returns 0, or EINVAL for a null argument, an unknown operation, rule or direction;
 * nothing is written then.
 */
int hu_operate_array(enum hu_operation operation, const struct hu_format *to, void *dst,
                     const struct hu_format *const from[], const void *const src[], size_t n,
                     const struct hu_operation_options *options, unsigned *flags);

/* ---- Blocks: elements that share a scale ---- */

/* A block format: a row of a table that lives as long as the program; two names of one format give
 * one pointer. */
struct hu_block;

/*
 * NAME in any case, '-' read as '_'. Beside the table: fp8_tileRxC, fp8_e5m2_tileRxC and _e8m0
 * behind them; nf4_bN and bnb_fp4_bN, with _dq, of blocks of N; gptq{2,3,4,8}_gN, gptq..._v2,
 * awq4_gN; N and the sizes of tiles a power of two at most 65,536. Rows live as long as the
 * program, and two names of one format give one pointer. NULL: no such block format.
 */
const struct hu_block *hu_block_find(const char *name);
const char *hu_block_name(const struct hu_block *b);

/* Bytes of the parts of ROWS × COLUMNS elements; hu_block_bytes is the codes', or all of them where
 * they lie in whole blocks, as GGUF's do. SIZE_MAX: more than size_t holds. */
size_t hu_block_bytes(const struct hu_block *b, size_t rows, size_t columns);
size_t hu_block_scale_bytes(const struct hu_block *b, size_t rows, size_t columns);

/* How a scale follows from the greatest magnitude. */
enum hu_scale_rule {
    HU_SCALE_DEFAULT, /* the format's own */
    HU_SCALE_FLOOR,   /* OCP MX 1.0 section 6.3: 2^(floor(log2 amax) - emax of the element) */
    HU_SCALE_CEIL,    /* 2^(ceil(log2 amax) - emax) */
    HU_SCALE_RCEIL,   /* the least power of two under which nothing overflows */
    HU_SCALE_EVEN,    /* floor's of amax rounded to the element's precision */
    /* What formats have as their own and nobody asks for by name: */
    HU_SCALE_MAX,    /* amax / the element's largest, rounded into the scale's format */
    HU_SCALE_AMAX,   /* amax itself */
    HU_SCALE_GGML,   /* as ggml's reference encoder does for this type */
    HU_SCALE_NO_RULE /* there is no encoder */
};

struct hu_block_options {
    enum hu_scale_rule rule;    /* HU_SCALE_DEFAULT to HU_SCALE_EVEN */
    struct hu_options elements; /* as in hu_convert_array: saturate must be asked for here */
};

/*
 * ROWS × COLUMNS elements of FROM into CODES and SCALES (NULL where they lie among the codes).
 * options NULL: the format's own rule, to nearest even, saturating. tensor_scale: receives the
 * scale that stands over all, where there is one; may be NULL. What becomes of zeros, infinities
 * and NaNs is in the manual. 0, or EINVAL: a null argument, or a format that is decoded only.
 */
int hu_block_encode(const struct hu_block *to, void *codes, void *scales, float *tensor_scale,
                    const struct hu_format *from, const void *src, size_t rows, size_t columns,
                    const struct hu_block_options *options);

/*
 * All of them into an array of TO, row by row without gaps; each element is the exact value,
 * rounded once. tensor_scale: the scale over all, ignored where there is none. Of formats with no
 * part but these: bitsandbytes' double quantization, GPTQ and AWQ have more. 0, or EINVAL.
 */
int hu_block_decode(const struct hu_format *to, void *dst, const struct hu_block *from,
                    const void *codes, const void *scales, float tensor_scale, size_t rows,
                    size_t columns);

/* ---- Text: libhalfulp-text. GMP allocates there, and ends the process when memory is out. ---- */

/*
 * TEXT rounded once into TO: a decimal of any length, C hexadecimal, a fraction 1/3, "inf", "nan",
 * "snan(0x1)", or a datum of any format, "bf16:0x3dcd", "fp16:max". Spaces around it are allowed.
 * Returns 0, or EINVAL: it is none of these, and nothing is written. options and flags may be NULL.
 */
int hu_read(const struct hu_format *to, const char *text, const struct hu_options *options,
            uint64_t *bits, unsigned *flags);

/* How a value is printed: as people should see it, exactly where 17 significant digits suffice and
 * else as the shortest decimal that reads back; that decimal always; every digit; as C does with
 * %a. */
enum hu_style { HU_STYLE_SHOWN, HU_STYLE_SHORTEST, HU_STYLE_EXACT, HU_STYLE_HEX };

/* Prints into OUT, of SIZE bytes, as snprintf does: never more than SIZE with the NUL, and the
 * whole length is returned. OUT may be NULL where SIZE is 0. */
size_t hu_print(char *out, size_t size, const struct hu_format *f, uint64_t bits,
                enum hu_style style);

#if defined __GNUC__ && defined __ELF__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
