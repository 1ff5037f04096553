/* AVX-512 VBMI: tables of 256 bytes in registers. */
#include "array/x86.h"

#define LANES_ALL_BYTES
#include "array/lanes_avx512.h"
#include "array/part_table.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_store.h"
/* clang-format on */

/* What a step of halves works with. */
struct held_cells {
    byte_lanes base[2], above[CELL_STEPS][2], marks[2];
    byte_lanes evens, odds, wanted, limit;
    half_lanes magnitude, first, most, scale, top, flip, finite;
};

INLINE byte_lanes bytes_of_halves(const half_lanes x[2], byte_lanes which)
{
    return (byte_lanes)_mm512_permutex2var_epi8((__m512i)x[0], (__m512i)which, (__m512i)x[1]);
}

INLINE byte_lanes one_more_above(byte_lanes codes, byte_lanes x, byte_lanes limit)
{
    return (byte_lanes)_mm512_mask_add_epi8((__m512i)codes,
                                            _mm512_cmpgt_epu8_mask((__m512i)x, (__m512i)limit),
                                            (__m512i)codes, _mm512_set1_epi8(1));
}

INLINE void hold_table(byte_lanes quarter[2], const unsigned char *table)
{
    quarter[0] = load_bytes(table);
    quarter[1] = load_bytes(table + STEP);
}

static const unsigned char evens[STEP] = {
    0,  2,  4,   6,   8,   10,  12,  14,  16,  18,  20,  22,  24,  26,  28,  30,
    32, 34, 36,  38,  40,  42,  44,  46,  48,  50,  52,  54,  56,  58,  60,  62,
    64, 66, 68,  70,  72,  74,  76,  78,  80,  82,  84,  86,  88,  90,  92,  94,
    96, 98, 100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126};

INLINE struct held_cells hold_cells(const struct cells *t, unsigned wanted)
{
    struct held_cells h = {.magnitude = held_16(0x7fff),
                           .first = held_16(t->first),
                           .most = held_16(t->most),
                           .scale = held_16(t->scale),
                           .top = held_16(1u << t->shift),
                           .flip = held_16(t->flip),
                           .finite = held_16(t->finite)};
    h.limit = splat_8(t->limit);
    h.wanted = splat_8(wanted);
    h.evens = load_bytes(evens);
    h.odds = h.evens + splat_8(1);
    hold_table(h.base, t->base);
    hold_table(h.marks, t->marks);
    for (int i = 0; i < CELL_STEPS; i++)
        hold_table(h.above[i], t->above[i]);
    return h;
}

/* Zeros of a scale have no sign, and what else is below zero is none. */
INLINE byte_lanes scale_codes(const struct narrow *k, byte_lanes codes, byte_lanes high,
                              byte_lanes low)
{
    const __m512i magnitude = (__m512i)((high & splat_8(0x7f)) | low);
    const __mmask64 none =
        _mm512_mask_test_epi8_mask(_mm512_movepi8_mask((__m512i)high), magnitude, magnitude);
    return (byte_lanes)_mm512_mask_blend_epi8(none, (__m512i)codes, (__m512i)splat_8(k->nan[0]));
}

/* As with_signs_8, whose masks of bytes take as long as a table. */
INLINE byte_lanes put_signs(const struct narrow *k, byte_lanes codes, byte_lanes high)
{
    byte_lanes signs = (byte_lanes)shift_right_16((half_lanes)high, k->sign_shift - 24);
    signs &= splat_8(k->sign);
    if (!k->negative_zero) /* codes above zero carry into it */
        signs &= codes + splat_8(k->sign - 1);
    return codes | signs;
}

/* Those that a direction leads from zero, which are less by 1 then. */
INLINE __mmask32 lessen(const struct held_cells *h, half_lanes *x)
{
    const half_lanes less = (*x ^ h->flip) - splat_16(1);
    const __mmask32 away = _mm512_cmplt_epu16_mask((__m512i)less, (__m512i)h->finite);
    *x = (half_lanes)_mm512_mask_add_epi16((__m512i)*x, away, (__m512i)*x, _mm512_set1_epi16(-1));
    return away;
}

/* Those in the first cell, where that has many. */
INLINE byte_lanes codes_of_first(const unsigned char *many, byte_lanes codes, byte_lanes high,
                                 byte_lanes low)
{
    const __mmask64 first = _mm512_testn_epi8_mask((__m512i)high, _mm512_set1_epi8(0x7f));
    const byte_lanes quarters[] = {load_bytes(many), load_bytes(many + STEP),
                                   load_bytes(many + 2 * STEP), load_bytes(many + 3 * STEP)};
    return pick_8(first, look_up_quarters(quarters, low), codes);
}

