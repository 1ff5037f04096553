/* Steps of four vectors, and their ways to memory; included by lanes.h. */

enum { STEP = 4 * LANES };

#define UNUSED __attribute__((unused))

static inline size_t bytes_of_step(const struct hu_format *f)
{
    return f->storage_bits * (size_t)LANES / 2;
}

/* For each vector i of a step, or each first of two: written out, so that they are registers at
 * every level of optimization. */
#define STEP_PART(number, ...)                                                                     \
    {                                                                                              \
        enum { i = number };                                                                       \
        __VA_ARGS__                                                                                \
    }
#define PAIRS(...)                                                                                 \
    do {                                                                                           \
        STEP_PART(0, __VA_ARGS__)                                                                  \
        STEP_PART(2, __VA_ARGS__)                                                                  \
    } while (0)
#define VECTORS(...)                                                                               \
    do {                                                                                           \
        STEP_PART(0, __VA_ARGS__)                                                                  \
        STEP_PART(1, __VA_ARGS__)                                                                  \
        STEP_PART(2, __VA_ARGS__)                                                                  \
        STEP_PART(3, __VA_ARGS__)                                                                  \
    } while (0)

typedef int32_t ints __attribute__((vector_size(sizeof(vec))));
typedef float reals __attribute__((vector_size(sizeof(vec))));

#ifdef LANES_FP16
INLINE void store_fp16(void *at, fp16s codes)
{
    memcpy(at, &codes, sizeof codes);
}
#endif

INLINE mask is_nan(vec x)
{
    return either_is_nan(x, x);
}

#ifndef LANES_MASKED
/* Of all 32 bits. */
INLINE mask above_unsigned(vec a, vec b)
{
    return unequal(smaller(a, b), a);
}

/* X, or where M A - B, or X with the bits of MORE. */
INLINE vec sub_float_where(mask m, vec x, vec a, vec b)
{
    return pick(m, sub_float(a, b), x);
}

INLINE vec or_where(mask m, vec x, vec more)
{
    return x | keep(m, more);
}

INLINE vec with_sign_of(vec x, vec other)
{
    return (x & splat(INT32_MAX)) | (other & splat(UINT32_C(1) << 31));
}

INLINE bool any_bit(vec x)
{
    return any((mask)x);
}

INLINE vec add_by_sign(vec x, const uint32_t add[2])
{
    return x + pick_by_sign(x, splat(add[1]), splat(add[0]));
}

/* yes where x has BIT, which SHIFT makes the sign */
INLINE vec pick_by_bit(vec x, uint32_t bit, uint32_t shift, vec yes, vec no)
{
    (void)bit;
    return pick_by_sign(shift_left(x, shift), yes, no);
}

/* As the tops of words, after a shift. */
INLINE vec load_tops(const void *at, uint32_t shift)
{
    return shift_left(load_halves(at), shift + 16);
}
#endif

/* Integers with sign as FP32, in the environment's direction. */
INLINE vec from_integer(vec x)
{
    return (vec) __builtin_convertvector((ints)x, reals);
}

/* Bytes ahead of the loads that are asked for, towards the second-level cache: enough for the
 * latency of memory, and within reach of what is there already; and where one stretch is read after
 * the other, which the processor does of itself. */
enum { AHEAD = 1024, SHORT_AHEAD = 256 };

INLINE void fetch_ahead(const void *at, size_t bytes, size_t ahead)
{
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch((const void *)((uintptr_t)at + ahead + i), 0, 2);
}

/*
 * Where a row that goes past the caches takes its elements, GRANULE of them at I in the order of
 * time: from WAYS stretches in turn, so that as many pages of memory are open at once (the order of
 * glibc's memcpy of large blocks; a third faster than one after the other on Sapphire Rapids).
 */
enum { WAYS = 4, STRETCH = 1 << 14 };

INLINE size_t turn(size_t i, size_t n, size_t granule)
{
    const size_t round = WAYS * STRETCH;
    if (i >= n / round * round)
        return i;
    size_t number = i % round / granule;
    return i / round * round + number % WAYS * STRETCH + number / WAYS * granule;
}

/* A whole number of vectors, past the caches. */
INLINE void stream_out(void *dst, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += sizeof(vec))
        stream((char *)dst + i, load((const char *)from + i));
}

#define SIGN UINT32_C(0x80000000)
#define INFINITE UINT32_C(0x7f800000)
#define QUIET UINT32_C(0x00400000)

/* What a step works with, HELD: compilers make constants anew at each use, which takes as long as
 * the use. */
struct held {
    vec magnitude, infinite, least_normal, scale;
};

INLINE vec held_vec(uint32_t x)
{
    vec v = splat(x);
    HOLD(v);
    return v;
}

INLINE struct held hold(const struct narrow *k)
{
    return (struct held){held_vec(~SIGN), held_vec(INFINITE), held_vec(k->least_normal),
                         held_vec(k->scale)};
}

INLINE half_lanes held_16(uint32_t x)
{
    half_lanes v = splat_16(x);
    HOLD(v);
    return v;
}
