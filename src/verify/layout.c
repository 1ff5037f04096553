#include "verify/layout.h"

#include <stdlib.h>
#include <string.h>

void *hu_layout_new(const struct hu_format *f, size_t n)
{
    size_t bytes = hu_layout_bytes(f, n) + HU_LAYOUT_ALIGNMENT;
    void *array = NULL;
    if (posix_memalign(&array, HU_LAYOUT_ALIGNMENT, bytes))
        return NULL;
    return memset(array, 0, bytes);
}

static void store_packed(const struct hu_format *f, unsigned char *bytes, size_t i, uint64_t code)
{
    size_t bit = i * f->storage_bits;
    unsigned shift = bit % 8;
    unsigned mask = (unsigned)hu_width_mask(f) << shift, word = (unsigned)code << shift;
    bytes[bit / 8] = (unsigned char)((bytes[bit / 8] & ~mask) | (word & mask));
    if (mask >> 8)
        bytes[bit / 8 + 1] =
            (unsigned char)((bytes[bit / 8 + 1] & ~(mask >> 8)) | ((word & mask) >> 8));
}

void hu_layout_store(const struct hu_format *f, void *array, size_t i, uint64_t code)
{
    if (hu_is_packed(f)) {
        store_packed(f, array, i, code);
        return;
    }
    uint64_t word = code << f->storage_shift;
    size_t size = f->storage_bits / 8;
    if (HU_BIG_ENDIAN_MACHINE)
        word = __builtin_bswap64(word);
    memcpy((unsigned char *)array + i * size, &word, size);
}

static inline void little_endian(unsigned char *at, size_t n, size_t size)
{
    for (size_t i = 0; HU_BIG_ENDIAN_MACHINE && i < n; i++, at += size)
        for (size_t k = 0; k < size / 2; k++) {
            unsigned char byte = at[k];
            at[k] = at[size - 1 - k];
            at[size - 1 - k] = byte;
        }
}

/* 64 bytes at a time, in whatever the machine has. */
typedef uint8_t v8 __attribute__((vector_size(64)));
typedef uint16_t v16 __attribute__((vector_size(64)));
typedef uint32_t v32 __attribute__((vector_size(64)));
typedef uint64_t v64 __attribute__((vector_size(64)));

#define FILL(word, vector, lanes)                                                                  \
    static inline __attribute__((always_inline)) void fill_##vector(                               \
        void *array, const struct hu_progression *p, size_t n)                                     \
    {                                                                                              \
        vector value;                                                                              \
        for (unsigned i = 0; i < (lanes); i++)                                                     \
            value[i] = (word)(p->first + p->step * i);                                             \
        vector stride = (vector){0} + (word)(p->step * (lanes));                                   \
        vector keep = (vector){0} + (word)~p->clear, set = (vector){0} + (word)p->set;             \
        unsigned char *at = array;                                                                 \
        for (size_t i = 0; i < n; i += (lanes), at += 64, value += stride) {                       \
            vector out = (value & keep) | set;                                                     \
            memcpy(at, &out, 64);                                                                  \
            little_endian(at, 64 / sizeof(word), sizeof(word));                                    \
        }                                                                                          \
    }
FILL(uint8_t, v8, 64)
FILL(uint16_t, v16, 32)
FILL(uint32_t, v32, 16)
FILL(uint64_t, v64, 8)

static inline __attribute__((always_inline)) void fill(unsigned bits, void *array,
                                                       const struct hu_progression *p, size_t n)
{
    if (bits == 8)
        fill_v8(array, p, n);
    else if (bits == 16)
        fill_v16(array, p, n);
    else if (bits == 32)
        fill_v32(array, p, n);
    else
        fill_v64(array, p, n);
}

typedef void filler(unsigned bits, void *array, const struct hu_progression *p, size_t n);

static void fill_portable(unsigned bits, void *array, const struct hu_progression *p, size_t n)
{
    fill(bits, array, p, n);
}

#ifdef __x86_64__
__attribute__((target("avx512f,avx512bw"))) static void
fill_avx512(unsigned bits, void *array, const struct hu_progression *p, size_t n)
{
    fill(bits, array, p, n);
}

static filler *best_filler(void)
{
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    return wide ? fill_avx512 : fill_portable;
}
#else
static filler *best_filler(void)
{
    return fill_portable;
}
#endif

enum { VECTOR_LANES = 64 };

void hu_layout_fill(const struct hu_format *f, void *array, const struct hu_progression *p,
                    size_t n)
{
    size_t whole = hu_is_packed(f) ? 0 : n - n % VECTOR_LANES;
    int up = f->storage_shift;
    struct hu_progression words = {p->first << up, p->step << up, p->clear << up, p->set << up};
    if (whole)
        best_filler()(f->storage_bits, array, &words, whole);
    for (size_t i = whole; i < n; i++)
        hu_layout_store(f, array, i, ((p->first + p->step * i) & ~p->clear) | p->set);
}

/* Elements that fill whole bytes together. */
static size_t group_of(const struct hu_format *f)
{
    return hu_is_packed(f) ? 8 : 1;
}

static bool holds_each(const struct hu_format *f, const void *array, size_t i, size_t end,
                       uint64_t code)
{
    for (; i < end; i++)
        if (hu_layout_load(f, array, i) != code)
            return false;
    return true;
}

bool hu_layout_holds(const struct hu_format *f, const void *array, size_t i, size_t n,
                     uint64_t code)
{
    size_t group = group_of(f), end = i + n;
    size_t start = (i + group - 1) / group * group;
    size_t stop = end / group * group;
    if (start + group > stop)
        return holds_each(f, array, i, end, code);
    if (!holds_each(f, array, i, start + group, code) || !holds_each(f, array, stop, end, code))
        return false;
    /* The first group is right; each of the others equals the one before. */
    const unsigned char *bytes = (const unsigned char *)array + start * f->storage_bits / 8;
    size_t period = group * f->storage_bits / 8;
    return !memcmp(bytes, bytes + period, (stop - start - group) * f->storage_bits / 8);
}
