#include "encode_ggml.h"
#include "unpack.h"

/*
 * ggml's reference encoders of more than 32 elements under one scale (ggml-quants.c:
 * quantize_row_q2_K_ref to quantize_row_q8_K_ref, iq4_xs, tq1_0, tq2_0, q1_0, q2_0), to the bit.
 * Sub-blocks find scales and minima of their own, these become small integers under the block's,
 * and then the elements' codes are found anew: only this last step has a direction.
 */
#define FIT_LANES 4
#define FIT static inline __attribute__((always_inline))
#define FIT_WHOLE static
#include "kquants_fit.h"

static const struct ggml_fits plain_fits = {fit_subs, fit_again, fit_points, fit_multiples};

enum { SUBS_MAX = GGML_SUBS };

/* make_qkx2_quants' settings of the types that have minima. */
static const struct ggml_minima types[] = {
    {10, 3, 15, 15, -0.5f, true},
    {12, 15, 63, 20, -1.0f, false},
    {13, 31, 63, 15, -0.5f, false},
};

static const struct ggml_fits *chosen_fits(void)
{
#if defined(__x86_64__)
    const char *kernel = hu_kernel_name(hu_kernel_chosen());
    if (!strcmp(kernel, "avx2") || !strncmp(kernel, "avx512", 6))
        return &hu_ggml_fits_avx2;
#endif
    return &plain_fits;
}

static struct ggml_subs subs_of(const struct ggml_encoding *k, const struct ggml_minima *t)
{
    struct ggml_subs s = {.by = chosen_fits(), .length = k->e->b->sub};
    s.count = GGML_MOST / s.length;
    s.by->subs(k, t, &s);
    return s;
}

/* The codes of sub-block J anew: the nearest of (x + offset) / d from LOW to HIGH, less LOW.
 * Without a scale they stay. */
static void fill_codes(const struct ggml_encoding *k, struct ggml_subs *s, int j, float d,
                       float offset, int low, int high)
{
    const int from = j * s->length;
    if (d == 0)
        return;
    if (k->e->options.elements.direction == HU_TIES_TO_EVEN) {
        s->by->again(k->x + from, s->length, d, offset, low, high, s->q + from);
        return;
    }
    for (int i = from; i < from + s->length; i++)
        s->q[i] =
            (unsigned char)(ggml_within(ggml_directed(k, (k->x[i] + offset) / d, i), low, high) -
                            low);
}

static float greatest(const float *x, int n)
{
    float most = 0;
    for (int i = 0; i < n; i++)
        most = x[i] > most ? x[i] : most;
    return most;
}

/* COUNT bits of Q's N elements from bit SHIFT on, EACH to a byte, in runs of LENGTH: the first run
 * in the lowest bits. */
static void put_runs(const unsigned char *q, int n, int shift, int count, int each, int length,
                     unsigned char *to)
{
    const int mask = (1 << count) - 1;
    for (const unsigned char *end = q + n; q < end; q += each * length)
        for (int i = 0; i < length; i++) {
            int byte = 0;
            for (int run = 0; run < each; run++)
                byte |= (q[run * length + i] >> shift & mask) << run * count;
            *to++ = (unsigned char)byte;
        }
}

static void put_six_bits(const unsigned char *scales, const unsigned char *minima,
                         unsigned char *to)
{
    for (int j = 0; j < 4; j++) {
        to[j] = (unsigned char)(scales[j] | scales[j + 4] >> 4 << 6);
        to[j + 4] = (unsigned char)(minima[j] | minima[j + 4] >> 4 << 6);
        to[j + 8] = (unsigned char)((scales[j + 4] & 15) | minima[j + 4] << 4);
    }
}

