#include "file/open.h"
#include "file/safetensors.h"
#include "file/printable.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A file of this header and DATA bytes of data, parsed from memory. */
static bool parse(const char *header, uint64_t data, struct hu_tensor_file *file,
                  struct hu_file_error *error)
{
    size_t n = strlen(header);
    unsigned char *bytes = malloc(8 + n);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)n >> 8 * i);
    memcpy(bytes + 8, header, n);
    *file = (struct hu_tensor_file){0};
    *error = (struct hu_file_error){0};
    bool fine = hu_safetensors_parse(bytes, 8 + n, 8 + n + data, file, error);
    free(bytes);
    return fine;
}

Test(safetensors, a_header_gives_names_dtypes_shapes_and_places)
{
    struct hu_tensor_file file;
    struct hu_file_error error;
    const char *header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
        "\"b\\u00e9\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
        " \"a\": {\"data_offsets\":[0,4], \"shape\":[], \"dtype\":\"F32\"}}  ";
    cr_assert(parse(header, 16, &file, &error), "%s", error.reason);
    cr_assert_eq(file.count, 2);
    struct hu_tensor *t = &file.tensors[0];
    cr_assert_str_eq(t->name, "b\xc3\xa9");
    cr_assert_eq(t->dtype.format, hu_format_find("bf16"));
    cr_assert_eq(t->rank, 2);
    cr_assert_eq(t->shape[1], 3);
    cr_assert_eq(t->elements, 6);
    cr_assert_eq(t->bytes, 12);
    cr_assert_eq(t->offset, 8 + strlen(header) + 4);
    cr_assert_eq(file.tensors[1].elements, 1, "a scalar is one element");
    cr_assert_eq(file.metadata_count, 1);
    cr_assert_str_eq((const char *)file.metadata[0].value, "pt");
    hu_tensor_file_close(&file);
}

