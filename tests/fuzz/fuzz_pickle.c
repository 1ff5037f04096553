/* The pickle of a PyTorch archive, where every storage is there: whatever it is, it ends, and what
 * tensors it has lie in their storages. */
#include "file/torch_values.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t most = UINT64_C(1) << 40;

static bool find(void *context, const struct hu_torch_storage *storage,
                 struct hu_torch_place *place, struct hu_file_error *error)
{
    (void)context;
    if (storage->whole > most)
        return hu_file_refuse_whole(error, "too large");
    place->bytes = most;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hu_tensor_file file = {0};
    struct hu_file_error error = {0};
    struct hu_torch_made made = {.file = &file};
    struct hu_pickle_maker maker = hu_torch_maker(&made);
    struct hu_pickle *p = hu_pickle_new(data, size, false, &maker, &error);
    const struct hu_pickle_value *root = hu_pickle_read(p, 0);
    if (root && hu_torch_gather(&file, root, size & 1, find, NULL, &error)) {
        for (size_t i = 0; i < file.count; i++) {
            const struct hu_tensor *t = &file.tensors[i];
            uint64_t bytes = t->strides ? t->span * hu_dtype_bytes(t->dtype) : t->bytes;
            if (t->offset > most || bytes > most - t->offset)
                abort();
        }
    } else if (!*error.reason || (error.has_offset && error.offset > size)) {
        abort();
    }
    hu_pickle_free(p);
    free(made.storages);
    hu_tensor_file_close(&file);
    return 0;
}
