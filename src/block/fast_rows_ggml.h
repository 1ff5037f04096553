/*
 * Rows of GGUF's blocks, for fast_rows.h. Long blocks fall apart, a few of them before any is put
 * under its scales, which none then waits for. Those of 32 elements are put under theirs as they
 * lie.
 */

#include "fast_types_ggml.h"

/* Blocks of a scale and 32 bytes. */
INLINE bool is_q8(int type)
{
    return type == TYPE_q8_0 || type == TYPE_q8_1;
}

/* Eight numbers under BY. */
INLINE void put_eight(__m256i numbers, float by, float *to)
{
    _mm256_storeu_ps(to, _mm256_mul_ps(_mm256_cvtepi32_ps(numbers), _mm256_set1_ps(by)));
}

/* Numbers of which each stands over 2^SHIFT of ELEMENTS, times BY, for each sixteen. Eight of them
 * are read as they were written: other reads would wait until writing is done. */
INLINE void put_products(const int32_t *a, size_t elements, int shift, float by, float *to)
{
    const __m256i half = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3), none = _mm256_setzero_si256();
    __m256i x;
    for (size_t k = 0; k < elements / 16; k += 8) {
        GET(x, a + (shift == 4 ? k : 0));
        x = shift == 4  ? x
            : shift > 5 ? _mm256_permutevar8x32_epi32(x, none)
                        : _mm256_permutevar8x32_epi32(
                              x, _mm256_add_epi32(half, _mm256_set1_epi32((int)k / 2)));
        put_eight(x, by, to + k);
    }
}

INLINE void put_over(const struct hu_block *b, const struct hu_block_unpacked *u, int type,
                     bool minima, float unit, struct over *of)
{
    const int shift = shift_of_type(b, type);
    const size_t elements = type ? 256 : b->elements;
    put_products(u->a, elements, shift, u->d * unit * power_of((unsigned)(127 + b->power)),
                 of->scale);
    if (minima)
        put_products(u->b, elements, shift, u->m, of->less);
}

INLINE struct under under_of(const struct over *of, bool minima, size_t number)
{
    return (struct under){of->scale[number], minima ? of->less[number] : 0};
}

/* N bytes to bf16, 32 or 64, sixteen under each; FIVES: all 32 under the first one. Products are
 * exact, so that one step rounds their differences. Each vector is as far as the others: what comes
 * first waits for nothing. */
INLINE void ggml_bytes(const struct under *of, bool minima,
                       __attribute__((unused)) const float *fives, const void *q, size_t n,
                       uint16_t *dst, enum exactness exactness, marks *middles)
{
#if LANES > 8
    if (fives) {
        bytes32 codes;
        GET(codes, q);
        put_fives(dst, fives, *of, minima, codes);
        return;
    }
#endif
    struct full x[2 * STEP / FULL];
    UNROLLED
    for (size_t k = 0; k < n / FULL; k++) {
        x[k] = full_int8((const char *)q + k * FULL);
        x[k].a = put_under(x[k].a, of[k * FULL / 16], minima);
        x[k].b = put_under(x[k].b, of[(k * FULL + FULL - 1) / 16], minima);
    }
    UNROLLED
    for (size_t k = 0; k < n / FULL; k++)
        store_halves(dst + k * FULL, rounded(&x[k], exactness, middles));
}

/* And to fp32. */
INLINE void ggml_wide(const struct under *of, bool minima, const void *q, float *dst)
{
    UNROLLED
    for (int k = 0; k < STEP; k += LANES)
        store_floats(dst + k, put_under(int8_floats((const char *)q + k), of[k / 16], minima));
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
    words bad = {0};
    for (size_t i = 0; i < b->elements; i += LANES) {
        floats scale = splat(u->d * (float)u->a[i / b->sub]);
        floats less = splat(u->m * (float)u->b[i / b->sub]);
        floats product = int8_floats(u->q + i) * scale;
        floats value = product - less, back = value - product;
        bad |= (words)(((words)value & 0xffff) == 0x8000) &
               (words)((product - (value - back)) - (less + back) != 0);
    }
    return any_bit(bad);
}

/* A block to bf16 whose differences, or products under an fp32, may be rounded twice. False: they
 * were, or may have been, or a scale is no number: the truth is to be asked. */
