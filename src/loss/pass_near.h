/*
 * The walk of hu_pass_near for one type and one instruction set. Included by pass_lanes.h, which
 * says what is defined here. An instruction set may define MAX_FP32(a, b), MIN_FP32, MAX_FP64 and
 * MIN_FP64 of numbers that are no NaN, and beside them WIDE_AT(p), fp32 in memory in a register of
 * fp64.
 */

#define NEAR_WIDTH (LANE_BYTES / sizeof(REAL))
typedef REAL NAME(values) __attribute__((vector_size(LANE_BYTES)));
typedef WORD NAME(words) __attribute__((vector_size(LANE_BYTES)));
typedef __typeof__((NAME(values)){0} < (NAME(values)){0}) NAME(signs);
#define VALUES NAME(values)
#define WORDS NAME(words)
#define REALS NAME(lanes)

/* Noise is taken in eight parts, squares of relative errors in sixteen, whatever the machine's
 * registers hold. What is counted is counted down. */
enum { NAME(NOISES) = 8 / NAME(WIDTH) };
struct NAME(sums) {
    REALS high[NAME(NOISES)], low[NAME(NOISES)], relative[NAME(VECTORS)];
    REALS max_error; /* where it is wide */
};
struct NAME(gathered) {
    VALUES max_error, max_relative, max_units;
    WORDS inexact, zeros, below, overflows;
};

/* So many elements are rounded, and then their errors are squared: what both keep is more than
 * registers hold. */
enum { NAME(AT_ONCE) = 256 };
struct NAME(found) {
    _Alignas(64) REAL error[NAME(AT_ONCE)], relative[NAME(AT_ONCE)], near[NAME(AT_ONCE)];
};

/* What is known when a walk is compiled. direction: HU_TOWARD_POSITIVE stands for all that may
 * look at signs. small: results may be subnormal or zero. wide: errors have more bits than fp32, as
 * that of what is rounded away from zero to the least unit, and as fp64 sometimes. */
struct NAME(case) {
    enum hu_direction direction;
    bool small, scaled, divided, units, wide;
};

/* Whether units are first found to a few of fp32's last place, and then those that may be more
 * than is known. */
#define ABOUT_UNITS(is) (IS_FP32 && ((is).divided || (is).wide))

#define INLINE TARGET static inline __attribute__((always_inline))

#if defined(SUM_DOWN_FP32) && IS_FP32
#define SUM_DOWN SUM_DOWN_FP32
#define SUM_UP SUM_UP_FP32
#define BY_SIGN BY_SIGN_FP32
#elif defined(SUM_DOWN_FP64)
#define SUM_DOWN SUM_DOWN_FP64
#define SUM_UP SUM_UP_FP64
#define BY_SIGN BY_SIGN_FP64
#endif

#if defined(MAX_FP32)
#define WIDER(a, b) ((REALS)MAX_FP64(a, b))
#if IS_FP32
#define MAX(a, b) ((VALUES)MAX_FP32(a, b))
#define MIN(a, b) ((VALUES)MIN_FP32(a, b))
#else
#define MAX(a, b) ((VALUES)MAX_FP64(a, b))
#define MIN(a, b) ((VALUES)MIN_FP64(a, b))
#endif
#else
#define CHOSEN(type, bits, where, a, b)                                                            \
    ((type)(((bits)(a) & (bits)(where)) | ((bits)(b) & ~(bits)(where))))
#define WIDER(a, b) CHOSEN(REALS, NAME(masks), (a) > (b), a, b)
#define MAX(a, b) CHOSEN(VALUES, WORDS, (a) > (b), a, b)
#define MIN(a, b) CHOSEN(VALUES, WORDS, (a) < (b), a, b)
#endif

INLINE WORDS NAME(words_of)(WORD w)
{
    return (WORDS){0} + w;
}

INLINE VALUES NAME(values_of)(REAL r)
{
    return (VALUES){0} + r;
}

/* 1 where V is not 0, which is no -0. */
INLINE WORDS NAME(one_if)(VALUES v)
{
#if defined(LESSER_WORD) && IS_FP32
    return (WORDS)LESSER_WORD((WORDS)v, NAME(words_of)(1));
#else
    return (WORDS)(v != 0) & 1;
#endif
}

/* As fp32 has them, whatever their exponents are (see relative.h). */
INLINE VALUES NAME(to_24_bits)(VALUES v)
{
#if IS_FP32
    return v;
#else
    const WORD half = UINT64_C(1) << (52 - 24);
    return (VALUES)(((WORDS)v + (half - 1) + ((WORDS)v / (2 * half) & 1)) & -(2 * half));
#endif
}

