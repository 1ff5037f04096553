/* Rows of GGUF's blocks, for fast_rows.h: each falls apart, and is put under its scales. */

/* What codes of four bits of a GGUF type stand for, if they are looked up to become bf16. */
enum ggml_codes {
    NO_TABLE,
    OF_LESS_8, /* −8 to 7 */
    OF_0_TO_15,
    OF_CURVE,
    OF_FP4,
};

/* What a row of a GGUF type is made of: elements, elements that share a scale, whether there are
 * minima, what its codes stand for, and the byte where a block's codes of four or eight bits lie as
 * they are, 0 where they have to be put together. */
struct ggml_row {
    int type;
    size_t length, sub;
    bool minima;
    enum ggml_codes table;
    size_t codes;
};

/* The scale and what is taken away of elements; of what has no minima nothing. */
struct under {
    floats8 scale, less;
};

INLINE struct under under_of(const struct hu_block_unpacked *u, const struct ggml_row *r,
                             float unit, size_t i)
{
    size_t k = i / r->sub;
    struct under of = {splat8(u->d * (float)u->a[0] * unit), splat8(u->m * (float)u->b[0])};
    if (r->sub < r->length) {
        of.scale = (floats8)_mm256_cvtepi32_ps(_mm256_set1_epi32(u->a[k])) * (u->d * unit);
        of.less = (floats8)_mm256_cvtepi32_ps(_mm256_set1_epi32(u->b[k])) * u->m;
    }
    return of;
}

INLINE struct under under_lanes(struct under a, struct under b)
{
    return (struct under){in_lanes(a.scale, b.scale), in_lanes(a.less, b.less)};
}

/* Sixteen under it, as bf16; of differences the middles that have to be looked at. */
INLINE halves16 under_narrow(struct sixteen x, struct under of, const struct ggml_row *r,
                             halves16 *middles)
{
    multiply(&x, of.scale);
    if (r->minima) {
        x.even -= of.less;
        x.odd -= of.less;
    }
    /* q8_k alone has a scale of more bits than a product with room for them. */
    return rounded(&x, r->minima || r->type == 15 ? ROUNDED : EXACT, middles);
}

/* 64 of two blocks or of one, four bits each, to bf16. */
INLINE void ggml_pair(const struct hu_block_unpacked *a, const struct hu_block_unpacked *b,
                      const struct ggml_row *r, float unit, const unsigned char *block,
                      size_t bytes, size_t i, uint16_t *dst, halves16 *middles)
{
    const bool whole = r->length > STEP;
    const size_t second = whole ? i + STEP : 0;
    const unsigned char *at = block + r->codes + i / 2;
    struct under of[2];
    of[0] = of[1] = under_lanes(under_of(a, r, unit, i), under_of(whole ? a : b, r, unit, second));
    if (r->sub == 16)
        of[1] = under_lanes(under_of(a, r, unit, i + 16), under_of(a, r, unit, second + 16));
    struct codes codes =
        r->type == 12 ? wide_codes(at)
                      : parted_codes(two_loads(at, whole ? at + 16 : at + bytes), r->sub == 16);
    struct planes p[2];
    UNROLLED
    for (int k = 0; k < 2; k++) {
        if (k && r->sub == STEP)
            break;
        if (r->table == OF_FP4 || r->table == OF_LESS_8) {
            enum mirror mirror = r->table == OF_FP4 ? FP4_PLUS_ZERO : LESS_8;
            struct sixteen x = magnitudes(mirror);
            if (r->table == OF_FP4)
                of[k].scale += of[k].scale; /* ggml's table has them twice */
            p[k] = mirrored(under_narrow(x, of[k], r, middles), mirror);
        } else {
            static const float plain[2][16] = {
                {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}};
            const float *t = plain[r->table == OF_CURVE];
            struct sixteen low, high;
            for (int n = 0; n < 4; n++) {
                low.even[n] = low.even[n + 4] = t[2 * n];
                low.odd[n] = low.odd[n + 4] = t[2 * n + 1];
                high.even[n] = high.even[n + 4] = t[2 * n + 8];
                high.odd[n] = high.odd[n + 4] = t[2 * n + 9];
            }
            p[k] = two_tables(under_narrow(low, of[k], r, middles),
                              under_narrow(high, of[k], r, middles));
        }
    }
    store_codes(dst, p[0], p[r->sub == 16], codes);
}

