#include "logical_parts.h"
#include "word_list.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/*
 * What ModelOpt says beside a checkpoint, in hf_quant_config.json or config.json
 * (modelopt/torch/export/quant_utils.py, process_layer_quant_config and get_quant_config;
 * convert_hf_config.py): quant_algo, of all weights or, where that is MIXED_PRECISION, of each
 * module in quantized_layers; group_size; exclude_modules (in config.json: ignore), names of
 * modules with wildcards. kv_cache_quant_algo is none of weights.
 */

enum { NAME_MAX_BYTES = 512 };

/* What the weights of each quant_algo are. bits 0: they are not decoded; their bytes hold two rows,
 * or others multiply them. */
struct algorithm {
    const char *names;
    struct logical_scheme is;
};

#define IS(type, width, over, ...)                                                                 \
    {                                                                                              \
        .integer = type, .bits = width, .strategy = over, __VA_ARGS__                              \
    }
static const struct algorithm algorithms[] = {
    {"FP8", IS(false, 8, "tensor")},
    {"FP8_PER_CHANNEL_PER_TOKEN FP8_PC_PT", IS(false, 8, "channel")},
    {"FP8_PB_WO FP8_PB_REAL", IS(false, 8, "block", .tile = {128, 128})},
    {"MXFP8", IS(false, 8, "group", .group = 32)},
    {"NVFP4 W4A16_NVFP4 W4A8_NVFP4_FP8 NVFP4_AWQ", IS(false, 4, "tensor_group", .group = 16)},
    {"MXFP4 W4A8_MXFP4_FP8", IS(false, 4, "group", .group = 32)},
    {"W8A16 W8A8_SQ_PER_CHANNEL INT8_SQ INT8_WO", IS(true, 8, "channel")},
    {"W4A16_AWQ INT4_AWQ W4A8_AWQ NVFP4_SVD NVFP4_SVDQUANT", {0}},
};

/* NULL: none is called so, in any case. */
static const struct algorithm *find_algorithm(const char *name)
{
    char key[40];
    size_t n = strlen(name);
    for (size_t i = 0; i <= n && n < sizeof key; i++)
        key[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
    for (size_t i = 0; n && n < sizeof key && i < sizeof algorithms / sizeof *algorithms; i++)
        if (hu_has_word(algorithms[i].names, key))
            return &algorithms[i];
    return NULL;
}

static json_t *patterns_of(const json_t *said)
{
    json_t *list = json_object_get(said, "exclude_modules");
    return list ? list : json_object_get(said, "ignore");
}

static bool is_text_or_none(const json_t *value)
{
    return !value || json_is_null(value) || json_is_string(value);
}

static bool is_number_or_none(const json_t *value)
{
    return !value || json_is_null(value) ||
           (json_is_integer(value) && json_integer_value(value) >= 0);
}

static bool are_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return !list || json_is_null(list) || json_is_array(list);
}

static bool are_layers(json_t *layers)
{
    const char *name;
    json_t *layer;
    json_object_foreach(layers, name, layer)
    {
        if (!json_is_string(json_object_get(layer, "quant_algo")) ||
            !is_number_or_none(json_object_get(layer, "group_size")))
            return false;
    }
    return !layers || json_is_null(layers) || json_is_object(layers);
}

static bool is_mixed(const json_t *said)
{
    const char *name = json_string_value(json_object_get(said, "quant_algo"));
    return name && !strcasecmp(name, "MIXED_PRECISION");
}

/* Which key of SAID is not as ModelOpt writes it. NULL: all are. */
static const char *malformed(const json_t *said)
{
    const struct {
        const char *key;
        bool fine;
    } rows[] = {
        {"quant_algo: a text or null", is_text_or_none(json_object_get(said, "quant_algo"))},
        {"group_size: a whole number", is_number_or_none(json_object_get(said, "group_size"))},
        {"exclude_modules: a list of texts", are_texts(patterns_of(said))},
        {"quantized_layers: an object of objects that have a quant_algo each",
         are_layers(json_object_get(said, "quantized_layers")) &&
             (!is_mixed(said) || json_is_object(json_object_get(said, "quantized_layers")))},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!rows[i].fine)
            return rows[i].key;
    return NULL;
}

bool hu_logical_modelopt_read(json_t *object, const char *file, struct logical_config *config,
                              char error[HU_LOGICAL_ERROR])
{
    const char *key = malformed(object);
    if (key) {
        snprintf(error, HU_LOGICAL_ERROR, "%s beside it is not as ModelOpt writes it; %s is due",
                 file, key);
        return false;
    }
    size_t i = strcmp(file, "config.json") == 0;
    config->modelopt[i] = (struct logical_modelopt){file, json_incref(object)};
    return true;
}

