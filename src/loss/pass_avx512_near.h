/*
 * The walk of hu_pass_near for one type, in AVX-512's lanes. The file that includes this defines
 * the type's REAL, WORD, IS_FP32, FRACTION and BIAS, NAME(x) for what it makes, and by which names
 * the type's intrinsics go; all these end with this file.
 */

#define TOP (2 * BIAS)
#define WIDTH (BYTES / sizeof(REAL))
#define LEAST_UNITS (IS_FP32 ? INT32_MIN : INT64_MIN)

INLINE __m512i NAME(field_of)(WORD exponent)
{
    return WORDS(set1)((int64_t)(exponent << FRACTION));
}

/* What a walk over the chunk gathers, lane by lane. */
struct NAME(gathered) {
    __m512i inexact, zeros, subnormals, overflows, max_error, max_relative, max_units;
    LANES squares_of_relative[2]; /* of fp64; those of fp32 are taken in fp64 later */
};

/* SMALL: whether one of the results, but for those of zeros, may be subnormal or zero. TINY:
 * whether an error may be a subnormal number; else those in units are found by subtracting
 * exponents. */
struct NAME(case) {
    bool small, tiny, scaled, divided, in_fp32;
};

#if !IS_FP32

/* The quotient X / DIVISOR, rounded once: a first one within two units of its last place, one
 * within one, and a remainder of that, by which the nearest reciprocal puts it right (Markstein,
 * 1990; none is near the type's ends, and the divisor's significand is not all ones, as an fp32).
 */
INLINE __m512d NAME(quotient)(__m512d x, double divisor)
{
    const __m512d d = _mm512_set1_pd(divisor), reciprocal = _mm512_set1_pd(1 / divisor);
    __m512d q = _mm512_mul_pd(x, reciprocal);
    q = _mm512_fmadd_pd(_mm512_fnmadd_pd(q, d, x), reciprocal, q);
    return _mm512_fmadd_pd(_mm512_fnmadd_pd(q, d, x), reciprocal, q);
}

#endif

INLINE void NAME(round_some)(struct NAME(gathered) * g, const struct hu_pass_near *b, size_t i,
                             const struct NAME(case) is)
{
    const bool small = is.small, tiny = is.tiny;
    const __m512i magnitude = WORDS(set1)((int64_t)((WORD)-1 >> 1));
    const __m512i field = NAME(field_of)(TOP + 1), one = WORDS(set1)(1);
    const int scale = is.scaled ? b->scales[i / HU_SCALED] : 0;
    const __m512i least = NAME(field_of)((WORD)(b->emin + scale + BIAS));
    const __m512i room = NAME(field_of)((WORD)(FRACTION - b->trailing_bits));
    _mm_prefetch((const char *)b->ahead + i * sizeof(REAL), _MM_HINT_T0);
    __m512i bits = _mm512_loadu_si512((const REAL *)b->x + i);
    __m512i size = _mm512_and_si512(bits, magnitude);
    LANES whole = TO_REALS(size), value = whole;
#if !IS_FP32
    value = is.divided ? NAME(quotient)(whole, b->divisor) : whole;
#endif
    __m512i exponent = _mm512_and_si512(TO_WORDS(value), field);
    exponent = small ? UNSIGNED(max)(exponent, least) : exponent;
    LANES power = TO_REALS(WORDS(add)(exponent, room));
    LANES near = REALS(sub)(REALS(add)(value, power), power);
    if (is.scaled) {
        __m512i up = NAME(field_of)((WORD)scale);
        __m512i beyond = WORDS(add)(WORDS(set1)((int64_t)b->overflow), up);
        near = REALS(min)(near, TO_REALS(WORDS(add)(WORDS(set1)((int64_t)b->most), up)));
        MASK over = UNSIGNED_MASK(cmpge)(size, beyond);
        g->overflows = WORDS(mask_add)(g->overflows, over, g->overflows, one);
    }
    __m512i code = TO_WORDS(near);
    LANES difference = REALS(abs)(REALS(sub)(near, value)), error = difference;
    if (is.divided) {
        LANES result = REALS(mul)(near, REALS(set1)((REAL)b->divisor));
        error = REALS(abs)(REALS(sub)(result, whole));
    }
    __m512i e = TO_WORDS(error), in_code = TO_WORDS(difference);
    MASK inexact = WORD_MASK(test)(e, e), unequal = WORD_MASK(test)(in_code, in_code);
    LANES relative = REALS(maskz_div)(inexact, error, whole);
#if !IS_FP32
    relative = is.in_fp32 ? _mm512_cvtps_pd(_mm512_cvtpd_ps(relative)) : relative;
#endif
    exponent = _mm512_and_si512(code, field);
    exponent = small ? UNSIGNED(max)(exponent, least) : exponent;
    __m512i units = WORDS(sub)(in_code, exponent);
    if (tiny) {
        __m512i half = WORDS(set1)(INT64_C(1) << (FRACTION - 1)), top = NAME(field_of)(TOP);
        __m512i inverse = UNSIGNED(max)(WORDS(sub)(top, exponent), half);
        units = TO_WORDS(REALS(mul)(difference, TO_REALS(inverse)));
        units = WORDS(sub)(units, NAME(field_of)(BIAS));
    }
    g->inexact = WORDS(mask_add)(g->inexact, inexact, g->inexact, one);
    g->max_error = UNSIGNED(max)(g->max_error, e);
    g->max_relative = UNSIGNED(max)(g->max_relative, TO_WORDS(relative));
    g->max_units = WORDS(mask_max)(g->max_units, unequal, g->max_units, units);
    if (small) {
        MASK some = WORD_MASK(test)(code, code);
        MASK below = UNSIGNED_MASK(mask_cmplt)(some, code, least);
        MASK lost = WORD_MASK(mask_testn)(inexact, code, code);
        g->subnormals = WORDS(mask_add)(g->subnormals, below, g->subnormals, one);
        g->zeros = WORDS(mask_add)(g->zeros, lost, g->zeros, one);
    }
    REALS(storeu)((REAL *)b->error + i, error);
    if (IS_FP32) {
        REALS(storeu)((REAL *)b->relative + i, relative);
    } else {
        LANES *squares = &g->squares_of_relative[i / WIDTH % 2];
        *squares = REALS(add)(*squares, REALS(mul)(relative, relative));
    }
}

