#include "exact_sum.h"
#include "float_bits.h"
#include "wide.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* SUM += or -= words << (64 * limb), COUNT of them. */
static inline void add_words(struct hu_exact_sum *sum, const uint64_t *words, size_t count,
                             size_t limb, bool take)
{
    uint64_t carry = 0;
    for (size_t i = limb; i < HU_EXACT_LIMBS && (i < limb + count || carry); i++) {
        uint64_t word = i < limb + count ? words[i - limb] : 0, total;
        if (take)
            carry = (uint64_t)__builtin_sub_overflow(sum->limbs[i], word, &total) |
                    (uint64_t)__builtin_sub_overflow(total, carry, &total);
        else
            carry = (uint64_t)__builtin_add_overflow(sum->limbs[i], word, &total) |
                    (uint64_t)__builtin_add_overflow(total, carry, &total);
        sum->limbs[i] = total;
    }
}

/* Of three words, to where bit 0 of the first weighs 2^(position - HU_EXACT_POINT). */
static void add_at(struct hu_exact_sum *sum, const uint64_t three[3], int position, bool take)
{
    unsigned shift = (unsigned)position % 64;
    uint64_t words[4] = {three[0] << shift, three[1] << shift, three[2] << shift, 0};
    if (shift)
        for (int i = 0; i < 3; i++)
            words[i + 1] |= three[i] >> (64 - shift);
    add_words(sum, words, 4, (size_t)position / 64, take);
}

/* |value| = the result * 2^*exponent. */
static uint64_t integer_of(double value, int *exponent)
{
    uint64_t word = hu_bits_of_double(value);
    int field = (int)(word >> 52 & 0x7ff);
    *exponent = (field ? field : 1) - 1075;
    return (word & (UINT64_MAX >> 12)) | (uint64_t)(field > 0) << 52;
}

void hu_exact_add_square(struct hu_exact_sum *sum, double value, uint64_t count, bool take)
{
    int exponent;
    uint64_t n = integer_of(value, &exponent);
    if (!n || !count)
        return;
    struct hu_wide square = hu_wide_product(n, n);
    struct hu_wide low = hu_wide_product(square.low, count);
    struct hu_wide high = hu_wide_product(square.high, count);
    hu_wide_add(&high, hu_wide_of(low.high));
    uint64_t three[3] = {low.low, high.low, high.high};
    add_at(sum, three, 2 * exponent + HU_EXACT_POINT, take);
}

void hu_exact_add(struct hu_exact_sum *sum, double value, int exponent)
{
    int own;
    uint64_t three[3] = {integer_of(value, &own), 0, 0};
    if (!three[0])
        return;
    int position = own + exponent + HU_EXACT_POINT;
    for (; position < 0 && !(three[0] & 1); position++)
        three[0] >>= 1;
    if (position >= 0)
        add_at(sum, three, position, value < 0);
}

void hu_exact_merge(struct hu_exact_sum *sum, const struct hu_exact_sum *other)
{
    add_words(sum, other->limbs, HU_EXACT_LIMBS, 0, false);
}

double hu_exact_value(const struct hu_exact_sum *sum, int *exponent)
{
    int top = HU_EXACT_LIMBS - 1;
    while (top >= 0 && !sum->limbs[top])
        top--;
    *exponent = 0;
    if (top < 0)
        return 0;
    int lead = __builtin_clzll(sum->limbs[top]);
    uint64_t below = top ? sum->limbs[top - 1] : 0;
    uint64_t bits = sum->limbs[top] << lead | (lead ? below >> (64 - lead) : 0);
    bool sticky = below << lead;
    for (int i = 0; i < top - 1 && !sticky; i++)
        sticky = sum->limbs[i];
    /* 64 bits with what lies below them as the last one round to 53 as the whole would. */
    double value = (double)(bits | sticky);
    int own;
    double fraction = frexp(value, &own);
    *exponent = own + 64 * top - lead - HU_EXACT_POINT;
    return fraction;
}
