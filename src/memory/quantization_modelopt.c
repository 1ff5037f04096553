/* What NVIDIA's ModelOpt declares of quantized weights. */
#include "quantization_declared.h"

#include <string.h>

/* What modelopt's algorithms are stored as (export/unified_export_hf.py,
 * _export_quantized_weight): weight_scale; with two stages weight_scale_2; where inputs are narrow
 * by a scale that calibration found input_scale. What AWQ and SmoothQuant multiply inputs by is a
 * pre_quant_scale in 16 bits (model_calib.py, apply_pre_quant_scale_and_smooth), which AWQ's
 * exports fold into norms where they can. */
static const struct algorithm {
    const char *names;
    struct hu_formula f;
} algorithms[] = {
    {"NVFP4", {.bits = 4, .group = 16, .scale_bits = 8, .constant = 4 + 4}},
    {"NVFP4_AWQ", {.bits = 4, .group = 16, .scale_bits = 8, .constant = 4 + 4, .far_bytes = 2}},
    {"W4A16_NVFP4", {.bits = 4, .group = 16, .scale_bits = 8, .constant = 4}},
    {"W4A8_NVFP4_FP8", {.bits = 4, .group = 32, .scale_bits = 8, .constant = 4 + 4}},
    {"W4A8_MXFP4_FP8", {.bits = 4, .group = 32, .scale_bits = 8, .constant = 4}},
    {"mxfp4", {.bits = 4, .group = 32, .scale_bits = 8}},
    {"MXFP8", {.bits = 8, .group = 32, .scale_bits = 8}},
    {"FP8_PB_WO fp8_pb_wo fp8_pb_real",
     {.bits = 8, .scale_bits = 32, .tile_rows = 128, .tile_columns = 128}},
    {"FP8 fp8", {.bits = 8, .scale_bits = 32, .one_scale = 1, .constant = 4}},
    {"FP8_PER_CHANNEL_PER_TOKEN W8A16", {.bits = 8, .scale_bits = 32}},
    {"W8A8_SQ_PER_CHANNEL", {.bits = 8, .scale_bits = 32, .constant = 4, .input_bytes = 2}},
    {"W4A16_AWQ", {.bits = 4, .group = 128, .scale_bits = 32, .far_bytes = 2}},
    {"W4A8_AWQ", {.bits = 4, .group = 128, .scale_bits = 32, .constant = 4 + 4, .far_bytes = 2}},
};

static bool read_algorithm(struct declared *d, json_t *c)
{
    const char *name = config_text(c, "quant_algo");
    const struct algorithm *a = algorithms, *end = a + sizeof algorithms / sizeof *algorithms;
    while (a < end && !declared_one_of(a->names, name))
        a++;
    if (a == end)
        return declared_unknown(d, "the quant_algo of modelopt", name);
    d->f = a->f;
    d->f.scope = HU_SCOPE_LINEAR;
    if (d->f.group)
        d->f.group = config_number(c, "group_size", d->f.group);
    return true;
}

/* NVFP4_AWQ's exports fold a pre_quant_scale into the matrix before, too, of classes that are named
 * (export/quant_utils.py, PQS_FUSE_MODULE_MAPPING): of a perceptron, and of attention where keys
 * and values have as many heads as queries. */
static bool fold_before(struct declared *d, json_t *c)
{
    const char *type = config_text(d->root, "model_type");
    uint64_t heads = config_number(d->root, "num_attention_heads", 0);
    struct hu_formula folded = d->f;
    folded.far_bytes = 0;
    if (!config_is(c, "quant_algo", "NVFP4_AWQ") || !declared_one_of("llama qwen3", type))
        return true;
    return declared_add(d, &d->f, NULL) && declared_add_named(d, &folded, false, "down_proj") &&
           (config_number(d->root, "num_key_value_heads", heads) != heads ||
            declared_add_named(d, &folded, false, "o_proj"));
}

bool declared_modelopt(struct declared *d)
{
    json_t *inner = json_object_get(d->config, "quantization");
    json_t *c = json_is_object(inner) ? inner : d->config;
    if (!hu_patterns_read(d->q, json_object_get(c, "exclude_modules"), &d->q->left))
        return declared_unknown(d, "a list of modules", "exclude_modules");
    json_t *layers = json_object_get(c, "quantized_layers");
    if (!config_is(c, "quant_algo", "MIXED_PRECISION") || !json_object_size(layers))
        return read_algorithm(d, c) && fold_before(d, c);
    return declared_layers(d, layers, read_algorithm);
}
