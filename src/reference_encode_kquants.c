#include "reference_encode.h"

/*
 * ggml's encoders of 256 elements (ggml-quants.c), one sub-block after the other and one element
 * after the other, each operation of fp32 rounded by itself. Shares nothing with the encoders that
 * it judges.
 */
enum { ELEMENTS = 256, LONGEST = 32 };

struct found {
    float scale, minimum;
    int q[LONGEST];
};

static float plus(struct work *w, float a, float b)
{
    return minus(w, a, -b);
}

/* nearest_int: what is beyond 2^22 has the bits that it has. */
static int nearest(struct work *w, float v)
{
    if (fabsf(v) < 0x1p21f)
        return (int)lrintf(v);
    return (int)(hu_bits_of_float(plus(w, v, 12582912.0f)) % 0x800000) - 0x400000;
}

struct kind {
    int type, length, high, levels, tries;
    float first;
    int codes, upper, halves; /* bytes where the codes, their fifth bits and the scales are */
};

static float weight(struct work *w, const struct kind *k, const float *x, int i)
{
    float squares = 0;
    if (k->type == 10)
        return fabsf(x[i]);
    for (int n = 0; n < 32; n++)
        squares = plus(w, squares, times(w, x[n], x[n]));
    return plus(w, sqrtf(over(w, squares, 32)), fabsf(x[i]));
}

/* Σ weight · |scale · q + least − x|, or of its square. */
static float missed(struct work *w, const struct kind *k, const float *x, const float *weights,
                    const struct found *f, float least)
{
    float sum = 0;
    for (int i = 0; i < k->length; i++) {
        float miss = minus(w, plus(w, times(w, f->scale, (float)f->q[i]), least), x[i]);
        miss = k->type == 10 ? fabsf(miss) : times(w, miss, miss);
        sum = plus(w, sum, times(w, weights[i], miss));
    }
    return sum;
}

static void code_all(struct work *w, const struct kind *k, const float *x, float inverse,
                     float least, int *q)
{
    for (int i = 0; i < k->length; i++)
        q[i] = clamped(nearest(w, times(w, inverse, minus(w, x[i], least))), 0, k->high);
}

/* The line of least squares through the codes that it has. */
static bool solve(struct work *w, const struct kind *k, const float *x, const float *weights,
                  float weight_sum, float x_sum, struct found *f, float *least)
{
    float l = 0, l2 = 0, xl = 0;
    for (int i = 0; i < k->length; i++) {
        float product = times(w, weights[i], (float)f->q[i]);
        l = plus(w, l, product);
        l2 = plus(w, l2, times(w, product, (float)f->q[i]));
        xl = plus(w, xl, times(w, product, x[i]));
    }
    float d = minus(w, times(w, weight_sum, l2), times(w, l, l));
    if (!(d > 0))
        return false;
    f->scale = over(w, minus(w, times(w, weight_sum, xl), times(w, x_sum, l)), d);
    *least = over(w, minus(w, times(w, l2, x_sum), times(w, l, xl)), d);
    if (*least > 0) {
        *least = 0;
        f->scale = over(w, xl, l2);
    }
    return true;
}

static void find_line(struct work *w, const struct kind *k, const float *x, struct found *f)
{
    float weights[LONGEST], least = 0, most = x[0], weight_sum = 0, x_sum = 0;
    for (int i = 0; i < k->length; i++) {
        weights[i] = weight(w, k, x, i);
        least = x[i] < least ? x[i] : least;
        most = x[i] > most ? x[i] : most;
        weight_sum = i ? plus(w, weight_sum, weights[i]) : weights[i];
        float product = times(w, weights[i], x[i]);
        x_sum = i ? plus(w, x_sum, product) : product;
    }
    *f = (struct found){.minimum = -least};
    if (most == least)
        return;
    float inverse = over(w, (float)k->high, minus(w, most, least));
    f->scale = over(w, 1, inverse);
    code_all(w, k, x, inverse, least, f->q);
    float best = missed(w, k, x, weights, f, least);
    for (int n = 0; n <= k->tries; n++) {
        struct found other = {0};
        float other_least;
        inverse = plus(w, plus(w, k->first, times(w, 0.1f, (float)n)), (float)k->high);
        code_all(w, k, x, over(w, inverse, minus(w, most, least)), least, other.q);
        if (!solve(w, k, x, weights, weight_sum, x_sum, &other, &other_least))
            continue;
        float error = missed(w, k, x, weights, &other, other_least);
        if (error < best) {
            best = error;
            *f = other;
            least = other_least;
        }
    }
    f->minimum = -least;
}

