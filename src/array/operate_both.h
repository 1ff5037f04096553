/* Lanes of fp32, of fp64 and of codes of one instruction set; included with TARGET, VECTOR and any,
 * and where it has them ROOT32, ROOT64, FUSED32 and FUSED64. */
#include <string.h>

#define REAL float
#define WORD uint32_t
#define BITS 32
#define QUIET_BIT 22
#define NAME(x) fp32_##x
#ifdef ROOT32
#define ROOT ROOT32
#endif
#ifdef FUSED32
#define FUSED FUSED32
#endif
#include "array/operate_lanes.h"
#undef ROOT
#undef FUSED

#define REAL double
#define WORD uint64_t
#define BITS 64
#define QUIET_BIT 51
#define NAME(x) fp64_##x
#ifdef ROOT64
#define ROOT ROOT64
#endif
#ifdef FUSED64
#define FUSED FUSED64
#endif
#include "array/operate_lanes.h"
#undef ROOT
#undef FUSED

#define WORD uint8_t
#define SIGNED int8_t
#define BITS 8
#define NAME(x) codes8_##x
#include "array/operate_codes.h"

#define WORD uint16_t
#define SIGNED int16_t
#define BITS 16
#define NAME(x) codes16_##x
#include "array/operate_codes.h"

#define WORD uint32_t
#define SIGNED int32_t
#define BITS 32
#define NAME(x) codes32_##x
#include "array/operate_codes.h"

#define WORD uint64_t
#define SIGNED int64_t
#define BITS 64
#define NAME(x) codes64_##x
#include "array/operate_codes.h"

#define CODES                                                                                      \
    {                                                                                              \
        codes8_choose, codes16_choose, codes32_choose, codes64_choose                              \
    }
