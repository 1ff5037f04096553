/* How far arrays are from each other, against one element after the other. */
#include "loss/difference.h"
#include "format.h"
#include "statistics_data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* Adds copies, since what is added is used up. */
static void add(struct hu_difference *d, const double *x, const double *y, size_t n,
                const struct hu_difference_ulp *ulp)
{
    double first[HU_DIFFERENCE_CHUNK], second[HU_DIFFERENCE_CHUNK];
    memcpy(first, x, n * sizeof *x);
    memcpy(second, y, n * sizeof *y);
    hu_difference_add(d, first, second, n, ulp);
}

Test(difference, by_hand)
{
    const double x[] = {1, 2, 0, -0.0, NAN, NAN, INFINITY, INFINITY, 4, -8};
    const double y[] = {1, 2.5, -0.0, 0, NAN, 1, INFINITY, -INFINITY, NAN, -8.25};
    struct hu_difference d = {0};
    struct hu_difference_ulp bf16 = {.target = hu_loss_target_of(format("bf16"))};
    add(&d, x, y, 10, &bf16);
    struct hu_difference_figures f = hu_difference_figures(&d);
    cr_assert_eq(d.equal, 5, "1, both zeros, NaN beside NaN, infinity beside its like");
    cr_assert_eq(d.unlike, 3, "NaN beside 1, infinities of either sign, 4 beside NaN");
    cr_assert_eq(d.measured, 5);
    cr_assert_eq(f.max_error, 0.5);
    /* bf16's unit at 2.5 is 2^-6, at 8.25 2^-4. */
    cr_assert_eq(f.max_ulps, 32);
    cr_assert_float_eq(f.rms_error, sqrt((0.25 + 0.0625) / 5), 1e-15);
    cr_assert_float_eq(f.sqnr, 10 * log10((1 + 4 + 64) / 0.3125), 1e-12);
}

Test(difference, ulps_are_those_of_the_number_that_is_asked_for)
{
    const double x[] = {1}, y[] = {2};
    struct hu_difference_ulp ulp = {.target = hu_loss_target_of(format("fp16"))};
    struct hu_difference d = {0}, of_first = {0};
    add(&d, x, y, 1, &ulp);
    cr_assert_eq(d.max_ulps, 512, "2^-9 at 2");
    ulp.of_first = true;
    add(&of_first, x, y, 1, &ulp);
    cr_assert_eq(of_first.max_ulps, 1024, "2^-10 at 1");
    /* Subnormals have the unit of the least normal number: 2^-24. */
    const double small[] = {0x1p-24}, zero[] = {0};
    struct hu_difference least = {0};
    add(&least, small, zero, 1, &ulp);
    cr_assert_eq(least.max_ulps, 1);
    /* And formats wider than fp64's exponents units of their own. */
    ulp = (struct hu_difference_ulp){.target = hu_loss_target_of(format("fp64"))};
    const double a[] = {0x1p-1074}, b[] = {0x1p1023}, c[] = {0x1.0000000000001p1023};
    struct hu_difference tiny = {0}, huge = {0};
    add(&tiny, zero, a, 1, &ulp);
    cr_assert_eq(tiny.max_ulps, 1);
    add(&huge, b, c, 1, &ulp);
    cr_assert_eq(huge.max_ulps, 1);
}

Test(difference, squares_beyond_fp64s_range_are_counted)
{
    const double x[] = {3e300, -4e300}, y[] = {0, 0};
    struct hu_difference d = {0};
    add(&d, x, y, 2, NULL);
    cr_assert_float_eq(hu_difference_figures(&d).rms_error / 1e300, 5 / sqrt(2), 1e-12);
    cr_assert_eq(hu_difference_figures(&d).sqnr, 0);
    const double small[] = {3e-300, -4e-300};
    struct hu_difference e = {0};
    add(&e, small, y, 2, NULL);
    cr_assert_float_eq(hu_difference_figures(&e).rms_error / 1e-300, 5 / sqrt(2), 1e-12);
    cr_assert_eq(e.max_error, 4e-300);
}

Test(difference, what_is_small_beside_the_great_is_still_unlike)
{
    const double x[] = {0x1p700, 0x1p-450, NAN, 0}, y[] = {0x1p700, 0, NAN, 0x1p-1074};
    struct hu_difference d = {0};
    add(&d, x, y, 4, NULL);
    cr_assert_eq(d.equal, 2);
    cr_assert_eq(d.measured, 3);
    cr_assert_eq(d.max_error, 0x1p-450);
    cr_assert_float_eq(hu_difference_figures(&d).rms_error / 0x1p-450, 1 / sqrt(3), 1e-12);
    const double great[] = {0x1p1023}, opposite[] = {-0x1p1023};
    struct hu_difference e = {0};
    add(&e, great, opposite, 1, NULL);
    cr_assert_eq(e.equal, 0);
    cr_assert_float_eq(hu_difference_figures(&e).sqnr, -10 * log10(4), 1e-12);
}

Test(difference, a_tiny_error_among_great_equal_values_counts)
{
    enum { N = 100 };
    double x[N], y[N];
    struct hu_difference d = {0};
    for (int i = 0; i < N; i++)
        x[i] = y[i] = 1;
    x[7] = 0x1p-600;
    y[7] = 0x1p-599;
    add(&d, x, y, N, NULL);
    cr_assert_eq(d.equal, N - 1);
    cr_assert_float_eq(hu_difference_figures(&d).rms_error / 0x1p-600, 0.1, 1e-12);
}

Test(difference, agrees_with_one_element_after_the_other)
{
    enum { N = HU_DIFFERENCE_CHUNK };
    static double x[N], y[N];
    uint64_t seed = 3;
    for (int i = 0; i < N; i++) {
        x[i] = (double)(random_bits(&seed) >> 11) * 0x1p-53 - 0.5;
        y[i] = i % 5 ? (double)(float)x[i] : x[i];
    }
    long double noise = 0, signal = 0;
    uint64_t equal = 0;
    double most = 0;
    for (int i = 0; i < N; i++) {
        double error = y[i] - x[i];
        noise += (long double)error * (long double)error;
        signal += (long double)x[i] * (long double)x[i];
        equal += error == 0;
        most = fabs(error) > most ? fabs(error) : most;
    }
    for (size_t n = 1; n <= N; n = n * 3 + 1) {
        struct hu_difference all = {0}, other = {0};
        for (size_t i = 0; i < N; i += n)
            add(i / n % 2 ? &all : &other, x + i, y + i, N - i < n ? N - i : n, NULL);
        hu_difference_merge(&all, &other);
        struct hu_difference_figures f = hu_difference_figures(&all);
        cr_assert_eq(all.equal, equal);
        cr_assert_eq(all.measured, N);
        cr_assert_eq(f.max_error, most);
        cr_assert_float_eq(f.rms_error / (double)sqrtl(noise / N), 1, 1e-12);
        cr_assert_float_eq(f.sqnr, (double)(10 * log10l(signal / noise)), 1e-9);
    }
}
