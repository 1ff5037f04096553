#include "source.h"
#include "match.h"
#include "weights.h"
#include "file/json_text.h"
#include "file/kind.h"
#include "file/printable.h"
#include "file/text_file.h"
#include "word_list.h"
#include "wide.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct decimal {
    uint64_t digits;
    int exponent; /* value = digits × 10^exponent */
};

/* A digit group separator has a digit on each side. */
static bool is_separator(const char *at)
{
    return (*at == '_' || *at == ',') && isdigit((unsigned char)at[1]);
}

/* Moves *AT past the number. False: none here, or over 64 bits of digits. */
static bool read_decimal(const char **at, struct decimal *d)
{
    const char *c = *at;
    bool fraction = false;
    *d = (struct decimal){0};
    if (!isdigit((unsigned char)*c))
        return false;
    for (;; c++) {
        if (*c == '.' && !fraction) {
            fraction = true;
        } else if (isdigit((unsigned char)*c)) {
            if (__builtin_mul_overflow(d->digits, 10, &d->digits) ||
                __builtin_add_overflow(d->digits, (uint64_t)(*c - '0'), &d->digits))
                return false;
            d->exponent -= fraction;
        } else if (!is_separator(c)) {
            break;
        }
    }
    if ((*c == 'e' || *c == 'E') &&
        (isdigit((unsigned char)c[1]) || (c[1] == '+' && isdigit((unsigned char)c[2])))) {
        char *end;
        long e = strtol(c + 1, &end, 10);
        if (e > 100)
            return false;
        d->exponent += (int)e;
        c = end;
    }
    *at = c;
    return true;
}

/* The whole part of D × UNIT; *rest: whether there is more. False: over 64 bits. */
static bool scaled(struct decimal d, uint64_t unit, uint64_t *value, bool *rest)
{
    struct hu_wide v = hu_wide_product(d.digits, unit);
    *rest = false;
    for (; d.exponent > 0 && (v.low | v.high); d.exponent--)
        if (!hu_wide_times(&v, 10))
            return false;
    for (; d.exponent < 0 && (v.low | v.high); d.exponent++)
        *rest |= hu_wide_divide(&v, 10) != 0;
    return hu_wide_fits(v, value);
}

/* The same, where it is whole. */
static bool whole(struct decimal d, uint64_t unit, uint64_t *value)
{
    bool rest;
    return scaled(d, unit, value, &rest) && !rest;
}

struct unit {
    char letter;
    uint64_t value;
};

/* A whole number of ONE, or of what the letter behind it says. */
static bool read_whole(const char *text, uint64_t one, const struct unit *units, uint64_t *value)
{
    struct decimal d;
    if (!read_decimal(&text, &d))
        return false;
    for (; units && units->letter; units++)
        if (tolower((unsigned char)*text) == units->letter) {
            one = units->value;
            text++;
            break;
        }
    return !*text && whole(d, one, value);
}

bool hu_count_read(const char *text, uint64_t *count)
{
    static const struct unit units[] = {{'k', 1000},
                                        {'m', 1000000},
                                        {'b', 1000000000},
                                        {'g', 1000000000},
                                        {'t', UINT64_C(1000000000000)},
                                        {0, 0}};
    return read_whole(text, 1, units, count);
}

bool hu_tokens_read(const char *text, uint64_t *tokens)
{
    static const struct unit units[] = {{'k', 1024}, {'m', 1024 * 1024}, {0, 0}};
    return read_whole(text, 1, units, tokens);
}

bool hu_factor_read(const char *text, uint64_t *millionths)
{
    return read_whole(text, 1000000, NULL, millionths);
}

bool hu_bytes_read(const char *text, uint64_t *bytes)
{
    static const char letters[] = "kmgtp";
    struct decimal d;
    uint64_t unit = 1;
    if (!read_decimal(&text, &d))
        return false;
    while (*text == ' ')
        text++;
    const char *letter = *text ? strchr(letters, tolower((unsigned char)*text)) : NULL;
    if (letter) {
        bool binary = text[1] == 'i';
        for (const char *l = letters; l <= letter; l++)
            unit *= binary ? 1024 : 1000;
        text += 1 + binary;
    }
    if (!strcasecmp(text, "b"))
        text++;
    /* 5.38GiB are no whole number of bytes, and as many as there are. */
    bool rest;
    return !*text && scaled(d, unit, bytes, &rest) && (!rest || unit > 1);
}

