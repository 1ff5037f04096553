#include "array/array.h"
#include "block/block.h"
#include "random.h"
#include "reference_block.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Blocks drawn for each format in a test; HALFULP_BLOCKS=10000000 is the long proof. */
static size_t draws(size_t usual)
{
    const char *text = getenv("HALFULP_BLOCKS");
    return text ? strtoul(text, NULL, 10) : usual;
}

/* fp32 of all kinds: of one scale, of many, with ties, subnormals and zeros. */
static void draw_values(float *x, size_t n, size_t length, uint64_t *state)
{
    for (size_t i = 0; i < n; i += length) {
        unsigned kind = (unsigned)(random_bits(state) % 8);
        int exponent = (int)(random_bits(state) % 40) - 20;
        if (kind == 7)
            exponent = (int)(random_bits(state) % 270) - 147;
        for (size_t k = i; k < i + length && k < n; k++) {
            double u = (double)(random_bits(state) >> 11) * 0x1p-53 * 2 - 1;
            if (kind == 1)
                u = u * u * u;
            if (kind == 2)
                u = (double)(int)(u * 16) / 16;
            if (kind == 3 && random_bits(state) % 4)
                u = 0;
            if (kind == 4)
                u = (double)(int)(u * 128) / 128;
            if (kind == 5)
                u = ldexp(u, (int)(random_bits(state) % 16) - 8);
            x[k] = (float)ldexp(u, exponent);
        }
        if (kind == 6)
            for (size_t k = i; k < i + length && k < n; k++)
                x[k] = random_bits(state) % 8 ? 0.0f : -0.0f;
    }
}

static void check_encode(const struct hu_block *b, const float *x, size_t rows, size_t columns,
                         const struct hu_block_options *options)
{
    size_t codes = hu_block_bytes(b, rows, columns),
           scales = hu_block_scale_bytes(b, rows, columns);
    unsigned char *got[2] = {calloc(1, codes + 1), calloc(1, scales + 1)};
    unsigned char *expected[2] = {calloc(1, codes + 1), calloc(1, scales + 1)};
    float second = 0, second_expected = 0;
    struct hu_reference *r = hu_reference_new();
    hu_reference_block_encode(r, b, expected[0], expected[1], &second_expected, x, rows, columns,
                              options);
    cr_assert_eq(hu_block_encode(b, got[0], got[1], &second, hu_format_find("fp32"), x, rows,
                                 columns, options),
                 0);
    const char *rule = options ? hu_scale_rule_name(options->rule) : NULL;
    int direction = options ? (int)options->elements.direction : 0;
    cr_assert_eq(second, second_expected, "%s: %a, expected %a", b->name, (double)second,
                 (double)second_expected);
    for (int part = 1; part >= 0; part--)
        for (size_t i = 0; i < (part ? scales : codes); i++)
            cr_assert_eq(got[part][i], expected[part][i],
                         "%s, rule %s, direction %d, %s byte %zu: got %#x, expected %#x", b->name,
                         rule ? rule : "own", direction, part ? "scales'" : "codes'", i,
                         got[part][i], expected[part][i]);
    hu_reference_free(r);
    for (int part = 0; part < 2; part++) {
        free(got[part]);
        free(expected[part]);
    }
}

static const char *const encoded[] = {
    "mxfp8_e4m3",
    "mxfp8_e5m2",
    "mxfp6_e3m2",
    "mxfp6_e2m3",
    "mxfp4",
    "mxint8",
    "nvfp4",
    "fp8_tile128",
    "fp8_row",
    "fp8_tensor",
    "fp8_tile4x8",
    "fp8_tile3x5",
    "fp8_tile5x48",
    "nf4",
    "bnb_fp4",
    "q4_0",
    "q4_1",
    "q5_0",
    "q5_1",
    "q8_0",
    "iq4_nl",
    "q2_k",
    "q3_k",
    "q4_k",
    "q5_k",
    "q6_k",
    "q8_k",
    "iq4_xs",
    "tq1_0",
    "tq2_0",
    "q1_0",
    "q2_0",
    "mxfp4_ggml",
    "nvfp4_ggml",
    "nf4_b32",
    "fp8_e5m2_tile1x32",
    "fp8_tile2x32_e8m0",
};

enum { ENCODED = sizeof encoded / sizeof *encoded };

