#include "cast_job.h"
#include "json.h"
#include "output_file.h"
#include "progress.h"
#include "report.h"
#include "tensor/cast.h"
#include "tensor/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file on its way. */
struct output {
    char *path;
    struct hu_cast_layout layout; /* all zeros for an index */
};

/* All of them: one of each file of the source, and then the index, where there is one. */
struct outputs {
    struct output *at;
    struct output_file *files;
    size_t count;
    bool is_set;
};

bool cast_job_converts(const struct cast_job *job, const struct hu_tensor *t)
{
    return tensor_source_chooses(&job->source, t) && tensor_source_reads(t);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcasecmp(text + n - m, end);
}

static bool reads_index(const struct cast_job *job)
{
    return !job->source.raw && hu_ends_with(job->source.path, ".json");
}

/* The tensors of file INDEX for a run, with their places in the output. */
static struct hu_stream_tensor *place_tensors(struct cast_job *job, size_t index,
                                              const struct hu_cast_layout *layout, int output)
{
    const struct hu_tensor_file *file = &job->source.set.files[index];
    struct hu_stream_tensor *tensors = check_memory(calloc(file->count + 1, sizeof *tensors));
    for (size_t i = 0; i < file->count; i++) {
        const struct hu_tensor *t = &file->tensors[i];
        bool converted = cast_job_converts(job, t);
        tensors[i] = hu_stream_tensor_of(t, converted ? t->dtype.format : NULL,
                                         job->source.descriptors[index]);
        tensors[i].output = output;
        tensors[i].output_offset = layout->offsets[i];
        tensors[i].to = converted ? job->to : NULL;
        tensors[i].data.first = job->first;
        job->first += converted ? t->elements : 0;
    }
    return tensors;
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

static bool write_header(const struct output_file *file, const struct hu_cast_layout *layout)
{
    int fd = fileno(file->stream);
    size_t written = 0;
    while (written < layout->header_bytes) {
        ssize_t n =
            pwrite(fd, layout->header + written, layout->header_bytes - written, (off_t)written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            fail(file->command, "%s: %s", file->path, strerror(errno));
            return false;
        }
        written += (size_t)n;
    }
    return true;
}

/* Streams file INDEX of the source into FILE. rows: of its tensors. False: reported. */
static bool stream_file(struct cast_job *job, size_t index, const struct hu_cast_layout *layout,
                        const struct output_file *file, struct stats_tensor *rows)
{
    struct hu_stream_tensor *tensors = place_tensors(job, index, layout, fileno(file->stream));
    struct done_context context = {job, tensors, rows};
    struct hu_stream stream = {
        .plan = {&job->target, 1, HU_SCALE_NONE},
        .tensors = tensors,
        .count = job->source.set.files[index].count,
        .threads = job->threads,
        .done = done,
        .progress = progress_add,
        .context = &context,
    };
    struct hu_stream_error error;
    bool fine = hu_stream_run(&stream, &error);
    progress_hide();
    if (!fine)
        tensor_source_fail(&job->source, job->command,
                           &job->source.set.files[index].tensors[error.tensor], &error, file->path);
    free(tensors);
    return fine;
}

static bool write_index(const struct cast_job *job, const struct output_file *file)
{
    json_error_t why;
    json_t *root = json_load_file(job->source.path, 0, &why);
    if (!root) {
        fail(job->command, "%s: %s", job->source.path, why.text);
        return false;
    }
    json_t *metadata = json_object_get(root, "metadata");
    if (metadata)
        json_object_set_new(metadata, "total_size", json_integer((json_int_t)job->after));
    json_dumpf(root, file->stream, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    fputc('\n', file->stream);
    json_decref(root);
    return true;
}

/* What is in a file, by the name that it has. */
enum kind { KIND_UNKNOWN, KIND_SAFETENSORS, KIND_INDEX, KIND_NPY, KIND_GGUF, KIND_RAW };

static const char *const kind_names[] = {
    "",           "a .safetensors file", "a .safetensors.index.json", "a .npy file", "a .gguf file",
    "a raw array"};

static enum kind kind_by_name(const char *path)
{
    static const struct {
        const char *end;
        enum kind kind;
    } ends[] = {{".safetensors", KIND_SAFETENSORS},
                {".json", KIND_INDEX},
                {".npy", KIND_NPY},
                {".gguf", KIND_GGUF}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(path, ends[i].end))
            return ends[i].kind;
    return KIND_UNKNOWN;
}

static enum kind kind_of_source(const struct cast_job *job)
{
    static const enum kind kinds[] = {[HU_SAFETENSORS] = KIND_SAFETENSORS,
                                      [HU_GGUF] = KIND_GGUF,
                                      [HU_NPY] = KIND_NPY,
                                      [HU_RAW] = KIND_RAW};
    return reads_index(job) ? KIND_INDEX : kinds[job->source.set.files[0].kind];
}

/* OUT may have no name that says that it is of another kind. False: reported. */
static bool check_suffix(const struct cast_job *job)
{
    static const char *const due[] = {[KIND_SAFETENSORS] = ".safetensors",
                                      [KIND_INDEX] = ".safetensors.index.json",
                                      [KIND_NPY] = ".npy"};
    enum kind kind = kind_of_source(job), named = kind_by_name(job->output);
    if (named == KIND_UNKNOWN || named == kind)
        return true;
    if (kind == KIND_RAW)
        fail(job->command,
             "%s would be %s, which has no header, and its name is that of %s; .bin "
             "would be right",
             job->output, kind_names[kind], kind_names[named]);
    else
        fail(job->command,
             "%s would be %s, as %s is, and its name is that of %s; %s would be right", job->output,
             kind_names[kind], job->source.path, kind_names[named], due[kind]);
    return false;
}

/* OUT's folder and the name of the source's shard; new memory. */
static char *shard_path(const char *output, const char *shard)
{
    const char *slash = strrchr(output, '/'), *own = strrchr(shard, '/');
    size_t n = slash ? (size_t)(slash - output) + 1 : 0;
    own = own ? own + 1 : shard;
    char *path = check_memory(malloc(n + strlen(own) + 1));
    memcpy(path, output, n);
    strcpy(path + n, own);
    return path;
}

static void name_outputs(const struct cast_job *job, struct outputs *o)
{
    size_t files = job->source.set.count;
    o->is_set = reads_index(job);
    o->at = check_memory(calloc(files + 1, sizeof *o->at));
    o->files = check_memory(calloc(files + 1, sizeof *o->files));
    o->count = files + o->is_set;
    for (size_t i = 0; o->is_set && i < files; i++)
        o->at[i].path = shard_path(job->output, job->source.set.paths[i]);
    o->at[o->count - 1].path = check_memory(strdup(job->output));
}

static void free_outputs(struct outputs *o)
{
    for (size_t i = 0; i < o->count; i++) {
        output_abandon(&o->files[i]);
        hu_cast_layout_clear(&o->at[i].layout);
        free(o->at[i].path);
    }
    free(o->at);
    free(o->files);
}

static bool lay_out(struct cast_job *job, struct outputs *o)
{
    char message[HU_CAST_MESSAGE];
    for (size_t i = 0; i < job->source.set.count; i++) {
        const struct hu_tensor_file *source = &job->source.set.files[i];
        const struct hu_format **to = check_memory(calloc(source->count + 1, sizeof *to));
        for (size_t k = 0; k < source->count; k++)
            to[k] = cast_job_converts(job, &source->tensors[k]) ? job->to : NULL;
        bool fine = hu_cast_lay_out(source, to, &o->at[i].layout, message);
        free(to);
        if (!fine) {
            fail(job->command, "%s: %s", job->source.set.paths[i], message);
            return false;
        }
        job->after += o->at[i].layout.data_bytes;
    }
    return true;
}

/* Whether A and B name one place: the same path, or the same file by way of links. */
static bool same_place(const char *a, const char *b)
{
    char *x = realpath(a, NULL), *y = realpath(b, NULL);
    bool same = !strcmp(x ? x : a, y ? y : b);
    free(x);
    free(y);
    return same;
}

static bool same_file(const char *a, const struct stat *b)
{
    struct stat status;
    return !stat(a, &status) && status.st_dev == b->st_dev && status.st_ino == b->st_ino;
}

/* Whether PATH is a file of the source. */
static bool is_read(const struct cast_job *job, const char *path)
{
    struct stat status;
    if (stat(path, &status))
        return false;
    bool found = same_file(job->source.path, &status);
    for (size_t i = 0; !found && i < job->source.set.count; i++)
        found = same_file(job->source.set.paths[i], &status);
    return found;
}

/* Files of a set go to as many places, of which none is read from. False: reported. */
static bool check_places(const struct cast_job *job, const struct outputs *o)
{
    const char *index = o->at[o->count - 1].path;
    for (size_t i = 0; o->is_set && i + 1 < o->count; i++)
        if (same_place(o->at[i].path, index)) {
            fail(job->command,
                 "the index %s would take the place of shard %s, which is written there too; OUT "
                 "wants a name that no shard has",
                 index, job->source.set.paths[i]);
            return false;
        }
    if (o->is_set && is_read(job, index)) {
        fail(job->command,
             "%s is read, and its shards would replace what is read; OUT wants a "
             "folder of its own",
             index);
        return false;
    }
    for (size_t i = 0; o->is_set && i + 1 < o->count; i++)
        if (is_read(job, o->at[i].path)) {
            fail(job->command,
                 "%s would replace a file that is read; OUT wants a folder of its own",
                 o->at[i].path);
            return false;
        }
    return true;
}

/* All that can be refused is refused before anything is written. */
static bool begin(struct cast_job *job, struct outputs *o)
{
    if (!lay_out(job, o) || !check_places(job, o) || !check_suffix(job))
        return false;
    for (size_t i = 0; i < o->count; i++)
        if (!output_begin(&o->files[i], job->command, o->at[i].path, job->force))
            return false;
    return true;
}

static bool write_all(struct cast_job *job, struct outputs *o)
{
    struct stats_tensor *rows = job->stats.tensors;
    for (size_t i = 0; i < job->source.set.count; i++) {
        const struct output_file *file = &o->files[i];
        const struct hu_cast_layout *layout = &o->at[i].layout;
        if (!write_header(file, layout) || !stream_file(job, i, layout, file, rows) ||
            !output_finish(&o->files[i]))
            return false;
        rows += job->source.set.files[i].count;
    }
    struct output_file *index = &o->files[o->count - 1];
    return !o->is_set || (write_index(job, index) && output_finish(index));
}

bool cast_job_write(struct cast_job *job)
{
    struct outputs o;
    name_outputs(job, &o);
    bool fine = begin(job, &o) && write_all(job, &o) && output_place(o.files, o.count);
    free_outputs(&o);
    return fine;
}
