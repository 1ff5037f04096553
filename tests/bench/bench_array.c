/*
 * Array conversions against memcpy, the scalar path and whoever else can be had, in one run: each
 * round measures every contestant once, so that a busy machine treats them alike.
 */
#include "array/array.h"
#include "loops.h"
#include "matrix.h"

#include <dlfcn.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { IN_L2 = 64 << 10, OUT_OF_CACHE = 64 << 20, MAX_CONTESTANTS = 48, MAX_ROUNDS = 99 };

/* A memcpy of so little stays with stores through the caches; glibc's writes past them above a
 * share of the last cache (glibc.cpu.x86_non_temporal_threshold), which some machines' 64 Mi
 * elements exceed and others' do not. */
enum { ORDINARY_PIECE = 1 << 20 };

struct contestant {
    char name[64];
    const struct hu_kernel *kernel; /* or */
    array_function *function;       /* or neither: memcpy */
    struct hu_options options;
    bool flags;
    size_t piece; /* memcpy's bytes a call */
    size_t share; /* converts 1/share of the elements: slow ones */
    double seconds[MAX_ROUNDS];
};

struct race {
    const struct hu_format *from, *to;
    size_t n;
    void *src, *dst;
    struct contestant *contestants[MAX_CONTESTANTS];
    int count;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

/* Reads and writes together what a conversion of n elements does, PIECE bytes a call. */
static void copy(const struct race *r, size_t n, size_t piece)
{
    size_t bytes = (hu_array_bytes(r->from, n) + hu_array_bytes(r->to, n)) / 2;
    for (size_t at = 0; at < bytes; at += piece)
        memcpy((char *)r->dst + at, (const char *)r->src + at,
               bytes - at < piece ? bytes - at : piece);
}

static void run_once(const struct race *r, const struct contestant *c)
{
    size_t n = r->n / c->share;
    unsigned flags = 0;
    if (c->function)
        c->function(r->src, r->dst, n);
    else if (c->kernel)
        hu_convert_array_with(c->kernel, r->to, r->dst, r->from, r->src, n, 0, &c->options,
                              c->flags ? &flags : NULL);
    else
        copy(r, n, c->piece);
}

/* Seconds for r->n elements. */
static double measure(const struct race *r, const struct contestant *c)
{
    const double least = 1e-3;
    for (int times = 1;; times *= 4) {
        double start = now();
        for (int i = 0; i < times; i++)
            run_once(r, c);
        double seconds = now() - start;
        if (seconds > least)
            return seconds / times * (double)c->share;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int n)
{
    double sorted[MAX_ROUNDS];
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2] + sorted[n / 2 - 1]) / 2;
}

static double least(const double *values, int n)
{
    double best = values[0];
    for (int i = 1; i < n; i++)
        best = values[i] < best ? values[i] : best;
    return best;
}

/* Speed of a against b, round by round. */
static double median_ratio(const struct contestant *a, const struct contestant *b, int rounds)
{
    double ratios[MAX_ROUNDS];
    for (int i = 0; i < rounds; i++)
        ratios[i] = b->seconds[i] / a->seconds[i];
    return median(ratios, rounds);
}

static void run_race(struct race *r, int rounds)
{
    for (int i = 0; i < r->count; i++)
        run_once(r, r->contestants[i]);
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < r->count; i++)
            r->contestants[i]->seconds[round] = measure(r, r->contestants[i]);
    const struct contestant *copy = r->contestants[0], *scalar = r->contestants[1];
    printf("\n%s -> %s, %zu Ki elements\n", r->from->name, r->to->name, r->n >> 10);
    printf("  %-26s %10s %10s %9s %9s %9s\n", "", "Melem/s", "best", "x memcpy", "best",
           "x scalar");
    for (int i = 0; i < r->count; i++) {
        const struct contestant *c = r->contestants[i];
        printf("  %-26s %10.0f %10.0f %9.3f %9.3f %9.1f\n", c->name,
               (double)r->n / median(c->seconds, rounds) * 1e-6,
               (double)r->n / least(c->seconds, rounds) * 1e-6, median_ratio(c, copy, rounds),
               least(copy->seconds, rounds) / least(c->seconds, rounds),
               median_ratio(c, scalar, rounds));
    }
    fflush(stdout);
}

