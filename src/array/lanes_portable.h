/* Lanes in GCC's vectors of 16 bytes: SSE2, NEON, or whatever the compiler makes of them. */
#define LANES 4
#define TARGET
#define INLINE static inline __attribute__((always_inline))

typedef uint32_t vec __attribute__((vector_size(16)));
typedef int32_t mask __attribute__((vector_size(16)));
typedef float floats __attribute__((vector_size(16)));
typedef uint16_t eight_halves __attribute__((vector_size(16)));
typedef uint8_t sixteen_bytes __attribute__((vector_size(16)));

INLINE vec splat(uint32_t x)
{
    return (vec){x, x, x, x};
}

INLINE vec lane_numbers(void)
{
    return (vec){0, 1, 2, 3};
}

INLINE vec load(const void *at)
{
    vec v;
    memcpy(&v, at, sizeof v);
    return v;
}

INLINE void store(void *at, vec v)
{
    memcpy(at, &v, sizeof v);
}

INLINE mask above(vec a, vec b)
{
    return (mask)a > (mask)b;
}

INLINE mask equal(vec a, vec b)
{
    return (mask)a == (mask)b;
}

INLINE mask unequal(vec a, vec b)
{
    return ~equal(a, b);
}

INLINE mask below_zero(vec x)
{
    return (mask)x >> 31;
}

INLINE mask is_nan(vec x)
{
    return above(x & splat(0x7fffffff), splat(0x7f800000));
}

INLINE mask both(mask a, mask b)
{
    return a & b;
}

INLINE vec pick(mask m, vec yes, vec no)
{
    return ((vec)m & yes) | (~(vec)m & no);
}

INLINE vec keep(mask m, vec x)
{
    return (vec)m & x;
}

INLINE vec smaller(vec a, vec b)
{
    return pick(above(b, a), a, b);
}

INLINE vec larger(vec a, vec b)
{
    return pick(above(a, b), a, b);
}

INLINE vec shift_right(vec x, uint32_t count)
{
    return x >> count;
}

INLINE vec shift_left(vec x, uint32_t count)
{
    return x << count;
}

INLINE vec add_float(vec a, vec b)
{
    return (vec)((floats)a + (floats)b);
}

INLINE vec sub_float(vec a, vec b)
{
    return (vec)((floats)a - (floats)b);
}

#if defined(__SSE2__)

#include <emmintrin.h>

INLINE bool any(mask m)
{
    return _mm_movemask_epi8((__m128i)m);
}

/* The low halves; sign extension makes packssdw's saturation idle. */
INLINE __m128i low_halves(vec a, vec b)
{
    return _mm_packs_epi32((__m128i)((mask)(a << 16) >> 16), (__m128i)((mask)(b << 16) >> 16));
}

INLINE void store_halves(void *dst, const vec *v)
{
    _mm_storeu_si128(dst, low_halves(v[0], v[1]));
    _mm_storeu_si128((__m128i *)dst + 1, low_halves(v[2], v[3]));
}

INLINE void store_bytes(void *dst, const vec *v)
{
    __m128i low = _mm_packs_epi32((__m128i)v[0], (__m128i)v[1]);
    __m128i high = _mm_packs_epi32((__m128i)v[2], (__m128i)v[3]);
    _mm_storeu_si128(dst, _mm_packus_epi16(low, high));
}

#else

INLINE bool any(mask m)
{
    uint64_t halves[2];
    memcpy(halves, &m, sizeof m);
    return halves[0] | halves[1];
}

INLINE void store_halves(void *dst, const vec *v)
{
    for (int i = 0; i < 4; i++) {
        typedef uint16_t four_halves __attribute__((vector_size(8)));
        four_halves h = __builtin_convertvector(v[i], four_halves);
        memcpy((char *)dst + 8 * i, &h, sizeof h);
    }
}

INLINE void store_bytes(void *dst, const vec *v)
{
    eight_halves halves[2];
    store_halves(halves, v);
    for (int i = 0; i < 2; i++) {
        typedef uint8_t eight_bytes __attribute__((vector_size(8)));
        eight_bytes b = __builtin_convertvector(halves[i], eight_bytes);
        memcpy((char *)dst + 8 * i, &b, sizeof b);
    }
}

#endif

INLINE vec load_halves(const void *at)
{
#if defined(__SSE2__)
    return (vec)_mm_unpacklo_epi16(_mm_loadl_epi64(at), _mm_setzero_si128());
#else
    typedef uint16_t four_halves __attribute__((vector_size(8)));
    four_halves h;
    memcpy(&h, at, sizeof h);
    return __builtin_convertvector(h, vec);
#endif
}

/* Subnormals gain a unit of FP32's exponent and lose it again in a subtraction, which normalizes
 * them. */
INLINE vec from_fp16(vec halves)
{
    vec x = (halves & splat(0x7fff)) << 13;
    vec exponent = x & splat(0x0f800000);
    vec normal = x + splat(112u << 23);
    vec special = x | splat(0x7f800000);
    special |= keep(above(x, splat(0x0f800000)), splat(0x00400000));
    vec subnormal = sub_float(x + splat(113u << 23), splat(113u << 23));
    normal = pick(equal(exponent, splat(0x0f800000)), special, normal);
    normal = pick(equal(exponent, splat(0)), subnormal & splat(0x7fffffff), normal);
    return normal | (halves & splat(0x8000)) << 16;
}
