/* Statistics against cases by hand and against MPFR and exact rationals, one element at a time. */
#include "array/array.h"
#include "array/layout.h"
#include "codec.h"
#include "float_bits.h"
#include "statistics_data.h"
#include "reference.h"
#include "loss/pass.h"
#include "loss/statistics.h"
#include "value.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is gathered of N elements of SOURCE in one target, from one call. */
static struct hu_gathered *gather(const char *source, const void *data, size_t n, const char *to,
                                  const struct hu_options *options, enum hu_scaling scaling,
                                  uint64_t row)
{
    struct hu_statistics_target target = hu_statistics_target_of(format(to), options, scaling);
    struct hu_statistics_plan plan = {&target, 1, scaling};
    struct hu_statistics_data d = {.format = format(source), .elements = n, .row = row};
    struct hu_scratch *a = hu_scratch_new();
    if (hu_statistics_needs_greatest(&plan, d.format))
        d.greatest = hu_greatest(a, d.format, data, n);
    struct hu_gathered *g = hu_gathered_new(&plan, d.format);
    cr_assert(hu_analyse(a, &plan, &d, g, 0, n, data, NULL));
    hu_gathered_finish(a, &plan, d.format, g);
    hu_scratch_free(a);
    return g;
}

static struct hu_loss_figures figures(const char *source, const void *data, size_t n,
                                      const char *to)
{
    struct hu_options options = {0};
    struct hu_gathered *g = gather(source, data, n, to, &options, HU_SCALE_NONE, n);
    struct hu_loss_figures f = hu_loss_figures(&g->losses[0]);
    hu_gathered_free(g);
    return f;
}

Test(statistics, four_values_into_fp16_by_hand)
{
    /* 1 + 2^-11 is a tie, to 1; 2^-25 a tie, to 0; 65520 the least that overflows. */
    const float x[] = {1, 1 + 0x1p-11f, 0x1p-25f, 65520};
    struct hu_loss_figures f = figures("fp32", x, 4, "fp16");
    cr_assert_eq(f.measured, 3);
    cr_assert_eq(f.overflow, 1);
    cr_assert_eq(f.underflow, 1);
    cr_assert_eq(f.subnormal, 0);
    cr_assert_eq(f.exact, 1);
    cr_assert_eq(f.max_error, 0x1p-11);
    cr_assert_eq(f.max_ulps, 0.5);
    cr_assert_eq(f.max_relative, 1, "what underflows is lost whole");
    double noise = 0x1p-22 + 0x1p-50, one = 1 + 0x1p-11, signal = 1 + one * one + 0x1p-50;
    cr_assert_float_eq(f.rms_error, sqrt(noise / 3), 0x1p-60);
    cr_assert_float_eq(f.sqnr, 10 * log10(signal / noise), 1e-12);
}

Test(statistics, a_tie_away_from_zero_is_no_underflow)
{
    const float x[] = {0x1p-25f, -0x1p-25f};
    struct hu_options options = {.direction = HU_TIES_TO_AWAY};
    struct hu_gathered *g = gather("fp32", x, 2, "fp16", &options, HU_SCALE_NONE, 2);
    cr_assert_eq(g->losses[0].underflow, 0);
    cr_assert_eq(g->losses[0].subnormal, 2);
    hu_gathered_free(g);
}

Test(statistics, a_relative_error_of_fp32_is_one_of_fp32_under_a_tensor_scale)
{
    float x[2048];
    for (int i = 0; i < 2048; i++)
        x[i] = 1 + (float)i * 0x1p-11f;
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp32", x, 2048, "fp8_e4m3", &options, HU_SCALE_TENSOR, 2048);
    double most = g->losses[0].max_relative;
    cr_assert(most > 0.03);
    cr_assert_eq(most, (double)(float)most);
    hu_gathered_free(g);
}

/* Of elements far below the least unit, too, which some directions make of them. */
Test(statistics, a_relative_error_of_fp32_is_one_of_fp32_in_every_direction)
{
    enum { ELEMENTS = 5000 };
    static float x[ELEMENTS];
    uint64_t random = 7;
    for (int i = 0; i < ELEMENTS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        x[i] = ldexpf((float)(random >> 40) - 0x1p23F, -20 - (int)(random >> 33 & 63) % 50);
    }
    const struct hu_format *to = format("fp8_e4m3"), *from = format("fp32");
    for (int d = HU_TIES_TO_EVEN; d < HU_STOCHASTIC; d++) {
        struct hu_options options = {.direction = (enum hu_direction)d};
        struct hu_gathered *g =
            gather("fp32", x, ELEMENTS, "fp8_e4m3", &options, HU_SCALE_NONE, ELEMENTS);
        double most = 0, squares = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            unsigned flags = 0;
            uint64_t code = hu_convert(to, from, hu_bits_of_float(x[i]), &options, &flags);
            double value = hu_double_of_bits(hu_convert(format("fp64"), to, code, NULL, NULL));
            double relative = (float)fabs(value - (double)x[i]) / fabsf(x[i]);
            if (x[i] == 0 || !isfinite(value))
                continue;
            most = fmax(most, relative);
            squares += relative * relative;
        }
        cr_assert_eq(g->losses[0].max_relative, most, "direction %d", d);
        struct hu_loss_figures f = hu_loss_figures(&g->losses[0]);
        cr_assert_float_eq(f.rms_relative * f.rms_relative * (double)f.measured, squares,
                           0x1p-40 * squares, "direction %d", d);
        hu_gathered_free(g);
    }
}

