/* Sizes that others print, and where they are wrong, by how much and why. */
#include "memory/families.h"
#include "memory/model.h"
#include "memory/kv_cache.h"
#include "memory/mixture.h"
#include "memory/source.h"
#include "memory/weights.h"
#include "file/dtype.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct hu_model model;

static void begin(const char *fixture)
{
    char path[512];
    snprintf(path, sizeof path, "%s/configs/%s.json", FIXTURES, fixture);
    cr_assert(hu_model_open(path, &model), "%s", model.error);
}

static uint64_t bytes(const char *name, uint64_t elements)
{
    struct hu_dtype dtype;
    uint64_t n = 0;
    cr_assert(hu_dtype_find(name, &dtype), "%s", name);
    cr_assert(hu_dtype_size(dtype, elements, &n));
    return n;
}

static double gib(uint64_t n)
{
    return (double)n / 1073741824.0;
}

static uint64_t named(const char *name)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < model.tensors.count; i++) {
        size_t n;
        const char *module = hu_row_module(&model.tensors.rows[i], &n);
        if (strlen(name) == n && !strncmp(module, name, n))
            sum += hu_row_elements(&model.tensors.rows[i]);
    }
    return sum;
}

static size_t read_fixture(const char *name, char *text, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/configs/%s.json", FIXTURES, name);
    FILE *file = fopen(path, "r");
    cr_assert(file);
    size_t length = fread(text, 1, size - 1, file);
    text[length] = 0;
    fclose(file);
    return length;
}

static uint64_t stored(void)
{
    uint64_t n = 0;
    cr_assert(hu_weights_stored(&model, &n));
    return n;
}

/*
 * metadata.total_size of deepseek-ai/DeepSeek-V4-Flash's index, less three tables of experts by
 * token, which are no weights. The base model has fp8 experts too, and fp32 scales: of a layer's
 * tiles, of the indexers' and of the prediction module's two projections.
 */
Test(memory_published, deepseek_v4_is_as_large_as_its_index_says)
{
    enum { LAYERS = 44, EXPERTS = 256 * 3, EXPERT = 2048 * 4096 };
    enum { TILES = LAYERS * 8064 + 21 * 64 * 8 + 2 * 32 * 32 };
    uint64_t mixed = UINT64_C(159609485896) - UINT64_C(3) * 129280 * 6 * 8;
    char json[4096];
    begin("deepseek-v4-flash");
    cr_assert_eq(stored(), mixed, "%llu", (unsigned long long)stored());
    hu_model_free(&model);
    size_t length = read_fixture("deepseek-v4-flash", json, sizeof json);
    memcpy(strstr(json, "\"fp4\""), "\"fp8\"", 5);
    cr_assert(hu_model_read_config(json, length, &model), "%s", model.error);
    cr_assert_eq(stored(), mixed + UINT64_C(3) * TILES +
                               UINT64_C(1) * LAYERS * EXPERTS * (EXPERT / 32 * 15 + EXPERT / 4096));
    hu_model_free(&model);
    memcpy(strstr(json, "\"fp8\""), "\"fp6\"", 5);
    cr_assert(hu_model_read_config(json, length, &model), "%s", model.error);
    cr_assert(strstr(model.unknown_quantization, "expert_dtype 'fp6'"));
    hu_model_free(&model);
}

/* metadata.total_size of deepseek-ai/DeepSeek-V4.1-Flash's index, and the Hub's count of its
 * elements with the three stages that draft; scales are not in it. */
