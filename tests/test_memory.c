#include "sizing_trial.h"
#include "memory/families.h"
#include "memory/model.h"

#include <stdlib.h>

static struct hu_dtype dtype(const char *name)
{
    struct hu_dtype d;
    cr_assert(hu_dtype_find(name, &d), "%s", name);
    return d;
}

static double gib(uint64_t bytes)
{
    return (double)bytes / 1073741824.0;
}

static uint64_t weights(uint64_t parameters, const char *name)
{
    begin_count(parameters);
    request.dtypes[0] = dtype(name);
    request.dtype_count = 1;
    make();
    return sizing.weights[0].bytes;
}

Test(memory, the_worked_examples_of_the_field_come_out)
{
    cr_assert_float_eq(gib(weights(7000559616, "fp32")), 26.08, 0.005);
    cr_assert_float_eq(gib(weights(7000559616, "bf16")), 13.04, 0.005);
    cr_assert_float_eq(gib(weights(1000000000, "fp32")), 3.725, 0.0005);
    cr_assert_eq(weights(1000000000, "fp32"), UINT64_C(4000000000));
    weights(70000000000, "bf16");
    cr_assert_eq(sizing.weights[0].inference_bytes, UINT64_C(168000000000));
    begin_count(1000000000);
    train("fp32");
    request.plan.has_activations = true;
    request.plan.activations = 4000000000;
    request.plan.buffers = 2000000000;
    make();
    cr_assert_eq(sizing.training.weights, 4000000000);
    cr_assert_eq(sizing.training.gradients, 4000000000);
    cr_assert_eq(sizing.training.optimizer, 8000000000);
    cr_assert_eq(sizing.training.total, UINT64_C(22000000000));
}

