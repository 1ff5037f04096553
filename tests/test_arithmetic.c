#include "arithmetic.h"
#include "operation.h"
#include "random.h"
#include "reference.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { DIRECTIONS = HU_TO_ODD + 1 };

/* Ours against MPFR. The first difference fails the test, with all of it. */
static void check(struct hu_reference *r, enum hu_operation op, const struct hu_format *to,
                  const struct hu_format *const from[], const uint64_t x[],
                  const struct hu_operation_options *o)
{
    unsigned got_flags = 0, due_flags = 0;
    uint64_t got = hu_operate(op, to, from, x, o, &got_flags);
    uint64_t due = hu_reference_operate(r, op, to, from, x, o, &due_flags);
    if (got != due || got_flags != due_flags)
        cr_assert_fail(
            "%s %s of %s, direction %d, rule %d, saturate %d, before %d: 0x%llx 0x%llx 0x%llx "
            "gives 0x%llx %u, not 0x%llx %u",
            hu_operation_row(op)->name, to->name, from[0]->name, o->rounding.direction, o->nan,
            o->rounding.saturate, o->rounding.tininess_before, (unsigned long long)x[0],
            (unsigned long long)x[1], (unsigned long long)x[2], (unsigned long long)got, got_flags,
            (unsigned long long)due, due_flags);
}

/* What the options are varied by, so that every one meets every operand in some formats. */
static struct hu_operation_options options_at(unsigned i)
{
    return (struct hu_operation_options){
        .rounding = {.direction = (enum hu_direction)(i % DIRECTIONS),
                     .saturate = i % 7 == 3,
                     .tininess_before = i % 5 & 1},
        .nan = (enum hu_nan_rule)(i % HU_NAN_RULES)};
}

static void all_operands(struct hu_reference *r, enum hu_operation op, const struct hu_format *f,
                         const struct hu_operation_options *o)
{
    const struct hu_format *const from[] = {f, f, f};
    int operands = hu_operation_row(op)->operands;
    uint64_t mask = hu_width_mask(f), last[3] = {0, 0, 0}, x[3];
    for (int i = 0; i < operands; i++)
        last[i] = mask;
    for (x[0] = 0; x[0] <= last[0]; x[0]++)
        for (x[1] = 0; x[1] <= last[1]; x[1]++)
            for (x[2] = 0; x[2] <= last[2]; x[2]++)
                check(r, op, f, from, x, o);
}

static const char *const small[] = {
    "fp4_e2m1",    "fp6_e2m3",    "fp6_e3m2",    "e2m2ieee",    "e3m1fn", "e2m3fnuz", "binary5p3se",
    "binary5p1se", "binary4p2uf", "binary5p2ue", "binary3p1sf", "int4",   "uint4"};

/* Of formats of at most 6 bits: each operation on all operands, fma on all triples. */
Test(arithmetic, small_formats_agree_with_mpfr_on_all_operands)
{
    struct hu_reference *r = hu_reference_new();
    for (unsigned i = 0; i < sizeof small / sizeof *small; i++)
        for (unsigned op = 0; op < HU_OPERATIONS; op++) {
            const struct hu_format *f = hu_format_find(small[i]);
            unsigned times = op == HU_OP_FMA ? 1 : DIRECTIONS + 1;
            for (unsigned k = 0; k < times; k++) {
                struct hu_operation_options o = options_at(k + i + op);
                all_operands(r, (enum hu_operation)op, f, &o);
            }
        }
    hu_reference_free(r);
}

/* All pairs of some operations each; `halfulp verify --op` has the others and every direction. */
Test(arithmetic, eight_bit_formats_agree_with_mpfr_on_all_pairs)
{
    static const char *const names[] = {"fp8_e4m3", "fp8_e5m2", "fp8_e4m3fnuz", "fp8_e3m4",
                                        "e8m0",     "int8",     "binary8p4se",  "binary8p1ue"};
    struct hu_reference *r = hu_reference_new();
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        for (unsigned op = i % 6; op < HU_OPERATIONS; op += 6) {
            struct hu_operation_options o = options_at(i + op / 6);
            if (op != HU_OP_FMA)
                all_operands(r, (enum hu_operation)op, hu_format_find(names[i]), &o);
        }
    hu_reference_free(r);
}

