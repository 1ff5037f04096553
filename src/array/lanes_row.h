/* Steps and rows of them; included by lanes.h. */

/* What a step is to do. In the rows that most calls take these are constants. */
struct way {
    enum load load;
    enum round round;
    enum hu_direction direction;
    enum store store;
    bool flags;
};

/* A statement for each direction, which is a constant in it. */
#define DIRECTION(name, ...)                                                                       \
    case name: {                                                                                   \
        const enum hu_direction direction = name;                                                  \
        __VA_ARGS__;                                                                               \
    } break;
#define FOR_DIRECTION(which, ...)                                                                  \
    switch (which) {                                                                               \
        DIRECTION(HU_TIES_TO_EVEN, __VA_ARGS__)                                                    \
        DIRECTION(HU_TIES_TO_AWAY, __VA_ARGS__)                                                    \
        DIRECTION(HU_TOWARD_ZERO, __VA_ARGS__)                                                     \
        DIRECTION(HU_TOWARD_POSITIVE, __VA_ARGS__)                                                 \
        DIRECTION(HU_TOWARD_NEGATIVE, __VA_ARGS__)                                                 \
        DIRECTION(HU_TO_ODD, __VA_ARGS__)                                                          \
        DIRECTION(HU_STOCHASTIC, __VA_ARGS__)                                                      \
    }

/* A step with specials, or with what may raise flags: codes, but of ROUND_TOP words with their
 * codes at the top. Out of line, for it is seldom. */
TARGET static __attribute__((noinline)) void
careful_step(const struct narrow *k, vec v[4], const vec random[4], struct way w, struct seen *seen)
{
    if (w.round == ROUND_TOP)
        VECTORS(v[i] = narrow_top(k, v[i], random[i], w.direction, true, w.flags, seen););
    else if (w.round == ROUND_SCALE)
        VECTORS(v[i] = narrow_scale(k, v[i], v[i] & splat(~SIGN), random[i], w.direction, w.flags,
                                    seen););
    else
        VECTORS(v[i] = narrow_any(k, v[i], random[i], w.direction, w.flags, seen););
    if (w.flags)
        take_stock(seen, k, w.direction);
}

/* Arrays whose addresses a call has seen do not stay in registers: it gets copies. */
INLINE void take_care(const struct narrow *k, vec v[4], const vec random[4], struct way w,
                      struct seen *seen)
{
    vec copy[4], draws[4];
    VECTORS(copy[i] = v[i]; draws[i] = random[i];);
    careful_step(k, copy, draws, w, seen);
    VECTORS(v[i] = copy[i];);
}

INLINE void top_step(const struct narrow *k, void *dst, vec x[4], const vec random[4], bool outside,
                     struct way w, struct seen *seen)
{
    if (__builtin_expect(outside, 0)) {
        take_care(k, x, random, w, seen);
    } else {
        if (w.flags)
            VECTORS(seen->inexact |= x[i] & splat(k->low););
        FOR_DIRECTION(w.direction, VECTORS(x[i] = narrow_top(k, x[i], random[i], direction, false,
                                                             false, seen);))
    }
    store_top(k, dst, x, w.store);
}

INLINE void magic_step(const struct narrow *k, void *dst, vec x[4], const vec magnitude[4],
                       const vec random[4], bool outside, struct way w, struct seen *seen)
{
    if (__builtin_expect(outside || (w.flags && !(seen->flags & HU_INEXACT)), 0)) {
        take_care(k, x, random, w, seen);
        store_codes(k, dst, x, w.store);
        return;
    }
    if (w.direction == HU_STOCHASTIC) {
        vec codes[4];
        VECTORS(codes[i] = narrow_normal(k, magnitude[i], random[i]););
        store_magnitudes(k, dst, codes, x, w.store);
        return;
    }
    struct magic m[4];
    if (w.direction == HU_TIES_TO_EVEN || w.direction == HU_TOWARD_ZERO)
        VECTORS(m[i] = add_plain_magic(k, smaller_float(magnitude[i], splat(k->clamp))););
    else
        VECTORS(m[i] = add_magic(k, x[i], smaller_float(magnitude[i], splat(k->clamp))););
    if (w.direction == HU_TO_ODD) {
        vec codes[4];
        VECTORS(vec finite = smaller_float(magnitude[i], splat(k->clamp));
                vec back = sub_float(m[i].sum, m[i].power);
                codes[i] = magic_code(k, m[i]) | keep(unequal(back, finite), splat(1)););
        store_magnitudes(k, dst, codes, x, w.store);
        return;
    }
    store_sums(k, dst, m, x, w.store);
}

