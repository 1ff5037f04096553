#include "verify/recorded.h"
#include "verify/vectors.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct collected {
    char *text;
    size_t length, room;
};

static bool collect(void *context, const char *text, size_t length)
{
    struct collected *c = context;
    if (c->length + length + 1 > c->room) {
        c->room = 2 * (c->length + length + 1);
        c->text = realloc(c->text, c->room);
        cr_assert(c->text);
    }
    memcpy(c->text + c->length, text, length);
    c->length += length;
    c->text[c->length] = 0;
    return true;
}

static struct collected vectors(const char *to, const char *from, enum hu_direction direction,
                                const struct hu_vectors_options *options, uint64_t *written)
{
    struct hu_promise promise = {.options.direction = direction};
    struct hu_runs *runs = hu_runs_new(hu_format_find(to), hu_format_find(from), &promise, 2);
    struct collected c = {0};
    cr_assert(runs);
    *written = hu_vectors_write(runs, options, collect, &c);
    hu_runs_free(runs);
    return c;
}

static uint32_t bits_of(double value)
{
    float single = (float)value;
    uint32_t bits;
    cr_assert_eq(single, value);
    memcpy(&bits, &single, sizeof bits);
    return bits;
}

/* The value of a nonnegative fp16 code up to infinity, read as 2^16, by IEEE 754-2019 section 3.4.
 */
static double value_of(unsigned code)
{
    unsigned exponent = code >> 10, trailing = code & 1023;
    return exponent ? ldexp(1024 + trailing, (int)exponent - 25) : ldexp(trailing, -24);
}

static void mark(unsigned char *seen, uint32_t bits)
{
    seen[bits >> 3] |= (unsigned char)(1 << (bits & 7));
}

static bool is_marked(const unsigned char *seen, uint32_t bits)
{
    return seen[bits >> 3] >> (bits & 7) & 1;
}

Test(vectors, level_2_of_fp32_to_fp16_has_every_boundary_and_both_its_sides)
{
    uint64_t written;
    struct hu_vectors_options options = {.level = 2};
    struct collected c = vectors("fp16", "fp32", HU_TIES_TO_EVEN, &options, &written);
    unsigned char *seen = calloc(1, (size_t)1 << 29);
    cr_assert(seen);
    char *at = c.text;
    uint64_t lines = 0;
    for (; *at; at = strchr(at, '\n') + 1, lines++) {
        uint32_t source = (uint32_t)strtoul(at, NULL, 16);
        cr_assert_not(is_marked(seen, source), "0x%08x stands twice", source);
        mark(seen, source);
    }
    cr_assert_eq(lines, written);
    for (unsigned code = 0; code < 0x7c00; code++) {
        uint32_t exact = bits_of(value_of(code));
        uint32_t tie = bits_of((value_of(code) + value_of(code + 1)) / 2);
        for (uint32_t sign = 0; sign < 2; sign++)
            for (int side = -1; side < 2; side++) {
                uint32_t near_tie = (sign << 31 | tie) + (uint32_t)side;
                cr_assert(is_marked(seen, near_tie), "0x%08x, the tie above 0x%04x", near_tie,
                          code);
                if (exact || side >= 0)
                    cr_assert(is_marked(seen, (sign << 31 | exact) + (uint32_t)side),
                              "beside 0x%04x", code);
            }
    }
    free(seen);
    free(c.text);
}

static void agree(const char *to, const char *from, enum hu_direction direction,
                  const struct hu_vectors_options *options)
{
    uint64_t written;
    struct collected c = vectors(to, from, direction, options, &written);
    struct hu_promise promise = {.options.direction = direction};
    struct hu_recorded recorded;
    FILE *stream = fmemopen(c.text, c.length, "r");
    cr_assert(stream);
    struct hu_question question =
        hu_question_of_conversion(hu_format_find(to), hu_format_find(from), &promise);
    hu_recorded_check(&recorded, stream, &question, &(struct hu_recorded_options){0});
    fclose(stream);
    hu_faults_free(&recorded.faults);
    cr_assert_not(recorded.bad, "%s", recorded.message);
    cr_assert_eq(recorded.mismatches, 0, "%s to %s", from, to);
    cr_assert_eq(recorded.lines, written);
    cr_assert_gt(written, 0);
    if (options->count)
        cr_assert_eq(written, options->count, "%s to %s: %llu", from, to,
                     (unsigned long long)written);
    free(c.text);
}

Test(vectors, any_pair_and_direction_agrees_with_mpfr)
{
    static const char *const names[] = {"fp64",     "fp32",     "tf32", "fp16",
                                        "fp8_e4m3", "fp6_e2m3", "e8m0", "fp8_e5m2fnuz"};
    enum { NAMES = sizeof names / sizeof *names };
    struct hu_vectors_options options = {.level = 1};
    for (int f = 0; f < NAMES; f++)
        for (int t = 0; t < NAMES; t++)
            for (int d = 0; d < HU_STOCHASTIC; d += 1 + (f == 2 || t == 2))
                agree(names[t], names[f], (enum hu_direction)d, &options);
}

Test(vectors, a_count_is_kept)
{
    static const uint64_t counts[] = {1, 2, 999, 20000, 700000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct hu_vectors_options options = {.level = 2, .count = counts[i], .seed = 3};
        agree("fp16", "fp32", HU_TOWARD_POSITIVE, &options);
        agree("bf16", "fp64", HU_TO_ODD, &options);
        agree("fp32", "fp64", HU_TIES_TO_EVEN, &options);
    }
}

Test(vectors, a_narrow_source_has_each_code_once_at_level_2)
{
    uint64_t written;
    struct hu_vectors_options options = {.level = 2, .count = 5000};
    struct collected c = vectors("fp16", "fp8_e5m2", HU_TIES_TO_EVEN, &options, &written);
    cr_assert_eq(written, 256);
    free(c.text);
}

/* softfloat.h of SoftFloat's release 3: inexact 1, underflow 2, overflow 4, invalid 16. */
Test(vectors, flags_are_testfloats_bits)
{
    cr_assert_eq(hu_to_testfloat(HU_INEXACT), 1);
    cr_assert_eq(hu_to_testfloat(HU_UNDERFLOW | HU_INEXACT), 3);
    cr_assert_eq(hu_to_testfloat(HU_OVERFLOW | HU_INEXACT), 5);
    cr_assert_eq(hu_to_testfloat(HU_INVALID), 16);
}
