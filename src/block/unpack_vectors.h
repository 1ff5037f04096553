/*
 * What the readers of GGUF's blocks are written with: vectors of bytes, which compilers know for
 * every machine. The file that includes this may define first
 *   UNPACK       how a reader is declared; else for any machine
 *   UNPACK_FP16  an fp16 from memory
 *   LOOK_UP      16 entries of a table of 16 bytes by vectors of them
 *   WIDEN        eight bytes from memory as numbers
 */
#pragma once

#include "array/layout.h"
#include "unpack.h"
#include "vectors.h"

#ifndef UNPACK
#define UNPACK static inline
#endif
#ifndef UNPACK_FP16
#define UNPACK_FP16 unpack_fp16
#endif

typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));

typedef uint16_t halves_of_32 __attribute__((vector_size(32)));
typedef int32_t numbers8 __attribute__((vector_size(32)));

/* Vectors are copied, never cast: their alignment is theirs alone. By the compiler's own memcpy:
 * the fortified one is a call wherever a buffer's place in its array is not known (glibc,
 * _FORTIFY_SOURCE 3), which costs a vector's loop most of its time. */
#define GET(vector, at) __builtin_memcpy(&(vector), at, sizeof(vector))
#define PUT(at, vector) __builtin_memcpy(at, &(vector), sizeof(vector))

#ifndef LOOK_UP
UNPACK bytes16 look_up_plain(const int8_t *table, bytes16 index)
{
    for (int i = 0; i < 16; i++)
        index[i] = (uint8_t)table[index[i]];
    return index;
}
#define LOOK_UP look_up_plain
#endif

/* 16 bytes' low nibbles, then their high ones, less BY. What is written here is never read back in
 * greater pieces, which would wait for all of them. */
UNPACK void nibbles(const unsigned char *from, int8_t *to, int by)
{
    bytes16 x;
    GET(x, from);
    bytes16 low = (x & 15) - (uint8_t)by, high = (x >> 4) - (uint8_t)by;
    PUT(to, low);
    PUT(to + 16, high);
}

/* The bits of MASK in bytes that are moved up, or down: those that none of their neighbours' reach.
 */
#define MOVED(x, up, mask)                                                                         \
    ((bytes32)((up) < 0 ? (halves_of_32)(x) >> ((up) < 0 ? -(up) : 0)                              \
                        : (halves_of_32)(x) << ((up) < 0 ? 0 : (up))) &                            \
     (uint8_t)(mask))

/* 128 elements from 32 bytes of four pairs of bits, less BY: the lowest pairs first. */
UNPACK void pairs(const unsigned char *from, int8_t *to, int by)
{
    bytes32 x;
    GET(x, from);
    UNROLLED
    for (int k = 0; k < 4; k++) {
        bytes32 pair = MOVED(x, -2 * k, 3) - (uint8_t)by;
        PUT(to + 32 * k, pair);
    }
}

#ifndef WIDEN
UNPACK void widen_plain(const unsigned char *from, numbers8 *to)
{
    bytes8 x;
    GET(x, from);
    *to = __builtin_convertvector(x, numbers8);
}
#define WIDEN widen_plain
#endif

/* Sixteen numbers, with or without a sign. */
UNPACK void put_numbers(const bytes16 *x, bool is_signed, int32_t *first, int32_t *last)
{
    unsigned char room[16];
    PUT(room, *x);
    numbers8 low, high;
    WIDEN(room, &low);
    WIDEN(room + 8, &high);
    if (is_signed) {
        low = (low ^ 128) - 128;
        high = (high ^ 128) - 128;
    }
    PUT(first, low);
    PUT(last, high);
}

/* 32 bits as bytes of ones or zeros. */
UNPACK void spread_bits(const unsigned char *at, bytes32 *x)
{
    const bytes32 places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128,
                            1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint32_t four;
    memcpy(&four, at, sizeof four);
    bytes32 all = (bytes32)((numbers8){0} + (int32_t)four);
    all = SHUFFLED(all, all, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 18, 18, 18, 18, 18, 18,
                   18, 18, 19, 19, 19, 19, 19, 19, 19, 19);
    *x = (bytes32)((all & places) == places);
}

/* 64 bits as bytes of two. */
UNPACK void spread_pairs(const unsigned char *at, bytes32 *x)
{
    typedef uint64_t numbers4 __attribute__((vector_size(32)));
    const bytes32 low = (bytes32)((numbers8){0} + 0x40100401), high = low << 1;
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    bytes32 all = (bytes32)((numbers4){0} + eight);
    all = SHUFFLED(all, all, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 20, 20, 20, 20, 21, 21,
                   21, 21, 22, 22, 22, 22, 23, 23, 23, 23);
    *x = ((bytes32)((all & low) == low) & 1) | ((bytes32)((all & high) == high) & 2);
}

/* The eight nibbles of a word, the lowest first. */
UNPACK void look_nibbles(uint32_t word, numbers8 *x)
{
    const numbers8 places = {0, 4, 8, 12, 16, 20, 24, 28};
    *x = ((numbers8){0} + (int32_t)word) >> places & 15;
}

/* Scales that are odd: twice a nibble and one. */
UNPACK void put_odd(uint32_t word, int32_t *to)
{
    numbers8 x;
    look_nibbles(word, &x);
    x = 2 * x + 1;
    PUT(to, x);
}