/* In every rule and direction, whole blocks and rows that end within one. */
Test(block_encode, every_encoder_is_the_rationals)
{
    enum { ROWS = 24, COLUMNS = 160, ROW = COLUMNS / 32 };
    static float x[ROWS * COLUMNS];
    uint64_t state = 7;
    const size_t wanted = draws(0), rows = wanted ? ROWS : 3;
    for (size_t k = 0; k < ENCODED; k++) {
        const struct hu_block *b = hu_block_find(encoded[k]);
        cr_assert(b && hu_block_encodes(b), "%s", encoded[k]);
        int last = hu_block_has_rules(b) ? HU_SCALE_EVEN : HU_SCALE_DEFAULT;
        size_t each = rows * ROW * (size_t)(last - HU_SCALE_DEFAULT + 1) * (HU_TO_ODD + 1);
        for (size_t n = wanted / each + 4; n; n--)
            for (int rule = HU_SCALE_DEFAULT; rule <= last; rule++)
                for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD; d++) {
                    struct hu_block_options o = {rule, {.direction = d, .saturate = n % 2 == 0}};
                    size_t columns = n % 3 ? COLUMNS : 141;
                    draw_values(x, rows * columns, 32, &state);
                    check_encode(b, x, rows, columns, &o);
                }
    }
}

Test(block_encode, encoders_meet_nan_infinity_and_zero)
{
    float x[64];
    uint64_t state = 9;
    for (size_t k = 0; k < ENCODED; k++)
        for (int kind = 0; kind < 6; kind++) {
            draw_values(x, 64, 32, &state);
            for (int i = 0; i < 64; i++) {
                if (kind == 0)
                    x[i] = 0;
                if (kind == 1)
                    x[i] = -0.0f;
            }
            if (kind == 2)
                x[5] = NAN;
            if (kind == 3)
                x[40] = -INFINITY;
            if (kind == 4)
                x[0] = INFINITY, x[1] = NAN;
            if (kind == 5)
                for (int i = 0; i < 64; i++)
                    x[i] = ldexpf((float)(i % 7) - 3, -149);
            check_encode(hu_block_find(encoded[k]), x, 2, 32, NULL);
        }
}

/* The largest of fp32 and what is just below a power of two, under every rule. */
Test(block_encode, encoders_meet_the_ends_of_fp32)
{
    static const float ends[] = {
        0x1.fffffep127f, 0x1p127f,      0x1.8p127f, 0x1p-126f, 0x1p-127f, 0x1p-149f,
        0x1.cp2f,        0x1.bffffep2f, 6,          7,         448,       0x1.dp8f,
        0x1.cffffep8f,   464,           1.984375f,  1.9921875f};
    for (size_t k = 0; k < ENCODED; k++) {
        const struct hu_block *b = hu_block_find(encoded[k]);
        int last = hu_block_has_rules(b) ? HU_SCALE_EVEN : HU_SCALE_DEFAULT;
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
            for (int rule = HU_SCALE_DEFAULT; rule <= last; rule++) {
                float x[32];
                struct hu_block_options o = {rule, {.saturate = true}};
                for (int i = 0; i < 32; i++)
                    x[i] = ends[e] * ((float)(i % 2 ? -i : i) / 31);
                check_encode(b, x, 1, 32, &o);
            }
    }
}

/* Sub-blocks of many magnitudes beside each other, of one sign, without slope: what the searches
 * meet. */
Test(block_encode, searches_are_the_rationals)
{
    static const char *const names[] = {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k"};
    static float x[4 * 256];
    uint64_t state = 11;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (int turn = 0; turn < 12; turn++) {
            draw_values(x, 4 * 256, 16u << turn % 2, &state);
            for (int i = 0; i < 4 * 256; i++)
                x[i] = turn % 4 == 1   ? fabsf(x[i])
                       : turn % 4 == 2 ? ldexpf(1, i / 16 % 40 - 20)
                       : turn % 4 == 3 ? -fabsf(x[i]) - 1
                                       : x[i];
            check_encode(hu_block_find(names[k]), x, 2, 512, NULL);
        }
}

/* Sums of squares and of cubes that are too great for fp32, one or both: ggml's quotient of them is
 * an infinity or a NaN. */
Test(block_encode, sums_of_iq4_nl_overflow)
{
    static const struct {
        float x;
        uint16_t scale;
    } cases[] = {{1e10f, 0xfc00},
                 {1e13f, 0xfc00},
                 {-1e13f, 0x7c00},
                 /* Zero's nearest point is 1: infinities of both signs. */
                 {1e16f, 0x7e00},
                 {1e18f, 0x7e00},
                 {-1e30f, 0x7e00},
                 {1e-30f, 0}};
    const struct hu_block *b = hu_block_find("iq4_nl");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float x[32];
        unsigned char block[18];
        for (int k = 0; k < 32; k++)
            x[k] = cases[i].x / (float)(k + 1);
        check_encode(b, x, 1, 32, NULL);
        hu_block_encode(b, block, NULL, NULL, hu_format_find("fp32"), x, 1, 32, NULL);
        cr_expect_eq(block[0] | block[1] << 8, cases[i].scale, "%g: %#x", (double)cases[i].x,
                     block[0] | block[1] << 8);
    }
}

