/* From words as they are, and to those whose tops are codes; FP16 and integers of 32 bits. */
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_store.h"
#include "array/lanes_load.h"
#include "array/lanes_stage.h"
#include "array/lanes_twice.h"
#include "array/lanes_whole.h"
/* clang-format on */

/* FP32's values themselves: NaNs become quiet, and infinities the greatest number where asked. */
TARGET static __attribute__((noinline)) void special_words(vec x[4], bool saturate, unsigned *flags)
{
    VECTORS(vec magnitude = x[i] & splat(~SIGN); mask nan = above(magnitude, splat(INFINITE)),
                                                 infinite = equal(magnitude, splat(INFINITE));
            if (any(nan & unequal(x[i] & splat(QUIET), splat(QUIET)))) *flags |= HU_INVALID;
            if (saturate && any(infinite)) *flags |= HU_OVERFLOW | HU_INEXACT;
            x[i] |= keep(nan, splat(QUIET)); if (saturate) x[i] -= keep(infinite, splat(1)););
}

INLINE void quiet_words(vec x[4], bool saturate, unsigned *flags)
{
    mask special;
    if (saturate) {
        special = above(x[0] & splat(~SIGN), splat(INFINITE - 1));
        VECTORS(special |= above(x[i] & splat(~SIGN), splat(INFINITE - 1)););
    } else {
        special = either_is_nan(x[0], x[1]) | either_is_nan(x[2], x[3]);
    }
    if (__builtin_expect(any(special), 0)) {
        vec copy[4];
        VECTORS(copy[i] = x[i];);
        special_words(copy, saturate, flags);
        VECTORS(x[i] = copy[i];);
    }
}

/* Ties away are toward zero after adding a half, which is toward zero, too; to odd is downward with
 * the last bit that upward has, for one of two neighbours is odd: see set_environment. */
INLINE vec integer_of(vec x, enum hu_direction direction)
{
    const uint32_t half = 0x3f000000, two_to_23 = 0x4b000000, two_to_31 = 0x4f000000;
    vec magnitude = x & splat(~SIGN), added = x;
    if (direction == HU_TIES_TO_AWAY)
        added = add_float(x, (x ^ magnitude) | splat(half));
    vec code = round_integer(added);
    if (direction == HU_TO_ODD) {
        vec opposite = keep(above(splat(two_to_23), magnitude), x) ^ splat(SIGN);
        code |= round_integer(opposite) & splat(1);
    }
    code ^= keep(above(x, splat(two_to_31 - 1)), splat(UINT32_MAX));
    return pick(above(magnitude, splat(INFINITE)), splat(0), code);
}

/* The same without sign: from 2^31 on FP32's numbers are integers. */
INLINE vec unsigned_of(vec x, enum hu_direction direction)
{
    const uint32_t two_to_31 = 0x4f000000, two_to_32 = 0x4f800000;
#ifdef LANES_ROUND_UNSIGNED
    if (direction != HU_TIES_TO_AWAY && direction != HU_TO_ODD)
        return round_unsigned(at_least_float(x, splat(0))); /* which makes zeros of NaNs */
#endif
    x = keep(equal(smaller(x, splat(INFINITE)), x), x); /* NaNs and what is below zero */
    const mask large = above(x, splat(two_to_31 - 1)), beyond = above(x, splat(two_to_32 - 1));
    const vec low = integer_of(sub_float(x, keep(large, splat(two_to_31))), direction);
    return (low + keep(large, splat(SIGN))) | keep(beyond, splat(UINT32_MAX));
}

#define TO_FP32                                                                                    \
    quiet_words(x, saturate, &c->raised);                                                          \
    store_words(to, x);
STAGE(to_fp32, fp32, LOAD_FP32, ROUND_NONE, STORE_32, NEAREST, TO_FP32)

STAGE(bf16_fp32, top, LOAD_TOP, ROUND_NONE, STORE_32, NEAREST,
      if (any_half_above(from, w.sign_shift - 16, 0x7f7f)) quiet_words(x, saturate, &c->raised);
      store_words(to, x);)
