/* Elements in memory, one at a time: the layouts of hu_convert_array. */
#pragma once

#include "little.h"
#include "format.h"

#include <string.h>

/* N words of SIZE bytes each, where they are, from the layout's order of bytes to this machine's,
 * or back. */
static inline void layout_turn(void *words, size_t n, size_t size)
{
    unsigned char *at = words;
    for (size_t i = 0; HU_BIG_ENDIAN && i < n; i++, at += size)
        for (size_t k = 0; k < size / 2; k++) {
            unsigned char byte = at[k];
            at[k] = at[size - 1 - k];
            at[size - 1 - k] = byte;
        }
}

static inline uint64_t layout_word(const void *at, int storage_bits)
{
    uint16_t half;
    uint32_t single;
    uint64_t full;
    switch (storage_bits) {
    case 8:
        return *(const unsigned char *)at;
    case 16:
        memcpy(&half, at, sizeof half);
        return HU_LITTLE(16, half);
    case 32:
        memcpy(&single, at, sizeof single);
        return HU_LITTLE(32, single);
    default:
        memcpy(&full, at, sizeof full);
        return HU_LITTLE(64, full);
    }
}

static inline void layout_set_word(void *at, int storage_bits, uint64_t word)
{
    uint16_t half = HU_LITTLE(16, (uint16_t)word);
    uint32_t single = HU_LITTLE(32, (uint32_t)word);
    uint64_t full = HU_LITTLE(64, word);
    switch (storage_bits) {
    case 8:
        *(unsigned char *)at = (unsigned char)word;
        break;
    case 16:
        memcpy(at, &half, sizeof half);
        break;
    case 32:
        memcpy(at, &single, sizeof single);
        break;
    default:
        memcpy(at, &full, sizeof full);
    }
}

/*
 *  byte:        0                1                2
 *  bit:   7 6 5 4 3 2 1 0  7 6 5 4 3 2 1 0  7 6 5 4 3 2 1 0
 *  fp6:   1 1 0 0 0 0 0 0  2 2 2 2 1 1 1 1  3 3 3 3 3 3 2 2     the element that each bit is of
 *  fp4:   1 1 1 1 0 0 0 0  3 3 3 3 2 2 2 2
 */
static inline uint64_t layout_packed(const unsigned char *bytes, int width, size_t i)
{
    size_t at = i / 8 * (size_t)width + i % 8 * (size_t)width / 8;
    unsigned shift = (unsigned)(i % 8 * (size_t)width % 8);
    unsigned word = bytes[at];
    if (shift + (unsigned)width > 8)
        word |= (unsigned)bytes[at + 1] << 8;
    return word >> shift & ((1u << width) - 1);
}

/* Elements are set in order: the first of a byte clears the rest of it. */
static inline void layout_set_packed(unsigned char *bytes, int width, size_t i, uint64_t code)
{
    size_t at = i / 8 * (size_t)width + i % 8 * (size_t)width / 8;
    unsigned shift = (unsigned)(i % 8 * (size_t)width % 8);
    unsigned word = (unsigned)code << shift;
    bytes[at] = (unsigned char)(shift ? bytes[at] | word : word);
    if (shift + (unsigned)width > 8)
        bytes[at + 1] = (unsigned char)(word >> 8);
}

static inline bool layout_is_packed(const struct hu_format *f)
{
    return f->storage_bits < 8;
}
