/* Block formats on trial: our encoders and decoders, or a library's, against the rationals. */
#include "progress.h"
#include "reference_block.h"
#include "report.h"
#include "text.h"
#include "verify.h"
#include "verify/random.h"
#include "verify_blocks.h"

#include "block/nested.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Blocks tried where no --count says otherwise, and in a call. */
enum { USUAL = 2000, CALL = 64 };

/* One tensor, in memory that a child shares. */
struct tensor {
    const struct hu_block *b;
    size_t rows, columns, codes_size, scales_size, more_size;
    float *values, *decoded;
    unsigned char *codes, *scales, *more, *expected_codes, *expected_scales;
    float second, expected_second;
};

/* What one row of the report says. */
struct trial {
    const struct verify_request *q;
    const struct hu_block *b;
    struct hu_block_options options;
    bool decodes;
    uint64_t blocks, mismatches, scale_mismatches;
    char ending[96]; /* how the function on trial came to its end; "": it returned */
    char first[160]; /* the first mismatch */
    double seconds;
};

static void *shared(size_t bytes)
{
    void *at = mmap(NULL, bytes + 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return check_memory(at == MAP_FAILED ? NULL : at);
}

static struct tensor tensor_of(const struct hu_block *b)
{
    struct tensor t = {.b = b};
    bool grouped = b->layout == HU_BLOCK_GPTQ || b->layout == HU_BLOCK_AWQ;
    size_t length = b->layout == HU_BLOCK_WHOLE ? b->elements : b->tile_columns;
    t.rows = grouped ? 32 : b->tile_rows ? b->tile_rows : 4;
    t.columns = !length ? 128 : length > 256 ? length : length * (t.rows > 1 ? 2 : CALL);
    t.codes_size = hu_block_bytes(b, t.rows, t.columns);
    t.scales_size = hu_block_scale_bytes(b, t.rows, t.columns);
    t.more_size = hu_block_more_bytes(b, t.rows, t.columns);
    t.values = shared(t.rows * t.columns * sizeof *t.values);
    t.decoded = shared(t.rows * t.columns * sizeof *t.decoded);
    t.codes = shared(t.codes_size);
    t.scales = shared(t.scales_size);
    t.more = shared(t.more_size);
    t.expected_codes = shared(t.codes_size);
    t.expected_scales = shared(t.scales_size);
    return t;
}

static void tensor_free(struct tensor *t)
{
    size_t n = t->rows * t->columns * sizeof *t->values;
    munmap(t->values, n + 64);
    munmap(t->decoded, n + 64);
    munmap(t->codes, t->codes_size + 64);
    munmap(t->scales, t->scales_size + 64);
    munmap(t->more, t->more_size + 64);
    munmap(t->expected_codes, t->codes_size + 64);
    munmap(t->expected_scales, t->scales_size + 64);
}

static size_t blocks_in(const struct tensor *t)
{
    size_t each = t->b->layout == HU_BLOCK_WHOLE ? t->b->elements
                  : t->b->tile_columns
                      ? (size_t)t->b->tile_columns * (t->b->tile_rows ? t->b->tile_rows : t->rows)
                      : t->columns;
    size_t n = t->rows * t->columns / each;
    return n ? n : 1;
}

/* Values of all kinds: of one binade and of many, ties, zeros, subnormals; now and then an infinity
 * or a NaN, unless those may give anything. */
static void draw(const struct verify_request *q, struct tensor *t, uint64_t number)
{
    uint64_t seed = q->seed ^ number << 20;
    size_t n = t->rows * t->columns, length = t->b->tile_columns == 16 ? 16 : 32;
    for (size_t i = 0; i < n; i++) {
        uint64_t kind = hu_draw(seed, i / length) % 16, random = hu_draw(~seed, i);
        int exponent = (int)(hu_draw(seed, i / length) >> 32) % 24;
        double u = (double)(random >> 11) * 0x1p-52 - 1;
        if (kind == 1 || kind == 2)
            u = (double)(int)(u * (kind == 1 ? 16 : 128)) / (kind == 1 ? 16 : 128);
        if (kind == 3)
            u = ldexp(u, -(int)(random % 24));
        if (kind == 4 || (kind == 5 && random % 4))
            u = random % 16 ? 0 : -0.0;
        if (kind == 6)
            exponent = (int)(hu_draw(seed, i / length) >> 40) % 260 - 140;
        if (kind == 7 && random % 64 == 1 && !(q->promise.ignore & HU_IGNORE_NAN))
            u = NAN;
        if (kind == 8 && random % 64 == 1 && !(q->promise.ignore & HU_IGNORE_INFINITY))
            u = INFINITY;
        t->values[i] = (float)ldexp(u, exponent);
    }
    /* A tensor's scale of one is what a function without it can have: the greatest is 448 · 6. */
    for (size_t i = 0; q->against && t->b->over == HU_OVER_TENSOR && i < n; i++)
        if (i == 0 || fabsf(t->values[i]) > 2688)
            t->values[i] = 2688;
}

static void fill(unsigned char *bytes, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)hu_draw(seed, i);
}

