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

bool hu_exact_decimal(struct hu_decimal *out, const struct hu_format *f, uint64_t bits)
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
    return hu_decode(f, bits).class == HU_ZERO || hu_exact_decimal(&decimal, f, bits);
}

size_t hu_shown_print(char out[HU_SHORTEST_TEXT], const struct hu_format *f, uint64_t bits)
{
    struct hu_decimal decimal;
    if (hu_is_integer(f) || !hu_exact_decimal(&decimal, f, bits)) /* an integer has no exponent */
        return hu_shortest_print(out, f, bits);
    size_t sign = hu_decode(f, bits).sign;
    out[0] = '-';
    return sign + hu_decimal_print(out + sign, &decimal);
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
    for (; out->count > 1 && out->digits[out->count - 1] == '0'; out->count--)
        out->exponent++;
    out->digits[out->count] = 0;
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
    mpz_t rest, whole, base;
    mpz_inits(rest, whole, NULL);
    mp_bitcnt_t twos = mpz_scan1(mpq_denref(ratio), 0);
    mpz_tdiv_q_2exp(rest, mpq_denref(ratio), twos);
    mpz_init_set_ui(base, 5);
    mp_bitcnt_t fives = mpz_remove(rest, rest, base), places = twos > fives ? twos : fives;
    bool ends = mpz_cmp_ui(rest, 1) == 0;
    if (ends) {
        mpz_abs(whole, mpq_numref(ratio));
        mpz_ui_pow_ui(rest, 5, places - fives);
        mpz_mul(whole, whole, rest);
        mpz_mul_2exp(whole, whole, places - twos);
        mpz_set_ui(base, 10);
        mp_bitcnt_t tens = mpz_remove(whole, whole, base);
        ends = mpz_sizeinbase(whole, 10) <= HU_SHOWN_DIGITS + 1;
        char text[HU_SHOWN_DIGITS + 3];
        if (ends) {
            mpz_get_str(text, 10, whole);
            ends = strlen(text) <= HU_SHOWN_DIGITS;
        }
        if (ends) {
            strcpy(out->digits, text);
            out->count = (int)strlen(text);
            out->exponent = (int)((long)tens - (long)places);
        }
    }
    mpz_clears(rest, whole, base, NULL);
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
    for (; out->count > 1 && out->digits[out->count - 1] == '0'; out->count--)
        out->exponent++;
    out->digits[out->count] = 0;
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