static bool refuse(struct hu_model *model, const char *path, const char *why)
{
    return hu_model_fail(model, "%.300s: %s", path, why);
}

/* ROOT, of ModelOpt's own file, says that weights are quantized. */
static bool says_algorithm(json_t *root)
{
    return json_is_string(json_object_get(json_object_get(root, "quantization"), "quant_algo"));
}

/* Files beside a config.json that say how its weights are quantized, where it does not itself:
 * ModelOpt's, AutoGPTQ's and AutoAWQ's (vLLM, quantization/gptq.py and awq.py,
 * get_config_filenames). Where they name no method it is this one, or AWQ where they speak of a
 * w_bit. */
static const struct side_file {
    const char *name, *method;
    bool (*says)(json_t *root); /* NULL: whatever is in it */
} side_files[] = {
    {"hf_quant_config.json", "modelopt", says_algorithm},
    {"quantize_config.json", "gptq", NULL},
    {"quant_config.json", "gptq", NULL},
};

/* *said: what FILE beside PATH says, if it is there. False: refused. */
static bool read_side_file(const char *path, const struct side_file *file, struct hu_model *model,
                           json_t **said)
{
    char why[HU_JSON_ERROR];
    char *beside = hu_path_beside(path, file->name);
    struct stat status;
    bool there = beside && !stat(beside, &status);
    json_t *root = there ? hu_json_read_config(beside, why) : NULL;
    bool fine = !there || root || refuse(model, beside, why);
    if (json_is_object(root) && (!file->says || file->says(root))) {
        *said = json_incref(root);
        if (!json_object_get(root, "quant_method"))
            json_object_set_new(root, "quant_method",
                                json_string(json_object_get(root, "w_bit") ? "awq" : file->method));
    }
    json_decref(root);
    free(beside);
    return fine;
}

/* *said: what the first of them says. False: refused. */
static bool read_side_files(const char *path, struct hu_model *model, json_t **said)
{
    const char *slash = strrchr(path, '/');
    bool fine = true, named = !strcmp(slash ? slash + 1 : path, "config.json");
    *said = NULL;
    for (size_t i = 0; named && fine && !*said && i < sizeof side_files / sizeof *side_files; i++)
        fine = read_side_file(path, &side_files[i], model, said);
    return fine;
}

static bool open_config(const char *path, struct hu_model *model)
{
    json_t *beside;
    char why[HU_CONFIG_ERROR];
    const char *no_text;
    size_t n = 0;
    char *text = hu_text_read(path, &n, &no_text);
    if (!text)
        return refuse(model, path, no_text);
    bool read = read_side_files(path, model, &beside);
    bool fine = read && hu_model_read_config_beside(text, n, beside, model);
    json_decref(beside);
    free(text);
    if (!read)
        return false;
    if (fine)
        return true;
    snprintf(why, sizeof why, "%.*s", (int)sizeof why - 1, model->error);
    *model->error = 0;
    return refuse(model, path, why);
}

static void note_count(struct hu_model *model, uint64_t n, const char *what)
{
    if (n)
        hu_model_note(model, "%llu stored elements %s", (unsigned long long)n, what);
}

/* What the files hold, told apart; and whether that is what the index and the config say. */
static bool add_stored(const struct hu_tensor_set *set, struct hu_model *model)
{
    struct hu_match stored;
    if (!hu_match_count(set, &stored))
        return refuse(model, set->paths[0], "more weights than 64 bits count");
    model->has_stored = true;
    model->stored_elements = set->elements;
    model->stored_bytes = set->bytes;
    note_count(model, stored.buffers, "are buffers, not parameters");
    note_count(model, stored.scales, "are scales and the like of quantized weights");
    note_count(model, stored.packed, "hold several weights each");
    if (set->has_total_size && set->total_size != set->bytes)
        hu_model_note(model,
                      "the index states a total_size of %llu bytes, and the shards hold %llu",
                      (unsigned long long)set->total_size, (unsigned long long)set->bytes);
    if (!model->parameters)
        model->parameters = stored.parameters;
    else if (model->parameters != stored.parameters)
        hu_model_note(model,
                      "the files hold %llu weights and the config %llu parameters: copies of tied "
                      "weights, or parts that the config does not count",
                      (unsigned long long)stored.parameters, (unsigned long long)model->parameters);
    return true;
}

