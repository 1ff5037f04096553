/*
 * The walk of block_walk.h over bf16 into blocks of e2m1, sixteen blocks at once, with AVX-512 and
 * its products of bf16. What elements become comes from a table of their leading bits; where it
 * lies half way between two, either will do, as both are as far. The sum of squared errors, of n −
 * x, is the sum of x² and of n² − 2nx: where no element is so small beside the greatest that
 * squares lose bits in fp64, all three are exact, and so is what block_walk_lanes.h adds up in its
 * order. Included by block_walk.c.
 */

#define E2M1 TARGET static inline __attribute__((always_inline))

enum { EACH = 16, BF16_FIELD = 7 };
/* Binades below the greatest magnitude's: what becomes 0 and is still told apart by the table; and
 * where squares, of 16 bits, begin to leave the 53 that a sum of 32 has. */
enum { LOST = 5, EXACT = 15 };

/* Bytes: a page, at which processors stop asking for memory by themselves. */
enum { AHEAD = 4096 };

static bool is_e2m1(const struct hu_block_steps *s)
{
    return s->trailing_bits == 1 && s->below == 2 << 23 && s->most == 1 << 22;
}

/* By exponent, from LOST binades below the scale's own on, and two bits behind the leading one:
 * what it becomes over the power of two that the scale suits, in bf16. */
E2M1 __m512i e2m1_table(void)
{
    enum { O = 0, EIGHTH = 0x3e00, A4TH = 0x3e80, A3_8TH = 0x3ec0, HALF = 0x3f00, A3_4TH = 0x3f40 };
    enum { I = 0x3f80, TOP = 0x3fc0 };
    static const uint16_t table[32] = {
        O,    O,    O,      O,      EIGHTH, EIGHTH, EIGHTH, EIGHTH, EIGHTH, EIGHTH, A4TH,
        A4TH, A4TH, A3_8TH, A3_8TH, HALF,   HALF,   A3_4TH, A3_4TH, I,      I,      TOP,
        TOP,  TOP,  TOP,    TOP,    TOP,    TOP,    TOP,    TOP,    TOP,    TOP,
    };
    return _mm512_loadu_si512(table);
}

/* Of two vectors the parts that STEP, 0 to 3, folds onto each other. */
E2M1 __m512i e2m1_first(__m512i a, __m512i b, int step)
{
    return step == 0   ? _mm512_shuffle_i32x4(a, b, 0x44)
           : step == 1 ? _mm512_shuffle_i32x4(a, b, 0x88)
           : step == 2 ? _mm512_unpacklo_epi64(a, b)
                       : (__m512i)_mm512_shuffle_ps((__m512)a, (__m512)b, 0x88);
}

E2M1 __m512i e2m1_last(__m512i a, __m512i b, int step)
{
    return step == 0   ? _mm512_shuffle_i32x4(a, b, 0xee)
           : step == 1 ? _mm512_shuffle_i32x4(a, b, 0xdd)
           : step == 2 ? _mm512_unpackhi_epi64(a, b)
                       : (__m512i)_mm512_shuffle_ps((__m512)a, (__m512)b, 0xdd);
}

/* Which block comes K-th, so that folding puts them in order. */
E2M1 size_t e2m1_place(size_t k)
{
    return k / 4 + k % 4 * 4;
}

/* Of each of sixteen vectors, in the order of places, what all its lanes come to: sums of fp32, or
 * the greatest of words, which are left in pairs. */
E2M1 __m512i e2m1_folded(__m512i v[EACH], bool adds)
{
    UNROLLED for (int step = 0; step < 4; step++)
    {
        UNROLLED for (int k = 0; k < 8 >> step; k++)
        {
            __m512i a = e2m1_first(v[2 * k], v[2 * k + 1], step);
            __m512i b = e2m1_last(v[2 * k], v[2 * k + 1], step);
            v[k] = adds ? (__m512i)_mm512_add_ps((__m512)a, (__m512)b) : _mm512_max_epu16(a, b);
        }
    }
    return v[0];
}

/* Of sixteen blocks, one a lane: the bits of fp32 of the power of two that its own scale suits, and
 * the other one; the greatest magnitude, and beyond which it overflows; the least that is exact. */