/* So are iq4_xs' sums: under an infinite scale nothing is left of the elements, and of no number
 * the last point is the nearest. */
Test(block_encode, sums_of_iq4_xs_overflow)
{
    static const struct {
        float x;
        uint16_t scale;
        unsigned char codes;
    } cases[] = {
        {1e13f, 0xfc00, 0xff}, {-1e13f, 0x7c00, 0xff}, {1e30f, 0x8000, 0x88}, {0, 0x8000, 0x88}};
    const struct hu_block *b = hu_block_find("iq4_xs");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float x[256];
        unsigned char block[136];
        for (int k = 0; k < 256; k++)
            x[k] = cases[i].x / (float)(k % 7 + 1);
        for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD; d++)
            check_encode(b, x, 1, 256, &(struct hu_block_options){.elements.direction = d});
        hu_block_encode(b, block, NULL, NULL, hu_format_find("fp32"), x, 1, 256, NULL);
        cr_expect_eq(block[0] | block[1] << 8, cases[i].scale, "%g: %#x", (double)cases[i].x,
                     block[0] | block[1] << 8);
        cr_expect_eq(block[8], cases[i].codes, "%g: %#x", (double)cases[i].x, block[8]);
    }
}

/* What ggml d99724f2 gives where its fp32 shows: logarithms that round up to an integer, a scale
 * under which 8 overflows and 6 is left, subnormal scales that do not round up to normal ones, 448
 * from 256 on, differences in which nothing of small codes is left, infinities. */
Test(block_encode, ends_of_ggml_s_fp4)
{
    static const struct {
        const char *name;
        float x;
        unsigned char scale, code;
    } cases[] = {
        {"mxfp4_ggml", 0x1.fffffep2f, 128, 6},
        {"mxfp4_ggml", 0x1.fffffcp2f, 127, 7},
        {"mxfp4_ggml", 0x1.fffffep1f, 126, 7},
        {"mxfp4_ggml", 0x1.ffffa8p127f, 253, 5},
        {"mxfp4_ggml", 0x1.ffffa6p127f, 252, 7},
        {"mxfp4_ggml", 0x1p-125f, 0, 6},
        {"nvfp4_ggml", 6 * 0x1.fp-7f, 7, 7},
        {"nvfp4_ggml", 6 * 0x1p-6f, 8, 7},
        {"nvfp4_ggml", 6 * 255, 0x7e, 5},
        {"nvfp4_ggml", 1e10f, 0x7e, 7},
        {"nvfp4_ggml", 1e12f, 0x7e, 0},
        {"nvfp4_ggml", INFINITY, 0x7e, 0},
        {"nvfp4_ggml", NAN, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hu_block *b = hu_block_find(cases[i].name);
        float x[64] = {cases[i].x, -0.0f};
        unsigned char block[36];
        for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD; d++)
            check_encode(b, x, 1, 64, &(struct hu_block_options){.elements.direction = d});
        hu_block_encode(b, block, NULL, NULL, hu_format_find("fp32"), x, 1, b->elements, NULL);
        cr_expect_eq(block[0], cases[i].scale, "%s %a: scale %u", b->name, (double)x[0], block[0]);
        cr_expect_eq(block[b->ggml_type == 39 ? 1 : 4], cases[i].code, "%s %a: code %u", b->name,
                     (double)x[0], block[b->ggml_type == 39 ? 1 : 4]);
    }
}

