/* Whole rows: codes into their places, and the table of all roundings; included by lanes.h. */

/* Overflow and sign of finite codes, a byte or half each: what is left to do costs the less the
 * more codes a vector holds. signs: the source's sign in each element's top bit, rubbish below. */
#define FINISH(width, type)                                                                        \
    INLINE type finish_##width(const struct narrow *k, type codes, type signs,                     \
                               enum hu_direction direction)                                        \
    {                                                                                              \
        type overflow = splat_##width(k->overflow[0]);                                             \
        signs &= splat_##width(1u << (width - 1));                                                 \
        if (is_directed(direction))                                                                \
            overflow = pick_##width(signs, splat_##width(k->overflow[1]), overflow);               \
        codes = smaller_##width(codes, overflow);                                                  \
        signs = shift_right_##width(signs, k->sign_shift - (32 - width));                          \
        if (!k->negative_zero)                                                                     \
            signs = keep_nonzero_##width(codes, signs);                                            \
        return codes | signs;                                                                      \
    }

FINISH(8, byte_lanes)
FINISH(16, half_lanes)

INLINE void store_finite_bytes(const struct narrow *k, void *dst, byte_lanes codes, const vec *x,
                               enum hu_direction direction)
{
    byte_lanes done = finish_8(k, codes, pack_byte_signs(x), direction);
    memcpy(dst, &done, sizeof done);
}

INLINE void store_finite(const struct narrow *k, void *dst, const vec *codes, const vec *x,
                         enum hu_direction direction, int size)
{
    if (size == 8) {
        store_finite_bytes(k, dst, pack_bytes(codes), x, direction);
        return;
    }
    PAIRS(half_lanes done = finish_16(k, pack_halves(codes + i), pack_half_signs(x + i), direction);
          memcpy((char *)dst + sizeof done * (i / 2), &done, sizeof done););
}

INLINE void store_codes(const struct narrow *k, void *dst, const vec *codes, int size)
{
    if (size == 8) {
        byte_lanes packed = pack_bytes(codes);
        memcpy(dst, &packed, sizeof packed);
    }
    if (size == 16) {
        PAIRS(half_lanes packed = pack_halves(codes + i);
              memcpy((char *)dst + sizeof packed * (i / 2), &packed, sizeof packed););
    }
    if (size == 32) {
        VECTORS(store((char *)dst + sizeof(vec) * i, shift_left(codes[i], k->storage_shift)););
    }
}

/* SIZE is that of a stored element, or TOP_HALF and TOP_WORD for codes that end at the top of
 * theirs: bf16 and tf32. */
enum { TOP_HALF = -16, TOP_WORD = -32 };

INLINE void store_top(const struct narrow *k, void *dst, vec *words, int size)
{
    if (size == TOP_HALF) {
        PAIRS(half_lanes packed = pack_top_halves(words + i);
              memcpy((char *)dst + sizeof packed * (i / 2), &packed, sizeof packed););
        return;
    }
    VECTORS(if (size == TOP_WORD) store((char *)dst + sizeof(vec) * i, words[i] & splat(~k->low));
            else words[i] = shift_right(words[i], k->drop););
    if (size != TOP_WORD)
        store_codes(k, dst, words, size);
}

/* OUTSIDE: there may be infinities and NaNs, and if flags are wanted what raises others than
 * inexact. */
INLINE void narrow_step_top(const struct narrow *k, void *dst, const vec x[4], const vec random[4],
                            bool outside, enum hu_direction direction, bool flags, int size,
                            struct seen *seen)
{
    vec words[4];
    if (outside) {
        VECTORS(words[i] = narrow_top(k, x[i], random[i], direction, true, flags, seen););
        if (flags)
            take_stock(seen, k, direction);
    } else {
        VECTORS(words[i] = narrow_top(k, x[i], random[i], direction, false, false, seen););
        if (flags)
            VECTORS(seen->inexact |= x[i] & splat(k->low););
    }
    store_top(k, dst, words, size);
}

INLINE void narrow_finite(const struct narrow *k, void *dst, const vec x[4], const vec magnitude[4],
                          enum hu_direction direction, int size)
{
    vec codes[4];
#ifdef LANES_JOIN
    if (size == 8 && direction != HU_TO_ODD) {
        VECTORS(vec finite = smaller_float(magnitude[i], splat(k->limit));
                codes[i] = add_magic(k, x[i], finite, direction).sum;);
        store_finite_bytes(k, dst, join_sums(k, codes), x, direction);
        return;
    }
#endif
    VECTORS(codes[i] = narrow_magic(k, x[i], magnitude[i], splat(0), direction, false, NULL););
    store_finite(k, dst, codes, x, direction, size);
}

