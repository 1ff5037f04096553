/* Parts of statistics as bytes: what is written is read, and what is not so is refused. */
#include "cli/stats_partial.h"
#include "statistics_data.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t plan_of(struct hu_statistics_target targets[4], enum hu_scaling scaling)
{
    struct hu_options nearest = {0};
    targets[0] = hu_statistics_target_of(format("fp8_e4m3"), &nearest, scaling);
    targets[1] = hu_statistics_block_target(hu_block_find("mxfp4"), 0, &nearest);
    targets[2] = hu_statistics_block_target(hu_block_find("nf4"), 0, &nearest);
    targets[3] = hu_statistics_target_of(format("bf16"), &nearest, scaling);
    return 4;
}

static struct hu_gathered *gather(const struct hu_statistics_plan *plan, const char *source,
                                  bool finishes)
{
    enum { N = 5000 };
    static float x[N];
    static unsigned char data[N * 8];
    uint64_t seed = 1;
    for (int i = 0; i < N; i++)
        x[i] = (float)(random_bits(&seed) >> 40) * 0x1p-24f - 0.5f;
    x[7] = INFINITY;
    x[9] = -0.0f;
    hu_convert_array(format(source), data, format("fp32"), x, N, NULL, NULL);
    struct hu_statistics_data d = {.format = format(source), .elements = N, .row = N};
    struct hu_scratch *a = hu_scratch_new();
    struct hu_gathered *g = hu_gathered_new(plan, d.format);
    cr_assert(hu_analyse(a, plan, &d, g, 0, N, data, NULL));
    if (finishes)
        hu_gathered_finish(a, plan, d.format, g);
    hu_scratch_free(a);
    return g;
}

Test(partial, what_is_gathered_comes_back_bit_for_bit)
{
    static const char *const sources[] = {"fp32", "bf16", "fp8_e4m3", "fp64"};
    struct hu_statistics_target targets[4];
    struct hu_statistics_plan plan = {targets, plan_of(targets, HU_SCALE_NONE), HU_SCALE_NONE};
    for (int i = 0; i < 8; i++) {
        const char *source = sources[i / 2];
        bool finished = i % 2;
        struct hu_gathered *g = gather(&plan, source, finished);
        struct hu_gathered *back = hu_gathered_new(&plan, format(source));
        struct hu_bytes_out out = {0};
        hu_put_gathered(&out, &plan, g, finished);
        struct hu_bytes_in in = {.at = out.at, .end = out.at + out.count};
        hu_get_gathered(&in, &plan, back, finished);
        cr_assert(!in.failed && in.at == in.end, "%s", source);
        cr_assert(!memcmp(&g->spread, &back->spread, sizeof g->spread), "%s", source);
        cr_assert(!memcmp(g->losses, back->losses, 4 * sizeof *g->losses), "%s", source);
        cr_assert(!memcmp(g->blocks, back->blocks, 4 * sizeof *g->blocks), "%s", source);
        cr_assert(finished || !g->codes ||
                  !memcmp(g->codes, back->codes, g->code_count * sizeof *g->codes));
        /* Cut short it is refused, wherever the cut is. */
        for (size_t n = 0; n < out.count; n++) {
            hu_gathered_clear(back);
            in = (struct hu_bytes_in){.at = out.at, .end = out.at + n};
            hu_get_gathered(&in, &plan, back, finished);
            cr_assert(in.failed, "%zu of %zu bytes", n, out.count);
        }
        free(out.at);
        hu_gathered_free(g);
        hu_gathered_free(back);
    }
}

Test(partial, numbers_have_one_length_and_a_greatest)
{
    static const uint64_t numbers[] = {0, 1, 127, 128, 300, UINT64_C(1) << 63, UINT64_MAX};
    struct hu_bytes_out out = {0};
    for (size_t i = 0; i < 7; i++)
        hu_put_number(&out, numbers[i]);
    cr_assert_eq(out.count, 1 + 1 + 1 + 2 + 2 + 10 + 10);
    struct hu_bytes_in in = {.at = out.at, .end = out.at + out.count};
    for (size_t i = 0; i < 7; i++)
        cr_assert_eq(hu_get_number(&in), numbers[i]);
    cr_assert_not(in.failed);
    hu_get_number(&in);
    cr_assert(in.failed, "there are no more");
    const unsigned char wide[] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 2};
    in = (struct hu_bytes_in){.at = wide, .end = wide + sizeof wide};
    cr_assert_eq(hu_get_number(&in), 0);
    cr_assert(in.failed, "65 bits");
    free(out.at);
}

