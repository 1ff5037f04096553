/* Operands at which an operation is likely to be wrong, numbered, each a function of its number. */
#pragma once

#include "verify/question.h"

enum { HU_EDGES_MAX = 2000 };

struct hu_operands {
    const struct hu_question *q;
    uint64_t *edge[HU_OPERANDS]; /* codes whose every combination is taken */
    size_t edges[HU_OPERANDS];
    /* Formats of one bit more, in which a result may lie halfway; the target itself where there is
     * none. */
    const struct hu_format *halves;
    uint64_t seed;
};

/*
 * Of LEVEL 1: ends of binades, specials and small integers; 2: more of them, near every one of the
 * format's ends. False: out of memory.
 */
bool hu_operands_init(struct hu_operands *o, const struct hu_question *q, int level, uint64_t seed);
void hu_operands_clear(struct hu_operands *o);

/* All combinations of edges, and as many directed draws again. */
uint64_t hu_operands_set(const struct hu_operands *o);

/* Combination I of the edges, below their number; from there on directed draws: a result is chosen
 * at a boundary, halfway between two codes, or near one, and an operand found that gives it. */
void hu_operands_at(const struct hu_operands *o, uint64_t i, uint64_t x[HU_OPERANDS]);