INLINE void narrow_step_magic(const struct narrow *k, void *dst, const vec x[4],
                              const vec magnitude[4], const vec random[4], bool outside,
                              enum hu_direction direction, bool flags, int size, struct seen *seen)
{
    vec codes[4];
    bool looks = flags && (outside || !(seen->flags & HU_INEXACT));
    if (outside) {
        VECTORS(codes[i] = narrow_any(k, x[i], random[i], direction, flags, seen););
        store_codes(k, dst, codes, size);
    } else if (direction == HU_STOCHASTIC) {
        VECTORS(codes[i] = narrow_normal(k, magnitude[i], random[i], flags, seen););
        store_finite(k, dst, codes, x, direction, size);
    } else if (looks) {
        VECTORS(codes[i] = narrow_magic(k, x[i], magnitude[i], random[i], direction, true, seen););
        store_finite(k, dst, codes, x, direction, size);
    } else {
        narrow_finite(k, dst, x, magnitude, direction, size);
    }
    if (looks)
        take_stock(seen, k, direction);
}

INLINE void narrow_step(const struct narrow *k, void *dst, const void *src, struct row *r,
                        enum hu_narrow_kind kind, enum hu_direction direction, bool flags, int size,
                        struct seen *seen)
{
    vec x[4], magnitude[4], random[4];
    struct noted noted = nothing_noted();
    fetch_ahead(k->direct, src, sizeof x);
    VECTORS(const char *at = (const char *)src + sizeof(vec) * i; x[i] = load(at);
            magnitude[i] = x[i] & splat(~SIGN); random[i] = splat(0););
    VECTORS(note_large(&noted, magnitude[i], splat(seen->large)););
    if (flags || (kind == NARROW_MAGIC && direction == HU_STOCHASTIC))
        VECTORS(note_small(&noted, magnitude[i], splat(seen->small)););
    if (direction == HU_STOCHASTIC)
        random_lanes(random, r);
    if (kind == NARROW_SCALE) {
        vec codes[4];
        VECTORS(codes[i] = narrow_scale(k, x[i], magnitude[i], random[i], direction, flags, seen););
        store_codes(k, dst, codes, size);
    } else if (kind == NARROW_MAGIC) {
        bool outside = is_outside(&noted, splat(seen->small), splat(seen->large));
        narrow_step_magic(k, dst, x, magnitude, random, outside, direction, flags, size, seen);
    } else {
        bool outside = flags ? is_outside(&noted, splat(seen->small), splat(seen->large))
                             : any(either_is_nan(x[0], x[1])) || any(either_is_nan(x[2], x[3]));
        narrow_step_top(k, dst, x, random, outside, direction, flags, size, seen);
    }
}

INLINE unsigned narrow_row(const struct narrow *k, void *dst, const void *src, size_t n,
                           uint64_t first, enum hu_narrow_kind kind, enum hu_direction direction,
                           bool flags, int size)
{
    struct narrow local = *k; /* that nothing stored to dst can change */
    struct seen seen = nothing_seen(&local, flags, direction);
    struct row r = {splat(0), splat(0), 0};
    if (direction == HU_STOCHASTIC)
        r = random_row(local.seed, first);
    const char *in = src;
    char *out = dst;
    size_t width = (size_t)(size < 0 ? -size : size) / 8;
    size_t whole = n / STEP * STEP;
    for (size_t i = 0; i < whole; i += STEP) {
        if (!local.direct) {
            narrow_step(&local, out + i * width, in + i * 4, &r, kind, direction, flags, size,
                        &seen);
            continue;
        }
        uint32_t codes[STEP] __attribute__((aligned(sizeof(vec))));
        size_t at = turn(i, n, STEP);
        r.low_index = (uint32_t)(first + at);
        narrow_step(&local, codes, in + at * 4, &r, kind, direction, flags, size, &seen);
        stream_out(out + at * width, codes, STEP * width);
    }
    r.low_index = (uint32_t)(first + whole);
    if (n > whole) {
        uint32_t rest[STEP], codes[STEP];
        /* Beside the elements, what every format of the kind holds exactly: zero, or 2^-126. */
        for (size_t i = 0; i < STEP; i++)
            rest[i] = kind == NARROW_SCALE ? SCALE_LEAST_FP32_NORMAL : 0;
        memcpy(rest, in + whole * 4, (n - whole) * 4);
        narrow_step(&local, codes, rest, &r, kind, direction, flags, size, &seen);
        memcpy(out + whole * width, codes, (n - whole) * width);
    }
    return flags ? raised(&seen, &local) : 0;
}

