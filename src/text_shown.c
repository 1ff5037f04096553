/* How a value is shown to people. */
#include "operation.h"
#include "shortest.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * m * 2^q as digits * 10^exponent without zeros at their end, where the digits are at most
 * HU_SHOWN_DIGITS. With m odd they are m * 5^-q for q < 0; for q > 0 the fives of m make tens of as
 * many twos, and (m / 5^k) * 2^(q-k) is left.
 */
static bool exact_digits(uint64_t m, int q, uint64_t *digits, int *exponent)
{
    const uint64_t bound = UINT64_C(100000000000000000); /* 10^17 */
    int zeros = __builtin_ctzll(m);
    m >>= zeros;
    q += zeros;
    *exponent = q < 0 ? q : 0;
    for (; q > 0 && m % 5 == 0; q--, (*exponent)++)
        m /= 5;
    unsigned factor = q < 0 ? 5 : 2;
    for (int n = q < 0 ? -q : q; n > 0 && m < bound; n--)
        m = m > bound / factor ? bound : m * factor;
    *digits = m;
    return m < bound;
}

/* The exact decimal of a finite nonzero datum's magnitude. False: there is none, or it has more
 * than HU_SHOWN_DIGITS significant digits. */
static bool exact_decimal(struct hu_decimal *out, const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    uint64_t digits;
    if (!hu_is_finite(d) || d.class == HU_ZERO ||
        !exact_digits(d.significand, d.quantum, &digits, &out->exponent))
        return false;
    hu_decimal_set(out, digits, out->exponent);
    return true;
}

bool hu_is_shown_exactly(const struct hu_format *f, uint64_t bits)
{
    struct hu_decimal decimal;
    return hu_decode(f, bits).class == HU_ZERO || exact_decimal(&decimal, f, bits);
}

size_t hu_shown_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits)
{
    struct hu_decimal decimal;
    if (hu_is_integer(f) || !exact_decimal(&decimal, f, bits)) /* an integer has no exponent */
        return hu_shortest_print(out, f, bits);
    size_t sign = hu_decode(f, bits).sign;
    out[0] = '-';
    return sign + hu_decimal_print(out + sign, &decimal);
}

/* Without zeros at the end of its digits. */
static void strip_zeros(struct hu_decimal *d)
{
    for (; d->count > 1 && d->digits[d->count - 1] == '0'; d->count--)
        d->exponent++;
    d->digits[d->count] = 0;
}

/* The first COUNT significant digits of TEXT, a positive decimal without an exponent. */
static void take_digits(struct hu_decimal *out, const char *text, int count)
{
    const char *point = strchr(text, '.');
    int whole = (int)(point ? point - text : (long)strlen(text)), seen = 0;
    out->count = out->exponent = 0;
    for (const char *at = text; *at && out->count < count; at++) {
        if (*at == '.')
            continue;
        seen++;
        if (out->count || *at != '0')
            out->digits[out->count++] = *at;
    }
    out->exponent = whole - seen;
    strip_zeros(out);
}

size_t hu_bound_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits)
{
    if (!hu_is_finite(hu_decode(f, bits)) || hu_is_shown_exactly(f, bits))
        return hu_shown_print(out, f, bits);
    char *exact = hu_datum_exact(f, bits), message[HU_MESSAGE];
    bool negative = *exact == '-';
    size_t length = 0;
    /* So many digits always read back: C23 section 5.2.5.3.3's DECIMAL_DIG. */
    int most = hu_max_digits10(f);
    for (int count = 1; count <= most; count++) {
        struct hu_decimal decimal;
        uint64_t back;
        take_digits(&decimal, exact + negative, count);
        out[0] = '-';
        length = negative + hu_decimal_print(out + negative, &decimal);
        if (hu_text_round(out, length, f, NULL, &back, NULL, message) && back == bits)
            break;
    }
    free(exact);
    return length;
}

/* A decimal with at most HU_SHOWN_DIGITS digits that ends; else OUT is untouched. */
static bool ratio_digits(struct hu_decimal *out, const mpq_t ratio)
{
    mpz_t whole, ten;
    mp_bitcnt_t places;
    char text[HU_SHOWN_DIGITS + 3];
    mpz_init(whole);
    mpz_init_set_ui(ten, 10);
    bool ends = hu_ratio_ends(whole, &places, ratio);
    mp_bitcnt_t tens = mpz_remove(whole, whole, ten);
    mpz_abs(whole, whole);
    ends = ends && mpz_sizeinbase(whole, 10) <= HU_SHOWN_DIGITS + 1 &&
           strlen(mpz_get_str(text, 10, whole)) <= HU_SHOWN_DIGITS;
    if (ends) {
        strcpy(out->digits, text);
        out->count = (int)strlen(text);
        out->exponent = (int)((long)tens - (long)places);
    }
    mpz_clears(whole, ten, NULL);
    return ends;
}

/* RATIO rounded to DIGITS, at most HU_SHOWN_DIGITS. */
static void round_digits(struct hu_decimal *out, const mpq_t ratio, int digits)
{
    char *text = hu_ratio_scientific(ratio, digits, false);
    const char *at = text + (*text == '-');
    for (out->count = 0; *at != 'e'; at++)
        if (*at != '.')
            out->digits[out->count++] = *at;
    out->exponent = atoi(at + 1) - out->count + 1;
    strip_zeros(out);
    free(text);
}

char *hu_ratio_shown(const mpq_t ratio, int digits, bool *exact)
{
    struct hu_decimal decimal;
    *exact = true;
    if (!mpq_sgn(ratio))
        return hu_ratio_exact(ratio);
    if (!ratio_digits(&decimal, ratio)) {
        *exact = false;
        round_digits(&decimal, ratio, digits);
    }
    char *out = malloc(HU_SHORTEST_TEXT);
    if (!out)
        abort();
    out[0] = '-';
    hu_decimal_print(out + (mpq_sgn(ratio) < 0), &decimal);
    return out;
}