Test(safetensors, every_dtype_of_the_reference_is_sized)
{
    static const struct {
        const char *name;
        unsigned bytes; /* of eight elements */
    } rows[] = {
        {"BOOL", 8},        {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
        {"I8", 8},          {"F8_E5M2", 8},     {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
        {"U16", 16},        {"F16", 16},        {"BF16", 16},   {"I32", 32},    {"U32", 32},
        {"F32", 32},        {"C64", 64},        {"F64", 64},    {"I64", 64},    {"U64", 64},
        {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hu_tensor_file file;
        struct hu_file_error error;
        char header[128];
        snprintf(header, sizeof header,
                 "{\"x\":{\"dtype\":\"%s\",\"shape\":[8],\"data_offsets\":[0,%u]}}", rows[i].name,
                 rows[i].bytes);
        cr_assert(parse(header, rows[i].bytes, &file, &error), "%s: %s", rows[i].name,
                  error.reason);
        hu_tensor_file_close(&file);
    }
}

#define X(dtype, shape, from, to)                                                                  \
    "\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]"

Test(safetensors, a_malformed_header_is_refused_with_its_reason_and_byte)
{
    static const struct {
        const char *header, *reason;
        uint64_t data, offset;
    } rows[] = {
        {"", "begin with '{'", 0, 8},
        {" []", "begin with '{'", 0, 8},
        {"null", "begin with '{'", 0, 8},
        {"[]", "begin with '{'", 0, 8},
        {"{", "header ends where '\"'", 0, 9},
        {"{}x", "only spaces may follow", 0, 10},
        {"{}", "3 bytes follow", 3, 10},
        {"{\"a\":1}", "'{' of a tensor is due", 0, 13},
        {"{\"a\":{}}", "lacks its dtype", 0, 9},
        {"{\"a\":{\"dtype\":\"F32\"}}", "lacks its shape", 0, 9},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", "lacks its data_offsets", 0, 9},
        {"{\"a\":{" X("F33", "[1]", 0, 4) "}}", "no dtype", 4, 22},
        {"{\"a\":{" X("fp32", "[1]", 0, 4) "}}", "no dtype", 4, 22},
        {"{\"a\":{" X("F32", "[-1]", 0, 4) "}}", "whole number", 4, 37},
        {"{\"a\":{" X("F32", "[1.0]", 0, 4) "}}", "whole number", 4, 37},
        {"{\"a\":{" X("F32", "[01]", 0, 4) "}}", "leading zero", 4, 37},
        {"{\"a\":{" X("F32", "[18446744073709551616]", 0, 4) "}}", "over 64 bits", 4, 37},
        {"{\"a\":{" X("F32", "[4294967296,4294967296]", 0, 0) "}}", "more elements than", 0, 75},
        {"{\"a\":{" X("F64", "[9223372036854775807]", 0, 0) "}}", "more elements than", 0, 73},
        {"{\"a\":{" X("F32", "[1]", 4, 0) "}}", "ends before it begins", 4, 55},
        {"{\"a\":{" X("F32", "[1]", 0, 5) "}}", "needs 4 bytes", 5, 55},
        {"{\"a\":{" X("F32", "[1]", 0, 4) "}}", "cut short", 3, 55},
        {"{\"a\":{" X("F4", "[3]", 0, 2) "}}", "2 elements at a time", 2, 54},
        {"{\"a\":{" X("F32", "[1]", 4, 8) "}}", "hole before tensor 'a'", 8, 62},
        {"{\"a\":{" X("F32", "[1]", 0, 4) "},\"b\":{" X("F32", "[1]", 2, 6) "}}", "overlaps", 6, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) "},\"b\":{" X("F32", "[1]", 8, 12) "}}", "hole", 12, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) "},\"a\":{" X("F32", "[1]", 4, 8) "}}", "two tensors", 8,
         8},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"dtype\":\"F32\"}}", "comes twice", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":}}", "value of JSON is due", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":nul}}", "value of JSON is due", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":NaN}}", "value of JSON is due", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":01}}", "no number of JSON", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":1.}}", "no number of JSON", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":-}}", "no number of JSON", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":1e}}", "no number of JSON", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":1e999}}", "beyond fp64's range", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":[1,]}}", "value of JSON is due", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":{1:2}}}", "'\"' of a key is due", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":\"}}", "does not end", 4, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":1,\"shape\":[1]}}", "'shape' comes twice", 4, 0},
        {"{\"a\":[\"F32\",[1],[0,4],1]}", "']' after the offsets", 4, 0},
        {"{\"a\":[\"F32\",[1]]}", "',' after the shape", 4, 0},
        {"{\"a\":[]}", "of the dtype", 0, 0},
        {"{\"a\":null}", "'{' of a tensor is due", 0, 0},
        {"{\"__metadata__\":nul}", "'{' of __metadata__", 0, 0},
        {"{\"__metadata__\":[]}", "'{' of __metadata__", 0, 0},
        {"{\"__metadata__\":{\"a\":null}}", "they are all strings", 0, 0},
        {"{\"__metadata__\":null,\"__metadata__\":{}}", "comes twice", 0, 0},
        {"{\"a\":{" X("F32", "[9223372036854775808,4,0]", 0, 0) "}}", "one after the other", 0, 0},
        {"{\"__metadata__\":{\"a\":1}}", "they are all strings", 0, 0},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", "comes twice", 0, 0},
        {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "two metadata keys", 0, 8},
        {"{\"a\xff\":{}}", "not UTF-8", 0, 11},
        {"{\"a\xed\xa0\x80\":{}}", "not UTF-8", 0, 11},
        {"{\"a\\u0000\":{}}", "NUL", 0, 13},
        {"{\"a\\ud800\":{}}", "surrogate", 0, 13},
        {"{\"a\\q\":{}}", "escape", 0, 12},
        {"{\"a\n\":{}}", "control character", 0, 11},
        {"{\"a\\", "does not end", 0, 9},
        {"{\"a\":{" X("F32", "[1]", 0, 4) "},}", "'\"' of a tensor's name", 4, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hu_tensor_file file;
        struct hu_file_error error;
        cr_assert_not(parse(rows[i].header, rows[i].data, &file, &error), "%s", rows[i].header);
        cr_assert(strstr(error.reason, rows[i].reason), "%s: '%s'", rows[i].header, error.reason);
        if (rows[i].offset)
            cr_assert_eq(error.offset, rows[i].offset, "%s: byte %llu", rows[i].header,
                         (unsigned long long)error.offset);
        hu_tensor_file_close(&file);
    }
}

/* What safetensors' own reader, serde's derived one (safetensors/src/tensor.rs), takes beyond what
 * its page describes is read, with a note. */
Test(safetensors, what_the_format_s_own_library_reads_is_read_with_a_note)
{
    static const struct {
        const char *header, *note;
        uint64_t data;
    } rows[] = {
        {"{\"__metadata__\":null,\"a\":{" X("F32", "[1]", 0, 4) "}}", "__metadata__ is null", 4},
        {" \t\r\n{}", "white space stands before", 0},
        {"{\"a\":[\"F32\",[1],[0,4]]}", "described by an array", 4},
        {"{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":1}}", "'x' of 'a'", 4},
        {"{\"a\":{\"x\":null," X("F32", "[1]", 0, 4) "}}", "'x' of 'a'", 4},
        {"{\"a\":{\"x\":1,\"x\":2," X("F32", "[1]", 0, 4) "}}", "2 keys", 4},
        {"{\"a\":{\"x\":[1,-2.5e-3,\"s\",{\"dtype\":[true,false,null]},[]]," X("F32", "[1]", 0,
                                                                               4) "}}",
         "passed over: 'x'", 4},
        {"{\"a\":{\"x\":\"\\u00e9\\\"}\"," X("F32", "[1]", 0, 4) "}}", "passed over: 'x'", 4},
        {"{\"a\":{" X("F32", "[0,9223372036854775808,4]", 0, 0) "}}", NULL, 0},
        {"{\"a\":{" X("F32", "[1]", 0, 4) "},\"__metadata__\":{\"k\":\"v\"}}", NULL, 4},
        {"{}\n\r\t ", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hu_tensor_file file;
        struct hu_file_error error;
        cr_assert(parse(rows[i].header, rows[i].data, &file, &error), "%s: %s", rows[i].header,
                  error.reason);
        cr_assert_eq(file.note_count, rows[i].note != NULL, "%s", rows[i].header);
        if (rows[i].note)
            cr_assert(strstr(file.notes[0], rows[i].note), "%s: '%s'", rows[i].header,
                      file.notes[0]);
        hu_tensor_file_close(&file);
    }
}

/* serde_json goes 127 brackets deep, of which the header and the tensor are two. */
Test(safetensors, what_is_passed_over_may_be_as_deep_as_the_library_goes)
{
    for (int depth = 124; depth < 128; depth++) {
        char header[600] = "{\"a\":{" X("F32", "[1]", 0, 4) ",\"x\":";
        for (int i = 0; i < depth; i++)
            strcat(header, "[");
        for (int i = 0; i < depth; i++)
            strcat(header, "]");
        strcat(header, "}}");
        struct hu_tensor_file file;
        struct hu_file_error error;
        cr_assert_eq(parse(header, 4, &file, &error), depth <= 125, "%d", depth);
        if (depth > 125)
            cr_assert(strstr(error.reason, "brackets within each other"), "%s", error.reason);
        hu_tensor_file_close(&file);
    }
}

Test(safetensors, names_are_made_fit_to_print)
{
    static const struct {
        const char *name, *shown;
    } rows[] = {
        {"a.b", "a.b"},
        {"\033[31m", "\\x1b[31m"},
        {"\x7f\n", "\\x7f\\x0a"},
        {"\xc3\xa9\xc2\x9b", "\xc3\xa9\\xc2\\x9b"},
        /* Sixteen bytes: what does not fit goes whole. */
        {"0123456789\xe2\x82\xac\xe2\x82\xac", "0123456789\xe2\x82\xac"},
        {"\xf0\x80", "\\xf0\\x80"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[16];
        cr_assert_str_eq(hu_printable(rows[i].name, out, sizeof out), rows[i].shown, "%zu: %s", i,
                         out);
    }
}

Test(safetensors, a_length_beyond_the_file_or_the_limit_is_refused)
{
    static const unsigned char huge[16] = {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'};
    static const unsigned char past[10] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    struct hu_tensor_file file = {0};
    struct hu_file_error error;
    cr_assert_not(hu_safetensors_parse(huge, sizeof huge, sizeof huge, &file, &error));
    cr_assert_not(hu_safetensors_parse(past, sizeof past, sizeof past, &file, &error));
    cr_assert(strstr(error.reason, "claims 3 bytes, and 2 follow: the file is cut short"), "%s",
              error.reason);
    for (size_t n = 0; n < 8; n++)
        cr_assert_not(hu_safetensors_parse(past, n, n, &file, &error));
    hu_tensor_file_close(&file);
}

/* COUNT tensors of 4096 × 4096 in bf16, in a file that is all hole but for its header. */
static void write_sparse(const char *path, int count)
{
    char *header = malloc((size_t)count * 160 + 16);
    size_t n = 0;
    uint64_t each = UINT64_C(4096) * 4096 * 2;
    header[n++] = '{';
    for (int i = 0; i < count; i++)
        n += (size_t)sprintf(header + n,
                             "%s\"model.layers.%d.self_attn.q_proj.weight\":{\"dtype\":\"BF16\","
                             "\"shape\":[4096,4096],\"data_offsets\":[%llu,%llu]}",
                             i ? "," : "", i, (unsigned long long)(each * (uint64_t)i),
                             (unsigned long long)(each * (uint64_t)(i + 1)));
    header[n++] = '}';
    int out = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    unsigned char length[8] = {0};
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)n >> 8 * i);
    cr_assert_eq(write(out, length, 8), 8);
    cr_assert_eq(write(out, header, n), (ssize_t)n);
    cr_assert_eq(ftruncate(out, (off_t)(8 + n + each * (uint64_t)count)), 0);
    close(out);
    free(header);
}

Test(safetensors, two_thousand_tensors_take_less_than_ten_milliseconds)
{
    char path[] = "/tmp/halfulp-sparse-XXXXXX";
    close(mkstemp(path));
    write_sparse(path, 2000);
    double best = 1;
    for (int i = 0; i < 5; i++) {
        struct hu_tensor_file file;
        struct hu_file_error error;
        struct timespec a, b;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        cr_assert(hu_tensor_file_open(path, &file, &error), "%s", error.reason);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        cr_assert_eq(file.count, 2000);
        hu_tensor_file_close(&file);
        double seconds = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
        best = seconds < best ? seconds : best;
    }
    unlink(path);
    cr_log_info("2,000 tensors: %.2f ms", best * 1e3);
#ifdef __SANITIZE_ADDRESS__
    best /= 5; /* the sanitizers' share */
#endif
    cr_assert_lt(best, 0.010, "%.1f ms", best * 1e3);
}
