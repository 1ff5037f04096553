#include "loss.h"

#include "float_bits.h"

#include <float.h>
#include <math.h>

struct hu_loss_target hu_loss_target_of(const struct hu_format *f)
{
    return (struct hu_loss_target){
        .format = f,
        .emin = hu_emin(f),
        .emax = hu_emax(f),
        .trailing_bits = f->trailing_bits,
        .min_normal = hu_has_subnormals(f) ? ldexp(1, hu_emin(f)) : 0,
    };
}

/* Beyond fp64's range everything overflows. */
static bool raises(const struct hu_format *f, const struct hu_options *o, uint64_t fp64,
                   unsigned flags)
{
    unsigned raised = 0;
    uint64_t code = hu_convert(f, hu_format_find("fp64"), fp64, o, &raised);
    return raised & flags || (hu_emax(f) >= DBL_MAX_EXP && isinf(hu_to_double(f, code)));
}

/* Rounding is monotone. */
double hu_loss_overflow_from(const struct hu_format *f, const struct hu_options *options,
                             bool negative, unsigned flags)
{
    const struct hu_format *fp64 = hu_format_find("fp64");
    struct hu_options o = *options;
    uint64_t low = 0, high = hu_max_finite_code(fp64), sign = negative ? hu_sign_mask(fp64) : 0;
    if (o.direction == HU_STOCHASTIC)
        o.direction = HU_TOWARD_ZERO;
    if (!raises(f, &o, high | sign, flags))
        return HUGE_VAL;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        *(raises(f, &o, middle | sign, flags) ? &high : &low) = middle;
    }
    return hu_double_of_bits(high);
}

static double greater(double a, double b)
{
    return a > b ? a : b;
}

double hu_loss_in_ulps(const struct hu_loss_target *t, double difference, double code)
{
    int exponent = code ? ilogb(code) : t->emin;
    exponent = exponent < t->emax ? exponent : t->emax; /* the largest may have become 2^(emax+1) */
    return ldexp(fabs(difference), t->trailing_bits - (exponent > t->emin ? exponent : t->emin));
}

void hu_loss_add(struct hu_loss *l, const struct hu_loss_target *t, const struct hu_loss_point *p,
                 bool in_fp32)
{
    l->overflow += p->overflow ? p->count : 0;
    if (!isfinite(p->code)) {
        l->invalid += p->overflow ? 0 : p->count;
        return;
    }
    double error = fabs(p->result - p->x);
    l->measured += p->count;
    l->underflow += p->code == 0 && p->x != 0 && !p->overflow ? p->count : 0;
    l->subnormal += p->code != 0 && fabs(p->code) < t->min_normal ? p->count : 0;
    hu_exact_add_square(&l->signal, p->x, p->count, false);
    if (error == 0)
        return;
    l->inexact += p->count;
    l->max_error = greater(l->max_error, error);
    l->max_ulps = greater(l->max_ulps, hu_loss_in_ulps(t, p->code - p->scaled, p->code));
    hu_exact_add_square(&l->noise, error, p->count, false);
    if (p->x == 0)
        return;
    double relative = hu_relative_error(error, fabs(p->x), in_fp32);
    if (!isfinite(relative))
        return;
    l->max_relative = greater(l->max_relative, relative);
    hu_exact_add_square(&l->relative, relative, p->count, false);
}

void hu_loss_merge(struct hu_loss *l, const struct hu_loss *other)
{
    l->measured += other->measured;
    l->overflow += other->overflow;
    l->invalid += other->invalid;
    l->underflow += other->underflow;
    l->subnormal += other->subnormal;
    l->inexact += other->inexact;
    l->zeros += other->zeros;
    l->max_error = greater(l->max_error, other->max_error);
    l->max_relative = greater(l->max_relative, other->max_relative);
    l->max_ulps = greater(l->max_ulps, other->max_ulps);
    hu_exact_merge(&l->noise, &other->noise);
    hu_exact_merge(&l->signal, &other->signal);
    hu_exact_merge(&l->relative, &other->relative);
}

static double root_mean(const struct hu_exact_sum *sum, uint64_t n)
{
    int exponent;
    double fraction = hu_exact_value(sum, &exponent);
    if (!n || fraction == 0)
        return 0;
    if (exponent % 2) {
        fraction *= 2;
        exponent--;
    }
    return ldexp(sqrt(fraction / (double)n), exponent / 2);
}

static double ratio_in_decibels(const struct hu_exact_sum *signal, const struct hu_exact_sum *noise)
{
    int s, n;
    double signal_fraction = hu_exact_value(signal, &s);
    double noise_fraction = hu_exact_value(noise, &n);
    if (noise_fraction == 0)
        return HUGE_VAL;
    if (signal_fraction == 0)
        return -HUGE_VAL;
    return 10 * (log10(signal_fraction / noise_fraction) + (s - n) * log10(2));
}

struct hu_loss_figures hu_loss_figures(const struct hu_loss *l)
{
    return (struct hu_loss_figures){
        .measured = l->measured,
        .overflow = l->overflow,
        .invalid = l->invalid,
        .underflow = l->underflow,
        .subnormal = l->subnormal,
        .exact = l->measured - l->inexact,
        .max_error = l->max_error,
        .rms_error = root_mean(&l->noise, l->measured),
        .max_relative = l->max_relative,
        .rms_relative = root_mean(&l->relative, l->measured - l->zeros),
        .max_ulps = l->max_ulps,
        .sqnr = ratio_in_decibels(&l->signal, &l->noise),
    };
}
