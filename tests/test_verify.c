#include "verify/layout.h"
#include "verify/own.h"
#include "verify/random.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct hu_format *format(const char *name)
{
    const struct hu_format *f = hu_format_find(name);
    cr_assert(f, "%s", name);
    return f;
}

/* Where two's complement counts down: tables of wide integers against MPFR at random encodings. */
Test(verify, tables_of_wide_integers_agree_with_mpfr)
{
    static const char *const pairs[][2] = {{"fp32", "int32"},
                                           {"bf16", "int64"},
                                           {"int64", "int32"},
                                           {"fp32", "uint64"},
                                           {"int64", "fp64"}};
    static const enum hu_direction directions[] = {HU_TIES_TO_EVEN, HU_TOWARD_NEGATIVE, HU_TO_ODD};
    struct hu_reference *r = hu_reference_new();
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (int n = 0; n < 3; n++) {
            enum hu_direction d = directions[n];
            const struct hu_format *to = format(pairs[i][0]), *from = format(pairs[i][1]);
            struct hu_promise promise = {.options.direction = d};
            struct hu_runs *runs = hu_runs_new(to, from, &promise, 2);
            cr_assert(runs && !runs->refuted, "%s to %s, direction %d: refuted at 0x%llx",
                      from->name, to->name, d, (unsigned long long)runs->refuted_at);
            for (int j = 0; j < 20000; j++) {
                uint64_t bits = hu_draw(seed, (uint64_t)j);
                bits = (uint64_t)((int64_t)bits >> j % 64) & hu_width_mask(from);
                unsigned expected, flags;
                uint64_t code = hu_expect(r, to, from, bits, &promise, &expected);
                uint64_t got = hu_run_expect(runs, hu_runs_find(runs, bits), bits, &flags);
                cr_assert(got == code && flags == expected,
                          "%s 0x%llx to %s, direction %d: 0x%llx, not 0x%llx", from->name,
                          (unsigned long long)bits, to->name, d, (unsigned long long)got,
                          (unsigned long long)code);
            }
            hu_runs_free(runs);
        }
    hu_reference_free(r);
}

/* A kernel with one fault planted in it. */
struct faulty {
    struct hu_own own;
    enum { NO_FAULT, FLIPPED_CODE, EXTRA_FLAG, MISSING_FLAG, BAD_TAIL, LONG_TAIL } fault;
    uint64_t source;    /* where codes and flags go wrong */
    size_t tail;        /* lengths that are this modulo 16 lose their last element */
    bool with_flags;    /* only in calls that want flags */
    bool without_flags; /* only in calls that do not */
    bool alone;         /* only where it is all of a call's elements */
};

static bool meets(const struct faulty *f, const void *src, size_t n, size_t *at)
{
    for (size_t i = 0; i < n; i++)
        if (hu_layout_load(f->own.question.from[0], src, i) == f->source) {
            *at = i;
            return true;
        }
    return false;
}

static bool is_all(const struct faulty *f, const void *src, size_t n)
{
    size_t i = 0;
    while (i < n && hu_layout_load(f->own.question.from[0], src, i) == f->source)
        i++;
    return i == n;
}

static bool give(void *context, unsigned worker, void *dst, const void *const all[], size_t n,
                 unsigned *flags)
{
    struct faulty *f = context;
    const void *src = all[0];
    size_t at;
    unsigned raised = 0, one = 0;
    struct hu_subject own = hu_own_subject(&f->own);
    if (n && f->fault == BAD_TAIL && n % 16 == f->tail) {
        own.give(&f->own, worker, dst, all, n - 1, flags);
        return true;
    }
    own.give(&f->own, worker, dst, all, n, flags ? &raised : NULL);
    if (f->fault == LONG_TAIL && n % 16 == f->tail)
        ((char *)dst)[hu_layout_bytes(f->own.question.to, n)] = 1;
    bool here = !(f->with_flags && !flags) && !(f->without_flags && flags) &&
                !(f->alone && n && !is_all(f, src, n));
    if (here && f->fault == FLIPPED_CODE)
        for (size_t i = 0; i < n; i++)
            if (hu_layout_load(f->own.question.from[0], src, i) == f->source)
                hu_layout_store(f->own.question.to, dst, i,
                                hu_layout_load(f->own.question.to, dst, i) ^ 1);
    if (flags && f->fault == EXTRA_FLAG && meets(f, src, n, &at))
        raised |= HU_OVERFLOW;
    if (flags && f->fault == MISSING_FLAG && meets(f, src, n, &at)) {
        raised = 0;
        for (size_t i = 0; i < n; i++)
            if (hu_layout_load(f->own.question.from[0], src, i) != f->source) {
                hu_convert(f->own.question.to, f->own.question.from[0],
                           hu_layout_load(f->own.question.from[0], src, i),
                           &f->own.question.promise.options, &one);
                raised |= one;
            }
    }
    if (flags)
        *flags |= raised;
    return true;
}

