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

/* One rounding step, or a special. */
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
    const struct hu_options *options;
};

static inline __attribute__((always_inline)) unsigned convert_codes(const struct group *g,
                                                                    enum hu_direction direction)
{
    unsigned flags = 0;
    for (size_t i = 0; i < g->n; i++)
        g->codes[i] =
            convert_any(g->codes[i], g->first + i, &g->from, &g->to, direction, g->options, &flags);
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