Test(memory, block_formats_cost_what_their_blocks_do)
{
    static const struct {
        const char *name;
        double bits;
    } rows[] = {
        {"fp64", 64},
        {"fp32", 32},
        {"tf32", 32},
        {"bf16", 16},
        {"fp16", 16},
        {"fp8_e4m3", 8},
        {"fp6_e2m3", 6},
        {"fp4_e2m1", 4},
        {"int8", 8},
        {"int4", 4},
        {"bool", 8},
        {"mxfp8", 8.25},
        {"mxfp6", 6.25},
        {"mxfp4", 4.25},
        {"nvfp4", 4.5},
        {"nf4", 4.5},
        {"gptq4_g128", 4.15625},
        {"awq", 4.15625},
        {"gptq4_g32", 4.625},
        {"q4_0", 4.5},
        {"q6_K", 6.5625},
        {"Q8_0", 8.5},
        {"iq4_xs", 4.25},
        {"tq1_0", 1.6875},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert_float_eq(hu_dtype_bits(dtype(rows[i].name)), rows[i].bits, 1e-9, "%s",
                           rows[i].name);
    /* Widths are the format table's. */
    for (size_t i = 0; hu_format_at(i); i++)
        cr_assert_eq(weights(24, hu_format_at(i)->name), 3 * hu_format_at(i)->storage_bits);
    for (size_t i = 0; hu_integer_at(i); i++)
        cr_assert_eq(weights(24, hu_integer_at(i)->name), 3 * hu_integer_at(i)->storage_bits);
    /* QLoRA section 3: 0.127 bits a parameter for the constants. */
    cr_assert_float_eq(hu_dtype_bits(dtype("nf4_dq")), 4.127, 0.0005);
    /* Bytes come whole. */
    cr_assert_eq(weights(3, "int4"), 2);
    cr_assert_eq(weights(3, "fp6_e2m3"), 3);
    cr_assert_eq(weights(33, "q4_0"), 36);
    cr_assert_eq(weights(32, "mxfp4"), 17);
}

Test(memory, ten_to_the_eighteenth_parameters_do_not_overflow)
{
    cr_assert_eq(weights(UINT64_C(1000000000000000000), "fp64"), UINT64_C(8000000000000000000));
    cr_assert_eq(weights(UINT64_C(1000000000000000000), "mxfp4"), UINT64_C(531250000000000000));
    begin_count(UINT64_C(1000000000000000000));
    train("mixed-both-grads");
    cr_assert_not(hu_sizing_make(&model, &request, &sizing, error), "20 × 10^18 is over 2^64");
    cr_assert(strstr(error, "64 bits"), "%s", error);
    train("bf16");
    cr_assert(hu_sizing_make(&model, &request, &sizing, error), "%s", error);
    cr_assert_eq(sizing.training.total, UINT64_C(8000000000000000000));
    begin_count(UINT64_MAX);
    request.dtypes[0] = dtype("fp64");
    request.dtype_count = 1;
    cr_assert_not(hu_sizing_make(&model, &request, &sizing, error));
}

static uint64_t kv(const char *fixture, const char *name, uint64_t context, uint64_t batch)
{
    begin(fixture);
    request.kv_dtype = dtype(name);
    request.context = context;
    request.batch = batch;
    make();
    hu_model_free(&model);
    return sizing.kv.bytes;
}

static uint64_t token(const char *fixture, const char *name)
{
    kv(fixture, name, 1, 1);
    return sizing.kv.bytes_per_token;
}

Test(memory, the_kv_cache_of_a_token_is_as_published)
{
    /* DeepSeek-V3 against Qwen2.5 72B's 327.680 KB and Llama-3.1 405B's 516.096 KB: "Insights into
     * DeepSeek-V3" (arXiv:2505.09343), table 1. */
    cr_assert_eq(token("deepseek-v3", "bf16"), 70272);
    cr_assert_eq(token("llama-3.1-405b", "bf16"), 516096);
    /* 2 × 32 layers × 8 heads × 128 × 2 bytes; without grouping it would be four times that. */
    cr_assert_eq(token("llama-3-8b", "bf16"), 131072);
    cr_assert_eq(token("llama-7b", "fp16"), 524288);
    /* head_dim 128 is not 2048 / 32. */
    cr_assert_eq(token("qwen3-30b-a3b", "bf16"), 2 * 48 * 4 * 128 * 2);
    /* One key-value head in all. */
    cr_assert_eq(token("falcon-7b", "bf16"), 2 * 32 * 1 * 64 * 2);
    /* 1,024 numbers in blocks of 32, 34 bytes each. */
    cr_assert_eq(token("llama-3-8b", "q8_0"), 2 * 32 * 32 * 34);
    cr_assert_eq(token("llama-3-8b", "fp8_e4m3"), 65536);
    cr_assert_eq(token("deepseek-v2-lite", "bf16"), 27 * 576 * 2);
    /* An indexer's keys of 128 come on top: in all layers, or in all but the first three. */
    cr_assert_eq(token("deepseek-v3.2", "bf16"), 61 * (576 + 128) * 2);
    cr_assert_eq(token("minimax-m3", "bf16"), 60 * 2 * 4 * 128 * 2 + 57 * 128 * 2);
}

/* Bytes of the states of a request of one token under RUNTIME, a cache in DTYPE, TP devices. */
static uint64_t states(const char *fixture, const char *runtime, const char *name, uint64_t tp)
{
    begin(fixture);
    request.kv_dtype = dtype(name);
    request.context = request.batch = 1;
    request.plan.tensor_parallel = tp;
    cr_assert(!*runtime || hu_runtime_read(runtime, &request.runtime, error), "%s", error);
    make();
    hu_model_free(&model);
    return sizing.kv.state_bytes;
}

/* cache_utils.py: LinearAttentionLayer keeps conv_kernel_size inputs of each channel. */
Test(memory, transformers_keeps_a_convolutions_whole_width_and_others_one_input_less)
{
    /* 10 layers of 2,048 channels, 3 wide. */
    cr_assert_eq(states("lfm2-1.2b", "", "bf16", 1), 10 * 2048 * 2 * 2);
    cr_assert_eq(states("lfm2-1.2b", "transformers", "bf16", 1), 10 * 2048 * 3 * 2);
    cr_assert_eq(states("lfm2-1.2b", "llama.cpp", "bf16", 1), 10 * 2048 * 2 * 4);
    cr_assert_eq(states("lfm2-1.2b", "transformers", "fp32", 1), 10 * 2048 * 3 * 4,
                 "computed in fp32");
    cr_assert_eq(states("mamba-1.4b", "transformers", "bf16", 1), 48 * 4096 * (16 * 4 + 4 * 2));
    cr_assert_eq(states("nemotron-nano-9b-v2", "transformers", "bf16", 1),
                 27 * (10240 * 128 * 4 + (10240 + 2 * 8 * 128) * 4 * 2));
    /* Its convolutions are computed in fp32. */
    cr_assert_eq(states("inkling", "transformers", "bf16", 1),
                 4 * 4 * (11 * (2 * 8 * 128 + 2 * 6144) + 55 * (2 * 16 * 128 + 2 * 6144)));
    /* Code of its own, which keeps one less. */
    cr_assert_eq(states("recurrentgemma-2b", "transformers", "bf16", 1),
                 states("recurrentgemma-2b", "", "bf16", 1));
    /* Lightning attention's sums are in the model's dtype. */
    cr_assert_eq(states("minimax-text-01", "transformers", "bf16", 1), 70 * 64 * 128 * 128 * 2);
}

static uint64_t vllm_page(const char *config)
{
    begin(NULL);
    cr_assert(hu_model_read_config(config, strlen(config), &model), "%s", model.error);
    cr_assert(hu_runtime_read("vllm", &request.runtime, error), "%s", error);
    request.context = 1;
    make();
    hu_model_free(&model);
    return sizing.kv.page_tokens;
}

#define NEMOTRON_NANO_V2                                                                           \
    "\"model_type\":\"nemotron_h\",\"hidden_size\":4480,\"num_key_value_heads\":8,\"head_dim\":"   \
    "128,"                                                                                         \
    "\"mamba_num_heads\":128,\"mamba_head_dim\":80,\"ssm_state_size\":128,\"n_groups\":8,"         \
    "\"conv_kernel\":4,\"hybrid_override_pattern\":\"M*-\"}"

/* mamba_utils.py: the model's dtype, or what the config says (models/config.py). */
Test(memory, vllm_keeps_recurrent_states_in_the_dtype_of_the_config_or_the_model)
{
    /* "672 tokens for NVIDIA-Nemotron-Nano-9B-v2" (vllm-project/vllm#24280), states in 16 bits. */
    cr_assert_eq(vllm_page("{\"mamba_ssm_cache_dtype\":\"bfloat16\"," NEMOTRON_NANO_V2), 672);
    cr_assert_eq(vllm_page("{\"mamba_ssm_cache_dtype\":\"float32\"," NEMOTRON_NANO_V2), 1312);
    cr_assert_eq(vllm_page("{" NEMOTRON_NANO_V2), 1312, "the class's default");
    /* (32 × 128 × 128 + 3 × 8,192) × 2 bytes over 2,048 a token. */
    states("qwen3-next-80b-a3b", "vllm", "bf16", 1);
    cr_assert_eq(sizing.kv.page_tokens, 544);
    /* "Setting attention block size to 528 tokens" (vllm-project/vllm#37467). */
    states("qwen3.5-9b", "vllm", "bf16", 1);
    cr_assert_eq(sizing.kv.page_tokens, 528);
    /* Channels are divided, groups too where there are as many. */
    uint64_t one = states("falcon-mamba-7b", "vllm", "bf16", 1);
    cr_assert_eq(states("falcon-mamba-7b", "vllm", "bf16", 2), one / 2);
}

Test(memory, windows_cap_a_request_and_not_the_capacity)
{
    cr_assert_eq(kv("llama-3-8b", "bf16", 8192, 1), UINT64_C(1) << 30);
    cr_assert_eq(kv("llama-3-8b", "bf16", 8192, 16), UINT64_C(16) << 30);
    /* 22 layers keep 512 tokens, 4 keep all; 2 × 256 × 2 bytes a layer and token. */
    cr_assert_eq(kv("gemma-3-1b", "bf16", 32768, 1), 1024 * (22 * 512 + 4 * 32768));
    cr_assert_eq(sizing.kv.capacity, 1024 * 26 * 32768);
    cr_assert_eq(kv("gemma-3-1b", "bf16", 100, 3), 3 * 1024 * 26 * 100);
    cr_assert_eq(sizing.kv.capacity, sizing.kv.bytes, "shorter than the window");
    cr_assert_eq(kv("mistral-7b-v0.1", "bf16", 32768, 1), UINT64_C(131072) * 4096);
}

Test(memory, an_encoder_and_a_bare_count_have_no_kv_cache_and_say_why)
{
    begin("bert-base-uncased");
    request.context = 512;
    make();
    cr_assert_not(sizing.has_kv);
    bool said = false;
    for (size_t i = 0; i < sizing.terms.count; i++)
        said |= strstr(sizing.terms.rows[i].formula, "encoder") != NULL;
    cr_assert(said);
    hu_model_free(&model);
    begin_count(7);
    make();
    cr_assert_not(sizing.has_kv);
    cr_assert(strstr(sizing.terms.rows[0].formula, "--kv-heads"));
}

/* Megatron-LM's table of bytes a parameter, and ZeRO section 3.1. */
Test(memory, recipes_cost_the_published_bytes_a_parameter)
{
    static const struct {
        const char *recipe;
        uint64_t bytes;
    } rows[] = {{"fp32", 16}, {"autocast", 16},         {"mixed", 16},
                {"bf16", 8},  {"mixed-fp32-grads", 18}, {"mixed-both-grads", 20}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_count(1000000);
        train(rows[i].recipe);
        make();
        cr_assert_eq(sizing.training.total, rows[i].bytes * 1000000, "%s", rows[i].recipe);
    }
    begin_count(1000000);
    train("mixed");
    make();
    cr_assert_eq(sizing.training.optimizer, 8000000, "mixed precision does not halve the state");
}

Test(memory, optimizers_keep_what_they_keep)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } rows[] = {{"sgd", 0},   {"momentum", 4}, {"adam", 8},
                {"adamw", 8}, {"lion", 4},     {"sparse-adam", 8}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_count(1024);
        train("fp32");
        request.plan.optimizer = hu_optimizer_find(rows[i].name);
        make();
        cr_assert_eq(sizing.training.optimizer, rows[i].bytes * 1024, "%s", rows[i].name);
    }
    begin_count(8192);
    train("fp32");
    request.plan.optimizer = hu_optimizer_find("adam8bit");
    make();
    cr_assert_eq(sizing.training.optimizer, 2 * (8192 + 4 * 32));
    /* A row and a column of each matrix. */
    begin("gpt2");
    train("fp32");
    request.plan.optimizer = hu_optimizer_find("adafactor");
    make();
    cr_assert_lt(sizing.training.optimizer, model.parameters / 50);
    cr_assert_gt(sizing.training.optimizer, 0);
    hu_model_free(&model);
    /* Dense gradients but for the embedding's rows of tokens that were not seen. */
    begin("gpt2");
    train("fp32");
    request.plan.optimizer = hu_optimizer_find("sparse-adam");
    request.plan.sequence = 128;
    request.plan.micro_batch = 1;
    make();
    cr_assert_eq(sizing.training.gradients,
                 4 * (model.parameters - (50257 - 128) * 768 - (1024 - 128) * 768));
    cr_assert_eq(sizing.training.optimizer, 8 * model.parameters);
    hu_model_free(&model);
}