static struct hu_verdict try(struct faulty *f, const char *to, const char *from)
{
    f->own.kernel = hu_kernel_chosen();
    struct hu_promise promise = {.options = f->own.question.promise.options};
    f->own.question = hu_question_of_conversion(format(to), format(from), &promise);
    struct hu_runs *runs = hu_runs_new(f->own.question.to, f->own.question.from[0], &promise, 2);
    struct hu_subject subject = {f, give, true, 1024, 0};
    struct hu_scan_options options = {.jobs = 2, .draws = 20000, .seed = 1};
    struct hu_verdict v = hu_scan(runs, &subject, &options);
    cr_assert_not(v.failed);
    cr_assert_not(v.stopped);
    cr_assert_eq(v.inputs, hu_scan_inputs(runs, &options));
    hu_runs_free(runs);
    return v;
}

/* The one fault, and that nothing else is blamed for it. */
static void found(struct faulty f, const char *to, const char *from, enum hu_mismatch_kind kind)
{
    struct hu_verdict v = try(&f, to, from);
    cr_assert_not(hu_verdict_passed(&v), "%s to %s: 0x%llx is not found", from, to,
                  (unsigned long long)f.source);
    if (kind == HU_WRONG_BYTES || f.fault == BAD_TAIL) {
        cr_assert_gt(v.calls, 0);
        cr_assert_eq(v.call[0].kind, kind);
        cr_assert_eq(v.faults.count, 0);
    } else if ((f.with_flags || f.alone) && kind == HU_WRONG_CODE) {
        cr_assert_eq(v.mismatches, 1, "%llu mismatches", (unsigned long long)v.mismatches);
        cr_assert_eq(v.call[0].source, f.source);
    } else {
        cr_assert_eq(v.mismatches, 1, "%llu mismatches", (unsigned long long)v.mismatches);
        cr_assert_eq(v.faults.count, 1, "%zu runs", v.faults.count);
        cr_assert_eq(v.faults.at[0].first, f.source, "%s to %s: 0x%llx blamed for 0x%llx", from, to,
                     (unsigned long long)v.faults.at[0].first, (unsigned long long)f.source);
        cr_assert_eq(v.faults.at[0].class == HU_FAULT_FLAGS, kind == HU_WRONG_FLAGS);
    }
    hu_verdict_free(&v);
}

