/*
 * Operations in lanes of fp32 or fp64. Included with REAL, its BITS and QUIET_BIT, JOIN, and,
 * of an instruction set, TARGET, any(MASK) and where it has one FUSED(x, y, z), the fused
 * multiply-add of its lanes.
 */

#define WORD JOIN(JOIN(uint, BITS), _t)
#define NAME(x) JOIN(JOIN(fp, BITS), _##x)
typedef REAL NAME(reals) __attribute__((vector_size(VECTOR)));
typedef WORD NAME(words) __attribute__((vector_size(VECTOR)));
#define REALS NAME(reals)
#define WORDS NAME(words)
#define INLINE_HERE static inline __attribute__((always_inline)) TARGET

enum { NAME(LANES) = 8 * VECTOR / BITS };

/* What a row's NaNs become, by the rule, in what order operands are asked, and the guard. */
struct NAME(nans) {
    WORD invalid; /* the NaN of an invalid operation */
    bool none, quiet_product;
    bool guards;                      /* end where an element may be beyond the range */
    unsigned char order[HU_OPERANDS]; /* the first at last */
    unsigned char operands;
};

INLINE_HERE REALS NAME(load)(const REAL *at)
{
    REALS r;
    memcpy(&r, at, sizeof r);
    return r;
}

/* R rounded to nearest, which falls short of the exact result by ERROR, to odd (Boldo and
 * Melquiond, 2008). Specials have no error but NaN. */
INLINE_HERE REALS NAME(to_odd)(REALS r, REALS error)
{
    WORDS bits = (WORDS)r, opposite = ((WORDS)error ^ bits) >> (BITS - 1);
    WORDS inexact = (WORDS)(error < 0) | (WORDS)(error > 0);
    WORDS even = (WORDS)((bits & 1) == 0);
    return (REALS)(bits + ((1 - 2 * opposite) & inexact & even));
}

/* The error of a sum rounded to nearest (D. E. Knuth, TAOCP volume 2, section 4.2.2, theorem B),
 * and the sign of its zero, which is for the direction down alone. */
INLINE_HERE REALS NAME(odd_sum)(REALS x, REALS y, bool down)
{
    REALS sum = x + y, y_part = sum - x, x_part = sum - y_part;
    REALS odd = NAME(to_odd)(sum, (x - x_part) + (y - y_part));
    if (!down)
        return odd;
    WORDS zero = (WORDS)(sum == 0), plain = (WORDS)(((WORDS)x | (WORDS)y) == 0);
    return (REALS)((WORDS)odd | (zero & ~plain & (WORD)1 << (BITS - 1)));
}

#define INFINITE ((((WORD)1 << (BITS - 2 - QUIET_BIT)) - 1) << (QUIET_BIT + 1))

INLINE_HERE WORDS NAME(size)(REALS x)
{
    return (WORDS)x & ~((WORD)1 << (BITS - 1));
}

INLINE_HERE WORDS NAME(is_infinite)(REALS x)
{
    return (WORDS)(NAME(size)(x) == INFINITE);
}

INLINE_HERE WORDS NAME(either)(WORDS mask, WORDS x, WORDS y)
{
    return (x & mask) | (y & ~mask);
}

#if BITS == 64
/* To an integer, to nearest, where size(X) is at most 2^51: one unit of 3 * 2^51 is 1. */
#define INTEGERS 6755399441055744.0

/*
 * IEEE 754-2019 section 5.3.1 for operands of at most 11 bits and fp32's range. Of a quotient below
 * 2^41 the fraction is off a half by 2^-12 or not at all, and rounding moves it by less: the
 * nearest integer is the exact quotient's, has 41 bits, and its product with y 52. Above, 40 bits
 * of the quotient, an even integer, are taken off first: that product and the difference are exact
 * too.
 */
