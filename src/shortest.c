#include "shortest.h"
#include "mpz64.h"
#include "powers.h"
#include "text.h"
#include "wide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The interval around significand * 2^quantum in quarters of the quantum. */
struct interval {
    uint64_t low, middle, high;
    int quantum;
    bool irregular; /* the neighbour below is only half as far away */
    bool closed;    /* the ends round to the datum: its significand is even */
};

static struct interval interval_of(const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    bool power = d.significand == hu_trailing_mask(f) + 1;
    bool irregular = power && d.quantum > hu_quantum_min(f);
    return (struct interval){
        .low = 4 * d.significand - (irregular ? 1 : 2),
        .middle = 4 * d.significand,
        .high = 4 * d.significand + 2,
        .quantum = d.quantum,
        .irregular = irregular,
        .closed = !((hu_is_p3109(f) && !f->trailing_bits ? bits : d.significand) & 1),
    };
}

/* Whether no rational arithmetic is needed for F: its precision and range are within fp64's. */
static bool is_fast(const struct hu_format *f)
{
    return hu_precision(f) <= 53 && hu_quantum_min(f) >= -1074 &&
           hu_emax(f) - f->trailing_bits <= 971;
}

static const char digit_pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233"
    "34353637383940414243444546474849505152535455565758596061626364656667"
    "6869707172737475767778798081828384858687888990919293949596979899";

void hu_decimal_set(struct hu_decimal *out, uint64_t digits, int exponent)
{
    /* Short numbers end in up to 16 zeros: take them away by eight, four, two and one. */
    if (digits % 10 == 0) {
        for (; digits % 100000000 == 0; digits /= 100000000)
            exponent += 8;
        for (; digits % 10000 == 0; digits /= 10000)
            exponent += 4;
        for (; digits % 100 == 0; digits /= 100)
            exponent += 2;
        for (; digits % 10 == 0; digits /= 10)
            exponent++;
    }
    char text[24];
    int at = sizeof text;
    for (; digits >= 100; digits /= 100)
        memcpy(text + (at -= 2), digit_pairs + 2 * (digits % 100), 2);
    if (digits >= 10)
        memcpy(text + (at -= 2), digit_pairs + 2 * digits, 2);
    else
        text[--at] = (char)('0' + digits);
    out->count = (int)sizeof text - at;
    out->exponent = exponent;
    memcpy(out->digits, text + at, (size_t)out->count);
    out->digits[out->count] = 0;
}

/* x * g / 2^128, its last bit set where a fraction above the table's error was cut off. */
static uint64_t scale(struct hu_power g, uint64_t x)
{
    struct hu_wide high = hu_wide_product(g.high, x);
    hu_wide_add(&high, hu_wide_of(hu_wide_product(g.low, x).high));
    return high.high | (high.low > 1);
}

/*
 * Raffaello Giulietti, "The Schubfach way to render doubles" (2020), with g the upper bound of the
 * power by less than one unit in 2^-127. Its section 9 needs p <= 53 and quanta from 2^-1074 to
 * 2^971; the narrower formats' data are among those.
 */
static void shortest_by_schubfach(struct hu_decimal *out, struct interval v)
{
    /* floor(log10 2^q), or of 3/4 2^q: the paper's section 9.2 */
    int k = (v.quantum * 1262611 - (v.irregular ? 524031 : 0)) >> 22;
    int shift = v.quantum + hu_log2_power(-k) + 1;
    struct hu_power g = hu_powers[-k - HU_POWER_MIN];
    bool exact = -k >= 0 && -k <= 55;
    if (!exact && ++g.low == 0)
        g.high++;
    uint64_t low = scale(g, v.low << shift) + !v.closed;
    uint64_t middle = scale(g, v.middle << shift);
    uint64_t high = scale(g, v.high << shift) - !v.closed;

    uint64_t s = middle / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool below = low <= 40 * tens, above = 40 * tens + 40 <= high;
        if (below != above) {
            hu_decimal_set(out, tens + above, k + 1);
            return;
        }
    }
    bool below = low <= 4 * s, above = 4 * s + 4 <= high;
    uint64_t half = 4 * s + 2;
    bool up = below != above ? above : middle > half || (middle == half && (s & 1));
    hu_decimal_set(out, s + up, k);
}

/* Whether digits * 10^exponent lies in the interval; distance := how far from its middle. */
static bool inside(mpq_t distance, struct interval v, const mpz_t digits, int exponent)
{
    mpq_t x, end;
    mpq_inits(x, end, NULL);
    mpz_ui_pow_ui(mpq_numref(x), 10, (unsigned long)abs(exponent));
    if (exponent < 0)
        mpq_inv(x, x);
    mpq_set_z(end, digits);
    mpq_mul(x, x, end);
    hu_mpq_scale(x, x, 2 - v.quantum);
    hu_mpq_set_u64(end, v.low);
    int from_low = mpq_cmp(x, end);
    hu_mpq_set_u64(end, v.high);
    int from_high = mpq_cmp(x, end);
    hu_mpq_set_u64(end, v.middle);
    mpq_sub(distance, x, end);
    mpq_abs(distance, distance);
    mpq_clears(x, end, NULL);
    return v.closed ? from_low >= 0 && from_high <= 0 : from_low > 0 && from_high < 0;
}