/* False: some are special. */
INLINE bool cells_step(const struct narrow *k, const struct held_cells *h, void *dst,
                       const void *src, bool shifted, bool away, const unsigned char *many,
                       bool window, int steps, enum round round, enum store store)
{
    half_lanes x[2] = {(half_lanes)load(src), (half_lanes)load((const char *)src + sizeof(vec))};
    marks up = 0;
    if (shifted)
        x[0] *= h->top, x[1] *= h->top;
    if (away) {
        const __mmask32 first = lessen(h, &x[0]);
        up = _mm512_kunpackd(lessen(h, &x[1]), first);
    }
    const byte_lanes high = bytes_of_halves(x, h->odds);
    if (__builtin_expect(any_bit((vec)(look_up_half(h->marks, high) & h->wanted)), 0))
        return false;
    byte_lanes cell = high;
    if (window) {
        for (int i = 0; i < 2; i++)
            x[i] = smaller_16(minus_16(x[i] & h->magnitude, h->first), h->most) * h->scale;
        cell = bytes_of_halves(x, h->odds);
    }
    const byte_lanes low = bytes_of_halves(x, h->evens);
    byte_lanes codes = look_up_half(h->base, cell);
    for (int i = 0; i < steps; i++)
        codes = one_more_above(codes, low, look_up_half(h->above[i], cell));
    if (many)
        codes = codes_of_first(many, codes, high, low);
    if (away)
        codes = smaller_8(raise_8(codes, up), h->limit);
    codes = round == ROUND_SCALE ? scale_codes(k, codes, high, low) : put_signs(k, codes, high);
    store_byte_codes(dst, codes, store);
    return true;
}

/* Steps of one kind until one is special; returns how many. */
typedef size_t cells_run(const struct plan *p, unsigned wanted, char *dst, const char *src,
                         size_t steps);

INLINE size_t cells_some(const struct plan *p, unsigned wanted, char *dst, const char *src,
                         size_t steps, bool away, bool window, int most, enum round round)
{
    const struct narrow k = p->k;
    const struct held_cells h = hold_cells(&p->cells, wanted);
    const enum store store = p->store;
    const bool shifted = p->cells.shift;
    const unsigned char *const many =
        round == ROUND_SCALE && p->cells.many ? p->cells.many_codes : NULL;
    const size_t out = bytes_of_step(p->to);
    size_t done = 0;
    for (; done < steps; done++, dst += out, src += 2 * STEP)
        if (!cells_step(&k, &h, dst, src, shifted, away, many, window, most, round, store))
            break;
    return done;
}

/* Functions of their own: each has its tables in registers. */
#define CELLS_RUN(name, away, window, most, round)                                                 \
    TARGET static __attribute__((noinline)) size_t name(const struct plan *p, unsigned wanted,     \
                                                        char *dst, const char *src, size_t steps)  \
    {                                                                                              \
        return cells_some(p, wanted, dst, src, steps, away, window, most, round);                  \
    }
CELLS_RUN(cells_window, false, true, 2, ROUND_MAGIC)
CELLS_RUN(cells_one, false, false, 1, ROUND_MAGIC)
CELLS_RUN(cells_two, false, false, 2, ROUND_MAGIC)
CELLS_RUN(cells_three, false, false, 3, ROUND_MAGIC)
CELLS_RUN(away_window, true, true, 2, ROUND_MAGIC)
CELLS_RUN(away_one, true, false, 1, ROUND_MAGIC)
CELLS_RUN(away_two, true, false, 2, ROUND_MAGIC)
CELLS_RUN(away_three, true, false, 3, ROUND_MAGIC)
CELLS_RUN(scale_one, false, false, 1, ROUND_SCALE)
CELLS_RUN(scale_two, false, false, 2, ROUND_SCALE)

static cells_run *cells_run_of(const struct plan *p)
{
    static cells_run *const runs[2][1 + CELL_STEPS] = {
        {cells_window, cells_one, cells_two, cells_three},
        {away_window, away_one, away_two, away_three}};
    const struct cells *t = &p->cells;
    if (p->round == ROUND_SCALE)
        return t->steps > 1 ? scale_two : scale_one;
    return runs[t->away][t->window ? 0 : t->steps < 1 ? 1 : t->steps];
}

/* Marks of what may raise more than was raised, and the rest is exact or raises inexact: until that
 * is seen steps are looked at with care. */
