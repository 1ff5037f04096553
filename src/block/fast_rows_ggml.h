/*
 * Rows of GGUF's blocks, for fast_rows.h. Long blocks fall apart, a few of them before any is put
 * under its scales, which none then waits for. Those of 32 elements are put under theirs as they
 * lie.
 */

/* What codes of four bits of a GGUF type stand for, if they are looked up to become bf16. */
enum ggml_codes {
    NO_TABLE,
    OF_LESS_8, /* −8 to 7 */
    OF_0_TO_15,
    OF_CURVE,
};

/* Those that are known while compiling. q8_k alone has an fp32 as its scale: of more bits than a
 * product with room for them. */
enum {
    TYPE_Q4_0 = 2,
    TYPE_Q4_1 = 3,
    TYPE_Q5_0 = 6,
    TYPE_Q5_1 = 7,
    TYPE_Q8_0 = 8,
    TYPE_Q8_1 = 9,
    TYPE_Q4_K = 12,
    TYPE_Q8_K = 15,
    TYPE_IQ4_NL = 20,
    TYPE_IQ4_XS = 23,
    TYPE_MXFP4 = 39,
    TYPE_NVFP4 = 40
};

INLINE enum ggml_codes codes_of(int type)
{
    return type == TYPE_Q4_0                            ? OF_LESS_8
           : type == TYPE_Q4_1 || type == TYPE_Q4_K     ? OF_0_TO_15
           : type == TYPE_IQ4_NL || type == TYPE_IQ4_XS ? OF_CURVE
                                                        : NO_TABLE;
}

/* The scale and what is taken away of elements; of what has no minima nothing. */
struct under {
    floats8 scale, less;
};

/* The same of each sixteen elements of a block. */
struct over {
    float scale[HU_BLOCK_MAX / 16], less[HU_BLOCK_MAX / 16];
};

/* Numbers of which each stands over 2^SHIFT of ELEMENTS, times BY. */
INLINE void put_products(const int32_t *a, size_t elements, int shift, float by, float *to)
{
    const __m256i low = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3),
                  high = _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7);
    __m256 x = (__m256)splat8((float)*a * by);
    if (shift > 5) {
        _mm256_storeu_ps(to, x);
        _mm256_storeu_ps(to + 8, x);
        return;
    }
    for (size_t k = 0; k < elements >> shift; k += 8) {
        x = _mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(a + k)));
        x = _mm256_mul_ps(x, (__m256)splat8(by));
        _mm256_storeu_ps(to + k, shift == 5 ? _mm256_permutevar8x32_ps(x, low) : x);
        if (shift == 5)
            _mm256_storeu_ps(to + 8, _mm256_permutevar8x32_ps(x, high));
    }
}

INLINE void put_over(const struct hu_block *b, const struct hu_block_unpacked *u, bool minima,
                     float unit, struct over *of)
{
    const int shift = __builtin_ctz(b->sub ? b->sub : HU_BLOCK_MAX);
    put_products(u->a, b->elements, shift, u->d * unit * power_of((unsigned)(127 + b->power)),
                 of->scale);
    if (minima)
        put_products(u->b, b->elements, shift, u->m, of->less);
}

INLINE struct under under_of(const struct over *of, bool minima, size_t i)
{
    return (struct under){splat8(of->scale[i / 16]), splat8(minima ? of->less[i / 16] : 0)};
}

/* Elements of one in the first lane, of another in the second. */
INLINE struct under under_two(const struct over *of, bool minima, size_t i, size_t k)
{
    struct under a = under_of(of, minima, i), b = under_of(of, minima, k);
    return (struct under){in_lanes(a.scale, b.scale), in_lanes(a.less, b.less)};
}

/* Sixteen under it, as bf16. Products are exact, so that one step rounds their differences. */
INLINE halves16 under_narrow(struct sixteen x, struct under of, bool minima,
                             enum exactness exactness, halves16 *middles)
{
    if (minima) {
        x.even = (floats8)_mm256_fmsub_ps((__m256)x.even, (__m256)of.scale, (__m256)of.less);
        x.odd = (floats8)_mm256_fmsub_ps((__m256)x.odd, (__m256)of.scale, (__m256)of.less);
    } else {
        multiply(&x, of.scale);
    }
    return rounded(&x, exactness, middles);
}

/* What sixteen codes stand for, those of each lane under what is over it. */
INLINE struct planes under_planes(struct under of, enum ggml_codes codes, bool minima)
{
    static const float plain[2][16] = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}};
    const float *t = plain[codes == OF_CURVE];
    struct sixteen low, high;
    if (codes == OF_LESS_8)
        return mirrored(under_narrow(one_to_eight(), of, minima, EXACT, NULL), LESS_8);
    for (int n = 0; n < 4; n++) {
        low.even[n] = low.even[n + 4] = t[2 * n];
        low.odd[n] = low.odd[n + 4] = t[2 * n + 1];
        high.even[n] = high.even[n + 4] = t[2 * n + 8];
        high.odd[n] = high.odd[n + 4] = t[2 * n + 9];
    }
    return two_tables(under_narrow(low, of, minima, EXACT, NULL),
                      under_narrow(high, of, minima, EXACT, NULL));
}

