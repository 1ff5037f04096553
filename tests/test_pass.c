/* The passes over chunks in every instruction set, and the sums that they end in. */
#include "array/array.h"
#include "array/layout.h"
#include "float_bits.h"
#include "statistics_data.h"
#include "loss/exact_sum.h"
#include "loss/pass.h"
#include "loss/relative.h"

#include <criterion/criterion.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

static bool same_sum(struct hu_pass_sum a, struct hu_pass_sum b)
{
    return a.high == b.high && a.low == b.low && a.exponent == b.exponent;
}

Test(pass, instruction_sets_change_no_bit)
{
    static float x[HU_CHUNK];
    static double wide[HU_CHUNK], near_x[HU_CHUNK], error[3][HU_CHUNK], relative[3][HU_CHUNK];
    static unsigned char codes[HU_CHUNK];
    fill(format("fp32"), (unsigned char *)x, HU_CHUNK, false, 9);
    for (int i = 0; i < HU_CHUNK; i++)
        wide[i] = x[i] * 1.1;
    hu_convert_array(format("fp8_e4m3"), codes, format("fp64"), wide, HU_CHUNK, NULL, NULL);
    hu_convert_array(format("fp64"), near_x, format("fp8_e4m3"), codes, HU_CHUNK, NULL, NULL);
    static const char *const names[] = {"portable", "avx2", "avx512"};
    struct hu_pass_errors e[4];
    struct hu_pass_sum sums[4], wide_sums[4];
    for (size_t k = 0; k < 3 && hu_kernel_find(names[k]); k++) {
        const struct hu_passes *p = hu_passes_of(names[k], true);
        struct hu_pass_range range;
        p->range(x, &range);
        sums[k] = p->squares(x, range.greatest, x);
        p = hu_passes_of(names[k], false);
        e[k] = (struct hu_pass_errors){.x = wide,
                                       .result = near_x,
                                       .scaled = wide,
                                       .code = near_x,
                                       .emin = -6,
                                       .error = error[k],
                                       .relative = relative[k]};
        p->errors(&e[k]);
        p->range(wide, &range);
        wide_sums[k] = p->squares(wide, range.greatest, wide);
        cr_assert(!memcmp(error[k], error[0], sizeof *error));
        cr_assert(!memcmp(relative[k], relative[0], sizeof *relative));
        cr_assert_eq(e[k].inexact, e[0].inexact);
        cr_assert_eq(e[k].max_units, e[0].max_units);
        cr_assert_eq(e[k].max_relative, e[0].max_relative);
        cr_assert(same_sum(sums[k], sums[0]));
        cr_assert(same_sum(wide_sums[k], wide_sums[0]));
    }
}

/* Value I of one kind: about 1, of many binades, with zeros, with subnormals, near the greatest,
 * all equal, all zero, near the least normal. */
enum { KINDS = 8 };
static double value_of_kind(int kind, bool single, uint64_t *seed)
{
    int top = single ? 127 : 1023;
    uint64_t r = random_bits(seed);
    double sign = r & 1 ? -1 : 1, y = ldexp((double)(r >> 11 | 1), -53);
    int spread = (int)(r >> 1 & 63) - 32;
    switch (kind) {
    case 1:
        return sign * ldexp(y, spread);
    case 2:
        return sign * (r & 6 ? y : 0);
    case 3:
        return sign * (r & 126 ? y : ldexp(y, -top - 1 - (spread & 15)));
    case 4:
        return sign * ldexp(y, top - 7);
    case 5:
        return sign * 0.1;
    case 6:
        return sign * 0;
    case 7:
        return sign * ldexp(y, -top + (spread & 15));
    default:
        return sign * y;
    }
}

static void set_value(void *x, size_t i, bool single, double value)
{
    if (single)
        ((float *)x)[i] = (float)value;
    else
        ((double *)x)[i] = value;
}

static void fill_kind(void *x, int kind, bool single, uint64_t *seed)
{
    for (size_t i = 0; i < HU_CHUNK; i++)
        set_value(x, i, single, value_of_kind(kind, single, seed));
}

static void same_near(const struct hu_pass_near *a, const struct hu_pass_near *b)
{
    cr_assert_eq(a->inexact, b->inexact);
    cr_assert_eq(a->zeros, b->zeros);
    cr_assert_eq(a->subnormals, b->subnormals);
    cr_assert_eq(a->overflows, b->overflows);
    cr_assert_eq(a->max_error, b->max_error);
    cr_assert_eq(a->max_relative, b->max_relative);
    cr_assert_eq(a->max_units, b->max_units, "emin %d, %d bits", a->emin, a->trailing_bits);
    if (!a->inexact)
        return;
    cr_assert(same_sum(a->noise, b->noise));
    cr_assert_eq(a->squares_of_relative, b->squares_of_relative);
}

