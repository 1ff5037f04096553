#include "printable.h"

#include <stdio.h>
#include <string.h>

size_t hu_utf8_length(const unsigned char *at, size_t left)
{
    unsigned char c = at[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    if (!n || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] >= 0xa0) ||
        (c == 0xf0 && at[1] < 0x90) || (c == 0xf4 && at[1] >= 0x90))
        return 0;
    return n;
}

bool hu_is_control(const unsigned char *at)
{
    return *at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);
}

const char *hu_printable(const char *name, char *out, size_t size)
{
    size_t at = 0;
    const unsigned char *c = (const unsigned char *)name;
    while (*c && at + 5 < size) {
        size_t n = hu_utf8_length(c, strnlen((const char *)c, 4));
        if (!n || hu_is_control(c)) {
            at += (size_t)snprintf(out + at, size - at, "\\x%02x", *c++);
            /* The second byte of a C1 is no sequence of its own, so it follows the same way. */
            continue;
        }
        memcpy(out + at, c, n);
        at += n;
        c += n;
    }
    out[at] = 0;
    return out;
}
