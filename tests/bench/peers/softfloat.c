/* github.com/ucb-bar/berkeley-softfloat-3 */
#include "peers.h"

#include <softfloat.h>

PEER_LOOP(fp32_fp16, float32_t, float16_t, f32_to_f16)
PEER_LOOP(fp16_fp32, float16_t, float32_t, f16_to_f32)
PEER_LOOP(fp32_bf16, float32_t, bfloat16_t, f32_to_bf16)
PEER_LOOP(bf16_fp32, bfloat16_t, float32_t, bf16_to_f32)
PEER_LOOP(fp64_fp32, float64_t, float32_t, f64_to_f32)
PEER_LOOP(fp64_fp16, float64_t, float16_t, f64_to_f16)
