/*
 * The passes of pass.h for one type and one instruction set. The file that includes this
 * defines REAL, WORD and LEAST_NORMAL_EXPONENT, FIELD_SHIFT, IS_FP32 for the type, NAME(x) for what
 * it makes, which all end with this file; TARGET for the instruction set, FUSED(a, b, c) for its a
 * * b + c, FUSES for whether that rounds once, LANE_BYTES for the size of its registers. Plain
 * loops of a constant length over arrays that do not overlap: compilers turn them into lanes.
 */

#include "pass_words.h"
#include "relative.h"

TARGET static inline __attribute__((always_inline)) WORD NAME(word)(REAL r)
{
    WORD w;
    __builtin_memcpy(&w, &r, sizeof w);
    return w;
}

TARGET static inline __attribute__((always_inline)) REAL NAME(real)(WORD w)
{
    REAL r;
    __builtin_memcpy(&r, &w, sizeof r);
    return r;
}

TARGET static inline __attribute__((always_inline)) WORD
NAME(clip_of)(const WORD *restrict x, WORD limit, WORD *restrict kept, struct hu_pass_range *range)
{
    const WORD size = (WORD)-1 >> 1;
    WORD greatest = 0, least = (WORD)-1, clipped = 0;
    for (size_t i = 0; i < HU_CHUNK; i++) {
        WORD magnitude = x[i] & size, keep = (WORD)0 - (WORD)(magnitude < limit);
        kept[i] = x[i] & keep;
        clipped += keep + 1;
        magnitude &= keep;
        greatest = magnitude > greatest ? magnitude : greatest;
        WORD below = magnitude - 1;
        least = below < least ? below : least;
    }
    *range = (struct hu_pass_range){greatest, least};
    return clipped;
}

TARGET static size_t NAME(clip)(const void *x, uint64_t limit, void *kept,
                                struct hu_pass_range *range)
{
    return (size_t)NAME(clip_of)(x, (WORD)limit, kept, range);
}

TARGET static void NAME(greatest)(const void *x, uint64_t *greatest)
{
    const WORD *words = x;
    for (size_t i = 0; i < HU_SCALES; i++) {
        WORD most = 0;
        for (size_t k = i * HU_SCALED; k < (i + 1) * HU_SCALED; k++) {
            WORD magnitude = words[k] & (WORD)-1 >> 1;
            most = magnitude > most ? magnitude : most;
        }
        greatest[i] = most;
    }
}

/* Sums are taken in 16 parts, whatever the machine's registers hold. */
enum { NAME(WIDTH) = LANE_BYTES / 8, NAME(VECTORS) = 16 / NAME(WIDTH) };
typedef double NAME(lanes) __attribute__((vector_size(LANE_BYTES)));
typedef int64_t NAME(masks) __attribute__((vector_size(LANE_BYTES)));
typedef REAL NAME(reals) __attribute__((vector_size(NAME(WIDTH) * sizeof(REAL))));

TARGET static inline __attribute__((always_inline)) NAME(lanes) NAME(load)(const REAL *at)
{
#if IS_FP32 && defined(WIDE_AT)
    return (NAME(lanes))WIDE_AT(at);
#else
    NAME(reals) v;
    __builtin_memcpy(&v, at, sizeof v);
    return __builtin_convertvector(v, NAME(lanes));
#endif
}

/* Of the parts, each with the one 8 further. */
TARGET static inline __attribute__((always_inline)) double NAME(total)(const NAME(lanes) * sums)
{
    double parts[16], total = 0;
    __builtin_memcpy(parts, sums, sizeof parts);
    for (int i = 0; i < 8; i++)
        total += parts[i] + parts[i + 8];
    return total;
}

/* What is left of the squares of d without TAKEN, their upper bits: rounded once, where Dekker's
 * product (1971) has what their own rounding took, or at once. Of fp64's, SQUARE, that are so small
 * that both might lose bits of it, without that. */
