#include "float_bits.h"
#include "reference_exact.h"

#include <math.h>
#include <string.h>

/* Elements read one at a time from where block.h says they lie. */

static size_t up(size_t n, size_t by)
{
    return (n + by - 1) / by;
}

static void set_float(struct exact *x, float value)
{
    hu_exact_datum(x, hu_format_find("fp32"), hu_bits_of_float(value));
}

/* X := the code of B's elements without their scale. */
static void set_code(struct exact *x, const struct hu_block *b, uint64_t code)
{
    if (b->codes == HU_CODES_TABLE) {
        set_float(x, b->table[code]);
        return;
    }
    hu_exact_datum(x, hu_format_find(b->element), code);
    hu_exact_scale(x, b->element_power);
}

/* bitsandbytes' double quantization rounds the product and the sum to fp32. */
static void nested_scale(struct hu_reference *r, struct exact *x, const struct hu_block_parts *p,
                         size_t number)
{
    const struct hu_format *fp32 = hu_format_find("fp32");
    struct exact over;
    hu_exact_init(&over);
    set_float(x, p->nested[((const unsigned char *)p->scales)[number]]);
    hu_exact_datum(&over, fp32, exact_bits(p->more, number / 256 * 32, 32));
    hu_exact_multiply(x, x, &over);
    hu_exact_settle(r, fp32, x);
    set_float(&over, -p->tensor_scale);
    hu_exact_subtract(x, x, &over);
    hu_exact_settle(r, fp32, x);
    hu_exact_clear(&over);
}

static void set_scale(struct hu_reference *r, struct exact *x, const struct hu_block *b,
                      const struct hu_block_parts *p, size_t number)
{
    const struct hu_format *f = hu_format_find(b->scale);
    if (b->over == HU_OVER_NESTED) {
        nested_scale(r, x, p, number);
        return;
    }
    hu_exact_datum(x, f, exact_bits(p->scales, number * f->width, f->width));
    if (b->over == HU_OVER_TENSOR) {
        struct exact over;
        hu_exact_init(&over);
        set_float(&over, p->tensor_scale);
        hu_exact_multiply(x, x, &over);
        hu_exact_clear(&over);
    }
}

static void set_ggml(struct exact *x, const struct hu_block *b, const unsigned char *block,
                     unsigned i)
{
    struct exact_element e;
    struct exact factor, less;
    hu_exact_ggml(b, block, i, &e);
    hu_exact_init(&factor);
    hu_exact_init(&less);
    hu_exact_datum(x, hu_format_find(e.d_format), e.d_bits);
    hu_exact_integer(&factor, e.a);
    hu_exact_multiply(x, x, &factor);
    hu_exact_integer(&factor, e.q);
    hu_exact_multiply(x, x, &factor);
    if (b->minima) {
        hu_exact_datum(&less, hu_format_find("fp16"), e.m_bits);
        hu_exact_integer(&factor, e.b);
        hu_exact_multiply(&less, &less, &factor);
        hu_exact_subtract(x, x, &less);
    }
    hu_exact_scale(x, e.power);
    hu_exact_clear(&factor);
    hu_exact_clear(&less);
}

/* AutoGPTQ packs down a column of words, AutoAWQ across in the order 0 2 4 6 1 3 5 7. */
static void set_group(struct exact *x, const struct hu_block *b, const struct hu_block_parts *p,
                      size_t rows, size_t row, size_t column)
{
    static const unsigned char order[] = {0, 2, 4, 6, 1, 3, 5, 7};
    int w = b->code_bits;
    size_t across = up(rows * (size_t)w, 32) * 32, nibble = 0, code_at, zero_at;
    size_t group = p->groups ? (size_t)p->groups[column] : column / b->tile_columns;
    long code = 0;
    while (order[nibble] != row % 8)
        nibble++;
    if (b->layout == HU_BLOCK_AWQ) {
        code_at = column * across + row / 8 * 32 + 4 * nibble;
        zero_at = group * across + row / 8 * 32 + 4 * nibble;
        code = (long)exact_bits(p->codes, code_at, w);
    } else {
        for (int i = 0; i < w; i++) {
            size_t bit = column * (size_t)w + (size_t)i;
            code |= (long)exact_bits(p->codes, (bit / 32 * rows + row) * 32 + bit % 32, 1) << i;
        }
        zero_at = group * across + row * (size_t)w;
    }
    long zero = (long)exact_bits(p->more, zero_at, w) + b->zero_is_less_one;
    struct exact factor;
    hu_exact_init(&factor);
    hu_exact_datum(x, hu_format_find("fp16"), exact_bits(p->scales, (group * rows + row) * 16, 16));
    hu_exact_integer(&factor, code - zero);
    hu_exact_multiply(x, x, &factor);
    hu_exact_clear(&factor);
}

static void set_element(struct hu_reference *r, struct exact *x, const struct hu_block *b,
                        const struct hu_block_parts *p, size_t rows, size_t columns, size_t row,
                        size_t column)
{
    if (b->layout == HU_BLOCK_WHOLE) {
        size_t block = row * up(columns, b->elements) + column / b->elements;
        set_ggml(x, b, (const unsigned char *)p->codes + block * b->bytes, column % b->elements);
        return;
    }
    if (b->layout == HU_BLOCK_GPTQ || b->layout == HU_BLOCK_AWQ) {
        set_group(x, b, p, rows, row, column);
        return;
    }
    size_t number, at, w = b->code_bits;
    if (b->layout == HU_BLOCK_FLAT) {
        at = (row * columns + column) * 4;
        at = at / 8 * 8 + (at % 8 ? 0 : 4); /* the first is the high half */
        number = (row * columns + column) / b->tile_columns;
    } else {
        size_t tile_columns = b->tile_columns ? b->tile_columns : columns;
        size_t tile_rows = b->tile_rows ? b->tile_rows : rows;
        at = row * up(columns * w, 8) * 8 + column * w;
        number = row / tile_rows * up(columns, tile_columns) + column / tile_columns;
    }
    struct exact scale;
    hu_exact_init(&scale);
    set_scale(r, &scale, b, p, number);
    set_code(x, b, exact_bits(p->codes, at, (int)w));
    hu_exact_multiply(x, x, &scale);
    if (b->divisor) {
        hu_exact_integer(&scale, b->divisor);
        hu_exact_divide(x, x, &scale);
    }
    hu_exact_clear(&scale);
}

uint64_t hu_reference_block_value(struct hu_reference *r, const struct hu_format *to,
                                  const struct hu_block *b, const struct hu_block_parts *parts,
                                  size_t rows, size_t columns, size_t row, size_t column)
{
    struct exact x;
    hu_exact_init(&x);
    set_element(r, &x, b, parts, rows, columns, row, column);
    uint64_t bits = hu_exact_round(r, to, &x, NULL);
    hu_exact_clear(&x);
    return bits;
}
