/*
 * What block formats lose: elements are encoded and decoded as a cast would do it, in pieces that
 * hold whole blocks, and what comes back is compared with them block by block. Private to the
 * statistics but for what is reported.
 */
#pragma once

#include "block_walk.h"
#include "loss.h"

enum { HU_WORST_BLOCKS = 8 };

/* A block that lost much. */
struct hu_worst_block {
    uint64_t tensor; /* 0, or what hu_block_loss_name gave it */
    uint64_t index;  /* the number of its scale: row by row of blocks, matrix by matrix */
    double noise, signal, greatest; /* sums of squares to 2^-47, and the greatest magnitude */
};

/* Beside hu_loss, of whose words it is said how they are meant here. */
struct hu_block_loss {
    uint64_t blocks;
    uint64_t saturated; /* blocks of which an element overflows: the scale is too small for it */
    uint64_t nan;       /* blocks that a NaN or an infinity made NaN */
    uint64_t lost;      /* elements of hu_loss.underflow in blocks of which others are left: what
                           stands out in the block has pushed them under the least step */
    uint64_t unfit;     /* elements of tensors whose rows such blocks do not divide */
    struct hu_exact_sum noise_by_rule[HU_SCALE_RULES]; /* where hu_block_has_rules */
    size_t worst_count;
    struct hu_worst_block worst[HU_WORST_BLOCKS]; /* by noise over signal, the greatest first */
};

void hu_block_loss_merge(struct hu_block_loss *loss, const struct hu_block_loss *other);
/* Says of which tensor the worst blocks are. */
void hu_block_loss_name(struct hu_block_loss *loss, uint64_t tensor);
/* 10 log10(signal / noise) of a block. */
double hu_worst_block_sqnr(const struct hu_worst_block *block);

/*
 * Pieces of a tensor that hold whole blocks. The elements come in rows of `row`, which may be all
 * of them; a piece begins at a multiple of `unit` in its row.
 */
struct hu_units {
    uint64_t row, unit;
};

struct hu_block_shape {
    uint64_t elements, rows, columns; /* rows and columns: of a matrix */
};

/* Whether B's blocks divide rows of SHAPE where they must. */
bool hu_block_loss_fits(const struct hu_block *b, const struct hu_block_shape *shape);

/* Pieces for COUNT block formats, and for plain ones as well. */
struct hu_units hu_block_units(const struct hu_block *const *blocks, size_t count,
                               const struct hu_block_shape *shape);

/* A target, looked up once. */
struct hu_block_target {
    const struct hu_block *block; /* NULL: it is none */
    struct hu_block_options options;
    double reach[2];    /* least magnitude of each sign, over the scale, that overflows; HUGE_VAL:
                           none does */
    bool wide_scale;    /* scales are fp32 */
    double scales[256]; /* else what a scale's byte stands for */
    struct hu_scale_element element; /* where hu_block_has_rules */
    struct hu_block_steps steps;
};
/* DIRECTION and seed are those of the elements, which saturate. */
struct hu_block_target hu_block_target_of(const struct hu_block *b, enum hu_scale_rule rule,
                                          const struct hu_options *options);

/* A piece: one unit, or what is left of its row. */
struct hu_block_piece {
    struct hu_block_shape shape;
    const struct hu_format *real; /* fp32 or fp64: what x is in */
    const void *x;                /* numbers of this machine */
    const void *bf16;             /* the same in bf16 of this machine; NULL: they are none */
    uint64_t first;               /* the number of the first element in the tensor */
    size_t n;
    double greatest; /* of the tensor, where hu_block_needs_amax */
    uint64_t number; /* of the first element for HU_STOCHASTIC */
};

/* One thread's. */
struct hu_block_memory;
struct hu_block_memory *hu_block_memory_new(void);
void hu_block_memory_free(struct hu_block_memory *m);
/* Room for N elements of a piece, which begins at a multiple of 64 bytes. NULL: out of memory. */
void *hu_block_memory_piece(struct hu_block_memory *m, size_t n);

/* Adds PIECE, of which x may be NULL where bf16 is not. False: nothing is added, as it cannot be
 * done in one walk. */
bool hu_block_lose_at_once(struct hu_block_memory *m, const struct hu_block_target *target,
                           const struct hu_block_piece *piece, struct hu_loss *loss,
                           struct hu_block_loss *blocks);
/* Adds PIECE by steps. False: out of memory. */
bool hu_block_lose(struct hu_block_memory *m, const struct hu_block_target *target,
                   const struct hu_block_piece *piece, struct hu_loss *loss,
                   struct hu_block_loss *blocks);

/* When all elements are in: of a block that is a whole tensor. */
void hu_block_loss_finish(const struct hu_block *b, const struct hu_loss *loss, double greatest,
                          struct hu_block_loss *blocks);
