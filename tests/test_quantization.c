/* Quantized checkpoints: what their configs declare, and the bytes that files have. */
#include "memory/model.h"
#include "memory/quantization.h"
#include "memory/sizing.h"
#include "memory/source.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct hu_model model;
static struct hu_sizing_request request;
static struct hu_sizing sizing;
static char error[HU_SIZING_ERROR];

static void open_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/configs/%s.json", FIXTURES, name);
    cr_assert(hu_model_open(path, &model), "%s", model.error);
}

static uint64_t stored(void)
{
    uint64_t bytes = 0;
    cr_assert(hu_weights_stored(&model, &bytes));
    return bytes;
}

static uint64_t in_dtype(const char *name)
{
    struct hu_dtype dtype;
    cr_assert(hu_dtype_find(name, &dtype), "%s", name);
    return hu_weights_size(&model, dtype, NULL).bytes;
}

/* metadata.total_size of moonshotai/Kimi-K3's model.safetensors.index.json. Its config calls the
 * matrices into and out of the experts' narrower space quantized; the checkpoint has them in bf16.
 */
Test(quantization, kimi_k3_is_as_large_as_its_index_says)
{
    open_fixture("kimi-k3");
    cr_assert_eq(stored(), UINT64_C(1560860324864), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* metadata.total_size of openai/gpt-oss-20b's model.safetensors.index.json, of which public
 * repositories hold copies (459 tensors), and the bytes that an inventory of gpt-oss-120b's 15
 * shards adds up: 65,248,893,184 less their headers. */
Test(quantization, gpt_oss_is_as_large_as_its_index_says)
{
    open_fixture("gpt-oss-20b");
    cr_assert_eq(stored(), UINT64_C(13761264768), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
    open_fixture("gpt-oss-120b");
    cr_assert_eq(stored(), UINT64_C(65248815744), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/*
 * The Hub's metadata of deepseek-ai/DeepSeek-V3: 3,918,786,560 BF16, 680,571,043,840 F8_E4M3 and
 * 41,555,600 F32 elements (scales of tiles, and the routers' biases), less the MTP module's copies
 * of embedding and head.
 */
Test(quantization, deepseek_v3_is_as_large_as_its_files)
{
    uint64_t copies = UINT64_C(2) * 129280 * 7168;
    open_fixture("deepseek-v3");
    cr_assert_eq(stored(),
                 2 * (UINT64_C(3918786560) - copies) + UINT64_C(680571043840) +
                     4 * UINT64_C(41555600),
                 "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* bitsandbytes leaves embeddings, head and norms in 16 bits: torchtune #1398, trl #1111. */
Test(quantization, four_bit_sizes_keep_embeddings_head_and_norms_in_16_bits)
{
    open_fixture("llama-3-8b");
    cr_assert_eq(in_dtype("nf4_dq"), UINT64_C(5702295552));
    uint64_t rest = 2 * (UINT64_C(2) * 128256 * 4096 + 65 * 4096), linear = UINT64_C(6979321856);
    cr_assert_eq(in_dtype("nf4"), linear / 64 * 36 + rest);
    cr_assert_eq(in_dtype("awq"), linear / 256 * 133 + rest);
    cr_assert_eq(in_dtype("fp8_e4m3"), linear + rest);
    cr_assert_eq(in_dtype("bf16"), 2 * model.parameters);
    cr_assert_eq(in_dtype("q8_0"), model.parameters / 32 * 34, "ggml's quantize embeddings too");
    hu_model_free(&model);
}

/*
 * GPT-2 XL's matrices, 1600 × 4800, 1600 × 1600 and 1600 × 6400 there and back, are no multiples of
 * 128 × 128, of 16,384 elements or of a group of 128: a tile at an edge has a whole scale, and
 * bitsandbytes keeps ⌈n / 64⌉ scales in bytes and an fp32 for 256 of those (functional.py,
 * quantize_4bit).
 */
Test(quantization, scales_are_those_of_the_matrices_and_not_of_whole_blocks)
{
    open_fixture("gpt2-xl");
    uint64_t layers = 48, linear = layers * 30720000, rest = 2 * (model.parameters - linear);
    cr_assert_eq(in_dtype("fp8_tile128"),
                 linear + rest + layers * 4 * (13 * 38 + 13 * 13 + 2 * 13 * 50));
    cr_assert_eq(in_dtype("nf4_dq"),
                 linear / 2 + linear / 64 + rest + layers * 4 * (469 + 157 + 2 * UINT64_C(625)));
    cr_assert_eq(in_dtype("fp8_tensor"), linear + rest + layers * 4 * 4);
    cr_assert_eq(in_dtype("nvfp4"), linear / 16 * 9 + rest + layers * 4 * 4);
    hu_model_free(&model);
    open_fixture("llama-3-8b");
    uint64_t rows = UINT64_C(32) * (4096 + 1024 + 1024 + 4096 + 14336 + 14336 + 4096);
    cr_assert_eq(in_dtype("fp8_row"), in_dtype("fp8_e4m3") + 4 * rows);
    hu_model_free(&model);
    struct hu_dtype dtype;
    uint64_t bytes;
    cr_assert(hu_dtype_find("nf4_dq", &dtype) && hu_dtype_size(dtype, 65, &bytes));
    cr_assert_eq(bytes, 33 + 2 + 4, "a bare count's last block is short");
}

static const char tiny[] =
    "{\"model_type\":\"llama\",\"vocab_size\":96,\"hidden_size\":256,\"num_hidden_layers\":1,"
    "\"num_attention_heads\":2,\"intermediate_size\":512,\"torch_dtype\":\"float16\","
    "\"quantization_config\":%s}";

/* Of the tiny model: four matrices of 256 × 256, gate and up 512 × 256, down 256 × 512. */
enum {
    LINEAR = 4 * 256 * 256 + 3 * 512 * 256,
    ROWS = 4 * 256 + 2 * 512 + 256,
    ATTENTION = 4 * 256 * 256,
    MLP = 3 * 512 * 256,
    REST = 2 * (2 * 96 * 256 + 3 * 256)
};
enum {
    GROUPS_128 = LINEAR / 128,
    COLUMNS = 4 * 256 + 2 * 256 + 512,
    MATRICES = 7,
    HEAD = 96 * 256
};

/* As json.dumps writes what bitsandbytes' as_dict has of a matrix (functional.py, utils.py). */
enum {
    STATE = sizeof "{\"quant_type\": \"nf4\", \"blocksize\": 64, \"dtype\": \"float16\", "
                   "\"shape\": [256, 256]}" -
            1,
    SECOND = sizeof ", \"nested_blocksize\": 256, \"nested_dtype\": \"float32\", "
                    "\"nested_offset\": 0.04388172924518585" -
             1
};

static void read_tiny(const char *quantization)
{
    char json[2048];
    snprintf(json, sizeof json, tiny, quantization);
    cr_assert(hu_model_read_config(json, strlen(json), &model), "%s", model.error);
}

/* "pre_quant_scale" of ModelOpt's exports: quant_utils.py and unified_export_hf.py. */
Test(quantization, modelopts_pre_quant_scales_count_where_no_norm_takes_them)
{
    static const struct {
        const char *algorithm;
        uint64_t bytes;
    } rows[] = {
        /* Those of o_proj's and down_proj's inputs. */
        {"W4A16_AWQ", LINEAR / 2 + GROUPS_128 * 4 + (256 + 512) * 2},
        {"W4A8_AWQ", LINEAR / 2 + GROUPS_128 * 4 + MATRICES * 8 + (256 + 512) * 2},
        /* Llama's down_proj gives its to up_proj, and o_proj to v_proj, which has as many heads. */
        {"NVFP4_AWQ", LINEAR / 2 + LINEAR / 16 + MATRICES * 8},
        {"NVFP4", LINEAR / 2 + LINEAR / 16 + MATRICES * 8},
        {"W8A8_SQ_PER_CHANNEL", LINEAR + ROWS * 4 + MATRICES * 4 + COLUMNS * 2},
    };
    char config[128];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(config, sizeof config,
                 "{\"quant_method\":\"modelopt\",\"quant_algo\":\"%s\",\"exclude_modules\":["
                 "\"lm_head\"]}",
                 rows[i].algorithm);
        read_tiny(config);
        cr_assert_eq(stored(), rows[i].bytes + REST, "%s: %llu", rows[i].algorithm,
                     (unsigned long long)stored());
        hu_model_free(&model);
    }
}

/* Matrices that alone read what a norm gives, as fused ones and those that widen a latent do, keep
 * theirs: modules without a partner get past _fuse_shared_input_modules. */
Test(quantization, modelopts_pre_quant_scales_stay_with_a_matrix_that_is_alone)
{
    static const char quantization[] =
        "\"quantization_config\":{\"quant_method\":\"modelopt\",\"quant_algo\":\"W4A16_AWQ\","
        "\"exclude_modules\":[\"lm_head\"]},\"torch_dtype\":\"bfloat16\",\"hidden_size\":256,"
        "\"intermediate_size\":512,\"num_hidden_layers\":3,\"num_attention_heads\":4,"
        "\"vocab_size\":1000,\"tie_word_embeddings\":false,";
    static const struct {
        const char *rest;
        uint64_t linear, columns, others; /* elements of a layer, and of the others */
    } rows[] = {
        /* qkv_proj, o_proj, gate_up_proj, down_proj. */
        {"\"model_type\":\"phi3\",\"num_key_value_heads\":2}",
         512 * 256 + 256 * 256 + 1024 * 256 + 256 * 512, 3 * 256 + 512, 2 * 1000 * 256 + 7 * 256},
        /* q_b_proj, kv_b_proj, o_proj, down_proj, but not q_a_proj and kv_a_proj_with_mqa. */
        {"\"model_type\":\"deepseek_v3\",\"q_lora_rank\":128,\"kv_lora_rank\":384,"
         "\"qk_rope_head_dim\":128,\"qk_nope_head_dim\":128,\"v_head_dim\":128,"
         "\"first_k_dense_replace\":3,\"n_routed_experts\":8,\"num_experts_per_tok\":2,"
         "\"moe_intermediate_size\":128,\"n_shared_experts\":1,\"num_nextn_predict_layers\":0}",
         128 * 256 + 1024 * 128 + 512 * 256 + 1024 * 384 + 256 * 512 + 3 * 256 * 512,
         128 + 384 + 512 + 512, 2 * 1000 * 256 + 7 * 256 + 3 * (128 + 384)},
    };
    char json[1024];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(json, sizeof json, "{%s%s", quantization, rows[i].rest);
        cr_assert(hu_model_read_config(json, strlen(json), &model), "%s", model.error);
        uint64_t layer = rows[i].linear / 2 + rows[i].linear / 128 * 4 + rows[i].columns * 2;
        cr_assert_eq(stored(), 3 * layer + 2 * rows[i].others, "%zu: %llu of %llu", i,
                     (unsigned long long)stored(),
                     (unsigned long long)(3 * layer + 2 * rows[i].others));
        hu_model_free(&model);
    }
}

/* Layouts: what each method's own code writes beside a weight (see quantization_methods.c). */
Test(quantization, methods_store_what_their_libraries_write)
{
    static const struct {
        const char *config;
        uint64_t bytes;
    } rows[] = {
        {"null", 2 * LINEAR + REST},
        /* A scale of fp32 each 128 × 128. */
        {"{\"quant_method\":\"fp8\",\"weight_block_size\":[128,128]}",
         LINEAR + LINEAR / (128 * 128) * 4 + REST},
        {"{\"quant_method\":\"blockwise_int8\",\"weight_block_size\":[128,128]}",
         LINEAR + LINEAR / (128 * 128) * 4 + REST},
        {"{\"quant_method\":\"fp8\",\"weight_block_size\":null}", LINEAR + MATRICES * 4 + REST},
        {"{\"quant_method\":\"fp8\",\"activation_scheme\":\"dynamic\"}",
         LINEAR + MATRICES * 4 + REST},
        {"{\"quant_method\":\"fp8\",\"activation_scheme\":\"static\",\"ignored_layers\":[\"lm_"
         "head\"]}",
         LINEAR + MATRICES * 8 + REST},
        {"{\"quant_method\":\"fbgemm_fp8\",\"modules_to_not_convert\":[\"self_attn\"]}",
         3 * 512 * 256 + (2 * 512 + 256) * 4 + 2 * 4 * 256 * 256 + REST},
        /* qweight, scales in fp16, packed zeros, an int32 a column. */
        {"{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":128}",
         LINEAR / 2 + GROUPS_128 * 2 + GROUPS_128 / 2 + COLUMNS * 4 + REST},
        {"{\"quant_method\":\"gptq\",\"bits\":8,\"group_size\":-1}",
         LINEAR + ROWS * 2 + ROWS + COLUMNS * 4 + REST},
        {"{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":128,"
         "\"modules_in_block_to_quantize\":[[\"mlp.gate_proj\"],[\"mlp.up_proj\"]]}",
         2 * 512 * 256 / 2 + 2048 * 2 + 2048 / 2 + 512 * 4 + 2 * (LINEAR - 2 * 512 * 256) + REST},
        {"{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":128,\"zero_point\":true}",
         LINEAR / 2 + GROUPS_128 * 2 + GROUPS_128 / 2 + REST},
        {"{\"quant_method\":\"auto-round\",\"bits\":4,\"group_size\":128}",
         LINEAR / 2 + GROUPS_128 * 2 + GROUPS_128 / 2 + REST},
        /* absmax, quant_map, and the quant_state of each matrix. */
        {"{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true,\"bnb_4bit_quant_type\":"
         "\"nf4\"}",
         LINEAR / 2 + LINEAR / 64 * 4 + MATRICES * 64 + (MATRICES * STATE) + REST},
        {"{\"load_in_4bit\":true,\"bnb_4bit_use_double_quant\":true,\"bnb_4bit_quant_type\":"
         "\"fp4\"}",
         LINEAR / 2 + LINEAR / 64 + LINEAR / 64 / 256 * 4 + MATRICES * (64 + 1024) +
             MATRICES * (STATE + SECOND) + REST},
        {"{\"quant_method\":\"bitsandbytes\",\"load_in_8bit\":true}",
         LINEAR + ROWS * 4 + MATRICES + REST},
        /* Experts alone, and there are none. */
        {"{\"quant_method\":\"mxfp4\"}", 2 * LINEAR + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"FP8\",\"exclude_modules\":[\"lm_head\"]}",
         LINEAR + MATRICES * 8 + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"NVFP4\",\"exclude_modules\":[\"*head\"]}",
         LINEAR / 2 + LINEAR / 16 + MATRICES * 8 + REST},
        /* Weights alone: no input_scale; scales of int4 in fp32, as those of rows. */
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"W4A16_NVFP4\",\"group_size\":16,"
         "\"exclude_modules\":[\"lm_head\"]}",
         LINEAR / 2 + LINEAR / 16 + MATRICES * 4 + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"W4A16_AWQ\",\"group_size\":128,"
         "\"exclude_modules\":[\"lm_head\"]}",
         LINEAR / 2 + GROUPS_128 * 4 + (256 + 512) * 2 + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"W4A8_AWQ\",\"group_size\":128,"
         "\"exclude_modules\":[\"lm_head\"]}",
         LINEAR / 2 + GROUPS_128 * 4 + MATRICES * (4 + 4) + (256 + 512) * 2 + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"FP8_PER_CHANNEL_PER_TOKEN\","
         "\"exclude_modules\":[\"lm_head\"]}",
         LINEAR + ROWS * 4 + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"W4A8_NVFP4_FP8\",\"group_size\":32,"
         "\"exclude_modules\":[\"lm_head\"]}",
         LINEAR / 2 + LINEAR / 32 + MATRICES * 8 + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"W8A8_SQ_PER_CHANNEL\","
         "\"exclude_modules\":[\"lm_head\"]}",
         LINEAR + ROWS * 4 + MATRICES * 4 + COLUMNS * 2 + REST},
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"float-quantized\",\"ignore\":"
         "[\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{"
         "\"num_bits\":8,\"type\":\"float\",\"strategy\":\"channel\"}}}}",
         LINEAR + ROWS * 2 + REST},
        /* The head is a Linear too. */
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"int-quantized\",\"ignore\":[],"
         "\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{\"num_bits\":8,"
         "\"type\":\"int\",\"strategy\":\"tensor\"}}}}",
         LINEAR + HEAD + (MATRICES + 1) * 2 + REST - 2 * HEAD},
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"pack-quantized\",\"ignore\":"
         "[\"re:.*lm_head\",\"re:.*self_attn\\\\.[qk]_proj$\"],\"config_groups\":{\"group_0\":{"
         "\"targets\":[\"Linear\"],\"weights\":{\"num_bits\":4,\"type\":\"int\",\"strategy\":"
         "\"group\",\"group_size\":128,\"symmetric\":true}}}}",
         (LINEAR - 2 * 65536) / 2 + (LINEAR - 2 * 65536) / 128 * 2 + 5 * 16 + 4 * 65536 + REST},
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"nvfp4-pack-quantized\",\"ignore\":"
         "[\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{"
         "\"num_bits\":4,\"type\":\"float\",\"strategy\":\"tensor_group\",\"group_size\":16},"
         "\"input_activations\":{\"num_bits\":4,\"strategy\":\"tensor_group\",\"dynamic\":"
         "\"local\"}}}}",
         LINEAR / 2 + LINEAR / 16 + MATRICES * 8 + REST},
        /* NVFP4A16: no input_global_scale. */
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"nvfp4-pack-quantized\",\"ignore\":"
         "[\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{"
         "\"num_bits\":4,\"type\":\"float\",\"strategy\":\"tensor_group\",\"group_size\":16},"
         "\"input_activations\":null}}}",
         LINEAR / 2 + LINEAR / 16 + MATRICES * 4 + REST},
        /* Static inputs have an input_scale, and asymmetric ones an input_zero_point. */
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"float-quantized\",\"ignore\":"
         "[\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{"
         "\"num_bits\":8,\"type\":\"float\",\"strategy\":\"tensor\"},\"input_activations\":{"
         "\"num_bits\":8,\"strategy\":\"tensor\",\"dynamic\":false,\"symmetric\":true}}}}",
         LINEAR + MATRICES * (2 + 2) + REST},
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"int-quantized\",\"ignore\":"
         "[\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{"
         "\"num_bits\":8,\"type\":\"int\",\"strategy\":\"channel\"},\"input_activations\":{"
         "\"num_bits\":8,\"strategy\":\"tensor\",\"dynamic\":false,\"symmetric\":false}}}}",
         LINEAR + ROWS * 2 + MATRICES * (2 + 1) + REST},
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"float-quantized\",\"ignore\":"
         "[\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{"
         "\"num_bits\":8,\"type\":\"float\",\"strategy\":\"channel\"},\"input_activations\":{"
         "\"num_bits\":8,\"strategy\":\"token\",\"dynamic\":true}}}}",
         LINEAR + ROWS * 2 + REST},
        {"{\"quant_method\":\"hqq\",\"quant_config\":{\"weight_quant_params\":{\"nbits\":4,"
         "\"group_size\":64}},\"skip_modules\":[\"lm_head\"]}",
         LINEAR / 2 + LINEAR / 64 * 4 + REST},
        /* Two bits a weight: 2^16 codebook entries of 8 in fp16, a scale a row. */
        {"{\"quant_method\":\"aqlm\",\"in_group_size\":8,\"out_group_size\":1,\"num_codebooks\":1,"
         "\"nbits_per_codebook\":16}",
         LINEAR / 4 + ROWS * 2 + (uint64_t)MATRICES * 65536 * 8 * 2 + REST},
        {"{\"quant_method\":\"torchao\",\"quant_type\":\"int8_weight_only\"}",
         LINEAR + ROWS * 2 + REST},
        {"{\"quant_method\":\"torchao\",\"quant_type\":{\"default\":{\"_type\":"
         "\"Int4WeightOnlyConfig\",\"_data\":{\"group_size\":128}}}}",
         LINEAR / 2 + GROUPS_128 * 4 + REST},
        /* A byte for each integer, a scale and a byte of zero point a group. */
        {"{\"quant_method\":\"torchao\",\"quant_type\":{\"default\":{\"_type\":"
         "\"Int8DynamicActivationIntxWeightConfig\",\"_data\":{\"weight_dtype\":{\"_type\":"
         "\"torch.dtype\",\"_data\":\"int4\"},\"weight_granularity\":{\"_type\":\"PerGroup\","
         "\"_data\":{\"group_size\":64}},\"intx_packing_format\":{\"_type\":"
         "\"IntxPackingFormat\",\"_data\":\"UNPACKED_TO_INT8\"}}}}}",
         LINEAR + LINEAR / 64 * 3 + REST},
        {"{\"quant_method\":\"torchao\",\"quant_type\":\"int8_dynamic_activation_int4_weight\"}",
         LINEAR + LINEAR / 32 * 3 + REST},
        {"{\"quant_method\":\"torchao\",\"quant_type\":{\"default\":{\"_type\":"
         "\"IntxWeightOnlyConfig\",\"_data\":{\"granularity\":{\"_type\":\"PerAxis\","
         "\"_data\":{\"axis\":0}}}}}}",
         LINEAR + ROWS * 3 + REST},
        {"{\"quant_method\":\"eetq\",\"weights\":\"int8\"}", LINEAR + ROWS * 2 + REST},
        {"{\"quant_method\":\"quanto\",\"weights\":\"int8\"}", LINEAR + ROWS * 2 + REST},
        {"{\"quant_method\":\"quanto\",\"weights\":\"int4\"}", LINEAR / 2 + GROUPS_128 * 4 + REST},
        {"{\"quant_method\":\"bitnet\"}", LINEAR / 4 + MATRICES * 2 + REST},
        {"{\"quant_method\":\"quark\",\"exclude\":[\"lm_head\"],\"global_quant_config\":{"
         "\"weight\":{"
         "\"dtype\":\"fp4\",\"qscheme\":\"per_group\",\"group_size\":32,\"scale_format\":\"e8m0\"},"
         "\"input_tensors\":{\"is_dynamic\":true}}}",
         LINEAR / 32 * 17 + REST},
        {"{\"quant_method\":\"quark\",\"exclude\":[\"lm_head\"],\"global_quant_config\":{"
         "\"weight\":{"
         "\"dtype\":\"fp8_e4m3\",\"qscheme\":\"per_tensor\"},\"input_tensors\":{\"is_dynamic\":"
         "false}},"
         "\"layer_quant_config\":{\"*self_attn*\":{\"weight\":{\"dtype\":\"fp8_e4m3\",\"qscheme\":"
         "\"per_channel\"}}}}",
         LINEAR + 3 * 8 + (ROWS - 2 * 512 - 256) * 4 + REST},
        {"{\"quant_method\":\"higgs\",\"bits\":4,\"group_size\":128}",
         LINEAR / 2 + GROUPS_128 * 2 + (uint64_t)MATRICES * (16 * 2 + 256 * 2 * 4) + REST},
        {"{\"quant_method\":\"fp_quant\",\"forward_dtype\":\"nvfp4\",\"hadamard_group_size\":16}",
         LINEAR / 2 + LINEAR / 16 + (uint64_t)MATRICES * (8 + 2 * 16 * 16 * 2) + REST},
        {"{\"quant_method\":\"fp_quant\",\"forward_dtype\":\"mxfp4\",\"hadamard_group_size\":32}",
         LINEAR / 32 * 17 + (uint64_t)MATRICES * (8 + 2 * 32 * 32 * 2) + REST},
        {"{\"quant_method\":\"metal\",\"bits\":4,\"group_size\":64}", LINEAR / 64 * 36 + REST},
        /* MLX's: embedding and head too, a scale and a bias in 16 bits a group. */
        {"{\"group_size\":64,\"bits\":3}", (LINEAR + 2 * HEAD) / 64 * (24 + 4) + REST - 4 * HEAD},
        {"{\"group_size\":32,\"bits\":4,\"mode\":\"mxfp4\",\"lm_head\":false}",
         (LINEAR + HEAD) / 32 * 17 + REST - 2 * HEAD},
        {"{\"group_size\":64,\"bits\":4,\"lm_head\":{\"group_size\":32,\"bits\":8},"
         "\"model.layers.0.self_attn.q_proj\":{\"group_size\":64,\"bits\":6}}",
         (LINEAR + HEAD - 65536) / 64 * (32 + 4) + 65536 / 64 * (48 + 4) + HEAD / 32 * (32 + 4) +
             REST - 4 * HEAD},
        /* Groups with formats of their own: fp8 by matrices beside int8 by groups, and NVFP4. */
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"mixed-precision\",\"config_"
         "groups\":"
         "{\"group_0\":{\"targets\":[\"re:.*self_attn.*\"],\"format\":\"float-quantized\","
         "\"weights\":{"
         "\"num_bits\":8,\"type\":\"float\",\"strategy\":\"tensor\"}},\"group_1\":{\"targets\":["
         "\"re:.*mlp.*\"],\"format\":\"pack-quantized\",\"weights\":{\"num_bits\":8,\"type\":"
         "\"int\","
         "\"strategy\":\"group\",\"group_size\":32}}}}",
         ATTENTION + 4 * 2 + MLP + MLP / 32 * 2 + 3 * 16 + REST},
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"mixed-precision\",\"ignore\":["
         "\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"format\":"
         "\"nvfp4-pack-quantized\",\"weights\":{\"num_bits\":4,\"type\":\"float\",\"strategy\":"
         "\"tensor_group\",\"group_size\":16}},\"group_1\":{\"targets\":[\"re:.*self_attn.*\"],"
         "\"format\":\"float-quantized\",\"weights\":{\"num_bits\":8,\"type\":\"float\","
         "\"strategy\":\"tensor\"}}}}",
         ATTENTION + 4 * 2 + MLP / 2 + MLP / 16 + 3 * 4 + REST},
        {"{\"quant_method\":\"compressed-tensors\",\"format\":\"mxfp8-quantized\",\"ignore\":["
         "\"lm_head\"],\"config_groups\":{\"group_0\":{\"targets\":[\"Linear\"],\"weights\":{"
         "\"num_bits\":8,\"type\":\"float\",\"strategy\":\"group\",\"group_size\":32}}}}",
         LINEAR + LINEAR / 32 + REST},
        /* Rules by modules' names: GPTQModel's, AutoRound's. */
        {"{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":128,\"dynamic\":{"
         "\"-:.*self_attn.*\":{}}}",
         2 * ATTENTION + MLP / 2 + MLP / 128 * 2 + MLP / 128 / 2 + (2 * 256 + 512) * 4 + REST},
        {"{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":128,\"dynamic\":{"
         "\"+:.*self_attn.*\":{\"bits\":8,\"group_size\":64}}}",
         ATTENTION + ATTENTION / 64 * 3 + MLP / 2 + MLP / 128 * 2 + MLP / 128 / 2 + COLUMNS * 4 +
             REST},
        {"{\"quant_method\":\"auto-round\",\"bits\":4,\"group_size\":128,\"extra_config\":{"
         "\".*self_attn.*\":{\"bits\":16,\"data_type\":\"fp\"},\"model.layers.0.mlp.down_proj\":{"
         "\"bits\":8}}}",
         2 * ATTENTION + (MLP / 2 + MLP / 128 * 2 + MLP / 128 / 2) / 3 * 2 + MLP / 3 +
             MLP / 3 / 128 * 3 + REST},
        {"{\"quant_method\":\"auto-round\",\"bits\":4,\"group_size\":32,\"data_type\":\"mx_fp\"}",
         LINEAR / 32 * 17 + REST},
        {"{\"quant_method\":\"auto-round\",\"bits\":4,\"group_size\":16,\"data_type\":\"nv_fp\"}",
         LINEAR / 2 + LINEAR / 16 + MATRICES * 8 + REST},
        {"{\"quant_method\":\"auto-round\",\"bits\":4,\"group_size\":16,\"act_bits\":16,"
         "\"data_type\":\"nv_fp\"}",
         LINEAR / 2 + LINEAR / 16 + MATRICES * 4 + REST},
        /* Layers that are not named are left as they are. */
        {"{\"quant_method\":\"hqq\",\"quant_config\":{\"self_attn.q_proj\":{\"weight_quant_"
         "params\":{"
         "\"nbits\":8,\"group_size\":64}},\"mlp.down_proj\":{\"weight_quant_params\":{\"nbits\":4,"
         "\"group_size\":64}}}}",
         65536 + 65536 / 64 * 4 + 131072 / 2 + 131072 / 64 * 4 + 2 * (LINEAR - 65536 - 131072) +
             REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"MIXED_PRECISION\",\"quantized_layers\":{"
         "\"model.layers.0.mlp.up_proj\":{\"quant_algo\":\"FP8\"},\"model.layers.0.mlp.gate_proj\":"
         "{"
         "\"quant_algo\":\"NVFP4\",\"group_size\":16}},\"exclude_modules\":[\"lm_head\"]}",
         131072 + 8 + 131072 / 2 + 131072 / 16 + 8 + 2 * (LINEAR - 2 * 131072) + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"MXFP8\",\"exclude_modules\":[\"lm_head\"]"
         "}",
         LINEAR + LINEAR / 32 + REST},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"FP8_PB_WO\",\"exclude_modules\":["
         "\"lm_head\"]}",
         LINEAR + LINEAR / 128 / 128 * 4 + REST},
        {"{\"quant_method\":\"torchao\",\"quant_type\":\"int8_weight_only\","
         "\"include_input_output_embeddings\":true}",
         LINEAR + ROWS * 2 + 2 * (HEAD + HEAD / 256 * 2) + REST - 4 * HEAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_tiny(rows[i].config);
        cr_assert_str_empty(model.unknown_quantization, "%s", rows[i].config);
        cr_assert_eq(stored(), rows[i].bytes, "%s: %llu, not %llu", rows[i].config,
                     (unsigned long long)stored(), (unsigned long long)rows[i].bytes);
        hu_model_free(&model);
    }
}

