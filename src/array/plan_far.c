/* Formats of at most 16 bits with exponents far beyond FP32's. */
#include "array/plan.h"
#include "specials.h"

enum {
    FAR_TRAILING = 7,     /* FP32 has all values of 8 bits from 2^FAR_LEAST on, */
    FAR_LEAST = -142,     /* and a target of WORD_TRAILING bits rounds what is less as nothing */
    WORD_TRAILING = 10,   /* or the least there is; */
    FP32_UNDERFLOW = -160 /* FP32 itself does with this. */
};

bool hu_is_far(const struct hu_format *f)
{
    return f->storage_bits == 16 && !hu_is_integer(f) && hu_is_signed(f) && f->trailing_bits >= 1 &&
           f->trailing_bits <= FAR_TRAILING && hu_emin(f) < FP32_UNDERFLOW &&
           hu_emax(f) > FP32_BIAS + 1;
}

/* At random what is far below FP32 would be drawn as what stands for it. */
static bool rounds_alike(const struct plan *p)
{
    const bool random = is_at_random(p);
    switch (p->round) {
    case ROUND_NONE:
        return is_fp32(p->to) && !random;
    case ROUND_TOP:
        return p->to->trailing_bits <= WORD_TRAILING && !random;
    case ROUND_MAGIC:
    case ROUND_INTEGER:
    case ROUND_FP16:
        return true;
    case ROUND_INT32:
    case ROUND_WHOLE:
        return !random;
    default:
        return false;
    }
}

/* The code of 2^EXPONENT. */
static uint32_t power_code(const struct hu_format *f, int exponent)
{
    return (uint32_t)(exponent + f->bias) << f->trailing_bits;
}

bool hu_plan_far(struct plan *p)
{
    const struct hu_format *f = p->from;
    const enum hu_direction direction = p->options.direction;
    const bool to_fp32 = p->round == ROUND_NONE;
    const uint32_t max_finite = (uint32_t)hu_max_finite_code(f);
    const bool directed = direction == HU_TOWARD_POSITIVE || direction == HU_TOWARD_NEGATIVE;
    p->far = (struct far){
        .magnitude = (uint32_t)(hu_width_mask(f) & ~hu_sign_mask(f)),
        .shift = (uint32_t)(FP32_TRAILING - f->trailing_bits),
        .least = power_code(f, to_fp32 ? FP32_UNDERFLOW : FAR_LEAST),
        .most = power_code(f, FP32_BIAS + 1) - 1,
        .base = power_code(f, -FP32_BIAS - FAR_LIFT),
        .special = max_finite + 1,
        .infinity = hu_has_infinity(f) ? max_finite + 1 : 0,
        .sign = (uint32_t)hu_sign_mask(f),
        .sign_shift = 32u - f->width,
        .lone_nan = hu_has_lone_nan(f) ? (uint32_t)hu_lone_nan_code(f) : 0,
        .last = to_fp32 && direction == HU_TIES_TO_AWAY,
        .signs = to_fp32 && directed ? UINT32_C(1) << 31 : 0,
        .payloads = f->specials == HU_SPECIALS_IEEE,
        .odd = to_fp32 && direction == HU_TO_ODD,
        .raises = (to_fp32 || p->round == ROUND_TOP) && p->flags,
    };
    for (int below = 0; below < 2; below++)
        p->far.overflow[below] =
            !to_fp32 ? (255u << FP32_TRAILING) - 1
                     : (uint32_t)hu_round_overflow(p->to, below, &p->options, &(unsigned){0}) &
                           INT32_MAX;
    if (p->far.odd)
        p->load_in = HU_TOWARD_ZERO;
    return rounds_alike(p);
}
