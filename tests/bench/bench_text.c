/*
 * Text at speed: nanoseconds a number, reading and shortest printing, against the C library and
 * MPFR in the same run. Each figure is the least of several rounds; the ratio is to the C library.
 */
#include "text.h"
#include "../random.h"

#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NUMBERS = 1 << 16, ROUNDS = 15, TEXT = 32 };

struct sample {
    const char *name;
    char text[NUMBERS][TEXT];
    size_t length[NUMBERS];
    double value[NUMBERS];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Random bits of doubles; uniform in [0, 1) with 17 digits; a few digits, as people write. */
static void fill(struct sample *s, int kind)
{
    static const char *const names[] = {"random doubles", "uniform", "short"};
    uint64_t seed = (uint64_t)kind + 1;
    s->name = names[kind];
    for (int i = 0; i < NUMBERS; i++) {
        uint64_t bits = random_bits(&seed);
        if (kind == 0) {
            bits &= ~(UINT64_C(1) << 62); /* never infinite */
            memcpy(&s->value[i], &bits, sizeof bits);
        } else if (kind == 1) {
            s->value[i] = (double)(bits >> 11) * 0x1p-53;
        } else {
            s->value[i] = (double)(bits % 100000) / 1000;
        }
        s->length[i] =
            (size_t)snprintf(s->text[i], TEXT, kind == 2 ? "%.3f" : "%.17g", s->value[i]);
    }
}

static volatile uint64_t sink;

static void read_ours(const struct sample *s, const struct hu_format *f)
{
    char message[HU_MESSAGE];
    uint64_t sum = 0, bits = 0;
    for (int i = 0; i < NUMBERS; i++) {
        hu_text_round(s->text[i], s->length[i], f, NULL, &bits, NULL, message);
        sum += bits;
    }
    sink = sum;
}

static void read_c(const struct sample *s, const struct hu_format *f)
{
    double sum = 0;
    (void)f;
    for (int i = 0; i < NUMBERS; i++)
        sum += strtod(s->text[i], NULL);
    sink = (uint64_t)(sum != 0);
}

static void read_mpfr(const struct sample *s, const struct hu_format *f)
{
    mpfr_t x;
    (void)f;
    mpfr_init2(x, 53);
    for (int i = 0; i < NUMBERS; i++)
        mpfr_strtofr(x, s->text[i], NULL, 10, MPFR_RNDN);
    sink = (uint64_t)mpfr_signbit(x);
    mpfr_clear(x);
}

static void print_ours(const struct sample *s, const struct hu_format *f)
{
    char out[HU_SHORTEST_TEXT];
    const struct hu_format *fp64 = hu_format_find("fp64");
    static uint64_t codes[NUMBERS];
    static const struct hu_format *format;
    static const struct sample *sample;
    if (format != f || sample != s)
        for (int i = 0; i < NUMBERS; i++) {
            uint64_t bits;
            memcpy(&bits, &s->value[i], sizeof bits);
            codes[i] = hu_convert(f, fp64, bits, NULL, NULL);
        }
    format = f;
    sample = s;
    size_t sum = 0;
    for (int i = 0; i < NUMBERS; i++)
        sum += hu_shortest_print(out, f, codes[i]);
    sink = sum;
}

static void print_c(const struct sample *s, const struct hu_format *f)
{
    char out[64];
    int sum = 0;
    (void)f;
    for (int i = 0; i < NUMBERS; i++)
        sum += snprintf(out, sizeof out, "%.17g", s->value[i]);
    sink = (uint64_t)sum;
}

/* The least nanoseconds a number of ROUNDS. */
static double measure(void (*run)(const struct sample *, const struct hu_format *),
                      const struct sample *s, const struct hu_format *f)
{
    double least = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double start = now();
        run(s, f);
        double elapsed = now() - start;
        if (i > 0 && elapsed < least)
            least = elapsed;
    }
    return least * 1e9 / NUMBERS;
}

int main(void)
{
    static const char *const formats[] = {"fp64", "fp32", "tf32", "bf16", "fp16", "fp8_e4m3"};
    static struct sample s;
    printf("%-16s %-10s %10s %10s %8s\n", "numbers", "", "ns/number", "C library", "ratio");
    for (int kind = 0; kind < 3; kind++) {
        fill(&s, kind);
        double c = measure(read_c, &s, NULL), print = measure(print_c, &s, NULL);
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            double ours = measure(read_ours, &s, hu_format_find(formats[i]));
            printf("%-16s read %-8s %7.1f %10.1f %8.2f\n", s.name, formats[i], ours, c, c / ours);
        }
        printf("%-16s read MPFR     %7.1f\n", s.name, measure(read_mpfr, &s, NULL));
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            double ours = measure(print_ours, &s, hu_format_find(formats[i]));
            printf("%-16s print %-8s%7.1f %10.1f %8.2f\n", s.name, formats[i], ours, print,
                   print / ours);
        }
    }
    return 0;
}
