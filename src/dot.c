#include "dot.h"
#include "accumulator.h"

#include <assert.h>

/* Exponents below every format's; of what is zero. */
enum { NO_EXPONENT = -100000, POWER_MOST = 127 };

static const struct hu_options to_nearest = {HU_TIES_TO_EVEN, false, false, 0};

/* What the group's infinities, NaNs and invalid products come to. */
struct specials {
    bool nan, positive, negative;
};

static void see(struct specials *s, bool infinite, bool sign)
{
    s->positive |= infinite && !sign;
    s->negative |= infinite && sign;
}

/* The operands of a product, and its sign. */
struct pair {
    struct hu_datum a, b;
    bool sign;
};

static void see_product(struct specials *s, struct pair p)
{
    struct hu_datum a = p.a, b = p.b;
    bool infinite = a.class == HU_INFINITE || b.class == HU_INFINITE;
    s->nan |=
        hu_is_nan(a) || hu_is_nan(b) || (infinite && (a.class == HU_ZERO || b.class == HU_ZERO));
    see(s, infinite, p.sign);
}

static uint64_t nan_code(const struct hu_dot *dot)
{
    const struct hu_dot_model *m = dot->model;
    unsigned flags = 0;
    if (m->instruction)
        return dot->accumulate->width == 32 ? m->nan_fp32 : m->nan_fp16;
    return hu_round_nan(dot->accumulate,
                        (struct hu_datum){.class = HU_QUIET_NAN, .significand = UINT64_C(1) << 63},
                        &flags);
}

static uint64_t infinity_code(const struct hu_format *f, bool sign)
{
    unsigned flags = 0;
    return hu_round_infinity(f, sign, &to_nearest, &flags);
}

/* Whether S decides the sum; *bits is it then. */
static bool special_sum(const struct hu_dot *dot, struct specials s, uint64_t *bits)
{
    if (s.nan || (s.positive && s.negative))
        *bits = nan_code(dot);
    else if (s.positive || s.negative)
        *bits = infinity_code(dot->accumulate, s.negative);
    else
        return false;
    return true;
}

/* What the model takes D for. */
static struct hu_datum taken(const struct hu_dot *dot, struct hu_datum d)
{
    bool flushed = dot->model->flushes && d.class == HU_SUBNORMAL;
    return flushed ? (struct hu_datum){.class = HU_ZERO, .sign = d.sign, .quantum = d.quantum} : d;
}

/* Element INDEX of CODES, times its power. */
static struct hu_datum operand(const struct hu_dot *dot, const uint64_t *codes, const int *powers,
                               size_t index)
{
    if (index >= dot->n)
        return (struct hu_datum){.class = HU_ZERO, .quantum = hu_quantum_min(dot->format)};
    struct hu_datum d = hu_decode(dot->format, codes[index]);
    if (powers && hu_is_finite(d))
        d.quantum += powers[index / HU_DOT_BLOCK];
    return taken(dot, d);
}

static struct pair pair_at(const struct hu_dot *dot, size_t index)
{
    struct pair p = {.a = operand(dot, dot->a, dot->a_powers, index),
                     .b = operand(dot, dot->b, dot->b_powers, index)};
    p.sign = p.a.sign ^ p.b.sign;
    return p;
}

static struct hu_datum sum_operand(const struct hu_dot *dot, uint64_t c)
{
    return taken(dot, hu_decode(dot->accumulate, c));
}

static struct specials specials_of(const struct hu_dot *dot, uint64_t c, size_t first, size_t n)
{
    struct specials s = {0};
    struct hu_datum d = sum_operand(dot, c);
    s.nan = hu_is_nan(d);
    see(&s, d.class == HU_INFINITE, d.sign);
    for (size_t i = first; i < first + n; i++)
        see_product(&s, pair_at(dot, i));
    return s;
}

static void tell(const struct hu_dot *dot, const struct hu_dot_step *step)
{
    if (dot->observe)
        dot->observe(dot->context, step);
}

/* A step that ends in BITS, of products that are not cut. */
static uint64_t told(const struct hu_dot *dot, size_t first, size_t products, uint64_t before,
                     uint64_t bits)
{
    struct hu_dot_step step = {
        .first = first, .products = products, .rounded = true, .before = before, .bits = bits};
    tell(dot, &step);
    return bits;
}

