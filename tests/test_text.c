#include "text.h"
#include "mpz64.h"
#include "operation.h"
#include "powers.h"
#include "random.h"
#include "reference.h"
#include "rounded_text.h"
#include "shortest.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(text, is_rounded_once_from_its_exact_value)
{
    static const struct {
        const char *format, *text;
        uint64_t bits;
    } rows[] = {
        {"fp16", "2049.00000000000000000001", 0x6801}, /* NumPy: 2048 */
        {"fp16", "2049", 0x6800},
        {"fp16", "2048.99999999999999999999999999999999", 0x6800},
        {"fp16", "65520", 0x7c00},
        {"fp16", "65519.999999999999999999999999999", 0x7bff},
        {"fp16", "1.9999", 0x4000},
        {"fp16", "5.9e-8", 0x0001},
        {"fp16", "1/3", 0x3555},
        {"fp16", "-2/6", 0xb555},
        {"fp16", "1e-400000000", 0x0000},
        {"fp16", "-1e400000000", 0xfc00},
        {"fp16", "1e99999999999999999999999999", 0x7c00},
        {"fp16", "0e99999999999999999999999999", 0x0000},
        {"fp16", "0x1p-99999999999999999999999", 0x0000},
        {"fp64", "0.1", 0x3fb999999999999a},
        {"fp64", "2.4703282292062327208e-324", 0x0000000000000000},
        {"fp64", "2.4703282292062327209e-324", 0x0000000000000001},
        {"fp64", "9007199254740993", 0x4340000000000000},
        {"fp64", "9007199254740993.00000000000000000000000000001", 0x4340000000000001},
        {"fp64", "1e23", 0x44b52d02c7e14af6},
        {"fp64", "8.5e22", 0x44b1ffdbf6b2b2eb},
        {"fp64", "2.2250738585072011e-308", 0x000fffffffffffff},
        {"fp32", "1.00000005960464477539062500000000000000001", 0x3f800001},
        {"fp32", "1.000000059604644775390625", 0x3f800000},
        {"bf16", "0x1.ffp127", 0x7f80},
        {"bf16", "0x1.fep127", 0x7f7f},
        {"fp32", "0x10", 0x41800000},
        {"fp32", "0b101", 0x40a00000},
        {"fp32", "1_000", 0x447a0000},
        {"fp32", "1.0f", 0x3f800000},
        {"fp32", "3F", 0x40400000},
        {"fp32", "1.5e1L", 0x41700000},
        {"fp32", "7ull", 0x40e00000},
        {"fp32", "0x1.8p1f", 0x40400000},
        {"fp32", " \t0.5\r", 0x3f000000},
        {"fp32", ".5", 0x3f000000},
        {"fp32", "5.", 0x40a00000},
        {"fp32", "010", 0x41200000},
        {"fp32", "+inf", 0x7f800000},
        {"fp32", "-Infinity", 0xff800000},
        {"fp32", "∞", 0x7f800000},
        {"fp32", "−1", 0xbf800000},
        {"fp32", "nan", 0x7fc00000},
        {"fp32", "-nan(0x12)", 0xffc00012},
        {"fp32", "nan(18)", 0x7fc00012},
        {"fp32", "bf16:0x3dcd", 0x3dcd0000},
        {"fp32", "bf16:0b0.01111011.1001101", 0x3dcd0000},
        {"fp32", "bf16:0b0 01111011 1001101", 0x3dcd0000},
        {"fp32", "fp32:le:cdcccc3d", 0x3dcccccd},
        {"fp32", "fp32:be:3dcccccd", 0x3dcccccd},
        {"fp32", "tf32:be:3dccc000", 0x3dccc000},
        {"fp32", "tf32:0x1ee66", 0x3dccc000},
        {"fp32", "fp8_e4m3:max", 0x43e00000},
        {"fp32", "-fp8_e4m3:max", 0xc3e00000},
        {"fp32", "fp16:min_normal", 0x38800000},
        {"fp32", "fp16:min_subnormal", 0x33800000},
        {"fp32", "fp16:epsilon", 0x3a800000},
        {"fp32", "fp16:0x1", 0x33800000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t bits = read_into(rows[i].format, rows[i].text, NULL);
        cr_assert_eq(bits, rows[i].bits, "%s to %s: 0x%llx, not 0x%llx", rows[i].text,
                     rows[i].format, (unsigned long long)bits, (unsigned long long)rows[i].bits);
    }
}

Test(text, rubbish_is_refused_with_a_reason)
{
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"", "is empty"},
        {" ", "is empty"},
        {"12z4", "is not a number"},
        {"-", "is not a number"},
        {".", "is not a number"},
        {"1e", "is not a number"},
        {"1e+", "is not a number"},
        {"0x", "is not a number"},
        {"0x1p", "is not a number"},
        {"1.2.3", "is not a number"},
        {"1__0", "is not a number"},
        {"_1", "is not a number"},
        {"1_", "is not a number"},
        {"--1", "is not a number"},
        {"1 2", "is not a number"},
        {"1,5", "decimal point"},
        {"deadbeef", "encoding"},
        {"1/0", "divides by zero"},
        {"1/", "is not a number"},
        {"1e9999999/3", "exponent too large"},
        {"nan(", "is not a number"},
        {"nan(-1)", "is not a number"},
        {"nan(0x10000000000000000)", "is not a number"},
        {"infinit", "is not a number"},
        {"fp12:0x1", "names no format"},
        {"bool:0x1", "names no format"},
        {"flot16:0x1", "did you mean float16"},
        {"int8:0x123", "more bits than the 8"},
        {"int8:epsilon", "what the format does not have"},
        {"fp16:cdab:3c00", "no two words"},
        {"fp32:cdab:3c00", "4 bytes"},
        {"tf32:0x00000001", "below the code"},
        {"fp16:0x12345", "more bits than the 16"},
        {"fp16:0x", "after its colon"},
        {"fp16:0xg", "is not a hexadecimal encoding"},
        {"fp16:0b2", "is not an encoding in binary"},
        {"fp16:0xffffffffffffffffff", "more bits than the 16"},
        {"fp16:1.5", "after its colon"},
        {"fp16:", "after its colon"},
        {"-fp16:0x1", "sign before an encoding"},
        {"-fp16:le:0000", "sign before an encoding"},
        {"fp16:le:00", "2 bytes"},
        {"fp16:le:000000", "2 bytes"},
        {"tf32:be:3dccc001", "below the code"},
        {"fp4:le:10", "more bits than the 4"},
        {"fp8_e4m3:inf", "what the format does not have"},
        {"-e8m0:max", "has no negative"},
        {"e8m0:min_subnormal", "what the format does not have"},
        {"\x01\x7f", "\\x01\\x7f"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hu_value v;
        char message[HU_MESSAGE] = "";
        hu_value_init(&v);
        cr_assert_not(hu_value_read(&v, rows[i].text, strlen(rows[i].text), message), "%s",
                      rows[i].text);
        cr_assert(strstr(message, rows[i].reason), "%s: %s", rows[i].text, message);
        hu_value_clear(&v);
    }
}

