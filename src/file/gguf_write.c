#include "printable.h"
#include "write_parts.h"

#include <string.h>

/* GGUF version 3 (ggml's docs/gguf.md). Metadata of a GGUF stay byte for byte, but for what says of
 * which type most tensors are; of another file they are its own texts and what readers ask for. */

static void put_number(struct write_text *t, uint64_t n, unsigned width)
{
    unsigned char bytes[8];
    hu_little_write(bytes, n, width);
    hu_write_put(t, bytes, width);
}

/* llama.h's enum llama_ftype, by the ggml_type that the most bytes of matrices have. */
static bool file_type(const struct hu_written *tensors, size_t count, uint32_t *type)
{
    static const struct {
        uint32_t ggml, file;
    } types[] = {{0, 0},   {1, 1},   {2, 2},   {3, 3},   {8, 7},   {6, 8},   {7, 9},
                 {10, 10}, {11, 11}, {12, 14}, {13, 16}, {14, 18}, {20, 25}, {23, 30},
                 {30, 32}, {34, 36}, {35, 37}, {39, 38}, {40, 39}, {41, 40}, {42, 41}};
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
    hu_little_write(t->bytes + start + (m->value - (file->header + file->metadata_begin)), type, 4);
}

static void put_string(struct write_text *t, const char *text)
{
    put_number(t, strlen(text), 8);
    hu_write_put(t, text, strlen(text));
}

static void put_value(struct write_text *t, const char *key, enum hu_meta_type type, uint64_t value,
                      unsigned width)
{
    put_string(t, key);
    put_number(t, type, 4);
    put_number(t, value, width);
}

/* Keys whose values are no texts in GGUF. */
static bool is_reserved(const char *key)
{
    return !*key || !strncmp(key, "split.", 6) || !strcmp(key, "general.alignment") ||
           !strcmp(key, "general.file_type") || !strcmp(key, "general.quantization_version");
}

/* The texts of safetensors' metadata; how many. */
static uint64_t put_texts(struct write_text *t, const struct hu_tensor_file *file)
{
    uint64_t count = 0;
    for (size_t i = 0; file->kind == HU_FILE_SAFETENSORS && i < file->metadata_count; i++) {
        const struct hu_metadata *m = &file->metadata[i];
        if (is_reserved(m->key))
            continue;
        put_string(t, m->key);
        put_number(t, HU_META_STRING, 4);
        put_number(t, m->count, 8);
        hu_write_put(t, m->value, (size_t)m->count);
        count++;
    }
    return count;
}

/* GGML_QNT_VERSION of ggml.h, of how blocks are laid out. */
enum { QUANTIZATION_VERSION = 2 };

/* Metadata of what was no GGUF; how many. */
static uint64_t put_new_metadata(struct write_text *t, const struct hu_tensor_file *file,
                                 const struct hu_written *tensors, size_t count,
                                 const struct hu_write_split *split)
{
    uint64_t put = put_texts(t, file);
    uint32_t type;
    bool blocks = false;
    for (size_t i = 0; i < count; i++)
        blocks |= tensors[i].dtype.block != NULL;
    if (file_type(tensors, count, &type)) {
        put_value(t, "general.file_type", HU_META_UINT32, type, 4);
        put++;
    }
    if (blocks) {
        put_value(t, "general.quantization_version", HU_META_UINT32, QUANTIZATION_VERSION, 4);
        put++;
    }
    if (split) {
        put_value(t, "split.no", HU_META_UINT16, split->number, 2);
        put_value(t, "split.count", HU_META_UINT16, split->count, 2);
        put_value(t, "split.tensors.count", HU_META_INT32, split->tensors, 4);
        put += 3;
    }
    return put;
}

/* Of ggml.h. */
enum { GGML_MAX_DIMS = 4 };

static bool put_tensor(struct write_text *t, const struct hu_written *tensor,
                       char message[HU_WRITE_MESSAGE])
{
    uint32_t type;
    if (!hu_dtype_ggml(tensor->dtype, &type))
        return hu_write_refuse(message, "GGUF has no type for %s, as tensor '%s' would have",
                               hu_dtype_name(tensor->dtype), PRINTABLE(tensor->name, 80));
    if (tensor->rank > GGML_MAX_DIMS)
        return hu_write_refuse(message, "GGUF has %d dimensions at most, and tensor '%s' has %u",
                               GGML_MAX_DIMS, PRINTABLE(tensor->name, 80), tensor->rank);
    put_string(t, tensor->name);
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
                     const struct hu_write_split *split, struct hu_write_layout *l,
                     char message[HU_WRITE_MESSAGE])
{
    struct write_text t = {0};
    uint64_t alignment = 32, metadata = file->metadata_count;
    bool own = file->kind == HU_FILE_GGUF;
    const struct hu_metadata *m = own ? hu_metadata_find(file, "general.alignment") : NULL;
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
    put_number(&t, metadata, 8);
    if (own)
        put_metadata(&t, file, tensors, count);
    else
        metadata = put_new_metadata(&t, file, tensors, count, split);
    if (!t.failed)
        hu_little_write(t.bytes + 16, metadata, 8);
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++)
        fine = put_tensor(&t, &tensors[i], message);
    pad(&t, alignment);
    l->header = (unsigned char *)t.bytes;
    l->header_bytes = t.n;
    return fine && (!t.failed || hu_write_refuse(message, "out of memory"));
}
