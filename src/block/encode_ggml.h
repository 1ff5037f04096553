/* What ggml's encoders share. Private to them. */
#pragma once

#include "encode.h"
#include "float_bits.h"

enum { GGML_LENGTH = 32, GGML_MOST = 256 };

/* A block while it is encoded. */
struct ggml_encoding {
    struct hu_block_encoding *e;
    int type;
    uint64_t index; /* of its first element */
    float x[GGML_MOST];
    /* Of blocks of GGML_LENGTH: */
    float d, inverse; /* before d is rounded to fp16 */
    int q[GGML_LENGTH];
};

static inline void ggml_put_fp16(struct hu_block_encoding *e, unsigned char *at, float value)
{
    if (value != value) /* a quotient of infinities, whichever sign it got */
        value = __builtin_nanf("");
    layout_set_word(at, 16, hu_convert(e->fp16, e->fp32, hu_bits_of_float(value), NULL, NULL));
}

/* V, of element I, rounded to an integer by a direction that is not to nearest even. */
static inline int ggml_directed(const struct ggml_encoding *k, float v, int i)
{
    unsigned flags = 0;
    uint64_t code = hu_convert_at(k->e->int16, k->e->fp32, hu_bits_of_float(v),
                                  k->index + (uint64_t)i, &k->e->options.elements, &flags);
    return (int16_t)code;
}

/* The same; where the direction is to nearest even, as roundf does: halves away from zero. */
static inline int ggml_round_away(const struct ggml_encoding *k, float v, int i)
{
    if (k->e->options.elements.direction != HU_TIES_TO_EVEN)
        return ggml_directed(k, v, i);
    float magnitude = __builtin_fabsf(v), whole = (float)(int)magnitude;
    int q = (int)whole + (magnitude - whole >= 0.5f);
    return v < 0 ? -q : q;
}

/* 1 / D; 0 of a D that is 0, or below 2^−128, of which nothing is left in an fp16. */
static inline float ggml_inverse(float d)
{
    float inverse = d ? 1.0f / d : 0.0f;
    return __builtin_fabsf(inverse) == __builtin_inff() ? 0 : inverse;
}

/* The nearest integer, which a sum with 1.5 · 2^23 has in its last bits, whatever V is. */
static inline int ggml_nearest(float v)
{
    return (int)(hu_bits_of_float(v + 12582912.0f) & 0x7fffff) - 0x400000;
}

/* The first half of the codes in the lower bits of bytes. */
static inline void ggml_put_nibbles(const int *q, unsigned char *to)
{
    for (int i = 0; i < GGML_LENGTH / 2; i++)
        to[i] = (unsigned char)((q[i] & 15) | (q[i + GGML_LENGTH / 2] & 15) << 4);
}

static inline int ggml_within(int q, int low, int high)
{
    return q < low ? low : q > high ? high : q;
}

/* The bits of the greatest magnitude of N elements, whole times GGML_LENGTH: of a NaN or an
 * infinity where there is one. */
static inline uint32_t ggml_greatest_bits(const float *x, uint32_t n)
{
    int32_t most = 0;
    for (const float *end = x + n; x < end; x += GGML_LENGTH)
        for (int i = 0; i < GGML_LENGTH; i++) {
            int32_t bits = (int32_t)(hu_bits_of_float(x[i]) & 0x7fffffff);
            most = bits > most ? bits : most;
        }
    return (uint32_t)most;
}

/* The first of the greatest magnitude, with its sign. */
static inline float ggml_farthest(const float *x, int n)
{
    float amax = 0, max = 0;
    for (int i = 0; i < n; i++)
        if (amax < __builtin_fabsf(x[i])) {
            amax = __builtin_fabsf(x[i]);
            max = x[i];
        }
    return max;
}

/*
 * mxfp4's scale of AMAX and half of what it stands for: two powers below the logarithm, which is
 * rounded to fp32 before its integer is taken. So what lies close enough below a power of two has
 * the next exponent: n units in the last place below 2^k round to k while n / ln 2 is not above
 * half of what fp32 has there, in units of 2^-24. Below 2^-125 ggml converts a negative number to a
 * byte, which C leaves open; here that is the least scale.
 */