Test(statistics, what_is_negative_is_invalid_in_unsigned_formats)
{
    const float x[] = {3, 1.5, -1.5, 6, 12, -3, 0.75, 1};
    struct hu_loss_figures f = figures("fp32", x, 8, "binary8p4ue");
    cr_assert_eq(f.invalid, 2);
    cr_assert_eq(f.measured, 6);
    cr_assert_eq(f.exact, 6);
}

/* binary8p4ue's least normal number is 2^-15; fp16's elements are counted code by code. */
Test(statistics, what_is_negative_in_unsigned_formats_counts_as_what_it_becomes)
{
    enum { N = 4 };
    static const float x[N] = {-5, -0x1p-16f, 0x1p-16f, 1};
    uint16_t halves[N];
    for (int i = 0; i < N; i++)
        halves[i] = (uint16_t)hu_from_double(format("fp16"), (double)x[i], NULL);
    const struct {
        const char *source;
        const void *data;
    } from[] = {{"fp32", x}, {"fp16", halves}};
    for (int i = 0; i < 2; i++)
        for (int saturate = 0; saturate < 2; saturate++) {
            struct hu_options options = {.saturate = saturate};
            struct hu_gathered *g =
                gather(from[i].source, from[i].data, N, "binary8p4ue", &options, HU_SCALE_NONE, N);
            const struct hu_loss *l = &g->losses[0];
            cr_expect_eq(l->invalid, saturate ? 0 : 2, "%s %d", from[i].source, saturate);
            cr_expect_eq(l->underflow, saturate ? 2 : 0, "%s %d", from[i].source, saturate);
            cr_expect_eq(l->subnormal, 1, "%s %d", from[i].source, saturate);
            cr_expect_eq(l->overflow, 0, "%s %d", from[i].source, saturate);
            hu_gathered_free(g);
        }
}

Test(statistics, a_tie_without_trailing_bits_goes_to_the_even_code)
{
    /* 4 has the code 0x42, and 8 0x43: 6 goes down, which is half an ulp of it. */
    const float x[] = {6};
    cr_assert_eq(figures("fp32", x, 1, "binary8p1se").max_ulps, 0.5);
}

Test(statistics, what_an_integer_does_not_reach_becomes_its_end)
{
    /* 127.5 is a tie, to 128, and -128.5 one to -128. */
    const float x[] = {0.3f, -0.5f, 1.5f, 127.4f, 127.5f, -128.5f, -129, 300, -7};
    struct hu_loss_figures f = figures("fp32", x, 9, "int8");
    cr_assert_eq(f.measured, 9);
    cr_assert_eq(f.overflow, 3);
    cr_assert_eq(f.underflow, 2);
    cr_assert_eq(f.invalid + f.subnormal, 0);
    cr_assert_eq(f.exact, 1);
    cr_assert_eq(f.max_error, 173);
    cr_assert_eq(f.max_ulps, 173, "an integer's last place is 1");
    f = figures("fp32", x, 9, "uint8");
    cr_assert_eq(f.overflow, 4, "-128.5, -129, 300 and -7");
    cr_assert_eq(f.underflow, 2, "0 is an end, too");
    cr_assert_eq(f.exact, 0);
}

Test(statistics, an_overflow_that_saturates_is_an_error)
{
    const float x[] = {1000, -500, 448, 0x1p-7f};
    struct hu_options saturate = {.saturate = true};
    struct hu_gathered *g = gather("fp32", x, 4, "fp8_e4m3", &saturate, HU_SCALE_NONE, 4);
    struct hu_loss_figures f = hu_loss_figures(&g->losses[0]);
    hu_gathered_free(g);
    cr_assert_eq(f.overflow, 2);
    cr_assert_eq(f.measured, 4);
    cr_assert_eq(f.exact, 2);
    cr_assert_eq(f.subnormal, 1);
    cr_assert_eq(f.max_error, 552);
    cr_assert_eq(f.max_ulps, 552.0 / 32);
    cr_assert_float_eq(f.rms_error, sqrt((552.0 * 552 + 52 * 52) / 4), 1e-10);
}

