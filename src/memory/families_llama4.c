/* Llama 4: experts in every or every other layer, chunked attention, a vision model. */
#include "family.h"

/* transformers' Llama4TextModel. Each layer with experts has a shared one of the same width. */
static void build_text(struct hu_config *c)
{
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "hidden_size"),
        .layers = config_need(c, "num_hidden_layers"),
        .heads = config_need(c, "num_attention_heads"),
        .kv_heads = config_need(c, "num_key_value_heads"),
        .head_dim = config_need(c, "head_dim"),
        .ffn = config_need(c, "intermediate_size_mlp"),
        .norm_vectors = 1,
        .norms = 2,
        .tied = config_flag(c, "tie_word_embeddings", false),
        .gated = true,
        .experts = config_need(c, "num_local_experts"),
        .experts_used = config_need(c, "num_experts_per_tok"),
        .expert_ffn = config_need(c, "intermediate_size"),
    };
    d.qkv_bias = d.o_bias = config_flag(c, "attention_bias", false);
    d.shared_ffn = d.expert_ffn;
    uint64_t step = config_number(c, "interleave_moe_layer_step", 1);
    d.moe_layers = step ? d.layers / step : 0;
    decoder_build(c, &d);
    /* Every fourth layer attends to all tokens without rotary positions, the rest within chunks. */
    uint64_t chunk = config_number(c, "attention_chunk_size", 8192);
    uint64_t every = config_number(c, "no_rope_layer_interval", 4);
    for (size_t i = 0; i < c->model->kv_count; i++)
        if (!every || (i + 1) % every)
            c->model->kv[i].window = chunk;
}

/* transformers' Llama4VisionModel and the projector. */
static void build_vision(struct hu_config *c, json_t *vision)
{
    json_t *root = c->root;
    struct hu_model *m = c->model;
    enum hu_group g = HU_GROUP_VISION;
    c->root = vision;
    uint64_t h = config_need(c, "hidden_size"), layers = config_need(c, "num_hidden_layers");
    uint64_t ffn = config_need(c, "intermediate_size"), patch = config_need(c, "patch_size");
    uint64_t image = config_need(c, "image_size"), side = patch ? image / patch : 0;
    uint64_t in = config_need(c, "projector_input_dim"),
             out = config_need(c, "projector_output_dim");
    uint64_t last = config_need(c, "vision_output_dim");
    uint64_t channels = config_number(c, "num_channels", 3);
    c->root = root;
    hu_model_add(m, g, "patch_embedding", h,
                 config_times(c, channels, config_times(c, patch, patch)), 1);
    hu_model_add(m, g, "class and positions", config_times(c, side, side) + 2, h, 1);
    hu_model_add(m, g, "attention", h, h + 1, config_times(c, 4, layers));
    hu_model_add(m, g, "fc1", ffn, h + 1, layers);
    hu_model_add(m, g, "fc2", h, ffn + 1, layers);
    hu_model_add(m, g, "layer norms", h, 2, config_times(c, 2, layers) + 2);
    /* The adapter reads pixels shuffled four to one, so ffn wide; no biases. */
    hu_model_add(m, g, "adapter", ffn, in, 1);
    hu_model_add(m, g, "adapter", in, out, 1);
    hu_model_add(m, g, "projector", m->hidden, last, 1);
}

void family_llama4(struct hu_config *c)
{
    json_t *root = c->root, *text = json_object_get(root, "text_config");
    json_t *vision = json_object_get(root, "vision_config");
    if (!json_is_object(text)) {
        config_fail(c, "a llama4 config keeps its language model in \"text_config\", which is not "
                       "there");
        return;
    }
    c->root = text;
    build_text(c);
    c->root = root;
    if (json_is_object(vision))
        build_vision(c, vision);
}
