#include "array/table.h"
#include "array/layout.h"
#include "codec.h"
#include "convert.h"

enum { BLOCK = 1024 };

/* Whether every normal number of FROM is one of TO, so that only its exponent's bias changes. */
static bool holds_normals(const struct hu_format *to, const struct hu_format *from)
{
    return hu_is_signed(from) && hu_is_signed(to) && !hu_is_integer(from) && !hu_is_integer(to) &&
           to->trailing_bits >= from->trailing_bits && hu_emin(to) <= hu_emin(from) &&
           hu_emax(to) >= hu_emax(from) &&
           (hu_emax(to) > hu_emax(from) || to->specials == HU_SPECIALS_IEEE);
}

/* Stochastic rounding has more than one answer for a code that is not exact. */
bool hu_table_can(const struct plan *p)
{
    bool exact = holds_normals(p->to, p->from) && hu_quantum_min(p->to) <= hu_quantum_min(p->from);
    return p->from->width <= 8 && (exact || p->options.direction != HU_STOCHASTIC);
}

/* On the way to another target a NaN stays signaling, for the next step to see. */
static uint64_t convert_one(const struct plan *p, unsigned code, unsigned *flags)
{
    if (p->table.to == p->to)
        return hu_convert_at(p->to, p->from, code, 0, &p->options, flags) << p->to->storage_shift;
    static const struct hu_options exact;
    unsigned ignored = 0;
    const uint64_t quiet = (hu_trailing_mask(p->table.to) + 1) / 2;
    uint64_t word = hu_convert_at(p->table.to, p->from, code, 0, &exact, &ignored);
    bool signaling = hu_decode(p->from, code).class == HU_SIGNALING_NAN;
    return signaling ? word & ~quiet : word;
}

static void fill_plane(struct table *t, enum plane plane, unsigned shift)
{
    unsigned char *bytes = t->planes[plane];
    for (unsigned i = 0; i < TABLE_CODES; i++)
        bytes[i] = plane == PLANE_FLAGS ? t->flags[i] : (unsigned char)(t->words[i] >> shift);
}

/* Whether the codes of two blocks have the same bytes but for a constant to add. */
static bool alike(const unsigned char *a, const unsigned char *b)
{
    unsigned difference = 0;
    for (int i = 0; i < TABLE_BLOCK; i++)
        difference |= (unsigned char)(a[i] - a[0] - (b[i] - b[0]));
    return !difference;
}

/* The block that most of BLOCKS are like. */
static const unsigned char *common_block(const unsigned char *bytes, unsigned blocks)
{
    const unsigned char *best = bytes;
    unsigned most = 0;
    for (unsigned b = 0; b < blocks; b++) {
        unsigned count = 0;
        for (unsigned other = 0; other < blocks; other++)
            count += alike(bytes + b * TABLE_BLOCK, bytes + other * TABLE_BLOCK);
        if (count > most)
            best = bytes + b * TABLE_BLOCK, most = count;
    }
    return best;
}

/* What OTHER needs of block B, and whether that is anything. */
static bool fill_other(struct table *t, unsigned b, table_block other[PLANES])
{
    unsigned any = 0;
    for (int plane = 0; plane < PLANES; plane++)
        for (unsigned i = 0; i < TABLE_BLOCK; i++) {
            unsigned found = t->low[plane][i] + t->high[plane][b];
            other[plane][i] = (unsigned char)(t->planes[plane][b * TABLE_BLOCK + i] - found);
            any |= other[plane][i];
        }
    return any;
}

static void fill_blocks(struct table *t, unsigned codes)
{
    const unsigned blocks = codes > TABLE_BLOCK ? codes / TABLE_BLOCK : 1, half = blocks / 2;
    t->fold = (unsigned char)(codes / 2 - 1);
    for (int plane = 0; plane < PLANES; plane++) {
        const unsigned char *common = common_block(t->planes[plane], blocks);
        memset(t->high[plane], 0, TABLE_BLOCK);
        memcpy(t->low[plane], common, TABLE_BLOCK);
        for (unsigned b = 0; b < blocks; b++)
            t->high[plane][b] = (unsigned char)(t->planes[plane][b * TABLE_BLOCK] - common[0]);
    }
    table_block needs[TABLE_BLOCKS][PLANES];
    bool any[TABLE_BLOCKS], both[TABLE_BLOCKS];
    for (unsigned b = 0; b < blocks; b++)
        any[b] = fill_other(t, b, needs[b]);
    for (unsigned b = 0; b < blocks; b++)
        both[b] = half && !memcmp(needs[b % half], needs[b % half + half], sizeof needs[b]);
    t->others = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned b = 0; b < blocks; b++) {
            if (!any[b] || both[b] == pass || (both[b] && b >= half))
                continue;
            t->which[t->others] = (unsigned char)(b * TABLE_BLOCK);
            memcpy(t->other[t->others++], needs[b], sizeof needs[b]);
        }
        if (!pass)
            t->folded = t->others;
    }
}

