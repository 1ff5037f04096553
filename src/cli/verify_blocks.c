/* Block formats on trial: our encoders and decoders, or a library's, against the rationals. */
#include "room.h"
#include "progress.h"
#include "verify.h"
#include "verify/block_vectors.h"

#include <dlfcn.h>

/* Blocks tried where no --count says otherwise. */
enum { USUAL = 2000 };

struct trial {
    const struct verify_request *q;
    struct hu_block_trial of;
    double seconds;
};

static struct trial trial_of(const struct verify_request *q, const struct hu_block *b,
                             const struct hu_block_options *options, void *symbol)
{
    struct hu_block_question question = {
        .block = b, .ignore = q->promise.ignore, .seed = q->seed, .decodes = !options};
    if (options)
        question.options = *options;
    return (struct trial){q,
                          {.question = question,
                           .symbol = symbol,
                           .count = q->count == VERIFY_UNSET ? USUAL : q->count,
                           .timeout = q->timeout,
                           .stop_after = q->stop_after,
                           .jobs = q->jobs,
                           .cancel = verify_interrupted(),
                           .progress = progress_add},
                          0};
}

static void run_trial(struct trial *r)
{
    double began = seconds_now();
    check_memory(hu_block_trial_run(&r->of) ? r : NULL);
    r->seconds = seconds_now() - began;
}

static bool passed(const struct trial *r)
{
    return !r->of.mismatches && !*r->of.ending;
}

/* What blocks that are wrong are like, in words, in JSON, and as --ignore leaves them aside. */
static const struct {
    const char *words, *key, *ignore;
    unsigned bit;
} kinds[HU_BLOCK_KINDS] = {
    [HU_BLOCK_WITH_NAN] = {"with a NaN", "nan", "nan", HU_IGNORE_NAN},
    [HU_BLOCK_WITH_INFINITY] = {"with an infinity", "infinity", "inf", HU_IGNORE_INFINITY},
    [HU_BLOCK_OF_ZEROS] = {"of zeros alone, by their scale", "zeros", "zero-scale",
                           HU_IGNORE_ZERO_SCALE},
    [HU_BLOCK_ZERO_SIGN] = {"by a zero's sign alone", "zero_sign", "zero-sign",
                            HU_IGNORE_ZERO_SIGN},
    [HU_BLOCK_SUBNORMAL_SCALE] = {"due a subnormal scale", "subnormal_scale", NULL, 0},
    [HU_BLOCK_OTHER] = {"of other numbers", "other", NULL, 0},
};

static json_t *wrong_json(const struct hu_block_trial *t)
{
    json_t *wrong = check_memory(json_object());
    for (size_t i = 0; i < HU_BLOCK_KINDS; i++)
        if (t->wrong[i])
            json_object_set_new(wrong, kinds[i].key, json_count(t->wrong[i]));
    return wrong;
}

static void print_wrong(const struct hu_block_trial *t)
{
    const char *before = "  wrong:";
    for (size_t i = 0; i < HU_BLOCK_KINDS; i++)
        if (t->wrong[i]) {
            printf("%s %" PRIu64 " %s", before, t->wrong[i], kinds[i].words);
            before = ",";
        }
    if (*before == ',')
        putchar('\n');
}

static const char *rule_of(const struct trial *r)
{
    return hu_scale_rule_name(r->of.question.options.rule ? r->of.question.options.rule
                                                          : r->of.question.block->rule);
}

