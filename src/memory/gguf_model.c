/* What a GGUF file's metadata says of the model: ggml's docs/gguf.md, "Standardized key-value
 * pairs". */
#include "listing.h"
#include "source.h"
#include "file/tensor_set.h"
#include "word_list.h"

#include <stdio.h>
#include <stdlib.h>
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

/* A whole number, or a list of them of at most HU_LAYERS_MAX; NULL: neither. */
static json_t *value_of(const struct hu_metadata *m)
{
    uint64_t n;
    if (!m->is_array)
        return hu_metadata_integer(m, 0, &n) && n <= INT64_MAX ? json_integer((json_int_t)n) : NULL;
    json_t *list = json_array();
    for (uint64_t i = 0; i < m->count && i < HU_LAYERS_MAX && hu_metadata_integer(m, i, &n); i++)
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
        for (const char *at = keys[i].names; value && hu_next_word(&at, ' ', text, sizeof text);)
            json_object_set(config, text, value);
        json_decref(value);
    }
    return config;
}

/* What a layer does, by its family. */
struct gguf_layer {
    bool attends, keeps_state;
    uint64_t window; /* 0: it sees all tokens */
};

static void mark(struct gguf_layer *layer, const struct hu_kept *kept)
{
    bool state = hu_keep_is_state(kept->kind);
    layer->keeps_state |= state;
    layer->attends |= !state && kept->kind != HU_KEEP_SHARED;
    if (kept->kind == HU_KEEP_WINDOW)
        layer->window = kept->tokens;
}

/* Fills LAYERS by the family that names the file's architecture, over the config that the metadata
 * makes. False: no family does, or the metadata does not say enough. */
static bool read_family(const struct hu_tensor_file *file, const struct hu_model *model,
                        struct gguf_layer *layers)
{
    const struct hu_family_text *text = hu_family_text_find(model->architecture, HU_FAMILY_BY_GGUF);
    struct hu_model listed = {.layers = 0};
    struct listing_result list;
    if (!text)
        return false;
    json_t *config = config_of(file, model->architecture);
    bool fine =
        listing_make(text, config, &listed, &list) && !*list.missing && listed.tensors.kept_count;
    for (size_t i = 0; fine && i < listed.tensors.kept_count; i++) {
        const struct hu_kept *kept = &listed.tensors.kept[i];
        if (!kept->tower && kept->layer < model->layers)
            mark(&layers[kept->layer], kept);
    }
    hu_model_free(&listed);
    json_decref(config);
    return fine;
}

struct gguf {
    struct gguf_layer *layers; /* by the family, where has_family */
    bool has_family;
    const struct hu_tensor_set *set;
    const struct hu_tensor_file *file;
    struct hu_model *model;
};

static const struct hu_metadata *find(struct gguf *g, const char *key)
{
    char full[160];
    snprintf(full, sizeof full, "%s.%s", g->model->architecture, key);
    return hu_metadata_find(g->file, full);
}

/* Entry INDEX of an array with an entry a layer, or the one number for all. */
static bool read_layer(const struct hu_metadata *m, uint64_t index, uint64_t *value)
{
    return m && hu_metadata_integer(m, m->is_array ? index : 0, value);
}

static uint64_t number(struct gguf *g, const char *key, uint64_t otherwise)
{
    uint64_t value;
    return read_layer(find(g, key), 0, &value) ? value : otherwise;
}

/* How layers slide: by a list with an entry a layer, every PERIOD-th not, as the family says, or
 * none does. */
struct windows {
    uint64_t window, period;
    const struct hu_metadata *list;
};

static struct windows read_windows(struct gguf *g)
{
    const struct hu_metadata *pattern = find(g, "attention.sliding_window_pattern");
    struct windows w = {.window = number(g, "attention.sliding_window", 0),
                        .list = pattern && pattern->is_array ? pattern : NULL};
    if (pattern && !pattern->is_array)
        w.period = number(g, "attention.sliding_window_pattern", 0);
    if (w.window && !w.period && !w.list && !g->has_family) {
        hu_model_note(g->model,
                      "the file states a sliding window of %llu tokens and not for which "
                      "layers: all are counted with the whole context",
                      (unsigned long long)w.window);
        w.window = 0;
    }
    return w;
}

