#include "write_parts.h"
#include "printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool hu_write_refuse(char message[HU_WRITE_MESSAGE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, HU_WRITE_MESSAGE, format, arguments);
    va_end(arguments);
    return false;
}

struct hu_dtype hu_write_dtype(const struct hu_tensor *t, const struct hu_format *to)
{
    return to ? (struct hu_dtype){.format = to} : t->dtype;
}

/* Bytes of the tensor once it is converted. */
static bool measure(const struct hu_tensor *t, const struct hu_format *to, uint64_t *bytes,
                    char message[HU_WRITE_MESSAGE])
{
    char name[80];
    struct hu_dtype dtype = hu_write_dtype(t, to);
    if (to && t->elements % hu_dtype_elements(dtype))
        return hu_write_refuse(
            message,
            "tensor '%s' has %llu elements, and %s is packed %u at a time into whole "
            "bytes",
            hu_printable(t->name, name, sizeof name), (unsigned long long)t->elements, to->name,
            hu_dtype_elements(dtype));
    return hu_dtype_size(dtype, t->elements, bytes) ||
           hu_write_refuse(message, "tensor '%s' would be over 64 bits of bytes",
                           hu_printable(t->name, name, sizeof name));
}

bool hu_write_is_archive(const struct hu_tensor_file *file)
{
    return file->kind == HU_FILE_NPZ || file->kind == HU_FILE_TORCH;
}

/* Tensors as they are listed: an archive's members are in many places. */
static struct hu_tensor **in_order(const struct hu_tensor_file *file)
{
    struct hu_tensor **order = malloc((file->count + 1) * sizeof *order);
    for (size_t i = 0; order && i < file->count; i++)
        order[i] = &file->tensors[i];
    return order;
}

/* Offsets within the data, in the order in which the source has them. */
static bool place(const struct hu_tensor_file *file, const struct hu_format *const *to,
                  struct hu_write_layout *l, char message[HU_WRITE_MESSAGE])
{
    l->offsets = calloc(file->count + 1, sizeof *l->offsets);
    struct hu_tensor **order = hu_write_is_archive(file) ? in_order(file) : hu_file_by_offset(file);
    bool fine = (l->offsets && order) || hu_write_refuse(message, "out of memory");
    for (size_t i = 0; fine && i < file->count; i++) {
        size_t index = (size_t)(order[i] - file->tensors);
        uint64_t bytes;
        fine = measure(order[i], to[index], &bytes, message);
        if (!fine)
            break;
        l->offsets[index] = l->data_bytes;
        fine = !__builtin_add_overflow(l->data_bytes, bytes, &l->data_bytes) ||
               hu_write_refuse(message, "the file would be over 64 bits of bytes");
    }
    free(order);
    return fine;
}

bool hu_write_lay_out(const struct hu_tensor_file *file, enum hu_file_kind kind,
                      const struct hu_format *const *to, struct hu_write_layout *l,
                      char message[HU_WRITE_MESSAGE])
{
    *l = (struct hu_write_layout){0};
    if (kind == HU_FILE_GGUF)
        return hu_write_refuse(
            message, "GGUF is read and not written; safetensors, .npy and raw arrays are");
    if (kind == HU_FILE_NPY && file->count != 1)
        return hu_write_refuse(message, "has %zu arrays, and a .npy holds one: --tensor chooses it",
                               file->count);
    if (kind == HU_FILE_NPY && to[0] && !hu_npy_holds(to[0], message))
        return false;
    if (!place(file, to, l, message))
        return false;
    if (kind == HU_FILE_NPY && !hu_npy_lay_out(file, to[0], l, message))
        return false;
    if (kind == HU_FILE_SAFETENSORS && !hu_safetensors_lay_out(file, to, l, message))
        return false;
    for (size_t i = 0; i < file->count; i++)
        l->offsets[i] += l->header_bytes;
    return !__builtin_add_overflow(l->data_bytes, l->header_bytes, &l->size) ||
           hu_write_refuse(message, "the file would be over 64 bits of bytes");
}

void hu_write_layout_clear(struct hu_write_layout *l)
{
    free(l->header);
    free(l->offsets);
    *l = (struct hu_write_layout){0};
}
