#include "room.h"
#include "cast_plan.h"
#include "cast_job.h"
#include "progress.h"
#include "word_list.h"
#include "file/input.h"
#include "file/json_text.h"
#include "file/kind.h"

#include <sys/stat.h>

/* What recipes for quantized checkpoints leave as it is: norms, embeddings (a head is one), and
 * routers, by the names of Hugging Face's models and of GGUF. */
static const char *const kept_names[] = {
    "*norm*",
    "*embed*",
    "*embd*",
    "*wte*",
    "*wpe*",
    "*router*",
    "*.gate.*",
    "*gate_inp*",
    "*lm_head*",
    "output.*",
    "*shared_expert_gate*",
};

static bool keeps(const struct cast_job *job, const char *name)
{
    size_t n = job->keep_count;
    const char *const *globs = job->keeps;
    if (!n && job->block && !job->keeps_nothing) {
        globs = kept_names;
        n = sizeof kept_names / sizeof *kept_names;
    }
    for (size_t i = 0; i < n; i++)
        if (tensor_source_matches(globs[i], name))
            return true;
    return false;
}

static bool fits(const struct cast_job *job, unsigned rank, const uint64_t *shape,
                 uint64_t elements)
{
    return rank >= 2 && rank < 63 && elements &&
           cast_layout_fits(job->layout, job->block, shape[rank - 1]);
}

enum cast_how cast_job_how(const struct cast_job *job, const struct hu_tensor *t)
{
    const struct hu_logical *l = t->part_of;
    if (!tensor_source_chooses(&job->source, t) || keeps(job, l ? l->name : t->name))
        return CAST_COPIED;
    if (l)
        return job->block && !fits(job, l->rank, l->shape, l->elements) ? CAST_COPIED
               : l->codes == t                                          ? CAST_RECODED
                                                                        : CAST_DROPPED;
    if (!tensor_source_reads(t))
        return CAST_COPIED;
    if (!job->block)
        return CAST_CONVERTED;
    return fits(job, t->rank, t->shape, t->elements) && !t->strides && !t->fortran_order
               ? CAST_RECODED
               : CAST_COPIED;
}

static struct hu_dtype was(const struct hu_tensor *t)
{
    return t->part_of ? (struct hu_dtype){0} : t->dtype;
}

static void plan_recoded(struct cast_job *job, const struct hu_tensor *t, struct cast_item *item,
                         struct cast_plan *plan)
{
    const struct hu_logical *l = t->part_of;
    struct cast_parts *parts = &item->parts;
    if (job->block)
        check_memory(cast_layout_parts(job->layout, job->block, l ? l->name : t->name,
                                       l ? l->shape : t->shape, l ? l->rank : t->rank, was(t),
                                       &plan->arena, parts)
                         ? parts
                         : NULL);
    else
        *parts = (struct cast_parts){.rows = {{.name = l->name,
                                               .dtype = {.format = job->to},
                                               .shape = l->shape,
                                               .rank = l->rank,
                                               .elements = l->elements}},
                                     .count = 1,
                                     .scales = -1,
                                     .second = -1};
    for (size_t i = 0; i < parts->count; i++) {
        plan->fixed[plan->count] = parts->fixed[i];
        plan->written[plan->count++] = parts->rows[i];
    }
}

/* What a file writes is bounded by what it has. */
static void check_repeated(const struct cast_job *job, const struct hu_tensor_file *file,
                           const struct hu_tensor *t)
{
    if (t->repeated && t->bytes > file->size)
        die("%s: tensor '%s' repeats elements of its storage (expand), and all of them are more "
            "than the file has: save it as .contiguous(), or without it",
            job->source.set.paths[t->file], PRINTABLE(t->name, 100));
}

static void plan_items(struct cast_job *job, const struct hu_tensor_file *file, bool turned,
                       struct cast_plan *plan)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct hu_tensor *t = &file->tensors[i];
        struct cast_item *item = &plan->items[i];
        item->how = cast_job_how(job, t);
        item->written = plan->count;
        check_repeated(job, file, t);
        if (item->how == CAST_RECODED)
            plan_recoded(job, t, item, plan);
        else if (item->how != CAST_DROPPED)
            plan->written[plan->count++] =
                hu_written_of(t, item->how == CAST_CONVERTED ? job->to : NULL);
        /* An archive's members are in many places: as they are listed, in this machine's order. */
        for (size_t k = item->written; k < plan->count; k++) {
            plan->written[k].place = turned ? 0 : t->offset;
            plan->written[k].big_endian &= !turned;
        }
    }
}

