/*
 * q8_0 to bf16 without conversions from integers, for AVX-512 VBMI: a code and 128 are a byte,
 * which a permutation puts into the significand of 2^15. FMA multiplies that by the scale and takes
 * away what is too much, (2^15 + 128) times the scale: of 9 + 11 bits, so that what remains is
 * exact. Zeros then have no sign, as they should under scales above zero.
 */

/* Blocks whose scales are made while those before them are put under theirs. */
enum { EIGHT = 8 };

typedef float floats8 __attribute__((vector_size(32)));

struct eight {
    float scale[EIGHT], less[EIGHT];
} __attribute__((aligned(64)));

/* Which of them are not above zero, or not finite: for vfpclassps all but denormals. */
INLINE unsigned eight_scales(const unsigned char *at, size_t bytes, struct eight *to)
{
    const float too_much = 0x8000 + 128;
    floats8 d = (floats8)_mm256_cvtph_ps((__m128i)halves_apart(at, bytes, EIGHT));
    floats8 less = d * too_much;
    PUT(to->scale, d);
    PUT(to->less, less);
    return _mm256_fpclass_ps_mask((__m256)d, 0xdf);
}

/* Four blocks of 32, each as far as the others: what comes first waits for nothing. */
INLINE void put_four_under(const unsigned char *at, size_t bytes, const float *scale,
                           const float *less, uint16_t *to)
{
    enum { TOP = 32, NONE = 33 }; /* places of 2^15's upper byte, and of zero */
    const words flips = {0x80808080, 0x80808080, 0x80808080, 0x80808080, 0x80808080,
                         0x80808080, 0x80808080, 0x80808080, 0x47},
                numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                first = numbers << 8 | (uint32_t)TOP << 24 | NONE << 16 | NONE,
                last = first + (16 << 8);
    struct full x[4];
    UNROLLED
    for (size_t k = 0; k < 4; k++) {
        __m512i codes = _mm512_zextsi256_si512(
            _mm256_loadu_si256((const __m256i *)(at + (k + 1) * bytes - STEP)));
        codes = _mm512_xor_si512(codes, (__m512i)flips);
        x[k].a = (floats)_mm512_permutexvar_epi8((__m512i)first, codes);
        x[k].b = (floats)_mm512_permutexvar_epi8((__m512i)last, codes);
    }
    UNROLLED
    for (size_t k = 0; k < 4; k++) {
        struct under of = {scale[k], less[k]};
        x[k] = (struct full){put_under(x[k].a, of, true), put_under(x[k].b, of, true)};
    }
    UNROLLED
    for (size_t k = 0; k < 4; k++)
        store_halves(to + k * STEP, rounded(&x[k], NORMAL, NULL));
}

ROW __attribute__((noinline, cold)) static void eight_plain(const struct hu_block_job *j,
                                                            size_t row, size_t n,
                                                            const unsigned char *at, void *dst,
                                                            int type)
{
    if (type == TYPE_q8_0)
        short_batch(j, row, n, EIGHT, at, dst, TYPE_q8_0, false, true);
    else
        short_batch(j, row, n, EIGHT, at, dst, TYPE_q8_1, false, true);
}

/* As many blocks of ROW as are eights: how many. */
INLINE size_t q8_eights(const struct hu_block_job *j, size_t row, const unsigned char *at,
                        void *dst, int type)
{
    const size_t bytes = bytes_of_type(j->b, type), blocks = j->columns / STEP / EIGHT * EIGHT;
    struct eight ahead[2];
    unsigned odd = blocks ? eight_scales(at, bytes, ahead) : 0;
    uint16_t *to = dst;
    for (size_t n = 0; n < blocks; n += EIGHT, at += EIGHT * bytes, to += EIGHT * STEP) {
        const struct eight *of = &ahead[n / EIGHT % 2];
        const bool plain = odd;
        if (n + EIGHT < blocks)
            odd = eight_scales(at + EIGHT * bytes, bytes, &ahead[(n / EIGHT + 1) % 2]);
        if (__builtin_expect(plain, false)) {
            eight_plain(j, row, n, at, dst, type);
            continue;
        }
        UNROLLED
        for (size_t k = 0; k < EIGHT; k += 4)
            put_four_under(at + k * bytes, bytes, of->scale + k, of->less + k, to + k * STEP);
    }
    return blocks;
}
