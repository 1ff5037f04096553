#include "accumulator.h"

#include <string.h>

void hu_accumulator_begin(struct hu_accumulator *a, int least, int greatest)
{
    a->unit = least;
    a->limbs = (size_t)(greatest - least + 64) / 64 + 2;
    memset(a->limb, 0, a->limbs * sizeof *a->limb);
}

static void add_limb(struct hu_accumulator *a, size_t place, uint64_t limb)
{
    for (bool carry = __builtin_add_overflow(a->limb[place], limb, &a->limb[place]); carry;)
        carry = ++place < a->limbs && !++a->limb[place];
}

static void take_limb(struct hu_accumulator *a, size_t place, uint64_t limb)
{
    for (bool borrow = __builtin_sub_overflow(a->limb[place], limb, &a->limb[place]); borrow;)
        borrow = ++place < a->limbs && !a->limb[place]--;
}

void hu_accumulator_add(struct hu_accumulator *a, bool sign, struct hu_wide magnitude, int exponent)
{
    int shift = exponent - a->unit, up = shift % 64;
    uint64_t limbs[3] = {magnitude.low << up, magnitude.high << up, 0};
    if (up) {
        limbs[1] |= magnitude.low >> (64 - up);
        limbs[2] = magnitude.high >> (64 - up);
    }
    for (size_t i = 0, place = (size_t)shift / 64; i < 3; i++)
        if (limbs[i])
            (sign ? take_limb : add_limb)(a, place + i, limbs[i]);
}

static void negate(struct hu_accumulator *a)
{
    bool carry = true;
    for (size_t i = 0; i < a->limbs; i++) {
        a->limb[i] = ~a->limb[i] + carry;
        carry = carry && !a->limb[i];
    }
}

bool hu_accumulator_real(struct hu_accumulator *a, struct hu_real *real)
{
    bool sign = a->limb[a->limbs - 1] >> 63;
    if (sign)
        negate(a);
    size_t top = a->limbs;
    while (top && !a->limb[top - 1])
        top--;
    if (!top--)
        return false;
    int lead = __builtin_clzll(a->limb[top]);
    uint64_t below = top ? a->limb[top - 1] : 0;
    *real =
        (struct hu_real){.significand = a->limb[top] << lead | (lead ? below >> (64 - lead) : 0),
                         .exponent = a->unit + (int)top * 64 - lead,
                         .sign = sign,
                         .sticky = below << lead != 0};
    for (size_t i = 0; !real->sticky && i + 1 < top; i++)
        real->sticky = a->limb[i] != 0;
    return true;
}
