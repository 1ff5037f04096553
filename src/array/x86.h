/* Whose x86 processor this is, and what it and its operating system support. Thread-safe. */
#pragma once

#include <stdbool.h>

bool hu_x86_is_intel(void);
bool hu_x86_has_avx2(void);   /* with F16C */
bool hu_x86_has_avx512(void); /* F, BW, DQ, VL, and what AVX2 asks */
bool hu_x86_has_avx512_vbmi(void);
bool hu_x86_has_avx512_bf16(void);
