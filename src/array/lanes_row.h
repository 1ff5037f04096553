/* Rows of stages; included by the parts. */

/* Steps of words between two stages, which stay in the first-level cache; and of a granule that a
 * row past the caches writes at a time, where it reads in turn and where not. */
enum { BETWEEN = 32, GRANULE = 8, SHORT_GRANULE = 4 };

/* The words of a block, then its codes, each in its environment, of which the first is there when
 * this begins and ends; what loading raises is not the conversion's, but for invalid, and not that
 * where LOAD_FAR adds up what it has no use for. */
TARGET static __attribute__((noinline)) void two_stages(const struct plan *p, struct carried *c,
                                                        void *dst, const void *src, size_t steps)
{
    uint32_t words[BETWEEN * STEP] __attribute__((aligned(sizeof(vec))));
    const size_t in = bytes_of_step(p->from), out = bytes_of_step(p->to);
    const bool turns = p->load_in != p->round_in;
    const bool hardware = p->hardware && p->load != LOAD_AWAY; /* see near_flags */
    const unsigned loads = p->load == LOAD_FAR ? 0 : p->round == ROUND_NONE ? ~0u : HU_INVALID;
    for (size_t done = 0; done < steps; done += BETWEEN) {
        size_t now = steps - done < BETWEEN ? steps - done : BETWEEN;
        p->first(p, c, words, (const char *)src + done * in, now);
        if (hardware)
            c->raised |= environment_raised() & loads;
        if (turns)
            environment_turn(p->round_in);
        if (hardware)
            environment_clear();
        p->second(p, c, (char *)dst + done * out, words, now);
        if (hardware)
            c->raised |= environment_raised();
        if (turns)
            environment_turn(p->load_in);
        if (hardware)
            environment_clear();
    }
}

INLINE void stages(const struct plan *p, struct carried *c, void *dst, const void *src,
                   size_t steps, uint64_t first)
{
    random_at(&c->random, first);
    (p->second ? two_stages : p->first)(p, c, dst, src, steps);
}

/* Steps of a granule. FP64 becomes words of 32 bits a third faster by 1 KiB at a time than by 2, on
 * Zen 4 (make bench). */
INLINE size_t steps_of_granule(const struct plan *p)
{
    const bool wide = LANES == 16 && is_fp64(p->from) && p->to->storage_bits == 32;
    return p->in_turn ? GRANULE : wide ? SHORT_GRANULE / 2 : SHORT_GRANULE;
}

/* Whole granules. Returns the elements done. */
TARGET static __attribute__((noinline)) size_t past_the_caches(const struct plan *p,
                                                               struct carried *c, char *dst,
                                                               const char *src, size_t n,
                                                               uint64_t first)
{
    uint64_t codes[GRANULE * STEP] __attribute__((aligned(sizeof(vec))));
    const size_t steps = steps_of_granule(p), granule = steps * STEP;
    const size_t whole = n / granule * granule, ahead = p->in_turn ? AHEAD : SHORT_AHEAD;
    const size_t in = hu_array_bytes(p->from, granule), out = hu_array_bytes(p->to, granule);
    for (size_t i = 0; i < whole; i += granule) {
        size_t at = p->in_turn ? turn(i, n, granule) : i;
        const char *from = (const char *)src + hu_array_bytes(p->from, at);
        fetch_ahead(from, in, ahead);
        stages(p, c, codes, from, steps, first + at);
        stream_out((char *)dst + hu_array_bytes(p->to, at), codes, out);
    }
    return whole;
}

/* Fewer bytes than a vector's, in pieces that lie within it: no call, and what was stored as a
 * vector is read without waiting for it. */
INLINE void copy_few(char *to, const char *from, size_t bytes)
{
#define BOTH_ENDS(size)                                                                            \
    if (bytes >= (size)) {                                                                         \
        __builtin_memcpy(to, from, size);                                                          \
        __builtin_memcpy(to + bytes - (size), from + bytes - (size), size);                        \
        return;                                                                                    \
    }
    BOTH_ENDS(32)
    BOTH_ENDS(16)
    BOTH_ENDS(8)
    BOTH_ENDS(4)
    BOTH_ENDS(2)
    if (bytes)
        *to = *from;
}

INLINE void copy_vectors(void *to, const void *from, size_t bytes)
{
    size_t i = 0;
    for (; bytes - i >= sizeof(vec); i += sizeof(vec)) {
        store_vec((char *)to + i, load((const char *)from + i));
        __asm__ volatile("" : : : "memory"); /* or it becomes a call */
    }
    copy_few((char *)to + i, (const char *)from + i, bytes - i);
}

