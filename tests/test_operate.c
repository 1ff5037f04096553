/* Operations on arrays, and the trial of operations: judge, faults, vectors, recordings. */
#include "array/operate.h"
#include "random.h"
#include "verify/judge.h"
#include "verify/layout.h"
#include "verify/vectors.h"
#include "verify/recorded.h"
#include "verify/trial_operation.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIRECTIONS = HU_TO_ODD + 1, MOST = 70, MARGIN = 16 };

/* Codes of all kinds; without specials every third time, so that guarded lanes keep to theirs. */
static void fill(unsigned char *bytes, const struct hu_format *f, size_t n, uint64_t *state,
                 bool tame)
{
    const struct hu_format *wide = hu_format_find("fp64");
    double values[MOST];
    if (!tame) {
        for (size_t i = 0; i < hu_array_bytes(f, n); i++)
            bytes[i] = (unsigned char)random_bits(state);
        return;
    }
    for (size_t i = 0; i < n; i++)
        values[i] = ((double)(random_bits(state) % 4096) - 2048) / 64;
    hu_convert_array(f, bytes, wide, values, n, NULL, NULL);
}

/* Operand format, addend's and result's. */
static const char *const formats[][2] = {
    {"fp16", "fp16"},         {"bf16", "bf16"},         {"fp32", "fp32"},     {"fp64", "fp64"},
    {"fp8_e4m3", "fp8_e4m3"}, {"fp6_e3m2", "fp6_e3m2"}, {"fp16", "fp32"},     {"bf16", "fp32"},
    {"fp32", "fp16"},         {"tf32", "tf32"},         {"fp32", "fp64"},     {"fp4_e2m1", "fp16"},
    {"int8", "int8"},         {"fp64", "fp8_e5m2"},     {"e15m20", "e15m20"}, {"fp16", "int16"},
    {"fp8_e5m2", "fp8_e5m2"},
};

/* Every kernel against "scalar": codes, flags, nothing written beyond, any number of elements. */
Test(operate, every_kernel_gives_what_hu_operate_gives)
{
    uint64_t state = 21;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (unsigned round = 0; round < 1400; round++) {
            const struct hu_format *from = hu_format_find(formats[f][0]);
            const struct hu_format *to = hu_format_find(formats[f][1]);
            const struct hu_format *const all[] = {from, from, to};
            enum hu_operation op = (enum hu_operation)(random_bits(&state) % HU_OPERATIONS);
            if (round % 4 < 2) /* with flags and without */
                op = (enum hu_operation)(op % HU_OP_REM);
            struct hu_operation_options o = {
                .rounding = {.direction = (enum hu_direction)(round % (DIRECTIONS + 1)),
                             .saturate = round % 11 == 4,
                             .tininess_before = round % 5 == 2,
                             .seed = round},
                .nan = (enum hu_nan_rule)(round % HU_NAN_RULES)};
            _Alignas(8) unsigned char src[3][8 * MOST], due[8 * MOST], got[8 * MOST + MARGIN];
            const void *const sources[] = {src[0], src[1], src[2]};
            size_t n = random_bits(&state) % MOST;
            size_t bytes = hu_is_comparison(op) ? n : hu_array_bytes(to, n);
            for (int k = 0; k < 3; k++)
                fill(src[k], all[k], n, &state, round % 3 == 0);
            unsigned due_flags = 0;
            cr_assert_eq(hu_operate_array_with(hu_kernel_find("scalar"), op, to, due, all, sources,
                                               n, 5, &o, &due_flags),
                         0);
            for (size_t k = 1; k < hu_kernel_count(); k++) {
                unsigned flags = 0, *wanted = round % 2 ? &flags : NULL;
                memset(got, 0xa5, sizeof got);
                hu_operate_array_with(hu_kernel_at(k), op, to, got, all, sources, n, 5, &o, wanted);
                bool same = !memcmp(got, due, bytes) && (!wanted || flags == due_flags);
                for (int i = 0; i < MARGIN; i++)
                    same &= got[bytes + (size_t)i] == 0xa5;
                cr_assert(same, "%s %s to %s, %zu elements, direction %d, rule %d by %s: %u for %u",
                          hu_operation_row(op)->name, from->name, to->name, n, o.rounding.direction,
                          o.nan, hu_kernel_name(hu_kernel_at(k)), flags, due_flags);
            }
        }
}

