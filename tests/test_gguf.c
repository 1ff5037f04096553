#include "file/gguf.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A file under construction. */
static unsigned char bytes[4096];
static size_t length;

static void put(uint64_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        bytes[length++] = (unsigned char)(value >> 8 * i);
}

static void put_text(const char *text)
{
    put(strlen(text), 8);
    memcpy(bytes + length, text, strlen(text));
    length += strlen(text);
}

static void begin(uint32_t version, uint64_t tensors, uint64_t keys)
{
    length = 0;
    memcpy(bytes, "GGUF", 4);
    length = 4;
    put(version, 4);
    put(tensors, 8);
    put(keys, 8);
}

static void put_tensor(const char *name, uint64_t rows, uint64_t columns, uint32_t type,
                       uint64_t offset)
{
    put_text(name);
    put(2, 4);
    put(columns, 8);
    put(rows, 8);
    put(type, 4);
    put(offset, 8);
}

static void pad(unsigned alignment)
{
    while (length % alignment)
        bytes[length++] = 0;
}

static struct hu_tensor_file file;
static struct hu_file_error error;

/* With DATA bytes behind the header. */
static bool parse(uint64_t data)
{
    file = (struct hu_tensor_file){0};
    error = (struct hu_file_error){0};
    return hu_gguf_parse(bytes, length, length + data, &file, &error);
}

static void refuses(uint64_t data, const char *reason)
{
    cr_assert_not(parse(data), "accepted: %s", reason);
    cr_assert(strstr(error.reason, reason), "'%s', not '%s'", error.reason, reason);
    cr_assert(error.has_offset);
    hu_tensor_file_close(&file);
}

Test(gguf, a_header_gives_tensors_and_metadata)
{
    begin(3, 2, 3);
    put_text("general.architecture");
    put(HU_META_STRING, 4);
    put_text("llama");
    put_text("llama.attention.head_count_kv");
    put(HU_META_ARRAY, 4);
    put(HU_META_INT32, 4);
    put(3, 8);
    put(8, 4);
    put(0, 4);
    put(0xffffffff, 4);
    put_text("tokens");
    put(HU_META_ARRAY, 4);
    put(HU_META_STRING, 4);
    put(2, 8);
    put_text("a");
    put_text("");
    put_tensor("q", 4, 64, 2, 0);
    put_tensor("r", 1, 256, 14, 160);
    pad(32);
    /* 4 rows of 64 elements in q4_0 are 4 × 2 × 18 = 144 bytes, padded to 160; q6_k: 210. */
    cr_assert(parse(160 + 210), "%s", error.reason);
    cr_assert_eq(file.count, 2);
    cr_assert_eq(file.tensors[0].bytes, 144);
    cr_assert_eq(file.tensors[0].shape[0], 4);
    cr_assert_eq(file.tensors[0].shape[1], 64);
    cr_assert_str_eq(hu_dtype_name(file.tensors[1].dtype), "q6_k");
    cr_assert_eq(file.tensors[1].bytes, 210);
    cr_assert_eq(file.tensors[1].offset, length + 160);
    const struct hu_metadata *m = hu_metadata_find(&file, "llama.attention.head_count_kv");
    uint64_t value;
    cr_assert(hu_metadata_integer(m, 0, &value));
    cr_assert_eq(value, 8);
    cr_assert(hu_metadata_integer(m, 1, &value));
    cr_assert_eq(value, 0);
    cr_assert_not(hu_metadata_integer(m, 2, &value), "-1 is no count");
    cr_assert_not(hu_metadata_integer(m, 3, &value), "past the end");
    cr_assert_eq(hu_metadata_find(&file, "tokens")->count, 2);
    hu_tensor_file_close(&file);
    /* A file may end with the padding of its last tensor. */
    cr_assert(parse(160 + 224));
    hu_tensor_file_close(&file);
    refuses(160 + 209, "cut short");
    refuses(160 + 225, "1 byte follows");
}

