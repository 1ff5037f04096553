/* Rows of GGUF's blocks, for fast_rows.h: each falls apart, and is put under its scales. */

/* What codes of four bits of a GGUF type stand for, if they are looked up to become bf16. */
enum ggml_codes {
    NO_TABLE,
    OF_LESS_8, /* −8 to 7 */
    OF_0_TO_15,
    OF_CURVE,
};

/* What a row of a GGUF type is made of: elements, elements that share a scale, whether there are
 * minima, what its codes stand for, the byte where a block's codes of four or eight bits lie as
 * they are, 0 where they have to be put together, and the power of two that all are multiples of.
 */
struct ggml_row {
    int type;
    size_t length, sub;
    bool minima;
    enum ggml_codes table;
    size_t codes;
    int power;
};

/* q8_k alone has an fp32 as its scale: of more bits than a product with room for them. */
enum { TYPE_Q4_K = 12, TYPE_Q8_K = 15, TYPE_MXFP4 = 39, TYPE_NVFP4 = 40 };

/* Number, reader, and the rest of struct ggml_row. */
/* clang-format off */
#define GGML_ROWS(X) \
    X(2, q4_0, 32, 32, false, OF_LESS_8, 2, 0)  X(3, q4_1, 32, 32, true, OF_0_TO_15, 4, 0) \
    X(6, q5_0, 32, 32, false, NO_TABLE, 0, 0)   X(7, q5_1, 32, 32, true, NO_TABLE, 0, 0) \
    X(8, q8_0, 32, 32, false, NO_TABLE, 2, 0)   X(9, q8_1, 32, 32, false, NO_TABLE, 4, 0) \
    X(10, q2_k, 256, 16, true, NO_TABLE, 0, 0)  X(11, q3_k, 256, 16, false, NO_TABLE, 0, 0) \
    X(12, q4_k, 256, 32, true, OF_0_TO_15, 16, 0) X(13, q5_k, 256, 32, true, NO_TABLE, 0, 0) \
    X(14, q6_k, 256, 16, false, NO_TABLE, 0, 0) X(15, q8_k, 256, 256, false, NO_TABLE, 4, 0) \
    X(16, iq2_xxs, 256, 32, false, NO_TABLE, 0, -3) X(17, iq2_xs, 256, 16, false, NO_TABLE, 0, -3) \
    X(18, iq3_xxs, 256, 32, false, NO_TABLE, 0, -2) X(19, iq1_s, 256, 32, false, NO_TABLE, 0, -3) \
    X(20, iq4_nl, 32, 32, false, OF_CURVE, 2, 0) \
    X(21, iq3_s, 256, 32, false, NO_TABLE, 0, 0) X(22, iq2_s, 256, 16, false, NO_TABLE, 0, -3) \
    X(23, iq4_xs, 256, 32, false, OF_CURVE, 8, 0) \
    X(29, iq1_m, 256, 16, false, NO_TABLE, 0, -3) X(34, tq1_0, 256, 256, false, NO_TABLE, 0, 0) \
    X(35, tq2_0, 256, 256, false, NO_TABLE, 0, 0) \
    X(39, mxfp4, 32, 32, false, NO_TABLE, 0, -1)   X(40, nvfp4, 64, 16, false, NO_TABLE, 0, -10) \
    X(41, q1_0, 128, 128, false, NO_TABLE, 0, 0) X(42, q2_0, 64, 64, false, NO_TABLE, 0, 0)
/* clang-format on */

INLINE void unpack(int type, const unsigned char *at, struct hu_block_unpacked *u)
{
    switch (type) {
#define UNPACK_CASE(number, name, ...)                                                             \
    case number:                                                                                   \
        unpack_##name(at, u);                                                                      \
        break;
        GGML_ROWS(UNPACK_CASE)
    }
}

/* The scale and what is taken away of elements; of what has no minima nothing. */
struct under {
    floats8 scale, less;
};

/* The same of all elements of a block that share one. */
struct over {
    float scale[HU_SUBS_MAX], less[HU_SUBS_MAX];
};