STAGE(to_fp64, fp32, LOAD_FP32, ROUND_NONE, STORE_64, NEAREST, quiet_words(x, saturate, &c->raised);
      VECTORS(store_doubles(to + 2 * sizeof(vec) * i, x[i]);))
STAGE(to_int32, fp32, LOAD_FP32, ROUND_INT32, STORE_32, NEAREST,
      if (k.sign) VECTORS(store_vec(to + i * sizeof(vec), integer_of(x[i], direction)););
      else VECTORS(store_vec(to + i * sizeof(vec), unsigned_of(x[i], direction));))

#ifdef LANES_FP16
/* FP32 to FP16 by the hardware, which raises the flags too where ENVIRONMENT_RAISES and keeps NaNs'
 * payloads. Ties away are ties to even after setting the last bit, which moves a tie up and nothing
 * else, but if FINITE is clear makes a NaN of infinity; to odd is one of two neighbours or, where
 * what is raised is to be right, toward zero, the last bit then set where the way back differs. */
INLINE fp16s fp16_of(vec x, enum hu_direction direction, bool raises, bool finite)
{
    if (direction == HU_TIES_TO_AWAY)
        x |= finite ? splat(1) : keep(unequal(x & splat(~SIGN), splat(INFINITE)), splat(1));
#ifdef FP16_NEAREST
    if (direction == HU_TO_ODD && !raises)
        return odd_of_fp16(cvt_fp16(x, FP16_DOWN), cvt_fp16(x, FP16_UP));
#else
    (void)raises;
#endif
    fp16s codes = cvt_fp16(x, FP16_AROUND);
    return direction == HU_TO_ODD ? fp16_to_odd(x, codes) : codes;
}

#define TO_FP16(...) VECTORS(store_fp16(to + i * sizeof(fp16s), __VA_ARGS__);)
#define ANY_TO_FP16(name, kind, load, care)                                                        \
    STAGE(name, kind, load, ROUND_FP16, STORE_16, care,                                            \
          TO_FP16(fp16_of(x[i], direction, raises, false)))
ANY_TO_FP16(to_fp16, fp32, LOAD_FP32, WATCHING)
STAGE(bf16_fp16, top, LOAD_TOP, ROUND_FP16, STORE_16, WATCHING,
      const bool finite = direction == HU_TIES_TO_AWAY &&
                          !any_half_above(from, w.sign_shift - 16, 0x7f7f);
      if (finite) TO_FP16(fp16_of(x[i], direction, raises, true));
      else TO_FP16(fp16_of(x[i], direction, raises, false));)
ANY_TO_FP16(tf32_fp16, tf32, LOAD_TF32, WATCHING)
ANY_TO_FP16(short_fp16, short, LOAD_SHORT, WATCHING)
ANY_TO_FP16(near_fp16, near, LOAD_NEAR, WATCHING)
ANY_TO_FP16(int32_fp16, int32, LOAD_INT32, WATCHING)
#ifdef LANES_ROUNDS
ANY_TO_FP16(fp64_fp16, fp64, LOAD_FP64, DIRECTED)
#elif defined(FP16_NEAREST) /* elsewhere FP64 has an environment of its own */
STAGE(fp64_fp16, fp64, LOAD_FP64, ROUND_FP16, STORE_16, NEAREST,
      TO_FP16(cvt_fp16(x[i], FP16_NEAREST)))
#endif
#endif
HALF_WORDS(half_fp32, STORE_32, quiet_words)

INLINE void top_step(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                     enum store store, enum care care, struct seen *seen)
{
    if (__builtin_expect(any_nan(x), 0))
        take_care(p, x, NULL, ROUND_TOP, seen);
    else if (care == NEAREST)
        VECTORS(x[i] = round_top(k, x[i], splat(0), false););
    else
        round_tops(k, x);
    store_top(k, dst, x, store);
}