/* 32 to bf16, sixteen under each. */
INLINE void ggml_bytes(struct under first, struct under last, bool minima, const void *q,
                       uint16_t *dst, enum exactness exactness, halves16 *middles)
{
    const char *at = q;
    store_halves(dst, under_narrow(sixteen_int8(at), first, minima, exactness, middles));
    store_halves(dst + 16, under_narrow(sixteen_int8(at + 16), last, minima, exactness, middles));
}

/* And to fp32. */
INLINE void ggml_wide(const void *q, const struct over *of, bool minima, size_t i, float *dst)
{
    struct step s;
    load_int8((const char *)q + i, &s);
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        size_t number = (i + (size_t)(k * LANES)) / 16;
        s.v[k] *= of->scale[number];
        if (minima)
            s.v[k] -= of->less[number];
    }
    put(dst + i, &s);
}

/* Whether no difference of products under scales of these exponents is rounded: its terms are
 * integers of 11 and at most 10 bits under two fp16, which are less than a fp32's 24 bits apart. */
INLINE bool stays_whole(int d, int m)
{
    return m - d >= -1 && m - d <= 6;
}

/* Whether a difference is the middle of two bf16, but was not before it was rounded (Knuth's sum,
 * TAOCP 4.2.2). */
INLINE bool misleads(const struct hu_block *b, const struct hu_block_unpacked *u)
{
    words8 bad = {0};
    for (size_t i = 0; i < b->elements; i += 8) {
        floats8 scale = splat8(u->d * (float)u->a[i / b->sub]);
        floats8 less = splat8(u->m * (float)u->b[i / b->sub]);
        __m128i q = _mm_loadl_epi64((const __m128i *)(u->q + i));
        floats8 product = (floats8)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q)) * scale;
        floats8 value = product - less, back = value - product;
        bad |= (words8)(((words8)value & 0xffff) == 0x8000) &
               (words8)((product - (value - back)) - (less + back) != 0);
    }
    return any_byte((bytes32)bad);
}

/* A block to bf16 whose differences, or products under an fp32, may be rounded twice. False: they
 * were, or may have been, or a scale is no number: the truth is to be asked. */
ROW __attribute__((noinline, cold)) static bool
careful_block(const struct hu_block *b, const unsigned char *at, uint16_t *dst)
{
    struct hu_block_unpacked u = {.m = 0};
    struct over of = {.less = {0}};
    halves16 middles = {0};
    readers[b->ggml_type](at, &u);
    put_over(b, &u, b->minima, 0x1p-24f, &of);
    for (size_t i = 0; i < b->elements; i += STEP)
        ggml_bytes(under_of(&of, true, i), under_of(&of, true, i + 16), true, u.q + i, dst + i,
                   ROUNDED, &middles);
    /* An fp32 may be too small to be divided by 2^24. */
    return is_finite(u.d) && is_finite(u.m) &&
           (b->minima ? !any_middle(middles) || !misleads(b, &u)
                      : !any_middle(middles) && __builtin_fabsf(u.d) > 0x1p-100f);
}

/* The steps of BAD, of BLOCKS blocks each. */
ROW __attribute__((noinline, cold)) static void redo_blocks(const struct hu_block_job *j,
                                                            size_t row, size_t step, size_t blocks,
                                                            uint32_t bad, void *dst, bool narrow)
{
    const size_t length = j->b->elements;
    const unsigned char *codes = codes_at(j, row);
    bool careful = narrow && (j->b->minima || j->b->ggml_type == TYPE_Q8_K);
    for (; bad; bad >>= 1, step++)
        for (size_t n = step * blocks; bad & 1 && n < (step + 1) * blocks; n++)
            if (!careful ||
                !careful_block(j->b, codes + n * j->b->bytes, (uint16_t *)dst + n * length))
                redo(j, row, n * length, length, dst, narrow);
}

/* Blocks that fall apart before the first one is put together. */
enum { AHEAD = 8 };

struct apart {
    struct hu_block_unpacked u;
    struct over of;
};

INLINE int exponent_of(float x)
{
    return (int)(hu_bits_of_float(x) >> 23 & 255);
}