Test(text, a_bare_encoding_may_begin_with_0b)
{
    uint64_t bits;
    char message[HU_MESSAGE];
    cr_assert(hu_bits_read(hu_format_find("fp32"), "0b21fbac", 8, &bits, message));
    cr_assert_eq(bits, 0x0b21fbac);
}

Test(text, a_million_digits_are_read_exactly)
{
    enum { DIGITS = 1000000 };
    char *text = malloc(DIGITS + 64), message[HU_MESSAGE];
    int start = sprintf(text, "2049.");
    memset(text + start, '0', DIGITS);
    uint64_t bits;
    size_t length = (size_t)(start + DIGITS);
    cr_assert(hu_text_round(text, length, hu_format_find("fp16"), NULL, &bits, NULL, message));
    cr_assert_eq(bits, 0x6800);
    text[length - 1] = '1';
    cr_assert(hu_text_round(text, length, hu_format_find("fp16"), NULL, &bits, NULL, message));
    cr_assert_eq(bits, 0x6801);
    free(text);
}

/* Halfway between two neighbours, and one digit beyond it. */
Test(text, halfway_and_one_digit_beyond_differ_in_every_format)
{
    for (size_t i = 0; i < hu_format_count(); i++) {
        const struct hu_format *f = hu_format_at(i);
        uint64_t step = hu_max_finite_code(f) / 997 + 1;
        for (uint64_t code = 1; code + 1 < hu_max_finite_code(f); code += step) {
            mpq_t a, b;
            mpq_inits(a, b, NULL);
            hu_datum_ratio(a, f, code);
            hu_datum_ratio(b, f, code + 1);
            mpq_add(a, a, b);
            mpq_div_2exp(a, a, 1);
            char *half = hu_ratio_exact(a);
            char *text = malloc(strlen(half) + 8);
            sprintf(text, "%s%s", half, strchr(half, '.') ? "" : ".0");
            unsigned flags = 0;
            uint64_t even = f->specials == HU_SPECIALS_SCALE ? code + 1 : code + (code & 1);
            cr_assert_eq(read_into(f->name, text, &flags), even, "%s %s", f->name, text);
            cr_assert(flags & HU_INEXACT);
            strcat(text, "1");
            cr_assert_eq(read_into(f->name, text, &flags), code + 1, "%s %s", f->name, text);
            free(text);
            free(half);
            mpq_clears(a, b, NULL);
        }
    }
}

