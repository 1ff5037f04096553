#include "operation.h"
#include "shortest.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *hu_direction_name(enum hu_direction direction)
{
    static const char *const names[] = {"rne", "rna", "rtz", "rup", "rdn", "rto", "stochastic"};
    return names[direction];
}

size_t hu_bits_print(char out[HU_BITS_TEXT], const struct hu_format *f, uint64_t bits)
{
    static const char hexadecimal[] = "0123456789abcdef";
    int digits = (f->width + 3) / 4;
    out[0] = '0';
    out[1] = 'x';
    for (int i = 0; i < digits; i++)
        out[2 + i] = hexadecimal[bits >> 4 * (digits - 1 - i) & 15];
    out[2 + digits] = 0;
    return (size_t)(2 + digits);
}

static void print_binary(char *out, uint64_t bits, int digits)
{
    for (int i = 0; i < digits; i++)
        out[i] = (char)('0' + (bits >> (digits - 1 - i) & 1));
    out[digits] = 0;
}

void hu_fields_print(struct hu_fields_text *out, const struct hu_format *f, uint64_t bits)
{
    print_binary(out->sign, hu_sign_of(f, bits), hu_is_signed(f));
    print_binary(out->exponent, hu_biased_exponent(f, bits), f->exponent_bits);
    print_binary(out->significand, hu_trailing_significand(f, bits), f->trailing_bits);
}

/* In IEEE 754-2019 section 7's order. */
static const struct {
    unsigned flag;
    const char *name;
} flag_rows[] = {{HU_INVALID, "invalid"},
                 {HU_DIVIDE_BY_ZERO, "divide_by_zero"},
                 {HU_OVERFLOW, "overflow"},
                 {HU_UNDERFLOW, "underflow"},
                 {HU_INEXACT, "inexact"}};

unsigned hu_flag(int index)
{
    return flag_rows[index].flag;
}

const char *hu_flag_name(int index)
{
    return index < (int)(sizeof flag_rows / sizeof *flag_rows) ? flag_rows[index].name : NULL;
}

size_t hu_flags_print(char out[HU_FLAGS_TEXT], unsigned flags)
{
    char *to = out;
    for (int i = 0; hu_flag_name(i); i++)
        if (flags & hu_flag(i))
            to += sprintf(to, "%s%s", to == out ? "" : ",", hu_flag_name(i));
    if (to == out)
        *to++ = '-';
    *to = 0;
    return (size_t)(to - out);
}

_Static_assert((int)HU_HEX_TEXT >= (int)HU_SHORTEST_TEXT, "specials are printed by the other");

size_t hu_hex_print(char out[HU_HEX_TEXT], const struct hu_format *f, uint64_t bits)
{
    struct hu_datum d = hu_decode(f, bits);
    if (!hu_is_finite(d))
        return hu_shortest_print(out, f, bits);
    const char *sign = d.sign ? "-" : "";
    if (d.class == HU_ZERO)
        return (size_t)sprintf(out, "%s0x0p+0", sign);
    int lead = 63 - __builtin_clzll(d.significand);
    int exponent = d.quantum + lead;
    uint64_t fraction = lead ? d.significand << (64 - lead) : 0;
    int n = sprintf(out, "%s0x1%s", sign, fraction ? "." : "");
    for (; fraction; fraction <<= 4)
        n += sprintf(out + n, "%x", (unsigned)(fraction >> 60));
    n += sprintf(out + n, "p%+d", exponent);
    return (size_t)n;
}

static char *allocate(size_t n)
{
    char *text = malloc(n);
    if (!text)
        abort();
    return text;
}

/* NUMERATOR * 10^-PLACES, positional, without zeros at the end of a fraction. */
static char *positional(const mpz_t numerator, size_t places)
{
    char *digits = mpz_get_str(NULL, 10, numerator);
    const char *from = digits + (*digits == '-');
    size_t n = strlen(from);
    char *out = allocate(n + places + 4), *to = out;
    if (*digits == '-')
        *to++ = '-';
    if (n <= places) {
        to += sprintf(to, "0.");
        memset(to, '0', places - n);
        to += places - n;
        memcpy(to, from, n + 1);
        to += n;
    } else {
        memcpy(to, from, n - places);
        to += n - places;
        if (places)
            *to++ = '.';
        memcpy(to, from + n - places, places + 1);
        to += places;
    }
    free(digits);
    if (places) {
        while (to[-1] == '0')
            to--;
        if (to[-1] == '.')
            to--;
        *to = 0;
    }
    return out;
}

/* n / (2^a 5^b) = n 2^(m-a) 5^(m-b) / 10^m with m = max(a, b) */
bool hu_ratio_ends(mpz_t whole, mp_bitcnt_t *places, const mpq_t ratio)
{
    mp_bitcnt_t twos = mpz_scan1(mpq_denref(ratio), 0);
    mpz_t five;
    mpz_init_set_ui(five, 5);
    mpz_tdiv_q_2exp(whole, mpq_denref(ratio), twos);
    mp_bitcnt_t fives = mpz_remove(whole, whole, five);
    bool ends = mpz_cmp_ui(whole, 1) == 0;
    *places = twos > fives ? twos : fives;
    mpz_ui_pow_ui(whole, 5, *places - fives);
    mpz_mul_2exp(whole, whole, *places - twos);
    mpz_mul(whole, whole, mpq_numref(ratio));
    mpz_clear(five);
    return ends;
}