INLINE void narrow_step(const struct narrow *k, void *dst, vec x[4], struct row *r, struct way w,
                        struct seen *seen)
{
    vec magnitude[4], random[4];
    struct noted noted = nothing_noted();
    VECTORS(magnitude[i] = x[i] & splat(~SIGN); random[i] = splat(0););
    VECTORS(note_large(&noted, magnitude[i], splat(seen->large)););
    if (w.flags || (w.round == ROUND_MAGIC && w.direction == HU_STOCHASTIC))
        VECTORS(note_small(&noted, magnitude[i], splat(seen->small)););
    if (w.direction == HU_STOCHASTIC)
        random_lanes(random, r);
    bool outside = is_outside(&noted, splat(seen->small), splat(seen->large));
    if (w.round == ROUND_SCALE) {
        if (w.flags)
            take_care(k, x, random, w, seen);
        else
            FOR_DIRECTION(w.direction, VECTORS(x[i] = narrow_scale(k, x[i], magnitude[i], random[i],
                                                                   direction, false, seen);))
        store_codes(k, dst, x, w.store);
    } else if (w.round == ROUND_TOP) {
        top_step(k, dst, x, random, outside, w, seen);
    } else {
        magic_step(k, dst, x, magnitude, random, outside, w, seen);
    }
}

/* FP32's values themselves: NaNs become quiet, and infinities the greatest number where asked. */
TARGET static __attribute__((noinline)) void special_words(vec x[4], bool saturate,
                                                           struct seen *seen)
{
    VECTORS(vec magnitude = x[i] & splat(~SIGN); mask nan = above(magnitude, splat(INFINITE)),
                                                 infinite = equal(magnitude, splat(INFINITE));
            if (any(both(nan, unequal(x[i] & splat(QUIET), splat(QUIET))))) seen->flags |=
            HU_INVALID;
            if (saturate && any(infinite)) seen->flags |= HU_OVERFLOW | HU_INEXACT;
            x[i] |= keep(nan, splat(QUIET)); if (saturate) x[i] -= keep(infinite, splat(1)););
}

INLINE bool any_special(const vec x[4], bool saturate)
{
    if (!saturate)
        return any(either_is_nan(x[0], x[1])) || any(either_is_nan(x[2], x[3]));
    mask special = above(x[0] & splat(~SIGN), splat(INFINITE - 1));
    VECTORS(special |= above(x[i] & splat(~SIGN), splat(INFINITE - 1)););
    return any(special);
}

#ifdef LANES_FP16
INLINE void fp16_step(void *dst, const vec x[4], enum hu_direction which)
{
    FOR_DIRECTION(which,
                  VECTORS(store_fp16((char *)dst + i * sizeof(fp16s), fp16_of(x[i], direction));))
}
#endif

/* Ties away are ties to even, but for those that went toward zero; to odd is toward zero, and one
 * more where that cut something off an even number. */
INLINE vec integer_of(vec x, enum hu_direction direction)
{
    const uint32_t half = 0x3f000000, two_to_23 = 0x4b000000, two_to_31 = 0x4f000000;
    vec magnitude = x & splat(~SIGN), code = round_integer(x);
    if (direction == HU_TIES_TO_AWAY || direction == HU_TO_ODD) {
        /* What has a fraction, so that the difference is exact and raises nothing. */
        mask inside = above(splat(two_to_23), magnitude);
        vec back = keep(inside, from_integer(code) & splat(~SIGN));
        vec left = sub_float(keep(inside, magnitude), back);
        mask more = equal(left, splat(half));
        if (direction == HU_TO_ODD)
            more = both(unequal(left, splat(0)), equal(code & splat(1), splat(0)));
        code += keep(more, pick(below_zero(x), splat(UINT32_MAX), splat(1)));
    }
    code ^= keep(above(x, splat(two_to_31 - 1)), splat(UINT32_MAX));
    return pick(above(magnitude, splat(INFINITE)), splat(0), code);
}

