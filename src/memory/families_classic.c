/* Families before Llama: learned positions, layer norms with bias, one up projection. */
#include "family.h"
#include "tensor/tensor_file.h"
#include "tensor/printable.h"

#include <string.h>

/* A whole share of HIDDEN for each of HEADS. */
static uint64_t split_heads(struct hu_config *c, uint64_t hidden, uint64_t heads)
{
    if (heads && hidden % heads)
        config_fail(c, "the hidden size %llu is no multiple of %llu heads",
                    (unsigned long long)hidden, (unsigned long long)heads);
    return heads ? hidden / heads : 0;
}

void family_gpt2(struct hu_config *c)
{
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "n_embd|hidden_size"),
        .layers = config_need(c, "n_layer|num_hidden_layers"),
        .heads = config_need(c, "n_head|num_attention_heads"),
        .positions = config_need(c, "n_positions|n_ctx|max_position_embeddings"),
        .norm_vectors = 2,
        .norms = 2,
        .tied = config_flag(c, "tie_word_embeddings", true),
        .qkv_bias = true,
        .o_bias = true,
        .mlp_bias = true,
        .qkv = "c_attn",
        .o = "c_proj",
        .up = "c_fc",
        .down = "mlp.c_proj",
    };
    d.kv_heads = d.heads;
    d.head_dim = split_heads(c, d.hidden, d.heads);
    d.ffn = config_number(c, "n_inner", 4 * d.hidden);
    decoder_build(c, &d);
}

void family_gpt_neox(struct hu_config *c)
{
    bool bias = config_flag(c, "attention_bias", true);
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "hidden_size"),
        .layers = config_need(c, "num_hidden_layers"),
        .heads = config_need(c, "num_attention_heads"),
        .ffn = config_need(c, "intermediate_size"),
        .norm_vectors = 2,
        .norms = 2,
        .tied = config_flag(c, "tie_word_embeddings", false),
        .qkv_bias = bias,
        .o_bias = bias,
        .mlp_bias = true,
        .qkv = "query_key_value",
        .o = "dense",
        .up = "dense_h_to_4h",
        .down = "dense_4h_to_h",
    };
    d.kv_heads = d.heads;
    d.head_dim = split_heads(c, d.hidden, d.heads);
    decoder_build(c, &d);
}

void family_bloom(struct hu_config *c)
{
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "hidden_size|n_embed"),
        .layers = config_need(c, "n_layer|num_hidden_layers"),
        .heads = config_need(c, "n_head|num_attention_heads"),
        .norm_vectors = 2,
        .norms = 2,
        .embedding_norm = true,
        .tied = config_flag(c, "tie_word_embeddings", true),
        .qkv_bias = true,
        .o_bias = true,
        .mlp_bias = true,
        .qkv = "query_key_value",
        .o = "dense",
        .up = "dense_h_to_4h",
        .down = "dense_4h_to_h",
    };
    d.kv_heads = d.heads;
    d.head_dim = split_heads(c, d.hidden, d.heads);
    d.ffn = 4 * d.hidden;
    decoder_build(c, &d);
}

void family_opt(struct hu_config *c)
{
    bool affine = config_flag(c, "layer_norm_elementwise_affine", true);
    bool bias = config_flag(c, "enable_bias", true);
    bool before = config_flag(c, "do_layer_norm_before", true);
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "hidden_size"),
        .layers = config_need(c, "num_hidden_layers"),
        .heads = config_need(c, "num_attention_heads"),
        .ffn = config_need(c, "ffn_dim"),
        .norm_vectors = affine ? 2 : 0,
        .norms = 2,
        .no_final_norm = !before || config_flag(c, "_remove_final_layer_norm", false),
        .own_head = true, /* the embeddings below are not hidden wide */
        .qkv_bias = bias,
        .o_bias = bias,
        .mlp_bias = bias,
        .o = "out_proj",
        .up = "fc1",
        .down = "fc2",
    };
    d.kv_heads = d.heads;
    d.head_dim = split_heads(c, d.hidden, d.heads);
    uint64_t width = config_number(c, "word_embed_proj_dim", d.hidden);
    uint64_t vocabulary = d.vocabulary;
    d.vocabulary = 0;
    decoder_build(c, &d);
    /* OPT's position table keeps two rows for padding. */
    uint64_t positions = config_need(c, "max_position_embeddings") + 2;
    hu_model_add(c->model, HU_GROUP_EMBEDDING, "embed_tokens", vocabulary, width, 1);
    hu_model_add(c->model, HU_GROUP_EMBEDDING, "embed_positions", positions, d.hidden, 1);
    if (width != d.hidden)
        hu_model_add(c->model, HU_GROUP_EMBEDDING, "project_in and _out", width, d.hidden, 2);
    if (!config_flag(c, "tie_word_embeddings", true))
        hu_model_add(c->model, HU_GROUP_HEAD, "lm_head", vocabulary, width, 1);
    c->model->vocabulary = vocabulary;
}