/* q1_0 has the mean of magnitudes, its own side of zero for who rounds to nearest, and −0 above; up
 * and down there is one answer within ±mean. q2_0 reaches 2 by nothing that it encodes. */
Test(block_encode, signs_and_pairs)
{
    static const struct {
        enum hu_direction direction;
        unsigned char first, rest;
    } cases[] = {{HU_TIES_TO_EVEN, 0x37, 0xff},    {HU_TIES_TO_AWAY, 0x37, 0xff},
                 {HU_TOWARD_POSITIVE, 0xf7, 0xff}, {HU_TOWARD_NEGATIVE, 0x01, 0},
                 {HU_TOWARD_ZERO, 0x37, 0xff},     {HU_TO_ODD, 0x37, 0xff}};
    const struct hu_block *q1_0 = hu_block_find("q1_0"), *q2_0 = hu_block_find("q2_0");
    const struct hu_format *fp32 = hu_format_find("fp32");
    float x[128] = {12, -0.0f, 0.0625f, -12, 0.0625f, 0, -0.125f, -0.125f};
    unsigned char block[18];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hu_block_options o = {.elements.direction = cases[i].direction};
        hu_block_encode(q1_0, block, NULL, NULL, fp32, x, 1, 128, &o);
        cr_expect_eq(block[0] | block[1] << 8, 0x3218, "d %#x", block[0] | block[1] << 8);
        cr_expect_eq(block[2], cases[i].first, "direction %zu: %#x", i, block[2]);
        cr_expect_eq(block[17], cases[i].rest, "direction %zu: %#x", i, block[17]);
    }
    hu_block_encode(q2_0, block, NULL, NULL, fp32, x, 1, 64, NULL);
    cr_expect_eq(block[2], 0x16, "%#x", block[2]);
    for (int i = 0; i < 128; i++)
        x[i] = 0x1p127f; /* a sum that overflows */
    hu_block_encode(q1_0, block, NULL, NULL, fp32, x, 1, 128, NULL);
    cr_expect_eq(block[0] | block[1] << 8, 0x7c00);
}

/* OCP MX 1.0 section 6.3 and the rules beside it, for an amax of 6, 6.5, 7 and 8 in mxfp4. */
Test(block_encode, scale_rules_of_mxfp4)
{
    static const struct {
        float amax;
        int floor, ceil, rceil, even;
    } cases[] = {{6, 0, 1, 0, 0},
                 {6.5f, 0, 1, 1, 0},
                 {7, 0, 1, 1, 1},
                 {8, 1, 1, 1, 1},
                 {4, 0, 0, 0, 0},
                 {3, -1, 0, -1, -1},
                 {0, -127, -127, -127, -127}};
    const struct hu_block *b = hu_block_find("mxfp4");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int expected[] = {cases[i].floor, cases[i].ceil, cases[i].rceil, cases[i].even};
        for (int rule = 0; rule < 4; rule++) {
            float x[32] = {0, -cases[i].amax};
            unsigned char codes[16], scale;
            struct hu_block_options o = {HU_SCALE_FLOOR + rule, {.saturate = true}};
            hu_block_encode(b, codes, &scale, NULL, hu_format_find("fp32"), x, 1, 32, &o);
            cr_expect_eq(scale - 127, expected[rule], "amax %g, %s: 2^%d", (double)cases[i].amax,
                         hu_scale_rule_name(o.rule), scale - 127);
        }
    }
}