static uint64_t round_sum(const struct hu_dot *dot, struct hu_real real)
{
    unsigned flags = 0;
    uint64_t bits = hu_round(dot->accumulate, real, 0, &to_nearest, &flags);
    if (dot->model->flushes && hu_decode(dot->accumulate, bits).class == HU_SUBNORMAL)
        bits &= hu_sign_mask(dot->accumulate);
    return bits;
}

/* What N products from FIRST on and, with JOINS, C add up to, rounded once. */
static uint64_t sum_exactly(const struct hu_dot *dot, uint64_t c, bool joins, size_t first,
                            size_t n)
{
    uint64_t bits;
    struct hu_accumulator sum;
    struct hu_real real;
    const struct hu_format *f = dot->format, *g = dot->accumulate;
    if (special_sum(dot, specials_of(dot, joins ? c : 0, first, n), &bits))
        return bits;
    struct hu_datum d = sum_operand(dot, joins ? c : 0);
    int scales = (dot->a_powers ? POWER_MOST : 0) + (dot->b_powers ? POWER_MOST : 0);
    int least = 2 * hu_quantum_min(f) - scales, greatest = 2 * hu_emax(f) + 2 + scales;
    least = least < d.quantum ? least : d.quantum;
    greatest = greatest > hu_emax(g) + 1 ? greatest : hu_emax(g) + 1;
    hu_accumulator_begin(&sum, least, greatest);
    bool any = joins, negative = joins && d.sign, mixed = false;
    if (joins)
        hu_accumulator_add(&sum, d.sign, hu_wide_of(d.significand), d.quantum);
    for (size_t i = first; i < first + n; i++) {
        struct pair p = pair_at(dot, i);
        hu_accumulator_add(&sum, p.sign, hu_wide_product(p.a.significand, p.b.significand),
                           p.a.quantum + p.b.quantum);
        mixed |= any && negative != p.sign;
        negative |= p.sign;
        any = true;
    }
    if (hu_accumulator_real(&sum, &real))
        return round_sum(dot, real);
    unsigned flags = 0;
    return hu_round_zero(g, any && negative && !mixed, &flags); /* IEEE 754-2019 section 6.3 */
}

/* A product, and a sum of two codes, in the accumulator's format. */
static uint64_t product(const struct hu_dot *dot, size_t index)
{
    return sum_exactly(dot, 0, false, index, 1);
}

static uint64_t add(const struct hu_dot *dot, uint64_t x, uint64_t y)
{
    struct hu_dot two = *dot;
    const uint64_t one = hu_round(dot->accumulate, (struct hu_real){.significand = 1}, 0,
                                  &to_nearest, &(unsigned){0});
    two.format = dot->accumulate;
    two.a = &y;
    two.b = &one;
    two.a_powers = two.b_powers = NULL;
    two.n = 1;
    return sum_exactly(&two, x, true, 0, 1);
}

static uint64_t run_sequential(const struct hu_dot *dot, uint64_t sum, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++)
        sum = told(dot, i, 1, sum, add(dot, sum, product(dot, i)));
    return sum;
}

static uint64_t run_fma(const struct hu_dot *dot)
{
    uint64_t sum = dot->c;
    for (size_t i = 0; i < dot->n; i++)
        sum = told(dot, i, 1, sum, sum_exactly(dot, sum, true, i, 1));
    return sum;
}

/* Halves, the first the larger of two unequal ones. */
static uint64_t sum_pairwise(const struct hu_dot *dot, size_t first, size_t n)
{
    if (n == 1)
        return product(dot, first);
    size_t half = n - n / 2;
    uint64_t low = sum_pairwise(dot, first, half), high = sum_pairwise(dot, first + half, n - half);
    return told(dot, first, n, low, add(dot, low, high));
}

static uint64_t run_blocked(const struct hu_dot *dot)
{
    uint64_t sum = dot->c;
    size_t block = dot->block ? dot->block : 1;
    for (size_t i = 0; i < dot->n; i += block) {
        size_t n = dot->n - i < block ? dot->n - i : block;
        uint64_t partial = run_sequential(dot, product(dot, i), i + 1, n - 1);
        sum = told(dot, i, n, sum, add(dot, sum, partial));
    }
    return sum;
}

