#include "room.h"
#include "folding.h"
#include "options.h"
#include "progress.h"
#include "verify.h"
#include "pool.h"

static void print_total(const struct verify_request *q, const struct verify_tally *tally)
{
    printf(
        "\n%s combination%s, %s%s failed, %s input%s, %s mismatch%s, %.2f s, %" PRIu64 " job%s\n",
        GROUPED(tally->combinations), plural(tally->combinations),
        tally->cut ? "the last cut short, " : "", tally->failed ? GROUPED(tally->failed) : "none",
        GROUPED(tally->inputs), plural(tally->inputs),
        tally->crashed      ? "an unknown number of"
        : tally->mismatches ? GROUPED(tally->mismatches)
                            : "no",
        tally->mismatches == 1 && !tally->crashed ? "" : "es", seconds_now() - tally->began,
        q->jobs, plural(q->jobs));
    if (q->standard)
        puts(
            "Covered: sources of at most 16 bits to every format in every direction; fp64, fp32 "
            "and\n"
            "tf32 to the narrower of fp32, tf32, bf16, fp16, fp8_e5m2 and fp8_e4m3 in rne; by the\n"
            "best kernel. -f, -t, -r all and --kernel all cover the rest.");
}

static int finish(const struct verify_request *q, struct verify_tally *tally)
{
    progress_end();
    if (q->json)
        json_print(JSON({"combinations", tally->rows}, {"count", json_count(tally->combinations)},
                        {"inputs", json_count(tally->inputs)},
                        {"mismatches", JSON_IF(!tally->crashed, json_count(tally->mismatches))},
                        {"seconds", json_real(seconds_now() - tally->began)},
                        {"jobs", json_count(q->jobs)},
                        {"shard", JSON_IF(q->shards, json_count(q->shard))},
                        {"shards", JSON_IF(q->shards, json_count(q->shards))},
                        {"passed", json_boolean(!tally->failed && !tally->cut)}));
    else
        print_total(q, tally);
    return tally->failed || tally->cut ? EXIT_NO : EXIT_DONE;
}

static int verify(struct verify_request *q, const struct options *o)
{
    struct verify_tally tally = {.began = seconds_now()};
    verify_request_complete(q, o);
    verify_watch_interruption();
    if (q->json)
        tally.rows = json_list();
    else
        folding_begin();
    (q->blocks.count       ? verify_blocks
     : q->operations.count ? verify_operations
     : q->vectors          ? verify_vectors
     : q->against          ? verify_against
                           : verify_kernels)(q, &tally);
    return verify_end(finish(q, &tally));
}

static void begin(void *request)
{
    *(struct verify_request *)request = (struct verify_request){
        .jobs = hu_pool_processors(), .count = VERIFY_UNSET, .seed = 1, .timeout = 10, .shown = 8};
}

static int run(const struct options *o, void *request)
{
    struct verify_request *q = request;
    if (q->merges && !o->argc)
        die("--merge needs the files that --shard --json printed");
    if (q->merges) {
        EXCLUDE(o, "--merge", "from", "to", "round", "op", "kernel", "jobs", "shard", "against",
                "vectors", "rule");
        return verify_merge(o->argv, o->argc, q->json);
    }
    if (o->argc)
        die("takes no argument: '%s'", o->argv[0]);
    return verify(q, o);
}

const struct command cmd_verify = {
    .name = "verify",
    .usage = "[--op LIST|all] [-f LIST] [-t LIST] [-r LIST|all] [--kernel LIST|all] [OPTION…]\n"
             "       halfulp verify --merge FILE… [--json]",
    .summary = "prove conversions and operations against MPFR, ours, a library's or recorded ones",
    .details =
        "Every source of at most 32 bits is tried over all of its encodings; a wider one at every\n"
        "boundary of the target with its neighbours, and on seeded draws. What goes wrong is told "
        "as\n"
        "runs: the longest ranges of inputs that go wrong in one way. On failure the conventions "
        "of\n"
        "others are tried, and the one under which all inputs pass is named. Exit status 1: "
        "something\n"
        "did not match.\n\n"
        "With --op operations are tried: on all operands where they have at most 32 bits "
        "together,\n"
        "and otherwise on the combinations of edges and on directed draws, --count in all. "
        "--against\n"
        "calls as many arrays of operands as there are before the result; --vectors reads as many\n"
        "columns. -t is -f where it is left out.\n\n"
        "Arrays of --against are packed as everywhere: words of 1, 2, 4 or 8 bytes, tf32 at the "
        "top of\n"
        "4; codes of 6 and 4 bits fill bytes from the least significant bit, and take a byte each "
        "with\n"
        "the suffix _unpacked. Flags in --vectors are TestFloat's bits: inexact 1, underflow 2,\n"
        "overflow 4, division by zero 8, invalid 16.\n\n"
        "  halfulp verify -f fp32 -t fp16 -r all --kernel all\n"
        "  halfulp verify -f fp32 -t bf16 --against ./cast.so:to_bf16\n"
        "  halfulp verify -t mxfp4,nvfp4,q4_k -r all --rule all --count 100000\n"
        "  halfulp verify -t mxfp4 --against ./mx.so:quantize --which-rule\n"
        "  halfulp verify --op add,mul -f fp16\n"
        "  testfloat_gen f32_mulAdd | halfulp verify --op fma -f fp32 --vectors -\n"
        "  testfloat_gen … | my_conversion | halfulp verify -f fp32 -t fp16 --vectors -",
    .options = verify_options,
    .request = sizeof(struct verify_request),
    .begin = begin,
    .run = run,
};