/* False: to be done again. */
INLINE bool fall_apart(const struct hu_block *b, const unsigned char *at, bool minima, bool narrow,
                       enum ggml_codes codes, struct apart *to)
{
    struct hu_block_unpacked *u = &to->u;
    if (narrow && codes == OF_0_TO_15)
        unpack_q4_k_scales(at, u);
    else if (narrow && codes == OF_CURVE)
        unpack_iq4_xs_scales(at, u);
    else
        readers[b->ggml_type](at, u);
    put_over(b, u, minima, narrow && !codes ? 0x1p-24f : 1, &to->of);
    if (!is_finite(u->d) || (minima && !is_finite(u->m)))
        return false;
    return !narrow ||
           (minima ? stays_whole(exponent_of(u->d), exponent_of(u->m)) || u->d == 0 || u->m == 0
                   : b->ggml_type != TYPE_Q8_K);
}

/* 64 of a block, four bits each, to bf16. */
INLINE void long_codes(const struct over *of, enum ggml_codes codes, bool minima,
                       const unsigned char *at, size_t i, uint16_t *dst)
{
    struct planes p = under_planes(under_two(of, minima, i, i + STEP), codes, minima);
    at += i / 2;
    store_codes(dst + i, p, p,
                codes == OF_0_TO_15 ? wide_codes(at) : parted_codes(two_loads(at, at + 16)));
}

INLINE void long_block(const struct hu_block *b, const unsigned char *at, const struct apart *x,
                       bool minima, bool narrow, enum ggml_codes codes, void *dst)
{
    const size_t elements = b->elements;
    for (size_t i = 0; i < elements; i += 2 * STEP) {
        if (narrow && codes) {
            long_codes(&x->of, codes, minima, at + b->bytes - elements / 2, i, dst);
            continue;
        }
        UNROLLED
        for (size_t k = i; k < i + 2 * STEP; k += STEP)
            if (narrow)
                ggml_bytes(under_of(&x->of, minima, k), under_of(&x->of, minima, k + 16), minima,
                           x->u.q + k, (uint16_t *)dst + k, EXACT, NULL);
            else
                ggml_wide(x->u.q, &x->of, minima, k, dst);
    }
}

/* Of blocks of any type; CODES where codes are looked up. */
INLINE void long_row(const struct hu_block_job *j, size_t row, void *dst, bool minima, bool narrow,
                     enum ggml_codes codes)
{
    const struct hu_block *b = j->b;
    const size_t steps = j->columns / b->elements, size = b->elements * (narrow ? 2 : 4);
    const unsigned char *at = codes_at(j, row);
    struct apart x[AHEAD];
    for (size_t n = 0, here; n < steps; n += here, at += here * b->bytes) {
        uint32_t bad = 0;
        here = steps - n < AHEAD ? steps - n : AHEAD;
        for (size_t k = 0; k < here; k++)
            bad |= (uint32_t)!fall_apart(b, at + k * b->bytes, minima, narrow, codes, &x[k]) << k;
        for (size_t k = 0; k < here; k++)
            long_block(b, at + k * b->bytes, &x[k], minima, narrow, codes,
                       (char *)dst + (n + k) * size);
        if (__builtin_expect(bad, 0))
            redo_blocks(j, row, n, 1, bad, dst, narrow);
    }
    if (steps * b->elements < j->columns)
        redo(j, row, steps * b->elements, j->columns - steps * b->elements, dst, narrow);
}

/* fp16 in the first four of eight, and another one in the last. */
INLINE floats8 two_halves(const unsigned char *a, const unsigned char *b)
{
    __m128i x = _mm_set1_epi16((short)unpack_half(a));
    if (a != b)
        x = _mm_unpacklo_epi64(x, _mm_set1_epi16((short)unpack_half(b)));
    return (floats8)_mm256_cvtph_ps(x);
}

/* Whether the scale of a short block, and its minimum, are numbers, and differences under them
 * WHOLE, if that is asked. Integers: vectors have more to do here. */
INLINE bool short_is_plain(const unsigned char *at, bool minima, bool whole)
{
    enum { EXPONENT = 0x7c00 };
    unsigned d = unpack_half(at) & EXPONENT, m = minima ? unpack_half(at + 2) & EXPONENT : 0;
    bool finite = d != EXPONENT && m != EXPONENT;
    return finite && (!minima || !whole || (d && m && stays_whole((int)(d >> 10), (int)(m >> 10))));
}

/* A block of 32, or two of four bits an element, that begin with their scales, to bf16. False: to
 * be done again. */
