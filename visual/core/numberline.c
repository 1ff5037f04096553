#include "numberline.h"
#include "allocate.h"
#include "mpz64.h"
#include "operation.h"
#include "scope.h"
#include "text.h"
#include "words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bits kept of centre and width: enough for the finest ulp at the coarsest zoom on a screen. */
enum { KEPT_BITS = 256, WIDTH_BITS = 64 };
/* Binary exponents that linear widths may have: beyond every format of the table at both ends. */
enum { WIDEST = 16500, NARROWEST = -16700 };
/* Octaves on the logarithmic axis. */
static const double fewest_octaves = 1, most_octaves = 36000;

void numberline_init(struct numberline *n)
{
    memset(n, 0, sizeof *n);
    mpq_init(n->center);
    mpq_init(n->half);
    mpq_set_ui(n->half, 1, 1);
    n->log_half = 8;
}

void numberline_clear(struct numberline *n)
{
    mpq_clear(n->center);
    mpq_clear(n->half);
}

/* --- Sizes of rationals --- */

/* floor(log2 |ratio|), or one less. ratio is not zero. */
static long binary_exponent(const mpq_t ratio)
{
    return (long)mpz_sizeinbase(mpq_numref(ratio), 2) - (long)mpz_sizeinbase(mpq_denref(ratio), 2);
}

/* Toward zero, to a multiple of 2^exponent. */
static void truncate_to(mpq_t ratio, long exponent)
{
    hu_mpq_scale(ratio, ratio, -exponent);
    mpz_tdiv_q(mpq_numref(ratio), mpq_numref(ratio), mpq_denref(ratio));
    mpz_set_ui(mpq_denref(ratio), 1);
    hu_mpq_scale(ratio, ratio, exponent);
}

/* log2 of a magnitude that a double may not hold. */
static double log2_ratio(const mpq_t ratio)
{
    long n, d;
    double numerator = mpz_get_d_2exp(&n, mpq_numref(ratio));
    double denominator = mpz_get_d_2exp(&d, mpq_denref(ratio));
    return log2(fabs(numerator) / denominator) + (double)(n - d);
}

static void tidy(struct numberline *n)
{
    n->version++;
    long e = binary_exponent(n->half);
    if (e > WIDEST || e < NARROWEST) {
        mpq_set_ui(n->half, 1, 1);
        e = e > WIDEST ? WIDEST : NARROWEST;
        hu_mpq_scale(n->half, n->half, e);
    }
    truncate_to(n->half, e - WIDTH_BITS);
    truncate_to(n->center, e - KEPT_BITS);
    if (mpq_sgn(n->center) && binary_exponent(n->center) > WIDEST)
        mpq_set_ui(n->center, 0, 1);
}

static double clamp(double x, double least, double most)
{
    return x < least ? least : x > most ? most : x;
}

static void tidy_log(struct numberline *n)
{
    n->version++;
    n->log_half = clamp(n->log_half, fewest_octaves / 2, most_octaves / 2);
    n->log_center = clamp(n->log_center, NARROWEST, WIDEST);
}

/* --- Moving about --- */

static bool is_plain(const struct hu_value *v)
{
    return v->kind == HU_VALUE_FINITE && !hu_value_is_remote(v);
}

static void center_on(struct numberline *n, const struct hu_value *source)
{
    if (!is_plain(source))
        return;
    hu_value_ratio(n->center, source);
    if (mpq_sgn(source->ratio)) {
        n->negative = source->sign;
        n->log_center = log2_ratio(source->ratio);
    }
    tidy_log(n);
}

void numberline_center(struct numberline *n, const struct hu_value *source)
{
    n->free = false;
    n->log_half = 8;
    mpq_set_ui(n->half, 1, 1);
    if (is_plain(source) && mpq_sgn(source->ratio)) {
        mpq_set(n->half, source->ratio);
        hu_mpq_scale(n->half, n->half, -2);
    }
    center_on(n, source);
    tidy(n);
}

void numberline_follow(struct numberline *n, const struct hu_value *source)
{
    if (!n->free)
        numberline_center(n, source);
}

void numberline_set_logarithmic(struct numberline *n, bool logarithmic,
                                const struct hu_value *source)
{
    n->logarithmic = logarithmic;
    n->version++;
    if (!n->free)
        numberline_center(n, source);
}