/* A draw takes one of the two neighbours, the upper one as often as the fraction says. */
Test(block_encode, stochastic_rounding_keeps_the_mean)
{
    static const char *const names[] = {"mxfp4", "nf4", "q4_0", "nvfp4", "fp8_row", "iq4_nl"};
    enum { N = 32 * 4096 };
    float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const struct hu_block *b = hu_block_find(names[k]);
        unsigned char *codes = malloc(hu_block_bytes(b, 1, N)),
                      *again = malloc(hu_block_bytes(b, 1, N)),
                      *scales = malloc(hu_block_scale_bytes(b, 1, N) + 4);
        struct hu_block_options o = {0, {.direction = HU_STOCHASTIC, .saturate = true, .seed = 5}};
        float second;
        for (int i = 0; i < N; i++)
            x[i] = i % 16 ? 0.2345f : 1.0f;
        hu_block_encode(b, codes, scales, &second, hu_format_find("fp32"), x, 1, N, &o);
        hu_block_encode(b, again, scales, &second, hu_format_find("fp32"), x, 1, N, &o);
        cr_assert_arr_eq(codes, again, hu_block_bytes(b, 1, N), "%s: not the seed's alone",
                         names[k]);
        hu_block_decode(hu_format_find("fp32"), y, b, codes, scales, second, 1, N);
        double sum = 0, least = 1, most = -1;
        for (int i = 0; i < N; i++)
            if (i % 16) {
                sum += (double)y[i];
                least = fmin(least, (double)y[i]);
                most = fmax(most, (double)y[i]);
            }
        double step = most - least;
        cr_assert_gt(step, 0, "%s", names[k]);
        /* iq4_nl's scale is fitted to the codes. */
        if (strcmp(names[k], "iq4_nl"))
            cr_assert_float_eq(sum / (N / 16 * 15), 0.2345, step * 0.01, "%s: %g", names[k],
                               sum / (N / 16 * 15));
        free(codes);
        free(again);
        free(scales);
    }
    free(x);
    free(y);
}

Test(block_encode, amax_is_the_greatest_finite_magnitude_of_every_source)
{
    static const char *const sources[] = {"fp64", "fp32", "bf16", "fp16", "fp8_e4m3", "int8"};
    const struct hu_format *fp64 = hu_format_find("fp64");
    double x[77];
    for (size_t s = 0; s < sizeof sources / sizeof *sources; s++)
        for (size_t n = 1; n <= 77; n++) {
            const struct hu_format *from = hu_format_find(sources[s]);
            unsigned char bytes[sizeof x];
            for (size_t i = 0; i < n; i++)
                x[i] = (double)(i % 5) - 2;
            x[n / 2] = -96;
            if (n > 3)
                x[n - 1] = NAN;
            hu_convert_array(from, bytes, fp64, x, n, NULL, NULL);
            cr_assert_eq(hu_block_amax(from, bytes, n), 96, "%zu of %s: %g", n, sources[s],
                         (double)hu_block_amax(from, bytes, n));
        }
}

/* Pieces that know the whole's amax and where they begin give what the whole gives. */
Test(block_encode, encoded_pieces_are_the_whole)
{
    static const char *const names[] = {"mxfp4",      "nvfp4", "fp8_tensor",
                                        "fp8_tile16", "nf4",   "q4_0"};
    enum { ROWS = 48, COLUMNS = 128 };
    const struct hu_format *fp32 = hu_format_find("fp32");
    float x[ROWS * COLUMNS];
    uint64_t state = 3;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const struct hu_block *b = hu_block_find(names[k]);
        size_t codes = hu_block_bytes(b, ROWS, COLUMNS),
               scales = hu_block_scale_bytes(b, ROWS, COLUMNS);
        unsigned char *whole[2] = {malloc(codes), malloc(scales + 1)},
                      *part[2] = {malloc(codes), malloc(scales + 1)};
        struct hu_block_options o = {0, {.direction = HU_STOCHASTIC, .saturate = true, .seed = 1}};
        float second, second_part = 0;
        draw_values(x, ROWS * COLUMNS, 32, &state);
        hu_block_encode(b, whole[0], whole[1], &second, fp32, x, ROWS, COLUMNS, &o);
        float amax = hu_block_amax(fp32, x, ROWS * COLUMNS);
        for (size_t row = 0; row < ROWS; row += 16) {
            struct hu_block_whole w = {amax, row * COLUMNS};
            bool one = scales == 4;
            hu_block_encode_piece(b, part[0] + codes * row / ROWS,
                                  part[1] + (one ? 0 : scales * row / ROWS), &second_part, fp32,
                                  x + row * COLUMNS, 16, COLUMNS, &o, &w, NULL);
        }
        cr_assert_eq(second, second_part);
        cr_assert_arr_eq(whole[0], part[0], codes, "%s", names[k]);
        cr_assert_arr_eq(whole[1], part[1], scales, "%s", names[k]);
        for (int i = 0; i < 2; i++) {
            free(whole[i]);
            free(part[i]);
        }
    }
}

