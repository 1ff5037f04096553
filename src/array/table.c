#include "array/table.h"
#include "array/layout.h"
#include "codec.h"
#include "convert.h"
#include "rounding.h"

enum { BLOCK = 1024 };

/* What stochastic rounding makes of a code: LOWER, or UPPER by a chance of so many in 2^32. */
struct drawn {
    uint64_t lower, upper;
    uint32_t chance;
};

static uint64_t convert_in(const struct plan *p, unsigned code, enum hu_direction direction)
{
    struct hu_options options = p->options;
    unsigned ignored = 0;
    options.direction = direction;
    return hu_convert_at(p->to, p->from, code, 0, &options, &ignored);
}

/* The fraction of the target's unit that D is above what it is toward zero. */
static uint32_t fraction_of(const struct hu_target *to, struct hu_datum d)
{
    const int lead = __builtin_clzll(d.significand), exponent = d.quantum - lead;
    int quantum = exponent + 63 - to->trailing_bits;
    if (to->integer || quantum < to->quantum_min)
        quantum = to->integer ? 0 : to->quantum_min;
    const int shift = quantum - exponent;
    if (shift < 2 || (to->scale && exponent + 63 < to->emin)) /* beyond all codes */
        return 0;
    const struct hu_cut cut = hu_cut_at(d.significand << lead, false, shift);
    const uint64_t base =
        to->integer ? 0 : (uint64_t)(quantum - to->quantum_min) << to->trailing_bits;
    const uint64_t below = base + cut.kept - to->scale;
    return below > to->max_finite ? 0 : (uint32_t)(cut.fraction >> 32);
}

static struct drawn drawn_of(const struct plan *p, const struct hu_target *to, unsigned code)
{
    const struct hu_datum d = hu_decode(p->from, code);
    struct drawn x = {0, 0, 0};
    if (hu_is_finite(d) && d.class != HU_ZERO)
        x.chance = fraction_of(to, d);
    if (x.chance) {
        x.lower = convert_in(p, code, HU_TOWARD_ZERO);
        x.upper = convert_in(p, code, d.sign ? HU_TOWARD_NEGATIVE : HU_TOWARD_POSITIVE);
    }
    if (x.lower == x.upper)
        return (struct drawn){.lower = convert_in(p, code, HU_TIES_TO_EVEN)};
    return x;
}

bool hu_table_draws_nothing(const struct plan *p)
{
    if (p->from->width > 8)
        return hu_is_integer(p->from) && hu_is_integer(p->to);
    const struct hu_target to = hu_target_of(p->to);
    unsigned code = 0;
    while (code < 1u << p->from->width && !drawn_of(p, &to, code).chance)
        code++;
    return code == 1u << p->from->width;
}

bool hu_table_can(const struct plan *p)
{
    return p->from->width <= 8 && p->options.direction != HU_STOCHASTIC;
}

bool hu_table_draws(const struct plan *p)
{
    const bool halves = p->table.direct && p->from->width == 8 && p->to->storage_bits == 16;
    return p->from->width <= 8 && (p->to->storage_bits <= 8 || halves || p->table.last) &&
           !p->flags && p->options.direction == HU_STOCHASTIC;
}

/* Whether UPPER is what PLANE_LOW's code is followed by once a sign is put to it: that of
 * two's complement, or what all but zeros below zero have. */
static bool is_next(const struct plan *p, struct drawn x, bool below)
{
    const uint64_t sign = hu_sign_mask(p->to);
    if (hu_is_integer(p->to))
        return x.upper == ((below ? x.lower - 1 : x.lower + 1) & hu_width_mask(p->to));
    if (below && !hu_has_negative_zero(p->to))
        return x.upper == (((x.lower & ~sign) + 1) | sign);
    return x.upper == x.lower + 1;
}

struct span hu_table_span(const struct plan *p, const unsigned char marks[TABLE_CODES],
                          unsigned mask)
{
    const unsigned codes = 1u << p->from->width;
    const bool folds = hu_is_signed(p->from) && !hu_is_integer(p->from);
    const unsigned fold = folds ? codes / 2 - 1 : TABLE_CODES - 1;
    unsigned low = TABLE_CODES, high = 0;
    for (unsigned code = 0; code < codes; code++)
        if (marks[code] & mask) {
            const unsigned at = code & fold;
            low = at < low ? at : low;
            high = at > high ? at : high;
        }
    return (struct span){low <= high, (unsigned char)fold, (unsigned char)low,
                         (unsigned char)(high - low)};
}

/* Whether words are of the source, which the environment rounds as they become integers: sums have
 * fewer terms for them. */
