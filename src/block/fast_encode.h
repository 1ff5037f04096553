/*
 * Rows of floats into blocks, for any instruction set: what fast_rows.h asks of the file that
 * includes it, and
 *   tops_of          the upper bits of words, the first one's the lowest
 *   within           floats, of which none is a NaN, cut to a range
 *   larger, most_of  the greater of two vectors of words, the greatest of one
 *   folded           words of which each is the greater of two neighbours: those of A, then B's, by
 *                    halves of the vector first
 *   float_words      floats truncated to words, which are in range
 *   half_words       LANES words of 16 bits from memory
 *   picked           LANES floats of a vector by the lower bits of words
 *   join_words       the words of a step, from −128 to 127, as bytes
 *   store_bytes      LANES words, from 0 to 255, as bytes to memory
 * All is to nearest even, saturating. A block with an infinity or a NaN, and the short one at a
 * row's end, are the truth's.
 */
#include "encode_ggml.h"

/* The greatest magnitudes' bits of LANES blocks of COUNT vectors: halves of what is left are folded
 * until a word is. Which block the words then come from: as in a square that is turned. */
INLINE words greatest_of_lanes(const float *x, int count)
{
    words v[LANES];
    UNROLLED_16
    for (int i = 0; i < LANES; i++) {
        const int across = LANES / 4, block = i % across * 4 + i / across;
        v[i] = (words){0};
        UNROLLED
        for (int k = 0; k < count; k++)
            v[i] = larger(v[i], (words)load_floats(x + (block * count + k) * LANES) & 0x7fffffff);
    }
    UNROLLED
    for (int i = 0; i < LANES / 2; i++)
        v[i] = folded(v[2 * i], v[2 * i + 1], 0);
    UNROLLED
    for (int i = 0; i < LANES / 4; i++)
        v[i] = folded(v[2 * i], v[2 * i + 1], 1);
    UNROLLED
    for (int i = 0; i < LANES / 8; i++)
        v[i] = folded(v[2 * i], v[2 * i + 1], 2);
    return LANES > 8 ? folded(v[0], v[1], 3) : v[0];
}

/* Of N elements in blocks of EACH. */
INLINE void greatest_of_blocks(const float *x, size_t n, size_t each, uint32_t *to)
{
    const size_t blocks = n / each;
    size_t k = 0;
    for (; k + LANES <= blocks; k += LANES) {
        words most = greatest_of_lanes(x + k * each, (int)each / LANES);
        PUT(to + k, most);
    }
    for (; k < blocks; k++) {
        words most = {0};
        for (size_t i = 0; i < each; i += LANES)
            most = larger(most, (words)load_floats(x + k * each + i) & 0x7fffffff);
        to[k] = most_of(most);
    }
}

INLINE floats widened(const unsigned char *at, bool is_bf16)
{
    halves h;
    if (is_bf16)
        return (floats)(half_words(at) << 16);
    GET(h, at);
    return half_floats(h);
}

INLINE void widen(const unsigned char *at, size_t n, bool is_bf16, float *room)
{
    unsigned char last[2 * STEP] = {0};
    size_t left = n % STEP;
    for (size_t i = 0; i + left < n; i += STEP) {
        UNROLLED
        for (int k = 0; k < STEP; k += LANES)
            store_floats(room + i + k, widened(at + 2 * (i + (size_t)k), is_bf16));
    }
    if (left) {
        memcpy(last, at + 2 * (n - left), 2 * left);
        for (size_t k = 0; k < STEP; k += LANES)
            store_floats(room + n - left + k, widened(last + 2 * k, is_bf16));
    }
}

/* N elements of the source from number AT on, at most ENCODE_CHUNK, and zeros up to a whole step:
 * as they lie there, or in ROOM. */
ROW __attribute__((noinline)) static const float *source(const struct hu_block_encoding *e,
                                                         size_t at, size_t n, float *room)
{
    bool wide = e->from->storage_bits == 32;
    const unsigned char *from = (const unsigned char *)e->src + at * (wide ? 4 : 2);
    if (wide && n % LANES == 0)
        return (const float *)from;
    if (wide) {
        memset(room + n, 0, (STEP - n % STEP) * sizeof *room);
        return memcpy(room, from, n * sizeof *room);
    }
    if (is_bf16(e->from))
        widen(from, n, true, room);
    else
        widen(from, n, false, room);
    return room;
}

