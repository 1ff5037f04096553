#include "numbers.h"
#include "report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int digit_value(char c, unsigned base)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A whole number: digits, in groups by '_' or ',' with a digit on either side, or 0x and
 * hexadecimal ones. False: TEXT is none, or over 64 bits. */
static bool count_parse(const char *text, uint64_t *count)
{
    unsigned base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;
    const char *at = base == 16 ? text + 2 : text;
    uint64_t value = 0;
    if (digit_value(*at, base) < 0)
        return false;
    for (; *at; at++) {
        int digit = digit_value(*at, base);
        bool separates = (*at == '_' || *at == ',') && digit_value(at[1], base) >= 0;
        if (separates)
            continue;
        if (digit < 0 || __builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    *count = value;
    return true;
}

bool number_refuse(const char *text, const char *what, const char *name)
{
    return refuse("--%s: '%s' is no %s", name, text, what);
}

bool count_read(uint64_t *count, const char *text, uint64_t least, uint64_t most, const char *name)
{
    char what[80];
    uint64_t value;
    if (count_parse(text, &value) && value >= least && value <= most) {
        *count = value;
        return true;
    }
    snprintf(what, sizeof what, "whole number from %" PRIu64 " to %" PRIu64, least, most);
    return number_refuse(text, what, name);
}

bool real_parse(const char *text, const char **rest, double *value)
{
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    *rest = end;
    return end != text && !isspace((unsigned char)*text) && !errno && isfinite(*value);
}
