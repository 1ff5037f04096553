/* The roundings of vectors, by the kinds of array/plan.h; included by the parts. */

/*
 *  31 30        23 22                   0
 *  +-+------------+----------------------+
 *  |S|     E      |          T           |   FP32
 *  +-+------------+---------+------------+
 *  |S|     E      |   T'    |    low     |   ROUND_TOP: a code and what it discards
 *  +-+------------+---------+------------+
 */
INLINE vec round_top(const struct narrow *k, vec x, vec random, bool at_random)
{
    if (at_random)
        return x + (splat(k->low) ^ shift_right(random, 32 - k->drop));
    return x + pick_by_bit(x, k->bit, k->bit_shift, splat(k->add[1]), splat(k->add[0]));
}

/* The same of a step, in fewer operations where no bit is looked at, or only the sign. */
INLINE void round_tops(const struct narrow *k, vec x[4])
{
    if (k->add[0] == k->add[1])
        VECTORS(x[i] += splat(k->add[0]););
    else if (k->odd)
        VECTORS(x[i] |= (x[i] & splat(k->low)) + splat(k->low););
    else if (!k->bit_shift)
        VECTORS(x[i] = add_by_sign(x[i], k->add););
    else
        VECTORS(x[i] = round_top(k, x[i], x[i], false););
}

/* The code at the top of an FP32 word, whatever it is; what it discards is still below. */
INLINE vec narrow_top(const struct narrow *k, vec x, vec random, bool at_random, struct seen *seen,
                      struct found *found)
{
    vec rounded = round_top(k, x, random, at_random), magnitude = x & splat(~SIGN);
    mask finite = above(splat(INFINITE), magnitude);
    see_specials(seen, k, magnitude);
    find(found, is_tiny(k, x, magnitude, random, at_random), keep(finite, x & splat(k->low)),
         shift_right(keep(finite, rounded & splat(~SIGN)), k->drop));
    if (k->saturate)
        rounded =
            smaller(rounded & splat(~SIGN), splat(k->max_code << k->drop)) | (x & splat(SIGN));
    return pick(is_nan(x), x | splat(QUIET), rounded);
}

INLINE vec special_codes(const struct narrow *k, vec x, vec magnitude)
{
    mask negative = below_zero(x);
    vec nan = pick(negative, splat(k->nan[1]), splat(k->nan[0]));
    vec payload = shift_right(magnitude, k->drop) & splat(k->payload);
    vec infinity = pick(negative, splat(k->infinity[1]), splat(k->infinity[0]));
    return pick(above(magnitude, splat(INFINITE)), nan | payload, infinity);
}

/*
 * 2^(e + 23 - t) + x, with e the exponent of x or emin: the sum's unit in the last place is the
 * target's, so the floating-point addition rounds x at it, and below the exponent field of the sum
 * stands x as an integer in that unit. The rounding direction is set (see environment.h); ties away
 * are ties to even after setting the last bit, which moves a tie up and nothing else.
 */
struct magic {
    vec at, power, sum;
};

/* SIGN: of the value, or 0 where no sign is looked at. What is far above the target's range may sum
 * up to infinity. Where VALUE is subnormal, a product and a sum in one operation would take
 * hundreds of cycles on Intel's processors, but not a sum alone. */
INLINE struct magic add_magic(const struct held *h, vec magnitude, vec sign, vec value)
{
    struct magic m;
    m.at = larger_float(magnitude, h->least_normal) & h->infinite;
    m.power = mul_float(m.at | sign, h->scale);
    HOLD(m.power);
    m.sum = add_float(m.power, value);
    return m;
}

INLINE vec magic_code(const struct narrow *k, struct magic m)
{
    return m.sum - m.power + shift_right(m.at - splat(k->least_normal), k->drop);
}

/* The code of a magnitude below LIMIT, where the fraction of the unit that is discarded, in 2^-32,
 * goes up if it is above the random bits; DISCARDED: not NULL; 0 where there is none. FP32's
 * subnormals are below that of any unit. */
INLINE vec code_at_random(const struct narrow *k, vec magnitude, vec random, vec *discarded)
{
    const vec least = splat(k->least_normal >> 23);
    vec field = magnitude >> 23, at = larger(field, least);
    vec significand = (magnitude & splat(k->digits)) | splat(k->digit);
    vec shift = at - field + splat(k->drop);
    vec fraction = shift_left_by(significand, splat(32) - shift) |
                   shift_right_by(significand, shift - splat(32));
    vec kept = shift_right_by(significand, shift);
    *discarded = keep(unequal(magnitude, splat(0)), shift_left_by(kept, shift) ^ significand);
    return kept + shift_left(at - least, 23 - k->drop) +
           keep(above_unsigned(fraction, random), splat(1));
}

