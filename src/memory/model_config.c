#include "model_config.h"
#include "listing.h"
#include "quantization.h"
#include "file/json_text.h"
#include "file/printable.h"

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
    bool failed, unknown;
    char *error;
};

static void fail(struct reading *r, const char *format, const char *a, const char *b)
{
    if (r->failed)
        return;
    r->failed = true;
    snprintf(r->error, HU_CONFIG_ERROR, format, a, b);
}

static const char *text_of(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static const struct hu_family_text *find_by_classes(json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *class = json_string_value(json_array_get(list, i));
        const struct hu_family_text *text =
            class && *class ? hu_family_text_find(class, HU_FAMILY_BY_CLASS) : NULL;
        if (text)
            return text;
    }
    return NULL;
}

/* model_type, or else the classes that the config names, or diffusers' one. */
static const struct hu_family_text *find_family(struct reading *r)
{
    const char *type = text_of(r->root, "model_type"), *class = text_of(r->root, "_class_name");
    const struct hu_family_text *text =
        type && *type ? hu_family_text_find(type, HU_FAMILY_BY_NAME) : NULL;
    if (!text)
        text = find_by_classes(json_object_get(r->root, "architectures"));
    if (!text && class && *class)
        text = hu_family_text_find(class, HU_FAMILY_BY_CLASS);
    r->by_class = text && type && *type && !hu_family_text_find(type, HU_FAMILY_BY_NAME);
    return text;
}

/* The name for messages: it goes to a terminal, so no control characters. */
static void name_architecture(struct reading *r)
{
    const char *type = text_of(r->root, "model_type");
    if (!type)
        type = json_string_value(json_array_get(json_object_get(r->root, "architectures"), 0));
    if (!type)
        type = text_of(r->root, "_class_name");
    char *name = r->model->architecture;
    snprintf(name, sizeof r->model->architecture, "%s", type ? type : "");
    for (char *at = name; *at; at++)
        if (*at <= 0x20 || *at >= 0x7f)
            *at = '?';
}