INLINE void NAME(round_all)(struct NAME(gathered) * g, const struct hu_pass_near *b,
                            const struct NAME(case) is)
{
    const struct hu_pass_near own = *b; /* nothing points to it: it stays in registers */
    for (size_t i = 0; i < HU_CHUNK; i += 2 * WIDTH) {
        NAME(round_some)(g, &own, i, is);
        NAME(round_some)(g, &own, i + WIDTH, is);
    }
}

/* The same operations in the same order as in squares and rough_squares of pass_lanes.h. */
#if IS_FP32

INLINE void NAME(add_squares)(struct sums *s, const float *error, const float *relative)
{
    __m512d d = _mm512_cvtps_pd(_mm256_loadu_ps(error));
    __m512d r = _mm512_cvtps_pd(_mm256_loadu_ps(relative));
    __m512d sum = _mm512_fmadd_pd(d, d, s->high);
    s->low = _mm512_add_pd(s->low, _mm512_fmadd_pd(d, d, _mm512_sub_pd(s->high, sum)));
    s->high = sum;
    s->relative = _mm512_fmadd_pd(r, r, s->relative);
}

INLINE void NAME(square_all)(struct hu_pass_near *b, const struct NAME(gathered) * g)
{
    int exponent = (int)(b->max_error >> FRACTION) - BIAS;
    __m512d base = _mm512_set1_pd(ldexp(1, 2 * exponent + 14)), none = _mm512_setzero_pd();
    struct sums even = {base, none, none}, odd = {base, none, none};
    const float *error = b->error, *relative = b->relative;
    for (size_t i = 0; i < HU_CHUNK; i += 16) {
        NAME(add_squares)(&even, error + i, relative + i);
        NAME(add_squares)(&odd, error + i + 8, relative + i + 8);
    }
    (void)g;
    b->noise.high = total(_mm512_sub_pd(even.high, base), _mm512_sub_pd(odd.high, base));
    b->noise.low = total(even.low, odd.low);
    b->noise.exponent = 0;
    b->squares_of_relative = total(even.relative, odd.relative);
}

#else

