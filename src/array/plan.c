#include "array/plan.h"
#include "array/layout.h"
#include "convert.h"

const struct hu_format hu_plan_fp32 = {"fp32", 32, 8,         FP32_TRAILING,
                                       32,     0,  FP32_BIAS, HU_SPECIALS_IEEE};

/* Whether every normal number of FROM is one of TO, so that only its exponent's bias changes. */
static bool holds_normals(const struct hu_format *to, const struct hu_format *from)
{
    return hu_is_signed(from) && hu_is_signed(to) && !hu_is_integer(from) && !hu_is_integer(to) &&
           to->trailing_bits >= from->trailing_bits && hu_emin(to) <= hu_emin(from) &&
           hu_emax(to) >= hu_emax(from) &&
           (hu_emax(to) > hu_emax(from) || to->specials == HU_SPECIALS_IEEE);
}

static bool holds_integers(const struct hu_format *to, const struct hu_format *from)
{
    return hu_is_integer(from) && hu_is_signed(to) && !hu_is_integer(to) && hu_emin(to) <= 0 &&
           from->width - hu_is_signed(from) <= hu_precision(to) && hu_emax(to) > from->width;
}

bool hu_plan_is_exact(const struct plan *p)
{
    if (holds_integers(p->to, p->from))
        return true;
    return holds_normals(p->to, p->from) && hu_quantum_min(p->to) <= hu_quantum_min(p->from);
}

/* Whether F's codes are the top of FP32's. */
static bool is_top(const struct hu_format *f)
{
    return f->exponent_bits == 8 && f->bias == FP32_BIAS && f->specials == HU_SPECIALS_IEEE;
}

/* Targets whose codes are even by the exponent field's last bit, and those without sign that are
 * no integers, are left to the truth. */
static bool find_round(struct plan *p, const struct abilities *a)
{
    const struct hu_format *to = p->to;
    p->round = ROUND_NONE;
    const bool words = is_top(to) && to->storage_shift + to->width == 32;
    /* tf32 has integers of 8 bits as FP32 has them */
    const bool exact = hu_plan_is_exact(p) || (p->load == LOAD_INT8 && to->trailing_bits >= 7);
    if (is_fp32(to) || (words && !p->options.saturate && exact))
        return true;
    if (is_fp64(to))
        return a->doubles && (p->load == LOAD_FP64 ? p->w.integer : !p->options.saturate);
    p->round = ROUND_SCALE;
    if (to->specials == HU_SPECIALS_SCALE)
        return to->exponent_bits == 8 && to->bias == FP32_BIAS && to->storage_bits == 8;
    const struct hu_options *o = &p->options;
    if (hu_is_integer(to) && to->storage_bits == 32) {
        const bool doubles = p->load >= LOAD_FP64, random = is_at_random(p);
        const bool apart =
            o->direction == HU_TIES_TO_AWAY || (doubles && o->direction == HU_TO_ODD);
        const bool able = doubles ? a->int32 : !random;
        const bool raises = hu_is_signed(to) && a->raises && !apart;
        const bool by_hardware =
            to->width == 32 && able && (!p->flags || raises) && (hu_is_signed(to) || !doubles);
        p->round = by_hardware ? ROUND_INT32 : ROUND_WHOLE;
        p->hardware = by_hardware && p->flags;
        return !(random && p->flags) && (by_hardware || a->doubles);
    }
    p->round = ROUND_MAGIC;
    if (hu_is_integer(to))
        return to->width <= 16;
    bool room = to->trailing_bits >= 1 && to->trailing_bits <= FP32_TRAILING - 2;
    if (!hu_is_signed(to) || !room || to->storage_bits > 32)
        return false;
    bool flags_good = a->raises && o->direction != HU_TIES_TO_AWAY && !o->tininess_before;
    if (is_fp16(to) && a->fp16 && p->load != LOAD_SHORT && !o->saturate && !is_at_random(p) &&
        (!p->flags || flags_good)) {
        p->round = ROUND_FP16;
        p->hardware = p->flags;
        return true;
    }
    if (is_top(to)) {
        p->round = ROUND_TOP;
        return true;
    }
    if (hu_is_far(to)) {
        p->round = ROUND_FAR;
        return p->load != LOAD_FAR && (p->load != LOAD_FP64 || (p->w.integer && !is_at_random(p)));
    }
    /* Below emin - 1 FP32 must still be normal, and the power of two to add finite; a fraction of
     * the unit times 2^32, too. */
    bool inside = hu_emin(to) - 1 >= FP32_EMIN &&
                  hu_emax(to) + 1 + FP32_TRAILING - to->trailing_bits <= FP32_BIAS;
    return inside && to->storage_bits <= 16 && (!is_at_random(p) || hu_quantum_min(to) > -90);
}

