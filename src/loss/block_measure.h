/*
 * The inner loop of block formats' losses: what became of elements, in lanes whose number and order
 * do not depend on the machine. Thread-safe. Private to the statistics.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a block; parts of one are added. Sums of squares of fp64, in a fixed order. */
struct hu_measured {
    double noise, signal, greatest;
};

/* Of all of them. */
struct hu_measured_all {
    uint64_t inexact, zeros; /* zeros: that became 0 */
    double max_error;
};

/* COUNT runs of N elements each, one behind the other, in fp32 or fp64, and what became of them;
 * what is not finite makes noise or signal so. Run i is added to runs[i], and all of them to ALL.
 */
typedef void hu_measure(bool is_fp32, const void *x, const void *result, size_t n, size_t count,
                        struct hu_measured *runs, struct hu_measured_all *all);

/* KERNEL is a kernel's name: "avx512…", "avx2…", any other for plain C. */
hu_measure *hu_measure_of(const char *kernel);
