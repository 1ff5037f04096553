#include "file/element.h"
#include "file/npy.h"
#include "file/open.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEADER = 10, ROOM = 4096 };

/* A file of this version and header text, which DATA bytes follow, parsed from memory. */
static bool parse(int major, const char *text, uint64_t data, struct hu_tensor_file *file,
                  struct hu_file_error *error)
{
    unsigned char bytes[ROOM] = HU_NPY_MAGIC;
    size_t n = strlen(text), prefix = major == 1 ? 10 : 12;
    bytes[6] = (unsigned char)major;
    for (size_t i = 0; i < prefix - 8; i++)
        bytes[8 + i] = (unsigned char)(n >> 8 * i);
    memcpy(bytes + prefix, text, n);
    *file = (struct hu_tensor_file){0};
    *error = (struct hu_file_error){0};
    return hu_npy_parse(bytes, prefix + n, prefix + n + data, file, error);
}

#define D(descr, order, shape)                                                                     \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

Test(npy, headers_of_every_version_and_order_are_read)
{
    struct hu_tensor_file file;
    struct hu_file_error error;
    for (int version = 1; version <= 3; version++) {
        cr_assert(parse(version, D("<f4", "False", "(2, 3)"), 24, &file, &error), "%s",
                  error.reason);
        const struct hu_tensor *t = &file.tensors[0];
        cr_assert_eq(file.count, 1);
        cr_assert_eq(file.kind, HU_FILE_NPY);
        cr_assert_str_eq(t->name, "arr");
        cr_assert_eq(t->dtype.format, hu_format_find("fp32"));
        cr_assert_eq(t->rank, 2);
        cr_assert_eq(t->shape[1], 3);
        cr_assert_eq(t->elements, 6);
        cr_assert_eq(t->offset, file.size - 24);
        cr_assert_not(t->big_endian);
        cr_assert_not(t->fortran_order);
        hu_tensor_file_close(&file);
    }
    cr_assert(parse(1, D(">f8", "True", "(2, 3)"), 48, &file, &error));
    cr_assert(file.tensors[0].big_endian && file.tensors[0].fortran_order);
    hu_tensor_file_close(&file);
    cr_assert(
        parse(1, "{'shape': (), \"descr\": '<f2','fortran_order':False}   \n", 2, &file, &error),
        "keys in any order, either quotes, no last comma");
    cr_assert_eq(file.tensors[0].elements, 1);
    hu_tensor_file_close(&file);
    cr_assert(parse(1, D("<f4", "False", "(0, 18446744073709551615)"), 0, &file, &error));
    cr_assert_eq(file.tensors[0].elements, 0);
    hu_tensor_file_close(&file);
    cr_assert(parse(2, D("<f4", "False", "(2L,)"), 8, &file, &error), "as Python 2 wrote it");
    hu_tensor_file_close(&file);
}

Test(npy, every_descr_is_what_numpy_and_ml_dtypes_mean)
{
    static const struct {
        const char *descr, *name;
        unsigned bytes, opaque;
    } rows[] = {
        {"<f2", "fp16", 2, 0},
        {">f4", "fp32", 4, 0},
        {"<f8", "fp64", 8, 0},
        {"|i1", "int8", 1, 0},
        {"<i2", "int16", 2, 0},
        {">i4", "int32", 4, 0},
        {"<i8", "int64", 8, 0},
        {"|u1", "uint8", 1, 0},
        {"<u2", "uint16", 2, 0},
        {"<u4", "uint32", 4, 0},
        {"<u8", "uint64", 8, 0},
        {"|b1", "bool", 1, 0},
        {"<c8", "complex64", 8, 0},
        {"<V2", "bf16", 2, 2},
        {"|V2", "bf16", 2, 2},
        {"|V1", "V1", 1, 1},
        {"<f1", "F1", 1, 1},
        {"bfloat16", "bf16", 2, 0},
        {"float8_e4m3fn", "fp8_e4m3", 1, 0},
        {"float8_e4m3", "e4m3ieee", 1, 0},
        {"float8_e5m2", "fp8_e5m2", 1, 0},
        {"float8_e4m3b11fnuz", "fp8_e4m3b11fnuz", 1, 0},
        {"float8_e8m0fnu", "e8m0", 1, 0},
        {"float6_e2m3fn", "fp6_e2m3_unpacked", 1, 0},
        {"float4_e2m1fn", "fp4_e2m1_unpacked", 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        struct hu_tensor_file file;
        struct hu_file_error error;
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (3,), }\n",
                 rows[i].descr);
        cr_assert(parse(1, text, 3 * rows[i].bytes, &file, &error), "%s: %s", rows[i].descr,
                  error.reason);
        cr_assert_str_eq(hu_dtype_name(file.tensors[0].dtype), rows[i].name, "%s: %s",
                         rows[i].descr, hu_dtype_name(file.tensors[0].dtype));
        cr_assert_eq(file.tensors[0].void_size, rows[i].opaque, "%s", rows[i].descr);
        hu_tensor_file_close(&file);
    }
}

