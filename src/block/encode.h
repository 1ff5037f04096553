/* The encoders' common ground. Private to the block room. */
#pragma once

#include "array/array.h"
#include "parts.h"
#include "scale_rule.h"

enum { ENCODE_CHUNK = 1024, INFINITE = 0x7f800000 /* an fp32's bits */ };

struct hu_block_encoding {
    const struct hu_block *b;
    unsigned char *codes, *scales;
    const struct hu_format *from, *fp64, *fp32, *fp16, *int16, *fp4, *element, *scale;
    const void *src;
    size_t rows, columns;
    struct hu_block_options options; /* the rule is never HU_SCALE_DEFAULT */
    double amax;                     /* over the tensor; where hu_block_needs_amax */
    uint64_t first;
    bool special; /* there was a NaN or an infinity */
    float tensor_scale;
};

/* N elements of the source from number AT on. */
void hu_block_read_source(const struct hu_format *to, void *out, const struct hu_format *from,
                          const void *src, size_t at, size_t n);

/* Whether X, element INDEX between the neighbours LOW, which is number AT of them, and HIGH, goes
 * to HIGH, in a direction that is not to nearest even. */
bool hu_block_goes_up(double low, double high, double x, int at, const struct hu_options *options,
                      uint64_t index);

/* The row where the next tiles begin. */
size_t hu_block_last_row(const struct hu_block_encoding *e, size_t row);

/* Of the one row from COLUMN on, which begins a block, to END. */
void hu_block_encode_runs(struct hu_block_encoding *e, size_t column, size_t end);
/* Blocks of ROW from COLUMN on, which begins one, to END. */
void hu_block_encode_blocks(struct hu_block_encoding *e, size_t row, size_t column, size_t end);

/* ROW from COLUMN on, which begins a block, by way of fp64: the truth. Of tiles that are higher,
 * all their rows. */
void hu_block_encode_rest(struct hu_block_encoding *e, size_t row, size_t column, size_t end);

/* A table in ascending order. */
struct hu_block_sorted {
    double values[16];
    unsigned char codes[16];
    float middles[15]; /* those above the last value are infinite */
    int n;
    bool has_sign; /* only magnitudes are here, and bit 3 of a code is the sign */
};
struct hu_block_sorted hu_block_sort(const float *table);

/* From ROW on a row of tiles by code that exists to be fast: fp32, bf16 or fp16 to nearest even,
 * saturating. NULL: this machine has none. */
typedef void hu_block_encode_row(struct hu_block_encoding *e, size_t row);
hu_block_encode_row *hu_block_fast_encode(const struct hu_block_encoding *e);

/* The greatest magnitude's bits, as those of an fp32, in rows ROW to LAST, columns COLUMN to END of
 * fp32, bf16 or fp16: as NaNs and infinities are the greatest, they hide it. NULL: this machine has
 * none. */
typedef uint32_t hu_block_greatest(const struct hu_block_encoding *e, size_t row, size_t last,
                                   size_t column, size_t end);
hu_block_greatest *hu_block_fast_greatest(const struct hu_block_encoding *e);
#if defined(__x86_64__)
hu_block_greatest hu_block_greatest_avx2, hu_block_greatest_avx512;
hu_block_encode_row *hu_block_encode_avx2(const struct hu_block_encoding *e);
hu_block_encode_row *hu_block_encode_avx512(const struct hu_block_encoding *e);
#endif
