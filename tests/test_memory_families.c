#include "memory/families.h"
#include "memory/model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[65536];
static struct hu_model model;

static bool read_text(const char *json)
{
    return hu_model_read_config(json, strlen(json), &model);
}

static void read_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/configs/%s.json", FIXTURES, name);
    FILE *in = fopen(path, "r");
    cr_assert(in, "%s", path);
    size_t n = fread(text, 1, sizeof text - 1, in);
    text[n] = 0;
    fclose(in);
    cr_assert(read_text(text), "%s: %s", name, model.error);
}

Test(memory_families, counts_are_those_that_were_published)
{
    char path[512], row[512], name[64], active[32];
    snprintf(path, sizeof path, "%s/configs/counts.tsv", FIXTURES);
    FILE *in = fopen(path, "r");
    cr_assert(in);
    int rows = 0;
    while (fgets(row, sizeof row, in)) {
        unsigned long long parameters;
        if (row[0] == '#')
            continue;
        cr_assert_eq(sscanf(row, "%63s %llu %31s", name, &parameters, active), 3, "%s", row);
        read_fixture(name);
        cr_assert_eq(model.parameters, parameters, "%s: %llu, not %llu", name,
                     (unsigned long long)model.parameters, parameters);
        if (*active != '-')
            cr_assert_eq(model.active_parameters, strtoull(active, NULL, 10), "%s", name);
        hu_model_free(&model);
        rows++;
    }
    fclose(in);
    cr_assert_geq(rows, 390, "only %d rows", rows);
}

/* Classes of types that no fixture has, and those of a decoder or a vision tower alone. */
Test(memory_families, classes_hold_what_transformers_builds)
{
    FILE *in = fopen(FIXTURES "/configs/classes.tsv", "r");
    int rows = 0;
    cr_assert(in);
    while (fgets(text, sizeof text, in)) {
        char *json;
        unsigned long long parameters = strtoull(text, &json, 10);
        if (*text == '#')
            continue;
        cr_assert(read_text(json), "%.80s: %s", json, model.error);
        cr_expect_eq(model.parameters, parameters, "%.80s: %llu, not %llu", json,
                     (unsigned long long)model.parameters, parameters);
        cr_expect_not(model.modelled, "%.80s", json);
        hu_model_free(&model);
        rows++;
    }
    fclose(in);
    cr_assert_geq(rows, 320, "only %d rows", rows);
}

/* torchvision's num_params of EfficientNet_B0_Weights to B7, whose layers transformers' class has
 * (models/efficientnet, convert_efficientnet_to_pytorch.py: widths, depths, hidden_dim). */
Test(memory_families, efficientnets_are_as_large_as_torchvision_says)
{
    static const struct {
        const char *width, *depth;
        unsigned hidden;
        uint64_t parameters;
    } rows[] = {{"1.0", "1.0", 1280, 5288548},  {"1.0", "1.1", 1280, 7794184},
                {"1.1", "1.2", 1408, 9109994},  {"1.2", "1.4", 1536, 12233232},
                {"1.4", "1.8", 1792, 19341616}, {"1.6", "2.2", 2048, 30389784},
                {"1.8", "2.6", 2304, 43040704}, {"2.0", "3.1", 2560, 66347960}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text,
                 "{\"model_type\":\"efficientnet\",\"architectures\":["
                 "\"EfficientNetForImageClassification\"],\"width_coefficient\":%s,"
                 "\"depth_coefficient\":%s,\"hidden_dim\":%u,\"num_labels\":1000}",
                 rows[i].width, rows[i].depth, rows[i].hidden);
        cr_assert(read_text(text), "%s", model.error);
        cr_expect_eq(model.parameters, rows[i].parameters, "B%zu: %llu", i,
                     (unsigned long long)model.parameters);
        hu_model_free(&model);
    }
}

/*
 * Cheng et al. 2021 (arXiv:2107.06278, tables 1 and 2): parameters in millions over R50 and Swin-T
 * to L, with 150 classes. Swin-T by hand: its own 27,519,354 and four norms (2,880); the pyramid
 * 4,304,640; queries, projection and decoder 9,695,488; classes 151 · 257 and masks 3 · 256 · 257.
 */
Test(memory_families, maskformers_are_as_large_as_their_paper_says)
{
    static const struct {
        const char *backbone;
        unsigned millions;
    } rows[] = {
        {"\"model_type\":\"resnet\"", 41},
        {"\"embed_dim\":96,\"depths\":[2,2,6,2],\"num_heads\":[3,6,12,24],\"window_size\":7", 42},
        {"\"embed_dim\":96,\"depths\":[2,2,18,2],\"num_heads\":[3,6,12,24],\"window_size\":7", 63},
        {"\"model_type\":\"swin\"", 102},
        {"\"embed_dim\":192,\"depths\":[2,2,18,2],\"num_heads\":[6,12,24,48]", 212},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(
            text, sizeof text,
            "{\"model_type\":\"maskformer\",\"architectures\":["
            "\"MaskFormerForInstanceSegmentation\"],\"num_labels\":150,\"backbone_config\":{%s}}",
            rows[i].backbone);
        cr_assert(read_text(text), "%s", model.error);
        cr_expect_eq((model.parameters + 500000) / 1000000, rows[i].millions, "%s: %llu",
                     rows[i].backbone, (unsigned long long)model.parameters);
        if (rows[i].millions == 42)
            cr_expect_eq(model.parameters,
                         27519354 + 2880 + 4304640 + 9695488 + 151 * 257 + 3 * 256 * 257);
        hu_model_free(&model);
    }
}

