/* Steps of ggml's encoders (encode_ggml.c says how), in lanes; included by fast_encode.h. */

/* What stands over a block's elements, as it is written and to encode with. */
struct ggml_scale {
    float least, inverse;
    uint16_t d, m;
};

INLINE void put_fp16(unsigned char *at, float d)
{
    uint16_t word = _cvtss_sh(d, _MM_FROUND_TO_NEAREST_INT);
    memcpy(at, &word, sizeof word);
}

/* The first element of a magnitude, which one has. */
INLINE float first_of(const struct step *s, const float *x, uint32_t magnitude)
{
    uint32_t found = 0;
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        found |= tops_of((words)(((words)s->v[k] & 0x7fffffff) == magnitude)) << k * LANES;
    return x[__builtin_ctz(found)];
}

/* The least and the greatest. Words in the order of floats; of zeros the first is the least. */
INLINE float ends_of(const struct step *s, const float *x, float *most)
{
    words above = {0}, below = {0};
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        words bits = (words)s->v[k];
        words key = bits ^ (((words){0} - (bits >> 31)) | 0x80000000);
        above = larger(above, key);
        below = larger(below, ~key);
    }
    uint32_t high = most_of(above), low = ~most_of(below);
    *most = hu_float_of_bits(high >> 31 ? high ^ 0x80000000 : ~high);
    float least = hu_float_of_bits(low >> 31 ? low ^ 0x80000000 : ~low);
    return least == 0 ? first_of(s, x, 0) : least;
}

INLINE void store_nibbles(bytes32 c, unsigned char *to)
{
    __m128i high = _mm256_extracti128_si256((__m256i)(c << 4), 1);
    __m128i low = _mm256_castsi256_si128((__m256i)(c & 15));
    _mm_storeu_si128((__m128i *)to, _mm_or_si128(low, high));
}

INLINE void store_fifths(bytes32 c, unsigned char *to)
{
    int bits = _mm256_movemask_epi8((__m256i)(c << 3));
    memcpy(to, &bits, sizeof bits);
}

INLINE void put_word(unsigned char *at, uint16_t word)
{
    memcpy(at, &word, sizeof word);
}

/* Eight floats as fp16. */
INLINE void halve(const float *from, uint16_t *to)
{
    _mm_storeu_si128((__m128i *)to,
                     _mm256_cvtps_ph(_mm256_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT));
}

/* Of blocks of 32 for N elements. Those that are not finite, or whose scale has no inverse, have a
 * bit in what is returned. */
INLINE uint32_t ggml_scales(const struct context *c, enum encoder to, const float *x, size_t n,
                            struct ggml_scale *of)
{
    enum { MOST = ENCODE_CHUNK / STEP };
    const float steps = to == TO_Q8_0     ? 127
                        : to == TO_LINEAR ? (float)-(1 << (c->bits - 1))
                                          : (float)((1 << c->bits) - 1);
    uint32_t amax[MOST] = {0}, undone = 0;
    float range[MOST] = {0}, least[MOST] = {0}, inverse[MOST];
    uint16_t d[MOST], m[MOST];
    greatest_of_blocks(x, n, STEP, amax);
    for (size_t k = 0; k < n / STEP; k++) {
        struct step s;
        load_step(x + k * STEP, &s);
        if (to == TO_MINIMA) {
            float most;
            least[k] = ends_of(&s, x + k * STEP, &most);
            range[k] = most - least[k];
        } else if (to == TO_LINEAR) { /* the first of the greatest becomes the least code */
            float first = first_of(&s, x + k * STEP, amax[k]);
            range[k] = amax[k] ? first : 0;
        } else {
            range[k] = hu_float_of_bits(amax[k]);
        }
    }
    for (size_t k = 0; k < n / STEP; k += LANES) {
        floats v = load_floats(range + k) / steps, back;
        words magnitude = (words)v & 0x7fffffff, bits;
        store_floats(range + k, v);
        back = (floats)((words)(1 / v) & (words)((floats)magnitude > 0x1p-126f));
        store_floats(inverse + k, back);
        GET(bits, amax + k);
        undone |= tops_of((words)(bits >= INFINITE) | (words)(magnitude >= INFINITE) |
                          ((words)(magnitude != 0) & (words)(((words)back & 0x7fffffff) == 0)))
                  << k;
    }
    for (size_t k = 0; k < MOST; k += 8) {
        halve(range + k, d + k);
        halve(least + k, m + k);
    }
    for (size_t k = 0; k < n / STEP; k++)
        of[k] = (struct ggml_scale){least[k], inverse[k], d[k], m[k]};
    return undone;
}

/* (x − minimum) / d and BITS bits of it. */
INLINE void linear_step(unsigned char *to, const struct step *s, int bits, bool minima,
                        const struct ggml_scale *of)
{
    words codes[VECTORS];
    const float bias = 0.5f + (minima ? 0 : (float)(1 << (bits - 1)));
    put_word(to, of->d);
    if (minima)
        put_word(to + 2, of->m);
    to += minima ? 4 : 2;
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        floats x = minima ? s->v[k] - of->least : s->v[k];
        words q = float_words(x * of->inverse + bias);
        codes[k] = q - (q >> bits & 1);
    }
    bytes32 c = join_words(codes);
    if (bits == 5) {
        store_fifths(c, to);
        to += 4;
    }
    store_nibbles(c, to);
}

