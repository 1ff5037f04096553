/* The command line of `halfulp verify`. */
#include "room.h"
#include "option_values.h"
#include "verify.h"

enum { STANDARD_DRAWS = 100000, USUAL_DRAWS = 1000000 };

static bool add_kernel(const char *name, void *request)
{
    struct verify_request *q = request;
    const struct hu_kernel *kernel = kernel_named(name);
    if (!kernel)
        return false;
    if (q->kernels == FORMATS_MAX)
        return refuse("more than %d kernels", FORMATS_MAX);
    q->kernel[q->kernels++] = kernel;
    return true;
}

static bool read_kernels(const struct options *o, void *request)
{
    struct verify_request *q = request;
    bool good = true;
    q->kernels = 0;
    q->all_kernels = !strcasecmp(o->value, "all");
    if (!q->all_kernels)
        return names_read(o->value, add_kernel, q);
    for (size_t i = 0; i < hu_kernel_count(); i++)
        good &= add_kernel(hu_kernel_name(hu_kernel_at(i)), q);
    return good;
}

static bool read_shard(const struct options *o, void *request)
{
    struct verify_request *q = request;
    const char *text = o->value;
    char k[32] = "", n[32] = "";
    if (sscanf(text, "%31[0-9]/%31[0-9]", k, n) != 2 || strlen(k) + strlen(n) + 1 != strlen(text))
        return refuse("--shard: '%s' is not of the form K/N, such as 3/8", text);
    return count_read(&q->shards, n, 1, 1 << 20, "shard") &&
           count_read(&q->shard, k, 1, q->shards, "shard");
}

static bool read_saturate(const struct options *o, void *request)
{
    struct verify_request *q = request;
    const char *text = o->value;
    int word = text ? word_index(o, o->row->words, text) : 0;
    q->promise.options.saturate = true;
    q->promise.saturate_finite = word == 1;
    return word >= 0;
}

struct ignored {
    const struct options *o;
    struct verify_request *q;
};

static bool add_ignored(const char *name, void *context)
{
    const struct ignored *i = context;
    int word = word_index(i->o, i->o->row->words, name);
    i->q->promise.ignore |= word >= 0 ? 1U << word : 0;
    return word >= 0;
}

static bool read_ignored(const struct options *o, void *request)
{
    struct ignored i = {o, request};
    return names_read(o->value, add_ignored, &i);
}

static bool read_targets(const struct options *o, void *request)
{
    struct verify_request *q = request;
    return targets_read(o->value, &q->to, &q->blocks);
}

static bool add_rule(const char *name, void *request)
{
    struct verify_request *q = request;
    enum hu_scale_rule rule;
    bool all = !strcmp(name, "all");
    if (!all && !hu_scale_rule_find(name, &rule))
        return refuse("--rule is floor, ceil, rceil, even or all, not \"%s\"", name);
    q->rules |= all ? 0x1eu : 1u << rule;
    return true;
}

static bool read_rules(const struct options *o, void *request)
{
    return names_read(o->value, add_rule, request);
}

static bool read_nan(const struct options *o, void *request)
{
    struct verify_request *q = request;
    int word = word_index(o, o->row->words, o->value);
    q->promise.any_nan = word == 0;
    return word >= 0;
}

static bool read_subnormals(const struct options *o, void *request)
{
    struct verify_request *q = request;
    int word = word_index(o, o->row->words, o->value);
    if (word >= 0)
        q->promise.flush = hu_flush_values[word];
    return word >= 0;
}