/* With whatever the direction asks. The last clause is for codes whose greatest differ by sign:
 * they are seen as if they did not. */
INLINE vec narrow_magic(const struct narrow *k, vec x, vec magnitude, vec random, bool at_random,
                        struct found *found)
{
    vec finite = smaller_float(magnitude, splat(k->limit)), code, discarded;
    if (at_random) {
        code = code_at_random(k, finite, random, &discarded);
    } else {
        vec sign = x & splat(k->signs), value = finite | splat(k->last);
        const struct held h = hold(k);
        struct magic m = add_magic(&h, value, sign, value | sign);
        discarded = (sub_float(m.sum, m.power) & splat(~SIGN)) ^ finite;
        code = magic_code(k, m) | keep(unequal(discarded, splat(0)), splat(k->odd));
    }
    vec told = code;
    if (k->integer) {
        told -=
            keep(below_zero(x) & unequal(code, splat(0)), splat(k->overflow[1] - k->overflow[0]));
        discarded = keep(above(splat(k->max_code + 1), told), discarded);
    }
    find(found, is_tiny(k, x, finite, random, at_random), discarded, told);
    return code;
}

/*
 *  31 30        23 22        16 15       t+1 0
 *  +-+------------+------------+----------+-+
 *  |S|     E      |      0     |    0     | |   narrow_magic's sum, t at most 7
 *  +-+------------+------------+----------+-+
 * The upper half and 2^(7 - t) times the lower are the code in a unit of 2^(7 - t), but for sign
 * and base: a half each, whose shift costs half as much. Halves come in any order that
 * pack_half_bytes and order_halves take.
 */
INLINE half_lanes join_sums(const struct narrow *k, const struct magic *m, bool directed)
{
    const vec bits = splat(directed ? ~SIGN : UINT32_MAX);
    vec sums[2] = {m[0].sum & bits, m[1].sum & bits};
    half_lanes joined = pack_joined(sums, k->join);
    return shift_right_16(joined - splat_16(k->join_base), k->join_shift);
}

/* Of t above 7, the lower half and 2^(t - 7) times the upper, modulo 2^16, in order. */
INLINE half_lanes join_wide_sums(const struct narrow *k, const struct magic *m, bool directed)
{
    const vec bits = splat(directed ? ~SIGN : UINT32_MAX);
    vec joined[2] = {join_halves(m[0].sum & bits, k->join), join_halves(m[1].sum & bits, k->join)};
    return pack_halves(joined) - splat_16(k->join_base);
}

/*
 *  31 30        23 22            t+9 t+8       8 7      0
 *  +-+------------+-----------------+-----------+--------+
 *  |0| E - E(emin)|        0        |     T'    |  part  |   t at most 7
 *  +-+------------+-----------------+-----------+--------+
 * The sum of struct magic eight bits finer, toward zero, less what it is at emin: the lower half
 * and 2^(t + 1) times the upper are the code and a byte of what it discards. Beyond 7 bits of code
 * that saturates at the greatest, whose part goes up or is tied; integers do so here.
 */
INLINE vec finer_sum(const struct narrow *k, vec magnitude)
{
    if (k->integer)
        magnitude = smaller(magnitude, splat(k->finer_most));
    vec at = larger_float(magnitude, splat(k->least_normal)) & splat(k->special);
    vec power = mul_float(at, splat(k->finer_scale));
    return add_float(magnitude, power) - splat(k->finer_base);
}

/* Stochastic rounding of zeros and of magnitudes that the target has as normal numbers, or that
 * are above it. */
INLINE vec narrow_normal(const struct narrow *k, vec magnitude, vec random)
{
    vec finite = smaller(magnitude, splat(k->clamp));
    vec code = shift_right(round_top(k, finite, random, true), k->drop);
    return larger(code, splat(k->rebias)) - splat(k->rebias);
}

/* The same of all finite magnitudes. */
INLINE vec narrow_at_random(const struct narrow *k, vec magnitude, vec random)
{
    vec discarded;
    return code_at_random(k, smaller(magnitude, splat(k->clamp)), random, &discarded);
}

