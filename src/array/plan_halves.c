#include "array/plan.h"
#include "convert.h"

/* Constants of halves that need not become words: by pieces of their range, and at random by the
 * fields of their exponents. */

/* Halves of the exponent field FIELD, whose unit is as that of 1 where it is 0, as numbers in their
 * unit; LEAST: the field of the target's least normal number, in whose unit are those above, too.
 */
static void set_piece(struct halves *h, unsigned piece, int field, int least, int drop,
                      bool nearest)
{
    const unsigned count = (unsigned)(drop + least - field);
    h->rest[piece] = (uint16_t)((unsigned)(1 - field) << h->trailing);
    h->add[piece] = (uint16_t)(h->rest[piece] + (nearest ? (1u << count) / 2 : 0));
    h->counts[piece] = (uint16_t)count;
}

/* An FP32 word as one of FROM at the top of 16 bits. */
static uint16_t half_of(const struct plan *p, uint32_t word, enum hu_direction direction)
{
    const struct hu_options options = {.direction = direction};
    uint64_t code = hu_convert_at(p->from, &hu_plan_fp32, word, 0, &options, &(unsigned){0});
    return (uint16_t)(code << p->halves.shift);
}

static void set_half_directions(struct halves *h, enum hu_direction direction)
{
    h->less = direction == HU_TIES_TO_EVEN ? UINT16_MAX : 0;
    h->odd = direction == HU_TO_ODD;
    h->up = h->odd || direction == HU_TOWARD_POSITIVE || direction == HU_TOWARD_NEGATIVE;
    h->flip = direction == HU_TOWARD_NEGATIVE ? 0x8000 : 0;
    h->signs = h->odd ? 0x7fff : 0xffff;
}

bool hu_loads_halves(const struct plan *p)
{
    return p->load == LOAD_TOP || p->load == LOAD_FP16 || p->load == LOAD_SHORT ||
           p->load == LOAD_HALF;
}

/* Whether the target has the source's exponents; then the tops of halves are its codes. */
static bool plan_tops(struct plan *p)
{
    const struct hu_format *from = p->from, *to = p->to;
    const struct narrow *k = &p->k;
    struct halves *h = &p->halves;
    if (to->specials != HU_SPECIALS_IEEE || from->specials != HU_SPECIALS_IEEE || k->saturate ||
        to->exponent_bits != from->exponent_bits || to->bias != from->bias)
        return false;
    const int drop = 16 - to->width, finer = (int)k->drop - drop;
    h->tops = true;
    h->drop = (uint16_t)drop;
    h->tops_add = (uint16_t)(k->add[0] >> finer);
    h->tops_more = (uint16_t)((k->add[1] >> finer) - h->tops_add);
    h->bit_shift = (uint16_t)(k->bit_shift ? 15 - drop : 0);
    h->bit = (uint16_t)(1u << (15 - h->bit_shift));
    return true;
}

/* Infinities that become what overflows are no more special than that. */
static void set_shifts(struct plan *p)
{
    enum { TRAILING = 7 };
    const struct narrow *k = &p->k;
    struct fields *h = &p->fields;
    const uint32_t t = FP32_TRAILING - k->drop;
    h->drop = (uint16_t)(15 - t);
    h->least = (uint16_t)(k->least_normal >> FP32_TRAILING);
    h->unit = (uint16_t)(1u << t);
    h->limit = (uint16_t)(k->limit >> FP32_TRAILING << TRAILING);
    if (k->plain_infinity && hu_has_infinity(p->from))
        h->finite = (uint16_t)(h->finite + (1u << h->shift));
}