Test(statistics, specials_are_counted_and_left_out)
{
    const float x[] = {NAN, -INFINITY, INFINITY, 0, -0.0f, 3, 0x1p-149f};
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp32", x, 7, "bf16", &options, HU_SCALE_NONE, 7);
    cr_assert_eq(g->spread.nans, 1);
    cr_assert_eq(g->spread.infinities, 2);
    cr_assert_eq(g->spread.zeros, 2);
    cr_assert_eq(g->spread.finite, 4);
    cr_assert_eq(g->spread.greatest, 3);
    cr_assert_eq(g->spread.least, 0x1p-149);
    cr_assert_eq(g->spread.binades[1 - HU_BINADE_LEAST], 1);
    cr_assert_eq(g->spread.binades[-149 - HU_BINADE_LEAST], 1);
    cr_assert_eq(g->losses[0].measured, 4);
    cr_assert_eq(g->losses[0].underflow, 1);
    hu_gathered_free(g);
}

Test(statistics, a_block_scale_is_that_of_ocp_mx)
{
    /* The greatest is 7 = 1.75 * 2^2, e2m1's emax is 2: the scale is 1, and 7 clamps to 6. The
     * second block's is 0.4 = 1.6 * 2^-2: scale 2^-4, 6.4 rounds to 6. */
    float x[64] = {7, 1, 0.3f};
    x[32] = 0.40625f;
    x[33] = 0.03125f;
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp32", x, 64, "fp4_e2m1", &options, HU_SCALE_BLOCK, 64);
    struct hu_loss_figures f = hu_loss_figures(&g->losses[0]);
    hu_gathered_free(g);
    cr_assert_eq(f.overflow, 1, "7 is a tie between 6 and 8, and 8 is even");
    cr_assert_eq(f.exact, 61);
    cr_assert_eq(f.max_error, 1);
    double third = 0.5 - (double)0.3f, fourth = 0.03125;
    cr_assert_float_eq(f.rms_error, sqrt((1 + third * third + fourth * fourth) / 64), 1e-12);
}

Test(statistics, block_scales_do_not_cross_rows)
{
    /* Rows of 3: each has its own scale, so that every element is exact in e2m1. */
    float x[300];
    for (int i = 0; i < 100; i++)
        for (int k = 0; k < 3; k++)
            x[3 * i + k] = ldexpf((float)(k + 1), i % 40 - 20);
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp32", x, 300, "fp4_e2m1", &options, HU_SCALE_BLOCK, 3);
    cr_assert_eq(g->losses[0].inexact, 0);
    hu_gathered_free(g);
    g = gather("fp32", x, 300, "fp4_e2m1", &options, HU_SCALE_BLOCK, 300);
    cr_assert_gt(g->losses[0].inexact, 0);
    hu_gathered_free(g);
}

Test(statistics, a_row_is_not_cut_between_pieces_of_work)
{
    /* 0.25 is lost beside 4 in e2m1, and exact in a block without it. */
    enum { ROWS = 3000 };
    static float x[3 * ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[3 * i] = x[3 * i + 1] = 0.25f;
        x[3 * i + 2] = 4;
    }
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp32", x, 3 * ROWS, "fp4_e2m1", &options, HU_SCALE_BLOCK, 3);
    cr_assert_eq(g->losses[0].inexact, 2 * ROWS);
    hu_gathered_free(g);
}

Test(statistics, a_block_scale_stays_in_the_range_of_e8m0)
{
    /* 2^-127 is the least scale: 1.5 * 2^-128 is 0.75 there, between 0.5 and 1. */
    const float x[] = {0x1.8p-128f, 0x1p-126f};
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp32", x, 1, "fp4_e2m1", &options, HU_SCALE_BLOCK, 1);
    cr_assert_eq(g->losses[0].inexact, 1);
    cr_assert_eq(g->losses[0].max_error, 0x1p-129);
    hu_gathered_free(g);
    g = gather("fp32", x + 1, 1, "fp4_e2m1", &options, HU_SCALE_BLOCK, 1);
    cr_assert_eq(g->losses[0].inexact, 0);
    hu_gathered_free(g);
}

/* The slow path. */

struct slow {
    struct hu_loss_figures f;
    uint64_t related; /* measured and not 0 */
    uint64_t nans, infinities;
    mpq_t noise, signal, relative, max_error;
};

static void ratio_of(mpq_t out, const struct hu_format *f, uint64_t bits)
{
    hu_datum_ratio(out, f, bits);
}

static double root_mean(const mpq_t sum, uint64_t n)
{
    mpfr_t x;
    mpfr_init2(x, 300);
    mpfr_set_q(x, sum, MPFR_RNDN);
    mpfr_div_ui(x, x, n, MPFR_RNDN);
    mpfr_sqrt(x, x, MPFR_RNDN);
    double d = mpfr_get_d(x, MPFR_RNDN);
    mpfr_clear(x);
    return d;
}

