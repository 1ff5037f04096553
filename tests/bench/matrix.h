/* Every format into every other, in the second-level cache, as shares of a memcpy. */
#pragma once

#include "array/array.h"

/* Prints the table for KERNEL, what falls short of its target marked; SVG: a file for the same as a
 * heat map, or NULL. Returns the number of cells that fall short, or -1: SVG cannot be written. */
int bench_matrix(const struct hu_kernel *kernel, const char *svg);

/* N elements such as conversions see: fp64 and fp32 of the size of weights, other formats' codes
 * uniformly from the lower three quarters, where no infinities and NaNs are. */
void bench_fill(const struct hu_format *f, void *data, size_t n);
