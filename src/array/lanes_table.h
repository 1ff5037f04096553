/* Sources of at most 8 bits by tables in registers: what the loops over them share. */
#pragma once

/* How a source's codes lie. */
struct codes {
    int storage_bits;
    size_t in;    /* bytes of a step */
    bool partial; /* there are other bits in their bytes */
    byte_lanes mask;
};

INLINE struct codes codes_of(const struct hu_format *f)
{
    return (struct codes){f->storage_bits, bytes_of_step(f), f->width < 8,
                          splat_8((uint32_t)hu_width_mask(f))};
}

/* For each of the first COUNT vectors of a step's four; COUNT is a constant. */
#define EACH(count, ...) VECTORS(if (i < (count)){__VA_ARGS__})

/* The codes of so many steps; past COUNT the last again. */
INLINE void load_codes(const struct codes *c, byte_lanes codes[4], const void *src, size_t count,
                       size_t most)
{
    const void *at[4];
    EACH(most, at[i] = (const char *)src + (i < count ? i : count - 1) * c->in;);
    if (__builtin_expect(c->storage_bits == 8, 1)) {
        EACH(most, codes[i] = load_bytes(at[i]););
        if (c->partial)
            EACH(most, codes[i] &= c->mask;);
    } else if (c->storage_bits == 4) {
        EACH(most, codes[i] = load_fours(at[i]););
    } else {
        EACH(most, codes[i] = load_sixes(at[i]););
    }
}

/* How: in one block of 16, or of as many as one instruction takes, by struct sums where it is
 * PLAIN, or with all that it may have; or beyond SIGNED by how much what it has of itself rises. */
enum look { ONE_BLOCK, PLAIN, SIGNED };

/* Codes of no more bits are looked up in one. */
#ifdef LANES_ALL_BYTES
enum { BLOCK_BITS = 6 };
#else
enum { BLOCK_BITS = 4 };
#endif

#ifdef LANES_ALL_BYTES

/* COUNT vectors' bytes of one PLANE; EVEN: it has the same for a code and its magnitude. */
INLINE void look_up_plane(const unsigned char *plane, const byte_lanes codes[4],
                          byte_lanes found[4], enum look look, int count, bool even)
{
    byte_lanes quarter[4];
    if (look == ONE_BLOCK) {
        quarter[0] = load_bytes(plane);
        EACH(count, found[i] = look_up_quarter(quarter[0], codes[i]););
        return;
    }
    VECTORS(quarter[i] = load_bytes(plane + i * STEP););
    if (even)
        EACH(count, found[i] = look_up_half(quarter, codes[i]););
    else
        EACH(count, found[i] = look_up_quarters(quarter, codes[i]););
}

/* Of PLANE, or of two planes: written out, so that what is found stays in registers. */
INLINE void look_up(const struct table *t, enum plane plane, int planes, const byte_lanes codes[4],
                    byte_lanes found[2][4], enum look look, int count, const byte_lanes *random)
{
    const bool flags_even = plane == PLANE_FLAGS && !t->draws && t->even;
    (void)random;
    look_up_plane(t->planes[plane], codes, found[0], look, count, flags_even);
    if (planes > 1)
        look_up_plane(t->planes[(int)plane + 1], codes, found[1], look, count,
                      plane == PLANE_LOW && t->draws && t->even);
}

#else

INLINE byte_lanes below_zero_8(const struct sums *s, byte_lanes codes)
{
    if (s->lift)
        codes += splat_8(s->lift);
    return (byte_lanes)((byte_mask)codes < (byte_mask)splat_8(s->limit));
}

/* The bytes of magnitudes as codes below zero have them. */
INLINE void put_below(const struct sums *s, const byte_lanes codes[4], byte_lanes found[4],
                      int plane, int count)
{
    const byte_lanes negative = splat_8(s->negative[plane]);
    byte_lanes below[4];
    if (s->all)
        EACH(count, below[i] = codes[i];);
    else
        EACH(count, below[i] = below_zero_8(s, codes[i]););
    if (s->below == BELOW_ADDS) {
        EACH(count, found[i] += below[i] & negative;);
    } else if (s->below == BELOW_NONZERO) {
        if (s->negative[plane] == TABLE_CODES / 2)
            EACH(count, found[i] |= sign_nonzero_8(found[i], below[i] & negative););
        else
            EACH(count, found[i] |= keep_nonzero_8(found[i], below[i] & negative););
    } else if (s->below == BELOW_ALIKE) {
        EACH(count, found[i] = (found[i] & ~below[i]) | (negative & below[i]););
    } else {
        if (s->below == BELOW_WHOLE)
            EACH(count, found[i] = smaller_8(found[i], negative - below[i]););
        EACH(count, found[i] = (found[i] ^ below[i]) - below[i];);
    }
}