/* Whether a word is not 0. */
INLINE bool NAME(any)(WORDS words)
{
#ifdef ANY
    return ANY(words);
#else
    WORD all = 0;
    for (size_t i = 0; i < NEAR_WIDTH; i++)
        all |= words[i];
    return all;
#endif
}

/*
 * Adding 2^(e + p - 1 - t), where e is the exponent of VALUE or the target's least and p this
 * type's precision, leaves room for t bits below e: the sum is VALUE rounded to nearest, ties to
 * even, as a datum of the target, and subtracting gives it back exactly. The sum's last place is
 * the target's, so that other directions are one of it further up or down, where the instruction
 * set has no sums of its own for them. DOWN: the sign is set where directions are towards zero.
 */
INLINE VALUES NAME(rounded)(VALUES value, VALUES power, WORDS down, enum hu_direction direction)
{
    if (direction == HU_TIES_TO_EVEN)
        return value + power - power;
    /* The last bit moves a tie up and nothing else. */
    if (direction == HU_TIES_TO_AWAY)
        return (VALUES)((WORDS)value | 1) + power - power;
#ifdef SUM_DOWN
    const VALUES below = (VALUES)SUM_DOWN(value, power);
#else
    const VALUES sum = value + power, near = sum - power;
    const VALUES below = (VALUES)((WORDS)sum + (WORDS)(near > value));
#endif
    if (direction == HU_TOWARD_ZERO)
        return below - power;
    if (direction == HU_TO_ODD)
        return (VALUES)((WORDS)below | NAME(one_if)(value - (below - power))) - power;
#ifdef SUM_DOWN
    return (VALUES)BY_SIGN(down, below, SUM_UP(value, power)) - power;
#else
    const WORDS where = (WORDS)((NAME(signs))down < 0);
    return (VALUES)((WORDS)sum + ((WORDS)(near > value) & where) -
                    ((WORDS)(near < value) & ~where)) -
           power;
#endif
}

/* The same by the bits that are dropped, LOW, of what is normal; not to even. */
INLINE VALUES NAME(cut)(VALUES value, WORDS low, WORDS down, enum hu_direction direction)
{
    const WORDS bits = (WORDS)value;
    if (direction == HU_TIES_TO_AWAY)
        return (VALUES)((bits + (low / 2 + 1)) & ~low);
    if (direction == HU_TOWARD_ZERO)
        return (VALUES)(bits & ~low);
    if (direction == HU_TO_ODD)
        return (VALUES)((bits | ((bits & low) + low)) & ~low);
    return (VALUES)((bits + (low & ~(WORDS)((NAME(signs))down < 0))) & ~low);
}

/* Whether no code of this direction has a greater exponent than what it is of. */
static inline bool NAME(cuts)(enum hu_direction direction)
{
    return direction == HU_TOWARD_ZERO || direction == HU_TO_ODD;
}

/* What is the same for the whole chunk, or for a scale. */
struct NAME(constants) {
    WORDS least, room, low, force, flip;
    VALUES divisor, smallest, most;
    WORDS overflow;
    bool in_fp32;
};

/* What NEAR is off X by, both in fp32. */
INLINE REALS NAME(wide_error)(const REAL *near, const REAL *x, double divisor)
{
    const NAME(masks) magnitude = (NAME(masks)){0} + INT64_MAX;
    REALS size = (REALS)((NAME(masks))NAME(load)(x) & magnitude);
    REALS scale = (REALS){0} + divisor, e = FUSED(NAME(load)(near), scale, -size);
    return (REALS)((NAME(masks))e & magnitude);
}

/* As in squares and rough_squares. */
INLINE void NAME(add_squares)(struct NAME(sums) * s, const struct NAME(found) * f,
                              const struct NAME(constants) * c, const REAL *x, size_t from,
                              bool wide)
{
    struct NAME(sums) own = *s; /* nothing points to it: it stays in registers */
    for (size_t i = 0; i < NAME(AT_ONCE); i += 16)
        UNROLLED for (int k = 0; k < NAME(VECTORS); k++)
        {
            const int n = k % NAME(NOISES);
            size_t at = i + (size_t)k * NAME(WIDTH);
            REALS e, r = NAME(load)(f->relative + at), sum, square;
            if (wide) {
                e = NAME(wide_error)(f->near + at, x + from + at, (double)c->divisor[0]);
                own.max_error = WIDER(own.max_error, e);
            } else {
                e = NAME(load)(f->error + at);
            }
            if (IS_FP32 && !wide) {
                sum = FUSED(e, e, own.high[n]);
                own.low[n] += FUSED(e, e, own.high[n] - sum);
            } else {
                square = e * e;
                sum = own.high[n] + square;
                own.low[n] += NAME(left)(&e, &square, sum - own.high[n]);
            }
            own.high[n] = sum;
            own.relative[k] = IS_FP32 ? FUSED(r, r, own.relative[k]) : own.relative[k] + r * r;
        }
    *s = own;
}

