/* DeepSeek V2 and V3: latent attention (MLA), experts with shared ones, multi-token prediction. */
#include "family.h"

#include <string.h>

/* DeepSeek-V2 (arXiv:2405.04434) section 2.1. */
struct latent {
    uint64_t q_rank, kv_rank, nope, rope, value;
};

static void latent_attention(struct hu_config *c, const struct decoder *d, const struct latent *l,
                             enum hu_group g, uint64_t copies)
{
    uint64_t q = config_times(c, d->heads, l->nope + l->rope);
    if (l->q_rank) {
        decoder_linear(c, g, "q_a_proj", l->q_rank, d->hidden, copies, false);
        hu_model_add(c->model, g, "q_a_layernorm", l->q_rank, 1, copies);
        decoder_linear(c, g, "q_b_proj", q, l->q_rank, copies, false);
    } else {
        decoder_linear(c, g, "q_proj", q, d->hidden, copies, false);
    }
    decoder_linear(c, g, "kv_a_proj_with_mqa", l->kv_rank + l->rope, d->hidden, copies, false);
    hu_model_add(c->model, g, "kv_a_layernorm", l->kv_rank, 1, copies);
    decoder_linear(c, g, "kv_b_proj", config_times(c, d->heads, l->nope + l->value), l->kv_rank,
                   copies, false);
    decoder_linear(c, g, "o_proj", d->hidden, config_times(c, d->heads, l->value), copies, false);
}

static struct decoder read_deepseek(struct hu_config *c)
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
        .experts = config_number(c, "n_routed_experts", 0),
    };
    if (!d.experts)
        return d;
    d.experts_used = config_need(c, "num_experts_per_tok");
    d.expert_ffn = config_need(c, "moe_intermediate_size");
    d.shared_ffn = config_times(c, config_number(c, "n_shared_experts", 0), d.expert_ffn);
    uint64_t dense = config_number(c, "first_k_dense_replace", 0);
    uint64_t step = config_number(c, "moe_layer_freq", 1);
    if (!step)
        config_fail(c, "\"moe_layer_freq\" must not be 0");
    /* Layer i has experts where i >= dense and i is a multiple of step. */
    for (uint64_t i = dense; step && d.layers <= HU_LAYERS_MAX && i < d.layers; i++)
        d.moe_layers += i % step == 0;
    return d;
}

static struct latent read_latent(struct hu_config *c)
{
    return (struct latent){
        .q_rank = config_number(c, "q_lora_rank", 0),
        .kv_rank = config_need(c, "kv_lora_rank"),
        .nope = config_need(c, "qk_nope_head_dim"),
        .rope = config_need(c, "qk_rope_head_dim"),
        .value = config_need(c, "v_head_dim"),
    };
}

/*
 * One more block a predicted token, which mixes the hidden state with the next embedding
 * (DeepSeek-V3, arXiv:2412.19437, section 2.2). Embedding and head are the main model's.
 */
static void add_mtp(struct hu_config *c, const struct decoder *d, const struct latent *l)
{
    uint64_t n = config_number(c, "num_nextn_predict_layers", 0);
    enum hu_group g = HU_GROUP_MTP;
    struct hu_model *m = c->model;
    if (!n || !d->experts)
        return;
    latent_attention(c, d, l, g, n);
    uint64_t units = config_times(c, 3, config_times(c, n, d->experts));
    hu_model_add(m, g, "experts", d->expert_ffn, d->hidden, units);
    hu_model_add(m, g, "shared experts", d->shared_ffn, d->hidden, config_times(c, 3, n));
    hu_model_add(m, g, "router", d->experts, d->hidden + d->selection_bias, n);
    hu_model_add(m, g, "eh_proj", d->hidden, config_times(c, 2, d->hidden), n);
    hu_model_add(m, g, "norms", d->hidden, 5, n);
    hu_model_note(m,
                  "the checkpoint's multi-token prediction module (%llu layer%s) is no part of "
                  "the model's count",
                  (unsigned long long)n, n == 1 ? "" : "s");
}

static void build_deepseek(struct hu_config *c, bool selection_bias)
{
    struct decoder d = read_deepseek(c);
    struct latent l = read_latent(c);
    d.selection_bias = selection_bias;
    decoder_embeddings(c, &d);
    latent_attention(c, &d, &l, HU_GROUP_ATTENTION, d.layers);
    decoder_mlp(c, &d);
    decoder_norms_and_head(c, &d);
    add_mtp(c, &d, &l);
    /* The latent and the shared rotary key, once: keys and values are made of it. */
    if (!hu_model_add_kv(c->model, d.layers, l.kv_rank + l.rope, 0))
        config_fail(c, "\"num_hidden_layers\" is over %d", HU_LAYERS_MAX);
}

void family_deepseek_v2(struct hu_config *c)
{
    build_deepseek(c, false);
}

void family_deepseek_v3(struct hu_config *c)
{
    build_deepseek(c, true);
}
