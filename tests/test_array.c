#include "array/array.h"
#include "array/stream.h"
#include "array/environment.h"
#include "array/plan.h"
#include "convert.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DIRECTIONS = HU_STOCHASTIC + 1 };

static const char *const targets[] = {
    "fp64",         "fp32",     "tf32",     "bf16",     "fp16",
    "fp8_e5m2",     "fp8_e4m3", "e4m3ieee", "fp8_e3m4", "fp8_e4m3fnuz",
    "fp8_e5m2fnuz", "e8m0",     "fp6_e3m2", "fp6_e2m3", "fp8_e4m3b11fnuz",
    "fp4_e2m1",     "e6m9",     "e7m8fn",   "e5m1fnuz", "fp6_e2m3_unpacked",
    "e8m1",         "e8m12",    "e3m7fnuz", "e5m0",     "fp4_e2m1_unpacked",
    "e9m20",        "e11m36",
};

enum { TARGETS = sizeof targets / sizeof *targets };

static uint64_t state = 88172645463325252;

static uint64_t xorshift(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* Elements read and written bit by bit, by no code of the array room. */
static uint64_t element(const struct hu_format *f, const unsigned char *bytes, size_t i)
{
    uint64_t code = 0;
    for (int b = 0; b < f->width; b++) {
        size_t bit = i * f->storage_bits + f->storage_shift + (size_t)b;
        code |= (uint64_t)(bytes[bit / 8] >> bit % 8 & 1) << b;
    }
    return code;
}

static void set_element(const struct hu_format *f, unsigned char *bytes, size_t i, uint64_t code)
{
    for (int b = 0; b < f->width; b++) {
        size_t bit = i * f->storage_bits + f->storage_shift + (size_t)b;
        unsigned one = 1u << bit % 8;
        bytes[bit / 8] = (unsigned char)((bytes[bit / 8] & ~one) | ((code >> b & 1) ? one : 0));
    }
}

struct sources {
    const struct hu_format *format;
    size_t n;
    unsigned char *bytes;
};

/* Codes by the scalar truth and their flags, and each kernel's against them. */
static void check_all_kernels(struct sources s, const struct hu_format *to,
                              const struct hu_options *options)
{
    size_t bytes = hu_array_bytes(to, s.n);
    unsigned char *expected = calloc(1, bytes + 1), *got = malloc(bytes + 1);
    unsigned raised = 0;
    for (size_t i = 0; i < s.n; i++)
        set_element(
            to, expected, i,
            hu_convert_at(to, s.format, element(s.format, s.bytes, i), i, options, &raised));
    for (size_t k = 0; k < hu_kernel_count(); k++)
        for (int with_flags = 0; with_flags < 2; with_flags++) {
            const struct hu_kernel *kernel = hu_kernel_at(k);
            unsigned flags = 0;
            memset(got, 0xaa, bytes + 1);
            cr_assert_eq(hu_convert_array_with(kernel, to, got, s.format, s.bytes, s.n, 0, options,
                                               with_flags ? &flags : NULL),
                         0);
            cr_assert_eq(got[bytes], 0xaa, "%s wrote past the end", hu_kernel_name(kernel));
            if (memcmp(got, expected, bytes))
                for (size_t i = 0; i < s.n; i++)
                    cr_assert_eq(
                        element(to, got, i), element(to, expected, i),
                        "%s %s->%s direction %d flags %d saturate %d: 0x%llx gives 0x%llx, "
                        "not 0x%llx",
                        hu_kernel_name(kernel), s.format->name, to->name, options->direction,
                        with_flags, options->saturate,
                        (unsigned long long)element(s.format, s.bytes, i),
                        (unsigned long long)element(to, got, i),
                        (unsigned long long)element(to, expected, i));
            cr_assert_arr_eq(got, expected, bytes, "%s: bits beside the codes of %s",
                             hu_kernel_name(kernel), to->name);
            if (with_flags)
                cr_assert_eq(flags, raised, "%s %s->%s direction %d: flags %u, not %u",
                             hu_kernel_name(kernel), s.format->name, to->name, options->direction,
                             flags, raised);
        }
    free(expected);
    free(got);
}

/* All options for each target. */
static void check_all_options(struct sources s, const struct hu_format *to)
{
    for (int direction = 0; direction < DIRECTIONS; direction++)
        for (int saturate = 0; saturate < 2; saturate++) {
            struct hu_options options = {(enum hu_direction)direction, saturate, false, 42};
            check_all_kernels(s, to, &options);
        }
}

Test(array, every_code_of_16_bits_and_less_converts_as_the_scalar_path, .timeout = 300)
{
    for (size_t f = 0; f < TARGETS; f++) {
        const struct hu_format *from = hu_format_find(targets[f]);
        if (from->width > 16)
            continue;
        size_t n = (size_t)1 << from->width;
        struct sources s = {from, n, calloc(1, hu_array_bytes(from, n))};
        for (size_t i = 0; i < n; i++)
            set_element(from, s.bytes, i, i);
        for (size_t t = 0; t < TARGETS; t++)
            check_all_options(s, hu_format_find(targets[t]));
        free(s.bytes);
    }
}

static void add(struct sources *s, size_t capacity, uint64_t code)
{
    for (int64_t near = -1; near <= 1; near++) {
        uint64_t c = code + (uint64_t)near;
        if (s->n + 2 > capacity)
            return;
        set_element(s->format, s->bytes, s->n++, c);
        set_element(s->format, s->bytes, s->n++, c | hu_sign_mask(s->format));
    }
}

static uint64_t code_of(const struct hu_format *f, double d)
{
    return hu_from_double(f, d, NULL);
}

/* FROM's encodings around each value of TO and each middle of two, every STRIDE-th; around every
 * power of two; and random ones up to N. */
static struct sources boundaries(const struct hu_format *from, const struct hu_format *to,
                                 uint64_t stride, size_t n)
{
    struct sources s = {from, 0, calloc(n, from->storage_bits / 8)};
    for (uint64_t e = 0; e <= hu_exponent_mask(from); e++) {
        add(&s, n, e << from->trailing_bits);
        add(&s, n, (e << from->trailing_bits) + (hu_trailing_mask(from) + 1) / 2);
    }
    for (uint64_t code = 0; code < hu_max_finite_code(to) && s.n + 12 < n * 3 / 4; code += stride) {
        double low = hu_to_double(to, code), high = hu_to_double(to, code + 1);
        add(&s, n, code_of(from, low));
        add(&s, n, code_of(from, (low + high) / 2));
    }
    double greatest = hu_to_double(to, hu_max_finite_code(to));
    add(&s, n, code_of(from, greatest));
    add(&s, n, code_of(from, greatest * (1 + ldexp(1, -hu_precision(to) - 1))));
    while (s.n < n)
        set_element(from, s.bytes, s.n++, xorshift());
    return s;
}

static void check_boundaries(const char *source, size_t n)
{
    const struct hu_format *from = hu_format_find(source);
    for (size_t t = 0; t < TARGETS; t++) {
        const struct hu_format *to = hu_format_find(targets[t]);
        if (to->width > 32)
            continue;
        uint64_t stride = to->width > 8 ? (hu_max_finite_code(to) / 1500) | 1 : 1;
        struct sources s = boundaries(from, to, stride, n);
        check_all_options(s, to);
        struct hu_options before = {.tininess_before = true};
        check_all_kernels(s, to, &before);
        free(s.bytes);
    }
}

Test(array, fp32_converts_as_the_scalar_path_at_every_boundary, .timeout = 300)
{
    check_boundaries("fp32", 40000);
}

Test(array, fp64_converts_as_the_scalar_path_at_every_boundary, .timeout = 300)
{
    check_boundaries("fp64", 40000);
}

/* Halves of integers and their neighbours, of both signs. */
Test(array, ties_of_fp64_go_to_integers_by_the_direction)
{
    static const char *const integers[] = {"int8", "uint8", "int16", "int32", "uint32"};
    enum { N = 3 * 2 * 300 };
    static double x[N];
    for (int i = 0; i < N; i++) {
        double tie = (i / 6 < 280 ? i / 6 : ldexp(1, i / 6 - 249)) + 0.5, size = tie;
        if (i % 3)
            size = nextafter(tie, i % 3 == 1 ? 0 : HUGE_VAL);
        x[i] = i / 3 % 2 ? -size : size;
    }
    struct sources s = {hu_format_find("fp64"), N, (unsigned char *)x};
    for (size_t t = 0; t < sizeof integers / sizeof *integers; t++)
        check_all_options(s, hu_format_find(integers[t]));
}

/* Integers of as many bits each, about the ends and middles of what the targets keep of them. */
Test(array, integers_of_every_size_convert_as_the_scalar_path)
{
    static const char *const integers[] = {"int32", "uint32"};
    static const char *const bytes[] = {"e6m1", "e7m0", "binary8p2sf"}; /* of all their range */
    enum { MOST = 32 * 24 * 4 };
    uint32_t x[MOST];
    size_t n = 0;
    for (int top = 0; top < 32; top++)
        for (int low = 0; low < 24; low++)
            for (int near = 0; near < 4; near++, n++)
                x[n] = (UINT32_C(1) << top | (UINT32_C(1) << low) * (3 + (uint32_t)near / 2)) -
                       near % 2 * 1u;
    for (size_t f = 0; f < 2; f++) {
        const struct sources s = {hu_format_find(integers[f]), n, (unsigned char *)x};
        for (size_t t = 0; t < sizeof bytes / sizeof *bytes; t++)
            check_all_options(s, hu_format_find(bytes[t]));
        for (int t = 6; t <= 22; t++) {
            const struct hu_format *to = hu_format_exmy(8, t, HU_SPECIALS_IEEE);
            check_all_options(s, to ? to : hu_format_find(t == 7 ? "bf16" : "tf32"));
        }
    }
}

/* Which FP32 has as zeros, and their upper halves look like. */
Test(array, the_least_of_fp64_convert_as_the_scalar_path)
{
    static const char *const narrower[] = {"fp32", "bf16", "fp16", "fp8_e4m3", "e8m0", "int32"};
    double x[300];
    for (int sign = 0; sign < 2; sign++)
        for (size_t t = 0; t < sizeof narrower / sizeof *narrower; t++) {
            for (int i = 0; i < 300; i++)
                x[i] = (i % 3 - (sign ? 2 : 0)) * 0x1p-1074;
            check_all_options((struct sources){hu_format_find("fp64"), 300, (unsigned char *)x},
                              hu_format_find(narrower[t]));
        }
}

/* Of two to six bits of exponent and none to three behind them, by each rule about the last codes.
 */
Test(array, every_small_format_becomes_every_other_at_random_as_the_scalar_path, .timeout = 300)
{
    static const enum hu_specials specials[] = {HU_SPECIALS_IEEE, HU_SPECIALS_FN, HU_SPECIALS_FNUZ,
                                                HU_SPECIALS_NONE};
    const struct hu_format *small[100];
    size_t count = 0;
    for (int x = 2; x <= 6; x++)
        for (int y = 0; y <= 3 && x + y < 8; y++)
            for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
                if ((small[count] = hu_format_exmy(x, y, specials[i])))
                    count++;
    for (size_t f = 0; f < count; f++) {
        unsigned char codes[512];
        for (size_t i = 0; i < sizeof codes; i++)
            codes[i] = (unsigned char)(i & hu_width_mask(small[f]));
        for (size_t t = 0; t < count; t++) {
            struct hu_options options = {.direction = HU_STOCHASTIC, .seed = f * count + t};
            if (small[f]->storage_bits == 8)
                check_all_kernels((struct sources){small[f], sizeof codes, codes}, small[t],
                                  &options);
        }
    }
}

static const char *const others[] = {
    "binary8p4se",  "binary8p3sf", "binary6p2ue", "binary5p4sf", "binary8p1se",
    "binary12p5se", "int8",        "uint4",       "int16",       "e5m10finite",
};

enum { OTHERS = sizeof others / sizeof *others };

Test(array, p3109_formats_and_integers_convert_as_the_scalar_path, .timeout = 600)
{
    static const char *const ends[] = {"fp64", "fp32", "bf16", "fp8_e4m3"};
    for (size_t f = 0; f < OTHERS; f++) {
        const struct hu_format *other = hu_format_find(others[f]);
        size_t n = (size_t)1 << (other->width < 12 ? other->width : 12);
        struct sources all = {other, n, calloc(1, hu_array_bytes(other, n))};
        for (size_t i = 0; i < n; i++)
            set_element(other, all.bytes, i, i << (other->width > 12 ? other->width - 12 : 0));
        for (size_t t = 0; t < sizeof ends / sizeof *ends; t++)
            check_all_options(all, hu_format_find(ends[t]));
        for (size_t t = 0; t < OTHERS; t++)
            check_all_options(all, hu_format_find(others[t]));
        free(all.bytes);
        for (size_t t = 0; t < 2; t++) {
            uint64_t stride = other->width > 8 ? 31 : 1;
            struct sources s = boundaries(hu_format_find(ends[t]), other, stride, 36000);
            check_all_options(s, other);
            free(s.bytes);
        }
    }
}

/* All roads: named formats, other layouts, and members of each family. */
static const char *const every_road[] = {
    "fp64",          "fp32",         "tf32",
    "bf16",          "fp16",         "fp8_e5m2",
    "fp8_e4m3",      "fp8_e4m3fnuz", "fp8_e3m4",
    "e8m0",          "fp6_e3m2",     "fp6_e2m3",
    "fp4_e2m1",      "e5m6",         "fp4_e2m1_unpacked",
    "binary8p4se",   "e2m5",         "binary6p2ue",
    "binary8p1se",   "binary12p5se", "fp6_e2m3_unpacked",
    "e6m9",          "e7m8fn",       "e5m1fnuz",
    "e8m1",          "e3m7fnuz",     "e5m0",
    "e5m10finite",   "e8m12",        "e9m20",
    "int4_unpacked", "int4",         "uint4",
    "int8",          "uint8",        "int16",
    "uint16",        "int32",        "uint32",
    "binary8p3ue",   "binary8p6ue",
};

enum { EVERY_ROAD = sizeof every_road / sizeof *every_road };

/* A code of F of one of the kinds that roads treat apart: zeros and subnormals, the ends of the
 * finite ones and what is beyond, few trailing bits, values near one. */
static uint64_t telling(const struct hu_format *f)
{
    uint64_t code = xorshift() & hu_width_mask(f);
    switch (xorshift() % 6) {
    case 0:
        return code & (hu_sign_mask(f) | hu_trailing_mask(f));
    case 1:
        return ((code & hu_sign_mask(f)) | (hu_max_finite_code(f) + xorshift() % 4 - 2)) &
               hu_width_mask(f);
    case 2:
        return code & ~(hu_trailing_mask(f) >> xorshift() % 8);
    case 3:
        return code_of(f, ((double)(xorshift() >> 11) * 0x1p-53 - 0.5) *
                              (double)(1 << xorshift() % 12));
    default:
        return code;
    }
}

/* Few different elements now and then, so that the flags differ from array to array. */
static void check_road(const struct hu_format *from, const struct hu_format *to, int way)
{
    enum { MOST = 700 };
    unsigned char bytes[MOST * 8] = {0};
    size_t n = way % 2 ? 1 + xorshift() % 150 : MOST - xorshift() % 200;
    struct sources s = {from, n, bytes};
    bool few = xorshift() % 3 == 0;
    for (size_t i = 0; i < n; i++)
        set_element(from, bytes, i,
                    !few    ? telling(from)
                    : i < 3 ? telling(from)
                            : element(from, bytes, xorshift() % 3));
    struct hu_options options = {(enum hu_direction)(way % DIRECTIONS), way / DIRECTIONS % 2,
                                 way / DIRECTIONS / 2, xorshift()};
    check_all_kernels(s, to, &options);
}

Test(array, every_pair_of_formats_takes_a_road_that_converts_as_the_scalar_path, .timeout = 600)
{
    for (size_t f = 0; f < EVERY_ROAD; f++)
        for (size_t t = 0; t < EVERY_ROAD; t++)
            for (int way = 0; way < 4 * DIRECTIONS; way++)
                check_road(hu_format_find(every_road[f]), hu_format_find(every_road[t]), way);
}

/* From a format without zero, so that what a kernel has beside the last element shows. */
/* Ends, middles, what lies next to them, and anything. */
static uint64_t code_anywhere(const struct hu_format *f, size_t i)
{
    const uint64_t most = hu_max_finite_code(f), normal = UINT64_C(1) << f->trailing_bits % 64;
    const uint64_t sign = i & 1 ? hu_sign_mask(f) : 0, step = i / 16 % 5 - 2;
    switch (i / 2 % 8) {
    case 0:
        return (most + step) | sign;
    case 1:
        return (normal + step) | sign;
    case 2:
        return (xorshift() % 8) | sign;
    case 3: /* integers and fractions of few bits */
        return (((uint64_t)(f->bias > 0 ? f->bias : 0) << f->trailing_bits % 64) +
                (xorshift() % 64) * (normal / 4 + 1)) |
               sign;
    case 4:
        return (UINT64_C(1) << (50 + xorshift() % 14)) - xorshift() % 3;
    case 5:
        return -(UINT64_C(1) << xorshift() % 64) + step;
    default:
        return xorshift() & xorshift() << i % 64;
    }
}

Test(array, formats_that_fp32_does_not_hold_convert_as_the_scalar_path, .timeout = 300)
{
    static const char *const names[] = {
        "int64",        "uint64",     "uint32", "fp64",        "bf16",         "e9m6", "e13m2",
        "e11m20finite", "e12m40fnuz", "e10m53", "binary8p1se", "binary12p2uf", "e6m0",
    };
    enum { NAMES = sizeof names / sizeof *names, N = 701 };
    static unsigned char bytes[8 * N];
    for (size_t f = 0; f < NAMES; f++) {
        const struct hu_format *from = hu_format_find(names[f]);
        for (size_t i = 0; i < N; i++)
            set_element(from, bytes, i, code_anywhere(from, i) & hu_width_mask(from));
        for (size_t t = 0; t < NAMES; t++)
            check_all_options((struct sources){from, N, bytes}, hu_format_find(names[t]));
    }
}

/* All of their codes, into what is as wide, has other ranges, or is of integers; and FP32, its
 * subnormals and ties as well, and integers into them. */
Test(array, codes_with_exponents_beyond_fp32_convert_as_the_scalar_path, .timeout = 300)
{
    static const char *const far[] = {"e9m6", "e12m3fnuz", "e11m4fn", "binary15p3sf",
                                      "e10m2finite"};
    static const char *const into[] = {"fp32", "bf16",     "tf32",  "fp16", "e8m20",
                                       "e6m9", "fp8_e4m3", "int16", "int32"};
    enum { FAR = sizeof far / sizeof *far, INTO = sizeof into / sizeof *into };
    static uint16_t codes[1 << 16];
    static uint32_t words[3 << 14];
    for (uint32_t i = 0; i < 1 << 16; i++)
        codes[i] = (uint16_t)i;
    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) /* ties of 6 and 3 trailing bits */
        words[i] = i * UINT32_C(0x9e3779b1) & (uint32_t[]){~0u, 0xffff0000, 0xfff80000}[i % 3];
    for (size_t f = 0; f < FAR; f++) {
        const struct hu_format *format = hu_format_find(far[f]);
        const struct sources all = {format, (size_t)1 << format->width, (unsigned char *)codes};
        for (size_t t = 0; t < INTO; t++)
            check_all_options(all, hu_format_find(into[t]));
        static const char *const of_words[] = {"fp32", "int32", "uint32"};
        for (size_t w = 0; w < sizeof of_words / sizeof *of_words; w++)
            check_all_options((struct sources){hu_format_find(of_words[w]),
                                               sizeof words / sizeof *words,
                                               (unsigned char *)words},
                              format);
    }
}

