#include "reference_encode.h"

#include <mpfr.h>

/* ggml's encoders of fp4 under scales of their own (ggml-quants.c, ggml-impl.h), step by step.
 * Shares nothing with the encoders that it judges. */

/* floor(log2(amax)), of a logarithm rounded to fp32. */
static long logarithm(float amax)
{
    mpfr_t x;
    mpfr_init2(x, 24);
    mpfr_set_flt(x, amax, MPFR_RNDN);
    mpfr_log2(x, x, MPFR_RNDN);
    long power = mpfr_get_si(x, MPFR_RNDD);
    mpfr_clear(x);
    return power;
}

static double without_sign(unsigned code)
{
    return code < 8 ? ldexp(code, -9) : ldexp(8 + code % 8, (int)(code / 8) - 10);
}

/* The e4m3 that X goes to: of two the one that is nearer, in the middle the upper one. */
static unsigned code_of_scale(struct work *w, float x)
{
    unsigned code = 0;
    if (x < 0x1p-6f) {
        code = (unsigned)minus(w, times(w, x, 512), -0.5f);
        return code > 7 ? 7 : code;
    }
    for (code = 8; without_sign(code) + without_sign(code + 1) <= 2 * (double)x && code < 120;)
        code++;
    return code == 120 ? 126 : code;
}

static unsigned nearest(struct work *w, float x, float half)
{
    static const float twice[] = {0, 1, 2, 3, 4, 6, 8, 12};
    unsigned best = 0;
    float least = INFINITY;
    for (unsigned code = 0; code < 16; code++) {
        float value = times(w, code & 8 ? -twice[code & 7] : twice[code], half);
        float missed = isinf(value) ? value : minus(w, value, x);
        if (fabsf(missed) < least) {
            least = fabsf(missed);
            best = code;
        }
    }
    return best;
}

static unsigned code_of(struct work *w, float x, float half)
{
    struct hu_options options = w->elements;
    if (half == 0 || !isfinite(x))
        return 0;
    if (options.direction == HU_TIES_TO_EVEN)
        return nearest(w, x, half);
    set_float(w, &w->x, x);
    set_float(w, &w->y, half);
    hu_exact_scale(&w->y, 1);
    hu_exact_divide(&w->y, &w->x, &w->y);
    options.saturate = true;
    unsigned code = (unsigned)hu_exact_round(w->r, hu_format_find("fp4_e2m1"), &w->y, &options);
    return code % 8 ? code : 0;
}

/* LENGTH elements under one scale, their codes at byte AT. */
static void put_codes(struct work *w, const float *x, size_t length, float half,
                      unsigned char *block, size_t at)
{
    for (size_t i = 0; i < length; i++)
        put_bits(block, 8 * (at + i % (length / 2)) + i / (length / 2) * 4, 4,
                 code_of(w, x[i], half));
}

void hu_reference_encode_fp4(struct work *w, const float *x, unsigned char *block)
{
    if (w->b->ggml_type == HU_GGML_MXFP4) {
        float amax = fabsf(farthest(x, 32));
        long code = amax > 0 ? logarithm(amax) - 2 + 127 : 0;
        code = code < 0 ? 0 : code;
        block[0] = (unsigned char)code;
        put_codes(w, x, 32, ldexpf(1, (int)code - 128), block, 1);
        return;
    }
    for (size_t s = 0; s < 4; s++) {
        float amax = fabsf(farthest(x + 16 * s, 16));
        unsigned code = isinf(amax) ? 126 : code_of_scale(w, over(w, amax, 6));
        block[s] = (unsigned char)code;
        put_codes(w, x + 16 * s, 16, (float)(without_sign(code) / 2), block, 4 + 8 * s);
    }
}
