#include "array/array.h"
#include "array/environment.h"
#include "decode.h"
#include "nested.h"
#include "unpack.h"

#include <errno.h>
#include <pthread.h>

/*
 * Every element of every block format is an fp64: of the greatest products nf4 under an fp32 takes
 * 24 + 24 bits, and a difference of ggml's 51 (an fp16 is a whole number of 2^−24 below 2^40, times
 * 6 bits of scale and 5 of code). So the products and differences here are exact, and the step from
 * fp64 into the target is the one rounding.
 */
enum { CHUNK = 1024 };

/* The values of the codes of each element that the table names, made once. */
enum { ELEMENTS = 16 };
static struct {
    const char *name;
    double value[256];
} elements[ELEMENTS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The place of ELEMENT, or the first that is free; the last of all where there are too many. */
static size_t place_of(const char *element)
{
    size_t i = 0;
    while (i + 1 < ELEMENTS && elements[i].name && strcmp(elements[i].name, element) != 0)
        i++;
    return i;
}

static void fill_values(void)
{
    const struct hu_format *fp64 = hu_format_find("fp64");
    const struct hu_block *b;
    for (size_t row = 0; (b = hu_block_at(row)); row++) {
        size_t i = b->element ? place_of(b->element) : 0;
        if (!b->element || elements[i].name)
            continue;
        const struct hu_format *f = hu_format_find(b->element);
        for (unsigned code = 0; code < 1u << f->width; code++)
            elements[i].value[code] = parts_value(fp64, f, code);
        elements[i].name = b->element;
    }
}

static const double *values_of(const struct hu_block *b)
{
    pthread_once(&once, fill_values);
    return b->element ? elements[place_of(b->element)].value : NULL;
}

/* What a code stands for without its scale. */
static double code_value(const struct hu_block_job *j, unsigned code)
{
    return j->table ? j->table[code] * j->unit : (double)j->b->table[code];
}

static const unsigned char *scale_at(const struct hu_block_job *j, size_t number)
{
    return (const unsigned char *)j->parts->scales + number * (j->scale->storage_bits / 8);
}

static uint64_t scale_bits(const struct hu_block_job *j, size_t number)
{
    return layout_word(scale_at(j, number), j->scale->storage_bits);
}

/* A scale of bitsandbytes' that is quantized itself is an fp32 after each of two steps. */
static double nested_scale(const struct hu_block_job *j, size_t number)
{
    const float *map = j->parts->nested ? j->parts->nested : hu_block_nested_map();
    const unsigned char *over = (const unsigned char *)j->parts->more + number / 256 * 4;
    float product = map[*scale_at(j, number)] * unpack_fp32(over);
    return (double)(float)(product + j->parts->tensor_scale);
}

static double scale_value(const struct hu_block_job *j, size_t number)
{
    if (j->b->over == HU_OVER_NESTED)
        return nested_scale(j, number);
    double value = parts_value(j->fp64, j->scale, scale_bits(j, number));
    return j->b->over == HU_OVER_TENSOR ? value * (double)j->parts->tensor_scale : value;
}

/* N elements from COLUMN on of ROW, by the tiles that they lie in. */
static void tiles(const struct hu_block_job *j, size_t row, size_t column, size_t n, double *out)
{
    const struct hu_block *b = j->b;
    const unsigned char *codes =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(b, j->columns);
    size_t end = column + n;
    while (column < end) {
        size_t next = b->tile_columns ? (column / b->tile_columns + 1) * b->tile_columns : end;
        size_t tile = parts_tile(b, j->columns, row, column);
        double scale = scale_value(j, tile);
        next = next < end ? next : end;
        if (b->apart && b->apart->element_of)
            for (; column < next; column++)
                *out++ = b->apart->element_of(j, tile, code_value(j, parts_code(b, codes, column)),
                                              scale);
        for (; column < next; column++)
            *out++ = code_value(j, parts_code(b, codes, column)) * scale;
    }
}

/* What stands over element I of a block that has fallen apart: its scale, and what is taken away.
 */
struct over {
    double scale, less;
};

static inline struct over over_element(const struct hu_block_job *j,
                                       const struct hu_block_unpacked *u, size_t i)
{
    const size_t sub = i / (j->b->sub ? j->b->sub : HU_BLOCK_MAX);
    return (struct over){(double)u->d * u->a[sub] * j->unit,
                         j->b->minima ? (double)u->m * u->b[sub] * j->unit : 0};
}

/* What stands over all of them. */
static double over_blocks(const struct hu_block_job *j)
{
    return j->b->over == HU_OVER_TENSOR ? (double)j->parts->tensor_scale : 1;
}

static const unsigned char *block_at(const struct hu_block_job *j, size_t row, size_t column)
{
    return (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns) +
           column / j->b->elements * j->b->bytes;
}

static void wholes(const struct hu_block_job *j, size_t row, size_t column, size_t n, double *out)
{
    struct hu_block_unpacked u;
    const double over = over_blocks(j);
    for (size_t end = column + n, i = column % j->b->elements; column < end; i = 0) {
        hu_block_unpack(j->b, block_at(j, row, column), &u);
        for (; i < j->b->elements && column < end; i++, column++) {
            struct over o = over_element(j, &u, i);
            *out++ = (o.scale * u.q[i] - o.less) * over;
        }
    }
}

/* BITS bits of a stream that goes down words STRIDE apart: the I-th element's. */
static unsigned stream_code(const unsigned char *words, size_t stride, unsigned bits, size_t i)
{
    size_t at = i * bits / 32;
    unsigned shift = (unsigned)(i * bits % 32);
    uint64_t word = unpack_word(words + at * stride);
    if (shift + bits > 32)
        word |= (uint64_t)unpack_word(words + (at + 1) * stride) << 32;
    return (unsigned)(word >> shift) & ((1u << bits) - 1);
}

/* The I-th of codes that lie whole in words STRIDE apart. */
static unsigned packed_code(const unsigned char *words, size_t stride, unsigned bits, size_t i)
{
    size_t each = 32 / bits;
    return unpack_word(words + i / each * stride) >> i % each * bits & ((1u << bits) - 1);
}

/* Where AutoAWQ puts column I % 8 of a word. */
static size_t awq_place(size_t i)
{
    static const unsigned char places[] = {0, 4, 1, 5, 2, 6, 3, 7};
    return i / 8 * 8 + places[i % 8];
}

struct group_datum {
    uint64_t scale_bits;
    int code, zero;
};

/* Rows are the outputs, which lie across in what GPTQ and AWQ store, columns the inputs. */
static struct group_datum group_look(const struct hu_block_job *j, size_t row, size_t column)
{
    const struct hu_block *b = j->b;
    const unsigned char *codes = j->parts->codes, *zeros = j->parts->more;
    size_t group = j->parts->groups ? (size_t)j->parts->groups[column] : column / b->tile_columns;
    size_t across = parts_up(j->rows * b->code_bits, 32) * 4;
    const bool packed = b->layout == HU_BLOCK_PACKED;
    size_t groups = parts_up(j->columns, b->tile_columns);
    struct group_datum d = {
        .scale_bits = scale_bits(j, packed ? row * groups + group : group * j->rows + row)};
    if (packed) {
        codes += row * 4 * parts_up(j->columns, 32 / b->code_bits);
        d.code = (int)packed_code(codes, 4, b->code_bits, column);
        d.zero = b->zero_is_middle
                     ? 1 << (b->code_bits - 1)
                     : (int)packed_code(zeros + 4 * group, 4 * groups, b->code_bits, row);
    } else if (b->layout == HU_BLOCK_AWQ) {
        d.code = (int)stream_code(codes + column * across, 4, b->code_bits, awq_place(row));
        d.zero = (int)stream_code(zeros + group * across, 4, b->code_bits, awq_place(row));
    } else {
        d.code = (int)stream_code(codes + 4 * row, 4 * j->rows, b->code_bits, column);
        d.zero = (int)stream_code(zeros + group * across, 4, b->code_bits, row);
        d.zero += b->zero_is_less_one;
    }
    return d;
}

static void groups(const struct hu_block_job *j, size_t row, size_t column, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        struct group_datum d = group_look(j, row, column + i);
        out[i] = parts_value(j->fp64, j->scale, d.scale_bits) * (d.code - d.zero);
    }
}

