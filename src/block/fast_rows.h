/*
 * Rows of elements under their scales, for any instruction set. Beside what fast_lanes.h asks for,
 * the file that includes this defines first
 *   NAMED(name)      a name of the instruction set's own
 *   int8_words       LANES bytes from memory, and their signs
 *   int8_floats      the same as floats
 *   byte_tops        LANES bytes from memory as the upper halves of fp16
 *   half_floats      LANES fp16 as floats
 * and what fast_encode.h asks for. To fp32 a product or difference is rounded once, by the
 * multiplication or the subtraction. To bf16 it is rounded once more, which goes wrong only where
 * the first rounding landed in the middle of two bf16: such groups are done again by way of fp64,
 * unless the first one cannot have rounded.
 */

struct step {
    floats v[VECTORS];
};

#include "fast_narrow.h"

INLINE void store_floats(float *at, floats v)
{
    PUT(at, v);
}

INLINE void load_step(const float *at, struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = load_floats(at + k * LANES);
}

INLINE void put(float *at, const struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        store_floats(at + k * LANES, s->v[k]);
}

INLINE void redo(const struct hu_block_job *j, size_t row, size_t column, size_t n, void *dst,
                 bool narrow)
{
    hu_block_decode_some(j, row, column, n, (char *)dst + column * (narrow ? 2 : 4));
}

#include "fast_elements.h"

/* Steps that a loop takes before it looks which of them are to be done again, a bit each: calls
 * amid the loop would cost it its registers. */
enum { BATCH = 32 };

ROW __attribute__((noinline, cold)) static void redo_steps(const struct hu_block_job *j, size_t row,
                                                           size_t step, size_t length, uint32_t bad,
                                                           void *dst, bool narrow)
{
    for (; bad; bad >>= 1, step++) {
        size_t at = step * length, left = j->columns - at;
        if (bad & 1)
            redo(j, row, at, left < length ? left : length, dst, narrow);
    }
}

/* Where a row's parts are, and what all its steps share. */
struct row {
    const unsigned char *codes, *scales;
    const struct hu_block_planes *planes;
};

/* Elements reach down to 2^−16, bf16 to 2^−133. */
INLINE bool stays_exact(unsigned e8m0)
{
    return e8m0 >= 127 - 133 + 16;
}

/* 32 of fp8 under the scale of CODE: sign and magnitude moved, and what the exponents differ by
 * added. False: one is no normal number here or there, and nothing was written. */
INLINE bool fp8_moves(const unsigned char *at, bool e4m3, const struct fp8 *f, unsigned code,
                      void *dst, bool narrow)
{
    const unsigned low = e4m3 ? 7 : 15, most = e4m3 ? 246 : 239;
    const uint32_t *power = f->powers + code;
    if (__builtin_expect(code - low > most - low || !fp8_is_normal(at, f), false))
        return false;
    if (narrow) {
        const uint16_t more = ((const uint16_t *)power)[1];
        UNROLLED
        for (int k = 0; k < STEP; k += FULL)
            store_halves((uint16_t *)dst + k,
                         (byte_halves(at + k) << (e4m3 ? 4 : 5) & f->moved) + more);
    } else {
        UNROLLED
        for (int k = 0; k < STEP; k += LANES)
            store_floats((float *)dst + k, (floats)((int8_words(at + k) << (e4m3 ? 20 : 21) &
                                                     (e4m3 ? 0x87f00000 : 0x8fe00000)) +
                                                    *power));
    }
    return true;
}

/* 32 under the scale of CODE to bf16. */
INLINE void mx_narrow(enum kind kind, const void *at, unsigned code, uint16_t *dst)
{
    float unit = unit_of(kind, true), power = power_of(code), scale = power * unit;
    bool apart = kind == KIND_INT8 ? code < 31 : !is_finite(scale);
    UNROLLED
    for (int k = 0; k < STEP; k += FULL) {
        struct full x = load_full(kind, (const char *)at + k);
        if (__builtin_expect(apart, false))
            multiply(&x, unit);
        multiply(&x, apart ? power : scale);
        if (__builtin_expect(stays_exact(code), true))
            store_halves(dst + k, rounded(&x, IS_BF16, NULL));
        else
            store_halves(dst + k, rounded(&x, EXACT, NULL));
    }
}