/* Σ x² · x · q and Σ x² · q · q. */
struct sums {
    float xq, q2;
};

/* With one element more, or less: BY is plus or minus. */
static struct sums changed(struct work *w, struct sums s, float (*by)(struct work *, float, float),
                           float x, float q)
{
    float square = times(w, x, x);
    s.xq = by(w, s.xq, times(w, times(w, square, x), q));
    s.q2 = by(w, s.q2, times(w, times(w, square, q), q));
    return s;
}

static struct sums sums_of(struct work *w, const float *x, float inverse, int half, int *q)
{
    struct sums s = {0, 0};
    for (int i = 0; i < 16; i++) {
        q[i] = clamped(nearest(w, times(w, inverse, x[i])), -half, half - 1);
        s = changed(w, s, plus, x[i], (float)q[i]);
    }
    return s;
}

/* q3_k's: a code is another one where that is better for the sums. */
static bool change_codes(struct work *w, const float *x, struct sums *s, int *q)
{
    bool any = false;
    for (int i = 0; i < 16; i++) {
        struct sums rest = changed(w, *s, minus, x[i], (float)q[i]);
        if (!(rest.xq > 0))
            continue;
        int other = clamped(nearest(w, over(w, times(w, x[i], rest.q2), rest.xq)), -4, 3);
        if (other == q[i])
            continue;
        rest = changed(w, rest, plus, x[i], (float)other);
        if (rest.q2 > 0 && times(w, times(w, rest.xq, rest.xq), s->q2) >
                               times(w, times(w, s->xq, s->xq), rest.q2)) {
            *s = rest;
            q[i] = other;
            any = true;
        }
    }
    return any;
}

static void find_centred(struct work *w, int half, const float *x, struct found *f)
{
    float most = farthest(x, 16);
    *f = (struct found){0};
    if (fabsf(most) < 1e-15f)
        return;
    struct sums s = sums_of(w, x, over(w, -(float)half, most), half, f->q);
    if (half == 4)
        for (int turn = 0; turn < 5 && change_codes(w, x, &s, f->q); turn++)
            ;
    f->scale = s.q2 != 0 ? over(w, s.xq, s.q2) : 0;
    float best = times(w, f->scale, s.xq);
    for (int n = -9; n <= 9 && half > 4; n++) {
        int q[16];
        if (!n)
            continue;
        float inverse = over(w, -plus(w, (float)half, times(w, 0.1f, (float)n)), most);
        s = sums_of(w, x, inverse, half, q);
        if (s.q2 > 0 && times(w, s.xq, s.xq) > times(w, best, s.q2)) {
            memcpy(f->q, q, sizeof q);
            f->scale = over(w, s.xq, s.q2);
            best = times(w, f->scale, s.xq);
        }
    }
    for (int i = 0; i < 16; i++)
        f->q[i] += half;
}

/* An element's code under the scale as it is written: Q where that is none. */
static int settle(struct work *w, float x, float offset, float d, int low, int high, int q)
{
    if (d == 0)
        return q;
    float v = over(w, plus(w, x, offset), d);
    q = w->elements.direction == HU_TIES_TO_EVEN ? nearest(w, v)
                                                 : (int)hu_reference_integer(w, v, &w->elements);
    return clamped(q, low, high) - low;
}

