/* What block formats lose, against encoding and decoding a whole tensor and one element after the
 * other; and cases by hand. */
#include "array/array.h"
#include "array/layout.h"
#include "block/scale_rule.h"
#include "float_bits.h"
#include "flow/stream.h"
#include "loss/block_measure.h"
#include "loss/statistics.h"
#include "statistics_data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct hu_block *block(const char *name)
{
    const struct hu_block *b = hu_block_find(name);
    cr_assert(b, "%s", name);
    return b;
}

/* BATCH matrices of ROWS × COLUMNS, in pieces of EACH units; 0: in one. */
struct shape {
    uint64_t batch, rows, columns, each;
};

static struct hu_gathered *gather(const struct hu_statistics_plan *plan, const char *source,
                                  const void *data, struct shape s)
{
    const struct hu_format *f = format(source);
    struct hu_statistics_data d = {
        .format = f, .elements = s.batch * s.rows * s.columns, .row = s.columns, .rows = s.rows};
    struct hu_scratch *a = hu_scratch_new();
    if (hu_statistics_needs_greatest(plan, f))
        d.greatest = hu_greatest(a, f, data, d.elements);
    struct hu_gathered *g = hu_gathered_new(plan, f);
    struct hu_units u = hu_statistics_units(plan, &d);
    uint64_t count = hu_units_count(u, d.elements), each = s.each ? s.each : count;
    for (uint64_t i = 0; i < count; i += each) {
        uint64_t from = hu_units_first(u, i);
        uint64_t to = i + each < count ? hu_units_first(u, i + each) : d.elements;
        const char *bytes = (const char *)data + hu_array_bytes(f, from);
        cr_assert(hu_analyse(a, plan, &d, g, from, to, bytes, NULL));
    }
    hu_gathered_finish(a, plan, f, g);
    hu_scratch_free(a);
    return g;
}

static struct hu_gathered *gather_in(const char *name, enum hu_scale_rule rule,
                                     const struct hu_options *options, const char *source,
                                     const void *data, struct shape s)
{
    struct hu_statistics_target target = hu_statistics_block_target(block(name), rule, options);
    struct hu_statistics_plan plan = {&target, 1, HU_SCALE_NONE};
    return gather(&plan, source, data, s);
}

static const struct hu_options nearest;

Test(block_loss, an_outlier_pushes_its_block_to_zero)
{
    /* Under 1000 the scale of e2m1, whose emax is 2, is 2^(9 - 2): a step of 64, and 1 is below
     * half of it. The second block has none that stands out, and 1 is exact. */
    float x[64];
    for (int i = 0; i < 64; i++)
        x[i] = 1;
    x[5] = 1000;
    struct hu_gathered *g = gather_in("mxfp4", 0, &nearest, "fp32", x, (struct shape){1, 1, 64, 0});
    cr_assert_eq(g->blocks[0].blocks, 2);
    cr_assert_eq(g->blocks[0].lost, 31);
    cr_assert_eq(g->losses[0].underflow, 31);
    /* 1000 / 128 = 7.8125 rounds to 8, beyond 6. */
    cr_assert_eq(g->blocks[0].saturated, 1);
    cr_assert_eq(g->losses[0].overflow, 1);
    cr_assert_eq(g->losses[0].max_error, 1000 - 6 * 128);
    cr_assert_eq(g->blocks[0].worst_count, 1);
    cr_assert_eq(g->blocks[0].worst[0].index, 0);
    cr_assert_eq(g->blocks[0].worst[0].greatest, 1000);
    double noise = 232.0 * 232 + 31, signal = 1e6 + 31;
    cr_assert_eq(g->blocks[0].worst[0].noise, noise);
    cr_assert_float_eq(hu_worst_block_sqnr(&g->blocks[0].worst[0]), 10 * log10(signal / noise),
                       1e-12);
    hu_gathered_free(g);
}

/* Each sub-block has a scale of its own, whose code -32 reaches to 32 and a half of it; a minimum
 * moves the ends. */
