#include "json_text.h"
#include "kind.h"
#include "logical_parts.h"
#include "printable.h"
#include "text_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* transformers' "quantization_config", of which each method's own reader says what its keys are:
 * weight_block_size (fine-grained fp8), bits, group_size, checkpoint_format or version (GPTQ). */
static void read_quantization(json_t *q, struct logical_config *c)
{
    json_t *tile = json_object_get(q, "weight_block_size");
    const char *method = json_string_value(json_object_get(q, "quant_method"));
    const char *format = json_string_value(json_object_get(q, "checkpoint_format"));
    json_int_t bits = json_integer_value(json_object_get(q, "bits"));
    c->there = true;
    snprintf(c->method, sizeof c->method, "%s", method ? method : "");
    for (size_t i = 0; i < 2; i++) {
        json_int_t n = json_integer_value(json_array_get(tile, i));
        c->tile[i] = n > 0 && n <= 1 << 16 ? (uint64_t)n : 0;
    }
    c->bits = bits > 0 && bits <= 16 ? (uint64_t)bits : 0;
    c->group = (int64_t)json_integer_value(json_object_get(q, "group_size"));
    c->second_version = format && !strcmp(format, "gptq_v2");
}

static bool find_config(const char *path, char config[HU_PATH_MAX])
{
    char folder[HU_PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                 slash ? path : ".") >= (int)sizeof folder)
        return false;
    return hu_folder_has(folder, "config.json", config);
}

bool hu_logical_config_read(const char *path, struct logical_config *config,
                            char error[HU_LOGICAL_ERROR])
{
    char file[HU_PATH_MAX], why[HU_JSON_ERROR], shown[200];
    const char *no_text;
    size_t n = 0;
    *config = (struct logical_config){0};
    if (!find_config(path, file))
        return true;
    char *text = hu_text_read(file, &n, &no_text);
    json_t *root = text ? hu_json_load(text, n, HU_JSON_CONFIG_MAX, why) : NULL;
    if (!root)
        snprintf(error, HU_LOGICAL_ERROR, "%s, which says how tensors are quantized: %s",
                 hu_printable(file, shown, sizeof shown), text ? why : no_text);
    json_t *q = json_object_get(root, "quantization_config");
    if (!q)
        q = json_object_get(root, "compression_config");
    if (json_is_object(q))
        read_quantization(q, config);
    free(text);
    json_decref(root);
    return root != NULL;
}
