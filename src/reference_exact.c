#include "reference_exact.h"

void hu_exact_init(struct exact *x)
{
    x->kind = EXACT_FINITE;
    x->sign = false;
    mpq_init(x->value);
}

void hu_exact_clear(struct exact *x)
{
    mpq_clear(x->value);
}

void hu_exact_set(struct exact *to, const struct exact *x)
{
    to->kind = x->kind;
    to->sign = x->sign;
    mpq_set(to->value, x->value);
}

void hu_exact_integer(struct exact *to, long n)
{
    to->kind = EXACT_FINITE;
    to->sign = n < 0;
    mpq_set_si(to->value, n, 1);
}

void hu_exact_scale(struct exact *x, int power)
{
    if (power < 0)
        mpq_div_2exp(x->value, x->value, (mp_bitcnt_t)-power);
    else
        mpq_mul_2exp(x->value, x->value, (mp_bitcnt_t)power);
}

static uint64_t ones(int n)
{
    return n ? UINT64_MAX >> (64 - n) : 0;
}

/* The formats that blocks have: IEEE-style, OCP's and integers. */
void hu_exact_datum(struct exact *to, const struct hu_format *f, uint64_t bits)
{
    int k = f->exponent_bits, t = f->trailing_bits;
    uint64_t exponent = bits >> t & ones(k), trailing = bits & ones(t);
    bool has_sign = f->width > k + t, top = exponent == ones(k);
    to->kind = EXACT_FINITE;
    to->sign = has_sign && bits >> (f->width - 1) & 1;
    mpq_set_ui(to->value, 0, 1);
    if (f->specials == HU_SPECIALS_INTEGER) {
        mpz_set_ui(mpq_numref(to->value), bits);
        if (to->sign)
            mpz_sub_ui(mpq_numref(to->value), mpq_numref(to->value), 1UL << f->width);
        return;
    }
    if (f->specials == HU_SPECIALS_SCALE) {
        to->kind = top ? EXACT_NAN : EXACT_FINITE;
        mpq_set_ui(to->value, 1, 1);
        hu_exact_scale(to, (int)exponent - f->bias);
        return;
    }
    if (f->specials == HU_SPECIALS_IEEE && top) {
        to->kind = trailing ? EXACT_NAN : EXACT_INFINITE;
        return;
    }
    if (f->specials == HU_SPECIALS_FN && top && trailing == ones(t)) {
        to->kind = EXACT_NAN;
        return;
    }
    mpz_set_ui(mpq_numref(to->value), exponent ? trailing + (1UL << t) : trailing);
    hu_exact_scale(to, (int)(exponent ? exponent : 1) - f->bias - t);
    if (to->sign)
        mpq_neg(to->value, to->value);
}

static bool negative(const struct exact *x)
{
    return x->kind == EXACT_FINITE && mpq_sgn(x->value) ? mpq_sgn(x->value) < 0 : x->sign;
}

static bool is_zero(const struct exact *x)
{
    return x->kind == EXACT_FINITE && !mpq_sgn(x->value);
}

void hu_exact_multiply(struct exact *to, const struct exact *a, const struct exact *b)
{
    bool sign = negative(a) != negative(b);
    bool nan = a->kind == EXACT_NAN || b->kind == EXACT_NAN ||
               (a->kind == EXACT_INFINITE && is_zero(b)) ||
               (b->kind == EXACT_INFINITE && is_zero(a));
    bool infinite = a->kind == EXACT_INFINITE || b->kind == EXACT_INFINITE;
    mpq_mul(to->value, a->value, b->value);
    to->kind = nan ? EXACT_NAN : infinite ? EXACT_INFINITE : EXACT_FINITE;
    to->sign = sign;
}

void hu_exact_subtract(struct exact *to, const struct exact *a, const struct exact *b)
{
    bool an = negative(a), bn = !negative(b);
    bool nan = a->kind == EXACT_NAN || b->kind == EXACT_NAN ||
               (a->kind == EXACT_INFINITE && b->kind == EXACT_INFINITE && an != bn);
    bool infinite = a->kind == EXACT_INFINITE || b->kind == EXACT_INFINITE;
    /* Of two infinities the signs are alike here; two zeros of one sign keep it, and a difference
     * of zero is positive (section 6.3). */
    bool sign = a->kind == EXACT_INFINITE ? an : b->kind == EXACT_INFINITE ? bn : an && bn;
    mpq_sub(to->value, a->value, b->value);
    to->kind = nan ? EXACT_NAN : infinite ? EXACT_INFINITE : EXACT_FINITE;
    to->sign = sign;
}

void hu_exact_divide(struct exact *to, const struct exact *a, const struct exact *b)
{
    bool sign = negative(a) != negative(b), infinite = a->kind == EXACT_INFINITE || is_zero(b);
    bool nan = a->kind == EXACT_NAN || b->kind == EXACT_NAN ||
               (a->kind == EXACT_INFINITE && b->kind == EXACT_INFINITE) ||
               (is_zero(a) && is_zero(b));
    if (infinite || b->kind != EXACT_FINITE)
        mpq_set_ui(to->value, 0, 1);
    else
        mpq_div(to->value, a->value, b->value);
    to->kind = nan ? EXACT_NAN : infinite ? EXACT_INFINITE : EXACT_FINITE;
    to->sign = sign;
}

uint64_t hu_exact_round(struct hu_reference *r, const struct hu_format *f, const struct exact *x,
                        const struct hu_options *options)
{
    enum hu_reference_kind kind = x->kind == EXACT_NAN        ? HU_REFERENCE_NAN
                                  : x->kind == EXACT_INFINITE ? HU_REFERENCE_INFINITE
                                                              : HU_REFERENCE_FINITE;
    return hu_reference_round_fraction(r, f, kind, negative(x), mpq_numref(x->value),
                                       mpq_denref(x->value), options);
}

void hu_exact_settle(struct hu_reference *r, const struct hu_format *f, struct exact *x)
{
    uint64_t bits = hu_exact_round(r, f, x, NULL);
    hu_exact_datum(x, f, bits);
}
