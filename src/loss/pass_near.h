/*
 * The walk of hu_pass_near for one type and one instruction set. Included by pass_lanes.h, which
 * says what is defined here. An instruction set may define MAX_FP32(a, b), MIN_FP32, MAX_FP64 and
 * MIN_FP64 of numbers that are no NaN, and beside them WIDE_AT(p), fp32 in memory in a register of
 * fp64, and ROUND_TO_FP32(v) of one of fp64.
 */

#define NEAR_WIDTH (LANE_BYTES / sizeof(REAL))
typedef REAL NAME(values) __attribute__((vector_size(LANE_BYTES)));
typedef WORD NAME(words) __attribute__((vector_size(LANE_BYTES)));
#define VALUES NAME(values)
#define WORDS NAME(words)
#define REALS NAME(lanes)

/* Noise is taken in eight parts, squares of relative errors in sixteen, whatever the machine's
 * registers hold. What is counted is counted down. */
enum { NAME(NOISES) = 8 / NAME(WIDTH) };
struct NAME(sums) {
    REALS high[NAME(NOISES)], low[NAME(NOISES)], relative[NAME(VECTORS)], max_wide;
};
struct NAME(gathered) {
    VALUES max_error, max_relative, max_units;
    WORDS inexact, zeros, below, overflows;
};

/* So many elements are rounded, and then their errors are squared: what both keep is more than
 * registers hold. */
enum { NAME(AT_ONCE) = 256 };
struct NAME(found) {
    _Alignas(64) REAL error[NAME(AT_ONCE)], relative[NAME(AT_ONCE)];
};

/* What is known when a walk is compiled. direction: HU_TOWARD_POSITIVE stands for all that may
 * look at signs. small: results may be subnormal or zero. */
struct NAME(case) {
    enum hu_direction direction;
    bool small, scaled, divided, from_fp32, units;
};

#define INLINE TARGET static inline __attribute__((always_inline))

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
#if !IS_FP32
typedef float NAME(halves) __attribute__((vector_size(LANE_BYTES / 2)));
INLINE REALS NAME(wide_at)(const float *at)
{
    NAME(halves) part;
    __builtin_memcpy(&part, at, sizeof part);
    return __builtin_convertvector(part, REALS);
}
#define WIDE_AT(p) NAME(wide_at)(p)
#define ROUND_TO_FP32(v) __builtin_convertvector(__builtin_convertvector(v, NAME(halves)), REALS)
#endif
#endif

INLINE WORDS NAME(words_of)(WORD w)
{
    return (WORDS){0} + w;
}

INLINE VALUES NAME(values_of)(REAL r)
{
    return (VALUES){0} + r;
}

/*
 * Adding 2^(e + p - 1 - t), where e is the exponent of VALUE or the target's least and p this
 * type's precision, leaves room for t bits below e: the sum is VALUE rounded to nearest, ties to
 * even, as a datum of the target, and subtracting gives it back exactly. The sum's last place is
 * the target's, so that other directions are one of it further up or down. DOWN: where directions
 * are one towards zero.
 */
INLINE VALUES NAME(rounded)(VALUES value, VALUES power, WORDS down, enum hu_direction direction)
{
    VALUES sum = value + power, near = sum - power;
    if (direction == HU_TIES_TO_EVEN)
        return near;
    if (direction == HU_TIES_TO_AWAY) {
        VALUES rest = value - near, unit = (VALUES)((WORDS)power + 1) - power;
        return (VALUES)((WORDS)sum - (WORDS)(rest + rest == unit)) - power;
    }
    WORDS over = (WORDS)(near > value), under = (WORDS)(near < value);
    if (direction == HU_TOWARD_ZERO)
        return (VALUES)((WORDS)sum + over) - power;
    if (direction == HU_TO_ODD) {
        WORDS cut = (WORDS)sum + over;
        return (VALUES)(cut | ((over | under) & 1)) - power;
    }
    return (VALUES)((WORDS)sum + (over & down) - (under & ~down)) - power;
}

/* Whether relative errors are those of fp64, though values are fp32. */
#define RELATES_WIDE(direction) (IS_FP32 && (direction) > HU_TIES_TO_AWAY)

