#include "anatomy.h"

enum { LEADING = 127 };

bool hu_exact_digit(const struct hu_exact *exact, int place)
{
    int bit = place - exact->exponent;
    if (exact->kind != HU_EXACT_FINITE || bit < 0 || bit > LEADING)
        return false;
    return (bit < 64 ? exact->significand.low >> bit : exact->significand.high >> (bit - 64)) & 1;
}

int hu_exact_lowest(const struct hu_exact *exact)
{
    struct hu_wide s = exact->significand;
    return exact->exponent + (s.low ? __builtin_ctzll(s.low) : 64 + __builtin_ctzll(s.high));
}

struct hu_anatomy hu_anatomy_of(const struct hu_format *to, const struct hu_exact *exact)
{
    struct hu_anatomy a = {.top = exact->exponent + LEADING};
    a.quantum = a.top - to->trailing_bits;
    if (hu_is_integer(to))
        a.quantum = 0;
    else if (a.quantum < hu_quantum_min(to))
        a.quantum = hu_quantum_min(to);
    a.guard = hu_exact_digit(exact, a.quantum - 1);
    a.round = hu_exact_digit(exact, a.quantum - 2);
    a.sticky = exact->sticky || hu_exact_lowest(exact) < a.quantum - 2;
    bool below = a.round || a.sticky;
    a.rest = a.guard ? (below ? HU_REST_ABOVE_HALF : HU_REST_HALF)
                     : (below ? HU_REST_BELOW_HALF : HU_REST_NONE);
    return a;
}