ROW __attribute__((noinline, cold)) static bool
careful_block(const struct hu_block *b, const unsigned char *at, uint16_t *dst)
{
    struct hu_block_unpacked u = {.m = 0};
    struct over over = {.less = {0}};
    marks middles = {0};
    readers[b->ggml_type](at, &u);
    put_over(b, &u, 0, b->minima, INT8_UNIT, &over);
    for (size_t i = 0; i < b->elements; i += STEP) {
        struct under of[2] = {under_of(&over, true, i / 16), under_of(&over, true, i / 16 + 1)};
        ggml_bytes(of, true, NULL, u.q + i, STEP, dst + i, ROUNDED, &middles);
    }
    /* An fp32 may be too small to be divided by 2^24. */
    return is_finite(u.d) && is_finite(u.m) &&
           (b->minima ? !any_mark(middles) || !misleads(b, &u)
                      : !any_mark(middles) && __builtin_fabsf(u.d) > 0x1p-100f);
}

/* The blocks of BAD. */
ROW __attribute__((noinline, cold)) static void redo_blocks(const struct hu_block_job *j,
                                                            size_t row, size_t n, uint32_t bad,
                                                            void *dst, bool narrow)
{
    const size_t length = j->b->elements;
    const unsigned char *codes = codes_at(j, row);
    bool careful = narrow && (j->b->minima || j->b->ggml_type == TYPE_q8_k);
    for (; bad; bad >>= 1, n++)
        if (bad & 1 && (!careful || !careful_block(j->b, codes + n * j->b->bytes,
                                                   (uint16_t *)dst + n * length)))
            redo(j, row, n * length, length, dst, narrow);
}

#if LANES > 8
#include "fast_iquants.h"
#endif

/* Whether numbers of points are made before these are looked up. */
INLINE bool has_points(int type)
{
    return LANES > 8 && ((type >= TYPE_iq2_xxs && type <= TYPE_iq1_s) || type == TYPE_iq3_s ||
                         type == TYPE_iq2_s || type == TYPE_iq1_m);
}

/* Blocks that fall apart before the first one is put together. */
enum { AHEAD = 8 };

struct apart {
    struct over over;
    struct hu_block_unpacked u; /* its codes, if no table has them */
#if LANES > 8
    struct points points;
#endif
};

/* Whether the scale of a block, and its minimum, are numbers, and differences under them whole, if
 * that is asked. Integers: vectors have more to do here. */
INLINE bool is_plain(unsigned d, unsigned m, bool minima, bool narrow)
{
    enum { EXPONENT = 0x7c00 };
    d &= EXPONENT;
    m &= EXPONENT;
    bool finite = d != EXPONENT && (!minima || m != EXPONENT);
    return finite &&
           (!minima || !narrow || (d && m && stays_whole((int)(d >> 10), (int)(m >> 10))));
}

/* Sixteen scales, or eight and as many minima. */
INLINE void put_sixteen(const bytes16 *x, bool is_signed, float first, float last, float *to,
                        float *more)
{
    __m128i all = (__m128i)*x, high = _mm_unpackhi_epi64(all, all);
    put_eight(is_signed ? _mm256_cvtepi8_epi32(all) : _mm256_cvtepu8_epi32(all), first, to);
    put_eight(is_signed ? _mm256_cvtepi8_epi32(high) : _mm256_cvtepu8_epi32(high), last, more);
}

INLINE int exponent_of(float x)
{
    return (int)(hu_bits_of_float(x) >> 23 & 255);
}

/* Codes fall apart too where no table LOOKS them up. False: to be done again. */
INLINE bool fall_apart(const struct hu_block *b, const unsigned char *at, int type, bool looks,
                       bool minima, bool narrow, struct apart *to)
{
    const float unit = narrow && !looks ? INT8_UNIT : 1;
    struct hu_block_unpacked *u = &to->u;
    bytes16 scales;
    switch (type) {
    case TYPE_q4_k:
    case TYPE_q5_k:
        six_bits(at + 4, &scales);
        put_sixteen(&scales, false, hardware_fp16(at) * unit, hardware_fp16(at + 2), to->over.scale,
                    to->over.less);
        if (!looks && type == TYPE_q5_k)
            q5_k_codes(at, u->q);
        else if (!looks)
            q4_k_codes(at, u->q);
        return is_plain(unpack_half(at), unpack_half(at + 2), true, narrow);
    case TYPE_q6_k:
        GET(scales, at + 192);
        u->d = hardware_fp16(at + 208) * unit;
        put_sixteen(&scales, true, u->d, u->d, to->over.scale, to->over.scale + 8);
        q6_k_codes(at, u->q);
        return is_plain(unpack_half(at + 208), 0, false, narrow);
    case TYPE_iq4_xs:
        if (looks)
            unpack_iq4_xs_scales(at, u);
        else
            unpack_iq4_xs(at, u);
        put_products(u->a, 128, 4, u->d * unit, to->over.scale);
        return is_finite(u->d);
    default:
#if LANES > 8
        if (has_points(type))
            number_points(type, at, u, &to->points);
        else
#endif
            readers[type ? type : b->ggml_type](at, u);
        put_over(b, u, type, minima, unit, &to->over);
        return is_finite(u->d) && (!minima || is_finite(u->m)) &&
               (!narrow || (minima ? u->d != 0 && u->m != 0 &&
                                         stays_whole(exponent_of(u->d), exponent_of(u->m))
                                   : b->ggml_type != TYPE_q8_k));
    }
}