/* Groups of a matrix unit, one after the other. */
static uint64_t run_groups(const struct hu_dot *dot,
                           uint64_t (*run)(const struct hu_dot *, uint64_t, size_t, size_t))
{
    size_t group = hu_dot_group(dot->model, dot->format);
    uint64_t sum = dot->c;
    for (size_t i = 0; i < dot->n; i += group)
        sum = run(dot, sum, i, group);
    return sum;
}

static uint64_t run_exact_group(const struct hu_dot *dot, uint64_t c, size_t first, size_t n)
{
    return told(dot, first, n, c, sum_exactly(dot, c, true, first, n));
}

static uint64_t run_tree_group(const struct hu_dot *dot, uint64_t c, size_t first, size_t n)
{
    return told(dot, first, n, c, add(dot, c, sum_pairwise(dot, first, n)));
}

static uint64_t run_fma_group(const struct hu_dot *dot, uint64_t c, size_t first, size_t n)
{
    for (size_t i = first + n; i-- > first;)
        if (i < dot->n)
            c = told(dot, i, 1, c, sum_exactly(dot, c, true, i, 1));
    return c;
}

/* Addends of a group and what becomes of them. */
struct group {
    struct hu_dot_addend addends[HU_DOT_GROUP_MAX + 1];
    size_t count;
    int exponent; /* the greatest */
};

/* Zeros have no exponent; but sums of products that come to zero keep theirs. */
static void put_addend(struct group *g, struct hu_dot_addend addend)
{
    if (!addend.significand && addend.part != HU_DOT_PARTIAL)
        return;
    g->exponent = addend.exponent > g->exponent ? addend.exponent : g->exponent;
    assert(g->count <= HU_DOT_GROUP_MAX);
    g->addends[g->count++] = addend;
}

/* ea + eb is the product's exponent, whatever the significands' product in [1, 4) is. */
static void put_product(struct group *g, const struct hu_dot *dot, size_t index)
{
    struct pair p = pair_at(dot, index);
    int unit = p.a.quantum + p.b.quantum;
    put_addend(g, (struct hu_dot_addend){.part = HU_DOT_PRODUCT,
                                         .index = index,
                                         .sign = p.sign,
                                         .significand = p.a.significand * p.b.significand,
                                         .unit = unit,
                                         .exponent = unit + 2 * dot->format->trailing_bits});
}

static void put_sum(struct group *g, const struct hu_dot *dot, uint64_t c)
{
    struct hu_datum d = sum_operand(dot, c);
    put_addend(g, (struct hu_dot_addend){.part = HU_DOT_SUM,
                                         .sign = d.sign,
                                         .significand = d.significand,
                                         .unit = d.quantum,
                                         .exponent = d.quantum + dot->accumulate->trailing_bits});
}

/* MAGNITUDE in units of 2^SHIFT times its own, by sign and magnitude or downward. */
static int64_t cut(bool sign, uint64_t magnitude, int shift, bool down)
{
    if (shift <= 0)
        return sign ? -(int64_t)(magnitude << -shift) : (int64_t)(magnitude << -shift);
    uint64_t kept = shift > 63 ? 0 : magnitude >> shift;
    bool rest = shift > 63 ? magnitude != 0 : kept << shift != magnitude;
    return sign ? -(int64_t)(kept + (down && rest)) : (int64_t)kept;
}

/* Cuts the group's addends at UNIT and adds them up. */
static struct hu_dot_step cut_group(struct group *g, int unit, bool down)
{
    struct hu_dot_step step = {.addends = g->addends,
                               .count = g->count,
                               .aligned = true,
                               .down = down,
                               .exponent = g->exponent,
                               .unit = unit};
    for (size_t i = 0; i < g->count; i++) {
        struct hu_dot_addend *a = &g->addends[i];
        a->kept = cut(a->sign, a->significand, unit - a->unit, down);
        step.sum += a->kept;
    }
    return step;
}

static struct hu_real real_of(int64_t sum, int unit)
{
    return (struct hu_real){
        .significand = sum < 0 ? -(uint64_t)sum : (uint64_t)sum, .exponent = unit, .sign = sum < 0};
}