Test(block_loss, sub_blocks_cut_by_their_own_scales)
{
    static const struct {
        const char *name;
        int sub, low, high;
    } rows[] = {{"q6_k", 16, -32, 31}, {"q3_k", 16, -4, 3}, {"q2_k", 16, 0, 3}, {"q4_k", 32, 0, 15},
                {"q5_k", 32, 0, 31},   {"q4_0", 32, -8, 7}, {"q5_1", 32, 0, 31}};
    enum { N = 256 * 40 };
    static float x[N];
    uint64_t state = 3;
    for (int i = 0; i < N; i++) {
        double u = (double)(random_bits(&state) >> 11) * 0x1p-53 * 2 - 1;
        x[i] = (float)ldexp(u * u * u * u * u, i / 16 % 11);
    }
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        const struct hu_block *b = block(rows[k].name);
        unsigned char *bytes = malloc(hu_block_bytes(b, 1, N));
        struct hu_block_parts parts = {.codes = bytes};
        uint64_t beyond = 0, blocks = 0, last = UINT64_MAX;
        hu_block_encode(b, bytes, NULL, NULL, hu_format_find("fp32"), x, 1, N, NULL);
        for (size_t i = 0; i < N; i++) {
            struct hu_block_datum d;
            hu_block_look(b, &parts, 1, N, 0, i, &d);
            double code = d.scale != 0 ? ((double)x[i] + d.offset) / d.scale : 0;
            if (code < rows[k].high + 0.5 && code > rows[k].low - 0.5)
                continue;
            beyond++;
            blocks += last != i / b->elements;
            last = i / b->elements;
        }
        struct hu_gathered *g =
            gather_in(rows[k].name, 0, &nearest, "fp32", x, (struct shape){1, 1, N, 0});
        cr_assert(beyond > 0 || !strcmp(rows[k].name, "q5_1"), "%s", rows[k].name);
        cr_assert_eq(g->losses[0].overflow, beyond, "%s: %llu, expected %llu", rows[k].name,
                     (unsigned long long)g->losses[0].overflow, (unsigned long long)beyond);
        cr_assert_eq(g->blocks[0].saturated, blocks, "%s", rows[k].name);
        hu_gathered_free(g);
        free(bytes);
    }
}

Test(block_loss, what_the_scales_format_cannot_hold_is_no_outliers_doing)
{
    /* Below half of mxfp4's least step, 2^-128, all of a block go to zero. */
    double x[32];
    for (int i = 0; i < 32; i++)
        x[i] = 0x1p-140;
    struct hu_gathered *g = gather_in("mxfp4", 0, &nearest, "fp64", x, (struct shape){1, 1, 32, 0});
    cr_assert_eq(g->losses[0].underflow, 32);
    cr_assert_eq(g->blocks[0].lost, 0);
    hu_gathered_free(g);
}

Test(block_loss, a_scale_that_becomes_zero_cuts_nothing)
{
    /* Beside 1e6 in the tensor the second block's scale, 1e-6 / 6 over 1e6 / (448 * 6), is below
     * half of e4m3's least step: all are lost, and none is too great for a scale. */
    float x[32] = {1e6f};
    for (int i = 16; i < 32; i++)
        x[i] = 1e-6f;
    struct hu_gathered *g = gather_in("nvfp4", 0, &nearest, "fp32", x, (struct shape){1, 1, 32, 0});
    cr_assert_eq(g->losses[0].underflow, 16);
    cr_assert_eq(g->losses[0].overflow, 0);
    cr_assert_eq(g->blocks[0].saturated, 0);
    cr_assert_eq(g->blocks[0].lost, 0);
    hu_gathered_free(g);
}

Test(block_loss, a_nan_makes_its_block_nan)
{
    float x[64] = {1, 2, NAN};
    x[40] = INFINITY;
    x[41] = 3;
    struct hu_gathered *g = gather_in("mxfp4", 0, &nearest, "fp32", x, (struct shape){1, 1, 64, 0});
    cr_assert_eq(g->blocks[0].nan, 2);
    cr_assert_eq(g->losses[0].invalid, 62);
    cr_assert_eq(g->losses[0].measured, 0);
    hu_gathered_free(g);
    /* In DeepSeek's tiles it is that element's matter. */
    g = gather_in("fp8_tile128", 0, &nearest, "fp32", x, (struct shape){1, 8, 8, 0});
    cr_assert_eq(g->blocks[0].nan, 0);
    cr_assert_eq(g->losses[0].invalid, 0);
    cr_assert_eq(g->losses[0].measured, 62);
    hu_gathered_free(g);
}

