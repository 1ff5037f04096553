/*
 * Matrix units against rationals by GMP, whose result MPFR rounds; against literal cases of the
 * literature; against this processor's own instruction.
 */
#include "dot.h"
#include "float_bits.h"
#include "random.h"
#include "reference.h"
#include "value.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined __x86_64__ && defined __has_include
#if __has_include(<avx512bf16intrin.h>) || defined __GNUC__
#include "array/x86.h"
#include <immintrin.h>
#define HAS_INSTRUCTION 1
#endif
#endif

enum { LONGEST = 70 };

/* Operands of a dot product, and where it is told. */
struct trial {
    uint64_t a[LONGEST], b[LONGEST];
    struct hu_dot dot;
};

static void set_up(struct trial *t, const char *model, const char *format, const char *accumulate)
{
    t->dot = (struct hu_dot){.model = hu_dot_model_find(model),
                             .format = hu_format_find(format),
                             .accumulate = hu_format_find(accumulate),
                             .a = t->a,
                             .b = t->b,
                             .block = 4};
    cr_assert(t->dot.model, "%s", model);
    cr_assert(hu_dot_takes(t->dot.model, t->dot.format, t->dot.accumulate), "%s %s %s", model,
              format, accumulate);
}

static size_t read_codes(char *text, uint64_t *codes)
{
    size_t n = 0;
    for (char *word = strtok(text, ","); word; word = strtok(NULL, ","))
        codes[n++] = strtoull(word, NULL, 16);
    return n;
}

Test(dot, models_give_what_was_published)
{
    char line[512], model[32], format[32], accumulate[32], a[128], b[128], c[32], expected[32];
    FILE *file = fopen(FIXTURES "/dot.tsv", "r");
    cr_assert(file);
    int cases = 0;
    while (fgets(line, sizeof line, file)) {
        if (*line == '#')
            continue;
        struct trial t;
        cr_assert_eq(sscanf(line, "%31s %31s %31s %127s %127s %31s %31s", model, format, accumulate,
                            a, b, c, expected),
                     7, "%s", line);
        set_up(&t, model, format, accumulate);
        t.dot.n = read_codes(a, t.a);
        cr_assert_eq(t.dot.n, read_codes(b, t.b));
        t.dot.c = strtoull(c, NULL, 16);
        uint64_t got = hu_dot_run(&t.dot);
        cr_expect_eq(got, strtoull(expected, NULL, 16), "got 0x%llx: %s", (unsigned long long)got,
                     line);
        cases++;
    }
    fclose(file);
    cr_assert_geq(cases, 70);
}

/* Exponent of a nonzero datum as hardware counts it, subnormals at emin. */
static int exponent_of(const struct hu_format *f, uint64_t bits)
{
    return hu_decode(f, bits).quantum + f->trailing_bits;
}

static void times_power(mpq_t q, int power)
{
    if (power >= 0)
        mpq_mul_2exp(q, q, (mp_bitcnt_t)power);
    else
        mpq_div_2exp(q, q, (mp_bitcnt_t)-power);
}

/* Q cut at 2^UNIT. */
static void cut_at(mpq_t q, int unit, bool down)
{
    mpz_t whole;
    mpz_init(whole);
    times_power(q, -unit);
    (down ? mpz_fdiv_q : mpz_tdiv_q)(whole, mpq_numref(q), mpq_denref(q));
    mpq_set_z(q, whole);
    times_power(q, unit);
    mpz_clear(whole);
}

/* Q, which is dyadic, rounded into F by MPFR. */
static uint64_t judge_rounds(struct hu_reference *r, const struct hu_format *f, const mpq_t q,
                             enum hu_direction direction)
{
    uint64_t bits = 0;
    unsigned flags = 0;
    struct hu_options options = {.direction = direction};
    char *digits = mpz_get_str(NULL, 16, mpq_numref(q)), *text;
    bool negative = *digits == '-';
    int length = asprintf(&text, "%s0x%sp-%lu", negative ? "-" : "", digits + negative,
                          (unsigned long)mpz_sizeinbase(mpq_denref(q), 2) - 1);
    cr_assert(length > 0 && hu_reference_read(r, f, text, &options, &bits, &flags));
    if (flags & HU_OVERFLOW) /* into infinity in every direction */
        bits = hu_infinity_code(f) | (negative ? hu_sign_mask(f) : 0);
    free(text);
    free(digits);
    return bits;
}

