#include "array/stream.h"
#include "array/chain.h"
#include "array/layout.h"

#if defined(__SSE2__)

#include <emmintrin.h>

/* A block of any target is a whole number of lines, and at most half a first-level cache. */
enum { LINE = 64, BLOCK = 2048 };

/* Source and target together. Less may still be in the last cache when it is next used. */
static const size_t LEAST_BYTES = (size_t)32 << 20;

/* Elements before the first that starts a line; BLOCK: there is none. */
static size_t elements_to_line(const struct conversion *c, const void *dst)
{
    size_t step = layout_is_packed(c->to) || layout_is_packed(c->from) ? 8 : 1;
    for (size_t n = 0; n < BLOCK; n += step)
        if (((uintptr_t)dst + hu_array_bytes(c->to, n)) % LINE == 0)
            return n;
    return BLOCK;
}

bool stream_pays(const struct conversion *c, const void *dst, const void *src, size_t n)
{
    return hu_array_bytes(c->from, n) + hu_array_bytes(c->to, n) >= LEAST_BYTES && dst != src &&
           elements_to_line(c, dst) < BLOCK;
}

/* Whether rows can write past the caches themselves: those of array/lanes.h do. */
static bool is_direct(const struct conversion *c)
{
    return is_fp32(c->from) && !layout_is_packed(c->to) && c->to->storage_bits <= 32;
}

static void stream_lines(void *dst, const void *src, size_t bytes)
{
    __m128i *out = dst;
    const __m128i *in = src;
    for (size_t i = 0; i < bytes / sizeof *in; i++)
        _mm_stream_si128(out + i, _mm_load_si128(in + i));
}

unsigned stream_run(row_function *row, const struct conversion *c, void *dst, const void *src,
                    size_t n, uint64_t first)
{
    struct conversion streaming = *c;
    streaming.streams = true;
    char *out = dst;
    const char *in = src;
    size_t done = elements_to_line(c, dst);
    unsigned flags = done ? row(c, dst, src, done, first) : 0;
    unsigned char block[BLOCK * sizeof(uint64_t)] __attribute__((aligned(LINE)));
    if (is_direct(c)) {
        streaming.direct = true;
        flags |= row(&streaming, out + hu_array_bytes(c->to, done),
                     in + hu_array_bytes(c->from, done), n - done, first + done);
        _mm_sfence();
        return flags;
    }
    for (; n - done >= BLOCK; done += BLOCK) {
        flags |= row(&streaming, block, in + hu_array_bytes(c->from, done), BLOCK, first + done);
        stream_lines(out + hu_array_bytes(c->to, done), block, hu_array_bytes(c->to, BLOCK));
    }
    _mm_sfence();
    if (done < n)
        flags |= row(c, out + hu_array_bytes(c->to, done), in + hu_array_bytes(c->from, done),
                     n - done, first + done);
    return flags;
}

#else

bool stream_pays(const struct conversion *c, const void *dst, const void *src, size_t n)
{
    (void)c, (void)dst, (void)src, (void)n;
    return false;
}

unsigned stream_run(row_function *row, const struct conversion *c, void *dst, const void *src,
                    size_t n, uint64_t first)
{
    return row(c, dst, src, n, first);
}

#endif