/* Bits that meet: specials, ends of binades, neighbours of what another operand or a product is. */
static uint64_t drawn(const struct hu_format *f, uint64_t near, uint64_t *state)
{
    uint64_t random = random_bits(state), mask = hu_width_mask(f), trailing = hu_trailing_mask(f);
    switch (random_bits(state) % 8) {
    case 0:
        return near + random % 9 - 4;
    case 1:
        return near ^ hu_sign_mask(f) ^ (random & trailing & 3);
    case 2:
        return (near & ~trailing) | (random & trailing);
    case 3:
        return random & ~trailing & mask;
    case 4:
        return (random | trailing) & mask;
    case 5:
        return random & (trailing | hu_sign_mask(f)) >> random % 8;
    case 6:
        return (hu_max_finite_code(f) + random % 7 - 3) | (random & hu_sign_mask(f));
    default:
        return random & mask;
    }
}

Test(arithmetic, wide_formats_agree_with_mpfr_on_draws)
{
    static const char *const names[] = {
        "fp16",  "bf16",     "tf32",        "fp32",  "fp64",   "e15m48",      "e2m61",
        "e15m0", "e11m40fn", "e5m10finite", "int64", "uint64", "binary15p7se"};
    struct hu_reference *r = hu_reference_new();
    uint64_t state = 16;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        for (unsigned op = 0; op < HU_OPERATIONS; op++)
            for (unsigned k = 0; k < 800; k++) {
                const struct hu_format *f = hu_format_find(names[i]);
                const struct hu_format *const from[] = {f, f, f};
                struct hu_operation_options o = options_at(k);
                uint64_t mask = hu_width_mask(f), x[3];
                x[0] = drawn(f, hu_min_normal_code(f), &state) & mask;
                x[1] = drawn(f, x[0], &state) & mask;
                bool product = random_bits(&state) & 1;
                x[2] = drawn(f, product ? hu_mul(f, x[0], x[1], NULL, NULL) : x[1], &state) & mask;
                check(r, (enum hu_operation)op, f, from, x, &o);
            }
    hu_reference_free(r);
}

/* Operands of one format, addends of another, results of a third; integers among them. */
Test(arithmetic, mixed_formats_agree_with_mpfr_on_draws)
{
    static const char *const names[] = {"fp16",  "fp32",   "bf16",     "fp64",        "fp8_e4m3",
                                        "int8",  "uint64", "int64",    "fp6_e3m2",    "binary8p3se",
                                        "int32", "e15m40", "fp4_e2m1", "fp8_e5m2fnuz"};
    enum { NAMES = sizeof names / sizeof *names };
    struct hu_reference *r = hu_reference_new();
    uint64_t state = 17;
    for (unsigned k = 0; k < 250000; k++) {
        const struct hu_format *all[4];
        uint64_t x[3];
        for (int i = 0; i < 4; i++)
            all[i] = hu_format_find(names[random_bits(&state) % NAMES]);
        for (int i = 0; i < 3; i++)
            x[i] = drawn(all[i], 0, &state) & hu_width_mask(all[i]);
        struct hu_operation_options o = options_at((unsigned)random_bits(&state) % 1000);
        check(r, (enum hu_operation)(random_bits(&state) % HU_OPERATIONS), all[3], all, x, &o);
    }
    hu_reference_free(r);
}

