/* bitsandbytes' double quantization: what a scale's 8-bit code stands for. Thread-safe. */
#pragma once

/* 256 values, ascending. */
const float *hu_block_nested_map(void);