/* A set's own walk against the plain one. Whether it was done. */
static bool compare_near(const struct hu_passes *p, struct hu_pass_near n)
{
    const struct hu_passes *plain = hu_passes_of("portable", p->size == 4);
    struct hu_pass_near other = n;
    plain->range(n.x, &n.range);
    other.range = n.range;
    bool done = plain->near(&other);
    cr_assert_eq(p->near(&n), done);
    if (!done)
        return false;
    same_near(&n, &other);
    return true;
}

/* e4m3, e5m2, fp16, bf16, tf32, e2m1, fp32, and some with room for a bit less than the type. */
static const int near_formats[][2] = {{-6, 3}, {-14, 2},   {-14, 10}, {-126, 7},   {-126, 10},
                                      {0, 1},  {-126, 23}, {-62, 22}, {-1022, 40}, {-62, 51}};

static void compare_all_near(const char *set, bool single)
{
    const struct hu_passes *p = hu_passes_of(set, single);
    static double x[HU_CHUNK];
    uint64_t seed = 23;
    int done = 0;
    for (int round = 0; round < 20; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            fill_kind(x, kind, single, &seed);
            for (size_t t = 0; t < sizeof near_formats / sizeof *near_formats; t++) {
                struct hu_pass_near n = {.x = x};
                n.emin = near_formats[t][0];
                n.trailing_bits = near_formats[t][1];
                for (int d = 0; d < HU_STOCHASTIC; d++) {
                    n.direction = (enum hu_direction)d;
                    done += compare_near(p, n);
                    n.units_known = d % 2 ? 0.5 : 0;
                }
            }
        }
    cr_assert_gt(done, 20 * (KINDS - 3) * HU_STOCHASTIC * (single ? 5 : 8), "%d", done);
}

static uint64_t bits_of(double x, bool single)
{
    return single ? hu_bits_of_float((float)x) : hu_bits_of_double(x);
}

/* Scales from those that leave most in the target's range to those of which all overflow. */
static void compare_all_near_in_scales(const char *set, bool single)
{
    const struct hu_passes *p = hu_passes_of(set, single);
    static double x[HU_CHUNK];
    uint64_t seed = 29, greatest[HU_SCALES];
    int done = 0, scales[HU_SCALES];
    for (int round = 0; round < 20; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            fill_kind(x, kind, single, &seed);
            p->greatest(x, greatest);
            for (size_t t = 0; t < 6; t++) {
                struct hu_pass_near n = {.x = x, .scales = scales};
                n.emin = near_formats[t][0];
                n.trailing_bits = near_formats[t][1];
                int emax = 1 - n.emin;
                n.most = bits_of(ldexp(1.75, emax), single);
                n.overflow = bits_of(ldexp(1.8125, emax), single);
                for (size_t i = 0; i < HU_SCALES; i++) {
                    int exponent = (int)(greatest[i] >> (single ? 23 : 52)) - (single ? 127 : 1023);
                    scales[i] = exponent - emax - (int)(random_bits(&seed) % 3);
                    set_value(x, i * HU_SCALED + 7, single, ldexp(1.8125, emax + scales[i]));
                    set_value(x, i * HU_SCALED + 9, single, ldexp(1.75, emax + scales[i]));
                }
                done += compare_near(p, n);
            }
        }
    cr_assert_gt(done, 20 * 4 * 3, "%d", done);
}

/* By divisors of fp32, as tensor scales are. */
static void compare_all_near_divided(const char *set)
{
    const struct hu_passes *p = hu_passes_of(set, false);
    static double x[HU_CHUNK];
    uint64_t seed = 31;
    int done = 0;
    for (int round = 0; round < 60; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            fill_kind(x, kind, false, &seed);
            for (size_t t = 0; t < 6; t++) {
                struct hu_pass_near n = {.x = x};
                n.direction = (enum hu_direction)(round % HU_STOCHASTIC);
                n.emin = near_formats[t][0];
                n.trailing_bits = near_formats[t][1];
                float divisor = ldexpf((float)(random_bits(&seed) >> 40 | 1), (int)(t * 5) - 40);
                n.divisor = round % 3 ? divisor : round % 7 ? 0x1.fffffep-9 : 0.25;
                /* Quotients that are exact, or nearly. */
                for (size_t i = 0; round % 5 == 0 && i < HU_CHUNK; i++)
                    x[i] = nextafter((double)(i % 15 + 1) * n.divisor, (double)(i % 3) - 1);
                done += compare_near(p, n);
            }
        }
    cr_assert_geq(done, 60 * 5 * 6, "%d", done);
}

