#include "raw.h"
#include "open.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

bool hu_raw_describe(const struct hu_format *format, uint64_t size, struct hu_tensor_file *file,
                     struct hu_file_error *error)
{
    struct hu_dtype dtype = {.format = format};
    uint32_t unit = hu_dtype_bytes(dtype), elements = hu_dtype_elements(dtype);
    *file = (struct hu_tensor_file){.kind = HU_FILE_OTHER, .size = size};
    if (size % unit)
        return hu_file_refuse(
            error, size - size % unit, "%u element%s of %s take%s %u bytes, and %llu %s left over",
            elements, elements > 1 ? "s" : "", format->name, elements > 1 ? "" : "s", unit,
            (unsigned long long)(size % unit), size % unit > 1 ? "bytes are" : "byte is");
    struct hu_tensor *t = hu_file_append(&file->tensors, &file->count, sizeof *t);
    uint64_t *shape = arena_allocate(&file->arena, sizeof *shape);
    if (!t || !shape)
        return hu_file_refuse(error, 0, "out of memory");
    *shape = size / unit * elements;
    *t = (struct hu_tensor){.name = "arr",
                            .dtype = dtype,
                            .shape = shape,
                            .rank = 1,
                            .elements = *shape,
                            .bytes = size};
    return true;
}

bool hu_raw_open(const char *path, const struct hu_format *format, struct hu_tensor_file *file,
                 struct hu_file_error *error)
{
    struct stat status;
    *file = (struct hu_tensor_file){0};
    *error = (struct hu_file_error){0};
    const char *why = stat(path, &status) ? hu_file_open_trouble(path, errno)
                                          : hu_file_kind_trouble(status.st_mode);
    if (why)
        return hu_file_refuse_whole(error, "%s", why);
    /* Floats do not begin as a page or a pointer does. */
    char what[HU_FOREIGN_TEXT];
    if (hu_foreign_path(path, what) && (strstr(what, "pointer") || strstr(what, "HTML"))) {
        hu_file_refuse_whole(error, "%s", what);
        return false;
    }
    bool fine = hu_raw_describe(format, (uint64_t)status.st_size, file, error);
    if (fine)
        file->state = hu_file_state_of(&status);
    else
        hu_tensor_file_close(file);
    return fine;
}
