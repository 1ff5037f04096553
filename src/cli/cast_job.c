#include "room.h"
#include "cast_job.h"
#include "output_file.h"
#include "progress.h"
#include "cast_plan.h"
#include "file/input.h"
#include "file/kind.h"
#include "file/json_text.h"
#include "word_list.h"

/* Of "-00001-of-00003.gguf", with which the name of a split ends; and how many there may be. */
enum { SPLIT_TAIL = 20, SPLITS_MAX = 65535 };

/* A file on its way. */
struct output {
    char *path;
    struct cast_plan plan;    /* all zeros for an index and a config */
    struct output_file *file; /* NULL: another shard writes it */
};

/* All of them: one of each file of the source, and then the index, where there is one. */
struct outputs {
    struct output *at;
    struct output_file *files; /* that are written */
    size_t file_count;
    size_t count, main; /* main: OUT itself */
    bool is_set;
    struct cast_config config; /* written behind the shards, before the index */
};

bool cast_job_has(const struct cast_job *job, size_t index)
{
    return !job->shard.count || index % job->shard.count == job->shard.number - 1;
}

static bool reads_index(const struct cast_job *job)
{
    return !job->source.raw && hu_kind_of_name(job->source.path) == HU_FILE_INDEX;
}

/* llama.cpp's splits of one GGUF. */
static bool reads_splits(const struct cast_job *job)
{
    return !job->source.raw && !reads_index(job) && job->source.set.count > 1;
}

/* Files that are one model, with OUT called as GGUF's or as an index. */
static bool writes_gguf(const struct cast_job *job)
{
    return hu_kind_of_name(job->output) == HU_FILE_GGUF;
}

static bool writes_index(const struct cast_job *job)
{
    return reads_index(job) ? !writes_gguf(job)
                            : reads_splits(job) && hu_kind_of_name(job->output) == HU_FILE_INDEX;
}

static bool writes_splits(const struct cast_job *job)
{
    return job->source.set.count > 1 && !writes_index(job);
}

/* Whether file INDEX of the source is of a kind that is not written. */
static bool is_read_only(const struct cast_job *job, size_t index)
{
    return !hu_kind_is_written(job->source.set.files[index].kind);
}

/* One array, without a name. */
static bool is_array(enum hu_file_kind kind)
{
    return kind == HU_FILE_NPY || kind == HU_FILE_OTHER;
}

/* What file INDEX of the source becomes: its own kind, or what OUT's name says: of one that is not
 * written and of one array, safetensors, and GGUF of all. */
static enum hu_file_kind kind_of_output(const struct cast_job *job, size_t index)
{
    enum hu_file_kind named = hu_kind_of_name(job->output);
    enum hu_file_kind own = job->source.set.files[index].kind;
    if (writes_gguf(job))
        return HU_FILE_GGUF;
    if (is_array(own) && named == HU_FILE_SAFETENSORS)
        return named;
    if (is_read_only(job, index))
        return named == HU_FILE_NPY ? HU_FILE_NPY : HU_FILE_SAFETENSORS;
    bool safe = named == HU_FILE_SAFETENSORS || (named == HU_FILE_INDEX && reads_splits(job));
    return own == HU_FILE_GGUF && safe ? HU_FILE_SAFETENSORS : own;
}

bool cast_job_writes_npy(const struct cast_job *job)
{
    return !reads_index(job) && kind_of_output(job, 0) == HU_FILE_NPY;
}

/* Whether file INDEX is copied in the order and the bytes of another kind of file. */
static bool is_turned(const struct cast_job *job, size_t index)
{
    enum hu_file_kind own = job->source.set.files[index].kind;
    return is_read_only(job, index) || (is_array(own) && kind_of_output(job, index) != own);
}