static void set_scaled(mpq_t out, const mpq_t base, double factor)
{
    RATIO(f);
    mpq_set_d(f, factor);
    mpq_mul(out, base, f);
}

void numberline_pan(struct numberline *n, double share)
{
    RATIO(by);
    n->free = true;
    n->log_center += 2 * share * (n->logarithmic ? n->log_half : 0);
    tidy_log(n);
    if (n->logarithmic)
        return;
    set_scaled(by, n->half, 2 * share);
    mpq_add(n->center, n->center, by);
    tidy(n);
}

void numberline_zoom(struct numberline *n, double factor, double share)
{
    /* The fixed point stands (2 share − 1) half-widths from the centre, before and after. */
    double shift = (share - 0.5) * (1 - 1 / factor);
    numberline_pan(n, shift);
    if (n->logarithmic) {
        n->log_half /= factor;
        tidy_log(n);
        return;
    }
    set_scaled(n->half, n->half, 1 / factor);
    tidy(n);
}

void numberline_show_all(struct numberline *n, const struct hu_format *f)
{
    n->free = true;
    double least = hu_quantum_min(f), most = hu_emax(f) + 1;
    n->log_center = (least + most) / 2;
    n->log_half = (most - least) / 2 + 1;
    tidy_log(n);
    mpq_set_ui(n->center, 0, 1);
    hu_datum_ratio(n->half, f, hu_max_finite_code(f));
    set_scaled(n->half, n->half, 1.0625);
    tidy(n);
}

/* --- Where things lie --- */

static double linear_share(const struct numberline *n, const mpq_t x)
{
    RATIO(away);
    mpq_sub(away, x, n->center);
    mpq_div(away, away, n->half);
    return 0.5 + 0.5 * clamp(mpq_get_d(away), -5, 5);
}

static double log_share(const struct numberline *n, const mpq_t x)
{
    if (!mpq_sgn(x) || (mpq_sgn(x) < 0) != n->negative)
        return n->negative ? 3 : -2;
    double away = (log2_ratio(x) - n->log_center) / n->log_half;
    return 0.5 + 0.5 * clamp(n->negative ? -away : away, -5, 5);
}

static double share_of_ratio(const struct numberline *n, const mpq_t x)
{
    return n->logarithmic ? log_share(n, x) : linear_share(n, x);
}

double numberline_share(const struct numberline *n, const struct hu_value *v)
{
    if (!is_plain(v))
        return v->sign ? -2 : 3;
    RATIO(x);
    hu_value_ratio(x, v);
    return share_of_ratio(n, x);
}

double numberline_share_of(const struct numberline *n, const struct hu_format *f, uint64_t bits)
{
    RATIO(x);
    hu_datum_ratio(x, f, bits);
    return share_of_ratio(n, x);
}

/* The real at SHARE of the stretch. */
static void ratio_at(mpq_t x, const struct numberline *n, double share)
{
    double away = 2 * share - 1;
    if (!n->logarithmic) {
        set_scaled(x, n->half, away);
        mpq_add(x, x, n->center);
        return;
    }
    double exponent = n->log_center + (n->negative ? -away : away) * n->log_half;
    mpq_set_d(x, exp2(exponent - floor(exponent)));
    hu_mpq_scale(x, x, (long)floor(exponent));
    if (n->negative)
        mpq_neg(x, x);
}

static uint64_t round_ratio(const mpq_t x, const struct hu_format *f, enum hu_direction direction)
{
    struct hu_options options = {.direction = direction, .saturate = true};
    VALUE(v);
    mpq_abs(v.ratio, x);
    v.sign = mpq_sgn(x) < 0;
    return hu_value_round(&v, f, &options, NULL);
}

static int compare(const mpq_t x, const struct hu_format *f, uint64_t bits)
{
    RATIO(y);
    hu_datum_ratio(y, f, bits);
    return mpq_cmp(x, y);
}

uint64_t numberline_values(const struct numberline *n, const struct hu_format *f, double from,
                           double to, uint64_t *first, uint64_t *last)
{
    RATIO(low);
    RATIO(high);
    ratio_at(low, n, from);
    ratio_at(high, n, to);
    /* Saturation brings what lies outside the range back in; such ends hold no value. Negative
     * reals are NaN in a scale. */
    if (!hu_is_signed(f) && mpq_sgn(low) < 0)
        mpq_set_ui(low, 0, 1);
    if (!hu_is_signed(f) && mpq_sgn(high) <= 0)
        return 0;
    *first = round_ratio(low, f, HU_TOWARD_POSITIVE);
    *last = round_ratio(high, f, HU_TOWARD_NEGATIVE);
    int64_t from_order = hu_order(f, *first), to_order = hu_order(f, *last);
    bool inside =
        compare(low, f, *first) <= 0 && compare(high, f, *last) >= 0 && to_order >= from_order;
    return inside ? (uint64_t)to_order - (uint64_t)from_order + 1 : 0;
}