/* Gemma 4 of two layers, as transformers 5.17 saves it: 2,422,260,480 parameters there, and under
 * the older keys. The number of a layer may have zeros in front. */
Test(memory_families, settings_by_layer_are_read_under_either_key)
{
    static const char common[] =
        "{\"model_type\":\"gemma4_text\",\"architectures\":[\"Gemma4ForCausalLM\"],"
        "\"vocab_size\":262144,\"hidden_size\":5376,\"intermediate_size\":21504,"
        "\"num_hidden_layers\":2,\"num_attention_heads\":32,\"num_key_value_heads\":16,"
        "\"head_dim\":256,\"hidden_size_per_layer_input\":0,\"attention_k_eq_v\":true,"
        "\"layer_types\":[\"sliding_attention\",\"full_attention\"],";
    static const char *const settings[] = {
        "\"per_layer_config\":{\"1\":{\"head_dim\":512,\"num_key_value_heads\":4}}}",
        "\"per_layer_config\":{\"01\":{\"head_dim\":512,\"num_key_value_heads\":4}}}",
        "\"global_head_dim\":512,\"num_global_key_value_heads\":4}"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        snprintf(text, sizeof text, "%s%s", common, settings[i]);
        cr_assert(read_text(text), "%s", model.error);
        cr_expect_eq(model.parameters, UINT64_C(2422260480), "%s: %llu", settings[i],
                     (unsigned long long)model.parameters);
        hu_model_free(&model);
    }
}

/* transformers reads and saves a class's key under the name in its attribute_map as well: since its
 * version 5 a Qwen3 mixture is saved with "num_local_experts". */
Test(memory_families, experts_are_counted_under_either_name_that_transformers_saves)
{
    static const char json[] =
        "{\"model_type\":\"%s\",\"vocab_size\":100,\"hidden_size\":64,\"num_hidden_layers\":2,"
        "\"num_attention_heads\":4,\"num_key_value_heads\":4,\"intermediate_size\":32,"
        "\"moe_intermediate_size\":32,\"%s\":%d,\"num_experts_per_tok\":2}";
    static const char *const families[] = {"qwen3_moe", "qwen3_omni_moe_talker_text", "mixtral",
                                           "gpt_oss", "olmoe"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        uint64_t counts[2][2];
        for (int name = 0; name < 2; name++)
            for (int more = 0; more < 2; more++) {
                snprintf(text, sizeof text, json, families[i],
                         name ? "num_local_experts" : "num_experts", more ? 20 : 10);
                cr_assert(read_text(text), "%s", model.error);
                counts[name][more] = model.parameters;
                hu_model_free(&model);
            }
        cr_expect_eq(counts[0][0], counts[1][0], "%s", families[i]);
        cr_expect_eq(counts[0][1], counts[1][1], "%s", families[i]);
        cr_expect_geq(counts[0][1] - counts[0][0], UINT64_C(2) * 10 * 3 * 64 * 32, "%s",
                      families[i]);
    }
}

/* Where Llama 4's config lists its layers with experts, the list is what counts. */
Test(memory_families, llama_4s_list_of_layers_with_experts_goes_before_the_step)
{
    static const char json[] =
        "{\"model_type\":\"llama4_text\",\"vocab_size\":100,\"hidden_size\":64,"
        "\"num_hidden_layers\":4,\"num_attention_heads\":4,\"num_key_value_heads\":4,"
        "\"head_dim\":16,\"intermediate_size\":32,\"intermediate_size_mlp\":128,"
        "\"num_local_experts\":8,\"num_experts_per_tok\":1,%s}";
    static const char *const layers[] = {"\"interleave_moe_layer_step\":2",
                                         "\"interleave_moe_layer_step\":2,\"moe_layers\":null",
                                         "\"interleave_moe_layer_step\":1,\"moe_layers\":[1,3]"};
    uint64_t counts[3];
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, json, layers[i]);
        cr_assert(read_text(text), "%s", model.error);
        counts[i] = model.parameters;
        hu_model_free(&model);
    }
    cr_expect_eq(counts[0], counts[1]);
    cr_expect_eq(counts[0], counts[2]);
}

/* Python's json writes numbers that JSON lacks: "time_step_limit" of Mamba 2's and its kin's
 * configs. */
Test(memory_families, pythons_infinity_and_nan_stand_in_a_config)
{
    static const char json[] =
        "{\"model_type\":\"llama\",\"time_step_limit\":[0.0,Infinity,-Infinity],\"loss\":NaN,"
        "\"said\":\"\\\"Infinity\",\"vocab_size\":100,\"hidden_size\":64,\"num_hidden_layers\":2,"
        "\"num_attention_heads\":4,\"intermediate_size\":%s}";
    snprintf(text, sizeof text, json, "32");
    cr_assert(read_text(text), "%s", model.error);
    hu_model_free(&model);
    snprintf(text, sizeof text, json, "Infinity");
    cr_assert_not(read_text(text));
    snprintf(text, sizeof text, json, "Infinite");
    cr_assert_not(read_text(text));
    cr_expect(strstr(model.error, "line 1, column"), "%s", model.error);
}

