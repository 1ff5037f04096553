#include "powers.h"
#include "text.h"
#include "wide.h"

#include <string.h>

/* Decimal numbers into binary at the speed of common text. */

/*
 * digits * 10^exponent (digits nonzero) as the leading 64 bits and a sticky bit, positive. False:
 * 128 bits of the power of ten do not settle it, or exponent is out of the table's range.
 *
 * Lemire, "Number parsing at a gigabyte per second" (2021), but carried to 64 bits and a sticky
 * one, so that every format rounds from it. With g = floor(10^e * 2^s) the true product lies in
 * [w*g, w*g + w), so its leading 64 bits are those of w*g unless adding w carries into them.
 */
static bool decimal_real(uint64_t digits, int exponent, struct hu_real *real)
{
    if (exponent < HU_POWER_MIN || exponent > HU_POWER_MAX)
        return false;
    int lead = __builtin_clzll(digits);
    uint64_t w = digits << lead;
    struct hu_power g = hu_powers[exponent - HU_POWER_MIN];
    struct hu_wide low = hu_wide_product(g.low, w), high = hu_wide_product(g.high, w);
    hu_wide_add(&high, hu_wide_of(low.high));
    /* 192 bits: high, then the lower half of low; the leading one is at 191 or 190. */
    uint64_t leading = high.high;
    struct hu_wide tail = {low.low, high.low};
    int up = !(leading >> 63);
    if (up) {
        leading = leading << 1 | tail.high >> 63;
        hu_wide_add(&tail, tail);
    }
    bool exact = exponent >= 0 && exponent <= 55;
    struct hu_wide sum = tail, error = {w << up, up ? w >> 63 : 0};
    if (!exact && !hu_wide_add(&sum, error))
        return false;
    *real = (struct hu_real){
        .significand = leading,
        .exponent = hu_log2_power(exponent) + 1 - lead - up,
        .sticky = exact ? (tail.low | tail.high) != 0 : true,
    };
    return true;
}

/* Where the carry decides, small quotients are exact: digits / 10^n with 5^n dividing digits. */
static bool exact_quotient(uint64_t digits, int exponent, struct hu_real *real)
{
    if (exponent >= 0 || exponent < -27)
        return false;
    uint64_t power = 1;
    for (int i = 0; i < -exponent; i++)
        power *= 5;
    if (digits % power)
        return false;
    *real = (struct hu_real){.significand = digits / power, .exponent = exponent};
    return true;
}

static bool is_eight_digits(uint64_t chunk)
{
    return !(((chunk + UINT64_C(0x4646464646464646)) | (chunk - UINT64_C(0x3030303030303030))) &
             UINT64_C(0x8080808080808080));
}

/* Eight digits in the order of memory on a little-endian machine, in three multiplications. */
static uint64_t eight_digits(uint64_t chunk)
{
    chunk -= UINT64_C(0x3030303030303030);
    chunk = chunk * 10 + (chunk >> 8);
    uint64_t mask = UINT64_C(0x000000ff000000ff);
    return ((chunk & mask) * UINT64_C(0x000f424000000064) +
            (chunk >> 16 & mask) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* Digits from AT on into *w; returns where they end. */
static const char *scan_digits(const char *at, const char *end, uint64_t *w)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    while (end - at >= 8) {
        uint64_t chunk;
        memcpy(&chunk, at, 8);
        if (!is_eight_digits(chunk))
            break;
        *w = *w * 100000000 + eight_digits(chunk);
        at += 8;
    }
#endif
    for (; at < end && (unsigned)(*at - '0') < 10; at++)
        *w = *w * 10 + (unsigned)(*at - '0');
    return at;
}

/* A plain decimal: sign, at most 19 digits, exponent of at most four digits. False: anything else,
 * which may still be a number. */
static bool read_plain(const char *at, const char *end, bool *negative, uint64_t *w, int *exponent)
{
    *negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    *w = 0;
    *exponent = 0;
    const char *start = at, *point = NULL;
    at = scan_digits(at, end, w);
    long count = at - start;
    if (at < end && *at == '.') {
        point = ++at;
        at = scan_digits(at, end, w);
        *exponent = (int)(point - at);
        count += at - point;
    }
    if (count == 0 || count > 19)
        return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        bool down = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        const char *first = at;
        int e = 0;
        for (; at < end && (unsigned)(*at - '0') < 10 && at - first < 5; at++)
            e = e * 10 + (*at - '0');
        if (at == first || at - first > 4)
            return false;
        *exponent += down ? -e : e;
    }
    return at == end;
}

static bool round_exactly(const char *text, size_t length, const struct hu_format *to,
                          const struct hu_options *options, uint64_t *bits, unsigned *flags,
                          char message[HU_MESSAGE])
{
    struct hu_value v;
    hu_value_init(&v);
    bool good = hu_value_read(&v, text, length, message);
    if (good)
        *bits = hu_value_round(&v, to, options, flags);
    hu_value_clear(&v);
    return good;
}

bool hu_text_round(const char *text, size_t length, const struct hu_format *to,
                   const struct hu_options *options, uint64_t *bits, unsigned *flags,
                   char message[HU_MESSAGE])
{
    static const struct hu_options defaults;
    unsigned ignored = 0;
    if (!options)
        options = &defaults;
    if (!flags)
        flags = &ignored;
    bool negative;
    uint64_t w;
    int exponent;
    struct hu_real real;
    /* 64 bits of the number may be an integer's all, and leave nothing to round by. */
    bool wide = hu_is_integer(to) && to->width > 32;
    if (wide || !read_plain(text, text + length, &negative, &w, &exponent))
        return round_exactly(text, length, to, options, bits, flags, message);
    if (w == 0) {
        *bits = hu_round_zero(to, negative, flags);
        return true;
    }
    if (!decimal_real(w, exponent, &real) && !exact_quotient(w, exponent, &real))
        return round_exactly(text, length, to, options, bits, flags, message);
    real.sign = negative;
    *bits = hu_round(to, real, 0, options, flags);
    return true;
}