bool hu_table_is_slower(const struct plan *p)
{
    const struct hu_format *to = p->to, *from = p->from;
    bool whole = hu_is_integer(to) && to->storage_bits == 32;
    bool byte = hu_is_integer(from) && from->storage_bits == 8 && to->storage_bits >= 16;
    return whole || (byte && (is_fp32(to) || is_top(to) || is_fp16(to) || is_fp64(to)));
}

static bool find_load(struct plan *p, const struct abilities *a)
{
    const struct hu_format *from = p->from;
    p->load = LOAD_FP32;
    if (is_fp32(from))
        return true;
    p->w.integer = hu_is_integer(from) && from->width == 32;
    if (is_fp64(from) || p->w.integer) {
        p->load = LOAD_FP64;
        p->w.below_zero = hu_is_signed(from);
        return a->doubles;
    }
    p->load = LOAD_TF32;
    p->w.magnitude = ~((1u << from->storage_shift) - 1);
    if (from->storage_bits == 32)
        return is_top(from) && from->storage_shift + from->width == 32;
    p->load = LOAD_INT8;
    if (hu_is_integer(from) && from->storage_bits == 8 && hu_table_is_slower(p))
        return true;
    p->load = LOAD_CODES;
    if (from->width <= 8) {
        p->table.to = &hu_plan_fp32;
        return true;
    }
    p->load = LOAD_INT16;
    if (from->storage_bits != 16)
        return false;
    if (hu_is_integer(from))
        return true;
    p->load = LOAD_TOP;
    if (is_top(from))
        return true;
    if (is_ieee(from, 5, from->trailing_bits) && a->fp16 && (!p->flags || a->raises)) {
        p->load = from->width == 16 ? LOAD_FP16 : LOAD_SHORT;
        p->w.shift = 16u - from->width;
        return from->width <= 16;
    }
    p->load = LOAD_FAR;
    if (hu_is_far(from))
        return true;
    p->load = LOAD_HALF;
    return hu_has_subnormals(from) && hu_quantum_min(from) >= FP32_EMIN &&
           hu_emax(from) <= FP32_BIAS;
}

static enum store find_store(const struct hu_format *to)
{
    bool top = to->storage_bits == to->width + to->storage_shift && is_top(to);
    switch (to->storage_bits) {
    case 4:
        return STORE_4;
    case 6:
        return STORE_6;
    case 8:
        return STORE_8;
    case 16:
        return top ? STORE_TOP16 : STORE_16;
    case 32:
        return top && to->width < 32 ? STORE_TOP32 : STORE_32;
    default:
        return STORE_64;
    }
}

/*
 * With the exponent unbounded, magnitudes in the binade below emin have a unit in the last place
 * of 2^(emin - 1 - t). The least that rounds up to 2^emin is half of it below, or where the
 * direction leads away from zero anything above one below (IEEE 754-2019 section 7.5).
 */
static uint32_t tiny_below(const struct narrow *k, const struct hu_options *options, bool sign,
                           uint32_t unit)
{
    if (k->integer)
        return 0;
    if (options->tininess_before)
        return k->least_normal;
    switch (options->direction) {
    case HU_TIES_TO_EVEN:
    case HU_TIES_TO_AWAY:
        return k->least_normal - unit / 2;
    case HU_TOWARD_POSITIVE:
        return sign ? k->least_normal : k->least_normal - unit + 1;
    case HU_TOWARD_NEGATIVE:
        return sign ? k->least_normal - unit + 1 : k->least_normal;
    default:
        return k->least_normal;
    }
}