INLINE_HERE REALS NAME(remainder)(REALS x, REALS y)
{
    REALS rest = x, quotient = x / y;
    WORDS huge;
    for (; huge = (WORDS)(NAME(size)(quotient) >= ((WORD)1064 << 52)) &
                  (WORDS)(NAME(size)(quotient) < INFINITE),
           any(huge);
         quotient = rest / y) {
        REALS less = rest - (REALS)((WORDS)quotient & ~(WORD)0x1fff) * y;
        rest = (REALS)NAME(either)(huge, (WORDS)less, (WORDS)rest);
    }
    rest -= (quotient + INTEGERS - INTEGERS) * y;
    WORDS itself = NAME(is_infinite)(y) & (WORDS)(NAME(size)(x) < INFINITE);
    WORDS signed_rest = NAME(either)((WORDS)(rest == 0) & (WORD)1 << 63, (WORDS)x, (WORDS)rest);
    return (REALS)NAME(either)(itself, (WORDS)x, signed_rest);
}

/* X times 2^Y of operands within fp32's range, where 2^600 leads out of it from anywhere. */
INLINE_HERE REALS NAME(scaled)(REALS x, REALS y)
{
    const REALS none = {0}, most = none + 600, whole = none + 0x1p24;
    WORDS above = (WORDS)(y > most), below = (WORDS)(y < -most), infinite = NAME(is_infinite)(y);
    WORDS power = NAME(either)(above, (WORDS)most, NAME(either)(below, (WORDS)-most, (WORDS)y));
    WORDS factor = ((WORDS)((REALS)power + INTEGERS) + 1023) << 52;
    WORDS fraction =
        (WORDS)(y + INTEGERS - INTEGERS != y) & ~((WORDS)(y > whole) | (WORDS)(y < -whole));
    factor = NAME(either)(infinite, ~below & INFINITE, factor);
    return (REALS)((WORDS)(x * (REALS)factor) | fraction);
}
#endif

/* One step. exact: the result is what rounding once more in fewer bits takes, exact or to odd, or
 * of quotients and roots so near that nothing lies between; else it is the hardware's, rounded in
 * the direction of the environment. */
INLINE_HERE REALS NAME(step)(enum hu_operation operation, bool exact, bool down, REALS x, REALS y,
                             REALS z)
{
    switch (operation) {
    case HU_OP_ADD:
        return exact ? NAME(odd_sum)(x, y, down) : x + y;
    case HU_OP_SUB:
        return exact ? NAME(odd_sum)(x, -y, down) : x - y;
    case HU_OP_MUL:
        return x * y;
    case HU_OP_DIV:
        return x / y;
    case HU_OP_SQRT:
#ifdef ROOT
        return ROOT(x);
#endif
#if BITS == 64
    case HU_OP_REM:
        return NAME(remainder)(x, y);
    case HU_OP_SCALE_B:
        return NAME(scaled)(x, y);
#endif
    default:
#ifdef FUSED
        if (!exact)
            return FUSED(x, y, z);
#endif
        return NAME(odd_sum)(x * y, z, down);
    }
}

/* What stands beside the steps looks at bits, or compares for equality: nothing of it may raise the
 * environment's flags. */
/* R with the NaNs that the rule asks for; what is invalid into *FLAGS. */
INLINE_HERE REALS NAME(with_nans)(REALS r, const REALS x[HU_OPERANDS], const struct NAME(nans) * n,
                                  unsigned *flags)
{
    WORDS nan = (WORDS)(r != r), among = nan ^ nan;
    WORDS chosen = among + n->invalid;
    for (int i = 0; i < n->operands; i++) {
        REALS operand = x[n->order[i]];
        WORDS is_nan = (WORDS)(operand != operand);
        WORDS quiet = (WORDS)operand | (WORD)1 << (QUIET_BIT);
        among |= is_nan;
        chosen = n->none ? chosen : (quiet & is_nan) | (chosen & ~is_nan);
    }
    if (any(nan & ~among))
        *flags |= HU_INVALID;
    if (n->operands == 3 && !n->quiet_product) {
        WORDS lost = (NAME(is_infinite)(x[0]) & (WORDS)(x[1] == 0)) |
                     (NAME(is_infinite)(x[1]) & (WORDS)(x[0] == 0));
        if (any(lost))
            *flags |= HU_INVALID;
    }
    return (REALS)((chosen & nan) | ((WORDS)r & ~nan));
}

