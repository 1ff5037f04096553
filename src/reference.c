#include "reference_parts.h"

#include <stdlib.h>

static const struct hu_options defaults;

struct hu_reference *hu_reference_new(void)
{
    struct hu_reference *r = malloc(sizeof *r);
    if (!r)
        return NULL;
    mpfr_inits2(EXACT_BITS, r->value, r->scaled, r->rounded, r->half, r->limit, r->operand[0],
                r->operand[1], r->operand[2], (mpfr_ptr)NULL);
    r->limited = NULL;
    return r;
}

void hu_reference_free(struct hu_reference *r)
{
    if (!r)
        return;
    mpfr_clears(r->value, r->scaled, r->rounded, r->half, r->limit, r->operand[0], r->operand[1],
                r->operand[2], (mpfr_ptr)NULL);
    free(r);
}

static uint64_t power_of_two(int n)
{
    return (uint64_t)1 << n;
}

/* These masks and codes are worked out here from w, k and
 * t alone; only the table's rows are shared with the conversions. */
static uint64_t all_trailing(const struct hu_format *f)
{
    return power_of_two(f->trailing_bits) - 1;
}

static uint64_t all_exponent(const struct hu_format *f)
{
    return power_of_two(f->exponent_bits) - 1;
}

static bool is_scale(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_SCALE;
}

static bool is_whole(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_INTEGER;
}

static bool is_p3109(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_P3109 || f->specials == HU_SPECIALS_P3109_FINITE;
}

bool hu_reference_has_sign(const struct hu_format *f)
{
    return f->width == 1 + f->exponent_bits + f->trailing_bits;
}

bool hu_reference_has_infinity(const struct hu_format *f)
{
    return f->specials == HU_SPECIALS_IEEE || f->specials == HU_SPECIALS_P3109;
}

static uint64_t make_code(const struct hu_format *f, bool sign, uint64_t exponent,
                          uint64_t trailing)
{
    uint64_t code = exponent << f->trailing_bits | trailing;
    return sign && hu_reference_has_sign(f) ? code | power_of_two(f->width - 1) : code;
}

/* Codes of one sign above that of the largest finite value. */
static uint64_t codes_above(const struct hu_format *f)
{
    switch (f->specials) {
    case HU_SPECIALS_IEEE: /* infinity and NaNs */
        return power_of_two(f->trailing_bits);
    case HU_SPECIALS_FN:
    case HU_SPECIALS_SCALE: /* NaN */
        return 1;
    case HU_SPECIALS_P3109: /* infinity, and without signs NaN, which is -0 otherwise */
        return hu_reference_has_sign(f) ? 1 : 2;
    case HU_SPECIALS_P3109_FINITE:
        return hu_reference_has_sign(f) ? 0 : 1;
    default:
        return 0;
    }
}

/* Without its sign. */
static uint64_t largest_magnitude(const struct hu_format *f)
{
    return (make_code(f, false, all_exponent(f), all_trailing(f))) - codes_above(f);
}

static void set_limit(struct hu_reference *r, const struct hu_format *f)
{
    if (r->limited == f)
        return;
    uint64_t code = largest_magnitude(f);
    mpfr_set_uj_2exp(r->limit, (code & all_trailing(f)) + power_of_two(f->trailing_bits),
                     (long)(code >> f->trailing_bits) - f->bias - f->trailing_bits, MPFR_RNDN);
    r->limited = f;
}

static uint64_t nan_of(const struct hu_format *f, bool sign, uint64_t trailing)
{
    uint64_t quiet = f->trailing_bits ? power_of_two(f->trailing_bits - 1) : 0;
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return make_code(f, sign, all_exponent(f), quiet | trailing);
    case HU_SPECIALS_FNUZ:
        return power_of_two(f->width - 1);
    case HU_SPECIALS_P3109:
    case HU_SPECIALS_P3109_FINITE:
        if (hu_reference_has_sign(f))
            return power_of_two(f->width - 1);
        /* fall through */
    default:
        return make_code(f, sign, all_exponent(f), all_trailing(f));
    }
}

static bool holds_nan(const struct hu_format *f)
{
    return f->specials != HU_SPECIALS_NONE && !is_whole(f) &&
           !(f->specials == HU_SPECIALS_IEEE && !f->trailing_bits);
}

