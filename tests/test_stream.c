/* Files through the statistics, by pieces and threads. */
#include "array/array.h"
#include "flow/stream.h"
#include "statistics_data.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void keep(void *context, size_t index, struct hu_gathered *g)
{
    (void)index;
    hu_gathered_merge(context, g);
}

static struct hu_gathered *stream(const char *path, const char *source, uint64_t n, uint64_t row,
                                  unsigned threads, enum hu_scaling scaling)
{
    struct hu_options options = {0};
    struct hu_statistics_target target =
        hu_statistics_target_of(format("fp8_e4m3"), &options, scaling);
    int fd = fileno(fopen(path, "rb"));
    struct hu_stream_tensor tensors[3];
    struct hu_tensor t = {.name = "x", .elements = n, .shape = &row, .rank = 1};
    t.bytes = hu_array_bytes(format(source), n);
    for (int i = 0; i < 3; i++) {
        tensors[i] = hu_stream_tensor_of(&t, format(source), fd);
        tensors[i].data.row = row;
    }
    tensors[1].data.elements = tensors[1].bytes = 0;
    struct hu_stream s = {.plan = {&target, 1, scaling},
                          .tensors = tensors,
                          .count = 3,
                          .threads = threads,
                          .done = keep};
    s.context = hu_gathered_new(&s.plan, NULL);
    struct hu_stream_error error;
    cr_assert(hu_stream_run(&s, &error), "%s", strerror(error.error));
    close(fd);
    return s.context;
}

Test(stream, threads_and_their_order_change_no_bit, .timeout = 120)
{
    char path[] = "/tmp/halfulp-stream-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "wb");
    enum { N = 700001 };
    unsigned char *data = malloc(N * 4);
    fill(format("fp32"), data, N, false, 5);
    fwrite(data, 4, N, file);
    fclose(file);
    static const struct {
        const char *source;
        uint64_t row;
        enum hu_scaling scaling;
    } rows[] = {
        {"fp32", N, HU_SCALE_NONE},      {"fp32", 1024, HU_SCALE_BLOCK},
        {"fp32", 7, HU_SCALE_BLOCK},     {"fp32", N, HU_SCALE_BLOCK},
        {"fp32", N, HU_SCALE_TENSOR},    {"bf16", N, HU_SCALE_NONE},
        {"bf16", 5, HU_SCALE_BLOCK},     {"fp4_e2m1", N, HU_SCALE_NONE},
        {"fp6_e3m2", 9, HU_SCALE_BLOCK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t n = rows[i].row == N ? N : N / rows[i].row * rows[i].row;
        struct hu_gathered *one = stream(path, rows[i].source, n, rows[i].row, 1, rows[i].scaling);
        cr_assert_eq(one->spread.finite + one->spread.nans + one->spread.infinities, 2 * n);
        for (unsigned threads = 2; threads < 8; threads += 3) {
            struct hu_gathered *many =
                stream(path, rows[i].source, n, rows[i].row, threads, rows[i].scaling);
            cr_assert(!memcmp(&one->spread, &many->spread, sizeof one->spread), "row %zu", i);
            cr_assert(!memcmp(&one->losses[0], &many->losses[0], sizeof one->losses[0]), "row %zu",
                      i);
            hu_gathered_free(many);
        }
        hu_gathered_free(one);
    }
    unlink(path);
    free(data);
}

Test(stream, a_file_that_became_shorter_is_an_error)
{
    char path[] = "/tmp/halfulp-short-XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    static const char *const sources[] = {"fp32", "fp8_e4m3"};
    struct hu_options options = {0};
    struct hu_statistics_target target =
        hu_statistics_target_of(format("fp16"), &options, HU_SCALE_NONE);
    for (int i = 0; i < 2; i++) {
        uint64_t n = 4 << 20, row = n;
        struct hu_tensor t = {.name = "x", .elements = n, .shape = &row, .rank = 1};
        t.bytes = hu_array_bytes(format(sources[i]), n);
        cr_assert_eq(ftruncate(fd, (off_t)t.bytes / 2 - 5), 0);
        struct hu_stream_tensor tensor = hu_stream_tensor_of(&t, format(sources[i]), fd);
        struct hu_stream s = {.plan = {&target, 1, HU_SCALE_NONE},
                              .tensors = &tensor,
                              .count = 1,
                              .threads = 2,
                              .done = keep};
        s.context = hu_gathered_new(&s.plan, NULL);
        struct hu_stream_error error = {.error = -1};
        cr_assert_not(hu_stream_run(&s, &error));
        cr_assert_eq(error.error, 0);
        cr_assert_not(error.writing);
        hu_gathered_free(s.context);
    }
    close(fd);
}