/* Of MLA's matrices those that read the hidden state, and the one that writes it, have biases. */
Test(memory_families, latent_attention_has_the_biases_that_its_config_says)
{
    static const char json[] =
        "{\"model_type\":\"deepseek_v3\",\"vocab_size\":100,\"hidden_size\":64,"
        "\"num_hidden_layers\":3,\"num_attention_heads\":4,\"intermediate_size\":32,"
        "\"q_lora_rank\":24,\"kv_lora_rank\":16,\"qk_rope_head_dim\":8,\"qk_nope_head_dim\":16,"
        "\"v_head_dim\":16,\"attention_bias\":%s}";
    uint64_t counts[2];
    for (int biased = 0; biased < 2; biased++) {
        snprintf(text, sizeof text, json, biased ? "true" : "false");
        cr_assert(read_text(text), "%s", model.error);
        counts[biased] = model.parameters;
        hu_model_free(&model);
    }
    cr_expect_eq(counts[1] - counts[0], UINT64_C(3) * (24 + 16 + 8 + 64));
}

/* A config may name transformers' model_type and bring other code:
 * jinaai/jina-embeddings-v2-base-en's bare model is of 137,368,320 parameters,
 * zhihan1996/DNABERT-2-117M of 117 million. */
Test(memory_families, code_that_a_model_brings_with_it_is_told_by_auto_map)
{
    static const struct {
        const char *json;
        uint64_t parameters;
    } rows[] = {
        {"{\"model_type\":\"bert\",\"architectures\":[\"JinaBertModel\"],\"vocab_size\":30528,"
         "\"auto_map\":{\"AutoConfig\":\"jinaai/jina-bert-implementation--configuration_bert."
         "JinaBertConfig\"},\"feed_forward_type\":\"geglu\",\"max_position_embeddings\":8192}",
         137368320},
        {"{\"model_type\":\"bert\",\"architectures\":[\"BertForMaskedLM\"],\"vocab_size\":4096,"
         "\"auto_map\":{\"AutoConfig\":\"configuration_bert.BertConfig\"},"
         "\"alibi_starting_size\":512}",
         117074176},
        {"{\"model_type\":\"bert\",\"architectures\":[\"BertModel\"],\"vocab_size\":30522,"
         "\"auto_map\":{\"AutoConfig\":\"elsewhere--configuration.OtherConfig\"}}",
         109482240},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert(read_text(rows[i].json), "%s: %s", rows[i].json, model.error);
        cr_expect_eq(model.parameters, rows[i].parameters, "%s: %llu", rows[i].json,
                     (unsigned long long)model.parameters);
        hu_model_free(&model);
    }
    cr_expect_not(read_text("{\"model_type\":\"bert\",\"hidden_size\":768,\"auto_map\":{"
                            "\"AutoConfig\":\"configuration_bert.BertConfig\"}}"));
    cr_expect(strstr(model.error, "its own code"), "%s", model.error);
}

/* 256 × 320 of a latent consistency model's guidance; SDXL's depths as a list, or one for all
 * stages; the upscaler's attention to the text alone is refused, where it was counted as the usual
 * one. */
Test(memory_families, a_unets_settings_are_counted_or_refused)
{
    static const char json[] = "{\"_class_name\":\"UNet2DConditionModel\",\"sample_size\":64%s}";
    static const struct {
        const char *setting;
        uint64_t parameters;
    } rows[] = {
        {"", 872300484},
        {",\"time_cond_proj_dim\":256", 872300484 + 256 * 320},
        {",\"transformer_layers_per_block\":2", 1127488644},
        {",\"transformer_layers_per_block\":[2,2,2,2]", 1127488644},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, json, rows[i].setting);
        cr_assert(read_text(text), "%s: %s", rows[i].setting, model.error);
        cr_expect_eq(model.parameters, rows[i].parameters, "%s: %llu", rows[i].setting,
                     (unsigned long long)model.parameters);
        hu_model_free(&model);
    }
    snprintf(text, sizeof text, json, ",\"only_cross_attention\":[true,true,true,false]");
    cr_expect_not(read_text(text));
    cr_expect(strstr(model.error, "attention to the text alone"), "%s", model.error);
}

/* EAGLE-3's drafters say "llama": yuhuili/EAGLE3-LLaMA3.1-Instruct-8B's pytorch_model.bin has 850
 * MB of fp16. What else has letters behind ForCausalLM is counted, and said not to be known. */
Test(memory_families, a_drafter_is_told_by_its_class)
{
    static const char json[] =
        "{\"model_type\":\"llama\",\"architectures\":[\"LlamaForCausalLM%s\"],"
        "\"vocab_size\":128256,\"draft_vocab_size\":32000,\"hidden_size\":4096,"
        "\"intermediate_size\":14336,\"num_hidden_layers\":1,\"num_attention_heads\":32,"
        "\"num_key_value_heads\":8}";
    snprintf(text, sizeof text, json, "Eagle3");
    cr_assert(read_text(text), "%s", model.error);
    cr_expect_eq(model.parameters,
                 UINT64_C(4096) * (3 * 4096 + 2 * 6144 + 4096 + 3 * 14336 + 32000 + 4), "%llu",
                 (unsigned long long)model.parameters);
    hu_model_free(&model);
    snprintf(text, sizeof text, json, "Other");
    cr_assert(read_text(text), "%s", model.error);
    cr_assert_eq(model.note_count, 1);
    cr_expect(strstr(model.notes[0], "LlamaForCausalLMOther is not known"), "%s", model.notes[0]);
    hu_model_free(&model);
    snprintf(text, sizeof text, json, "");
    cr_assert(read_text(text), "%s", model.error);
    cr_expect_eq(model.note_count, 0);
    hu_model_free(&model);
}