/* Rajbhandari et al. 2020, figure 1: 7.5 billion parameters on 64 devices. */
Test(memory, zero_gives_the_papers_gigabytes)
{
    static const double gb[] = {120, 31.4, 16.6, 1.9};
    for (unsigned stage = 0; stage < 4; stage++) {
        begin_count(7500000000);
        train("mixed");
        request.plan.zero = stage;
        request.plan.data_parallel = 64;
        make();
        cr_assert_float_eq((double)sizing.training.per_device / 1e9, gb[stage], 0.05,
                           "stage %u: %llu", stage, (unsigned long long)sizing.training.per_device);
    }
    /* ZeRO divides by the data-parallel devices, not by all. */
    request.plan.zero = 3;
    request.plan.data_parallel = 8;
    request.plan.tensor_parallel = 4;
    request.plan.pipeline_parallel = 2;
    make();
    cr_assert_eq(sizing.training.per_device, UINT64_C(120000000000) / 64);
}

static uint64_t activations(const struct hu_model *shape, const struct hu_training_plan *plan)
{
    struct hu_figures terms = {0};
    return hu_activations_shaped(shape, plan, &terms);
}

/* Korthikanti et al. 2022: GPT-3 175B (table 3: a = 96, h = 12288, L = 96, s = 2048, t = 8). */
Test(memory, activations_follow_the_papers_equations)
{
    struct hu_model shape = {.hidden = 12288, .heads = 96, .layers = 96};
    struct hu_training_plan gpt3 = {.sequence = 2048, .micro_batch = 1, .tensor_parallel = 1};
    uint64_t sbh = UINT64_C(2048) * 12288, layers = 96;
    /* Section 4.1: 5as/h is 80 against 34. */
    cr_assert_eq(activations(&shape, &gpt3), layers * sbh * (34 + 80));
    gpt3.tensor_parallel = 8;
    cr_assert_eq(activations(&shape, &gpt3), layers * sbh * (10 + 3 + 10), "equation 2");
    gpt3.sequence_parallel = true;
    cr_assert_eq(activations(&shape, &gpt3), layers * sbh * (34 + 80) / 8, "equation 4");
    uint64_t all = activations(&shape, &gpt3);
    gpt3.recompute = HU_RECOMPUTE_SELECTIVE;
    cr_assert_eq(activations(&shape, &gpt3), layers * sbh * 34 / 8, "equation 6");
    /* Section 5: selective recomputation saves 70% on GPT-3. */
    cr_assert_float_eq(1 - (double)activations(&shape, &gpt3) / (double)all, 0.70, 0.005);
    gpt3.recompute = HU_RECOMPUTE_NONE;
    gpt3.flash = true;
    cr_assert_eq(activations(&shape, &gpt3), layers * sbh * 34 / 8,
                 "flash attention keeps no scores");
    gpt3.flash = false;
    gpt3.recompute = HU_RECOMPUTE_FULL;
    cr_assert_eq(activations(&shape, &gpt3), layers * sbh * 2, "2·s·b·h, not 34");
    /* 8,192 tokens of a vocabulary of 128 × 1,024 in fp32 are 4 GiB. */
    struct hu_model head = {.hidden = 1, .heads = 1, .vocabulary = 131072};
    struct hu_training_plan logits = {.sequence = 8192, .micro_batch = 1, .tensor_parallel = 1};
    cr_assert_eq(activations(&head, &logits), UINT64_C(4) << 30);
    /* Odd splits round up. */
    struct hu_model one = {.hidden = 1, .heads = 1, .layers = 1};
    struct hu_training_plan odd = {.sequence = 1, .micro_batch = 1, .tensor_parallel = 7};
    cr_assert_eq(activations(&one, &odd), 15, "10 + 24/7 + 5/7 = 14.1");
    struct hu_model wide = {.hidden = UINT64_C(1) << 40, .heads = UINT64_C(1) << 40, .layers = 1};
    struct hu_training_plan huge = {
        .sequence = UINT64_C(1) << 40, .micro_batch = UINT64_C(1) << 40, .tensor_parallel = 1};
    cr_assert_eq(activations(&wide, &huge), UINT64_MAX, "over 64 bits");
}