/* 32 to bf16. */
INLINE void ggml_step(const struct hu_block_unpacked *u, const struct ggml_row *r, float unit,
                      const unsigned char *block, size_t i, uint16_t *dst, halves16 *middles)
{
    const void *q = r->codes && !r->table ? (const void *)(block + r->codes + i) : u->q + i;
    UNROLLED
    for (size_t k = 0; k < STEP; k += 16) {
        struct under of = under_of(u, r, unit * 0x1p-24f, i + k);
        store_halves(dst + k, under_narrow(sixteen_int8((const char *)q + k), of, r, middles));
    }
}

/* And to fp32. */
INLINE void ggml_wide(const struct hu_block_unpacked *u, const struct ggml_row *r, float unit,
                      size_t i, float *dst)
{
    struct step s;
    const void *q = u->q + i;
    bytes32 codes;
    if (r->table == OF_CURVE || r->table == OF_FP4) {
        codes = look_up(r->table == OF_FP4 ? twice_fp4_values : hu_block_curve,
                        two_loads(u->q + i, u->q + i + 16));
        q = &codes;
    }
    load_int8(q, &s);
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        size_t number = (i + (size_t)(k * LANES)) / r->sub;
        s.v[k] *= u->d * (float)u->a[number] * unit;
        if (r->minima)
            s.v[k] -= u->m * (float)u->b[number];
    }
    put(dst, &s);
}

/* Whether no difference of a block is rounded: its terms are integers of 11 and at most 10 bits
 * under two fp16, which are less than a fp32's 24 bits apart. */
INLINE bool stays_whole(const struct hu_block_unpacked *u)
{
    uint32_t d, m;
    memcpy(&d, &u->d, sizeof d);
    memcpy(&m, &u->m, sizeof m);
    int apart = (int)(m >> 23 & 255) - (int)(d >> 23 & 255);
    return (apart >= -1 && apart <= 6) || u->d == 0 || u->m == 0;
}

/* Number, reader, and the rest of struct ggml_row. */
/* clang-format off */
#define GGML_ROWS(X) \
    X(2, q4_0, 32, 32, false, OF_LESS_8, 2)  X(3, q4_1, 32, 32, true, OF_0_TO_15, 4) \
    X(6, q5_0, 32, 32, false, NO_TABLE, 0)   X(7, q5_1, 32, 32, true, NO_TABLE, 0) \
    X(8, q8_0, 32, 32, false, NO_TABLE, 2)   X(9, q8_1, 32, 32, false, NO_TABLE, 4) \
    X(10, q2_k, 256, 16, true, NO_TABLE, 0)  X(11, q3_k, 256, 16, false, NO_TABLE, 0) \
    X(12, q4_k, 256, 32, true, OF_0_TO_15, 16) X(13, q5_k, 256, 32, true, NO_TABLE, 0) \
    X(14, q6_k, 256, 16, false, NO_TABLE, 0) X(15, q8_k, 256, 256, false, NO_TABLE, 4) \
    X(16, iq2_xxs, 256, 32, false, NO_TABLE, 0) X(17, iq2_xs, 256, 16, false, NO_TABLE, 0) \
    X(18, iq3_xxs, 256, 32, false, NO_TABLE, 0) X(19, iq1_s, 256, 32, false, NO_TABLE, 0) \
    X(20, iq4_nl, 32, 32, false, OF_CURVE, 2) \
    X(21, iq3_s, 256, 32, false, NO_TABLE, 0) X(22, iq2_s, 256, 16, false, NO_TABLE, 0) \
    X(23, iq4_xs, 256, 32, false, OF_CURVE, 8) \
    X(29, iq1_m, 256, 16, false, NO_TABLE, 0) X(34, tq1_0, 256, 256, false, NO_TABLE, 0) \
    X(35, tq2_0, 256, 256, false, NO_TABLE, 0) \
    X(39, mxfp4, 32, 32, false, OF_FP4, 1)   X(40, nvfp4, 64, 16, false, OF_FP4, 4) \
    X(41, q1_0, 128, 128, false, NO_TABLE, 0) X(42, q2_0, 64, 64, false, NO_TABLE, 0)
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