TARGET static inline __attribute__((always_inline)) NAME(lanes)
    NAME(left)(const NAME(lanes) * of, const NAME(lanes) * square, NAME(lanes) taken)
{
    NAME(lanes) d = *of, off;
    if (FUSES && IS_FP32)
        return FUSED(d, d, -taken);
    if (FUSES) {
        off = FUSED(d, d, -*square);
    } else {
        NAME(lanes) c = d * 134217729.0, head = c - (c - d), tail = d - head;
        off = ((head * head - *square) + 2.0 * head * tail) + tail * tail;
    }
    return *square - taken + (NAME(lanes))((NAME(masks))off & (NAME(masks))(*square > 0x1p-800));
}

/*
 * With the greatest below 2^(e+1) the squares are below 2^(2e+2), and the chunk's sum below
 * 2^(2e+13). Added to 2^(2e+14), each leaves there its multiple of 2^(2e-38), and those add up
 * exactly in 53 bits (the extraction of Rump, Ogita and Oishi, 2008). What is left of each is below
 * 2^(2e-38). Squares of fp64 are taken of values scaled to e = 0; those of fp32 are exact in fp64,
 * so that it is all one whether FUSED rounds once or twice.
 */
TARGET static struct hu_pass_sum NAME(squares)(const void *values, uint64_t greatest,
                                               const void *ahead)
{
    int exponent = (int)(greatest >> FIELD_SHIFT) - (int)BIAS;
    exponent = exponent < -1000 ? -1000 : exponent;
    const double scale = ldexp(1, -exponent), base = IS_FP32 ? ldexp(1, 2 * exponent + 14) : 0x1p14;
    const REAL *at = values;
    NAME(lanes) high[NAME(VECTORS)], low[NAME(VECTORS)];
    UNROLLED for (int k = 0; k < NAME(VECTORS); k++)
    {
        low[k] = (NAME(lanes)){0};
        high[k] = low[k] + base;
    }
    for (size_t i = 0; i < HU_CHUNK; i += 16) {
        __builtin_prefetch((const char *)ahead + i * sizeof(REAL));
        if (!IS_FP32)
            __builtin_prefetch((const char *)ahead + i * sizeof(REAL) + 64);
        UNROLLED for (int k = 0; k < NAME(VECTORS); k++)
        {
            NAME(lanes) d = NAME(load)(at + i + k * NAME(WIDTH));
            if (IS_FP32) {
                NAME(lanes) sum = FUSED(d, d, high[k]);
                low[k] += FUSED(d, d, high[k] - sum);
                high[k] = sum;
            } else {
                d *= scale;
                NAME(lanes) square = d * d, sum = high[k] + square;
                low[k] += NAME(left)(&d, &square, sum - high[k]);
                high[k] = sum;
            }
        }
    }
    UNROLLED for (int k = 0; k < NAME(VECTORS); k++) high[k] -= base;
    return (struct hu_pass_sum){NAME(total)(high), NAME(total)(low), IS_FP32 ? 0 : 2 * exponent};
}

#if !IS_FP32

TARGET static inline __attribute__((always_inline)) void
NAME(errors_of)(struct hu_pass_errors *b, const REAL *restrict x, const REAL *restrict result,
                const REAL *restrict scaled, const REAL *restrict code, REAL *restrict error,
                REAL *restrict relative, bool has_scale, bool in_fp32)
{
    const WORD magnitude = (WORD)-1 >> 1, field = FIELD(2 * BIAS + 1);
    int emin = b->emin < LEAST_NORMAL_EXPONENT ? LEAST_NORMAL_EXPONENT : b->emin;
    WORD lowest = FIELD((WORD)((WORD)emin + BIAS)), half = FIELD((WORD)1) >> 1;
    WORD inexact = 0, max_error = 0, max_relative = 0, max_units = 0;
    for (size_t i = 0; i < HU_CHUNK; i++) {
        REAL e = NAME(real)(NAME(word)(result[i] - x[i]) & magnitude);
        /* Zeros have no relative error: 0 comes of dividing by infinity. */
        WORD size = NAME(word)(x[i]) & magnitude;
        size |= ((WORD)0 - (WORD)(size == 0)) & field;
        WORD quotient = NAME(word)(hu_relative_error(e, NAME(real)(size), in_fp32));
        /* 2^-exponent; that of the top binade is subnormal: half of 2^(1 - BIAS). */
        WORD exponent = NAME(word)(code[i]) & field;
        exponent = exponent > lowest ? exponent : lowest;
        WORD reciprocal = FIELD(TOP) - exponent;
        reciprocal = reciprocal > half ? reciprocal : half;
        REAL difference = has_scale ? NAME(real)(NAME(word)(code[i] - scaled[i]) & magnitude) : e;
        WORD units = NAME(word)(difference * NAME(real)(reciprocal));
        error[i] = e;
        relative[i] = NAME(real)(quotient);
        inexact += NAME(word)(e) != 0;
        max_error = NAME(word)(e) > max_error ? NAME(word)(e) : max_error;
        max_relative = quotient > max_relative ? quotient : max_relative;
        max_units = units > max_units ? units : max_units;
    }
    b->inexact = inexact;
    b->max_error = max_error;
    b->max_relative = max_relative;
    b->max_units = max_units;
}