/* Code that calls itself by another's model_type is counted as that, and said to be something else:
 * Chronos was T5 without what its series go in and out through. */
Test(memory_families, a_class_of_another_name_is_said_to_be_something_else)
{
    static const char t5[] = "{\"model_type\":\"t5\",\"architectures\":[\"%s\"],\"d_model\":8,"
                             "\"d_kv\":4,\"d_ff\":16,\"num_layers\":1,\"num_heads\":2,"
                             "\"vocab_size\":10}";
    snprintf(text, sizeof text, t5, "T5ForConditionalGeneration");
    cr_assert(read_text(text), "%s", model.error);
    uint64_t own = model.parameters;
    size_t notes = model.note_count;
    hu_model_free(&model);
    snprintf(text, sizeof text, t5, "WeatherForForecasting");
    cr_assert(read_text(text), "%s", model.error);
    cr_expect_eq(model.parameters, own);
    cr_assert_eq(model.note_count, notes + 1);
    cr_expect(strstr(model.notes[notes], "WeatherForForecasting is none of the classes that 't5'"),
              "%s", model.notes[notes]);
    hu_model_free(&model);
}

/* Keys of experts that are switched off count none. */
Test(memory_families, an_unknown_decoder_may_have_no_experts_after_all)
{
    static const char json[] =
        "{\"model_type\":\"unheard_of\",\"vocab_size\":100,\"hidden_size\":64,\"num_hidden_"
        "layers\":2,"
        "\"num_attention_heads\":4,\"intermediate_size\":128,\"num_experts\":16,"
        "\"num_experts_per_tok\":2,\"is_moe\":%s}";
    uint64_t counts[2];
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, json, i ? "true" : "false");
        cr_assert(read_text(text), "%s", model.error);
        counts[i] = model.parameters;
        hu_model_free(&model);
    }
    /* 16 perceptrons and a router for one, in each of two layers. */
    cr_assert_eq(counts[1] - counts[0], UINT64_C(2) * (15 * 3 * 64 * 128 + 16 * 64));
}

/* Active parameters as the papers round them, in billions. gpt-oss's card (table 1) leaves the
 * embedding out of the active ones, DeepSeek's README_WEIGHTS has 0.9B of it in. */
