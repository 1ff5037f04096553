/* The conversions against MPFR. HALFULP_TEST_LONG=1 multiplies the random samples by 20. */
#include "convert.h"
#include "float_bits.h"
#include "random.h"
#include "reference.h"
#include "text.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = 6 };

static const char *const customs[] = {
    "e4m3ieee",
    "e2m1ieee",
    "e6m9fn",
    "e3m4fnuz",
    "e5m0",
    "e5m0fn",
    "e5m0fnuz",
    "e2m0",
    "e2m61",
    "e15m48",
    "e15m48fn",
    "e8m23fnuz",
    "e11m52fn",
    "e2m2fn",
    "e15m0",
    "e6m25",
    /* And of the other families. */
    "e5m10finite",
    "e2m61finite",
    "binary8p4se",
    "binary8p1se",
    "binary5p3uf",
    "binary13p4ue",
    "int4",
    "int8",
    "uint16",
    "int64",
    "uint64",
};
enum { CUSTOMS = sizeof customs / sizeof *customs };

/* The named formats, then the custom ones above. */
static const struct hu_format *format_at(size_t i)
{
    return i < hu_format_count() ? hu_format_at(i) : hu_format_find(customs[i - hu_format_count()]);
}

static size_t formats(void)
{
    return hu_format_count() + CUSTOMS;
}

static void check(struct hu_reference *r, const struct hu_format *to, const struct hu_format *from,
                  uint64_t bits, const struct hu_options *o)
{
    unsigned flags = 0, expected_flags = 0;
    uint64_t code = hu_convert(to, from, bits, o, &flags);
    uint64_t expected = hu_reference_convert(r, to, from, bits, o, &expected_flags);
    if (code == expected && flags == expected_flags)
        return;
    char names[HU_FLAGS_TEXT], expected_names[HU_FLAGS_TEXT];
    hu_flags_print(names, flags);
    hu_flags_print(expected_names, expected_flags);
    cr_assert(false, "%s 0x%llx to %s, %s%s%s: 0x%llx %s, but MPFR says 0x%llx %s", from->name,
              (unsigned long long)bits, to->name, hu_direction_name(o->direction),
              o->saturate ? " saturating" : "", o->tininess_before ? " tininess before" : "",
              (unsigned long long)code, names, (unsigned long long)expected, expected_names);
}

static void check_directions(struct hu_reference *r, const struct hu_format *to,
                             const struct hu_format *from, uint64_t bits, struct hu_options o)
{
    for (int d = 0; d < DIRECTIONS; d++) {
        o.direction = (enum hu_direction)d;
        check(r, to, from, bits, &o);
    }
}

static void check_every_code(const struct hu_format *from, struct hu_options o)
{
    struct hu_reference *r = hu_reference_new();
    for (size_t t = 0; t < formats(); t++)
        for (uint64_t bits = 0; bits <= hu_width_mask(from); bits++)
            check_directions(r, format_at(t), from, bits, o);
    hu_reference_free(r);
}

/* Sources of at most 19 bits by index among all formats. */
static struct criterion_test_params narrow_sources(void)
{
    size_t n = 0;
    size_t *indices = cr_malloc(formats() * sizeof *indices);
    for (size_t i = 0; i < formats(); i++)
        if (format_at(i)->width <= 19)
            indices[n++] = i;
    return cr_make_param_array(size_t, indices, n, NULL);
}

ParameterizedTestParameters(convert, every_narrow_code_to_every_format_in_every_direction)
{
    return narrow_sources();
}

ParameterizedTest(size_t *source, convert, every_narrow_code_to_every_format_in_every_direction)
{
    check_every_code(format_at(*source), (struct hu_options){0});
}

ParameterizedTestParameters(convert, every_narrow_code_saturating_with_tininess_before)
{
    return narrow_sources();
}

ParameterizedTest(size_t *source, convert, every_narrow_code_saturating_with_tininess_before)
{
    const struct hu_format *from = format_at(*source);
    if (from->width <= 16)
        check_every_code(from, (struct hu_options){.saturate = true, .tininess_before = true});
}

static double as_double(struct hu_datum d)
{
    return ldexp((double)d.significand, d.quantum);
}

