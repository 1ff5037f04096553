#include "difference.h"
#include "array/array.h"
#include "block_measure.h"
#include "float_bits.h"

#include <math.h>

static double greater(double a, double b)
{
    return a > b ? a : b;
}

/* The greatest of |second - first| in units of the last place of one of them. */
static double ulps_of(const double *first, const double *second, size_t n,
                      const struct hu_difference_ulp *ulp)
{
    const struct hu_loss_target *t = &ulp->target;
    const double *of = ulp->of_first ? first : second;
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double error = fabs(second[i] - first[i]);
        if (error == 0)
            continue;
        int exponent = (int)(hu_bits_of_double(of[i]) >> 52 & 0x7ff) - 1023;
        exponent = exponent > t->emin ? exponent : t->emin;
        bool plain = exponent > -1023 && t->trailing_bits - exponent < 1023 &&
                     t->trailing_bits - exponent > -1023;
        most = greater(most, plain ? error * hu_power_of_two(t->trailing_bits - exponent)
                                   : hu_loss_in_ulps(t, error, of[i]));
    }
    return most;
}

/* What is not finite leaves both. */
static uint64_t take_specials(struct hu_difference *d, double *first, double *second, size_t n)
{
    uint64_t taken = 0;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(first[i]) && isfinite(second[i]))
            continue;
        bool same = first[i] == second[i] || (isnan(first[i]) && isnan(second[i]));
        d->equal += same;
        d->unlike += !same;
        first[i] = second[i] = 0;
        taken++;
    }
    return taken;
}

/* Whether squares would leave fp64's range: those of the numbers, or of what they differ by, which
 * is tiny where numbers that are tiny are all that differ. */
static bool is_far(const double *x, const double *y, size_t n)
{
    double most = 0, error = 0;
    for (size_t i = 0; i < n; i++) {
        most = greater(most, greater(fabs(x[i]), fabs(y[i])));
        error = greater(error, fabs(y[i] - x[i]));
    }
    int exponent = most > 0 ? ilogb(most) : 0;
    return exponent > 400 || exponent < -300 || (error > 0 && ilogb(error) < -450);
}

/* One after the other, since no power of two suits both what is great and what is small. */
static void add_far(struct hu_difference *d, const double *first, const double *second, size_t n,
                    uint64_t taken)
{
    d->measured += n - taken;
    d->equal -= taken;
    for (size_t i = 0; i < n; i++) {
        double error = fabs(second[i] - first[i]);
        bool beyond = isinf(error);
        d->equal += error == 0;
        d->max_error = greater(d->max_error, error);
        hu_exact_add_square(&d->noise, beyond ? second[i] / 2 - first[i] / 2 : error,
                            beyond ? 4 : 1, false);
        hu_exact_add_square(&d->signal, first[i], 1, false);
    }
}

void hu_difference_add(struct hu_difference *d, double *first, double *second, size_t n,
                       const struct hu_difference_ulp *ulp)
{
    uint64_t taken = take_specials(d, first, second, n);
    if (ulp)
        d->max_ulps = greater(d->max_ulps, ulps_of(first, second, n, ulp));
    if (is_far(first, second, n)) {
        add_far(d, first, second, n, taken);
        return;
    }
    struct hu_measured run = {0};
    struct hu_measured_all all = {0};
    hu_measure_of(hu_kernel_name(hu_kernel_chosen()))(false, first, second, n, 1, &run, &all);
    d->measured += n - taken;
    d->equal += n - taken - all.inexact;
    d->max_error = greater(d->max_error, all.max_error);
    hu_exact_add(&d->noise, run.noise, 0);
    hu_exact_add(&d->signal, run.signal, 0);
}

void hu_difference_merge(struct hu_difference *d, const struct hu_difference *other)
{
    d->equal += other->equal;
    d->measured += other->measured;
    d->unlike += other->unlike;
    d->max_error = greater(d->max_error, other->max_error);
    d->max_ulps = greater(d->max_ulps, other->max_ulps);
    hu_exact_merge(&d->noise, &other->noise);
    hu_exact_merge(&d->signal, &other->signal);
}

struct hu_difference_figures hu_difference_figures(const struct hu_difference *d)
{
    struct hu_loss loss = {.measured = d->measured, .noise = d->noise, .signal = d->signal};
    struct hu_loss_figures f = hu_loss_figures(&loss);
    return (struct hu_difference_figures){d->max_error, f.rms_error, d->max_ulps, f.sqnr};
}