static void values(const struct hu_block_job *j, size_t row, size_t column, size_t n, double *out)
{
    switch (j->b->layout) {
    case HU_BLOCK_PARTS:
        tiles(j, row, column, n, out);
        break;
    case HU_BLOCK_FLAT: /* which knows no rows */
        tiles(j, 0, row * j->columns + column, n, out);
        break;
    case HU_BLOCK_WHOLE:
        wholes(j, row, column, n, out);
        break;
    default:
        groups(j, row, column, n, out);
    }
}

/* The quiet NaN of no sign and no payload, whichever an instruction gave. */
static void settle_nans(double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i] != x[i])
            x[i] = __builtin_nan("");
}

static bool groups_fit(const struct hu_block *b, const int32_t *numbers, size_t columns)
{
    size_t count = parts_up(columns, b->tile_columns);
    for (size_t i = 0; i < columns; i++)
        if (numbers[i] < 0 || (size_t)numbers[i] >= count)
            return false;
    return true;
}

static bool begin(struct hu_block_job *j, const struct hu_block *b,
                  const struct hu_block_parts *parts, size_t rows, size_t columns)
{
    if (!b || !parts || !hu_block_decodes(b))
        return false;
    if (rows && columns &&
        (!parts->codes || (b->scale && !parts->scales) ||
         (hu_block_more_bytes(b, rows, columns) && !parts->more)))
        return false;
    *j = (struct hu_block_job){.b = b, .parts = parts, .rows = rows, .columns = columns};
    j->fp64 = hu_format_find("fp64");
    j->scale = b->scale ? hu_format_find(b->scale) : NULL;
    j->table = values_of(b);
    j->unit = __builtin_ldexp(1, b->element_power + b->power); /* one of them is 0 */
    return b->codes != HU_CODES_INTEGER || !parts->groups || groups_fit(b, parts->groups, columns);
}