static uint64_t double_bits(const struct hu_format *f, double x)
{
    uint64_t bits = 0;
    float single = (float)x;
    if (f->width == 64)
        memcpy(&bits, &x, sizeof x);
    else
        memcpy(&bits, &single, sizeof single);
    return bits;
}

/* Every value of TO and every midpoint of two, as encodings of FROM, and two encodings on either
 * side of each; both signs. */
static void check_boundaries(const struct hu_format *to, const struct hu_format *from)
{
    struct hu_reference *r = hu_reference_new();
    double last = 0;
    for (uint64_t code = 0; code <= hu_max_finite_code(to) + 1; code++) {
        struct hu_datum d = hu_decode(to, code);
        double x = code > hu_max_finite_code(to) || !hu_is_finite(d)
                       ? 2 * last - as_double(hu_decode(to, code - 2))
                       : as_double(d);
        double points[] = {x, (x + last) / 2};
        for (int p = 0; p < 2; p++)
            for (int step = -2; step <= 2; step++) {
                uint64_t bits = double_bits(from, points[p]) + (uint64_t)step;
                bits &= hu_width_mask(from);
                for (int variant = 0; variant < 4; variant++) {
                    struct hu_options o = {.saturate = variant & 1, .tininess_before = variant / 2};
                    check_directions(r, to, from, bits, o);
                    check_directions(r, to, from, bits ^ hu_sign_mask(from), o);
                }
            }
        last = x;
    }
    hu_reference_free(r);
}

Test(convert, boundaries_of_small_targets_from_fp32_and_fp64)
{
    for (size_t t = 0; t < hu_format_count(); t++)
        if (hu_format_at(t)->width <= 8) {
            check_boundaries(hu_format_at(t), hu_format_find("fp32"));
            check_boundaries(hu_format_at(t), hu_format_find("fp64"));
        }
}

Test(convert, boundaries_of_fp16_from_fp32_and_fp64)
{
    check_boundaries(hu_format_find("fp16"), hu_format_find("fp32"));
    check_boundaries(hu_format_find("fp16"), hu_format_find("fp64"));
}

Test(convert, boundaries_of_bf16_from_fp32_and_fp64)
{
    check_boundaries(hu_format_find("bf16"), hu_format_find("fp32"));
    check_boundaries(hu_format_find("bf16"), hu_format_find("fp64"));
}

/* Zeros, infinities, every kind of NaN, the ends of the normal and subnormal ranges. */
Test(convert, special_codes_of_every_format_to_every_format)
{
    struct hu_reference *r = hu_reference_new();
    for (size_t s = 0; s < formats(); s++) {
        const struct hu_format *from = format_at(s);
        uint64_t quiet = (hu_trailing_mask(from) + 1) >> 1;
        uint64_t top = hu_is_integer(from) ? hu_width_mask(from) >> 1
                                           : hu_exponent_mask(from) << from->trailing_bits;
        uint64_t codes[] = {0,
                            1,
                            hu_trailing_mask(from),
                            hu_trailing_mask(from) + 1,
                            hu_max_finite_code(from) - 1,
                            hu_max_finite_code(from),
                            top,
                            top | 1,
                            top | quiet,
                            top | (quiet - 1),
                            top | quiet | 1,
                            top | hu_trailing_mask(from)};
        for (size_t t = 0; t < formats(); t++)
            for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
                for (int variant = 0; variant < 4; variant++) {
                    struct hu_options o = {.saturate = variant & 1, .tininess_before = variant / 2};
                    uint64_t bits = codes[i] & hu_width_mask(from);
                    check_directions(r, format_at(t), from, bits, o);
                    check_directions(r, format_at(t), from, bits | hu_sign_mask(from), o);
                }
    }
    hu_reference_free(r);
}

