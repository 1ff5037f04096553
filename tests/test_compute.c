/* Expressions: read, and worked out as this machine's own arithmetic does. */
#include "compute/steps.h"
#include "anatomy.h"
#include "float_bits.h"
#include "random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void work_out(struct compute *c, struct compute_expression *e, const char *format,
                     const char *text)
{
    char message[HU_MESSAGE];
    const struct hu_format *f = hu_format_find(format);
    struct compute_formats formats = {f, f, f, f};
    struct hu_operation_options options = {.rounding = {0}};
    cr_assert(compute_read(e, text, strlen(text), message), "%s: %s", text, message);
    compute_run(c, e, &formats, &options);
}

static uint64_t bits_of(const char *format, const char *text)
{
    struct compute c;
    struct compute_expression e;
    work_out(&c, &e, format, text);
    uint64_t bits = compute_last(&c)->bits;
    compute_free(&c);
    compute_clear(&e);
    return bits;
}

/* A random expression, as text and as the machine has it. */
static double grow(char *text, uint64_t *state, int depth)
{
    uint64_t draw = random_bits(state);
    if (!depth || draw % 7 == 0) {
        double value = ldexp((double)(draw >> 11), (int)(draw % 40) - 70);
        sprintf(text + strlen(text), draw & 64 ? "%.17g" : "%a", value);
        return value;
    }
    static const char signs[] = "+-*/";
    int kind = (int)((draw >> 8) % 6);
    if (kind == 4) {
        strcat(text, "sqrt(");
        double x = grow(text, state, depth - 1);
        strcat(text, ")");
        return sqrt(x);
    }
    if (kind == 5) {
        strcat(text, "fma(");
        double x = grow(text, state, depth - 1);
        strcat(text, ", ");
        double y = grow(text, state, depth - 1);
        strcat(text, ",");
        double z = grow(text, state, depth - 1);
        strcat(text, " )");
        return fma(x, y, z);
    }
    strcat(text, "(");
    double x = grow(text, state, depth - 1);
    sprintf(text + strlen(text), draw & 32 ? " %c " : "%c", signs[kind]);
    double y = grow(text, state, depth - 1);
    strcat(text, ")");
    return kind == 0 ? x + y : kind == 1 ? x - y : kind == 2 ? x * y : x / y;
}

Test(compute, random_expressions_are_what_this_machine_computes)
{
    static char text[1 << 16];
    uint64_t state = 20261126;
    for (int trial = 0; trial < 4000; trial++) {
        *text = 0;
        double value = grow(text, &state, 4);
        uint64_t got = bits_of("fp64", text);
        if (isnan(value))
            cr_assert(hu_is_nan(hu_decode(hu_format_find("fp64"), got)), "%s", text);
        else
            cr_assert_eq(got, hu_bits_of_double(value), "%s: got 0x%llx, the machine %a", text,
                         (unsigned long long)got, value);
    }
}

