#include "cast.h"
#include "npy.h"
#include "printable.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a header is written into. */
struct text {
    char *bytes;
    size_t n, capacity;
    bool failed;
};

static bool refuse(char message[HU_CAST_MESSAGE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(char message[HU_CAST_MESSAGE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, HU_CAST_MESSAGE, format, arguments);
    va_end(arguments);
    return false;
}

static void put(struct text *t, const char *bytes, size_t n)
{
    if (t->n + n > t->capacity) {
        size_t capacity = (t->n + n) * 2 + 256;
        char *grown = realloc(t->bytes, capacity);
        t->failed |= !grown;
        if (!grown)
            return;
        t->bytes = grown;
        t->capacity = capacity;
    }
    memcpy(t->bytes + t->n, bytes, n);
    t->n += n;
}

static void put_text(struct text *t, const char *text)
{
    put(t, text, strlen(text));
}

static void put_number(struct text *t, uint64_t n)
{
    char text[24];
    put(t, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)n));
}

/* As RFC 8259 section 7 wants it: quotes, backslashes and control characters escaped. */
static void put_string(struct text *t, const char *string)
{
    put_text(t, "\"");
    for (const char *c = string; *c; c++) {
        char escape[8];
        if (*c == '"' || *c == '\\')
            put(t, escape, (size_t)snprintf(escape, sizeof escape, "\\%c", *c));
        else if ((unsigned char)*c < 0x20)
            put(t, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)*c));
        else
            put(t, c, 1);
    }
    put_text(t, "\"");
}

const char *hu_safetensors_name(struct hu_dtype dtype)
{
    /* A tf32 in its word is the fp32 of the same value. */
    static const char *const names[][2] = {
        {"fp64", "F64"},
        {"fp32", "F32"},
        {"tf32", "F32"},
        {"bf16", "BF16"},
        {"fp16", "F16"},
        {"fp8_e5m2", "F8_E5M2"},
        {"fp8_e4m3", "F8_E4M3"},
        {"fp8_e5m2fnuz", "F8_E5M2FNUZ"},
        {"fp8_e4m3fnuz", "F8_E4M3FNUZ"},
        {"e8m0", "F8_E8M0"},
        {"fp6_e3m2", "F6_E3M2"},
        {"fp6_e2m3", "F6_E2M3"},
        {"fp4_e2m1", "F4"},
        {"int8", "I8"},
        {"uint8", "U8"},
        {"int16", "I16"},
        {"uint16", "U16"},
        {"int32", "I32"},
        {"uint32", "U32"},
        {"int64", "I64"},
        {"uint64", "U64"},
        {"bool", "BOOL"},
        {"complex64", "C64"},
    };
    const char *name = hu_dtype_name(dtype);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i][0], name))
            return names[i][1];
    return NULL;
}

static struct hu_dtype dtype_of(const struct hu_tensor *t, const struct hu_format *to)
{
    return to ? (struct hu_dtype){.format = to} : t->dtype;
}

/* Bytes of the tensor once it is converted. */
static bool measure(const struct hu_tensor *t, const struct hu_format *to, uint64_t *bytes,
                    char message[HU_CAST_MESSAGE])
{
    char name[80];
    struct hu_dtype dtype = dtype_of(t, to);
    if (to && t->elements % hu_dtype_elements(dtype))
        return refuse(message,
                      "tensor '%s' has %llu elements, and %s is packed %u at a time into whole "
                      "bytes",
                      hu_printable(t->name, name, sizeof name), (unsigned long long)t->elements,
                      to->name, hu_dtype_elements(dtype));
    return hu_dtype_size(dtype, t->elements, bytes) ||
           refuse(message, "tensor '%s' would be over 64 bits of bytes",
                  hu_printable(t->name, name, sizeof name));
}

static bool is_archive(const struct hu_tensor_file *file)
{
    return file->kind == HU_NPZ || file->kind == HU_TORCH;
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
                  struct hu_cast_layout *l, char message[HU_CAST_MESSAGE])
{
    l->offsets = calloc(file->count + 1, sizeof *l->offsets);
    struct hu_tensor **order = is_archive(file) ? in_order(file) : hu_file_by_offset(file);
    bool fine = (l->offsets && order) || refuse(message, "out of memory");
    for (size_t i = 0; fine && i < file->count; i++) {
        size_t index = (size_t)(order[i] - file->tensors);
        uint64_t bytes;
        fine = measure(order[i], to[index], &bytes, message);
        if (!fine)
            break;
        l->offsets[index] = l->data_bytes;
        fine = !__builtin_add_overflow(l->data_bytes, bytes, &l->data_bytes) ||
               refuse(message, "the file would be over 64 bits of bytes");
    }
    free(order);
    return fine;
}