/* The lanes from COUNT on to what raises nothing. */
INLINE void leave_out(vec x[4], size_t count, enum round round)
{
    uint32_t words[STEP];
    VECTORS(store_vec(words + i * LANES, x[i]););
    for (size_t i = count; i < STEP; i++)
        words[i] = round == ROUND_SCALE ? SCALE_LEAST_FP32_NORMAL : 0;
    VECTORS(x[i] = load(words + i * LANES););
}

/* What a row carries from step to step. */
struct carried {
    struct row random;
    struct seen seen;
    struct seen_random seen_random;
};

#ifdef LANES_FP64
INLINE bool any_beyond(const vec x[4])
{
    mask beyond = equal(x[0] & splat(~SIGN), splat(INFINITE - 1));
    VECTORS(beyond |= equal(x[i] & splat(~SIGN), splat(INFINITE - 1)););
    return any(beyond);
}

/* Finite numbers of FP64 beyond FP32 overflow where the target's range is FP32's, which it cannot
 * be told from their words; below zero a scale has nothing that could. */
static __attribute__((noinline)) void see_beyond(const void *src, enum round round,
                                                 struct seen *seen)
{
    for (size_t i = 0; i < STEP; i++) {
        uint64_t x;
        memcpy(&x, (const char *)src + 8 * i, sizeof x);
        uint64_t magnitude = round == ROUND_SCALE ? x : x & INT64_MAX;
        if (magnitude >= FP64_ABOVE_FP32 && magnitude < FP64_INFINITE)
            seen->flags |= HU_OVERFLOW | HU_INEXACT;
    }
}
#endif

INLINE void row_step(const struct plan *p, const struct narrow *k, void *dst, const void *src,
                     size_t count, struct way w, struct carried *c)
{
    vec x[4];
#ifdef LANES_FP64
    if (w.load == LOAD_RANDOM)
        load_random(p, x, src, &c->random, &c->seen_random);
    else
#endif
        load_step(p, x, src, w.load);
#ifdef LANES_FP64
    if (w.flags && w.load == LOAD_FP64 && w.round != ROUND_MAGIC && any_beyond(x))
        see_beyond(src, w.round, &c->seen);
#endif
    if (count < STEP)
        leave_out(x, count, w.round);
    if (w.round == ROUND_NONE) {
        bool saturate = p->options.saturate, done = w.load == LOAD_FP16 || w.load == LOAD_NEAR;
        if ((!done || saturate) && __builtin_expect(any_special(x, saturate), 0)) {
            vec copy[4];
            VECTORS(copy[i] = x[i];);
            special_words(copy, saturate, &c->seen);
            VECTORS(x[i] = copy[i];);
        }
        store_words(dst, x, w.store);
        return;
    }
#ifdef LANES_FP16
    if (w.round == ROUND_FP16) {
        fp16_step(dst, x, w.direction);
        return;
    }
#endif
    if (w.round == ROUND_INT32) {
        VECTORS(store_vec((char *)dst + i * sizeof(vec), integer_of(x[i], w.direction)););
        return;
    }
    narrow_step(k, dst, x, &c->random, w, &c->seen);
}