/* Values of fp32 in passes of fp64, with tensor scales and without, and relative errors as fp32's.
 */
static void compare_all_near_of_fp32(const char *set)
{
    const struct hu_passes *p = hu_passes_of(set, false);
    static float x[HU_CHUNK];
    static double wide[HU_CHUNK];
    uint64_t seed = 37;
    int done = 0;
    for (int round = 0; round < 60; round++)
        for (int kind = 0; kind < KINDS; kind++) {
            fill_kind(x, kind, true, &seed);
            for (size_t i = 0; i < HU_CHUNK; i++)
                wide[i] = x[i];
            for (size_t t = 0; t < 6; t++) {
                struct hu_pass_near n = {.x = wide}, widened;
                n.direction = (enum hu_direction)(round % HU_STOCHASTIC);
                n.in_fp32 = true;
                n.emin = near_formats[t][0];
                n.trailing_bits = near_formats[t][1];
                n.divisor =
                    round % 2 ? ldexp(1 + (double)(random_bits(&seed) >> 42) * 0x1p-22, -3) : 0;
                p->range(wide, &n.range);
                widened = n;
                widened.in_fp32 = false;
                bool fine = p->near(&n);
                cr_assert_eq(p->near(&widened), fine);
                done += fine;
                if (!fine)
                    continue;
                /* What is rounded away from zero may have an error of more bits. */
                const double relative = hu_to_24_bits(widened.max_relative);
                if (n.direction <= HU_TIES_TO_AWAY)
                    cr_assert_eq(n.max_relative, relative);
                else
                    cr_assert_float_eq(n.max_relative, relative, 0x1p-22 * relative);
                widened.max_relative = n.max_relative;
                widened.squares_of_relative = n.squares_of_relative;
                same_near(&n, &widened);
            }
        }
    cr_assert_geq(done, 60 * 6 * 6, "%d", done);
}

/* By a divisor and rounded in fp32, X is what it is in fp64. */
static void compare_quotients(const struct hu_passes *p, struct hu_pass_near n)
{
    const struct hu_passes *wide = hu_passes_of("portable", false);
    static double widened[HU_CHUNK];
    struct hu_pass_near other = n;
    for (size_t i = 0; i < HU_CHUNK; i++)
        widened[i] = (double)((const float *)n.x)[i];
    other.x = widened;
    other.in_fp32 = true;
    wide->range(widened, &other.range);
    cr_assert(p->near(&n));
    cr_assert(wide->near(&other));
    if (ldexp(other.max_units, n.trailing_bits) <= n.units_known)
        n.max_units = other.max_units;
    n.noise.high += n.noise.low;
    other.noise.high += other.noise.low;
    n.noise.low = other.noise.low;
    same_near(&n, &other);
}

Test(pass, quotients_of_fp32_round_as_those_of_fp64)
{
    static const char *const names[] = {"avx2", "avx512"};
    static float x[HU_CHUNK];
    uint64_t seed = 41;
    for (size_t k = 0; k < 2 && hu_kernel_find(names[k]); k++) {
        const struct hu_passes *p = hu_passes_of(names[k], true);
        int done = 0;
        for (int round = 0; round < 120 * KINDS; round++) {
            double divisor = round % 11 ? 1 + (double)(random_bits(&seed) >> 41) * 0x1p-23 : 1;
            fill_kind(x, round % KINDS, true, &seed);
            /* Half way between two results, next to it, and next to results. */
            float tie = 4.5F * (float)divisor;
            x[5] = round / KINDS % 4 == 1 ? tie : x[5];
            x[7] = round / KINDS % 4 == 2 ? nextafterf(tie, round % 3 ? 0 : INFINITY) : x[7];
            for (size_t i = 0; round / KINDS % 4 == 3 && i < HU_CHUNK; i++)
                x[i] = nextafterf((float)(i % 95 + 1) / 8 * (float)divisor, (float)(i % 3) * 8);
            for (size_t t = 0; t < 6; t++) {
                struct hu_pass_near n = {.x = x, .divisor = divisor};
                n.direction = (enum hu_direction)((round / KINDS + (int)t) % HU_STOCHASTIC);
                n.units_known = round % 5 ? 0 : 0.5;
                n.emin = near_formats[t][0];
                n.trailing_bits = near_formats[t][1];
                p->range(x, &n.range);
                struct hu_pass_near own = n;
                if (!p->near(&own))
                    continue;
                done++;
                compare_quotients(p, n);
            }
        }
        cr_assert_gt(done, 120 * 6 * 4, "%d", done);
    }
}