void hu_table_fill(struct plan *p)
{
    struct table *t = &p->table;
    const unsigned codes = 1u << p->from->width;
    uint64_t low = 0;
    t->all_flags = 0;
    for (unsigned code = 0; code < TABLE_CODES; code++) { /* bits above the width are ignored */
        unsigned flags = 0, same = code & (codes - 1);
        t->words[code] = code < codes ? convert_one(p, code, &flags) : t->words[same];
        t->flags[code] = (unsigned char)(code >= codes ? t->flags[same] : p->flags ? flags : 0);
        t->all_flags |= t->flags[code];
        low |= t->words[code] & 0xffff;
    }
    t->top = t->to->storage_bits == 32 && !low;
    fill_plane(t, PLANE_LOW, t->top ? 16 : 0);
    fill_plane(t, PLANE_HIGH, t->top ? 24 : 8);
    fill_plane(t, PLANE_FLAGS, 0);
    fill_blocks(t, codes);
    t->full = true;
}

void hu_plan_table(struct plan *p)
{
    p->row = hu_table_row;
    p->table.to = p->to;
    p->load = LOAD_CODES;
    hu_plan_harmless(p);
}

static unsigned flags_of(const struct table *t, const unsigned char *codes, size_t n)
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

static void look_up(const struct table *t, void *dst, const unsigned char *codes, size_t n)
{
    unsigned char *out = dst;
    switch (t->to->storage_bits) {
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
        LOOK_UP(uint8_t)
    }
}

void hu_table_unpack(const struct hu_format *from, unsigned char *codes, const void *src, size_t n)
{
    const unsigned char *in = src;
    size_t i = 0;
    if (from->storage_bits == 4)
        for (; i + 2 <= n; i += 2) {
            codes[i] = in[i / 2] & 15;
            codes[i + 1] = in[i / 2] >> 4;
        }
    else if (from->storage_bits == 6)
        for (; i + 4 <= n; i += 4, in += 3) {
            uint32_t four = in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16;
            for (unsigned k = 0; k < 4; k++)
                codes[i + k] = four >> 6 * k & 63;
        }
    else
        i = n, memcpy(codes, src, n);
    for (; i < n; i++)
        codes[i] = (unsigned char)layout_packed(src, from->width, i);
}

void hu_table_pack(const struct hu_format *to, void *dst, const unsigned char *codes, size_t n)
{
    unsigned char *out = dst;
    size_t i = 0;
    if (to->storage_bits == 4)
        for (; i + 2 <= n; i += 2)
            out[i / 2] = (unsigned char)(codes[i] | codes[i + 1] << 4);
    else
        for (; i + 4 <= n; i += 4) {
            uint32_t four = codes[i] | (uint32_t)codes[i + 1] << 6 | (uint32_t)codes[i + 2] << 12 |
                            (uint32_t)codes[i + 3] << 18;
            for (size_t b = 0; b < 3; b++)
                out[i / 4 * 3 + b] = (unsigned char)(four >> 8 * b);
        }
    for (; i < n; i++)
        layout_set_packed(out, to->width, i, codes[i]);
}

unsigned hu_table_row(const struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    (void)first;
    const struct table *t = &p->table;
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t count = n - done < BLOCK ? n - done : BLOCK;
        unsigned char codes[BLOCK], bytes[BLOCK];
        hu_table_unpack(p->from, codes, (const char *)src + hu_array_bytes(p->from, done), count);
        char *out = (char *)dst + hu_array_bytes(p->to, done);
        bool packed = layout_is_packed(p->to);
        look_up(t, packed ? (char *)bytes : out, codes, count);
        if (packed)
            hu_table_pack(p->to, out, bytes, count);
        if (p->flags)
            flags |= flags_of(t, codes, count);
    }
    return flags;
}