Test(array, bits_beyond_the_end_of_a_packed_array_are_zero)
{
    static const char *const sources[] = {"e8m0", "fp32", "fp8_e4m3", "bf16"};
    static const char *const packed[] = {"fp4_e2m1", "fp6_e2m3", "fp6_e3m2", "int4"};
    for (size_t f = 0; f < 4; f++)
        for (size_t t = 0; t < 4; t++)
            for (size_t n = 1; n < 300; n += n < 70 ? 1 : 23) {
                const struct hu_format *from = hu_format_find(sources[f]);
                unsigned char bytes[4 * 300];
                struct sources s = {from, n, bytes};
                for (size_t i = 0; i < n; i++)
                    set_element(from, bytes, i, telling(from));
                struct hu_options up = {.direction = HU_TOWARD_POSITIVE};
                for (int times = 0; times < 3; times++)
                    check_all_kernels(s, hu_format_find(packed[t]), &up);
            }
}

/* Of one kind alone in runs, so that no step is left to what its neighbours ask for: the largest
 * and infinite, subnormal ones with and without a last bit, and the least that is normal. */
static struct sources runs_of_one_kind(const struct hu_format *from)
{
    enum { KINDS = 9, RUN = 192 };
    const uint64_t normal = hu_trailing_mask(from) + 1, max = hu_max_finite_code(from);
    const uint64_t kinds[KINDS] = {0,       1,   normal / 2 + 1, normal - 1, normal, normal + 1,
                                   max - 1, max, max + 1};
    struct sources s = {from, 2 * KINDS * RUN, calloc(2 * KINDS * RUN, from->storage_bits / 8)};
    for (size_t i = 0; i < s.n; i++)
        set_element(from, s.bytes, i, kinds[i / RUN / 2] | (i / RUN % 2 ? hu_sign_mask(from) : 0));
    return s;
}