Test(pass, instruction_sets_round_alike)
{
    static const char *const names[] = {"avx2", "avx512"};
    compare_all_near_of_fp32("portable");
    for (size_t k = 0; k < 2 && hu_kernel_find(names[k]); k++)
        for (int single = 0; single < 2; single++) {
            compare_all_near(names[k], single);
            compare_all_near_in_scales(names[k], single);
            compare_all_near_divided(names[k]);
            compare_all_near_of_fp32(names[k]);
        }
}

/* In the target's last places. */
static double most_units(const struct hu_passes *p, struct hu_pass_near n, double known)
{
    n.units_known = known;
    p->range(n.x, &n.range);
    cr_assert(p->near(&n));
    return fmax(known, ldexp(n.max_units, n.trailing_bits));
}

Test(pass, units_that_are_known_hide_no_greater_ones)
{
    static const char *const names[] = {"portable", "avx2", "avx512"};
    static float x[HU_CHUNK];
    uint64_t seed = 43;
    int found = 0;
    for (size_t k = 0; k < 3 && hu_kernel_find(names[k]); k++)
        for (int round = 0; round < 3 * HU_STOCHASTIC; round++)
            for (int t = 4; t < 23; t++) {
                const struct hu_passes *p = hu_passes_of(names[k], true);
                struct hu_pass_near n = {.x = x, .trailing_bits = t, .emin = round % 3 ? -60 : 0};
                n.direction = (enum hu_direction)(round % HU_STOCHASTIC);
                fill_kind(x, round % 3, true, &seed);
                if (n.direction == HU_TIES_TO_AWAY && t == 22)
                    continue;
                const double most = most_units(p, n, 0), dropped = ldexp(1, t - 23);
                const double known[] = {0.25, 0.5, 1 - 2 * dropped, 1 - dropped, most};
                for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
                    cr_assert_eq(most_units(p, n, known[i]), fmax(most, known[i]));
                    found += known[i] < most;
                }
            }
    cr_assert_gt(found, 400);
}

Test(pass, a_middle_below_a_power_of_two_is_off_by_a_quarter_of_its_unit)
{
    static const char *const names[] = {"portable", "avx2", "avx512"};
    static float x[HU_CHUNK];
    for (size_t k = 0; k < 3 && hu_kernel_find(names[k]); k++)
        for (int t = 1; t < 22; t++) {
            struct hu_pass_near n = {.x = x, .trailing_bits = t, .emin = -60};
            for (size_t i = 0; i < HU_CHUNK; i++)
                x[i] = 2 - ldexpf(1, -t - 1);
            n.direction = HU_TIES_TO_EVEN;
            cr_assert_eq(most_units(hu_passes_of(names[k], true), n, 0), 0.25);
            n.direction = HU_TIES_TO_AWAY;
            cr_assert_eq(most_units(hu_passes_of(names[k], true), n, 0), 0.25);
        }
}

static void compare_counts(const char *name, bool single)
{
    const struct hu_passes *p = hu_passes_of(name, single);
    bool most =
        !strcmp(name, "avx512"); /* with fewer lanes, tables count where exponents are many */
    static double x[HU_CHUNK];
    uint64_t seed = 29;
    int counted[KINDS] = {0}, all = single ? 256 : 2048;
    for (int i = 0; i < 20 * KINDS; i++) {
        uint32_t one_by_one[2048] = {0};
        struct hu_pass_exponents lanes;
        fill_kind(x, i % KINDS, single, &seed);
        struct hu_pass_range range;
        p->range(x, &range);
        if (!p->count(x, &range, &lanes))
            continue;
        counted[i % KINDS]++;
        for (int k = 0; k < HU_CHUNK; k++)
            one_by_one[single ? layout_word((const float *)(const void *)x + k, 32) >> 23 & 0xff
                              : layout_word(x + k, 64) >> 52 & 0x7ff]++;
        for (int e = 1; e < all; e++) {
            bool in = e >= lanes.first && e < lanes.first + lanes.number;
            cr_assert_eq(in ? lanes.counts[e - lanes.first] : 0, one_by_one[e],
                         "kind %d, exponent %d", i % KINDS, e);
        }
    }
    for (int k = 0; k < KINDS; k++)
        cr_assert(counted[k] || k == 1 || !most);
}

