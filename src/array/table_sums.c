/* The sums by which tables are looked up in blocks of 16 bytes: see struct sums. */
#include "array/table.h"

#include <limits.h>
#include <string.h>

/* What sums are made for. */
struct wanted {
    const unsigned char (*planes)[TABLE_CODES];
    int count;                  /* of planes */
    bool draws;                 /* the second is of parts, */
    bool whole;                 /* and the first of what is negated below zero */
    bool absolute;              /* codes are two's complement */
    unsigned codes;             /* of the source */
    unsigned half;              /* of them without sign; 0: codes are their own magnitudes */
    unsigned limit;             /* from which on they have none, either: NaNs */
    bool searches;              /* more than one way is tried */
    bool clamped;               /* to where something changes */
    unsigned finite;            /* the greatest number's magnitude */
    int steeper;                /* bits that the target's significand has more */
    bool sides;                 /* the way from zero depends on the sign, */
    bool down;                  /* and is that of those below; */
    unsigned sign;              /* the target's */
    const unsigned char *twice; /* magnitudes' bytes instead, or NULL: see round_sides */
    unsigned last; /* the greatest magnitude that is looked up, for those beyond, too */
};

static bool alike(const struct wanted *w, unsigned a, unsigned b)
{
    if (w->twice)
        return w->twice[a] == w->twice[b];
    return w->planes[0][a] == w->planes[0][b] &&
           (w->count == 1 || w->planes[1][a] == w->planes[1][b]);
}

/* The code of a magnitude below zero. */
static unsigned below_zero(const struct wanted *w, unsigned magnitude)
{
    return w->absolute ? w->codes - magnitude : w->half + magnitude;
}

static unsigned magnitude_of(const struct wanted *w, unsigned code)
{
    if (w->half && code >= w->half)
        code = w->absolute ? w->codes - code : code - w->half;
    return code < w->last ? code : w->last;
}

/* The least of two's complement has a magnitude that others have not. */
static unsigned char byte_of(const struct sums *s, const struct wanted *w, unsigned magnitude,
                             int p)
{
    if (w->twice)
        return w->twice[magnitude];
    const bool least = w->absolute && magnitude == w->half && s->below == BELOW_ADDS;
    return (unsigned char)(w->planes[p][magnitude] - (least ? s->negative[p] : 0));
}

/* What CODE has where its magnitude has BYTE. */
static unsigned char with_sign(const struct sums *s, const struct wanted *w, unsigned code,
                               unsigned char byte, int p)
{
    const bool negative = w->half && code >= w->half && code < w->limit;
    if (w->twice)
        byte = (byte + (negative == w->down)) / 2 & INT8_MAX;
    if (!negative)
        return byte;
    switch (s->below) {
    case BELOW_SAME:
    case BELOW_WHOLE:
        break;
    case BELOW_ADDS:
        return (unsigned char)(byte + s->negative[p]);
    case BELOW_NONZERO:
        return byte ? byte | s->negative[p] : 0;
    case BELOW_NEGATED:
        return (unsigned char)-byte;
    case BELOW_ALIKE:
        return s->negative[p];
    }
    return byte;
}

static unsigned char summed(const struct sums *s, const struct wanted *w, unsigned code, int p)
{
    return with_sign(s, w, code, byte_of(s, w, magnitude_of(w, code), p), p);
}

/* Whether CODE is drawn, and one more than its magnitude's byte is not what it goes up to. */
static bool goes_elsewhere(const struct sums *s, const struct wanted *w, unsigned code)
{
    if (!w->draws || w->whole || !w->planes[1][code])
        return false;
    const unsigned char more = (unsigned char)(byte_of(s, w, magnitude_of(w, code), 0) + 1);
    return with_sign(s, w, code, more, 0) != w->planes[PLANE_UPPER][code];
}

/* False: too many codes are not what the magnitudes say. */
static bool set_alones(struct sums *s, const struct wanted *w)
{
    for (unsigned code = 0; code < w->codes; code++) {
        unsigned char lacks[2] = {0, 0};
        for (int p = 0; p < (w->draws ? 1 : w->count); p++)
            lacks[p] = (unsigned char)(w->planes[p][code] - summed(s, w, code, p));
        const unsigned magnitude = magnitude_of(w, code);
        const bool alone = lacks[0] || lacks[1];
        const bool sure = w->half && code >= w->half && s->below == BELOW_ALIKE;
        if (goes_elsewhere(s, w, code))
            return false;
        if (w->draws && (alone ? w->planes[1][magnitude]
                               : !sure && w->planes[1][code] != w->planes[1][magnitude]))
            return false;
        if (!alone)
            continue;
        if (s->alones == TABLE_ALONE)
            return false;
        s->alone[s->alones] = (unsigned char)code;
        memcpy(s->lacks[s->alones++], lacks, sizeof lacks);
    }
    return true;
}

