/* fp8 that becomes bf16 without a multiplication of each element: by its fields. */

/* What steps of fp8 have in common, from memory: compilers make vectors of one number anew in each
 * step, of three instructions. */
struct fp8 {
    bytes32 least, more;    /* of twice the magnitude and what then comes after the last */
    full_halves moved;      /* what is taken of fields that are moved to their place */
    full_halves exponents;  /* the same without the significand */
    const uint32_t *powers; /* what scales of e8m0 add to an fp32's exponent */
};

ROW __attribute__((noinline)) static void fp8_begin(struct fp8 *f, bool e4m3)
{
    *f = (struct fp8){
        .least = (bytes32){0} + (uint8_t)(e4m3 ? 18 : 16),
        .more = (bytes32){0} + (uint8_t)(e4m3 ? 2 : 8),
        .moved = (full_halves){0} + (uint16_t)(e4m3 ? 0x87f0 : 0x8fe0),
        .exponents = (full_halves){0} + (uint16_t)(e4m3 ? 0x8780 : 0x8f80),
        .powers = hu_block_tables()->fp8_powers[e4m3],
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
