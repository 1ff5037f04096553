/* Arithmetic of 128 bits, as two words: by the compiler's type of that size where it has one, and
 * in plain C where it has none, as on machines of 32 bits. Thread-safe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hu_wide {
    uint64_t low, high;
};

/* By halves of 32 bits: (a1·2^32 + a0)(b1·2^32 + b0); no sum of these exceeds 64 bits. */
static inline struct hu_wide hu_wide_product_plain(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t lowest = a0 * b0, middle = a1 * b0 + (lowest >> 32);
    uint64_t other = a0 * b1 + (uint32_t)middle;
    return (struct hu_wide){other << 32 | (uint32_t)lowest,
                            a1 * b1 + (middle >> 32) + (other >> 32)};
}

/* (HIGH·2^64 + LOW) / BY, where HIGH < BY; a bit of the quotient at a time. */
static inline uint64_t hu_wide_quotient_plain(uint64_t high, uint64_t low, uint64_t by,
                                              uint64_t *remainder)
{
    uint64_t quotient = 0;
    for (int i = 63; i >= 0; i--) {
        uint64_t out = high >> 63;
        high = high << 1 | (low >> i & 1);
        if (out || high >= by) {
            high -= by;
            quotient |= UINT64_C(1) << i;
        }
    }
    *remainder = high;
    return quotient;
}

#ifdef __SIZEOF_INT128__

static inline struct hu_wide hu_wide_product(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (struct hu_wide){(uint64_t)product, (uint64_t)(product >> 64)};
}

static inline uint64_t hu_wide_quotient(uint64_t high, uint64_t low, uint64_t by,
                                        uint64_t *remainder)
{
    unsigned __int128 whole = (unsigned __int128)high << 64 | low;
    *remainder = (uint64_t)(whole % by);
    return (uint64_t)(whole / by);
}

#else

static inline struct hu_wide hu_wide_product(uint64_t a, uint64_t b)
{
    return hu_wide_product_plain(a, b);
}

static inline uint64_t hu_wide_quotient(uint64_t high, uint64_t low, uint64_t by,
                                        uint64_t *remainder)
{
    return hu_wide_quotient_plain(high, low, by, remainder);
}

#endif

static inline struct hu_wide hu_wide_of(uint64_t x)
{
    return (struct hu_wide){x, 0};
}

/* *SUM += X. False: the sum has more than 128 bits, and *SUM its lowest ones. */
static inline bool hu_wide_add(struct hu_wide *sum, struct hu_wide x)
{
    sum->low += x.low;
    uint64_t carry = sum->low < x.low;
    bool over = __builtin_add_overflow(sum->high, x.high, &sum->high);
    return !(over | __builtin_add_overflow(sum->high, carry, &sum->high));
}

/* *VALUE *= FACTOR. False: the product has more than 128 bits, and *VALUE its lowest ones. */
static inline bool hu_wide_times(struct hu_wide *value, uint64_t factor)
{
    struct hu_wide low = hu_wide_product(value->low, factor);
    struct hu_wide high = hu_wide_product(value->high, factor);
    value->low = low.low;
    return !(__builtin_add_overflow(low.high, high.low, &value->high) | (high.high != 0));
}

/* *VALUE /= BY, which is not 0. Returns the remainder. */
static inline uint64_t hu_wide_divide(struct hu_wide *value, uint64_t by)
{
    uint64_t high = value->high % by, remainder;
    value->high /= by;
    value->low = hu_wide_quotient(high, value->low, by, &remainder);
    return remainder;
}

/* Whether VALUE has at most 64 bits, which are *WORD then; else its lowest 64. */
static inline bool hu_wide_fits(struct hu_wide value, uint64_t *word)
{
    *word = value.low;
    return value.high == 0;
}

/* The lowest 64 bits of A · B / BY, rounded down. */
static inline uint64_t hu_wide_share(uint64_t a, uint64_t b, uint64_t by)
{
    struct hu_wide value = hu_wide_product(a, b);
    hu_wide_divide(&value, by);
    return value.low;
}