struct judge {
    struct hu_reference *reference;
    const struct hu_dot *dot;
    mpq_t x, y, sum;
};

static bool product_of(struct judge *j, size_t i, int *exponent)
{
    const struct hu_dot *dot = j->dot;
    if (i >= dot->n)
        return false;
    hu_datum_ratio(j->x, dot->format, dot->a[i]);
    hu_datum_ratio(j->y, dot->format, dot->b[i]);
    mpq_mul(j->x, j->x, j->y);
    *exponent = exponent_of(dot->format, dot->a[i]) + exponent_of(dot->format, dot->b[i]);
    return mpq_sgn(j->x) != 0;
}

/* What j->sum becomes with the products of INDICES and, with JOINS, C: cut BITS below the greatest
 * exponent, which is returned. */
static int judge_cuts(struct judge *j, const size_t *indices, size_t n, uint64_t c, bool joins,
                      int least)
{
    int greatest = least, exponent;
    bool has_c = joins && hu_decode(j->dot->accumulate, c).class != HU_ZERO;
    for (size_t i = 0; i < n; i++)
        if (product_of(j, indices[i], &exponent) && exponent > greatest)
            greatest = exponent;
    if (has_c && exponent_of(j->dot->accumulate, c) > greatest)
        greatest = exponent_of(j->dot->accumulate, c);
    mpq_set_ui(j->sum, 0, 1);
    for (size_t i = 0; i < n; i++) {
        if (!product_of(j, indices[i], &exponent))
            continue;
        cut_at(j->x, greatest - j->dot->model->align_bits, false);
        mpq_add(j->sum, j->sum, j->x);
    }
    if (has_c) {
        hu_datum_ratio(j->x, j->dot->accumulate, c);
        cut_at(j->x, greatest - j->dot->model->align_bits, false);
        mpq_add(j->sum, j->sum, j->x);
    }
    return greatest;
}

static uint64_t judge_aligned(struct judge *j, const size_t *indices, size_t n, uint64_t c)
{
    const struct hu_dot_model *m = j->dot->model;
    const struct hu_format *f = j->dot->accumulate;
    bool single = f->width == 32;
    int least = single ? m->least_exponent_fp32 : m->least_exponent_fp16;
    judge_cuts(j, indices, n, c, true, least ? least : -9999);
    if (!mpq_sgn(j->sum))
        return 0;
    uint64_t bits =
        judge_rounds(j->reference, f, j->sum, single ? HU_TOWARD_ZERO : HU_TIES_TO_EVEN);
    return single && m->trailing_bits ? bits & ~(uint64_t)((1 << (23 - m->trailing_bits)) - 1)
                                      : bits;
}

/* CDNA 3, as its two public simulators say in their ways. */
static uint64_t judge_two_stages(struct judge *j, const size_t *indices, size_t n, uint64_t c)
{
    const struct hu_format *g = j->dot->accumulate;
    bool halves = j->dot->format->width == 8;
    int greatest = 0, ec = hu_decode(g, c).class == HU_ZERO ? -126 : exponent_of(g, c);
    mpq_t total;
    mpq_init(total);
    if (halves) {
        size_t even[LONGEST], odd[LONGEST];
        for (size_t i = 0; i < n; i += 2) {
            even[i / 2] = indices[i];
            odd[i / 2] = indices[i + 1];
        }
        int first = judge_cuts(j, even, n / 2, 0, false, -9999);
        mpq_set(total, j->sum);
        int second = judge_cuts(j, odd, n / 2, 0, false, -9999);
        greatest = first > second ? first : second;
        cut_at(total, greatest - 24, true);
        cut_at(j->sum, greatest - 24, true);
        mpq_add(total, total, j->sum);
    } else {
        greatest = judge_cuts(j, indices, n, 0, false, -9999);
        mpq_set(total, j->sum);
    }
    if (ec > greatest)
        greatest = ec;
    cut_at(total, greatest - 31, true);
    hu_datum_ratio(j->x, g, c);
    cut_at(j->x, greatest - 24, true);
    if (!halves || ec >= greatest - 25)
        mpq_add(total, total, j->x);
    uint64_t bits = mpq_sgn(total) ? judge_rounds(j->reference, g, total, HU_TIES_TO_EVEN) : 0;
    mpq_clear(total);
    return bits;
}

