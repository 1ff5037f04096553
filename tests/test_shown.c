/* Values as they are shown to people: exact within 17 digits, else what reads back. */
#include "operation.h"
#include "shortest.h"
#include "text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint64_t read_back(const struct hu_format *f, const char *text)
{
    char message[HU_MESSAGE];
    uint64_t bits = 0;
    cr_assert(hu_text_round(text, strlen(text), f, NULL, &bits, NULL, message), "%s: %s", text,
              message);
    return bits;
}

/* Of a decimal without an exponent, from the first digit that is not 0 to the last. */
static int significant_digits(const char *text)
{
    int count = 0, last = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            continue;
        count += count || *text != '0';
        last = *text != '0' ? count : last;
    }
    return last;
}

static bool equals_datum(const char *text, const struct hu_format *f, uint64_t bits)
{
    struct hu_value v;
    char message[HU_MESSAGE];
    mpq_t datum;
    mpq_init(datum);
    hu_value_init(&v);
    cr_assert(hu_value_read(&v, text, strlen(text), message), "%s", text);
    hu_datum_ratio(datum, f, bits);
    if (v.sign)
        mpq_neg(v.ratio, v.ratio);
    bool equal = mpq_equal(v.ratio, datum);
    hu_value_clear(&v);
    mpq_clear(datum);
    return equal;
}

static void check_code(const struct hu_format *f, uint64_t bits)
{
    char shown[HU_SHORTEST_TEXT], shortest[HU_SHORTEST_TEXT];
    size_t length = hu_shown_print(shown, f, bits);
    cr_assert_eq(length, strlen(shown));
    hu_shortest_print(shortest, f, bits);
    struct hu_datum d = hu_decode(f, bits);
    if (!hu_is_finite(d)) {
        cr_assert_str_eq(shown, shortest);
        return;
    }
    cr_assert_eq(read_back(f, shown), bits, "%s %s", f->name, shown);
    char *exact = hu_datum_exact(f, bits);
    bool brief = significant_digits(exact) <= 17;
    cr_assert_eq(hu_is_shown_exactly(f, bits), brief, "%s %s", f->name, exact);
    if (brief)
        cr_assert(equals_datum(shown, f, bits), "%s shows %s for %s", f->name, shown, exact);
    else
        cr_assert_str_eq(shown, shortest, "%s: %s", f->name, exact);
    free(exact);
}

Test(shown, every_code_up_to_16_bits_is_exact_within_17_digits_and_reads_back)
{
    for (size_t i = 0; i < hu_format_count(); i++) {
        const struct hu_format *f = hu_format_at(i);
        if (f->width <= 16)
            for (uint64_t bits = 0; bits <= hu_width_mask(f); bits++)
                check_code(f, bits);
    }
}

Test(shown, wide_formats_too)
{
    static const char *const names[] = {"fp64", "fp32", "tf32", "e2m61", "e15m48", "e11m4fn"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct hu_format *f = hu_format_find(names[i]);
        /* Few significant bits have few digits, many have too many. */
        uint64_t seed = 88172645463325252u;
        for (int n = 0; n < 20000; n++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            uint64_t mask = n % 2 ? ~UINT64_C(0) : ~UINT64_C(0) << (n % 64);
            check_code(f, seed & mask & hu_width_mask(f));
        }
    }
}