/* 64 of a block. */
INLINE void long_step(const struct apart *x, const unsigned char *at, int type, bool minima,
                      bool narrow, size_t i, void *dst)
{
    const float *values = LANES > 8 || narrow ? values_of_type(type) : NULL;
    const size_t sub = type == TYPE_q4_k || type == TYPE_q5_k || type == TYPE_iq4_xs ? 32 : 16;
    struct under of[4];
    UNROLLED
    for (size_t k = 0; k < 4; k++)
        of[k] = under_of(&x->over, minima, i / sub + 16 * k / sub);
    if (!values) {
        if (narrow) {
            ggml_bytes(of, minima, NULL, x->u.q + i, 2 * STEP, dst, NORMAL, NULL);
            return;
        }
        UNROLLED
        for (size_t k = 0; k < 4; k += 2)
            ggml_wide(of + k, minima, x->u.q + i + 16 * k, (float *)dst + 16 * k);
        return;
    }
    at += i / 2;
    if (narrow) {
        const struct under two[2] = {of[0], of[2]};
        struct tables t = tables_under(values, two, minima, NORMAL, NULL);
        UNROLLED
        for (int k = 0; k < 2; k++)
            put_looked((uint16_t *)dst + STEP * k, &t, k,
                       type == TYPE_q4_k ? codes_half(at, k) : codes_in(at + 16 * k, PARTED));
        return;
    }
#if LANES > 8
    UNROLLED
    for (int k = 0; k < 2; k++) {
        struct wide_table t = wide_under(values, of[2 * k], minima);
        if (type == TYPE_q4_k)
            put_wide_half((float *)dst + STEP * k, &t, at, k);
        else
            put_wide((float *)dst + STEP * k, &t, at + 16 * k, PARTED);
    }
#endif
}

/* All of a block, whose first byte is AT. */
INLINE void long_block(const struct apart *x, const unsigned char *at, const struct hu_block *b,
                       int type, bool minima, bool narrow, char *dst)
{
    const size_t elements = type ? 256 : b->elements;
#if LANES > 8
    if (type == TYPE_q5_k && narrow) {
        put_five_bits((uint16_t *)dst, fives_of_type(type), &x->over, at + 48, at + 16);
        return;
    }
#endif
    UNROLLED_IF_KNOWN
    for (size_t i = 0; i < elements; i += 2 * STEP)
        long_step(x, at + bytes_of_type(b, type) - elements / 2, type, minima, narrow, i,
                  dst + i * (narrow ? 2 : 4));
}

/* Of blocks of a TYPE that is known, or of any. */
INLINE void long_row(const struct hu_block_job *j, size_t row, void *dst, int type, bool minima,
                     bool narrow)
{
    const struct hu_block *b = j->b;
    const size_t elements = type ? 256 : b->elements, bytes = bytes_of_type(b, type);
    const size_t steps = j->columns / elements, size = narrow ? 2 : 4;
    const bool looks =
        values_of_type(type) ? LANES > 8 || narrow : LANES > 8 && narrow && type == TYPE_q5_k;
    const unsigned char *at = codes_at(j, row);
    struct apart x[AHEAD];
    for (size_t n = 0, here; n < steps; n += here) {
        uint32_t bad = 0;
        here = steps - n < AHEAD ? steps - n : AHEAD;
        for (size_t k = 0; k < here; k++)
            bad |= (uint32_t)!fall_apart(b, at + k * bytes, type, looks, minima, narrow, &x[k])
                   << k;
        for (size_t k = 0; k < here; k++, at += bytes) {
#if LANES > 8
            if (has_points(type))
                put_points(type, at, &x[k].points, x[k].u.q);
#endif
            long_block(&x[k], at, b, type, minima, narrow, (char *)dst + (n + k) * elements * size);
        }
        if (__builtin_expect(bad, 0))
            redo_blocks(j, row, n, bad, dst, narrow);
    }
    if (steps * elements < j->columns)
        redo(j, row, steps * elements, j->columns - steps * elements, dst, narrow);
}

