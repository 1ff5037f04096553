/* Llama and its kin: RMS norms, gated perceptrons, grouped queries, experts. */
#include "family.h"

#include <string.h>

/* What all of them read. HEAD_DIM: taken where the config gives none; 0: hidden / heads. */
static struct decoder read_decoder(struct hu_config *c, uint64_t head_dim)
{
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "hidden_size"),
        .layers = config_need(c, "num_hidden_layers"),
        .heads = config_need(c, "num_attention_heads"),
        .ffn = config_need(c, "intermediate_size"),
        .norm_vectors = 1,
        .norms = 2,
        .tied = config_flag(c, "tie_word_embeddings", false),
        .gated = true,
    };
    d.kv_heads = config_number(c, "num_key_value_heads", d.heads);
    d.head_dim = config_number(c, "head_dim", head_dim);
    if (!d.head_dim && d.heads && d.hidden % d.heads)
        config_fail(c, "\"head_dim\" is missing, and hidden_size is no multiple of the heads");
    if (!d.head_dim && d.heads)
        d.head_dim = d.hidden / d.heads;
    return d;
}

/* Windows by "layer_types", which overrides what a family's pattern says. */
static bool windows_by_type(struct hu_config *c, uint64_t window)
{
    json_t *types = json_object_get(c->root, "layer_types");
    if (!json_is_array(types))
        return false;
    if (json_array_size(types) != c->model->kv_count) {
        config_fail(c, "\"layer_types\" has %zu entries for %zu layers", json_array_size(types),
                    c->model->kv_count);
        return true;
    }
    for (size_t i = 0; i < c->model->kv_count; i++) {
        const char *type = json_string_value(json_array_get(types, i));
        if (type && (!strcmp(type, "sliding_attention") || !strcmp(type, "chunked_attention")))
            c->model->kv[i].window = window;
        else if (!type || strcmp(type, "full_attention"))
            config_fail(c, "\"layer_types\" has '%s', which is not known", type ? type : "?");
    }
    return true;
}

/* Every layer slides but each PERIOD-th; 0: all of them slide. */
static void slide(struct hu_config *c, uint64_t window, uint64_t period)
{
    if (!window || windows_by_type(c, window))
        return;
    for (size_t i = 0; i < c->model->kv_count; i++)
        if (!period || (i + 1) % period)
            c->model->kv[i].window = window;
}

void family_llama(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", false);
    d.mlp_bias = config_flag(c, "mlp_bias", false);
    decoder_build(c, &d);
}

void family_mistral(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    decoder_build(c, &d);
    slide(c, config_number(c, "sliding_window", 0), 0);
}

void family_mixtral(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    d.moe_layers = d.layers;
    d.experts = config_need(c, "num_local_experts");
    d.experts_used = config_need(c, "num_experts_per_tok");
    d.expert_ffn = d.ffn;
    decoder_build(c, &d);
    slide(c, config_number(c, "sliding_window", 0), 0);
}

/* Only the layers from max_window_layers on slide, and only where that is switched on. */
static void qwen_windows(struct hu_config *c)
{
    uint64_t window = config_number(c, "sliding_window", 0);
    if (!config_flag(c, "use_sliding_window", false) || !window || windows_by_type(c, window))
        return;
    uint64_t first = config_number(c, "max_window_layers", 28);
    for (uint64_t i = first; i < c->model->kv_count; i++)
        c->model->kv[i].window = window;
}

/* Layers with experts: every STEP-th that mlp_only_layers does not name. */
static uint64_t qwen_moe_layers(struct hu_config *c, uint64_t layers)
{
    uint64_t step = config_number(c, "decoder_sparse_step", 1), count = step ? layers / step : 0;
    json_t *dense = json_object_get(c->root, "mlp_only_layers"), *entry;
    size_t i;
    json_array_foreach(dense, i, entry)
    {
        json_int_t layer = json_integer_value(entry);
        if (step && layer >= 0 && (uint64_t)layer < layers && ((uint64_t)layer + 1) % step == 0 &&
            count)
            count--;
    }
    return count;
}

void family_qwen2(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    d.qkv_bias = true;
    decoder_build(c, &d);
    qwen_windows(c);
}

void family_qwen2_moe(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    d.qkv_bias = config_flag(c, "qkv_bias", true);
    d.moe_layers = qwen_moe_layers(c, d.layers);
    d.experts = config_need(c, "num_experts");
    d.experts_used = config_need(c, "num_experts_per_tok");
    d.expert_ffn = config_need(c, "moe_intermediate_size");
    d.shared_ffn = config_need(c, "shared_expert_intermediate_size");
    d.shared_gate = true;
    decoder_build(c, &d);
    qwen_windows(c);
}

