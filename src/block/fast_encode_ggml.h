/* Steps of ggml's encoders (encode_ggml.c says how), in lanes; included by fast_encode.h. */

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

/* (x − minimum) / d and BITS bits of it. */
INLINE bool linear_step(unsigned char *to, const struct step *s, const float *x, int bits,
                        bool minima)
{
    words codes[VECTORS];
    uint32_t amax = greatest(s, 0, VECTORS);
    float most = 0, least = 0, d, bias = 0.5f;
    if (minima) {
        least = ends_of(s, x, &most);
        d = (most - least) / (float)((1 << bits) - 1);
        put_fp16(to + 2, least);
    } else { /* the first of the greatest becomes the least code */
        d = amax < INFINITE ? first_of(s, x, amax) : 0;
        d = (amax ? d : 0.0f) / (float)-(1 << (bits - 1));
        bias += (float)(1 << (bits - 1));
    }
    put_fp16(to, d);
    to += minima ? 4 : 2;
    float inverse = __builtin_fabsf(d) > 0x1p-126f ? 1 / d : 0;
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        words q = float_words((s->v[k] - least) * inverse + bias);
        codes[k] = q - (q >> bits & 1);
    }
    bytes32 c = join_words(codes);
    if (bits == 5) {
        store_fifths(c, to);
        to += 4;
    }
    store_nibbles(c, to);
    return amax < INFINITE && is_finite(d) && (d == 0 || inverse != 0);
}

INLINE bool q8_0_step(unsigned char *to, const struct step *s)
{
    uint32_t amax = greatest(s, 0, VECTORS);
    float d = hu_float_of_bits(amax) / 127, inverse = d > 0x1p-126f ? 1 / d : 0;
    words codes[VECTORS];
    put_fp16(to, d);
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        /* roundf: half of what is just below 1 more, with v's sign, and cut off. */
        floats v = s->v[k] * inverse;
        words half = ((words)v & 0x80000000) | 0x3effffff;
        codes[k] = float_words(v + (floats)half);
    }
    bytes32 c = join_words(codes);
    PUT(to + 2, c);
    return amax < INFINITE && (d == 0 || inverse != 0);
}

/* The sums are ggml's, one element after the other. */
INLINE bool iq4_nl_step(unsigned char *to, const struct step *s, const float *x,
                        const struct ladder *curve)
{
    words codes[VECTORS];
    float product[STEP], square[STEP], products = 0, squares = 0;
    uint32_t amax = greatest(s, 0, VECTORS);
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