/* Targets that have numbers where the source has infinities, or whose normal numbers begin within
 * the source's subnormal ones. */
Test(array, targets_of_the_sources_exponents_and_a_little_more_convert_as_the_scalar_path,
     .timeout = 300)
{
    static const enum hu_specials specials[] = {HU_SPECIALS_FN, HU_SPECIALS_FNUZ, HU_SPECIALS_NONE};
    for (int x = 2; x <= 8; x++)
        for (int y = 2; y <= 15 - x; y += y < 13 - x ? 2 : 1) {
            const struct hu_format *from = hu_format_exmy(x, y, HU_SPECIALS_IEEE);
            from = from ? from : hu_format_find(x == 5 ? "fp16" : "bf16");
            struct sources s = runs_of_one_kind(from);
            for (int t = y - 1; t >= 1; t = t == y - 1 ? y / 2 - 1 : 0)
                for (size_t i = 0; i < 3; i++) {
                    const struct hu_format *to = hu_format_exmy(x, t, specials[i]);
                    if (to)
                        check_all_options(s, to);
                }
            const struct hu_format *p3109 = hu_format_p3109(1 + x + y - 1, y, true, false);
            if (p3109)
                check_all_options(s, p3109);
            free(s.bytes);
        }
}

/* In the middle of numbers that all kernels take many at a time. */
Test(array, an_infinity_becomes_nan_whatever_the_direction)
{
    static const struct {
        const char *to;
        unsigned char plus, minus;
    } rows[] = {{"fp8_e4m3", 0x7f, 0xff},    {"fp8_e4m3fnuz", 0x80, 0x80},
                {"e8m0", 0xff, 0xff},        {"binary8p4sf", 0x80, 0x80},
                {"binary8p4se", 0x7f, 0xff}, {"fp4_e2m1_unpacked", 7, 15},
                {"int8", 0x7f, 0x80}};
    enum { N = 1000 };
    for (size_t t = 0; t < sizeof rows / sizeof *rows; t++)
        for (int wide = 0; wide < 2; wide++)
            for (size_t k = 0; k < hu_kernel_count(); k++)
                for (int d = 0; d < DIRECTIONS; d++) {
                    const struct hu_format *from = hu_format_find(wide ? "fp64" : "fp32");
                    const struct hu_format *to = hu_format_find(rows[t].to);
                    struct hu_options o = {.direction = (enum hu_direction)d};
                    unsigned char in[8 * N], out[N];
                    for (size_t i = 0; i < N; i++)
                        set_element(from, in, i, code_of(from, 1));
                    set_element(from, in, 500, code_of(from, INFINITY));
                    set_element(from, in, 503, code_of(from, -INFINITY));
                    hu_convert_array_with(hu_kernel_at(k), to, out, from, in, N, 0, &o, NULL);
                    cr_assert_eq(out[500], rows[t].plus, "%s to %s direction %d: 0x%x",
                                 hu_kernel_name(hu_kernel_at(k)), to->name, d, out[500]);
                    cr_assert_eq(out[503], rows[t].minus, "%s to %s direction %d: 0x%x",
                                 hu_kernel_name(hu_kernel_at(k)), to->name, d, out[503]);
                    cr_assert_eq(out[501], out[0]);
                }
}

/* A million encodings at a stride that no power of two divides, for those that are not drawn
 * above. */