/* As in squares and rough_squares. */
INLINE void NAME(add_squares)(struct NAME(sums) * s, const struct NAME(found) * f, const REAL *x,
                              REAL smallest, bool wide)
{
    REALS high[NAME(NOISES)], low[NAME(NOISES)], relative[NAME(VECTORS)], most = s->max_wide;
    UNROLLED for (int k = 0; k < NAME(NOISES); k++) high[k] = s->high[k], low[k] = s->low[k];
    UNROLLED for (int k = 0; k < NAME(VECTORS); k++) relative[k] = s->relative[k];
    for (size_t i = 0; i < NAME(AT_ONCE); i += 16)
        UNROLLED for (int k = 0; k < NAME(VECTORS); k++)
        {
            const int n = k % NAME(NOISES);
            size_t at = i + (size_t)k * NAME(WIDTH);
            REALS e = NAME(load)(f->error + at), r;
            if (wide) {
                REALS size = (REALS)((NAME(masks))NAME(load)(x + at) & INT64_MAX);
                size = WIDER(size, (REALS){0} + (double)smallest);
                r = e / size;
                most = WIDER(most, r);
            } else {
                r = NAME(load)(f->relative + at);
            }
            REALS sum, rest;
            if (IS_FP32) {
                sum = FUSED(e, e, high[n]);
                low[n] += FUSED(e, e, high[n] - sum);
            } else {
                rest = e * e;
                sum = high[n] + rest;
                low[n] += rest - (sum - high[n]);
                NAME(add_rounded_off)(&low[n], &e, &rest);
            }
            high[n] = sum;
            relative[k] = IS_FP32 && !wide ? FUSED(r, r, relative[k]) : relative[k] + r * r;
        }
    UNROLLED for (int k = 0; k < NAME(NOISES); k++) s->high[k] = high[k], s->low[k] = low[k];
    UNROLLED for (int k = 0; k < NAME(VECTORS); k++) s->relative[k] = relative[k];
    s->max_wide = most;
}

INLINE VALUES NAME(value_at)(const void *x, size_t i, bool from_fp32)
{
    VALUES v;
#if IS_FP32
    (void)from_fp32;
#else
    if (from_fp32)
        return (VALUES)WIDE_AT((const float *)x + i);
#endif
    __builtin_memcpy(&v, (const REAL *)x + i, sizeof v);
    return v;
}

/* What is the same for the whole chunk, or for a scale. */
struct NAME(constants) {
    WORDS least, room, force, flip;
    VALUES divisor, inverse, smallest, most;
    WORDS overflow;
};

/* SIZE over DIVISOR, rounded; of fp32 it may be off by more than that. */
INLINE VALUES NAME(quotient)(VALUES size, VALUES divisor, VALUES inverse)
{
#if IS_FP32 && defined(FUSED_FP32)
    VALUES about = size * inverse;
    return (VALUES)FUSED_FP32(FUSED_FP32(-about, divisor, size), inverse, about);
#else
    (void)inverse;
    return size / divisor;
#endif
}

/* What NEAR times DIVISOR is off SIZE by: exact in fp32. */
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
        VALUES of = NAME(value_at)(x, from + i, is.from_fp32);
        VALUES size = (VALUES)((WORDS)of & magnitude);
        VALUES value = is.divided ? NAME(quotient)(size, divisor, c->inverse) : size;
        VALUES exponent = (VALUES)((WORDS)value & field);
        exponent = is.small ? MAX(exponent, (VALUES)least) : exponent;
        VALUES power = (VALUES)((WORDS)exponent + room);
        WORDS down = ((WORDS)(of < 0) ^ flip) | force;
        VALUES near = NAME(rounded)(value, power, down, is.direction);
        if (is.scaled) {
            near = MIN(near, c->most);
            overflows += (WORDS)(size >= (VALUES)c->overflow);
        }
        VALUES difference = (VALUES)((WORDS)(near - value) & magnitude), error = difference;
        if (is.divided)
            error = (VALUES)((WORDS)NAME(rest)(size, near, divisor) & magnitude);
        __builtin_memcpy(f->error + to + i, &error, sizeof error);
        if (!RELATES_WIDE(is.direction)) {
            VALUES relative = error / MAX(size, smallest);
#if !IS_FP32
            if (is.from_fp32 && is.direction <= HU_TIES_TO_AWAY)
                relative = (VALUES)ROUND_TO_FP32(relative);
#endif
            __builtin_memcpy(f->relative + to + i, &relative, sizeof relative);
            max_relative = MAX(max_relative, relative);
        }
        WORDS differs = (WORDS)(error != 0);
        inexact += differs;
        max_error = MAX(max_error, error);
        if (is.divided && IS_FP32) {
            VALUES units = error * (VALUES)(FIELD(TOP) - (WORDS)exponent);
            max_units = MAX(max_units, units);
        } else if (is.units) {
            VALUES in_code = (VALUES)((WORDS)near & field);
            in_code = is.small ? MAX(in_code, (VALUES)least) : in_code;
            in_code = is.direction == HU_TOWARD_ZERO ? exponent : in_code; /* none carries */
            VALUES units = difference * (VALUES)(FIELD(TOP) - (WORDS)in_code);
            max_units = MAX(max_units, units);
        }
        if (is.small) {
            WORDS zero = (WORDS)(near == 0);
            zeros += zero & differs;
            below += (WORDS)(near < (VALUES)least) - zero;
        }
    }
    *g = (struct NAME(gathered)){max_error, max_relative, max_units, inexact,
                                 zeros,     below,        overflows};
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

