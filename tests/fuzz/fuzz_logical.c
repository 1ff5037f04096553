/* A safetensors file with its data, and a config beside it: what its tensors are parts of, and what
 * those decode to, as a whole and element by element. */
#include "array/array.h"
#include "file/logical.h"
#include "flow/recode.h"
#include "format.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(const struct hu_logical *l, int input, int output)
{
    struct hu_recode_error error;
    struct hu_recode r = {
        .from = l->block,
        .scales_in = l->scales_in,
        .tensor_scale = l->tensor_scale,
        .nested = l->nested,
        .has_groups = l->groups != NULL,
        .codes = {input, l->codes->offset},
        .scales = {input, l->scales ? l->scales->offset : 0},
        .more = {input, l->more ? l->more->offset : 0},
        .groups = {input, l->groups ? l->groups->offset : 0},
        .batch = l->batch,
        .rows = l->rows,
        .columns = l->columns,
        .to = hu_format_find("bf16"),
        .output = output,
    };
    /* The header's sizes are the file's, so whatever was found is there. */
    if (!hu_recode_run(&r, 1, 1, NULL, &error) && error.error != 22 /* EINVAL: a group */)
        abort();
    double some[8];
    uint64_t n = l->elements < 8 ? l->elements : 8;
    r.to = NULL;
    if (hu_recode_elements(&r, l->elements - n, (size_t)n, some) > 22)
        abort();
}

static void look(struct hu_tensor_set *set, const char *path, int input, int output)
{
    char error[HU_LOGICAL_ERROR];
    struct hu_logicals logicals;
    bool fine = hu_logicals_read(set, path, &logicals, error);
    for (size_t i = 0; fine && i < logicals.count; i++) {
        const struct hu_logical *l = logicals.at[i];
        uint64_t bytes = 0;
        for (size_t k = 0; k < l->part_count; k++) {
            bytes += l->parts[k]->bytes;
            if (l->parts[k]->part_of != l)
                abort();
        }
        if (bytes != l->bytes || l->elements != l->batch * l->rows * l->columns)
            abort();
        decode(l, input, output);
    }
    hu_logicals_clear(&logicals);
}

/* FOLDER/NAME with SIZE bytes. */
static void put(const char *path, const uint8_t *data, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    close(file);
}

/* Of input that begins with a brace the first line is the config.json beside the file, which
 * follows; the folder is made once. */
static const char *lay_out(const uint8_t *data, size_t size)
{
    static char folder[] = "/dev/shm/fuzz_XXXXXX", path[64], config[64];
    const uint8_t *end = size && *data == '{' ? memchr(data, '\n', size) : NULL;
    if (!*path) {
        if (!mkdtemp(folder))
            abort();
        snprintf(path, sizeof path, "%s/in.safetensors", folder);
        snprintf(config, sizeof config, "%s/config.json", folder);
    }
    unlink(config);
    if (end)
        put(config, data, (size_t)(end - data));
    size_t before = end ? (size_t)(end - data) + 1 : 0;
    put(path, data + before, size - before);
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[HU_SET_ERROR];
    struct hu_tensor_set set;
    const char *path = lay_out(data, size);
    int input = open(path, O_RDONLY), output = memfd_create("output", 0);
    if (input < 0 || output < 0)
        abort();
    if (hu_tensor_set_open(path, &set, error)) {
        look(&set, path, input, output);
        hu_tensor_set_close(&set);
    }
    close(input);
    close(output);
    return 0;
}
