/* Tiles of any size under one fp32; included by fast_encode.h. */

/* The greater of vectors' words of 32 bits, or of 16. */
INLINE __m256i larger_of(__m256i a, __m256i b, bool wide)
{
    return wide ? _mm256_max_epu32(a, b) : _mm256_max_epu16(a, b);
}

/* The greatest magnitude's bits among BYTES bytes of floats, or of bf16 or fp16. */
INLINE uint32_t greatest_of_run(const unsigned char *at, size_t bytes, bool wide)
{
    enum { CHAINS = 4, WIDTH = 32 };
    const __m256i magnitude = _mm256_set1_epi32(wide ? 0x7fffffff : 0x7fff7fff);
    __m256i most[CHAINS] = {_mm256_setzero_si256()}, x = most[0];
    for (; bytes >= CHAINS * WIDTH; bytes -= CHAINS * WIDTH, at += CHAINS * WIDTH) {
        UNROLLED
        for (int k = 0; k < CHAINS; k++) {
            GET(x, at + k * WIDTH);
            most[k] = larger_of(most[k], _mm256_and_si256(x, magnitude), wide);
        }
    }
    for (size_t here; bytes; bytes -= here, at += here) {
        here = bytes < WIDTH ? bytes : WIDTH;
        x = _mm256_setzero_si256();
        memcpy(&x, at, here);
        most[0] = larger_of(most[0], _mm256_and_si256(x, magnitude), wide);
    }
    x = larger_of(larger_of(most[0], most[1], wide), larger_of(most[2], most[3], wide), wide);
    x = larger_of(x, _mm256_permute2x128_si256(x, x, 1), wide);
    __m128i half = _mm256_castsi256_si128(x), ones = _mm_set1_epi32(-1);
    if (!wide)
        return 0xffff & ~(uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(_mm_xor_si128(half, ones)));
    half = _mm_max_epu32(half, _mm_shuffle_epi32(half, 0x4e));
    return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(half, _mm_shuffle_epi32(half, 0xb1)));
}

/* In rows ROW to LAST, columns COLUMN to END, as an fp32's. */
ROW uint32_t NAMED(hu_block_greatest)(const struct hu_block_encoding *e, size_t row, size_t last,
                                      size_t column, size_t end)
{
    const bool wide = e->from->storage_bits == 32;
    const size_t width = wide ? 4 : 2;
    uint32_t most = 0;
    for (; row < last; row++) {
        const unsigned char *at =
            (const unsigned char *)e->src + (row * e->columns + column) * width;
        uint32_t here = greatest_of_run(at, (end - column) * width, wide);
        most = here > most ? here : most;
    }
    return wide               ? most
           : is_bf16(e->from) ? most << 16
                              : hu_bits_of_float(_cvtsh_ss((unsigned short)most));
}

/*
 * Q, which is X / SCALE rounded, so that one more rounding to fp8 is as one: where it lies in the
 * middle of two fp8, or on one, and has 5 bits or fewer, it goes to the side where X is. The
 * scale's upper half times Q is near X, so that their difference is exact (Sterbenz).
 */
INLINE floats settled(floats q, floats x, float scale)
{
    words bits = (words)q, short_ones = (words)(bits << 13 == 0) & (words)(bits << 1 != 0);
    if (!any_bit(short_ones))
        return q;
    float upper = hu_float_of_bits(hu_bits_of_float(scale) & 0xfffff000), lower = scale - upper;
    floats magnitude = (floats)(bits & 0x7fffffff);
    floats rest = (floats)((words)x & 0x7fffffff) - magnitude * upper, other = magnitude * lower;
    words more = (words)(rest > other), less = (words)(rest < other);
    return (floats)(bits + ((less - more) & short_ones));
}

/* A scale of fp8, and its inverse: 0 where quotients need it itself, for products would not be near
 * them. */
struct fp8_tile {
    float scale, inverse;
};

INLINE struct fp8_tile fp8_tile_of(float scale)
{
    bool usual = scale > 0x1p-90f && scale < 0x1p90f;
    return (struct fp8_tile){scale > 0 ? scale : __builtin_inff(), usual ? 1 / scale : 0};
}

/* N floats over a scale, cut to the range and near enough to round once more: products, unless one
 * of 32 is near a middle of fp8 or zero. */
INLINE void fp8_quotients(const float *x, size_t n, struct fp8_tile of, float largest, float *to)
{
    enum { BITS = 0x7ffff }; /* below those of middles of e5m2 and of e4m3 */
    for (size_t i = 0; i < n; i += STEP) {
        const size_t vectors = n - i < STEP ? (n - i + LANES - 1) / LANES : VECTORS;
        words near = {0};
        for (size_t k = 0; k < vectors; k++) {
            floats y = load_floats(x + i + k * LANES) * of.inverse;
            near = larger(near, nearness((words)y, BITS));
            store_floats(to + i + k * LANES, within(y, -largest, largest));
        }
        if (__builtin_expect(any_bit(is_near(near, BITS)), false))
            for (size_t k = 0; k < vectors; k++) {
                floats v = load_floats(x + i + k * LANES), q = settled(v / of.scale, v, of.scale);
                store_floats(to + i + k * LANES, within(q, -largest, largest));
            }
    }
}

