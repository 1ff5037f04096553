#include "interruption.h"
#include "json.h"
#include "options.h"
#include "output_file.h"
#include "progress.h"
#include "report.h"
#include "stats.h"
#include "tensor/cast.h"
#include "tensor/npy.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_TENSOR = KEY_OWN, KEY_STOCHASTIC, KEY_SEED, KEY_JOBS, KEY_FORCE };

static const struct command_option rows[] = {
    {"output", 'o', "OUT", "the file to write", "@file"},
    {"to", 't', "FORMAT", "the target format", "@formats"},
    {"from", 'f', "FORMAT", "what a raw array's elements are, or opaque ones of .npy", "@formats"},
    OPTION_ROUND,
    OPTION_SATURATE,
    {"stochastic", KEY_STOCHASTIC, NULL, "round up with the probability of what is discarded",
     NULL},
    {"seed", KEY_SEED, "N", "what --stochastic draws from (default: 0)", NULL},
    {"tensor", KEY_TENSOR, "GLOB", "convert only tensors whose name matches; may be repeated",
     NULL},
    {"jobs", KEY_JOBS, "N", "threads (default: one a processor)", NULL},
    {"force", KEY_FORCE, NULL, "replace OUT", NULL},
    OPTION_JSON,
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "FILE is .npy, .safetensors, a .safetensors.index.json with its shards, or with -f a raw\n"
    "array; OUT is of the same kind. Names, shapes, order and metadata stay; tensors that are not\n"
    "chosen, and those of integers, are copied. OUT appears when it is complete. An index's "
    "shards\n"
    "are written beside OUT under their own names, each when it is complete, the index last.";

struct request {
    struct stats stats; /* what is lost, in the one target */
    struct tensor_source source;
    const struct hu_format *from, *to;
    const char *output;
    unsigned jobs;
    bool force, json, has_seed;
    enum color_mode color;
    struct hu_statistics_target target;
    uint64_t first;         /* number of the next converted element, for stochastic rounding */
    uint64_t before, after; /* bytes of the tensors */
    char **written;         /* of an index: shards that are in their places, and were not before */
    size_t written_count;
};

/* False: reported. */
static bool read_whole(const char *command, const char *option, const char *text, uint64_t least,
                       uint64_t most, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 0);
    if (end != text && !*end && !errno && *text != '-' && *value >= least && *value <= most)
        return true;
    fail(command, "--%s is a whole number from %llu to %llu, not \"%s\"", option,
         (unsigned long long)least, (unsigned long long)most, text);
    return false;
}

static bool take_option(struct request *r, const char *command, int key, const char *value)
{
    uint64_t n;
    switch (key) {
    case 'o':
        r->output = value;
        break;
    case 't':
        return (r->to = format_read(command, value)) != NULL;
    case 'f':
        return (r->from = format_read(command, value)) != NULL;
    case 'r':
        return direction_read(command, value, &r->stats.options.direction);
    case KEY_TENSOR:
        return tensor_source_add_glob(&r->source, command, value);
    case KEY_JOBS:
        if (!read_whole(command, "jobs", value, 1, HU_THREADS_MAX, &n))
            return false;
        r->jobs = (unsigned)n;
        break;
    case KEY_SEED:
        r->has_seed = true;
        return read_whole(command, "seed", value, 0, UINT64_MAX, &r->stats.options.seed);
    case KEY_STOCHASTIC:
        r->stats.options.direction = HU_STOCHASTIC;
        break;
    case KEY_SATURATE:
        r->stats.options.saturate = true;
        break;
    case KEY_FORCE:
        r->force = true;
        break;
    case KEY_JSON:
        r->json = true;
        break;
    case KEY_COLOR:
        return color_read(command, value, &r->color);
    }
    return true;
}

/* What there is at PATH can be replaced: nothing, or a regular file. False: reported. */
static bool can_replace(const char *command, const char *path)
{
    struct stat status;
    if (stat(path, &status) || S_ISREG(status.st_mode))
        return true;
    fail(command, "%s is %s", path, S_ISDIR(status.st_mode) ? "a folder" : "no regular file");
    return false;
}