INLINE void NAME(add_squares)(struct sums *s, const double *error, __m512d scale)
{
    __m512d d = _mm512_mul_pd(_mm512_loadu_pd(error), scale), square = _mm512_mul_pd(d, d);
    __m512d sum = _mm512_add_pd(s->high, square);
    __mmask8 safe = _mm512_cmp_pd_mask(square, _mm512_set1_pd(0x1p-800), _CMP_GT_OQ);
    s->low = _mm512_add_pd(s->low, _mm512_sub_pd(square, _mm512_sub_pd(sum, s->high)));
    s->low = _mm512_mask_add_pd(s->low, safe, s->low, _mm512_fmsub_pd(d, d, square));
    s->high = sum;
}

INLINE void NAME(square_all)(struct hu_pass_near *b, const struct NAME(gathered) * g)
{
    int exponent = (int)(b->max_error >> FRACTION) - BIAS;
    exponent = exponent < -1000 ? -1000 : exponent;
    __m512d scale = _mm512_set1_pd(ldexp(1, -exponent));
    __m512d base = _mm512_set1_pd(0x1p14), none = _mm512_setzero_pd();
    struct sums even = {base, none, none}, odd = {base, none, none};
    const double *error = b->error;
    for (size_t i = 0; i < HU_CHUNK; i += 16) {
        NAME(add_squares)(&even, error + i, scale);
        NAME(add_squares)(&odd, error + i + 8, scale);
    }
    b->noise.high = total(_mm512_sub_pd(even.high, base), _mm512_sub_pd(odd.high, base));
    b->noise.low = total(even.low, odd.low);
    b->noise.exponent = 2 * exponent;
    b->squares_of_relative = total(g->squares_of_relative[0], g->squares_of_relative[1]);
}

#endif

TARGET static bool NAME(near)(struct hu_pass_near *b)
{
    int least = (int)((b->range.least_nonzero + 1) >> FRACTION) - BIAS;
    if (!hu_pass_has_room(b, FRACTION, BIAS))
        return false;
    struct NAME(gathered) g = {.max_units = WORDS(set1)(LEAST_UNITS)};
    /* Errors are multiples of the least's last place. */
    bool tiny = least < 1 - BIAS + FRACTION;
    if (b->divisor != 0 && b->in_fp32) {
        NAME(round_all)
        (&g, b, (struct NAME(case)){.small = true, .divided = true, .in_fp32 = true});
    } else if (b->divisor != 0) {
        NAME(round_all)(&g, b, (struct NAME(case)){.small = true, .divided = true});
    } else if (b->scales && tiny) {
        NAME(round_all)(&g, b, (struct NAME(case)){.small = true, .tiny = true, .scaled = true});
    } else if (b->scales) {
        NAME(round_all)(&g, b, (struct NAME(case)){.small = true, .scaled = true});
    } else if (tiny) {
        NAME(round_all)(&g, b, (struct NAME(case)){.small = true, .tiny = true});
    } else if (least < b->emin) {
        NAME(round_all)(&g, b, (struct NAME(case)){.small = true});
    } else {
        NAME(round_all)(&g, b, (struct NAME(case)){.small = false});
    }
    b->inexact = (WORD)WORDS(reduce_add)(g.inexact);
    b->zeros = (WORD)WORDS(reduce_add)(g.zeros);
    b->subnormals = (WORD)WORDS(reduce_add)(g.subnormals);
    b->overflows = (WORD)WORDS(reduce_add)(g.overflows);
    b->max_error = UNSIGNED(reduce_max)(g.max_error);
    b->max_relative = UNSIGNED(reduce_max)(g.max_relative);
    WORD units = (WORD)WORDS(reduce_max)(g.max_units);
    b->max_units = units == (WORD)LEAST_UNITS ? 0 : units + ((WORD)BIAS << FRACTION);
    if (b->inexact)
        NAME(square_all)(b, &g);
    return true;
}

#undef TOP
#undef WIDTH
#undef LEAST_UNITS
#undef NAME
#undef REAL
#undef WORD
#undef IS_FP32
#undef FRACTION
#undef BIAS
#undef MASK
#undef LANES
#undef REALS
#undef WORDS
#undef UNSIGNED
#undef WORD_MASK
#undef UNSIGNED_MASK
#undef TO_REALS
#undef TO_WORDS