INLINE bool short_narrow(int type, const unsigned char *a, const unsigned char *b, size_t bytes,
                         words8 *most, uint16_t *dst)
{
    const bool minima = type == TYPE_Q4_1 || type == TYPE_Q5_1;
    const enum ggml_codes codes = codes_of(type);
    struct under of = {two_halves(a, b), {0}};
    if (minima)
        of.less = -two_halves(a + 2, b + 2);
    else
        *most = (words8)_mm256_max_epu32((__m256i)*most, (__m256i)((words8)of.scale & 0x7fffffff));
    if (codes) {
        struct planes p = under_planes(of, codes, minima);
        const size_t at = bytes - STEP / 2;
        store_codes(dst, p, p, parted_codes(two_loads(a + at, b + at)));
    } else {
        struct hu_block_unpacked u;
        const bool fives = type == TYPE_Q5_0 || type == TYPE_Q5_1;
        if (fives)
            unpack_fives(a + (minima ? 4 : 2), u.q, minima ? 0 : 16);
        of.scale *= 0x1p-24f;
        ggml_bytes(of, of, minima, fives ? (const void *)u.q : a + bytes - STEP, dst, EXACT, NULL);
    }
    if (!minima)
        return true;
    return short_is_plain(a, minima, true) && (a == b || short_is_plain(b, minima, true));
}

/* 32 to fp32. */
INLINE bool short_wide(int type, const unsigned char *at, size_t bytes, float *dst)
{
    const bool minima = type == TYPE_Q4_1 || type == TYPE_Q5_1;
    struct hu_block_unpacked u;
    const void *q = u.q;
    struct over of;
    switch (type) {
    case TYPE_Q4_0:
        unpack_q4_0(at, &u);
        break;
    case TYPE_Q4_1:
        unpack_q4_1(at, &u);
        break;
    case TYPE_Q5_0:
        unpack_q5_0(at, &u);
        break;
    case TYPE_Q5_1:
        unpack_q5_1(at, &u);
        break;
    case TYPE_IQ4_NL:
        unpack_iq4_nl(at, &u);
        break;
    default:
        u.d = hardware_fp16(at);
        q = at + bytes - STEP;
    }
    of.scale[0] = of.scale[1] = u.d;
    of.less[0] = of.less[1] = minima ? -u.m : 0;
    ggml_wide(q, &of, minima, 0, dst);
    return short_is_plain(at, minima, false);
}

/* 32 under an e8m0. */
INLINE bool ggml_mxfp4(const struct hu_block_planes *planes, const unsigned char *at, void *dst,
                       bool narrow)
{
    return fp4_step(planes, *at, parted_nibbles(at + 1, narrow ? FOR_HALVES : FOR_WORDS), false,
                    dst, narrow);
}

/* 64 under four e4m3 without a sign, of which the NaN is zero, to bf16. */
INLINE bool ggml_nvfp4(const unsigned char *at, uint16_t *dst)
{
    uint32_t roots[8];
    uint32_t codes = unpack_word(at), scales = codes & 0x7f7f7f7f;
    uint32_t nan = (scales + 0x01010101) & ~codes & 0x80808080;
    nvfp4_roots(scales & ~(nan - (nan >> 7)), 1, false, roots);
    for (int k = 0; k < 2; k++)
        store_lanes(dst + 32 * k, rooted(roots + 2 * k, FP4_PLUS_ZERO),
                    parted_nibbles(at + 4 + 16 * k, FOR_HALVES));
    return true;
}

INLINE void short_row(const struct hu_block_job *j, size_t row, void *dst, int type, bool narrow)
{
    const size_t bytes = j->b->bytes, at_once = narrow && codes_of(type) ? 2 : 1;
    const size_t length = at_once * (type == TYPE_NVFP4 ? 2 * STEP : STEP),
                 size = length * (narrow ? 2 : 4), steps = j->columns / length;
    const unsigned char *at = codes_at(j, row);
    const struct hu_block_planes *planes = hu_block_fp4_planes();
    for (size_t n = 0, here; n < steps; n += here) {
        uint32_t bad = 0;
        words8 most = {0}; /* of scales that stand alone */
        here = steps - n < BATCH ? steps - n : BATCH;
        for (size_t k = 0; k < here; k++, at += at_once * bytes) {
            void *to = (char *)dst + (n + k) * size;
            bool fine = type == TYPE_MXFP4   ? ggml_mxfp4(planes, at, to, narrow)
                        : type == TYPE_NVFP4 ? ggml_nvfp4(at, to)
                        : narrow
                            ? short_narrow(type, at, at + (at_once - 1) * bytes, bytes, &most, to)
                            : short_wide(type, at, bytes, to);
            bad |= (uint32_t)!fine << k;
        }
        if (__builtin_expect(any_byte((bytes32)(most >= 0x7f800000)), 0))
            bad = (uint32_t)(((uint64_t)1 << here) - 1);
        if (__builtin_expect(bad, 0))
            redo_blocks(j, row, n, at_once, bad, dst, narrow);
    }
    if (steps * length < j->columns)
        redo(j, row, steps * length, j->columns - steps * length, dst, narrow);
}