/* Whether a difference is the middle of two bf16, but was not before it was rounded (Knuth's sum,
 * TAOCP 4.2.2). */
ROW __attribute__((noinline, cold)) static bool misleads(const struct ggml_row *r,
                                                         const unsigned char *at, float unit)
{
    struct hu_block_unpacked u;
    words8 bad = {0};
    unpack(r->type, at, &u);
    for (size_t i = 0; i < r->length; i += 8) {
        struct under of = under_of(&u, r, unit, i);
        __m128i q = _mm_loadl_epi64((const __m128i *)(u.q + i));
        floats8 product = (floats8)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(q)) * of.scale;
        floats8 value = product - of.less, back = value - product;
        bad |= (words8)(((words8)value & 0xffff) == 0x8000) &
               (words8)((product - (value - back)) - (of.less + back) != 0);
    }
    return any_byte((bytes32)bad);
}

INLINE bool is_fine(const struct hu_block_unpacked *u, const struct ggml_row *r)
{
    /* q8_k's fp32 may be too small to be divided by 2^24. */
    bool small = r->type == 15 && u->d != 0 && !(__builtin_fabsf(u->d) > 0x1p-100f);
    return is_finite(u->d) && (!r->minima || is_finite(u->m)) && !small;
}

INLINE bool may_mislead(const struct hu_block_unpacked *u, const struct ggml_row *r,
                        const unsigned char *at, float unit)
{
    return r->type == 15 ? may_round(u->d, 8) : !stays_whole(u) && misleads(r, at, unit);
}

/* A block, or two of 32 elements at once to bf16 where they are looked up. False: to be done again.
 */
INLINE bool ggml_block(const struct ggml_row *r, const unsigned char *at, size_t bytes, float unit,
                       void *dst, bool narrow)
{
    const bool pairs = narrow && r->table, two = pairs && r->length == STEP;
    struct hu_block_unpacked u, next;
    halves16 middles = {0};
    unpack(r->type, at, &u);
    bool fine = is_fine(&u, r);
    if (two) {
        unpack(r->type, at + bytes, &next);
        fine &= is_fine(&next, r);
    }
    for (size_t k = 0; k < (two ? 2 * STEP : r->length); k += pairs ? 2 * STEP : STEP)
        if (pairs)
            ggml_pair(&u, &next, r, unit, at, bytes, k, (uint16_t *)dst + k, &middles);
        else if (narrow)
            ggml_step(&u, r, unit, at, k, (uint16_t *)dst + k, &middles);
        else
            ggml_wide(&u, r, unit, k, (float *)dst + k);
    if (narrow && (r->minima || r->type == 15) && __builtin_expect(any_middle(middles), 0))
        fine &= !may_mislead(&u, r, at, unit) && !(two && may_mislead(&next, r, at + bytes, unit));
    return fine;
}

INLINE void whole_row(const struct hu_block_job *j, size_t row, void *dst, struct ggml_row r,
                      bool narrow)
{
    const size_t bytes = j->b->bytes, size = narrow ? 2 : 4;
    const size_t at_once = narrow && r.table && r.length == STEP ? 2 : 1;
    const size_t length = at_once * r.length, blocks = j->columns / length;
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    const float unit = power_of((unsigned)(127 + j->b->power));
    for (size_t n = 0, here; n < blocks; n += here) {
        uint32_t bad = 0;
        here = blocks - n < BATCH ? blocks - n : BATCH;
        for (size_t k = 0; k < here; k++)
            bad |= (uint32_t)!ggml_block(&r, at + (n + k) * at_once * bytes, bytes, unit,
                                         (char *)dst + (n + k) * length * size, narrow)
                   << k;
        if (__builtin_expect(bad, 0))
            redo_steps(j, row, n, length, bad, dst, narrow);
    }
    if (blocks * length < j->columns)
        redo(j, row, blocks * length, j->columns - blocks * length, dst, narrow);
}
