/* The truth: every element through the one rounding step. */
#include "array/plan.h"
#include "array/codes.h"
#include "convert.h"
#include "rounding.h"

/* What decoding asks of a source format, looked up once. */
struct source {
    const struct hu_format *format;
    uint64_t sign_mask;
    uint64_t trailing_mask;
    uint64_t max_finite; /* 0: leave every code to hu_convert_at */
    int quantum_min;
    int trailing_bits;
};

static struct source source_of(const struct hu_format *f)
{
    return (struct source){
        .format = f,
        .sign_mask = hu_sign_mask(f),
        .trailing_mask = hu_trailing_mask(f),
        .max_finite =
            f->specials == HU_SPECIALS_SCALE || hu_is_integer(f) ? 0 : hu_max_finite_code(f),
        .quantum_min = hu_quantum_min(f),
        .trailing_bits = f->trailing_bits,
    };
}

/*
 * To a target of less precision, by ranges of the source's magnitudes:
 *
 *   1 to last_small            less than half the least subnormal: which way is the direction's
 *     to last_tiny             tiny whatever the rounding: the significand is shifted
 *     to least - 1             the binade below emin: left to the rounding step
 *   least, of normals codes    normal: rounded where it stands, and its exponent's bias changed
 *   limit, of overflows codes  overflows
 *
 * Precisions of 1 have the exponent where others have the bit that ties look at.
 */
struct shortcut {
    int shift; /* trailing bits to drop; 0: no such ways */
    uint64_t low;
    uint64_t rebias;
    uint64_t last_small, last_tiny;
    uint64_t least, normals;
    uint64_t limit, overflows;
    uint64_t least_field;                /* the exponent field of 2^emin, at least 1 */
    uint64_t small_code[2], overflow[2]; /* by sign */
};

/* The source's code of 2^EXPONENT, or what is nearest in its range. */
static uint64_t code_of_power(const struct source *from, int exponent)
{
    int emin = from->quantum_min + from->trailing_bits;
    if (exponent < from->quantum_min)
        return 0;
    if (exponent < emin)
        return UINT64_C(1) << (exponent - from->quantum_min);
    uint64_t field = (uint64_t)(exponent - emin) + 1;
    uint64_t beyond = from->max_finite + 1;
    return field > beyond >> from->trailing_bits ? beyond : field << from->trailing_bits;
}

static void set_ranges(struct shortcut *s, const struct source *from, const struct hu_target *to,
                       const struct hu_options *options)
{
    bool stochastic = options->direction == HU_STOCHASTIC;
    int lift = to->emin - (from->quantum_min + from->trailing_bits);
    s->least = from->trailing_mask + 1;
    if (lift >= 0) { /* otherwise the source's subnormals are normal in the target */
        s->least = code_of_power(from, to->emin);
        s->least_field = (uint64_t)lift + 1;
        s->last_tiny = code_of_power(from, to->emin - 1) - 1;
        s->last_small = stochastic ? 0 : code_of_power(from, to->quantum_min - 1) - 1;
    }
    uint64_t limit = code_of_power(from, to->emax + 1);
    s->limit = limit > s->least ? limit : s->least;
    s->normals = s->limit - s->least;
    s->overflows = from->max_finite + 1 - s->limit;
}

static struct shortcut shortcut_of(const struct source *from, const struct hu_target *to,
                                   const struct hu_options *options)
{
    struct shortcut s = {0};
    if (to->no_sign || to->integer || !from->max_finite || to->trailing_bits < 1 ||
        from->trailing_bits <= to->trailing_bits)
        return s;
    s.shift = from->trailing_bits - to->trailing_bits;
    s.low = (UINT64_C(1) << s.shift) - 1;
    s.rebias = (uint64_t)(from->format->bias - to->format->bias) << to->trailing_bits;
    set_ranges(&s, from, to, options);
    for (int sign = 0; sign < 2; sign++) {
        unsigned flags = 0;
        struct hu_cut little = {0, 1, false, false};
        uint64_t code = hu_goes_up(little, false, sign, options->direction, 0);
        s.small_code[sign] = sign && (code || to->negative_zero) ? code | to->sign_mask : code;
        s.overflow[sign] = hu_round_overflow(to->format, sign, options, &flags);
    }
    return s;
}

