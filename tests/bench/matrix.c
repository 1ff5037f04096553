#include "matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Elements that stay in a second-level cache, and of a small call. */
enum { ELEMENTS = 64 << 10, SMALL = 64 };

/* Seconds for all, and what a sample takes at least: long enough for the clock, and so short that
 * every pair is sampled in many rounds, some of which others on the machine leave alone. */
static const double IN_ALL = 45, SAMPLE = 5e-5;

/* Bytes a second, read and written, that a copy counts with where it is faster: then conversions
 * are bound by the arithmetic units and not by the cache. */
static const double FASTEST_COPY = 115e9;

/* What is asked of each way: the rest of the speed to nearest; and nanoseconds of a call. */
static const double WITH_FLAGS = 0.5, DIRECTED = 0.6, AT_RANDOM = 0.3, SMALL_NS = 30;

static const char *const names[] = {"fp64",         "fp32",
                                    "tf32",         "bf16",
                                    "fp16",         "fp8_e5m2",
                                    "fp8_e4m3",     "fp8_e4m3fnuz",
                                    "fp8_e5m2fnuz", "fp8_e4m3b11fnuz",
                                    "fp8_e3m4",     "e8m0",
                                    "fp6_e3m2",     "fp6_e2m3",
                                    "fp4_e2m1",     "fp4_e2m1_unpacked",
                                    "binary8p4se",  "e5m6",
                                    "int8",         "int32"};

enum { NAMES = sizeof names / sizeof *names };

/* What is measured of a pair: a copy of as many bytes; to nearest, in the other directions and at
 * random, each less HU_TIES_TO_EVEN; with flags; and a small call. */
enum way { COPY, NEAREST, RANDOM = NEAREST + HU_STOCHASTIC, FLAGS, SMALL_CALL, WAYS };

struct cell {
    const struct hu_format *from, *to;
    int times[WAYS];   /* a sample's calls */
    double best[WAYS]; /* seconds a call */
    double asked;      /* of a copy's speed */
};

static unsigned char *src, *dst;

/* The processor's time, which others on the machine do not add to. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t bytes_of(const struct cell *c)
{
    return hu_array_bytes(c->from, ELEMENTS) + hu_array_bytes(c->to, ELEMENTS);
}

static void run(const struct hu_kernel *kernel, const struct cell *c, enum way way, size_t n,
                int times)
{
    struct hu_options options = {.seed = 1};
    unsigned flags = 0;
    if (way > NEAREST && way <= RANDOM)
        options.direction = (enum hu_direction)(way - NEAREST);
    for (int i = 0; i < times; i++)
        if (way == COPY) {
            memcpy(dst, src, bytes_of(c) / 2);
            __asm__ volatile("" : : "r"(dst) : "memory");
        } else
            hu_convert_array_with(kernel, c->to, dst, c->from, src, n, 0, &options,
                                  way == FLAGS ? &flags : NULL);
}

/* One sample, after a call that makes the plan and its table; as many calls as it takes are found
 * by the first. */
static void sample(const struct hu_kernel *kernel, struct cell *c, enum way way)
{
    run(kernel, c, way, ELEMENTS, 1);
    for (;;) {
        double start = now();
        run(kernel, c, way, way == SMALL_CALL ? SMALL : ELEMENTS, c->times[way]);
        double took = now() - start;
        if (took >= SAMPLE) {
            c->best[way] = fmin(c->best[way], took / c->times[way]);
            return;
        }
        c->times[way] *= 2;
    }
}

/* Kinds of formats, by what they are stored in. */
enum kind { SUB_BYTE, BYTE, HALF, TF32, FP32, FP64, INT8, INT32, KINDS };

static enum kind kind_of(const struct hu_format *f)
{
    bool integer = f->specials == HU_SPECIALS_INTEGER;
    if (f->width == 64)
        return FP64;
    if (f->storage_bits == 32)
        return integer ? INT32 : f->width == 32 ? FP32 : TF32;
    return integer ? INT8 : f->width > 8 ? HALF : f->width == 8 ? BYTE : SUB_BYTE;
}

/* Shares of a copy, by kind of source and target, with AVX-512; with AVX2 alone half of it is
 * asked for, and of the portable kernel BASELINE of every pair. */
