/*
 * Rows of elements under their scales, for any instruction set. Beside what fast_lanes.h asks for,
 * the file that includes this defines first
 *   NAMED(name)      a name of the instruction set's own
 *   int8_floats, byte_words   LANES bytes from memory
 *   byte_tops        LANES bytes from memory as the upper halves of fp16
 *   half_floats      LANES fp16 as floats
 *   table_floats     LANES entries of a table of 16 floats, by the low bits of words
 *   store_tops       the upper halves of two vectors of words to memory
 *   any_bit          whether a vector has a bit set
 *   struct entries   16 bf16 for the codes of the first 16 of 32 elements and 16 for the last's,
 * made by entries_of, of words whose upper halves they are, the same for both; by
 * signed_entries_of, of the first of each, whose last eight have the other sign; and looked up and
 * stored by store_entries To fp32 a product or difference is rounded once, by the multiplication or
 * the subtraction. To bf16 it is rounded once more, which goes wrong only where the first rounding
 * landed in the middle of two bf16: such groups are done again by way of fp64, unless the first one
 * cannot have rounded. Elements of four bits are looked up in bf16, once what all their codes stand
 * for was rounded.
 */

/* Elements that a step takes. */
enum { STEP = 32, VECTORS = STEP / LANES };

struct step {
    floats v[VECTORS];
};

INLINE void store_floats(float *at, floats v)
{
    memcpy(at, &v, sizeof v);
}

INLINE floats load_floats(const float *at)
{
    floats v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE void load_step(const float *at, struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = load_floats(at + k * LANES);
}

/* What is known of floats that become bf16: they are ones; were never rounded; or were. */
enum exactness { IS_BF16, EXACT, ROUNDED };

INLINE words rounded(floats v, enum exactness exactness, words *middles)
{
    words x = (words)v;
    if (exactness == IS_BF16)
        return x;
    if (exactness == ROUNDED)
        *middles |= (words)((x & 0xffff) == 0x8000);
    return x + 0x7fff + (x >> 16 & 1);
}

/* Where the step's elements go. False: to be done again. */
INLINE bool put(void *dst, size_t i, const struct step *s, bool narrow, enum exactness exactness)
{
    words middles = {0};
    UNROLLED
    for (int k = 0; k < VECTORS; k += 2)
        if (narrow) {
            store_tops((uint16_t *)dst + i + k * LANES, rounded(s->v[k], exactness, &middles),
                       rounded(s->v[k + 1], exactness, &middles));
        } else {
            store_floats((float *)dst + i + k * LANES, s->v[k]);
            store_floats((float *)dst + i + (k + 1) * LANES, s->v[k + 1]);
        }
    return !narrow || exactness != ROUNDED || !any_bit(middles);
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
    bytes32 c;
    GET(c, at);
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = half_floats(byte_tops(at + k * LANES));
    return !any_byte((bytes32)((c & 0x7f) > 0x7c));
}

/* One of fp8_e4m3 an fp16's without two exponent bits: 2^8 too small. */
INLINE bool load_e4m3(const unsigned char *at, struct step *s)
{
    bytes32 c;
    GET(c, at);
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = half_floats((halves)((signed_halves)byte_tops(at + k * LANES) >> 1) & 0xbf80);
    return !any_byte((bytes32)((c & 0x7f) == 0x7f));
}

/* What is written by sixteens must not be read in greater pieces, which would wait for all. */
INLINE bytes32 join_bytes(const void *at)
{
    return (bytes32)_mm256_loadu2_m128i((const __m128i *)at + 1, at);
}

/* 32 nibbles of 16 bytes, a byte each, in their order. */
INLINE bytes32 split_nibbles(const unsigned char *at, bool high_first)
{
    __m256i x = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)at));
    __m256i first = high_first ? _mm256_srli_epi16(x, 4) : x,
            second = _mm256_slli_epi16(x, high_first ? 8 : 4);
    return (bytes32)_mm256_or_si256(first, second) & 15;
}

