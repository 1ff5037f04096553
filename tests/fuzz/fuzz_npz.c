/* A zip archive, .npz or PyTorch's: whatever is accepted has tensors that lie in the file or in a
 * member of it, and an element of each can be asked for. */
#include "file/archive.h"
#include "file/zip_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The last byte of a tensor: of the file, or of what a member of it has packed. */
static void look(const struct hu_input *in, const struct hu_tensor *t)
{
    unsigned char byte;
    struct hu_file_error error = {0};
    uint64_t bytes = t->strides ? t->span * hu_dtype_bytes(t->dtype) : t->bytes;
    if (!bytes)
        return;
    if (!t->member && hu_input_read(in, &byte, 1, t->offset + bytes - 1))
        abort();
    if (!t->member || t->offset + bytes > 1 << 20)
        return;
    struct hu_zip *zip = hu_zip_open(in, &error);
    /* What is compressed may turn out to be broken; then it says so. */
    if (!zip || (!hu_zip_read_at(zip, t->member - 1, t->offset + bytes - 1, &byte, 1, &error) &&
                 !*error.reason))
        abort();
    hu_zip_close(zip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char nothing;
    struct hu_tensor_file file = {0};
    struct hu_file_error error = {0};
    const struct hu_input in = {.memory = size ? data : &nothing, .size = size};
    if (hu_archive_read(&in, &file, &error)) {
        for (size_t i = 0; i < file.count; i++) {
            if (strnlen(file.tensors[i].name, size + 1) > size)
                abort();
            look(&in, &file.tensors[i]);
        }
    } else if (!*error.reason) {
        abort();
    }
    hu_tensor_file_close(&file);
    return 0;
}
