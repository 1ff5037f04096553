#include "archive.h"
#include "gguf.h"
#include "npy.h"
#include "printable.h"
#include "safetensors.h"
#include "torch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void *hu_file_append(void *rows, size_t *count, size_t size)
{
    /* Full whenever the count is a power of two, so the capacity need not be kept. */
    if (!(*count & (*count - 1))) {
        size_t capacity = *count ? *count * 2 : 1, bytes;
        char *grown =
            __builtin_mul_overflow(capacity, size, &bytes) ? NULL : realloc(*(void **)rows, bytes);
        if (!grown)
            return NULL;
        *(void **)rows = grown;
    }
    void *row = *(char **)rows + *count * size;
    memset(row, 0, size);
    ++*count;
    return row;
}

bool hu_file_refuse(struct hu_file_error *error, uint64_t offset, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->reason, sizeof error->reason, format, arguments);
    va_end(arguments);
    error->has_offset = true;
    error->offset = offset;
    return false;
}

bool hu_file_refuse_whole(struct hu_file_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->reason, sizeof error->reason, format, arguments);
    va_end(arguments);
    error->has_offset = false;
    error->offset = 0;
    return false;
}

void hu_file_note(struct hu_tensor_file *file, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t length = n < (int)sizeof text ? (size_t)n : sizeof text - 1;
    char *copy = arena_allocate(&file->arena, length + 1);
    const char **row = copy ? hu_file_append(&file->notes, &file->note_count, sizeof *row) : NULL;
    if (!row)
        return;
    memcpy(copy, text, length);
    copy[length] = 0;
    *row = copy;
}

bool hu_tensor_folds(const struct hu_tensor *tensor)
{
    uint64_t product = 1;
    for (unsigned i = 0; i < tensor->rank; i++)
        if (__builtin_mul_overflow(product, tensor->shape[i], &product))
            return false;
    return true;
}

bool hu_tensor_measure(struct hu_tensor *tensor, uint64_t offset, struct hu_file_error *error)
{
    char name[80];
    /* A zero among the sizes makes the product zero, whatever the others are. */
    uint64_t elements = 1;
    bool empty = false, over = false;
    for (unsigned i = 0; i < tensor->rank; i++) {
        empty |= !tensor->shape[i];
        over |= __builtin_mul_overflow(elements, tensor->shape[i], &elements);
    }
    tensor->elements = empty ? 0 : elements;
    if ((over && !empty) || !hu_dtype_size(tensor->dtype, tensor->elements, &tensor->bytes))
        return hu_file_refuse(error, offset, "tensor '%s' has more elements than 64 bits count",
                              hu_printable(tensor->name, name, sizeof name));
    uint32_t unit = hu_dtype_elements(tensor->dtype);
    uint64_t row =
        tensor->dtype.block && tensor->rank ? tensor->shape[tensor->rank - 1] : tensor->elements;
    if (row % unit)
        return hu_file_refuse(error, offset,
                              "tensor '%s': %s comes in %u elements at a time, and %llu is no "
                              "multiple of that",
                              hu_printable(tensor->name, name, sizeof name),
                              hu_dtype_name(tensor->dtype), unit, (unsigned long long)row);
    return true;
}

static int compare_offsets(const void *a, const void *b)
{
    const struct hu_tensor *x = *(struct hu_tensor *const *)a, *y = *(struct hu_tensor *const *)b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return x < y ? -1 : x > y;
}

struct hu_tensor **hu_file_by_offset(const struct hu_tensor_file *file)
{
    struct hu_tensor **order = malloc((file->count + 1) * sizeof *order);
    if (!order)
        return NULL;
    for (size_t i = 0; i < file->count; i++)
        order[i] = &file->tensors[i];
    qsort(order, file->count, sizeof *order, compare_offsets);
    return order;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_differ(const char **names, size_t n, const char *what, uint64_t offset,
                         struct hu_file_error *error)
{
    char name[80];
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(names[i - 1], names[i]))
            return hu_file_refuse(error, offset, "the header has two %s '%s'", what,
                                  hu_printable(names[i], name, sizeof name));
    return true;
}

bool hu_file_check_names(const struct hu_tensor_file *file, uint64_t offset,
                         struct hu_file_error *error)
{
    size_t most = file->count > file->metadata_count ? file->count : file->metadata_count;
    const char **names = malloc((most + 1) * sizeof *names);
    if (!names)
        return hu_file_refuse_whole(error, "out of memory");
    for (size_t i = 0; i < file->count; i++)
        names[i] = file->tensors[i].name;
    bool fine = names_differ(names, file->count, "tensors named", offset, error);
    for (size_t i = 0; fine && i < file->metadata_count; i++)
        names[i] = file->metadata[i].key;
    fine = fine && names_differ(names, file->metadata_count, "metadata keys", offset, error);
    free(names);
    return fine;
}

static const char no_pipe[] = "a file is needed, not a pipe: write it to a file first";

const char *hu_file_open_trouble(const char *path, int error)
{
    /* Elsewhere "-" is standard input. */
    return error == ENOENT && !strcmp(path, "-") ? no_pipe : strerror(error);
}

