#include "verify/boundary.h"
#include "verify/random.h"

#include <criterion/criterion.h>

enum { DIRECTIONS = HU_STOCHASTIC };

static const struct hu_format *format(const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    cr_assert(f, "%s", name);
    return f;
}

static void agree(struct hu_reference *r, const struct hu_runs *runs, uint64_t bits)
{
    unsigned flags, due;
    uint64_t code = hu_expect(r, runs->to, runs->from, bits, &runs->promise, &due);
    size_t i = hu_runs_find(runs, bits);
    uint64_t got = hu_run_expect(runs, i, bits, &flags);
    cr_assert(got == code && flags == due,
              "%s to %s, direction %d: 0x%llx is 0x%llx flags %u, not 0x%llx flags %u",
              runs->from->name, runs->to->name, (int)runs->promise.options.direction,
              (unsigned long long)bits, (unsigned long long)code, due, (unsigned long long)got,
              flags);
}

/* The ends of runs, what is next to them, and draws. */
static void agree_widely(const struct hu_runs *runs, uint64_t draws)
{
    struct hu_reference *r = hu_reference_new();
    cr_assert(r && runs && !runs->refuted);
    cr_assert_eq(runs->run[0].first, 0);
    size_t stride = runs->count / 5000 + 1;
    for (size_t i = 0; i < runs->count; i += stride) {
        uint64_t first = runs->run[i].first, last = hu_run_last(runs, i);
        cr_assert_leq(first, last);
        agree(r, runs, first);
        agree(r, runs, last);
        agree(r, runs, first + (last - first) / 2);
    }
    for (uint64_t d = 0; d < draws; d++)
        agree(r, runs, hu_draw(7, d) & hu_width_mask(runs->from));
    hu_reference_free(r);
}

static void build_and_agree(const char *to, const char *from, const struct hu_promise *promise,
                            uint64_t draws)
{
    struct hu_runs *runs = hu_runs_new(format(to), format(from), promise, 2);
    cr_assert(runs);
    agree_widely(runs, draws);
    hu_runs_free(runs);
}

Test(boundary, tables_agree_with_mpfr)
{
    static const char *const pairs[][2] = {
        {"fp16", "fp32"},          {"bf16", "fp32"},          {"fp8_e4m3", "fp32"},
        {"fp8_e5m2fnuz", "fp32"},  {"fp6_e2m3", "fp32"},      {"e8m0", "fp32"},
        {"fp4_e2m1", "fp64"},      {"fp16", "fp64"},          {"fp16", "bf16"},
        {"fp32", "fp16"},          {"fp64", "tf32"},          {"e5m2fn", "e6m17fn"},
        {"fp16", "e5m26fn"},       {"e4m3ieee", "e5m24fnuz"}, {"e2m0", "fp32"},
        {"fp8_e5m2", "e8m23fnuz"}, {"e8m0", "fp64"},          {"e2m1fn", "e7m20"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (int d = 0; d < DIRECTIONS; d++)
            for (int variant = 0; variant < 3; variant++) {
                struct hu_promise promise = {.options = {.direction = (enum hu_direction)d,
                                                         .saturate = variant == 1,
                                                         .tininess_before = variant == 2}};
                build_and_agree(pairs[i][0], pairs[i][1], &promise, 3000);
            }
}

Test(boundary, ladders_agree_with_mpfr)
{
    static const char *const pairs[][2] = {
        {"fp32", "fp64"},    {"fp64", "fp32"},      {"fp32", "fp32"},   {"e8m20", "fp32"},
        {"e5m26fn", "fp32"}, {"e9m40fnuz", "fp64"}, {"fp32", "e5m26fn"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (int d = 0; d < DIRECTIONS; d++) {
            struct hu_promise promise = {.options = {.direction = (enum hu_direction)d}};
            build_and_agree(pairs[i][0], pairs[i][1], &promise, 20000);
        }
}

/* Their codes are 2^64, which 64 bits do not count: a table that listed them would not end. */
Test(boundary, tables_of_64_bit_integers_are_small)
{
    static const char *const names[] = {"int64", "uint64", "fp64"};
    static const struct hu_promise promise = {.options.direction = HU_TIES_TO_EVEN};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            struct hu_runs *runs = hu_runs_new(format(names[i]), format(names[j]), &promise, 2);
            cr_assert(runs && runs->count < 100000, "%s to %s", names[j], names[i]);
            agree_widely(runs, 20000);
            hu_runs_free(runs);
        }
}

Test(boundary, narrow_sources_are_complete)
{
    struct hu_reference *r = hu_reference_new();
    struct hu_promise promise = {.options = {.direction = HU_TO_ODD}};
    struct hu_runs *runs = hu_runs_new(format("fp8_e4m3fnuz"), format("fp16"), &promise, 2);
    for (uint64_t bits = 0; bits < 1 << 16; bits++)
        agree(r, runs, bits);
    hu_runs_free(runs);
    hu_reference_free(r);
}

Test(boundary, flushed_subnormals_agree_with_mpfr)
{
    static const char *const pairs[][2] = {
        {"fp16", "fp32"}, {"bf16", "fp32"}, {"fp32", "fp64"}, {"fp8_e4m3fnuz", "fp32"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (unsigned flush = 1; flush < 4; flush++)
            for (int before = 0; before < 2; before++) {
                struct hu_promise promise = {.options = {.tininess_before = before},
                                             .flush = flush};
                build_and_agree(pairs[i][0], pairs[i][1], &promise, 20000);
            }
}

/* Worked out by hand from IEEE 754-2019 section 4.3.1: 65520 is the tie between 65504 and 65536. */
Test(boundary, known_boundaries_of_fp16_stand_in_the_table)
{
    struct hu_promise promise = {0};
    struct hu_runs *runs = hu_runs_new(format("fp16"), format("fp32"), &promise, 2);
    static const struct {
        uint32_t source;
        uint64_t code;
        unsigned flags;
    } known[] = {
        {0x477fefff, 0x7bff, HU_INEXACT},
        {0x477ff000, 0x7c00, HU_INEXACT | HU_OVERFLOW},
        {0x477fe000, 0x7bff, 0},
        {0x33000000, 0x0000, HU_INEXACT | HU_UNDERFLOW}, /* 2^-25, the tie below 2^-24 */
        {0x33000001, 0x0001, HU_INEXACT | HU_UNDERFLOW},
        {0x33800000, 0x0001, 0},
        {0xff800000, 0xfc00, 0},
        {0x7f800001, 0x7e00, HU_INVALID},
        {0xffffffff, 0xffff, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        unsigned flags;
        size_t run = hu_runs_find(runs, known[i].source);
        uint64_t code = hu_run_expect(runs, run, known[i].source, &flags);
        cr_assert(code == known[i].code && flags == known[i].flags, "0x%x: 0x%llx, %u",
                  known[i].source, (unsigned long long)code, flags);
    }
    hu_runs_free(runs);
}
