#include "verify/block_trial.h"
#include "block/nested.h"
#include "float_bits.h"
#include "pool.h"
#include "reference_block.h"
#include "verify/random.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CALL = 64,              /* blocks in a call */
    LONG = (1 << 16) + 512, /* elements of the longest, or the block more that fills them */
    WATCHED = 8             /* bytes beyond the last of a library's results */
};

/* One tensor, in memory that a child shares. */
struct tensor {
    const struct hu_block *b;
    size_t rows, columns, codes_size, scales_size, more_size;
    float *values, *decoded;
    unsigned char *codes, *scales, *more, *expected_codes, *expected_scales;
    float second, expected_second;
    const struct hu_format *to; /* what blocks are decoded to: fp32, or bf16 */
};

static void *shared(size_t bytes)
{
    void *at = mmap(NULL, bytes + 64, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* Elements of a block in a row; 0: all of them. */
static size_t length_of(const struct hu_block *b)
{
    return b->layout == HU_BLOCK_WHOLE ? b->elements : b->tile_columns;
}

static bool is_grouped(const struct hu_block *b)
{
    return b->codes == HU_CODES_INTEGER;
}

/* COLUMNS 0: of the usual shape, and else one row of so many. */
static bool tensor_make(struct tensor *t, const struct hu_block *b, size_t columns)
{
    size_t length = length_of(b);
    t->b = b;
    t->rows = columns ? 1 : is_grouped(b) ? 32 : b->tile_rows ? b->tile_rows : 4;
    t->columns = columns        ? columns
                 : !length      ? 128
                 : length > 256 ? length
                                : length * (t->rows > 1 ? 2 : CALL);
    t->codes_size = hu_block_bytes(b, t->rows, t->columns);
    t->scales_size = hu_block_scale_bytes(b, t->rows, t->columns);
    t->more_size = hu_block_more_bytes(b, t->rows, t->columns);
    return (t->values = shared(t->rows * t->columns * sizeof *t->values)) &&
           (t->decoded = shared(t->rows * t->columns * sizeof *t->decoded)) &&
           (t->codes = shared(t->codes_size)) && (t->scales = shared(t->scales_size)) &&
           (t->more = shared(t->more_size)) && (t->expected_codes = shared(t->codes_size)) &&
           (t->expected_scales = shared(t->scales_size));
}

static void release(void *at, size_t bytes)
{
    if (at)
        munmap(at, bytes + 64);
}

static void tensor_free(struct tensor *t)
{
    size_t n = t->rows * t->columns * sizeof *t->values;
    release(t->values, n);
    release(t->decoded, n);
    release(t->codes, t->codes_size);
    release(t->scales, t->scales_size);
    release(t->more, t->more_size);
    release(t->expected_codes, t->codes_size);
    release(t->expected_scales, t->scales_size);
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

void hu_block_draw(float *values, size_t n, size_t length, const struct hu_block_question *q,
                   uint64_t number)
{
    uint64_t seed = q->seed ^ number << 20;
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
        if (kind == 7 && random % 64 == 1 && !(q->ignore & HU_IGNORE_NAN))
            u = NAN;
        if (kind == 8 && random % 64 == 1 && !(q->ignore & HU_IGNORE_INFINITY))
            u = INFINITY;
        values[i] = (float)ldexp(u, exponent);
    }
}

/* A tensor's scale of one is what a function without it can have: the greatest is 448 · 6. */
static void clamp(struct tensor *t)
{
    size_t n = t->rows * t->columns;
    for (size_t i = 0; i < n; i++)
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
static void subject(const struct hu_block_trial *r, struct tensor *t)
{
    void *symbol = r->symbol;
    typedef void encoder(const float *src, void *codes, void *scales, size_t n);
    typedef void decoder(const void *codes, const void *scales, float *dst, size_t n);
    size_t n = t->rows * t->columns;
    struct hu_block_parts parts = parts_of(t, t->second);
    if (symbol && r->question.decodes) {
        decoder *decode;
        memcpy(&decode, &symbol, sizeof decode);
        decode(t->codes, t->scales, t->decoded, n);
    } else if (symbol) {
        encoder *encode;
        memcpy(&encode, &symbol, sizeof encode);
        encode(t->values, t->codes, t->scales, n);
    } else if (r->question.decodes) {
        hu_block_decode_rows(t->to, t->decoded, t->b, &parts, t->rows, t->columns, 0, t->rows);
    } else {
        hu_block_encode(t->b, t->codes, t->scales, &t->second, hu_format_find("fp32"), t->values,
                        t->rows, t->columns, &r->question.options);
    }
}

/* In a child: what crashes or hangs there is a finding. False: it did; the trial says how. */
static bool subject_apart(struct hu_block_trial *r, struct tensor *t)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm((unsigned)r->timeout);
        subject(r, t);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        snprintf(r->ending, sizeof r->ending, "no process for it");
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(r->ending, sizeof r->ending, "hangs (no answer in %" PRIu64 " s)", r->timeout);
    else if (WIFSIGNALED(status))
        snprintf(r->ending, sizeof r->ending, "crashes (%s)", strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        snprintf(r->ending, sizeof r->ending, "ends its process (exit status %d)",
                 WEXITSTATUS(status));
    return !*r->ending;
}

static void tell(struct hu_block_trial *r, const char *what, size_t at, uint64_t got,
                 uint64_t expected)
{
    if (!*r->first)
        snprintf(r->first, sizeof r->first, "%s %zu: got 0x%" PRIx64 ", expected 0x%" PRIx64, what,
                 at, got, expected);
}

/* Every NaN is one; either zero is the other where that was asked for. */
static bool same_value(const struct hu_block_trial *r, float got, uint32_t expected)
{
    uint32_t bits = hu_bits_of_float(got);
    bool zeros = !(bits & 0x7fffffff) && !(expected & 0x7fffffff);
    bool nans = got != got && (expected & 0x7fffffff) > 0x7f800000;
    return bits == expected || nans || (zeros && r->question.ignore & HU_IGNORE_ZERO_SIGN);
}

/* Decoded element I as a float. */
static float decoded(const struct tensor *t, size_t i)
{
    uint16_t half;
    if (t->to->storage_bits != 16)
        return t->decoded[i];
    memcpy(&half, (const unsigned char *)t->decoded + 2 * i, sizeof half);
    return hu_float_of_bits((uint32_t)half << 16);
}

static void judge_decoder(struct hu_block_trial *r, struct hu_reference *ref,
                          const struct tensor *t, size_t blocks)
{
    struct hu_block_parts parts = parts_of(t, t->second);
    size_t n = t->rows * t->columns, each = n / blocks;
    unsigned unused = 32 - t->to->storage_bits;
    for (size_t k = 0; k < blocks; k++) {
        bool wrong = false;
        for (size_t i = k * each; i < (k + 1) * each; i++) {
            uint32_t expected = (uint32_t)hu_reference_block_value(
                ref, t->to, t->b, &parts, t->rows, t->columns, i / t->columns, i % t->columns);
            float got = decoded(t, i);
            if (same_value(r, got, expected << unused))
                continue;
            tell(r, "element", (size_t)r->blocks * each + i, hu_bits_of_float(got) >> unused,
                 expected);
            wrong = true;
        }
        r->mismatches += wrong;
    }
}

bool hu_block_codes_differ(const struct hu_block_question *q, unsigned got, unsigned expected)
{
    const struct hu_block *b = q->block;
    if (got == expected || b->codes != HU_CODES_FORMAT || !(q->ignore & HU_IGNORE_ZERO_SIGN))
        return got != expected;
    if (b->code_bits == 8)
        return (got & 0x7f) || (expected & 0x7f);
    for (int half = 0; b->code_bits == 4 && half < 8; half += 4) {
        unsigned x = got >> half & 15, y = expected >> half & 15;
        if (x != y && ((x & 7) || (y & 7)))
            return true;
    }
    return b->code_bits != 4;
}

/* Of block K, with elements one behind the other, whose codes' bytes are EACH and which is wrong.
 */
static enum hu_block_kind kind_of(const struct hu_block_trial *r, const struct tensor *t,
                                  size_t blocks, size_t k, size_t each, bool scales)
{
    struct hu_block_question lax = r->question;
    size_t n = t->rows * t->columns / blocks;
    bool nan = false, infinity = false, zero = true, signs = true;
    lax.ignore |= HU_IGNORE_ZERO_SIGN;
    for (size_t i = k * n; i < (k + 1) * n; i++) {
        nan |= isnan(t->values[i]);
        infinity |= isinf(t->values[i]);
        zero &= t->values[i] == 0;
    }
    for (size_t i = k * each; i < (k + 1) * each; i++)
        signs &= !hu_block_codes_differ(&lax, t->codes[i], t->expected_codes[i]);
    const struct hu_format *f = t->b->scale ? hu_format_find(t->b->scale) : NULL;
    bool small = f && f->storage_bits == 8 && t->expected_scales[k] >> f->trailing_bits == 0;
    return t->b->tile_rows > 1 ? HU_BLOCK_OTHER
           : nan               ? HU_BLOCK_WITH_NAN
           : infinity          ? HU_BLOCK_WITH_INFINITY
           : signs && !scales  ? HU_BLOCK_ZERO_SIGN
           : signs && zero     ? HU_BLOCK_OF_ZEROS
           : small             ? HU_BLOCK_SUBNORMAL_SCALE
                               : HU_BLOCK_OTHER;
}

static void judge_encoder(struct hu_block_trial *r, const struct tensor *t, size_t blocks)
{
    size_t scale = t->scales_size / blocks, each = t->codes_size / blocks;
    for (size_t k = 0; k < blocks; k++) {
        bool zero = true, scales = false, codes = false;
        for (size_t i = k * each; i < (k + 1) * each; i++)
            zero &= !(t->expected_codes[i] & 0x77);
        bool free_scale = zero && r->question.ignore & HU_IGNORE_ZERO_SCALE;
        for (size_t i = k * scale; i < (k + 1) * scale; i++)
            if (!free_scale && t->scales[i] != t->expected_scales[i]) {
                tell(r, "scales' byte", i, t->scales[i], t->expected_scales[i]);
                scales = true;
            }
        for (size_t i = k * each; i < (k + 1) * each; i++)
            if (hu_block_codes_differ(&r->question, t->codes[i], t->expected_codes[i])) {
                tell(r, "codes' byte", i, t->codes[i], t->expected_codes[i]);
                codes = true;
            }
        r->mismatches += scales || codes;
        if (scales || codes)
            r->wrong[kind_of(r, t, blocks, k, each, scales)]++;
        r->scale_mismatches += scales;
    }
}

/* Where WATCHED bytes lie behind what a library writes; the second is NULL of a decoder. */
static void watched(const struct hu_block_trial *r, const struct tensor *t, unsigned char *at[2])
{
    size_t n = t->rows * t->columns;
    at[0] = r->question.decodes ? (unsigned char *)(t->decoded + n) : t->codes + t->codes_size;
    at[1] = r->question.decodes ? NULL : t->scales + t->scales_size;
}

/* The library's turn. False: it did not return. */
static bool subject_watched(struct hu_block_trial *r, struct tensor *t)
{
    static const char watch[] = "ZZZZZZZZ";
    unsigned char *at[2];
    watched(r, t, at);
    for (int i = 0; i < 2 && at[i]; i++)
        memcpy(at[i], watch, WATCHED);
    if (!subject_apart(r, t))
        return false;
    bool kept = true;
    for (int i = 0; i < 2 && at[i]; i++)
        kept &= !memcmp(at[i], watch, WATCHED);
    r->mismatches += !kept;
    if (!kept && !*r->first)
        snprintf(r->first, sizeof r->first, "bytes beyond the last of %zu elements were written",
                 t->rows * t->columns);
    return true;
}

static void try_call(struct hu_block_trial *r, struct hu_reference *ref, struct tensor *t)
{
    const struct hu_block_question *q = &r->question;
    size_t blocks = blocks_in(t), n = t->rows * t->columns;
    t->second = q->decodes && t->b->over != HU_OVER_NONE && !r->symbol ? 0x1.23456p-7f : 1;
    /* Ours has code of its own for either; a library's function gives fp32. */
    t->to = hu_format_find(r->symbol || r->blocks / blocks % 2 == 0 ? "fp32" : "bf16");
    if (q->decodes) {
        fill(t->codes, t->codes_size, q->seed + 3 * r->blocks);
        fill(t->scales, t->scales_size, q->seed + 3 * r->blocks + 1);
        fill(t->more, t->more_size, q->seed + 3 * r->blocks + 2);
    } else {
        hu_block_draw(t->values, n, t->b->tile_columns == 16 ? 16 : 32, q, r->blocks);
        if (r->symbol && t->b->over == HU_OVER_TENSOR)
            clamp(t);
        memset(t->codes, 0, t->codes_size);
        memset(t->expected_codes, 0, t->codes_size);
        hu_reference_block_encode(ref, t->b, t->expected_codes, t->expected_scales,
                                  &t->expected_second, t->values, t->rows, t->columns, &q->options);
    }
    if (!r->symbol)
        subject(r, t);
    else if (!subject_watched(r, t))
        return;
    if (q->decodes)
        judge_decoder(r, ref, t, blocks);
    else
        judge_encoder(r, t, blocks);
    r->blocks += blocks;
    r->progress(blocks);
}

/* A part of the blocks, tried by one thread. */
enum { PART_CALLS = 16 };

struct worker {
    struct hu_reference *ref;
    struct tensor tensor;
};

struct work {
    const struct hu_block_trial asked;
    struct hu_block_trial *found;
    struct worker *workers;
    uint64_t part;        /* blocks of one */
    pthread_mutex_t lock; /* guards what is found, and below */
    size_t first_part;    /* that found->first is of */
    bool good;
};

static void merge(struct work *w, const struct hu_block_trial *part, size_t number, uint64_t blocks)
{
    struct hu_block_trial *r = w->found;
    r->blocks += blocks;
    r->mismatches += part->mismatches;
    r->scale_mismatches += part->scale_mismatches;
    for (size_t i = 0; i < HU_BLOCK_KINDS; i++)
        r->wrong[i] += part->wrong[i];
    memcpy(r->ending, part->ending, sizeof r->ending);
    if (*part->first && number < w->first_part) {
        memcpy(r->first, part->first, sizeof r->first);
        w->first_part = number;
    }
}

static bool goes_on(const struct work *w)
{
    const struct hu_block_trial *r = w->found;
    return w->good && !*r->ending && !atomic_load(r->cancel) &&
           !(r->stop_after && r->mismatches >= r->stop_after);
}

static void run_part(void *context, size_t number, unsigned worker)
{
    struct work *w = context;
    struct worker *own = &w->workers[worker];
    struct hu_block_trial part = w->asked;
    uint64_t begin = number * w->part;
    pthread_mutex_lock(&w->lock);
    bool goes = goes_on(w);
    pthread_mutex_unlock(&w->lock);
    if (!goes)
        return;
    bool good = own->ref || ((own->ref = hu_reference_new()) &&
                             tensor_make(&own->tensor, part.question.block, 0));
    part.blocks = begin;
    if (part.count - begin > w->part)
        part.count = begin + w->part;
    while (good && part.blocks < part.count && !atomic_load(part.cancel) && !*part.ending)
        try_call(&part, own->ref, &own->tensor);
    pthread_mutex_lock(&w->lock);
    w->good &= good;
    merge(w, &part, number, part.blocks - begin);
    pthread_mutex_unlock(&w->lock);
}

/* A call of BLOCKS of a library's function, in one row. False: out of memory. */
static bool try_length(struct hu_block_trial *r, struct hu_reference *ref, size_t blocks)
{
    struct tensor t = {0};
    bool good = tensor_make(&t, r->question.block, blocks * length_of(r->question.block));
    char first[sizeof r->first];
    if (good)
        try_call(r, ref, &t);
    if (r->mismatches) {
        memcpy(first, r->first, sizeof first);
        snprintf(r->first, sizeof r->first, "in a call of %zu elements: %.100s", t.columns, first);
    }
    tensor_free(&t);
    return good;
}

/* What is right in calls of one length may be wrong in others: each number of blocks to CALL, and
 * one of over 2^16 elements. */
static bool try_lengths(struct hu_block_trial *r)
{
    const struct hu_block *b = r->question.block;
    size_t length = length_of(b);
    struct hu_block_trial calls = *r;
    struct hu_reference *ref = hu_reference_new();
    bool good = ref, has_rows = length && b->tile_rows <= 1 && !is_grouped(b);
    for (size_t n = 1; good && has_rows && n <= CALL + 1; n++) {
        if (calls.mismatches || *calls.ending || atomic_load(r->cancel))
            break;
        good = try_length(&calls, ref, n <= CALL ? n : LONG / length + 1);
    }
    hu_reference_free(ref);
    r->mismatches = calls.mismatches;
    memcpy(r->wrong, calls.wrong, sizeof r->wrong);
    memcpy(r->first, calls.first, sizeof r->first);
    memcpy(r->ending, calls.ending, sizeof r->ending);
    return good;
}

bool hu_block_trial_run(struct hu_block_trial *r)
{
    unsigned jobs = r->symbol || !r->jobs ? 1 : r->jobs;
    struct work w = {.asked = *r,
                     .found = r,
                     .workers = calloc(jobs, sizeof *w.workers),
                     .first_part = SIZE_MAX,
                     .good = true};
    struct tensor shape = {0};
    if (!w.workers || !tensor_make(&shape, r->question.block, 0))
        w.good = false;
    else
        w.part = PART_CALLS * blocks_in(&shape);
    tensor_free(&shape);
    pthread_mutex_init(&w.lock, NULL);
    if (w.good)
        hu_pool_run(jobs, (size_t)((r->count + w.part - 1) / w.part), run_part, &w);
    pthread_mutex_destroy(&w.lock);
    for (unsigned i = 0; w.workers && i < jobs; i++) {
        if (w.workers[i].ref)
            hu_reference_free(w.workers[i].ref);
        tensor_free(&w.workers[i].tensor);
    }
    free(w.workers);
    if (w.good && r->symbol && !r->mismatches && !*r->ending)
        w.good = try_lengths(r);
    return w.good;
}