static void set_specials(struct narrow *k, const struct hu_format *to,
                         const struct hu_options *options)
{
    static const struct hu_datum quiet = {HU_QUIET_NAN, false, UINT64_C(1) << 63, 0};
    k->plain_infinity = true;
    for (int sign = 0; sign < 2; sign++) {
        struct hu_datum nan = quiet;
        nan.sign = sign;
        k->overflow_flags = k->infinity_flags = k->nan_flags = 0;
        uint64_t overflow = hu_round_overflow(to, sign, options, &k->overflow_flags);
        k->infinity[sign] = (uint32_t)hu_round_infinity(to, sign, options, &k->infinity_flags);
        k->nan[sign] = (uint32_t)hu_round_nan(to, nan, &k->nan_flags);
        k->plain_infinity &= overflow == k->infinity[sign];
        /* The sign of a NaN of fnuz formats is no sign; overflow[] is or-ed with one. */
        k->overflow[sign] = (uint32_t)(overflow & ~hu_sign_mask(to));
        if (overflow == hu_sign_mask(to))
            k->overflow[sign] = (uint32_t)overflow;
        if (k->integer)
            k->overflow[sign] = (uint32_t)hu_decode(to, overflow).significand;
    }
    k->sided = k->overflow[0] != k->overflow[1];
    k->payload = to->specials == HU_SPECIALS_IEEE ? (uint32_t)hu_trailing_mask(to) : 0;
}

/* TO's greatest and least as FP32, and the lesser of their magnitudes. */
static void set_ends(struct narrow *k, const struct hu_format *to)
{
    const struct hu_options toward_zero = {.direction = HU_TOWARD_ZERO};
    const uint64_t ends[] = {hu_max_finite_code(to), hu_lowest_code(to)};
    k->greatest = UINT32_MAX;
    for (int i = 0; i < 2; i++) {
        k->ends[i] =
            (uint32_t)hu_convert_at(&hu_plan_fp32, to, ends[i], 0, &toward_zero, &(unsigned){0});
        const uint32_t magnitude = k->ends[i] & INT32_MAX;
        k->greatest = magnitude < k->greatest ? magnitude : k->greatest;
    }
}

/* A scale's last bit kept is always odd, so that ties go up and to odd is toward zero. */
static void set_carry(struct narrow *k, const struct hu_format *to, enum hu_direction direction)
{
    const uint32_t below_half = k->low >> 1, half = below_half + 1;
    const uint32_t add[][2] = {
        [HU_TIES_TO_EVEN] = {below_half, half},
        [HU_TIES_TO_AWAY] = {half, half},
        [HU_TOWARD_ZERO] = {0, 0},
        [HU_TOWARD_POSITIVE] = {k->low, 0},
        [HU_TOWARD_NEGATIVE] = {0, k->low},
        [HU_TO_ODD] = {k->low, 0},
        [HU_STOCHASTIC] = {0, 0},
    };
    const bool scale = to->specials == HU_SPECIALS_SCALE;
    const bool last = direction == HU_TIES_TO_EVEN || direction == HU_TO_ODD;
    for (int set = 0; set < 2; set++)
        k->add[set] = add[direction][scale && last ? 1 : set];
    k->bit_shift = last ? 31 - k->drop : 0;
    k->bit = UINT32_C(1) << (31 - k->bit_shift);
}

/* In a plan they are read where an immediate is made of them anew for each step. */
#define FP32_FACTS                                                                                 \
    .digit = 1u << FP32_TRAILING, .digits = (1u << FP32_TRAILING) - 1,                             \
    .special = 255u << FP32_TRAILING, .unit = FP32_BIAS + FP32_TRAILING

