/* Large arrays past the caches: stores that do not read what they overwrite. */
#pragma once

#include "array/plan.h"

/* Whether several stretches of memory are read in turn: 1, 0, or -1, as the processor has it
 * better. Tests take both ways, and nobody else sets it. */
extern int hu_stream_turns;

/* Whether PLAN's row heeds plan.direct, an array of N is large enough, and DST lies so that whole
 * cache lines can be stored. */
bool hu_stream_pays(const struct plan *p, const void *dst, const void *src, size_t n);
/* The plan's row, directly. Only where hu_stream_pays. */
unsigned hu_stream_row(struct plan *p, void *dst, const void *src, size_t n, uint64_t first);
