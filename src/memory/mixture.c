#include "mixture.h"
#include "families.h"
#include "file/dtype.h"
#include "word_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* FIRST in the layers that WHERE says, PICKED where use_more_bits picks, REST in the others. */
#define RULE(first, where, picked, rest)                                                           \
    {                                                                                              \
        first, HU_LAYERS_##where, picked, rest                                                     \
    }

/* llama.cpp's llama_tensor_get_type_impl (src/llama-quant.cpp at 007dbbf), without an importance
 * matrix: what it gives attn_v, ffn_down and attn_output. */
static const struct hu_mixture mixtures[] = {
    {"q3_k_s", "q3_k", .eight_output = true, .summary = "all alike"},
    {"q3_k_m", "q3_k", NULL, RULE("q5_k", 2, NULL, "q4_k"), RULE("q5_k", SIXTEENTH, NULL, "q4_k"),
     RULE("q4_k", ALL, NULL, NULL), RULE("q5_k", SIXTEENTH, "q4_k", NULL), .eight_output = true,
     .summary = "q4_k in attn_v, ffn_down and attn_output, q5_k in the first of them"},
    {"q3_k_l", "q3_k", NULL, RULE("q5_k", ALL, NULL, NULL), RULE("q5_k", ALL, NULL, NULL),
     RULE("q5_k", ALL, NULL, NULL), RULE("q4_k", ALL, NULL, NULL), RULE("q4_k", ALL, NULL, NULL),
     .summary = "q5_k in attn_v, ffn_down and attn_output"},
    {"q4_k_s", "q4_k", NULL, RULE("q5_k", 4, NULL, NULL), RULE("q5_k", EIGHTH, NULL, NULL),
     .eight_output = true, .summary = "q5_k in the first attn_v and ffn_down"},
    {"q4_k_m", "q4_k", NULL, RULE(NULL, NONE, "q6_k", NULL), RULE(NULL, NONE, "q6_k", NULL),
     RULE(NULL, NONE, NULL, NULL), RULE("q6_k", SIXTEENTH, "q5_k", NULL), .eight_output = true,
     .summary = "q6_k in attn_v and ffn_down of half of the layers"},
    {"q5_k_s", "q5_k", .summary = "all alike"},
    {"q5_k_m", "q5_k", NULL, RULE(NULL, NONE, "q6_k", NULL), RULE(NULL, NONE, "q6_k", NULL),
     .falcon_down = RULE(NULL, NONE, "q6_k", NULL),
     .summary = "q6_k in attn_v and ffn_down of half of the layers"},
    {"mxfp4_moe", "q8_0", "mxfp4", .summary = "mxfp4 in the experts"},
};

const struct hu_mixture *hu_mixture_find(const char *name)
{
    for (size_t i = 0; i < sizeof mixtures / sizeof *mixtures; i++)
        if (!strcasecmp(mixtures[i].name, name))
            return &mixtures[i];
    return NULL;
}