static struct hu_block_parts parts_of(const struct tensor *t, float second)
{
    return (struct hu_block_parts){.codes = t->codes,
                                   .scales = t->scales,
                                   .more = t->more,
                                   .tensor_scale = second,
                                   .nested = hu_block_nested_map()};
}

/* The subject's turn, ours or the library's. */
static void subject(const struct trial *r, struct tensor *t, void *symbol)
{
    typedef void encoder(const float *src, void *codes, void *scales, size_t n);
    typedef void decoder(const void *codes, const void *scales, float *dst, size_t n);
    size_t n = t->rows * t->columns;
    struct hu_block_parts parts = parts_of(t, t->second);
    if (symbol && r->decodes) {
        decoder *decode;
        memcpy(&decode, &symbol, sizeof decode);
        decode(t->codes, t->scales, t->decoded, n);
    } else if (symbol) {
        encoder *encode;
        memcpy(&encode, &symbol, sizeof encode);
        encode(t->values, t->codes, t->scales, n);
    } else if (r->decodes) {
        hu_block_decode_rows(hu_format_find("fp32"), t->decoded, t->b, &parts, t->rows, t->columns,
                             0, t->rows);
    } else {
        hu_block_encode(t->b, t->codes, t->scales, &t->second, hu_format_find("fp32"), t->values,
                        t->rows, t->columns, &r->options);
    }
}

/* In a child: what crashes or hangs there is a finding. False: it did; the trial says how. */
static bool subject_apart(struct trial *r, struct tensor *t, void *symbol)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)r->q->timeout);
        subject(r, t, symbol);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        snprintf(r->ending, sizeof r->ending, "no process for it");
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(r->ending, sizeof r->ending, "hangs (no answer in %" PRIu64 " s)", r->q->timeout);
    else if (WIFSIGNALED(status))
        snprintf(r->ending, sizeof r->ending, "crashes (%s)", strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        snprintf(r->ending, sizeof r->ending, "ends its process (exit status %d)",
                 WEXITSTATUS(status));
    return !*r->ending;
}

static void tell(struct trial *r, const char *what, size_t at, uint64_t got, uint64_t expected)
{
    if (!*r->first)
        snprintf(r->first, sizeof r->first, "%s %zu: got 0x%" PRIx64 ", expected 0x%" PRIx64, what,
                 at, got, expected);
}

static uint32_t word_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Every NaN is one; either zero is the other where that was asked for. */
static bool same_value(const struct trial *r, float got, uint32_t expected)
{
    uint32_t bits = word_of(got);
    bool zeros = !(bits & 0x7fffffff) && !(expected & 0x7fffffff);
    bool nans = got != got && (expected & 0x7fffffff) > 0x7f800000;
    return bits == expected || nans || (zeros && r->q->promise.ignore & HU_IGNORE_ZERO_SIGN);
}

static void judge_decoder(struct trial *r, struct hu_reference *ref, const struct tensor *t,
                          size_t blocks)
{
    struct hu_block_parts parts = parts_of(t, t->second);
    size_t n = t->rows * t->columns, each = n / blocks;
    for (size_t k = 0; k < blocks; k++) {
        bool wrong = false;
        for (size_t i = k * each; i < (k + 1) * each; i++) {
            uint32_t expected = (uint32_t)hu_reference_block_value(
                ref, hu_format_find("fp32"), t->b, &parts, t->rows, t->columns, i / t->columns,
                i % t->columns);
            if (same_value(r, t->decoded[i], expected))
                continue;
            tell(r, "element", (size_t)r->blocks * each + i, word_of(t->decoded[i]), expected);
            wrong = true;
        }
        r->mismatches += wrong;
    }
}

/* Whether byte I of the codes differs by more than the sign of a zero. */
static bool codes_differ(const struct trial *r, const struct tensor *t, size_t i)
{
    unsigned got = t->codes[i], expected = t->expected_codes[i];
    if (got == expected || t->b->codes != HU_CODES_FORMAT ||
        !(r->q->promise.ignore & HU_IGNORE_ZERO_SIGN))
        return got != expected;
    if (t->b->code_bits == 8)
        return (got & 0x7f) || (expected & 0x7f);
    for (int half = 0; t->b->code_bits == 4 && half < 8; half += 4) {
        unsigned a = got >> half & 15, b = expected >> half & 15;
        if (a != b && ((a & 7) || (b & 7)))
            return true;
    }
    return t->b->code_bits != 4;
}

