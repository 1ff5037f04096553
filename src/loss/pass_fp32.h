/* pass_lanes.h for fp32. */
#define NAME(x) fp32_##x
#define REAL float
#define WORD uint32_t
#define IS_FP32 1
#define FIELD_SHIFT 23
#define LEAST_NORMAL_EXPONENT (-126)
#include "pass_lanes.h"
#undef REAL
#undef WORD
#undef IS_FP32
#undef FIELD_SHIFT
#undef LEAST_NORMAL_EXPONENT
#undef NAME