static uint64_t largest_code(const struct hu_format *f, bool sign)
{
    uint64_t code = largest_magnitude(f);
    return make_code(f, sign, code >> f->trailing_bits, code & all_trailing(f));
}

static uint64_t infinity_of(const struct hu_format *f, bool sign)
{
    uint64_t code = largest_magnitude(f) + 1;
    return make_code(f, sign, code >> f->trailing_bits, code & all_trailing(f));
}

/* Section 7.4 of IEEE 754-2019. */
static uint64_t beyond_largest(const struct hu_format *to, bool sign, const struct hu_options *o,
                               unsigned *flags)
{
    *flags |= HU_OVERFLOW | HU_INEXACT;
    bool away = o->direction == HU_TIES_TO_EVEN || o->direction == HU_TIES_TO_AWAY ||
                (o->direction == HU_TOWARD_POSITIVE && !sign) ||
                (o->direction == HU_TOWARD_NEGATIVE && sign);
    if (!away || o->saturate)
        return largest_code(to, sign);
    if (hu_reference_has_infinity(to))
        return infinity_of(to, sign);
    return holds_nan(to) ? nan_of(to, sign, 0) : largest_code(to, sign);
}

/* A number below zero, or minus infinity, where no code has a sign. */
static uint64_t below_unsigned(const struct hu_format *to, const struct hu_options *o,
                               unsigned *flags)
{
    *flags |= HU_INVALID;
    return o->saturate && !is_scale(to) ? 0 : nan_of(to, false, 0);
}

bool hu_reference_round_scaled(struct hu_reference *r, enum hu_direction direction)
{
    static int (*const rint[])(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t) = {
        [HU_TIES_TO_EVEN] = mpfr_rint_roundeven, [HU_TIES_TO_AWAY] = mpfr_rint_round,
        [HU_TOWARD_ZERO] = mpfr_rint_trunc,      [HU_TOWARD_POSITIVE] = mpfr_rint_ceil,
        [HU_TOWARD_NEGATIVE] = mpfr_rint_floor,  [HU_TO_ODD] = mpfr_rint_trunc,
        [HU_STOCHASTIC] = mpfr_rint_trunc};
    rint[direction](r->rounded, r->scaled, MPFR_RNDN);
    if (mpfr_equal_p(r->rounded, r->scaled))
        return false;
    if (direction == HU_TO_ODD) {
        mpfr_div_2ui(r->half, r->rounded, 1, MPFR_RNDN);
        if (mpfr_integer_p(r->half)) /* even: the neighbour away from zero is odd */
            mpfr_add_si(r->rounded, r->rounded, mpfr_signbit(r->scaled) ? -1 : 1, MPFR_RNDN);
    }
    return true;
}

/* P3109's precision of 1 has no bit that could be even: the code of 2^quantum is, or is not. */
static bool round_by_code(struct hu_reference *r, const struct hu_format *to, long quantum,
                          enum hu_direction direction)
{
    mpfr_rint_trunc(r->rounded, r->scaled, MPFR_RNDN);
    if (mpfr_equal_p(r->rounded, r->scaled))
        return false;
    bool odd = !mpfr_zero_p(r->rounded) && (quantum + to->bias) % 2 != 0;
    mpfr_sub(r->half, r->scaled, r->rounded, MPFR_RNDN);
    mpfr_abs(r->half, r->half, MPFR_RNDN);
    int above_half = mpfr_cmp_d(r->half, 0.5);
    bool away = direction == HU_TO_ODD ? !odd : above_half > 0 || (above_half == 0 && odd);
    if (away)
        mpfr_add_si(r->rounded, r->rounded, mpfr_signbit(r->scaled) ? -1 : 1, MPFR_RNDN);
    return true;
}

/* r->value in units of 2^quantum, rounded to an integer in r->rounded. */
static bool round_at(struct hu_reference *r, const struct hu_format *to, long quantum,
                     enum hu_direction direction)
{
    mpfr_mul_2si(r->scaled, r->value, -quantum, MPFR_RNDN);
    bool by_code = is_p3109(to) && !to->trailing_bits;
    if (by_code && (direction == HU_TIES_TO_EVEN || direction == HU_TO_ODD))
        return round_by_code(r, to, quantum, direction);
    return hu_reference_round_scaled(r, direction);
}

