#include "block_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { LANES = 16, BYTES = 64, FRACTION = 23, BIAS = 127, TOP = 2 * BIAS };

/* Binades that are told apart by comparing; beyond, tables are as fast. */
enum { FEW = 48 };

/* The biased exponents of 64 values, in whatever order. */
INLINE __m512i exponents_of(const char *at)
{
    const __m512i first = _mm512_set1_epi32(0xff);
    __m512i a = _mm512_srli_epi32(_mm512_loadu_si512(at), 23);
    __m512i b = _mm512_srli_epi32(_mm512_loadu_si512(at + BYTES), 15);
    __m512i c = _mm512_srli_epi32(_mm512_loadu_si512(at + 2 * BYTES), 7);
    __m512i d = _mm512_slli_epi32(_mm512_loadu_si512(at + 3 * BYTES), 1);
    enum { A_WHERE_MASK_ELSE_B = 0xca }; /* vpternlogd's imm8, the mask its first operand */
    __m512i low = _mm512_ternarylogic_epi32(first, a, b, A_WHERE_MASK_ELSE_B);
    __m512i high =
        _mm512_ternarylogic_epi32(_mm512_set1_epi32(0xff0000), c, d, A_WHERE_MASK_ELSE_B);
    return _mm512_ternarylogic_epi32(_mm512_set1_epi32(0xffff), low, high, A_WHERE_MASK_ELSE_B);
}

/* How many of the block's biased exponents are E, and how many E + 1. */
INLINE void count_two(const char *exponents, int e, uint32_t counts[2])
{
    __m512i one = _mm512_set1_epi8((char)e), other = _mm512_set1_epi8((char)(e + 1));
    int64_t ones = 0, others = 0;
    for (size_t i = 0; i < HU_BLOCK; i += BYTES) {
        __m512i some = _mm512_load_si512(exponents + i);
        ones += _mm_popcnt_u64(_mm512_cmpeq_epi8_mask(some, one));
        others += _mm_popcnt_u64(_mm512_cmpeq_epi8_mask(some, other));
    }
    counts[0] += (uint32_t)ones;
    counts[1] += (uint32_t)others;
}

/* Where there are subnormals, the least normal is not known: whether all were met is seen then. */
TARGET bool block_count_avx512(const void *x, const struct hu_block_range *range, uint32_t *counts)
{
    int least = (int)((range->least_nonzero + 1) >> FRACTION);
    int greatest = (int)(range->greatest >> FRACTION);
    bool subnormals = !least;
    if (subnormals)
        least = greatest < FEW ? 1 : greatest - FEW + 1;
    if (greatest - least >= FEW)
        return false;
    _Alignas(64) char exponents[HU_BLOCK];
    for (size_t i = 0; i < HU_BLOCK; i += BYTES)
        _mm512_store_si512(exponents + i, exponents_of((const char *)x + 4 * i));
    for (int e = least; e <= greatest; e += 2)
        count_two(exponents, e, counts + e);
    if (!subnormals)
        return true;
    uint32_t met = 0, zero[2] = {0, 0};
    count_two(exponents, 0, zero);
    for (int e = least; e <= greatest; e++)
        met += counts[e];
    return met + zero[0] == HU_BLOCK;
}

INLINE __m512i field_of(uint32_t exponent)
{
    return _mm512_set1_epi32((int)(exponent << FRACTION));
}

/* What a walk over the block gathers, lane by lane. */
struct gathered {
    __m512i inexact, zeros, subnormals, max_error, max_relative, max_units;
};

/* SMALL: whether one of the results may be subnormal or zero. TINY: whether an error may be a
 * subnormal number; else those in units are found by subtracting exponents. */