/*
 * unsloth/Qwen2.5-0.5B-Instruct-bnb-4bit's "model.layers.N.self_attn.v_proj.weight" and its parts:
 * 896 to 128, in blocks that run on over the rows' ends, with the quant_state that it has.
 */
Test(quantization, bitsandbytes_keeps_a_text_beside_each_matrix)
{
    static const char state[] =
        "{\"quant_type\": \"nf4\", \"blocksize\": 64, \"dtype\": \"bfloat16\", \"shape\": [128, "
        "896],"
        " \"nested_blocksize\": 256, \"nested_dtype\": \"float32\", \"nested_offset\": "
        "0.031807661056518555}";
    char other[1024];
    uint64_t all, less;
    const char config[] =
        "{\"model_type\":\"qwen2\",\"hidden_size\":896,\"num_attention_heads\":14,"
        "\"num_key_value_heads\":2,\"num_hidden_layers\":1,\"intermediate_size\":"
        "4864,\"vocab_size\":151936,\"torch_dtype\":\"bfloat16\",\"quantization_"
        "config\":{\"load_in_4bit\":true,\"bnb_4bit_use_double_quant\":true,"
        "\"llm_int8_skip_modules\":[\"lm_head\"%s]}}";
    snprintf(other, sizeof other, config, "");
    cr_assert(hu_model_read_config(other, strlen(other), &model), "%s", model.error);
    cr_assert(strstr(model.notes[0], "nested_offset"));
    all = stored();
    hu_model_free(&model);
    snprintf(other, sizeof other, config, ",\"v_proj\"");
    cr_assert(hu_model_read_config(other, strlen(other), &model), "%s", model.error);
    less = stored();
    hu_model_free(&model);
    /* Codes, absmax, nested_absmax, both tables; of nested_offset's digits this has one more. */
    enum { WEIGHTS = 128 * 896, SCALES = WEIGHTS / 64 };
    cr_assert_eq(2 * WEIGHTS - (less - all),
                 WEIGHTS / 2 + SCALES + SCALES / 256 * 4 + 64 + 1024 + sizeof state - 1 - 1);
}