/* At most FEW that do not fill their steps, and others beside them that raise nothing. */
INLINE void last_steps(const struct plan *p, struct carried *c, void *dst, const void *src,
                       size_t n, uint64_t first,
                       void (*run)(const struct plan *, struct carried *, void *, const void *,
                                   size_t, uint64_t))
{
    uint64_t rest[FEW] __attribute__((aligned(sizeof(vec))));
    uint64_t codes[FEW] __attribute__((aligned(sizeof(vec))));
    const size_t steps = (n + STEP - 1) / STEP, size = bytes_of_step(p->from) * steps;
    const size_t in = hu_array_bytes(p->from, n), out = hu_array_bytes(p->to, n);
    const unsigned split = n * p->from->storage_bits % 8, ends = n * p->to->storage_bits % 8;
    for (size_t at = in / sizeof(vec) * sizeof(vec); at < size; at += sizeof(vec))
        store_vec((char *)rest + at, (vec)longs_of(p->harmless));
    if (p->harmless && p->from->storage_bits == 6)
        for (size_t i = 0; i * sizeof *rest < size; i++) /* each begins elsewhere in an element */
            rest[i] = p->harmless << i % 3 * 2 | p->harmless >> (6 - i % 3 * 2);
    unsigned char *const last = (unsigned char *)rest + in - 1, beside = *last;
    copy_vectors(rest, src, in);
    if (split) /* what is behind the last of a packed layout's elements in its byte is not looked at
                */
        *last = (unsigned char)((*last & ((1u << split) - 1)) | (beside >> split << split));
    run(p, c, codes, rest, steps, first);
    copy_vectors(dst, codes, out);
    if (ends) /* and is zero */
        ((unsigned char *)dst)[out - 1] &= (unsigned char)((1u << ends) - 1);
}

/* The flags of FP64 to FP32 where the conversion itself raises others: of ties away, which are
 * those of ties to even, for where the two differ neither is exact, and both overflow or neither.
 */
TARGET static __attribute__((noinline)) void near_flags(const struct plan *p, const void *src,
                                                        size_t n)
{
    const struct widen w = {.below_zero = p->w.below_zero, .integer = p->w.integer};
    const size_t size = p->from->storage_bits / 8;
    for (size_t i = 0; i < n; i += LANES) {
        uint64_t rest[LANES] = {0};
        const void *at = (const char *)src + size * i;
        if (n - i < LANES)
            at = memcpy(rest, at, size * (n - i));
        vec x = near_of(&w, at, 0, false);
        __asm__ volatile("" : : "m"(x));
    }
}

TARGET unsigned PART(row)(const struct plan *p, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    const bool flags = p->flags && !p->hardware;
    struct carried c = {.seen = nothing_seen(p, flags)};
    if (p->options.direction == HU_STOCHASTIC)
        c.random = random_row(p->options.seed, first);
    if (p->flags && p->environment)
        environment_clear();
    if (p->load == LOAD_AWAY && p->flags) {
        near_flags(p, src, n);
        c.raised = environment_raised();
    }
    if (p->direct) {
        size_t done = past_the_caches(p, &c, dst, src, n, first);
        dst = (char *)dst + hu_array_bytes(p->to, done);
        src = (const char *)src + hu_array_bytes(p->from, done);
        n -= done, first += done;
    }
    const size_t steps = n / STEP, left = n % STEP;
    if (steps)
        stages(p, &c, dst, src, steps, first);
    if (left)
        last_steps(p, &c, (char *)dst + hu_array_bytes(p->to, n - left),
                   (const char *)src + hu_array_bytes(p->from, n - left), left, first + n - left,
                   stages);
    if (!p->flags)
        return 0;
    if (p->hardware && p->load != LOAD_AWAY)
        c.raised |= environment_raised();
    if (p->load == LOAD_FP16 || p->load == LOAD_SHORT)
        c.raised |= environment_raised() & HU_INVALID;
    return c.raised | c.seen.flags;
}

/* As stages, where no environment is to be left and nothing to be noticed. */
INLINE void few_stages(const struct plan *p, struct carried *c, void *dst, const void *src,
                       size_t steps, uint64_t first)
{
    uint32_t words[FEW] __attribute__((aligned(sizeof(vec))));
    (void)first;
    if (!p->second) {
        p->first(p, c, dst, src, steps);
        return;
    }
    p->first(p, c, words, src, steps);
    if (p->load_in != p->round_in)
        environment_turn(p->round_in);
    p->second(p, c, dst, words, steps);
}

TARGET unsigned PART(few)(const struct plan *p, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    struct carried c; /* which draws nothing */
    c.seen = nothing_seen(p, false);
    c.raised = 0;
    if (n % STEP)
        last_steps(p, &c, dst, src, n, first, few_stages);
    else
        few_stages(p, &c, dst, src, n / STEP, first);
    return 0;
}
