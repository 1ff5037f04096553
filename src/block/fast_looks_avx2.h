/*
 * Elements as bf16, and what codes of four bits stand for, by AVX2. Sixteen elements are the floats
 * of the even ones and those of the odd ones: their upper halves then lie beside each other after
 * one shift and one blend. Codes of four bits are looked up in what all sixteen of them stand for,
 * a plane for each byte.
 */

INLINE full_halves blend(words even, words odd)
{
    return (full_halves)_mm256_blend_epi16((__m256i)even, (__m256i)odd, 0xaa);
}

INLINE full_halves upper_halves(const struct full *x)
{
    return blend((words)x->a >> 16, (words)x->b);
}

INLINE full_halves lower_halves(const struct full *x)
{
    return blend((words)x->a, (words)x->b << 16);
}

/* Which are in the middle of two bf16. */
typedef words marks;

INLINE bool any_mark(marks m)
{
    return any_bit(m);
}

/* To nearest even: up where the lower half less one, if the upper one is even, is still 0x8000 or
 * more. MIDDLES receives those of floats that were rounded already. */
INLINE full_halves rounded(const struct full *x, enum exactness exactness, marks *middles)
{
    full_halves high = upper_halves(x), low;
    if (exactness == IS_BF16)
        return high;
    low = lower_halves(x);
    if (exactness == ROUNDED)
        *middles |= (words)(low == 0x8000);
    low = (full_halves)_mm256_subs_epu16((__m256i)low, (__m256i)(~high & 1));
    return high - (full_halves)((signed_full)low < 0); /* shifts are scarcer than comparisons */
}

INLINE __m256i both_lanes(__m128i x)
{
    return _mm256_broadcastsi128_si256(x);
}

/* 16 bytes in both lanes, put in ORDER. */
INLINE __m256i spread(const void *at, __m256i order)
{
    return _mm256_shuffle_epi8(both_lanes(_mm_loadu_si128(at)), order);
}

/* Sixteen bytes, each the top of a word. */
INLINE void spread_tops(const void *at, __m256i *even, __m256i *odd)
{
    const __m256i first = _mm256_setr_epi32(0x00808080, 0x02808080, 0x04808080, 0x06808080,
                                            0x08808080, 0x0a808080, 0x0c808080, 0x0e808080);
    *even = spread(at, first);
    *odd = spread(at, _mm256_add_epi32(first, _mm256_set1_epi32(0x01000000)));
}

/* Integers, and what they are too small or too great by. */
#define INT8_UNIT 0x1p-24f
INLINE struct full full_int8(const void *at)
{
    __m256i even, odd;
    spread_tops(at, &even, &odd);
    return (struct full){(floats)_mm256_cvtepi32_ps(even), (floats)_mm256_cvtepi32_ps(odd)};
}

/* Sign and magnitude of 8 bits, of which EXPONENT are the exponent's, at their place in an fp32:
 * too small by what the biases differ, and no subnormal is an exception. */
INLINE struct full full_fp8(const void *at, int exponent)
{
    __m256i even, odd,
        places = _mm256_set1_epi32((int)(0x80000000u | (0x7f000000u >> (8 - exponent))));
    spread_tops(at, &even, &odd);
    even = _mm256_and_si256(_mm256_srai_epi32(even, 8 - exponent), places);
    odd = _mm256_and_si256(_mm256_srai_epi32(odd, 8 - exponent), places);
    return (struct full){(floats)even, (floats)odd};
}

INLINE struct full full_floats(const float *at)
{
    __m256 a = _mm256_loadu2_m128(at + 8, at), b = _mm256_loadu2_m128(at + 12, at + 4);
    return (struct full){(floats)_mm256_shuffle_ps(a, b, 0x88),
                         (floats)_mm256_shuffle_ps(a, b, 0xdd)};
}

/* Bytes and their signs. */
INLINE full_halves byte_halves(const void *at)
{
    return (full_halves)_mm256_cvtepi8_epi16(_mm_loadu_si128(at));
}

/* What sixteen codes stand for, a byte of each in a plane; the two lanes look up in planes of their
 * own. */
struct planes {
    __m256i low, high;
};

/* 32 codes, as interleaving them with their like, once for halves or twice for words, makes them
 * lie in order. */
typedef bytes32 codes32;

INLINE void look_up_halves(struct planes p, bytes32 codes, __m256i *first, __m256i *last)
{
    __m256i low = _mm256_shuffle_epi8(p.low, (__m256i)codes),
            high = _mm256_shuffle_epi8(p.high, (__m256i)codes);
    *first = _mm256_unpacklo_epi8(low, high);
    *last = _mm256_unpackhi_epi8(low, high);
}

INLINE void store_two(void *at, __m256i first, __m256i last)
{
    _mm256_storeu_si256(at, first);
    _mm256_storeu_si256((__m256i *)at + 1, last);
}