INLINE void NAME(near_all)(struct NAME(gathered) * g, struct NAME(sums) * s,
                           const struct hu_pass_near *near, const struct NAME(case) is)
{
    const struct hu_pass_near b = *near; /* nothing points to it: it stays in registers */
    WORD all = (WORD)-1, none = 0;
    struct NAME(constants) c = {
        .least = NAME(words_of)(FIELD((WORD)b.emin + BIAS)),
        .room = NAME(words_of)(FIELD((WORD)(FIELD_SHIFT - b.trailing_bits))),
        .force = NAME(words_of)(b.direction == HU_TOWARD_ZERO ? all : none),
        .flip = NAME(words_of)(b.direction == HU_TOWARD_NEGATIVE ? all : none),
        .divisor = NAME(values_of)((REAL)b.divisor),
        .inverse = NAME(values_of)((REAL)(b.divisor != 0 ? 1 / b.divisor : 0)),
        .smallest = (VALUES)NAME(words_of)((WORD)b.range.least_nonzero + 1),
    };
    /* Of zeros alone there is no error to divide. */
    if (!b.range.greatest)
        c.smallest = NAME(values_of)(1);
    const REAL smallest = c.smallest[0];
    struct NAME(found) found;
    const void *x = near->x;
    for (size_t from = 0; from < HU_CHUNK; from += NAME(AT_ONCE)) {
        for (size_t i = 0; is.scaled && i < NAME(AT_ONCE); i += HU_SCALED) {
            NAME(take_scale)(&c, &b, from + i);
            NAME(near_some)(g, x, from + i, HU_SCALED, &c, &found, i, is);
        }
        if (!is.scaled)
            NAME(near_some)(g, x, from, NAME(AT_ONCE), &c, &found, 0, is);
        NAME(add_squares)(s, &found, (const REAL *)x + from, smallest, RELATES_WIDE(is.direction));
    }
}

#define CASE(...) NAME(near_all)(g, s, b, (struct NAME(case)){__VA_ARGS__})

#if IS_FP32

TARGET static void NAME(near_chosen)(struct NAME(gathered) * g, struct NAME(sums) * s,
                                     const struct hu_pass_near *b)
{
    bool small = (int)((b->range.least_nonzero + 1) >> FIELD_SHIFT) - (int)BIAS < b->emin;
    if (b->scales)
        CASE(.small = true, .scaled = true, .units = true);
#ifdef FUSED_FP32
    else if (b->divisor != 0)
        CASE(.small = true, .divided = true);
#endif
    else if (b->direction == HU_TIES_TO_AWAY)
        CASE(HU_TIES_TO_AWAY, .small = true, .units = true);
    else if (b->direction == HU_TO_ODD)
        CASE(HU_TO_ODD, .small = true, .units = true);
    else if (b->direction == HU_TOWARD_ZERO)
        CASE(HU_TOWARD_ZERO, .small = true, .units = true);
    else if (b->direction != HU_TIES_TO_EVEN)
        CASE(HU_TOWARD_POSITIVE, .small = true, .units = true);
    else if (small && b->no_units)
        CASE(.small = true);
    else if (small)
        CASE(.small = true, .units = true);
    else if (b->no_units)
        CASE(.small = false);
    else
        CASE(.units = true);
}

#else

INLINE void NAME(near_divided)(struct NAME(gathered) * g, struct NAME(sums) * s,
                               const struct hu_pass_near *b, enum hu_direction direction)
{
    if (b->x_is_fp32)
        CASE(direction, .small = true, .divided = true, .from_fp32 = true, .units = true);
    else
        CASE(direction, .small = true, .divided = true, .units = true);
}