/* Rows of 96: bitsandbytes' blocks of 64 go over their ends (functional.py, quantize_4bit). */
Test(quantization, blocks_of_bitsandbytes_run_on_over_rows)
{
    const char config[] =
        "{\"model_type\":\"llama\",\"vocab_size\":64,\"hidden_size\":96,\"num_hidden_layers\":1,"
        "\"num_attention_heads\":2,\"intermediate_size\":100,\"torch_dtype\":\"float16\","
        "\"quantization_config\":{\"load_in_4bit\":true,\"llm_int8_skip_modules\":[\"lm_head\"]}}";
    enum { STATE_96 = STATE - 2, STATE_100 = STATE - 1 };
    cr_assert(hu_model_read_config(config, sizeof config - 1, &model), "%s", model.error);
    cr_assert_eq(stored(), 4 * (96 * 96 / 2 + 144 * 4 + 64 + STATE_96) +
                               3 * (9600 / 2 + 150 * 4 + 64 + STATE_100) +
                               2 * (2 * 64 * 96 + 3 * 96));
    hu_model_free(&model);
}

/* What checkpoints have scales of the cache for; llm-compressor's may be null. */
Test(quantization, a_cache_that_is_meant_to_be_narrow_is_remarked)
{
    static const struct {
        const char *config, *note;
    } rows[] = {
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"NVFP4\",\"kv_cache_scheme\":{\"num_"
         "bits\":8,"
         "\"type\":\"float\",\"dynamic\":false}}",
         "--kv-dtype fp8_e4m3"},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"NVFP4\",\"kv_cache_quant_algo\":"
         "\"NVFP4\"}",
         "--kv-dtype nvfp4"},
        {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"NVFP4\",\"kv_cache_scheme\":null}", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_tiny(rows[i].config);
        cr_assert_eq(model.note_count, rows[i].note ? 1 : 0, "%s", rows[i].config);
        if (rows[i].note)
            cr_assert(strstr(model.notes[0], rows[i].note), "%s", model.notes[0]);
        hu_model_free(&model);
    }
}