/* Overflow, sign and specials lane by lane. */
INLINE vec narrow_any(const struct narrow *k, vec x, vec random, bool at_random, struct seen *seen,
                      struct found *found)
{
    vec magnitude = x & splat(~SIGN);
    mask special = above(magnitude, splat(INFINITE - 1)), negative = below_zero(x);
    vec finite = pick(special, splat(0), magnitude);
    vec code = narrow_magic(k, x, finite, random, at_random, found);
    code = smaller(code, pick(negative, splat(k->overflow[1]), splat(k->overflow[0])));
    vec sign = keep(negative, splat(k->sign));
    if (!k->negative_zero)
        sign = keep(unequal(code, splat(0)), sign);
    code = k->integer ? pick(negative, splat(0) - code, code) & splat(k->mask) : code | sign;
    see_specials(seen, k, magnitude);
    return pick(special, special_codes(k, x, magnitude), code);
}

/*
 * To a range beyond FP32's on both sides a number's exponent changes its bias, and nothing
 * overflows or is tiny. FP32's subnormals gain a unit of its exponent and lose it again in a
 * subtraction, which is exact; with a FAR_LIFT of their exponents they are normal then.
 */
INLINE vec narrow_far(const struct narrow *k, vec x, vec random, bool at_random, struct seen *seen,
                      struct found *found)
{
    const vec magnitude = x & splat(~SIGN), unit = splat((FAR_LIFT + 1u) << FP32_TRAILING);
    const mask special = above(magnitude, splat(INFINITE - 1)), negative = below_zero(x);
    const vec finite = pick(special, splat(0), magnitude);
    const vec lifted =
        pick(above(splat(k->digit), finite), sub_float(finite + unit, unit) & splat(~SIGN),
             finite + splat((uint32_t)FAR_LIFT << FP32_TRAILING));
    const vec by = k->signs ? x : lifted;
    const vec carry =
        at_random ? splat(k->low) ^ shift_right(random, 32 - k->drop)
                  : pick_by_bit(by, k->bit, k->bit_shift, splat(k->add[1]), splat(k->add[0]));
    vec code = shift_right(lifted + carry, k->drop) -
               splat(k->far_rebias + ((uint32_t)FAR_LIFT << (FP32_TRAILING - k->drop)));
    code = keep(unequal(finite, splat(0)), code);
    find(found, above(splat(0), splat(0)), lifted & splat(k->low), code);
    vec sign = keep(negative, splat(k->sign));
    if (!k->negative_zero)
        sign = keep(unequal(code, splat(0)), sign);
    see_specials(seen, k, magnitude);
    return pick(special, special_codes(k, x, magnitude), code | sign);
}

/*
 * A scale's codes are FP32's exponent field, but for FP32's subnormals: those from 2^-127 on are
 * shifted up to have theirs at the bit where the field begins, and what is below becomes code 0.
 * In bits that is 2x - 2^23, which at 2^-126 is x. The last bit kept is always odd, so that ties go
 * up and rounding to odd goes toward zero.
 */
enum { SCALE_LEAST = 0x00400000, SCALE_LEAST_FP32_NORMAL = 0x00800000 };

/* Quiet NaNs are the only elements without a scale that raise nothing. */
INLINE void see_scale(struct seen *seen, struct found *found, const struct narrow *k, vec magnitude,
                      mask unscaled, vec finite, vec aligned, vec code)
{
    mask quiet = above(magnitude, splat(INFINITE)) & equal(magnitude & splat(QUIET), splat(QUIET));
    vec below = keep(above(splat(SCALE_LEAST), finite), splat(1));
    if (any(unscaled & ~quiet))
        seen->flags |= HU_INVALID;
    found->inexact |= below | (aligned & splat(k->low));
    found->tiny |= below;
    found->code = larger(found->code, code);
}

/* FP32 to a byte of e8m0: zeros of either sign are below every scale, infinity is above; NaNs and
 * what is less than zero have none. */
INLINE vec narrow_scale(const struct narrow *k, vec x, vec random, bool at_random,
                        struct seen *seen, struct found *found)
{
    vec magnitude = x & splat(~SIGN), least = splat(SCALE_LEAST_FP32_NORMAL);
    mask unscaled =
        above(magnitude, splat(INFINITE)) | (below_zero(x) & unequal(magnitude, splat(0)));
    vec finite = pick(unscaled, least, magnitude);
    vec aligned = finite - keep(above(least, finite), least - finite);
    aligned = keep(above(finite, splat(SCALE_LEAST - 1)), aligned);
    vec code = shift_right(round_top(k, aligned, random, at_random), k->drop);
    if (found)
        see_scale(seen, found, k, magnitude, unscaled, finite, aligned, code);
    /* A direction by which FP32's numbers overflow gives the same as infinity. */
    code = pick(above(code, splat(k->max_code)), splat(k->infinity[0]), code);
    return pick(unscaled, splat(k->nan[0]), code);
}