static uint64_t judge_exact(struct judge *j, const size_t *indices, size_t n, uint64_t c)
{
    int exponent;
    hu_datum_ratio(j->sum, j->dot->accumulate, c);
    for (size_t i = 0; i < n; i++)
        if (product_of(j, indices[i], &exponent))
            mpq_add(j->sum, j->sum, j->x);
    return !mpq_sgn(j->sum)
               ? 0
               : judge_rounds(j->reference, j->dot->accumulate, j->sum, HU_TIES_TO_EVEN);
}

static uint64_t judge_run(struct judge *j)
{
    const struct hu_dot *dot = j->dot;
    size_t indices[LONGEST], group = hu_dot_group(dot->model, dot->format);
    uint64_t c = dot->c;
    if (dot->model->split) {
        for (size_t first = 0; first < dot->n; first += 2 * group) {
            uint64_t sum = 0;
            for (size_t half = 0; half < 4; half += 2) {
                size_t n = 0;
                for (size_t i = 0; i < 2 * group; i++)
                    if ((i & 2) == half)
                        indices[n++] = first + i;
                sum = judge_aligned(j, indices, n, sum);
            }
            hu_datum_ratio(j->x, dot->accumulate, sum);
            hu_datum_ratio(j->sum, dot->accumulate, c);
            mpq_add(j->sum, j->sum, j->x);
            c = judge_rounds(j->reference, dot->accumulate, j->sum, HU_TIES_TO_EVEN);
        }
        return c;
    }
    if (dot->model->method == HU_DOT_EXACT)
        group = dot->n;
    for (size_t first = 0; first < dot->n; first += group) {
        for (size_t i = 0; i < group; i++)
            indices[i] = first + i;
        c = dot->model->method == HU_DOT_ALIGNED     ? judge_aligned(j, indices, group, c)
            : dot->model->method == HU_DOT_TWO_STAGE ? judge_two_stages(j, indices, group, c)
                                                     : judge_exact(j, indices, group, c);
    }
    return c;
}

/* A finite code, of an exponent near 0 or anywhere. */
static uint64_t draw(const struct hu_format *f, uint64_t *state, int spread)
{
    for (;;) {
        uint64_t bits = random_bits(state) & hu_width_mask(f);
        if (spread && f->exponent_bits > 4) {
            uint64_t field =
                (uint64_t)(f->bias + (int)(random_bits(state) % (unsigned)(2 * spread)) - spread);
            bits &= ~(hu_exponent_mask(f) << f->trailing_bits);
            bits |= field << f->trailing_bits;
        }
        if (hu_is_finite(hu_decode(f, bits)))
            return bits;
    }
}