/* An integer of W bits is taken for a format whose numbers below 2^(w-1) are all subnormal. */
static struct narrow narrow_for(const struct hu_format *to, const struct hu_options *options)
{
    bool integer = hu_is_integer(to);
    int t = integer ? to->width - 1 : to->trailing_bits, emin = integer ? t : hu_emin(to);
    int limit = integer ? to->width : hu_emax(to) + 1;
    uint32_t drop = (uint32_t)(FP32_TRAILING - t);
    bool directed =
        options->direction == HU_TOWARD_POSITIVE || options->direction == HU_TOWARD_NEGATIVE;
    struct narrow k = {
        .drop = drop,
        .low = (1u << drop) - 1,
        FP32_FACTS,
        .storage_shift = to->storage_shift,
        .least_normal = (uint32_t)(emin + FP32_BIAS) << FP32_TRAILING,
        .limit = (uint32_t)(limit + FP32_BIAS) << FP32_TRAILING,
        .scale = (drop + FP32_BIAS) << FP32_TRAILING,
        .max_code = (uint32_t)hu_max_finite_code(to),
        .sign_shift = 32u - to->width,
        .sign = (uint32_t)hu_sign_mask(to),
        .signs = directed ? UINT32_C(1) << 31 : 0,
        .last = options->direction == HU_TIES_TO_AWAY,
        .odd = options->direction == HU_TO_ODD,
        .mask = (uint32_t)hu_width_mask(to),
        .negative_zero = hu_has_negative_zero(to),
        .integer = integer,
        .saturate = options->saturate,
        .fp16 = is_fp16(to) && !options->saturate,
    };
    k.finer_scale = k.scale - (8u << FP32_TRAILING);
    k.finer_base = k.least_normal + ((drop - 8) << FP32_TRAILING);
    k.clamp = k.limit;
    if (integer) /* 2^w - 1 */
        k.clamp -= 1u << (FP32_TRAILING + 1 - to->width);
    const uint32_t below_128 = ((7 + FP32_BIAS) << FP32_TRAILING) - 1;
    k.finer_most = !integer ? k.limit - 1 : k.clamp < below_128 ? k.clamp : below_128;
    k.rebias = (k.least_normal >> drop) - (1u << t);
    k.far_rebias = (uint32_t)(FP32_BIAS - to->bias) << t;
    if (t <= 7) { /* of a byte */
        k.finer_join = 1u << (t + 1 + 16) | 1;
        k.join_shift = 7u - (uint32_t)t;
        k.join = 1u << 16 | 1u << k.join_shift;
        k.join_base = (k.least_normal + (drop << FP32_TRAILING)) >> 16;
    } else if (t <= 15) { /* of a half */
        k.wraps = true;
        k.join = 1u << (t - 7 + 16) | 1;
        k.join_base = (k.least_normal + (drop << FP32_TRAILING)) >> 16 << (t - 7);
    }
    set_ends(&k, to);
    /* FP32's own subnormals have twice the unit of the binade below its emin. */
    uint32_t tiny_drop = is_top(to) ? drop - 1 : drop;
    k.tiny_drop = options->tininess_before || integer ? 0 : tiny_drop;
    for (int sign = 0; sign < 2; sign++)
        k.tiny[sign] = tiny_below(&k, options, sign, 1u << tiny_drop);
    set_specials(&k, to, options);
    set_carry(&k, to, options->direction);
    return k;
}

static struct narrow whole_for(const struct hu_format *to, const struct hu_options *options)
{
    return (struct narrow){
        FP32_FACTS,
        .last = options->direction == HU_TIES_TO_AWAY,
        .odd = options->direction == HU_TO_ODD,
        .mask = (uint32_t)hu_width_mask(to),
        .limits = {hu_decode(to, hu_max_finite_code(to)).significand,
                   hu_decode(to, hu_lowest_code(to)).significand},
    };
}

static struct widen widen_for(const struct hu_format *from)
{
    struct widen w = {
        .magnitude = (uint32_t)(hu_width_mask(from) & ~hu_sign_mask(from)),
        .shift = (uint32_t)(FP32_TRAILING - from->trailing_bits),
        .sign = (uint32_t)hu_sign_mask(from),
        .sign_shift = 32u - from->width,
        .rebias = (uint32_t)(FP32_BIAS - from->bias) << FP32_TRAILING,
        .payloads = from->specials == HU_SPECIALS_IEEE,
        .below_zero = hu_is_signed(from),
    };
    if (hu_is_integer(from))
        return w;
    w.special = (uint32_t)(hu_max_finite_code(from) + 1) << w.shift;
    w.infinity = hu_has_infinity(from) ? w.special : 0;
    if (hu_has_lone_nan(from) && hu_is_signed(from))
        w.lone_nan = w.sign;
    return w;
}

static struct stochastic stochastic_for(const struct plan *p)
{
    const bool integer = hu_is_integer(p->to);
    const int t = integer ? p->to->width - 1 : p->to->trailing_bits;
    const int emin = integer ? t : hu_emin(p->to); /* as in narrow_for */
    const uint32_t drop = 52u - (uint32_t)t;
    return (struct stochastic){
        .drop = drop,
        .low = (UINT64_C(1) << drop) - 1,
        .least_normal = (uint64_t)(emin + 1023) << 52,
        .floor = p->round == ROUND_SCALE ? (uint64_t)(emin - 1 + 1023) << 52 : 0,
        .tininess_before = p->options.tininess_before,
    };
}