static bool converts(const struct request *r, const struct hu_tensor *t)
{
    return tensor_source_chooses(&r->source, t) && tensor_source_reads(t);
}

/* The tensors of file INDEX for a run, with their places in the output. */
static struct hu_stream_tensor *place_tensors(struct request *r, size_t index,
                                              const struct hu_cast_layout *layout, int output)
{
    const struct hu_tensor_file *file = &r->source.set.files[index];
    struct hu_stream_tensor *tensors = check_memory(calloc(file->count + 1, sizeof *tensors));
    for (size_t i = 0; i < file->count; i++) {
        const struct hu_tensor *t = &file->tensors[i];
        bool converted = converts(r, t);
        tensors[i] = hu_stream_tensor_of(t, converted ? t->dtype.format : NULL,
                                         r->source.descriptors[index]);
        tensors[i].output = output;
        tensors[i].output_offset = layout->offsets[i];
        tensors[i].to = converted ? r->to : NULL;
        tensors[i].data.first = r->first;
        r->first += converted ? t->elements : 0;
    }
    return tensors;
}

/* hu_stream.done, for the rows of one file. */
struct done_context {
    struct request *r;
    const struct hu_stream_tensor *tensors;
    struct stats_tensor *rows; /* of the file's tensors */
};

static void done(void *context, size_t index, struct hu_gathered *g)
{
    struct done_context *c = context;
    if (!c->tensors[index].analysed)
        return;
    struct stats *s = &c->r->stats;
    struct stats_tensor *all = s->tensors;
    s->tensors = c->rows;
    stats_done(s, index, g);
    s->tensors = all;
}

