/*
 * Block formats against a memcpy of the same bytes and ggml where it was built, in one run: each
 * round measures every contestant once, so that a busy machine treats them alike.
 *   bench_block [--rounds N] [--ggml LIBRARY.so] [FORMAT…]
 */
#include "array/array.h"
#include "block/block.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N = 64 << 10, ROUNDS_MAX = 99 };

struct arena {
    const struct hu_block *b;
    unsigned char *codes, *scales, *copy;
    float *values, *out;
    uint16_t *halves; /* the values in bf16 */
    float second;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* what else runs counts for nobody */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef void ggml_decode(const void *from, float *to, int64_t n);
typedef void ggml_encode(const float *from, void *to, int64_t n);

enum work {
    COPY_4,
    COPY_2,
    DECODE_FP32,
    DECODE_BF16,
    ENCODE,
    ENCODE_BF16,
    GGML_DECODE,
    GGML_ENCODE,
    WORKS
};
static const char *const work_names[] = {"memcpy",         "memcpy, bf16's", "decode to fp32",
                                         "decode to bf16", "encode",         "encode bf16",
                                         "ggml decodes",   "ggml encodes"};
static ggml_decode *their_decode;
static ggml_encode *their_encode;

static void run(const struct arena *a, enum work work)
{
    size_t bytes = hu_block_bytes(a->b, 1, N) + hu_block_scale_bytes(a->b, 1, N);
    float second;
    switch (work) {
    case COPY_4:
    case COPY_2:
        /* Reads and writes together what a conversion does. */
        memcpy(a->out, a->copy, (bytes + (work == COPY_4 ? 4 : 2) * (size_t)N) / 2);
        break;
    case DECODE_FP32:
    case DECODE_BF16:
        hu_block_decode(hu_format_find(work == DECODE_FP32 ? "fp32" : "bf16"), a->out, a->b,
                        a->codes, a->scales, a->second, 1, N);
        break;
    case ENCODE:
        hu_block_encode(a->b, a->codes, a->scales, &second, hu_format_find("fp32"), a->values, 1, N,
                        NULL);
        break;
    case ENCODE_BF16:
        hu_block_encode(a->b, a->codes, a->scales, &second, hu_format_find("bf16"), a->halves, 1, N,
                        NULL);
        break;
    case GGML_DECODE:
        their_decode(a->codes, a->out, N);
        break;
    default:
        their_encode(a->values, a->copy, N);
    }
}

static double measure(const struct arena *a, enum work work)
{
    for (int times = 1;; times *= 4) {
        double start = now();
        for (int i = 0; i < times; i++)
            run(a, work);
        double seconds = now() - start;
        if (seconds > 1e-3)
            return seconds / times;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

/* ggml's functions have K in capitals, and no suffix where ours have one. */
static void find_theirs(void *library, const struct hu_block *b)
{
    char name[64], symbol[96];
    snprintf(name, sizeof name, "%s", b->name);
    char *suffix = strstr(name, "_ggml"), *k = strstr(name, "_k");
    if (suffix)
        *suffix = 0;
    if (k && !k[2])
        k[1] = 'K';
    snprintf(symbol, sizeof symbol, "dequantize_row_%s", name);
    void *found = library && b->ggml_type >= 0 ? dlsym(library, symbol) : NULL;
    memcpy(&their_decode, &found, sizeof found);
    snprintf(symbol, sizeof symbol, "quantize_row_%s_ref", name);
    /* Their encoders into codebooks want to be prepared first. */
    bool direct = b->ggml_type >= 0 && (*name != 'i' || name[2] == '4');
    found = library && direct ? dlsym(library, symbol) : NULL;
    memcpy(&their_encode, &found, sizeof found);
}

static bool can(const struct hu_block *b, enum work work)
{
    if (work == ENCODE || work == ENCODE_BF16)
        return hu_block_encodes(b);
    if (work == GGML_DECODE)
        return their_decode != NULL;
    return work != GGML_ENCODE || their_encode != NULL;
}

/* A scale as weights have it, and a minimum of the size of what the codes add up to. */
static bool is_usual(const struct hu_block *b, const unsigned char *block)
{
    struct hu_block_unpacked u;
    hu_block_unpack(b, block, &u);
    float d = u.d < 0 ? -u.d : u.d, m = u.m < 0 ? -u.m : u.m;
    return d > 0x1p-14f && d <= 1 && (!b->minima || (m >= d && m <= 16 * d));
}

/* Values of the size of weights; codes that they give, or random ones under ordinary scales. */
static void fill(struct arena *a)
{
    uint64_t x = 88172645463325252;
    size_t bytes = hu_block_bytes(a->b, 1, N);
    for (size_t i = 0; i < N; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        a->values[i] = (float)((double)(x >> 40) / (1 << 23) - 1);
    }
    hu_convert_array(hu_format_find("bf16"), a->halves, hu_format_find("fp32"), a->values, N, NULL,
                     NULL);
    if (hu_block_encodes(a->b)) {
        hu_block_encode(a->b, a->codes, a->scales, &a->second, hu_format_find("fp32"), a->values, 1,
                        N, NULL);
        return;
    }
    for (size_t i = 0; i < bytes; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        a->codes[i] = (unsigned char)(x >> 32);
        if ((i + 1) % a->b->bytes == 0 && !is_usual(a->b, a->codes + i + 1 - a->b->bytes))
            i -= a->b->bytes;
    }
}

/* As the matrix of all pairs has them: filled, so that no page stands for another. */
static void *pages(size_t bytes)
{
    bytes = (bytes + 4095) / 4096 * 4096;
    void *at = aligned_alloc(4096, bytes);
    return at ? memset(at, 0, bytes) : NULL;
}

static void race(const struct hu_block *b, int rounds, void *library)
{
    struct arena a = {.b = b, .second = 1};
    size_t bytes = hu_block_bytes(b, 1, N) + 4096;
    a.codes = pages(bytes);
    a.scales = pages(hu_block_scale_bytes(b, 1, N) + 4096);
    a.copy = pages(8 * N);
    a.values = pages(4 * N);
    a.out = pages(8 * N);
    a.halves = pages(2 * N);
    if (!a.halves || !a.codes || !a.scales || !a.copy || !a.values || !a.out)
        exit(2);
    fill(&a);
    find_theirs(library, b);
    static double seconds[WORKS][ROUNDS_MAX];
    for (int round = 0; round < rounds; round++)
        for (int w = 0; w < WORKS; w++)
            if (can(b, (enum work)w))
                seconds[w][round] = measure(&a, (enum work)w);
    for (int w = DECODE_FP32; w < WORKS; w++) {
        double ratios[ROUNDS_MAX];
        if (!can(b, (enum work)w))
            continue;
        for (int round = 0; round < rounds; round++)
            ratios[round] = seconds[w == DECODE_BF16 || w == ENCODE_BF16 ? COPY_2 : COPY_4][round] /
                            seconds[w][round];
        printf("%-12s %-16s %9.0f Melem/s %7.3f of memcpy\n", b->name, work_names[w],
               N / median(seconds[w], rounds) * 1e-6, median(ratios, rounds));
    }
    fflush(stdout);
    free(a.codes);
    free(a.scales);
    free(a.copy);
    free(a.values);
    free(a.out);
    free(a.halves);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {
        "q8_0",       "q4_0",       "mxfp4",      "mxfp4_ggml", "nvfp4",   "nvfp4_ggml",
        "mxfp8_e4m3", "mxfp8_e5m2", "mxfp6_e2m3", "mxint8",     "nf4",     "fp8_tile1x128",
        "fp8_row",    "q4_1",       "q5_0",       "q2_k",       "q3_k",    "q4_k",
        "q5_k",       "q6_k",       "iq4_nl",     "iq4_xs",     "iq2_xxs", "iq2_xs",
        "iq2_s",      "iq3_xxs",    "iq3_s",      "iq1_s",      "iq1_m",   "tq1_0",
        "tq2_0",      "q8_k",       "q1_0",       "q2_0"};
    int rounds = 9, first = 1;
    void *library = NULL;
    for (; first + 1 < argc && argv[first][0] == '-'; first += 2) {
        if (!strcmp(argv[first], "--rounds"))
            rounds = atoi(argv[first + 1]);
        if (!strcmp(argv[first], "--ggml"))
            library = dlopen(argv[first + 1], RTLD_LAZY);
    }
    if (rounds < 1 || rounds > ROUNDS_MAX)
        rounds = 9;
    printf("kernel %s, one thread, 64 Ki elements\n", hu_kernel_name(hu_kernel_chosen()));
    for (size_t i = 0; first == argc && i < sizeof usual / sizeof *usual; i++)
        race(hu_block_find(usual[i]), rounds, library);
    for (; first < argc; first++)
        if (hu_block_find(argv[first]) && hu_block_decodes(hu_block_find(argv[first])))
            race(hu_block_find(argv[first]), rounds, library);
    return 0;
}
