#include "arithmetic.h"
#include "operation.h"

/* Above any exponent, and far from an int's end. */
enum { MOST_SCALE = 1 << 20 };

/* What an operation works on. */
struct work {
    enum hu_operation operation;
    int operands;
    const struct hu_format *const *from;
    const uint64_t *x;
    struct hu_datum d[HU_OPERANDS];
    uint64_t index;
    const struct hu_options *options;
    const struct hu_nan_row *nan;
};

static struct hu_exact nan_of(struct hu_datum nan, unsigned flags)
{
    nan.class = HU_QUIET_NAN;
    return (struct hu_exact){.kind = HU_EXACT_NAN, .sign = nan.sign, .nan = nan, .flags = flags};
}

static struct hu_datum default_nan(const struct work *w)
{
    uint64_t significand = w->nan->full ? UINT64_MAX : UINT64_C(1) << 63;
    return (struct hu_datum){HU_QUIET_NAN, w->nan->negative, significand, 0};
}

static struct hu_exact invalid(const struct work *w)
{
    return nan_of(default_nan(w), HU_INVALID);
}

static unsigned invalid_if_signaling(const struct work *w)
{
    unsigned flags = 0;
    for (int i = 0; i < w->operands; i++)
        if (w->d[i].class == HU_SIGNALING_NAN)
            flags = HU_INVALID;
    return flags;
}

/* Whether the NaN of A goes before that of B, which stands before it in the order. */
static bool goes_before(const struct work *w, const struct hu_datum *a, const struct hu_datum *b)
{
    if (w->nan->signaling_first && a->class != b->class)
        return a->class == HU_SIGNALING_NAN;
    const uint64_t quiet = UINT64_C(1) << 63;
    uint64_t x = a->significand | quiet, y = b->significand | quiet;
    return w->nan->greatest && (x > y || (x == y && b->sign && !a->sign));
}

/* The NaN that is given where some operand is one. */
static struct hu_exact propagate(const struct work *w)
{
    int n = w->operands;
    unsigned flags = invalid_if_signaling(w);
    if (w->nan->none)
        return nan_of(default_nan(w), flags);
    static const unsigned char only[1] = {0};
    const unsigned char *order = n == 1 ? only : n == 2 ? w->nan->order : w->nan->fma;
    const struct hu_datum *chosen = NULL;
    for (int i = 0; i < n; i++) {
        const struct hu_datum *d = &w->d[order[i]];
        if (hu_is_nan(*d) && (!chosen || goes_before(w, d, chosen)))
            chosen = d;
    }
    return nan_of(*chosen, flags);
}

static bool any_nan(const struct work *w)
{
    for (int i = 0; i < w->operands; i++)
        if (hu_is_nan(w->d[i]))
            return true;
    return false;
}

static struct hu_exact infinite(bool sign, unsigned flags)
{
    return (struct hu_exact){.kind = HU_EXACT_INFINITE, .sign = sign, .flags = flags};
}

static struct hu_exact zero(bool sign)
{
    return (struct hu_exact){.kind = HU_EXACT_ZERO, .sign = sign};
}

/* X + Y, of which X may be a product. */
static struct hu_exact sum(const struct work *w, const struct hu_exact *x, const struct hu_exact *y)
{
    bool infinite_x = x->kind == HU_EXACT_INFINITE, infinite_y = y->kind == HU_EXACT_INFINITE;
    if (infinite_x && infinite_y && x->sign != y->sign)
        return invalid(w);
    if (infinite_x || infinite_y)
        return infinite_x ? *x : *y;
    return hu_exact_sum(x, y, w->options->direction);
}

static bool is_infinity_times_zero(const struct hu_datum d[2])
{
    return (d[0].class == HU_INFINITE && d[1].class == HU_ZERO) ||
           (d[0].class == HU_ZERO && d[1].class == HU_INFINITE);
}

static struct hu_exact product(const struct work *w)
{
    if (is_infinity_times_zero(w->d))
        return invalid(w);
    if (w->d[0].class == HU_INFINITE || w->d[1].class == HU_INFINITE)
        return infinite(w->d[0].sign != w->d[1].sign, 0);
    return hu_exact_product(w->d[0], w->d[1]);
}

static struct hu_exact fused(const struct work *w)
{
    struct hu_exact p = product(w), addend = hu_exact_of(w->d[2]);
    return p.kind == HU_EXACT_NAN ? p : sum(w, &p, &addend);
}

/* IEEE 754-2019 section 7.2 leaves it open whether fma(infinity, 0, quiet NaN) is invalid. */
static struct hu_exact fused_nan(const struct work *w)
{
    struct hu_exact e = propagate(w);
    if (!is_infinity_times_zero(w->d))
        return e;
    if (w->nan->default_product && w->d[2].class == HU_QUIET_NAN)
        return invalid(w);
    if (!w->nan->quiet_product)
        e.flags |= HU_INVALID;
    return e;
}

