/*
 * Elements as bf16, and what codes of four bits stand for, by vectors of 256 bits on every machine
 * that has AVX2. Sixteen elements are the floats of the even ones and those of the odd ones: their
 * upper halves then lie beside each other after one shift and one blend. Codes of four bits are
 * looked up in what all sixteen of them stand for, a plane for each byte.
 */

typedef float floats8 __attribute__((vector_size(32)));
typedef uint32_t words8 __attribute__((vector_size(32)));
typedef uint16_t halves16 __attribute__((vector_size(32)));
typedef int16_t signed_halves16 __attribute__((vector_size(32)));

struct sixteen {
    floats8 even, odd;
};

/* What is known of floats that become bf16: they are ones; were never rounded; or were. */
enum exactness { IS_BF16, EXACT, ROUNDED };

INLINE floats8 splat8(float x)
{
    return x - (floats8){0};
}

INLINE void multiply(struct sixteen *x, floats8 by)
{
    x->even *= by;
    x->odd *= by;
}

INLINE halves16 blend(words8 even, words8 odd)
{
    return (halves16)_mm256_blend_epi16((__m256i)even, (__m256i)odd, 0xaa);
}

INLINE halves16 upper_halves(const struct sixteen *x)
{
    return blend((words8)x->even >> 16, (words8)x->odd);
}

INLINE halves16 lower_halves(const struct sixteen *x)
{
    return blend((words8)x->even, (words8)x->odd << 16);
}

/* To nearest even: up where the lower half less one, if the upper one is even, is still 0x8000 or
 * more. MIDDLES receives those of floats that were rounded already. */
INLINE halves16 rounded(const struct sixteen *x, enum exactness exactness, halves16 *middles)
{
    halves16 high = upper_halves(x), low;
    if (exactness == IS_BF16)
        return high;
    low = lower_halves(x);
    if (exactness == ROUNDED)
        *middles |= (halves16)(low == 0x8000);
    low = (halves16)_mm256_subs_epu16((__m256i)low, (__m256i)(~high & 1));
    return high - (halves16)((signed_halves16)low < 0); /* shifts are scarcer than comparisons */
}

INLINE void store_halves(void *at, halves16 x)
{
    _mm256_storeu_si256(at, (__m256i)x);
}

INLINE bool any_middle(halves16 x)
{
    return any_byte((bytes32)x);
}

/* 16 bytes in both lanes, put in ORDER. */
INLINE __m256i spread(const void *at, __m256i order)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(at)), order);
}

/* Sixteen bytes, each the top of a word. */
INLINE void spread_tops(const void *at, __m256i *even, __m256i *odd)
{
    const __m256i first = _mm256_setr_epi32(0x00808080, 0x02808080, 0x04808080, 0x06808080,
                                            0x08808080, 0x0a808080, 0x0c808080, 0x0e808080);
    *even = spread(at, first);
    *odd = spread(at, _mm256_add_epi32(first, _mm256_set1_epi32(0x01000000)));
}

/* Integers, 2^24 times too great. */
INLINE struct sixteen sixteen_int8(const void *at)
{
    __m256i even, odd;
    spread_tops(at, &even, &odd);
    return (struct sixteen){(floats8)_mm256_cvtepi32_ps(even), (floats8)_mm256_cvtepi32_ps(odd)};
}

/* Sign and magnitude of 8 bits, of which EXPONENT are the exponent's, at their place in an fp32:
 * too small by what the biases differ, and no subnormal is an exception. */
INLINE struct sixteen sixteen_fp8(const void *at, int exponent)
{
    __m256i even, odd,
        places = _mm256_set1_epi32((int)(0x80000000u | (0x7f000000u >> (8 - exponent))));
    spread_tops(at, &even, &odd);
    even = _mm256_and_si256(_mm256_srai_epi32(even, 8 - exponent), places);
    odd = _mm256_and_si256(_mm256_srai_epi32(odd, 8 - exponent), places);
    return (struct sixteen){(floats8)even, (floats8)odd};
}

