/* Every fact about a format, once. All functions are pure and thread-safe. */
#pragma once

#include "halfulp.h"

/* What libhalfulp-text takes from libhalfulp beside halfulp.h's functions (halfulp.map). */
#if defined __GNUC__ && defined __ELF__
#define HU_SHARED __attribute__((visibility("default")))
#else
#define HU_SHARED
#endif

/* An integer dtype as models and files have them; all but bool are formats too. */
struct hu_integer {
    const char *name;
    unsigned char width;        /* bits, 1 to 64 */
    unsigned char storage_bits; /* what an array spends on an element */
    bool is_signed;
};

/* In the order of the documentation; NULL from hu_integer_count() on. */
size_t hu_integer_count(void);
const struct hu_integer *hu_integer_at(size_t index);
/* The format of the integer at INDEX; NULL for bool. */
const struct hu_format *hu_integer_format(size_t index);

/* Other layouts of the named formats: fp6 and fp4 with a byte each. NULL from the count on. */
size_t hu_unpacked_count(void);
const struct hu_format *hu_unpacked_at(size_t index);

/* Greatest width, precision and length of a name with its NUL over all formats. */
enum { HU_MAX_WIDTH = 64, HU_MAX_PRECISION = 62, HU_MAX_NAME = 48 };

static inline bool hu_is_integer(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_INTEGER;
}

static inline bool hu_is_p3109(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_P3109 || f->specials == HU_SPECIALS_P3109_FINITE;
}

static inline bool hu_is_signed(const struct hu_format *f)
{
    return f->width > f->exponent_bits + f->trailing_bits;
}

/* The significand's bits, the implicit one included; an integer has none. */
static inline int hu_precision(const struct hu_format *f)
{
    return f->trailing_bits + !hu_is_integer(f);
}

/* Biased exponent field with every bit set. */
static inline uint64_t hu_exponent_mask(const struct hu_format *f)
{
    return (UINT64_C(1) << f->exponent_bits) - 1;
}

static inline uint64_t hu_trailing_mask(const struct hu_format *f)
{
    return f->trailing_bits ? UINT64_MAX >> (64 - f->trailing_bits) : 0;
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

/* The least exponent of a normal number; above all exponents of an integer. A scale has no
 * subnormals: its code 0 is normal. */
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

/* The code of NaN where there is one NaN alone and it has no sign: FNUZ and P3109. */
static inline uint64_t hu_lone_nan_code(const struct hu_format *f)
{
    return hu_is_signed(f) ? hu_sign_mask(f) : hu_width_mask(f);
}

static inline bool hu_has_lone_nan(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_FNUZ || hu_is_p3109(f);
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
    case HU_SPECIALS_P3109:
        return all - 1 - !hu_is_signed(f);
    case HU_SPECIALS_P3109_FINITE:
        return all - !hu_is_signed(f);
    case HU_SPECIALS_FNUZ:
    case HU_SPECIALS_NONE:
    case HU_SPECIALS_INTEGER:
        break;
    }
    return all;
}

/* The exponent of the largest finite value. */
static inline int hu_emax(const struct hu_format *f)
{
    if (hu_is_integer(f))
        return f->trailing_bits - 1;
    return (int)(hu_max_finite_code(f) >> f->trailing_bits) - f->bias;
}

static inline bool hu_has_infinity(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_IEEE || f->specials == HU_SPECIALS_P3109;
}

static inline bool hu_has_negative_zero(const struct hu_format *f)
{
    return f->specials <= HU_SPECIALS_FN || f->specials == HU_SPECIALS_NONE;
}

static inline bool hu_has_subnormals(const struct hu_format *f)
{
    return f->trailing_bits > 0 && !hu_is_integer(f);
}

HU_SHARED bool hu_has_nan(const struct hu_format *f);
/* Number of codes of either sign that are NaN, and that are finite (both zeros counted; modulo
 * 2^64, which is what a format of 64 bits without specials has). */
uint64_t hu_nan_codes(const struct hu_format *f);
uint64_t hu_finite_codes(const struct hu_format *f);

/* Infinity's code, sign bit clear. Only where hu_has_infinity. */
static inline uint64_t hu_infinity_code(const struct hu_format *f)
{
    return hu_max_finite_code(f) + 1;
}

/* The code of the least finite value: the largest below zero, or where there is none the least. */
static inline uint64_t hu_lowest_code(const struct hu_format *f)
{
    if (hu_is_integer(f) || !hu_is_signed(f))
        return hu_sign_mask(f);
    return hu_max_finite_code(f) | hu_sign_mask(f);
}

/* The quiet NaN with payload 0, sign bit clear where the format has a choice. Only where
 * hu_has_nan. */
uint64_t hu_default_nan_code(const struct hu_format *f);

/* The special codes in words: "no infinity; NaN is S.1111.111". Static text. */
const char *hu_specials_name(const struct hu_format *f);