Test(gguf, every_prefix_of_a_file_is_refused)
{
    begin(3, 1, 1);
    put_text("k");
    put(HU_META_ARRAY, 4);
    put(HU_META_STRING, 4);
    put(1, 8);
    put_text("value");
    put_tensor("q", 4, 64, 2, 0);
    pad(32);
    size_t whole = length;
    for (size_t n = 0; n < whole; n++) {
        unsigned char *copy = malloc(n ? n : 1); /* so that a read past the end is seen */
        memcpy(copy, bytes, n);
        file = (struct hu_tensor_file){0};
        cr_assert_not(hu_gguf_parse(copy, n, n, &file, &error), "%zu bytes", n);
        hu_tensor_file_close(&file);
        free(copy);
    }
}

Test(gguf, versions_and_byte_orders_that_are_not_read_are_named)
{
    begin(1, 0, 0);
    refuses(0, "GGUF version 1");
    begin(0x03000000, 0, 0);
    refuses(0, "big-endian");
    begin(9, 0, 0);
    refuses(0, "unknown version");
    begin(3, 0, 0);
    bytes[0] = 'X';
    refuses(0, "does not begin with 'GGUF'");
}

Test(gguf, counts_beyond_the_file_cost_nothing)
{
    begin(3, UINT64_MAX, 0);
    refuses(0, "the file ends");
    begin(3, 0, UINT64_MAX);
    refuses(0, "the file ends");
    begin(3, 0, 1);
    put_text("k");
    put(HU_META_ARRAY, 4);
    put(HU_META_FLOAT64, 4);
    put(UINT64_MAX / 4, 8);
    refuses(0, "the file ends within a metadata value");
    begin(3, 0, 1);
    put_text("k");
    put(HU_META_STRING, 4);
    put(UINT64_MAX, 8);
    refuses(0, "the file ends within a metadata string");
}

Test(gguf, metadata_that_breaks_the_rules_is_refused)
{
    begin(3, 0, 2);
    for (int i = 0; i < 2; i++) {
        put_text("k");
        put(HU_META_UINT8, 4);
        put(1, 1);
    }
    refuses(0, "two metadata keys 'k'");
    begin(3, 0, 1);
    put_text("k");
    put(13, 4);
    refuses(0, "no metadata type has the number 13");
    begin(3, 0, 1);
    put_text("k");
    put(HU_META_BOOL, 4);
    put(2, 1);
    refuses(0, "a bool is 2");
    begin(3, 0, 1);
    put_text("");
    put(HU_META_BOOL, 4);
    put(1, 1);
    refuses(0, "has 0 bytes");
    begin(3, 0, 1);
    put_text("k");
    put(HU_META_ARRAY, 4);
    put(HU_META_ARRAY, 4);
    put(0, 8);
    refuses(0, "array of arrays");
}

