/*
 * Elements as bf16, and what codes of four bits stand for, by AVX-512: 32 elements are the floats
 * of the first sixteen and of the last, and codes are looked up in what all sixteen of them stand
 * for, as halves or as floats. Of a number in such a table the instructions take the lower 4 bits.
 * On a Zen 4 two units of four shift and shuffle, and two, of which one is among them, multiply: a
 * multiplier moves codes to their place, and loads repeat bytes. The file that includes this
 * defines HAS_BF16.
 */

/* The upper halves of words, in order. */
INLINE full_halves upper_halves(words a, words b)
{
    const full_halves odd = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                             33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
    return (full_halves)_mm512_permutex2var_epi16((__m512i)a, (__m512i)odd, (__m512i)b);
}

/* Which of sixteen are in the middle of two bf16. */
typedef __mmask16 marks;

INLINE bool any_mark(marks m)
{
    return m;
}

INLINE marks middles_of(words x)
{
    return _mm512_cmpeq_epi32_mask((__m512i)(x << 16), _mm512_set1_epi32(INT32_MIN));
}

/* To nearest even. MIDDLES receives those of floats that were rounded already. The instruction
 * takes subnormals for zeros. */
INLINE full_halves rounded(const struct full *x, enum exactness exactness, marks *middles)
{
    words a = (words)x->a, b = (words)x->b;
#if HAS_BF16
    if (exactness == NORMAL)
        return (full_halves)_mm512_cvtne2ps_pbh((__m512)b, (__m512)a);
#endif
    if (exactness == IS_BF16)
        return upper_halves(a, b);
    if (exactness == ROUNDED)
        *middles |= middles_of(a) | middles_of(b);
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

/* Codes in words, and what else may stand above them there: the first sixteen, and the last. */
typedef struct {
    __m256i first, last;
} codes32;

INLINE __m256i byte_words16(const void *at)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(at));
}

/* The upper halves of bytes in words. */
INLINE __m256i upper_codes(__m256i x)
{
    return _mm256_mulhi_epu16(x, _mm256_set1_epi16(1 << 12));
}

/* Eight bytes' codes in words: bytes come to the tops of them by PLACES, and from there. */
INLINE __m256i eight_codes(const void *at, __m256i places, __m256i powers)
{
    long long x;
    memcpy(&x, at, sizeof x);
    return _mm256_mulhi_epu16(_mm256_shuffle_epi8(_mm256_set1_epi64x(x), places), powers);
}

/* As they follow on each other in their bytes, or all lower halves first. */
INLINE __m256i sixteen_codes(const void *at, enum order order)
{
    enum { LOWER = 0x100, UPPER = 0x10 };
    const int64_t pair = 0x0180018000800080, four = 0x0380028001800080, one = 0x0100010001000100;
    if (order == PARTED)
        return eight_codes(at, _mm256_setr_epi64x(four, four + 4 * one, four, four + 4 * one),
                           _mm256_set_m128i(_mm_set1_epi16(UPPER), _mm_set1_epi16(LOWER)));
    return eight_codes(
        at, _mm256_setr_epi64x(pair, pair + 2 * one, pair + 4 * one, pair + 6 * one),
        _mm256_set1_epi32(order == HIGH_FIRST ? LOWER << 16 | UPPER : UPPER << 16 | LOWER));
}

/* Of 16 bytes. */
INLINE codes32 codes_in(const void *at, enum order order)
{
    if (order != PARTED)
        return (codes32){sixteen_codes(at, order), sixteen_codes((const char *)at + 8, order)};
    __m256i x = byte_words16(at);
    return (codes32){x, upper_codes(x)};
}

/* The lower or the upper halves of 32 bytes. */
INLINE codes32 codes_half(const void *at, int upper)
{
    __m256i a = byte_words16(at), b = byte_words16((const char *)at + 16);
    return upper ? (codes32){upper_codes(a), upper_codes(b)} : (codes32){a, b};
}

/* What codes stand for under one scale and under another one. */
struct tables {
    halves of[2];
};

INLINE struct tables tables_under(const float *values, const struct under *of, bool minima,
                                  enum exactness exactness, marks *middles)
{
    struct full both = {values_under(values, of[0], minima), values_under(values, of[1], minima)};
    if (exactness == ROUNDED) /* none is subnormal then: see is_usual */
        *middles |= middles_of((words)both.a) | middles_of((words)both.b);
    __m512i t = (__m512i)rounded(&both, NORMAL, NULL);
    return (struct tables){
        {(halves)_mm512_castsi512_si256(t), (halves)_mm512_extracti64x4_epi64(t, 1)}};
}

/* 32 bytes, under what is taken of 32 numbers: their lower five bits say which. */
INLINE void put_fives(uint16_t *at, const float *values, struct under of, bool minima,
                      bytes32 bytes)
{
    struct full x = {values_under(values, of, minima), values_under(values + 16, of, minima)};
    __m512i which = _mm512_cvtepu8_epi16((__m256i)bytes);
    full_halves table = rounded(&x, NORMAL, NULL);
    table = (full_halves)_mm512_permutexvar_epi16(which, (__m512i)table);
    PUT(at, table);
}

/* 256 codes, the lower and the upper halves of 32 bytes by turns, with one bit of each of 32 bytes
 * above them, and 32 under each of EIGHT. What is above those five bits does not matter. */
INLINE void put_five_bits(uint16_t *dst, const float *values, const struct over *eight,
                          const unsigned char *low, const unsigned char *high)
{
    const bytes32 fifteen = (bytes32){0} + 15;
    bytes32 bits, x;
    GET(bits, high);
    UNROLLED
    for (int k = 0; k < 8; k++) {
        GET(x, low + k / 2 * 32);
        x = MOVED(x, k % 2 ? -4 : 0, 255);
        x = (bytes32)_mm256_ternarylogic_epi32((__m256i)x, (__m256i)MOVED(bits, 4 - k, 255),
                                               (__m256i)fifteen, 0xe4); /* c ? a : b */
        put_fives(dst + STEP * k, values, (struct under){eight->scale[k], eight->less[k]}, true, x);
    }
}

