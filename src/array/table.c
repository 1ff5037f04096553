#include "array/table.h"
#include "array/layout.h"
#include "convert.h"

/* Fewer elements than a table has rows are converted one by one. */
enum { WORTH = TABLE_CODES, BLOCK = 1024 };

/* Stochastic rounding has more than one answer for a code. */
bool table_can(const struct conversion *c)
{
    return c->from->width <= 8 && c->options.direction != HU_STOCHASTIC;
}

void table_fill(struct table *t, const struct conversion *c)
{
    t->all_flags = 0;
    for (unsigned code = 0; code < TABLE_CODES; code++) {
        unsigned flags = 0;
        uint64_t to = hu_convert_at(c->to, c->from, code, 0, &c->options, &flags);
        t->words[code] = to << c->to->storage_shift;
        t->flags[code] = (unsigned char)flags;
        t->all_flags |= flags;
    }
}

unsigned table_flags(const struct table *t, const unsigned char *codes, size_t n)
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

unsigned table_row(const struct conversion *c, void *dst, const void *src, size_t n, uint64_t first)
{
    if (n < WORTH)
        return hu_kernel_scalar.find(c)(c, dst, src, n, first);
    struct table t;
    table_fill(&t, c);
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t count = n - done < BLOCK ? n - done : BLOCK;
        unsigned char codes[BLOCK];
        unpack(c->from, codes, (const unsigned char *)src + hu_array_bytes(c->from, done), count);
        look_up(&t, c->to, (char *)dst + hu_array_bytes(c->to, done), codes, count);
        if (c->flags)
            flags |= table_flags(&t, codes, count);
    }
    return flags;
}