INLINE void put_products(const int32_t *a, size_t n, float by, float *to)
{
    if (n == 1)
        *to = (float)*a * by;
    for (size_t k = 0; n > 1 && k < n; k += 8) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(a + k));
        _mm256_storeu_ps(to + k, _mm256_mul_ps(_mm256_cvtepi32_ps(x), (__m256)splat8(by)));
    }
}

INLINE void put_over(const struct hu_block_unpacked *u, const struct ggml_row *r, float unit,
                     struct over *of)
{
    put_products(u->a, r->length / r->sub, u->d * unit, of->scale);
    if (r->minima)
        put_products(u->b, r->length / r->sub, u->m, of->less);
}

INLINE struct under under_of(const struct over *of, const struct ggml_row *r, size_t i)
{
    size_t k = i / r->sub;
    return (struct under){splat8(of->scale[k]), splat8(r->minima ? of->less[k] : 0)};
}

/* Elements of one in the first lane, of another in the second. */
INLINE struct under under_two(const struct over *of, const struct ggml_row *r, size_t i, size_t k)
{
    struct under a = under_of(of, r, i), b = under_of(of, r, k);
    return (struct under){in_lanes(a.scale, b.scale), in_lanes(a.less, b.less)};
}

/* Sixteen under it, as bf16; of differences the middles that have to be looked at. Products are
 * exact, so that one step rounds their differences. */
INLINE halves16 under_narrow(struct sixteen x, struct under of, const struct ggml_row *r,
                             halves16 *middles)
{
    if (r->minima) {
        x.even = (floats8)_mm256_fmsub_ps((__m256)x.even, (__m256)of.scale, (__m256)of.less);
        x.odd = (floats8)_mm256_fmsub_ps((__m256)x.odd, (__m256)of.scale, (__m256)of.less);
    } else {
        multiply(&x, of.scale);
    }
    return rounded(&x, r->minima || r->type == TYPE_Q8_K ? ROUNDED : EXACT, middles);
}

/* What sixteen codes stand for, those of each lane under what is over it. */
INLINE struct planes under_planes(struct under of, const struct ggml_row *r, halves16 *middles)
{
    static const float plain[2][16] = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}};
    const float *t = plain[r->table == OF_CURVE];
    struct sixteen low, high;
    if (r->table == OF_LESS_8)
        return mirrored(under_narrow(one_to_eight(), of, r, middles), LESS_8);
    for (int n = 0; n < 4; n++) {
        low.even[n] = low.even[n + 4] = t[2 * n];
        low.odd[n] = low.odd[n + 4] = t[2 * n + 1];
        high.even[n] = high.even[n + 4] = t[2 * n + 8];
        high.odd[n] = high.odd[n + 4] = t[2 * n + 9];
    }
    return two_tables(under_narrow(low, of, r, middles), under_narrow(high, of, r, middles));
}

/* 64 of a block, four bits each, to bf16. */
INLINE void ggml_codes(const struct over *of, const struct ggml_row *r, const unsigned char *block,
                       size_t i, uint16_t *dst, halves16 *middles)
{
    const unsigned char *at = block + r->codes + i / 2;
    struct planes p = under_planes(under_two(of, r, i, i + STEP), r, middles);
    store_codes(dst, p, p,
                r->type == TYPE_Q4_K ? wide_codes(at) : parted_codes(two_loads(at, at + 16)));
}

/* 32 to bf16, sixteen under each. */
INLINE void ggml_bytes(struct under first, struct under last, const struct ggml_row *r,
                       const void *q, uint16_t *dst, halves16 *middles)
{
    store_halves(dst, under_narrow(sixteen_int8(q), first, r, middles));
    store_halves(dst + 16, under_narrow(sixteen_int8((const char *)q + 16), last, r, middles));
}

