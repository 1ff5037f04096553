#include "steps.h"
#include "mpz64.h"
#include "operation.h"

#include <stdlib.h>

/* Bits of a root that are worked out for what is exact in no format. */
enum { ROOT_BITS = 512 };

/* Exponents beyond this make numbers too long to write. */
enum { WRITABLE = 1 << 16 };

static void set_datum(mpq_t q, const struct hu_format *f, uint64_t bits, bool *finite)
{
    *finite = hu_is_finite(hu_decode(f, bits));
    if (*finite)
        hu_datum_ratio(q, f, bits);
}

static void times_power(mpq_t q, long power)
{
    hu_mpq_scale(q, q, power);
}

/* Of X, which is not negative, down to ROOT_BITS bits; whether that is all of it. */
static bool root(mpq_t q, const mpq_t x)
{
    mpz_t scaled, rest;
    mpz_inits(scaled, rest, NULL);
    long up = ROOT_BITS + (long)mpz_sizeinbase(mpq_denref(x), 2);
    mpz_mul_2exp(scaled, mpq_numref(x), (mp_bitcnt_t)(2 * up));
    bool whole = mpz_divisible_p(scaled, mpq_denref(x));
    mpz_fdiv_q(scaled, scaled, mpq_denref(x));
    mpz_sqrtrem(scaled, rest, scaled);
    bool exact = whole && mpz_sgn(rest) == 0;
    mpq_set_z(q, scaled);
    times_power(q, -up);
    /* A fraction's root may be rational and not dyadic: 1/9. */
    if (!exact && mpz_perfect_square_p(mpq_numref(x)) && mpz_perfect_square_p(mpq_denref(x))) {
        mpz_sqrt(mpq_numref(q), mpq_numref(x));
        mpz_sqrt(mpq_denref(q), mpq_denref(x));
        mpq_canonicalize(q);
        exact = true;
    }
    mpz_clears(scaled, rest, NULL);
    return exact;
}

/* X minus the integer nearest to X / Y, even in a tie, times Y. */
static void remainder_of(mpq_t q, const mpq_t x, const mpq_t y)
{
    mpq_t n, half;
    mpz_t whole;
    mpz_init(whole);
    mpq_inits(n, half, NULL);
    mpq_set_ui(half, 1, 2);
    mpq_div(n, x, y);
    mpq_add(n, n, half);
    mpz_fdiv_q(whole, mpq_numref(n), mpq_denref(n));
    if (mpz_cmp_ui(mpq_denref(n), 1) == 0 && mpz_odd_p(whole))
        mpz_sub_ui(whole, whole, 1);
    mpq_set_z(n, whole);
    mpq_mul(n, n, y);
    mpq_sub(q, x, n);
    mpq_clears(n, half, NULL);
    mpz_clear(whole);
}

/* X times 2^N. False: N is no integer, or that is too long to write. */
static bool scaled(mpq_t q, const mpq_t x, const mpq_t n)
{
    bool writable = !mpz_cmp_ui(mpq_denref(n), 1) && mpz_cmpabs_ui(mpq_numref(n), WRITABLE) <= 0;
    mpq_set(q, x);
    if (writable)
        times_power(q, mpz_get_si(mpq_numref(n)));
    return writable;
}

/* floor(log2 |X|). */
static bool logarithm(mpq_t q, const mpq_t x)
{
    mpq_t power;
    if (!mpq_sgn(x))
        return false;
    mpq_init(power);
    mpq_abs(power, x);
    long log = (long)mpz_sizeinbase(mpq_numref(x), 2) - (long)mpz_sizeinbase(mpq_denref(x), 2);
    times_power(power, -log);
    mpq_set_si(q, mpq_cmp_ui(power, 1, 1) < 0 ? log - 1 : log, 1);
    mpq_clear(power);
    return true;
}

