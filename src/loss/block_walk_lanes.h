/*
 * The walk of block_walk.h for one instruction set. The file that includes this defines NAME(x) for
 * what it makes and TARGET for the instruction set, and may define LARGER and LESSER, of vectors of
 * words and of floats, WIDE_AT, four floats in memory as fp64, WORDS_OF, eight halves as words,
 * SQUARE(a, sum), a * a + sum, and SIXTEEN(w, x, runs, c), which walks over as many blocks or does
 * nothing and is false; all end with this file. Lanes are eight, whatever registers hold.
 */

#define INLINE TARGET static inline __attribute__((always_inline))

#ifndef LARGER
#define LARGER(a, b) (((a) & ((a) > (b))) | ((b) & ~((a) > (b))))
#define LESSER(a, b) ((floats)(((words)(a) & ((a) < (b))) | ((words)(b) & ~((a) < (b)))))
#define WORDS_OF(h) __builtin_convertvector(h, words)
#define SQUARE(a, sum) ((a) * (a) + (sum))
#endif

#ifndef SIXTEEN
#define SIXTEEN(...) false
#endif

#ifndef WIDE_AT
#define WIDE_AT(p) NAME(wide_at)(p)
INLINE reals NAME(wide_at)(const float *at)
{
    fours v;
    memcpy(&v, at, sizeof v);
    return __builtin_convertvector(v, reals);
}
#endif

/* Eight magnitudes. */
INLINE words NAME(load)(const void *x, bool is_bf16, size_t i)
{
    words v;
    if (is_bf16) {
        halves h;
        memcpy(&h, (const uint16_t *)x + i, sizeof h);
        return WORDS_OF(h) << 16 & INT32_MAX;
    }
    memcpy(&v, (const float *)x + i, sizeof v);
    return v & INT32_MAX;
}

