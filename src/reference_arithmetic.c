/*
 * Operations by MPFR. What is inexact is rounded to odd in more than two bits beyond any target
 * first, so that rounding again is innocuous (Boldo and Melquiond, 2008, theorem 1).
 */
#include "reference_parts.h"

enum {
    MOST_SCALE = 1 << 22, /* beyond the exponents of all formats together */
    ORDERS = 4            /* relations: less, equal, greater, unordered */
};

/* What is asked, and the operands, whose values are r->operand. */
struct asked {
    struct hu_reference *r;
    enum hu_operation operation;
    int operands;
    struct hu_reference_datum d[3];
    const struct hu_operation_options *options;
    unsigned flags;
};

static int operands_of(enum hu_operation operation)
{
    static const unsigned char others[HU_OPERATIONS] = {
        [HU_OP_FMA] = 3,
        [HU_OP_SQRT] = 1,
        [HU_OP_NEXT_UP] = 1,
        [HU_OP_NEXT_DOWN] = 1,
        [HU_OP_LOG_B] = 1,
        [HU_OP_NEGATE] = 1,
        [HU_OP_ABS] = 1,
        [HU_OP_ROUND_TO_INTEGRAL] = 1,
        [HU_OP_CONVERT] = 1,
        [HU_OP_ROUND_TO_INTEGRAL_EXACT] = 1,
        [HU_OP_CONVERT_QUIETLY] = 1,
    };
    return others[operation] ? others[operation] : 2;
}

static bool is_between(enum hu_operation first, enum hu_operation x, enum hu_operation last)
{
    return first <= x && x <= last;
}

/* The operands in the order in which their NaNs are asked, by rule. */
static bool is_ptx_fp64(const struct asked *q)
{
    const struct hu_format *f = q->d[0].format;
    return q->options->nan == HU_NAN_PTX && f->width == 64 && f->trailing_bits == 52;
}

static void nan_order(const struct asked *q, int operands, int order[3])
{
    enum hu_nan_rule rule = q->options->nan;
    bool last = rule == HU_NAN_LAST || is_ptx_fp64(q);
    for (int i = 0; i < operands; i++)
        order[i] = last ? operands - 1 - i : i;
    if (rule == HU_NAN_PTX && operands == 3) {
        order[0] = 1;
        order[1] = 2;
        order[2] = 0;
    }
    if (rule == HU_NAN_ARM && operands == 3) {
        order[0] = 2;
        order[1] = 0;
        order[2] = 1;
    }
}

static bool wins(enum hu_nan_rule rule, const struct hu_reference_datum *a,
                 const struct hu_reference_datum *b)
{
    if (rule == HU_NAN_SIGNALING || rule == HU_NAN_ARM)
        return a->signaling && !b->signaling;
    if (rule != HU_NAN_GREATEST && rule != HU_NAN_X87)
        return false;
    /* Compared as they are once quiet, the quiet bit first. */
    uint64_t x = a->trailing << (63 - a->format->trailing_bits) << 2;
    uint64_t y = b->trailing << (63 - b->format->trailing_bits) << 2;
    return x > y || (x == y && b->sign && !a->sign);
}

static uint64_t fresh_nan(struct asked *q, const struct hu_format *to)
{
    enum hu_nan_rule rule = q->options->nan;
    bool negative = rule == HU_NAN_X86 || rule == HU_NAN_X87 || is_ptx_fp64(q);
    return hu_reference_new_nan(to, negative, rule == HU_NAN_PTX && !negative, &q->flags);
}

static uint64_t invalid(struct asked *q, const struct hu_format *to)
{
    q->flags |= HU_INVALID;
    return fresh_nan(q, to);
}

static uint64_t operand_nan(struct asked *q, const struct hu_format *to)
{
    enum hu_nan_rule rule = q->options->nan;
    if (rule == HU_NAN_CANONICAL || (rule == HU_NAN_PTX && !is_ptx_fp64(q)))
        return fresh_nan(q, to);
    int order[3], best = -1;
    nan_order(q, q->operands, order);
    for (int i = 0; i < q->operands; i++)
        if (q->d[order[i]].nan && (best < 0 || wins(rule, &q->d[order[i]], &q->d[best])))
            best = order[i];
    return hu_reference_round_nan(to, &q->d[best], &q->flags);
}

