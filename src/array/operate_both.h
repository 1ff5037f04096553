/* Lanes of fp32, of fp64 and of codes of one instruction set; included with TARGET, VECTOR and any,
 * and where it has them ROOT32, ROOT64, FUSED32 and FUSED64. */
#include <string.h>

#define JOIN_TWO(a, b) a##b
#define JOIN(a, b) JOIN_TWO(a, b)

#define REAL float
#define BITS 32
#define QUIET_BIT 22
#ifdef ROOT32
#define ROOT ROOT32
#endif
#ifdef FUSED32
#define FUSED FUSED32
#endif
#include "array/operate_lanes.h"

#define REAL double
#define BITS 64
#define QUIET_BIT 51
#ifdef ROOT64
#define ROOT ROOT64
#endif
#ifdef FUSED64
#define FUSED FUSED64
#endif
#include "array/operate_lanes.h"

#define BITS 8
#include "array/operate_codes.h"
#define BITS 16
#include "array/operate_codes.h"
#define BITS 32
#include "array/operate_codes.h"
#define BITS 64
#include "array/operate_codes.h"

#define CODES                                                                                      \
    {                                                                                              \
        codes8_choose, codes16_choose, codes32_choose, codes64_choose                              \
    }