INLINE unsigned row(const struct plan *p, void *dst, const void *src, size_t n, uint64_t first,
                    struct way w)
{
    const struct narrow k = p->k; /* that nothing stored to dst can change */
    const size_t in = p->from->storage_bits * (size_t)LANES / 2,
                 out = p->to->storage_bits * (size_t)LANES / 2;
    struct carried c = {
        {splat(0), splat(0), 0}, nothing_seen(&k, w.flags, w.direction), {0, 0, 0, 0}};
    if (p->options.direction == HU_STOCHASTIC)
        c.random = random_row(p->options.seed, first);
    const size_t steps = n / STEP, left = n % STEP;
    uint64_t rest[STEP], codes[STEP] __attribute__((aligned(sizeof(vec))));
    size_t s = 0;
    for (; s < steps && !p->direct; s++) { /* what most calls do, with nothing beside it */
        c.random.low_index = (uint32_t)(first + s * STEP);
        row_step(p, &k, (char *)dst + s * out, (const char *)src + s * in, STEP, w, &c);
    }
    for (; s < steps + (left != 0); s++) {
        const bool whole = s < steps;
        size_t at = p->direct && whole ? turn(s * STEP, n, STEP) / STEP : s;
        const char *from = (const char *)src + at * in;
        char *to = (char *)dst + at * out;
        c.random.low_index = (uint32_t)(first + at * STEP);
        fetch_ahead(p->direct && whole, from, in);
        if (!whole) { /* zeros raise nothing on the way to FP32 */
            memset(rest, 0, sizeof rest);
            from = memcpy(rest, from, hu_array_bytes(p->from, left));
        }
        row_step(p, &k, p->direct || !whole ? (char *)codes : to, from, whole ? STEP : left, w, &c);
        if (!whole) {
            end_packed(p->to, codes, left);
            memcpy(to, codes, hu_array_bytes(p->to, left));
        } else if (p->direct) {
            stream_out(to, codes, out);
        }
    }
    return w.flags ? raised(&c.seen, &k) | raised_random(&c.seen_random) : c.seen.flags;
}

/* Rows whose way is constant but for the number of bits in a byte's codes, and for the direction,
 * which is none at random: to nearest, which most calls want, is a constant too. */
#define HOT(name, load, round, last)                                                               \
    TARGET static __attribute__((noinline)) unsigned name(                                         \
        const struct plan *p, void *dst, const void *src, size_t n, uint64_t first)                \
    {                                                                                              \
        if (p->options.direction == HU_STOCHASTIC || (last == STORE_8 && p->store > STORE_8))      \
            __builtin_unreachable();                                                               \
        const enum store store = last == STORE_8 ? p->store : last;                                \
        if (p->options.direction == HU_TIES_TO_EVEN)                                               \
            return row(p, dst, src, n, first,                                                      \
                       (struct way){load, round, HU_TIES_TO_EVEN, store, false});                  \
        return row(p, dst, src, n, first,                                                          \
                   (struct way){load, round, p->options.direction, store, false});                 \
    }

#ifdef LANES_FP16
#define HOT_FP16(ROW)                                                                              \
    ROW(fp32_fp16, LOAD_FP32, ROUND_FP16, STORE_16)                                                \
    ROW(top_fp16, LOAD_TOP, ROUND_FP16, STORE_16)                                                  \
    ROW(fp64_fp16, LOAD_FP64, ROUND_FP16, STORE_16)                                                \
    ROW(fp16_fp32, LOAD_FP16, ROUND_NONE, STORE_32)                                                \
    ROW(fp16_top, LOAD_FP16, ROUND_TOP, STORE_TOP16)                                               \
    ROW(fp16_byte, LOAD_FP16, ROUND_MAGIC, STORE_8)
#else
#define HOT_FP16(ROW)                                                                              \
    ROW(fp32_half, LOAD_FP32, ROUND_MAGIC, STORE_16)                                               \
    ROW(half_fp32, LOAD_HALF, ROUND_NONE, STORE_32)                                                \
    ROW(half_top, LOAD_HALF, ROUND_TOP, STORE_TOP16)                                               \
    ROW(half_byte, LOAD_HALF, ROUND_MAGIC, STORE_8)
#endif

#define HOT_ROWS(ROW)                                                                              \
    HOT_FP16(ROW)                                                                                  \
    ROW(fp32_top, LOAD_FP32, ROUND_TOP, STORE_TOP16)                                               \
    ROW(fp32_tf32, LOAD_FP32, ROUND_TOP, STORE_TOP32)                                              \
    ROW(fp32_byte, LOAD_FP32, ROUND_MAGIC, STORE_8)                                                \
    ROW(fp32_scale, LOAD_FP32, ROUND_SCALE, STORE_8)                                               \
    ROW(tf32_top, LOAD_TF32, ROUND_TOP, STORE_TOP16)                                               \
    ROW(top_fp32, LOAD_TOP, ROUND_NONE, STORE_32)                                                  \
    ROW(top_tf32, LOAD_TOP, ROUND_TOP, STORE_TOP32)                                                \
    ROW(top_byte, LOAD_TOP, ROUND_MAGIC, STORE_8)                                                  \
    ROW(fp64_fp32, LOAD_NEAR, ROUND_NONE, STORE_32)                                                \
    ROW(fp64_top, LOAD_FP64, ROUND_TOP, STORE_TOP16)                                               \
    ROW(fp64_tf32, LOAD_FP64, ROUND_TOP, STORE_TOP32)                                              \
    ROW(fp64_byte, LOAD_FP64, ROUND_MAGIC, STORE_8)