static const double BASELINE = 0.03;
static const double asked[KINDS][KINDS] = {
    [SUB_BYTE] = {.40, .50, .60, .60, .60, .70, .40, .50},
    [BYTE] = {.40, .80, .60, .60, .60, .70, .40, .50},
    [HALF] = {.25, .35, .80, .80, .80, .70, .35, .50},
    [TF32] = {.25, .35, .80, .80, .80, .70, .35, .50},
    [FP32] = {.25, .35, .80, .80, .80, .70, .50, .90},
    [FP64] = {.25, .50, .75, .75, .70, .70, .35, .50},
    [INT8] = {.25, .40, .50, .50, .50, .50, .40, .40},
    [INT32] = {.25, .35, .50, .50, .90, .50, .25, .50},
};

static double share_asked(const struct hu_kernel *kernel, const struct hu_format *from,
                          const struct hu_format *to)
{
    const char *name = hu_kernel_name(kernel);
    if (!strcmp(name, "scalar"))
        return 0;
    if (!strcmp(name, "portable") || !strcmp(name, "neon"))
        return BASELINE;
    return asked[kind_of(from)][kind_of(to)] * (strcmp(name, "avx2") ? 1 : 0.5);
}

/* Every way of every pair once in each round, until the time is over. Returns the rounds. */
static int measure(const struct hu_kernel *kernel, struct cell cells[NAMES][NAMES])
{
    int rounds = 0;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    for (time_t end = t.tv_sec + (time_t)IN_ALL; t.tv_sec < end; rounds++) {
        for (size_t f = 0; f < NAMES; f++) {
            bench_fill(cells[f][f].from, src, ELEMENTS);
            for (size_t i = 1; i < NAMES; i++)
                for (enum way way = 0; way < WAYS; way++)
                    sample(kernel, &cells[f][(f + i) % NAMES], way);
        }
        clock_gettime(CLOCK_MONOTONIC, &t);
    }
    return rounds;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* All copies of as many bytes count as the middle one of them. */
static void share_copies(struct cell *cells)
{
    double middles[NAMES * NAMES], alike[NAMES * NAMES];
    for (int a = 0; a < NAMES * NAMES; a++) {
        size_t n = 0;
        for (int b = 0; b < NAMES * NAMES; b++)
            if (bytes_of(&cells[a]) == bytes_of(&cells[b]) && cells[b].from != cells[b].to)
                alike[n++] = cells[b].best[COPY];
        qsort(alike, n, sizeof *alike, by_value);
        middles[a] = n ? alike[n / 2] : 0;
    }
    for (int a = 0; a < NAMES * NAMES; a++)
        cells[a].best[COPY] = middles[a];
}

/* One table of the matrix: its title, what a cell shows, and what it asks for. */
struct view {
    const char *title;
    const char *format;
    double (*value)(const struct cell *);
    bool (*good)(const struct cell *);
};

static double share_of(const struct cell *c)
{
    return fmax(c->best[COPY], (double)bytes_of(c) / FASTEST_COPY) / c->best[NEAREST];
}

static bool share_good(const struct cell *c)
{
    return share_of(c) >= c->asked;
}

static double flags_of(const struct cell *c)
{
    return c->best[NEAREST] / c->best[FLAGS];
}

static bool flags_good(const struct cell *c)
{
    return flags_of(c) >= WITH_FLAGS;
}

static double directed_of(const struct cell *c)
{
    double slowest = 0;
    for (enum way way = NEAREST + 1; way < RANDOM; way++)
        slowest = fmax(slowest, c->best[way]);
    return c->best[NEAREST] / slowest;
}

static bool directed_good(const struct cell *c)
{
    return directed_of(c) >= DIRECTED;
}

static double random_of(const struct cell *c)
{
    return c->best[NEAREST] / c->best[RANDOM];
}

static bool random_good(const struct cell *c)
{
    return random_of(c) >= AT_RANDOM;
}

static double small_of(const struct cell *c)
{
    return 1e9 * c->best[SMALL_CALL];
}

static bool small_good(const struct cell *c)
{
    return small_of(c) <= SMALL_NS;
}

static const struct view views[] = {
    {"to nearest, as a share of memcpy", "%.2f", share_of, share_good},
    {"with flags, as a share of without", "%.2f", flags_of, flags_good},
    {"the slowest other direction, as a share of to nearest", "%.2f", directed_of, directed_good},
    {"stochastic, as a share of to nearest", "%.2f", random_of, random_good},
    {"64 elements, nanoseconds a call", "%.0f", small_of, small_good},
};

static int print_view(const struct view *v, struct cell cells[NAMES][NAMES])
{
    int off = 0;
    printf("\n%s; ! is short of its target\n%-10s", v->title, "from\\to");
    for (size_t t = 0; t < NAMES; t++)
        printf(" %5.5s", names[t] + (strncmp(names[t], "fp8_", 4) ? 0 : 4));
    for (size_t f = 0; f < NAMES; f++) {
        printf("\n%-10.10s", names[f] + (strncmp(names[f], "fp8_", 4) ? 0 : 4));
        for (size_t t = 0; t < NAMES; t++) {
            char text[16] = "";
            if (f != t)
                snprintf(text, sizeof text, v->format, v->value(&cells[f][t]));
            bool good = f == t || v->good(&cells[f][t]);
            printf(" %4s%c", text, good ? ' ' : '!');
            off += !good;
        }
    }
    printf("\n%d short\n", off);
    return off;
}

/* A colour between grey and blue by how near the share is to a copy's, and a red frame where it
 * falls short. */
static bool draw(const char *path, const char *kernel, struct cell cells[NAMES][NAMES])
{
    enum { CELL_W = 42, CELL_H = 22, LEFT = 132, TOP = 118 };
    FILE *out = fopen(path, "w");
    if (!out)
        return false;
    int width = LEFT + NAMES * CELL_W + 8, height = TOP + NAMES * CELL_H + 8;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
            "<text x=\"8\" y=\"18\" font-size=\"13\">Conversion to nearest as a share of memcpy: "
            "64 Ki elements, one thread, %s</text>\n",
            width, height, kernel);
    for (int i = 0; i < NAMES; i++) {
        int x = LEFT + i * CELL_W + CELL_W / 2, y = TOP + i * CELL_H + 15;
        fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LEFT - 6, y,
                names[i]);
        fprintf(out, "<text transform=\"translate(%d %d) rotate(-50)\">%s</text>\n", x, TOP - 6,
                names[i]);
    }
    for (int f = 0; f < NAMES; f++)
        for (int t = 0; t < NAMES; t++) {
            if (f == t)
                continue;
            const struct cell *c = &cells[f][t];
            double s = fmin(share_of(c), 1);
            int x = LEFT + t * CELL_W, y = TOP + f * CELL_H;
            fprintf(out,
                    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"rgb(%d,%d,%d)\"%s/>"
                    "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"%s\">%.2f</text>\n",
                    x + 1, y + 1, CELL_W - 2, CELL_H - 2, (int)(240 - 210 * s),
                    (int)(240 - 130 * s), (int)(240 - 50 * s),
                    share_good(c) ? "" : " stroke=\"#c00\"", x + CELL_W / 2, y + 15,
                    s > 0.55 ? "#fff" : "#000", share_of(c));
        }
    fputs("</svg>\n", out);
    return !fclose(out);
}