/* R: where it is at random, or NULL. */
INLINE void top_watching(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                         struct random *r, enum store store, bool flags, struct seen *seen)
{
    vec random[4];
    if (r)
        random_lanes(random, r);
    if (any_outside(seen, x, flags)) {
        take_care(p, x, r ? random : NULL, ROUND_TOP, seen);
    } else {
        if (flags && !(seen->flags & HU_INEXACT))
            find_inexact(seen, (x[0] | x[1] | x[2] | x[3]) & splat(k->low));
        if (r)
            VECTORS(x[i] = round_top(k, x[i], random[i], true););
        else
            round_tops(k, x);
    }
    store_top(k, dst, x, store);
}

#define TO_TOP(store, care) top_step(p, &k, to, x, store, care, &seen);
STAGE(to_bf16, fp32, LOAD_FP32, ROUND_TOP, STORE_TOP16, NEAREST, TO_TOP(STORE_TOP16, NEAREST))
STAGE(to_tf32, fp32, LOAD_FP32, ROUND_TOP, STORE_TOP32, NEAREST, TO_TOP(STORE_TOP32, NEAREST))
STAGE(to_top, fp32, LOAD_FP32, ROUND_TOP, STORE_ANY, DIRECTED, TO_TOP(store, DIRECTED))
STAGE(to_top_watching, fp32, LOAD_FP32, ROUND_TOP, STORE_ANY, WATCHING,
      top_watching(p, &k, to, x, NULL, store, flags, &seen);)
STAGE(to_top_random, fp32, LOAD_FP32, ROUND_TOP, STORE_ANY, AT_RANDOM,
      top_watching(p, &k, to, x, &c->random, store, flags, &seen);)
STAGE(tf32_bf16, tf32, LOAD_TF32, ROUND_TOP, STORE_TOP16, NEAREST, TO_TOP(STORE_TOP16, NEAREST))

/* Integers with sign, to FP32 to odd or at random, for which the environment is toward zero. */
INLINE vec int32_aside(const struct narrow *k, vec x, vec draw, bool odd)
{
    const vec word = from_integer(x) & splat(~k->low), whole = round_integer(word);
    if (odd)
        return word | keep(unequal(whole, x), splat(1));
    const vec rest = x - whole, magnitude = pick_by_sign(x, -rest, rest);
    const vec field = (word & splat(~SIGN)) >> 23;
    const vec fraction = shift_left_by(magnitude, splat(127 + 23 + 32 - k->drop) - field);
    return word + keep(above_unsigned(fraction, draw), splat(1u << k->drop));
}

INLINE void ints_aside(const struct narrow *k, vec x[4], const void *src, struct random *r,
                       bool odd)
{
    vec draws[4] = {splat(0), splat(0), splat(0), splat(0)};
    if (!odd)
        random_lanes(draws, r);
    VECTORS(x[i] = int32_aside(k, load((const char *)src + sizeof(vec) * i), draws[i], odd););
}

STAGE(int32_fp32, later, LOAD_INT32, ROUND_NONE, STORE_32, NEAREST,
      if (direction == HU_TO_ODD) ints_aside(&k, x, from, NULL, true);
      else ints_aside(&k, x, from, &c->random, false); store_words(to, x))
STAGE(int32_top_random, later, LOAD_INT32, ROUND_TOP, STORE_ANY, AT_RANDOM,
      ints_aside(&k, x, from, &c->random, false);
      store_top(&k, to, x, store))

#define TWICE_TO_TOP(kind, store)                                                                  \
    load_##kind##_twice(&k, &w, x, from);                                                          \
    TO_TOP(store, NEAREST)
STAGE(int32_bf16, later, LOAD_INT32, ROUND_TOP, STORE_TOP16, NEAREST,
      TWICE_TO_TOP(int32, STORE_TOP16))
