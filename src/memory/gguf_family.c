#include "gguf_family.h"
#include "listing.h"

#include <stdio.h>
#include <string.h>

/* ggml's keys behind "ARCHITECTURE." (docs/gguf.md and llama.cpp's llama-arch.cpp), and the names
 * that configs have for them. */
static const struct {
    const char *key, *names;
} keys[] = {
    {"vocab_size", "vocab_size"},
    {"context_length", "max_position_embeddings n_positions"},
    {"embedding_length", "hidden_size n_embd n_embed d_model dim"},
    {"block_count", "num_hidden_layers n_layer n_layers num_layers"},
    {"feed_forward_length", "intermediate_size d_ff ffn_dim n_inner ffn_hidden_size"},
    {"attention.head_count", "num_attention_heads n_head n_heads num_heads"},
    {"attention.head_count_kv", "num_key_value_heads num_kv_heads n_head_kv"},
    {"attention.key_length", "head_dim"},
    {"attention.sliding_window", "sliding_window"},
    {"attention.kv_lora_rank", "kv_lora_rank"},
    {"attention.q_lora_rank", "q_lora_rank"},
    {"attention.value_length_mla", "v_head_dim"},
    {"attention.shared_kv_layers", "num_kv_shared_layers"},
    {"rope.dimension_count", "qk_rope_head_dim"},
    {"full_attention_interval", "full_attention_interval"},
    {"leading_dense_block_count", "first_k_dense_replace"},
    {"expert_count", "num_experts num_local_experts n_routed_experts"},
    {"expert_used_count", "num_experts_per_tok moe_topk"},
    {"expert_feed_forward_length", "moe_intermediate_size"},
    {"expert_shared_feed_forward_length", "shared_expert_intermediate_size"},
    {"ssm.conv_kernel", "conv_kernel mamba_d_conv linear_conv_kernel_dim"},
    {"ssm.state_size", "state_size mamba_d_state linear_key_head_dim linear_value_head_dim"},
    {"ssm.group_count", "n_groups mamba_n_groups linear_num_key_heads"},
    {"ssm.time_step_rank", "time_step_rank mamba_n_heads linear_num_value_heads"},
    {"ssm.inner_size", "mamba_d_ssm"},
    {"shortconv.l_cache", "conv_L_cache"},
};

/* A whole number, or a list of them of at most LAYERS_MAX; NULL: neither. */
static json_t *value_of(const struct hu_metadata *m)
{
    uint64_t n;
    if (!m->is_array)
        return hu_metadata_integer(m, 0, &n) && n <= INT64_MAX ? json_integer((json_int_t)n) : NULL;
    json_t *list = json_array();
    for (uint64_t i = 0; i < m->count && i < LAYERS_MAX && hu_metadata_integer(m, i, &n); i++)
        json_array_append_new(list, json_integer((json_int_t)(n & INT64_MAX)));
    return list;
}

static json_t *config_of(const struct hu_tensor_file *file, const char *architecture)
{
    char text[160];
    json_t *config = json_object();
    const struct hu_metadata *tokens = hu_metadata_find(file, "tokenizer.ggml.tokens");
    if (tokens && tokens->is_array)
        json_object_set_new(config, "vocab_size",
                            json_integer((json_int_t)(tokens->count & INT64_MAX)));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        snprintf(text, sizeof text, "%.60s.%s", architecture, keys[i].key);
        const struct hu_metadata *m = hu_metadata_find(file, text);
        json_t *value = m ? value_of(m) : NULL;
        for (const char *at = keys[i].names; value && *at; at += strspn(at, " ")) {
            size_t n = strcspn(at, " ");
            snprintf(text, sizeof text, "%.*s", (int)n, at);
            json_object_set(config, text, value);
            at += n;
        }
        json_decref(value);
    }
    return config;
}

static void mark(struct gguf_layer *layer, const struct hu_kept *kept)
{
    bool state = hu_keep_is_state(kept->kind);
    layer->keeps_state |= state;
    layer->attends |= !state && kept->kind != HU_KEEP_SHARED;
    if (kept->kind == HU_KEEP_WINDOW)
        layer->window = kept->tokens;
}

bool gguf_layers(const struct hu_tensor_file *file, const char *architecture,
                 struct gguf_layer *layers, uint64_t count)
{
    const struct hu_family_text *text = hu_family_text_find(architecture, HU_FAMILY_BY_GGUF);
    struct listing_result list = {.note_count = 0};
    if (!text)
        return false;
    json_t *config = config_of(file, architecture);
    bool fine = listing_make(text, config, &list) && !*list.missing && list.tensors.kept_count;
    for (size_t i = 0; fine && i < list.tensors.kept_count; i++)
        if (!list.tensors.kept[i].tower && list.tensors.kept[i].layer < count)
            mark(&layers[list.tensors.kept[i].layer], &list.tensors.kept[i]);
    hu_tensors_free(&list.tensors);
    json_decref(config);
    return fine;
}