/* The product of a fusedMultiplyAdd with a NaN for addend: section 7.2 of IEEE 754-2019 leaves it
 * open whether infinity times zero is invalid then. */
static uint64_t fused_nan(struct asked *q, const struct hu_format *to)
{
    mpfr_t *x = q->r->operand;
    enum hu_nan_rule rule = q->options->nan;
    bool lost = (mpfr_inf_p(x[0]) && mpfr_zero_p(x[1])) || (mpfr_zero_p(x[0]) && mpfr_inf_p(x[1]));
    if (lost && rule == HU_NAN_ARM && !q->d[2].signaling)
        return invalid(q, to);
    if (lost && rule != HU_NAN_X86)
        q->flags |= HU_INVALID;
    return operand_nan(q, to);
}

static int by_mpfr(struct asked *q, mpfr_rnd_t way)
{
    static int (*const of_two[])(mpfr_ptr, mpfr_srcptr, mpfr_srcptr,
                                 mpfr_rnd_t) = {[HU_OP_ADD] = mpfr_add,
                                                [HU_OP_SUB] = mpfr_sub,
                                                [HU_OP_MUL] = mpfr_mul,
                                                [HU_OP_DIV] = mpfr_div,
                                                [HU_OP_REM] = mpfr_remainder};
    struct hu_reference *r = q->r;
    if (q->operation == HU_OP_FMA)
        return mpfr_fma(r->value, r->operand[0], r->operand[1], r->operand[2], way);
    if (q->operation == HU_OP_SQRT)
        return mpfr_sqrt(r->value, r->operand[0], way);
    return of_two[q->operation](r->value, r->operand[0], r->operand[1], way);
}

static uint64_t rounded(struct asked *q, const struct hu_format *to)
{
    return hu_reference_round(q->r, to, &q->options->rounding, &q->flags);
}

/* Infinities, zeros and what is invalid are MPFR's, whose signs of zero are IEEE's by direction. */
static uint64_t arithmetic(struct asked *q, const struct hu_format *to)
{
    struct hu_reference *r = q->r;
    bool down = q->options->rounding.direction == HU_TOWARD_NEGATIVE;
    bool inexact = by_mpfr(q, MPFR_RNDZ) != 0;
    if (mpfr_nan_p(r->value))
        return invalid(q, to);
    if (inexact)
        hu_reference_to_odd(r->value);
    else if (mpfr_zero_p(r->value) && down)
        by_mpfr(q, MPFR_RNDD);
    bool by_zero = q->operation == HU_OP_DIV && mpfr_zero_p(r->operand[1]);
    if (by_zero && !mpfr_inf_p(r->operand[0]) && to->specials != HU_SPECIALS_INTEGER)
        q->flags |= HU_DIVIDE_BY_ZERO;
    return rounded(q, to);
}

static uint64_t extremum(struct asked *q, const struct hu_format *to)
{
    enum hu_operation op = q->operation;
    bool greatest = op == HU_OP_MAXIMUM || op == HU_OP_MAXIMUM_NUMBER ||
                    op == HU_OP_MAXIMUM_MAGNITUDE || op == HU_OP_MAXIMUM_MAGNITUDE_NUMBER;
    bool number = op == HU_OP_MINIMUM_NUMBER || op == HU_OP_MAXIMUM_NUMBER ||
                  op == HU_OP_MINIMUM_MAGNITUDE_NUMBER || op == HU_OP_MAXIMUM_MAGNITUDE_NUMBER;
    mpfr_t *x = q->r->operand;
    if ((q->d[0].nan || q->d[1].nan) && !(number && !(q->d[0].nan && q->d[1].nan)))
        return operand_nan(q, to);
    int order = 0;
    if (q->d[0].nan || q->d[1].nan)
        order = q->d[1].nan == greatest ? 1 : -1;
    else if (op >= HU_OP_MINIMUM_MAGNITUDE)
        order = mpfr_cmpabs(x[0], x[1]);
    if (order == 0)
        order = mpfr_cmp(x[0], x[1]);
    if (order == 0)
        order = (mpfr_signbit(x[0]) == 0) - (mpfr_signbit(x[1]) == 0);
    bool second = greatest ? order < 0 : order > 0;
    mpfr_set(q->r->value, x[second], MPFR_RNDN);
    return rounded(q, to);
}

