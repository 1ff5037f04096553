/*
 * Comparisons and extrema by codes as they are, whose order is that of their values: nothing is
 * rounded. Included with BITS, JOIN, TARGET, VECTOR and any(MASK).
 */

#define WORD JOIN(JOIN(uint, BITS), _t)
#define NAME(x) JOIN(JOIN(codes, BITS), _##x)
typedef WORD NAME(words) __attribute__((vector_size(VECTOR)));
typedef JOIN(JOIN(int, BITS), _t) NAME(integers) __attribute__((vector_size(VECTOR)));
typedef uint8_t NAME(truths) __attribute__((vector_size(8 * VECTOR / BITS)));
#define WORDS NAME(words)
#define INTEGERS NAME(integers)
#define INLINE_HERE static inline __attribute__((always_inline)) TARGET

INLINE_HERE WORDS NAME(either)(WORDS mask, WORDS x, WORDS y)
{
    return (x & mask) | (y & ~mask);
}

/* Rises with the value; -0 lies below +0. */
INLINE_HERE INTEGERS NAME(key)(WORDS x)
{
    WORDS negative = (WORDS)((INTEGERS)x < 0);
    return (INTEGERS)(x ^ negative >> 1);
}

INLINE_HERE WORDS NAME(related)(WORDS x, WORDS y, WORDS unordered, const struct hu_choice *c)
{
    const WORDS sign = (WORDS){0} + ((WORD)1 << (BITS - 1));
    INTEGERS a = NAME(key)(x & ~(WORDS)(x == sign)), b = NAME(key)(y & ~(WORDS)(y == sign));
    WORDS holds = ((WORDS)(a < b) & (WORD)c->less) | ((WORDS)(a == b) & (WORD)c->equal) |
                  ((WORDS)(a > b) & (WORD)c->greater);
    return NAME(either)(unordered, (WORDS){0} + (WORD)c->unordered, holds) & 1;
}

/* IEEE 754-2019 section 9.6; of NaNs the one that comes first in the order, quiet. */
INLINE_HERE WORDS NAME(extremum)(WORDS x, WORDS y, WORDS x_nan, WORDS y_nan,
                                 const struct hu_choice *c)
{
    const WORD sign = (WORD)1 << (BITS - 1);
    WORDS a = x & (WORD)~sign, b = y & (WORD)~sign;
    WORDS less = (WORDS)(NAME(key)(x) < NAME(key)(y));
    less = NAME(either)((WORDS)(a != b) & (WORD)c->magnitude, (WORDS)(a < b), less);
    WORDS first = (less ^ (WORD)c->maximum) & ~x_nan;
    WORDS lost = NAME(either)((WORDS){0} + (WORD)c->number, x_nan & y_nan, x_nan | y_nan);
    WORDS nan = NAME(either)(x_nan & ~(y_nan & (WORD)c->last), x, y) | (WORD)c->quiet;
    return NAME(either)(lost, nan, NAME(either)(first | y_nan, x, y));
}

TARGET static __attribute__((noinline)) unsigned NAME(choose)(const struct hu_choice *c, void *dst,
                                                              const void *const src[], size_t n)
{
    enum { LANES = 8 * VECTOR / BITS };
    WORDS raised = {0};
    for (size_t i = 0; i < n; i += LANES) {
        size_t left = n - i < LANES ? n - i : LANES;
        WORDS x[2] = {{0}};
        for (int k = 0; k < 2; k++)
            if (left == LANES)
                memcpy(&x[k], (const WORD *)src[k] + i, sizeof x[k]);
            else
                memcpy(&x[k], (const WORD *)src[k] + i, left * sizeof(WORD));
        WORDS x_nan = (WORDS)((x[0] & (WORD)c->magnitudes) > (WORD)c->infinity);
        WORDS y_nan = (WORDS)((x[1] & (WORD)c->magnitudes) > (WORD)c->infinity);
        raised |= (x_nan & ~(x[0] & (WORD)c->raise_not)) | (y_nan & ~(x[1] & (WORD)c->raise_not));
        if (c->compares) {
            WORDS holds = NAME(related)(x[0], x[1], x_nan | y_nan, c);
            NAME(truths) truths = __builtin_convertvector(holds, NAME(truths));
            memcpy((uint8_t *)dst + i, &truths, left);
            continue;
        }
        WORDS result = NAME(extremum)(x[0], x[1], x_nan, y_nan, c);
        if (left == LANES)
            memcpy((WORD *)dst + i, &result, sizeof result);
        else
            memcpy((WORD *)dst + i, &result, left * sizeof(WORD));
    }
    return any(raised & (WORD)c->raise) ? HU_INVALID : 0;
}

#undef INTEGERS
#undef WORDS
#undef INLINE_HERE
#undef WORD
#undef BITS
#undef NAME