/* What one element of every fp64 gives, which no fast row takes, is what the rows of FROM give. */
static void check_plain(const struct hu_block *b, const struct hu_format *from, const void *x,
                        size_t rows, size_t columns, const struct hu_block_options *o)
{
    const struct hu_format *fp64 = hu_format_find("fp64");
    size_t codes = hu_block_bytes(b, rows, columns),
           scales = hu_block_scale_bytes(b, rows, columns);
    unsigned char *got = calloc(1, codes + scales + 1), *plain = calloc(1, codes + scales + 1);
    double *wide = malloc(rows * columns * sizeof *wide);
    float second[2];
    hu_convert_array(fp64, wide, from, x, rows * columns, NULL, NULL);
    hu_block_encode(b, got, got + codes, &second[0], from, x, rows, columns, o);
    hu_block_encode(b, plain, plain + codes, &second[1], fp64, wide, rows, columns, o);
    cr_assert_eq(second[0], second[1]);
    for (size_t i = 0; i < codes + scales; i++)
        cr_assert_eq(got[i], plain[i], "%s from %s, byte %zu of %zu and %zu: got %#x, expected %#x",
                     b->name, from->name, i, codes, scales, got[i], plain[i]);
    free(got);
    free(plain);
    free(wide);
}

/* Under every rule; rows of many chunks that end within a block and a vector. */
Test(block_encode, fast_encoders_are_the_plain_ones)
{
    static const char *const sources[] = {"fp32", "bf16", "fp16"};
    enum { ROWS = 130, COLUMNS = 2 * 1024 + 128 + 13 };
    const struct hu_format *fp32 = hu_format_find("fp32");
    float *x = malloc(ROWS * COLUMNS * sizeof *x);
    void *narrow = malloc(ROWS * COLUMNS * sizeof *x);
    uint64_t state = 21;
    for (size_t k = 0; k < ENCODED; k++)
        for (size_t s = 0; s < 3; s++) {
            const struct hu_block *b = hu_block_find(encoded[k]);
            const struct hu_format *from = hu_format_find(sources[s]);
            int last = hu_block_has_rules(b) ? HU_SCALE_EVEN : HU_SCALE_DEFAULT;
            draw_values(x, ROWS * COLUMNS, 128, &state);
            for (size_t i = 7; i < ROWS * COLUMNS; i += 30011)
                x[i] = i % 2 ? NAN : INFINITY;
            hu_convert_array(from, narrow, fp32, x, ROWS * COLUMNS, NULL, NULL);
            for (int rule = HU_SCALE_DEFAULT; rule <= last; rule++) {
                struct hu_block_options o = {rule, {.saturate = true}};
                check_plain(b, from, narrow, s ? 7 : ROWS, COLUMNS, &o);
            }
        }
    free(x);
    free(narrow);
}

/* Elements in the middle of two codes and a unit in the last place beside it, under scales of few
 * bits and of many: what a quotient in fp32 cannot tell apart. */
Test(block_encode, fast_encoders_meet_ties)
{
    static const struct {
        const char *name;
        float largest;
    } formats[] = {{"fp8_row", 448}, {"fp8_tile1x32", 448}, {"fp8_e5m2_tile1x32", 57344},
                   {"nvfp4", 6},     {"mxfp4", 6},          {"nf4", 1},
                   {"bnb_fp4", 1},   {"q4_0", 8},           {"q5_1", 31},
                   {"iq4_nl", 127},  {"mxint8", 2}};
    enum { N = 1 << 14 };
    const struct hu_format *fp32 = hu_format_find("fp32");
    float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    unsigned char *codes = malloc(2 * N), *scales = malloc(N);
    uint64_t state = 5;
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++)
        for (int turn = 0; turn < 6; turn++) {
            int bits = 2 + turn / 2 * 11, exponent = turn % 2 ? -9 - bits - 115 : -9;
            const struct hu_block *b = hu_block_find(formats[k].name);
            float second;
            /* Any elements and what they become: between the two lies a middle, or nothing. */
            for (size_t i = 0; i < N; i++) {
                float amax = scalbnf((float)(random_bits(&state) >> (64 - bits) | 1), exponent);
                float u = (float)(random_bits(&state) >> 40) * 0x1p-23f - 1;
                x[i] = i % 32 ? u * amax : amax * formats[k].largest;
                x[i] = i % 32 ? u * x[i / 32 * 32] : x[i];
            }
            for (int round = 0; round < 3; round++) {
                hu_block_encode(b, codes, scales, &second, fp32, x, 1, N, NULL);
                hu_block_decode(fp32, y, b, codes, scales, second, 1, N);
                for (size_t i = 0; i < N; i++) {
                    float below = i % 3 ? y[i] : y[(i + 1) % N];
                    if (i % 32 && round == 0)
                        x[i] = i % 5 ? y[i] / 2 + below / 2 : y[i] * 1.25f;
                    else if (i % 32)
                        x[i] = nextafterf(x[i], round % 2 ? HUGE_VALF : 0);
                }
                check_plain(b, fp32, x, 1, N, NULL);
            }
        }
    free(x);
    free(y);
    free(codes);
    free(scales);
}