static void judge_encoder(struct trial *r, const struct tensor *t, size_t blocks)
{
    size_t scale = t->scales_size / blocks, each = t->codes_size / blocks;
    for (size_t k = 0; k < blocks; k++) {
        bool zero = true, scales = false, codes = false;
        for (size_t i = k * each; i < (k + 1) * each; i++)
            zero &= !(t->expected_codes[i] & 0x77);
        bool free_scale = zero && r->q->promise.ignore & HU_IGNORE_ZERO_SCALE;
        for (size_t i = k * scale; i < (k + 1) * scale; i++)
            if (!free_scale && t->scales[i] != t->expected_scales[i]) {
                tell(r, "scales' byte", i, t->scales[i], t->expected_scales[i]);
                scales = true;
            }
        for (size_t i = k * each; i < (k + 1) * each; i++)
            if (codes_differ(r, t, i)) {
                tell(r, "codes' byte", i, t->codes[i], t->expected_codes[i]);
                codes = true;
            }
        r->mismatches += scales || codes;
        r->scale_mismatches += scales;
    }
}

static void run_trial(struct trial *r, void *symbol)
{
    struct tensor t = tensor_of(r->b);
    struct hu_reference *ref = check_memory(hu_reference_new());
    uint64_t count = r->q->count == VERIFY_UNSET ? USUAL : r->q->count;
    double began = verify_now();
    while (r->blocks < count && !atomic_load(verify_interrupted()) && !*r->ending) {
        size_t blocks = blocks_in(&t);
        t.second = r->decodes && r->b->over != HU_OVER_NONE && !symbol ? 0x1.23456p-7f : 1;
        if (r->decodes) {
            fill(t.codes, t.codes_size, r->q->seed + 3 * r->blocks);
            fill(t.scales, t.scales_size, r->q->seed + 3 * r->blocks + 1);
            fill(t.more, t.more_size, r->q->seed + 3 * r->blocks + 2);
        } else {
            draw(r->q, &t, r->blocks);
            memset(t.codes, 0, t.codes_size);
            memset(t.expected_codes, 0, t.codes_size);
            hu_reference_block_encode(ref, t.b, t.expected_codes, t.expected_scales,
                                      &t.expected_second, t.values, t.rows, t.columns, &r->options);
        }
        if (!symbol)
            subject(r, &t, NULL);
        else if (!subject_apart(r, &t, symbol))
            break;
        if (r->decodes)
            judge_decoder(r, ref, &t, blocks);
        else
            judge_encoder(r, &t, blocks);
        r->blocks += blocks;
        progress_add(blocks);
    }
    r->seconds = verify_now() - began;
    hu_reference_free(ref);
    tensor_free(&t);
}

static bool passed(const struct trial *r)
{
    return !r->mismatches && !*r->ending;
}

static const char *rule_of(const struct trial *r)
{
    return hu_scale_rule_name(r->options.rule ? r->options.rule : r->b->rule);
}

static void report(const struct trial *r, struct verify_tally *tally)
{
    const struct verify_request *q = r->q;
    tally->combinations++;
    tally->inputs += r->blocks;
    tally->mismatches += r->mismatches;
    tally->failed += !passed(r);
    tally->crashed |= *r->ending != 0;
    const char *what = r->decodes ? "decode" : "encode";
    const char *who = q->against ? q->against : hu_kernel_name(hu_kernel_chosen());
    const char *direction = hu_direction_name(r->options.elements.direction);
    if (q->json) {
        json_array_append_new(
            tally->rows,
            check_memory(json_pack(
                "{s:s, s:s, s:o, s:o, s:s, s:I, s:o, s:b, s:o, s:o, s:f}", "block", r->b->name,
                "work", what, "rule", r->decodes ? json_null() : json_string(rule_of(r)), "round",
                r->decodes ? json_null() : json_string(direction), "subject", who, "blocks",
                (json_int_t)r->blocks, "mismatches",
                *r->ending ? json_null() : json_integer((json_int_t)r->mismatches), "passed",
                passed(r), "first", *r->first ? json_string(r->first) : json_null(), "crashed",
                *r->ending ? json_string(r->ending) : json_null(), "seconds", r->seconds)));
        return;
    }
    progress_hide();
    printf("%-16s %-6s %-10s %-4s %-10s %12" PRIu64 " blocks  ", r->b->name, what,
           r->decodes ? "" : rule_of(r), r->decodes ? "" : direction, who, r->blocks);
    if (*r->ending)
        printf("%s\n", r->ending);
    else if (r->mismatches)
        printf("%" PRIu64 " wrong\n  %s\n", r->mismatches, r->first);
    else
        puts("all right");
    fflush(stdout);
}

