#include "room.h"
#include "folding.h"
#include "option_values.h"
#include "output_file.h"
#include "progress.h"
#include "stats_against.h"
#include "stats_partial.h"

struct request {
    struct stats stats;
    struct tensor_source source;
    struct stats_reading reading;
    uint64_t jobs;
    bool json, force;
    const char *svg, *against, *partial;
    struct shard shard;
    bool merges, joins;
};

static bool read_targets(const struct options *o, void *at)
{
    return stats_targets_read(o->value, at);
}

static bool read_max_overflow(const struct options *o, void *at)
{
    const char *end;
    double value;
    struct stats_limits *l = at;
    bool fine = real_parse(o->value, &end, &value) && value >= 0;
    l->is_share = fine && !strcmp(end, "%");
    l->max_overflow = l->is_share ? value / 100 : value;
    if (fine && (l->is_share ? value <= 100 : !*end && value == floor(value) && value < 0x1p63))
        return true;
    return number_refuse(o->value, "count, and no share such as 0.1%", o->row->name);
}

static bool read_decibels(const struct options *o, void *at)
{
    const char *end;
    return (real_parse(o->value, &end, at) && (!*end || !strcmp(end, "dB"))) ||
           number_refuse(o->value, "number of decibels", o->row->name);
}

#define REQUEST struct request
static const struct command_option rows[] = {
    {"to", 't', "LIST",
     "targets, by commas: formats, integers, block formats (default: bf16,fp16,fp8_e5m2,fp8_e4m3)",
     "all @dtypes", OPTION_INTO(read_targets, struct stats_targets, stats.targets)},
    OPTIONS_SOURCE(source),
    {"scale", 0, "WHAT", "none (default), tensor, or block: 32 in a row, as OCP MX",
     "none tensor block", WORD(stats.scaling)},
    OPTION_RULE(stats.rule),
    {"max-overflow", 0, "N|P%", "safe up to so many overflows (default: 0)", NULL,
     OPTION_INTO(read_max_overflow, struct stats_limits, stats.limits)},
    {"min-sqnr", 0, "DB", "safe from this ratio of signal to noise on (default: 30)", NULL,
     OPTION_INTO(read_decibels, double, stats.limits.min_sqnr)},
    {"against", 0, "FILE2", "compare with FILE2, tensor by tensor, whatever the formats", "@file",
     TEXT(against)},
    {"shard", 0, "K/N", "only the Kth of N parts of the work; with --partial", NULL,
     OPTION_INTO(read_stats_shard, struct shard, shard)},
    {"partial", 0, "OUT", "leave the sums in OUT, to be merged with others'", "@file",
     TEXT(partial)},
    {"merge", 0, NULL, "FILEs are what --partial left: say what one run would say", NULL,
     FLAG(merges)},
    {"join", 0, NULL, "with --merge: they are of parts of one array, and no shards", NULL,
     FLAG(joins)},
    OPTION_ROUND(stats.options.direction),
    OPTION_SATURATE(stats.options.saturate),
    OPTION_JOBS(jobs),
    OPTION_JSON(json),
    OPTION_SVG(svg, "draw the histogram and the targets' ranges"),
    OPTION_FORCE(force, "let --svg and --partial replace a file"),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "FILE is .npy, .npz, .safetensors, .gguf, PyTorch's .pt, .pth or .bin, an index with its\n"
    "shards, or with -f a raw array. Errors are taken over the finite elements whose result is\n"
    "finite: NaNs and infinities in the data, and overflows to infinity or NaN, are counted and\n"
    "left out. A format is safe when every tensor and all together keep both limits; with\n"
    "--scale block and in block formats, where overflow is clamped by definition, it only counts\n"
    "when --max-overflow is given. With --against the exit status is 1 where the files differ.";

/* A part is all that is wanted of a run, unless it is asked for more and has all. */
static bool reports(const struct request *r)
{
    return !r->partial || (r->json && r->shard.count <= 1);
}

/* Of a run that leaves a part and says what it found as well. */
static void done_with_both(void *context, size_t index, struct hu_gathered *g)
{
    struct partial_run *run = context;
    partial_done(run, index, g);
    stats_done(run->stats, index, g);
}

static void run_stream(struct request *r, struct hu_stream *stream)
{
    struct hu_stream_error error;
    progress_begin("stats", "B", hu_stream_bytes(stream));
    bool fine = hu_stream_run(stream, &error);
    progress_end();
    if (!fine)
        tensor_source_fail(&r->source, r->stats.tensors[error.tensor].tensor, &error, NULL);
    tensor_source_unchanged(&r->source);
}

static void gather(struct request *r)
{
    struct stats *s = &r->stats;
    stats_read(&r->reading, &r->source, true, stats_any_block(s));
    s->skipped = r->reading.skipped;
    s->tensors = check_memory(calloc(r->reading.count + 1, sizeof *s->tensors));
    for (size_t i = 0; i < r->reading.count; i++)
        stats_add(s, r->reading.tensors[i]);
    OWNED struct hu_statistics_target *targets = stats_targets(s);
    struct hu_stream stream = {
        .plan = {targets, s->targets.count, s->scaling},
        .tensors = r->reading.data,
        .count = s->count,
        .threads = (unsigned)r->jobs,
        .done = stats_done,
        .progress = progress_add,
        .context = s,
    };
    struct partial_run part = {.stats = s, .stream = &stream, .shard = r->shard};
    if (r->partial) {
        stream.done = reports(r) ? done_with_both : partial_done;
        stream.context = &part;
    }
    if (r->shard.count)
        hu_stream_shard(&stream, r->shard.number, r->shard.count);
    s->total = check_memory(hu_gathered_new(&stream.plan, NULL));
    run_stream(r, &stream);
    if (r->partial)
        partial_write(&part, r->partial, r->force);
    free(part.entries.at);
}

static void report(const struct request *r)
{
    if (r->svg)
        output_whole(r->svg, r->force, stats_svg, &r->stats);
    if (r->json) {
        stats_print_json(&r->stats, stats_json(&r->stats));
        return;
    }
    folding_begin();
    stats_text(&r->stats);
}

static void run_file(struct request *r, const char *path)
{
    struct stats *s = &r->stats;
    tensor_source_open(&r->source, path);
    tensor_source_check(&r->source);
    s->file = path;
    s->source = &r->source;
    gather(r);
    if (reports(r))
        report(r);
    stats_clear(s);
    stats_reading_clear(&r->reading);
    tensor_source_close(&r->source);
}

static int run_against(struct request *r, const struct options *o)
{
    struct against a = {.has_min_sqnr = option_given(o, "min-sqnr"),
                        .min_sqnr = r->stats.limits.min_sqnr};
    EXCLUDE(o, "--against", "to", "scale", "rule", "max-overflow", "round", "saturate", "svg",
            "shard", "partial", "merge");
    against_run(&a, &r->source, o->argv[0], r->against, (unsigned)r->jobs);
    if (r->json) {
        against_json(&a);
    } else {
        folding_begin();
        against_text(&a);
    }
    int status = against_is_same(&a) ? EXIT_DONE : EXIT_NO;
    against_clear(&a);
    return status;
}

static int run_merge(struct request *r, const struct options *o)
{
    struct partial_merge m = {
        .paths = (const char *const *)o->argv,
        .count = (size_t)o->argc,
        .joins = r->joins,
    };
    EXCLUDE(o, "--merge", "to", "from", "tensor", "parts", "scale", "rule", "jobs", "round",
            "saturate", "shard");
    if (!partial_merge(&m, &r->stats, reports(r)))
        give_up();
    if (r->partial)
        partial_merge_write(&m, r->partial, r->force);
    /* --scale is what the parts say. */
    r->stats.limits.any_overflow =
        r->stats.scaling == HU_SCALE_BLOCK && r->stats.limits.any_clamped;
    if (reports(r))
        report(r);
    stats_clear(&r->stats);
    partial_merge_clear(&m);
    return EXIT_DONE;
}

/* Operands and options that do not fit each other end it. */
static void check_request(const struct request *r, const struct options *o)
{
    if (!o->argc)
        die(r->merges ? "a FILE that --partial left is missing" : "a FILE is missing");
    if (o->argc > 1 && !r->merges)
        die("one FILE at a time");
    if (r->shard.count && !r->partial)
        die("--shard needs --partial OUT, where its sums go");
    if (r->joins && !r->merges)
        die("--join is of --merge");
}

static void begin(void *request)
{
    ((struct request *)request)->stats.limits.min_sqnr = 30;
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    struct stats *s = &r->stats;
    check_request(r, o);
    s->limits.any_clamped = !option_given(o, "max-overflow");
    s->limits.any_overflow = s->scaling == HU_SCALE_BLOCK && s->limits.any_clamped;
    if (!s->targets.count && !r->merges)
        stats_targets_read("bf16,fp16,fp8_e5m2,fp8_e4m3", &s->targets);
    if (r->against)
        return run_against(r, o);
    if (r->merges)
        return run_merge(r, o);
    if (!stats_any_block(s))
        EXCLUDE(o, "targets that are no block formats", "rule");
    run_file(r, o->argv[0]);
    return EXIT_DONE;
}

const struct command cmd_stats = {
    .name = "stats",
    .usage = "FILE [-t LIST] [-f FORMAT] [--tensor GLOB] [--scale none|tensor|block] [--parts]\n"
             "                     [--rule RULE] [--max-overflow N|P%] [--min-sqnr DB] [-r DIR]\n"
             "                     [--saturate] [-j N] [--json] [--svg FILE]\n"
             "       halfulp stats FILE --shard K/N --partial OUT …\n"
             "       halfulp stats --merge OUT… [--json] …\n"
             "       halfulp stats FILE --against FILE2 [--tensor GLOB] [--min-sqnr DB] [--json]",
    .summary = "what casts would lose: errors, overflows, and the narrowest safe format",
    .details = details,
    .options = rows,
    .request = sizeof(REQUEST),
    .begin = begin,
    .run = run,
};
