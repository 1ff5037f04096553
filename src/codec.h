/* Bits to datum and back. Pure and thread-safe. */
#pragma once

#include "format.h"

/*
 * What a code stands for. Finite: (-1)^sign * significand * 2^quantum, the significand an integer
 * below 2^p and quantum the exponent of the datum's unit in the last place; a zero has the least
 * quantum. An integer is its magnitude, which may be 2^(w-1), times 2^0. NaN: significand is the
 * trailing field with its first bit, the quiet one, at bit 63; formats without payloads give the
 * quiet bit alone. Infinite: both 0.
 */
struct hu_datum {
    enum hu_class class;
    bool sign;
    uint64_t significand;
    int quantum;
};

/* Bits above the format's width are ignored. */
HU_SHARED struct hu_datum hu_decode(const struct hu_format *f, uint64_t bits);

/* The code of a datum of F: the inverse of hu_decode. The datum must be one that F has. */
uint64_t hu_encode(const struct hu_format *f, struct hu_datum datum);

static inline bool hu_sign_of(const struct hu_format *f, uint64_t bits)
{
    return bits & hu_sign_mask(f);
}

/* The field as it stands in the code; 0 in an integer, which has none. */
static inline uint64_t hu_biased_exponent(const struct hu_format *f, uint64_t bits)
{
    if (!f->exponent_bits)
        return 0;
    return bits >> f->trailing_bits & hu_exponent_mask(f);
}

static inline uint64_t hu_trailing_significand(const struct hu_format *f, uint64_t bits)
{
    return bits & hu_trailing_mask(f);
}

static inline bool hu_is_nan(struct hu_datum d)
{
    return d.class >= HU_QUIET_NAN;
}

static inline bool hu_is_finite(struct hu_datum d)
{
    return d.class <= HU_NORMAL;
}

/* A NaN's payload as the integer below its quiet bit; 0 where the format has none. */
HU_SHARED uint64_t hu_payload(const struct hu_format *f, struct hu_datum nan);