/* Right values by Python's fractions and decimal modules. */
Test(shown, values_that_users_missed)
{
    static const struct {
        const char *format, *value, *shown;
    } rows[] = {
        {"fp16", "8192", "8192"},
        {"fp16", "44099", "44096"},
        {"fp16", "65504", "65504"},
        {"fp16", "5.9604645e-8", "5.9604644775390625e-08"},
        {"fp16", "0.1", "0.0999755859375"},
        {"fp8_e4m3", "448", "448"},
        {"fp8_e4m3", "256", "256"},
        {"fp8_e4m3", "-416", "-416"},
        {"fp8_e4m3", "96", "96"},
        {"tf32", "65536", "65536"},
        {"bf16", "0.1", "0.10009765625"},
        {"bf16", "1e38", "1e+38"},
        {"fp32", "0x1p29", "536870912"},
        {"fp32", "0x1p56", "7.2057594037927936e+16"}, /* 17 digits */
        {"fp32", "0x1p57", "1.4411519e+17"},          /* 18: 144115188075855872 */
        {"fp32", "0.1", "0.1"},
        {"fp64", "0.1", "0.1"},
        {"fp64", "0.5", "0.5"},
        {"fp64", "1e22", "1e+22"},
        {"fp64", "9007199254740993", "9007199254740992"},
        {"fp16", "-0", "-0"},
        {"fp16", "inf", "inf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hu_format *f = hu_format_find(rows[i].format);
        char text[HU_SHORTEST_TEXT];
        hu_shown_print(text, f, read_back(f, rows[i].value));
        cr_expect_str_eq(text, rows[i].shown, "%s %s shows %s", rows[i].format, rows[i].value,
                         text);
    }
}

/* Whether TEXT is no further from zero than the datum. */
static bool is_within(const char *text, const struct hu_format *f, uint64_t bits)
{
    struct hu_value v;
    char message[HU_MESSAGE];
    mpq_t datum;
    mpq_init(datum);
    hu_value_init(&v);
    cr_assert(hu_value_read(&v, text, strlen(text), message), "%s", text);
    hu_datum_ratio(datum, f, bits);
    mpq_abs(datum, datum);
    bool within = mpq_cmp(v.ratio, datum) <= 0;
    hu_value_clear(&v);
    mpq_clear(datum);
    return within;
}

Test(shown, no_bound_exceeds_what_it_bounds)
{
    static const char *const custom[] = {"e8m2", "e8m3", "e9m7", "e11m3", "e15m20", "e15m48"};
    size_t count = hu_format_count(), more = sizeof custom / sizeof *custom;
    for (size_t i = 0; i < count + more; i++) {
        const struct hu_format *f = i < count ? hu_format_at(i) : hu_format_find(custom[i - count]);
        uint64_t ends[] = {hu_max_finite_code(f), hu_lowest_code(f)};
        for (int e = 0; e < 2; e++) {
            char text[HU_SHORTEST_TEXT];
            size_t length = hu_bound_print(text, f, ends[e]);
            cr_expect_eq(length, strlen(text));
            cr_expect_eq(read_back(f, text), ends[e], "%s %s", f->name, text);
            cr_expect(is_within(text, f, ends[e]), "%s %s", f->name, text);
        }
    }
    char text[HU_SHORTEST_TEXT];
    const struct hu_format *bf16 = hu_format_find("bf16"), *fp64 = hu_format_find("fp64");
    hu_bound_print(text, bf16,
                   hu_max_finite_code(bf16)); /* 3.38953…e+38; 3.39e+38 reads back too */
    cr_expect_str_eq(text, "3.389e+38");
    hu_bound_print(text, fp64, hu_lowest_code(fp64));
    cr_expect_str_eq(text, "-1.7976931348623157e+308");
}

Test(shown, ratios_are_exact_within_17_digits)
{
    static const struct {
        const char *ratio, *shown;
        bool exact;
    } rows[] = {
        {"0", "0", true},
        {"-3/2", "-1.5", true},
        {"1/3", "0.3333", false},
        {"685/320", "2.140625", true},
        {"12345678901234567", "1.2345678901234567e+16", true},
        {"123456789012345678", "1.235e+17", false},
        {"100000000000000000000000", "1e+23", true},
        {"1/1024", "0.0009765625", true},
        {"1/16777216", "5.9604644775390625e-08", true},
        {"-1/33554432", "-2.98e-08", false}, /* 2.98023223876953125e-08: 18 digits */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mpq_t ratio;
        bool exact;
        mpq_init(ratio);
        mpq_set_str(ratio, rows[i].ratio, 10);
        mpq_canonicalize(ratio);
        char *text = hu_ratio_shown(ratio, 4, &exact);
        cr_expect_str_eq(text, rows[i].shown, "%s shows %s", rows[i].ratio, text);
        cr_expect_eq(exact, rows[i].exact, "%s", rows[i].ratio);
        free(text);
        mpq_clear(ratio);
    }
}