INLINE struct sixteen sixteen_floats(const float *at)
{
    __m256 a = _mm256_loadu2_m128(at + 8, at), b = _mm256_loadu2_m128(at + 12, at + 4);
    return (struct sixteen){(floats8)_mm256_shuffle_ps(a, b, 0x88),
                            (floats8)_mm256_shuffle_ps(a, b, 0xdd)};
}

/*
 * What sixteen codes stand for, a byte of each in a plane; the two lanes look up in planes of their
 * own.
 */
struct planes {
    __m256i low, high;
};

INLINE __m256i both_lanes(__m128i x)
{
    return _mm256_broadcastsi128_si256(x);
}

/* Of sixteen halves, the same in both lanes. */
INLINE struct planes one_table(halves16 x)
{
    const __m128i apart = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15);
    __m256i bytes = _mm256_shuffle_epi8((__m256i)x, both_lanes(apart));
    return (struct planes){_mm256_permute4x64_epi64(bytes, 0x88),
                           _mm256_permute4x64_epi64(bytes, 0xdd)};
}

/* Of the first eight and the last eight of each lane. */
INLINE struct planes two_tables(halves16 first, halves16 last)
{
    return (struct planes){_mm256_packus_epi16((__m256i)(first & 0xff), (__m256i)(last & 0xff)),
                           _mm256_packus_epi16((__m256i)(first >> 8), (__m256i)(last >> 8))};
}

/* Magnitudes that sixteen codes have with one sign or the other, eight in each lane. */
enum mirror {
    FP4,           /* the upper eight are the lower ones' opposites */
    FP4_PLUS_ZERO, /* but no zero has a sign */
    LESS_8         /* −8 to 7: of 1 to 8 */
};

INLINE struct planes mirrored(halves16 x, enum mirror mirror)
{
    const int64_t bits = (int64_t)0x8080808080808080;
    const __m128i up = _mm_setr_epi8(0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14);
    const __m128i down = _mm_setr_epi8(14, 12, 10, 8, 6, 4, 2, 0, -128, 0, 2, 4, 6, 8, 10, 12);
    __m128i order = mirror == LESS_8 ? down : up;
    /* The zero of LESS_8 has its scale's sign, which one's upper byte has too. */
    __m128i place = mirror == LESS_8 ? _mm_insert_epi8(order, 0, 8) : order;
    __m256i low = _mm256_shuffle_epi8((__m256i)x, both_lanes(order)),
            high =
                _mm256_shuffle_epi8((__m256i)x, both_lanes(_mm_add_epi8(place, _mm_set1_epi8(1))));
    if (mirror == LESS_8)
        high = _mm256_and_si256(high, _mm256_setr_epi64x(-1, -1 - 0x7f, -1, -1 - 0x7f));
    __m256i flip = mirror == LESS_8 ? _mm256_setr_epi64x(bits, 0, bits, 0)
                   : mirror == FP4  ? _mm256_setr_epi64x(0, bits, 0, bits)
                                    : _mm256_setr_epi64x(0, bits - 0x80, 0, bits - 0x80);
    return (struct planes){low, _mm256_xor_si256(high, flip)};
}

/* −8 to 7 come from these. */
INLINE struct sixteen one_to_eight(void)
{
    return (struct sixteen){{1, 3, 5, 7, 1, 3, 5, 7}, {2, 4, 6, 8, 2, 4, 6, 8}};
}

/*
 * fp4_e2m1 has two significands, 1 and 1.5: what eight scales make of these two, rounded, is half
 * of a word each, and the other magnitudes are a few exponents away.
 */
struct roots {
    halves16 x;
    words8 bad; /* of scales whose multiples are not all normal numbers or zeros above 0 */
};

/* Scales of fp8_e4m3 that are no NaN, 2^8 too small. */
INLINE floats8 e4m3_floats8(__m128i bytes)
{
    __m128i tops = _mm_unpacklo_epi8(_mm_setzero_si128(), bytes);
    tops = _mm_and_si128(_mm_srai_epi16(tops, 1), _mm_set1_epi16((short)0xbf80));
    return (floats8)_mm256_cvtph_ps(tops);
}