/* All of P3109's formats of 3 to 5 bits, and integers: each code of each to each. */
Test(convert, every_code_of_small_p3109_formats_in_every_direction)
{
    const struct hu_format *list[128];
    size_t n = 0;
    for (int k = 3; k <= 5; k++)
        for (int p = 1; p <= k; p++)
            for (int kind = 0; kind < 4; kind++)
                if (hu_format_p3109(k, p, kind & 1, kind / 2))
                    list[n++] = hu_format_p3109(k, p, kind & 1, kind / 2);
    cr_assert_eq(n, 42);
    for (size_t i = 0; hu_integer_format(i); i++)
        list[n++] = hu_integer_format(i);
    list[n++] = hu_format_find("fp16");
    struct hu_reference *r = hu_reference_new();
    for (size_t s = 0; s < n; s++)
        for (size_t t = 0; t < n && list[s]->width <= 16; t++)
            for (uint64_t bits = 0; bits <= hu_width_mask(list[s]);
                 bits += list[s]->width > 8 ? 7 : 1)
                for (int variant = 0; variant < 4; variant++) {
                    struct hu_options o = {.saturate = variant & 1, .tininess_before = variant / 2};
                    check_directions(r, list[t], list[s], bits, o);
                }
    hu_reference_free(r);
}

Test(convert, boundaries_of_p3109_formats_and_integers_from_fp32_and_fp64)
{
    static const char *const names[] = {"binary8p1se", "binary8p1ue", "binary8p3sf", "binary8p4ue",
                                        "binary8p7se", "binary8p8uf", "binary6p2ue", "binary10p4se",
                                        "int4",        "uint4",       "int8",        "uint8",
                                        "e3m4finite"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_boundaries(hu_format_find(names[i]), hu_format_find("fp32"));
        check_boundaries(hu_format_find(names[i]), hu_format_find("fp64"));
    }
}

/* Halves, the ends and what lies next to them, powers of two, and random bits of every magnitude.
 */
Test(convert, wide_integers_to_and_from_everything_as_mpfr_says)
{
    struct hu_reference *r = hu_reference_new();
    const struct hu_format *fp64 = hu_format_find("fp64");
    uint64_t seed = 5;
    for (size_t t = 0; hu_integer_format(t); t++) {
        const struct hu_format *to = hu_integer_format(t);
        for (int e = -3; e <= 65; e++)
            for (int step = -3; step <= 3; step++)
                for (int sign = 0; sign < 2; sign++) {
                    uint64_t bits = ((uint64_t)(1023 + e) << 52) + (uint64_t)(int64_t)step;
                    bits |= (uint64_t)sign << 63;
                    check_directions(r, to, fp64, bits, (struct hu_options){.saturate = step & 1});
                    for (int half = 0; half < 52; half++)
                        check_directions(r, to, fp64, bits ^ UINT64_C(1) << half,
                                         (struct hu_options){0});
                }
        for (int i = 0; i < 100000; i++) {
            uint64_t bits = random_bits(&seed), choice = random_bits(&seed);
            bits = (uint64_t)((int64_t)bits >> choice % 64) & hu_width_mask(to);
            check_directions(r, format_at((choice >> 16) % formats()), to, bits,
                             (struct hu_options){.saturate = choice >> 63});
        }
    }
    hu_reference_free(r);
}

/* What IEEE 754-2019 section 5.8 says, and where it leaves the result open the nearest end; NaN 0.
 */
