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

/* The values that stay the same for a row, in vectors. */
struct random {
    vec keys, keys_high; /* hu_random_keys, by halves, as random_lanes adds them */
    uint32_t low_index;  /* of the step's first element */
};

struct carried {
    struct seen seen;
    struct random random;
    unsigned raised; /* by whoever else looks */
};

INLINE struct random random_row(uint64_t seed, uint64_t first)
{
    uint64_t keys = hu_random_keys(seed, first);
    uint32_t low = (uint32_t)keys, high = (uint32_t)(keys >> 32);
    return (struct random){splat(low ^ low >> 16), splat(high ^ high >> 15), (uint32_t)first};
}

/*
 * hu_random_mix in lanes, but for its last step: random = y ^ y >> 15. A shift distributes over
 * exclusive or, so that what comes from the keys is computed once for the row.
 */
INLINE void random_lanes(vec random[4], struct random *r)
{
    if (r->low_index % STEP == 0) { /* the index's high half is one number */
        vec keys = splat(r->low_index ^ r->low_index >> 16) ^ r->keys;
        VECTORS(random[i] = keys ^ (lane_numbers() + splat(i * LANES)););
    } else {
        vec first = splat(r->low_index) + lane_numbers();
        VECTORS(vec low = first + splat(i * LANES); random[i] = low ^ low >> 16 ^ r->keys;);
    }
    r->low_index += STEP;
    VECTORS(vec x = random[i] * splat(UINT32_C(0x21f0aaad));
            random[i] = (x ^ x >> 15 ^ r->keys_high) * splat(UINT32_C(0xd35a2d97)););
}

/* The top bytes, which the last step would leave as they are. */
INLINE byte_lanes random_bytes(struct random *r)
{
    vec random[4];
    random_lanes(random, r);
    VECTORS(random[i] >>= 24;);
    return order_bytes(pack_bytes(random));
}

/* The top BITS of what random_lanes stands for. */
INLINE vec random_top(vec random, uint32_t bits)
{
    return shift_right(random ^ random >> 15, 32 - bits);
}

/* FLAGS: they are wanted, and nobody else raises them. */
static inline struct seen nothing_seen(const struct plan *p, bool flags)
{
    const struct narrow *k = &p->k;
    struct seen seen = {0, 0, INFINITE - 1};
    if (p->round_in == HU_STOCHASTIC) /* what narrow_normal cannot */
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
    mask signaling = both(nan, unequal(magnitude & splat(QUIET), splat(QUIET)));
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
        magnitude += splat((1u << k->tiny_drop) - 1) ^ random_top(random, k->tiny_drop);
    return above(tiny, magnitude);
}

INLINE void find(struct found *found, mask tiny, vec discarded, vec code)
{
    found->inexact |= discarded;
    found->tiny |= keep(tiny, discarded);
    found->code = larger(found->code, code);
}