static bool rounds_later(const struct plan *p)
{
    const enum hu_direction direction = p->options.direction;
    return p->table.last == LAST_INT32 && !p->table.direct && direction != HU_TIES_TO_AWAY &&
           direction != HU_TO_ODD && direction != HU_STOCHASTIC;
}

/* Of CODE, which BECAME one of the target's. */
static uint32_t word_of(const struct plan *p, unsigned code, uint64_t became)
{
    static const struct hu_options exact;
    const bool later = rounds_later(p) && !hu_is_nan(hu_decode(p->from, code));
    return (uint32_t)hu_convert_at(&hu_plan_fp32, later ? p->from : p->to, later ? code : became, 0,
                                   &exact, &(unsigned){0});
}

/* Whether making FP32's word an element raises what nobody asked for: of subnormals, and of 2^31.
 */
static bool disturbs(uint32_t word)
{
    return word == 0x4f000000 || (word << 1 && word << 1 < 1u << 24);
}

/* The number of WORD among COUNT that planes have, or else the next. */
static unsigned number_of(struct table *t, unsigned *count, unsigned word)
{
    unsigned char *const low = t->planes[PLANE_WORD], *const high = t->planes[PLANE_WORD_HIGH];
    unsigned number = 0;
    while (number < *count && (low[number] | high[number] << 8) != (int)word)
        number++;
    if (number == *count && ++*count <= TABLE_CODES) {
        low[number] = (unsigned char)word;
        high[number] = (unsigned char)(word >> 8);
    }
    return number;
}

/* Of words that are no bytes, numbers. False: there are more than codes. */
static bool number_words(struct plan *p, struct drawn drawn[TABLE_CODES], bool *disturbing)
{
    const unsigned codes = 1u << p->from->width;
    unsigned count = 0;
    for (unsigned code = 0; code < codes; code++) {
        uint64_t *const both[] = {&drawn[code].lower, &drawn[code].upper};
        for (int i = 0; i < (drawn[code].chance ? 2 : 1); i++) {
            uint32_t word = (uint32_t)*both[i] << p->to->storage_shift << 16;
            if (p->table.last)
                word = word_of(p, code, *both[i]);
            *disturbing |= disturbs(word);
            *both[i] = number_of(&p->table, &count, word >> 16);
        }
    }
    return count <= codes;
}

static void fill_drawn(struct plan *p, bool *disturbing)
{
    struct table *t = &p->table;
    const struct hu_target to = hu_target_of(p->to);
    const unsigned codes = 1u << p->from->width;
    unsigned char more[TABLE_CODES]; /* than a byte of chance */
    struct drawn drawn[TABLE_CODES];
    for (unsigned code = 0; code < codes; code++)
        drawn[code] = drawn_of(p, &to, code);
    if (p->to->storage_bits > 8 && !number_words(p, drawn, disturbing))
        p->row = hu_scalar_row;
    t->steps = t->next = t->even = true;
    for (unsigned code = 0; code < TABLE_CODES; code++) {
        const unsigned same = code & (codes - 1);
        const struct drawn x = drawn[same];
        t->words[code] = x.lower;
        t->upper[code] = (unsigned char)x.upper;
        t->chances[code] = x.chance;
        more[code] = x.chance << 8 != 0;
        t->planes[PLANE_PARTS][code] = (unsigned char)(x.chance >> 24);
        t->planes[PLANE_FINER][code] = (unsigned char)(x.chance >> 16);
        t->planes[PLANE_UPPER][code] = t->upper[code];
        if (!x.chance)
            continue;
        t->steps &= x.upper == x.lower + 1;
        t->next &= is_next(p, x, hu_decode(p->from, same).sign);
    }
    t->tied = hu_table_span(p, more, 1);
    t->even = !memcmp(t->chances, t->chances + TABLE_CODES / 2, sizeof t->chances / 2);
}

/* On the way to another target a NaN stays signaling, for the next step to see. */
static uint64_t convert_one(struct plan *p, unsigned code, unsigned *flags)
{
    if (p->table.to == p->to) {
        return hu_convert_at(p->to, p->from, code, 0, &p->options, flags) << p->to->storage_shift;
    }
    static const struct hu_options exact;
    unsigned ignored = 0;
    const uint64_t quiet = (hu_trailing_mask(p->table.to) + 1) / 2;
    uint64_t word = hu_convert_at(p->table.to, p->from, code, 0, &exact, &ignored);
    bool signaling = hu_decode(p->from, code).class == HU_SIGNALING_NAN;
    return signaling ? word & ~quiet : word;
}

/* FP32 holds what codes of 8 bits stand for, and integers that are made of them; 2^31 stands for
 * the greatest. */