Test(text, exact_decimals_are_whole)
{
    static const struct {
        const char *text, *exact;
    } rows[] = {
        {"fp64:0x3fb999999999999a", "0.1000000000000000055511151231257827021181583404541015625"},
        {"fp32:max", "340282346638528859811704183484516925440"},
        {"-fp16:max", "-65504"},
        {"fp16:0x8000", "-0"},
        {"1/3", "1/3"},
        {"-4/6", "-2/3"},
        {"1/8", "0.125"},
        {"3/25", "0.12"},
        {"1_000.50", "1000.5"},
        {"1e3", "1000"},
        {"12e-400000000", "12e-400000000"},
        {"0x1.8p-3", "0.1875"},
        {"nan(0x12)", "nan(0x12)"},
        {"-inf", "-inf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hu_value v;
        char message[HU_MESSAGE];
        hu_value_init(&v);
        cr_assert(hu_value_read(&v, rows[i].text, strlen(rows[i].text), message), "%s", message);
        char *exact = hu_value_exact(&v);
        cr_assert_str_eq(exact, rows[i].exact);
        free(exact);
        hu_value_clear(&v);
    }
}

/* printf's %.*f of a double is exact in glibc and shares no code with us. */
Test(text, exact_decimals_agree_with_printf)
{
    const struct hu_format *f = hu_format_find("fp64");
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double value;
        } x = {random_bits(&seed)};
        if (i < 100)
            x.bits &= 0xfffffffffffff; /* subnormals in full */
        if (!hu_is_finite(hu_decode(f, x.bits)))
            continue;
        char expected[1600];
        int n = snprintf(expected, sizeof expected, "%.1074f", x.value);
        while (expected[n - 1] == '0')
            expected[--n] = 0;
        if (expected[n - 1] == '.')
            expected[--n] = 0;
        char *exact = hu_datum_exact(f, x.bits);
        cr_assert_str_eq(exact, expected);
        free(exact);
    }
}

Test(text, c_hexadecimal_reads_back_and_is_normalized)
{
    const struct hu_format *f = hu_format_find("fp64");
    uint64_t seed = 5;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = random_bits(&seed);
        if (i % 10 == 0)
            bits &= UINT64_C(0x800fffffffffffff);
        struct hu_datum d = hu_decode(f, bits);
        if (!hu_is_finite(d))
            continue;
        char text[HU_HEX_TEXT];
        hu_hex_print(text, f, bits);
        union {
            double value;
            uint64_t bits;
        } x = {strtod(text, NULL)};
        cr_assert_eq(x.bits, bits, "%s", text);
        cr_assert_eq(strchr(text, 'x')[1], d.class == HU_ZERO ? '0' : '1', "%s", text);
    }
}