Test(quantization, what_is_not_known_is_never_taken_for_none)
{
    static const char *const rows[] = {
        "{\"quant_method\":\"brand-new\"}",
        "{}",
        "{\"quant_method\":\"gptq\",\"bits\":0}",
        "{\"quant_method\":\"bitsandbytes\"}",
        "{\"quant_method\":\"modelopt\",\"quant_algo\":\"MAGIC\"}",
        "{\"quant_method\":\"compressed-tensors\",\"format\":\"dense\"}",
        "{\"quant_method\":\"torchao\",\"quant_type\":\"uint1\"}",
        "{\"quant_method\":\"torchao\",\"quant_type\":{\"default\":{\"_type\":"
        "\"IntxWeightOnlyConfig\",\"_data\":{\"intx_packing_format\":{\"_data\":"
        "\"OPAQUE_TORCHAO_AUTO\"}}}}}",
        "{\"quant_method\":\"quanto\",\"weights\":\"int3\"}",
        "{\"quant_method\":\"fp8\",\"weight_block_size\":[0,128]}",
        "{\"quant_method\":\"fp8\",\"weight_block_size\":128}",
        "{\"quant_method\":\"fp8\",\"store_dtype\":\"mxfp4\",\"weight_block_size\":[128,128]}",
        "{\"quant_method\":\"auto-round\",\"bits\":4,\"data_type\":\"fp\"}",
        "{\"quant_method\":\"gptq\",\"bits\":4,\"dynamic\":{\"+:.*mlp.*\":{\"bits\":12}}}",
        /* Named, but by no tensor's name. */
        "{\"quant_method\":\"modelopt\",\"quant_algo\":\"MIXED_PRECISION\",\"quantized_layers\":{"
        "\"backbone.layers.0.mixer.up_proj\":{\"quant_algo\":\"FP8\"}}}",
        "{\"quant_method\":\"hqq\",\"quant_config\":{\"attn.wq\":{\"weight_quant_params\":{"
        "\"nbits\":8"
        "}}}}",
        "{\"quant_method\":\"bitnet\",\"quantization_mode\":\"online\"}",
        "{\"quant_method\":\"vptq\"}",
        "{\"quant_method\":\"spqr\"}",
        "{\"quant_method\":\"sinq\"}",
        "{\"quant_method\":\"quark\"}",
        "{\"quant_method\":\"quark\",\"global_quant_config\":{\"weight\":{\"dtype\":\"int4\","
        "\"qscheme\":"
        "\"per_group\",\"group_size\":128}}}",
        "{\"quant_method\":\"higgs\",\"bits\":9}",
        "{\"quant_method\":\"fp_quant\",\"store_master_weights\":true}",
        "{\"quant_method\":\"fp_quant\",\"forward_dtype\":\"fp3\"}",
        "{\"group_size\":64,\"bits\":4,\"mode\":\"new\"}",
        "{\"group_size\":64,\"bits\":4,\"model.layers.0.mlp.switch_mlp.up_proj\":{\"bits\":8}}",
        "{\"group_size\":64,\"bits\":4,\"lm_head\":{\"group_size\":64,\"bits\":9}}",
        "{\"quant_method\":\"compressed-tensors\",\"format\":\"float-quantized\",\"ignore\":"
        "[\"re:(?<!x)\"],\"config_groups\":{\"g\":{\"targets\":[\"Linear\"],\"weights\":{"
        "\"num_bits\":8,\"strategy\":\"channel\"}}}}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_tiny(rows[i]);
        cr_assert(*model.unknown_quantization, "%s", rows[i]);
        hu_sizing_begin(&request);
        cr_assert_not(hu_sizing_make(&model, &request, &sizing, error), "%s", rows[i]);
        cr_assert(strstr(error, "--dtype"), "%s", error);
        request.dtypes_given = true;
        cr_assert(hu_sizing_make(&model, &request, &sizing, error), "%s", error);
        hu_model_free(&model);
    }
}

