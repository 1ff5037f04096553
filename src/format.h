/* Every fact about a format, once. All functions are pure and thread-safe. */
#ifndef HALFULP_FORMAT_H
#define HALFULP_FORMAT_H

#include "halfulp.h"

/* An integer dtype: listed and sized beside the floats, never converted to. */
struct hu_integer {
    const char *name;
    unsigned char width;        /* bits, 4 to 64 */
    unsigned char storage_bits; /* what an array spends on an element */
    bool is_signed;
};

/* NAME in any case, or a NumPy, PyTorch or safetensors alias of it; NULL: no such dtype. */
const struct hu_integer *hu_integer_find(const char *name);
size_t hu_integer_count(void);
const struct hu_integer *hu_integer_at(size_t index);

/* Greatest width, precision and magnitude of exponent over all formats, custom ones included. */
enum { HU_MAX_WIDTH = 64, HU_MAX_PRECISION = 62, HU_MAX_NAME = 32 };

static inline bool hu_is_signed(const struct hu_format *f)
{
    return f->specials != HU_SPECIALS_SCALE;
}

/* The significand's bits, the implicit one included. */
static inline int hu_precision(const struct hu_format *f)
{
    return f->trailing_bits + 1;
}

/* Biased exponent field with every bit set. */
static inline uint64_t hu_exponent_mask(const struct hu_format *f)
{
    return (UINT64_C(1) << f->exponent_bits) - 1;
}

static inline uint64_t hu_trailing_mask(const struct hu_format *f)
{
    return (UINT64_C(1) << f->trailing_bits) - 1;
}

static inline uint64_t hu_width_mask(const struct hu_format *f)
{
    return UINT64_MAX >> (64 - f->width);
}

/* The code with only the sign bit set; 0 for an unsigned format. */
static inline uint64_t hu_sign_mask(const struct hu_format *f)
{
    return hu_is_signed(f) ? UINT64_C(1) << (f->width - 1) : 0;
}

/* The least exponent of a normal number. A scale has no subnormals: its code 0 is normal. */
static inline int hu_emin(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_SCALE ? -f->bias : 1 - f->bias;
}

/* The exponent of the unit in the last place of the subnormals: every finite value is an integer
 * multiple of 2^hu_quantum_min. */
static inline int hu_quantum_min(const struct hu_format *f)
{
    return hu_emin(f) - f->trailing_bits;
}

/* The largest finite value's code, sign bit clear. */
static inline uint64_t hu_max_finite_code(const struct hu_format *f)
{
    uint64_t all = hu_width_mask(f) & ~hu_sign_mask(f);
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return all - hu_trailing_mask(f) - 1;
    case HU_SPECIALS_FN:
    case HU_SPECIALS_SCALE:
        return all - 1;
    case HU_SPECIALS_FNUZ:
    case HU_SPECIALS_NONE:
        break;
    }
    return all;
}

/* The exponent of the largest finite value. */
static inline int hu_emax(const struct hu_format *f)
{
    return (int)(hu_max_finite_code(f) >> f->trailing_bits) - f->bias;
}

static inline bool hu_has_infinity(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_IEEE;
}

static inline bool hu_has_negative_zero(const struct hu_format *f)
{
    return f->specials != HU_SPECIALS_FNUZ && f->specials != HU_SPECIALS_SCALE;
}

static inline bool hu_has_subnormals(const struct hu_format *f)
{
    return f->trailing_bits > 0;
}

bool hu_has_nan(const struct hu_format *f);
/* Number of codes of either sign that are NaN, and that are finite (both zeros counted). */
uint64_t hu_nan_codes(const struct hu_format *f);
uint64_t hu_finite_codes(const struct hu_format *f);

/* Infinity's code, sign bit clear. Only where hu_has_infinity. */
static inline uint64_t hu_infinity_code(const struct hu_format *f)
{
    return hu_exponent_mask(f) << f->trailing_bits;
}

/* The quiet NaN with payload 0, sign bit clear where the format has a choice. Only where
 * hu_has_nan. */
uint64_t hu_default_nan_code(const struct hu_format *f);

/* The special codes in words: "no infinity; NaN is S.1111.111". Static text. */
const char *hu_specials_name(const struct hu_format *f);

#endif