STAGE(int32_tf32, later, LOAD_INT32, ROUND_TOP, STORE_TOP32, NEAREST,
      TWICE_TO_TOP(int32, STORE_TOP32))
STAGE(fp64_bf16, later, LOAD_FP64, ROUND_TOP, STORE_TOP16, NEAREST, TWICE_TO_TOP(fp64, STORE_TOP16))
STAGE(fp64_tf32, later, LOAD_FP64, ROUND_TOP, STORE_TOP32, NEAREST, TWICE_TO_TOP(fp64, STORE_TOP32))

/* Ties away are told from what was rounded to FP32 as those to even are. */
STAGE(fp64_top, later, LOAD_FP64, ROUND_TOP, STORE_ANY, DIRECTED,
      if (direction == HU_TIES_TO_AWAY) load_fp64_twice(&k, &w, x, from);
      else load_fp64_words(&w, x, from); TO_TOP(store, DIRECTED))
STAGE(near_top, near, LOAD_NEAR, ROUND_TOP, STORE_ANY, DIRECTED, TO_TOP(store, DIRECTED))
STAGE(int32_top, later, LOAD_INT32, ROUND_TOP, STORE_ANY, DIRECTED,
      if (direction == HU_TIES_TO_AWAY) load_int32_twice(&k, &w, x, from);
      else load_int32(&w, x, from); TO_TOP(store, DIRECTED))

#ifdef LANES_FP16

/* FP16 and shorter, whose numbers are all within the range of FP32's tops. */
INLINE void short_to_top(const struct plan *p, const struct narrow *k, void *dst, vec x[4],
                         bool special, enum store store, bool flags, struct seen *seen)
{
    if (__builtin_expect(special, 0)) {
        take_care(p, x, NULL, ROUND_TOP, seen);
    } else {
        if (flags && !(seen->flags & HU_INEXACT))
            find_inexact(seen, (x[0] | x[1] | x[2] | x[3]) & splat(k->low));
        round_tops(k, x);
    }
    store_top(k, dst, x, store);
}

#define SHORT_TO_TOP(store, flags)                                                                 \
    short_to_top(p, &k, to, x, any_half_above(from, w.shift, 0x7bff), store, flags, &seen);
STAGE(fp16_bf16, fp16, LOAD_FP16, ROUND_TOP, STORE_TOP16, NEAREST, TO_TOP(STORE_TOP16, NEAREST))
STAGE(short_bf16, short, LOAD_SHORT, ROUND_TOP, STORE_TOP16, DIRECTED,
      SHORT_TO_TOP(STORE_TOP16, false))
STAGE(short_top_watching, short, LOAD_SHORT, ROUND_TOP, STORE_ANY, WATCHING,
      SHORT_TO_TOP(store, flags))
#endif

#ifdef LANES_FP16
#define OF_HALVES                                                                                  \
    &half_fp32, &to_fp16, &bf16_fp16, &tf32_fp16, &short_fp16, &near_fp16, &int32_fp16,            \
        &fp16_bf16, &short_bf16, &short_top_watching
#else
#define OF_HALVES &half_fp32
#endif
#ifdef FP16_NEAREST
#define OF_FP64 &fp64_fp16,
#else
#define OF_FP64
#endif
#ifdef LANES_DOUBLES_INT32
#define BY_DOUBLES &fp64_int32, &fp64_int32_random,
#else
#define BY_DOUBLES
#endif

/* Of stages for the same the narrower stands before the wider. */
STAGES(rounds, &to_fp32, &bf16_fp32, &to_fp64, &to_int32, &to_whole, &to_whole_random, &fp64_whole,
       &fp64_whole_random, &whole_fp64, BY_DOUBLES &to_bf16, &to_tf32, &to_top, &to_top_watching,
       &to_top_random, &tf32_bf16, &int32_bf16, &int32_tf32, &int32_fp32, &int32_top_random,
       &fp64_bf16, &fp64_tf32, &fp64_top, &near_top, &int32_top, OF_FP64 OF_HALVES)