/* The module that a weight named NAME is in. */
static void module_of(const char *name, char module[NAME_MAX_BYTES])
{
    size_t n = strlen(name), cut = hu_ends_with(name, ".weight") ? strlen(".weight") : 0;
    snprintf(module, NAME_MAX_BYTES, "%.*s", (int)(n - cut), name);
}

static bool is_excluded(const json_t *said, const char *module)
{
    const json_t *list = patterns_of(said);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!fnmatch(json_string_value(json_array_get(list, i)), module, 0))
            return true;
    return false;
}

/* Where SAID has MODULE's algorithm: in all, or in the layer of its name or of a module that it is
 * in. NULL: nowhere. */
static const json_t *layer_of(const json_t *said, const char *module)
{
    char name[NAME_MAX_BYTES];
    const json_t *layers = json_object_get(said, "quantized_layers"), *layer = NULL;
    if (!is_mixed(said))
        return said;
    snprintf(name, sizeof name, "%s", module);
    for (char *dot = name; dot && !(layer = json_object_get(layers, name));)
        if ((dot = strrchr(name, '.')))
            *dot = 0;
    return layer;
}

static bool refuse(struct logical_reader *r, const struct hu_tensor *codes,
                   const struct logical_modelopt *m, const char *says)
{
    hu_logical_wrong(r, codes, "is quantized by its parts, and %s beside it %s", m->file, says);
    return false;
}

/* The algorithm of weights named NAME by M, and where it stands. NULL: refused. */
static const struct algorithm *algorithm_of(struct logical_reader *r,
                                            const struct logical_modelopt *m,
                                            const struct hu_tensor *codes, const char *name,
                                            const json_t **layer)
{
    char module[NAME_MAX_BYTES], says[120];
    module_of(name, module);
    *layer = is_excluded(m->said, module) ? NULL : layer_of(m->said, module);
    const char *algo = json_string_value(json_object_get(*layer, "quant_algo"));
    const struct algorithm *a = algo ? find_algorithm(algo) : NULL;
    if (a && a->is.bits)
        return a;
    if (algo)
        snprintf(says, sizeof says, "says quant_algo %.40s, which is not decoded", algo);
    else
        snprintf(says, sizeof says, "%s",
                 is_excluded(m->said, module) ? "has it among the modules that are not"
                 : *layer                     ? "has no quant_algo"
                                              : "has it in none of its quantized_layers");
    refuse(r, codes, m, says);
    return NULL;
}

bool hu_logical_modelopt_decodes(struct logical_reader *r)
{
    const struct hu_tensor *codes = r->draft.l.codes;
    const json_t *layer;
    for (size_t i = 0; i < LOGICAL_CONFIGS; i++)
        if (r->config.modelopt[i].said &&
            !algorithm_of(r, &r->config.modelopt[i], codes, codes->name, &layer))
            return false;
    return true;
}

bool hu_logical_modelopt_has(struct logical_reader *r, const struct hu_logical *l)
{
    const struct hu_block *b = l->block;
    const bool integer = b->codes != HU_CODES_FORMAT;
    const unsigned bits = b->apart && b->apart->codes ? b->apart->codes->bits : b->code_bits;
    const bool turned = b->tile_rows > 1 && b->tile_columns == 1;
    const uint64_t scales = hu_logical_scales(b, l->rows, l->columns),
                   rows = turned ? l->columns : l->rows, columns = turned ? l->rows : l->columns;
    char says[160];
    for (size_t i = 0; i < LOGICAL_CONFIGS; i++) {
        const struct logical_modelopt *m = &r->config.modelopt[i];
        const json_t *layer;
        if (!m->said)
            continue;
        const struct algorithm *a = algorithm_of(r, m, l->codes, l->name, &layer);
        if (!a)
            return false;
        uint64_t group = (uint64_t)json_integer_value(json_object_get(layer, "group_size"));
        if (a->is.integer == integer && a->is.bits == bits &&
            hu_logical_scales_due(&a->is, rows, columns, scales) == scales &&
            (!group || !a->is.group || group == a->is.group))
            continue;
        snprintf(says, sizeof says,
                 "says quant_algo %.40s%s%.0llu; they are %u-bit %s with %llu scale%s a matrix",
                 json_string_value(json_object_get(layer, "quant_algo")),
                 group ? ", group_size " : "", (unsigned long long)group, bits,
                 integer ? "integers" : "floats", (unsigned long long)scales,
                 scales == 1 ? "" : "s");
        return refuse(r, l->codes, m, says);
    }
    return true;
}