INLINE void q8_0_step(unsigned char *to, const struct step *s, const struct ggml_scale *of)
{
    words codes[VECTORS];
    put_word(to, of->d);
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        /* roundf: half of what is just below 1 more, with v's sign, and cut off. */
        floats v = s->v[k] * of->inverse;
        words half = ((words)v & 0x80000000) | 0x3effffff;
        codes[k] = float_words(v + (floats)half);
    }
    bytes32 c = join_words(codes);
    PUT(to + 2, c);
}

/* The sums are ggml's, one element after the other. */
INLINE bool iq4_nl_step(unsigned char *to, const struct step *s, const float *x,
                        const struct ladder *curve)
{
    words codes[VECTORS];
    float product[STEP], square[STEP], products = 0, squares = 0;
    words most = {0};
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        most = larger(most, (words)s->v[k] & 0x7fffffff);
    uint32_t amax = most_of(most);
    float max = amax < INFINITE ? first_of(s, x, amax) : 1;
    bool none = __builtin_fabsf(max) < 1e-15f;
    float inverse = none ? 0 : 1 / (max / -127);
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        codes[k] = reached(curve, 0, inverse * s->v[k]);
    bytes32 c = join_words(codes), point = look_up(hu_block_curve, c);
    int8_t points[STEP];
    PUT(points, point);
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        floats v = s->v[k], q = int8_floats(points + k * LANES), weight = v * v;
        store_floats(product + k * LANES, weight * q * v);
        store_floats(square + k * LANES, weight * q * q);
    }
    for (int i = 0; i < STEP; i++) {
        products += product[i];
        squares += square[i];
    }
    put_fp16(to, !none && squares > 0 ? products / squares : 0);
    store_nibbles(c, to + 2);
    return amax < INFINITE && is_finite(squares) && is_finite(products);
}

/* Of 32 elements of fp4 the codes under these halves of scales, one for each VECTORS / EACH
 * vectors: how many middles of two a magnitude is beyond, which are exact. A zero has no sign. */
INLINE bytes32 ggml_fp4_codes(const float *x, const float *half, int each)
{
    static const float middles[] = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10};
    words codes[VECTORS];
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        words bits = (words)load_floats(x + k * LANES), count = {0};
        floats size = (floats)(bits & 0x7fffffff);
        UNROLLED
        for (int i = 0; i < 7; i++)
            count -= (words)(size > middles[i] * half[k / each]);
        codes[k] = count | (bits >> 28 & 8 & (words)(count != 0));
    }
    return join_words(codes);
}

/* A block, where 32 or 16 elements have a scale. */
INLINE void ggml_fp4_block(unsigned char *to, const float *x, const float *half, bool micro)
{
    if (micro) {
        store_nibbles(ggml_fp4_codes(x, half, VECTORS), to + 1);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        __m256i c = (__m256i)ggml_fp4_codes(x + STEP * i, half + 2 * i, VECTORS / 2);
        c = _mm256_or_si256(c, _mm256_slli_epi16(_mm256_srli_si256(c, 8), 4));
        c = _mm256_permute4x64_epi64(c, 8);
        _mm_storeu_si128((__m128i *)(to + 4 + 16 * i), _mm256_castsi256_si128(c));
    }
}

/*
 * mxfp4 and nvfp4. The truth has blocks with what is not finite, or from 2^127 on, where a code's
 * value may overflow, or beyond 16 halves of nvfp4's greatest scale, where differences round.
 */
INLINE void ggml_fp4_row(struct hu_block_encoding *e, size_t row, bool micro)
{
    const size_t each = micro ? 32 : 16, length = e->b->elements, bytes = e->b->bytes,
                 whole = e->columns / length * length;
    const uint32_t most = hu_bits_of_float(micro ? 0x1p127f : 16 * 224);
    unsigned char *to = e->codes + row * parts_row_bytes(e->b, e->columns);
    float room[ENCODE_CHUNK];
    for (size_t i = 0, n; i < whole; i += n) {
        n = whole - i < ENCODE_CHUNK ? whole - i : ENCODE_CHUNK;
        const float *x = source(e, row * e->columns + i, n, room);
        uint32_t amax[ENCODE_CHUNK / 16];
        greatest_of_blocks(x, n, each, amax);
        for (size_t at = 0; at < n; at += length, to += bytes) {
            float half[4];
            bool usual = true;
            for (size_t k = 0; k < length / each; k++) {
                uint32_t bits = amax[at / each + k];
                float size = hu_float_of_bits(bits);
                to[k] = micro ? ggml_e8m0(size, &half[k]) : ggml_e4m3(size, &half[k]);
                half[k] = half[k] != 0 ? half[k] : __builtin_inff();
                usual &= bits < most;
            }
            if (usual)
                ggml_fp4_block(to, x + at, half, micro);
            else
                hu_block_encode_rest(e, row, i + at, i + at + length);
        }
    }
    if (whole < e->columns)
        hu_block_encode_rest(e, row, whole, e->columns);
}