static struct hu_exact quotient(const struct work *w)
{
    struct hu_datum x = w->d[0], y = w->d[1];
    bool sign = x.sign != y.sign;
    if ((x.class == HU_INFINITE && y.class == HU_INFINITE) ||
        (x.class == HU_ZERO && y.class == HU_ZERO))
        return invalid(w);
    if (x.class == HU_INFINITE)
        return infinite(sign, 0);
    if (y.class == HU_ZERO)
        return infinite(sign, HU_DIVIDE_BY_ZERO);
    return y.class == HU_INFINITE ? zero(sign) : hu_exact_quotient(x, y);
}

static struct hu_exact root(const struct work *w)
{
    struct hu_datum x = w->d[0];
    if (x.sign && x.class != HU_ZERO)
        return invalid(w);
    return x.class == HU_INFINITE ? infinite(false, 0) : hu_exact_root(x);
}

static struct hu_exact remainder_of(const struct work *w)
{
    struct hu_datum x = w->d[0], y = w->d[1];
    if (x.class == HU_INFINITE || y.class == HU_ZERO)
        return invalid(w);
    return y.class == HU_INFINITE ? hu_exact_of(x) : hu_exact_remainder(x, y);
}

static enum hu_relation relation_of(struct hu_datum x, struct hu_datum y)
{
    if (hu_is_nan(x) || hu_is_nan(y))
        return HU_RELATION_UNORDERED;
    int order = 0;
    if (x.class == HU_ZERO && y.class == HU_ZERO)
        return HU_RELATION_EQUAL;
    if (x.sign != y.sign)
        order = x.sign ? -1 : 1;
    else {
        order = hu_exact_compare(hu_exact_of(x), hu_exact_of(y));
        order = x.sign ? -order : order;
    }
    return order < 0 ? HU_RELATION_LESS : order == 0 ? HU_RELATION_EQUAL : HU_RELATION_GREATER;
}

static struct hu_exact comparison(const struct work *w)
{
    const struct hu_operation_row *row = hu_operation_row(w->operation);
    enum hu_relation relation = relation_of(w->d[0], w->d[1]);
    bool raised = row->signaling && relation == HU_RELATION_UNORDERED;
    return (struct hu_exact){.kind = HU_EXACT_TRUTH,
                             .truth = row->relations & relation,
                             .flags = raised ? HU_INVALID : invalid_if_signaling(w)};
}

static struct hu_exact extremum(const struct work *w)
{
    int which = (int)w->operation - HU_OP_MINIMUM;
    bool maximum = which & 1, number = which & 2, magnitude = which & 4;
    struct hu_datum x = w->d[0], y = w->d[1];
    if (hu_is_nan(x) || hu_is_nan(y)) {
        if (!number || (hu_is_nan(x) && hu_is_nan(y)))
            return propagate(w);
        struct hu_exact e = hu_exact_of(hu_is_nan(x) ? y : x);
        e.flags = invalid_if_signaling(w);
        return e;
    }
    enum hu_relation relation = HU_RELATION_EQUAL;
    if (magnitude) {
        struct hu_datum a = x, b = y;
        a.sign = b.sign = false;
        relation = relation_of(a, b);
    }
    if (relation == HU_RELATION_EQUAL)
        relation = relation_of(x, y);
    if (relation == HU_RELATION_EQUAL) /* zeros with different signs, or one datum */
        relation = x.sign ? HU_RELATION_LESS : HU_RELATION_GREATER;
    bool first = (relation == HU_RELATION_LESS) != maximum;
    return hu_exact_of(first ? x : y);
}

static struct hu_exact integral(const struct work *w)
{
    struct hu_datum d = w->d[0];
    if (d.quantum >= 0 || d.class == HU_ZERO || d.class == HU_INFINITE)
        return hu_exact_of(d);
    int lead = __builtin_clzll(d.significand);
    struct hu_cut cut = hu_cut_at(d.significand << lead, false, lead - d.quantum);
    enum hu_direction direction = w->options->direction;
    uint32_t random = direction == HU_STOCHASTIC ? hu_random(w->options->seed, w->index) : 0;
    struct hu_datum rounded = {HU_NORMAL, d.sign, cut.kept, 0};
    rounded.significand += hu_goes_up(cut, lead - d.quantum > 64, d.sign, direction, random);
    if (!rounded.significand)
        rounded.class = HU_ZERO;
    struct hu_exact e = hu_exact_of(rounded);
    if (!cut.exact && w->operation == HU_OP_ROUND_TO_INTEGRAL_EXACT)
        e.flags = HU_INEXACT;
    return e;
}

