#include "pipeline.h"
#include "file/json_text.h"
#include "file/printable.h"
#include "file/text_file.h"
#include "weights.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The rows of PART, called NAME/…, behind those of MODEL. False: out of memory, or too many. */
static bool add_rows(struct hu_model *model, const struct hu_model *part, const char *name)
{
    struct hu_tensors *t = &model->tensors;
    char text[768];
    if (t->count + part->tensors.count > HU_ROWS_MAX)
        return false;
    struct hu_tensor_row *rows =
        realloc(t->rows, (t->count + part->tensors.count + 1) * sizeof *rows);
    if (!rows)
        return false;
    t->rows = rows;
    for (size_t i = 0; i < part->tensors.count; i++) {
        struct hu_tensor_row *row = &rows[t->count];
        *row = part->tensors.rows[i];
        int n = snprintf(text, sizeof text, "%s/%s", name, row->name);
        row->name = n < (int)sizeof text ? arena_text(&t->arena, text, (size_t)n) : NULL;
        if (!row->name)
            return false;
        row->dtype = hu_row_dtype(part, &part->tensors.rows[i]);
        if (row->stack != HU_NO_LAYER)
            row->stack += t->stacks;
        t->count++;
    }
    t->stacks += part->tensors.stacks;
    return true;
}

static bool add_component(struct hu_model *model, const char *folder, const char *name,
                          char error[HU_SOURCE_ERROR])
{
    char path[4096], shown[64];
    struct hu_model part;
    struct stat status;
    bool unknown;
    if (snprintf(path, sizeof path, "%s/%s/config.json", folder, name) >= (int)sizeof path ||
        stat(path, &status))
        return true; /* a scheduler, a tokenizer */
    bool fine = hu_model_open(path, &part, &unknown, error);
    if (fine && !add_rows(model, &part, name)) {
        snprintf(error, HU_SOURCE_ERROR, "%.300s: too many tensors", path);
        fine = false;
    }
    if (fine)
        hu_model_note(model, "%s: %llu parameters", hu_printable(name, shown, sizeof shown),
                      (unsigned long long)part.parameters);
    hu_model_free(&part);
    return fine;
}

bool hu_model_read_pipeline(const char *folder, const char *index, struct hu_model *model,
                            char error[HU_SOURCE_ERROR])
{
    const char *why = "it is no object of JSON", *name;
    json_t *entry;
    size_t n;
    char *text = hu_text_read(index, &n, &why);
    char wrong[HU_JSON_ERROR];
    json_t *root = text ? hu_json_load(text, n, HU_JSON_CONFIG_MAX, wrong) : NULL;
    bool fine = json_is_object(root);
    if (!fine)
        snprintf(error, HU_SOURCE_ERROR, "%.300s: %s", index, why);
    json_object_foreach(root, name, entry)
    {
        /* ["library", "Class"]; a component that is not there is [null, null]. */
        bool component = json_is_string(json_array_get(entry, 1)) && !strchr(name, '/') &&
                         *name != '.' && *name != '_';
        fine = fine && (!component || add_component(model, folder, name, error));
    }
    const char *class = json_string_value(json_object_get(root, "_class_name"));
    if (fine)
        hu_printable(class ? class : "pipeline", model->architecture, sizeof model->architecture);
    if (fine && (!model->tensors.count || !hu_model_count(model))) {
        snprintf(error, HU_SOURCE_ERROR,
                 "%.300s: none of its components has a config.json that is "
                 "known",
                 index);
        fine = false;
    }
    model->has_active = false;
    model->no_kv = "a pipeline of diffusion keeps no KV cache";
    json_decref(root);
    free(text);
    return fine;
}
