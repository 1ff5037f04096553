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

INLINE void fp8_run(struct hu_block_encoding *e, size_t row, size_t column, size_t n, float scale,
                    float largest)
{
    float room[ENCODE_CHUNK], scaled[ENCODE_CHUNK];
    const float *x = source(e, row * e->columns + column, n, room);
    for (size_t i = 0; i < n; i += LANES) {
        floats v = load_floats(x + i);
        store_floats(scaled + i, within(settled(v / scale, v, scale), -largest, largest));
    }
    hu_convert_array(e->element, e->codes + row * e->columns + column, e->fp32, scaled, n,
                     &e->options.elements, NULL);
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

INLINE void tiles_row(struct hu_block_encoding *e, size_t row, bool is_table)
{
    struct hu_block_sorted sorted = {.n = 0};
    float bounds[15] = {0};
    if (is_table)
        sorted = hu_block_sort(e->b->table);
    for (int i = 0; is_table && i < 15; i++) { /* the next fp32 above a middle */
        uint32_t bits = hu_bits_of_float(sorted.middles[i]);
        bounds[i] = bits < INFINITE ? hu_float_of_bits(bits + 1)
                    : bits >> 31    ? hu_float_of_bits(bits - 1)
                                    : sorted.middles[i];
    }
    const struct ladder ladder = ladder_of(bounds);
    size_t last = hu_block_last_row(e, row), end;
    float largest = is_table ? 1 : (float)hu_scale_element_of(e->b).max;
    for (size_t column = 0; column < e->columns; column = end) {
        size_t left = e->columns - column, across = e->b->tile_columns;
        end = !across || left < across ? e->columns : column + across;
        uint32_t amax = NAMED(hu_block_greatest)(e, row, last, column, end);
        float most = e->b->tile_rows ? hu_float_of_bits(amax) : (float)e->amax;
        float scale = most / largest;
        /* What settles quotients has no room below. */
        bool tiny = scale < 0x1p-90f && most > 0;
        if (amax >= INFINITE || (is_table ? left < across : tiny)) {
            hu_block_encode_rest(e, row, column, end);
            continue;
        }
        size_t number = is_table ? column / across : parts_tile(e->b, e->columns, row, column);
        layout_set_word(e->scales + 4 * number, 32, hu_bits_of_float(scale));
        for (size_t r = row; r < last; r++)
            for (size_t at = column, n; at < end; at += n) {
                n = end - at < ENCODE_CHUNK ? end - at : ENCODE_CHUNK;
                if (is_table)
                    table_run(e, at, n, scale, &sorted, &ladder);
                else
                    fp8_run(e, r, at, n, scale > 0 ? scale : __builtin_inff(), largest);
            }
    }
}
