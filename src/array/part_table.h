/* Sources of at most 8 bits by tables in registers. */
#include "array/lanes.h"

#ifdef LANES_SHUFFLE

/* How a source's codes lie. */
struct codes {
    int storage_bits;
    size_t in;    /* bytes of a step */
    bool partial; /* there are other bits in their bytes */
    byte_lanes mask;
};

INLINE struct codes codes_of(const struct hu_format *f)
{
    return (struct codes){f->storage_bits, STEP * (size_t)f->storage_bits / 8, f->width < 8,
                          splat_8((uint32_t)hu_width_mask(f))};
}

INLINE byte_lanes load_codes(const struct codes *c, const void *at)
{
    if (c->storage_bits == 4)
        return load_fours(at);
    if (c->storage_bits == 6)
        return load_sixes(at);
    return c->partial ? load_bytes(at) & c->mask : load_bytes(at);
}

/* For each of the first COUNT vectors of a step's four; COUNT is a constant. */
#define EACH(count, ...) VECTORS(if (i < (count)){__VA_ARGS__})

/* How: in one block of 16, by struct sums where it is PLAIN, or with all that it may have. */
enum look { ONE_BLOCK, PLAIN, SIGNED };

/* COUNT vectors' bytes of PLANE, or of two planes. */
#ifdef LANES_ALL_BYTES

INLINE void look_up(const struct table *t, enum plane plane, int planes, const byte_lanes codes[4],
                    byte_lanes found[2][4], enum look look, int count, const byte_lanes *random)
{
    (void)look, (void)random;
    for (int each = 0; each < planes; each++) {
        byte_lanes quarter[4];
        VECTORS(quarter[i] = load_bytes(t->planes[(int)plane + each] + i * STEP););
        EACH(count, found[each][i] = look_up_quarters(quarter, codes[i]););
    }
}

#else

INLINE byte_lanes below_zero_8(const struct sums *s, byte_lanes codes)
{
    if (s->lift)
        codes += splat_8(s->lift);
    return (byte_lanes)((byte_mask)codes < (byte_mask)splat_8(s->limit));
}

/* The bytes of magnitudes as codes below zero have them. */
INLINE byte_lanes found_below(const struct sums *s, byte_lanes codes, byte_lanes found, int plane)
{
    const byte_lanes below = below_zero_8(s, codes), negative = splat_8(s->negative[plane]);
    if (s->below == BELOW_NONZERO)
        return found | keep_nonzero_8(found, below & negative);
    if (s->below == BELOW_NEGATED)
        return (found ^ below) - below;
    return (found & ~below) | (negative & below);
}

/* All but the first. */
INLINE void add_changes(const struct sums *s, const byte_lanes y[4], byte_lanes found[2][4],
                        bool two, int count, bool wraps)
{
    for (int c = 1; c < s->changes; c++) {
        const byte_lanes start = repeat_block(s->starts[c]);
        const byte_lanes block = repeat_block(s->change[c][0]);
        const byte_lanes block_2 = repeat_block(s->change[c][1]);
        EACH(count, byte_lanes at = wraps ? y[i] - start : minus_8(y[i], start);
             found[0][i] += look_up_block(block, at);
             if (two) found[1][i] += look_up_block(block_2, at););
    }
}

INLINE void add_alones(const struct sums *s, const byte_lanes codes[4], byte_lanes found[2][4],
                       bool two, int count)
{
    for (int a = 0; a < s->alones; a++) {
        byte_lanes alone = splat_8(s->alone[a]);
        byte_lanes lacks = splat_8(s->lacks[a][0]), lacks_2 = splat_8(s->lacks[a][1]);
        EACH(count, byte_lanes is = (byte_lanes)(codes[i] == alone); found[0][i] += is & lacks;
             if (two) found[1][i] += is & lacks_2;);
    }
}

/* Of the upper four bits of AT. */
INLINE void add_high(const struct sums *s, const byte_lanes of[4], byte_lanes found[2][4], bool two,
                     int count)
{
    const byte_lanes high = repeat_block(s->high[0]), high_2 = repeat_block(s->high[1]);
    EACH(count, byte_lanes at = upper_fours(of[i]); found[0][i] += look_up_block(high, at);
         if (two) found[1][i] += look_up_block(high_2, at););
}

/* RANDOM: where not NULL, the second plane has parts of 256, and the first goes up where they are
 * above it. Codes stay in memory, so that the rest stays in registers. */