Test(verify, a_right_kernel_passes)
{
    static const char *const pairs[][2] = {{"fp8_e4m3", "fp16"},
                                           {"fp32", "fp16"},
                                           {"fp6_e3m2", "bf16"},
                                           {"fp16", "tf32"},
                                           {"tf32", "fp6_e2m3"},
                                           {"fp4_e2m1", "e8m0"},
                                           {"fp16", "fp64"},
                                           {"e8m0", "fp4_e2m1"},
                                           {"fp64", "fp8_e5m2"},
                                           {"fp8_e3m4", "fp64"},
                                           {"fp6_e2m3_unpacked", "fp6_e2m3"},
                                           {"binary8p4se", "fp16"},
                                           {"binary8p1ue", "binary9p3se"},
                                           {"fp32", "binary6p2uf"},
                                           {"int8", "fp16"},
                                           {"uint4", "bf16"},
                                           {"bf16", "int16"},
                                           {"int8", "int16"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (int d = 0; d < HU_STOCHASTIC; d++) {
            struct faulty f = {.own.question.promise.options.direction = (enum hu_direction)d};
            struct hu_verdict v = try(&f, pairs[i][0], pairs[i][1]);
            cr_assert(hu_verdict_passed(&v), "%s to %s: %llu mismatches", pairs[i][1], pairs[i][0],
                      (unsigned long long)v.mismatches);
            hu_verdict_free(&v);
        }
}

Test(verify, one_boundary_off_by_one_is_found)
{
    found((struct faulty){.fault = FLIPPED_CODE, .source = 0x3c40}, "fp8_e4m3", "fp16",
          HU_WRONG_CODE);
    found((struct faulty){.fault = FLIPPED_CODE, .source = 0x5f7f, .with_flags = true}, "fp8_e4m3",
          "fp16", HU_WRONG_CODE);
    found((struct faulty){.fault = FLIPPED_CODE, .source = 0x2fbff}, "bf16", "tf32", HU_WRONG_CODE);
    /* the tie between 1 and 1 + 2^-10, and its neighbours */
    for (int i = -1; i < 2; i++)
        found((struct faulty){.fault = FLIPPED_CODE,
                              .source = UINT64_C(0x3ff0020000000000) + (uint64_t)i,
                              .without_flags = true},
              "fp16", "fp64", HU_WRONG_CODE);
    found((struct faulty){.fault = FLIPPED_CODE, .source = 0x27}, "fp4_e2m1", "fp6_e3m2",
          HU_WRONG_CODE);
}

/* As a vector of infinities may be, where one beside a NaN takes another way. */
Test(verify, what_is_wrong_only_among_its_likes_is_found)
{
    for (int way = 0; way < 3; way++) {
        const struct faulty f = {.fault = FLIPPED_CODE, .alone = true, .without_flags = way > 0};
        const char *const to[] = {"fp8_e4m3", "fp32", "fp4_e2m1"};
        const char *const from[] = {"fp16", "bf16", "fp6_e3m2"};
        const uint64_t max = hu_max_finite_code(format(from[way]));
        for (uint64_t source = max - 1; source <= max; source++) {
            struct faulty one = f;
            one.source = source;
            found(one, to[way], from[way], HU_WRONG_CODE);
        }
    }
    struct faulty f = {.fault = FLIPPED_CODE, .source = 0x7c00, .alone = true};
    struct hu_verdict v = try(&f, "fp8_e5m2", "fp16");
    cr_assert(v.calls == 1 && v.call[0].length == 64 && v.call[0].kind == HU_WRONG_CODE);
    hu_verdict_free(&v);
}

Test(verify, one_nan_payload_is_found)
{
    found((struct faulty){.fault = FLIPPED_CODE, .source = 0x7d01}, "fp32", "fp16", HU_WRONG_CODE);
    found((struct faulty){.fault = FLIPPED_CODE, .source = 0x7f9e1}, "fp16", "tf32", HU_WRONG_CODE);
    found((struct faulty){.fault = FLIPPED_CODE, .source = UINT64_C(0xfff8000000000000)}, "fp16",
          "fp64", HU_WRONG_CODE);
}

Test(verify, one_flag_is_found)
{
    found((struct faulty){.fault = EXTRA_FLAG, .source = 0x3c00}, "fp8_e4m3", "fp16",
          HU_WRONG_FLAGS);
    found((struct faulty){.fault = EXTRA_FLAG, .source = 0x3c13}, "fp8_e4m3", "fp16",
          HU_WRONG_FLAGS);
    found((struct faulty){.fault = MISSING_FLAG, .source = 0x3c41}, "fp8_e4m3", "fp16",
          HU_WRONG_FLAGS);
    found((struct faulty){.fault = MISSING_FLAG, .source = 0x3c13}, "fp8_e4m3", "fp16",
          HU_WRONG_FLAGS);
    found((struct faulty){.fault = MISSING_FLAG, .source = 0x7c01}, "fp32", "fp16", HU_WRONG_FLAGS);
    found((struct faulty){.fault = MISSING_FLAG, .source = UINT64_C(0x3ff0020000000000)}, "fp16",
          "fp64", HU_WRONG_FLAGS);
}

/* e6m15 is wide enough for the way that fp32 goes: flags at boundaries and in a part of the rest.
 */
Test(verify, faults_at_boundaries_of_wide_sources_are_found)
{
    enum { ONE = 31 << 15, TIE = ONE + 2048, NEGATIVE = 1 << 21 };
    for (int i = -1; i < 2; i++)
        for (int sign = 0; sign < 2; sign++) {
            uint64_t tie = (uint64_t)(TIE + i) | (sign ? NEGATIVE : 0);
            found((struct faulty){.fault = FLIPPED_CODE, .source = tie}, "fp8_e4m3", "e6m15",
                  HU_WRONG_CODE);
            found((struct faulty){.fault = FLIPPED_CODE, .source = tie, .with_flags = true},
                  "fp8_e4m3", "e6m15", HU_WRONG_CODE);
            found((struct faulty){.fault = EXTRA_FLAG, .source = tie}, "fp8_e4m3", "e6m15",
                  HU_WRONG_FLAGS);
        }
    found((struct faulty){.fault = EXTRA_FLAG, .source = ONE}, "fp8_e4m3", "e6m15", HU_WRONG_FLAGS);
    found((struct faulty){.fault = FLIPPED_CODE, .source = ONE, .with_flags = true}, "fp8_e4m3",
          "e6m15", HU_WRONG_CODE);
    found((struct faulty){.fault = MISSING_FLAG, .source = TIE}, "fp8_e4m3", "e6m15",
          HU_WRONG_FLAGS);
    /* far from every boundary */
    found((struct faulty){.fault = FLIPPED_CODE, .source = ONE + 1234}, "fp8_e4m3", "e6m15",
          HU_WRONG_CODE);
    found((struct faulty){.fault = FLIPPED_CODE, .source = 0x1f8123}, "fp8_e4m3fnuz", "e6m15",
          HU_WRONG_CODE);
}

Test(verify, one_tail_element_is_found)
{
    for (size_t tail = 1; tail < 16; tail += 7) {
        found((struct faulty){.fault = BAD_TAIL, .tail = tail}, "fp8_e4m3", "fp16", HU_WRONG_CODE);
        found((struct faulty){.fault = BAD_TAIL, .tail = tail}, "fp16", "fp64", HU_WRONG_CODE);
        found((struct faulty){.fault = LONG_TAIL, .tail = tail}, "fp32", "bf16", HU_WRONG_BYTES);
    }
}