static float half_at(struct work *w, const unsigned char *at)
{
    struct exact *x = &w->x;
    unsigned code = at[0] | (unsigned)at[1] << 8;
    if ((code & 0x7c00) == 0x7c00)
        return code & 0x3ff ? NAN : code >> 15 ? -INFINITY : INFINITY;
    hu_exact_datum(x, w->fp16, code);
    return to_float(w, x);
}

static void encode_lines(struct work *w, const struct kind *k, const float *x, unsigned char *block)
{
    struct found subs[16];
    float most = 0, least = 0;
    int count = ELEMENTS / k->length;
    for (int j = 0; j < count; j++) {
        find_line(w, k, x + j * k->length, &subs[j]);
        most = subs[j].scale > most ? subs[j].scale : most;
        least = subs[j].minimum > least ? subs[j].minimum : least;
    }
    float levels = (float)k->levels;
    hu_reference_put_half(w, block, (size_t)k->halves, over(w, most, levels));
    hu_reference_put_half(w, block, (size_t)k->halves + 2, over(w, least, levels));
    for (int j = 0; j < count; j++) {
        unsigned a = most > 0 ? (unsigned)nearest(w, times(w, over(w, levels, most), subs[j].scale))
                              : 0,
                 b = least > 0
                         ? (unsigned)nearest(w, times(w, over(w, levels, least), subs[j].minimum))
                         : 0;
        if (k->type == 10) {
            block[j] = (unsigned char)(a | b << 4);
            a = block[j] % 16;
            b = block[j] / 16;
        } else {
            size_t lower = 8 * (size_t)(j < 4 ? 4 + j : 8 + j);
            a = a % 256 > 63 ? 63 : a % 256;
            b = b % 256 > 63 ? 63 : b % 256;
            put_bits(block, lower, j < 4 ? 6 : 4, a);
            put_bits(block, lower + (j < 4 ? 32 : 4), j < 4 ? 6 : 4, b);
            if (j >= 4)
                put_bits(block, 8 * (size_t)j + 6, 2, a >> 4);
            if (j >= 4)
                put_bits(block, 8 * (size_t)j + 38, 2, b >> 4);
        }
        float d = times(w, half_at(w, block + k->halves), (float)a),
              m = times(w, half_at(w, block + k->halves + 2), (float)b);
        for (int i = 0; i < k->length; i++) {
            int at = j * k->length + i, each = k->type == 10 ? 4 : 2;
            int q = settle(w, x[at], m, d, 0, k->high, subs[j].q[i]);
            size_t byte = (size_t)(k->codes + at / (32 * each) * 32 + at % 32);
            put_bits(block, 8 * byte + (size_t)(at / 32 % each * 8 / each), 8 / each, (uint64_t)q);
            if (k->upper)
                put_bits(block, 8 * (size_t)(k->upper + at % 32) + (size_t)at / 32, 1,
                         (uint64_t)q >> 4);
        }
    }
}

static void put_q3(unsigned char *block, int at, int q)
{
    put_bits(block, 8 * (size_t)(32 + at / 128 * 32 + at % 32) + (size_t)(at / 32 % 4 * 2), 2,
             (uint64_t)q);
    put_bits(block, 8 * (size_t)(at % 32) + (size_t)at / 32, 1, (uint64_t)q >> 2);
}

static void put_q6(unsigned char *block, int at, int q)
{
    put_bits(block, 8 * (size_t)(at / 128 * 64 + at % 64) + (size_t)(at / 64 % 2 * 4), 4,
             (uint64_t)q);
    put_bits(block, 8 * (size_t)(128 + at / 128 * 32 + at % 32) + (size_t)(at / 32 % 4 * 2), 2,
             (uint64_t)q >> 4);
}