INLINE bytes32 look_up(const int8_t *table, bytes32 codes)
{
    __m128i entries = _mm_loadu_si128((const __m128i *)table);
    return (bytes32)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(entries), (__m256i)codes);
}

/* fp4_e2m1's codes as those of fp8_e5m2. */
INLINE void load_fp4(const unsigned char *at, struct step *s)
{
    static const int8_t e5m2[16] = {0,    0x38, 0x3c, 0x3e, 0x40, 0x42, 0x44, 0x46,
                                    -128, -72,  -68,  -66,  -64,  -62,  -60,  -58};
    bytes32 c = look_up(e5m2, split_nibbles(at, false));
    unsigned char tops[32];
    PUT(tops, c);
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = half_floats(byte_tops(tops + k * LANES));
}

INLINE void load_table(const unsigned char *at, const float *table, struct step *s)
{
    bytes32 split = split_nibbles(at, true);
    unsigned char c[32];
    PUT(c, split);
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = table_floats(table, byte_words(c + k * LANES));
}

/* The bf16 of a table under two scales, the first vector of each: of magnitudes, or of them and
 * then of the same with the other sign. False: they are not to be trusted. */
INLINE bool make_signed(floats a, floats b, enum exactness exactness, struct entries *e)
{
    words middles = {0};
    *e = signed_entries_of(rounded(a, exactness, &middles), rounded(b, exactness, &middles));
    return exactness != ROUNDED || !any_bit(middles);
}

enum { TABLE_VECTORS = 16 / LANES };

/* And of a whole table under one. */
INLINE bool make_entries(const floats *values, enum exactness exactness, struct entries *e)
{
    words tops[TABLE_VECTORS], middles = {0};
    UNROLLED
    for (int k = 0; k < TABLE_VECTORS; k++)
        tops[k] = rounded(values[k], exactness, &middles);
    *e = entries_of(tops);
    return exactness != ROUNDED || !any_bit(middles);
}

/* Twice what an fp4_e2m1 stands for; the magnitudes first. */
INLINE floats twice_fp4_floats(void)
{
    return int8_floats(twice_fp4_values);
}

