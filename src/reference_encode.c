#include "reference_encode.h"

static uint64_t all_ones_but_sign(const struct hu_format *f)
{
    return (UINT64_C(1) << (f->exponent_bits + f->trailing_bits)) - 1;
}

/* The greatest finite magnitude of a tile in w->amax. Whether there were others. */
static bool find_amax(struct work *w, size_t row, size_t last, size_t column, size_t end)
{
    bool others = false;
    float greatest = 0;
    for (size_t i = row; i < last; i++)
        for (size_t k = column; k < end; k++) {
            float v = w->src[i * w->columns + k];
            if (!isfinite(v)) {
                others = true;
                continue;
            }
            greatest = fabsf(v) > greatest ? fabsf(v) : greatest;
        }
    set_float(w, &w->amax, greatest);
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
    /* A quotient of numbers of that many bits, or one less. */
    int k =
        (int)mpz_sizeinbase(mpq_numref(x->value), 2) - (int)mpz_sizeinbase(mpq_denref(x->value), 2);
    for (set_power(&w->y, k); mpq_cmp(w->y.value, x->value) > 0; set_power(&w->y, k))
        k--;
    return k;
}

static int exponent_of(struct work *w)
{
    int emax = floor_log2(w, &w->largest), k = floor_log2(w, &w->amax);
    if (w->rule == HU_SCALE_CEIL) {
        set_power(&w->y, k);
        k += mpq_cmp(w->y.value, w->amax.value) < 0;
    } else if (w->rule == HU_SCALE_RCEIL) {
        for (k -= emax + 2;; k++) {
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

/* The codes' magnitudes, ascending as codes without a sign do. */
static void list_values(struct work *w)
{
    const struct hu_format *f = w->element;
    bool integer = f->specials == HU_SPECIALS_INTEGER;
    for (int sign = 0; sign < 2; sign++) {
        w->value_count[sign] = 0;
        for (unsigned code = 0; code <= all_ones_but_sign(f) + (integer && sign); code++) {
            uint64_t bits = integer && sign ? (0u - code) & 0xff : code;
            hu_exact_datum(&w->x, f, bits);
            if (w->x.kind != EXACT_FINITE)
                break;
            hu_exact_scale(&w->x, w->b->element_power);
            w->values[sign][w->value_count[sign]++] = fabs(mpq_get_d(w->x.value));
        }
    }
}

/*
 * By comparisons alone: products of a float or a divisor of at most 29 bits with a code's
 * magnitude, or the middle of two, of at most 9 are exact in fp64. False: it takes the rationals.
 */
static bool compared_code(struct work *w, float v, uint64_t *code)
{
    double size = fabs((double)v), by = w->divisor;
    int sign = signbit(v) != 0, low = 0, high = w->value_count[sign];
    const double *values = w->values[sign];
    if (!isfinite(v) || by == 0 || (size > by * values[high - 1] && !w->elements.saturate))
        return false;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        *(by * values[middle] <= size ? &low : &high) = middle;
    }
    if (low + 1 < w->value_count[sign] && by * values[low] != size) {
        double middle = by * ((values[low] + values[low + 1]) / 2);
        enum hu_direction direction = w->elements.direction;
        low += direction == HU_TIES_TO_EVEN      ? size > middle || (size == middle && low % 2)
               : direction == HU_TIES_TO_AWAY    ? size >= middle
               : direction == HU_TOWARD_POSITIVE ? !sign
               : direction == HU_TOWARD_NEGATIVE ? sign
                                                 : direction == HU_TO_ODD && low % 2 == 0;
    }
    bool integer = w->element->specials == HU_SPECIALS_INTEGER;
    *code = integer ? (uint64_t)(sign ? -low : low) & 0xff
                    : (uint64_t)low | (uint64_t)sign << (w->element->width - 1);
    return true;
}

/* w->by is settled. */
static void set_divisor(struct work *w)
{
    double by = mpq_get_d(w->by.value);
    hu_exact_integer(&w->y, 0);
    mpq_set_d(w->y.value, by);
    bool fits = mpz_sizeinbase(mpq_numref(w->by.value), 2) <= 29 ||
                mpz_popcount(mpq_numref(w->by.value)) == 1;
    w->divisor = fits && mpq_equal(w->y.value, w->by.value) && by > 0x1p-400 ? by : 0;
}

static uint64_t code_of(struct work *w, float v, bool none)
{
    uint64_t code;
    if (!none && !is_turn(w) && compared_code(w, v, &code))
        return code;
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
    if (!poisoned)
        set_divisor(w);
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

/* As the scale, wherever that is; q8_k's is an fp32. */
static void put_nan(struct work *w, unsigned char *block)
{
    static const struct {
        int type;
        size_t byte;
    } places[] = {{10, 80}, {11, 108}, {14, 208}, {34, 52}, {35, 64}};
    size_t byte = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        byte = places[i].type == w->b->ggml_type ? places[i].byte : byte;
    if (w->b->ggml_type == 15)
        put_bits(block, 0, 32, 0x7fc00000);
    else if (w->b->ggml_type == HU_GGML_MXFP4)
        block[0] = 0xff;
    else
        put_bits(block, 8 * byte, 16, 0x7e00);
}

static void encode_wholes(struct work *w)
{
    const size_t length = w->b->elements, across = (w->columns + length - 1) / length;
    for (size_t n = 0; n < w->rows * across; n++) {
        float x[256] = {0};
        bool finite = true;
        unsigned char *block = w->codes + n * w->b->bytes;
        for (size_t i = 0; i < length && n % across * length + i < w->columns; i++) {
            x[i] = w->src[n / across * w->columns + n % across * length + i];
            finite = finite && isfinite(x[i]);
        }
        memset(block, 0, w->b->bytes);
        if (!finite && w->b->ggml_type != 40) /* whose scales have no NaN */
            put_nan(w, block);
        else if (w->b->ggml_type == 39 || w->b->ggml_type == 40)
            hu_reference_encode_fp4(w, x, block);
        else if (length > 32)
            hu_reference_encode_long(w, x, block);
        else
            hu_reference_encode_short(w, x, block);
    }
}

void hu_reference_block_encode(struct hu_reference *r, const struct hu_block *b,
                               unsigned char *codes, unsigned char *scales, float *tensor_scale,
                               const float *src, size_t rows, size_t columns,
                               const struct hu_block_options *options)
{
    struct work w = {.r = r, .b = b, .src = src};
    w.fp32 = hu_format_find("fp32");
    w.fp16 = hu_format_find("fp16");
    w.int16 = hu_format_find("int16");
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
        list_values(&w);
        if (b->over == HU_OVER_TENSOR)
            find_second(&w, tensor_scale);
        encode_tiles(&w);
    } else if (b->layout == HU_BLOCK_FLAT) {
        hu_reference_encode_runs(&w);
    } else {
        encode_wholes(&w);
    }
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        hu_exact_clear(all[i]);
}
