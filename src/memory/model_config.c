#include "model.h"
#include "listing.h"
#include "quantization.h"
#include "file/json_text.h"
#include "file/printable.h"
#include "word_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How to size a model whose architecture is not known. */
#define BY_HAND                                                                                    \
    "give its count with --parameters N, and for the KV cache --layers, --kv-heads and --head-dim"

/* What is sized like the usual decoder where the architecture is not known. */
static const char usual_decoder[] = "usual_decoder";

struct reading {
    struct hu_model *model;
    json_t *root, *language; /* where the language model's own keys are */
    bool by_class; /* the config has a model_type that is not known, and a class that is */
};

static const char *text_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const struct hu_family_text *find_one(const char *name, enum hu_family_key key)
{
    return name && *name ? hu_family_text_find(name, key) : NULL;
}

static const char *first_class(json_t *root)
{
    return json_string_value(json_array_get(json_object_get(root, "architectures"), 0));
}

/* The family of code that the model brings with it under a model_type of transformers' own: by its
 * config's class, with the module that it is in, or by its class behind the model_type. */
static const struct hu_family_text *find_code(struct reading *r)
{
    const char *name = text_of(json_object_get(r->root, "auto_map"), "AutoConfig");
    const char *dashes = name ? strstr(name, "--") : NULL; /* behind another repository's name */
    const char *type = text_of(r->root, "model_type"), *class = first_class(r->root);
    char both[128];
    name = dashes ? dashes + 2 : name;
    const struct hu_family_text *text =
        name && strchr(name, '.') ? find_one(name, HU_FAMILY_BY_CLASS) : NULL;
    snprintf(both, sizeof both, "%s.%s", type ? type : "", class ? class : "");
    return text ? text : find_one(both, HU_FAMILY_BY_CLASS);
}

/* model_type, or else the classes that the config names, or diffusers' one. */
static const struct hu_family_text *find_family(struct reading *r)
{
    const char *type = text_of(r->root, "model_type");
    const struct hu_family_text *text = find_code(r);
    json_t *classes = json_object_get(r->root, "architectures");
    if (!text)
        text = find_one(type, HU_FAMILY_BY_NAME);
    if (text)
        return text;
    for (size_t i = 0; !text && i < json_array_size(classes); i++)
        text = find_one(json_string_value(json_array_get(classes, i)), HU_FAMILY_BY_CLASS);
    if (!text)
        text = find_one(text_of(r->root, "_class_name"), HU_FAMILY_BY_CLASS);
    r->by_class = text && type && *type;
    return text;
}

/* The name for messages: it goes to a terminal, so no control characters. */
static void name_architecture(struct reading *r)
{
    const char *type = text_of(r->root, "model_type");
    if (!type)
        type = first_class(r->root);
    if (!type)
        type = text_of(r->root, "_class_name");
    char *name = r->model->architecture;
    snprintf(name, sizeof r->model->architecture, "%s", type ? type : "");
    for (char *at = name; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f)
            *at = '?';
}

/* The first of KEYS that is a whole number above 0. */
static uint64_t first_number(json_t *object, const char *keys)
{
    char key[64];
    while (hu_next_word(&keys, ' ', key, sizeof key)) {
        json_int_t value = json_integer_value(json_object_get(object, key));
        if (value > 0 && value < INT64_C(1) << 40)
            return (uint64_t)value;
    }
    return 0;
}

/* "torch_dtype", or "dtype" since transformers 4.56; multimodal configs may nest it. */
static void read_dtype(struct reading *r)
{
    json_t *objects[] = {r->root, r->language};
    static const char *const keys[] = {"torch_dtype", "dtype"};
    for (size_t i = 0; i < 4 && !*r->model->dtype; i++) {
        const char *dtype = text_of(objects[i / 2], keys[i % 2]);
        if (dtype && strlen(dtype) < sizeof r->model->dtype)
            strcpy(r->model->dtype, dtype);
    }
    struct hu_dtype known;
    if (*r->model->dtype && !hu_dtype_find(r->model->dtype, &known))
        hu_model_note(r->model, "the config's dtype '%s' is none that is known", r->model->dtype);
}