/* SIZE over DIVISOR. In fp32 it is rounded to odd, so that rounding it again is as rounding the
 * quotient. */
INLINE VALUES NAME(quotient)(VALUES size, VALUES divisor)
{
    VALUES value = size / divisor;
#if IS_FP32 && defined(FUSED_FP32)
    VALUES rest = (VALUES)FUSED_FP32(-value, divisor, size);
    value = (VALUES)(((WORDS)value + (WORDS)(rest < 0)) | NAME(one_if)(rest));
#endif
    return value;
}

/* What NEAR times DIVISOR is off SIZE by: exact in fp32, unless it is rounded away from zero. */
INLINE VALUES NAME(rest)(VALUES size, VALUES near, VALUES divisor)
{
#if IS_FP32 && defined(FUSED_FP32)
    return (VALUES)FUSED_FP32(-near, divisor, size);
#else
    return near * divisor - size;
#endif
}

/* So many elements from FROM on. */
INLINE void NAME(near_some)(struct NAME(gathered) * g, const void *x, size_t from, size_t n,
                            const struct NAME(constants) * c, struct NAME(found) * f, size_t to,
                            const struct NAME(case) is)
{
    const WORDS magnitude = NAME(words_of)((WORD)-1 >> 1);
    const WORDS field = NAME(words_of)(FIELD(TOP + 1));
    const WORDS room = c->room, least = c->least, flip = c->flip, force = c->force;
    const VALUES smallest = c->smallest, divisor = c->divisor;
    VALUES max_error = g->max_error, max_relative = g->max_relative, max_units = g->max_units;
    WORDS inexact = g->inexact, zeros = g->zeros, below = g->below, overflows = g->overflows;
    for (size_t i = 0; i < n; i += NEAR_WIDTH) {
        VALUES of;
        __builtin_memcpy(&of, (const REAL *)x + from + i, sizeof of);
        VALUES size = (VALUES)((WORDS)of & magnitude);
        VALUES value = is.divided ? NAME(quotient)(size, divisor) : size;
        VALUES exponent = (VALUES)((WORDS)value & field);
        exponent = is.small ? MAX(exponent, (VALUES)least) : exponent;
        VALUES power = (VALUES)((WORDS)exponent + room);
        WORDS down = ((WORDS)of ^ flip) | force;
        VALUES near = is.small || is.direction == HU_TIES_TO_EVEN
                          ? NAME(rounded)(value, power, down, is.direction)
                          : NAME(cut)(value, c->low, down, is.direction);
        if (is.scaled) {
            near = MIN(near, c->most);
            overflows += (WORDS)(size >= (VALUES)c->overflow);
        }
        VALUES difference = (VALUES)((WORDS)(near - value) & magnitude), error = difference;
        if (is.divided)
            error = (VALUES)((WORDS)NAME(rest)(size, near, divisor) & magnitude);
        WORDS differs = NAME(one_if)(error);
        inexact -= differs;
        if (ABOUT_UNITS(is))
            __builtin_memcpy(f->near + to + i, &near, sizeof near);
        VALUES relative = c->in_fp32 ? NAME(to_24_bits)(error) : error;
        relative /= MAX(size, smallest);
        relative = c->in_fp32 ? NAME(to_24_bits)(relative) : relative;
        __builtin_memcpy(f->relative + to + i, &relative, sizeof relative);
        max_relative = MAX(max_relative, relative);
        if (!is.wide) {
            __builtin_memcpy(f->error + to + i, &error, sizeof error);
            max_error = MAX(max_error, error);
        }
        if (ABOUT_UNITS(is)) {
            VALUES units = error * (VALUES)(FIELD(TOP) - (WORDS)exponent);
            max_units = MAX(max_units, units);
        } else if (is.units) {
            VALUES in_code = exponent;
            if (!NAME(cuts)(is.direction)) {
                in_code = (VALUES)((WORDS)near & field);
                in_code = is.small ? MAX(in_code, (VALUES)least) : in_code;
            }
            VALUES units = difference * (VALUES)(FIELD(TOP) - (WORDS)in_code);
            max_units = MAX(max_units, units);
        }
        if (is.small) {
            WORDS zero = (WORDS)(near == 0);
            zeros -= zero & differs;
            below += (WORDS)(near < (VALUES)least) - zero;
        }
    }
    *g = (struct NAME(gathered)){max_error, max_relative, max_units, inexact,
                                 zeros,     below,        overflows};
}

