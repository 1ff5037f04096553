#include "array/stream.h"
#include "array/layout.h"
#include "array/x86.h"

int hu_stream_turns = -1;

#if defined(__SSE2__)

#include <emmintrin.h>

/* A line of memory, and the stretch of them that the processor's own prefetching follows. */
enum { LINE = 64, PAGE = 4096 };

/* Pages that are read in turn, so that as many are open at once. */
enum { WAYS = 8 };

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

/* What is converted at a time: small enough to stay in the first-level cache with its source. More
 * of short elements, for their kernels begin with a table. */
enum { BLOCK_BYTES = 2048, BLOCK_SHORT = 8192 };

/* Source and target together. Less may still be in the last cache when it is next used. */
static const size_t LEAST_BYTES = (size_t)32 << 20;

static size_t block_elements(const struct plan *p)
{
    return p->from->storage_bits <= 8 ? BLOCK_SHORT
                                      : BLOCK_BYTES * 8 / (size_t)p->from->storage_bits;
}

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
    return hu_array_bytes(p->from, n) + hu_array_bytes(p->to, n) >= LEAST_BYTES && dst != src &&
           elements_to_line(p, dst) < SIZE_MAX;
}

static unsigned direct_run(struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    p->direct = true;
    p->in_turn = pays_in_turn();
    unsigned flags = p->row(p, dst, src, n, first);
    p->direct = false;
    _mm_sfence();
    return flags;
}

/* The source's lines in the order in which they are asked for. */
struct fetcher {
    const char *src;
    size_t ways, asked; /* lines */
};

static inline void fetch_line(struct fetcher *f)
{
    size_t number = f->asked % (f->ways * PAGE / LINE);
    size_t line = f->asked - number + number / f->ways;
    __builtin_prefetch(f->src + line * LINE + number % f->ways * PAGE, 0, 2);
    f->asked++;
}

/* Writes BYTES, in whole lines, past the caches, and asks for LINES of the source among them. */
static void stream_lines(void *dst, const void *from, size_t bytes, struct fetcher *f, size_t lines)
{
    enum { PARTS = LINE / sizeof(__m128i) };
    __m128i *out = dst;
    const __m128i *in = from;
    size_t count = bytes / LINE, due = 0;
    for (size_t i = 0; i < count; i++) {
        for (due += lines; due >= count; due -= count)
            fetch_line(f);
        for (size_t p = i * PARTS; p < (i + 1) * PARTS; p++)
            _mm_stream_si128(out + p, _mm_load_si128(in + p));
    }
}

/* Leaves what does not fill a block. Returns the elements done. */
static size_t run_blocks(const struct plan *p, char *dst, const char *src, size_t n, uint64_t first,
                         unsigned *flags)
{
    unsigned char block[BLOCK_SHORT * sizeof(uint64_t)] __attribute__((aligned(LINE)));
    const size_t elements = block_elements(p);
    const size_t in = hu_array_bytes(p->from, elements), out = hu_array_bytes(p->to, elements);
    const size_t ways = pays_in_turn() ? WAYS : 1;
    struct fetcher fetcher = {src, ways, ways * PAGE / LINE};
    size_t done = 0;
    for (; n - done >= elements; done += elements, src += in, dst += out) {
        *flags |= p->row(p, block, src, elements, first + done);
        stream_lines(dst, block, out, &fetcher, in / LINE);
    }
    _mm_sfence();
    return done;
}

unsigned hu_stream_row(struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    char *out = dst;
    const char *in = src;
    size_t done = elements_to_line(p, dst);
    unsigned flags = done ? p->row(p, dst, src, done, first) : 0;
    out += hu_array_bytes(p->to, done);
    in += hu_array_bytes(p->from, done);
    if (p->streams)
        return flags | direct_run(p, out, in, n - done, first + done);
    size_t blocks = run_blocks(p, out, in, n - done, first + done, &flags);
    done += blocks;
    if (done < n)
        flags |= p->row(p, out + hu_array_bytes(p->to, blocks),
                        in + hu_array_bytes(p->from, blocks), n - done, first + done);
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