/* gguf.cpp of ggml: "alignment %zu is not a power of 2". */
Test(gguf, an_alignment_is_a_power_of_two)
{
    static const struct {
        uint32_t alignment;
        bool fine;
    } rows[] = {{0, false},  {1, true},   {2, true},   {4, true},           {8, true},
                {12, false}, {24, false}, {32, true},  {48, false},         {63, false},
                {64, true},  {96, false}, {128, true}, {UINT32_MAX, false}, {1u << 31, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(3, 0, 1);
        put_text("general.alignment");
        put(HU_META_UINT32, 4);
        put(rows[i].alignment, 4);
        if (!rows[i].fine) {
            refuses(0, "power of two");
            continue;
        }
        cr_assert(parse(0), "%u: %s", rows[i].alignment, error.reason);
        hu_tensor_file_close(&file);
    }
}

/* GGML_MAX_NAME is 64, with the NUL behind. */
Test(gguf, a_tensor_has_a_name_of_at_most_63_bytes)
{
    char name[66];
    for (size_t n = 0; n < sizeof name; n++) {
        memset(name, 'n', sizeof name);
        name[n] = 0;
        begin(3, 1, 0);
        put_tensor(name, 1, 32, 0, 0);
        pad(32);
        if (n > 63) {
            refuses(128, "0 to 63 are allowed");
            continue;
        }
        cr_assert(parse(128), "%zu: %s", n, error.reason);
        cr_assert_str_eq(file.tensors[0].name, name);
        hu_tensor_file_close(&file);
    }
}

Test(gguf, without_data_no_padding_is_due_behind_the_header)
{
    begin(3, 2, 0);
    put_tensor("q", 0, 32, 0, 0);
    put_tensor("r", 32, 0, 0, 0);
    cr_assert(length % 32, "the header would end at the padding's end anyway");
    cr_assert(parse(0), "%s", error.reason);
    cr_assert_eq(file.tensors[1].bytes, 0);
    cr_assert_leq(file.tensors[1].offset, file.size);
    hu_tensor_file_close(&file);
    begin(3, 1, 0);
    put_tensor("q", 1, 32, 0, 0);
    refuses(0, "within the padding");
}

/* ggml takes each tensor's offset for the sum of those before it in the header. */
Test(gguf, tensors_lie_in_the_header_s_order)
{
    begin(3, 2, 0);
    put_tensor("q", 1, 32, 0, 128);
    put_tensor("r", 1, 32, 0, 0);
    pad(32);
    refuses(256, "hole before tensor 'q'");
    begin(3, 1, 0);
    put_tensor("q", 0, UINT64_C(1) << 63, 0, 0);
    refuses(0, "over 63 bits");
}

Test(gguf, tensors_that_break_the_rules_are_refused)
{
    begin(3, 1, 0);
    put_tensor("q", 1, 33, 2, 0);
    pad(32);
    refuses(64, "32 elements at a time");
    begin(3, 1, 0);
    put_tensor("q", 1, 32, 31, 0);
    refuses(64, "removed");
    begin(3, 1, 0);
    put_tensor("q", 1, 32, 99, 0);
    refuses(64, "does not have");
    begin(3, 1, 0);
    put_tensor("q", 1, 32, 0, 8);
    refuses(64, "no multiple of the alignment 32");
    begin(3, 1, 0);
    put_tensor("q", 1, 32, 0, 32);
    pad(32);
    refuses(256, "hole before tensor 'q'");
    begin(3, 2, 0);
    put_tensor("q", 1, 32, 0, 0);
    put_tensor("r", 1, 32, 0, 64);
    pad(32);
    refuses(256, "overlaps");
    begin(3, 2, 0);
    put_tensor("q", 1, 32, 0, 0);
    put_tensor("q", 1, 32, 0, 128);
    pad(32);
    refuses(256, "two tensors named 'q'");
    begin(3, 1, 0);
    put_tensor("q", UINT64_C(1) << 40, UINT64_C(1) << 40, 0, 0);
    refuses(256, "more elements than");
    begin(3, 1, 0);
    put_text("q");
    put(5, 4);
    refuses(256, "5 dimensions");
}

/* Block bytes and elements of ggml-common.h, written down a second time. */
Test(gguf, every_live_type_has_the_size_of_ggml)
{
    static const struct {
        uint32_t type, elements, bytes;
    } rows[] = {
        {0, 1, 4},      {1, 1, 2},      {2, 32, 18},    {3, 32, 20},    {6, 32, 22},
        {7, 32, 24},    {8, 32, 34},    {9, 32, 36},    {10, 256, 84},  {11, 256, 110},
        {12, 256, 144}, {13, 256, 176}, {14, 256, 210}, {15, 256, 292}, {16, 256, 66},
        {17, 256, 74},  {18, 256, 98},  {19, 256, 50},  {20, 32, 18},   {21, 256, 110},
        {22, 256, 82},  {23, 256, 136}, {24, 1, 1},     {25, 1, 2},     {26, 1, 4},
        {27, 1, 8},     {28, 1, 8},     {29, 256, 56},  {30, 1, 2},     {34, 256, 54},
        {35, 256, 66},  {39, 32, 17},   {40, 64, 36},   {41, 128, 18},  {42, 64, 18},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hu_dtype dtype;
        cr_assert(hu_dtype_of_ggml(rows[i].type, &dtype), "type %u", rows[i].type);
        cr_assert_eq(hu_dtype_elements(dtype), rows[i].elements, "type %u", rows[i].type);
        cr_assert_eq(hu_dtype_bytes(dtype), rows[i].bytes, "type %u", rows[i].type);
    }
    static const uint32_t dead[] = {4, 5, 31, 32, 33, 36, 37, 38, 43, UINT32_MAX};
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++) {
        struct hu_dtype dtype;
        cr_assert_not(hu_dtype_of_ggml(dead[i], &dtype), "type %u", dead[i]);
    }
}
