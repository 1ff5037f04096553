/* How an exact result is cut into a format: which places are kept, and guard, round and sticky
 * behind them, as textbooks draw it. Pure and thread-safe. */
#pragma once

#include "arithmetic.h"

enum hu_remainder { HU_REST_NONE, HU_REST_BELOW_HALF, HU_REST_HALF, HU_REST_ABOVE_HALF };

struct hu_anatomy {
    int top;     /* the place of the leading bit: 2^top */
    int quantum; /* the place of the last bit that the format keeps */
    bool guard, round, sticky;
    enum hu_remainder rest; /* of the last place */
};

/* Of a finite EXACT. Past the largest number the places go on as though there were no end. */
struct hu_anatomy hu_anatomy_of(const struct hu_format *to, const struct hu_exact *exact);

/* The digit at 2^PLACE; what lies past the leading 128 bits is 0. */
bool hu_exact_digit(const struct hu_exact *exact, int place);

/* The least place with a digit that is not 0, not counting what is only sticky. */
int hu_exact_lowest(const struct hu_exact *exact);
