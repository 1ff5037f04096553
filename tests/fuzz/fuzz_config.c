/*
 * A config.json and everything that is computed from it: an object as it is; of other input, whose
 * most is no JSON, the bytes choose a config.
 */
#include "memory/families.h"
#include "memory/model.h"
#include "memory/mixture.h"
#include "memory/sizing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const keys[] = {
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "num_key_value_heads",
    "head_dim",
    "tie_word_embeddings",
    "attention_bias",
    "mlp_bias",
    "sliding_window",
    "use_sliding_window",
    "max_window_layers",
    "sliding_window_pattern",
    "num_local_experts",
    "num_experts",
    "num_experts_per_tok",
    "moe_intermediate_size",
    "shared_expert_intermediate_size",
    "decoder_sparse_step",
    "mlp_only_layers",
    "layer_types",
    "n_embd",
    "n_layer",
    "n_head",
    "n_positions",
    "n_inner",
    "n_embed",
    "ffn_dim",
    "max_position_embeddings",
    "word_embed_proj_dim",
    "do_layer_norm_before",
    "new_decoder_architecture",
    "parallel_attn",
    "multi_query",
    "bias",
    "num_kv_heads",
    "type_vocab_size",
    "is_decoder",
    "architectures",
    "id2label",
    "d_model",
    "d_kv",
    "d_ff",
    "num_layers",
    "num_decoder_layers",
    "num_heads",
    "relative_attention_num_buckets",
    "feed_forward_proj",
    "kv_lora_rank",
    "q_lora_rank",
    "qk_nope_head_dim",
    "qk_rope_head_dim",
    "v_head_dim",
    "n_routed_experts",
    "n_shared_experts",
    "first_k_dense_replace",
    "moe_layer_freq",
    "num_nextn_predict_layers",
    "torch_dtype",
    "quantization_config",
    "intermediate_size_mlp",
    "interleave_moe_layer_step",
    "attention_chunk_size",
    "no_rope_layer_interval",
    "patch_size",
    "image_size",
    "projector_input_dim",
    "projector_output_dim",
    "vision_output_dim",
    "shared_expert_intermediate_size",
    "hybrid_override_pattern",
    "state_size",
    "conv_kernel",
    "linear_num_value_heads",
    "linear_num_key_heads",
    "linear_key_head_dim",
    "linear_value_head_dim",
    "linear_conv_kernel_dim",
    "full_attention_interval",
    "n_layers",
    "n_heads",
    "dim",
    "padded_vocab_size",
};

static const char *const values[] = {
    "1",
    "2",
    "3",
    "4",
    "8",
    "16",
    "64",
    "128",
    "1024",
    "4096",
    "16384",
    "151936",
    "0",
    "-1",
    "1099511627776",
    "9007199254740993",
    "1.5",
    "true",
    "false",
    "null",
    "\"x\"",
    "[]",
    "[0,1,5]",
    "[\"full_attention\",\"sliding_attention\"]",
    "[\"BertForPreTraining\"]",
    "[\"LlamaModel\"]",
    "[\"BertForSequenceClassification\"]",
    "{\"0\":1}",
    "\"gated-gelu\"",
    "\"bfloat16\"",
    "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":128}",
    "{\"quant_method\":\"compressed-tensors\",\"format\":\"pack-quantized\",\"ignore\":[\"re:.*a\"]"
    ","
    "\"config_groups\":{\"g\":{\"targets\":[\"Linear\"],\"weights\":{\"num_bits\":4,\"strategy\":"
    "\"group\",\"group_size\":128}}}}",
    "{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true,\"llm_int8_skip_modules\":[\"*x\"]}",
    "{}",
};

enum { KEYS = sizeof keys / sizeof *keys, VALUES = sizeof values / sizeof *values };

/* Lists of some hundred tensors find what lists of a hundred thousand would. */
static bool repeats(const char *key)
{
    return strstr(key, "layer") || strstr(key, "experts");
}

/* Members that the bytes choose: a low byte gives most keys a usable number. */
static size_t write_members(char *out, const uint8_t *data, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < KEYS; i++) {
        uint8_t choice = size ? data[i % size] + (uint8_t)(i / size) : 0;
        size_t usable = repeats(keys[i]) ? 5 : 12;
        n += (size_t)sprintf(out + n, ",\"%s\":%s", keys[i],
                             values[choice < 192 ? choice % usable : choice % VALUES]);
    }
    return n;
}

static void build(const char *json, size_t n, size_t seed);

static void build_chosen(const uint8_t *data, size_t size)
{
    static char json[131072];
    size_t families = 0;
    while (hu_family_text_at(families))
        families++;
    const char *names =
        hu_family_text_at((data[0] + (size_t)data[size - 1] * 256) % families)->names;
    size_t n = (size_t)sprintf(json, "{\"model_type\":\"%.*s\"", (int)strcspn(names, " "), names);
    n += write_members(json + n, data + 1, size - 1);
    for (int nested = 0; data[0] % 2 && nested < 2; nested++) {
        n +=
            (size_t)sprintf(json + n, ",\"%s\":{\"x\":1", nested ? "vision_config" : "text_config");
        n += write_members(json + n, data + 1, size - 1);
        json[n++] = '}';
    }
    json[n++] = '}';
    build(json, n, data[0]);
}

static void fill(struct hu_sizing_request *r, size_t seed)
{
    hu_sizing_begin(r);
    /* Each dtype is a walk over all rows; one at a time finds what all of them would. */
    r->dtypes[0] = r->dtypes[seed % r->dtype_count];
    r->dtype_count = 1;
    r->batch = 1 + seed % 7;
    r->train = r->fit = true;
    r->context = (uint64_t)1 << seed % 41;
    r->memory = (uint64_t)1 << seed % 50;
    r->plan.sequence = 1 + seed % 8192;
    r->plan.micro_batch = 1;
    r->plan.patches = seed % 3 ? 0 : seed;
    r->plan.flash = seed % 5 == 0;
    r->plan.recipe = hu_recipe_at(seed % 6);
    r->plan.optimizer = hu_optimizer_at(seed % 7);
    r->plan.zero = seed % 4;
    r->plan.data_parallel = 1 + seed % 9;
    r->plan.tensor_parallel = 1 + seed % 5;
    r->plan.pipeline_parallel = 1 + seed % 3;
    r->plan.lora_rank = seed % 2 * 8;
    r->plan.qlora = seed % 4 == 3;
    hu_dtype_find(seed % 2 ? "q8_0" : "bf16", &r->kv_dtype);
}

static void build(const char *json, size_t n, size_t seed)
{
    static struct hu_model model;
    static struct hu_sizing sizing;
    static struct hu_sizing_request request;
    char why[HU_SIZING_ERROR];
    if (hu_model_read_config(json, n, &model)) {
        if (model.active_parameters > model.parameters)
            abort();
        fill(&request, seed);
        /* Searching for the longest context through thousands of layers finds nothing more. */
        request.fit = model.tensors.count < 512;
        hu_sizing_make(&model, &request, &sizing, why);
        uint64_t bytes;
        const char *odd;
        hu_mixture_size(hu_mixture_find(seed % 2 ? "q4_k_m" : "mxfp4_moe"), &model, &bytes, &odd);
    } else if (!*model.error) {
        abort(); /* refused without a reason */
    }
    hu_model_free(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && *data == '{')
        build((const char *)data, size, size);
    else if (size > 1)
        build_chosen(data, size);
    return 0;
}