/* use_more_bits: the first and the last eighth, and every third between. */
static bool is_picked(uint64_t layer, uint64_t layers)
{
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

static const char *by_rule(const struct hu_mixture_rule *rule, uint64_t layer, uint64_t layers,
                           const char *plain)
{
    const uint64_t first[] = {0, 2, 4, layers / 8, layers / 16, UINT64_MAX};
    if (layer < first[rule->where])
        return rule->first;
    if (rule->picked && is_picked(layer, layers))
        return rule->picked;
    return rule->rest ? rule->rest : plain;
}

/* Rows that are no whole number of 256 take formats with blocks of 32 (tensor_type_fallback). */
static const char *for_rows(const char *name, uint64_t columns)
{
    static const char *const instead[][2] = {
        {"q3_k", "q4_0"}, {"q4_k", "q5_0"}, {"q5_k", "q5_1"}, {"q6_k", "q8_0"}};
    for (size_t i = 0; columns % 256 && i < sizeof instead / sizeof *instead; i++)
        if (!strcmp(instead[i][0], name))
            return columns % 32 ? "fp16" : instead[i][1];
    return columns % 32 && !strcmp(name, "q8_0") ? "fp16" : name;
}

struct mixing {
    const struct hu_mixture *mixture;
    const struct hu_model *model;
    uint64_t values, value; /* tensors that hold values, and which of them is next */
    uint64_t down;          /* which ffn_down is next, where there are no experts */
    uint64_t experts;       /* of a layer */
    uint64_t channels;      /* of a delta net's convolution: its queries, keys and values */
    uint64_t query;         /* of an attention's head */
    bool falcon, seventy, head;
    bool transposed; /* GPT-2's matrices are inputs × outputs */
    uint64_t *sum;
};

/* Modules of attention by what they hold. Queries, keys and values in one matrix are attn_qkv,
 * which counts as values; or the converter takes it apart, and values are the last rows. */
static const char value_names[] = "v_proj value wv v v_lin", keys[] = "k_proj key wk k k_lin",
                  queries[] = "q_proj q_b_proj", latent[] = "kv_b_proj",
                  fused[] = "qkv_proj query_key_value c_attn Wqkv qkv attn_qkv att_proj",
                  parted[] = "W_pack wqkv";

static bool is_one_of(const struct hu_tensor_row *row, const char *modules)
{
    char module[64];
    size_t n;
    const char *at = hu_row_module(row, &n);
    snprintf(module, sizeof module, "%.*s", (int)n, at);
    return hu_has_word(modules, module);
}

static bool attends(const struct hu_tensor_row *row, const char *modules)
{
    return row->role == HU_ROLE_ATTENTION && row->rank > 1 && !row->is_bias &&
           is_one_of(row, modules);
}

/* A delta net's queries, keys and values, which are an attn_qkv too; where the net's gate lies
 * behind them, the converter takes it away. */
static bool is_delta(const struct hu_tensor_row *row)
{
    return row->role == HU_ROLE_SSM && row->rank == 2 && is_one_of(row, "in_proj_qkv in_proj_qkvz");
}

/* Adds N elements of rows of COLUMNS in the format called NAME. */
static bool add(struct mixing *m, const char *name, uint64_t n, uint64_t columns)
{
    struct hu_dtype dtype;
    uint64_t bytes;
    return hu_dtype_find(for_rows(name, columns), &dtype) && hu_dtype_size(dtype, n, &bytes) &&
           !__builtin_add_overflow(*m->sum, bytes, m->sum);
}

/* Inputs of ROW, which ggml's rows are. */
static uint64_t columns_of(const struct mixing *m, const struct hu_tensor_row *row)
{
    uint64_t hidden = m->model->hidden, last = row->shape[row->rank - 1];
    uint64_t before = row->rank > 1 ? row->shape[row->rank - 2] : last;
    bool either = row->stacked && row->rank == 3;
    if (m->transposed && row->rank == 2 && row->role != HU_ROLE_EMBEDDING)
        return before;
    if (!either || row->role == HU_ROLE_EMBEDDING || row->role == HU_ROLE_HEAD)
        return last;
    if (row->split != HU_SPLIT_COLUMNS)
        return hidden;
    return last == hidden ? before : last;
}

/* A state space's own numbers, which no name with "weight" has. */
static bool is_state(const struct hu_tensor_row *row)
{
    return row->role == HU_ROLE_OTHER && !hu_row_is_linear(row) && !strstr(row->name, ".weight");
}

/* Gemma 3n's gates of what each layer has of a token: matrices as any other. */
static bool is_layer_input(const struct hu_tensor_row *row)
{
    return strstr(row->name, "per_layer_input_gate") || strstr(row->name, "per_layer_projection");
}

/* Gemma 3n's low ranks and what mixes its streams: they stay as they were converted. */
static bool is_small(const struct hu_tensor_row *row)
{
    return strstr(row->name, "altup") || strstr(row->name, "laurel") ||
           strstr(row->name, "per_layer_model_proj");
}

static const char *value_format(struct mixing *m)
{
    const struct hu_mixture *x = m->mixture;
    const char *name = by_rule(&x->value, m->value++, m->values, x->plain);
    /* Eight query heads share each key and value head of a 70B model. */
    if (m->seventy && (!strcmp(name, "q3_k") || !strcmp(name, "q4_k")))
        name = "q5_k";
    return m->experts == 8 && !x->experts ? "q8_0" : name;
}

static const char *format_of(struct mixing *m, const struct hu_tensor_row *row)
{
    const struct hu_mixture *x = m->mixture;
    uint64_t layers = m->model->layers;
    bool narrows = row->split == (m->transposed ? HU_SPLIT_ROWS : HU_SPLIT_COLUMNS);
    /* Vectors, routers and what is added to them stay so. */
    bool vector = row->rank < (row->stacked ? 3 : 2) || row->is_bias;
    if (vector || row->role == HU_ROLE_ROUTER || row->role == HU_ROLE_POSITION ||
        row->role == HU_ROLE_NORM || row->role == HU_ROLE_CONV || is_state(row))
        return "fp32";
    if (is_small(row))
        return "fp16";
    if (row->role == HU_ROLE_HEAD || (row->role == HU_ROLE_EMBEDDING && !m->head))
        return x->experts || m->falcon ? "q8_0" : "q6_k";
    if (row->role == HU_ROLE_EXPERT && x->experts)
        return x->experts;
    if (attends(row, value_names) || attends(row, fused))
        return value_format(m);
    if (attends(row, keys) && m->experts == 8 && !x->experts)
        return "q8_0";
    if (row->role == HU_ROLE_ATTENTION && narrows) {
        if (m->experts == 8)
            return x->eight_output ? "q5_k" : x->plain;
        return by_rule(m->falcon ? &x->falcon_output : &x->output, 0, 1, x->plain);
    }
    if (narrows && (row->role == HU_ROLE_MLP || row->role == HU_ROLE_EXPERT))
        return by_rule(m->falcon ? &x->falcon_down : &x->down,
                       m->experts > 1 ? row->layer : m->down++, layers, x->plain);
    return x->plain;
}

/* Keys and queries in the plain format, values behind them in theirs. */
static bool add_parted(struct mixing *m, const struct hu_tensor_row *row)
{
    uint64_t in = row->shape[1], out = row->shape[0];
    uint64_t values = out > m->model->hidden ? (out - m->model->hidden) / 2 : 0;
    return add(m, m->mixture->plain, (out - values) * in, in) &&
           add(m, value_format(m), values * in, in);
}

static uint64_t of_head(const struct hu_model *model, const struct hu_tensor_row *row)
{
    return model->heads ? row->shape[0] / model->heads : 0;
}

/* MLA's kv_b_proj, whose halves are attn_k_b, by the keys' size, and attn_v_b. */
static bool add_latent(struct mixing *m, const struct hu_tensor_row *row)
{
    const struct hu_model *model = m->model;
    uint64_t inner = row->shape[1], each = of_head(model, row);
    uint64_t rope = model->tensors.kept[0].k - inner;
    uint64_t key = m->query > rope && m->query - rope < each ? m->query - rope : each / 2;
    return add(m, m->mixture->plain, model->heads * key * inner, key) &&
           add(m, m->mixture->plain, model->heads * (each - key) * inner, inner);
}

/* A delta net's projection: what the convolution passes is the attn_qkv. */
static bool add_delta(struct mixing *m, const struct hu_tensor_row *row)
{
    uint64_t in = row->shape[1], out = row->shape[0];
    uint64_t passed = m->channels && m->channels < out ? m->channels : out;
    return add(m, value_format(m), passed * in, in) &&
           add(m, m->mixture->plain, (out - passed) * in, in);
}

static bool add_row(struct mixing *m, const struct hu_tensor_row *row)
{
    /* The converter stores these with their embedding twice. */
    bool twice = m->transposed || !strcmp(m->model->architecture, "bloom");
    if (attends(row, parted))
        return add_parted(m, row);
    if (is_delta(row))
        return add_delta(m, row);
    if (attends(row, latent) && m->model->tensors.kept[0].kind == HU_KEEP_LATENT)
        return add_latent(m, row);
    uint64_t n = hu_row_elements(row), columns = row->rank ? columns_of(m, row) : 1;
    if (row->role == HU_ROLE_EMBEDDING && twice && !m->head &&
        !add(m, m->mixture->plain, n, columns))
        return false;
    return add(m, format_of(m, row), n, columns);
}

static bool counts(const struct hu_tensor_row *row)
{
    return hu_row_counts(row) && !row->tower;
}

/* What llama.cpp calls MODEL's architecture; empty: it has none, or none that is known. */
static void name_in_gguf(const struct hu_model *model, char first[32])
{
    const struct hu_family_text *f = hu_family_text_find(model->architecture, HU_FAMILY_BY_NAME);
    char text[80];
    snprintf(text, sizeof text, "%s_text", model->architecture);
    if (!f)
        f = hu_family_text_find(model->architecture, HU_FAMILY_BY_CLASS);
    if (f && (!f->gguf || !*f->gguf)) /* what sees as well is called by its text */
        f = hu_family_text_find(text, HU_FAMILY_BY_NAME);
    const char *names = f && f->gguf ? f->gguf : "";
    snprintf(first, 32, "%.*s", (int)strcspn(names, " "), names);
}

/* Why the rule does not speak of ROW, or NULL. */
static const char *odd_row(const struct hu_tensor_row *row, bool states)
{
    enum hu_role role = row->role;
    if (row->rank < 2)
        return NULL;
    if (role == HU_ROLE_SSM || role == HU_ROLE_CONV)
        return states ? NULL : "its layers have states of another kind";
    bool known = (states && is_state(row)) || is_small(row) || is_layer_input(row);
    return (role == HU_ROLE_OTHER || role == HU_ROLE_PROJECTOR) && !known
               ? "it has matrices of other kinds"
               : NULL;
}

static const char *odd_model(const struct hu_model *model)
{
    const struct hu_tensors *t = &model->tensors;
    if (!t->count)
        return "of this they are not known";
    if (!model->layers || !t->kept_count)
        return "this is none";
    static const char known[] = "mamba mamba2 jamba falcon-h1 nemotron_h granitehybrid qwen3next "
                                "qwen35 qwen35moe lfm2 lfm2moe";
    char name[32];
    name_in_gguf(model, name);
    bool states = *name && hu_has_word(known, name); /* whose rules are known */
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        const char *why = counts(row) ? odd_row(row, states) : NULL;
        if (why)
            return *name ? why : "llama.cpp has no architecture for it";
    }
    for (const struct hu_kept *k = t->kept; k < hu_kept_end(t); k++)
        if (k->kind == HU_KEEP_CROSS || k->kind == HU_KEEP_INDEXER)
            return "it has cross attention or an indexer";
    return NULL;
}