static uint64_t integral(struct asked *q, const struct hu_format *to)
{
    struct hu_reference *r = q->r;
    mpfr_set(r->value, r->operand[0], MPFR_RNDN);
    if (mpfr_regular_p(r->value)) {
        mpfr_set(r->scaled, r->value, MPFR_RNDN);
        bool inexact = hu_reference_round_scaled(r, q->options->rounding.direction);
        mpfr_set(r->value, r->rounded, MPFR_RNDN);
        if (inexact && q->operation == HU_OP_ROUND_TO_INTEGRAL_EXACT)
            q->flags |= HU_INEXACT;
    }
    return rounded(q, to);
}

/* What lies next to the value, beyond any format's precision, rounded the same way. */
static uint64_t neighbour(struct asked *q, const struct hu_format *to, uint64_t bits)
{
    const struct hu_format *f = q->d[0].format;
    struct hu_reference *r = q->r;
    bool up = q->operation == HU_OP_NEXT_UP;
    struct hu_options o = {.direction = up ? HU_TOWARD_POSITIVE : HU_TOWARD_NEGATIVE};
    unsigned raised = 0;
    mpfr_set(r->value, r->operand[0], MPFR_RNDN);
    if (up)
        mpfr_nextabove(r->value);
    else
        mpfr_nextbelow(r->value);
    uint64_t next = hu_reference_round(r, f, &o, &raised);
    bool beyond = raised & (HU_OVERFLOW | HU_INVALID);
    bool turns = up == q->d[0].sign; /* toward zero: from an infinity too */
    if (beyond && !turns && !hu_reference_has_infinity(f))
        next = bits;
    if (beyond && !up && !hu_reference_has_sign(f) && mpfr_zero_p(r->operand[0]))
        next = bits;
    hu_reference_decode(r->value, f, next);
    return rounded(q, to);
}

static uint64_t scaled(struct asked *q, const struct hu_format *to)
{
    struct hu_reference *r = q->r;
    mpfr_t *x = r->operand;
    if (mpfr_inf_p(x[1])) {
        bool lost = mpfr_signbit(x[1]) ? mpfr_inf_p(x[0]) : mpfr_zero_p(x[0]);
        if (lost)
            return invalid(q, to);
        if (mpfr_signbit(x[1]))
            mpfr_set_zero(r->value, mpfr_signbit(x[0]) ? -1 : 1);
        else
            mpfr_set_inf(r->value, mpfr_signbit(x[0]) ? -1 : 1);
        return rounded(q, to);
    }
    if (!mpfr_integer_p(x[1]))
        return invalid(q, to);
    long n = mpfr_cmp_si(x[1], MOST_SCALE) > 0    ? MOST_SCALE
             : mpfr_cmp_si(x[1], -MOST_SCALE) < 0 ? -MOST_SCALE
                                                  : mpfr_get_si(x[1], MPFR_RNDN);
    mpfr_mul_2si(r->value, x[0], n, MPFR_RNDN);
    return rounded(q, to);
}

static uint64_t logarithm(struct asked *q, const struct hu_format *to)
{
    struct hu_reference *r = q->r;
    if (mpfr_zero_p(r->operand[0])) {
        mpfr_set_inf(r->value, -1);
        if (to->specials != HU_SPECIALS_INTEGER)
            q->flags |= HU_DIVIDE_BY_ZERO;
    } else if (mpfr_inf_p(r->operand[0]))
        mpfr_set_inf(r->value, 1);
    else
        mpfr_set_si(r->value, mpfr_get_exp(r->operand[0]) - 1, MPFR_RNDN);
    return rounded(q, to);
}