/* The nearest end of an integer: section 5.8 of IEEE 754-2019 leaves the result open. */
static uint64_t beyond_integer(const struct hu_format *to, bool sign, unsigned *flags)
{
    *flags |= HU_INVALID;
    if (!hu_reference_has_sign(to))
        return sign ? 0 : UINT64_MAX >> (64 - to->width);
    return power_of_two(to->width - 1) - (sign ? 0 : 1);
}

/* r->value, finite and not zero, into an integer. */
static uint64_t round_whole(struct hu_reference *r, const struct hu_format *to,
                            const struct hu_options *o, unsigned *flags)
{
    bool sign = mpfr_signbit(r->value);
    bool inexact = round_at(r, to, 0, o->direction);
    int value_bits = to->width - hu_reference_has_sign(to);
    mpfr_set_ui_2exp(r->half, 1, value_bits, MPFR_RNDN); /* the first that is too great */
    bool fits = sign ? (hu_reference_has_sign(to) ? mpfr_cmpabs(r->rounded, r->half) <= 0
                                                  : mpfr_zero_p(r->rounded) != 0)
                     : mpfr_cmp(r->rounded, r->half) < 0;
    if (!fits)
        return beyond_integer(to, sign, flags);
    if (inexact)
        *flags |= HU_INEXACT;
    uint64_t code =
        sign ? (uint64_t)mpfr_get_sj(r->rounded, MPFR_RNDN) : mpfr_get_uj(r->rounded, MPFR_RNDN);
    return to->width < 64 ? code & (power_of_two(to->width) - 1) : code;
}

static uint64_t scale_below(unsigned *flags)
{
    *flags |= HU_UNDERFLOW | HU_INEXACT;
    return 0;
}

/* r->value, finite and not zero, into TO. */
static uint64_t round_value(struct hu_reference *r, const struct hu_format *to,
                            const struct hu_options *o, unsigned *flags)
{
    if (is_whole(to))
        return round_whole(r, to, o, flags);
    bool sign = mpfr_signbit(r->value);
    long emin = is_scale(to) ? -to->bias : 1 - to->bias;
    long exponent = mpfr_get_exp(r->value) - 1; /* MPFR's significands lie in [1/2, 1) */
    if (is_scale(to) && sign)
        return below_unsigned(to, o, flags);
    if (is_scale(to) && exponent < emin)
        return scale_below(flags);

    /* With the exponent unbounded: what overflow and tininess after rounding ask for. */
    bool inexact = round_at(r, to, exponent - to->trailing_bits, o->direction);
    mpfr_mul_2si(r->rounded, r->rounded, exponent - to->trailing_bits, MPFR_RNDN);
    set_limit(r, to);
    if (mpfr_cmpabs(r->rounded, r->limit) > 0)
        return sign && !hu_reference_has_sign(to) ? below_unsigned(to, o, flags)
                                                  : beyond_largest(to, sign, o, flags);
    bool tiny = o->tininess_before ? exponent < emin : mpfr_get_exp(r->rounded) - 1 < emin;

    long quantum = (exponent < emin ? emin : exponent) - to->trailing_bits;
    if (exponent < emin)
        inexact = round_at(r, to, quantum, o->direction);
    else
        mpfr_mul_2si(r->rounded, r->rounded, -quantum, MPFR_RNDN);
    if (sign && !hu_reference_has_sign(to) && !mpfr_zero_p(r->rounded))
        return below_unsigned(to, o, flags);
    if (inexact)
        *flags |= HU_INEXACT | (tiny ? HU_UNDERFLOW : 0);

    mpfr_abs(r->rounded, r->rounded, MPFR_RNDN);
    uint64_t units = mpfr_get_uj(r->rounded, MPFR_RNDN);
    if (units == power_of_two(to->trailing_bits + 1)) {
        units >>= 1;
        quantum++;
    }
    if (units == 0 && (to->specials == HU_SPECIALS_FNUZ || is_p3109(to)))
        return 0;
    if (units <= all_trailing(to))
        return make_code(to, sign, 0, units);
    return make_code(to, sign, (uint64_t)(quantum + to->trailing_bits + to->bias),
                     units - power_of_two(to->trailing_bits));
}