/* --- Ticks --- */

static int log_ticks(const struct numberline *n, int wanted, struct tick *ticks)
{
    static const int steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000};
    size_t s = 0;
    while (s + 1 < sizeof steps / sizeof *steps && 2 * n->log_half / steps[s] > wanted)
        s++;
    int count = 0;
    long first = lround(ceil((n->log_center - n->log_half) / steps[s])) * steps[s];
    for (long e = first; e <= n->log_center + n->log_half && count < wanted; e += steps[s]) {
        double away = (double)(e - n->log_center) / n->log_half;
        ticks[count].share = 0.5 + 0.5 * (n->negative ? -away : away);
        snprintf(ticks[count++].text, TICK_TEXT, "%s2%s", n->negative ? "−" : "",
                 superscript((int)e).text);
    }
    return count;
}

static void power_of_ten(mpq_t out, long exponent)
{
    mpz_ui_pow_ui(mpq_numref(out), 10, (unsigned long)(exponent < 0 ? -exponent : exponent));
    mpz_set_ui(mpq_denref(out), 1);
    if (exponent < 0)
        mpq_inv(out, out);
}

/* The least of 1, 2, 5 times a power of ten that is no less than LEAST. */
static void round_step(mpq_t step, const mpq_t least)
{
    long exponent = (long)floor(log2_ratio(least) * 0.30102999566398120);
    static const unsigned leads[] = {1, 2, 5, 10, 20};
    RATIO(lead);
    for (int i = 0; i < 5; i++) {
        power_of_ten(step, exponent);
        mpq_set_ui(lead, leads[i], 1);
        mpq_mul(step, step, lead);
        if (mpq_cmp(step, least) >= 0)
            break;
    }
}

static void tick_text(char *out, const mpq_t at, bool offset)
{
    bool exact;
    OWNED char *shown = with_minus_taken(hu_ratio_shown(at, 3, &exact));
    bool zero = offset && !mpq_sgn(at);
    snprintf(out, TICK_TEXT, "%s%s", offset && mpq_sgn(at) > 0 ? "+" : "", zero ? "source" : shown);
}

static int linear_ticks(const struct numberline *n, const mpq_t base, bool offset, int wanted,
                        struct tick *ticks)
{
    RATIO(step);
    RATIO(at);
    RATIO(place);
    int count = 0;
    set_scaled(at, n->half, 2.0 / wanted);
    round_step(step, at);
    /* The first multiple of step at or right of the left end, counted from base. */
    mpq_sub(at, n->center, n->half);
    mpq_sub(at, at, base);
    mpq_div(at, at, step);
    mpz_cdiv_q(mpq_numref(at), mpq_numref(at), mpq_denref(at));
    mpz_set_ui(mpq_denref(at), 1);
    mpq_mul(at, at, step);
    for (; count < wanted; mpq_add(at, at, step)) {
        mpq_add(place, at, base);
        double share = linear_share(n, place);
        if (share > 1)
            break;
        ticks[count].share = share;
        tick_text(ticks[count++].text, at, offset);
    }
    return count;
}

/* Labels from zero on need more digits than fit where the stretch is this much finer than its
 * distance from zero. */
enum { FINE_BITS = 13 };

int numberline_ticks(const struct numberline *n, const struct hu_value *source, int wanted,
                     struct tick *ticks, bool *offset)
{
    *offset = false;
    wanted = wanted > TICKS_MAX ? TICKS_MAX : wanted < 2 ? 2 : wanted;
    if (n->logarithmic)
        return log_ticks(n, wanted, ticks);
    RATIO(base);
    bool fine =
        mpq_sgn(n->center) && binary_exponent(n->center) - binary_exponent(n->half) > FINE_BITS;
    if (fine && is_plain(source)) {
        *offset = true;
        hu_value_ratio(base, source);
    }
    return linear_ticks(n, base, *offset, wanted, ticks);
}