bool hu_plan_fields(struct plan *p)
{
    enum { TRAILING = 10 }; /* at the top of 16 bits */
    const struct hu_format *from = p->from;
    struct fields *h = &p->fields;
    const int drop = TRAILING - FP32_TRAILING + (int)p->k.drop;
    const int emin = (int)(p->k.least_normal >> FP32_TRAILING) - FP32_BIAS;
    const int least = emin - hu_emin(from) + 1;
    if (!hu_loads_halves(p) || !is_at_random(p) || p->flags || !hu_is_signed(from) ||
        hu_has_lone_nan(from))
        return false;
    h->shift = p->halves.shift = (uint16_t)(16 - from->width);
    h->finite = (uint16_t)(hu_max_finite_code(from) << h->shift);
    if (drop >= 1 && plan_tops(p))
        return true;
    if (p->round != ROUND_MAGIC)
        return false;
    /* 2^16 would be one more than there are. */
    h->shifts = p->load == LOAD_TOP && !(p->k.integer && p->to->width == 16);
    if (h->shifts)
        set_shifts(p);
    if (h->shifts || drop < 1 || from->exponent_bits != 5 || least < 1)
        return h->shifts;
    for (int i = 0; i < HALF_FIELDS; i++) {
        const int field = i < 1 ? 1 : i < least ? i : least, count = drop + least - field;
        h->rest[i] = (uint16_t)((unsigned)(1 - field) << TRAILING);
        h->factor[i] = (uint16_t)(count < 16 ? 1u << (16 - count) : 1);
        h->deep[i] = (uint16_t)(count > 16 ? count - 16 : 0);
        h->any_deep |= h->deep[i] > 0;
    }
    return true;
}

static bool plan_pieces(struct plan *p, uint32_t most)
{
    const struct hu_format *from = p->from;
    const struct narrow *k = &p->k;
    struct halves *h = &p->halves;
    h->trailing = (uint16_t)(from->trailing_bits + h->shift);
    const int t = FP32_TRAILING - (int)k->drop, drop = (int)h->trailing - t;
    const int emin = (int)(k->least_normal >> FP32_TRAILING) - FP32_BIAS;
    const int least = emin - hu_emin(from) + 1;
    /* What an integer with sign has no normal number for goes on beyond its subnormal ones. */
    const bool whole = k->integer && k->sign;
    const int first = least - whole, top = first > 1 ? first : 1;
    /* The bits that the piece with the fewest drops. Where that is none, what is less by 1, of
     * which the lower of two neighbours is made, is another number's code. */
    const int fewest = drop + least - top;
    /* Where magnitudes are less than half of the target's least. */
    const int nothing = least - t - 2, count = (nothing > 0 ? top - nothing : top) + 1;
    const bool joins = nothing > 0 && count == (int)most + 1;
    const int reach = ((top + 1) << h->trailing) - 1;
    if (least < 0 || count - joins > (int)most || reach > UINT16_MAX || fewest < 1)
        return false;
    h->last = (uint16_t)(count - 1 - joins);
    h->floor = (uint16_t)(joins ? (nothing << h->trailing) + 1 : 0);
    h->reach = (uint16_t)reach;
    set_piece(h, 0, first, least, drop, p->round_in <= HU_TIES_TO_AWAY);
    for (unsigned piece = 1; piece <= h->last; piece++) {
        int field = top - (int)piece;
        set_piece(h, piece, field > 1 ? field : 1, least, drop, p->round_in <= HU_TIES_TO_AWAY);
    }
    if (nothing >= 0 && !joins)
        h->counts[h->last] = 16;
    set_half_directions(h, p->round_in);
    return true;
}

/* Whether the source's infinity, taken for the number that its code would be, overflows. */
static bool infinity_overflows(const struct plan *p)
{
    const uint32_t number = (uint32_t)(hu_emax(p->from) + 1 + FP32_BIAS) << FP32_TRAILING;
    return hu_has_infinity(p->from) && p->k.plain_infinity && number > p->k.greatest;
}

bool hu_plan_halves(struct plan *p, uint32_t most)
{
    const struct hu_format *from = p->from;
    const struct narrow *k = &p->k;
    struct halves *h = &p->halves;
    if (!hu_loads_halves(p) || (p->round != ROUND_MAGIC && p->round != ROUND_TOP) ||
        is_at_random(p) || hu_has_lone_nan(from))
        return false;
    h->shift = (uint16_t)(16 - from->width);
    if (!plan_tops(p) && (p->round == ROUND_TOP || !plan_pieces(p, most)))
        return false;
    h->finite = h->common = (uint16_t)(hu_max_finite_code(from) << h->shift);
    if (h->tops || infinity_overflows(p))
        h->common = (uint16_t)(h->common + (1u << h->shift));
    const uint32_t tiny = k->tiny[0] > k->tiny[1] ? k->tiny[0] : k->tiny[1];
    const bool exact = hu_plan_is_exact(p);
    h->small = exact ? 0 : half_of(p, tiny, HU_TOWARD_POSITIVE);
    h->large = exact ? h->finite : half_of(p, k->greatest, HU_TOWARD_ZERO);
    return true;
}