/* A file as `stats --partial` leaves it. */
static unsigned char *file_of(size_t *n)
{
    char path[] = "/tmp/halfulp-part-XXXXXX";
    close(mkstemp(path));
    struct hu_statistics_target targets[4];
    struct hu_statistics_plan plan = {targets, plan_of(targets, HU_SCALE_NONE), HU_SCALE_NONE};
    struct hu_gathered *g = gather(&plan, "fp32", true);
    char name[] = "x", file[] = "x.bin";
    struct partial_tensor tensor = {name, {.format = format("fp32")}, 5000, 1};
    uint64_t held = 1;
    struct partial_head head = {.file = file,
                                .shards = 1,
                                .held = &held,
                                .held_count = 1,
                                .tensors = &tensor,
                                .tensor_count = 1};
    cr_assert(stats_targets_read("fp8_e4m3,mxfp4,nf4,bf16", &head.options.targets));
    struct hu_bytes_out entries = {0};
    hu_put_number(&entries, 0);
    hu_put_number(&entries, 1);
    hu_put_gathered(&entries, &plan, g, true);
    partial_file_write(&head, &entries, 1, path, true);
    FILE *in = fopen(path, "rb");
    unsigned char *bytes = malloc(1 << 16);
    *n = fread(bytes, 1, 1 << 16, in);
    fclose(in);
    unlink(path);
    free(entries.at);
    hu_gathered_free(g);
    return bytes;
}

static bool parses(const unsigned char *bytes, size_t n, char error[PARTIAL_ERROR])
{
    struct partial_file f = {.path = "x"};
    *error = 0;
    bool fine = partial_file_parse(&f, bytes, n, error);
    cr_assert_eq(fine, !*error, "%s", error);
    partial_file_clear(&f);
    return fine;
}

Test(partial, files_that_are_cut_short_or_damaged_are_refused)
{
    char error[PARTIAL_ERROR];
    size_t n;
    unsigned char *bytes = file_of(&n);
    cr_assert(parses(bytes, n, error), "%s", error);
    for (size_t i = 0; i < n; i++)
        cr_assert_not(parses(bytes, i, error), "%zu bytes of %zu", i, n);
    cr_assert_not(parses(bytes, n + 1, error), "a byte too many");
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            cr_assert_not(parses(bytes, n, error), "bit %d of byte %zu", bit, i);
            bytes[i] ^= (unsigned char)(1 << bit);
        }
    free(bytes);
}

static void seal(unsigned char *bytes, size_t n)
{
    uint64_t hash = partial_hash(PARTIAL_HASH_START, bytes, n - 8);
    for (int i = 0; i < 8; i++)
        bytes[n - 8 + (size_t)i] = (unsigned char)(hash >> 8 * i);
}

Test(partial, what_a_right_checksum_hides_is_told)
{
    /* The head: path, count of targets, … Behind the path's "x.bin" and the 4 the targets' names.
     */
    static const struct {
        const char *what;
        size_t at; /* behind the 16 bytes before all */
        unsigned char byte;
    } kinds[] = {
        {"a path longer than the file", 0, 127},
        {"a NUL in the path", 2, 0},
        {"no target", 6, 0},
        {"more targets than there may be", 6, 65},
        {"a target that is none", 8, 'z'},
    };
    char error[PARTIAL_ERROR];
    size_t n;
    unsigned char *bytes = file_of(&n), *kept = malloc(n);
    memcpy(kept, bytes, n);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        memcpy(bytes, kept, n);
        bytes[16 + kinds[i].at] = kinds[i].byte;
        seal(bytes, n);
        cr_assert_not(parses(bytes, n, error), "%s", kinds[i].what);
        cr_assert(strstr(error, "malformed"), "%s: %s", kinds[i].what, error);
    }
    /* Whatever else is changed is read or refused. */
    uint64_t seed = 2;
    for (int i = 0; i < 20000; i++) {
        memcpy(bytes, kept, n);
        bytes[16 + random_bits(&seed) % (n - 24)] = (unsigned char)random_bits(&seed);
        seal(bytes, n);
        parses(bytes, n, error);
    }
    free(bytes);
    free(kept);
}
