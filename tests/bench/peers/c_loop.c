/* What the compiler makes of a plain loop. */
#include "peers.h"

#define HALF_OF(x) (_Float16)(x)
#define SINGLE_OF(x) (float)(x)

PEER_LOOP(fp32_fp16, float, _Float16, HALF_OF)
PEER_LOOP(fp16_fp32, _Float16, float, SINGLE_OF)
PEER_LOOP(fp64_fp16, double, _Float16, HALF_OF)
PEER_LOOP(fp64_fp32, double, float, SINGLE_OF)