/* Columns COLUMN to END of a row, in tiles of ACROSS. */
INLINE void fp8_run(struct hu_block_encoding *e, size_t row, size_t column, size_t end,
                    size_t across, const struct fp8_tile *tiles, float largest)
{
    float room[ENCODE_CHUNK], scaled[ENCODE_CHUNK];
    for (size_t at = column, n; at < end; at += n) {
        n = end - at < ENCODE_CHUNK ? end - at : ENCODE_CHUNK;
        const float *x = source(e, row * e->columns + at, n, room);
        for (size_t i = 0, here; i < n; i += here) {
            size_t tile = (at + i - column) / across;
            here = n - i < across ? n - i : across;
            fp8_quotients(x + i, here, tiles[tile], largest, scaled + i);
        }
        hu_convert_array(e->element, e->codes + row * e->columns + at, e->fp32, scaled, n,
                         &e->options.elements, NULL);
    }
}

/* bitsandbytes' codes of N elements, a multiple of 32. */
INLINE void table_run(struct hu_block_encoding *e, size_t column, size_t n, float scale,
                      const struct hu_block_sorted *sorted, const struct ladder *bounds)
{
    float room[ENCODE_CHUNK], inverse = 1 / scale;
    const float *x = source(e, column, n, room);
    inverse = inverse < __builtin_inff() ? inverse : 0;
    for (size_t i = 0; i < n; i += STEP) {
        words codes[VECTORS];
        UNROLLED
        for (int k = 0; k < VECTORS; k++) {
            floats v = load_floats(x + i + k * LANES), product = v * inverse;
            if (sorted->has_sign)
                codes[k] = reached(bounds, 1, (floats)((words)product & 0x7fffffff)) |
                           ((words)(v < 0) & 16);
            else
                codes[k] = reached(bounds, 0, product);
        }
        bytes32 c = join_words(codes);
        c = look_up((const int8_t *)sorted->codes, c & 15) | (c >> 1 & 8);
        store_pairs(c, true, e->codes + (column + i) / 2);
    }
}

/* The scale of rows ROW to LAST, columns COLUMN to END, to its place. False: the truth is to encode
 * them. */
INLINE bool tile_scale(struct hu_block_encoding *e, size_t row, size_t last, size_t column,
                       size_t end, bool is_table, float largest, float *scale)
{
    const size_t across = e->b->tile_columns ? e->b->tile_columns : e->columns;
    uint32_t amax = NAMED(hu_block_greatest)(e, row, last, column, end);
    float most = e->b->tile_rows ? hu_float_of_bits(amax) : (float)e->amax;
    *scale = most / largest;
    /* What settles quotients has no room below. */
    bool tiny = *scale < 0x1p-90f && most > 0;
    if (amax >= INFINITE || (is_table ? end - column < across : tiny))
        return false;
    size_t number = is_table ? column / across : parts_tile(e->b, e->columns, row, column);
    layout_set_word(e->scales + 4 * number, 32, hu_bits_of_float(*scale));
    return true;
}

/* Tiles of fp8 as high as rows ROW to LAST, so many beside each other that conversions are long. */
INLINE void fp8_tiles(struct hu_block_encoding *e, size_t row)
{
    enum { MOST = ENCODE_CHUNK / STEP };
    const size_t last = hu_block_last_row(e, row),
                 across = e->b->tile_columns ? e->b->tile_columns : e->columns;
    const size_t most = across % STEP || across > ENCODE_CHUNK ? 1 : ENCODE_CHUNK / across;
    const float largest = (float)hu_scale_element_of(e->b).max;
    struct fp8_tile tiles[MOST];
    for (size_t column = 0, end; column < e->columns; column = end) {
        uint32_t rest = 0;
        end = e->columns - column < most * across ? e->columns : column + most * across;
        for (size_t at = column, k = 0; at < end; at += across, k++) {
            float scale = 0;
            size_t edge = end - at < across ? end : at + across;
            if (!tile_scale(e, row, last, at, edge, false, largest, &scale))
                rest |= (uint32_t)1 << k;
            tiles[k] = fp8_tile_of(scale);
        }
        for (size_t r = row; r < last; r++)
            fp8_run(e, r, column, end, across, tiles, largest);
        for (size_t at = column; rest; rest >>= 1, at += across)
            if (rest & 1)
                hu_block_encode_rest(e, row, at, end - at < across ? end : at + across);
    }
}

/* Blocks of a table's codes, whatever rows are. */
INLINE void table_blocks(struct hu_block_encoding *e, size_t row)
{
    struct hu_block_sorted sorted = hu_block_sort(e->b->table);
    float bounds[15] = {0};
    for (int i = 0; i < 15; i++) { /* the next fp32 above a middle */
        uint32_t bits = hu_bits_of_float(sorted.middles[i]);
        bounds[i] = bits < INFINITE ? hu_float_of_bits(bits + 1)
                    : bits >> 31    ? hu_float_of_bits(bits - 1)
                                    : sorted.middles[i];
    }
    const struct ladder ladder = ladder_of(bounds);
    const size_t last = hu_block_last_row(e, row), across = e->b->tile_columns;
    for (size_t column = 0, end; column < e->columns; column = end) {
        float scale;
        end = e->columns - column < across ? e->columns : column + across;
        if (!tile_scale(e, row, last, column, end, true, 1, &scale)) {
            hu_block_encode_rest(e, row, column, end);
            continue;
        }
        for (size_t at = column, n; at < end; at += n) {
            n = end - at < ENCODE_CHUNK ? end - at : ENCODE_CHUNK;
            table_run(e, at, n, scale, &sorted, &ladder);
        }
    }
}