static unsigned marks_wanted(const struct plan *p, const struct seen *seen)
{
    if (p->care != WATCHING)
        return MARK_SPECIAL;
    return MARK_SPECIAL | (seen->large < INFINITE - 1 ? MARK_LARGE : 0) |
           (seen->small ? MARK_SMALL : 0);
}

/* Steps by other ways, in the environment that there is: several at once, for what is special or
 * raises nothing is seldom alone. */
enum { CAREFUL_STEPS = 8 };

static void careful_steps(const struct plan *p, struct carried *c, void *dst, const void *src,
                          size_t steps)
{
    uint32_t words[CAREFUL_STEPS * STEP];
    p->careful[0](p, c, p->careful[1] ? words : dst, src, steps);
    if (p->careful[1])
        p->careful[1](p, c, dst, words, steps);
}

static void cells_steps(const struct plan *p, struct carried *c, void *dst, const void *src,
                        size_t steps)
{
    const size_t out = bytes_of_step(p->to), in = sizeof(uint16_t) * STEP;
    cells_run *const run = cells_run_of(p);
    char *to = dst;
    const char *from = src;
    while (steps) {
        if (p->round == ROUND_SCALE || p->care != WATCHING || c->seen.flags & HU_INEXACT) {
            const size_t done = run(p, marks_wanted(p, &c->seen), to, from, steps);
            steps -= done, to += done * out, from += done * in;
        }
        const size_t now = steps < CAREFUL_STEPS ? steps : CAREFUL_STEPS;
        if (now)
            careful_steps(p, c, to, from, now);
        steps -= now, to += now * out, from += now * in;
    }
}

/* AVX-512's rows, whose steps are as many elements. */
row_function hu_avx512_row, hu_avx512_few;

static bool can_cells(struct plan *p)
{
    if (!hu_kernel_avx512.can(p) || p->row != hu_avx512_row || !hu_plan_cells(p))
        return false;
    p->careful[0] = p->first;
    p->careful[1] = p->second;
    p->first = cells_steps;
    p->second = NULL;
    return true;
}

/* Of more than 16 bits: first FP16 to odd, which has the target's bits and two more, and a greatest
 * number beyond it; one more bit where there is one less than in the target's last binade, and
 * flags tell what is tiny there. To the nearest the last bit may be where FP16 has it wherever a
 * tie lies, if those are enough; and of integers, which are not so small, in any direction. */
static bool can_odd(struct plan *p)
{
    enum { TRAILING = 10, QUANTUM = -24 };
    static const struct hu_format fp16 = {"fp16", 16, 5,         TRAILING,
                                          16,     0,  EMAX_FP16, HU_SPECIALS_IEEE};
    const struct hu_format *to = p->to, *from = p->from;
    const bool single =
        is_ieee(from, 8, from->trailing_bits) && from->storage_shift + from->width == 32;
    const bool whole = hu_is_integer(from) && from->width == 32;
    if (is_at_random(p) || !(single || whole || is_fp64(from)) || hu_is_integer(to) ||
        hu_emax(to) > EMAX_FP16 || to->trailing_bits + 2 + p->flags > TRAILING)
        return false;
    p->from = &fp16;
    if (!can_cells(p) && (p->round != ROUND_MAGIC || p->second || !p->halves.tops))
        return false;
    p->from = from;
    const int tie = hu_quantum_min(to) - 1 - QUANTUM;
    const int kept = whole || tie > TRAILING ? TRAILING : tie;
    const bool nearest = p->options.direction <= HU_TIES_TO_AWAY;
    const bool few = !p->flags && (nearest || whole) && kept >= to->trailing_bits + 2;
    p->cells.odd = few ? 1u << (FP32_TRAILING - kept) : 1;
    p->second = p->first;
    p->first = PART(odd_look)(p);
    return true;
}

static bool can(struct plan *p)
{
    if (p->from->width > 16)
        return can_odd(p);
    if (p->from->width > 8)
        return can_cells(p);
    p->table.direct = true;
    p->table.last = hu_table_last(p);
    p->table.draws = hu_table_draws(p);
    bool wide = !p->table.last && p->to->storage_bits > 16;
    if (!(p->table.draws || hu_table_can(p)) ||
        (wide && (hu_table_is_slower(p) || p->to->storage_bits > 32)))
        return false;
    static const struct abilities abilities = {
        .row = hu_avx512_row, .few = hu_avx512_few, .table = PART(table), .settle = PART(settle)};
    hu_plan_table(p, &abilities);
    return true;
}

const struct hu_kernel hu_kernel_avx512vbmi = {"avx512vbmi", hu_x86_has_avx512_vbmi, can};