/* 70 kinds; safetensors has 42 more in test_safetensors.c. */
Test(npy, a_malformed_header_is_refused_with_its_reason_and_byte)
{
    static const struct {
        const char *text, *reason;
        uint64_t data, offset;
    } rows[] = {
        {"", "ends where '{'", 0, 10},
        {" ", "ends where '{'", 0, 11},
        {"\n", "'{' of the header is due", 0, 10},
        {"[]\n", "'{' of the header is due", 0, 10},
        {"{", "a key, in quotes, is due", 0, 11},
        {"{}\n", "lacks its descr", 0, 10},
        {"{}", "lacks its descr", 0, 10},
        {"{,}\n", "a key, in quotes, is due", 0, 11},
        {"{descr: 1}\n", "a key, in quotes, is due", 0, 11},
        {"{'descr", "does not end", 0, 11},
        {"{\"descr'", "does not end", 0, 11},
        {"{'descr'", "ends where ':'", 0, 18},
        {"{'descr' '<f4'", "':' after a key is due", 0, 19},
        {"{'descr':", "a dtype, in quotes, is due", 0, 19},
        {"{'descr': <f4", "a dtype, in quotes, is due", 0, 20},
        {"{'descr': 4", "a dtype, in quotes, is due", 0, 20},
        {"{'descr': None", "a dtype, in quotes, is due", 0, 20},
        {"{'descr': '<f4' 'x'", "'}' or ',' after an entry is due", 0, 26},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", "structured", 4,
         20},
        {"{'descr': ('<f4', (2,)), 'fortran_order': False, 'shape': (1,), }\n",
         "dtype is an array itself", 8, 20},
        {"{'descr': '<\\x664', ", "character that no dtype", 0, 22},
        {"{'descr': '<f\xc3\xa9'", "character that no dtype", 0, 23},
        {"{'descr': '<f4\n'", "character that no dtype", 0, 24},
        {"{'descr': '<f4', 'descr': '<f4'}\n", "'descr' comes twice", 0, 27},
        {"{'descr': '<f4', 'fortran_order': False, 'fortran_order': False}\n", "comes twice", 0,
         51},
        {"{'shape': (), 'shape': ()}\n", "'shape' comes twice", 0, 24},
        {"{'descr': '<f4', 'order': 'C'}\n", "'order' is no key", 0, 27},
        {"{'Descr': '<f4'}\n", "'Descr' is no key", 0, 11},
        {"{'': 1}\n", "'' is no key", 0, 11},
        {"{'descr': '<f4', 'shape': (1,), }\n", "lacks its fortran_order", 4, 10},
        {"{'descr': '<f4', 'fortran_order': True}\n", "lacks its shape", 4, 10},
        {"{'fortran_order': False, 'shape': (1,)}\n", "lacks its descr", 4, 10},
        {"{'fortran_order': false", "True or False", 0, 28},
        {"{'fortran_order': 0", "True or False", 0, 28},
        {"{'fortran_order': 'True'", "True or False", 0, 28},
        {"{'fortran_order': Fals", "True or False", 0, 28},
        {"{'shape': 3", "'(' of the shape is due", 0, 20},
        {"{'shape': [3]", "'(' of the shape is due", 0, 20},
        {"{'shape': (3)", "ends in ',)'", 0, 22},
        {"{'shape': (,)", "whole number", 0, 21},
        {"{'shape': (3,,)", "whole number", 0, 23},
        {"{'shape': (-1,)", "whole number", 0, 21},
        {"{'shape': (+1,)", "whole number", 0, 21},
        {"{'shape': (1.0,)", "')' or ',' in the shape", 0, 22},
        {"{'shape': (1e3,)", "')' or ',' in the shape", 0, 22},
        {"{'shape': (0x10,)", "')' or ',' in the shape", 0, 22},
        {"{'shape': (1_000,)", "')' or ',' in the shape", 0, 22},
        {"{'shape': (03,)", "leading zero", 0, 21},
        {"{'shape': (None,)", "whole number", 0, 21},
        {"{'shape': ((1,),)", "whole number", 0, 21},
        {"{'shape': (2, 3", "ends where ')'", 0, 25},
        {"{'shape': (2 3)", "')' or ','", 0, 23},
        {"{'shape': (18446744073709551616,)", "over 64 bits", 0, 21},
        {"{'shape': (2, 99999999999999999999999)", "over 64 bits", 0, 24},
        {D("<f4", "False", "(4294967296, 4294967296)"), "more elements than", 0, 60},
        {D("<f8", "False", "(9223372036854775808,)"), "more elements than", 0, 60},
        {"{'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
         "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)",
         "more than 64 sizes", 0, 149},
        {D("f3", "False", "(1,)"), "is not read", 4, 20},
        {D("=f3", "False", "(1,)"), "is not read", 4, 20},
        {D("!f4", "False", "(1,)"), "is not read", 4, 20},
        {D("<f3", "False", "(1,)"), "no format of ours is that wide", 3, 20},
        {D("<f16", "False", "(1,)"), "no format of ours is that wide", 16, 20},
        {D("<c16", "False", "(1,)"), "complex", 16, 20},
        {D("|O", "False", "(1,)"), "Python objects", 8, 20},
        {D("<U8", "False", "(1,)"), "text", 32, 20},
        {D("|S8", "False", "(1,)"), "text", 8, 20},
        {D("<M8[ns]", "False", "(1,)"), "times", 8, 20},
        {D("|V7", "False", "(1,)"), "opaque elements have 1 byte", 7, 20},
        {D("", "False", "(1,)"), "is not read", 0, 20},
        {D("float32x", "False", "(1,)"), "is not read", 0, 20},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "only spaces and one newline",
         4, 67},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n\n", "only spaces and one", 4,
         67},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x\n", "only spaces and one", 4,
         68},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\t\n", "only spaces and one", 4,
         67},
        {D("<f4", "False", "(2,)"), "the file is cut short", 7, 75},
        {D("<f4", "False", "(2,)"), "1 byte follows the array's data", 9, 76},
        {D("<f4", "False", "()"), "cut short", 3, 69},
        {D("<f4", "False", "(0,)"), "4 bytes follow", 4, 68},
    };
    size_t n = sizeof rows / sizeof *rows;
    cr_assert_geq(n, 60);
    for (size_t i = 0; i < n; i++) {
        struct hu_tensor_file file;
        struct hu_file_error error;
        cr_assert_not(parse(1, rows[i].text, rows[i].data, &file, &error), "%s", rows[i].text);
        cr_assert(strstr(error.reason, rows[i].reason), "%s: '%s'", rows[i].text, error.reason);
        cr_assert(error.has_offset);
        cr_assert_eq(error.offset, rows[i].offset, "%s: byte %llu: %s", rows[i].text,
                     (unsigned long long)error.offset, error.reason);
        hu_tensor_file_close(&file);
    }
}

