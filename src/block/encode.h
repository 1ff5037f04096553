/* The encoders' common ground. Private to the block room. */
#ifndef HALFULP_BLOCK_ENCODE_H
#define HALFULP_BLOCK_ENCODE_H

#include "array/array.h"
#include "parts.h"
#include "scale_rule.h"

enum { ENCODE_CHUNK = 1024 };

struct hu_block_encoding {
    const struct hu_block *b;
    unsigned char *codes, *scales;
    const struct hu_format *from, *fp64, *fp32, *scale;
    const void *src;
    size_t rows, columns;
    struct hu_block_options options; /* the rule is never HU_SCALE_DEFAULT */
    double amax;                     /* over the tensor; where hu_block_needs_amax */
    uint64_t first;
    unsigned flags;
    float tensor_scale;
};

/* N elements of the source from number AT on. */
void hu_block_read_source(const struct hu_format *to, void *out, const struct hu_format *from,
                          const void *src, size_t at, size_t n);

/* X rounded into F by DIRECTION, to nearest even if there is no other. */
uint64_t hu_block_round(const struct hu_format *f, double x, bool saturate);

void hu_block_encode_runs(struct hu_block_encoding *e);
void hu_block_encode_wholes(struct hu_block_encoding *e);

/* All of it where this machine has code of its own for it. False: it has none. */
bool hu_block_encode_fast(struct hu_block_encoding *e);

#endif