/* A rule of normal fp32: one exponent more from this fraction on, of 23 bits. */
struct ruler {
    uint32_t carries;
    int emax;
    struct hu_scale_element element;
    enum hu_scale_rule rule;
};

INLINE struct ruler ruler_of(const struct hu_block_encoding *e)
{
    struct ruler r = {.element = hu_scale_element_of(e->b), .rule = e->options.rule};
    double most = r.element.max * hu_scale_power(-r.element.emax);
    r.emax = r.element.emax;
    r.carries = r.rule == HU_SCALE_CEIL    ? 1
                : r.rule == HU_SCALE_RCEIL ? (uint32_t)((most - 1) * 0x1p23) + 1
                : r.rule == HU_SCALE_EVEN  ? (1u << 23) - (1u << (23 - r.element.precision))
                                           : 1u << 23;
    return r;
}

/*
 * How many of 15 bounds, ascending, a float has reached: the middle one first, then those that are
 * left on its side; of seven bounds and eight infinite ones from step 1 on. What entry of a step is
 * next is known as its number's negative.
 */
struct ladder {
    floats steps[4];
};

INLINE struct ladder ladder_of(const float *bounds)
{
    struct ladder l = {.steps[0] = {0}};
    for (int step = 0, every = 8; every; step++, every /= 2)
        for (int k = 0; k < 8 / every; k++)
            l.steps[step][-k & (LANES - 1)] = bounds[2 * every * k + every - 1];
    return l;
}

INLINE words reached(const struct ladder *l, int from, floats x)
{
    words less = {0};
    UNROLLED
    for (int step = from; step < 4; step++)
        less += less + (words)(x >= picked(l->steps[step], less));
    return (words){0} - less;
}

/*
 * fp4_e2m1's code of X, saturating. Beside a power of two 2^22 times X's own, or 1's for what is
 * less, a float has units of X's last place: their number, to nearest even, and twice the exponent
 * make the code, both less what they begin with.
 */
INLINE words fp4_codes(floats x)
{
    words bits = (words)within(x, -6, 6);
    words power = larger(bits & INFINITE, (words){0} + 0x3f800000) + (22 << 23) + 6;
    words sum = (words)((floats)(bits & 0x7fffffff) + (floats)power);
    return ((sum + (sum >> 22)) & 7) | (bits >> 28 & 8);
}

/*
 * The same of X over SCALE, exactly: a magnitude's code is how many of seven bounds it has reached,
 * the middles of its values, or the next fp32 above where the tie goes to the even code below.
 * Times the scale they are exact in fp64.
 */
INLINE void bounds_of(double scale, float bounds[8])
{
    const __m256d middles[2] = {_mm256_setr_pd(0.25, 0.75, 1.25, 1.75),
                                _mm256_setr_pd(2.5, 3.5, 5, 5)};
    const __m256i next = _mm256_setr_epi64x(-1, 0, -1, 0);
    for (int k = 0; k < 2; k++) {
        __m256d exact = _mm256_mul_pd(middles[k], _mm256_set1_pd(scale));
        __m128 bound = _mm256_cvtpd_ps(exact);
        __m256d back = _mm256_cvtps_pd(bound);
        __m256d tie = _mm256_and_pd(_mm256_cmp_pd(back, exact, _CMP_EQ_OQ), (__m256d)next);
        __m256i below = (__m256i)_mm256_or_pd(_mm256_cmp_pd(back, exact, _CMP_LT_OQ), tie);
        __m128 one = _mm_shuffle_ps((__m128)_mm256_castsi256_si128(below),
                                    (__m128)_mm256_extracti128_si256(below, 1), 0x88);
        _mm_storeu_ps(bounds + 4 * k, (__m128)_mm_sub_epi32((__m128i)bound, (__m128i)one));
    }
}

INLINE words exact_codes(floats x, const float *bounds)
{
    words bits = (words)x, count = {0};
    floats magnitude = (floats)(bits & 0x7fffffff);
    for (int i = 0; i < 7; i++)
        count -= (words)(magnitude >= bounds[i]);
    return count | (bits >> 28 & 8);
}

