#include "open.h"
#include "archive.h"
#include "gguf.h"
#include "npy.h"
#include "pickle.h"
#include "safetensors.h"
#include "torch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Why PATH cannot be read, of which the system says ERROR. */
static const char *open_trouble(const char *path, int error)
{
    /* Elsewhere "-" is standard input. */
    return error == ENOENT && !strcmp(path, "-") ? "a file is needed by its name, not standard "
                                                   "input: write what comes to a file first"
                                                 : strerror(error);
}

const char *hu_file_kind_trouble(mode_t mode)
{
    return S_ISREG(mode)   ? NULL
           : S_ISDIR(mode) ? "is a folder: name a file in it, or its .index.json"
           : S_ISFIFO(mode) || S_ISSOCK(mode)
               ? "a file is needed, not a pipe: write it to a file first"
               : "is no regular file";
}

static bool open_input(const char *path, struct hu_input *in, struct hu_tensor_file *file,
                       struct hu_file_error *error)
{
    struct stat status;
    in->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in->descriptor < 0)
        return hu_file_refuse_whole(error, "%s", open_trouble(path, errno));
    if (fstat(in->descriptor, &status))
        return hu_file_refuse_whole(error, "%s", strerror(errno));
    const char *trouble = hu_file_kind_trouble(status.st_mode);
    if (trouble)
        return hu_file_refuse_whole(error, "%s", trouble);
    file->state = hu_file_state_of(&status);
    file->size = in->size = (uint64_t)status.st_size;
    return true;
}

typedef bool parse_function(const struct hu_input *in, const unsigned char *bytes, size_t n,
                            struct hu_tensor_file *file, struct hu_file_error *error);

static bool parse_gguf(const struct hu_input *in, const unsigned char *bytes, size_t n,
                       struct hu_tensor_file *file, struct hu_file_error *error)
{
    return hu_gguf_parse(bytes, n, in->size, file, error);
}

static bool parse_npy(const struct hu_input *in, const unsigned char *bytes, size_t n,
                      struct hu_tensor_file *file, struct hu_file_error *error)
{
    return hu_npy_parse(bytes, n, in->size, file, error);
}

/* Only the header's parser knows how long it is: it is given the file's first bytes, and four times
 * as many whenever it wants more. */
static bool parse_start(const struct hu_input *in, parse_function *parse, size_t most,
                        struct hu_tensor_file *file, struct hu_file_error *error)
{
    struct hu_file_state state = file->state;
    for (size_t n = 256 * 1024;; n *= 4) {
        n = n < most ? n : most;
        n = n < in->size ? n : (size_t)in->size;
        unsigned char *bytes = malloc(n + 1);
        if (!bytes)
            return hu_file_refuse_whole(error, "out of memory");
        file->header = bytes;
        int why = hu_input_read(in, bytes, n, 0);
        if (why)
            return hu_file_refuse_read(error, why);
        *error = (struct hu_file_error){0};
        if (parse(in, bytes, n, file, error))
            return true;
        if (!error->more || n == most || n == in->size)
            return false;
        hu_tensor_file_close(file);
        file->state = state;
        file->size = in->size;
    }
}

static bool parse_safetensors(const struct hu_input *in, struct hu_tensor_file *file,
                              struct hu_file_error *error)
{
    unsigned char length[8];
    int why = hu_input_read(in, length, 8, 0);
    if (why)
        return hu_file_refuse_read(error, why);
    uint64_t n = 8 + hu_little_read(length, 8);
    if (n - 8 > HU_SAFETENSORS_HEADER_MAX || n > in->size)
        return hu_safetensors_parse(length, 8, in->size, file, error);
    unsigned char *bytes = arena_allocate(&file->arena, (size_t)n);
    if (!bytes)
        return hu_file_refuse_whole(error, "out of memory");
    why = hu_input_read(in, bytes, (size_t)n, 0);
    return why ? hu_file_refuse_read(error, why)
               : hu_safetensors_parse_in_place(bytes, (size_t)n, in->size, file, error);
}

/* WHAT a file is, and where that does not say what to do, which files would do. */
static bool refuse_kind(const char *what, struct hu_file_error *error)
{
    bool helps = strchr(what, ':') && strncmp(what, "is text", 7);
    return hu_file_refuse_whole(error, "%s%s", what,
                                helps ? ""
                                      : "; tensors are read from .safetensors or its index, .gguf, "
                                        ".npy, .npz, .pt, .pth and .bin");
}

/* What begins as no tensor file does, or names what it is. */
static bool refuse_foreign(const struct hu_input *in, const char *path, const unsigned char *bytes,
                           size_t n, struct hu_file_error *error)
{
    char what[HU_FOREIGN_TEXT];
    bool fine =
        n > 8 && bytes[8] && strchr("{ \t\r\n", bytes[8]) && !memcmp(bytes + 4, "\0\0\0", 4);
    if (!fine && (hu_foreign_file(bytes, n, in->size, what) || hu_foreign_name(path, what)))
        return refuse_kind(what, error);
    if (in->size < 8)
        return hu_file_refuse_whole(error, "is too short for a safetensors, GGUF or .npy header");
    return true;
}

/* By what the file begins with; where that says nothing, by its name, so that what is wrong is said
 * of the kind that was meant. */
static bool parse_input(const struct hu_input *in, const char *path, struct hu_tensor_file *file,
                        struct hu_file_error *error)
{
    unsigned char bytes[HU_KIND_BYTES] = {0};
    size_t n = in->size < sizeof bytes ? (size_t)in->size : sizeof bytes;
    int why = hu_input_read(in, bytes, n, 0);
    if (why)
        return hu_file_refuse_read(error, why);
    enum hu_file_kind kind = hu_kind_of_bytes(bytes, n);
    if (kind == HU_FILE_OTHER) {
        if (!refuse_foreign(in, path, bytes, n, error))
            return false;
        kind = hu_kind_of_name(path);
    }
    switch (kind) {
    case HU_FILE_GGUF:
        return parse_start(in, parse_gguf, HU_GGUF_HEADER_MAX, file, error);
    case HU_FILE_NPY:
        return parse_start(in, parse_npy, HU_NPY_HEADER_MAX + 16, file, error);
    case HU_FILE_ZIP:
    case HU_FILE_NPZ:
        return hu_archive_read(in, file, error);
    case HU_FILE_TORCH:
        return parse_start(in, hu_torch_parse, HU_PICKLE_MAX, file, error);
    default:
        return parse_safetensors(in, file, error);
    }
}

bool hu_tensor_file_open(const char *path, struct hu_tensor_file *file, struct hu_file_error *error)
{
    struct hu_input in = {0};
    *file = (struct hu_tensor_file){0};
    *error = (struct hu_file_error){0};
    bool fine = open_input(path, &in, file, error) && parse_input(&in, path, file, error);
    if (in.descriptor >= 0)
        close(in.descriptor);
    if (!fine)
        hu_tensor_file_close(file);
    return fine;
}

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
    const char *why =
        stat(path, &status) ? open_trouble(path, errno) : hu_file_kind_trouble(status.st_mode);
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