struct e2m1 {
    __m512i scale[2], amax, held, exact;
    __mmask16 some; /* are not all zeros */
    __mmask16 of_other[HU_SCALE_RULES];
};

E2M1 __m512i e2m1_load(const uint16_t *x, size_t block)
{
    return _mm512_and_si512(_mm512_loadu_si512(x + block * WALK_BLOCK),
                            _mm512_set1_epi16(INT16_MAX));
}

/* False: they are to be walked over one element at a time. */
E2M1 bool e2m1_see(const struct hu_block_steps *s, const uint16_t *x, struct e2m1 *of)
{
    const __m512i none = _mm512_setzero_si512(), doubled = _mm512_set1_epi32(DOUBLE);
    const int near = 64 << 23;
    __m512i most[EACH];
    UNROLLED_16 for (size_t k = 0; k < EACH; k++)
    {
        most[k] = e2m1_load(x, e2m1_place(k));
        __builtin_prefetch((const char *)(x + k * WALK_BLOCK) + AHEAD);
    }
    __m512i m = e2m1_folded(most, false);
    m = _mm512_slli_epi32(_mm512_max_epu16(m, _mm512_srli_epi32(m, 16)), 16);
    __m512i fraction = _mm512_and_si512(m, _mm512_set1_epi32(DOUBLE - 1));
    of->some = _mm512_test_epi32_mask(m, m);
    __m512i binade = _mm512_mask_sub_epi32(_mm512_set1_epi32(ONE), of->some, m, fraction);
    if (_mm512_cmpgt_epu32_mask(_mm512_sub_epi32(binade, _mm512_set1_epi32(ONE - near)),
                                _mm512_set1_epi32(2 * near)))
        return false;
    __mmask16 up = _mm512_cmpge_epi32_mask(fraction, _mm512_set1_epi32(s->next_from[s->rule]));
    of->amax = m;
    of->scale[0] = _mm512_mask_add_epi32(binade, up, binade, doubled);
    of->scale[1] = _mm512_mask_mov_epi32(
        _mm512_mask_add_epi32(binade, _mm512_cmpgt_epi32_mask(fraction, none), binade, doubled), up,
        binade);
    of->exact = _mm512_sub_epi32(binade, _mm512_set1_epi32(EXACT << 23));
    of->held = _mm512_add_epi32(of->scale[0], _mm512_set1_epi32(s->held));
    for (int rule = 0; rule < HU_SCALE_RULES; rule++)
        of->of_other[rule] =
            _mm512_cmpge_epi32_mask(fraction, _mm512_set1_epi32(s->next_from[rule])) ^ up;
    return true;
}

/* Each lane's upper half in both. */
E2M1 void e2m1_store_halves(uint32_t to[EACH], __m512i v)
{
    v = _mm512_srli_epi32(v, 16);
    _mm512_storeu_si512(to, _mm512_or_si512(v, _mm512_slli_epi32(v, 16)));
}

/* What the sums are of, of each block: n² − 2nx over the squared scale, of both scales, and x². */
struct e2m1_sums {
    __m512i products[2][EACH];
    __m512d squares[EACH];
};

E2M1 __m512d e2m1_squares(__m512i v)
{
    __m512 even = (__m512)_mm512_slli_epi32(v, 16);
    __m512 odd = (__m512)_mm512_and_si512(v, _mm512_set1_epi32((int)0xffff0000));
    __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(even)), sum = _mm512_mul_pd(a, a);
    a = _mm512_cvtps_pd(_mm512_castps512_ps256(odd));
    sum = _mm512_fmadd_pd(a, a, sum);
    a = _mm512_cvtps_pd(_mm512_extractf32x8_ps(even, 1));
    sum = _mm512_fmadd_pd(a, a, sum);
    a = _mm512_cvtps_pd(_mm512_extractf32x8_ps(odd, 1));
    return _mm512_fmadd_pd(a, a, sum);
}

E2M1 uint32_t e2m1_count(__mmask32 where)
{
    return (uint32_t)_mm_popcnt_u32(where);
}