/* What a carry out of the bits of LOW makes to a rounding of MAGNITUDE. */
static inline uint64_t rounding_bits(const struct shortcut *s, uint64_t magnitude, bool sign,
                                     enum hu_direction direction, uint32_t random)
{
    switch (direction) {
    case HU_TIES_TO_EVEN:
        return (s->low >> 1) + (magnitude >> s->shift & 1);
    case HU_TIES_TO_AWAY:
        return (s->low >> 1) + 1;
    case HU_TOWARD_POSITIVE:
        return sign ? 0 : s->low;
    case HU_TOWARD_NEGATIVE:
        return sign ? s->low : 0;
    case HU_TO_ODD:
        return magnitude >> s->shift & 1 ? 0 : s->low;
    case HU_STOCHASTIC:
        return random < magnitude << (64 - s->shift) >> 32 ? s->low + 1 : 0;
    case HU_TOWARD_ZERO:
        break;
    }
    return 0;
}

/* A magnitude up to last_tiny as code of the target, which may be zero. */
static inline uint64_t shifted_down(const struct shortcut *s, const struct source *from,
                                    uint64_t magnitude, bool sign, enum hu_direction direction,
                                    uint32_t random, unsigned *flags)
{
    uint64_t field = magnitude >> from->trailing_bits;
    uint64_t significand = magnitude & from->trailing_mask;
    if (field)
        significand |= from->trailing_mask + 1;
    uint64_t shift = (uint64_t)s->shift + s->least_field - (field ? field : 1);
    struct hu_cut cut = {0, 0, false, false};
    if (shift < 64) {
        cut.kept = significand >> shift;
        cut.fraction = significand << (64 - shift);
        cut.exact = !cut.fraction;
        cut.odd = cut.kept & 1;
    } else if (shift < 128)
        cut.fraction = significand >> (shift - 64);
    if (!cut.exact)
        *flags |= HU_UNDERFLOW | HU_INEXACT;
    return cut.kept + hu_goes_up(cut, false, sign, direction, random);
}

/* Whatever the ranges do not tell: one rounding step, or a special. */
static inline uint64_t convert_any(uint64_t bits, uint64_t index, const struct source *from,
                                   const struct hu_target *to, enum hu_direction direction,
                                   const struct hu_options *options, unsigned *flags)
{
    uint64_t magnitude = bits & ~from->sign_mask;
    if (magnitude - 1 >= from->max_finite) /* zero or special */
        return hu_convert_at(to->format, from->format, bits, index, options, flags);
    int exponent = (int)(magnitude >> from->trailing_bits);
    struct hu_real real = {
        .significand = (magnitude & from->trailing_mask) + (exponent ? from->trailing_mask + 1 : 0),
        .exponent = from->quantum_min + (exponent ? exponent - 1 : 0),
        .sign = magnitude != bits,
    };
    return hu_round_into(to, real, index, direction, options, flags);
}

/* A group on its way, and what is asked of all its elements. */
struct group {
    uint64_t *codes;
    size_t n;
    uint64_t first;
    struct source from;
    struct hu_target to;
    struct shortcut ways;
    const struct hu_options *options;
};

/* The stretch of elements from I on that are in one of the ranges; each returns its end. Loops of
 * their own, so that what one range asks stays in registers. */
#define STRETCH static inline __attribute__((always_inline)) size_t

STRETCH normal_stretch(const struct group *g, size_t i, enum hu_direction direction,
                       unsigned *flags)
{
    const struct shortcut s = g->ways;
    const uint64_t sign_mask = g->from.sign_mask, to_sign = g->to.sign_mask;
    const uint64_t max_finite = g->to.max_finite, seed = g->options->seed;
    uint64_t *codes = g->codes, discarded = 0;
    bool overflowed = false;
    for (; i < g->n; i++) {
        uint64_t bits = codes[i], magnitude = bits & ~sign_mask;
        if (magnitude - s.least >= s.normals)
            break;
        bool sign = magnitude != bits;
        uint32_t random = direction == HU_STOCHASTIC ? hu_random(seed, g->first + i) : 0;
        uint64_t up = rounding_bits(&s, magnitude, sign, direction, random);
        uint64_t code = ((magnitude + up) >> s.shift) - s.rebias;
        discarded |= magnitude;
        codes[i] = code | (sign ? to_sign : 0);
        if (__builtin_expect(code > max_finite, 0)) {
            overflowed = true;
            codes[i] = s.overflow[sign];
        }
    }
    *flags |= discarded & s.low ? HU_INEXACT : 0;
    *flags |= overflowed ? HU_OVERFLOW | HU_INEXACT : 0;
    return i;
}

