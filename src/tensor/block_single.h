/* block_lanes.h for fp32. */
#define REAL float
#define WORD uint32_t
#define SINGLE 1
#define FIELD_SHIFT 23
#define LEAST_NORMAL_EXPONENT (-126)
#include "block_lanes.h"
#undef REAL
#undef WORD
#undef SINGLE
#undef FIELD_SHIFT
#undef LEAST_NORMAL_EXPONENT