/* fixtures/arithmetic.txt: operation, format, direction, NaN rule, operands, result, flags. */
Test(arithmetic, literal_cases)
{
    static const char *const directions[] = {"rne", "rna", "rtz", "rup", "rdn", "rto"};
    FILE *file = fopen(FIXTURES "/arithmetic.txt", "r");
    char line[512];
    unsigned cases = 0;
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        char op[40], format[20], direction[8], rule[16], operands[80], flags[60];
        unsigned long long due;
        int got = sscanf(line, "%39s %19s %7s %15s %79s %llx %59s", op, format, direction, rule,
                         operands, &due, flags);
        if (line[0] == '#' || got < 1)
            continue;
        cr_assert_eq(got, 7, "%s", line);
        struct hu_operation_options o = {0};
        enum hu_operation operation;
        unsigned raised = 0, expected = 0;
        const struct hu_format *f = hu_format_find(format);
        cr_assert(f && hu_operation_find(op, &operation), "%s", line);
        cr_assert(!strcmp(rule, "-") || hu_nan_rule_find(rule, &o.nan), "%s", line);
        for (int i = 0; i < DIRECTIONS; i++)
            if (!strcmp(direction, directions[i]))
                o.rounding.direction = (enum hu_direction)i;
        uint64_t x[3] = {0, 0, 0};
        char *at = operands;
        for (int i = 0; i < hu_operation_row(operation)->operands; i++, at += *at == ',')
            x[i] = strtoull(at, &at, 16);
        static const struct {
            const char *name;
            unsigned flag;
        } names[] = {{"invalid", HU_INVALID},
                     {"divide_by_zero", HU_DIVIDE_BY_ZERO},
                     {"overflow", HU_OVERFLOW},
                     {"underflow", HU_UNDERFLOW},
                     {"inexact", HU_INEXACT}};
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            expected |= strstr(flags, names[i].name) ? names[i].flag : 0;
        uint64_t code = hu_operate(operation, f, NULL, x, &o, &raised);
        cr_assert(code == due && raised == expected, "%s gives %llx %u", line,
                  (unsigned long long)code, raised);
        cases++;
    }
    fclose(file);
    cr_assert_gt(cases, 60);
}

Test(arithmetic, names_are_unique_and_found)
{
    for (int i = 0; i < HU_OPERATIONS; i++) {
        const struct hu_operation_row *row = hu_operation_row((enum hu_operation)i);
        const char *const names[] = {row->name, row->standard, row->testfloat, row->spoken};
        for (int k = 0; k < 4; k++) {
            enum hu_operation found = HU_OPERATIONS;
            cr_assert(!names[k] || hu_operation_find(names[k], &found));
            cr_assert(!names[k] || (int)found == i, "%s", names[k]);
        }
    }
    enum hu_nan_rule rule;
    for (int i = 0; i < HU_NAN_RULES; i++)
        cr_assert(hu_nan_rule_find(hu_nan_row((enum hu_nan_rule)i, NULL)->name, &rule) &&
                  (int)rule == i);
    enum hu_operation none;
    cr_assert(!hu_operation_find("plus", &none));
}

/* Every operation's stochastic results are those of two neighbours, and exact ones are alone. */
Test(arithmetic, stochastic_rounding_gives_a_neighbour)
{
    const struct hu_format *f = hu_format_find("fp16");
    uint64_t state = 18;
    for (int i = 0; i < 20000; i++) {
        uint64_t x[3] = {random_bits(&state) & 0xffff, random_bits(&state) & 0xffff,
                         random_bits(&state) & 0xffff};
        for (unsigned op = HU_OP_ADD; op <= HU_OP_SQRT; op++) {
            struct hu_operation_options down = {.rounding = {.direction = HU_TOWARD_ZERO}};
            struct hu_operation_options odd = {.rounding = {.direction = HU_STOCHASTIC}};
            struct hu_operation_options up = {.rounding = {.direction = HU_TOWARD_POSITIVE}};
            odd.rounding.seed = (uint64_t)i;
            uint64_t low = hu_operate((enum hu_operation)op, f, NULL, x, &down, NULL);
            if (hu_sign_of(f, low))
                up.rounding.direction = HU_TOWARD_NEGATIVE;
            uint64_t high = hu_operate((enum hu_operation)op, f, NULL, x, &up, NULL);
            uint64_t got = hu_operate((enum hu_operation)op, f, NULL, x, &odd, NULL);
            cr_assert(got == low || got == high, "%u %llx %llx", op, (unsigned long long)x[0],
                      (unsigned long long)x[1]);
        }
    }
}

/* 255 * 2^56 / (130 / 128) = 0xfb13b13b13b13b13.b1…: 64 bits and a fraction above a half. */
Test(arithmetic, a_quotient_of_64_bits_is_rounded_by_its_fraction)
{
    const struct hu_format *to = hu_format_find("uint64"), *bf16 = hu_format_find("bf16");
    const struct hu_format *const from[] = {bf16, bf16};
    const uint64_t x[] = {0x5f7f, 0x3f82};
    unsigned flags = 0;
    cr_assert_eq(hu_operate(HU_OP_DIV, to, from, x, NULL, &flags), UINT64_C(0xfb13b13b13b13b14));
    cr_assert_eq(flags, HU_INEXACT);
}