/* All ways in which B is asked for: decoding, and encoding by each rule in each direction. */
static void each_trial(const struct verify_request *q, struct verify_tally *tally,
                       const struct hu_block *b, void *symbol)
{
    struct trial decode = {.q = q, .b = b, .decodes = true};
    if (!q->against || q->decoder) {
        run_trial(&decode, symbol);
        report(&decode, tally);
    }
    if (!hu_block_encodes(b) || (q->against && q->decoder))
        return;
    for (size_t d = 0; d < q->direction.count; d++)
        for (int rule = HU_SCALE_DEFAULT; rule <= HU_SCALE_EVEN; rule++) {
            if (!(q->rules >> rule & 1) || (rule && !hu_block_has_rules(b)))
                continue;
            struct trial r = {
                .q = q,
                .b = b,
                .options = {(enum hu_scale_rule)rule,
                            {.direction = q->direction.direction[d], .saturate = !q->no_saturate}}};
            run_trial(&r, symbol);
            report(&r, tally);
        }
}

/* Which rule and direction a library's encoder follows: those with the fewest blocks wrong, its
 * scales first. */
static void find_rule(const struct verify_request *q, struct verify_tally *tally,
                      const struct hu_block *b, void *symbol)
{
    struct trial best = {.blocks = 1, .mismatches = UINT64_MAX, .scale_mismatches = UINT64_MAX};
    int last = hu_block_has_rules(b) ? HU_SCALE_EVEN : HU_SCALE_DEFAULT;
    for (int rule = last ? HU_SCALE_FLOOR : HU_SCALE_DEFAULT; rule <= last; rule++)
        for (int d = HU_TIES_TO_EVEN; d <= HU_TO_ODD && !*best.ending; d++)
            for (int saturate = 1; saturate >= 0; saturate--) {
                struct trial r = {
                    .q = q,
                    .b = b,
                    .options = {(enum hu_scale_rule)rule,
                                {.direction = (enum hu_direction)d, .saturate = saturate}}};
                run_trial(&r, symbol);
                if (*r.ending || r.scale_mismatches < best.scale_mismatches ||
                    (r.scale_mismatches == best.scale_mismatches && r.mismatches < best.mismatches))
                    best = r;
            }
    report(&best, tally);
    if (q->json || *best.ending)
        return;
    printf("%s %s %s, %s%s%s\n", q->against, passed(&best) ? "follows" : "is nearest to",
           rule_of(&best), hu_direction_name(best.options.elements.direction),
           best.options.elements.saturate ? ", saturating" : "",
           best.scale_mismatches || passed(&best) ? "" : "; its scales are those of the rule");
}

static void *open_symbol(const struct verify_request *q)
{
    char *path, *name;
    if (!verify_split_against(q, &path, &name))
        return NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, name) : NULL;
    if (!symbol)
        fail(q->command, "--against: %s", dlerror());
    free(path);
    free(name);
    return symbol;
}

int verify_blocks(struct verify_request *q, struct verify_tally *tally)
{
    void *symbol = NULL;
    if (q->which_rule && (!q->against || q->decoder))
        return fail(q->command, "--which-rule is asked of an encoder: --against LIB.so:SYMBOL");
    if (q->against && q->blocks.count != 1)
        return fail(q->command, "--against wants one block format");
    for (size_t i = 0; q->against && i < q->blocks.count; i++)
        if ((q->decoder && hu_block_more_bytes(q->blocks.at[i], 256, 256)) ||
            (!q->decoder && !hu_block_encodes(q->blocks.at[i])))
            return fail(q->command, "%s has no such function here", q->blocks.at[i]->name);
    if (q->against && !(symbol = open_symbol(q)))
        return EXIT_BAD;
    if (!q->direction.count)
        q->direction = (struct direction_list){{HU_TIES_TO_EVEN}, 1};
    if (!q->rules)
        q->rules = 1;
    progress_begin("verify", "blocks", 0);
    for (size_t i = 0; i < q->blocks.count && !atomic_load(verify_interrupted()); i++)
        (q->which_rule ? find_rule : each_trial)(q, tally, q->blocks.at[i], symbol);
    return EXIT_DONE;
}