static bool read_quantization(struct reading *r)
{
    struct hu_model *m = r->model;
    char *why = m->unknown_quantization;
    struct hu_quantization *q = malloc(sizeof *q);
    if (!q)
        return hu_model_fail(m, "out of memory");
    enum hu_quantized state = hu_quantization_read(r->root, m->dtype, q, why);
    const char *idle = state == HU_QUANTIZED ? hu_quantization_idle(q, &m->tensors) : NULL;
    if (state == HU_QUANTIZED && q->cache_bits)
        hu_model_note(m, "its KV cache is meant to be of %u bits: --kv-dtype %s sizes it so",
                      q->cache_bits, q->cache_bits == 8 ? "fp8_e4m3" : "nvfp4");
    if (state == HU_QUANTIZED && q->rule_count && q->rules->formula.nested)
        hu_model_note(m,
                      "each quant_state is taken to have 19 letters for its nested_offset; those "
                      "of weights have 17 to 22");
    if (idle)
        snprintf(why, HU_QUANTIZATION_ERROR, "%s for '%.80s', which is none of its modules",
                 q->method, idle);
    if (state == HU_QUANTIZED && !idle) {
        m->quantization = q;
        return true;
    }
    hu_quantization_free(q);
    free(q);
    return true;
}

/* Query heads, where the key is left to the class: a query projection's rows over what a head's key
 * has. */
static uint64_t heads_listed(const struct hu_tensors *t)
{
    const struct hu_kept *kept = t->kept_count ? t->kept : NULL;
    size_t n;
    if (!kept || !kept->heads || kept->k < kept->heads)
        return 0;
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (row->role == HU_ROLE_ATTENTION && row->rank == 2 && !row->tower &&
            row->layer != HU_NO_LAYER && *hu_row_module(row, &n) == 'q')
            return row->shape[0] / (kept->k / kept->heads);
    return 0;
}

/* The tensor of that role of the model itself, RANK sizes or more; NULL: none. */
static const struct hu_tensor_row *find_row(const struct hu_tensors *t, enum hu_role role,
                                            unsigned rank)
{
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++)
        if (row->role == role && !row->tower && (!rank || row->rank == rank))
            return row;
    return NULL;
}

/* What the sums of activations depend on, by the keys that configs have for it. */
static void read_shape(struct reading *r)
{
    struct hu_model *m = r->model;
    m->trained_context = first_number(
        r->language,
        "max_position_embeddings n_positions n_ctx seq_length max_seq_len model_max_length");
    m->hidden = first_number(r->language, "hidden_size n_embd n_embed d_model dim");
    m->heads = first_number(r->language, "num_attention_heads n_head num_heads n_heads "
                                         "encoder_attention_heads");
    m->vocabulary = first_number(r->language, "vocab_size padded_vocab_size");
    /* Where the keys are left to the class, the list knows. */
    const struct hu_tensors *t = &m->tensors;
    const struct hu_tensor_row *table = find_row(t, HU_ROLE_EMBEDDING, 2), *last = NULL;
    if (table && !m->vocabulary)
        m->vocabulary = table->shape[0];
    if (table && !m->hidden)
        m->hidden = table->shape[1];
    if (!m->heads)
        m->heads = heads_listed(t);
    for (const struct hu_tensor_row *row = t->rows; row < hu_tensors_end(t); row++) {
        if (row->layer == HU_NO_LAYER || row->tower)
            continue;
        m->layers += !last || row->stack != last->stack || row->layer != last->layer;
        last = row;
    }
}

/* How much of a class's name is its family's: LlamaForCausalLM's "Llama". */
static size_t stem_length(const char *class)
{
    static const char *const ends[] = {"For",     "Model",    "LMHead", "Encoder",
                                       "Decoder", "Backbone", "With"};
    size_t least = strlen(class);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const char *at = strstr(class, ends[i]);
        if (at && (size_t)(at - class) < least)
            least = (size_t)(at - class);
    }
    return least;
}

