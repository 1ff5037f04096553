/* Integers of 32 bits by way of FP64, in any direction and with flags; included by the parts. */

typedef int64_t signed_longs __attribute__((vector_size(sizeof(longs))));

/* What a stage has seen, a mask in each lane. */
struct seen_whole {
    longs invalid, inexact;
};

INLINE longs longs_above(longs a, longs b)
{
    return (longs)((signed_longs)a > (signed_longs)b);
}

/*
 * 2^52 with X's sign, and X: the sum's unit in the last place is 1, so that the addition rounds X
 * in the environment's direction, and its trailing bits are the integer's. Ties away and to odd as
 * in struct magic. What does not fit becomes the nearest end, a NaN 0.
 */
INLINE longs whole_of(const struct narrow *k, longs x, struct seen_whole *seen)
{
    const longs top = longs_of(UINT64_C(1) << 63), beyond = longs_of(UINT64_C(0x4200000000000000));
    longs sign = x & top, magnitude = x ^ sign,
          power = sign | longs_of(UINT64_C(0x4330000000000000));
    longs nan = longs_above(magnitude, longs_of(FP64_INFINITE));
    longs far = longs_above(magnitude, beyond); /* 2^33 */
    longs finite = (beyond & far) | (magnitude & ~far);
    doubles sum = (doubles)(finite | sign | longs_of(k->last)) + (doubles)power;
    longs inexact = (longs)((sum - (doubles)power) != (doubles)(finite | sign));
    longs whole = ((longs)sum & longs_of((UINT64_C(1) << 52) - 1)) | (inexact & longs_of(k->odd));
    longs negative = longs_above(longs_of(0), x);
    longs limit = (longs_of(k->limits[1]) & negative) | (longs_of(k->limits[0]) & ~negative);
    longs over = longs_above(whole, limit);
    whole = (limit & over) | (whole & ~over);
    seen->invalid |= over | nan;
    seen->inexact |= inexact & ~(over | nan);
    return ((whole ^ negative) - negative) & ~nan;
}

/* FROM_WORDS: of FP32, otherwise of FP64 or integers. */
INLINE void wholes(const struct plan *p, struct carried *c, void *dst, const void *src,
                   size_t steps, bool from_words)
{
    const struct narrow k = p->k;
    const struct widen w = p->w;
    const size_t size = from_words || w.integer ? sizeof(vec) : 2 * sizeof(vec);
    struct seen_whole seen = {longs_of(0), longs_of(0)};
    for (size_t i = 0; i < 4 * steps; i++) {
        const char *at = (const char *)src + size * i;
        longs x[2];
        if (from_words) {
            store_doubles(x, load(at));
        } else {
            x[0] = load_half_longs(&w, at, 0);
            x[1] = load_half_longs(&w, at, 1);
        }
        longs low = whole_of(&k, x[0], &seen), high = whole_of(&k, x[1], &seen);
        store_vec((char *)dst + sizeof(vec) * i, narrow_longs(low, high) & splat(k.mask));
    }
    if (lanes_above(longs_of(0), seen.invalid))
        c->raised |= HU_INVALID;
    if (lanes_above(longs_of(0), seen.inexact))
        c->raised |= HU_INEXACT;
}

TARGET static void to_whole_steps(const struct plan *p, struct carried *c, void *dst,
                                  const void *src, size_t steps)
{
    wholes(p, c, dst, src, steps, true);
}

TARGET static void fp64_whole_steps(const struct plan *p, struct carried *c, void *dst,
                                    const void *src, size_t steps)
{
    wholes(p, c, dst, src, steps, false);
}

/* Exact. */
TARGET static void whole_fp64_steps(const struct plan *p, struct carried *c, void *dst,
                                    const void *src, size_t steps)
{
    const struct widen w = p->w;
    (void)c;
    for (size_t i = 0; i < 8 * steps; i++) {
        const char *at = (const char *)src + sizeof(vec) * (i / 2);
        longs x = load_half_longs(&w, at, (int)(i % 2));
        memcpy((char *)dst + sizeof x * i, &x, sizeof x);
    }
}

static const struct stage to_whole = {{LOAD_FP32, ROUND_WHOLE, STORE_32, NEAREST}, to_whole_steps},
                          fp64_whole = {{LOAD_FP64, ROUND_WHOLE, STORE_32, NEAREST},
                                        fp64_whole_steps},
                          whole_fp64 = {{LOAD_FP64, ROUND_NONE, STORE_64, NEAREST},
                                        whole_fp64_steps};