Test(array, fp32_all_over_its_range_converts_as_the_scalar_path, .timeout = 300)
{
    static const char *const narrow[] = {"tf32",     "bf16",     "fp16",
                                         "fp8_e5m2", "fp8_e4m3", "fp8_e4m3fnuz"};
    const size_t n = 200000;
    struct sources s = {hu_format_find("fp32"), n, malloc(4 * n)};
    for (size_t i = 0; i < n; i++)
        set_element(s.format, s.bytes, i, (uint32_t)i * 21475u + (uint32_t)(xorshift() & 1023));
    for (size_t t = 0; t < sizeof narrow / sizeof *narrow; t++)
        check_all_options(s, hu_format_find(narrow[t]));
    free(s.bytes);
}

/* KERNEL's codes and flags against the scalar kernel's, which the tests above hold to the truth. */
static void check_against_scalar(const struct hu_kernel *kernel, struct sources s,
                                 const struct hu_format *to, const struct hu_options *options,
                                 const unsigned char *expected, unsigned raised, bool with_flags)
{
    size_t bytes = hu_array_bytes(to, s.n);
    unsigned char *got = malloc(bytes);
    unsigned flags = 0;
    hu_convert_array_with(kernel, to, got, s.format, s.bytes, s.n, 0, options,
                          with_flags ? &flags : NULL);
    if (memcmp(got, expected, bytes))
        for (size_t i = 0; i < s.n; i++)
            cr_assert_eq(element(to, got, i), element(to, expected, i),
                         "%s %s->%s direction %d flags %d: 0x%llx", hu_kernel_name(kernel),
                         s.format->name, to->name, options->direction, with_flags,
                         (unsigned long long)element(s.format, s.bytes, i));
    cr_assert(!with_flags || flags == raised,
              "%s %s->%s direction %d saturate %d before %d: flags %u, not %u, of %zu from 0x%llx",
              hu_kernel_name(kernel), s.format->name, to->name, options->direction,
              options->saturate, options->tininess_before, flags, raised, s.n,
              (unsigned long long)element(s.format, s.bytes, 0));
    free(got);
}

static void check_random(const char *source, const char *target, size_t n)
{
    const struct hu_format *from = hu_format_find(source), *to = hu_format_find(target);
    size_t width = from->storage_bits / 8;
    struct sources s = {from, n, malloc(n * width)};
    unsigned char *expected = malloc(hu_array_bytes(to, n));
    for (size_t i = 0; i < n; i++) {
        uint64_t code = xorshift();
        memcpy(s.bytes + i * width, &code, width);
    }
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        struct hu_options options = {.direction = (enum hu_direction)direction, .seed = 11};
        unsigned raised = 0;
        hu_convert_array_with(hu_kernel_at(0), to, expected, from, s.bytes, n, 0, &options,
                              &raised);
        for (size_t k = 1; k < hu_kernel_count(); k++)
            check_against_scalar(hu_kernel_at(k), s, to, &options, expected, raised,
                                 (direction + (int)k) % 2);
    }
    free(expected);
    free(s.bytes);
}

Test(array, ten_million_random_encodings_convert_as_the_scalar_kernel, .timeout = 300)
{
    const size_t n = 10000000;
    check_random("fp32", "fp16", n);
    check_random("fp32", "bf16", n);
    check_random("fp32", "tf32", n);
    check_random("fp32", "fp8_e4m3", n);
    check_random("fp32", "fp8_e5m2", n);
    check_random("fp64", "fp32", n / 2);
    check_random("fp64", "fp16", n / 2);
    check_random("fp64", "bf16", n / 2);
}

/* An encoding of FROM near CENTRE with one of SIGNS, or now and then zero. */
static uint64_t near(const struct hu_format *from, uint64_t centre, unsigned spread, uint64_t signs)
{
    uint64_t moved = centre + (xorshift() & ((UINT64_C(1) << spread) - 1));
    uint64_t sign = xorshift() & hu_sign_mask(from) & signs;
    return xorshift() % 16 ? moved ^ sign : sign;
}

static void check_short_flags(const struct hu_format *from, const struct hu_format *to,
                              uint64_t centre, unsigned spread)
{
    enum { MOST = 300 };
    unsigned char bytes[MOST * 8], expected[MOST * 8];
    size_t n = 1 + xorshift() % (xorshift() % 2 ? MOST : 3);
    uint64_t signs = xorshift() % 2 ? UINT64_MAX : 0;
    struct sources s = {from, n, bytes};
    uint64_t exact = xorshift() % 2 ? (UINT64_C(1) << (from->trailing_bits / 2)) - 1 : 0;
    for (size_t i = 0; i < n; i++)
        set_element(from, bytes, i, near(from, centre, spread, signs) & ~exact);
    for (int way = 0; way < 4 * DIRECTIONS; way++) {
        struct hu_options options = {(enum hu_direction)(way / 4), way & 1, way & 2, 3};
        unsigned raised = 0;
        memset(expected, 0, sizeof expected);
        for (size_t i = 0; i < n; i++)
            set_element(to, expected, i,
                        hu_convert_at(to, from, element(from, bytes, i), i, &options, &raised));
        for (size_t k = 1; k < hu_kernel_count(); k++)
            check_against_scalar(hu_kernel_at(k), s, to, &options, expected, raised, true);
    }
}

/* Few elements near one of the ends of the target's range, so that the flags differ from array to
 * array. */
static void check_all_short_flags(const char *source)
{
    const struct hu_format *from = hu_format_find(source);
    for (size_t t = 0; t < TARGETS; t++) {
        const struct hu_format *to = hu_format_find(targets[t]);
        if (to->width > 32)
            continue;
        const uint64_t ends[] = {code_of(from, hu_to_double(to, 1)),
                                 code_of(from, hu_to_double(to, hu_trailing_mask(to) + 1)),
                                 code_of(from, hu_to_double(to, hu_trailing_mask(to) + 2)),
                                 code_of(from, hu_to_double(to, hu_max_finite_code(to))),
                                 code_of(from, 1.0),
                                 hu_max_finite_code(from),
                                 0,
                                 hu_exponent_mask(from) << from->trailing_bits};
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
            for (unsigned spread = 0; spread <= from->trailing_bits + 3u; spread += 3) {
                uint64_t centre = ends[e] - (UINT64_C(1) << spread) / 2;
                check_short_flags(from, to, centre, spread);
                check_short_flags(from, to, centre | hu_sign_mask(from), spread);
            }
    }
}

Test(array, few_elements_raise_the_flags_of_the_scalar_path, .timeout = 300)
{
    check_all_short_flags("fp32");
    check_all_short_flags("fp64");
    check_all_short_flags("bf16");
    check_all_short_flags("fp16");
}

/* Behind ones, which every target has. */
Test(array, bits_beyond_the_last_element_of_a_packed_array_raise_nothing)
{
    enum { ALL = 256 };
    static const char *const packed[] = {"fp4_e2m1", "fp6_e2m3", "fp6_e3m2"};
    static const char *const sets[] = {"e8m0", "fp4_e2m1", "uint8", "fp8_e5m2"};
    for (size_t pair = 0; pair < 12; pair++) {
        const struct hu_format *from = hu_format_find(packed[pair / 4]);
        const struct hu_format *to = hu_format_find(sets[pair % 4]);
        for (size_t k = 0; k < hu_kernel_count(); k++) {
            unsigned char bytes[ALL] = {0}, got[ALL];
            unsigned flags = 0;
            for (size_t n = ALL; n; n = n == ALL ? 70 : n - 1) {
                for (size_t i = 0; i < n; i++)
                    set_element(from, bytes, i, code_of(from, 1));
                bytes[n * from->width / 8] |= (unsigned char)(0xff << n * from->width % 8);
                hu_convert_array_with(hu_kernel_at(k), to, got, from, bytes, n, 0, NULL, &flags);
                cr_assert(!flags, "%s %s->%s, %zu: %u", hu_kernel_name(hu_kernel_at(k)), from->name,
                          to->name, n, flags);
            }
        }
    }
}