char *hu_ratio_exact(const mpq_t ratio)
{
    if (!mpq_sgn(ratio))
        return strcpy(allocate(2), "0");
    mpz_t whole;
    mp_bitcnt_t places;
    mpz_init(whole);
    char *text = hu_ratio_ends(whole, &places, ratio) ? positional(whole, places)
                                                      : mpq_get_str(NULL, 10, ratio);
    mpz_clear(whole);
    return text;
}

char *hu_datum_exact(const struct hu_format *f, uint64_t bits)
{
    mpq_t ratio;
    mpq_init(ratio);
    hu_datum_ratio(ratio, f, bits);
    char *text = hu_ratio_exact(ratio);
    if (!mpq_sgn(ratio) && hu_decode(f, bits).sign) {
        free(text);
        text = strcpy(allocate(3), "-0");
    }
    mpq_clear(ratio);
    return text;
}

static char *remote_exact(const struct hu_value *v)
{
    bool ten = mpz_sgn(v->power10);
    char *digits = mpz_get_str(NULL, ten ? 10 : 16, mpq_numref(v->ratio));
    char *power = mpz_get_str(NULL, 10, ten ? v->power10 : v->power2);
    char *out = allocate(strlen(digits) + strlen(power) + 8);
    sprintf(out, "%s%s%s%c%s", v->sign ? "-" : "", ten ? "" : "0x", digits, ten ? 'e' : 'p', power);
    free(digits);
    free(power);
    return out;
}

static char *special_exact(const struct hu_value *v)
{
    char *out = allocate(HU_SHORTEST_TEXT);
    if (v->kind == HU_VALUE_INFINITE)
        return strcpy(out, v->sign ? "-inf" : "inf");
    hu_nan_print(out, v->sign, v->signaling, v->payload);
    return out;
}

char *hu_value_exact(const struct hu_value *v)
{
    if (v->kind != HU_VALUE_FINITE)
        return special_exact(v);
    if (hu_value_is_remote(v))
        return remote_exact(v);
    char *magnitude = hu_ratio_exact(v->ratio);
    if (!v->sign)
        return magnitude;
    char *out = allocate(strlen(magnitude) + 2);
    sprintf(out, "-%s", magnitude);
    free(magnitude);
    return out;
}

/* The exponent of ratio's leading decimal digit; ratio is positive. */
static long decimal_exponent(const mpq_t ratio)
{
    long guess =
        (long)mpz_sizeinbase(mpq_numref(ratio), 10) - (long)mpz_sizeinbase(mpq_denref(ratio), 10);
    mpz_t left, right;
    mpz_inits(left, right, NULL);
    /* sizeinbase may say one too many, and the quotient may fall short of its power of ten. */
    for (long e = guess + 1;; e--) {
        mpz_ui_pow_ui(left, 10, (unsigned long)labs(e));
        if (e >= 0) {
            mpz_mul(right, left, mpq_denref(ratio));
            mpz_set(left, mpq_numref(ratio));
        } else {
            mpz_mul(left, left, mpq_numref(ratio));
            mpz_set(right, mpq_denref(ratio));
        }
        if (mpz_cmp(left, right) >= 0) {
            mpz_clears(left, right, NULL);
            return e;
        }
    }
}

/* round-half-even(|ratio| * 10^power) */
static void scaled_integer(mpz_t out, const mpq_t ratio, long power)
{
    mpz_t n, d, r;
    mpz_inits(n, d, r, NULL);
    mpz_abs(n, mpq_numref(ratio));
    mpz_set(d, mpq_denref(ratio));
    mpz_ui_pow_ui(r, 10, (unsigned long)labs(power));
    mpz_mul(power >= 0 ? n : d, power >= 0 ? n : d, r);
    mpz_fdiv_qr(out, r, n, d);
    mpz_mul_2exp(r, r, 1);
    int half = mpz_cmp(r, d);
    if (half > 0 || (half == 0 && mpz_odd_p(out)))
        mpz_add_ui(out, out, 1);
    mpz_clears(n, d, r, NULL);
}

char *hu_ratio_scientific(const mpq_t ratio, int digits, bool plus)
{
    char *out = allocate((size_t)digits + 32);
    if (!mpq_sgn(ratio))
        return strcpy(out, "0");
    mpq_t magnitude;
    mpz_t integer;
    mpq_init(magnitude);
    mpz_init(integer);
    mpq_abs(magnitude, ratio);
    long exponent = decimal_exponent(magnitude);
    scaled_integer(integer, magnitude, digits - 1 - exponent);
    char *text = mpz_get_str(NULL, 10, integer);
    exponent += (long)strlen(text) - digits; /* 9.99 became 10.0 */
    sprintf(out, "%s%c%s%.*se%c%02ld",
            mpq_sgn(ratio) < 0 ? "-"
            : plus             ? "+"
                               : "",
            text[0], digits > 1 ? "." : "", digits - 1, text + 1, exponent < 0 ? '-' : '+',
            labs(exponent));
    free(text);
    mpz_clear(integer);
    mpq_clear(magnitude);
    return out;
}