void bench_fill(const struct hu_format *f, void *data, size_t n)
{
    uint64_t x = 88172645463325252;
    for (size_t i = 0; i < n; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double value = ((double)(x >> 40) / (1 << 23) - 1) * 2;
        float single = (float)value;
        uint64_t half = x >> 20 & ~(UINT64_C(1) << (f->width - 2));
        if (f->width == 64)
            memcpy((char *)data + 8 * i, &value, 8);
        else if (f->storage_bits == 32 && f->specials != HU_SPECIALS_INTEGER)
            memcpy((char *)data + 4 * i, &single, 4);
        else if (f->storage_bits >= 8)
            memcpy((char *)data + f->storage_bits / 8 * i, &half, f->storage_bits / 8);
        else if (i < n * f->storage_bits / 8)
            ((unsigned char *)data)[i] = (unsigned char)(x >> 20);
    }
}

static const char *const direction_names[] = {"rne", "rna", "rtz", "rup", "rdn", "rto", "sr"};

static struct contestant *add(struct race *r)
{
    if (r->count == MAX_CONTESTANTS)
        die("too many contestants");
    struct contestant *c = calloc(1, sizeof *c);
    if (!c)
        die("out of memory");
    c->share = 1;
    return r->contestants[r->count++] = c;
}

static void add_kernel(struct race *r, const struct hu_kernel *kernel, int direction, bool flags,
                       size_t share)
{
    struct contestant *c = add(r);
    c->kernel = kernel;
    c->options.direction = (enum hu_direction)direction;
    c->options.seed = 1;
    c->flags = flags;
    c->share = share;
    snprintf(c->name, sizeof c->name, "%.20s %s%s", hu_kernel_name(kernel),
             direction_names[direction], flags ? " with flags" : "");
}

static void add_memcpy(struct race *r, const char *name, size_t piece)
{
    struct contestant *c = add(r);
    snprintf(c->name, sizeof c->name, "%s", name);
    c->piece = piece;
}

struct peer {
    char name[40];
    const struct hu_format *from, *to;
    array_function *function;
};

static struct peer peers[MAX_CONTESTANTS];
static int peer_count;

/* NAME:FROM:TO=LIB:SYMBOL */
static void add_peer(char *text)
{
    char *name = strtok(text, ":"), *from = strtok(NULL, ":"), *to = strtok(NULL, "=");
    char *library = strtok(NULL, ":"), *symbol = strtok(NULL, "");
    if (!symbol || peer_count == MAX_CONTESTANTS)
        die("--peer wants NAME:FROM:TO=LIBRARY.so:SYMBOL");
    struct peer *p = &peers[peer_count++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->from = hu_format_find(from);
    p->to = hu_format_find(to);
    if (!p->from || !p->to)
        die("--peer names an unknown format");
    void *handle = dlopen(library, RTLD_NOW);
    if (!handle)
        die(dlerror());
    void *found = dlsym(handle, symbol);
    if (!found)
        die(dlerror());
    memcpy(&p->function, &found, sizeof found);
}

static void add_loop(struct race *r)
{
    array_function *loop = bench_loop(r->from->name, r->to->name, r->n > IN_L2);
    if (!loop)
        return;
    struct contestant *c = add(r);
    snprintf(c->name, sizeof c->name, "a loop by hand");
    c->function = loop;
}

static void add_peers(struct race *r)
{
    for (int i = 0; i < peer_count; i++)
        if (peers[i].from == r->from && peers[i].to == r->to) {
            struct contestant *c = add(r);
            snprintf(c->name, sizeof c->name, "peer %.40s", peers[i].name);
            c->function = peers[i].function;
        }
}

struct plan {
    int rounds;
    bool every_kernel;
    bool every_direction;
};

static void race(const char *from, const char *to, size_t n, const struct plan *plan)
{
    struct race r = {.from = hu_format_find(from), .to = hu_format_find(to), .n = n};
    if (!r.from || !r.to)
        die("no such format");
    size_t bytes = n * 8 + 4096;
    r.src = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    r.dst = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r.src == MAP_FAILED || r.dst == MAP_FAILED)
        die("out of memory");
    memset(r.src, 0, bytes); /* pages of its own, for memcpy may read more than a conversion */
    bench_fill(r.from, r.src, n);
    add_memcpy(&r, "memcpy", SIZE_MAX);
    add_kernel(&r, hu_kernel_at(0), HU_TIES_TO_EVEN, false, n > IN_L2 ? 64 : 1);
    if (n > IN_L2)
        add_memcpy(&r, "memcpy, ordinary stores", ORDINARY_PIECE);
    const struct hu_kernel *best = hu_kernel_chosen();
    for (size_t k = 1; plan->every_kernel && k < hu_kernel_count(); k++)
        if (hu_kernel_at(k) != best)
            add_kernel(&r, hu_kernel_at(k), HU_TIES_TO_EVEN, false, 1);
    for (int d = 0; d <= (plan->every_direction ? HU_STOCHASTIC : 0); d++)
        add_kernel(&r, best, d, false, 1);
    add_kernel(&r, best, HU_TIES_TO_EVEN, true, 1);
    add_loop(&r);
    add_peers(&r);
    run_race(&r, plan->rounds);
    for (int i = 0; i < r.count; i++)
        free(r.contestants[i]);
    munmap(r.src, bytes);
    munmap(r.dst, bytes);
}