static unsigned char risen(const struct sums *s, unsigned magnitude)
{
    return (unsigned char)(s->rise ? magnitude * (1u + (s->rise == RISE_TWICE)) >> s->less : 0);
}

/* What block B has at I so far. */
static unsigned char sum_of(const struct sums *s, unsigned b, unsigned i, int p)
{
    unsigned char sum = p ? 0 : risen(s, b * TABLE_BLOCK + i);
    for (int c = 0; c < s->changes; c++)
        if (b * TABLE_BLOCK - s->starts[c][0] < TABLE_CODES / 2)
            sum = (unsigned char)(sum + s->change[c][p][i]);
    return sum;
}

/* HIGH: may have whatever a block's magnitudes all need. */
static void add_block(struct sums *s, const struct wanted *w, unsigned b, bool high)
{
    table_block needs[2] = {{0}, {0}};
    const unsigned first = s->floor + b * TABLE_BLOCK, left = w->last - first;
    const unsigned count = left < TABLE_BLOCK ? left + 1 : TABLE_BLOCK;
    unsigned any = 0;
    for (int p = 0; p < w->count; p++) {
        for (unsigned i = 0; i < count; i++) {
            const bool rises = s->rise && !p;
            const unsigned at = rises && first + i > w->finite ? w->finite : first + i;
            const unsigned char byte = byte_of(s, w, at, p), sum = sum_of(s, b, i, p);
            const bool enough = rises && byte == s->most && sum >= byte;
            needs[p][i] = (unsigned char)(enough ? 0 : byte - sum);
        }
        s->high[p][b] = high && b ? needs[p][0] : 0;
        s->any_high |= s->high[p][b];
        for (unsigned i = 0; i < count; i++)
            any |= needs[p][i] = (unsigned char)(needs[p][i] - s->high[p][b]);
    }
    if (b && !any)
        return;
    memset(s->starts[s->changes], (int)(b * TABLE_BLOCK), TABLE_BLOCK);
    memcpy(s->change[s->changes++], needs, sizeof needs);
}

/* What the last magnitudes, of which some are no numbers, are more than their sums. */
static void set_ends(struct sums *s, const struct wanted *w)
{
    s->end = (unsigned char)(TABLE_CODES / 2 - TABLE_BLOCK - s->floor);
    for (unsigned i = 0; i < TABLE_BLOCK; i++) {
        const unsigned at = s->end + i;
        const unsigned char sum = sum_of(s, at / TABLE_BLOCK, at % TABLE_BLOCK, 0);
        s->ends[i] =
            (unsigned char)(byte_of(s, w, s->floor + at, 0) - (sum < s->most ? sum : s->most));
        s->any_end |= s->ends[i];
    }
}

/* HIGH by codes, which have a sign to add. */
static void add_sign(struct sums *s, const struct wanted *w)
{
    const unsigned half = w->half / TABLE_BLOCK, last = w->last / TABLE_BLOCK;
    s->high_of_codes = true;
    s->below = BELOW_SAME;
    for (int p = 0; p < w->count; p++)
        for (unsigned b = 0; b < half; b++) {
            s->high[p][b] = s->high[p][b < last ? b : last];
            s->high[p][b + half] = (unsigned char)(s->high[p][b] + s->negative[p]);
        }
}

static unsigned last_magnitude(const struct wanted *w)
{
    return w->absolute ? w->half : (w->half ? w->half : w->codes) - 1;
}

static unsigned char most_of(const struct sums *s, const struct wanted *w)
{
    unsigned char most = 0;
    for (unsigned at = 0; at <= w->finite; at++)
        most = most > byte_of(s, w, at, 0) ? most : byte_of(s, w, at, 0);
    return most;
}

