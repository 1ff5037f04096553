/*
 * Elements as bf16, and what codes of four bits stand for, by AVX-512: 32 elements are the floats
 * of the first sixteen and of the last, and codes are looked up in a vector of 32 halves, what they
 * stand for under one scale and under another one, or in one of 16 floats. Of a number in a table
 * the instructions take the lower 5 bits, or 4. The file that includes this defines HAS_BF16.
 */

/* The upper halves of words, in order. */
INLINE full_halves upper_halves(words a, words b)
{
    const full_halves odd = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                             33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
    return (full_halves)_mm512_permutex2var_epi16((__m512i)a, (__m512i)odd, (__m512i)b);
}

/* To nearest even. MIDDLES receives those of floats that were rounded already. The instruction
 * takes subnormals for zeros. */
INLINE full_halves rounded(const struct full *x, enum exactness exactness, words *middles)
{
    words a = (words)x->a, b = (words)x->b;
#if HAS_BF16
    if (exactness == NORMAL)
        return (full_halves)_mm512_cvtne2ps_pbh((__m512)b, (__m512)a);
#endif
    if (exactness == IS_BF16)
        return upper_halves(a, b);
    if (exactness == ROUNDED)
        *middles |= (words)((a & 0xffff) == 0x8000) | (words)((b & 0xffff) == 0x8000);
    return upper_halves(rounded_words(a), rounded_words(b));
}

#define INT8_UNIT 1.0f
INLINE struct full full_int8(const void *at)
{
    return (struct full){int8_floats(at), int8_floats((const char *)at + LANES)};
}

/* Sign and magnitude of 8 bits, of which EXPONENT are the exponent's, at their place in an fp32:
 * too small by what the biases differ. */
INLINE struct full full_fp8(const void *at, int exponent)
{
    const uint32_t places = 0x80000000u | (0x7f000000u >> (8 - exponent));
    words a = int8_words(at) << (16 + exponent) & places,
          b = int8_words((const char *)at + LANES) << (16 + exponent) & places;
    return (struct full){(floats)a, (floats)b};
}

INLINE struct full full_floats(const float *at)
{
    return (struct full){load_floats(at), load_floats(at + LANES)};
}

/* Bytes and their signs. */
INLINE full_halves byte_halves(const void *at)
{
    return (full_halves)_mm512_cvtepi8_epi16(_mm256_loadu_si256(at));
}

/* 32 codes in words, and what else may stand above them there. */
typedef full_halves codes32;

INLINE __m512i four_lanes(const void *at)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128(at));
}

/* Of 16 bytes. */
INLINE codes32 codes_in(const void *at, enum order order)
{
    const int64_t one = 0x0001000100010001, pair = 0x8001800180008000, four = 0x8003800280018000;
    const __m512i pairs =
        _mm512_setr_epi64(pair, pair + 2 * one, pair + 4 * one, pair + 6 * one, pair + 8 * one,
                          pair + 10 * one, pair + 12 * one, pair + 14 * one);
    const __m512i fours = _mm512_setr_epi64(four, four + 4 * one, four + 8 * one, four + 12 * one,
                                            four, four + 4 * one, four + 8 * one, four + 12 * one);
    const __m512i low = _mm512_set1_epi32(4 << 16), high = _mm512_set1_epi32(4),
                  parts = _mm512_setr_epi64(0, 0, 0, 0, 4 * one, 4 * one, 4 * one, 4 * one);
    return (codes32)_mm512_srlv_epi16(
        _mm512_shuffle_epi8(four_lanes(at), order == PARTED ? fours : pairs),
        order == PARTED       ? parts
        : order == HIGH_FIRST ? high
                              : low);
}

/* The lower or the upper halves of 32 bytes. */
INLINE codes32 codes_half(const void *at, int upper)
{
    codes32 x = (codes32)_mm512_cvtepu8_epi16(_mm256_loadu_si256(at));
    return upper ? x >> 4 : x;
}

/* The lower four bits, and those of WHICH table. */
INLINE codes32 in_table(codes32 codes, __m512i which)
{
    const __m512i fifteen = _mm512_set1_epi16(15);
    return (codes32)_mm512_ternarylogic_epi32((__m512i)codes, fifteen, which, 0xea); /* a & b | c */
}

INLINE full_halves picked_halves(full_halves from, codes32 which)
{
    return (full_halves)_mm512_permutexvar_epi16((__m512i)which, (__m512i)from);
}

/* What codes stand for under one scale and under another one. */
struct tables {
    full_halves x;
    bool alike;
};

INLINE struct tables tables_under(const float *values, const struct under *of, bool minima,
                                  enum exactness exactness, words *middles)
{
    floats x = load_floats(values);
    struct full both = {put_under(x, of[0], minima), put_under(x, of[1], minima)};
    return (struct tables){rounded(&both, exactness, middles), false};
}