/* Zeros of two signs, NaNs of both kinds, infinities that saturate: an element a call for flags. */
Test(operate, every_kernel_compares_and_chooses_among_all_codes)
{
    const struct hu_format *f = hu_format_find("fp8_e5m2");
    unsigned char x[256], y[256], due[256], got[256];
    const void *const sources[] = {x, y, NULL};
    for (int i = 0; i < 256; i++)
        y[i] = (unsigned char)i;
    for (int op = HU_OP_MINIMUM; op < HU_OPERATIONS; op++)
        for (int code = 0; code < 512; code++) {
            bool chooses = hu_is_extremum((enum hu_operation)op);
            struct hu_operation_options o = {.rounding = {.saturate = code > 255}};
            if (!chooses && !hu_is_comparison((enum hu_operation)op))
                continue;
            memset(x, code, sizeof x);
            for (size_t k = 0; k < hu_kernel_count(); k++) {
                unsigned flags[2] = {0, 0};
                hu_operate_array_with(hu_kernel_at(k), (enum hu_operation)op, f, k ? got : due,
                                      NULL, sources, 256, 0, &o, NULL);
                cr_assert(!k || !memcmp(got, due, sizeof got), "%s 0x%x by %s",
                          hu_operation_row((enum hu_operation)op)->name, code & 255,
                          hu_kernel_name(hu_kernel_at(k)));
                const void *const one[] = {x, y + code % 256, NULL};
                for (int side = 0; side < 2; side++)
                    hu_operate_array_with(side ? hu_kernel_at(k) : hu_kernel_find("scalar"),
                                          (enum hu_operation)op, f, got, NULL, one, 1, 0, &o,
                                          &flags[side]);
                cr_assert_eq(flags[0], flags[1]);
            }
        }
}

Test(operate, arrays_may_be_written_over_an_operand)
{
    const struct hu_format *f = hu_format_find("fp16");
    uint16_t a[3000], b[3000], due[3000];
    uint64_t state = 22;
    for (int i = 0; i < 3000; i++) {
        a[i] = (uint16_t)random_bits(&state);
        b[i] = (uint16_t)random_bits(&state);
        due[i] = (uint16_t)hu_mul(f, a[i], b[i], NULL, NULL);
    }
    const void *const src[] = {a, b};
    cr_assert_eq(hu_operate_array(HU_OP_MUL, f, a, NULL, src, 3000, NULL, NULL), 0);
    cr_assert_arr_eq(a, due, sizeof due);
}

Test(operate, bad_arguments_are_refused)
{
    const struct hu_format *f = hu_format_find("fp16");
    uint16_t a[1] = {0}, r[1] = {7};
    const void *const one[] = {a, NULL}, *const two[] = {a, a};
    struct hu_operation_options o = {.nan = HU_NAN_RULES};
    cr_assert_eq(hu_operate_array(HU_OP_ADD, NULL, r, NULL, two, 1, NULL, NULL), EINVAL);
    cr_assert_eq(hu_operate_array(HU_OP_ADD, f, NULL, NULL, two, 1, NULL, NULL), EINVAL);
    cr_assert_eq(hu_operate_array(HU_OP_ADD, f, r, NULL, one, 1, NULL, NULL), EINVAL);
    cr_assert_eq(hu_operate_array(HU_OP_ADD, f, r, NULL, NULL, 1, NULL, NULL), EINVAL);
    cr_assert_eq(hu_operate_array(HU_OPERATIONS, f, r, NULL, two, 1, NULL, NULL), EINVAL);
    cr_assert_eq(hu_operate_array(HU_OP_ADD, f, r, NULL, two, 1, &o, NULL), EINVAL);
    o = (struct hu_operation_options){.rounding = {.direction = (enum hu_direction)9}};
    cr_assert_eq(hu_operate_array(HU_OP_ADD, f, r, NULL, two, 1, &o, NULL), EINVAL);
    cr_assert_eq(r[0], 7);
    cr_assert_eq(hu_operate_array(HU_OP_ADD, f, NULL, NULL, NULL, 0, NULL, NULL), 0);
    cr_assert_eq(hu_operate_array(HU_OP_SQRT, f, r, NULL, one, 1, NULL, NULL), 0);
}

