#include "reference_encode.h"

/* fp32's operations, each a rational rounded, or in fp64: a second rounding from 53 bits to 24 does
 * no harm (Figueroa, 1995). The rules of infinities and NaNs round nothing. */
float hu_reference_fp32(struct work *w, char sign, float a, float b)
{
    bool special = !isfinite(a) || !isfinite(b);
    double x = a, y = b;
    if (special || !is_turn(w))
        return (float)(sign == '*' ? x * y : sign == '/' ? x / y : x - y);
    set_float(w, &w->x, a);
    set_float(w, &w->y, b);
    (sign == '*'   ? hu_exact_multiply
     : sign == '/' ? hu_exact_divide
                   : hu_exact_subtract)(&w->x, &w->x, &w->y);
    return to_float(w, &w->x);
}

/* Of the point AT and the next, between which X lies: the one of the direction. */
static long beside(enum hu_direction direction, long at, float x)
{
    return direction == HU_TOWARD_POSITIVE   ? at + 1
           : direction == HU_TOWARD_NEGATIVE ? at
           : direction == HU_TO_ODD          ? at + !(at % 2)
                                             : at + (x < 0);
}

/* A quotient of the table's format between the two values that enclose it. */
static int between(struct work *w, const float *sorted, int n, float x, float scale)
{
    int at = 0;
    bool away = w->elements.direction == HU_TIES_TO_AWAY, exact = false;
    if (!away && !is_turn(w)) {
        while (at < n - 1 && (double)sorted[at + 1] * (double)scale <= (double)x)
            at++;
        exact = (double)sorted[at] * (double)scale == (double)x;
        return at == n - 1 || exact ? at : (int)beside(w->elements.direction, at, x);
    }
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
    return away ? at + (middle > 0 || (middle == 0 && x > 0))
                : (int)beside(w->elements.direction, at, x);
}

static void sort_table(struct work *w)
{
    const float *table = w->b->table;
    w->table_size = table[8] == 0 ? 8 : 16; /* with a sign */
    for (unsigned i = 0; i < w->table_size; i++) {
        unsigned place = 0;
        for (unsigned k = 0; k < w->table_size; k++)
            place += table[k] < table[i];
        w->sorted[place] = table[i];
        w->codes_of[place] = i;
    }
}

static unsigned table_code(struct work *w, float x, float scale)
{
    const float *sorted = w->sorted;
    unsigned n = w->table_size;
    bool flip = n == 8 && x < 0;
    enum hu_direction direction = w->elements.direction;
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
    return w->codes_of[at] + (flip ? 8 : 0);
}

void hu_reference_encode_runs(struct work *w)
{
    sort_table(w);
    size_t total = w->rows * w->columns, length = w->b->tile_columns;
    for (size_t at = 0; at < total; at += length) {
        float scale = 0;
        size_t end = at + length < total ? at + length : total;
        for (size_t i = at; i < end; i++)
            scale = !isfinite(w->src[i]) || isnan(scale) ? NAN
                    : fabsf(w->src[i]) > scale           ? fabsf(w->src[i])
                                                         : scale;
        put_bits(w->scales, at / length * 32, 32, hu_bits_of_float(scale));
        for (size_t i = at; i < end; i++)
            put_bits(w->codes, i / 2 * 8 + (i % 2 ? 0 : 4), 4, table_code(w, w->src[i], scale));
    }
}

/* V rounded to an integer of 16 bits. */
long hu_reference_integer(struct work *w, float v, const struct hu_options *options)
{
    long down = (long)(fabsf(v) < 0x1p14f ? floorf(v) : 0);
    double part = (double)v - (double)down;
    if (fabsf(v) >= 0x1p14f || !isfinite(v) || is_turn(w)) {
        set_float(w, &w->x, v);
        return (int16_t)hu_exact_round(w->r, w->int16, &w->x, options);
    }
    if (part == 0)
        return down;
    if (options->direction == HU_TIES_TO_AWAY)
        return down + (part > 0.5 || (part == 0.5 && v > 0));
    return beside(options->direction, down, v);
}

/* V rounded to an integer: half up as ggml does by truncating v + BIAS + 1/2 in fp32, or by a
 * direction. */