/* The lanes that may have left the range in which steps are exact: what is infinite, and products
 * below the normal numbers. */
INLINE_HERE WORDS NAME(beyond)(enum hu_operation operation, REALS r, const REALS x[])
{
    WORDS beyond = NAME(is_infinite)(r);
    if (operation == HU_OP_MUL || operation == HU_OP_FMA) {
        REALS product = x[0] * x[1];
        WORDS tiny = (WORDS)(NAME(size)(product) < ((WORD)2 << QUIET_BIT));
        WORDS zero = (WORDS)(x[0] == 0) | (WORDS)(x[1] == 0);
        beyond |= NAME(is_infinite)(product) | (tiny & ~zero);
    }
    return beyond;
}

/* LEFT elements, at most a vector of them, with whatever is special among them. */
TARGET static __attribute__((noinline)) unsigned
NAME(careful)(enum hu_operation operation, bool exact, bool down, REAL *r, const REAL *const src[],
              size_t i, size_t left, const struct NAME(nans) * nans)
{
    unsigned flags = 0;
    REALS x[HU_OPERANDS], rest = {0};
    for (int k = 0; k < HU_OPERANDS; k++) {
        x[k] = rest + 1; /* raises nothing in any operation */
        if (k < nans->operands)
            memcpy(&x[k], src[k] + i, left * sizeof(REAL));
    }
    REALS result = NAME(step)(operation, exact, down, x[0], x[1], x[2]);
    if (nans->guards && any(NAME(beyond)(operation, result, x)))
        return HU_LANES_BEYOND;
    if (any((WORDS)(result != result)))
        result = NAME(with_nans)(result, x, nans, &flags);
    if (operation == HU_OP_DIV &&
        any((WORDS)(x[1] == 0) & (WORDS)(NAME(size)(x[0]) < INFINITE) & (WORDS)(x[0] != 0)))
        flags |= HU_DIVIDE_BY_ZERO;
    memcpy(r + i, &result, left * sizeof(REAL));
    return flags;
}

/* Several vectors at once, which are looked at together; where something among them is special they
 * are done again, each by itself. */
INLINE_HERE unsigned NAME(loop)(enum hu_operation operation, int operands, bool exact, bool down,
                                bool guards, REAL *r, const REAL *const src[], size_t n,
                                const struct NAME(nans) * nans)
{
    enum { AT_ONCE = 4 };
    unsigned flags = 0;
    for (size_t i = 0, end; i < n; i = end) {
        REALS result[AT_ONCE];
        WORDS special = {0};
        bool whole = n - i >= AT_ONCE * NAME(LANES);
        end = whole ? i + AT_ONCE * NAME(LANES) : n;
        for (int v = 0; whole && v < AT_ONCE; v++) {
            REALS x[HU_OPERANDS] = {{0}};
            for (int k = 0; k < operands; k++)
                x[k] = NAME(load)(src[k] + i + (size_t)v * NAME(LANES));
            result[v] = NAME(step)(operation, exact, down, x[0], x[1], x[2]);
            special |= (WORDS)(result[v] != result[v]);
            if (operation == HU_OP_DIV)
                special |= (WORDS)(x[1] == 0);
            if (guards)
                special |= NAME(beyond)(operation, result[v], x);
        }
        if (whole && !any(special)) {
            memcpy(r + i, result, sizeof result);
            continue;
        }
        for (; i < end && !(flags & HU_LANES_BEYOND); i += NAME(LANES))
            flags |= NAME(careful)(operation, exact, down, r, src, i,
                                   end - i < NAME(LANES) ? end - i : NAME(LANES), nans);
        if (flags & HU_LANES_BEYOND)
            return flags;
    }
    return flags;
}

