#include "array/array.h"
#include "block/block.h"
#include "block/grids.h"
#include "block/nested.h"
#include "random.h"
#include "reference_block.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A tensor of random bytes, as any file may hold. */
struct sample {
    const struct hu_block *b;
    size_t rows, columns;
    unsigned char *codes, *scales, *more;
    struct hu_block_parts parts;
};

static void fill(unsigned char *bytes, size_t n, uint64_t *state)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)random_bits(state);
}

static struct sample sample_of(const struct hu_block *b, size_t rows, size_t columns, uint64_t seed)
{
    struct sample s = {.b = b, .rows = rows, .columns = columns};
    size_t codes = hu_block_bytes(b, rows, columns),
           scales = hu_block_scale_bytes(b, rows, columns),
           more = hu_block_more_bytes(b, rows, columns);
    s.codes = malloc(codes + 1);
    s.scales = malloc(scales + 1);
    s.more = malloc(more + 1);
    fill(s.codes, codes, &seed);
    fill(s.scales, scales, &seed);
    fill(s.more, more, &seed);
    s.parts = (struct hu_block_parts){
        s.codes, s.scales, s.more, NULL, 0.0123456f, hu_block_nested_map(), false};
    return s;
}

static void drop(struct sample *s)
{
    free(s->codes);
    free(s->scales);
    free(s->more);
}

static uint64_t word_at(const struct hu_format *f, const unsigned char *bytes, size_t i)
{
    uint64_t word = 0;
    memcpy(&word, bytes + i * f->storage_bits / 8, f->storage_bits / 8);
    return word;
}

/* Every element of S in each of the targets, by the decoder and by the rationals. */
static void check_decode(const struct sample *s, const char *const *targets)
{
    struct hu_reference *r = hu_reference_new();
    for (; *targets; targets++) {
        const struct hu_format *to = hu_format_find(*targets);
        unsigned char *out = malloc(hu_array_bytes(to, s->rows * s->columns) + 8);
        cr_assert_eq(
            hu_block_decode_rows(to, out, s->b, &s->parts, s->rows, s->columns, 0, s->rows), 0);
        for (size_t i = 0; i < s->rows * s->columns; i++) {
            uint64_t expected = hu_reference_block_value(
                r, to, s->b, &s->parts, s->rows, s->columns, i / s->columns, i % s->columns);
            cr_assert_eq(word_at(to, out, i), expected,
                         "%s, %zu × %zu, element %zu in %s: got %#llx, expected %#llx", s->b->name,
                         s->rows, s->columns, i, to->name, (unsigned long long)word_at(to, out, i),
                         (unsigned long long)expected);
        }
        free(out);
    }
    hu_reference_free(r);
}

static const char *const all_targets[] = {"fp32", "bf16", "fp16", "fp64", "fp8_e4m3", NULL};
static const char *const two_targets[] = {"fp32", "bf16", NULL};