Test(memory_published, deepseek_v4_1_is_as_large_as_its_index_says)
{
    begin("deepseek-v4.1-flash");
    cr_assert_eq(model.parameters + model.mtp_parameters, UINT64_C(763205315794));
    cr_assert_eq(stored(), UINT64_C(510286023000), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* metadata.total_size of Qwen/Qwen3.8-Flash-Next's index, less 35 whole numbers of its table's. */
Test(memory_published, qwen3_8_flash_next_is_as_large_as_its_index_says)
{
    begin("qwen3.8-flash-next");
    cr_assert_eq(stored(), UINT64_C(359999963128) - 35 * 8, "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* metadata.total_size of the indexes of reubzdubz/Molmo7B_D_NF4Quant, whose tower stays in fp16,
 * and of LocateAnything-3B, which stores the head that its config ties. */
Test(memory_published, molmo_and_locateanything_are_as_large_as_their_indexes_say)
{
    begin("molmo-7b-d-nf4");
    cr_assert_eq(stored(), UINT64_C(6661964712), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
    begin("locateanything-3b");
    cr_assert_eq(stored(), UINT64_C(7661331936), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* metadata.total_size of MiniMax-M1-80k's index in renegade-studio/beta-O1: routers in fp32. */
Test(memory_published, minimax_m1_is_as_large_as_its_index_says)
{
    begin("minimax-m1-80k");
    cr_assert_eq(stored(), UINT64_C(912210767872), "%llu", (unsigned long long)stored());
    hu_model_free(&model);
}

/* Of the 72,633 tensors of deepseek-ai/DeepSeek-V4-Flash-Vision-Exp's index 35,718 are scales. */
Test(memory_published, deepseek_v4_with_sight_has_the_tensors_of_its_index)
{
    uint64_t tensors = 0;
    begin("deepseek-v4-flash-vision-exp");
    for (const struct hu_tensor_row *row = model.tensors.rows; row < hu_tensors_end(&model.tensors);
         row++)
        tensors += row->copies;
    cr_assert_eq(tensors, 72633 - 35718, "%llu", (unsigned long long)tensors);
    hu_model_free(&model);
}

/*
 * An inventory of MiniMaxAI/MiniMax-M3's files and of MiniMax-M3-MXFP8's: 427,040,140,160 and
 * 440,279,845,760 elements, of which these are in fp32, quantized, and their scales.
 */
Test(memory_published, minimax_m3_is_as_large_as_its_files)
{
    char json[8192], quantized[8192];
    uint64_t fp32 = 57 * (128 + UINT64_C(128) * 6144) + 1280 * 3 * 2 * 14 * 14;
    uint64_t all = UINT64_C(427040140160), scales = UINT64_C(440279845760) - all;
    size_t length = read_fixture("minimax-m3", json, sizeof json);
    cr_assert(hu_model_read_config(json, length, &model), "%s", model.error);
    cr_assert_eq(stored(), 2 * all + 2 * fp32);
    hu_model_free(&model);
    length = (size_t)snprintf(quantized, sizeof quantized,
                              "{\"quantization_config\":{\"quant_method\":\"mxfp8\",\"weight_"
                              "block_size\":[1,32],\"ignored_layers\":[\"vision_tower\",\"multi_"
                              "modal_projector\",\"patch_merge_mlp\"]},%s",
                              strchr(json, '{') + 1);
    cr_assert(hu_model_read_config(quantized, length, &model), "%s", model.error);
    cr_assert_eq(stored(), 2 * all + 2 * fp32 - 32 * scales + scales);
    hu_model_free(&model);
}

/* metadata.total_size of the models' model.safetensors.index.json on the Hub. */
Test(memory_published, sums_of_the_hubs_shards_are_two_bytes_a_parameter)
{
    static const struct {
        const char *name;
        uint64_t total_size, buffers; /* buffers: bytes that are no parameters */
    } rows[] = {
        {"llama-3-8b", UINT64_C(16060522496), 0},
        {"mistral-7b-v0.1", UINT64_C(14483464192), 0},
        {"mixtral-8x7b", UINT64_C(93405585408), 0},
        /* Llama-2-7b-hf stores 32 rotary tables of 64 fp32 numbers. */
        {"llama-7b", UINT64_C(13476839424), 32 * 64 * 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(rows[i].name);
        cr_assert_eq(bytes("bf16", model.parameters) + rows[i].buffers, rows[i].total_size, "%s",
                     rows[i].name);
        hu_model_free(&model);
    }
}

/* metadata.total_size of thinkingmachines/Inkling's index, over 1,552 tensors: those of the layers
 * that predict more tokens too, which are no part of the count. */
Test(memory_published, inklings_shards_have_the_layers_that_predict_more_tokens)
{
    uint64_t sum = 0;
    begin("inkling");
    for (size_t i = 0; i < model.tensors.count; i++) {
        const struct hu_tensor_row *row = &model.tensors.rows[i];
        sum += bytes(row->dtype.format ? row->dtype.format->name : "bf16", hu_row_elements(row));
    }
    cr_assert_eq(sum, UINT64_C(1904604285204), "%llu", (unsigned long long)sum);
    hu_model_free(&model);
}

/* The Hub's metadata of DeepSeek-V3: what hf-mem adds up, fp32 scales and the MTP module included.
 */
Test(memory_published, hf_mem_sums_stored_bytes_which_are_more_than_the_model)
{
    uint64_t sum = bytes("bf16", UINT64_C(3918786560)) + bytes("fp8_e4m3", UINT64_C(680571043840)) +
                   bytes("fp32", 41555600);
    cr_assert_eq(sum, UINT64_C(688574839360));
    begin("deepseek-v3");
    cr_assert_gt(sum, model.parameters, "671 GB of fp8 weights are not 689 GB");
    hu_model_free(&model);
}

/* Sizes as llama-bench prints them for these models in many public logs; 5.33 GiB and 5.70 bits for
 * Llama 3 8B in Q5_K_M stand in gguf-parser-go's README. Those of deepseek2, qwen2 3B and 32B are
 * from the logs that ikawrakow/ik_llama.cpp keeps in github-data. */
Test(memory_published, k_quant_mixtures_are_as_large_as_llama_cpp_prints)
{
    static const struct {
        const char *name, *mixture;
        double gib;
        uint64_t since; /* bytes that files made today have besides */
    } rows[] = {
        {"llama-3-8b", "Q4_K_M", 4.58, 0},
        {"llama-3-8b", "q5_k_m", 5.33, 0},
        {"llama-3-8b", "q5_k_s", 5.21, 0},
        {"llama-7b", "q4_k_m", 3.80, 0},
        {"mistral-7b-v0.1", "q4_k_m", 4.07, 0},
        {"qwen3-8b", "q4_k_m", 4.68, 0},
        {"qwen2-7b", "q4_k_m", 4.36, 0},
        {"llama-2-70b", "q4_k_m", 38.58, 0},
        {"llama-3.1-70b", "q4_k_m", 39.59, 0},
        /* The embedding is the output matrix: 762.81 MiB. */
        {"llama-3.2-1b", "q4_k_m", 762.81 / 1024, 0},
        /* Rows of 896 are no whole blocks of 256: 373.71 MiB. */
        {"qwen2.5-0.5b", "q4_k_m", 373.71 / 1024, 0},
        {"llama-3.2-3b", "q4_k_m", 1.87, 0},
        {"qwen2.5-coder-32b", "q4_k_m", 18.48, 0},
        {"qwen2.5-coder-32b", "q5_k_m", 21.66, 0},
        /* Queries, keys and values in one matrix. */
        {"phi-3-mini-4k", "q4_k_m", 2.23, 0},
        /* Experts; with eight of them keys and values take q8_0. */
        {"mixtral-8x7b", "q4_k_m", 26.49, 0},
        {"qwen3-30b-a3b", "q4_k_m", 17.28, 0},
        {"deepseek-v2-lite", "q4_k_m", 9.65, 0},
        /* These files have kv_b_proj in one, whose halves the converter has parted since: keys of
         * 128 for each of 128 heads are no whole blocks of 256 then, and take q5_0. */
        {"deepseek-v3", "q4_k_m", 376.65, UINT64_C(61) * 128 * 128 * 512 / 8},
        {"deepseek-v3", "q4_k_s", 353.90, UINT64_C(61) * 128 * 128 * 512 / 8},
        {"gemma-3-4b", "q4_k_m", 2.31, 0},
        {"gemma-3-27b", "q4_k_m", 15.40, 0},
        {"gpt-oss-20b", "mxfp4_moe", 11.27, 0},
        {"gpt-oss-120b", "mxfp4_moe", 59.02, 0},
        /* Layers with a state: convolutions and the states' own numbers stay fp32. 694.76 MiB. */
        {"lfm2-1.2b", "q4_k_m", 694.76 / 1024, 0},
        {"granite-4.0-h-micro", "q4_k_m", 1.81, 0},
        /* Perceptrons in 25 of 56 layers, counted by themselves. */
        {"nemotron-nano-9b-v2", "q4_k_m", 6.07, 0},
        /* A delta net's queries, keys and values are an attn_qkv; these files had its gate in it.
         */
        {"qwen3-coder-next", "q4_k_m", 45.08, UINT64_C(18) * 8192 * 2048 * 33 / 128},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t sum;
        const char *why;
        double off = rows[i].gib < 1 ? 0.005 / 1024 : 0.005;
        begin(rows[i].name);
        cr_assert(hu_mixture_size(hu_mixture_find(rows[i].mixture), &model, &sum, &why), "%s: %s",
                  rows[i].name, why);
        cr_assert_float_eq(gib(sum - rows[i].since), rows[i].gib, off, "%s in %s: %.6f",
                           rows[i].name, rows[i].mixture, gib(sum));
        hu_model_free(&model);
    }
    static const char *const others[] = {"zamba2-1.2b", "rwkv7-1.5b", "t5-small"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        uint64_t sum;
        const char *why;
        begin(others[i]);
        cr_assert_not(hu_mixture_size(hu_mixture_find("q4_k_m"), &model, &sum, &why), "%s",
                      others[i]);
        hu_model_free(&model);
    }
}

/* llama-bench's JSON of lmstudio-community's Qwen3.6-35B-A3B-Q4_K_M.gguf: model_size,
 * model_n_params; the tower is a file of its own. */
Test(memory_published, a_mixture_of_delta_nets_is_the_file_to_the_byte)
{
    uint64_t sum;
    const char *why;
    begin("qwen3.6-35b-a3b");
    cr_assert(hu_mixture_size(hu_mixture_find("q4_k_m"), &model, &sum, &why), "%s", why);
    cr_assert_eq(sum, UINT64_C(21155768832));
    cr_assert_eq(model.parameters - hu_model_elements(&model, HU_ROLE_VISION, false),
                 UINT64_C(34660610688));
    hu_model_free(&model);
}

/* llama-bench: "llama 7B Q4_0 | 3.56 GiB | 6.74 B". */
Test(memory_published, a_q4_0_file_of_llama_7b_is_as_large_as_llama_cpp_prints)
{
    begin("llama-7b");
    uint64_t norms = hu_model_elements(&model, HU_ROLE_NORM, false), head = named("lm_head");
    uint64_t sum =
        bytes("q4_0", model.parameters - norms - head) + bytes("q6_k", head) + bytes("fp32", norms);
    cr_assert_float_eq(gib(sum), 3.56, 0.005);
    cr_assert_float_eq((double)model.parameters / 1e9, 6.74, 0.005);
    hu_model_free(&model);
}

/*
 * accelerate's documentation, `accelerate estimate-memory bert-base-cased`: float16 206.59 "MB",
 * int8 103.29, int4 51.65, and 826.36 for Adam in float16. Its MB are MiB: in units of 10^6 the
 * first is 216.62. Its float32 row, 418.18, is not twice 206.59; 413.17 is.
 */
Test(memory_published, accelerates_estimates_are_right_in_mib)
{
    begin("bert-base-cased-model");
    double mib = 1048576;
    double half = (double)bytes("fp16", model.parameters);
    cr_assert_float_eq(half / mib, 206.59, 0.01);
    cr_assert_float_eq(half / 1e6, 216.62, 0.005);
    cr_assert_float_eq((double)bytes("int8", model.parameters) / mib, 103.29, 0.005);
    cr_assert_float_eq((double)bytes("int4", model.parameters) / mib, 51.65, 0.005);
    cr_assert_float_eq(4 * half / mib, 826.36, 0.05);
    cr_assert_float_eq((double)bytes("fp32", model.parameters) / mib, 413.17, 0.005);
    hu_model_free(&model);
}

/*
 * gguf-parser-go's README estimates DeepSeek-R1 at a context of 163,840 at 762.76 GiB beside the
 * weights: it expands the latent into 128 heads of 192 and 128. The latent itself is what MLA
 * keeps: 71 times less.
 */
Test(memory_published, gguf_parsers_mla_cache_is_the_expanded_one)
{
    struct hu_kv_cache cache;
    struct hu_dtype half;
    begin("deepseek-v3");
    uint64_t expanded = UINT64_C(61) * 128 * (192 + 128) * 2 * 163840;
    cr_assert_float_eq(gib(expanded), 762.76, 0.5);
    hu_dtype_find("fp16", &half);
    cr_assert(hu_kv_cache_size(
        &model, &(struct hu_kv_question){half, half, 163840, 1, {1, 1, 1}, {0}}, &cache));
    cr_assert_eq(cache.bytes, UINT64_C(70272) * 163840);
    cr_assert_eq(expanded / cache.bytes, 71);
    hu_model_free(&model);
}

/* gpu_poor and others take hidden / heads for the head and every head for a KV head. */
Test(memory_published, ignoring_grouped_queries_is_eight_times_too_much)
{
    struct hu_kv_cache cache;
    struct hu_dtype half;
    begin("llama-3.1-70b");
    hu_dtype_find("fp16", &half);
    cr_assert(hu_kv_cache_size(
        &model, &(struct hu_kv_question){half, half, 4096, 1, {1, 1, 1}, {0}}, &cache));
    cr_assert_eq(UINT64_C(2) * 80 * 8192 * 2 * 4096, 8 * cache.bytes);
    hu_model_free(&model);
}