static double decibels(const mpq_t signal, const mpq_t noise)
{
    mpfr_t x, y;
    mpfr_inits2(300, x, y, (mpfr_ptr)0);
    mpfr_set_q(x, signal, MPFR_RNDN);
    mpfr_set_q(y, noise, MPFR_RNDN);
    mpfr_div(x, x, y, MPFR_RNDN);
    mpfr_log10(x, x, MPFR_RNDN);
    double d = 10 * mpfr_get_d(x, MPFR_RNDN);
    mpfr_clears(x, y, (mpfr_ptr)0);
    return d;
}

/* hu_convert by MPFR; the error against SOURCE's element exactly. */
static void slow_element(struct slow *s, struct hu_reference *r, const struct hu_format *from,
                         uint64_t bits, const struct hu_format *to, const struct hu_options *o,
                         double scale, double *max_ulps)
{
    struct hu_datum d = hu_decode(from, bits);
    if (!hu_is_finite(d)) {
        *(hu_is_nan(d) ? &s->nans : &s->infinities) += 1;
        return;
    }
    mpq_t x, y, e, square;
    mpq_inits(x, y, e, square, NULL);
    ratio_of(x, from, bits);
    unsigned flags = 0;
    /* Scales are divided out in fp64; it holds all that is tested, and its quotients by block
     * scales. */
    double scaled = mpq_get_d(x) / scale;
    uint64_t code = scale != 1 ? hu_reference_convert(r, to, format("fp64"),
                                                      hu_bits_of_double(scaled), o, &flags)
                               : hu_reference_convert(r, to, from, bits, o, &flags);
    struct hu_datum result = hu_decode(to, code);
    /* An integer has no other way to say so, and NaNs and infinities have returned. */
    bool over = flags & (hu_is_integer(to) ? HU_INVALID : HU_OVERFLOW);
    s->f.overflow += over;
    if (hu_is_finite(result)) {
        s->f.measured++;
        ratio_of(y, to, code);
        double code_value = mpq_get_d(y);
        mpq_set_d(e, scale);
        mpq_mul(y, y, e);
        mpq_sub(e, y, x);
        mpq_abs(e, e);
        s->f.exact += !mpq_sgn(e);
        s->f.underflow += result.class == HU_ZERO && mpq_sgn(x) != 0 && !over;
        s->f.subnormal += result.class == HU_SUBNORMAL;
        mpq_mul(square, x, x);
        mpq_add(s->signal, s->signal, square);
        mpq_mul(square, e, e);
        mpq_add(s->noise, s->noise, square);
        if (mpq_cmp(e, s->max_error) > 0)
            mpq_set(s->max_error, e);
        s->related += mpq_sgn(x) != 0;
        if (mpq_sgn(x)) {
            mpq_abs(x, x);
            mpq_div(square, e, x);
            mpq_mul(square, square, square);
            mpq_add(s->relative, s->relative, square);
        }
        double ulps = ldexp(fabs(code_value - scaled), -hu_ulp_exponent(to, code));
        *max_ulps = ulps > *max_ulps ? ulps : *max_ulps;
    }
    mpq_clears(x, y, e, square, NULL);
}

/* The greatest finite magnitude of elements I to END. */
static double greatest_of(const struct hu_format *from, const unsigned char *data, size_t i,
                          size_t end)
{
    double greatest = 0;
    for (; i < end; i++) {
        uint64_t word = layout_word(data + i * from->storage_bits / 8, from->storage_bits);
        struct hu_datum d = hu_decode(from, word >> from->storage_shift);
        if (hu_is_finite(d))
            greatest = fmax(greatest, ldexp((double)d.significand, d.quantum));
    }
    return greatest;
}

static int mx_exponent(const struct hu_format *from, const unsigned char *data, size_t n, size_t i,
                       const struct hu_format *to)
{
    size_t end = i / 32 * 32 + 32;
    double greatest = greatest_of(from, data, i / 32 * 32, end < n ? end : n);
    int exponent = greatest > 0 ? (int)floor(log2(greatest)) - hu_emax(to) : 0;
    return exponent < -127 ? -127 : exponent > 127 ? 127 : exponent;
}

static double tensor_scale(const struct hu_format *from, const unsigned char *data, size_t n,
                           const struct hu_format *to)
{
    struct hu_datum most = hu_decode(to, hu_max_finite_code(to));
    double max_finite = ldexp((double)most.significand, most.quantum);
    double scale = greatest_of(from, data, 0, n) / max_finite;
    return scale == 0 ? 1 : (double)(float)scale;
}

static void near(double a, double b, double tolerance, const char *what, const char *where)
{
    cr_assert(a == b || fabs(a - b) <= tolerance * fabs(b), "%s: %s: %.17g, and it is %.17g", where,
              what, a, b);
}

