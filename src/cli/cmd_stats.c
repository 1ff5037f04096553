#include "folding.h"
#include "json.h"
#include "logical_view.h"
#include "numbers.h"
#include "options.h"
#include "output_file.h"
#include "progress.h"
#include "report.h"
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_TENSOR = KEY_OWN,
    KEY_PARTS,
    KEY_SCALE,
    KEY_RULE,
    KEY_MAX_OVERFLOW,
    KEY_MIN_SQNR,
    KEY_JOBS,
    KEY_SVG,
    KEY_FORCE
};

static const struct command_option rows[] = {
    {"to", 't', "LIST",
     "targets, by commas: formats, block formats (default: bf16,fp16,fp8_e5m2,fp8_e4m3)",
     "@dtypes"},
    {"from", 'f', "FORMAT", "what a raw array's elements are, or opaque ones of .npy", "@formats"},
    {"tensor", KEY_TENSOR, "GLOB", "only tensors whose name matches; may be repeated", NULL},
    {"parts", KEY_PARTS, NULL, "take codes and scales as the tensors that they are", NULL},
    {"scale", KEY_SCALE, "WHAT", "none (default), tensor, or block: 32 in a row, as OCP MX",
     "none tensor block"},
    {"rule", KEY_RULE, "RULE", "how a block format's power of two is chosen (default: floor)",
     "floor ceil rceil even"},
    {"max-overflow", KEY_MAX_OVERFLOW, "N|P%", "safe up to so many overflows (default: 0)", NULL},
    {"min-sqnr", KEY_MIN_SQNR, "DB", "safe from this ratio of signal to noise on (default: 30)",
     NULL},
    OPTION_ROUND,
    OPTION_SATURATE,
    {"jobs", KEY_JOBS, "N", "threads (default: one a processor)", NULL},
    OPTION_JSON,
    {"svg", KEY_SVG, "FILE", "draw the histogram and the targets' ranges", "@file"},
    {"force", KEY_FORCE, NULL, "let --svg replace a file", NULL},
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "FILE is .npy, .npz, .safetensors, .gguf, PyTorch's .pt, .pth or .bin, an index with its\n"
    "shards, or with -f a raw array. Errors are taken over the finite elements whose result is "
    "finite: NaNs and\n"
    "infinities in the data, and overflows to infinity or NaN, are counted and left out. A\n"
    "format is safe when every tensor and all together keep both limits; with --scale block,\n"
    "where overflow is clamped by definition, it only counts when --max-overflow is given.";

struct request {
    struct stats stats;
    struct tensor_source source;
    struct hu_tensor *decoded; /* rows of quantized weights, and how they are read */
    struct hu_recode *recodes;
    const struct hu_format *from;
    unsigned jobs;
    bool json, force, has_max_overflow;
    const char *svg;
    enum color_mode color;
};

static bool take_max_overflow(struct request *r, const char *command, const char *text)
{
    const char *end;
    double value;
    struct stats_limits *l = &r->stats.limits;
    bool fine = real_parse(text, &end, &value) && value >= 0;
    l->is_share = fine && !strcmp(end, "%");
    l->max_overflow = l->is_share ? value / 100 : value;
    r->has_max_overflow = true;
    if (fine && (l->is_share ? value <= 100 : !*end && value == floor(value) && value < 0x1p63))
        return true;
    return number_refuse(text, "count, and no share such as 0.1%", "max-overflow", command);
}

static bool take_min_sqnr(struct request *r, const char *command, const char *text)
{
    const char *end;
    return (real_parse(text, &end, &r->stats.limits.min_sqnr) && (!*end || !strcmp(end, "dB"))) ||
           number_refuse(text, "number of decibels", "min-sqnr", command);
}

static bool take_scale(struct request *r, const char *command, const char *text)
{
    for (int i = 0; i < 3; i++)
        if (!strcmp(text, stats_scaling_name((enum hu_scaling)i))) {
            r->stats.scaling = (enum hu_scaling)i;
            return true;
        }
    fail(command, "--scale is none, tensor or block, not \"%s\"", text);
    return false;
}

static bool take_jobs(struct request *r, const char *command, const char *text)
{
    uint64_t n = 0;
    bool fine = count_read(&n, text, 1, HU_THREADS_MAX, "jobs", command);
    r->jobs = (unsigned)n;
    return fine;
}

static bool take_rule(struct request *r, const char *command, const char *text)
{
    if (hu_scale_rule_find(text, &r->stats.rule))
        return true;
    fail(command, "--rule is floor, ceil, rceil or even, not \"%s\"", text);
    return false;
}

/* False: reported. */
static bool take_option(struct request *r, const char *command, int key, const char *value)
{
    switch (key) {
    case 't':
        return stats_targets_read(command, value, &r->stats.targets);
    case 'f':
        return (r->from = array_format_read(command, value, &r->source.big_endian)) != NULL;
    case 'r':
        return direction_read(command, value, &r->stats.options.direction);
    case KEY_TENSOR:
        return tensor_source_add_glob(&r->source, command, value);
    case KEY_SCALE:
        return take_scale(r, command, value);
    case KEY_RULE:
        return take_rule(r, command, value);
    case KEY_MAX_OVERFLOW:
        return take_max_overflow(r, command, value);
    case KEY_MIN_SQNR:
        return take_min_sqnr(r, command, value);
    case KEY_JOBS:
        return take_jobs(r, command, value);
    case KEY_PARTS:
        r->source.parts = true;
        break;
    case KEY_SVG:
        r->svg = value;
        break;
    case KEY_SATURATE:
        r->stats.options.saturate = true;
        break;
    case KEY_JSON:
        r->json = true;
        break;
    case KEY_FORCE:
        r->force = true;
        break;
    case KEY_COLOR:
        return color_read(command, value, &r->color);
    }
    return true;
}

/* Where tensor *T, row INDEX, is read. Of a quantized weight *t becomes what it is. False:
 * reported.
 */
static bool take(struct request *r, const char *command, const struct hu_tensor **t, size_t index,
                 struct hu_stream_tensor *data)
{
    const struct hu_tensor *from = *t;
    if (!from->part_of) {
        *data = hu_stream_tensor_of(from, from->dtype.format, -1);
        return tensor_source_input(&r->source, command, from, &data->input, &data->offset);
    }
    r->decoded[index] = logical_row(from);
    *t = &r->decoded[index];
    *data = hu_stream_tensor_of(*t, hu_format_find("fp64"), -1);
    data->bytes = (*t)->elements * sizeof(double);
    data->decoded = &r->recodes[index];
    return tensor_source_parts(&r->source, command, from->part_of, &r->recodes[index]);
}

/* The chosen tensors, in the file's order. NULL: reported. */
static struct hu_stream_tensor *choose(struct request *r, const char *command)
{
    struct stats *s = &r->stats;
    size_t n = r->source.set.tensor_count;
    struct hu_stream_tensor *tensors = check_memory(calloc(n + 1, sizeof *tensors));
    s->tensors = check_memory(calloc(n + 1, sizeof *s->tensors));
    r->decoded = check_memory(calloc(n + 1, sizeof *r->decoded));
    r->recodes = check_memory(calloc(n + 1, sizeof *r->recodes));
    for (size_t i = 0; i < n; i++) {
        const struct hu_tensor *t = tensor_source_at(&r->source, i);
        if (!tensor_source_chooses(&r->source, t) || (t->part_of && t->part_of->codes != t))
            continue;
        if (!t->part_of && !tensor_source_reads(t)) {
            s->skipped++;
            continue;
        }
        struct hu_stream_tensor *data = &tensors[s->count];
        if (!take(r, command, &t, s->count, data)) {
            free(tensors);
            return NULL;
        }
        stats_add(s, t);
    }
    return tensors;
}

static int gather(struct request *r, const char *command)
{
    struct stats *s = &r->stats;
    struct hu_stream_tensor *tensors = choose(r, command);
    if (!tensors)
        return EXIT_BAD;
    struct hu_statistics_target *targets = stats_targets(s);
    struct hu_stream stream = {
        .plan = {targets, s->targets.count, s->scaling},
        .tensors = tensors,
        .count = s->count,
        .threads = r->jobs,
        .done = stats_done,
        .progress = progress_add,
        .context = s,
    };
    struct hu_stream_error error;
    s->total = check_memory(hu_gathered_new(&stream.plan, NULL));
    progress_begin("stats", "B", hu_stream_bytes(&stream));
    bool fine = hu_stream_run(&stream, &error);
    progress_end();
    free(tensors);
    free(targets);
    if (!fine)
        return tensor_source_fail(&r->source, command, s->tensors[error.tensor].tensor, &error,
                                  NULL);
    return tensor_source_unchanged(&r->source, command) ? EXIT_DONE : EXIT_BAD;
}

static int write_svg(const struct request *r, const char *command)
{
    struct output_file file;
    if (!output_begin(&file, command, r->svg, r->force))
        return EXIT_BAD;
    stats_svg(file.stream, &r->stats);
    return output_commit(&file) ? EXIT_DONE : EXIT_BAD;
}

static int report(const struct request *r, const char *command)
{
    if (r->svg && write_svg(r, command) != EXIT_DONE)
        return EXIT_BAD;
    if (r->json)
        return stats_print_json(&r->stats, stats_json(&r->stats));
    folding_begin();
    stats_text(&r->stats, palette_for(color_wanted(r->color, stdout)));
    return EXIT_DONE;
}

static int run_file(struct request *r, const char *command, const char *path)
{
    struct stats *s = &r->stats;
    r->source.decodes = true;
    if (!tensor_source_open(&r->source, command, path, r->from))
        return EXIT_BAD;
    s->file = path;
    s->source = &r->source;
    int status = EXIT_BAD;
    if (tensor_source_check(&r->source, command)) {
        status = gather(r, command);
        if (status == EXIT_DONE)
            status = report(r, command);
        stats_clear(s);
    }
    free(r->decoded);
    free(r->recodes);
    tensor_source_close(&r->source);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct options o;
    struct request *r = check_memory(calloc(1, sizeof *r));
    r->stats.limits.min_sqnr = 30;
    int key, status = EXIT_BAD;
    options_begin(&o, self, argc, argv);
    bool fine = true;
    while (fine && (key = option_next(&o)) >= 0)
        fine = take_option(r, self->name, key, o.value);
    if (fine && key == OPTION_EXIT) {
        status = o.status;
    } else if (fine && o.argc != 1) {
        fail(self->name, o.argc ? "one FILE at a time" : "a FILE is missing");
    } else if (fine) {
        if (!r->stats.targets.count)
            stats_targets_read(self->name, "bf16,fp16,fp8_e5m2,fp8_e4m3", &r->stats.targets);
        r->stats.limits.any_overflow = r->stats.scaling == HU_SCALE_BLOCK && !r->has_max_overflow;
        r->stats.limits.any_clamped = !r->has_max_overflow;
        status = run_file(r, self->name, o.argv[0]);
    }
    free(r);
    return status;
}

const struct command cmd_stats = {
    .name = "stats",
    .usage = "FILE [-t LIST] [-f FORMAT] [--tensor GLOB] [--scale none|tensor|block] [--parts]\n"
             "                     [--rule RULE]"
             "                     [--max-overflow N|P%] [--min-sqnr DB] [-r DIR] [--saturate]\n"
             "                     [--jobs N] [--json] [--svg FILE]",
    .summary = "what casts would lose: errors, overflows, and the narrowest safe format",
    .details = details,
    .options = rows,
    .run = run,
};
