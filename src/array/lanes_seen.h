/* What stages carry along: random bits, and what tells of flags; included by lanes.h. */

/*
 * What the elements so far have shown. A step of zeros and of magnitudes from SMALL to LARGE raises
 * nothing but inexact, which is looked for until it is found; and SMALL and LARGE move out of the
 * way once there is no more to learn beyond them.
 */
struct seen {
    unsigned flags;
    uint32_t small, large;
};

/* What a step has shown. */
struct found {
    vec inexact; /* discarded bits */
    vec tiny;    /* those of tiny elements */
    vec code;    /* the greatest */
};

/* What draws come from: hu_random_keys, by halves as random_words adds them, and its factors, in
 * vectors that lie ready in memory. */
struct random {
    vec keys, keys_high, factors[2];
    vec lanes;            /* their numbers and KEYS */
    uint32_t word, share; /* of the step's first element: see hu_random */
};

struct carried {
    struct seen seen;
    struct random random;
    unsigned raised; /* by whoever else looks */
};

INLINE void random_at(struct random *r, uint64_t first)
{
    r->word = (uint32_t)(first >> 2);
    r->share = first % 4;
}

INLINE struct random random_row(uint64_t seed, uint64_t first)
{
    uint64_t keys = hu_random_keys(seed, first);
    uint32_t low = (uint32_t)keys, high = (uint32_t)(keys >> 32);
    struct random r = {splat(low ^ low >> 16),
                       splat(high ^ high >> 15),
                       {splat(UINT32_C(0x21f0aaad)), splat(UINT32_C(0xd35a2d97))},
                       splat(low ^ low >> 16) ^ lane_numbers(),
                       0,
                       0};
    random_at(&r, first);
    return r;
}

/* hu_random_word in lanes, from where the keys come in. A shift distributes over exclusive or, so
 * that what comes from the keys is computed once for the row. */
INLINE vec mix_words(const struct random *r, vec x)
{
    x *= r->factors[0];
    x = (x ^ x >> 15 ^ r->keys_high) * r->factors[1];
    return x ^ x >> 15;
}

INLINE vec random_words(const struct random *r, vec number)
{
    return mix_words(r, number ^ number >> 16 ^ r->keys);
}

/* What a step's elements have of its words: hu_random_share. */
INLINE void share_words(vec share[4], vec words)
{
#ifdef LANES_SHUFFLE
    const byte_lanes ordered = order_32((byte_lanes)words);
    const vec right = (lane_numbers() * 8 + 8) & 24, bytes = splat(0x03020100);
    const vec turned = bytes >> right | bytes << (-right & 24);
    VECTORS(share[i] = (vec)look_up_block(ordered, (byte_lanes)(turned + splat(i * 0x04040404u))););
#else
    vec turned[3] = {words >> 8 | words << 24, words >> 16 | words << 16, words >> 24 | words << 8};
    VECTORS(share[i] = ((vec){turned[0][i], turned[1][i], turned[2][i], words[i]}););
#endif
}

/* A step's draws where it begins within a word: each lane makes its own. */
UNUSED TARGET static __attribute__((noinline)) void random_apart(vec random[4],
                                                                 const struct random *r)
{
    VECTORS(vec at = lane_numbers() + splat(i * LANES + r->share), right = (at * 8 + 8) & 24;
            vec word = random_words(r, splat(r->word) + (at >> 2));
            random[i] = word >> right | word << (-right & 24););
}

/* That of one element, AT so many after the first of WORD. */
UNUSED static inline uint32_t random_one(const struct random *r, uint32_t word, uint32_t at)
{
    const uint32_t number = word + (r->share + at) / 4;
    uint32_t x = (number ^ number >> 16 ^ r->keys[0]) * r->factors[0][0];
    x = (x ^ x >> 15 ^ r->keys_high[0]) * r->factors[1][0];
    return hu_random_share(x ^ x >> 15, r->share + at);
}

INLINE vec next_words(struct random *r)
{
    const uint32_t word = r->word;
    r->word += LANES;
    if (__builtin_expect(word % LANES == 0, 1)) /* all above a lane's number is one number */
        return mix_words(r, splat(word ^ word >> 16) ^ r->lanes);
    return random_words(r, splat(word) + lane_numbers());
}

INLINE void random_lanes(vec random[4], struct random *r)
{
    if (__builtin_expect(r->share, 0)) {
        vec apart[4];
        random_apart(apart, r);
        VECTORS(random[i] = apart[i];);
        r->word += LANES;
    } else {
        share_words(random, next_words(r));
    }
}

/* The top bytes. */
INLINE byte_lanes random_bytes(struct random *r)
{
    if (__builtin_expect(!r->share, 1))
        return (byte_lanes)next_words(r);
    vec random[4];
    random_lanes(random, r);
    VECTORS(random[i] >>= 24;);
    return order_bytes(pack_bytes(random));
}

/* FLAGS: they are wanted, and nobody else raises them. */
static inline struct seen nothing_seen(const struct plan *p, bool flags)
{
    const struct narrow *k = &p->k;
    struct seen seen = {0, 0, INFINITE - 1};
    if (p->round == ROUND_FAR)
        seen.small = k->digit;             /* what is subnormal in FP32 */
    else if (p->round_in == HU_STOCHASTIC) /* what narrow_normal cannot */
        seen.small = k->least_normal;
    else if (flags)
        seen.small = k->tiny[0] > k->tiny[1] ? k->tiny[0] : k->tiny[1];
    /* Words at whose tops the codes are become infinite where they overflow. */
    if (flags || (k->saturate && p->round == ROUND_TOP))
        seen.large = k->greatest;
    return seen;
}

INLINE void see_specials(struct seen *seen, const struct narrow *k, vec magnitude)
{
    mask nan = above(magnitude, splat(INFINITE));
    mask signaling = nan & unequal(magnitude & splat(QUIET), splat(QUIET));
    if (any(nan))
        seen->flags |= k->nan_flags;
    if (any(signaling))
        seen->flags |= HU_INVALID;
    if (any(equal(magnitude, splat(INFINITE))))
        seen->flags |= k->infinity_flags;
}

/* After a step that was looked at. */
INLINE void take_stock(struct seen *seen, const struct narrow *k, const struct found *found,
                       bool at_random)
{
    if (any(above(found->code, splat(k->max_code))))
        seen->flags |= k->overflow_flags;
    if (any(unequal(found->inexact, splat(0))))
        seen->flags |= HU_INEXACT;
    if (any(unequal(found->tiny, splat(0))))
        seen->flags |= HU_UNDERFLOW;
    if (seen->flags & HU_UNDERFLOW && !at_random)
        seen->small = 0;
    if ((seen->flags & k->overflow_flags) == k->overflow_flags && !k->saturate && !k->integer)
        seen->large = INFINITE - 1;
}

/* The magnitudes that are not tiny. Stochastic rounding to unbounded exponents carries where the
 * rounding itself would, one unit of the binade below emin finer. */
INLINE mask is_tiny(const struct narrow *k, vec x, vec magnitude, vec random, bool at_random)
{
    vec tiny = splat(k->tiny[0]);
    if (k->signs)
        tiny = pick(below_zero(x), splat(k->tiny[1]), tiny);
    if (at_random && k->tiny_drop)
        magnitude += splat((1u << k->tiny_drop) - 1) ^ shift_right(random, 32 - k->tiny_drop);
    return above(tiny, magnitude);
}

INLINE void find(struct found *found, mask tiny, vec discarded, vec code)
{
    found->inexact |= discarded;
    found->tiny |= keep(tiny, discarded);
    found->code = larger(found->code, code);
}
