/* What makes FP32 words of elements; and a step of any kind with all that may be asked of it, for
 * the parts that round. */
#include "array/lanes.h"
/* clang-format off */
#include "array/lanes_round.h"
#include "array/lanes_load.h"
#include "array/lanes_stage.h"
#include "array/lanes_random.h"
/* clang-format on */

INLINE bool any_beyond(const vec x[4])
{
    mask beyond = equal(x[0] & splat(~SIGN), splat(INFINITE - 1));
    VECTORS(beyond |= equal(x[i] & splat(~SIGN), splat(INFINITE - 1)););
    return any(beyond);
}

/* Finite numbers of FP64 beyond FP32 overflow where the target's range is FP32's, which it cannot
 * be told from their words; below zero a scale has nothing that could. */
static __attribute__((noinline)) void see_beyond(const void *src, enum round round, unsigned *flags)
{
    for (size_t i = 0; i < STEP; i++) {
        uint64_t x;
        memcpy(&x, (const char *)src + 8 * i, sizeof x);
        uint64_t magnitude = round == ROUND_SCALE ? x : x & INT64_MAX;
        if (magnitude >= FP64_ABOVE_FP32 && magnitude < FP64_INFINITE)
            *flags |= HU_OVERFLOW | HU_INEXACT;
    }
}

#define LOADER(kind, way, ...)                                                                     \
    STAGE(words_##kind, kind, way, ROUND_NONE, STORE_WORDS, NEAREST,                               \
          __VA_ARGS__ store_words(to, x);)

LOADER(tf32, LOAD_TF32)
LOADER(top, LOAD_TOP)
HALF_WORDS(words_half, STORE_WORDS, NULL)
LOADER(int16, LOAD_INT16)
LOADER(int8, LOAD_INT8)
LOADER(int32, LOAD_INT32)
#ifdef LANES_FP16
LOADER(fp16, LOAD_FP16)
LOADER(short, LOAD_SHORT)
#endif
LOADER(near, LOAD_NEAR)
LOADER(away, LOAD_AWAY)
LOADER(fp64_words, LOAD_FP64,
       if (p->flags && !w.integer && p->round != ROUND_MAGIC && p->round != ROUND_INTEGER &&
           any_beyond(x)) see_beyond(from, p->round, &c->raised);)
LOADER(later, LOAD_RANDOM, load_random(p, x, from, &c->random, &c->raised);)

#ifdef LANES_FP16
#define OF_FP16 &words_fp16, &words_short,
#else
#define OF_FP16
#endif
STAGES(loads, OF_FP16 &words_tf32, &words_top, &words_half, &words_int16, &words_int8, &words_int32,
       &words_near, &words_away, &words_fp64_words, &words_later)

/* A step with specials, or with what may raise flags: codes, but of ROUND_TOP words with their
 * codes at the top. Out of line, for it is seldom. */
TARGET void PART(careful_step)(const struct narrow *k, vec v[4], const vec random[4],
                               enum round round, bool at_random, struct seen *seen)
{
    struct found found = {splat(0), splat(0), splat(0)};
    if (round == ROUND_TOP)
        VECTORS(v[i] = narrow_top(k, v[i], random[i], at_random, seen, &found););
    else if (round == ROUND_SCALE)
        VECTORS(v[i] = narrow_scale(k, v[i], random[i], at_random, seen, &found););
    else if (round == ROUND_FAR)
        VECTORS(v[i] = narrow_far(k, v[i], random[i], at_random, seen, &found););
    else
        VECTORS(v[i] = narrow_any(k, v[i], random[i], at_random, seen, &found););
    take_stock(seen, k, &found, at_random);
}
