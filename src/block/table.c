#include "block.h"
#include "word_list.h"

#include <string.h>

/*
 * Code tables. NF4: Dettmers et al. 2023 (QLoRA), appendix E, as the fp32 that bitsandbytes has
 * (csrc/kernels.cu): the quantiles of a normal distribution. bitsandbytes' fp4 is a float of bias 3
 * over 12 with a subnormal of its own, in fp32 (the same file).
 */
static const float nf4[16] = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f,
};

static const float bnb_fp4[16] = {
    0.0f,  0.005208333333f,  0.66666667f,  1.0f,  0.33333333f,  0.5f,  0.16666667f,  0.25f,
    -0.0f, -0.005208333333f, -0.66666667f, -1.0f, -0.33333333f, -0.5f, -0.16666667f, -0.25f,
};

#define ROW(n, alias, count, size, text)                                                           \
    .name = n, .aliases = alias, .elements = count, .bytes = size, .structure = text
#define APART .ggml_type = HU_NO_GGML_TYPE, .layout = HU_BLOCK_PARTS, .codes = HU_CODES_FORMAT

/* OCP MX 1.0 section 5.2: 32 elements under one e8m0. */
#define MX(n, alias, format, bits, power, text)                                                    \
    {                                                                                              \
        ROW(n, alias, 32, 4 * (bits) + 1, text), APART,                                            \
            .code_bits = bits, .element_power = power, .element = format, .tile_rows = 1,          \
            .tile_columns = 32, .scale = "e8m0", .rule = HU_SCALE_FLOOR                            \
    }

/* An fp8 under an fp32 that is amax / 448: a tile (DeepSeek-V3's weights), a row, a tensor
 * (compressed-tensors). The scales of rows and tensors are not counted in the bytes. */
#define FP8(n, alias, count, size, rows, columns, text)                                            \
    {                                                                                              \
        ROW(n, alias, count, size, text), APART,                                                   \
            .code_bits = 8, .element = "fp8_e4m3", .tile_rows = rows, .tile_columns = columns,     \
            .scale = "fp32", .rule = HU_SCALE_MAX, .keeps_nan = true                               \
    }

/* bitsandbytes: 64 codes of a table under the greatest magnitude. */
#define BNB(n, alias, count, size, values, second, own, text)                                      \
    {                                                                                              \
        ROW(n, alias, count, size, text),                                                          \
            .ggml_type = HU_NO_GGML_TYPE, .layout = HU_BLOCK_FLAT, .codes = HU_CODES_TABLE,        \
            .code_bits = 4, .table = values, .tile_rows = 1, .tile_columns = 64,                   \
            .scale = (second) == HU_OVER_NESTED ? "uint8" : "fp32", .over = second, .rule = own    \
    }

/* GPTQ and AWQ as AutoGPTQ and AutoAWQ pack them: an fp16 scale and a zero point of the weights'
 * width for each group of columns. */
#define GROUPS(n, alias, count, size, where, bits, columns, less, text)                            \
    {                                                                                              \
        ROW(n, alias, count, size, text),                                                          \
            .ggml_type = HU_NO_GGML_TYPE, .layout = where, .codes = HU_CODES_INTEGER,              \
            .code_bits = bits, .tile_rows = 1, .tile_columns = columns, .scale = "fp16",           \
            .rule = HU_SCALE_NO_RULE, .zero_is_less_one = less                                     \
    }

/* The block structures of ggml-common.h. */
#define GGML(n, count, size, type, subs, unit, has_minima, own, text)                              \
    {                                                                                              \
        ROW(n, NULL, count, size, text),                                                           \
            .ggml_type = type, .layout = HU_BLOCK_WHOLE, .codes = HU_CODES_UNPACKED,               \
            .tile_rows = 1, .tile_columns = count, .rule = own, .sub = subs, .power = unit,        \
            .minima = has_minima                                                                   \
    }

#define OPAQUE(n, alias, size, text)                                                               \
    {                                                                                              \
        ROW(n, alias, 1, size, text), .ggml_type = HU_NO_GGML_TYPE, .rule = HU_SCALE_NO_RULE       \
    }