static const char *const layouts[][2] = {
    {"fp32", "fp16"},     {"fp16", "fp32"},     {"fp32", "bf16"},     {"bf16", "fp32"},
    {"fp64", "fp32"},     {"fp64", "fp16"},     {"fp32", "tf32"},     {"tf32", "bf16"},
    {"fp32", "fp8_e4m3"}, {"fp8_e4m3", "fp32"}, {"fp8_e4m3", "bf16"}, {"fp32", "fp6_e3m2"},
    {"fp32", "fp4_e2m1"}, {"fp6_e3m2", "fp32"}, {"fp4_e2m1", "fp16"}, {"fp32", "fp64"},
    {"fp64", "fp8_e5m2"}, {"fp16", "fp6_e2m3"}, {"fp32", "e8m0"},     {"fp6_e2m3", "fp4_e2m1"},
};

enum { LAYOUTS = sizeof layouts / sizeof *layouts };

/* An area whose end is followed by a page that must not be touched. */
struct guarded {
    unsigned char *map, *end;
    size_t bytes;
};

static struct guarded guarded_new(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct guarded g = {.bytes = (bytes + 2 * page) / page * page};
    g.map = mmap(NULL, g.bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert(g.map != MAP_FAILED);
    g.end = g.map + g.bytes;
    cr_assert_eq(mprotect(g.end, page, PROT_NONE), 0);
    return g;
}

static void guarded_free(struct guarded g)
{
    munmap(g.map, g.bytes + (size_t)sysconf(_SC_PAGESIZE));
}

static const enum hu_direction every_direction[] = {
    HU_TIES_TO_EVEN,    HU_TIES_TO_AWAY, HU_TOWARD_ZERO, HU_TOWARD_POSITIVE,
    HU_TOWARD_NEGATIVE, HU_TO_ODD,       HU_STOCHASTIC};

enum { MOST_GUARDED = 257 };

/* N elements that end at a guard page, converted into a buffer that ends at one; as many as make a
 * table, if there is one, come before. */
static void check_at_guards(const struct hu_kernel *kernel, const struct hu_format *from,
                            const struct hu_format *to, size_t n, struct guarded in,
                            struct guarded out, const unsigned char *data,
                            const unsigned char *expected, enum hu_direction direction)
{
    size_t in_bytes = hu_array_bytes(from, n), out_bytes = hu_array_bytes(to, n);
    unsigned char *src = in.end - in_bytes, *dst = out.end - out_bytes;
    struct hu_options options = {.direction = direction, .seed = 7};
    unsigned flags = 0;
    memcpy(src, data, in_bytes);
    for (int with_flags = 0; with_flags < 2; with_flags++) {
        unsigned char all[MOST_GUARDED * 8];
        hu_convert_array_with(kernel, to, all, from, data, MOST_GUARDED, 0, &options,
                              with_flags ? &flags : NULL);
        dst[-1] = 0x5a;
        memset(dst, 0xa5, out_bytes);
        cr_assert_eq(hu_convert_array_with(kernel, to, dst, from, src, n, 0, &options,
                                           with_flags ? &flags : NULL),
                     0);
        cr_assert_eq(dst[-1], 0x5a, "%s wrote before the start", hu_kernel_name(kernel));
        cr_assert_arr_eq(dst, expected, out_bytes, "%s %s->%s, %zu elements, direction %d",
                         hu_kernel_name(kernel), from->name, to->name, n, direction);
    }
}

Test(array, every_count_up_to_257_stays_between_guard_pages, .timeout = 300)
{
    enum { MOST = MOST_GUARDED };
    for (size_t l = 0; l < LAYOUTS; l++) {
        const struct hu_format *from = hu_format_find(layouts[l][0]);
        const struct hu_format *to = hu_format_find(layouts[l][1]);
        struct guarded in = guarded_new(MOST * 8), out = guarded_new(MOST * 8);
        unsigned char data[MOST * 8], expected[MOST * 8];
        for (size_t i = 0; i < sizeof data; i++)
            data[i] = (unsigned char)xorshift();
        for (size_t n = 0; n <= MOST; n++) {
            enum hu_direction direction = every_direction[n % DIRECTIONS];
            struct hu_options options = {.direction = direction, .seed = 7};
            hu_convert_array_with(hu_kernel_find("scalar"), to, expected, from, data, n, 0,
                                  &options, NULL);
            for (size_t k = 0; k < hu_kernel_count(); k++)
                check_at_guards(hu_kernel_at(k), from, to, n, in, out, data, expected, direction);
        }
        guarded_free(in);
        guarded_free(out);
    }
}

Test(array, every_misalignment_converts_alike, .timeout = 300)
{
    enum { N = 400, ROOM = N * 8 + 128 };
    static unsigned char in[ROOM], out[ROOM], data[ROOM], expected[ROOM];
    for (size_t i = 0; i < ROOM; i++)
        data[i] = (unsigned char)xorshift();
    for (size_t l = 0; l < LAYOUTS; l++) {
        const struct hu_format *from = hu_format_find(layouts[l][0]);
        const struct hu_format *to = hu_format_find(layouts[l][1]);
        hu_convert_array_with(hu_kernel_find("scalar"), to, expected, from, data, N, 0, NULL, NULL);
        for (size_t shift = 0; shift < 64; shift++)
            for (size_t k = 0; k < hu_kernel_count(); k++) {
                size_t other = (shift * 37 + k * 11) % 64;
                memcpy(in + shift, data, hu_array_bytes(from, N));
                memset(out, 0xcc, ROOM);
                hu_convert_array_with(hu_kernel_at(k), to, out + other, from, in + shift, N, 0,
                                      NULL, NULL);
                size_t bytes = hu_array_bytes(to, N);
                cr_assert_arr_eq(out + other, expected, bytes, "%s %s->%s at %zu and %zu",
                                 hu_kernel_name(hu_kernel_at(k)), from->name, to->name, shift,
                                 other);
                cr_assert(out[other + bytes] == 0xcc && (!other || out[other - 1] == 0xcc),
                          "%s %s->%s wrote beside its array", hu_kernel_name(hu_kernel_at(k)),
                          from->name, to->name);
            }
    }
}

Test(array, narrowing_in_place_gives_what_it_gives_elsewhere, .timeout = 300)
{
    enum { N = 1021 };
    static unsigned char data[N * 8], expected[N * 8], place[N * 8];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)xorshift();
    for (size_t f = 0; f < TARGETS; f++)
        for (size_t t = 0; t < TARGETS; t++)
            for (size_t k = 0; k < hu_kernel_count(); k++) {
                const struct hu_format *from = hu_format_find(targets[f]);
                const struct hu_format *to = hu_format_find(targets[t]);
                if (to->storage_bits > from->storage_bits)
                    continue;
                hu_convert_array_with(hu_kernel_find("scalar"), to, expected, from, data, N, 0,
                                      NULL, NULL);
                memcpy(place, data, sizeof data);
                hu_convert_array_with(hu_kernel_at(k), to, place, from, place, N, 0, NULL, NULL);
                cr_assert_arr_eq(place, expected, hu_array_bytes(to, N), "%s %s->%s in place",
                                 hu_kernel_name(hu_kernel_at(k)), from->name, to->name);
                cr_assert_arr_eq(place + hu_array_bytes(from, N), data + hu_array_bytes(from, N),
                                 sizeof data - hu_array_bytes(from, N));
            }
}

/* In pieces too small to be streamed. */
static unsigned convert_in_pieces(const struct hu_format *to, unsigned char *out,
                                  const struct hu_format *from, const unsigned char *in, size_t n,
                                  const struct hu_options *options)
{
    enum { PIECE = 4096 };
    unsigned flags = 0;
    for (size_t i = 0; i < n; i += PIECE)
        hu_convert_array_with(hu_kernel_chosen(), to, out + hu_array_bytes(to, i), from,
                              in + hu_array_bytes(from, i), n - i < PIECE ? n - i : PIECE, i,
                              options, &flags);
    return flags;
}

static const struct {
    const char *from, *to;
} large_pairs[] = {
    {"fp32", "fp16"},     {"fp32", "fp8_e4m3"}, {"fp32", "tf32"},     {"fp32", "fp6_e3m2"},
    {"fp32", "fp4_e2m1"}, {"fp32", "bf16"},     {"fp32", "e8m0"},     {"fp32", "fp64"},
    {"fp16", "fp32"},     {"bf16", "fp32"},     {"bf16", "fp16"},     {"fp16", "fp8_e5m2"},
    {"fp64", "fp32"},     {"fp64", "fp16"},     {"fp64", "bf16"},     {"fp64", "fp6_e2m3"},
    {"fp8_e4m3", "fp32"}, {"fp8_e5m2", "bf16"}, {"fp6_e2m3", "fp32"}, {"fp4_e2m1", "fp16"},
};

