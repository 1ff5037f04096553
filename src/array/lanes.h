/*
 * Rounding from FP32 in lanes of 32 bits, for any instruction set. What a kernel does is compiled
 * in parts, each a file SET_PART.c that includes lanes_SET.h and then part_PART.h, which includes
 * this. lanes_SET.h defines
 *   LANES            lanes in a vector
 *   INLINE, TARGET   how a function is always inlined, or compiled, for the instruction set
 *   PART(name)       the set's own name of what its parts have in common
 *   vec, mask        vectors of uint32_t with C's operators; what a comparison gives
 * and the operations used. Magnitudes are below 2^31, so that comparisons may be signed.
 */
#include "array/environment.h"
#include "array/layout.h"
#include "array/plan.h"
#include "array/table.h"
#include "convert.h"

#include <string.h>

/* Each uses what stands before it. */
/* clang-format off */
#include "array/lanes_step.h"
#include "array/lanes_seen.h"
/* clang-format on */

/* Of the parts: words of codes, or codes of codes; lists of stages, which end with NULL, the first
 * that will do is taken; and a step of any kind with all that may be asked (part_loads.h). */
stage_function PART(table), *PART(drawn_look)(const struct plan *p),
    *PART(block_look)(const struct plan *p), *PART(signed_look)(const struct plan *p),
    *PART(risen_look)(const struct plan *p), *PART(odd_look)(const struct plan *p);
extern const struct stage *const PART(loads)[],
    *const PART(rounds)[], *const PART(bytes)[], *const PART(halves)[], *const PART(far)[];
void PART(careful_step)(const struct narrow *k, vec v[4], const vec random[4], enum round round,
                        bool at_random, struct seen *seen);
row_function PART(row), PART(few), PART(wide);
/* Takes the look-up that a table has been filled for. */
void PART(settle)(struct plan *p);
