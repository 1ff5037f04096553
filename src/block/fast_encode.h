/*
 * Rows of fp32 into blocks, for any instruction set: what fast_rows.h asks of the file that
 * includes it, and
 *   larger           the greater of two vectors of words below 2^31
 *   float_words      floats truncated to words, which are in range
 *   store_bytes      the low bytes of words to memory
 * All is to nearest even, saturating. A block with an infinity or a NaN, and the short one at a
 * row's end, are the truth's.
 */
#include "encode.h"

INLINE void load_step(const float *at, struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = load_floats(at + k * LANES);
}

/* The greatest magnitude's bits, of VECTORS vectors from FIRST on. */
INLINE uint32_t greatest(const struct step *s, int first, int count)
{
    words most = {0};
    UNROLLED
    for (int k = first; k < first + count; k++)
        most = larger(most, (words)s->v[k] & 0x7fffffff);
    uint32_t one[LANES], all = 0;
    memcpy(one, &most, sizeof one);
    for (int k = 0; k < LANES; k++)
        all = one[k] > all ? one[k] : all;
    return all;
}

INLINE float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum { INFINITE = 0x7f800000 };

INLINE const float *row_of(const struct hu_block_encoding *e, size_t row)
{
    return (const float *)e->src + row * e->columns;
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

/* The scale's code: of zeros the least. */
INLINE unsigned e8m0_of(const struct ruler *r, uint32_t amax)
{
    if (amax < 0x00800000) /* subnormal */
        return amax ? (unsigned)(hu_scale_exponent(r->rule, (double)float_of(amax), &r->element) +
                                 127)
                    : 0;
    int code = (int)(amax >> 23) - r->emax + ((amax & 0x7fffff) >= r->carries);
    return (unsigned)(code < 0 ? 0 : code > 254 ? 254 : code);
}

/* Elements of a byte: scaled in fp32, which is exact but where fp8 has zeros, and converted by the
 * array room. */
INLINE void mx_bytes_row(struct hu_block_encoding *e, size_t row)
{
    const struct ruler ruler = ruler_of(e);
    const float *from = row_of(e, row);
    unsigned char *codes = e->codes + row * parts_row_bytes(e->b, e->columns);
    unsigned char *scales = e->scales + parts_tile(e->b, e->columns, row, 0);
    float unit = power_of((unsigned)(127 - e->b->element_power)), scaled[ENCODE_CHUNK];
    size_t whole = e->columns / STEP * STEP;
    for (size_t i = 0, n; i < whole; i += n) {
        n = whole - i < ENCODE_CHUNK ? whole - i : ENCODE_CHUNK;
        for (size_t at = 0; at < n; at += STEP) {
            struct step s;
            load_step(from + i + at, &s);
            uint32_t amax = greatest(&s, 0, VECTORS);
            unsigned code = amax < INFINITE ? e8m0_of(&ruler, amax) : 0xff;
            scales[(i + at) / STEP] = (unsigned char)code;
            /* 2^−k for k from −127 to 127: 127 has no normal number. */
            float by = code < 254 ? float_of((254u - code) << 23) : 0x1p-127f;
            times(&s, amax < INFINITE ? by : 0);
            times(&s, unit);
            UNROLLED
            for (int k = 0; k < VECTORS; k++)
                store_floats(scaled + at + k * LANES, s.v[k]);
        }
        hu_convert_array(e->element, codes + i, e->fp32, scaled, n, &e->options.elements, NULL);
    }
    for (size_t i = 0; i < whole; i += STEP)
        if (scales[i / STEP] == 0xff)
            hu_block_encode_rest(e, row, i, i + STEP);
    hu_block_encode_rest(e, row, whole, e->columns);
}

/*
 * fp4_e2m1's code of a magnitude is how many of seven bounds it has reached: the middles of its
 * values times the scale, or the next fp32 above where the tie goes to the even code below.
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

INLINE words fp4_codes(floats x, const float bounds[8])
{
    words magnitude = (words)x & 0x7fffffff, code = (words)x >> 28 & 8;
    UNROLLED
    for (int i = 0; i < 7; i++)
        code -= (words)((floats)magnitude >= bounds[i]);
    return code;
}

/* 32 codes in 16 bytes, the first in the low half. */
INLINE void store_nibbles(const unsigned char *from, unsigned char *to)
{
    __m128i low = _mm_set1_epi16(0x00ff), a = _mm_loadu_si128((const __m128i *)from),
            b = _mm_loadu_si128((const __m128i *)(from + 16));
    a = _mm_or_si128(_mm_and_si128(a, low), _mm_srli_epi16(a, 4));
    b = _mm_or_si128(_mm_and_si128(b, low), _mm_srli_epi16(b, 4));
    _mm_storeu_si128((__m128i *)to, _mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low)));
}

INLINE void mx_fp4_encode(struct hu_block_encoding *e, size_t row)
{
    const struct ruler ruler = ruler_of(e);
    const float *from = row_of(e, row);
    unsigned char *codes = e->codes + row * parts_row_bytes(e->b, e->columns);
    unsigned char *scales = e->scales + parts_tile(e->b, e->columns, row, 0);
    size_t i = 0;
    for (; i + STEP <= e->columns; i += STEP) {
        struct step s;
        float bounds[8];
        unsigned char c[32];
        load_step(from + i, &s);
        uint32_t amax = greatest(&s, 0, VECTORS);
        unsigned code = e8m0_of(&ruler, amax);
        if (amax >= INFINITE) {
            hu_block_encode_rest(e, row, i, i + STEP);
            continue;
        }
        scales[i / STEP] = (unsigned char)code;
        bounds_of((double)power_of(code), bounds);
        UNROLLED
        for (int k = 0; k < VECTORS; k++)
            store_bytes(c + k * LANES, fp4_codes(s.v[k], bounds));
        store_nibbles(c, codes + i / 2);
    }
    hu_block_encode_rest(e, row, i, e->columns);
}