/* negate, abs, copySign: of a NaN within its format the sign bit alone. */
static uint64_t with_sign(struct asked *q, const struct hu_format *to, uint64_t bits)
{
    struct hu_reference_datum *d = &q->d[0];
    bool sign = q->operation == HU_OP_NEGATE      ? !d->sign
                : q->operation == HU_OP_COPY_SIGN ? q->d[1].sign
                                                  : false;
    if (d->nan) {
        if (to != d->format) {
            d->sign = sign;
            return hu_reference_round_nan(to, d, &q->flags);
        }
        uint64_t bit = (uint64_t)1 << (to->width - 1);
        bool signs = hu_reference_has_sign(to) &&
                     (to->specials == HU_SPECIALS_IEEE || to->specials == HU_SPECIALS_FN);
        return !signs ? bits : sign ? bits | bit : bits & ~bit;
    }
    mpfr_setsign(q->r->value, q->r->operand[0], sign, MPFR_RNDN);
    return rounded(q, to);
}

/* The relations that make each comparison true, in the order of enum hu_operation, by bits: less,
 * equal, greater, unordered (tables 5.1 to 5.3 of IEEE 754-2019). */
static bool comparison(struct asked *q)
{
    static const char *const quiet[] = {
        "=", "<>?", "<", "<=", ">", ">=", "=>?", ">?", "<=?", "<?", "<=>", "?"};
    static const char *const signaling[] = {"=",  "<>?", "<",  "<=",  ">",
                                            ">=", "=>?", ">?", "<=?", "<?"};
    static const char symbols[ORDERS] = {'<', '=', '>', '?'};
    bool unordered = q->d[0].nan || q->d[1].nan;
    bool signals = q->operation >= HU_OP_SIGNALING_EQUAL;
    if (unordered && signals)
        q->flags |= HU_INVALID;
    const char *truths = signals ? signaling[q->operation - HU_OP_SIGNALING_EQUAL]
                                 : quiet[q->operation - HU_OP_EQUAL];
    int order = unordered ? 2 : mpfr_cmp(q->r->operand[0], q->r->operand[1]);
    char holds = symbols[unordered ? 3 : order < 0 ? 0 : order == 0 ? 1 : 2];
    for (; *truths; truths++)
        if (*truths == holds)
            return true;
    return false;
}

static uint64_t answer(struct asked *q, const struct hu_format *to, const uint64_t x[])
{
    enum hu_operation op = q->operation;
    bool any_nan = false;
    if (is_between(HU_OP_NEGATE, op, HU_OP_COPY_SIGN))
        return with_sign(q, to, x[0]);
    for (int i = 0; i < q->operands; i++) {
        any_nan |= q->d[i].nan;
        if (q->d[i].signaling)
            q->flags |= HU_INVALID;
    }
    if (op >= HU_OP_EQUAL)
        return comparison(q);
    if (is_between(HU_OP_MINIMUM, op, HU_OP_MAXIMUM_MAGNITUDE_NUMBER))
        return extremum(q, to);
    if (any_nan)
        return op == HU_OP_FMA ? fused_nan(q, to) : operand_nan(q, to);
    switch (op) {
    case HU_OP_ROUND_TO_INTEGRAL:
    case HU_OP_ROUND_TO_INTEGRAL_EXACT:
        return integral(q, to);
    case HU_OP_NEXT_UP:
    case HU_OP_NEXT_DOWN:
        return neighbour(q, to, x[0]);
    case HU_OP_SCALE_B:
        return scaled(q, to);
    case HU_OP_LOG_B:
        return logarithm(q, to);
    default:
        return arithmetic(q, to);
    }
}

uint64_t hu_reference_operate(struct hu_reference *r, enum hu_operation operation,
                              const struct hu_format *to, const struct hu_format *const from[],
                              const uint64_t x[], const struct hu_operation_options *options,
                              unsigned *flags)
{
    if (operation == HU_OP_CONVERT || operation == HU_OP_CONVERT_QUIETLY) {
        unsigned raised = 0;
        uint64_t code = hu_reference_convert(r, to, from[0], x[0], &options->rounding, &raised);
        if (operation == HU_OP_CONVERT_QUIETLY)
            raised &= ~(unsigned)HU_INEXACT;
        *flags |= raised;
        return code;
    }
    struct asked q = {
        .r = r, .operation = operation, .operands = operands_of(operation), .options = options};
    for (int i = 0; i < q.operands; i++)
        q.d[i] = hu_reference_decode(r->operand[i], from[i], x[i]);
    uint64_t code = answer(&q, to, x);
    *flags |= q.flags;
    return code;
}