/* NVIDIA: toward zero into fp32, which may keep fewer bits, and to nearest into fp16. What
 * overflows is infinity in either. A zero is +0, whatever came to it. */
static uint64_t round_aligned(const struct hu_dot *dot, int64_t sum, int unit,
                              enum hu_direction *direction)
{
    const struct hu_format *f = dot->accumulate;
    bool single = f->width == 32;
    struct hu_options options = {.direction = single ? HU_TOWARD_ZERO : HU_TIES_TO_EVEN};
    unsigned flags = 0;
    *direction = options.direction;
    uint64_t bits = sum ? hu_round(f, real_of(sum, unit), 0, &options, &flags) : 0;
    if (flags & HU_OVERFLOW)
        return infinity_code(f, sum < 0);
    if (bits == hu_sign_mask(f))
        return 0;
    int spare =
        single && dot->model->trailing_bits ? f->trailing_bits - dot->model->trailing_bits : 0;
    return bits >> spare << spare;
}

static int least_exponent(const struct hu_dot *dot)
{
    const struct hu_dot_model *m = dot->model;
    int least = dot->accumulate->width == 32 ? m->least_exponent_fp32 : m->least_exponent_fp16;
    return least ? least : NO_EXPONENT;
}

/* The products of INDICES, and C, are cut at the greatest exponent and summed. */
static uint64_t run_aligned(const struct hu_dot *dot, uint64_t c, const size_t *indices, size_t n)
{
    uint64_t bits;
    struct specials s = specials_of(dot, c, 0, 0);
    for (size_t i = 0; i < n; i++)
        see_product(&s, pair_at(dot, indices[i]));
    if (special_sum(dot, s, &bits))
        return told(dot, indices[0], n, c, bits);

    struct group g = {.exponent = least_exponent(dot)};
    for (size_t i = 0; i < n; i++)
        put_product(&g, dot, indices[i]);
    put_sum(&g, dot, c);
    struct hu_dot_step step = cut_group(&g, g.exponent - dot->model->align_bits, false);
    step.first = indices[0];
    step.products = n;
    step.rounded = true;
    step.before = c;
    step.bits = round_aligned(dot, step.sum, step.unit, &step.direction);
    tell(dot, &step);
    return step.bits;
}

static uint64_t run_aligned_group(const struct hu_dot *dot, uint64_t c, size_t first, size_t n)
{
    size_t indices[HU_DOT_GROUP_MAX];
    for (size_t i = 0; i < n; i++)
        indices[i] = first + i;
    return run_aligned(dot, c, indices, n);
}

/* Two groups of N, each of every other pair of products; C to nearest at last. */
static uint64_t run_split_groups(const struct hu_dot *dot, uint64_t c, size_t first, size_t n)
{
    uint64_t sum = 0;
    for (size_t half = 0; half < 2; half++) {
        size_t indices[HU_DOT_GROUP_MAX];
        for (size_t i = 0; i < n; i++)
            indices[i] = first + i / 2 * 4 + half * 2 + i % 2;
        sum = run_aligned(dot, sum, indices, n);
    }
    return told(dot, first, 0, c, add(dot, sum, c));
}

static uint64_t run_split(const struct hu_dot *dot)
{
    size_t group = hu_dot_group(dot->model, dot->format);
    uint64_t sum = dot->c;
    for (size_t i = 0; i < dot->n; i += 2 * group)
        sum = run_split_groups(dot, sum, i, group);
    return sum;
}

/* A sum of products that was cut: an addend of the next step. */
static struct hu_dot_addend partial(const struct hu_dot_step *step, size_t index)
{
    struct hu_real real = real_of(step->sum, step->unit);
    return (struct hu_dot_addend){.part = HU_DOT_PARTIAL,
                                  .index = index,
                                  .sign = real.sign,
                                  .significand = real.significand,
                                  .unit = step->unit,
                                  .exponent = step->exponent};
}