static bool put_tensor(struct text *t, const struct hu_tensor *tensor, const struct hu_format *to,
                       uint64_t begin, char message[HU_CAST_MESSAGE])
{
    uint64_t bytes = 0;
    struct hu_dtype dtype = dtype_of(tensor, to);
    const char *name = hu_safetensors_name(dtype);
    if (!name)
        return refuse(message,
                      "safetensors has no dtype for %s; it has F64, F32, F16, BF16, F8_E5M2, "
                      "F8_E4M3 (both with FNUZ too), F8_E8M0, F6_E3M2, F6_E2M3 and F4",
                      hu_dtype_name(dtype));
    hu_dtype_size(dtype, tensor->elements, &bytes);
    put_string(t, tensor->name);
    put_text(t, ":{\"dtype\":\"");
    put_text(t, name);
    put_text(t, "\",\"shape\":[");
    for (unsigned i = 0; i < tensor->rank; i++) {
        put_text(t, i ? "," : "");
        put_number(t, tensor->shape[i]);
    }
    put_text(t, "],\"data_offsets\":[");
    put_number(t, begin);
    put_text(t, ",");
    put_number(t, begin + bytes);
    put_text(t, "]}");
    return true;
}

/* Readers of what comes from PyTorch ask for the format. False: there is none to put. */
static bool put_metadata(struct text *t, const struct hu_tensor_file *file)
{
    if (!file->metadata_count && file->kind != HU_TORCH)
        return false;
    put_text(t, "\"__metadata__\":{");
    if (file->kind == HU_TORCH)
        put_text(t, "\"format\":\"pt\"");
    for (size_t i = 0; i < file->metadata_count; i++) {
        put_text(t, i ? "," : "");
        put_string(t, file->metadata[i].key);
        put_text(t, ":");
        put_string(t, (const char *)file->metadata[i].value);
    }
    put_text(t, "}");
    return true;
}

static bool lay_out_safetensors(const struct hu_tensor_file *file,
                                const struct hu_format *const *to, struct hu_cast_layout *l,
                                char message[HU_CAST_MESSAGE])
{
    struct text t = {0};
    put(&t, "\0\0\0\0\0\0\0\0{", 9);
    bool first = !put_metadata(&t, file), fine = true;
    for (size_t i = 0; fine && i < file->count; i++) {
        put_text(&t, i || !first ? "," : "");
        fine = put_tensor(&t, &file->tensors[i], to[i], l->offsets[i], message);
    }
    put_text(&t, "}");
    /* The data begins at a multiple of 8, as the reference writes it. */
    while (!t.failed && t.n % 8)
        put_text(&t, " ");
    if (fine && t.failed)
        fine = refuse(message, "out of memory");
    for (size_t i = 0; fine && i < 8; i++)
        t.bytes[i] = (char)((t.n - 8) >> 8 * i);
    l->header = (unsigned char *)t.bytes;
    l->header_bytes = t.n;
    return fine;
}

/* Before the elements are counted: of a format that .npy cannot hold their number says nothing. */
static bool check_npy(const struct hu_format *to, char message[HU_CAST_MESSAGE])
{
    bool named;
    if (hu_npy_descr(to, &named))
        return true;
    if (to->storage_bits < 8)
        return refuse(message,
                      ".npy cannot hold packed elements, as %s has them; -t %s_unpacked "
                      "gives each a byte, as ml_dtypes does",
                      to->name, to->name);
    return refuse(message, ".npy cannot hold %s: NumPy and ml_dtypes have no such type", to->name);
}

static bool lay_out_npy(const struct hu_tensor_file *file, const struct hu_format *to,
                        struct hu_cast_layout *l, char message[HU_CAST_MESSAGE])
{
    bool named;
    char own[HU_NPY_DESCR];
    const struct hu_tensor *t = &file->tensors[0];
    const char *descr =
        to ? hu_npy_descr(to, &named) : hu_npy_descr_of(t, t->big_endian && !is_archive(file), own);
    if (!descr)
        return refuse(message, ".npy cannot hold %s", hu_dtype_name(t->dtype));
    l->header = hu_npy_header(descr, t->fortran_order, t->shape, t->rank, &l->header_bytes);
    return l->header || refuse(message, "out of memory");
}

bool hu_cast_lay_out(const struct hu_tensor_file *file, enum hu_tensor_file_kind kind,
                     const struct hu_format *const *to, struct hu_cast_layout *l,
                     char message[HU_CAST_MESSAGE])
{
    *l = (struct hu_cast_layout){0};
    if (kind == HU_GGUF)
        return refuse(message,
                      "GGUF is read and not written; safetensors, .npy and raw arrays are");
    if (kind == HU_NPY && file->count != 1)
        return refuse(message, "has %zu arrays, and a .npy holds one: --tensor chooses it",
                      file->count);
    if (kind == HU_NPY && to[0] && !check_npy(to[0], message))
        return false;
    if (!place(file, to, l, message))
        return false;
    if (kind == HU_NPY && !lay_out_npy(file, to[0], l, message))
        return false;
    if (kind == HU_SAFETENSORS && !lay_out_safetensors(file, to, l, message))
        return false;
    for (size_t i = 0; i < file->count; i++)
        l->offsets[i] += l->header_bytes;
    return !__builtin_add_overflow(l->data_bytes, l->header_bytes, &l->size) ||
           refuse(message, "the file would be over 64 bits of bytes");
}

void hu_cast_layout_clear(struct hu_cast_layout *l)
{
    free(l->header);
    free(l->offsets);
    *l = (struct hu_cast_layout){0};
}