/* And to fp32. */
INLINE void ggml_wide(const struct hu_block_unpacked *u, const struct over *of,
                      const struct ggml_row *r, size_t i, float *dst)
{
    struct step s;
    const void *q = u->q + i;
    bytes32 codes;
    if (r->table == OF_CURVE || r->type == TYPE_NVFP4) {
        codes = look_up(r->table ? hu_block_curve : twice_fp4_values,
                        two_loads(u->q + i, u->q + i + 16));
        q = &codes;
    }
    load_int8(q, &s);
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        size_t number = (i + (size_t)(k * LANES)) / r->sub;
        s.v[k] *= of->scale[number];
        if (r->minima)
            s.v[k] -= of->less[number];
    }
    put(dst, &s);
}

/* Whether no difference of a block is rounded: its terms are integers of 11 and at most 10 bits
 * under two fp16, which are less than a fp32's 24 bits apart. */
INLINE bool stays_whole(float scale, float less)
{
    uint32_t d, m;
    memcpy(&d, &scale, sizeof d);
    memcpy(&m, &less, sizeof m);
    int apart = (int)(m >> 23 & 255) - (int)(d >> 23 & 255);
    return (apart >= -1 && apart <= 6) || scale == 0 || less == 0;
}

/* Whether a difference is the middle of two bf16, but was not before it was rounded (Knuth's sum,
 * TAOCP 4.2.2). */
ROW __attribute__((noinline, cold)) static bool misleads(const struct hu_block *b,
                                                         const unsigned char *at)
{
    struct hu_block_unpacked u;
    words8 bad = {0};
    hu_block_unpack(b, at, &u);
    for (size_t i = 0; i < b->elements; i += 8) {
        floats8 scale = splat8(u.d * (float)u.a[i / b->sub]);
        floats8 less = splat8(u.m * (float)u.b[i / b->sub]);
        __m128i q = _mm_loadl_epi64((const __m128i *)(u.q + i));
        floats8 product = (floats8)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q)) * scale;
        floats8 value = product - less, back = value - product;
        bad |= (words8)(((words8)value & 0xffff) == 0x8000) &
               (words8)((product - (value - back)) - (less + back) != 0);
    }
    return any_byte((bytes32)bad);
}

/* Whether the scales of a block, which are numbers, give what the steps here give. */
INLINE bool is_plain(const struct hu_block_job *j, const struct ggml_row *r,
                     const unsigned char *at, float d, float m, halves16 middles)
{
    /* An fp32 may be too small to be divided by 2^24. */
    if (r->type == TYPE_Q8_K)
        return (d == 0 || __builtin_fabsf(d) > 0x1p-100f) &&
               !(any_middle(middles) && may_round(d, 8));
    return !r->minima || __builtin_expect(!any_middle(middles), true) || stays_whole(d, m) ||
           !misleads(j->b, at);
}

/* The greatest magnitudes of scales. */
INLINE void watch(words8 *most, floats8 x)
{
    *most = (words8)_mm256_max_epu32((__m256i)*most, (__m256i)((words8)x & 0x7fffffff));
}

/* A block. False: to be done again, as it is where one of those that are watched is no number. */
INLINE bool ggml_block(const struct hu_block_job *j, const struct ggml_row *r,
                       const unsigned char *at, void *dst, bool narrow, words8 *most)
{
    const float unit = power_of((unsigned)(127 + r->power)) * (narrow && !r->table ? 0x1p-24f : 1);
    const bool codes = narrow && r->table, bytes = r->codes && !r->table;
    struct hu_block_unpacked u;
    struct over of;
    halves16 middles = {0};
    unpack(r->type, at, &u);
    put_over(&u, r, unit, &of);
    watch(most, splat8(u.d));
    if (r->minima)
        watch(most, splat8(u.m));
    for (size_t k = 0; k < r->length; k += codes ? 2 * STEP : STEP)
        if (codes)
            ggml_codes(&of, r, at, k, (uint16_t *)dst + k, &middles);
        else if (narrow)
            ggml_bytes(under_of(&of, r, k), under_of(&of, r, k + 16), r,
                       bytes ? (const void *)(at + r->codes + k) : u.q + k, (uint16_t *)dst + k,
                       &middles);
        else
            ggml_wide(&u, &of, r, k, (float *)dst + k);
    return !narrow || is_plain(j, r, at, u.d, r->minima ? u.m : 0, middles);
}

