/* The rows: orders of software, and matrix units as they were measured. */
#include "dot.h"

#include <string.h>
#include <strings.h>

#define HIGHAM "Higham, Accuracy and Stability of Numerical Algorithms (2002), "
#define FASI "Fasi, Higham, Mikaitis and Pranesh, PeerJ CS 7:e330 (2021)"
#define KHATTAK                                                                                    \
    "Khattak and Mikaitis, Accurate Models of NVIDIA Tensor Cores, doi 10.1145/3830409 (2026)"
#define TOOLBOX "their MATLAB-tensor-core, "
#define SIMULATOR "Xie et al., MMA-Sim, arXiv 2511.10909 (2025)"
#define VALPEY "Valpey et al., arXiv 2502.15999 (2025)"
#define FTTN "Li et al., FTTN, arXiv 2403.00232 (2024)"
#define DEEPSEEK "DeepSeek-V3, arXiv 2412.19437, section 3.5.2"

/* What other NVIDIA rows leave open, and was seen on an H100. */
#define EDGES                                                                                      \
    "the sign of a negative sum that rounds to zero, and whether a zero times a huge number "      \
    "counts for the greatest exponent (as an H100 does: +0, and it does not)"
#define TINY "; how sums are aligned that are below the least exponents here (MMA-Sim differs)"
#define MEASURED " outputs of an H100 (CUDA 13.0), edges and NaN among them"

#define INTO_BOTH .into_fp16 = true, .nan_fp32 = 0x7fffffff, .nan_fp16 = 0x7fff

