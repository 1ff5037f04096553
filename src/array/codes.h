/* Arrays' elements as codes of 64 bits, and back, a group at a time. Private to the array room. */
#pragma once

#include "array/layout.h"

/* Codes pass through a group of them, so that in place no element is written before one that
 * shares its byte is read. A multiple of 8, where elements of every packed format start a byte. */
enum { GROUP = 256 };

/* A loop for each size, and for whole groups, which a compiler then sees as constants: it makes
 * vectors of them. */
#define LOOP static inline __attribute__((always_inline)) void

LOOP load_words(uint64_t *restrict codes, const struct hu_format *f,
                const unsigned char *restrict src, size_t n, int storage_bits)
{
    const size_t bytes = (size_t)storage_bits / 8;
    uint64_t mask = hu_width_mask(f);
    int shift = f->storage_shift;
    for (size_t i = 0; i < n; i++)
        codes[i] = layout_word(src + i * bytes, storage_bits) >> shift & mask;
}

LOOP load_groups(uint64_t *codes, const struct hu_format *f, const unsigned char *src, size_t n,
                 int storage_bits)
{
    if (n == GROUP)
        load_words(codes, f, src, GROUP, storage_bits);
    else
        load_words(codes, f, src, n, storage_bits);
}

static inline void load_codes(uint64_t *codes, const struct hu_format *f, const void *src, size_t n)
{
    switch (f->storage_bits) {
    case 8:
        load_groups(codes, f, src, n, 8);
        break;
    case 16:
        load_groups(codes, f, src, n, 16);
        break;
    case 32:
        load_groups(codes, f, src, n, 32);
        break;
    case 64:
        load_groups(codes, f, src, n, 64);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            codes[i] = layout_packed(src, f->width, i);
    }
}

LOOP store_words(const struct hu_format *f, unsigned char *restrict dst,
                 const uint64_t *restrict codes, size_t n, int storage_bits)
{
    const size_t bytes = (size_t)storage_bits / 8;
    int shift = f->storage_shift;
    for (size_t i = 0; i < n; i++)
        layout_set_word(dst + i * bytes, storage_bits, codes[i] << shift);
}

LOOP store_groups(const struct hu_format *f, unsigned char *dst, const uint64_t *codes, size_t n,
                  int storage_bits)
{
    if (n == GROUP)
        store_words(f, dst, codes, GROUP, storage_bits);
    else
        store_words(f, dst, codes, n, storage_bits);
}

static inline void store_codes(const struct hu_format *f, void *dst, const uint64_t *codes,
                               size_t n)
{
    switch (f->storage_bits) {
    case 8:
        store_groups(f, dst, codes, n, 8);
        break;
    case 16:
        store_groups(f, dst, codes, n, 16);
        break;
    case 32:
        store_groups(f, dst, codes, n, 32);
        break;
    case 64:
        store_groups(f, dst, codes, n, 64);
        break;
    default:
        for (size_t i = 0; i < n; i++)
            layout_set_packed(dst, f->width, i, codes[i]);
    }
}

#undef LOOP