TARGET static inline __attribute__((always_inline)) void
NAME(errors_as)(struct hu_pass_errors *b, bool has_scale, bool in_fp32)
{
    const REAL *scaled = has_scale ? b->scaled : b->x, *code = has_scale ? b->code : b->result;
    NAME(errors_of)
    (b, b->x, b->result, scaled, code, b->error, b->relative, has_scale, in_fp32);
}

TARGET static void NAME(errors)(struct hu_pass_errors *b)
{
    bool has_scale = b->scaled != b->x || b->code != b->result;
    if (has_scale && b->in_fp32) {
        NAME(errors_as)(b, true, true);
    } else if (has_scale) {
        NAME(errors_as)(b, true, false);
    } else if (b->in_fp32) {
        NAME(errors_as)(b, false, true);
    } else {
        NAME(errors_as)(b, false, false);
    }
}

TARGET static double NAME(rough_squares)(const void *values)
{
    const REAL *at = values;
    NAME(lanes) sums[NAME(VECTORS)];
    UNROLLED for (int k = 0; k < NAME(VECTORS); k++) sums[k] = (NAME(lanes)){0};
    for (size_t i = 0; i < HU_CHUNK; i += 16)
        UNROLLED for (int k = 0; k < NAME(VECTORS); k++)
        {
            NAME(lanes) d = NAME(load)(at + i + k * NAME(WIDTH));
            sums[k] = IS_FP32 ? FUSED(d, d, sums[k]) : sums[k] + d * d;
        }
    return NAME(total)(sums);
}

TARGET static inline __attribute__((always_inline)) void
NAME(small_of)(const REAL *restrict code, const REAL *restrict scaled, REAL min_normal,
               uint64_t *zeros, uint64_t *subnormals)
{
    const WORD magnitude = (WORD)-1 >> 1, limit = NAME(word)(min_normal);
    WORD zero = 0, below = 0;
    for (size_t i = 0; i < HU_CHUNK; i++) {
        WORD c = NAME(word)(code[i]) & magnitude, s = NAME(word)(scaled[i]) & magnitude;
        zero += (WORD)(c == 0) & (WORD)(s != 0);
        below += c - 1 < limit - 1;
    }
    *zeros = zero;
    *subnormals = min_normal > 0 ? below : 0;
}

TARGET static void NAME(small)(const void *code, const void *scaled, double min_normal,
                               uint64_t *zeros, uint64_t *subnormals)
{
    NAME(small_of)(code, scaled, (REAL)min_normal, zeros, subnormals);
}

#endif

#include "pass_near.h"

static const struct hu_passes NAME(passes) = {
    .range = NAME(range),
    .clip = NAME(clip),
    .find = NAME(find),
    .greatest = NAME(greatest),
    .near = NAME(near),
    .squares = NAME(squares),
#if !IS_FP32
    .errors = NAME(errors),
    .rough_squares = NAME(rough_squares),
    .small = NAME(small),
#endif
    .count = NAME(count),
    .size = sizeof(REAL),
};

#undef FIELD
#undef BIAS
#undef TOP
#undef HAS_BYTES
#undef REAL
#undef WORD
#undef IS_FP32
#undef FIELD_SHIFT
#undef LEAST_NORMAL_EXPONENT
#undef NAME