enum { LARGE_PAIRS = sizeof large_pairs / sizeof *large_pairs };

/* Elements whose source and target fill N_BYTES together; not a multiple of any block. */
static size_t elements_of(const struct hu_format *from, const struct hu_format *to, size_t bytes)
{
    return bytes * 8 / (size_t)(from->storage_bits + to->storage_bits) + 72;
}

Test(array, large_arrays_convert_as_small_ones, .timeout = 300)
{
    const size_t room = 36 << 20;
    unsigned char *in = malloc(room + 64), *out = malloc(room + 64), *expected = malloc(room);
    for (size_t i = 0; i < room / 8; i++) {
        uint64_t x = xorshift();
        memcpy(in + 4 + 8 * i, &x, 8);
    }
    for (size_t t = 0; t < LARGE_PAIRS; t++) {
        const struct hu_format *from = hu_format_find(large_pairs[t].from);
        const struct hu_format *to = hu_format_find(large_pairs[t].to);
        size_t n = elements_of(from, to, (size_t)33 << 20), bytes = hu_array_bytes(to, n);
        struct hu_options options = {t % 2 ? HU_STOCHASTIC : HU_TIES_TO_EVEN, false, false, 3};
        unsigned raised = convert_in_pieces(to, expected, from, in + 4, n, &options);
        for (size_t k = 0; k < 3 * hu_kernel_count(); k++) {
            const struct hu_kernel *kernel = hu_kernel_at(k / 3);
            size_t at = k % 3 < 2 ? k % 3 * hu_array_bytes(to, 4) / 4 : 1;
            unsigned flags = 0;
            hu_stream_turns = (t + k / 2) % 2;
            memset(out, 0x5a, bytes + 16);
            hu_convert_array_with(kernel, to, out + at, from, in + 4, n, 0, &options,
                                  k % 2 ? &flags : NULL);
            cr_assert(!memcmp(out + at, expected, bytes), "%s %s to %s at %zu",
                      hu_kernel_name(kernel), from->name, to->name, at);
            cr_assert(out[at + bytes] == 0x5a && (!at || out[at - 1] == 0x5a));
            cr_assert(!(k % 2) || flags == raised, "%s %s to %s: flags %u, not %u",
                      hu_kernel_name(kernel), from->name, to->name, flags, raised);
        }
    }
    free(in);
    free(out);
    free(expected);
}

/* The largest finite code, or a signaling NaN where the target has larger ones. */
static uint64_t telling_code(const struct hu_format *from, const struct hu_format *to)
{
    bool widens = to->width > from->width && from->specials == HU_SPECIALS_IEEE;
    return widens ? hu_infinity_code(from) | 1 : hu_max_finite_code(from) - 1;
}

Test(array, one_element_of_a_large_array_raises_its_flags, .timeout = 300)
{
    const size_t room = 36 << 20;
    unsigned char *in = calloc(room + 64, 1), *out = malloc(room + 64);
    for (size_t t = 0; t < LARGE_PAIRS; t++) {
        const struct hu_format *from = hu_format_find(large_pairs[t].from);
        const struct hu_format *to = hu_format_find(large_pairs[t].to);
        struct hu_options options = {HU_TIES_TO_EVEN, false, false, 0};
        uint64_t code = telling_code(from, to);
        unsigned expected = 0;
        hu_convert(to, from, code, &options, &expected);
        if (from->storage_bits < 8 || !strcmp(to->name, "e8m0"))
            continue;
        size_t n = elements_of(from, to, (size_t)33 << 20);
        const size_t places[] = {0, 1, n / 2 + 77, n - 100, n - 1};
        for (size_t k = 0; k < hu_kernel_count(); k++)
            for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
                unsigned flags = 0;
                set_element(from, in, places[p], code);
                hu_convert_array_with(hu_kernel_at(k), to, out, from, in, n, 0, &options, &flags);
                set_element(from, in, places[p], 0);
                cr_assert_eq(flags, expected, "%s %s to %s, element %zu: flags %u, not %u",
                             hu_kernel_name(hu_kernel_at(k)), from->name, to->name, places[p],
                             flags, expected);
            }
    }
    free(in);
    free(out);
}

/* After some flags a table is asked for the others alone. */
Test(array, every_code_raises_what_those_before_it_did_not)
{
    static const char *const pairs[][2] = {{"fp8_e5m2", "fp8_e4m3"},     {"fp8_e4m3", "fp8_e3m4"},
                                           {"fp8_e4m3fnuz", "fp6_e2m3"}, {"fp6_e3m2", "fp4_e2m1"},
                                           {"int8", "fp8_e5m2"},         {"e8m0", "int8"}};
    enum { N = 9000 };
    static unsigned char in[N], out[N];
    for (size_t t = 0; t < sizeof pairs / sizeof *pairs; t++) {
        const struct hu_format *from = hu_format_find(pairs[t][0]);
        const struct hu_format *to = hu_format_find(pairs[t][1]);
        const uint64_t zero = from->specials == HU_SPECIALS_SCALE ? 127 : 0;
        for (size_t i = 0; i < N; i++)
            set_element(from, in, i, zero);
        const uint64_t before[] = {1, telling_code(from, to), hu_max_finite_code(from) / 2 | 1};
        for (size_t b = 0; b < sizeof before / sizeof *before; b++) {
            set_element(from, in, 0, before[b]);
            for (uint64_t code = 0; code <= hu_width_mask(from); code++) {
                unsigned expected = 0;
                hu_convert(to, from, before[b], NULL, &expected);
                hu_convert(to, from, code, NULL, &expected);
                set_element(from, in, N - 99, code);
                for (size_t k = 1; k < hu_kernel_count(); k++) {
                    unsigned flags = 0;
                    hu_convert_array_with(hu_kernel_at(k), to, out, from, in, N, 0, NULL, &flags);
                    cr_assert_eq(flags, expected, "%s %s to %s, 0x%llx after 0x%llx: %u, not %u",
                                 hu_kernel_name(hu_kernel_at(k)), from->name, to->name,
                                 (unsigned long long)code, (unsigned long long)before[b], flags,
                                 expected);
                }
            }
            set_element(from, in, N - 99, zero);
        }
    }
}

/* Kernels look for flags a stretch at a time. */
Test(array, one_element_anywhere_raises_its_flags)
{
    static const char *const pairs[][2] = {{"fp8_e4m3", "fp8_e5m2"}, {"fp8_e5m2", "fp8_e4m3"},
                                           {"fp6_e3m2", "fp4_e2m1"}, {"fp8_e3m4", "fp6_e2m3"},
                                           {"fp16", "fp8_e4m3"},     {"fp64", "uint32"}};
    enum { N = 9000 };
    unsigned char in[8 * N] = {0}, out[8 * N];
    for (size_t t = 0; t < sizeof pairs / sizeof *pairs; t++)
        for (size_t i = 0; i < N; i += i % 2 ? 1 : 997) {
            const struct hu_format *from = hu_format_find(pairs[t][0]);
            const struct hu_format *to = hu_format_find(pairs[t][1]);
            uint64_t code = telling_code(from, to);
            unsigned expected = 0;
            hu_convert(to, from, code, NULL, &expected);
            set_element(from, in, i, code);
            for (size_t k = 0; k < hu_kernel_count(); k++) {
                unsigned flags = 0;
                hu_convert_array_with(hu_kernel_at(k), to, out, from, in, N, 0, NULL, &flags);
                cr_assert_eq(flags, expected, "%s %s to %s, element %zu: flags %u, not %u",
                             hu_kernel_name(hu_kernel_at(k)), from->name, to->name, i, flags,
                             expected);
            }
            set_element(from, in, i, 0);
        }
}

#if defined(__SSE2__)
#include <xmmintrin.h>

