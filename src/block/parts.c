#include "parts.h"

bool hu_block_has_rules(const struct hu_block *b)
{
    return b->rule != HU_SCALE_NO_RULE && b->scale && !strcmp(b->scale, "e8m0");
}

bool hu_block_needs_amax(const struct hu_block *b)
{
    return b->over == HU_OVER_TENSOR || (b->layout == HU_BLOCK_PARTS && b->tile_rows == 0);
}

static const char *const rule_names[] = {
    [HU_SCALE_FLOOR] = "floor",
    [HU_SCALE_CEIL] = "ceil",
    [HU_SCALE_RCEIL] = "rceil",
    [HU_SCALE_EVEN] = "even",
};

bool hu_scale_rule_find(const char *name, enum hu_scale_rule *rule)
{
    *rule = HU_SCALE_DEFAULT;
    for (int i = HU_SCALE_FLOOR; name && i <= HU_SCALE_EVEN; i++)
        if (!strcmp(rule_names[i], name))
            *rule = (enum hu_scale_rule)i;
    return !name || *rule != HU_SCALE_DEFAULT;
}

const char *hu_scale_rule_name(enum hu_scale_rule rule)
{
    if (rule >= HU_SCALE_FLOOR && rule <= HU_SCALE_EVEN)
        return rule_names[rule];
    switch (rule) {
    case HU_SCALE_MAX:
        return "amax over the largest";
    case HU_SCALE_AMAX:
        return "amax";
    case HU_SCALE_GGML:
        return "ggml";
    default:
        return NULL;
    }
}

/* A · B · BY bytes. */
static size_t product(size_t a, size_t b, size_t by)
{
    size_t n;
    if (__builtin_mul_overflow(a, b, &n) || __builtin_mul_overflow(n, by, &n))
        return SIZE_MAX;
    return n;
}

size_t hu_block_bytes(const struct hu_block *b, size_t rows, size_t columns)
{
    size_t words;
    switch (b->layout) {
    case HU_BLOCK_FLAT:
        words = product(rows, columns, 1);
        return words == SIZE_MAX ? words : parts_up(words, 2);
    case HU_BLOCK_GPTQ:
        words = product(columns, b->code_bits, 1);
        return words == SIZE_MAX ? words : product(parts_up(words, 32), rows, 4);
    case HU_BLOCK_AWQ:
        return product(columns, parts_up(rows, 8), 4);
    case HU_BLOCK_PACKED:
        return product(parts_up(columns, 32 / b->code_bits), rows, 4);
    case HU_BLOCK_OPAQUE:
        return product(rows, columns, b->bytes);
    case HU_BLOCK_WHOLE:
        if (columns > SIZE_MAX / b->bytes)
            return SIZE_MAX;
        break;
    case HU_BLOCK_PARTS:
        break;
    }
    return product(rows, parts_row_bytes(b, columns), 1);
}

/* Scales of HU_BLOCK_FLAT, groups of GPTQ's and AWQ's times rows, tiles. */
static size_t count_scales(const struct hu_block *b, size_t rows, size_t columns)
{
    size_t n;
    switch (b->layout) {
    case HU_BLOCK_FLAT:
        n = product(rows, columns, 1);
        return n == SIZE_MAX ? n : parts_up(n, b->tile_columns);
    case HU_BLOCK_GPTQ:
    case HU_BLOCK_AWQ:
    case HU_BLOCK_PACKED:
        return product(parts_up(columns, b->tile_columns), rows, 1);
    case HU_BLOCK_PARTS:
        return product(parts_tiles_down(b, rows), parts_tiles_across(b, columns), 1);
    default:
        return 0;
    }
}

size_t hu_block_scale_bytes(const struct hu_block *b, size_t rows, size_t columns)
{
    size_t n = count_scales(b, rows, columns);
    if (!n || n == SIZE_MAX)
        return n;
    return product(n, hu_format_find(b->scale)->storage_bits / 8, 1);
}

size_t hu_block_more_bytes(const struct hu_block *b, size_t rows, size_t columns)
{
    size_t n, bits;
    if (b->over == HU_OVER_NESTED) {
        n = count_scales(b, rows, columns);
        return n == SIZE_MAX ? n : product(parts_up(n, 256), 4, 1);
    }
    if (b->zeros)
        return product(count_scales(b, rows, columns), b->zeros == HU_ZEROS_BYTES ? 1 : 4, 1);
    if (b->codes != HU_CODES_INTEGER || b->zero_is_middle)
        return 0;
    if (b->layout == HU_BLOCK_PACKED)
        return product(parts_up(columns, b->tile_columns), parts_up(rows, 32 / b->code_bits), 4);
    bits = product(rows, b->code_bits, 1);
    return bits == SIZE_MAX ? bits
                            : product(parts_up(columns, b->tile_columns), parts_up(bits, 32), 4);
}
