/* Sources of at most 8 bits by tables in registers; included by lanes.h. */

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

/* COUNT steps. SIZE: of a stored element; 4 and 6 too, and 32 of words whose lower half is zero. */
INLINE void table_some(const struct table *t, const struct codes *c, void *dst, const void *src,
                       int size, enum look look, int count, struct random *r)
{
    const int planes = size > 8 || r ? 2 : 1;
    const size_t out = STEP * (size_t)size / 8;
    byte_lanes codes[4], found[2][4], random[4];
    if (r)
        EACH(count, random[i] = random_bytes(r););
    EACH(count, codes[i] = load_codes(c, (const char *)src + i * c->in);
         if (size > 8) codes[i] = size == 16 ? order_16(codes[i]) : order_32(codes[i]););
    if (look == SIGNED)
        __asm__("" : "+m"(codes));
    look_up(t, PLANE_LOW, planes, codes, found, look, count, r ? random : NULL);
    EACH(count, store_looked_up((char *)dst + i * out, found[0][i],
                                planes > 1 ? found[1][i] : found[0][i], size););
}

TARGET static __attribute__((noinline)) unsigned flags_of_codes(const struct plan *p,
                                                                const void *src, size_t steps)
{
    const struct codes c = codes_of(p->from);
    byte_lanes codes[4], found[2][4], seen = splat_8(0);
    unsigned char bytes[STEP];
    unsigned flags = 0;
    for (size_t s = 0; s < steps; s += 4) { /* at the end the last step again */
        EACH(4, size_t at = s + i < steps ? s + i : steps - 1;
             codes[i] = load_codes(&c, (const char *)src + at * c.in););
        if (p->table.of_flags.plain)
            look_up(&p->table, PLANE_FLAGS, 1, codes, found, PLAIN, 4, NULL);
        else
            look_up(&p->table, PLANE_FLAGS, 1, codes, found, SIGNED, 4, NULL);
        seen |= found[0][0] | found[0][1] | found[0][2] | found[0][3];
    }
    memcpy(bytes, &seen, sizeof bytes);
    for (size_t i = 0; i < STEP; i++)
        flags |= bytes[i];
    return flags;
}

/* Steps between two looks at whether more flags can be raised. */
enum { BETWEEN_LOOKS = 64 };

INLINE void table_steps(const struct plan *p, struct carried *c, void *dst, const void *src,
                        size_t steps, int size, enum look look, bool at_random)
{
    const struct codes codes = codes_of(p->from);
    const size_t in = codes.in, out = STEP * (size_t)size / 8;
    const bool asked = p->flags && p->table.to == p->to;
    struct random drawn = c->random, *const r = at_random ? &drawn : NULL;
    char *to = dst;
    const char *from = src;
    while (steps) {
        const bool looks = asked && (c->raised & p->table.all_flags) != p->table.all_flags;
        const size_t now = looks && steps > BETWEEN_LOOKS ? BETWEEN_LOOKS : steps;
        if (looks)
            c->raised |= flags_of_codes(p, from, now);
        for (size_t s = 0; s + 4 <= now; s += 4)
            table_some(&p->table, &codes, to + s * out, from + s * in, size, look, 4, r);
        size_t s = now / 4 * 4;
        if (now & 2)
            table_some(&p->table, &codes, to + s * out, from + s * in, size, look, 2, r);
        s += now & 2;
        if (now & 1)
            table_some(&p->table, &codes, to + s * out, from + s * in, size, look, 1, r);
        steps -= now, to += now * out, from += now * in;
    }
}

#define TABLE_STAGE(name, size, look, at_random)                                                   \
    TARGET static void name(const struct plan *p, struct carried *c, void *dst, const void *src,   \
                            size_t steps)                                                          \
    {                                                                                              \
        table_steps(p, c, dst, src, steps, size, look, at_random);                                 \
    }
#ifdef LANES_ALL_BYTES /* which all look up alike */
#define TABLE_STAGES(name, size) TABLE_STAGE(name, size, PLAIN, false)
#else
#define TABLE_STAGES(name, size)                                                                   \
    TABLE_STAGE(name##_of_fours, size, ONE_BLOCK, false)                                           \
    TABLE_STAGE(name##_plain, size, PLAIN, false)                                                  \
    TABLE_STAGE(name##_signed, size, SIGNED, false)                                                \
    TARGET static void name(const struct plan *p, struct carried *c, void *dst, const void *src,   \
                            size_t steps)                                                          \
    {                                                                                              \
        const bool plain = p->table.of_words.plain;                                                \
        (p->from->width <= 4 ? name##_of_fours                                                     \
         : plain             ? name##_plain                                                        \
                             : name##_signed)(p, c, dst, src, steps);                                          \
    }
TABLE_STAGE(table_at_random, p->to->storage_bits, SIGNED, true)
#endif
TABLE_STAGES(table_4, 4)
TABLE_STAGES(table_6, 6)
TABLE_STAGES(table_8, 8)
TABLE_STAGES(table_16, 16)
TABLE_STAGES(table_words, 32)

/* SIZE: of what is stored. */
static stage_function *table_stage(int size)
{
    switch (size) {
    case 4:
        return table_4;
    case 6:
        return table_6;
    case 8:
        return table_8;
    case 16:
        return table_16;
    default:
        return table_words;
    }
}

static row_function lanes_row;

/* Where a word is more than the planes have one after another. */
static unsigned table_row(const struct plan *p, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    bool fits = p->to->storage_bits <= 16 || p->table.top;
    return (fits ? lanes_row : hu_table_row)(p, dst, src, n, first);
}

static void plan_table(struct plan *p)
{
    hu_plan_table(p);
    p->row = table_row;
    p->streams = p->to->storage_bits <= 16;
    p->first = table_stage(p->to->storage_bits);
#ifndef LANES_ALL_BYTES
    if (p->table.draws)
        p->first = table_at_random;
#endif
}

#else

/* One look-up after another. */
static void words_of_codes(const struct plan *p, struct carried *c, void *dst, const void *src,
                           size_t steps)
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

static stage_function *table_stage(int size)
{
    (void)size;
    return words_of_codes;
}

#define plan_table(p) hu_plan_table(p)

#endif
