#include "safetensors.h"
#include "write_parts.h"

#include <stdio.h>
#include <string.h>

/* As RFC 8259 section 7 wants it: quotes, backslashes and control characters escaped. */
static void put_string(struct write_text *t, const char *string)
{
    hu_write_put(t, "\"", 1);
    for (const char *c = string; *c; c++) {
        if (*c == '"' || *c == '\\')
            hu_write_print(t, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            hu_write_print(t, "\\u%04x", (unsigned char)*c);
        else
            hu_write_put(t, c, 1);
    }
    hu_write_put(t, "\"", 1);
}

static bool put_tensor(struct write_text *t, const struct hu_written *tensor,
                       char message[HU_WRITE_MESSAGE])
{
    const char *name = hu_safetensors_name(tensor->dtype);
    if (!name)
        return hu_write_refuse(
            message,
            "safetensors has no dtype for %s; it has F64, F32, F16, BF16, F8_E5M2, "
            "F8_E4M3 (both with FNUZ too), F8_E8M0, F6_E3M2, F6_E2M3 and F4, and I8 to I64 and U8 "
            "to U64",
            hu_dtype_name(tensor->dtype));
    put_string(t, tensor->name);
    hu_write_print(t, ":{\"dtype\":\"%s\",\"shape\":[", name);
    for (unsigned i = 0; i < tensor->rank; i++)
        hu_write_print(t, "%s%llu", i ? "," : "", (unsigned long long)tensor->shape[i]);
    hu_write_print(t, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)tensor->offset,
                   (unsigned long long)(tensor->offset + tensor->bytes));
    return true;
}

static bool is_written(const char *key, const struct hu_written *tensors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(tensors[i].name, key))
            return true;
    return false;
}

/* Readers of what comes from PyTorch ask for the format. False: there is none to put. */
static bool put_metadata(struct write_text *t, const struct hu_tensor_file *file,
                         const struct hu_written *tensors, size_t count)
{
    bool own = file->kind == HU_FILE_SAFETENSORS;
    /* torchao's (logical_torchao.c) say of each tensor what it is: of one that is written, plain.
     */
    bool classes = hu_metadata_find(file, "tensor_names");
    if (!file->metadata_count && file->kind != HU_FILE_TORCH)
        return false;
    hu_write_print(t, "\"__metadata__\":{%s", own ? "" : "\"format\":\"pt\"");
    for (size_t i = 0; own && i < file->metadata_count; i++) {
        hu_write_print(t, "%s", i ? "," : "");
        const char *key = file->metadata[i].key, *value = (const char *)file->metadata[i].value;
        put_string(t, key);
        hu_write_print(t, ":");
        put_string(t,
                   classes && is_written(key, tensors, count) ? "{\"_type\": \"Tensor\"}" : value);
    }
    hu_write_print(t, "}");
    return true;
}

bool hu_safetensors_lay_out(const struct hu_tensor_file *file, const struct hu_written *tensors,
                            size_t count, struct hu_write_layout *l, char message[HU_WRITE_MESSAGE])
{
    struct write_text t = {0};
    hu_write_put(&t, "\0\0\0\0\0\0\0\0{", 9);
    bool first = !put_metadata(&t, file, tensors, count), fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        hu_write_print(&t, "%s", i || !first ? "," : "");
        fine = put_tensor(&t, &tensors[i], message);
    }
    hu_write_print(&t, "}");
    /* The data begins at a multiple of 8, as the reference writes it. */
    while (!t.failed && t.n % 8)
        hu_write_print(&t, " ");
    if (fine && t.failed)
        fine = hu_write_refuse(message, "out of memory");
    if (fine)
        hu_little_write(t.bytes, t.n - 8, 8);
    l->header = (unsigned char *)t.bytes;
    l->header_bytes = t.n;
    return fine;
}
