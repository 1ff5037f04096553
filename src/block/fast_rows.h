/*
 * Rows of elements under their scales, for any instruction set. The file that includes this defines
 * first
 *   LANES            floats in a vector, 8 or 16
 *   INLINE, TARGET   how a function is always inlined, or compiled, for the instruction set
 *   floats, words, halves   vectors of LANES of them
 *   int8_floats, byte_halves, byte_words   LANES bytes from memory
 *   half_floats      LANES fp16 words as floats
 *   table_floats     LANES entries of a table of 16 floats, by the low bits of words
 *   store_halves     the low halves of words to memory
 *   any_bit, any_half   whether a vector has a bit set
 *   UNROLLED         before a loop of a few vectors
 * and includes tmmintrin.h. To fp32 a product or difference is rounded once, by the multiplication
 * or the subtraction. To bf16 it is rounded once more, which goes wrong only where the first
 * rounding landed in the middle of two bf16: such groups are done again by way of fp64, unless the
 * first one cannot have rounded.
 */
#define UNPACK INLINE
#define LOOK_UP look_up
typedef uint8_t look_up_bytes __attribute__((vector_size(16)));
INLINE look_up_bytes look_up(const int8_t *table, look_up_bytes index)
{
    return (look_up_bytes)_mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)table), (__m128i)index);
}

#include "decode.h"
#include "iquants.h"
#include "kquants.h"
#include "simple.h"

/* Elements that a step takes. */
enum { STEP = 32, VECTORS = STEP / LANES };

struct step {
    floats v[VECTORS];
};

INLINE floats splat(float x)
{
    return x - (floats){0};
}

/* Where the step's elements go. False: to be done again. */
INLINE bool put(void *dst, size_t i, const struct step *s, bool narrow, bool exact)
{
    if (!narrow) {
        UNROLLED
        for (int k = 0; k < VECTORS; k++)
            memcpy((float *)dst + i + k * LANES, &s->v[k], sizeof s->v[k]);
        return true;
    }
    words middles = {0};
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        words x = (words)s->v[k];
        if (!exact)
            middles |= (words)((x & 0xffff) == 0x8000);
        x = (x + 0x7fff + (x >> 16 & 1)) >> 16;
        store_halves((uint16_t *)dst + i + k * LANES, x);
    }
    return exact || !any_bit(middles);
}

INLINE void redo(const struct hu_block_job *j, size_t row, size_t column, size_t n, void *dst,
                 bool narrow)
{
    hu_block_decode_some(j, row, column, n, (char *)dst + column * (narrow ? 2 : 4));
}

/* How 32 elements' codes become floats. */

INLINE void load_int8(const unsigned char *at, struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        s->v[k] = int8_floats(at + k * LANES);
    }
}

/* A code of fp8_e5m2 is the top of an fp16. False: a NaN is among them. */
INLINE bool load_e5m2(const unsigned char *at, struct step *s)
{
    halves nan = {0};
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        halves c = byte_halves(at + k * LANES);
        nan |= (halves)((c & 0x7f) > 0x7c);
        s->v[k] = half_floats(c << 8);
    }
    return !any_half(nan);
}

/* One of fp8_e4m3 an fp16's without two exponent bits: 2^8 too small. */
INLINE bool load_e4m3(const unsigned char *at, struct step *s)
{
    halves nan = {0};
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        halves c = byte_halves(at + k * LANES);
        nan |= (halves)((c & 0x7f) == 0x7f);
        s->v[k] = half_floats((c & 0x80) << 8 | (c & 0x7f) << 7);
    }
    return !any_half(nan);
}

/* 32 nibbles of 16 bytes, a byte each, in their order. */
INLINE void split_nibbles(const unsigned char *at, unsigned char *out, bool high_first)
{
    __m128i x = _mm_loadu_si128((const __m128i *)at), mask = _mm_set1_epi8(15);
    __m128i low = _mm_and_si128(x, mask), high = _mm_and_si128(_mm_srli_epi16(x, 4), mask);
    __m128i first = high_first ? high : low, second = high_first ? low : high;
    _mm_storeu_si128((__m128i *)out, _mm_unpacklo_epi8(first, second));
    _mm_storeu_si128((__m128i *)(out + 16), _mm_unpackhi_epi8(first, second));
}