/* In a set of formats, for each of which a test says where its figures come from. */
static uint32_t crc32_of(const void *bytes, size_t n)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= ((const unsigned char *)bytes)[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

/* The tables of ggml-common.h (ggml d99724f2), as bytes: their CRC-32s. */
Test(block, codebooks_are_ggml_s)
{
    const struct hu_block_grids *g = hu_block_grids();
    cr_assert_eq(crc32_of(g->iq2_xxs, sizeof g->iq2_xxs), 0x9924ff02);
    cr_assert_eq(crc32_of(g->iq2_xs, sizeof g->iq2_xs), 0xfa1e1bfd);
    cr_assert_eq(crc32_of(g->iq2_s, sizeof g->iq2_s), 0x25ae5bf1);
    cr_assert_eq(crc32_of(g->iq3_xxs, sizeof g->iq3_xxs), 0x07ba9ed0);
    cr_assert_eq(crc32_of(g->iq3_s, sizeof g->iq3_s), 0xf576e4f3);
    uint64_t iq1[2048];
    for (int i = 0; i < 2048; i++) {
        iq1[i] = 0; /* theirs are not times 8 */
        for (int k = 0; k < 8; k++)
            iq1[i] |= (uint64_t)(uint8_t)((int8_t)(g->iq1[i] >> 8 * k) / 8) << 8 * k;
    }
    cr_assert_eq(crc32_of(iq1, sizeof iq1), 0xb85e6ccf);
}

/* The quantile of the normal distribution, by bisection. */
static double quantile(double p)
{
    double low = -10, high = 10;
    for (int i = 0; i < 200; i++) {
        double x = (low + high) / 2;
        *(0.5 * erfc(-x / sqrt(2)) < p ? &low : &high) = x;
    }
    return low;
}

/* QLoRA's appendix: eight equal steps of probability above zero, seven below, normed to 1. */
Test(block, nf4_is_quantiles_of_the_normal_distribution)
{
    const float *table = hu_block_find("nf4")->table;
    const double most = 0.9677083, top = quantile(most);
    for (int i = 0; i < 7; i++)
        cr_assert_float_eq((double)table[i], -quantile(most + (0.5 - most) * i / 7) / top, 1.5e-7);
    cr_assert_eq(table[7], 0);
    for (int i = 0; i < 8; i++)
        cr_assert_float_eq((double)table[15 - i], quantile(most + (0.5 - most) * i / 8) / top,
                           1.5e-7);
}

/* A sign, exponents of bias 3 and one trailing bit, and 1/16 as the subnormal, all over 12
 * (bitsandbytes, csrc/kernels.cu). */
Test(block, fp4_of_bitsandbytes_is_a_float_over_twelve)
{
    static const double twelve_times[] = {0, 0.0625, 8, 12, 4, 6, 2, 3};
    const float *table = hu_block_find("bnb_fp4")->table;
    for (int i = 0; i < 16; i++) {
        cr_assert_eq(table[i], (i < 8 ? 1 : -1) * (float)(twelve_times[i % 8] / 12));
        cr_assert_eq(signbit(table[i]) != 0, i >= 8);
    }
}

/* The dynamic map's ends and first steps: 127 values of each sign, 0 and 1, ascending. */
Test(block, nested_map_is_ascending_and_ends_in_one)
{
    const float *map = hu_block_nested_map();
    for (int i = 1; i < 256; i++)
        cr_assert_lt(map[i - 1], map[i]);
    cr_assert_eq(map[127], 0);
    cr_assert_eq(map[255], 1);
    cr_assert_float_eq((double)map[254], 0.9 / 64 * 63.5 + 0.1, 1e-7);
    cr_assert_float_eq((double)map[128], 0.55e-6, 1e-13);
    cr_assert_float_eq((double)map[0], -(0.9 / 64 * 63.5 + 0.1), 1e-7);
}

Test(block, names_of_one_format_are_one_row)
{
    static const char *const same[][2] = {
        {"MXFP4", "mxfp4"},
        {"mxfp8", "mxfp8_e4m3"},
        {"fp8_tile128x128", "fp8_tile128"},
        {"fp8-tile128", "fp8_tile128"},
        {"nf4_b64", "nf4"},
        {"gptq", "gptq4_g128"},
        {"awq", "awq4_g128"},
        {"fp8_tile64x64", "fp8_tile64"},
        {"fp8_tile3x3", "fp8_tile3"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        cr_assert_not_null(hu_block_find(same[i][0]), "%s", same[i][0]);
        cr_assert_eq(hu_block_find(same[i][0]), hu_block_find(same[i][1]), "%s", same[i][0]);
    }
    static const char *const none[] = {"",          "mxfp5",      "fp8_tile3x",  "fp8_tile0x4",
                                       "nf4_b48",   "gptq5_g128", "gptq4_g12x",  "fp8_tile128x",
                                       "awq8_g128", "v1",         "nf4_b131072", "fp8_tile65537"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_assert_null(hu_block_find(none[i]), "%s", none[i]);
}

Test(block, bytes_of_parts)
{
    static const struct {
        const char *name;
        size_t rows, columns, codes, scales, more;
    } cases[] = {
        {"mxfp4", 3, 64, 96, 6, 0},
        {"mxfp4", 2, 33, 34, 4, 0},
        {"mxfp6_e2m3", 1, 33, 25, 2, 0},
        {"nvfp4", 2, 32, 32, 4, 0},
        {"fp8_tile128", 129, 130, 16770, 16, 0},
        {"fp8_row", 5, 7, 35, 20, 0},
        {"fp8_tensor", 5, 7, 35, 4, 0},
        {"nf4", 3, 43, 65, 12, 0},
        {"nf4_dq", 1, 64 * 257, 8224, 257, 8},
        {"gptq4_g128", 64, 256, 8192, 256, 64},
        {"gptq3_g128", 32, 128, 1536, 64, 12},
        {"awq4_g128", 64, 256, 8192, 256, 64},
        {"q4_k", 2, 257, 4 * 144, 0, 0},
        {"q8_0", 3, 32, 102, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hu_block *b = hu_block_find(cases[i].name);
        cr_expect_eq(hu_block_bytes(b, cases[i].rows, cases[i].columns), cases[i].codes, "%s",
                     cases[i].name);
        cr_expect_eq(hu_block_scale_bytes(b, cases[i].rows, cases[i].columns), cases[i].scales,
                     "%s", cases[i].name);
        cr_expect_eq(hu_block_more_bytes(b, cases[i].rows, cases[i].columns), cases[i].more, "%s",
                     cases[i].name);
    }
    const struct hu_block *q8 = hu_block_find("q8_0");
    cr_assert_eq(hu_block_bytes(q8, SIZE_MAX / 2, 64), SIZE_MAX);
    cr_assert_eq(hu_block_bytes(q8, 1, SIZE_MAX - 5), SIZE_MAX);
}

/* Every code of an element under every scale. */
Test(block, every_code_under_every_scale)
{
    static const char *const names[] = {"mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e3m2", "mxfp6_e2m3",
                                        "mxfp4",      "mxint8",     "nvfp4"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const struct hu_block *b = hu_block_find(names[k]);
        size_t blocks = (1u << b->code_bits) / b->tile_columns;
        size_t columns = (blocks ? blocks : 1) * b->tile_columns;
        struct sample s = sample_of(b, 256, columns, 1);
        size_t per_row = columns / b->tile_columns, row_bytes = columns * b->code_bits / 8;
        memset(s.codes, 0, 256 * row_bytes);
        for (size_t row = 0; row < 256; row++) {
            memset(s.scales + row * per_row, (int)row, per_row);
            for (size_t i = 0; i < columns * b->code_bits; i++)
                s.codes[row * row_bytes + i / 8] =
                    (unsigned char)(s.codes[row * row_bytes + i / 8] |
                                    (i / b->code_bits >> i % b->code_bits & 1) << i % 8);
        }
        for (int over = 0; over < 3; over++) {
            s.parts.tensor_scale = over == 0 ? 1 : over == 1 ? 0x1.abcdeep-20f : 0x1p-149f;
            check_decode(&s, b->over == HU_OVER_TENSOR || !over ? all_targets : all_targets + 5);
        }
        drop(&s);
    }
}

Test(block, ggml_s_fp4_under_every_scale)
{
    const struct hu_block *m = hu_block_find("mxfp4_ggml"), *n = hu_block_find("nvfp4_ggml");
    struct sample s = sample_of(m, 256, 32, 1), t = sample_of(n, 64, 64, 1);
    for (unsigned i = 0; i < 256; i++) {
        s.codes[17 * i] = (unsigned char)i;
        t.codes[36 * (i / 4) + i % 4] = (unsigned char)i;
        for (unsigned k = 0; k < 16; k++)
            s.codes[17 * i + 1 + k] = (unsigned char)(k | (15 - k) << 4);
        for (unsigned k = 0; k < 8; k++)
            t.codes[36 * (i / 4) + 4 + i % 4 * 8 + k] = (unsigned char)(k | (8 + k) << 4);
    }
    check_decode(&s, all_targets);
    check_decode(&t, all_targets);
    drop(&s);
    drop(&t);
}

/* Random bytes, scales that are infinite or NaN among them, in rows that end within a block. */
Test(block, every_format_decodes_random_bytes)
{
    static const char *const more[] = {"fp8_tile32x64",    "fp8_tile7x24", "fp8_e5m2_tile1x16",
                                       "fp8_tile128_e8m0", "nf4_b128",     "nf4_b32_dq",
                                       "bnb_fp4_b256",     "gptq4_g64_v2", "gptq8_g128_v2",
                                       "gptq3_g64",        "gptq2_g32",    "awq4_g16"};
    for (size_t i = 0; hu_block_at(i) || i < 100; i++) {
        const struct hu_block *b = hu_block_at(i);
        if (!b && i >= sizeof more / sizeof *more + 64)
            break;
        if (!b && i < 64)
            continue;
        b = b ? b : hu_block_find(more[i - 64]);
        if (!hu_block_decodes(b))
            continue;
        size_t columns = b->ggml_type >= 0 ? b->elements * 2 : 160;
        struct sample s = sample_of(b, 64, columns, i), odd = sample_of(b, 7, columns - 3, i + 100);
        check_decode(&s, two_targets);
        check_decode(&odd, two_targets);
        drop(&s);
        drop(&odd);
    }
}

/* Rows that no name finds, as files have them: words of 2 to 8 bits, int8 less zero points and
 * under a scale a column, ggml's NVFP4 under a scale over the matrix. */
Test(block, every_block_of_a_file_s_own_decodes_random_bytes)
{
    static float values[256];
    for (int i = 0; i < 256; i++)
        values[i] = (float)(i < 128 ? i : i - 256);
    struct hu_block own = {.name = "own", .elements = 8, .bytes = 1, .layout = HU_BLOCK_PACKED};
    own.codes = HU_CODES_INTEGER;
    own.scale = "bf16";
    for (unsigned bits = 1; bits <= 8; bits++)
        for (int middle = 0; middle < 2; middle++) {
            own.code_bits = (unsigned char)bits;
            own.tile_columns = 16 * bits;
            own.zero_is_middle = middle;
            struct sample s = sample_of(&own, 37, 150, bits);
            check_decode(&s, two_targets);
            drop(&s);
        }
    own = (struct hu_block){.name = "own", .elements = 1, .bytes = 1, .layout = HU_BLOCK_PARTS};
    own.codes = HU_CODES_TABLE;
    own.table = values;
    own.code_bits = 8;
    own.scale = "fp32";
    static const uint32_t tiles[][2] = {{0, 0}, {1, 0}, {1, 48}, {0, 1}, {0, 150}, {32, 64}};
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        own.tile_rows = tiles[i][0];
        own.tile_columns = tiles[i][1];
        struct hu_block_apart apart = {.bytes = 0};
        static hu_block_element *const elements[] = {NULL, hu_block_less_byte, hu_block_less_zero,
                                                     hu_block_plus_shift};
        for (own.zeros = HU_ZEROS_BYTES; own.zeros <= HU_ZEROS_SHIFTS; own.zeros++) {
            apart.element_of = elements[own.zeros];
            own.apart = &apart;
            struct sample s = sample_of(&own, 37, 150, i);
            check_decode(&s, two_targets);
            drop(&s);
        }
        for (unsigned bits = 2; bits < 8; bits++) {
            own.code_bits = (unsigned char)bits;
            own.zeros = HU_ZEROS_SHIFTS;
            struct sample s = sample_of(&own, 37, 152, i);
            check_decode(&s, two_targets);
            drop(&s);
        }
        own.code_bits = 8;
        own.zeros = HU_ZEROS_NONE;
        apart = (struct hu_block_apart){.scale_divides = true, .element_of = hu_block_divided};
        struct sample s = sample_of(&own, 37, 150, i);
        check_decode(&s, two_targets);
        drop(&s);
    }
    own = *hu_block_find("nvfp4_ggml");
    own.over = HU_OVER_TENSOR;
    struct sample s = sample_of(&own, 9, 192, 1);
    s.parts.tensor_scale = 0x1.abcdeep-20f;
    check_decode(&s, two_targets);
    drop(&s);
}

Test(block, groups_in_another_order)
{
    int32_t groups[160];
    struct sample s = sample_of(hu_block_find("gptq4_g32"), 32, 160, 3);
    for (int i = 0; i < 160; i++)
        groups[i] = i * 7 % 5;
    s.parts.groups = groups;
    check_decode(&s, two_targets);
    uint32_t out[160];
    groups[17] = 5; /* there are five: 0 to 4 */
    cr_assert_eq(hu_block_decode_rows(hu_format_find("fp32"), out, s.b, &s.parts, 32, 160, 0, 1),
                 EINVAL);
    groups[17] = -1;
    cr_assert_eq(hu_block_decode_rows(hu_format_find("fp32"), out, s.b, &s.parts, 32, 160, 0, 1),
                 EINVAL);
    drop(&s);
}

/* Rows in pieces give what the whole gives. */
Test(block, pieces_of_rows_are_the_whole)
{
    static const char *const names[] = {"mxfp4", "fp8_tile16", "nf4", "q4_k", "gptq4_g32", "q8_0"};
    const struct hu_format *to = hu_format_find("fp32");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct sample s = sample_of(hu_block_find(names[k]), 40, 160, k);
        uint32_t *whole = malloc(40 * 160 * 4), *part = malloc(40 * 160 * 4);
        cr_assert_eq(hu_block_decode_rows(to, whole, s.b, &s.parts, 40, 160, 0, 40), 0);
        for (size_t first = 0, count = 1; first < 40; first += count, count = count % 7 + 1) {
            count = first + count > 40 ? 40 - first : count;
            hu_block_decode_rows(to, part + first * 160, s.b, &s.parts, 40, 160, first, count);
        }
        cr_assert_arr_eq(whole, part, 40 * 160 * 4, "%s", names[k]);
        free(whole);
        free(part);
        drop(&s);
    }
}

/* What ggml's own functions give (ggml d99724f2, compiled without contraction): CRC-32s of what
 * dequantize_row_* makes of 500 blocks of splitmix64's bytes, NaNs as 0x7fc00000 (and so all under
 * mxfp4's scale of 0xff), and of what quantize_row_*_ref makes of 3,000 blocks of draws. */
Test(block, ggml_s_own_results)
{
    static const struct {
        const char *name;
        uint32_t decoded, encoded;
    } cases[] = {
#include "block_ggml.h"
    };
    uint64_t state = 42;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const struct hu_block *b = hu_block_find(cases[k].name);
        size_t n = 500 * b->elements;
        unsigned char *bytes = malloc(500 * b->bytes);
        float *x = malloc(n * sizeof *x);
        fill(bytes, 500 * b->bytes, &state);
        cr_assert_eq(hu_block_decode(hu_format_find("fp32"), x, b, bytes, NULL, 1, 1, n), 0);
        cr_expect_eq(crc32_of(x, n * sizeof *x), cases[k].decoded, "%s decoded", cases[k].name);
        uint32_t crc = 0;
        for (int mode = 0; hu_block_encodes(b) && mode < 6; mode++) {
            for (size_t i = 0; i < n; i++) {
                double u = (double)(random_bits(&state) >> 11) * 0x1p-53 * 2 - 1;
                x[i] = (float)(mode == 0   ? u
                               : mode == 1 ? u * u * u * 1000
                               : mode == 2 ? ldexp(u, (int)(i / 32 % 60) - 30)
                               : mode == 3 ? (double)(int)(u * 9)
                               : mode == 4 ? (i % 3 ? 0 : u)
                                           : fabs(u) + 1);
            }
            cr_assert_eq(
                hu_block_encode(b, bytes, NULL, NULL, hu_format_find("fp32"), x, 1, n, NULL), 0);
            crc = crc * 31 + crc32_of(bytes, 500 * b->bytes);
        }
        cr_expect_eq(crc, cases[k].encoded, "%s encoded", cases[k].name);
        free(bytes);
        free(x);
    }
}

Test(block, an_element_is_looked_at)
{
    float x[32] = {6, 5, 2.5f, -0.75f};
    unsigned char codes[16], scale;
    struct hu_block_datum d;
    const struct hu_block *b = hu_block_find("mxfp4");
    hu_block_encode(b, codes, &scale, NULL, hu_format_find("fp32"), x, 1, 32, NULL);
    struct hu_block_parts p = {codes, &scale, NULL, NULL, 1, NULL, false};
    static const struct {
        int64_t code;
        double value;
    } expected[] = {{7, 6}, {6, 4}, {4, 2}, {10, -1}, {0, 0}};
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(hu_block_look(b, &p, 1, 32, 0, i, &d), 0);
        cr_expect_eq(d.code, expected[i].code);
        cr_expect_eq(d.value, expected[i].value);
        cr_expect_eq(d.scale, 1);
        cr_expect_eq(d.scale_bits, 127);
    }
    cr_assert_eq(hu_block_look(b, &p, 1, 32, 1, 0, &d), EINVAL);
}