/* Decimal text of every shape through both paths and MPFR. */
Test(text, decimals_round_as_mpfr_says)
{
    struct hu_reference *r = hu_reference_new();
    uint64_t seed = 11;
    for (int i = 0; i < 1000000; i++) {
        uint64_t choice = random_bits(&seed), digits = random_bits(&seed);
        const struct hu_format *f = hu_format_at(choice % hu_format_count());
        int count = 1 + (int)((choice >> 8) % 19), exponent = (int)(choice >> 20 & 1023) - 512;
        if (choice >> 40 & 1)
            exponent = exponent % 24 - 12;
        char text[64], message[HU_MESSAGE];
        snprintf(text, sizeof text, "%s%0*llue%d", choice >> 41 & 1 ? "-" : "", count,
                 (unsigned long long)(digits % UINT64_C(10000000000000000000)), exponent);
        struct hu_options o = {.direction = (enum hu_direction)((choice >> 50) % 6)};
        uint64_t bits, expected;
        unsigned flags = 0, expected_flags = 0;
        cr_assert(hu_text_round(text, strlen(text), f, &o, &bits, &flags, message));
        cr_assert(hu_reference_read(r, f, text, &o, &expected, &expected_flags));
        cr_assert(bits == expected && flags == expected_flags, "%s to %s %s: 0x%llx, not 0x%llx",
                  text, f->name, hu_direction_name(o.direction), (unsigned long long)bits,
                  (unsigned long long)expected);
    }
    hu_reference_free(r);
}

/* Shortest decimals are the hard inputs: they lie next to halfway points. */
Test(text, the_fast_reader_agrees_with_the_exact_one)
{
    uint64_t seed = 13;
    const struct hu_format *fp64 = hu_format_find("fp64");
    for (int i = 0; i < 200000; i++) {
        uint64_t choice = random_bits(&seed);
        const struct hu_format *f = hu_format_at(choice % hu_format_count());
        char text[HU_SHORTEST_TEXT], message[HU_MESSAGE];
        size_t length = hu_shortest_print(text, i % 2 ? f : fp64, random_bits(&seed));
        struct hu_options o = {.direction = (enum hu_direction)((choice >> 50) % 6)};
        uint64_t fast;
        unsigned fast_flags = 0, exact_flags = 0;
        cr_assert(hu_text_round(text, length, f, &o, &fast, &fast_flags, message));
        struct hu_value v;
        hu_value_init(&v);
        cr_assert(hu_value_read(&v, text, length, message));
        uint64_t exact = hu_value_round(&v, f, &o, &exact_flags);
        hu_value_clear(&v);
        cr_assert(fast == exact && fast_flags == exact_flags, "%s to %s", text, f->name);
    }
}

/* Each row anew: floor(10^e * 2^s) with 128 bits. */
Test(text, the_table_of_powers_is_right)
{
    mpz_t power, row, low;
    mpz_inits(power, row, low, NULL);
    for (int e = HU_POWER_MIN; e <= HU_POWER_MAX; e++) {
        mpz_ui_pow_ui(power, 10, (unsigned long)abs(e));
        long shift = 127 - hu_log2_power(e);
        if (e >= 0 && shift >= 0) {
            mpz_mul_2exp(power, power, (mp_bitcnt_t)shift);
        } else if (e >= 0) {
            mpz_fdiv_q_2exp(power, power, (mp_bitcnt_t)-shift);
        } else {
            mpz_set_ui(row, 1);
            mpz_mul_2exp(row, row, (mp_bitcnt_t)shift);
            mpz_fdiv_q(power, row, power);
        }
        struct hu_power p = hu_powers[e - HU_POWER_MIN];
        mpz_import(row, 1, -1, 8, 0, 0, &p.high);
        mpz_mul_2exp(row, row, 64);
        mpz_import(low, 1, -1, 8, 0, 0, &p.low);
        mpz_add(row, row, low);
        cr_assert_eq(mpz_cmp(row, power), 0, "10^%d", e);
        cr_assert_eq(mpz_sizeinbase(row, 2), 128, "10^%d", e);
    }
    mpz_clears(power, row, low, NULL);
}

