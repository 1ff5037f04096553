/* What the judges of encoders share. Private to the reference. */
#pragma once

#include "float_bits.h"
#include "reference_exact.h"

#include <math.h>
#include <string.h>

/*
 * The encoders, each step a rational and each rounding said. What takes the time is answered in
 * fp64 where that is exact or known to be as good, and each time after WITHOUT such answers by the
 * rationals all the same, so that neither goes unwatched.
 */
enum { WITHOUT = 60, VALUES_MAX = 129 };

struct work {
    struct hu_reference *r;
    const struct hu_block *b;
    const struct hu_format *fp32, *int16, *fp16, *element, *scale;
    const float *src;
    unsigned char *codes, *scales;
    size_t rows, columns;
    enum hu_scale_rule rule;
    struct hu_options elements;
    struct exact x, y, amax, largest, second, by;
    unsigned turn;
    double values[2][VALUES_MAX]; /* the magnitudes of an element's codes, of each sign */
    int value_count[2];
    double divisor;   /* w->by, where it is exact in fp64 and has at most 29 bits; else 0 */
    float sorted[16]; /* of a table: all, or those without a sign */
    unsigned codes_of[16], table_size;
};

/* Whether the rationals are to answer this time. */
static inline bool is_turn(struct work *w)
{
    return w->turn++ % (WITHOUT + 1) == 0;
}

static inline void set_float(struct work *w, struct exact *x, float value)
{
    hu_exact_datum(x, w->fp32, hu_bits_of_float(value));
}

static inline float to_float(struct work *w, const struct exact *x)
{
    return hu_float_of_bits((uint32_t)hu_exact_round(w->r, w->fp32, x, NULL));
}

static inline int clamped(long q, int low, int high)
{
    return q < low ? low : q > high ? high : (int)q;
}

/* The first of N numbers that are greatest in magnitude; NaNs are none. */
static inline float farthest(const float *x, int n)
{
    float most = 0;
    for (int i = 0; i < n; i++)
        most = fabsf(x[i]) > fabsf(most) ? x[i] : most;
    return most;
}

static inline void put_bits(unsigned char *bytes, size_t at, int count, uint64_t value)
{
    for (int i = 0; i < count; i++) {
        size_t bit = at + (size_t)i;
        bytes[bit / 8] =
            (unsigned char)((bytes[bit / 8] & ~(1u << bit % 8)) | (value >> i & 1) << bit % 8);
    }
}

/* A by B, by SIGN: '*', '/' or '-'. */
float hu_reference_fp32(struct work *w, char sign, float a, float b);

static inline float times(struct work *w, float a, float b)
{
    return hu_reference_fp32(w, '*', a, b);
}

static inline float over(struct work *w, float a, float b)
{
    return hu_reference_fp32(w, '/', a, b);
}

static inline float minus(struct work *w, float a, float b)
{
    return hu_reference_fp32(w, '-', a, b);
}

/* V rounded to an integer of 16 bits. */
long hu_reference_integer(struct work *w, float v, const struct hu_options *options);
void hu_reference_put_half(struct work *w, unsigned char *block, size_t byte, float value);
/* 1 / D; 0 of a D of which nothing is left in an fp16. */
float hu_reference_inverse(struct work *w, float d);

/* Which point of hu_reference_curve a number goes to. */
int hu_reference_curve_code(struct work *w, float v);

/* Of codes of a table, and of ggml's blocks, by fp32's operations. */
void hu_reference_encode_runs(struct work *w);
/* One block of 32 elements, of more, or of mxfp4 and nvfp4, at BLOCK, whose bytes are zeros. */
void hu_reference_encode_short(struct work *w, const float *x, unsigned char *block);
void hu_reference_encode_long(struct work *w, const float *x, unsigned char *block);
void hu_reference_encode_fp4(struct work *w, const float *x, unsigned char *block);