/* The exponent of the least magnitude that is not 0. */
static inline int NAME(least_of)(const struct hu_pass_near *b)
{
    return (int)((b->range.least_nonzero + 1) >> FIELD_SHIFT) - (int)BIAS;
}

/* Of the scale of elements from I on. */
INLINE void NAME(take_scale)(struct NAME(constants) * c, const struct hu_pass_near *b, size_t i)
{
    int scale = b->scales[i / HU_SCALED], least = b->emin + scale + (int)BIAS;
    WORD up = FIELD((WORD)scale);
    c->least = NAME(words_of)(FIELD((WORD)(least > 1 ? least : 1)));
    c->most = (VALUES)NAME(words_of)((WORD)b->most + up);
    c->overflow = NAME(words_of)((WORD)b->overflow + up);
}

/* Of magnitudes, whose bits are in order. */
TARGET static double NAME(greatest_of)(VALUES v)
{
    WORD words[NEAR_WIDTH], most = 0;
    __builtin_memcpy(words, &v, sizeof words);
    for (size_t i = 0; i < NEAR_WIDTH; i++)
        most = words[i] > most ? words[i] : most;
    return (double)NAME(real)(most);
}

TARGET static uint64_t NAME(count_of)(WORDS counted_down)
{
    WORD words[NEAR_WIDTH], n = 0;
    __builtin_memcpy(words, &counted_down, sizeof words);
    for (size_t i = 0; i < NEAR_WIDTH; i++)
        n -= words[i];
    return n;
}

/* About so many units that no error which has less, by divisors and in fp32, has more than is
 * known. */
INLINE VALUES NAME(units_limit)(const struct hu_pass_near *b, bool is_about)
{
    double known = ldexp(b->units_known, -b->trailing_bits);
    known = known > b->max_units ? known : b->max_units;
    known *= is_about ? (b->divisor != 0 ? b->divisor : 1) * (1 - 0x1p-22) : 1;
    return NAME(values_of)((REAL)known);
}

/* The most units that elements from X on have, which became NEAR. */
TARGET static __attribute__((noinline)) void NAME(find_units)(struct hu_pass_near *b, const REAL *x,
                                                              const REAL *near)
{
    const WORD field = FIELD(TOP + 1), least = FIELD((WORD)b->emin + BIAS);
    const double divisor = b->divisor != 0 ? b->divisor : 1;
    double most = b->max_units;
    for (size_t i = 0; i < NAME(AT_ONCE); i++) {
        double difference = fabs((double)near[i] - fabs((double)x[i]) / divisor);
        WORD exponent = NAME(word)(near[i]) & field;
        exponent = exponent > least ? exponent : least;
        double units = difference * (double)NAME(real)(FIELD(TOP) - exponent);
        most = units > most ? units : most;
    }
    b->max_units = most;
}

