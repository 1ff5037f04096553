/* What configs declare of quantized weights: one function a method; each says what it does not
 * know. */
#include "quantization_declared.h"
#include "word_list.h"
#include "file/printable.h"

#include <stdio.h>
#include <string.h>

static bool check_bits(struct declared *d)
{
    char shown[24];
    snprintf(shown, sizeof shown, "%u", d->f.bits);
    return (d->f.bits >= 1 && d->f.bits <= 8) || declared_unknown(d, "a width of bits", shown);
}

static void set_tile(struct hu_formula *f, json_t *block)
{
    f->tile_rows = (uint64_t)json_integer_value(json_array_get(block, 0));
    f->tile_columns = (uint64_t)json_integer_value(json_array_get(block, 1));
    if (f->tile_rows > 1 << 20 || f->tile_columns > 1 << 20)
        f->tile_rows = f->tile_columns = 0;
}

/* F without zero points: 8 bits of scale a GROUP. */
static bool set_scales(struct hu_formula *f, uint64_t group)
{
    f->group = group;
    f->scale_bits = 8;
    f->zero_bits = 0;
    return true;
}

/* With a scale over the matrix, and one of the inputs' where these are narrow too. */
static bool set_nvfp4(struct hu_formula *f, bool inputs)
{
    f->bits = 4;
    f->constant = inputs ? 4 + 4 : 4;
    return set_scales(f, 16);
}

/* DeepSeek-V4's compressors stay in bf16, its tower and V4.1's keys of indexers. Its experts are
 * fp4 (vLLM too takes them so where nothing is said) and all scales bytes, but for the base
 * models': fp8 with fp32 scales. */
static bool read_deepseek_v4(struct declared *d)
{
    bool nested = json_object_get(d->config, "expert_dtype"); /* V4.1's */
    const char *experts = config_text(nested ? d->config : d->root, "expert_dtype");
    struct hu_formula fp4 = {.scope = HU_SCOPE_EXPERTS, .bits = 4};
    if (!declared_add_named(d, NULL, false, "compressor") ||
        !declared_add_named(d, NULL, false, "indexer.wk") ||
        !declared_add_named(d, NULL, false, "vision"))
        return false;
    if (!strcmp(experts, "fp8"))
        return true;
    if (*experts && strcmp(experts, "fp4"))
        return declared_unknown(d, "an expert_dtype", experts);
    d->f.scale_bits = 8;
    return declared_add(d, &d->f, NULL) && set_scales(&fp4, 32) &&
           declared_add_named(d, &fp4, false, "experts");
}

/* DeepSeek's and transformers' fine-grained fp8: an fp32 scale a tile, 128 × 128 where DeepSeek's
 * "fmt" stands alone. Else, as AutoFP8 writes and vLLM's Fp8Config reads it, one a matrix, and
 * where activations have static ones the inputs' too. */
static bool read_fp8(struct declared *d)
{
    json_t *block = json_object_get(d->config, "weight_block_size");
    const char *stored = config_text(d->config, "store_dtype");
    if (*stored && !strstr(stored, "fp8") && !strstr(stored, "float8"))
        return declared_unknown(d, "fp8 that is stored as", stored);
    set_tile(&d->f, block);
    if (block && !json_is_null(block) && !(d->f.tile_rows && d->f.tile_columns))
        return declared_unknown(d, "such a", "weight_block_size");
    if (!block && *config_text(d->config, "fmt"))
        d->f.tile_rows = d->f.tile_columns = 128;
    d->f.one_scale = !d->f.tile_rows;
    if (d->f.one_scale && config_is(d->config, "activation_scheme", "static"))
        d->f.constant = 4;
    /* DeepSeek's checkpoints have what weighs the indexer's heads in bf16. */
    return declared_add_named(d, NULL, false, "indexer.weights_proj") &&
           (!declared_one_of("deepseek_v4 deepseek_v41", config_text(d->root, "model_type")) ||
            read_deepseek_v4(d));
}

/* AutoRound's types beside integers: OCP's with e8m0 scales, and NVFP4. */
static bool read_data_type(struct declared *d)
{
    const char *type = config_text(d->config, "data_type");
    if (!strncmp(type, "nv_fp", 5))
        return set_nvfp4(&d->f, config_number(d->config, "act_bits", 4) <= 8);
    if (!strncmp(type, "mx_fp", 5))
        return set_scales(&d->f, 32);
    return !*type || !strncmp(type, "int", 3) ||
           declared_unknown(d, "the data_type of auto-round", type);
}