/* 32 codes under the scale of CODE. False: to be done again. */
INLINE bool mx_step(const unsigned char *at, unsigned code, enum kind kind, const struct fp8 *f,
                    void *dst, bool narrow)
{
    const enum kind held = held_as(kind);
    bytes32 sixes;
    if (kind != held) {
        hold_sixes(at, kind == KIND_E2M3, &sixes);
        at = (const unsigned char *)&sixes;
    }
    const bool fp8 = kind == KIND_E4M3 || kind == KIND_E5M2;
    if (fp8 && fp8_moves(at, kind == KIND_E4M3, f, code, dst, narrow))
        return true;
    /* The product with what the loads leave out is exact or infinite. */
    const float scale = power_of(code) * unit_of(held, false);
    if (narrow) {
        mx_narrow(held, at, code, dst);
    } else {
        struct step s;
        load(held, at, &s);
        times(&s, scale);
        put(dst, &s);
    }
    return code != 0xff && (narrow || is_finite(scale)) &&
           (!fp8 || all_finite(at, kind == KIND_E4M3));
}

/* 32 fp4_e2m1 of 16 bytes under an e8m0. All products are bf16, subnormal ones too. */
INLINE void fp4_step(const struct hu_block_planes *of, const void *at, enum order order, void *dst,
                     bool narrow)
{
    if (narrow) {
        struct tables t = fp4_tables(of);
        put_looked(dst, &t, 0, codes_in(at, order));
    } else {
        struct wide_table t = fp4_wide(of);
        put_wide(dst, &t, at, order);
    }
}

/* Whether products of SCALE with significands of BITS may have to be rounded to fp32. */
INLINE bool may_round(float scale, int bits)
{
    uint32_t x;
    memcpy(&x, &scale, sizeof x);
    return (x & ((1u << bits) - 1)) || !(__builtin_fabsf(scale) > 0x1p-100f);
}

/* The row's first codes. */
ROW __attribute__((noinline)) static const unsigned char *codes_at(const struct hu_block_job *j,
                                                                   size_t row)
{
    return (const unsigned char *)j->parts->codes + row * parts_row_bytes(j->b, j->columns);
}

ROW __attribute__((noinline)) static struct row row_of(const struct hu_block_job *j, size_t row)
{
    return (struct row){
        .codes = codes_at(j, row),
        .scales = (const unsigned char *)j->parts->scales + parts_tile(j->b, j->columns, row, 0),
        .planes = hu_block_tables()->e8m0,
    };
}

/* Pointers go on beside each other: the loops have little to do. */
INLINE void mx_fp4_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    const struct row r = row_of(j, row);
    const size_t steps = j->columns / STEP;
    const unsigned char *scale = r.scales, *end = scale + steps, *at = r.codes;
    char *to = dst;
    for (; scale < end; scale++, at += STEP / 2, to += STEP * (narrow ? 2 : 4))
        fp4_step(r.planes + *scale, at, LOW_FIRST, to, narrow);
    if (steps * STEP < j->columns)
        redo(j, row, steps * STEP, j->columns - steps * STEP, dst, narrow);
}

/* Elements under an e8m0 for each 32. */
INLINE void scaled_row(const struct hu_block_job *j, size_t row, void *dst, enum kind kind,
                       bool narrow)
{
    const struct row r = row_of(j, row);
    const size_t steps = j->columns / STEP, length = kind == held_as(kind) ? STEP : STEP / 4 * 3;
    const unsigned char *at = r.codes, *scale = r.scales;
    char *to = dst;
    struct fp8 f;
    if (kind == KIND_E4M3 || kind == KIND_E5M2)
        fp8_begin(&f, kind == KIND_E4M3);
    for (size_t n = 0, here; n < steps; n += here) {
        uint32_t bad = 0;
        here = steps - n < BATCH ? steps - n : BATCH;
        for (size_t k = 0; k < here; k++, at += length, scale++, to += STEP * (narrow ? 2 : 4))
            bad |= (uint32_t)!mx_step(at, *scale, kind, &f, to, narrow) << k;
        if (__builtin_expect(bad, 0))
            redo_steps(j, row, n, STEP, bad, dst, narrow);
    }
    if (steps * STEP < j->columns)
        redo(j, row, steps * STEP, j->columns - steps * STEP, dst, narrow);
}

INLINE void fp4_pair(const struct fp4_scales *of, const void *at, enum order order, void *dst,
                     bool narrow)
{
    if (narrow)
        put_fp4_halves(dst, of, at, order);
    else
        put_fp4(dst, of, at, order);
}