#define REQUEST struct verify_request
const struct command_option verify_options[] = {
    {"from", 'f', "LIST", "source formats; all: every named one (the default)", "all @formats",
     FORMATS(from)},
    {"to", 't', "LIST",
     "target formats; all: every named one (the default); or block formats, tried both ways",
     "all @dtypes", OWN(read_targets)},
    {"round", 'r', "LIST", "rounding directions: rne (default), rna, rtz, rup, rdn, rto, all",
     "all @rounds", DIRECTIONS_OF(direction)},
    {"op", 0, "LIST",
     "operations instead of conversions: add, sub, mul, div, fma, sqrt, rem, …, or all",
     "all @operations", OPERATIONS(operations)},
    OPTION_NAN_RULE(nan_rule),
    {"kernel", 0, "LIST", "kernels; all: each that the machine can run (default: the best)",
     "all @kernels", OWN(read_kernels)},
    OPTION_JOBS(jobs),
    {"shard", 0, "K/N", "only the K-th of N shares of the work, each spread over all of it", NULL,
     OWN(read_shard)},
    {"merge", 0, NULL, "FILEs are what --shard --json printed: say what one run would say", NULL,
     FLAG(merges)},
    {"against", 0, "LIB.so:SYMBOL", "try void SYMBOL(const void *src, void *dst, size_t n) instead",
     "@file", TEXT(against)},
    {"in-place", 0, NULL, "the first source of --against is where the results go", NULL,
     FLAG(in_place)},
    {"vectors", 0, "FILE", "check lines of source, result and flags instead; -: stdin", "@file",
     TEXT(vectors)},
    {"saturate", 0, "[=WHICH]",
     "overflow to the largest finite value: all (infinities too, if only --saturate is said) or "
     "finite",
     "all finite", OWN(read_saturate)},
    {"ignore", 0, "LIST",
     "nan, inf: such inputs may give anything; zero-sign: a zero may have either sign; zero-scale: "
     "a block of zeros may have any scale",
     "nan inf zero-sign zero-scale", OWN(read_ignored)},
    {"via", 0, "LIST", "the reference rounds into these formats first", "@formats", FORMATS(via)},
    {"unfused", 0, NULL, "with --op fma: the reference rounds the product too", NULL,
     FLAG(unfused)},
    {"nan-to", 0, "CODE", "what a NaN becomes in a target without one", NULL, TEXT(nan_to)},
    {"result-format", 0, "FORMAT",
     "results come as data of this wider format, and must be exact there", "@formats",
     FORMAT(result)},
    OPTION_TININESS(promise.options.tininess_before),
    {"nan", 0, "WHICH", "any NaN will do, or exactly this one (the default for ours)", "any exact",
     OWN(read_nan)},
    {"subnormals", 0, "HOW",
     "keep (default), flush-in, flush-out or flush to zero; ftz, ftz-daz: as x86 does",
     "keep flush-in flush-out flush ftz ftz-daz", OWN(read_subnormals)},
    {"no-flags", 0, NULL, "do not look at flags", NULL, FLAG(promise.no_flags)},
    {"every-flag", 0, NULL,
     "ask for the flags of every input, not of boundaries and an eighth of the rest", NULL,
     FLAG(every_flag)},
    {"covers", 0, "WHAT",
     "all (the default), or of sources of 21 to 32 bits the boundaries, their neighbours and draws",
     "all boundaries", SECOND(boundaries)},
    {"stop-after", 0, "N", "end once so many inputs went wrong", NULL,
     COUNT(stop_after, 1, UINT64_MAX)},
    {"show", 0, "N", "runs to show, the largest first (default: 8)", NULL,
     COUNT(shown, 0, UINT64_C(1) << 32)},
    {"count", 0, "N", "seeded draws where not all is covered (default: 1000000)", NULL,
     COUNT(count, 0, UINT64_C(1) << 40)},
    {"seed", 0, "N", "the seed of the draws (default: 1)", NULL, COUNT(seed, 0, UINT64_MAX)},
    {"rule", 0, "LIST", "blocks: rules of scales: floor, ceil, rceil, even, all",
     "floor ceil rceil even all", OWN(read_rules)},
    {"which-rule", 0, NULL, "blocks: say which rule and direction the encoder of --against follows",
     NULL, FLAG(which_rule)},
    {"decoder", 0, NULL,
     "blocks: --against names void SYMBOL(const void *codes, const void *scales, float *dst, "
     "size_t n)",
     NULL, FLAG(decoder)},
    {"no-saturate", 0, NULL, "blocks: elements overflow and do not saturate", NULL,
     FLAG(no_saturate)},
    {"timeout", 0, "SECONDS", "what one call of --against may take (default: 10)", NULL,
     COUNT(timeout, 1, 1000000)},
    OPTION_JSON(json),
    OPTION_HELP,
    OPTION_END,
};

static void check_one_pair(const struct verify_request *q, const char *option, size_t directions)
{
    if (q->from.count != 1 || q->to.count != 1 || q->direction.count > directions)
        die("%s needs one format for -f and one for -t%s", option,
            directions == 1 ? ", and at most one direction" : "");
}

/* What the reference rounds into on the way. */
static void complete_steps(struct verify_request *q)
{
    size_t most = HU_STEPS_MAX - (q->result != NULL), n = 0;
    if (q->via.count > most)
        die("--via: at most %zu format%s here", most, plural(most));
    for (; n < q->via.count; n++)
        q->promise.step[n] = q->via.at[n];
    if (!q->result)
        return;
    check_one_pair(q, "--result-format", DIRECTIONS);
    if (q->result->width <= q->to.at[0]->width)
        die("--result-format: %s is not wider than %s", q->result->name, q->to.at[0]->name);
    q->promise.step[n] = q->to.at[0];
    q->promise.last_step_is_result = true;
    q->to.at[0] = q->result;
}

