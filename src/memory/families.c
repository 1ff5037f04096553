#include "family.h"
#include "tensor/dtype.h"
#include "tensor/json_text.h"
#include "tensor/tensor_file.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name; /* "model_type" */
    void (*build)(struct hu_config *c);
} families[] = {
    {"llama", family_llama},
    {"llama4", family_llama4},
    {"mistral", family_mistral},
    {"mixtral", family_mixtral},
    {"qwen2", family_qwen2},
    {"qwen2_moe", family_qwen2_moe},
    {"qwen3", family_qwen3},
    {"qwen3_moe", family_qwen3_moe},
    {"gemma", family_gemma},
    {"gemma2", family_gemma2},
    {"gemma3", family_gemma3},
    {"gemma3_text", family_gemma3_text},
    {"phi3", family_phi3},
    {"gpt2", family_gpt2},
    {"gpt_neox", family_gpt_neox},
    {"bloom", family_bloom},
    {"opt", family_opt},
    {"falcon", family_falcon},
    /* Falcon's first files. */
    {"RefinedWeb", family_falcon},
    {"RefinedWebModel", family_falcon},
    {"bert", family_bert},
    {"roberta", family_roberta},
    {"xlm-roberta", family_roberta},
    {"t5", family_t5},
    {"mt5", family_t5},
    {"baichuan", family_baichuan},
    {"deepseek_v2", family_deepseek_v2},
    {"deepseek_v3", family_deepseek_v3},
    {"gpt_oss", family_gpt_oss},
};

enum { FAMILIES = sizeof families / sizeof *families };

const char *hu_family_name(size_t index)
{
    return index < FAMILIES ? families[index].name : NULL;
}

/* How to size a model whose architecture is not known. */
#define BY_HAND                                                                                    \
    "give its count with --parameters N, and for the KV cache --layers, --kv-heads and --head-dim"

static void build(struct hu_config *c)
{
    const char *type = config_text(c, "model_type");
    if (!type) {
        config_fail(c, "the config has no \"model_type\"; " BY_HAND);
        return;
    }
    /* It goes to a terminal, so no control characters. */
    char *name = c->model->architecture;
    snprintf(name, sizeof c->model->architecture, "%s", type);
    for (char *at = name; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f)
            *at = '?';
    for (size_t i = 0; i < FAMILIES; i++)
        if (!strcmp(families[i].name, type)) {
            families[i].build(c);
            return;
        }
    config_fail(c,
                "the architecture '%s' is not known, so its parameters cannot be counted; " BY_HAND,
                name);
}

/* Where the language model's own keys are: multimodal configs nest them. */
static json_t *language_config(json_t *root)
{
    json_t *text = json_object_get(root, "text_config");
    return json_is_object(text) ? text : root;
}

static void read_context(struct hu_config *c)
{
    json_t *root = c->root;
    c->root = language_config(root);
    c->model->trained_context =
        config_number(c, "max_position_embeddings|n_positions|n_ctx|seq_length", 0);
    c->root = root;
}

/* "torch_dtype", or "dtype" since transformers 4.56. */
static void read_dtype(struct hu_config *c)
{
    const char *dtype = config_text(c, "torch_dtype");
    if (!dtype)
        dtype = config_text(c, "dtype");
    if (dtype && strlen(dtype) < sizeof c->model->dtype)
        strcpy(c->model->dtype, dtype);
}

static uint64_t quantized_number(json_t *q, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(q, key));
    return n > 0 && n < 4096 ? (uint64_t)n : 0;
}

/* "quantization_config": the method's dtype, as if every weight were in it. */
static void read_quantization(struct hu_config *c)
{
    json_t *q = json_object_get(c->root, "quantization_config");
    const char *method = json_string_value(json_object_get(q, "quant_method"));
    char *dtype = c->model->dtype, name[sizeof c->model->dtype] = "";
    struct hu_dtype known;
    if (!method)
        return;
    if (!strcmp(method, "fp8") || !strcmp(method, "mxfp4"))
        snprintf(name, sizeof name, "%s", *method == 'f' ? "fp8_e4m3" : method);
    else if (!strcmp(method, "gptq") || !strcmp(method, "awq"))
        snprintf(name, sizeof name, "gptq%u_g%u", (unsigned)quantized_number(q, "bits"),
                 (unsigned)quantized_number(q, "group_size"));
    else if (json_is_true(json_object_get(q, "load_in_4bit")))
        snprintf(name, sizeof name, "%s",
                 json_is_true(json_object_get(q, "bnb_4bit_use_double_quant")) ? "nf4_dq" : "nf4");
    else if (json_is_true(json_object_get(q, "load_in_8bit")))
        snprintf(name, sizeof name, "int8");
    if (!hu_dtype_find(name, &known))
        return;
    strcpy(dtype, name);
    hu_model_note(c->model,
                  "the config quantizes its weights to %s; embeddings, norms and what else it "
                  "leaves out are counted in it too",
                  name);
}

static void finish(struct hu_config *c)
{
    if (!c->failed && *c->missing)
        config_fail(c, "the config lacks %s, which '%s' needs; " BY_HAND, c->missing,
                    c->model->architecture);
    if (!c->failed && c->model->weight_count == HU_WEIGHTS_MAX)
        config_fail(c, "the model has more kinds of weights than %d", HU_WEIGHTS_MAX - 1);
    if (!c->failed && !hu_model_count(c->model))
        config_fail(c, "the model has more parameters than 64 bits count");
}

bool hu_model_read_config(const char *json, size_t n, struct hu_model *model,
                          char error[HU_CONFIG_ERROR])
{
    struct hu_config c = {.model = model};
    char why[HU_JSON_ERROR];
    *model = (struct hu_model){0};
    json_t *root = hu_json_load(json, n, HU_JSON_CONFIG_MAX, why);
    if (!root)
        config_fail(&c, "%s", why);
    else if (!json_is_object(root))
        config_fail(&c, "a config.json is a JSON object");
    c.root = root;
    if (!c.failed) {
        read_dtype(&c);
        read_quantization(&c);
        read_context(&c);
        build(&c);
    }
    finish(&c);
    json_decref(root);
    snprintf(error, HU_CONFIG_ERROR, "%s", c.error);
    return !c.failed;
}