Test(text, scientific_figures_round_half_to_even_and_carry)
{
    static const struct {
        long n;
        unsigned long d;
        int digits;
        const char *text;
    } rows[] = {
        {1, 3, 3, "+3.33e-01"},       {-2, 3, 3, "-6.67e-01"},   {9996, 1, 3, "+1.00e+04"},
        {125, 100, 2, "+1.2e+00"},    {135, 100, 2, "+1.4e+00"}, {7, 1, 1, "+7e+00"},
        {1, 1000000, 3, "+1.00e-06"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mpq_t ratio;
        mpq_init(ratio);
        mpq_set_si(ratio, rows[i].n, rows[i].d);
        mpq_canonicalize(ratio);
        char *text = hu_ratio_scientific(ratio, rows[i].digits, true);
        cr_assert_str_eq(text, rows[i].text);
        free(text);
        mpq_clear(ratio);
    }
}

Test(text, directions_have_ieee_and_c_names)
{
    static const struct {
        const char *name;
        enum hu_direction direction;
    } rows[] = {
        {"rne", HU_TIES_TO_EVEN},
        {"roundTiesToEven", HU_TIES_TO_EVEN},
        {"FE_TONEAREST", HU_TIES_TO_EVEN},
        {"roundTiesToAway", HU_TIES_TO_AWAY},
        {"FE_TOWARDZERO", HU_TOWARD_ZERO},
        {"roundTowardZero", HU_TOWARD_ZERO},
        {"FE_UPWARD", HU_TOWARD_POSITIVE},
        {"roundTowardPositive", HU_TOWARD_POSITIVE},
        {"FE_DOWNWARD", HU_TOWARD_NEGATIVE},
        {"roundTowardNegative", HU_TOWARD_NEGATIVE},
        {"rto", HU_TO_ODD},
    };
    enum hu_direction direction;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert(hu_direction_read(rows[i].name, &direction), "%s", rows[i].name);
        cr_assert_eq(direction, rows[i].direction, "%s", rows[i].name);
    }
    cr_assert_not(hu_direction_read("", &direction));
    cr_assert_not(hu_direction_read("rne rna", &direction));
    cr_assert_not(hu_direction_read("up", &direction));
}

Test(text, sixty_four_bits_pass_through_gmp_whole)
{
    static const uint64_t values[] = {0,
                                      1,
                                      UINT32_MAX,
                                      UINT64_C(1) << 32,
                                      UINT64_C(0x000fffffffffffff),
                                      UINT64_C(0x8000000000000001),
                                      UINT64_MAX};
    static const char *const texts[] = {
        "0", "1", "ffffffff", "100000000", "fffffffffffff", "8000000000000001", "ffffffffffffffff"};
    mpq_t q;
    mpq_init(q);
    for (int i = 0; i < 7; i++) {
        mpq_set_ui(q, 7, 3);
        hu_mpq_set_u64(q, values[i]);
        char *text = mpq_get_str(NULL, 16, q);
        cr_assert_str_eq(text, texts[i]);
        cr_assert_eq(hu_mpz_get_u64(mpq_numref(q)), values[i], "%s", text);
        free(text);
    }
    mpq_clear(q);
}

/* 0.1 in fp32 is 0x3dcccccd; Modbus devices send its words of 16 bits in either order. */
Test(text, bytes_are_read_in_the_order_that_is_named)
{
    static const struct {
        const char *text;
        uint64_t bits;
    } rows[] = {
        {"fp32:be:3dcccccd", 0x3dcccccd},
        {"fp32:abcd:3dcccccd", 0x3dcccccd},
        {"fp32:le:cdcccc3d", 0x3dcccccd},
        {"fp32:dcba:cdcccc3d", 0x3dcccccd},
        {"fp32:cdab:cccd3dcc", 0x3dcccccd},
        {"fp32:badc:cc3dcdcc", 0x3dcccccd},
        {"fp64:cdab:0708050603040102", UINT64_C(0x0102030405060708)},
        {"fp64:badc:0201040306050807", UINT64_C(0x0102030405060708)},
        {"int16:be:fffe", 0xfffe},
        {"int32:cdab:fffeffff", 0xfffffffe},
        {"tf32:0x44800000", 0x22400},
        {"tf32:0x22400", 0x22400},
        {"tf32:be:44800000", 0x22400},
        {"int8:min", 0x80},
        {"int8:lowest", 0x80},
        {"int8:max", 0x7f},
        {"uint64:max", UINT64_MAX},
        {"fp16:lowest", 0xfbff},
        {"binary8p4:max", 0x7e},
        {"binary8p4ue:lowest", 0x00},
        {"binary8p4ue:nan", 0xff},
        {"e4m3:epsilon", 0x20},
        {"F4:max", 0x7},
        {"f4:max", 0x7f7fffff},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hu_value v;
        char message[HU_MESSAGE];
        hu_value_init(&v);
        cr_assert(hu_value_read(&v, rows[i].text, strlen(rows[i].text), message), "%s", message);
        cr_assert_eq(v.bits, rows[i].bits, "%s: 0x%llx", rows[i].text, (unsigned long long)v.bits);
        hu_value_clear(&v);
    }
}