/* Whether CLASS is called like one of CLASSES. */
static bool is_kin(const char *classes, const char *class)
{
    char word[128];
    size_t n = stem_length(class);
    while (hu_next_word(&classes, ' ', word, sizeof word)) {
        const char *dot = strchr(word, '.'), *name = dot ? dot + 1 : word;
        if (stem_length(name) == n && !strncmp(name, class, n))
            return true;
    }
    return false;
}

static bool list_tensors(struct reading *r, const struct hu_family_text *text, json_t *config)
{
    struct hu_model *m = r->model;
    struct listing_result list;
    const char *class = first_class(r->root);
    char shown[64];
    int n = (int)strcspn(text->names, " ");
    if (!listing_make(text, config, m, &list))
        return false;
    const char *causal = class ? strstr(class, "ForCausalLM") : NULL;
    if (causal && causal[strlen("ForCausalLM")] && !hu_has_word(text->classes, class))
        hu_model_note(m, "%s is not known: counted as '%.*s' for causal language modelling",
                      hu_printable(class, shown, sizeof shown), n, text->names);
    else if (class && text->classes && !is_kin(text->classes, class) &&
             !find_one(class, HU_FAMILY_BY_CLASS))
        hu_model_note(m,
                      "%s is none of the classes that '%.*s' is known for: what it has besides "
                      "is not counted",
                      hu_printable(class, shown, sizeof shown), n, text->names);
    if (list.classifies)
        hu_model_note(m, "counted as a classifier, without a language model's head");
    /* Some repositories name the bare class and store a head. */
    else if (list.bare && !find_row(&m->tensors, HU_ROLE_HEAD, 0))
        hu_model_note(m, "counted as %s, a bare model without a head",
                      hu_printable(class ? class : "?", shown, sizeof shown));
    m->unknown = *list.missing || (list.sized && r->by_class);
    if (*list.missing)
        return hu_model_fail(m, "the config lacks %s, which '%.*s' needs; " BY_HAND, list.missing,
                             *m->architecture ? (int)sizeof m->architecture : n,
                             *m->architecture ? m->architecture : text->names);
    /* A class that was renamed may have other keys: its own sizes would answer for them. */
    return !m->unknown ||
           hu_model_fail(m,
                         "the model_type is not known, and its class leaves sizes open that the "
                         "config has under no name that the family '%.*s' knows; " BY_HAND,
                         n, text->names);
}

/* Where configs of several modules keep the language model's. */
static json_t *language_of(json_t *root)
{
    static const char *const keys[] = {"text_config", "llm_config", "language_config",
                                       "language_model", "thinker_config"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *nested = json_object_get(root, keys[i]);
        if (json_is_object(nested))
            return i == 4 ? language_of(nested) : nested;
    }
    return root;
}

/* The list of TEXT over CONFIG, as a model of an architecture that is not known. False: it is none,
 * and nothing is left of it but why, in WHY. */
static bool try_list(struct reading *r, const struct hu_family_text *text, json_t *config,
                     char why[HU_CONFIG_ERROR])
{
    struct hu_model *m = r->model;
    m->modelled = text && list_tensors(r, text, config);
    if (m->modelled)
        return true;
    snprintf(why, HU_CONFIG_ERROR, "%.*s", HU_CONFIG_ERROR - 1, m->error);
    hu_tensors_free(&m->tensors);
    m->note_count = 0;
    m->unknown = false;
    *m->error = 0;
    return false;
}

/* The list of the nested language model, whose own family is known. */
static bool size_nested(struct reading *r)
{
    struct reading nested = *r;
    char why[HU_CONFIG_ERROR];
    nested.root = r->language;
    const struct hu_family_text *text = r->language == r->root ? NULL : find_family(&nested);
    if (!try_list(&nested, text, r->language, why))
        return false;
    hu_model_note(r->model,
                  "'%s' is not known: its language model alone (%.*s), without what sees or hears",
                  r->model->architecture, (int)strcspn(text->names, " "), text->names);
    return true;
}