static bool write_header(const struct output_file *file, const struct hu_cast_layout *layout)
{
    int fd = fileno(file->stream);
    size_t done = 0;
    while (done < layout->header_bytes) {
        ssize_t n = pwrite(fd, layout->header + done, layout->header_bytes - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* Streams file INDEX into FILE. False: reported. */
static bool stream_file(struct request *r, const char *command, size_t index,
                        const struct hu_cast_layout *layout, const struct output_file *file,
                        struct stats_tensor *stats)
{
    struct hu_stream_tensor *tensors = place_tensors(r, index, layout, fileno(file->stream));
    struct done_context context = {r, tensors, stats};
    struct hu_stream stream = {
        .plan = {&r->target, 1, HU_SCALE_NONE},
        .tensors = tensors,
        .count = r->source.set.files[index].count,
        .threads = r->jobs,
        .done = done,
        .progress = progress_add,
        .context = &context,
    };
    struct hu_stream_error error;
    bool fine = hu_stream_run(&stream, &error);
    progress_hide();
    if (!fine)
        tensor_source_fail(&r->source, command, &r->source.set.files[index].tensors[error.tensor],
                           &error, file->path);
    free(tensors);
    return fine;
}

/* File INDEX of the source, converted, at PATH. False: reported, and nothing is left behind. */
static bool cast_file(struct request *r, const char *command, size_t index, const char *path,
                      struct stats_tensor *stats)
{
    const struct hu_tensor_file *source = &r->source.set.files[index];
    const struct hu_format **to = check_memory(calloc(source->count + 1, sizeof *to));
    for (size_t i = 0; i < source->count; i++)
        to[i] = converts(r, &source->tensors[i]) ? r->to : NULL;
    struct hu_cast_layout layout;
    struct output_file file;
    char message[HU_CAST_MESSAGE];
    bool fine = hu_cast_lay_out(source, to, &layout, message);
    free(to);
    if (!fine)
        fail(command, "%s: %s", r->source.set.paths[index], message);
    if (fine && can_replace(command, path) && output_begin(&file, command, path, r->force)) {
        fine = write_header(&file, &layout);
        if (!fine)
            fail(command, "%s: %s", path, strerror(errno));
        fine = fine && stream_file(r, command, index, &layout, &file, stats);
        if (fine)
            fine = output_commit(&file);
        else
            output_abandon(&file);
        r->after += layout.data_bytes;
    } else {
        fine = false;
    }
    hu_cast_layout_clear(&layout);
    return fine;
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

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool write_index(struct request *r, const char *command)
{
    json_error_t why;
    struct output_file file;
    json_t *root = json_load_file(r->source.path, 0, &why);
    if (!root) {
        fail(command, "%s: %s", r->source.path, why.text);
        return false;
    }
    json_t *metadata = json_object_get(root, "metadata");
    if (metadata)
        json_object_set_new(metadata, "total_size", json_integer((json_int_t)r->after));
    bool fine =
        can_replace(command, r->output) && output_begin(&file, command, r->output, r->force);
    if (fine) {
        json_dumpf(root, file.stream, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        fputc('\n', file.stream);
        fine = output_commit(&file);
    }
    json_decref(root);
    return fine;
}

/* Takes away the shards of a set that did not come to its end. */
static void remove_written(struct request *r)
{
    for (size_t i = 0; i < r->written_count; i++)
        unlink(r->written[i]);
}

/* A signal does the same. */
static void add_written(struct request *r, char *path)
{
    r->written[r->written_count++] = path;
    interruption_set(r->written, r->written_count);
}

static bool cast_shards(struct request *r, const char *command)
{
    struct hu_tensor_set *set = &r->source.set;
    struct stats_tensor *stats = r->stats.tensors;
    r->written = check_memory(calloc(set->count, sizeof *r->written));
    bool fine = true;
    if (same_file(r->source.path, r->output)) {
        fail(command, "OUT is the index itself: its shards would replace what is read");
        fine = false;
    }
    for (size_t i = 0; fine && i < set->count; i++) {
        char *path = shard_path(r->output, set->paths[i]);
        bool was_there = access(path, F_OK) == 0;
        if (same_file(path, set->paths[i])) {
            fail(command, "%s would replace a shard that is read; OUT wants a folder of its own",
                 path);
            fine = false;
        }
        fine = fine && cast_file(r, command, i, path, stats);
        stats += set->files[i].count;
        if (fine && !was_there)
            add_written(r, path);
        else
            free(path);
    }
    fine = fine && write_index(r, command);
    if (!fine)
        remove_written(r);
    interruption_set(NULL, 0);
    for (size_t i = 0; i < r->written_count; i++)
        free(r->written[i]);
    free(r->written);
    return fine;
}

/* Rows for all tensors; those that are not converted go once all is done. */
static void make_rows(struct request *r)
{
    struct stats *s = &r->stats;
    size_t n = r->source.set.tensor_count;
    s->tensors = check_memory(calloc(n + 1, sizeof *s->tensors));
    s->count = n;
    for (size_t i = 0; i < n; i++) {
        s->tensors[i].tensor = tensor_source_at(&r->source, i);
        s->tensors[i].figures = check_memory(calloc(1, sizeof *s->tensors[i].figures));
        r->before += s->tensors[i].tensor->bytes;
    }
}

static void drop_copied_rows(struct request *r)
{
    struct stats *s = &r->stats;
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (converts(r, s->tensors[i].tensor)) {
            s->tensors[kept++] = s->tensors[i];
        } else {
            free(s->tensors[i].figures);
            s->skipped++;
        }
    }
    s->count = kept;
}

static void note_specials(const struct request *r)
{
    const struct hu_spread *spread = &r->stats.total->spread;
    if (spread->nans && !hu_has_nan(r->to))
        note("%llu NaNs became the largest finite value: %s has no NaN",
             (unsigned long long)spread->nans, r->to->name);
    if (spread->infinities && !hu_has_infinity(r->to))
        note("%llu infinities became %s: %s has no infinity",
             (unsigned long long)spread->infinities,
             r->stats.options.saturate || !hu_has_nan(r->to) ? "the largest finite value" : "NaN",
             r->to->name);
    bool named;
    if (r->source.set.files[0].kind == HU_NPY && hu_npy_descr(r->to, &named) && !named)
        note("NumPy has no %s: the elements are written as opaque bytes, and "
             "numpy.load(…).view(ml_dtypes.%s) reads them",
             r->to->name, hu_npy_type_name(r->to));
}

static json_t *report_json(const struct request *r)
{
    json_t *root = stats_json(&r->stats);
    json_object_set_new(root, "output", json_string(r->output));
    json_object_set_new(root, "copied_tensors", json_integer((json_int_t)r->stats.skipped));
    json_object_set_new(root, "bytes_before", json_integer((json_int_t)r->before));
    json_object_set_new(root, "bytes_after", json_integer((json_int_t)r->after));
    static const char *const judged[] = {"skipped_tensors", "limits", "narrowest_safe", "scale"};
    for (size_t i = 0; i < sizeof judged / sizeof *judged; i++)
        json_object_del(root, judged[i]);
    return root;
}

static int report(const struct request *r)
{
    note_specials(r);
    if (r->json)
        return json_print(report_json(r));
    const struct palette *p = palette_for(color_wanted(r->color, stdout));
    stats_cast_text(&r->stats, p, r->output, r->before, r->after);
    return EXIT_DONE;
}

static int cast_source(struct request *r, const char *command)
{
    struct stats *s = &r->stats;
    s->file = r->source.path;
    s->source = &r->source;
    s->targets.at[0] = r->to;
    s->targets.count = 1;
    s->limits.min_sqnr = -HUGE_VAL;
    r->target = hu_statistics_target_of(r->to, &s->options, HU_SCALE_NONE);
    struct hu_statistics_plan plan = {&r->target, 1, HU_SCALE_NONE};
    s->total = check_memory(hu_gathered_new(&plan, NULL));
    make_rows(r);
    progress_begin("cast", "B", r->before);
    bool is_index = r->source.set.count > 1 || strstr(r->source.path, ".json");
    bool fine =
        is_index ? cast_shards(r, command) : cast_file(r, command, 0, r->output, s->tensors);
    progress_end();
    drop_copied_rows(r);
    int status = fine ? report(r) : EXIT_BAD;
    stats_clear(s);
    return status;
}

static int check_request(const struct request *r, const char *command, int operands)
{
    if (operands != 1)
        return fail(command, operands ? "one FILE at a time" : "a FILE is missing");
    if (!r->output)
        return fail(command, "-o names the file to write, and is missing");
    if (!r->to)
        return fail(command, "-t names the target format, and is missing");
    if (r->has_seed && r->stats.options.direction != HU_STOCHASTIC)
        return fail(command, "--seed is what --stochastic draws from, and that is missing");
    return EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o;
    struct request *r = check_memory(calloc(1, sizeof *r));
    int key, status = EXIT_BAD;
    bool fine = true;
    options_begin(&o, self, argc, argv);
    while (fine && (key = option_next(&o)) >= 0)
        fine = take_option(r, self->name, key, o.value);
    if (fine && key == OPTION_EXIT)
        status = o.status;
    else if (fine)
        status = check_request(r, self->name, o.argc);
    bool ready = fine && key != OPTION_EXIT && status == EXIT_DONE;
    if (ready && !tensor_source_open(&r->source, self->name, o.argv[0], r->from)) {
        status = EXIT_BAD;
    } else if (ready) {
        status =
            tensor_source_check(&r->source, self->name) ? cast_source(r, self->name) : EXIT_BAD;
        tensor_source_close(&r->source);
    }
    free(r);
    return status;
}

const struct command cmd_cast = {
    .name = "cast",
    .usage = "FILE -o OUT -t FORMAT [-f FORMAT] [-r DIR] [--saturate]\n"
             "                    [--stochastic [--seed N]] [--tensor GLOB] [--jobs N] [--force] "
             "[--json]",
    .summary = "a tensor file in another format, and what was lost",
    .details = details,
    .options = rows,
    .run = run,
};
