/* A peer for bench_array: void NAME(const void *src, void *dst, size_t n). */
#pragma once

#include <stddef.h>

/* One that converts an element at a time. */
#define PEER_LOOP(name, from, to, expression)                                                      \
    void name(const void *src, void *dst, size_t n)                                                \
    {                                                                                              \
        const from *in = (const from *)src;                                                        \
        to *out = (to *)dst;                                                                       \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = expression(in[i]);                                                            \
    }