INLINE struct roots roots_of(floats8 scales, float second, halves16 *middles)
{
    struct sixteen x = {scales, scales * 1.5f};
    multiply(&x, splat8(second));
    words8 bits = (words8)x.even;
    return (struct roots){
        .x = rounded(&x, ROUNDED, middles),
        .bad = (words8)(bits != 0) & (words8)(bits - 0x01000000 > 0x7d000000),
    };
}

/* What codes stand for under two scales, a lane each. */
INLINE struct planes rooted(const uint32_t *roots, enum mirror mirror)
{
    const __m256i places = _mm256_setr_epi64x(0x0302010001008080, 0x0302010003020100,
                                              0x0706050405048080, 0x0706050407060504);
    const halves16 steps = {0, (uint16_t)-0x80, 0, 0, 0x80, 0x80, 0x100, 0x100,
                            0, (uint16_t)-0x80, 0, 0, 0x80, 0x80, 0x100, 0x100};
    long long two;
    memcpy(&two, roots, sizeof two);
    halves16 x = (halves16)_mm256_shuffle_epi8(_mm256_set1_epi64x(two), places);
    return mirrored(x + (steps & ~(halves16)(x == 0)), mirror);
}

/* A in the first lane and B in the second. */
INLINE floats8 in_lanes(floats8 a, floats8 b)
{
    return (floats8)_mm256_blend_ps((__m256)a, (__m256)b, 0xf0);
}

/* How codes stand in a vector: as interleaving their bytes, once for halves or twice for words,
 * makes them lie in order. */
enum order { PLAIN, FOR_HALVES, FOR_WORDS };

/* 32 of two a byte, the first in the lower or the higher nibble. */
INLINE bytes32 paired_nibbles(const unsigned char *at, bool high_first, enum order order)
{
    enum { NONE = 0x8000 }; /* makes the byte above zero */
    /* clang-format off */
    static const uint16_t places[][16] = {
        [PLAIN] = {NONE | 0, NONE | 1, NONE | 2, NONE | 3, NONE | 4, NONE | 5, NONE | 6, NONE | 7,
                   NONE | 8, NONE | 9, NONE | 10, NONE | 11, NONE | 12, NONE | 13, NONE | 14, NONE | 15},
        [FOR_HALVES] = {NONE | 0, NONE | 1, NONE | 2, NONE | 3, NONE | 8, NONE | 9, NONE | 10, NONE | 11,
                        NONE | 4, NONE | 5, NONE | 6, NONE | 7, NONE | 12, NONE | 13, NONE | 14, NONE | 15},
        [FOR_WORDS] = {NONE | 0, NONE | 1, NONE | 4, NONE | 5, NONE | 8, NONE | 9, NONE | 12, NONE | 13,
                       NONE | 2, NONE | 3, NONE | 6, NONE | 7, NONE | 10, NONE | 11, NONE | 14, NONE | 15},
    };
    /* clang-format on */
    halves16 x = (halves16)spread(at, _mm256_loadu_si256((const __m256i *)places[order]));
    return (bytes32)(high_first ? x >> 4 | x << 8 : x | x << 4) & 15;
}

INLINE void look_up_halves(struct planes p, bytes32 codes, __m256i *first, __m256i *last)
{
    __m256i low = _mm256_shuffle_epi8(p.low, (__m256i)codes),
            high = _mm256_shuffle_epi8(p.high, (__m256i)codes);
    *first = _mm256_unpacklo_epi8(low, high);
    *last = _mm256_unpackhi_epi8(low, high);
}

/* What steps of fp8 have in common, from memory: compilers make vectors of one number anew in each
 * step, of three instructions. */
struct fp8 {
    bytes32 least, more; /* of twice the magnitude and what then comes after the last */
    halves16 moved;      /* what is taken of fields that are moved to their place */
    halves16 exponents;  /* the same without the significand */
};

