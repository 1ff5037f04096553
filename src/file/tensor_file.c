#include "tensor_file.h"
#include "printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool hu_file_refuse_read(struct hu_file_error *error, int why)
{
    return hu_file_refuse_whole(
        error, "%s", why < 0 ? "the file became shorter while it was read" : strerror(why));
}

bool hu_file_refuse_rest(struct hu_file_error *error, uint64_t offset, uint64_t rest,
                         const char *what)
{
    return hu_file_refuse(error, offset, "%llu byte%s %s", (unsigned long long)rest,
                          rest > 1 ? "s follow" : " follows", what);
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
                              PRINTABLE(tensor->name, 80));
    uint32_t unit = hu_dtype_elements(tensor->dtype);
    uint64_t row =
        tensor->dtype.block && tensor->rank ? tensor->shape[tensor->rank - 1] : tensor->elements;
    if (row % unit)
        return hu_file_refuse(error, offset,
                              "tensor '%s': %s comes in %u elements at a time, and %llu is no "
                              "multiple of that",
                              PRINTABLE(tensor->name, 80), hu_dtype_name(tensor->dtype), unit,
                              (unsigned long long)row);
    return true;
}

uint64_t hu_tensor_bytes_once(const struct hu_tensor *t)
{
    return t->bytes - t->repeated * hu_dtype_bytes(t->dtype);
}

static int compare_offsets(const void *a, const void *b)
{
    const struct hu_tensor *x = *(struct hu_tensor *const *)a, *y = *(struct hu_tensor *const *)b;
    if (x->member != y->member)
        return x->member < y->member ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    uint64_t m = hu_tensor_bytes_once(x), n = hu_tensor_bytes_once(y);
    if (m != n)
        return m < n ? -1 : 1;
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

struct hu_counted hu_tensor_counted(const struct hu_tensor *t)
{
    struct hu_counted none = {0};
    return t->shared ? none
                     : (struct hu_counted){t->elements - t->repeated, hu_tensor_bytes_once(t)};
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_differ(const char **names, size_t n, const char *what, uint64_t offset,
                         struct hu_file_error *error)
{
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(names[i - 1], names[i]))
            return hu_file_refuse(error, offset, "the header has two %s '%s'", what,
                                  PRINTABLE(names[i], 80));
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
    *value = hu_little_read(m->value + index * width, width);
    return sizes[m->type] > 0 || !(*value >> (8 * width - 1));
}
