#include "room.h"
#include "arguments.h"
#include "option_values.h"
#include "progress.h"
#include "pool.h"
#include "verify/block_vectors.h"
#include "verify/vectors.h"

struct request {
    struct format_list from, to;
    struct block_list blocks; /* in place of both */
    enum hu_scale_rule rule;
    struct direction_list direction;
    struct operation_list operations; /* none: a conversion */
    enum hu_nan_rule nan_rule;
    struct hu_promise promise;
    uint64_t level, count, seed;
};

static bool read_targets(const struct options *o, void *request)
{
    struct request *q = request;
    return targets_read(o->value, &q->to, &q->blocks);
}

#define REQUEST struct request
static const struct command_option rows[] = {
    {"op", 0, "NAME", "of this operation: add, sub, mul, div, fma, sqrt, rem, …", "@operations",
     OPERATIONS(operations)},
    {"from", 'f', "FORMAT", "source format", "@formats", FORMATS(from)},
    {"to", 't', "FORMAT",
     "target format, or a block format; with --op that of the operands if it is left out",
     "@dtypes", OWN(read_targets)},
    OPTION_RULE(rule),
    OPTION_NAN_RULE(nan_rule),
    {"round", 'r', "DIR", "rounding direction: rne (default), rna, rtz, rup, rdn, rto", "@rounds",
     DIRECTIONS_OF(direction)},
    {"level", 0, "1|2",
     "1: the ends of the target's binades (default); 2: every boundary, on both sides", "1 2",
     COUNT(level, 1, 2)},
    {"count", 0, "N", "so many: picked evenly from the level's, or seeded draws besides", NULL,
     COUNT(count, 1, UINT64_C(1) << 48)},
    {"seed", 0, "N", "the seed of the draws (default: 1)", NULL, COUNT(seed, 0, UINT64_MAX)},
    OPTION_SATURATE(promise.options.saturate),
    OPTION_TININESS(promise.options.tininess_before),
    OPTION_HELP,
    OPTION_END,
};

static bool write_out(void *context, const char *text, size_t length)
{
    (void)context;
    const char *end = memchr(text, '\n', length);
    if (end) /* lines of blocks are not of one length, but nearly */
        progress_add(length / (size_t)(end + 1 - text));
    return fwrite(text, 1, length, stdout) == length;
}

static void finish(uint64_t written, uint64_t due)
{
    progress_end();
    check_memory(written == due || ferror(stdout) ? stdout : NULL);
}

static void write_operation(const struct request *q, const struct hu_promise *promise)
{
    if (q->operations.count != 1 || q->from.count != 1 || q->to.count > 1 || q->blocks.count ||
        q->direction.count > 1)
        die("needs one operation, one format for -f, and at most one for -t "
            "and one direction");
    const struct hu_format *from = q->from.at[0], *to = q->to.count ? q->to.at[0] : from;
    struct hu_question question =
        hu_question_of(q->operations.at[0], to, from, promise, q->nan_rule);
    struct hu_vectors_options options = {(int)q->level, q->count, q->seed};
    uint64_t due = q->count ? q->count : hu_operation_vectors_set(&question, options.level);
    progress_begin("vectors", "lines", due);
    finish(hu_operation_vectors_write(&question, &options, hu_pool_processors(), write_out, NULL),
           due);
}

static void write_blocks(const struct request *q, const struct hu_promise *promise)
{
    const struct hu_block *b = q->blocks.at[0];
    enum { USUAL = 1000 };
    if (q->blocks.count != 1 || q->to.count || q->direction.count > 1 ||
        (q->from.count && q->from.at[0] != hu_format_find("fp32")))
        die("vectors of blocks are of one block format, from fp32, in one "
            "direction");
    if (q->rule && !hu_block_has_rules(b))
        die("--rule is for scales that are powers of two, which %s has not", b->name);
    if (!hu_block_vector_sources(b))
        die("%s has no vectors: its blocks are decoded only, large, or in parts", b->name);
    struct hu_block_question question = {.block = b, .options = {.rule = q->rule}, .seed = q->seed};
    question.options.elements.saturate = true;
    question.options.elements.direction = promise->options.direction;
    uint64_t due = q->count ? q->count : USUAL;
    progress_begin("vectors", "lines", due);
    finish(hu_block_vectors_write(&question, due, write_out, NULL), due);
}

static void write_vectors(const struct request *q)
{
    struct hu_promise promise = q->promise;
    if (q->direction.count)
        promise.options.direction = q->direction.direction[0];
    if (q->operations.count || q->blocks.count) {
        (q->operations.count ? write_operation : write_blocks)(q, &promise);
        return;
    }
    if (q->from.count != 1 || q->to.count != 1 || q->direction.count > 1)
        die("needs one format for -f, one for -t, and at most one direction");
    struct hu_runs *runs =
        check_memory(hu_runs_new(q->to.at[0], q->from.at[0], &promise, hu_pool_processors()));
    if (runs->refuted)
        die("MPFR contradicts the boundaries worked out for this pair");
    struct hu_vectors_options options = {(int)q->level, q->count, q->seed};
    progress_begin("vectors", "lines", q->count ? q->count : hu_vectors_set(runs, options.level));
    uint64_t written = hu_vectors_write(runs, &options, write_out, NULL);
    progress_end();
    hu_runs_free(runs);
    if (written < q->count && !ferror(stdout))
        note("%" PRIu64 " distinct vectors is all there are at boundaries and between", written);
}

static void begin(void *request)
{
    *(struct request *)request = (struct request){.level = 1, .seed = 1};
}

static int run(const struct options *o, void *request)
{
    const struct request *q = request;
    if (o->argc)
        die("takes no argument: '%s'", o->argv[0]);
    if (!q->operations.count)
        EXCLUDE(o, "conversions", "nan-rule");
    if (!q->count && !q->blocks.count && option_given(o, "seed"))
        die("--seed is that of draws, for which --count asks");
    if (q->blocks.count)
        EXCLUDE(o, "block formats", "level", "saturate", "tininess");
    else
        EXCLUDE(o, "targets that are no block formats", "rule");
    write_vectors(q);
    return EXIT_DONE;
}

const struct command cmd_vectors = {
    .name = "vectors",
    .usage = "[--op NAME] -f FORMAT -t FORMAT [-r DIR] [--level 1|2] [--count N] [--seed N]",
    .summary = "write test vectors: sources at the boundaries, results and flags",
    .details =
        "A line a vector, as TestFloat writes them: source, result and flags in hexadecimal. The\n"
        "flags are TestFloat's bits: inexact 1, underflow 2, overflow 4, division by zero 8, "
        "invalid\n"
        "16. Each source stands once, in rising order of encodings.\n\n"
        "With --op a line has the operation's operands: every combination of edges, then directed\n"
        "draws, whose results lie at a boundary, halfway or near it.\n\n"
        "Of a block format a line is a block: its sources as fp32's encodings, the tensor's scale\n"
        "where there is one, the block's scale where it lies apart, and the bytes of its codes.\n\n"
        "  halfulp vectors --op mul -f fp32 --level 2 >f32_mul.txt\n"
        "  halfulp vectors -f fp32 -t fp16 --level 2 >f32_to_f16.txt\n"
        "  halfulp vectors -f fp64 -t bf16 -r rtz | halfulp verify -f fp64 -t bf16 -r rtz "
        "--vectors -",
    .options = rows,
    .request = sizeof(REQUEST),
    .begin = begin,
    .run = run,
};