int bench_matrix(const struct hu_kernel *kernel, const char *svg)
{
    static struct cell cells[NAMES][NAMES];
    src = aligned_alloc(4096, ELEMENTS * 8);
    dst = aligned_alloc(4096, ELEMENTS * 8);
    if (!src || !dst)
        return -1;
    memset(dst, 0, ELEMENTS * 8);
    for (size_t f = 0; f < NAMES; f++)
        for (size_t t = 0; t < NAMES; t++) {
            struct cell *c = &cells[f][t];
            c->from = hu_format_find(names[f]);
            c->to = hu_format_find(names[t]);
            c->asked = share_asked(kernel, c->from, c->to);
            for (enum way way = 0; way < WAYS; way++)
                c->times[way] = 1, c->best[way] = INFINITY;
        }
    int rounds = measure(kernel, cells);
    share_copies(*cells);
    printf("kernel: %s; %d Ki elements, one thread\n"
           "the best of %d rounds, each of which measures all pairs in all ways, and a memcpy "
           "beside each\n"
           "pair, once, for %.0f us or more of the processor's time\n",
           hu_kernel_name(kernel), ELEMENTS >> 10, rounds, SAMPLE * 1e6);
    int off = 0;
    for (size_t v = 0; v < sizeof views / sizeof *views; v++)
        off += print_view(&views[v], cells);
    bool written = !svg || draw(svg, hu_kernel_name(kernel), cells);
    free(src);
    free(dst);
    return written ? off : -1;
}
