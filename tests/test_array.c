#include "array/array.h"
#include "convert.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
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
        set_element(to, expected, i,
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
                    cr_assert_eq(element(to, got, i), element(to, expected, i),
                                 "%s %s->%s direction %d flags %d saturate %d: 0x%llx gives 0x%llx, "
                                 "not 0x%llx",
                                 hu_kernel_name(kernel), s.format->name, to->name,
                                 options->direction, with_flags, options->saturate,
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

static double value_of(const struct hu_format *f, uint64_t code)
{
    uint64_t bits = hu_convert(hu_format_find("fp64"), f, code, NULL, NULL);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static uint64_t code_of(const struct hu_format *f, double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return hu_convert(f, hu_format_find("fp64"), bits, NULL, NULL);
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
        double low = value_of(to, code), high = value_of(to, code + 1);
        add(&s, n, code_of(from, low));
        add(&s, n, code_of(from, (low + high) / 2));
    }
    double greatest = value_of(to, hu_max_finite_code(to));
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
