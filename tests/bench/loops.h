/* Loops to race against. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef void array_function(const void *src, void *dst, size_t n);

/* A hand-written loop for these formats, dst and n multiples of a cache line; NULL: there is none.
 */
array_function *bench_loop(const char *from, const char *to, bool out_of_cache);