/* What a NaN becomes where there is none. */
static uint64_t without_nan(const struct hu_format *to, unsigned *flags)
{
    *flags |= HU_INVALID;
    return is_whole(to) ? 0 : largest_code(to, false);
}

uint64_t hu_reference_round_nan(const struct hu_format *to, const struct hu_reference_datum *nan,
                                unsigned *flags)
{
    const struct hu_format *from = nan->format;
    if (nan->signaling)
        *flags |= HU_INVALID;
    if (!holds_nan(to))
        return without_nan(to, flags);
    if (from->specials != HU_SPECIALS_IEEE || to->specials != HU_SPECIALS_IEEE)
        return nan_of(to, nan->sign, 0);
    int narrower = from->trailing_bits - to->trailing_bits;
    return nan_of(to, nan->sign,
                  narrower > 0 ? nan->trailing >> narrower : nan->trailing << -narrower);
}

uint64_t hu_reference_new_nan(const struct hu_format *to, bool sign, bool full, unsigned *flags)
{
    if (!holds_nan(to))
        return without_nan(to, flags);
    return nan_of(to, sign, full ? all_trailing(to) : 0);
}

static uint64_t round_zero(const struct hu_format *to, bool sign, unsigned *flags)
{
    if (is_scale(to))
        return scale_below(flags);
    if (is_whole(to))
        return 0;
    bool has_minus_zero = to->specials != HU_SPECIALS_FNUZ && !is_p3109(to);
    return make_code(to, sign && has_minus_zero, 0, 0);
}

/* Nothing is rounded here, whatever the direction. */
static uint64_t round_infinity(const struct hu_format *to, bool sign, const struct hu_options *o,
                               unsigned *flags)
{
    if (is_whole(to))
        return beyond_integer(to, sign, flags);
    if (sign && !hu_reference_has_sign(to))
        return below_unsigned(to, o, flags);
    if (hu_reference_has_infinity(to) && !o->saturate)
        return infinity_of(to, sign);
    *flags |= HU_OVERFLOW | HU_INEXACT;
    return o->saturate || !holds_nan(to) ? largest_code(to, sign) : nan_of(to, sign, 0);
}

static bool code_is_nan(const struct hu_format *f, uint64_t bits, uint64_t exponent,
                        uint64_t trailing)
{
    switch (f->specials) {
    case HU_SPECIALS_IEEE:
        return exponent == all_exponent(f) && trailing;
    case HU_SPECIALS_FN:
    case HU_SPECIALS_SCALE:
        return exponent == all_exponent(f) && trailing == all_trailing(f);
    case HU_SPECIALS_P3109:
    case HU_SPECIALS_P3109_FINITE:
        if (!hu_reference_has_sign(f))
            return bits == power_of_two(f->width) - 1;
        /* fall through */
    case HU_SPECIALS_FNUZ:
        return bits == power_of_two(f->width - 1);
    case HU_SPECIALS_NONE:
    case HU_SPECIALS_INTEGER:
        break;
    }
    return false;
}

/* An integer's value: what two's complement lacks to 2^w, below zero. */
static void set_whole(mpfr_t value, const struct hu_format *from, uint64_t bits)
{
    bool sign = hu_reference_has_sign(from) && bits >> (from->width - 1);
    mpfr_set_uj(value, bits, MPFR_RNDN);
    if (!sign)
        return;
    mpfr_div_2ui(value, value, from->width, MPFR_RNDN);
    mpfr_sub_ui(value, value, 1, MPFR_RNDN);
    mpfr_mul_2ui(value, value, from->width, MPFR_RNDN);
}

