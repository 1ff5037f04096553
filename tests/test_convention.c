#include "convert.h"
#include "random.h"
#include "verify/convention.h"
#include "verify/layout.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct hu_format *format(const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    cr_assert(f, "%s", name);
    return f;
}

/* A cast with conventions of its own, and faults planted in it. */
struct fault {
    uint64_t first, last; /* sources that go wrong */
    enum { NONE, NEXT_CODE, ZERO, NAN_CODE, FLIP_SIGN, LOW_BIT } how;
    uint64_t every; /* only sources that are multiples of it; 0: all */
};

struct cast {
    const char *to, *from;
    enum hu_direction direction;
    bool saturate, finite, lose_zero_sign, break_nan, break_infinity;
    unsigned flush; /* enum hu_flush */
    const char *via, *explained;
    struct fault fault[2];
    size_t bad_length;  /* calls of a length that is this modulo 16 lose their last element */
    bool bad_alignment; /* so do those whose arrays are off a 64-byte boundary */
    const struct hu_format *f[3];
};

static bool is_tiny(const struct hu_format *f, uint64_t bits)
{
    return hu_decode(f, bits).class == HU_SUBNORMAL;
}

static uint64_t zero_of(const struct hu_format *f, uint64_t bits)
{
    return hu_has_negative_zero(f) ? bits & hu_sign_mask(f) : 0;
}

static uint64_t step(const struct cast *c, const struct hu_format *to, const struct hu_format *from,
                     uint64_t bits)
{
    bool infinite = hu_decode(from, bits).class == HU_INFINITE;
    struct hu_options options = {.direction = c->direction,
                                 .saturate = c->saturate && !(c->finite && infinite)};
    uint64_t code = hu_convert(to, from, bits, &options, NULL);
    return (c->flush & HU_FLUSH_OUT) && is_tiny(to, code) ? zero_of(to, code) : code;
}

static uint64_t with_fault(const struct hu_format *to, const struct fault *f, uint64_t bits,
                           uint64_t code)
{
    if (f->how == NONE || bits < f->first || bits > f->last || (f->every && bits % f->every))
        return code;
    switch (f->how) {
    case NEXT_CODE:
        return (code + 1) & hu_width_mask(to);
    case ZERO:
        return 0;
    case NAN_CODE:
        return hu_default_nan_code(to);
    case FLIP_SIGN:
        return code ^ hu_sign_mask(to);
    default:
        return code ^ 1;
    }
}

static uint64_t cast_one(const struct cast *c, uint64_t bits)
{
    const struct hu_format *to = c->f[0], *from = c->f[1], *via = c->f[2];
    struct hu_datum x = hu_decode(from, bits);
    uint64_t source = bits;
    if (c->break_nan && hu_is_nan(x))
        return bits & 7;
    if (c->break_infinity && x.class == HU_INFINITE)
        return 3;
    if ((c->flush & HU_FLUSH_IN) && is_tiny(from, bits))
        bits = zero_of(from, bits);
    uint64_t code = via ? step(c, to, via, step(c, via, from, bits)) : step(c, to, from, bits);
    if (c->lose_zero_sign && hu_decode(to, code).class == HU_ZERO)
        code = 0;
    return with_fault(to, &c->fault[1], source, with_fault(to, &c->fault[0], source, code));
}

static bool give(void *context, unsigned worker, void *dst, const void *const src[], size_t n,
                 unsigned *flags)
{
    const struct cast *c = context;
    (void)worker;
    (void)flags;
    bool loses = (c->bad_length && n % 16 == c->bad_length) ||
                 (c->bad_alignment && ((uintptr_t)dst | (uintptr_t)src[0]) % 64);
    for (size_t i = 0; i + loses < n; i++)
        hu_layout_store(c->f[0], dst, i, cast_one(c, hu_layout_load(c->f[1], src[0], i)));
    return true;
}

struct trying {
    struct hu_runs *runs;
    struct hu_subject subject;
    struct hu_scan_options options;
    struct hu_verdict verdict;
};

static struct trying try(struct cast *c)
{
    c->f[0] = format(c->to);
    c->f[1] = format(c->from);
    c->f[2] = c->via ? format(c->via) : NULL;
    struct hu_promise promise = {.any_nan = true};
    struct trying t = {.runs = hu_runs_new(c->f[0], c->f[1], &promise, 2),
                       .subject = {c, give, false, 1024, 0},
                       .options = {.jobs = 2, .draws = 20000, .seed = 1, .boundaries = true}};
    cr_assert(t.runs);
    t.verdict = hu_scan(t.runs, &t.subject, &t.options);
    cr_assert_not(t.verdict.failed);
    return t;
}

