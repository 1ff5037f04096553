#include "json_text.h"
#include "kind.h"
#include "logical_parts.h"
#include "printable.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static uint64_t natural(const json_t *number, uint64_t most)
{
    json_int_t n = json_integer_value(number);
    return n > 0 && (uint64_t)n <= most ? (uint64_t)n : 0;
}

/* Rows and columns, in a list or, as compressed-tensors had them at first, a text: "128x128". */
static void read_tile(const json_t *q, uint64_t tile[2])
{
    unsigned rows = 0, columns = 0;
    for (size_t i = 0; i < 2; i++)
        tile[i] = natural(json_array_get(q, i), 1 << 16);
    if (json_is_string(q) && sscanf(json_string_value(q), "%5ux%5u", &rows, &columns) == 2) {
        tile[0] = rows;
        tile[1] = columns;
    }
}

static void copy_text(const json_t *from, char *to, size_t room)
{
    const char *text = json_string_value(from);
    snprintf(to, room, "%s", text ? text : "");
    for (; *to; to++)
        *to = (char)tolower((unsigned char)*to);
}

/* Whether S, behind them, is one of those that C has. */
static bool is_had(const struct logical_config *c, const struct logical_scheme *s)
{
    for (const struct logical_scheme *had = c->schemes; had < s; had++)
        if (!memcmp(had, s, sizeof *s))
            return true;
    return false;
}

/* QuantizationArgs (compressed_tensors/quantization/quant_args.py). */
static void read_schemes(json_t *groups, struct logical_config *c)
{
    const char *name;
    json_t *group;
    json_object_foreach(groups, name, group)
    {
        json_t *weights = json_object_get(group, "weights");
        struct logical_scheme *s = &c->schemes[c->scheme_count];
        char type[16];
        if (!json_is_object(weights) || c->scheme_count == LOGICAL_SCHEMES)
            continue;
        memset(s, 0, sizeof *s);
        copy_text(json_object_get(weights, "type"), type, sizeof type);
        copy_text(json_object_get(weights, "strategy"), s->strategy, sizeof s->strategy);
        s->integer = strcmp(type, "float") != 0;
        s->symmetric = !json_is_false(json_object_get(weights, "symmetric"));
        s->bits = (unsigned)natural(json_object_get(weights, "num_bits"), 16);
        s->group = natural(json_object_get(weights, "group_size"), UINT32_MAX);
        read_tile(json_object_get(weights, "block_structure"), s->tile);
        if (!*s->strategy && s->group)
            strcpy(s->strategy, "group");
        if (!c->tile[0] && s->tile[0])
            memcpy(c->tile, s->tile, sizeof c->tile);
        c->scheme_count += !is_had(c, s);
    }
}

/* AutoRound packs as AutoGPTQ does, as AutoAWQ does, or in its own way, whose zero points are not
 * less one (intel/auto-round, export_to_autoround/export.py; cuda/qlinear_triton.py, pack). */
static void read_auto_round(const json_t *q, struct logical_config *c)
{
    const json_t *packing = json_object_get(q, "packing_format");
    const char *text = json_string_value(packing ? packing : json_object_get(q, "backend"));
    if (text)
        strcpy(c->version, strstr(text, "gptq")  ? "gptq"
                           : strstr(text, "awq") ? "gemm"
                                                 : "gptq_v2");
}

/* transformers' "quantization_config", of which each method's own reader says what its keys are:
 * weight_block_size (fine-grained fp8), bits, group_size, checkpoint_format or version (GPTQ, AWQ),
 * config_groups (compressed-tensors). */
static void read_quantization(json_t *q, struct logical_config *c)
{
    json_t *tile = json_object_get(q, "weight_block_size");
    json_t *format = json_object_get(q, "checkpoint_format");
    c->there = true;
    c->said = json_incref(q);
    copy_text(json_object_get(q, "quant_method"), c->method, sizeof c->method);
    read_tile(tile, c->tile);
    c->no_tiles = json_is_null(tile);
    c->bits = natural(json_object_get(q, "bits"), 16);
    c->group = (int64_t)json_integer_value(json_object_get(q, "group_size"));
    copy_text(format ? format : json_object_get(q, "version"), c->version, sizeof c->version);
    if (json_is_true(json_object_get(q, "is_marlin_format")))
        strcpy(c->version, "marlin");
    if (strstr(c->method, "auto-round"))
        read_auto_round(q, c);
    c->overrides = json_object_size(json_object_get(q, "dynamic")) ||
                   json_object_size(json_object_get(q, "extra_config"));
    const char *linear = json_string_value(json_object_get(q, "linear_class"));
    c->multiplies = linear && !strcmp(linear, "autobitlinear");
    read_schemes(json_object_get(q, "config_groups"), c);
}