/* Flush-to-zero, denormals-are-zero, another rounding direction, and no exception masked. */
Test(array, the_callers_floating_point_environment_changes_nothing_and_stays)
{
    enum { N = 20000 };
    const struct hu_format *fp32 = hu_format_find("fp32"), *fp64 = hu_format_find("fp64");
    static unsigned char expected[N * 8], got[N * 8];
    for (size_t t = 0; t < TARGETS; t++) {
        const struct hu_format *to = hu_format_find(targets[t]);
        struct sources sets[] = {boundaries(fp32, hu_format_find("fp8_e4m3"), 1, N),
                                 boundaries(fp64, hu_format_find("fp16"), 31, N),
                                 {hu_format_find("fp16"), N, NULL},
                                 {hu_format_find("e8m0"), N, NULL}};
        sets[2].bytes = sets[3].bytes = sets[0].bytes;
        for (size_t s = 0; s < 4; s++)
            for (size_t k = 0; k < hu_kernel_count(); k++)
                for (int d = 0; d < DIRECTIONS; d++) {
                    struct hu_options options = {.direction = (enum hu_direction)d};
                    unsigned before = 0, after = 0;
                    hu_convert_array_with(hu_kernel_find("scalar"), to, expected, sets[s].format,
                                          sets[s].bytes, N, 0, &options, &before);
                    unsigned mine = 0x8040u | (unsigned)(d + 1) % 4 << 13;
                    unsigned saved = _mm_getcsr();
                    _mm_setcsr(mine);
                    for (int times = 0; times < 2; times++) /* of which the first makes a table */
                        hu_convert_array_with(hu_kernel_at(k), to, got, sets[s].format,
                                              sets[s].bytes, N, 0, &options, &after);
                    unsigned left = _mm_getcsr();
                    _mm_setcsr(saved);
                    cr_assert_eq(left, mine, "%s left MXCSR 0x%x", hu_kernel_name(hu_kernel_at(k)),
                                 left);
                    cr_assert_eq(after, before);
                    cr_assert(!memcmp(got, expected, hu_array_bytes(to, N)),
                              "%s %s->%s direction %d", hu_kernel_name(hu_kernel_at(k)),
                              sets[s].format->name, to->name, d);
                }
        free(sets[0].bytes);
        free(sets[1].bytes);
    }
}

/* The finite elements of FROM, in pieces, by KERNEL's row; returns MXCSR. */
static unsigned exceptions_of(const struct hu_kernel *kernel, const struct hu_format *to,
                              const struct hu_format *from, const struct hu_options *options)
{
    static struct plan p;
    static unsigned char in[1 << 17], out[1 << 18];
    memset(&p, 0, sizeof p);
    p.to = to, p.from = from, p.options = *options;
    if (!kernel->can(&p)) { /* another does this better */
        cr_assert(to->storage_bits == 32, "%s %s->%s", kernel->name, from->name, to->name);
        return 0;
    }
    size_t n = 2 * (hu_max_finite_code(from) + 1);
    for (size_t i = 0; i < n; i++)
        set_element(from, in, i, i / 2 | (i % 2 ? hu_sign_mask(from) : 0));
    environment saved = environment_enter(p.round_in);
    environment_clear();
    p.row(&p, out, in, n, 0);
    unsigned raised = _mm_getcsr();
    environment_leave(saved);
    return raised;
}

/* Bit 1 of MXCSR tells of a subnormal operand (Intel SDM volume 1, section 10.2.3). Intel's
 * processors take hundreds of cycles for a product with one, and as many where the flag is new. */
Test(array, halves_are_rounded_without_an_operand_that_is_subnormal)
{
    static const char *const halves[] = {"bf16", "fp16", "e5m6", "e6m9"};
    static const char *const codes[] = {"fp8_e5m2", "fp8_e4m3", "fp8_e4m3fnuz",     "fp8_e3m4",
                                        "fp6_e3m2", "fp6_e2m3", "fp4_e2m1_unpacked"};
    static const enum hu_direction directions[] = {
        HU_TIES_TO_EVEN,    HU_TIES_TO_AWAY,    HU_TOWARD_ZERO,
        HU_TOWARD_POSITIVE, HU_TOWARD_NEGATIVE, HU_TO_ODD,
    };
    for (size_t k = 0; k < hu_kernel_count(); k++)
        for (size_t h = 0; h < 4; h++)
            for (size_t c = 0; c < 7 + 2; c++)
                for (size_t d = 0; d < 6; d++) {
                    const struct hu_kernel *kernel = hu_kernel_at(k);
                    const char *name = c < 7 ? codes[c] : c == 7 ? "fp32" : "tf32";
                    const struct hu_options options = {.direction = directions[d]};
                    if (strcmp(kernel->name, "avx2") && strcmp(kernel->name, "avx512"))
                        continue;
                    unsigned raised = exceptions_of(kernel, hu_format_find(name),
                                                    hu_format_find(halves[h]), &options);
                    cr_assert_eq(raised & 2, 0, "%s %s->%s direction %d", kernel->name, halves[h],
                                 name, directions[d]);
                }
}
#endif

/* The share of elements that go up is the discarded fraction, within five standard deviations. */
Test(array, stochastic_rounding_goes_up_as_often_as_the_fraction_says)
{
    enum { N = 1 << 18 };
    static const struct {
        const char *to;
        uint32_t fp32;
        double fraction;
    } cases[] = {
        {"bf16", 0x3f804000, 0.25},      {"bf16", 0xbf80c000, 0.75},
        {"fp16", 0x3f800800, 0.25},      {"fp8_e4m3", 0x3f810000, 0.0625},
        {"fp8_e4m3", 0x3ac00000, 0.75},  {"tf32", 0x3f801000, 0.5},
        {"fp8_e5m2", 0x3f840000, 0.125}, {"fp4_e2m1", 0x3fe00000, 0.5},
        {"bf16", 0x3f800001, 0x1p-16},   {"fp16", 0x33000000, 0.5},
    };
    static uint32_t in[N];
    static unsigned char out[N * 4];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct hu_format *to = hu_format_find(cases[c].to);
        for (size_t i = 0; i < N; i++)
            in[i] = cases[c].fp32;
        struct hu_options options = {HU_STOCHASTIC, false, false, 12345 + c};
        hu_convert_array(to, out, hu_format_find("fp32"), in, N, &options, NULL);
        struct hu_options down = {.direction = HU_TOWARD_ZERO};
        uint64_t low = hu_convert(to, hu_format_find("fp32"), cases[c].fp32, &down, NULL);
        size_t ups = 0;
        for (size_t i = 0; i < N; i++) {
            uint64_t code = element(to, out, i);
            cr_assert(code == low || code == low + 1, "%s: neither neighbour", to->name);
            ups += code != low;
        }
        double mean = N * cases[c].fraction;
        double deviation = sqrt(N * cases[c].fraction * (1 - cases[c].fraction));
        cr_assert_lt(fabs((double)ups - mean), 5 * deviation + 1, "%s %a: %zu of %d go up",
                     to->name, cases[c].fraction, ups, N);
    }
}

Test(array, stochastic_rounding_never_moves_an_exact_value)
{
    const struct hu_format *fp32 = hu_format_find("fp32");
    static unsigned char in[4 << 16], out[4 << 16];
    for (size_t t = 0; t < TARGETS; t++) {
        const struct hu_format *to = hu_format_find(targets[t]);
        if (to->width > 16 || to->exponent_bits > 8 || to->specials == HU_SPECIALS_SCALE)
            continue;
        size_t n = hu_max_finite_code(to) + 1;
        for (size_t i = 0; i < n; i++)
            set_element(fp32, in, i, hu_convert(fp32, to, i, NULL, NULL));
        struct hu_options options = {HU_STOCHASTIC, false, false, t};
        for (size_t k = 0; k < hu_kernel_count(); k++) {
            hu_convert_array_with(hu_kernel_at(k), to, out, fp32, in, n, 0, &options, NULL);
            for (size_t i = 0; i < n; i++)
                cr_assert_eq(element(to, out, i), i, "%s %s", hu_kernel_name(hu_kernel_at(k)),
                             to->name);
        }
    }
}

/* Pieces with their first indices, across 2^34 too, give what the whole gives. */
Test(array, stochastic_rounding_depends_on_the_index_and_not_on_the_split)
{
    enum { N = 3000 };
    static uint32_t in[N];
    static unsigned char whole[N * 8], pieces[N * 8];
    for (size_t i = 0; i < N; i++)
        in[i] = (uint32_t)xorshift();
    static const uint64_t firsts[] = {0, 5, UINT64_C(0x3fffffc00), UINT64_C(0x3fffffff8),
                                      1ull << 40};
    for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++)
        for (size_t t = 0; t < TARGETS; t++)
            for (size_t k = 0; k < hu_kernel_count(); k++) {
                const struct hu_format *to = hu_format_find(targets[t]);
                const struct hu_format *fp32 = hu_format_find("fp32");
                struct hu_options options = {HU_STOCHASTIC, false, false, 99};
                hu_convert_array_with(hu_kernel_find("scalar"), to, whole, fp32, in, N, firsts[f],
                                      &options, NULL);
                for (size_t i = 0, piece; i < N; i += piece) {
                    piece = 8 + i % 600 / 8 * 8;
                    if (piece > N - i)
                        piece = N - i;
                    hu_convert_array_with(hu_kernel_at(k), to, pieces + hu_array_bytes(to, i), fp32,
                                          in + i, piece, firsts[f] + i, &options, NULL);
                }
                cr_assert_arr_eq(pieces, whole, hu_array_bytes(to, N), "%s %s from %llu",
                                 hu_kernel_name(hu_kernel_at(k)), to->name,
                                 (unsigned long long)firsts[f]);
            }
}

