/* A safetensors header. The data that it calls for is not there: sizes are only claimed. */
#include "memory/match.h"
#include "file/safetensors.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool parse(const unsigned char *bytes, size_t n, uint64_t size, struct hu_file_error *error)
{
    struct hu_tensor_file file = {0};
    *error = (struct hu_file_error){0};
    bool fine = hu_safetensors_parse(bytes, n, size, &file, error);
    uint64_t sum = 0;
    for (size_t i = 0; fine && i < file.count; i++) {
        sum += file.tensors[i].bytes;
        if (file.tensors[i].offset + file.tensors[i].bytes > size)
            abort();
    }
    if (fine && sum != size - file.data_offset)
        abort(); /* the tensors must tile the data */
    hu_tensor_file_close(&file);
    return fine;
}

/* By its end, for a tensor's name may say anything. */
static bool too_long(const struct hu_file_error *error)
{
    static const char end[] = " bytes follow the last tensor's data";
    size_t n = strlen(error->reason);
    return n >= sizeof end && !strcmp(error->reason + n - (sizeof end - 1), end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hu_file_error error;
    /* As a whole file. */
    parse(data, size, size, &error);
    /* As the header of a file that is as long as it takes. */
    unsigned char *bytes = malloc(8 + size);
    if (!bytes)
        return 0;
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)size >> 8 * i);
    if (size)
        memcpy(bytes + 8, data, size);
    uint64_t endless = UINT64_C(1) << 62;
    if (!parse(bytes, 8 + size, endless, &error) && too_long(&error) &&
        !parse(bytes, 8 + size, error.offset, &error))
        abort(); /* only the length was wrong */
    free(bytes);
    return 0;
}
