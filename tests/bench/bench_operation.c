/*
 * Operations on arrays: every kernel, hu_operate by itself ("scalar"), the compiler's own loop over
 * fp32 and fp64, and peers. Processor time of this thread, the least of the rounds.
 */
#include "array/operate.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ELEMENTS = 1 << 14, ROUNDS = 25, MAX_PEERS = 64 };

static void *operand[3], *result;

typedef void peer_function(const void *a, const void *b, const void *c, void *result, size_t n);

static struct peer {
    char name[24], operation[24], format[24];
    peer_function *function;
} peers[MAX_PEERS];
static int peer_count;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench_operation: %s\n", what);
    exit(2);
}

/* One round's subject. */
struct subject {
    enum hu_operation operation;
    const struct hu_format *format;
    const struct hu_kernel *kernel; /* or */
    peer_function *function;
    enum hu_direction direction;
    bool flags;
    size_t n;
};

static void run(const struct subject *s)
{
    const struct hu_format *const from[3] = {s->format, s->format, s->format};
    const void *const src[3] = {operand[0], operand[1], operand[2]};
    struct hu_operation_options options = {.rounding = {.direction = s->direction}};
    unsigned flags = 0;
    if (s->function)
        s->function(operand[0], operand[1], operand[2], result, s->n);
    else if (hu_operate_array_with(s->kernel, s->operation, s->format, result, from, src, s->n, 0,
                                   &options, s->flags ? &flags : NULL))
        die("hu_operate_array_with refused");
}

/* Nanoseconds an element. */
static double measure(const struct subject *s)
{
    double least = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double began = now();
        run(s);
        double took = now() - began;
        if (took < least)
            least = took;
    }
    return least * 1e9 / (double)s->n;
}

/* Ordinary numbers: some binades about 1, of both signs. */
static void fill(const struct hu_format *f)
{
    const struct hu_format *wide = hu_format_find("fp64");
    double *values = malloc(ELEMENTS * sizeof *values);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < ELEMENTS; i++)
            values[i] = (rand() % 2 ? -1 : 1) * (0.25 + 8.0 * rand() / RAND_MAX);
        for (int i = 0; k == 0 && i < ELEMENTS; i++)
            values[i] = values[i] < 0 ? -values[i] : values[i]; /* roots */
        hu_convert_array(f, operand[k], wide, values, ELEMENTS, NULL, NULL);
    }
    free(values);
}

#define LOOP(name, type, expression)                                                               \
    static void name(const void *a, const void *b, const void *c, void *r, size_t n)               \
    {                                                                                              \
        const type *x = a, *y = b, *z = c;                                                         \
        type *to = r;                                                                              \
        for (size_t i = 0; i < n; i++)                                                             \
            to[i] = expression;                                                                    \
        (void)x, (void)y, (void)z;                                                                 \
    }
LOOP(fp32_add, float, x[i] + y[i])
LOOP(fp32_mul, float, x[i] * y[i])
LOOP(fp32_div, float, x[i] / y[i])
LOOP(fp64_add, double, x[i] + y[i])
LOOP(fp64_mul, double, x[i] * y[i])
LOOP(fp64_div, double, x[i] / y[i])

static void add_peer(const char *name, const char *operation, const char *format,
                     peer_function *function)
{
    struct peer *p = &peers[peer_count++];
    if (peer_count == MAX_PEERS)
        die("too many peers");
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->operation, sizeof p->operation, "%s", operation);
    snprintf(p->format, sizeof p->format, "%s", format);
    p->function = function;
}

/* NAME:OPERATION:FORMAT=LIBRARY.so:SYMBOL */
static void read_peer(const char *text)
{
    char name[24], operation[24], format[24], library[512], symbol[64];
    if (sscanf(text, "%23[^:]:%23[^:]:%23[^=]=%511[^:]:%63s", name, operation, format, library,
               symbol) != 5)
        die("--peer wants NAME:OPERATION:FORMAT=LIBRARY.so:SYMBOL");
    void *handle = dlopen(library, RTLD_NOW), *found = handle ? dlsym(handle, symbol) : NULL;
    if (!found)
        die(dlerror());
    peer_function *function;
    memcpy(&function, &found, sizeof function);
    add_peer(name, operation, format, function);
}

static void race(enum hu_operation operation, const char *format)
{
    const char *name = hu_operation_row(operation)->name;
    struct subject s = {.operation = operation, .format = hu_format_find(format), .n = ELEMENTS};
    fill(s.format);
    printf("%-5s %-5s", name, format);
    for (size_t i = 0; i < hu_kernel_count(); i++) {
        s.kernel = hu_kernel_at(i);
        s.n = i ? ELEMENTS : ELEMENTS / 16;
        s.flags = true;
        double with_flags = measure(&s);
        printf("  %s %.2f", hu_kernel_name(s.kernel), with_flags);
        if (i + 1 == hu_kernel_count()) {
            s.flags = false;
            printf(" (no flags %.2f", measure(&s));
            s.flags = true;
            s.direction = HU_TOWARD_POSITIVE;
            printf(", rup %.2f)", measure(&s));
            s.direction = HU_TIES_TO_EVEN;
        }
    }
    s.n = ELEMENTS;
    for (int i = 0; i < peer_count; i++)
        if (!strcmp(peers[i].operation, name) && !strcmp(peers[i].format, format)) {
            s.function = peers[i].function;
            printf("  %s %.2f", peers[i].name, measure(&s));
        }
    puts("  ns");
}

int main(int argc, char **argv)
{
    static const enum hu_operation operations[] = {HU_OP_ADD, HU_OP_MUL, HU_OP_FMA, HU_OP_DIV,
                                                   HU_OP_SQRT};
    static const char *const formats[] = {"fp16", "bf16", "fp8_e4m3", "fp32", "fp64"};
    add_peer("loop", "add", "fp32", fp32_add);
    add_peer("loop", "mul", "fp32", fp32_mul);
    add_peer("loop", "div", "fp32", fp32_div);
    add_peer("loop", "add", "fp64", fp64_add);
    add_peer("loop", "mul", "fp64", fp64_mul);
    add_peer("loop", "div", "fp64", fp64_div);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--peer"))
            die("takes --peer NAME:OPERATION:FORMAT=LIBRARY.so:SYMBOL, void SYMBOL(const void *a, "
                "const void *b, const void *c, void *result, size_t n)");
        read_peer(argv[i + 1]);
    }
    for (int k = 0; k < 3; k++)
        operand[k] = malloc(8 * ELEMENTS);
    result = malloc(8 * ELEMENTS);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (size_t o = 0; o < sizeof operations / sizeof *operations; o++)
            race(operations[o], formats[f]);
    return 0;
}