INLINE halves fp4_halves(const struct hu_block_planes *of)
{
    halves x;
    GET(x, of->halves);
    return x;
}

INLINE struct tables fp4_tables(const struct hu_block_planes *of)
{
    return (struct tables){{fp4_halves(of), fp4_halves(of)}};
}

INLINE void look_up_halves(uint16_t *at, halves table, __m256i codes)
{
    __m256i x = _mm256_permutexvar_epi16(codes, (__m256i)table);
    PUT(at, x);
}

/* 32 under the first of them, or the last. */
INLINE void put_looked(uint16_t *at, const struct tables *t, int which, codes32 codes)
{
    look_up_halves(at, t->of[which], codes.first);
    look_up_halves(at + 16, t->of[which], codes.last);
}

/* 32 of fp4_e2m1, sixteen under each scale; PARTED by eight bytes. */
INLINE void put_fp4_halves(uint16_t *dst, const struct fp4_scales *of, const void *at,
                           enum order order)
{
    look_up_halves(dst, fp4_halves(of->planes[0]), sixteen_codes(at, order));
    look_up_halves(dst + 16, fp4_halves(of->planes[1]), sixteen_codes((const char *)at + 8, order));
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
    codes = (full_halves)_mm512_permutexvar_epi16((__m512i)codes, (__m512i)t->of) +
            (codes << (e4m3 ? 4 : 5) & exponents);
    PUT(dst, codes);
}

/* As fp32. */
struct wide_table {
    floats x;
};

INLINE struct wide_table wide_under(const float *values, struct under of, bool minima)
{
    return (struct wide_table){values_under(values, of, minima)};
}

INLINE struct wide_table fp4_wide(const struct hu_block_planes *of)
{
    return (struct wide_table){load_floats(of->floats)};
}

INLINE words byte_words(const void *at)
{
    return (words)_mm512_cvtepu8_epi32(_mm_loadu_si128(at));
}

INLINE words upper_words(words x)
{
    return (words)_mm512_mulhi_epu16((__m512i)x, _mm512_set1_epi32(1 << 12));
}

/* Eight bytes' codes, as those in words. */
INLINE words wide_sixteen(const void *at, enum order order)
{
    const words pairs = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7},
                eights = {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7},
                first = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0},
                lower = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0};
    const words places = order == PARTED ? eights : pairs, low = order == PARTED       ? lower
                                                                 : order == HIGH_FIRST ? 1 - first
                                                                                       : first;
    long long x;
    memcpy(&x, at, sizeof x);
    __m512i tops = _mm512_shuffle_epi8(_mm512_set1_epi64(x), (__m512i)(0x80800080 + (places << 8)));
    return (words)_mm512_mulhi_epu16(tops, (__m512i)(0x10 + low * 0xf0));
}

INLINE void look_up_floats(float *at, floats table, words codes)
{
    floats x = picked(table, codes);
    PUT(at, x);
}

/* 32 of fp4_e2m1, sixteen under each scale; PARTED by eight bytes. */
INLINE void put_fp4(float *dst, const struct fp4_scales *of, const void *at, enum order order)
{
    look_up_floats(dst, load_floats(of->planes[0]->floats), wide_sixteen(at, order));
    look_up_floats(dst + 16, load_floats(of->planes[1]->floats),
                   wide_sixteen((const char *)at + 8, order));
}

INLINE void put_wide(float *at, const struct wide_table *t, const void *from, enum order order)
{
    words x = order == PARTED ? byte_words(from) : wide_sixteen(from, order);
    look_up_floats(at, t->x, x);
    look_up_floats(at + 16, t->x,
                   order == PARTED ? upper_words(x) : wide_sixteen((const char *)from + 8, order));
}

/* The lower or the upper halves of 32 bytes. */
INLINE void put_wide_half(float *at, const struct wide_table *t, const unsigned char *from,
                          int upper)
{
    UNROLLED
    for (int k = 0; k < 32; k += 16) {
        words x = byte_words(from + k);
        look_up_floats(at + k, t->x, upper ? upper_words(x) : x);
    }
}

/*
 * 32 of fp4_e2m1, saturating, in 16 bytes. None is near what two neighbours have in their middle:
 * those middles have two bits behind the first one, so that exponent and these bits, counted from
 * what comes before 1/4, say which code it is.
 */
INLINE void put_off_bounds(floats first, floats last, unsigned char *to)
{
    enum { BEFORE = 0x3e60, SHIFT = 5, MOST = 18 << SHIFT }; /* of their upper halves */
    const full_halves codes = {0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7},
                      pair = {1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16,
                              1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16, 1, 16};
    __m512i tops = (__m512i)upper_halves((words)first, (words)last);
    __m512i size = _mm512_and_si512(tops, _mm512_set1_epi16(INT16_MAX)), code;
    size = _mm512_min_epu16(_mm512_subs_epu16(size, _mm512_set1_epi16(BEFORE)),
                            _mm512_set1_epi16(MOST));
    size = _mm512_mulhi_epu16(size, _mm512_set1_epi16(1 << (16 - SHIFT)));
    code = _mm512_permutexvar_epi16(size, (__m512i)codes);
    code = _mm512_ternarylogic_epi32(code, _mm512_srli_epi16(tops, 12), _mm512_set1_epi16(8),
                                     0xf8); /* a | b & c */
    code = _mm512_madd_epi16(code, (__m512i)pair);
    _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(code));
}
