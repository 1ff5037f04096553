#include "cast_job.h"
#include "json.h"
#include "numbers.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "file/npy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    "array; OUT is a file of the same kind. Of .npz and PyTorch's .pt, .pth and .bin OUT is\n"
    ".safetensors, or .npy for one array. Names, shapes, order and metadata stay; tensors that\n"
    "are not chosen, those of integers, and those that have the format already are copied. OUT\n"
    "appears when it is complete. An index's shards go beside OUT under their own names, all\n"
    "together once the last is complete.";

struct request {
    struct cast_job job;
    bool json, has_seed, has_direction, has_stochastic;
    enum color_mode color;
    uint64_t before; /* bytes of the tensors */
};

/* False: reported. */
static bool take_option(struct request *r, const char *command, int key, const char *value)
{
    uint64_t n;
    struct cast_job *job = &r->job;
    struct hu_options *options = &job->stats.options;
    switch (key) {
    case 'o':
        job->output = value;
        break;
    case 't':
        return (job->to = float_read(command, value)) != NULL;
    case 'f':
        return (job->from = array_format_read(command, value, &job->source.big_endian)) != NULL;
    case 'r':
        r->has_direction = true;
        return direction_read(command, value, &options->direction);
    case KEY_TENSOR:
        return tensor_source_add_glob(&job->source, command, value);
    case KEY_JOBS:
        if (!count_read(&n, value, 1, HU_THREADS_MAX, "jobs", command))
            return false;
        job->threads = (unsigned)n;
        break;
    case KEY_SEED:
        r->has_seed = true;
        return count_read(&options->seed, value, 0, UINT64_MAX, "seed", command);
    case KEY_STOCHASTIC:
        r->has_stochastic = true;
        break;
    case KEY_SATURATE:
        options->saturate = true;
        break;
    case KEY_FORCE:
        job->force = true;
        break;
    case KEY_JSON:
        r->json = true;
        break;
    case KEY_COLOR:
        return color_read(command, value, &r->color);
    }
    return true;
}

/* Rows for all tensors; those that are not converted go once all is done. */
static void make_rows(struct request *r)
{
    struct stats *s = &r->job.stats;
    size_t n = r->job.source.set.tensor_count;
    s->tensors = check_memory(calloc(n + 1, sizeof *s->tensors));
    s->count = n;
    for (size_t i = 0; i < n; i++) {
        s->tensors[i].tensor = tensor_source_at(&r->job.source, i);
        s->tensors[i].figures = check_memory(calloc(1, sizeof *s->tensors[i].figures));
        r->before += s->tensors[i].tensor->bytes;
    }
}

static void drop_copied_rows(struct request *r)
{
    struct stats *s = &r->job.stats;
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (cast_job_converts(&r->job, s->tensors[i].tensor)) {
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
    const struct hu_spread *spread = &r->job.stats.total->spread;
    if (spread->nans && !hu_has_nan(r->job.to))
        note("%llu NaN%s became the largest finite value: %s has no NaN",
             (unsigned long long)spread->nans, spread->nans == 1 ? "" : "s", r->job.to->name);
    if (spread->infinities && !hu_has_infinity(r->job.to))
        note("%llu infinit%s became %s: %s has no infinity", (unsigned long long)spread->infinities,
             spread->infinities == 1 ? "y" : "ies",
             r->job.stats.options.saturate || !hu_has_nan(r->job.to) ? "the largest finite value"
                                                                     : "NaN",
             r->job.to->name);
    uint64_t invalid = hu_loss_figures(&r->job.stats.total->losses[0]).invalid;
    if (invalid)
        note("%llu negative value%s became NaN: %s has no sign", (unsigned long long)invalid,
             invalid == 1 ? "" : "s", r->job.to->name);
    bool named;
    if (cast_job_writes_npy(&r->job) && r->job.stats.count && hu_npy_descr(r->job.to, &named) &&
        !named)
        note("NumPy has no %s: the elements are written as opaque bytes, and "
             "numpy.load(…).view(ml_dtypes.%s) reads them",
             r->job.to->name, hu_npy_type_name(r->job.to));
}

static json_t *report_json(const struct request *r)
{
    json_t *root = stats_json(&r->job.stats);
    json_object_set_new(root, "output", json_text(r->job.output));
    json_object_set_new(root, "copied_tensors", json_integer((json_int_t)r->job.stats.skipped));
    json_object_set_new(root, "bytes_before", json_integer((json_int_t)r->before));
    json_object_set_new(root, "bytes_after", json_integer((json_int_t)r->job.after));
    static const char *const judged[] = {"skipped_tensors", "limits", "narrowest_safe", "scale"};
    for (size_t i = 0; i < sizeof judged / sizeof *judged; i++)
        json_object_del(root, judged[i]);
    return root;
}

/* A shard of integers, or of nothing, is part of its set all the same. */
static void note_copied(const struct request *r)
{
    size_t n = r->job.source.set.tensor_count;
    note("%s has no floating-point tensor%s: %s copied as %s", r->job.source.path,
         r->job.source.glob_count ? " among the chosen" : "", n == 1 ? "its one is" : "all are",
         n == 1 ? "it is" : "they are");
}

static int report(const struct request *r)
{
    if (tensor_source_only_copied(&r->job.source))
        note_copied(r);
    note_specials(r);
    if (r->json)
        return stats_print_json(&r->job.stats, report_json(r));
    const struct palette *p = palette_for(color_wanted(r->color, stdout));
    stats_cast_text(&r->job.stats, p, r->job.output, r->before, r->job.after);
    return EXIT_DONE;
}

static int cast_source(struct request *r)
{
    struct stats *s = &r->job.stats;
    s->file = r->job.source.path;
    s->source = &r->job.source;
    s->targets.at[0] = r->job.to;
    s->targets.count = 1;
    s->limits.min_sqnr = -HUGE_VAL;
    r->job.target = hu_statistics_target_of(r->job.to, &s->options, HU_SCALE_NONE);
    struct hu_statistics_plan plan = {&r->job.target, 1, HU_SCALE_NONE};
    s->total = check_memory(hu_gathered_new(&plan, NULL));
    make_rows(r);
    progress_begin("cast", "B", r->before);
    bool fine = cast_job_write(&r->job);
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
    if (!r->job.output)
        return fail(command, "-o names the file to write, and is missing");
    if (!r->job.to)
        return fail(command, "-t names the target format, and is missing");
    if (!strcmp(r->job.output, "-"))
        return fail(command, "a cast is written to a file, which appears when it is complete, and "
                             "not to a stream; -o ./- is a file called -");
    if (r->has_stochastic && r->has_direction)
        return fail(command, "--stochastic is a direction of its own; -r names another");
    if (r->has_seed && !r->has_stochastic)
        return fail(command, "--seed is what --stochastic draws from, and that is missing");
    return EXIT_DONE;
}

static void prepare(struct request *r, const char *command)
{
    r->job.command = command;
    if (r->has_stochastic)
        r->job.stats.options.direction = HU_STOCHASTIC;
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
    if (ready)
        prepare(r, self->name);
    if (ready && !tensor_source_open(&r->job.source, self->name, o.argv[0], r->job.from)) {
        status = EXIT_BAD;
    } else if (ready) {
        bool castable = tensor_source_only_copied(&r->job.source) ||
                        tensor_source_check(&r->job.source, self->name);
        status = castable && cast_job_choose(&r->job) ? cast_source(r) : EXIT_BAD;
        tensor_source_close(&r->job.source);
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
