/* What a row of steps carries along: random bits, and what tells of flags; included by lanes.h. */

/*
 * What the elements so far have shown; read by raised(). A step of zeros and of magnitudes from
 * SMALL to LARGE raises nothing but inexact, which is looked for until it is found; and SMALL and
 * LARGE move out of the way once there is no more to learn beyond them.
 */
struct seen {
    vec inexact; /* discarded bits */
    vec tiny;    /* those of tiny elements */
    vec code;    /* the greatest */
    unsigned flags;
    uint32_t small, large;
};

/* The values that stay the same for a row, in vectors. */
struct row {
    vec keys, keys_high; /* hu_random_keys, by halves, as random_lanes adds them */
    uint32_t low_index;  /* of the step's first element */
};

INLINE struct row random_row(uint64_t seed, uint64_t first)
{
    uint64_t keys = hu_random_keys(seed, first);
    uint32_t low = (uint32_t)keys, high = (uint32_t)(keys >> 32);
    return (struct row){splat(low ^ low >> 16), splat(high ^ high >> 15), (uint32_t)first};
}

/*
 * hu_random_mix in lanes, but for its last step: random = y ^ y >> 15. A shift distributes over
 * exclusive or, so that what comes from the keys is computed once for the row.
 */
INLINE void random_lanes(vec random[4], struct row *r)
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

INLINE struct seen nothing_seen(const struct narrow *k, bool flags, enum hu_direction direction)
{
    struct seen seen = {splat(0), splat(0), splat(0), 0, 0, INFINITE - 1};
    if (direction == HU_STOCHASTIC) /* what narrow_normal cannot */
        seen.small = k->least_normal;
    else if (flags)
        seen.small = k->tiny[0] > k->tiny[1] ? k->tiny[0] : k->tiny[1];
    if (flags)
        seen.large = k->greatest;
    return seen;
}

INLINE unsigned raised(const struct seen *seen, const struct narrow *k)
{
    unsigned flags = seen->flags;
    if (any(above(seen->code, splat(k->max_code))))
        flags |= k->overflow_flags;
    if (any(unequal(seen->inexact, splat(0))))
        flags |= HU_INEXACT;
    if (any(unequal(seen->tiny, splat(0))))
        flags |= HU_UNDERFLOW;
    return flags;
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
INLINE void take_stock(struct seen *seen, const struct narrow *k, enum hu_direction direction)
{
    seen->flags = raised(seen, k);
    if (seen->flags & HU_UNDERFLOW && direction != HU_STOCHASTIC)
        seen->small = 0;
    if ((seen->flags & k->overflow_flags) == k->overflow_flags)
        seen->large = INFINITE - 1;
}

/* The top BITS of what random_lanes stands for. */
INLINE vec random_top(vec random, uint32_t bits)
{
    return shift_right(random ^ random >> 15, 32 - bits);
}

/* The magnitudes that are not tiny. Stochastic rounding to unbounded exponents carries where the
 * rounding itself would, one unit of the binade below emin finer. */
INLINE mask is_tiny(const struct narrow *k, vec x, vec magnitude, vec random,
                    enum hu_direction direction)
{
    vec tiny = splat(k->tiny[0]);
    if (k->signs)
        tiny = pick(below_zero(x), splat(k->tiny[1]), tiny);
    if (direction == HU_STOCHASTIC && k->tiny_drop)
        magnitude += splat((1u << k->tiny_drop) - 1) ^ random_top(random, k->tiny_drop);
    return above(tiny, magnitude);
}

INLINE void see(struct seen *seen, mask tiny, vec discarded, vec code)
{
    seen->inexact |= discarded;
    seen->tiny |= keep(tiny, discarded);
    seen->code = larger(seen->code, code);
}