static void end(struct trying *t)
{
    hu_verdict_free(&t->verdict);
    hu_runs_free(t->runs);
}

/* What it is explained by, options joined by spaces; "": nothing. */
static const char *explanation(struct trying *t, char out[200], struct hu_convention *c)
{
    *out = 0;
    c->options = 0;
    if (!hu_convention_explain(c, t->runs, &t->subject, &t->verdict, &t->options, NULL))
        return out;
    for (size_t i = 0; i < c->options; i++) {
        strcat(out, i ? " " : "");
        strcat(out, c->option[i]);
    }
    return out;
}

Test(convention, each_known_convention_is_named, .timeout = 300)
{
    static const struct cast rows[] = {
        {"fp8_e4m3", "fp16", HU_TIES_TO_AWAY, .explained = "-r rna"},
        {"fp8_e4m3", "fp16", HU_TOWARD_ZERO, .explained = "-r rtz"},
        {"fp8_e4m3", "fp16", HU_TOWARD_POSITIVE, .explained = "-r rup"},
        {"fp8_e4m3", "fp16", HU_TOWARD_NEGATIVE, .explained = "-r rdn"},
        {"fp8_e4m3", "fp16", HU_TO_ODD, .explained = "-r rto"},
        {"bf16", "fp32", HU_TOWARD_ZERO, .explained = "-r rtz"},
        {"fp16", "fp32", HU_TIES_TO_AWAY, .explained = "-r rna"},
        {"fp16", "fp64", HU_TOWARD_NEGATIVE, .explained = "-r rdn"},
        {"fp8_e5m2", "fp64", HU_TOWARD_ZERO, .explained = "-r rtz"},
        {"fp8_e4m3", "fp16", .saturate = true, .explained = "--saturate"},
        {"fp8_e5m2", "fp16", .saturate = true, .explained = "--saturate"},
        {"fp8_e5m2", "fp16", .saturate = true, .finite = true, .explained = "--saturate=finite"},
        {"fp16", "fp32", .saturate = true, .finite = true, .explained = "--saturate=finite"},
        {"bf16", "fp32", .flush = HU_FLUSH_IN, .explained = "--subnormals flush-in"},
        {"fp16", "fp32", .flush = HU_FLUSH_OUT, .explained = "--subnormals flush-out"},
        {"fp16", "bf16", .flush = HU_FLUSH_OUT, .explained = "--subnormals flush-out"},
        {"fp32", "fp16", .flush = HU_FLUSH_IN, .explained = "--subnormals flush-in"},
        {"bf16", "fp32", .flush = HU_FLUSH_IN | HU_FLUSH_OUT, .explained = "--subnormals flush-in"},
        {"fp16", "fp64", .via = "fp32", .explained = "--via fp32"},
        {"bf16", "fp64", .via = "fp32", .explained = "--via fp32"},
        {"fp8_e4m3", "fp32", .via = "fp16", .explained = "--via fp16"},
        {"fp8_e5m2", "fp64", .via = "bf16", .explained = "--via bf16"},
        {"bf16", "fp16", .break_nan = true, .explained = "--ignore nan"},
        {"fp8_e4m3", "fp16", .break_infinity = true, .explained = "--ignore inf"},
        {"bf16", "fp16", .lose_zero_sign = true, .explained = "--ignore zero-sign"},
        {"fp16", "fp32", .lose_zero_sign = true, .explained = "--ignore zero-sign"},
        {"bf16", "fp32", HU_TOWARD_ZERO, .break_nan = true, .explained = "-r rtz --ignore nan"},
        {"fp16", "fp32", HU_TIES_TO_AWAY, .flush = HU_FLUSH_OUT,
         .explained = "-r rna --subnormals flush-out"},
        {"fp8_e5m2", "fp16", HU_TO_ODD, .saturate = true, .explained = "-r rto --saturate"},
        {"fp8_e4m3", "fp32", .via = "bf16", .saturate = true, .explained = "--saturate --via bf16"},
        {"fp8_e4m3", "bf16", HU_TOWARD_ZERO, .lose_zero_sign = true, .break_nan = true,
         .explained = "-r rtz --ignore nan,zero-sign"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cast c = rows[i];
        struct trying t = try(&c);
        struct hu_convention found;
        char text[200];
        cr_assert_gt(t.verdict.mismatches, 0, "row %zu", i);
        cr_assert_str_eq(explanation(&t, text, &found), c.explained, "row %zu: %s", i, text);
        end(&t);
    }
}

Test(convention, the_first_and_last_input_of_a_fault_are_reported, .timeout = 300)
{
    static const struct {
        const char *to, *from;
        struct fault fault;
        enum hu_fault_class class;
    } rows[] = {
        {"fp8_e4m3", "fp16", {0x3c00, 0x3fff, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"fp8_e4m3", "fp16", {0x3c40, 0x3c40, LOW_BIT, 0}, HU_FAULT_TIE},
        {"fp8_e4m3", "fp16", {0x3c41, 0x3c41, LOW_BIT, 0}, HU_FAULT_ROUNDING},
        {"fp8_e4m3", "fp16", {0xbc00, 0xbfff, FLIP_SIGN, 0}, HU_FAULT_ROUNDING},
        {"fp8_e4m3", "fp16", {0x8000, 0x8000, FLIP_SIGN, 0}, HU_FAULT_ZERO_SIGN},
        {"fp16", "bf16", {0x8000, 0x8000, ZERO, 0}, HU_FAULT_ZERO_SIGN},
        {"fp8_e5m2", "fp16", {0x7c01, 0x7dff, ZERO, 0}, HU_FAULT_NAN},
        {"fp8_e5m2", "fp16", {0x7c00, 0x7c00, NEXT_CODE, 0}, HU_FAULT_INFINITY},
        {"fp8_e5m2", "fp16", {0x7b80, 0x7bff, ZERO, 0}, HU_FAULT_OVERFLOW},
        {"fp8_e4m3", "fp16", {0x5f80, 0x5fff, ZERO, 0}, HU_FAULT_OVERFLOW},
        {"fp32", "fp16", {0x0001, 0x03ff, ZERO, 0}, HU_FAULT_SUBNORMAL},
        {"fp32", "fp16", {0x8001, 0x83ff, FLIP_SIGN, 0}, HU_FAULT_SUBNORMAL},
        {"fp32", "fp16", {0x3c00, 0x3c3f, LOW_BIT, 0}, HU_FAULT_ROUNDING},
        {"fp64", "fp16", {0x5c00, 0x5fff, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"bf16", "tf32", {0x20000, 0x23fff, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"fp8_e5m2", "fp8_e4m3", {0x38, 0x3f, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"fp6_e3m2", "fp8_e4m3", {0x40, 0x43, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"fp4_e2m1", "fp6_e3m2", {0x0c, 0x0e, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"e8m0", "fp8_e5m2", {0x20, 0x23, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"fp8_e4m3fnuz", "fp16", {0x4000, 0x43ff, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"fp16", "fp32", {0x7f800000, 0x7f800000, NEXT_CODE, 0}, HU_FAULT_INFINITY},
        {"fp16", "fp32", {0x3f801000, 0x3f801000, LOW_BIT, 0}, HU_FAULT_TIE},
        {"fp16", "fp32", {0xff800001, 0xffffffff, ZERO, 0}, HU_FAULT_NAN},
        {"fp8_e4m3", "tf32", {0x20c00, 0x20fff, NEXT_CODE, 0}, HU_FAULT_ROUNDING},
        {"bf16", "fp16", {0x7bff, 0x7bff, NAN_CODE, 0}, HU_FAULT_OVERFLOW},
        {"fp8_e5m2", "fp16", {0x0000, 0x0000, NAN_CODE, 0}, HU_FAULT_OVERFLOW},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cast c = {.to = rows[i].to, .from = rows[i].from, .fault = {rows[i].fault}};
        struct trying t = try(&c);
        const struct hu_verdict *v = &t.verdict;
        struct hu_convention found;
        char text[200];
        cr_assert_eq(v->faults.count, 1, "row %zu: %zu runs", i, v->faults.count);
        cr_assert_eq(v->faults.at[0].first, rows[i].fault.first, "row %zu: 0x%llx", i,
                     (unsigned long long)v->faults.at[0].first);
        cr_assert_eq(v->faults.at[0].last, rows[i].fault.last, "row %zu: 0x%llx", i,
                     (unsigned long long)v->faults.at[0].last);
        cr_assert_eq(v->faults.at[0].class, rows[i].class, "row %zu: %s", i,
                     hu_fault_class_name(v->faults.at[0].class));
        cr_assert_eq(v->faults.at[0].count, v->mismatches, "row %zu", i);
        explanation(&t, text, &found);
        cr_assert(!*text || !strncmp(text, "--ignore", 8), "row %zu is no convention: %s", i, text);
        end(&t);
    }
}

Test(convention, a_run_is_whole_where_the_work_is_parted, .timeout = 300)
{
    /* Tasks take 2^22 encodings each. */
    struct cast c = {.to = "bf16", .from = "e7m16", .fault = {{0x3fff00, 0x400200, ZERO, 0}}};
    struct trying t = try(&c);
    struct hu_scan_options all = {.jobs = 2, .draws = 0, .seed = 1};
    hu_verdict_free(&t.verdict);
    t.verdict = hu_scan(t.runs, &t.subject, &all);
    cr_assert_eq(t.verdict.inputs, 1 << 24);
    cr_assert_eq(t.verdict.mismatches, 0x301);
    cr_assert_eq(t.verdict.faults.count, 1);
    cr_assert_eq(t.verdict.faults.at[0].first, 0x3fff00);
    cr_assert_eq(t.verdict.faults.at[0].last, 0x400200);
    end(&t);
}

Test(convention, one_bit_of_every_input_makes_runs_that_add_up)
{
    struct cast c = {.to = "fp8_e4m3", .from = "fp16", .fault = {{0, 0xffff, LOW_BIT, 2}}};
    struct trying t = try(&c);
    uint64_t sum = 0, classes = 0;
    for (size_t i = 0; i < t.verdict.faults.count; i++) {
        const struct hu_fault *f = &t.verdict.faults.at[i];
        cr_assert_eq(f->first, f->last, "right inputs lie between wrong ones");
        cr_assert_eq(f->first % 2, 0);
        cr_assert(!i || f[-1].count > f->count || f[-1].first < f->first, "sorted");
        sum += f->count;
    }
    for (int i = 0; i < HU_FAULT_CLASSES; i++)
        classes += t.verdict.faults.inputs[i];
    cr_assert_eq(sum, t.verdict.mismatches);
    cr_assert_eq(classes, t.verdict.mismatches);
    end(&t);
}

Test(convention, faults_of_calls_are_told_apart_from_inputs)
{
    for (int i = 0; i < 2; i++) {
        struct cast c = {
            .to = "fp32", .from = "fp4_e2m1", .bad_length = i ? 0 : 5, .bad_alignment = i};
        struct trying t = try(&c);
        cr_assert_gt(t.verdict.calls, 0);
        cr_assert_leq(t.verdict.mismatches, 16, "%llu of 16 inputs",
                      (unsigned long long)t.verdict.mismatches);
        cr_assert_eq(t.verdict.faults.count, 0);
        cr_assert_eq(t.verdict.call[0].index + 1, t.verdict.call[0].length);
        cr_assert_eq(t.verdict.call[0].offset != 0, i);
        end(&t);
    }
}

Test(convention, inputs_are_counted_once_however_many_calls_try_them)
{
    struct cast c = {.to = "fp32", .from = "fp4_e2m1", .fault = {{0, 15, NEXT_CODE, 0}}};
    struct trying t = try(&c);
    cr_assert_eq(t.verdict.mismatches, 16);
    cr_assert_eq(t.verdict.calls, 0);
    end(&t);
}

Test(convention, stop_after_ends_early)
{
    struct cast c = {.to = "fp16", .from = "fp32", .direction = HU_TOWARD_ZERO};
    struct trying t = try(&c);
    uint64_t all = t.verdict.mismatches;
    hu_verdict_free(&t.verdict);
    t.options.stop_after = 100;
    t.verdict = hu_scan(t.runs, &t.subject, &t.options);
    cr_assert(t.verdict.partial);
    cr_assert_geq(t.verdict.mismatches, 100);
    cr_assert_lt(t.verdict.mismatches, all);
    end(&t);
}

/* Whatever is planted: an explanation, where one is given, holds for every input. */
Test(convention, a_wrong_explanation_is_never_given, .timeout = 300)
{
    enum { PAIRS = 150 };
    uint64_t state = 1;
    struct hu_reference *r = hu_reference_new();
    for (int pair = 0; pair < PAIRS; pair++) {
        struct cast c = {.to = pair % 2 ? "fp8_e4m3" : "fp8_e5m2", .from = "fp16"};
        c.direction = (enum hu_direction)(random_bits(&state) % 3);
        for (int i = 0; i < 2; i++) {
            uint64_t first = random_bits(&state) & 0xffff;
            uint64_t span = random_bits(&state) & (UINT64_C(0xffff) >> random_bits(&state) % 16);
            c.fault[i] = (struct fault){first, first + span, (int)(random_bits(&state) % 6),
                                        random_bits(&state) % 4};
        }
        struct trying t = try(&c);
        struct hu_convention found;
        char text[200];
        if (t.verdict.mismatches && *explanation(&t, text, &found))
            for (uint64_t bits = 0; bits < 0x10000; bits++) {
                unsigned flags;
                uint64_t due = hu_expect(r, c.f[0], c.f[1], bits, &found.question.promise, &flags);
                cr_assert((flags & HU_ANYTHING) || hu_satisfies(c.f[0], &found.question.promise,
                                                                due, cast_one(&c, bits)),
                          "pair %d: %s is wrong at 0x%04llx", pair, text, (unsigned long long)bits);
            }
        end(&t);
    }
    hu_reference_free(r);
}
