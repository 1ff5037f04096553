#include "quantization_methods.h"
#include "file/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One function a method; each says what it does not know. */

bool hu_declared_unknown(struct declared *d, const char *what, const char *value)
{
    char shown[64];
    snprintf(d->error, HU_QUANTIZATION_ERROR, "%s '%s' is not known", what,
             hu_printable(value ? value : "none", shown, sizeof shown));
    return false;
}

uint64_t hu_declared_number(json_t *object, const char *key, uint64_t otherwise)
{
    json_t *value = json_object_get(object, key);
    json_int_t n = json_integer_value(value);
    if (!value)
        return otherwise;
    return n > 0 && n <= 1 << 20 ? (uint64_t)n : 0;
}

const char *hu_declared_text(json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static bool read_bits(struct declared *d, uint64_t bits)
{
    d->q->bits = (unsigned)bits;
    char shown[24];
    snprintf(shown, sizeof shown, "%llu", (unsigned long long)bits);
    return (bits >= 1 && bits <= 8) || hu_declared_unknown(d, "a width of bits", shown);
}

static void set_tile(struct hu_quantization *q, json_t *block)
{
    q->tile_rows = (uint64_t)json_integer_value(json_array_get(block, 0));
    q->tile_columns = (uint64_t)json_integer_value(json_array_get(block, 1));
    if (q->tile_rows > 1 << 20 || q->tile_columns > 1 << 20)
        q->tile_rows = q->tile_columns = 0;
}

static bool alike(const struct hu_quantization *a, const struct hu_quantization *b)
{
    return a->scope == b->scope && a->bits == b->bits && a->group == b->group &&
           a->tile_rows == b->tile_rows && a->tile_columns == b->tile_columns &&
           a->one_scale == b->one_scale && a->scale_bits == b->scale_bits &&
           a->zero_bits == b->zero_bits && a->input_bytes == b->input_bytes &&
           a->constant == b->constant;
}

/* Adds FORMULA for the modules of LIST, for all others where it is empty. The first has the place
 * of one without bits. */
static bool add_formula(struct declared *d, const struct hu_quantization *formula, json_t *list)
{
    struct hu_quantization *s = d->q, new = *formula;
    bool named = json_array_size(list);
    while (s->bits && !(alike(s, formula) && named == (s->only_count > 0)) && s->next)
        s = s->next;
    if (!s->bits) {
        new.patterns = s->patterns;
        new.pattern_count = s->pattern_count;
        new.arena = s->arena;
        memcpy(new.method, s->method, sizeof new.method);
        *s = new;
    } else if (!alike(s, formula) || named != (s->only_count > 0)) {
        if (!(s->next = malloc(sizeof new)))
            return hu_declared_unknown(d, "a list of modules:", "out of memory");
        *(s = s->next) = new;
    }
    return hu_patterns_read(d->q, list, &s->only, &s->only_count) ||
           hu_declared_unknown(d, "a list of modules", "that is too long");
}

/* As add_formula, for the modules of one NAME: a piece, or an expression ("re:"). */
static bool add_named(struct declared *d, const struct hu_quantization *formula, bool regex,
                      const char *name)
{
    json_t *list = json_pack("[s++]", regex ? "re:" : "", name, "");
    bool fine = formula ? add_formula(d, formula, list)
                        : hu_patterns_read(d->q, list, &d->q->patterns, &d->q->pattern_count) ||
                              hu_declared_unknown(d, "a list of modules", "that is too long");
    json_decref(list);
    return fine;
}

/* Rules by modules' names: other BITS and group_size, or none of them, for modules that are left as
 * they are. A rule's key may begin with "-:" (GPTQModel) where its modules are left. */
static bool read_rules(struct declared *d, json_t *rules)
{
    struct hu_quantization base = *d->q;
    const char *key;
    json_t *rule;
    base.only = NULL;
    base.only_count = 0;
    base.next = NULL;
    json_object_foreach(rules, key, rule)
    {
        const char *name = !strncmp(key, "-:", 2) || !strncmp(key, "+:", 2) ? key + 2 : key;
        uint64_t bits = hu_declared_number(rule, "bits", base.bits);
        struct hu_quantization other = base;
        bool left = *key == '-' || bits >= 16;
        if (!left && (!bits || bits > 8))
            return hu_declared_unknown(d, "a rule's bits for", name);
        other.bits = (unsigned)bits;
        other.zero_bits = base.zero_bits ? other.bits : 0;
        other.group = hu_declared_number(rule, "group_size", base.group);
        bool regex = name != key || strpbrk(name, "*[(|\\+?^$");
        if ((left || !alike(&other, &base)) && !add_named(d, left ? NULL : &other, regex, name))
            return false;
    }
    return true;
}

/* DeepSeek's and transformers' fine-grained fp8: an fp32 scale a tile, 128 × 128 where DeepSeek's
 * "fmt" stands alone. Else, as AutoFP8 writes and vLLM's Fp8Config reads it, one a matrix, and
 * where activations have static ones the inputs' too. */
static bool read_fp8(struct declared *d)
{
    json_t *block = json_object_get(d->config, "weight_block_size");
    const char *stored = hu_declared_text(d->config, "store_dtype");
    if (*stored && !strstr(stored, "fp8") && !strstr(stored, "float8"))
        return hu_declared_unknown(d, "fp8 that is stored as", stored);
    set_tile(d->q, block);
    if (block && !json_is_null(block) && !(d->q->tile_rows && d->q->tile_columns))
        return hu_declared_unknown(d, "such a", "weight_block_size");
    if (!block && *hu_declared_text(d->config, "fmt"))
        d->q->tile_rows = d->q->tile_columns = 128;
    d->q->one_scale = !d->q->tile_rows;
    if (d->q->one_scale && !strcmp(hu_declared_text(d->config, "activation_scheme"), "static"))
        d->q->constant = 4;
    /* "ue8m0" scales are stored in fp32 or, since DeepSeek-V4, as the byte that they are. */
    return true;
}

static bool read_nvfp4(struct declared *d)
{
    d->q->bits = 4;
    d->q->group = 16;
    d->q->scale_bits = 8;
    d->q->zero_bits = 0;
    d->q->constant = 4 + 4; /* the tensor's scale, the inputs' */
    return true;
}

/* AutoRound's types beside integers: OCP's with e8m0 scales, and NVFP4. */
static bool read_data_type(struct declared *d)
{
    const char *type = hu_declared_text(d->config, "data_type");
    if (!strncmp(type, "nv_fp", 5))
        return read_nvfp4(d);
    if (!strncmp(type, "mx_fp", 5)) {
        d->q->group = 32;
        d->q->scale_bits = 8;
        d->q->zero_bits = 0;
        return true;
    }
    return !*type || !strncmp(type, "int", 3) ||
           hu_declared_unknown(d, "the data_type of auto-round", type);
}

/* AutoGPTQ, GPTQModel, AutoRound: fp16 scales and packed zero points a group, GPTQ's an int32 a
 * column. */
static bool read_gptq(struct declared *d)
{
    json_t *inside = json_object_get(d->config, "modules_in_block_to_quantize"), *list;
    size_t i;
    if (!read_bits(d, hu_declared_number(d->config, "bits", 4)))
        return false;
    d->q->group = hu_declared_number(d->config, "group_size", 128);
    d->q->zero_bits = d->q->bits;
    json_array_foreach(inside, i, list)
    {
        bool nested = json_is_array(list);
        if (!hu_patterns_read(d->q, nested ? list : inside, &d->q->only, &d->q->only_count) ||
            !nested)
            break;
    }
    if (json_is_true(json_object_get(d->config, "lm_head")))
        d->q->scope = HU_SCOPE_LINEAR;
    return read_data_type(d) && read_rules(d, json_object_get(d->config, "dynamic")) &&
           read_rules(d, json_object_get(d->config, "extra_config"));
}

/* AutoAWQ: as GPTQ without the columns' groups. */
static bool read_awq(struct declared *d)
{
    if (!read_bits(
            d, hu_declared_number(d->config, "bits", hu_declared_number(d->config, "w_bit", 4))))
        return false;
    d->q->group = hu_declared_number(d->config, "group_size",
                                     hu_declared_number(d->config, "q_group_size", 128));
    json_t *zero = json_object_get(d->config, "zero_point");
    d->q->zero_bits = json_is_false(zero) ? 0 : d->q->bits;
    return true;
}

/* bitsandbytes: 64 codes an fp32 scale, or an int8 one over 256 of those; int8 by rows. */
static bool read_bitsandbytes(struct declared *d)
{
    json_t *c = d->config;
    struct hu_quantization *q = d->q;
    const char *kind = hu_declared_text(c, "bnb_4bit_quant_type");
    if (json_is_true(json_object_get(c, "load_in_8bit"))) {
        q->bits = 8;
        q->scale_bits = 32;
        q->constant = 1; /* weight_format */
        return true;
    }
    if (!json_is_true(json_object_get(c, "load_in_4bit")))
        return hu_declared_unknown(d,
                                   "bitsandbytes without load_in_4bit or load_in_8bit:", "neither");
    if (*kind && strcmp(kind, "nf4") && strcmp(kind, "fp4"))
        return hu_declared_unknown(d, "a 4-bit type of bitsandbytes", kind);
    q->bits = 4;
    q->group = 64;
    q->scale_bits = 32;
    q->constant = 16 * 4; /* quant_map */
    if (json_is_true(json_object_get(c, "bnb_4bit_use_double_quant"))) {
        q->scale_bits = 8;
        q->nested = 256;
        q->constant += 256 * 4; /* nested_quant_map */
    }
    return true;
}

/* What modelopt's algorithm is stored as, with settings of C: weight_scale, weight_scale_2,
 * input_scale. */
static bool read_algorithm(struct declared *d, json_t *c)
{
    struct hu_quantization *q = d->q;
    const char *algorithm = hu_declared_text(c, "quant_algo");
    q->scope = HU_SCOPE_LINEAR;
    if (!strcmp(algorithm, "NVFP4") || !strcmp(algorithm, "NVFP4_AWQ"))
        return read_nvfp4(d);
    q->bits = 8;
    if (!strcmp(algorithm, "MXFP8")) {
        q->group = 32;
        q->scale_bits = 8;
        return true;
    }
    q->scale_bits = 32;
    if (!strcmp(algorithm, "FP8_PB_WO") || !strcmp(algorithm, "fp8_pb_wo")) {
        q->tile_rows = q->tile_columns = 128;
        return true;
    }
    q->one_scale = !strcmp(algorithm, "FP8") || !strcmp(algorithm, "fp8");
    q->constant = 4; /* input_scale */
    if (q->one_scale || !strcmp(algorithm, "FP8_PER_CHANNEL_PER_TOKEN"))
        return true;
    if (!strcmp(algorithm, "W4A16_AWQ") || !strcmp(algorithm, "W4A8_AWQ")) {
        q->bits = 4;
        q->group = hu_declared_number(c, "group_size", 128);
        return true;
    }
    return hu_declared_unknown(d, "the quant_algo of modelopt", algorithm);
}

/* A formula for each of LAYERS' names, by what READ makes of its value; of no bits: none. */
static bool read_layers(struct declared *d, json_t *layers,
                        bool (*read)(struct declared *d, json_t *layer))
{
    const char *name;
    json_t *layer;
    json_object_foreach(layers, name, layer)
    {
        struct hu_quantization formula = {0};
        struct declared one = {.config = layer, .q = &formula, .error = d->error};
        if (!read(&one, layer) || (formula.bits && !add_named(d, &formula, false, name)))
            return false;
    }
    return true;
}

/* NVIDIA's ModelOpt: one algorithm, or one a layer's name. */
static bool read_modelopt(struct declared *d)
{
    json_t *inner = json_object_get(d->config, "quantization");
    json_t *c = json_is_object(inner) ? inner : d->config;
    if (!hu_patterns_read(d->q, json_object_get(c, "exclude_modules"), &d->q->patterns,
                          &d->q->pattern_count))
        return hu_declared_unknown(d, "a list of modules", "exclude_modules");
    json_t *layers = json_object_get(c, "quantized_layers");
    if (strcmp(hu_declared_text(c, "quant_algo"), "MIXED_PRECISION") || !json_object_size(layers))
        return read_algorithm(d, c);
    return read_layers(d, layers, read_algorithm);
}

/* llm-compressor's formats: what follows from a group's "weights". */
static bool read_group(struct declared *d, json_t *weights, const char *format)
{
    struct hu_quantization *q = d->q;
    if (!read_bits(d, hu_declared_number(weights, "num_bits", 8)))
        return false;
    const char *strategy = hu_declared_text(weights, "strategy");
    q->scope = HU_SCOPE_LINEAR;
    q->scale_bits = 16;
    q->group = hu_declared_number(weights, "group_size", 0);
    q->one_scale = !strcmp(strategy, "tensor");
    if (!strcmp(strategy, "block"))
        set_tile(q, json_object_get(weights, "block_structure"));
    if (strstr(format, "nvfp4"))
        return read_nvfp4(d);
    if (strstr(format, "mxfp")) {
        q->group = 32;
        q->scale_bits = 8;
        return true;
    }
    if (json_is_false(json_object_get(weights, "symmetric")))
        q->zero_bits = q->bits;
    if (strstr(format, "pack"))
        q->constant = 2 * 8; /* weight_shape */
    if (!strcmp(hu_declared_text(weights, "actorder"), "group"))
        q->input_bytes = 4;
    if (strstr(format, "sparse") || strstr(format, "24"))
        return hu_declared_unknown(d, "the format of compressed-tensors", format);
    return true;
}

/* A formula a group, with a format of its own where the config's is "mixed-precision". */
static bool read_compressed(struct declared *d)
{
    json_t *groups = json_object_get(d->config, "config_groups"), *group;
    const char *name, *all = hu_declared_text(d->config, "format");
    size_t quantized = 0;
    json_object_foreach(groups, name, group)
    {
        json_t *weights = json_object_get(group, "weights");
        if (!json_is_object(weights))
            continue;
        struct hu_quantization formula = {0};
        struct declared one = {.config = group, .q = &formula, .error = d->error};
        const char *own = hu_declared_text(group, "format");
        json_t *targets = json_object_get(group, "targets");
        const char *first = json_string_value(json_array_get(targets, 0));
        if (!read_group(&one, weights, *own ? own : all) ||
            !add_formula(d, &formula, first && strcmp(first, "Linear") ? targets : NULL))
            return false;
        quantized++;
    }
    return quantized || hu_declared_unknown(
                            d, "compressed-tensors without weights in config_groups: format", all);
}

static bool read_hqq_weights(struct declared *d, json_t *weights)
{
    if (!read_bits(d, hu_declared_number(weights, "nbits", 4)))
        return false;
    d->q->group = hu_declared_number(weights, "group_size", 64);
    d->q->scale_bits = d->q->zero_bits = 16;
    return true;
}

static bool read_hqq_layer(struct declared *d, json_t *layer)
{
    json_t *weights = json_object_get(layer, "weight_quant_params");
    return !json_is_object(weights) || read_hqq_weights(d, weights);
}

/* Half-quadratic quantization: one setting, or one a layer's name, whose others are left. */
static bool read_hqq(struct declared *d)
{
    json_t *inner = json_object_get(d->config, "quant_config");
    if (!read_hqq_layer(d, inner) || (!d->q->bits && !read_layers(d, inner, read_hqq_layer)))
        return false;
    return d->q->bits || read_hqq_weights(d, json_is_object(inner) ? inner : d->config);
}

/* Egiazarian et al. 2024 (arXiv:2401.06118): codes of groups, codebooks a matrix, a scale a row. */
static bool read_aqlm(struct declared *d)
{
    json_t *c = d->config;
    uint64_t inputs = hu_declared_number(c, "in_group_size", 8),
             outputs = hu_declared_number(c, "out_group_size", 1);
    uint64_t books = hu_declared_number(c, "num_codebooks", 1),
             bits = hu_declared_number(c, "nbits_per_codebook", 16);
    if (!inputs || !outputs || !books || bits < 1 || bits > 16 || inputs * outputs > 1 << 16 ||
        (books * bits) % (inputs * outputs))
        return hu_declared_unknown(
            d, "aqlm's groups and codebooks:", "they give no whole bits a weight");
    d->q->bits = (unsigned)(books * bits / (inputs * outputs));
    d->q->codebook_bytes = books * ((uint64_t)1 << bits) * inputs * outputs * 2;
    return true;
}

static bool read_torchao(struct declared *d)
{
    json_t *type = json_object_get(d->config, "quant_type");
    json_t *inner = json_object_get(type, "default");
    const char *name =
        json_is_string(type) ? json_string_value(type) : hu_declared_text(inner, "_type");
    json_t *settings = json_is_string(type) ? json_object_get(d->config, "quant_type_kwargs")
                                            : json_object_get(inner, "_data");
    struct hu_quantization *q = d->q;
    bool four = strstr(name, "int4") || strstr(name, "Int4");
    bool float8 = strstr(name, "float8") || strstr(name, "Float8");
    if (!four && !float8 && !strstr(name, "int8") && !strstr(name, "Int8"))
        return hu_declared_unknown(d, "the quant_type of torchao", name);
    if (json_is_true(json_object_get(d->config, "include_input_output_embeddings")))
        q->scope = HU_SCOPE_TABLES;
    q->bits = four ? 4 : 8;
    q->group = four ? hu_declared_number(settings, "group_size", 128) : 0;
    q->scale_bits = float8 ? 32 : 16;
    q->zero_bits = four ? 16 : 0;
    return true;
}

/* AMD's Quark (quark/torch/export, quant_config.py): fp4 under an e8m0 a group, fp8 under an fp32 a
 * matrix or a row; inputs' scales where these are static. */
static bool read_quark_layer(struct declared *d, json_t *layer)
{
    json_t *weights = json_object_get(layer, "weight"),
           *inputs = json_object_get(layer, "input_tensors");
    const char *dtype = hu_declared_text(weights, "dtype"),
               *scheme = hu_declared_text(weights, "qscheme");
    bool fp8 = !strcmp(dtype, "fp8_e4m3");
    *d->q = (struct hu_quantization){.scope = HU_SCOPE_LINEAR,
                                     .bits = fp8 ? 8 : 4,
                                     .scale_bits = fp8 ? 32 : 8,
                                     .group = hu_declared_number(weights, "group_size", 0),
                                     .one_scale = !strcmp(scheme, "per_tensor")};
    if (fp8 && json_is_false(json_object_get(inputs, "is_dynamic")))
        d->q->constant = 4;
    return (fp8 ? d->q->one_scale || !strcmp(scheme, "per_channel")
                : !strcmp(dtype, "fp4") &&
                      !strcmp(hu_declared_text(weights, "scale_format"), "e8m0")) ||
           hu_declared_unknown(d, "what quark's weights are,", dtype);
}

static bool read_quark(struct declared *d)
{
    struct hu_quantization formula;
    struct declared all = {.q = &formula, .error = d->error};
    json_t *rest = json_object_get(d->config, "global_quant_config");
    if (json_is_object(json_object_get(rest, "weight")) &&
        (!read_quark_layer(&all, rest) || !add_formula(d, &formula, NULL)))
        return false;
    return read_layers(d, json_object_get(d->config, "layer_quant_config"), read_quark_layer) &&
           (d->q->bits || hu_declared_unknown(d, "what quark's weights are,", NULL));
}

/* Bits and groups alone. HIGGS (transformers, integrations/higgs.py, HiggsLinear) has a table of
 * 2^bits and one of 2^bits squared pairs in fp32 besides. */
static bool read_plain(struct declared *d)
{
    struct hu_quantization *q = d->q;
    q->group = hu_declared_number(d->config, "group_size", q->group);
    if (!read_bits(d, hu_declared_number(d->config, "bits", q->bits)))
        return false;
    if (q->codebook_bytes)
        q->codebook_bytes = ((uint64_t)2 << q->bits) + ((uint64_t)8 << 2 * q->bits);
    return true;
}

/* FP-Quant (fp_quant/module/linear.py): codes, scales of a byte, two global ones, and the two
 * matrices of 16 bits that turn weights and their gradients. */
static bool read_fp_quant(struct declared *d)
{
    const char *type = hu_declared_text(d->config, "forward_dtype");
    uint64_t side = hu_declared_number(d->config, "hadamard_group_size", 32);
    d->q->group = strcmp(type, "mxfp4") ? 16 : 32;
    d->q->constant = 2 * 4 + (unsigned)(2 * 2 * side * side);
    return ((d->q->group == 32 || !strcmp(type, "nvfp4")) && side <= 4096 &&
            !json_is_true(json_object_get(d->config, "store_master_weights")) &&
            !json_is_true(json_object_get(d->config, "pseudoquantization"))) ||
           hu_declared_unknown(d, "fp_quant, with its settings,", type);
}

static bool read_eetq(struct declared *d)
{
    const char *weights = hu_declared_text(d->config, "weights");
    if (*weights && strcmp(weights, "int8"))
        return hu_declared_unknown(d, "eetq's weights", weights);
    return true;
}

static bool read_quanto(struct declared *d)
{
    const char *weights = hu_declared_text(d->config, "weights");
    bool float8 = !strncmp(weights, "float8", 6);
    unsigned bits =
        !strncmp(weights, "int", 3) && strlen(weights) == 4 ? (unsigned)(weights[3] - '0') : 0;
    if (!float8 && bits != 2 && bits != 4 && bits != 8)
        return hu_declared_unknown(d, "quanto's weights", weights);
    d->q->bits = float8 ? 8 : bits;
    d->q->group = d->q->bits < 8 ? 128 : 0;
    d->q->zero_bits = d->q->bits < 8 ? 16 : 0;
    return true;
}

/* Four ternary weights a byte, one scale; "online" checkpoints are not packed. */
static bool read_bitnet(struct declared *d)
{
    if (!strcmp(hu_declared_text(d->config, "quantization_mode"), "online"))
        return hu_declared_unknown(d, "bitnet's quantization_mode", "online");
    d->q->one_scale = true;
    return true;
}

/* MLX's own (mlx.nn.quantize): every linear layer and embedding, a scale and a bias in 16 bits a
 * group, or a scale of 8 in the modes of block formats. */
static bool read_mlx_mode(struct declared *d, struct hu_quantization *q)
{
    const char *mode = hu_declared_text(d->config, "mode");
    bool affine = !*mode || !strcmp(mode, "affine");
    if (!affine && strcmp(mode, "mxfp4") && strcmp(mode, "mxfp8") && strcmp(mode, "nvfp4"))
        return hu_declared_unknown(d, "MLX's mode", mode);
    q->scope = HU_SCOPE_TABLES;
    q->group = hu_declared_number(d->config, "group_size", q->group);
    q->scale_bits = affine ? 16 : 8;
    q->zero_bits = affine ? 16 : 0;
    q->bits = (unsigned)hu_declared_number(d->config, "bits", q->bits);
    return (q->bits >= 1 && q->bits <= 8) || hu_declared_unknown(d, "a width of bits", "of MLX");
}

/* Entries by a module's name leave it out (false) or give it another width. */
static bool read_mlx(struct declared *d)
{
    struct hu_quantization base = {.bits = 4, .group = 64};
    const char *key;
    json_t *value;
    if (!read_mlx_mode(d, &base) || !add_formula(d, &base, NULL))
        return false;
    json_object_foreach(d->config, key, value)
    {
        struct hu_quantization other = base;
        struct declared one = {.config = value, .q = &other, .error = d->error};
        bool left = json_is_false(value);
        if ((left || json_is_object(value)) && ((!left && !read_mlx_mode(&one, &other)) ||
                                                !add_named(d, left ? NULL : &other, false, key)))
            return false;
    }
    return true;
}

static const struct hu_quantization_method methods[] = {
    {"fp8", read_fp8, {.bits = 8, .scale_bits = 32}},
    {"fbgemm_fp8", NULL, {.bits = 8, .scale_bits = 32}}, /* FBGEMM: a row's fp32 scale */
    {"gptq", read_gptq, {.scale_bits = 16, .input_bytes = 4}},
    {"awq", read_awq, {.scale_bits = 16}},
    {"auto-round", read_gptq, {.scale_bits = 16}}, /* without the columns' groups */
    {"intel/auto-round", read_gptq, {.scale_bits = 16}},
    {"bitsandbytes", read_bitsandbytes, {.bits = 0}},
    /* OCP MXFP4 as gpt-oss stores it: the experts alone, 32 codes an e8m0 scale. */
    {"mxfp4", NULL, {.bits = 4, .group = 32, .scale_bits = 8, .scope = HU_SCOPE_EXPERTS}},
    {"modelopt", read_modelopt, {.bits = 0}},
    {"modelopt_fp4", read_modelopt, {.bits = 0}},
    {"compressed-tensors", read_compressed, {.bits = 0}},
    {"compressed_tensors", read_compressed, {.bits = 0}},
    {"hqq", read_hqq, {.bits = 0}},
    {"aqlm", read_aqlm, {.scale_bits = 16}},
    {"torchao", read_torchao, {.bits = 0}},
    {"eetq", read_eetq, {.bits = 8, .scale_bits = 16}},
    {"quanto", read_quanto, {.scale_bits = 16}},
    {"bitnet", read_bitnet, {.bits = 2, .scale_bits = 16}},
    {"quark", read_quark, {.bits = 0}},
    {"higgs", read_plain, {.bits = 4, .group = 256, .scale_bits = 16, .codebook_bytes = 1}},
    {"fp_quant", read_fp_quant, {.bits = 4, .scale_bits = 8}},
    /* transformers' layout for Apple's GPUs, which is MLX's of linear layers. */
    {"metal", read_plain, {.bits = 4, .group = 64, .scale_bits = 16, .zero_bits = 16}},
    {"mlx", read_mlx, {.bits = 0}},
};

const struct hu_quantization_method *hu_quantization_method(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (!strcmp(methods[i].name, name))
            return &methods[i];
    return NULL;
}