static bool make_sums(struct sums *s, const struct wanted *w, enum below below, bool high,
                      enum rise rise)
{
    unsigned one = 1; /* the first that a sign makes something of */
    while (!w->twice && one + 1 < w->half && alike(w, one, below_zero(w, one)))
        one++;
    *s = (struct sums){.below = below,
                       .absolute = w->absolute,
                       .rise = rise,
                       .sides = w->twice,
                       .turn = w->down ? UINT8_MAX : 0};
    s->less = (unsigned char)(rise == RISE_LESS ? -w->steeper : 0);
    s->fold = (unsigned char)(w->half && !w->absolute ? w->half - 1 : TABLE_CODES - 1);
    s->lift = (unsigned char)(TABLE_CODES / 2 - w->half);
    s->limit = (unsigned char)(w->limit + s->lift);
    for (int p = 0; p < w->count && !w->twice; p++)
        s->negative[p] = (unsigned char)(w->planes[p][w->half ? below_zero(w, one) : 0] ^
                                         (below == BELOW_ALIKE ? 0 : w->planes[p][one]));
    if (w->twice)
        s->negative[0] = (unsigned char)w->sign;
    s->all = w->limit == TABLE_CODES && s->negative[0] == TABLE_CODES / 2 && w->count == 1 &&
             (below == BELOW_ADDS || below == BELOW_NONZERO);
    if (!set_alones(s, w))
        return false;
    s->most = most_of(s, w);
    while (w->clamped && s->floor < w->last && alike(w, 0, s->floor + 1u))
        s->floor++;
    const bool capped = w->last < last_magnitude(w);
    s->cap = (unsigned char)(capped ? w->last - s->floor : TABLE_CODES - 1);
    s->wraps = w->last - s->floor < TABLE_CODES / 2;
    if ((!s->wraps && !high) || (rise && (capped || s->floor > TABLE_CODES / 2 - TABLE_BLOCK)))
        return false;
    for (unsigned b = 0; b <= (w->last - s->floor) / TABLE_BLOCK; b++)
        add_block(s, w, b, high);
    if (rise)
        set_ends(s, w);
    if (s->any_high && below == BELOW_ADDS && !s->sides && !s->floor && !w->absolute &&
        w->limit == w->codes)
        add_sign(s, w);
    s->high_of_codes |= !w->half && !s->floor && !capped;
    s->plain = (s->high_of_codes || !s->any_high) && !s->floor && !capped && !s->absolute &&
               s->below == BELOW_SAME && !s->rise;
    return true;
}

/* In operations on vectors; what is not the same for all tables of a loop costs more. */
static int cost_of(const struct sums *s, int count)
{
    static const int of_below[] = {0, 3, 4, 3, 4, 4}, of_rise[] = {0, 6, 2, 3};
    const int apart = s->plain ? 0 : s->rise && count == 1 ? 4 : 9 * count;
    return (1 + 2 * count) * (s->changes + s->alones) + 2 * (1 + count) * s->any_high +
           2 * s->absolute + 4 * s->sides + of_rise[s->rise] + apart +
           count * (of_below[s->below] + (s->below && s->lift));
}

static void try_sums(struct sums *best, struct wanted *w, enum below below)
{
    const bool ends = w->finite >= TABLE_CODES / 2 - TABLE_BLOCK - 1; /* see set_ends */
    const bool rises =
        (w->count == 1 || w->draws) && w->half == TABLE_CODES / 2 && w->steeper < 2 && ends;
    const enum rise rise = w->steeper < 0 ? RISE_LESS : w->steeper ? RISE_TWICE : RISE_SAME;
    const int all = w->codes <= TABLE_BLOCK || !w->searches ? 1 : rises ? 8 : 6;
    for (int i = 0; i < all; i++) {
        const bool rising = i >= 6, high = i % 2 == 0 && !rising;
        struct sums one;
        w->clamped = rising ? i % 2 : i >= 2;
        w->last = last_magnitude(w) - (i / 2 == 2);
        while (w->clamped && !rising && w->last && alike(w, w->last, w->last - 1))
            w->last--;
        if (make_sums(&one, w, below, high, rising ? rise : RISE_NONE) &&
            (!best->changes || cost_of(&one, w->count) < cost_of(best, w->count)))
            *best = one;
    }
}