/* PEFT on Llama-2-7B, rank 8 on q_proj and v_proj: "trainable params: 4,194,304 || all params:
 * 6,742,609,920". */
Test(memory, lora_counts_are_pefts)
{
    begin("llama-7b");
    train("autocast");
    request.plan.lora_rank = 8;
    make();
    cr_assert_eq(sizing.training.trainable, 4194304);
    cr_assert_eq(model.parameters + sizing.training.trainable, UINT64_C(6742609920));
    cr_assert_eq(sizing.training.weights, 2 * model.parameters + 4 * 4194304);
    cr_assert_eq(sizing.training.gradients + sizing.training.optimizer, 12 * 4194304);
    request.plan.lora_targets = "all-linear";
    make();
    /* 32 layers × 8 × (4 × 8192 + 3 × 15104) */
    cr_assert_eq(sizing.training.trainable, 32 * 8 * (4 * 8192 + 3 * 15104));
    request.plan.lora_targets = "q_proj,nothing";
    make();
    cr_assert_eq(sizing.training.trainable, 2097152);
    request.plan.lora_targets = "nothing";
    cr_assert_not(hu_sizing_make(&model, &request, &sizing, error));
    cr_assert(strstr(error, "--lora-targets"), "%s", error);
    request.plan.lora_targets = NULL;
    request.plan.qlora = true;
    make();
    uint64_t linear, others = UINT64_C(2) * 32000 * 4096 + 65 * 4096;
    cr_assert(hu_dtype_size(dtype("nf4_dq"), model.parameters - others, &linear));
    cr_assert_eq(sizing.training.weights, linear + 2 * others + 4 * 4194304);
    hu_model_free(&model);
    begin_count(7000000000);
    train("autocast");
    request.plan.lora_rank = 8;
    cr_assert_not(hu_sizing_make(&model, &request, &sizing, error));
    cr_assert(strstr(error, "config.json"), "%s", error);
}