/* clang-format off */
static const struct hu_dot_model models[] = {
    {"exact", HU_DOT_EXACT, "the exact sum, rounded once",
     .source = "IEEE 754-2019 section 4.3"},
    {"sequential", HU_DOT_SEQUENTIAL, "each product rounded, each sum rounded, in order",
     .source = HIGHAM "section 3.1"},
    {"pairwise", HU_DOT_PAIRWISE, "products rounded, halves summed apart and then together",
     .source = HIGHAM "section 4.1"},
    {"blocked", HU_DOT_BLOCKED, "products rounded, blocks summed in order, then the blocks",
     .source = "Blanchard, Higham and Mary, SIAM J. Sci. Comput. 42 (2020)"},
    {"fma", HU_DOT_FMA, "fused multiply-adds in order",
     .source = "IEEE 754-2019 section 5.4.1"},
    {"v100", HU_DOT_ALIGNED, "Volta: V100", "mma.m8n8k4",
     {{"fp16", 4}}, INTO_BOTH,
     .align_bits = 23, .least_exponent_fp16 = -19,
     .source = FASI "; " VALPEY "; " KHATTAK "; " SIMULATOR,
     .sure = "published outputs of a V100", .unsure = EDGES TINY},
    {"t4", HU_DOT_ALIGNED, "Turing: T4", "mma.m16n8k8",
     {{"fp16", 4}}, INTO_BOTH,
     .align_bits = 24,
     .source = FASI "; " VALPEY,
     .sure = "experiments on a T4", .unsure = "groups of 4, or of 8 as MMA-Sim has them; " EDGES},
    {"a100", HU_DOT_ALIGNED, "Ampere: A100, A2", "mma.m16n8k16, two groups",
     {{"fp16", 8}, {"bf16", 8}, {"tf32", 4}}, INTO_BOTH,
     .align_bits = 24, .least_exponent_fp32 = -132, .least_exponent_fp16 = -20,
     .source = FASI "; " KHATTAK "; " SIMULATOR,
     .sure = "published outputs of an A100 and an A2", .unsure = EDGES TINY},
    {"ada", HU_DOT_ALIGNED, "Ada: RTX 1000, L40S", "mma.m16n8k16, two groups",
     {{"fp16", 8}, {"bf16", 8}, {"tf32", 4}}, INTO_BOTH,
     .align_bits = 24, .least_exponent_fp32 = -132, .least_exponent_fp16 = -20,
     .source = KHATTAK "; " SIMULATOR,
     .sure = "published outputs of an RTX 1000 and an L40S", .unsure = EDGES TINY},
    {"ada-fp8", HU_DOT_ALIGNED, "Ada: RTX 1000, L40S", "mma.m16n8k32, two groups",
     {{"fp8_e4m3", 16}, {"fp8_e5m2", 16}}, INTO_BOTH,
     .align_bits = 13, .trailing_bits = 13,
     .source = KHATTAK "; " SIMULATOR,
     .sure = "published outputs of an RTX 1000 and an L40S", .unsure = EDGES},
    {"h100", HU_DOT_ALIGNED, "Hopper: H100, H200", "mma.m16n8k16, wgmma k16",
     {{"fp16", 16}, {"bf16", 16}, {"tf32", 8}}, INTO_BOTH,
     .align_bits = 25, .least_exponent_fp32 = -133, .least_exponent_fp16 = -21,
     .source = KHATTAK "; " SIMULATOR,
     .sure = "115 million" MEASURED ", by mma.sync and by wgmma; published ones of an H200"},
    {"h100-fp8", HU_DOT_ALIGNED, "Hopper: H100, H200", "wgmma k32",
     {{"fp8_e4m3", 32}, {"fp8_e5m2", 32}}, INTO_BOTH,
     .align_bits = 13, .trailing_bits = 13,
     .source = KHATTAK "; " SIMULATOR "; " DEEPSEEK " (its 14 bits are 1 + 13)",
     .sure = "29 million" MEASURED "; published ones of an H200"},
    {"b200", HU_DOT_ALIGNED, "Blackwell: B200", "mma.m16n8k16, tcgen05.mma",
     {{"fp16", 16}, {"bf16", 16}, {"tf32", 8}, {"fp8_e4m3", 32}, {"fp8_e5m2", 32}, {"fp6_e3m2", 32},
      {"fp6_e2m3", 32}, {"fp4_e2m1", 32}}, INTO_BOTH,
     .scales = true, .align_bits = 25, .least_exponent_fp32 = -133, .least_exponent_fp16 = -21,
     .source = KHATTAK "; " SIMULATOR "; DeepGEMM issue 176",
     .sure = "published outputs of a B200 for fp16, bf16 and tf32",
     .unsure = "fp8 and fp4 through tcgen05 and scales of blocks, by simulators alone; fp6, as fp8 is; " EDGES TINY},
    {"mma-sync-fp8", HU_DOT_ALIGNED, "Hopper and Blackwell through the fp16 units",
     "mma.sync.m16n8k32 on sm_90 and sm_100",
     {{"fp8_e4m3", 16}, {"fp8_e5m2", 16}}, INTO_BOTH,
     .split = true, .align_bits = 25,
     .source = KHATTAK,
     .sure = "25 million" MEASURED "; published ones of an H200 and a B200"},
    {"mi100", HU_DOT_GROUP, "CDNA 1: MI100", "v_mfma_f32_*",
     {{"fp16", 4}, {"bf16", 2}},
     .nan_fp32 = 0x7fc00000,
     .source = KHATTAK ", " TOOLBOX "MI100MC; " FTTN,
     .sure = "FTTN's experiments: it differs from the MI250X",
     .unsure = "MMA-Sim has it pairwise, as the MI250X without flushing"},
    {"mi250x", HU_DOT_TREE, "CDNA 2: MI250X, MI210", "v_mfma_f32_*f16, *bf16_1k",
     {{"fp16", 4}, {"bf16", 4}},
     .flushes = true, .nan_fp32 = 0x7fc00000,
     .source = KHATTAK ", " TOOLBOX "MI210MC; " SIMULATOR "; " FTTN,
     .sure = "two public simulators agree",
     .unsure = "bf16 without _1k has groups of 2 (MMA-Sim alone)"},
    {"mi300x", HU_DOT_TWO_STAGE, "CDNA 3: MI300X", "v_mfma_f32_*",
     {{"fp16", 8}, {"bf16", 8}, {"tf32", 4}, {"fp8_e4m3fnuz", 16}, {"fp8_e5m2fnuz", 16}},
     .halves = true, .align_bits = 24, .nan_fp32 = 0x7fc00000,
     .source = KHATTAK ", " TOOLBOX "MI300MC; " SIMULATOR,
     .sure = "two public simulators agree",
     .unsure = "groups of zeros; the sign of a sum of zeros"},
    {"avx512-bf16", HU_DOT_FMA_GROUPS, "x86: Cooper Lake, Sapphire Rapids, Zen 4 and later", "vdpbf16ps",
     {{"bf16", 2}},
     .flushes = true, .nan_fp32 = 0xffc00000,
     .source = "Intel Software Developer's Manual, VDPBF16PS",
     .sure = "20,000 outputs of a Zen 5; the tests ask the machine's own instruction",
     .unsure = "the payload of a NaN that comes from a NaN"},
};
/* clang-format on */

enum { MODELS = sizeof models / sizeof *models };

size_t hu_dot_model_count(void)
{
    return MODELS;
}

const struct hu_dot_model *hu_dot_model_at(size_t index)
{
    return index < MODELS ? &models[index] : NULL;
}

const struct hu_dot_model *hu_dot_model_find(const char *name)
{
    for (size_t i = 0; i < MODELS; i++)
        if (!strcasecmp(models[i].name, name))
            return &models[i];
    return NULL;
}

bool hu_dot_scales(const struct hu_dot_model *model)
{
    return !model->instruction || model->scales;
}

size_t hu_dot_group(const struct hu_dot_model *model, const struct hu_format *format)
{
    for (size_t i = 0; i < HU_DOT_TAKES && model->takes[i].format; i++)
        if (!strcmp(model->takes[i].format, format->name))
            return model->takes[i].group;
    return model->instruction ? 0 : 1;
}

bool hu_dot_takes(const struct hu_dot_model *model, const struct hu_format *format,
                  const struct hu_format *accumulate)
{
    if (!model->instruction)
        return true;
    return hu_dot_group(model, format) && (!strcmp(accumulate->name, "fp32") ||
                                           (model->into_fp16 && !strcmp(accumulate->name, "fp16")));
}
