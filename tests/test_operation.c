#include "operation.h"
#include "value.h"

#include <criterion/criterion.h>
#include <math.h>

Test(operation, neighbours_of_fp32_are_those_of_nextafterf)
{
    const struct hu_format *f = hu_format_find("fp32");
    for (uint32_t i = 0; i < 1 << 20; i++) {
        union {
            uint32_t bits;
            float value;
        } x = {i * 4099u}, up, down;
        if (isnan(x.value))
            continue;
        up.value = nextafterf(x.value, INFINITY);
        down.value = nextafterf(x.value, -INFINITY);
        uint64_t got;
        cr_assert(hu_next_up(f, x.bits, &got));
        cr_assert_eq(got, up.bits, "up of 0x%08x", x.bits);
        cr_assert(hu_next_down(f, x.bits, &got));
        cr_assert_eq(got, down.bits, "down of 0x%08x", x.bits);
    }
}

static const char *const others[] = {"binary3p1se", "binary4p1ue", "binary5p5uf", "binary8p4se",
                                     "binary8p4sf", "binary8p4ue", "int4",        "uint4",
                                     "int8",        "uint16",      "e5m10finite"};

/* The named formats, then those. */
static const struct hu_format *format_at(size_t i)
{
    size_t named = hu_format_count();
    return i < named ? hu_format_at(i) : hu_format_find(others[i - named]);
}

static size_t format_count(void)
{
    return hu_format_count() + sizeof others / sizeof *others;
}

/* From the least to the greatest number by next_up, every finite value once, and back. */
Test(operation, stepping_visits_every_number_in_order)
{
    for (size_t i = 0; i < format_count(); i++) {
        const struct hu_format *f = format_at(i);
        if (f->width > 19)
            continue;
        uint64_t bits = hu_lowest_code(f), next;
        uint64_t steps = 1;
        for (; hu_next_up(f, bits, &next) && next != bits && hu_is_finite(hu_decode(f, next));
             steps++) {
            cr_assert_lt(hu_order(f, bits), hu_order(f, next), "%s", f->name);
            uint64_t back;
            cr_assert(hu_next_down(f, next, &back));
            cr_assert_eq(hu_order(f, back), hu_order(f, bits), "%s", f->name);
            bits = next;
        }
        cr_assert_eq(bits, hu_max_finite_code(f), "%s stops at 0x%llx", f->name,
                     (unsigned long long)bits);
        cr_assert_eq(steps, hu_finite_codes(f) - hu_has_negative_zero(f), "%s", f->name);
    }
}

Test(operation, nan_and_missing_infinities_have_no_neighbours)
{
    uint64_t next;
    cr_assert_not(hu_next_up(hu_format_find("fp16"), 0x7e00, &next));
    cr_assert_not(hu_next_up(hu_format_find("fp8_e4m3"), 0x7e, &next));
    cr_assert_not(hu_next_down(hu_format_find("e8m0"), 0x00, &next));
    cr_assert(hu_next_up(hu_format_find("fp16"), 0x7bff, &next));
    cr_assert_eq(next, 0x7c00);
    cr_assert(hu_next_up(hu_format_find("fp16"), 0x7c00, &next));
    cr_assert_eq(next, 0x7c00);
    cr_assert(hu_next_down(hu_format_find("fp16"), 0x7c00, &next));
    cr_assert_eq(next, 0x7bff);
    cr_assert(hu_next_up(hu_format_find("fp16"), 0x8001, &next));
    cr_assert_eq(next, 0x8000, "the standard keeps the sign of that zero");
    cr_assert(hu_next_up(hu_format_find("fp8_e4m3fnuz"), 0x81, &next));
    cr_assert_eq(next, 0x00);
}

Test(operation, integers_end_at_their_ends)
{
    const struct hu_format *int8 = hu_format_find("int8"), *uint64 = hu_format_find("uint64");
    uint64_t bits;
    cr_assert_not(hu_next_up(int8, 0x7f, &bits));
    cr_assert_not(hu_next_down(int8, 0x80, &bits));
    cr_assert(hu_next_up(int8, 0xff, &bits));
    cr_assert_eq(bits, 0);
    cr_assert_not(hu_next_up(uint64, UINT64_MAX, &bits));
    cr_assert_not(hu_next_down(uint64, 0, &bits));
    cr_assert_lt(hu_order(uint64, 5), hu_order(uint64, UINT64_MAX));
    cr_assert(hu_negate(int8, 5, &bits));
    cr_assert_eq(bits, 0xfb);
    cr_assert_not(hu_negate(int8, 0x80, &bits));
    cr_assert_not(hu_negate(uint64, 1, &bits));
}

Test(operation, negation_knows_codes_without_a_negative)
{
    uint64_t bits;
    cr_assert(hu_negate(hu_format_find("bf16"), 0x3f80, &bits));
    cr_assert_eq(bits, 0xbf80);
    cr_assert_not(hu_negate(hu_format_find("e8m0"), 0x7f, &bits));
    cr_assert_not(hu_negate(hu_format_find("fp8_e4m3fnuz"), 0x00, &bits));
    cr_assert_not(hu_negate(hu_format_find("fp8_e4m3fnuz"), 0x80, &bits));
}

/* Tries integers upward until one is not in the format. */
Test(operation, max_consecutive_integer_is_the_last_exact_one)
{
    for (size_t i = 0; i < format_count(); i++) {
        const struct hu_format *f = format_at(i);
        uint64_t n = hu_max_consecutive_integer(f);
        if (n > 1 << 20)
            continue;
        for (uint64_t k = 1; k <= n + 1; k++) {
            unsigned flags = 0;
            struct hu_options o = {0};
            hu_round(f, (struct hu_real){.significand = k}, 0, &o, &flags);
            cr_assert_eq(flags != 0, k == n + 1, "%s and %llu", f->name, (unsigned long long)k);
        }
    }
}

Test(operation, epsilon_is_the_step_above_one)
{
    for (size_t i = 0; i < format_count(); i++) {
        const struct hu_format *f = format_at(i);
        uint64_t one = hu_convert(f, hu_format_find("fp32"), 0x3f800000, NULL, NULL), above;
        cr_assert(hu_next_up(f, one, &above));
        if (!hu_is_finite(hu_decode(f, above)))
            continue;
        struct hu_datum a = hu_decode(f, above), e = hu_decode(f, hu_epsilon_code(f));
        double step = ldexp((double)a.significand, a.quantum) - 1;
        cr_assert_eq(step, ldexp((double)e.significand, e.quantum), "%s", f->name);
    }
}