/* Its modules, each of a family that is known, without what joins them. */
static bool size_modules(struct reading *r)
{
    char why[HU_CONFIG_ERROR];
    if (r->language == r->root ||
        !try_list(r, hu_family_text_find("usual_wrapper", HU_FAMILY_BY_NAME), r->root, why))
        return false;
    hu_model_note(
        r->model,
        "'%s' is not known: modelled from the modules that its config names, without what "
        "joins them",
        r->model->architecture);
    return true;
}

/* An architecture that is not known: its modules or its language model by their own families, or as
 * the decoder that most are. */
static bool size_as_usual(struct reading *r)
{
    struct hu_model *m = r->model;
    char why[HU_CONFIG_ERROR];
    if (size_modules(r) || size_nested(r))
        return true;
    if (try_list(r, hu_family_text_find(usual_decoder, HU_FAMILY_BY_NAME), r->language, why)) {
        hu_model_note(m,
                      "the architecture is not known: modelled as a decoder of the usual kind, by "
                      "its config's keys%s",
                      r->language == r->root ? "" : "; its language model alone");
        return true;
    }
    m->unknown = true;
    if (!*m->architecture)
        return hu_model_fail(m, "the config has no \"model_type\" or \"architectures\"; " BY_HAND);
    /* Why it is no usual decoder, where its keys say so. */
    bool also = !strncmp(why, "its ", 4);
    return hu_model_fail(m,
                         "the architecture '%s' is not known%s%.200s%s, so its parameters cannot "
                         "be counted; " BY_HAND,
                         m->architecture, also ? " (" : "", also ? why : "", also ? ")" : "");
}

/* mlx-lm converts the language model of what sees alone, and takes its "vision_config" away
 * (utils.py, save_config). */
static bool is_text_by_mlx(const struct reading *r)
{
    return r->language == json_object_get(r->root, "text_config") &&
           json_is_object(json_object_get(r->root, "quantization")) &&
           !json_object_get(r->root, "vision_config") && !json_object_get(r->root, "audio_config");
}

static bool build(struct reading *r)
{
    struct hu_model *m = r->model;
    const struct hu_family_text *text = find_family(r);
    struct reading nested = *r;
    name_architecture(r);
    nested.root = r->language;
    const struct hu_family_text *inner = text && is_text_by_mlx(r) ? find_family(&nested) : NULL;
    if (inner)
        hu_model_note(m, "counted without what sees, as mlx-lm converts it: no \"vision_config\"");
    if (!(inner  ? list_tensors(&nested, inner, r->language)
          : text ? list_tensors(r, text, r->root)
                 : size_as_usual(r)))
        return false;
    if (!hu_model_count(m))
        return hu_model_fail(m, "the model has more parameters than 64 bits count");
    if (!m->parameters)
        return hu_model_fail(m, "its family lists no parameters for such a config");
    if (!hu_model_keeps(m))
        m->no_kv = "an encoder keeps no KV cache";
    read_shape(r);
    return read_quantization(r);
}

bool hu_model_read_config(const char *json, size_t n, struct hu_model *model)
{
    return hu_model_read_config_beside(json, n, NULL, model);
}

bool hu_model_read_config_beside(const char *json, size_t n, json_t *quantization,
                                 struct hu_model *model)
{
    char why[HU_JSON_ERROR];
    *model = (struct hu_model){0};
    struct reading r = {.model = model, .root = hu_json_load(json, n, HU_JSON_CONFIG_MAX, why)};
    bool fine = json_is_object(r.root);
    if (fine) {
        if (quantization && !hu_quantization_declared(r.root))
            json_object_set(r.root, "quantization_config", quantization);
        r.language = language_of(r.root);
        read_dtype(&r);
        fine = build(&r);
    } else {
        hu_model_fail(model, "%s", r.root ? "a config.json is a JSON object" : why);
    }
    json_decref(r.root);
    return fine;
}