enum last hu_table_last(const struct plan *p)
{
    const bool random = p->options.direction == HU_STOCHASTIC;
    if (p->from->width > 8 || (random && (p->flags || !p->table.direct)))
        return LAST_NONE;
    if (hu_is_integer(p->to) && p->to->width == 32 && hu_is_signed(p->to))
        return LAST_INT32;
    return is_fp64(p->to) && !p->options.saturate && !random ? LAST_FP64 : LAST_NONE;
}

static void fill_plane(struct table *t, enum plane plane, unsigned shift)
{
    unsigned char *bytes = t->planes[plane];
    for (unsigned i = 0; i < TABLE_CODES; i++)
        bytes[i] = plane == PLANE_FLAGS ? t->flags[i] : (unsigned char)(t->words[i] >> shift);
}

/* One look-up after another. */
static row_function table_row;

void hu_table_fill(struct plan *p)
{
    struct table *t = &p->table;
    const unsigned codes = 1u << p->from->width;
    uint64_t low = 0;
    bool disturbing = false;
    t->all_flags = 0;
    if (t->draws)
        fill_drawn(p, &disturbing);
    for (unsigned code = 0; code < TABLE_CODES && !t->draws; code++) {
        /* bits above the width are ignored */
        unsigned flags = 0, same = code & (codes - 1);
        t->words[code] = code < codes ? convert_one(p, code, &flags) : t->words[same];
        t->flags[code] = (unsigned char)(code >= codes ? t->flags[same] : p->flags ? flags : 0);
        t->all_flags |= t->flags[code];
        if (t->last)
            t->words[code] = code < codes ? word_of(p, code, t->words[code]) : t->words[same];
        disturbing |= t->last && disturbs((uint32_t)t->words[code]);
        low |= t->words[code] & 0xffff;
    }
    p->environment &= disturbing || !t->last || rounds_later(p);
    t->top = (t->last || t->to->storage_bits == 32) && !low;
    fill_plane(t, PLANE_LOW, t->top && !t->draws ? 16 : 0);
    if (!t->draws) /* the other has parts */
        fill_plane(t, PLANE_HIGH, t->top ? 24 : 8);
    fill_plane(t, PLANE_FLAGS, 0);
    if (!t->draws)
        t->even = !memcmp(t->flags, t->flags + TABLE_CODES / 2, TABLE_CODES / 2);
    t->full = true;
    t->of_words.changes = 0;
    if (!t->direct && (!t->draws || t->next))
        hu_table_sum_words(p);
    if (p->flags)
        hu_table_sum_flags(p);
    /* Where a word is more than the planes have one after another. */
    const bool wide = t->to->storage_bits > 16 && !t->top;
    if (t->to == p->to && (wide || (!t->direct && !t->of_words.changes)))
        p->row = t->last ? hu_scalar_row : table_row, p->few = NULL, p->streams = false;
    if (p->settle)
        p->settle(p);
}

