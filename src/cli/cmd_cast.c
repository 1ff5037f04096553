#include "room.h"
#include "cast_job.h"
#include "folding.h"
#include "option_values.h"
#include "progress.h"
#include "file/kind.h"
#include "file/npy.h"

struct request {
    struct cast_job job;
    bool json, stochastic;
    uint64_t before; /* bytes of the tensors */
};

/* A format, or a block format that is encoded. */
static bool read_target(const struct options *o, void *at)
{
    struct cast_job *job = at;
    job->to = NULL;
    job->block = hu_format_find(o->value) ? NULL : hu_block_find(o->value);
    if (!job->block)
        return (job->to = format_read(o->value)) != NULL;
    return hu_block_encodes(job->block) ||
           refuse("%s is decoded and not encoded; mxfp4, nvfp4, mxfp8_e4m3, fp8_tile128, nf4, q8_0 "
                  "and others are: 'halfulp formats' lists them",
                  job->block->name);
}

static bool read_keep(const struct options *o, void *at)
{
    struct cast_job *job = at;
    if (!strcmp(o->value, "none"))
        return job->keeps_nothing = true;
    if (job->keep_count == GLOBS_MAX)
        return refuse("more than %d times --keep", GLOBS_MAX);
    job->keeps[job->keep_count++] = o->value;
    return true;
}

static bool read_layout(const struct options *o, void *at)
{
    return cast_layout_find(o->value, at) ||
           refuse("--layout is one of %s, not \"%s\"", cast_layout_names, o->value);
}

#define REQUEST struct request
static const struct command_option rows[] = {
    {"output", 'o', "OUT", "the file to write", "@file", TEXT(job.output)},
    {"to", 't', "FORMAT", "the target format, integer or block format", "@dtypes",
     OPTION_INTO(read_target, struct cast_job, job)},
    OPTIONS_SOURCE(job.source),
    OPTION_ROUND_ANY(job.stats.options.direction),
    OPTION_SATURATE(job.stats.options.saturate),
    {"stochastic", 0, NULL, "-r stochastic: up with the probability of what is discarded", NULL,
     FLAG(stochastic)},
    OPTION_SEED(job.stats.options.seed),
    {"keep", 0, "GLOB",
     "leave tensors as they are whose name matches; may be repeated; 'none': convert all "
     "(default for block formats: norms, embeddings, routers)",
     NULL, OPTION_INTO(read_keep, struct cast_job, job)},
    OPTION_RULE(job.rule),
    {"layout", 0, "LAYOUT", "whose names and shapes a block format's parts have", cast_layout_names,
     OPTION_INTO(read_layout, enum cast_layout, job.layout)},
    {"shard", 0, "K/N", "of an index: only each Nth of its files, from the Kth on", NULL,
     OPTION_INTO(read_stats_shard, struct shard, job.shard)},
    OPTION_JOBS(job.threads),
    OPTION_FORCE(job.force, "replace OUT"),
    OPTION_JSON(json),
    OPTION_COLOR,
    OPTION_HELP,
    OPTION_END,
};

static const char details[] =
    "FILE is .npy, .safetensors, a .safetensors.index.json with its shards, or with -f a raw\n"
    "array; OUT is a file of the same kind. Of .npz and PyTorch's .pt, .pth and .bin OUT is\n"
    ".safetensors, or .npy for one array; OUT called .gguf is one, of an index as many splits,\n"
    "and one array is a tensor of FILE's name there and in .safetensors. Names, shapes, order\n"
    "and metadata stay; tensors that are not chosen, those of integers, and those that have the\n"
    "format already are copied. OUT appears when it is complete. An index's shards go beside OUT\n"
    "under their own names, all together once the last is complete.\n"
    "Quantized weights are decoded: DeepSeek's, gpt-oss's, ModelOpt's, compressed-tensors',\n"
    "bitsandbytes', GPTQ's and AWQ's, recognised with their scales, and those of .gguf, which\n"
    "becomes .safetensors by OUT's name. A block format (mxfp4, nvfp4, fp8_tile128, nf4, q8_0)\n"
    "writes codes and scales, ggml's into .gguf; config.json is written beside OUT where one is\n"
    "beside FILE.";