static void ask(const char *fixture, uint64_t memory, uint64_t context)
{
    static const char *const names[] = {"fp32", "bf16", "fp8_e4m3", "mxfp4"};
    begin(fixture);
    for (size_t i = 0; i < 4; i++)
        request.dtypes[request.dtype_count++] = dtype(names[i]);
    request.fit = true;
    request.memory = memory;
    request.context = context;
    make();
}

/* The answers are the last that fit: one more does not. */
Test(memory, solutions_are_the_greatest_that_fit)
{
    ask("llama-3-8b", UINT64_C(24) << 30, 8192);
    const struct hu_fit *f = &sizing.fit;
    uint64_t weight = 2 * model.parameters, most = UINT64_C(24) << 30;
    cr_assert(f->fits);
    cr_assert_eq(f->needed, weight + (UINT64_C(1) << 30));
    cr_assert_eq(f->headroom, most - f->needed);
    cr_assert_eq(f->max_context, (most - weight) / 131072);
    cr_assert_eq(f->max_batch, (most - weight) / (UINT64_C(1) << 30));
    cr_assert_str_eq(hu_dtype_name(f->widest), "bf16");
    cr_assert_eq(f->devices, 1);
    hu_model_free(&model);
    ask("llama-3.1-405b", UINT64_C(80) << 30, 4096);
    cr_assert_not(f->fits);
    cr_assert(!f->fits);
    cr_assert_not(f->has_dtype, "not even mxfp4 fits");
    cr_assert_eq(f->max_context, 0);
    /* Eight have 95 GiB each: 811.7 GB over 8; sixteen do. */
    cr_assert_eq(f->devices, 16);
    cr_assert_gt(f->devices_context, 4096);
    hu_model_free(&model);
    ask("mistral-7b-v0.1", UINT64_C(80) << 30, 4096);
    cr_assert(f->endless_context, "all layers have a window");
    hu_model_free(&model);
    /* On the edge. */
    begin_count(1 << 30);
    request.dtypes[0] = dtype("bf16");
    request.dtype_count = 1;
    request.dtypes_given = request.fit = true;
    request.memory = UINT64_C(2) << 30;
    make();
    cr_assert(f->fits);
    cr_assert_eq(f->headroom, 0);
    request.memory--;
    make();
    cr_assert_not(f->fits);
    cr_assert_eq(f->headroom, 1);
    cr_assert_eq(f->devices, 2);
}