/* False: some element is too small. */
E2M1 bool e2m1_round(const uint16_t *x, const struct e2m1 *of, struct e2m1_sums *sums,
                     struct counted *c)
{
    const __m512i table = e2m1_table(), unit = _mm512_set1_epi16((127 - LOST) << BF16_FIELD);
    const __m512i minus_two =
        _mm512_set1_epi16((int16_t)(INT16_MIN + ((128 - LOST) << BF16_FIELD)));
    const __m512i lost = _mm512_set1_epi32(LOST << 23), one = _mm512_set1_epi32(1 << 23);
    uint32_t base[2][EACH], held[EACH], cut[EACH], exact[EACH];
    uint32_t differ = 0, lose = 0, overflow = 0, zeros = 0, small = 0;
    for (int k = 0; k < 2; k++)
        e2m1_store_halves(base[k], _mm512_sub_epi32(of->scale[k], lost));
    e2m1_store_halves(cut, _mm512_add_epi32(_mm512_sub_epi32(of->scale[0], lost), one));
    e2m1_store_halves(held, of->held);
    e2m1_store_halves(exact, of->exact);
    for (size_t at = 0; at < EACH; at++) {
        size_t b = e2m1_place(at);
        __m512i v = e2m1_load(x, b), n = table, above = table;
        UNROLLED for (int k = 1; k >= 0; k--)
        {
            above = _mm512_subs_epu16(v, _mm512_set1_epi32((int)base[k][b]));
            n = _mm512_permutexvar_epi16(_mm512_srli_epi16(above, BF16_FIELD - 2), table);
            __m512 sum = _mm512_dpbf16_ps(_mm512_setzero_ps(), (__m512bh)n, (__m512bh)n);
            __m512i y = _mm512_add_epi16(above, minus_two);
            sums->products[k][at] = (__m512i)_mm512_dpbf16_ps(sum, (__m512bh)n, (__m512bh)y);
        }
        sums->squares[b] = e2m1_squares(v);
        zeros += e2m1_count(_mm512_testn_epi16_mask(v, v));
        small += e2m1_count(_mm512_cmplt_epu16_mask(v, _mm512_set1_epi32((int)exact[b])));
        differ += e2m1_count(_mm512_cmpneq_epi16_mask(n, _mm512_add_epi16(above, unit)));
        lose += e2m1_count(_mm512_cmple_epu16_mask(v, _mm512_set1_epi32((int)cut[b])));
        overflow += e2m1_count(_mm512_cmpgt_epu16_mask(v, _mm512_set1_epi32((int)held[b])));
    }
    if (small > zeros)
        return false;
    c->inexact[0] += (int32_t)(differ - zeros);
    c->zeros[0] += (int32_t)(lose - zeros);
    c->overflows[0] += (int32_t)overflow;
    c->saturated[0] += (int32_t)e2m1_count(_mm512_cmpgt_epi32_mask(of->amax, of->held));
    return true;
}

/* Of eight vectors, in order. */
E2M1 __m512d e2m1_totals(const __m512d v[8])
{
    static const unsigned char order[8] = {0, 1, 4, 5, 2, 3, 6, 7}; /* which three steps undo */
    __m512d sums[4];
    UNROLLED for (int k = 0; k < 4; k++)
    {
        __m512d a = v[order[k]], b = v[order[k + 4]];
        sums[k] = _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x44), _mm512_shuffle_f64x2(a, b, 0xee));
    }
    UNROLLED for (int k = 0; k < 4; k += 2) sums[k] = _mm512_add_pd(
        _mm512_unpacklo_pd(sums[k], sums[k + 1]), _mm512_unpackhi_pd(sums[k], sums[k + 1]));
    return _mm512_add_pd(_mm512_shuffle_f64x2(sums[0], sums[2], 0x88),
                         _mm512_shuffle_f64x2(sums[0], sums[2], 0xdd));
}

/* The first or last eight of what is in each lane, in fp64. */
E2M1 __m512d e2m1_half(__m512 v, int half)
{
    return _mm512_cvtps_pd(half ? _mm512_extractf32x8_ps(v, 1) : _mm512_castps512_ps256(v));
}