Test(convert, integers_round_like_formats_and_end_at_their_ends)
{
    static const struct {
        const char *to;
        double value;
        const char *direction;
        uint64_t expected;
        unsigned flags;
    } rows[] = {
        {"int8", 2.5, "rne", 2, HU_INEXACT},
        {"int8", 2.5, "rna", 3, HU_INEXACT},
        {"int8", -2.5, "rdn", 0xfd, HU_INEXACT},
        {"int8", -2.5, "rup", 0xfe, HU_INEXACT},
        {"int8", 2.5, "rto", 3, HU_INEXACT},
        {"int8", -2.5, "rtz", 0xfe, HU_INEXACT},
        {"int8", 127, "rne", 0x7f, 0},
        {"int8", 127.25, "rne", 0x7f, HU_INEXACT},
        {"int8", 127.5, "rne", 0x7f, HU_INVALID},
        {"int8", 127.5, "rtz", 0x7f, HU_INEXACT},
        {"int8", 127.25, "rup", 0x7f, HU_INVALID},
        {"int8", -128, "rne", 0x80, 0},
        {"int8", -128.5, "rne", 0x80, HU_INEXACT},
        {"int8", -128.5, "rdn", 0x80, HU_INVALID},
        {"int8", 1e300, "rne", 0x7f, HU_INVALID},
        {"int8", -INFINITY, "rtz", 0x80, HU_INVALID},
        {"int8", NAN, "rne", 0, HU_INVALID},
        {"int8", -0.0, "rne", 0, 0},
        {"uint8", -0.5, "rne", 0, HU_INEXACT},
        {"uint8", -0.5, "rdn", 0, HU_INVALID},
        {"uint8", -1, "rne", 0, HU_INVALID},
        {"uint8", 255.5, "rne", 0xff, HU_INVALID},
        {"int4", 7.5, "rtz", 7, HU_INEXACT},
        {"int4", -8, "rne", 8, 0},
        {"int64", 0x1p63, "rne", INT64_MAX, HU_INVALID},
        {"int64", -0x1p63, "rne", UINT64_C(1) << 63, 0},
        {"uint64", 0x1p63, "rne", UINT64_C(1) << 63, 0},
        {"uint64", 0x1p64, "rne", UINT64_MAX, HU_INVALID},
        {"uint32", 4294967295.5, "rne", UINT32_MAX, HU_INVALID},
        {"uint32", 4294967294.5, "rne", UINT32_MAX - 1, HU_INEXACT},
    };
    const struct hu_format *fp64 = hu_format_find("fp64");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int saturate = 0; saturate < 2; saturate++) {
            struct hu_options o = {.saturate = saturate};
            uint64_t bits = isnan(rows[i].value) ? UINT64_C(0x7ff8000000000000)
                                                 : hu_bits_of_double(rows[i].value);
            unsigned flags = 0;
            cr_assert(hu_direction_read(rows[i].direction, &o.direction));
            uint64_t code = hu_convert(hu_format_find(rows[i].to), fp64, bits, &o, &flags);
            cr_assert_eq(code, rows[i].expected, "%s of %g %s: 0x%llx", rows[i].to, rows[i].value,
                         rows[i].direction, (unsigned long long)code);
            cr_assert_eq(flags, rows[i].flags, "%s of %g %s: flags %u", rows[i].to, rows[i].value,
                         rows[i].direction, flags);
        }
}

/* Text holds more than the 64 bits of an integer. */
Test(convert, text_rounds_into_wide_integers_once)
{
    static const struct {
        const char *text, *to;
        uint64_t expected;
        unsigned flags;
    } rows[] = {
        {"18446744073709551615", "uint64", UINT64_MAX, 0},
        {"18446744073709551615.4999999999999999999999999", "uint64", UINT64_MAX, HU_INEXACT},
        {"18446744073709551615.5", "uint64", UINT64_MAX, HU_INVALID},
        {"18446744073709551614.5", "uint64", UINT64_MAX - 1, HU_INEXACT},
        {"18446744073709551614.50000000000000000000000001", "uint64", UINT64_MAX, HU_INEXACT},
        {"9223372036854775807.5", "int64", INT64_MAX, HU_INVALID},
        {"-9223372036854775808.5", "int64", UINT64_C(1) << 63, HU_INEXACT},
        {"1e9999999999", "int64", INT64_MAX, HU_INVALID},
        {"-1e-9999999999", "uint64", 0, HU_INEXACT},
        {"1/3", "int32", 0, HU_INEXACT},
        {"5/2", "int32", 2, HU_INEXACT},
        {"nan", "int32", 0, HU_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t bits;
        unsigned flags = 0;
        char message[HU_MESSAGE];
        cr_assert(hu_text_round(rows[i].text, strlen(rows[i].text), hu_format_find(rows[i].to),
                                NULL, &bits, &flags, message));
        cr_assert_eq(bits, rows[i].expected, "%s: 0x%llx", rows[i].text, (unsigned long long)bits);
        cr_assert_eq(flags, rows[i].flags, "%s: flags %u", rows[i].text, flags);
    }
}

/* OCP OFP8 rev. 1.0 table 3: an infinity is not rounded, so that no direction makes it finite. */
Test(convert, an_infinity_becomes_nan_whatever_the_direction)
{
    static const struct {
        const char *to;
        uint64_t plus, minus, plus_saturated, minus_saturated;
    } rows[] = {
        {"fp8_e4m3", 0x7f, 0xff, 0x7e, 0xfe},     {"fp8_e4m3fnuz", 0x80, 0x80, 0x7f, 0xff},
        {"fp8_e5m2fnuz", 0x80, 0x80, 0x7f, 0xff}, {"e5m10finite", 0x7fff, 0xffff, 0x7fff, 0xffff},
        {"fp4_e2m1", 0x7, 0xf, 0x7, 0xf},         {"fp6_e3m2", 0x1f, 0x3f, 0x1f, 0x3f},
        {"binary8p4sf", 0x80, 0x80, 0x7f, 0xff},
    };
    const struct hu_format *fp32 = hu_format_find("fp32");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int d = 0; d <= HU_STOCHASTIC; d++)
            for (int sign = 0; sign < 2; sign++)
                for (int saturate = 0; saturate < 2; saturate++) {
                    struct hu_options o = {(enum hu_direction)d, saturate, false, 0};
                    unsigned flags = 0;
                    uint64_t code = hu_convert(hu_format_find(rows[i].to), fp32,
                                               sign ? 0xff800000 : 0x7f800000, &o, &flags);
                    uint64_t expected =
                        saturate ? sign ? rows[i].minus_saturated : rows[i].plus_saturated
                        : sign   ? rows[i].minus
                                 : rows[i].plus;
                    cr_assert_eq(code, expected, "%s %s: 0x%llx", rows[i].to, hu_direction_name(d),
                                 (unsigned long long)code);
                    cr_assert_eq(flags, HU_OVERFLOW | HU_INEXACT);
                }
    struct hu_options down = {.direction = HU_TOWARD_ZERO};
    unsigned flags = 0;
    cr_assert_eq(hu_convert(hu_format_find("e8m0"), fp32, 0x7f800000, &down, &flags), 0xff);
    cr_assert_eq(flags, HU_OVERFLOW | HU_INEXACT);
}

