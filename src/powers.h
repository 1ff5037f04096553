/* Powers of ten to 128 bits. */
#pragma once

#include <stdint.h>

enum { HU_POWER_MIN = -342, HU_POWER_MAX = 347 };

struct hu_power {
    uint64_t high, low;
};

/* floor(10^e * 2^(127 - floor(log2 10^e))) for e = HU_POWER_MIN + index: the leading 128 bits. They
 * are exact for 0 <= e <= 55. Made by powers.awk; a test works each row out anew. */
extern const struct hu_power hu_powers[HU_POWER_MAX - HU_POWER_MIN + 1];

/* floor(log2 10^e), for |e| up to 1233. */
static inline int hu_log2_power(int e)
{
    return e * 1741647 >> 19;
}
