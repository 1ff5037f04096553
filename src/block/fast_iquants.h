/*
 * Readers of GGUF's i-quants for AVX-512: numbers of points are made for a few blocks before points
 * are looked up. 32 elements are put together by blends of loads that repeat a point: gathers take
 * twice as long on a Zen 4, and insertions need one of two units. iquants.h says what lies where.
 */

typedef int64_t longs8 __attribute__((vector_size(64)));

enum { WHOLE = 256, NUMBERS_MOST = WHOLE / 4 };

/* Numbers of points, and a bit for each element. */
struct points {
    uint16_t which[NUMBERS_MOST];
    unsigned char signs[WHOLE / 8];
};

INLINE __m256i four_eights(const uint64_t *grid, const uint16_t *which)
{
#define EIGHT_AT(i) _mm256_set1_epi64x((long long)grid[which[i]])
    __m256i first = _mm256_blend_epi32(EIGHT_AT(0), EIGHT_AT(1), 0x0c),
            last = _mm256_blend_epi32(EIGHT_AT(2), EIGHT_AT(3), 0xc0);
    return _mm256_blend_epi32(first, last, 0xf0);
}

/* Numbers of eight bits as they lie, or others. */
INLINE __m256i eight_fours(const uint32_t *grid, const unsigned char *bytes, const uint16_t *which)
{
#define FOUR_AT(i) _mm256_set1_epi32((int)grid[bytes ? bytes[i] : which[i]])
    __m256i a = _mm256_blend_epi32(FOUR_AT(0), FOUR_AT(1), 0x02),
            b = _mm256_blend_epi32(FOUR_AT(2), FOUR_AT(3), 0x08),
            c = _mm256_blend_epi32(FOUR_AT(4), FOUR_AT(5), 0x20),
            d = _mm256_blend_epi32(FOUR_AT(6), FOUR_AT(7), 0x80);
    return _mm256_blend_epi32(_mm256_blend_epi32(a, b, 0x0c), _mm256_blend_epi32(c, d, 0xc0), 0xf0);
}

/* 32 elements, negated where SIGNS have bits. */
INLINE void put_signs(int8_t *q, __m256i x, const unsigned char *signs)
{
    x = _mm256_mask_sub_epi8(x, unpack_word(signs), _mm256_setzero_si256(), x);
    PUT(q, x);
}

INLINE void put_eights(int8_t *q, const uint64_t *grid, const struct points *p)
{
    for (int i = 0; i < WHOLE / 8; i += 4)
        put_signs(q + 8 * i, four_eights(grid, p->which + i), p->signs + i);
}

INLINE void put_fours(int8_t *q, const uint32_t *grid, const unsigned char *bytes,
                      const struct points *p)
{
    for (int i = 0; i < WHOLE / 4; i += 8)
        put_signs(q + 4 * i, eight_fours(grid, bytes ? bytes + i : NULL, p->which + i),
                  p->signs + i / 2);
}

/* Points that are all moved by an eighth, down where there are bits. */
INLINE void put_moved_eights(int8_t *q, const uint64_t *grid, const struct points *p)
{
    const __m256i up = _mm256_set1_epi8(1), down = _mm256_set1_epi8(-1);
    for (int i = 0; i < WHOLE / 8; i += 4) {
        __m256i by = _mm256_mask_mov_epi8(up, unpack_word(p->signs + i), down);
        by = _mm256_add_epi8(by, four_eights(grid, p->which + i));
        PUT(q + 8 * i, by);
    }
}

/* 32 bytes, 16 of two each or 8 of four each, as halves. */
INLINE full_halves bytes_as_halves(const void *at, int each)
{
    const full_halves n = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                           16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    __m512i x = each == 1   ? _mm512_cvtepu8_epi16(_mm256_loadu_si256(at))
                : each == 2 ? _mm512_castsi256_si512(_mm256_cvtepu8_epi16(_mm_loadu_si128(at)))
                            : _mm512_castsi128_si512(_mm_cvtepu8_epi16(_mm_loadl_epi64(at)));
    return (full_halves)(each == 1 ? x
                                   : _mm512_permutexvar_epi16((__m512i)(n / (uint16_t)each), x));
}