Test(block, refuses_what_it_cannot_do)
{
    const struct hu_format *fp32 = hu_format_find("fp32");
    float x[256] = {0};
    unsigned char bytes[512] = {0};
    const struct hu_block *mx = hu_block_find("mxfp4"), *k = hu_block_find("iq2_xs");
    struct hu_block_options bad = {.elements = {.direction = 17}}, ruled = {.rule = HU_SCALE_EVEN};
    cr_assert_eq(hu_block_encode(k, bytes, NULL, NULL, fp32, x, 1, 256, NULL), EINVAL);
    cr_assert_eq(hu_block_encode(mx, bytes, bytes, NULL, fp32, x, 1, 256, &bad), EINVAL);
    cr_assert_eq(hu_block_encode(hu_block_find("q4_0"), bytes, NULL, NULL, fp32, x, 1, 32, &ruled),
                 EINVAL);
    cr_assert_eq(hu_block_encode(mx, bytes, NULL, NULL, fp32, x, 1, 256, NULL), EINVAL);
    cr_assert_eq(hu_block_decode(fp32, x, mx, bytes, NULL, 1, 1, 32), EINVAL);
    cr_assert_eq(hu_block_decode(NULL, x, mx, bytes, bytes, 1, 1, 32), EINVAL);
    cr_assert_eq(hu_block_decode(fp32, x, hu_block_opaque(true), bytes, bytes, 1, 1, 32), EINVAL);
    cr_assert_eq(hu_block_decode(fp32, x, hu_block_find("gptq"), bytes, bytes, 1, 32, 128), EINVAL);
    cr_assert_eq(hu_block_decode(fp32, NULL, mx, NULL, NULL, 1, 0, 32), 0);
}