INLINE void NAME(near_all)(struct NAME(gathered) * g, struct NAME(sums) * s,
                           struct hu_pass_near *near, const struct NAME(case) is)
{
    const struct hu_pass_near b = *near; /* nothing points to it: it stays in registers */
    WORD all = (WORD)-1, none = 0;
    struct NAME(constants) c = {
        .least = NAME(words_of)(FIELD((WORD)b.emin + BIAS)),
        .room = NAME(words_of)(FIELD((WORD)(FIELD_SHIFT - b.trailing_bits))),
        .low = NAME(words_of)(((WORD)1 << (FIELD_SHIFT - b.trailing_bits)) - 1),
        .force = NAME(words_of)(b.direction == HU_TOWARD_ZERO ? all : none),
        .flip = NAME(words_of)(b.direction == HU_TOWARD_NEGATIVE ? all : none),
        .divisor = NAME(values_of)((REAL)(b.divisor != 0 ? b.divisor : 1)),
        .smallest = (VALUES)NAME(words_of)((WORD)b.range.least_nonzero + 1),
        .in_fp32 = b.in_fp32,
    };
    /* Of zeros alone there is no error to divide. */
    if (!b.range.greatest)
        c.smallest = NAME(values_of)(1);
    VALUES limit = NAME(units_limit)(near, is.divided || is.wide);
    struct NAME(found) found;
    const REAL *x = near->x;
    for (size_t from = 0; from < HU_CHUNK; from += NAME(AT_ONCE)) {
        for (size_t i = 0; is.scaled && i < NAME(AT_ONCE); i += HU_SCALED) {
            NAME(take_scale)(&c, &b, from + i);
            NAME(near_some)(g, x, from + i, HU_SCALED, &c, &found, i, is);
        }
        if (!is.scaled)
            NAME(near_some)(g, x, from, NAME(AT_ONCE), &c, &found, 0, is);
        if (ABOUT_UNITS(is)) {
            if (NAME(any)((WORDS)(g->max_units > limit))) {
                NAME(find_units)(near, x + from, found.near);
                limit = NAME(units_limit)(near, is.divided || is.wide);
            }
            g->max_units = NAME(values_of)(0);
        }
        NAME(add_squares)(s, &found, &c, x, from, is.wide);
    }
}

#define CASE(...) NAME(near_all)(g, s, b, (struct NAME(case)){__VA_ARGS__})

#if IS_FP32

INLINE void NAME(near_directed)(struct NAME(gathered) * g, struct NAME(sums) * s,
                                struct hu_pass_near *b, const struct NAME(case) is)
{
    const bool far = is.small && NAME(least_of)(b) < b->emin - b->trailing_bits + 2;
    if (b->direction == HU_TIES_TO_EVEN)
        CASE(.small = is.small, .divided = is.divided, .units = is.units);
    else if (b->direction == HU_TIES_TO_AWAY)
        CASE(HU_TIES_TO_AWAY, .small = is.small, .divided = is.divided, .units = is.units);
    else if (b->direction == HU_TOWARD_ZERO)
        CASE(HU_TOWARD_ZERO, .small = is.small, .divided = is.divided, .units = is.units);
    else if (b->direction == HU_TO_ODD && far)
        CASE(HU_TO_ODD, .small = true, .divided = is.divided, .wide = true);
    else if (b->direction == HU_TO_ODD)
        CASE(HU_TO_ODD, .small = is.small, .divided = is.divided, .units = is.units);
    else if (far)
        CASE(HU_TOWARD_POSITIVE, .small = true, .divided = is.divided, .wide = true);
    else
        CASE(HU_TOWARD_POSITIVE, .small = is.small, .divided = is.divided, .units = is.units);
}

/* Whether some error has as many units already as one may have: half a unit to nearest, or all that
 * is dropped of what is normal. */
static bool NAME(knows_units)(const struct hu_pass_near *b, bool small)
{
    if (b->direction <= HU_TIES_TO_AWAY)
        return b->units_known >= 0.5;
    return !small && b->units_known >= 1 - ldexp(1, b->trailing_bits - FIELD_SHIFT);
}

#define DIRECTED(...) NAME(near_directed)(g, s, b, (struct NAME(case)){__VA_ARGS__})

TARGET static void NAME(near_chosen)(struct NAME(gathered) * g, struct NAME(sums) * s,
                                     struct hu_pass_near *b)
{
    bool small = NAME(least_of)(b) - (b->divisor != 0) < b->emin;
    bool known = NAME(knows_units)(b, small);
    if (b->scales)
        CASE(.small = true, .scaled = true, .units = true);
#ifdef FUSED_FP32
    else if (b->divisor != 0 && small)
        DIRECTED(.small = true, .divided = true, .units = true);
    else if (b->divisor != 0)
        DIRECTED(.divided = true, .units = true);
#endif
    else if (known && small)
        DIRECTED(.small = true);
    else if (known)
        DIRECTED(.small = false);
    else if (small)
        DIRECTED(.small = true, .units = true);
    else
        DIRECTED(.units = true);
}

#undef DIRECTED

#else

