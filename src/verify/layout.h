/* Elements of arrays as they lie in memory: little-endian words of storage_bits with the code
 * shifted up by storage_shift; packed ones fill bytes from the least significant bit. */
#pragma once

#include "format.h"

#include <string.h>

enum { HU_BIG_ENDIAN_MACHINE = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };

/* N bytes, least significant first. */
static inline uint64_t hu_layout_word(const unsigned char *bytes, int n)
{
    uint64_t word = 0;
    memcpy(&word, bytes, (size_t)n);
    return HU_BIG_ENDIAN_MACHINE ? __builtin_bswap64(word) : word;
}

static inline bool hu_is_packed(const struct hu_format *f)
{
    return f->storage_bits < 8;
}

/* Bytes of N elements. */
static inline size_t hu_layout_bytes(const struct hu_format *f, size_t n)
{
    return (n * f->storage_bits + 7) / 8;
}

static inline uint64_t hu_layout_load_packed(const struct hu_format *f, const unsigned char *bytes,
                                             size_t i)
{
    size_t bit = i * f->storage_bits;
    unsigned shift = bit % 8;
    unsigned word = bytes[bit / 8];
    if (shift + f->storage_bits > 8)
        word |= (unsigned)bytes[bit / 8 + 1] << 8;
    return word >> shift & hu_width_mask(f);
}

/* The code of element I. Bits of its word outside the code come along above the width, so that they
 * make it unequal to every code. */
static inline uint64_t hu_layout_load(const struct hu_format *f, const void *array, size_t i)
{
    const unsigned char *bytes = array;
    uint64_t word = 0;
    switch (f->storage_bits) {
    case 8:
        return bytes[i];
    case 16:
        return hu_layout_word(bytes + 2 * i, 2);
    case 32:
        word = hu_layout_word(bytes + 4 * i, 4);
        break;
    case 64:
        word = hu_layout_word(bytes + 8 * i, 8);
        break;
    default:
        return hu_layout_load_packed(f, array, i);
    }
    if (!f->storage_shift)
        return word;
    uint64_t low = word & ((UINT64_C(1) << f->storage_shift) - 1);
    return word >> f->storage_shift | low << 32;
}

/* Zeros, of N elements and as many bytes more as begin another alignment; at a multiple of 64
 * bytes. NULL: out of memory. */
enum { HU_LAYOUT_ALIGNMENT = 64 };
void *hu_layout_new(const struct hu_format *f, size_t n);

void hu_layout_store(const struct hu_format *f, void *array, size_t i, uint64_t code);

/* The codes first, first + step, first + 2 * step, …, each with the bits of clear cleared and then
 * those of set set. */
struct hu_progression {
    uint64_t first, step, clear, set;
};

/* Elements 0 to N-1 := the first N codes of P. */
void hu_layout_fill(const struct hu_format *f, void *array, const struct hu_progression *p,
                    size_t n);

/* Whether elements I to I+N-1 all hold CODE. */
bool hu_layout_holds(const struct hu_format *f, const void *array, size_t i, size_t n,
                     uint64_t code);