/* The scales of short blocks that begin with them, and what is taken away of elements. */
struct shorts {
    float scale[BATCH], less[BATCH];
};

typedef uint16_t halves8 __attribute__((vector_size(16)));
typedef int16_t signed_halves8 __attribute__((vector_size(16)));

/* Of eight halves that are BYTES apart half I, at its place in 16 bytes: blends use any unit. */
#define HALF_OF(x, i)                                                                              \
    _mm_blend_epi16(x, _mm_loadu_si128((const __m128i *)(at + (i) * (bytes - 2))), 1 << (i))

/* Halves that are BYTES apart; of fewer than eight the rest is zero. */
INLINE halves8 halves_apart(const unsigned char *at, size_t bytes, size_t n)
{
    if (n >= 8) {
        __m128i x = _mm_loadu_si128((const __m128i *)at);
        x = HALF_OF(HALF_OF(HALF_OF(x, 1), 2), 3);
        x = HALF_OF(HALF_OF(HALF_OF(HALF_OF(x, 4), 5), 6), 7);
        return (halves8)x;
    }
    halves8 x;
    uint16_t room[8] = {0};
    for (size_t i = 0; i < n; i++)
        room[i] = (uint16_t)unpack_half(at + i * bytes);
    GET(x, room);
    return x;
}

INLINE void put_halves(halves8 x, float unit, float *to)
{
    _mm256_storeu_ps(to, _mm256_mul_ps(_mm256_cvtph_ps((__m128i)x), _mm256_set1_ps(unit)));
}

/* Of N blocks of BYTES. A bit for each that is to be done again: is_plain says why. */
INLINE uint32_t short_scales(const unsigned char *at, size_t bytes, size_t n, bool minima,
                             bool narrow, float unit, struct shorts *to)
{
    const halves8 exponent = (halves8){0} + 0x7c00;
    uint32_t bad = 0;
    for (size_t k = 0; k < n; k += 8, at += 8 * bytes) {
        halves8 d = halves_apart(at, bytes, n - k), m = exponent - 1, fine;
        put_halves(d, unit, to->scale + k);
        d &= exponent;
        if (minima) {
            m = halves_apart(at + 2, bytes, n - k);
            put_halves(m, -1, to->less + k);
            m &= exponent;
        }
        fine = (halves8)(d != exponent) & (halves8)(m != exponent);
        if (minima && narrow) /* the exponents are -1 to 6 apart */
            fine &= (halves8)(d != 0) & (halves8)(m != 0) & (halves8)(m - d + 0x400 <= 0x1c00);
        __m128i each = _mm_packs_epi16((__m128i)fine, _mm_setzero_si128());
        bad |= (uint32_t)(~_mm_movemask_epi8(each) & 255) << k;
    }
    return n < BATCH ? bad & ((1u << n) - 1) : bad;
}

/* A block of 32, or two of them that are looked up. */
INLINE void short_step(int type, bool minima, const unsigned char *at, size_t bytes,
                       const struct shorts *s, size_t k, bool looks, bool narrow, void *dst)
{
    const struct under of[2] = {{s->scale[k], minima ? s->less[k] : 0},
                                {s->scale[k + looks], minima ? s->less[k + looks] : 0}};
    const float *values = values_of_type(type);
    const unsigned char *codes = at + bytes - (values ? STEP / 2 : STEP);
    int8_t q[STEP];
    if (looks && narrow) {
#if LANES == 8
        struct tables t =
            type == TYPE_q4_0 ? less_8_tables(of) : tables_under(values, of, minima, NORMAL, NULL);
#else
        struct tables t = tables_under(values, of, minima, NORMAL, NULL);
#endif
        put_looked(dst, &t, 0, codes_in(codes, PARTED));
        put_looked((uint16_t *)dst + STEP, &t, 1, codes_in(codes + bytes, PARTED));
        return;
    }
    if (looks) {
        UNROLLED
        for (size_t i = 0; i < 2; i++) {
            struct wide_table t = wide_under(values, of[i], minima);
            put_wide((float *)dst + i * STEP, &t, codes + i * bytes, PARTED);
        }
        return;
    }
    switch (type) {
    case TYPE_q4_0:
        nibbles(codes, q, 8);
        break;
    case TYPE_q4_1:
        nibbles(codes, q, 0);
        break;
    case TYPE_q5_0:
        unpack_fives(at + 2, q, 16);
        break;
    case TYPE_q5_1:
        unpack_fives(at + 4, q, 0);
        break;
    case TYPE_iq4_nl:
        put_curve(codes, q);
        break;
    default:
        break;
    }
    const void *from = is_q8(type) ? (const void *)codes : q;
    if (narrow)
        ggml_bytes(of, minima, fives_of_type(type), from, STEP, dst, NORMAL, NULL);
    else
        ggml_wide(of, minima, from, dst);
}

