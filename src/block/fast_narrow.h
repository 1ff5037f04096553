/*
 * Elements that become bf16 without a multiplication of each: fp8 by its fields, fp4_e2m1 by the
 * multiples of its two significands.
 */

/* What steps of fp8 have in common, from memory: compilers make vectors of one number anew in each
 * step, of three instructions. */
struct fp8 {
    bytes32 least, more;   /* of twice the magnitude and what then comes after the last */
    full_halves moved;     /* what is taken of fields that are moved to their place */
    full_halves exponents; /* the same without the significand */
};

ROW __attribute__((noinline)) static void fp8_begin(struct fp8 *f, bool e4m3)
{
    *f = (struct fp8){
        .least = (bytes32){0} + (uint8_t)(e4m3 ? 18 : 16),
        .more = (bytes32){0} + (uint8_t)(e4m3 ? 2 : 8),
        .moved = (full_halves){0} + (uint16_t)(e4m3 ? 0x87f0 : 0x8fe0),
        .exponents = (full_halves){0} + (uint16_t)(e4m3 ? 0x8780 : 0x8f80),
    };
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
 * Normal numbers of fp8 have 8 significands, or 4, twice: what an fp32 makes of them, less fp8's
 * bias in the exponent, and all once more. False: of some code it makes no normal number above 0.
 */
INLINE bool fp8_halves(float scale, bool e4m3, halves16 *to)
{
    const int bits = e4m3 ? 3 : 2, bias = e4m3 ? 7 : 15, most = e4m3 ? 8 : 15;
    const words8 m = {0, 1, 2, 3, 4, 5, 6, 7};
    const uint32_t word = hu_bits_of_float(scale), exponent = word >> 23;
    words8 x = (words8){0} + ((word & 0x7fffff) | 0x800000), carry;
    x *= (1u << bits) + (m & ((1u << bits) - 1));
    carry = x >> (24 + bits);
    x <<= 3 - (uint32_t)bits + (carry ^ 1);
    x = ((x + 0x7ffff + (x >> 20 & 1)) >> 20) + ((exponent + carry - (uint32_t)bias) << 7) - 128;
    __m256i half = _mm256_packus_epi32((__m256i)(x & 0xffff), (__m256i)(x & 0xffff));
    *to = (halves16)_mm256_permute4x64_epi64(half, 0x88);
    return exponent >= (uint32_t)bias && exponent + most < 254;
}

/*
 * fp4_e2m1 has two significands, 1 and 1.5: what a scale makes of these two, rounded, is a word of
 * two halves, and the other magnitudes are a few exponents away. False: a scale is a NaN or makes
 * of them what is not always a normal number or a zero above 0, or, where it ROUNDS, the middle of
 * two bf16.
 */
INLINE bool make_roots(const unsigned char *scales, float second, bool rounds, uint32_t *to)
{
    enum { E4M3_NAN = 0x3ff00000 }; /* fp8_e4m3's is the greatest fp16 of two bits less */
    floats x = half_floats((halves)((signed_halves)byte_tops(scales) >> 1) & 0xbf80);
    words bad = (words)(((words)x & 0x7fffffff) == E4M3_NAN), one, more;
    x *= second * 0x1p8f;
    one = (words)x;
    more = (words)(x * 1.5f);
    bad |= (words)(one != 0) & (words)(one - 0x01000000 > 0x7d000000);
    if (rounds)
        bad |= (words)((one & 0xffff) == 0x8000) | (words)((more & 0xffff) == 0x8000);
    words roots = rounded_words(one) >> 16 | (rounded_words(more) & 0xffff0000);
    PUT(to, roots);
    return !any_bit(bad);
}