HOT_ROWS(HOT)

TARGET static __attribute__((noinline)) unsigned any_row(const struct plan *p, void *dst,
                                                         const void *src, size_t n, uint64_t first)
{
    bool at_random = p->load == LOAD_RANDOM; /* what follows is exact, or overflows */
    const struct way w = {p->load, p->round, at_random ? HU_TIES_TO_EVEN : p->options.direction,
                          p->store, p->flags && !p->hardware};
    return row(p, dst, src, n, first, w);
}

#define HOT_ENTRY(name, load, round, last) {load, round, last, name},

static row_function *find_row(const struct plan *p)
{
    static const struct {
        enum load load;
        enum round round;
        enum store store;
        row_function *row;
    } hot[] = {HOT_ROWS(HOT_ENTRY)};
    enum store store = p->store < STORE_8 ? STORE_8 : p->store;
    /* What is FP32's own value raises what special words do, which every row sees. */
    bool sees = !p->flags || p->hardware || (p->round == ROUND_NONE && p->load != LOAD_FP64);
    bool plain = sees && p->options.direction != HU_STOCHASTIC;
    for (size_t i = 0; plain && i < sizeof hot / sizeof *hot; i++)
        if (p->load == hot[i].load && p->round == hot[i].round && store == hot[i].store)
            return hot[i].row;
    return any_row;
}

#ifdef LANES_FP64
/* The flags of FP64 to FP32 where the conversion itself raises others: of ties away, which are
 * those of ties to even, for where the two differ neither is exact, and both overflow or neither;
 * and to odd, which are those toward zero. */
TARGET static __attribute__((noinline)) unsigned near_flags(const struct plan *p, const void *src,
                                                            size_t n)
{
    struct widen w = p->w;
    w.last = 0;
    environment_clear();
    for (size_t i = 0; i < n; i += LANES) {
        uint64_t rest[LANES] = {0};
        const void *at = (const char *)src + 8 * i;
        if (n - i < LANES)
            at = memcpy(rest, at, 8 * (n - i));
        vec x = load_near(&w, at);
        __asm__ volatile("" : : "m"(x));
    }
    return environment_raised();
}
#endif

static unsigned lanes_row(const struct plan *p, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    row_function *const row_of = find_row(p);
    if (!p->flags && p->load != LOAD_RANDOM)
        return row_of(p, dst, src, n, first);
    unsigned flags = 0;
#ifdef LANES_FP64
    if (p->load == LOAD_RANDOM) {
        environment saved = environment_enter(HU_TIES_TO_EVEN);
        flags = row_of(p, dst, src, n, first);
        environment_leave(saved);
        return flags;
    }
    bool apart = p->hardware && p->round == ROUND_NONE && (p->w.last || p->load == LOAD_FP64);
    if (apart)
        flags = near_flags(p, src, n);
#else
    const bool apart = false;
#endif
    environment_clear();
    flags |= row_of(p, dst, src, n, first);
    if (p->hardware && !apart)
        flags |= environment_raised();
    if (p->load == LOAD_FP16)
        flags |= environment_raised() & HU_INVALID;
    return flags;
}

/* The roads of a kernel of lanes. From codes to FP64 goes by FP32, whose conversion is exact. */
static bool plan_roads(struct plan *p, const struct abilities *a)
{
    bool wide = p->to->storage_bits == 64 && a->doubles && is_fp64(p->to) && !p->options.saturate;
    if (hu_table_can(p) && !wide) {
        plan_table(p);
        return true;
    }
    return hu_plan_lanes(p, a);
}
