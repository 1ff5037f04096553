/* pass_lanes.h for fp64. */
#define NAME(x) fp64_##x
#define REAL double
#define WORD uint64_t
#define IS_FP32 0
#define FIELD_SHIFT 52
#define LEAST_NORMAL_EXPONENT (-1022)
#include "pass_lanes.h"
#undef REAL
#undef WORD
#undef IS_FP32
#undef FIELD_SHIFT
#undef LEAST_NORMAL_EXPONENT
#undef NAME