/* fp4_e2m1's codes as those of fp8_e5m2. */
INLINE void load_fp4(const unsigned char *at, struct step *s)
{
    const __m128i e5m2 =
        _mm_setr_epi8(0, 0x38, 0x3c, 0x3e, 0x40, 0x42, 0x44, 0x46, (char)0x80, (char)0xb8,
                      (char)0xbc, (char)0xbe, (char)0xc0, (char)0xc2, (char)0xc4, (char)0xc6);
    unsigned char c[32];
    split_nibbles(at, c, false);
    for (int k = 0; k < 32; k += 16)
        _mm_storeu_si128((__m128i *)(c + k),
                         _mm_shuffle_epi8(e5m2, _mm_loadu_si128((const __m128i *)(c + k))));
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        s->v[k] = half_floats(byte_halves(c + k * LANES) << 8);
    }
}

INLINE void load_table(const unsigned char *at, const float *table, struct step *s)
{
    unsigned char c[32];
    split_nibbles(at, c, true);
    UNROLLED
    for (int k = 0; k < VECTORS; k++) {
        s->v[k] = table_floats(table, byte_words(c + k * LANES));
    }
}

INLINE float power_of(unsigned e8m0)
{
    uint32_t bits = e8m0 == 0xff ? 0x7fc00000 : e8m0 ? (uint32_t)e8m0 << 23 : 0x00400000;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE bool is_finite(float x)
{
    return __builtin_fabsf(x) < __builtin_inff();
}

/* Elements of a byte or a nibble in a row, 32 under an e8m0. */
enum kind { KIND_E4M3, KIND_E5M2, KIND_INT8, KIND_FP4 };

INLINE bool load(enum kind kind, const unsigned char *codes_at, size_t i, struct step *s)
{
    switch (kind) {
    case KIND_E4M3:
        return load_e4m3(codes_at + i, s);
    case KIND_E5M2:
        return load_e5m2(codes_at + i, s);
    case KIND_INT8:
        load_int8(codes_at + i, s);
        return true;
    default:
        load_fp4(codes_at + i / 2, s);
        return true;
    }
}

INLINE void times(struct step *s, float scale)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] *= scale;
}