/* A number below zero has no code without a sign, unless it rounds to zero. */
Test(convert, unsigned_formats_take_nothing_below_zero)
{
    const struct hu_format *to = hu_format_find("binary8p4ue"), *fp32 = hu_format_find("fp32");
    struct hu_options nearest = {0}, down = {.direction = HU_TOWARD_NEGATIVE},
                      saturating = {.saturate = true};
    unsigned flags = 0;
    cr_assert_eq(hu_convert(to, fp32, 0xbf800000, &nearest, &flags), 0xff);
    cr_assert_eq(flags, HU_INVALID);
    flags = 0;
    cr_assert_eq(hu_convert(to, fp32, 0xbf800000, &saturating, &flags), 0x00);
    cr_assert_eq(flags, HU_INVALID);
    flags = 0;
    cr_assert_eq(hu_convert(to, fp32, 0x80000001, &nearest, &flags), 0x00);
    cr_assert_eq(flags, HU_UNDERFLOW | HU_INEXACT);
    flags = 0;
    cr_assert_eq(hu_convert(to, fp32, 0x80000001, &down, &flags), 0xff);
    cr_assert_eq(flags, HU_INVALID);
    flags = 0;
    cr_assert_eq(hu_convert(to, fp32, 0xff800000, &nearest, &flags), 0xff);
    cr_assert_eq(flags, HU_INVALID);
    flags = 0;
    cr_assert_eq(hu_convert(to, fp32, 0x80000000, &nearest, &flags), 0x00);
    cr_assert_eq(flags, 0);
}

/* Random bits, in half of the cases with an exponent near the target's range. */
static void check_random(uint64_t seed, long n, const struct hu_format *only)
{
    struct hu_reference *r = hu_reference_new();
    if (getenv("HALFULP_TEST_LONG"))
        n *= 20;
    for (long i = 0; i < n; i++) {
        uint64_t choice = random_bits(&seed), bits = random_bits(&seed);
        const struct hu_format *from = only ? only : format_at(choice % formats());
        const struct hu_format *to = format_at((choice >> 16) % formats());
        if (choice >> 63 && hu_is_signed(from)) {
            int range = hu_emax(to) - hu_quantum_min(to) + 8;
            int64_t exponent = hu_quantum_min(to) - 4 + (int)((choice >> 32) % (unsigned)range);
            uint64_t field = (uint64_t)(exponent + from->bias) & hu_exponent_mask(from);
            bits &= ~(hu_exponent_mask(from) << from->trailing_bits);
            bits |= field << from->trailing_bits;
        }
        struct hu_options o = {(enum hu_direction)((choice >> 8) % DIRECTIONS), choice >> 61 & 1,
                               choice >> 62 & 1, 0};
        check(r, to, from, bits & hu_width_mask(from), &o);
    }
    hu_reference_free(r);
}