struct hu_reference_datum hu_reference_decode(mpfr_t value, const struct hu_format *f,
                                              uint64_t bits)
{
    if (f->width < 64)
        bits &= power_of_two(f->width) - 1;
    struct hu_reference_datum d = {.format = f};
    d.sign = hu_reference_has_sign(f) && bits >> (f->width - 1);
    if (is_whole(f)) {
        set_whole(value, f, bits);
        return d;
    }
    uint64_t exponent = bits >> f->trailing_bits & all_exponent(f);
    d.trailing = bits & all_trailing(f);
    d.nan = code_is_nan(f, bits, exponent, d.trailing);
    if (d.nan) {
        bool ieee = f->specials == HU_SPECIALS_IEEE;
        d.signaling = ieee && d.trailing < power_of_two(f->trailing_bits - 1);
        mpfr_set_nan(value);
        return d;
    }
    if (hu_reference_has_infinity(f) &&
        make_code(f, d.sign, exponent, d.trailing) == infinity_of(f, d.sign)) {
        mpfr_set_inf(value, d.sign ? -1 : 1);
        return d;
    }
    bool normal = exponent || is_scale(f);
    uint64_t significand = normal ? d.trailing + power_of_two(f->trailing_bits) : d.trailing;
    long scale = (long)(normal ? exponent : 1) - f->bias - f->trailing_bits;
    if (is_scale(f))
        scale = (long)exponent - f->bias;
    mpfr_set_uj_2exp(value, significand, scale, MPFR_RNDN);
    mpfr_setsign(value, value, d.sign, MPFR_RNDN);
    return d;
}

uint64_t hu_reference_round(struct hu_reference *r, const struct hu_format *to,
                            const struct hu_options *o, unsigned *flags)
{
    if (mpfr_inf_p(r->value))
        return round_infinity(to, mpfr_signbit(r->value), o, flags);
    if (mpfr_zero_p(r->value))
        return round_zero(to, mpfr_signbit(r->value), flags);
    return round_value(r, to, o, flags);
}

uint64_t hu_reference_convert(struct hu_reference *r, const struct hu_format *to,
                              const struct hu_format *from, uint64_t bits,
                              const struct hu_options *options, unsigned *flags)
{
    unsigned ignored = 0;
    const struct hu_options *o = options ? options : &defaults;
    unsigned *raised = flags ? flags : &ignored;
    struct hu_reference_datum d = hu_reference_decode(r->value, from, bits);
    return d.nan ? hu_reference_round_nan(to, &d, raised) : hu_reference_round(r, to, o, raised);
}

void hu_reference_to_odd(mpfr_t value)
{
    if (mpfr_min_prec(value) == EXACT_BITS)
        return;
    if (mpfr_signbit(value))
        mpfr_nextbelow(value);
    else
        mpfr_nextabove(value);
}

bool hu_reference_read(struct hu_reference *r, const struct hu_format *to, const char *text,
                       const struct hu_options *options, uint64_t *bits, unsigned *flags)
{
    unsigned ignored = 0;
    const struct hu_options *o = options ? options : &defaults;
    unsigned *raised = flags ? flags : &ignored;
    char *end;
    int inexact = mpfr_strtofr(r->value, text, &end, 0, MPFR_RNDZ);
    if (end == text || *end || mpfr_nan_p(r->value))
        return false;
    if (inexact && mpfr_regular_p(r->value))
        hu_reference_to_odd(r->value);
    *bits = hu_reference_round(r, to, o, raised);
    return true;
}

uint64_t hu_reference_round_fraction(struct hu_reference *r, const struct hu_format *to,
                                     enum hu_reference_kind kind, bool sign, const void *numerator,
                                     const void *denominator, const struct hu_options *options)
{
    unsigned ignored = 0;
    const struct hu_options *o = options ? options : &defaults;
    if (kind == HU_REFERENCE_NAN)
        return holds_nan(to) ? nan_of(to, false, 0) : is_whole(to) ? 0 : largest_code(to, false);
    if (kind == HU_REFERENCE_INFINITE)
        return round_infinity(to, sign, o, &ignored);
    if (!mpz_sgn((mpz_srcptr)numerator))
        return round_zero(to, sign, &ignored);
    const mpq_t ratio = {{*(const __mpz_struct *)numerator, *(const __mpz_struct *)denominator}};
    if (mpfr_set_q(r->value, ratio, MPFR_RNDZ))
        hu_reference_to_odd(r->value);
    return round_value(r, to, o, &ignored);
}