static void complete_nan(struct verify_request *q)
{
    char message[HU_MESSAGE];
    if (!q->nan_to)
        return;
    const struct hu_format *to = q->to.count == 1 ? q->to.at[0] : NULL;
    if (!to || hu_has_nan(to))
        die(to ? "--nan-to: %s has a NaN of its own" : "--nan-to needs one format for -t",
            to ? to->name : "");
    q->promise.has_nan_code = true;
    if (!hu_bits_read(to, q->nan_to, strlen(q->nan_to), &q->promise.nan_code, message))
        die("--nan-to: %s", message);
}

static void check_lists(const struct verify_request *q)
{
    for (size_t f = 0; f < q->from.count; f++)
        for (size_t t = 0; t < q->to.count; t++)
            if (!hu_runs_can_list(q->to.at[t], q->from.at[f], &q->promise))
                die("%s to %s: with --via or --result-format, one of the formats on the way must "
                    "have at most %d bits",
                    q->from.at[f]->name, q->to.at[t]->name, HU_NARROW_WIDTH);
}

/* Operands of at most 8 bits are tried in moments; 16 bits take their minute when asked for. */
static void complete_operation_formats(struct verify_request *q)
{
    enum { STANDARD_OPERANDS = 8 };
    if (q->from.count)
        return;
    for (size_t i = 0; i < hu_format_count(); i++)
        if (hu_format_at(i)->width <= STANDARD_OPERANDS)
            q->from.at[q->from.count++] = hu_format_at(i);
}

static void complete_lists(struct verify_request *q, const char *directions)
{
    if (!q->direction.count)
        direction_list_read(&q->direction, directions);
    if (!q->kernels && !q->against && !q->vectors)
        add_kernel(hu_kernel_name(hu_kernel_chosen()), q);
}

static void complete_operations(struct verify_request *q)
{
    bool other = q->against || q->vectors;
    if (q->via.count > 1 || q->result || q->nan_to || q->promise.saturate_finite)
        die("--op takes one format for --via; --result-format, --nan-to and "
            "--saturate=finite are for conversions");
    for (size_t i = 0; q->unfused && i < q->operations.count; i++)
        if (q->operations.at[i] != HU_OP_FMA)
            die("--unfused is of fma, and %s is one operation",
                hu_operation_row(q->operations.at[i])->name);
    bool one = q->operations.count == 1 && q->from.count == 1 && q->to.count <= 1;
    if (other && (!one || (q->vectors && q->direction.count > 1)))
        die("%s needs one operation, one format for -f%s", q->against ? "--against" : "--vectors",
            q->vectors ? " and at most one direction" : "");
    complete_operation_formats(q);
    complete_lists(q, "rne");
}

void verify_request_complete(struct verify_request *q, const struct options *o)
{
    const char *other = q->against ? "--against" : q->vectors ? "--vectors" : NULL;
    if (q->blocks.count) {
        EXCLUDE(o, "block formats", "from", "op", "nan-rule", "kernel", "shard", "saturate", "via",
                "unfused", "nan-to", "result-format", "tininess", "nan", "subnormals", "no-flags",
                "every-flag", "covers", "show", "in-place");
        if (q->to.count)
            die("block formats go alone, and %s is none", q->to.at[0]->name);
        return;
    }
    EXCLUDE(o, "formats that are no blocks", "rule", "which-rule", "decoder", "no-saturate");
    if (!q->operations.count)
        EXCLUDE(o, "conversions", "nan-rule", "unfused");
    if (!q->against)
        EXCLUDE(o, "what is tried without --against", "timeout", "in-place");
    if (q->vectors)
        EXCLUDE(o, "--vectors", "covers", "every-flag");
    if (q->against && q->vectors)
        die("--against and --vectors exclude each other");
    if (other && q->kernels)
        die("--kernel picks kernels of ours; it does not go with %s", other);
    if (q->vectors && q->shards)
        die("--shard does not go with --vectors: split the file instead");
    if (other && !option_given(o, "nan"))
        q->promise.any_nan = true;
    q->standard = !q->operations.count && !other && !q->from.count && !q->to.count &&
                  !q->direction.count && !q->kernels;
    if (q->count == VERIFY_UNSET)
        q->count = q->standard ? STANDARD_DRAWS : USUAL_DRAWS;
    if (q->operations.count) {
        complete_operations(q);
        return;
    }
    if (other)
        check_one_pair(q, other, q->against ? DIRECTIONS : 1);
    if (!q->from.count)
        formats_read("all", &q->from);
    if (!q->to.count)
        formats_read("all", &q->to);
    complete_lists(q, q->standard ? "all" : "rne");
    complete_nan(q);
    complete_steps(q);
    if (!q->vectors)
        check_lists(q);
}
