#include "array/stream.h"
#include "array/layout.h"
#include "array/x86.h"

int hu_stream_turns = -1;

#if defined(__SSE2__)

#include <emmintrin.h>

enum { LINE = 64 }; /* of memory */

/* On Intel's processors that is faster by up to a third, and on AMD's slower by up to a quarter
 * (Sapphire Rapids, Zen 4: make bench). */
static bool pays_in_turn(void)
{
    if (hu_stream_turns >= 0)
        return hu_stream_turns;
#if defined(__x86_64__)
    return hu_x86_is_intel();
#else
    return true;
#endif
}

/* Source and target together. Less may still be in the last cache when it is next used. */
static const size_t LEAST_BYTES = (size_t)32 << 20;

/* Elements before the first that starts a line; SIZE_MAX: there is none. */
static size_t elements_to_line(const struct plan *p, const void *dst)
{
    size_t step = layout_is_packed(p->to) || layout_is_packed(p->from) ? 8 : 1;
    for (size_t n = 0; n < LINE * 8; n += step)
        if (((uintptr_t)dst + hu_array_bytes(p->to, n)) % LINE == 0)
            return n;
    return SIZE_MAX;
}

bool hu_stream_pays(const struct plan *p, const void *dst, const void *src, size_t n)
{
    return p->streams && hu_array_bytes(p->from, n) + hu_array_bytes(p->to, n) >= LEAST_BYTES &&
           dst != src && elements_to_line(p, dst) < SIZE_MAX;
}

unsigned hu_stream_row(struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    const size_t done = elements_to_line(p, dst);
    unsigned flags = done ? p->row(p, dst, src, done, first) : 0;
    p->direct = true;
    p->in_turn = pays_in_turn();
    flags |= p->row(p, (char *)dst + hu_array_bytes(p->to, done),
                    (const char *)src + hu_array_bytes(p->from, done), n - done, first + done);
    p->direct = false;
    _mm_sfence();
    return flags;
}

#else

bool hu_stream_pays(const struct plan *p, const void *dst, const void *src, size_t n)
{
    (void)p, (void)dst, (void)src, (void)n;
    return false;
}

unsigned hu_stream_row(struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    return p->row(p, dst, src, n, first);
}

#endif