/* Blocks whose scale is in the middle of two e4m3, and a unit in the last place beside it. */
Test(block_encode, fast_nvfp4_meets_ties_of_scales)
{
    enum { N = 126 * 3 * 16 };
    const struct hu_block *b = hu_block_find("nvfp4");
    const struct hu_format *fp32 = hu_format_find("fp32"), *fp8 = hu_format_find("fp8_e4m3");
    float x[16 + N], e4m3[127];
    for (int round = 0; round < 50; round++) {
        float greatest = 1 + (float)round / 64 + (round % 2 ? 0x1.23p-15f : 0);
        float second = greatest / (448 * 6);
        memset(x, 0, sizeof x);
        x[3] = greatest;
        for (int code = 0; code < 127; code++) {
            unsigned char byte = (unsigned char)code;
            hu_convert_array(fp32, &e4m3[code], fp8, &byte, 1, NULL, NULL);
        }
        for (int i = 0; i < 126 * 3; i++) {
            float middle = (e4m3[i / 3] + e4m3[i / 3 + 1]) / 2;
            float amax = (float)((double)middle * 6 * (double)second);
            amax = i % 3 == 0 ? amax : nextafterf(amax, i % 3 == 1 ? 0 : HUGE_VALF);
            for (int k = 0; k < 16; k++)
                x[16 + 16 * i + k] = amax * (float)k / 15;
        }
        check_plain(b, fp32, x, 1, 16 + N, NULL);
    }
}

/* All rows that are fast against fp64, which none is, and one rounding more. */
/* ROWS × COLUMNS of B, and rows 1 and 2 of them. */
static void check_rows(const struct hu_block *b, const struct hu_block_parts *parts, size_t rows,
                       size_t columns)
{
    static const char *const targets[] = {"fp32", "bf16"};
    const struct hu_format *fp64 = hu_format_find("fp64");
    size_t n = rows * columns;
    double *plain = malloc(n * sizeof *plain);
    unsigned char *got = malloc(n * 4), *some = malloc(columns * 8), *expected = malloc(n * 4);
    hu_block_decode_rows(fp64, plain, b, parts, rows, columns, 0, rows);
    for (size_t t = 0; t < 2; t++) {
        const struct hu_format *to = hu_format_find(targets[t]);
        size_t width = t ? 2 : 4;
        hu_block_decode_rows(to, got, b, parts, rows, columns, 0, rows);
        hu_block_decode_rows(to, some, b, parts, rows, columns, 1, 2);
        hu_convert_array(to, expected, fp64, plain, n, NULL, NULL);
        for (size_t i = 0; i < n; i++)
            cr_assert(!memcmp(got + i * width, expected + i * width, width),
                      "%s to %s, %zu columns, element %zu", b->name, targets[t], columns, i);
        cr_assert_arr_eq(some, expected + columns * width, 2 * columns * width,
                         "%s to %s, %zu columns, rows 1 and 2", b->name, targets[t], columns);
    }
    free(plain);
    free(got);
    free(some);
    free(expected);
}

