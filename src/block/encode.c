#include "encode.h"
#include "array/plan.h"
#include "array/environment.h"
#include "float_bits.h"

#include <errno.h>

/* What an element is divided by is a power of two, or a quotient is rounded to odd: the step from
 * fp64 into the element's format is the one rounding. */

/* X rounded into F, to nearest even and saturating. */
static uint64_t round_into(const struct hu_block_encoding *e, const struct hu_format *f, double x)
{
    static const struct hu_options options = {.saturate = true};
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return hu_convert(f, e->fp64, bits, &options, NULL);
}

/* The greatest finite magnitude so far, and whether anything was not finite. */
struct seen {
    double amax;
    bool infinite, nan;
};

static void see(struct seen *s, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double magnitude = __builtin_fabs(x[i]);
        s->nan |= magnitude != magnitude;
        s->infinite |= magnitude == __builtin_inf();
        if (magnitude > s->amax && magnitude < __builtin_inf())
            s->amax = magnitude;
    }
}

typedef uint32_t four __attribute__((vector_size(16)));
typedef int32_t signed_four __attribute__((vector_size(16)));

static void see_four(four v, four *most, four *others)
{
    v &= 0x7fffffff;
    four finite = (four)((signed_four)v < 0x7f800000);
    *others |= v & ~finite;
    v &= finite;
    four more = (four)((signed_four)v > (signed_four)*most);
    *most = (v & more) | (*most & ~more);
}

/* The same of fp32, by their bits, four chains of four at a time. Infinities beside NaNs are not
 * told apart. */
static void see_floats(struct seen *s, const unsigned char *x, size_t n)
{
    enum { CHAINS = 4, STRIDE = CHAINS * sizeof(four) };
    four most[CHAINS] = {{0}}, others[CHAINS] = {{0}}, v = {0};
    for (; n >= STRIDE / 4; n -= STRIDE / 4, x += STRIDE)
        for (int k = 0; k < CHAINS; k++) {
            memcpy(&v, x + sizeof v * (size_t)k, sizeof v);
            see_four(v, &most[k], &others[k]);
        }
    for (size_t here; n; n -= here, x += 4 * here) {
        here = n < 4 ? n : 4;
        v = (four){0};
        memcpy(&v, x, 4 * here);
        see_four(v, &most[0], &others[0]);
    }
    for (int k = 0; k < 4 * CHAINS; k++) {
        float value;
        uint32_t bits = most[k / 4][k % 4], other = others[k / 4][k % 4];
        memcpy(&value, &bits, sizeof value);
        s->amax = (double)value > s->amax ? (double)value : s->amax;
        s->nan |= other > 0x7f800000;
        s->infinite |= other == 0x7f800000;
    }
}

/* Of rows ROW to LAST, columns COLUMN to END. */
static struct seen see_tile(const struct hu_block_encoding *e, size_t row, size_t last,
                            size_t column, size_t end)
{
    struct seen s = {0};
    double x[ENCODE_CHUNK];
    hu_block_greatest *greatest = hu_block_fast_greatest(e);
    uint32_t bits = greatest ? greatest(e, row, last, column, end) : INFINITE;
    if (bits < INFINITE) {
        s.amax = (double)hu_float_of_bits(bits);
        return s;
    }
    bool fast = !HU_BIG_ENDIAN && is_fp32(e->from);
    for (; fast && row < last; row++)
        see_floats(&s, (const unsigned char *)e->src + 4 * (row * e->columns + column),
                   end - column);
    bool narrow = is_bf16(e->from) || is_fp16(e->from);
    for (; row < last; row++)
        for (size_t at = column, n; at < end; at += n) {
            n = end - at < ENCODE_CHUNK ? end - at : ENCODE_CHUNK;
            hu_block_read_source(narrow ? e->fp32 : e->fp64, x, e->from, e->src,
                                 row * e->columns + at, n);
            if (narrow)
                see_floats(&s, (const unsigned char *)x, n);
            else
                see(&s, x, n);
        }
    return s;
}

float hu_block_amax(const struct hu_format *from, const void *src, size_t n)
{
    struct hu_block_encoding e = {.from = from,
                                  .src = src,
                                  .columns = n,
                                  .fp32 = hu_format_find("fp32"),
                                  .fp64 = hu_format_find("fp64")};
    struct hu_options up = {.direction = HU_TOWARD_POSITIVE, .saturate = true};
    double amax = see_tile(&e, 0, 1, 0, n).amax;
    uint64_t bits;
    memcpy(&bits, &amax, sizeof bits);
    uint32_t word = (uint32_t)hu_convert(hu_format_find("fp32"), e.fp64, bits, &up, NULL);
    float value;
    memcpy(&value, &word, sizeof value);
    return value;
}