Test(block_loss, rows_that_a_block_does_not_divide_are_left_out)
{
    float x[3 * 40] = {1, 2, 3};
    struct hu_gathered *g = gather_in("q8_0", 0, &nearest, "fp32", x, (struct shape){1, 3, 40, 0});
    cr_assert_eq(g->blocks[0].unfit, 120);
    cr_assert_eq(g->losses[0].measured, 0);
    hu_gathered_free(g);
}

Test(block_loss, ends_of_integers_saturate_where_half_a_step_is_passed)
{
    /* q4_0's scale is the greatest over -8: -8 is its own code, and 8 the same magnitude is cut to
     * 7; 7.4 is 7's, 7.6 would be 8's. */
    const float values[] = {8, 7.6f, 7.4f};
    for (int i = 0; i < 3; i++) {
        float x[32] = {-8, 1, 2};
        x[9] = values[i];
        struct hu_gathered *g =
            gather_in("q4_0", 0, &nearest, "fp32", x, (struct shape){1, 1, 32, 0});
        cr_assert_eq(g->losses[0].overflow, i < 2, "%g", (double)values[i]);
        cr_assert_eq(g->blocks[0].saturated, i < 2);
        hu_gathered_free(g);
        /* The same of the other sign, under a negative scale. */
        for (int k = 0; k < 32; k++)
            x[k] = -x[k];
        g = gather_in("q4_0", 0, &nearest, "fp32", x, (struct shape){1, 1, 32, 0});
        cr_assert_eq(g->losses[0].overflow, i < 2, "-%g", (double)values[i]);
        hu_gathered_free(g);
    }
}

/* The slow path: a tensor encoded and decoded in one call a matrix, and looked at element by
 * element. */
struct slow {
    uint64_t measured, inexact, zeros, lost, invalid, nonzero_blocks;
    long double noise, signal;
    double max_error, worst;
    uint64_t worst_index;
};

static float amax_of(const float *x, size_t n)
{
    float amax = 0;
    for (size_t i = 0; i < n; i++)
        amax = isfinite(x[i]) && fabsf(x[i]) > amax ? fabsf(x[i]) : amax;
    return amax;
}

/* RESULT of all matrices. */
static void recode(const struct hu_block *b, enum hu_scale_rule rule,
                   const struct hu_options *elements, const float *x, struct shape s, float *result)
{
    struct hu_block_options options = {.rule = rule, .elements = *elements};
    options.elements.saturate = true;
    /* bitsandbytes' blocks run on over matrices. */
    size_t n = b->layout == HU_BLOCK_FLAT ? 1 : s.batch, size = s.batch * s.rows * s.columns / n;
    size_t rows = size / s.columns;
    float amax = amax_of(x, s.batch * s.rows * s.columns);
    for (size_t i = 0; i < n; i++) {
        void *codes = malloc(hu_block_bytes(b, rows, s.columns) + 1);
        void *scales = malloc(hu_block_scale_bytes(b, rows, s.columns) + 1);
        float second;
        struct hu_block_whole whole = {.amax = amax, .first = i * size};
        cr_assert_eq(hu_block_encode_piece(b, codes, scales, &second, format("fp32"), x + i * size,
                                           rows, s.columns, &options, &whole, NULL),
                     0);
        cr_assert_eq(hu_block_decode(format("fp32"), result + i * size, b, codes, scales, second,
                                     rows, s.columns),
                     0);
        free(codes);
        free(scales);
    }
}

/* The number of the block that element I is in. */
static uint64_t block_of(const struct hu_block *b, struct shape s, uint64_t i)
{
    if (b->layout == HU_BLOCK_FLAT)
        return i / b->tile_columns;
    uint64_t wide = b->tile_columns ? b->tile_columns : s.columns;
    uint64_t tall = b->tile_rows ? b->tile_rows : s.rows;
    uint64_t across = (s.columns + wide - 1) / wide, down = (s.rows + tall - 1) / tall;
    uint64_t row = i / s.columns, column = i % s.columns;
    if (!b->tile_rows && !b->tile_columns)
        return 0;
    return (row / s.rows * down + row % s.rows / tall) * across + column / wide;
}