void hu_block_decode_some(const struct hu_block_job *j, size_t row, size_t column, size_t n,
                          void *dst)
{
    double buffer[CHUNK];
    for (size_t here; n; n -= here, column += here) {
        here = n < CHUNK ? n : CHUNK;
        values(j, row, column, here, buffer);
        settle_nans(buffer, here);
        hu_convert_array(j->to, dst, j->fp64, buffer, here, NULL, NULL);
        dst = (unsigned char *)dst + hu_array_bytes(j->to, here);
    }
}

/* A packed target's rows need not end with a byte: all are one stream. */
static void stream(const struct hu_block_job *j, unsigned char *dst, size_t first, size_t count)
{
    double buffer[CHUNK];
    size_t n = 0;
    for (size_t row = first; row < first + count; row++)
        for (size_t column = 0, here; column < j->columns; column += here) {
            here = j->columns - column < CHUNK - n ? j->columns - column : CHUNK - n;
            values(j, row, column, here, buffer + n);
            n += here;
            bool last = row + 1 == first + count && column + here == j->columns;
            if (n < CHUNK && !last)
                continue;
            settle_nans(buffer, n);
            hu_convert_array(j->to, dst, j->fp64, buffer, n, NULL, NULL);
            dst += hu_array_bytes(j->to, n);
            n = 0;
        }
}