/* To divide by 1 changes nothing, and is not done where it would be done often. */
TARGET static void NAME(near_chosen)(struct NAME(gathered) * g, struct NAME(sums) * s,
                                     const struct hu_pass_near *near)
{
    struct hu_pass_near own = *near, *b = &own;
    own.divisor = near->divisor != 0 ? near->divisor : 1;
    enum hu_direction d = b->direction;
    if (b->scales)
        CASE(.small = true, .scaled = true, .units = true);
    else if (near->divisor == 0 && b->x_is_fp32 && d > HU_TIES_TO_AWAY && d != HU_TO_ODD)
        CASE(HU_TOWARD_POSITIVE, .small = true, .from_fp32 = true, .units = true);
    else if (near->divisor == 0 && !b->x_is_fp32 && d == HU_TIES_TO_EVEN)
        CASE(.small = true, .units = true);
    else if (d == HU_TIES_TO_EVEN)
        NAME(near_divided)(g, s, b, HU_TIES_TO_EVEN);
    else if (d == HU_TIES_TO_AWAY)
        NAME(near_divided)(g, s, b, HU_TIES_TO_AWAY);
    else if (d == HU_TO_ODD)
        NAME(near_divided)(g, s, b, HU_TO_ODD);
    else
        NAME(near_divided)(g, s, b, HU_TOWARD_POSITIVE);
}

#endif

#undef CASE

TARGET static double NAME(greatest_of)(VALUES v)
{
    REAL most = 0;
    for (size_t i = 0; i < NEAR_WIDTH; i++)
        most = v[i] > most ? v[i] : most;
    return (double)most;
}

TARGET static uint64_t NAME(count_of)(WORDS counted_down)
{
    uint64_t n = 0;
    for (size_t i = 0; i < NEAR_WIDTH; i++)
        n += (WORD)0 - counted_down[i];
    return n;
}

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
    NAME(near_chosen)(&g, &s, b);
    b->inexact = NAME(count_of)(g.inexact);
    b->zeros = NAME(count_of)(g.zeros);
    b->subnormals = NAME(count_of)(g.below);
    b->overflows = NAME(count_of)(g.overflows);
    b->max_error = NAME(greatest_of)(g.max_error);
    b->max_relative = NAME(greatest_of)(g.max_relative);
    for (int i = 0; i < NAME(WIDTH); i++)
        b->max_relative = s.max_wide[i] > b->max_relative ? s.max_wide[i] : b->max_relative;
    b->max_units = NAME(greatest_of)(g.max_units);
    for (int i = 0; i < 8; i++) {
        high += s.high[i / NAME(WIDTH)][i % NAME(WIDTH)] - base;
        low += s.low[i / NAME(WIDTH)][i % NAME(WIDTH)];
    }
    b->noise = (struct hu_pass_sum){high, low, 0};
    b->squares_of_relative = NAME(total)(s.relative);
}

#if IS_FP32

/* By 1 to 2, and to nearest even: then errors are multiples of what fp32 has. */
static bool NAME(may_divide)(const struct hu_pass_near *b)
{
#ifdef FUSED_FP32
    int least = (int)((b->range.least_nonzero + 1) >> FIELD_SHIFT) - (int)BIAS;
    int lowest = b->emin > least - 1 ? b->emin : least - 1;
    return b->divisor >= 1 && b->divisor < 2 && b->direction == HU_TIES_TO_EVEN && !b->scales &&
           least > LEAST_NORMAL_EXPONENT && lowest - b->trailing_bits >= LEAST_NORMAL_EXPONENT;
#else
    (void)b;
    return false;
#endif
}

/* Whether a quotient may be half way between two results, so that its error does not say which it
 * is nearer to, or have more units than are known: they are found to a few of fp32's last place. */
static bool NAME(is_doubtful)(struct hu_pass_near *b)
{
    double units = ldexp(b->max_units / b->divisor, b->trailing_bits);
    double most = b->units_known < 0.5 ? b->units_known : 0.5;
    b->max_units = 0;
    return units >= most * (1 - 0x1p-20);
}

#endif

TARGET static bool NAME(near)(struct hu_pass_near *b)
{
    enum { NEAR_ENOUGH = 3 };
    if (!hu_pass_has_room(b, FIELD_SHIFT, (int)BIAS))
        return false;
#if IS_FP32
    if (b->divisor != 0 && !NAME(may_divide)(b))
        return false;
#endif
    int bound = hu_pass_error_bound(b, FIELD_SHIFT, (int)BIAS);
    NAME(near_below)(b, bound);
    int found = b->inexact ? ilogb(b->max_error) : bound;
    if (found > bound || found < bound - NEAR_ENOUGH)
        NAME(near_below)(b, found);
#if IS_FP32
    if (b->divisor != 0)
        return !NAME(is_doubtful)(b);
#endif
    return true;
}

#undef INLINE
#undef CHOSEN
#undef MAX
#undef MIN
#undef WIDER
#undef RELATES_WIDE
#undef NEAR_WIDTH
#undef VALUES
#undef WORDS
#undef REALS
