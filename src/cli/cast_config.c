#include "cast_job.h"
#include "json.h"
#include "file/input.h"
#include "file/json_text.h"
#include "file/kind.h"
#include "report.h"
#include "word_list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char key[] = "quantization_config", mlx_key[] = "quantization";

/* ModelOpt's own file is not written, and not taken away. */
static void note_modelopt(const char *output)
{
    struct stat status;
    OWNED char *other = check_memory(hu_path_beside(output, "hf_quant_config.json"));
    if (!stat(other, &status))
        note("%s still says how the weights were quantized", other);
}

/* NULL: there is none. */
static json_t *read_config(const char *path)
{
    char why[HU_JSON_ERROR];
    struct stat status;
    if (stat(path, &status))
        return NULL;
    json_t *root = hu_json_read(path, 0, why);
    if (!json_is_object(root))
        die("%s: %s", path, root ? "is no JSON object" : why);
    return root;
}

/* Modules whose matrices are not quantized. */
static json_t *ignored(const struct cast_job *job)
{
    json_t *list = json_list();
    for (size_t i = 0; i < job->source.set.tensor_count; i++) {
        const struct hu_tensor *t = job->source.set.tensors[i];
        enum cast_how how = cast_job_how(job, t);
        if (how != CAST_COPIED || t->part_of || t->rank < 2 || !hu_ends_with(t->name, ".weight"))
            continue;
        json_array_append_new(list, json_stringn(t->name, strlen(t->name) - strlen(".weight")));
    }
    return list;
}

/* Whether some weights stay quantized as they were. */
static bool any_left(const struct cast_job *job)
{
    for (size_t i = 0; i < job->source.set.tensor_count; i++)
        if (job->source.set.tensors[i]->part_of &&
            cast_job_how(job, job->source.set.tensors[i]) == CAST_COPIED)
            return true;
    return false;
}

static void say(const char *name, json_t *due)
{
    OWNED char *text = check_memory(json_dumps(due, JSON_COMPACT));
    note("readers of %s want \"%s\" in the config.json beside it: %.600s", name, key, text);
}

void cast_config_make(const struct cast_job *job, struct cast_config *config)
{
    json_t *due = job->block ? cast_layout_config(job->layout, job->block, ignored(job)) : NULL;
    *config = (struct cast_config){0};
    if (job->source.raw || hu_kind_of_name(job->output) == HU_FILE_GGUF ||
        (job->block ? !due : !job->source.logicals.count || any_left(job))) {
        json_decref(due);
        return;
    }
    OWNED char *from = check_memory(hu_path_beside(job->source.path, "config.json"));
    OWNED char *to = check_memory(hu_path_beside(job->output, "config.json"));
    note_modelopt(job->output);
    json_t *root = read_config(from);
    bool same = root && (!strcmp(from, to) || hu_same_file(from, to));
    bool wanted = root && (due || json_object_get(root, key) || json_object_get(root, mlx_key));
    if (due && (!root || same))
        say(job->output, due);
    else if (wanted && same)
        note("%s still says how the weights were quantized, in \"%s\"", to, key);
    if (wanted && !same) {
        json_object_del(root, "compression_config");
        json_object_del(root, mlx_key);
        if (due)
            json_object_set(root, key, due);
        else
            json_object_del(root, key);
        config->path = to;
        config->root = root;
        to = NULL;
        root = NULL;
    }
    json_decref(due);
    json_decref(root);
}

void cast_config_clear(struct cast_config *config)
{
    free(config->path);
    json_decref(config->root);
    *config = (struct cast_config){0};
}