Test(memory_families, active_parameters_round_to_what_was_published)
{
    static const struct {
        const char *name;
        bool without_embedding;
        double billions, off;
    } rows[] = {
        {"mixtral-8x7b", false, 13, 0.5},       {"mixtral-8x22b", false, 39, 0.5},
        {"qwen3-30b-a3b", false, 3.3, 0.06},    {"qwen3-235b-a22b", false, 22, 0.5},
        {"deepseek-v2", false, 21, 0.5},        {"deepseek-v3", true, 36.7, 0.1},
        {"gpt-oss-20b", true, 3.61, 0.005},     {"gpt-oss-120b", true, 5.13, 0.005},
        {"qwen1.5-moe-a2.7b", false, 2.7, .05}, {"llama-4-scout-17b-16e", true, 17, 0.5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        read_fixture(rows[i].name);
        uint64_t active = model.active_parameters;
        if (rows[i].without_embedding)
            active -= hu_model_elements(&model, HU_ROLE_EMBEDDING, true);
        double off = (double)active / 1e9 - rows[i].billions;
        cr_assert(off < rows[i].off && off > -rows[i].off, "%s: %llu active", rows[i].name,
                  (unsigned long long)active);
        hu_model_free(&model);
    }
}

/* The Hub counts 680,571,043,840 F8_E4M3 and 3,918,786,560 BF16 elements in DeepSeek-V3's files:
 * the model, the MTP module, and that module's copies of embedding and head, but for the 59 router
 * biases of 256, which are fp32. */
Test(memory_families, deepseek_v3_and_its_mtp_module_are_what_the_files_hold)
{
    read_fixture("deepseek-v3");
    uint64_t copies = 2 * UINT64_C(129280) * 7168, biases = 59 * 256;
    cr_assert_eq(model.parameters + model.mtp_parameters + copies - biases,
                 UINT64_C(680571043840) + UINT64_C(3918786560));
    hu_model_free(&model);
}

/* Three depths of 17 tensors (Megatron-Bridge's Step35Bridge lists them): a dense layer with a
 * window, what joins it to the model, and a head of its own. */
Test(memory_families, step_3_5_predicts_by_dense_layers_with_heads_of_their_own)
{
    read_fixture("step-3.5-flash");
    uint64_t h = 4096, attention = h * 128 * (2 * 96 + 2 * 8) + 96 * h + 2 * 128;
    uint64_t depth = attention + 3 * h * 11264 + 2 * h * h + 5 * h + UINT64_C(128896) * h;
    cr_assert_eq(model.mtp_parameters, 3 * depth);
    cr_assert_eq(model.parameters, UINT64_C(196956130368));
    size_t rows = 0;
    for (size_t i = 0; i < model.tensors.count; i++)
        rows += model.tensors.rows[i].tower == HU_ROLE_MTP ? model.tensors.rows[i].copies : 0;
    cr_assert_eq(rows, 51);
    hu_model_free(&model);
}

/* gpt-oss model card, table 1, in billions: MLP, attention, embedding and unembedding. */
Test(memory_families, parts_are_those_that_were_published)
{
    read_fixture("gpt-oss-20b");
    double mlp = (double)(hu_model_elements(&model, HU_ROLE_MLP, false) +
                          hu_model_elements(&model, HU_ROLE_EXPERT, false));
    cr_assert_float_eq(mlp / 1e9, 19.12, 0.005);
    cr_assert_float_eq((double)hu_model_elements(&model, HU_ROLE_ATTENTION, false) / 1e9, 0.64,
                       0.005);
    cr_assert_float_eq((double)(hu_model_elements(&model, HU_ROLE_EMBEDDING, false) +
                                hu_model_elements(&model, HU_ROLE_HEAD, false)) /
                           1e9,
                       1.16, 0.005);
    hu_model_free(&model);
    /* BLOOM's card: 3,596,615,680 embedding parameters (the norm behind them not counted). */
    read_fixture("bloom");
    cr_assert_eq(hu_model_elements(&model, HU_ROLE_EMBEDDING, false), UINT64_C(3596615680));
    hu_model_free(&model);
}

/* NVIDIA-NeMo/Megatron-Bridge counted 854,172,958,720 bytes in MiniMaxAI/MiniMax-M3: routers and
 * the tower's first convolution are in fp32, the rest in bf16. */
Test(memory_families, what_a_mixture_keeps_in_fp32_is_as_published)
{
    uint64_t bytes = 0;
    read_fixture("minimax-m3");
    for (size_t i = 0; i < model.tensors.count; i++) {
        const struct hu_tensor_row *row = &model.tensors.rows[i];
        bytes += hu_row_elements(row) * (row->dtype.format == hu_format_find("fp32") ? 4 : 2);
    }
    cr_assert_eq(bytes, UINT64_C(854172958720), "%llu", (unsigned long long)bytes);
    hu_model_free(&model);
}

/* The class's own config, added up over the modules of inclusionAI/Ring-V2.5's
 * modeling_bailing_moe_v2_5.py: 20 layers, in groups of five. */
Test(memory_families, a_hybrid_of_latent_and_linear_attention_is_read_by_its_class)
{
    static const char json[] = "{\"model_type\":\"bailing_hybrid\",\"architectures\":"
                               "[\"BailingMoeV%sForCausalLM\"],\"vocab_size\":157184,"
                               "\"hidden_size\":2048,\"intermediate_size\":5120,"
                               "\"num_hidden_layers\":20,\"num_attention_heads\":16,"
                               "\"num_key_value_heads\":4,\"moe_intermediate_size\":512}";
    snprintf(text, sizeof text, json, "2_5");
    cr_assert(read_text(text), "%s", model.error);
    cr_assert_eq(model.parameters, UINT64_C(16436556544), "%llu",
                 (unsigned long long)model.parameters);
    hu_model_free(&model);
    snprintf(text, sizeof text, json, "3");
    cr_assert_not(read_text(text));
    cr_assert(strstr(model.error, "the layers of BailingMoeV3ForCausalLM are not known"), "%s",
              model.error);
}

static size_t sliding_layers(const char *name, uint64_t window)
{
    size_t n = 0;
    read_fixture(name);
    for (size_t i = 0; i < model.tensors.kept_count; i++) {
        n += model.tensors.kept[i].tokens != 0;
        cr_assert(!model.tensors.kept[i].tokens || model.tensors.kept[i].tokens == window, "%s",
                  name);
    }
    hu_model_free(&model);
    return n;
}

Test(memory_families, layers_slide_as_the_family_says)
{
    cr_assert_eq(sliding_layers("mistral-7b-v0.1", 4096), 32);
    cr_assert_eq(sliding_layers("mistral-nemo-12b", 0), 0);
    cr_assert_eq(sliding_layers("gemma-2-9b", 4096), 21);
    cr_assert_eq(sliding_layers("gemma-3-1b", 512), 22);
    cr_assert_eq(sliding_layers("gemma-3-27b", 1024), 52);
    cr_assert_eq(sliding_layers("gpt-oss-20b", 128), 12);
    cr_assert_eq(sliding_layers("qwen2-7b", 0), 0, "use_sliding_window is false");
    cr_assert_eq(sliding_layers("llama-4-scout-17b-16e", 8192), 36);
}

Test(memory_families, experts_stand_where_the_config_says)
{
    static const char base[] =
        "{\"model_type\":\"deepseek_v2\",\"vocab_size\":2,\"hidden_size\":4,\"num_hidden_layers\":"
        "6,"
        "\"num_attention_heads\":1,\"intermediate_size\":8,\"kv_lora_rank\":1,\"qk_nope_head_dim\":"
        "1,"
        "\"qk_rope_head_dim\":1,\"v_head_dim\":1,\"n_routed_experts\":3,\"num_experts_per_tok\":1,"
        "\"moe_intermediate_size\":2,\"first_k_dense_replace\":%u,\"moe_layer_freq\":%u}";
    static const unsigned rows[][3] = {{0, 1, 6}, {1, 1, 5}, {1, 2, 2},
                                       {2, 2, 2}, {3, 3, 1}, {6, 1, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[512];
        snprintf(json, sizeof json, base, rows[i][0], rows[i][1]);
        cr_assert(read_text(json), "%s", model.error);
        cr_assert_eq(hu_model_elements(&model, HU_ROLE_EXPERT, false), rows[i][2] * 3 * 3 * 8,
                     "%zu", i);
        cr_assert_eq(hu_model_elements(&model, HU_ROLE_EXPERT, true), rows[i][2] * 3 * 8, "%zu", i);
        hu_model_free(&model);
    }
}

Test(memory_families, the_class_decides_about_the_head)
{
    static const struct {
        const char *base, *class;
        int64_t more; /* than the causal or masked model */
    } rows[] = {
        {"llama", "LlamaModel", -80},
        {"llama", "LlamaForSequenceClassification", 3 * 8 - 80},
        {"llama", "LlamaForCausalLM", 0},
        /* BertForMaskedLM has 64 + 8, 16 and 10 of its own. */
        {"bert", "BertModel", 72 - 98},
        {"bert", "BertForSequenceClassification", 72 + 27 - 98},
        {"bert", "BertForTokenClassification", 27 - 98},
        {"bert", "BertForQuestionAnswering", 18 - 98},
        {"bert", "BertForPreTraining", 72 + 18},
        {"roberta", "RobertaForSequenceClassification", 72 + 27 - 98},
    };
    static const char base[] =
        "{\"model_type\":\"%s\",\"architectures\":[\"%s\"],\"vocab_size\":10,\"hidden_size\":8,"
        "\"num_hidden_layers\":1,\"num_attention_heads\":2,\"intermediate_size\":16,"
        "\"max_position_embeddings\":4,\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\"}}";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[512];
        bool llama = !strcmp(rows[i].base, "llama");
        snprintf(json, sizeof json, base, rows[i].base,
                 llama ? "LlamaForCausalLM" : "BertForMaskedLM");
        cr_assert(read_text(json), "%s", model.error);
        uint64_t plain = model.parameters;
        hu_model_free(&model);
        snprintf(json, sizeof json, base, rows[i].base, rows[i].class);
        cr_assert(read_text(json), "%s", model.error);
        cr_assert_eq((int64_t)(model.parameters - plain), rows[i].more, "%s: %lld", rows[i].class,
                     (long long)(model.parameters - plain));
        hu_model_free(&model);
    }
}

Test(memory_families, biases_and_ties_are_counted)
{
    static const char base[] =
        "{\"model_type\":\"llama\",\"vocab_size\":10,\"hidden_size\":8,\"num_hidden_layers\":1,"
        "\"num_attention_heads\":2,\"intermediate_size\":16%s}";
    static const struct {
        const char *more;
        uint64_t count;
    } rows[] = {
        /* 2 × 80 + 4 × 64 + 3 × 128 + 3 × 8 */
        {"", 824},
        {",\"tie_word_embeddings\":true", 824 - 80},
        {",\"attention_bias\":true", 824 + 4 * 8},
        {",\"mlp_bias\":true", 824 + 16 + 16 + 8},
        {",\"num_key_value_heads\":1", 824 - 64},
        {",\"num_key_value_heads\":null", 824},
        {",\"head_dim\":8", 824 + 256},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[512];
        snprintf(json, sizeof json, base, rows[i].more);
        cr_assert(read_text(json), "%s", model.error);
        cr_assert_eq(model.parameters, rows[i].count, "%s: %llu", rows[i].more,
                     (unsigned long long)model.parameters);
        hu_model_free(&model);
    }
}

static uint64_t counted(const char *json)
{
    cr_assert(read_text(json), "%s: %s", json, model.error);
    cr_expect_not(model.modelled, "%s", json);
    uint64_t n = model.parameters;
    hu_model_free(&model);
    return n;
}

/* Releases that keep the text's keys beside the tower's, and what transformers saves of them. */
Test(memory_families, texts_in_an_object_of_their_own_or_flat_count_alike)
{
    static const struct {
        const char *head, *flat, *nested;
    } rows[] = {
        {"\"model_type\":\"hunyuan_vl\",\"vision_config\":{\"num_hidden_layers\":2}",
         "\"hidden_size\":64,\"num_attention_heads\":4,\"num_hidden_layers\":2,"
         "\"vocab_size\":100,\"intermediate_size\":96,\"head_dim\":16",
         "\"model_type\":\"hunyuan_vl_text\",\"hidden_size\":64,\"num_attention_heads\":4,"
         "\"num_hidden_layers\":2,\"vocab_size\":100,\"intermediate_size\":96,\"head_dim\":16"},
        {"\"model_type\":\"ernie4_5_vl_moe\",\"vision_config\":{\"depth\":2}",
         "\"hidden_size\":64,\"num_attention_heads\":4,\"num_key_value_heads\":2,"
         "\"num_hidden_layers\":3,\"vocab_size\":100,\"intermediate_size\":96,"
         "\"moe_num_experts\":[8,8],\"moe_intermediate_size\":[32,16],\"moe_layer_start_index\":"
         "[1,1],\"moe_layer_end_index\":[9,8]",
         "\"model_type\":\"ernie4_5_vl_moe_text\",\"hidden_size\":64,\"num_attention_heads\":4,"
         "\"num_key_value_heads\":2,\"num_hidden_layers\":3,\"vocab_size\":100,"
         "\"intermediate_size\":96,\"moe_num_experts\":8,\"moe_intermediate_size\":[32,16],"
         "\"mlp_layer_types\":[\"dense\",\"sparse\",\"sparse\"]"},
        {"\"model_type\":\"glm5_next\",\"vision_config\":{\"depth\":2}",
         "\"hidden_size\":64,\"num_hidden_layers\":4,\"vocab_size\":100",
         "\"model_type\":\"glm5_next_text\",\"hidden_size\":64,\"num_hidden_layers\":4,"
         "\"vocab_size\":100"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "{%s,%s}", rows[i].head, rows[i].flat);
        uint64_t flat = counted(text);
        snprintf(text, sizeof text, "{%s,\"text_config\":{%s}}", rows[i].head, rows[i].nested);
        cr_expect_eq(counted(text), flat, "%s: %llu flat", text, (unsigned long long)flat);
    }
}

/* A tie is the whole model's where it says, else its text's, else its class's. */
Test(memory_families, ties_at_either_level_are_read)
{
    static const struct {
        const char *whole, *text;
        bool tied;
    } rows[] = {
        {"", "", true},
        {",\"tie_word_embeddings\":false", "", false},
        {"", ",\"tie_word_embeddings\":false", false},
        {",\"tie_word_embeddings\":true", ",\"tie_word_embeddings\":false", true},
    };
    uint64_t tied = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text,
                 "{\"model_type\":\"hunyuan_vl\"%s,\"vision_config\":{\"num_hidden_layers\":1},"
                 "\"text_config\":{\"hidden_size\":64,\"num_attention_heads\":4,"
                 "\"num_hidden_layers\":2,\"vocab_size\":100%s}}",
                 rows[i].whole, rows[i].text);
        uint64_t n = counted(text);
        tied = i ? tied : n;
        cr_expect_eq(n - tied, rows[i].tied ? 0 : 6400, "row %zu", i);
    }
}