const char *hu_file_kind_trouble(mode_t mode)
{
    return S_ISREG(mode)                      ? NULL
           : S_ISDIR(mode)                    ? "is a folder"
           : S_ISFIFO(mode) || S_ISSOCK(mode) ? no_pipe
                                              : "is no regular file";
}

static bool open_input(const char *path, struct hu_input *in, struct hu_tensor_file *file,
                       struct hu_file_error *error)
{
    struct stat status;
    in->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (in->descriptor < 0)
        return hu_file_refuse_whole(error, "%s", hu_file_open_trouble(path, errno));
    if (fstat(in->descriptor, &status))
        return hu_file_refuse_whole(error, "%s", strerror(errno));
    const char *trouble = hu_file_kind_trouble(status.st_mode);
    if (trouble)
        return hu_file_refuse_whole(error, "%s", trouble);
    file->state = hu_file_state_of(&status);
    file->size = in->size = (uint64_t)status.st_size;
    return true;
}

static bool refuse_read(struct hu_file_error *error, int why)
{
    return hu_file_refuse_whole(
        error, "%s", why < 0 ? "the file became shorter while it was read" : strerror(why));
}

typedef bool parse_function(const unsigned char *bytes, size_t n, uint64_t size,
                            struct hu_tensor_file *file, struct hu_file_error *error);

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
            return refuse_read(error, why);
        *error = (struct hu_file_error){0};
        if (parse(bytes, n, in->size, file, error))
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
    uint64_t n = 8;
    unsigned char length[8];
    int why = hu_input_read(in, length, 8, 0);
    if (why)
        return refuse_read(error, why);
    for (int i = 0; i < 8; i++)
        n += (uint64_t)length[i] << 8 * i;
    if (n - 8 > HU_SAFETENSORS_HEADER_MAX || n > in->size)
        return hu_safetensors_parse(length, 8, in->size, file, error);
    unsigned char *bytes = arena_allocate(&file->arena, (size_t)n);
    if (!bytes)
        return hu_file_refuse_whole(error, "out of memory");
    why = hu_input_read(in, bytes, (size_t)n, 0);
    return why ? refuse_read(error, why)
               : hu_safetensors_parse_in_place(bytes, (size_t)n, in->size, file, error);
}

/* What begins as no tensor file does, or names what it is. */
static bool refuse_foreign(const struct hu_input *in, const char *path, const unsigned char *bytes,
                           size_t n, struct hu_file_error *error)
{
    char what[HU_FOREIGN_TEXT];
    bool fine =
        n > 8 && bytes[8] && strchr("{ \t\r\n", bytes[8]) && !memcmp(bytes + 4, "\0\0\0", 4);
    if (!fine && hu_foreign_file(bytes, n, in->size, what))
        return hu_file_refuse_whole(error, "%s", what);
    if (!fine && hu_foreign_name(path, what))
        return hu_file_refuse_whole(error, "%s", what);
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
        return refuse_read(error, why);
    enum hu_file_kind kind = hu_kind_of_bytes(bytes, n);
    if (kind == HU_FILE_OTHER) {
        if (!refuse_foreign(in, path, bytes, n, error))
            return false;
        kind = hu_kind_of_name(path);
    }
    switch (kind) {
    case HU_FILE_GGUF:
        return parse_start(in, hu_gguf_parse, HU_GGUF_HEADER_MAX, file, error);
    case HU_FILE_NPY:
        return parse_start(in, hu_npy_parse, HU_NPY_HEADER_MAX + 16, file, error);
    case HU_FILE_ZIP:
    case HU_FILE_NPZ:
        return hu_archive_read(in, file, error);
    case HU_FILE_TORCH:
        return hu_torch_read(in, file, error);
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

void hu_tensor_file_close(struct hu_tensor_file *file)
{
    arena_free(&file->arena);
    free(file->tensors);
    free(file->metadata);
    free(file->notes);
    free(file->header);
    *file = (struct hu_tensor_file){0};
}

const struct hu_metadata *hu_metadata_find(const struct hu_tensor_file *file, const char *key)
{
    for (size_t i = 0; i < file->metadata_count; i++)
        if (!strcmp(file->metadata[i].key, key))
            return &file->metadata[i];
    return NULL;
}

bool hu_metadata_integer(const struct hu_metadata *m, uint64_t index, uint64_t *value)
{
    static const signed char sizes[] = {
        [HU_META_UINT8] = 1,  [HU_META_INT8] = -1,  [HU_META_UINT16] = 2,
        [HU_META_INT16] = -2, [HU_META_UINT32] = 4, [HU_META_INT32] = -4,
        [HU_META_BOOL] = 1,   [HU_META_UINT64] = 8, [HU_META_INT64] = -8,
    };
    if (m->type >= sizeof sizes || !sizes[m->type] || index >= m->count)
        return false;
    unsigned width = (unsigned)abs(sizes[m->type]);
    *value = 0;
    for (unsigned i = 0; i < width; i++)
        *value |= (uint64_t)m->value[index * width + i] << 8 * i;
    return sizes[m->type] > 0 || !(*value >> (8 * width - 1));
}