Test(array, the_seed_changes_what_is_drawn)
{
    enum { N = 256 };
    uint32_t in[N];
    uint16_t out[2][N];
    for (size_t i = 0; i < N; i++)
        in[i] = 0x3f808000;
    for (unsigned s = 0; s < 2; s++) {
        struct hu_options options = {HU_STOCHASTIC, false, false, s};
        hu_convert_array(hu_format_find("bf16"), out[s], hu_format_find("fp32"), in, N, &options,
                         NULL);
    }
    cr_assert(memcmp(out[0], out[1], sizeof out[0]));
}

Test(array, wrong_arguments_are_refused_and_nothing_is_written)
{
    const struct hu_format *fp32 = hu_format_find("fp32"), *fp16 = hu_format_find("fp16");
    uint32_t in[4] = {0};
    uint16_t out[4] = {7, 7, 7, 7};
    unsigned flags = 0;
    struct hu_options bad = {.direction = (enum hu_direction)7};
    cr_assert_eq(hu_convert_array(NULL, out, fp32, in, 4, NULL, &flags), EINVAL);
    cr_assert_eq(hu_convert_array(fp16, out, NULL, in, 4, NULL, &flags), EINVAL);
    cr_assert_eq(hu_convert_array(fp16, NULL, fp32, in, 4, NULL, &flags), EINVAL);
    cr_assert_eq(hu_convert_array(fp16, out, fp32, NULL, 4, NULL, &flags), EINVAL);
    cr_assert_eq(hu_convert_array(fp16, out, fp32, in, 4, &bad, &flags), EINVAL);
    cr_assert_eq(hu_convert_array(fp16, out, fp32, in, 0, &bad, &flags), EINVAL);
    cr_assert_eq(hu_convert_array_with(NULL, fp16, out, fp32, in, 4, 0, NULL, &flags), EINVAL);
    cr_assert_eq(flags, 0);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(out[i], 7);
    cr_assert_eq(hu_convert_array(fp16, NULL, fp32, NULL, 0, NULL, NULL), 0);
}

Test(array, tf32_reads_the_top_of_its_word_and_ignores_the_rest)
{
    uint32_t in[3] = {0x3f801fff, 0x7f801fff, 0xff803fff}, out[3];
    unsigned flags = 0;
    hu_convert_array(hu_format_find("fp32"), out, hu_format_find("tf32"), in, 3, NULL, &flags);
    cr_assert_eq(out[0], 0x3f800000);
    cr_assert_eq(out[1], 0x7f800000, "an infinity, whatever lies below");
    cr_assert_eq(out[2], 0xffc02000, "a NaN, its payload kept");
    cr_assert_eq(flags, HU_INVALID);
}

Test(array, packed_layouts_fill_bytes_from_the_least_significant_bit)
{
    const float in[5] = {0.5f, -6, 1, 2, 3};
    unsigned char fp4[3], fp6[4];
    hu_convert_array(hu_format_find("fp4_e2m1"), fp4, hu_format_find("fp32"), in, 5, NULL, NULL);
    cr_assert_eq(fp4[0], 0xf1);
    cr_assert_eq(fp4[1], 0x42);
    cr_assert_eq(fp4[2], 0x05, "the last byte is filled with zero bits");
    hu_convert_array(hu_format_find("fp6_e3m2"), fp6, hu_format_find("fp32"), in, 5, NULL, NULL);
    unsigned long long packed = 0x08 | 0x36 << 6 | 0x0c << 12 | 0x10 << 18 | 0x12ull << 24;
    for (int i = 0; i < 4; i++)
        cr_assert_eq(fp6[i], (unsigned char)(packed >> 8 * i), "byte %d", i);
}

Test(array, kernels_are_listed_from_scalar_on_and_found_by_name)
{
    cr_assert_geq(hu_kernel_count(), 1);
    cr_assert_str_eq(hu_kernel_name(hu_kernel_at(0)), "scalar");
    cr_assert_null(hu_kernel_at(hu_kernel_count()));
    cr_assert_null(hu_kernel_find("abacus"));
    cr_assert_null(hu_kernel_find(NULL));
    for (size_t k = 0; k < hu_kernel_count(); k++)
        cr_assert_eq(hu_kernel_find(hu_kernel_name(hu_kernel_at(k))), hu_kernel_at(k));
    const char *forced = getenv("HALFULP_KERNEL");
    const struct hu_kernel *best = hu_kernel_at(hu_kernel_count() - 1);
    cr_assert_eq(hu_kernel_chosen(),
                 forced && hu_kernel_find(forced) ? hu_kernel_find(forced) : best);
}

/* What a plan was made for is looked at by every call that it is kept for. */
/* Every pair of these by turns, each seldom and few, which is more plans than a thread keeps. */
static void *take_turns(void *failed)
{
    static const char *const names[] = {"fp8_e5m2", "fp8_e4m3", "e8m0", "fp6_e3m2", "int8"};
    enum { N = 48, PAIRS = 25, EACH = 60 };
    uint64_t x = (uintptr_t)failed | 1;
    for (unsigned turn = 0; turn < PAIRS * EACH; turn++) {
        const struct hu_format *from = hu_format_find(names[turn % 5]);
        const struct hu_format *to = hu_format_find(names[turn / 5 % 5]);
        struct hu_options options = {.direction = (enum hu_direction)(turn / PAIRS % 3 * 2)};
        unsigned char bytes[N], got[N], expected[N];
        unsigned flags = 0, raised = 0;
        const bool with_flags = turn / PAIRS / 3 % 2;
        for (size_t i = 0; i < N; i++)
            bytes[i] = (unsigned char)((x = x * UINT64_C(6364136223846793005) + 1) >> 56);
        hu_convert_array(to, got, from, bytes, N, &options, with_flags ? &flags : NULL);
        hu_convert_array_with(hu_kernel_at(0), to, expected, from, bytes, N, 0, &options, &raised);
        if (memcmp(got, expected, hu_array_bytes(to, N)) || (with_flags && flags != raised))
            *(int *)failed = 1;
    }
    return NULL;
}

Test(array, plans_that_threads_share_are_each_of_its_own_conversion)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int failed[THREADS] = {0};
    for (int t = 0; t < THREADS; t++)
        cr_assert(!pthread_create(&threads[t], NULL, take_turns, &failed[t]));
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (int t = 0; t < THREADS; t++)
        cr_assert(!failed[t]);
}

Test(array, a_kept_plan_follows_what_is_asked)
{
    static const char *const formats[] = {"fp8_e4m3", "fp64", "bf16", "fp4_e2m1"};
    static const enum hu_direction directions[] = {HU_TOWARD_ZERO, HU_TOWARD_POSITIVE,
                                                   HU_STOCHASTIC};
    const struct hu_format *fp32 = hu_format_find("fp32");
    float values[300];
    for (size_t i = 0; i < 300; i++)
        values[i] = (float)i / 7 - 20;
    struct plan *kept = NULL;
    for (size_t round = 0; round < 24; round++) {
        const struct hu_format *to = hu_format_find(formats[round % 4]);
        struct hu_options options = {.direction = directions[round % 3], .seed = round};
        double codes[300], expected[300];
        int error = hu_convert_array_kept(&kept, to, codes, fp32, values, 300, round, &options);
        hu_convert_array_with(hu_kernel_chosen(), to, expected, fp32, values, 300, round, &options,
                              NULL);
        cr_assert(!error && !memcmp(codes, expected, hu_array_bytes(to, 300)), "round %zu", round);
    }
    cr_assert_eq(hu_convert_array_kept(&kept, NULL, values, fp32, values, 1, 0, NULL), EINVAL);
    hu_plan_free(kept);
}
