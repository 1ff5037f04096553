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

void hu_ggml_put_fp16(struct hu_block_encoding *e, unsigned char *at, float value);
/* V, of element I, rounded to an integer by a direction that is not to nearest even. */
int hu_ggml_directed(const struct ggml_encoding *k, float v, int i);
/* The same; where the direction is to nearest even, as roundf does: halves away from zero. */
int hu_ggml_round_away(const struct ggml_encoding *k, float v, int i);
/* 1 / D; 0 of a D that is 0, or of which nothing is left in an fp16. */
float hu_ggml_inverse(float d);

/* The block's bytes at TO, which are zeros before. */
typedef void hu_ggml_pack(struct ggml_encoding *k, unsigned char *to);
hu_ggml_pack hu_ggml_pack_minima /* q2_k, q4_k, q5_k */, hu_ggml_pack_q3_k, hu_ggml_pack_q6_k,
    hu_ggml_pack_q8_k, hu_ggml_pack_tq1_0, hu_ggml_pack_tq2_0;

/* make_qkx2_quants' settings of a type. */
struct ggml_minima {
    int type, length, high, levels, tries;
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
};
#if defined(__x86_64__)
extern const struct ggml_fits hu_ggml_fits_avx2;
#endif