Test(pass, lanes_count_exponents_as_one_by_one_does)
{
    static const char *const names[] = {"portable", "avx2", "avx512"};
    for (size_t k = 0; k < 3 && hu_kernel_find(names[k]); k++) {
        compare_counts(names[k], true);
        compare_counts(names[k], false);
    }
}

static uint64_t magnitude_of(const void *x, size_t i, bool single)
{
    return single ? layout_word((const float *)x + i, 32) & INT32_MAX
                  : layout_word((const double *)x + i, 64) & INT64_MAX;
}

/* Against the definitions, one element at a time. LIMIT: some magnitude. */
static void check_clip(const struct hu_passes *p, const void *x, uint64_t limit)
{
    static double kept[HU_CHUNK];
    static uint16_t at[HU_CHUNK + 1];
    bool single = p->size == 4;
    uint64_t none = single ? UINT32_MAX : UINT64_MAX;
    struct hu_pass_range range = {0, 0}, expected = {0, none};
    size_t clipped = p->clip(x, limit, kept, &range);
    size_t found = limit > 1 ? p->find(x, 1, limit - 1, at) : 0;
    size_t great = 0, small = 0;
    for (size_t i = 0; i < HU_CHUNK; i++) {
        uint64_t magnitude = magnitude_of(x, i, single);
        if (magnitude && magnitude < limit)
            cr_assert(small < found && at[small++] == i);
        if (magnitude >= limit) {
            great++;
            cr_assert_eq(magnitude_of(kept, i, single), 0);
            continue;
        }
        size_t size = p->size;
        cr_assert(!memcmp((char *)kept + i * size, (const char *)x + i * size, size));
        expected.greatest = magnitude > expected.greatest ? magnitude : expected.greatest;
        uint64_t below = magnitude ? magnitude - 1 : none;
        expected.least_nonzero = below < expected.least_nonzero ? below : expected.least_nonzero;
    }
    cr_assert_eq(clipped, great);
    cr_assert_eq(found, small);
    cr_assert_eq(range.greatest, expected.greatest);
    cr_assert_eq(range.least_nonzero, expected.least_nonzero);
}

Test(pass, passes_clip_and_find_by_magnitude)
{
    static const char *const names[] = {"portable", "avx2", "avx512"};
    static double x[HU_CHUNK];
    uint64_t seed = 31;
    for (int i = 0; i < 12 * KINDS; i++) {
        bool single = i / KINDS % 2;
        fill_kind(x, i % KINDS, single, &seed);
        uint64_t some = magnitude_of(x, random_bits(&seed) % HU_CHUNK, single);
        uint64_t infinite = single ? UINT64_C(0x7f800000) : UINT64_C(0x7ff) << 52;
        for (size_t k = 0; k < 3 && hu_kernel_find(names[k]); k++) {
            const struct hu_passes *p = hu_passes_of(names[k], single);
            check_clip(p, x, some ? some : 1);
            check_clip(p, x, some + 1);
            check_clip(p, x, infinite);
            check_clip(p, x, 1);
        }
    }
}

Test(pass, exact_sums_agree_with_rationals)
{
    struct hu_exact_sum sum = {{0}};
    mpq_t all, one;
    mpq_inits(all, one, NULL);
    uint64_t seed = 11;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_bits(&seed);
        double d;
        bits = i % 3 ? bits : bits & ~(UINT64_C(0x7ff) << 52);
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d))
            continue;
        uint64_t count = random_bits(&seed) >> (i % 63);
        mpq_set_d(one, d);
        mpq_mul(one, one, one);
        mpz_mul_ui(mpq_numref(one), mpq_numref(one), count);
        mpq_canonicalize(one);
        mpq_add(all, all, one);
        hu_exact_add_square(&sum, d, count, false);
        if (i % 5 == 0) {
            hu_exact_add_square(&sum, d, count, true);
            mpq_sub(all, all, one);
        }
        if (i % 2000)
            continue;
        int exponent;
        double fraction = hu_exact_value(&sum, &exponent);
        mpfr_t x;
        mpfr_init2(x, 53);
        mpfr_set_q(x, all, MPFR_RNDN);
        long e;
        double expected = mpfr_zero_p(x) ? 0 : mpfr_get_d_2exp(&e, x, MPFR_RNDN);
        cr_assert_eq(fraction, expected);
        cr_assert(expected == 0 || exponent == e);
        mpfr_clear(x);
    }
    mpq_clears(all, one, NULL);
}
