/* Arrays' elements as codes of 64 bits, and back, a group at a time. Private to the array room. */
#pragma once

#include "array/layout.h"

/* Codes pass through a group of them, so that in place no element is written before one that
 * shares its byte is read. A multiple of 8, where elements of every packed format start a byte. */
enum { GROUP = 256 };

static inline __attribute__((always_inline)) void load_words(uint64_t *restrict codes,
                                                             const struct hu_format *f,
                                                             const unsigned char *restrict src,
                                                             size_t n, int storage_bits)
{
    const size_t bytes = (size_t)storage_bits / 8;
    const uint64_t width = hu_width_mask(f);
    int shift = f->storage_shift;
    for (size_t i = 0; i < n; i++)
        codes[i] = layout_word(src + i * bytes, storage_bits) >> shift & width;
}

static inline __attribute__((always_inline)) void store_words(const uint64_t *restrict codes,
                                                              const struct hu_format *f,
                                                              unsigned char *restrict dst, size_t n,
                                                              int storage_bits)
{
    const size_t bytes = (size_t)storage_bits / 8;
    int shift = f->storage_shift;
    for (size_t i = 0; i < n; i++)
        layout_set_word(dst + i * bytes, storage_bits, codes[i] << shift);
}

/* WORDS of each size, and of whole groups, which a compiler then sees as constants: it makes
 * vectors of them. */
#define SIZE_CASE(words, bits, codes, f, array, n)                                                 \
    case bits:                                                                                     \
        if ((n) == GROUP)                                                                          \
            words(codes, f, array, GROUP, bits);                                                   \
        else                                                                                       \
            words(codes, f, array, n, bits);                                                       \
        break;

static inline void load_codes(uint64_t *codes, const struct hu_format *f, const void *src, size_t n)
{
    switch (f->storage_bits) {
        SIZE_CASE(load_words, 8, codes, f, src, n)
        SIZE_CASE(load_words, 16, codes, f, src, n)
        SIZE_CASE(load_words, 32, codes, f, src, n)
        SIZE_CASE(load_words, 64, codes, f, src, n)
    default:
        for (size_t i = 0; i < n; i++)
            codes[i] = layout_packed(src, f->width, i);
    }
}

static inline void store_codes(const struct hu_format *f, void *dst, const uint64_t *codes,
                               size_t n)
{
    switch (f->storage_bits) {
        SIZE_CASE(store_words, 8, codes, f, dst, n)
        SIZE_CASE(store_words, 16, codes, f, dst, n)
        SIZE_CASE(store_words, 32, codes, f, dst, n)
        SIZE_CASE(store_words, 64, codes, f, dst, n)
    default:
        for (size_t i = 0; i < n; i++)
            layout_set_packed(dst, f->width, i, codes[i]);
    }
}

#undef SIZE_CASE
