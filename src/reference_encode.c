#include "reference_exact.h"

#include <math.h>
#include <string.h>

/* The encoders, each step a rational and each rounding said. */

struct work {
    struct hu_reference *r;
    const struct hu_block *b;
    const struct hu_format *fp32, *element, *scale;
    const float *src;
    unsigned char *codes, *scales;
    size_t rows, columns;
    enum hu_scale_rule rule;
    struct hu_options elements;
    struct exact x, y, amax, largest, second, by;
};

static void set_float(struct work *w, struct exact *x, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    hu_exact_datum(x, w->fp32, bits);
}

static float to_float(struct work *w, const struct exact *x)
{
    uint32_t bits = (uint32_t)hu_exact_round(w->r, w->fp32, x, NULL);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void put_bits(unsigned char *bytes, size_t at, int count, uint64_t value)
{
    for (int i = 0; i < count; i++) {
        size_t bit = at + (size_t)i;
        bytes[bit / 8] =
            (unsigned char)((bytes[bit / 8] & ~(1u << bit % 8)) | (value >> i & 1) << bit % 8);
    }
}

static uint64_t all_ones_but_sign(const struct hu_format *f)
{
    return (UINT64_C(1) << (f->exponent_bits + f->trailing_bits)) - 1;
}

/* The greatest finite magnitude of a tile in w->amax. Whether there were others. */
static bool find_amax(struct work *w, size_t row, size_t last, size_t column, size_t end)
{
    bool others = false;
    hu_exact_integer(&w->amax, 0);
    for (size_t i = row; i < last; i++)
        for (size_t k = column; k < end; k++) {
            float v = w->src[i * w->columns + k];
            if (!isfinite(v)) {
                others = true;
                continue;
            }
            set_float(w, &w->x, fabsf(v));
            if (mpq_cmp(w->x.value, w->amax.value) > 0)
                hu_exact_set(&w->amax, &w->x);
        }
    return others;
}

static void set_power(struct exact *x, int exponent)
{
    hu_exact_integer(x, 1);
    hu_exact_scale(x, exponent);
}

/* The greatest k with 2^k not above X. */
static int floor_log2(struct work *w, const struct exact *x)
{
    int k = 200;
    for (set_power(&w->y, k); mpq_cmp(w->y.value, x->value) > 0; set_power(&w->y, k))
        k--;
    return k;
}

static int emax_of(struct work *w)
{
    return floor_log2(w, &w->largest);
}

static int exponent_of(struct work *w)
{
    int emax = emax_of(w), k = floor_log2(w, &w->amax);
    if (w->rule == HU_SCALE_CEIL) {
        set_power(&w->y, k);
        k += mpq_cmp(w->y.value, w->amax.value) < 0;
    } else if (w->rule == HU_SCALE_RCEIL) {
        for (k = -400;; k++) {
            hu_exact_set(&w->y, &w->largest);
            hu_exact_scale(&w->y, k);
            if (mpq_cmp(w->amax.value, w->y.value) <= 0)
                return k < -127 ? -127 : k > 127 ? 127 : k;
        }
    } else if (w->rule == HU_SCALE_EVEN) {
        /* A format of the element's precision, with exponents to spare, rounds amax. */
        int t = w->element->specials == HU_SPECIALS_INTEGER ? w->element->trailing_bits - 1
                                                            : w->element->trailing_bits;
        const struct hu_format *wide = hu_format_exmy(11, t, HU_SPECIALS_IEEE);
        hu_exact_set(&w->x, &w->amax);
        hu_exact_settle(w->r, wide, &w->x);
        k = floor_log2(w, &w->x);
    }
    k -= emax;
    return k < -127 ? -127 : k > 127 ? 127 : k;
}

/* The scale's code, and in w->by what elements are divided by. */
static uint64_t scale_of(struct work *w, bool *none)
{
    bool zero = !mpq_sgn(w->amax.value);
    *none = false;
    if (w->rule != HU_SCALE_MAX) {
        int k = zero ? -127 : exponent_of(w);
        set_power(&w->by, k);
        return (uint64_t)(k + 127);
    }
    const struct hu_options saturate = {.saturate = true};
    bool over = w->b->over == HU_OVER_TENSOR;
    hu_exact_set(&w->by, &w->largest);
    if (over)
        hu_exact_multiply(&w->by, &w->by, &w->second);
    uint64_t bits = 0;
    if (!zero && mpq_sgn(w->by.value)) {
        hu_exact_divide(&w->by, &w->amax, &w->by);
        bits = hu_exact_round(w->r, w->scale, &w->by, &saturate);
    }
    hu_exact_datum(&w->by, w->scale, bits);
    if (over)
        hu_exact_multiply(&w->by, &w->by, &w->second);
    *none = !mpq_sgn(w->by.value);
    return bits;
}

static uint64_t code_of(struct work *w, float v, bool none)
{
    set_float(w, &w->x, v);
    if (w->x.kind == EXACT_FINITE && none)
        hu_exact_integer(&w->y, 0), w->y.sign = signbit(v);
    else if (w->x.kind == EXACT_FINITE)
        hu_exact_divide(&w->y, &w->x, &w->by);
    else
        hu_exact_set(&w->y, &w->x);
    hu_exact_scale(&w->y, -w->b->element_power);
    /* A NaN keeps its sign. */
    uint64_t bits = hu_exact_round(w->r, w->element, &w->y, &w->elements);
    if (isnan(v) && signbit(v))
        bits |= UINT64_C(1) << (w->element->width - 1);
    return bits;
}

static void encode_tile(struct work *w, size_t row, size_t last, size_t column, size_t end,
                        size_t number)
{
    bool none, others = find_amax(w, row, last, column, end);
    bool poisoned = others && !w->b->keeps_nan;
    uint64_t bits = poisoned ? all_ones_but_sign(w->scale) : scale_of(w, &none);
    size_t width = w->b->code_bits, row_bits = (w->columns * width + 7) / 8 * 8;
    put_bits(w->scales, number * w->scale->width, w->scale->width, bits);
    for (size_t i = row; i < last; i++)
        for (size_t k = column; k < end; k++)
            put_bits(w->codes, i * row_bits + k * width, (int)width,
                     poisoned ? 0 : code_of(w, w->src[i * w->columns + k], none));
}

static void encode_tiles(struct work *w)
{
    size_t down = w->b->tile_rows ? w->b->tile_rows : w->rows, number = 0;
    size_t across = w->b->tile_columns ? w->b->tile_columns : w->columns;
    for (size_t row = 0; row < w->rows; row += down)
        for (size_t column = 0; column < w->columns; column += across)
            encode_tile(w, row, row + down < w->rows ? row + down : w->rows, column,
                        column + across < w->columns ? column + across : w->columns, number++);
}

/* fp32's operations, each a rational rounded. */
/* What sums and products overflow to: the rules of infinities and NaNs round nothing. */
static bool is_special(float a, float b)
{
    return !isfinite(a) || !isfinite(b);
}

static float times(struct work *w, float a, float b)
{
    if (is_special(a, b))
        return a * b;
    set_float(w, &w->x, a);
    set_float(w, &w->y, b);
    hu_exact_multiply(&w->x, &w->x, &w->y);
    return to_float(w, &w->x);
}

static float over(struct work *w, float a, float b)
{
    if (is_special(a, b))
        return a / b;
    set_float(w, &w->x, a);
    set_float(w, &w->y, b);
    hu_exact_divide(&w->x, &w->x, &w->y);
    return to_float(w, &w->x);
}

static float minus(struct work *w, float a, float b)
{
    if (is_special(a, b))
        return a - b;
    set_float(w, &w->x, a);
    set_float(w, &w->y, b);
    hu_exact_subtract(&w->x, &w->x, &w->y);
    return to_float(w, &w->x);
}

/* A quotient of the table's format between the two values that enclose it. */
static int between(struct work *w, const float *sorted, int n, float x, float scale)
{
    int at = 0;
    set_float(w, &w->x, x);
    set_float(w, &w->by, scale);
    hu_exact_divide(&w->x, &w->x, &w->by);
    for (; at < n - 1; at++) {
        set_float(w, &w->y, sorted[at + 1]);
        if (mpq_cmp(w->x.value, w->y.value) < 0)
            break;
    }
    set_float(w, &w->y, sorted[at]);
    if (at == n - 1 || !mpq_cmp(w->x.value, w->y.value))
        return at;
    mpq_sub(w->amax.value, w->x.value, w->y.value);
    set_float(w, &w->by, sorted[at + 1]);
    mpq_sub(w->by.value, w->by.value, w->x.value);
    int middle = mpq_cmp(w->amax.value, w->by.value);
    switch (w->elements.direction) {
    case HU_TIES_TO_AWAY:
        return at + (middle > 0 || (middle == 0 && x > 0));
    case HU_TOWARD_POSITIVE:
        return at + 1;
    case HU_TOWARD_NEGATIVE:
        return at;
    case HU_TO_ODD:
        return at + !(at % 2);
    default:
        return at + (x < 0);
    }
}

static unsigned table_code(struct work *w, float x, float scale)
{
    float sorted[16];
    unsigned codes[16], n = 16;
    bool has_sign = w->b->table[8] == 0, flip = has_sign && x < 0;
    enum hu_direction direction = w->elements.direction;
    n = has_sign ? 8 : 16;
    for (unsigned i = 0; i < n; i++) {
        unsigned place = 0;
        for (unsigned k = 0; k < n; k++)
            place += w->b->table[k] < w->b->table[i];
        sorted[place] = w->b->table[i];
        codes[place] = i;
    }
    if (flip)
        x = -x;
    if (flip && direction == HU_TOWARD_POSITIVE)
        w->elements.direction = HU_TOWARD_NEGATIVE;
    if (flip && direction == HU_TOWARD_NEGATIVE)
        w->elements.direction = HU_TOWARD_POSITIVE;
    int at = 0;
    if (!(scale > 0) || scale <= 0x1p-128f) {
        x = 0;
        scale = 1;
    }
    if (direction == HU_TIES_TO_EVEN) {
        float v = times(w, x, over(w, 1, scale));
        while (at < (int)n - 1 && v > (sorted[at] + sorted[at + 1]) / 2)
            at++;
    } else {
        at = between(w, sorted, (int)n, x, scale);
    }
    w->elements.direction = direction;
    return codes[at] + (flip ? 8 : 0);
}

static void encode_runs(struct work *w)
{
    size_t total = w->rows * w->columns, length = w->b->tile_columns;
    for (size_t at = 0; at < total; at += length) {
        float scale = 0;
        size_t end = at + length < total ? at + length : total;
        for (size_t i = at; i < end; i++)
            scale = !isfinite(w->src[i]) || isnan(scale) ? NAN
                    : fabsf(w->src[i]) > scale           ? fabsf(w->src[i])
                                                         : scale;
        uint32_t bits;
        memcpy(&bits, &scale, sizeof bits);
        put_bits(w->scales, at / length * 32, 32, bits);
        for (size_t i = at; i < end; i++)
            put_bits(w->codes, i / 2 * 8 + (i % 2 ? 0 : 4), 4, table_code(w, w->src[i], scale));
    }
}

/* V rounded to an integer: half up as ggml does by truncating v + BIAS + 1/2 in fp32, or by a
 * direction. */
static long whole(struct work *w, float v, int bias)
{
    if (w->elements.direction == HU_TIES_TO_EVEN)
        return (long)minus(w, v, -((float)bias + 0.5f));
    set_float(w, &w->x, v);
    return (int16_t)hu_exact_round(w->r, hu_format_find("int16"), &w->x, &w->elements) + bias;
}

static long clamp(long q, long low, long high)
{
    return q < low ? low : q > high ? high : q;
}

static void put_half(struct work *w, unsigned char *block, size_t byte, float value)
{
    uint64_t code = isnan(value) ? 0x7e00 : value < 0 ? 0xfc00 : 0x7c00;
    set_float(w, &w->x, value);
    if (isfinite(value))
        code = hu_exact_round(w->r, hu_format_find("fp16"), &w->x, NULL);
    put_bits(block, 8 * byte, 16, code);
}

static float inverse_of(struct work *w, float d)
{
    return d == 0 || fabsf(d) <= 0x1p-128f ? 0 : over(w, 1, d);
}

struct shape {
    int type, bias, top, minimum, high, low; /* bytes where the parts are; 0: there is none */
};

static void encode_affine(struct work *w, const float *x, unsigned char *block,
                          const struct shape *s)
{
    float amax = 0, max = 0, least = x[0], most = x[0];
    for (int i = 0; i < 32; i++) {
        if (amax < fabsf(x[i])) {
            amax = fabsf(x[i]);
            max = x[i];
        }
        least = fminf(least, x[i]);
        most = fmaxf(most, x[i]);
    }
    float d = s->minimum     ? over(w, minus(w, most, least), (float)s->top)
              : s->type == 8 ? over(w, amax, 127)
                             : over(w, max, -(float)s->bias);
    float inverse = inverse_of(w, d);
    put_half(w, block, 0, d);
    if (s->minimum)
        put_half(w, block, (size_t)s->minimum, least);
    for (int i = 0; i < 32; i++) {
        float v = times(w, s->minimum ? minus(w, x[i], least) : x[i], inverse);
        if (s->type == 8) {
            /* roundf, which is ties away */
            struct hu_options own = {.direction = HU_TIES_TO_AWAY};
            bool nearest = w->elements.direction == HU_TIES_TO_EVEN;
            set_float(w, &w->x, v);
            long q = (int16_t)hu_exact_round(w->r, hu_format_find("int16"), &w->x,
                                             nearest ? &own : &w->elements);
            put_bits(block, 16 + 8 * (size_t)i, 8, (uint64_t)clamp(q, -127, 127));
            continue;
        }
        long q = clamp(whole(w, v, s->bias), 0, s->top);
        put_bits(block, (size_t)s->low * 8 + (size_t)(i % 16 * 8 + i / 16 * 4), 4, (uint64_t)q);
        if (s->high)
            put_bits(block, (size_t)s->high * 8 + (size_t)i, 1, (uint64_t)q >> 4);
    }
}

static const signed char curve[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                      1,    13,   25,  38,  53,  69,  89,  113};

static int curve_code(struct work *w, float v)
{
    int at = 0;
    if (w->elements.direction == HU_TIES_TO_EVEN || v <= curve[0] || v >= curve[15]) {
        /* The nearest, in the middle the upper one: differences of fp32. */
        while (at < 15 && v >= curve[at + 1])
            at++;
        return at < 15 && v > curve[0] && minus(w, v, curve[at]) >= minus(w, curve[at + 1], v)
                   ? at + 1
                   : at;
    }
    float points[16];
    for (int i = 0; i < 16; i++)
        points[i] = curve[i];
    return between(w, points, 16, v, 1);
}

static void encode_curve(struct work *w, const float *x, unsigned char *block)
{
    float max = 0, products = 0, squares = 0;
    for (int i = 0; i < 32; i++)
        max = fabsf(x[i]) > fabsf(max) ? x[i] : max;
    bool none = fabsf(max) < 1e-15f;
    float inverse = none ? 0 : over(w, 1, over(w, max, -127));
    for (int i = 0; i < 32; i++) {
        int code = none ? 8 : curve_code(w, times(w, inverse, x[i]));
        float q = curve[code], weight = times(w, x[i], x[i]);
        products = minus(w, products, -times(w, times(w, weight, q), x[i]));
        squares = minus(w, squares, -times(w, times(w, weight, q), q));
        put_bits(block, 16 + (size_t)(i % 16 * 8 + i / 16 * 4), 4, (uint64_t)code);
    }
    put_half(w, block, 0, !none && squares > 0 ? over(w, products, squares) : 0);
}

static void encode_wholes(struct work *w)
{
    static const struct shape shapes[] = {
        {2, 8, 15, 0, 0, 2}, {3, 0, 15, 2, 0, 4},  {6, 16, 31, 0, 2, 6},
        {7, 0, 31, 2, 4, 8}, {8, 0, 127, 0, 0, 0}, {20, 0, 0, 0, 0, 0},
    };
    size_t across = (w->columns + 31) / 32;
    for (size_t n = 0; n < w->rows * across; n++) {
        float x[32] = {0};
        bool finite = true;
        unsigned char *block = w->codes + n * w->b->bytes;
        for (size_t i = 0; i < 32 && n % across * 32 + i < w->columns; i++) {
            x[i] = w->src[n / across * w->columns + n % across * 32 + i];
            finite = finite && isfinite(x[i]);
        }
        memset(block, 0, w->b->bytes);
        if (!finite)
            put_bits(block, 0, 16, 0x7e00);
        else if (w->b->ggml_type == 20)
            encode_curve(w, x, block);
        else
            for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
                if (shapes[i].type == w->b->ggml_type)
                    encode_affine(w, x, block, &shapes[i]);
    }
}

/* The largest code of an element: all ones, or one less where that is a NaN or an infinity. */
static void set_largest(struct work *w)
{
    const struct hu_format *f = w->element;
    uint64_t bits = all_ones_but_sign(f);
    if (f->specials == HU_SPECIALS_FN)
        bits--;
    if (f->specials == HU_SPECIALS_IEEE)
        bits -= UINT64_C(1) << f->trailing_bits;
    hu_exact_datum(&w->largest, f, bits);
    hu_exact_scale(&w->largest, w->b->element_power);
}

/* amax / (448 · 6) over all. */
static void find_second(struct work *w, float *tensor_scale)
{
    find_amax(w, 0, w->rows, 0, w->columns);
    hu_exact_integer(&w->y, 448);
    hu_exact_multiply(&w->y, &w->y, &w->largest);
    hu_exact_divide(&w->second, &w->amax, &w->y);
    *tensor_scale = to_float(w, &w->second);
    set_float(w, &w->second, *tensor_scale);
}

void hu_reference_block_encode(struct hu_reference *r, const struct hu_block *b,
                               unsigned char *codes, unsigned char *scales, float *tensor_scale,
                               const float *src, size_t rows, size_t columns,
                               const struct hu_block_options *options)
{
    struct work w = {.r = r, .b = b, .fp32 = hu_format_find("fp32"), .src = src};
    struct exact *all[] = {&w.x, &w.y, &w.amax, &w.largest, &w.second, &w.by};
    w.codes = codes;
    w.scales = scales;
    w.rows = rows;
    w.columns = columns;
    w.rule = options && options->rule ? options->rule : b->rule;
    w.elements = options ? options->elements : (struct hu_options){.saturate = true};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hu_exact_init(all[i]);
    *tensor_scale = 1;
    if (b->layout == HU_BLOCK_PARTS) {
        w.element = hu_format_find(b->element);
        w.scale = hu_format_find(b->scale);
        set_largest(&w);
        if (b->over == HU_OVER_TENSOR)
            find_second(&w, tensor_scale);
        encode_tiles(&w);
    } else if (b->layout == HU_BLOCK_FLAT) {
        encode_runs(&w);
    } else {
        encode_wholes(&w);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hu_exact_clear(all[i]);
}