static uint64_t window_of(const struct gguf *g, const struct windows *w, uint64_t layer)
{
    uint64_t slides;
    if (w->list)
        return hu_metadata_integer(w->list, layer, &slides) && slides ? w->window : 0;
    if (w->period)
        return (layer + 1) % w->period ? w->window : 0;
    return g->has_family ? g->layers[layer].window : 0;
}

/* The keys that shape attention, found once: a file may have many keys and many layers. */
struct attention {
    const struct hu_metadata *latent, *rope, *heads, *kv_heads;
    uint64_t key, value; /* size of a head where stated, or 0 */
};

/* Keys and values of layer I in elements. False: the file does not say. */
static bool layer_kv(const struct attention *a, uint64_t hidden, uint64_t i, uint64_t *k,
                     uint64_t *v)
{
    uint64_t heads, kv_heads, latent, rope;
    if (read_layer(a->latent, i, &latent) && read_layer(a->rope, i, &rope)) {
        *k = latent + rope;
        *v = 0;
        return latent < 1 << 20 && rope < 1 << 20;
    }
    if (!read_layer(a->heads, i, &heads))
        return false;
    if (!read_layer(a->kv_heads, i, &kv_heads))
        kv_heads = heads;
    uint64_t dim = heads ? hidden / heads : 0;
    return !__builtin_mul_overflow(kv_heads, a->key ? a->key : dim, k) &&
           !__builtin_mul_overflow(kv_heads, a->value ? a->value : dim, v);
}

/* A recurrent layer's state and its convolution's, as llama.cpp reserves them
 * (llama_hparams::n_embd_s and n_embd_r). */
static void read_states(struct gguf *g, struct hu_kept *state, struct hu_kept *conv)
{
    uint64_t inner = number(g, "ssm.inner_size", 0), size = number(g, "ssm.state_size", 0);
    uint64_t kernel = number(g, "ssm.conv_kernel", 0), groups = number(g, "ssm.group_count", 0);
    uint64_t cache = number(g, "shortconv.l_cache", 0), head = number(g, "wkv.head_size", 0);
    const uint64_t most = 1 << 20;
    if (inner > most || size > most || kernel > most || groups > most || cache > most ||
        head > most || g->model->hidden > most)
        return;
    state->k = head ? head * g->model->hidden : size * inner;
    conv->width = head ? 0 : kernel ? kernel : cache;
    conv->k = head     ? number(g, "token_shift_count", 2) % most * g->model->hidden
              : kernel ? inner + 2 * groups * size
              : cache  ? g->model->hidden
                       : 0;
}

static bool add_states(struct gguf *g, uint64_t layer)
{
    struct hu_kept state = {.kind = HU_KEEP_RECURRENT, .layer = (uint32_t)layer};
    struct hu_kept conv = {.kind = HU_KEEP_CONV, .layer = (uint32_t)layer};
    read_states(g, &state, &conv);
    return (!state.k || hu_model_keep(g->model, &state)) &&
           (!conv.k || hu_model_keep(g->model, &conv));
}

/* Keys and values, or states, or both, of layer I. */
static bool add_layer(struct gguf *g, const struct attention *a, const struct windows *w,
                      uint64_t i)
{
    struct hu_kept kept = {.tokens = window_of(g, w, i), .layer = (uint32_t)i};
    uint64_t heads;
    if (!layer_kv(a, g->model->hidden, i, &kept.k, &kept.v))
        return false;
    if (g->has_family && !g->layers[i].attends)
        kept.k = kept.v = 0;
    bool recurrent = g->has_family ? g->layers[i].keeps_state : !kept.k && !kept.v;
    kept.kind = kept.tokens ? HU_KEEP_WINDOW : HU_KEEP_FULL;
    if (kept.v && (read_layer(a->kv_heads, i, &heads) || read_layer(a->heads, i, &heads)))
        kept.heads = heads;
    else if (kept.k)
        kept.kind = HU_KEEP_LATENT;
    if ((kept.k || kept.v || !recurrent) && !hu_model_keep(g->model, &kept))
        return false;
    return !recurrent || add_states(g, i);
}

