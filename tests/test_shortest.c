/* The shortest decimals that read back. */
#include "text.h"
#include "operation.h"
#include "random.h"
#include "reference.h"
#include "rounded_text.h"
#include "shortest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check_round_trip(const struct hu_format *f, uint64_t bits)
{
    char text[HU_SHORTEST_TEXT], message[HU_MESSAGE];
    size_t length = hu_shortest_print(text, f, bits);
    cr_assert_eq(length, strlen(text));
    struct hu_datum d = hu_decode(f, bits);
    if (d.class == HU_SIGNALING_NAN) { /* reading would quiet it */
        struct hu_value v;
        hu_value_init(&v);
        cr_assert(hu_value_read(&v, text, length, message));
        cr_assert(v.signaling && v.payload == hu_payload(f, d) && v.sign == d.sign, "%s", text);
        hu_value_clear(&v);
        return;
    }
    uint64_t again = read_into(f->name, text, NULL);
    cr_assert_eq(again, bits, "%s 0x%llx prints %s, which reads 0x%llx", f->name,
                 (unsigned long long)bits, text, (unsigned long long)again);
    if (d.class != HU_SUBNORMAL && d.class != HU_NORMAL)
        return;
    struct hu_decimal fast, exact;
    hu_shortest(&fast, f, bits & ~hu_sign_mask(f));
    hu_shortest_exact(&exact, f, bits & ~hu_sign_mask(f));
    cr_assert(!strcmp(fast.digits, exact.digits) && fast.exponent == exact.exponent,
              "%s 0x%llx: %se%d, but exactly %se%d", f->name, (unsigned long long)bits, fast.digits,
              fast.exponent, exact.digits, exact.exponent);
}

Test(shortest, reads_back_for_every_code_up_to_16_bits)
{
    for (size_t i = 0; i < hu_format_count(); i++)
        for (uint64_t b = 0; hu_format_at(i)->width <= 16 && b <= hu_width_mask(hu_format_at(i));
             b++)
            check_round_trip(hu_format_at(i), b);
}

Test(shortest, reads_back_for_every_tf32)
{
    const struct hu_format *f = hu_format_find("tf32");
    for (uint64_t b = 0; b <= hu_width_mask(f); b++)
        check_round_trip(f, b);
}

Test(shortest, reads_back_for_random_wide_codes)
{
    static const char *const names[] = {"fp32", "fp64", "e11m40", "e15m48", "e2m61", "e9m22fn"};
    uint64_t seed = 7;
    for (int n = 0; n < 6; n++)
        for (int i = 0; i < (n < 2 ? 200000 : 1000); i++) {
            const struct hu_format *f = hu_format_find(names[n]);
            check_round_trip(f, random_bits(&seed) & hu_width_mask(f));
        }
}

/* Powers of two have a closer neighbour below. */
Test(shortest, is_right_at_every_power_of_two)
{
    const struct hu_format *f = hu_format_find("fp64");
    for (uint64_t e = 0; e < 2047; e++)
        for (int step = -1; step <= 1; step++)
            check_round_trip(f, ((e << 52) + (uint64_t)step) & (UINT64_MAX >> 1));
}

Test(shortest, prints_like_pythons_repr)
{
    static const struct {
        const char *format;
        uint64_t bits;
        const char *text;
    } rows[] = {
        {"fp64", 0x3fb999999999999a, "0.1"},
        {"fp64", 0x0000000000000001, "5e-324"},
        {"fp64", 0x7fefffffffffffff, "1.7976931348623157e+308"},
        {"fp64", 0x4341c37937e08000, "1e+16"},
        {"fp64", 0x4340000000000000, "9007199254740992"},
        {"fp64", 0x3f1a36e2eb1c432d, "0.0001"},
        {"fp64", 0x3ee4f8b588e368f1, "1e-05"},
        {"fp64", 0x40934a456d5cfaad, "1234.5678"},
        {"fp32", 0x7f7fffff, "3.4028235e+38"},
        {"fp32", 0x00000001, "1e-45"},
        {"fp32", 0x3dcccccd, "0.1"},
        {"fp16", 0x7bff, "65500"},
        {"fp16", 0xb555, "-0.3333"},
        {"bf16", 0x7f7f, "3.39e+38"},
        {"fp16", 0x7c00, "inf"},
        {"fp16", 0xfc00, "-inf"},
        {"fp16", 0x7e12, "nan(0x12)"},
        {"fp16", 0xfd01, "-snan(0x101)"},
        {"fp16", 0x8000, "-0"},
        {"fp8_e4m3fnuz", 0x80, "nan"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[HU_SHORTEST_TEXT];
        hu_shortest_print(text, hu_format_find(rows[i].format), rows[i].bits);
        cr_assert_str_eq(text, rows[i].text);
    }
}

/* Every code's shortest decimal reads back, and its exact decimal does, where ties go by the code.
 */
Test(shortest, reads_back_for_p3109_formats_and_integers)
{
    static const char *const names[] = {"binary8p1se", "binary8p1ue", "binary5p3uf",
                                        "binary8p4se", "binary9p1sf", "int4",
                                        "int8",        "uint16",      "e5m10finite"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct hu_format *f = hu_format_find(names[i]);
        for (uint64_t code = 0; code <= hu_width_mask(f); code++) {
            char text[HU_SHORTEST_TEXT], message[HU_MESSAGE];
            uint64_t back;
            size_t n = hu_shortest_print(text, f, code);
            cr_assert(hu_text_round(text, n, f, NULL, &back, NULL, message), "%s", message);
            cr_assert_eq(back, code, "%s 0x%llx: %s", f->name, (unsigned long long)code, text);
        }
    }
}