static long whole(struct work *w, float v, int bias)
{
    if (w->elements.direction == HU_TIES_TO_EVEN)
        return (long)minus(w, v, -((float)bias + 0.5f));
    return hu_reference_integer(w, v, &w->elements) + bias;
}

void hu_reference_put_half(struct work *w, unsigned char *block, size_t byte, float value)
{
    uint64_t code = isnan(value) ? 0x7e00 : value < 0 ? 0xfc00 : 0x7c00;
    set_float(w, &w->x, value);
    if (isfinite(value))
        code = hu_exact_round(w->r, w->fp16, &w->x, NULL);
    put_bits(block, 8 * byte, 16, code);
}

float hu_reference_inverse(struct work *w, float d)
{
    return d == 0 || fabsf(d) <= 0x1p-128f ? 0 : over(w, 1, d);
}

struct shape {
    int type, bias, top, minimum, high, low; /* bytes where the parts are; 0: there is none */
};

static void encode_affine(struct work *w, const float *x, unsigned char *block,
                          const struct shape *s)
{
    float max = farthest(x, 32), least = x[0], most = x[0];
    for (int i = 0; i < 32; i++) {
        least = x[i] < least ? x[i] : least; /* of zeros the first, which fminf leaves open */
        most = x[i] > most ? x[i] : most;
    }
    float d = s->minimum     ? over(w, minus(w, most, least), (float)s->top)
              : s->type == 8 ? over(w, fabsf(max), 127)
                             : over(w, max, -(float)s->bias);
    float inverse = hu_reference_inverse(w, d);
    hu_reference_put_half(w, block, 0, d);
    if (s->minimum)
        hu_reference_put_half(w, block, (size_t)s->minimum, least);
    for (int i = 0; i < 32; i++) {
        float v = times(w, s->minimum ? minus(w, x[i], least) : x[i], inverse);
        if (s->type == 8) {
            /* roundf, which is ties away */
            struct hu_options own = {.direction = HU_TIES_TO_AWAY};
            bool nearest = w->elements.direction == HU_TIES_TO_EVEN;
            long q = hu_reference_integer(w, v, nearest ? &own : &w->elements);
            put_bits(block, 16 + 8 * (size_t)i, 8, (uint64_t)clamped(q, -127, 127));
            continue;
        }
        int q = clamped(whole(w, v, s->bias), 0, s->top);
        put_bits(block, (size_t)s->low * 8 + (size_t)(i % 16 * 8 + i / 16 * 4), 4, (uint64_t)q);
        if (s->high)
            put_bits(block, (size_t)s->high * 8 + (size_t)i, 1, (uint64_t)q >> 4);
    }
}

int hu_reference_curve_code(struct work *w, float v)
{
    const signed char *curve = hu_reference_curve;
    int at = 0;
    if (isnan(v)) /* comes last in ggml's search */
        return 15;
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
    float max = farthest(x, 32), products = 0, squares = 0;
    bool none = fabsf(max) < 1e-15f;
    float inverse = none ? 0 : over(w, 1, over(w, max, -127));
    for (int i = 0; i < 32; i++) {
        int code = none ? 8 : hu_reference_curve_code(w, times(w, inverse, x[i]));
        float q = hu_reference_curve[code], weight = times(w, x[i], x[i]);
        products = minus(w, products, -times(w, times(w, weight, q), x[i]));
        squares = minus(w, squares, -times(w, times(w, weight, q), q));
        put_bits(block, 16 + (size_t)(i % 16 * 8 + i / 16 * 4), 4, (uint64_t)code);
    }
    hu_reference_put_half(w, block, 0, !none && squares > 0 ? over(w, products, squares) : 0);
}

void hu_reference_encode_short(struct work *w, const float *x, unsigned char *block)
{
    static const struct shape shapes[] = {
        {2, 8, 15, 0, 0, 2}, {3, 0, 15, 2, 0, 4},  {6, 16, 31, 0, 2, 6},
        {7, 0, 31, 2, 4, 8}, {8, 0, 127, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].type == w->b->ggml_type)
            encode_affine(w, x, block, &shapes[i]);
    if (w->b->ggml_type == 20)
        encode_curve(w, x, block);
}