/* OPERATION on numbers. False: it gives none, or is no function of numbers alone. */
static bool operate(mpq_t q, enum hu_operation operation, mpq_t *x, bool *about)
{
    switch (operation) {
    case HU_OP_ADD:
        mpq_add(q, x[0], x[1]);
        return true;
    case HU_OP_SUB:
        mpq_sub(q, x[0], x[1]);
        return true;
    case HU_OP_MUL:
        mpq_mul(q, x[0], x[1]);
        return true;
    case HU_OP_DIV:
        if (!mpq_sgn(x[1]))
            return false;
        mpq_div(q, x[0], x[1]);
        return true;
    case HU_OP_FMA:
        mpq_mul(q, x[0], x[1]);
        mpq_add(q, q, x[2]);
        return true;
    case HU_OP_SQRT:
        if (mpq_sgn(x[0]) < 0)
            return false;
        *about |= !root(q, x[0]);
        return true;
    case HU_OP_REM:
        if (!mpq_sgn(x[1]))
            return false;
        remainder_of(q, x[0], x[1]);
        return true;
    case HU_OP_MINIMUM:
    case HU_OP_MINIMUM_NUMBER:
        mpq_set(q, mpq_cmp(x[0], x[1]) <= 0 ? x[0] : x[1]);
        return true;
    case HU_OP_MAXIMUM:
    case HU_OP_MAXIMUM_NUMBER:
        mpq_set(q, mpq_cmp(x[0], x[1]) >= 0 ? x[0] : x[1]);
        return true;
    case HU_OP_SCALE_B:
        return scaled(q, x[0], x[1]);
    case HU_OP_LOG_B:
        return logarithm(q, x[0]);
    case HU_OP_NEGATE:
        mpq_neg(q, x[0]);
        return true;
    case HU_OP_ABS:
        mpq_abs(q, x[0]);
        return true;
    case HU_OP_CONVERT:
    case HU_OP_CONVERT_QUIETLY:
        mpq_set(q, x[0]);
        return true;
    default:
        return false;
    }
}

static bool ratio_of_exact(mpq_t q, const struct hu_exact *e)
{
    if (e->kind != HU_EXACT_FINITE && e->kind != HU_EXACT_ZERO)
        return false;
    if (e->kind == HU_EXACT_ZERO)
        return true;
    if (e->sticky || abs(e->exponent) > WRITABLE)
        return false;
    mpz_t low;
    mpz_init(low);
    hu_mpz_set_u64(mpq_numref(q), e->significand.high);
    mpz_mul_2exp(mpq_numref(q), mpq_numref(q), 64);
    hu_mpz_set_u64(low, e->significand.low);
    mpz_add(mpq_numref(q), mpq_numref(q), low);
    mpz_set_ui(mpq_denref(q), 1);
    times_power(q, e->exponent);
    if (e->sign)
        mpq_neg(q, q);
    mpz_clear(low);
    return true;
}

static void read_literal(const struct compute *c, struct compute_step *s,
                         const struct compute_node *node, const struct hu_format *format)
{
    const struct hu_value *v = &node->value;
    s->format = format;
    s->flags = 0;
    s->bits = hu_value_bits_in(v, s->format, &c->options.rounding, &s->flags);
    s->has_value = v->kind == HU_VALUE_FINITE && !hu_value_is_remote(v);
    if (!s->has_value)
        return;
    mpq_set(s->value, v->ratio);
    if (v->sign)
        mpq_neg(s->value, s->value);
    mpq_set(s->ideal, s->value);
    s->has_ideal = true;
}

/* IEEE 754-2019 5.3.3: scaleB's second operand is of logBFormat, which holds every exponent that
 * matters. Where the operands' format does not hold the number given, fp64 is that. */
static void keep_exponent(const struct compute *c, const struct compute_node *node)
{
    if (node->operation != HU_OP_SCALE_B || !c->expression->nodes[node->operand[1]].literal)
        return;
    struct compute_step *s = &c->steps[node->operand[1]];
    const struct hu_format *fp64 = hu_format_find("fp64");
    mpq_t held;
    bool finite;
    mpq_init(held);
    set_datum(held, s->format, s->bits, &finite);
    if (s->has_value && s->format->width < fp64->width && !(finite && mpq_equal(held, s->value)))
        read_literal(c, s, &c->expression->nodes[s->node], fp64);
    mpq_clear(held);
}