static void check_against_slow(const char *source, const void *data, size_t n, const char *target,
                               const struct hu_options *options, enum hu_scaling scaling)
{
    char where[120];
    const struct hu_format *from = format(source), *to = format(target);
    snprintf(where, sizeof where, "%s to %s, direction %d, saturate %d, scaling %d", source, target,
             (int)options->direction, options->saturate, (int)scaling);
    struct hu_gathered *g = gather(source, data, n, target, options, scaling, n);
    struct hu_loss_figures f = hu_loss_figures(&g->losses[0]);
    struct hu_options o = *options;
    o.saturate |= scaling == HU_SCALE_BLOCK;
    struct slow s = {0};
    mpq_inits(s.noise, s.signal, s.relative, s.max_error, NULL);
    struct hu_reference *r = hu_reference_new();
    double max_ulps = 0, tensor = tensor_scale(from, data, n, to);
    for (size_t i = 0; i < n; i++) {
        uint64_t bits =
            layout_word((const char *)data + i * from->storage_bits / 8, from->storage_bits) >>
            from->storage_shift;
        double scale = scaling == HU_SCALE_TENSOR  ? tensor
                       : scaling == HU_SCALE_BLOCK ? ldexp(1, mx_exponent(from, data, n, i, to))
                                                   : 1;
        slow_element(&s, r, from, bits, to, &o, scale, &max_ulps);
    }
    cr_assert_eq(g->spread.nans, s.nans, "%s", where);
    cr_assert_eq(g->spread.infinities, s.infinities, "%s", where);
    cr_assert_eq(f.measured, s.f.measured, "%s: measured %llu, not %llu", where,
                 (unsigned long long)f.measured, (unsigned long long)s.f.measured);
    cr_assert_eq(f.overflow, s.f.overflow, "%s: overflow", where);
    cr_assert_eq(f.underflow, s.f.underflow, "%s: underflow", where);
    cr_assert_eq(f.subnormal, s.f.subnormal, "%s: subnormal %llu, not %llu", where,
                 (unsigned long long)f.subnormal, (unsigned long long)s.f.subnormal);
    cr_assert_eq(f.exact, s.f.exact, "%s: exact", where);
    near(f.max_error, mpq_get_d(s.max_error), 0x1p-52, "max error", where);
    near(f.max_ulps, max_ulps, 0x1p-52, "max ulps", where);
    if (s.f.measured) {
        near(f.rms_error, root_mean(s.noise, s.f.measured), 0x1p-51, "rms error", where);
        near(f.rms_relative, root_mean(s.relative, s.related), 0x1p-24, "rms relative", where);
    }
    if (mpq_sgn(s.noise) && mpq_sgn(s.signal))
        cr_assert_float_eq(f.sqnr, decibels(s.signal, s.noise), 1e-10, "%s: sqnr", where);
    hu_reference_free(r);
    hu_gathered_free(g);
    mpq_clears(s.noise, s.signal, s.relative, s.max_error, NULL);
}

static const char *const targets[] = {
    "fp32",         "tf32",     "bf16", "fp16",  "fp8_e5m2", "fp8_e4m3", "fp6_e3m2", "fp6_e2m3",
    "fp8_e4m3fnuz", "fp4_e2m1", "e8m0", "e5m12", "int8",     "uint8",    "int16",    "int32"};

static void check_source(const char *source)
{
    enum { N = 2600 };
    const struct hu_format *f = format(source);
    unsigned char *data = malloc(N * 8);
    for (int any_bits = 0; any_bits < 2; any_bits++) {
        fill(f, data, N, any_bits, 7 + (uint64_t)any_bits);
        for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
            struct hu_options options = {0};
            check_against_slow(source, data, N, targets[t], &options, HU_SCALE_NONE);
            options.saturate = true;
            check_against_slow(source, data, N, targets[t], &options, HU_SCALE_NONE);
            options.saturate = false;
            for (int d = HU_TIES_TO_AWAY; d < HU_STOCHASTIC; d++) {
                options.direction = (enum hu_direction)d;
                check_against_slow(source, data, N, targets[t], &options, HU_SCALE_NONE);
            }
        }
    }
    free(data);
}

Test(statistics, fp32_agrees_with_mpfr_and_rationals, .timeout = 120)
{
    check_source("fp32");
}

Test(statistics, fp64_agrees_with_mpfr_and_rationals, .timeout = 120)
{
    check_source("fp64");
}