void cast_job_choose(struct cast_job *job)
{
    struct hu_tensor_set *set = &job->source.set;
    struct hu_tensor_file *file = &set->files[0];
    if (is_array(file->kind) && file->count && is_turned(job, 0))
        tensor_source_name_array(&job->source);
    size_t chosen = 0, last = 0;
    if (reads_index(job) || !is_read_only(job, 0) || kind_of_output(job, 0) != HU_FILE_NPY)
        return;
    for (size_t i = 0; i < file->count; i++)
        if (tensor_source_chooses(&job->source, &file->tensors[i])) {
            last = i;
            chosen++;
        }
    if (chosen != 1)
        die("%s holds one array, and of %s %zu are chosen; --tensor chooses it", job->output,
            job->source.path, chosen);
    file->tensors[0] = file->tensors[last];
    file->tensors[0].shared = false;
    set->tensors[0] = file->tensors;
    file->count = set->tensor_count = 1;
}

/* T's data as what is written has it: of an archive, in the order and the bytes of its new file. */
static void fit(struct hu_stream_tensor *s, const struct hu_tensor *t, enum hu_file_kind to,
                uint64_t *strides)
{
    if (!s->data.format)
        hu_stream_turn(s, t);
    if (t->fortran_order && to != HU_FILE_NPY)
        hu_stream_reorder(s, t, strides);
}

static size_t count_sizes(const struct hu_tensor_file *file)
{
    size_t n = 0;
    for (size_t i = 0; i < file->count; i++)
        n += file->tensors[i].rank;
    return n;
}

/* The tensors of file INDEX for a run, with their places in the output. strides: count_sizes of
 * them. */
static void place_tensors(struct cast_job *job, size_t index, const struct cast_plan *plan,
                          int output, struct hu_stream_tensor *tensors, uint64_t *strides)
{
    const struct hu_tensor_file *file = &job->source.set.files[index];
    for (size_t i = 0; i < file->count; i++) {
        const struct hu_tensor *t = &file->tensors[i];
        bool converted = plan->items[i].how == CAST_CONVERTED;
        struct hu_stream_tensor *s = &tensors[i];
        if (plan->items[i].how >= CAST_RECODED) {
            *s = (struct hu_stream_tensor){.input = -1, .output = -1};
            strides += t->rank;
            continue;
        }
        *s = hu_stream_tensor_of(t, converted ? t->dtype.format : NULL, -1);
        tensor_source_input(&job->source, t, &s->input, &s->offset);
        if (is_turned(job, index))
            fit(s, t, kind_of_output(job, index), strides);
        strides += t->rank;
        s->output = output;
        s->output_offset = plan->written[plan->items[i].written].offset;
        s->to = converted ? job->to : NULL;
        s->data.first = job->first;
        job->first += converted ? t->elements : 0;
    }
}

/* hu_stream.done, for the rows of one file. */
struct done_context {
    struct cast_job *job;
    const struct hu_stream_tensor *tensors;
    struct stats_tensor *rows; /* of the file's tensors */
};

static void done(void *context, size_t index, struct hu_gathered *g)
{
    struct done_context *c = context;
    if (!c->tensors[index].analysed)
        return;
    struct stats *s = &c->job->stats;
    struct stats_tensor *all = s->tensors;
    s->tensors = c->rows;
    stats_done(s, index, g);
    s->tensors = all;
}

/* The header, and the file's whole length: GGUF is filled up behind its last tensor. */
static void write_header(const struct output_file *file, const struct hu_write_layout *layout)
{
    int why = hu_write_at(file->descriptor, layout->header, layout->header_bytes, 0);
    if (!why && ftruncate(file->descriptor, (off_t)layout->size))
        why = errno;
    if (why)
        die("%s: %s", file->path, strerror(why));
}

