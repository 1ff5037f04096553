/* A part of statistics, of which the input is what stands between its length and its checksum: what
 * is accepted is summed up, written again and read as the same; the same part twice is refused. */
#include "cli/stats_partial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_word(unsigned char *at, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        at[i] = (unsigned char)(word >> 8 * i);
}

/* A file in memory with DATA in its frame; PATH says where it is found. */
static int frame(const uint8_t *data, size_t size, char path[40])
{
    unsigned char *bytes = malloc(size + 24);
    int fd = memfd_create("part", MFD_CLOEXEC);
    if (!bytes || fd < 0)
        abort();
    memcpy(bytes, "HUSTATS1", 8);
    set_word(bytes + 8, size);
    memcpy(bytes + 16, data, size);
    set_word(bytes + 16 + size, partial_hash(PARTIAL_HASH_START, bytes, size + 16));
    if (write(fd, bytes, size + 24) != (ssize_t)(size + 24))
        abort();
    snprintf(path, 40, "/proc/self/fd/%d", fd);
    free(bytes);
    return fd;
}

/* The sum of COUNT parts at one PATH. */
static bool merges(const char *path, size_t count, bool joins, bool for_report)
{
    const char *paths[] = {path, path};
    struct stats *s = calloc(1, sizeof *s);
    struct partial_merge m = {.paths = paths, .count = count, .joins = joins};
    if (!s)
        abort();
    bool fine = partial_merge(&m, s, for_report);
    if (fine)
        for (size_t i = 0; i < s->count; i++)
            stats_narrowest(s, &s->tensors[i]);
    if (fine && for_report)
        stats_narrowest_of_all(s);
    stats_clear(s);
    partial_merge_clear(&m);
    free(s);
    return fine;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct partial_file f = {.path = "input"};
    char path[40], error[PARTIAL_ERROR] = "";
    /* As it is, it is no such file, or has its frame by chance. */
    if (!partial_file_parse(&f, data, size, error) && !*error)
        abort();
    partial_file_clear(&f);
    int fd = frame(data, size, path);
    bool fine = merges(path, 1, false, false);
    if (merges(path, 1, false, true) && !fine)
        abort();
    if (fine && merges(path, 2, false, false))
        abort();
    merges(path, 2, true, true);
    close(fd);
    return 0;
}
