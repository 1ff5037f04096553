#include "mpz64.h"
#include "names.h"
#include "operation.h"
#include "text.h"
#include "word_list.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Text that is being read; at moves toward end. What is refused is told of in the message. */
struct cursor {
    const char *at, *end, *text;
    char *message;
};

/* Magnitudes beyond 10^±POWER10_FAR or 2^±POWER2_FAR are remote: the widest exponent field reaches
 * 2^16384 and 2^-16442. */
enum { POWER10_FAR = 5500, POWER2_FAR = 18000, QUOTED = 48 };

static bool at_end(const struct cursor *c)
{
    return c->at == c->end;
}

static bool take(struct cursor *c, const char *token)
{
    size_t n = strlen(token);
    if ((size_t)(c->end - c->at) < n || strncasecmp(c->at, token, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* "TEXT" with what a terminal should not see escaped, cut when it is long. */
static void quote(char out[4 * QUOTED + 8], const char *text, size_t length)
{
    char *to = out;
    *to++ = '"';
    for (size_t i = 0; i < length && i < QUOTED; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            to += sprintf(to, "\\x%02x", c);
        else
            *to++ = (char)c;
    }
    strcpy(to, length > QUOTED ? "…\"" : "\"");
}

static bool refuse(const struct cursor *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(const struct cursor *c, const char *format, ...)
{
    char quoted[4 * QUOTED + 8], why[HU_SUGGESTION + 64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    quote(quoted, c->text, (size_t)(c->end - c->text));
    snprintf(c->message, HU_MESSAGE, "%s %s", quoted, why);
    return false;
}

static bool is_digit(int base, char c)
{
    return base == 16 ? isxdigit((unsigned char)c) != 0 : c >= '0' && c < '0' + base;
}

/* Digits of BASE into OUT without the '_' between them; counts those behind a point. */
static size_t take_digits(struct cursor *c, int base, char *out, long *fraction)
{
    size_t n = 0;
    bool point = false;
    for (; c->at < c->end; c->at++) {
        char digit = *c->at;
        bool groups = digit == '_' && n > 0 && is_digit(base, c->at[-1]);
        if (groups && c->at + 1 < c->end && is_digit(base, c->at[1]))
            continue;
        if (digit == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(base, digit))
            break;
        out[n++] = digit;
        *fraction += point;
    }
    out[n] = 0;
    return n;
}

/* An exponent behind its letter. */
static bool take_exponent(struct cursor *c, mpz_t exponent)
{
    bool negative = take(c, "-");
    if (!negative)
        take(c, "+");
    char *digits = malloc((size_t)(c->end - c->at) + 1);
    if (!digits)
        abort();
    size_t n = 0;
    while (c->at < c->end && isdigit((unsigned char)*c->at))
        digits[n++] = *c->at++;
    digits[n] = 0;
    if (n)
        mpz_set_str(exponent, digits, 10);
    free(digits);
    if (negative)
        mpz_neg(exponent, exponent);
    return n > 0;
}

/* ratio = mantissa * 10^power, canonical, without a general gcd. */
static void scale_by_ten(mpq_t ratio, long power)
{
    if (power >= 0) {
        mpz_t ten;
        mpz_init(ten);
        mpz_ui_pow_ui(ten, 10, (unsigned long)power);
        mpz_mul(mpq_numref(ratio), mpq_numref(ratio), ten);
        mpz_clear(ten);
        return;
    }
    mpz_t five;
    mpz_init_set_ui(five, 5);
    unsigned long k = (unsigned long)-power;
    unsigned long fives = mpz_remove(mpq_numref(ratio), mpq_numref(ratio), five);
    if (fives > k) {
        mpz_ui_pow_ui(five, 5, fives - k);
        mpz_mul(mpq_numref(ratio), mpq_numref(ratio), five);
        fives = k;
    }
    mpz_ui_pow_ui(mpq_denref(ratio), 5, k - fives);
    mpz_clear(five);
    mpq_div_2exp(ratio, ratio, k);
}

/* ratio * 10^power10 * 2^power2 with the powers folded in unless they are remote. */
static void fold(mpq_t ratio, mpz_t power10, mpz_t power2)
{
    if (!mpq_sgn(ratio)) {
        mpz_set_ui(power10, 0);
        mpz_set_ui(power2, 0);
        return;
    }
    mpz_t lead;
    mpz_init(lead);
    if (mpz_sgn(power10)) {
        mpz_add_ui(lead, power10, mpz_sizeinbase(mpq_numref(ratio), 10));
        if (mpz_cmpabs_ui(lead, POWER10_FAR) <= 0) {
            scale_by_ten(ratio, mpz_get_si(power10));
            mpz_set_ui(power10, 0);
        }
    }
    if (mpz_sgn(power2)) {
        mpz_add_ui(lead, power2, mpz_sizeinbase(mpq_numref(ratio), 2));
        if (mpz_cmpabs_ui(lead, POWER2_FAR) <= 0) {
            long power = mpz_get_si(power2);
            hu_mpq_scale(ratio, ratio, power);
            mpz_set_ui(power2, 0);
        }
    }
    mpz_clear(lead);
}

static void take_suffix(struct cursor *c)
{
    static const char *const suffixes[] = {"bf16", "f16", "f32", "f64", "ull", "llu",
                                           "ul",   "lu",  "ll",  "f",   "l",   "u"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t n = strlen(suffixes[i]);
        if ((size_t)(c->end - c->at) == n && take(c, suffixes[i]))
            return;
    }
}

/* One unsigned number without suffix. */
static bool take_number(struct cursor *c, struct hu_value *v)
{
    int base = take(c, "0x") ? 16 : take(c, "0b") ? 2 : 10;
    const char *start = c->at;
    long fraction = 0;
    char *digits = malloc((size_t)(c->end - c->at) + 1);
    if (!digits)
        abort();
    size_t n = take_digits(c, base, digits, &fraction);
    if (n) {
        mpz_set_str(mpq_numref(v->ratio), digits, base);
        mpz_set_ui(mpq_denref(v->ratio), 1);
    }
    free(digits);
    if (!n)
        return false;
    bool whole = !memchr(start, '.', (size_t)(c->at - start));
    mpz_t *power = base == 10 ? &v->power10 : &v->power2;
    bool has_exponent = base == 10 ? take(c, "e") : take(c, "p");
    if (has_exponent && !take_exponent(c, *power))
        return false;
    long unit = base == 16 ? 4 : 1;
    mpz_sub_ui(*power, *power, (unsigned long)(fraction * unit));
    fold(v->ratio, v->power10, v->power2);
    v->bare_hexadecimal = base == 16 && whole && !has_exponent;
    return true;
}

static bool take_fraction(struct cursor *c, struct hu_value *v, const char **why)
{
    struct hu_value denominator;
    hu_value_init(&denominator);
    bool good = take_number(c, &denominator);
    if (good && hu_value_is_zero(&denominator)) {
        *why = "divides by zero";
        good = false;
    } else if (good && (hu_value_is_remote(v) || hu_value_is_remote(&denominator))) {
        *why = "has an exponent too large for a fraction";
        good = false;
    } else if (good)
        mpq_div(v->ratio, v->ratio, denominator.ratio);
    hu_value_clear(&denominator);
    v->bare_hexadecimal = false;
    return good;
}

/* "(0x12)" behind nan; nothing at all is payload 0. */
static bool take_payload(struct cursor *c, struct hu_value *v)
{
    if (at_end(c))
        return true;
    if (!take(c, "("))
        return false;
    struct hu_value payload;
    hu_value_init(&payload);
    bool empty = take(c, ")");
    bool good = empty || (take_number(c, &payload) && take(c, ")"));
    if (good && !empty) {
        mpz_srcptr n = mpq_numref(payload.ratio);
        good = !hu_value_is_remote(&payload) && !mpz_cmp_ui(mpq_denref(payload.ratio), 1) &&
               mpz_sizeinbase(n, 2) < HU_MAX_PRECISION;
        v->payload = good ? hu_mpz_get_u64(n) : 0;
    }
    hu_value_clear(&payload);
    return good;
}

/* True: the word is there, whatever follows. */
static bool take_special(struct cursor *c, struct hu_value *v, bool *good)
{
    if (take(c, "infinity") || take(c, "inf") || take(c, "∞")) {
        v->kind = HU_VALUE_INFINITE;
        *good = true;
        return true;
    }
    v->signaling = take(c, "snan");
    if (!v->signaling && !take(c, "nan"))
        return false;
    v->kind = HU_VALUE_NAN;
    *good = take_payload(c, v);
    return true;
}

/* One more than a hexadecimal digit's value, SEPARATOR for '_', '.' and ' '; 0: neither. */
enum { SEPARATOR = 0x80 };
static const unsigned char digit_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,         ['3'] = 4,         ['4'] = 5,
    ['5'] = 6,  ['6'] = 7,  ['7'] = 8,         ['8'] = 9,         ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13,        ['d'] = 14,        ['e'] = 15,
    ['f'] = 16, ['A'] = 11, ['B'] = 12,        ['C'] = 13,        ['D'] = 14,
    ['E'] = 15, ['F'] = 16, ['_'] = SEPARATOR, ['.'] = SEPARATOR, [' '] = SEPARATOR,
};

/* Digits of an encoding, which are the rest. False: something else is in there, or none. Bits
 * beyond 64 set *wide. */
static bool read_code(const struct cursor *c, int bits_per_digit, uint64_t *code, int *digits,
                      bool *wide)
{
    uint64_t bits = 0;
    int count = 0;
    bool lost = false;
    for (const char *at = c->at; at < c->end; at++) {
        unsigned digit = digit_values[(unsigned char)*at] - 1u;
        if (digit == SEPARATOR - 1)
            continue;
        if (digit >> bits_per_digit)
            return false;
        lost |= bits >> (64 - bits_per_digit) != 0;
        bits = bits << bits_per_digit | digit;
        count++;
    }
    *code = bits;
    *digits = count;
    *wide = lost;
    return count > 0;
}

static bool within_width(const struct hu_format *f, uint64_t code, bool wide,
                         const struct cursor *c)
{
    return (!wide && !(code & ~hu_width_mask(f))) ||
           refuse(c, "has more bits than the %d of %s", f->width, f->name);
}

/* A word of f's storage as a code: tf32 lies at the top of one. */
static bool word_code(const struct hu_format *f, uint64_t *word, const struct cursor *c)
{
    uint64_t code = *word >> f->storage_shift;
    if (code << f->storage_shift != *word)
        return refuse(c, "has a bit set below the code in its storage");
    *word = code;
    return true;
}

bool hu_bits_read(const struct hu_format *f, const char *text, size_t length, uint64_t *bits,
                  char message[HU_MESSAGE])
{
    struct cursor c = {text, text + length, text, message};
    take(&c, "0x"); /* 0b may begin a bare encoding */
    bool wide;
    int digits;
    if (!read_code(&c, 4, bits, &digits, &wide))
        return refuse(&c, "is not a hexadecimal encoding");
    if (f->storage_shift && digits == f->storage_bits / 4)
        return word_code(f, bits, &c);
    return within_width(f, *bits, wide, &c);
}

/* Behind 0b. */
static bool read_binary(const struct hu_format *f, const char *text, size_t length, uint64_t *bits,
                        char message[HU_MESSAGE])
{
    struct cursor c = {text + 2, text + length, text, message};
    bool wide;
    int digits;
    if (!read_code(&c, 1, bits, &digits, &wide))
        return refuse(&c, "is not an encoding in binary digits");
    return within_width(f, *bits, wide, &c);
}

/* How a code's bytes lie in memory, the first one first; a is the most significant of abcd. Words
 * of 16 bits may have one order inside and another between them (Modbus). */
static const struct byte_order {
    const char *name;
    bool little, swapped;
} byte_orders[] = {{"le:", true, false},    {"be:", false, false},  {"dcba:", true, false},
                   {"abcd:", false, false}, {"cdab:", false, true}, {"badc:", true, true}};

static const struct byte_order *take_order(struct cursor *c)
{
    for (size_t i = 0; i < sizeof byte_orders / sizeof *byte_orders; i++)
        if (take(c, byte_orders[i].name))
            return &byte_orders[i];
    return NULL;
}

/* Of BYTES bytes, its words of 16 bits in the opposite order. */
static uint64_t swap_words(uint64_t word, int bytes)
{
    uint64_t swapped = 0;
    for (int i = 0; i < bytes / 2; i++)
        swapped = swapped << 16 | (word >> 16 * i & 0xffff);
    return swapped;
}

static bool read_bytes(const struct hu_format *f, struct cursor *c, const struct byte_order *order,
                       uint64_t *bits)
{
    int bytes = (f->storage_bits + 7) / 8, digits;
    uint64_t word;
    bool wide;
    take(c, "0x");
    if (!read_code(c, 4, &word, &digits, &wide) || wide || digits != 2 * bytes)
        return refuse(c, "does not hold the %d byte%s of %s in hexadecimal", bytes,
                      bytes == 1 ? "" : "s", f->name);
    if (order->swapped && bytes < 4)
        return refuse(c, "has no two words of 16 bits to swap");
    if (order->little)
        word = __builtin_bswap64(word) >> (64 - 8 * bytes);
    if (order->swapped)
        word = swap_words(word, bytes);
    *bits = word;
    return word_code(f, bits, c) && within_width(f, *bits, false, c);
}

/* A datum by the name of what it is, in any case. */
static bool named_code(const struct hu_format *f, const char *name, size_t length, uint64_t *bits)
{
    char lower[HU_MAX_NAME] = "";
    for (size_t i = 0; i < length && i < sizeof lower - 1; i++)
        lower[i] = (char)tolower((unsigned char)name[i]);
    return length < sizeof lower && hu_limit(f, lower, bits);
}

static bool read_datum(struct hu_value *v, struct cursor c, const char *colon)
{
    bool negative = *c.text == '-';
    const char *start = c.text + negative;
    char name[HU_MAX_NAME] = "", suggestion[HU_SUGGESTION];
    size_t n = (size_t)(colon - start);
    if (n < sizeof name)
        memcpy(name, start, n);
    const struct hu_format *f = hu_format_find(name);
    if (!f)
        return refuse(&c, "names no format before its colon; %s",
                      *hu_name_suggestion(suggestion, name) ? suggestion : "see 'halfulp formats'");
    c.at = colon + 1;
    uint64_t bits = 0;
    size_t rest = (size_t)(c.end - c.at);
    const struct byte_order *order = take_order(&c);
    bool encoded = order || (rest > 2 && c.at[0] == '0' && strchr("xXbB", c.at[1]));
    if (encoded && negative)
        return refuse(&c, "has a sign before an encoding");
    if (order) {
        if (!read_bytes(f, &c, order, &bits))
            return false;
    } else if (named_code(f, c.at, rest, &bits)) {
        if (negative && !hu_negate(f, bits, &bits))
            return refuse(&c, "has no negative");
    } else if (encoded) {
        bool binary = c.at[1] == 'b' || c.at[1] == 'B';
        if (!(binary ? read_binary : hu_bits_read)(f, c.at, rest, &bits, c.message))
            return false;
    } else if (named_code(hu_format_find("fp32"), c.at, rest, &bits) ||
               named_code(hu_format_find("int8"), c.at, rest, &bits))
        return refuse(&c, "is what the format does not have");
    else
        return refuse(&c,
                      "needs 0xHEX, 0bBITS, le:HEX, be:HEX or a name such as max after its colon");
    hu_value_set_datum(v, f, bits);
    return true;
}

/* What a text that is no number might have been meant as. */
static const char *guess(const char *text, size_t length)
{
    size_t hexadecimal = 0;
    for (size_t i = 0; i < length; i++)
        hexadecimal += isxdigit((unsigned char)text[i]) != 0;
    if (length && hexadecimal == length)
        return "is not a number; an encoding is written FORMAT:0xHEX, as fp16:0x3c00";
    if (memchr(text, ',', length) && !memchr(text, '[', length))
        return "is not a number; the decimal point is '.', digits are grouped by '_'";
    return "is not a number";
}

static void trim(struct cursor *c)
{
    while (c->at < c->end && isspace((unsigned char)*c->at))
        c->at++;
    while (c->at < c->end && isspace((unsigned char)c->end[-1]))
        c->end--;
}

bool hu_value_read(struct hu_value *v, const char *text, size_t length, char message[HU_MESSAGE])
{
    struct cursor c = {text, text + length, text, message};
    trim(&c);
    c.text = text = c.at;
    length = (size_t)(c.end - c.at);
    const char *colon = memchr(text, ':', length);
    if (colon)
        return read_datum(v, c, colon);
    hu_value_reset(v);
    v->sign = take(&c, "-") || take(&c, "−");
    if (!v->sign)
        take(&c, "+");
    bool good;
    const char *why = NULL;
    if (!take_special(&c, v, &good)) {
        good = take_number(&c, v);
        if (good && take(&c, "/"))
            good = take_fraction(&c, v, &why);
        else if (good)
            take_suffix(&c);
    }
    if (good && at_end(&c))
        return true;
    hu_value_reset(v);
    return refuse(&c, "%s", !length ? "is empty, not a number" : why ? why : guess(text, length));
}

bool hu_direction_read(const char *text, enum hu_direction *direction)
{
    static const struct {
        const char *names;
        enum hu_direction direction;
    } table[] = {
        {"rne rn tiestoeven roundtiestoeven fe_tonearest tonearest near_even", HU_TIES_TO_EVEN},
        {"rna tiestoaway roundtiestoaway fe_tonearestfromzero near_maxmag", HU_TIES_TO_AWAY},
        {"rtz rz towardzero roundtowardzero fe_towardzero minmag", HU_TOWARD_ZERO},
        {"rup ru towardpositive roundtowardpositive fe_upward max", HU_TOWARD_POSITIVE},
        {"rdn rd towardnegative roundtowardnegative fe_downward min", HU_TOWARD_NEGATIVE},
        {"rto toodd roundtoodd odd", HU_TO_ODD},
    };
    char name[HU_MAX_NAME];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (const char *names = table[i].names; hu_next_word(&names, ' ', name, sizeof name);)
            if (!strcasecmp(name, text)) {
                *direction = table[i].direction;
                return true;
            }
    return false;
}