INLINE void nvfp4_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    const struct row r = row_of(j, row);
    const float *values = hu_block_tables()->e4m3, second = j->parts->tensor_scale;
    /* Products to fp32 are AVX2's own. */
    const bool products = LANES == 8 && !narrow && is_finite(second);
    const struct hu_block_planes *planes =
        products ? NULL : hu_block_e4m3_planes(second, j->columns);
    const size_t end = planes || products ? j->columns / STEP * STEP : 0;
    const unsigned char *scale = r.scales, *at = r.codes;
    char *to = dst, *last = to + end * (narrow ? 2 : 4);
    for (; to < last; scale += 2, at += STEP / 2, to += STEP * (narrow ? 2 : 4)) {
        struct fp4_scales of = {.value = {values[scale[0]], values[scale[1]]}, .second = second};
        if (!products) {
            of.planes[0] = planes + scale[0];
            of.planes[1] = planes + scale[1];
        }
        fp4_pair(&of, at, LOW_FIRST, to, narrow);
    }
    if (end < j->columns)
        redo(j, row, end, j->columns - end, dst, narrow);
}

INLINE float fp32_scale(const unsigned char *scales, size_t number)
{
    return unpack_fp32(scales + 4 * number);
}

/* An fp32 over fp8. */
struct fp8_scale {
    float value;
    bool rounds, looks; /* products may have to be rounded; are to be looked up */
    struct fp8_table table;
};

INLINE struct fp8_scale fp8_scale_of(float value, bool e4m3, bool narrow)
{
    struct fp8_scale s = {.value = value, .rounds = may_round(value, 4)};
    halves16 significands;
    s.looks = narrow && fp8_halves(value, e4m3, &significands);
    if (s.looks)
        s.table = fp8_table(significands);
    return s;
}

/* 32 under an fp32. False: to be done again. */
INLINE bool fp8_step(enum kind kind, const struct fp8 *f, const unsigned char *at,
                     const struct fp8_scale *scale, void *dst, bool narrow)
{
    const bool e4m3 = kind == KIND_E4M3;
    marks middles = {0};
    struct step s;
    if (narrow && __builtin_expect(scale->looks && fp8_is_normal(at, f), true)) {
        put_fp8(dst, at, &scale->table, e4m3, f->exponents);
        return true;
    }
    UNROLLED
    for (int k = 0; k < STEP && narrow; k += FULL) {
        struct full x = load_full(kind, at + k);
        multiply(&x, unit_of(kind, true));
        multiply(&x, scale->value);
        store_halves((uint16_t *)dst + k, rounded(&x, ROUNDED, &middles));
    }
    if (!narrow) {
        load(kind, at, &s);
        times(&s, unit_of(kind, false));
        times(&s, scale->value);
        put(dst, &s);
    }
    return all_finite(at, e4m3) && !(narrow && scale->rounds && any_mark(middles));
}

/* STEPS of them under one fp32, from step FIRST of ROW on. */
INLINE void fp8_tile(const struct hu_block_job *j, size_t row, size_t first, size_t steps,
                     enum kind kind, const struct fp8 *f, const unsigned char *codes,
                     const struct fp8_scale *scale, void *dst, bool narrow)
{
    for (size_t n = first, end = first + steps, here; n < end; n += here) {
        uint32_t bad = 0;
        here = end - n < BATCH ? end - n : BATCH;
        for (size_t k = 0; k < here; k++)
            bad |= (uint32_t)!fp8_step(kind, f, codes + (n + k) * STEP, scale,
                                       (char *)dst + (n + k) * STEP * (narrow ? 2 : 4), narrow)
                   << k;
        if (!is_finite(scale->value))
            bad = (uint32_t)(((uint64_t)1 << here) - 1);
        if (__builtin_expect(bad, 0))
            redo_steps(j, row, n, STEP, bad, dst, narrow);
    }
}

/* fp8 under an fp32: tiles, rows, the tensor. What a few scales make of significands first, which
 * nothing then waits for. */