/* floor(middle / 4 * 2^quantum / 10^exponent) */
static void floor_at(mpz_t out, struct interval v, int exponent)
{
    mpz_t power;
    mpz_init(power);
    hu_mpz_set_u64(out, v.middle);
    mpz_ui_pow_ui(power, 10, (unsigned long)abs(exponent));
    if (exponent < 0)
        mpz_mul(out, out, power);
    long shift = v.quantum - 2;
    if (shift >= 0)
        mpz_mul_2exp(out, out, (mp_bitcnt_t)shift);
    mpz_t divisor;
    mpz_init_set_ui(divisor, 1);
    if (exponent >= 0)
        mpz_set(divisor, power);
    if (shift < 0)
        mpz_mul_2exp(divisor, divisor, (mp_bitcnt_t)-shift);
    mpz_fdiv_q(out, out, divisor);
    mpz_clears(power, divisor, NULL);
}

/* Of the multiples of 10^exponent beside the middle the one inside, or the closer one. Below the
 * first of them none is tried: 10 at the next exponent down is as short as 1 here. */
static bool try_exponent(mpz_t digits, struct interval v, int exponent)
{
    mpz_t up;
    mpq_t below_distance, above_distance;
    mpz_init(up);
    mpq_inits(below_distance, above_distance, NULL);
    floor_at(digits, v, exponent);
    mpz_add_ui(up, digits, 1);
    bool reached = mpz_sgn(digits);
    bool below = reached && inside(below_distance, v, digits, exponent);
    bool above = reached && inside(above_distance, v, up, exponent);
    int order = mpq_cmp(above_distance, below_distance);
    if (above && (!below || order < 0 || (order == 0 && mpz_odd_p(digits))))
        mpz_set(digits, up);
    mpz_clear(up);
    mpq_clears(below_distance, above_distance, NULL);
    return below || above;
}

void hu_shortest_exact(struct hu_decimal *out, const struct hu_format *f, uint64_t bits)
{
    struct interval v = interval_of(f, bits);
    mpz_t digits;
    mpz_init(digits);
    /* log10 of the datum within one, from above */
    int lead = v.quantum + 62 - __builtin_clzll(v.middle);
    int exponent = (int)((int64_t)lead * 1233 / 4096) + 2;
    while (!try_exponent(digits, v, exponent))
        exponent--;
    while (mpz_divisible_ui_p(digits, 10)) {
        mpz_divexact_ui(digits, digits, 10);
        exponent++;
    }
    out->exponent = exponent;
    mpz_get_str(out->digits, 10, digits);
    out->count = (int)strlen(out->digits);
    mpz_clear(digits);
}

void hu_shortest(struct hu_decimal *out, const struct hu_format *f, uint64_t bits)
{
    if (is_fast(f))
        shortest_by_schubfach(out, interval_of(f, bits));
    else
        hu_shortest_exact(out, f, bits);
}

/* "e-05": at least two digits, as in C and Python. */
static char *print_exponent(char *to, int exponent)
{
    unsigned n = (unsigned)abs(exponent);
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    if (n >= 1000)
        *to++ = (char)('0' + n / 1000);
    if (n >= 100)
        *to++ = (char)('0' + n / 100 % 10);
    memcpy(to, digit_pairs + 2 * (n % 100), 2);
    return to + 2;
}

size_t hu_decimal_print(char *out, const struct hu_decimal *d)
{
    int lead = d->count + d->exponent; /* the point stands behind so many digits */
    char *to = out;
    if (lead < -3 || lead > 16) {
        *to++ = d->digits[0];
        if (d->count > 1)
            *to++ = '.';
        memcpy(to, d->digits + 1, (size_t)d->count - 1);
        to += d->count - 1;
        to = print_exponent(to, lead - 1);
    } else if (lead <= 0) {
        memcpy(to, "0.000", (size_t)(2 - lead));
        to += 2 - lead;
        memcpy(to, d->digits, (size_t)d->count);
        to += d->count;
    } else if (d->exponent >= 0) {
        memcpy(to, d->digits, (size_t)d->count);
        memset(to + d->count, '0', (size_t)d->exponent);
        to += lead;
    } else {
        memcpy(to, d->digits, (size_t)lead);
        to[lead] = '.';
        memcpy(to + lead + 1, d->digits + lead, (size_t)(d->count - lead));
        to += d->count + 1;
    }
    *to = 0;
    return (size_t)(to - out);
}

size_t hu_nan_print(char *out, bool sign, bool signaling, uint64_t payload)
{
    int n = sprintf(out, "%s%snan", sign ? "-" : "", signaling ? "s" : "");
    if (payload)
        n += sprintf(out + n, "(0x%llx)", (unsigned long long)payload);
    return (size_t)n;
}

size_t hu_shortest_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    if (hu_is_nan(d))
        return hu_nan_print(out, d.sign && !hu_has_lone_nan(f), d.class == HU_SIGNALING_NAN,
                            hu_payload(f, d));
    size_t sign = d.sign;
    out[0] = '-';
    if (d.class == HU_INFINITE)
        return sign + (size_t)sprintf(out + sign, "inf");
    if (d.class == HU_ZERO)
        return sign + (size_t)sprintf(out + sign, "0");
    if (hu_is_integer(f))
        return sign + (size_t)sprintf(out + sign, "%llu", (unsigned long long)d.significand);
    struct hu_decimal decimal;
    hu_shortest(&decimal, f, bits & ~hu_sign_mask(f));
    return sign + hu_decimal_print(out + sign, &decimal);
}
