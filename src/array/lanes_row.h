/* Rows of stages; included by the parts. */

/* Steps of words between two stages, which stay in the first-level cache; and of a granule that a
 * row past the caches writes at a time. */
enum { BETWEEN = 32, GRANULE = 8 };

/* The words of a block, then its codes, each in its environment; what loading raises is not the
 * conversion's, but for invalid. */
TARGET static __attribute__((noinline)) void two_stages(const struct plan *p, struct carried *c,
                                                        void *dst, const void *src, size_t steps)
{
    uint32_t words[BETWEEN * STEP] __attribute__((aligned(sizeof(vec))));
    const size_t in = bytes_of_step(p->from), out = bytes_of_step(p->to);
    const bool turns = p->load_in != p->round_in;
    for (size_t done = 0; done < steps; done += BETWEEN) {
        size_t now = steps - done < BETWEEN ? steps - done : BETWEEN;
        if (turns)
            environment_turn(p->load_in);
        p->first(p, c, words, (const char *)src + done * in, now);
        if (p->hardware && p->round != ROUND_NONE) {
            c->raised |= environment_raised() & HU_INVALID;
            environment_clear();
        }
        if (turns)
            environment_turn(p->round_in);
        p->second(p, c, (char *)dst + done * out, words, now);
        if (p->hardware && p->round != ROUND_NONE)
            c->raised |= environment_raised();
    }
}

INLINE void stages(const struct plan *p, struct carried *c, void *dst, const void *src,
                   size_t steps, uint64_t first)
{
    random_at(&c->random, first);
    (p->second ? two_stages : p->first)(p, c, dst, src, steps);
}

/* Whole granules, in turn. Returns the elements done. */
TARGET static __attribute__((noinline)) size_t past_the_caches(const struct plan *p,
                                                               struct carried *c, char *dst,
                                                               const char *src, size_t n,
                                                               uint64_t first)
{
    uint64_t codes[GRANULE * STEP] __attribute__((aligned(sizeof(vec))));
    const size_t granule = GRANULE * STEP, whole = n / granule * granule;
    const size_t in = hu_array_bytes(p->from, granule), out = hu_array_bytes(p->to, granule);
    for (size_t i = 0; i < whole; i += granule) {
        size_t at = turn(i, n, granule);
        const char *from = (const char *)src + hu_array_bytes(p->from, at);
        fetch_ahead(true, from, in);
        stages(p, c, codes, from, GRANULE, first + at);
        stream_out((char *)dst + hu_array_bytes(p->to, at), codes, out);
    }
    return whole;
}

/* What is left of a step, and elements beside it that raise nothing. */
TARGET static __attribute__((noinline)) void last_step(const struct plan *p, struct carried *c,
                                                       void *dst, const void *src, size_t n,
                                                       uint64_t first)
{
    uint64_t rest[STEP], codes[STEP] __attribute__((aligned(sizeof(vec))));
    memset(rest, 0, sizeof rest);
    memcpy(rest, src, hu_array_bytes(p->from, n));
    for (size_t i = n; p->harmless && i < STEP; i++)
        if (layout_is_packed(p->from))
            layout_set_packed((unsigned char *)rest, p->from->width, i, p->harmless);
        else
            layout_set_word((unsigned char *)rest + i * p->from->storage_bits / 8,
                            p->from->storage_bits, p->harmless);
    stages(p, c, codes, rest, 1, first);
    size_t bits = n * p->to->storage_bits;
    if (bits % 8) /* what is behind the last of a packed layout's elements in its byte is zero */
        ((unsigned char *)codes)[bits / 8] &= (unsigned char)((1u << bits % 8) - 1);
    memcpy(dst, codes, hu_array_bytes(p->to, n));
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
        vec x = near_of(&w, at, false);
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
    if (p->load_in != p->round_in && !p->second)
        environment_turn(p->load_in);
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
        last_step(p, &c, (char *)dst + hu_array_bytes(p->to, n - left),
                  (const char *)src + hu_array_bytes(p->from, n - left), left, first + n - left);
    if (!p->flags)
        return 0;
    if (p->hardware && p->load != LOAD_AWAY)
        c.raised |= environment_raised();
    if (p->load == LOAD_FP16 || p->load == LOAD_SHORT)
        c.raised |= environment_raised() & HU_INVALID;
    return c.raised | c.seen.flags;
}