/* transformers 4 leaves out of the whole what its text says; LLaVA's text goes first. A head beside
 * the language model is none of the bare class's. */
Test(memory_families, heads_beside_a_language_model_are_tied_by_one_rule)
{
    static const struct {
        const char *head, *class, *whole, *text;
        bool tied;
    } rows[] = {
        {"qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", "", "true", true},
        {"qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", "", "false", false},
        {"qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration", "false", "true", false},
        {"qwen2_5_vl", "Qwen2_5_VLModel", "false", "false", true},
        {"qwen3_vl", "Qwen3VLForConditionalGeneration", "null", "true", true},
        {"qwen3_vl", "Qwen3VLForConditionalGeneration", "", "", false},
        {"qwen3_vl", "Qwen3VLModel", "", "", true},
        {"qwen3_5", "Qwen3_5Model", "", "", true},
        {"llava", "LlavaForConditionalGeneration", "false", "true", true},
        {"llava", "LlavaForConditionalGeneration", "true", "false", true},
        {"llava", "LlavaForConditionalGeneration", "", "", false},
        {"mllama", "MllamaForConditionalGeneration", "true", "true", false},
        {"mllama", "MllamaModel", "", "", true},
        {"paligemma", "PaliGemmaForConditionalGeneration", "", "", true},
        {"paligemma", "PaliGemmaForConditionalGeneration", "false", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text,
                 "{\"model_type\":\"%s\",\"architectures\":[\"%s\"],%s%s%s\"vision_config\":{},"
                 "\"text_config\":{%s%s%s\"hidden_size\":64,\"num_attention_heads\":4,"
                 "\"num_hidden_layers\":2,\"vocab_size\":100,\"intermediate_size\":96}}",
                 rows[i].head, rows[i].class, *rows[i].whole ? "\"tie_word_embeddings\":" : "",
                 rows[i].whole, *rows[i].whole ? "," : "",
                 *rows[i].text ? "\"tie_word_embeddings\":" : "", rows[i].text,
                 *rows[i].text ? "," : "");
        cr_assert(read_text(text), "row %zu: %s", i, model.error);
        uint64_t head = 0;
        for (size_t j = 0; j < model.tensors.count; j++)
            if (model.tensors.rows[j].role == HU_ROLE_HEAD && !model.tensors.rows[j].tied)
                head += hu_row_elements(&model.tensors.rows[j]);
        cr_expect_eq(head, rows[i].tied ? 0 : 6400, "row %zu: %llu", i, (unsigned long long)head);
        hu_model_free(&model);
    }
}

