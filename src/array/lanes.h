/*
 * Rounding from FP32 in lanes of 32 bits, for any instruction set. The file that includes this
 * defines first
 *   LANES            lanes in a vector; LANES_EACH if lanes can shift by counts of their own
 *   INLINE, TARGET   how a function is always inlined, or compiled, for the instruction set
 *   vec, mask        vectors of uint32_t with C's operators; what a comparison gives
 * and the operations used below. Magnitudes are below 2^31, so that comparisons may be signed.
 */
#include "array/environment.h"
#include "array/layout.h"
#include "array/table.h"
#include "convert.h"

#include <string.h>

/* Each uses what stands before it. */
/* clang-format off */
#include "array/lanes_step.h"
#include "array/lanes_seen.h"
#include "array/lanes_load.h"
#include "array/lanes_bytes.h"
#include "array/lanes_row.h"
#include "array/lanes_random.h"
#include "array/lanes_round.h"
#include "array/lanes_fp16.h"
#include "array/lanes_store.h"
#include "array/lanes_stages.h"
/* clang-format on */
