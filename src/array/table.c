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

/* The planes that sums are made for, and the codes that they have. */
struct wanted {
    const unsigned char (*planes)[TABLE_CODES];
    int count;
    unsigned blocks, half; /* the codes of the second half are looked up in the first */
};

/* What most codes of block B have more in the second half. */
static unsigned char most_differ_by(const unsigned char *plane, unsigned b, unsigned half)
{
    unsigned counts[TABLE_CODES] = {0}, most = 0;
    for (unsigned i = b * TABLE_BLOCK; i < (b + 1) * TABLE_BLOCK; i++) {
        unsigned char differs = (unsigned char)(plane[i + half * TABLE_BLOCK] - plane[i]);
        if (++counts[differs] > counts[most])
            most = differs;
    }
    return (unsigned char)most;
}

/* Takes the first half's sums on to the second. False: too many codes are not what it says. */
static bool fold_sums(struct sums *s, const struct wanted *w)
{
    const unsigned apart = w->half * TABLE_BLOCK;
    for (unsigned b = w->half; b < w->blocks; b++) {
        unsigned char differ[2] = {0, 0};
        for (int p = 0; p < w->count; p++) {
            differ[p] = most_differ_by(w->planes[p], b - w->half, w->half);
            s->high[p][b] = (unsigned char)(s->high[p][b - w->half] + differ[p]);
            s->any_high |= s->high[p][b];
        }
        for (unsigned i = b * TABLE_BLOCK; i < (b + 1) * TABLE_BLOCK; i++) {
            unsigned char lacks[2] = {0, 0};
            for (int p = 0; p < w->count; p++)
                lacks[p] = (unsigned char)(w->planes[p][i] - w->planes[p][i - apart] - differ[p]);
            if (!lacks[0] && !lacks[1])
                continue;
            if (s->alones == TABLE_ALONE)
                return false;
            s->alone[s->alones] = (unsigned char)i;
            memcpy(s->lacks[s->alones++], lacks, sizeof lacks);
        }
    }
    return true;
}

/* HIGH: may have whatever a block's codes all need. */
static void add_block(struct sums *s, const struct wanted *w, unsigned b, bool high)
{
    table_block needs[2] = {{0}, {0}};
    unsigned any = 0;
    for (int p = 0; p < w->count; p++) {
        for (unsigned i = 0; i < TABLE_BLOCK; i++) {
            needs[p][i] = w->planes[p][b * TABLE_BLOCK + i];
            for (int c = 0; c < s->changes; c++)
                if ((b * TABLE_BLOCK - s->starts[c][0]) < TABLE_CODES / 2)
                    needs[p][i] = (unsigned char)(needs[p][i] - s->change[c][p][i]);
        }
        s->high[p][b] = high && b ? needs[p][0] : 0;
        s->any_high |= s->high[p][b];
        for (unsigned i = 0; i < TABLE_BLOCK; i++)
            any |= needs[p][i] = (unsigned char)(needs[p][i] - s->high[p][b]);
    }
    if (b && !any)
        return;
    memset(s->starts[s->changes], (int)(b * TABLE_BLOCK), TABLE_BLOCK);
    memcpy(s->change[s->changes++], needs, sizeof needs);
}

static bool make_sums(struct sums *s, const struct wanted *w, bool high)
{
    memset(s, 0, sizeof *s);
    s->fold = (unsigned char)(w->half * TABLE_BLOCK - 1);
    s->folds = w->half < w->blocks;
    for (unsigned b = 0; b < w->half; b++)
        add_block(s, w, b, high);
    return w->half == w->blocks || fold_sums(s, w);
}

/* In operations on vectors. */
static int cost_of(const struct sums *s)
{
    return 3 * (s->changes + s->alones) + 4 * s->any_high;
}

static void best_sums(struct sums *s, const unsigned char (*planes)[TABLE_CODES], int count,
                      unsigned codes)
{
    const unsigned blocks = codes > TABLE_BLOCK ? codes / TABLE_BLOCK : 1;
    struct sums one;
    make_sums(s, &(struct wanted){planes, count, blocks, blocks}, true);
    for (int high = 0; blocks > 1 && high < 2; high++) {
        struct wanted w = {planes, count, blocks, blocks / 2};
        if (make_sums(&one, &w, high) && cost_of(&one) < cost_of(s))
            *s = one;
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
    best_sums(&t->of_words, t->planes + PLANE_LOW, t->to->storage_bits > 8 ? 2 : 1, codes);
    if (p->flags)
        best_sums(&t->of_flags, t->planes + PLANE_FLAGS, 1, codes);
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