struct tally {
    double noise, signal;
    uint64_t zeros, left;
};

static struct slow look(const struct hu_block *b, const float *x, const float *result,
                        struct shape s)
{
    struct slow l = {.worst = 0};
    uint64_t n = s.batch * s.rows * s.columns, blocks = block_of(b, s, n - 1) + 1;
    struct tally *tallies = calloc(blocks, sizeof *tallies);
    for (uint64_t i = 0; i < n; i++) {
        struct tally *t = &tallies[block_of(b, s, i)];
        double before = (double)x[i], error = (double)result[i] - before;
        if (!isfinite(x[i]))
            continue;
        if (isnan(result[i])) {
            l.invalid++;
            continue;
        }
        l.measured++;
        l.inexact += error != 0;
        l.zeros += result[i] == 0 && x[i] != 0;
        t->zeros += result[i] == 0 && x[i] != 0;
        t->left += result[i] != 0;
        t->noise += error * error;
        t->signal += before * before;
        l.noise += (long double)error * (long double)error;
        l.signal += (long double)before * (long double)before;
        l.max_error = fabs(error) > l.max_error ? fabs(error) : l.max_error;
    }
    for (uint64_t i = 0; i < blocks; i++) {
        l.lost += tallies[i].left ? tallies[i].zeros : 0;
        double ratio = tallies[i].signal > 0 ? tallies[i].noise / tallies[i].signal : 0;
        l.nonzero_blocks += ratio > 0;
        if (ratio > l.worst * (1 + 1e-12)) {
            l.worst = ratio;
            l.worst_index = i;
        }
    }
    free(tallies);
    return l;
}

/* Both may be infinite: there is no noise. */
static bool near(double a, double b)
{
    return a == b || fabs(a - b) < 1e-9;
}

static double decibels(const struct slow *l)
{
    return (double)(10 * log10l(l->signal / l->noise));
}

static void check_rules(const struct hu_block *b, const struct hu_options *options, const float *x,
                        float *result, struct shape s, const struct hu_gathered *g,
                        const char *where)
{
    for (int rule = HU_SCALE_FLOOR; rule <= HU_SCALE_EVEN; rule++) {
        struct hu_loss under = g->losses[0];
        under.noise = g->blocks[0].noise_by_rule[rule - HU_SCALE_FLOOR];
        recode(b, (enum hu_scale_rule)rule, options, x, s, result);
        struct slow l = look(b, x, result, s);
        cr_assert(near(hu_loss_figures(&under).sqnr, decibels(&l)), "%s by %s", where,
                  hu_scale_rule_name((enum hu_scale_rule)rule));
    }
}

static void check(const char *name, enum hu_scale_rule rule, const struct hu_options *options,
                  const float *x, struct shape s)
{
    char where[120];
    const struct hu_block *b = block(name);
    uint64_t n = s.batch * s.rows * s.columns;
    float *result = malloc(n * sizeof *result);
    snprintf(where, sizeof where, "%s, %d × %d × %d, rule %d, direction %d", name, (int)s.batch,
             (int)s.rows, (int)s.columns, (int)rule, (int)options->direction);
    recode(b, rule, options, x, s, result);
    struct slow l = look(b, x, result, s);
    struct hu_gathered *g = gather_in(name, rule, options, "fp32", x, s);
    struct hu_loss_figures f = hu_loss_figures(&g->losses[0]);
    cr_assert_eq(f.measured, l.measured, "%s", where);
    cr_assert_eq(f.exact, l.measured - l.inexact, "%s", where);
    cr_assert_eq(f.underflow, l.zeros, "%s: %d, %d", where, (int)f.underflow, (int)l.zeros);
    cr_assert_eq(f.invalid, l.invalid, "%s", where);
    cr_assert_eq(f.max_error, l.max_error, "%s: %g, %g", where, f.max_error, l.max_error);
    cr_assert(near(f.sqnr, decibels(&l)), "%s: %g, %g", where, f.sqnr, decibels(&l));
    cr_assert_eq(g->blocks[0].lost, l.lost, "%s: %d, %d", where, (int)g->blocks[0].lost,
                 (int)l.lost);
    cr_assert_eq(g->blocks[0].blocks, block_of(b, s, n - 1) + 1, "%s", where);
    uint64_t worst = l.nonzero_blocks < HU_WORST_BLOCKS ? l.nonzero_blocks : HU_WORST_BLOCKS;
    cr_assert_eq(g->blocks[0].worst_count, worst, "%s", where);
    cr_assert_eq(g->blocks[0].worst[0].index, l.worst_index, "%s", where);
    if (hu_block_has_rules(b))
        check_rules(b, options, x, result, s, g, where);
    hu_gathered_free(g);
    free(result);
}