/* Without what talks it is what thinks; a config that is silent has the class's. */
Test(memory_families, qwen2_5_omni_may_be_silent)
{
    static const char thinker[] =
        "\"thinker_config\":{\"text_config\":{\"hidden_size\":64,\"num_attention_heads\":4,"
        "\"num_key_value_heads\":2,\"num_hidden_layers\":1,\"vocab_size\":100,"
        "\"intermediate_size\":96},\"audio_config\":{\"encoder_layers\":1},"
        "\"vision_config\":{\"depth\":1,\"hidden_size\":1280}}";
    snprintf(text, sizeof text,
             "{\"model_type\":\"qwen2_5_omni\",\"enable_audio_output\":false,%s}", thinker);
    uint64_t silent = counted(text);
    snprintf(text, sizeof text,
             "{\"model_type\":\"qwen2_5_omni\",%s,\"talker_config\":{"
             "\"hidden_size\":896,\"embedding_size\":64,\"num_hidden_layers\":1},\"token2wav_"
             "config\":{}}",
             thinker);
    cr_assert(read_text(text), "%s", model.error);
    uint64_t wave = 0;
    for (size_t i = 0; i < model.tensors.count; i++)
        if (model.tensors.rows[i].dtype.format)
            wave += hu_row_elements(&model.tensors.rows[i]);
    /* The diffusion transformer and BigVGAN, which are stored in fp32. */
    cr_expect_eq(wave, UINT64_C(333607760) + 115443504, "%llu", (unsigned long long)wave);
    cr_expect_gt(model.parameters - wave, silent);
    hu_model_free(&model);
}

