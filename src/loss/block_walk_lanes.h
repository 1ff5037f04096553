/*
 * The walk of block_walk.h for one instruction set. The file that includes this defines NAME(x) for
 * what it makes and TARGET for the instruction set, and may define LARGER and LESSER, of vectors of
 * words and of floats, WIDEN, four floats as fp64, WORDS_OF, eight halves as words, and SQUARE(a,
 * sum), a * a + sum; all end with this file. Lanes are eight, whatever registers hold.
 */

#define INLINE TARGET static inline __attribute__((always_inline))

#ifndef LARGER
#define LARGER(a, b) (((a) & ((a) > (b))) | ((b) & ~((a) > (b))))
#define LESSER(a, b) ((floats)(((words)(a) & ((a) < (b))) | ((words)(b) & ~((a) < (b)))))
#define WIDEN(v) __builtin_convertvector(v, reals)
#define WORDS_OF(h) __builtin_convertvector(h, words)
#define SQUARE(a, sum) ((a) * (a) + (sum))
#endif

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

/* Squares, four lanes and the four behind them. */
INLINE void NAME(add_squares)(reals sums[2], floats v)
{
    reals low = WIDEN(SHUFFLED(v, v, 0, 1, 2, 3)), high = WIDEN(SHUFFLED(v, v, 4, 5, 6, 7));
    sums[0] = SQUARE(low, sums[0]);
    sums[1] = SQUARE(high, sums[1]);
}

