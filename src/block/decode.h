/* What the decoders share. Private to the block room. */
#pragma once

#include "parts.h"

struct hu_block_job {
    const struct hu_block *b;
    const struct hu_block_parts *parts;
    const struct hu_format *to, *fp64, *scale;
    size_t rows, columns;
    const double *table; /* what the codes of a format stand for, over unit; NULL: they have none */
    double unit;
};

/* N elements of ROW from COLUMN on, by way of fp64: the truth. DST is where the first one goes, a
 * whole byte. */
void hu_block_decode_some(const struct hu_block_job *j, size_t row, size_t column, size_t n,
                          void *dst);

/*
 * A row by code that exists to be fast: to fp32, or to bf16 where NARROW. What it has no code for
 * of a row, it takes from the truth.
 */
typedef void hu_block_row(const struct hu_block_job *j, size_t row, void *dst);

/* NULL: this machine has none for the pair. */
hu_block_row *hu_block_fast_row(const struct hu_block_job *j);
#if defined(__x86_64__)
hu_block_row *hu_block_row_avx2(const struct hu_block_job *j, bool narrow);
hu_block_row *hu_block_row_avx512(const struct hu_block_job *j, bool narrow);
hu_block_row *hu_block_row_avx512bf16(const struct hu_block_job *j, bool narrow);
#endif

/* What the sixteen codes of fp4_e2m1 stand for under a scale, as fp32, and as bf16: lower bytes,
 * upper ones, and both. */
struct hu_block_planes {
    float floats[16] __attribute__((aligned(64))); /* in one line of the cache */
    unsigned char low[16], high[16];
    uint16_t halves[16];
};
/* Under all 256 codes of e8m0; of ggml's zeros none has a sign. Made once. */
const struct hu_block_planes *hu_block_e8m0_planes(void);
const struct hu_block_planes *hu_block_ggml_e8m0_planes(void);
/* Under those of fp8_e4m3 as ggml reads them, and under those of fp8_e4m3 times SECOND: the
 * thread's, until it asks for another one. NULL: so few ELEMENTS, with those before them, were
 * asked for under SECOND that it was not worth making them. */
const struct hu_block_planes *hu_block_ggml_e4m3_planes(void);
const struct hu_block_planes *hu_block_e4m3_planes(float second, size_t elements);

/* The values of the 256 codes of fp8_e4m3, NaNs without a sign. Made once. */
const float *hu_block_e4m3_values(void);
/* What each code of e8m0 adds to the exponent of an fp32 whose biased one is that of fp8_e4m3, or
 * of fp8_e5m2. Made once. */
const uint32_t *hu_block_fp8_powers(bool e4m3);
