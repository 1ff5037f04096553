#include "array/table.h"
#include "array/layout.h"
#include "convert.h"

/* Fewer elements than a table has rows are converted one by one. */
enum { WORTH = TABLE_CODES, BLOCK = 1024 };

/* Whether every normal number of FROM is one of TO, so that only its exponent's bias changes. */
static bool holds_normals(const struct hu_format *to, const struct hu_format *from)
{
    return hu_is_signed(from) && hu_is_signed(to) && !hu_is_integer(from) && !hu_is_integer(to) &&
           to->trailing_bits >= from->trailing_bits && hu_emin(to) <= hu_emin(from) &&
           hu_emax(to) >= hu_emax(from) &&
           (hu_emax(to) > hu_emax(from) || to->specials == HU_SPECIALS_IEEE);
}

/* Stochastic rounding has more than one answer for a code that is not exact. */
bool hu_table_can(const struct conversion *c)
{
    bool exact = holds_normals(c->to, c->from) && hu_quantum_min(c->to) <= hu_quantum_min(c->from);
    return c->from->width <= 8 && (exact || c->options.direction != HU_STOCHASTIC);
}

static void fill_one(struct table *t, const struct conversion *c, unsigned code)
{
    unsigned flags = 0;
    t->words[code] = hu_convert_at(c->to, c->from, code, 0, &c->options, &flags);
    t->flags[code] = (unsigned char)flags;
    t->all_flags |= flags;
}

/* Normal numbers from code LEAST to GREATEST, and below zero. */
static void fill_normals(struct table *t, const struct conversion *c, unsigned least,
                         unsigned greatest)
{
    unsigned shift = c->to->trailing_bits - c->from->trailing_bits;
    uint64_t rebias = (uint64_t)(c->to->bias - c->from->bias) << c->to->trailing_bits;
    uint64_t sign = hu_sign_mask(c->to);
    unsigned from_sign = (unsigned)hu_sign_mask(c->from);
    for (unsigned code = least; code <= greatest; code++) {
        uint64_t word = ((uint64_t)code << shift) + rebias;
        t->words[code] = word;
        t->words[code | from_sign] = word | sign;
        t->flags[code] = t->flags[code | from_sign] = 0;
    }
}

void hu_table_fill(struct table *t, const struct conversion *c)
{
    t->all_flags = 0;
    unsigned codes = 1u << c->from->width;
    unsigned sign = (unsigned)hu_sign_mask(c->from);
    unsigned least = 1u << c->from->trailing_bits, greatest = (unsigned)hu_max_finite_code(c->from);
    bool normals = holds_normals(c->to, c->from);
    for (unsigned code = 0; code < codes; code++)
        if (!normals || (code & ~sign) < least || (code & ~sign) > greatest)
            fill_one(t, c, code);
    if (normals)
        fill_normals(t, c, least, greatest);
    for (unsigned code = 0; c->to->storage_shift && code < codes; code++)
        t->words[code] <<= c->to->storage_shift;
    /* Bits above the width are ignored. */
    for (unsigned code = codes; code < TABLE_CODES; code++) {
        t->words[code] = t->words[code & (codes - 1)];
        t->flags[code] = t->flags[code & (codes - 1)];
    }
}

unsigned hu_table_flags(const struct table *t, const unsigned char *codes, size_t n)
{
    unsigned flags = 0;
    for (size_t i = 0; i < n && flags != t->all_flags; i++)
        flags |= t->flags[codes[i]];
    return flags;
}

#define LOOK_UP(type)                                                                              \
    for (size_t i = 0; i < n; i++) {                                                               \
        type word = (type)t->words[codes[i]];                                                      \
        memcpy(out + i * sizeof word, &word, sizeof word);                                         \
    }

static void look_up(const struct table *t, const struct hu_format *to, void *dst,
                    const unsigned char *codes, size_t n)
{
    unsigned char *out = dst;
    switch (to->storage_bits) {
    case 8:
        LOOK_UP(uint8_t)
        break;
    case 16:
        LOOK_UP(uint16_t)
        break;
    case 32:
        LOOK_UP(uint32_t)
        break;
    case 64:
        LOOK_UP(uint64_t)
        break;
    default:
        for (size_t i = 0; i < n; i++)
            layout_set_packed(out, to->width, i, t->words[codes[i]]);
    }
}

static void unpack(const struct hu_format *from, unsigned char *codes, const unsigned char *src,
                   size_t n)
{
    if (!layout_is_packed(from)) {
        memcpy(codes, src, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        codes[i] = (unsigned char)layout_packed(src, from->width, i);
}

unsigned hu_table_row(const struct conversion *c, void *dst, const void *src, size_t n,
                      uint64_t first)
{
    if (n < WORTH)
        return hu_kernel_scalar.find(c)(c, dst, src, n, first);
    struct table t;
    hu_table_fill(&t, c);
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t count = n - done < BLOCK ? n - done : BLOCK;
        unsigned char codes[BLOCK];
        unpack(c->from, codes, (const unsigned char *)src + hu_array_bytes(c->from, done), count);
        look_up(&t, c->to, (char *)dst + hu_array_bytes(c->to, done), codes, count);
        if (c->flags)
            flags |= hu_table_flags(&t, codes, count);
    }
    return flags;
}
