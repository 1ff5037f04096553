/* Large arrays past the caches: stores that do not read what they overwrite. */
#ifndef HALFULP_STREAM_H
#define HALFULP_STREAM_H

#include "array/kernel.h"

/* Whether an array of N is large enough, and DST lies so that whole cache lines can be stored. */
bool hu_stream_pays(const struct conversion *c, const void *dst, const void *src, size_t n);
/* ROW, which heeds conversion.direct if DIRECT; otherwise in blocks that are streamed to DST. Only
 * where hu_stream_pays. */
unsigned hu_stream_row(row_function *row, bool direct, const struct conversion *c, void *dst,
                       const void *src, size_t n, uint64_t first);

#endif