Test(memory, devices_are_what_their_drivers_say)
{
    static const struct {
        const char *name;
        uint64_t mib;
    } rows[] = {{"H100-80GB", 81559}, {"h100", 81559},     {"A100-40GB", 40960},
                {"rtx 4090", 24564},  {"RTX_4090", 24564}, {"MI300X", 196592}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hu_device *d = hu_device_find(rows[i].name);
        cr_assert(d, "%s", rows[i].name);
        cr_assert_eq(d->bytes, rows[i].mib << 20, "%s", rows[i].name);
        cr_assert(d->source && *d->source);
    }
    cr_assert_null(hu_device_find("24GiB"));
    cr_assert_null(hu_device_find(""));
    for (size_t i = 0; hu_device_at(i); i++)
        cr_assert_eq(hu_device_find(hu_device_at(i)->name), hu_device_at(i));
}

Test(memory, counts_and_sizes_are_read_exactly)
{
    static const struct {
        const char *text;
        uint64_t count;
    } counts[] = {
        {"7B", 7000000000},
        {"7b", 7000000000},
        {"7e9", 7000000000},
        {"7E+9", 7000000000},
        {"7_000_559_616", 7000559616},
        {"7,000,559,616", 7000559616},
        {"1.5T", 1500000000000},
        {"0.5k", 500},
        {"0.1e1", 1},
        {"1e18", UINT64_C(1000000000000000000)},
        {"18446744073709551615", UINT64_MAX},
        {"6.7B", 6700000000},
        {"125M", 125000000},
        {"0", 0},
    };
    uint64_t n;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cr_assert(hu_count_read(counts[i].text, &n), "%s", counts[i].text);
        cr_assert_eq(n, counts[i].count, "%s: %llu", counts[i].text, (unsigned long long)n);
    }
    static const char *const bad[] = {
        "",    "B",    "7x",  "8x7B", "1.5", "-7B",   "1e20",
        "7BB", "1e-1", "_7B", "7_",   "7e",  "1e999", "18446744073709551616",
        ".5B", "0x10", " 7B"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(hu_count_read(bad[i], &n), "%s", bad[i]);
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"24GiB", UINT64_C(24) << 30},
                 {"24 GiB", UINT64_C(24) << 30},
                 {"80GB", 80000000000},
                 {"80g", 80000000000},
                 {"512MiB", 512 << 20},
                 {"1.5KiB", 1536},
                 {"4e9", 4000000000},
                 {"100", 100},
                 {"100B", 100},
                 {"2TiB", UINT64_C(2) << 40}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cr_assert(hu_bytes_read(sizes[i].text, &n), "%s", sizes[i].text);
        cr_assert_eq(n, sizes[i].bytes, "%s: %llu", sizes[i].text, (unsigned long long)n);
    }
    cr_assert(hu_factor_read("1.2", &n));
    cr_assert_eq(n, 1200000);
    cr_assert_not(hu_factor_read("1.2000001", &n));
    cr_assert_not(hu_factor_read("1.2x", &n));
    cr_assert_eq(hu_scaled(UINT64_C(4000000000000000000), 1200000), UINT64_C(4800000000000000000));
    cr_assert_eq(hu_scaled(UINT64_MAX, 1200000), UINT64_MAX);
    cr_assert_eq(hu_scaled(3, 1500000), 5, "4.5, half up");
    static const char *const no[] = {"", "GiB", "1.5", "24GiBs", "24XB", "-1", "99999999TiB"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        cr_assert_not(hu_bytes_read(no[i], &n), "%s", no[i]);
}