INLINE void fp8_row(const struct hu_block_job *j, size_t row, void *dst, enum kind kind,
                    bool narrow)
{
    enum { AT_ONCE = 8 };
    const unsigned char *at = codes_at(j, row);
    const unsigned char *scales =
        (const unsigned char *)j->parts->scales + 4 * parts_tile(j->b, j->columns, row, 0);
    const size_t steps = j->columns / STEP;
    const size_t across = j->b->tile_columns ? j->b->tile_columns / STEP : steps;
    struct fp8_scale over[AT_ONCE];
    struct fp8 f;
    fp8_begin(&f, kind == KIND_E4M3);
    for (size_t n = 0; n < steps;) {
        size_t left = parts_up(steps - n, across), tiles = left < AT_ONCE ? left : AT_ONCE;
        for (size_t k = 0; k < tiles; k++, scales += 4)
            over[k] = fp8_scale_of(unpack_fp32(scales), kind == KIND_E4M3, narrow);
        for (size_t k = 0, here; k < tiles; k++, n += here) {
            here = steps - n < across ? steps - n : across;
            fp8_tile(j, row, n, here, kind, &f, at, &over[k], dst, narrow);
        }
    }
    if (steps * STEP < j->columns)
        redo(j, row, steps * STEP, j->columns - steps * STEP, dst, narrow);
}

/* Whether a scale is finite, and what a table of numbers from 2^−8 on makes of it is zero or far
 * from subnormal. */
INLINE bool is_usual(uint32_t scale)
{
    return (scale >> 23 & 255) - 27 < 255 - 27 || !(scale << 1);
}

/* What the codes of a table stand for under a scale, in bf16 or in fp32. */
struct coded {
    struct tables halves;
    struct wide_table floats;
};

INLINE void coded_step(const struct coded *t, const unsigned char *at, size_t step, void *dst,
                       bool narrow)
{
    at += step * STEP / 2;
    if (narrow)
        put_looked((uint16_t *)dst + step * STEP, &t->halves, 0, codes_in(at, HIGH_FIRST));
    else
        put_wide((float *)dst + step * STEP, &t->floats, at, HIGH_FIRST);
}

/* A block of steps under an fp32, codes those of a table. False: to be done again. */
INLINE bool coded_block(const float *table, const unsigned char *scales, size_t number,
                        const unsigned char *at, size_t steps, void *dst, bool narrow)
{
    const float scale = fp32_scale(scales, number);
    const struct under of[2] = {{scale, 0}, {scale, 0}};
    marks middles = {0};
    struct coded t;
    if (narrow)
        t.halves = tables_under(table, of, false, ROUNDED, &middles);
    else
        t.floats = wide_under(table, *of, false);
    for (size_t k = 0; k + 2 <= steps; k += 2) {
        coded_step(&t, at, k, dst, narrow);
        coded_step(&t, at, k + 1, dst, narrow);
    }
    if (steps % 2)
        coded_step(&t, at, steps - 1, dst, narrow);
    return is_usual(unpack_word(scales + 4 * number)) && !any_mark(middles);
}

/* Two blocks of two steps each, to bf16. A bit for each that is to be done again. */
INLINE uint32_t coded_two(const float *table, const unsigned char *scales, size_t number,
                          const unsigned char *at, uint16_t *dst)
{
    const struct under of[2] = {{fp32_scale(scales, number), 0},
                                {fp32_scale(scales, number + 1), 0}};
    marks middles = {0};
    const struct tables t = tables_under(table, of, false, ROUNDED, &middles);
    UNROLLED
    for (int k = 0; k < 4; k++)
        put_looked(dst + k * STEP, &t, k / 2, codes_in(at + k * STEP / 2, HIGH_FIRST));
    const uint32_t first = !is_usual(unpack_word(scales + 4 * number)),
                   last = !is_usual(unpack_word(scales + 4 * number + 4));
    return any_mark(middles) ? 3 : first | last << 1;
}