/* A few stand out, a few are zero. */
static float *data_of(uint64_t n, uint64_t seed)
{
    float *x = malloc(n * sizeof *x);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t r = random_bits(&seed);
        float size = (float)(r >> 40) * 0x1p-24f + 0x1p-30f;
        x[i] = r % 97 == 0 ? 50 * size : r % 31 == 0 ? 0 : size;
        x[i] = r & 1 << 20 ? -x[i] : x[i];
    }
    return x;
}

static const struct shape shapes[] = {
    {1, 1, 1, 0},      {1, 1, 4096, 0}, {1, 7, 160, 0},   {3, 5, 96, 0},    {1, 40, 31, 0},
    {2, 130, 300, 0},  {1, 3, 5000, 0}, {3, 129, 129, 0}, {1, 1, 40000, 0}, {2, 256, 128, 0},
    {1, 300, 2100, 0}, {5, 33, 17, 0},  {50, 1, 768, 0},  {300, 1, 100, 0},

};
static const char *const names[] = {
    "mxfp8_e4m3",    "mxfp8_e5m2",  "mxfp6_e3m2", "mxfp6_e2m3", "mxfp4", "mxint8",
    "nvfp4",         "fp8_tile128", "fp8_row",    "fp8_tensor", "nf4",   "bnb_fp4",
    "q4_0",          "q4_1",        "q5_0",       "q5_1",       "q8_0",  "iq4_nl",
    "fp8_tile64x32", "q4_k",        "q6_k",       "q3_k"};
enum { SHAPES = sizeof shapes / sizeof *shapes, NAMES = sizeof names / sizeof *names };

static bool divides(const struct hu_block *b, struct shape s)
{
    return b->layout != HU_BLOCK_WHOLE || s.columns % b->elements == 0;
}

Test(block_loss, agrees_with_one_element_after_the_other, .timeout = 120)
{
    for (size_t k = 0; k < SHAPES; k++) {
        struct shape s = shapes[k];
        float *x = data_of(s.batch * s.rows * s.columns, k);
        for (size_t i = 0; i < NAMES; i++)
            if (divides(block(names[i]), s))
                check(names[i], HU_SCALE_DEFAULT, &nearest, x, s);
        for (int rule = HU_SCALE_FLOOR; rule <= HU_SCALE_EVEN; rule++)
            check("mxfp4", (enum hu_scale_rule)rule, &nearest, x, s);
        free(x);
    }
}

Test(block_loss, agrees_in_every_direction, .timeout = 120)
{
    struct shape s = {2, 6, 160, 0};
    float *x = data_of(s.batch * s.rows * s.columns, 77);
    x[700] = NAN;
    x[1200] = INFINITY;
    for (int d = HU_TIES_TO_AWAY; d <= HU_STOCHASTIC; d++) {
        struct hu_options options = {.direction = (enum hu_direction)d, .seed = 5};
        for (size_t i = 0; i < NAMES; i++)
            if (!hu_block_needs_amax(block(names[i])) && block(names[i])->layout != HU_BLOCK_WHOLE)
                check(names[i], HU_SCALE_DEFAULT, &options, x, s);
    }
    free(x);
}

static bool same(const struct hu_gathered *a, const struct hu_gathered *b, size_t i)
{
    return !memcmp(&a->losses[i], &b->losses[i], sizeof a->losses[i]) &&
           !memcmp(&a->blocks[i], &b->blocks[i], sizeof a->blocks[i]);
}