INLINE void round_all(struct gathered *g, const struct hu_block_near *b, bool small, bool tiny)
{
    const __m512i magnitude = _mm512_set1_epi32(INT32_MAX), field = field_of(TOP + 1);
    const __m512i least = field_of((uint32_t)(b->emin + BIAS));
    const __m512i room = field_of((uint32_t)(FRACTION - b->trailing_bits));
    const __m512i one = _mm512_set1_epi32(1);
    const float *x = b->x;
    float *errors = b->error, *relatives = b->relative;
    const char *ahead = b->ahead;
    for (size_t i = 0; i < HU_BLOCK; i += LANES) {
        _mm_prefetch(ahead + i * sizeof *x, _MM_HINT_T0);
        __m512i bits = _mm512_loadu_si512(x + i);
        __m512i size = _mm512_and_si512(bits, magnitude);
        __m512i exponent = _mm512_max_epu32(_mm512_and_si512(bits, field), least);
        __m512 power = _mm512_castsi512_ps(_mm512_add_epi32(exponent, room));
        __m512 value = _mm512_castsi512_ps(size);
        __m512 near = _mm512_sub_ps(_mm512_add_ps(value, power), power);
        __m512i code = _mm512_castps_si512(near);
        __m512 error = _mm512_abs_ps(_mm512_sub_ps(near, value));
        __m512i e = _mm512_castps_si512(error);
        __mmask16 nonzero = _mm512_test_epi32_mask(size, size);
        __mmask16 inexact = _mm512_test_epi32_mask(e, e);
        __m512 relative = _mm512_maskz_div_ps(nonzero, error, value);
        exponent = _mm512_max_epu32(_mm512_and_si512(code, field), least);
        __m512i units = _mm512_sub_epi32(e, exponent);
        if (tiny) {
            __m512i half = _mm512_set1_epi32(1 << (FRACTION - 1)), top = field_of(TOP);
            __m512i inverse = _mm512_max_epu32(_mm512_sub_epi32(top, exponent), half);
            units = _mm512_castps_si512(_mm512_mul_ps(error, _mm512_castsi512_ps(inverse)));
            units = _mm512_sub_epi32(units, field_of(BIAS));
        }
        g->inexact = _mm512_mask_add_epi32(g->inexact, inexact, g->inexact, one);
        g->max_error = _mm512_max_epu32(g->max_error, e);
        g->max_relative = _mm512_max_epu32(g->max_relative, _mm512_castps_si512(relative));
        g->max_units = _mm512_mask_max_epi32(g->max_units, inexact, g->max_units, units);
        if (small) {
            __mmask16 some = _mm512_test_epi32_mask(code, code);
            __mmask16 below = _mm512_mask_cmplt_epu32_mask(some, code, least);
            __mmask16 lost = _mm512_mask_testn_epi32_mask(nonzero, code, code);
            g->subnormals = _mm512_mask_add_epi32(g->subnormals, below, g->subnormals, one);
            g->zeros = _mm512_mask_add_epi32(g->zeros, lost, g->zeros, one);
        }
        _mm512_storeu_ps(errors + i, error);
        _mm512_storeu_ps(relatives + i, relative);
    }
}

/* Of each second eight values. */
struct sums {
    __m512d high, low, relative;
};

INLINE void add_squares(struct sums *s, const float *error, const float *relative)
{
    __m512d d = _mm512_cvtps_pd(_mm256_loadu_ps(error));
    __m512d r = _mm512_cvtps_pd(_mm256_loadu_ps(relative));
    __m512d sum = _mm512_fmadd_pd(d, d, s->high);
    s->low = _mm512_add_pd(s->low, _mm512_fmadd_pd(d, d, _mm512_sub_pd(s->high, sum)));
    s->high = sum;
    s->relative = _mm512_fmadd_pd(r, r, s->relative);
}

TARGET static double total(__m512d a, __m512d b)
{
    double of_a[8], of_b[8], sum = 0;
    memcpy(of_a, &a, sizeof of_a);
    memcpy(of_b, &b, sizeof of_b);
    for (int i = 0; i < 8; i++)
        sum += of_a[i] + of_b[i];
    return sum;
}

/* The same operations in the same order as in squares and rough_squares of block_lanes.h. */
INLINE void square_all(struct hu_block_near *b)
{
    int exponent = (int)(b->max_error >> FRACTION) - BIAS;
    __m512d base = _mm512_set1_pd(ldexp(1, 2 * exponent + 14)), none = _mm512_setzero_pd();
    struct sums even = {base, none, none}, odd = {base, none, none};
    const float *error = b->error, *relative = b->relative;
    for (size_t i = 0; i < HU_BLOCK; i += LANES) {
        add_squares(&even, error + i, relative + i);
        add_squares(&odd, error + i + LANES / 2, relative + i + LANES / 2);
    }
    b->noise.high = total(_mm512_sub_pd(even.high, base), _mm512_sub_pd(odd.high, base));
    b->noise.low = total(even.low, odd.low);
    b->noise.exponent = 0;
    b->squares_of_relative = total(even.relative, odd.relative);
}

TARGET bool block_near_avx512(struct hu_block_near *b)
{
    int greatest = (int)(b->range.greatest >> FRACTION) - BIAS;
    int least = (int)((b->range.least_nonzero + 1) >> FRACTION) - BIAS;
    int room = FRACTION - b->trailing_bits;
    if (b->emin < 1 - BIAS || room < 1 || greatest + room > BIAS || b->emin + room > BIAS)
        return false;
    struct gathered g = {.max_units = _mm512_set1_epi32(INT32_MIN)};
    /* Errors are multiples of the least's last place. */
    if (least < 1 - BIAS + FRACTION)
        round_all(&g, b, true, true);
    else if (least < b->emin)
        round_all(&g, b, true, false);
    else
        round_all(&g, b, false, false);
    b->inexact = (uint32_t)_mm512_reduce_add_epi32(g.inexact);
    b->zeros = (uint32_t)_mm512_reduce_add_epi32(g.zeros);
    b->subnormals = (uint32_t)_mm512_reduce_add_epi32(g.subnormals);
    b->max_error = _mm512_reduce_max_epu32(g.max_error);
    b->max_relative = _mm512_reduce_max_epu32(g.max_relative);
    int units = _mm512_reduce_max_epi32(g.max_units);
    b->max_units = b->inexact ? (uint32_t)(units + (BIAS << FRACTION)) : 0;
    if (b->inexact)
        square_all(b);
    return true;
}

#endif