/* Pairs of 32 codes in 16 bytes, the first one in the low or the high half. */
INLINE void store_pairs(bytes32 c, bool high_first, unsigned char *to)
{
    __m256i x = (__m256i)c, low = _mm256_set1_epi16(15);
    __m256i pairs = high_first ? _mm256_or_si256(_mm256_slli_epi16(x, 4), _mm256_srli_epi16(x, 8))
                               : _mm256_or_si256(x, _mm256_srli_epi16(x, 4));
    pairs = _mm256_and_si256(pairs, _mm256_or_si256(low, _mm256_slli_epi16(low, 4)));
    _mm_storeu_si128((__m128i *)to, _mm_packus_epi16(_mm256_castsi256_si128(pairs),
                                                     _mm256_extracti128_si256(pairs, 1)));
}

/* Middles of the curve, where the upper code is taken. */
static const float curve_bounds[15] = {-115.5f, -93.5f, -74,   -57,   -42, -28.5f, -16, -4.5f,
                                       7,       19,     31.5f, 45.5f, 61,  79,     101};

/* What a row's steps have in common. */
enum encoder {
    TO_MX_BYTES,
    TO_MX_FP4,
    TO_NVFP4,
    TO_LINEAR, /* q4_0, q5_0 */
    TO_MINIMA, /* q4_1, q5_1 */
    TO_Q8_0,
    TO_IQ4_NL
};

struct context {
    struct ruler ruler;
    unsigned char *codes, *scales; /* the row's first */
    float unit, low, high;         /* the element's range */
    const float *values;           /* of e4m3 */
    double second, inverse;
    struct ladder curve;
    size_t bytes; /* of a block of ggml's */
    int bits;     /* of TO_LINEAR's and TO_MINIMA's codes */
};

INLINE struct context context_of(const struct hu_block_encoding *e, size_t row, enum encoder to)
{
    struct context c = {.codes = e->codes + row * parts_row_bytes(e->b, e->columns)};
    c.bits = e->b->ggml_type == TYPE_q4_0 || e->b->ggml_type == TYPE_q4_1 ? 4 : 5;
    if (e->b->layout == HU_BLOCK_WHOLE)
        c.bytes = e->b->bytes;
    else
        c.scales = e->scales + parts_tile(e->b, e->columns, row, 0);
    if (to == TO_IQ4_NL)
        c.curve = ladder_of(curve_bounds);
    if (to == TO_MX_BYTES || to == TO_MX_FP4) {
        c.ruler = ruler_of(e);
        c.unit = power_of((unsigned)(127 - e->b->element_power));
        c.high = (float)c.ruler.element.max * c.unit;
        c.low = strcmp(e->b->element, "int8") ? -c.high : -c.high - 1;
    } else if (to == TO_NVFP4) {
        c.values = hu_block_tables()->e4m3;
        c.second = (double)e->tensor_scale;
        c.inverse = 1 / (6 * c.second);
    }
    return c;
}

/* The first N words, of which there may be fewer than LANES. */
INLINE void put_bytes(unsigned char *to, words x, size_t n)
{
    unsigned char each[LANES];
    if (n >= LANES) {
        store_bytes(to, x);
        return;
    }
    store_bytes(each, x);
    memcpy(to, each, n);
}

INLINE words are_odd(words amax)
{
    return (words)(amax - 0x00800000 >= INFINITE - 0x00800000);
}

/* Of N blocks those whose greatest magnitude is zero, subnormal or not finite: a bit for each of
 * the last kind. */
ROW __attribute__((noinline, cold)) static uint32_t odd_scales(const struct ruler *r,
                                                               const uint32_t *amax, size_t n,
                                                               unsigned char *codes,
                                                               float *inverses)
{
    uint32_t undone = 0;
    for (size_t k = 0; k < n; k++) {
        if (amax[k] < 0x00800000) {
            double size = (double)hu_float_of_bits(amax[k]);
            int code = amax[k] ? hu_scale_exponent(r->rule, size, &r->element) + 127 : 0;
            codes[k] = (unsigned char)code;
            inverses[k] = hu_float_of_bits((254u - (unsigned)code) << 23);
        } else if (amax[k] >= INFINITE) {
            inverses[k] = 0;
            undone |= (uint32_t)1 << k;
        }
    }
    return undone;
}