Test(block_loss, pieces_and_other_targets_change_no_bit, .timeout = 120)
{
    struct hu_statistics_target targets[NAMES];
    for (size_t i = 0; i < NAMES; i++)
        targets[i] = hu_statistics_block_target(block(names[i]), HU_SCALE_DEFAULT, &nearest);
    struct hu_statistics_plan all = {targets, NAMES, HU_SCALE_NONE};
    for (size_t k = 0; k < SHAPES; k++) {
        struct shape s = shapes[k], pieces = s;
        pieces.each = 1;
        float *x = data_of(s.batch * s.rows * s.columns, k + 100);
        struct hu_gathered *whole = gather(&all, "fp32", x, s);
        struct hu_gathered *parts = gather(&all, "fp32", x, pieces);
        for (size_t i = 0; i < NAMES; i++) {
            struct hu_statistics_plan one = {&targets[i], 1, HU_SCALE_NONE};
            struct hu_gathered *alone = gather(&one, "fp32", x, s);
            cr_assert(same(whole, parts, i), "%s, shape %zu", names[i], k);
            cr_assert_eq(alone->losses[0].underflow, whole->losses[i].underflow, "%s", names[i]);
            cr_assert_eq(alone->blocks[0].saturated, whole->blocks[i].saturated, "%s", names[i]);
            cr_assert(near(hu_loss_figures(&alone->losses[0]).sqnr,
                           hu_loss_figures(&whole->losses[i]).sqnr),
                      "%s", names[i]);
            hu_gathered_free(alone);
        }
        hu_gathered_free(whole);
        hu_gathered_free(parts);
        free(x);
    }
}

Test(block_loss, data_far_from_ones_binade_keep_their_ratio)
{
    /* Squares of 1e-200 are no fp64, nor those of 1e200; blocks hold neither. */
    double x[64];
    for (int i = 0; i < 64; i++)
        x[i] = (i % 2 ? 1e-200 : -3e-200);
    struct hu_gathered *g = gather_in("mxfp4", 0, &nearest, "fp64", x, (struct shape){1, 1, 64, 0});
    cr_assert_eq(hu_loss_figures(&g->losses[0]).sqnr, 0, "all is lost");
    cr_assert_eq(g->losses[0].max_error, 3e-200);
    hu_gathered_free(g);
    for (int i = 0; i < 64; i++)
        x[i] = x[i] * 1e+250 * 1e+150;
    g = gather_in("mxfp4", 0, &nearest, "fp64", x, (struct shape){1, 1, 64, 0});
    cr_assert_float_eq(hu_loss_figures(&g->losses[0]).sqnr, 0, 1e-9);
    cr_assert_eq(g->blocks[0].saturated, 2);
    cr_assert_eq(g->losses[0].overflow, 64);
    hu_gathered_free(g);
}

/* Whether PIECE can be walked over; then the steps must find the same. */
static bool walks(const struct hu_statistics_target *t, const struct hu_block_piece *piece)
{
    struct hu_block_memory *m = hu_block_memory_new();
    struct hu_loss loss[2] = {{0}, {0}};
    struct hu_block_loss blocks[2] = {{0}, {0}};
    bool can = hu_block_lose_at_once(m, &t->block, piece, &loss[0], &blocks[0]);
    cr_assert(hu_block_lose(m, &t->block, piece, &loss[1], &blocks[1]));
    cr_assert(!can || (!memcmp(&loss[0], &loss[1], sizeof *loss) &&
                       !memcmp(&blocks[0], &blocks[1], sizeof *blocks)),
              "%s", t->block.block->name);
    hu_block_memory_free(m);
    return can;
}

