#include "dtype.h"
#include "names.h"
#include "wide.h"

#include <string.h>

bool hu_dtype_find(const char *name, struct hu_dtype *dtype)
{
    *dtype = (struct hu_dtype){.integer = hu_integer_find(name)};
    if (!dtype->integer)
        dtype->format = hu_format_find(name);
    if (!dtype->format && !dtype->integer)
        dtype->block = hu_block_find(name);
    return dtype->format || dtype->integer || dtype->block;
}

/* enum ggml_type of ggml.h: the types that are no blocks. */
static const struct {
    uint32_t type;
    const char *name;
} plain[] = {{0, "fp32"},   {1, "fp16"},   {24, "int8"}, {25, "int16"},
             {26, "int32"}, {27, "int64"}, {28, "fp64"}, {30, "bf16"}};

bool hu_dtype_ggml(struct hu_dtype dtype, uint32_t *type)
{
    if (dtype.block) {
        *type = (uint32_t)dtype.block->ggml_type;
        return dtype.block->ggml_type >= 0;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(plain[i].name, hu_dtype_name(dtype))) {
            *type = plain[i].type;
            return true;
        }
    return false;
}

bool hu_dtype_of_ggml(uint32_t type, struct hu_dtype *dtype)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].type == type)
            return hu_dtype_find(plain[i].name, dtype);
    *dtype = (struct hu_dtype){.block = hu_block_of_ggml(type)};
    return dtype->block;
}

const char *hu_dtype_name(struct hu_dtype dtype)
{
    if (dtype.format)
        return dtype.format->name;
    return dtype.integer ? dtype.integer->name : dtype.block ? dtype.block->name : "?";
}

static uint32_t lone_bits(struct hu_dtype dtype)
{
    return dtype.format ? dtype.format->storage_bits : dtype.integer->storage_bits;
}

uint32_t hu_dtype_elements(struct hu_dtype dtype)
{
    if (dtype.block)
        return dtype.block->elements;
    uint32_t bits = lone_bits(dtype), elements = 1;
    while (bits * elements % 8)
        elements *= 2;
    return elements;
}

uint32_t hu_dtype_bytes(struct hu_dtype dtype)
{
    if (dtype.block)
        return dtype.block->bytes;
    return lone_bits(dtype) * hu_dtype_elements(dtype) / 8;
}

double hu_dtype_bits(struct hu_dtype dtype)
{
    return 8.0 * hu_dtype_bytes(dtype) / hu_dtype_elements(dtype);
}

/* All parts of ROWS × COLUMNS of a format whose scales lie apart. False: no such format, or more
 * than a size_t holds. */
static bool parts_size(const struct hu_block *b, uint64_t rows, uint64_t columns, uint64_t *bytes)
{
    if (!b || b->layout == HU_BLOCK_OPAQUE || b->layout == HU_BLOCK_WHOLE || rows > SIZE_MAX ||
        columns > SIZE_MAX)
        return false;
    size_t r = (size_t)rows, c = (size_t)columns, sum = b->over == HU_OVER_TENSOR ? 4 : 0;
    bool fine = !__builtin_add_overflow(sum, hu_block_bytes(b, r, c), &sum) &&
                !__builtin_add_overflow(sum, hu_block_scale_bytes(b, r, c), &sum) &&
                !__builtin_add_overflow(sum, hu_block_more_bytes(b, r, c), &sum);
    *bytes = sum;
    return fine && sum < SIZE_MAX;
}

bool hu_dtype_matrix_size(struct hu_dtype dtype, uint64_t rows, uint64_t columns, uint64_t *bytes)
{
    uint64_t elements;
    return parts_size(dtype.block, rows, columns, bytes) ||
           (!__builtin_mul_overflow(rows, columns, &elements) &&
            hu_dtype_size(dtype, elements, bytes));
}

bool hu_dtype_size(struct hu_dtype dtype, uint64_t elements, uint64_t *bytes)
{
    if (dtype.block && dtype.block->layout == HU_BLOCK_FLAT &&
        parts_size(dtype.block, 1, elements, bytes))
        return true;
    struct hu_wide size = hu_wide_of(elements);
    if (dtype.block) {
        hu_wide_add(&size, hu_wide_of(dtype.block->elements - 1));
        hu_wide_divide(&size, dtype.block->elements);
        hu_wide_times(&size, dtype.block->bytes);
    } else {
        hu_wide_times(&size, lone_bits(dtype));
        hu_wide_add(&size, hu_wide_of(7));
        hu_wide_divide(&size, 8);
    }
    return hu_wide_fits(size, bytes);
}