void hu_ggml_pack_minima(struct ggml_encoding *k, unsigned char *to)
{
    const struct ggml_minima *t = types;
    while (t->type != k->type)
        t++;
    struct ggml_subs s = subs_of(k, t);
    float most = greatest(s.scale, s.count), least = greatest(s.minimum, s.count);
    float inverse = most > 0 ? (float)t->levels / most : 0,
          inverse_minimum = least > 0 ? (float)t->levels / least : 0;
    unsigned char scales[SUBS_MAX], minima[SUBS_MAX], *halves = to + (t->type == 10 ? 80 : 0);
    ggml_put_fp16(k->e, halves, most / (float)t->levels);
    ggml_put_fp16(k->e, halves + 2, least / (float)t->levels);
    for (int j = 0; j < s.count; j++) {
        scales[j] = (unsigned char)ggml_nearest(inverse * s.scale[j]);
        minima[j] = (unsigned char)ggml_nearest(inverse_minimum * s.minimum[j]);
        if (t->type == 10) {
            to[j] = (unsigned char)(scales[j] | minima[j] << 4);
            scales[j] = to[j] & 15;
            minima[j] = to[j] >> 4;
        }
        scales[j] = scales[j] > 63 ? 63 : scales[j];
        minima[j] = minima[j] > 63 ? 63 : minima[j];
        fill_codes(k, &s, j, unpack_fp16(halves) * scales[j], unpack_fp16(halves + 2) * minima[j],
                   0, t->high);
    }
    if (t->type == 10) {
        put_runs(s.q, GGML_MOST, 0, 2, 4, 32, to + 16);
        return;
    }
    put_six_bits(scales, minima, to + 4);
    put_runs(s.q, GGML_MOST, 0, 4, 2, 32, to + (t->type == 13 ? 48 : 16));
    if (t->type == 13)
        put_runs(s.q, GGML_MOST, 4, 1, 8, 32, to + 16);
}

void hu_ggml_pack_q3_k(struct ggml_encoding *k, unsigned char *to)
{
    struct ggml_subs s = subs_of(k, NULL);
    unsigned char *scales = to + 96;
    float most = ggml_farthest(s.scale, s.count), inverse = -32 / most;
    ggml_put_fp16(k->e, to + 108, most != 0 ? 1 / inverse : 0);
    for (int j = 0; j < s.count; j++) {
        int l =
            most != 0 ? ggml_within((signed char)ggml_nearest(inverse * s.scale[j]), -32, 31) : -32;
        scales[j % 8] |= (unsigned char)((l + 32) % 16 << j / 8 * 4);
        scales[8 + j % 4] |= (unsigned char)((l + 32) / 16 << j / 4 * 2);
        fill_codes(k, &s, j, unpack_fp16(to + 108) * (float)l, 0, -4, 3);
    }
    put_runs(s.q, GGML_MOST, 2, 1, 8, 32, to);
    put_runs(s.q, GGML_MOST, 0, 2, 4, 32, to + 32);
}

void hu_ggml_pack_q6_k(struct ggml_encoding *k, unsigned char *to)
{
    struct ggml_subs s = subs_of(k, NULL);
    float most = ggml_farthest(s.scale, s.count), inverse = -128 / most;
    if (__builtin_fabsf(most) < 1e-15f)
        return;
    ggml_put_fp16(k->e, to + 208, 1 / inverse);
    for (int j = 0; j < s.count; j++) {
        int l = ggml_nearest(inverse * s.scale[j]);
        l = (signed char)(l < 127 ? l : 127);
        to[192 + j] = (unsigned char)l;
        fill_codes(k, &s, j, unpack_fp16(to + 208) * (float)l, 0, -32, 31);
    }
    /* Runs of 64 of the lower bits, of 32 of the upper. */
    put_runs(s.q, GGML_MOST, 0, 4, 2, 64, to);
    put_runs(s.q, GGML_MOST, 4, 2, 4, 32, to + 128);
}

void hu_ggml_pack_q8_k(struct ggml_encoding *k, unsigned char *to)
{
    bool own = k->e->options.elements.direction == HU_TIES_TO_EVEN;
    float most = ggml_farthest(k->x, GGML_MOST), inverse = -127 / most;
    if (most == 0)
        return;
    layout_set_word(to, 32, hu_bits_of_float(1 / inverse));
    signed char q[GGML_MOST];
    for (int i = 0; own && i < GGML_MOST; i++) {
        int nearest = ggml_nearest(inverse * k->x[i]);
        q[i] = (signed char)(nearest < 127 ? nearest : 127);
    }
    for (int i = 0; !own && i < GGML_MOST; i++)
        q[i] = (signed char)ggml_within(ggml_directed(k, inverse * k->x[i], i), -128, 127);
    memcpy(to + 4, q, sizeof q);
    for (int i = 0; i < GGML_MOST; i += 16) {
        int sum = 0;
        for (int n = 0; n < 16; n++)
            sum += q[i + n];
        layout_set_word(to + 260 + i / 8, 16, (uint16_t)sum);
    }
}

/* quantize_row_iq4_nl_impl of eight times 32 elements; the scales of six bits are apart by theirs.
 */