/* To divide by 1 changes nothing, and is not done where it would be done often. */
TARGET static void NAME(near_chosen)(struct NAME(gathered) * g, struct NAME(sums) * s,
                                     struct hu_pass_near *b)
{
    enum hu_direction d = b->direction;
    if (b->scales)
        CASE(.small = true, .scaled = true, .units = true);
    else if (b->divisor == 0 && d == HU_TIES_TO_EVEN)
        CASE(.small = true, .units = true);
    else if (d == HU_TIES_TO_EVEN)
        CASE(.small = true, .divided = true, .units = true);
    else if (d == HU_TIES_TO_AWAY)
        CASE(HU_TIES_TO_AWAY, .small = true, .divided = true, .units = true);
    else if (d == HU_TO_ODD)
        CASE(HU_TO_ODD, .small = true, .divided = true, .units = true);
    else
        CASE(HU_TOWARD_POSITIVE, .small = true, .divided = true, .units = true);
}

#endif

#undef CASE

/* With errors below 2^(BOUND + 1): the base of their squares, as in squares. */
TARGET static void NAME(near_below)(struct hu_pass_near *b, int bound)
{
    const double base = ldexp(1, 2 * bound + 14);
    struct NAME(gathered) g;
    struct NAME(sums) s;
    double high = 0, low = 0;
    memset(&g, 0, sizeof g);
    memset(&s, 0, sizeof s);
    UNROLLED for (int k = 0; k < NAME(NOISES); k++) s.high[k] += base;
    b->max_units = 0;
    NAME(near_chosen)(&g, &s, b);
    b->inexact = NAME(count_of)(g.inexact);
    b->zeros = NAME(count_of)(g.zeros);
    b->subnormals = NAME(count_of)(g.below);
    b->overflows = NAME(count_of)(g.overflows);
    b->max_error = NAME(greatest_of)(g.max_error);
    b->max_relative = NAME(greatest_of)(g.max_relative);
    for (int i = 0; i < NAME(WIDTH); i++)
        b->max_error = s.max_error[i] > b->max_error ? s.max_error[i] : b->max_error;
    /* Where it was not found already. */
    double units = NAME(greatest_of)(g.max_units);
    b->max_units = units > b->max_units ? units : b->max_units;
    for (int i = 0; i < 8; i++) {
        high += s.high[i / NAME(WIDTH)][i % NAME(WIDTH)] - base;
        low += s.low[i / NAME(WIDTH)][i % NAME(WIDTH)];
    }
    b->noise = (struct hu_pass_sum){high, low, 0};
    b->squares_of_relative = NAME(total)(s.relative);
}

#if IS_FP32

/* Whether relative errors are in range where the least unit is made of any magnitude. */
static bool NAME(holds_relative)(const struct hu_pass_near *b)
{
    int least = NAME(least_of)(b);
    least -= least < LEAST_NORMAL_EXPONENT ? FIELD_SHIFT : 0; /* or more */
    return b->direction <= HU_TOWARD_ZERO || !b->range.greatest ||
           b->emin - b->trailing_bits + 1 - least < (int)BIAS;
}

/* By 1 to 2: then errors are multiples of what fp32 has, and so is what a quotient is off by. */
static bool NAME(may_divide)(const struct hu_pass_near *b)
{
#ifdef FUSED_FP32
    int least = NAME(least_of)(b);
    int lowest = b->emin > least - 1 ? b->emin : least - 1;
    return b->divisor >= 1 && b->divisor < 2 && !b->scales && b->trailing_bits < 22 &&
           (!b->range.greatest || least - 2 * FIELD_SHIFT > LEAST_NORMAL_EXPONENT) &&
           lowest - b->trailing_bits >= LEAST_NORMAL_EXPONENT;
#else
    (void)b;
    return false;
#endif
}

#endif

TARGET static bool NAME(near)(struct hu_pass_near *b)
{
    enum { NEAR_ENOUGH = 3 };
    if (!hu_pass_has_room(b, FIELD_SHIFT, (int)BIAS))
        return false;
#if IS_FP32
    if (!NAME(holds_relative)(b) || (b->divisor != 0 && !NAME(may_divide)(b)))
        return false;
#endif
    int bound = hu_pass_error_bound(b, FIELD_SHIFT, (int)BIAS);
    NAME(near_below)(b, bound);
    int found = b->inexact ? ilogb(b->max_error) : bound;
    if (found > bound || found < bound - NEAR_ENOUGH)
        NAME(near_below)(b, found);
    return true;
}

#undef INLINE
#undef SUM_DOWN
#undef SUM_UP
#undef BY_SIGN
#undef CHOSEN
#undef MAX
#undef MIN
#undef WIDER
#undef ABOUT_UNITS
#undef NEAR_WIDTH
#undef VALUES
#undef WORDS
#undef REALS