/* Rows for all tensors; those that are not converted go once all is done. */
static void make_rows(struct request *r)
{
    struct stats *s = &r->job.stats;
    size_t n = r->job.source.set.tensor_count;
    s->tensors = check_memory(calloc(n + 1, sizeof *s->tensors));
    s->count = n;
    for (size_t i = 0; i < n; i++) {
        s->tensors[i].tensor = hu_tensor_set_at(&r->job.source.set, i);
        s->tensors[i].figures = check_memory(calloc(1, sizeof *s->tensors[i].figures));
        if (cast_job_has(&r->job, s->tensors[i].tensor->file))
            r->before += s->tensors[i].tensor->bytes;
    }
}

static void drop_copied_rows(struct request *r)
{
    struct stats *s = &r->job.stats;
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        bool here = cast_job_has(&r->job, s->tensors[i].tensor->file);
        if (here && cast_job_how(&r->job, s->tensors[i].tensor) == CAST_CONVERTED) {
            s->tensors[kept++] = s->tensors[i];
        } else {
            s->skipped += here && cast_job_how(&r->job, s->tensors[i].tensor) == CAST_COPIED;
            free(s->tensors[i].figures);
        }
    }
    s->count = kept;
}

static void note_specials(const struct request *r)
{
    const struct hu_spread *spread = &r->job.stats.total->spread;
    const struct hu_format *to = r->job.to;
    if (spread->nans && !hu_has_nan(to))
        note("%llu NaN%s became %s: %s has no NaN", (unsigned long long)spread->nans,
             plural(spread->nans), stats_fate_of_nan(to), to->name);
    if (spread->infinities && !hu_has_infinity(to))
        note("%llu infinit%s became %s: %s has no infinity", (unsigned long long)spread->infinities,
             spread->infinities == 1 ? "y" : "ies",
             stats_fate_of_infinity(to, r->job.stats.options.saturate), to->name);
    uint64_t invalid = hu_loss_figures(&r->job.stats.total->losses[0]).invalid;
    if (invalid)
        note("%llu negative value%s became NaN: %s has no sign", (unsigned long long)invalid,
             plural(invalid), r->job.to->name);
    const char *opaque = hu_npy_type_name(r->job.to);
    if (cast_job_writes_npy(&r->job) && r->job.stats.count && opaque)
        note("NumPy has no %s: the elements are written as opaque bytes, and "
             "numpy.load(…).view(ml_dtypes.%s) reads them",
             r->job.to->name, opaque);
}

