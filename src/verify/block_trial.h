/* Encoders and decoders of block formats on trial against the rationals, on seeded draws. */
#pragma once

#include "block/block.h"
#include "verify/expectation.h"

#include <stdatomic.h>

struct hu_block_question {
    const struct hu_block *block;
    struct hu_block_options options; /* of an encoder */
    bool decodes;                    /* it is a decoder's */
    unsigned ignore;                 /* HU_IGNORE_… */
    uint64_t seed;
};

/* What a block that an encoder gets wrong is like: the first of these that holds. */
enum hu_block_kind {
    HU_BLOCK_WITH_NAN,
    HU_BLOCK_WITH_INFINITY,
    HU_BLOCK_OF_ZEROS,
    HU_BLOCK_ZERO_SIGN,       /* nothing but a zero's sign is wrong */
    HU_BLOCK_SUBNORMAL_SCALE, /* it is due a scale that is subnormal, or 2^−127 */
    HU_BLOCK_OTHER,
    HU_BLOCK_KINDS
};

/* One trial: what is asked, and below what came of it. */
struct hu_block_trial {
    struct hu_block_question question;
    /* The function on trial, tried in a child: void (const float *src, void *codes, void *scales,
     * size_t n) or void (const void *codes, const void *scales, float *dst, size_t n); NULL: ours.
     */
    void *symbol;
    uint64_t count, timeout; /* blocks to try; seconds that a call in a child may take */
    uint64_t stop_after;     /* blocks that went wrong; 0: never */
    unsigned jobs;           /* threads that try ours; a library's is tried by one */
    const atomic_bool *cancel;
    void (*progress)(uint64_t blocks); /* so many more are done; by any thread */

    uint64_t blocks, mismatches, scale_mismatches;
    uint64_t wrong[HU_BLOCK_KINDS]; /* mismatches of an encoder, by kind */
    char ending[96];                /* how the function came to its end; "": it returned */
    char first[192];                /* the first mismatch */
};

/* What comes of it does not depend on the number of threads. False: out of memory. */
bool hu_block_trial_run(struct hu_block_trial *t);

/* Values of all kinds for N elements in blocks of LENGTH, draw NUMBER: of one binade and of many,
 * ties, zeros, subnormals; now and then an infinity or a NaN, unless those are ignored. */
void hu_block_draw(float *values, size_t n, size_t length, const struct hu_block_question *q,
                   uint64_t number);

/* Whether a byte of codes differs by more than what is ignored. */
bool hu_block_codes_differ(const struct hu_block_question *q, unsigned got, unsigned expected);