/* What wraps a known language model in what is not known is sized by that model, and says so. */
Test(memory_families, an_unknown_wrapper_is_its_language_model)
{
    static const char *const keys[] = {"text_config", "llm_config", "language_config",
                                       "language_model"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char json[512];
        snprintf(json, sizeof json,
                 "{\"model_type\":\"unheard_of_vl\",\"vision_config\":{\"depth\":3},\"%s\":{"
                 "\"model_type\":\"llama\",\"vocab_size\":10,\"hidden_size\":8,"
                 "\"num_hidden_layers\":1,\"num_attention_heads\":2,\"intermediate_size\":16}}",
                 keys[i]);
        cr_assert(read_text(json), "%s", model.error);
        cr_assert_eq(model.parameters, 824);
        cr_assert(model.modelled);
        cr_assert(model.note_count && strstr(model.notes[0], "its language model alone (llama)"));
        hu_model_free(&model);
    }
}

/* A class under a model_type that is not known may have other keys: its own sizes are no answer. */
Test(memory_families, a_renamed_type_is_not_given_its_classs_sizes)
{
    cr_assert_not(read_text("{\"model_type\":\"phi-new\",\"architectures\":"
                            "[\"PhiForCausalLM\"],\"vocab_size\":51200,\"n_embd\":2560}"));
    cr_assert(strstr(model.error, "model_type is not known"), "%s", model.error);
    hu_model_free(&model);
    cr_assert(read_text("{\"architectures\":[\"PhiForCausalLM\"],\"vocab_size\":51200}"), "%s",
              model.error);
    hu_model_free(&model);
}

Test(memory_families, bad_configs_say_what_is_wrong)
{
    static const struct {
        const char *json, *reason;
    } rows[] = {
        {"", "line 1, column 0 (byte 0)"},
        {"{\"a\":1,\n \"a\":2}", "duplicate object key"},
        {"{\"a\":1,\n x}", "line 2"},
        {"[]", "is a JSON object"},
        {"{}", "no \"model_type\" or \"architectures\""},
        {"{\"model_type\":\"unheard_of\"}", "'unheard_of' is not known"},
        {"{\"model_type\":\"unheard_of\"}", "--parameters N"},
        {"{\"model_type\":\"unheard_of\"}", "--kv-heads"},
        {"{\"model_type\":\"llama\"}", "lacks vocab_size, hidden_size, num_hidden_layers"},
        {"{\"model_type\":\"llama\",\"vocab_size\":-1}", "\"vocab_size\" must be a whole number"},
        {"{\"model_type\":\"llama\",\"vocab_size\":1.5}", "\"vocab_size\" must be a whole number"},
        {"{\"model_type\":\"llama\",\"vocab_size\":0}", "must not be 0"},
        {"{\"model_type\":\"gemma3\"}", "lacks text_config"},
        {"{\"model_type\":\"llama\",\"vocab_size\":10,\"hidden_size\":7,\"num_hidden_layers\":1,"
         "\"num_attention_heads\":2,\"intermediate_size\":16}",
         "\"hidden_size\" 7 is no multiple of \"num_attention_heads\" 2"},
        {"{\"model_type\":\"llama\",\"vocab_size\":10,\"hidden_size\":8,"
         "\"num_hidden_layers\":1000000,\"num_attention_heads\":2,\"intermediate_size\":16}",
         "is over 16384"},
        {"{\"model_type\":\"llama\",\"vocab_size\":1099511627776,\"hidden_size\":1099511627776,"
         "\"num_hidden_layers\":16000,\"num_attention_heads\":2,\"head_dim\":1,"
         "\"intermediate_size\":16}",
         "more parameters than 64 bits"},
        {"{\"model_type\":\"vision-encoder-decoder\",\"encoder\":{\"model_type\":\"vit\","
         "\"hidden_size\":8},\"decoder\":{\"model_type\":\"opt\",\"n_embd\":8}}",
         "of what writes only TrOCR's decoder, mBART's and GPT-2 are known, not opt"},
        {"{\"model_type\":\"vision-encoder-decoder\",\"encoder\":{\"model_type\":\"convnext\","
         "\"hidden_size\":8},\"decoder\":{\"model_type\":\"trocr\",\"d_model\":8}}",
         "of what sees only ViT, DeiT and Swin are known, not convnext"},
        {"{\"model_type\":\"minicpmo\",\"version\":\"4.5\",\"vocab_size\":8,\"hidden_size\":8}",
         "the voice of MiniCPM-o 4.5 is not listed: name its model.safetensors.index.json"},
        {"{\"model_type\":\"blip\",\"architectures\":[\"BlipForQuestionAnswering\"],"
         "\"text_config\":{\"hidden_size\":8},\"vision_config\":{\"hidden_size\":8}}",
         "of BLIP's classes only the one that writes is known"},
        {"{\"model_type\":\"ernie4_5_vl_moe\",\"vision_config\":{\"depth\":1},\"hidden_size\":64,"
         "\"num_hidden_layers\":9,\"moe_layer_end_index\":[5,5]}",
         "its layers with experts end before the last"},
        {"{\"model_type\":\"qwen2_5_omni\",\"enable_audio_output\":false}", "lacks "},
        {"{\"model_type\":\"granite_speech\",\"text_config\":{\"model_type\":\"unheard_of\"},"
         "\"encoder_config\":{\"num_layers\":1},\"projector_config\":{\"hidden_size\":64}}",
         "the family of a nested config is not known: 'unheard_of'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert_not(read_text(rows[i].json), "%s", rows[i].json);
        cr_assert(strstr(model.error, rows[i].reason), "%s: '%s'", rows[i].json, model.error);
        hu_model_free(&model);
    }
}
