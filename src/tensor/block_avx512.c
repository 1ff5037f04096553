#include "block_avx512.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))

enum { LANES = 16, BYTES = 64, FRACTION = 23, BIAS = 127, TOP = 2 * BIAS };

/* Binades that are told apart by comparing; beyond, tables are as fast. */
enum { FEW = 24 };

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

TARGET bool block_count_avx512(const void *x, const struct hu_block_range *range, uint32_t *counts)
{
    int least = (int)((range->least_nonzero + 1) >> FRACTION);
    int greatest = (int)(range->greatest >> FRACTION);
    if (!range->greatest || !least || greatest - least >= FEW)
        return false;
    _Alignas(64) char exponents[HU_BLOCK];
    for (size_t i = 0; i < HU_BLOCK; i += BYTES)
        _mm512_store_si512(exponents + i, exponents_of((const char *)x + 4 * i));
    for (int e = least; e <= greatest; e += 2)
        count_two(exponents, e, counts + e);
    return true;
}

/* What a loop over the block gathers, lane by lane. */
struct gathered {
    __m512i inexact, zeros, subnormals, max_error, max_relative, max_units;
    struct sums {
        __m512d high, low, relative;
    } even, odd; /* of each second eight */
};

INLINE __m512i field_of(uint32_t exponent)
{
    return _mm512_set1_epi32((int)(exponent << FRACTION));
}

/* Errors on their way to their squares: so few that they stay near at hand. */
enum { STRETCH = 256 };
struct stretch {
    _Alignas(64) float errors[STRETCH], relative[STRETCH];
};

/* The squares of eight errors and relative errors to the sums: as in block_lanes.h. */
INLINE void add_squares(struct sums *s, const float *errors, const float *quotients)
{
    __m512d d = _mm512_cvtps_pd(_mm256_load_ps(errors));
    __m512d r = _mm512_cvtps_pd(_mm256_load_ps(quotients));
    __m512d sum = _mm512_fmadd_pd(d, d, s->high);
    s->low = _mm512_add_pd(s->low, _mm512_fmadd_pd(d, d, _mm512_sub_pd(s->high, sum)));
    s->high = sum;
    s->relative = _mm512_fmadd_pd(r, r, s->relative);
}

/* SMALL: whether one of the results may be subnormal or zero. */
INLINE void round_stretch(struct gathered *g, const struct hu_block_near *b, const float *x,
                          struct stretch *s, bool small)
{
    const __m512i magnitude = _mm512_set1_epi32(INT32_MAX), field = field_of(TOP + 1);
    const __m512i least = field_of((uint32_t)(b->emin + BIAS));
    const __m512i room = field_of((uint32_t)(FRACTION - b->trailing_bits));
    const __m512i one = _mm512_set1_epi32(1);
    for (size_t i = 0; i < STRETCH; i += LANES) {
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
        g->inexact = _mm512_mask_add_epi32(g->inexact, inexact, g->inexact, one);
        g->max_error = _mm512_max_epu32(g->max_error, e);
        g->max_relative = _mm512_max_epu32(g->max_relative, _mm512_castps_si512(relative));
        g->max_units = _mm512_mask_max_epi32(g->max_units, inexact, g->max_units,
                                             _mm512_sub_epi32(e, exponent));
        if (small) {
            __mmask16 some = _mm512_test_epi32_mask(code, code);
            __mmask16 below = _mm512_mask_cmplt_epu32_mask(some, code, least);
            __mmask16 lost = _mm512_mask_testn_epi32_mask(nonzero, code, code);
            g->subnormals = _mm512_mask_add_epi32(g->subnormals, below, g->subnormals, one);
            g->zeros = _mm512_mask_add_epi32(g->zeros, lost, g->zeros, one);
        }
        _mm512_store_ps(s->errors + i, error);
        _mm512_store_ps(s->relative + i, relative);
    }
}

INLINE void gather(struct gathered *g, const struct hu_block_near *b, bool small)
{
    struct stretch s;
    struct sums even = g->even, odd = g->odd;
    const char *ahead = b->ahead;
    for (size_t i = 0; i < HU_BLOCK; i += STRETCH) {
        for (size_t k = 0; k < STRETCH; k += LANES)
            _mm_prefetch(ahead + (i + k) * sizeof(float), _MM_HINT_T0);
        round_stretch(g, b, (const float *)b->x + i, &s, small);
        for (size_t k = 0; k < STRETCH; k += LANES) {
            add_squares(&even, s.errors + k, s.relative + k);
            add_squares(&odd, s.errors + k + LANES / 2, s.relative + k + LANES / 2);
        }
    }
    g->even = even;
    g->odd = odd;
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

/*
 * Errors are normal numbers, for they are no less than 2^-23 of the least, so that those in units
 * are found by subtracting exponents.
 * They are at most 2^E, half the unit of the greatest's binade, and multiples of 2^-23 of the
 * least's. Where the two are so near, what is left of each square and the sum of that have 53 bits:
 * all is exact, and so the same that squares finds from the errors' own greatest.
 */
enum { NEAR = 17, LEAST = 1 - BIAS + FRACTION };

INLINE struct hu_block_sum noise_of(const struct gathered *g, __m512d base)
{
    return (struct hu_block_sum){
        total(_mm512_sub_pd(g->even.high, base), _mm512_sub_pd(g->odd.high, base)),
        total(g->even.low, g->odd.low), 0};
}

TARGET bool block_near_avx512(struct hu_block_near *b)
{
    int greatest = (int)(b->range.greatest >> FRACTION) - BIAS;
    int least = (int)((b->range.least_nonzero + 1) >> FRACTION) - BIAS;
    int room = FRACTION - b->trailing_bits;
    int coarsest = greatest > b->emin ? greatest : b->emin;
    int error = coarsest - b->trailing_bits - 1;
    if (!b->range.greatest || least < LEAST || b->emin < -BIAS + 1 || room < 1 ||
        coarsest + room > BIAS || error - least > NEAR)
        return false;
    __m512d base = _mm512_set1_pd(ldexp(1, 2 * error + 14)), none = _mm512_setzero_pd();
    struct gathered g = {.even = {base, none, none},
                         .odd = {base, none, none},
                         .max_units = _mm512_set1_epi32(INT32_MIN)};
    if (least < b->emin)
        gather(&g, b, true);
    else
        gather(&g, b, false);
    b->inexact = (uint32_t)_mm512_reduce_add_epi32(g.inexact);
    b->zeros = (uint32_t)_mm512_reduce_add_epi32(g.zeros);
    b->subnormals = (uint32_t)_mm512_reduce_add_epi32(g.subnormals);
    b->max_error = _mm512_reduce_max_epu32(g.max_error);
    b->max_relative = _mm512_reduce_max_epu32(g.max_relative);
    int units = _mm512_reduce_max_epi32(g.max_units);
    b->max_units = b->inexact ? (uint32_t)(units + (BIAS << FRACTION)) : 0;
    b->noise = noise_of(&g, base);
    b->relative = total(g.even.relative, g.odd.relative);
    return true;
}

#endif