static void look(struct mixing *m)
{
    const struct hu_tensors *t = &m->model->tensors;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        if (!m->query && attends(row, queries))
            m->query = of_head(m->model, row);
        if (!counts(row))
            continue;
        m->head |= row->role == HU_ROLE_HEAD;
        m->values += attends(row, value_names) || attends(row, fused) || attends(row, parted) ||
                     is_delta(row);
        if (row->role == HU_ROLE_CONV && !m->channels)
            m->channels = row->shape[0];
        if (row->experts > m->experts)
            m->experts = row->experts;
    }
}

bool hu_mixture_size(const struct hu_mixture *mixture, const struct hu_model *model,
                     uint64_t *bytes, const char **why)
{
    const char *name = model->architecture;
    struct mixing m = {.mixture = mixture,
                       .model = model,
                       .falcon = !strncmp(name, "falcon", 6) || !strncmp(name, "Refined", 7),
                       .seventy = model->layers == 80 && model->hidden == 8192,
                       .transposed = !strcmp(name, "gpt2"),
                       .sum = bytes};
    *bytes = 0;
    if ((*why = odd_model(model)))
        return false;
    look(&m);
    const struct hu_tensors *t = &model->tensors;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (counts(row) && !add_row(&m, row)) {
            *why = "the sum is over 64 bits";
            return false;
        }
    return true;
}
