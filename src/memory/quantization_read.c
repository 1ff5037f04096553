#include "quantization_methods.h"
#include "file/printable.h"

#include <stdio.h>
#include <string.h>

/* The method's name; bitsandbytes' older configs leave it out. */
static const char *method_of(json_t *config)
{
    const char *name = hu_declared_text(config, "quant_method");
    bool bits = json_is_true(json_object_get(config, "load_in_4bit")) ||
                json_is_true(json_object_get(config, "load_in_8bit"));
    if (*name)
        return name;
    if (bits)
        return "bitsandbytes";
    if (json_object_get(config, "quant_algo") || json_object_get(config, "producer"))
        return "modelopt";
    if (json_object_get(config, "config_groups"))
        return "compressed-tensors";
    if (json_object_get(config, "w_bit"))
        return "awq";
    return json_object_get(config, "bits") && json_object_get(config, "group_size") ? "mlx" : "";
}

/* Modules that are left out, under the names that methods have for the list. */
static bool read_left_out(struct declared *d)
{
    static const char *const keys[] = {"modules_to_not_convert",
                                       "ignore",
                                       "ignored_layers",
                                       "llm_int8_skip_modules",
                                       "skip_modules",
                                       "linear_weights_not_to_quantize",
                                       "exclude",
                                       NULL};
    for (size_t i = 0; keys[i]; i++) {
        json_t *list = json_object_get(d->config, keys[i]);
        if (!hu_patterns_read(d->q, list, &d->q->patterns, &d->q->pattern_count))
            return hu_declared_unknown(d, "a list of modules", keys[i]);
    }
    for (size_t i = 0; i < d->q->pattern_count; i++)
        if (d->q->patterns[i].broken)
            return hu_declared_unknown(d, "the expression of modules", d->q->patterns[i].text);
    return true;
}

static json_t *declaration(json_t *root)
{
    /* The last is MLX's. */
    static const char *const keys[] = {"quantization_config", "compression_config", "quantization"};
    json_t *places[] = {root, json_object_get(root, "text_config")};
    for (size_t i = 0; i < 6; i++) {
        json_t *found = json_object_get(places[i / 3], keys[i % 3]);
        if (found && !json_is_null(found))
            return found;
    }
    return NULL;
}

/* llm-compressor's scheme of the KV cache, or ModelOpt's algorithm: FP8, NVFP4. */
static unsigned cache_bits(json_t *config)
{
    json_t *inner = json_object_get(config, "quantization");
    const char *algorithm =
        hu_declared_text(json_is_object(inner) ? inner : config, "kv_cache_quant_algo");
    if (*algorithm)
        return strstr(algorithm, "FP8") ? 8 : strstr(algorithm, "FP4") ? 4 : 0;
    return (unsigned)hu_declared_number(json_object_get(config, "kv_cache_scheme"), "num_bits", 0);
}

enum hu_quantized hu_quantization_read(json_t *root, struct hu_quantization *q,
                                       char error[HU_QUANTIZATION_ERROR])
{
    *q = (struct hu_quantization){0};
    struct declared d = {.config = declaration(root), .q = q, .error = error};
    if (!d.config)
        return HU_NOT_QUANTIZED;
    const char *name = method_of(d.config);
    char shown[40];
    const struct hu_quantization_method *method = hu_quantization_method(name);
    if (method)
        *q = method->has;
    snprintf(q->method, sizeof q->method, "%s",
             hu_printable(*name ? name : "?", shown, sizeof shown));
    bool known = method || hu_declared_unknown(&d, "the quantization method", name);
    bool fine = known && (!method->read || method->read(&d)) && read_left_out(&d);
    q->cache_bits = cache_bits(d.config);
    return fine ? HU_QUANTIZED : HU_QUANTIZED_UNKNOWN;
}