/* fp16 in the first four of eight, and another one in the last. */
INLINE floats8 two_halves(const unsigned char *a, const unsigned char *b)
{
    __m128i x = _mm_set1_epi16((short)unpack_half(a));
    if (a != b)
        x = _mm_unpacklo_epi64(x, _mm_set1_epi16((short)unpack_half(b)));
    return (floats8)_mm256_cvtph_ps(x);
}

/* A block of 32, or two of four bits an element, that begin with their scales, to bf16. */
INLINE bool ggml_short(const struct hu_block_job *j, const struct ggml_row *r,
                       const unsigned char *a, const unsigned char *b, uint16_t *dst, words8 *most)
{
    halves16 middles = {0};
    const floats8 d = two_halves(a, b);
    struct under of = {d, {0}};
    watch(most, d);
    if (r->minima) {
        of.less = -two_halves(a + 2, b + 2);
        watch(most, of.less);
    }
    if (r->table) {
        struct planes p = under_planes(of, r, &middles);
        store_codes(dst, p, p, parted_codes(two_loads(a + r->codes, b + r->codes)));
    } else {
        struct hu_block_unpacked u;
        unpack(r->type, a, &u);
        of.scale *= 0x1p-24f;
        ggml_bytes(of, of, r, r->codes ? (const void *)(a + r->codes) : u.q, dst, &middles);
    }
    return is_plain(j, r, a, d[0], of.less[0], middles) &&
           (!r->table || is_plain(j, r, b, d[4], of.less[4], middles));
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

/* Which of N blocks have a scale that is no number, a bit for each step of so many. */
ROW __attribute__((noinline, cold)) static uint32_t
not_numbers(const struct hu_block *b, const unsigned char *at, size_t n, size_t a_step)
{
    uint32_t bad = 0;
    for (size_t k = 0; k < n; k++, at += b->bytes) {
        struct hu_block_unpacked u;
        hu_block_unpack(b, at, &u);
        bad |= (uint32_t) !(is_finite(u.d) && (!b->minima || is_finite(u.m))) << k / a_step;
    }
    return bad;
}

INLINE bool ggml_step(const struct hu_block_job *j, const struct ggml_row *r,
                      const unsigned char *at, const struct hu_block_planes *planes, void *dst,
                      bool narrow, words8 *most)
{
    return r->type == TYPE_MXFP4             ? ggml_mxfp4(planes, at, dst, narrow)
           : narrow && r->type == TYPE_NVFP4 ? ggml_nvfp4(at, dst)
           : narrow && r->length == STEP
               ? ggml_short(j, r, at, r->table ? at + j->b->bytes : at, dst, most)
               : ggml_block(j, r, at, dst, narrow, most);
}

INLINE void whole_row(const struct hu_block_job *j, size_t row, void *dst, struct ggml_row r,
                      bool narrow)
{
    const size_t bytes = j->b->bytes, size = narrow ? 2 : 4;
    const size_t at_once = narrow && r.table && r.length == STEP ? 2 : 1;
    const size_t length = at_once * r.length, steps = j->columns / length;
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    const struct hu_block_planes *planes = hu_block_fp4_planes();
    for (size_t n = 0, here; n < steps; n += here) {
        uint32_t bad = 0;
        words8 most = {0};
        here = steps - n < BATCH ? steps - n : BATCH;
        for (size_t k = 0; k < here; k++)
            bad |= (uint32_t)!ggml_step(j, &r, at + (n + k) * at_once * bytes, planes,
                                        (char *)dst + (n + k) * length * size, narrow, &most)
                   << k;
        if (__builtin_expect(any_byte((bytes32)(most >= 0x7f800000)), 0))
            bad |= not_numbers(j->b, at + n * at_once * bytes, here * at_once, at_once);
        if (__builtin_expect(bad, 0))
            redo_steps(j, row, n, length, bad, dst, narrow);
    }
    if (steps * length < j->columns)
        redo(j, row, steps * length, j->columns - steps * length, dst, narrow);
}