Test(compute, operations_bind_as_in_arithmetic)
{
    static const struct {
        const char *text;
        double value;
    } rows[] = {
        {"1 + 2 * 3", 7},
        {"(1 + 2) * 3", 9},
        {"8 / 4 / 2", 1},
        {"8 - 4 - 2", 2},
        {"-2 * -3", 6},
        {"2--3", 5},
        {"-(1 + 2)", -3},
        {"- -1", 1},
        {"+1", 1},
        {"1e-1*10", 1},
        {"0x1p-1+0x1P+1", 2.5},
        {"3 − 1 × 2", 1},
        {"6 ÷ 2 · 3", 9},
        {"fma(2, 3, 4)", 10},
        {"sqrt(16)", 4},
        {"rem(7, 4)", -1},
        {"min(3, -2)", -2},
        {"max(-0, +0)", 0},
        {"minnum(nan, 2)", 2},
        {"scalb(3, 4)", 48},
        {"logb(10)", 3},
        {"abs(-5)", 5},
        {"neg(5)", -5},
        {"copysign(5, -0)", -5},
        {"roundint(2.5)", 2},
        {"fp32:0x40490fdb - 0x1.921fb6p+1", 0},
        {"fp16:max + 1", 65505},
        {"-fp16:max", -65504},
        {"-fp16:0x3c00", -1},
        {"2 - -fp16:0b0_01111_0000000000", 3},
        {"-fp16:le:003c * -1", 1},
        {"roundToIntegral(3.5)", 4},
        {"1_000 + 1", 1001},
        {"fp16(2049) + 0", 2048},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(bits_of("fp64", rows[i].text), hu_bits_of_double(rows[i].value), "%s",
                     rows[i].text);
}

Test(compute, comparisons_are_true_or_false)
{
    static const struct {
        const char *text;
        bool truth;
    } rows[] = {{"1 < 2", true},          {"2 <= 2", true},      {"1 == 1.0001", true},
                {"1 != 2", true},         {"nan == nan", false}, {"nan != nan", true},
                {"nan < 1", false},       {"-0 == 0", true},     {"unordered(nan, 1)", true},
                {"1 + 1 >= 2 * 1", true}, {"2 > 3", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(bits_of("bf16", rows[i].text), rows[i].truth, "%s", rows[i].text);
}

Test(compute, what_is_wrong_is_said_with_its_place)
{
    static const char *const rows[][2] = {
        {"", "at character 1: a value is missing"},
        {"1 +", "at character 4: a value is missing"},
        {"1 + * 2", "at character 5: a value is expected"},
        {"(1 + 2", "at character 7: ')' is due here"},
        {"1 = 2", "at character 3: '=' is no operation; '==' compares"},
        {"2^3", "at character 2: '^' is no operation; scalb(x, n) is x * 2^n"},
        {"1 2", "at character 3: an operation is expected here, or the end"},
        {"sqr(1)",
         "at character 1: \"sqr\" is neither an operation nor a format; did you mean sqrt?"},
        {"fp23(1)",
         "at character 1: \"fp23\" is neither an operation nor a format; did you mean fp32?"},
        {"foo(1)", "at character 1: \"foo\" is neither an operation nor a format"},
        {"fma(1, 2)", "at character 10: fma has 3 operands, not 2"},
        {"sqrt(1, 2)", "at character 8: sqrt has 1 operand"},
        {"(1 < 2) + 1",
         "at character 2: a comparison is true or false, and no number to go on with"},
        {"1 + 12z4", "at character 5: \"12z4\" is not a number"},
        {"1 $ 2", "at character 3: an operation is expected here, or the end"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct compute_expression e;
        char message[HU_MESSAGE] = "";
        cr_expect(!compute_read(&e, rows[i][0], strlen(rows[i][0]), message));
        cr_expect_str_eq(message, rows[i][1]);
        compute_clear(&e);
    }
}

Test(compute, nesting_and_length_end_with_a_message)
{
    static char text[1 << 16];
    struct compute_expression e;
    char message[HU_MESSAGE] = "";
    memset(text, '(', 5000);
    cr_expect(!compute_read(&e, text, 5000, message));
    cr_expect(strstr(message, "nested more than 100 deep"), "%s", message);
    compute_clear(&e);
    memset(text, '-', 5000);
    cr_expect(!compute_read(&e, text, 5000, message));
    cr_expect(strstr(message, "nested more than 100 deep"), "%s", message);
    compute_clear(&e);
    for (int i = 0; i < 3000; i++)
        memcpy(text + 2 * i, "1+", 2);
    cr_expect(!compute_read(&e, text, 5999, message));
    cr_expect(strstr(message, "more than 1000 values"), "%s", message);
    compute_clear(&e);
}

/* The remark that begins with BEGINNING; its absence is a failure. */
static void expect_remark(const char *format, const char *text, const char *beginning, bool there)
{
    struct compute c;
    struct compute_expression e;
    char *remarks[COMPUTE_REMARKS + 1];
    bool found = false;
    work_out(&c, &e, format, text);
    compute_remarks(&c, remarks);
    for (char **r = remarks; *r; r++) {
        found |= strstr(*r, beginning) != NULL;
        free(*r);
    }
    cr_expect_eq(found, there, "%s in %s: %s", text, format, beginning);
    compute_free(&c);
    compute_clear(&e);
}

Test(compute, remarks_come_where_they_are_due)
{
    expect_remark("bf16", "256 + 1", "1 is lost: at 256 the numbers of bf16 are 2 apart", true);
    expect_remark("bf16", "256 + 2", "is lost", false);
    expect_remark("fp16", "2048 + 1", "1 is lost: at 2048", true);
    expect_remark("fp16", "1 - 2048", "is lost", false);
    expect_remark("fp16", "65504 + 16", "65520 lies beyond fp16's largest number, 65504", true);
    expect_remark("fp16", "-65504 - 16",
                  "-65520 lies beyond fp16's lowest number, -65504; --saturate", true);
    expect_remark("fp4", "6 + 6", "12 lies beyond fp4_e2m1's largest number, 6, which is kept",
                  true);
    expect_remark("fp64", "0.1 + 0.2", "was there before the last operation", true);
    expect_remark("fp64", "1 + 2", "was there before", false);
    expect_remark("fp16", "(1+0x1p-10)*(1+0x1p-10) - 1 - 2*0x1p-10",
                  "every bit cancels: the exact difference is 9.5367431640625e-07", true);
    expect_remark("fp16", "(1+0x1p-10)*(1+0x1p-10) - 1 - 2*0x1p-10",
                  "with operations in fp32 and one rounding at the end it would be "
                  "9.5367431640625e-07",
                  true);
    expect_remark("fp32", "3 - 2", "Sterbenz's lemma", true);
    expect_remark("fp32", "3 - 1.25", "Sterbenz's lemma", false);
    expect_remark("fp16", "0.1*10 - 1",
                  "a fused multiply-add would give -0.000244140625 here, and not 0", true);
    expect_remark("fp16", "1 - 0.1*10",
                  "a fused multiply-add would give 0.000244140625 here, and not 0", true);
    expect_remark("fp16", "2*3 - 1", "fused", false);
    expect_remark("fp32", "1.0000001 - 1", "catastrophic cancellation", true);
    expect_remark("fp32", "1.5 - 1", "cancel", false);
}

/* The sign with which an operand is added, overflow, and formats without the difference. */
Test(compute, remarks_tell_of_nothing_that_was_not)
{
    expect_remark("fp16", "2 - 1", "is lost", false);
    expect_remark("fp16", "1 - 4096", "1 is lost: at 4096 the numbers of fp16 are 4 apart", true);
    expect_remark("fp16", "-4096 + 1", "1 is lost: at -4096", true);
    expect_remark("fp4", "6 + 6", "is lost", false);
    expect_remark("int8", "127 + 1", "is lost", false);
    expect_remark("binary8p4ue", "1 - 2", "Sterbenz", false);
    expect_remark("binary8p4ue", "2 - 1", "Sterbenz", true);
    expect_remark("fp4", "1 / 0",
                  "infinity lies beyond fp4_e2m1's largest number, 6, which is kept", true);
    expect_remark("fp8_e4m3", "-1 / 0", "-infinity lies beyond fp8_e4m3's lowest number, -448",
                  true);
}

/* Guard, round and sticky decide what every direction gives. */
Test(compute, guard_round_and_sticky_explain_the_rounding)
{
    const struct hu_format *f = hu_format_find("fp8_e4m3");
    const struct hu_format *const from[] = {f, f, f};
    struct hu_operation_options o = {.rounding = {.direction = HU_TOWARD_ZERO}};
    for (uint64_t a = 0; a < 0x7f; a++)
        for (uint64_t b = 0; b < 0x7f; b++) {
            uint64_t x[] = {a, b, 0};
            struct hu_exact e = hu_operate_exact(HU_OP_MUL, from, x, 0, &o);
            unsigned flags = 0;
            uint64_t down = hu_operate(HU_OP_MUL, f, from, x, &o, &flags);
            if (e.kind != HU_EXACT_FINITE || flags & HU_OVERFLOW || down == 0x7e)
                continue;
            struct hu_anatomy cut = hu_anatomy_of(f, &e);
            struct hu_operation_options nearest = {.rounding = {0}};
            uint64_t near = hu_operate(HU_OP_MUL, f, from, x, &nearest, &(unsigned){0});
            uint64_t expected = down;
            if (cut.rest == HU_REST_ABOVE_HALF || (cut.rest == HU_REST_HALF && down & 1))
                expected++;
            cr_assert_eq(near, expected, "0x%llx * 0x%llx", (unsigned long long)a,
                         (unsigned long long)b);
            cr_assert_eq((flags & HU_INEXACT) != 0, cut.rest != HU_REST_NONE);
        }
}
