/* A .npy file: whatever is accepted has whole elements within the file, and its header, written
 * again, is read the same. */
#include "file/npy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const struct hu_tensor *t)
{
    size_t n;
    struct hu_tensor_file file = {0};
    struct hu_file_error error;
    const char *descr = t->dtype.format ? hu_npy_descr(t->dtype.format) : NULL;
    if (!descr)
        return;
    unsigned char *header = hu_npy_header(descr, t->fortran_order, t->shape, t->rank, &n);
    if (!header)
        abort();
    if (!hu_npy_parse(header, n, n + t->bytes, &file, &error) || file.tensors[0].rank != t->rank ||
        file.tensors[0].elements != t->elements)
        abort();
    hu_tensor_file_close(&file);
    free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hu_tensor_file file = {0};
    struct hu_file_error error = {0};
    /* The data behind the header is only claimed. */
    for (uint64_t claimed = 0; claimed < 2; claimed++) {
        uint64_t whole = claimed ? UINT64_C(1) << 60 : size;
        if (hu_npy_parse(data, size, whole, &file, &error)) {
            const struct hu_tensor *t = &file.tensors[0];
            if (file.count != 1 || t->offset + t->bytes != whole)
                abort();
            write_again(t);
        } else if (!error.has_offset || !*error.reason || error.offset > whole) {
            abort();
        } else if (claimed && strstr(error.reason, "follow the array's data")) {
            uint64_t end = error.offset;
            hu_tensor_file_close(&file);
            if (!hu_npy_parse(data, size < end ? size : (size_t)end, end, &file, &error))
                abort();
            write_again(&file.tensors[0]);
        }
        hu_tensor_file_close(&file);
    }
    return 0;
}