/* Streams the tensors of file INDEX of the source into FILE. rows: of its tensors. */
static void run_stream(struct cast_job *job, size_t index, struct hu_stream_tensor *tensors,
                       const struct output_file *file, struct stats_tensor *rows)
{
    struct done_context context = {job, tensors, rows};
    struct hu_stream stream = {
        .plan = {&job->target, 1, HU_SCALE_NONE},
        .tensors = tensors,
        .count = job->source.set.files[index].count,
        .threads = (unsigned)job->threads,
        .done = done,
        .progress = progress_add,
        .context = &context,
    };
    struct hu_stream_error error;
    bool fine = hu_stream_run(&stream, &error);
    progress_hide();
    if (!fine)
        tensor_source_fail(&job->source, &job->source.set.files[index].tensors[error.tensor],
                           &error, file->path);
}

static void stream_file(struct cast_job *job, size_t index, const struct cast_plan *plan,
                        const struct output_file *file, struct stats_tensor *rows)
{
    const struct hu_tensor_file *source = &job->source.set.files[index];
    OWNED struct hu_stream_tensor *tensors =
        check_memory(calloc(source->count + 1, sizeof *tensors));
    OWNED uint64_t *strides = check_memory(calloc(count_sizes(source) + 1, sizeof *strides));
    place_tensors(job, index, plan, file->descriptor, tensors, strides);
    run_stream(job, index, tensors, file, rows);
    cast_plan_recode(job, index, plan, file->descriptor, file->path);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The index's map: what is in the new shards. */
static void map_shards(const struct cast_job *job, const struct outputs *o, json_t *root)
{
    json_t *map = check_memory(json_object());
    for (size_t i = 0; i < job->source.set.count; i++) {
        const char *name = base_name(o->at[i].path);
        for (size_t k = 0; k < o->at[i].plan.count; k++)
            json_object_set_new(map, o->at[i].plan.written[k].name, json_text(name));
    }
    json_object_set_new(root, "weight_map", map);
}

static void write_json(const json_t *root, const struct output_file *file)
{
    if (!hu_json_write_config(root, file->stream))
        check_memory(NULL);
    fputc('\n', file->stream);
}

/* The index that was read, or a new one of splits. */
static json_t *begin_index(const struct cast_job *job)
{
    if (reads_splits(job))
        return check_memory(json_pack("{s:{}}", "metadata"));
    char why[HU_JSON_ERROR];
    json_t *root = hu_json_read(job->source.path, 8, why);
    if (!root)
        die("%s: %s", job->source.path, why);
    return root;
}

static void write_index(const struct cast_job *job, const struct outputs *o,
                        const struct output_file *file)
{
    json_t *root = begin_index(job);
    json_t *metadata = json_object_get(root, "metadata");
    if (metadata)
        json_object_set_new(metadata, "total_size", json_integer((json_int_t)job->after));
    map_shards(job, o, root);
    write_json(root, file);
    json_decref(root);
}

/* OUT may have no name that says that it is of another kind; an index is known by its name alone.
 */
static void check_suffix(const struct cast_job *job)
{
    enum hu_file_kind kind = writes_index(job) ? HU_FILE_INDEX : kind_of_output(job, 0),
                      named = hu_kind_of_name(job->output);
    if (named == kind || (named == HU_FILE_OTHER && kind != HU_FILE_INDEX))
        return;
    if (kind == HU_FILE_OTHER)
        die("%s would be %s, which has no header, and its name is that of %s; .bin "
            "would be right",
            job->output, hu_kind_what(kind), hu_kind_what(named));
    if (!reads_index(job) && is_read_only(job, 0))
        die("%s has the name of %s, which is not written; .safetensors would be right, or .npy for "
            "one array",
            job->output, hu_kind_what(named));
    die("%s would be %s, as %s is, and its name is that of %s; %s would be right", job->output,
        hu_kind_what(kind), job->source.path, hu_kind_what(named), hu_kind_ending(kind));
}

/* OUT's folder and the name of the source's shard, of which PyTorch's and GGUF's become
 * safetensors; new memory. */
static char *shard_path(const struct cast_job *job, size_t index)
{
    const char *name = base_name(job->source.set.paths[index]), *dot = strrchr(name, '.');
    bool becomes = is_read_only(job, index) || reads_splits(job);
    size_t n = becomes && dot ? (size_t)(dot - name) : strlen(name);
    OWNED char *own = text_new("%.*s%s", (int)n, name, becomes ? ".safetensors" : "");
    return check_memory(hu_path_beside(job->output, own));
}

/* OUT with another number of a split; new memory. */
static char *split_path(const struct cast_job *job, size_t index)
{
    char number[24];
    char *path = check_memory(strdup(job->output));
    snprintf(number, sizeof number, "-%05zu", index + 1);
    memcpy(path + strlen(path) - SPLIT_TAIL, number, strlen("-00001"));
    return path;
}

static void name_outputs(const struct cast_job *job, struct outputs *o)
{
    size_t files = job->source.set.count;
    bool config = o->config.path;
    o->is_set = writes_index(job);
    o->at = check_memory(calloc(files + 2, sizeof *o->at));
    o->files = check_memory(calloc(files + 2, sizeof *o->files));
    o->count = files + config + o->is_set;
    o->main = o->is_set ? o->count - 1 : 0;
    for (size_t i = 0; o->is_set && i < files; i++)
        o->at[i].path = shard_path(job, i);
    for (size_t i = 0; writes_splits(job) && i < files; i++)
        o->at[i].path = split_path(job, i);
    if (!o->at[o->main].path)
        o->at[o->main].path = check_memory(strdup(job->output));
    if (config)
        o->at[files].path = check_memory(strdup(o->config.path));
}

/* The index and the config are the first shard's. */
static void choose_outputs(const struct cast_job *job, struct outputs *o)
{
    for (size_t i = 0; i < o->count; i++)
        if (i < job->source.set.count ? cast_job_has(job, i) : job->shard.number <= 1)
            o->at[i].file = &o->files[o->file_count++];
}

static void free_outputs(struct outputs *o)
{
    for (size_t i = 0; i < o->count; i++) {
        if (o->at[i].file)
            output_abandon(o->at[i].file);
        cast_plan_clear(&o->at[i].plan);
        free(o->at[i].path);
    }
    free(o->at);
    free(o->files);
    cast_config_clear(&o->config);
}

/* Whether PATH ends as a split does of as many as the source has files. */
static bool is_split(const struct cast_job *job, const char *path)
{
    char end[40];
    snprintf(end, sizeof end, "-of-%05zu.gguf", job->source.set.count);
    size_t n = strlen(path);
    return n > SPLIT_TAIL && hu_ends_with(path, end) && path[n - SPLIT_TAIL] == '-' &&
           strspn(path + n - SPLIT_TAIL + 1, "0123456789") == strlen("00001");
}

/* What a file of some kind cannot be. */
static void check_kind(const struct cast_job *job)
{
    enum hu_file_kind kind = kind_of_output(job, 0);
    size_t count = job->source.set.count;
    bool gguf = job->layout == CAST_LAYOUT_GGUF;
    if (writes_splits(job) && (!is_split(job, job->output) || count > SPLITS_MAX))
        die("%s is in %zu %s; OUT wants the name of an index, .safetensors.index.json, beside "
            "which they go, or of a split, as NAME-00001-of-%05zu.gguf",
            job->source.path, count, reads_index(job) ? "files" : "splits", count);
    if (job->block && kind != (gguf ? HU_FILE_GGUF : HU_FILE_SAFETENSORS))
        die("%s is written in %s, and %s would be %s", job->block->name,
            gguf ? "GGUF" : "safetensors", job->output, hu_kind_what(kind));
}

static void lay_out(struct cast_job *job, struct outputs *o)
{
    struct hu_write_split split = {.count = job->source.set.count};
    for (size_t i = 0; i < split.count; i++) {
        cast_plan_make(job, i, is_turned(job, i), &o->at[i].plan);
        split.tensors += o->at[i].plan.count;
    }
    for (size_t i = 0; i < split.count; i++) {
        uint64_t before = job->after;
        split.number = i;
        cast_plan_lay_out(job, i, kind_of_output(job, i), writes_splits(job) ? &split : NULL,
                          &o->at[i].plan);
        job->elsewhere += cast_job_has(job, i) ? 0 : job->after - before;
    }
}

/* Whether A and B name one place: the same path, or the same file by way of links. */
static bool same_place(const char *a, const char *b)
{
    OWNED char *x = realpath(a, NULL), *y = realpath(b, NULL);
    return !strcmp(x ? x : a, y ? y : b);
}

static bool is_read(const struct cast_job *job, const char *path)
{
    bool found = hu_same_file(job->source.path, path);
    for (size_t i = 0; !found && i < job->source.set.count; i++)
        found = hu_same_file(job->source.set.paths[i], path);
    return found;
}

/* Files of a set go to as many places, of which none is read from. */
static void check_places(const struct cast_job *job, const struct outputs *o)
{
    const char *index = o->at[o->main].path;
    for (size_t i = 0; o->is_set && i + 1 < o->count; i++)
        if (same_place(o->at[i].path, index))
            die("the index %s would take the place of shard %s, which is written there too; OUT "
                "wants a name that no shard has",
                index, job->source.set.paths[i]);
    if (o->is_set && is_read(job, index))
        die("%s is read, and its shards would replace what is read; OUT wants a "
            "folder of its own",
            index);
    for (size_t i = 0; i < job->source.set.count && (o->is_set || writes_splits(job)); i++)
        if (is_read(job, o->at[i].path))
            die("%s would replace a file that is read; OUT wants a folder of its own",
                o->at[i].path);
}

/* All that can be refused is refused before anything is written. */
static void begin(struct cast_job *job, struct outputs *o)
{
    lay_out(job, o);
    check_places(job, o);
    check_suffix(job);
    for (size_t i = 0; i < o->count; i++)
        if (o->at[i].file && !output_begin(o->at[i].file, o->at[i].path, job->force))
            give_up();
}

/* The numbers of elements that another shard writes, for stochastic rounding. */
static void pass_file(struct cast_job *job, size_t index, const struct cast_plan *plan)
{
    const struct hu_tensor_file *source = &job->source.set.files[index];
    for (size_t i = 0; i < source->count; i++) {
        const struct hu_tensor *t = &source->tensors[i];
        if (plan->items[i].how == CAST_CONVERTED || plan->items[i].how == CAST_RECODED)
            job->first += t->part_of ? t->part_of->elements : t->elements;
    }
}

static void finish(struct output_file *file)
{
    if (!output_finish(file))
        give_up();
}

static void write_file(struct cast_job *job, struct outputs *o, size_t index,
                       struct stats_tensor *rows)
{
    struct output_file *file = o->at[index].file;
    const struct cast_plan *plan = &o->at[index].plan;
    if (!file) {
        pass_file(job, index, plan);
        return;
    }
    write_header(file, &plan->layout);
    stream_file(job, index, plan, file, rows);
    finish(file);
}

static void write_all(struct cast_job *job, struct outputs *o)
{
    struct stats_tensor *rows = job->stats.tensors;
    for (size_t i = 0; i < job->source.set.count; i++) {
        write_file(job, o, i, rows);
        rows += job->source.set.files[i].count;
    }
    struct output_file *index = o->is_set ? o->at[o->main].file : NULL;
    struct output_file *config = o->config.path ? o->at[job->source.set.count].file : NULL;
    if (config) {
        write_json(o->config.root, config);
        finish(config);
    }
    if (index) {
        write_index(job, o, index);
        finish(index);
    }
}

void cast_job_write(struct cast_job *job)
{
    struct outputs o = {0};
    check_kind(job);
    cast_config_make(job, &o.config);
    name_outputs(job, &o);
    choose_outputs(job, &o);
    begin(job, &o);
    write_all(job, &o);
    tensor_source_unchanged(&job->source);
    if (!output_place(o.files, o.file_count))
        give_up();
    free_outputs(&o);
}