/* The greater of two neighbours, or halves, of A and of B. */
INLINE words NAME(folded)(words a, words b, int step)
{
    words first, last;
    if (step == 0) {
        first = SHUFFLED(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
        last = SHUFFLED(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    } else if (step == 1) {
        first = SHUFFLED(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
        last = SHUFFLED(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
    } else {
        first = SHUFFLED(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
        last = SHUFFLED(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
    }
    return LARGER(first, last);
}

/* The greatest magnitudes of eight blocks, of which all are kept. */
INLINE words NAME(greatest)(const void *x, bool is_bf16, struct eight *of)
{
    static const unsigned char places[8] = {0, 4, 2, 6, 1, 5, 3, 7}; /* where folding puts them */
    words v[8];
    UNROLLED for (int b = 0; b < 8; b++)
    {
        size_t block = places[b];
        v[b] = (words){0};
        UNROLLED for (size_t k = 0; k < EIGHTS; k++)
        {
            words one = NAME(load)(x, is_bf16, block * WALK_BLOCK + 8 * k);
            of->size[block][k] = (floats)one;
            v[b] = LARGER(v[b], one);
        }
    }
    UNROLLED for (int b = 0; b < 4; b++) v[b] = NAME(folded)(v[2 * b], v[2 * b + 1], 0);
    UNROLLED for (int b = 0; b < 2; b++) v[b] = NAME(folded)(v[2 * b], v[2 * b + 1], 1);
    return NAME(folded)(v[0], v[1], 2);
}

/*
 * X, a magnitude, to nearest even: a power of two so much above its own, or above the least normal
 * one's, leaves the bits that elements have in their sum. X is between the half and the double of
 * what it becomes, or that is zero: their difference is exact.
 */
INLINE floats NAME(rounded)(floats x, words exponent, int32_t least, int32_t room, int32_t most)
{
    words all = {0}, power = LARGER(exponent, all + least) + room;
    return LESSER(x + (floats)power - (floats)power, (floats)(all + most));
}

INLINE void NAME(round)(struct eight *of, size_t b, int32_t room, struct counted *c)
{
    UNROLLED for (size_t k = 0; k < EIGHTS; k++)
    {
        floats size = of->size[b][k];
        words exponent = (words)size & FIELD;
        floats near = NAME(rounded)(size, exponent, of->least[0][b], room, of->most[0][b]);
        floats next = NAME(rounded)(size, exponent, of->least[1][b], room, of->most[1][b]);
        words error = (words)(near - size) & INT32_MAX, differs = error > 0;
        of->own[b][k] = (floats)error;
        of->other[b][k] = next - size;
        c->max_error = LARGER(c->max_error, error);
        c->inexact -= differs;
        c->zeros -= differs & (near == 0);
        c->overflows -= (words)size > of->held[b];
    }
}

/* Four lanes of squares, and the four behind them. */
INLINE reals NAME(squares)(const floats *of)
{
    reals sums[2] = {{0}};
    UNROLLED for (size_t k = 0; k < EIGHTS; k++)
    {
        reals low = WIDE_AT((const float *)&of[k]), high = WIDE_AT((const float *)&of[k] + 4);
        sums[0] = SQUARE(low, sums[0]);
        sums[1] = SQUARE(high, sums[1]);
    }
    return sums[0] + sums[1];
}

/* Noise, the other scale's, and signal. As hu_measure adds up lanes: each and the one four further,
 * neighbours, pairs. */
INLINE reals NAME(totals)(const struct eight *of, size_t b)
{
    reals own = NAME(squares)(of->own[b]), other = NAME(squares)(of->other[b]),
          signal = NAME(squares)(of->size[b]);
    reals noises = SHUFFLED(own, other, 0, 4, 2, 6) + SHUFFLED(own, other, 1, 5, 3, 7);
    signal = SHUFFLED(signal, signal, 0, 0, 2, 2) + SHUFFLED(signal, signal, 1, 1, 3, 3);
    return SHUFFLED(noises, signal, 0, 1, 4, 5) + SHUFFLED(noises, signal, 2, 3, 6, 7);
}

/* N of eight blocks at X, the rest of which are zeros, to RUNS. */
INLINE bool NAME(eight)(const struct hu_block_steps *s, const void *x, bool is_bf16,
                        struct hu_measured *runs, size_t n, struct counted *c)
{
    const int32_t room = (23 - s->trailing_bits) << 23;
    const int32_t *from = s->next_from;
    const masks rules = {from[0], from[1], from[2], from[3]};
    struct eight of;
    words amax = NAME(greatest)(x, is_bf16, &of), none = amax == 0, fraction = amax & ~FIELD,
          far = ((amax < s->first) | (amax > s->last)) & ~none, up = fraction >= from[s->rule],
          own = ((amax & FIELD) | (none & ONE)) + (up & DOUBLE);
    for (int b = 0; b < 8; b++)
        if (far[b])
            return false;
    of.amax = (floats)amax;
    of.fraction = fraction;
    of.up = up;
    of.held = own + s->held;
    c->saturated -= amax > of.held;
    for (int k = 0; k < 2; k++) {
        of.least[k] = own - s->below;
        of.most[k] = own + s->most;
        own += ((fraction != 0) & ~up & DOUBLE) - (up & DOUBLE);
    }
    for (size_t b = 0; b < n; b++)
        NAME(round)(&of, b, room, c);
    for (size_t b = 0; b < n; b++) {
        reals sums = NAME(totals)(&of, b), own_noise = SHUFFLED(sums, sums, 0, 0, 0, 0),
              other = SHUFFLED(sums, sums, 1, 1, 1, 1);
        masks of_other = ((masks){0} + of.fraction[b] >= rules) ^ ((masks){0} + of.up[b]);
        runs[b] = (struct hu_measured){sums[0], sums[2], (double)of.amax[b]};
        c->noise += (reals)(((masks)other & of_other) | ((masks)own_noise & ~of_other));
        c->signal += sums[2];
    }
    return true;
}

INLINE bool NAME(blocks)(struct hu_block_walk *w, bool is_bf16)
{
    const size_t width = WALK_BLOCK * (is_bf16 ? 2 : 4), left = w->blocks % 8;
    const struct hu_block_steps steps = w->steps;
    const char *x = w->x;
    char last[8 * WALK_BLOCK * 4] = {0};
    struct counted c;
    size_t i = 0;
    memset(&c, 0, sizeof c);
    c.max_error[0] = (int32_t)hu_bits_of_float(w->most);
    for (; i + left < w->blocks; i += 8) {
        if (i + 16 <= w->blocks && SIXTEEN(w, x + i * width, w->runs + i, &c))
            i += 8;
        else if (!NAME(eight)(&steps, x + i * width, is_bf16, w->runs + i, 8, &c))
            return false;
    }
    memcpy(last, x + i * width, left * width);
    if (left && !NAME(eight)(&steps, last, is_bf16, w->runs + i, left, &c))
        return false;
    found(w, &c);
    return true;
}

TARGET static bool NAME(walk)(struct hu_block_walk *w)
{
    return w->is_bf16 ? NAME(blocks)(w, true) : NAME(blocks)(w, false);
}

#undef INLINE
#undef LARGER
#undef LESSER
#undef WIDE_AT
#undef WORDS_OF
#undef SQUARE
#undef SIXTEEN
#undef NAME
#undef TARGET
