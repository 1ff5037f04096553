/* What is rounded twice, by the hardware to FP32 and then to the top of it; included by the
 * parts. */

/* What FP32 rounds to nearest first is right unless that made it a tie of the second rounding. */
INLINE bool any_tied(const struct narrow *k, const vec x[4])
{
    const vec low = splat(k->low), half = splat((k->low >> 1) + 1);
    mask tied = equal(x[0] & low, half);
    VECTORS(tied |= equal(x[i] & low, half););
    return any(tied);
}

/* Unsigned integers with 32 bits in a unit of 2, to odd. */
INLINE vec nearest_of_int32(const struct widen *w, vec x)
{
    const mask wide = below_zero(x);
    if (w->below_zero)
        return from_integer(x);
    return from_integer(pick(wide, x >> 1 | (x & splat(1)), x)) + keep(wide, splat(1u << 23));
}

INLINE void load_int32_twice(const struct narrow *k, const struct widen *w, vec x[4],
                             const void *src)
{
    VECTORS(x[i] = nearest_of_int32(w, load((const char *)src + sizeof(vec) * i)););
    if (any_tied(k, x))
        load_int32(w, x, src);
}

/* Without a rounding of their own conversions of FP64 are toward zero here. */
INLINE void load_fp64_twice(const struct narrow *k, const struct widen *w, vec x[4],
                            const void *src)
{
#ifdef LANES_ROUNDS
    const size_t size = w->integer ? sizeof(vec) : 2 * sizeof(vec);
    VECTORS(x[i] = near_of(w, (const char *)src + size * i, 0, false););
    if (!any_tied(k, x))
        return;
#endif
    (void)k;
    load_fp64(w, x, src);
}