static const struct hu_block blocks[] = {
    MX("mxfp8_e4m3", "mxfp8", "fp8_e4m3", 8, 0, "32 fp8, an e8m0 scale"),
    MX("mxfp8_e5m2", NULL, "fp8_e5m2", 8, 0, "32 fp8, an e8m0 scale"),
    MX("mxfp6_e3m2", NULL, "fp6_e3m2", 6, 0, "32 fp6, an e8m0 scale"),
    MX("mxfp6_e2m3", "mxfp6", "fp6_e2m3", 6, 0, "32 fp6, an e8m0 scale"),
    MX("mxfp4", "mxfp4_e2m1", "fp4_e2m1", 4, 0, "32 fp4, an e8m0 scale"),
    MX("mxint8", NULL, "int8", 8, -6, "32 int8, an e8m0 scale"),
    {ROW("nvfp4", NULL, 16, 9, "16 fp4, an e4m3 scale"), APART, .code_bits = 4,
     .element = "fp4_e2m1", .tile_rows = 1, .tile_columns = 16, .scale = "fp8_e4m3",
     .over = HU_OVER_TENSOR, .rule = HU_SCALE_MAX},
    FP8("fp8_tile128", "fp8_tile128x128", 16384, 16388, 128, 128, "128 × 128 fp8, an fp32 scale"),
    FP8("fp8_row", "fp8_channel", 1, 1, 1, 0, "fp8, an fp32 scale a row"),
    FP8("fp8_tensor", NULL, 1, 1, 0, 0, "fp8, an fp32 scale"),
    BNB("nf4", "nf4_b64", 64, 36, nf4, HU_OVER_NONE, HU_SCALE_AMAX, "64 nf4, an fp32 scale"),
    BNB("nf4_dq", "nf4dq nf4_double_quant nf4_b64_dq", 64 * 256, 64 * 256 / 2 + 256 + 4, nf4,
        HU_OVER_NESTED, HU_SCALE_NO_RULE, "64 nf4, an 8-bit scale; an fp32 scale for 256 scales"),
    BNB("bnb_fp4", "bnb_fp4_b64", 64, 36, bnb_fp4, HU_OVER_NONE, HU_SCALE_AMAX,
        "64 of bitsandbytes' fp4, an fp32 scale"),
    BNB("bnb_fp4_dq", "bnb_fp4_b64_dq", 64 * 256, 64 * 256 / 2 + 256 + 4, bnb_fp4, HU_OVER_NESTED,
        HU_SCALE_NO_RULE, "64 of bitsandbytes' fp4, an 8-bit scale; an fp32 scale for 256 scales"),
    GROUPS("gptq4_g128", "gptq gptq4", 256, 133, HU_BLOCK_GPTQ, 4, 128, true,
           "128 int4, an fp16 scale, a 4-bit zero"),
    GROUPS("gptq4_g64", NULL, 128, 69, HU_BLOCK_GPTQ, 4, 64, true,
           "64 int4, an fp16 scale, a 4-bit zero"),
    GROUPS("gptq4_g32", NULL, 64, 37, HU_BLOCK_GPTQ, 4, 32, true,
           "32 int4, an fp16 scale, a 4-bit zero"),
    GROUPS("gptq8_g128", "gptq8", 128, 131, HU_BLOCK_GPTQ, 8, 128, true,
           "128 int8, an fp16 scale, an 8-bit zero"),
    GROUPS("gptq8_g32", NULL, 32, 35, HU_BLOCK_GPTQ, 8, 32, true,
           "32 int8, an fp16 scale, an 8-bit zero"),
    GROUPS("gptq3_g128", "gptq3", 1024, 403, HU_BLOCK_GPTQ, 3, 128, true,
           "128 int3, an fp16 scale, a 3-bit zero"),
    GROUPS("gptq2_g128", "gptq2", 512, 137, HU_BLOCK_GPTQ, 2, 128, true,
           "128 int2, an fp16 scale, a 2-bit zero"),
    GROUPS("awq4_g128", "awq awq4", 256, 133, HU_BLOCK_AWQ, 4, 128, false,
           "128 int4, an fp16 scale, a 4-bit zero"),
    GROUPS("awq4_g64", NULL, 128, 69, HU_BLOCK_AWQ, 4, 64, false,
           "64 int4, an fp16 scale, a 4-bit zero"),
    GROUPS("awq4_g32", NULL, 64, 37, HU_BLOCK_AWQ, 4, 32, false,
           "32 int4, an fp16 scale, a 4-bit zero"),
    GGML("q4_0", 32, 18, 2, 32, 0, false, HU_SCALE_GGML, "32 int4, an fp16 scale"),
    GGML("q4_1", 32, 20, 3, 32, 0, true, HU_SCALE_GGML, "32 int4, an fp16 scale and minimum"),
    GGML("q5_0", 32, 22, 6, 32, 0, false, HU_SCALE_GGML, "32 int5, an fp16 scale"),
    GGML("q5_1", 32, 24, 7, 32, 0, true, HU_SCALE_GGML, "32 int5, an fp16 scale and minimum"),
    GGML("q8_0", 32, 34, 8, 32, 0, false, HU_SCALE_GGML, "32 int8, an fp16 scale"),
    GGML("q8_1", 32, 36, 9, 32, 0, false, HU_SCALE_NO_RULE, "32 int8, an fp16 scale and sum"),
    GGML("q2_k", 256, 84, 10, 16, 0, true, HU_SCALE_GGML,
         "256 int2 in 16 sub-blocks of 4-bit scales and minima"),
    GGML("q3_k", 256, 110, 11, 16, 0, false, HU_SCALE_GGML,
         "256 int3 in 16 sub-blocks of 6-bit scales"),
    GGML("q4_k", 256, 144, 12, 32, 0, true, HU_SCALE_GGML,
         "256 int4 in 8 sub-blocks of 6-bit scales and minima"),
    GGML("q5_k", 256, 176, 13, 32, 0, true, HU_SCALE_GGML,
         "256 int5 in 8 sub-blocks of 6-bit scales and minima"),
    GGML("q6_k", 256, 210, 14, 16, 0, false, HU_SCALE_GGML,
         "256 int6 in 16 sub-blocks of 8-bit scales"),
    GGML("q8_k", 256, 292, 15, 0, 0, false, HU_SCALE_GGML,
         "256 int8, an fp32 scale, 16 sums of 16 bits"),
    GGML("iq2_xxs", 256, 66, 16, 32, -3, false, HU_SCALE_NO_RULE, "256 in a codebook of 2.06 bits"),
    GGML("iq2_xs", 256, 74, 17, 16, -3, false, HU_SCALE_NO_RULE, "256 in a codebook of 2.31 bits"),
    GGML("iq3_xxs", 256, 98, 18, 32, -2, false, HU_SCALE_NO_RULE, "256 in a codebook of 3.06 bits"),
    GGML("iq1_s", 256, 50, 19, 32, -3, false, HU_SCALE_NO_RULE, "256 in a codebook of 1.56 bits"),
    GGML("iq4_nl", 32, 18, 20, 32, 0, false, HU_SCALE_GGML,
         "32 of 4 bits on a curve, an fp16 scale"),
    GGML("iq3_s", 256, 110, 21, 32, 0, false, HU_SCALE_NO_RULE, "256 in a codebook of 3.44 bits"),
    GGML("iq2_s", 256, 82, 22, 16, -3, false, HU_SCALE_NO_RULE, "256 in a codebook of 2.56 bits"),
    GGML("iq4_xs", 256, 136, 23, 32, 0, false, HU_SCALE_GGML,
         "256 of 4 bits on a curve, 6-bit scales"),
    GGML("iq1_m", 256, 56, 29, 16, -3, false, HU_SCALE_NO_RULE, "256 in a codebook of 1.75 bits"),
    GGML("tq1_0", 256, 54, 34, 0, 0, false, HU_SCALE_GGML,
         "256 ternary, five a byte, an fp16 scale"),
    GGML("tq2_0", 256, 66, 35, 0, 0, false, HU_SCALE_GGML, "256 ternary of 2 bits, an fp16 scale"),
    GGML("mxfp4_ggml", 32, 17, 39, 32, -1, false, HU_SCALE_GGML, "32 fp4, an e8m0 scale"),
    GGML("nvfp4_ggml", 64, 36, 40, 16, -10, false, HU_SCALE_GGML,
         "64 fp4, an e4m3 scale for each 16"),
    GGML("q1_0", 128, 18, 41, 128, 0, false, HU_SCALE_GGML, "128 signs, an fp16 scale"),
    GGML("q2_0", 64, 18, 42, 64, 0, false, HU_SCALE_GGML, "64 of 2 bits, an fp16 scale"),
    /* No block, but no lone float either: a real and an imaginary fp32. */
    OPAQUE("complex64", "c64", 8, "two fp32"),
    /* What .npy calls some byte and no more: of kind V, or of kind f. In capitals, so that nobody
     * names them. */
    OPAQUE("V1", NULL, 1, "an opaque byte"),
    OPAQUE("F1", NULL, 1, "an opaque byte, some float8"),
};

enum { BLOCKS = sizeof blocks / sizeof *blocks };

const struct hu_block *hu_block_in_table(const char *key)
{
    for (size_t i = 0; i < BLOCKS; i++)
        if (!strcmp(blocks[i].name, key) || hu_has_word(blocks[i].aliases, key))
            return &blocks[i];
    return NULL;
}

const char *hu_block_name(const struct hu_block *b)
{
    return b->name;
}

const struct hu_block *hu_block_at(size_t index)
{
    return index < BLOCKS ? &blocks[index] : NULL;
}

const struct hu_block *hu_block_opaque(bool is_float)
{
    return &blocks[BLOCKS - (is_float ? 1 : 2)];
}

const struct hu_block *hu_block_of_ggml(uint32_t type)
{
    for (size_t i = 0; i < BLOCKS; i++)
        if (blocks[i].ggml_type >= 0 && (uint32_t)blocks[i].ggml_type == type)
            return &blocks[i];
    return NULL;
}
