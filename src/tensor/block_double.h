/* block_lanes.h for fp64. */
#define REAL double
#define WORD uint64_t
#define SINGLE 0
#define FIELD_SHIFT 52
#define LEAST_NORMAL_EXPONENT (-1022)
#include "block_lanes.h"
#undef REAL
#undef WORD
#undef SINGLE
#undef FIELD_SHIFT
#undef LEAST_NORMAL_EXPONENT
