#include "printable.h"
#include "write_parts.h"

#include <string.h>

/* GGUF version 3 (ggml's docs/gguf.md): the metadata as it was, byte for byte, but for what says of
 * which type most tensors are. */

static void put_number(struct write_text *t, uint64_t n, unsigned width)
{
    unsigned char bytes[8];
    for (unsigned i = 0; i < width; i++)
        bytes[i] = (unsigned char)(n >> 8 * i);
    hu_write_put(t, bytes, width);
}

/* llama.h's enum llama_ftype, by the ggml_type that the most bytes of matrices have. */
static bool file_type(const struct hu_written *tensors, size_t count, uint32_t *type)
{
    static const struct {
        uint32_t ggml, file;
    } types[] = {{0, 0}, {1, 1}, {2, 2},   {3, 3},   {8, 7},
                 {6, 8}, {7, 9}, {20, 25}, {30, 32}, {39, 38}};
    enum { TYPES = 64 };
    uint64_t bytes[TYPES] = {0};
    uint32_t best = 0, one;
    for (size_t i = 0; i < count; i++)
        if (tensors[i].rank > 1 && hu_dtype_ggml(tensors[i].dtype, &one) && one < TYPES)
            bytes[one] += tensors[i].bytes;
    for (uint32_t i = 0; i < TYPES; i++)
        best = bytes[i] > bytes[best] ? i : best;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].ggml == best) {
            *type = types[i].file;
            return bytes[best];
        }
    return false;
}

static void put_metadata(struct write_text *t, const struct hu_tensor_file *file,
                         const struct hu_written *tensors, size_t count)
{
    const struct hu_metadata *m = hu_metadata_find(file, "general.file_type");
    size_t start = t->n;
    uint32_t type;
    hu_write_put(t, file->header + file->metadata_begin,
                 (size_t)(file->metadata_end - file->metadata_begin));
    if (!m || m->is_array || m->type != HU_META_UINT32 || t->failed ||
        !file_type(tensors, count, &type))
        return;
    char *value = t->bytes + start + (m->value - (file->header + file->metadata_begin));
    for (int i = 0; i < 4; i++)
        value[i] = (char)(type >> 8 * i);
}

static bool put_tensor(struct write_text *t, const struct hu_written *tensor,
                       char message[HU_WRITE_MESSAGE])
{
    char name[80];
    uint32_t type;
    if (!hu_dtype_ggml(tensor->dtype, &type))
        return hu_write_refuse(message, "GGUF has no type for %s, as tensor '%s' would have",
                               hu_dtype_name(tensor->dtype),
                               hu_printable(tensor->name, name, sizeof name));
    put_number(t, strlen(tensor->name), 8);
    hu_write_put(t, tensor->name, strlen(tensor->name));
    put_number(t, tensor->rank, 4);
    for (unsigned i = tensor->rank; i-- > 0;)
        put_number(t, tensor->shape[i], 8);
    put_number(t, type, 4);
    put_number(t, tensor->offset, 8);
    return true;
}

static void pad(struct write_text *t, uint64_t alignment)
{
    while (!t->failed && t->n % alignment)
        hu_write_put(t, "", 1);
}

bool hu_gguf_lay_out(const struct hu_tensor_file *file, struct hu_written *tensors, size_t count,
                     struct hu_write_layout *l, char message[HU_WRITE_MESSAGE])
{
    struct write_text t = {0};
    uint64_t alignment = 32;
    const struct hu_metadata *m = hu_metadata_find(file, "general.alignment");
    if (file->kind != HU_FILE_GGUF || !file->header)
        return hu_write_refuse(message,
                               "GGUF is written from GGUF alone: its metadata say what the "
                               "model is");
    if (m)
        hu_metadata_integer(m, 0, &alignment);
    l->data_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        tensors[i].offset = l->data_bytes;
        if (__builtin_add_overflow(l->data_bytes, tensors[i].bytes, &l->data_bytes) ||
            __builtin_add_overflow(l->data_bytes, alignment - 1, &l->data_bytes))
            return hu_write_refuse(message, "the file would be over 64 bits of bytes");
        l->data_bytes -= l->data_bytes % alignment;
    }
    hu_write_put(&t, "GGUF\3\0\0", 8);
    put_number(&t, count, 8);
    put_number(&t, file->metadata_count, 8);
    put_metadata(&t, file, tensors, count);
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++)
        fine = put_tensor(&t, &tensors[i], message);
    pad(&t, alignment);
    l->header = (unsigned char *)t.bytes;
    l->header_bytes = t.n;
    return fine && (!t.failed || hu_write_refuse(message, "out of memory"));
}