/* One function for each combination, and the table that finds it. */
#define NARROW_ROW(name, kind, direction, flags, size)                                             \
    TARGET static unsigned name##_##flags(const struct narrow *k, void *dst, const void *src,      \
                                          size_t n, uint64_t first)                                \
    {                                                                                              \
        return narrow_row(k, dst, src, n, first, kind, direction, flags, size);                    \
    }

#define NARROW_DIRECTION(name, kind, direction, size)                                              \
    NARROW_ROW(name, kind, direction, 0, size)                                                     \
    NARROW_ROW(name, kind, direction, 1, size)

#define NARROW_DIRECTIONS(name, kind, size)                                                        \
    NARROW_DIRECTION(name##_rne, kind, HU_TIES_TO_EVEN, size)                                      \
    NARROW_DIRECTION(name##_rna, kind, HU_TIES_TO_AWAY, size)                                      \
    NARROW_DIRECTION(name##_rtz, kind, HU_TOWARD_ZERO, size)                                       \
    NARROW_DIRECTION(name##_rup, kind, HU_TOWARD_POSITIVE, size)                                   \
    NARROW_DIRECTION(name##_rdn, kind, HU_TOWARD_NEGATIVE, size)                                   \
    NARROW_DIRECTION(name##_rto, kind, HU_TO_ODD, size)

NARROW_DIRECTIONS(bf16, NARROW_TOP, TOP_HALF)
NARROW_DIRECTIONS(tf32, NARROW_TOP, TOP_WORD)
NARROW_DIRECTIONS(top16, NARROW_TOP, 16)
NARROW_DIRECTIONS(top32, NARROW_TOP, 32)
NARROW_DIRECTIONS(magic8, NARROW_MAGIC, 8)
NARROW_DIRECTIONS(magic16, NARROW_MAGIC, 16)
NARROW_DIRECTIONS(scale8, NARROW_SCALE, 8)
NARROW_DIRECTION(bf16_sr, NARROW_TOP, HU_STOCHASTIC, TOP_HALF)
NARROW_DIRECTION(tf32_sr, NARROW_TOP, HU_STOCHASTIC, TOP_WORD)
NARROW_DIRECTION(top16_sr, NARROW_TOP, HU_STOCHASTIC, 16)
NARROW_DIRECTION(top32_sr, NARROW_TOP, HU_STOCHASTIC, 32)
NARROW_DIRECTION(scale8_sr, NARROW_SCALE, HU_STOCHASTIC, 8)
#ifdef LANES_EACH
NARROW_DIRECTION(magic8_sr, NARROW_MAGIC, HU_STOCHASTIC, 8)
NARROW_DIRECTION(magic16_sr, NARROW_MAGIC, HU_STOCHASTIC, 16)
#else
#define magic8_sr_0 NULL
#define magic8_sr_1 NULL
#define magic16_sr_0 NULL
#define magic16_sr_1 NULL
#endif

/* In enum hu_direction's order. */
#define NARROW_TABLE(name)                                                                         \
    {                                                                                              \
        {name##_rne_0, name##_rna_0, name##_rtz_0, name##_rup_0,                                   \
         name##_rdn_0, name##_rto_0, name##_sr_0},                                                 \
        {                                                                                          \
            name##_rne_1, name##_rna_1, name##_rtz_1, name##_rup_1, name##_rdn_1, name##_rto_1,    \
                name##_sr_1                                                                        \
        }                                                                                          \
    }

static narrow_function *narrow_find(const struct conversion *c)
{
    static narrow_function *const top[][2][HU_STOCHASTIC + 1] = {
        NARROW_TABLE(bf16), NARROW_TABLE(tf32), NARROW_TABLE(top16), NARROW_TABLE(top32)};
    static narrow_function *const magic[][2][HU_STOCHASTIC + 1] = {NARROW_TABLE(magic8),
                                                                   NARROW_TABLE(magic16)};
    static narrow_function *const scale[2][HU_STOCHASTIC + 1] = NARROW_TABLE(scale8);
    const struct hu_format *to = c->to;
    bool at_top = to->storage_bits == to->width + to->storage_shift;
    switch (hu_narrow_kind(to)) {
    case NARROW_TOP:
        return top[(at_top ? 0 : 2) + (to->storage_bits > 16)][c->flags][c->options.direction];
    case NARROW_MAGIC:
        return magic[to->storage_bits > 8][c->flags][c->options.direction];
    case NARROW_SCALE:
        return scale[c->flags][c->options.direction];
    default:
        return NULL;
    }
}