static const struct hu_format *format_for(const struct compute *c, const struct compute_node *node,
                                          const struct hu_format *first)
{
    switch (node->operation) {
    case HU_OP_MUL:
    case HU_OP_DIV:
    case HU_OP_SQRT:
        return c->formats.product;
    case HU_OP_ADD:
    case HU_OP_SUB:
    case HU_OP_FMA:
    case HU_OP_REM:
        return c->formats.accumulator;
    case HU_OP_CONVERT:
        return node->format;
    default:
        return first;
    }
}

/* The value and the ideal of an operation whose operands are steps OPERAND[0] on. */
static void set_numbers(struct compute *c, struct compute_step *s, enum hu_operation operation,
                        const size_t *operand, size_t operands)
{
    mpq_t x[HU_OPERANDS];
    bool finite = true, ideal = true, about = false;
    for (size_t i = 0; i < operands; i++) {
        bool fine;
        mpq_init(x[i]);
        set_datum(x[i], s->from[i], s->x[i], &fine);
        finite &= fine;
    }
    s->has_value = finite && operate(s->value, operation, x, &about) && !about;
    if (!s->has_value)
        s->has_value = ratio_of_exact(s->value, &s->exact);
    for (size_t i = 0; i < operands; i++) {
        const struct compute_step *from = &c->steps[operand[i]];
        ideal &= from->has_ideal;
        s->about |= from->about;
        mpq_set(x[i], from->ideal);
    }
    s->has_ideal = ideal && operate(s->ideal, operation, x, &s->about);
    for (size_t i = 0; i < operands; i++)
        mpq_clear(x[i]);
}

static void take_operation(struct compute *c, struct compute_step *s, enum hu_operation operation,
                           const struct hu_format *to, const size_t *operand, size_t operands)
{
    for (size_t i = 0; i < HU_OPERANDS; i++) {
        const struct compute_step *from = &c->steps[operand[i < operands ? i : 0]];
        s->from[i] = from->format;
        s->x[i] = from->bits;
    }
    s->exact = hu_operate_exact(operation, s->from, s->x, 0, &c->options);
    s->format = hu_is_comparison(operation) ? NULL : to;
    s->bits = hu_operate(operation, to, s->from, s->x, &c->options, &s->flags);
    if (s->format)
        set_numbers(c, s, operation, operand, operands);
    c->flags |= s->flags;
}

static struct compute_step *append(struct compute *c, size_t node)
{
    struct compute_step *s = &c->steps[c->count++];
    s->node = node;
    mpq_inits(s->value, s->ideal, NULL);
    return s;
}

void compute_run(struct compute *c, const struct compute_expression *e,
                 const struct compute_formats *formats, const struct hu_operation_options *options)
{
    *c = (struct compute){.expression = e, .formats = *formats, .options = *options};
    c->steps = calloc(e->count + 1, sizeof *c->steps);
    if (!c->steps)
        abort(); /* as GMP does where memory is out */
    for (size_t i = 0; i < e->count; i++) {
        const struct compute_node *node = &e->nodes[i];
        struct compute_step *s = append(c, i);
        if (node->literal)
            read_literal(c, s, node, formats->operand);
        else {
            keep_exponent(c, node);
            take_operation(c, s, node->operation,
                           format_for(c, node, c->steps[node->operand[0]].format), node->operand,
                           node->operands);
        }
    }
    const size_t last = c->count - 1;
    if (c->steps[last].format && c->steps[last].format != formats->result)
        take_operation(c, append(c, e->count), HU_OP_CONVERT, formats->result, &last, 1);
}

void compute_free(struct compute *c)
{
    for (size_t i = 0; i < c->count; i++)
        mpq_clears(c->steps[i].value, c->steps[i].ideal, NULL);
    free(c->steps);
    *c = (struct compute){0};
}

bool compute_error(mpq_t error, mpq_t ulps, const struct compute_step *s, const mpq_t against)
{
    if (!s->format || !hu_is_finite(hu_decode(s->format, s->bits)))
        return false;
    hu_datum_ratio(error, s->format, s->bits);
    mpq_sub(error, error, against);
    mpq_set(ulps, error);
    times_power(ulps, -(long)hu_ulp_exponent(s->format, s->bits));
    return true;
}
