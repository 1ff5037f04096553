/*
 * The passes over words that do no arithmetic: what pass_lanes.h begins with, and all there is of
 * bf16. WORD, LEAST_NORMAL_EXPONENT, FIELD_SHIFT, NAME, TARGET, LANE_BYTES are as said there.
 */

#include "vectors.h"

#include <string.h>

#define FIELD(w) ((w) << FIELD_SHIFT)
/* The biased exponents of 1 and of the greatest finite numbers. */
#define BIAS (WORD)(1 - LEAST_NORMAL_EXPONENT)
#define TOP (2 * BIAS)

/* Whether a biased exponent is a byte, all of it. */
#define HAS_BYTES (LEAST_NORMAL_EXPONENT == -126)

TARGET static void NAME(range)(const void *x, struct hu_pass_range *range)
{
    const WORD *words = x;
    WORD greatest = 0, least = (WORD)-1;
    for (size_t i = 0; i < HU_CHUNK; i++) {
        WORD magnitude = words[i] & (WORD)-1 >> 1;
        greatest = magnitude > greatest ? magnitude : greatest;
        WORD below = magnitude - 1;
        least = below < least ? below : least;
    }
    *range = (struct hu_pass_range){greatest, least};
}

/* Counts in the bytes of a register, at most of AVX2's, whose comparisons give bytes at once: no
 * byte is met so often that it overflows. */
enum { NAME(BYTES) = LANE_BYTES < 32 ? LANE_BYTES : 32 };
typedef uint8_t NAME(bytes) __attribute__((vector_size(NAME(BYTES))));

TARGET static inline __attribute__((always_inline)) uint32_t NAME(sum_bytes)(NAME(bytes) counts)
{
    const uint64_t even = UINT64_C(0x00ff00ff00ff00ff), ones = UINT64_C(0x0001000100010001);
    uint64_t words[NAME(BYTES) / 8], sums = 0;
    __builtin_memcpy(words, &counts, sizeof words);
    for (size_t i = 0; i < NAME(BYTES) / 8; i++)
        sums += (words[i] & even) + (words[i] >> 8 & even);
    return (uint32_t)(sums * ones >> 48);
}

/* Whether what was counted is all but zeros and subnormals. */
TARGET static __attribute__((noinline)) bool NAME(met_all)(const WORD *words,
                                                           const struct hu_pass_exponents *found)
{
    WORD others = 0;
    for (size_t i = 0; i < HU_CHUNK; i++)
        others += (words[i] & FIELD(TOP + 1)) == 0;
    for (int e = 0; e < found->number; e++)
        others += found->counts[e];
    return others == HU_CHUNK;
}

/* Each exponent costs a walk over bytes: as many as a register has are done sooner than tables.
 * Those of fp32 are bytes as they are; those of fp64 are less the least, and what is beyond is one
 * more. Where there are subnormals, the least normal is not known: as many are counted as may be.
 */
TARGET static bool NAME(count)(const void *x, const struct hu_pass_range *range,
                               struct hu_pass_exponents *out)
{
    enum { AT_ONCE = 4, MOST = LANE_BYTES < HU_FEW ? LANE_BYTES : HU_FEW - AT_ONCE };
    const WORD *words = x, last = (WORD)(range->greatest >> FIELD_SHIFT);
    const WORD known = (WORD)(range->least_nonzero + 1) >> FIELD_SHIFT;
    const WORD least = known ? known : last < MOST ? 1 : (WORD)(last - MOST + 1);
    const WORD number = last - least + 1;
    if (number > MOST)
        return false;
    _Alignas(LANE_BYTES) uint8_t places[HU_CHUNK];
    for (size_t i = 0; i < HU_CHUNK; i++) {
        WORD place = (words[i] >> FIELD_SHIFT & (TOP + 1)) - least;
        places[i] = (uint8_t)(HAS_BYTES        ? words[i] >> FIELD_SHIFT
                              : place < number ? place
                                               : number);
    }
    *out = (struct hu_pass_exponents){.first = (int)least, .number = (int)number};
    for (int e = 0; e < out->number; e += AT_ONCE) {
        NAME(bytes) counts[AT_ONCE] = {{0}}, of[AT_ONCE];
        UNROLLED for (int k = 0; k < AT_ONCE; k++) of[k] =
            (NAME(bytes)){0} + (uint8_t)(e + k + (HAS_BYTES ? (int)least : 0));
        for (size_t i = 0; i < HU_CHUNK; i += NAME(BYTES)) {
            NAME(bytes) some;
            __builtin_memcpy(&some, places + i, sizeof some);
            UNROLLED for (int k = 0; k < AT_ONCE; k++) counts[k] -= (NAME(bytes))(some == of[k]);
        }
        for (int k = 0; k < AT_ONCE; k++)
            out->counts[e + k] = NAME(sum_bytes)(counts[k]);
    }
    return known || NAME(met_all)(words, out);
}

/* Most chunks have a few or none: so many that have none are passed at once. */
TARGET static size_t NAME(find)(const void *x, uint64_t first, uint64_t last, uint16_t *at)
{
    enum { AT_ONCE = 128 };
    const WORD *words = x;
    const WORD size = (WORD)-1 >> 1, from = (WORD)first, reach = (WORD)(last - first);
    size_t n = 0;
    for (size_t i = 0; i < HU_CHUNK; i += AT_ONCE) {
        WORD any = 0;
        for (size_t k = i; k < i + AT_ONCE; k++)
            any |= (WORD)((words[k] & size) - from) <= reach;
        for (size_t k = i; any && k < i + AT_ONCE; k++) {
            at[n] = (uint16_t)k;
            n += (WORD)((words[k] & size) - from) <= reach;
        }
    }
    return n;
}