/* Of magnitudes twice what they are toward zero, and 1 more where they are not the same from it. */
static void try_sides(struct sums *best, const struct wanted *w)
{
    unsigned char twice[TABLE_CODES / 2];
    for (unsigned at = 0; at < w->half; at++) {
        const unsigned signs = w->half + at < w->limit ? w->sign : 0;
        const unsigned above = w->planes[0][at], below = w->planes[0][w->half + at] & ~signs;
        const unsigned lower = w->down ? above : below;
        twice[at] = (unsigned char)(2 * lower + ((w->down ? below : above) > lower));
    }
    struct wanted one = *w;
    one.twice = twice;
    one.steeper++;
    try_sums(best, &one, BELOW_ADDS);
    try_sums(best, &one, BELOW_NONZERO);
}

/* The cheapest; none have changes where parts are drawn for codes of whatever sign they have. */
static void find_sums(struct sums *s, struct wanted w, const struct hu_format *from)
{
    const bool whole = hu_is_integer(from), more = w.codes > TABLE_BLOCK || w.draws;
    s->changes = 0;
    w.searches = true;
    if (hu_is_signed(from) && more && (!whole || w.codes == TABLE_CODES)) {
        w.half = w.codes / 2;
        w.finite = (unsigned)hu_max_finite_code(from);
        w.absolute = whole;
        w.limit = w.codes;
        const unsigned nan = (unsigned)hu_max_finite_code(from) + 1 + hu_has_infinity(from);
        if (nan < w.half && alike(&w, nan, below_zero(&w, nan)))
            w.limit = w.half + nan;
        const int last = w.whole ? BELOW_SAME : BELOW_ALIKE;
        for (int below = BELOW_SAME; below <= last && !(s->changes && s->alones < 2); below++)
            if (w.count == 1 || w.draws || (below != BELOW_NONZERO && below != BELOW_NEGATED))
                try_sums(s, &w, (enum below)below);
        if (w.sides)
            try_sides(s, &w);
    }
    if (w.draws && hu_is_signed(from))
        return;
    w.searches = !s->changes;
    w.half = 0;
    w.absolute = false;
    try_sums(s, &w, BELOW_SAME);
}

/* What integers are without sign, those above zero as if they had as great an end. */
static void make_whole(struct plan *p, unsigned codes)
{
    struct table *t = &p->table;
    const unsigned char end = (unsigned char)hu_max_finite_code(p->to);
    const uint64_t sign = hu_sign_mask(p->to);
    for (unsigned code = 0; code < codes; code++) {
        const uint64_t word = t->words[code], twin = t->words[code ^ codes / 2];
        const bool least = twin == sign && word == end;
        t->planes[PLANE_LOW][code] = (unsigned char)(least         ? sign
                                                     : word & sign ? 2 * sign - word
                                                                   : word);
    }
}

static void end_whole(struct sums *s, const struct hu_format *to)
{
    s->below = BELOW_WHOLE;
    s->plain = false;
    s->negative[0] = (unsigned char)hu_max_finite_code(to);
    if (s->alones) /* which lack what has a sign */
        s->changes = 0;
}

void hu_table_sum_words(struct plan *p)
{
    struct table *t = &p->table;
    struct wanted w = {.planes = t->planes,
                       .count = t->to->storage_bits > 8 || t->draws ? 2 : 1,
                       .draws = t->draws,
                       .codes = 1u << p->from->width,
                       .steeper = p->to->trailing_bits - p->from->trailing_bits};
    const bool directed =
        p->options.direction == HU_TOWARD_POSITIVE || p->options.direction == HU_TOWARD_NEGATIVE;
    w.sides = directed && w.count == 1 && hu_is_signed(p->to) && !hu_is_integer(p->to) &&
              !hu_is_integer(p->from);
    w.down = p->options.direction == HU_TOWARD_NEGATIVE;
    w.sign = (unsigned)hu_sign_mask(p->to);
    w.whole = t->draws && hu_is_integer(t->to) && t->to->width == 8 && hu_is_signed(t->to) &&
              hu_is_signed(p->from);
    if (w.whole)
        make_whole(p, w.codes);
    find_sums(&t->of_words, w, p->from);
    if (w.whole)
        end_whole(&t->of_words, t->to);
}

void hu_table_sum_flags(struct plan *p)
{
    const struct wanted w = {.planes = p->table.planes + PLANE_FLAGS,
                             .count = 1,
                             .codes = 1u << p->from->width,
                             .steeper = INT_MAX};
    find_sums(&p->table.of_flags, w, p->from);
}
