/* Elements as FP32 words, by the kinds of array/plan.h; included by lanes.h. */

/*
 * Codes of 9 to 16 bits. A subnormal gains a unit of FP32's exponent and loses it again in a
 * subtraction, which normalizes it and is exact.
 */
INLINE vec widen_half(const struct widen *w, vec code)
{
    vec x = shift_left(code & splat(w->magnitude), w->shift);
    vec one = splat(w->rebias + (1u << 23));
    vec normal = x + splat(w->rebias);
    vec subnormal = sub_float(x + one, one) & splat(~SIGN);
    vec special = splat(INFINITE | QUIET);
    if (w->payloads)
        special = (x & splat(0x007fffff)) | splat(INFINITE);
    else if (w->infinity)
        special = pick(equal(x, splat(w->infinity)), splat(INFINITE), special);
    x = pick(above(splat(1u << 23), x), subnormal, normal);
    x = pick(above(splat(w->special), shift_left(code & splat(w->magnitude), w->shift)), x,
             special);
    x |= shift_left(code & splat(w->sign), w->sign_shift);
    if (w->lone_nan)
        x = pick(equal(code & splat(w->magnitude | w->sign), splat(w->lone_nan)),
                 splat(SIGN | INFINITE | QUIET), x);
    return x;
}

INLINE vec widen_integer(const struct widen *w, vec code)
{
    vec x = shift_left(code, w->sign_shift);
    return from_integer(w->below_zero ? (vec)((ints)x >> w->sign_shift)
                                      : shift_right(x, w->sign_shift));
}

#ifdef LANES_FP64

#define FP64_INFINITE UINT64_C(0x7ff0000000000000)
#define FP64_ABOVE_FP32 UINT64_C(0x47f0000000000000) /* 2^128 */

enum { FP64_DROP = 52 - 23 };

/* An FP64 word to FP32 by rounding to odd. A NaN stays signaling for the next step to see, if only
 * by a bit of payload that this will drop; where there is none, QUIET makes it so here. */