/* metadata.total_size of roshinpv/mpx's model.safetensors.index.json: Qwen2.5-14B in MLX's 3 bits.
 */
Test(quantization, an_mlx_checkpoint_is_as_large_as_its_index_says)
{
    open_fixture("qwen2.5-14b-mlx-3bit");
    cr_assert_eq(stored(), UINT64_C(6463203328), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* metadata.total_size of x1ngzai/Qwen-VL-Chat-Int4's index: AutoGPTQ stores a bias of zeros beside
 * each matrix that has none, and leaves the tower in fp16. */
Test(quantization, an_auto_gptq_checkpoint_is_as_large_as_its_index_says)
{
    open_fixture("qwen-vl-chat-int4");
    cr_assert_eq(stored(), UINT64_C(9731786240), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* metadata.total_size of the indexes of Arp1tMoga/fast_qwen (Qwen3.8-27B by mlx-vlm, whose tower
 * stays as it was and some of whose modules have 8 bits, by MLX's names) and delsakov/mcp_tests
 * (Mistral Small 4's text by mlx-lm, whose routers stay). */
Test(quantization, mlx_checkpoints_of_what_sees_are_as_large_as_their_indexes_say)
{
    open_fixture("qwen3.8-27b-mlx-mixed");
    cr_assert_eq(hu_weights_size(&model, (struct hu_dtype){.format = NULL}, NULL).bytes,
                 UINT64_C(20444027360), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
    open_fixture("mistral-small-4-mlx-4bit");
    cr_assert_eq(model.parameters, UINT64_C(118972826624));
    cr_assert_eq(stored(), UINT64_C(66949842944), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* llm-d-benchmark #345: Llama-3.3-70B FP8-dynamic takes 67.72 GiB as vLLM loads it, and fits. */
Test(quantization, an_fp8_checkpoint_of_70b_fits_an_h200)
{
    static char text[65536];
    char path[512], json[70000];
    snprintf(path, sizeof path, "%s/configs/llama-3.1-70b.json", FIXTURES);
    FILE *in = fopen(path, "r");
    cr_assert(in);
    text[fread(text, 1, sizeof text - 1, in)] = 0;
    fclose(in);
    *strrchr(text, '}') = 0;
    snprintf(json, sizeof json,
             "%s,\"quantization_config\":{\"quant_method\":\"compressed-tensors\",\"format\":"
             "\"float-quantized\",\"ignore\":[\"lm_head\"],\"config_groups\":{\"group_0\":{"
             "\"targets\":[\"Linear\"],\"weights\":{\"num_bits\":8,\"type\":\"float\","
             "\"strategy\":\"channel\"}}}}}",
             text);
    cr_assert(hu_model_read_config(json, strlen(json), &model), "%s", model.error);
    hu_sizing_begin(&request);
    request.own = request.fit = true;
    request.memory = hu_device_find("H200-141GB")->bytes;
    cr_assert(hu_sizing_make(&model, &request, &sizing, error), "%s", error);
    cr_assert_float_eq((double)sizing.chosen.bytes / 1073741824, 67.72, 0.1);
    cr_assert(sizing.fit.fits);
    cr_assert_str_eq(sizing.weights[0].name, "compressed-tensors");
    hu_model_free(&model);
}