Test(statistics, subnormals_of_fp64_have_normal_units_in_wider_formats)
{
    /* 5 units of 2^-1074 lie half a unit from 4 of them, where the unit is 2. */
    const double five = 5 * 0x1p-1074;
    cr_assert_eq(figures("fp64", &five, 1, "e15m1").max_ulps, 0.5);
    enum { N = 3000 };
    static double x[N];
    uint64_t seed = 31;
    for (int i = 0; i < N; i++) {
        uint64_t r = random_bits(&seed), bits = r >> (12 + i % 52) | r << 63;
        memcpy(&x[i], &bits, sizeof bits);
    }
    static const char *const formats[] = {"e12m1", "e12m10", "e15m2", "e15m20", "e15m48"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        for (int direction = 0; direction < HU_STOCHASTIC; direction++)
            for (int scaling = 0; scaling < 2; scaling++) {
                struct hu_options o = {.direction = (enum hu_direction)direction};
                check_against_slow("fp64", x, N, formats[i], &o,
                                   scaling ? HU_SCALE_BLOCK : HU_SCALE_NONE);
            }
}

/* Values next to where the target overflows, of both signs, among others far below and beyond. */
static void fill_about(const struct hu_statistics_target *t, bool single, void *data, size_t n)
{
    uint64_t seed = 37;
    for (size_t i = 0; i < n; i++) {
        uint64_t r = random_bits(&seed);
        int steps = (int)(r >> 8 & 7) - 3;
        double y = r & 16 ? t->overflow_from[0] : t->max_finite;
        double x = single ? (double)(float)y : y;
        for (int k = 0; k < abs(steps); k++)
            x = single ? (double)nextafterf((float)x, steps > 0 ? HUGE_VALF : 0)
                       : nextafter(x, steps > 0 ? HUGE_VAL : 0);
        x = ldexp(r & 1 ? -x : x, r & 4 ? 0 : (int)(r >> 11 & 15) - 8);
        if (single)
            ((float *)data)[i] = (float)x;
        else
            ((double *)data)[i] = x;
    }
}

Test(statistics, what_overflows_agrees_with_mpfr_and_rationals, .timeout = 120)
{
    enum { N = 2500 };
    static double data[N];
    static const char *const to[] = {"fp8_e4m3", "fp8_e5m2", "fp6_e2m3",     "fp4_e2m1", "fp16",
                                     "bf16",     "fp32",     "fp8_e4m3fnuz", "tf32"};
    for (size_t i = 0; i < sizeof to / sizeof *to; i++)
        for (int k = 0; k < 4; k++) {
            struct hu_options options = {.saturate = k & 1};
            struct hu_statistics_target t =
                hu_statistics_target_of(format(to[i]), &options, HU_SCALE_NONE);
            fill_about(&t, k & 2, data, N);
            check_against_slow(k & 2 ? "fp32" : "fp64", data, N, to[i], &options, HU_SCALE_NONE);
        }
}

Test(statistics, overflow_upward_is_infinite_on_one_side_in_fp64s_precision_too)
{
    /* The greatest of 53 bits and what lies next to it: both signs overflow from 16 on. */
    enum { N = 700 };
    static double x[N];
    for (int i = 0; i < N; i++)
        x[i] = (i & 1 ? -1 : 1) * (i % 7 ? 1.25 : 0x1p100) * (1 + i % 5 * 0x1p-52);
    static const char *const to[] = {"e3m52", "e8m52", "e4m51", "e8m52fn"};
    for (size_t i = 0; i < sizeof to / sizeof *to; i++)
        for (int direction = 0; direction < HU_STOCHASTIC; direction++)
            for (int saturate = 0; saturate < 2; saturate++) {
                struct hu_options o = {.direction = (enum hu_direction)direction,
                                       .saturate = saturate};
                check_against_slow("fp64", x, N, to[i], &o, HU_SCALE_NONE);
            }
}

Test(statistics, what_a_wider_format_rounds_beyond_fp64_overflows)
{
    const double x[] = {DBL_MAX, -DBL_MAX, 1.5, DBL_MAX / 2};
    struct hu_loss_figures f = figures("fp64", x, 4, "e12m10");
    cr_assert_eq(f.overflow, 2);
    cr_assert_eq(f.measured, 2);
    cr_assert(isfinite(f.max_error) && f.max_error > 0);
    f = figures("fp64", x, 4, "e11m3fn"); /* its largest is 1.75 * 2^1024 */
    cr_assert_eq(f.overflow, 2);
    cr_assert_eq(f.measured, 2);
}

Test(statistics, errors_of_the_largest_of_more_than_53_bits_are_in_its_own_units)
{
    const double x[] = {16};
    struct hu_options o = {.direction = HU_TOWARD_ZERO};
    struct hu_gathered *g = gather("fp64", (const double[]){24}, 1, "e2m57", &o, HU_SCALE_NONE, 1);
    /* 24 - 4 in units of 2^(1-57). */
    cr_assert_eq(hu_loss_figures(&g->losses[0]).max_ulps, 20 * 0x1p56);
    hu_gathered_free(g);
    cr_assert_eq(figures("fp64", x, 1, "e2m57").overflow, 1);
}

Test(statistics, formats_counted_by_code_agree_with_mpfr_and_rationals, .timeout = 120)
{
    check_source("fp16");
    check_source("bf16");
    check_source("fp8_e4m3");
}

Test(statistics, block_scales_agree_with_mpfr_and_rationals, .timeout = 120)
{
    static const char *const sources[] = {"fp32", "bf16", "fp64"};
    static const char *const mx[] = {"fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3",
                                     "fp4_e2m1", "fp16",     "bf16",     "fp8_e4m3fnuz"};
    enum { N = 2600 };
    unsigned char *data = malloc(N * 8);
    struct hu_options options = {0};
    for (size_t s = 0; s < 3; s++)
        for (size_t t = 0; t < sizeof mx / sizeof *mx; t++)
            /* The judge scales in fp64, which cannot hold what becomes of its own extremes. */
            for (int any = 0; any < (s < 2 ? 2 : 1); any++) {
                fill(format(sources[s]), data, N, any, 3 + t);
                check_against_slow(sources[s], data, N, mx[t], &options, HU_SCALE_BLOCK);
            }
    free(data);
}

Test(statistics, block_scales_near_fp32s_least_agree_with_mpfr_and_rationals, .timeout = 120)
{
    /* The greatest of 32 from the least subnormal number on, a binade further each time: the
     * target's least normal number, times the scale, is subnormal in fp32 or lies below all of it.
     */
    static const char *const mx[] = {"fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp6_e2m3",
                                     "fp4_e2m1", "fp16",     "bf16",     "fp8_e3m4"};
    enum { N = 96 };
    float x[N];
    struct hu_options options = {0};
    for (int binade = -149; binade < -100; binade++) {
        uint64_t seed = 53;
        for (int i = 0; i < N; i++) {
            uint64_t r = random_bits(&seed);
            float significand = 1 + (float)(r >> 41) * 0x1p-23F;
            x[i] = ldexpf(r & 8 ? -significand : significand, binade + i / 32 - (int)(r & 7));
        }
        for (size_t t = 0; t < sizeof mx / sizeof *mx; t++)
            check_against_slow("fp32", x, N, mx[t], &options, HU_SCALE_BLOCK);
    }
}

Test(statistics, a_tensor_scale_is_a_positive_fp32)
{
    /* 2^-1000 over bf16's greatest, and 1 over that of a format far beyond fp64. */
    const double tiny[] = {0x1p-1000, -0x1p-1001}, one[] = {1, 0.5};
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp64", tiny, 2, "bf16", &options, HU_SCALE_TENSOR, 2);
    cr_assert_eq(g->losses[0].underflow, 2);
    hu_gathered_free(g);
    g = gather("fp64", one, 2, "e12m3", &options, HU_SCALE_TENSOR, 2);
    cr_assert_eq(g->losses[0].underflow, 0);
    cr_assert_eq(g->losses[0].inexact, 0);
    cr_assert_eq(g->losses[0].max_ulps, 0);
    hu_gathered_free(g);
}

Test(statistics, what_a_scale_makes_too_small_for_fp64_still_underflows)
{
    const double x[] = {0x1p1000, 0x1p-1030};
    for (int d = 0; d < 6; d++) {
        struct hu_options options = {.direction = (enum hu_direction)d};
        bool up = options.direction == HU_TOWARD_POSITIVE || options.direction == HU_TO_ODD;
        struct hu_gathered *g = gather("fp64", x, 2, "fp8_e4m3", &options, HU_SCALE_BLOCK, 2);
        cr_assert_eq(g->losses[0].underflow, !up, "direction %d", d);
        cr_assert_eq(g->losses[0].subnormal, up, "direction %d", d);
        hu_gathered_free(g);
    }
}

Test(statistics, what_is_tiny_is_off_by_so_many_units_of_an_integer)
{
    const float x[] = {0, 0x1.234568p-120f, -0x1.8p-148f}, y[] = {0x1p-149f};
    cr_assert_eq(figures("fp32", x, 3, "int8").max_ulps, 0x1.234568p-120);
    cr_assert_eq(figures("fp32", y, 1, "int8").max_ulps, 0x1p-149);
    cr_assert_eq(figures("fp32", y, 1, "fp16").max_ulps, 0x1p-125);
    const double z[] = {0x1.23456789ap-1040};
    cr_assert_eq(figures("fp64", z, 1, "int8").max_ulps, z[0]);
}

Test(statistics, a_relative_error_beyond_fp64_is_left_out)
{
    const double x[] = {0x1p-1060, 1 + 0x1p-10};
    struct hu_options options = {.direction = HU_TOWARD_POSITIVE};
    struct hu_gathered *g = gather("fp64", x, 2, "fp8_e4m3", &options, HU_SCALE_NONE, 2);
    double relative = (1.125 - x[1]) / x[1];
    cr_assert_eq(g->losses[0].max_relative, relative);
    cr_assert_float_eq(hu_loss_figures(&g->losses[0]).rms_relative, relative / sqrt(2), 1e-12);
    hu_gathered_free(g);
}

Test(statistics, a_formats_figures_do_not_depend_on_the_other_formats)
{
    enum { N = 4096 };
    unsigned char *data = malloc(N * 4);
    fill(format("fp32"), data, N, false, 5);
    struct hu_options options = {0};
    struct hu_statistics_target both[] = {
        hu_statistics_target_of(format("bf16"), &options, HU_SCALE_NONE),
        hu_statistics_target_of(format("e9m6"), &options, HU_SCALE_NONE),
    };
    struct hu_loss_figures f[2];
    struct hu_scratch *a = hu_scratch_new();
    for (size_t count = 1; count <= 2; count++) {
        struct hu_statistics_plan plan = {both, count, HU_SCALE_NONE};
        struct hu_statistics_data d = {.format = format("fp32"), .elements = N, .row = N};
        struct hu_gathered *g = hu_gathered_new(&plan, d.format);
        cr_assert(hu_analyse(a, &plan, &d, g, 0, N, data, NULL));
        hu_gathered_finish(a, &plan, d.format, g);
        f[count - 1] = hu_loss_figures(&g->losses[0]);
        hu_gathered_free(g);
    }
    cr_assert_eq(f[0].max_relative, f[1].max_relative);
    cr_assert_eq(f[0].rms_relative, f[1].rms_relative);
    cr_assert_eq(f[0].rms_error, f[1].rms_error);
    cr_assert_eq(f[0].max_ulps, f[1].max_ulps);
    hu_scratch_free(a);
    free(data);
}

Test(statistics, a_tensor_scale_that_is_rounded_down_lets_the_greatest_overflow)
{
    double most = ldexp(2 - 0x1p-23, 127);
    const double x[] = {most * 0x1p-20 * (1 + 0x1.8p-25), 0.5, 0.75};
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp64", x, 3, "fp32", &options, HU_SCALE_TENSOR, 3);
    cr_assert_eq(g->losses[0].overflow, 1);
    cr_assert_eq(g->losses[0].measured, 2);
    cr_assert_eq(g->losses[0].inexact, 0);
    hu_gathered_free(g);
}

Test(statistics, tensor_scales_agree_with_mpfr_and_rationals, .timeout = 120)
{
    static const char *const sources[] = {"fp32", "bf16", "fp64"};
    static const char *const to[] = {"fp8_e4m3", "fp8_e5m2", "fp6_e2m3",    "fp4_e2m1",
                                     "fp16",     "bf16",     "fp8_e4m3fnuz"};
    enum { N = 2600 };
    unsigned char *data = malloc(N * 8);
    for (size_t s = 0; s < 3; s++)
        for (size_t t = 0; t < sizeof to / sizeof *to; t++)
            for (int d = 0; d < 6; d++) {
                struct hu_options options = {.direction = (enum hu_direction)d, .saturate = t % 2};
                fill(format(sources[s]), data, N, false, 3 + t);
                check_against_slow(sources[s], data, N, to[t], &options, HU_SCALE_TENSOR);
            }
    free(data);
}

Test(statistics, a_tensor_scale_maps_the_largest_to_the_targets_largest)
{
    const float x[] = {0.001f, -0.002f, 0.003f, 0.0035f};
    struct hu_options options = {0};
    struct hu_gathered *g = gather("fp32", x, 4, "fp8_e4m3", &options, HU_SCALE_TENSOR, 4);
    struct hu_loss_figures f = hu_loss_figures(&g->losses[0]);
    cr_assert_eq(f.overflow, 0);
    double scale = (double)(float)((double)0.0035f / 448), noise = 0;
    for (int i = 0; i < 4; i++) {
        const struct hu_format *to = format("fp8_e4m3");
        double code = hu_to_double(to, hu_from_double(to, x[i] / scale, NULL));
        noise += (code * scale - x[i]) * (code * scale - x[i]);
    }
    cr_assert_float_eq(f.rms_error, sqrt(noise / 4), 1e-15);
    hu_gathered_free(g);
    /* The same by way of codes. */
    uint16_t halves[4];
    hu_convert_array(format("bf16"), halves, format("fp32"), x, 4, NULL, NULL);
    float again[4];
    hu_convert_array(format("fp32"), again, format("bf16"), halves, 4, NULL, NULL);
    struct hu_gathered *a = gather("bf16", halves, 4, "fp8_e4m3", &options, HU_SCALE_TENSOR, 4);
    struct hu_gathered *b = gather("fp32", again, 4, "fp8_e4m3", &options, HU_SCALE_TENSOR, 4);
    cr_assert_eq(hu_loss_figures(&a->losses[0]).rms_error,
                 hu_loss_figures(&b->losses[0]).rms_error);
    hu_gathered_free(a);
    hu_gathered_free(b);
}