/* Eight blocks, one after the other. */
E2M1 void e2m1_add(const struct e2m1 *of, const struct e2m1_sums *sums, int half,
                   struct hu_measured *runs, struct counted *c)
{
    double noise[HU_SCALE_RULES][8], own[8], signals[8], amax[8];
    __m512d signal = e2m1_totals(sums->squares + 8 * half), noises[2];
    UNROLLED for (int k = 0; k < 2; k++)
    {
        __m512d scale = e2m1_half((__m512)of->scale[k], half);
        __m512d products = e2m1_half((__m512)sums->products[k][0], half);
        noises[k] = _mm512_fmadd_pd(products, _mm512_mul_pd(scale, scale), signal);
    }
    UNROLLED for (int rule = 0; rule < HU_SCALE_RULES; rule++) _mm512_storeu_pd(
        noise[rule],
        _mm512_mask_blend_pd((__mmask8)(of->of_other[rule] >> 8 * half), noises[0], noises[1]));
    _mm512_storeu_pd(own, noises[0]);
    _mm512_storeu_pd(signals, signal);
    _mm512_storeu_pd(amax, e2m1_half((__m512)of->amax, half));
    double by_rule[HU_SCALE_RULES], all = c->signal;
    memcpy(by_rule, &c->noise, sizeof by_rule);
    UNROLLED for (int b = 0; b < 8; b++)
    {
        UNROLLED for (int rule = 0; rule < HU_SCALE_RULES; rule++) by_rule[rule] += noise[rule][b];
        all += signals[b];
        runs[b] = (struct hu_measured){own[b], signals[b], amax[b]};
    }
    memcpy(&c->noise, by_rule, sizeof by_rule);
    c->signal = all;
}

/* The greatest error of one block, under a scale that suits SCALE. */
E2M1 float e2m1_error(const uint16_t *x, float scale)
{
    float most = 0;
    for (int i = 0; i < WALK_BLOCK; i++) {
        float size = hu_float_of_bits((uint32_t)(x[i] & INT16_MAX) << 16);
        float binade = hu_float_of_bits(hu_bits_of_float(size) & FIELD);
        float power = (binade > scale / 4 ? binade : scale / 4) * 0x1p22F;
        float near = size + power - power, top = scale * 1.5F;
        float error = fabsf((near < top ? near : top) - size);
        most = error > most ? error : most;
    }
    return most;
}

/* Few blocks can have it: no error is greater than half the greatest unit, or than what is cut. */
E2M1 void e2m1_keep_error(const uint16_t *x, const struct e2m1 *of, struct counted *c)
{
    float scale[EACH], most = hu_float_of_bits((uint32_t)c->max_error[0]);
    __m512 own = (__m512)of->scale[0];
    __m512 cut = _mm512_fnmadd_ps(own, _mm512_set1_ps(1.5F), (__m512)of->amax);
    __m512 bound = _mm512_max_ps(_mm512_mul_ps(own, _mm512_set1_ps(0.25F)), cut);
    uint32_t may = _mm512_mask_cmp_ps_mask(of->some, bound, _mm512_set1_ps(most), _CMP_GT_OQ);
    _mm512_storeu_ps(scale, own);
    for (; may; may &= may - 1) {
        int b = __builtin_ctz(may);
        float error = e2m1_error(x + b * WALK_BLOCK, scale[b]);
        most = error > most ? error : most;
    }
    c->max_error[0] = (int32_t)hu_bits_of_float(most);
}

/* Sixteen blocks. False: nothing is done. */
TARGET static bool e2m1_walk(const struct hu_block_steps *s, const void *at,
                             struct hu_measured *runs, struct counted *c)
{
    const uint16_t *x = at;
    struct e2m1 of;
    struct e2m1_sums sums;
    if (!e2m1_see(s, x, &of) || !e2m1_round(x, &of, &sums, c))
        return false;
    for (int k = 0; k < 2; k++)
        sums.products[k][0] = e2m1_folded(sums.products[k], true);
    e2m1_add(&of, &sums, 0, runs, c);
    e2m1_add(&of, &sums, 1, runs + 8, c);
    e2m1_keep_error(x, &of, c);
    return true;
}

#undef E2M1
