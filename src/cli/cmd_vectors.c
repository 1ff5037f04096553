#include "arguments.h"
#include "lists.h"
#include "operation_list.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "text.h"
#include "pool.h"
#include "verify/operation_vectors.h"
#include "verify/vectors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_LEVEL = KEY_OWN, KEY_COUNT, KEY_SEED, KEY_TININESS, KEY_OPERATION, KEY_NAN_RULE };

static const struct command_option rows[] = {
    {"op", KEY_OPERATION, "NAME", "of this operation: add, sub, mul, div, fma, sqrt, rem, …",
     "add sub mul div fma sqrt rem"},
    {"from", 'f', "FORMAT", "source format", "@formats"},
    {"to", 't', "FORMAT", "target format; with --op that of the operands if it is left out",
     "@formats"},
    {"nan-rule", KEY_NAN_RULE, "RULE", "whose NaN an operation gives, as for verify",
     "first last signaling greatest canonical x86 x87 arm ptx"},
    OPTION_ROUND,
    {"level", KEY_LEVEL, "1|2",
     "1: the ends of the target's binades (default); 2: every boundary, on both sides", "1 2"},
    {"count", KEY_COUNT, "N", "so many: picked evenly from the level's, or seeded draws besides",
     NULL},
    {"seed", KEY_SEED, "N", "the seed of the draws (default: 1)", NULL},
    OPTION_SATURATE,
    {"tininess", KEY_TININESS, "WHEN", "tininess is detected after (default) or before rounding",
     "after before"},
    OPTION_HELP,
    OPTION_END,
};

struct request {
    const char *command;
    struct format_list from, to;
    struct direction_list direction;
    struct operation_list operations; /* none: a conversion */
    enum hu_nan_rule nan_rule;
    struct hu_promise promise;
    uint64_t level, count, seed;
};

static bool read_tininess(struct request *q, const char *text)
{
    q->promise.options.tininess_before = !strcmp(text, "before");
    if (q->promise.options.tininess_before || !strcmp(text, "after"))
        return true;
    fail(q->command, "--tininess: '%s' is none of: after before", text);
    return false;
}

static bool read_option(struct request *q, int key, const char *value)
{
    switch (key) {
    case 'f':
        return formats_read(q->command, value, &q->from);
    case 't':
        return formats_read(q->command, value, &q->to);
    case 'r':
        return direction_list_read(&q->direction, value, q->command);
    case KEY_OPERATION:
        return operation_list_read(&q->operations, value, q->command);
    case KEY_NAN_RULE:
        return nan_rule_read(&q->nan_rule, value, q->command);
    case KEY_LEVEL:
        return count_read(&q->level, value, 1, 2, "level", q->command);
    case KEY_COUNT:
        return count_read(&q->count, value, 1, UINT64_C(1) << 48, "count", q->command);
    case KEY_SEED:
        return count_read(&q->seed, value, 0, UINT64_MAX, "seed", q->command);
    case KEY_SATURATE:
        return q->promise.options.saturate = true;
    default:
        return read_tininess(q, value);
    }
}

static bool write_out(void *context, const char *text, size_t length)
{
    (void)context;
    size_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    progress_add(lines);
    return fwrite(text, 1, length, stdout) == length;
}

static int write_operation(const struct request *q, const struct hu_promise *promise)
{
    const struct hu_format *from = q->from.at[0], *to = q->to.count ? q->to.at[0] : from;
    struct hu_question question =
        hu_question_of(q->operations.at[0], to, from, promise, q->nan_rule);
    struct hu_vectors_options options = {(int)q->level, q->count, q->seed};
    uint64_t due = q->count ? q->count : hu_operation_vectors_set(&question, options.level);
    progress_begin("vectors", "lines", due);
    uint64_t written =
        hu_operation_vectors_write(&question, &options, hu_pool_processors(), write_out, NULL);
    progress_end();
    check_memory(written == due || ferror(stdout) ? &question : NULL);
    return EXIT_DONE;
}

static int write_vectors(const struct request *q)
{
    if (q->operations.count) {
        struct hu_promise promise = q->promise;
        if (q->operations.count != 1 || q->from.count != 1 || q->to.count > 1 ||
            q->direction.count > 1)
            return fail(q->command,
                        "needs one operation, one format for -f, and at most one for -t "
                        "and one direction");
        if (q->direction.count)
            promise.options.direction = q->direction.direction[0];
        return write_operation(q, &promise);
    }
    if (q->from.count != 1 || q->to.count != 1 || q->direction.count > 1)
        return fail(q->command, "needs one format for -f, one for -t, and at most one direction");
    struct hu_promise promise = q->promise;
    if (q->direction.count)
        promise.options.direction = q->direction.direction[0];
    struct hu_runs *runs =
        check_memory(hu_runs_new(q->to.at[0], q->from.at[0], &promise, hu_pool_processors()));
    if (runs->refuted) {
        hu_runs_free(runs);
        return fail(q->command, "MPFR contradicts the boundaries worked out for this pair");
    }
    struct hu_vectors_options options = {(int)q->level, q->count, q->seed};
    progress_begin("vectors", "lines", q->count ? q->count : hu_vectors_set(runs, options.level));
    uint64_t written = hu_vectors_write(runs, &options, write_out, NULL);
    progress_end();
    hu_runs_free(runs);
    if (written < q->count && !ferror(stdout))
        note("%" PRIu64 " distinct vectors is all there are at boundaries and between", written);
    return EXIT_DONE;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct request q = {.command = self->name, .level = 1, .seed = 1};
    struct options o;
    int key, status = EXIT_BAD;
    bool good = true;
    options_begin(&o, self, argc, argv);
    while (good && (key = option_next(&o)) >= 0)
        good = read_option(&q, key, o.value);
    if (good && key == OPTION_EXIT)
        status = o.status;
    else if (good && o.argc)
        status = fail(self->name, "takes no argument: '%s'", o.argv[0]);
    else if (good)
        status = write_vectors(&q);
    return status;
}

const struct command cmd_vectors = {
    .name = "vectors",
    .usage = "[--op NAME] -f FORMAT -t FORMAT [-r DIR] [--level 1|2] [--count N] [--seed S]",
    .summary = "write test vectors: sources at the boundaries, results and flags",
    .details =
        "A line a vector, as TestFloat writes them: source, result and flags in hexadecimal. The\n"
        "flags are TestFloat's bits: inexact 1, underflow 2, overflow 4, division by zero 8, "
        "invalid\n"
        "16. Each source stands once, in rising order of encodings.\n\n"
        "With --op a line has the operation's operands: every combination of edges, then directed\n"
        "draws, whose results lie at a boundary, halfway or near it.\n\n"
        "  halfulp vectors --op mul -f fp32 --level 2 >f32_mul.txt\n"
        "  halfulp vectors -f fp32 -t fp16 --level 2 >f32_to_f16.txt\n"
        "  halfulp vectors -f fp64 -t bf16 -r rtz | halfulp verify -f fp64 -t bf16 -r rtz "
        "--vectors -",
    .options = rows,
    .run = run,
};