static void report(const struct trial *r, struct verify_tally *tally)
{
    const struct verify_request *q = r->q;
    verify_count(tally, r->of.blocks, r->of.mismatches, *r->of.ending, !passed(r));
    bool encodes = !r->of.question.decodes;
    const char *what = encodes ? "encode" : "decode";
    const char *who = q->vectors   ? q->vectors
                      : q->against ? q->against
                                   : hu_kernel_name(hu_kernel_chosen());
    const char *direction = hu_direction_name(r->of.question.options.elements.direction);
    if (q->json) {
        json_add(tally->rows,
                 JSON({"block", json_string(r->of.question.block->name)},
                      {"work", json_string(what)},
                      {"rule", JSON_IF(encodes, json_string(rule_of(r)))},
                      {"round", JSON_IF(encodes, json_string(direction))},
                      {"subject", json_string(who)}, {"blocks", json_count(r->of.blocks)},
                      {"mismatches", JSON_IF(!*r->of.ending, json_count(r->of.mismatches))},
                      {"wrong", wrong_json(&r->of)}, {"passed", json_boolean(passed(r))},
                      {"first", JSON_IF(*r->of.first, json_string(r->of.first))},
                      {"crashed", json_boolean(*r->of.ending)}, {"seconds", json_real(r->seconds)},
                      {"stopped", verify_ending_json(*r->of.ending ? r->of.ending : NULL)}));
        return;
    }
    progress_hide();
    printf("%-16s %-6s %-10s %-4s %-10s %12" PRIu64 " blocks  ", r->of.question.block->name, what,
           encodes ? rule_of(r) : "", encodes ? direction : "", who, r->of.blocks);
    if (*r->of.ending)
        printf("%s\n", r->of.ending);
    else if (r->of.mismatches)
        printf("%" PRIu64 " wrong\n  %s\n", r->of.mismatches, r->of.first);
    else
        puts("all right");
    if (!*r->of.ending)
        print_wrong(&r->of);
    fflush(stdout);
}

/* All ways in which B is asked for: decoding, and encoding by each rule in each direction. */
static void each_trial(const struct verify_request *q, struct verify_tally *tally,
                       const struct hu_block *b, void *symbol)
{
    if (!q->against || q->decoder) {
        struct trial decode = trial_of(q, b, NULL, symbol);
        run_trial(&decode);
        report(&decode, tally);
    }
    if (!hu_block_encodes(b) || (q->against && q->decoder))
        return;
    for (size_t d = 0; d < q->direction.count; d++)
        for (int rule = HU_SCALE_DEFAULT; rule <= HU_SCALE_EVEN; rule++) {
            if (!(q->rules >> rule & 1) || (rule && !hu_block_has_rules(b)))
                continue;
            struct hu_block_options options = {
                (enum hu_scale_rule)rule,
                {.direction = q->direction.direction[d], .saturate = !q->no_saturate}};
            struct trial r = trial_of(q, b, &options, symbol);
            run_trial(&r);
            report(&r, tally);
        }
}

static bool is_nearer(const struct hu_block_trial *a, const struct hu_block_trial *b)
{
    return a->scale_mismatches < b->scale_mismatches ||
           (a->scale_mismatches == b->scale_mismatches && a->mismatches < b->mismatches);
}

/* Whether R passes once what is wrong is left aside by --ignore. */
static bool passes_without(const struct trial *r)
{
    struct trial again = *r;
    for (size_t i = 0; i < HU_BLOCK_KINDS; i++)
        if (r->of.wrong[i] && !kinds[i].bit)
            return false;
        else if (r->of.wrong[i])
            again.of.question.ignore |= kinds[i].bit;
    again.of.blocks = again.of.mismatches = again.of.scale_mismatches = 0;
    run_trial(&again);
    return passed(&again);
}

/* Which rule and direction a library's encoder follows: those with the fewest blocks wrong, its
 * scales first. */
static void find_rule(const struct verify_request *q, struct verify_tally *tally,
                      const struct hu_block *b, void *symbol)
{
    struct trial best = {.of = {.mismatches = UINT64_MAX, .scale_mismatches = UINT64_MAX}};
    int last = hu_block_has_rules(b) ? HU_SCALE_EVEN : HU_SCALE_DEFAULT;
    for (int rule = last ? HU_SCALE_FLOOR : HU_SCALE_DEFAULT; rule <= last; rule++)
        for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD && !*best.of.ending; d++)
            for (int saturate = 1; saturate >= 0; saturate--) {
                struct hu_block_options options = {
                    (enum hu_scale_rule)rule,
                    {.direction = (enum hu_direction)d, .saturate = saturate}};
                struct trial r = trial_of(q, b, &options, symbol);
                run_trial(&r);
                if (*r.of.ending || is_nearer(&r.of, &best.of))
                    best = r;
            }
    report(&best, tally);
    if (q->json || *best.of.ending)
        return;
    const struct hu_options *elements = &best.of.question.options.elements;
    bool follows = passed(&best) || passes_without(&best);
    printf("%s %s %s, %s%s", q->against, follows ? "follows" : "is nearest to", rule_of(&best),
           hu_direction_name(elements->direction), elements->saturate ? ", saturating" : "");
    const char *before = ", with --ignore ";
    for (size_t i = 0; follows && i < HU_BLOCK_KINDS; i++)
        if (best.of.wrong[i]) {
            printf("%s%s", before, kinds[i].ignore);
            before = ",";
        }
    puts(best.of.scale_mismatches || follows ? "" : "; its scales are those of the rule");
}

