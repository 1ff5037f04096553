/* What the decoders share. Private to the block room. */
#pragma once

#include "parts.h"

struct hu_block_job {
    const struct hu_block *b;
    const struct hu_block_parts *parts;
    const struct hu_format *to, *fp64, *scale;
    size_t rows, columns;
    const double *table; /* what the codes of a format stand for, over unit; NULL: they have none */
    double unit;         /* 2^element_power, or 2^power */
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
/* Of all 256 codes. */
struct hu_block_tables {
    float e4m3[256]; /* the values of fp8_e4m3, NaNs without a sign */
    /* What each of e8m0 adds to the exponent of an fp32 whose biased one is that of fp8_e5m2, or of
     * fp8_e4m3. */
    uint32_t fp8_powers[2][256];
    /* Under those of e8m0, of e8m0 where none of ggml's zeros has a sign, and of fp8_e4m3 as ggml
     * reads them. */
    struct hu_block_planes e8m0[256], ggml_e8m0[256], ggml_e4m3[256];
};
/* Made once. */
const struct hu_block_tables *hu_block_tables(void);
/* Under those of fp8_e4m3 times SECOND: the thread's, until it asks for another one. NULL: so few
 * ELEMENTS, with those before them, were asked for under SECOND that it was not worth making them.
 */
const struct hu_block_planes *hu_block_e4m3_planes(float second, size_t elements);
