/*
 * The passes of block_pass.h for one type and one instruction set. The file that includes this
 * defines REAL, WORD and LEAST_NORMAL_EXPONENT, FIELD_SHIFT, SINGLE for the type, NAME(x) for what
 * it makes, and TARGET for the instruction set. Plain loops of a constant length over arrays that
 * do not overlap: compilers turn them into lanes.
 */

#define FIELD(w) ((w) << FIELD_SHIFT)
/* The biased exponents of 1 and of the greatest finite numbers. */
#define BIAS ((WORD)1 - (WORD)LEAST_NORMAL_EXPONENT)
#define TOP (2 * BIAS)

TARGET static inline __attribute__((always_inline)) WORD NAME(word)(REAL r)
{
    WORD w;
    memcpy(&w, &r, sizeof w);
    return w;
}

TARGET static inline __attribute__((always_inline)) REAL NAME(real)(WORD w)
{
    REAL r;
    memcpy(&r, &w, sizeof r);
    return r;
}

TARGET static void NAME(range)(const void *x, struct hu_block_range *range)
{
    const WORD *words = x;
    WORD greatest = 0, least = (WORD)-1;
    for (size_t i = 0; i < HU_BLOCK; i++) {
        WORD magnitude = words[i] & (WORD)-1 >> 1;
        greatest = magnitude > greatest ? magnitude : greatest;
        WORD below = magnitude - 1;
        least = below < least ? below : least;
    }
    *range = (struct hu_block_range){greatest, least};
}

TARGET static inline __attribute__((always_inline)) void
NAME(errors_of)(struct hu_block_errors *b, const REAL *restrict x, const REAL *restrict result,
                const REAL *restrict scaled, const REAL *restrict code, REAL *restrict error,
                REAL *restrict relative, bool has_scale)
{
    const WORD magnitude = (WORD)-1 >> 1, field = FIELD(2 * BIAS + 1);
    int emin = b->emin < LEAST_NORMAL_EXPONENT ? LEAST_NORMAL_EXPONENT : b->emin;
    WORD least = FIELD((WORD)((WORD)emin + BIAS)), half = FIELD((WORD)1) >> 1;
    WORD inexact = 0, max_error = 0, max_relative = 0, max_units = 0;
    for (size_t i = 0; i < HU_BLOCK; i++) {
        REAL e = NAME(real)(NAME(word)(result[i] - x[i]) & magnitude);
        /* Zeros have no relative error: 0 comes of dividing by infinity. */
        WORD size = NAME(word)(x[i]) & magnitude;
        size |= ((WORD)0 - (WORD)(size == 0)) & field;
        WORD quotient = NAME(word)(e / NAME(real)(size));
        /* 2^-exponent; that of the top binade is subnormal: half of 2^(1 - BIAS). */
        WORD exponent = NAME(word)(code[i]) & field;
        exponent = exponent > least ? exponent : least;
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

TARGET static void NAME(errors)(struct hu_block_errors *b)
{
    if (b->scaled == b->x && b->code == b->result)
        NAME(errors_of)(b, b->x, b->result, b->x, b->result, b->error, b->relative, false);
    else
        NAME(errors_of)(b, b->x, b->result, b->scaled, b->code, b->error, b->relative, true);
}

/*
 * The values scaled to [1, 2) at the greatest: their squares are below 4, and the block's sum below
 * 2^13. Adding and subtracting 2^13 leaves of a square its multiple of 2^-39; those add up exactly
 * in 53 bits (the extraction of Rump, Ogita and Oishi, 2008). What is left of each is below 2^-40.
 */
TARGET static struct hu_block_sum NAME(squares)(const void *values, uint64_t greatest)
{
    typedef double lanes __attribute__((vector_size(64)));
    typedef REAL reals __attribute__((vector_size(8 * sizeof(REAL))));
    int exponent = (int)(greatest >> FIELD_SHIFT) - (int)BIAS;
    double scale = ldexp(1, exponent < -1000 ? 1000 : -exponent);
    const double extractor = 0x1p13;
    const REAL *at = values;
    lanes high = {0}, low = {0};
    for (size_t i = 0; i < HU_BLOCK; i += 8) {
        reals v;
        memcpy(&v, at + i, sizeof v);
        lanes d = __builtin_convertvector(v, lanes) * scale;
        lanes square = d * d;
        lanes top = (square + extractor) - extractor;
        high += top;
        low += square - top;
        if (!SINGLE) {
            /* Dekker's product (1971): what rounding took from the square. */
            lanes c = d * 134217729.0, head = c - (c - d), tail = d - head;
            low += ((head * head - square) + 2.0 * head * tail) + tail * tail;
        }
    }
    struct hu_block_sum sum = {0, 0, 2 * (exponent < -1000 ? -1000 : exponent)};
    for (int i = 0; i < 8; i++) {
        sum.high += high[i];
        sum.low += low[i];
    }
    return sum;
}

TARGET static inline __attribute__((always_inline)) void
NAME(small_of)(const REAL *restrict code, const REAL *restrict scaled, REAL min_normal,
               uint64_t *zeros, uint64_t *subnormals)
{
    const WORD magnitude = (WORD)-1 >> 1, limit = NAME(word)(min_normal);
    WORD zero = 0, below = 0;
    for (size_t i = 0; i < HU_BLOCK; i++) {
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

static const struct hu_block_passes NAME(passes) = {NAME(range), NAME(errors), NAME(squares),
                                                    NAME(small), sizeof(REAL)};

#undef FIELD
#undef BIAS
#undef TOP