Test(block_loss, a_walk_finds_what_steps_find, .timeout = 60)
{
    enum { N = 45 * 32 };
    float x[N];
    uint16_t half[N];
    struct hu_block_piece piece = {.real = format("fp32"), .x = x, .n = N};
    piece.shape = (struct hu_block_shape){N, 1, N};
    for (int k = 0; k < 40; k++) {
        uint64_t seed = (uint64_t)k;
        for (int i = 0; i < N; i++) { /* some blocks of zeros, of powers of two, and of ties */
            uint64_t r = random_bits(&seed);
            int block = i / 32 % 5, exponent = (int)(r >> 8 & (k % 2   ? 3
                                                               : k % 4 ? 15
                                                                       : 31)) -
                                               20 * (k % 5);
            double size = block == 1 ? 0 : block == 2 ? 1 : (double)(r >> 54) / 512;
            size = block == 3 ? (double)(r >> 58) / 32 : size;
            half[i] =
                (uint16_t)(hu_bits_of_float((float)ldexp(r & 1 ? size : -size, exponent)) >> 16);
            x[i] = hu_float_of_bits((uint32_t)half[i] << 16);
        }
        for (size_t i = 0; i < 5 * HU_SCALE_RULES; i++) {
            struct hu_statistics_target t = hu_statistics_block_target(
                block(names[i / HU_SCALE_RULES]),
                (enum hu_scale_rule)(HU_SCALE_FLOOR + i % HU_SCALE_RULES), &nearest);
            piece.bf16 = HU_BIG_ENDIAN ? NULL : half;
            cr_assert(walks(&t, &piece));
            piece.bf16 = NULL;
            cr_assert(walks(&t, &piece));
        }
    }
    /* Where there is no room around the elements' exponents, or a number is none. */
    struct hu_statistics_target t = hu_statistics_block_target(block("mxfp4"), 0, &nearest);
    static const float far[] = {0x1p-125f, 0x1.fp127f, INFINITY, NAN};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        float before = x[32]; /* of the zeros */
        x[32] = far[i];
        cr_assert_not(walks(&t, &piece), "%a", (double)far[i]);
        x[32] = before;
    }
    cr_assert(walks(&t, &piece));
}

Test(block_loss, exponents_give_the_spread_that_codes_give)
{
    enum { N = 70001 };
    struct hu_statistics_target both[2] = {
        hu_statistics_block_target(block("mxfp4"), HU_SCALE_DEFAULT, &nearest),
        hu_statistics_target_of(format("fp16"), &nearest, HU_SCALE_NONE)};
    struct hu_statistics_plan blocks = {both, 1, HU_SCALE_NONE}, all = {both, 2, HU_SCALE_NONE};
    uint16_t *x = malloc(N * sizeof *x);
    for (int kind = 0; kind < 4;
         kind++) { /* every code; about 1; subnormals and zeros; a few NaNs */
        for (int i = 0; i < N; i++) {
            uint16_t near = (uint16_t)(0x3c00 + i * 37 % 1024 + i % 2 * 0x8000);
            x[i] = (uint16_t)(kind == 0 ? i : kind == 2 && i % 3 ? i % 5 * 7 : near);
            if (kind == 3 && i % 9999 == 5)
                x[i] = (uint16_t)(0x7f80 + i % 2);
            layout_turn(&x[i], 1, 2);
        }
        for (uint64_t n = N; n > 3; n = n / 3) {
            struct shape s = {1, 1, n, 0};
            struct hu_gathered *a = gather(&blocks, "bf16", x, s), *b = gather(&all, "bf16", x, s);
            cr_assert(!a->codes && b->codes);
            cr_assert(!memcmp(&a->spread, &b->spread, sizeof a->spread), "%d", kind);
            cr_assert(!memcmp(&a->blocks[0], &b->blocks[0], sizeof a->blocks[0]), "%d", kind);
            hu_gathered_free(a);
            hu_gathered_free(b);
        }
    }
    free(x);
}

Test(block_loss, instruction_sets_change_no_bit)
{
    static const char *const kernels[] = {"avx2", "avx512"};
    float *x = data_of(4096, 9);
    double *wide = malloc(4096 * sizeof *wide);
    float *result = data_of(4096, 10);
    double *wide_result = malloc(4096 * sizeof *wide_result);
    for (int i = 0; i < 4096; i++) {
        wide[i] = (double)x[i];
        wide_result[i] = (double)result[i];
    }
    for (int k = 0; k < 2; k++) {
#if defined(__x86_64__)
        if (k ? !__builtin_cpu_supports("avx512f") : !__builtin_cpu_supports("avx2"))
            continue;
#else
        continue;
#endif
        for (size_t n = 1; n < 70; n++) {
            struct hu_measured a[58] = {{0}}, b[58] = {{0}}, c[58] = {{0}};
            struct hu_measured_all of_a = {0}, of_b = {0}, of_c = {0};
            hu_measure_of("scalar")(true, x, result, n, 58, a, &of_a);
            hu_measure_of(kernels[k])(true, x, result, n, 58, b, &of_b);
            hu_measure_of(kernels[k])(false, wide, wide_result, n, 58, c, &of_c);
            cr_assert(!memcmp(a, b, sizeof a) && !memcmp(a, c, sizeof a), "%zu", n);
            cr_assert(!memcmp(&of_a, &of_b, sizeof of_a) && !memcmp(&of_a, &of_c, sizeof of_a));
        }
    }
    free(x);
    free(wide);
    free(result);
    free(wide_result);
}