ROW __attribute__((noinline)) static void fp8_begin(struct fp8 *f, bool e4m3)
{
    *f = (struct fp8){
        .least = (bytes32){0} + (uint8_t)(e4m3 ? 18 : 16),
        .more = (bytes32){0} + (uint8_t)(e4m3 ? 2 : 8),
        .moved = (halves16){0} + (uint16_t)(e4m3 ? 0x87f0 : 0x8fe0),
        .exponents = (halves16){0} + (uint16_t)(e4m3 ? 0x8780 : 0x8f80),
    };
}

/* Fields of fp8 as those of bf16. */
INLINE halves16 fp8_fields(const void *at, bool e4m3, halves16 which)
{
    return (halves16)_mm256_cvtepi8_epi16(_mm_loadu_si128(at)) << (e4m3 ? 4 : 5) & which;
}

/* Whether 32 of fp8 are normal numbers. */
INLINE bool fp8_is_normal(const unsigned char *at, const struct fp8 *f)
{
    bytes32 c;
    GET(c, at);
    c += c + f->more;
    return !any_byte((bytes32)_mm256_subs_epu8((__m256i)f->least, (__m256i)c));
}

/*
 * Normal numbers of fp8 have 8 significands, or 4: what an fp32 makes of them, less fp8's bias in
 * the exponent. False: of some code it makes no normal number above 0.
 */
INLINE bool fp8_planes(float scale, bool e4m3, struct planes *to)
{
    const int bits = e4m3 ? 3 : 2, bias = e4m3 ? 7 : 15, most = e4m3 ? 8 : 15;
    const words8 m = {0, 1, 2, 3, 4, 5, 6, 7};
    const uint32_t word = hu_bits_of_float(scale), exponent = word >> 23;
    words8 x = ((words8){0} + ((word & 0x7fffff) | 0x800000)) * ((1u << bits) + m), carry;
    carry = x >> (24 + bits);
    x <<= 3 - (uint32_t)bits + (carry ^ 1);
    x = ((x + 0x7ffff + (x >> 20 & 1)) >> 20) + ((exponent + carry - (uint32_t)bias) << 7) - 128;
    halves16 half = (halves16)_mm256_packus_epi32((__m256i)(x & 0xffff), (__m256i)(x & 0xffff));
    *to = one_table((halves16)_mm256_permute4x64_epi64((__m256i)half, 0x88));
    return exponent >= (uint32_t)bias && exponent + most < 254;
}

/* 32 normal numbers of fp8 under that to bf16. */
INLINE void fp8_looks(const unsigned char *at, bool e4m3, const struct fp8 *f, struct planes p,
                      uint16_t *dst)
{
    __m256i x[2], codes = _mm256_permute4x64_epi64(_mm256_loadu_si256((const __m256i *)at), 0xd8);
    look_up_halves(p, (bytes32)codes & (uint8_t)(e4m3 ? 7 : 3), &x[0], &x[1]);
    UNROLLED
    for (int k = 0; k < 2; k++)
        store_halves(dst + 16 * k, (halves16)x[k] + fp8_fields(at + 16 * k, e4m3, f->exponents));
}

/* 32 of 16 bytes, the lower nibbles first; not PLAIN. */
INLINE bytes32 parted_nibbles(const unsigned char *at, enum order order)
{
    const __m256i eights = _mm256_setr_epi64x(0x0706050403020100, 0x0706050403020100,
                                              0x0f0e0d0c0b0a0908, 0x0f0e0d0c0b0a0908),
                  fours = _mm256_setr_epi64x(0x0b0a090803020100, 0x0b0a090803020100,
                                             0x0f0e0d0c07060504, 0x0f0e0d0c07060504),
                  shift = _mm256_setr_epi64x(0, 4, 0, 4);
    __m256i x = spread(at, order == FOR_WORDS ? fours : eights);
    return (bytes32)_mm256_srlv_epi64(x, shift) & 15;
}