/* A tile's scale as its format has it. */
struct scale {
    uint64_t bits;
    double value; /* what elements are divided by; 0: they are all zero */
    bool exponent_only;
};

static bool is_rule(enum hu_scale_rule rule)
{
    return rule >= HU_SCALE_FLOOR && rule <= HU_SCALE_EVEN;
}

/* amax / the element's largest, over the tensor's scale where there is one, to nearest even; its
 * format's largest at most. */
static void scale_by_largest(const struct hu_block_encoding *e, double amax,
                             const struct hu_scale_element *element, struct scale *s)
{
    bool over = e->b->over == HU_OVER_TENSOR;
    double by = over ? element->max * (double)e->tensor_scale : element->max;
    s->bits = amax > 0 && by > 0 ? round_into(e, e->scale, hu_scale_quotient(amax, by)) : 0;
    s->value = parts_value(e->fp64, e->scale, s->bits) * (over ? (double)e->tensor_scale : 1);
}

static struct scale find_scale(struct hu_block_encoding *e, struct seen seen,
                               const struct hu_scale_element *element)
{
    struct scale s = {0};
    bool odd = seen.nan || seen.infinite;
    e->special |= odd;
    if (odd && !e->b->keeps_nan) {
        s.bits = hu_default_nan_code(e->scale);
        return s;
    }
    if (!is_rule(e->options.rule)) {
        scale_by_largest(e, seen.amax, element, &s);
        return s;
    }
    int exponent = seen.amax > 0 ? hu_scale_exponent(e->options.rule, seen.amax, element) : -127;
    s.bits = (uint64_t)(exponent + 127);
    s.value = hu_scale_power(exponent);
    s.exponent_only = true;
    return s;
}

static double divided(double x, const struct scale *s, double unit)
{
    if (!(__builtin_fabs(x) < __builtin_inf()))
        return x;
    if (s->exponent_only)
        return x * (unit / s->value);
    /* A scale that was rounded to zero leaves nothing but signs. */
    return s->value > 0 ? hu_scale_quotient(x, s->value) : __builtin_copysign(0, x);
}

/* N elements of ROW from COLUMN on, under one scale. */
static void encode_run(struct hu_block_encoding *e, size_t row, size_t column, size_t n,
                       const struct scale *s, bool nan_scale)
{
    unsigned char *codes = e->codes + row * parts_row_bytes(e->b, e->columns);
    double unit = hu_scale_power(-e->b->element_power), x[ENCODE_CHUNK];
    size_t at = row * e->columns + column;
    hu_block_read_source(e->fp64, x, e->from, e->src, at, n);
    for (size_t i = 0; i < n; i++)
        x[i] = nan_scale ? 0 : divided(x[i], s, unit);
    hu_convert_array_with(hu_kernel_chosen(), e->element, codes + column * e->b->code_bits / 8,
                          e->fp64, x, n, e->first + at, &e->options.elements, NULL);
}

/* Rows ROW to LAST, columns COLUMN to END: one tile. */
static void encode_tile(struct hu_block_encoding *e, size_t row, size_t last, size_t column,
                        size_t end, const struct hu_scale_element *element)
{
    struct seen seen = see_tile(e, row, last, column, end);
    if (e->b->layout == HU_BLOCK_PARTS && !e->b->tile_rows)
        seen.amax = e->amax;
    struct scale s = find_scale(e, seen, element);
    bool nan_scale = (seen.nan || seen.infinite) && !e->b->keeps_nan;
    size_t number = parts_tile(e->b, e->columns, row, column);
    layout_set_word(e->scales + number * (e->scale->storage_bits / 8), e->scale->storage_bits,
                    s.bits);
    for (; row < last; row++)
        for (size_t at = column, n; at < end; at += n) {
            n = end - at < ENCODE_CHUNK ? end - at : ENCODE_CHUNK;
            encode_run(e, row, at, n, &s, nan_scale);
        }
}

size_t hu_block_last_row(const struct hu_block_encoding *e, size_t row)
{
    size_t down = e->b->tile_rows;
    return !down || e->rows - row < down ? e->rows : row + down;
}

