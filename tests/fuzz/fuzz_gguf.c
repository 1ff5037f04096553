/* A GGUF file, and the model that its metadata describes. */
#include "memory/source.h"
#include "memory/match.h"
#include "file/gguf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(struct hu_tensor_file *file)
{
    static struct hu_model model;
    struct hu_match stored;
    char path[] = "input", *paths[] = {path};
    struct hu_tensor **order = hu_file_by_offset(file);
    struct hu_tensor_set set = {
        .files = file, .paths = paths, .count = 1, .tensors = order, .tensor_count = file->count};
    model = (struct hu_model){0};
    if (order && hu_match_count(&set, &stored)) {
        model.parameters = stored.parameters;
        hu_model_read_gguf(&set, &model);
    }
    hu_model_free(&model);
    free(order);
}

/* By its end, for a tensor's name may say anything. */
static bool ends_with(const struct hu_file_error *error, const char *end)
{
    size_t n = strlen(error->reason), m = strlen(end);
    return n > m && !strcmp(error->reason + n - m, end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hu_tensor_file file = {0};
    struct hu_file_error error = {0};
    /* The data behind the header is only claimed. */
    if (hu_gguf_parse(data, size, size, &file, &error)) {
        describe(&file);
    } else if (strstr(error.reason, "cut short")) {
        hu_tensor_file_close(&file);
        if (!hu_gguf_parse(data, size, UINT64_C(1) << 62, &file, &error) &&
            ends_with(&error, " bytes follow the last tensor's data")) {
            uint64_t end = error.offset;
            hu_tensor_file_close(&file);
            /* The end is aligned up; what the header needs may be all of the input. */
            if (end < size || !hu_gguf_parse(data, size, end, &file, &error))
                abort();
            describe(&file);
        }
    }
    hu_tensor_file_close(&file);
    return 0;
}