static const char *const pairs[][2] = {
    {"fp32", "fp16"},     {"fp16", "fp32"},     {"fp32", "bf16"},     {"bf16", "fp32"},
    {"fp64", "fp32"},     {"fp64", "fp16"},     {"fp64", "bf16"},     {"fp32", "tf32"},
    {"fp32", "fp8_e4m3"}, {"fp8_e4m3", "fp32"}, {"fp32", "fp8_e5m2"}, {"fp16", "bf16"},
    {"bf16", "fp16"},     {"fp16", "fp8_e4m3"}, {"fp8_e4m3", "bf16"},
};

static void print_machine(void)
{
    char line[256], model[256] = "unknown processor\n";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "model name", 10) && strchr(line, ':')) {
            snprintf(model, sizeof model, "%s", strchr(line, ':') + 2);
            break;
        }
    if (f)
        fclose(f);
    printf("machine: %scompiler: %s\nkernel: %s; one thread\n", model, __VERSION__,
           hu_kernel_name(hu_kernel_chosen()));
    puts("x memcpy: against a memcpy that reads and writes as many bytes in all; medians of the\n"
         "rounds' ratios, and the ratio of the best times. Other work on the machine is noise.\n"
         "memcpy, ordinary stores: in pieces small enough for glibc not to write past the caches.");
}

static void usage(FILE *out)
{
    fputs("usage: bench_array [--rounds N] [--pair FROM:TO] [--l2] [--memory] [--kernels]\n"
          "                   [--directions] [--peer NAME:FROM:TO=LIBRARY.so:SYMBOL]...\n"
          "       bench_array --matrix [--svg FILE]\n"
          "A peer is void SYMBOL(const void *src, void *dst, size_t n).\n",
          out);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"pair", required_argument, NULL, 'p'},
        {"l2", no_argument, NULL, 'l'},
        {"memory", no_argument, NULL, 'm'},
        {"kernels", no_argument, NULL, 'k'},
        {"directions", no_argument, NULL, 'd'},
        {"peer", required_argument, NULL, 'x'},
        {"matrix", no_argument, NULL, 'M'},
        {"svg", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct plan plan = {.rounds = 15};
    bool l2 = false, memory = false, matrix = false;
    char *pair = NULL;
    const char *svg = NULL;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (o) {
        case 'r':
            plan.rounds = atoi(optarg);
            break;
        case 'p':
            pair = optarg;
            break;
        case 'l':
            l2 = true;
            break;
        case 'm':
            memory = true;
            break;
        case 'k':
            plan.every_kernel = true;
            break;
        case 'd':
            plan.every_direction = true;
            break;
        case 'x':
            add_peer(optarg);
            break;
        case 'M':
            matrix = true;
            break;
        case 's':
            svg = optarg;
            break;
        case 'h':
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return 2;
        }
    if (plan.rounds < 1 || plan.rounds > MAX_ROUNDS)
        die("--rounds wants 1 to 99");
    print_machine();
    if (matrix || svg) {
        if (bench_matrix(hu_kernel_chosen(), svg) < 0)
            die("the picture cannot be written");
        return 0;
    }
    char *to = pair ? strchr(pair, ':') : NULL;
    if (pair && !to)
        die("--pair wants FROM:TO");
    if (to)
        *to++ = 0;
    for (int out = 0; out < 2; out++) {
        if ((out ? l2 : memory) && !(out ? memory : l2))
            continue;
        if (pair)
            race(pair, to, out ? OUT_OF_CACHE : IN_L2, &plan);
        for (size_t i = 0; !pair && i < sizeof pairs / sizeof *pairs; i++)
            race(pairs[i][0], pairs[i][1], out ? OUT_OF_CACHE : IN_L2, &plan);
    }
    return 0;
}