static inline uint32_t odd_word(uint64_t x, bool quiet)
{
    const uint64_t low = (UINT64_C(1) << FP64_DROP) - 1, magnitude = x & INT64_MAX;
    uint32_t sign = (uint32_t)(x >> 32) & SIGN;
    uint32_t payload = (uint32_t)(magnitude >> FP64_DROP) & 0x007fffff;
    if (magnitude > FP64_INFINITE)
        return sign | INFINITE | (quiet ? payload | QUIET : payload | !payload);
    if (magnitude >= FP64_ABOVE_FP32)
        return sign | (magnitude == FP64_INFINITE ? INFINITE : INFINITE - 1);
    int exponent = (int)(magnitude >> 52) - 1023;
    if (exponent >= -126)
        return sign | (uint32_t)((magnitude >> FP64_DROP) - (UINT64_C(896) << 23)) |
               ((magnitude & low) != 0);
    uint64_t significand = (magnitude & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    int shift = FP64_DROP - 126 - exponent;
    if (shift > 63 || !(magnitude >> 52)) /* below every FP32 number */
        return sign | (magnitude != 0);
    return sign | (uint32_t)(significand >> shift) |
           ((significand & ((UINT64_C(1) << shift) - 1)) != 0);
}

static void __attribute__((noinline))
odd_words(uint32_t words[LANES], const uint64_t x[LANES], bool quiet)
{
    for (size_t i = 0; i < LANES; i++)
        words[i] = odd_word(x[i], quiet);
}

/* Half a vector's elements as FP64. */
INLINE longs load_half_longs(const struct widen *w, const void *src, int half)
{
    const char *at = src;
    if (w->integer)
        return longs_of_integers(at + half * (sizeof(longs) / 2), w->below_zero);
    return load_longs(at + half * sizeof(longs));
}

/* The bits that FP32 drops become its last, so that what is left converts exactly where FP32 is
 * normal. */
INLINE longs sticky(longs x)
{
    const longs low = longs_of((UINT64_C(1) << FP64_DROP) - 1);
    return (x | ((x + low) & longs_of(UINT64_C(1) << FP64_DROP))) & ~low;
}

INLINE vec load_odd(const struct widen *w, const void *at)
{
    longs in[2] = {load_half_longs(w, at, 0), load_half_longs(w, at, 1)};
    vec x = narrow_doubles(sticky(in[0]), sticky(in[1]));
    vec magnitude = x & splat(~SIGN);
    /* Above 2^-126, which less may have become, and below FP32's greatest number. */
    const uint32_t least = (1u << 23) + 1, most = INFINITE - 2;
    if (__builtin_expect(
            any(above((magnitude - splat(least)) ^ splat(SIGN), splat((most - least) ^ SIGN))),
            0)) {
        uint32_t words[LANES];
        uint64_t each[LANES];
        memcpy(each, in, sizeof each);
        odd_words(words, each, w->quiet);
        x = load(words);
    }
    return x;
}

INLINE vec load_near(const struct widen *w, const void *at)
{
    longs x[2] = {load_half_longs(w, at, 0), load_half_longs(w, at, 1)};
    if (w->last)
        for (int i = 0; i < 2; i++) {
            longs infinite = (longs)((x[i] & longs_of(INT64_MAX)) == longs_of(FP64_INFINITE));
            x[i] |= longs_of(1) & ~infinite;
        }
    return narrow_doubles(x[0], x[1]);
}

#endif

#ifdef LANES_SHUFFLE

INLINE void load_by_table(const struct plan *p, vec x[4], const void *src)
{
    byte_lanes codes = load_codes(src, p->from->storage_bits, (uint32_t)hu_width_mask(p->from));
    half_lanes halves[2];
    codes = order_32(codes);
    zip_16(halves, look_up(&p->table, PLANE_LOW, codes), look_up(&p->table, PLANE_HIGH, codes));
    zip_top(x, halves[0]);
    zip_top(x + 2, halves[1]);
}

#else

INLINE void load_by_table(const struct plan *p, vec x[4], const void *src)
{
    unsigned char codes[STEP];
    uint32_t words[STEP];
    hu_table_unpack(p->from, codes, src, STEP);
    for (size_t i = 0; i < STEP; i++)
        words[i] = (uint32_t)p->table.words[codes[i]];
    VECTORS(x[i] = load(words + i * LANES););
}

#endif

/* Of 16 bits, or 32, or 64 an element. */
#define LOAD(bits, ...)                                                                            \
    VECTORS(const char *at = (const char *)src + i * (LANES * (bits) / 8); x[i] = __VA_ARGS__;);   \
    break

INLINE void load_step(const struct plan *p, vec x[4], const void *src, enum load kind)
{
    const struct widen *w = &p->w;
    switch (kind) {
    case LOAD_FP32:
        LOAD(32, load(at));
    case LOAD_TF32:
        LOAD(32, load(at) & splat(~((1u << p->from->storage_shift) - 1)));
    case LOAD_TOP:
        LOAD(16, shift_left(load_halves(at), w->sign_shift));
#ifdef LANES_FP16
    case LOAD_FP16:
        LOAD(16, from_fp16(at));
#endif
    case LOAD_HALF:
        LOAD(16, widen_half(w, load_halves(at)));
    case LOAD_INT16:
        LOAD(16, widen_integer(w, load_halves(at)));
    case LOAD_CODES:
        load_by_table(p, x, src);
        break;
#ifdef LANES_FP64
    case LOAD_FP64:
        LOAD(w->integer ? 32 : 64, load_odd(w, at));
    case LOAD_NEAR:
        LOAD(w->integer ? 32 : 64, load_near(w, at));
#endif
    default:
        VECTORS(x[i] = splat(0););
    }
}