static void encode_centred(struct work *w, const float *x, unsigned char *block)
{
    const bool six = w->b->ggml_type == 14;
    const int half = six ? 32 : 4, halves = six ? 208 : 108, levels = six ? 128 : 32;
    struct found subs[16];
    float scales[16];
    for (int j = 0; j < 16; j++) {
        find_centred(w, half, x + 16 * j, &subs[j]);
        scales[j] = subs[j].scale;
    }
    float most = farthest(scales, 16), inverse = most != 0 ? over(w, -(float)levels, most) : 0;
    if (six && fabsf(most) < 1e-15f)
        return;
    hu_reference_put_half(w, block, (size_t)halves, most != 0 ? over(w, 1, inverse) : 0);
    for (int j = 0; j < 16; j++) {
        int a = most != 0 ? nearest(w, times(w, inverse, scales[j])) : -levels;
        a = six ? (int8_t)(a > 127 ? 127 : a) : clamped((int8_t)a, -32, 31);
        if (six) {
            block[192 + j] = (unsigned char)a;
        } else {
            put_bits(block, 8 * (size_t)(96 + j % 8) + (size_t)(j / 8 * 4), 4, (uint64_t)(a + 32));
            put_bits(block, 8 * (size_t)(104 + j % 4) + (size_t)(j / 4 * 2), 2,
                     (uint64_t)(a + 32) >> 4);
        }
        float d = times(w, half_at(w, block + halves), (float)a);
        for (int i = 16 * j; i < 16 * j + 16; i++)
            (six ? put_q6 : put_q3)(block, i,
                                    settle(w, x[i], 0, d, -half, half - 1, subs[j].q[i % 16]));
    }
}

static float on_curve(struct work *w, const float *x)
{
    float most = farthest(x, 32), scale = 0, best = 0;
    const enum hu_direction wanted = w->elements.direction;
    w->elements.direction = HU_TIES_TO_EVEN;
    for (int n = 0; n < 16 && !(fabsf(most) < 1e-15f); n++) {
        float inverse = n ? over(w, (float)(n - 8 - 127), most) : over(w, 1, over(w, most, 127));
        float products = 0, squares = 0;
        for (int i = 0; i < 32; i++) {
            float q = hu_reference_curve[hu_reference_curve_code(w, times(w, inverse, x[i]))];
            float product = times(w, times(w, x[i], x[i]), q);
            products = plus(w, products, times(w, product, x[i]));
            squares = plus(w, squares, times(w, product, q));
        }
        if (squares > 0 && (!n || times(w, products, products) > times(w, best, squares))) {
            scale = over(w, products, squares);
            best = times(w, scale, products);
        }
    }
    w->elements.direction = wanted;
    return scale;
}

static void encode_iq4_xs(struct work *w, const float *x, unsigned char *block)
{
    float scales[8];
    for (int j = 0; j < 8; j++)
        scales[j] = on_curve(w, x + 32 * j);
    float d = over(w, farthest(scales, 8), -32), inverse = d != 0 ? over(w, 1, d) : 0;
    hu_reference_put_half(w, block, 0, d);
    for (int j = 0; j < 8; j++) {
        int a = clamped(nearest(w, times(w, inverse, scales[j])), -32, 31);
        float by = times(w, d, (float)a);
        by = by != 0 ? over(w, 1, by) : 0;
        put_bits(block, 32 + 4 * (size_t)j, 4, (uint64_t)(a + 32));
        put_bits(block, 16 + 2 * (size_t)j, 2, (uint64_t)(a + 32) >> 4);
        for (int i = 0; i < 32; i++)
            put_bits(block, 8 * (size_t)(8 + 16 * j + i % 16) + (size_t)(i / 16 * 4), 4,
                     (uint64_t)hu_reference_curve_code(w, times(w, by, x[32 * j + i])));
    }
}

static void encode_q8_k(struct work *w, const float *x, unsigned char *block)
{
    float most = farthest(x, ELEMENTS), inverse = most != 0 ? over(w, -127, most) : 0;
    int sums[16] = {0};
    if (most == 0)
        return;
    put_bits(block, 0, 32, hu_bits_of_float(over(w, 1, inverse)));
    for (int i = 0; i < ELEMENTS; i++) {
        float v = times(w, inverse, x[i]);
        int q = w->elements.direction == HU_TIES_TO_EVEN
                    ? nearest(w, v)
                    : clamped(hu_reference_integer(w, v, &w->elements), -128, 127);
        q = (int8_t)(q > 127 ? 127 : q);
        put_bits(block, 32 + 8 * (size_t)i, 8, (uint64_t)q);
        sums[i / 16] += q;
        put_bits(block, 8 * 260 + 16 * (size_t)(i / 16), 16, (uint64_t)sums[i / 16]);
    }
}