INLINE void mx_row(const struct hu_block_job *j, size_t row, void *dst, enum kind kind, bool narrow)
{
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    const unsigned char *scales =
        (const unsigned char *)j->parts->scales + parts_tile(j->b, j->columns, row, 0);
    /* What the loads leave out is a power of two, whose product with the scale's is exact. */
    float unit = kind == KIND_E4M3 ? 0x1p8f : kind == KIND_INT8 ? 0x1p-6f : 1;
    size_t i = 0;
    for (; i + STEP <= j->columns; i += STEP) {
        struct step s;
        bool fine = load(kind, at, i, &s);
        times(&s, unit);
        times(&s, power_of(scales[i / STEP]));
        if (!fine || !put(dst, i, &s, narrow, true))
            redo(j, row, i, STEP, dst, narrow);
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

/* 16 under an e4m3, and one fp32 over all: the first product is exact. */
INLINE void nvfp4_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    const unsigned char *scales =
        (const unsigned char *)j->parts->scales + parts_tile(j->b, j->columns, row, 0);
    const float *values = hu_block_e4m3_values();
    float second = j->parts->tensor_scale;
    size_t i = 0;
    for (; is_finite(second) && i + STEP <= j->columns; i += STEP) {
        struct step s;
        load_fp4(at + i / 2, &s);
        UNROLLED
        for (int k = 0; k < VECTORS; k++)
            s.v[k] = s.v[k] * values[scales[i / 16 + (size_t)(k * LANES / 16)]] * second;
        if (!put(dst, i, &s, narrow, second == 1))
            redo(j, row, i, STEP, dst, narrow);
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

INLINE float fp32_scale(const struct hu_block_job *j, size_t number)
{
    return unpack_fp32((const unsigned char *)j->parts->scales + 4 * number);
}

/* fp8 under an fp32: tiles, rows, the tensor. */
INLINE void fp8_row(const struct hu_block_job *j, size_t row, void *dst, enum kind kind,
                    bool narrow)
{
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    float unit = kind == KIND_E4M3 ? 0x1p8f : 1;
    size_t i = 0;
    for (; i + STEP <= j->columns; i += STEP) {
        struct step s;
        float scale = fp32_scale(j, parts_tile(j->b, j->columns, row, i));
        bool fine = load(kind, at, i, &s) && is_finite(scale);
        times(&s, unit);
        times(&s, scale);
        if (!fine || !put(dst, i, &s, narrow, false))
            redo(j, row, i, STEP, dst, narrow);
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

/* Codes of a table, in blocks that know no rows: a row that begins with a block. */
INLINE void table_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    size_t first = row * j->columns, length = j->b->tile_columns, i = 0;
    const unsigned char *at = (const unsigned char *)j->parts->codes + first / 2;
    for (; first % length == 0 && i + STEP <= j->columns; i += STEP) {
        struct step s;
        float scale = fp32_scale(j, (first + i) / length);
        load_table(at + i / 2, j->b->table, &s);
        times(&s, scale);
        if (!is_finite(scale) || !put(dst, i, &s, narrow, false))
            redo(j, row, i, STEP, dst, narrow);
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

/* Whether a difference is the middle of two bf16 after it was rounded (Knuth's sum, TAOCP 4.2.2).
 */
INLINE bool is_bad_middle(floats product, floats less, floats difference)
{
    words middle = (words)(((words)difference & 0xffff) == 0x8000);
    if (!any_bit(middle))
        return false;
    floats back = difference - product;
    floats rest = (product - (difference - back)) - (less + back);
    return any_bit(middle & (words)(rest != 0));
}

/* A block of GGUF's that has fallen apart, N elements. SUB is a constant, 16 or a multiple of 32.
 * False: to be done again. */
INLINE bool put_block(const struct hu_block_unpacked *u, size_t n, size_t sub, float unit,
                      bool minima, void *dst, size_t column, bool narrow, bool exact)
{
    bool fine = is_finite(u->d) && (!minima || is_finite(u->m));
    for (size_t i = 0; i < n; i += STEP) {
        struct step s;
        load_int8((const unsigned char *)u->q + i, &s);
        UNROLLED
        for (int k = 0; k < VECTORS; k++) {
            size_t number = (i + (size_t)k * LANES) / sub;
            floats product = s.v[k] * (u->d * (float)u->a[number] * unit);
            s.v[k] = product;
            if (minima) {
                floats less = splat(u->m * (float)u->b[number]);
                s.v[k] = product - less;
                if (narrow)
                    fine &= !is_bad_middle(product, less, s.v[k]);
            }
        }
        fine &= put(dst, column + i, &s, narrow, exact);
    }
    return fine;
}

/* Number, reader, elements, elements that share a scale, whether there are minima. */
/* clang-format off */
#define GGML_ROWS(X) \
    X(2, q4_0, 32, 32, false)                X(3, q4_1, 32, 32, true) \
    X(6, q5_0, 32, 32, false)                X(7, q5_1, 32, 32, true) \
    X(8, q8_0, 32, 32, false)                X(9, q8_1, 32, 32, false) \
    X(10, q2_k, 256, 16, true)               X(11, q3_k, 256, 16, false) \
    X(12, q4_k, 256, 32, true)               X(13, q5_k, 256, 32, true) \
    X(14, q6_k, 256, 16, false)              X(15, q8_k, 256, 256, false) \
    X(16, iq2_xxs, 256, 32, false)           X(17, iq2_xs, 256, 16, false) \
    X(18, iq3_xxs, 256, 32, false)           X(19, iq1_s, 256, 32, false) \
    X(20, iq4_nl, 32, 32, false)             X(21, iq3_s, 256, 32, false) \
    X(22, iq2_s, 256, 16, false)             X(23, iq4_xs, 256, 32, false) \
    X(29, iq1_m, 256, 16, false)             X(34, tq1_0, 256, 256, false) \
    X(35, tq2_0, 256, 256, false)            X(39, mxfp4, 32, 32, false) \
    X(40, nvfp4, 64, 16, false)              X(41, q1_0, 128, 128, false) \
    X(42, q2_0, 64, 64, false)
/* clang-format on */

INLINE void unpack(int type, const unsigned char *at, struct hu_block_unpacked *u)
{
    switch (type) {
#define UNPACK_CASE(number, name, length, sub, minima)                                             \
    case number:                                                                                   \
        unpack_##name(at, u);                                                                      \
        break;
        GGML_ROWS(UNPACK_CASE)
    }
}

/* The blocks of one of ggml's types, of LENGTH elements. */
INLINE void whole_row(const struct hu_block_job *j, size_t row, void *dst, int type, size_t length,
                      size_t sub, bool minima, bool narrow)
{
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    size_t i = 0;
    float unit = power_of((unsigned)(127 + j->b->power));
    bool exact = type != 15; /* q8_k alone has an fp32 */
    struct hu_block_unpacked u;
    for (; i + length <= j->columns; i += length, at += j->b->bytes) {
        unpack(type, at, &u);
        if (!put_block(&u, length, sub, unit, minima, dst, i, narrow, exact))
            redo(j, row, i, length, dst, narrow);
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

/* Each as two functions, to fp32 and to bf16. */
#define ROWS(name, call)                                                                           \
    TARGET static void name##_fp32(const struct hu_block_job *j, size_t row, void *dst)            \
    {                                                                                              \
        const bool narrow = false;                                                                 \
        call;                                                                                      \
    }                                                                                              \
    TARGET static void name##_bf16(const struct hu_block_job *j, size_t row, void *dst)            \
    {                                                                                              \
        const bool narrow = true;                                                                  \
        call;                                                                                      \
    }

ROWS(mx_e4m3, mx_row(j, row, dst, KIND_E4M3, narrow))
ROWS(mx_e5m2, mx_row(j, row, dst, KIND_E5M2, narrow))
ROWS(mx_int8, mx_row(j, row, dst, KIND_INT8, narrow))
ROWS(mx_fp4, mx_row(j, row, dst, KIND_FP4, narrow))
ROWS(nvfp4, nvfp4_row(j, row, dst, narrow))
ROWS(fp8_e4m3, fp8_row(j, row, dst, KIND_E4M3, narrow))
ROWS(fp8_e5m2, fp8_row(j, row, dst, KIND_E5M2, narrow))
ROWS(table, table_row(j, row, dst, narrow))
#define GGML_ROW(type, name, length, sub, minima)                                                  \
    ROWS(whole_##name, whole_row(j, row, dst, type, length, sub, minima, narrow))
GGML_ROWS(GGML_ROW)

#define ROW_OF(name) (narrow ? name##_bf16 : name##_fp32)

static inline hu_block_row *find_whole(const struct hu_block *b, bool narrow)
{
    switch (b->ggml_type) {
#define ROW_CASE(type, name, length, sub, minima)                                                  \
    case type:                                                                                     \
        return ROW_OF(whole_##name);
        GGML_ROWS(ROW_CASE)
    default:
        return NULL;
    }
}

/* The element's format by its width, or the integer; NULL for fp6, which has no row. */
static inline hu_block_row *find_row(const struct hu_block_job *j, bool narrow)
{
    const struct hu_block *b = j->b;
    if (b->layout == HU_BLOCK_WHOLE)
        return find_whole(b, narrow);
    if (b->layout == HU_BLOCK_FLAT)
        return b->over == HU_OVER_NESTED || b->tile_columns < STEP ? NULL : ROW_OF(table);
    if (b->layout != HU_BLOCK_PARTS)
        return NULL;
    bool e4m3 = !strcmp(b->element, "fp8_e4m3"), e5m2 = !strcmp(b->element, "fp8_e5m2");
    if (!strcmp(b->scale, "fp32") && b->tile_columns % STEP == 0)
        return e4m3 ? ROW_OF(fp8_e4m3) : e5m2 ? ROW_OF(fp8_e5m2) : NULL;
    if (b->over == HU_OVER_TENSOR && b->tile_columns == 16 && b->code_bits == 4)
        return ROW_OF(nvfp4);
    if (strcmp(b->scale, "e8m0") != 0 || b->tile_rows != 1 || b->tile_columns != STEP)
        return NULL;
    if (e4m3 || e5m2)
        return e4m3 ? ROW_OF(mx_e4m3) : ROW_OF(mx_e5m2);
    return b->code_bits == 8 ? ROW_OF(mx_int8) : b->code_bits == 4 ? ROW_OF(mx_fp4) : NULL;
}