/* At random: in FP64 itself; and to codes of less than 8 bits FP32's to odd tell nearly always. */
static bool plan_fp64_random(struct plan *p, const struct abilities *a)
{
    p->load = LOAD_RANDOM;
    p->load_in = p->round_in = HU_TIES_TO_EVEN;
    if (p->round == ROUND_NONE)
        return !p->options.saturate;
    struct hu_options exact = p->options;
    exact.direction = HU_TIES_TO_EVEN;
    exact.tininess_before = false;
    p->k = narrow_for(p->to, &exact);
    if (p->flags)
        return p->round != ROUND_SCALE && !hu_is_integer(p->to);
    if (is_fp16(p->to) && a->fp16 && !p->options.saturate)
        p->round = ROUND_FP16;
    if (p->round == ROUND_MAGIC && p->store <= STORE_8 && p->k.max_code <= INT8_MAX) {
        p->load = LOAD_FP64;
        p->w.rough = true;
        p->load_in = p->round_in = HU_STOCHASTIC;
    }
    return true;
}

/* Whether two roundings, of which the first is to FP32, are as one: both toward the same side. A
 * scale tells what is below zero from zeros, which FP64 may become. */
static bool goes_along(const struct plan *p)
{
    const enum hu_direction direction = p->options.direction;
    return !p->flags && (p->round != ROUND_SCALE || p->w.integer) &&
           (direction == HU_TOWARD_ZERO || direction == HU_TOWARD_POSITIVE ||
            direction == HU_TOWARD_NEGATIVE);
}

/* Where a scale is told by a number's leading bit and the next, which are there toward zero. */
static bool scales_by_two_bits(const struct plan *p)
{
    const enum hu_direction direction = p->options.direction;
    return p->round == ROUND_SCALE && !p->flags &&
           (direction <= HU_TOWARD_ZERO || direction == HU_TO_ODD);
}

/* From FP64 to FP32 the hardware rounds, but not at random; and see near_flags in lanes_row.h. */
static bool plan_fp64(struct plan *p, const struct abilities *a)
{
    const struct hu_options *o = &p->options;
    if (o->direction == HU_STOCHASTIC)
        return plan_fp64_random(p, a);
    if (p->round != ROUND_NONE && goes_along(p)) {
        p->load = LOAD_NEAR;
        return true;
    }
    if (scales_by_two_bits(p)) { /* what is below zero stays so */
        p->load = LOAD_NEAR;
        p->load_in = p->round_in = HU_TOWARD_NEGATIVE;
        return true;
    }
    if (p->round == ROUND_NONE || !a->rounds)
        p->load_in = HU_TOWARD_ZERO;
    if (p->round != ROUND_NONE) {
        bool nearest = o->direction <= HU_TOWARD_ZERO;
        bool far = p->round != ROUND_TOP && p->round != ROUND_SCALE &&
                   hu_quantum_min(p->to) > FP32_EMIN + 1;
        p->w.rough = nearest && far && !p->flags;
        p->w.odd = !p->w.rough && !p->flags;
        return true;
    }
    if (p->flags && (!a->raises || o->tininess_before))
        return false;
    p->hardware = p->flags;
    p->w.quiet = true;
    p->w.odd = !p->flags;
    if (o->direction != HU_TO_ODD) {
        p->load = o->direction == HU_TIES_TO_AWAY ? LOAD_AWAY : LOAD_NEAR;
        p->load_in = o->direction;
    }
    return true;
}

/* Zeros, but a scale has none. */
void hu_plan_harmless(struct plan *p)
{
    if (p->to->specials != HU_SPECIALS_SCALE && p->from->specials != HU_SPECIALS_SCALE)
        return;
    const uint64_t one = UINT64_C(127) << FP32_TRAILING;
    const uint64_t code =
        hu_convert_at(p->from, &hu_plan_fp32, one, 0, &(struct hu_options){0}, &(unsigned){0});
    for (int at = 0; at < 64; at += p->from->storage_bits)
        p->harmless |= code << p->from->storage_shift << at;
}