void hu_plan_table(struct plan *p, const struct abilities *a)
{
    p->row = a->settle ? a->row : table_row;
    p->few = a->settle ? a->few : NULL;
    p->streams = a->settle;
    p->first = a->table;
    p->settle = a->settle;
    p->environment = p->table.last;
    p->load_in = p->round_in = p->options.direction;
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

/* Fours, of bytes or halves, are stored at once. */
static inline __attribute__((always_inline)) void look_up(const uint64_t words[TABLE_CODES],
                                                          unsigned char *out,
                                                          const unsigned char *codes, size_t n,
                                                          int bits)
{
    const size_t size = (size_t)bits / 8;
    size_t i = 0;
    for (; bits <= 16 && i + 4 <= n; i += 4) {
        const uint64_t four = words[codes[i]] | words[codes[i + 1]] << bits |
                              words[codes[i + 2]] << 2 * bits | words[codes[i + 3]] << 3 * bits;
        layout_set_word(out + i * size, 4 * bits, four);
    }
    for (; i < n; i++)
        layout_set_word(out + i * size, bits, words[codes[i]]);
}

static void look_up_all(const struct table *t, void *dst, const unsigned char *codes, size_t n)
{
    switch (t->to->storage_bits) {
    case 16:
        look_up(t->words, dst, codes, n, 16);
        break;
    case 32:
        look_up(t->words, dst, codes, n, 32);
        break;
    case 64:
        look_up(t->words, dst, codes, n, 64);
        break;
    default:
        look_up(t->words, dst, codes, n, 8);
    }
}

/*
 *  63       48 47       32 31       16 15        0
 *  |     |        |        |        |            |
 *  |  0  |  7  6  |  5  4  |  3  2  |  1  0      |   eight codes of 6 bits, or of 4
 *  | 7 | 6 | 5 | 4 | 3 | 2 | 1 | 0 |                 a byte each
 * By halves: the upper codes of each 64, 32 and 16 bits move up, and back down.
 */
static inline uint64_t spread(uint64_t x, unsigned width)
{
    const uint64_t halves = (UINT64_C(1) << 4 * width) - 1;
    const uint64_t quarters = (UINT64_C(0x0000000100000001) << 2 * width) - 0x0000000100000001;
    const uint64_t codes = (UINT64_C(0x0001000100010001) << width) - 0x0001000100010001;
    x = (x & halves) | (x & halves << 4 * width) << (32 - 4 * width);
    x = (x & quarters) | (x & quarters << 2 * width) << (16 - 2 * width);
    return (x & codes) | (x & codes << width) << (8 - width);
}

static inline uint64_t gather(uint64_t x, unsigned width)
{
    const uint64_t codes = (UINT64_C(0x0001000100010001) << width) - 0x0001000100010001;
    const uint64_t quarters = (UINT64_C(0x0000000100000001) << 2 * width) - 0x0000000100000001;
    const uint64_t halves = (UINT64_C(1) << 4 * width) - 1;
    x = (x & codes) | (x >> (8 - width) & codes << width);
    x = (x & quarters) | (x >> (16 - 2 * width) & quarters << 2 * width);
    return (x & halves) | (x >> (32 - 4 * width) & halves << 4 * width);
}

/* Eights of codes, of a constant WIDTH; returns how many codes there are. */
static inline __attribute__((always_inline)) size_t
unpack_eights(unsigned char *codes, const unsigned char *in, size_t n, unsigned width)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8, in += width) {
        const uint64_t upper = width == 6 ? layout_word(in + 4, 16) : 0;
        layout_set_word(codes + i, 64, spread(layout_word(in, 32) | upper << 32, width));
    }
    return i;
}

static inline __attribute__((always_inline)) size_t
pack_eights(unsigned char *out, const unsigned char *codes, size_t n, unsigned width)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8, out += width) {
        const uint64_t x = gather(layout_word(codes + i, 64), width);
        layout_set_word(out, 32, x);
        if (width == 6)
            layout_set_word(out + 4, 16, x >> 32);
    }
    return i;
}

void hu_table_unpack(const struct hu_format *from, unsigned char *codes, const void *src, size_t n)
{
    size_t i = n;
    if (from->storage_bits == 4)
        i = unpack_eights(codes, src, n, 4);
    else if (from->storage_bits == 6)
        i = unpack_eights(codes, src, n, 6);
    else
        memcpy(codes, src, n);
    for (; i < n; i++)
        codes[i] = (unsigned char)layout_packed(src, from->width, i);
}

void hu_table_pack(const struct hu_format *to, void *dst, const unsigned char *codes, size_t n)
{
    size_t i =
        to->storage_bits == 4 ? pack_eights(dst, codes, n, 4) : pack_eights(dst, codes, n, 6);
    for (; i < n; i++)
        layout_set_packed(dst, to->width, i, codes[i]);
}

/* At random, to bytes. */
static void look_up_drawn(const struct table *t, unsigned char *out, const unsigned char *codes,
                          size_t n, uint64_t keys, uint64_t first)
{
    uint32_t word = 0;
    for (size_t i = 0; i < n; i++) {
        const uint64_t index = first + i;
        if (!i || index % 4 == 0)
            word = hu_random_word(keys, (uint32_t)(index >> 2));
        const bool up = hu_random_share(word, index) < t->chances[codes[i]];
        out[i] = up ? t->upper[codes[i]] : (unsigned char)t->words[codes[i]];
    }
}

static unsigned table_row(const struct plan *p, void *dst, const void *src, size_t n,
                          uint64_t first)
{
    const struct table *t = &p->table;
    const uint64_t keys = hu_random_keys(p->options.seed, first);
    unsigned flags = 0;
    for (size_t done = 0; done < n; done += BLOCK) {
        size_t count = n - done < BLOCK ? n - done : BLOCK;
        unsigned char codes[BLOCK], bytes[BLOCK];
        hu_table_unpack(p->from, codes, (const char *)src + hu_array_bytes(p->from, done), count);
        char *out = (char *)dst + hu_array_bytes(p->to, done);
        bool packed = layout_is_packed(p->to);
        if (t->draws)
            look_up_drawn(t, packed ? bytes : (unsigned char *)out, codes, count, keys,
                          first + done);
        else
            look_up_all(t, packed ? (char *)bytes : out, codes, count);
        if (packed)
            hu_table_pack(p->to, out, bytes, count);
        if (p->flags)
            flags |= flags_of(t, codes, count);
    }
    return flags;
}