/* Twice a magnitude's byte toward zero, and 1 more where that from zero is the next: half of it,
 * the way up where the sign, TURNed, is none. */
INLINE byte_lanes round_sides(const struct sums *s, byte_lanes codes, byte_lanes twice)
{
    const byte_lanes less = below_zero_8(s, codes) ^ splat_8(s->turn);
    return average_8(twice, less) & splat_8(INT8_MAX);
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

/* What magnitudes have by their rise. */
INLINE void add_rise(enum rise rise, unsigned less, const byte_lanes y[4], byte_lanes found[4],
                     int count)
{
    if (rise == RISE_LESS)
        EACH(count, found[i] += (byte_lanes)shift_right_16((half_lanes)y[i], less) &
                                splat_8(INT8_MAX >> less););
    else
        EACH(count, found[i] += y[i];);
    if (rise == RISE_TWICE)
        EACH(count, found[i] += y[i];);
}

/* Of the upper four bits of AT. */
INLINE void add_high(const struct sums *s, const byte_lanes of[4], byte_lanes found[2][4], bool two,
                     int count)
{
    const byte_lanes high = repeat_block(s->high[0]), high_2 = repeat_block(s->high[1]);
    EACH(count, byte_lanes at = upper_fours(of[i]); found[0][i] += look_up_block(high, at);
         if (two) found[1][i] += look_up_block(high_2, at););
}

/* RANDOM: where not NULL, the second plane has chances, and the first goes up where they are
 * above it. Codes stay in memory, so that the rest stays in registers. */
INLINE void look_up(const struct table *t, enum plane plane, int planes, const byte_lanes codes[4],
                    byte_lanes found[2][4], enum look look, int count, const byte_lanes *random)
{
    const struct sums *s = plane == PLANE_FLAGS ? &t->of_flags : &t->of_words;
    const bool two = planes > 1;
    const enum rise rise = look > SIGNED    ? (enum rise)(look - SIGNED)
                           : look == SIGNED ? s->rise
                                            : RISE_NONE;
    if (look == ONE_BLOCK) {
        for (int each = 0; each < planes; each++) {
            const byte_lanes block = repeat_block(t->planes[(int)plane + each]);
            EACH(count, found[each][i] = look_up_block(block, codes[i]););
        }
        return;
    }
    const byte_lanes block = repeat_block(s->change[0][0]), block_2 = repeat_block(s->change[0][1]);
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
    if (look >= SIGNED)
        EACH(count, y[i] = minus_8(y[i], splat_8(s->floor)););
    if (look == SIGNED)
        EACH(count, y[i] = smaller_8(y[i], splat_8(s->cap)););
    if (rise)
        add_rise(rise, s->less, y, found[0], count);
    else if (look == SIGNED && s->any_high)
        add_high(s, s->high_of_codes ? codes : y, found, two, count);
    EACH(count, found[0][i] += look_up_block(block, y[i]);
         if (two) found[1][i] += look_up_block(block_2, y[i]););
    if (look > SIGNED || s->wraps)
        add_changes(s, y, found, two, count, true);
    else
        add_changes(s, y, found, two, count, false);
    if (look == PLAIN)
        return;
    if (rise) {
        EACH(count, found[0][i] = smaller_8(found[0][i], splat_8(s->most)););
        if (s->any_end) {
            const byte_lanes ends = repeat_block(s->ends), end = splat_8(s->end);
            EACH(count, found[0][i] += look_up_block(ends, y[i] - end););
        }
    }
    if (s->sides && !two)
        EACH(count, found[0][i] = round_sides(s, codes[i], found[0][i]););
    if (random)
        EACH(count, found[0][i] += smaller_8(minus_8(found[1][i], random[i]), splat_8(1)););
    if (s->below)
        put_below(s, codes, found[0], 0, count);
    if (s->below && two && !random)
        put_below(s, codes, found[1], 1, count);
    add_alones(s, codes, found, two, count);
}

#endif

/* At random: the bytes, and the top bytes of their chances. */
INLINE void look_up_drawn(const struct table *t, const byte_lanes codes[4], byte_lanes found[2][4],
                          enum look look, int count, const byte_lanes random[4])
{
    byte_lanes upper[2][4];
    if (look == SIGNED) {
        look_up(t, PLANE_LOW, 2, codes, found, SIGNED, count, random);
        return;
    }
    look_up(t, PLANE_LOW, 2, codes, found, look, count, NULL);
    if (t->steps) {
        EACH(count, found[0][i] = raise_8(found[0][i], above_8(found[1][i], random[i])););
        return;
    }
    look_up(t, PLANE_UPPER, 1, codes, upper, look, count, NULL);
    EACH(count, const marks up = above_8(found[1][i], random[i]);
         found[0][i] = pick_8(up, upper[0][i], found[0][i]););
}

/* The least of a span is 0, and its greatest SPAN. */
INLINE byte_lanes in_span(const struct span *s, byte_lanes codes)
{
    return (codes & splat_8(s->fold)) - splat_8(s->low);
}

#ifdef LANES_ALL_BYTES
/* Those that are TIED go up where the next byte of their chance is above that of their draw, which
 * is another's top byte: hu_random_share. Those whose next bytes are the same stay tied, and all of
 * them or-ed are returned. */
INLINE marks draw_finer(const struct table *t, const byte_lanes codes[4], byte_lanes found[4],
                        marks tied[4], enum look look, int count, const byte_lanes random[4])
{
    byte_lanes upper[4], finer[4];
    marks any = 0;
    look_up_plane(t->planes[PLANE_FINER], codes, finer, look, count, t->even);
    if (!t->steps)
        look_up_plane(t->planes[PLANE_UPPER], codes, upper, look, count, false);
    EACH(count, const byte_lanes next = (byte_lanes)((vec)random[i] << 8 | (vec)random[i] >> 24);
         const marks up = tied[i] & above_8(finer[i], next);
         found[i] = t->steps ? raise_8(found[i], up) : pick_8(up, upper[i], found[i]);
         tied[i] &= equal_8(finer[i], next); any |= tied[i];);
    return any;
}
#endif

/* Vectors of codes, their bytes, and which of them have a draw whose top byte is their chance's. */
struct tied {
    byte_lanes codes[4], found[4];
    uint64_t bits[4];
};

/* By the whole of their draws; WORD: R's of the first. */
TARGET static __attribute__((noinline)) void untie(const struct table *t, const struct random *r,
                                                   uint32_t word, struct tied *x)
{
    for (uint32_t i = 0; i < 4; i++)
        for (uint64_t bits = x->bits[i]; bits; bits &= bits - 1) {
            const uint32_t at = (uint32_t)__builtin_ctzll(bits);
            const unsigned char code = x->codes[i][at];
            const bool up = random_one(r, word, i * STEP + at) < t->chances[code];
            x->found[i][at] = up ? t->upper[code] : (unsigned char)t->words[code];
        }
}

/* By SIZE: elements of 16 bits; words of 32 whose lower half is zero, or what is made of them. */
enum { HALVES_OUT = 16, WORDS_OUT = 32, WHOLES_OUT = 33, DOUBLES_OUT = 64 };

/* Of FP32's integers. */
INLINE vec whole_word(vec x)
{
    const uint32_t two_to_31 = 0x4f000000;
    return round_integer(x) ^ keep(above(x, splat(two_to_31 - 1)), splat(UINT32_MAX));
}

INLINE void store_top_words(char *to, const vec words[2], int size)
{
    for (size_t i = 0; i < 2; i++, to += sizeof(vec) * (size_t)(size / 32))
        if (size == DOUBLES_OUT)
            store_doubles(to, words[i]);
        else
            store_vec(to, size == WHOLES_OUT ? whole_word(words[i]) : words[i]);
}

/* Elements whose codes were put in order for it. */
INLINE void store_pairs(void *dst, byte_lanes low, byte_lanes high, int size)
{
    half_lanes halves[2];
    zip_16(halves, low, high);
    for (int half = 0; half < 2; half++) {
        char *to = (char *)dst + half * (int)sizeof(vec) * (size / 16);
        vec words[2];
        if (size == HALVES_OUT) {
            store_bytes(to, (byte_lanes)halves[half]);
            continue;
        }
        zip_top(words, halves[half]);
        store_top_words(to, words, size);
    }
}

/* Each step's place TO. */
#define TO_EACH(...) EACH(most, char *to = (char *)dst + i * out; if (i < count) __VA_ARGS__;)

/* COUNT steps, at most MOST, which is a constant, as SIZE is: of a stored element, but 6 stands for
 * 4, too. STORE: the size of 4, 6 and 8. R: where the
 * second plane is drawn, or NULL. */
INLINE void table_some(const struct table *t, const struct codes *c, int store, void *dst,
                       const void *src, enum look look, int size, size_t count, size_t most,
                       struct random *r)
{
    const size_t out = STEP * (size_t)(size == 6 ? store : size & -2) / 8;
    byte_lanes codes[4], found[2][4], random[4];
    const uint32_t word = r ? r->word : 0;
    if (r)
        EACH(most, random[i] = random_bytes(r););
    load_codes(c, codes, src, count, most);
    if (size > 8 && !r)
        EACH(most, codes[i] = size == 16 ? order_16(codes[i]) : order_32(codes[i]););
    if (look == SIGNED)
        __asm__("" : "+m"(codes));
    if (r)
        look_up_drawn(t, codes, found, look, most, random);
    else
        look_up(t, PLANE_LOW, size > 8 ? 2 : 1, codes, found, look, most, NULL);
    if (r && t->tied.any) {
        const byte_lanes span = splat_8(t->tied.span);
        marks tied[4], any = {0};
        EACH(most, tied[i] = at_most_8(in_span(&t->tied, codes[i]), span) &
                             equal_8(found[1][i], random[i]);
             any |= tied[i];);
#ifdef LANES_ALL_BYTES
        if (!r->share && any_mark(any))
            any = draw_finer(t, codes, found[0], tied, look, most, random);
#endif
        if (__builtin_expect(any_mark(any), 0)) {
            struct tied x;
            VECTORS(x.bits[i] = 0;);
            EACH(most, x.codes[i] = codes[i]; x.found[i] = found[0][i];
                 x.bits[i] = mark_bits(tied[i]););
            untie(t, r, word, &x);
            EACH(most, found[0][i] = x.found[i];);
        }
    }
    if (r && size > 8) {
        EACH(most, codes[i] = size == 16 ? order_16(found[0][i]) : order_32(found[0][i]););
        look_up(t, PLANE_WORD, 2, codes, found, look, most, NULL);
    }
    if (size > 8)
        TO_EACH(store_pairs(to, found[0][i], found[1][i], size));
    else if (size == 8)
        TO_EACH(store_bytes(to, found[0][i]));
    else if (store == 4)
        TO_EACH(store_fours(to, found[0][i]));
    else if (store == 6)
        TO_EACH(store_sixes(to, found[0][i]));
    else
        TO_EACH(store_bytes(to, found[0][i]));
}

/* R's index goes on by two steps where the last is one. */
INLINE void table_all(const struct plan *p, struct codes c, void *dst, const void *src,
                      size_t steps, enum look look, int size, struct random *r)
{
    const int store = p->table.to->storage_bits;
    const size_t out = STEP * (size_t)(size == 6 ? store : size & -2) / 8;
    char *to = dst;
    const char *from = src;
    for (; steps >= 4; steps -= 4, to += 4 * out, from += 4 * c.in)
        table_some(&p->table, &c, store, to, from, look, size, 4, 4, r);
    for (; steps; to += 2 * out, from += 2 * c.in) {
        const size_t now = steps < 2 ? steps : 2;
        table_some(&p->table, &c, store, to, from, look, size, now, 2, r);
        steps -= now;
    }
}

/* Where there is little to do the layout is not asked for again and again. */
#define TABLE_STEPS(name, look, size, draws)                                                       \
    TARGET static void name(const struct plan *p, struct carried *carried, void *dst,              \
                            const void *src, size_t steps)                                         \
    {                                                                                              \
        struct codes c = codes_of(p->from);                                                        \
        struct random drawn;                                                                       \
        if (draws)                                                                                 \
            drawn = carried->random;                                                               \
        (void)carried;                                                                             \
        if ((look) > SIGNED)                                                                       \
            c = (struct codes){8, STEP, false, c.mask};                                            \
        if ((look) != ONE_BLOCK || (draws)) {                                                      \
            table_all(p, c, dst, src, steps, look, size, draws ? &drawn : NULL);                   \
        } else if (c.storage_bits == 4) {                                                          \
            c = (struct codes){4, STEP / 2, false, c.mask};                                        \
            table_all(p, c, dst, src, steps, look, size, NULL);                                    \
        } else if (BLOCK_BITS >= 6 && c.storage_bits == 6) {                                       \
            c = (struct codes){6, STEP * 6 / 8, false, c.mask};                                    \
            table_all(p, c, dst, src, steps, look, size, NULL);                                    \
        } else {                                                                                   \
            c = (struct codes){8, STEP, true, c.mask};                                             \
            table_all(p, c, dst, src, steps, look, size, NULL);                                    \
        }                                                                                          \
    }
#define TABLE_SIZES(name, look)                                                                    \
    TABLE_STEPS(name##_6, look, 6, false)                                                          \
    TABLE_STEPS(name##_8, look, 8, false)                                                          \
    TABLE_STEPS(name##_16, look, 16, false)                                                        \
    TABLE_STEPS(name##_32, look, WORDS_OUT, false)                                                 \
    TABLE_STEPS(name##_whole, look, WHOLES_OUT, false)                                             \
    TABLE_STEPS(name##_64, look, DOUBLES_OUT, false)                                               \
    static stage_function *const name##_sizes[] = {name##_6,  name##_8,     name##_16,             \
                                                   name##_32, name##_whole, name##_64};

/* Which of them T's results want, by what SIZE stands for. */
static inline int which_size(const struct table *t)
{
    const int size = t->to->storage_bits;
    return t->last ? (int)t->last + 3 : size < 8 ? 0 : size / 16 + 1;
}
