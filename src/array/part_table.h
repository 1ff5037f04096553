/* Sources of at most 8 bits by tables in registers. */
#include "array/lanes.h"

#ifdef LANES_SHUFFLE

#include "array/lanes_table.h"

TABLE_SIZES(plain, PLAIN)

static stage_function *look_up_of(const struct plan *p)
{
    if (p->table.draws)
        return PART(drawn_look)(p);
    if (p->from->width <= BLOCK_BITS)
        return PART(block_look)(p);
#ifndef LANES_ALL_BYTES
    if (p->table.of_words.rise)
        return PART(risen_look)(p);
    if (!p->table.of_words.plain)
        return PART(signed_look)(p);
#endif
    return plain_sizes[which_size(&p->table)];
}

/* Steps between two looks at whether more flags can be raised. */
enum { BETWEEN_LOOKS = 64 };

TARGET static __attribute__((noinline)) unsigned flags_of_codes(const struct plan *p,
                                                                const void *src, size_t steps)
{
    const struct codes c = codes_of(p->from);
    byte_lanes codes[4], found[2][4], seen = splat_8(0);
    unsigned char bytes[STEP];
    unsigned flags = 0;
    for (size_t s = 0; s < steps; s += 4) {
        load_codes(&c, codes, (const char *)src + s * c.in, steps - s, 4);
        if (p->table.of_flags.plain)
            look_up(&p->table, PLANE_FLAGS, 1, codes, found, PLAIN, 4, NULL);
        else
            look_up(&p->table, PLANE_FLAGS, 1, codes, found, SIGNED, 4, NULL);
        seen |= found[0][0] | found[0][1] | found[0][2] | found[0][3];
    }
    store_bytes(bytes, seen);
    for (size_t i = 0; i < STEP; i++)
        flags |= bytes[i];
    return flags;
}

TARGET static __attribute__((noinline)) bool
any_within(const struct plan *p, const struct span *span, const void *src, size_t steps)
{
    const struct codes c = codes_of(p->from);
    byte_lanes codes[4], least = splat_8(UINT8_MAX);
    for (size_t s = 0; s < steps; s += 4) {
        load_codes(&c, codes, (const char *)src + s * c.in, steps - s, 4);
        VECTORS(least = smaller_8(least, in_span(span, codes[i])););
    }
    return any_bit((vec)(smaller_8(least, splat_8(span->span)) == least));
}

TARGET void PART(table)(const struct plan *p, struct carried *c, void *dst, const void *src,
                        size_t steps)
{
    const struct table *t = &p->table;
    const size_t in = bytes_of_step(p->from), out = bytes_of_step(t->to);
    stage_function *const look = look_up_of(p);
    struct span more = {.any = false}; /* of codes that raise what is not raised yet */
    char *to = dst;
    const char *from = src;
    while (steps) {
        const bool looks = p->flags && (c->raised & t->all_flags) != t->all_flags;
        const size_t now = looks && steps > BETWEEN_LOOKS ? BETWEEN_LOOKS : steps;
        if (looks && (from == src || any_within(p, &more, from, now))) {
            c->raised |= flags_of_codes(p, from, now);
            if (now < steps)
                more = hu_table_span(p, t->flags, t->all_flags & ~c->raised);
        }
        look(p, c, to, from, now);
        steps -= now, to += now * out, from += now * in;
    }
}

void PART(settle)(struct plan *p)
{
    if (!p->flags || p->table.to != p->to)
        p->first = look_up_of(p);
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