/* Magnitudes FIRST to FIRST + COUNT - 1, all of one sign's CODE. */
STRETCH constant_stretch(const struct group *g, size_t i, uint64_t first, uint64_t count,
                         const uint64_t code[2])
{
    const uint64_t sign_mask = g->from.sign_mask, above = code[0], below = code[1];
    uint64_t *codes = g->codes;
    for (; i < g->n; i++) {
        uint64_t bits = codes[i], magnitude = bits & ~sign_mask;
        if (magnitude - first >= count)
            break;
        codes[i] = magnitude != bits ? below : above;
    }
    return i;
}

STRETCH tiny_stretch(const struct group *g, size_t i, enum hu_direction direction, unsigned *flags)
{
    const struct shortcut s = g->ways;
    uint64_t *codes = g->codes;
    for (; i < g->n; i++) {
        uint64_t bits = codes[i], magnitude = bits & ~g->from.sign_mask;
        if (magnitude - 1 - s.last_small >= s.last_tiny - s.last_small)
            break;
        bool sign = magnitude != bits;
        uint32_t random =
            direction == HU_STOCHASTIC ? hu_random(g->options->seed, g->first + i) : 0;
        uint64_t code = shifted_down(&s, &g->from, magnitude, sign, direction, random, flags);
        bool signs = sign && (code || g->to.negative_zero);
        codes[i] = code | (signs ? g->to.sign_mask : 0);
    }
    return i;
}

static inline __attribute__((always_inline)) unsigned convert_codes(const struct group *g,
                                                                    enum hu_direction direction)
{
    const struct shortcut *s = &g->ways;
    unsigned flags = 0;
    for (size_t i = 0; i < g->n;) {
        uint64_t magnitude = g->codes[i] & ~g->from.sign_mask;
        if (magnitude - s->least < s->normals)
            i = normal_stretch(g, i, direction, &flags);
        else if (magnitude - s->limit < s->overflows) {
            i = constant_stretch(g, i, s->limit, s->overflows, s->overflow);
            flags |= HU_OVERFLOW | HU_INEXACT;
        } else if (magnitude - 1 < s->last_small) {
            i = constant_stretch(g, i, 1, s->last_small, s->small_code);
            flags |= HU_UNDERFLOW | HU_INEXACT;
        } else if (magnitude - 1 < s->last_tiny)
            i = tiny_stretch(g, i, direction, &flags);
        else {
            g->codes[i] = convert_any(g->codes[i], g->first + i, &g->from, &g->to, direction,
                                      g->options, &flags);
            i++;
        }
    }
    return flags;
}

/* The direction constant in each copy of the loop. */
static unsigned convert_group(const struct group *g)
{
    switch (g->options->direction) {
    case HU_TIES_TO_EVEN:
        return convert_codes(g, HU_TIES_TO_EVEN);
    case HU_TIES_TO_AWAY:
        return convert_codes(g, HU_TIES_TO_AWAY);
    case HU_TOWARD_ZERO:
        return convert_codes(g, HU_TOWARD_ZERO);
    case HU_TOWARD_POSITIVE:
        return convert_codes(g, HU_TOWARD_POSITIVE);
    case HU_TOWARD_NEGATIVE:
        return convert_codes(g, HU_TOWARD_NEGATIVE);
    case HU_TO_ODD:
        return convert_codes(g, HU_TO_ODD);
    case HU_STOCHASTIC:
        break;
    }
    return convert_codes(g, HU_STOCHASTIC);
}

unsigned hu_scalar_row(const struct plan *p, void *dst, const void *src, size_t n, uint64_t first)
{
    uint64_t codes[GROUP];
    struct group g = {.codes = codes,
                      .from = source_of(p->from),
                      .to = hu_target_of(p->to),
                      .options = &p->options};
    g.ways = shortcut_of(&g.from, &g.to, &p->options);
    unsigned flags = 0;
    unsigned char *out = dst;
    const unsigned char *in = src;
    for (size_t done = 0; done < n; done += GROUP) {
        g.n = n - done < GROUP ? n - done : GROUP;
        g.first = first + done;
        load_codes(codes, p->from, in + hu_array_bytes(p->from, done), g.n);
        flags |= convert_group(&g);
        store_codes(p->to, out + hu_array_bytes(p->to, done), codes, g.n);
    }
    return flags;
}

static bool runs(void)
{
    return true;
}

static bool can(struct plan *p)
{
    p->row = hu_scalar_row;
    return true;
}

const struct hu_kernel hu_kernel_scalar = {"scalar", runs, can};