/* The first of KEYS (by '|') that is a whole number above 0. */
static uint64_t first_number(json_t *object, const char *keys)
{
    char key[64];
    for (size_t n; *keys; keys += n + (keys[n] == '|')) {
        n = strcspn(keys, "|");
        snprintf(key, sizeof key, "%.*s", (int)n, keys);
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

static void read_quantization(struct reading *r)
{
    struct hu_model *m = r->model;
    char why[HU_QUANTIZATION_ERROR] = "";
    struct hu_quantization *q = malloc(sizeof *q);
    if (!q) {
        fail(r, "out of memory%s%s", "", "");
        return;
    }
    enum hu_quantized state = hu_quantization_read(r->root, q, why);
    const char *idle = state == HU_QUANTIZED ? hu_quantization_idle(q, &m->tensors) : NULL;
    if (state == HU_QUANTIZED && q->cache_bits)
        hu_model_note(m, "its KV cache is meant to be of %u bits: --kv-dtype %s sizes it so",
                      q->cache_bits, q->cache_bits == 8 ? "fp8_e4m3" : "nvfp4");
    if (state == HU_QUANTIZED && !idle) {
        m->quantization = q;
        return;
    }
    if (idle)
        snprintf(m->unknown_quantization, sizeof m->unknown_quantization,
                 "%s for '%.80s', which is none of its modules", q->method, idle);
    if (state == HU_QUANTIZED_UNKNOWN)
        snprintf(m->unknown_quantization, sizeof m->unknown_quantization, "%s", why);
    hu_quantization_free(q);
    free(q);
}

/* Query heads, where the key is left to the class: a query projection's rows over what a head's key
 * has. */
static uint64_t heads_listed(const struct hu_tensors *t)
{
    const struct hu_kept *kept = t->kept_count ? t->kept : NULL;
    size_t n;
    if (!kept || !kept->heads || kept->k < kept->heads)
        return 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct hu_tensor_row *row = &t->rows[i];
        if (row->role == HU_ROLE_ATTENTION && row->rank == 2 && !row->tower &&
            row->layer != HU_NO_LAYER && *hu_row_module(row, &n) == 'q')
            return row->shape[0] / (kept->k / kept->heads);
    }
    return 0;
}

/* What the sums of activations depend on, by the keys that configs have for it. */
static void read_shape(struct reading *r)
{
    struct hu_model *m = r->model;
    m->trained_context = first_number(
        r->language,
        "max_position_embeddings|n_positions|n_ctx|seq_length|max_seq_len|model_max_length");
    m->hidden = first_number(r->language, "hidden_size|n_embd|n_embed|d_model|dim");
    m->heads = first_number(r->language, "num_attention_heads|n_head|num_heads|n_heads|"
                                         "encoder_attention_heads");
    m->vocabulary = first_number(r->language, "vocab_size|padded_vocab_size");
    /* Where the keys are left to the class, the list knows. */
    for (size_t i = 0; i < m->tensors.count; i++) {
        const struct hu_tensor_row *row = &m->tensors.rows[i];
        if (row->role != HU_ROLE_EMBEDDING || row->tower || row->rank != 2)
            continue;
        if (!m->vocabulary)
            m->vocabulary = row->shape[0];
        if (!m->hidden)
            m->hidden = row->shape[1];
        break;
    }
    if (!m->heads)
        m->heads = heads_listed(&m->tensors);
    uint32_t stack = HU_NO_LAYER, layer = HU_NO_LAYER;
    for (size_t i = 0; i < m->tensors.count; i++) {
        const struct hu_tensor_row *row = &m->tensors.rows[i];
        if (row->layer == HU_NO_LAYER || row->tower || (row->stack == stack && row->layer == layer))
            continue;
        stack = row->stack;
        layer = row->layer;
        m->layers++;
    }
}

/* Some repositories name the bare class and store a head. */
static bool has_head(const struct hu_tensors *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->rows[i].role == HU_ROLE_HEAD && !t->rows[i].tower)
            return true;
    return false;
}

static void take_list(struct reading *r, struct listing_result *list, const char *class)
{
    struct hu_model *m = r->model;
    char shown[64];
    m->tensors = list->tensors;
    for (unsigned i = 0; i < list->note_count; i++)
        hu_model_note(m, "%s", list->notes[i]);
    if (list->classifies)
        hu_model_note(m, "counted as a classifier, without a language model's head");
    else if (list->bare && !has_head(&m->tensors))
        hu_model_note(m, "counted as %s, a bare model without a head",
                      hu_printable(class ? class : "?", shown, sizeof shown));
}

static bool list_tensors(struct reading *r, const struct hu_family_text *text, json_t *config)
{
    static struct listing_result empty;
    struct listing_result list = empty;
    const char *class =
        json_string_value(json_array_get(json_object_get(r->root, "architectures"), 0));
    bool fine = listing_make(text, config, &list);
    if (!fine)
        fail(r, "%s%s", list.error, "");
    take_list(r, &list, class);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(text->names, " "), text->names);
    /* A class that was renamed may have other keys: its own sizes would answer for them. */
    if (fine && !*list.missing && list.sized && r->by_class) {
        r->unknown = true;
        fail(r,
             "the model_type is not known, and its class leaves sizes open that the config has "
             "under no name that the family '%s' knows; " BY_HAND "%s",
             name, "");
        return false;
    }
    if (!fine || !*list.missing)
        return fine;
    r->unknown = true;
    fail(r, "the config lacks %s, which '%s' needs; " BY_HAND, list.missing,
         *r->model->architecture ? r->model->architecture : name);
    return false;
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