/* 2^(e8m0 − 127); infinity for the NaN. */
INLINE float power_of(unsigned e8m0)
{
    uint32_t bits = (uint32_t)e8m0 << 23 | (uint32_t)!e8m0 << 22;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE bool is_finite(float x)
{
    return __builtin_fabsf(x) < __builtin_inff();
}

/* Elements of a byte or a nibble in a row, or those that the array room makes floats of, so many at
 * a time. */
enum { CHUNK = 1024 };
enum kind { KIND_E4M3, KIND_E5M2, KIND_INT8, KIND_FP4, KIND_FLOATS };

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

/* 32 under an e8m0. */
INLINE void mx_row(const struct hu_block_job *j, size_t row, void *dst, enum kind kind, bool narrow)
{
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    const unsigned char *scales =
        (const unsigned char *)j->parts->scales + parts_tile(j->b, j->columns, row, 0);
    /* What the loads leave out is a power of two, whose product with the scale's is exact or
     * infinite. */
    float unit = kind == KIND_E4M3 ? 0x1p8f : kind == KIND_INT8 ? 0x1p-6f : 1;
    size_t i = 0;
    float room[CHUNK];
    for (; i + STEP <= j->columns; i += STEP) {
        struct step s;
        unsigned code = scales[i / STEP];
        if (kind == KIND_FLOATS && i % CHUNK == 0)
            hu_convert_array(hu_format_find("fp32"), room, hu_format_find(j->b->element),
                             at + i / 8 * j->b->code_bits,
                             j->columns - i < CHUNK ? j->columns - i : CHUNK, NULL, NULL);
        float scale = power_of(code) * unit;
        bool fine = is_finite(scale);
        if (narrow && kind == KIND_FP4) {
            struct entries e;
            floats first = twice_fp4_floats() * 0.5f * scale;
            make_signed(first, first, EXACT, &e);
            store_entries((uint16_t *)dst + i, e, split_nibbles(at + i / 2, false));
        } else {
            if (kind == KIND_FLOATS)
                load_step(room + i % CHUNK, &s);
            else
                fine &= load(kind, at, i, &s);
            times(&s, scale);
            /* Elements reach down to 2^−16, bf16 to 2^−133. */
            if (code < 127 - 133 + 16)
                put(dst, i, &s, narrow, EXACT);
            else
                put(dst, i, &s, narrow, IS_BF16);
        }
        if (!fine)
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
        float a = values[scales[i / 16]], b = values[scales[i / 16 + 1]];
        bool fine;
        if (narrow) {
            struct entries e;
            floats first = twice_fp4_floats() * 0.5f;
            fine = make_signed(first * a * second, first * b * second, ROUNDED, &e) && a == a &&
                   b == b;
            store_entries((uint16_t *)dst + i, e, split_nibbles(at + i / 2, false));
        } else {
            load_fp4(at + i / 2, &s);
            UNROLLED
            for (int k = 0; k < VECTORS; k++)
                s.v[k] = s.v[k] * (k < VECTORS / 2 ? a : b) * second;
            fine = put(dst, i, &s, narrow, ROUNDED);
        }
        if (!fine)
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
    size_t tile = j->b->tile_columns, first = parts_tile(j->b, j->columns, row, 0), i = 0;
    for (size_t number = first; i + STEP <= j->columns; number++) {
        float scale = fp32_scale(j, number);
        size_t left = (j->columns - i) / STEP, steps = tile / STEP;
        for (steps = !tile || left < steps ? left : steps; steps; steps--, i += STEP) {
            struct step s;
            bool fine = load(kind, at, i, &s) && is_finite(scale);
            times(&s, unit);
            times(&s, scale);
            if (!fine || !put(dst, i, &s, narrow, ROUNDED))
                redo(j, row, i, STEP, dst, narrow);
        }
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

/* Codes of a table, in blocks that know no rows: a row that begins with a block. */
INLINE void table_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    size_t first = row * j->columns, length = j->b->tile_columns, i = 0;
    const unsigned char *at = (const unsigned char *)j->parts->codes + first / 2;
    const float *table = j->b->table;
    for (size_t number = first / length; first % length == 0 && i + STEP <= j->columns; number++) {
        float scale = fp32_scale(j, number);
        size_t end = j->columns - i < length ? j->columns : i + length;
        struct entries entries;
        bool fine = is_finite(scale);
        if (narrow)
            fine &= make_entries(
                (floats[]){load_floats(table) * scale, load_floats(table + 16 - LANES) * scale},
                ROUNDED, &entries);
        for (; i + STEP <= end; i += STEP) {
            struct step s;
            if (!fine) {
                redo(j, row, i, STEP, dst, narrow);
            } else if (narrow) {
                store_entries((uint16_t *)dst + i, entries, split_nibbles(at + i / 2, true));
            } else {
                load_table(at + i / 2, table, &s);
                times(&s, scale);
                put(dst, i, &s, narrow, ROUNDED);
            }
        }
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

/* The scale and what is taken away of sixteen elements; of what has no minima nothing. */
struct under {
    float scale, less;
};

/* N vectors of integers under them. False: a difference is the middle of two bf16, but was not
 * before it was rounded (Knuth's sum, TAOCP 4.2.2). */
INLINE bool put_under(const struct under *of, const int8_t *q, int n, bool minima, floats *values)
{
    floats products[VECTORS];
    words middles = {0}, bad = {0};
    UNROLLED
    for (int k = 0; k < n; k++) {
        products[k] = values[k] = int8_floats(q + k * LANES) * of[k * LANES / 16].scale;
        if (minima)
            values[k] -= of[k * LANES / 16].less;
        middles |= (words)(((words)values[k] & 0xffff) == 0x8000);
    }
    if (!minima || !any_bit(middles))
        return true;
    UNROLLED
    for (int k = 0; k < n; k++) {
        floats less = splat(of[k * LANES / 16].less), back = values[k] - products[k];
        floats rest = (products[k] - (values[k] - back)) - (less + back);
        bad |= (words)(((words)values[k] & 0xffff) == 0x8000) & (words)(rest != 0);
    }
    return !any_bit(bad);
}

/* What a row of a GGUF type is made of: elements, elements that share a scale, whether there are
 * minima, and what codes of four bits stand for; NULL: they have more. */
struct ggml_row {
    int type;
    size_t length, sub;
    bool minima;
    const int8_t *table;
};

/* Codes that are numbers of four bits, with sign and without. */
static const int8_t with_sign[16] = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
static const int8_t no_sign[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* A block that has fallen apart. False: to be done again. */
INLINE bool put_block(const struct hu_block_unpacked *u, const struct ggml_row *r, float unit,
                      void *dst, size_t column, bool narrow)
{
    bool fine = is_finite(u->d) && (!r->minima || is_finite(u->m));
    enum exactness exactness = r->type == 15 ? ROUNDED : EXACT; /* q8_k alone has an fp32 */
    for (size_t i = 0; i < r->length; i += STEP) {
        struct step s;
        struct entries e;
        struct under of[STEP / 16] = {{0}};
        UNROLLED
        for (int k = 0; k < STEP / 16; k++) {
            size_t number = (i + 16 * (size_t)k) / r->sub;
            of[k].scale = u->d * (float)u->a[number] * unit;
            of[k].less = r->minima ? u->m * (float)u->b[number] : 0;
        }
        bytes32 codes = join_bytes(u->q + i) & 15;
        if (narrow && r->table == twice_fp4_values) {
            codes &= (bytes32)(codes != 8); /* no zero of theirs has a sign */
            fine &= make_signed(twice_fp4_floats() * of[0].scale, twice_fp4_floats() * of[1].scale,
                                exactness, &e);
            store_entries((uint16_t *)dst + column + i, e, codes);
        } else if (narrow && r->table && r->sub >= STEP) {
            fine &= put_under(of, r->table, TABLE_VECTORS, r->minima, s.v);
            fine &= make_entries(s.v, exactness, &e);
            store_entries((uint16_t *)dst + column + i, e, codes);
        } else {
            const void *q = u->q + i;
            if (r->table && r->table != with_sign && r->table != no_sign) {
                codes = look_up(r->table, codes);
                q = &codes;
            }
            fine &= put_under(of, q, VECTORS, r->minima, s.v) || !narrow;
            fine &= put(dst, column + i, &s, narrow, exactness);
        }
    }
    return fine;
}

/* Number, reader, and the rest of struct ggml_row. */
/* clang-format off */
#define GGML_ROWS(X) \
    X(2, q4_0, 32, 32, false, with_sign)     X(3, q4_1, 32, 32, true, no_sign) \
    X(6, q5_0, 32, 32, false, NULL)          X(7, q5_1, 32, 32, true, NULL) \
    X(8, q8_0, 32, 32, false, NULL)          X(9, q8_1, 32, 32, false, NULL) \
    X(10, q2_k, 256, 16, true, no_sign)      X(11, q3_k, 256, 16, false, with_sign) \
    X(12, q4_k, 256, 32, true, no_sign)      X(13, q5_k, 256, 32, true, NULL) \
    X(14, q6_k, 256, 16, false, NULL)        X(15, q8_k, 256, 256, false, NULL) \
    X(16, iq2_xxs, 256, 32, false, NULL)     X(17, iq2_xs, 256, 16, false, NULL) \
    X(18, iq3_xxs, 256, 32, false, NULL)     X(19, iq1_s, 256, 32, false, NULL) \
    X(20, iq4_nl, 32, 32, false, hu_block_curve) \
    X(21, iq3_s, 256, 32, false, NULL)       X(22, iq2_s, 256, 16, false, NULL) \
    X(23, iq4_xs, 256, 32, false, hu_block_curve) \
    X(29, iq1_m, 256, 16, false, NULL)       X(34, tq1_0, 256, 256, false, with_sign) \
    X(35, tq2_0, 256, 256, false, with_sign) X(39, mxfp4, 32, 32, false, twice_fp4_values) \
    X(40, nvfp4, 64, 16, false, twice_fp4_values) \
    X(41, q1_0, 128, 128, false, with_sign)  X(42, q2_0, 64, 64, false, with_sign)
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

INLINE void whole_row(const struct hu_block_job *j, size_t row, void *dst, struct ggml_row r,
                      bool narrow)
{
    const unsigned char *at =
        (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
    size_t i = 0;
    float unit = power_of((unsigned)(127 + j->b->power));
    struct hu_block_unpacked u;
    for (; i + r.length <= j->columns; i += r.length, at += j->b->bytes) {
        unpack(r.type, at, &u);
        if (!put_block(&u, &r, unit, dst, i, narrow))
            redo(j, row, i, r.length, dst, narrow);
    }
    if (i < j->columns)
        redo(j, row, i, j->columns - i, dst, narrow);
}

/* Each as two functions, to fp32 and to bf16. */
#define ROWS(name, call)                                                                           \
    ROW static void name##_fp32(const struct hu_block_job *j, size_t row, void *dst)               \
    {                                                                                              \
        const bool narrow = false;                                                                 \
        call;                                                                                      \
    }                                                                                              \
    ROW static void name##_bf16(const struct hu_block_job *j, size_t row, void *dst)               \
    {                                                                                              \
        const bool narrow = true;                                                                  \
        call;                                                                                      \
    }

ROWS(mx_e4m3, mx_row(j, row, dst, KIND_E4M3, narrow))
ROWS(mx_e5m2, mx_row(j, row, dst, KIND_E5M2, narrow))
ROWS(mx_int8, mx_row(j, row, dst, KIND_INT8, narrow))
ROWS(mx_fp4, mx_row(j, row, dst, KIND_FP4, narrow))
ROWS(mx_floats, mx_row(j, row, dst, KIND_FLOATS, narrow))
ROWS(nvfp4, nvfp4_row(j, row, dst, narrow))
ROWS(fp8_e4m3, fp8_row(j, row, dst, KIND_E4M3, narrow))
ROWS(fp8_e5m2, fp8_row(j, row, dst, KIND_E5M2, narrow))
ROWS(table, table_row(j, row, dst, narrow))
#define GGML_ROW(type, name, ...)                                                                  \
    ROWS(whole_##name, whole_row(j, row, dst, (struct ggml_row){type, __VA_ARGS__}, narrow))
GGML_ROWS(GGML_ROW)

#define ROW_OF(name) (narrow ? name##_bf16 : name##_fp32)

static inline hu_block_row *find_whole(const struct hu_block *b, bool narrow)
{
    switch (b->ggml_type) {
#define ROW_CASE(type, name, ...)                                                                  \
    case type:                                                                                     \
        return ROW_OF(whole_##name);
        GGML_ROWS(ROW_CASE)
    default:
        return NULL;
    }
}

/* The element's format by its width, or the integer. */
hu_block_row *NAMED(hu_block_row)(const struct hu_block_job *j, bool narrow)
{
    const struct hu_block *b = j->b;
    if (b->layout == HU_BLOCK_WHOLE)
        return find_whole(b, narrow);
    if (b->layout == HU_BLOCK_FLAT)
        return b->over == HU_OVER_NESTED || b->tile_columns < STEP ? NULL : ROW_OF(table);
    if (b->layout != HU_BLOCK_PARTS || !b->element)
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
    return b->code_bits == 8   ? ROW_OF(mx_int8)
           : b->code_bits == 4 ? ROW_OF(mx_fp4)
                               : ROW_OF(mx_floats);
}
