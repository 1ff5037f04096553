/* github.com/Maratyszcza/FP16 */
#include "peers.h"

#include <fp16.h>

PEER_LOOP(fp32_fp16, float, uint16_t, fp16_ieee_from_fp32_value)
PEER_LOOP(fp16_fp32, uint16_t, float, fp16_ieee_to_fp32_value)
