#include "array/array.h"
#include "array/layout.h"
#include "convert.h"
#include "rounding.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { SEEDS = 4, WORDS = 1 << 18, DRAWS = 4 * WORDS };

/* From a program of its own by the words of rounding.h: whole numbers of any size, a word as a
 * string of bytes. */
Test(draws, are_what_their_definition_says)
{
    static const struct {
        uint64_t seed, index;
        uint32_t draw;
    } known[] = {
        {1, 0, 0x60304e76},
        {1, 1, 0x7660304e},
        {1, 2, 0x4e766030},
        {1, 3, 0x304e7660},
        {1, 4, 0x1aef58c5},
        {7, UINT64_C(0x3ffffffff), 0xe875b712},
        {7, UINT64_C(0x400000000), 0xe0487084},
        {UINT64_C(0xfedcba9876543210), UINT64_C(0x50000000006), 0x46396e85},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        cr_assert_eq(hu_random(known[i].seed, known[i].index), known[i].draw, "draw %zu", i);
}

/* Five standard deviations of a count with that probability. */
static double five(double n, double p)
{
    return 5 * sqrt(n * p * (1 - p)) + 1;
}

/* Each of a word's four: the bits of a draw, and its top byte by Pearson's test, whose statistic
 * has the mean 255 and the deviation sqrt(510). */
Test(draws, each_of_four_is_uniform)
{
    for (uint64_t seed = 0; seed < SEEDS; seed++)
        for (uint64_t place = 0; place < 4; place++) {
            unsigned long bits[32] = {0}, bytes[256] = {0};
            for (uint64_t i = place; i < DRAWS; i += 4) {
                const uint32_t draw = hu_random(seed, i);
                bytes[draw >> 24]++;
                for (int b = 0; b < 32; b++)
                    bits[b] += draw >> b & 1;
            }
            for (int b = 0; b < 32; b++)
                cr_assert_lt(fabs((double)bits[b] - WORDS / 2.0), five(WORDS, 0.5),
                             "seed %d place %d bit %d: %lu", (int)seed, (int)place, b, bits[b]);
            double statistic = 0;
            for (int v = 0; v < 256; v++)
                statistic += pow((double)bytes[v] - WORDS / 256.0, 2) / (WORDS / 256.0);
            cr_assert_lt(fabs(statistic - 255), 5 * sqrt(510.0), "seed %d place %d: %g", (int)seed,
                         (int)place, statistic);
        }
}

/* In 2^-32: the first ones have at most 8 bits. */
static const uint32_t fractions[] = {0x80000000, 0x40000000, 0x01000000, 0x03000000,
                                     0xff000000, 0x00800000, 0x55555555, 0x00010000,
                                     0xfffff000, 0x7fffffff, 0x00c00001};

enum { FRACTIONS = sizeof fractions / sizeof *fractions, SHORT = 5 };

Test(draws, a_fraction_goes_up_as_often_as_it_says)
{
    for (int f = 0; f < FRACTIONS; f++)
        for (uint64_t place = 0; place < 4; place++) {
            const double p = fractions[f] * 0x1p-32;
            unsigned long ups = 0;
            for (uint64_t i = place; i < DRAWS; i += 4)
                ups += hu_random(99, i) < fractions[f];
            cr_assert_lt(fabs((double)ups - WORDS * p), five(WORDS, p), "%g place %d: %lu", p,
                         (int)place, ups);
        }
}

/* The bound of rounding.h within a word, where it is nearly met (an element that goes up by less
 * than 2^-8 says where its neighbour's byte lies); and nothing beyond it. */
Test(draws, elements_go_up_together_as_often_as_the_bound_says)
{
    double worst = 0;
    for (int f = 0; f < FRACTIONS; f++)
        for (int g = 0; g < FRACTIONS; g++)
            for (uint64_t apart = 1; apart <= 4; apart++)
                for (uint64_t place = 0; place < 4; place++) {
                    const double p = fractions[f] * 0x1p-32, q = fractions[g] * 0x1p-32;
                    const bool independent = (f < SHORT && g < SHORT) || place + apart >= 4;
                    unsigned long both = 0;
                    for (uint64_t i = place; i < DRAWS; i += 16)
                        both += hu_random(5, i) < fractions[f] &&
                                hu_random(5, i + apart) < fractions[g];
                    const double n = DRAWS / 16.0, off = fabs((double)both - n * p * q);
                    const double bound = independent ? 0 : 0x1p-10 + 0x1p-15;
                    cr_assert_lt(off, n * bound + five(n, p * q), "%g and %g, %d after %d: %lu", p,
                                 q, (int)apart, (int)place, both);
                    worst = fmax(worst, independent ? 0 : off / n);
                }
    cr_assert_gt(worst, 0x1p-12);
}

static const char *const sources[] = {"fp8_e5m2", "fp8_e4m3", "fp8_e4m3fnuz", "fp8_e4m3b11fnuz",
                                      "fp8_e3m4", "e8m0",     "fp6_e3m2",     "fp4_e2m1",
                                      "int8",     "uint8",    "binary8p3ue",  "e2m5",
                                      "fp32",     "fp64",     "bf16",         "int32"};
static const char *const targets[] = {"fp8_e5m2", "fp8_e4m3", "fp8_e4m3fnuz", "fp8_e4m3b11fnuz",
                                      "fp8_e3m4", "e8m0",     "fp6_e2m3",     "fp4_e2m1_unpacked",
                                      "int8",     "uint8",    "binary8p3ue",  "e4m1",
                                      "fp32",     "fp16",     "int32",        "uint32",
                                      "uint4"};

static uint64_t element(const struct hu_format *f, const unsigned char *bytes, size_t i)
{
    if (f->storage_bits < 8)
        return layout_packed(bytes, f->width, i);
    const uint64_t word = layout_word(bytes + i * (f->storage_bits / 8), f->storage_bits);
    return word >> f->storage_shift & hu_width_mask(f);
}

/* Of N elements from FIRST on, whose values lie about those that the target has. */
static void check_pair(const struct hu_format *to, const struct hu_format *from, size_t n,
                       uint64_t first)
{
    static unsigned char in[8 * 20000], got[8 * 20000];
    static uint64_t expected[20000];
    struct hu_options options = {.direction = HU_STOCHASTIC, .seed = first ^ n};
    for (size_t i = 0; i < hu_array_bytes(from, n); i++)
        in[i] = (unsigned char)hu_random(~first, i);
    for (size_t i = 0; from->width >= 16 && !hu_is_integer(from) && i < n; i++) {
        const double x =
            (hu_random(3, i) * 0x1p-31 - 1) * ldexp(1, (int)(i % 48) - (i % 64 ? 24 : 150));
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        bits = hu_convert(from, hu_format_find("fp64"), bits, NULL, NULL) << from->storage_shift;
        memcpy(in + i * (from->storage_bits / 8), &bits, from->storage_bits / 8);
    }
    for (size_t i = 0; i < n; i++)
        expected[i] =
            hu_convert_at(to, from, element(from, in, i), first + i, &options, &(unsigned){0});
    for (size_t k = 0; k < hu_kernel_count(); k++) {
        const struct hu_kernel *kernel = hu_kernel_at(k);
        hu_convert_array_with(kernel, to, got, from, in, n, first, &options, NULL);
        hu_convert_array_with(kernel, to, got, from, in, n, first, &options, NULL);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(element(to, got, i), expected[i],
                         "%s %s->%s, %zu from %llu: element %zu, 0x%llx, became 0x%llx, not 0x%llx",
                         hu_kernel_name(kernel), from->name, to->name, n, (unsigned long long)first,
                         i, (unsigned long long)element(from, in, i),
                         (unsigned long long)element(to, got, i), (unsigned long long)expected[i]);
    }
}

/* So many that top bytes tie and the rest of a draw decides; from within a word; and to another's
 * keys. */
Test(draws, every_kernel_converts_by_them_as_one_conversion_does, .timeout = 300)
{
    static const struct {
        uint64_t first;
        size_t n;
    } arrays[] = {{0, 20000}, {5, 700}, {(UINT64_C(1) << 34) - 264, 700}, {8, 3}};
    for (size_t f = 0; f < sizeof sources / sizeof *sources; f++)
        for (size_t t = 0; t < sizeof targets / sizeof *targets; t++)
            for (size_t a = 0; a < sizeof arrays / sizeof *arrays; a++)
                check_pair(hu_format_find(targets[t]), hu_format_find(sources[f]), arrays[a].n,
                           arrays[a].first);
}