/* The codes of scales of 32 elements each, and their inverses, for N elements. Those that are not
 * finite have a bit in what is returned. */
INLINE uint32_t mx_scales(const struct context *c, const float *x, size_t n, unsigned char *codes,
                          float *inverses)
{
    uint32_t amax[ENCODE_CHUNK / STEP] = {0}, undone = 0;
    const size_t blocks = n / STEP;
    const signed_words greatest = (signed_words){0} + 254;
    greatest_of_blocks(x, n, STEP, amax);
    for (size_t i = 0; i < blocks; i += LANES) {
        words bits, inverse;
        signed_words code;
        GET(bits, amax + i);
        code = (signed_words)(bits >> 23) - c->ruler.emax -
               (signed_words)((bits & 0x7fffff) >= c->ruler.carries);
        code &= code > 0;
        code = (code & (code < greatest)) | (greatest & (code >= greatest));
        inverse = (words)(greatest - code) << 23;
        inverse |= (words)(code == greatest) & 0x400000; /* 2^−127, which is subnormal */
        PUT(inverses + i, inverse);
        put_bytes(codes + i, (words)code, blocks - i);
        if (__builtin_expect(any_bit(are_odd(bits)), false))
            undone |= odd_scales(&c->ruler, amax + i, blocks - i < LANES ? blocks - i : LANES,
                                 codes + i, inverses + i)
                      << i;
    }
    return undone;
}

/* Bytes, and sixes: scaled in fp32, which is exact but where fp8 has zeros, cut to the range, where
 * the array room is fast, and converted there later. */
INLINE void mx_bytes_step(const struct context *c, struct step *s, float inverse, float *scaled)
{
    times(s, inverse);
    times(s, c->unit);
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        store_floats(scaled + k * LANES, within(s->v[k], c->low, c->high));
}

INLINE void mx_fp4_step(const struct context *c, struct step *s, size_t number, float inverse)
{
    words codes[VECTORS];
    times(s, inverse);
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        codes[k] = fp4_codes(s->v[k]);
    store_pairs(join_words(codes), false, c->codes + number * STEP / 2);
}

/*
 * The e4m3 nearest to AMAX / (6 · the tensor's scale), at most the largest. Between two neighbours
 * the middle is an fp64 whose product with the divisor, of at most 27 bits, is exact: 4 + 1 bits.
 * So the quotient needs only be near enough to tell which neighbours those are.
 */
INLINE unsigned nearest_e4m3(const struct context *c, double amax)
{
    double quotient = amax * c->inverse;
    float near = (float)quotient;
    if (!(near < 448))
        return 0x7e;
    unsigned below =
        near < 0x1p-6f ? (unsigned)(near * 512) : (hu_bits_of_float(near) >> 20) - (120 << 3);
    below -= below && (double)c->values[below] > quotient; /* fp32 rounded the quotient up to it */
    double middle = ((double)c->values[below] + (double)c->values[below + 1]) * 3 * c->second;
    return below + (amax > middle || (amax == middle && below % 2));
}

/* A float is within this many units of the last place of what it stands for. What comes so near to
 * what has the lower bits MASK zero is asked of what is exact: where this is more than is_far. */
enum { MARGIN = 32 };
INLINE words nearness(words bits, uint32_t mask)
{
    return (-MARGIN - 1 - bits) & mask;
}

INLINE words is_near(words nearness, uint32_t mask)
{
    return (words)((signed_words)nearness > (int32_t)mask - 2 * MARGIN);
}

/* The codes of scales of 16 elements each, and their inverses, for N elements. Of codes that are
 * not normal the inverse is 0. Steps that are not finite have a bit in what is returned. */