static void compare_with_judge(const struct hu_dot_model *model, const char *format,
                               const char *accumulate, struct hu_reference *reference)
{
    struct trial t;
    set_up(&t, model->name, format, accumulate);
    struct judge j = {.reference = reference, .dot = &t.dot};
    uint64_t state = 20261126;
    mpq_inits(j.x, j.y, j.sum, NULL);
    for (int trial = 0; trial < 1500; trial++) {
        int spread = trial % 3 == 0 ? 0 : trial % 3 == 1 ? 3 : 10;
        t.dot.n = 1 + random_bits(&state) % 66;
        for (size_t i = 0; i < t.dot.n; i++) {
            t.a[i] = draw(t.dot.format, &state, spread);
            t.b[i] = draw(t.dot.format, &state, spread);
        }
        t.dot.c = draw(t.dot.accumulate, &state, spread) | 1;
        /* Products beyond fp32 are infinite in CDNA 3: not for this judge. */
        if (model->method == HU_DOT_TWO_STAGE && !spread && t.dot.format->exponent_bits == 8)
            continue;
        uint64_t got = hu_dot_run(&t.dot), expected = judge_run(&j);
        /* Where a group overflows, what follows is infinite; signs of what underflows differ. */
        if (!hu_is_finite(hu_decode(t.dot.accumulate, got)) ||
            hu_decode(t.dot.accumulate, got).class == HU_ZERO)
            continue;
        cr_assert_eq(got, expected, "%s %s %s trial %d n %zu: got 0x%llx, the judge 0x%llx",
                     model->name, format, accumulate, trial, t.dot.n, (unsigned long long)got,
                     (unsigned long long)expected);
    }
    mpq_clears(j.x, j.y, j.sum, NULL);
}

Test(dot, matrix_units_agree_with_rationals)
{
    struct hu_reference *reference = hu_reference_new();
    for (size_t i = 0; i < hu_dot_model_count(); i++) {
        const struct hu_dot_model *m = hu_dot_model_at(i);
        bool judged = m->method == HU_DOT_ALIGNED || m->method == HU_DOT_TWO_STAGE ||
                      m->method == HU_DOT_GROUP;
        for (size_t k = 0; judged && k < HU_DOT_TAKES && m->takes[k].format; k++) {
            compare_with_judge(m, m->takes[k].format, "fp32", reference);
            if (m->into_fp16)
                compare_with_judge(m, m->takes[k].format, "fp16", reference);
        }
    }
    hu_reference_free(reference);
}

Test(dot, exact_is_exact_for_wide_and_narrow_formats)
{
    static const char *const pairs[][2] = {
        {"fp64", "fp64"},   {"fp32", "fp64"},     {"fp64", "fp16"},    {"bf16", "fp32"},
        {"e15m40", "fp64"}, {"fp8_e5m2", "fp16"}, {"fp4", "fp8_e4m3"}, {"e15m48", "e15m48"}};
    struct hu_reference *reference = hu_reference_new();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        compare_with_judge(hu_dot_model_find("exact"), pairs[i][0], pairs[i][1], reference);
    hu_reference_free(reference);
}

static float sum_of_halves(const float *products, size_t n)
{
    if (n == 1)
        return products[0];
    size_t half = n - n / 2;
    return sum_of_halves(products, half) + sum_of_halves(products + half, n - half);
}

/* fp32 in this machine's own arithmetic. */
Test(dot, orders_of_software_are_those_of_the_machine)
{
    struct trial t;
    uint64_t state = 7;
    for (int trial = 0; trial < 3000; trial++) {
        set_up(&t, "sequential", "fp32", "fp32");
        t.dot.n = 1 + random_bits(&state) % 40;
        float products[LONGEST], blocks = 0;
        for (size_t i = 0; i < t.dot.n; i++) {
            t.a[i] = draw(t.dot.format, &state, 5);
            t.b[i] = draw(t.dot.format, &state, 5);
            products[i] = hu_float_of_bits((uint32_t)t.a[i]) * hu_float_of_bits((uint32_t)t.b[i]);
        }
        t.dot.c = draw(t.dot.accumulate, &state, 5);
        float sequential = hu_float_of_bits((uint32_t)t.dot.c), fused = sequential,
              start = sequential;
        blocks = start;
        for (size_t i = 0; i < t.dot.n; i++) {
            sequential += products[i];
            fused =
                fmaf(hu_float_of_bits((uint32_t)t.a[i]), hu_float_of_bits((uint32_t)t.b[i]), fused);
        }
        for (size_t i = 0; i < t.dot.n; i += 4) {
            float block = products[i];
            for (size_t k = i + 1; k < i + 4 && k < t.dot.n; k++)
                block += products[k];
            blocks += block;
        }
        const struct {
            const char *model;
            float expected;
        } rows[] = {{"sequential", sequential},
                    {"fma", fused},
                    {"blocked", blocks},
                    {"pairwise", start + sum_of_halves(products, t.dot.n)}};
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            t.dot.model = hu_dot_model_find(rows[i].model);
            cr_assert_eq(hu_dot_run(&t.dot), hu_bits_of_float(rows[i].expected), "%s trial %d",
                         rows[i].model, trial);
        }
    }
}

