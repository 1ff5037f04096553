#include "file/write.h"
#include "file/npy.h"
#include "file/open.h"
#include "file/safetensors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void parse(const char *header, uint64_t data, unsigned char bytes[1024],
                  struct hu_tensor_file *file)
{
    struct hu_file_error error;
    size_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)n >> 8 * i);
    memcpy(bytes + 8, header, n);
    *file = (struct hu_tensor_file){0};
    cr_assert(hu_safetensors_parse(bytes, 8 + n, 8 + n + data, file, &error), "%s", error.reason);
}

/* The second tensor's data comes first. */
static const char header[] = "{\"__metadata__\":{\"format\":\"pt\",\"q\\\"\\u0001\":\"\xc3\xa9\"},"
                             "\"b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[4,28]},"
                             "\"i\\\\\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                             "\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[28,28]}}";

Test(cast, names_order_shapes_and_metadata_stay)
{
    unsigned char bytes[1024];
    struct hu_tensor_file file, again = {0};
    struct hu_file_error error;
    struct hu_write_layout layout;
    char message[HU_WRITE_MESSAGE];
    parse(header, 28, bytes, &file);
    const struct hu_format *bf16 = hu_format_find("bf16");
    struct hu_written rows[] = {hu_written_of(&file.tensors[0], bf16),
                                hu_written_of(&file.tensors[1], NULL),
                                hu_written_of(&file.tensors[2], bf16)};
    cr_assert(hu_write_lay_out(&file, file.kind, rows, 3, NULL, &layout, message), "%s", message);
    cr_assert_eq(layout.header_bytes % 8, 0);
    cr_assert_eq(layout.data_bytes, 16);
    cr_assert(hu_safetensors_parse(layout.header, layout.header_bytes, layout.size, &again, &error),
              "%s", error.reason);
    cr_assert_eq(again.count, 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_str_eq(again.tensors[i].name, file.tensors[i].name);
        cr_assert_eq(again.tensors[i].elements, file.tensors[i].elements);
        cr_assert_eq(again.tensors[i].offset, rows[i].offset);
    }
    cr_assert_eq(again.tensors[0].dtype.format, bf16);
    cr_assert_eq(again.tensors[0].offset, again.tensors[1].offset + 4, "the data's order stays");
    cr_assert_str_eq(hu_dtype_name(again.tensors[1].dtype), "int32");
    cr_assert_eq(again.metadata_count, 2);
    cr_assert_str_eq(again.metadata[1].key, "q\"\1");
    cr_assert_str_eq((const char *)again.metadata[1].value, "\xc3\xa9");
    hu_tensor_file_close(&again);
    hu_write_layout_clear(&layout);
    hu_tensor_file_close(&file);
}

Test(cast, every_dtype_of_safetensors_is_written_as_it_is_read)
{
    static const char *const names[] = {
        "F64",         "F32",     "F16",     "BF16", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E5M2FNUZ",
        "F8_E4M3FNUZ", "F6_E3M2", "F6_E2M3", "F4",   "I8",      "U8",      "I16",     "U16",
        "I32",         "U32",     "I64",     "U64",  "BOOL",    "C64"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned char bytes[1024];
        char text[200];
        struct hu_dtype dtype;
        struct hu_tensor_file file;
        cr_assert(hu_dtype_find(strcmp(names[i], "F4") ? names[i] : "fp4_e2m1", &dtype));
        uint64_t size;
        cr_assert(hu_dtype_size(dtype, 8, &size));
        snprintf(text, sizeof text,
                 "{\"x\":{\"dtype\":\"%s\",\"shape\":[8],\"data_offsets\":[0,%llu]}}", names[i],
                 (unsigned long long)size);
        parse(text, size, bytes, &file);
        cr_assert_str_eq(hu_safetensors_name(file.tensors[0].dtype), names[i]);
        hu_tensor_file_close(&file);
    }
}

static void refuses_as(enum hu_file_kind kind, const struct hu_tensor_file *file,
                       const char *format, const char *reason)
{
    struct hu_write_layout layout;
    char message[HU_WRITE_MESSAGE];
    const struct hu_format *to = hu_format_find(format);
    cr_assert(to, "%s", format);
    struct hu_written row = hu_written_of(&file->tensors[0], to);
    cr_assert_not(hu_write_lay_out(file, kind, &row, 1, NULL, &layout, message), "%s", format);
    cr_assert(strstr(message, reason), "%s", message);
    hu_write_layout_clear(&layout);
}

static void refuses(const struct hu_tensor_file *file, const char *format, const char *reason)
{
    refuses_as(file->kind, file, format, reason);
}

Test(cast, what_a_container_cannot_name_is_refused)
{
    unsigned char bytes[1024];
    struct hu_tensor_file file;
    parse("{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", 12, bytes, &file);
    refuses(&file, "fp8_e3m4", "safetensors has no dtype for fp8_e3m4");
    refuses(&file, "e6m9", "safetensors has no dtype");
    refuses(&file, "fp6_e3m2_unpacked", "safetensors has no dtype");
    refuses(&file, "fp6_e3m2", "3 elements, and fp6_e3m2 is packed 4 at a time");
    refuses(&file, "fp4_e2m1", "packed 2 at a time");
    refuses_as(HU_FILE_GGUF, &file, "tf32", "GGUF has no type for tf32, as tensor 'x' would have");
    file.tensors[0].rank = 5;
    refuses_as(HU_FILE_GGUF, &file, "bf16", "GGUF has 4 dimensions at most, and tensor 'x' has 5");
    file.tensors[0].rank = 1;
    file.kind = HU_FILE_NPY;
    refuses(&file, "e6m9", ".npy cannot hold e6m9");
    refuses(&file, "fp6_e3m2", ".npy cannot hold packed elements");
    file.tensors[0].elements = 4;
    refuses(&file, "fp6_e3m2", "-t fp6_e3m2_unpacked");
    hu_tensor_file_close(&file);
}