/* As hu_measure adds up lanes: each and the one four further, neighbours, pairs. */
INLINE reals NAME(totals)(const reals own[2], const reals other[2], const reals signal[2])
{
    reals a = own[0] + own[1], b = other[0] + other[1], c = signal[0] + signal[1];
    a = SHUFFLED(a, b, 0, 4, 2, 6) + SHUFFLED(a, b, 1, 5, 3, 7);
    c = SHUFFLED(c, c, 0, 0, 2, 2) + SHUFFLED(c, c, 1, 1, 3, 3);
    return SHUFFLED(a, c, 0, 1, 4, 5) + SHUFFLED(a, c, 2, 3, 6, 7);
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

/* The greatest magnitudes of eight blocks. */
INLINE words NAME(greatest)(const void *x, bool is_bf16)
{
    static const unsigned char places[8] = {0, 4, 2, 6, 1, 5, 3, 7}; /* where folding puts them */
    words v[8];
    UNROLLED for (int b = 0; b < 8; b++)
    {
        const char *at = (const char *)x + places[b] * WALK_BLOCK * (is_bf16 ? 2 : 4);
        v[b] = (words){0};
        UNROLLED for (size_t k = 0; k < WALK_BLOCK; k += is_bf16 ? 16 : 8, at += sizeof v[b])
        {
            words some, low; /* of bf16 two in a word */
            memcpy(&some, at, sizeof some);
            low = is_bf16 ? some << 16 & INT32_MAX : v[b];
            some &= is_bf16 ? 0x7fff0000 : INT32_MAX;
            some = LARGER(some, low);
            v[b] = LARGER(v[b], some);
        }
    }
    UNROLLED for (int b = 0; b < 4; b++) v[b] = NAME(folded)(v[2 * b], v[2 * b + 1], 0);
    UNROLLED for (int b = 0; b < 2; b++) v[b] = NAME(folded)(v[2 * b], v[2 * b + 1], 1);
    return NAME(folded)(v[0], v[1], 2);
}

/* What is counted in all blocks. */
struct NAME(counted) {
    words inexact, zeros, overflows, saturated;
    floats max_error;
};

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

/* What eight blocks' elements are rounded with, under their own scale and the other one. */
struct NAME(scaled) {
    int32_t least[2][8], most[2][8], held[8]; /* held: the greatest that does not overflow */
};

/* A block: its noise, the other scale's, and its signal. */
INLINE reals NAME(block)(const void *x, bool is_bf16, int32_t room, const struct NAME(scaled) * of,
                         size_t b, struct NAME(counted) * c)
{
    reals own[2] = {{0}}, other[2] = {{0}}, signal[2] = {{0}};
    UNROLLED for (size_t k = 0; k < WALK_BLOCK; k += 8)
    {
        words bits = NAME(load)(x, is_bf16, b * WALK_BLOCK + k), exponent = bits & FIELD;
        floats size = (floats)bits;
        floats near = NAME(rounded)(size, exponent, of->least[0][b], room, of->most[0][b]);
        floats next = NAME(rounded)(size, exponent, of->least[1][b], room, of->most[1][b]);
        words error = (words)(near - size) & INT32_MAX, differs = error > 0;
        NAME(add_squares)(own, (floats)error);
        NAME(add_squares)(other, next - size);
        NAME(add_squares)(signal, size);
        c->max_error = (floats)LARGER((words)c->max_error, error);
        c->inexact -= differs;
        c->zeros -= differs & (near == 0);
        c->overflows -= bits > of->held[b];
    }
    return NAME(totals)(own, other, signal);
}

/* N of eight blocks at X, the rest of which are zeros; the first one is number AT. */
INLINE bool NAME(eight)(const struct hu_block_walk *w, const void *x, bool is_bf16, size_t at,
                        size_t n, struct NAME(counted) * c)
{
    const struct hu_block_steps *s = &w->steps;
    const int32_t room = (23 - s->trailing_bits) << 23;
    struct NAME(scaled) of;
    words amax = NAME(greatest)(x, is_bf16), none = amax == 0, fraction = amax & ~FIELD,
          far = ((amax < s->first) | (amax > s->last)) & ~none, up = fraction >= s->next_from,
          own = ((amax & FIELD) | (none & ONE)) + (up & DOUBLE), held = own + s->held;
    for (int b = 0; b < 8; b++)
        if (far[b])
            return false;
    c->saturated -= amax > held;
    memcpy(of.held, &held, sizeof held);
    for (int k = 0; k < 2; k++) {
        words least = own - s->below, most = own + s->most;
        memcpy(of.least[k], &least, sizeof least);
        memcpy(of.most[k], &most, sizeof most);
        own += ((fraction != 0) & ~up & DOUBLE) - (up & DOUBLE);
    }
    for (size_t b = 0; b < n; b++) {
        reals sums = NAME(block)(x, is_bf16, room, &of, b, c);
        w->runs[at + b] = (struct hu_measured){sums[0], sums[2], (double)((floats)amax)[b]};
        w->floors[at + b].noise = sums[up[b] != 0];
        w->ceils[at + b].noise = sums[up[b] == 0];
    }
    return true;
}

INLINE bool NAME(blocks)(struct hu_block_walk *w, bool is_bf16)
{
    const size_t width = WALK_BLOCK * (is_bf16 ? 2 : 4), left = w->blocks % 8;
    const char *x = w->x;
    char last[8 * WALK_BLOCK * 4] = {0};
    struct NAME(counted) c;
    size_t i = 0;
    memset(&c, 0, sizeof c);
    for (; i + left < w->blocks; i += 8)
        if (!NAME(eight)(w, x + i * width, is_bf16, i, 8, &c))
            return false;
    memcpy(last, x + i * width, left * width);
    if (left && !NAME(eight)(w, last, is_bf16, i, left, &c))
        return false;
    for (int k = 0; k < 8; k++) {
        w->all.inexact += (uint32_t)c.inexact[k];
        w->all.zeros += (uint32_t)c.zeros[k];
        w->overflows += (uint32_t)c.overflows[k];
        w->saturated += (uint32_t)c.saturated[k];
        if ((double)c.max_error[k] > w->all.max_error)
            w->all.max_error = (double)c.max_error[k];
    }
    return true;
}

TARGET static bool NAME(walk)(struct hu_block_walk *w)
{
    return w->is_bf16 ? NAME(blocks)(w, true) : NAME(blocks)(w, false);
}

#undef INLINE
#undef LARGER
#undef LESSER
#undef WIDEN
#undef WORDS_OF
#undef SQUARE
#undef NAME
#undef TARGET