void family_qwen3(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 128);
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", false);
    d.q_norm = d.k_norm = true;
    decoder_build(c, &d);
    qwen_windows(c);
}

void family_qwen3_moe(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", false);
    d.q_norm = d.k_norm = true;
    d.moe_layers = qwen_moe_layers(c, d.layers);
    d.experts = config_need(c, "num_experts");
    d.experts_used = config_need(c, "num_experts_per_tok");
    d.expert_ffn = config_need(c, "moe_intermediate_size");
    decoder_build(c, &d);
    qwen_windows(c);
}

void family_gemma(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 256);
    d.tied = config_flag(c, "tie_word_embeddings", true);
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", false);
    decoder_build(c, &d);
}

void family_gemma2(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 256);
    d.tied = config_flag(c, "tie_word_embeddings", true);
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", false);
    d.norms = 4;
    decoder_build(c, &d);
    slide(c, config_number(c, "sliding_window", 4096), 2);
}

/* Gemma3TextConfig's values for keys that Google's own files leave out. */
static void gemma3_defaults(struct hu_config *c)
{
    static const struct {
        const char *key;
        int value;
    } rows[] = {{"vocab_size", 262208},
                {"num_attention_heads", 8},
                {"num_key_value_heads", 4},
                {"head_dim", 256},
                {"sliding_window", 4096}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!json_object_get(c->root, rows[i].key)) {
            json_object_set_new(c->root, rows[i].key, json_integer(rows[i].value));
            hu_model_note(c->model, "%s is absent: %d, Gemma3TextConfig's own value", rows[i].key,
                          rows[i].value);
        }
}

void family_gemma3_text(struct hu_config *c)
{
    gemma3_defaults(c);
    struct decoder d = read_decoder(c, 256);
    d.tied = config_flag(c, "tie_word_embeddings", true);
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", false);
    d.norms = 4;
    d.q_norm = d.k_norm = true;
    decoder_build(c, &d);
    slide(c, config_number(c, "sliding_window", 4096),
          config_number(c, "sliding_window_pattern|_sliding_window_pattern", 6));
}

/* SigLIP's vision transformer without its pooling head, and Gemma's projector. */
static void gemma3_vision(struct hu_config *c, json_t *vision)
{
    json_t *text = c->root;
    enum hu_group g = HU_GROUP_VISION;
    struct hu_model *m = c->model;
    c->root = vision;
    uint64_t h = config_need(c, "hidden_size"), layers = config_need(c, "num_hidden_layers");
    uint64_t ffn = config_need(c, "intermediate_size"), patch = config_need(c, "patch_size");
    uint64_t image = config_need(c, "image_size"), side = patch ? image / patch : 0;
    uint64_t channels = config_number(c, "num_channels", 3);
    c->root = text;
    hu_model_add(m, g, "patch_embedding", h,
                 config_times(c, channels, config_times(c, patch, patch)) + 1, 1);
    hu_model_add(m, g, "position_embedding", config_times(c, side, side), h, 1);
    hu_model_add(m, g, "attention", h, h + 1, config_times(c, 4, layers));
    hu_model_add(m, g, "fc1", ffn, h + 1, layers);
    hu_model_add(m, g, "fc2", h, ffn + 1, layers);
    hu_model_add(m, g, "layer norms", h, 2, config_times(c, 2, layers) + 1);
    hu_model_add(m, g, "projector", h, m->hidden + 1, 1);
}

void family_gemma3(struct hu_config *c)
{
    json_t *root = c->root, *text = json_object_get(root, "text_config");
    json_t *vision = json_object_get(root, "vision_config");
    if (!json_is_object(text)) {
        config_fail(c, "a gemma3 config keeps its language model in \"text_config\", which is not "
                       "there");
        return;
    }
    c->root = text;
    family_gemma3_text(c);
    if (json_is_object(vision))
        gemma3_vision(c, vision);
    c->root = root;
}

void family_phi3(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    d.qkv = "qkv_proj";
    d.gate_up = "gate_up_proj";
    decoder_build(c, &d);
    slide(c, config_number(c, "sliding_window", 0), 0);
}

void family_baichuan(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 0);
    d.qkv = "W_pack";
    decoder_build(c, &d);
}

void family_gpt_oss(struct hu_config *c)
{
    struct decoder d = read_decoder(c, 64);
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", true);
    d.sinks = true;
    d.moe_layers = d.layers;
    d.experts = config_need(c, "num_local_experts");
    d.experts_used = config_need(c, "num_experts_per_tok|experts_per_token");
    d.expert_ffn = d.ffn;
    d.gate_up = "gate_up_proj";
    d.expert_bias = d.router_bias = true;
    decoder_build(c, &d);
    slide(c, config_number(c, "sliding_window", 128), 2);
}