/* Of sixteen halves, the same in both lanes. */
INLINE struct planes planes_of(full_halves x)
{
    const __m128i apart = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    __m256i bytes = _mm256_shuffle_epi8((__m256i)x, both_lanes(apart));
    __m256i first = _mm256_permute2x128_si256(bytes, bytes, 0),
            last = _mm256_permute2x128_si256(bytes, bytes, 0x11);
    return (struct planes){_mm256_unpacklo_epi64(first, last), _mm256_unpackhi_epi64(first, last)};
}

/* Those of fp4_e2m1. */
INLINE struct planes fp4_planes(const struct hu_block_planes *of)
{
    return (struct planes){both_lanes(_mm_loadu_si128((const __m128i *)of->low)),
                           both_lanes(_mm_loadu_si128((const __m128i *)of->high))};
}

/* Of 16 bytes; in which places each byte's element is, or its two are. */
INLINE bytes32 codes_of(const void *at, enum order order, bool for_words)
{
    enum { NONE = 0x8000 }; /* makes the byte above zero */
    /* clang-format off */
    static const uint16_t places[2][16] = {
        {NONE | 0, NONE | 1, NONE | 2, NONE | 3, NONE | 8, NONE | 9, NONE | 10, NONE | 11,
         NONE | 4, NONE | 5, NONE | 6, NONE | 7, NONE | 12, NONE | 13, NONE | 14, NONE | 15},
        {NONE | 0, NONE | 1, NONE | 4, NONE | 5, NONE | 8, NONE | 9, NONE | 12, NONE | 13,
         NONE | 2, NONE | 3, NONE | 6, NONE | 7, NONE | 10, NONE | 11, NONE | 14, NONE | 15},
    };
    /* clang-format on */
    const __m256i eights = _mm256_setr_epi64x(0x0706050403020100, 0x0706050403020100,
                                              0x0f0e0d0c0b0a0908, 0x0f0e0d0c0b0a0908),
                  fours = _mm256_setr_epi64x(0x0b0a090803020100, 0x0b0a090803020100,
                                             0x0f0e0d0c07060504, 0x0f0e0d0c07060504),
                  shift = _mm256_setr_epi64x(0, 4, 0, 4);
    if (order == PARTED)
        return (bytes32)_mm256_srlv_epi64(spread(at, for_words ? fours : eights), shift) & 15;
    full_halves x = (full_halves)spread(at, _mm256_loadu_si256((const __m256i *)places[for_words]));
    return (bytes32)(order == HIGH_FIRST ? x >> 4 | x << 8 : x | x << 4) & 15;
}

INLINE codes32 codes_in(const void *at, enum order order)
{
    return codes_of(at, order, false);
}

/* The lower or the upper halves of 32 bytes. */
INLINE codes32 codes_half(const void *at, int upper)
{
    halves_of_32 x;
    GET(x, at);
    x = (halves_of_32)_mm256_permute4x64_epi64((__m256i)x, 0xd8);
    return (bytes32)(upper ? x >> 4 : x) & 15;
}

/* What codes stand for under one scale and under another one. */
struct tables {
    struct planes of[2];
};

INLINE struct tables tables_under(const float *values, const struct under *of, bool minima,
                                  enum exactness exactness, marks *middles)
{
    struct tables t;
    UNROLLED
    for (int k = 0; k < 2; k++) {
        struct full x = full_floats(values);
        x.a = put_under(x.a, of[k], minima);
        x.b = put_under(x.b, of[k], minima);
        t.of[k] = planes_of(rounded(&x, exactness, middles));
    }
    return t;
}

/* Of −8 to 7: the multiples 1 to 8 of a scale, in its lane, with one sign and the other. Zero's
 * sign is the scale's. */
INLINE struct tables less_8_tables(const struct under *of)
{
    const __m128i low = _mm_setr_epi8(14, 12, 10, 8, 6, 4, 2, 0, -128, 0, 2, 4, 6, 8, 10, 12),
                  high = _mm_setr_epi8(15, 13, 11, 9, 7, 5, 3, 1, 1, 1, 3, 5, 7, 9, 11, 13);
    const __m256i bits = _mm256_setr_epi64x(-1, -1 - 0x7f, -1, -1 - 0x7f);
    const __m256i flip =
        _mm256_setr_epi64x((int64_t)0x8080808080808080, 0, (int64_t)0x8080808080808080, 0);
    floats scale =
        (floats)_mm256_blend_ps((__m256)splat(of[0].scale), (__m256)splat(of[1].scale), 0xf0);
    struct full x = {scale * (floats){1, 3, 5, 7, 1, 3, 5, 7},
                     scale * (floats){2, 4, 6, 8, 2, 4, 6, 8}};
    __m256i eight = (__m256i)rounded(&x, NORMAL, NULL);
    __m256i lower = _mm256_shuffle_epi8(eight, both_lanes(low)),
            upper = _mm256_shuffle_epi8(eight, both_lanes(high));
    upper = _mm256_xor_si256(_mm256_and_si256(upper, bits), flip);
    return (struct tables){
        {{_mm256_permute2x128_si256(lower, lower, 0), _mm256_permute2x128_si256(upper, upper, 0)},
         {_mm256_permute2x128_si256(lower, lower, 0x11),
          _mm256_permute2x128_si256(upper, upper, 0x11)}}};
}

