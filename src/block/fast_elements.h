/* How 32 elements' codes become floats; included by fast_rows.h, which has their vectors. */

INLINE void load_int8(const void *at, struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = int8_floats((const char *)at + k * LANES);
}

/* Whether 32 codes are of finite numbers. */
INLINE bool all_finite(const unsigned char *at, bool e4m3)
{
    bytes32 c;
    GET(c, at);
    c &= 0x7f;
    return !any_byte((bytes32)(e4m3 ? c == 0x7f : c >= 0x7c));
}

/* A code of fp8_e5m2 is the top of an fp16. */
INLINE void load_e5m2(const unsigned char *at, struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = half_floats(byte_tops(at + k * LANES));
}

/* One of fp8_e4m3 an fp16's without two exponent bits: 2^8 too small. */
INLINE void load_e4m3(const unsigned char *at, struct step *s)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] = half_floats((halves)((signed_halves)byte_tops(at + k * LANES) >> 1) & 0xbf80);
}

/* 2^(e8m0 − 127); infinity for the NaN. */
INLINE float power_of(unsigned e8m0)
{
    uint32_t bits = (uint32_t)e8m0 << 23 | (uint32_t)!e8m0 << 22;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE bool is_finite(float x)
{
    return __builtin_fabsf(x) < __builtin_inff();
}

/* Elements of a byte or of six bits. */
enum kind { KIND_E4M3, KIND_E5M2, KIND_INT8, KIND_E2M3, KIND_E3M2 };

/* Those of six bits are held as fp8 of as many trailing bits, which has room for all as normal
 * numbers. */
INLINE enum kind held_as(enum kind kind)
{
    return kind == KIND_E2M3 ? KIND_E4M3 : kind == KIND_E3M2 ? KIND_E5M2 : kind;
}

/* 32 of six bits in 24 bytes so held: four from three bytes each; magnitudes are 48 more, but the
 * least, and signs come to the top. */
INLINE void hold_sixes(const unsigned char *at, bool e2m3, bytes32 *to)
{
    static const int8_t less[2][16] = {{48, 5, 2, 1}, {48, 17, 10, 7, 4, 3, 2, 1}};
    const __m256i threes =
        _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1, /* the second 12: */
                         4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
    words8 x = (words8)_mm256_shuffle_epi8(
        _mm256_loadu2_m128i((const __m128i *)(at + 8), (const __m128i *)at), threes);
    x = (x & 0x3f) | (x << 2 & 0x3f00) | (x << 4 & 0x3f0000) | (x << 6 & 0x3f000000);
    bytes32 size = (bytes32)x & 0x1f, sign = (bytes32)x & 0x20;
    /* From sixteen on an index has its top bit set, where there is zero. */
    size += 48 - look_up(less[e2m3], size + 0x70);
    *to = size | (bytes32)((halves16)sign << 2);
}

INLINE void load(enum kind kind, const void *at, struct step *s)
{
    switch (kind) {
    case KIND_E4M3:
        load_e4m3(at, s);
        break;
    case KIND_E5M2:
        load_e5m2(at, s);
        break;
    default:
        load_int8(at, s);
    }
}

/* What the loads leave out, of floats for fp32 and for bf16. */
INLINE float unit_of(enum kind kind, bool narrow)
{
    switch (kind) {
    case KIND_E4M3:
        return narrow ? 0x1p120f : 0x1p8f;
    case KIND_E5M2:
        return narrow ? 0x1p112f : 1;
    default:
        return narrow ? INT8_UNIT * 0x1p-6f : 0x1p-6f;
    }
}

INLINE struct full load_full(enum kind kind, const void *at)
{
    return kind == KIND_INT8 ? full_int8(at) : full_fp8(at, kind == KIND_E4M3 ? 4 : 5);
}

INLINE void multiply(struct full *x, float by)
{
    x->a *= by;
    x->b *= by;
}

INLINE void store_halves(void *at, full_halves x)
{
    PUT(at, x);
}

INLINE void times(struct step *s, float scale)
{
    UNROLLED
    for (int k = 0; k < VECTORS; k++)
        s->v[k] *= scale;
}