void hu_block_encode_rest(struct hu_block_encoding *e, size_t row, size_t column, size_t end)
{
    if (e->b->layout == HU_BLOCK_WHOLE) {
        hu_block_encode_blocks(e, row, column, end);
        return;
    }
    if (e->b->layout == HU_BLOCK_FLAT) {
        hu_block_encode_runs(e, column, end);
        return;
    }
    struct hu_scale_element element = hu_scale_element_of(e->b);
    for (size_t next; column < end; column = next) {
        next = end - column < e->b->tile_columns || !e->b->tile_columns
                   ? end
                   : column + e->b->tile_columns;
        encode_tile(e, row, hu_block_last_row(e, row), column, next, &element);
    }
}

/* amax / (448 · 6), to the nearest fp32: the greatest block's scale is e4m3's largest. */
static float second_scale(const struct hu_block_encoding *e)
{
    struct hu_scale_element element = hu_scale_element_of(e->b);
    double largest = parts_value(e->fp64, e->scale, hu_max_finite_code(e->scale));
    uint32_t bits =
        (uint32_t)round_into(e, e->fp32, hu_scale_quotient(e->amax, largest * element.max));
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void run(struct hu_block_encoding *e, const struct hu_block_whole *whole)
{
    if (hu_block_needs_amax(e->b)) {
        bool given = whole && whole->amax >= 0;
        e->amax = given ? (double)whole->amax : see_tile(e, 0, e->rows, 0, e->columns).amax;
    }
    if (e->b->over == HU_OVER_TENSOR)
        e->tensor_scale = second_scale(e);
    if (e->b->layout == HU_BLOCK_FLAT) { /* which knows no rows */
        e->columns *= e->rows;
        e->rows = 1;
    }
    hu_block_encode_row *fast = hu_block_fast_encode(e);
    for (size_t row = 0; row < e->rows; row = hu_block_last_row(e, row))
        if (fast)
            fast(e, row);
        else
            hu_block_encode_rest(e, row, 0, e->columns);
}

static bool options_fit(const struct hu_block *b, const struct hu_block_options *o)
{
    return o->elements.direction >= HU_TIES_TO_EVEN && o->elements.direction <= HU_STOCHASTIC &&
           (o->rule == HU_SCALE_DEFAULT || (is_rule(o->rule) && hu_block_has_rules(b)));
}

int hu_block_encode_piece(const struct hu_block *to, void *codes, void *scales, float *tensor_scale,
                          const struct hu_format *from, const void *src, size_t rows,
                          size_t columns, const struct hu_block_options *options,
                          const struct hu_block_whole *whole, bool *special)
{
    static const struct hu_block_options own = {.elements = {.saturate = true}};
    if (!to || !from || !hu_block_encodes(to) || !options_fit(to, options ? options : &own))
        return EINVAL;
    if (rows && columns && (!codes || !src || (to->scale && !scales)))
        return EINVAL;
    struct hu_block_encoding e = {
        .b = to,
        .codes = codes,
        .scales = scales,
        .from = from,
        .fp64 = hu_format_find("fp64"),
        .fp32 = hu_format_find("fp32"),
        .fp16 = hu_format_find("fp16"),
        .int16 = hu_format_find("int16"),
        .fp4 = hu_format_find("fp4_e2m1"),
        .element = to->element ? hu_format_find(to->element) : NULL,
        .scale = to->scale ? hu_format_find(to->scale) : NULL,
        .src = src,
        .rows = rows,
        .columns = columns,
        .options = options ? *options : own,
        .first = whole ? whole->first : 0,
    };
    if (e.options.rule == HU_SCALE_DEFAULT)
        e.options.rule = to->rule;
    if (rows && columns) {
        environment saved = environment_enter(HU_TIES_TO_EVEN);
        run(&e, whole);
        environment_leave(saved);
    }
    if (tensor_scale)
        *tensor_scale = to->over == HU_OVER_TENSOR ? e.tensor_scale : 1;
    if (special)
        *special |= e.special;
    return 0;
}

int hu_block_encode(const struct hu_block *to, void *codes, void *scales, float *tensor_scale,
                    const struct hu_format *from, const void *src, size_t rows, size_t columns,
                    const struct hu_block_options *options)
{
    return hu_block_encode_piece(to, codes, scales, tensor_scale, from, src, rows, columns, options,
                                 NULL, NULL);
}