INLINE struct tables fp4_tables(const struct hu_block_planes *of)
{
    struct planes p = fp4_planes(of);
    return (struct tables){{p, p}};
}

/* 32 under the first of them, or the last. */
INLINE void put_looked(uint16_t *at, const struct tables *t, int which, codes32 codes)
{
    __m256i first, last;
    look_up_halves(t->of[which], codes, &first, &last);
    store_two(at, first, last);
}

/* Codes of 16 bytes as they follow on each other; PARTED by eight bytes. */
INLINE bytes32 sixteens(const void *at, enum order order)
{
    full_halves pairs = (full_halves)_mm256_cvtepu8_epi16(_mm_loadu_si128(at));
    return order == PARTED ? codes_of(at, PARTED, false) : (bytes32)(pairs | pairs << 4) & 15;
}

/* 32 of fp4_e2m1, sixteen under each scale. */
INLINE void put_fp4_halves(uint16_t *dst, const struct fp4_scales *of, const void *at,
                           enum order order)
{
    const struct hu_block_planes *a = of->planes[0], *b = of->planes[1];
    struct planes p = {_mm256_loadu2_m128i((const __m128i *)b->low, (const __m128i *)a->low),
                       _mm256_loadu2_m128i((const __m128i *)b->high, (const __m128i *)a->high)};
    __m256i first, last;
    look_up_halves(p, sixteens(at, order), &first, &last);
    store_two(dst, _mm256_permute2x128_si256(first, last, 0x20),
              _mm256_permute2x128_si256(first, last, 0x31));
}

/* And to fp32. As codes of fp8_e5m2 they are the tops of fp16; the first product is exact. */
INLINE void put_fp4(float *dst, const struct fp4_scales *of, const void *at, enum order order)
{
    static const int8_t e5m2[2][16] = {
        {0, 0x38, 0x3c, 0x3e, 0x40, 0x42, 0x44, 0x46, 0, -72, -68, -66, -64, -62, -60, -58},
        {0, 0x38, 0x3c, 0x3e, 0x40, 0x42, 0x44, 0x46, -128, -72, -68, -66, -64, -62, -60, -58}};
    bytes32 c = look_up(e5m2[order != PARTED], sixteens(at, order));
    unsigned char tops[32];
    PUT(tops, c);
    UNROLLED
    for (int k = 0; k < STEP; k += LANES) {
        floats x = half_floats(byte_tops(tops + k)) * of->value[k / 16] * of->second;
        PUT(dst + k, x);
    }
}

/* Significands of fp8. */
struct fp8_table {
    struct planes of;
};

INLINE struct fp8_table fp8_table(full_halves x)
{
    return (struct fp8_table){planes_of(x)};
}

/* 32 normal numbers of fp8. */
INLINE void put_fp8(uint16_t *dst, const unsigned char *at, const struct fp8_table *t, bool e4m3,
                    full_halves exponents)
{
    __m256i x[2], codes = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)at), 0xd8);
    look_up_halves(t->of, (bytes32)codes & (uint8_t)(e4m3 ? 7 : 3), &x[0], &x[1]);
    UNROLLED
    for (int k = 0; k < 2; k++) {
        full_halves sum =
            (full_halves)x[k] + (byte_halves(at + 16 * k) << (e4m3 ? 4 : 5) & exponents);
        PUT(dst + 16 * k, sum);
    }
}

/* The same as fp32. */
struct wide_table {
    struct planes low, high;
    bool short_ones; /* whose lower halves are zero */
};

INLINE struct wide_table wide_under(const float *values, struct under of, bool minima)
{
    struct full x = full_floats(values);
    x.a = put_under(x.a, of, minima);
    x.b = put_under(x.b, of, minima);
    return (struct wide_table){planes_of(lower_halves(&x)), planes_of(upper_halves(&x)), false};
}

INLINE struct wide_table fp4_wide(const struct hu_block_planes *of)
{
    return (struct wide_table){.high = fp4_planes(of), .short_ones = true};
}

INLINE void put_wide(float *at, const struct wide_table *t, const void *from, enum order order)
{
    bytes32 codes = codes_of(from, order, true);
    __m256i lower[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()}, upper[2];
    if (!t->short_ones)
        look_up_halves(t->low, codes, &lower[0], &lower[1]);
    look_up_halves(t->high, codes, &upper[0], &upper[1]);
    UNROLLED
    for (int k = 0; k < 2; k++)
        store_two(at + 16 * k, _mm256_unpacklo_epi16(lower[k], upper[k]),
                  _mm256_unpackhi_epi16(lower[k], upper[k]));
}