static struct hu_exact neighbour(const struct work *w)
{
    uint64_t next = w->x[0];
    if (w->operation == HU_OP_NEXT_UP)
        hu_next_up(w->from[0], w->x[0], &next);
    else
        hu_next_down(w->from[0], w->x[0], &next);
    return hu_exact_of(hu_decode(w->from[0], next));
}

/* An integral datum, held within MOST_SCALE; false: it has a fraction. */
static bool scale_of(struct hu_datum d, int *scale)
{
    uint64_t n = d.significand;
    if (d.quantum < 0 && n) {
        int zeros = __builtin_ctzll(n);
        if (zeros < -d.quantum)
            return false;
        n >>= -d.quantum;
    } else if (n && d.quantum > 20)
        n = MOST_SCALE;
    else
        n = n > MOST_SCALE ? MOST_SCALE : n << (n ? d.quantum : 0);
    *scale = n > MOST_SCALE ? MOST_SCALE : (int)n;
    if (d.sign)
        *scale = -*scale;
    return true;
}

static struct hu_exact scaled(const struct work *w)
{
    struct hu_datum x = w->d[0], y = w->d[1];
    int scale = 0;
    if (y.class == HU_INFINITE) {
        bool lost = y.sign ? x.class == HU_INFINITE : x.class == HU_ZERO;
        return lost ? invalid(w) : y.sign ? zero(x.sign) : infinite(x.sign, 0);
    }
    if (!scale_of(y, &scale))
        return invalid(w);
    struct hu_exact e = hu_exact_of(x);
    e.exponent += scale;
    return e;
}

static struct hu_exact logarithm(const struct work *w)
{
    struct hu_datum x = w->d[0];
    if (x.class == HU_ZERO)
        return infinite(true, HU_DIVIDE_BY_ZERO);
    if (x.class == HU_INFINITE)
        return infinite(false, 0);
    int log = x.quantum + 63 - __builtin_clzll(x.significand);
    struct hu_datum d = {log ? HU_NORMAL : HU_ZERO, log < 0, (uint64_t)(log < 0 ? -log : log), 0};
    return hu_exact_of(d);
}

static struct hu_exact with_sign(const struct work *w)
{
    struct hu_datum d = w->d[0];
    d.sign =
        w->operation == HU_OP_NEGATE ? !d.sign : w->operation == HU_OP_COPY_SIGN && w->d[1].sign;
    return hu_exact_of(d);
}

static struct hu_exact converted(const struct work *w)
{
    struct hu_exact e = hu_exact_of(w->d[0]);
    e.quiet = w->operation == HU_OP_CONVERT_QUIETLY;
    return e;
}

/* The four whose result may lie anywhere between two codes, of two operands that are no NaNs. */
static struct hu_exact basic(const struct work *w)
{
    switch (w->operation) {
    case HU_OP_ADD:
    case HU_OP_SUB: {
        struct hu_exact x = hu_exact_of(w->d[0]), y = hu_exact_of(w->d[1]);
        y.sign ^= w->operation == HU_OP_SUB;
        return sum(w, &x, &y);
    }
    case HU_OP_MUL:
        return product(w);
    default:
        return quotient(w);
    }
}

/* Of operands that are no NaNs. */
static struct hu_exact (*const exact_of[])(const struct work *) = {
    [HU_OP_ADD] = basic,
    [HU_OP_SUB] = basic,
    [HU_OP_MUL] = basic,
    [HU_OP_DIV] = basic,
    [HU_OP_FMA] = fused,
    [HU_OP_SQRT] = root,
    [HU_OP_REM] = remainder_of,
    [HU_OP_ROUND_TO_INTEGRAL] = integral,
    [HU_OP_ROUND_TO_INTEGRAL_EXACT] = integral,
    [HU_OP_NEXT_UP] = neighbour,
    [HU_OP_NEXT_DOWN] = neighbour,
    [HU_OP_SCALE_B] = scaled,
    [HU_OP_LOG_B] = logarithm,
};

/* The NaN of one format as another has it is hu_convert's, rules or no. */
static bool keeps_nans(enum hu_operation operation)
{
    return operation >= HU_OP_NEGATE && operation <= HU_OP_CONVERT_QUIETLY;
}

static inline void begin(struct work *w, enum hu_operation operation,
                         const struct hu_format *const from[], const uint64_t x[], uint64_t index,
                         const struct hu_operation_options *options)
{
    w->operation = operation;
    w->from = from;
    w->x = x;
    w->index = index;
    w->options = &options->rounding;
    w->nan = hu_nan_row(options->nan, from[0]);
    w->operands = hu_operation_row(operation)->operands;
    for (int i = 0; i < w->operands; i++)
        w->d[i] = hu_decode(from[i], x[i]);
}