/* Whether all codes of a type are looked up, those of two blocks at once. */
INLINE bool looks_up(int type, bool narrow)
{
    return values_of_type(type) && (LANES > 8 || narrow);
}

/* HERE blocks, at most a batch, from block N of ROW on, which is AT. */
INLINE void short_batch(const struct hu_block_job *j, size_t row, size_t n, size_t here,
                        const unsigned char *at, void *dst, int type, bool minima, bool narrow)
{
    const bool looks = looks_up(type, narrow);
    const size_t bytes = bytes_of_type(j->b, type), at_once = looks ? 2 : 1,
                 size = STEP * (narrow ? 2 : 4);
    struct shorts s;
    uint32_t bad =
        short_scales(at, bytes, here, minima, narrow, narrow && !looks ? INT8_UNIT : 1, &s);
    char *to = (char *)dst + n * size;
    for (size_t k = 0; k < here; k += at_once, at += at_once * bytes, to += at_once * size)
        short_step(type, minima, at, bytes, &s, k, looks, narrow, to);
    if (__builtin_expect(bad, 0))
        redo_blocks(j, row, n, bad, dst, narrow);
}

#if LANES > 8 && HAS_BF16
#include "fast_mantissas.h"
#endif

INLINE void short_row(const struct hu_block_job *j, size_t row, void *dst, int type, bool minima,
                      bool narrow)
{
    const size_t bytes = bytes_of_type(j->b, type), at_once = looks_up(type, narrow) ? 2 : 1,
                 steps = j->columns / STEP / at_once * at_once;
    const unsigned char *at = codes_at(j, row);
    size_t n = 0;
#if LANES > 8 && HAS_BF16
    if (is_q8(type) && narrow)
        n = q8_eights(j, row, at, dst, type);
#endif
    for (size_t here; n < steps; n += here) {
        here = steps - n < BATCH ? steps - n : BATCH;
        short_batch(j, row, n, here, at + n * bytes, dst, type, minima, narrow);
    }
    if (steps * STEP < j->columns)
        redo(j, row, steps * STEP, j->columns - steps * STEP, dst, narrow);
}

/* 32 under an e8m0, whose NaN is one. */
INLINE void mxfp4_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    const size_t steps = j->columns / STEP, size = STEP * (narrow ? 2 : 4);
    const struct hu_block_planes *planes = hu_block_tables()->ggml_e8m0;
    const unsigned char *at = codes_at(j, row);
    char *to = dst, *end = to + steps * size;
    for (; to < end; at += 1 + STEP / 2, to += size)
        fp4_step(planes + *at, at + 1, PARTED, to, narrow);
    if (steps * STEP < j->columns)
        redo(j, row, steps * STEP, j->columns - steps * STEP, dst, narrow);
}

/* 64 under four e4m3. */
INLINE void ggml_nvfp4_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    enum { BLOCK = 2 * STEP, BYTES = 4 + BLOCK / 2 };
    const size_t end = j->columns / BLOCK * BLOCK, size = STEP * (narrow ? 2 : 4);
    const struct hu_block_planes *planes = hu_block_tables()->ggml_e4m3;
    const unsigned char *at = codes_at(j, row);
    char *to = dst, *last = to + end / STEP * size;
    for (; to < last; at += BYTES) {
        UNROLLED
        for (size_t k = 0; k < 2; k++, to += size) {
            const struct hu_block_planes *a = planes + at[2 * k], *b = planes + at[2 * k + 1];
            const struct fp4_scales of = {{a, b}, {a->floats[2], b->floats[2]}, 1};
            fp4_pair(&of, at + 4 + 16 * k, PARTED, to, narrow);
        }
    }
    if (end < j->columns)
        redo(j, row, end, j->columns - end, dst, narrow);
}