Test(convert, ten_million_random_fp32)
{
    check_random(32, 10000000, hu_format_find("fp32"));
}

Test(convert, ten_million_random_fp64)
{
    check_random(64, 10000000, hu_format_find("fp64"));
}

Test(convert, random_codes_of_custom_formats)
{
    check_random(1, 2000000, NULL);
}

/* What peers got wrong: fixtures/peer_defects.tsv. */
Test(convert, defects_of_peers_stay_away)
{
    FILE *file = fopen(FIXTURES "/peer_defects.tsv", "r");
    cr_assert(file);
    char line[512], from[32], to[32], direction[8], flags_text[64], names[HU_FLAGS_TEXT];
    unsigned long long bits, expected;
    int rows = 0;
    while (fgets(line, sizeof line, file)) {
        if (*line == '#' || *line == '\n')
            continue;
        cr_assert_eq(sscanf(line, "%31s %llx %31s %7s %llx %63s", from, &bits, to, direction,
                            &expected, flags_text),
                     6, "%s", line);
        struct hu_options o = {0};
        cr_assert(hu_direction_read(direction, &o.direction));
        unsigned flags = 0;
        uint64_t code = hu_convert(hu_format_find(to), hu_format_find(from), bits, &o, &flags);
        hu_flags_print(names, flags);
        cr_assert_eq(code, expected, "%sgot 0x%llx", line, (unsigned long long)code);
        cr_assert_str_eq(names, flags_text, "%s", line);
        rows++;
    }
    fclose(file);
    cr_assert_gt(rows, 20);
}

Test(convert, null_options_and_flags_mean_the_defaults)
{
    const struct hu_format *fp32 = hu_format_find("fp32"), *bf16 = hu_format_find("bf16");
    cr_assert_eq(hu_convert(bf16, fp32, 0x3dcccccd, NULL, NULL), 0x3dcd);
}

Test(convert, flags_are_ored_in)
{
    unsigned flags = HU_INVALID;
    hu_convert(hu_format_find("bf16"), hu_format_find("fp32"), 0x3dcccccd, NULL, &flags);
    cr_assert_eq(flags, HU_INVALID | HU_INEXACT);
}

/* Up with the probability of the discarded fraction: 2^16 seeds for each of 64 fractions. */
Test(convert, stochastic_goes_up_as_often_as_the_fraction_says)
{
    const struct hu_format *fp32 = hu_format_find("fp32"), *bf16 = hu_format_find("bf16");
    enum { SEEDS = 1 << 16 };
    for (uint64_t fraction = 0; fraction < 0x10000; fraction += 1024) {
        int ups = 0;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            struct hu_options o = {.direction = HU_STOCHASTIC, .seed = seed};
            uint64_t code = hu_convert(bf16, fp32, 0x3f800000 | fraction, &o, NULL);
            cr_assert(code == 0x3f80 || code == 0x3f81);
            ups += code == 0x3f81;
        }
        double p = (double)fraction / 65536;
        double deviation = sqrt(SEEDS * p * (1 - p));
        cr_assert_leq(fabs(ups - SEEDS * p), 5 * deviation, "fraction 0x%llx: %d of %d",
                      (unsigned long long)fraction, ups, SEEDS);
    }
}

Test(convert, stochastic_never_moves_an_exact_value)
{
    const struct hu_format *fp32 = hu_format_find("fp32"), *fp16 = hu_format_find("fp16");
    for (uint64_t seed = 0; seed < 1000; seed++) {
        struct hu_options o = {.direction = HU_STOCHASTIC, .seed = seed};
        unsigned flags = 0;
        cr_assert_eq(hu_convert(fp16, fp32, 0x3fc00000, &o, &flags), 0x3e00);
        cr_assert_eq(flags, 0);
    }
}