INLINE uint32_t nvfp4_scales(const struct context *c, const float *x, size_t n,
                             unsigned char *codes, float *inverses)
{
    uint32_t amax[ENCODE_CHUNK / 16] = {0}, undone = 0;
    words infinite = {0};
    greatest_of_blocks(x, n, 16, amax);
    for (size_t i = 0; i < n / 16; i += LANES) {
        words bits, code, scale, unsure;
        GET(bits, amax + i);
        infinite |= (words)(bits >= INFINITE);
        bits = (words)((floats)bits * (float)c->inverse);
        code = ((bits + 0x7ffff + (bits >> 20 & 1)) >> 20) - (120 << 3);
        unsure = is_near(nearness(bits - 0x80000, 0xfffff), 0xfffff) |
                 (words)(bits - 0x3c800000 > 0x43e00000 - 0x3c800000);
        scale = (code << 20) + (120 << 23);
        store_floats(inverses + i, 1 / ((floats)scale * (float)c->second));
        put_bytes(codes + i, code, n / 16 - i);
        if (any_bit(unsure))
            for (size_t k = 0; k < LANES && i + k < n / 16; k++) {
                unsigned exact = nearest_e4m3(c, (double)hu_float_of_bits(amax[i + k]));
                codes[i + k] = (unsigned char)exact;
                inverses[i + k] = exact < 8 ? 0 : 1 / (c->values[exact] * (float)c->second);
            }
    }
    if (__builtin_expect(any_bit(infinite), false))
        for (size_t k = 0; k < n / 16; k++)
            undone |= (uint32_t)(amax[k] >= INFINITE) << k / 2;
    return undone;
}

enum { EACH = VECTORS / 2 };

/* By bounds that are exact. */
ROW __attribute__((noinline, cold)) static void
nvfp4_exact(const struct context *c, const struct step *s, size_t number, words *codes)
{
    for (int half = 0; half < 2; half++) {
        float bounds[8];
        unsigned code = c->scales[2 * number + (size_t)half];
        /* Under a scale that became zero there are zeros alone. */
        bounds_of(code ? (double)c->values[code] * c->second : __builtin_inf(), bounds);
        for (int k = half * EACH; k < (half + 1) * EACH; k++)
            codes[k] = exact_codes(s->v[k], bounds);
    }
}

/* By quotients in fp32, unless one is near a bound or zero. */
INLINE void nvfp4_step(const struct context *c, const struct step *s, size_t number,
                       const float *inverses)
{
    unsigned char *to = c->codes + number * STEP / 2;
    words codes[VECTORS], near = {0};
    struct step y;
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        y.v[k] = s->v[k] * inverses[k / EACH];
        near = larger(near, nearness((words)y.v[k], 0x1fffff));
    }
    if (__builtin_expect(any_bit(is_near(near, 0x1fffff)), false)) {
        nvfp4_exact(c, s, number, codes);
        store_pairs(join_words(codes), false, to);
        return;
    }
#if LANES > 8
    put_off_bounds(y.v[0], y.v[1], to);
#else
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        codes[k] = fp4_codes(y.v[k]);
    store_pairs(join_words(codes), false, to);
#endif
}

#include "fast_encode_ggml.h"

INLINE bool encode_step(const struct context *c, enum encoder to, const float *x, size_t number,
                        float *scaled, const float *inverses, const struct ggml_scale *of)
{
    struct step s;
    unsigned char *block = c->codes + number * c->bytes;
    load_step(x, &s);
    switch (to) {
    case TO_MX_BYTES:
        mx_bytes_step(c, &s, *inverses, scaled);
        return true;
    case TO_MX_FP4:
        mx_fp4_step(c, &s, number, *inverses);
        return true;
    case TO_NVFP4:
        nvfp4_step(c, &s, number, inverses);
        return true;
    case TO_Q8_0:
        q8_0_step(block, &s, of);
        return true;
    case TO_IQ4_NL:
        return iq4_nl_step(block, &s, x, &c->curve);
    default:
        linear_step(block, &s, c->bits, to == TO_MINIMA, of);
        return true;
    }
}