/* The fast judge against MPFR: rows whose first operand is any, and all of the second's regions. */
Test(operate, the_judge_agrees_with_mpfr)
{
    static const char *const names[] = {"fp16", "bf16", "e6m3fn", "fp8_e4m3", "e4m4fnuz"};
    struct hu_reference *r = hu_reference_new();
    struct hu_judged judged[64];
    uint64_t state = 23;
    for (size_t f = 0; f < sizeof names / sizeof *names; f++)
        for (int op = 0; op < HU_OPERATIONS; op++) {
            struct hu_promise promise = {
                .options = {.direction = (enum hu_direction)(((unsigned)op + f) % DIRECTIONS),
                            .tininess_before = op % 3 == 1,
                            .saturate = op % 5 == 2}};
            const struct hu_format *format = hu_format_find(names[f]);
            if (format->width == 16 && (size_t)op % 8 != f) /* tables of these take their time */
                continue;
            struct hu_question q =
                hu_question_of((enum hu_operation)op, format, format, &promise, HU_NAN_FIRST);
            struct hu_judge *j = q.operands == 2 ? hu_judge_new(&q) : NULL;
            cr_assert(j || q.operands != 2 || op == HU_OP_COPY_SIGN, "%s",
                      hu_operation_row(q.operation)->name);
            for (int row = 0; j && row < 40; row++) {
                uint64_t mask = hu_width_mask(format),
                         x[3] = {random_bits(&state) & mask, random_bits(&state) & mask & ~63ull};
                if (row % 4 == 0)
                    x[1] = (x[0] ^ hu_sign_mask(format)) & ~63ull;
                hu_judge_row(j, r, x, 64, judged);
                for (int i = 0; i < 64; i++, x[1]++) {
                    unsigned flags;
                    uint64_t code = hu_question_expect(r, &q, x, &flags);
                    cr_assert(judged[i].code == code && judged[i].flags == flags,
                              "%s %s 0x%llx 0x%llx: 0x%x %u for 0x%llx %u", names[f],
                              hu_operation_row(q.operation)->name, (unsigned long long)x[0],
                              (unsigned long long)x[1], judged[i].code, judged[i].flags,
                              (unsigned long long)code, flags);
                }
            }
            hu_judge_free(j);
        }
    hu_reference_free(r);
}

Test(operate, the_judge_of_fp32_roots_agrees_with_mpfr)
{
    struct hu_reference *r = hu_reference_new();
    const struct hu_format *f = hu_format_find("fp32");
    struct hu_judged judged[64];
    uint64_t state = 24;
    for (int d = 0; d < DIRECTIONS; d++) {
        struct hu_promise promise = {.options = {.direction = (enum hu_direction)d}};
        struct hu_question q = hu_question_of(HU_OP_SQRT, f, f, &promise, HU_NAN_FIRST);
        struct hu_judge *j = hu_judge_new(&q);
        cr_assert_not_null(j);
        for (int row = 0; row < 300; row++) {
            uint64_t x[3] = {random_bits(&state) & 0xffffffc0};
            hu_judge_row(j, r, x, 64, judged);
            for (int i = 0; i < 64; i++, x[0]++) {
                unsigned flags;
                uint64_t code = hu_question_expect(r, &q, x, &flags);
                cr_assert(judged[i].code == code && judged[i].flags == flags, "0x%llx",
                          (unsigned long long)x[0]);
            }
        }
        hu_judge_free(j);
    }
    hu_reference_free(r);
}

/* Ours, with one wrong code and one wrong flag. */
static bool planted(void *context, unsigned worker, void *dst, const void *const src[], size_t n,
                    unsigned *flags)
{
    const struct hu_format *f = hu_format_find("fp8_e4m3");
    const unsigned char *a = src[0], *b = src[1];
    unsigned char *r = dst;
    (void)context, (void)worker;
    unsigned raised = 0;
    for (size_t i = 0; i < n; i++) {
        r[i] = (unsigned char)hu_add(f, a[i], b[i], NULL, &raised);
        if (a[i] == 0x38 && b[i] == 0x39)
            r[i]++;
        if (a[i] == 0x08 && b[i] == 0x31)
            raised |= HU_UNDERFLOW;
    }
    if (flags)
        *flags |= raised;
    return true;
}

Test(operate, a_trial_finds_one_wrong_code_and_one_wrong_flag)
{
    const struct hu_format *f = hu_format_find("fp8_e4m3");
    struct hu_promise promise = {0};
    struct hu_question q = hu_question_of(HU_OP_ADD, f, f, &promise, HU_NAN_FIRST);
    struct hu_subject s = {NULL, planted, true, 64, 0};
    struct hu_scan_options o = {.jobs = 2};
    struct hu_operation_verdict *v = malloc(sizeof *v);
    hu_operation_trial(v, &q, &s, &o);
    cr_assert_eq(v->inputs, 65536);
    cr_assert_eq(v->mismatches, 2);
    cr_assert(!hu_operation_verdict_passed(v));
    cr_assert_eq(v->faults.at[0].x[0], 0x08);
    cr_assert(v->faults.at[0].flags && v->faults.at[0].got_flags & HU_UNDERFLOW);
    cr_assert_eq(v->faults.at[1].x[0], 0x38);
    cr_assert_eq(v->faults.at[1].x[1], 0x39);
    cr_assert_eq(v->faults.at[1].got, v->faults.at[1].expected + 1);
    free(v);
}