static int compare_written(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Parts may have a name that something else has. */
static void check_names(const struct cast_job *job, const struct cast_plan *plan)
{
    OWNED const char **names = check_memory(malloc((plan->count + 1) * sizeof *names));
    for (size_t i = 0; i < plan->count; i++)
        names[i] = plan->written[i].name;
    qsort(names, plan->count, sizeof *names, compare_written);
    for (size_t i = 1; i < plan->count; i++)
        if (!strcmp(names[i - 1], names[i]))
            die("%s would hold '%s' twice: a tensor has the name of another's part", job->output,
                PRINTABLE(names[i], 100));
}

void cast_plan_make(struct cast_job *job, size_t index, bool turned, struct cast_plan *plan)
{
    const struct hu_tensor_file *file = &job->source.set.files[index];
    size_t most = file->count * CAST_PARTS_MAX + 1;
    plan->items = check_memory(calloc(file->count + 1, sizeof *plan->items));
    plan->written = check_memory(calloc(most, sizeof *plan->written));
    plan->fixed = check_memory(calloc(most, sizeof *plan->fixed));
    plan_items(job, file, turned, plan);
    check_names(job, plan);
}

void cast_plan_lay_out(struct cast_job *job, size_t index, enum hu_file_kind kind,
                       const struct hu_write_split *split, struct cast_plan *plan)
{
    char message[HU_WRITE_MESSAGE];
    if (!hu_write_lay_out(&job->source.set.files[index], kind, plan->written, plan->count, split,
                          &plan->layout, message))
        die("%s: %s", job->source.set.paths[index], message);
    job->after += plan->layout.data_bytes;
}

void cast_plan_clear(struct cast_plan *plan)
{
    free(plan->items);
    free(plan->written);
    free(plan->fixed);
    hu_write_layout_clear(&plan->layout);
    arena_free(&plan->arena);
    *plan = (struct cast_plan){0};
}

static void fill_source(struct cast_job *job, const struct hu_tensor *t, struct hu_recode *r)
{
    if (t->part_of) {
        tensor_source_parts(&job->source, t->part_of, r);
        return;
    }
    r->format = t->dtype.format;
    r->swap = t->big_endian ? t->dtype.format->storage_bits / 8u : 0;
    r->columns = t->shape[t->rank - 1];
    r->rows = t->shape[t->rank - 2];
    r->batch = t->elements / (r->rows * r->columns);
    tensor_source_input(&job->source, t, &r->codes.descriptor, &r->codes.offset);
}

static void fill_target(const struct cast_job *job, const struct cast_item *item,
                        const struct cast_plan *plan, struct hu_recode *r)
{
    const struct hu_written *rows = plan->written + item->written;
    r->to = job->to;
    r->block = job->block;
    r->options = (struct hu_block_options){job->rule, job->stats.options};
    r->codes_at = rows[0].offset;
    if (item->parts.scales >= 0)
        r->scales_at = rows[item->parts.scales].offset;
    if (item->parts.second >= 0) {
        r->second_at = rows[item->parts.second].offset;
        r->seconds = rows[item->parts.second].elements;
    }
    r->reciprocal = item->parts.reciprocal;
    if (job->block)
        r->whole = cast_layout_whole(job->layout, job->block);
}

static void write_fixed(const struct cast_plan *plan, int output, const char *path)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct hu_written *w = &plan->written[i];
        int why =
            plan->fixed[i] ? hu_write_at(output, plan->fixed[i], (size_t)w->bytes, w->offset) : 0;
        if (why)
            die("%s: %s", path, strerror(why));
    }
}

static _Noreturn void die_of(const struct cast_job *job, const struct hu_tensor *t,
                             const struct hu_recode_error *error, const char *path)
{
    const char *why = error->error == EINVAL   ? "its g_idx names a group that is none"
                      : error->error == ENOMEM ? "its rows are too long for the memory there is"
                      : error->error           ? strerror(error->error)
                                               : "the file became shorter while it was read";
    die("%s: tensor '%s': %s", error->writing ? path : job->source.set.paths[t->file],
        PRINTABLE(t->part_of ? t->part_of->name : t->name, 100), why);
}

void cast_plan_recode(struct cast_job *job, size_t index, const struct cast_plan *plan, int output,
                      const char *path)
{
    const struct hu_tensor_file *file = &job->source.set.files[index];
    OWNED struct hu_recode *all = check_memory(calloc(file->count + 1, sizeof *all));
    OWNED const struct hu_tensor **of = check_memory(calloc(file->count + 1, sizeof *of));
    size_t count = 0;
    for (size_t i = 0; i < file->count; i++) {
        struct hu_recode *r = &all[count];
        if (plan->items[i].how != CAST_RECODED)
            continue;
        of[count++] = &file->tensors[i];
        fill_source(job, &file->tensors[i], r);
        fill_target(job, &plan->items[i], plan, r);
        r->output = output;
        r->first = job->first;
        job->first += r->batch * r->rows * r->columns;
    }
    struct hu_recode_error error;
    if (!hu_recode_run(all, count, (unsigned)job->threads, progress_add, &error))
        die_of(job, of[error.index], &error, path);
    for (size_t i = 0; i < count; i++)
        job->special |= all[i].special;
    job->recoded += count;
    write_fixed(plan, output, path);
}

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
    json_t *root = hu_json_read_config(path, why);
    if (!json_is_object(root))
        die("%s: %s", path, root ? "is no JSON object" : why);
    return root;
}

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