static void *open_symbol(const struct verify_request *q)
{
    OWNED char *path = NULL, *name = NULL;
    verify_split_against(q, &path, &name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, name) : NULL;
    if (!symbol)
        die("--against: %s", dlerror());
    return symbol;
}

/* Lines, none of which may be anything else than a vector, by R. */
static void judge_lines(struct trial *r, FILE *stream, const char *name)
{
    struct hu_reference *ref = check_memory(hu_reference_new());
    OWNED char *line = NULL;
    char message[HU_BLOCK_LINE_MESSAGE];
    size_t size = 0;
    enum hu_block_line found = HU_BLOCK_RIGHT;
    while (found != HU_BLOCK_MALFORMED && !atomic_load(verify_interrupted()) &&
           !(r->of.stop_after && r->of.mismatches >= r->of.stop_after) &&
           getline(&line, &size, stream) > 0) {
        struct hu_block_trial *t = &r->of;
        found = hu_block_vector_judge(ref, &t->question, line, message);
        t->blocks++;
        t->mismatches += found == HU_BLOCK_WRONG;
        if (found == HU_BLOCK_WRONG && !*t->first)
            snprintf(t->first, sizeof t->first, "line %" PRIu64 ": %s", t->blocks, message);
        progress_add(1);
    }
    hu_reference_free(ref);
    if (found == HU_BLOCK_MALFORMED)
        die("%s: line %" PRIu64 ": %s", name, r->of.blocks, message);
    if (!r->of.blocks)
        die("%s: there is no vector in it", name);
}

/* Recorded blocks, encoded by one rule in one direction. */
static void check_lines(const struct verify_request *q, struct verify_tally *tally,
                        const struct hu_block *b)
{
    int rule = q->rules ? __builtin_ctz(q->rules) : HU_SCALE_DEFAULT;
    struct hu_block_options options = {
        (enum hu_scale_rule)rule,
        {.direction = q->direction.direction[0], .saturate = !q->no_saturate}};
    if (q->blocks.count != 1 || q->direction.count > 1 || q->rules & (q->rules - 1) || q->against)
        die("--vectors wants one block format, rule and direction");
    if (!hu_block_vector_sources(b))
        die("%s has no vectors: its blocks are decoded only, large, or in parts", b->name);
    FILE *stream = verify_open_vectors(q);
    struct trial r = trial_of(q, b, &options, NULL);
    double began = seconds_now();
    progress_begin("verify", "lines", 0);
    judge_lines(&r, stream, verify_vectors_name(q));
    r.seconds = seconds_now() - began;
    fclose(stream);
    report(&r, tally);
}

void verify_blocks(struct verify_request *q, struct verify_tally *tally)
{
    if (!q->direction.count)
        q->direction = (struct direction_list){{HU_TIES_TO_EVEN}, 1};
    if (q->vectors) {
        check_lines(q, tally, q->blocks.at[0]);
        return;
    }
    if (q->which_rule && (!q->against || q->decoder))
        die("--which-rule is asked of an encoder: --against LIB.so:SYMBOL");
    if (q->against && q->blocks.count != 1)
        die("--against wants one block format");
    const struct hu_block *first = q->blocks.at[0];
    if (q->against &&
        (q->decoder ? hu_block_more_bytes(first, 256, 256) : !hu_block_encodes(first)))
        die("%s has no such function here", first->name);
    void *symbol = q->against ? open_symbol(q) : NULL;
    if (!q->rules)
        q->rules = 1;
    progress_begin("verify", "blocks", 0);
    for (size_t i = 0; i < q->blocks.count && !atomic_load(verify_interrupted()); i++)
        (q->which_rule ? find_rule : each_trial)(q, tally, q->blocks.at[i], symbol);
}