/* A sink into a file. */
static bool into_file(void *file, const char *text, size_t length)
{
    return fwrite(text, 1, length, file) == length;
}

static void check_lines(FILE *file, const struct hu_question *q, uint64_t lines, uint64_t wrong)
{
    struct hu_recorded *result = malloc(sizeof *result);
    struct hu_recorded_options o = {0};
    rewind(file);
    hu_recorded_check(result, file, q, &o);
    cr_assert(!result->bad, "%s", result->message);
    cr_assert_eq(result->lines, lines);
    cr_assert_eq(result->mismatches, wrong, "%s", hu_operation_row(q->operation)->name);
    free(result);
}

Test(operate, written_vectors_are_right_and_do_not_depend_on_threads)
{
    static const char *const names[] = {"fp32", "fp16", "fp64", "fp8_e4m3", "int16"};
    for (int op = 0; op < HU_OPERATIONS; op++) {
        const struct hu_format *f = hu_format_find(names[op % 5]);
        struct hu_promise promise = {.options = {.direction = (enum hu_direction)(op % 6)}};
        struct hu_question q = hu_question_of((enum hu_operation)op, f, f, &promise, HU_NAN_FIRST);
        FILE *one = tmpfile(), *three = tmpfile();
        struct hu_vectors_options o = {1, 20000, 3};
        cr_assert_eq(hu_operation_vectors_write(&q, &o, 1, into_file, one), 20000);
        cr_assert_eq(hu_operation_vectors_write(&q, &o, 3, into_file, three), 20000);
        check_lines(one, &q, 20000, 0);
        rewind(one);
        rewind(three);
        int a, b;
        do {
            a = getc(one);
            b = getc(three);
            cr_assert_eq(a, b);
        } while (a != EOF);
        fclose(one);
        fclose(three);
    }
}