INLINE full_halves of_both(const struct hu_block_planes *a, const struct hu_block_planes *b)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)a->halves),
            last = _mm256_loadu_si256((const __m256i *)b->halves);
    return (full_halves)_mm512_inserti64x4(_mm512_castsi256_si512(first), last, 1);
}

INLINE struct tables fp4_tables(const struct hu_block_planes *of)
{
    return (struct tables){of_both(of, of), true};
}

/* 32 under the first of them, or the last. */
INLINE void put_looked(uint16_t *at, const struct tables *t, int which, codes32 codes)
{
    if (!t->alike)
        codes = in_table(codes, _mm512_set1_epi16((short)(16 * which)));
    full_halves x = picked_halves(t->x, codes);
    PUT(at, x);
}

/* 32 of fp4_e2m1, sixteen under each scale; PARTED by eight bytes. */
INLINE void put_fp4_halves(uint16_t *dst, const struct hu_block_planes *a,
                           const struct hu_block_planes *b, const void *at, enum order order)
{
    const int64_t sixteen = 0x0010001000100010;
    const __m512i last = _mm512_setr_epi64(0, 0, 0, 0, sixteen, sixteen, sixteen, sixteen);
    codes32 codes = codes_in(at, order);
    if (order == PARTED) /* lanes 0 2 1 3 */
        codes = (codes32)_mm512_shuffle_i64x2((__m512i)codes, (__m512i)codes, 0xd8);
    codes = picked_halves(of_both(a, b), in_table(codes, last));
    PUT(dst, codes);
}

/* Significands of fp8, which codes have in their lowest bits. */
struct fp8_table {
    full_halves of;
};

INLINE struct fp8_table fp8_table(halves16 x)
{
    return (struct fp8_table){(full_halves)_mm512_broadcast_i64x4((__m256i)x)};
}

/* 32 normal numbers of fp8. */
INLINE void put_fp8(uint16_t *dst, const unsigned char *at, const struct fp8_table *t, bool e4m3,
                    full_halves exponents)
{
    full_halves codes = byte_halves(at);
    codes = picked_halves(t->of, codes) + (codes << (e4m3 ? 4 : 5) & exponents);
    PUT(dst, codes);
}

/* As fp32. */
struct wide_table {
    floats x;
};

INLINE struct wide_table wide_under(const float *values, struct under of, bool minima)
{
    return (struct wide_table){put_under(load_floats(values), of, minima)};
}

INLINE struct wide_table fp4_wide(const struct hu_block_planes *of)
{
    return (struct wide_table){(floats)(half_words(of->halves) << 16)};
}

INLINE words byte_words(const void *at)
{
    return (words)_mm512_cvtepu8_epi32(_mm_loadu_si128(at));
}

/* The words at AT of an order of 16 codes, the first or the last of 32 in as many bytes. */
INLINE words wide_codes(const void *from, enum order order, int last)
{
    const words four = {0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4};
    const words pairs = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7};
    if (order == PARTED)
        return byte_words(from) >> 4 * last;
    words x = (words)_mm512_shuffle_epi8(four_lanes(from),
                                         (__m512i)(pairs + 0x80808000 + 8 * (uint32_t)last));
    return x >> (order == HIGH_FIRST ? 4 - four : four);
}

/* The lower halves of eight bytes, then the upper ones. */
INLINE words eights(const void *at)
{
    const words shifts = {0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4};
    long long x;
    memcpy(&x, at, sizeof x);
    return (words)_mm512_cvtepu8_epi32(_mm_set1_epi64x(x)) >> shifts;
}

/* 32 of fp4_e2m1, each sixteen under a scale and all under SECOND; PARTED of eight bytes. */
INLINE void put_fp4(float *dst, const float *scales, float second, const void *at, enum order order,
                    bool signed_zero)
{
    const floats values = {0,     0.5f, 1,     1.5f, 2,  3,  4, 6, signed_zero ? -0.0f : 0,
                           -0.5f, -1,   -1.5f, -2,   -3, -4, -6};
    UNROLLED
    for (int k = 0; k < 2; k++) {
        words codes =
            order == PARTED ? eights((const char *)at + 8 * k) : wide_codes(at, LOW_FIRST, k);
        floats x = picked(values * scales[k] * second, codes);
        PUT(dst + k * LANES, x);
    }
}

INLINE void put_wide(float *at, const struct wide_table *t, const void *from, enum order order)
{
    UNROLLED
    for (int k = 0; k < 2; k++) {
        floats x = picked(t->x, wide_codes(from, order, k));
        PUT(at + k * LANES, x);
    }
}

/* The lower or the upper halves of 32 bytes. */
INLINE void put_wide_half(float *at, const struct wide_table *t, const unsigned char *from,
                          int upper)
{
    UNROLLED
    for (int k = 0; k < 2; k++) {
        floats x = picked(t->x, wide_codes(from + k * LANES, PARTED, upper));
        PUT(at + k * LANES, x);
    }
}