/* The block's scale is amax / (6 · the tensor's), to the nearest e4m3. */
INLINE void nvfp4_encode(struct hu_block_encoding *e, size_t row)
{
    const float *from = row_of(e, row), *values = hu_block_e4m3_values();
    unsigned char *codes = e->codes + row * parts_row_bytes(e->b, e->columns);
    unsigned char *scales = e->scales + parts_tile(e->b, e->columns, row, 0);
    double second = (double)e->tensor_scale;
    size_t i = 0;
    for (; second > 0 && i + STEP <= e->columns; i += STEP) {
        struct step s;
        unsigned char c[32];
        load_step(from + i, &s);
        if (greatest(&s, 0, VECTORS) >= INFINITE) {
            hu_block_encode_rest(e, row, i, i + STEP);
            continue;
        }
        UNROLLED
        for (int half = 0; half < 2; half++) {
            enum { EACH = 16 / LANES };
            float bounds[8], amax = float_of(greatest(&s, half * EACH, EACH));
            unsigned code = hu_block_nearest_e4m3((double)amax, 6 * second);
            scales[i / 16 + (size_t)half] = (unsigned char)code;
            bounds_of((double)values[code] * second, bounds);
            /* Under a scale that became zero there are zeros alone. */
            if (!code)
                for (int k = 0; k < 7; k++)
                    bounds[k] = __builtin_inff();
            UNROLLED
            for (int k = half * EACH; k < (half + 1) * EACH; k++)
                store_bytes(c + k * LANES, fp4_codes(s.v[k], bounds));
        }
        store_nibbles(c, codes + i / 2);
    }
    hu_block_encode_rest(e, row, i, e->columns);
}

INLINE void put_fp16(const struct hu_block_encoding *e, unsigned char *at, float d)
{
    __m128i half = _mm_cvtps_ph(_mm_set_ss(d), _MM_FROUND_TO_NEAREST_INT);
    uint16_t word = (uint16_t)_mm_cvtsi128_si32(half);
    memcpy(at, &word, sizeof word);
    (void)e;
}

/* ggml's q8_0 and q4_0 (encode_ggml.c says how). Its scales' inverses are infinite below 2^−128. */
INLINE void ggml_encode(struct hu_block_encoding *e, size_t row, bool q8)
{
    const float *from = row_of(e, row);
    unsigned char *to = e->codes + row * parts_row_bytes(e->b, e->columns);
    size_t i = 0;
    for (; i + STEP <= e->columns; i += STEP, to += e->b->bytes) {
        struct step s;
        load_step(from + i, &s);
        uint32_t amax = greatest(&s, 0, VECTORS);
        float d = q8 ? float_of(amax) / 127 : float_of(amax) / 8;
        float inverse = d > 0x1p-126f ? 1 / d : 0;
        if (amax >= INFINITE || (amax && !(inverse > 0))) {
            hu_block_encode_rest(e, row, i, i + STEP);
            continue;
        }
        if (!q8) { /* the first of the greatest becomes −8 */
            int k = 0;
            uint32_t bits;
            for (memcpy(&bits, from + i, 4); (bits & 0x7fffffff) != amax;)
                memcpy(&bits, from + i + ++k, 4);
            d = bits >> 31 || !amax ? d : -d;
            inverse = d < 0 ? -inverse : inverse;
            d = amax ? d : -0.0f;
        }
        put_fp16(e, to, d);
        unsigned char c[32];
        UNROLLED
        for (int k = 0; k < VECTORS; k++) {
            floats v = s.v[k] * inverse;
            if (q8) {
                /* roundf: half of what is just below 1 more, with v's sign, and cut off. */
                words half = ((words)v & 0x80000000) | 0x3effffff;
                store_bytes(to + 2 + k * LANES, float_words(v + (floats)half));
            } else {
                words q = float_words(v + 8.5f);
                store_bytes(c + k * LANES, q - ((q >> 4) & 1));
            }
        }
        if (!q8)
            for (int k = 0; k < 16; k++)
                to[2 + k] = (unsigned char)(c[k] | c[k + 16] << 4);
    }
    hu_block_encode_rest(e, row, i, e->columns);
}

#define ENCODE(name, call)                                                                         \
    TARGET static void name(struct hu_block_encoding *e, size_t row)                               \
    {                                                                                              \
        call;                                                                                      \
    }

ENCODE(encode_mx_bytes, mx_bytes_row(e, row))
ENCODE(encode_mx_fp4, mx_fp4_encode(e, row))
ENCODE(encode_nvfp4, nvfp4_encode(e, row))
ENCODE(encode_q8_0, ggml_encode(e, row, true))
ENCODE(encode_q4_0, ggml_encode(e, row, false))

hu_block_encode_row *NAMED(hu_block_encode)(const struct hu_block_encoding *e)
{
    const struct hu_block *b = e->b;
    if (b->ggml_type == 2 || b->ggml_type == 8)
        return b->ggml_type == 2 ? encode_q4_0 : encode_q8_0;
    if (b->layout != HU_BLOCK_PARTS)
        return NULL;
    if (b->over == HU_OVER_TENSOR && b->tile_columns == 16 && b->code_bits == 4)
        return encode_nvfp4;
    if (strcmp(b->scale, "e8m0") != 0 || b->tile_rows != 1 || b->tile_columns != STEP ||
        b->keeps_nan)
        return NULL;
    return b->code_bits == 8 ? encode_mx_bytes : b->code_bits == 4 ? encode_mx_fp4 : NULL;
}