void family_falcon(struct hu_config *c)
{
    bool bias = config_flag(c, "bias", false);
    bool grouped = config_flag(c, "new_decoder_architecture", false);
    bool parallel = config_flag(c, "parallel_attn", true);
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "hidden_size"),
        .layers = config_need(c, "num_hidden_layers|n_layer"),
        .heads = config_need(c, "num_attention_heads|n_head"),
        .norm_vectors = 2,
        .tied = config_flag(c, "tie_word_embeddings", true),
        .qkv_bias = bias,
        .o_bias = bias,
        .mlp_bias = bias,
        .qkv = "query_key_value",
        .o = "dense",
        .up = "dense_h_to_4h",
        .down = "dense_4h_to_h",
    };
    d.norms = (unsigned)config_number(c, "num_ln_in_parallel_attn", grouped ? 2 : 1);
    if (!parallel)
        d.norms = 2;
    bool multi_query = config_flag(c, "multi_query", true);
    d.kv_heads = grouped       ? config_number(c, "num_kv_heads|n_head_kv", d.heads)
                 : multi_query ? 1
                               : d.heads;
    d.head_dim = split_heads(c, d.hidden, d.heads);
    d.ffn = config_number(c, "ffn_hidden_size", 4 * d.hidden);
    decoder_build(c, &d);
}

/* A classifier over each text or each token; RoBERTa's texts pass a layer of its own. */
static void bert_classifier(struct hu_config *c, uint64_t hidden, const char *class, bool roberta)
{
    bool answers = strstr(class, "QuestionAnswering");
    if (roberta && strstr(class, "SequenceClassification"))
        decoder_linear(c, HU_GROUP_HEAD, "dense", hidden, hidden, 1, true);
    decoder_linear(c, HU_GROUP_HEAD, "classifier", answers ? 2 : config_labels(c), hidden, 1, true);
}

/* The heads that the checkpoints' classes carry; the word decoder shares the embeddings. */
static void bert_heads(struct hu_config *c, uint64_t hidden, uint64_t vocabulary, bool roberta)
{
    const char *class = config_class(c);
    char shown[64];
    enum hu_group g = HU_GROUP_HEAD;
    if (!*class)
        class = roberta ? "RobertaModel" : "BertModel";
    bool pretraining = strstr(class, "PreTraining");
    bool masked = pretraining || strstr(class, "MaskedLM") || strstr(class, "LMHeadModel");
    bool texts = strstr(class, "SequenceClassification");
    bool classifies =
        texts || strstr(class, "TokenClassification") || strstr(class, "QuestionAnswering");
    size_t n = strlen(class);
    bool bare = n > 5 && !strcmp(class + n - 5, "Model") && !masked;
    bool pooled = pretraining || bare || (texts && !roberta);
    if (pooled)
        decoder_linear(c, g, "pooler", hidden, hidden, 1, true);
    if (masked) {
        decoder_linear(c, g, "transform", hidden, hidden, 1, true);
        hu_model_add(c->model, g, "transform norm", hidden, 2, 1);
        hu_model_add(c->model, g, "decoder bias", vocabulary, 1, 1);
    }
    if (pretraining)
        decoder_linear(c, g, "seq_relationship", 2, hidden, 1, true);
    if (classifies)
        bert_classifier(c, hidden, class, roberta);
    hu_model_note(c->model, "counted as %s%s", hu_printable(class, shown, sizeof shown),
                  masked || classifies || bare ? ""
                                               : ", whose own head is not known and not in it");
}

