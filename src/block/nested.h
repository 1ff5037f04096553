/* bitsandbytes' double quantization: what a scale's 8-bit code stands for. Thread-safe. */
#ifndef HALFULP_BLOCK_NESTED_H
#define HALFULP_BLOCK_NESTED_H

/* 256 values, ascending. */
const float *hu_block_nested_map(void);

#endif