/* Where the whole is one group, its products have no order. */
Test(dot, a_group_has_no_order)
{
    struct trial t;
    uint64_t state = 11;
    for (size_t m = 0; m < hu_dot_model_count(); m++) {
        const struct hu_dot_model *model = hu_dot_model_at(m);
        if (model->method != HU_DOT_ALIGNED || model->split)
            continue;
        set_up(&t, model->name, model->takes[0].format, "fp32");
        t.dot.n = hu_dot_group(model, t.dot.format);
        for (int trial = 0; trial < 200; trial++) {
            for (size_t i = 0; i < t.dot.n; i++) {
                t.a[i] = draw(t.dot.format, &state, 6);
                t.b[i] = draw(t.dot.format, &state, 6);
            }
            t.dot.c = draw(t.dot.accumulate, &state, 6);
            uint64_t before = hu_dot_run(&t.dot);
            for (size_t i = 0; i < t.dot.n / 2; i++) {
                uint64_t a = t.a[i], b = t.b[i];
                t.a[i] = t.a[t.dot.n - 1 - i];
                t.b[i] = t.b[t.dot.n - 1 - i];
                t.a[t.dot.n - 1 - i] = a;
                t.b[t.dot.n - 1 - i] = b;
            }
            cr_assert_eq(hu_dot_run(&t.dot), before, "%s", model->name);
        }
    }
}

/* Normal fp8 numbers with powers are bf16 numbers, whose exponents are theirs and the powers. */
Test(dot, a_blocks_power_joins_the_exponent)
{
    static const char *const names[] = {"exact",   "sequential", "pairwise",
                                        "blocked", "fma",        "b200"};
    const struct hu_format *f = hu_format_find("fp8_e4m3"), *g = hu_format_find("bf16");
    uint64_t state = 31;
    for (int trial = 0; trial < 3000; trial++) {
        struct trial small, plain;
        bool unit = trial % 6 == 5; /* whose groups differ between the formats */
        int powers[2][2];
        for (int i = 0; i < 4; i++)
            powers[i / 2][i % 2] = (int)(random_bits(&state) % 41) - 20;
        set_up(&small, names[trial % 6], "fp8_e4m3", "fp32");
        set_up(&plain, names[trial % 6], "bf16", "fp32");
        small.dot.n = plain.dot.n = 1 + random_bits(&state) % (unit ? 16 : 64);
        small.dot.a_powers = powers[0];
        small.dot.b_powers = powers[1];
        for (size_t i = 0; i < small.dot.n; i++) {
            small.a[i] = 0x08 + random_bits(&state) % 0x70;
            small.b[i] = 0x88 + random_bits(&state) % 0x70;
            struct hu_datum a = hu_decode(f, small.a[i]), b = hu_decode(f, small.b[i]);
            struct hu_real x = {a.significand, a.quantum + powers[0][i / 32], a.sign, false};
            struct hu_real y = {b.significand, b.quantum + powers[1][i / 32], b.sign, false};
            struct hu_options nearest = {0};
            unsigned flags = 0;
            plain.a[i] = hu_round(g, x, 0, &nearest, &flags);
            plain.b[i] = hu_round(g, y, 0, &nearest, &flags);
            cr_assert_eq(flags, 0);
        }
        small.dot.c = plain.dot.c = draw(small.dot.accumulate, &state, 20);
        cr_assert_eq(hu_dot_run(&small.dot), hu_dot_run(&plain.dot), "%s, trial %d",
                     names[trial % 6], trial);
    }
}