/* Bits that are in halves, for each eight elements. */
INLINE void put_same_signs(full_halves x, uint16_t bit, unsigned char *signs)
{
    __mmask32 set = _mm512_test_epi16_mask((__m512i)x, _mm512_set1_epi16((short)bit));
    __m256i all = _mm256_movm_epi8(set);
    PUT(signs, all);
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

INLINE void points_iq2_xxs(const unsigned char *block, struct hu_block_unpacked *to,
                           struct points *p)
{
    longs8 all;
    GET(all, block + 2);
    __m256i low = _mm512_cvtepi64_epi32((__m512i)all),
            high = _mm512_cvtepi64_epi32((__m512i)(all >> 32));
    __m512i which = _mm512_cvtepu8_epi16(low);
    PUT(p->which, which);
    to->d = hardware_fp16(block);
    put_sevens((words8)high, to->a, p->signs);
}

INLINE void points_iq2_xs(const unsigned char *block, struct hu_block_unpacked *to,
                          struct points *p)
{
    full_halves all;
    GET(all, block + 2);
    __m256i sevens = _mm512_cvtepi16_epi8((__m512i)(all >> 9));
    PUT(p->signs, sevens);
    make_even(p->signs);
    all &= 511;
    PUT(p->which, all);
    to->d = hardware_fp16(block);
    put_odd(unpack_word(block + 66), to->a);
    put_odd(unpack_word(block + 70), to->a + 8);
}

INLINE void points_iq2_s(const unsigned char *block, struct hu_block_unpacked *to, struct points *p)
{
    const full_halves places = {0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6,
                                0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6, 0, 2, 4, 6};
    full_halves which =
        bytes_as_halves(block + 2, 1) | (bytes_as_halves(block + 66, 4) >> places & 3) << 8;
    PUT(p->which, which);
    memcpy(p->signs, block + 34, sizeof p->signs);
    to->d = hardware_fp16(block);
    put_odd(unpack_word(block + 74), to->a);
    put_odd(unpack_word(block + 78), to->a + 8);
}

INLINE void points_iq3_xxs(const unsigned char *block, struct hu_block_unpacked *to,
                           struct points *p)
{
    words8 all;
    GET(all, block + 66);
    to->d = hardware_fp16(block);
    put_sevens(all, to->a, p->signs);
}

/* 32 numbers of nine bits, the lower eight in bytes. */
INLINE void put_nines(const unsigned char *low, const unsigned char *ninths, uint16_t *to)
{
    __m512i x = (__m512i)bytes_as_halves(low, 1);
    x = _mm512_mask_add_epi16(x, unpack_word(ninths), x, _mm512_set1_epi16(1 << 8));
    PUT(to, x);
}

INLINE void points_iq3_s(const unsigned char *block, struct hu_block_unpacked *to, struct points *p)
{
    put_nines(block + 2, block + 66, p->which);
    put_nines(block + 34, block + 70, p->which + 32);
    memcpy(p->signs, block + 74, sizeof p->signs);
    to->d = hardware_fp16(block);
    put_odd(unpack_word(block + 106), to->a);
}

INLINE void points_iq1_s(const unsigned char *block, struct hu_block_unpacked *to, struct points *p)
{
    const full_halves places = {0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9,
                                0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9, 0, 3, 6, 9},
                      fourth = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3,
                                4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7};
    __m128i high = _mm_loadu_si128((const __m128i *)(block + 34));
    words8 scales = 2 * ((words8)_mm256_cvtepu16_epi32(high) >> 12 & 7) + 1;
    full_halves all = (full_halves)_mm512_permutexvar_epi16((__m512i)fourth,
                                                            _mm512_castsi128_si512(high)),
                which = bytes_as_halves(block + 2, 1) | (all >> places & 7) << 8;
    PUT(p->which, which);
    put_same_signs(all, 0x8000, p->signs);
    PUT(to->a, scales);
    to->d = hardware_fp16(block);
}

INLINE void points_iq1_m(const unsigned char *block, struct hu_block_unpacked *to, struct points *p)
{
    const full_halves places = {0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4,
                                0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4};
    full_halves high = bytes_as_halves(block + 32, 2) >> places,
                which = bytes_as_halves(block, 1) | (high & 7) << 8;
    PUT(p->which, which);
    put_same_signs(high, 8, p->signs);
    iq1_m_scales(block + 48, to);
}

/* The numbers of a block's points, and its scales. */
INLINE void number_points(int type, const unsigned char *at, struct hu_block_unpacked *to,
                          struct points *p)
{
    switch (type) {
    case TYPE_iq2_xxs:
        points_iq2_xxs(at, to, p);
        break;
    case TYPE_iq2_xs:
        points_iq2_xs(at, to, p);
        break;
    case TYPE_iq2_s:
        points_iq2_s(at, to, p);
        break;
    case TYPE_iq3_xxs:
        points_iq3_xxs(at, to, p);
        break;
    case TYPE_iq3_s:
        points_iq3_s(at, to, p);
        break;
    case TYPE_iq1_s:
        points_iq1_s(at, to, p);
        break;
    default:
        points_iq1_m(at, to, p);
    }
}

INLINE void put_points(int type, const unsigned char *at, const struct points *p, int8_t *q)
{
    const struct hu_block_grids *grids = hu_block_grids();
    switch (type) {
    case TYPE_iq2_xxs:
        put_eights(q, grids->iq2_xxs, p);
        break;
    case TYPE_iq2_xs:
        put_eights(q, grids->iq2_xs, p);
        break;
    case TYPE_iq2_s:
        put_eights(q, grids->iq2_s, p);
        break;
    case TYPE_iq3_xxs:
        put_fours(q, grids->iq3_xxs, at + 2, p);
        break;
    case TYPE_iq3_s:
        put_fours(q, grids->iq3_s, NULL, p);
        break;
    default:
        put_moved_eights(q, grids->iq1, p);
    }
}