/* Codes of a table, in blocks that know no rows: a row that begins with a block. */
INLINE void table_row(const struct hu_block_job *j, size_t row, void *dst, bool narrow)
{
    const size_t first = row * j->columns, length = j->b->tile_columns, size = narrow ? 2 : 4;
    const size_t blocks = first % length ? 0 : j->columns / length, steps = length / STEP;
    const unsigned char *at = (const unsigned char *)j->parts->codes + first / 2;
    const unsigned char *scales = (const unsigned char *)j->parts->scales + first / length * 4;
    float table[16];
    memcpy(table, j->b->table, sizeof table);
    for (size_t n = 0, here; n < blocks; n += here) {
        uint32_t bad = 0;
        here = blocks - n < BATCH ? blocks - n : BATCH;
        size_t k = 0;
        for (; narrow && steps == 2 && k + 2 <= here; k += 2) {
            size_t i = (n + k) * length;
            bad |= coded_two(table, scales, n + k, at + i / 2, (uint16_t *)dst + i) << k;
        }
        for (; k < here; k++) {
            size_t i = (n + k) * length;
            void *to = (char *)dst + i * size;
            bool fine = steps == 2
                            ? coded_block(table, scales, n + k, at + i / 2, 2, to, narrow)
                            : coded_block(table, scales, n + k, at + i / 2, steps, to, narrow);
            bad |= (uint32_t)!fine << k;
        }
        if (__builtin_expect(bad, 0))
            redo_steps(j, row, n, length, bad, dst, narrow);
    }
    if (blocks * length < j->columns)
        redo(j, row, blocks * length, j->columns - blocks * length, dst, narrow);
}

#include "fast_rows_ggml.h"

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

ROWS(mx_e4m3, scaled_row(j, row, dst, KIND_E4M3, narrow))
ROWS(mx_e5m2, scaled_row(j, row, dst, KIND_E5M2, narrow))
ROWS(mx_int8, scaled_row(j, row, dst, KIND_INT8, narrow))
ROWS(mx_fp4, mx_fp4_row(j, row, dst, narrow))
ROWS(mx_e2m3, scaled_row(j, row, dst, KIND_E2M3, narrow))
ROWS(mx_e3m2, scaled_row(j, row, dst, KIND_E3M2, narrow))
ROWS(nvfp4, nvfp4_row(j, row, dst, narrow))
ROWS(fp8_e4m3, fp8_row(j, row, dst, KIND_E4M3, narrow))
ROWS(fp8_e5m2, fp8_row(j, row, dst, KIND_E5M2, narrow))
ROWS(table, table_row(j, row, dst, narrow))
#define SHORT(type, minima) short_row(j, row, dst, type, minima, narrow)
#define LONG(type, minima) long_row(j, row, dst, type, minima, narrow)
#define MXFP4(type, minima) mxfp4_row(j, row, dst, narrow)
#define NVFP4(type, minima) ggml_nvfp4_row(j, row, dst, narrow)
#define ROWS_OF_TYPE(name, number, bytes, decoded, minima)                                         \
    ROWS(ggml_##name, decoded(number, minima))
GGML_TYPES(ROWS_OF_TYPE)
ROWS(scaled, LONG(ANY_TYPE, false))
ROWS(minima, LONG(ANY_TYPE, true))

#define ROW_OF(name) (narrow ? name##_bf16 : name##_fp32)

static inline hu_block_row *find_whole(const struct hu_block *b, bool narrow)
{
#define BOTH(name, number, ...) [number] = {ggml_##name##_fp32, ggml_##name##_bf16},
    static hu_block_row *const own[][2] = {GGML_TYPES(BOTH)};
#undef BOTH
    if ((size_t)b->ggml_type < sizeof own / sizeof *own && own[b->ggml_type][narrow])
        return own[b->ggml_type][narrow];
    return b->minima ? ROW_OF(minima) : ROW_OF(scaled);
}

/* NULL: an element, scale or tile that has no row here is the plain decoder's. */
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
    bool fp4 = !strcmp(b->element, "fp4_e2m1");
    if (!strcmp(b->scale, "fp32") && b->tile_columns % STEP == 0)
        return e4m3 ? ROW_OF(fp8_e4m3) : e5m2 ? ROW_OF(fp8_e5m2) : NULL;
    if (b->over == HU_OVER_TENSOR && b->tile_columns == 16 && fp4)
        return ROW_OF(nvfp4);
    if (strcmp(b->scale, "e8m0") != 0 || b->tile_rows != 1 || b->tile_columns != STEP)
        return NULL;
    if (e4m3 || e5m2)
        return e4m3 ? ROW_OF(mx_e4m3) : ROW_OF(mx_e5m2);
    if (fp4)
        return ROW_OF(mx_fp4);
    if (!strcmp(b->element, "int8"))
        return ROW_OF(mx_int8);
    if (b->code_bits != 6)
        return NULL;
    return strcmp(b->element, "fp6_e2m3") ? ROW_OF(mx_e3m2) : ROW_OF(mx_e2m3);
}
