#include "write_parts.h"
#include "printable.h"

#include <stdlib.h>

struct hu_written hu_written_of(const struct hu_tensor *t, const struct hu_format *to)
{
    return (struct hu_written){
        .name = t->name,
        .dtype = to ? (struct hu_dtype){.format = to} : t->dtype,
        .shape = t->shape,
        .rank = t->rank,
        .elements = t->elements,
        .big_endian = t->big_endian && !to,
        .fortran_order = t->fortran_order,
        .place = t->offset,
    };
}

static bool measure(struct hu_written *t, char message[HU_WRITE_MESSAGE])
{
    if (t->dtype.format && t->elements % hu_dtype_elements(t->dtype))
        return hu_write_refuse(
            message,
            "tensor '%s' has %llu elements, and %s is packed %u at a time into whole "
            "bytes",
            PRINTABLE(t->name, 80), (unsigned long long)t->elements, t->dtype.format->name,
            hu_dtype_elements(t->dtype));
    return hu_dtype_size(t->dtype, t->elements, &t->bytes) ||
           hu_write_refuse(message, "tensor '%s' would be over 64 bits of bytes",
                           PRINTABLE(t->name, 80));
}

static int compare_places(const void *a, const void *b)
{
    const struct hu_written *x = *(struct hu_written *const *)a,
                            *y = *(struct hu_written *const *)b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Offsets within the data. */
static bool place(struct hu_written *tensors, size_t count, struct hu_write_layout *l,
                  char message[HU_WRITE_MESSAGE])
{
    struct hu_written **order = malloc((count + 1) * sizeof *order);
    if (!order)
        return hu_write_refuse(message, "out of memory");
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        order[i] = &tensors[i];
        fine = measure(&tensors[i], message);
    }
    if (fine)
        qsort(order, count, sizeof *order, compare_places);
    for (size_t i = 0; fine && i < count; i++) {
        order[i]->offset = l->data_bytes;
        fine = !__builtin_add_overflow(l->data_bytes, order[i]->bytes, &l->data_bytes) ||
               hu_write_refuse(message, "the file would be over 64 bits of bytes");
    }
    free(order);
    return fine;
}

static bool lay_out(const struct hu_tensor_file *file, enum hu_file_kind kind,
                    struct hu_written *tensors, size_t count, const struct hu_write_split *split,
                    struct hu_write_layout *l, char message[HU_WRITE_MESSAGE])
{
    switch (kind) {
    case HU_FILE_NPY:
        return hu_npy_lay_out(&tensors[0], l, message);
    case HU_FILE_SAFETENSORS:
        return hu_safetensors_lay_out(file, tensors, count, l, message);
    case HU_FILE_GGUF:
        return hu_gguf_lay_out(file, tensors, count, split, l, message);
    case HU_FILE_OTHER:
        return true;
    default:
        return hu_write_refuse(message, "%s is read and not written", hu_kind_what(kind));
    }
}

bool hu_write_lay_out(const struct hu_tensor_file *file, enum hu_file_kind kind,
                      struct hu_written *tensors, size_t count, const struct hu_write_split *split,
                      struct hu_write_layout *l, char message[HU_WRITE_MESSAGE])
{
    *l = (struct hu_write_layout){0};
    if (kind == HU_FILE_NPY && count != 1)
        return hu_write_refuse(message, "has %zu arrays, and a .npy holds one: --tensor chooses it",
                               count);
    if (kind == HU_FILE_NPY && tensors[0].dtype.format &&
        !hu_npy_holds(tensors[0].dtype.format, message))
        return false;
    if (!place(tensors, count, l, message) ||
        !lay_out(file, kind, tensors, count, split, l, message))
        return false;
    for (size_t i = 0; i < count; i++)
        tensors[i].offset += l->header_bytes;
    return !__builtin_add_overflow(l->data_bytes, l->header_bytes, &l->size) ||
           hu_write_refuse(message, "the file would be over 64 bits of bytes");
}

void hu_write_layout_clear(struct hu_write_layout *l)
{
    free(l->header);
    *l = (struct hu_write_layout){0};
}