static void add_kv(struct gguf *g)
{
    struct hu_model *m = g->model;
    uint64_t causal;
    if (read_layer(find(g, "attention.causal"), 0, &causal) && !causal) {
        m->no_kv = "an encoder keeps no KV cache";
        return;
    }
    struct attention a = {
        .latent = find(g, "attention.kv_lora_rank"),
        .rope = find(g, "rope.dimension_count"),
        .heads = find(g, "attention.head_count"),
        .kv_heads = find(g, "attention.head_count_kv"),
        .key = number(g, "attention.key_length", 0),
        .value = number(g, "attention.value_length", 0),
    };
    g->layers = calloc((size_t)m->layers, sizeof *g->layers);
    g->has_family = g->layers && read_family(g->file, m, g->layers);
    struct windows windows = read_windows(g);
    for (uint64_t i = 0; i < m->layers; i++)
        if (!add_layer(g, &a, &windows, i)) {
            hu_model_free(m);
            m->no_kv = "the file's metadata does not say how its attention is shaped: give "
                       "--layers, --kv-heads and --head-dim";
            break;
        }
    free(g->layers);
}

/* A token passes expert_used_count of the expert_count in each tensor of experts. */
static void add_active(struct gguf *g)
{
    struct hu_model *m = g->model;
    uint64_t count = number(g, "expert_count", 0), used = number(g, "expert_used_count", 0);
    uint64_t experts = 0;
    for (size_t i = 0; i < g->set->tensor_count; i++)
        if (strstr(g->set->tensors[i]->name, "_exps."))
            experts += g->set->tensors[i]->elements;
    m->has_active = !count || (used && used <= count);
    m->active_parameters = m->parameters;
    if (count && m->has_active)
        m->active_parameters = m->parameters - experts + experts / count * used;
}

static bool read_architecture(struct gguf *g)
{
    const struct hu_metadata *m = hu_metadata_find(g->file, "general.architecture");
    char *name = g->model->architecture;
    if (!m || m->type != HU_META_STRING || m->is_array || !m->count)
        return false;
    size_t most = sizeof g->model->architecture - 1;
    size_t n = m->count < most ? (size_t)m->count : most;
    for (size_t i = 0; i < n; i++)
        name[i] = m->value[i] > 0x20 && m->value[i] < 0x7f ? (char)m->value[i] : '?';
    name[n] = 0;
    return true;
}

bool hu_model_read_gguf(const struct hu_tensor_set *set, struct hu_model *model)
{
    struct gguf g = {.set = set, .file = &set->files[0], .model = model};
    const struct hu_metadata *tokens = hu_metadata_find(g.file, "tokenizer.ggml.tokens");
    if (!read_architecture(&g)) {
        model->no_kv = "the file does not name its general.architecture";
        return true;
    }
    uint64_t layers = number(&g, "block_count", 0);
    model->hidden = number(&g, "embedding_length", 0);
    model->vocabulary = number(&g, "vocab_size", tokens && tokens->is_array ? tokens->count : 0);
    model->heads = number(&g, "attention.head_count", 0);
    if (layers > HU_LAYERS_MAX)
        return hu_model_fail(model, "%.300s: %llu layers are over %d", set->paths[0],
                             (unsigned long long)layers, HU_LAYERS_MAX);
    model->layers = layers;
    model->trained_context = number(&g, "context_length", 0);
    add_active(&g);
    if (layers)
        add_kv(&g);
    else
        model->no_kv = "the file does not state its block_count";
    return true;
}