/* FILE in the folder of PATH. NULL: there is none, or it cannot be read, which *fine and error say.
 */
static json_t *load_beside(const char *path, const char *name, bool *fine,
                           char error[HU_LOGICAL_ERROR])
{
    char folder[HU_PATH_MAX], file[HU_PATH_MAX], why[HU_JSON_ERROR];
    const char *slash = strrchr(path, '/');
    if (snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
                 slash ? path : ".") >= (int)sizeof folder ||
        !hu_folder_has(folder, name, file))
        return NULL;
    json_t *root = hu_json_read_config(file, why);
    if (root)
        return root;
    snprintf(error, HU_LOGICAL_ERROR, "%s, which says how tensors are quantized: %s",
             PRINTABLE(file, 200), why);
    *fine = false;
    return NULL;
}

/* Where transformers has what each method says, and where its own forerunners had it. */
static json_t *quantization_of(json_t *root)
{
    json_t *q = json_object_get(root, "quantization_config");
    if (!q)
        q = json_object_get(root, "compression_config");
    if (!q)
        q = json_object_get(json_object_get(root, "text_config"), "quantization_config");
    json_t *mlx = json_object_get(root, "quantization");
    if (!q && json_object_get(mlx, "bits"))
        q = mlx;
    return json_is_object(q) ? q : NULL;
}

/* Of a quantization_config that ModelOpt wrote: itself, or what hf_quant_config.json has, in it
 * (vLLM, quantization/modelopt.py, from_config). */
static bool read_own(json_t *q, struct logical_config *c, char error[HU_LOGICAL_ERROR])
{
    json_t *inner = json_object_get(q, "quantization");
    json_t *own = json_is_object(inner) ? inner : q;
    return !json_object_get(own, "quant_algo") ||
           hu_logical_modelopt_read(own, "config.json", c, error);
}

/* ModelOpt's own file (modelopt/torch/export/quant_utils.py, get_quant_config). */
static bool read_other(json_t *root, struct logical_config *c, char error[HU_LOGICAL_ERROR])
{
    static const char file[] = "hf_quant_config.json";
    json_t *said = json_object_get(root, "quantization");
    if (!json_is_object(said)) {
        snprintf(error, HU_LOGICAL_ERROR,
                 "%s beside it has no object \"quantization\", as ModelOpt writes it", file);
        return false;
    }
    if (!hu_logical_modelopt_read(said, file, c, error))
        return false;
    if (!json_is_string(json_object_get(said, "quant_algo")))
        return true;
    if (c->there && !c->modelopt[1].said) {
        snprintf(error, HU_LOGICAL_ERROR,
                 "%s beside it says %.40s, and the quantization_config of config.json says %.32s",
                 file, json_string_value(json_object_get(said, "quant_algo")),
                 *c->method ? c->method : "no quant_algo");
        return false;
    }
    if (!c->there)
        strcpy(c->method, "modelopt");
    c->there = true;
    return true;
}

bool hu_logical_config_read(const char *path, struct logical_config *config,
                            char error[HU_LOGICAL_ERROR])
{
    bool fine = true;
    *config = (struct logical_config){0};
    json_t *root = load_beside(path, "config.json", &fine, error);
    json_t *other = load_beside(path, "hf_quant_config.json", &fine, error);
    json_t *q = quantization_of(root);
    if (q)
        read_quantization(q, config);
    fine =
        fine && (!q || read_own(q, config, error)) && (!other || read_other(other, config, error));
    json_decref(root);
    json_decref(other);
    return fine;
}

void hu_logical_config_clear(struct logical_config *config)
{
    for (size_t i = 0; i < LOGICAL_CONFIGS; i++)
        json_decref(config->modelopt[i].said);
    json_decref(config->said);
}