Test(dot, infinities_and_nans_are_each_models_own)
{
    struct trial t;
    for (size_t m = 0; m < hu_dot_model_count(); m++) {
        const struct hu_dot_model *model = hu_dot_model_at(m);
        const char *format = model->instruction ? model->takes[0].format : "fp16";
        if (!hu_has_infinity(hu_format_find(format)))
            continue;
        set_up(&t, model->name, format, "fp32");
        const struct hu_format *f = t.dot.format;
        uint64_t one = (uint64_t)f->bias << f->trailing_bits, infinity = hu_infinity_code(f);
        uint64_t nan = model->nan_fp32 ? model->nan_fp32 : 0x7fc00000;
        t.dot.n = 2;
        t.a[0] = infinity, t.b[0] = one, t.a[1] = one, t.b[1] = one, t.dot.c = 0x3f800000;
        cr_expect_eq(hu_dot_run(&t.dot), 0x7f800000, "%s: inf + 1", model->name);
        t.b[0] |= hu_sign_mask(f);
        cr_expect_eq(hu_dot_run(&t.dot), 0xff800000, "%s: -inf + 1", model->name);
        t.dot.c = 0x7f800000;
        cr_expect_eq(hu_dot_run(&t.dot), nan, "%s: -inf + inf", model->name);
        t.dot.c = 0, t.b[0] = 0;
        cr_expect_eq(hu_dot_run(&t.dot), nan, "%s: inf * 0", model->name);
        t.a[0] = hu_default_nan_code(f), t.b[0] = one;
        cr_expect_eq(hu_dot_run(&t.dot), nan, "%s: a NaN", model->name);
    }
}

Test(dot, every_row_says_where_it_is_from)
{
    for (size_t i = 0; i < hu_dot_model_count(); i++) {
        const struct hu_dot_model *m = hu_dot_model_at(i);
        cr_expect(m->source && m->hardware, "%s", m->name);
        cr_expect_eq(hu_dot_model_find(m->name), m);
        cr_expect(!m->instruction || (m->sure && m->takes[0].format && m->nan_fp32), "%s", m->name);
        for (size_t k = 0; k < HU_DOT_TAKES && m->takes[k].format; k++) {
            cr_expect(hu_format_find(m->takes[k].format), "%s", m->takes[k].format);
            cr_expect_leq(m->takes[k].group, HU_DOT_GROUP_MAX);
        }
    }
}

#ifdef HAS_INSTRUCTION
__attribute__((target("avx512bf16,avx512vl,avx512f"))) static uint32_t
instruction(uint32_t a, uint32_t b, uint32_t c)
{
    __m128i x = _mm_set1_epi32((int)a), y = _mm_set1_epi32((int)b);
    __m128 sum = _mm_dpbf16_ps(_mm_castsi128_ps(_mm_set1_epi32((int)c)), (__m128bh)x, (__m128bh)y);
    return (uint32_t)_mm_cvtsi128_si32(_mm_castps_si128(sum));
}
#endif

Test(dot, avx512_bf16_is_the_processors_instruction)
{
#ifdef HAS_INSTRUCTION
    if (!hu_x86_has_avx512_bf16())
        cr_skip_test("this processor has no AVX512_BF16");
    struct trial t;
    uint64_t state = 5;
    set_up(&t, "avx512-bf16", "bf16", "fp32");
    t.dot.n = 2;
    for (int trial = 0; trial < 2000000; trial++) {
        uint64_t draws = random_bits(&state), spread = trial % 2 ? 12 : 0;
        for (int i = 0; i < 2; i++) {
            t.a[i] = draw(t.dot.format, &state, (int)spread);
            t.b[i] = draw(t.dot.format, &state, (int)spread);
        }
        t.dot.c = spread ? draw(t.dot.accumulate, &state, (int)spread) : draws & 0xffffffff;
        if (hu_is_nan(hu_decode(t.dot.accumulate, t.dot.c)))
            continue; /* whose payload comes back is not in the row */
        uint32_t expected = instruction((uint32_t)(t.a[1] << 16 | t.a[0]),
                                        (uint32_t)(t.b[1] << 16 | t.b[0]), (uint32_t)t.dot.c);
        cr_assert_eq(hu_dot_run(&t.dot), expected, "trial %d", trial);
    }
#else
    cr_skip_test("not an x86 processor");
#endif
}