/* TestFloat's lines: the flag bits, a comparison's digit, an invalid integer's open result. */
Test(operate, recorded_lines_are_judged)
{
    static const struct {
        const char *operation, *from, *to, *text;
        uint64_t lines, wrong;
    } cases[] = {
        {"div", "fp32", "fp32", "3F800000 00000000 7F800000 08\n3F800000 00000000 7F800000 00\n", 2,
         1},
        {"fma", "fp16", "fp16", "3C00 3C00 3C00 4000 00\n3C00 3C00 3C00 4001 00\n", 2, 1},
        {"lt", "fp32", "fp32", "00000000 3F800000 1 00\n7FC00000 00000000 0 10\n", 2, 0},
        {"lt_quiet", "fp32", "fp32", "7FC00000 00000000 0 10\n7F800001 00000000 0 10\n", 2, 1},
        {"convert", "fp32", "int32", "7F800000 FFFFFFFF 10\n3FC00000 00000002 01\n", 2, 0},
        {"convert_quietly", "fp32", "int32", "3FC00000 00000002 00\n3FC00000 00000002 01\n", 2, 1},
        {"sqrt", "fp32", "fp32", "# a remark\n\nBF800000 FFC00000 10\n", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum hu_operation op;
        cr_assert(hu_operation_find(cases[i].operation, &op));
        struct hu_promise promise = {.any_nan = true};
        struct hu_question q = hu_question_of(
            op, hu_format_find(cases[i].to), hu_format_find(cases[i].from), &promise, HU_NAN_FIRST);
        FILE *file = tmpfile();
        fputs(cases[i].text, file);
        check_lines(file, &q, cases[i].lines, cases[i].wrong);
        fclose(file);
    }
}

/* fma(infinity, 0, quiet NaN), which the rules tell apart, alone in its array. */
Test(operate, every_kernel_raises_what_a_lost_product_beside_a_nan_does)
{
    static const char *const names[] = {"fp16", "bf16", "fp32", "fp64"};
    for (int f = 0; f < 4; f++)
        for (int rule = 0; rule < HU_NAN_RULES; rule++)
            for (size_t k = 0; k < hu_kernel_count(); k++) {
                const struct hu_format *format = hu_format_find(names[f]);
                uint64_t x[3] = {hu_infinity_code(format), 0, hu_default_nan_code(format)}, due;
                const void *const src[] = {&x[0], &x[1], &x[2]};
                struct hu_operation_options o = {.nan = (enum hu_nan_rule)rule};
                unsigned flags = 0, due_flags = 0;
                uint64_t got = 0;
                due = hu_operate(HU_OP_FMA, format, NULL, x, &o, &due_flags);
                hu_operate_array_with(hu_kernel_at(k), HU_OP_FMA, format, &got, NULL, src, 1, 0, &o,
                                      &flags);
                cr_assert_eq(due_flags, rule == HU_NAN_X86 ? 0 : HU_INVALID);
                cr_assert(HU_BIG_ENDIAN_MACHINE || (got == due && flags == due_flags), "%s %d %s",
                          names[f], rule, hu_kernel_name(hu_kernel_at(k)));
            }
}

/* (1 + 2^-13)(1 - 2^-13) * 2^-126 = (1 - 2^-26) * 2^-126 is tiny before rounding and not after. */
Test(operate, every_kernel_raises_underflow_where_tininess_is_detected_before_rounding)
{
    const struct hu_format *f = hu_format_find("fp32");
    for (size_t k = 0; k < hu_kernel_count(); k++)
        for (int before = 0; before < 2; before++) {
            const uint32_t x = 0x00800400, y = 0x3f7ff800;
            const void *const src[] = {&x, &y};
            struct hu_operation_options o = {.rounding = {.tininess_before = before}};
            uint32_t got = 0;
            unsigned flags = 0;
            hu_operate_array_with(hu_kernel_at(k), HU_OP_MUL, f, &got, NULL, src, 1, 0, &o, &flags);
            cr_assert_eq(flags, (before ? HU_UNDERFLOW : 0u) | HU_INEXACT, "%s",
                         hu_kernel_name(hu_kernel_at(k)));
        }
}

/* The greatest over the least, which fp64 has no room for where exponents have 10 bits. */
Test(operate, every_kernel_divides_what_leaves_fp64s_range)
{
    static const char *const names[] = {"e10m9", "e10m6fn", "e10m9fnuz", "binary12p3uf",
                                        "binary11p1ue"};
    for (size_t f = 0; f < sizeof names / sizeof *names; f++)
        for (int d = 0; d < 2 * DIRECTIONS; d++)
            for (size_t k = 0; k < hu_kernel_count(); k++) {
                const struct hu_format *format = hu_format_find(names[f]);
                const uint64_t ends[2] = {hu_max_finite_code(format), 1};
                uint64_t x[2] = {ends[d % 2], ends[1 - d % 2]}, got = 0;
                const void *const src[] = {&x[0], &x[1], NULL};
                struct hu_operation_options o = {.rounding = {.direction = d / 2}};
                unsigned flags = 0, due_flags = 0;
                uint64_t due = hu_operate(HU_OP_DIV, format, NULL, x, &o, &due_flags);
                hu_operate_array_with(hu_kernel_at(k), HU_OP_DIV, format, &got, NULL, src, 1, 0, &o,
                                      &flags);
                cr_assert(HU_BIG_ENDIAN_MACHINE || (got == due && flags == due_flags),
                          "%s direction %d by %s: 0x%llx and %u, not 0x%llx and %u", names[f],
                          d / 2, hu_kernel_name(hu_kernel_at(k)), (unsigned long long)got, flags,
                          (unsigned long long)due, due_flags);
            }
}

/* ptx's NaN of a product of fp16 numbers in fp64. */
Test(operate, every_kernel_fills_a_nan_of_all_bits)
{
    const struct hu_format *half = hu_format_find("fp16"), *to = hu_format_find("fp64");
    const struct hu_format *const from[] = {half, half, half};
    const uint64_t x[2] = {hu_default_nan_code(half), 0};
    const void *const src[] = {&x[0], &x[1], NULL};
    struct hu_operation_options o = {.nan = HU_NAN_PTX};
    for (size_t k = 0; k < hu_kernel_count(); k++) {
        uint64_t got = 0, due = hu_operate(HU_OP_MUL, to, from, x, &o, NULL);
        hu_operate_array_with(hu_kernel_at(k), HU_OP_MUL, to, &got, from, src, 1, 0, &o, NULL);
        cr_assert(HU_BIG_ENDIAN_MACHINE || got == due, "%s: 0x%llx, not 0x%llx",
                  hu_kernel_name(hu_kernel_at(k)), (unsigned long long)got,
                  (unsigned long long)due);
    }
}
