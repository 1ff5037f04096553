#include "words.h"
#include "allocate.h"
#include "mpz64.h"
#include "scope.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

struct number_text superscript(int number)
{
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    struct number_text out = {""};
    char plain[12], *to = out.text;
    snprintf(plain, sizeof plain, "%d", number);
    for (const char *at = plain; *at; at++)
        to = stpcpy(to, *at == '-' ? "⁻" : digits[*at - '0']);
    return out;
}

struct number_text signed_text(int number)
{
    struct number_text out;
    snprintf(out.text, sizeof out.text, "%s%u", number < 0 ? "−" : "",
             number < 0 ? -(unsigned)number : (unsigned)number);
    return out;
}

char *with_minus(const char *text)
{
    char *out = need(malloc(3 * strlen(text) + 1)), *to = out;
    *to = 0;
    for (; *text; text++)
        to += sprintf(to, *text == '-' ? "−" : "%c", *text);
    return out;
}

bool significand_text(char *out, size_t size, const struct hu_format *f, uint64_t bits, int digits)
{
    RATIO(ratio);
    hu_mpq_set_u64(ratio, hu_decode(f, bits).significand);
    mpq_div_2exp(ratio, ratio, f->trailing_bits);
    OWNED char *exact = hu_ratio_exact(ratio);
    bool whole = strlen(exact) <= (size_t)digits + 2;
    if (whole)
        snprintf(out, size, "%s", exact);
    else
        snprintf(out, size, "%.*s…", digits + 2, exact);
    return whole;
}

char *without_zeros(char *text)
{
    const char *digits = text + (*text == '-');
    size_t zeros = strncmp(digits, "0.", 2) ? 0 : strspn(digits + 2, "0");
    if (zeros < 4 || strchr(text, '/'))
        return text;
    digits += 2 + zeros;
    OWNED char *taken = text;
    return text_of("%s%c%s%se-%02zu", *taken == '-' ? "-" : "", *digits, digits[1] ? "." : "",
                   digits + 1, zeros + 1);
}

uint32_t utf8_code(const char **text, const char *end)
{
    const unsigned char *at = (const unsigned char *)*text;
    int more = *at < 0x80   ? 0
               : *at < 0xc2 ? -1
               : *at < 0xe0 ? 1
               : *at < 0xf0 ? 2
               : *at < 0xf5 ? 3
                            : -1;
    uint32_t code = more <= 0 ? *at : *at & (0x3fu >> more);
    ++*text;
    for (int i = 1; i <= more; i++, ++*text) {
        if (*text >= end || (at[i] & 0xc0) != 0x80)
            return 0xfffd;
        code = code << 6 | (at[i] & 0x3f);
    }
    return more < 0 ? 0xfffd : code;
}

size_t utf8_columns(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += !utf8_continues(*text);
    return n;
}

char *with_minus_taken(char *text)
{
    OWNED char *taken = text;
    return with_minus(taken);
}

char *shown_value(const struct hu_format *f, uint64_t bits)
{
    char text[HU_SHORTEST_TEXT];
    hu_shown_print(text, f, bits);
    return with_minus(text);
}

char *bound_value(const struct hu_format *f, uint64_t bits)
{
    char text[HU_SHORTEST_TEXT];
    hu_bound_print(text, f, bits);
    return with_minus(text);
}

int index_of(const char *name, const char *const *names, int count)
{
    while (count-- && strcmp(name, names[count]))
        ;
    return count;
}

const char *direction_words(enum hu_direction direction)
{
    static const char *const words[] = {[HU_TIES_TO_EVEN] = "to nearest, ties to even",
                                        [HU_TIES_TO_AWAY] = "to nearest, ties away",
                                        [HU_TOWARD_ZERO] = "toward zero",
                                        [HU_TOWARD_POSITIVE] = "up, toward +∞",
                                        [HU_TOWARD_NEGATIVE] = "down, toward −∞",
                                        [HU_TO_ODD] = "to odd",
                                        [HU_STOCHASTIC] = "stochastic"};
    return words[direction];
}
