/*
 * Readers of GGUF's i-quants whose points are gathered from their codebooks, eight of 8 elements or
 * sixteen of 4 at a time, and negated by a mask: for AVX-512; iquants.h says what lies where.
 */

typedef int64_t longs8 __attribute__((vector_size(64)));

/* Numbers of eight bytes. */
INLINE words8 eight_bytes(const void *at)
{
    return (words8)_mm256_cvtepu8_epi32(_mm_loadl_epi64(at));
}

/* The bits of a word that start at PLACES. */
INLINE words8 bits_at(const unsigned char *word, words8 places, unsigned mask)
{
    return (((words8){0} + unpack_word(word)) >> places) & mask;
}

/* 64 elements, negated where SIGNS have bits. */
INLINE void put_signs(int8_t *q, __m512i x, const unsigned char *signs)
{
    uint64_t bits;
    memcpy(&bits, signs, sizeof bits);
    x = _mm512_mask_sub_epi8(x, bits, _mm512_setzero_si512(), x);
    PUT(q, x);
}

INLINE void put_eights(int8_t *q, const uint64_t *grid, words8 which, const unsigned char *signs)
{
    put_signs(q, _mm512_i32gather_epi64((__m256i)which, (const void *)grid, 8), signs);
}

INLINE void put_fours(int8_t *q, const uint32_t *grid, words which, const unsigned char *signs)
{
    put_signs(q, _mm512_i32gather_epi32((__m512i)which, (const void *)grid, 4), signs);
}

/* Points that are all moved by an eighth, down where DOWN is 1. */
INLINE void put_moved_eights(int8_t *q, const uint64_t *grid, words8 which, words8 down)
{
    bytes64 x = (bytes64)_mm512_i32gather_epi64((__m256i)which, (const void *)grid, 8);
    longs8 all = -__builtin_convertvector((numbers8)down, longs8);
    x += (bytes64)all | 1;
    PUT(q, x);
}

/* Of eight words four times seven signs and a scale of four bits. */
INLINE void put_sevens(words8 x, int32_t *scales, unsigned char *signs)
{
    words8 odd = 2 * (x >> 28) + 1;
    PUT(scales, odd);
    x = (x & 0x7f) | (x & 0x3f80) << 1 | (x & 0x1fc000) << 2 | (x & 0xfe00000) << 3;
    PUT(signs, x);
    make_even(signs);
}

ROW static void gather_iq2_xxs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    unsigned char which[32], signs[32];
    longs8 all;
    GET(all, block + 2);
    __m256i low = _mm512_cvtepi64_epi32((__m512i)all),
            high = _mm512_cvtepi64_epi32((__m512i)(all >> 32));
    PUT(which, low);
    to->d = hardware_fp16(block);
    put_sevens((words8)high, to->a, signs);
    UNROLLED
    for (int k = 0; k < 4; k++)
        put_eights(to->q + 64 * k, grids->iq2_xxs, eight_bytes(which + 8 * k), signs + 8 * k);
}

ROW static void gather_iq2_xs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    unsigned char signs[32];
    full_halves all;
    GET(all, block + 2);
    __m256i sevens = _mm512_cvtepi16_epi8((__m512i)(all >> 9));
    PUT(signs, sevens);
    make_even(signs);
    to->d = hardware_fp16(block);
    put_odd(unpack_word(block + 66), to->a);
    put_odd(unpack_word(block + 70), to->a + 8);
    UNROLLED
    for (int k = 0; k < 4; k++) {
        __m128i eight = _mm_loadu_si128((const __m128i *)(block + 2 + 16 * k));
        words8 which = (words8)_mm256_cvtepu16_epi32(eight) & 511;
        put_eights(to->q + 64 * k, grids->iq2_xs, which, signs + 8 * k);
    }
}

ROW static void gather_iq2_s(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    const words8 places = {0, 2, 4, 6, 8, 10, 12, 14};
    to->d = hardware_fp16(block);
    put_odd(unpack_word(block + 74), to->a);
    put_odd(unpack_word(block + 78), to->a + 8);
    UNROLLED
    for (int k = 0; k < 4; k++) {
        words8 which = eight_bytes(block + 2 + 8 * k) | bits_at(block + 66 + 2 * k, places, 3) << 8;
        put_eights(to->q + 64 * k, grids->iq2_s, which, block + 34 + 8 * k);
    }
}

ROW static void gather_iq3_xxs(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    unsigned char signs[32];
    words8 all;
    GET(all, block + 66);
    to->d = hardware_fp16(block);
    put_sevens(all, to->a, signs);
    UNROLLED
    for (int k = 0; k < 4; k++)
        put_fours(to->q + 64 * k, grids->iq3_xxs, byte_words(block + 2 + 16 * k), signs + 8 * k);
}

ROW static void gather_iq3_s(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    const words places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    to->d = hardware_fp16(block);
    put_odd(unpack_word(block + 106), to->a);
    UNROLLED
    for (int k = 0; k < 4; k++) {
        words ninths = (((words){0} + unpack_half(block + 66 + 2 * k)) >> places) & 1;
        words which = byte_words(block + 2 + 16 * k) | ninths << 8;
        put_fours(to->q + 64 * k, grids->iq3_s, which, block + 74 + 8 * k);
    }
}

ROW static void gather_iq1_s(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    const words8 places = {0, 3, 6, 9, 16, 19, 22, 25}, tops = {15, 15, 15, 15, 31, 31, 31, 31};
    words8 scales = (words8)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(block + 34)));
    scales = 2 * (scales >> 12 & 7) + 1;
    PUT(to->a, scales);
    to->d = hardware_fp16(block);
    UNROLLED
    for (int k = 0; k < 4; k++) {
        const unsigned char *high = block + 34 + 4 * k;
        words8 which = eight_bytes(block + 2 + 8 * k) | bits_at(high, places, 7) << 8;
        put_moved_eights(to->q + 64 * k, grids->iq1, which, bits_at(high, tops, 1));
    }
}

ROW static void gather_iq1_m(const unsigned char *block, struct hu_block_unpacked *to)
{
    const struct hu_block_grids *grids = hu_block_grids();
    const words8 places = {0, 4, 8, 12, 16, 20, 24, 28};
    iq1_m_scales(block + 48, to);
    UNROLLED
    for (int k = 0; k < 4; k++) {
        const unsigned char *high = block + 32 + 4 * k;
        words8 which = eight_bytes(block + 8 * k) | bits_at(high, places, 7) << 8;
        put_moved_eights(to->q + 64 * k, grids->iq1, which, bits_at(high, places + 3, 1));
    }
}

static void (*const gathering[])(const unsigned char *, struct hu_block_unpacked *) = {
    [16] = gather_iq2_xxs, [17] = gather_iq2_xs, [18] = gather_iq3_xxs, [19] = gather_iq1_s,
    [21] = gather_iq3_s,   [22] = gather_iq2_s,  [29] = gather_iq1_m,
};

/* The fastest reader of a type. */
INLINE void fall(int type, const unsigned char *at, struct hu_block_unpacked *to)
{
    if ((size_t)type < sizeof gathering / sizeof *gathering && gathering[type])
        gathering[type](at, to);
    else
        readers[type](at, to);
}