/* Rows that end with a block and lie behind each other are one long one. False: they are not. */
static bool join(struct hu_block_job *j, struct hu_block_parts *parts, size_t first, size_t count)
{
    const struct hu_block *b = j->b;
    const size_t at = first * j->columns, whole = b->tile_columns;
    if (b->tile_rows != 1 || !whole || at % whole ||
        (b->layout != HU_BLOCK_FLAT && j->columns % whole))
        return false;
    *parts = *j->parts;
    parts->codes = (const unsigned char *)parts->codes + parts_row_bytes(b, at);
    if (j->scale)
        parts->scales = scale_at(j, at / whole);
    j->parts = parts;
    j->rows = 1;
    j->columns *= count;
    return true;
}

static void run(struct hu_block_job *j, unsigned char *dst, size_t first, size_t count)
{
    /* A whole block has no place for a scale over it. */
    const bool scaled = j->b->layout == HU_BLOCK_WHOLE && j->b->over == HU_OVER_TENSOR;
    hu_block_row *fast = scaled ? NULL : hu_block_fast_row(j);
    struct hu_block_parts parts;
    if (!fast) {
        stream(j, dst, first, count);
        return;
    }
    if (join(j, &parts, first, count)) {
        fast(j, 0, dst);
        return;
    }
    for (size_t row = first; row < first + count; row++)
        fast(j, row, dst + (row - first) * j->columns * (j->to->storage_bits / 8));
}

int hu_block_decode_rows(const struct hu_format *to, void *dst, const struct hu_block *from,
                         const struct hu_block_parts *parts, size_t rows, size_t columns,
                         size_t first, size_t count)
{
    struct hu_block_job j;
    if (!to || !begin(&j, from, parts, rows, columns) || first > rows || count > rows - first ||
        (count && columns && !dst))
        return EINVAL;
    j.to = to;
    environment saved = environment_enter(HU_TIES_TO_EVEN);
    run(&j, dst, first, count);
    environment_leave(saved);
    return 0;
}

int hu_block_decode(const struct hu_format *to, void *dst, const struct hu_block *from,
                    const void *codes, const void *scales, float tensor_scale, size_t rows,
                    size_t columns)
{
    struct hu_block_parts parts = {codes, scales, NULL, NULL, tensor_scale, NULL, false};
    return hu_block_decode_rows(to, dst, from, &parts, rows, columns, 0, rows);
}

int hu_block_look(const struct hu_block *b, const struct hu_block_parts *parts, size_t rows,
                  size_t columns, size_t row, size_t column, struct hu_block_datum *d)
{
    struct hu_block_job j;
    if (!d || !begin(&j, b, parts, rows, columns) || row >= rows || column >= columns)
        return EINVAL;
    *d = (struct hu_block_datum){0};
    environment saved = environment_enter(HU_TIES_TO_EVEN);
    values(&j, row, column, 1, &d->value);
    settle_nans(&d->value, 1);
    if (b->layout == HU_BLOCK_WHOLE) {
        struct hu_block_unpacked u;
        const size_t i = column % b->elements;
        hu_block_unpack(b, block_at(&j, row, column), &u);
        struct over o = over_element(&j, &u, i);
        d->scale = o.scale * over_blocks(&j);
        d->offset = o.less * over_blocks(&j);
        d->code = u.q[i];
    } else if (b->codes == HU_CODES_INTEGER) {
        struct group_datum g = group_look(&j, row, column);
        d->scale_bits = g.scale_bits;
        d->code = g.code;
        d->scale = parts_value(j.fp64, j.scale, g.scale_bits);
        d->offset = d->scale * g.zero;
    } else {
        const unsigned char *codes = parts->codes;
        if (b->layout == HU_BLOCK_FLAT) {
            column += row * columns;
            row = 0;
        }
        size_t number = parts_tile(b, columns, row, column);
        codes += row * parts_row_bytes(b, columns);
        d->scale_bits = scale_bits(&j, number);
        d->scale = scale_value(&j, number);
        d->code = parts_code(b, codes, column);
    }
    environment_leave(saved);
    return 0;
}