static enum care find_care(const struct plan *p)
{
    const enum hu_direction direction = p->round_in;
    if (direction == HU_STOCHASTIC && p->round != ROUND_NONE)
        return AT_RANDOM;
    if (p->round == ROUND_NONE || p->round == ROUND_INT32 || p->round == ROUND_WHOLE)
        return NEAREST;
    if ((p->flags && !p->hardware) || (p->round == ROUND_TOP && p->options.saturate))
        return WATCHING;
    bool common =
        direction == HU_TIES_TO_EVEN || p->round == ROUND_SCALE ||
        (p->round == ROUND_INTEGER && !p->k.last && !p->k.odd) ||
        (p->round == ROUND_MAGIC && direction == HU_TOWARD_ZERO) ||
        (p->round == ROUND_FP16 && direction != HU_TIES_TO_AWAY && direction != HU_TO_ODD);
    return common ? NEAREST : DIRECTED;
}

/* Integers are rounded by the hardware: see integer_of and round_whole. */
static enum hu_direction whole_direction(enum hu_direction direction)
{
    return direction == HU_TIES_TO_AWAY ? HU_TOWARD_ZERO
           : direction == HU_TO_ODD     ? HU_TOWARD_NEGATIVE
                                        : direction;
}

static void set_environment(struct plan *p)
{
    p->round_in = p->options.direction;
    if (p->round == ROUND_INT32)
        p->round_in = whole_direction(p->round_in);
    p->load_in = p->round_in;
}

/* To at most 16 bits; see round_whole. */
static bool rounds_integers(const struct plan *p)
{
    return p->k.integer && p->k.plain_infinity && p->k.infinity_flags == p->k.overflow_flags &&
           !p->k.nan[0] && !p->k.nan[1] && !is_at_random(p);
}

/* From int32: see int32_aside. */
static bool rounds_ints_aside(const struct plan *p)
{
    const bool random = is_at_random(p), odd = p->options.direction == HU_TO_ODD;
    return p->w.integer && p->w.below_zero && !p->flags &&
           ((p->round == ROUND_NONE && p->store == STORE_32 && (odd || random)) ||
            (p->round == ROUND_TOP && random && !p->options.saturate));
}

/* Of a target to which LOAD_INT32's to odd, of at least 17 bits (see widen_whole), is enough: two
 * more than its precision (Boldo and Melquiond, 2008). */
enum { INT32_TRAILING = 14 };

bool hu_plan_lanes(struct plan *p, const struct abilities *a)
{
    if (p->from == p->to || !find_load(p, a) || !find_round(p, a))
        return false;
    p->store = p->round == ROUND_NONE && p->to->storage_bits == 32 ? STORE_32 : find_store(p->to);
    set_environment(p);
    if (p->load == LOAD_HALF || p->load == LOAD_INT16 || p->load == LOAD_INT8 ||
        p->load == LOAD_TOP)
        p->w = widen_for(p->from);
    if (p->round == ROUND_INT32)
        p->k.sign = (uint32_t)hu_sign_mask(p->to);
    else if (p->round == ROUND_WHOLE)
        p->k = whole_for(p->to, &p->options);
    else if (p->round != ROUND_NONE)
        p->k = narrow_for(p->to, &p->options);
    if (is_at_random(p))
        p->stochastic = stochastic_for(p);
    p->row = a->row;
    p->few = a->few;
    p->settle = a->settle;
    p->streams = p->environment = true;
    hu_plan_harmless(p);
    bool within_fp64 = p->round == ROUND_WHOLE || p->round == ROUND_INT32 || p->store == STORE_64;
    bool rough = (p->round == ROUND_MAGIC || p->round == ROUND_FP16) &&
                 p->k.limit <= (24 + FP32_BIAS) << FP32_TRAILING;
    if (p->w.integer && !within_fp64 && p->round != ROUND_NONE && (rough || !is_at_random(p)) &&
        p->to->trailing_bits <= INT32_TRAILING) {
        p->load = LOAD_INT32;
        p->w.rough = rough || (p->w.below_zero && (goes_along(p) || scales_by_two_bits(p)));
        if (scales_by_two_bits(p))
            p->load_in = p->round_in = HU_TOWARD_ZERO;
    }
    if (rounds_ints_aside(p))
        p->load = LOAD_INT32;
    if (p->load == LOAD_FP64 && !within_fp64 && !plan_fp64(p, a))
        return false;
    if (p->round == ROUND_MAGIC && rounds_integers(p)) {
        const bool alike = p->load_in == p->round_in;
        p->round = ROUND_INTEGER;
        p->round_in = whole_direction(p->round_in);
        p->load_in = alike ? p->round_in : p->load_in;
    }
    if (p->load == LOAD_FAR && !hu_plan_far(p))
        return false;
    p->care = find_care(p);
    return true;
}