static json_t *report_json(const struct request *r)
{
    static const char *const judged[] = {"skipped_tensors", "limits", "narrowest_safe", "scale"};
    json_t *root = stats_json(&r->job.stats);
    JSON_PUT(root, {"output", json_text(r->job.output)},
             {"decoded_tensors", json_count(r->job.recoded)},
             {"copied_tensors", json_count(r->job.stats.skipped)},
             {"bytes_before", json_count(r->before)}, {"bytes_after", json_count(r->job.after)});
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

/* What is left as it is though it is chosen and could be cast. */
static void note_kept(const struct request *r)
{
    const struct hu_tensor *first = NULL;
    const struct cast_job *job = &r->job;
    size_t n = 0;
    for (size_t i = 0; i < job->source.set.tensor_count; i++) {
        const struct hu_tensor *t = job->source.set.tensors[i];
        if (!tensor_source_chooses(&job->source, t) || t->part_of || !tensor_source_reads(t) ||
            cast_job_how(job, t) != CAST_COPIED || t->rank < 2)
            continue;
        first = first ? first : t;
        n++;
    }
    if (n)
        note("%zu matri%s kept as %s, '%s' first%s", n, n == 1 ? "x is" : "ces are",
             n == 1 ? "it is" : "they are", PRINTABLE(first->name, 100),
             job->keep_count || job->keeps_nothing
                 ? ""
                 : ": norms, embeddings, routers, and rows that a block does not divide");
    else if (!job->recoded)
        note("no tensor is a matrix, of two dimensions or more, which are what becomes blocks");
}

static json_t *block_json(const struct request *r)
{
    const struct cast_job *job = &r->job;
    json_t *tensors = json_list();
    for (size_t i = 0; i < job->source.set.tensor_count; i++) {
        const struct hu_tensor *t = job->source.set.tensors[i];
        if (cast_job_how(job, t) == CAST_RECODED)
            json_add(tensors, json_text(t->part_of ? t->part_of->name : t->name));
    }
    return JSON({"file", json_text(job->source.path)}, {"output", json_text(job->output)},
                {"block", json_string(job->block->name)},
                {"layout", json_string(cast_layout_name(job->layout))},
                {"rule", json_string(hu_scale_rule_name(job->rule ? job->rule : job->block->rule))},
                {"tensors", tensors}, {"copied_tensors", json_count(job->stats.skipped)},
                {"bytes_before", json_count(r->before)}, {"bytes_after", json_count(job->after)});
}

/* What llama.cpp, which ends at GGML_MAX_NAME - 1 bytes of a name, says of a GGUF that was none. */
static void note_gguf(const struct request *r)
{
    enum { NAME_MOST = 63 };
    const struct hu_tensor_set *set = &r->job.source.set;
    size_t longer = 0;
    if (hu_kind_of_name(r->job.output) != HU_FILE_GGUF || set->files[0].kind == HU_FILE_GGUF)
        return;
    for (size_t i = 0; i < set->tensor_count; i++)
        longer += strlen(set->tensors[i]->name) > NAME_MOST;
    note(
        "%s has the tensors under the names that they had, and no model's metadata: what llama.cpp "
        "runs is written by its own converter, and cast from there",
        PRINTABLE(r->job.output, 300));
    if (longer)
        note("%zu of the names %s over %d bytes, which ggml refuses", longer,
             longer == 1 ? "is" : "are", NAME_MOST);
}

static void report_block(const struct request *r)
{
    const struct cast_job *job = &r->job;
    note_kept(r);
    note_gguf(r);
    if (job->special)
        note(
            "NaNs or infinities were among what was encoded: the manual says what becomes of them");
    if (r->json) {
        json_print(block_json(r));
        return;
    }
    printf("%s: %zu tensor%s to %s, laid out as %s", PRINTABLE(job->output, 300), job->recoded,
           plural(job->recoded), job->block->name, cast_layout_name(job->layout));
    stats_cast_sizes(job->stats.skipped, r->before, job->after);
}

static void report(const struct request *r)
{
    if (!r->json)
        folding_begin();
    if (r->job.block) {
        report_block(r);
        return;
    }
    if (tensor_source_only_copied(&r->job.source))
        note_copied(r);
    note_specials(r);
    note_gguf(r);
    if (r->job.recoded)
        note("%zu quantized tensor%s decoded with %s scales; 'halfulp stats FILE -t %s' says what "
             "that rounds",
             r->job.recoded, r->job.recoded == 1 ? " is" : "s are",
             r->job.recoded == 1 ? "its" : "their", r->job.to->name);
    if (r->json)
        stats_print_json(&r->job.stats, report_json(r));
    else
        stats_cast_text(&r->job.stats, r->job.output, r->job.recoded, r->before, r->job.after);
}

static void cast_source(struct request *r)
{
    struct stats *s = &r->job.stats;
    s->file = r->job.source.path;
    s->source = &r->job.source;
    /* Blocks have no such figures. */
    const struct hu_format *to = r->job.to ? r->job.to : hu_format_find("fp64");
    s->targets.at[0] = (struct stats_target){to->name, to, NULL};
    s->targets.count = 1;
    s->limits.min_sqnr = -HUGE_VAL;
    r->job.target = hu_statistics_target_of(to, &s->options, HU_SCALE_NONE);
    struct hu_statistics_plan plan = {&r->job.target, 1, HU_SCALE_NONE};
    s->total = check_memory(hu_gathered_new(&plan, NULL));
    make_rows(r);
    progress_begin("cast", "B", r->before);
    cast_job_write(&r->job);
    progress_end();
    drop_copied_rows(r);
    r->job.after -= r->job.elsewhere;
    report(r);
    stats_clear(s);
}

static void check_request(const struct request *r, const struct options *o)
{
    if (o->argc != 1)
        die(o->argc ? "one FILE at a time" : "a FILE is missing");
    if (!r->job.output)
        die("-o names the file to write, and is missing");
    if (!r->job.to && !r->job.block)
        die("-t names the target format, and is missing");
    enum hu_direction direction = r->stochastic ? HU_STOCHASTIC : r->job.stats.options.direction;
    if (r->stochastic && option_given(o, "round") &&
        r->job.stats.options.direction != HU_STOCHASTIC)
        die("--stochastic is a direction of its own; -r names another");
    if (r->job.shard.count > 1 && hu_kind_of_name(o->argv[0]) != HU_FILE_INDEX)
        die("--shard is of an index and its files, and %s is one file", o->argv[0]);
    seed_check(o, direction);
}

static void check_block(const struct request *r)
{
    const struct cast_job *job = &r->job;
    if (!job->block && (job->layout || job->rule))
        die("--%s is of block formats, and %s is none", job->layout ? "layout" : "rule",
            job->to->name);
    if (!job->block)
        return;
    if (job->layout && !cast_layout_takes(job->layout, job->block))
        die("%s has no layout %s; --layout %s is its own", job->block->name,
            cast_layout_name(job->layout), cast_layout_name(cast_layout_default(job->block)));
    if (job->rule && !hu_block_has_rules(job->block))
        die("%s has one rule for its scales; --rule is for powers of two", job->block->name);
    if (!cast_layout_takes(cast_layout_default(job->block), job->block))
        die("no layout has %s", job->block->name);
}

static void prepare(struct request *r)
{
    const struct hu_block *b = r->job.block;
    if (b && !r->job.layout)
        r->job.layout =
            hu_kind_of_name(r->job.output) == HU_FILE_GGUF && cast_layout_takes(CAST_LAYOUT_GGUF, b)
                ? CAST_LAYOUT_GGUF
                : cast_layout_default(b);
    /* Elements of blocks saturate: their scale was chosen so. */
    r->job.stats.options.saturate |= r->job.block != NULL;
    if (r->stochastic)
        r->job.stats.options.direction = HU_STOCHASTIC;
}

static int run(const struct options *o, void *request)
{
    struct request *r = request;
    struct tensor_source *source = &r->job.source;
    check_request(r, o);
    check_block(r);
    prepare(r);
    tensor_source_open(source, o->argv[0]);
    if (!tensor_source_only_copied(source))
        tensor_source_check(source);
    cast_job_choose(&r->job);
    cast_source(r);
    tensor_source_close(source);
    return EXIT_DONE;
}

const struct command cmd_cast = {
    .name = "cast",
    .usage = "FILE -o OUT -t FORMAT [-f FORMAT] [-r DIR] [--saturate]\n"
             "                    [--stochastic [--seed N]] [--tensor GLOB] [--keep GLOB] [--rule "
             "RULE]\n"
             "                    [--layout LAYOUT] [--parts] [--shard K/N] [-j N] [--force]\n"
             "                    [--json]",
    .summary = "a tensor file in another format, and what was lost",
    .details = details,
    .options = rows,
    .request = sizeof(REQUEST),
    .run = run,
};
