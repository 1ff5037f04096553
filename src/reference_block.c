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

static void multiply_over(struct exact *x, const struct hu_block_parts *p)
{
    struct exact over;
    hu_exact_init(&over);
    set_float(&over, p->tensor_scale);
    hu_exact_multiply(x, x, &over);
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
    if (b->over == HU_OVER_TENSOR)
        multiply_over(x, p);
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

/* An integer under a scale. */
static void set_grouped(struct exact *x, const struct hu_block *b, const struct hu_block_parts *p,
                        size_t number, long integer)
{
    const struct hu_format *f = hu_format_find(b->scale);
    struct exact factor;
    hu_exact_init(&factor);
    hu_exact_datum(x, f, exact_bits(p->scales, number * f->width, f->width));
    hu_exact_integer(&factor, integer);
    hu_exact_multiply(x, x, &factor);
    hu_exact_clear(&factor);
}

/* AutoGPTQ packs down a column of words, AutoAWQ across in the order 0 2 4 6 1 3 5 7. */
static void set_group(struct exact *x, const struct hu_block *b, const struct hu_block_parts *p,
                      size_t rows, size_t columns, size_t row, size_t column)
{
    static const unsigned char order[] = {0, 2, 4, 6, 1, 3, 5, 7};
    int w = b->code_bits;
    size_t across = up(rows * (size_t)w, 32) * 32, nibble = 0, code_at, zero_at;
    size_t group = p->groups ? (size_t)p->groups[column] : column / b->tile_columns;
    long code = 0, zero;
    if (b->layout == HU_BLOCK_PACKED) {
        /* Words of 32 / w codes each: along a row, and of zero points down a group. */
        size_t each = (size_t)(32 / w), groups = up(columns, b->tile_columns);
        code_at = (row * up(columns, each) + column / each) * 32 + column % each * (size_t)w;
        zero_at = (row / each * groups + group) * 32 + row % each * (size_t)w;
        zero = b->zero_is_middle ? 1L << (w - 1) : (long)exact_bits(p->more, zero_at, w);
        code = (long)exact_bits(p->codes, code_at, w);
        set_grouped(x, b, p, row * groups + group, code - zero);
        return;
    }
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
    zero = (long)exact_bits(p->more, zero_at, w) + b->zero_is_less_one;
    set_grouped(x, b, p, group * rows + row, code - zero);
}

/* Where an element of PARTS or FLAT has its code, in bits, and which scale is its own. */
struct place {
    size_t code, scale;
};

static struct place place_of(const struct hu_block *b, size_t rows, size_t columns, size_t row,
                             size_t column)
{
    size_t w = b->code_bits;
    if (b->layout == HU_BLOCK_FLAT) {
        size_t at = (row * columns + column) * 4;
        return (struct place){at / 8 * 8 + (at % 8 ? 0 : 4), /* the first is the high half */
                              (row * columns + column) / b->tile_columns};
    }
    size_t tile_columns = b->tile_columns ? b->tile_columns : columns;
    size_t tile_rows = b->tile_rows ? b->tile_rows : rows;
    return (struct place){row * up(columns * w, 8) * 8 + column * w,
                          row / tile_rows * up(columns, tile_columns) + column / tile_columns};
}

static const unsigned char *block_at(const struct hu_block *b, const struct hu_block_parts *p,
                                     size_t columns, size_t row, size_t column)
{
    size_t block = row * up(columns, b->elements) + column / b->elements;
    return (const unsigned char *)p->codes + block * b->bytes;
}

static void set_element(struct hu_reference *r, struct exact *x, const struct hu_block *b,
                        const struct hu_block_parts *p, size_t rows, size_t columns, size_t row,
                        size_t column)
{
    if (b->layout == HU_BLOCK_WHOLE) {
        set_ggml(x, b, block_at(b, p, columns, row, column), column % b->elements);
        if (b->over == HU_OVER_TENSOR)
            multiply_over(x, p);
        return;
    }
    if (b->codes == HU_CODES_INTEGER) {
        set_group(x, b, p, rows, columns, row, column);
        return;
    }
    struct place at = place_of(b, rows, columns, row, column);
    struct exact scale;
    hu_exact_init(&scale);
    set_scale(r, &scale, b, p, at.scale);
    set_code(x, b, exact_bits(p->codes, at.code, b->code_bits));
    if (b->zeros == HU_ZEROS_SHIFTS)
        hu_exact_multiply(x, x, &scale);
    if (b->zeros) {
        struct exact zero;
        hu_exact_init(&zero);
        if (b->zeros == HU_ZEROS_BYTES)
            hu_exact_integer(&zero, ((const signed char *)p->more)[at.scale]);
        else
            hu_exact_datum(&zero, hu_format_find("fp32"), exact_bits(p->more, at.scale * 32, 32));
        if (b->zeros == HU_ZEROS_SHIFTS) { /* is added */
            mpq_neg(zero.value, zero.value);
            zero.sign = !zero.sign;
        }
        hu_exact_subtract(x, x, &zero);
        hu_exact_clear(&zero);
    }
    if (b->apart && b->apart->scale_divides)
        hu_exact_divide(x, x, &scale);
    else if (b->zeros != HU_ZEROS_SHIFTS)
        hu_exact_multiply(x, x, &scale);
    if (b->divisor) {
        hu_exact_integer(&scale, b->divisor);
        hu_exact_divide(x, x, &scale);
    }
    hu_exact_clear(&scale);
}

/*
 * The same in fp64, where that is exact: products of numbers of at most 53 bits together, and a
 * difference of two that leaves nothing. What is special or zero, and each WITHOUT-th of the rest,
 * is the rationals' all the same, so that neither goes unwatched.
 */
enum { WITHOUT = 61 };

/* A table's name lies where it lay before. */
static const struct hu_format *format_named(const char *name)
{
    static _Thread_local struct {
        const char *name;
        const struct hu_format *format;
    } found[16], *at;
    at = &found[(uintptr_t)name % 16];
    if (at->name != name) {
        at->name = name;
        at->format = hu_format_find(name);
    }
    return at->format;
}

/* What a code stands for; NaN where the rationals are to say. */
static double quick_datum(const char *format, uint64_t bits)
{
    const struct hu_format *f = format_named(format);
    uint64_t trailing = bits & ((UINT64_C(1) << f->trailing_bits) - 1);
    uint64_t top = (UINT64_C(1) << f->exponent_bits) - 1, exponent = bits >> f->trailing_bits & top;
    if (f->specials == HU_SPECIALS_INTEGER)
        return (double)bits - (double)(bits >> (f->width - 1) << f->width);
    if (exponent == top && f->specials != HU_SPECIALS_NONE &&
        !(f->specials == HU_SPECIALS_FN && ~trailing << (64 - f->trailing_bits)))
        return NAN;
    if (f->specials == HU_SPECIALS_SCALE)
        return hu_power_of_two((int)exponent - f->bias);
    double size = (double)(trailing + ((uint64_t)(exponent > 0) << f->trailing_bits)) *
                  hu_power_of_two((int)(exponent ? exponent : 1) - f->bias - f->trailing_bits);
    bool minus = f->width > f->exponent_bits + f->trailing_bits && bits >> (f->width - 1) & 1;
    return minus ? -size : size;
}

/* What A + B, which is SUM in fp64, has more than SUM (Knuth's two sums). */
static double lacking(double a, double b, double sum)
{
    double back = sum - a;
    return (a - (sum - back)) + (b - back);
}

/* A + B rounded to odd, from where fp32 is rounded to as from A + B itself: 53 bits are more than 2
 * · 24 + 2 (Boldo and Melquiond, Emulation of FMA and correctly rounded sums, 2008). */
static double odd_sum(double a, double b)
{
    double sum = a + b, lacks = lacking(a, b, sum);
    uint64_t bits = hu_bits_of_double(sum);
    if (lacks == 0 || bits & 1 || !isfinite(sum))
        return sum;
    return hu_double_of_bits((lacks > 0) == (sum > 0) ? bits + 1 : bits - 1);
}

/* bitsandbytes' scales as nested_scale has them: an exact product and an odd sum, rounded to fp32.
 */
static double quick_nested(const struct hu_block_parts *p, size_t number)
{
    double over = quick_datum("fp32", exact_bits(p->more, number / 256 * 32, 32));
    float product = (float)(p->nested[((const unsigned char *)p->scales)[number]] * over);
    return (float)odd_sum(product, p->tensor_scale);
}

static double quick_ggml(const struct hu_block *b, const unsigned char *block, unsigned i)
{
    struct exact_element e;
    hu_exact_ggml(b, block, i, &e);
    double x = quick_datum(e.d_format, e.d_bits) * (double)e.a * (double)e.q;
    if (b->minima) { /* NaN where fp64 does not hold the sum */
        double m = -quick_datum("fp16", e.m_bits) * (double)e.b, sum = x + m;
        x = lacking(x, m, sum) == 0 ? sum : NAN;
    }
    return x * hu_power_of_two(e.power);
}

static double quick_element(const struct hu_block *b, const struct hu_block_parts *p, size_t rows,
                            size_t columns, size_t row, size_t column)
{
    if (b->layout == HU_BLOCK_WHOLE && b->over != HU_OVER_TENSOR)
        return quick_ggml(b, block_at(b, p, columns, row, column), column % b->elements);
    if (b->layout == HU_BLOCK_WHOLE || b->codes == HU_CODES_INTEGER || b->divisor || b->zeros ||
        b->apart)
        return NAN;
    struct place at = place_of(b, rows, columns, row, column);
    const struct hu_format *f = format_named(b->scale);
    uint64_t code = exact_bits(p->codes, at.code, b->code_bits);
    double x = b->codes == HU_CODES_TABLE
                   ? b->table[code]
                   : quick_datum(b->element, code) * hu_power_of_two(b->element_power);
    if (b->over == HU_OVER_NESTED)
        return x * quick_nested(p, at.scale);
    x *= quick_datum(b->scale, exact_bits(p->scales, at.scale * f->width, f->width));
    return b->over == HU_OVER_TENSOR ? x * p->tensor_scale : x;
}

/* X, normal in fp64 and below 2^256, to nearest even in TO, whose codes are the top of fp32's: as
 * the sum with 1.5 · 2^52 quanta is rounded. False: it overflows. */
static bool quick_round(const struct hu_format *to, double x, uint64_t *bits)
{
    int exponent = (int)(hu_bits_of_double(x) >> 52 & 0x7ff) - 1023;
    int quantum = exponent - to->trailing_bits, least = 1 - to->bias - to->trailing_bits;
    double shift = 1.5 * hu_power_of_two((quantum < least ? least : quantum) + 52);
    double rounded = copysign((x + shift) - shift, x);
    *bits = hu_bits_of_float((float)rounded) >> (32 - to->storage_bits);
    return fabs(rounded) < 0x1p128;
}

uint64_t hu_reference_block_value(struct hu_reference *r, const struct hu_format *to,
                                  const struct hu_block *b, const struct hu_block_parts *parts,
                                  size_t rows, size_t columns, size_t row, size_t column)
{
    struct exact x;
    uint64_t quick;
    size_t turn = row * columns + column + *(const unsigned char *)parts->codes;
    double value = turn % WITHOUT ? quick_element(b, parts, rows, columns, row, column) : NAN;
    if (isnormal(value) && fabs(value) < 0x1p256 && to->exponent_bits == 8 &&
        quick_round(to, value, &quick))
        return quick;
    hu_exact_init(&x);
    set_element(r, &x, b, parts, rows, columns, row, column);
    uint64_t bits = hu_exact_round(r, to, &x, NULL);
    hu_exact_clear(&x);
    return bits;
}