/* A multiple of amax from −1 to MOST, plus 1. */
static int multiple(struct work *w, float x, float inverse, int most)
{
    struct hu_options own = {.direction = HU_TIES_TO_AWAY};
    bool nearest_wanted = w->elements.direction == HU_TIES_TO_EVEN;
    long q = hu_reference_integer(w, times(w, x, inverse), nearest_wanted ? &own : &w->elements);
    return clamped(q, -1, most) + 1;
}

/* q2_0 */
static void encode_pairs(struct work *w, const float *x, unsigned char *block)
{
    float amax = fabsf(farthest(x, 64)), inverse = hu_reference_inverse(w, amax);
    hu_reference_put_half(w, block, 0, amax);
    for (size_t i = 0; i < 64; i++)
        put_bits(block, 16 + 2 * i, 2, (uint64_t)multiple(w, x[i], inverse, 2));
}

/* q1_0: an element between −mean and mean goes by its direction, where that is up or down. */
static void encode_signs(struct work *w, const float *x, unsigned char *block)
{
    float mean = 0;
    for (int i = 0; i < 128; i++)
        mean = minus(w, mean, -fabsf(x[i]));
    mean = over(w, mean, 128);
    hu_reference_put_half(w, block, 0, mean);
    for (size_t i = 0; i < 128; i++) {
        bool up = !(x[i] < 0);
        if (w->elements.direction == HU_TOWARD_POSITIVE)
            up |= x[i] > -mean;
        if (w->elements.direction == HU_TOWARD_NEGATIVE)
            up &= x[i] >= mean;
        put_bits(block, 16 + i, 1, up);
    }
}

static void encode_ternary(struct work *w, const float *x, unsigned char *block)
{
    float amax = fabsf(farthest(x, ELEMENTS)), inverse = hu_reference_inverse(w, amax);
    const bool pairs = w->b->ggml_type == 35;
    hu_reference_put_half(w, block, pairs ? 64 : 52, amax);
    unsigned digits[52] = {0};
    for (int i = 0; i < ELEMENTS; i++) {
        int q = multiple(w, x[i], inverse, 1);
        int run = i < 160 ? 32 : i < 240 ? 16 : 4, from = i < 160 ? 0 : i < 240 ? 160 : 240;
        int byte = (i < 160 ? 0 : i < 240 ? 32 : 48) + (i - from) % run;
        static const unsigned powers[] = {81, 27, 9, 3, 1};
        if (pairs)
            put_bits(block, 8 * (size_t)(i / 128 * 32 + i % 32) + (size_t)(i / 32 % 4 * 2), 2,
                     (uint64_t)q);
        else
            digits[byte] += powers[(i - from) / run] * (unsigned)q;
    }
    for (int i = 0; i < 52 && !pairs; i++)
        block[i] = (unsigned char)((digits[i] * 256 + 242) / 243);
}

void hu_reference_encode_long(struct work *w, const float *x, unsigned char *block)
{
    static const struct kind kinds[] = {
        {10, 16, 3, 15, 15, -0.5f, 16, 0, 80},
        {12, 32, 15, 63, 20, -1, 16, 0, 0},
        {13, 32, 31, 63, 15, -0.5f, 48, 16, 0},
    };
    int type = w->b->ggml_type;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].type == type)
            encode_lines(w, &kinds[i], x, block);
    if (type == 11 || type == 14)
        encode_centred(w, x, block);
    if (type == 15)
        encode_q8_k(w, x, block);
    if (type == 23)
        encode_iq4_xs(w, x, block);
    if (type == 34 || type == 35)
        encode_ternary(w, x, block);
    if (type == 41)
        encode_signs(w, x, block);
    if (type == 42)
        encode_pairs(w, x, block);
}