/* Every STRIDE-th product of the group from FIRST on, cut toward zero. */
static struct hu_dot_addend cut_products(const struct hu_dot *dot, size_t first, size_t n,
                                         size_t stride, size_t index)
{
    struct group g = {.exponent = NO_EXPONENT};
    for (size_t i = 0; i < n; i += stride)
        put_product(&g, dot, first + i);
    struct hu_dot_step step = cut_group(&g, g.exponent - dot->model->align_bits, false);
    step.first = first;
    step.products = n / stride;
    tell(dot, &step);
    return partial(&step, index);
}

/* Products beyond fp32's range are infinite. */
static void see_overflow(struct specials *s, const struct hu_dot *dot, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) {
        struct pair p = pair_at(dot, i);
        bool finite = hu_is_finite(p.a) && hu_is_finite(p.b);
        uint64_t significand = finite ? p.a.significand * p.b.significand : 0;
        int top = significand ? 63 - __builtin_clzll(significand) + p.a.quantum + p.b.quantum : 0;
        see(s, top > hu_emax(dot->accumulate), p.sign);
    }
}

/* AMD's CDNA 3. Bits that the sum of products and C keep below the greater of their exponents, and
 * how far below it C is not seen where the products have 8 bits. */
enum { SUM_BITS = 31, C_BITS = 24, C_REACH = 25, LEAST_C = -126 };

static uint64_t run_two_stages(const struct hu_dot *dot, uint64_t c, size_t first, size_t n)
{
    uint64_t bits;
    struct specials s = specials_of(dot, c, first, n);
    see_overflow(&s, dot, first, n);
    if (special_sum(dot, s, &bits))
        return told(dot, first, n, c, bits);

    struct group last = {.exponent = NO_EXPONENT};
    bool halves = dot->model->halves && dot->format->width == 8;
    if (halves) {
        struct group both = {.exponent = NO_EXPONENT};
        put_addend(&both, cut_products(dot, first, n, 2, 0));
        put_addend(&both, cut_products(dot, first + 1, n, 2, 1));
        struct hu_dot_step step = cut_group(&both, both.exponent - dot->model->align_bits, true);
        tell(dot, &step);
        put_addend(&last, partial(&step, 0));
    } else {
        put_addend(&last, cut_products(dot, first, n, 1, 0));
    }
    put_sum(&last, dot, c);
    if (last.exponent < LEAST_C)
        last.exponent = LEAST_C;

    struct hu_dot_step step = cut_group(&last, last.exponent - SUM_BITS, true);
    for (size_t i = 0; i < last.count; i++) {
        struct hu_dot_addend *a = &last.addends[i];
        if (a->part != HU_DOT_SUM)
            continue;
        step.sum -= a->kept;
        a->kept = cut(a->sign, a->significand, last.exponent - C_BITS - a->unit, true) *
                  (1 << (SUM_BITS - C_BITS));
        if (halves && a->exponent < last.exponent - C_REACH)
            a->kept = 0;
        step.sum += a->kept;
    }
    step.rounded = true;
    step.before = c;
    step.bits = step.sum ? round_sum(dot, real_of(step.sum, step.unit)) : 0;
    tell(dot, &step);
    return step.bits;
}

uint64_t hu_dot_run(const struct hu_dot *dot)
{
    switch (dot->model->method) {
    case HU_DOT_EXACT:
        return told(dot, 0, dot->n, dot->c, sum_exactly(dot, dot->c, true, 0, dot->n));
    case HU_DOT_SEQUENTIAL:
        return run_sequential(dot, dot->c, 0, dot->n);
    case HU_DOT_FMA:
        return run_fma(dot);
    case HU_DOT_PAIRWISE:
        return dot->n ? run_tree_group(dot, dot->c, 0, dot->n) : dot->c;
    case HU_DOT_BLOCKED:
        return run_blocked(dot);
    case HU_DOT_ALIGNED:
        return dot->model->split ? run_split(dot) : run_groups(dot, run_aligned_group);
    case HU_DOT_GROUP:
        return run_groups(dot, run_exact_group);
    case HU_DOT_TREE:
        return run_groups(dot, run_tree_group);
    case HU_DOT_TWO_STAGE:
        return run_groups(dot, run_two_stages);
    case HU_DOT_FMA_GROUPS:
        return run_groups(dot, run_fma_group);
    }
    return dot->c;
}
