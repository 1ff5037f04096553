#include "family.h"
#include "tensor/tensor_file.h"
#include "tensor/words.h"
#include "tensor/printable.h"

#include <string.h>

struct hu_weight *decoder_linear(struct hu_config *c, enum hu_group group, const char *name,
                                 uint64_t rows, uint64_t columns, uint64_t copies, bool bias)
{
    struct hu_weight *w = hu_model_add(c->model, group, name, rows, columns, copies);
    if (w)
        w->linear = true;
    if (bias)
        hu_model_add(c->model, group, "bias", rows, 1, copies);
    return w;
}

void decoder_embeddings(struct hu_config *c, const struct decoder *d)
{
    hu_model_add(c->model, HU_GROUP_EMBEDDING, "embed_tokens", d->vocabulary, d->hidden, 1);
    hu_model_add(c->model, HU_GROUP_EMBEDDING, "positions", d->positions, d->hidden, 1);
    if (d->embedding_norm)
        hu_model_add(c->model, HU_GROUP_NORM, "embedding norm", d->hidden, d->norm_vectors, 1);
}

static void mark_lora(struct hu_weight *w)
{
    if (w)
        w->lora = true;
}

void decoder_attention(struct hu_config *c, const struct decoder *d)
{
    enum hu_group g = HU_GROUP_ATTENTION;
    uint64_t q = config_times(c, d->heads, d->head_dim);
    uint64_t kv = config_times(c, d->kv_heads, d->head_dim);
    if (d->qkv) {
        mark_lora(decoder_linear(c, g, d->qkv, q + 2 * kv, d->hidden, d->layers, d->qkv_bias));
    } else {
        mark_lora(decoder_linear(c, g, "q_proj", q, d->hidden, d->layers, d->qkv_bias));
        decoder_linear(c, g, "k_proj", kv, d->hidden, d->layers, d->qkv_bias);
        mark_lora(decoder_linear(c, g, "v_proj", kv, d->hidden, d->layers, d->qkv_bias));
    }
    decoder_linear(c, g, d->o ? d->o : "o_proj", d->hidden, q, d->layers, d->o_bias);
    if (d->sinks)
        hu_model_add(c->model, g, "sinks", d->heads, 1, d->layers);
    if (d->q_norm)
        hu_model_add(c->model, HU_GROUP_NORM, "q_norm", d->head_dim, 1, d->layers);
    if (d->k_norm)
        hu_model_add(c->model, HU_GROUP_NORM, "k_norm", d->head_dim, 1, d->layers);
}

/* COPIES perceptrons of width FFN, ACTIVE of which a token passes. */
static void add_mlp(struct hu_config *c, const struct decoder *d, enum hu_group g, uint64_t ffn,
                    uint64_t copies, uint64_t active, bool bias)
{
    size_t first = c->model->weight_count;
    if (d->gate_up) {
        decoder_linear(c, g, d->gate_up, config_times(c, 2, ffn), d->hidden, copies, bias);
    } else {
        if (d->gated)
            decoder_linear(c, g, "gate_proj", ffn, d->hidden, copies, bias);
        decoder_linear(c, g, d->up ? d->up : "up_proj", ffn, d->hidden, copies, bias);
    }
    decoder_linear(c, g, d->down ? d->down : "down_proj", d->hidden, ffn, copies, bias);
    for (size_t i = first; i < c->model->weight_count; i++)
        c->model->weights[i].active = active;
}

void decoder_mlp(struct hu_config *c, const struct decoder *d)
{
    uint64_t moe = d->moe_layers;
    if (moe > d->layers || (moe && d->experts_used > d->experts)) {
        config_fail(c, "more layers with experts than layers, or more experts used than there are");
        return;
    }
    add_mlp(c, d, HU_GROUP_MLP, d->ffn, d->layers - moe, d->layers - moe, d->mlp_bias);
    if (!moe)
        return;
    add_mlp(c, d, HU_GROUP_EXPERTS, d->expert_ffn, config_times(c, moe, d->experts),
            config_times(c, moe, d->experts_used), d->expert_bias);
    add_mlp(c, d, HU_GROUP_MLP, d->shared_ffn, moe, moe, false);
    if (d->shared_gate)
        hu_model_add(c->model, HU_GROUP_MLP, "shared_expert_gate", 1, d->hidden, moe);
    hu_model_add(c->model, HU_GROUP_MLP, "router", d->experts, d->hidden, moe);
    if (d->router_bias || d->selection_bias)
        hu_model_add(c->model, HU_GROUP_MLP, "router bias", d->experts, 1, moe);
}

/* The head that the checkpoint's class has; without a class, a language model's. */
static void add_head(struct hu_config *c, const struct decoder *d)
{
    const char *class = config_class(c);
    char shown[64];
    if (strstr(class, "ForSequenceClassification")) {
        hu_model_add(c->model, HU_GROUP_HEAD, "score", config_labels(c), d->hidden, 1);
        hu_model_note(c->model, "counted as a classifier, without a language model's head");
        return;
    }
    if (hu_ends_with(class, "Model") && !strstr(class, "LMHead")) {
        hu_model_note(c->model, "counted as a bare model, without a head");
        return;
    }
    if (*class && !strstr(class, "CausalLM") && !strstr(class, "LMHead") &&
        !strstr(class, "ConditionalGeneration") && !strstr(class, "ForMaskedLM") &&
        !strstr(class, "ForPreTraining"))
        hu_model_note(c->model, "counted with a language model's head, though the class is %s",
                      hu_printable(class, shown, sizeof shown));
    if (!d->tied)
        hu_model_add(c->model, HU_GROUP_HEAD, "lm_head", d->vocabulary, d->hidden, 1);
    if (d->head_bias)
        hu_model_add(c->model, HU_GROUP_HEAD, "lm_head bias", d->vocabulary, 1, 1);
}

void decoder_norms_and_head(struct hu_config *c, const struct decoder *d)
{
    uint64_t norms = config_times(c, d->norms, d->layers) + !d->no_final_norm;
    hu_model_add(c->model, HU_GROUP_NORM, "norms", d->hidden, d->norm_vectors, norms);
    if (!d->own_head)
        add_head(c, d);
    c->model->layers = d->layers;
    c->model->hidden = d->hidden;
    c->model->heads = d->heads;
    c->model->vocabulary = d->vocabulary;
}

void decoder_build(struct hu_config *c, const struct decoder *d)
{
    decoder_embeddings(c, d);
    decoder_attention(c, d);
    decoder_mlp(c, d);
    decoder_norms_and_head(c, d);
    uint64_t kv = config_times(c, d->kv_heads, d->head_dim);
    if (!hu_model_add_kv(c->model, d->layers, kv, kv))
        config_fail(c, "\"num_hidden_layers\" is over %d", HU_LAYERS_MAX);
}