/* The list of the nested language model, whose own family is known. */
static bool size_nested(struct reading *r)
{
    struct reading nested = *r;
    char error[HU_CONFIG_ERROR];
    nested.root = language_of(r->root);
    nested.error = error;
    const struct hu_family_text *text = nested.root == r->root ? NULL : find_family(&nested);
    if (!text || !list_tensors(&nested, text, nested.root)) {
        hu_tensors_free(&r->model->tensors);
        r->model->note_count = 0;
        return false;
    }
    r->language = nested.root;
    r->model->modelled = true;
    hu_model_note(r->model,
                  "'%s' is not known: its language model alone (%.*s), without what sees or hears",
                  r->model->architecture, (int)strcspn(text->names, " "), text->names);
    return true;
}

/* Its modules, each of a family that is known, without what joins them. */
static bool size_modules(struct reading *r)
{
    const struct hu_family_text *text = hu_family_text_find("usual_wrapper", HU_FAMILY_BY_NAME);
    char error[HU_CONFIG_ERROR];
    struct reading trial = *r;
    trial.error = error;
    if (!text || r->language == r->root || !list_tensors(&trial, text, r->root)) {
        hu_tensors_free(&r->model->tensors);
        r->model->note_count = 0;
        return false;
    }
    r->model->modelled = true;
    hu_model_note(
        r->model,
        "'%s' is not known: modelled from the modules that its config names, without what "
        "joins them",
        r->model->architecture);
    return true;
}

/* An architecture that is not known: its modules or its language model by their own families, or as
 * the decoder that most are. */
static void size_as_usual(struct reading *r)
{
    const struct hu_family_text *text = hu_family_text_find(usual_decoder, HU_FAMILY_BY_NAME);
    char error[HU_CONFIG_ERROR];
    if (size_modules(r) || size_nested(r))
        return;
    struct reading trial = *r;
    trial.error = error;
    *error = 0;
    if (text && list_tensors(&trial, text, r->language)) {
        r->model->modelled = true;
        hu_model_note(r->model,
                      "the architecture is not known: modelled as a decoder of the usual kind, by "
                      "its config's keys%s",
                      r->language == r->root ? "" : "; its language model alone");
        return;
    }
    hu_tensors_free(&r->model->tensors);
    r->model->note_count = 0;
    r->unknown = true;
    /* Why it is no usual decoder, where its keys say so. */
    char also[HU_CONFIG_ERROR] = "";
    if (!strncmp(error, "its ", 4))
        snprintf(also, sizeof also, " (%.200s)", error);
    if (*r->model->architecture)
        fail(r,
             "the architecture '%s' is not known%s, so its parameters cannot be counted; " BY_HAND,
             r->model->architecture, also);
    else
        fail(r, "the config has no \"model_type\" or \"architectures\"; " BY_HAND "%s%s", "", "");
}

static void build(struct reading *r)
{
    const struct hu_family_text *text = find_family(r);
    name_architecture(r);
    if (text)
        list_tensors(r, text, r->root);
    else
        size_as_usual(r);
    if (r->failed)
        return;
    if (!hu_model_count(r->model))
        fail(r, "the model has more parameters than 64 bits count%s%s", "", "");
    if (!r->failed && !r->model->parameters)
        fail(r, "its family lists no parameters for such a config%s%s", "", "");
    if (!hu_model_keeps(r->model))
        r->model->no_kv = "an encoder keeps no KV cache";
    read_shape(r);
}

bool hu_model_read_config(const char *json, size_t n, struct hu_model *model, bool *unknown,
                          char error[HU_CONFIG_ERROR])
{
    struct reading r = {.model = model, .error = error};
    char why[HU_JSON_ERROR];
    *model = (struct hu_model){0};
    *error = 0;
    r.root = hu_json_load(json, n, HU_JSON_CONFIG_MAX, why);
    if (!r.root) {
        fail(&r, "%s%s", why, "");
    } else if (!json_is_object(r.root)) {
        fail(&r, "a config.json is a JSON object%s%s", "", "");
    }
    if (!r.failed) {
        r.language = language_of(r.root);
        read_dtype(&r);
        build(&r);
    }
    if (!r.failed)
        read_quantization(&r);
    json_decref(r.root);
    if (unknown)
        *unknown = r.unknown;
    return !r.failed;
}
