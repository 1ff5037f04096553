/* PyTorch's file without zip: whatever is accepted has tensors that lie in the file. */
#include "file/torch_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char nothing;
    struct hu_tensor_file file = {0};
    struct hu_file_error error = {0};
    const struct hu_input in = {.memory = size ? data : &nothing, .size = size};
    if (hu_torch_parse(&in, in.memory, size, &file, &error)) {
        for (size_t i = 0; i < file.count; i++) {
            const struct hu_tensor *t = &file.tensors[i];
            uint64_t bytes = t->strides ? t->span * hu_dtype_bytes(t->dtype) : t->bytes;
            if (t->member || t->offset > size || bytes > size - t->offset)
                abort();
        }
    } else if (!*error.reason || (error.has_offset && error.offset > size)) {
        abort();
    }
    hu_tensor_file_close(&file);
    return 0;
}