static bool open_tensors(const char *path, struct hu_model *model)
{
    struct hu_tensor_set set;
    char why[HU_SET_ERROR];
    if (!hu_tensor_set_open(path, &set, why))
        return hu_model_fail(model, "%s", why);
    bool fine = add_stored(&set, model);
    if (fine && set.files[0].kind == HU_FILE_GGUF)
        fine = hu_model_read_gguf(&set, model);
    else if (fine && !model->tensors.count)
        model->no_kv = "the file does not say how its attention is shaped: give the "
                       "folder with its config.json, or --layers, --kv-heads and --head-dim";
    hu_tensor_set_close(&set);
    return fine;
}

/* The rows of PART, called NAME/…, behind those of MODEL. False: out of memory, or too many. */
static bool add_rows(struct hu_model *model, const struct hu_model *part, const char *name)
{
    struct hu_tensors *t = &model->tensors;
    const struct hu_tensor_row *from = part->tensors.rows, *end = from + part->tensors.count;
    char text[768];
    for (; from < end; from++) {
        struct hu_tensor_row *row =
            t->count < HU_ROWS_MAX ? hu_file_append(&t->rows, &t->count, sizeof *row) : NULL;
        int n = snprintf(text, sizeof text, "%s/%s", name, from->name);
        if (!row || n >= (int)sizeof text)
            return false;
        *row = *from;
        row->dtype = hu_row_dtype(part, from);
        if (row->stack != HU_NO_LAYER)
            row->stack += t->stacks;
        if (!(row->name = arena_text(&t->arena, text, (size_t)n)))
            return false;
    }
    t->stacks += part->tensors.stacks;
    return true;
}

static bool add_component(struct hu_model *model, const char *folder, const char *name)
{
    char path[4096], shown[64];
    struct hu_model part;
    struct stat status;
    if (snprintf(path, sizeof path, "%s/%s/config.json", folder, name) >= (int)sizeof path ||
        stat(path, &status))
        return true; /* a scheduler, a tokenizer */
    bool fine = hu_model_open(path, &part) || hu_model_fail(model, "%s", part.error);
    if (fine)
        fine = add_rows(model, &part, name) || refuse(model, path, "too many tensors");
    if (fine)
        hu_model_note(model, "%s: %llu parameters", hu_printable(name, shown, sizeof shown),
                      (unsigned long long)part.parameters);
    hu_model_free(&part);
    return fine;
}

/* A pipeline of diffusers: the components that INDEX, a model_index.json in FOLDER, names and that
 * have a config.json in a folder of their name. */
static bool open_pipeline(const char *folder, const char *index, struct hu_model *model)
{
    const char *name;
    char why[HU_JSON_ERROR] = "it is no object of JSON";
    json_t *root = hu_json_read(index, 0, why), *entry;
    bool fine = json_is_object(root) || refuse(model, index, why);
    json_object_foreach(root, name, entry)
    {
        /* ["library", "Class"]; a component that is not there is [null, null]. */
        bool component = json_is_string(json_array_get(entry, 1)) && !strchr(name, '/') &&
                         *name != '.' && *name != '_';
        fine = fine && (!component || add_component(model, folder, name));
    }
    const char *class = json_string_value(json_object_get(root, "_class_name"));
    if (fine)
        hu_printable(class ? class : "pipeline", model->architecture, sizeof model->architecture);
    if (fine && (!model->tensors.count || !hu_model_count(model)))
        fine = refuse(model, index, "none of its components has a config.json that is known");
    model->has_active = false;
    model->no_kv = "a pipeline of diffusion keeps no KV cache";
    json_decref(root);
    return fine;
}

static bool open_folder(const char *path, struct hu_model *model)
{
    char inside[HU_PATH_MAX];
    if (hu_folder_has(path, "model_index.json", inside))
        return open_pipeline(path, inside, model);
    bool config = hu_folder_has(path, "config.json", inside);
    if (config && !open_config(inside, model))
        return false;
    if (hu_folder_model(path, inside))
        return open_tensors(inside, model);
    return config || refuse(model, path,
                            "the folder has no config.json, model.safetensors or "
                            "pytorch_model.bin, nor an index of one");
}

bool hu_model_open(const char *path, struct hu_model *model)
{
    struct stat status;
    *model = (struct hu_model){0};
    if (stat(path, &status))
        return refuse(model, path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return open_folder(path, model);
    if (hu_kind_of_name(path) == HU_FILE_INDEX && !hu_ends_with(path, ".index.json"))
        return open_config(path, model);
    return open_tensors(path, model);
}