Test(block_encode, fast_decoders_are_the_plain_ones)
{
    static const size_t widths[] = {4096, 96, 40, 32};
    /* Of an eighth of fp32 scales: signs, subnormals, ends of the range, infinities and NaNs. */
    static const unsigned char rare[] = {0x00, 0x03, 0x7e, 0x7f, 0xbf, 0x80};
    enum { ROWS = 64, COLUMNS = 4096 };
    unsigned char *codes = malloc(ROWS * COLUMNS * 2), *scales = malloc(ROWS * COLUMNS);
    struct hu_block_parts parts = {.codes = codes, .scales = scales, .tensor_scale = 0x1.2345p-7f};
    uint64_t state = 77;
    for (size_t k = 0; hu_block_at(k); k++) {
        const struct hu_block *b = hu_block_at(k);
        if (!hu_block_decodes(b) || b->codes == HU_CODES_INTEGER || b->over == HU_OVER_NESTED)
            continue;
        size_t bytes = hu_block_scale_bytes(b, ROWS, COLUMNS);
        for (size_t i = 0; i < hu_block_bytes(b, ROWS, COLUMNS); i++)
            codes[i] = (unsigned char)(random_bits(&state) >> 56);
        for (size_t i = 0; i < bytes; i++)
            scales[i] = (unsigned char)(random_bits(&state) >> 56);
        for (size_t i = 3; i < bytes && !strcmp(b->scale, "fp32"); i += 4)
            scales[i] = i / 4 % 8 == 7 ? rare[i / 32 % sizeof rare]
                                       : (unsigned char)(0x30 + scales[i] % 32);
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
            check_rows(b, &parts, ROWS, widths[w]);
    }
    free(codes);
    free(scales);
}

/* Scales under which an element's product with them, rounded to fp32, is the middle of two bf16. */
Test(block_encode, fast_decoders_round_once)
{
    static const char *const names[] = {"nf4", "bnb_fp4", "fp8_tile1x32", "fp8_row", "nvfp4"};
    enum { N = 64 };
    const struct hu_format *bf16 = hu_format_find("bf16"), *fp32 = hu_format_find("fp32"),
                           *fp64 = hu_format_find("fp64");
    uint64_t state = 3;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (int round = 0; round < 500; round++) {
            const struct hu_block *b = hu_block_find(names[k]);
            size_t count = hu_block_scale_bytes(b, 1, N) / 4;
            unsigned char codes[N], scales[N];
            float one = 1, values[N], second = 1;
            double exact[N];
            uint16_t got[N], expected[N];
            for (int i = 0; i < N; i++)
                codes[i] = scales[i] = (unsigned char)((random_bits(&state) >> 56) & 0x77);
            for (size_t i = 0; k < 4 && i < count; i++)
                memcpy(scales + 4 * i, &one, 4);
            hu_block_decode(fp32, values, b, codes, scales, second, 1, N);
            float middle = 1 + (float)(2 * (random_bits(&state) >> 57) + 1) * 0x1p-8f;
            float under = middle / (values[round % 32] != 0 ? values[round % 32] : 1);
            for (size_t i = 0; k < 4 && i < count; i++)
                memcpy(scales + 4 * i, &under, 4);
            second = k < 4 ? 1 : under;
            hu_block_decode(fp64, exact, b, codes, scales, second, 1, N);
            hu_convert_array(bf16, expected, fp64, exact, N, NULL, NULL);
            /* So often that a table for nvfp4's second scale is worth it. */
            for (int times = 0; times < (k < 4 ? 1 : 40); times++) {
                hu_block_decode(bf16, got, b, codes, scales, second, 1, N);
                cr_assert_arr_eq(got, expected, sizeof got, "%s under %a", b->name, (double)under);
            }
        }
}

/* A source is rounded once: bf16, fp16 and fp64 give what their values in fp32 would. */
Test(block_encode, sources_of_other_formats)
{
    static const char *const sources[] = {"bf16", "fp16", "fp64", "fp8_e4m3", "fp4_e2m1"};
    const struct hu_format *fp32 = hu_format_find("fp32");
    float x[96], exact[96];
    uint64_t state = 11;
    draw_values(x, 96, 96, &state);
    for (size_t k = 0; k < 5; k++) {
        const struct hu_format *f = hu_format_find(sources[k]);
        unsigned char bytes[96 * 8], got[96], expected[96], scales[2][3];
        hu_convert_array(f, bytes, fp32, x, 96, NULL, NULL);
        hu_convert_array(fp32, exact, f, bytes, 96, NULL, NULL);
        const struct hu_block *b = hu_block_find("mxfp8_e4m3");
        hu_block_encode(b, got, scales[0], NULL, f, bytes, 3, 32, NULL);
        hu_block_encode(b, expected, scales[1], NULL, fp32, exact, 3, 32, NULL);
        cr_assert_arr_eq(got, expected, 96, "%s", sources[k]);
        cr_assert_arr_eq(scales[0], scales[1], 3);
    }
}
