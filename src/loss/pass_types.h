/*
 * The passes of one instruction set for each type: pass_lanes.h for fp32 and fp64, and for bf16
 * pass_words.h alone. The file that includes this defines what pass_lanes.h wants of instruction
 * sets, and PASSES, what all three are called.
 */

#define NAME(x) fp32_##x
#define REAL float
#define WORD uint32_t
#define IS_FP32 1
#define FIELD_SHIFT 23
#define LEAST_NORMAL_EXPONENT (-126)
#include "pass_lanes.h"

#define NAME(x) fp64_##x
#define REAL double
#define WORD uint64_t
#define IS_FP32 0
#define FIELD_SHIFT 52
#define LEAST_NORMAL_EXPONENT (-1022)
#include "pass_lanes.h"

#define NAME(x) bf16_##x
#define WORD uint16_t
#define FIELD_SHIFT 7
#define LEAST_NORMAL_EXPONENT (-126)
#include "pass_words.h"

static const struct hu_passes bf16_passes = {
    .range = NAME(range), .find = NAME(find), .count = NAME(count), .size = sizeof(WORD)};

const struct hu_passes *const PASSES[] = {
    [HU_PASS_FP64] = &fp64_passes, [HU_PASS_FP32] = &fp32_passes, [HU_PASS_BF16] = &bf16_passes};