INLINE void look_up(const struct table *t, enum plane plane, int planes, const byte_lanes codes[4],
                    byte_lanes found[2][4], enum look look, int count, const byte_lanes *random)
{
    const struct sums *s = plane == PLANE_FLAGS ? &t->of_flags : &t->of_words;
    const bool two = planes > 1;
    const byte_lanes block = repeat_block(s->change[0][0]), block_2 = repeat_block(s->change[0][1]);
    if (look == ONE_BLOCK) {
        EACH(count, found[0][i] = look_up_block(block, codes[i]);
             if (two) found[1][i] = look_up_block(block_2, codes[i]););
        return;
    }
    byte_lanes y[4];
    EACH(count, found[0][i] = splat_8(0); if (two) found[1][i] = splat_8(0););
    if (look == PLAIN) {
        if (s->any_high)
            add_high(s, codes, found, two, count);
        add_alones(s, codes, found, two, count);
    }
    if (look == SIGNED && s->absolute)
        EACH(count, y[i] = smaller_8(codes[i], splat_8(0) - codes[i]););
    else
        EACH(count, y[i] = codes[i] & splat_8(s->fold););
    if (look == SIGNED) {
        if (s->below == BELOW_ADDS)
            EACH(count, byte_lanes below = below_zero_8(s, codes[i]);
                 found[0][i] = below & splat_8(s->negative[0]);
                 if (two) found[1][i] = below & splat_8(s->negative[1]););
        EACH(count, y[i] = smaller_8(minus_8(y[i], splat_8(s->floor)), splat_8(s->cap)););
        if (s->any_high)
            add_high(s, s->high_of_codes ? codes : y, found, two, count);
    }
    EACH(count, found[0][i] += look_up_block(block, y[i]);
         if (two) found[1][i] += look_up_block(block_2, y[i]););
    if (s->wraps)
        add_changes(s, y, found, two, count, true);
    else
        add_changes(s, y, found, two, count, false);
    if (look == PLAIN)
        return;
    if (random)
        EACH(count, found[0][i] -= (byte_lanes)(minus_8(found[1][i], random[i]) != 0););
    if (s->below > BELOW_ADDS)
        EACH(count, found[0][i] = found_below(s, codes[i], found[0][i], 0);
             if (two && !random) found[1][i] = found_below(s, codes[i], found[1][i], 1););
    add_alones(s, codes, found, two, count);
}

#endif

INLINE void store_looked_up(void *dst, byte_lanes low, byte_lanes high, int size)
{
    char *out = dst;
    half_lanes halves[2];
    vec words[2];
    if (size == 4)
        store_fours(out, low);
    if (size == 6)
        store_sixes(out, low);
    if (size == 8)
        store_bytes(out, low);
    if (size <= 8)
        return;
    zip_16(halves, low, high);
    for (int half = 0; half < 2; half++) {
        if (size == 16) {
            store_bytes(out + half * STEP, (byte_lanes)halves[half]);
            continue;
        }
        zip_top(words, halves[half]);
        store_vec(out + 2 * half * STEP, words[0]);
        store_vec(out + (2 * half + 1) * STEP, words[1]);
    }
}

/* What is looked up of all steps. */
struct looked {
    const struct table *table;
    enum plane plane;
    struct codes codes;
    int size;   /* of a stored element; 4 and 6 too, and 32 of words whose lower half is zero */
    size_t out; /* bytes of a step */
};

/* COUNT steps, at most MOST, which is a constant; R: where the second plane is drawn, or NULL. */
INLINE void table_some(const struct looked *l, void *dst, const void *src, enum look look,
                       int planes, size_t count, size_t most, struct random *r)
{
    byte_lanes codes[4], found[2][4], random[4];
    if (r)
        EACH(most, random[i] = random_bytes(r););
    EACH(most, const size_t at = i < count ? i : count - 1;
         codes[i] = load_codes(&l->codes, (const char *)src + at * l->codes.in);
         if (l->size > 8) codes[i] = l->size == 16 ? order_16(codes[i]) : order_32(codes[i]););
    if (look == SIGNED)
        __asm__("" : "+m"(codes));
    look_up(l->table, l->plane, planes, codes, found, look, most, r ? random : NULL);
    EACH(most, if (i < count) store_looked_up((char *)dst + i * l->out, found[0][i],
                                              found[planes > 1][i], l->size););
}