void hu_ggml_pack_iq4_xs(struct ggml_encoding *k, unsigned char *to)
{
    struct ggml_subs s = subs_of(k, NULL);
    const float d = ggml_farthest(s.scale, s.count) / -32, inverse = d ? 1 / d : 0;
    unsigned upper = 0;
    ggml_put_fp16(k->e, to, d);
    for (int j = 0; j < s.count; j++) {
        int l = ggml_within(ggml_nearest(inverse * s.scale[j]), -32, 31), from = j * s.length;
        float by = d * (float)l;
        by = by ? 1 / by : 0;
        if (k->e->options.elements.direction == HU_TIES_TO_EVEN)
            s.by->points(k->x + from, s.length, by, s.q + from);
        else
            for (int i = from; i < from + s.length; i++)
                s.q[i] = (unsigned char)hu_ggml_point(k, by * k->x[i], i);
        to[4 + j / 2] |= (unsigned char)(((l + 32) & 15) << j % 2 * 4);
        upper |= (unsigned)(l + 32) >> 4 << 2 * j;
    }
    layout_set_word(to + 2, 16, upper);
    put_runs(s.q, GGML_MOST, 0, 4, 2, 16, to + 8);
}

/* Whole multiples, from −1 to MOST, of the greatest magnitude, which is returned; −1 is 0. */
static float fill_multiples(const struct ggml_encoding *k, int most, unsigned char *q)
{
    const int n = (int)k->e->b->elements;
    float d = hu_float_of_bits(ggml_greatest_bits(k->x, (uint32_t)n)), inverse = ggml_inverse(d);
    if (k->e->options.elements.direction == HU_TIES_TO_EVEN)
        chosen_fits()->multiples(k->x, n, inverse, most, q);
    else
        for (int i = 0; i < n; i++)
            q[i] =
                (unsigned char)(ggml_within(ggml_directed(k, k->x[i] * inverse, i), -1, most) + 1);
    return d;
}

void hu_ggml_pack_tq2_0(struct ggml_encoding *k, unsigned char *to)
{
    unsigned char q[GGML_MOST];
    ggml_put_fp16(k->e, to + 64, fill_multiples(k, 1, q));
    put_runs(q, GGML_MOST, 0, 2, 4, 32, to);
}

void hu_ggml_pack_q2_0(struct ggml_encoding *k, unsigned char *to)
{
    unsigned char q[64];
    ggml_put_fp16(k->e, to, fill_multiples(k, 2, q));
    put_runs(q, 64, 0, 2, 4, 1, to + 2);
}

/* Whether element I goes to D and not to −D: by its sign to nearest, and toward zero and to odd,
 * which of these two neither is. */
static bool is_upper(const struct ggml_encoding *k, float d, int i)
{
    const struct hu_options *options = &k->e->options.elements;
    float x = k->x[i];
    bool within = __builtin_fabsf(x) < d;
    if (within && options->direction == HU_STOCHASTIC)
        return hu_random(options->seed, k->index + (uint64_t)i) <
               ((double)x + (double)d) / (2 * (double)d) * 0x1p32;
    return within && options->direction == HU_TOWARD_POSITIVE   ? true
           : within && options->direction == HU_TOWARD_NEGATIVE ? false
                                                                : x >= 0;
}

/* The mean magnitude, summed up one after the other, and signs. */
void hu_ggml_pack_q1_0(struct ggml_encoding *k, unsigned char *to)
{
    enum { LENGTH = 128 };
    const bool own = k->e->options.elements.direction == HU_TIES_TO_EVEN;
    float d = 0;
    for (int i = 0; i < LENGTH; i++)
        d += __builtin_fabsf(k->x[i]);
    d /= LENGTH;
    ggml_put_fp16(k->e, to, d);
    for (int i = 0; i < LENGTH; i += 32) {
        uint32_t upper = 0;
        for (int n = 0; n < 32; n++)
            upper |= (uint32_t)(own ? k->x[i + n] >= 0 : is_upper(k, d, i + n)) << n;
        layout_set_word(to + 2 + i / 8, 32, upper);
    }
}

/* Five digits of base 3, the first the highest, as a fraction of 256. */
static unsigned char fraction(const unsigned char *q, int stride, int digits)
{
    unsigned n = 0;
    for (int i = 0; i < 5; i++)
        n = 3 * n + (i < digits ? q[i * stride] : 0);
    return (unsigned char)((n * 256 + 242) / 243);
}

void hu_ggml_pack_tq1_0(struct ggml_encoding *k, unsigned char *to)
{
    unsigned char q[GGML_MOST];
    ggml_put_fp16(k->e, to + 52, fill_multiples(k, 1, q));
    for (int i = 0; i < 32; i++)
        to[i] = fraction(q + i, 32, 5);
    for (int i = 0; i < 16; i++)
        to[32 + i] = fraction(q + 160 + i, 16, 5);
    for (int i = 0; i < 4; i++)
        to[48 + i] = fraction(q + 240 + i, 4, 4);
}
