/* The codebooks of GGUF's i-quants: points of 8 or 4 small integers, a byte each, first element
 * lowest. Made at the first call; thread-safe. */
#pragma once

#include <stdint.h>

struct hu_block_grids {
    uint64_t iq2_xxs[256], iq2_xs[512], iq2_s[1024]; /* of 8, 25 and 43 */
    uint64_t iq1[2048];                              /* of −1, 0 and 1, times 8 */
    uint32_t iq3_xxs[256];                           /* of 4, 12, 20, 28, 36, 44, 52, 62 */
    uint32_t iq3_s[512];                             /* of 1, 3, … 15 */
};

const struct hu_block_grids *hu_block_grids(void) __attribute__((const));