/* 32 halves; codes FOR_HALVES. */
INLINE void store_table(uint16_t *at, struct planes p, bytes32 codes)
{
    __m256i first, last;
    look_up_halves(p, codes, &first, &last);
    _mm256_storeu_si256((__m256i *)at, first);
    _mm256_storeu_si256((__m256i *)(at + 16), last);
}

/* 32 words; codes FOR_WORDS. */
INLINE void store_words(float *at, struct planes low, struct planes high, bytes32 codes)
{
    __m256i *to = (__m256i *)at, lower[2], upper[2];
    look_up_halves(low, codes, &lower[0], &lower[1]);
    look_up_halves(high, codes, &upper[0], &upper[1]);
    UNROLLED
    for (int k = 0; k < 2; k++) {
        _mm256_storeu_si256(to + 2 * k, _mm256_unpacklo_epi16(lower[k], upper[k]));
        _mm256_storeu_si256(to + 2 * k + 1, _mm256_unpackhi_epi16(lower[k], upper[k]));
    }
}

/* 32 halves as the upper ones of words; codes FOR_WORDS. */
INLINE void store_upper(float *at, struct planes p, bytes32 codes)
{
    __m256i *to = (__m256i *)at, none = _mm256_setzero_si256(), upper[2];
    look_up_halves(p, codes, &upper[0], &upper[1]);
    UNROLLED
    for (int k = 0; k < 2; k++) {
        _mm256_storeu_si256(to + 2 * k, _mm256_unpacklo_epi16(none, upper[k]));
        _mm256_storeu_si256(to + 2 * k + 1, _mm256_unpackhi_epi16(none, upper[k]));
    }
}

/* Codes of 64 elements: 0 to 15 and 32 to 47, 16 to 31 and 48 to 63. */
struct codes {
    bytes32 first, last;
};

/* What 16 codes of each lane stand for, the first lane's and the second one's. */
INLINE void look_up_lanes(struct planes p, bytes32 codes, __m256i *first, __m256i *second)
{
    __m256i a, b;
    look_up_halves(p, codes, &a, &b);
    *first = _mm256_permute2x128_si256(a, b, 0x20);
    *second = _mm256_permute2x128_si256(a, b, 0x31);
}

/* 32 halves. */
INLINE void store_lanes(uint16_t *at, struct planes p, bytes32 codes)
{
    __m256i x[2];
    look_up_lanes(p, codes, &x[0], &x[1]);
    _mm256_storeu_si256((__m256i *)at, x[0]);
    _mm256_storeu_si256((__m256i *)at + 1, x[1]);
}

/* 64 halves. Stores go up from byte to byte: those that leave a line of the cache and come back to
 * it take a seventh longer. */
INLINE void store_codes(uint16_t *at, struct planes first, struct planes last, struct codes c)
{
    __m256i x[4];
    look_up_lanes(first, c.first, &x[0], &x[2]);
    look_up_lanes(last, c.last, &x[1], &x[3]);
    UNROLLED
    for (int k = 0; k < 4; k++)
        _mm256_storeu_si256((__m256i *)at + k, x[k]);
}

/* 16 bytes of A and of B, of 32 elements each. */
INLINE bytes32 two_loads(const void *a, const void *b)
{
    return (bytes32)_mm256_loadu2_m128i(b, a);
}

/* The lower nibbles first of sixteen. */
INLINE struct codes parted_codes(bytes32 x)
{
    return (struct codes){x & 15, x >> 4};
}

/* Those of 32 bytes, the lower nibbles first. */
INLINE struct codes wide_codes(const unsigned char *at)
{
    const __m256i shift = _mm256_setr_epi64x(0, 0, 4, 4);
    __m256i first = both_lanes(_mm_loadu_si128((const __m128i *)at)),
            last = both_lanes(_mm_loadu_si128((const __m128i *)at + 1));
    return (struct codes){(bytes32)_mm256_srlv_epi64(first, shift) & 15,
                          (bytes32)_mm256_srlv_epi64(last, shift) & 15};
}