Test(npy, a_prefix_that_lies_is_refused)
{
    struct hu_tensor_file file = {0};
    struct hu_file_error error;
    static const struct {
        unsigned char bytes[14];
        size_t n;
        const char *reason;
    } rows[] = {
        {"\x93NUMPY\1\0\5\0{}", 12, "claims 5 bytes, and 2 follow"},
        {"\x93NUMPY\4\0\2\0{}", 12, "version 4.0"},
        {"\x93NUMPY\0\0\2\0{}", 12, "version 0.0"},
        {"\x93NUMPY\1\1\2\0{}", 12, "version 1.1"},
        {"\x93NUMPX\1\0\2\0{}", 12, "first bytes differ"},
        {"\x93NUMPY\2\0\2\0\0", 11, "ends within the header's length"},
        {"\x93NUMPY\2\0\0\0\0\x7f{}", 14, "takes some hundred"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert_not(hu_npy_parse(rows[i].bytes, rows[i].n, rows[i].n, &file, &error));
        cr_assert(strstr(error.reason, rows[i].reason), "%zu: %s", i, error.reason);
    }
    for (size_t n = 0; n < 10; n++)
        cr_assert_not(hu_npy_parse(rows[0].bytes, n, n, &file, &error));
    hu_tensor_file_close(&file);
}

Test(npy, headers_that_we_write_are_read_back)
{
    static const uint64_t shape[] = {3, 1, 18446744073709551615u};
    for (unsigned rank = 0; rank <= 2; rank++) {
        size_t n;
        unsigned char *bytes = hu_npy_header("<f2", true, shape, rank, &n);
        struct hu_tensor_file file = {0};
        struct hu_file_error error;
        uint64_t data = rank ? 6 : 2;
        cr_assert_eq(n % 64, 0);
        cr_assert(hu_npy_parse(bytes, n, n + data, &file, &error), "%s", error.reason);
        cr_assert_eq(file.tensors[0].rank, rank);
        cr_assert_eq(file.tensors[0].fortran_order, rank == 2);
        hu_tensor_file_close(&file);
        free(bytes);
    }
}

Test(npy, a_dtype_without_an_order_is_the_machines_own)
{
    static const char *const headers[] = {D("f4", "False", "(3,)"), D("=f4", "False", "(3,)"),
                                          D("|f4", "False", "(3,)")};
    struct hu_tensor_file file;
    struct hu_file_error error;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        cr_assert(parse(1, headers[i], 12, &file, &error), "%s", error.reason);
        cr_assert_eq(file.tensors[0].dtype.format, hu_format_find("fp32"));
        cr_assert_eq(file.tensors[0].big_endian, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
        hu_tensor_file_close(&file);
    }
}

Test(npy, a_raw_array_must_be_whole_elements)
{
    struct hu_tensor_file file;
    struct hu_file_error error;
    cr_assert(hu_raw_describe(hu_format_find("fp6_e3m2"), 9, &file, &error));
    cr_assert_eq(file.tensors[0].elements, 12);
    hu_tensor_file_close(&file);
    cr_assert_not(hu_raw_describe(hu_format_find("fp6_e3m2"), 10, &file, &error));
    cr_assert(strstr(error.reason, "4 elements of fp6_e3m2 take 3 bytes, and 1 byte is left over"),
              "%s", error.reason);
    cr_assert_eq(error.offset, 9);
    hu_tensor_file_close(&file);
    cr_assert_not(hu_raw_describe(hu_format_find("tf32"), 6, &file, &error));
    hu_tensor_file_close(&file);
}

static void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

Test(element, a_raw_arrays_element_is_read_at_its_bits)
{
    char folder[] = "/tmp/halfulp-element-XXXXXX", path[64], text[128];
    char message[HU_ELEMENT_MESSAGE];
    const struct hu_format *f;
    uint64_t bits;
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a:b.bin", folder);
    /* Codes 0x21, 0x3f, 0x00, 0x15, 0x2a packed in six bits each. */
    static const unsigned char packed[] = {0xe1, 0x0f, 0x54, 0x2a, 0x00, 0x00};
    write_bytes(path, packed, sizeof packed);
    static const unsigned codes[] = {0x21, 0x3f, 0x00, 0x15, 0x2a, 0, 0, 0};
    for (int i = -8; i < 8; i++) {
        snprintf(text, sizeof text, "%s:fp6_e3m2[%d]", path, i);
        cr_assert_eq(hu_element_read(text, &f, &bits, message), HU_ELEMENT_FOUND, "%s", message);
        cr_assert_eq(bits, codes[i < 0 ? i + 8 : i], "%s", text);
        cr_assert_str_eq(f->name, "fp6_e3m2");
    }
    static const char *const bad[] = {"fp6_e3m2[8]",   "fp6_e3m2[-9]", "fp6_e3m2[]", "fp6_e3m2",
                                      "fp6_e3m2[0,0]", "fp6_e3m2[x]",  "fp7[0]",     "fp64[0]",
                                      "fp6_e3m2[0x]",  "[0]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, "%s:%s", path, bad[i]);
        cr_assert_eq(hu_element_read(text, &f, &bits, message), HU_ELEMENT_ERROR, "%s", text);
        cr_assert_gt(strlen(message), 10);
    }
    cr_assert_eq(hu_element_read("bf16:0x3dcd", &f, &bits, message), HU_ELEMENT_NONE);
    cr_assert_eq(hu_element_read("absent/a.npy:[0]", &f, &bits, message), HU_ELEMENT_ERROR);
    cr_assert(strstr(message, "absent/a.npy: No such file"), "%s", message);
    cr_assert_eq(hu_element_read("0.1", &f, &bits, message), HU_ELEMENT_NONE);
    unlink(path);
    rmdir(folder);
}