/* Streams. */

static void keep(void *context, size_t index, struct hu_gathered *g)
{
    for (size_t i = 0; i < g->count; i++)
        hu_block_loss_name(&g->blocks[i], index);
    hu_gathered_merge(context, g);
}

static struct hu_gathered *stream(int fd, const struct hu_statistics_plan *plan, const char *source,
                                  const uint64_t shape[2], unsigned threads)
{
    struct hu_stream_tensor tensors[2];
    struct hu_tensor t = {.name = "x", .elements = shape[0] * shape[1], .shape = shape, .rank = 2};
    t.bytes = hu_array_bytes(format(source), t.elements);
    for (int i = 0; i < 2; i++)
        tensors[i] = hu_stream_tensor_of(&t, format(source), fd);
    struct hu_stream s = {
        .plan = *plan, .tensors = tensors, .count = 2, .threads = threads, .done = keep};
    s.context = hu_gathered_new(plan, NULL);
    struct hu_stream_error error;
    cr_assert(hu_stream_run(&s, &error), "%s", strerror(error.error));
    return s.context;
}

Test(block_loss, threads_and_their_order_change_no_bit, .timeout = 120)
{
    enum { N = 900 * 1000 };
    char path[] = "/tmp/halfulp-blocks-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    float *x = data_of(N, 3);
    cr_assert_eq(write(fd, x, N * sizeof *x), (ssize_t)(N * sizeof *x));
    struct hu_statistics_target targets[] = {
        hu_statistics_block_target(block("mxfp4"), 0, &nearest),
        hu_statistics_block_target(block("nvfp4"), 0, &nearest),
        hu_statistics_block_target(block("fp8_tile128"), 0, &nearest),
        hu_statistics_block_target(block("nf4"), 0, &nearest),
        hu_statistics_block_target(block("q4_0"), 0, &nearest),
    };
    static const uint64_t sizes[][2] = {{900, 1000}, {300, 3000}, {9000, 100}, {225, 4000}, {1, N}};
    static const char *const sources[] = {"fp32", "bf16", "fp4_e2m1", "fp64"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int k = 0; k < 4; k++) {
            struct hu_statistics_plan plan = {targets, 5, HU_SCALE_NONE};
            uint64_t shape[2] = {k == 3 ? sizes[i][0] / 2 : sizes[i][0], sizes[i][1]};
            if (k == 3 && sizes[i][0] == 1)
                continue;
            struct hu_gathered *one = stream(fd, &plan, sources[k], shape, 1);
            struct hu_gathered *many = stream(fd, &plan, sources[k], shape, 5);
            for (size_t t = 0; t < 5; t++)
                cr_assert(same(one, many, t), "%s, shape %zu, target %zu", sources[k], i, t);
            hu_gathered_free(one);
            hu_gathered_free(many);
        }
    close(fd);
    free(x);
}

Test(block_loss, the_worst_are_the_same_in_whatever_order_they_come)
{
    struct hu_block_loss a[3] = {{0}}, forward = {0}, backward = {0};
    for (int i = 0; i < 3; i++)
        for (a[i].worst_count = 0; a[i].worst_count < HU_WORST_BLOCKS; a[i].worst_count++)
            a[i].worst[a[i].worst_count] = (struct hu_worst_block){
                .tensor = (uint64_t)i,
                .index = a[i].worst_count,
                .noise = (double)(8 - a[i].worst_count),
                .signal = 10,
            };
    for (int i = 0; i < 3; i++) {
        hu_block_loss_merge(&forward, &a[i]);
        hu_block_loss_merge(&backward, &a[2 - i]);
    }
    cr_assert(!memcmp(&forward, &backward, sizeof forward));
    cr_assert_eq(forward.worst[0].noise, 8);
    cr_assert_eq(forward.worst[0].tensor, 0);
    cr_assert_eq(forward.worst[1].tensor, 1);
    cr_assert_eq(forward.worst[HU_WORST_BLOCKS - 1].noise, 6);
}