static inline unsigned char ggml_e8m0(float amax, float *half)
{
    uint32_t bits = hu_bits_of_float(amax);
    int above = (int)(bits >> 23) - 126, size = above > 0 ? above - 1 : -above;
    /* The greatest power of two in SIZE; for 1 and 0 there is nothing that rounds. */
    int power = size ? 31 - __builtin_clz((unsigned)size) : 0;
    bool rounds = size && (double)(0x800000 - (bits & 0x7fffff)) <= 0x1.62e42fp-1 * (1 << power);
    int code = above - 1 + rounds - 2 + 127;
    code = code < 0 ? 0 : code;
    *half = hu_float_of_bits(code < 2 ? 0x200000u << code : (uint32_t)(code - 1) << 23);
    return (unsigned char)code;
}

/* nvfp4's scale of AMAX and half of what it stands for: amax / 6 as an e4m3 without a sign
 * (ggml-impl.h: ggml_fp32_to_ue4m3), halves upward; subnormals are cut at the greatest one, and
 * from 256 on there is 448 alone. */
static inline unsigned char ggml_e4m3(float amax, float *half)
{
    float x = amax / 6;
    uint32_t code = ((hu_bits_of_float(x) + 0x80000) >> 20) - (120 << 3);
    if (x < 0x1p-6f) {
        code = (uint32_t)(x * 512 + 0.5f);
        code = code < 7 ? code : 7;
    } else if (code >= 15 << 3) {
        code = 0x7e;
    }
    uint32_t normal = code >= 8;
    *half = (float)((8 * normal + code % 8) << ((code >> 3) - normal)) * 0x1p-10f;
    return (unsigned char)code;
}

/* The number of the point of hu_block_curve that X, of element I, goes to; of a NaN the last. */
int hu_ggml_point(const struct ggml_encoding *k, float x, int i);

/* The block's bytes at TO, which are zeros before. */
typedef void hu_ggml_pack(struct ggml_encoding *k, unsigned char *to);
hu_ggml_pack hu_ggml_pack_iq4_nl, hu_ggml_pack_minima /* q2_k, q4_k, q5_k */, hu_ggml_pack_q3_k,
    hu_ggml_pack_q6_k, hu_ggml_pack_q8_k, hu_ggml_pack_iq4_xs, hu_ggml_pack_tq1_0,
    hu_ggml_pack_tq2_0, hu_ggml_pack_q1_0, hu_ggml_pack_q2_0, hu_ggml_pack_mxfp4,
    hu_ggml_pack_nvfp4;

/* make_qkx2_quants' settings of a type. */
struct ggml_minima {
    int type, high, levels, tries;
    float first;
    bool absolute; /* errors and weights are magnitudes, not squares and magnitudes over their mean
                    */
};

/* A block of 256 in sub-blocks: their scales, minima and codes before these are rounded. */
enum { GGML_SUBS = 16 };
struct ggml_subs {
    const struct ggml_fits *by;
    int count, length;
    float scale[GGML_SUBS], minimum[GGML_SUBS];
    unsigned char q[GGML_MOST];
};

/* kquants_fit.h for some machine. */
struct ggml_fits {
    void (*subs)(const struct ggml_encoding *k, const struct ggml_minima *t, struct ggml_subs *s);
    /* To the nearest of (x + offset) / d from LOW to HIGH, less LOW. */
    void (*again)(const float *x, int n, float d, float offset, int low, int high,
                  unsigned char *q);
    /* To the numbers of the points of hu_block_curve that x · inverse is nearest to. */
    void (*points)(const float *x, int n, float inverse, unsigned char *q);
    /* To whole multiples from −1 to MOST, plus 1; halves away from zero. */
    void (*multiples)(const float *x, int n, float inverse, int most, unsigned char *q);
};
#if defined(__x86_64__)
extern const struct ggml_fits hu_ggml_fits_avx2;
#endif