/* AutoGPTQ, whose keys these are without those of GPTQModel, of transformers or of AutoRound,
 * stores each matrix with a bias, of zeros where it has none (modeling/_utils.py, make_quant). */
static bool is_of_auto_gptq(json_t *c)
{
    static const char *const others[] = {"meta", "dataset", "use_exllama", "autoround_version"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (json_object_get(c, others[i]))
            return false;
    return json_object_get(c, "damp_percent") && json_object_get(c, "true_sequential");
}

/* AutoGPTQ, GPTQModel, AutoRound: fp16 scales and packed zero points a group, GPTQ's an int32 a
 * column. */
static bool read_gptq(struct declared *d)
{
    json_t *inside = json_object_get(d->config, "modules_in_block_to_quantize");
    json_t *all = json_array(), *list;
    size_t i;
    declared_widths(d, d->config, "bits", "group_size");
    d->f.zero_bits = d->f.bits;
    d->f.row_bytes = is_of_auto_gptq(d->config) ? 2 : 0;
    if (config_true(d->config, "lm_head"))
        d->f.scope = HU_SCOPE_LINEAR;
    bool nested = json_is_array(json_array_get(inside, 0));
    json_array_foreach(inside, i, list) if (nested) json_array_extend(all, list);
    bool fine = check_bits(d) && read_data_type(d) && declared_add(d, &d->f, nested ? all : inside);
    json_decref(all);
    return fine && declared_rules(d, json_object_get(d->config, "dynamic")) &&
           declared_rules(d, json_object_get(d->config, "extra_config"));
}

/* AutoAWQ: as GPTQ without the columns' groups. */
static bool read_awq(struct declared *d)
{
    declared_widths(d, d->config, "w_bit", "q_group_size");
    declared_widths(d, d->config, "bits", "group_size");
    d->f.zero_bits = json_is_false(json_object_get(d->config, "zero_point")) ? 0 : d->f.bits;
    return check_bits(d);
}

/* Letters of a matrix's quant_state, JSON as Python writes it, but for the digits of its sizes. Of
 * nested_offset, a mean of the weights' own, the usual number: most have 19 to 20. */
static unsigned state_letters(const char *dtype, bool nested)
{
    static const char always[] =
        "{\"quant_type\": \"nf4\", \"blocksize\": 64, \"dtype\": \"\", \"shape\": [, ]}";
    static const char second[] =
        ", \"nested_blocksize\": 256, \"nested_dtype\": \"float32\", \"nested_offset\": ";
    const char *name = strrchr(dtype, '.');
    name = *dtype ? name ? name + 1 : dtype : "float16"; /* transformers' where none is asked for */
    return (unsigned)(sizeof always - 1 + strlen(name) + (nested ? sizeof second - 1 + 19 : 0));
}

/* bitsandbytes: 64 codes an fp32 scale, or an int8 one over 256 of those; int8 by rows. */
static bool read_bitsandbytes(struct declared *d)
{
    const char *kind = config_text(d->config, "bnb_4bit_quant_type");
    bool nested = config_true(d->config, "bnb_4bit_use_double_quant");
    if (config_true(d->config, "load_in_8bit")) {
        d->f = (struct hu_formula){.bits = 8, .scale_bits = 32, .constant = 1}; /* weight_format */
        return true;
    }
    if (!config_true(d->config, "load_in_4bit"))
        return declared_unknown(d, "bitsandbytes without load_in_4bit or load_in_8bit:", "neither");
    if (*kind && strcmp(kind, "nf4") && strcmp(kind, "fp4"))
        return declared_unknown(d, "a 4-bit type of bitsandbytes", kind);
    /* quant_map, nested_quant_map */
    d->f = (struct hu_formula){.bits = 4,
                               .group = 64,
                               .runs_on = 1,
                               .scale_bits = nested ? 8 : 32,
                               .nested = nested ? 256 : 0,
                               .constant = (nested ? 16 + 256 : 16) * 4,
                               .state = state_letters(d->dtype, nested)};
    return true;
}

/* A scale of what a module's ACTIVATIONS are rounded by, where it was found beforehand
 * (compressed_tensors, lifecycle/initialize.py): one over all in fp32 where groups of tokens have
 * theirs as they come ("local"), else one in the model's 16 bits, with a byte's zero point. */
static unsigned found_scale(json_t *activations)
{
    json_t *dynamic = json_object_get(activations, "dynamic");
    if (!json_is_object(activations) || json_is_true(dynamic))
        return 0;
    unsigned all = config_is(activations, "strategy", "tensor_group") ? 4 : 0;
    bool symmetric = !json_is_false(json_object_get(activations, "symmetric"));
    return json_is_string(dynamic) ? all : all + (symmetric ? 2 : 2 + 1);
}

/* llm-compressor's formats: what follows from a GROUP's "weights". */
static bool read_group(struct declared *d, json_t *group, const char *format)
{
    json_t *weights = json_object_get(group, "weights");
    unsigned found = found_scale(json_object_get(group, "input_activations")) +
                     found_scale(json_object_get(group, "output_activations"));
    d->f = (struct hu_formula){.scope = HU_SCOPE_LINEAR, .bits = 8, .scale_bits = 16};
    declared_widths(d, weights, "num_bits", "group_size");
    if (!check_bits(d))
        return false;
    d->f.one_scale = config_is(weights, "strategy", "tensor");
    if (config_is(weights, "strategy", "block"))
        set_tile(&d->f, json_object_get(weights, "block_structure"));
    bool nvfp4 = strstr(format, "nvfp4"), mxfp = strstr(format, "mxfp");
    if (nvfp4)
        set_nvfp4(&d->f, false);
    else if (mxfp)
        set_scales(&d->f, 32);
    else if (json_is_false(json_object_get(weights, "symmetric")))
        d->f.zero_bits = d->f.bits;
    if (!nvfp4 && !mxfp && strstr(format, "pack"))
        d->f.constant = 2 * 8; /* weight_shape */
    d->f.constant += found;
    if (config_is(weights, "actorder", "group"))
        d->f.input_bytes = 4;
    return !(strstr(format, "sparse") || strstr(format, "24")) ||
           declared_unknown(d, "the format of compressed-tensors", format);
}

/* A formula a group, with a format of its own where the config's is "mixed-precision". */
static bool read_compressed(struct declared *d)
{
    json_t *groups = json_object_get(d->config, "config_groups"), *group;
    const char *name, *all = config_text(d->config, "format");
    json_object_foreach(groups, name, group)
    {
        json_t *weights = json_object_get(group, "weights");
        json_t *targets = json_object_get(group, "targets");
        const char *own = config_text(group, "format");
        const char *first = json_string_value(json_array_get(targets, 0));
        struct declared one = {.error = d->error};
        if (json_is_object(weights) &&
            (!read_group(&one, group, *own ? own : all) ||
             !declared_add(d, &one.f, first && strcmp(first, "Linear") ? targets : NULL)))
            return false;
    }
    return d->q->rule_count ||
           declared_unknown(d, "compressed-tensors without weights in config_groups: format", all);
}

static bool read_hqq_weights(struct declared *d, json_t *weights)
{
    d->f = (struct hu_formula){.bits = 4, .group = 64, .scale_bits = 16, .zero_bits = 16};
    declared_widths(d, weights, "nbits", "group_size");
    return check_bits(d);
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
    if (!read_hqq_layer(d, inner) || (!d->f.bits && !declared_layers(d, inner, read_hqq_layer)))
        return false;
    return d->f.bits || d->q->rule_count ||
           read_hqq_weights(d, json_is_object(inner) ? inner : d->config);
}

/* Egiazarian et al. 2024 (arXiv:2401.06118): codes of groups, codebooks a matrix, a scale a row. */
static bool read_aqlm(struct declared *d)
{
    json_t *c = d->config;
    uint64_t group = config_number(c, "in_group_size", 8) * config_number(c, "out_group_size", 1);
    uint64_t books = config_number(c, "num_codebooks", 1),
             bits = config_number(c, "nbits_per_codebook", 16);
    if (!group || !books || bits < 1 || bits > 16 || group > 1 << 16 || books * bits % group)
        return declared_unknown(d,
                                "aqlm's groups and codebooks:", "they give no whole bits a weight");
    d->f.bits = (unsigned)(books * bits / group);
    d->f.codebook_bytes = books * ((uint64_t)1 << bits) * group * 2;
    return true;
}

/* Integers of any width keep a byte each (IntxUnpackedToInt8Tensor), a scale and a zero point of a
 * byte a group, of 32 where activations are int8 and nothing else is said, or a row. */
static bool read_intx(struct declared *d, json_t *settings, uint64_t group)
{
    json_t *by = json_object_get(settings, "weight_granularity");
    const char *packing = config_text(json_object_get(settings, "intx_packing_format"), "_data");
    by = by ? by : json_object_get(settings, "granularity");
    d->f.bits = 8;
    d->f.group = by ? config_number(json_object_get(by, "_data"), "group_size", 0)
                    : config_number(settings, "group_size", group);
    d->f.scale_bits = 16;
    d->f.zero_bits = 8;
    return !*packing || declared_one_of("UNPACKED_TO_INT8 unpacked_to_int8", packing) ||
           declared_unknown(d, "torchao's packing", packing);
}

static bool read_torchao(struct declared *d)
{
    json_t *type = json_object_get(d->config, "quant_type");
    json_t *inner = json_object_get(type, "default");
    bool old = json_is_string(type);
    const char *name = old ? json_string_value(type) : config_text(inner, "_type");
    json_t *settings =
        old ? json_object_get(d->config, "quant_type_kwargs") : json_object_get(inner, "_data");
    bool four = strstr(name, "nt4"), float8 = strstr(name, "loat8"); /* either case */
    if (config_true(d->config, "include_input_output_embeddings"))
        d->f.scope = HU_SCOPE_TABLES;
    if (declared_one_of(
            "Int8DynamicActivationIntxWeightConfig Int8DynamicActivationInt4WeightConfig "
            "int8_dynamic_activation_int4_weight int8da_int4w",
            name))
        return read_intx(d, settings, 32);
    if (!strcmp(name, "IntxWeightOnlyConfig"))
        return read_intx(d, settings, 0);
    if (!four && !float8 && !strstr(name, "nt8"))
        return declared_unknown(d, "the quant_type of torchao", name);
    d->f.bits = four ? 4 : 8;
    d->f.group = four ? config_number(settings, "group_size", 128) : 0;
    d->f.scale_bits = float8 && !four ? 32 : 16;
    d->f.zero_bits = four ? 16 : 0;
    return true;
}

/* AMD's Quark (quark/torch/export, quant_config.py): fp4 under an e8m0 a group, fp8 under an fp32 a
 * matrix or a row; inputs' scales where these are static. */
static bool read_quark_layer(struct declared *d, json_t *layer)
{
    json_t *weights = json_object_get(layer, "weight");
    json_t *inputs = json_object_get(layer, "input_tensors");
    bool fp8 = config_is(weights, "dtype", "fp8_e4m3"),
         one = config_is(weights, "qscheme", "per_tensor");
    d->f = (struct hu_formula){.scope = HU_SCOPE_LINEAR,
                               .bits = fp8 ? 8 : 4,
                               .scale_bits = fp8 ? 32 : 8,
                               .group = config_number(weights, "group_size", 0),
                               .one_scale = one};
    if (fp8 && json_is_false(json_object_get(inputs, "is_dynamic")))
        d->f.constant = 4;
    return (fp8 ? one || config_is(weights, "qscheme", "per_channel")
                : config_is(weights, "dtype", "fp4") &&
                      config_is(weights, "scale_format", "e8m0")) ||
           declared_unknown(d, "what quark's weights are,", config_text(weights, "dtype"));
}

static bool read_quark(struct declared *d)
{
    json_t *rest = json_object_get(d->config, "global_quant_config");
    if (json_is_object(json_object_get(rest, "weight")) &&
        (!read_quark_layer(d, rest) || !declared_add(d, &d->f, NULL)))
        return false;
    return declared_layers(d, json_object_get(d->config, "layer_quant_config"), read_quark_layer) &&
           (d->q->rule_count || declared_unknown(d, "what quark's weights are,", NULL));
}

/* Bits and groups alone. HIGGS (transformers, integrations/higgs.py, HiggsLinear) has a table of
 * 2^bits and one of 2^bits squared pairs in fp32 besides. */
static bool read_plain(struct declared *d)
{
    declared_widths(d, d->config, "bits", "group_size");
    if (!check_bits(d))
        return false;
    if (d->f.codebook_bytes)
        d->f.codebook_bytes = ((uint64_t)2 << d->f.bits) + ((uint64_t)8 << 2 * d->f.bits);
    return true;
}

/* FP-Quant (fp_quant/module/linear.py): codes, scales of a byte, two global ones, and the two
 * matrices of 16 bits that turn weights and their gradients. */
static bool read_fp_quant(struct declared *d)
{
    const char *type = config_text(d->config, "forward_dtype");
    uint64_t side = config_number(d->config, "hadamard_group_size", 32);
    d->f.group = strcmp(type, "mxfp4") ? 16 : 32;
    d->f.constant = 2 * 4 + (unsigned)(2 * 2 * side * side);
    return ((d->f.group == 32 || !strcmp(type, "nvfp4")) && side <= 4096 &&
            !config_true(d->config, "store_master_weights") &&
            !config_true(d->config, "pseudoquantization")) ||
           declared_unknown(d, "fp_quant, with its settings,", type);
}

static bool read_eetq(struct declared *d)
{
    const char *weights = config_text(d->config, "weights");
    return !*weights || !strcmp(weights, "int8") || declared_unknown(d, "eetq's weights", weights);
}

static bool read_quanto(struct declared *d)
{
    const char *weights = config_text(d->config, "weights");
    bool eight = !strncmp(weights, "float8", 6) || !strcmp(weights, "int8");
    if (!eight && strcmp(weights, "int2") && strcmp(weights, "int4"))
        return declared_unknown(d, "quanto's weights", weights);
    d->f.bits = eight ? 8 : (unsigned)(weights[3] - '0');
    d->f.group = eight ? 0 : 128;
    d->f.zero_bits = eight ? 0 : 16;
    return true;
}

/* Four ternary weights a byte, one scale; "online" checkpoints are not packed. */
static bool read_bitnet(struct declared *d)
{
    return !config_is(d->config, "quantization_mode", "online") ||
           declared_unknown(d, "bitnet's quantization_mode", "online");
}

/* MLX's own (mlx.nn.quantize): every linear layer and embedding, a scale and a bias in 16 bits a
 * group, or a scale of 8 in the modes of block formats. */
static bool read_mlx_mode(struct declared *d)
{
    const char *mode = config_text(d->config, "mode");
    bool affine = !*mode || !strcmp(mode, "affine");
    if (!affine && !declared_one_of("mxfp4 mxfp8 nvfp4", mode))
        return declared_unknown(d, "MLX's mode", mode);
    declared_widths(d, d->config, "bits", "group_size");
    d->f.scale_bits = affine ? 16 : 8;
    d->f.zero_bits = affine ? 16 : 0;
    return (d->f.bits >= 1 && d->f.bits <= 8) || declared_unknown(d, "a width of bits", "of MLX");
}

/* Entries by a module's name leave it out (false) or give it another width. */
static bool read_mlx(struct declared *d)
{
    const char *key;
    json_t *value, *text = json_object_get(d->root, "text_config");
    /* The routers of DeepSeek's kin are bare arrays to mlx-lm (MoEGate), which it leaves alone. */
    bool bare = config_number(json_is_object(text) ? text : d->root, "n_routed_experts", 0);
    if (!read_mlx_mode(d) || !declared_add(d, &d->f, NULL) ||
        (bare && !declared_add_named(d, NULL, false, "gate")))
        return false;
    json_object_foreach(d->config, key, value)
    {
        struct declared other = *d;
        bool left = json_is_false(value);
        other.config = value;
        if ((left || json_is_object(value)) &&
            ((!left && !read_mlx_mode(&other)) ||
             !declared_add_named(d, left ? NULL : &other.f, false, key)))
            return false;
    }
    return true;
}

/* Towers stay as they were with mlx-vlm (utils.py, skip_multimodal_module), AutoGPTQ, GPTQModel,
 * AutoAWQ and AutoRound, which quantize a language model's layers. */
static const struct method {
    const char *names;
    bool (*read)(struct declared *d); /* what the config says beside; NULL: nothing */
    struct hu_formula has;            /* what every checkpoint of it has alike */
} methods[] = {
    {"fp8 blockwise_int8", read_fp8, {.bits = 8, .scale_bits = 32}}, /* SGLang's int8 in tiles */
    {"fbgemm_fp8", NULL, {.bits = 8, .scale_bits = 32}}, /* FBGEMM: a row's fp32 scale */
    {"gptq", read_gptq, {.text = 1, .bits = 4, .group = 128, .scale_bits = 16, .input_bytes = 4}},
    {"awq", read_awq, {.text = 1, .bits = 4, .group = 128, .scale_bits = 16}},
    /* without the columns' groups */
    {"auto-round intel/auto-round",
     read_gptq,
     {.text = 1, .bits = 4, .group = 128, .scale_bits = 16}},
    {"bitsandbytes", read_bitsandbytes, {.bits = 0}},
    /* OCP MXFP4 as gpt-oss stores it: the experts alone, 32 codes an e8m0 scale. */
    {"mxfp4", NULL, {.bits = 4, .group = 32, .scale_bits = 8, .scope = HU_SCOPE_EXPERTS}},
    {"mxfp8", NULL, {.bits = 8, .group = 32, .scale_bits = 8}}, /* MiniMax's */
    {"modelopt modelopt_fp4", declared_modelopt, {.bits = 0}},
    {"compressed-tensors compressed_tensors", read_compressed, {.bits = 0}},
    {"hqq", read_hqq, {.bits = 0}},
    {"aqlm", read_aqlm, {.scale_bits = 16}},
    {"torchao", read_torchao, {.bits = 0}},
    {"eetq", read_eetq, {.bits = 8, .scale_bits = 16}},
    {"quanto", read_quanto, {.scale_bits = 16}},
    {"bitnet", read_bitnet, {.bits = 2, .scale_bits = 16, .one_scale = 1}},
    {"quark", read_quark, {.bits = 0}},
    {"higgs", read_plain, {.bits = 4, .group = 256, .scale_bits = 16, .codebook_bytes = 1}},
    {"fp_quant", read_fp_quant, {.bits = 4, .scale_bits = 8}},
    /* transformers' layout for Apple's GPUs, which is MLX's of linear layers. */
    {"metal", read_plain, {.bits = 4, .group = 64, .scale_bits = 16, .zero_bits = 16}},
    {"mlx", read_mlx, {.bits = 4, .group = 64, .scope = HU_SCOPE_TABLES, .text = 1}},
};

static const struct method *method_called(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (declared_one_of(methods[i].names, name))
            return &methods[i];
    return NULL;
}

/* The method's name; bitsandbytes' older configs leave it out. */
static const char *name_of(json_t *config)
{
    const char *name = config_text(config, "quant_method");
    if (*name)
        return name;
    if (config_true(config, "load_in_4bit") || config_true(config, "load_in_8bit"))
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
    const char *keys = "modules_to_not_convert ignore ignored_layers llm_int8_skip_modules "
                       "skip_modules linear_weights_not_to_quantize exclude";
    struct hu_patterns *left = &d->q->left;
    char key[40];
    while (hu_next_word(&keys, ' ', key, sizeof key))
        if (!hu_patterns_read(d->q, json_object_get(d->config, key), left))
            return declared_unknown(d, "a list of modules", key);
    for (size_t i = 0; i < left->count; i++)
        if (left->at[i].broken)
            return declared_unknown(d, "the expression of modules", left->at[i].text);
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

bool hu_quantization_declared(json_t *root)
{
    return declaration(root);
}

/* llm-compressor's scheme of the KV cache, or ModelOpt's algorithm: FP8, NVFP4. */
static unsigned cache_bits(json_t *config)
{
    json_t *inner = json_object_get(config, "quantization");
    const char *algorithm =
        config_text(json_is_object(inner) ? inner : config, "kv_cache_quant_algo");
    if (*algorithm)
        return strstr(algorithm, "FP8") ? 8 : strstr(algorithm, "FP4") ? 4 : 0;
    return (unsigned)config_number(json_object_get(config, "kv_cache_scheme"), "num_bits", 0);
}

static bool has_towers(json_t *root)
{
    return json_object_get(root, "vision_config") || json_object_get(root, "audio_config") ||
           json_object_get(root, "visual") || json_object_get(root, "thinker_config");
}

enum hu_quantized hu_quantization_read(json_t *root, const char *dtype, struct hu_quantization *q,
                                       char error[HU_QUANTIZATION_ERROR])
{
    *q = (struct hu_quantization){0};
    struct declared d = {
        .config = declaration(root), .root = root, .q = q, .error = error, .dtype = dtype};
    if (!d.config)
        return HU_NOT_QUANTIZED;
    const char *name = name_of(d.config);
    char shown[40];
    const struct method *method = method_called(name);
    snprintf(q->method, sizeof q->method, "%s",
             hu_printable(*name ? name : "?", shown, sizeof shown));
    bool fine = method || declared_unknown(&d, "the quantization method", name);
    if (fine) {
        d.f = method->has;
        d.f.text &= has_towers(root); /* Whisper is all that there is */
        fine = !method->read || method->read(&d);
    }
    /* For all modules that no rule is for, where the method did not add it. */
    if (fine && d.f.bits && (!q->rule_count || !formula_alike(&q->rules->formula, &d.f)))
        fine = declared_add(&d, &d.f, NULL);
    fine = fine && read_left_out(&d);
    q->bits = q->rule_count ? q->rules->formula.bits : 0;
    q->cache_bits = cache_bits(d.config);
    return fine ? HU_QUANTIZED : HU_QUANTIZED_UNKNOWN;
}
