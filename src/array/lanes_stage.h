/* Stages: loops over steps; included by the parts. */

/*
 * A stage NAME of elements that load_KIND makes words of, which are X in what follows the way that
 * it is made for; that puts them TO where they go. C is what is carried along, of which SEEN stays
 * in registers; K and W are copies of the plan's facts, which nothing stored can change.
 */
#define STAGE(name, kind, load_way, round_way, store_way, care_way, ...)                           \
    TARGET static __attribute__((noinline)) void name##_steps(                                     \
        const struct plan *p, struct carried *c, void *dst, const void *src, size_t steps)         \
    {                                                                                              \
        UNUSED const struct narrow k = p->k;                                                       \
        UNUSED const struct held held = hold(&k);                                                  \
        UNUSED const enum hu_direction direction = p->options.direction;                           \
        UNUSED const bool saturate = p->options.saturate, raises = p->flags;                       \
        UNUSED const bool flags = raises && !p->hardware;                                          \
        UNUSED const enum store store = p->store;                                                  \
        const struct widen w = p->w;                                                               \
        const size_t words = sizeof(uint32_t) * STEP;                                              \
        const size_t in = (load_way) == LOAD_FP32 ? words : bytes_of_step(p->from);                \
        const size_t out = (store_way) == STORE_WORDS ? words : bytes_of_step(p->to);              \
        struct seen seen = c->seen;                                                                \
        char *to = dst;                                                                            \
        for (const char *from = src; steps; steps--, to += out, from += in) {                      \
            vec x[4];                                                                              \
            load_##kind(&w, x, from);                                                              \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
        c->seen = seen;                                                                            \
    }                                                                                              \
    static const struct stage name = {{load_way, round_way, store_way, care_way}, name##_steps};

/* A stage NAME that is a loop of its own. */
#define STEPS(name, load_way, round_way, store_way, care_way, ...)                                 \
    TARGET static __attribute__((noinline)) void name##_steps(                                     \
        const struct plan *p, struct carried *c, void *dst, const void *src, size_t steps)         \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }                                                                                              \
    static const struct stage name = {{load_way, round_way, store_way, care_way}, name##_steps};

/* The list NAME of a part's stages. */
#define STAGES(name, ...) const struct stage *const PART(name)[] = {__VA_ARGS__, NULL};

INLINE void store_words(void *dst, const vec *x)
{
    VECTORS(store_vec((char *)dst + sizeof(vec) * i, x[i]););
}

/* FINISH: or NULL. */
INLINE void words_of_halves(const struct plan *p, struct carried *c, char *to, const char *from,
                            size_t steps, bool plain,
                            void (*finish)(vec x[4], bool saturate, unsigned *flags))
{
    const struct widen w = p->w;
    const struct held_half held = hold_half(&w);
    for (; steps; steps--, to += sizeof(uint32_t) * STEP, from += sizeof(uint16_t) * STEP) {
        vec x[4];
        load_half(&w, &held, plain, x, from);
        if (finish)
            finish(x, p->options.saturate, &c->raised);
        store_words(to, x);
    }
}

#define HALF_WORDS(name, store_way, finish)                                                        \
    STEPS(name, LOAD_HALF, ROUND_NONE, store_way, NEAREST,                                         \
          if (p->w.payloads && p->w.sign) words_of_halves(p, c, dst, src, steps, true, finish);    \
          else words_of_halves(p, c, dst, src, steps, false, finish);)

/* Of stages that load for themselves. */
INLINE void load_later(const struct widen *w, vec x[4], const void *src)
{
    (void)w, (void)x, (void)src;
}

/* What a call has seen the address of does not stay in registers: it gets copies, and the plan's
 * own constants. RANDOM: or NULL. */
INLINE void take_care(const struct plan *p, vec v[4], const vec *random, enum round round,
                      struct seen *seen)
{
    vec copy[4], draws[4];
    struct seen copied = *seen;
    VECTORS(copy[i] = v[i]; draws[i] = random ? random[i] : splat(0););
    PART(careful_step)(&p->k, copy, draws, round, random != NULL, &copied);
    VECTORS(v[i] = copy[i];);
    *seen = copied;
}

/* Whether magnitudes are above SEEN's large, or where SMALL is asked below its small. */
INLINE bool any_outside(const struct seen *seen, const vec x[4], bool small)
{
    vec greatest = splat(0), least = splat(0); /* less 1, so that zeros are the greatest */
    VECTORS(vec magnitude = x[i] & splat(~SIGN);
            greatest = i ? larger(greatest, magnitude) : magnitude; magnitude -= splat(1);
            least = i ? smaller(least, magnitude) : magnitude;);
    mask outside = above(greatest, splat(seen->large));
    if (small)
        outside |= above(splat(seen->small) - splat(1), least & splat(~SIGN));
    return any(outside);
}

INLINE bool any_nan(const vec x[4])
{
    return any(either_is_nan(x[0], x[1]) | either_is_nan(x[2], x[3]));
}

/* Whether one of a step of halves at FROM, SHIFTed to the top, is above MOST; a comparison of words
 * would raise a flag for each subnormal one, which costs a small call dearly. */
INLINE bool any_half_above(const char *from, uint32_t shift, uint32_t most)
{
#ifdef LANES_SHUFFLE
    half_lanes x[2] = {(half_lanes)load(from), (half_lanes)load(from + sizeof(vec))};
    half_lanes largest =
        larger_16((x[0] << shift) & splat_16(0x7fff), (x[1] << shift) & splat_16(0x7fff));
    return any_bit((vec)minus_16(largest, splat_16(most)));
#else
    (void)from, (void)shift, (void)most;
    return true;
#endif
}

INLINE void find_inexact(struct seen *seen, vec discarded)
{
    if (any_bit(discarded))
        seen->flags |= HU_INEXACT;
}