static void bert_like(struct hu_config *c, bool roberta)
{
    struct decoder d = {
        .vocabulary = config_need(c, "vocab_size"),
        .hidden = config_need(c, "hidden_size"),
        .layers = config_need(c, "num_hidden_layers"),
        .heads = config_need(c, "num_attention_heads"),
        .ffn = config_need(c, "intermediate_size"),
        .positions = config_need(c, "max_position_embeddings"),
        .norm_vectors = 2,
        .norms = 2,
        .no_final_norm = true,
        .embedding_norm = true,
        .own_head = true,
        .qkv_bias = true,
        .o_bias = true,
        .mlp_bias = true,
        .o = "output.dense",
        .up = "intermediate.dense",
        .down = "output.dense",
    };
    d.kv_heads = d.heads;
    d.head_dim = split_heads(c, d.hidden, d.heads);
    decoder_build(c, &d);
    hu_model_add(c->model, HU_GROUP_EMBEDDING, "token_type_embeddings",
                 config_number(c, "type_vocab_size", 2), d.hidden, 1);
    bert_heads(c, d.hidden, d.vocabulary, roberta);
    if (!config_flag(c, "is_decoder", false)) {
        hu_model_free(c->model);
        c->model->no_kv = "an encoder keeps no KV cache";
    }
}

void family_bert(struct hu_config *c)
{
    bert_like(c, false);
}

void family_roberta(struct hu_config *c)
{
    bert_like(c, true);
}

static void t5_attention(struct hu_config *c, const char *const names[4], uint64_t hidden,
                         uint64_t inner, uint64_t copies)
{
    for (int i = 0; i < 4; i++) {
        struct hu_weight *w =
            decoder_linear(c, HU_GROUP_ATTENTION, names[i], i == 3 ? hidden : inner,
                           i == 3 ? inner : hidden, copies, false);
        if (w)
            w->lora = i == 0 || i == 2;
    }
}

/* Raffel et al. 2020; transformers' T5ForConditionalGeneration. */
void family_t5(struct hu_config *c)
{
    static const char *const self[] = {"q", "k", "v", "o"};
    uint64_t vocabulary = config_need(c, "vocab_size"), hidden = config_need(c, "d_model");
    uint64_t layers = config_need(c, "num_layers"), heads = config_need(c, "num_heads");
    uint64_t inner = config_times(c, heads, config_need(c, "d_kv")), ffn = config_need(c, "d_ff");
    uint64_t decoders = config_number(c, "num_decoder_layers", layers);
    uint64_t buckets = config_number(c, "relative_attention_num_buckets", 32);
    const char *projection = config_text(c, "feed_forward_proj");
    bool gated = projection && !strncmp(projection, "gated", 5);
    bool encoder = strstr(config_class(c), "EncoderModel");
    bool tied = encoder || config_flag(c, "tie_word_embeddings", true);
    if (encoder)
        decoders = 0;
    hu_model_add(c->model, HU_GROUP_EMBEDDING, "shared", vocabulary, hidden, 1);
    t5_attention(c, self, hidden, inner, layers + 2 * decoders);
    hu_model_add(c->model, HU_GROUP_ATTENTION, "relative_attention_bias", buckets, heads,
                 encoder ? 1 : 2);
    decoder_linear(c, HU_GROUP_MLP, "wi", ffn, hidden, (layers + decoders) * (gated ? 2 : 1),
                   false);
    decoder_linear(c, HU_GROUP_MLP, "wo", hidden, ffn, layers + decoders, false);
    hu_model_add(c->model, HU_GROUP_NORM, "norms", hidden, 1,
                 2 * layers + 3 * decoders + (encoder ? 1 : 2));
    if (!tied)
        hu_model_add(c->model, HU_GROUP_HEAD, "lm_head", vocabulary, hidden, 1);
    c->model->layers = layers + decoders;
    c->model->hidden = hidden;
    c->model->heads = heads;
    c->model->vocabulary = vocabulary;
    if (encoder) {
        c->model->no_kv = "an encoder keeps no KV cache";
        return;
    }
    if (!hu_model_add_kv(c->model, config_times(c, 2, decoders), inner, inner))
        config_fail(c, "\"num_layers\" is over %d", HU_LAYERS_MAX / 2);
    hu_model_note(c->model, "the KV cache takes the context for the encoder's tokens too: each "
                            "decoder layer keeps both");
}