/* Of sums and products within the target's room, exact or to odd. */
INLINE_HERE unsigned NAME(guarded)(enum hu_operation operation, int operands, bool down, REAL *r,
                                   const REAL *const src[], size_t n,
                                   const struct NAME(nans) * nans)
{
    return nans->guards ? NAME(loop)(operation, operands, true, down, true, r, src, n, nans)
                        : NAME(loop)(operation, operands, true, down, false, r, src, n, nans);
}

/* Out of line, so that nothing of it moves past the environment's words. */
TARGET static __attribute__((noinline)) unsigned NAME(row)(enum hu_operation operation, bool exact,
                                                           bool down, REAL *r,
                                                           const REAL *const src[], size_t n,
                                                           const struct NAME(nans) * nans)
{
    switch (operation) {
    case HU_OP_ADD:
        return exact ? NAME(guarded)(HU_OP_ADD, 2, down, r, src, n, nans)
                     : NAME(loop)(HU_OP_ADD, 2, false, false, false, r, src, n, nans);
    case HU_OP_SUB:
        return exact ? NAME(guarded)(HU_OP_SUB, 2, down, r, src, n, nans)
                     : NAME(loop)(HU_OP_SUB, 2, false, false, false, r, src, n, nans);
    case HU_OP_MUL:
        return NAME(guarded)(HU_OP_MUL, 2, false, r, src, n, nans);
    case HU_OP_DIV:
        return NAME(loop)(HU_OP_DIV, 2, true, false, false, r, src, n, nans);
    case HU_OP_SQRT:
        return NAME(loop)(HU_OP_SQRT, 1, true, false, false, r, src, n, nans);
#if BITS == 64
    case HU_OP_REM:
        return NAME(loop)(HU_OP_REM, 2, true, false, false, r, src, n, nans);
    case HU_OP_SCALE_B:
        return NAME(loop)(HU_OP_SCALE_B, 2, true, false, false, r, src, n, nans);
#endif
    default:
        return exact ? NAME(guarded)(HU_OP_FMA, 3, down, r, src, n, nans)
                     : NAME(loop)(HU_OP_FMA, 3, false, false, false, r, src, n, nans);
    }
}

static unsigned NAME(run)(const struct hu_array_operation *a, bool exact, bool guards, void *r,
                          const void *const src[], size_t n)
{
    const struct hu_nan_row *rule = hu_nan_row(a->options.nan, a->from[0]);
    struct NAME(nans) nans = {
        .none = rule->none,
        .guards = guards,
        .quiet_product = rule->quiet_product,
        .operands = hu_operation_row(a->operation)->operands,
    };
    nans.invalid = rule->full ? ((WORD)1 << (BITS - 1)) - 1
                              : (((WORD)2 << (BITS - 2 - QUIET_BIT)) - 1) << QUIET_BIT;
    if (rule->negative)
        nans.invalid |= (WORD)1 << (BITS - 1);
    for (int i = 0; i < nans.operands; i++) {
        int at = nans.operands - 1 - i; /* the first in the order is asked last */
        nans.order[i] = nans.operands == 3   ? rule->fma[at]
                        : nans.operands == 2 ? rule->order[at]
                                             : 0;
    }
    bool down = a->options.rounding.direction == HU_TOWARD_NEGATIVE;
    const REAL *const x[HU_OPERANDS] = {src[0], src[1], src[2]};
    return NAME(row)(a->operation, exact, down, r, x, n, &nans);
}

#undef INFINITE
#undef INTEGERS
#undef REALS
#undef WORDS
#undef INLINE_HERE
#undef REAL
#undef ROOT
#undef FUSED
#undef WORD
#undef BITS
#undef QUIET_BIT
#undef NAME