/* A row by steps of 32 elements. What they have not done is asked of the truth after a chunk. */
INLINE void steps_row(struct hu_block_encoding *e, size_t row, enum encoder to)
{
    const struct context c = context_of(e, row, to);
    float room[ENCODE_CHUNK], scaled[ENCODE_CHUNK], inverses[ENCODE_CHUNK / 16];
    struct ggml_scale of[ENCODE_CHUNK / STEP];
    /* Quotients by an fp32 have no room below this one. */
    bool tiny = to == TO_NVFP4 && !(c.second >= 0x1p-100);
    size_t whole = tiny ? 0 : e->columns / STEP * STEP, each = to == TO_NVFP4 ? 16 : STEP;
    for (size_t i = 0, n; i < whole; i += n) {
        n = whole - i < ENCODE_CHUNK ? whole - i : ENCODE_CHUNK;
        const float *x = source(e, row * e->columns + i, n, room);
        uint32_t undone = 0;
        if (to == TO_NVFP4)
            undone = nvfp4_scales(&c, x, n, c.scales + i / each, inverses);
        else if (to == TO_MX_BYTES || to == TO_MX_FP4)
            undone = mx_scales(&c, x, n, c.scales + i / each, inverses);
        else if (to != TO_IQ4_NL)
            undone = ggml_scales(&c, to, x, n, of);
        for (size_t at = 0; at < n; at += STEP)
            undone |= (uint32_t)!encode_step(&c, to, x + at, (i + at) / STEP, scaled + at,
                                             inverses + at / each, of + at / STEP)
                      << at / STEP;
        if (to == TO_MX_BYTES)
            hu_convert_array(e->element, c.codes + i * e->b->code_bits / 8, e->fp32, scaled, n,
                             &e->options.elements, NULL);
        for (; undone; undone &= undone - 1) {
            size_t at = i + STEP * (size_t)__builtin_ctz(undone);
            hu_block_encode_rest(e, row, at, at + STEP);
        }
    }
    if (whole < e->columns)
        hu_block_encode_rest(e, row, whole, e->columns);
}

#include "fast_encode_tiles.h"

#define ENCODE(name, call)                                                                         \
    ROW static void name(struct hu_block_encoding *e, size_t row)                                  \
    {                                                                                              \
        call;                                                                                      \
    }

ENCODE(encode_mx_bytes, steps_row(e, row, TO_MX_BYTES))
ENCODE(encode_mx_fp4, steps_row(e, row, TO_MX_FP4))
ENCODE(encode_nvfp4, steps_row(e, row, TO_NVFP4))
ENCODE(encode_linear, steps_row(e, row, TO_LINEAR))
ENCODE(encode_minima, steps_row(e, row, TO_MINIMA))
ENCODE(encode_q8_0, steps_row(e, row, TO_Q8_0))
ENCODE(encode_iq4_nl, steps_row(e, row, TO_IQ4_NL))
ENCODE(encode_mxfp4_ggml, ggml_fp4_row(e, row, true))
ENCODE(encode_nvfp4_ggml, ggml_fp4_row(e, row, false))
ENCODE(encode_fp8, fp8_tiles(e, row))
ENCODE(encode_table, table_blocks(e, row))

hu_block_encode_row *NAMED(hu_block_encode)(const struct hu_block_encoding *e)
{
    static hu_block_encode_row *const ggml[] = {
        [TYPE_q4_0] = encode_linear,      [TYPE_q4_1] = encode_minima,
        [TYPE_q5_0] = encode_linear,      [TYPE_q5_1] = encode_minima,
        [TYPE_q8_0] = encode_q8_0,        [TYPE_iq4_nl] = encode_iq4_nl,
        [TYPE_mxfp4] = encode_mxfp4_ggml, [TYPE_nvfp4] = encode_nvfp4_ggml,
    };
    const struct hu_block *b = e->b;
    if (b->layout == HU_BLOCK_WHOLE)
        return (size_t)b->ggml_type < sizeof ggml / sizeof *ggml ? ggml[b->ggml_type] : NULL;
    if (b->layout == HU_BLOCK_FLAT)
        return b->tile_columns % STEP ? NULL : encode_table;
    if (b->layout != HU_BLOCK_PARTS)
        return NULL;
    if (b->over == HU_OVER_TENSOR && b->tile_columns == 16 && b->code_bits == 4)
        return encode_nvfp4;
    if (!strcmp(b->scale, "fp32") && b->over == HU_OVER_NONE && b->code_bits == 8)
        return encode_fp8;
    if (strcmp(b->scale, "e8m0") != 0 || b->tile_rows != 1 || b->tile_columns != STEP ||
        b->keeps_nan)
        return NULL;
    return b->code_bits == 4 ? encode_mx_fp4 : encode_mx_bytes;
}