/* R's index goes on by two steps where the last is one. */
#define TABLE_STEPS(name, look, planes, draws)                                                     \
    TARGET static void name(const struct looked *l, void *dst, const void *src, size_t steps,      \
                            struct random *r)                                                      \
    {                                                                                              \
        char *to = dst;                                                                            \
        const char *from = src;                                                                    \
        for (; steps >= 4; steps -= 4, to += 4 * l->out, from += 4 * l->codes.in)                  \
            table_some(l, to, from, look, planes, 4, 4, draws ? r : NULL);                         \
        for (; steps; to += 2 * l->out, from += 2 * l->codes.in) {                                 \
            const size_t now = steps < 2 ? steps : 2;                                              \
            table_some(l, to, from, look, planes, now, 2, draws ? r : NULL);                       \
            steps -= now;                                                                          \
        }                                                                                          \
        (void)r;                                                                                   \
    }
TABLE_STEPS(plain, PLAIN, 1, false)
TABLE_STEPS(plain_pairs, PLAIN, 2, false)
#ifndef LANES_ALL_BYTES /* which all look up alike */
TABLE_STEPS(block, ONE_BLOCK, 1, false)
TABLE_STEPS(block_pairs, ONE_BLOCK, 2, false)
TABLE_STEPS(with_sign, SIGNED, 1, false)
TABLE_STEPS(with_sign_pairs, SIGNED, 2, false)
TABLE_STEPS(drawn, SIGNED, 2, true)
#endif

static void look_up_steps(const struct looked *l, const struct plan *p, void *dst, const void *src,
                          size_t steps, struct random *r)
{
    const bool pairs = l->size > 8;
#ifdef LANES_ALL_BYTES
    (void)p;
    (pairs ? plain_pairs : plain)(l, dst, src, steps, r);
#else
    const struct sums *s = l->plane == PLANE_FLAGS ? &l->table->of_flags : &l->table->of_words;
    if (r)
        drawn(l, dst, src, steps, r);
    else if (p->from->width <= 4)
        (pairs ? block_pairs : block)(l, dst, src, steps, r);
    else if (s->plain)
        (pairs ? plain_pairs : plain)(l, dst, src, steps, r);
    else
        (pairs ? with_sign_pairs : with_sign)(l, dst, src, steps, r);
#endif
}

/* Steps between two looks at whether more flags can be raised. */
enum { BETWEEN_LOOKS = 64 };

TARGET static __attribute__((noinline)) unsigned flags_of_codes(const struct plan *p,
                                                                const void *src, size_t steps)
{
    unsigned char bytes[BETWEEN_LOOKS * STEP] __attribute__((aligned(sizeof(vec))));
    const struct looked l = {&p->table, PLANE_FLAGS, codes_of(p->from), 8, STEP};
    look_up_steps(&l, p, bytes, src, steps, NULL);
    byte_lanes seen = splat_8(0);
    for (size_t s = 0; s < steps; s++)
        seen |= load_bytes(bytes + s * STEP);
    store_bytes(bytes, seen);
    unsigned flags = 0;
    for (size_t i = 0; i < STEP; i++)
        flags |= bytes[i];
    return flags;
}

TARGET void PART(table)(const struct plan *p, struct carried *c, void *dst, const void *src,
                        size_t steps)
{
    const struct table *t = &p->table;
    const int size = t->to->storage_bits;
    const struct looked l = {t, PLANE_LOW, codes_of(p->from), size, STEP * (size_t)size / 8};
    struct random drawn = c->random;
    char *to = dst;
    const char *from = src;
    while (steps) {
        const bool looks = p->flags && t->to == p->to && (c->raised & t->all_flags) != t->all_flags;
        const size_t now = looks && steps > BETWEEN_LOOKS ? BETWEEN_LOOKS : steps;
        if (looks)
            c->raised |= flags_of_codes(p, from, now);
        look_up_steps(&l, p, to, from, now, t->draws ? &drawn : NULL);
        steps -= now, to += now * l.out, from += now * l.codes.in;
    }
}

#else

/* One look-up after another. */
void PART(table)(const struct plan *p, struct carried *c, void *dst, const void *src, size_t steps)
{
    unsigned char codes[STEP];
    const size_t in = STEP * (size_t)p->from->storage_bits / 8;
    (void)c;
    for (size_t s = 0; s < steps; s++) {
        uint32_t *words = (uint32_t *)dst + s * STEP;
        hu_table_unpack(p->from, codes, (const char *)src + s * in, STEP);
        for (size_t i = 0; i < STEP; i++)
            words[i] = (uint32_t)p->table.words[codes[i]];
    }
}

#endif
