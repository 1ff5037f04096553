/* What is said of a block of values: how its scale came about, and what its codes cost. Pure. */
#pragma once

#include "block.h"
#include "text.h"

enum { HU_BLOCK_WORDS = 256 };

/* X as values are shown, in fewer digits where those are all that an fp32 has. */
void hu_block_shown(char text[HU_SHORTEST_TEXT], double x);

/* How the scale over elements of greatest magnitude AMAX, above 0, follows:
 * "2^(floor(log2 6) − 2)". RULE: HU_SCALE_DEFAULT is the format's own. tensor_scale: the second
 * one, where there is one. */
void hu_block_derive(char words[HU_BLOCK_WORDS], const struct hu_block *b, enum hu_scale_rule rule,
                     double amax, float tensor_scale);

/* The greatest error and the signal-to-noise ratio in dB, infinite where all is exact; NaN where
 * some value or result is no number. */
struct hu_block_errors {
    double greatest, sqnr;
};
struct hu_block_errors hu_block_errors(const float *values, const struct hu_block_datum *data,
                                       size_t n);

/* DATUM's value less VALUE, exactly or as it is shown, in new memory; NULL: not finite. *exact: it
 * is zero. */
char *hu_block_error(float value, const struct hu_block_datum *datum, bool shown, bool *exact);

/* What became of VALUE in DIRECTION beside its error: "saturated" (rounded, it is beyond the
 * largest), "a tie", "lost" (it became zero), or "". */
const char *hu_block_remark(const struct hu_block *b, enum hu_direction direction, float value,
                            const struct hu_block_datum *datum);