struct hu_exact hu_basic_exact(enum hu_operation operation, const struct hu_format *const from[],
                               const uint64_t x[], const struct hu_operation_options *options)
{
    struct work w;
    begin(&w, operation, from, x, 0, options);
    return any_nan(&w) ? propagate(&w) : basic(&w);
}

struct hu_exact hu_operate_exact(enum hu_operation operation, const struct hu_format *const from[],
                                 const uint64_t x[], uint64_t index,
                                 const struct hu_operation_options *options)
{
    struct work w;
    begin(&w, operation, from, x, index, options);
    if (hu_is_comparison(operation))
        return comparison(&w);
    if (hu_is_extremum(operation))
        return extremum(&w);
    if (keeps_nans(operation))
        return operation >= HU_OP_CONVERT ? converted(&w) : with_sign(&w);
    if (any_nan(&w))
        return operation == HU_OP_FMA ? fused_nan(&w) : propagate(&w);
    return exact_of[operation](&w);
}

/* Sign operations within a format: IEEE 754-2019 section 5.5.1, of NaNs too. */
static bool is_of_sign(enum hu_operation operation, const struct hu_format *to,
                       const struct hu_format *from)
{
    return operation >= HU_OP_NEGATE && operation <= HU_OP_COPY_SIGN && to == from;
}

/* Those whose format's codes have a bit of their own for it. */
static bool turns_a_bit(enum hu_operation operation, const struct hu_format *to,
                        const struct hu_format *const from[])
{
    return is_of_sign(operation, to, from[0]) && hu_has_negative_zero(to) &&
           (operation != HU_OP_COPY_SIGN || to == from[1]);
}

static uint64_t with_bit(enum hu_operation operation, uint64_t sign, const uint64_t x[])
{
    if (operation == HU_OP_NEGATE)
        return x[0] ^ sign;
    return (x[0] & ~sign) | (operation == HU_OP_COPY_SIGN ? x[1] & sign : 0);
}

/* Sign operations within a format leave everything else of a NaN as it is, signaling ones too. */
uint64_t hu_operate_at(enum hu_operation operation, const struct hu_format *to,
                       const struct hu_format *const from[], const uint64_t x[], uint64_t index,
                       const struct hu_operation_options *options, unsigned *flags)
{
    if (turns_a_bit(operation, to, from) && !options->rounding.saturate)
        return with_bit(operation, hu_sign_mask(to), x);
    struct hu_exact e = hu_operate_exact(operation, from, x, index, options);
    if (e.kind == HU_EXACT_NAN && is_of_sign(operation, to, from[0]))
        return hu_encode(to, e.nan);
    return hu_round_exact(to, &e, index, &options->rounding, flags);
}

void hu_operation_formats(enum hu_operation operation, const struct hu_format *to,
                          const struct hu_format *const from[],
                          const struct hu_format *all[HU_OPERANDS])
{
    const struct hu_format *last = to;
    int operands = hu_operation_row(operation)->operands;
    for (int i = 0; i < HU_OPERANDS; i++)
        all[i] = last = from && i < operands && from[i] ? from[i] : last;
}

uint64_t hu_operate(enum hu_operation operation, const struct hu_format *to,
                    const struct hu_format *const from[], const uint64_t x[],
                    const struct hu_operation_options *options, unsigned *flags)
{
    static const struct hu_operation_options defaults;
    const struct hu_format *all[HU_OPERANDS];
    unsigned raised = 0;
    hu_operation_formats(operation, to, from, all);
    uint64_t code = hu_operate_at(operation, to, all, x, 0, options ? options : &defaults, &raised);
    if (flags)
        *flags |= raised;
    return code;
}

#define BINARY(name, operation)                                                                    \
    uint64_t name(const struct hu_format *f, uint64_t x, uint64_t y,                               \
                  const struct hu_operation_options *options, unsigned *flags)                     \
    {                                                                                              \
        return hu_operate(operation, f, NULL, (const uint64_t[]){x, y}, options, flags);           \
    }

BINARY(hu_add, HU_OP_ADD)
BINARY(hu_sub, HU_OP_SUB)
BINARY(hu_mul, HU_OP_MUL)
BINARY(hu_div, HU_OP_DIV)
BINARY(hu_rem, HU_OP_REM)

uint64_t hu_fma(const struct hu_format *f, uint64_t x, uint64_t y, uint64_t z,
                const struct hu_operation_options *options, unsigned *flags)
{
    return hu_operate(HU_OP_FMA, f, NULL, (const uint64_t[]){x, y, z}, options, flags);
}

uint64_t hu_sqrt(const struct hu_format *f, uint64_t x, const struct hu_operation_options *options,
                 unsigned *flags)
{
    return hu_operate(HU_OP_SQRT, f, NULL, &x, options, flags);
}
