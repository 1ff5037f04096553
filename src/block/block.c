#include "block.h"
#include "word_list.h"

#include <ctype.h>
#include <string.h>

/*
 * Sources. OCP MX 1.0 section 5.2: 32 elements and an E8M0 scale. NVFP4: NVIDIA's Blackwell
 * material, 16 elements and an E4M3 scale (and one fp32 a tensor, not counted here). NF4: Dettmers
 * et al. 2023 (QLoRA) section 3, blocks of 64 with an fp32 constant; double quantization keeps
 * 8-bit constants in groups of 256. GPTQ and AWQ as AutoGPTQ and AutoAWQ pack them: an fp16 scale
 * and a zero point of the weights' width for each group. ggml: the block structures of
 * ggml-common.h.
 */
static const struct hu_block blocks[] = {
    {"mxfp8", "mxfp8_e4m3 mxfp8_e5m2", 32, 33, HU_NO_GGML_TYPE, "32 fp8, an e8m0 scale"},
    {"mxfp6", "mxfp6_e2m3 mxfp6_e3m2", 32, 25, HU_NO_GGML_TYPE, "32 fp6, an e8m0 scale"},
    {"mxfp4", "mxfp4_e2m1", 32, 17, 39, "32 fp4, an e8m0 scale"},
    {"nvfp4", NULL, 16, 9, HU_NO_GGML_TYPE, "16 fp4, an e4m3 scale"},
    {"nf4", NULL, 64, 36, HU_NO_GGML_TYPE, "64 nf4, an fp32 scale"},
    {"nf4_dq", "nf4dq nf4_double_quant", 64 * 256, 64 * 256 / 2 + 256 + 4, HU_NO_GGML_TYPE,
     "64 nf4, an 8-bit scale; an fp32 scale for 256 scales"},
    {"gptq4_g128", "gptq gptq4 awq awq4 awq4_g128", 256, 133, HU_NO_GGML_TYPE,
     "128 int4, an fp16 scale, a 4-bit zero"},
    {"gptq4_g64", "awq4_g64", 128, 69, HU_NO_GGML_TYPE, "64 int4, an fp16 scale, a 4-bit zero"},
    {"gptq4_g32", "awq4_g32", 64, 37, HU_NO_GGML_TYPE, "32 int4, an fp16 scale, a 4-bit zero"},
    {"gptq8_g128", "gptq8", 128, 131, HU_NO_GGML_TYPE, "128 int8, an fp16 scale, an 8-bit zero"},
    {"gptq8_g32", NULL, 32, 35, HU_NO_GGML_TYPE, "32 int8, an fp16 scale, an 8-bit zero"},
    {"gptq3_g128", "gptq3", 1024, 403, HU_NO_GGML_TYPE, "128 int3, an fp16 scale, a 3-bit zero"},
    {"gptq2_g128", "gptq2", 512, 137, HU_NO_GGML_TYPE, "128 int2, an fp16 scale, a 2-bit zero"},
    {"q4_0", NULL, 32, 18, 2, "32 int4, an fp16 scale"},
    {"q4_1", NULL, 32, 20, 3, "32 int4, an fp16 scale and minimum"},
    {"q5_0", NULL, 32, 22, 6, "32 int5, an fp16 scale"},
    {"q5_1", NULL, 32, 24, 7, "32 int5, an fp16 scale and minimum"},
    {"q8_0", NULL, 32, 34, 8, "32 int8, an fp16 scale"},
    {"q8_1", NULL, 32, 36, 9, "32 int8, an fp16 scale and sum"},
    {"q2_k", NULL, 256, 84, 10, "256 int2 in 16 sub-blocks of 4-bit scales and minima"},
    {"q3_k", NULL, 256, 110, 11, "256 int3 in 16 sub-blocks of 6-bit scales"},
    {"q4_k", NULL, 256, 144, 12, "256 int4 in 8 sub-blocks of 6-bit scales and minima"},
    {"q5_k", NULL, 256, 176, 13, "256 int5 in 8 sub-blocks of 6-bit scales and minima"},
    {"q6_k", NULL, 256, 210, 14, "256 int6 in 16 sub-blocks of 8-bit scales"},
    {"q8_k", NULL, 256, 292, 15, "256 int8, an fp32 scale, 16 sums of 16 bits"},
    {"iq2_xxs", NULL, 256, 66, 16, "256 in a codebook of 2.06 bits"},
    {"iq2_xs", NULL, 256, 74, 17, "256 in a codebook of 2.31 bits"},
    {"iq3_xxs", NULL, 256, 98, 18, "256 in a codebook of 3.06 bits"},
    {"iq1_s", NULL, 256, 50, 19, "256 in a codebook of 1.56 bits"},
    {"iq4_nl", NULL, 32, 18, 20, "32 of 4 bits on a curve, an fp16 scale"},
    {"iq3_s", NULL, 256, 110, 21, "256 in a codebook of 3.44 bits"},
    {"iq2_s", NULL, 256, 82, 22, "256 in a codebook of 2.56 bits"},
    {"iq4_xs", NULL, 256, 136, 23, "256 of 4 bits on a curve, 6-bit scales"},
    {"iq1_m", NULL, 256, 56, 29, "256 in a codebook of 1.75 bits"},
    {"tq1_0", NULL, 256, 54, 34, "256 ternary, five a byte, an fp16 scale"},
    {"tq2_0", NULL, 256, 66, 35, "256 ternary of 2 bits, an fp16 scale"},
    {"nvfp4_ggml", NULL, 64, 36, 40, "64 fp4, an e4m3 scale for each 16"},
    {"q1_0", NULL, 128, 18, 41, "128 signs, an fp16 scale"},
    {"q2_0", NULL, 64, 18, 42, "64 of 2 bits, an fp16 scale"},
    /* No block, but no lone float either: a real and an imaginary fp32. */
    {"complex64", "c64", 1, 8, HU_NO_GGML_TYPE, "two fp32"},
    /* What .npy calls some byte and no more: of kind V, or of kind f. In capitals, so that nobody
     * names them. */
    {"V1", NULL, 1, 1, HU_NO_GGML_TYPE, "an opaque byte"},
    {"F1", NULL, 1, 1, HU_NO_GGML_TYPE, "an opaque byte, some float8"},
};

enum { BLOCKS = sizeof blocks / sizeof *blocks, LONGEST = 32 };

const struct hu_block *hu_block_find(const char *name)
{
    char key[LONGEST];
    size_t n = strlen(name);
    if (!n || n >= sizeof key)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        key[i] = name[i] == '-' ? '_' : (char)tolower((unsigned char)name[i]);
    for (size_t i = 0; i < BLOCKS; i++)
        if (!strcmp(blocks[i].name, key) || hu_has_word(blocks[i].aliases, key))
            return &blocks[i];
    return NULL;
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
